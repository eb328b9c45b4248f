//! Pages of other sites, which an API allows to ask it.
//!
//! AWS developer guide of API Gateway, "Configure CORS for HTTP APIs": an API with a configuration answers preflight requests by itself, and
//! what a function says of it is replaced. Of a REST API it is the function that says it.

use asl_tasks::{Api, Cors};
use aws_smithy_types::body::SdkBody;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    ORIGIN, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};

/// The method that a browser asks for before it asks; none where a request is no preflight.
pub(crate) fn preflight<B>(request: &Request<B>) -> Option<Method> {
    let asked = request.headers().get(ACCESS_CONTROL_REQUEST_METHOD).filter(|_| request.method() == Method::OPTIONS)?;
    request.headers().get(ORIGIN)?;
    Method::from_bytes(asked.as_bytes()).ok()
}

/// What the origin of a request is told, where an API allows it.
pub(crate) fn allowed_origin<B>(api: Option<&Api>, request: &Request<B>) -> Option<HeaderValue> {
    let (cors, origin) = (api?.cors.as_ref()?, request.headers().get(ORIGIN)?);
    let fits = |allowed: &String| match allowed.strip_suffix('*') {
        // `https://*` has all of HTTPS.
        Some(start) => origin.as_bytes().starts_with(start.as_bytes()),
        None => origin.as_bytes().eq_ignore_ascii_case(allowed.as_bytes()),
    };
    if cors.allow_origins.iter().any(|allowed| allowed == "*") {
        return Some(HeaderValue::from_static("*"));
    }
    cors.allow_origins.iter().any(fits).then(|| origin.clone())
}

/// The answer to a preflight request.
pub(crate) fn answer(cors: &Cors, origin: Option<HeaderValue>) -> Response<SdkBody> {
    let mut response = Response::new(SdkBody::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let Some(origin) = origin else { return response };
    let headers = response.headers_mut();
    tell_origin(cors, origin, headers);
    let mut list = |name: HeaderName, values: &[String]| {
        if let Ok(value) = HeaderValue::from_str(&values.join(","))
            && !values.is_empty()
        {
            headers.insert(name, value);
        }
    };
    list(ACCESS_CONTROL_ALLOW_METHODS, &cors.allow_methods);
    list(ACCESS_CONTROL_ALLOW_HEADERS, &cors.allow_headers);
    if let Some(age) = cors.max_age_seconds {
        headers.insert(ACCESS_CONTROL_MAX_AGE, age.into());
    }
    response
}

/// Adds to the answer of an HTTP API what a page of another site needs to read it.
pub(crate) fn allow(api: Option<&Api>, origin: Option<HeaderValue>, headers: &mut HeaderMap) {
    let Some(Api { is_rest: false, cors: Some(cors), .. }) = api else { return };
    let said: Vec<HeaderName> =
        headers.keys().filter(|name| name.as_str().starts_with("access-control-")).cloned().collect();
    said.into_iter().for_each(|name| _ = headers.remove(name));
    let Some(origin) = origin else { return };
    tell_origin(cors, origin, headers);
    if let Ok(exposed) = HeaderValue::from_str(&cors.expose_headers.join(","))
        && !cors.expose_headers.is_empty()
    {
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
}

fn tell_origin(cors: &Cors, origin: HeaderValue, headers: &mut HeaderMap) {
    if origin != "*" {
        headers.append(VARY, HeaderValue::from_static("origin"));
    }
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    if cors.allow_credentials {
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(origins: &[&str]) -> Api {
        let texts = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect();
        let cors = Cors {
            allow_origins: texts(origins),
            allow_methods: texts(&["GET", "POST"]),
            allow_headers: texts(&["content-type"]),
            expose_headers: texts(&["x-one"]),
            max_age_seconds: Some(60),
            allow_credentials: true,
        };
        Api { cors: Some(cors), ..Api::default() }
    }

    #[test]
    fn origins_are_those_of_the_configuration() {
        for (allowed, origin, told) in [
            (&["*"][..], "https://a.example", Some("*")),
            (&["https://a.example"], "https://a.example", Some("https://a.example")),
            (&["https://a.example"], "https://a.example.org", None),
            (&["https://*"], "https://b.example", Some("https://b.example")),
            (&["https://*"], "http://b.example", None),
            (&[], "https://a.example", None),
        ] {
            let request = Request::get("/").header(ORIGIN, origin).body(()).expect("a request");
            let found = allowed_origin(Some(&api(allowed)), &request);
            assert_eq!(found.as_ref().map(HeaderValue::as_bytes), told.map(str::as_bytes), "{allowed:?} {origin}");
        }
    }

    #[test]
    fn a_preflight_request_is_answered() {
        let request = |method: &str| {
            Request::builder().method(method).header(ORIGIN, "o").header("access-control-request-method", "PUT")
        };
        assert_eq!(preflight(&request("OPTIONS").body(()).expect("a request")), Some(Method::PUT));
        assert_eq!(preflight(&request("GET").body(()).expect("a request")), None);
        let api = api(&["*"]);
        let answered = answer(api.cors.as_ref().expect("a configuration"), Some(HeaderValue::from_static("*")));
        let told: Vec<String> = answered
            .headers()
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().expect("text")))
            .collect();
        let expected = [
            "access-control-allow-origin: *",
            "access-control-allow-credentials: true",
            "access-control-allow-methods: GET,POST",
            "access-control-allow-headers: content-type",
            "access-control-max-age: 60",
        ];
        assert_eq!((answered.status().as_u16(), told), (204, expected.map(str::to_owned).to_vec()));
        let refused = answer(api.cors.as_ref().expect("a configuration"), None);
        assert_eq!((refused.status().as_u16(), refused.headers().len()), (204, 0));
        let mut headers = HeaderMap::new();
        allow(Some(&api), Some(HeaderValue::from_static("o")), &mut headers);
        assert_eq!(headers[ACCESS_CONTROL_EXPOSE_HEADERS], "x-one");
        // What a function says is replaced.
        let mut headers = HeaderMap::from_iter([(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"))]);
        allow(Some(&api), None, &mut headers);
        assert!(headers.is_empty());
        // A function of a REST API says it by itself.
        let mut headers = HeaderMap::new();
        allow(Some(&Api { is_rest: true, ..api }), Some(HeaderValue::from_static("o")), &mut headers);
        assert!(headers.is_empty());
    }
}
