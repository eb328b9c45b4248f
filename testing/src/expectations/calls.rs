//! What a case expects of the calls of tasks.

use asl_engine::{Program, Span};
use asl_history::Extent;
use asl_project::yaml::{Tree, TreeKind};

use super::{SHOWN, Why, count};
use crate::fields::{Fields, kind};
use crate::matcher::Matcher;
use crate::mocks::{CallMade, Key, asks};
use crate::problem::{Problem, Problems};

/// What is expected of the calls of a state's task.
#[derive(Clone, Debug)]
pub(super) struct Calls {
    times: Option<u64>,
    /// What each call was sent.
    with: Option<Matcher>,
    /// What the calls were sent, in their order.
    each: Option<Vec<ExpectedCall>>,
}

#[derive(Clone, Debug)]
struct ExpectedCall {
    with: Option<Matcher>,
    attempt: Option<u64>,
    span: Span,
}

/// What is expected of calls, by state.
pub(super) fn calls(tree: &Tree, program: &Program, problems: &mut Problems) -> Vec<(Key, Calls, Span)> {
    if !matches!(tree.kind, TreeKind::Object(_)) {
        problems
            .add(Problem::new(tree.span, "'calls' is an object with the names of states").help("calls: {Charge: 2}"));
    }
    let mut out = Vec::new();
    for member in tree.members() {
        let key = Key::read(&member.name, member.span, program, problems);
        let calls = calls_of(&member.value, problems);
        let state = key.as_ref().and_then(|key| program.model().states().iter().find(|it| *it.name == *key.state));
        if let Some(state) = state.filter(|state| !asks(program, state)) {
            let message = format!("'{}' is a {} state, which calls nothing", state.name, state.state_type.name());
            problems.add(Problem::new(member.span, message).help("'visited' and 'path' are for all states"));
            continue;
        }
        out.extend(key.zip(calls).map(|(key, calls)| (key, calls, member.span)));
    }
    out
}

fn calls_of(tree: &Tree, problems: &mut Problems) -> Option<Calls> {
    if let TreeKind::List(items) = &tree.kind {
        let mut each = Vec::new();
        for item in items {
            let mut fields = Fields::of(item, "a call", problems)?;
            let with = fields.take("with").and_then(|tree| Matcher::read(tree, Extent::Partial, problems));
            let attempt = fields.count("attempt", problems);
            fields.end(problems);
            each.push(ExpectedCall { with, attempt, span: item.span });
        }
        return Some(Calls { times: None, with: None, each: Some(each) });
    }
    if let Some(times) = tree.value().as_i64().and_then(|times| u64::try_from(times).ok()) {
        return Some(Calls { times: Some(times), with: None, each: None });
    }
    if !matches!(tree.kind, TreeKind::Object(_)) {
        let problem = Problem::new(
            tree.span,
            format!("calls are a number, a list with one entry for each, or 'times' and 'with', not {}", kind(tree)),
        );
        problems.add(problem.help("calls: {Charge: 2}, calls: {Charge: [{with: {amount: 12}}]}"));
        return None;
    }
    let mut fields = Fields::of(tree, "'calls'", problems)?;
    let times = fields.count("times", problems);
    let with = fields.take("with").and_then(|tree| Matcher::read(tree, Extent::Partial, problems));
    fields.end(problems);
    Some(Calls { times, with, each: None })
}

impl Calls {
    /// What is unmet of the calls of a state, with what each is about.
    pub(super) fn unmet(&self, state: &str, made: &[&CallMade], span: Span) -> Vec<(String, Span, Why)> {
        let mut unmet = Vec::new();
        let of = || format!("calls of '{state}'");
        let sent = |at: usize| format!("what call {} of '{state}' was sent", at + 1);
        let wrong_count = |expected: usize| {
            let (calls, were) = if expected == 1 { ("call", "was") } else { ("calls", "were") };
            let made = count(made.len(), "was", "were");
            Why::Told(format!("{expected} {calls} of '{state}' {were} expected, and {made} made"))
        };
        let times = self.times.map(|times| usize::try_from(times).unwrap_or(usize::MAX));
        if let Some(times) = times.or(self.each.as_ref().map(Vec::len))
            && times != made.len()
        {
            unmet.push((of(), span, wrong_count(times)));
        }
        if let Some(with) = &self.with {
            let mut mismatches =
                made.iter().enumerate().filter_map(|(at, call)| Some((at, with.mismatch(&call.sent)?)));
            let shown = mismatches.by_ref().take(SHOWN);
            unmet.extend(shown.map(|(at, mismatch)| (sent(at), span, Why::Value(mismatch))));
            let more = mismatches.count();
            if more > 0 {
                let calls = count(more, "more call", "more calls");
                let told = format!("the same holds for {calls} of '{state}'");
                unmet.push((of(), span, Why::Told(told)));
            }
        }
        for (at, (expected, call)) in self.each.iter().flatten().zip(made).enumerate() {
            let mismatch = expected.with.as_ref().and_then(|with| with.mismatch(&call.sent));
            unmet.extend(mismatch.map(|mismatch| (sent(at), expected.span, Why::Value(mismatch))));
            if let Some(attempt) = expected.attempt
                && attempt != u64::from(call.attempt)
            {
                let (number, found) = (at + 1, call.attempt);
                let told = format!("call {number} of '{state}' was to be attempt {attempt}, and was attempt {found}");
                unmet.push((of(), expected.span, Why::Told(told)));
            }
        }
        unmet
    }
}
