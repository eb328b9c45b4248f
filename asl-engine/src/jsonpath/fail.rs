//! How a walk ends early.

use super::error::{ErrorClass, PathError};
use super::provider::Provider;
use crate::value::Value;

/// Why a walk ended early.
pub(super) enum Fail {
    /// The document lacks something; no text was made because somebody up the walk drops it.
    Unspoken,
    Error(Box<PathError>),
}

pub(super) fn fail(class: ErrorClass, message: String) -> Fail {
    Fail::Error(Box::new(PathError::evaluate(class, message)))
}

pub(super) fn limit(message: &str) -> Fail {
    fail(ErrorClass::Limit, message.to_owned())
}

impl From<PathError> for Fail {
    fn from(error: PathError) -> Self {
        Self::Error(Box::new(error))
    }
}

impl Fail {
    pub(super) fn is_miss(&self) -> bool {
        match self {
            Self::Unspoken => true,
            Self::Error(error) => error.is_not_found(),
        }
    }
}

/// What one evaluation goes by.
#[derive(Debug)]
pub(super) struct Evaluation {
    pub(super) provider: Provider,
    /// How many nodes it may still visit: room for every sensible path, an end to `$..*..*..*..*`.
    nodes: usize,
}

impl Evaluation {
    pub(super) fn new(document: &Value, provider: Provider) -> Self {
        Self { provider, nodes: 1_000_000 + 16 * document.json_len() }
    }

    pub(super) fn spend(&mut self, nodes: usize) -> Result<(), Fail> {
        match self.nodes.checked_sub(nodes) {
            Some(left) => {
                self.nodes = left;
                Ok(())
            }
            None => Err(limit("the path visits too many nodes of the document")),
        }
    }
}

pub(super) fn no_predicate() -> Fail {
    let message = "Cannot invoke \"com.jayway.jsonpath.Predicate.apply(com.jayway.jsonpath.Predicate$PredicateContext)\" \
                   because \"predicate\" is null";
    fail(ErrorClass::NullPointer, message.to_owned())
}
