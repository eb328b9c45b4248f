//! Hosts for the engine: they drive an execution's Frames, call its tasks, keep its time and record its history.
//!
//! A [`Ledger`] is an execution. [`tokio_host`] runs it with real tasks and in real time, [`simulation`] at once, with tasks that
//! are functions and a clock that jumps; both are loops around it. A [`journal`] keeps it.

mod background;
mod blocking;
mod clock;
mod handler;
pub mod journal;
pub mod lambda;
mod ledger;
mod pattern;
mod queue;
pub mod simulation;
mod spans;
mod timers;
pub mod tokio_host;

pub use background::Background;
pub use blocking::blocking;
pub use clock::now;
pub use handler::{BoxFuture, Call, Handler, PrepareError, Report};
pub use ledger::{
    Batch, Bug, Effect, Finished, FrameId, Input, Key, Ledger, MapRun, MapRunStatus, NotRedrivable, Pause, Piece,
    Recorded, RedriveStatus, RestoreError, Resume, Saved, Saver, Status, WaitId, Write,
};
pub use pattern::Pattern;
pub use queue::Queue;
