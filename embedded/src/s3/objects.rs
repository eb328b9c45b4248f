//! What is read of objects, and how they are listed and copied.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use bytes::{Bytes, BytesMut};
use futures_util::stream;
use s3s::dto::{
    CommonPrefix, CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopySource, ETag, EncodingType, GetObjectInput,
    GetObjectOutput, HeadObjectInput, HeadObjectOutput, ListObjectsInput, ListObjectsOutput, ListObjectsV2Input,
    ListObjectsV2Output, Object, StreamingBlob,
};
use s3s::{S3Error, S3Result, s3_error};
use tokio::io::AsyncReadExt;

use super::RequestError;
use super::attributes::{Attributes, STANDARD, attributes, checksum_type, encryption, modified, tell_attributes};
use super::checksum::{Algorithm, Digests, set_checksum};
use super::conditions::{Reading, Writing};
use super::listing::{self, Asked, Page};
use super::store::{Opened, Store, check_version, failed, length, owner};
use crate::files::Written;

/// The most entries that one answer lists.
const MAX_KEYS: i32 = 1000;

/// Up to how many bytes an answer is read at once; the others come in pieces.
const AT_ONCE: u64 = 1 << 20;

/// How many bytes a piece has.
const PIECE: usize = 256 << 10;

/// The most bytes that are copied at once; larger objects are copied part by part.
const COPY_MAX: u64 = 5 << 30;

/// The conditions of a request that reads an object.
macro_rules! reading {
    ($input:expr) => {
        Reading {
            if_match: $input.if_match.clone(),
            if_none_match: $input.if_none_match.clone(),
            if_modified_since: $input.if_modified_since.clone(),
            if_unmodified_since: $input.if_unmodified_since.clone(),
        }
    };
}

/// The conditions of a request that copies, about its source.
macro_rules! source_conditions {
    ($input:expr) => {
        $crate::s3::conditions::Reading {
            if_match: $input.copy_source_if_match.clone(),
            if_none_match: $input.copy_source_if_none_match.clone(),
            if_modified_since: $input.copy_source_if_modified_since.clone(),
            if_unmodified_since: $input.copy_source_if_unmodified_since.clone(),
        }
    };
}
pub(super) use source_conditions;

/// Which part of an object is asked for, and how that is told.
struct Window {
    part: Range<u64>,
    content_range: Option<String>,
    parts_count: Option<i32>,
}

impl Window {
    fn new(opened: &Opened, range: Option<&s3s::dto::Range>, part_number: Option<i32>) -> S3Result<Self> {
        let whole = opened.metadata.len();
        let parts = &opened.attributes.parts;
        let parts_count = part_number.and_then(|_| i32::try_from(parts.len()).ok()).filter(|count| *count > 0);
        let part = match (range, part_number) {
            (None, None) => return Ok(Self { part: 0..whole, content_range: None, parts_count }),
            (Some(_), Some(_)) => {
                return Err(s3_error!(
                    InvalidRequest,
                    "Cannot specify both Range header and partNumber query parameter"
                ));
            }
            (Some(range), None) => match range.check(whole) {
                Ok(part) => part,
                Err(_) => return Err(unsatisfiable(whole)),
            },
            (None, Some(number)) => part_of(parts, number, whole)?,
        };
        // Of nothing there is no first byte.
        let content_range = (part.start < part.end).then(|| format!("bytes {}-{}/{whole}", part.start, part.end - 1));
        Ok(Self { part, content_range, parts_count })
    }
}

/// The bytes of a part; an object that came whole is one part.
fn part_of(parts: &[super::attributes::Part], number: i32, whole: u64) -> S3Result<Range<u64>> {
    if parts.is_empty() && number == 1 {
        return Ok(0..whole);
    }
    let mut start = 0;
    for (at, part) in (1..).zip(parts) {
        if at == number {
            return Ok(start..start + part.size);
        }
        start += part.size;
    }
    let (status, message) = (http::StatusCode::RANGE_NOT_SATISFIABLE, "The requested partnumber is not satisfiable");
    Err(RequestError { status, code: "InvalidPartNumber", message: message.to_owned() }.into())
}

fn unsatisfiable(whole: u64) -> S3Error {
    let mut error = s3_error!(InvalidRange, "The requested range is not satisfiable");
    let mut headers = http::HeaderMap::new();
    if let Ok(value) = format!("bytes */{whole}").try_into() {
        headers.insert(http::header::CONTENT_RANGE, value);
    }
    error.set_headers(headers);
    error
}

/// Whether a checksum is asked for, and told: S3 has none of a part of an object.
fn tells_checksum(mode: Option<&s3s::dto::ChecksumMode>, window: &Window, opened: &Opened) -> bool {
    mode.is_some_and(|mode| mode.as_str() == s3s::dto::ChecksumMode::ENABLED)
        && window.part == (0..opened.metadata.len())
}

impl Store {
    pub(super) fn get(&self, input: &GetObjectInput) -> S3Result<GetObjectOutput> {
        check_version(input.version_id.as_deref())?;
        let mut opened = self.opened(&input.bucket, &input.key)?;
        reading!(input).check(&opened.attributes.etag, modified(&opened.metadata))?;
        let window = Window::new(&opened, input.range.as_ref(), input.part_number)?;
        let mut output = GetObjectOutput::default();
        tell_attributes!(output, &opened.attributes, tells_checksum(input.checksum_mode.as_ref(), &window, &opened));
        output.tag_count = i32::try_from(opened.attributes.tags.len()).ok().filter(|count| *count > 0);
        output.accept_ranges = Some("bytes".to_owned());
        output.last_modified = Some(modified(&opened.metadata).into());
        output.content_range = window.content_range;
        output.parts_count = window.parts_count;
        let size = window.part.end - window.part.start;
        output.content_length = i64::try_from(size).ok();
        let unreadable = |error: io::Error| failed("read", &input.key, &error);
        opened.file.seek(SeekFrom::Start(window.part.start)).map_err(unreadable)?;
        output.body = Some(if size <= AT_ONCE {
            let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
            opened.file.take(size).read_to_end(&mut bytes).map_err(unreadable)?;
            StreamingBlob::from(s3s::Body::from(Bytes::from(bytes)))
        } else {
            in_pieces(opened.file, size)
        });
        Ok(output)
    }

    pub(super) fn head(&self, input: &HeadObjectInput) -> S3Result<HeadObjectOutput> {
        check_version(input.version_id.as_deref())?;
        let opened = self.opened(&input.bucket, &input.key)?;
        reading!(input).check(&opened.attributes.etag, modified(&opened.metadata))?;
        let window = Window::new(&opened, input.range.as_ref(), input.part_number)?;
        let mut output = HeadObjectOutput::default();
        tell_attributes!(output, &opened.attributes, tells_checksum(input.checksum_mode.as_ref(), &window, &opened));
        output.accept_ranges = Some("bytes".to_owned());
        output.last_modified = Some(modified(&opened.metadata).into());
        output.content_length = i64::try_from(window.part.end - window.part.start).ok();
        output.content_range = window.content_range;
        output.parts_count = window.parts_count;
        Ok(output)
    }

    pub(super) fn list(&self, input: ListObjectsInput) -> S3Result<ListObjectsOutput> {
        let max_keys = limit(input.max_keys)?;
        let prefix = input.prefix.clone().unwrap_or_default();
        let (delimiter, marker) =
            (input.delimiter.clone().unwrap_or_default(), input.marker.clone().unwrap_or_default());
        let page = self.page(&input.bucket, &prefix, &delimiter, &marker, max_keys)?;
        let encode = |text: String| encoded(text, input.encoding_type.as_ref());
        // Without a delimiter, who asks takes the last key.
        let next_marker = page.last.clone().filter(|_| !delimiter.is_empty()).map(encode);
        let is_truncated = Some(page.last.is_some());
        let (contents, common_prefixes) = self.told(&input.bucket, page, true, input.encoding_type.as_ref())?;
        Ok(ListObjectsOutput {
            prefix: Some(encode(prefix)),
            marker: Some(encode(marker)),
            delimiter: Some(delimiter).filter(|delimiter| !delimiter.is_empty()).map(encode),
            max_keys: Some(max_keys),
            name: Some(input.bucket),
            encoding_type: input.encoding_type.clone(),
            contents: Some(contents),
            common_prefixes: Some(common_prefixes),
            next_marker,
            is_truncated,
            ..ListObjectsOutput::default()
        })
    }

    pub(super) fn list_v2(&self, input: ListObjectsV2Input) -> S3Result<ListObjectsV2Output> {
        let max_keys = limit(input.max_keys)?;
        let prefix = input.prefix.clone().unwrap_or_default();
        let delimiter = input.delimiter.clone().unwrap_or_default();
        // The token is the last key or common prefix of the answer before, escaped: it may have characters that XML has not.
        let token = input.continuation_token.as_deref().map(|token| {
            let invalid = || s3_error!(InvalidArgument, "The continuation token provided is incorrect");
            super::urldecoded(token).filter(|decoded| super::keys::escaped_name(decoded) == token).ok_or_else(invalid)
        });
        let token = token.transpose()?;
        let after = token.or_else(|| input.start_after.clone()).unwrap_or_default();
        let page = self.page(&input.bucket, &prefix, &delimiter, &after, max_keys)?;
        let encode = |text: String| encoded(text, input.encoding_type.as_ref());
        let last = page.last.as_deref().map(super::keys::escaped_name);
        let with_owner = input.fetch_owner == Some(true);
        let (contents, common_prefixes) = self.told(&input.bucket, page, with_owner, input.encoding_type.as_ref())?;
        Ok(ListObjectsV2Output {
            key_count: i32::try_from(contents.len() + common_prefixes.len()).ok(),
            contents: Some(contents),
            common_prefixes: Some(common_prefixes),
            is_truncated: Some(last.is_some()),
            next_continuation_token: last,
            max_keys: Some(max_keys),
            prefix: Some(encode(prefix)),
            delimiter: Some(delimiter).filter(|delimiter| !delimiter.is_empty()).map(encode),
            start_after: input.start_after.map(encode),
            encoding_type: input.encoding_type.clone(),
            name: Some(input.bucket),
            continuation_token: input.continuation_token,
            ..ListObjectsV2Output::default()
        })
    }

    fn page(&self, bucket: &str, prefix: &str, delimiter: &str, after: &str, max_keys: i32) -> S3Result<Page> {
        let folder = self.bucket(bucket)?;
        let asked = Asked { prefix, delimiter, after, room: usize::try_from(max_keys).unwrap_or_default() };
        listing::page(&folder, &self.beside(bucket), asked).map_err(|error| failed("list", bucket, &error))
    }

    /// A page as both versions of the list tell it.
    fn told(
        &self,
        bucket: &str,
        page: Page,
        with_owner: bool,
        encoding: Option<&EncodingType>,
    ) -> S3Result<(Vec<Object>, Vec<CommonPrefix>)> {
        let objects = page.objects.into_iter().map(|(key, metadata)| {
            let (size, last_modified) = (length(&metadata), modified(&metadata));
            let attributes = self.listed(bucket, &key, metadata)?;
            let checksum = attributes.checksum;
            Ok(Object {
                key: Some(encoded(key, encoding)),
                size: Some(size),
                e_tag: Some(ETag::Strong(attributes.etag)),
                last_modified: Some(last_modified.into()),
                storage_class: Some(attributes.storage_class.unwrap_or_else(|| STANDARD.to_owned()).into()),
                checksum_type: checksum.as_ref().map(checksum_type),
                checksum_algorithm: checksum.map(|checksum| vec![checksum.algorithm.name().to_owned().into()]),
                owner: with_owner.then(owner),
                ..Object::default()
            })
        });
        let common = |prefix| CommonPrefix { prefix: Some(encoded(prefix, encoding)) };
        Ok((objects.collect::<S3Result<_>>()?, page.common_prefixes.into_iter().map(common).collect()))
    }

    /// The object that a copy is made of, where the conditions hold.
    pub(super) fn source(&self, source: &CopySource, conditions: Reading) -> S3Result<Opened> {
        let CopySource::Bucket { bucket, key, version_id } = source else {
            return Err(s3_error!(NotImplemented, "The embedded S3 copies from buckets"));
        };
        check_version(version_id.as_deref())?;
        let opened = self.opened(bucket, key)?;
        conditions.check_source(&opened.attributes.etag, modified(&opened.metadata))?;
        Ok(opened)
    }

    pub(super) fn copy(&self, input: CopyObjectInput, writing: &Writing) -> S3Result<CopyObjectOutput> {
        let mut source = self.source(&input.copy_source, source_conditions!(input))?;
        self.bucket(&input.bucket)?;
        if source.metadata.len() > COPY_MAX {
            return Err(s3_error!(
                InvalidRequest,
                "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120"
            ));
        }
        let algorithm = input.checksum_algorithm.as_ref().and_then(|name| Algorithm::named(name.as_str()));
        let is_self = matches!(&input.copy_source, CopySource::Bucket { bucket, key, .. }
            if **bucket == *input.bucket && **key == *input.key);
        let replaces = input.metadata_directive.as_ref().is_some_and(|directive| directive.as_str() == "REPLACE");
        let replaces_tags = input.tagging_directive.as_ref().is_some_and(|directive| directive.as_str() == "REPLACE");
        let (bucket, key) = (input.bucket, input.key);
        let changes = replaces
            || replaces_tags
            || input.storage_class.is_some()
            || input.website_redirect_location.is_some()
            || input.server_side_encryption.is_some()
            || algorithm.is_some();
        if is_self && !changes {
            return Err(s3_error!(
                InvalidRequest,
                "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes."
            ));
        }
        let asked = attributes!(input);
        let kept = &source.attributes;
        let mut attributes = if replaces {
            asked
        } else {
            Attributes {
                storage_class: asked.storage_class,
                website_redirect_location: asked.website_redirect_location,
                tags: asked.tags,
                ..kept.clone()
            }
        };
        if !replaces_tags {
            attributes.tags.clone_from(&kept.tags);
        }
        attributes.parts = Vec::new();
        let usual = kept.checksum.as_ref().map(|checksum| checksum.algorithm);
        let algorithm = algorithm.or(usual).unwrap_or(Algorithm::Crc64Nvme);
        let is_known = kept.parts.is_empty()
            && !kept.etag.contains('-')
            && kept.checksum.as_ref().is_some_and(|checksum| checksum.algorithm == algorithm);

        let unwritable = |error: io::Error| failed("copy", &key, &error);
        let mut copy = self.staging.create().map_err(unwritable)?;
        if is_known {
            io::copy(&mut source.file, copy.as_file_mut()).map_err(unwritable)?;
            attributes.etag.clone_from(&kept.etag);
            attributes.checksum.clone_from(&kept.checksum);
        } else {
            let found = copied(&mut source.file, copy.as_file_mut(), Digests::new([algorithm])).map_err(unwritable)?;
            attributes = attributes.digested(&found, algorithm);
        }
        let written = Written::of(copy).map_err(unwritable)?;
        let mut result = CopyObjectResult {
            e_tag: Some(ETag::Strong(attributes.etag.clone())),
            last_modified: Some(modified(written.metadata()).into()),
            ..CopyObjectResult::default()
        };
        self.place(&bucket, &key, written, &attributes, writing, "ObjectCreated:Copy")?;
        if let Some(checksum) = attributes.checksum {
            result.checksum_type = Some(checksum_type(&checksum));
            set_checksum!(result, checksum.algorithm, checksum.value);
        }
        Ok(CopyObjectOutput {
            copy_object_result: Some(result),
            server_side_encryption: Some(encryption()),
            ..CopyObjectOutput::default()
        })
    }

    /// The attributes of an object, and its file.
    pub(super) fn tags(&self, bucket: &str, key: &str) -> S3Result<Vec<(String, String)>> {
        Ok(self.opened(bucket, key)?.attributes.tags)
    }
}

/// Copies what is left of a file, and computes its digests.
pub(super) fn copied(
    from: &mut impl Read,
    to: &mut impl io::Write,
    mut digests: Digests,
) -> io::Result<super::checksum::Digested> {
    let mut piece = vec![0; PIECE];
    loop {
        let read = match from.read(&mut piece) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        let Some(read) = piece.get(..read).filter(|read| !read.is_empty()) else { return Ok(digests.finish()) };
        digests.update(read);
        to.write_all(read)?;
    }
}

/// A file that is read while it is sent.
fn in_pieces(file: std::fs::File, size: u64) -> StreamingBlob {
    let next = |(mut file, left): (tokio::fs::File, u64)| async move {
        if left == 0 {
            return Ok(None);
        }
        let mut piece = BytesMut::with_capacity(PIECE.min(usize::try_from(left).unwrap_or(PIECE)));
        if file.read_buf(&mut piece).await? == 0 {
            // Somebody else has cut it.
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        piece.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        let left = left - piece.len() as u64;
        Ok(Some((piece.freeze(), (file, left))))
    };
    StreamingBlob::wrap(stream::try_unfold((tokio::fs::File::from_std(file), size), next))
}

fn limit(max_keys: Option<i32>) -> S3Result<i32> {
    match max_keys.unwrap_or(MAX_KEYS) {
        below if below < 0 => {
            Err(s3_error!(InvalidArgument, "Argument maxKeys must be an integer between 0 and 2147483647"))
        }
        most => Ok(most.min(MAX_KEYS)),
    }
}

/// A text in the encoding that a list is asked for in. Otherwise XML cannot hold every key.
pub(super) fn encoded(text: String, encoding: Option<&EncodingType>) -> String {
    if encoding.is_none() {
        return text;
    }
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~*/".contains(&byte);
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            plain if is_plain(plain) => encoded.push(char::from(plain)),
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}
