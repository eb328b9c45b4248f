//! Runs many cases on all cores.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::coverage::Taken;
use crate::run::{CaseResult, Verdict};
use crate::test_file::{Case, TestFile};

/// A case of a file.
#[derive(Clone, Copy)]
pub struct Selected<'a> {
    /// The file.
    pub file: &'a TestFile,
    /// The case.
    pub case: &'a Case,
}

/// Runs cases, `threads` at once, and tells each result, in the order of the cases, with how long it took.
///
/// A panic is told as a bug of asl's, and the other cases go on.
pub fn run_all<'a>(
    cases: &[Selected<'a>],
    seed: u64,
    threads: usize,
    mut told: impl FnMut(Selected<'a>, CaseResult, Duration),
) {
    let run = |selected: &Selected<'a>| {
        let began = Instant::now();
        let ran = catch_unwind(AssertUnwindSafe(|| selected.case.run(selected.file, seed)));
        (ran.unwrap_or_else(|panic| bug(&*panic)), began.elapsed())
    };
    in_order(cases, threads, run, |selected, (result, took)| told(*selected, result, took));
}

/// Does the work for each item, `threads` at once, and tells what has come of it, in the order of the items.
pub fn in_order<T: Sync, R: Send>(
    items: &[T],
    threads: usize,
    work: impl Fn(&T) -> R + Sync,
    mut told: impl FnMut(&T, R),
) {
    let next = AtomicUsize::new(0);
    let (sender, results) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..threads.clamp(1, items.len().max(1)) {
            let (sender, next, work) = (sender.clone(), &next, &work);
            scope.spawn(move || {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(at) else { return };
                    if sender.send((at, work(item))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let mut position = 0;
        for (at, result) in results {
            waiting.insert(at, result);
            while let Some(result) = waiting.remove(&position) {
                told(&items[position], result);
                position += 1;
            }
        }
    });
}

fn bug(panic: &(dyn std::any::Any + Send)) -> CaseResult {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic".to_owned());
    CaseResult {
        verdict: Verdict::Bug(text),
        millis: 0,
        taken: Taken::default(),
        started: Vec::new(),
        history: None,
        unused: Vec::new(),
    }
}
