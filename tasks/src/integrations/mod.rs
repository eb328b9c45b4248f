//! Service integrations: what Step Functions calls by itself, with the results and errors that it gives.

mod answer;
pub(crate) mod dynamodb;
pub(crate) mod s3;
pub(crate) mod sns;
