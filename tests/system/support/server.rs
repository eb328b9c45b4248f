//! `asl serve` in a folder, as other programs find it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use hyper::Method;
use serde_json::{Value, json};

use super::folder::Folder;
use super::http::try_send;

/// A server that runs. Dropping it kills it.
pub(crate) struct Server {
    process: Child,
    stderr: Option<ChildStderr>,
    pub(crate) url: String,
    /// All that it has said of itself.
    pub(crate) told: Value,
}

/// How long anything may take that a test waits for.
const PATIENCE: Duration = Duration::from_secs(120);

impl Server {
    /// Starts a server on a free port, with these arguments beside.
    pub(crate) fn start(folder: &Folder, arguments: &[&str]) -> Self {
        Self::of(folder.command(&["serve", "--listen", "0", "--json"]), arguments)
    }

    /// Starts this command with more arguments, and waits until it says where it is.
    pub(crate) fn of(mut command: Command, arguments: &[&str]) -> Self {
        let mut process =
            command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("asl starts");
        let mut line = String::new();
        let mut stdout = BufReader::new(process.stdout.take().expect("a pipe"));
        stdout.read_line(&mut line).expect("it can be read");
        let mut stderr = process.stderr.take();
        let told: Value = serde_json::from_str(&line).unwrap_or_else(|_| {
            let mut told = String::new();
            stderr.take().expect("a pipe").read_to_string(&mut told).expect("it can be read");
            panic!("the server does not start: {line:?} {told}")
        });
        let url = told["url"].as_str().expect("a URL").to_owned();
        Self { process, stderr, url, told }
    }

    /// The ID of the process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Kills it, as a crash does.
    pub(crate) fn kill(mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it ends");
    }

    /// Ends it as Ctrl-C does, and gives its exit code and what it said on stderr.
    pub(crate) fn interrupt(self) -> (Option<i32>, String) {
        let id = nix::unistd::Pid::from_raw(i32::try_from(self.process.id()).expect("an ID"));
        nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGINT).expect("it runs");
        self.ended_by_others()
    }

    /// Its exit code and what it said on stderr, when something else has ended it.
    pub(crate) fn ended_by_others(mut self) -> (Option<i32>, String) {
        let code = self.process.wait().expect("it ends").code();
        let mut stderr = String::new();
        self.stderr.take().expect("a pipe").read_to_string(&mut stderr).expect("it can be read");
        (code, stderr)
    }

    /// Calls an operation of the API; the error is its name and its message.
    pub(crate) fn call(&self, operation: &str, parameters: &Value) -> Result<Value, (String, String)> {
        call(&self.url, operation, parameters).expect("the server answers")
    }

    /// Calls an operation that succeeds.
    #[track_caller]
    pub(crate) fn ask(&self, operation: &str, parameters: &Value) -> Value {
        self.call(operation, parameters).unwrap_or_else(|error| panic!("{operation} {parameters}: {error:?}"))
    }

    /// Makes a state machine, and gives its ARN.
    pub(crate) fn create(&self, name: &str, definition: &Value) -> String {
        let role = "arn:aws:iam::000000000000:role/any";
        let parameters = json!({"name": name, "definition": definition.to_string(), "roleArn": role});
        self.ask("CreateStateMachine", &parameters)["stateMachineArn"].as_str().expect("an ARN").to_owned()
    }

    /// Starts an execution, and gives its ARN.
    pub(crate) fn start_execution(&self, machine: &str, name: &str, input: &Value) -> String {
        let parameters = json!({"stateMachineArn": machine, "name": name, "input": input.to_string()});
        self.ask("StartExecution", &parameters)["executionArn"].as_str().expect("an ARN").to_owned()
    }

    /// An execution, when it has ended.
    pub(crate) fn ended(&self, execution: &str) -> Value {
        let parameters = json!({"executionArn": execution});
        until(|| Some(self.ask("DescribeExecution", &parameters)).filter(|it| it["status"] != "RUNNING"))
    }

    /// The whole history of an execution.
    pub(crate) fn history(&self, execution: &str) -> Vec<Value> {
        let mut events = Vec::new();
        let mut parameters = json!({"executionArn": execution, "maxResults": 1000});
        loop {
            let page = self.ask("GetExecutionHistory", &parameters);
            events.extend(page["events"].as_array().expect("events").iter().cloned());
            match page.get("nextToken") {
                Some(token) => parameters["nextToken"] = token.clone(),
                None => return events,
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Calls an operation of the API of a server that may have gone: then there is nothing.
pub(crate) fn call(url: &str, operation: &str, parameters: &Value) -> Option<Result<Value, (String, String)>> {
    let target = match operation.contains('.') {
        true => operation.to_owned(),
        false => format!("AWSStepFunctions.{operation}"),
    };
    let headers = [("x-amz-target", &*target), ("content-type", "application/x-amz-json-1.0")];
    let answer = try_send(Method::POST, &format!("{url}/"), &headers, parameters.to_string())?;
    let body: Value = serde_json::from_slice(answer.body()).expect("JSON");
    if answer.status().is_success() {
        return Some(Ok(body));
    }
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let code = text("__type");
    Some(Err((code.rsplit('#').next().unwrap_or_default().to_owned(), text("message"))))
}

/// What `look` finds, which is looked for until it is there.
#[track_caller]
pub(crate) fn until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(since.elapsed() < PATIENCE, "it never comes");
        std::thread::sleep(Duration::from_millis(10));
    }
}
