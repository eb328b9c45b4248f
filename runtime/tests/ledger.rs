//! The ledger: saved, dropped and restored after every Batch, it goes on as if nothing had happened.

#[path = "support/restarting.rs"]
mod restarting;

use std::collections::BTreeMap;
use std::sync::Arc;

use asl_engine::{Execution, Failure, Program, Reply, TaskRequest, Timestamp, Value};
use asl_runtime::simulation::Answer;
use asl_runtime::{Effect, Input, Ledger, RestoreError, Saved, Saver, Write};

fn program(definition: &str) -> Arc<Program> {
    Arc::new(Program::parse(definition).unwrap_or_else(|diagnostics| panic!("{diagnostics:#?}")))
}

fn execution(input: &str) -> Execution {
    Execution::local("machine", "run", input.parse().expect("JSON"), Timestamp(1_700_000_000_000), 11)
}

/// A Map over many items, each of which waits for a task.
fn map(concurrency: usize) -> String {
    format!(
        r#"{{"StartAt": "Each", "States": {{"Each": {{"Type": "Map", "End": true, "MaxConcurrency": {concurrency},
            "ItemProcessor": {{"StartAt": "Work", "States": {{"Work": {{"Type": "Task", "End": true,
                "Resource": "arn:aws:lambda:us-east-1:123456789012:function:work"}}}}}}}}}}}}"#
    )
}

/// Commits what the ledger made of these inputs.
fn commit(ledger: &mut Ledger, saver: &mut Saver, inputs: Vec<Input>) -> (Vec<Write>, Vec<Effect>) {
    let batch = ledger.feed(Timestamp(1_700_000_000_000), inputs).expect("a sound host");
    (saver.save(ledger, &batch), batch.effects)
}

/// What is written of a piece; nothing where it is deleted.
fn text(write: &Write) -> String {
    write.piece.as_ref().map_or_else(String::new, |piece| piece.text())
}

#[test]
fn an_iteration_that_ends_writes_next_to_nothing_of_the_others() {
    let items: Value = (0..10_000).map(|n| Value::from([("id", n.into()), ("text", "x".repeat(200).into())])).collect();
    let (mut ledger, mut saver) = (Ledger::new(program(&map(40)), execution(&items.to_string())), Saver::default());
    let (writes, mut effects) = commit(&mut ledger, &mut saver, vec![Input::Start]);
    let written = |writes: &[Write]| -> usize { writes.iter().map(|write| text(write).len()).sum() };
    // The items are there once, however many hold them.
    assert!(written(&writes) < 2 * items.json_len(), "{}", written(&writes));
    for _ in 0..500 {
        let Effect::Call(wait, request) = effects.remove(0) else { panic!("a task is called") };
        let reply = Input::Reply(wait, Reply::Task(Ok(request.input.clone())));
        let (writes, more) = commit(&mut ledger, &mut saver, vec![reply]);
        effects.extend(more);
        assert!(writes.len() < 20 && written(&writes) < 8_000, "{} {}", writes.len(), written(&writes));
    }
}

#[test]
fn a_value_that_frames_share_is_saved_once() {
    let branch = r#"{"StartAt": "S", "States": {"S": {"Type": "Wait", "Seconds": 9, "End": true}}}"#;
    let branches = [branch.replace("\"S\"", "\"S0\""), branch.replace("\"S\"", "\"S1\"")].join(",");
    let definition = format!(
        r#"{{"StartAt": "P", "States": {{"P": {{"Type": "Parallel", "End": true, "Branches": [{branches}]}}}}}}"#
    );
    let input = Value::from("x".repeat(1000));
    let (mut ledger, mut saver) = (Ledger::new(program(&definition), execution(&input.to_string())), Saver::default());
    let (writes, _) = commit(&mut ledger, &mut saver, vec![Input::Start]);
    let holds = |write: &&Write| text(write).contains(&"x".repeat(1000));
    assert_eq!(writes.iter().filter(holds).count(), 1, "{writes:#?}");
}

/// A task that has told what it submitted is gone on with after a crash, and does not tell it twice.
#[test]
fn a_task_that_was_submitted_is_resumed() {
    let definition = r#"{"StartAt": "T", "States": {"T": {"Type": "Task", "End": true,
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "Parameters": {"MessageBody": "m", "QueueUrl": "q"}}}}"#;
    let program = program(definition);
    let (mut ledger, mut saver) = (Ledger::new(program.clone(), execution("{}")), Saver::default());
    let mut saved = Saved::default();
    let (writes, effects) = commit(&mut ledger, &mut saver, vec![Input::Start]);
    saved.apply(writes);
    let Effect::Call(wait, request) = effects[0].clone() else { panic!("a task is called") };
    let (ledger_again, _) = Ledger::restore(program.clone(), saved.clone()).expect("the same program");
    assert_eq!(ledger_again.open().collect::<Vec<_>>(), [Effect::Call(wait, request.clone())]);
    let submitted = Reply::Submitted(Value::from("sent"));
    saved.apply(commit(&mut ledger, &mut saver, vec![Input::Reply(wait, submitted.clone())]).0);
    let (mut ledger, _) = Ledger::restore(program, saved).expect("the same program");
    assert_eq!(ledger.open().collect::<Vec<_>>(), [Effect::Resume(wait, request, vec![submitted.clone()])]);
    let batch = ledger.feed(Timestamp(0), [Input::Reply(wait, submitted)]).expect("a sound host");
    assert_eq!(batch.recorded, []);
}

#[test]
fn an_answer_to_an_earlier_wait_is_not_taken_for_that_of_a_later_one() {
    let task = |end: &str| {
        format!(r#"{{"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", {end}}}"#)
    };
    let definition = format!(
        r#"{{"StartAt": "A", "States": {{"A": {}, "B": {}}}}}"#,
        task(r#""Next": "B""#),
        task(r#""End": true"#)
    );
    let mut ledger = Ledger::new(program(&definition), execution("{}"));
    let mut saver = Saver::default();
    let (_, effects) = commit(&mut ledger, &mut saver, vec![Input::Start]);
    let Effect::Call(first, _) = effects[0] else { panic!("a task is called") };
    let reply = |wait, text: &str| Input::Reply(wait, Reply::Task(Ok(text.into())));
    let (_, effects) = commit(&mut ledger, &mut saver, vec![reply(first, "a"), reply(first, "again")]);
    let Effect::Call(second, _) = effects[0] else { panic!("the next task is called") };
    let batch = ledger.feed(Timestamp(0), [reply(first, "late"), reply(second, "b")]).expect("a sound host");
    assert_eq!(batch.finished.expect("it ends").outcome, Ok(Value::from("b")));
}

#[test]
fn a_definition_that_has_changed_is_told() {
    let (mut ledger, mut saver) = (Ledger::new(program(&map(2)), execution("[1]")), Saver::default());
    let mut saved = Saved::default();
    saved.apply(commit(&mut ledger, &mut saver, vec![Input::Start]).0);
    let refused = Ledger::restore(program(&map(3)), saved).map(|_| ()).unwrap_err();
    assert_eq!(refused, RestoreError::ChangedDefinition);
}

#[test]
fn what_is_damaged_is_told_by_its_name() {
    let program = program(&map(2));
    let (mut ledger, mut saver) = (Ledger::new(program.clone(), execution("[1]")), Saver::default());
    let (writes, _) = commit(&mut ledger, &mut saver, vec![Input::Start]);
    let mut pieces: BTreeMap<String, String> = BTreeMap::new();
    for write in &writes {
        pieces.insert(write.key.to_string(), text(write));
    }
    let refused = |change: &dyn Fn(&mut BTreeMap<String, String>)| {
        let mut pieces = pieces.clone();
        change(&mut pieces);
        let saved = Saved::try_from(pieces);
        saved.and_then(|saved| Ledger::restore(program.clone(), saved)).map(|_| ()).unwrap_err().to_string()
    };
    assert_eq!(refused(&|pieces| _ = pieces.remove("root")), "the saved execution is damaged: root: it is missing");
    assert_eq!(
        refused(&|pieces| _ = pieces.insert("root".to_owned(), r#"{"version":99}"#.to_owned())),
        "the execution was saved in the form 99; this release reads the form 3"
    );
    assert_eq!(
        refused(&|pieces| _ = pieces.remove("execution/0")),
        "the saved execution is damaged: execution/0: it is missing"
    );
    let cut = refused(&|pieces| _ = pieces.insert("frame/0".to_owned(), "{".to_owned()));
    assert!(cut.starts_with("the saved execution is damaged: frame/0: EOF"), "{cut}");
    assert_eq!(
        refused(&|pieces| _ = pieces.insert("frames".to_owned(), String::new())),
        "the saved execution is damaged: frames: no piece has such a name"
    );
}

#[test]
fn the_same_inputs_give_the_same_batches() {
    let run = || {
        let (mut ledger, mut saver) = (Ledger::new(program(&map(3)), execution("[1,2,3,4,5]")), Saver::default());
        let (mut writes, mut effects) = commit(&mut ledger, &mut saver, vec![Input::Start]);
        while let Some(Effect::Call(wait, request)) = effects.pop() {
            let reply = Input::Reply(wait, Reply::Task(Ok(request.input.clone())));
            let (more, asked) = commit(&mut ledger, &mut saver, vec![reply]);
            writes.extend(more);
            effects.extend(asked);
        }
        writes
    };
    assert_eq!(run(), run());
}

/// One that fails, is retried, times out and is caught, below a Map Run.
#[test]
fn crashes_change_nothing() {
    let definition = r#"{"StartAt": "Runs", "States": {
        "Runs": {"Type": "Map", "ItemsPath": "$.items", "ToleratedFailurePercentage": 100, "MaxConcurrency": 3, "Next": "Both",
            "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "Work", "States": {
                "Work": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sqs:sendMessage", "TimeoutSeconds": 3,
                    "Retry": [{"ErrorEquals": ["Flaky"], "JitterStrategy": "FULL", "MaxAttempts": 2}], "Next": "Rest"},
                "Rest": {"Type": "Wait", "Seconds": 1, "End": true}}}},
        "Both": {"Type": "Parallel", "End": true, "Branches": [
            {"StartAt": "L", "States": {"L": {"Type": "Pass", "Parameters": {"id.$": "States.UUID()"}, "End": true}}},
            {"StartAt": "R", "States": {"R": {"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "I", "States": {
                "I": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sqs:sendMessage", "End": true}}}}}}]}}}"#;
    let program = program(definition);
    let input = r#"{"items": [{"n": 1}, {"n": 2, "fail": "Flaky"}, {"n": 3, "silent": true}, {"n": 4, "fail": "Bad"}, {"n": 5}]}"#;
    let mut answer = |request: &TaskRequest| match request.input["fail"].as_str() {
        Some(error) => Answer::from(Err(Failure::new(error, "as told"))),
        None if request.input["silent"].as_bool() == Some(true) => {
            Answer { outcome: None, ..Answer::from(Ok(Value::Null)) }
        }
        None => Answer { after_millis: 500, ..Answer::from(Ok(request.input.clone())) },
    };
    let mut run =
        |seed| restarting::run(&program, execution(input), &mut answer, restarting::chances(seed)).expect("it ends");
    let plain = run(0);
    for seed in 1..100 {
        assert_eq!(run(seed), plain, "{seed}");
    }
}

/// A child execution starts when its first step is made, which can be after it was saved.
#[test]
fn a_child_execution_keeps_the_time_when_it_started() {
    let definition = r#"{"StartAt": "Runs", "States": {"Runs": {"Type": "Map", "End": true,
        "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "A", "States": {
            "A": {"Type": "Pass", "Next": "B"},
            "B": {"Type": "Pass", "Parameters": {"at.$": "$$.Execution.StartTime"}, "End": true}}}}}}"#;
    let program = program(definition);
    let items: Value = (0..300).map(Value::from).collect();
    let run = |is_restored: bool| {
        let (mut ledger, mut saver) = (Ledger::new(program.clone(), execution(&items.to_string())), Saver::default());
        let mut saved = Saved::default();
        for millis in 0.. {
            let input = if millis == 0 { Input::Start } else { Input::GoOn };
            let batch = ledger.feed(Timestamp(1_700_000_000_000 + millis), [input]).expect("a sound host");
            if let Some(finished) = batch.finished {
                return finished.outcome;
            }
            if is_restored {
                saved.apply(saver.save(&ledger, &batch));
                (ledger, saver) = Ledger::restore(program.clone(), saved.clone()).expect("the same program");
            }
        }
        unreachable!("every batch brings it on")
    };
    assert_eq!(run(true), run(false));
}

/// A fan-out that begins in the Batch in which another one ended gets nothing of what the children of that came to.
#[test]
fn results_of_one_fan_out_are_not_those_of_the_next() {
    let task = |name: &str, then: &str| {
        format!(
            r#""{name}": {{"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", {then}}}"#
        )
    };
    let definition = format!(
        r#"{{"StartAt": "M", "States": {{
            "M": {{"Type": "Map", "Next": "P", "ItemProcessor": {{"StartAt": "T", "States": {{{}}}}}}},
            "P": {{"Type": "Parallel", "End": true, "Branches": [{{"StartAt": "B", "States": {{{}}}}}]}}}}}}"#,
        task("T", r#""End": true"#),
        task("B", r#""End": true"#)
    );
    let mut delays = [3, 1, 2, 1].into_iter().cycle();
    let mut answer =
        |_: &TaskRequest| Answer { after_millis: delays.next().unwrap_or(1), ..Answer::from(Ok(7.into())) };
    let run = restarting::run(&program(&definition), execution("[1, 2, 3]"), &mut answer, restarting::chances(0));
    assert_eq!(run.expect("it ends").finished.outcome.map(|output| output.to_string()), Ok("[7]".to_owned()));
}
