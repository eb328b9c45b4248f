//! Objects that are plain files.

use std::collections::BTreeSet;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use asl_aws::names::{INVALID_BUCKET, is_bucket, is_new_bucket};
use md5::{Digest, Md5};
use s3s::dto::{
    Bucket, CreateBucketInput, CreateBucketOutput, Delete, DeleteBucketOutput, DeleteObjectOutput, DeleteObjectsOutput,
    DeletedObject, ListBucketsInput, ListBucketsOutput, ObjectIdentifier, Owner,
};
use s3s::{S3Error, S3Result, s3_error};

use super::attributes::{Attributes, whole_seconds};
use super::changes::{Change, Changes};
use super::checksum::hex;
use super::conditions::Writing;
use super::index::{Index, Stamp, Stored};
use super::{keys, listing};
use crate::OpenError;
use crate::files::{Staging, Written, create_folder};

/// The objects below a folder, and what is being uploaded.
#[derive(Debug)]
pub(super) struct Store {
    root: PathBuf,
    pub(super) staging: Staging,
    /// A folder for each upload in parts.
    pub(super) uploads: PathBuf,
    /// Who reads does not wait for who writes.
    reading: Mutex<Index>,
    writing: Mutex<Writer>,
    changes: Changes,
}

#[derive(Debug)]
struct Writer {
    index: Index,
    /// Locked while an object is replaced or deleted, since conditions and the file belong together. A file system without
    /// locks has none.
    lock: File,
}

/// The file of an object.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) metadata: Metadata,
}

/// An object that is open: what is told of it is about the very file that is read, whatever takes its place meanwhile.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) file: File,
    pub(super) metadata: Metadata,
    pub(super) attributes: Attributes,
}

/// Up to how many bytes a file of somebody else is read for the MD5 that is its tag.
const READ_FOR_TAG: u64 = 8 << 20;

/// Whose everything is: there is one owner, whoever asks.
const OWNER: &str = "0000000000000000000000000000000000000000000000000000000000000000";

pub(super) fn owner() -> Owner {
    Owner { id: Some(OWNER.to_owned()), ..Owner::default() }
}

impl Store {
    /// Opens the objects below `root`, and creates the `buckets` that are missing.
    pub(super) fn open(root: PathBuf, buckets: &BTreeSet<String>, changes: Changes) -> Result<Self, OpenError> {
        // The name of a bucket never starts with a dot.
        let unfinished = root.join(".unfinished");
        let staging = Staging::open(unfinished.clone())?;
        // The name of another place could lead out of the root; requests for it are refused.
        for bucket in buckets.iter().filter(|bucket| is_bucket(bucket)) {
            create_folder(&root.join(bucket))?;
        }
        let file = root.with_extension("sqlite");
        let (reading, index) = (Index::open(&file)?, Index::open(&file)?);
        let lock = File::create(root.with_extension("lock"));
        let lock = lock.map_err(|source| OpenError::Folder { path: root.clone(), source })?;
        let uploads = unfinished.join("uploads");
        let store = Self {
            root,
            staging,
            uploads,
            reading: Mutex::new(reading),
            writing: Mutex::new(Writer { index, lock }),
            changes,
        };
        store.forget_old_uploads();
        Ok(store)
    }

    /// Does what only reads.
    pub(super) fn read<T>(&self, work: impl FnOnce(&Index) -> T) -> T {
        work(&self.reading.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Does what changes something, one after another.
    pub(super) fn write<T>(&self, work: impl FnOnce(&Index) -> T) -> T {
        let writer = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let is_locked = writer.lock.lock().is_ok();
        let done = work(&writer.index);
        if is_locked {
            // It ends with the file otherwise.
            let _ = writer.lock.unlock();
        }
        done
    }

    pub(super) fn create_bucket(&self, input: CreateBucketInput) -> S3Result<CreateBucketOutput> {
        let bucket = input.bucket;
        if !is_new_bucket(&bucket) {
            return Err(s3_error!(InvalidBucketName, "{INVALID_BUCKET}"));
        }
        let asked = input.create_bucket_configuration.unwrap_or_default();
        if asked.bucket.is_some() || asked.location.is_some() {
            return Err(s3_error!(NotImplemented, "Directory buckets are not part of the embedded S3"));
        }
        let location = asked.location_constraint.map(|location| location.as_str().to_owned());
        let location = location.filter(|location| !location.is_empty() && location != crate::REGION);
        match std::fs::create_dir(self.root.join(&bucket)) {
            Ok(()) => {
                if let Some(location) = location {
                    kept(self.write(|index| index.locate(&bucket, &location)))?;
                }
                Ok(CreateBucketOutput { location: Some(format!("/{bucket}")) })
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match location {
                // In us-east-1, who has it already is told so by success.
                None => Ok(CreateBucketOutput { location: Some(format!("/{bucket}")) }),
                Some(_) => Err(s3_error!(
                    BucketAlreadyOwnedByYou,
                    "Your previous request to create the named bucket succeeded and you already own it."
                )),
            },
            Err(error) => Err(failed("create the bucket", &bucket, &error)),
        }
    }

    /// The region of a bucket that exists; none for us-east-1.
    pub(super) fn location(&self, bucket: &str) -> S3Result<Option<String>> {
        self.bucket(bucket)?;
        kept(self.read(|index| index.location(bucket)))
    }

    pub(super) fn delete_bucket(&self, bucket: &str) -> S3Result<DeleteBucketOutput> {
        let (folder, beside) = (self.bucket(bucket)?, self.beside(bucket));
        self.write(|index| {
            let unreadable = |error: io::Error| failed("delete the bucket", bucket, &error);
            if !listing::is_empty(&folder, &beside).map_err(unreadable)? {
                return Err(s3_error!(BucketNotEmpty, "The bucket you tried to delete is not empty"));
            }
            // Folders may be left in it.
            for folder in [&beside, &folder] {
                match std::fs::remove_dir_all(folder) {
                    Err(error) if !is_absence(&error) => return Err(unreadable(error)),
                    _ => {}
                }
            }
            for upload in kept(index.forget_bucket(bucket))? {
                let _ = std::fs::remove_dir_all(self.uploads.join(upload));
            }
            Ok(DeleteBucketOutput {})
        })
    }

    pub(super) fn list_buckets(&self, asked: ListBucketsInput) -> S3Result<ListBucketsOutput> {
        let unreadable = |error: io::Error| failed("list", &self.root.display().to_string(), &error);
        let (prefix, after) = (asked.prefix.unwrap_or_default(), asked.continuation_token.unwrap_or_default());
        let mut buckets = Vec::new();
        for entry in std::fs::read_dir(&self.root).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let is_asked = |name: &&str| is_bucket(name) && name.starts_with(&prefix) && **name > *after;
            let name = entry.file_name().to_str().filter(is_asked).map(str::to_owned);
            let metadata = entry.metadata().map_err(unreadable)?;
            if let Some(name) = name.filter(|_| metadata.is_dir()) {
                let created = metadata.created().or(metadata.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
                let creation_date = Some(whole_seconds(created).into());
                buckets.push(Bucket { name: Some(name), creation_date, ..Bucket::default() });
            }
        }
        buckets.sort_by(|one, other| one.name.cmp(&other.name));
        let mut continuation_token = None;
        if let Some(most) = asked.max_buckets.and_then(|most| usize::try_from(most).ok())
            && most < buckets.len()
        {
            buckets.truncate(most);
            continuation_token = buckets.last().and_then(|bucket| bucket.name.clone());
        }
        let (buckets, owner) = (Some(buckets), Some(owner()));
        Ok(ListBucketsOutput { buckets, owner, continuation_token, prefix: Some(prefix).filter(|p| !p.is_empty()) })
    }

    /// The folder of a bucket that exists.
    pub(super) fn bucket(&self, bucket: &str) -> S3Result<PathBuf> {
        let folder = self.root.join(bucket);
        if folder.is_dir() { Ok(folder) } else { Err(s3_error!(NoSuchBucket, "The specified bucket does not exist")) }
    }

    /// The folder of what cannot lie in that of its bucket.
    pub(super) fn beside(&self, bucket: &str) -> PathBuf {
        self.root.join(".beside").join(bucket)
    }

    /// The file of an object, where there is one.
    fn find(&self, bucket: &str, key: &str) -> S3Result<Option<Found>> {
        let plain = keys::plain(&self.root.join(bucket), key);
        for path in plain.into_iter().chain([keys::beside(&self.beside(bucket), key)]) {
            match std::fs::metadata(&path) {
                Ok(metadata) if metadata.is_file() => return Ok(Some(Found { path, metadata })),
                Err(error) if !is_absence(&error) => return Err(failed("read", key, &error)),
                _ => {}
            }
        }
        self.bucket(bucket)?;
        Ok(None)
    }

    /// Opens an object that exists.
    pub(super) fn opened(&self, bucket: &str, key: &str) -> S3Result<Opened> {
        let unreadable = |error: io::Error| failed("read", key, &error);
        loop {
            let Some(found) = self.find(bucket, key)? else {
                return Err(s3_error!(NoSuchKey, "The specified key does not exist."));
            };
            let file = match File::open(&found.path) {
                // It was just deleted or replaced.
                Err(error) if is_absence(&error) => continue,
                file => file.map_err(unreadable)?,
            };
            let metadata = file.metadata().map_err(unreadable)?;
            if let Some(attributes) = kept(self.read(|index| index.attributes(bucket, key, &Stamp::of(&metadata))))? {
                return Ok(Opened { file, metadata, attributes });
            }
            // What was kept of a file that was replaced twice meanwhile is gone.
            let is_there = std::fs::metadata(&found.path).is_ok_and(|now| Stamp::of(&now) == Stamp::of(&metadata));
            if is_there {
                let found = Found { metadata: metadata.clone(), ..found };
                let attributes = self.read(|index| describe(index, bucket, key, &found))?;
                return Ok(Opened { file, metadata, attributes });
            }
        }
    }

    /// What is kept of an object that is listed. It may be gone meanwhile.
    pub(super) fn listed(&self, bucket: &str, key: &str, metadata: Metadata) -> S3Result<Attributes> {
        let attributes = self.read(|index| index.attributes(bucket, key, &Stamp::of(&metadata)));
        match kept(attributes)? {
            Some(attributes) => Ok(attributes),
            None => match self.find(bucket, key)? {
                Some(found) => self.read(|index| describe(index, bucket, key, &found)),
                None => Ok(Attributes::of_a_file(opaque_tag(&metadata))),
            },
        }
    }

    /// Gives a file that was written its place, where the conditions hold.
    pub(super) fn place(
        &self,
        bucket: &str,
        key: &str,
        written: Written,
        attributes: &Attributes,
        conditions: &Writing,
        event: &'static str,
    ) -> S3Result<()> {
        let folder = self.bucket(bucket)?;
        let size = written.metadata().len();
        self.write(|index| {
            let found = self.find(bucket, key)?;
            if !conditions.is_empty() {
                let known = found.as_ref().map(|found| describe(index, bucket, key, found)).transpose()?;
                conditions.check(known.as_ref().map(|known| known.etag.as_str()))?;
            }
            let now = found.as_ref().map(|found| Stamp::of(&found.metadata));
            kept(index.keep(bucket, key, &Stamp::of(written.metadata()), attributes, now.as_ref()))?;
            self.settle(&folder, bucket, key, written).map_err(|error| failed("write", key, &error))
        })?;
        self.tell(bucket, key, event, Some((size, attributes.etag.clone())));
        Ok(())
    }

    fn tell(&self, bucket: &str, key: &str, event: &'static str, written: Option<(u64, String)>) {
        self.changes.tell(|| Change { bucket: bucket.to_owned(), key: key.to_owned(), event, written });
    }

    fn settle(&self, folder: &Path, bucket: &str, key: &str, mut written: Written) -> io::Result<()> {
        let beside = keys::beside(&self.beside(bucket), key);
        if let Some(path) = keys::plain(folder, key) {
            match put_at(written, &path) {
                Ok(()) => {
                    // It may have lain there while something was in the way.
                    match std::fs::remove_file(&beside) {
                        Err(error) if !is_absence(&error) => return Err(error),
                        _ => return Ok(()),
                    }
                }
                Err(unmoved) => {
                    let (error, back) = *unmoved;
                    if !is_in_the_way(folder, &path) {
                        return Err(error);
                    }
                    written = back;
                }
            }
        }
        put_at(written, &beside).map_err(|unmoved| unmoved.0)
    }

    pub(super) fn delete(&self, bucket: &str, key: &str, conditions: &Writing) -> S3Result<DeleteObjectOutput> {
        self.bucket(bucket)?;
        self.write(|index| {
            self.remove(index, bucket, key, conditions)?;
            kept(index.forget(bucket, &[key]))?;
            Ok(DeleteObjectOutput::default())
        })
    }

    pub(super) fn delete_all(&self, bucket: &str, asked: Delete) -> S3Result<DeleteObjectsOutput> {
        self.bucket(bucket)?;
        if asked.objects.is_empty() || asked.objects.len() > 1000 {
            return Err(s3_error!(
                MalformedXML,
                "The XML you provided was not well-formed or did not validate against our published schema"
            ));
        }
        self.write(|index| {
            let (mut deleted, mut errors) = (Vec::new(), Vec::new());
            for object in asked.objects {
                let ObjectIdentifier { key, e_tag, version_id, last_modified_time, size } = object;
                let removed = || {
                    check_version(version_id.as_deref())?;
                    if last_modified_time.is_some() || size.is_some() {
                        return Err(s3_error!(
                            NotImplemented,
                            "Only directory buckets take LastModifiedTime and Size as conditions"
                        ));
                    }
                    let if_match = e_tag.map(s3s::dto::ETagCondition::ETag);
                    self.remove(index, bucket, &key, &Writing::new(if_match, None)?)
                };
                match removed() {
                    Ok(()) => deleted.push(DeletedObject { key: Some(key), ..DeletedObject::default() }),
                    Err(error) => errors.push(s3s::dto::Error {
                        key: Some(key),
                        code: Some(error.code().as_str().to_owned()),
                        message: error.message().map(str::to_owned),
                        ..s3s::dto::Error::default()
                    }),
                }
            }
            let keys: Vec<_> = deleted.iter().filter_map(|object| object.key.as_deref()).collect();
            kept(index.forget(bucket, &keys))?;
            let deleted = if asked.quiet == Some(true) { Vec::new() } else { deleted };
            Ok(DeleteObjectsOutput { deleted: Some(deleted), errors: Some(errors), ..DeleteObjectsOutput::default() })
        })
    }

    /// Removes the file of an object. Removing what does not exist succeeds.
    fn remove(&self, index: &Index, bucket: &str, key: &str, conditions: &Writing) -> S3Result<()> {
        let found = self.find(bucket, key)?;
        if !conditions.is_empty() {
            let known = found.as_ref().map(|found| describe(index, bucket, key, found)).transpose()?;
            conditions.check(known.as_ref().map(|known| known.etag.as_str()))?;
        }
        let Some(found) = found else { return Ok(()) };
        match std::fs::remove_file(&found.path) {
            Err(error) if !is_absence(&error) => return Err(failed("delete", key, &error)),
            _ => {}
        }
        self.tell(bucket, key, "ObjectRemoved:Delete", None);
        // Folders exist for the objects in them; one that still has some is not removed.
        let tops = [self.root.join(bucket), self.root.join(".beside")];
        for parent in found.path.ancestors().skip(1).take_while(|parent| !tops.iter().any(|top| top == parent)) {
            if std::fs::remove_dir(parent).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Changes what is kept of an object that exists, without touching its file.
    pub(super) fn change(&self, bucket: &str, key: &str, change: impl FnOnce(&mut Attributes)) -> S3Result<()> {
        self.write(|index| {
            let Some(found) = self.find(bucket, key)? else {
                return Err(s3_error!(NoSuchKey, "The specified key does not exist."));
            };
            let mut attributes = describe(index, bucket, key, &found)?;
            change(&mut attributes);
            let stamp = Stamp::of(&found.metadata);
            kept(index.keep(bucket, key, &stamp, &attributes, Some(&stamp)))
        })
    }
}

/// What is kept of a file that is the object now. Of a file of somebody else, it is found out and kept.
fn describe(index: &Index, bucket: &str, key: &str, found: &Found) -> S3Result<Attributes> {
    let stamp = Stamp::of(&found.metadata);
    if let Some(attributes) = kept(index.attributes(bucket, key, &stamp))? {
        return Ok(attributes);
    }
    let mut etag = opaque_tag(&found.metadata);
    if found.metadata.len() <= READ_FOR_TAG {
        let mut content = Vec::new();
        let read = File::open(&found.path).and_then(|file| file.take(READ_FOR_TAG + 1).read_to_end(&mut content));
        read.map_err(|error| failed("read", key, &error))?;
        etag = hex(&Md5::digest(&content));
    }
    // The same content with another time is a copy of what was written here: of a folder that was unpacked, for example.
    let same = kept(index.with_tag(bucket, key, &etag))?;
    let attributes = same.unwrap_or_else(|| Attributes::of_a_file(etag));
    // Where it cannot be kept, as in a folder that may only be read, it is found out again.
    let _ = index.keep(bucket, key, &stamp, &attributes, Some(&stamp));
    Ok(attributes)
}

/// A tag for content that nobody reads for it: of the form of those of objects in parts, which are no MD5 of the content either.
fn opaque_tag(metadata: &Metadata) -> String {
    let parts = metadata.len().div_ceil(READ_FOR_TAG).max(1);
    format!("{}-{parts}", hex(&Md5::digest(Stamp::of(metadata).as_str())))
}

/// Moves a file to its place, whose folder may be missing.
fn put_at(written: Written, path: &Path) -> Result<(), Box<(io::Error, Written)>> {
    let mut unmoved = match written.move_to(path) {
        Ok(_) => return Ok(()),
        Err(unmoved) => *unmoved,
    };
    match unmoved.0.kind() {
        io::ErrorKind::NotFound => {
            if let Some(Err(error)) = path.parent().map(std::fs::create_dir_all) {
                unmoved.0 = error;
                return Err(Box::new(unmoved));
            }
        }
        // A folder that was left empty is no object.
        _ if std::fs::remove_dir(path).is_ok() => {}
        _ => return Err(Box::new(unmoved)),
    }
    unmoved.1.move_to(path).map(drop)
}

/// Whether a file cannot have this path since it is a folder, or a file is where one of its folders should be.
fn is_in_the_way(folder: &Path, path: &Path) -> bool {
    let mut above = path.ancestors().skip(1).take_while(|above| *above != folder);
    path.is_dir() || above.any(Path::is_file)
}

/// Refuses any version but the one that there is.
pub(super) fn check_version(id: Option<&str>) -> S3Result<()> {
    match id {
        None | Some("null") => Ok(()),
        Some(_) => Err(s3_error!(InvalidArgument, "Invalid version id specified")),
    }
}

pub(super) fn kept<T>(stored: Stored<T>) -> S3Result<T> {
    stored.map_err(|error| s3_error!(InternalError, "Cannot use what is kept of objects: {error}"))
}

pub(super) fn failed(what: &str, name: &str, error: &io::Error) -> S3Error {
    s3_error!(InternalError, "Cannot {what} {name:?}: {error}")
}

/// Whether there is nothing at a path, or something above it is a file.
pub(super) fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

pub(super) fn length(metadata: &Metadata) -> i64 {
    i64::try_from(metadata.len()).unwrap_or(i64::MAX)
}
