//! The operations of the embedded S3 on files.

use std::collections::BTreeSet;
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use asl_aws::names::{INVALID_BUCKET, is_bucket, is_new_bucket};
use asl_runtime::blocking;
use bytes::Bytes;
use futures_util::StreamExt;
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CommonPrefix, CompleteMultipartUploadInput,
    CompleteMultipartUploadOutput, CreateBucketInput, CreateBucketOutput, CreateMultipartUploadInput,
    CreateMultipartUploadOutput, DeleteObjectInput, DeleteObjectOutput, ETag, GetObjectInput, GetObjectOutput,
    HeadBucketInput, HeadBucketOutput, HeadObjectInput, HeadObjectOutput, ListObjectsV2Input, ListObjectsV2Output,
    Object, PutObjectInput, PutObjectOutput, StreamingBlob, UploadPartInput, UploadPartOutput,
};
use s3s::{S3, S3Error, S3ErrorCode, S3Request, S3Response, S3Result, s3_error};

use super::keys::object_path;
use super::multipart::Uploads;
use crate::OpenError;
use crate::files::{Staging, Written, create_folder};

/// The most entries that one answer lists.
const MAX_KEYS: i32 = 1000;

/// Up to how many bytes an object is written on the thread that asks for it. Such a write goes to the page cache
/// and takes some 15 µs, less than handing it to another thread and back.
const SMALL: usize = 64 * 1024;

#[derive(Clone, Debug)]
pub(super) struct Backend(Arc<Store>);

#[derive(Debug)]
struct Store {
    root: PathBuf,
    staging: Staging,
    uploads: Uploads,
}

impl Backend {
    /// Opens the objects below `root`, and creates the `buckets` that are missing.
    pub(super) fn open(root: PathBuf, buckets: &BTreeSet<String>) -> Result<Self, OpenError> {
        // The name of a bucket never starts with a dot.
        let staging = Staging::open(root.join(".unfinished"))?;
        // The name of another place could lead out of the root; requests for it are refused.
        for bucket in buckets.iter().filter(|bucket| is_bucket(bucket)) {
            create_folder(&root.join(bucket))?;
        }
        let uploads = Uploads::below(&root.join(".unfinished"));
        Ok(Self(Arc::new(Store { root, staging, uploads })))
    }

    /// Runs `work` where it may wait for the disk.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> S3Result<T> + Send + 'static,
    ) -> S3Result<S3Response<T>> {
        let store = Arc::clone(&self.0);
        blocking(move || work(&store)).await.map(S3Response::new)
    }
}

#[async_trait::async_trait]
impl S3 for Backend {
    async fn create_bucket(&self, request: S3Request<CreateBucketInput>) -> S3Result<S3Response<CreateBucketOutput>> {
        self.run(move |store| store.create_bucket(&request.input.bucket)).await
    }

    async fn head_bucket(&self, request: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        self.run(move |store| store.bucket(&request.input.bucket).map(|_| HeadBucketOutput::default())).await
    }

    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let input = request.input;
        if input.if_match.is_some() || input.if_none_match.is_some() {
            return Err(s3_error!(NotImplemented, "Conditional writes are not part of the embedded S3"));
        }
        let chunks = chunks(input.body).await?;
        if chunks.iter().map(Bytes::len).sum::<usize>() <= SMALL {
            return self.0.put(&input.bucket, &input.key, &chunks).map(S3Response::new);
        }
        self.run(move |store| store.put(&input.bucket, &input.key, &chunks)).await
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        self.run(move |store| store.get(&request.input)).await
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        self.run(move |store| {
            let (_, metadata) = store.object(&request.input.bucket, &request.input.key)?;
            Ok(HeadObjectOutput {
                content_length: Some(length(&metadata)),
                e_tag: Some(etag(&metadata)),
                last_modified: Some(modified(&metadata).into()),
                ..HeadObjectOutput::default()
            })
        })
        .await
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.run(move |store| store.delete(&request.input.bucket, &request.input.key)).await
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        self.run(move |store| store.begin_upload(request.input)).await
    }

    async fn upload_part(&self, request: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        let input = request.input;
        let chunks = chunks(input.body).await?;
        let (id, number) = (input.upload_id, input.part_number);
        self.run(move |store| {
            let kept = store.uploads.keep(&id, number, &chunks).ok_or_else(no_upload)?;
            kept.map_err(|error| failed("write a part of", &input.key, &error))?;
            Ok(UploadPartOutput { e_tag: Some(ETag::Strong(format!("{id}-{number}"))), ..UploadPartOutput::default() })
        })
        .await
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        self.run(move |store| store.complete_upload(request.input)).await
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        self.run(move |store| match store.uploads.end(&request.input.upload_id) {
            true => Ok(AbortMultipartUploadOutput::default()),
            false => Err(no_upload()),
        })
        .await
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        self.run(move |store| store.list(request.input)).await
    }
}

impl Store {
    fn create_bucket(&self, bucket: &str) -> S3Result<CreateBucketOutput> {
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

    /// The folder of a bucket that exists.
    fn bucket(&self, bucket: &str) -> S3Result<PathBuf> {
        let folder = self.root.join(bucket);
        if folder.is_dir() { Ok(folder) } else { Err(s3_error!(NoSuchBucket, "The specified bucket does not exist")) }
    }

    /// The file of an object that exists.
    fn object(&self, bucket: &str, key: &str) -> S3Result<(PathBuf, Metadata)> {
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

    fn put(&self, bucket: &str, key: &str, chunks: &[Bytes]) -> S3Result<PutObjectOutput> {
        object_path(&self.root.join(bucket), key)?;
        let written = self.staging.write(chunks).map_err(|error| failed("write", key, &error))?;
        self.place(bucket, key, written)
    }

    fn begin_upload(&self, input: CreateMultipartUploadInput) -> S3Result<CreateMultipartUploadOutput> {
        let folder = self.bucket(&input.bucket)?;
        object_path(&folder, &input.key)?;
        let id = self.uploads.begin().map_err(|error| failed("write", &input.key, &error))?;
        let (bucket, key, upload_id) = (Some(input.bucket), Some(input.key), Some(id));
        Ok(CreateMultipartUploadOutput { bucket, key, upload_id, ..CreateMultipartUploadOutput::default() })
    }

    fn complete_upload(&self, input: CompleteMultipartUploadInput) -> S3Result<CompleteMultipartUploadOutput> {
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

    fn get(&self, input: &GetObjectInput) -> S3Result<GetObjectOutput> {
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

    fn delete(&self, bucket: &str, key: &str) -> S3Result<DeleteObjectOutput> {
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

    fn list(&self, input: ListObjectsV2Input) -> S3Result<ListObjectsV2Output> {
        let folder = self.bucket(&input.bucket)?;
        let mut objects = Vec::new();
        collect(&folder, String::new(), &mut objects).map_err(|error| failed("list", &input.bucket, &error))?;
        objects.sort_by(|(one, _), (other, _)| one.cmp(other));

        let prefix = input.prefix.as_deref().unwrap_or_default();
        let delimiter = input.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty());
        // The token is the last key or common prefix of the answer before.
        let after = input.continuation_token.as_deref().or(input.start_after.as_deref()).unwrap_or_default();
        let max_keys = input.max_keys.unwrap_or(MAX_KEYS).clamp(0, MAX_KEYS);
        let room = usize::try_from(max_keys).unwrap_or_default();

        let (mut contents, mut common_prefixes) = (Vec::new(), BTreeSet::new());
        let mut last = None;
        let mut is_truncated = false;
        for (key, metadata) in objects {
            let Some(rest) = key.strip_prefix(prefix) else { continue };
            let common = delimiter.and_then(|delimiter| {
                rest.find(delimiter).map(|at| key[..prefix.len() + at + delimiter.len()].to_owned())
            });
            let entry = common.as_deref().unwrap_or(&key);
            if entry <= after || common_prefixes.contains(entry) {
                continue;
            }
            if contents.len() + common_prefixes.len() == room {
                is_truncated = room > 0;
                break;
            }
            last = Some(entry.to_owned());
            match common {
                Some(common) => {
                    common_prefixes.insert(common);
                }
                None => contents.push(Object {
                    key: Some(key),
                    size: Some(length(&metadata)),
                    e_tag: Some(etag(&metadata)),
                    last_modified: Some(modified(&metadata).into()),
                    ..Object::default()
                }),
            }
        }
        Ok(ListObjectsV2Output {
            key_count: i32::try_from(contents.len() + common_prefixes.len()).ok(),
            contents: Some(contents),
            common_prefixes: Some(
                common_prefixes.into_iter().map(|prefix| CommonPrefix { prefix: Some(prefix) }).collect(),
            ),
            next_continuation_token: last.filter(|_| is_truncated),
            is_truncated: Some(is_truncated),
            max_keys: Some(max_keys),
            name: Some(input.bucket),
            prefix: input.prefix,
            delimiter: input.delimiter,
            continuation_token: input.continuation_token,
            start_after: input.start_after,
            ..ListObjectsV2Output::default()
        })
    }
}

/// All files below `folder`; `prefix` is what their keys start with.
fn collect(folder: &Path, prefix: String, into: &mut Vec<(String, Metadata)>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        // A name that is not Unicode was not made by a key.
        let Ok(name) = entry.file_name().into_string() else { continue };
        let metadata = match entry.metadata() {
            Ok(metadata) => metadata,
            Err(error) if is_absence(&error) => continue,
            Err(error) => return Err(error),
        };
        if metadata.is_dir() {
            match collect(&entry.path(), format!("{prefix}{name}/"), into) {
                Err(error) if !is_absence(&error) => return Err(error),
                _ => {}
            }
        } else {
            into.push((format!("{prefix}{name}"), metadata));
        }
    }
    Ok(())
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

/// The body of a request.
async fn chunks(body: Option<StreamingBlob>) -> S3Result<Vec<Bytes>> {
    let mut chunks = Vec::new();
    if let Some(mut body) = body {
        while let Some(chunk) = body.next().await {
            chunks.push(chunk.map_err(|error| s3_error!(IncompleteBody, "The body cannot be read: {error}"))?);
        }
    }
    Ok(chunks)
}

fn failed(what: &str, name: &str, error: &io::Error) -> S3Error {
    s3_error!(InternalError, "Cannot {what} {name:?}: {error}")
}

/// Whether there is nothing at a path, or something above it is a file.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Changes with every write of an object. Not the MD5 of its content, which S3 promises for some objects only.
fn etag(metadata: &Metadata) -> ETag {
    let nanos = modified(metadata).duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    ETag::Strong(format!("{nanos:x}-{:x}", metadata.len()))
}

fn modified(metadata: &Metadata) -> SystemTime {
    metadata.modified().unwrap_or(UNIX_EPOCH)
}

fn length(metadata: &Metadata) -> i64 {
    i64::try_from(metadata.len()).unwrap_or(i64::MAX)
}
