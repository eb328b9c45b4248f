//! What the embedded services keep: objects, items, messages, notifications and events.

use std::sync::Arc;

use asl_engine::Value;
use asl_tasks::{Stored, StoredContent, StoredError, StoredObject, StoredUrl};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::{Query, number};
use crate::api::error::ApiError;
use crate::server::Shared;

/// How many objects or values are told at most, the last ones where they have an order.
const SHOWN: usize = 1000;
/// How many bytes of an object are told at most.
const CONTENT: usize = 1024 * 1024;

fn refused(error: StoredError) -> ApiError {
    match error {
        StoredError::Unreadable { .. } => ApiError::unavailable(error.to_string()),
        _ => ApiError::validation(error.to_string()),
    }
}

/// All that there is, or what one of them has.
pub(super) async fn stored(shared: &Arc<Shared>, query: &Query) -> Result<Value, ApiError> {
    let stored = Stored::new(&shared.router, &shared.data);
    let Some(url) = query.get("url") else {
        let all = stored.all().await.map_err(refused)?;
        let all = all.into_iter().map(|it| {
            Value::from([
                ("url", Value::from(it.url.to_string())),
                ("count", number(it.count)),
                ("has", it.text().into()),
            ])
        });
        return Ok([("stored", all.collect::<Value>())].into());
    };
    let url = StoredUrl::of(url).map_err(refused)?;
    let (count, member, shown): (usize, &str, Value) = match &url {
        StoredUrl::S3 { bucket, key } => {
            let all = stored.objects(bucket, key).await.map_err(refused)?;
            (all.len(), "objects", all.into_iter().take(SHOWN).map(object).collect())
        }
        _ => {
            let all = stored.values(&url).await.map_err(refused)?;
            let first = all.len().saturating_sub(SHOWN);
            (all.len(), "values", all.into_iter().skip(first).collect())
        }
    };
    Ok([("count", number(count)), (member, shown)].into())
}

fn object(StoredObject { key, size, modified }: StoredObject) -> Value {
    let modified = modified.map(|at| ("modified", Value::from(at)));
    [("key", key.into()), ("size", Value::from(size))].into_iter().chain(modified).collect()
}

/// What is in an object: its text, or its bytes in Base64.
pub(super) async fn content(shared: &Arc<Shared>, query: &Query) -> Result<Value, ApiError> {
    let url = StoredUrl::of(query.required("url")?).map_err(refused)?;
    let StoredUrl::S3 { bucket, key } = &url else {
        return Err(ApiError::validation(format!("{url} is no object")));
    };
    let content = Stored::new(&shared.router, &shared.data).content(bucket, key, CONTENT).await.map_err(refused)?;
    let StoredContent { mut bytes, size, content_type } = content;
    bytes.truncate(CONTENT);
    // A character may be cut off at the end of a part.
    let is_part = (bytes.len() as i64) < size;
    let shown = match std::str::from_utf8(&bytes) {
        Ok(text) => ("text", Value::from(text)),
        Err(error) if is_part && error.error_len().is_none() => {
            ("text", (&*String::from_utf8_lossy(&bytes[..error.valid_up_to()])).into())
        }
        Err(_) => ("base64", BASE64_STANDARD.encode(&bytes).into()),
    };
    let content_type = content_type.map(|kind| ("contentType", Value::from(kind)));
    Ok([("size", Value::from(size)), ("isPart", is_part.into()), shown].into_iter().chain(content_type).collect())
}
