//! The environment variables of a function.

use std::ffi::OsString;
use std::path::Path;

use asl_runtime::lambda::FunctionArn;
use asl_settings::SettingError;
use time::OffsetDateTime;
use time::macros::format_description;

use super::launch::{Folders, Launch};
use super::settings::{ENDPOINT_URL, Settings};

/// What a function gets of the environment of `asl`: where programs, the user's files and certificates are, the language,
/// and the way into the network. Nothing else, so that it does not work here only; credentials least of all.
const INHERITED: [&str; 22] = [
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "AWS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
];

/// Whose presence says that the function has credentials of its own.
const CREDENTIALS: [&str; 6] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];

/// An environment variable of a function cannot be set.
#[derive(Debug, thiserror::Error)]
pub(super) enum EnvironmentError {
    #[error("environment: {0:?} is no name of an environment variable")]
    Name(String),
    #[error("environment: {name}: {source}")]
    Setting { name: String, source: SettingError },
    #[error("environment: {0}: the value has a zero byte")]
    ZeroByte(String),
}

/// The whole environment of a function but for the address of the Runtime API.
pub(super) fn of(
    settings: &Settings,
    folders: &Folders,
    arn: &FunctionArn,
    code: &Path,
    launch: &Launch,
    (endpoint_url, endpoint_variables): (&str, &[(String, String)]),
) -> Result<Vec<(OsString, OsString)>, EnvironmentError> {
    let mut environment: Vec<(OsString, OsString)> = inherited().collect();
    let entry = settings.entry.as_deref().unwrap_or("bootstrap");
    let stream = format_description!("[year]/[month]/[day]");
    let day = OffsetDateTime::now_utc().format(stream).unwrap_or_default();
    let stream = format!("{day}/[{}]{}", arn.version(), uuid::Uuid::new_v4().simple());
    for (name, value) in [
        ("AWS_LAMBDA_FUNCTION_NAME", arn.name.as_str()),
        ("AWS_LAMBDA_FUNCTION_VERSION", arn.version()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &settings.memory_mb.to_string()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", &format!("/aws/lambda/{}", arn.name)),
        ("AWS_LAMBDA_LOG_STREAM_NAME", &stream),
        ("AWS_REGION", &arn.region),
        ("AWS_DEFAULT_REGION", &arn.region),
        (ENDPOINT_URL, endpoint_url),
        ("_HANDLER", entry),
        ("TZ", ":UTC"),
    ] {
        if !value.is_empty() {
            environment.push((name.into(), value.into()));
        }
    }
    // Who says where AWS is, says it of all services.
    if !settings.environment.contains_key(ENDPOINT_URL) {
        environment.extend(endpoint_variables.iter().map(|(name, url)| (name.into(), url.into())));
    }
    environment.push(("LAMBDA_TASK_ROOT".into(), code.into()));
    environment.extend(credentials(settings.environment.keys().map(String::as_str)));
    environment.extend(launch.environment.iter().cloned());
    for (name, value) in &settings.environment {
        if name.is_empty() || name.contains(['=', '\0']) {
            return Err(EnvironmentError::Name(name.clone()));
        }
        let value = value.read(&folders.routes);
        let value = value.map_err(|source| EnvironmentError::Setting { name: name.clone(), source })?;
        if value.contains('\0') {
            return Err(EnvironmentError::ZeroByte(name.clone()));
        }
        // Later ones win.
        environment.push((name.into(), value.into()));
    }
    if settings.has_no_endpoint() {
        environment.retain(|(name, _)| name != ENDPOINT_URL);
    }
    Ok(environment)
}

/// The credentials of a process that gets none among the variables of these names: the SDKs want some, and the embedded services
/// take any.
pub(super) fn credentials<'a>(names: impl Iterator<Item = &'a str>) -> Vec<(OsString, OsString)> {
    const LOCAL: [&str; 3] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
    let mut names = names;
    match names.any(|name| CREDENTIALS.contains(&name)) {
        true => Vec::new(),
        false => LOCAL.map(|name| (name.into(), "local".into())).into(),
    }
}

/// What every process gets of the environment of `asl`; what is on this machine is reached without a proxy.
pub(super) fn inherited() -> impl Iterator<Item = (OsString, OsString)> {
    let kept = INHERITED.iter().filter_map(|name| Some(((*name).into(), std::env::var_os(name)?)));
    kept.chain(["NO_PROXY", "no_proxy"].map(|name| (name.into(), without_loopback(std::env::var_os(name)))))
}

/// Hosts to reach without a proxy, those of this machine among them.
fn without_loopback(hosts: Option<OsString>) -> OsString {
    let mut hosts = hosts.filter(|hosts| !hosts.is_empty()).map_or_else(OsString::new, |mut hosts| {
        hosts.push(",");
        hosts
    });
    hosts.push("127.0.0.1,localhost");
    hosts
}
