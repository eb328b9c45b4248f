//! The digests of bodies: those that a request gives are held against what arrived, and those that S3 keeps are computed.
//!
//! S3 user guide, "Checking object integrity for data uploads"; the texts are those that its users quote.

use std::collections::BTreeMap;

use aws_smithy_types::base64;
use crc_fast::CrcAlgorithm;
use http::HeaderMap;
use md5::{Digest, Md5};
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Sha256};
use serde::{Deserialize, Serialize};

use super::RequestError;

/// An algorithm for checksums, as S3 names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Algorithm {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Sha1,
    Sha256,
}

use Algorithm::{Crc32, Crc32c, Crc64Nvme, Sha1};

/// Its name, the header that holds its checksums, and how many bytes they have.
const ALGORITHMS: [(Algorithm, &str, &str, usize); 5] = [
    (Crc32, "CRC32", "x-amz-checksum-crc32", 4),
    (Crc32c, "CRC32C", "x-amz-checksum-crc32c", 4),
    (Crc64Nvme, "CRC64NVME", "x-amz-checksum-crc64nvme", 8),
    (Sha1, "SHA1", "x-amz-checksum-sha1", 20),
    (Algorithm::Sha256, "SHA256", "x-amz-checksum-sha256", 32),
];

impl Algorithm {
    /// The one of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        ALGORITHMS.iter().find(|(_, known, ..)| known.eq_ignore_ascii_case(name)).map(|(algorithm, ..)| *algorithm)
    }

    /// The one whose checksums this header holds.
    fn of_header(name: &str) -> Option<Self> {
        ALGORITHMS.iter().find(|(_, _, header, _)| *header == name).map(|(algorithm, ..)| *algorithm)
    }

    fn row(self) -> (&'static str, &'static str, usize) {
        let row = ALGORITHMS.iter().find(|(algorithm, ..)| *algorithm == self);
        row.map_or(("", "", 0), |(_, name, header, length)| (name, header, *length))
    }

    pub(super) fn name(self) -> &'static str {
        self.row().0
    }

    /// What the checksum of an object in parts is made of unless it is said: that of the others cannot be made of those of the parts.
    pub(super) fn is_usually_composite(self) -> bool {
        self != Crc64Nvme
    }

    /// The CRC behind it, whose value for a whole follows from those of its parts.
    fn crc(self) -> Option<CrcAlgorithm> {
        match self {
            Crc32 => Some(CrcAlgorithm::Crc32IsoHdlc),
            Crc32c => Some(CrcAlgorithm::Crc32Iscsi),
            Crc64Nvme => Some(CrcAlgorithm::Crc64Nvme),
            Sha1 | Self::Sha256 => None,
        }
    }

    /// Whether there are checksums of whole objects that are made of those of their parts.
    pub(super) fn can_be_of_the_whole(self) -> bool {
        self.crc().is_some()
    }

    /// The checksum of a whole from those of its parts and their lengths; none where there is no such thing.
    pub(super) fn of_the_whole(self, parts: &[(String, u64)]) -> Option<String> {
        let crc = self.crc()?;
        let mut whole = 0;
        for (checksum, length) in parts {
            let bytes = base64::decode(checksum).ok()?;
            let value = bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
            whole = crc_fast::checksum_combine(crc, whole, value, *length);
        }
        let (.., length) = self.row();
        Some(base64::encode(&whole.to_be_bytes()[8_usize.saturating_sub(length)..]))
    }

    /// The checksum of the checksums of parts; none where one cannot be read.
    pub(super) fn of_checksums<'a>(self, parts: impl Iterator<Item = &'a str>) -> Option<String> {
        let mut digests = Digests::new([self]);
        for checksum in parts {
            digests.update(&base64::decode(checksum).ok()?);
        }
        digests.finish().checksums.remove(&self)
    }
}

/// The checksum that an object is kept with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checksum {
    pub(super) algorithm: Algorithm,
    /// In Base64; of an object in parts `-N` is added where it is made of theirs.
    pub(super) value: String,
    /// Whether it is made of the checksums of parts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) is_composite: bool,
}

/// Puts a checksum into the field of its algorithm.
macro_rules! set_checksum {
    ($output:expr, $algorithm:expr, $value:expr) => {
        match $algorithm {
            $crate::s3::checksum::Algorithm::Crc32 => $output.checksum_crc32 = Some($value),
            $crate::s3::checksum::Algorithm::Crc32c => $output.checksum_crc32c = Some($value),
            $crate::s3::checksum::Algorithm::Crc64Nvme => $output.checksum_crc64nvme = Some($value),
            $crate::s3::checksum::Algorithm::Sha1 => $output.checksum_sha1 = Some($value),
            $crate::s3::checksum::Algorithm::Sha256 => $output.checksum_sha256 = Some($value),
        }
    };
}
pub(super) use set_checksum;

/// Computes the digests of a body as it arrives.
pub(super) struct Digests {
    md5: Md5,
    others: ChecksumHasher,
    length: u64,
}

/// The digests of a whole body.
#[derive(Clone, Debug, Default)]
pub(super) struct Digested {
    pub(super) md5: [u8; 16],
    pub(super) length: u64,
    /// In Base64.
    pub(super) checksums: BTreeMap<Algorithm, String>,
}

impl Digests {
    pub(super) fn new(algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        let mut others = ChecksumHasher::default();
        for algorithm in algorithms {
            match algorithm {
                Crc32 => others.crc32 = Some(s3s::crypto::Crc32::new()),
                Crc32c => others.crc32c = Some(s3s::crypto::Crc32c::new()),
                Crc64Nvme => others.crc64nvme = Some(s3s::crypto::Crc64Nvme::new()),
                Sha1 => others.sha1 = Some(s3s::crypto::Sha1::new()),
                Algorithm::Sha256 => others.sha256 = Some(Sha256::new()),
            }
        }
        Self { md5: Md5::new(), others, length: 0 }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        self.others.update(bytes);
        self.length += bytes.len() as u64;
    }

    pub(super) fn finish(self) -> Digested {
        let found = self.others.finalize();
        let found = [
            (Crc32, found.checksum_crc32),
            (Crc32c, found.checksum_crc32c),
            (Crc64Nvme, found.checksum_crc64nvme),
            (Sha1, found.checksum_sha1),
            (Algorithm::Sha256, found.checksum_sha256),
        ];
        let checksums = found.into_iter().filter_map(|(algorithm, value)| Some((algorithm, value?))).collect();
        Digested { md5: self.md5.finalize().into(), length: self.length, checksums }
    }
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a request says of its body.
#[derive(Debug, Default)]
pub(super) struct Claims {
    md5: Option<Vec<u8>>,
    checksum: Option<(Algorithm, String)>,
    /// The algorithm of a checksum that follows the body.
    trailing: Option<Algorithm>,
    /// SHA-256 in hexadecimal, which the signature is made of.
    signed: Option<String>,
}

impl Claims {
    /// Those of the headers. `signed` is the `x-amz-content-sha256` of the request.
    pub(super) fn of(headers: &HeaderMap, signed: Option<&str>) -> Result<Self, RequestError> {
        let given = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default().trim());
        let md5 = match given("content-md5").map(base64::decode) {
            None => None,
            Some(Ok(bytes)) if bytes.len() == 16 => Some(bytes),
            Some(_) => return Err(RequestError::new("InvalidDigest", "The Content-MD5 you specified was invalid.")),
        };
        let mut checksum = None;
        for (algorithm, _, header, length) in ALGORITHMS {
            let Some(value) = given(header) else { continue };
            if base64::decode(value).ok().is_none_or(|bytes| bytes.len() != length) {
                return Err(RequestError::new("InvalidRequest", format!("Value for {header} header is invalid.")));
            }
            if checksum.replace((algorithm, value.to_owned())).is_some() {
                let message = "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.";
                return Err(RequestError::new("InvalidRequest", message));
            }
        }
        let trailing = given("x-amz-trailer").and_then(|names| {
            names.split(',').find_map(|name| Algorithm::of_header(&name.trim().to_ascii_lowercase()))
        });
        // What is no digest says that the body was not signed, or how its chunks are.
        let is_digest = |text: &&str| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let signed = signed.filter(is_digest).map(str::to_ascii_lowercase);
        Ok(Self { md5, checksum, trailing, signed })
    }

    /// The algorithm that the request chose.
    pub(super) fn algorithm(&self) -> Option<Algorithm> {
        self.checksum.as_ref().map(|(algorithm, _)| *algorithm).or(self.trailing)
    }

    /// The algorithms that have to be computed for it to be held against a body.
    pub(super) fn algorithms(&self) -> impl Iterator<Item = Algorithm> + use<> {
        let signed = self.signed.as_ref().map(|_| Algorithm::Sha256);
        self.algorithm().into_iter().chain(signed)
    }

    /// Holds it against what arrived. `trailers` came behind the body.
    pub(super) fn check(&self, found: &Digested, trailers: Option<&HeaderMap>) -> Result<(), RequestError> {
        if self.md5.as_ref().is_some_and(|md5| *md5 != found.md5) {
            let message = "The Content-MD5 you specified did not match what we received.";
            return Err(RequestError::new("BadDigest", message));
        }
        if let Some(checksum) = &self.checksum {
            check_checksum(checksum, found)?;
        }
        if let Some(trailers) = trailers {
            let trailing = Self::of(trailers, None)?;
            if let Some(checksum) = &trailing.checksum {
                check_checksum(checksum, found)?;
            } else if self.trailing.is_some() {
                let message = "The trailers that x-amz-trailer announces did not follow the body.";
                return Err(RequestError::new("MalformedTrailerError", message));
            }
        }
        if let Some(signed) = &self.signed {
            let computed = found.checksums.get(&Algorithm::Sha256).and_then(|value| base64::decode(value).ok());
            if computed.is_none_or(|bytes| hex(&bytes) != *signed) {
                let message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
                return Err(RequestError::new("XAmzContentSHA256Mismatch", message));
            }
        }
        Ok(())
    }
}

fn check_checksum((algorithm, value): &(Algorithm, String), found: &Digested) -> Result<(), RequestError> {
    if found.checksums.get(algorithm) == Some(value) {
        return Ok(());
    }
    let name = algorithm.name();
    Err(RequestError::new("BadDigest", format!("The {name} you specified did not match the calculated checksum.")))
}

/// Compares a whole body with every digest among the headers. `signed` is the `x-amz-content-sha256` of the request.
pub(super) fn check(headers: &HeaderMap, signed: Option<&str>, body: &[u8]) -> Result<(), RequestError> {
    let claims = Claims::of(headers, signed)?;
    if claims.md5.is_none() && claims.algorithms().next().is_none() {
        return Ok(());
    }
    let mut digests = Digests::new(claims.algorithms());
    digests.update(body);
    claims.check(&digests.finish(), None)
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

    #[test]
    fn the_checksum_of_a_whole_follows_from_its_parts() {
        let of = |algorithm: Algorithm, text: &str| {
            let mut digests = Digests::new([algorithm]);
            digests.update(text.as_bytes());
            digests.finish().checksums.remove(&algorithm).unwrap()
        };
        for (algorithm, _, _, _) in ALGORITHMS {
            let parts = ["hello", "", ", ", "world and everything in it"];
            let checksums: Vec<_> = parts.iter().map(|part| (of(algorithm, part), part.len() as u64)).collect();
            let whole = algorithm.can_be_of_the_whole().then(|| of(algorithm, &parts.concat()));
            assert_eq!(algorithm.of_the_whole(&checksums), whole, "{algorithm:?}");
        }
        // By hashlib of Python: the SHA-1 of the SHA-1 of "a".
        let composite = Sha1.of_checksums([of(Sha1, "a").as_str()].into_iter());
        assert_eq!(composite.as_deref(), Some("Zn9AfefGrQc1j6ONrteCinIBS04="));
    }
}
