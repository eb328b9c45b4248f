//! One verb a file.

pub(crate) mod check;
pub(crate) mod demo;
pub(crate) mod jsonpath;
pub(crate) mod run;
pub(crate) mod test_state;
