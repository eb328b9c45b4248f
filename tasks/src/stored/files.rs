//! What SNS and EventBridge keep: a JSON file for each notification and each event.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use asl_engine::{JsonError, Value};

use super::{StoredCount, StoredError, StoredUrl};

/// The folders below that for data.
const NOTIFICATIONS: &str = "sns";
const EVENTS: &str = "events";

/// The files of a folder with what is in them, in the order of their names.
fn read(folder: &Path) -> Result<Vec<(PathBuf, Value)>, StoredError> {
    let failed = |path: &Path, why: String| StoredError::Unreadable { path: path.to_owned(), why };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(folder, error.to_string())),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| failed(folder, error.to_string()))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // Others are the service's own.
        if name.starts_with('.') || !name.ends_with(".json") || !name.starts_with(|first: char| first.is_ascii_digit())
        {
            continue;
        }
        let text = match fs::read_to_string(&path) {
            // It has gone meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            read => read.map_err(|error| failed(&path, error.to_string()))?,
        };
        let value = text.parse().map_err(|error: JsonError| failed(&path, error.message))?;
        found.push((path, value));
    }
    found.sort_by(|(first, _), (second, _)| first.cmp(second));
    Ok(found)
}

/// The topic that a notification was published to.
fn topic(notification: &Value) -> StoredUrl {
    let arn = ["TopicArn", "TargetArn"].into_iter().find_map(|name| notification[name].as_str());
    StoredUrl::Sns { topic: arn.and_then(|arn| arn.rsplit(':').next()).unwrap_or("-").to_owned() }
}

fn bus(event: &Value) -> StoredUrl {
    StoredUrl::Events { bus: event["event-bus"].as_str().unwrap_or("default").to_owned() }
}

/// How much there is of each topic and each bus.
pub(super) fn counts(data: &Path) -> Result<Vec<StoredCount>, StoredError> {
    let count = |folder: &str, of: fn(&Value) -> StoredUrl| {
        let mut counts: BTreeMap<String, StoredCount> = BTreeMap::new();
        for (_, value) in read(&data.join(folder))? {
            let url = of(&value);
            counts.entry(url.to_string()).or_insert(StoredCount { url, count: 0 }).count += 1;
        }
        Ok::<_, StoredError>(counts.into_values())
    };
    Ok(count(NOTIFICATIONS, topic)?.chain(count(EVENTS, bus)?).collect())
}

/// The files of a topic or a bus; an error where there are none.
pub(super) fn of(data: &Path, url: &StoredUrl) -> Result<Vec<(PathBuf, Value)>, StoredError> {
    let (folder, of): (_, fn(&Value) -> StoredUrl) = match url {
        StoredUrl::Sns { .. } => (NOTIFICATIONS, topic),
        _ => (EVENTS, bus),
    };
    let mut found = read(&data.join(folder))?;
    found.retain(|(_, value)| of(value) == *url);
    if found.is_empty() { Err(StoredError::Missing(url.clone())) } else { Ok(found) }
}
