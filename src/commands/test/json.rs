//! The report as JSON, for programs.

use asl_engine::Value;
use asl_testing::{Selected, Verdict};

use super::{Ran, Report, failure};
use crate::lines::Lines;

/// The cases in their order, and the counts.
pub(super) fn report(run: &Report<'_>, seed: u64) -> Value {
    let counts = run.counts();
    let number = |count: usize| Value::from(i64::try_from(count).unwrap_or(i64::MAX));
    Value::from([
        ("passed", number(counts.passed)),
        ("failed", number(counts.failed)),
        ("bugs", number(counts.bugs)),
        ("seed", i64::try_from(seed).unwrap_or(i64::MAX).into()),
        ("cases", run.ran.iter().map(case).collect()),
    ])
}

/// The names of cases, and those of their files.
pub(super) fn list(cases: &[Selected<'_>]) -> Value {
    let case = |selected: &Selected<'_>| {
        let file = selected.file.path.display().to_string();
        Value::from([("file", Value::from(file)), ("name", (&*selected.case.name).into())])
    };
    Value::from([("cases", cases.iter().map(case).collect())])
}

fn case(ran: &Ran<'_>) -> Value {
    let result = match ran.result.verdict {
        Verdict::Passed => "passed",
        Verdict::Failed(_) => "failed",
        Verdict::Bug(_) => "bug",
    };
    let mut members = vec![
        ("file", Value::from(ran.file.path.display().to_string())),
        ("name", Value::from(&*ran.case.name)),
        ("result", result.into()),
        ("virtualMilliseconds", ran.result.millis.into()),
    ];
    match &ran.result.verdict {
        Verdict::Passed => {}
        Verdict::Bug(bug) => members.push(("bug", Value::from(&**bug))),
        Verdict::Failed(failed) => {
            let lines = Lines::new(&ran.file.text);
            let unmet = failed.unmet.iter().map(|unmet| {
                let (line, column) = lines.place(unmet.span.start);
                let number = |count: usize| Value::from(i64::try_from(count).unwrap_or(i64::MAX));
                let details: Value = failure::details(&unmet.why).into_iter().map(Value::from).collect();
                Value::from([
                    ("what", Value::from(&*unmet.what)),
                    ("message", failure::title(unmet).into()),
                    ("details", details),
                    ("line", number(line)),
                    ("column", number(column)),
                ])
            });
            members.push(("unmet", unmet.collect()));
            members.extend(failed.stuck.as_deref().map(|stuck| ("stuck", Value::from(stuck))));
            members.push(("way", failed.way.names().into_iter().map(Value::from).collect()));
        }
    }
    members.into_iter().collect()
}
