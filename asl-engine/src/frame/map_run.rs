//! Map Runs: Map states in the mode `DISTRIBUTED`, whose items are executions of their own.
//!
//! AWS developer guide, "Distributed mode".

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Frame;
use super::io::Sight;
use super::items::Batcher;
use super::stages::{Stage, Visit};
use super::tally::Tallies;
use crate::context::Execution;
use crate::definition::ast::{ItemBatcher, ItemReader, Name, NumberField, ResultWriter};
use crate::history::EventId;
use crate::intrinsic::uuid;
use crate::item_reader::{Reader, failed};
use crate::program::Map;
use crate::result_writer::{OutputType, Transformation, Writer, WriterConfig};
use crate::retry::Random;
use crate::task::{Failure, TaskRequest};
use crate::template::Template;
use crate::value::{Number, Value};

/// AWS runs so many child executions at once, whatever MaxConcurrency says.
pub(super) const MOST_EXECUTIONS: usize = 10_000;
/// AWS hands so many bytes to one child execution at most.
const MOST_INPUT_BYTES: usize = 256 * 1024;

/// A Map state whose items are executions of their own: what it is called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct MapRun {
    pub(super) arn: Arc<str>,
    /// What the ARNs of its child executions begin with, before the name.
    executions: Arc<str>,
    /// The ARN of the state machine that these belong to.
    state_machine_arn: Arc<str>,
    /// How often it went on after it had failed.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) redrive_count: u32,
    /// The event that `MapRunStarted` follows, and each `MapRunRedriven`; known once it was redriven.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) opened_by: EventId,
    /// What its items and child executions came to.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) tallies: Tallies,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// How many failed items a Map state bears, and how many it has had. Nothing said of it bears none, and so does 0: AWS shows
/// 0 where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Tolerance {
    count: Option<i64>,
    percentage: Option<f64>,
    failed: usize,
    /// Which child failed first, and why.
    first: Option<Arc<str>>,
}

impl Tolerance {
    /// `ToleratedFailureCount`; AWS tells 0 where nothing is said.
    pub(super) fn count(&self) -> i64 {
        self.count.unwrap_or(0)
    }

    /// `ToleratedFailurePercentage`; AWS tells 0 where nothing is said.
    pub(super) fn percentage(&self) -> f64 {
        self.percentage.unwrap_or(0.0)
    }

    /// Bears so many from now on, where that is said.
    pub(super) fn update(&mut self, count: Option<i64>, percentage: Option<f64>) {
        self.count = count.or(self.count);
        self.percentage = percentage.or(self.percentage);
    }

    /// Forgets the failures that were, but for those of so many items, which stay.
    pub(super) fn forget(&mut self, stays: usize) {
        self.failed = stays;
        self.first = None;
    }

    /// Takes note of a failed child with so many items.
    pub(super) fn failed(&mut self, items: usize, what: impl FnOnce() -> String) {
        self.failed += items;
        self.first.get_or_insert_with(|| what().into());
    }

    /// Whether it depends on how many items there are.
    pub(super) fn needs_total(&self) -> bool {
        self.percentage.is_some_and(|percentage| percentage > 0.0)
    }

    /// The failure of the whole state, where too many of `all` items have failed.
    pub(super) fn exceeded(&self, all: Option<usize>) -> Result<(), Failure> {
        let count = self.count.filter(|count| *count > 0);
        let percentage = self.percentage.filter(|percentage| *percentage > 0.0);
        let over_count = count.map(|count| usize::try_from(count).is_ok_and(|count| self.failed > count));
        let over_percentage = percentage
            .map(|tolerated| all.is_some_and(|all| self.failed as f64 * 100.0 / all.max(1) as f64 > tolerated));
        let too_many = match (over_count, over_percentage) {
            (None, None) => self.failed > 0,
            (count, percentage) => count == Some(true) || percentage == Some(true),
        };
        if !too_many {
            return Ok(());
        }
        let cause = "The specified tolerated failure threshold was exceeded";
        let failure = Failure::new("States.ExceedToleratedFailureThreshold", cause);
        Err(match &self.first {
            Some(first) => failure.with_hint(first.clone()),
            None => failure,
        })
    }
}

impl MapRun {
    /// The execution of one item or batch. It starts when its first step is made.
    pub(super) fn execution(&self, parent: &Execution, input: Value, random: &Random) -> Execution {
        let name = uuid(random);
        Execution {
            arn: [&*self.executions, &*name].concat().into(),
            name,
            input,
            input_text: None,
            role_arn: parent.role_arn.clone(),
            start_time: parent.start_time,
            state_machine_arn: self.state_machine_arn.clone(),
            state_machine_name: parent.state_machine_name.clone(),
            seed: random.next(),
            token_secret: parent.token_secret.clone(),
            // It is new, however often its parent was redriven.
            redrive_count: 0,
            redrive_time: None,
            quotas: parent.quotas,
        }
    }
}

/// Whether the parameters of an ItemReader name what is read: S3's operations cannot be called without (Amazon S3 API
/// reference, `GetObject` and `ListObjectsV2`).
fn check_names(reader: &ItemReader, parameters: &Value) -> Result<(), Failure> {
    let key = (!reader.lists()).then_some(("key", "Key"));
    let missing = [("bucket", "Bucket")]
        .into_iter()
        .chain(key)
        .find(|(_, name)| parameters[*name].as_str().is_none_or(str::is_empty));
    match missing {
        Some((what, name)) => Err(failed(format!("The ItemReader names no {what}: '{name}' has to be a text"))),
        None => Ok(()),
    }
}

impl Frame {
    /// How many failed items the state bears; `None` where it says nothing of that.
    pub(super) fn tolerance(&self, state: Visit<'_>, map: &Map) -> Result<Option<Tolerance>, Failure> {
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
            state.note(Stage::ToleratedFailureCount, &count.into());
        }
        if let Some(percentage) = tolerated_percentage.and_then(Number::from_f64) {
            state.note(Stage::ToleratedFailurePercentage, &percentage.into());
        }
        let said = tolerated_count.is_some() || tolerated_percentage.is_some();
        Ok(said.then_some(Tolerance {
            count: tolerated_count,
            percentage: tolerated_percentage,
            ..Tolerance::default()
        }))
    }

    /// The Map Run that this attempt of the state begins: the same after a crash.
    pub(super) fn map_run(&self, map: &Map) -> MapRun {
        let random = Random::new(self.random.clone().next());
        let label: Arc<str> = map.label.clone().unwrap_or_else(|| uuid(&random));
        let machine = self.execution.state_machine_arn.replacen(":stateMachine:", ":mapRun:", 1);
        let arn = format!("{machine}/{label}:{}", uuid(&random)).into();
        // `…:execution:machine:name` becomes `…:execution:machine/label:name`.
        let parent = &self.execution;
        let base = parent.arn.strip_suffix(&format!(":{}", parent.name)).unwrap_or(&parent.arn);
        MapRun {
            arn,
            executions: format!("{base}/{label}:").into(),
            state_machine_arn: format!("{}/{label}", parent.state_machine_arn).into(),
            redrive_count: 0,
            opened_by: 0,
            tallies: Tallies::default(),
        }
    }

    /// A request of the state for its items or results.
    fn map_request(
        &self,
        state: Visit<'_>,
        resource: &Name,
        parameters: Option<&Template>,
    ) -> Result<TaskRequest, Failure> {
        let input = match parameters {
            None => Value::empty_object(),
            Some(template) => {
                let input = self.selected_input(state)?;
                self.fill(state, template, Sight::of(&input))?
            }
        };
        Ok(TaskRequest {
            execution: self.execution.arn.clone(),
            frame: self.path.clone(),
            state: state.name.clone(),
            attempt: self.retry_count(),
            token: self.token(&state, false),
            ..TaskRequest::new(resource.text.clone(), input)
        })
    }

    /// How many items an ItemReader gives at most. 0 is all.
    pub(super) fn max_items(&self, state: Visit<'_>, reader: &ItemReader) -> Result<Option<i64>, Failure> {
        self.whole_number(state, "MaxItems", i64::MIN, reader.max_items.as_ref())
    }

    /// What an ItemReader gives.
    pub(super) fn reader(&self, state: Visit<'_>, reader: &ItemReader) -> Result<Result<Reader, Failure>, Failure> {
        let request = self.map_request(state, &reader.resource, reader.parameters.as_ref())?;
        if let Err(failure) = check_names(reader, &request.input) {
            return Ok(Err(failure));
        }
        let most = match self.max_items(state, reader)? {
            None | Some(0) => usize::MAX,
            Some(most) if most < 0 => return Ok(Err(failed("field MaxItems must be positive"))),
            Some(most) => usize::try_from(most).unwrap_or(usize::MAX),
        };
        Ok(Ok(Reader::new(reader, request, most)))
    }

    /// What writes the results of a Map Run elsewhere.
    pub(super) fn writer(
        &self,
        state: Visit<'_>,
        writer: &ResultWriter,
        map_run_arn: Arc<str>,
    ) -> Result<Option<Result<Writer, Failure>>, Failure> {
        let Some((resource, parameters)) = &writer.destination else { return Ok(None) };
        let request = self.map_request(state, resource, parameters.as_ref())?;
        let config = writer
            .config
            .unwrap_or(WriterConfig { transformation: Transformation::None, output_type: OutputType::Json });
        Ok(Some(Writer::new(config, request, map_run_arn)))
    }

    /// What makes the inputs of the child executions, each of several items.
    pub(super) fn batcher(&self, state: Visit<'_>, batcher: &ItemBatcher, input: &Value) -> Result<Batcher, Failure> {
        let limit = |name: &str, field: Option<&NumberField>| {
            let limit = self.whole_number(state, name, 1, field)?.filter(|limit| *limit > 0);
            Ok(limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX)))
        };
        let most_items = limit("MaxItemsPerBatch", batcher.max_items.as_ref())?;
        let most_bytes = limit("MaxInputBytesPerBatch", batcher.max_input_bytes.as_ref())?.min(MOST_INPUT_BYTES);
        let batch_input = match &batcher.batch_input {
            None => None,
            Some(template) => Some(self.fill(state, template, Sight::of(input))?),
        };
        Ok(Batcher::new(most_items, most_bytes, batch_input))
    }
}
