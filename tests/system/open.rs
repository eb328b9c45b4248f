//! `asl run --open` and `asl open`: an execution in the browser.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::support::folder::Folder;
use crate::support::http::get;
use crate::support::server::until;

const DEFINITION: &str = r#"{"StartAt": "Greet", "States": {
    "Greet": {"Type": "Pass", "Parameters": {"text.$": "States.Format('Hello, {}!', $.name)"}, "End": true}}}"#;

/// A command that shows an execution.
pub(crate) struct Shown {
    process: Child,
    stderr: BufReader<std::process::ChildStderr>,
    /// The address of its server, and the ARN of the execution.
    pub(crate) url: String,
    pub(crate) arn: String,
    /// What it has told before.
    told: String,
}

impl Shown {
    pub(crate) fn by(mut command: Command) -> Self {
        // Nothing is found there that could open a browser.
        command.env("PATH", "/nonexistent").stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("asl starts");
        let mut stderr = BufReader::new(process.stderr.take().expect("a pipe"));
        let mut told = String::new();
        let address = loop {
            let from = told.len();
            assert!(stderr.read_line(&mut told).expect("it can be read") > 0, "{told}");
            if let Some((_, address)) = told[from..].split_once("is shown at ") {
                break address.split(',').next().expect("an address").to_owned();
            }
        };
        let (url, arn) = address.split_once("/#/executions/").expect("the page of an execution");
        Self { process, stderr, url: url.to_owned(), arn: arn.replace("%3A", ":"), told }
    }

    pub(crate) fn course(&self) -> Value {
        let answer = get(&format!("{}/_asl/course?executionArn={}", self.url, self.arn));
        serde_json::from_slice(answer.body()).expect("JSON")
    }

    /// Its exit code, and what it has printed, after Ctrl-C.
    pub(crate) fn interrupt(mut self) -> (Option<i32>, String, String) {
        let id = nix::unistd::Pid::from_raw(i32::try_from(self.process.id()).expect("an ID"));
        nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGINT).expect("it runs");
        let code = self.process.wait().expect("it ends").code();
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.process.stdout.take().expect("a pipe").read_to_string(&mut stdout).expect("it can be read");
        self.stderr.read_to_string(&mut stderr).expect("it can be read");
        (code, stdout, stderr)
    }
}

#[test]
fn a_run_is_shown_until_ctrl_c_and_is_stored_as_ever() {
    let folder = Folder::new();
    folder.write("greet.asl.json", DEFINITION);
    let shown = Shown::by(folder.command(&["run", "greet.asl.json", "--input", r#"{"name": "Ada"}"#, "--open"]));
    let ended = until(|| Some(shown.course()).filter(|course| course["status"] == "SUCCEEDED"));
    assert_eq!(ended["visits"][0]["path"], "Greet");
    let name = shown.arn.rsplit(':').next().expect("a name").to_owned();
    let (code, stdout, _) = shown.interrupt();
    assert_eq!((code, stdout.trim()), (Some(0), r#"{"text":"Hello, Ada!"}"#));
    let history = folder.asl(&["history", &name, "--json"]);
    assert_eq!(history.code, Some(0), "{history:?}");
}

#[test]
fn a_run_that_is_interrupted_ends_as_ever() {
    let folder = Folder::new();
    folder.write("wait.json", r#"{"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 900, "End": true}}}"#);
    let shown = Shown::by(folder.command(&["run", "wait.json", "--open"]));
    let entered = until(|| Some(shown.course()).filter(|course| course["visits"][0]["name"] == "W"));
    assert_eq!(entered["status"], "RUNNING");
    let (code, _, stderr) = shown.interrupt();
    assert_eq!(code, Some(130), "{stderr}");
    assert!(stderr.contains("ABORTED in the state 'W'"), "{stderr}");
}

#[test]
fn a_history_from_anywhere_is_shown_with_its_definition() {
    let folder = Folder::new();
    folder.write("greet.asl.json", DEFINITION);
    let run = folder.asl(&["run", "greet.asl.json", "--input", r#"{"name": "Ada"}"#, "--events=of aws.json"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let shown = Shown::by(folder.command(&["open", "of aws.json", "--definition", "greet.asl.json"]));
    let course = shown.course();
    assert_eq!((&course["status"], &course["visits"][0]["name"]), (&"SUCCEEDED".into(), &"Greet".into()));
    assert!(shown.arn.ends_with(":greet:of-aws"), "{}", shown.arn);
    let flow = get(&format!("{}/_asl/data-flow?executionArn={}&visit=0", shown.url, shown.arn));
    let flow: Value = serde_json::from_slice(flow.body()).expect("JSON");
    assert_eq!(flow["stages"][1]["data"]["text"], "Hello, Ada!");
    assert_eq!(shown.interrupt().0, Some(0));

    let mut told = folder.command(&["open", "of aws.json", "--definition", "greet.asl.json", "--json"]);
    let mut told = told.stdout(Stdio::piped()).spawn().expect("asl starts");
    let mut line = String::new();
    BufReader::new(told.stdout.take().expect("a pipe")).read_line(&mut line).expect("it can be read");
    let page: Value = serde_json::from_str(&line).expect("JSON");
    assert!(page["url"].as_str().is_some_and(|url| url.contains("/#/executions/")), "{line}");
    told.kill().expect("it runs");
    told.wait().expect("it ends");

    let listed = folder.asl(&["history", "--list", "--json"]).json();
    let name = listed["executions"][0]["name"].as_str().expect("a name").to_owned();
    let stored = Shown::by(folder.command(&["open", &name, "--definition", "greet.asl.json"]));
    assert!(stored.arn.ends_with(&name), "{}", stored.arn);
    assert_eq!(stored.interrupt().0, Some(0));

    folder.write("none.json", r#"{"status": "FAILED"}"#);
    folder.write("empty.json", r#"{"events": []}"#);
    folder.write("bare.json", r#"{"events": [{"id": 1, "type": "ExecutionStarted"}, {"id": 2}]}"#);
    folder.write("other.json", DEFINITION.replace("Greet", "Greets"));
    for (arguments, code, part) in [
        (&["open", "none.json", "--definition", "greet.asl.json"][..], 2, "it is no history"),
        (&["open", "empty.json", "--definition", "greet.asl.json"], 2, "it has no events"),
        (&["open", "bare.json", "--definition", "greet.asl.json"], 2, "events[1] has no `id` and `type`"),
        (&["open", "of aws.json", "--definition", "other.json"], 3, "of another state machine: other.json has none"),
        (
            &["open", "of aws.json", "--definition", "other.json"],
            3,
            "'Greet', which the event 2 enters; did you mean 'Greets'?",
        ),
        (&["open", "nowhere.json", "--definition", "greet.asl.json"], 2, "nowhere.json"),
        (&["open", "of aws.json", "--definition", "none.json"], 3, "StartAt"),
        (&["open", "of aws.json"], 2, "--definition"),
    ] {
        let ended = folder.asl(arguments);
        assert_eq!(ended.code, Some(code), "{arguments:?} {ended:?}");
        assert!(ended.stderr.contains(part), "{arguments:?} {ended:?}");
    }
}

#[test]
fn what_is_wrong_with_a_history_is_told_before_it_is_shown() {
    let folder = Folder::new();
    folder.write("greet.asl.json", DEFINITION);
    let entered = |id: u64, name: &str| {
        format!(
            r#"{{"id": {id}, "type": "PassStateEntered", "timestamp": 1, "stateEnteredEventDetails": {{"name": "{name}"}}}}"#
        )
    };
    let page = format!(r#"{{"nextToken": "t", "events": [{}, {}]}}"#, entered(7, "Greet"), entered(9, "Gret"));
    folder.write("page.json", &page);
    let shown = Shown::by(folder.command(&["open", "page.json", "--definition", "greet.asl.json"]));
    let told = shown.told.clone();
    for part in [
        "warning: page.json is no whole history:",
        "one page of several: it has a nextToken",
        "begins in the middle, with the event 7 (PassStateEntered)",
        "the event 8 is missing",
        "ends with the event 9 (PassStateEntered)",
        "gives the whole history without",
        "greet.asl.json does not have all states of page.json:",
        "'Gret', which the event 9 enters; did you mean 'Greet'?",
        "describe-state-machine-for-execution",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    // What is there is shown.
    assert_eq!(shown.course()["visits"][0]["name"], "Greet");
    assert_eq!(shown.interrupt().0, Some(0));
}
