//! What S3 adds to every answer: ids, and in a refusal what it is about.

use asl_aws::in_process::xml_text;
use aws_smithy_types::body::SdkBody;
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri};
use http_body_util::BodyExt;

/// The texts of errors that the protocol layer has none for.
const TEXTS: [(&str, &str); 7] = [
    ("KeyTooLongError", "Your key is too long"),
    ("InvalidURI", "Couldn't parse the specified URI."),
    ("MethodNotAllowed", "The specified method is not allowed against this resource."),
    ("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema"),
    ("IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header"),
    ("MissingContentLength", "You must provide the Content-Length HTTP header."),
    ("InvalidRange", "The requested range is not satisfiable"),
];

/// Ids of requests, as S3 makes them.
pub(super) fn add_ids(headers: &mut HeaderMap) -> String {
    let id = uuid::Uuid::new_v4().simple().to_string().to_ascii_uppercase()[..16].to_owned();
    for name in ["x-amz-request-id", "x-amz-id-2"] {
        if let Ok(value) = HeaderValue::from_str(&id) {
            headers.insert(name, value);
        }
    }
    id
}

/// An answer of the protocol layer to this request, as S3 would send it.
pub(super) async fn finished(response: Response<s3s::Body>, method: &Method, uri: &Uri) -> Response<SdkBody> {
    let (mut parts, body) = response.into_parts();
    let id = add_ids(&mut parts.headers);
    // The answer to HEAD says what that to GET would.
    if *method == Method::HEAD && parts.status == StatusCode::OK && parts.headers.contains_key(CONTENT_RANGE) {
        parts.status = StatusCode::PARTIAL_CONTENT;
    }
    let is_refusal = parts.status.is_client_error() || parts.status.is_server_error();
    if !is_refusal && has_name(uri, "attributes") {
        // Here alone, S3 has a tag without its quotation marks.
        let text = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let text = text.replace("<ETag>&quot;", "<ETag>").replace("&quot;</ETag>", "</ETag>");
        let text = text.replace("<ETag>\"", "<ETag>").replace("\"</ETag>", "</ETag>");
        parts.headers.remove(CONTENT_LENGTH);
        return Response::from_parts(parts, SdkBody::from(text));
    }
    if !is_refusal && parts.status != StatusCode::NOT_MODIFIED {
        return Response::from_parts(parts, SdkBody::from_body_1_x(body.map_err(BodyError)));
    }
    // What is not part of this service is no fault of it.
    if parts.status == StatusCode::NOT_IMPLEMENTED {
        parts.status = StatusCode::BAD_REQUEST;
    }
    let text = match body.collect().await {
        Ok(body) if *method != Method::HEAD && is_refusal => {
            explained(&String::from_utf8_lossy(&body.to_bytes()), uri, &id)
        }
        _ => String::new(),
    };
    if text.is_empty() {
        parts.headers.remove(CONTENT_TYPE);
    }
    parts.headers.remove(CONTENT_LENGTH);
    if is_refusal {
        parts.headers.insert(CONTENT_LENGTH, text.len().into());
    }
    Response::from_parts(parts, SdkBody::from(text))
}

/// Whether a query has this name.
fn has_name(uri: &Uri, name: &str) -> bool {
    uri.query().unwrap_or_default().split('&').any(|pair| pair.split('=').next() == Some(name))
}

/// A refusal with its text and what it is about.
fn explained(document: &str, uri: &Uri, id: &str) -> String {
    let Some(error) = document.strip_suffix("</Error>") else { return document.to_owned() };
    let element = |name: &str| {
        let (_, rest) = error.split_once(&format!("<{name}>"))?;
        rest.split_once(&format!("</{name}>")).map(|(content, _)| content)
    };
    let code = element("Code").unwrap_or_default();
    let mut told = match element("Message") {
        Some(message) => match message.strip_suffix(" is not implemented yet") {
            Some(operation) => {
                error.replace(message, &format!("{operation} is not part of the embedded S3, see docs/services.md"))
            }
            None => error.to_owned(),
        },
        None => {
            let text = TEXTS.iter().find(|(known, _)| *known == code).map_or(code, |(_, text)| text);
            format!("{error}<Message>{text}</Message>")
        }
    };
    let path = uri.path().strip_prefix('/').unwrap_or(uri.path());
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    let about = match code {
        "NoSuchKey" => Some(("Key", key)),
        "NoSuchBucket" | "BucketNotEmpty" | "BucketAlreadyOwnedByYou" => Some(("BucketName", bucket)),
        _ => None,
    };
    if let Some((name, value)) = about {
        let value = super::urldecoded(value).unwrap_or_default();
        told.push_str(&format!("<{name}>{}</{name}>", xml_text(&value)));
    }
    told.push_str(&format!("<RequestId>{id}</RequestId><HostId>{id}</HostId></Error>"));
    told
}

/// An error of a body, which the SDK wants to be an error type of its own.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct BodyError(Box<dyn std::error::Error + Send + Sync>);
