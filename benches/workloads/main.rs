//! How fast the interpreter is: whole executions on virtual time, beside a loop over `serde_json` that computes the same.
//!
//! Each figure goes from the input's text to the output's text, with the definition parsed and the history kept in memory.
//! The definitions and inputs are those of `gen.py` in `ASL_WORKLOADS_DIR` (without it, `../shared/workloads`).
//! `cargo bench --bench workloads`
#![expect(clippy::print_stdout, reason = "the figures are what the program is for")]

mod by_hand;
mod generated;
mod tasks;

use std::fs;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use asl_engine::{Execution, Program, Quotas, Timestamp, Value, history};
use asl_runtime::simulation::{Answer, Simulation};
use asl_runtime::{Ledger, Recorded};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Name, definition, input, the most milliseconds, and the same by hand.
type Workload = (&'static str, &'static str, &'static str, Option<f64>, fn(&str) -> String);

const WORKLOADS: [Workload; 10] = [
    ("W1  a loop of 5,000 iterations", "w1.asl", "w1_5000.in", Some(10.0), by_hand::w1),
    ("W2  a Map over 1,000 items", "w2.asl", "w2_1000.in", None, by_hand::w2),
    ("W2  a Map over 10,000 items", "w2.asl", "w2_10000.in", Some(60.0), by_hand::w2),
    ("W2  a Map over 100,000 items", "w2.asl", "w2_100000.in", Some(700.0), by_hand::w2),
    ("W3  flattens and filters 100 × 100", "w3.asl", "w3_100.in", None, by_hand::w3),
    ("W3  flattens and filters 1,000 × 100", "w3.asl", "w3_1000.in", Some(300.0), by_hand::w3),
    ("W4  50 branches of 20 states", "w4.asl", "w4.in", Some(3.0), by_hand::w4),
    ("W5b download-images with 2,000 images", "w5.asl", "w5_2000.in", Some(30.0), by_hand::w5),
    ("W6  JSONata over 1,000 items", "w6.asl", "w6.in", Some(15.0), by_hand::w6),
    ("W7  50 states that pass 200 KiB on", "w7.asl", "w7.in", Some(5.0), by_hand::w7),
];
/// W7 again, with the JSON text of every event.
const SERIALISED: f64 = 45.0;

fn main() {
    let Some(folder) = generated::workloads() else { return };
    println!("medians; the ratio is to a loop over serde_json in the same run");
    let mut items = Vec::new();
    for (name, definition, input, most, by_hand) in WORKLOADS {
        let program = generated::program(&folder.path().join(definition));
        let input = fs::read_to_string(folder.path().join(input)).expect("the input is there");
        let expected: serde_json::Value = serde_json::from_str(&by_hand(&input)).expect("the loop gives JSON");
        let output = execute(&program, &input, false);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&output).expect("JSON"), expected, "{name}");
        let (ours, hand) = medians(|| execute(&program, &input, false), || by_hand(&input));
        report(name, ours, hand, most);
        if definition == "w2.asl" {
            items.push(ours);
        }
        if definition == "w7.asl" {
            let (ours, hand) = medians(|| execute(&program, &input, true), || by_hand(&input));
            report("W7  … and every event as text", ours, hand, Some(SERIALISED));
        }
    }
    let growth = items[2].as_secs_f64() / items[0].as_secs_f64();
    println!("a hundred times the items take {growth:.0} times as long (1,000 to 100,000; linear: 100)");
}

/// From the input's text to the output's text; with `serialise`, through the text of every event.
fn execute(program: &Arc<Program>, input: &str, serialise: bool) -> String {
    let input: Value = input.parse().expect("the input is JSON");
    let mut execution = Execution::local("machine", "run", input, Timestamp(0), 1);
    execution.quotas = Quotas::NONE;
    let answer = |request: &asl_engine::TaskRequest, _| Answer::from(Ok(tasks::answer(request)));
    let mut simulation = Simulation::new(Ledger::new(program.clone(), execution), Timestamp(0), answer);
    let mut recorded: Vec<Vec<Recorded>> = Vec::new();
    let finished = loop {
        let batch = simulation.step().expect("a sound host").expect("it ends");
        recorded.push(batch.recorded);
        if let Some(finished) = batch.finished {
            break finished;
        }
    };
    if serialise {
        for event in history::to_json_text(recorded.iter().flatten().map(|recorded| &recorded.event)) {
            black_box(event);
        }
    }
    black_box(&recorded);
    finished.outcome.expect("it succeeds").json_text()
}

/// Runs both in turn, for some two seconds.
fn medians(mut ours: impl FnMut() -> String, mut hand: impl FnMut() -> String) -> (Duration, Duration) {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    let start = Instant::now();
    while left.len() < 5 || (start.elapsed() < Duration::from_secs(2) && left.len() < 200) {
        left.push(timed(&mut ours));
        right.push(timed(&mut hand));
    }
    (median(left), median(right))
}

fn timed(run: &mut impl FnMut() -> String) -> Duration {
    let start = Instant::now();
    black_box(run());
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn report(name: &str, ours: Duration, hand: Duration, most: Option<f64>) {
    let millis = ours.as_secs_f64() * 1000.0;
    let ratio = ours.as_secs_f64() / hand.as_secs_f64();
    let target = most.map(|most| format!("(target: at most {most} ms)")).unwrap_or_default();
    println!("{name:<38} {millis:8.2} ms  {ratio:5.1} times  {target}");
}
