//! How long `asl run` of a one-Pass definition takes from its start to its exit, and how much memory.
//!
//! `cargo bench --bench startup`
#![expect(clippy::print_stdout, reason = "the figures are what the program is for")]

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

const RUNS: usize = 101;
const DEFINITION: &str = r#"{"StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": true}}}"#;

fn main() {
    let work = tempfile::tempdir().expect("a temporary folder");
    let definition = work.path().join("definition.json");
    fs::write(&definition, DEFINITION).expect("the definition is written");
    let run = || -> Duration {
        let mut command = Command::new(env!("CARGO_BIN_EXE_asl"));
        command.arg("run").arg(&definition).current_dir(work.path()).stdin(Stdio::null()).stdout(Stdio::null());
        let start = Instant::now();
        let status = command.status().expect("asl starts");
        let time = start.elapsed();
        assert!(status.success(), "asl ended with {status}");
        time
    };
    // The first one also reads the program from the disk.
    let first = run();
    let mut times: Vec<_> = (0..RUNS).map(|_| run()).collect();
    times.sort_unstable();
    let millis = |time: Duration| time.as_secs_f64() * 1000.0;
    // The children's peak, which Linux gives in KiB.
    let peak = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the usage of the children").max_rss();
    println!("asl run of one Pass state, {RUNS} runs after a first one of {:.1} ms", millis(first));
    println!(
        "time    {:5.1} ms at the median (target: at most 15), {:.1} to {:.1}",
        millis(times[RUNS / 2]),
        millis(times[0]),
        millis(times[RUNS - 1])
    );
    println!("memory  {:5.1} MB at most in any run (target: at most 20)", peak as f64 * 1024.0 / 1e6);
}
