//! `asl open`

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use asl_engine::{Program, Value, nearest};
use asl_history::{Event, Flaw};
use asl_project::{DefinitionName, ExecutionOptions, Substitutions, routes_of};

use crate::cli::{OfHistory, Open};
use crate::commands::record::history;
use crate::console::Console;
use crate::error::Error;
use crate::execute::runtime;
use crate::output;
use crate::printable::line;
use crate::report;

/// Shows an execution from its history until somebody has seen enough.
pub(crate) fn run(arguments: &Open) -> Result<ExitCode, Error> {
    let of = &arguments.of;
    let (events, arn) = history(of)?;
    let named = DefinitionName::from(&*of.definition);
    let routes = routes_of(&named.file, arguments.routes.as_deref())?;
    let substitutions = of.substitute.iter().cloned().collect::<Substitutions>().or(&routes);
    let definition = named.read(&substitutions)?;
    let program = match definition.unfilled_program() {
        Ok(program) => program,
        Err(diagnostics) => return Err(Error::Definition { definition: definition.into(), diagnostics }),
    };
    tell_flaws(of, &events, &program)?;
    let name =
        arn.as_deref().and_then(|arn| arn.rsplit(':').next()).map_or_else(|| name_of(&of.history), str::to_owned);
    runtime()?.block_on(async {
        let options = ExecutionOptions::default();
        let console = Console::of_definition(&definition, routes, substitutions, &of.data, options).await?;
        console.show_elsewhere(&name, &events, arguments.json)?;
        console.stay().await;
        console.shut_down().await;
        Ok(ExitCode::SUCCESS)
    })
}

/// How many things of one kind are told of one by one.
const TOLD: usize = 5;

/// Tells what is wrong with a history, and what does not fit the definition. A history of another state machine altogether is refused.
fn tell_flaws(of: &OfHistory, history: &Value, program: &Program) -> Result<(), Error> {
    let (from, definition) = (line(&of.history.display().to_string()), line(&of.definition.display().to_string()));
    let refused = |error| Error::Usage(format!("{from}: {error}"));
    let flaws = Flaw::all(history).map_err(refused)?;
    if !flaws.is_empty() {
        let help = "what is not there is not shown; `aws stepfunctions get-execution-history` gives the whole history without \
                    --max-items and --no-paginate";
        let told = flaws.iter().map(Flaw::to_string).collect();
        output::to_stderr(&warning(&format!("{from} is no whole history:"), told, help));
    }
    let entered = Event::all(history).map_err(refused)?;
    let entered = entered.iter().filter(|event| event.kind.ends_with("StateEntered"));
    let entered = entered.filter_map(|event| Some((event.details.get("name")?.as_str()?, event.id)));
    let names: BTreeSet<&str> = program.model().states().iter().map(|state| &*state.name).collect();
    let (known, mut unknown): (Vec<_>, Vec<_>) = entered.partition(|(name, _)| names.contains(name));
    let mut seen = BTreeSet::new();
    unknown.retain(|(name, _)| seen.insert(*name));
    if unknown.is_empty() {
        return Ok(());
    }
    let told = unknown.iter().map(|(name, id)| {
        let near = nearest(name, names.iter().copied());
        let near = near.map_or(String::new(), |near| format!("; did you mean '{near}'?"));
        format!("'{}', which the event {id} enters{near}", line(name))
    });
    let told = told.collect();
    let help = "name the definition that was run: `aws stepfunctions describe-state-machine-for-execution` has it, and a child \
                execution of a Map Run runs FILE#MapState";
    if known.is_empty() {
        let title = format!("{from} is the history of another state machine: {definition} has none of its states");
        return Err(Error::Tests(listed(&title, told, help)));
    }
    output::to_stderr(&warning(&format!("{definition} does not have all states of {from}:"), told, help));
    Ok(())
}

fn warning(title: &str, told: Vec<String>, help: &str) -> String {
    report::warning(&listed(title, told, help))
}

/// A line each, and what to do.
fn listed(title: &str, mut told: Vec<String>, help: &str) -> String {
    let more = told.len().saturating_sub(TOLD);
    told.truncate(TOLD);
    told.extend((more > 0).then(|| format!("and {more} more")));
    format!("{title}\n  {}\nhelp: {help}", told.join("\n  "))
}

/// A name of an execution for that of a file: such names have 80 characters of some kinds.
fn name_of(file: &Path) -> String {
    let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = if stem == "-" { "stdin".to_owned() } else { stem };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    stem.chars().map(|c| if is_plain(c) { c } else { '-' }).take(80).collect()
}
