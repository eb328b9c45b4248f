//! How a state's input becomes its output.
//!
//! AWS developer guide, "Processing input and output in Step Functions".

use super::join::{Join, Parent, Work};
use super::{Frame, located};
use crate::choice::Rule;
use crate::context::{Context, MapItem};
use crate::definition::ast::{NumberField, TextField, Wait};
use crate::json::{MAX_DEPTH, MAX_LEN};
use crate::path::{PathExpr, Roots};
use crate::program::{Kind, Map, Program, State, StateId};
use crate::reference_path::ReferencePath;
use crate::retry::Random;
use crate::task::Failure;
use crate::template::{Template, not_found};
use crate::time::Timestamp;
use crate::value::{Array, Value};

/// AWS runs so many iterations of an inline Map at once, whatever MaxConcurrency says.
const MOST_ITERATIONS: usize = 40;

impl Frame {
    /// InputPath.
    pub(super) fn selected_input(&self, state: &State) -> Result<Value, Failure> {
        self.select(state, state.io.input_path.as_ref(), &self.input)
    }

    /// OutputPath.
    pub(super) fn selected_output(&self, state: &State, output: Value) -> Result<Value, Failure> {
        self.select(state, state.io.output_path.as_ref(), &output)
    }

    fn select(&self, state: &State, path: Option<&PathExpr>, value: &Value) -> Result<Value, Failure> {
        match path {
            // `null` stands for an empty object.
            None => Ok(Value::empty_object()),
            Some(path) => {
                let context = || self.context(state, None);
                let roots = Roots { input: value, context: &context, random: &self.random };
                let found = path.evaluate(&roots).map_err(|error| {
                    Failure::runtime(format!("Invalid path '{path}' : {}", error.message)).at(path.span())
                })?;
                bounded(found)
            }
        }
    }

    /// InputPath, then Parameters: the effective input. Only a task that waits for its token is shown one.
    pub(super) fn effective_input(&self, state: &State, token: Option<&std::sync::Arc<str>>) -> Result<Value, Failure> {
        let input = self.selected_input(state)?;
        match &state.io.parameters {
            None => Ok(input),
            Some(template) => self.fill(state, template, &input, token),
        }
    }

    fn fill(
        &self,
        state: &State,
        template: &Template,
        input: &Value,
        token: Option<&std::sync::Arc<str>>,
    ) -> Result<Value, Failure> {
        let context = || self.context(state, token);
        bounded(template.evaluate(&Roots { input, context: &context, random: &self.random })?)
    }

    /// ResultSelector, then ResultPath.
    pub(super) fn merge(&self, state: &State, result: Value) -> Result<Value, Failure> {
        let result = match &state.io.result_selector {
            None => result,
            Some(template) => self.fill(state, template, &result, None)?,
        };
        self.place(state.io.result_path.as_ref(), result)
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

    /// The state that a Choice leads to; `None` when no rule holds and there is no Default.
    pub(super) fn choose(
        &self,
        state: &State,
        rules: &[(Rule, StateId)],
        default: Option<StateId>,
        input: &Value,
    ) -> Result<Option<StateId>, Failure> {
        let context = || self.context(state, None);
        let roots = Roots { input, context: &context, random: &self.random };
        for (rule, next) in rules {
            if rule.holds(&roots)? {
                return Ok(Some(*next));
            }
        }
        Ok(default)
    }

    /// The failure that a Fail state raises.
    pub(super) fn failure(
        &self,
        state: &State,
        error: Option<&TextField>,
        cause: Option<&TextField>,
    ) -> Result<Failure, Failure> {
        let text = |name: &str, field: Option<&TextField>| match field {
            None => Ok(None),
            Some(TextField::Literal(text)) => Ok(Some(text.clone())),
            Some(TextField::Path(path)) => {
                let context = || self.context(state, None);
                let roots = Roots { input: &self.input, context: &context, random: &self.random };
                let found = path.evaluate(&roots).map_err(|_| not_found(path, name, &roots))?;
                match found {
                    Value::String(text) => Ok(Some(text)),
                    other => Err(Failure::runtime(format!(
                        "The {name} field refers to value {other} which is not a valid string: {path}"
                    ))
                    .at(path.span())),
                }
            }
        };
        Ok(Failure { error: text("ErrorPath", error)?, cause: text("CausePath", cause)?, span: None })
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
        let context = || self.context(state, None);
        let roots = Roots { input: &input, context: &context, random: &self.random };
        match wait {
            Wait::Seconds(seconds) => Ok(now.plus_seconds(*seconds)),
            Wait::Timestamp(at) => Ok(*at),
            Wait::SecondsPath(path) => {
                let fault =
                    |text: String| Failure::runtime(format!("The SecondsPath parameter {text}")).at(path.span());
                let found =
                    path.evaluate(&roots).map_err(|_| fault(format!("does not reference an input value: {path}")))?;
                let seconds = found
                    .as_i64()
                    .ok_or_else(|| fault(format!("cannot be parsed as a long value: {path} == {}", bare(&found))))?;
                if seconds < 0 {
                    return Err(fault(format!("references a negative value: {path} == {seconds}")));
                }
                Ok(now.plus_seconds(seconds))
            }
            Wait::TimestampPath(path) => {
                let fault =
                    |text: String| Failure::runtime(format!("The TimestampPath parameter {text}")).at(path.span());
                let found =
                    path.evaluate(&roots).map_err(|_| fault(format!("does not reference an input value: {path}")))?;
                found.as_str().and_then(Timestamp::parse).ok_or_else(|| {
                    fault(format!(
                        "does not reference a valid ISO-8601 extended offset date-time format string: {path} == {}",
                        bare(&found)
                    ))
                })
            }
        }
    }

    /// The Join of a Map or Parallel state, as one that the Frame's last event opened.
    pub(super) fn join(&self, state: &State) -> Result<Join, Failure> {
        let (input, work, limit) = match &state.kind {
            Kind::Map(map) => {
                let input = self.selected_input(state)?;
                let items = self.items(state, map, &input)?;
                let limit = self.max_concurrency(state, map.max_concurrency.as_ref())?;
                (input, Work::Items { scope: map.scope, items }, limit)
            }
            Kind::Parallel { branches } => {
                (self.effective_input(state, None)?, Work::Branches(branches.clone()), branches.len())
            }
            _ => (Value::Null, Work::Branches(Vec::new()), 0),
        };
        let parent = Parent {
            execution: self.execution.clone(),
            scope: self.scope,
            state: self.state,
            path: self.attempt_path(state).into(),
            map_item: self.map_item.clone(),
            entered_time: self.entered_time,
            entered_event: self.entered_event,
            retry_count: self.retry_count(),
            input,
        };
        Ok(Join {
            parent,
            work,
            limit,
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

    fn items(&self, state: &State, map: &Map, input: &Value) -> Result<Array, Failure> {
        let (path, found) = match &map.items_path {
            None => ("$", input.clone()),
            Some(path) => (&**path.text(), self.select(state, Some(path), input)?),
        };
        match found {
            Value::Array(items) => Ok(items),
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

    fn max_concurrency(&self, state: &State, field: Option<&NumberField>) -> Result<usize, Failure> {
        let wanted = self.whole_number(state, "MaxConcurrency", i64::MIN, field)?.unwrap_or(0);
        if wanted < 0 {
            return Err(Failure::runtime("MaxConcurrency cannot be negative."));
        }
        Ok(match usize::try_from(wanted) {
            Ok(0) | Err(_) => MOST_ITERATIONS,
            Ok(wanted) => wanted.min(MOST_ITERATIONS),
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
        program: &Program,
        template: &Template,
        item: &MapItem,
        random: &Random,
    ) -> Result<Value, Failure> {
        let state = program.state(self.scope, self.state);
        let context = || {
            Context {
                execution: &self.execution,
                state: &state.name,
                entered_time: self.entered_time,
                retry_count: Some(self.retry_count),
                map_item: Some(item),
                token: None,
            }
            .to_value()
        };
        template
            .evaluate(&Roots { input: &self.input, context: &context, random })
            .and_then(bounded)
            .map_err(|failure| located(&state.name, self.entered_event, failure))
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
    found.as_i64().ok_or_else(|| {
        let shown = bare(found);
        Failure::runtime(format!(
            "The {name}Path field refers to value \"{shown}\" which is not a valid integer: {path}"
        ))
        .at(path.span())
    })
}

/// A value as AWS quotes it: strings without their quotes.
fn bare(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
