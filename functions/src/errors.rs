//! The errors of Lambda, as it gives them to Step Functions: a JSON text with the type and the message.

use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use asl_engine::{Failure, Value};

use asl_runtime::lambda::payload_failure;

/// Why a call gave no result: the payload that Lambda gives for it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FunctionError(pub(super) String);

impl FunctionError {
    /// The process ended instead of answering.
    pub(super) fn exited(request_id: &str, status: ExitStatus) -> Self {
        let how = match (status.code(), signal(status)) {
            (Some(0), _) => "Runtime exited without providing a reason".to_owned(),
            (Some(code), _) => format!("Runtime exited with error: exit status {code}"),
            (None, signal) => format!("Runtime exited with error: signal: {signal}"),
        };
        Self::of_request("Runtime.ExitError", request_id, &how)
    }

    /// The process took longer than the function may.
    pub(super) fn timed_out(request_id: &str, after: Duration) -> Self {
        let how = format!("Task timed out after {:.2} seconds", after.as_secs_f64());
        Self::of_request("Sandbox.Timedout", request_id, &how)
    }

    /// The process took more memory than the function may.
    pub(super) fn out_of_memory(request_id: &str) -> Self {
        Self::of_request("Runtime.ExitError", request_id, "Runtime exited with error: signal: killed")
    }

    /// There is no process.
    pub(super) fn not_started(request_id: &str, program: &Path, why: &str) -> Self {
        Self::of_request("Runtime.InvalidEntrypoint", request_id, &format!("fork/exec {}: {why}", program.display()))
    }

    /// The result is longer than Lambda passes on.
    pub(super) fn too_large(size: u64) -> Self {
        let message = format!(
            "Response payload size ({size} bytes) exceeded maximum allowed payload size ({} bytes).",
            super::runtime_api::MAX_RESPONSE
        );
        let members =
            [("errorMessage", Value::from(message)), ("errorType", Value::from("Function.ResponseSizeTooLarge"))];
        Self(Value::from(members).to_string())
    }

    fn of_request(error_type: &str, request_id: &str, how: &str) -> Self {
        Self(body(error_type, &format!("RequestId: {request_id} Error: {how}")))
    }
}

/// The payload of an error.
pub(super) fn body(error_type: &str, message: &str) -> String {
    Value::from([("errorType", Value::from(error_type)), ("errorMessage", Value::from(message))]).to_string()
}

impl From<FunctionError> for Failure {
    fn from(FunctionError(payload): FunctionError) -> Self {
        payload_failure(payload)
    }
}

/// The name of the signal that ended a process, as Lambda writes it.
fn signal(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;

    use nix::sys::signal::Signal;

    let number = status.signal().unwrap_or_default();
    let name = match Signal::try_from(number) {
        Ok(Signal::SIGABRT) => "aborted",
        Ok(Signal::SIGALRM) => "alarm clock",
        Ok(Signal::SIGBUS) => "bus error",
        Ok(Signal::SIGFPE) => "floating point exception",
        Ok(Signal::SIGHUP) => "hangup",
        Ok(Signal::SIGILL) => "illegal instruction",
        Ok(Signal::SIGINT) => "interrupt",
        Ok(Signal::SIGKILL) => "killed",
        Ok(Signal::SIGPIPE) => "broken pipe",
        Ok(Signal::SIGQUIT) => "quit",
        Ok(Signal::SIGSEGV) => "segmentation fault",
        Ok(Signal::SIGTERM) => "terminated",
        Ok(Signal::SIGTRAP) => "trace/breakpoint trap",
        _ => return format!("signal {number}"),
    };
    let dumped = if status.core_dumped() { " (core dumped)" } else { "" };
    format!("{name}{dumped}")
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn ends_are_told_as_lambda_tells_them() {
        for (status, expected) in [
            (0, "Runtime exited without providing a reason"),
            (3 << 8, "Runtime exited with error: exit status 3"),
            (9, "Runtime exited with error: signal: killed"),
            (11 | 0x80, "Runtime exited with error: signal: segmentation fault (core dumped)"),
            (50, "Runtime exited with error: signal: signal 50"),
        ] {
            let failure = Failure::from(FunctionError::exited("r", ExitStatus::from_raw(status)));
            assert_eq!(failure.error.as_deref(), Some("Runtime.ExitError"));
            assert_eq!(
                failure.cause.as_deref().unwrap(),
                format!(r#"{{"errorType":"Runtime.ExitError","errorMessage":"RequestId: r Error: {expected}"}}"#)
            );
        }
    }

    #[test]
    fn other_errors_are_those_of_lambda() {
        let text = |error: FunctionError| error.0;
        assert_eq!(
            text(FunctionError::timed_out("r", Duration::from_millis(3000))),
            r#"{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: r Error: Task timed out after 3.00 seconds"}"#
        );
        assert_eq!(
            text(FunctionError::too_large(7_340_060)),
            r#"{"errorMessage":"Response payload size (7340060 bytes) exceeded maximum allowed payload size (6291556 bytes).","errorType":"Function.ResponseSizeTooLarge"}"#
        );
        assert_eq!(
            text(FunctionError::not_started("r", Path::new("/code/bootstrap"), "permission denied")),
            r#"{"errorType":"Runtime.InvalidEntrypoint","errorMessage":"RequestId: r Error: fork/exec /code/bootstrap: permission denied"}"#
        );
    }
}
