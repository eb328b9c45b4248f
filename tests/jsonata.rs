//! The reference suite of JSONata 2.0.6, `../shared/jsonata/cases.jsonl`: results, and the codes of errors.
//!
//! `ASL_JSONATA_CASES=FILE` names another file. The last line is always `jsonata: P passed of T`; the cases that fail
//! stand above it, with the reason for those that are known. Where the cases are absent the test says so and passes; in CI,
//! or with a file named, it fails. The suite has `$eval`, which AWS has not, so it is switched on here. The figures stand in
//! `docs/fidelity.md` (`tests/conformance/fidelity.rs` writes them), and the test fails when they are others.

#![expect(clippy::print_stdout, reason = "a test target without a harness reports by itself")]

use std::path::PathBuf;
use std::process::ExitCode;

use asl_engine::{Jsonata, JsonataFlavour, JsonataLimits, JsonataOptions, Object, Timestamp, Value};

/// Cases that do not pass, and why.
const KNOWN: [(&str, &str); 2] =
    [("function-encodeUrl/case002.json", HALF_A_PAIR), ("function-encodeUrlComponent/case002.json", HALF_A_PAIR)];
const HALF_A_PAIR: &str = "its text has half of a surrogate pair, which is no Unicode text";

fn main() -> ExitCode {
    let named = std::env::var_os("ASL_JSONATA_CASES").map(PathBuf::from);
    let is_named = named.is_some();
    let must_run = is_named || std::env::var_os("CI").is_some_and(|ci| ci == "true");
    let file = named.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/jsonata/cases.jsonl"));
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) => {
            println!("not run: the JSONata cases cannot be read from {}: {error}", file.display());
            println!("jsonata: 0 passed of 0");
            return if must_run { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    };
    let (mut passed, mut total, mut unexpected) = (0, 0, 0);
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        total += 1;
        let (id, fault) = match line.parse::<Value>() {
            Ok(case) => (case["id"].as_str().unwrap_or_default().to_owned(), check(&case)),
            Err(error) => (id_in(line).to_owned(), Some(format!("line {total} is not JSON: {error}"))),
        };
        let Some(fault) = fault else {
            passed += 1;
            continue;
        };
        match KNOWN.iter().find(|(known, _)| *known == id) {
            Some((_, reason)) => println!("{id}  known: {reason}"),
            None => {
                unexpected += 1;
                println!("{id}  {fault}");
            }
        }
    }
    let figures = format!("| `cargo test --test jsonata` | {passed} | {total} |");
    if !is_named && !include_str!("../docs/fidelity.md").contains(&figures) {
        println!("docs/fidelity.md should have: {figures}");
        unexpected += 1;
    }
    println!("jsonata: {passed} passed of {total}");
    if unexpected == 0 && total > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The id of a case that cannot be read as a whole.
fn id_in(line: &str) -> &str {
    line.split_once(r#""id": ""#).and_then(|(_, rest)| rest.split('"').next()).unwrap_or_default()
}

/// What differs from the case.
fn check(case: &Value) -> Option<String> {
    let expression = case["expr"].as_str().unwrap_or_default();
    let found = evaluate(case, expression);
    let wanted_code = case["code"].as_str().or(case["error"]["code"].as_str()).or(case["error"].as_str());
    let agree = match (&found, wanted_code) {
        (Err(code), Some(wanted)) => code.starts_with(wanted),
        (Ok(None), None) => case["undefinedResult"].as_bool() == Some(true),
        (Ok(Some(value)), None) => match case.get("result") {
            Some(wanted) if case["unordered"].as_bool() == Some(true) => same_items(value, wanted),
            Some(wanted) => same(value, wanted),
            None => false,
        },
        _ => false,
    };
    let wanted = || wanted_code.map_or_else(|| case.get("result").map(Value::to_string), |code| Some(code.to_owned()));
    (!agree).then(|| {
        let found = match &found {
            Ok(value) => value.as_ref().map_or_else(|| "nothing".to_owned(), Value::to_string),
            Err(error) => error.clone(),
        };
        let wanted = wanted().unwrap_or_else(|| "nothing".to_owned());
        format!("{expression}\n    wanted {wanted}\n    found  {found}")
    })
}

/// The result of a case, or its error.
fn evaluate(case: &Value, expression: &str) -> Result<Option<Value>, String> {
    let limits = match case["depth"].as_i64().and_then(|depth| usize::try_from(depth).ok()) {
        Some(depth) => JsonataLimits { depth, steps: 5_000_000, ..JsonataLimits::WIDE },
        None => JsonataLimits::WIDE,
    };
    let options =
        JsonataOptions { now: Timestamp(1_700_000_000_000), seed: 7, limits, flavour: JsonataFlavour::Reference };
    let input = case.get("data").filter(|_| case["has_data"].as_bool() == Some(true));
    let variables = case["bindings"].as_object().cloned().unwrap_or_else(Object::default);
    let compiled = Jsonata::parse(expression).map_err(|error| error.to_string())?;
    compiled.evaluate(input, &variables, &options).map_err(|error| error.to_string())
}

/// Whether two values are equal: numbers by value, objects whatever the order of their members.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(name, left)| right.get(name).is_some_and(|right| same(left, right)))
        }
        _ => left == right,
    }
}

/// Whether two arrays hold the same items, in whatever order.
fn same_items(left: &Value, right: &Value) -> bool {
    let (Some(left), Some(right)) = (left.as_array(), right.as_array()) else { return same(left, right) };
    let mut rest: Vec<&Value> = right.iter().collect();
    let taken = |item: &Value, rest: &mut Vec<&Value>| {
        rest.iter().position(|other| same(item, other)).map(|at| rest.swap_remove(at)).is_some()
    };
    left.len() == right.len() && left.iter().all(|item| taken(item, &mut rest))
}
