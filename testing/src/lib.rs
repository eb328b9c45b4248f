//! Tests of state machines, offline and on virtual time: test files, what they expect, and what they take of a definition.
//!
//! ```
//! use std::path::Path;
//!
//! use asl_testing::{TestFile, Verdict};
//!
//! # let folder = tempfile::tempdir().unwrap();
//! # let definition = r#"{"StartAt": "Pay", "States": {"Pay": {"Type": "Task", "End": true,
//! #     "Resource": "arn:aws:lambda:us-east-1:123456789012:function:pay"}}}"#;
//! # std::fs::write(folder.path().join("order.asl.json"), definition).unwrap();
//! let test = "cases:\n  - name: it pays\n    mocks: {Pay: {result: paid}}\n    expect: {output: paid}\n";
//! let file = TestFile::parse(&folder.path().join("order.test.yaml"), test.to_owned()).unwrap();
//! assert!(matches!(file.cases[0].run(&file, 1).verdict, Verdict::Passed));
//! ```

mod alteration;
mod coverage;
mod coverage_file;
mod duration;
mod expectations;
mod faults;
mod fields;
mod files_read;
mod frame_path;
mod fuzz;
mod history;
mod mask;
mod matcher;
mod mock_config;
mod mocks;
mod problem;
mod record;
mod response;
mod run;
mod started;
mod state_case;
mod state_machines;
mod suite;
mod test_file;
mod way;

pub use asl_history::Difference;
pub use coverage::{Goal, GoalKind, Items, Taken, goals};
pub use coverage_file::{CoverageFile, CoveredBefore, NoCoverage};
pub use duration::{duration, shown_duration};
pub use expectations::{Unmet, Why};
pub use faults::{Fault, FaultKind, LONGEST_MILLIS, faults};
pub use files_read::files_read;
pub use fuzz::{Unprocessed, fuzz};
pub use history::{HistoryDifference, HistoryLine, history_difference};
pub use mask::{Mask, NoMask};
pub use matcher::Mismatch;
pub use mocks::CallMade;
pub use problem::Problem;
pub use record::{RecordError, Recording};
pub use run::{CaseResult, Failed, Verdict};
pub use suite::{Selected, in_order, run_all};
pub use test_file::{Case, ENDINGS, TestFile, TestFileError, is_test_file};
pub use way::{Visit, Way};
