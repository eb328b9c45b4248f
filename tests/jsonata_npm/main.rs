//! 5,000 generated expressions, evaluated here and by the `jsonata` 2.0.6 of npm: nothing may differ, neither the
//! result nor the code and the text of an error.
//!
//! `node` makes the expressions from a fixed seed (`reference.mjs`); `ASL_JSONATA_NPM_SEED=N` takes another and
//! `ASL_JSONATA_NPM_CASES=N` another count. `ASL_JSONATA_NPM` names the folder whose `node_modules` has the package,
//! `target/tmp/jsonata-npm` if it is not set. Where node or the package is absent the test says so and passes, in CI it
//! fails. The families of expressions stand above the last line, with how many of each agree; what differs stands above
//! those, the shortest expression first.
//!
//! Not compared is what belongs to JavaScript rather than to the language. The line before the last counts it:
//!
//! - JavaScript itself throws, such as a `TypeError`, which has no code; or JavaScript makes something of a value for
//!   which there is no rule: a pattern on what is no text, a function as a text or as an object, arguments that nobody
//!   checks because others were given beforehand.
//! - The inside of npm's evaluator shows: members whose names are whole numbers, which JavaScript moves to the front;
//!   rows of a path as values; its input, which it changes; whether two equal objects are one and the same.
//! - Halves of a surrogate pair, which no text here can hold.
//! - Data that contains itself, or nests deeper than 100 levels; what takes more than 200,000 steps, or never ends.
//!
//! What npm's evaluator does side by side or by chance is put in order (`walk.mjs`): items of arrays and objects are
//! evaluated one after another, functions are false and have no JSON, and in messages they have their own names. Where
//! a message names `and` or `or` for what failed inside of it, only the code is compared; where there is a power, whose
//! last digit is nobody's, only the code and 15 digits. An infinite result is the text that AWS gives. The functions
//! that AWS adds are not in npm's package; those that depend on chance are left out; the clock stands still.

#![expect(clippy::print_stdout, reason = "a test target without a harness reports by itself")]

mod reference;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use asl_engine::{Jsonata, JsonataFlavour, JsonataLimits, JsonataOptions, Object, Timestamp, Value};
use reference::{Reference, Settings};

const CASES: u32 = 5_000;
const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn main() -> ExitCode {
    let setting = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let settings = Settings {
        now: NOW,
        seed: setting("ASL_JSONATA_NPM_SEED").unwrap_or(1),
        cases: setting("ASL_JSONATA_NPM_CASES").unwrap_or(CASES),
    };
    let reference = match Reference::start(&settings) {
        Ok(reference) => reference,
        Err(why) => {
            println!("not run: {why}");
            println!("jsonata_npm: 0 of {} agree", settings.cases);
            return if std::env::var_os("CI").is_some_and(|ci| ci == "true") {
                ExitCode::FAILURE
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let (mut agreed, mut families) = (0, BTreeMap::<String, (u32, u32)>::new());
    let (mut differences, mut left_out) = (Vec::new(), None);
    for line in reference {
        let case = match line {
            Ok(case) => case,
            Err(why) => {
                println!("{why}");
                return ExitCode::FAILURE;
            }
        };
        if let Some(counts) = case.get("leftOut") {
            left_out = Some(counts.clone());
            continue;
        }
        let (family, expression) = (text(&case, "family"), text(&case, "expr"));
        let counts = families.entry(family).or_default();
        counts.1 += 1;
        match difference(&case, &expression) {
            None => {
                agreed += 1;
                counts.0 += 1;
            }
            Some(difference) => differences.push((expression, difference)),
        }
    }
    differences.sort_by_key(|(expression, _)| expression.len());
    for (expression, difference) in &differences {
        println!("{expression}\n{difference}");
    }
    for (family, (agreed, total)) in &families {
        println!("{family}: {agreed} of {total}");
    }
    println!("left out: {}", left_out.as_ref().map_or_else(|| "node did not finish".to_owned(), Value::to_string));
    println!("jsonata_npm: {agreed} of {} agree", settings.cases);
    if agreed == settings.cases && left_out.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn text(case: &Value, name: &str) -> String {
    case[name].as_str().unwrap_or_default().to_owned()
}

/// What an expression comes to: a value, nothing, or the code and the message of an error.
type Outcome = Result<Option<Value>, (String, Option<String>)>;

/// What differs from the outcome that npm's evaluator has.
fn difference(case: &Value, expression: &str) -> Option<String> {
    let theirs: Outcome = match case["outcome"]["code"].as_str() {
        Some(code) => Err((code.to_owned(), case["outcome"]["message"].as_str().map(str::to_owned))),
        None => Ok(case["outcome"].get("result").cloned()),
    };
    let ours = catch_unwind(AssertUnwindSafe(|| evaluate(case, expression)))
        .unwrap_or_else(|_| Err(("panic".to_owned(), None)));
    // Letters are read as a sum of powers.
    let is_power = ["$power", "$parseInteger"].iter().any(|function| expression.contains(function));
    let agree = match (&ours, &theirs) {
        (Ok(Some(ours)), Ok(Some(theirs))) => same(ours, theirs, if is_power { 1e-15 } else { 0.0 }),
        (Ok(ours), Ok(theirs)) => ours.is_none() == theirs.is_none(),
        (Err(ours), Err(theirs)) => ours.0 == theirs.0 && (is_power || theirs.1.is_none() || ours.1 == theirs.1),
        _ => false,
    };
    (!agree).then(|| {
        let data = case.get("data").or_else(|| case.get("variables")).map(Value::to_string).unwrap_or_default();
        let data: String = data.chars().take(40).collect();
        format!("    on   {data}…\n    npm  {}\n    ours {}", shown(&theirs), shown(&ours))
    })
}

fn evaluate(case: &Value, expression: &str) -> Outcome {
    let options = JsonataOptions { now: NOW, seed: 0, limits: JsonataLimits::WIDE, flavour: JsonataFlavour::Reference };
    let variables = case["variables"].as_object().cloned().unwrap_or_else(Object::default);
    Jsonata::parse(expression)
        .and_then(|compiled| compiled.evaluate(case.get("data"), &variables, &options))
        .map_err(|error| (error.code.to_owned(), Some(error.message)))
}

/// Whether two values are equal, numbers but for a part of their value; the order of members is part of a result.
fn same(left: &Value, right: &Value, tolerance: f64) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            let (left, right) = (left.as_f64(), right.as_f64());
            (left - right).abs() <= tolerance * right.abs()
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right, tolerance))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right.iter())
                    .all(|(left, right)| left.0 == right.0 && same(left.1, right.1, tolerance))
        }
        _ => left == right,
    }
}

fn shown(outcome: &Outcome) -> String {
    match outcome {
        Ok(Some(value)) => value.to_string().chars().take(400).collect(),
        Ok(None) => "nothing".to_owned(),
        Err((code, message)) => format!("{code}: {}", message.as_deref().unwrap_or("(not compared)")),
    }
}
