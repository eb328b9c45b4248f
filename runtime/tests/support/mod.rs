//! Runs definitions on virtual time.

use std::sync::Arc;

use asl_engine::{Execution, Failure, Outcome, Program, Quotas, TaskRequest, Timestamp, Value};
use asl_runtime::Finished;
use asl_runtime::simulation::{self, Answer};

/// An execution that has ended.
pub(crate) struct Ran {
    pub(crate) finished: Finished,
    /// `1<0 ExecutionStarted`
    pub(crate) events: Vec<String>,
    /// The same as the API gives them.
    pub(crate) json: Vec<Value>,
}

/// Runs a definition on virtual time.
pub(crate) fn run_with(
    definition: &str,
    input: &str,
    quotas: Quotas,
    answer: impl FnMut(&TaskRequest) -> Answer,
) -> Ran {
    let program = Arc::new(Program::parse(definition).unwrap_or_else(|diagnostics| panic!("{diagnostics:#?}")));
    let mut execution = Execution::local("machine", "run", input.parse().expect("JSON"), Timestamp(0), 3);
    execution.input_text = Some(input.into());
    execution.quotas = quotas;
    let (mut events, mut json) = (Vec::new(), Vec::new());
    let record = |event: asl_engine::HistoryEvent| {
        events.push(format!("{}<{} {}", event.id, event.previous_id, event.type_name()));
        json.push(event.to_json());
    };
    let finished = simulation::run(program, execution, answer, record).expect("it ends");
    Ran { finished, events, json }
}

/// Runs a definition whose tasks give back their input, or fail as it says.
pub(crate) fn run(definition: &str, input: &str) -> Ran {
    let fail = |request: &TaskRequest| -> Outcome {
        match request.input["fail"].as_str() {
            Some(error) => Err(Failure::new(error, "as told")),
            None => Ok(request.input.clone()),
        }
    };
    run_with(definition, input, Quotas::default(), |request| Answer::from(fail(request)))
}

/// The output, or the failure.
pub(crate) fn output(ran: &Ran) -> String {
    match &ran.finished.outcome {
        Ok(output) => output.to_string(),
        Err(failure) => failure.to_string(),
    }
}

/// A state machine of the state `S` and, after it, `T`.
pub(crate) fn two(first: &str, second: &str) -> String {
    format!(r#"{{"StartAt": "S", "States": {{"S": {{{first}, "Next": "T"}}, "T": {{{second}, "End": true}}}}}}"#)
}
