//! `asl answer`

use std::process::ExitCode;

use asl_engine::{Failure, Value};
use asl_tasks::{AnswerError, TokenAnswer, WaitingTask, answer, living_tasks};

use crate::cli::Answer;
use crate::error::Error;
use crate::execute::runtime;
use crate::input;
use crate::output;
use crate::printable;
use crate::progress::data_option;
use crate::report;

/// Answers the task that waits for a token, or lists those that wait.
pub(crate) fn run(arguments: &Answer) -> Result<ExitCode, Error> {
    let Some(token) = &arguments.token else { return list(arguments) };
    let said = match arguments {
        Answer { output: Some(output), .. } => TokenAnswer::Output(input::json("the output", "--output", output)?),
        Answer { error: Some(error), cause, .. } => {
            let cause = cause.as_deref().map(Into::into);
            TokenAnswer::Failed(Failure { error: Some(error.as_str().into()), cause, ..Failure::default() })
        }
        Answer { heartbeat: true, .. } => TokenAnswer::Heartbeat,
        _ => {
            return Err(Error::Usage(
                "say what the answer is: --output JSON, --error NAME (with --cause TEXT), or --heartbeat".to_owned(),
            ));
        }
    };
    match runtime()?.block_on(answer(&arguments.data, token, &said)) {
        Ok(task) => {
            let (action, what) = match said {
                TokenAnswer::Output(_) => ("SendTaskSuccess", "succeeds"),
                TokenAnswer::Failed(_) => ("SendTaskFailure", "fails"),
                TokenAnswer::Heartbeat => ("SendTaskHeartbeat", "has heard a heartbeat"),
            };
            if arguments.json {
                output::print_json(&to_json(&task, Some(action)))?;
            } else {
                let (state, execution) = (printable::line(&task.state), printable::line(&task.execution));
                output::to_stderr(&format!("{state} of {execution} {what}\n"));
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(error @ AnswerError::Unreadable { .. }) => Err(Error::Usage(error.to_string())),
        Err(error) => {
            let help = match error {
                AnswerError::NotWaiting(_) => {
                    format!("\nhelp: asl answer{} lists those that wait", data_option(&arguments.data))
                }
                _ => String::new(),
            };
            output::to_stderr(&report::error(&format!("{error}{help}")));
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Lists the tasks that wait for their tokens.
fn list(arguments: &Answer) -> Result<ExitCode, Error> {
    let waiting =
        runtime()?.block_on(living_tasks(&arguments.data)).map_err(|error| Error::Usage(error.to_string()))?;
    if arguments.json {
        output::print_json(&waiting.iter().map(|task| to_json(task, None)).collect())?;
        return Ok(ExitCode::SUCCESS);
    }
    if waiting.is_empty() {
        output::to_stderr(&format!(
            "no task of a run with the data in {} waits for its token\n",
            arguments.data.display()
        ));
    }
    let line = |task: &WaitingTask| {
        let WaitingTask { token, state, execution, .. } = task;
        let execution = execution.rsplit(':').next().unwrap_or_default();
        format!("{token}  {} of {}\n", printable::line(state), printable::line(execution))
    };
    output::print(&waiting.iter().map(line).collect::<String>())?;
    Ok(ExitCode::SUCCESS)
}

/// A task, and AWS's name for what it was told.
fn to_json(task: &WaitingTask, action: Option<&str>) -> Value {
    let WaitingTask { token, state, execution, .. } = task;
    let named = [("taskToken", token), ("state", state), ("executionArn", execution)];
    let named = named.into_iter().map(|(name, text)| (name, Value::from(text.as_str())));
    named.chain(action.map(|action| ("action", action.into()))).collect()
}
