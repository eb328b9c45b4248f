//! `asl graph`

use std::ffi::OsStr;
use std::path::Path;
use std::process::ExitCode;

use asl_graph::{Chart, Theme, history};

use crate::cli::{Graph, GraphFormat};
use crate::commands::test::coverage;
use crate::error::Error;
use crate::{input, output};

/// Draws a state machine, and what an execution of it did.
pub(crate) fn run(arguments: &Graph) -> Result<ExitCode, Error> {
    let format = format(arguments)?;
    if arguments.definition == Path::new("-") && arguments.history.as_deref() == Some("-") {
        return Err(Error::Usage("the definition and the history cannot both be stdin".to_owned()));
    }
    let definition = input::definition(&arguments.definition, &arguments.substitute)?;
    // Nothing is called: placeholders may stay.
    let program = match definition.unfilled_program() {
        Ok(program) => program,
        Err(diagnostics) => return Err(Error::Definition { definition: definition.into(), diagnostics }),
    };
    let mut chart = Chart::new(&program);
    if let Some(named) = &arguments.history {
        let events = input::json("the history", "--history", named)?;
        let marks = history::marks(&program, &events).map_err(|error| Error::Usage(format!("--history: {error}")))?;
        chart = chart.with_marks(marks);
    }
    if let Some(file) = &arguments.coverage {
        let coverage = coverage::file(file, "--coverage")?;
        let before = coverage.definitions().iter().find(|before| before.is_of(&program)).ok_or_else(|| {
            let (file, definition) = (file.display(), arguments.definition.display());
            Error::Usage(format!("--coverage: {file} has nothing of {definition} as it is now"))
        })?;
        chart = chart.with_marks(coverage::marks(&program, &before.taken(&program)));
    }
    let drawn = match format {
        GraphFormat::Json if arguments.output.is_none() => {
            output::print_json(&chart.to_json())?;
            return Ok(ExitCode::SUCCESS);
        }
        GraphFormat::Json => format!("{:#}\n", chart.to_json()),
        GraphFormat::Mermaid => chart.mermaid(),
        GraphFormat::Dot => chart.dot(),
        GraphFormat::Svg => chart.svg(Theme::Auto),
    };
    match &arguments.output {
        None => output::print(&drawn)?,
        Some(file) => {
            let is_markdown = ending(file).is_some_and(|ending| ending == "md") && format == GraphFormat::Mermaid;
            let text = if is_markdown { format!("```mermaid\n{drawn}```\n") } else { drawn };
            output::write_file(file, text)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What was asked for, or what the ending of the file says.
fn format(arguments: &Graph) -> Result<GraphFormat, Error> {
    if arguments.json {
        return Ok(GraphFormat::Json);
    }
    if let Some(format) = arguments.format {
        return Ok(format);
    }
    let Some(file) = &arguments.output else { return Ok(GraphFormat::Mermaid) };
    match ending(file).as_deref() {
        Some("svg") => Ok(GraphFormat::Svg),
        Some("json") => Ok(GraphFormat::Json),
        Some("dot" | "gv") => Ok(GraphFormat::Dot),
        Some("mmd" | "mermaid" | "md") => Ok(GraphFormat::Mermaid),
        _ => Err(Error::Usage(format!(
            "{} does not say what is to be drawn\nhelp: end it in .svg, .dot, .mmd or .json, or say --format",
            file.display()
        ))),
    }
}

fn ending(file: &Path) -> Option<String> {
    file.extension().map(OsStr::to_string_lossy).map(|ending| ending.to_lowercase())
}
