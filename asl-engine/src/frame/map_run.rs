//! Map Runs: Map states in the mode `DISTRIBUTED`, whose items are executions of their own.
//!
//! AWS developer guide, "Distributed mode".

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::io::Sight;
use super::items::Items;
use super::{Frame, Stage};
use crate::context::Execution;
use crate::definition::ast::{ItemBatcher, ItemReader, NumberField};
use crate::intrinsic::uuid;
use crate::item_reader::{failed, items};
use crate::program::{Map, State};
use crate::retry::Random;
use crate::task::{Failure, Outcome, TaskRequest};
use crate::template::Template;
use crate::value::{Array, Number, Value};

/// AWS runs so many child executions at once, whatever MaxConcurrency says.
pub(super) const MOST_EXECUTIONS: usize = 10_000;
/// AWS hands so many bytes to one child execution at most.
const MOST_INPUT_BYTES: usize = 256 * 1024;

/// A Map state whose items are executions of their own: what it is called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct MapRun {
    pub(super) arn: Arc<str>,
    /// What stands for the Map state in the ARNs of its child executions.
    label: Arc<str>,
}

/// How many failed items a Map state bears, and how many it has had. Nothing said of it bears none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Tolerance {
    count: Option<i64>,
    percentage: Option<f64>,
    failed: usize,
}

impl Tolerance {
    /// Takes note of a failed child with so many of all items. The failure is that of the whole state, when this one was
    /// too many.
    pub(super) fn failed(&mut self, items: usize, of: usize) -> Result<(), Failure> {
        self.failed += items;
        let percentage = self.failed as f64 * 100.0 / of.max(1) as f64;
        let over_count = self.count.map(|count| usize::try_from(count).is_ok_and(|count| self.failed > count));
        let over_percentage = self.percentage.map(|tolerated| percentage > tolerated);
        let too_many = match (over_count, over_percentage) {
            (None, None) => true,
            (count, percentage) => count == Some(true) || percentage == Some(true),
        };
        if !too_many {
            return Ok(());
        }
        let cause = "The specified tolerated failure threshold was exceeded";
        Err(Failure::new("States.ExceedToleratedFailureThreshold", cause))
    }
}

impl MapRun {
    /// The execution of one item or batch. It starts when its first step is made.
    pub(super) fn execution(&self, parent: &Execution, input: Value, random: &Random) -> Execution {
        let name: Arc<str> = uuid(random).into();
        // `…:execution:machine:name` becomes `…:execution:machine/label:name`.
        let base = parent.arn.strip_suffix(&format!(":{}", parent.name)).unwrap_or(&parent.arn);
        Execution {
            arn: format!("{base}/{}:{name}", self.label).into(),
            name,
            input,
            state_machine_arn: format!("{}/{}", parent.state_machine_arn, self.label).into(),
            seed: random.next(),
            ..parent.clone()
        }
    }
}

/// What a tolerated child leaves in the list of results.
pub(super) fn failed_result(failure: &Failure) -> Value {
    let text = |text: &Option<Arc<str>>| text.clone().map_or(Value::Null, Value::from);
    [("Status", "FAILED".into()), ("Error", text(&failure.error)), ("Cause", text(&failure.cause))].into()
}

impl Frame {
    /// How many failed items the state bears; `None` where it says nothing of that.
    pub(super) fn tolerance(&self, state: &State, map: &Map) -> Result<Option<Tolerance>, Failure> {
        let tolerated_count =
            self.whole_number(state, "ToleratedFailureCount", i64::MIN, map.tolerated_failure_count.as_ref())?;
        if tolerated_count.is_some_and(|count| count < 0) {
            return Err(Failure::runtime("ToleratedFailureCount cannot be negative."));
        }
        let tolerated_percentage = self.percentage(state, map.tolerated_failure_percentage.as_ref())?;
        if tolerated_percentage.is_some_and(|percentage| !(0.0..=100.0).contains(&percentage)) {
            return Err(Failure::runtime("ToleratedFailurePercentage must be between 0 and 100."));
        }
        if let Some(count) = tolerated_count {
            self.note(Stage::ToleratedFailureCount, &count.into());
        }
        if let Some(percentage) = tolerated_percentage.and_then(Number::from_f64) {
            self.note(Stage::ToleratedFailurePercentage, &percentage.into());
        }
        let said = tolerated_count.is_some() || tolerated_percentage.is_some();
        Ok(said.then_some(Tolerance { count: tolerated_count, percentage: tolerated_percentage, failed: 0 }))
    }

    /// The Map Run that this attempt of the state begins: the same after a crash.
    pub(super) fn map_run(&self, map: &Map) -> MapRun {
        let random = Random::new(self.random.clone().next());
        let label = map.label.clone().unwrap_or_else(|| uuid(&random).into());
        let machine = self.execution.state_machine_arn.replacen(":stateMachine:", ":mapRun:", 1);
        let arn = format!("{machine}/{label}:{}", uuid(&random)).into();
        MapRun { arn, label }
    }

    /// What an ItemReader is asked for.
    pub(super) fn read_request(&self, state: &State, reader: &ItemReader) -> Result<TaskRequest, Failure> {
        let input = match &reader.parameters {
            None => Value::empty_object(),
            Some(template) => self.fill(state, template, Sight::of(&self.selected_input(state)?))?,
        };
        Ok(TaskRequest {
            state: state.name.clone(),
            resource: reader.resource.text.clone(),
            input,
            role_arn: None,
            deadline: None,
            heartbeat_seconds: None,
            token: self.token(state),
        })
    }

    /// How many items an ItemReader gives at most.
    pub(super) fn max_items(&self, state: &State, reader: &ItemReader) -> Result<Option<i64>, Failure> {
        self.whole_number(state, "MaxItems", i64::MIN, reader.max_items.as_ref())
    }

    /// The items in what was read.
    pub(super) fn items_of(&self, state: &State, reader: &ItemReader, read: Outcome) -> Result<Array, Failure> {
        let most = match self.max_items(state, reader)? {
            None => usize::MAX,
            Some(most) if most < 0 => return Err(failed("field MaxItems must be positive")),
            Some(most) => usize::try_from(most).unwrap_or(usize::MAX),
        };
        match (read.map_err(|failure| failed(failure.to_string()))?, &reader.input_type) {
            (Value::String(text), Some(input_type)) => items(&text, input_type, most),
            (Value::Array(items), _) => Ok(items.iter().take(most).cloned().collect()),
            _ => Err(failed("The object cannot be read as text.")),
        }
    }

    /// The inputs of the child executions, each of several items, and how many items each has.
    pub(super) fn batches(
        &self,
        state: &State,
        batcher: &ItemBatcher,
        selector: Option<&Template>,
        items: &Items,
        input: &Value,
    ) -> Result<Vec<(Value, usize)>, Failure> {
        let limit = |name: &str, field: Option<&NumberField>| {
            let limit = self.whole_number(state, name, 1, field)?;
            Ok(limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX)))
        };
        let most_items = limit("MaxItemsPerBatch", batcher.max_items.as_ref())?.unwrap_or(usize::MAX);
        let most_bytes = limit("MaxInputBytesPerBatch", batcher.max_input_bytes.as_ref())?
            .unwrap_or(usize::MAX)
            .min(MOST_INPUT_BYTES);
        let batch_input = match &batcher.batch_input {
            None => None,
            Some(template) => Some(self.fill(state, template, Sight::of(input))?),
        };
        let batch = |items: Vec<Value>| -> (Value, usize) {
            let count = items.len();
            let items = ("Items", items.into_iter().collect());
            let shared = batch_input.clone().map(|value| ("BatchInput", value));
            (shared.into_iter().chain([items]).collect(), count)
        };
        let empty_bytes = batch(Vec::new()).0.json_len();
        let (mut batches, mut open, mut bytes) = (Vec::new(), Vec::new(), empty_bytes);
        for item in items.iter() {
            let item = match selector {
                None => item.input(),
                Some(selector) => self.selected_item(state, selector, &item, input)?,
            };
            // A comma stands between two items.
            let more = item.json_len() + usize::from(!open.is_empty());
            if !open.is_empty() && (open.len() >= most_items || bytes + more > most_bytes) {
                batches.push(batch(std::mem::take(&mut open)));
                bytes = empty_bytes;
            }
            bytes += item.json_len() + usize::from(!open.is_empty());
            open.push(item);
        }
        if !open.is_empty() {
            batches.push(batch(open));
        }
        Ok(batches)
    }
}
