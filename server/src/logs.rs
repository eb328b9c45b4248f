//! The events that AWS would send to CloudWatch Logs, as lines of JSON in a file.
//!
//! AWS developer guide, "Using CloudWatch Logs to log execution history"; recorded for the members and what levels log.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use asl_engine::{Execution, Value};
use asl_project::Watcher;
use asl_runtime::{Batch, Recorded};
use tracing::warn;

use crate::data::without_data;

/// The log groups: one file has the events of all of them.
pub(crate) struct Logs {
    file: PathBuf,
    /// The thread that writes, from the first line on.
    writer: Mutex<Option<Sender<String>>>,
}

impl Logs {
    /// Those in this file, which is made with the first event.
    pub(crate) fn new(file: PathBuf) -> Self {
        Self { file, writer: Mutex::default() }
    }

    /// Who writes what happens in an execution, as a logging configuration asks for it.
    pub(crate) fn watcher(self: &Arc<Self>, logging: &Value, execution: &Arc<Execution>) -> Option<Watcher> {
        let level = logging["level"].as_str().filter(|level| *level != "OFF")?.to_owned();
        let with_data = logging["includeExecutionData"].as_bool().unwrap_or_default();
        let group: Arc<str> = group_of(logging)?.into();
        let (logs, root) = (Arc::clone(self), execution.arn.clone());
        Some(Box::new(move |batch: &Batch| {
            let mut text = String::new();
            for Recorded { execution, event, .. } in &batch.recorded {
                let event = event.to_json();
                let type_name = event["type"].as_str().unwrap_or_default();
                if is_logged(&level, type_name) {
                    let arn = if execution.arn == root { &root } else { &execution.arn };
                    text.push_str(&line(&group, &event, arn, execution.redrive_count, with_data).to_string());
                    text.push('\n');
                }
            }
            if !text.is_empty() {
                logs.write(text);
            }
        }))
    }

    fn write(&self, lines: String) {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = writer.get_or_insert_with(|| {
            let (sender, lines) = channel();
            let file = self.file.clone();
            let spawned = std::thread::Builder::new().name("log groups".to_owned()).spawn(move || write(&file, &lines));
            if let Err(error) = spawned {
                warn!(%error, "log events are lost: no thread can be started");
            }
            sender
        });
        // Where the thread is gone, that was told.
        let _ = sender.send(lines);
    }
}

/// The name of the log group that a configuration names.
fn group_of(logging: &Value) -> Option<String> {
    let destination = logging["destinations"].as_array()?.first()?;
    let arn = destination["cloudWatchLogsLogGroup"]["logGroupArn"].as_str()?;
    let group = arn.split_once(":log-group:")?.1;
    Some(group.strip_suffix(":*").unwrap_or(group).to_owned())
}

/// Whether a level logs events of a type.
fn is_logged(level: &str, type_name: &str) -> bool {
    let is_end = matches!(type_name, "ExecutionAborted" | "ExecutionFailed" | "ExecutionTimedOut");
    match level {
        "ALL" => true,
        "FATAL" => is_end,
        "ERROR" => {
            let is_failure = ["Failed", "TimedOut", "Aborted"].iter().any(|ending| type_name.ends_with(ending));
            is_failure || type_name == "FailStateEntered"
        }
        _ => false,
    }
}

fn line(group: &Arc<str>, event: &Value, arn: &Arc<str>, redrive_count: u32, with_data: bool) -> Value {
    let number = |name: &str| Value::from(event[name].to_string());
    let details = event.as_object().and_then(|members| members.iter().find(|(name, _)| name.ends_with("EventDetails")));
    let details = details.map_or_else(Value::empty_object, |(_, details)| details.clone());
    let details = match details.as_object() {
        Some(members) if !with_data => without_data(members),
        _ => details,
    };
    let at = asl_engine::Timestamp::parse(event["timestamp"].as_str().unwrap_or_default()).unwrap_or_default();
    let event: Value = [
        ("id", number("id")),
        ("type", event["type"].clone()),
        ("details", details),
        ("previous_event_id", number("previousEventId")),
        ("event_timestamp", at.0.to_string().into()),
        ("execution_arn", arn.clone().into()),
        ("redrive_count", redrive_count.to_string().into()),
    ]
    .into();
    [("logGroup", Value::from(group.clone())), ("event", event)].into()
}

/// Writes lines until nobody has more. What cannot be written is told once.
fn write(file: &Path, lines: &Receiver<String>) {
    let opened = || {
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        File::options().append(true).create(true).open(file)
    };
    let mut open = None;
    let mut is_told = false;
    while let Ok(lines) = lines.recv() {
        let written = (|| {
            let mut file = match open.take() {
                Some(file) => file,
                None => opened()?,
            };
            file.write_all(lines.as_bytes())?;
            open = Some(file);
            std::io::Result::Ok(())
        })();
        if let Err(error) = written
            && !std::mem::replace(&mut is_told, true)
        {
            warn!(%error, file = %file.display(), "log events cannot be written");
        }
    }
}
