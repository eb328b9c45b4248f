//! The credentials that the AWS tools find, for the SDK and for us.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future::ProvideCredentials as Provided;
use aws_credential_types::provider::{ProvideCredentials, Result, SharedCredentialsProvider};
use tokio::sync::Mutex;

use crate::web::chain;

/// Credentials are fetched anew this long before they expire.
const EXPIRES_SOON: Duration = Duration::from_secs(60);

/// Credentials that were not found are looked for again after this time: a look takes seconds.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Keeps credentials until shortly before they expire, and for a while that there are none.
#[derive(Debug)]
pub(crate) struct Kept {
    provider: Option<SharedCredentialsProvider>,
    looked: Mutex<Option<Look>>,
}

/// What a look for credentials gave, and when it was.
#[derive(Debug)]
struct Look {
    found: std::result::Result<Credentials, NotFound>,
    at: Instant,
}

/// Why there are no credentials.
#[derive(Clone, Debug, thiserror::Error)]
enum NotFound {
    #[error("no provider")]
    NoProvider,
    #[error("{}", chain(.0))]
    Provider(Arc<CredentialsError>),
}

impl Kept {
    pub(crate) fn new(provider: Option<SharedCredentialsProvider>) -> Self {
        Self { provider, looked: Mutex::default() }
    }

    async fn credentials(&self) -> Result {
        let mut looked = self.looked.lock().await;
        let found = match looked.as_ref().filter(|look| look.is_fresh()) {
            Some(look) => look.found.clone(),
            None => {
                let found = match &self.provider {
                    Some(provider) => {
                        provider.provide_credentials().await.map_err(|error| NotFound::Provider(Arc::new(error)))
                    }
                    None => Err(NotFound::NoProvider),
                };
                *looked = Some(Look { found: found.clone(), at: Instant::now() });
                found
            }
        };
        found.map_err(CredentialsError::not_loaded)
    }
}

impl Look {
    fn is_fresh(&self) -> bool {
        match &self.found {
            Ok(found) => found.expiry().is_none_or(|at| at > SystemTime::now() + EXPIRES_SOON),
            Err(_) => self.at.elapsed() < LOOK_AGAIN,
        }
    }
}

impl ProvideCredentials for Kept {
    fn provide_credentials<'a>(&'a self) -> Provided<'a>
    where
        Self: 'a,
    {
        Provided::new(self.credentials())
    }
}

/// Made up ones where there are none: emulators ask for a signature and do not look at it.
#[derive(Debug)]
pub(crate) struct OrMadeUp(pub(crate) SharedCredentialsProvider);

impl ProvideCredentials for OrMadeUp {
    fn provide_credentials<'a>(&'a self) -> Provided<'a>
    where
        Self: 'a,
    {
        Provided::new(async {
            let found = self.0.provide_credentials().await;
            Ok(found.unwrap_or_else(|_| Credentials::new("test", "test", None, None, "made up")))
        })
    }
}
