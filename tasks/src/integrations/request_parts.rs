//! What states give of an HTTP request in their parameters, for the integrations that take its parts by name.

use asl_engine::{Failure, Object, Value};
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use url::Url;

/// The method that a state names.
pub(super) fn method(value: &Value) -> Result<Method, Failure> {
    const METHODS: [Method; 7] =
        [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::HEAD, Method::OPTIONS];
    let found = METHODS.into_iter().find(|method| value.as_str() == Some(method.as_str()));
    found.ok_or_else(|| {
        runtime(
            "The value for the field 'Method' is not valid: expected GET, POST, PUT, DELETE, PATCH, HEAD or OPTIONS",
        )
    })
}

/// The headers of the state, and what the body is. Which ones may not be set was looked at before the task was scheduled.
pub(super) fn sent_headers(given: &Value) -> Result<HeaderMap, Failure> {
    let mut sent = HeaderMap::new();
    sent.insert(USER_AGENT, HeaderValue::from_static(concat!("asl/", env!("CARGO_PKG_VERSION"))));
    sent.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, values) in members(given) {
        let header: HeaderName = name.parse().map_err(|_| runtime(format!("'{name}' is no name of a header")))?;
        sent.remove(&header);
        for value in listed(values) {
            let value = HeaderValue::from_str(&text_of(value));
            let value = value.map_err(|_| runtime(format!("The value of the header '{name}' cannot be sent")))?;
            sent.append(header.clone(), value);
        }
    }
    Ok(sent)
}

/// Adds parameters to the query of a URL: each with its value, or with the values of its list.
pub(super) fn add_query(url: &mut Url, parameters: &Value) {
    for (name, values) in members(parameters) {
        for value in listed(values) {
            url.query_pairs_mut().append_pair(name, &text_of(value));
        }
    }
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flat_map(Object::iter).map(|(name, value)| (&**name, value))
}

fn listed(value: &Value) -> impl Iterator<Item = &Value> {
    let items = value.as_array().map_or(std::slice::from_ref(value), |items| items);
    items.iter().filter(|item| **item != Value::Null)
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A value of a field that cannot be sent ends the execution.
pub(super) fn runtime(cause: impl Into<String>) -> Failure {
    Failure::new("States.Runtime", cause.into())
}
