//! What a guest writes to stdout and stderr.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

/// Takes what a guest writes, and keeps a bounded part of it. Clones share it.
#[derive(Clone)]
pub(super) struct Captured {
    bytes: Arc<Mutex<Vec<u8>>>,
    most: usize,
    /// What is done about what is too much.
    rest: Rest,
}

#[derive(Clone, Copy)]
enum Rest {
    EndsTheGuest,
    PushesOutTheFirst,
}

/// A guest has written more than it may.
#[derive(Debug)]
pub(super) struct TooLarge;

impl Captured {
    /// Keeps everything; a guest that writes more than `most` bytes ends with [`TooLarge`].
    pub(super) fn all_of(most: usize) -> Self {
        Self { bytes: Arc::default(), most, rest: Rest::EndsTheGuest }
    }

    /// Keeps the last `most` bytes.
    pub(super) fn end_of(most: usize) -> Self {
        Self { bytes: Arc::default(), most, rest: Rest::PushesOutTheFirst }
    }

    /// What has been kept so far.
    pub(super) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.lock())
    }

    /// Adds a line that is not the guest's.
    pub(super) fn note(&self, line: &str) {
        let mut bytes = self.lock();
        let start = if bytes.is_empty() || bytes.ends_with(b"\n") { "" } else { "\n" };
        push(&mut bytes, format!("{start}{line}\n").as_bytes(), self.most);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OutputStream for Captured {
    fn write(&mut self, written: Bytes) -> StreamResult<()> {
        let mut bytes = self.lock();
        if matches!(self.rest, Rest::EndsTheGuest) && bytes.len() + written.len() > self.most {
            return Err(StreamError::Trap(wasmtime::Error::new(TooLarge)));
        }
        push(&mut bytes, &written, self.most);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    /// What is taken at once; the bound is seen when it is passed.
    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(64 * 1024)
    }
}

/// Keeps the last `most` bytes.
fn push(bytes: &mut Vec<u8>, written: &[u8], most: usize) {
    let surplus = (bytes.len() + written.len()).saturating_sub(most);
    let old = surplus.min(bytes.len());
    bytes.drain(..old);
    bytes.extend_from_slice(&written[surplus - old..]);
}

#[async_trait]
impl Pollable for Captured {
    async fn ready(&mut self) {}
}

impl StdoutStream for Captured {
    /// Only WASI 0.3 asks for it, which guests are not given.
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(tokio::io::sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl IsTerminal for Captured {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("more output than allowed")
    }
}

impl std::error::Error for TooLarge {}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(captured: &mut Captured, text: &'static str) -> bool {
        captured.write(Bytes::from_static(text.as_bytes())).is_ok()
    }

    #[test]
    fn all_is_kept_up_to_the_bound() {
        let mut stdout = Captured::all_of(4);
        assert!(write(&mut stdout, "ab") && write(&mut stdout.clone(), "cd") && write(&mut stdout, ""));
        assert!(!write(&mut stdout, "e"));
        assert_eq!(stdout.take(), b"abcd");
    }

    #[test]
    fn the_end_is_kept() {
        let mut stderr = Captured::end_of(4);
        for (text, kept) in
            [("ab", "ab"), ("cd", "abcd"), ("e", "bcde"), ("", "bcde"), ("123456789", "6789"), ("xyz!", "xyz!")]
        {
            assert!(write(&mut stderr, text));
            assert_eq!(String::from_utf8_lossy(&stderr.lock()), kept);
        }
    }
}
