//! What the children of a Join came to: a list of outputs, or what a ResultWriter makes of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::protocol::ChildEnd;
use crate::result_writer::{Child, SavedText, Transformation, Writer, WriterConfig, as_output};
use crate::task::{Failure, Outcome, TaskRequest};
use crate::value::Value;

/// So many results wait for one that comes before them.
const MOST_WAITING: usize = 20_000;

/// The results of the children, in the order of the children.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Results {
    #[serde(skip)]
    list: Vec<Option<Value>>,
    /// How many bytes of JSON text the list may have where more is of no use, and how many it has.
    pub(super) most_bytes: Option<usize>,
    bytes: usize,
    /// Whether nobody sees the results.
    pub(super) unseen: bool,
    /// `WriterConfig`
    pub(super) config: Option<WriterConfig>,
    /// Writes them elsewhere.
    pub(super) writer: Option<Box<Writer>>,
    /// The index of the first one whose turn has not come, and those that came before their turn.
    written: usize,
    #[serde(skip)]
    early: BTreeMap<usize, Early>,
    /// The positions of those whose saved form has changed.
    #[serde(skip)]
    pub(super) changed: Vec<usize>,
}

/// The result of one child as it is saved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedResult(Kept);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Kept {
    Listed(Value),
    Early(Early),
    Written(SavedText),
}

impl SavedResult {
    /// The same with these values, in the order of [`Self::values`].
    #[must_use]
    pub fn with_values(&self, mut values: impl Iterator<Item = Value>) -> Self {
        let mut next = || values.next().unwrap_or_default();
        Self(match &self.0 {
            Kept::Listed(_) => Kept::Listed(next()),
            Kept::Written(text) => Kept::Written(text.clone()),
            Kept::Early(Early { end, outcome, aborted }) => Kept::Early(Early {
                end: end.clone(),
                outcome: outcome.as_ref().map(|_| next()).map_err(Clone::clone),
                aborted: *aborted,
            }),
        })
    }

    /// Its values, in an order that is always the same: each can be put in the place of another.
    pub fn values(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        match &mut self.0 {
            Kept::Listed(value) => visit(value),
            Kept::Early(Early { outcome: Ok(value), .. }) => visit(value),
            Kept::Early(_) | Kept::Written(_) => {}
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Early {
    end: Box<ChildEnd>,
    outcome: Outcome,
    aborted: bool,
}

impl Early {
    fn write(&self, index: usize, writer: &mut Writer, changed: &mut Vec<usize>) {
        let Self { end, outcome, aborted } = self;
        let child = Child { execution: &end.execution, outcome, aborted: *aborted, stopped: end.at };
        writer.add(index, &child, changed);
    }
}

impl Results {
    /// Takes the result of a child execution or iteration, which ended so where it was an execution.
    pub(super) fn add(&mut self, index: usize, outcome: Outcome, end: Option<Box<ChildEnd>>, aborted: bool) {
        if self.writer.is_some() {
            // The children of a Map Run are executions.
            if let Some(end) = end {
                self.write(index, Early { end, outcome, aborted });
            }
            return;
        }
        if self.unseen || self.is_too_large() {
            return;
        }
        let result = match (&outcome, self.config, &end) {
            (_, Some(config), Some(end)) => {
                let child = Child { execution: &end.execution, outcome: &outcome, aborted, stopped: end.at };
                match config.transformation {
                    Transformation::None => child.results(Transformation::None).pop().unwrap_or_default(),
                    // The items of a list are taken out of it at the end.
                    _ => child.results(Transformation::Compact).pop().unwrap_or_default(),
                }
            }
            (Ok(output), ..) => output.clone(),
            (Err(failure), ..) => failed_result(failure),
        };
        self.bytes += result.json_len() + 1;
        if self.is_too_large() {
            self.list = Vec::new();
            return;
        }
        self.put(index, result);
        self.changed.push(index);
    }

    fn put(&mut self, index: usize, result: Value) {
        if self.list.len() == index {
            return self.list.push(Some(result));
        }
        if self.list.len() < index {
            self.list.resize(index + 1, None);
        }
        self.list[index] = Some(result);
    }

    /// These results without the ones that are saved one by one.
    pub(super) fn without_list(&self) -> Self {
        Self {
            list: Vec::new(),
            most_bytes: self.most_bytes,
            bytes: self.bytes,
            unseen: self.unseen,
            config: self.config,
            writer: self.writer.as_ref().map(|writer| Box::new(writer.without_text())),
            written: self.written,
            early: BTreeMap::new(),
            changed: Vec::new(),
        }
    }

    /// The result at this position as it is saved.
    pub(super) fn saved(&self, index: usize) -> Option<SavedResult> {
        let listed = || self.list.get(index).and_then(Option::as_ref).map(|value| Kept::Listed(value.clone()));
        let early = || self.early.get(&index).map(|early| Kept::Early(early.clone()));
        let written = || self.writer.as_ref().and_then(|writer| writer.saved(index)).map(Kept::Written);
        listed().or_else(early).or_else(written).map(SavedResult)
    }

    /// Makes room for the results of so many children.
    pub(super) fn reserve(&mut self, children: usize) {
        if self.writer.is_none() && !self.unseen && !self.is_too_large() {
            self.list.reserve(children);
        }
    }

    /// Takes the input of a child execution that did not start.
    pub(super) fn add_pending(&mut self, index: usize, input: &Value) {
        if let Some(writer) = &mut self.writer {
            writer.add_pending(index, input, &mut self.changed);
        }
    }

    /// Puts saved results back, by their positions.
    pub(super) fn restore(&mut self, results: impl IntoIterator<Item = (usize, SavedResult)>) {
        let mut texts = Vec::new();
        for (index, SavedResult(kept)) in results {
            match kept {
                Kept::Listed(value) if !self.is_too_large() => self.put(index, value),
                Kept::Early(early) if index >= self.written => _ = self.early.insert(index, early),
                Kept::Written(text) => texts.push((index, text)),
                Kept::Listed(_) | Kept::Early(_) => {}
            }
        }
        if let Some(writer) = &mut self.writer {
            writer.restore(texts);
        }
    }

    fn write(&mut self, index: usize, result: Early) {
        let Some(writer) = &mut self.writer else { return };
        if index == self.written && self.early.is_empty() {
            self.written += 1;
            return result.write(index, writer, &mut self.changed);
        }
        self.early.insert(index, result);
        self.changed.push(index);
        // Whoever is waited for too long comes after those that waited.
        let too_many = self.early.len() > MOST_WAITING;
        while let Some(first) = self.early.first_entry()
            && (too_many || *first.key() <= self.written)
        {
            let index = *first.key();
            self.written = self.written.max(index + 1);
            first.remove().write(index, writer, &mut self.changed);
        }
    }

    /// Whether the list is larger than its state may return.
    fn is_too_large(&self) -> bool {
        self.most_bytes.is_some_and(|most| self.bytes > most.saturating_add(1))
    }

    /// What is to be written now.
    pub(super) fn request(&mut self) -> Option<TaskRequest> {
        self.writer.as_mut()?.request()
    }

    /// Forgets what these children came to, which go on.
    pub(super) fn redrive(&mut self, again: &BTreeMap<usize, usize>) {
        for index in again.keys() {
            if let Some(before) = self.list.get_mut(*index).and_then(Option::take) {
                self.bytes = self.bytes.saturating_sub(before.json_len() + 1);
                self.changed.push(*index);
            }
            if self.early.remove(index).is_some() {
                self.changed.push(*index);
            }
        }
        if let Some(writer) = &mut self.writer {
            for (index, result) in std::mem::take(&mut self.early) {
                result.write(index, writer, &mut self.changed);
            }
            // Those that come now are written as they come.
            self.written = usize::MAX;
        }
    }

    /// Whether a ResultWriter has written all that there is.
    pub(super) fn is_written(&self) -> bool {
        self.writer.as_ref().is_some_and(|writer| writer.is_done())
    }

    /// Lets what is written from now on stand in a folder of the redrive, unless files are open.
    pub(super) fn begin_folder(&mut self, redrive: u32) {
        if let Some(writer) = &mut self.writer {
            writer.begin_folder(redrive);
        }
    }

    /// Takes the answer to what was written.
    pub(super) fn answered(&mut self, answer: &Value) {
        if let Some(writer) = &mut self.writer {
            writer.answered(answer);
        }
    }

    /// Takes note that there are no more.
    pub(super) fn finish(&mut self) {
        if let Some(writer) = &mut self.writer {
            for (index, result) in std::mem::take(&mut self.early) {
                result.write(index, writer, &mut self.changed);
            }
            writer.finish(&mut self.changed);
        }
    }

    /// The result of the state `name`; nothing may come afterwards.
    pub(super) fn result(&mut self, name: &Arc<str>) -> Outcome {
        if let Some(writer) = &self.writer {
            return Ok(writer.result());
        }
        if self.is_too_large() {
            return Err(too_large(name));
        }
        let results = std::mem::take(&mut self.list).into_iter().map(Option::unwrap_or_default);
        let Some(config) = self.config else { return Ok(results.collect()) };
        let flat = |result: Value| match result {
            Value::Array(items) if config.transformation == Transformation::Flatten => items.to_vec(),
            result => vec![result],
        };
        Ok(as_output(config, results.flat_map(flat).collect()))
    }
}

/// What a tolerated child leaves in the list of results.
fn failed_result(failure: &Failure) -> Value {
    let text = |text: &Option<Arc<str>>| text.clone().map_or(Value::Null, Value::from);
    [("Status", "FAILED".into()), ("Error", text(&failure.error)), ("Cause", text(&failure.cause))].into()
}

/// A result that is larger than AWS takes.
pub(super) fn too_large(what: &str) -> Failure {
    let cause = format!(
        "The state/task '{what}' returned a result with a size exceeding the maximum number of bytes service limit."
    );
    Failure::new("States.DataLimitExceeded", cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Execution;
    use crate::result_writer::OutputType;
    use crate::time::Timestamp;

    /// Results that are written as lines, each the index of its child.
    fn results() -> Results {
        let request = TaskRequest {
            state: "Each".into(),
            token: "token".into(),
            ..TaskRequest::new("arn:aws:states:::s3:putObject", [("Bucket", Value::from("b"))].into())
        };
        let config = WriterConfig { transformation: Transformation::Compact, output_type: OutputType::JsonLines };
        let writer = Writer::new(config, request, "run".into()).unwrap();
        Results { writer: Some(Box::new(writer)), ..Results::default() }
    }

    fn add(results: &mut Results, indexes: impl IntoIterator<Item = usize>) {
        let at = Timestamp(0);
        let execution = Arc::new(Execution::local("machine", "run", Value::Null, at, 7));
        for index in indexes {
            let end = Box::new(ChildEnd { execution: execution.clone(), at });
            results.add(index, Ok(i64::try_from(index).unwrap().into()), Some(end), false);
        }
    }

    /// What is handed out now of files with results.
    fn handed_out(results: &mut Results) -> String {
        let mut text = String::new();
        while let Some(request) = results.request() {
            if request.input["Key"].as_str().is_some_and(|key| key.ends_with(".jsonl")) {
                text.push_str(request.input["Body"].as_str().unwrap());
            }
        }
        text
    }

    /// The indexes of the children in the order of their results.
    fn written(mut results: Results) -> Vec<usize> {
        results.finish();
        handed_out(&mut results).lines().map(|line| line.parse().unwrap()).collect()
    }

    #[test]
    fn results_are_written_in_the_order_of_the_children() {
        let mut results = results();
        add(&mut results, [2, 0, 3]);
        assert_eq!(results.early.len(), 2);
        add(&mut results, [1, 5]);
        assert_eq!(results.early.len(), 1);
        assert_eq!(written(results), [0, 1, 2, 3, 5]);
    }

    /// Saves what has changed, and goes on with what is saved.
    fn restored(results: &mut Results, saved: &mut BTreeMap<usize, SavedResult>) {
        for index in std::mem::take(&mut results.changed) {
            match results.saved(index) {
                Some(result) => _ = saved.insert(index, result),
                None => _ = saved.remove(&index),
            }
        }
        let text = serde_json::to_string(&results.without_list()).unwrap();
        let mut again: Results = serde_json::from_str(&text).unwrap();
        again.restore(saved.iter().map(|(index, result)| (*index, result.clone())));
        assert_eq!(again, *results);
        *results = again;
    }

    #[test]
    fn results_that_are_saved_one_by_one_are_written_as_if_they_were_not() {
        let orders = [(0..60).collect::<Vec<_>>(), (0..60).rev().collect(), (0..60).map(|n| n * 7 % 60).collect()];
        for order in orders {
            for part_bytes in [1, 5, 17, 1000] {
                let [mut plain, mut results] = [results(), results()];
                let mut saved = BTreeMap::new();
                let (mut bodies, mut expected) = (String::new(), String::new());
                for index in &order {
                    for (results, bodies) in [(&mut plain, &mut expected), (&mut results, &mut bodies)] {
                        let writer = results.writer.take().unwrap();
                        results.writer = Some(Box::new(writer.with_parts_of(part_bytes)));
                        add(results, [*index]);
                        *bodies += &handed_out(results);
                    }
                    restored(&mut results, &mut saved);
                    // What is handed out is not saved any more.
                    let texts = saved.values().filter(|SavedResult(kept)| matches!(kept, Kept::Written(_)));
                    assert!(texts.count() <= part_bytes);
                }
                plain.finish();
                results.finish();
                assert_eq!(bodies + &handed_out(&mut results), expected + &handed_out(&mut plain));
            }
        }
    }

    #[test]
    fn results_go_on_in_order_after_one_that_was_waited_for_too_long() {
        let mut results = results();
        let last = MOST_WAITING + 2;
        add(&mut results, (1..last).filter(|index| *index != 7).chain([last]));
        assert!(results.early.is_empty(), "{} wait", results.early.len());
        // Those that were waited for, and the next ones, wait for nobody.
        add(&mut results, [last + 2, 7, last + 3]);
        assert_eq!(results.early.len(), 2);
        add(&mut results, [last + 1, 0, last + 4]);
        assert!(results.early.is_empty(), "{} wait", results.early.len());
        let first = (1..=last).filter(|index| *index != 7);
        let expected: Vec<usize> = first.chain([7, last + 1, last + 2, last + 3, 0, last + 4]).collect();
        assert_eq!(written(results), expected);
    }
}
