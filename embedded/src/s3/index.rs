//! What is kept beside the files of objects, in one SQLite file: their attributes, and the parts of uploads.
//!
//! The files are what there is: one that somebody else wrote is an object without attributes. A row belongs to the file with its
//! stamp, so that a file and its attributes are replaced together: the new row is committed, then the file is put in its place.

use std::fs::Metadata;
use std::path::Path;
use std::time::UNIX_EPOCH;

use rusqlite::{Connection, OptionalExtension, params};

use super::attributes::Attributes;
use super::checksum::Algorithm;
use crate::OpenError;
use crate::files::database;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS objects (
        bucket TEXT NOT NULL,
        key TEXT NOT NULL,
        stamp TEXT NOT NULL,
        attributes TEXT NOT NULL,
        PRIMARY KEY (bucket, key, stamp)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS buckets (name TEXT PRIMARY KEY, location TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS uploads (
        id TEXT PRIMARY KEY,
        bucket TEXT NOT NULL,
        key TEXT NOT NULL,
        started INTEGER NOT NULL,
        algorithm TEXT,
        is_composite INTEGER NOT NULL,
        attributes TEXT NOT NULL,
        slot INTEGER
    );
    CREATE INDEX IF NOT EXISTS uploads_of_keys ON uploads (bucket, key, id);
    CREATE TABLE IF NOT EXISTS parts (
        upload TEXT NOT NULL,
        number INTEGER NOT NULL,
        size INTEGER NOT NULL,
        md5 BLOB NOT NULL,
        checksums TEXT NOT NULL,
        is_in_place INTEGER NOT NULL,
        modified INTEGER NOT NULL,
        PRIMARY KEY (upload, number)
    ) WITHOUT ROWID;";

pub(super) type Stored<T> = Result<T, rusqlite::Error>;

/// Tells a file from the one that it replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp(String);

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let file = std::os::unix::fs::MetadataExt::ino(metadata);
        #[cfg(not(unix))]
        let file = 0;
        let written = metadata.modified().unwrap_or(UNIX_EPOCH);
        let nanos = written.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        Self(format!("{file:x}-{nanos:x}-{:x}", metadata.len()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it can be that of a file and of its copy elsewhere: written at the same time, with the same length.
    fn is_like(&self, other: &Self) -> bool {
        let written = |stamp: &Self| stamp.0.split_once('-').map(|(_, written)| written.to_owned());
        written(self) == written(other)
    }
}

/// An upload in parts that is under way.
#[derive(Clone, Debug)]
pub(super) struct Upload {
    pub(super) id: String,
    pub(super) bucket: String,
    pub(super) key: String,
    /// In seconds since 1970.
    pub(super) started: i64,
    /// What was asked for when it began.
    pub(super) algorithm: Option<Algorithm>,
    pub(super) is_composite: bool,
    pub(super) attributes: Attributes,
    /// How many bytes a part has that is written where it will be in the object.
    pub(super) slot: Option<u64>,
}

/// A part of an upload.
#[derive(Clone, Debug)]
pub(super) struct UploadedPart {
    pub(super) number: i32,
    pub(super) size: u64,
    pub(super) md5: [u8; 16],
    pub(super) checksums: std::collections::BTreeMap<Algorithm, String>,
    /// Whether it was written where it will be in the object.
    pub(super) is_in_place: bool,
    /// In seconds since 1970.
    pub(super) modified: i64,
}

#[derive(Debug)]
pub(super) struct Index(Connection);

impl Index {
    pub(super) fn open(file: &Path) -> Result<Self, OpenError> {
        // Objects are not synced one by one either.
        database(file, |connection| connection.execute_batch(SCHEMA)).map(Self)
    }

    /// The attributes of the object whose file has this stamp.
    pub(super) fn attributes(&self, bucket: &str, key: &str, stamp: &Stamp) -> Stored<Option<Attributes>> {
        let rows = self.rows(bucket, key)?;
        let same = rows.iter().find(|(other, _)| other == stamp);
        let row = same.or_else(|| rows.iter().find(|(other, _)| other.is_like(stamp)));
        Ok(row.and_then(|(_, attributes)| serde_json::from_str(attributes).ok()))
    }

    /// The attributes that a file of the object with this tag has or had.
    pub(super) fn with_tag(&self, bucket: &str, key: &str, etag: &str) -> Stored<Option<Attributes>> {
        let rows = self.rows(bucket, key)?;
        let mut known = rows.iter().filter_map(|(_, attributes)| serde_json::from_str::<Attributes>(attributes).ok());
        Ok(known.find(|attributes| attributes.etag == etag))
    }

    fn rows(&self, bucket: &str, key: &str) -> Stored<Vec<(Stamp, String)>> {
        let query = "SELECT stamp, attributes FROM objects WHERE bucket = ?1 AND key = ?2";
        let mut statement = self.0.prepare_cached(query)?;
        statement.query_map([bucket, key], |row| Ok((Stamp(row.get(0)?), row.get(1)?)))?.collect()
    }

    /// Keeps the attributes of the file that will be that of an object, beside those of the file that is it now.
    pub(super) fn keep(
        &self,
        bucket: &str,
        key: &str,
        stamp: &Stamp,
        attributes: &Attributes,
        now: Option<&Stamp>,
    ) -> Stored<()> {
        let replace = "REPLACE INTO objects (bucket, key, stamp, attributes) VALUES (?1, ?2, ?3, ?4)";
        let Some(now) = now else {
            return self.0.prepare_cached(replace)?.execute(params![bucket, key, stamp.0, json(attributes)]).map(drop);
        };
        let transaction = self.0.unchecked_transaction()?;
        let delete = "DELETE FROM objects WHERE bucket = ?1 AND key = ?2 AND stamp <> ?3";
        self.0.prepare_cached(delete)?.execute(params![bucket, key, now.0])?;
        self.0.prepare_cached(replace)?.execute(params![bucket, key, stamp.0, json(attributes)])?;
        transaction.commit()
    }

    /// Forgets what was kept of objects that are gone.
    pub(super) fn forget(&self, bucket: &str, keys: &[&str]) -> Stored<()> {
        let transaction = self.0.unchecked_transaction()?;
        let mut delete = self.0.prepare_cached("DELETE FROM objects WHERE bucket = ?1 AND key = ?2")?;
        for key in keys {
            delete.execute([bucket, key])?;
        }
        drop(delete);
        transaction.commit()
    }

    /// Keeps the region that a bucket was asked to be in.
    pub(super) fn locate(&self, bucket: &str, location: &str) -> Stored<()> {
        self.0.execute("REPLACE INTO buckets (name, location) VALUES (?1, ?2)", [bucket, location]).map(drop)
    }

    /// The region that a bucket was asked to be in.
    pub(super) fn location(&self, bucket: &str) -> Stored<Option<String>> {
        let query = "SELECT location FROM buckets WHERE name = ?1";
        self.0.query_row(query, [bucket], |row| row.get(0)).optional()
    }

    /// Forgets all that was kept of a bucket; the ids of its uploads.
    pub(super) fn forget_bucket(&self, bucket: &str) -> Stored<Vec<String>> {
        let mut statement = self.0.prepare("SELECT id FROM uploads WHERE bucket = ?1")?;
        let ids: Vec<String> = statement.query_map([bucket], |row| row.get(0))?.collect::<Stored<_>>()?;
        for id in &ids {
            self.end_upload(id)?;
        }
        self.0.execute("DELETE FROM objects WHERE bucket = ?1", [bucket])?;
        self.0.execute("DELETE FROM buckets WHERE name = ?1", [bucket])?;
        Ok(ids)
    }

    pub(super) fn begin_upload(&self, upload: &Upload) -> Stored<()> {
        let insert = "INSERT INTO uploads (id, bucket, key, started, algorithm, is_composite, attributes)
                      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let Upload { id, bucket, key, started, algorithm, is_composite, attributes, slot: _ } = upload;
        let algorithm = algorithm.map(Algorithm::name);
        self.0.execute(insert, params![id, bucket, key, started, algorithm, is_composite, json(attributes)]).map(drop)
    }

    pub(super) fn upload(&self, id: &str) -> Stored<Option<Upload>> {
        let query = format!("{UPLOADS} WHERE id = ?1");
        self.0.prepare_cached(&query)?.query_row([id], upload).optional()
    }

    /// The uploads for keys that start with `prefix`, in the order of their keys and ids.
    pub(super) fn uploads(&self, bucket: &str, prefix: &str) -> Stored<Vec<Upload>> {
        let query = format!("{UPLOADS} WHERE bucket = ?1 ORDER BY key, id");
        let mut statement = self.0.prepare(&query)?;
        let uploads = statement.query_map([bucket], upload)?;
        uploads.filter(|found| found.as_ref().map_or(true, |upload| upload.key.starts_with(prefix))).collect()
    }

    /// The ids of all uploads.
    pub(super) fn upload_ids(&self) -> Stored<Vec<String>> {
        self.0.prepare("SELECT id FROM uploads")?.query_map([], |row| row.get(0))?.collect()
    }

    /// Says how large the parts of an upload are that are written where they will be, where nobody has; how large they are.
    pub(super) fn slot(&self, id: &str, size: u64) -> Stored<Option<u64>> {
        let update = "UPDATE uploads SET slot = ?2 WHERE id = ?1 AND slot IS NULL";
        self.0.prepare_cached(update)?.execute(params![id, size])?;
        let slot = self.0.prepare_cached("SELECT slot FROM uploads WHERE id = ?1")?.query_row([id], |row| row.get(0));
        Ok(slot.optional()?.flatten())
    }

    /// Keeps a part; one of the same number is replaced.
    pub(super) fn keep_part(&self, id: &str, part: &UploadedPart) -> Stored<()> {
        let replace = "REPLACE INTO parts (upload, number, size, md5, checksums, is_in_place, modified)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let UploadedPart { number, size, md5, checksums, is_in_place, modified } = part;
        let row = params![id, number, size, md5, json(checksums), is_in_place, modified];
        self.0.prepare_cached(replace)?.execute(row).map(drop)
    }

    /// The parts of an upload, in the order of their numbers.
    pub(super) fn parts(&self, id: &str) -> Stored<Vec<UploadedPart>> {
        let query = "SELECT number, size, md5, checksums, is_in_place, modified FROM parts WHERE upload = ?1
                     ORDER BY number";
        let part = |row: &rusqlite::Row<'_>| {
            Ok(UploadedPart {
                number: row.get(0)?,
                size: row.get(1)?,
                md5: row.get(2)?,
                checksums: serde_json::from_str(&row.get::<_, String>(3)?).unwrap_or_default(),
                is_in_place: row.get(4)?,
                modified: row.get(5)?,
            })
        };
        self.0.prepare_cached(query)?.query_map([id], part)?.collect()
    }

    /// Forgets an upload and its parts; whether it was there.
    pub(super) fn end_upload(&self, id: &str) -> Stored<bool> {
        let transaction = self.0.unchecked_transaction()?;
        self.0.execute("DELETE FROM parts WHERE upload = ?1", [id])?;
        let ended = self.0.execute("DELETE FROM uploads WHERE id = ?1", [id])?;
        transaction.commit()?;
        Ok(ended > 0)
    }
}

const UPLOADS: &str = "SELECT id, bucket, key, started, algorithm, is_composite, attributes, slot FROM uploads";

fn upload(row: &rusqlite::Row<'_>) -> Stored<Upload> {
    Ok(Upload {
        id: row.get(0)?,
        bucket: row.get(1)?,
        key: row.get(2)?,
        started: row.get(3)?,
        algorithm: row.get::<_, Option<String>>(4)?.and_then(|name| Algorithm::named(&name)),
        is_composite: row.get(5)?,
        attributes: serde_json::from_str(&row.get::<_, String>(6)?).unwrap_or_default(),
        slot: row.get(7)?,
    })
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever ends between the row and the file leaves the old object as it was; so does a reader of the file that was replaced.
    #[test]
    fn a_file_has_its_own_row_until_it_is_replaced_twice() {
        let folder = tempfile::tempdir().unwrap();
        let index = Index::open(&folder.path().join("s3.sqlite")).unwrap();
        let stamp = |number: i32| Stamp(format!("{number}-{number}-1"));
        let of = |number: i32| Attributes { etag: number.to_string(), ..Attributes::default() };
        let kept = |number: i32| index.attributes("b", "k", &stamp(number)).unwrap().map(|kept| kept.etag);
        index.keep("b", "k", &stamp(1), &of(1), None).unwrap();
        // The second never gets its place.
        index.keep("b", "k", &stamp(2), &of(2), Some(&stamp(1))).unwrap();
        assert_eq!((kept(1).as_deref(), kept(2).as_deref()), (Some("1"), Some("2")));
        index.keep("b", "k", &stamp(3), &of(3), Some(&stamp(1))).unwrap();
        assert_eq!((kept(1).as_deref(), kept(2), kept(3).as_deref()), (Some("1"), None, Some("3")));
        // A copy of the file, written at the same time, is the same.
        assert_eq!(index.attributes("b", "k", &Stamp("9-3-1".to_owned())).unwrap(), Some(of(3)));
        index.forget("b", &["k"]).unwrap();
        assert_eq!(kept(3), None);
    }
}
