//! Files that appear whole or not at all.

use std::fmt::Display;
use std::fs::{File, Metadata};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;

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
        self.fill(|file| chunks.iter().try_for_each(|chunk| file.write_all(chunk)))
    }

    /// The same of the files at these places, one behind the other.
    pub(super) fn join(&self, parts: &[PathBuf]) -> io::Result<Written> {
        self.fill(|file| parts.iter().try_for_each(|part| io::copy(&mut File::open(part)?, file).map(|_| ())))
    }

    fn fill(&self, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<Written> {
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut file = builder.tempfile_in(&self.0)?;
        fill(file.as_file_mut())?;
        let metadata = file.as_file().metadata()?;
        Ok(Written { file, metadata })
    }
}

/// A whole file that has no place yet.
pub(super) struct Written {
    file: tempfile::NamedTempFile,
    metadata: Metadata,
}

impl Written {
    /// Gives the file its place, where it replaces another file. The error holds the file, which is still there.
    pub(super) fn move_to(self, path: &Path) -> Result<Metadata, Box<(io::Error, Self)>> {
        match self.file.persist(path) {
            Ok(_) => Ok(self.metadata),
            Err(error) => Err(Box::new((error.error, Self { file: error.file, metadata: self.metadata }))),
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
