//! The operations of the embedded S3, as `s3s` hands them on.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use asl_runtime::blocking;
use bytes::Bytes;
use futures_util::StreamExt;
use s3s::dto::*;
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};
use tokio::sync::mpsc;

use super::attributes::{Attributes, attributes, encryption, modified, tags_of_set};
use super::body::{Sent, Unreadable};
use super::changes::Changes;
use super::checksum::{Algorithm, Claims, Digested, Digests, set_checksum};
use super::conditions::Writing;
use super::multipart::PartFile;
use super::objects::{copied, source_conditions};
use super::store::{Store, check_version, failed, owner};
use super::{PUT_MAX, TOO_LARGE};
use crate::OpenError;
use crate::files::Written;

/// Up to how many bytes an object is written on the thread that asks for it. Such a write goes to the page cache
/// and takes some 15 µs, less than handing it to another thread and back.
const SMALL: i64 = 64 * 1024;

/// How many pieces of a body wait to be written: some hundred kilobytes each.
const WAITING: usize = 4;

#[derive(Clone, Debug)]
pub(super) struct Backend(Arc<Store>);

impl Backend {
    /// Opens the objects below `root`, and creates the `buckets` that are missing.
    pub(super) fn open(root: PathBuf, buckets: &BTreeSet<String>, changes: Changes) -> Result<Self, OpenError> {
        Ok(Self(Arc::new(Store::open(root, buckets, changes)?)))
    }

    /// Runs `work` where it may wait for the disk.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> S3Result<T> + Send + 'static,
    ) -> S3Result<S3Response<T>> {
        let store = Arc::clone(&self.0);
        blocking(move || work(&store)).await.map(S3Response::new)
    }

    /// Keeps a new object.
    async fn put(&self, new: New) -> S3Result<PutObjectOutput> {
        let New { bucket, key, attributes, conditions, body, length, claims, sent } = new;
        // Who writes to no bucket is told so before the body comes.
        self.0.bucket(&bucket)?;
        let algorithm = claims.algorithm().unwrap_or(Algorithm::Crc64Nvme);
        let digests = Digests::new(claims.algorithms().chain([algorithm]));
        let unwritable = |error: &io::Error| failed("write", &key, error);
        let finish = move |store: &Store, found: Digested, written: Written, key: &str| {
            check(&claims, &found, &sent)?;
            let attributes = attributes.digested(&found, algorithm);
            store.place(&bucket, key, written, &attributes, &conditions, "ObjectCreated:Put")?;
            let mut output = PutObjectOutput {
                e_tag: Some(ETag::Strong(attributes.etag)),
                server_side_encryption: Some(encryption()),
                ..PutObjectOutput::default()
            };
            if let Some(checksum) = attributes.checksum {
                output.checksum_type = Some(super::attributes::checksum_type(&checksum));
                set_checksum!(output, checksum.algorithm, checksum.value);
            }
            Ok(output)
        };
        if length.is_some_and(|length| length <= SMALL) {
            let chunks = whole(body).await?;
            let mut digests = digests;
            chunks.iter().for_each(|chunk| digests.update(chunk));
            let written = self.0.staging.write(&chunks).map_err(|error| unwritable(&error))?;
            return finish(&self.0, digests.finish(), written, &key);
        }
        let file = self.0.staging.create().map_err(|error| unwritable(&error))?;
        let handle = file.reopen().map_err(|error| unwritable(&error))?;
        let found = fill(handle, digests, body, &key).await?;
        let store = Arc::clone(&self.0);
        blocking(move || {
            let written = Written::of(file).map_err(|error| failed("write", &key, &error))?;
            finish(&store, found, written, &key)
        })
        .await
    }
}

/// An object that is written.
struct New {
    bucket: String,
    key: String,
    attributes: Attributes,
    conditions: Writing,
    body: Option<StreamingBlob>,
    length: Option<i64>,
    claims: Claims,
    sent: Sent,
}

/// Holds what arrived against what the request says of it.
fn check(claims: &Claims, found: &Digested, sent: &Sent) -> S3Result<()> {
    if sent.length.is_some_and(|length| length != found.length) {
        return Err(s3_error!(IncompleteBody, "The request body terminated unexpectedly"));
    }
    sent.trailers(|trailers| claims.check(found, trailers)).map_err(Into::into)
}

/// The claims of a request about its body, and how it was sent.
fn claims<T>(request: &S3Request<T>) -> S3Result<(Claims, Sent)> {
    let sent = request.extensions.get::<Sent>().cloned().unwrap_or_default();
    Ok((Claims::of(&request.headers, sent.signed.as_deref())?, sent))
}

/// The body of a request.
async fn whole(body: Option<StreamingBlob>) -> S3Result<Vec<Bytes>> {
    let mut chunks = Vec::new();
    if let Some(mut body) = body {
        while let Some(chunk) = body.next().await {
            chunks.push(chunk.map_err(|error| Unreadable::refusal(&*error))?);
        }
    }
    Ok(chunks)
}

/// Writes a body to a file as it arrives.
async fn fill(mut file: File, mut digests: Digests, body: Option<StreamingBlob>, key: &str) -> S3Result<Digested> {
    let (send, mut receive) = mpsc::channel::<Bytes>(WAITING);
    let writing = blocking(move || {
        while let Some(chunk) = receive.blocking_recv() {
            digests.update(&chunk);
            file.write_all(&chunk)?;
        }
        Ok(digests.finish())
    });
    let reading = async move {
        let mut length = 0;
        let Some(mut body) = body else { return Ok(()) };
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|error| Unreadable::refusal(&*error))?;
            length += chunk.len() as u64;
            if length > PUT_MAX {
                return Err(s3_error!(EntityTooLarge, "{TOO_LARGE}"));
            }
            if send.send(chunk).await.is_err() {
                // Why it cannot be written is told by who writes.
                break;
            }
        }
        Ok(())
    };
    let (written, read) = tokio::join!(writing, reading);
    read?;
    written.map_err(|error: io::Error| failed("write", key, &error))
}

/// Refuses what goes with a form, and has no header of its own that was looked at before.
fn check_form(input: &PostObjectInput) -> S3Result<()> {
    let refused = [
        ("acl", input.acl.as_ref().is_some_and(|acl| acl.as_str() != super::refused::OWNER_CONTROL)),
        ("x-amz-server-side-encryption-customer-algorithm", input.sse_customer_algorithm.is_some()),
        ("x-amz-server-side-encryption-aws-kms-key-id", input.ssekms_key_id.is_some()),
        (
            "x-amz-server-side-encryption",
            input.server_side_encryption.as_ref().is_some_and(|encryption| encryption.as_str() != "AES256"),
        ),
    ];
    match refused.iter().find(|(_, is_there)| *is_there) {
        Some(("acl", _)) => Err(s3_error!(AccessControlListNotSupported, "The bucket does not allow ACLs")),
        Some((field, _)) => Err(s3_error!(NotImplemented, "The field {field} is not part of the embedded S3")),
        None => Ok(()),
    }
}

#[async_trait::async_trait]
impl S3 for Backend {
    async fn create_bucket(&self, request: S3Request<CreateBucketInput>) -> S3Result<S3Response<CreateBucketOutput>> {
        self.run(move |store| store.create_bucket(request.input)).await
    }

    async fn head_bucket(&self, request: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        self.run(move |store| {
            let location = store.location(&request.input.bucket)?;
            Ok(HeadBucketOutput {
                bucket_region: Some(location.unwrap_or_else(|| crate::REGION.to_owned())),
                access_point_alias: Some(false),
                ..HeadBucketOutput::default()
            })
        })
        .await
    }

    async fn delete_bucket(&self, request: S3Request<DeleteBucketInput>) -> S3Result<S3Response<DeleteBucketOutput>> {
        self.run(move |store| store.delete_bucket(&request.input.bucket)).await
    }

    async fn list_buckets(&self, request: S3Request<ListBucketsInput>) -> S3Result<S3Response<ListBucketsOutput>> {
        self.run(move |store| store.list_buckets(request.input)).await
    }

    async fn get_bucket_location(
        &self,
        request: S3Request<GetBucketLocationInput>,
    ) -> S3Result<S3Response<GetBucketLocationOutput>> {
        self.run(move |store| {
            let location = store.location(&request.input.bucket)?;
            Ok(GetBucketLocationOutput { location_constraint: location.map(Into::into) })
        })
        .await
    }

    async fn get_bucket_versioning(
        &self,
        request: S3Request<GetBucketVersioningInput>,
    ) -> S3Result<S3Response<GetBucketVersioningOutput>> {
        // Says nothing where versioning was never switched on.
        self.run(move |store| store.bucket(&request.input.bucket).map(|_| GetBucketVersioningOutput::default())).await
    }

    async fn get_bucket_acl(&self, request: S3Request<GetBucketAclInput>) -> S3Result<S3Response<GetBucketAclOutput>> {
        let told = GetBucketAclOutput { grants: Some(vec![owners_grant()]), owner: Some(owner()) };
        self.run(move |store| store.bucket(&request.input.bucket).map(|_| told)).await
    }

    async fn get_object_acl(&self, request: S3Request<GetObjectAclInput>) -> S3Result<S3Response<GetObjectAclOutput>> {
        let told =
            GetObjectAclOutput { grants: Some(vec![owners_grant()]), owner: Some(owner()), request_charged: None };
        self.run(move |store| {
            check_version(request.input.version_id.as_deref())?;
            store.opened(&request.input.bucket, &request.input.key).map(|_| told)
        })
        .await
    }

    async fn copy_object(&self, request: S3Request<CopyObjectInput>) -> S3Result<S3Response<CopyObjectOutput>> {
        // The input has no fields for them.
        let condition = |name: &str| {
            let header = request.headers.get(name)?;
            Some(ETagCondition::parse_http_header(header.as_bytes()))
        };
        let invalid = |_| s3_error!(InvalidArgument, "The condition is no tag");
        let (if_match, if_none_match) = (condition("if-match"), condition("if-none-match"));
        let if_match = if_match.transpose().map_err(invalid)?;
        let if_none_match = if_none_match.transpose().map_err(invalid)?;
        let writing = Writing::new(if_match, if_none_match)?;
        self.run(move |store| store.copy(request.input, &writing)).await
    }

    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let (claims, sent) = claims(&request)?;
        let input = request.input;
        if input.write_offset_bytes.is_some() {
            return Err(s3_error!(NotImplemented, "Only directory buckets append to objects"));
        }
        let conditions = Writing::new(input.if_match, input.if_none_match)?;
        let (bucket, key, body, length) = (input.bucket, input.key, input.body, input.content_length);
        let attributes = attributes!(input);
        self.put(New { bucket, key, attributes, conditions, body, length, claims, sent }).await.map(S3Response::new)
    }

    async fn post_object(&self, request: S3Request<PostObjectInput>) -> S3Result<S3Response<PostObjectOutput>> {
        let input = request.input;
        check_form(&input)?;
        let fields = [
            ("content-md5", input.content_md5),
            ("x-amz-checksum-crc32", input.checksum_crc32),
            ("x-amz-checksum-crc32c", input.checksum_crc32c),
            ("x-amz-checksum-crc64nvme", input.checksum_crc64nvme),
            ("x-amz-checksum-sha1", input.checksum_sha1),
            ("x-amz-checksum-sha256", input.checksum_sha256),
        ];
        let mut headers = http::HeaderMap::new();
        for (name, value) in fields {
            if let Some(value) = value.and_then(|value| value.try_into().ok()) {
                headers.insert(name, value);
            }
        }
        let claims = Claims::of(&headers, None)?;
        let conditions = Writing::new(input.if_match, input.if_none_match)?;
        let (bucket, key, body) = (input.bucket, input.key, input.body);
        let attributes = attributes!(input);
        let (length, sent) = (None, Sent::default());
        let put = self.put(New { bucket, key, attributes, conditions, body, length, claims, sent }).await?;
        Ok(S3Response::new(PostObjectOutput { e_tag: put.e_tag, ..PostObjectOutput::default() }))
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        let overridden = (
            input.response_content_type.clone(),
            input.response_cache_control.clone(),
            input.response_content_disposition.clone(),
            input.response_content_encoding.clone(),
            input.response_content_language.clone(),
            input.response_expires.clone(),
        );
        let mut response = self.run(move |store| store.get(&input)).await?;
        let output = &mut response.output;
        let (content_type, cache_control, disposition, encoding, language, expires) = overridden;
        output.content_type = content_type.or(output.content_type.take());
        output.cache_control = cache_control.or(output.cache_control.take());
        output.content_disposition = disposition.or(output.content_disposition.take());
        output.content_encoding = encoding.or(output.content_encoding.take());
        output.content_language = language.or(output.content_language.take());
        output.expires = expires.or(output.expires.take());
        Ok(response)
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        self.run(move |store| store.head(&request.input)).await
    }

    async fn get_object_attributes(
        &self,
        request: S3Request<GetObjectAttributesInput>,
    ) -> S3Result<S3Response<GetObjectAttributesOutput>> {
        self.run(move |store| object_attributes(store, &request.input)).await
    }

    async fn get_object_tagging(
        &self,
        request: S3Request<GetObjectTaggingInput>,
    ) -> S3Result<S3Response<GetObjectTaggingOutput>> {
        self.run(move |store| {
            check_version(request.input.version_id.as_deref())?;
            let tags = store.tags(&request.input.bucket, &request.input.key)?;
            let tag_set = tags.into_iter().map(|(key, value)| Tag { key: Some(key), value: Some(value) }).collect();
            Ok(GetObjectTaggingOutput { tag_set, version_id: None })
        })
        .await
    }

    async fn put_object_tagging(
        &self,
        request: S3Request<PutObjectTaggingInput>,
    ) -> S3Result<S3Response<PutObjectTaggingOutput>> {
        self.run(move |store| {
            let input = request.input;
            check_version(input.version_id.as_deref())?;
            let tags = tags_of_set(input.tagging.tag_set)?;
            store.change(&input.bucket, &input.key, |attributes| attributes.tags = tags)?;
            Ok(PutObjectTaggingOutput::default())
        })
        .await
    }

    async fn delete_object_tagging(
        &self,
        request: S3Request<DeleteObjectTaggingInput>,
    ) -> S3Result<S3Response<DeleteObjectTaggingOutput>> {
        self.run(move |store| {
            let input = request.input;
            check_version(input.version_id.as_deref())?;
            store.change(&input.bucket, &input.key, |attributes| attributes.tags = Vec::new())?;
            Ok(DeleteObjectTaggingOutput::default())
        })
        .await
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        let input = request.input;
        check_version(input.version_id.as_deref())?;
        let conditions = Writing::new(input.if_match, None)?;
        self.run(move |store| store.delete(&input.bucket, &input.key, &conditions)).await
    }

    async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        self.run(move |store| store.delete_all(&request.input.bucket, request.input.delete)).await
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        self.run(move |store| store.begin_upload(request.input)).await
    }

    async fn upload_part(&self, request: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        let (claims, sent) = claims(&request)?;
        let input = request.input;
        let (bucket, key, id, number) = (input.bucket, input.key.clone(), input.upload_id, input.part_number);
        let length = input.content_length.and_then(|length| u64::try_from(length).ok());
        let begun = self.run(move |store| store.begin_part((&bucket, &key, &id), number, length)).await?;
        let (part, file) = begun.output;
        let algorithm = part.algorithm();
        let digests = Digests::new(claims.algorithms().chain([algorithm]));
        let found = fill(file, digests, input.body, &input.key).await?;
        self.run(move |store| {
            check(&claims, &found, &sent)?;
            let told = claims.algorithm().unwrap_or(algorithm);
            let mut output = UploadPartOutput {
                e_tag: Some(ETag::Strong(store.keep_part(part, &found)?)),
                server_side_encryption: Some(encryption()),
                ..UploadPartOutput::default()
            };
            if let Some(value) = found.checksums.get(&told) {
                set_checksum!(output, told, value.clone());
            }
            Ok(output)
        })
        .await
    }

    async fn upload_part_copy(
        &self,
        request: S3Request<UploadPartCopyInput>,
    ) -> S3Result<S3Response<UploadPartCopyOutput>> {
        self.run(move |store| copy_part(store, &request.input)).await
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
        let input = request.input;
        self.run(move |store| store.abort_upload(&input.bucket, &input.key, &input.upload_id)).await
    }

    async fn list_parts(&self, request: S3Request<ListPartsInput>) -> S3Result<S3Response<ListPartsOutput>> {
        self.run(move |store| store.list_parts(request.input)).await
    }

    async fn list_multipart_uploads(
        &self,
        request: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        self.run(move |store| store.list_uploads(request.input)).await
    }

    async fn list_objects(&self, request: S3Request<ListObjectsInput>) -> S3Result<S3Response<ListObjectsOutput>> {
        self.run(move |store| store.list(request.input)).await
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        self.run(move |store| store.list_v2(request.input)).await
    }
}

/// What the owner of everything may do: all.
fn owners_grant() -> Grant {
    let grantee = Grantee {
        display_name: None,
        email_address: None,
        id: owner().id,
        type_: Type::from_static(Type::CANONICAL_USER),
        uri: None,
    };
    Grant { grantee: Some(grantee), permission: Some(Permission::from_static(Permission::FULL_CONTROL)) }
}

/// What there is to ask for of an object.
const ATTRIBUTES: [&str; 5] = [
    ObjectAttributes::CHECKSUM,
    ObjectAttributes::ETAG,
    ObjectAttributes::OBJECT_PARTS,
    ObjectAttributes::OBJECT_SIZE,
    ObjectAttributes::STORAGE_CLASS,
];

fn object_attributes(store: &Store, input: &GetObjectAttributesInput) -> S3Result<GetObjectAttributesOutput> {
    check_version(input.version_id.as_deref())?;
    let opened = store.opened(&input.bucket, &input.key)?;
    // A header may name several.
    let asked: Vec<_> =
        input.object_attributes.iter().flat_map(|asked| asked.as_str().split(',').map(str::trim)).collect();
    if let Some(unknown) = asked.iter().find(|name| !ATTRIBUTES.contains(name)) {
        return Err(s3_error!(InvalidArgument, "Invalid attribute name specified: {unknown}"));
    }
    let is_asked = |name: &str| asked.contains(&name);
    let attributes = &opened.attributes;
    let mut checksum = None;
    if let (true, Some(kept)) = (is_asked(ObjectAttributes::CHECKSUM), &attributes.checksum) {
        let mut told = Checksum { checksum_type: Some(super::attributes::checksum_type(kept)), ..Checksum::default() };
        set_checksum!(told, kept.algorithm, kept.value.clone());
        checksum = Some(told);
    }
    // Without the quotation marks that it has elsewhere.
    let e_tag = is_asked(ObjectAttributes::ETAG).then(|| ETag::Strong(attributes.etag.clone()));
    let class = attributes.storage_class.clone().unwrap_or_else(|| super::attributes::STANDARD.to_owned());
    Ok(GetObjectAttributesOutput {
        checksum,
        e_tag,
        last_modified: Some(modified(&opened.metadata).into()),
        object_size: is_asked(ObjectAttributes::OBJECT_SIZE).then(|| super::store::length(&opened.metadata)),
        storage_class: is_asked(ObjectAttributes::STORAGE_CLASS).then(|| class.into()),
        object_parts: (is_asked(ObjectAttributes::OBJECT_PARTS) && !attributes.parts.is_empty())
            .then(|| object_parts(attributes, input)),
        ..GetObjectAttributesOutput::default()
    })
}

fn object_parts(attributes: &Attributes, input: &GetObjectAttributesInput) -> GetObjectAttributesParts {
    let total = i32::try_from(attributes.parts.len()).ok();
    let marker = input.part_number_marker.unwrap_or_default();
    let max_parts = input.max_parts.unwrap_or(1000).clamp(0, 1000);
    // S3 tells the parts one by one only where each has a checksum.
    let algorithm = attributes.checksum.as_ref().map(|checksum| checksum.algorithm);
    let told = attributes.parts.iter().filter(|part| part.number > marker).filter_map(|part| {
        let (algorithm, checksum) = (algorithm?, part.checksum.clone()?);
        let mut told =
            ObjectPart { part_number: Some(part.number), size: i64::try_from(part.size).ok(), ..ObjectPart::default() };
        set_checksum!(told, algorithm, checksum);
        Some(told)
    });
    let mut parts: Vec<_> = told.collect();
    let room = usize::try_from(max_parts).unwrap_or_default();
    let is_truncated = parts.len() > room;
    parts.truncate(room);
    GetObjectAttributesParts {
        total_parts_count: total,
        is_truncated: Some(is_truncated),
        max_parts: Some(max_parts),
        part_number_marker: Some(marker),
        next_part_number_marker: parts.last().and_then(|part| part.part_number).or(Some(0)),
        parts: (!parts.is_empty()).then_some(parts),
    }
}

fn copy_part(store: &Store, input: &UploadPartCopyInput) -> S3Result<UploadPartCopyOutput> {
    use std::io::{Read, Seek, SeekFrom};
    let mut source = store.source(&input.copy_source, source_conditions!(input))?;
    let whole = source.metadata.len();
    let part = match &input.copy_source_range {
        None => 0..whole,
        Some(range) => {
            let invalid = || {
                s3_error!(
                    InvalidArgument,
                    "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy"
                )
            };
            match Range::parse(range).map_err(|_| invalid())? {
                Range::Int { first, last: Some(last) } if last < whole => first..last + 1,
                Range::Int { last: Some(_), .. } => {
                    return Err(s3_error!(
                        InvalidArgument,
                        "Range specified is not valid for source object of size: {whole}"
                    ));
                }
                _ => return Err(invalid()),
            }
        }
    };
    let length = part.end - part.start;
    let place = (&*input.bucket, &*input.key, &*input.upload_id);
    let (file, mut to): (PartFile, File) = store.begin_part(place, input.part_number, Some(length))?;
    let unwritable = |error: io::Error| failed("write a part of", &input.key, &error);
    source.file.seek(SeekFrom::Start(part.start)).map_err(unwritable)?;
    let algorithm = file.algorithm();
    let digests = Digests::new([algorithm]);
    let found = copied(&mut source.file.take(length), &mut to, digests).map_err(unwritable)?;
    let mut result = CopyPartResult {
        e_tag: Some(ETag::Strong(store.keep_part(file, &found)?)),
        last_modified: Some(super::attributes::whole_seconds(std::time::SystemTime::now()).into()),
        ..CopyPartResult::default()
    };
    if let Some(value) = found.checksums.get(&algorithm) {
        set_checksum!(result, algorithm, value.clone());
    }
    Ok(UploadPartCopyOutput {
        copy_part_result: Some(result),
        server_side_encryption: Some(encryption()),
        ..UploadPartCopyOutput::default()
    })
}
