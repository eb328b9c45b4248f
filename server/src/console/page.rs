//! The files of the page.

use std::hash::{DefaultHasher, Hasher};

use asl_tasks::{Starts, Trigger};
use aws_smithy_types::body::SdkBody;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use include_dir::{Dir, include_dir};

use super::PREFIX;

/// What `npm run build` in `console/` has written.
static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../console/dist");

/// Only what comes from this server is run, shown or asked; nobody puts the page into another one.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Whether a browser asks for the page or a file of it. A route of the user's for `/` comes first, one for all paths does not.
pub(crate) fn is_file_asked<B>(request: &Request<B>, trigger: Option<&Trigger>) -> bool {
    let accepts = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let has_route =
        trigger.is_some_and(|trigger| matches!(&trigger.starts, Starts::Http { path: Some(path), .. } if path == "/"));
    let path = request.uri().path();
    let is_page = path == PREFIX || path == "/" && !has_route && accepts.contains("text/html");
    matches!(*request.method(), Method::GET | Method::HEAD) && (is_page || name(path).is_some())
}

/// The name of a file below `console/dist` that a path stands for.
fn name(path: &str) -> Option<&str> {
    path.strip_prefix(PREFIX).filter(|name| name.starts_with("assets/"))
}

/// A file of the page, by the path that is asked for.
pub(crate) fn file(path: &str, headers: &HeaderMap) -> Response<SdkBody> {
    let name = name(path).unwrap_or("index.html");
    let Some(file) = FILES.get_file(name) else {
        let mut response = Response::new(SdkBody::from(format!("there is no {path}\n")));
        *response.status_mut() = StatusCode::NOT_FOUND;
        return response;
    };
    let content_type = match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    // A file changes with the program only.
    let tag = format!("\"{:016x}\"", digest(file.contents()));
    let is_known = headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let body = if is_known { SdkBody::empty() } else { SdkBody::from(file.contents()) };
    let mut response = Response::new(body);
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let fixed = [
        (CONTENT_TYPE, content_type),
        (CACHE_CONTROL, "no-cache"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (HeaderName::from_static("x-content-type-options"), "nosniff"),
        (HeaderName::from_static("referrer-policy"), "no-referrer"),
    ];
    let headers = response.headers_mut();
    headers.extend(fixed.map(|(name, value)| (name, HeaderValue::from_static(value))));
    headers.extend(HeaderValue::from_str(&tag).map(|tag| (ETAG, tag)));
    response
}

/// Tells one content from another.
fn digest(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
