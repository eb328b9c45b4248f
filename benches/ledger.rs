//! What it costs to keep an execution: W5b with 2,000 images, whose ledger is committed to a journal in memory, or also restored
//! from it, after every Batch.
//!
//! The answers of all tasks that run at a time are taken in together. `cargo bench --bench ledger`
#![expect(clippy::print_stdout, reason = "the figures are what the program is for")]

#[path = "workloads/generated.rs"]
mod generated;
#[path = "workloads/tasks.rs"]
mod tasks;

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use asl_engine::{Execution, Program, Quotas, Reply, Timestamp, Value};
use asl_runtime::journal::{Commit, Journal, LedgerCommit, Memory};
use asl_runtime::{Effect, Input, Ledger, Saver};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const RUNS: usize = 15;

/// How the ledger is kept.
#[derive(Clone, Copy, PartialEq)]
enum Kept {
    Not,
    Committed,
    AsText,
    Restored,
}

fn main() {
    let Some(folder) = generated::workloads() else { return };
    let program = generated::program(&folder.path().join("w5.asl"));
    let input = std::fs::read_to_string(folder.path().join("w5_2000.in")).expect("the input is there");
    let input: Value = input.parse().expect("the input is JSON");
    let [plain, committed, as_text, restored] =
        [Kept::Not, Kept::Committed, Kept::AsText, Kept::Restored].map(|kept| {
            let mut times: Vec<Duration> = (0..RUNS)
                .map(|_| {
                    let start = Instant::now();
                    black_box(run(&program, &input, kept));
                    start.elapsed()
                })
                .collect();
            times.sort_unstable();
            times[RUNS / 2]
        });
    let Ran { commits, effects, bytes } = run(&program, &input, Kept::AsText);
    println!("W5b download-images with 2,000 images: {effects} effects in {commits} Batches");
    println!("  not kept                           {:8.2} ms", plain.as_secs_f64() * 1000.0);
    for (name, time, target) in [
        ("committed to memory", committed, ""),
        ("… and written as text", as_text, ""),
        ("saved and restored after each Batch", restored, "  (target: at most 5)"),
    ] {
        let ratio = time.as_secs_f64() / plain.as_secs_f64();
        println!("  {name:<35}{:8.2} ms  {ratio:5.1} times{target}", time.as_secs_f64() * 1000.0);
    }
    println!("  text: {} bytes for each effect", bytes / effects.max(1));
}

#[derive(Default)]
struct Ran {
    commits: usize,
    effects: usize,
    bytes: usize,
}

/// Runs the workload.
fn run(program: &Arc<Program>, input: &Value, kept: Kept) -> Ran {
    let mut execution = Execution::local("machine", "run", input.clone(), Timestamp(0), 1);
    execution.quotas = Quotas::NONE;
    let arn = execution.arn.clone();
    let (mut ledger, mut saver) = (Ledger::new(program.clone(), execution), Saver::default());
    let (journal, mut inputs, mut ran) = (Memory::default(), vec![Input::Start], Ran::default());
    loop {
        let mut batch = ledger.feed(Timestamp(0), inputs.drain(..)).expect("a sound host");
        if kept != Kept::Not {
            let writes = saver.save(&ledger, &batch);
            if kept == Kept::AsText {
                let texts = writes.iter().filter_map(|write| write.piece.as_ref()).map(|piece| piece.text());
                ran.bytes += texts.map(|text| black_box(text).len()).sum::<usize>();
            }
            ran.commits += 1;
            let (arn, recorded) = (arn.clone(), std::mem::take(&mut batch.recorded));
            let ledger = LedgerCommit { arn, writes, recorded, is_over: false };
            // It is kept at the call.
            drop(journal.commit(Commit { ledger: Some(ledger), ..Commit::default() }));
        }
        if let Some(finished) = batch.finished {
            finished.outcome.expect("it succeeds");
            return ran;
        }
        if kept == Kept::Restored {
            ledger = saver.ledger(program.clone()).expect("the same program");
        }
        ran.effects += batch.effects.len();
        let answers = batch.effects.into_iter().filter_map(|effect| match effect {
            Effect::Call(wait, request) | Effect::Resume(wait, request, _) => {
                Some(Input::Reply(wait, Reply::Task(Ok(tasks::answer(&request)))))
            }
            Effect::Sleep(wait, _) => Some(Input::Reply(wait, Reply::Woke)),
            Effect::Cancel(_) => None,
        });
        inputs.extend(answers);
        if batch.is_busy {
            inputs.push(Input::GoOn);
        }
    }
}
