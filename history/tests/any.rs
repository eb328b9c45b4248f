//! Whatever a history says: it is read, or refused, and compared and timed without a panic.

use std::collections::BTreeSet;

use asl_engine::Value;
use asl_history::{CompareOptions, Course, compare};
use proptest::prelude::*;

const KINDS: [&str; 32] = [
    "ExecutionStarted",
    "ExecutionSucceeded",
    "ExecutionFailed",
    "ExecutionAborted",
    "ExecutionRedriven",
    "PassStateEntered",
    "PassStateExited",
    "WaitStateEntered",
    "WaitStateExited",
    "TaskStateEntered",
    "TaskStateExited",
    "TaskStateAborted",
    "TaskScheduled",
    "TaskStarted",
    "TaskSubmitted",
    "TaskSucceeded",
    "TaskFailed",
    "ActivityTimedOut",
    "MapStateEntered",
    "MapStateStarted",
    "MapIterationStarted",
    "MapIterationSucceeded",
    "MapIterationFailed",
    "MapIterationAborted",
    "MapRunStarted",
    "MapRunFailed",
    "MapStateSucceeded",
    "MapStateFailed",
    "ParallelStateEntered",
    "ParallelStateStarted",
    "ParallelStateFailed",
    "EvaluationFailed",
];

fn events() -> impl Strategy<Value = Value> {
    let time = prop_oneof![Just("\"2026-11-30T08:00:00Z\"".to_owned()), "-?[1-9][0-9]{0,18}", Just("null".to_owned())];
    let event = (0..KINDS.len(), 0..6_u8, 0..3_u8, 0..3_u8, time);
    prop::collection::vec(event, 0..40).prop_map(|events| {
        let event = |(at, (kind, back, name, index, time)): (usize, (usize, u8, u8, u8, String))| -> Value {
            let (id, kind) = (at + 1, KINDS[kind]);
            let previous = id.saturating_sub(usize::from(back));
            let text = format!(
                r#"{{"id":{id},"previousEventId":{previous},"type":"{kind}","timestamp":{time},"xEventDetails":{{
                    "name":"S{name}","index":{index},"input":"{index}","output":"{{\"ExecutionArn\":\"a:b\"}}","error":"E{index}",
                    "resource":"x.waitForTaskToken","parameters":"[{name}]","mapRunArn":"arn:aws:states:r:1:mapRun:m/l:{index}"}}}}"#
            );
            text.parse().expect("it is JSON")
        };
        let own: Value = events.into_iter().enumerate().map(event).collect();
        let child = |arn: &str| Value::from([("executionArn", Value::from(arn)), ("events", own.clone())]);
        let children: Value = ["arn:aws:states:r:1:execution:m/l:1", "a:b", ""].into_iter().map(child).collect();
        Value::from([("events", own.clone()), ("childExecutions", children)])
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics(one in events(), other in events()) {
        let Ok(one) = Course::of(&one, None) else { return Ok(()) };
        let Ok(other) = Course::of(&other, Some("arn:aws:states:r:1:execution:m:n")) else { return Ok(()) };
        for is_exact in [false, true] {
            let options = CompareOptions { is_exact, ..CompareOptions::default() };
            prop_assert!(compare(&one, &one, &options).is_same());
            let (there, back) = (compare(&one, &other, &options), compare(&other, &one, &options));
            prop_assert_eq!(there.is_same(), back.is_same());
        }
        if let Some(times) = one.times() {
            let clock = times.clock;
            prop_assert_eq!(clock.tasks + clock.retries + clock.waits + clock.own, times.total);
        }
        if let Some(trace) = one.trace("1") {
            let spans = trace["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().expect("spans");
            let known: BTreeSet<&str> = spans.iter().filter_map(|span| span["spanId"].as_str()).collect();
            prop_assert_eq!(known.len(), spans.len());
            let parents = spans.iter().filter_map(|span| span.get("parentSpanId")?.as_str());
            let orphans = parents.filter(|parent| !known.contains(parent)).count();
            prop_assert_eq!(orphans, 0);
        }
        for visit in 0..one.visits.len() {
            let pieces = one.pieces_until(visit, one.latest());
            prop_assert!(pieces.windows(2).all(|pair| pair[0].to == pair[1].from));
        }
    }
}
