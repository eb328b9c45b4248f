//! What goes wrong when tasks fail.

use std::collections::BTreeSet;
use std::fmt::Write;

use asl_testing::{Fault, faults, in_order};

use super::{Ran, text};
use crate::cli::{Test, TestFormat};
use crate::error::Error;
use crate::output;
use crate::printable::{self, clean};
use crate::report;

/// Tells each fault of the definitions once, with the first case that shows it. False where there is one.
///
/// Beside a report for programs they go to stderr.
pub(super) fn report(ran: &[Ran<'_>], arguments: &Test) -> Result<bool, Error> {
    let mut out = String::new();
    let mut count = 0;
    // One state has the same fault in many cases.
    let mut told = BTreeSet::new();
    let passed: Vec<&Ran<'_>> = ran.iter().filter(|ran| super::is_passed(ran)).collect();
    let find = |ran: &&Ran<'_>| faults(ran.file, ran.case, arguments.seed);
    in_order(&passed, super::threads(arguments), find, |ran, found| {
        let mut by_kind: Vec<(Fault, Vec<String>)> = Vec::new();
        for fault in found {
            let definition = ran.file.definition.file().to_owned();
            if !told.insert((definition, fault.state, fault.error.clone(), fault.kind.clone())) {
                continue;
            }
            match by_kind.iter_mut().find(|(known, _)| known.state == fault.state && known.kind == fault.kind) {
                Some((_, errors)) => errors.push(fault.error),
                None => {
                    let error = fault.error.clone();
                    by_kind.push((fault, vec![error]));
                }
            }
        }
        for (fault, errors) in by_kind {
            count += 1;
            out += &one(ran, &fault, &errors);
        }
    });
    let end = match count {
        0 => "no faults".to_owned(),
        1 => "1 fault".to_owned(),
        count => format!("{count} faults"),
    };
    print(&format!("\n{out}{end}\n"), arguments)?;
    Ok(count == 0)
}

/// Prints what was found beside the cases; beside a report for programs, on stderr.
pub(super) fn print(found: &str, arguments: &Test) -> Result<(), Error> {
    match arguments.format() {
        TestFormat::Text => output::print(found)?,
        _ => output::to_stderr(found),
    }
    Ok(())
}

/// The end of what is told of something that was found: the case it was found in, and one that shows it.
pub(super) fn shown(ran: &Ran<'_>, test_file: &str) -> String {
    let mut out = format!("  in the case {}\n", printable::line(&text::name(ran.file, ran.case)));
    if !test_file.is_empty() {
        let cases = test_file.split_once("cases:\n").map_or(test_file, |(_, cases)| cases);
        let _ = writeln!(out, "  as a case that shows it:\n\n{}", clean(cases));
    }
    out
}

fn one(ran: &Ran<'_>, fault: &Fault, errors: &[String]) -> String {
    let (definition, model) = (&ran.file.definition, ran.file.program.model());
    let Some(state) = model.state(fault.state) else { return String::new() };
    let title = format!("when '{}' fails with {}, {}", state.name, errors.join(", "), fault.kind.told());
    let mut out =
        report::located_error(&title, definition.place(state.span), definition.file(), definition.text(), None);
    out.truncate(out.trim_end().len());
    out + "\n" + &shown(ran, &fault.test_file)
}
