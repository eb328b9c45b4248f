//! `docs/fidelity.md`: what share of the recordings agrees, and every known difference.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::Value;

use crate::Verdict;

/// What other tests measure, which hold this against their own figures.
const JSONATA: &str = "
## JSONata

AWS has JSONata 2.0.6 with six functions of its own and without `$eval`. The expressions alone are held against that, too:

| Held against | By | agree | of |
| --- | --- | ---: | ---: |
| The reference suite of JSONata 2.0.6 | `cargo test --test jsonata` | 1623 | 1625 |
| `jsonata` 2.0.6 from npm, generated expressions | `cargo test --test jsonata_npm` | 5000 | 5000 |

The two other cases of the suite have half of a surrogate pair in their text, which is no Unicode text. Messages are compared
only with npm's. What the two differ in on purpose, or by the nature of JavaScript, is written in the tests: functions are
false, `in` compares by value, characters are whole, and a value may not contain itself.
";

/// What `asl serve` answers to the recorded requests, by kind of case. The test of that holds it against its own figures.
const API: &str = include_str!("../api/summary.txt");

/// The section about the API.
fn api() -> String {
    let mut section = "
## The API

What boto3 gets of `asl serve` for the recorded requests, by `cargo test --test system recorded` (`tests/api/replay.py`):

| Kind of case | strictly | laxly | of |
| --- | ---: | ---: | ---: |
"
    .to_owned();
    for line in API.lines() {
        let numbers: Vec<&str> = line.split(|c: char| !c.is_ascii_digit()).filter(|text| !text.is_empty()).collect();
        if let (Some((kind, _)), [strict, lax, of]) = (line.split_once(':'), &numbers[..]) {
            // A text takes whatever is written.
            let _ = writeln!(section, "| {kind} | {strict} | {lax} | {of} |");
        }
    }
    section + "\nWhat differs is in `tests/api/known.txt`, with the reason.\n"
}

/// The row of the second body of recordings: executions and refused definitions of another corpus.
const SECOND_BODY: &str = "second body (April 2026)";

/// Why some cases differ: the end of an id, and the reason.
const KNOWN: &str = include_str!("known.txt");

#[derive(Default)]
struct Share {
    strict: usize,
    lax: usize,
    of: usize,
}

/// The page. `index` has an entry for each verdict's id.
pub(crate) fn page(index: &BTreeMap<&str, &Value>, verdicts: &BTreeMap<String, Verdict>) -> String {
    let (mut shares, mut reasons) = (BTreeMap::<(String, &str), Share>::new(), BTreeMap::<&str, usize>::new());
    let mut differences = BTreeSet::new();
    for (id, verdict) in verdicts {
        let entry = index.get(id.as_str()).copied().unwrap_or(&Value::Null);
        let jsonata = entry["queryLanguages"].as_array().is_some_and(|languages| languages.contains(&"JSONata".into()));
        if let Verdict::NotApplicable(reason) = verdict {
            *reasons.entry(reason).or_default() += 1;
            continue;
        }
        let language = if jsonata { "with JSONata" } else { "JSONPath only" };
        let row = match id.starts_with(crate::AWS2) {
            true => (SECOND_BODY.to_owned(), "both"),
            false => (entry["kind"].as_str().unwrap_or_default().to_owned(), language),
        };
        let share = shares.entry(row).or_default();
        share.of += 1;
        share.strict += usize::from(matches!(verdict, Verdict::Strict));
        share.lax += usize::from(matches!(verdict, Verdict::Strict | Verdict::Lax(_)));
        match verdict {
            Verdict::Lax(difference) => drop(differences.insert((id, "the details differ", difference))),
            Verdict::Differs(difference) => drop(differences.insert((id, "the outcome differs", difference))),
            Verdict::Strict | Verdict::NotApplicable(_) => {}
        }
    }
    let mut page = String::from(
        "# Fidelity\n\n\
         How far `asl` agrees with what AWS Step Functions was recorded to do. This page is written by\n\
         `ASL_CONFORMANCE_BLESS=1 cargo test --test conformance`, and the test fails when it is out of date.\n\n\
         A case agrees *laxly* when its status, error and output are AWS's, and *strictly* when every text and every event of\n\
         its history are, too.\n\n\
         | Kind of case | Languages | strictly | laxly | of |\n| --- | --- | ---: | ---: | ---: |\n",
    );
    for ((kind, language), Share { strict, lax, of }) in &shares {
        let percent = |count: &usize| format!("{count} ({:.1} %)", *count as f64 * 100.0 / *of as f64);
        let _ = writeln!(page, "| {kind} | {language} | {} | {} | {of} |", percent(strict), percent(lax));
    }
    page += &api();
    page += JSONATA;
    page += "\n## Not compared\n\n";
    for (reason, count) in &reasons {
        let _ = writeln!(page, "- {count}: {reason}.");
    }
    page += "\n## Known differences\n\n";
    for (id, what, difference) in differences {
        let name = id.rsplit("::").next().unwrap_or(id);
        let reason = reason(id).map(|reason| format!(" Why: {reason}.")).unwrap_or_default();
        let _ = writeln!(page, "- `{name}`: {what}.{reason}\n\n  ```text\n  {difference}\n  ```\n");
    }
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

fn reason(id: &str) -> Option<&'static str> {
    let lines = KNOWN.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(' ')).find(|(end, _)| id.ends_with(end)).map(|(_, reason)| reason)
}
