//! Requests that call functions, as an API Gateway with a proxy integration of Lambda has them.
//!
//! AWS developer guide of API Gateway, "Create AWS Lambda proxy integrations for HTTP APIs" and "Lambda proxy integrations in API Gateway".

use std::collections::BTreeMap;

use asl_aws::{CallError, Clients, Service, Style};
use asl_engine::Value as Shared;
use asl_loopback::{self as loopback, Refused};
use asl_runtime::now;
use asl_tasks::{Starts, Trigger};
use aws_smithy_types::body::SdkBody;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::{CONTENT_TYPE, COOKIE, HOST, SET_COOKIE};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use serde_json::{Map, Value, json};
use tracing::warn;
use uuid::Uuid;

use crate::http::REQUEST_MAX;
use crate::server::Shared as Server;

/// The stage whose name stands in no path.
const DEFAULT: &str = "$default";

/// Why a function has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotCalled {
    /// It has failed; this is what it says.
    #[error("the function has failed: {0}")]
    Failed(String),
    /// It cannot be called.
    #[error("{0}")]
    Call(#[from] CallError),
    /// What is handed on is not JSON for the engine.
    #[error("the function cannot be called: {0}")]
    Unfit(String),
}

/// Calls a function and waits for its result.
pub(crate) async fn call(clients: &Clients, arn: &str, event: &Value) -> Result<Value, NotCalled> {
    let unfit = |why: String| NotCalled::Unfit(why);
    let service = Service::find("lambda").map_err(|error| unfit(error.to_string()))?;
    let operation = service.operation("invoke").map_err(|error| unfit(error.to_string()))?;
    let payload: Shared = event.to_string().parse().map_err(|_| unfit("the event nests too deeply".to_owned()))?;
    let parameters = Shared::from([("FunctionName", arn.into()), ("Payload", payload)]);
    let output = clients.call(service, operation, &parameters, Style::Optimized).await?;
    let payload = output.result.get("Payload").cloned().unwrap_or_default();
    // JSON that has come as text.
    let payload: Value = match payload.as_str() {
        Some(text) if output.result.get("FunctionError").is_none() => {
            serde_json::from_str(text).unwrap_or_else(|_| text.into())
        }
        _ => serde_json::from_str(&payload.to_string()).unwrap_or_default(),
    };
    match output.result.get("FunctionError") {
        Some(_) => Err(NotCalled::Failed(payload.to_string())),
        None => Ok(payload),
    }
}

/// A request, as both versions of the format tell it.
struct Asked {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
    is_base64: bool,
    /// The route, as the API has it.
    route: (String, String),
    parameters: Vec<(String, String)>,
    /// The API, and its stage.
    api: String,
    stage: String,
}

impl Server {
    /// Calls a function with a request, and answers with what it says.
    pub(crate) async fn proxied(
        &self,
        function: &str,
        trigger: &Trigger,
        parameters: Vec<(String, String)>,
        request: Request<Incoming>,
    ) -> Result<Response<SdkBody>, Refused> {
        let Starts::Http { method, path, is_payload_1, .. } = &trigger.starts else {
            return Err(Refused(StatusCode::NOT_FOUND, String::new()));
        };
        let (parts, body) = request.into_parts();
        let headers = parts.headers.iter();
        let headers = headers.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
        let (headers, uri, asked_method) = (headers.collect(), parts.uri.clone(), parts.method.to_string());
        let body = loopback::body(Request::from_parts(parts, body), REQUEST_MAX).await?;
        let text = String::from_utf8(body.to_vec());
        let is_base64 = text.is_err();
        let text = text.unwrap_or_else(|_| BASE64_STANDARD.encode(&body));
        let asked = Asked {
            method: asked_method,
            path: uri.path().to_owned(),
            query: uri.query().unwrap_or_default().to_owned(),
            headers,
            body: (!text.is_empty()).then_some(text),
            is_base64,
            route: (
                method.clone().unwrap_or_else(|| "ANY".to_owned()),
                path.clone().unwrap_or_else(|| "$default".to_owned()),
            ),
            parameters,
            api: trigger.api.clone().unwrap_or_else(|| "local".to_owned()),
            stage: trigger
                .api
                .as_ref()
                .and_then(|api| self.apis.get(api)?.stage.clone())
                .unwrap_or_else(|| DEFAULT.to_owned()),
        };
        let event = if *is_payload_1 {
            asked.version_1(&self.identity.account)
        } else {
            asked.version_2(&self.identity.account)
        };
        let arn = self.identity.arn_of(&trigger.calls);
        Ok(match call(self.router.clients(), &arn, &event).await {
            Ok(result) => answer(result, *is_payload_1),
            Err(error) => {
                warn!(function, %error, "a request has no answer");
                match is_payload_1 {
                    true => message(StatusCode::BAD_GATEWAY, "Internal server error"),
                    false => message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
                }
            }
        })
    }
}

/// The values of each name, in the order in which they came.
fn grouped(pairs: impl IntoIterator<Item = (String, String)>) -> BTreeMap<String, Vec<String>> {
    let mut grouped: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in pairs {
        grouped.entry(name).or_default().push(value);
    }
    grouped
}

/// An object, or `null` where it would be empty.
fn or_null<V: Into<Value>>(members: impl IntoIterator<Item = (String, V)>) -> Value {
    let members: Map<String, Value> = members.into_iter().map(|(name, value)| (name, value.into())).collect();
    if members.is_empty() { Value::Null } else { members.into() }
}

impl Asked {
    fn queries(&self) -> BTreeMap<String, Vec<String>> {
        let pairs = url::form_urlencoded::parse(self.query.as_bytes());
        grouped(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())))
    }

    fn header(&self, name: &HeaderName) -> Value {
        self.headers
            .iter()
            .find(|(known, _)| known == name.as_str())
            .map_or(Value::Null, |(_, value)| value.as_str().into())
    }

    /// The path from the name of the stage on, as it is at AWS; `$default` has none.
    fn staged_path(&self) -> String {
        match self.stage.as_str() {
            DEFAULT => self.path.clone(),
            stage => format!("/{stage}{}", self.path),
        }
    }

    fn route_key(&self) -> String {
        let (method, path) = &self.route;
        if path == "$default" { path.clone() } else { format!("{method} {path}") }
    }

    /// "Payload format version" 2.0: several values of a header or a query stand in one text.
    fn version_2(&self, account: &str) -> Value {
        let cookies = self.headers.iter().filter(|(name, _)| name == COOKIE.as_str());
        let cookies: Vec<&str> = cookies.flat_map(|(_, value)| value.split("; ")).collect();
        let headers = self.headers.iter().filter(|(name, _)| name != COOKIE.as_str()).cloned();
        let joined =
            |grouped: BTreeMap<String, Vec<String>>| grouped.into_iter().map(|(name, values)| (name, values.join(",")));
        let mut event = json!({
            "version": "2.0",
            "routeKey": self.route_key(),
            "rawPath": self.staged_path(),
            "rawQueryString": self.query,
            "headers": joined(grouped(headers)).collect::<BTreeMap<_, _>>(),
            "requestContext": {
                "accountId": account,
                "apiId": self.api,
                "domainName": self.header(&HOST),
                "domainPrefix": self.api,
                "http": {
                    "method": self.method,
                    "path": self.staged_path(),
                    "protocol": "HTTP/1.1",
                    "sourceIp": "127.0.0.1",
                    "userAgent": self.header(&http::header::USER_AGENT),
                },
                "requestId": Uuid::new_v4().to_string(),
                "routeKey": self.route_key(),
                "stage": self.stage,
                "timeEpoch": now().0,
            },
            "isBase64Encoded": self.is_base64,
        });
        // What there is nothing of is not there.
        let more = [
            ("cookies", if cookies.is_empty() { Value::Null } else { cookies.into() }),
            ("queryStringParameters", or_null(joined(self.queries()))),
            ("pathParameters", or_null(self.parameters.iter().cloned())),
            ("body", self.body.as_deref().map_or(Value::Null, Value::from)),
        ];
        for (name, value) in more.into_iter().filter(|(_, value)| !value.is_null()) {
            event[name] = value;
        }
        event
    }

    /// "Payload format version" 1.0, which REST APIs have, too: the last value, and all of them beside it.
    fn version_1(&self, account: &str) -> Value {
        let last = |grouped: &BTreeMap<String, Vec<String>>| {
            or_null(grouped.iter().filter_map(|(name, values)| Some((name.clone(), values.last()?.clone()))))
        };
        let (headers, queries) = (grouped(self.headers.iter().cloned()), self.queries());
        json!({
            "version": "1.0",
            "resource": self.route.1,
            "path": self.path,
            "httpMethod": self.method,
            "headers": last(&headers),
            "multiValueHeaders": or_null(headers.clone()),
            "queryStringParameters": last(&queries),
            "multiValueQueryStringParameters": or_null(queries.clone()),
            "pathParameters": or_null(self.parameters.iter().cloned()),
            "stageVariables": null,
            "requestContext": {
                "accountId": account,
                "apiId": self.api,
                "domainName": self.header(&HOST),
                "httpMethod": self.method,
                "identity": { "sourceIp": "127.0.0.1", "userAgent": self.header(&http::header::USER_AGENT) },
                "path": self.staged_path(),
                "protocol": "HTTP/1.1",
                "requestId": Uuid::new_v4().to_string(),
                "requestTimeEpoch": now().0,
                "resourcePath": self.route.1,
                "stage": self.stage,
            },
            "body": self.body,
            "isBase64Encoded": self.is_base64,
        })
    }
}

/// What API Gateway makes of the result of a function.
fn answer(result: Value, is_payload_1: bool) -> Response<SdkBody> {
    let Some(status) = result.get("statusCode").and_then(Value::as_u64) else {
        // An HTTP API takes it for the body; a REST API for a mistake.
        return match is_payload_1 {
            true => message(StatusCode::BAD_GATEWAY, "Internal server error"),
            false => {
                let mut response = Response::new(SdkBody::from(result.to_string()));
                response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                response
            }
        };
    };
    let body = match &result["body"] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let body = match result["isBase64Encoded"].as_bool() {
        Some(true) => BASE64_STANDARD.decode(&body).unwrap_or_else(|_| body.into_bytes()),
        _ => body.into_bytes(),
    };
    let mut response = Response::new(SdkBody::from(body));
    let status = u16::try_from(status).ok().and_then(|status| StatusCode::from_u16(status).ok());
    *response.status_mut() = status.unwrap_or(StatusCode::BAD_GATEWAY);
    let single = result["headers"].as_object().into_iter().flatten().map(|(name, value)| (name.clone(), value.clone()));
    let several = result["multiValueHeaders"].as_object().into_iter().flatten();
    let several = several.flat_map(|(name, values)| {
        values.as_array().into_iter().flatten().map(move |value| (name.clone(), value.clone()))
    });
    let cookies = result["cookies"].as_array().into_iter().flatten();
    let cookies = cookies.map(|cookie| (SET_COOKIE.to_string(), cookie.clone()));
    for (name, value) in single.chain(several).chain(cookies) {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        // What is no header of HTTP is left out, and so is how long the body is: that is counted.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::try_from(text))
            && name != http::header::CONTENT_LENGTH
        {
            response.headers_mut().append(name, value);
        }
    }
    if !response.headers().contains_key(CONTENT_TYPE) {
        let plain = if is_payload_1 { "application/json" } else { "text/plain; charset=utf-8" };
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(plain));
    }
    response
}

pub(crate) fn message(status: StatusCode, message: &str) -> Response<SdkBody> {
    let mut response = Response::new(SdkBody::from(json!({ "message": message }).to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> Asked {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Asked {
            method: "POST".to_owned(),
            path: "/orders/7".to_owned(),
            query: "a=1&a=2&b=x%20y".to_owned(),
            headers: vec![
                header("x-one", "1"),
                header("x-one", "2"),
                header("cookie", "c=1; d=2"),
                header("host", "h"),
            ],
            body: Some("{}".to_owned()),
            is_base64: false,
            route: ("POST".to_owned(), "/orders/{id}".to_owned()),
            parameters: vec![("id".to_owned(), "7".to_owned())],
            api: "a1".to_owned(),
            stage: DEFAULT.to_owned(),
        }
    }

    #[test]
    fn both_versions_tell_the_request() {
        let event = asked().version_2("1");
        assert_eq!(event["routeKey"], "POST /orders/{id}");
        assert_eq!(event["headers"], json!({ "x-one": "1,2", "host": "h" }));
        assert_eq!(event["cookies"], json!(["c=1", "d=2"]));
        assert_eq!(event["queryStringParameters"], json!({ "a": "1,2", "b": "x y" }));
        assert_eq!(event["pathParameters"], json!({ "id": "7" }));
        let event = asked().version_1("1");
        assert_eq!((&event["resource"], &event["body"]), (&json!("/orders/{id}"), &json!("{}")));
        assert_eq!(event["queryStringParameters"], json!({ "a": "2", "b": "x y" }));
        assert_eq!(event["multiValueHeaders"]["x-one"], json!(["1", "2"]));
        for (stage, path) in [(DEFAULT, "/orders/7"), ("prod", "/prod/orders/7")] {
            let asked = || Asked { stage: stage.to_owned(), ..asked() };
            let (first, second) = (asked().version_1("1"), asked().version_2("1"));
            assert_eq!((&first["path"], &first["requestContext"]["path"]), (&json!("/orders/7"), &json!(path)));
            assert_eq!((&second["rawPath"], &second["requestContext"]["http"]["path"]), (&json!(path), &json!(path)));
            assert!(
                [first, second]
                    .iter()
                    .all(|it| it["requestContext"]["stage"] == stage && it["requestContext"]["apiId"] == "a1")
            );
        }
        let bare = Asked { query: String::new(), parameters: Vec::new(), body: None, ..asked() };
        assert_eq!(bare.version_2("1").get("queryStringParameters"), None);
        assert_eq!(bare.version_1("1")["queryStringParameters"], Value::Null);
    }

    #[test]
    fn results_become_answers() {
        for (result, is_payload_1, status, content_type, body) in [
            (json!({ "statusCode": 201, "body": "x" }), false, 201, "text/plain; charset=utf-8", "x"),
            (
                json!({ "statusCode": 200, "body": "eA==", "isBase64Encoded": true, "headers": { "Content-Type": "a/b" } }),
                true,
                200,
                "a/b",
                "x",
            ),
            (json!({ "a": 1 }), false, 200, "application/json", r#"{"a":1}"#),
            (json!({ "a": 1 }), true, 502, "application/json", r#"{"message":"Internal server error"}"#),
        ] {
            let response = answer(result, is_payload_1);
            assert_eq!(response.status().as_u16(), status);
            assert_eq!(response.headers()[CONTENT_TYPE], content_type);
            assert_eq!(response.body().bytes(), Some(body.as_bytes()));
        }
        let response = answer(json!({ "statusCode": 200, "cookies": ["a=1", "b=2"] }), false);
        assert_eq!(response.headers().get_all(SET_COOKIE).iter().count(), 2);
    }
}
