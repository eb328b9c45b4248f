//! The command `asl`.

#[cfg_attr(not(test), expect(dead_code, reason = "the command that starts it is still to come"))]
mod flag_server;

fn main() {}
