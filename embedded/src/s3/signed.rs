//! What a signed request carries beside what it asks for. Signatures are not checked here, so this is taken off.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderName, HeaderValue, StatusCode, Uri, request};
use time::{Duration, OffsetDateTime, PrimitiveDateTime};

use super::RequestError;
use super::body::Sent;

const CONTENT_SHA256: HeaderName = HeaderName::from_static("x-amz-content-sha256");
const DECODED_LENGTH: HeaderName = HeaderName::from_static("x-amz-decoded-content-length");

/// Takes the signature off a request, in its headers or its query, and answers how its body is sent.
pub(super) fn take_off(parts: &mut request::Parts, now: OffsetDateTime) -> Result<Sent, RequestError> {
    if parts.uri.query().is_some_and(|query| query.contains("Signature=")) {
        if ends(&parts.uri).is_some_and(|ends| ends < now) {
            let (status, code, message) = (StatusCode::FORBIDDEN, "AccessDenied", "Request has expired".to_owned());
            return Err(RequestError { status, code, message });
        }
        parts.uri = without_signature(&parts.uri);
    }
    let headers = &mut parts.headers;
    headers.remove(AUTHORIZATION);
    let text = |value: &HeaderValue| value.to_str().unwrap_or_default().trim().to_owned();
    let signed = headers.remove(CONTENT_SHA256).as_ref().map(text);
    let decoded = headers.remove(DECODED_LENGTH).as_ref().and_then(|length| text(length).parse::<u64>().ok());
    let is_in_chunks = signed.as_ref().is_some_and(|content| content.starts_with("STREAMING-"));
    if !is_in_chunks {
        return Ok(Sent::whole(signed));
    }
    // "aws-chunked" stands before what the content itself is encoded with.
    if let Some(encoding) = headers.remove(CONTENT_ENCODING) {
        let own =
            encoding.to_str().unwrap_or_default().trim_start_matches("aws-chunked").trim_start_matches([',', ' ']);
        if let (false, Ok(own)) = (own.is_empty(), HeaderValue::from_str(own)) {
            headers.insert(CONTENT_ENCODING, own);
        }
    }
    headers.remove(CONTENT_LENGTH);
    if let Some(length) = decoded {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    Ok(Sent::in_chunks(decoded))
}

/// Until when a presigned URL can be used; none where it does not say so.
fn ends(uri: &Uri) -> Option<OffsetDateTime> {
    let value = |name: &str| {
        let mut pairs = url::form_urlencoded::parse(uri.query()?.as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    let Some(begins) = value("X-Amz-Date") else {
        return OffsetDateTime::from_unix_timestamp(value("Expires")?.parse().ok()?).ok();
    };
    const DATE: &[time::format_description::BorrowedFormatItem<'_>] =
        time::macros::format_description!("[year][month][day]T[hour][minute][second]Z");
    let begins = PrimitiveDateTime::parse(&begins, DATE).ok()?.assume_utc();
    begins.checked_add(Duration::seconds(value("X-Amz-Expires")?.parse().ok()?))
}

/// `uri` without what signs a presigned URL: of version 4, or of version 2, which boto3 still uses.
fn without_signature(uri: &Uri) -> Uri {
    const VERSION_2: [&str; 4] = ["AWSAccessKeyId", "Expires", "Signature", "x-amz-security-token"];
    const VERSION_4: [&str; 7] =
        ["Algorithm", "Credential", "Date", "Expires", "Security-Token", "Signature", "SignedHeaders"];
    let signs = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default();
        VERSION_2.contains(&name) || name.strip_prefix("X-Amz-").is_some_and(|part| VERSION_4.contains(&part))
    };
    let kept: Vec<&str> = uri.query().unwrap_or_default().split('&').filter(|pair| !signs(pair)).collect();
    let mark = if kept.is_empty() { "" } else { "?" };
    format!("{}{mark}{}", uri.path(), kept.join("&")).parse().unwrap_or_else(|_| uri.clone())
}

/// A form without its signature, which gets the name of a field that nobody looks at, and with the name of its file where it
/// is asked for. All that comes before the file.
pub(super) fn unsigned_form(form: Bytes) -> Bytes {
    let start = find(&form, b"name=\"file\"").unwrap_or(form.len());
    let (fields, file) = form.split_at(start);
    let mut fields = fields.to_vec();
    for name in [&b"name=\"x-amz-signature\""[..], b"name=\"signature\""] {
        if let Some(at) = find(&fields, name) {
            fields.splice(at..at + name.len(), *b"name=\"x-ignore-signature\"");
        }
    }
    const FILE_NAME: &[u8] = b"${filename}";
    if let Some(name) = file_name(file) {
        let mut from = 0;
        while let Some(at) = fields.get(from..).and_then(|rest| find(rest, FILE_NAME)) {
            fields.splice(from + at..from + at + FILE_NAME.len(), name.iter().copied());
            from += at + name.len();
        }
    }
    fields.extend_from_slice(file);
    fields.into()
}

/// The name that a form gives its file: the last one of a path.
fn file_name(file: &[u8]) -> Option<&[u8]> {
    const START: &[u8] = b"filename=\"";
    let header = &file[..find(file, b"\r\n")?];
    let name = &header[find(header, START)? + START.len()..];
    let name = &name[..name.iter().position(|byte| *byte == b'"')?];
    name.rsplit(|byte| matches!(byte, b'/' | b'\\')).next()
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window.eq_ignore_ascii_case(part))
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn taken_off(uri: &str, headers: &[(&str, &str)]) -> Result<(String, HeaderMap, Sent), RequestError> {
        let mut request = http::Request::put(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let sent = take_off(&mut parts, OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap())?;
        Ok((parts.uri.to_string(), parts.headers, sent))
    }

    #[test]
    fn signatures_are_taken_off() {
        let presigned = "/b/k?X-Amz-Algorithm=A&partNumber=1&X-Amz-Signature=0&X-Amz-Expires=9";
        let headers = [("authorization", "AWS4-HMAC-SHA256 x"), ("x-amz-content-sha256", "UNSIGNED-PAYLOAD")];
        let (uri, headers, sent) = taken_off(presigned, &headers).unwrap();
        assert_eq!((uri.as_str(), headers.len(), sent.is_in_chunks()), ("/b/k?partNumber=1", 0, false));
        assert_eq!(taken_off("/b/k?X-Amz-Signature=0", &[]).unwrap().0, "/b/k");
        let presigned = "/b/k?AWSAccessKeyId=test&Signature=a%3D&Expires=1700000000";
        assert_eq!(taken_off(presigned, &[]).unwrap().0, "/b/k");
    }

    #[test]
    fn forms_lose_their_signature_and_nothing_else() {
        let form = |signature: &str| {
            format!(
                "; name=\"key\"\r\n\r\na\r\n; name=\"{signature}\"\r\n\r\n0\r\n; name=\"file\"\r\n\r\nname=\"signature\""
            )
        };
        for name in ["x-amz-signature", "signature", "Signature"] {
            assert_eq!(unsigned_form(form(name).into()), form("x-ignore-signature"), "{name}");
        }
        assert_eq!(unsigned_form(form("policy").into()), form("policy"));
        let named = "name=\"key\"\r\n\r\na/${filename}-${filename}\r\nname=\"file\"; filename=\"C:\\x\\b.txt\"\r\n\r\n${filename}";
        let expected = named.replacen("${filename}", "b.txt", 2);
        assert_eq!(unsigned_form(named.into()), expected);
    }

    #[test]
    fn presigned_urls_end() {
        // 1,700,000,000 is 22:13:20 on that day.
        for (uri, is_taken) in [
            ("/b/k?X-Amz-Signature=0&X-Amz-Date=20231114T221310Z&X-Amz-Expires=10", true),
            ("/b/k?X-Amz-Signature=0&X-Amz-Date=20231114T221310Z&X-Amz-Expires=9", false),
            ("/b/k?X-Amz-Signature=0&X-Amz-Date=nonsense&X-Amz-Expires=9223372036854775807", true),
            ("/b/k?AWSAccessKeyId=test&Signature=a&Expires=1699999999", false),
        ] {
            let told = taken_off(uri, &[]).map(drop).map_err(|error| (error.status.as_u16(), error.message));
            let expected = if is_taken { Ok(()) } else { Err((403, "Request has expired".to_owned())) };
            assert_eq!(told, expected, "{uri}");
        }
    }

    #[test]
    fn bodies_in_chunks_are_told() {
        let trailer = ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER");
        let length = ("x-amz-decoded-content-length", "5");
        let (_, headers, sent) =
            taken_off("/b/k", &[trailer, length, ("content-length", "99"), ("content-encoding", "aws-chunked,gzip")])
                .unwrap();
        let shown = |name: &str| headers.get(name).map(|value| value.to_str().unwrap());
        assert_eq!(shown("content-encoding"), Some("gzip"));
        assert_eq!(shown("content-length"), Some("5"));
        assert_eq!((sent.is_in_chunks(), sent.length), (true, Some(5)));
    }
}
