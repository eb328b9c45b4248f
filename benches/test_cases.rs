//! What `asl test` costs: 1,000 cases of a machine with 20 states, retries and waits, beside the same cases in
//! `aws-local-stepfunctions` 3.0.0 from npm, whose waits and retry delays are off; the memory of 10,000 cases; what coverage costs; and
//! how long the definitions and test files of this repository take to be read.
//!
//! `cargo bench --bench test_cases`; without npm, the comparison is left out.
#![expect(clippy::print_stdout, reason = "the figures are what the program is for")]

mod release;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

/// What the cases are compared with.
const PEER: &str = "aws-local-stepfunctions@3.0.0";
const CASES: usize = 1000;
const RUNS: usize = 5;

fn main() {
    let program = release::program();
    let work = tempfile::tempdir().expect("a temporary folder");
    let folder = |cases: usize| {
        let folder = work.path().join(cases.to_string());
        fs::create_dir(&folder).expect("a folder");
        fs::write(folder.join("order.asl.json"), definition()).expect("the definition is written");
        fs::write(folder.join("order.test.yaml"), test_file(cases)).expect("the test file is written");
        folder
    };
    let (thousand, ten_thousand) = (folder(CASES), folder(10 * CASES));
    let test = |folder: &Path, options: &[&str]| {
        let mut command = Command::new(&program);
        command.arg("test").args(options).arg("--quiet").current_dir(folder);
        command
    };
    let own = median(|| cpu(&mut test(&thousand, &[])));
    let covered = median(|| cpu(&mut test(&thousand, &["--coverage"])));
    println!("asl test of {CASES} cases of a machine with 20 states, CPU time, median of {RUNS}");
    println!("cases     {:6.3} s (target: at most 0.5)", own.as_secs_f64());
    let ratio = covered.as_secs_f64() / own.as_secs_f64();
    println!("coverage  {:6.3} s, {ratio:.2} times (target: at most 1.20)", covered.as_secs_f64());
    cpu(&mut test(&ten_thousand, &[]));
    // The children's peak, which Linux gives in KiB.
    let peak = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the usage of the children").max_rss();
    println!("memory    {:6.1} MB for {} cases (target: at most 200)", peak as f64 * 1024.0 / 1e6, 10 * CASES);
    let slowest = each_file(&program);
    println!("reading   {:6.1} ms for the slowest file of this repository (target: at most 5)", millis(slowest));
    match peer(work.path(), &thousand) {
        Ok(peer) => {
            let ratio = peer.as_secs_f64() / own.as_secs_f64();
            println!("{PEER}: {:.1} s of CPU time, {ratio:.0} times (target: at least 200)", peer.as_secs_f64());
        }
        Err(why) => println!("not compared with {PEER}: {why}"),
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// The machine: tasks with Retriers, Wait states of a minute, a Choice and Pass states in turn.
fn definition() -> String {
    let mut states = String::new();
    for number in 0..20 {
        let next = if number == 19 { r#""End": true"#.to_owned() } else { format!(r#""Next": "S{}""#, number + 1) };
        let state = match number % 4 {
            0 => format!(
                r#"{{"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f{number}", "ResultPath": "$.r{number}",
                "Retry": [{{"ErrorEquals": ["Busy"], "IntervalSeconds": 5, "MaxAttempts": 3, "BackoffRate": 2}}], {next}}}"#
            ),
            1 => format!(r#"{{"Type": "Pass", "Result": {{"at": {number}}}, "ResultPath": "$.p{number}", {next}}}"#),
            2 => format!(r#"{{"Type": "Wait", "Seconds": 60, {next}}}"#),
            _ if number == 19 => format!(r#"{{"Type": "Pass", {next}}}"#),
            _ => format!(
                r#"{{"Type": "Choice", "Choices": [{{"Variable": "$.id", "NumericGreaterThan": -1, "Next": "S{0}"}}], "Default": "S{0}"}}"#,
                number + 1
            ),
        };
        let comma = if number == 0 { "" } else { ",\n" };
        let _ = write!(states, "{comma}  \"S{number}\": {state}");
    }
    format!("{{\"StartAt\": \"S0\", \"States\": {{\n{states}\n}}}}\n")
}

fn test_file(cases: usize) -> String {
    let mut out = String::from("cases:\n");
    for number in 0..cases {
        let _ = write!(
            out,
            "  - name: order {number}\n    input: {{id: {number}}}\n    mocks:\n      \
             S0: {{sequence: [{{error: Busy}}, {{error: Busy}}, {{result: {{ok: {number}}}}}]}}\n      \
             S4: {{result: a}}\n      S8: {{sequence: [{{error: Busy}}, {{result: b}}]}}\n      S12: {{result: c}}\n      S16: {{result: d}}\n    \
             expect: {{output: {{partial: {{id: {number}, r0: {{ok: {number}}}, r16: d}}}}, calls: {{S0: 3, S8: 2}}, duration: 5m20s}}\n"
        );
    }
    out
}

/// The CPU time of a command, which has to succeed.
fn cpu(command: &mut Command) -> Duration {
    let used = || {
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the usage of the children");
        let time = |time: nix::sys::time::TimeVal| {
            Duration::new(time.tv_sec().unsigned_abs(), 0) + Duration::from_micros(time.tv_usec().unsigned_abs())
        };
        time(usage.user_time()) + time(usage.system_time())
    };
    let before = used();
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(status.expect("the command starts").success(), "{command:?} failed");
    used() - before
}

fn median(run: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<_> = std::iter::repeat_with(run).take(RUNS).collect();
    times.sort_unstable();
    times[RUNS / 2]
}

/// The longest that `asl check` or `asl test --list` takes for a file of this repository, less what the program takes by itself.
fn each_file(program: &Path) -> Duration {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let time = |arguments: &[&str], file: Option<&PathBuf>| {
        let mut command = Command::new(program);
        command.args(arguments).args(file).current_dir(root).stdout(Stdio::null()).stderr(Stdio::null());
        let began = Instant::now();
        command.status().expect("asl starts");
        began.elapsed()
    };
    let own = median(|| time(&["--version"], None));
    let definitions = asl_project::definitions_in(&root.join("definitions")).expect("the folder is there");
    let tests = asl_project::files_in(&root.join("definitions"), |_, path, _| asl_testing::is_test_file(path));
    let definitions = definitions.iter().map(|file| median(|| time(&["check"], Some(file))));
    let tests = tests.expect("the folder is there");
    let tests = tests.iter().map(|file| median(|| time(&["test", "--list"], Some(file))));
    definitions.chain(tests).max().unwrap_or_default().saturating_sub(own)
}

/// The same cases in the peer: its CPU time. The tasks are functions, and neither waits nor delays take time.
fn peer(work: &Path, folder: &Path) -> Result<Duration, String> {
    let installed = Command::new("npm")
        .args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"])
        .arg(work)
        .arg(PEER)
        .stdout(Stdio::null())
        .status();
    match installed {
        Ok(status) if status.success() => {}
        Ok(status) => return Err(format!("npm install: {status}")),
        Err(error) => return Err(format!("npm: {error}")),
    }
    let script = work.join("peer.mjs");
    fs::write(&script, PEER_SCRIPT.replace("CASES", &CASES.to_string())).map_err(|error| error.to_string())?;
    Ok(cpu(Command::new("node").arg(&script).arg(folder.join("order.asl.json")).current_dir(work)))
}

const PEER_SCRIPT: &str = r#"
import { readFileSync } from 'node:fs';
// Node.js has it from version 22 on.
Promise.withResolvers ??= () => {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
};
import { StateMachine } from 'aws-local-stepfunctions';

const definition = JSON.parse(readFileSync(process.argv[2], 'utf8'));
for (let number = 0; number < CASES; number++) {
  const machine = new StateMachine(definition);
  const calls = { S0: 0, S8: 0 };
  const busy = (state, times, result) => () => {
    calls[state] += 1;
    if (calls[state] <= times) {
      const error = new Error('busy');
      error.name = 'Busy';
      throw error;
    }
    return result;
  };
  const states = Object.keys(definition.States);
  const tasks = { S0: busy('S0', 2, { ok: number }), S4: () => 'a', S8: busy('S8', 1, 'b'), S12: () => 'c', S16: () => 'd' };
  const overrides = {
    taskResourceLocalHandlers: tasks,
    waitTimeOverrides: Object.fromEntries(states.map((state) => [state, 0])),
    retryIntervalOverrides: Object.fromEntries(states.map((state) => [state, 0])),
  };
  const output = await machine.run({ id: number }, { overrides }).result;
  if (output.id !== number || output.r0.ok !== number || output.r16 !== 'd' || calls.S0 !== 3 || calls.S8 !== 2) {
    throw new Error(`case ${number}: ${JSON.stringify(output)}`);
  }
}
"#;
