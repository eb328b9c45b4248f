//! JUnit's XML, which CI systems show.

use std::collections::BTreeMap;
use std::fmt::Write;

use asl_graph::xml_text;
use asl_testing::Verdict;

use super::{Ran, Report, failure};

/// The report, with a suite for each test file.
pub(super) fn report(run: &Report<'_>) -> String {
    let mut suites: BTreeMap<String, Vec<&Ran<'_>>> = BTreeMap::new();
    for ran in run.ran {
        suites.entry(ran.file.path.display().to_string()).or_default().push(ran);
    }
    let counts = run.counts();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        out,
        "<testsuites tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{:.3}\">",
        run.ran.len(),
        counts.failed,
        counts.bugs,
        run.took.as_secs_f64()
    );
    for (file, all) in suites {
        let count = |is: fn(&Verdict) -> bool| all.iter().filter(|ran| is(&ran.result.verdict)).count();
        let (failures, errors) = (
            count(|verdict| matches!(verdict, Verdict::Failed(_))),
            count(|verdict| matches!(verdict, Verdict::Bug(_))),
        );
        let time: f64 = all.iter().map(|ran| ran.took.as_secs_f64()).sum();
        let _ = writeln!(
            out,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" time=\"{time:.3}\">",
            xml_text(&file),
            all.len()
        );
        for ran in all {
            case(&mut out, &file, ran);
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn case(out: &mut String, file: &str, ran: &Ran<'_>) {
    let _ = write!(
        out,
        "    <testcase classname=\"{}\" name=\"{}\" file=\"{}\" time=\"{:.3}\"",
        xml_text(&ran.file.machine()),
        xml_text(&ran.case.name),
        xml_text(file),
        ran.took.as_secs_f64()
    );
    let (element, message, text) = match &ran.result.verdict {
        Verdict::Passed => return out.push_str("/>\n"),
        Verdict::Failed(failed) => {
            let first = failed.unmet.first().map(failure::title).or(failed.stuck.clone()).unwrap_or_default();
            ("failure", first, failure::text(ran, failed))
        }
        Verdict::Bug(bug) => ("error", "asl has made a mistake".to_owned(), bug.clone()),
    };
    let text = anstream::adapter::strip_str(&text).to_string();
    let _ = writeln!(
        out,
        ">\n      <{element} message=\"{}\">{}</{element}>\n    </testcase>",
        xml_text(&message),
        xml_text(&text)
    );
}
