//! Texts that must not stand in a file that is shared, such as passwords.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// Where a secret is: `{ env = "NAME" }` or `{ file = "path" }`. The text itself is never kept.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(
    untagged,
    expecting = "expected { env = \"NAME\" } or { file = \"path\" }: a secret does not stand in this file"
)]
pub(crate) enum Secret {
    /// In an environment variable.
    Env(InEnv),
    /// In a file, whose last line break does not belong to it. A relative path starts at the folder of the routing file.
    File(InFile),
}

#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InEnv {
    env: String,
}

#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InFile {
    file: PathBuf,
}

/// A text that may be a secret.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "expected a text, { env = \"NAME\" } or { file = \"path\" }")]
pub(crate) enum Setting {
    /// It stands in the file.
    Plain(String),
    /// It stands elsewhere.
    Secret(Secret),
}

impl Secret {
    /// The secret text; the error says why there is none, and not what it is.
    pub(crate) fn read(&self, folder: &Path) -> Result<String, String> {
        match self {
            Self::Env(InEnv { env }) => {
                std::env::var(env).map_err(|_| format!("the environment variable {env} is not set"))
            }
            Self::File(InFile { file }) => {
                let path = folder.join(file);
                let text = std::fs::read_to_string(&path)
                    .map_err(|error| format!("the secret in {} cannot be read: {error}", path.display()))?;
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
    /// The text; the error says why there is none.
    pub(crate) fn read(&self, folder: &Path) -> Result<String, String> {
        match self {
            Self::Plain(text) => Ok(text.clone()),
            Self::Secret(secret) => secret.read(folder),
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
        let text = |toml| read(toml).unwrap().read(folder.path());
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
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{:?}", read("text = { env = 'A' }").unwrap()), "Secret(env A)");
    }
}
