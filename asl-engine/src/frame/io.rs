//! How a state's input becomes its output.
//!
//! AWS developer guide, "Processing input and output in Step Functions".

use std::sync::Arc;

use super::join::{Join, Parent, Work};
use super::map_run::MOST_EXECUTIONS;
use super::{Frame, Stage};
use crate::context::{Context, MapItem};
use crate::definition::ast::{NumberField, TextField, Wait};
use crate::json::{MAX_DEPTH, MAX_LEN};
use crate::path::{PathExpr, Roots};
use crate::program::{Choice, Kind, Map, State, Task};
use crate::reference_path::ReferencePath;
use crate::retry::Random;
use crate::task::Failure;
use crate::template::{Template, not_found};
use crate::time::Timestamp;
use crate::value::{Array, Value};

/// AWS runs so many iterations of an inline Map at once, whatever MaxConcurrency says.
const MOST_ITERATIONS: usize = 40;
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

    /// The Join of a Map or Parallel state, as one that the Frame's last event opened. `read` has the items where an
    /// ItemReader has read them.
    pub(super) fn join(&self, state: &State, read: Option<&Array>) -> Result<Join, Failure> {
        let (input, work, limit) = match &state.kind {
            Kind::Map(map) => {
                let input = self.selected_input(state)?;
                let items = match read {
                    Some(items) => items.clone(),
                    None if state.item_reader().is_some() => Array::from(Vec::new()),
                    None => self.items(state, map, &input)?,
                };
                let limit = self.max_concurrency(state, map)?;
                (input, Work::Items { scope: map.scope, items }, limit)
            }
            Kind::Parallel { branches } => {
                (self.effective_input(state, None)?, Work::Branches(branches.clone()), branches.len())
            }
            _ => (Value::Null, Work::Branches(Vec::new()), 0),
        };
        Ok(Join {
            parent: self.parent(state, input),
            work,
            limit,
            map_run: None,
            started_event: self.last_event,
            random: Random::new(self.random.clone().next()),
            next: 0,
            running: 0,
            results: Vec::new(),
            freed: Vec::new(),
            closing_event: self.last_event,
            failed: None,
        })
    }

    fn parent(&self, state: &State, input: Value) -> Parent {
        Parent {
            execution: self.execution.clone(),
            scope: self.scope,
            state: self.state,
            path: self.attempt_path(state).into(),
            map_item: self.map_item.clone(),
            variables: self.variables.clone(),
            entered_time: self.entered_time,
            entered_event: self.entered_event,
            retry_count: self.retry_count(),
            input,
            given_context: self.probe.as_ref().map(|probe| probe.context.clone()),
        }
    }

    /// The Join with what the mode `DISTRIBUTED` adds.
    pub(super) fn distributed_join(&self, state: &State, read: Option<&Array>) -> Result<Join, Failure> {
        let mut join = self.join(state, read)?;
        self.distribute(state, &mut join)?;
        Ok(join)
    }

    /// Adds to a Join what it has in the mode `DISTRIBUTED`.
    pub(super) fn distribute(&self, state: &State, join: &mut Join) -> Result<(), Failure> {
        let Kind::Map(Map { distributed: Some(distributed), item_selector, .. }) = &state.kind else { return Ok(()) };
        join.map_run = Some(self.map_run(state, distributed)?);
        if let (Some(batcher), Work::Items { scope, items }) = (&distributed.item_batcher, &join.work) {
            let batches = self.batches(state, batcher, item_selector.as_ref(), items, &join.parent.input)?;
            join.work = Work::Batches { scope: *scope, batches };
        }
        Ok(())
    }

    /// ItemSelector, for one item of a batch.
    pub(super) fn selected_item(
        &self,
        state: &State,
        selector: &Template,
        item: &MapItem,
        input: &Value,
    ) -> Result<Value, Failure> {
        self.parent(state, input.clone()).select(&state.name, selector, item, &self.random)
    }

    fn items(&self, state: &State, map: &Map, input: &Value) -> Result<Array, Failure> {
        let (path, found) = match &map.items_path {
            None => ("$", input.clone()),
            Some(path) => (&**path.text(), self.select(state, Some(path), input)?),
        };
        match found {
            Value::Array(items) => {
                self.note(Stage::AfterItemsPath, &Value::Array(items.clone()));
                Ok(items)
            }
            _ => {
                // AWS leaves out the second `$` of a path on the context object.
                let shown = path.strip_prefix("$$").map_or(path.to_owned(), |rest| format!("${rest}"));
                let failure = Failure::runtime(format!("Reference path \"{shown}\" must point to array."));
                Err(match &map.items_path {
                    Some(path) => failure.at(path.span()),
                    None => failure,
                })
            }
        }
    }

    fn max_concurrency(&self, state: &State, map: &Map) -> Result<usize, Failure> {
        let wanted = self.whole_number(state, "MaxConcurrency", i64::MIN, map.max_concurrency.as_ref())?.unwrap_or(0);
        self.note(Stage::MaxConcurrency, &wanted.into());
        if wanted < 0 {
            return Err(Failure::runtime("MaxConcurrency cannot be negative."));
        }
        let most = if map.distributed.is_some() { MOST_EXECUTIONS } else { MOST_ITERATIONS };
        Ok(match usize::try_from(wanted) {
            Ok(0) | Err(_) => most,
            Ok(wanted) => wanted.min(most),
        })
    }
}

impl Join {
    /// Takes note of the event that opens the fan-out: the first children follow it.
    pub(super) fn begin(&mut self, started_event: crate::history::EventId) {
        self.started_event = started_event;
        self.closing_event = started_event;
    }
}

impl Parent {
    /// ItemSelector.
    pub(super) fn select(
        &self,
        state: &Arc<str>,
        template: &Template,
        item: &MapItem,
        random: &Random,
    ) -> Result<Value, Failure> {
        let context = || {
            Context {
                execution: &self.execution,
                state,
                entered_time: self.entered_time,
                retry_count: Some(self.retry_count),
                map_item: Some(item),
                token: None,
                given: self.given_context.as_ref(),
            }
            .to_value()
        };
        template
            .evaluate(&Roots { input: &self.input, context: &context, variables: &self.variables, random })
            .and_then(bounded)
    }
}

/// A value that can be walked and written: what an execution computes is bounded as what it reads is.
fn bounded(value: Value) -> Result<Value, Failure> {
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
