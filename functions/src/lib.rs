//! The code of Lambda functions, run unchanged by processes on this machine.
//!
//! | File | What |
//! | --- | --- |
//! | `function` | one function: what is called |
//! | `settings` | what a route says |
//! | `launch`, `python`, `node`, `layers`, `versions` | what is started for it |
//! | `install`, `sources` | what has to be installed before, and what the code uses of what Lambda brings along |
//! | `environment` | the environment variables of a function |
//! | `command` | a command that stands in for a container |
//! | `runtime_api` | the Lambda Runtime API, by which a process gets invocations and answers them |
//! | `extensions` | the Lambda Extensions API, for what runs inside the process |
//! | `process`, `output`, `memory` | one process, what it prints, what it takes |
//! | `guard` | ends processes when `asl` is killed |
//! | `pool` | the processes of a function |
//! | `errors` | the errors that Lambda gives |
//! | `logs` | what the code of functions prints |

#[cfg(unix)]
mod command;
#[cfg(unix)]
mod environment;
#[cfg(unix)]
mod errors;
#[cfg(unix)]
mod extensions;
#[cfg(unix)]
mod function;
#[cfg(unix)]
mod guard;
#[cfg(unix)]
mod install;
#[cfg(unix)]
mod java;
#[cfg(unix)]
mod launch;
#[cfg(unix)]
mod layers;
mod logs;
#[cfg(unix)]
mod memory;
#[cfg(unix)]
mod node;
#[cfg(unix)]
mod output;
#[cfg(unix)]
mod pool;
#[cfg(unix)]
mod process;
#[cfg(unix)]
mod python;
#[cfg(unix)]
mod runtime_api;
#[cfg(unix)]
mod settings;
#[cfg(unix)]
mod sources;
#[cfg(unix)]
mod versions;

#[cfg(unix)]
pub use command::{Command, CommandEnd, CommandLog};
#[cfg(unix)]
pub use function::{EndpointError, EndpointUrl, Function, Surroundings};
pub use logs::{Logs, Printed, PrintedLine};
#[cfg(unix)]
pub use settings::Settings;

/// The time on the wall.
#[cfg(unix)]
fn millis_since_1970() -> u128 {
    std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_millis()
}
