//! The checksums that a request gives of its body: a body that does not fit them was spoilt on its way.
//!
//! S3 user guide, "Checking object integrity for data uploads"; the texts are those that its users quote.

use aws_smithy_types::base64;
use http::HeaderMap;
use md5::{Digest, Md5};
use s3s::crypto::{Checksum, Crc32, Crc32c, Crc64Nvme, Sha1, Sha256};

use super::RequestError;

/// Computes the checksum of a body.
type Checksums = fn(&[u8]) -> Vec<u8>;

/// Which header holds the checksum of which algorithm, as S3 names it.
const ALGORITHMS: [(&str, &str, Checksums); 5] = [
    ("x-amz-checksum-crc32", "CRC32", of::<Crc32>),
    ("x-amz-checksum-crc32c", "CRC32C", of::<Crc32c>),
    ("x-amz-checksum-crc64nvme", "CRC64NVME", of::<Crc64Nvme>),
    ("x-amz-checksum-sha1", "SHA1", of::<Sha1>),
    ("x-amz-checksum-sha256", "SHA256", of::<Sha256>),
];

fn of<C: Checksum>(body: &[u8]) -> Vec<u8>
where
    C::Output: AsRef<[u8]>,
{
    C::checksum(body).as_ref().to_vec()
}

/// Whether `digits`, hexadecimal ones, say these bytes.
fn is_written(bytes: &[u8], digits: &str) -> bool {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().eq_ignore_ascii_case(digits)
}

/// Compares the body with every checksum among the headers. `signed` is the `x-amz-content-sha256` of the request.
pub(super) fn check(headers: &HeaderMap, signed: Option<&str>, body: &[u8]) -> Result<(), RequestError> {
    let given = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default().trim());
    if let Some(digest) = given("content-md5") {
        match base64::decode(digest) {
            Ok(bytes) if bytes.len() == 16 => {
                if bytes != Md5::digest(body).to_vec() {
                    let message = "The Content-MD5 you specified did not match what we received.";
                    return Err(RequestError::new("BadDigest", message));
                }
            }
            _ => return Err(RequestError::new("InvalidDigest", "The Content-MD5 you specified was invalid.")),
        }
    }
    for (header, algorithm, of) in ALGORITHMS {
        let Some(checksum) = given(header) else { continue };
        let computed = of(body);
        match base64::decode(checksum) {
            Ok(bytes) if bytes.len() == computed.len() => {
                if bytes != computed {
                    let message = format!("The {algorithm} you specified did not match the calculated checksum.");
                    return Err(RequestError::new("BadDigest", message));
                }
            }
            _ => return Err(RequestError::new("InvalidRequest", format!("Value for {header} header is invalid."))),
        }
    }
    // What is no digest says that the body was not signed, or how its chunks are.
    let is_digest = |text: &&str| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if let Some(signed) = signed.filter(is_digest)
        && !is_written(&of::<Sha256>(body), signed)
    {
        let message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
        return Err(RequestError::new("XAmzContentSHA256Mismatch", message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn checked(header: &'static str, value: &str, body: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static(header), HeaderValue::from_str(value).unwrap());
        let signed = headers.get("x-amz-content-sha256").map(|value| value.to_str().unwrap());
        match check(&headers, signed, body.as_bytes()) {
            Ok(()) => "fits".to_owned(),
            Err(refusal) => format!("{}: {}", refusal.code, refusal.message),
        }
    }

    #[test]
    fn a_body_fits_its_checksums_or_is_refused() {
        // Of the text "hello": by the tools `md5sum`, `sha1sum`, `sha256sum` and `crc32`, and by botocore for the others.
        for (header, right, name) in [
            ("content-md5", "XUFAKrxLKna5cZ2REBfFkg==", "Content-MD5"),
            ("x-amz-checksum-crc32", "NhCmhg==", "CRC32"),
            ("x-amz-checksum-crc32c", "mnG7TA==", "CRC32C"),
            ("x-amz-checksum-sha1", "qvTGHdzF6KLavt4PO0gs2a6pQ00=", "SHA1"),
            ("x-amz-checksum-sha256", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=", "SHA256"),
        ] {
            assert_eq!(checked(header, right, "hello"), "fits", "{header}");
            let told = checked(header, right, "hellp");
            assert!(told.starts_with(&format!("BadDigest: The {name} you specified did not match ")), "{told}");
            for invalid in ["", "x", "AAAA", "é"] {
                let told = checked(header, invalid, "hello");
                assert!(told.starts_with("Invalid"), "{told}");
            }
        }
        let sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        assert_eq!(checked("x-amz-content-sha256", sha256, "hello"), "fits");
        assert!(checked("x-amz-content-sha256", sha256, "").starts_with("XAmzContentSHA256Mismatch: "));
        assert_eq!(checked("x-amz-content-sha256", "UNSIGNED-PAYLOAD", "hello"), "fits");
        assert_eq!(checked("x-amz-checksum-algorithm", "CRC32", "hello"), "fits");
    }
}
