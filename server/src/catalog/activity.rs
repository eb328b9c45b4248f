//! An activity: work that somebody outside asks for.

use std::sync::Arc;

use asl_engine::Timestamp;
use serde::{Deserialize, Serialize};

use super::Tags;

/// An activity.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Activity {
    pub(crate) arn: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) created: Timestamp,
    pub(crate) encryption: asl_engine::Value,
    pub(crate) tags: Tags,
}
