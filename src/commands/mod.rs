//! One verb a file.

pub(crate) mod answer;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod container;
pub(crate) mod data;
pub(crate) mod debug;
pub(crate) mod demo;
pub(crate) mod diff;
pub(crate) mod down;
pub(crate) mod graph;
pub(crate) mod history;
pub(crate) mod jsonata;
pub(crate) mod jsonpath;
pub(crate) mod logs;
pub(crate) mod man;
pub(crate) mod open;
pub(crate) mod ps;
pub(crate) mod record;
pub(crate) mod run;
pub(crate) mod serve;
pub(crate) mod start;
pub(crate) mod stop;
pub(crate) mod test;
pub(crate) mod test_state;
pub(crate) mod top;
pub(crate) mod up;
