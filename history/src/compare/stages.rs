//! What differs in one visit or execution, stage by stage.

use std::collections::HashMap;

use asl_engine::Value;

use super::inevitable::Inevitable;
use super::{CompareOptions, Happened, What, parts};
use crate::course::{Answer, Attempt, Status, Visit};
use crate::difference::{Difference, Extent, differences};

/// Compares what happens in a visit or an execution, one after the other.
pub(super) struct Stages<'a, 'c> {
    options: &'a CompareOptions<'a>,
    inevitable: &'a mut Inevitable<'c>,
    left_out: &'a mut usize,
    /// Differences that what came before had.
    known: Vec<Difference>,
    given: Vec<Difference>,
    happened: Vec<Happened>,
}

impl<'a, 'c> Stages<'a, 'c> {
    pub(super) fn new(
        options: &'a CompareOptions<'a>,
        inevitable: &'a mut Inevitable<'c>,
        left_out: &'a mut usize,
        known: Vec<Difference>,
    ) -> Self {
        Self { options, inevitable, left_out, known, given: Vec::new(), happened: Vec::new() }
    }

    /// Takes what differs so far, also what was only handed on.
    pub(super) fn done(&mut self) -> Vec<Happened> {
        std::mem::take(&mut self.happened)
    }

    /// The differences of what is handed on.
    pub(super) fn handed(self) -> Vec<Difference> {
        self.known
    }

    /// The differences of what it was given.
    pub(super) fn given(&self) -> Vec<Difference> {
        self.given.clone()
    }

    pub(super) fn visit(&mut self, one: &Visit, other: &Visit) {
        self.texts(What::Type, None, &one.state_type, &other.state_type);
        self.optional(What::Input, None, one.input.as_ref(), other.input.as_ref());
        self.given = self.known.clone();
        let count = |visit: &Visit| Value::from(i64::try_from(visit.attempts.len()).unwrap_or(i64::MAX));
        if one.attempts.len() != other.attempts.len() {
            self.add(What::Attempts, None, vec![whole(Some(count(one)), Some(count(other)))]);
        }
        let is_tried_again = one.attempts.len().max(other.attempts.len()) > 1;
        for at in 0..one.attempts.len().max(other.attempts.len()) {
            let number = is_tried_again.then_some(at + 1);
            match (one.attempts.get(at), other.attempts.get(at)) {
                (Some(ours), Some(theirs)) => self.attempt(number, ours, theirs),
                (ours, theirs) => {
                    let answer = |attempt: Option<&Attempt>| attempt.and_then(|attempt| attempt.answer.clone());
                    self.answer(number, answer(ours).as_ref(), answer(theirs).as_ref(), What::Result);
                }
            }
        }
        let [_, error, cause] = parts(one.evaluation.as_ref());
        let [_, their_error, their_cause] = parts(other.evaluation.as_ref());
        self.optional(What::Error, None, error.as_ref(), their_error.as_ref());
        self.optional(What::Cause, None, cause.as_ref(), their_cause.as_ref());
        self.status(one.status, other.status);
        // What is assigned from one input may be nothing from another.
        self.optional(What::Variables, None, one.assigned.as_ref(), other.assigned.as_ref());
        if let (Some(ours), Some(theirs)) = (&one.output, &other.output) {
            self.optional(What::Output, None, Some(ours), Some(theirs));
        }
    }

    fn attempt(&mut self, at: Option<usize>, one: &Attempt, other: &Attempt) {
        self.optional(What::Sent, at, sent(one).as_ref(), sent(other).as_ref());
        let submitted = |attempt: &Attempt| attempt.submitted.as_ref().map(|(_, output)| output.clone());
        if let (Some(ours), Some(theirs)) = (submitted(one), submitted(other)) {
            self.optional(What::Submitted, at, Some(&ours), Some(&theirs));
        }
        self.answer(at, one.answer.as_ref(), other.answer.as_ref(), What::Result);
    }

    pub(super) fn answer(&mut self, at: Option<usize>, one: Option<&Answer>, other: Option<&Answer>, output: What) {
        let ([ours, error, cause], [theirs, their_error, their_cause]) = (parts(one), parts(other));
        self.optional(output, at, ours.as_ref(), theirs.as_ref());
        self.optional(What::Error, at, error.as_ref(), their_error.as_ref());
        self.optional(What::Cause, at, cause.as_ref(), their_cause.as_ref());
    }

    pub(super) fn status(&mut self, one: Status, other: Status) {
        self.texts(What::Status, None, one.name(), other.name());
    }

    fn texts(&mut self, what: What, at: Option<usize>, one: &str, other: &str) {
        if one != other {
            self.add(what, at, vec![whole(Some(one.into()), Some(other.into()))]);
        }
    }

    /// Compares two values that may be missing.
    pub(super) fn optional(&mut self, what: What, at: Option<usize>, one: Option<&Value>, other: Option<&Value>) {
        let found = match (one.map(self.options.prepared), other.map(self.options.prepared)) {
            (None, None) => return,
            (Some(one), Some(other)) => {
                let mut found = Vec::new();
                for difference in differences(&one, &other, Extent::Exact) {
                    unfold(difference, &mut found);
                }
                found
            }
            (one, other) => vec![whole(one, other)],
        };
        let before = found.len();
        let found: Vec<Difference> = match self.options.is_exact {
            true => found,
            false => found.into_iter().filter(|difference| !self.inevitable.explains(difference)).collect(),
        };
        *self.left_out += before - found.len();
        let handed: Vec<Difference> = match what {
            What::Sent => self.known.iter().flat_map(as_sent).collect(),
            _ => self.known.clone(),
        };
        let handed: HashMap<&str, &Difference> = handed.iter().map(|known| (&*known.at, known)).collect();
        let is_handed_on = |found: &Difference| handed.get(&*found.at).is_some_and(|known| *known == found);
        let (handed_on, new): (Vec<_>, Vec<_>) = found.iter().cloned().partition(is_handed_on);
        if matches!(what, What::Input | What::Result | What::Output) && one.is_some() && other.is_some() {
            self.known = found;
        }
        if !(new.is_empty() && handed_on.is_empty()) {
            self.happened.push(Happened { what, attempt: at, differences: new, handed_on });
        }
    }

    fn add(&mut self, what: What, attempt: Option<usize>, differences: Vec<Difference>) {
        self.happened.push(Happened { what, attempt, differences, handed_on: Vec::new() });
    }
}

fn whole(expected: Option<Value>, found: Option<Value>) -> Difference {
    Difference { at: "$".to_owned(), expected, found }
}

/// What was sent, but for where: an execution in another region sends the same.
fn sent(attempt: &Attempt) -> Option<Value> {
    let details = attempt.sent.as_ref()?.as_object()?;
    Some(
        details
            .iter()
            .filter(|(name, _)| &***name != "region")
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    )
}

/// A difference of an input as it is in what is sent.
fn as_sent(difference: &Difference) -> [Difference; 2] {
    ["$.parameters", "$.input"]
        .map(|sent| Difference { at: difference.at.replacen('$', sent, 1), ..difference.clone() })
}

/// Texts that are JSON differ where that differs.
fn unfold(difference: Difference, out: &mut Vec<Difference>) {
    let json = |value: &Option<Value>| -> Option<Value> {
        let text = value.as_ref()?.as_str()?;
        text.trim_start().starts_with(['{', '[']).then(|| text.parse().ok())?
    };
    let Some((one, other)) = json(&difference.expected).zip(json(&difference.found)) else {
        out.push(difference);
        return;
    };
    let inner = differences(&one, &other, Extent::Exact);
    for inner in inner {
        let at = inner.at.replacen('$', &format!("{}|fromjson", difference.at), 1);
        unfold(Difference { at, ..inner }, out);
    }
}
