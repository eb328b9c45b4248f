//! What a request asks for by its headers and is not done here is refused, never left out.

use http::header::HeaderValue;
use http::{Method, request};

use super::RequestError;
use super::checksum::Algorithm;

/// The only ACL that a bucket of today takes: ACLs are switched off in it.
///
/// S3 user guide, "Controlling ownership of objects and disabling ACLs for your bucket".
pub(super) const OWNER_CONTROL: &str = "bucket-owner-full-control";

/// The headers of S3 that ask for what is not done here, by their starts. They are those of AWS's model of S3 that are not looked
/// at elsewhere; what is in no model asks for nothing.
const NOT_DONE: [&str; 17] = [
    "x-amz-bucket-namespace",
    "x-amz-bucket-object-lock-token",
    "x-amz-checksum-md5",
    "x-amz-checksum-sha512",
    "x-amz-checksum-xxhash",
    "x-amz-client-token",
    "x-amz-copy-source-server-side-encryption",
    "x-amz-fwd-",
    "x-amz-if-match-",
    "x-amz-mfa",
    "x-amz-object-annotation-directive",
    "x-amz-object-if-match",
    "x-amz-object-lock-",
    "x-amz-rename-source",
    "x-amz-server-side-encryption",
    "x-amz-create-session-mode",
    "x-amz-write-offset-bytes",
];

/// What requests are for by a name in their query, and the protocol layer does not know: it would take them for others.
const OTHER_OPERATIONS: [&str; 8] = [
    "abac",
    "annotation",
    "metadataAnnotationTable",
    "metadataConfiguration",
    "metadataInventoryTable",
    "metadataJournalTable",
    "renameObject",
    // Of objects alone; that of buckets is known.
    "encryption",
];

/// Those that are taken with one value only, which is what is so anyway.
const ONLY: [(&str, &str); 4] = [
    ("x-amz-bucket-object-lock-enabled", "false"),
    ("x-amz-object-ownership", "BucketOwnerEnforced"),
    ("x-amz-server-side-encryption", "AES256"),
    ("x-amz-server-side-encryption-bucket-key-enabled", "false"),
];

/// Refuses a request with a header that is not for this service.
pub(super) fn check(parts: &request::Parts) -> Result<(), RequestError> {
    let has_key = parts.uri.path().trim_matches('/').contains('/');
    for pair in parts.uri.query().unwrap_or_default().split('&') {
        let name = pair.split('=').next().unwrap_or_default();
        if OTHER_OPERATIONS.contains(&name) && (has_key || name != "encryption") {
            let message =
                format!("What {name} in the query asks for is not part of the embedded S3, see docs/services.md");
            return Err(RequestError::new("NotImplemented", message));
        }
    }
    for name in ["x-amz-checksum-algorithm", "x-amz-sdk-checksum-algorithm", "x-amz-trailer"] {
        let named = parts.headers.get(name).map(value_of).filter(|named| !named.is_empty());
        let algorithm = named.map(|named| named.trim_start_matches("x-amz-checksum-"));
        if let Some(algorithm) = algorithm.filter(|algorithm| Algorithm::named(algorithm).is_none()) {
            return Err(not_implemented(&format!("the checksum algorithm {algorithm} is not part of the embedded S3")));
        }
    }
    for (name, value) in &parts.headers {
        let name = name.as_str();
        if !name.starts_with("x-amz-") {
            continue;
        }
        let value = value_of(value);
        if name == "x-amz-acl" || name.starts_with("x-amz-grant-") {
            let is_bucket = parts.method == Method::PUT && !has_key;
            if name == "x-amz-acl" && (value == OWNER_CONTROL || is_bucket && value == "private") {
                continue;
            }
            return Err(RequestError::new("AccessControlListNotSupported", "The bucket does not allow ACLs"));
        }
        match ONLY.iter().find(|(only, _)| *only == name) {
            Some((_, only)) if value.eq_ignore_ascii_case(only) => {}
            Some((_, only)) => return Err(not_implemented(&format!("{name} can only be {only} here"))),
            None if NOT_DONE.iter().any(|start| name.starts_with(start)) => {
                return Err(not_implemented(&format!("{name} is not part of the embedded S3")));
            }
            None => {}
        }
    }
    Ok(())
}

fn not_implemented(why: &str) -> RequestError {
    let message = format!("A header you provided implies functionality that is not implemented: {why}");
    RequestError::new("NotImplemented", message)
}

fn value_of(value: &HeaderValue) -> &str {
    value.to_str().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_taken_or_refused() {
        let told = |uri: &str, name: &str, value: &str| {
            let (parts, ()) = http::Request::put(uri).header(name, value).body(()).unwrap().into_parts();
            check(&parts).map_err(|error| error.code)
        };
        for (name, value, expected) in [
            ("content-type", "text/plain", Ok(())),
            ("x-amz-meta-a", "b", Ok(())),
            ("x-amz-api-version", "2006-03-01", Ok(())),
            ("x-amz-checksum-crc32", "b", Ok(())),
            ("x-amz-checksum-sha512", "b", Err("NotImplemented")),
            ("x-amz-sdk-checksum-algorithm", "CRC32", Ok(())),
            ("x-amz-sdk-checksum-algorithm", "XXHASH64", Err("NotImplemented")),
            ("x-amz-trailer", "x-amz-checksum-crc64nvme", Ok(())),
            ("x-amz-storage-class", "GLACIER", Ok(())),
            ("x-amz-acl", "bucket-owner-full-control", Ok(())),
            ("x-amz-acl", "public-read", Err("AccessControlListNotSupported")),
            ("x-amz-acl", "private", Err("AccessControlListNotSupported")),
            ("x-amz-grant-read", "id=1", Err("AccessControlListNotSupported")),
            ("x-amz-server-side-encryption", "AES256", Ok(())),
            ("x-amz-server-side-encryption", "aws:kms", Err("NotImplemented")),
            ("x-amz-server-side-encryption-customer-algorithm", "AES256", Err("NotImplemented")),
            ("x-amz-object-lock-mode", "GOVERNANCE", Err("NotImplemented")),
            ("x-amz-rename-source", "a", Err("NotImplemented")),
        ] {
            assert_eq!(told("/bucket/key", name, value), expected, "{name}: {value}");
        }
        assert_eq!(told("/bucket", "x-amz-acl", "private"), Ok(()));
        assert_eq!(told("/bucket/key?renameObject", "a", "b"), Err("NotImplemented"));
        assert_eq!(told("/bucket/key?encryption", "a", "b"), Err("NotImplemented"));
        assert_eq!(told("/bucket?encryption&x=y", "a", "b"), Ok(()));
    }
}
