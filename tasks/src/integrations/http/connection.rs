//! EventBridge connections of the routing file: the credentials of HTTP Tasks.
//!
//! See <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-connection-auth.html>.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use asl_aws::NoHttp;
use asl_aws::web::{self, Caller};
use asl_engine::{Failure, Value};
use asl_runtime::Pattern;
use asl_settings::{Address, Secret, Setting, SettingError, secrets};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::encode::{ArrayFormat, form};

/// A connection as the routing file describes it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "ConnectionText")]
pub(crate) struct Connection {
    authorization: Authorization,
    parameters: Parameters,
}

/// How a connection shows who calls: EventBridge's `AuthorizationType`.
#[derive(Clone, Debug, PartialEq)]
enum Authorization {
    Basic(Basic),
    ApiKey(ApiKey),
    OAuth(Box<OAuth>),
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Basic {
    username: Setting,
    password: Secret,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ApiKey {
    #[serde(deserialize_with = "header_name")]
    name: HeaderName,
    value: Secret,
}

/// OAuth with client credentials.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct OAuth {
    authorization_endpoint: Address,
    #[serde(default)]
    method: TokenMethod,
    client_id: Setting,
    client_secret: Secret,
    #[serde(default)]
    parameters: Parameters,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum TokenMethod {
    Get,
    #[default]
    Post,
    Put,
}

/// What is added to a request: EventBridge's `InvocationHttpParameters` and `OAuthHttpParameters`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Parameters {
    headers: BTreeMap<String, Setting>,
    query: BTreeMap<String, Setting>,
    body: BTreeMap<String, Setting>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConnectionText {
    basic: Option<Basic>,
    api_key: Option<ApiKey>,
    oauth: Option<Box<OAuth>>,
    #[serde(default)]
    headers: BTreeMap<String, Setting>,
    #[serde(default)]
    query: BTreeMap<String, Setting>,
    #[serde(default)]
    body: BTreeMap<String, Setting>,
}

impl TryFrom<ConnectionText> for Connection {
    type Error = &'static str;

    fn try_from(text: ConnectionText) -> Result<Self, Self::Error> {
        let ConnectionText { basic, api_key, oauth, headers, query, body } = text;
        let authorization = match (basic, api_key, oauth) {
            (Some(basic), None, None) => Authorization::Basic(basic),
            (None, Some(api_key), None) => Authorization::ApiKey(api_key),
            (None, None, Some(oauth)) => Authorization::OAuth(oauth),
            _ => return Err("a connection has one of basic, api_key and oauth"),
        };
        Ok(Self { authorization, parameters: Parameters { headers, query, body } })
    }
}

fn header_name<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<HeaderName, D::Error> {
    let name = String::deserialize(deserializer)?;
    name.parse().map_err(|_| serde::de::Error::custom(format!("{name:?} is no name of a header")))
}

/// The connections that HTTP Tasks can name.
pub(crate) struct Connections {
    all: Vec<Known>,
    /// Where relative paths of secrets start.
    folder: PathBuf,
}

struct Known {
    pattern: Pattern,
    connection: Connection,
    token: Mutex<Option<AccessToken>>,
}

/// An OAuth token.
#[derive(Clone)]
struct AccessToken {
    text: Arc<str>,
    expires: Option<Instant>,
}

/// What a connection adds to a request; it overwrites what the HTTP Task gives under the same names.
#[derive(Debug, Default)]
pub(super) struct Added {
    pub(super) headers: HeaderMap,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Vec<(String, String)>,
    /// Whether the credential is a token that may have expired since.
    pub(super) token: bool,
    /// What may not stand in an error.
    pub(super) secrets: Vec<String>,
}

/// A connection of the routing file cannot be used. No secret stands in it, and no text of an authorization endpoint.
#[derive(Debug, thiserror::Error)]
enum ConnectionError {
    #[error(transparent)]
    Setting(#[from] SettingError),
    #[error(transparent)]
    Http(#[from] NoHttp),
    #[error("{0:?} is no name of a header")]
    HeaderName(String),
    #[error("its {0} cannot be sent as a header")]
    HeaderValue(String),
    #[error("its authorization endpoint, {endpoint}, did not answer: {why}")]
    NoAnswer { endpoint: Address, why: String },
    #[error("its authorization endpoint, {endpoint}, answered {status}")]
    Refused { endpoint: Address, status: StatusCode },
    #[error("its authorization endpoint, {0}, did not answer with an access_token")]
    NoToken(Address),
}

/// A token is not used any more when it is about to expire.
const ABOUT_TO_EXPIRE: Duration = Duration::from_secs(30);

/// How long the authorization endpoint may take.
const TOKEN_LIMIT: Duration = Duration::from_secs(20);

/// The most bytes of a token's answer.
const TOKEN_MAX: u64 = 256 * 1024;

impl Connections {
    /// The connections by their patterns. Of several that fit, the longest is taken.
    pub(crate) fn new(connections: BTreeMap<String, Connection>, folder: PathBuf) -> Self {
        let mut all: Vec<_> = connections.into_iter().collect();
        all.sort_by_key(|(pattern, _)| std::cmp::Reverse(pattern.len()));
        let known =
            |(pattern, connection): (String, _)| Known { pattern: pattern.into(), connection, token: Mutex::default() };
        Self { all: all.into_iter().map(known).collect(), folder }
    }

    /// What the connection `arn` adds to a request. Errors are named as AWS names those of connections.
    pub(super) async fn added(&self, arn: &str, caller: &Caller) -> Result<Added, Failure> {
        let known = self.find(arn)?;
        let folder = &self.folder;
        let unusable = |error: ConnectionError| {
            let cause = format!("The connection {arn} cannot be used: {error}");
            Failure::new("Events.ConnectionResource.InvalidConnectionState", cause)
        };
        let unread = |error: SettingError| unusable(error.into());
        let mut added = known.connection.parameters.read(folder).map_err(unusable)?;
        let (name, value) = match &known.connection.authorization {
            Authorization::Basic(Basic { username, password }) => {
                let user = username.read(folder).map_err(unread)?;
                let password = password.read(folder).map_err(unread)?;
                let pair = format!("{user}:{password}");
                added.secrets.extend(username.is_secret().then_some(user));
                added.secrets.push(password);
                let encoded = aws_smithy_types::base64::encode(pair);
                (http::header::AUTHORIZATION, format!("Basic {encoded}"))
            }
            Authorization::ApiKey(ApiKey { name, value }) => {
                let value = value.read(folder).map_err(unread)?;
                added.secrets.push(value.clone());
                (name.clone(), value)
            }
            Authorization::OAuth(oauth) => {
                added.token = true;
                let mut token = known.token.lock().await;
                let fresh = token.as_ref().filter(|token| token.is_fresh());
                let text = match fresh {
                    Some(token) => Arc::clone(&token.text),
                    None => {
                        let new = oauth.token(folder, caller).await.map_err(unusable)?;
                        Arc::clone(&token.insert(new).text)
                    }
                };
                added.secrets.extend([text.to_string(), oauth.client_secret.read(folder).map_err(unread)?]);
                (http::header::AUTHORIZATION, format!("Bearer {text}"))
            }
        };
        let value = secret_value(&value).ok_or_else(|| unusable(ConnectionError::HeaderValue(name.to_string())))?;
        added.headers.insert(name, value);
        Ok(added)
    }

    /// Gives a token up that the other side refused.
    pub(super) async fn forget_token(&self, arn: &str) {
        if let Ok(known) = self.find(arn) {
            *known.token.lock().await = None;
        }
    }

    fn find(&self, arn: &str) -> Result<&Known, Failure> {
        self.all.iter().find(|known| known.pattern.matches(arn)).ok_or_else(|| {
            let cause = format!(
                "Connection '{}' does not exist. Add it to the routing file:\n\n[connections.\"{arn}\"]\n\
                 api_key = {{ name = \"X-Api-Key\", value = {{ env = \"API_KEY\" }} }}",
                name(arn)
            );
            Failure::new("Events.ConnectionResource.ResourceNotFound", cause)
        })
    }
}

/// The name in `arn:aws:events:region:account:connection/name/id`.
fn name(arn: &str) -> &str {
    arn.split('/').nth(1).unwrap_or(arn)
}

/// The value of a header that nothing shows.
fn secret_value(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

impl Parameters {
    fn read(&self, folder: &Path) -> Result<Added, ConnectionError> {
        let pairs = |settings: &BTreeMap<String, Setting>| {
            let pairs = settings.iter().map(|(name, setting)| Ok((name.clone(), setting.read(folder)?)));
            pairs.collect::<Result<Vec<_>, SettingError>>()
        };
        let mut added = Added { query: pairs(&self.query)?, body: pairs(&self.body)?, ..Added::default() };
        for (name, value) in pairs(&self.headers)? {
            let header: HeaderName = name.parse().map_err(|_| ConnectionError::HeaderName(name.clone()))?;
            let value = secret_value(&value).ok_or(ConnectionError::HeaderValue(name))?;
            added.headers.insert(header, value);
        }
        for settings in [&self.headers, &self.query, &self.body] {
            added.secrets.extend(secrets(settings, folder)?);
        }
        Ok(added)
    }
}

impl OAuth {
    /// Asks for a token, as RFC 6749, section 4.4, has it. No text of the answer goes into the error.
    async fn token(&self, folder: &Path, caller: &Caller) -> Result<AccessToken, ConnectionError> {
        let url = self.authorization_endpoint.read(folder)?;
        let Added { headers, query, body, .. } = self.parameters.read(folder)?;
        let mut fields = vec![
            ("grant_type".to_owned(), "client_credentials".to_owned()),
            ("client_id".to_owned(), self.client_id.read(folder)?),
            ("client_secret".to_owned(), self.client_secret.read(folder)?),
        ];
        fields.retain(|(name, _)| !body.iter().any(|(other, _)| other == name));
        fields.extend(body);
        let client = caller.client().map_err(Clone::clone)?;
        let request = match self.method {
            TokenMethod::Get => client.get(with_query(url, &members(fields.into_iter().chain(query)))),
            method => {
                let url = with_query(url, &members(query));
                let request = if method == TokenMethod::Put { client.put(url) } else { client.post(url) };
                let form = form(&members(fields), ArrayFormat::Repeat);
                request.header(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(form)
            }
        };
        let endpoint = || self.authorization_endpoint.clone();
        let failed = |error| {
            let why = web::transport_error(error);
            ConnectionError::NoAnswer { endpoint: endpoint(), why }
        };
        let response = request.headers(headers).timeout(TOKEN_LIMIT).send().await.map_err(failed)?;
        let status = response.status();
        if !status.is_success() {
            return Err(ConnectionError::Refused { endpoint: endpoint(), status });
        }
        let body = web::body(response, TOKEN_MAX).await.map_err(failed)?;
        let answer: Option<TokenAnswer> = body.and_then(|body| serde_json::from_slice(&body).ok());
        let answer = answer.ok_or_else(|| ConnectionError::NoToken(endpoint()))?;
        let lasts = answer.expires_in.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        Ok(AccessToken {
            text: answer.access_token,
            expires: lasts.and_then(|lasts| Instant::now().checked_add(lasts)),
        })
    }
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Arc<str>,
    expires_in: Option<f64>,
}

impl AccessToken {
    fn is_fresh(&self) -> bool {
        self.expires.is_none_or(|expires| Instant::now() + ABOUT_TO_EXPIRE < expires)
    }
}

/// The URL with the members of an object at the end of its query.
pub(super) fn with_query(mut url: url::Url, parameters: &Value) -> url::Url {
    let added = form(parameters, ArrayFormat::Repeat);
    if !added.is_empty() {
        let query = url.query().filter(|query| !query.is_empty());
        let query = query.map_or(added.clone(), |query| format!("{query}&{added}"));
        url.set_query(Some(&query));
    }
    url
}

fn members(pairs: impl IntoIterator<Item = (String, String)>) -> Value {
    pairs.into_iter().map(|(name, value)| (name, Value::from(value))).collect()
}
