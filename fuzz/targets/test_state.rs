//! A definition, and behind record separators (U+001E) an input and a mocked result: the test of a state is refused or gives JSON.

#![no_main]

use asl_engine::test_state::{FieldValidation, InspectionLevel, Mock, TestState};
use asl_engine::{Failure, Value};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut parts = text.rsplitn(3, '\u{1e}');
    let last = parts.next().unwrap_or_default();
    let input = parts.next();
    let definition = parts.next().unwrap_or(last);
    let value = |text: &str| text.parse::<Value>().unwrap_or_else(|_| text.into());
    let input = input.map_or_else(Value::empty_object, value);
    let result = Mock { field_validation: FieldValidation::Present, ..Mock::result(value(last)) };
    let names = [None, Some("A")];
    for mock in [None, Some(result), Some(Mock::error(Failure::new(last, "as told")))] {
        for state_name in names {
            let test = TestState {
                state_name,
                mock: mock.clone(),
                inputs: Some(inputs),
                outputs: Some(outputs),
                ..TestState::new(definition, input.clone())
            };
            if let Ok(tested) = test.run() {
                let _ = tested.to_json(InspectionLevel::Trace).to_string();
            }
        }
    }
});

/// What every task takes and answers, with each kind that there is.
fn inputs(_: &str) -> Option<Value> {
    r##"{"shape":"#0","shapes":{"0":{"members":{"A":"STRING","B":"#1","C":"#2","D":"LISTS","E":"HEADERS","F":"INTEGER"},
        "required":["A"]},"1":{"items":"#0"},"2":{"values":"BOOLEAN"}}}"##
        .parse()
        .ok()
}

fn outputs(_: &str) -> Option<Value> {
    r##"{"shape":"#0","shapes":{"0":{"type":"object","members":{"A":"#1","B":"#2","C":"#3","D":"boolean"},"required":["A"]},
        "1":{"type":"string","min":1,"max":3,"enum":["a"]},"2":{"type":"array","items":"#0"},"3":{"type":"map","values":"number"}}}"##
        .parse()
        .ok()
}
