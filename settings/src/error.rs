//! Why a setting has no text.

use std::path::PathBuf;

/// Why a setting has no text, or no URL. No text of a secret stands in it.
#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    /// The environment variable in which a secret is said to be is not there, or is no Unicode.
    #[error("the environment variable {variable} is not set")]
    NotSet {
        /// Its name.
        variable: String,
    },
    /// The file in which a secret is said to be cannot be read.
    #[error("the secret in {} cannot be read: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The text is not that of a URL.
    #[error("{address}: {source}")]
    Address {
        /// The address, as [`Address`](crate::Address) shows it.
        address: String,
        /// Why.
        source: UrlError,
    },
}

/// Why a text is no http or https URL. It does not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It is the URL of something else.
    #[error("expected an http or https URL")]
    OtherScheme,
    /// It is no URL.
    #[error("expected an http or https URL ({0})")]
    NoUrl(#[from] url::ParseError),
}
