//! Definitions: from text to an abstract syntax tree, with everything that is wrong reported at once.

pub(crate) mod ast;
mod call_fields;
mod check;
mod choices;
mod dialect;
mod expression_help;
mod fields;
mod language;
mod lone;
mod loops;
mod map;
mod missing;
mod outline;
mod paths;
mod policies;
mod queries;
mod reader_config;
mod reads;
mod resource;
mod rules;
mod single;
mod states;
mod templates;
mod unassigned;
mod unreachable;
mod unused;
mod values;
mod variables;
mod warnings;

use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::json::{Node, parse_spanned};
use crate::placeholder;
use ast::{Body, StateMachine};
pub use call_fields::diagnose_fields;
use fields::Fields;
pub use lone::diagnose_expression;
use outline::Scope;
pub(crate) use single::{STATE_NAME, parse_state};

/// What a definition is checked as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckOptions {
    /// The type that the state machine is to have.
    pub machine_type: StateMachineType,
    /// Whether `${Name}` stands for text that is filled in later, as in definitions of CloudFormation, SAM and the CDK: inside
    /// a string, or unquoted in the place of a value. What depends on such text is not reported.
    pub placeholders: bool,
}

/// The two values of `type` of AWS's CreateStateMachine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StateMachineType {
    /// `STANDARD`
    #[default]
    Standard,
    /// `EXPRESS`: without `.sync`, `.waitForTaskToken`, activities and distributed Maps
    Express,
}

/// Everything that is wrong with a definition. Nothing stops at the first problem.
///
/// In AWS's order: first what a field says, in the order of the text, then where transitions lead, then whether the machine
/// has an end, then what cannot be reached.
///
/// ```
/// use asl_engine::{CheckOptions, diagnose};
///
/// let text = r#"{"StartAt": "Helo", "States": {"Hello": {"Type": "Pass", "Ned": true}}}"#;
/// let diagnostics = diagnose(text, CheckOptions::default());
/// let lines: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
/// assert_eq!(lines, [
///     "SCHEMA_VALIDATION_FAILED: This object should have only one of the following fields: [Next, End] at /States/Hello",
///     "SCHEMA_VALIDATION_FAILED: Field 'Ned' is not supported at /States/Hello",
///     "MISSING_TRANSITION_TARGET: Missing 'Next' target: Helo at /StartAt",
///     "MISSING_END_STATE: Workflow has no terminal state",
/// ]);
/// ```
pub fn diagnose(text: &str, options: CheckOptions) -> Vec<Diagnostic> {
    diagnose_calls(text, options, &|_| None)
}

/// As [`diagnose`], with what somebody knows of the services of AWS: for the `Resource` of a task that calls none, `no_such`
/// tells what is wrong with it.
///
/// ```
/// use asl_engine::{CheckOptions, UnknownCall, diagnose_calls};
///
/// let resource = "arn:aws:states:::aws-sdk:kms:encript";
/// let text = format!(r#"{{"StartAt": "T", "States": {{"T": {{"Type": "Task", "Resource": "{resource}", "End": true}}}}}}"#);
/// let no_such = |found: &str| (found == resource).then(|| UnknownCall::Refused("did you mean encrypt?".to_owned()));
/// let diagnostics = diagnose_calls(&text, CheckOptions::default(), &no_such);
/// assert!(diagnostics[0].message.starts_with(&format!("The resource provided {resource} is not recognized.")));
/// assert_eq!(diagnostics[0].help.as_deref(), Some("did you mean encrypt?"));
/// ```
pub fn diagnose_calls(text: &str, options: CheckOptions, no_such: NoSuch<'_>) -> Vec<Diagnostic> {
    read_machine(text, options, no_such).1
}

/// What is wrong with a `Resource` that calls nothing of AWS.
type NoSuch<'a> = &'a dyn Fn(&str) -> Option<UnknownCall>;

/// Something that a `Resource` names and nobody knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnknownCall {
    /// AWS does not have it, with what may be meant.
    Refused(String),
    /// AWS may have it, have had it or get it: what is not known.
    Unheard(String),
}

/// Reads a definition. Parsing never fails: what is wrong stands in the diagnostics, and the tree holds whatever could be
/// read (`None` when the text is not a JSON object).
pub(crate) fn parse(text: &str, options: CheckOptions) -> (Option<StateMachine>, Vec<Diagnostic>) {
    read_machine(text, options, &|_| None)
}

/// As [`parse`], where `${Name}` may stand for text that nobody fills in. What is wrong only for that stands apart, last.
pub(crate) fn parse_unfilled(text: &str) -> (Option<StateMachine>, Vec<Diagnostic>, Vec<Diagnostic>) {
    let (machine, found) = read_all(text, CheckOptions { placeholders: true, ..CheckOptions::default() }, &|_| None);
    let (unknown, found) = found.into_iter().partition(|diagnostic| is_unknown(text, diagnostic.span));
    (machine, found, unknown)
}

fn read_machine(text: &str, options: CheckOptions, no_such: NoSuch<'_>) -> (Option<StateMachine>, Vec<Diagnostic>) {
    let (machine, mut diagnostics) = read_all(text, options, no_such);
    if options.placeholders {
        diagnostics.retain(|diagnostic| !is_unknown(text, diagnostic.span));
    }
    (machine, diagnostics)
}

fn read_all(text: &str, options: CheckOptions, no_such: NoSuch<'_>) -> (Option<StateMachine>, Vec<Diagnostic>) {
    let node = match read(text, options) {
        Ok(node) => node,
        Err(diagnostic) => return (None, vec![*diagnostic]),
    };
    let mut diagnostics = Vec::new();
    let machine = Fields::of(&node, "".into(), &mut diagnostics).map(|fields| state_machine(fields, &mut diagnostics));
    if let Some(machine) = &machine {
        if options.machine_type == StateMachineType::Express {
            check::express(&machine.body, &mut diagnostics);
        }
        check::calls(&machine.body, no_such, &mut diagnostics);
        variables::duplicates(&machine.body, &mut diagnostics);
        diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
        if let Some(scope) = Scope::of(&node, "") {
            check::transitions(&scope, &mut diagnostics);
        }
        // Of a definition that is refused, something may not be known.
        let is_harmless = |found: &Diagnostic| {
            let is_filled_in = || options.placeholders && is_unknown(text, found.span);
            let field = found.location.rsplit('/').next().unwrap_or_default();
            found.severity == Severity::Warning || ALONE.contains(&field) && is_filled_in()
        };
        if diagnostics.iter().all(is_harmless) {
            diagnostics.extend(doubts(&machine.body, text));
        }
    }
    (machine, diagnostics)
}

/// Fields that, whatever is filled in there later, say nothing of where states lead and what they hand on.
const ALONE: [&str; 7] = [
    "Resource",
    "TimeoutSeconds",
    "HeartbeatSeconds",
    "MaxConcurrency",
    "IntervalSeconds",
    "MaxAttempts",
    "BackoffRate",
];

/// What only the whole of a definition shows that AWS takes, in the order of the text: what never works, and what nobody uses.
fn doubts(machine: &Body, text: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    unassigned::unassigned(machine, &mut found);
    // What is filled in later may read any variable.
    if !placeholder::is_in(text) {
        unused::unused(machine, &mut found);
    }
    unreachable::unreachable(machine, &mut found);
    rules::rules(machine, &mut found);
    loops::loops(machine, &mut found);
    missing::missing(machine, &mut found);
    dialect::dialect(machine, &mut found);
    found.sort_by_key(|found| found.span.start);
    found
}

/// The JSON of a definition, with places.
fn read(text: &str, options: CheckOptions) -> Result<Node, Box<Diagnostic>> {
    if text.len() > MAX_BYTES {
        let message = format!("The definition has {} bytes, and may have {MAX_BYTES}", text.len());
        return Err(Box::new(whole("DEFINITION_TOO_LARGE", message, Span::default())));
    }
    if text.trim().is_empty() {
        // For AWS, nothing is JSON that is no object.
        let help = Some("there is no definition here: the text is empty".to_owned());
        return Err(Box::new(Diagnostic {
            help,
            ..error(SCHEMA, "Expected value of type Object", "", Span::default())
        }));
    }
    parse_spanned(text, options.placeholders).map_err(|error| {
        let message = error.told_by_jackson_of(text);
        let help = error.help.map(str::to_owned).or((error.message != message).then_some(error.message));
        Box::new(Diagnostic { help, ..whole("INVALID_JSON_DESCRIPTION", message, error.span) })
    })
}

/// Whether a name or a value of the text is only known once its placeholders are filled in.
fn is_unknown(text: &str, span: Span) -> bool {
    let source = text.get(span.start..span.end).unwrap_or_default();
    source.starts_with(['"', '$']) && placeholder::is_in(source) || placeholder::is_call(source)
}

fn state_machine(mut fields: Fields<'_>, out: &mut Vec<Diagnostic>) -> StateMachine {
    fields.require(&["States", "StartAt"], out);
    let language = language::of_machine(&mut fields, out);
    let machine = StateMachine {
        // AWS takes 0.
        timeout_seconds: fields.integer_in("TimeoutSeconds", 0..=MAX_SECONDS, out),
        body: states::body(&mut fields, language, out),
    };
    fields.string("Comment", out);
    fields.one_of("Version", &["1.0"], out);
    fields.refuse_the_rest(out);
    machine
}

/// AWS takes definitions of up to 1 MiB.
const MAX_BYTES: usize = 1024 * 1024;
/// AWS's code for a field that does not fit.
const SCHEMA: &str = "SCHEMA_VALIDATION_FAILED";
/// The longest time that a field of seconds may hold: about three years.
const MAX_SECONDS: i64 = 99_999_999;

/// A finding about the field at `location`.
fn error(code: &'static str, message: impl Into<String>, location: &str, span: Span) -> Diagnostic {
    let location = if location.is_empty() { "/" } else { location };
    Diagnostic { location: location.to_owned(), ..whole(code, message, span) }
}

/// A finding about the whole, for which AWS names no place.
fn whole(code: &'static str, message: impl Into<String>, span: Span) -> Diagnostic {
    let message = message.into();
    Diagnostic { code, severity: Severity::Error, message, location: String::new(), span, help: None }
}
