//! How long `asl run` of a one-Pass definition takes from its start to its exit, how much memory, and how large
//! the program is; how long `asl check` takes over a folder of many definitions, and `asl demo` in an empty one.
//!
//! `cargo bench --bench startup`
#![expect(clippy::print_stdout, reason = "the figures are what the program is for")]

mod release;

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

const RUNS: usize = 101;
/// How many definitions are checked at once: as many as a survey of public repositories had.
const DEFINITIONS: usize = 732;
/// How often these and the demo run.
const FEW: usize = 11;
const DEFINITION: &str = r#"{"StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": true}}}"#;

fn main() {
    let work = tempfile::tempdir().expect("a temporary folder");
    let definition = work.path().join("definition.json");
    fs::write(&definition, DEFINITION).expect("the definition is written");
    let program = release::program();
    let run = || time(Command::new(&program).arg("run").arg(&definition).current_dir(work.path()));
    // The first one also reads the program from the disk.
    let first = run();
    let mut times: Vec<_> = (0..RUNS).map(|_| run()).collect();
    times.sort_unstable();
    let millis = |time: Duration| time.as_secs_f64() * 1000.0;
    // The children's peak, which Linux gives in KiB.
    let peak = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the usage of the children").max_rss();
    println!("asl run of one Pass state, {RUNS} runs after a first one of {:.1} ms", millis(first));
    println!(
        "time    {:5.1} ms at the median (target: at most 2.5), {:.1} to {:.1}",
        millis(times[RUNS / 2]),
        millis(times[0]),
        millis(times[RUNS - 1])
    );
    println!("memory  {:5.1} MB at most in any run (target: at most 14)", peak as f64 * 1024.0 / 1e6);
    let bytes = fs::metadata(&program).expect("the program").len();
    println!("binary  {:5.1} MB (target: at most 40)", bytes as f64 / 1e6);
    let many = work.path().join("many");
    fs::create_dir(&many).expect("a folder");
    let real = include_str!("../definitions/download-images/definition.json");
    for number in 0..DEFINITIONS {
        // No two are the same.
        let text = real.replacen("\"StartAt\"", &format!("\"TimeoutSeconds\": {}, \"StartAt\"", number + 1), 1);
        fs::write(many.join(format!("{number}.asl.json")), text).expect("a definition is written");
    }
    let check = median(|| time(Command::new(&program).arg("check").arg(&many)));
    println!(
        "check   {:5.1} ms for {DEFINITIONS} definitions of {} bytes (target: at most 100)",
        millis(check),
        real.len()
    );
    let demo = median(|| {
        let empty = tempfile::tempdir().expect("a temporary folder");
        time(Command::new(&program).arg("demo").current_dir(empty.path()).env_clear())
    });
    println!("demo    {:5.1} ms (target: at most 200)", millis(demo));
}

/// How long a command takes, which has to succeed.
fn time(command: &mut Command) -> Duration {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let status = command.status().expect("asl starts");
    let time = start.elapsed();
    assert!(status.success(), "asl ended with {status}");
    time
}

fn median(run: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<_> = std::iter::repeat_with(run).take(FEW).collect();
    times.sort_unstable();
    times[FEW / 2]
}
