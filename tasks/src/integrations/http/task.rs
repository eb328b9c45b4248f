//! What an HTTP Task asks for: its parameters.

use asl_engine::{Failure, Value};
use asl_settings::web_url;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use url::Url;

use super::encode::{ArrayFormat, text};
use super::runtime;

/// The headers that an HTTP Task may not set, in lower case; API Gateway refuses others. `User-Agent` and `Range` are overwritten.
///
/// AWS developer guide, "Call HTTPS APIs in Step Functions workflows"; AWS refuses `Authorization` too, which is not named there.
const FORBIDDEN: [&str; 32] = [
    "a-im",
    "accept-charset",
    "accept-datetime",
    "accept-encoding",
    "authorization",
    "cache-control",
    "connection",
    "content-encoding",
    "content-md5",
    "date",
    "expect",
    "forwarded",
    "from",
    "host",
    "http2-settings",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "max-forwards",
    "origin",
    "pragma",
    "proxy-authorization",
    "referer",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "warning",
];

/// What the names of further headers that an HTTP Task may not set start with.
const FORBIDDEN_STARTS: [&str; 3] = ["x-forwarded-", "x-amz-", "x-amzn-"];

/// What an HTTP Task asks for.
#[derive(Debug)]
pub(super) struct HttpTask<'a> {
    pub(super) endpoint: Url,
    pub(super) method: Method,
    pub(super) connection: &'a str,
    pub(super) headers: HeaderMap,
    pub(super) query: Value,
    pub(super) body: Option<&'a Value>,
    /// How the body is URL-encoded; none where it is sent as JSON.
    pub(super) encoding: Option<ArrayFormat>,
}

impl<'a> HttpTask<'a> {
    pub(super) fn read(parameters: &'a Value) -> Result<Self, Failure> {
        let members = object(parameters, "The parameters of http:invoke")?;
        let (mut endpoint, mut method, mut connection) = (None, None, None);
        let (mut headers, mut query, mut body, mut encoding) = (HeaderMap::new(), Value::empty_object(), None, None);
        for (name, value) in members.iter() {
            match &**name {
                "ApiEndpoint" => endpoint = Some(self::endpoint(value)?),
                "Method" => method = Some(self::method(value)?),
                "Authentication" | "InvocationConfig" => connection = Some(connection_arn(name, value)?),
                "Headers" => headers = self::headers(value)?,
                "QueryParameters" => {
                    let members = object(value, "QueryParameters")?;
                    let given = members.iter().filter(|(_, value)| **value != Value::Null);
                    query = given.map(|(name, value)| (name.clone(), value.clone())).collect();
                }
                "RequestBody" => body = Some(value),
                "Transform" => encoding = self::encoding(value)?,
                _ => return Err(not_supported(name)),
            }
        }
        let missing = |name: &str| runtime(format!("The parameters of http:invoke have no {name}"));
        Ok(Self {
            endpoint: endpoint.ok_or_else(|| missing("ApiEndpoint"))?,
            method: method.ok_or_else(|| missing("Method"))?,
            connection: connection.ok_or_else(|| missing("ConnectionArn in Authentication or InvocationConfig"))?,
            headers,
            query,
            body,
            encoding,
        })
    }
}

fn object<'a>(value: &'a Value, what: &str) -> Result<&'a asl_engine::Object, Failure> {
    value.as_object().ok_or_else(|| runtime(format!("{what} must be a JSON object")))
}

fn not_supported(field: &str) -> Failure {
    runtime(format!("The field \"{field}\" is not supported by Step Functions"))
}

fn endpoint(value: &Value) -> Result<Url, Failure> {
    let url = value
        .as_str()
        .ok_or("expected a text".to_owned())
        .and_then(|text| web_url(text).map_err(|error| error.to_string()));
    url.map_err(|fault| runtime(format!("The value for the field 'ApiEndpoint' is not valid: {fault}")))
}

fn method(value: &Value) -> Result<Method, Failure> {
    const METHODS: [Method; 7] =
        [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS, Method::HEAD];
    let found = METHODS.into_iter().find(|method| value.as_str() == Some(method.as_str()));
    found.ok_or_else(|| {
        runtime(
            "The value for the field 'Method' is not valid: expected GET, POST, PUT, DELETE, PATCH, OPTIONS or HEAD",
        )
    })
}

fn connection_arn<'a>(field: &str, value: &'a Value) -> Result<&'a str, Failure> {
    let members = object(value, field)?;
    match members.iter().find(|(name, _)| &***name != "ConnectionArn") {
        Some((other, _)) => Err(not_supported(other)),
        None => members
            .get("ConnectionArn")
            .and_then(Value::as_str)
            .ok_or_else(|| runtime(format!("{field} has no ConnectionArn that is a text"))),
    }
}

fn headers(value: &Value) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    for (name, value) in object(value, "Headers")?.iter() {
        let lower = name.to_ascii_lowercase();
        if FORBIDDEN.contains(&lower.as_str()) || FORBIDDEN_STARTS.iter().any(|start| lower.starts_with(start)) {
            return Err(runtime(format!("The header '{name}' is not allowed in the Headers of an HTTP Task")));
        }
        let header: HeaderName = lower.parse().map_err(|_| runtime(format!("'{name}' is no name of a header")))?;
        let values = value.as_array().map_or(std::slice::from_ref(value), |values| values);
        for value in values.iter().filter(|value| **value != Value::Null) {
            let value = HeaderValue::from_str(&text(value))
                .map_err(|_| runtime(format!("The value of the header '{name}' cannot be sent")))?;
            headers.append(header.clone(), value);
        }
    }
    Ok(headers)
}

fn encoding(transform: &Value) -> Result<Option<ArrayFormat>, Failure> {
    let (mut encoded, mut arrays) = (false, ArrayFormat::default());
    for (name, value) in object(transform, "Transform")?.iter() {
        match &**name {
            "RequestBodyEncoding" => {
                encoded = match value.as_str() {
                    Some("NONE") => false,
                    Some("URL_ENCODED") => true,
                    _ => return Err(runtime("RequestBodyEncoding must be NONE or URL_ENCODED")),
                };
            }
            "RequestEncodingOptions" => {
                for (name, value) in object(value, "RequestEncodingOptions")?.iter() {
                    if &**name != "ArrayFormat" {
                        return Err(not_supported(name));
                    }
                    arrays = value
                        .as_str()
                        .and_then(ArrayFormat::named)
                        .ok_or_else(|| runtime("ArrayFormat must be INDICES, REPEAT, COMMAS or BRACKETS"))?;
                }
            }
            _ => return Err(not_supported(name)),
        }
    }
    Ok(encoded.then_some(arrays))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<(), Failure> {
        let value: Value = json.parse().unwrap();
        HttpTask::read(&value).map(drop)
    }

    #[test]
    fn what_is_wrong_with_the_parameters_is_named() {
        let arn = r#""Authentication": {"ConnectionArn": "arn"}"#;
        let with = |more: &str| format!(r#"{{"ApiEndpoint": "https://a", "Method": "GET", {arn}{more}}}"#);
        assert_eq!(read(&with("")), Ok(()));
        for (json, expected) in [
            ("[]".to_owned(), "The parameters of http:invoke must be a JSON object"),
            ("{}".to_owned(), "The parameters of http:invoke have no ApiEndpoint"),
            (r#"{"ApiEndpoint": "https://a"}"#.to_owned(), "The parameters of http:invoke have no Method"),
            (
                r#"{"ApiEndpoint": "https://a", "Method": "GET"}"#.to_owned(),
                "The parameters of http:invoke have no ConnectionArn in Authentication or InvocationConfig",
            ),
            (
                r#"{"ApiEndpoint": "a?key=secret"}"#.to_owned(),
                "The value for the field 'ApiEndpoint' is not valid: expected an http or https URL \
                 (relative URL without a base)",
            ),
            (
                r#"{"Method": "get"}"#.to_owned(),
                "The value for the field 'Method' is not valid: \
                 expected GET, POST, PUT, DELETE, PATCH, OPTIONS or HEAD",
            ),
            (
                r#"{"InvocationConfig": {"Arn": "a"}}"#.to_owned(),
                "The field \"Arn\" is not supported by Step Functions",
            ),
            (r#"{"Authentication": {}}"#.to_owned(), "Authentication has no ConnectionArn that is a text"),
            (with(r#", "Body": 1"#), "The field \"Body\" is not supported by Step Functions"),
            (
                with(r#", "Headers": {"Authorization": "Bearer t"}"#),
                "The header 'Authorization' is not allowed in the Headers of an HTTP Task",
            ),
            (
                with(r#", "Headers": {"X-Amz-Date": "x"}"#),
                "The header 'X-Amz-Date' is not allowed in the Headers of an HTTP Task",
            ),
            (with(r#", "Headers": {"a b": "x"}"#), "'a b' is no name of a header"),
            (with(r#", "Headers": {"a": "x\ny"}"#), "The value of the header 'a' cannot be sent"),
            (with(r#", "QueryParameters": "a=b""#), "QueryParameters must be a JSON object"),
            (
                with(r#", "Transform": {"RequestBodyEncoding": "FORM"}"#),
                "RequestBodyEncoding must be NONE or URL_ENCODED",
            ),
            (
                with(r#", "Transform": {"RequestEncodingOptions": {"ArrayFormat": "LIST"}}"#),
                "ArrayFormat must be INDICES, REPEAT, COMMAS or BRACKETS",
            ),
        ] {
            assert_eq!(read(&json), Err(runtime(expected)), "{json}");
        }
    }
}
