//! What is removed from the folder for data.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use asl_engine::Value;

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

/// Removes files.
pub(super) fn remove(found: Vec<(PathBuf, Value)>) -> Result<(), Error> {
    found.into_iter().try_for_each(|(path, _)| {
        fs::remove_file(&path).map_err(|error| Error::Usage(format!("cannot remove {}: {error}", path.display())))
    })
}
