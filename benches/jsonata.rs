//! What evaluations of expressions cost: beside loops written by hand, and beside the size of what they do not touch.
//!
//! Prints medians of many runs: `cargo bench --bench jsonata`.

#![expect(clippy::print_stdout, reason = "a benchmark reports by printing")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use asl_engine::{Jsonata, JsonataLimits, JsonataOptions, Object, Value};

const RUNS: usize = 101;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let (small, large) = (states(10), states(12_000));
    let bytes = |variables: &Object| Value::from(variables.clone()).json_len();
    println!("the inputs have {} and {} bytes of JSON", bytes(&small), bytes(&large));
    for (expression, most) in [
        ("$states.input.a.b", Some(2.0)),
        ("$sum($states.input.few.(price * quantity))", None),
        ("$states.input.few[price > 2].{'id': id, 'name': $uppercase(name)}", None),
    ] {
        let [one, other] = [&small, &large].map(|variables| median(expression, variables, 1_000));
        let ratio = other.as_secs_f64() / one.as_secs_f64();
        let target = most.map(|most| format!("(target: at most {most} µs)")).unwrap_or_default();
        println!("{expression:<66} {:8.2} µs  {ratio:4.1} times beside 1 MB  {target}", micros(one));
    }
    let states = large.get("states").expect("the states");
    let items = states["input"]["items"].as_array().expect("the items");
    for (expression, by_hand) in [
        ("$sum($states.input.items.(price * quantity))", total as fn(&[Value]) -> Value),
        ("$count($states.input.items[price > 50])", above),
    ] {
        let ours = median(expression, &large, 1);
        let hand = median_of(|| drop(black_box(by_hand(black_box(items)))), 1);
        let ratio = ours.as_secs_f64() / hand.as_secs_f64();
        println!("{expression:<66} {:8.2} µs  {ratio:4.1} times a loop", micros(ours));
    }
}

/// Variables as a state machine has them: an input with so many items and a few others.
fn states(items: i64) -> Object {
    let item = |id: i64| {
        Value::from([
            ("id", id.into()),
            ("name", format!("item {id}").into()),
            ("price", (id % 100).into()),
            ("quantity", (id % 7).into()),
            ("note", "something that nobody asks for".into()),
        ])
    };
    let list = |count| (0..count).map(item).collect::<Value>();
    let input = Value::from([("a", Value::from([("b", Value::from(1))])), ("few", list(5)), ("items", list(items))]);
    [("states", Value::from([("input", input)]))].into_iter().collect()
}

fn total(items: &[Value]) -> Value {
    let number = |value: &Value| value.as_i64().unwrap_or(0);
    items.iter().map(|item| number(&item["price"]) * number(&item["quantity"])).sum::<i64>().into()
}

fn above(items: &[Value]) -> Value {
    let count = items.iter().filter(|item| item["price"].as_i64() > Some(50)).count();
    i64::try_from(count).expect("a count").into()
}

fn median(expression: &str, variables: &Object, times: u32) -> Duration {
    let compiled = Jsonata::parse(expression).expect("the expression is one");
    let options = JsonataOptions { limits: JsonataLimits::WIDE, ..JsonataOptions::default() };
    let run = || compiled.evaluate(None, black_box(variables), &options).expect("it evaluates");
    assert!(run().is_some(), "{expression}");
    median_of(|| drop(black_box(run())), times)
}

fn median_of(mut run: impl FnMut(), times: u32) -> Duration {
    let mut taken: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            (0..times).for_each(|_| run());
            start.elapsed() / times
        })
        .collect();
    taken.sort_unstable();
    taken[RUNS / 2]
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000_000.0
}
