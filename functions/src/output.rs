//! What one process prints, line by line, each with the invocation that it belongs to.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::unix::pipe;
use tokio::task::AbortHandle;

use super::runtime_api::OnInvocation;
use crate::logs::{Log, printable};

/// Longer lines are broken.
const MAX_LINE: usize = 64 * 1024;

/// How many lines are shown of an invocation that failed.
const TAIL: usize = 20;

/// More than a pipe holds: what was printed before one begins to read is among it.
const MAX_READ: usize = 256 * 1024;

/// The output of one process. It is read while the process runs, and once more where its order counts: before the next
/// invocation, before the answer of one is handed on, and after the end.
#[derive(Debug)]
pub(super) struct Output(Mutex<OutputState>);

#[derive(Debug)]
struct OutputState {
    log: Arc<Log>,
    request_id: Option<Arc<str>>,
    tail: VecDeque<String>,
    streams: Vec<Stream>,
}

#[derive(Debug)]
struct Stream {
    /// A second handle of the pipe, for what is read without waiting.
    pipe: File,
    /// The line so far.
    line: Vec<u8>,
}

impl Output {
    /// The output of a process that is about to start; the lines go to `log`.
    pub(super) fn new(log: Arc<Log>) -> Arc<Self> {
        let state = OutputState { log, request_id: None, tail: VecDeque::new(), streams: Vec::new() };
        Arc::new(Self(Mutex::new(state)))
    }

    /// Reads a pipe from now on, until the task is aborted or the other end is closed.
    pub(super) fn read(self: &Arc<Self>, pipe: OwnedFd) -> io::Result<AbortHandle> {
        let second = File::from(pipe.try_clone()?);
        // From now on neither handle waits.
        let pipe = pipe::Receiver::from_owned_fd(pipe)?;
        let index = {
            let mut state = self.lock();
            state.streams.push(Stream { pipe: second, line: Vec::new() });
            state.streams.len() - 1
        };
        let output = Arc::clone(self);
        let task = tokio::spawn(async move {
            while pipe.readable().await.is_ok() {
                if output.lock().read(index, |_, buffer| pipe.try_read(buffer)) == Left::Closed {
                    break;
                }
            }
        });
        Ok(task.abort_handle())
    }

    /// The last lines since the invocation began, or since the start of the process.
    pub(super) fn tail(&self) -> Vec<String> {
        let mut state = self.lock();
        state.drain();
        state.tail.iter().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, OutputState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OnInvocation for Arc<Output> {
    fn begins(&self, request_id: &Arc<str>) {
        let mut state = self.lock();
        // What is in the pipes was printed before.
        state.drain();
        state.request_id = Some(Arc::clone(request_id));
        state.tail.clear();
    }

    fn ends(&self) {
        // Whoever gets the answer has seen what was printed before it.
        self.lock().drain();
    }
}

/// What is left in a pipe after reading.
#[derive(PartialEq)]
enum Left {
    Some,
    Nothing,
    Closed,
}

impl OutputState {
    /// Reads what there is.
    fn drain(&mut self) {
        for index in 0..self.streams.len() {
            self.read(index, |stream, buffer| (&stream.pipe).read(buffer));
            let rest = std::mem::take(&mut self.streams[index].line);
            if !rest.is_empty() {
                self.raw_line(&rest);
            }
        }
    }

    fn read(&mut self, index: usize, read: impl Fn(&Stream, &mut [u8]) -> io::Result<usize>) -> Left {
        let mut buffer = [0; 8192];
        let mut count = 0;
        while count < MAX_READ {
            match read(&self.streams[index], &mut buffer) {
                Ok(0) => return Left::Closed,
                Ok(length) => {
                    count += length;
                    self.take(index, &buffer[..length]);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Left::Nothing,
                Err(_) => return Left::Closed,
            }
        }
        Left::Some
    }

    fn take(&mut self, index: usize, bytes: &[u8]) {
        for byte in bytes {
            // The Python runtime joins the lines of a traceback by carriage returns.
            let ends = matches!(byte, b'\n' | b'\r');
            if !ends {
                self.streams[index].line.push(*byte);
            }
            if ends || self.streams[index].line.len() >= MAX_LINE {
                let line = std::mem::take(&mut self.streams[index].line);
                // Both may end a line together.
                if !(line.is_empty() && *byte == b'\n') {
                    self.raw_line(&line);
                }
            }
        }
    }

    fn raw_line(&mut self, line: &[u8]) {
        let text = self.log.hide(&String::from_utf8_lossy(line));
        // The Python runtime indents tracebacks with spaces that do not break.
        let rest = text.trim_start_matches('\u{a0}');
        let indent = " ".repeat((text.len() - rest.len()) / '\u{a0}'.len_utf8());
        self.line(&(indent + &printable(rest)));
    }

    fn line(&mut self, text: &str) {
        self.log.line(self.request_id.as_deref(), text);
        if self.tail.len() == TAIL {
            self.tail.pop_front();
        }
        self.tail.push_back(text.to_owned());
    }
}
