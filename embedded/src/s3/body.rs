//! The bodies of requests, as they arrive.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_types::body::SdkBody;
use bytes::{Buf, Bytes, BytesMut};
use futures_util::{Stream, stream};
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body_util::BodyExt;
use s3s::{S3Error, s3_error};

/// How a body was sent, for whoever holds it against what the request says of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Sent {
    /// `x-amz-content-sha256`
    pub(super) signed: Option<String>,
    /// How many bytes there should be, where that is said.
    pub(super) length: Option<u64>,
    /// What followed the body; none where nothing can.
    trailers: Option<Arc<Mutex<HeaderMap>>>,
}

impl Sent {
    /// As it is.
    pub(super) fn whole(signed: Option<String>) -> Self {
        Self { signed, ..Self::default() }
    }

    /// In chunks with trailers.
    pub(super) fn in_chunks(length: Option<u64>) -> Self {
        Self { signed: None, length, trailers: Some(Arc::default()) }
    }

    pub(super) fn is_in_chunks(&self) -> bool {
        self.trailers.is_some()
    }

    /// Looks at the trailers, which are there when the body was read.
    pub(super) fn trailers<T>(&self, look: impl FnOnce(Option<&HeaderMap>) -> T) -> T {
        match &self.trailers {
            Some(trailers) => look(Some(&trailers.lock().unwrap_or_else(PoisonError::into_inner))),
            None => look(None),
        }
    }
}

/// Why a body cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unreadable(String);

impl Unreadable {
    fn new(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }

    fn not_chunked() -> Self {
        Self("the body is not in chunks as its headers say".to_owned())
    }

    /// The answer to a request whose body ends with this.
    pub(super) fn refusal(error: &(dyn std::error::Error + Send + Sync)) -> S3Error {
        s3_error!(IncompleteBody, "The body cannot be read: {error}")
    }
}

/// A body that arrives, and that is read to its end also where nobody wants it: until then the client may hear nothing.
#[derive(Clone)]
pub(super) enum Incoming {
    /// It is there. The SDK's own bodies are one piece, which is kept as it is.
    Whole(Bytes),
    Arriving(Arc<Arriving>),
}

pub(super) struct Arriving {
    body: tokio::sync::Mutex<SdkBody>,
    is_read: AtomicBool,
}

impl Incoming {
    pub(super) async fn new(body: SdkBody) -> Self {
        if body.bytes().is_some() {
            return Self::Whole(BodyExt::collect(body).await.map(|whole| whole.to_bytes()).unwrap_or_default());
        }
        Self::Arriving(Arc::new(Arriving { body: tokio::sync::Mutex::new(body), is_read: AtomicBool::new(false) }))
    }

    /// Whether nothing of it will be read any more.
    pub(super) fn is_read(&self) -> bool {
        match self {
            Self::Whole(_) => true,
            Self::Arriving(arriving) => arriving.is_read.load(Ordering::Relaxed),
        }
    }

    /// Reads the rest, if it arrives in time, and forgets it.
    pub(super) async fn drain(mut self) {
        while let Ok(Some(_)) = self.received().await {}
    }

    /// The next piece that arrives; none at the end.
    async fn received(&mut self) -> Result<Option<Bytes>, Unreadable> {
        let arriving = match self {
            Self::Whole(whole) => return Ok(Some(std::mem::take(whole)).filter(|whole| !whole.is_empty())),
            Self::Arriving(arriving) => Arc::clone(arriving),
        };
        let mut body = arriving.body.lock().await;
        loop {
            let frame = match tokio::time::timeout(PIECE_MAX, body.frame()).await {
                Ok(None) => Ok(None),
                Ok(Some(Ok(frame))) => Ok(Some(frame)),
                Ok(Some(Err(error))) => Err(Unreadable::new(error)),
                Err(_) => Err(Unreadable("it did not arrive in time".to_owned())),
            };
            let Ok(Some(frame)) = frame else {
                arriving.is_read.store(true, Ordering::Relaxed);
                return frame.map(|_| None);
            };
            if let Ok(piece) = frame.into_data()
                && !piece.is_empty()
            {
                return Ok(Some(piece));
            }
        }
    }
}

/// The bare content of a body, in pieces.
pub(super) fn pieces(
    body: Incoming,
    sent: &Sent,
) -> impl Stream<Item = Result<Bytes, Unreadable>> + Send + Sync + 'static {
    let start = Pieces { body, buffer: BytesMut::new(), trailers: sent.trailers.clone(), at: At::Size };
    stream::try_unfold(start, |mut pieces| async move {
        let piece = match pieces.trailers {
            Some(_) => pieces.unchunked().await?,
            None => pieces.body.received().await?,
        };
        Ok(piece.map(|piece| (piece, pieces)))
    })
}

struct Pieces {
    body: Incoming,
    buffer: BytesMut,
    trailers: Option<Arc<Mutex<HeaderMap>>>,
    at: At,
}

/// What comes next of a body in chunks (`SIZE[;chunk-signature=…]\r\nBYTES\r\n`, the last of size 0, then trailers).
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html>
enum At {
    Size,
    Content(usize),
    End,
    Trailers,
}

/// How long the next piece of a body may take.
const PIECE_MAX: Duration = Duration::from_secs(30);

/// The most bytes of a line between chunks.
const LINE_MAX: usize = 16 << 10;

impl Pieces {
    /// Reads on; whether there is more.
    async fn read(&mut self) -> Result<bool, Unreadable> {
        let received = self.body.received().await?;
        if let Some(piece) = &received {
            self.buffer.extend_from_slice(piece);
        }
        Ok(received.is_some())
    }

    /// The next line, without its end; none at the end of the body.
    async fn line(&mut self) -> Result<Option<String>, Unreadable> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line = self.buffer.split_to(end + 1);
                return Ok(Some(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned()));
            }
            if self.buffer.len() > LINE_MAX {
                return Err(Unreadable::not_chunked());
            }
            if !self.read().await? {
                return Ok(None);
            }
        }
    }

    async fn unchunked(&mut self) -> Result<Option<Bytes>, Unreadable> {
        loop {
            match self.at {
                At::Size => {
                    let line = self.line().await?.ok_or_else(Unreadable::not_chunked)?;
                    let size = line.split(';').next().unwrap_or_default();
                    let size = usize::from_str_radix(size.trim(), 16).map_err(|_| Unreadable::not_chunked())?;
                    self.at = if size == 0 { At::Trailers } else { At::Content(size) };
                }
                At::Content(0) => self.at = At::End,
                At::Content(left) => {
                    // What arrives is handed on as it is, without waiting for the whole chunk.
                    let mut piece = match self.buffer.is_empty() {
                        true => self.body.received().await?.ok_or_else(Unreadable::not_chunked)?,
                        false => self.buffer.split().freeze(),
                    };
                    let rest = piece.split_off(piece.len().min(left));
                    self.buffer = BytesMut::from(rest);
                    self.at = At::Content(left - piece.len());
                    return Ok(Some(piece));
                }
                At::End => {
                    while self.buffer.len() < 2 {
                        if !self.read().await? {
                            return Err(Unreadable::not_chunked());
                        }
                    }
                    if !self.buffer.starts_with(b"\r\n") {
                        return Err(Unreadable::not_chunked());
                    }
                    self.buffer.advance(2);
                    self.at = At::Size;
                }
                At::Trailers => {
                    let Some(line) = self.line().await? else { return Ok(None) };
                    let Some((name, value)) = line.split_once(':') else { continue };
                    if let (Ok(name), Ok(value)) =
                        (name.trim().parse::<HeaderName>(), HeaderValue::from_str(value.trim()))
                        && let Some(trailers) = &self.trailers
                    {
                        trailers.lock().unwrap_or_else(PoisonError::into_inner).insert(name, value);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt;

    use super::*;

    /// A body that arrives in pieces of this size.
    fn in_frames(text: &'static str, size: usize) -> SdkBody {
        let pieces: Vec<_> =
            text.as_bytes().chunks(size).map(|piece| Ok::<_, std::io::Error>(Bytes::from_static(piece))).collect();
        let body = s3s::dto::StreamingBlob::wrap(stream::iter(pieces));
        SdkBody::from_body_1_x(BodyExt::map_err(s3s::Body::from(body), |error| error.to_string()))
    }

    async fn read(text: &'static str, size: usize) -> Result<(String, Option<String>), String> {
        let sent = Sent::in_chunks(None);
        let pieces: Vec<Bytes> = pieces(Incoming::new(in_frames(text, size)).await, &sent)
            .try_collect()
            .await
            .map_err(|error| error.to_string())?;
        let checksum = sent.trailers(|trailers| {
            trailers.unwrap().get("x-amz-checksum-crc32").map(|value| value.to_str().unwrap().to_owned())
        });
        Ok((String::from_utf8(pieces.concat()).unwrap(), checksum))
    }

    #[tokio::test]
    async fn bodies_in_chunks_become_whole_however_they_arrive() {
        for size in 1..60 {
            let body = "4\r\nab\r\n\r\n1\r\nc\r\n0\r\nx-amz-checksum-crc32:1dPdUw==\r\n\r\n";
            assert_eq!(read(body, size).await, Ok(("ab\r\nc".to_owned(), Some("1dPdUw==".to_owned()))));
            let signed = "3;chunk-signature=0a\r\nabc\r\n0;chunk-signature=0b\r\n\r\n";
            assert_eq!(read(signed, size).await, Ok(("abc".to_owned(), None)));
            for broken in ["", "x\r\n", "5\r\nabc\r\n0\r\n\r\n", "ffffffffffffffff\r\na", "3\r\nabcd\r\n", "3\r\nab"] {
                assert!(read(broken, size).await.is_err(), "{broken:?}");
            }
        }
    }
}
