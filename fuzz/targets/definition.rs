//! Any text as a definition: it is refused, or it runs to its end, its Frames saved and restored after each step.

#![no_main]

#[path = "../../asl-engine/tests/support/mod.rs"]
mod support;

use asl_engine::{CheckOptions, Failure, Program, Quotas, StateMachineType, TaskRequest, diagnose};
use libfuzzer_sys::fuzz_target;

const INPUT: &str = r#"{"n":1,"t":"a","o":{"k":null},"list":[{"n":2},{"n":3,"fail":true},[],"2024-02-29T12:00:00Z"]}"#;

fuzz_target!(|text: &str| {
    for machine_type in [StateMachineType::Standard, StateMachineType::Express] {
        for found in diagnose(text, CheckOptions { machine_type, placeholders: true }) {
            assert!(text.get(found.span.start..found.span.end).is_some(), "{found:?} has no place");
        }
    }
    if Program::parse(text).is_err() {
        return;
    }
    let quotas = Quotas { history_events: Some(200), ..Quotas::default() };
    let mut answer = |request: &TaskRequest| {
        let fails = request.input.get("fail").is_some();
        Some(if fails { Err(Failure::new("Told", "to fail")) } else { Ok(request.input.clone()) })
    };
    let run = support::run_within(quotas, text, INPUT, true, &mut answer);
    assert!(run.events.len() <= 200);
});
