//! A path, a line break and a document: what evaluates, matches and explains the path agrees.

#![no_main]

use asl_engine::{JsonPath, Value};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (path, document) = text.split_once('\n').unwrap_or((text, "{}"));
    let Ok(path) = JsonPath::parse(path) else { return };
    let Ok(document) = document.parse::<Value>() else { return };
    let value = path.evaluate(&document);
    let explanation = path.explain(&document, usize::MAX);
    assert_eq!(explanation.outcome, value);
    assert_eq!(explanation.definite, path.is_definite());
    match (path.matches(&document), value) {
        (Ok(matches), Ok(value)) => {
            assert_eq!(matches.len(), explanation.found);
            let mut found = matches.into_iter().map(|found| found.value);
            let expected = if path.is_definite() { found.next().expect("one match") } else { found.collect() };
            assert_eq!(value, expected);
        }
        (Err(matches), Err(evaluate)) => assert_eq!(matches, evaluate),
        (matches, value) => assert!(matches.is_ok_and(|found| found.is_empty()) && path.is_definite(), "{value:?}"),
    }
});
