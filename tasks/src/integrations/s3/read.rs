//! Reads objects piece by piece.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use asl_engine::{Failure, Outcome, Value, json_lines};
use asl_runtime::blocking;
use asl_runtime::{BoxFuture, Call, Handler};
use aws_sdk_s3::error::ProvideErrorMetadata;
use bytes::Bytes;

use super::unpack::{Packing, UnpackError, Unpacked, whole_characters};
use super::{failure, fault, text};
use crate::integrations::Lookup;

/// How many bytes are asked for at once.
const PIECE: u64 = 4 * 1024 * 1024;

/// How many bytes of lines: their values are held beside those of the piece before.
const LINES: u64 = 512 * 1024;

/// How many objects are kept unpacked: nobody says that a reader has enough or has failed. More are read right, but each piece
/// then costs another download.
const READINGS_MAX: usize = 32;

const GET_OBJECT: &str = "GetObject";

/// Reads an object as text, of which an answer has a piece.
///
/// What is compressed is unpacked: `.gz`, `.gzip`, `.zst` and `.zstd` by the end of its key, and the rows of a Parquet file, which
/// become lines of JSON. Such an object is downloaded to a file that has no name, from which its pieces are read one after
/// another. See <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html>.
pub(crate) struct GetObject {
    lookup: Lookup,
    /// Objects that are being unpacked, one of each reader, those last whose piece was given last.
    unpacked: Mutex<VecDeque<Reading>>,
}

/// An object that is being unpacked.
struct Reading {
    /// Who reads it.
    token: Arc<str>,
    key: String,
    text: Unpacked,
}

/// A part of an object, and where it ends.
struct Piece {
    bytes: Bytes,
    /// How long the whole object is.
    length: u64,
}

impl GetObject {
    pub(crate) fn new(lookup: Lookup) -> Self {
        Self { lookup, unpacked: Mutex::default() }
    }

    async fn run(&self, token: &Arc<str>, parameters: &Value) -> Outcome {
        let range = parameters["Range"].as_str().and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-'));
        let from = range.and_then(|from| from.parse().ok()).unwrap_or(0);
        let key = text(parameters, "Key").unwrap_or_default();
        let input_type = parameters["ReaderConfig"]["InputType"].as_str();
        match Packing::of(&key, input_type == Some("PARQUET")) {
            None => self.plain(key, parameters, from, input_type == Some("JSONL")).await,
            Some(packing) => self.packed(token, key, packing, parameters, from).await,
        }
    }

    /// A piece of the text, or the values of its lines where it begins with a line of JSON.
    async fn plain(&self, key: String, parameters: &Value, from: u64, has_lines: bool) -> Outcome {
        let Piece { bytes, length } = self.piece(parameters, from, if has_lines { LINES } else { PIECE }).await?;
        let read = move || {
            let last = from + bytes.len() as u64 >= length;
            // A piece without a character would be taken for the end.
            let text = whole_characters(&bytes, last).filter(|text| last || !text.is_empty());
            let text = text.ok_or_else(|| fault(UnpackError::NotText(key)))?;
            let values = has_lines.then(|| json_lines(text, last)).flatten();
            let (body, bytes) = values.unwrap_or_else(|| (text.into(), text.len()));
            Ok(answer(body, bytes, from, Some(length)))
        };
        match has_lines {
            true => blocking(read).await,
            false => read(),
        }
    }

    /// The bytes of an object from one on, so many of them at most.
    async fn piece(&self, parameters: &Value, from: u64, most: u64) -> Result<Piece, Failure> {
        let text = |name: &str| text(parameters, name);
        let call = self.lookup.clients.s3().await.get_object().set_bucket(text("Bucket")).set_key(text("Key"));
        let call = call.set_version_id(text("VersionId")).set_expected_bucket_owner(text("ExpectedBucketOwner"));
        let last = from.saturating_add(most - 1);
        let object = match call.range(format!("bytes={from}-{last}")).send().await {
            Ok(object) => object,
            // An empty object has no first byte.
            Err(error) if from == 0 && error.code() == Some("InvalidRange") => {
                return Ok(Piece { bytes: Bytes::new(), length: 0 });
            }
            Err(error) => return Err(failure(&error)),
        };
        let length = object.content_range().and_then(|range| range.rsplit('/').next()?.parse().ok());
        let bytes = object.body.collect().await.map_err(fault)?.into_bytes();
        let length = length.unwrap_or(from + bytes.len() as u64);
        Ok(Piece { bytes, length })
    }

    async fn packed(&self, token: &Arc<str>, key: String, packing: Packing, parameters: &Value, from: u64) -> Outcome {
        let mut text = match self.take(token, &key, from) {
            Some(text) => text,
            None => {
                let (file, key) = (self.download(parameters).await?, key.clone());
                blocking(move || Unpacked::open(file, &key, packing, from)).await.map_err(fault)?
            }
        };
        let (text, piece) = blocking(move || {
            let piece = text.piece(PIECE as usize);
            (text, piece)
        })
        .await;
        let (piece, last) = piece.map_err(fault)?;
        let length = last.then_some(text.at());
        if !last {
            self.keep(Reading { token: token.clone(), key, text });
        }
        let bytes = piece.len();
        Ok(answer(piece.into(), bytes, from, length))
    }

    /// The text of an object that a reader has read up to `from`. It reads one object after another: another that it has begun
    /// is forgotten.
    fn take(&self, token: &Arc<str>, key: &str, from: u64) -> Option<Unpacked> {
        let mut unpacked = self.unpacked();
        let at = unpacked.iter().position(|reading| reading.token == *token)?;
        let reading = unpacked.remove(at)?;
        (reading.key == key && reading.text.at() == from).then_some(reading.text)
    }

    fn keep(&self, reading: Reading) {
        let mut unpacked = self.unpacked();
        unpacked.push_back(reading);
        if unpacked.len() > READINGS_MAX {
            unpacked.pop_front();
        }
    }

    async fn download(&self, parameters: &Value) -> Result<std::fs::File, Failure> {
        let mut file = tempfile::tempfile().map_err(fault)?;
        let mut at = 0;
        loop {
            let Piece { bytes, length } = self.piece(parameters, at, PIECE).await?;
            at += bytes.len() as u64;
            let is_empty = bytes.is_empty();
            file = blocking(move || file.write_all(&bytes).map(|()| file)).await.map_err(fault)?;
            if at >= length || is_empty {
                return Ok(file);
            }
        }
    }

    fn unpacked(&self) -> std::sync::MutexGuard<'_, VecDeque<Reading>> {
        self.unpacked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A piece of so many bytes in the shape of S3's answer. `length` is that of the whole, once it is known.
fn answer(body: Value, bytes: usize, from: u64, length: Option<u64>) -> Value {
    let end = from + bytes as u64;
    let is_whole = from == 0 && length == Some(end);
    let range = (!is_whole).then(|| {
        let length = length.map_or("*".to_owned(), |length| length.to_string());
        ("ContentRange", format!("bytes {from}-{}/{length}", end.saturating_sub(1)).into())
    });
    [("Body", body)].into_iter().chain(range).collect()
}

impl Handler for GetObject {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        let run = self.run(&call.request.token, &call.request.input);
        Box::pin(async { self.lookup.or_missing_bucket(call, GET_OBJECT, run.await).await })
    }

    fn missing<'a>(&'a self, _: &'a str, known: &'a Value) -> BoxFuture<'a, Option<String>> {
        Box::pin(self.lookup.missing_bucket(GET_OBJECT, known))
    }

    fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
        self.lookup.clients.s3_reaches_aws()
    }
}
