//! An expression, a line break and a document: whatever they are, evaluating them ends, and ends the same way again.

#![no_main]

use asl_engine::{Jsonata, JsonataLimits, JsonataOptions, Object, Value};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (expression, document) = text.split_once('\n').unwrap_or((text, "{}"));
    let Ok(expression) = Jsonata::parse(expression) else { return };
    let Ok(document) = document.parse::<Value>() else { return };
    // A sanitizer takes twenty times as long over each step.
    let limits = JsonataLimits { steps: 500_000, ..JsonataLimits::AWS };
    let options = JsonataOptions { limits, ..JsonataOptions::default() };
    let evaluate = || expression.evaluate(Some(&document), &Object::default(), &options);
    let result = evaluate();
    if let Ok(Some(value)) = &result {
        assert_eq!(value.to_string().parse::<Value>().as_ref().map(Value::to_string), Ok(value.to_string()));
    }
    assert_eq!(evaluate(), result);
});
