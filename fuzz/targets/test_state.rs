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
            let test = TestState { state_name, mock: mock.clone(), ..TestState::new(definition, input.clone()) };
            if let Ok(tested) = test.run() {
                let _ = tested.to_json(InspectionLevel::Trace).to_string();
            }
        }
    }
});
