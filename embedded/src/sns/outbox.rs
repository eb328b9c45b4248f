//! The files of the embedded SNS: a JSON file for each notification, and which of them are not delivered yet.
//!
//! What is not delivered has an empty file of the same name in a folder below `.pending`, one folder for each program that
//! delivers. A program holds the lock of its folder as long as it lives; another one takes over what it left.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use asl_engine::Value;
use bytes::Bytes;
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use uuid::Uuid;

use super::super::OpenError;
use super::super::files::{Staging, create_folder};
use super::notification::Notification;

/// The outbox of one program.
pub(super) struct Outbox {
    folder: PathBuf,
    staging: Staging,
    /// What this program has to deliver: its folder, and the lock.
    own: Mutex<Option<(PathBuf, File)>>,
}

/// Below the folder for data.
pub(crate) const FOLDER: &str = "sns";

/// The name of the lock in the folder of a program.
const LOCK: &str = "lock";

impl Outbox {
    /// Opens the outbox `folder`, which is created where it is missing.
    pub(super) fn open(folder: PathBuf) -> Result<Self, OpenError> {
        create_folder(&folder)?;
        let staging = Staging::open(folder.join(".unfinished"))?;
        Ok(Self { folder, staging, own: Mutex::new(None) })
    }

    /// The path of a notification's file.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes a notification for the first time. One with deliveries is noted as pending before it is there.
    pub(super) fn add(&self, name: &str, notification: &Notification) -> io::Result<()> {
        if !notification.deliveries.is_empty() {
            File::create(self.own()?.join(name))?;
        }
        self.save(name, notification)
    }

    /// Writes a notification; it appears whole or not at all.
    pub(super) fn save(&self, name: &str, notification: &Notification) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(notification)?;
        text.push(b'\n');
        let written = self.staging.write(&[Bytes::from(text)])?;
        written.move_to(&self.path(name)).map(drop).map_err(|failed| failed.0)
    }

    /// Reads a notification.
    pub(super) fn load(&self, name: &str) -> io::Result<Notification> {
        Ok(serde_json::from_slice(&std::fs::read(self.path(name))?)?)
    }

    /// Notes that nothing of a notification is pending any more.
    pub(super) fn settled(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.own()?.join(name))
    }

    /// Takes over what programs that live no more did not deliver: the names, in order.
    pub(super) fn take_over(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        let mine = lock(&self.own).as_ref().map(|(folder, _)| folder.clone());
        for entry in entries(&self.pending())? {
            let folder = entry?.path();
            if Some(&folder) == mine.as_ref() {
                continue;
            }
            let lock = match File::open(folder.join(LOCK)) {
                Ok(lock) => lock,
                // Another program takes it over at this moment, or was killed when all but the folder was gone.
                Err(_) => {
                    let _ = std::fs::remove_dir(&folder);
                    continue;
                }
            };
            if matches!(lock.try_lock(), Err(TryLockError::WouldBlock)) {
                continue;
            }
            let own = self.own()?;
            for entry in entries(&folder)? {
                let name = entry?.file_name();
                if name != LOCK {
                    std::fs::rename(folder.join(&name), own.join(&name))?;
                    names.extend(name.into_string().ok());
                }
            }
            remove(&folder);
        }
        names.sort();
        // The program died before the notification was there: nobody was told that it had been published.
        names.retain(|name| self.path(name).exists() || self.settled(name).is_err());
        Ok(names)
    }

    /// Whether programs have left something, or deliver at this moment. It costs nothing where nobody ever did.
    pub(super) fn has_pending(folder: &Path) -> bool {
        entries(&folder.join(".pending")).is_ok_and(|mut entries| entries.next().is_some())
    }

    fn pending(&self) -> PathBuf {
        self.folder.join(".pending")
    }

    /// The folder of this program. It is locked before another program can see it.
    fn own(&self) -> io::Result<PathBuf> {
        let mut own = lock(&self.own);
        if let Some((folder, _)) = &*own {
            return Ok(folder.clone());
        }
        let name = Uuid::new_v4().to_string();
        let unfinished = self.folder.join(".unfinished").join(&name);
        std::fs::create_dir(&unfinished)?;
        let file = File::create(unfinished.join(LOCK))?;
        // Where there are no locks, two programs can deliver the same notification.
        let _ = file.try_lock();
        std::fs::create_dir_all(self.pending())?;
        let folder = self.pending().join(name);
        std::fs::rename(unfinished, &folder)?;
        *own = Some((folder.clone(), file));
        Ok(folder)
    }
}

/// The last notifications below a folder for data, the last first, as their files have them.
///
/// # Errors
///
/// Where the folder cannot be read. A file that is no notification is passed over.
pub fn notifications(data: &Path, most: usize) -> io::Result<Vec<Value>> {
    let files = entries(&data.join(FOLDER))?.collect::<io::Result<Vec<_>>>()?;
    let mut files: Vec<PathBuf> = files.iter().map(std::fs::DirEntry::path).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "json"));
    // Their names sort by time.
    files.sort();
    let read = files.iter().rev().filter_map(|file| std::fs::read_to_string(file).ok()?.parse().ok());
    Ok(read.take(most).collect())
}

/// What is left stays for the next program.
impl Drop for Outbox {
    fn drop(&mut self) {
        if let Some((folder, _lock)) = lock(&self.own).take()
            && entries(&folder).is_ok_and(|entries| entries.flatten().all(|entry| entry.file_name() == LOCK))
        {
            remove(&folder);
        }
    }
}

/// Removes the folder of a program that has nothing pending.
fn remove(folder: &Path) {
    let _ = std::fs::remove_file(folder.join(LOCK));
    let _ = std::fs::remove_dir(folder);
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is in a folder; nothing where it is missing.
fn entries(folder: &Path) -> io::Result<impl Iterator<Item = io::Result<std::fs::DirEntry>>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => Some(entries),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    Ok(entries.into_iter().flatten())
}

/// `20261122T153704.123456789Z-<message id>.json`: sorts by time, and has no character that a file system refuses.
pub(super) fn file_name(message_id: &str, now: OffsetDateTime) -> String {
    const NAME: &[BorrowedFormatItem<'_>] =
        format_description!("[year][month][day]T[hour][minute][second].[subsecond digits:9]Z");
    format!("{}-{message_id}.json", now.format(NAME).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::super::notification::{Delivery, DeliveryState};
    use super::*;

    fn pending(message: &str) -> Notification {
        let delivery = Delivery {
            protocol: "file".to_owned(),
            endpoint: "f".to_owned(),
            state: DeliveryState::Pending,
            attempts: 0,
            last_error: None,
        };
        Notification { message: message.to_owned(), deliveries: vec![delivery], ..Notification::default() }
    }

    #[test]
    fn what_a_program_left_is_taken_over_once_it_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Outbox::open(folder.path().join("sns")).unwrap();
        let first = open();
        assert!(!Outbox::has_pending(&folder.path().join("sns")));
        first.add("a.json", &pending("a")).unwrap();
        first.add("b.json", &pending("b")).unwrap();
        first.settled("b.json").unwrap();
        assert!(Outbox::has_pending(&folder.path().join("sns")));
        let second = open();
        assert_eq!(second.take_over().unwrap(), Vec::<String>::new());
        drop(first);
        assert_eq!(second.take_over().unwrap(), ["a.json"]);
        assert_eq!(second.load("a.json").unwrap(), pending("a"));
        second.settled("a.json").unwrap();
        drop(second);
        assert!(!Outbox::has_pending(&folder.path().join("sns")));
        assert_eq!(open().take_over().unwrap(), Vec::<String>::new());
    }

    #[test]
    fn a_notification_that_never_appeared_is_not_pending() {
        let folder = tempfile::tempdir().unwrap();
        let first = Outbox::open(folder.path().to_owned()).unwrap();
        first.add("a.json", &pending("a")).unwrap();
        std::fs::remove_file(first.path("a.json")).unwrap();
        drop(first);
        let second = Outbox::open(folder.path().to_owned()).unwrap();
        assert_eq!(second.take_over().unwrap(), Vec::<String>::new());
        drop(second);
        assert!(!Outbox::has_pending(folder.path()));
    }

    #[test]
    fn a_notification_without_subscribers_leaves_only_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = Outbox::open(folder.path().to_owned()).unwrap();
        outbox.add("a.json", &Notification::default()).unwrap();
        assert!(!folder.path().join(".pending").exists());
    }
}
