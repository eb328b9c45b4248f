//! What can be wrong before a service is asked, and why there is no answer.

use crate::answer::AnswerError;

/// That AWS has no service, or a service no action, of a name. The message is without the hints.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownName {
    /// There is no such service.
    #[error("there is no service {name:?}")]
    Service {
        /// The name.
        name: String,
        /// The name of a service that is nearly the same.
        near: Option<String>,
    },
    /// The service has no such action.
    #[error("the service {service} has no action {name:?}")]
    Action {
        /// The name of the service.
        service: &'static str,
        /// The name of the action.
        name: String,
        /// The name of an action that is nearly the same.
        near: Option<String>,
    },
}

impl UnknownName {
    /// What may be meant.
    pub fn hints(&self) -> Vec<String> {
        let (Self::Service { near, .. } | Self::Action { near, .. }) = self;
        near.iter().map(|near| format!("did you mean {near:?}?")).collect()
    }

    /// The message and its hints on one line.
    pub fn with_hints(&self) -> String {
        self.hints().into_iter().fold(self.to_string(), |message, hint| format!("{message}, {hint}"))
    }
}

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The routing file does not say where the service is.
    #[error("the routing file does not say where {0} is")]
    NoPlace(&'static str),
    /// The service is said to be in this process, and is not.
    #[error("{0} is not embedded")]
    NotEmbedded(&'static str),
    /// Nothing says in which region the service is called.
    #[error("no region is set: set AWS_REGION, or a region in ~/.aws/config")]
    NoRegion,
    /// AWS has no endpoint of the service, for the reason that is told.
    #[error("{service} cannot be reached: {why}")]
    NoEndpoint {
        /// The name of the service.
        service: &'static str,
        /// Why.
        why: NoEndpoint,
    },
    /// No credentials are found, for the reason that is told.
    #[error("there are no credentials for AWS: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE ({0})")]
    NoCredentials(String),
    /// Nothing can be sent from here.
    #[error(transparent)]
    Http(#[from] NoHttp),
    /// No HTTP request can be made of what is asked, or none that is signed.
    #[error("{0}")]
    Request(String),
    /// The connection failed, or the answer did not arrive whole.
    #[error("{0}")]
    Connection(String),
    /// The answer is longer than any state takes, with the most bytes that are read.
    #[error("the answer has more than {0} bytes")]
    TooLong(usize),
    /// The answer is not what the protocol of the service has there.
    #[error(transparent)]
    Answer(#[from] AnswerError),
}

/// Why AWS has no endpoint of a service.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoEndpoint {
    /// FIPS is asked for, and another server.
    #[error("FIPS and a custom endpoint are not supported")]
    Fips,
    /// Dual stack is asked for, and another server.
    #[error("dual stack and a custom endpoint are not supported")]
    DualStack,
    /// The service is not in this region, or not by FIPS or dual stack.
    #[error("there is no host for this region, or none of this kind")]
    NoHost,
    /// The SDK's rules for S3 refuse, for the reason that is told.
    #[error("{0}")]
    Rules(String),
}

/// HTTP cannot be set up on this machine, for the reason that is told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("HTTP cannot be set up: {0}")]
pub struct NoHttp(pub(crate) String);
