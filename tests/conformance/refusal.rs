//! Refusals: definitions that AWS did not take, and what ValidateStateMachineDefinition said of some.

use asl_engine::{CheckOptions, Diagnostic, Severity, StateMachineType, diagnose, refusal};
use serde_json::{Value, json};

use crate::Verdict;
use crate::compare::{Bindings, agree, normal};

/// What was refused for another reason than its definition.
pub(crate) fn not_applicable(case: &Value) -> Option<&'static str> {
    match case["expected"]["errorCode"].as_str() {
        Some("InvalidLoggingConfiguration") => Some("through the API: the logging configuration of a state machine"),
        Some("StateMachineAlreadyExists") => Some("through the API: the names that are taken"),
        Some("ValidationException") => Some("through the API: the other members of the request"),
        _ => None,
    }
}

/// CreateStateMachine: laxly by its error, strictly by its message.
pub(crate) fn create(case: &Value) -> Verdict {
    let recorded = case["expected"]["errorMessage"].as_str().unwrap_or_default();
    let diagnostics = diagnose(&definition(case), options(case));
    let Some(message) = refusal(&diagnostics) else {
        return Verdict::Differs(format!("refused by AWS: {recorded}"));
    };
    if case["expected"]["errorCode"] != "InvalidDefinition" {
        return Verdict::Differs(format!("AWS refused it with {}", case["expected"]["errorCode"]));
    }
    let (recorded, message) = match error_of_python(recorded) {
        Some(inner) => (inner, diagnostics[0].message.clone()),
        None => (recorded.to_owned(), message),
    };
    match recorded == message {
        true => Verdict::Strict,
        false => Verdict::Lax(format!("message: recorded {recorded:?}, ours {message:?}")),
    }
}

/// ValidateStateMachineDefinition: laxly by its result, strictly by its diagnostics.
pub(crate) fn validate(case: &Value) -> Verdict {
    let expected = &case["expected"]["response"];
    // Without a severity, AWS names errors alone.
    let least = match case["request"]["severity"].as_str() {
        Some("WARNING") => Severity::Warning,
        _ => Severity::Error,
    };
    let told = |found: &Diagnostic| found.severity >= least && found.code != "NOT_SUPPORTED_YET";
    let found: Vec<Diagnostic> = diagnose(&definition(case), options(case)).into_iter().filter(told).collect();
    let failed = found.iter().any(|found| found.severity == Severity::Error);
    let diagnostics: Vec<Value> = found.iter().map(|found| Value::from(&found.to_json())).collect();
    let ours = json!({
        "result": if failed { "FAIL" } else { "OK" }, "diagnostics": diagnostics, "truncated": false,
    });
    if ours["result"] != expected["result"] {
        return Verdict::Differs(format!("result: recorded {}, ours {ours}", expected["result"]));
    }
    match agree(&normal(expected), &ours, &mut Bindings::of(case), "response") {
        Ok(()) => Verdict::Strict,
        Err(difference) => Verdict::Lax(difference),
    }
}

fn definition(case: &Value) -> String {
    match &case["definition"] {
        Value::String(text) => text.clone(),
        definition => definition.to_string(),
    }
}

fn options(case: &Value) -> CheckOptions {
    let machine_type = match case["stateMachineType"].as_str() {
        Some("EXPRESS") => StateMachineType::Express,
        _ => StateMachineType::Standard,
    };
    CheckOptions { machine_type, ..CheckOptions::default() }
}

/// What an error of Python says, `Error=ValueError Args=['…'] in definition '…'`: the recordings of labels hold such
/// texts, which no answer of AWS has, so that of these the part inside is compared.
fn error_of_python(message: &str) -> Option<String> {
    let arguments = message.strip_prefix("Error=ValueError Args=[")?;
    let quote = arguments.chars().next()?;
    let (inner, _) = arguments.strip_prefix(quote)?.split_once(&format!("{quote}] in definition "))?;
    // The list shows the text with its backslashes and quotes escaped.
    Some(inner.replace("\\\\", "\\").replace("\\'", "'"))
}
