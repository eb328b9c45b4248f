//! Writes histories while executions run, beside them: on a thread of its own.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use asl_engine::history::EventTexts;
use asl_engine::{Execution, Timestamp, Value};
use asl_runtime::{Finished, Recorded};

use super::{ENDING, KEPT, StoredHistories};

/// How many events may wait to be written. An execution that is faster waits for the disk.
const MOST_WAITING: usize = 200_000;

/// Events are written together that come within this time, unless there are so many or it is over: waking the thread for each task
/// that ends costs more than writing.
const TOGETHER: (Duration, usize) = (Duration::from_millis(2), 4_096);

/// How many bytes go into the file at once.
const BUFFER: usize = 256 * 1024;

/// Writes the histories of executions below a folder. Nothing is made there before the first one starts.
pub(crate) struct Recordings {
    stored: StoredHistories,
    queue: Arc<Queue>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What the executions and the thread that writes share.
#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    entries: Vec<(usize, Entry)>,
    /// How many events there are among them.
    events: usize,
    /// How many histories were begun.
    begun: usize,
    is_closed: bool,
    error: Option<io::Error>,
}

enum Entry {
    Begin(Arc<Execution>, PathBuf),
    Events(Vec<Recorded>),
    End(Value),
}

/// The history of one execution that is being written.
pub(crate) struct Recording {
    queue: Arc<Queue>,
    number: usize,
}

impl Recordings {
    pub(crate) fn new(data: &Path) -> Self {
        Self { stored: StoredHistories::below(data), queue: Arc::default(), thread: Mutex::default() }
    }

    /// Where the history of an execution is.
    pub(crate) fn file(&self, execution: &Execution) -> PathBuf {
        let machine = execution.state_machine_arn.rsplit(':').next().unwrap_or_default();
        self.stored.folder.join(format!("{:013}.{machine}.{}{ENDING}", execution.start_time.0, execution.name))
    }

    /// Begins a history, in the place of the oldest one where there are enough. Nothing is recorded where no thread can be had.
    pub(crate) fn begin(&self, execution: &Arc<Execution>) -> Option<Recording> {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.is_none() {
            let (queue, stored) = (Arc::clone(&self.queue), self.stored.clone());
            let started = thread::Builder::new().name("histories".to_owned()).spawn(move || write(&queue, &stored));
            match started {
                Ok(started) => *thread = Some(started),
                Err(error) => {
                    self.queue.lock().error.get_or_insert(error);
                    return None;
                }
            }
        }
        let number = {
            let mut waiting = self.queue.lock();
            waiting.begun += 1;
            waiting.begun
        };
        self.queue.add(number, Entry::Begin(execution.clone(), self.file(execution)));
        Some(Recording { queue: Arc::clone(&self.queue), number })
    }

    /// Waits until all that happened is written, and tells why something could not be.
    pub(crate) fn finish(&self) -> io::Result<()> {
        self.queue.lock().is_closed = true;
        self.queue.changed.notify_all();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Err(panic)) = thread.map(JoinHandle::join) {
            std::panic::resume_unwind(panic);
        }
        let mut waiting = self.queue.lock();
        waiting.is_closed = false;
        waiting.error.take().map_or(Ok(()), Err)
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, number: usize, entry: Entry) {
        let mut waiting = self.lock();
        while waiting.events > MOST_WAITING && !waiting.is_closed {
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        let (is_first, before) = (waiting.entries.is_empty(), waiting.events);
        if let Entry::Events(events) = &entry {
            waiting.events += events.len();
        }
        // The thread is busy, or waits for more, where it has left something.
        let wakes = is_first || before < TOGETHER.1 && waiting.events >= TOGETHER.1;
        waiting.entries.push((number, entry));
        drop(waiting);
        if wakes {
            self.changed.notify_all();
        }
    }
}

impl Recording {
    pub(crate) fn add(&self, happened: Vec<Recorded>) {
        if !happened.is_empty() {
            self.queue.add(self.number, Entry::Events(happened));
        }
    }

    /// How it ended; `given_up` is why it was, if it was.
    pub(crate) fn end(self, finished: &Finished, at: Timestamp, given_up: Option<String>) {
        let end = [("status", Value::from(finished.status.name())), ("stopDate", Value::from(at.0))];
        let given_up = given_up.map(|why| ("givenUp", Value::from(why)));
        let end: Value = end.into_iter().chain(given_up).collect();
        self.queue.add(self.number, Entry::End(Value::from([("ended", end)])));
    }
}

/// The file of a history, with the ARN of its execution.
struct Open {
    file: BufWriter<File>,
    arn: Arc<str>,
    texts: EventTexts,
    /// The line that is being made.
    line: String,
}

/// Writes what comes, until the queue is closed and empty.
fn write(queue: &Queue, stored: &StoredHistories) {
    let mut open: BTreeMap<usize, Open> = BTreeMap::new();
    loop {
        let mut waiting = queue.lock();
        while waiting.entries.is_empty() && !waiting.is_closed {
            waiting = queue.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        let waits = |waiting: &mut Waiting| !waiting.is_closed && waiting.events < TOGETHER.1;
        let together = queue.changed.wait_timeout_while(waiting, TOGETHER.0, waits);
        let (mut waiting, _) = together.unwrap_or_else(PoisonError::into_inner);
        let entries = std::mem::take(&mut waiting.entries);
        waiting.events = 0;
        drop(waiting);
        if entries.is_empty() {
            return;
        }
        queue.changed.notify_all();
        for (number, entry) in entries {
            let written = match entry {
                Entry::Begin(execution, file) => begin(stored, &execution, &file).map(|file| {
                    let (texts, line) = (EventTexts::default(), String::new());
                    open.insert(number, Open { file, arn: execution.arn.clone(), texts, line });
                }),
                Entry::Events(events) => open.get_mut(&number).map_or(Ok(()), |open| open.write(&events)),
                Entry::End(end) => open
                    .remove(&number)
                    .map_or(Ok(()), |mut open| writeln!(open.file, "{end}").and_then(|()| open.file.flush())),
            };
            if let Err(error) = written {
                // What cannot be written once is not tried again: the rest would have a hole.
                open.remove(&number);
                queue.lock().error.get_or_insert(error);
            }
        }
        // Who looks meanwhile sees all that has happened.
        for open in open.values_mut() {
            if let Err(error) = open.file.flush() {
                queue.lock().error.get_or_insert(error);
            }
        }
    }
}

fn begin(stored: &StoredHistories, execution: &Execution, file: &Path) -> io::Result<BufWriter<File>> {
    fs::create_dir_all(&stored.folder)?;
    let files = stored.files()?;
    for old in &files[..(files.len() + 1).saturating_sub(KEPT)] {
        match fs::remove_file(old) {
            // Another program may have been faster.
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    let file = OpenOptions::new().write(true).create(true).truncate(true).open(file)?;
    let mut file = BufWriter::with_capacity(BUFFER, file);
    let about = Value::from([
        ("executionArn", Value::from(execution.arn.clone())),
        ("stateMachineArn", execution.state_machine_arn.clone().into()),
        ("name", execution.name.clone().into()),
        ("startDate", execution.start_time.0.into()),
    ]);
    writeln!(file, "{}", Value::from([("execution", about)]))?;
    Ok(file)
}

impl Open {
    fn write(&mut self, events: &[Recorded]) -> io::Result<()> {
        for recorded in events {
            self.line.clear();
            self.line.push('{');
            if recorded.execution.arn != self.arn {
                let arn = Value::from(recorded.execution.arn.clone());
                self.line += &format!("\"executionArn\":{arn},");
            }
            self.line += "\"event\":";
            self.texts.write(&recorded.event, &mut self.line);
            self.line += "}\n";
            self.file.write_all(self.line.as_bytes())?;
        }
        Ok(())
    }
}
