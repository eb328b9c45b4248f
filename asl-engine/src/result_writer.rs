//! Result writers: what becomes of the results of a Map Run.
//!
//! AWS developer guide, "ResultWriter (Map)".

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::context::Execution;
use crate::json;
use crate::task::{Failure, Outcome, TaskRequest};
use crate::time::Timestamp;
use crate::value::Value;

/// How many bytes are handed out at once. S3 takes no part below 5 MiB but the last.
const PART: usize = 6 * 1024 * 1024;
/// How many bytes AWS writes into one file.
const MOST_FILE_BYTES: u64 = 5 * 1024 * 1024 * 1024;

/// `WriterConfig`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WriterConfig {
    pub(crate) transformation: Transformation,
    pub(crate) output_type: OutputType,
}

/// What is written of each child execution. Of one that failed it is always everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Transformation {
    /// `"Transformation": "NONE"`: its output and what is known of it
    None,
    /// `"Transformation": "COMPACT"`: its output
    Compact,
    /// `"Transformation": "FLATTEN"`: the items of its output where that is a list
    Flatten,
}

impl Transformation {
    pub(crate) const ALL: [(&str, Self); 3] =
        [("NONE", Self::None), ("COMPACT", Self::Compact), ("FLATTEN", Self::Flatten)];
}

/// How the results stand in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum OutputType {
    /// `"OutputType": "JSON"`: a list
    Json,
    /// `"OutputType": "JSONL"`: a line for each
    JsonLines,
}

impl OutputType {
    pub(crate) const ALL: [(&str, Self); 2] = [("JSON", Self::Json), ("JSONL", Self::JsonLines)];

    /// What stands before, between and after the results.
    fn around(self) -> [&'static str; 3] {
        match self {
            Self::Json => ["[", ",", "]"],
            Self::JsonLines => ["", "\n", "\n"],
        }
    }

    fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::JsonLines => "jsonl",
        }
    }
}

/// A child execution that came to its end.
pub(crate) struct Child<'a> {
    pub(crate) execution: &'a Execution,
    pub(crate) outcome: &'a Outcome,
    /// Whether it was stopped, because too many others had failed.
    pub(crate) aborted: bool,
    pub(crate) stopped: Timestamp,
}

impl Child<'_> {
    /// What is written of it.
    pub(crate) fn results(&self, transformation: Transformation) -> Vec<Value> {
        match (self.outcome, transformation) {
            (Ok(output), Transformation::Compact) => vec![output.clone()],
            (Ok(Value::Array(items)), Transformation::Flatten) => items.to_vec(),
            (Ok(output), Transformation::Flatten) => vec![output.clone()],
            (Ok(_), Transformation::None) | (Err(_), _) => vec![self.description()],
        }
    }

    /// All that AWS tells of it, with its input and output as JSON text.
    fn description(&self) -> Value {
        let execution = self.execution;
        let text = |text: &Arc<str>| Value::from(text.clone());
        let included = || Value::from([("Included", Value::from(true))]);
        let mut parts: Vec<(&str, Value)> = Vec::with_capacity(15);
        if let Err(failure) = self.outcome {
            parts.extend(failure.cause.as_ref().map(|cause| ("Cause", text(cause))));
            parts.extend(failure.error.as_ref().map(|error| ("Error", text(error))));
        }
        parts.extend([
            ("ExecutionArn", text(&execution.arn)),
            ("Input", execution.input.json_text().into()),
            ("InputDetails", included()),
            ("Name", text(&execution.name)),
        ]);
        if let Ok(output) = self.outcome {
            parts.push(("Output", output.json_text().into()));
        }
        parts.extend([("OutputDetails", included()), ("RedriveCount", execution.redrive_count.into())]);
        let status = match self.outcome {
            Ok(_) => {
                parts.push(("RedriveStatus", "NOT_REDRIVABLE".into()));
                parts.push(("RedriveStatusReason", "Execution is SUCCEEDED and cannot be redriven".into()));
                "SUCCEEDED"
            }
            Err(failure) => {
                parts.push(("RedriveStatus", "REDRIVABLE_BY_MAP_RUN".into()));
                match failure.error.as_deref() {
                    _ if self.aborted => "ABORTED",
                    Some("States.Timeout") if failure.cause.is_none() => "TIMED_OUT",
                    _ => "FAILED",
                }
            }
        };
        parts.extend([
            ("StartDate", execution.start_time.to_string().into()),
            ("StateMachineArn", text(&execution.state_machine_arn)),
            ("Status", status.into()),
            ("StopDate", self.stopped.to_string().into()),
        ]);
        parts.into_iter().collect()
    }
}

/// What is written of a child execution that did not start.
fn pending(input: &Value) -> Value {
    [
        ("Input", input.json_text().into()),
        ("InputDetails", [("Included", Value::from(true))].into()),
        ("Status", "PENDING".into()),
    ]
    .into()
}

/// Results that go into the output of the state.
pub(crate) fn as_output(config: WriterConfig, results: Vec<Value>) -> Value {
    match config.output_type {
        OutputType::Json => results.into_iter().collect(),
        OutputType::JsonLines => {
            let mut text = String::new();
            for result in &results {
                json::write(result, &mut text);
                text.push('\n');
            }
            text.into()
        }
    }
}

/// Writes results into files of a bucket. It asks as S3's API is asked: `putObject` with `Bucket`, `Key` and `Body`. A file
/// comes in parts, whose requests have a `PartNumber`; the request for `manifest.json` is the last, and names all files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Writer {
    config: WriterConfig,
    /// How many bytes are handed out at once.
    part_bytes: usize,
    /// A request to be filled.
    request: TaskRequest,
    bucket: Value,
    /// What keys begin with.
    folder: String,
    /// How many files of each kind are in other folders, of runs before a redrive.
    #[serde(default, skip_serializing_if = "is_none")]
    elsewhere: [usize; 3],
    map_run_arn: Arc<str>,
    files: [Files; 3],
    requests: VecDeque<TaskRequest>,
    stage: Stage,
    /// The result that an answer gave in the place of the right one: a mock in the shape of a result.
    given: Option<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Stage {
    Collects,
    Closing,
    Done,
}

/// The files for the executions of one status.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Files {
    name: Arc<str>,
    /// Keys and sizes of those that are closed.
    closed: Vec<(String, u64)>,
    /// What was not handed out of the one that is open. It is saved as the texts of its parts.
    #[serde(skip)]
    text: String,
    /// Which child execution each part of that text comes from, in the order of the children.
    #[serde(skip)]
    written: Vec<Written>,
    /// How many bytes were handed out of it, in how many parts.
    size: u64,
    parts: i64,
}

/// What the result of a child execution is in the text of a file that is open.
#[derive(Clone, Debug, PartialEq)]
struct Written {
    child: usize,
    /// The bytes of the text.
    bytes: Range<usize>,
}

/// The same as it is saved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SavedText {
    file: usize,
    /// Where in the text it stands.
    start: usize,
    text: String,
}

impl Files {
    /// Takes note that the end of the text, from `start` on, comes from a child.
    fn note(&mut self, child: usize, start: usize) {
        // Most come in order.
        let at = match self.written.last() {
            Some(last) if last.child > child => self.written.partition_point(|other| other.child < child),
            _ => self.written.len(),
        };
        self.written.insert(at, Written { child, bytes: start..self.text.len() });
    }
}

impl Writer {
    /// A writer that asks with requests like `request`, whose input is `Parameters`. The failure is
    /// `States.ResultWriterFailed`.
    pub(crate) fn new(config: WriterConfig, request: TaskRequest, map_run_arn: Arc<str>) -> Result<Self, Failure> {
        let bucket = request.input["Bucket"].clone();
        if bucket.as_str().is_none_or(str::is_empty) {
            return Err(failed("The ResultWriter names no bucket: 'Bucket' has to be a text"));
        }
        let folder = match request.input["Prefix"].as_str() {
            None | Some("") => String::new(),
            Some(prefix) if prefix.ends_with('/') => prefix.to_owned(),
            Some(prefix) => format!("{prefix}/"),
        };
        let run = map_run_arn.rsplit(':').next().unwrap_or_default();
        let files = ["FAILED", "PENDING", "SUCCEEDED"].map(|name| Files {
            name: name.into(),
            closed: Vec::new(),
            text: String::new(),
            written: Vec::new(),
            size: 0,
            parts: 0,
        });
        let (folder, requests, elsewhere) = (format!("{folder}{run}/"), VecDeque::new(), [0; 3]);
        let part_bytes = PART;
        Ok(Self {
            config,
            part_bytes,
            request,
            bucket,
            folder,
            elsewhere,
            map_run_arn,
            files,
            requests,
            stage: Stage::Collects,
            given: None,
        })
    }

    /// The same, which hands out parts of this size.
    #[cfg(test)]
    pub(crate) fn with_parts_of(self, part_bytes: usize) -> Self {
        Self { part_bytes, ..self }
    }

    /// Takes the results of the child execution at a position. `changed` gets the positions of all whose text is another now, or
    /// handed out.
    pub(crate) fn add(&mut self, at: usize, child: &Child<'_>, changed: &mut Vec<usize>) {
        let file = if child.outcome.is_ok() { 2 } else { 0 };
        self.append(file, at, child.results(self.config.transformation), changed);
    }

    /// Takes the input of a child execution that did not start.
    pub(crate) fn add_pending(&mut self, at: usize, input: &Value, changed: &mut Vec<usize>) {
        self.append(1, at, vec![pending(input)], changed);
    }

    fn append(&mut self, file: usize, child: usize, results: Vec<Value>, changed: &mut Vec<usize>) {
        let mut start = self.files[file].text.len();
        for result in &results {
            self.append_one(file, result);
            let files = &mut self.files[file];
            if files.text.len() >= self.part_bytes {
                // The part takes what there is of this child, too.
                changed.extend(files.written.drain(..).map(|written| written.child));
                self.hand_out(file);
                if self.files[file].size >= MOST_FILE_BYTES {
                    self.close(file);
                }
                start = 0;
            }
        }
        let files = &mut self.files[file];
        if start < files.text.len() {
            files.note(child, start);
        }
        changed.push(child);
    }

    /// Goes on in a folder of its own, where all files are closed: those stay in the manifest.
    pub(crate) fn begin_folder(&mut self, redrive: u32) {
        if self.stage == Stage::Collects {
            return;
        }
        let run = format!("{}/", self.map_run_arn.rsplit(':').next().unwrap_or_default());
        let base = self.folder.rfind(&run).map_or(self.folder.len(), |at| at + run.len());
        self.folder = format!("{}Redrive-{redrive}/", &self.folder[..base]);
        self.elsewhere = [0, 1, 2].map(|file: usize| self.files[file].closed.len());
        self.stage = Stage::Collects;
    }

    /// The text of a child that is not handed out yet, as it is saved.
    pub(crate) fn saved(&self, child: usize) -> Option<SavedText> {
        self.files.iter().enumerate().find_map(|(file, files)| {
            let at = files.written.binary_search_by_key(&child, |written| written.child).ok()?;
            let bytes = files.written[at].bytes.clone();
            Some(SavedText { file, start: bytes.start, text: files.text[bytes].to_owned() })
        })
    }

    /// The same without the texts that are saved one by one.
    pub(crate) fn without_text(&self) -> Self {
        let without = |files: &Files| Files {
            name: files.name.clone(),
            closed: files.closed.clone(),
            text: String::new(),
            written: Vec::new(),
            size: files.size,
            parts: files.parts,
        };
        let [failed, pending, succeeded] = &self.files;
        Self {
            config: self.config,
            part_bytes: self.part_bytes,
            request: self.request.clone(),
            bucket: self.bucket.clone(),
            folder: self.folder.clone(),
            elsewhere: self.elsewhere,
            map_run_arn: self.map_run_arn.clone(),
            files: [failed, pending, succeeded].map(without),
            requests: self.requests.clone(),
            stage: self.stage,
            given: self.given.clone(),
        }
    }

    /// Puts saved texts back, each with the child that it comes from.
    pub(crate) fn restore(&mut self, mut texts: Vec<(usize, SavedText)>) {
        texts.sort_by_key(|(_, saved)| saved.start);
        for (child, saved) in texts {
            let Some(files) = self.files.get_mut(saved.file) else { continue };
            let start = files.text.len();
            files.text.push_str(&saved.text);
            files.note(child, start);
        }
    }

    /// Its larger values, each of which can be put in the place of another.
    pub(crate) fn values(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        self.requests.iter_mut().for_each(|request| visit(&mut request.input));
    }

    fn append_one(&mut self, file: usize, result: &Value) {
        let [before, between, _] = self.config.output_type.around();
        let files = &mut self.files[file];
        let is_first = files.size == 0 && files.text.is_empty();
        files.text.push_str(if is_first { before } else { between });
        json::write(result, &mut files.text);
    }

    /// Hands out what there is of a file.
    fn hand_out(&mut self, file: usize) {
        let key = self.key(file);
        let files = &mut self.files[file];
        let body = Value::from(&*files.text);
        // The next part is about as long: the room is kept.
        files.size += files.text.len() as u64;
        files.text.clear();
        files.written.clear();
        files.parts += 1;
        let part = ("PartNumber", files.parts.into());
        let request = self.put(key.into(), body, [part]);
        self.requests.push_back(request);
    }

    fn key(&self, file: usize) -> String {
        let Files { name, closed, .. } = &self.files[file];
        let number = closed.len() - self.elsewhere[file];
        format!("{}{name}_{number}.{}", self.folder, self.config.output_type.extension())
    }

    /// Ends a file, if there is one.
    fn close(&mut self, file: usize) {
        let key = self.key(file);
        let files = &mut self.files[file];
        if files.size == 0 && files.text.is_empty() {
            return;
        }
        files.text.push_str(self.config.output_type.around()[2]);
        self.hand_out(file);
        let files = &mut self.files[file];
        files.closed.push((key, files.size));
        (files.size, files.parts) = (0, 0);
    }

    fn put<const N: usize>(&self, key: Value, body: Value, more: [(&'static str, Value); N]) -> TaskRequest {
        let input = [("Bucket", self.bucket.clone()), ("Key", key), ("Body", body)];
        TaskRequest { input: input.into_iter().chain(more).collect(), ..self.request.clone() }
    }

    fn manifest_key(&self) -> String {
        format!("{}manifest.json", self.folder)
    }

    fn manifest(&self) -> TaskRequest {
        let listed = |files: &Files| {
            let file = |(key, size): &(String, u64)| {
                let size = i64::try_from(*size).unwrap_or(i64::MAX);
                Value::from([("Key", Value::from(key.as_str())), ("Size", size.into())])
            };
            (files.name.clone(), files.closed.iter().map(file).collect::<Value>())
        };
        let result_files: Value = self.files.iter().map(listed).collect();
        let manifest = Value::from([
            ("DestinationBucket", self.bucket.clone()),
            ("MapRunArn", self.map_run_arn.clone().into()),
            ("ResultFiles", result_files),
        ]);
        let keys =
            self.files.iter().flat_map(|files| &files.closed).map(|(key, _)| Value::from(key.as_str())).collect();
        self.put(self.manifest_key().into(), manifest.json_text().into(), [("Files", keys)])
    }

    /// Takes note that there are no more results.
    pub(crate) fn finish(&mut self, changed: &mut Vec<usize>) {
        if self.stage != Stage::Collects {
            return;
        }
        changed.extend(self.files.iter().flat_map(|files| &files.written).map(|written| written.child));
        (0..self.files.len()).for_each(|file| self.close(file));
        self.requests.push_back(self.manifest());
        self.stage = Stage::Closing;
    }

    /// What is to be written next.
    pub(crate) fn request(&mut self) -> Option<TaskRequest> {
        let request = self.requests.pop_front();
        if request.is_none() && self.stage == Stage::Closing {
            self.stage = Stage::Done;
        }
        request
    }

    /// Whether all is written that there is.
    pub(crate) fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }

    /// Takes the answer to a request.
    pub(crate) fn answered(&mut self, answer: &Value) {
        if answer.get("ResultWriterDetails").is_some() {
            self.given = Some(answer.clone());
        }
    }

    /// The result of the Map Run: where its results are.
    pub(crate) fn result(&self) -> Value {
        if let Some(given) = &self.given {
            return given.clone();
        }
        let details = Value::from([("Bucket", self.bucket.clone()), ("Key", self.manifest_key().into())]);
        [("MapRunArn", self.map_run_arn.clone().into()), ("ResultWriterDetails", details)].into()
    }
}

fn is_none(elsewhere: &[usize; 3]) -> bool {
    *elsewhere == [0; 3]
}

/// The failure of writing.
pub(crate) fn failed(cause: impl Into<Arc<str>>) -> Failure {
    Failure::new("States.ResultWriterFailed", cause)
}
