//! The JSONPath evaluator against loops written by hand over the same values, in one run.
//!
//! Prints the median of many runs of each, and the ratio: `cargo bench --bench jsonpath`.

#![expect(clippy::print_stdout, reason = "a benchmark reports by printing")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use asl_engine::{JsonPath, Value};

const RUNS: usize = 201;

fn main() {
    let nested = nested(1_000, 100);
    let items = items(100_000);
    compare("$[*][*] over 1,000 × 100 objects", "$[*][*]", &nested, Some(2.0), |document| {
        let mut found = Vec::new();
        for inner in document.as_array().into_iter().flatten() {
            found.extend(inner.as_array().into_iter().flatten().cloned());
        }
        found.into()
    });
    compare("filter over 100,000 items, half pass", "$[?(@.statusCode == 200)]", &items, Some(1.5), |document| {
        let mut found = Vec::new();
        for item in document.as_array().into_iter().flatten() {
            if item.get("statusCode").and_then(Value::as_i64) == Some(200) {
                found.push(item.clone());
            }
        }
        found.into()
    });
    compare("one name of 100,000 items", "$[*].url", &items, None, |document| {
        document.as_array().into_iter().flatten().filter_map(|item| item.get("url")).cloned().collect()
    });
    compile("$.results[?(@.statusCode == 200)].url");
    compile("$.a.b.c");
}

fn nested(outer: i64, inner: i64) -> Value {
    let object = |n: i64| Value::from([("url", Value::from("https://example.com")), ("n", Value::from(n))]);
    let list = || (0..inner).map(object).collect::<Value>();
    (0..outer).map(|_| list()).collect()
}

fn items(count: i64) -> Value {
    let item = |i: i64| {
        Value::from([
            ("url", Value::from(format!("https://example.com/{i}"))),
            ("statusCode", Value::from(if i % 2 == 0 { 200_i64 } else { 404 })),
        ])
    };
    (0..count).map(item).collect()
}

fn compare(what: &str, path: &str, document: &Value, goal: Option<f64>, by_hand: impl Fn(&Value) -> Value) {
    let compiled = JsonPath::parse(path).expect("the path compiles");
    let evaluated = compiled.evaluate(document).expect("the path evaluates");
    assert!(evaluated == by_hand(document), "{path} and the loop disagree");
    // Taken in turn, so that both meet the same state of the machine.
    let (mut ours, mut hand) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        ours.push(time(|| compiled.evaluate(black_box(document))));
        hand.push(time(|| by_hand(black_box(document))));
    }
    let (ours, hand) = (median(ours), median(hand));
    let ratio = ours.as_secs_f64() / hand.as_secs_f64();
    let verdict = match goal {
        Some(goal) if ratio <= goal => format!(" (at most {goal} wanted)"),
        Some(goal) => format!(" (at most {goal} wanted: MISSED)"),
        None => String::new(),
    };
    println!("{what}: path {ours:.1?}, loop {hand:.1?}, ratio {ratio:.2}{verdict}");
}

fn compile(path: &str) {
    let times = (0..RUNS).map(|_| time(|| JsonPath::parse(black_box(path)))).collect();
    println!("compile {path}: {:.1?}", median(times));
}

fn time<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    let result = work();
    let time = start.elapsed();
    drop(black_box(result));
    time
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
