//! Objects that are plain files.

use std::collections::BTreeSet;
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use asl_aws::names::{INVALID_BUCKET, is_bucket, is_new_bucket};
use bytes::Bytes;
use s3s::dto::{
    AbortMultipartUploadOutput, Bucket, CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CopyObjectOutput,
    CopyObjectResult, CopySource, CreateBucketOutput, CreateMultipartUploadInput, CreateMultipartUploadOutput, Delete,
    DeleteBucketOutput, DeleteObjectOutput, DeleteObjectsOutput, DeletedObject, ETag, GetObjectInput, GetObjectOutput,
    HeadObjectOutput, ListBucketsOutput, ObjectIdentifier, PutObjectOutput, StreamingBlob, UploadPartOutput,
};
use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};

use super::keys::object_path;
use super::multipart::Uploads;
use crate::OpenError;
use crate::files::{Staging, Written, create_folder};

/// The objects below a folder, and what is being uploaded.
#[derive(Debug)]
pub(super) struct Store {
    root: PathBuf,
    staging: Staging,
    uploads: Uploads,
}

impl Store {
    /// Opens the objects below `root`, and creates the `buckets` that are missing.
    pub(super) fn open(root: PathBuf, buckets: &BTreeSet<String>) -> Result<Self, OpenError> {
        // The name of a bucket never starts with a dot.
        let staging = Staging::open(root.join(".unfinished"))?;
        // The name of another place could lead out of the root; requests for it are refused.
        for bucket in buckets.iter().filter(|bucket| is_bucket(bucket)) {
            create_folder(&root.join(bucket))?;
        }
        let uploads = Uploads::below(&root.join(".unfinished"));
        Ok(Self { root, staging, uploads })
    }

    pub(super) fn create_bucket(&self, bucket: &str) -> S3Result<CreateBucketOutput> {
        if !is_new_bucket(bucket) {
            return Err(s3_error!(InvalidBucketName, "{INVALID_BUCKET}"));
        }
        match std::fs::create_dir(self.root.join(bucket)) {
            Ok(()) => Ok(CreateBucketOutput { location: Some(format!("/{bucket}")) }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(s3_error!(
                BucketAlreadyOwnedByYou,
                "Your previous request to create the named bucket succeeded and you already own it."
            )),
            Err(error) => Err(failed("create the bucket", bucket, &error)),
        }
    }

    pub(super) fn delete_bucket(&self, bucket: &str) -> S3Result<DeleteBucketOutput> {
        match std::fs::remove_dir(self.bucket(bucket)?) {
            Ok(()) => Ok(DeleteBucketOutput {}),
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
                Err(s3_error!(BucketNotEmpty, "The bucket you tried to delete is not empty"))
            }
            Err(error) => Err(failed("delete the bucket", bucket, &error)),
        }
    }

    pub(super) fn list_buckets(&self) -> S3Result<ListBucketsOutput> {
        let unreadable = |error: io::Error| failed("list", &self.root.display().to_string(), &error);
        let mut buckets = Vec::new();
        for entry in std::fs::read_dir(&self.root).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name().to_str().filter(|name| is_bucket(name)).map(str::to_owned);
            let metadata = entry.metadata().map_err(unreadable)?;
            if let Some(name) = name.filter(|_| metadata.is_dir()) {
                let creation_date = Some(metadata.created().unwrap_or(modified(&metadata)).into());
                buckets.push(Bucket { name: Some(name), creation_date, ..Bucket::default() });
            }
        }
        buckets.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(ListBucketsOutput { buckets: Some(buckets), ..ListBucketsOutput::default() })
    }

    /// The folder of a bucket that exists.
    pub(super) fn bucket(&self, bucket: &str) -> S3Result<PathBuf> {
        let folder = self.root.join(bucket);
        if folder.is_dir() { Ok(folder) } else { Err(s3_error!(NoSuchBucket, "The specified bucket does not exist")) }
    }

    /// The file of an object that exists.
    pub(super) fn object(&self, bucket: &str, key: &str) -> S3Result<(PathBuf, Metadata)> {
        let path = object_path(&self.root.join(bucket), key)?;
        match std::fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => Ok((path, metadata)),
            Err(error) if !is_absence(&error) => Err(failed("read", key, &error)),
            _ => {
                self.bucket(bucket)?;
                Err(s3_error!(NoSuchKey, "The specified key does not exist."))
            }
        }
    }

    pub(super) fn put(&self, bucket: &str, key: &str, chunks: &[Bytes]) -> S3Result<PutObjectOutput> {
        object_path(&self.root.join(bucket), key)?;
        let written = self.staging.write(chunks).map_err(|error| failed("write", key, &error))?;
        self.place(bucket, key, written)
    }

    pub(super) fn copy(&self, source: &CopySource, bucket: &str, key: &str) -> S3Result<CopyObjectOutput> {
        let CopySource::Bucket { bucket: from_bucket, key: from_key, version_id: None } = source else {
            return Err(s3_error!(NotImplemented, "The embedded S3 copies from buckets, and has no versions"));
        };
        let (from, _) = self.object(from_bucket, from_key)?;
        let written = self.staging.join(&[from]).map_err(|error| failed("copy", from_key, &error))?;
        let put = self.place(bucket, key, written)?;
        let last_modified = Some(SystemTime::now().into());
        let result = CopyObjectResult { e_tag: put.e_tag, last_modified, ..CopyObjectResult::default() };
        Ok(CopyObjectOutput { copy_object_result: Some(result), ..CopyObjectOutput::default() })
    }

    pub(super) fn delete_all(&self, bucket: &str, asked: Delete) -> S3Result<DeleteObjectsOutput> {
        self.bucket(bucket)?;
        let (mut deleted, mut errors) = (Vec::new(), Vec::new());
        for ObjectIdentifier { key, .. } in asked.objects {
            match self.delete(bucket, &key) {
                Ok(_) => deleted.push(DeletedObject { key: Some(key), ..DeletedObject::default() }),
                Err(error) => errors.push(s3s::dto::Error {
                    key: Some(key),
                    code: Some(error.code().as_str().to_owned()),
                    message: error.message().map(str::to_owned),
                    ..s3s::dto::Error::default()
                }),
            }
        }
        let deleted = if asked.quiet == Some(true) { Vec::new() } else { deleted };
        Ok(DeleteObjectsOutput { deleted: Some(deleted), errors: Some(errors), ..DeleteObjectsOutput::default() })
    }

    pub(super) fn begin_upload(&self, input: CreateMultipartUploadInput) -> S3Result<CreateMultipartUploadOutput> {
        let folder = self.bucket(&input.bucket)?;
        object_path(&folder, &input.key)?;
        let id = self.uploads.begin().map_err(|error| failed("write", &input.key, &error))?;
        let (bucket, key, upload_id) = (Some(input.bucket), Some(input.key), Some(id));
        Ok(CreateMultipartUploadOutput { bucket, key, upload_id, ..CreateMultipartUploadOutput::default() })
    }

    pub(super) fn complete_upload(
        &self,
        input: CompleteMultipartUploadInput,
    ) -> S3Result<CompleteMultipartUploadOutput> {
        let CompleteMultipartUploadInput { bucket, key, upload_id, multipart_upload, .. } = input;
        let parts = multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
        let numbers: Vec<i32> = parts.iter().filter_map(|part| part.part_number).collect();
        if numbers.is_empty() {
            return Err(s3_error!(MalformedXML, "You must specify at least one part"));
        }
        if !numbers.is_sorted_by(|one, next| one < next) {
            return Err(s3_error!(InvalidPartOrder, "The list of parts was not in ascending order."));
        }
        let Some(files) = self.uploads.parts(&upload_id, &numbers) else {
            return Err(s3_error!(InvalidPart, "One or more of the specified parts could not be found."));
        };
        let written = self.staging.join(&files).map_err(|error| failed("write", &key, &error))?;
        let put = self.place(&bucket, &key, written)?;
        self.uploads.end(&upload_id);
        let (bucket, key) = (Some(bucket), Some(key));
        Ok(CompleteMultipartUploadOutput { bucket, key, e_tag: put.e_tag, ..CompleteMultipartUploadOutput::default() })
    }

    /// Gives a file that was written its place.
    fn place(&self, bucket: &str, key: &str, mut written: Written) -> S3Result<PutObjectOutput> {
        let folder = self.root.join(bucket);
        let path = object_path(&folder, key)?;
        // Most folders exist already; one can vanish again when its last object is deleted at the same time.
        let mut tries = 0;
        loop {
            let error = match written.move_to(&path) {
                Ok(metadata) => {
                    return Ok(PutObjectOutput { e_tag: Some(etag(&metadata)), ..PutObjectOutput::default() });
                }
                Err(failed) => {
                    let (error, unmoved) = *failed;
                    written = unmoved;
                    error
                }
            };
            if error.kind() != io::ErrorKind::NotFound || tries == 5 {
                return Err(misplaced(&folder, key, &error));
            }
            self.bucket(bucket)?;
            let parent = path.parent().unwrap_or(&folder);
            std::fs::create_dir_all(parent).map_err(|error| misplaced(&folder, key, &error))?;
            tries += 1;
        }
    }

    pub(super) fn get(&self, input: &GetObjectInput) -> S3Result<GetObjectOutput> {
        let (path, _) = self.object(&input.bucket, &input.key)?;
        let unreadable = |error: io::Error| failed("read", &input.key, &error);
        let mut file = File::open(&path).map_err(unreadable)?;
        // What is told is about the very file that is read: another may take its place meanwhile.
        let metadata = file.metadata().map_err(unreadable)?;
        let whole = 0..metadata.len();
        let part = match &input.range {
            Some(range) => range.check(metadata.len())?,
            None => whole.clone(),
        };
        let bytes = read_part(&mut file, &part).map_err(unreadable)?;
        let content_range =
            (part != whole).then(|| format!("bytes {}-{}/{}", part.start, part.end.saturating_sub(1), metadata.len()));
        Ok(GetObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            content_length: i64::try_from(bytes.len()).ok(),
            body: Some(StreamingBlob::from(s3s::Body::from(bytes))),
            content_range,
            e_tag: Some(etag(&metadata)),
            last_modified: Some(modified(&metadata).into()),
            ..GetObjectOutput::default()
        })
    }

    pub(super) fn delete(&self, bucket: &str, key: &str) -> S3Result<DeleteObjectOutput> {
        let folder = self.bucket(bucket)?;
        let path = object_path(&folder, key)?;
        match std::fs::remove_file(&path) {
            Ok(()) => {
                // Folders exist for the objects in them; one that still has some is not removed.
                for parent in path.ancestors().skip(1).take_while(|parent| *parent != folder) {
                    if std::fs::remove_dir(parent).is_err() {
                        break;
                    }
                }
                Ok(DeleteObjectOutput::default())
            }
            // Deleting what does not exist succeeds; a folder is no object.
            Err(error) if is_absence(&error) || path.is_dir() => Ok(DeleteObjectOutput::default()),
            Err(error) => Err(failed("delete", key, &error)),
        }
    }

    pub(super) fn keep_part(&self, id: &str, number: i32, key: &str, chunks: &[Bytes]) -> S3Result<UploadPartOutput> {
        let kept = self.uploads.keep(id, number, chunks).ok_or_else(no_upload)?;
        kept.map_err(|error| failed("write a part of", key, &error))?;
        Ok(UploadPartOutput { e_tag: Some(ETag::Strong(format!("{id}-{number}"))), ..UploadPartOutput::default() })
    }

    pub(super) fn abort_upload(&self, id: &str) -> S3Result<AbortMultipartUploadOutput> {
        if self.uploads.end(id) { Ok(AbortMultipartUploadOutput::default()) } else { Err(no_upload()) }
    }

    pub(super) fn head(&self, bucket: &str, key: &str) -> S3Result<HeadObjectOutput> {
        let (_, metadata) = self.object(bucket, key)?;
        Ok(HeadObjectOutput {
            content_length: Some(length(&metadata)),
            e_tag: Some(etag(&metadata)),
            last_modified: Some(modified(&metadata).into()),
            ..HeadObjectOutput::default()
        })
    }
}

fn read_part(file: &mut File, part: &Range<u64>) -> io::Result<Bytes> {
    let length = part.end - part.start;
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    file.seek(SeekFrom::Start(part.start))?;
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes.into())
}

/// Why a whole file cannot have its place: most often because a key is both an object and what another starts with.
fn misplaced(bucket: &Path, key: &str, error: &io::Error) -> S3Error {
    let mut path = bucket.to_owned();
    let mut names = key.split('/').peekable();
    let mut above = String::new();
    while let Some(name) = names.next() {
        path.push(name);
        if names.peek().is_none() {
            break;
        }
        above.push_str(name);
        if path.is_file() {
            return s3_error!(
                InvalidRequest,
                "The key {key:?} cannot be the path of a file: {above:?} is an object, so nothing can be below it"
            );
        }
        above.push('/');
    }
    if path.is_dir() {
        return s3_error!(
            InvalidRequest,
            "The key {key:?} cannot be the path of a file: there are objects below \"{key}/\""
        );
    }
    failed("write", key, error)
}

fn no_upload() -> S3Error {
    let message = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.";
    S3Error::with_message(S3ErrorCode::NoSuchUpload, message)
}

pub(super) fn failed(what: &str, name: &str, error: &io::Error) -> S3Error {
    s3_error!(InternalError, "Cannot {what} {name:?}: {error}")
}

/// Whether there is nothing at a path, or something above it is a file.
pub(super) fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Changes with every write of an object. Not the MD5 of its content, which S3 promises for some objects only.
pub(super) fn etag(metadata: &Metadata) -> ETag {
    let nanos = modified(metadata).duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    ETag::Strong(format!("{nanos:x}-{:x}", metadata.len()))
}

pub(super) fn modified(metadata: &Metadata) -> SystemTime {
    metadata.modified().unwrap_or(UNIX_EPOCH)
}

pub(super) fn length(metadata: &Metadata) -> i64 {
    i64::try_from(metadata.len()).unwrap_or(i64::MAX)
}
