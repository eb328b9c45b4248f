//! Workflow commands of GitHub Actions: each failure at its line of the test file.
//!
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#setting-an-error-message>

use std::fmt::Write;

use asl_engine::Span;
use asl_testing::Verdict;

use super::{Ran, Report, failure, text};
use crate::lines::Lines;

/// A line for each thing that is wrong, and the count.
pub(super) fn report(run: &Report<'_>) -> String {
    let mut out = String::new();
    for ran in run.ran {
        match &ran.result.verdict {
            Verdict::Passed => {}
            Verdict::Failed(failed) => {
                for unmet in &failed.unmet {
                    let lines = [failure::title(unmet)].into_iter().chain(failure::details(&unmet.why));
                    annotate(&mut out, ran, unmet.span, &lines.collect::<Vec<_>>().join("\n"));
                }
                if let Some(stuck) = &failed.stuck {
                    annotate(&mut out, ran, ran.case.span, stuck);
                }
            }
            Verdict::Bug(bug) => annotate(&mut out, ran, ran.case.span, &format!("asl has made a mistake: {bug}")),
        }
    }
    let counts = run.counts();
    let _ = writeln!(out, "{} passed, {} failed", counts.passed, counts.failed + counts.bugs);
    out
}

fn annotate(out: &mut String, ran: &Ran<'_>, span: Span, message: &str) {
    let (line, column) = Lines::new(&ran.file.text).place(span.start);
    let (file, name) = (property(&ran.file.path.display().to_string()), property(&ran.case.name));
    let message = data(&format!("{}\n{message}", text::name(ran.file, ran.case)));
    let _ = writeln!(out, "::error file={file},line={line},col={column},title={name}::{message}");
}

/// The text of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
