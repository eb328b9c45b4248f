//! Objects of S3.

use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::EncodingType;
use percent_encoding::percent_decode_str;

use super::{Stored, StoredError};

/// An object of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredObject {
    /// Its key.
    pub key: String,
    /// Its length in bytes.
    pub size: i64,
    /// When it was stored, in milliseconds since 1970.
    pub modified: Option<i64>,
}

/// What is in an object, from its beginning on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredContent {
    /// The bytes, maybe not all of them.
    pub bytes: Vec<u8>,
    /// The length of the whole object in bytes.
    pub size: i64,
    /// Its `Content-Type`.
    pub content_type: Option<String>,
}

fn refused<E: ProvideErrorMetadata + std::error::Error + 'static>(error: SdkError<E>) -> StoredError {
    StoredError::Refused(match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        _ => DisplayErrorContext(error).to_string(),
    })
}

impl Stored<'_> {
    pub(super) async fn buckets(&self) -> Result<Vec<String>, StoredError> {
        if !self.data.join("s3").exists() {
            return Ok(Vec::new());
        }
        let listed = self.router.clients().s3().await.list_buckets().send().await.map_err(refused)?;
        Ok(listed.buckets().iter().filter_map(|bucket| bucket.name().map(str::to_owned)).collect())
    }

    /// The objects of a bucket whose keys begin so.
    pub async fn objects(&self, bucket: &str, prefix: &str) -> Result<Vec<StoredObject>, StoredError> {
        let s3 = self.router.clients().s3().await;
        let (mut all, mut token) = (Vec::new(), None);
        loop {
            let asked = s3.list_objects_v2().bucket(bucket).prefix(prefix).encoding_type(EncodingType::Url);
            let asked = asked.set_continuation_token(token);
            let page = asked.send().await.map_err(refused)?;
            let known = page.contents().iter().filter_map(|it| {
                Some(StoredObject {
                    key: percent_decode_str(it.key()?).decode_utf8_lossy().into_owned(),
                    size: it.size().unwrap_or(0),
                    modified: it.last_modified().and_then(|time| time.to_millis().ok()),
                })
            });
            all.extend(known);
            token = page.next_continuation_token().map(str::to_owned);
            if token.is_none() {
                return Ok(all);
            }
        }
    }

    /// What is in an object, of which `most` bytes at least are read, where it has them.
    pub async fn content(&self, bucket: &str, key: &str, most: usize) -> Result<StoredContent, StoredError> {
        let asked = self.router.clients().s3().await.get_object().bucket(bucket).key(key);
        let mut object = asked.send().await.map_err(refused)?;
        let mut bytes = Vec::new();
        while bytes.len() < most
            && let Some(piece) = object.body.next().await
        {
            bytes.extend_from_slice(
                &piece.map_err(|error| StoredError::Refused(DisplayErrorContext(error).to_string()))?,
            );
        }
        Ok(StoredContent { bytes, size: object.content_length.unwrap_or_default(), content_type: object.content_type })
    }
}
