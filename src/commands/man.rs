//! `asl man`

mod page;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use asl_engine::nearest;
use clap::{Command, CommandFactory};

use crate::cli::{Cli, Man};
use crate::error::Error;
use crate::output;

/// Prints one page, or writes all of them.
pub(crate) fn run(arguments: &Man) -> Result<ExitCode, Error> {
    let asl = command();
    match (&arguments.output, &arguments.verb) {
        (Some(folder), _) => write_all(&asl, folder)?,
        (None, None) => output::print(&page::text(&asl))?,
        (None, Some(verb)) => output::print(&page::text(find(&asl, verb)?))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The command with the words that its pages have.
fn command() -> Command {
    let asl = Cli::command().disable_help_subcommand(true);
    let mut asl = asl.subcommand_help_heading("COMMANDS").subcommand_value_name("command");
    asl.build();
    asl
}

fn find<'a>(asl: &'a Command, verb: &str) -> Result<&'a Command, Error> {
    asl.find_subcommand(verb).ok_or_else(|| {
        let near = nearest(verb, asl.get_subcommands().map(Command::get_name));
        let help = near.map_or(String::new(), |near| format!("; did you mean '{near}'?"));
        Error::Usage(format!("asl has no command '{verb}'{help}"))
    })
}

fn write_all(asl: &Command, folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder)
        .map_err(|error| Error::Usage(format!("cannot make the folder {}: {error}", folder.display())))?;
    let told = asl.get_subcommands().filter(|command| !command.is_hide_set());
    for command in [asl].into_iter().chain(told) {
        let file = folder.join(page::file_name(command));
        output::write_file(&file, page::text(command))?;
    }
    Ok(())
}
