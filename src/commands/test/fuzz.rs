//! Which states cannot process data of another shape.

use std::collections::BTreeSet;
use std::fmt::Write;

use asl_engine::{Program, Span};
use asl_project::Definition;
use asl_testing::{Unprocessed, fuzz, in_order};

use super::{Ran, faults};
use crate::cli::Test;
use crate::error::Error;
use crate::printable::clean;
use crate::report;

/// Tells each failure over changed data once, with the first case that shows it. False where there is one.
pub(super) fn report(ran: &[Ran<'_>], arguments: &Test) -> Result<bool, Error> {
    let Some(runs) = arguments.fuzz else { return Ok(true) };
    let mut out = String::new();
    let mut told = BTreeSet::new();
    let passed: Vec<&Ran<'_>> = ran.iter().filter(|ran| super::is_passed(ran)).collect();
    let find = |ran: &&Ran<'_>| fuzz(ran.file, ran.case, arguments.seed, runs);
    in_order(&passed, super::threads(arguments), find, |ran, all| {
        for found in all {
            let definition = definition(ran, &found).0.full_name();
            let place = found.span.map(|span| (span.start, span.end));
            if told.insert((definition, found.state.clone(), found.error.clone(), place)) {
                out += &one(ran, &found);
            }
        }
    });
    let end = match told.len() {
        0 => "all changed data was processed".to_owned(),
        1 => "1 place cannot process changed data".to_owned(),
        count => format!("{count} places cannot process changed data"),
    };
    faults::print(&format!("\n{out}{end}\n"), arguments)?;
    Ok(told.is_empty())
}

/// The definition whose state fails: that of the test file, or of a state machine that was started.
fn definition<'a>(ran: &'a Ran<'_>, found: &Unprocessed) -> (&'a Definition, &'a Program) {
    let started = found.machine.as_deref().and_then(|name| ran.file.started(name));
    started.map_or((&ran.file.definition, &ran.file.program), |(definition, program)| (definition, program))
}

fn one(ran: &Ran<'_>, found: &Unprocessed) -> String {
    let (definition, program) = definition(ran, found);
    let model = program.model();
    let state = found.state.as_deref().unwrap_or("a state");
    let title = format!("'{state}' fails with {} when {}", found.error, found.changes.join(" and "));
    let whole = model.states().iter().find(|it| *it.name == *state).map(|state| state.span);
    let span: Span = found.span.or(whole).unwrap_or_default();
    let mut out = report::located_error(&title, definition.place(span), definition.file(), definition.text(), None);
    out.truncate(out.trim_end().len());
    let _ = writeln!(out, "\n  cause: {}", clean(&found.cause));
    out + &faults::shown(ran, &found.test_file)
}
