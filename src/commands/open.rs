//! `asl open`

use std::path::Path;
use std::process::ExitCode;

use asl_project::{DefinitionName, ExecutionOptions, Substitutions, routes_of};

use crate::cli::Open;
use crate::commands::record::history;
use crate::console::Console;
use crate::error::Error;
use crate::execute::runtime;

/// Shows an execution from its history until somebody has seen enough.
pub(crate) fn run(arguments: &Open) -> Result<ExitCode, Error> {
    let (events, arn) = history(&arguments.history, &arguments.data)?;
    let named = DefinitionName::from(&*arguments.definition);
    let routes = routes_of(&named.file, arguments.routes.as_deref())?;
    let substitutions = arguments.substitute.iter().cloned().collect::<Substitutions>().or(&routes);
    let definition = named.read(&substitutions)?;
    if let Err(diagnostics) = definition.unfilled_program() {
        return Err(Error::Definition { definition: definition.into(), diagnostics });
    }
    let name = arn
        .as_deref()
        .and_then(|arn| arn.rsplit(':').next())
        .map_or_else(|| name_of(&arguments.history), str::to_owned);
    runtime()?.block_on(async {
        let options = ExecutionOptions::default();
        let console = Console::of_definition(&definition, routes, substitutions, &arguments.data, options).await?;
        console.show_elsewhere(&name, &events, arguments.json)?;
        console.stay().await;
        console.shut_down().await;
        Ok(ExitCode::SUCCESS)
    })
}

/// A name of an execution for that of a file: such names have 80 characters of some kinds.
fn name_of(file: &Path) -> String {
    let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = if stem == "-" { "stdin".to_owned() } else { stem };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    stem.chars().map(|c| if is_plain(c) { c } else { '-' }).take(80).collect()
}
