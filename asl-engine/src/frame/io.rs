//! How a state's input becomes its output.
//!
//! AWS developer guide, "Processing input and output in Step Functions".

use std::sync::Arc;

use super::{Frame, Stage};
use crate::definition::ast::{NumberField, TextField, Wait};
use crate::json::{MAX_DEPTH, MAX_LEN};
use crate::path::{PathExpr, Roots};
use crate::program::{Choice, State, Task};
use crate::reference_path::ReferencePath;
use crate::task::Failure;
use crate::template::{Template, not_found};
use crate::time::Timestamp;
use crate::value::Value;

/// AWS waits so many seconds at most.
const LONGEST_WAIT: i64 = i32::MAX as i64;

/// What a state leaves with.
pub(super) struct Exit {
    pub(super) output: Value,
    /// What its `Assign` gives; `None` where it has none.
    pub(super) assigned: Option<Value>,
}

impl Frame {
    /// InputPath.
    pub(super) fn selected_input(&self, state: &State) -> Result<Value, Failure> {
        let input = self.select(state, state.io.input_path.as_ref(), &self.input)?;
        self.note(Stage::AfterInputPath, &input);
        Ok(input)
    }

    /// OutputPath.
    pub(super) fn selected_output(&self, state: &State, output: Value) -> Result<Value, Failure> {
        self.select(state, state.io.output_path.as_ref(), &output)
    }

    pub(super) fn select(&self, state: &State, path: Option<&PathExpr>, value: &Value) -> Result<Value, Failure> {
        match path {
            // `null` stands for an empty object.
            None => Ok(Value::empty_object()),
            Some(path) => {
                let found = self.on(state, value, None, |roots| path.evaluate(roots)).map_err(|error| {
                    Failure::runtime(format!("Invalid path '{path}' : {}", error.message)).at(path.span())
                })?;
                bounded(found)
            }
        }
    }

    /// Evaluates something that starts from `input`, the context object or the variables.
    fn on<T>(
        &self,
        state: &State,
        input: &Value,
        token: Option<&Arc<str>>,
        evaluate: impl FnOnce(&Roots<'_>) -> T,
    ) -> T {
        let context = || self.context(state, token);
        evaluate(&Roots { input, context: &context, variables: &self.variables, random: &self.random })
    }

    /// InputPath, then Parameters: the effective input. Only a task that waits for its token is shown one.
    pub(super) fn effective_input(&self, state: &State, token: Option<&Arc<str>>) -> Result<Value, Failure> {
        let input = self.selected_input(state)?;
        let input = match &state.io.parameters {
            None => input,
            Some(template) => self.fill(state, template, &input, token)?,
        };
        self.note(Stage::AfterParameters, &input);
        Ok(input)
    }

    pub(super) fn fill(
        &self,
        state: &State,
        template: &Template,
        input: &Value,
        token: Option<&Arc<str>>,
    ) -> Result<Value, Failure> {
        bounded(self.on(state, input, token, |roots| template.evaluate(roots))?)
    }

    /// ResultSelector, then Assign and ResultPath.
    pub(super) fn merge(&self, state: &State, result: Value) -> Result<Exit, Failure> {
        let result = match &state.io.result_selector {
            None => result,
            Some(template) => self.fill(state, template, &result, None)?,
        };
        self.note(Stage::AfterResultSelector, &result);
        let assigned = self.assign(state, state.assign.as_ref(), &result)?;
        let output = self.place(state.io.result_path.as_ref(), result)?;
        self.note(Stage::AfterResultPath, &output);
        Ok(Exit { output, assigned })
    }

    /// Assign: all values come from the variables as they were when the state was entered.
    pub(super) fn assign(
        &self,
        state: &State,
        assign: Option<&Template>,
        input: &Value,
    ) -> Result<Option<Value>, Failure> {
        assign.map(|template| self.fill(state, template, input, None)).transpose()
    }

    /// A value put into the raw input by a ResultPath.
    pub(super) fn place(&self, path: Option<&ReferencePath>, value: Value) -> Result<Value, Failure> {
        match path {
            None => Ok(self.input.clone()),
            Some(path) => {
                path.insert(&self.input, value).map_err(|cause| Failure::new("States.ResultPathMatchFailure", cause))
            }
        }
    }

    /// The Choice Rule that holds.
    pub(super) fn choose<'a>(
        &self,
        state: &State,
        choices: &'a [Choice],
        input: &Value,
    ) -> Result<Option<&'a Choice>, Failure> {
        self.on(state, input, None, |roots| {
            for choice in choices {
                if choice.rule.holds(roots)? {
                    return Ok(Some(choice));
                }
            }
            Ok(None)
        })
    }

    /// The failure that a Fail state raises.
    pub(super) fn failure(
        &self,
        state: &State,
        error: Option<&TextField>,
        cause: Option<&TextField>,
    ) -> Result<Failure, Failure> {
        // AWS shows this stage for Fail states, too, though they have no InputPath.
        self.note(Stage::AfterInputPath, &self.input);
        let text = |name: &str, field: Option<&TextField>| {
            let (found, written, span) = match field {
                None => return Ok(None),
                Some(TextField::Literal(text)) => return Ok(Some(text.clone())),
                Some(TextField::Path(path)) => {
                    let found = self.on(state, &self.input, None, |roots| {
                        path.evaluate(roots).map_err(|_| not_found(path, name, roots))
                    });
                    (found?, path.text(), path.span())
                }
                Some(TextField::Call(call)) => {
                    (self.on(state, &self.input, None, |roots| call.evaluate(roots))?, call.text(), call.span())
                }
            };
            match found {
                Value::String(text) => Ok(Some(text)),
                other => Err(Failure::runtime(format!(
                    "The {name} field refers to value {other} which is not a valid string: {written}"
                ))
                .at(span)),
            }
        };
        Ok(Failure { error: text("ErrorPath", error)?, cause: text("CausePath", cause)?, span: None })
    }

    /// `Credentials`: the role that a Task is called with.
    pub(super) fn role_arn(&self, state: &State, task: &Task) -> Result<Option<Arc<str>>, Failure> {
        let Some(credentials) = &task.credentials else { return Ok(None) };
        match &self.fill(state, credentials, &self.input, None)?["RoleArn"] {
            Value::String(role_arn) => Ok(Some(role_arn.clone())),
            other => {
                Err(Failure::runtime(format!("The RoleArn of the Credentials is {other}, and has to be a string")))
            }
        }
    }

    /// A whole number from `Name` or `NamePath`.
    pub(super) fn whole_number(
        &self,
        state: &State,
        name: &str,
        least: i64,
        field: Option<&NumberField>,
    ) -> Result<Option<i64>, Failure> {
        match field {
            None => Ok(None),
            Some(NumberField::Literal(seconds)) => Ok(Some(*seconds)),
            Some(NumberField::Path(path)) => {
                let found = self.select(state, Some(path), &self.input)?;
                let number = whole_number(name, path, &found)?;
                if number < least {
                    let text =
                        format!("The {name}Path field refers to value {number} which is less than {least}: {path}");
                    return Err(Failure::runtime(text).at(path.span()));
                }
                Ok(Some(number))
            }
        }
    }

    /// When a Wait state goes on.
    pub(super) fn wake_time(&self, state: &State, wait: &Wait, now: Timestamp) -> Result<Timestamp, Failure> {
        let input = self.selected_input(state)?;
        let find = |field: &str, path: &PathExpr| {
            self.on(state, &input, None, |roots| path.evaluate(roots))
                .map_err(|_| wait_fault(field, path, format!("does not reference an input value: {path}")))
        };
        let until = match wait {
            Wait::Seconds(seconds) => now.plus_seconds(*seconds),
            Wait::Timestamp(at) => *at,
            Wait::SecondsPath(path) => {
                let found = find("SecondsPath", path)?;
                let fault = |text: String| wait_fault("SecondsPath", path, text);
                let seconds = found
                    .as_i64()
                    .ok_or_else(|| fault(format!("cannot be parsed as a long value: {path} == {}", bare(&found))))?;
                if seconds < 0 {
                    return Err(fault(format!("references a negative value: {path} == {seconds}")));
                }
                now.plus_seconds(seconds)
            }
            Wait::TimestampPath(path) => {
                let found = find("TimestampPath", path)?;
                found.as_str().and_then(Timestamp::parse).ok_or_else(|| {
                    let text = format!(
                        "does not reference a valid ISO-8601 extended offset date-time format string: {path} == {}",
                        bare(&found)
                    );
                    wait_fault("TimestampPath", path, text)
                })?
            }
        };
        if until.0.saturating_sub(now.0) / 1000 > LONGEST_WAIT {
            return Err(Failure::runtime("Wait state delay is too long."));
        }
        Ok(until)
    }
}

/// A value that can be walked and written: what an execution computes is bounded as what it reads is.
pub(super) fn bounded(value: Value) -> Result<Value, Failure> {
    if value.depth() > MAX_DEPTH {
        return Err(Failure::runtime(format!("The data nests deeper than {MAX_DEPTH} levels")));
    }
    if value.json_len() > MAX_LEN {
        return Err(Failure::runtime(format!("The data has more than {MAX_LEN} bytes of JSON text")));
    }
    Ok(value)
}

fn whole_number(name: &str, path: &PathExpr, found: &Value) -> Result<i64, Failure> {
    // A number may also stand in a string.
    let number = match found {
        Value::String(text) => text.parse().ok(),
        other => other.as_i64(),
    };
    number.ok_or_else(|| {
        let shown = bare(found);
        Failure::runtime(format!(
            "The {name}Path field refers to value \"{shown}\" which is not a valid integer: {path}"
        ))
        .at(path.span())
    })
}

fn wait_fault(field: &str, path: &PathExpr, text: String) -> Failure {
    Failure::runtime(format!("The {field} parameter {text}")).at(path.span())
}

/// A value as AWS quotes it: strings without their quotes.
pub(super) fn bare(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
