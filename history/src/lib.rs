//! What the histories of executions tell.
//!
//! A [`Course`] is what happened in an execution: its states, what each was given, sent and answered, and when, with Map and Parallel
//! states unfolded. [`compare`] tells how two of them differ, [`Course::times`] where time went, and [`Course::trace`] the same as
//! OpenTelemetry has it. Nothing here needs the definition, reads files or looks at a clock.

mod compare;
mod course;
mod difference;
mod event;
mod flaws;
#[cfg(test)]
mod lines;
mod times;
mod trace;

pub use compare::{CompareOptions, Comparison, Happened, Parting, Place, Taken, Told, What, compare};
pub use course::{Answer, Attempt, Course, Frame, FrameAt, FrameKind, Span, Status, Visit, VisitAt};
pub use difference::{Difference, Extent, differences, member};
pub use event::{Event, HistoryError};
pub use flaws::Flaw;
pub use times::{AttemptTimes, Piece, Shares, Spent, StateTimes, Times};
