//! What is kept of an object beside its content.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::time::{SystemTime, UNIX_EPOCH};

use s3s::dto::{Tag, Timestamp};
use s3s::{S3Result, s3_error};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::RequestError;
use super::checksum::{Checksum, Digested, hex};

/// What is kept of an object beside its content, and of an upload in parts for the object that it becomes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Attributes {
    /// Without quotation marks.
    pub(super) etag: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cache_control: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_disposition: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_encoding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_language: Option<String>,
    /// In seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) storage_class: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) website_redirect_location: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) metadata: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tags: Vec<(String, String)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) checksum: Option<Checksum>,
    /// The parts that it came in; none where it came whole.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) parts: Vec<Part>,
}

/// A part that an object came in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) number: i32,
    pub(super) size: u64,
    /// Where the checksum of the object is made of those of its parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) checksum: Option<String>,
}

/// The content type of what is given none.
const CONTENT_TYPE: &str = "binary/octet-stream";

/// The storage class of what is given none.
pub(super) const STANDARD: &str = "STANDARD";

/// The classes that can be asked for. All are kept in the same way; nothing has to be restored.
const STORAGE_CLASSES: [&str; 9] = [
    STANDARD,
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "GLACIER_IR",
    "DEEP_ARCHIVE",
    "EXPRESS_ONEZONE",
];

/// The most bytes of the metadata of a user, names and values together.
const METADATA_MAX: usize = 2048;

/// What a request for a new object says of it, by the names that the requests have in common.
macro_rules! attributes {
    ($input:expr) => {
        $crate::s3::attributes::Attributes {
            content_type: $input.content_type.filter(|given| !given.is_empty()),
            cache_control: $input.cache_control,
            content_disposition: $input.content_disposition,
            content_encoding: $input.content_encoding.filter(|given| !given.is_empty()),
            content_language: $input.content_language,
            expires: $input.expires.map($crate::s3::attributes::seconds),
            storage_class: $input.storage_class.map(|class| class.as_str().to_owned()),
            website_redirect_location: $input.website_redirect_location,
            metadata: $input.metadata.unwrap_or_default().into_iter().collect(),
            tags: $crate::s3::attributes::tags_of_header($input.tagging.as_deref())?,
            ..$crate::s3::attributes::Attributes::default()
        }
        .checked()?
    };
}
pub(super) use attributes;

/// Puts what is kept of an object into an answer that tells it.
macro_rules! tell_attributes {
    ($output:expr, $attributes:expr, $with_checksum:expr) => {{
        let attributes: &$crate::s3::attributes::Attributes = $attributes;
        $output.content_type = Some(attributes.content_type().to_owned());
        $output.cache_control = attributes.cache_control.clone();
        $output.content_disposition = attributes.content_disposition.clone();
        $output.content_encoding = attributes.content_encoding.clone();
        $output.content_language = attributes.content_language.clone();
        $output.expires = attributes.expires.map($crate::s3::attributes::timestamp);
        // S3 tells all classes but the usual one.
        $output.storage_class = attributes.unusual_class().map(|class| class.to_owned().into());
        $output.website_redirect_location = attributes.website_redirect_location.clone();
        $output.metadata = Some(attributes.metadata.clone().into_iter().collect());
        $output.server_side_encryption = Some($crate::s3::attributes::encryption());
        $output.e_tag = Some(s3s::dto::ETag::Strong(attributes.etag.clone()));
        if let (true, Some(checksum)) = ($with_checksum, &attributes.checksum) {
            $crate::s3::checksum::set_checksum!($output, checksum.algorithm, checksum.value.clone());
            $output.checksum_type = Some($crate::s3::attributes::checksum_type(checksum));
        }
    }};
}
pub(super) use tell_attributes;

impl Attributes {
    /// Refuses what S3 does not take.
    pub(super) fn checked(self) -> S3Result<Self> {
        if self.storage_class.as_deref().is_some_and(|class| !STORAGE_CLASSES.contains(&class)) {
            return Err(s3_error!(InvalidStorageClass, "The storage class you specified is not valid"));
        }
        if self.metadata.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > METADATA_MAX {
            return Err(s3_error!(MetadataTooLarge, "Your metadata headers exceed the maximum allowed metadata size"));
        }
        Ok(self)
    }

    pub(super) fn content_type(&self) -> &str {
        self.content_type.as_deref().unwrap_or(CONTENT_TYPE)
    }

    pub(super) fn unusual_class(&self) -> Option<&str> {
        self.storage_class.as_deref().filter(|class| *class != STANDARD)
    }

    /// Takes what was found of a whole body. `algorithm` is that of its checksum.
    pub(super) fn digested(mut self, found: &Digested, algorithm: super::checksum::Algorithm) -> Self {
        self.etag = hex(&found.md5);
        let value = found.checksums.get(&algorithm).cloned();
        self.checksum = value.map(|value| Checksum { algorithm, value, is_composite: false });
        self.parts = Vec::new();
        self
    }

    /// Those of a file that was not written by a request, as far as they are known.
    pub(super) fn of_a_file(etag: String) -> Self {
        Self { etag, ..Self::default() }
    }
}

/// The type of a checksum, as S3 names it.
pub(super) fn checksum_type(checksum: &Checksum) -> s3s::dto::ChecksumType {
    kind(checksum.is_composite)
}

pub(super) fn kind(is_composite: bool) -> s3s::dto::ChecksumType {
    let kind = if is_composite { s3s::dto::ChecksumType::COMPOSITE } else { s3s::dto::ChecksumType::FULL_OBJECT };
    s3s::dto::ChecksumType::from_static(kind)
}

/// What S3 says of every object that is not encrypted in a special way.
pub(super) fn encryption() -> s3s::dto::ServerSideEncryption {
    s3s::dto::ServerSideEncryption::from_static(s3s::dto::ServerSideEncryption::AES256)
}

pub(super) fn seconds(time: Timestamp) -> i64 {
    OffsetDateTime::from(time).unix_timestamp()
}

pub(super) fn timestamp(seconds: i64) -> Timestamp {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH).into()
}

/// When a file was last written, in whole seconds: S3 knows no others.
pub(super) fn modified(metadata: &Metadata) -> OffsetDateTime {
    whole_seconds(metadata.modified().unwrap_or(UNIX_EPOCH))
}

pub(super) fn whole_seconds(time: SystemTime) -> OffsetDateTime {
    let time = OffsetDateTime::from(time);
    time.replace_nanosecond(0).unwrap_or(time)
}

/// The tags of a header or of a form: `a=b&c=d`.
pub(super) fn tags_of_header(header: Option<&str>) -> S3Result<Vec<(String, String)>> {
    let tags: Vec<_> = url::form_urlencoded::parse(header.unwrap_or_default().as_bytes()).into_owned().collect();
    if has_twice(&tags) {
        return Err(s3_error!(
            InvalidArgument,
            "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates."
        ));
    }
    checked_tags(tags)
}

/// The tags of a document.
pub(super) fn tags_of_set(set: Vec<Tag>) -> S3Result<Vec<(String, String)>> {
    let tags: Vec<_> =
        set.into_iter().map(|tag| (tag.key.unwrap_or_default(), tag.value.unwrap_or_default())).collect();
    if has_twice(&tags) {
        return Err(s3_error!(InvalidTag, "Cannot provide multiple Tags with the same key"));
    }
    checked_tags(tags)
}

fn has_twice(tags: &[(String, String)]) -> bool {
    let names: std::collections::BTreeSet<_> = tags.iter().map(|(name, _)| name).collect();
    names.len() < tags.len()
}

/// S3 user guide, "Categorizing your objects using tags".
fn checked_tags(tags: Vec<(String, String)>) -> S3Result<Vec<(String, String)>> {
    if tags.len() > 10 {
        return Err(RequestError::new("BadRequest", "Object tags cannot be greater than 10").into());
    }
    for (name, value) in &tags {
        if name.is_empty() || name.chars().count() > 128 || name.starts_with("aws:") {
            return Err(s3_error!(InvalidTag, "The TagKey you have provided is invalid"));
        }
        if value.chars().count() > 256 {
            return Err(s3_error!(InvalidTag, "The TagValue you have provided is invalid"));
        }
    }
    Ok(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_taken_or_refused() {
        let told = |header: &str| {
            let tags = tags_of_header(Some(header));
            tags.map(|tags| tags.iter().map(|(name, value)| format!("{name}={value};")).collect::<String>())
                .map_err(|error| error.code().as_str().to_owned())
        };
        let many = |count: i32| (0..count).map(|number| format!("k{number}=&")).collect::<String>();
        for (header, expected) in [
            ("", Ok("")),
            ("a=b&c=d%20e+f%2F", Ok("a=b;c=d e f/;")),
            ("a", Ok("a=;")),
            ("a=b&a=c", Err("InvalidArgument")),
            ("=b", Err("InvalidTag")),
            ("aws:x=b", Err("InvalidTag")),
            (&format!("{}=", "k".repeat(129)), Err("InvalidTag")),
            (&format!("a={}", "v".repeat(257)), Err("InvalidTag")),
            (&many(11), Err("BadRequest")),
        ] {
            let expected = expected.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(told(header), expected, "{header}");
        }
        assert!(told(&many(10)).is_ok());
    }
}
