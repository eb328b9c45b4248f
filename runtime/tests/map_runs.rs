//! Map Runs that read an object and write their results: what a commit of them writes, and that crashes change nothing.

#[path = "support/restarting.rs"]
mod restarting;

use std::sync::Arc;

use asl_engine::{Execution, Failure, Object, Program, Reply, TaskRequest, Timestamp, Value, json_lines};
use asl_runtime::simulation::{self, Answer};
use asl_runtime::{Effect, Input, Ledger, Saver};

const START: Timestamp = Timestamp(1_700_000_000_000);

/// A Map Run over the lines of an object, whose children do what `states` say.
fn program(states: &str, more: &str) -> Arc<Program> {
    let definition = format!(
        r#"{{"StartAt": "Each", "States": {{"Each": {{"Type": "Map", "End": true, {more}
            "ItemReader": {{"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {{"InputType": "JSONL"}},
                "Parameters": {{"Bucket": "b", "Key": "k"}}}},
            "ResultWriter": {{"Resource": "arn:aws:states:::s3:putObject", "Parameters": {{"Bucket": "b", "Prefix": "p"}},
                "WriterConfig": {{"Transformation": "COMPACT", "OutputType": "JSON"}}}},
            "ItemProcessor": {{"ProcessorConfig": {{"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}},
                "StartAt": "Work", "States": {states}}}}}}}}}"#
    );
    Arc::new(Program::parse(&definition).unwrap_or_else(|diagnostics| panic!("{diagnostics:#?}")))
}

fn execution() -> Execution {
    Execution::local("machine", "run", Value::empty_object(), START, 11)
}

/// What S3 answers for an object with this text, which it hands out in pieces: as the values of its lines where that can be.
fn piece(request: &TaskRequest, text: &str, bytes: usize) -> Value {
    let range = request.input["Range"].as_str().unwrap_or("bytes=0-");
    let from: usize = range.trim_start_matches("bytes=").trim_end_matches('-').parse().expect("a position");
    let to = (from + bytes).min(text.len());
    let is_said = request.input["ReaderConfig"]["InputType"].as_str() == Some("JSONL");
    let lines = json_lines(&text[from..to], to == text.len()).filter(|_| is_said);
    let (body, len) = lines.unwrap_or_else(|| (text[from..to].into(), to - from));
    [("Body", body), ("ContentRange", Value::from(format!("bytes {from}-{}/{}", from + len - 1, text.len())))].into()
}

fn is_reading(request: &TaskRequest) -> bool {
    request.resource.ends_with("getObject")
}

#[test]
fn a_commit_writes_neither_the_object_nor_the_results_again() {
    let line = |n: usize| format!("{{\"id\":{n},\"text\":\"{}\"}}\n", "x".repeat(1000));
    let text: String = (0..8_000).map(line).collect();
    let program = program(r#"{"Work": {"Type": "Pass", "End": true}}"#, "");
    let (mut ledger, mut saver) = (Ledger::new(program, execution()), Saver::default());
    let (mut inputs, mut quiet, mut parts) = (vec![Input::Start], 0, 0);
    loop {
        let is_answered = inputs.iter().any(|input| matches!(input, Input::Reply(..)));
        let batch = ledger.feed(START, inputs.drain(..)).expect("a sound host");
        let writes = saver.save(&ledger, &batch);
        if !is_answered && batch.effects.is_empty() {
            let texts = writes.iter().filter_map(|write| write.piece.as_ref()).map(|piece| piece.text());
            let bytes: usize = texts.map(|text| text.len()).sum();
            // Some hundred children with a kilobyte each.
            assert!(bytes < 400_000, "{bytes}");
            quiet += 1;
        }
        if batch.finished.is_some_and(|finished| finished.outcome.is_ok()) {
            break;
        }
        for effect in batch.effects {
            let Effect::Call(wait, request) = effect else { continue };
            parts += usize::from(!is_reading(&request));
            let answer =
                if is_reading(&request) { piece(&request, &text, 2_000_000) } else { Object::default().into() };
            inputs.push(Input::Reply(wait, Reply::Task(Ok(answer))));
        }
        if batch.is_busy {
            inputs.push(Input::GoOn);
        }
    }
    // A part of the results, the rest, and the manifest.
    assert_eq!(parts, 3);
    assert!(quiet > 40, "{quiet}");
}

/// Some children fail, and some never start.
#[test]
fn crashes_change_nothing_of_what_is_written() {
    let work =
        r#"{"Work": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": true}}"#;
    for (items, tolerated) in [(30, 30), (40, 2)] {
        let program = program(work, &format!(r#""MaxConcurrency": 12, "ToleratedFailureCount": {tolerated},"#));
        let line = |n: usize| format!("{{\"id\":{n},\"text\":\"{}\"}}\n", "y".repeat(2_000));
        let text: String = (0..items).map(line).collect();
        let answer = |request: &TaskRequest| match request.input["id"].as_i64() {
            Some(id) if id % 7 == 3 => Answer::from(Err(Failure::new("Odd", "as told"))),
            // Later ones are quicker.
            Some(id) => Answer { after_millis: 5000 - 10 * id, ..Answer::from(Ok(request.input.clone())) },
            None if is_reading(request) => Answer::from(Ok(piece(request, &text, 15_000))),
            None => Answer::from(Ok(Object::default().into())),
        };
        let mut written = Vec::new();
        let finished = simulation::run(
            program.clone(),
            execution(),
            |request| {
                if request.resource.ends_with("putObject") {
                    written.push(request.input.clone());
                }
                answer(request)
            },
            |_| {},
        );
        let finished = finished.expect("it ends");
        assert_eq!(finished.outcome.is_ok(), tolerated == 30, "{:?}", finished.outcome);
        assert!(written.len() >= 3, "{} bodies", written.len());
        for seed in 0..4 {
            let went =
                restarting::run(&program, execution(), &mut { answer }, restarting::chances(seed)).expect("it ends");
            assert_eq!(went.finished, finished, "{seed}");
            let again: Vec<Value> = went.asked.iter().map(|request| request.input.clone()).collect();
            let again: Vec<Value> = again.into_iter().filter(|input| input.get("Body").is_some()).collect();
            assert!(again == written, "{seed}: other results are written");
        }
    }
}
