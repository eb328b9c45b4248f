//! Settings of handlers as a routing file has them: texts that may be secrets, addresses and times.
//!
//! A secret does not stand in a file that is shared. It is read when it is used, and never kept; [`hide`] takes it out of texts that
//! somebody else wrote.

mod error;
mod hide;
mod seconds;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

pub use error::{SettingError, UrlError};
pub use hide::{hidden, hide};
pub use seconds::seconds;

/// Where a secret is: `{ env = "NAME" }` or `{ file = "path" }`. The text itself is never kept.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(
    untagged,
    expecting = "expected { env = \"NAME\" } or { file = \"path\" }: a secret does not stand in this file"
)]
pub enum Secret {
    /// In an environment variable.
    Env(InEnv),
    /// In a file, whose last line break does not belong to it. A relative path starts at the folder of the routing file.
    File(InFile),
}

/// The name of an environment variable.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InEnv {
    env: String,
}

/// The path of a file.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InFile {
    file: PathBuf,
}

/// A text that may be a secret.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "expected a text, { env = \"NAME\" } or { file = \"path\" }")]
pub enum Setting {
    /// It stands in the file.
    Plain(String),
    /// It stands elsewhere.
    Secret(Secret),
}

impl Secret {
    /// The secret text; the error says why there is none, and not what it is.
    pub fn read(&self, folder: &Path) -> Result<String, SettingError> {
        match self {
            Self::Env(InEnv { env }) => std::env::var(env).map_err(|_| SettingError::NotSet { variable: env.clone() }),
            Self::File(InFile { file }) => {
                let path = folder.join(file);
                let text = std::fs::read_to_string(&path)
                    .map_err(|source| SettingError::Unreadable { file: path.clone(), source })?;
                Ok(text
                    .strip_suffix('\n')
                    .map(|text| text.strip_suffix('\r').unwrap_or(text))
                    .unwrap_or(&text)
                    .to_owned())
            }
        }
    }
}

impl Setting {
    /// Whether its text stands elsewhere.
    pub fn is_secret(&self) -> bool {
        matches!(self, Self::Secret(_))
    }

    /// The text; the error says why there is none.
    pub fn read(&self, folder: &Path) -> Result<String, SettingError> {
        match self {
            Self::Plain(text) => Ok(text.clone()),
            Self::Secret(secret) => secret.read(folder),
        }
    }
}

/// The texts of those settings that are secrets.
pub fn secrets(settings: &BTreeMap<String, Setting>, folder: &Path) -> Result<Vec<String>, SettingError> {
    settings.values().filter(|setting| setting.is_secret()).map(|setting| setting.read(folder)).collect()
}

/// An http or https URL that may be a secret, as the address of a web hook is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Setting")]
pub struct Address(Setting);

impl TryFrom<Setting> for Address {
    type Error = UrlError;

    fn try_from(setting: Setting) -> Result<Self, UrlError> {
        if let Setting::Plain(text) = &setting {
            web_url(text)?;
        }
        Ok(Self(setting))
    }
}

impl std::str::FromStr for Address {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        Setting::Plain(text.to_owned()).try_into()
    }
}

impl Address {
    /// The URL; the error says why there is none, and not what a secret one is.
    pub fn read(&self, folder: &Path) -> Result<Url, SettingError> {
        let text = self.0.read(folder)?;
        web_url(&text).map_err(|source| SettingError::Address { address: self.to_string(), source })
    }
}

impl Address {
    /// What of `url`, which is this one, may not stand in an error: the password, and of a URL that is a secret also the longer
    /// parts, among which a key is.
    pub fn secrets(&self, url: &Url) -> Vec<String> {
        const KEY_MIN: usize = 8;
        let mut secrets: Vec<String> = url.password().map(decoded).into_iter().collect();
        if self.0.is_secret() {
            let parts = url.path_segments().into_iter().flatten().map(decoded);
            let parts = parts.chain(url.query_pairs().map(|(_, value)| value.into_owned()));
            secrets.extend(parts.filter(|part| part.len() >= KEY_MIN));
            secrets.push(url.to_string());
        }
        secrets
    }
}

/// The text of an encoded part of a URL.
fn decoded(part: &str) -> String {
    // A plus is no blank in a path.
    let part = part.replace('+', "%2B");
    url::form_urlencoded::parse(part.as_bytes()).map(|(name, _)| name.into_owned()).next().unwrap_or_default()
}

/// A name for people: where a secret URL is, or a URL without what may be secret in it.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Setting::Plain(text) => web_url(text).map(|url| shown(&url)).unwrap_or_default().fmt(f),
            Setting::Secret(secret) => write!(f, "the URL in {secret}"),
        }
    }
}

/// The URL that a text is; the error does not repeat the text.
pub fn web_url(text: &str) -> Result<Url, UrlError> {
    let url = Url::parse(text)?;
    if matches!(url.scheme(), "http" | "https") { Ok(url) } else { Err(UrlError::OtherScheme) }
}

/// A URL without its user, password, query and fragment: there keys and tokens stand.
pub fn shown(url: &Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), url.path())
}

/// Where it is.
impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(InEnv { env }) => write!(f, "the environment variable {env}"),
            Self::File(InFile { file }) => write!(f, "the file {}", file.display()),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(InEnv { env }) => write!(f, "Secret(env {env})"),
            Self::File(InFile { file }) => write!(f, "Secret(file {})", file.display()),
        }
    }
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(text) => text.fmt(f),
            Self::Secret(secret) => secret.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Settings {
        text: Setting,
    }

    fn read(toml: &str) -> Result<Setting, String> {
        toml::from_str::<Settings>(toml).map(|settings| settings.text).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn texts_are_plain_or_in_a_file_or_in_the_environment() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("password"), "top secret\r\n").unwrap();
        let text = |toml| read(toml).unwrap().read(folder.path()).map_err(|error| error.to_string());
        assert_eq!(text("text = 'plain'"), Ok("plain".to_owned()));
        assert_eq!(text("text = { file = 'password' }"), Ok("top secret".to_owned()));
        assert_eq!(text("text = { env = 'CARGO_PKG_NAME' }"), Ok(std::env::var("CARGO_PKG_NAME").unwrap()));
        assert_eq!(
            text("text = { env = 'ASL_NO_SUCH_VARIABLE' }"),
            Err("the environment variable ASL_NO_SUCH_VARIABLE is not set".to_owned())
        );
        assert!(
            text("text = { file = 'none' }")
                .unwrap_err()
                .ends_with("none cannot be read: No such file or directory (os error 2)")
        );
        assert_eq!(
            read("text = { evn = 'A' }").unwrap_err(),
            "expected a text, { env = \"NAME\" } or { file = \"path\" }"
        );
    }

    #[test]
    fn addresses_are_shown_without_what_may_be_secret() {
        #[derive(Debug, Deserialize)]
        struct Settings {
            url: Address,
        }
        let read = |toml: &str| toml::from_str::<Settings>(toml).map(|settings| settings.url);
        let url = read("url = 'https://me:pw@host:8443/a/b?key=1#f'").unwrap();
        assert_eq!(url.to_string(), "https://host:8443/a/b");
        assert_eq!(url.read(Path::new("")).unwrap().query(), Some("key=1"));
        assert_eq!(read("url = 'ftp://host'").unwrap_err().message(), "expected an http or https URL");
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("hook"), "top secret").unwrap();
        let url = read("url = { file = 'hook' }").unwrap();
        assert_eq!(url.to_string(), "the URL in the file hook");
        let error = url.read(folder.path()).unwrap_err().to_string();
        assert!(error.starts_with("the URL in the file hook: expected an http or https URL"), "{error}");
        assert!(!error.contains("top secret"));
    }

    #[test]
    fn addresses_have_secrets_in_them() {
        let secrets = |setting: &str, url: &str| {
            let address = Address(read(&format!("text = {setting}")).unwrap());
            address.secrets(&Url::parse(url).unwrap())
        };
        assert_eq!(secrets("'https://a'", "https://me:p%2Fw@a/b?key=12345678"), ["p/w"]);
        assert_eq!(secrets("'https://a'", "https://a/b"), [] as [&str; 0]);
        assert_eq!(
            secrets("{ env = 'HOOK' }", "https://a/hook/abc+defg%20h?v=1&key=12345678"),
            ["abc+defg h", "12345678", "https://a/hook/abc+defg%20h?v=1&key=12345678"]
        );
    }

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{:?}", read("text = { env = 'A' }").unwrap()), "Secret(env A)");
    }
}
