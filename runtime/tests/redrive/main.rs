//! Redrive, held against what AWS has recorded.
//!
//! The recordings are those of `radkawar/stackd` on GitHub (`testdata/aws/stepfunctions/redrive_execution.json` and
//! `redrive_map.json`, captured from AWS on 2026-09-24): histories that were redriven, with the events that each follows.

mod map_runs;

use std::sync::Arc;

use asl_engine::{
    Execution, Failure, HistoryEvent, MapRunCounts, MapRunUpdate, Program, Reply, TaskRequest, Termination, Timestamp,
    Value,
};
use asl_runtime::simulation::{Answer, Simulation};
use asl_runtime::{Effect, Input, Ledger, MapRunStatus, NotRedrivable, RedriveStatus, Saved, Saver, Status};

const START: Timestamp = Timestamp(1_700_000_000_000);

fn program(definition: &str) -> Arc<Program> {
    Arc::new(Program::parse(definition).unwrap_or_else(|diagnostics| panic!("{definition}\n{diagnostics:#?}")))
}

fn execution(input: &str) -> Execution {
    Execution::local("machine", "run", input.parse().expect("JSON"), START, 11)
}

/// An activity that is told the context object.
fn activity(name: &str, more: &str) -> String {
    format!(
        r#""{name}": {{"Type": "Task", "Resource": "arn:aws:states:us-west-2:000000000000:activity:a", "TimeoutSeconds": 60,
            "Parameters": {{"input.$": "$", "execution.$": "$$.Execution", "state.$": "$$.State"}}, {more}}}"#
    )
}

/// A worker takes the task at once, and answers a second later.
fn worker(outcome: Result<Value, Failure>) -> Answer {
    let started = Reply::Started { worker_name: Some("w".into()) };
    Answer { before: vec![started], after_millis: 1000, ..Answer::from(outcome) }
}

fn failed() -> Answer {
    worker(Err(Failure::new("Probe.Retry", "as told")))
}

/// An execution that is run, and redriven.
struct Run<A> {
    simulation: Simulation<A>,
    events: Vec<HistoryEvent>,
    children: Vec<(Arc<str>, HistoryEvent)>,
}

impl<A: FnMut(&TaskRequest, Timestamp) -> Answer> Run<A> {
    fn new(definition: &str, input: &str, answer: A) -> Self {
        let ledger = Ledger::new(program(definition), execution(input)).recording_children().redrivable();
        Self { simulation: Simulation::new(ledger, START, answer), events: Vec::new(), children: Vec::new() }
    }

    /// Goes on to its end.
    fn go_on(&mut self) -> Result<Value, String> {
        while let Some(batch) = self.simulation.step().expect("it ends") {
            for recorded in batch.recorded {
                match &*recorded.execution.name {
                    "run" => self.events.push(recorded.event),
                    _ => self.children.push((recorded.execution.name.clone(), recorded.event)),
                }
            }
        }
        let finished = self.simulation.ledger().finished().expect("it has ended").clone();
        finished.outcome.map_err(|failure| format!("{} {failure}", finished.status.name()))
    }

    fn redrive(&mut self) -> Result<Value, String> {
        assert_eq!(self.simulation.ledger().redrive_status(), RedriveStatus::Redrivable);
        let at = self.simulation.at().plus_seconds(60);
        self.simulation.redrive(at);
        self.go_on()
    }

    /// The events from one on, one line an event: `3<2 PassStateExited`.
    fn history(&self, from: usize) -> String {
        self.events[from - 1..].iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

fn line(event: &HistoryEvent) -> String {
    format!("{}<{} {}", event.id, event.previous_id, event.type_name())
}

fn lines(text: &str) -> String {
    text.trim().lines().map(str::trim).collect::<Vec<_>>().join("\n")
}

/// `01-sequence`: the state is not entered again, its Retriers count from 0, and the context object tells of the redrive.
#[test]
fn a_task_is_scheduled_again() {
    let definition = format!(
        r#"{{"StartAt": "Before", "States": {{"Before": {{"Type": "Pass", "Next": "Work"}}, {}, "Finish": {{"Type": "Pass",
            "Parameters": {{"context.$": "$$.Execution", "work.$": "$"}}, "End": true}}}}}}"#,
        activity(
            "Work",
            r#""Next": "Finish", "Retry": [{"ErrorEquals": ["Probe.Retry"], "IntervalSeconds": 1, "MaxAttempts": 1}]"#
        )
    );
    let (mut asked, mut tokens) = (Vec::new(), Vec::new());
    let mut run = Run::new(&definition, "{}", |request: &TaskRequest, _| {
        let Value::Object(_) = &request.input else { panic!("{request:?}") };
        let state = &request.input["state"];
        let about = &request.input["execution"];
        asked.push(format!(
            "{} {} {} {}",
            state["RetryCount"],
            about["RedriveCount"],
            about.get("RedriveTime").is_some(),
            state["EnteredTime"]
        ));
        tokens.push(request.token.clone());
        if tokens.len() < 5 { failed() } else { worker(Ok(Value::from("fixed"))) }
    });
    let failure = Err("FAILED Probe.Retry: as told".to_owned());
    assert_eq!(run.go_on(), failure);
    assert_eq!(run.redrive(), failure);
    let output = run.redrive().expect("it succeeds");
    assert_eq!((output["context"]["RedriveCount"].as_i64(), output["work"].as_str()), (Some(2), Some("fixed")));
    assert_eq!(
        output["context"]["RedriveTime"].as_str(),
        Some("2023-11-14T22:15:26.000Z"),
        "a minute after the second end"
    );
    let status = run.simulation.ledger().redrive_status();
    assert_eq!(status, RedriveStatus::NotRedrivable(NotRedrivable::Succeeded));
    assert_eq!(
        run.history(4),
        lines(
            "4<3 TaskStateEntered
            5<4 ActivityScheduled
            6<5 ActivityStarted
            7<6 ActivityFailed
            8<7 ActivityScheduled
            9<8 ActivityStarted
            10<9 ActivityFailed
            11<10 ExecutionFailed
            12<11 ExecutionRedriven
            13<4 ActivityScheduled
            14<13 ActivityStarted
            15<14 ActivityFailed
            16<15 ActivityScheduled
            17<16 ActivityStarted
            18<17 ActivityFailed
            19<18 ExecutionFailed
            20<19 ExecutionRedriven
            21<4 ActivityScheduled
            22<21 ActivityStarted
            23<22 ActivitySucceeded
            24<23 TaskStateExited
            25<24 PassStateEntered
            26<25 PassStateExited
            27<26 ExecutionSucceeded"
        )
    );
    drop(run);
    let entered = "\"2023-11-14T22:13:20.000Z\"";
    let expected = [("0", "0"), ("1", "0"), ("0", "1"), ("1", "1"), ("0", "2")];
    let expected = expected.map(|(retry, redrive)| format!("{retry} {redrive} {} {entered}", redrive != "0"));
    assert_eq!(asked, expected);
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), 5, "no attempt has the token of another");
}

/// `02-parallel`: the branch that succeeded is kept; the failed and the stopped one go on where they were.
#[test]
fn branches_that_did_not_succeed_go_on() {
    let branch = |name: &str| format!(r#"{{"StartAt": "{name}", "States": {{{}}}}}"#, activity(name, r#""End": true"#));
    let branches = ["Succeeded", "Failed", "Aborted"].map(branch).join(",");
    let definition = format!(
        r#"{{"StartAt": "P", "States": {{"P": {{"Type": "Parallel", "Branches": [{branches}], "End": true}}}}}}"#
    );
    let mut calls = 0;
    let mut run = Run::new(&definition, "{}", |request: &TaskRequest, _| {
        calls += 1;
        match (&*request.state, calls) {
            ("Succeeded", _) => worker(Ok("preserved".into())),
            ("Failed", 1..=3) => Answer { after_millis: 2000, ..failed() },
            ("Aborted", 1..=3) => Answer { after_millis: 9000, ..failed() },
            (name, _) => worker(Ok(name.into())),
        }
    });
    assert_eq!(run.go_on(), Err("FAILED Probe.Retry: as told".to_owned()));
    assert_eq!(run.redrive().map(|output| output.to_string()), Ok(r#"["preserved","Failed","Aborted"]"#.to_owned()));
    // The recorded history without its first two events, which are those of a Choice; workers come at other times.
    assert_eq!(
        run.history(2),
        lines(
            "2<0 ParallelStateEntered
            3<2 ParallelStateStarted
            4<3 TaskStateEntered
            5<4 ActivityScheduled
            6<3 TaskStateEntered
            7<6 ActivityScheduled
            8<3 TaskStateEntered
            9<8 ActivityScheduled
            10<5 ActivityStarted
            11<7 ActivityStarted
            12<9 ActivityStarted
            13<10 ActivitySucceeded
            14<13 TaskStateExited
            15<11 ActivityFailed
            16<15 TaskStateAborted
            17<15 TaskStateAborted
            18<15 ParallelStateFailed
            19<18 ExecutionFailed
            20<19 ExecutionRedriven
            21<6 ActivityScheduled
            22<8 ActivityScheduled
            23<21 ActivityStarted
            24<22 ActivityStarted
            25<23 ActivitySucceeded
            26<25 TaskStateExited
            27<24 ActivitySucceeded
            28<27 TaskStateExited
            29<28 ParallelStateSucceeded
            30<28 ParallelStateExited
            31<30 ExecutionSucceeded"
        )
    );
}

/// `03-inline-map`: with `MaxConcurrency` 1, the iteration that failed goes on, and then the next one starts.
#[test]
fn iterations_that_did_not_succeed_go_on() {
    let definition = format!(
        r#"{{"StartAt": "M", "States": {{"M": {{"Type": "Map", "MaxConcurrency": 1, "End": true,
            "ItemProcessor": {{"StartAt": "Item", "States": {{{}}}}}}}}}}}"#,
        activity("Item", r#""End": true"#)
    );
    let mut calls = 0;
    let mut run = Run::new(&definition, "[0, 1, 2]", |request: &TaskRequest, _| {
        calls += 1;
        if calls == 2 { failed() } else { worker(Ok(request.input["input"].clone())) }
    });
    assert_eq!(run.go_on(), Err("FAILED Probe.Retry: as told".to_owned()));
    assert_eq!(run.redrive().map(|output| output.to_string()), Ok("[0,1,2]".to_owned()));
    // Two less than recorded, where a Choice comes first.
    assert_eq!(
        run.history(10),
        lines(
            "10<9 MapIterationSucceeded
            11<9 MapIterationStarted
            12<11 TaskStateEntered
            13<12 ActivityScheduled
            14<13 ActivityStarted
            15<14 ActivityFailed
            16<15 MapIterationFailed
            17<15 TaskStateAborted
            18<15 MapStateFailed
            19<18 ExecutionFailed
            20<19 ExecutionRedriven
            21<12 ActivityScheduled
            22<21 ActivityStarted
            23<22 ActivitySucceeded
            24<23 TaskStateExited
            25<24 MapIterationSucceeded
            26<24 MapIterationStarted
            27<26 TaskStateEntered
            28<27 ActivityScheduled
            29<28 ActivityStarted
            30<29 ActivitySucceeded
            31<30 TaskStateExited
            32<31 MapIterationSucceeded
            33<32 MapStateSucceeded
            34<32 MapStateExited
            35<34 ExecutionSucceeded"
        )
    );
}

/// `05-aborted-unleased`, `06-execution-timeout` and `08-explicit-fail`.
#[test]
fn executions_that_were_stopped_or_failed_by_themselves_go_on() {
    let wait =
        format!(r#"{{"StartAt": "Work", "TimeoutSeconds": 8, "States": {{{}}}}}"#, activity("Work", r#""End": true"#));
    let mut calls = 0;
    let mut run = Run::new(&wait, "{}", |_: &TaskRequest, _| {
        calls += 1;
        // The time of the machine counts anew: the second attempt ends after it would have been over.
        Answer { after_millis: if calls == 1 { 20_000 } else { 7_000 }, ..worker(Ok("recovered".into())) }
    });
    assert_eq!(run.go_on(), Err("TIMED_OUT States.Timeout".to_owned()));
    assert_eq!(run.redrive().map(|output| output.to_string()), Ok(r#""recovered""#.to_owned()));
    let expected = "4<3 ActivityStarted
        5<0 ExecutionTimedOut
        6<5 ExecutionRedriven
        7<2 ActivityScheduled
        8<7 ActivityStarted
        9<8 ActivitySucceeded
        10<9 TaskStateExited
        11<10 ExecutionSucceeded";
    assert_eq!(run.history(4), lines(expected));

    let mut run = Run::new(&wait, "{}", |_: &TaskRequest, _| worker(Ok("recovered".into())));
    run.events.extend(
        run.simulation
            .step()
            .expect("it begins")
            .expect("it has not ended")
            .recorded
            .into_iter()
            .map(|recorded| recorded.event),
    );
    run.simulation.stop(Termination::Aborted(Failure::new("Probe.Abort", "owned explicit abort")));
    assert_eq!(run.go_on(), Err("ABORTED Probe.Abort: owned explicit abort".to_owned()));
    assert_eq!(run.redrive().map(|output| output.to_string()), Ok(r#""recovered""#.to_owned()));
    let expected = "2<0 TaskStateEntered
        3<2 ActivityScheduled
        4<0 ExecutionAborted
        5<4 ExecutionRedriven
        6<2 ActivityScheduled";
    assert!(run.history(2).starts_with(&lines(expected)), "{}", run.history(2));

    let fail = r#"{"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "Probe.Explicit", "Cause": "same Fail state entered again"}}}"#;
    let mut run = Run::new(fail, "{}", |_: &TaskRequest, _| failed());
    let failure = Err("FAILED Probe.Explicit: same Fail state entered again".to_owned());
    assert_eq!((run.go_on(), run.redrive()), (failure.clone(), failure));
    let expected = "2<0 FailStateEntered
        3<2 ExecutionFailed
        4<3 ExecutionRedriven
        5<4 ExecutionFailed";
    assert_eq!(run.history(2), lines(expected));
}

/// AWS Step Functions API reference, `redriveStatusReason` of `DescribeExecution`, and `running-rejected` of the recording.
#[test]
fn what_cannot_be_redriven_says_why() {
    let status = |ledger: &Ledger| {
        let status = ledger.redrive_status();
        (status.name(), status.reason().map(|reason| reason.to_string()).unwrap_or_default())
    };
    let wait = r#"{"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 9, "End": true}}}"#;
    let mut ledger = Ledger::new(program(wait), execution("{}")).redrivable();
    ledger.feed(START, [Input::Start]).expect("a sound host");
    assert_eq!(status(&ledger), ("NOT_REDRIVABLE", "Execution is RUNNING and cannot be redriven".to_owned()));
    let batch = ledger.feed(START, [Input::Redrive]).expect("a sound host");
    assert_eq!(batch.recorded, []);
    let abort = || Input::Stop(Termination::Aborted(Failure::new("A", "")));
    ledger.feed(START, [abort()]).expect("a sound host");
    assert_eq!(status(&ledger), ("REDRIVABLE", String::new()));

    let mut plain = Ledger::new(program(wait), execution("{}"));
    plain.feed(START, [Input::Start, abort()]).expect("a sound host");
    let reason = "Execution was started before the launch of RedriveExecution";
    assert_eq!(status(&plain), ("NOT_REDRIVABLE", reason.to_owned()));

    let endless = r#"{"StartAt": "A", "States": {"A": {"Type": "Choice", "Default": "B",
        "Choices": [{"Variable": "$.end", "IsPresent": true, "Next": "C"}]}, "B": {"Type": "Pass", "Next": "A"}, "C": {"Type": "Succeed"}}}"#;
    let mut full = Ledger::new(program(endless), execution("{}")).redrivable();
    let mut batch = full.feed(START, [Input::Start]).expect("a sound host");
    while batch.is_busy {
        batch = full.feed(START, [Input::GoOn]).expect("a sound host");
    }
    assert_eq!(batch.finished.map(|finished| finished.status), Some(Status::Failed));
    assert_eq!(status(&full), ("NOT_REDRIVABLE", "Execution history event limit exceeded".to_owned()));

    let arn = "arn:aws:states:us-west-2:000000000000:execution:m:e";
    let message = format!("Execution {arn} invalid for redrive as: Execution is RUNNING and cannot be redriven");
    assert_eq!(NotRedrivable::Running.message(arn), message);
    assert_eq!(RedriveStatus::of_child(Some(Status::Aborted)).name(), "REDRIVABLE_BY_MAP_RUN");
    assert_eq!(RedriveStatus::of_child(Some(Status::Succeeded)).reason(), Some(NotRedrivable::Succeeded));
}

/// What succeeds keeps nothing, and a failure that is caught or tried again is forgotten.
#[test]
fn only_what_failed_is_kept() {
    let definition = r#"{"StartAt": "M", "States": {"M": {"Type": "Map", "End": true, "Catch": [{"ErrorEquals": ["Odd"], "Next": "Caught"}],
        "Retry": [{"ErrorEquals": ["Odd"], "MaxAttempts": 1, "IntervalSeconds": 1}],
        "ItemProcessor": {"StartAt": "T", "States": {
            "T": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": true}}}},
        "Caught": {"Type": "Wait", "Seconds": 5, "Next": "Done"}, "Done": {"Type": "Fail"}}}"#;
    let answer = |_: &TaskRequest, _| Answer::from(Err(Failure::new("Odd", "as told")));
    let ledger = Ledger::new(program(definition), execution("[1, 2, 3]")).redrivable();
    let mut simulation = Simulation::new(ledger, START, answer);
    let (mut saver, mut pieces) = (Saver::default(), std::collections::BTreeSet::new());
    while let Some(batch) = simulation.step().expect("it ends") {
        for write in saver.save(simulation.ledger(), &batch) {
            match write.piece {
                Some(_) => pieces.insert(write.key.to_string()),
                None => pieces.remove(&write.key.to_string()),
            };
        }
    }
    let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
    assert_eq!(pieces, ["events/0", "execution/0", "frame/0", "root"]);
}

/// AWS developer guide, "Redrive eligibility for child workflows in a Map Run": a child execution whose history is full is not
/// attempted again, and counts as failed.
#[test]
fn a_child_execution_whose_history_is_full_stays_failed() {
    let definition = r#"{"StartAt": "M", "States": {"M": {"Type": "Map", "End": true, "MaxConcurrency": 2, "ToleratedFailureCount": 1,
        "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "A", "States": {
            "A": {"Type": "Choice", "Default": "T", "Choices": [{"Variable": "$", "NumericEquals": 0, "Next": "A"}]},
            "T": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": true}}}}}}"#;
    let mut calls = 0;
    let mut run = Run::new(definition, "[0, 1, 2]", |request: &TaskRequest, _| {
        calls += 1;
        let outcome = if calls <= 2 { Err(Failure::new("Odd", "as told")) } else { Ok(request.input.clone()) };
        Answer { after_millis: 1000, ..Answer::from(outcome) }
    });
    run.go_on().unwrap_err();
    let state = run.simulation.ledger().map_runs().next().expect("a Map Run").state;
    assert_eq!((state.executions.failed, state.executions.aborted), (2, 1));
    assert_eq!(state.executions.failures_not_redrivable, 1);
    let output = run.redrive().expect("one failure is borne");
    let status = output[0]["Status"].as_str();
    assert_eq!((status, output[1].as_i64(), output[2].as_i64()), (Some("FAILED"), Some(1), Some(2)));
    let state = run.simulation.ledger().map_runs().next().expect("a Map Run").state;
    assert_eq!((state.executions.failed, state.executions.succeeded), (1, 2));
}

/// A Parallel state in an iteration in a child execution: each Frame goes on in its own state, however deep it is.
#[test]
fn what_failed_deep_inside_goes_on_there() {
    let definition = r#"{"StartAt": "M", "States": {"M": {"Type": "Map", "End": true,
        "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "I", "States": {
            "I": {"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "P", "States": {
                "P": {"Type": "Parallel", "End": true, "Branches": [
                    {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": true}}},
                    {"StartAt": "B", "States": {"B": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": true}}}
                ]}}}}}}}}}"#;
    let mut calls = Vec::new();
    let mut run = Run::new(definition, "[[1, 2], [3]]", |request: &TaskRequest, _| {
        calls.push(format!("{}{}", request.state, request.input));
        let fails = calls.len() <= 6 && *calls.last().expect("one") == "B2";
        let outcome = if fails { Err(Failure::new("Odd", "as told")) } else { Ok(request.input.clone()) };
        let after_millis = if fails || request.input.as_i64() == Some(3) { 500 } else { 100 };
        Answer { after_millis, ..Answer::from(outcome) }
    });
    run.go_on().unwrap_err();
    assert_eq!(run.redrive().map(|output| output.to_string()), Ok("[[[1,1],[2,2]],[[3,3]]]".to_owned()));
    drop(run);
    assert_eq!(calls[6..].iter().filter(|call| !call.ends_with('3')).collect::<Vec<_>>(), ["B2"], "{calls:?}");
}
