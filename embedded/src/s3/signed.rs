//! What a signed request carries beside what it asks for. Signatures are not checked here, so this is taken off.

use bytes::{Buf, Bytes, BytesMut};
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, HeaderName, HeaderValue, Uri, request};

use super::{RequestError, checksum};

const CONTENT_SHA256: HeaderName = HeaderName::from_static("x-amz-content-sha256");

/// Takes the signature off a request, in its headers, its query or its body, and answers the bare body.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html>
/// The body fits the checksums that came with it.
pub(super) fn take_off(parts: &mut request::Parts, body: Bytes) -> Result<Bytes, RequestError> {
    if parts.uri.query().is_some_and(|query| query.contains("Signature=")) {
        parts.uri = without_signature(&parts.uri);
    }
    let headers = &mut parts.headers;
    headers.remove(AUTHORIZATION);
    let content = headers.remove(CONTENT_SHA256);
    let content = content.as_ref().and_then(|content| content.to_str().ok());
    if !content.is_some_and(|content| content.starts_with("STREAMING-")) {
        checksum::check(headers, content, &body)?;
        return Ok(body);
    }
    let (body, trailers) = unchunk(body).map_err(|error| RequestError::new("IncompleteBody", error.to_string()))?;
    headers.extend(trailers);
    checksum::check(headers, None, &body)?;
    // "aws-chunked" stands before what the content itself is encoded with.
    if let Some(encoding) = headers.remove(CONTENT_ENCODING) {
        let own =
            encoding.to_str().unwrap_or_default().trim_start_matches("aws-chunked").trim_start_matches([',', ' ']);
        if let (false, Ok(own)) = (own.is_empty(), HeaderValue::from_str(own)) {
            headers.insert(CONTENT_ENCODING, own);
        }
    }
    headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    Ok(body)
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

#[derive(Debug, thiserror::Error)]
#[error("the body is not made of chunks as its x-amz-content-sha256 says")]
struct NotChunked;

/// The content of a body in chunks (`SIZE[;chunk-signature=…]\r\nBYTES\r\n`, the last of size 0), and what trails it.
fn unchunk(mut body: Bytes) -> Result<(Bytes, HeaderMap), NotChunked> {
    let mut content = BytesMut::with_capacity(body.len());
    loop {
        let line = take_line(&mut body).ok_or(NotChunked)?;
        let size = line.split(';').next().unwrap_or_default();
        let size = usize::from_str_radix(size.trim(), 16).map_err(|_| NotChunked)?;
        if size == 0 {
            break;
        }
        if body.len() < size.saturating_add(2) || &body[size..size + 2] != b"\r\n" {
            return Err(NotChunked);
        }
        content.extend_from_slice(&body[..size]);
        body.advance(size + 2);
    }
    let mut trailers = HeaderMap::new();
    while let Some(line) = take_line(&mut body) {
        let Some((name, value)) = line.split_once(':') else { continue };
        if let (Ok(name), Ok(value)) = (name.trim().parse::<HeaderName>(), HeaderValue::from_str(value.trim()))
            && name != "x-amz-trailer-signature"
        {
            trailers.insert(name, value);
        }
    }
    Ok((content.freeze(), trailers))
}

/// The next line, without its end.
fn take_line(body: &mut Bytes) -> Option<String> {
    let end = body.iter().position(|byte| *byte == b'\n')?;
    let line = body.split_to(end + 1);
    Some(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken_off(
        uri: &str,
        headers: &[(&str, &str)],
        body: &'static str,
    ) -> Result<(String, HeaderMap, Bytes), RequestError> {
        let mut request = http::Request::put(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let body = take_off(&mut parts, Bytes::from_static(body.as_bytes()))?;
        Ok((parts.uri.to_string(), parts.headers, body))
    }

    #[test]
    fn signatures_are_taken_off() {
        let presigned = "/b/k?X-Amz-Algorithm=A&partNumber=1&X-Amz-Signature=0&X-Amz-Expires=9";
        let headers = [("authorization", "AWS4-HMAC-SHA256 x"), ("x-amz-content-sha256", "UNSIGNED-PAYLOAD")];
        let (uri, headers, body) = taken_off(presigned, &headers, "1\r\na").unwrap();
        assert_eq!((uri.as_str(), headers.len(), &*body), ("/b/k?partNumber=1", 0, &b"1\r\na"[..]));
        assert_eq!(taken_off("/b/k?X-Amz-Signature=0", &[], "").unwrap().0, "/b/k");
        let presigned = "/b/k?AWSAccessKeyId=test&Signature=a%3D&Expires=1";
        assert_eq!(taken_off(presigned, &[], "").unwrap().0, "/b/k");
    }

    #[test]
    fn bodies_in_chunks_become_whole() {
        let trailer = ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER");
        let body = "4\r\nab\r\n\r\n1\r\nc\r\n0\r\nx-amz-checksum-crc32:1dPdUw==\r\n\r\n";
        let (_, headers, body) = taken_off("/b/k", &[trailer, ("content-encoding", "aws-chunked,gzip")], body).unwrap();
        assert_eq!(&*body, b"ab\r\nc");
        let shown = |name: &str| headers.get(name).map(|value| value.to_str().unwrap());
        assert_eq!(shown("content-encoding"), Some("gzip"));
        assert_eq!(shown("content-length"), Some("5"));
        assert_eq!(shown("x-amz-checksum-crc32"), Some("1dPdUw=="));

        let signed = ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
        let body = "3;chunk-signature=0a\r\nabc\r\n0;chunk-signature=0b\r\n\r\n";
        assert_eq!(&*taken_off("/b/k", &[signed], body).unwrap().2, b"abc");
        for broken in ["", "x\r\n", "5\r\nabc\r\n0\r\n\r\n", "ffffffffffffffff\r\na", "3\r\nabcd\r\n"] {
            assert!(taken_off("/b/k", &[signed], broken).is_err(), "{broken:?}");
        }
    }
}
