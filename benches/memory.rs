//! How much memory `asl run` takes where there is much of something: retries, and numbers in the data.
//!
//! `cargo bench --bench memory`; `ASL_BENCH_RETRIES=100000` makes it shorter.
#![expect(clippy::print_stdout, reason = "the figures are what the program is for")]

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};

/// The name of a measured run, its arguments, and the most megabytes that it may take.
type Case<'a> = (&'a str, Vec<&'a str>, f64);

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    if let (Some("measured"), Some(program)) = (arguments.next().as_deref(), arguments.next()) {
        return measured(&program, &arguments.collect::<Vec<_>>());
    }
    let work = tempfile::tempdir().expect("a temporary folder");
    let retries: u64 = std::env::var("ASL_BENCH_RETRIES").map_or(10_000_000, |text| text.parse().expect("a number"));
    write(work.path(), retries);
    let mocks = ["--mocks", "mocks.toml"];
    let retry = |file| [&["run", file, "--no-quotas"][..], &mocks].concat();
    let numbers = |file| vec!["run", file, "--no-quotas", "--input", "numbers.json"];
    let cases: [Case<'_>; 4] = [
        ("retries of a task", retry("retries.json"), 50.0),
        ("retries of a Parallel state", retry("parallel.json"), 50.0),
        ("60 MB of numbers, passed on", numbers("pass.json"), 600.0),
        ("60 MB of numbers, counted", numbers("count.json"), 600.0),
    ];
    println!("{retries} retries; the most memory at any moment of the run");
    for (name, arguments, most) in cases {
        // A process of its own: the system tells the peak of all children together.
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.arg("measured").arg(env!("CARGO_BIN_EXE_asl")).args(&arguments).current_dir(work.path());
        let start = Instant::now();
        let output = command.stderr(Stdio::inherit()).output().expect("it starts");
        let peak: f64 = String::from_utf8_lossy(&output.stdout).trim().parse().expect("a figure");
        println!("{name:30} {peak:7.1} MB (target: at most {most}), {:.1} s", start.elapsed().as_secs_f64());
    }
}

/// Runs a program, and prints the most megabytes that it took.
fn measured(program: &str, arguments: &[String]) {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let status = command.status().expect("asl starts");
    assert!(status.signal().is_none() && status.code().is_some_and(|code| code < 2), "asl ended with {status}");
    // Linux gives it in KiB.
    let peak = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the usage of the children").max_rss();
    println!("{}", peak as f64 * 1024.0 / 1e6);
}

fn write(folder: &Path, retries: u64) {
    let put = |name: &str, text: String| fs::write(folder.join(name), text).expect("the file is written");
    let retry = format!(r#""Retry": [{{"ErrorEquals": ["E"], "MaxAttempts": {retries}, "BackoffRate": 1}}]"#);
    let task = r#""Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": true"#;
    put("retries.json", format!(r#"{{"StartAt": "Call", "States": {{"Call": {{{task}, {retry}}}}}}}"#));
    let branch = format!(r#"{{"StartAt": "Call", "States": {{"Call": {{{task}}}}}}}"#);
    let parallel = format!(r#"{{"Type": "Parallel", "End": true, {retry}, "Branches": [{branch}]}}"#);
    put("parallel.json", format!(r#"{{"StartAt": "Both", "States": {{"Both": {parallel}}}}}"#));
    put("mocks.toml", "[[mocks]]\nstate = \"Call\"\nthrow = { error = \"E\", cause = \"again\" }\n".to_owned());
    put("pass.json", r#"{"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}"#.to_owned());
    let count = r#"{"Type": "Pass", "Parameters": {"n.$": "States.ArrayLength($.numbers)"}, "End": true}"#;
    put("count.json", format!(r#"{{"StartAt": "P", "States": {{"P": {count}}}}}"#));
    let numbers = "1,".repeat(30_000_000);
    put("numbers.json", format!(r#"{{"numbers": [{}]}}"#, numbers.trim_end_matches(',')));
}
