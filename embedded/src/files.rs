//! Files that appear whole or not at all.

use std::fmt::Display;
use std::fs::{File, Metadata};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use rusqlite::Connection;

use super::OpenError;

/// A left-over file of a process that was killed is removed when it is this old: no write takes as long.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);

/// Creates `path` and what leads to it.
pub(super) fn create_folder(path: &Path) -> Result<(), OpenError> {
    std::fs::create_dir_all(path).map_err(|source| OpenError::Folder { path: path.to_owned(), source })
}

/// Waits until no other program opens something in `folder`, which is created where it is missing; the lock ends when it is
/// dropped. A file system without locks has none.
pub(super) fn lock_folder(folder: &Path) -> Result<Option<File>, OpenError> {
    create_folder(folder)?;
    let lock = File::create(folder.join(".lock"));
    let lock = lock.map_err(|source| OpenError::Folder { path: folder.to_owned(), source })?;
    Ok(lock.lock().is_ok().then_some(lock))
}

/// A database in a file, opened or made: whatever a process that was killed has committed is there. A loss of power may take the last
/// commits. `prepare` makes what is not there.
pub(super) fn database(
    file: &Path,
    prepare: impl Fn(&Connection) -> Result<(), rusqlite::Error>,
) -> Result<Connection, OpenError> {
    /// How long a write waits for one of another process.
    const BUSY: Duration = Duration::from_secs(60);
    let _lock = file.parent().map(lock_folder).transpose()?;
    let opened = patiently(|| {
        let connection = Connection::open(file)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.set_prepared_statement_cache_capacity(32);
        prepare(&connection)?;
        Ok::<_, rusqlite::Error>(connection)
    });
    opened.map_err(|error| OpenError::Database { path: file.to_owned(), message: error.to_string() })
}

/// Does again what another program's lock on a database made impossible, for a minute at most. SQLite waits by itself where it
/// can, but not everywhere: when it changes the journal, or sees that it would wait for itself.
pub(super) fn patiently<T, E: Display>(mut work: impl FnMut() -> Result<T, E>) -> Result<T, E> {
    const PATIENCE: Duration = Duration::from_secs(60);
    const PAUSE: Duration = Duration::from_millis(20);
    let started = Instant::now();
    loop {
        match work() {
            Err(error) if started.elapsed() < PATIENCE && error.to_string().contains("is locked") => {
                std::thread::sleep(PAUSE);
            }
            done => return done,
        }
    }
}

/// A folder for files that are being written, on the file system of the files that they become.
#[derive(Debug)]
pub(super) struct Staging(PathBuf);

impl Staging {
    /// Creates the folder where it is missing, and removes what killed processes left in it.
    pub(super) fn open(folder: PathBuf) -> Result<Self, OpenError> {
        create_folder(&folder)?;
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let modified = entry.metadata().and_then(|metadata| metadata.modified());
            if modified.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age > STALE)) {
                // Another process may have removed it at the same moment.
                let _ = std::fs::remove_file(entry.path());
            }
        }
        Ok(Self(folder))
    }

    /// Writes a file beside the others that are unfinished; dropping it removes it.
    pub(super) fn write(&self, chunks: &[Bytes]) -> io::Result<Written> {
        let mut file = self.create()?;
        chunks.iter().try_for_each(|chunk| file.write_all(chunk))?;
        Written::of(file)
    }

    /// An empty file beside the others that are unfinished; dropping it removes it.
    pub(super) fn create(&self) -> io::Result<tempfile::NamedTempFile> {
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        builder.tempfile_in(&self.0)
    }
}

/// A whole file that has no place yet.
#[derive(Debug)]
pub(super) struct Written {
    path: PathBuf,
    /// Removes it when it gets no place; none where it is kept then.
    removes: Option<tempfile::TempPath>,
    metadata: Metadata,
}

impl Written {
    /// A file that is removed unless it gets a place.
    pub(super) fn of(file: tempfile::NamedTempFile) -> io::Result<Self> {
        let metadata = file.as_file().metadata()?;
        let removes = file.into_temp_path();
        Ok(Self { path: removes.to_path_buf(), removes: Some(removes), metadata })
    }

    /// A file that stays where it is unless it gets a place.
    pub(super) fn at(path: PathBuf) -> io::Result<Self> {
        let metadata = std::fs::metadata(&path)?;
        Ok(Self { path, removes: None, metadata })
    }

    /// Tells the file from others.
    pub(super) fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Gives the file its place, where it replaces another file. The error holds the file, which is still there.
    pub(super) fn move_to(self, path: &Path) -> Result<Metadata, Box<(io::Error, Self)>> {
        let Self { path: from, removes, metadata } = self;
        let moved = match removes {
            None => std::fs::rename(&from, path).map_err(|error| (error, None)),
            Some(removes) => removes.persist(path).map_err(|error| (error.error, Some(error.path))),
        };
        match moved {
            Ok(()) => Ok(metadata),
            Err((error, removes)) => Err(Box::new((error, Self { path: from, removes, metadata }))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_of_others_are_waited_for_and_other_faults_are_told() {
        let mut tries = 0;
        let mut locked = |times: usize, fault: &'static str| {
            tries = 0;
            patiently(|| {
                tries += 1;
                if tries > times { Ok(tries) } else { Err(fault) }
            })
        };
        assert_eq!(locked(3, "database is locked"), Ok(4));
        assert_eq!(locked(1, "backend: database is locked or busy"), Ok(2));
        assert_eq!(locked(1, "disk I/O error"), Err("disk I/O error"));
    }
}
