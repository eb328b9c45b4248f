//! `asl diff`

mod text;

use std::path::Path;
use std::process::ExitCode;

use asl_engine::Value;
use asl_history::{CompareOptions, Comparison, Course, Difference, Happened, Parting, Taken, Told, What, compare};
use asl_project::{HistoryError, StoredHistories};

use crate::cli::Diff;
use crate::commands::history;
use crate::error::Error;
use crate::preview::{WIDTH, cut};
use crate::{input, output};

/// Compares two executions, and tells how they differ. The exit code is 1 where they do.
pub(crate) fn run(arguments: &Diff) -> Result<ExitCode, Error> {
    if arguments.first == "-" && arguments.second == "-" {
        return Err(Error::Usage("the two histories cannot both come from stdin".to_owned()));
    }
    let first = Side::read(&arguments.first, &arguments.data)?;
    let second = Side::read(&arguments.second, &arguments.data)?;
    let prepared = |value: &Value| arguments.ignore.iter().fold(value.clone(), |value, mask| mask.removed(&value));
    let options = CompareOptions { is_exact: arguments.exact, prepared: &prepared };
    let comparison = compare(&first.course, &second.course, &options);
    match arguments.json {
        true => output::print_json(&to_json([&first, &second], &comparison))?,
        false => output::print(&text::shown([&first, &second], &comparison, arguments.times))?,
    }
    Ok(if comparison.is_same() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One of the two executions.
struct Side {
    /// What the command line calls it.
    named: String,
    course: Course,
}

impl Side {
    /// Reads a file, stdin, or the history of a stored execution.
    fn read(named: &str, data: &Path) -> Result<Self, Error> {
        // It may be a whole history.
        let short = || if Path::new(named).exists() { named.to_owned() } else { cut(named, WIDTH) };
        let course = if is_text(named) {
            let events = input::json("the history", &short(), named)?;
            Course::of(&events, None).map_err(|error| Error::Usage(format!("{}: {error}", short())))?
        } else {
            let stored = StoredHistories::below(data).find(Some(named)).map_err(|error| match error {
                HistoryError::NoSuchExecution(_) | HistoryError::Empty(_) => Error::Usage(format!(
                    "{} is neither a file nor an execution that is stored below {}\n\
                     help: asl history --list shows those that are",
                    short(),
                    data.display()
                )),
                error => error.into(),
            })?;
            history::course(&stored)?
        };
        Ok(Self { named: named.to_owned(), course })
    }
}

/// Whether an argument is a file, stdin or JSON. An execution has no such name.
fn is_text(named: &str) -> bool {
    named == "-" || Path::new(named).exists() || named.trim_start().starts_with(['{', '['])
}

/// Everything that differs, also what was handed on.
fn to_json(sides: [&Side; 2], comparison: &Comparison) -> Value {
    let Comparison { partings, told, only, left_out, .. } = comparison;
    let strings = |all: &[String]| all.iter().map(|text| Value::from(&**text)).collect::<Value>();
    let [first, second] = sides.map(execution);
    Value::from([
        ("same", Value::from(comparison.is_same())),
        ("a", first),
        ("b", second),
        ("partings", partings.iter().map(parting).collect()),
        ("differences", told.iter().flat_map(|told| happened(told, sides)).collect()),
        ("onlyInA", strings(&only[0])),
        ("onlyInB", strings(&only[1])),
        ("leftOut", i64::try_from(*left_out).unwrap_or(i64::MAX).into()),
    ])
}

fn execution(side: &Side) -> Value {
    let execution = side.course.execution();
    let arn = execution.arn.as_deref().map(|arn| ("executionArn", Value::from(arn)));
    let millis = execution.span.millis().map(|millis| ("millis", Value::from(millis)));
    let always = [("named", Value::from(&*side.named)), ("status", execution.status.name().into())];
    always.into_iter().chain(arn).chain(millis).collect()
}

fn parting(parting: &Parting) -> Value {
    let way = |way: &Taken| match way {
        Taken::Next { state, is_caught } => {
            Value::from([("next", Value::from(&**state)), ("caught", (*is_caught).into())])
        }
        Taken::Ends(status) => Value::from([("ends", Value::from(status.name()))]),
    };
    let after = parting.after.as_deref().map_or(Value::Null, Value::from);
    let [a, b] = [&parting.ways[0], &parting.ways[1]].map(way);
    Value::from([("in", Value::from(parting.frame.trim_end_matches('/'))), ("after", after), ("a", a), ("b", b)])
}

/// Each difference of a state or an execution as an object.
fn happened(told: &Told, sides: [&Side; 2]) -> Vec<Value> {
    let times = told.place.visits().map(|(one, other)| {
        let millis =
            |side: &Side, visit: usize| side.course.visits[visit].span.millis().map_or(Value::Null, Value::from);
        [("millisA", millis(sides[0], one)), ("millisB", millis(sides[1], other))]
    });
    let each = |happened: &Happened, difference: &Difference, is_handed_on: bool| -> Value {
        let attempt = happened.attempt.and_then(|attempt| i64::try_from(attempt).ok());
        let always = [
            ("state", Value::from(&*told.path)),
            ("what", word(happened.what).into()),
            ("at", (&*difference.at).into()),
            ("handedOn", is_handed_on.into()),
        ];
        let attempt = attempt.map(|attempt| ("attempt", Value::from(attempt)));
        let a = difference.expected.clone().map(|value| ("a", value));
        let b = difference.found.clone().map(|value| ("b", value));
        always.into_iter().chain(attempt).chain(a).chain(b).chain(times.clone().into_iter().flatten()).collect()
    };
    let all = |happened: &Happened| -> Vec<Value> {
        let new = happened.differences.iter().map(|difference| each(happened, difference, false));
        new.chain(happened.handed_on.iter().map(|difference| each(happened, difference, true))).collect()
    };
    told.happened.iter().flat_map(all).collect()
}

/// The word for what differs.
fn word(what: What) -> &'static str {
    match what {
        What::Type => "type",
        What::Input => "input",
        What::Attempts => "attempts",
        What::Sent => "sent",
        What::Submitted => "submitted",
        What::Result => "result",
        What::Error => "error",
        What::Cause => "cause",
        What::Status => "status",
        What::Variables => "variables",
        What::Output => "output",
    }
}
