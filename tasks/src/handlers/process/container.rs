//! What runs in the place of one container, and how it has ended.

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use asl_engine::{Object, Value};
use asl_functions::{Command, CommandEnd, CommandLog, Logs};
use asl_runtime::now;
use futures_util::{StreamExt, stream};

/// The most characters of what was printed that a description repeats.
const REASON_MAX: usize = 1000;

/// What runs in the place of one container.
#[derive(Clone, Debug, Default)]
pub(super) struct Work {
    /// The task or the job.
    pub(super) id: String,
    /// What its log is called.
    pub(super) name: String,
    /// What the state puts in the place of the command of the task definition.
    pub(super) command: Option<Vec<String>>,
    /// What the state adds to the environment.
    pub(super) environment: Vec<(OsString, OsString)>,
    /// How often it is tried.
    pub(super) attempts: usize,
    /// How long each attempt may take.
    pub(super) limit: Option<Duration>,
    /// What is filled in for `Ref::NAME` in the command.
    pub(super) parameters: Vec<(String, String)>,
}

impl Work {
    /// A word of the command with its parameters.
    pub(super) fn filled_in(&self, word: &str) -> String {
        let named = word.strip_prefix("Ref::");
        let given = named.and_then(|name| self.parameters.iter().find(|(known, _)| known == name));
        given.map_or_else(|| word.to_owned(), |(_, value)| value.clone())
    }
}

/// One attempt.
#[derive(Clone, Debug)]
pub(super) struct Ran {
    /// When it began and ended, in milliseconds since 1970.
    pub(super) times: (i64, i64),
    /// None where it did not start.
    pub(super) exit_code: Option<i32>,
    /// Whether it took too long.
    pub(super) timed_out: bool,
    /// The last lines that it printed, or why it did not start.
    pub(super) printed: Vec<String>,
}

impl Ran {
    pub(super) fn succeeded(&self) -> bool {
        self.exit_code == Some(0) && !self.timed_out
    }

    /// What ECS and Batch say of a container that did not succeed; here it is what was printed last.
    pub(super) fn reason(&self) -> Option<String> {
        let text = self.printed.join("\n");
        let cut = text.char_indices().rev().nth(REASON_MAX - 1).map_or(0, |(at, _)| at);
        (!self.succeeded() && !text.is_empty()).then(|| text[cut..].to_owned())
    }
}

/// Runs all at the same time, at most as many as there are processors where there are many; gives the attempts of each, and the
/// log of the first.
pub(super) async fn run_all(
    logs: &Arc<Logs>,
    commands: Vec<(Command, Work)>,
    secrets: &[String],
) -> (Vec<Vec<Ran>>, Option<CommandLog>) {
    /// ECS takes ten tasks in a request.
    const MOST_OF_ECS: usize = 10;
    let at_once = std::thread::available_parallelism().map_or(2, usize::from).max(MOST_OF_ECS);
    let named = commands.first().map(|(_, work)| CommandLog::new(logs, &work.name, secrets.to_vec()));
    let Some(log) = named else { return (Vec::new(), None) };
    let running = commands.into_iter().map(|(command, work)| run(command, work, log.clone()));
    let ran = stream::iter(running).buffered(at_once).collect().await;
    (ran, Some(log))
}

async fn run(command: Command, work: Work, log: CommandLog) -> Vec<Ran> {
    let (mut all, id) = (Vec::new(), Arc::from(work.id.as_str()));
    while all.len() < work.attempts.max(1) && all.last().is_none_or(|last: &Ran| !last.succeeded()) {
        all.push(attempt(&command, work.limit, &id, &log).await);
    }
    all
}

async fn attempt(command: &Command, limit: Option<Duration>, id: &Arc<str>, log: &CommandLog) -> Ran {
    let began = now().0;
    let running = command.run(id, log);
    let ended = match limit {
        Some(limit) => tokio::time::timeout(limit, running).await,
        None => Ok(running.await),
    };
    let times = (began, now().0);
    match ended {
        Ok(Ok(CommandEnd { exit_code, printed })) => {
            Ran { times, exit_code: Some(exit_code), timed_out: false, printed }
        }
        Ok(Err(error)) => {
            let program = command.program.to_string_lossy();
            let printed = vec![format!("CannotStartContainerError: {program}: {error}")];
            Ran { times, exit_code: None, timed_out: false, printed }
        }
        // As a container ends that is killed.
        Err(_) => Ran { times, exit_code: Some(137), timed_out: true, printed: Vec::new() },
    }
}

/// The `Environment` of an override: a list of names and values.
pub(super) fn environment(overrides: &Value) -> Vec<(OsString, OsString)> {
    let variables = overrides["Environment"].as_array().into_iter().flat_map(|variables| variables.iter());
    let variables = variables.map(|variable| (text(&variable["Name"]).into(), text(&variable["Value"]).into()));
    variables.collect()
}

/// The `Command` of an override.
pub(super) fn command(overrides: &Value) -> Option<Vec<String>> {
    let words = overrides["Command"].as_array().filter(|words| !words.is_empty())?;
    Some(words.iter().map(text).collect())
}

/// A value as text.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        value => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
    }
}

/// The names and texts of an object.
pub(super) fn texts(value: &Value) -> Vec<(String, String)> {
    let members = value.as_object().into_iter().flat_map(Object::iter);
    members.map(|(name, value)| (name.to_string(), text(value))).collect()
}

/// A number that a request gives.
pub(super) fn number(value: &Value) -> Option<usize> {
    value.as_i64().and_then(|number| usize::try_from(number).ok())
}

/// The members that are there.
pub(super) fn object<const N: usize>(members: [(&'static str, Option<Value>); N]) -> Value {
    members.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// Where an execution is: its region and its account.
pub(super) fn place(execution: &str) -> String {
    let mut parts = execution.split(':').skip(3);
    format!("{}:{}", parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

/// An ARN, or the name that stands in its place as one.
pub(super) fn arn(service: &str, place: &str, kind: &str, name: &str) -> String {
    if name.starts_with("arn:") { name.to_owned() } else { format!("arn:aws:{service}:{place}:{kind}/{name}") }
}

/// The last part of an ARN, or a name.
pub(super) fn name_of(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_the_end_of_what_was_printed() {
        let ran = |exit_code, printed: &[&str]| {
            let printed = printed.iter().map(|&line| line.to_owned()).collect();
            Ran { times: (0, 1), exit_code, timed_out: false, printed }.reason()
        };
        assert_eq!(ran(Some(0), &["fine"]), None);
        assert_eq!(ran(Some(1), &[]), None);
        assert_eq!(ran(Some(1), &["a", "b"]).as_deref(), Some("a\nb"));
        assert_eq!(ran(None, &["CannotStartContainerError: x"]).as_deref(), Some("CannotStartContainerError: x"));
        let long = "é".repeat(REASON_MAX + 5);
        assert_eq!(ran(Some(1), &[&long, "end"]).map(|text| text.chars().count()), Some(REASON_MAX));
    }
}
