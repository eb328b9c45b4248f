//! Hosts for the engine: they drive an execution's Frames, call its tasks, keep its time and record its history.
//!
//! [`embedded`] runs on tokio with real tasks and real time. [`virtual_time`] runs at once, with tasks that are
//! functions and a clock that jumps. Both do the same with the same [`Frames`].

mod background;
mod blocking;
pub mod embedded;
mod frames;
mod handler;
pub mod lambda;
mod nodes;
mod pattern;
mod timers;
pub mod virtual_time;

pub use background::Background;
pub use blocking::blocking;
pub use frames::{Effect, Finished, FrameId, Frames, Progress, Status};
pub use handler::{BoxFuture, Call, Handler, Report};
pub use pattern::Pattern;
