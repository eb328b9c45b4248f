//! 20,000 generated paths and documents, given to the evaluator and to the real Jayway 2.0.0, with both of Jackson's
//! providers (AWS runs it with JsonNode): nothing may differ.
//!
//! First come the cases of `../shared/jsonpath/cases.json`, those marked `provider_sensitive` among them: what Jayway
//! gives with the provider of AWS settles them. The seed is fixed; `ASL_JAYWAY_SEED=N` takes another and `ASL_JAYWAY_CASES=N` another count. A difference is shrunk
//! to the smallest path and document that show it. Where Java or Jayway is absent the test says so and passes, in CI
//! it fails.

#![expect(clippy::print_stdout, reason = "a test target without a harness reports by itself")]

#[path = "jayway/generate.rs"]
mod generate;
mod jayway;
#[path = "jayway/oracle.rs"]
mod oracle;

use std::cell::RefCell;
use std::process::ExitCode;

use asl_engine::Value;
use jayway::{Answer, Problem, same};
use oracle::Oracle;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

const CASES: u32 = 20_000;

fn main() -> ExitCode {
    let oracle = match Oracle::start() {
        Ok(oracle) => RefCell::new(oracle),
        Err(why) => {
            println!("not run: {why}");
            return if std::env::var_os("CI").is_some_and(|ci| ci == "true") {
                ExitCode::FAILURE
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let told = match jayway::cases().map(|cases| settle(&cases, &mut oracle.borrow_mut())) {
        Ok(Ok(settled)) => settled,
        Ok(Err(why)) => {
            println!("{why}");
            return ExitCode::FAILURE;
        }
        Err(why) => format!("not run: {why}"),
    };
    let setting = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let cases = setting("ASL_JAYWAY_CASES").unwrap_or(CASES);
    let mut seed = [0; 32];
    seed[..4].copy_from_slice(&setting("ASL_JAYWAY_SEED").unwrap_or(0).to_le_bytes());
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let seen = RefCell::new(Seen::default());
    let outcome = runner.run(&(generate::path(), generate::document()), |(path, document)| {
        let theirs = compare(&path, &document, &mut oracle.borrow_mut()).map_err(TestCaseError::fail)?;
        theirs.iter().for_each(|theirs| seen.borrow_mut().count(theirs));
        Ok(())
    });
    println!("{:?}", seen.borrow());
    match outcome {
        Ok(()) => {
            println!("{told}");
            println!("jayway: {cases} passed of {cases}");
            ExitCode::SUCCESS
        }
        Err(proptest::test_runner::TestError::Fail(reason, _)) => {
            println!("{reason}");
            ExitCode::FAILURE
        }
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// What Jayway gives with each provider, where the evaluator gives the same; otherwise what differs.
fn compare(path: &str, document: &str, oracle: &mut Oracle) -> Result<[Answer; 2], String> {
    let parsed: Value = document.parse().map_err(|error| format!("{document}: {error}"))?;
    let answers = oracle.ask(path, document)?;
    for (provider, theirs) in &answers {
        let ours = Answer::ours(path, &parsed, *provider);
        if let Some(what) = difference(&ours, theirs) {
            return Err(format!(
                "{what} differs with {provider:?} for the path\n  {path}\nand the document\n  {document}\nours   \
                 {ours:?}\nJayway {theirs:?}\n"
            ));
        }
    }
    Ok(answers.map(|(_, theirs)| theirs))
}

/// Compares every case, and tells how many there are for which the provider matters.
fn settle(cases: &[Value], oracle: &mut Oracle) -> Result<String, String> {
    let mut sensitive = 0;
    for case in cases {
        let [nodes, collections] =
            compare(case["query"].as_str().unwrap_or_default(), &case["document"].to_string(), oracle)?;
        sensitive += u32::from(
            difference(&nodes, &collections).is_some_and(|what| what != "error")
                || nodes.error.is_some() != collections.error.is_some(),
        );
    }
    Ok(format!("cases: {} agree with both providers, which give different results for {sensitive}", cases.len()))
}

/// How the answers of Jayway spread, so that a generator that stops to hit anything is noticed.
#[derive(Debug, Default)]
struct Seen {
    refused: u32,
    failed: u32,
    empty: u32,
    values: u32,
}

impl Seen {
    fn count(&mut self, answer: &Answer) {
        match (&answer.error, answer.paths.is_empty()) {
            (Some(problem), _) if problem.stage == "compile" => self.refused += 1,
            (Some(_), _) => self.failed += 1,
            (None, true) => self.empty += 1,
            (None, false) => self.values += 1,
        }
    }
}

/// What is not the same.
fn difference(ours: &Answer, theirs: &Answer) -> Option<&'static str> {
    if ours.definite != theirs.definite {
        return Some("definiteness");
    }
    if ours.compiled != theirs.compiled {
        return Some("compiled text");
    }
    match (&ours.error, &theirs.error) {
        (Some(ours), Some(theirs)) if ours == theirs || only_comparable_by_class(ours, theirs) => None,
        (Some(_), _) | (_, Some(_)) => Some("error"),
        (None, None) if ours.paths != theirs.paths => Some("paths"),
        (None, None) => {
            let (Some(ours), Some(theirs)) = (&ours.value, &theirs.value) else { return Some("value") };
            (!same(ours, theirs)).then_some("value")
        }
    }
}

/// The errors whose messages may differ, as they tell about Java rather than about paths:
///
/// - Patterns that `java.util.regex` refuses. Its many messages, with a drawing of the place, are only imitated for the
///   usual mistakes; that both refuse the pattern is checked.
/// - Slices such as `[-2147483648:1]`, which give an array of that many nulls with the JsonNode provider, and fill Java's
///   memory: that there is a bound of ours is checked.
///
/// What the generator leaves out, for the same reason:
///
/// - Doubles that Java before version 19 writes with a digit too many, such as 2.26797932753915008E17: about one in
///   seventy of those beyond 10^16. The digits show in messages and decide `==` between such a double and its text.
/// - Doubles beyond the range of a double, which Jackson reads as an infinity that JSON cannot hold.
/// - A document that is deeper, and patterns that are slower, than a bound of this project allows.
fn only_comparable_by_class(ours: &Problem, theirs: &Problem) -> bool {
    const PATTERN: &str = "java.util.regex.PatternSyntaxException: ";
    ours.message.contains(PATTERN) && theirs.message.contains(PATTERN)
        || ours.class == "LimitExceeded" && theirs.class == "OutOfMemoryError"
}
