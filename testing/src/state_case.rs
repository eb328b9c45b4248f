//! A case of one state alone: a call of TestState, with expectations on what it answers and on the data at each stage.

use asl_aws::{parameter_table, result_table};
use asl_engine::test_state::{Configuration, FieldValidation, Mock, Stage, Status, TestState, Tested};
use asl_engine::{Failure, Program, Span, Timestamp, Value};
use asl_history::Extent;
use asl_project::yaml::Tree;

use crate::expectations::{Unmet, Why};
use crate::fields::Fields;
use crate::matcher::Matcher;
use crate::problem::{Problem, Problems};

/// One state with what it is given and what is expected of it.
#[derive(Clone, Debug)]
pub(crate) struct StateCase {
    state: String,
    variables: Value,
    context: Option<Value>,
    mock: Option<Mock>,
    retry_count: Option<u32>,
    expected: Expected,
}

/// What is expected of the state.
#[derive(Clone, Debug, Default)]
struct Expected {
    span: Span,
    status: Option<(Status, Span)>,
    next: Option<(String, Span)>,
    output: Option<(Matcher, Span)>,
    error: Option<(Matcher, Span)>,
    cause: Option<(Matcher, Span)>,
    variables: Vec<(String, Matcher, Span)>,
    stages: Vec<(Stage, Matcher, Span)>,
}

const STATUSES: [Status; 4] = [Status::Succeeded, Status::Failed, Status::Retriable, Status::CaughtError];

const STAGES: [Stage; 14] = [
    Stage::Input,
    Stage::AfterInputPath,
    Stage::AfterParameters,
    Stage::AfterArguments,
    Stage::AfterItemsPath,
    Stage::AfterItemsPointer,
    Stage::AfterItemSelector,
    Stage::AfterItemBatcher,
    Stage::MaxConcurrency,
    Stage::ToleratedFailureCount,
    Stage::ToleratedFailurePercentage,
    Stage::Result,
    Stage::AfterResultSelector,
    Stage::AfterResultPath,
];

impl StateCase {
    /// Reads what a case with `state` has beside its name and its input.
    pub(crate) fn read(state: &str, fields: &mut Fields<'_>, program: &Program, problems: &mut Problems) -> Self {
        let names = || program.model().states().iter().map(|state| &*state.name);
        if !names().any(|name| name == state) {
            let problem = Problem::new(fields.name_span("state"), format!("the definition has no state '{state}'"));
            problems.add(problem.did_you_mean(state, names()));
        }
        let object = |tree: Option<&Tree>, name: &str, problems: &mut Problems| {
            let tree = tree?;
            let value = tree.value();
            if value.as_object().is_none() {
                problems.add(Problem::new(tree.span, format!("'{name}' is an object")));
            }
            Some(value)
        };
        let variables = object(fields.take("variables"), "variables", problems);
        let context = object(fields.take("context"), "context", problems);
        let mock = fields.take("mock").and_then(|tree| mock(tree, problems));
        let retry_count = fields.count("retry_count", problems).and_then(|count| u32::try_from(count).ok());
        let expected = fields.take("expect").map(|tree| Expected::read(tree, program, problems)).unwrap_or_default();
        let variables = variables.unwrap_or_else(Value::empty_object);
        Self { state: state.to_owned(), variables, context, mock, retry_count, expected }
    }

    /// What of the expectations has not come; the error is why the state cannot be tested.
    pub(crate) fn unmet(&self, json: &str, input: &Value, at: Timestamp, span: Span) -> Result<Vec<Unmet>, String> {
        let test = TestState {
            state_name: Some(&self.state),
            context: self.context.clone(),
            variables: self.variables.clone(),
            mock: self.mock.clone(),
            configuration: Configuration { retrier_retry_count: self.retry_count, ..Configuration::default() },
            // A test on AWS assumes a role; here nothing is called.
            role_arn: Some("arn:aws:iam::000000000000:role/asl".into()),
            inputs: Some(parameter_table),
            outputs: Some(result_table),
            at,
            ..TestState::new(json, input.clone())
        };
        let tested = test.run().map_err(|refusal| format!("TestState refuses: {}", refusal.message))?;
        let span = if self.expected.span == Span::default() { span } else { self.expected.span };
        Ok(self.expected.unmet(&tested, span))
    }
}

/// What stands in for the work of the state: a result or an error.
fn mock(tree: &Tree, problems: &mut Problems) -> Option<Mock> {
    let mut fields = Fields::of(tree, "'mock'", problems)?;
    let result = fields.take("result").map(Tree::value);
    let (error, cause) = (fields.text("error", problems), fields.text("cause", problems));
    let validation = match fields.text("validation", problems) {
        None | Some("STRICT") => FieldValidation::Strict,
        Some("PRESENT") => FieldValidation::Present,
        Some("NONE") => FieldValidation::None,
        Some(other) => {
            let problem = Problem::new(fields.name_span("validation"), format!("there is no validation '{other}'"));
            problems.add(problem.help("STRICT, PRESENT or NONE"));
            return None;
        }
    };
    fields.end(problems);
    match (result, error.is_some() || cause.is_some()) {
        (Some(result), false) => Some(Mock { field_validation: validation, ..Mock::result(result) }),
        (None, true) => {
            let failure = Failure { error: error.map(Into::into), cause: cause.map(Into::into), ..Failure::default() };
            Some(Mock::error(failure))
        }
        _ => {
            problems.add(Problem::new(tree.span, "'mock' has either 'result' or 'error'"));
            None
        }
    }
}

impl Expected {
    fn read(tree: &Tree, program: &Program, problems: &mut Problems) -> Self {
        let Some(mut fields) = Fields::of(tree, "'expect' of a state", problems) else { return Self::default() };
        let mut out = Self { span: tree.span, ..Self::default() };
        if let Some(text) = fields.text("status", problems) {
            let span = fields.name_span("status");
            match STATUSES.into_iter().find(|status| status.name() == text) {
                Some(status) => out.status = Some((status, span)),
                None => {
                    let names = STATUSES.map(Status::name).join(", ");
                    let problem = Problem::new(span, format!("a state has no status '{text}'"));
                    problems.add(problem.help(format!("a state ends {names}")));
                }
            }
        }
        if let Some(next) = fields.text("next", problems) {
            let (span, mut names) =
                (fields.name_span("next"), program.model().states().iter().map(|state| &*state.name));
            match names.any(|name| name == next) {
                true => out.next = Some((next.to_owned(), span)),
                false => {
                    let names = program.model().states().iter().map(|state| &*state.name);
                    let problem = Problem::new(span, format!("the definition has no state '{next}'"));
                    problems.add(problem.did_you_mean(next, names));
                }
            }
        }
        let mut matcher = |name: &'static str, problems: &mut Problems| {
            let tree = fields.take(name)?;
            Some((Matcher::read(tree, Extent::Exact, problems)?, fields.name_span(name)))
        };
        out.output = matcher("output", problems);
        out.error = matcher("error", problems);
        out.cause = matcher("cause", problems);
        for member in fields.take("variables").map(Tree::members).unwrap_or_default() {
            let matcher = Matcher::read(&member.value, Extent::Exact, problems);
            out.variables.extend(matcher.map(|matcher| (member.name.to_string(), matcher, member.span)));
        }
        for member in fields.take("stages").map(Tree::members).unwrap_or_default() {
            let Some(stage) = STAGES.into_iter().find(|stage| stage.name() == &*member.name) else {
                let problem = Problem::new(member.span, format!("there is no stage '{}'", member.name));
                let near = problem.clone().did_you_mean(&member.name, STAGES.map(Stage::name));
                let all = || format!("the stages are {}", STAGES.map(Stage::name).join(", "));
                problems.add(if near.help.is_some() { near } else { problem.help(all()) });
                continue;
            };
            let matcher = Matcher::read(&member.value, Extent::Exact, problems);
            out.stages.extend(matcher.map(|matcher| (stage, matcher, member.span)));
        }
        fields.end(problems);
        out
    }

    fn unmet(&self, tested: &Tested, span: Span) -> Vec<Unmet> {
        let mut unmet = Vec::new();
        let mut add = |what: &str, span: Span, why: Option<Why>| {
            unmet.extend(why.map(|why| Unmet { what: what.to_owned(), span, why }));
        };
        let failure = tested.failure.as_ref();
        let shown = failure.map_or_else(String::new, |failure| format!(": {failure}"));
        let status = self.status.or_else(|| self.error.is_none().then_some((Status::Succeeded, span)));
        if let Some((status, span)) = status
            && status != tested.status
        {
            let told = format!("the state was to end {}, and ended {}{shown}", status.name(), tested.status.name());
            add("status", span, Some(Why::Told(told)));
        }
        if let Some((next, span)) = &self.next
            && tested.next_state.as_deref() != Some(next)
        {
            let found = tested.next_state.as_deref().map_or("nothing".to_owned(), |next| format!("'{next}'"));
            add("next", *span, Some(Why::Told(format!("'{next}' was to follow, and {found} does"))));
        }
        let text = |text: Option<&std::sync::Arc<str>>| text.map(|text| Value::from(&**text));
        let values = [
            ("output", &self.output, tested.output.clone()),
            ("error", &self.error, text(failure.and_then(|failure| failure.error.as_ref()))),
            ("cause", &self.cause, text(failure.and_then(|failure| failure.cause.as_ref()))),
        ];
        for (what, expected, found) in values {
            let Some((matcher, span)) = expected else { continue };
            let why = match found {
                Some(found) => matcher.mismatch(&found).map(Why::Value),
                None => {
                    Some(Why::Nothing(format!("the state has no {what}: it ended {}{shown}", tested.status.name())))
                }
            };
            add(what, *span, why);
        }
        for (name, matcher, span) in &self.variables {
            let why = match tested.variables.get(name) {
                Some(value) => matcher.mismatch(value).map(Why::Value),
                None => Some(Why::Nothing(format!("there is no variable ${name}"))),
            };
            add(&format!("variable ${name}"), *span, why);
        }
        for (stage, matcher, span) in &self.stages {
            let found = tested.stages.iter().find(|(reached, _)| reached == stage);
            let why = match found {
                Some((_, value)) => matcher.mismatch(value).map(Why::Value),
                None => Some(Why::Nothing(format!("the state did not come to {}", stage.name()))),
            };
            add(stage.name(), *span, why);
        }
        unmet
    }
}
