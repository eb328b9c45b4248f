//! `ValidateStateMachineDefinition`.

use asl_engine::{CheckOptions, Diagnostic, Severity, StateMachineType, Value, diagnose};

use super::error::ApiError;
use super::request::Request;

/// The most diagnostics of one answer.
const MOST: usize = 100;

pub(super) fn validate(request: &Request<'_>) -> Result<Value, ApiError> {
    let machine_type = match request.text("type") {
        Some("EXPRESS") => StateMachineType::Express,
        _ => StateMachineType::Standard,
    };
    // Without a severity, AWS names errors alone.
    let least = match request.text("severity") {
        Some("WARNING") => Severity::Warning,
        _ => Severity::Error,
    };
    let options = CheckOptions { machine_type, ..CheckOptions::default() };
    let told = |found: &Diagnostic| found.severity >= least && found.code != "NOT_SUPPORTED_YET";
    let found: Vec<Diagnostic> = diagnose(request.required("definition"), options).into_iter().filter(told).collect();
    let failed = found.iter().any(|found| found.severity == Severity::Error);
    let most = request.max_results(MOST);
    Ok([
        ("result", if failed { "FAIL" } else { "OK" }.into()),
        ("diagnostics", found.iter().take(most).map(Diagnostic::to_json).collect()),
        ("truncated", (found.len() > most).into()),
    ]
    .into())
}
