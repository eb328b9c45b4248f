//! `asl check --format github`: workflow commands, of which GitHub Actions makes annotations.
//!
//! GitHub, "Workflow commands for GitHub Actions"; what is escaped: `actions/toolkit`, `packages/core/src/command.ts`.

use std::fmt::Write;

use asl_engine::Severity;

use super::Checked;
use crate::report;

/// A line for each finding.
pub(super) fn annotations(checked: &[Checked]) -> String {
    let mut out = String::new();
    for one in checked {
        let lines = one.lines();
        let file = property(&one.file());
        for found in report::said_once(&one.diagnostics) {
            let level = match found.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            let ((line, column), (end_line, end_column)) = (lines.place(found.span.start), lines.place(found.span.end));
            let _ = write!(out, "::{level} file={file},line={line}");
            // GitHub takes columns of one line only.
            let _ = match line == end_line {
                true => write!(out, ",col={column},endLine={end_line},endColumn={end_column}"),
                false => write!(out, ",endLine={end_line}"),
            };
            let _ = writeln!(out, ",title={}::{}", property(found.code), data(&super::told(found)));
        }
    }
    out
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_command_is_escaped() {
        assert_eq!(data("50 %\r\na::b,c"), "50 %25%0D%0Aa::b,c");
        assert_eq!(property("C:/a,b%.json"), "C%3A/a%2Cb%25.json");
    }
}
