//! What a folder of a user's is: the executions of its state machines.

mod state_machines;

pub use state_machines::StateMachines;
