//! Runs what was recorded from AWS Step Functions, and compares: `cargo test --test conformance`.
//!
//! Reads `ASL_CONFORMANCE_DIR` (without it, `../shared/conformance`): `index.json` and `cases/`, and a second body of recordings,
//! `aws2.jsonl` there or the file `ASL_AWS2_CASES`. Each case runs on virtual time, its tasks answered from the recording, and once more
//! with a host that crashes after every step, which must change nothing. It agrees *laxly* when status, error and output are AWS's, and *strictly* when the history and all texts are, too. Writes
//! `target/conformance.json` with a verdict for each case, and closes with a line for each body. Fails when a case of `baseline.txt` no longer agrees, or `docs/fidelity.md` is out
//! of date; `ASL_CONFORMANCE_BLESS=1` writes both.

#![allow(clippy::print_stdout, reason = "a test without harness reports by itself")]

mod aws2;
mod compare;
mod execution;
mod fidelity;
mod mocks;
mod record;
mod refusal;
#[path = "../../runtime/tests/support/restarting.rs"]
mod restarting;
mod test_state;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};

/// The cases that agreed before: `strict` or `lax`, and the id.
const BASELINE: &str = "tests/conformance/baseline.txt";

/// What share agrees, for people.
const FIDELITY: &str = "docs/fidelity.md";

/// What the ids of the second body begin with.
pub(crate) const AWS2: &str = "aws2::";

/// How far a case agrees with the recording.
#[derive(Clone, Debug)]
pub(crate) enum Verdict {
    Strict,
    /// Status, error and output agree; the first other difference.
    Lax(String),
    /// The first difference.
    Differs(String),
    NotApplicable(&'static str),
}

/// Why a case cannot be run here at all, by its entry in the index. Each reason has one line.
fn not_applicable(case: &Value) -> Option<&'static str> {
    let kind = case["kind"].as_str().unwrap_or_default();
    let replayable = case["replayable"].as_str().unwrap_or_default();
    match (kind, replayable) {
        ("execution", _) if case["status"] == "RUNNING" => Some("its history was read before it ended"),
        ("execution", _) if case["status"] == "ABORTED" => Some("it is stopped through the API"),
        ("execution", "needs-task-implementation") => Some("what its children answered is in no recording"),
        ("execution", "pure" | "mocks" | "mocks-partial" | "needs-s3") => None,
        ("execution", _) => Some("needs other services of AWS"),
        ("execution-batch", _) => None,
        ("sync-execution" | "express-async", _) => Some("through the API, as above"),
        ("validation-error" | "validate-definition", _) => None,
        ("api", _) => Some("through the API, as above"),
        ("test-state", _) => None,
        (_, _) => Some("is of a kind that the runner does not know"),
    }
}

/// Runs a case and compares it.
fn check(case: &Value) -> Verdict {
    match case["kind"].as_str() {
        Some("validation-error") => {
            refusal::not_applicable(case).map_or_else(|| refusal::create(case), Verdict::NotApplicable)
        }
        Some("validate-definition") => refusal::validate(case),
        Some("test-state") => test_state::check(case),
        _ => execution::check(case),
    }
}

fn main() -> ExitCode {
    let folder = std::env::var_os("ASL_CONFORMANCE_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance"), PathBuf::from);
    let index = match read(&folder.join("index.json")) {
        Ok(index) => index,
        Err(error) => {
            println!("not run: the recorded cases are absent ({error})");
            return if std::env::var("CI").as_deref() == Ok("true") { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    };
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let mut verdicts: BTreeMap<String, Verdict> = BTreeMap::new();
    let mut rounds = Rounds::default();
    let scratch = tempfile::tempdir().expect("a folder for test files");
    for entry in index["cases"].as_array().into_iter().flatten() {
        let id = entry["id"].as_str().unwrap_or_default();
        if filter.as_ref().is_some_and(|filter| !id.contains(filter)) {
            continue;
        }
        let file = folder.join("cases").join(entry["file"].as_str().unwrap_or_default());
        let verdict = match (not_applicable(entry), read(&file)) {
            (Some(reason), _) => Verdict::NotApplicable(reason),
            (None, Ok(case)) if mocks::lost(&case) => {
                Verdict::NotApplicable("the recording lost which task gave which answer")
            }
            (None, Ok(case)) => {
                let verdict = check(&case);
                if matches!(verdict, Verdict::Strict) && case["kind"] == "execution" {
                    rounds.add(id, &case, scratch.path());
                }
                verdict
            }
            (None, Err(error)) => Verdict::Differs(format!("{} cannot be read: {error}", file.display())),
        };
        verdicts.insert(id.to_owned(), verdict);
    }
    let file = std::env::var_os("ASL_AWS2_CASES").map_or_else(|| folder.join("aws2.jsonl"), PathBuf::from);
    let second = match aws2::read(&file) {
        Ok(cases) => cases,
        Err(error) => {
            println!("the second body of recordings cannot be read: {error}");
            return ExitCode::FAILURE;
        }
    };
    for (id, case) in second.iter().filter(|(id, _)| filter.as_ref().is_none_or(|filter| id.contains(filter))) {
        verdicts.insert(format!("{AWS2}{id}"), aws2::check(case));
    }
    let agrees = report(&index, &verdicts, filter.is_some());
    if rounds.report(filter.is_some()) { agrees } else { ExitCode::FAILURE }
}

/// Recordings that were made test cases.
#[derive(Default)]
struct Rounds {
    passed: usize,
    not_in_the_history: usize,
    /// The case and the first difference.
    failed: Vec<(String, String)>,
}

impl Rounds {
    fn add(&mut self, id: &str, case: &Value, scratch: &Path) {
        if record::not_in_the_history(case).is_some() {
            self.not_in_the_history += 1;
            return;
        }
        match record::round(case, scratch) {
            Ok(()) => self.passed += 1,
            Err(difference) => self.failed.push((id.to_owned(), difference)),
        }
    }

    /// Whether all of them gave the history that they were made of.
    fn report(&self, filtered: bool) -> bool {
        for (id, difference) in &self.failed {
            println!("another history than it was recorded with: {id}\n  {difference}");
        }
        if !filtered {
            let Self { passed, not_in_the_history, failed } = self;
            let of = passed + failed.len();
            println!("record: {passed} of {of} (not in the history alone {not_in_the_history})");
        }
        self.failed.is_empty()
    }
}

/// Whether other cases than those of the baseline were asked for.
fn other_cases() -> bool {
    ["ASL_CONFORMANCE_DIR", "ASL_AWS2_CASES"].iter().any(|name| std::env::var_os(name).is_some())
}

fn read(file: &Path) -> Result<Value, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    serde_json::from_str(&text).map_err(|error| error.to_string())
}

fn report(index: &Value, verdicts: &BTreeMap<String, Verdict>, filtered: bool) -> ExitCode {
    let baseline_file = Path::new(env!("CARGO_MANIFEST_DIR")).join(BASELINE);
    let baseline = fs::read_to_string(&baseline_file).unwrap_or_default();
    let mut lost = 0;
    let mut lines = Vec::new();
    let mut cases = Vec::new();
    for (id, verdict) in verdicts {
        let (word, difference) = match verdict {
            Verdict::Strict => ("strict", None),
            Verdict::Lax(difference) => ("lax", Some(difference.as_str())),
            Verdict::Differs(difference) => ("differs", Some(difference.as_str())),
            Verdict::NotApplicable(reason) => ("not applicable", Some(*reason)),
        };
        if matches!(verdict, Verdict::Lax(_) | Verdict::Differs(_)) && filtered {
            println!("{word}: {id}\n  {}", difference.unwrap_or_default());
        }
        let before = baseline.lines().find_map(|line| line.split_once(' ').filter(|(_, known)| known == id));
        let held = match before {
            Some(("strict", _)) => word == "strict",
            Some(_) => matches!(word, "strict" | "lax"),
            None => true,
        };
        if !held {
            lost += 1;
            println!("no longer agrees: {id}\n  {}", difference.unwrap_or_default());
        }
        if matches!(word, "strict" | "lax") {
            lines.push(format!("{word} {id}\n"));
        }
        cases.push(json!({ "id": id, "verdict": word, "difference": difference }));
    }
    let (first, second) = (Count::of(verdicts, false), Count::of(verdicts, true));
    let known = baseline.lines().filter_map(|line| line.split_once(' '));
    for (_, id) in known.filter(|(_, id)| !filtered && !other_cases() && !verdicts.contains_key(*id)) {
        lost += 1;
        println!("no longer among the cases: {id}");
    }
    if !filtered {
        let report = json!({ "first": first.to_json(), "aws2": second.to_json(), "cases": cases });
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().map(Path::to_owned).unwrap_or_default();
        if let Err(error) = fs::write(target.join("conformance.json"), format!("{report:#}\n")) {
            println!("the report cannot be written: {error}");
        }
        let bless = std::env::var_os("ASL_CONFORMANCE_BLESS").is_some();
        if bless && lost == 0 {
            fs::write(&baseline_file, lines.concat()).expect("the baseline can be written");
        }
        if !other_cases() {
            let entries = index["cases"].as_array().into_iter().flatten();
            let entries = entries.map(|entry| (entry["id"].as_str().unwrap_or_default(), entry)).collect();
            let (page, file) =
                (fidelity::page(&entries, verdicts), Path::new(env!("CARGO_MANIFEST_DIR")).join(FIDELITY));
            if bless {
                fs::write(&file, page).expect("the page can be written");
            } else if fs::read_to_string(&file).unwrap_or_default() != page {
                lost += 1;
                println!("{FIDELITY} is out of date: write it with ASL_CONFORMANCE_BLESS=1");
            }
        }
    }
    let Count { strict, lax, of, not_applicable } = first;
    println!("conformance: strict {strict}, lax {lax}, of {of} (not applicable {not_applicable})");
    println!("aws2: strict {}, lax {}, of {}", second.strict, second.lax, second.of);
    if lost == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// How many cases of a body agree.
struct Count {
    strict: usize,
    lax: usize,
    of: usize,
    not_applicable: usize,
}

impl Count {
    fn of(verdicts: &BTreeMap<String, Verdict>, second_body: bool) -> Self {
        let mut count = Self { strict: 0, lax: 0, of: 0, not_applicable: 0 };
        for (_, verdict) in verdicts.iter().filter(|(id, _)| id.starts_with(AWS2) == second_body) {
            count.strict += usize::from(matches!(verdict, Verdict::Strict));
            count.lax += usize::from(matches!(verdict, Verdict::Strict | Verdict::Lax(_)));
            count.not_applicable += usize::from(matches!(verdict, Verdict::NotApplicable(_)));
            count.of += usize::from(!matches!(verdict, Verdict::NotApplicable(_)));
        }
        count
    }

    fn to_json(&self) -> Value {
        let Self { strict, lax, of, not_applicable } = self;
        json!({ "strict": strict, "lax": lax, "of": of, "notApplicable": not_applicable })
    }
}
