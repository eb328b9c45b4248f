//! `asl test`

mod convert;
pub(crate) mod coverage;
mod failure;
mod faults;
mod fuzz;
mod github;
mod json;
mod junit;
mod text;
mod watch;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use asl_project::files_in;
use asl_testing::{Case, CaseResult, Selected, TestFile, TestFileError, Verdict, is_test_file, run_all};

use crate::cli::{Test, TestFormat};
use crate::error::Error;
use crate::input;
use crate::output;
use crate::report;

/// The seed of a run where none is given.
pub(crate) const SEED: u64 = 1;

/// A case that was run.
struct Ran<'a> {
    file: &'a TestFile,
    case: &'a Case,
    result: CaseResult,
    took: Duration,
}

/// All that a run of tests tells.
struct Report<'a> {
    ran: &'a [Ran<'a>],
    took: Duration,
}

/// How many cases went how.
struct Counts {
    passed: usize,
    failed: usize,
    bugs: usize,
}

impl Report<'_> {
    fn counts(&self) -> Counts {
        let count = |is: fn(&Verdict) -> bool| self.ran.iter().filter(|ran| is(&ran.result.verdict)).count();
        Counts {
            passed: count(|verdict| matches!(verdict, Verdict::Passed)),
            failed: count(|verdict| matches!(verdict, Verdict::Failed(_))),
            bugs: count(|verdict| matches!(verdict, Verdict::Bug(_))),
        }
    }
}

/// Runs the cases of the test files that are named, or below the folders that are.
pub(crate) fn run(arguments: &Test) -> Result<ExitCode, Error> {
    if arguments.watch { watch::run(arguments, once) } else { once(arguments) }
}

fn once(arguments: &Test) -> Result<ExitCode, Error> {
    if arguments.convert {
        return convert::run(&arguments.paths);
    }
    let paths = test_files(&arguments.paths)?;
    let (mut files, mut has_invalid) = (Vec::new(), false);
    for path in &paths {
        match TestFile::read_all(path) {
            Ok(read) => files.extend(read),
            Err(error) => {
                has_invalid = true;
                output::to_stderr(&told(&error));
            }
        }
    }
    if has_invalid {
        output::to_stderr("no test was run\n");
        return Ok(3.into());
    }
    if !arguments.merge.is_empty() {
        return Ok(if coverage::report_merged(arguments, &files)? { ExitCode::SUCCESS } else { 1.into() });
    }
    let failed_before = arguments.failed.then(|| failed_before(&arguments.data));
    let all = files.iter().flat_map(|file| file.cases.iter().map(move |case| Selected { file, case }));
    let cases: Vec<Selected<'_>> = all
        .filter(|selected| arguments.pattern.as_deref().is_none_or(|pattern| is_named(*selected, pattern)))
        .filter(|selected| failed_before.as_ref().is_none_or(|failed| failed.contains(&line_of(*selected))))
        .collect();
    if cases.is_empty() {
        let why = match (failed_before.is_some(), &arguments.pattern) {
            (true, None) => {
                output::to_stderr(&report::note("no case has failed before"));
                return Ok(ExitCode::SUCCESS);
            }
            (true, Some(pattern)) => format!("no case with {pattern:?} in its name has failed before"),
            (false, Some(pattern)) => format!("no case has {pattern:?} in its name"),
            (false, None) => "there are no cases".to_owned(),
        };
        return Err(Error::Tests(why));
    }
    if arguments.list {
        let lines = || cases.iter().map(|selected| format!("{}\n", line_of(*selected))).collect::<String>();
        match arguments.format() {
            TestFormat::Json => output::print_json(&json::list(&cases))?,
            _ => output::print(&lines())?,
        }
        return Ok(ExitCode::SUCCESS);
    }
    let ran = execute(&cases, arguments)?;
    let (ran, took) = (&ran.0[..], ran.1);
    let report = Report { ran, took };
    let counts = report.counts();
    remember(&arguments.data, ran);
    match arguments.format() {
        TestFormat::Text => output::print(&text::end(&report, arguments.seed))?,
        TestFormat::Json => output::print_json(&json::report(&report, arguments.seed))?,
        TestFormat::Junit => output::print(&junit::report(&report))?,
        TestFormat::Github => output::print(&github::report(&report))?,
    }
    let is_covered = coverage::report(arguments, &files, ran)?;
    let is_sound = !arguments.faults || faults::report(ran, arguments)?;
    let is_sound = fuzz::report(ran, arguments)? && is_sound;
    Ok(match (counts.bugs, counts.failed, is_covered && is_sound) {
        (1.., ..) => 70.into(),
        (0, 1.., _) | (0, 0, false) => 1.into(),
        (0, 0, true) => ExitCode::SUCCESS,
    })
}

/// Runs the cases, and tells each as it ends where a person looks on.
fn execute<'a>(cases: &[Selected<'a>], arguments: &Test) -> Result<(Vec<Ran<'a>>, Duration), Error> {
    let (mut ran, mut printed, mut written) = (Vec::with_capacity(cases.len()), Ok(()), Ok(()));
    let began = Instant::now();
    run_all(cases, arguments.seed, threads(arguments), |selected, result, took| {
        let mut one = Ran { file: selected.file, case: selected.case, result, took };
        if arguments.update && written.is_ok() {
            written = update(&mut one);
        }
        if arguments.format() == TestFormat::Text && printed.is_ok() && (!arguments.quiet || !is_passed(&one)) {
            let happened = if arguments.no_capture { text::history(&one, arguments.seed) } else { String::new() };
            printed = output::print(&(text::line(&one) + &happened));
        }
        ran.push(one);
    });
    printed.and(written).map(|()| (ran, began.elapsed()))
}

/// How many cases run at once.
fn threads(arguments: &Test) -> usize {
    arguments.threads.or_else(|| available_parallelism().ok()).map_or(1, usize::from)
}

/// Writes the history that a case keeps in a file, where it is another one than there; then it is as expected.
fn update(ran: &mut Ran<'_>) -> Result<(), Error> {
    let Some((file, text)) = ran.result.history.take() else { return Ok(()) };
    let Verdict::Failed(failed) = &mut ran.result.verdict else { return Ok(()) };
    let others = failed.unmet.len();
    failed.unmet.retain(|unmet| unmet.what != "history");
    if failed.unmet.len() == others {
        return Ok(());
    }
    output::write_file(&file, text)?;
    output::to_stderr(&report::note(&format!("the history of '{}' is written to {}", ran.case.name, file.display())));
    if failed.unmet.is_empty() && failed.stuck.is_none() {
        ran.result.verdict = Verdict::Passed;
    }
    Ok(())
}

fn is_passed(ran: &Ran<'_>) -> bool {
    matches!(ran.result.verdict, Verdict::Passed)
}

/// The test files that the arguments name.
fn test_files(arguments: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for argument in arguments {
        if !argument.is_dir() {
            files.extend(input::files(argument)?);
            continue;
        }
        let found = files_in(argument, |_, path, _| is_test_file(path));
        let found = found.map_err(|error| Error::Usage(format!("cannot read {}: {error}", argument.display())))?;
        if found.is_empty() {
            let told = format!("there are no test files (NAME.test.yaml) below {}", argument.display());
            return Err(Error::Tests(told));
        }
        files.extend(found);
    }
    // Below `.`, paths are shown as one would write them.
    for path in &mut files {
        *path = path.strip_prefix("./").map(Path::to_owned).unwrap_or_else(|_| path.clone());
    }
    files.sort();
    files.dedup();
    Ok(files)
}

/// Whether a case is one of those that a pattern means: words that stand in its name or in that of its file.
fn is_named(selected: Selected<'_>, pattern: &str) -> bool {
    let name = text::name(selected.file, selected.case).to_lowercase();
    pattern.to_lowercase().split_whitespace().all(|word| name.contains(word))
}

/// Why a test file cannot be used.
pub(crate) fn told(error: &TestFileError) -> String {
    match error {
        TestFileError::Invalid { file, text, problems } => {
            problems.iter().map(|problem| text::problem(problem, file, text)).collect()
        }
        TestFileError::Program { definition, diagnostics, .. } => {
            report::error(&error.to_string()) + &report::diagnostics(diagnostics, definition)
        }
        TestFileError::NoDefinition { file, .. } => {
            let is_mock_config = !is_test_file(file) && file.extension().is_some_and(|ending| ending == "json");
            let help = match is_mock_config {
                false => "say which it is with 'definition: FILE'",
                true => "a test file with 'definition: FILE' and 'mock_config: FILE' says where it is",
            };
            report::error(&error.to_string()) + &format!("help: {help}\n")
        }
        _ => report::error(&error.to_string()),
    }
}

/// Where the cases that have failed are kept, a line each.
fn failed_file(data: &Path) -> PathBuf {
    data.join("tests").join("failed")
}

fn failed_before(data: &Path) -> Vec<String> {
    let text = fs::read_to_string(failed_file(data)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn line_of(selected: Selected<'_>) -> String {
    text::name(selected.file, selected.case)
}

/// Takes note of what has failed, for `--failed`. Of cases that were not run, what was known stays.
fn remember(data: &Path, ran: &[Ran<'_>]) {
    let name = |ran: &Ran<'_>| text::name(ran.file, ran.case);
    let now: Vec<String> = ran.iter().map(name).collect();
    let mut failed: Vec<String> = failed_before(data).into_iter().filter(|line| !now.contains(line)).collect();
    failed.extend(ran.iter().filter(|ran| !is_passed(ran)).map(name));
    let file = failed_file(data);
    if failed.is_empty() {
        let _ = fs::remove_file(file);
        return;
    }
    // Without it, `--failed` finds nothing: the tests themselves are not the worse for it.
    if let Some(folder) = file.parent()
        && fs::create_dir_all(folder).is_ok()
    {
        let _ = fs::write(file, failed.join("\n") + "\n");
    }
}
