//! `arn:aws:states:::apigateway:invoke`: calls an API of API Gateway.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/connect-api-gateway.html>

use std::sync::Arc;
use std::time::Duration;

use asl_aws::web::{self, Caller};
use asl_aws::{Clients, Place, Service};
use asl_engine::{Failure, Object, Outcome, Value};
use asl_runtime::{BoxFuture, Call, Handler};
use asl_settings::{shown, web_url};
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use url::Url;

use super::answer::headers;

/// API Gateway gives up an integration long before.
const LIMIT: Duration = Duration::from_secs(60);

/// The most bytes of an answer: what API Gateway answers at most.
const BODY_MAX: u64 = 10 * 1024 * 1024;

/// Calls an API.
pub(super) struct Invoke {
    caller: Caller,
    clients: Arc<Clients>,
    service: &'static Service,
}

impl Invoke {
    /// None where the models of AWS do not have the service.
    pub(super) fn new(clients: &Arc<Clients>, caller: &Caller) -> Option<Self> {
        let service = Service::find("apigateway").ok()?;
        Some(Self { caller: caller.clone(), clients: Arc::clone(clients), service })
    }

    async fn run(&self, parameters: &Value) -> Outcome {
        let request = self.request(parameters)?;
        let url = shown(request.url());
        let client = self.caller.client().map_err(|error| runtime(error.to_string()))?;
        let failed = |error: reqwest::Error| {
            let cause = format!("Cannot call {url}: {}", web::transport_error(error));
            Failure::new("ApiGateway.SdkClientException", cause)
        };
        let response = client.execute(request).await.map_err(failed)?;
        let (status, headers) = (response.status(), headers(response.headers()));
        let body = web::body(response, BODY_MAX).await.map_err(failed)?;
        let body = body.ok_or_else(|| {
            let cause = format!("The answer of {url} has more than {BODY_MAX} bytes");
            Failure::new("States.DataLimitExceeded", cause)
        })?;
        let body = String::from_utf8_lossy(&body);
        if !status.is_success() {
            return Err(Failure::new(format!("ApiGateway.{}", status.as_u16()), body.into_owned()));
        }
        Ok(Value::from([
            ("Headers", headers),
            ("ResponseBody", body.parse().unwrap_or_else(|_| Value::from(&*body))),
            ("StatusCode", u32::from(status.as_u16()).into()),
            ("StatusText", status.canonical_reason().unwrap_or_default().into()),
        ]))
    }

    fn request(&self, parameters: &Value) -> Result<reqwest::Request, Failure> {
        let method = method(&parameters["Method"])?;
        let mut request = reqwest::Request::new(method, self.url(parameters)?);
        *request.timeout_mut() = Some(LIMIT);
        *request.headers_mut() = sent_headers(&parameters["Headers"])?;
        match parameters["AuthType"].as_str() {
            None | Some("NO_AUTH") => {}
            // A server that stands in for API Gateway asks for no signature.
            _ if self.elsewhere().is_some() => {}
            Some(other) => {
                let cause = format!("The AuthType {other} of apigateway:invoke is not supported by asl yet");
                return Err(runtime(cause));
            }
        }
        let keeps_nulls = parameters["AllowNullValues"].as_bool() == Some(true);
        if let Some(body) = parameters.get("RequestBody").filter(|body| **body != Value::Null) {
            let body = if keeps_nulls { body.clone() } else { without_nulls(body) };
            *request.body_mut() = Some(body.to_string().into());
        }
        Ok(request)
    }

    /// The server that stands in for API Gateway.
    fn elsewhere(&self) -> Option<&str> {
        match self.clients.places().get(self.service.name) {
            Some(Place::Endpoint { endpoint_url, .. }) => Some(endpoint_url),
            _ => None,
        }
    }

    /// The stage and the path at the API, or at the server that stands in for it.
    fn url(&self, parameters: &Value) -> Result<Url, Failure> {
        let text = |name: &str| parameters[name].as_str().unwrap_or_default().trim_matches('/').to_owned();
        let api = match (self.elsewhere(), text("ApiEndpoint")) {
            (Some(elsewhere), _) => elsewhere.trim_end_matches('/').to_owned(),
            (None, api) if api.contains("://") => api,
            (None, api) => format!("https://{api}"),
        };
        let parts = [api, text("Stage"), text("Path")];
        let parts: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        let mut url = web_url(&parts.join("/"))
            .map_err(|fault| runtime(format!("The value for the field 'ApiEndpoint' is not valid: {fault}")))?;
        for (name, values) in members(&parameters["QueryParameters"]) {
            for value in listed(values) {
                url.query_pairs_mut().append_pair(name, &text_of(value));
            }
        }
        Ok(url)
    }
}

fn method(value: &Value) -> Result<Method, Failure> {
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
fn sent_headers(given: &Value) -> Result<HeaderMap, Failure> {
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

/// A body without the members that are null.
fn without_nulls(body: &Value) -> Value {
    if let Some(items) = body.as_array() {
        return items.iter().map(without_nulls).collect();
    }
    match body.as_object() {
        None => body.clone(),
        Some(object) => {
            let kept = object.iter().filter(|(_, value)| **value != Value::Null);
            kept.map(|(name, value)| (name.clone(), without_nulls(value))).collect()
        }
    }
}

fn runtime(cause: impl Into<String>) -> Failure {
    Failure::new("States.Runtime", cause.into())
}

impl Handler for Invoke {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(self.run(&call.request.input))
    }

    fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
        self.clients.reaches_aws(self.service)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_that_are_null_are_not_sent() {
        let body: Value = r#"{"a":null,"b":[{"c":null,"d":1}],"e":"x"}"#.parse().unwrap();
        assert_eq!(without_nulls(&body), r#"{"b":[{"d":1}],"e":"x"}"#.parse().unwrap());
    }
}
