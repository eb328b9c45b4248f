//! Objects that are written in parts.
//!
//! S3 user guide, "Uploading and copying objects using multipart upload".

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use uuid::Uuid;

/// The parts of uploads that are under way: for each upload a folder with a file for each part.
#[derive(Debug)]
pub(super) struct Uploads(PathBuf);

/// An upload that was given up is removed when it is this old: no program writes one for as long.
const STALE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

impl Uploads {
    /// The uploads below `folder`, of which those that killed processes left are removed.
    pub(super) fn below(folder: &Path) -> Self {
        let folder = folder.join("uploads");
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let modified = entry.metadata().and_then(|metadata| metadata.modified());
            if modified.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age > STALE)) {
                // Another process may have removed it at the same moment.
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
        Self(folder)
    }

    /// Begins an upload, and names it.
    pub(super) fn begin(&self) -> io::Result<String> {
        let id = Uuid::new_v4().simple().to_string();
        std::fs::create_dir_all(self.0.join(&id))?;
        Ok(id)
    }

    /// The folder of an upload that is under way. A name of ours is made of digits, so none leads elsewhere.
    fn folder(&self, id: &str) -> Option<PathBuf> {
        let ours = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        Some(self.0.join(id)).filter(|folder| ours && folder.is_dir())
    }

    /// Keeps a part; `None` where there is no such upload.
    pub(super) fn keep(&self, id: &str, number: i32, chunks: &[Bytes]) -> Option<io::Result<()>> {
        let path = self.folder(id)?.join(number.to_string());
        let write = || {
            let mut file = File::create(path)?;
            chunks.iter().try_for_each(|chunk| io::Write::write_all(&mut file, chunk))
        };
        Some(write())
    }

    /// The files of some parts of an upload; `None` where one is not there.
    pub(super) fn parts(&self, id: &str, numbers: &[i32]) -> Option<Vec<PathBuf>> {
        let folder = self.folder(id)?;
        let part = |number: &i32| Some(folder.join(number.to_string())).filter(|path| path.is_file());
        numbers.iter().map(part).collect()
    }

    /// Forgets an upload; whether it was there.
    pub(super) fn end(&self, id: &str) -> bool {
        self.folder(id).is_some_and(|folder| std::fs::remove_dir_all(folder).is_ok())
    }
}
