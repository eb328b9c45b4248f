//! `arn:aws:states:::apigateway:invoke`: calls an API of API Gateway.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/connect-api-gateway.html>

use std::sync::Arc;
use std::time::Duration;

use asl_aws::web::{self, Caller};
use asl_aws::{Clients, Place, SendError, Service};
use asl_engine::{Failure, Outcome, Value};
use asl_runtime::{BoxFuture, Call, Handler};
use asl_settings::{shown, web_url};
use url::Url;

use super::answer::headers;
use super::request_parts::{add_query, method, runtime, sent_headers};

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
        let mut request = self.request(parameters)?;
        if self.is_signed(parameters)? {
            let unsigned = |error: SendError| Failure::new("ApiGateway.SdkClientException", error.to_string());
            self.clients.sign_for_api_gateway(&mut request).await.map_err(unsigned)?;
        }
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
        let keeps_nulls = parameters["AllowNullValues"].as_bool() == Some(true);
        if let Some(body) = parameters.get("RequestBody").filter(|body| **body != Value::Null) {
            let body = if keeps_nulls { body.clone() } else { without_nulls(body) };
            *request.body_mut() = Some(body.to_string().into());
        }
        Ok(request)
    }

    /// Whether the API is told who calls.
    fn is_signed(&self, parameters: &Value) -> Result<bool, Failure> {
        match parameters["AuthType"].as_str() {
            None | Some("NO_AUTH") => Ok(false),
            // A server that stands in for API Gateway asks for no signature.
            Some("IAM_ROLE" | "RESOURCE_POLICY") => Ok(self.elsewhere().is_none()),
            Some(_) => {
                let expected = "expected NO_AUTH, IAM_ROLE or RESOURCE_POLICY";
                Err(runtime(format!("The value for the field 'AuthType' is not valid: {expected}")))
            }
        }
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
        add_query(&mut url, &parameters["QueryParameters"]);
        Ok(url)
    }
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
