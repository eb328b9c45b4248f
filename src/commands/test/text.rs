//! What a person reads of a run of tests.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use asl_engine::cut;
use asl_testing::{Case, Problem, TestFile, Verdict, shown_duration};

use super::failure;
use super::{Ran, Report, SEED};
use crate::printable;
use crate::report;

/// How much is shown of an event.
const WIDTH: usize = 400;

const GREEN: &str = "\u{1b}[32m";
const RED: &str = "\u{1b}[31m";
const BOLD: &str = "\u{1b}[1m";
const PLAIN: &str = "\u{1b}[0m";

/// A case as it is called: its file and its name.
pub(super) fn name(file: &TestFile, case: &Case) -> String {
    printable::line(&format!("{}: {}", file.path.display(), case.name))
}

/// The line of a case that has ended.
pub(super) fn line(ran: &Ran<'_>) -> String {
    let (colour, word) = match ran.result.verdict {
        Verdict::Passed => (GREEN, "PASS"),
        Verdict::Failed(_) => (RED, "FAIL"),
        Verdict::Bug(_) => (RED, "BUG "),
    };
    let virtual_time = match ran.result.millis {
        0 => String::new(),
        millis => format!(" ({})", shown_duration(millis)),
    };
    format!("{colour}{word}{PLAIN} [{}] {}{virtual_time}\n", seconds(ran.took), name(ran.file, ran.case))
}

/// What happened in a case, which goes the same way again.
pub(super) fn history(ran: &Ran<'_>, seed: u64) -> String {
    let lines = ran.case.history(ran.file, seed);
    lines.iter().map(|line| format!("  {}\n", printable::line(&cut(&line.to_string(), WIDTH)))).collect()
}

/// `0.012s`
fn seconds(took: Duration) -> String {
    format!("{:.3}s", took.as_secs_f64())
}

/// What comes after the lines of all cases: each that failed, and how many did.
pub(super) fn end(run: &Report<'_>, seed: u64) -> String {
    let mut out = String::new();
    for ran in run.ran {
        apart(&mut out);
        match &ran.result.verdict {
            Verdict::Passed => {}
            Verdict::Failed(failed) => {
                let _ = writeln!(out, "\n{BOLD}{RED}FAIL{PLAIN} {BOLD}{}{PLAIN}\n", name(ran.file, ran.case));
                out += &failure::text(ran, failed);
            }
            Verdict::Bug(bug) => {
                let _ = writeln!(out, "\n{BOLD}{RED}BUG{PLAIN} {BOLD}{}{PLAIN}\n", name(ran.file, ran.case));
                out += &report::error(&format!("asl has made a mistake: {bug}"));
                out += &report::note(
                    "this is no failure of the test. Please report this text, the test file and the definition",
                );
            }
        }
        // A case that went wrong has perhaps not come to them.
        let unused = ran.result.unused.iter().filter(|_| matches!(ran.result.verdict, Verdict::Passed));
        for (state, span) in unused {
            apart(&mut out);
            out.push('\n');
            let title = format!("the mock of '{state}' answers nothing in the case '{}'", ran.case.name);
            out += &report::located_warning(&title, *span, &ran.file.path, &ran.file.text, None);
        }
    }
    apart(&mut out);
    let counts = run.counts();
    let bugs = if counts.bugs > 0 { format!(", {} bugs of asl", counts.bugs) } else { String::new() };
    let seed = if seed == SEED { String::new() } else { format!(", seed {seed}") };
    let colour = if counts.failed + counts.bugs > 0 { RED } else { GREEN };
    let _ = writeln!(
        out,
        "\n{colour}{} passed, {} failed{bugs}{PLAIN} in {}{seed}",
        counts.passed,
        counts.failed,
        seconds(run.took)
    );
    out
}

/// Ends with one line end, so that what follows can begin with an empty line.
fn apart(out: &mut String) {
    out.truncate(out.trim_end().len());
    if !out.is_empty() {
        out.push('\n');
    }
}

/// A problem of a test file.
pub(super) fn problem(problem: &Problem, file: &Path, text: &str) -> String {
    report::located_error(&problem.message, problem.span, file, text, problem.help.as_deref())
}
