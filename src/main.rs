//! The command `asl`: runs Amazon States Language state machines on this machine.

mod breaks;
mod cli;
mod commands;
mod console;
mod error;
mod execute;
mod fault;
mod flag_server;
mod huge_pages;
mod input;
mod interrupt;
mod lines;
mod log;
mod members;
mod output;
mod preview;
mod printable;
mod progress;
mod remote;
mod report;
mod running;
mod sample;
mod times;
mod tui;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};
use error::Error;

/// The tasks of a workflow allocate much on several threads: with the system's allocator, downloads take half as much
/// processor time again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    huge_pages::without();
    let cli = Cli::parse();
    output::choose_colors(cli.color);
    let done = log::start().and_then(|()| match &cli.command {
        Command::Run(arguments) => commands::run::run(arguments),
        Command::Check(arguments) => commands::check::run(arguments),
        Command::Jsonpath(arguments) => commands::jsonpath::run(arguments),
        Command::Answer(arguments) => commands::answer::run(arguments),
        Command::Completions(arguments) => commands::completions::run(arguments),
        Command::Diff(arguments) => commands::diff::run(arguments),
        Command::Graph(arguments) => commands::graph::run(arguments),
        Command::History(arguments) => commands::history::run(arguments),
        Command::Jsonata(arguments) => commands::jsonata::run(arguments),
        Command::Logs(arguments) => commands::logs::run(arguments),
        Command::Man(arguments) => commands::man::run(arguments),
        Command::Demo(arguments) => commands::demo::run(arguments),
        Command::Open(arguments) => commands::open::run(arguments),
        Command::Record(arguments) => commands::record::run(arguments),
        Command::Data(arguments) => commands::data::run(arguments),
        Command::Debug(arguments) => commands::debug::run(arguments),
        Command::Top(arguments) => commands::top::run(arguments),
        Command::Ps(arguments) => commands::ps::run(arguments),
        Command::Start(arguments) => commands::start::run(arguments),
        Command::Stop(arguments) => commands::stop::run(arguments),
        Command::Serve(arguments) => commands::serve::run(arguments),
        Command::Container(arguments) => commands::container::run(arguments),
        Command::Down(arguments) => commands::down::run(arguments),
        Command::Up(arguments) => commands::up::run(arguments),
        Command::Test(arguments) => commands::test::run(arguments),
        Command::TestState(arguments) => commands::test_state::run(arguments),
    });
    match done {
        Ok(code) => code,
        // Whoever read the output has what they wanted.
        Err(Error::ClosedPipe) => ExitCode::SUCCESS,
        Err(error) => {
            output::to_stderr(&error.report());
            error.exit_code()
        }
    }
}
