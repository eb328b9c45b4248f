//! What SNS and EventBridge keep: a JSON file for each notification and each event.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use asl_engine::Value;

use super::Listed;
use super::place::Place;
use crate::error::Error;

/// What the embedded services keep below the folder for data.
const OF_SERVICES: [&str; 6] = ["s3", "s3.sqlite", "sns", "events", "dynamodb.sqlite", "sqs.sqlite"];

/// What is in each folder of the services, and hardly in one of somebody else.
const MARK: &str = ".unfinished";

/// Removes everything that the embedded services keep. Histories of executions stay.
pub(crate) fn empty(data: &Path) -> Result<(), Error> {
    // Whoever runs would go on with files that nobody sees.
    let mut locks = Vec::new();
    for (name, who) in [("executions.lock", "a server"), (asl_tasks::IN_USE, "another run")] {
        if let Ok(lock) = File::open(data.join(name)) {
            if matches!(lock.try_lock(), Err(TryLockError::WouldBlock)) {
                return Err(Error::Usage(format!("{} is used by {who}, which has not ended", data.display())));
            }
            locks.push(lock);
        }
    }
    for name in OF_SERVICES {
        // SQLite has files beside its own.
        for ending in ["", "-wal", "-shm"] {
            let path = data.join(format!("{name}{ending}"));
            let removed = match path.is_dir() {
                true if !path.join(MARK).is_dir() => continue,
                true => fs::remove_dir_all(&path),
                false => fs::remove_file(&path),
            };
            match removed {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Error::Usage(format!("cannot remove {}: {error}", path.display())));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// The files of a folder with what is in them, in the order of their names.
fn files(folder: &Path) -> Result<Vec<(PathBuf, Value)>, Error> {
    let failed =
        |path: &Path, error: &dyn std::fmt::Display| Error::Usage(format!("cannot read {}: {error}", path.display()));
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(folder, &error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| failed(folder, &error))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // Others are the service's own.
        if name.starts_with('.') || !name.ends_with(".json") || !name.starts_with(|first: char| first.is_ascii_digit())
        {
            continue;
        }
        let text = fs::read_to_string(&path).map_err(|error| failed(&path, &error))?;
        let value = text.parse().map_err(|error: asl_engine::JsonError| failed(&path, &error.message))?;
        found.push((path, value));
    }
    found.sort_by(|(first, _), (second, _)| first.cmp(second));
    Ok(found)
}

/// The name of the topic that a notification was published to.
fn topic(notification: &Value) -> String {
    let arn = ["TopicArn", "TargetArn"].into_iter().find_map(|name| notification[name].as_str());
    arn.and_then(|arn| arn.rsplit(':').next()).unwrap_or("-").to_owned()
}

fn bus(event: &Value) -> String {
    event["event-bus"].as_str().unwrap_or("default").to_owned()
}

fn counted(files: &[(PathBuf, Value)], of: fn(&Value) -> String, scheme: &str, unit: &'static str) -> Vec<Listed> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (_, value) in files {
        *counts.entry(of(value)).or_default() += 1;
    }
    counts.into_iter().map(|(name, count)| Listed { url: format!("{scheme}://{name}"), count, unit }).collect()
}

pub(super) fn notifications(data: &Path) -> Result<Vec<Listed>, Error> {
    Ok(counted(&files(&data.join("sns"))?, topic, "sns", "notification"))
}

pub(super) fn events(data: &Path) -> Result<Vec<Listed>, Error> {
    Ok(counted(&files(&data.join("events"))?, bus, "events", "event"))
}

/// The files that are of this name; an error where there are none.
fn named(folder: &Path, of: fn(&Value) -> String, name: &str, place: &Place) -> Result<Vec<(PathBuf, Value)>, Error> {
    let found: Vec<_> = files(folder)?.into_iter().filter(|(_, value)| of(value) == name).collect();
    if found.is_empty() { Err(place.missing()) } else { Ok(found) }
}

pub(super) fn of_topic(data: &Path, name: &str) -> Result<Vec<Value>, Error> {
    let found = named(&data.join("sns"), topic, name, &Place::Sns { topic: name.to_owned() })?;
    Ok(found.into_iter().map(|(_, value)| value).collect())
}

pub(super) fn of_bus(data: &Path, name: &str) -> Result<Vec<Value>, Error> {
    let found = named(&data.join("events"), bus, name, &Place::Events { bus: name.to_owned() })?;
    Ok(found.into_iter().map(|(_, value)| value).collect())
}

fn remove(found: Vec<(PathBuf, Value)>) -> Result<(), Error> {
    found.into_iter().try_for_each(|(path, _)| {
        fs::remove_file(&path).map_err(|error| Error::Usage(format!("cannot remove {}: {error}", path.display())))
    })
}

pub(super) fn remove_notifications(data: &Path, name: &str) -> Result<(), Error> {
    remove(named(&data.join("sns"), topic, name, &Place::Sns { topic: name.to_owned() })?)
}

pub(super) fn remove_events(data: &Path, name: &str) -> Result<(), Error> {
    remove(named(&data.join("events"), bus, name, &Place::Events { bus: name.to_owned() })?)
}
