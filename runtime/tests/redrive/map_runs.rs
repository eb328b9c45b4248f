//! Map Runs that are redriven, told of and changed.

use super::*;

/// A Map Run of six items, two at once, of which the second fails once and the third waits.
fn map_run(kind: &str, more: &str) -> String {
    format!(
        r#"{{"StartAt": "Map", "States": {{"Map": {{"Type": "Map", "Label": "ProbeMap", "MaxConcurrency": 2, "End": true, {more}
            "ItemProcessor": {{"ProcessorConfig": {{"Mode": "DISTRIBUTED", "ExecutionType": "{kind}"}}, "StartAt": "Before",
                "States": {{
                    "Before": {{"Type": "Pass", "Parameters": {{"count.$": "$$.Execution.RedriveCount", "wait.$": "$.wait", "n.$": "$.n"}},
                        "Next": "Pause"}},
                    "Pause": {{"Type": "Wait", "SecondsPath": "$.wait", "Next": "Read"}},
                    "Read": {{"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:getObject", "ResultPath": null,
                        "Parameters": {{"Bucket": "b", "Key.$": "States.Format('{{}}', $.n)"}}, "Next": "After"}},
                    "After": {{"Type": "Pass", "Parameters": {{"n.$": "$.n", "before.$": "$.count",
                        "after.$": "$$.Execution.RedriveCount", "context.$": "$$.Execution"}}, "End": true}}
                }}}}}}}}}}"#
    )
}

const ITEMS: &str = r#"[{"n": 0, "wait": 0}, {"n": 1, "wait": 8}, {"n": 2, "wait": 30}, {"n": 3, "wait": 0}, {"n": 4, "wait": 0}, {"n": 5, "wait": 0}]"#;

/// `standard` of `redrive_map.json`: the child that failed and the one that was stopped keep their ARNs and go on in their states.
/// With two at once and this timing, the third child is stopped and the others have not started.
#[test]
fn child_executions_that_did_not_succeed_are_redriven() {
    let mut missing = true;
    let mut run = Run::new(&map_run("STANDARD", ""), ITEMS, |request: &TaskRequest, _| {
        let fails = request.input["Key"].as_str() == Some("1") && std::mem::take(&mut missing);
        Answer::from(if fails { Err(Failure::new("S3.NoSuchKeyException", "no")) } else { Ok(Value::Null) })
    });
    let exceeded =
        "FAILED States.ExceedToleratedFailureThreshold: The specified tolerated failure threshold was exceeded";
    assert_eq!(run.go_on(), Err(exceeded.to_owned()));
    let output = run.redrive().expect("it succeeds");
    let counts = |name: &str| (0..6).map(|n| output[n][name].to_string()).collect::<String>();
    assert_eq!((counts("n"), counts("before"), counts("after")), ("012345".into(), "000000".into(), "011000".into()));
    assert!(output[1]["context"].get("RedriveTime").is_some() && output[3]["context"].get("RedriveTime").is_none());
    assert_eq!(
        run.history(3),
        lines(
            "3<2 MapStateStarted
            4<3 MapRunStarted
            5<4 MapRunFailed
            6<5 MapStateFailed
            7<6 ExecutionFailed
            8<7 ExecutionRedriven
            9<3 MapRunRedriven
            10<9 MapRunSucceeded
            11<10 MapStateSucceeded
            12<9 MapStateExited
            13<12 ExecutionSucceeded"
        )
    );
    let of_child = |n: usize| {
        let name = output[n]["context"]["Name"].as_str().expect("a name").to_owned();
        let events = run.children.iter().filter(move |(execution, _)| **execution == *name);
        events.map(|(_, event)| line(event)).skip(3).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(
        of_child(1),
        lines(
            "4<3 WaitStateEntered
            5<4 WaitStateExited
            6<5 TaskStateEntered
            7<6 TaskScheduled
            8<7 TaskStarted
            9<8 TaskFailed
            10<9 ExecutionFailed
            11<10 ExecutionRedriven
            12<6 TaskScheduled
            13<12 TaskStarted
            14<13 TaskSucceeded
            15<14 TaskStateExited
            16<15 PassStateEntered
            17<16 PassStateExited
            18<17 ExecutionSucceeded"
        )
    );
    let stopped = of_child(2);
    let expected = "4<3 WaitStateEntered
        5<0 ExecutionAborted
        6<5 ExecutionRedriven
        7<4 WaitStateExited";
    assert!(stopped.starts_with(&lines(expected)), "{stopped}");
    let times: Vec<i64> = run
        .children
        .iter()
        .filter(|(_, event)| event.type_name() == "WaitStateExited")
        .map(|(_, event)| event.timestamp.0)
        .collect();
    let redriven = run.events[7].timestamp.0;
    assert!(times.contains(&(redriven + 30_000)), "the wait begins again");
    assert!(of_child(4).starts_with("4<3 WaitStateEntered\n5<4 WaitStateExited"), "it starts for the first time");
}

/// `express` of `redrive_map.json`: the child that failed keeps its ARN and begins anew, and knows no `RedriveTime`.
#[test]
fn express_child_executions_begin_anew() {
    let mut missing = true;
    let mut run = Run::new(&map_run("EXPRESS", ""), ITEMS, |request: &TaskRequest, _| {
        let fails = request.input["Key"].as_str() == Some("1") && std::mem::take(&mut missing);
        Answer::from(if fails { Err(Failure::new("S3.NoSuchKeyException", "no")) } else { Ok(Value::Null) })
    });
    run.go_on().unwrap_err();
    let output = run.redrive().expect("it succeeds");
    let context = &output[1]["context"];
    assert_eq!((output[1]["before"].as_i64(), output[1]["after"].as_i64()), (Some(1), Some(1)));
    assert!(context.get("RedriveTime").is_none());
    let started = context["StartTime"].as_str().and_then(Timestamp::parse).expect("a time");
    assert!(started >= run.events[7].timestamp, "it starts with the redrive");
    let name = context["Name"].as_str().expect("a name");
    let types = run.children.iter().filter(|(execution, _)| &**execution == name).map(|(_, event)| event.type_name());
    assert_eq!(types.filter(|name| name == "ExecutionStarted").count(), 2, "under the same ARN");
}

/// A ResultWriter writes what comes after a redrive into a folder of its own; the manifest still names the files of before.
/// `express:terminal` and `standard:terminal-exports` of `redrive_map.json`.
#[test]
fn results_of_a_redrive_have_a_folder() {
    let writer = r#""ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b", "Prefix": "p"}},"#;
    let (mut missing, mut written) = (true, Vec::new());
    let mut run = Run::new(&map_run("STANDARD", writer), ITEMS, |request: &TaskRequest, _| {
        if request.resource.ends_with("putObject") {
            let body = request.input["Body"].as_str().unwrap_or_default();
            let results: Value = body.parse().expect("JSON");
            let count = results.as_array().map_or(0, |results| results.len());
            let key = request.input["Key"].as_str().expect("a key").to_owned();
            written.push((key.splitn(3, '/').last().expect("the rest").to_owned(), count, body.to_owned()));
            return Answer::from(Ok(Value::empty_object()));
        }
        let fails = request.input["Key"].as_str() == Some("1") && std::mem::take(&mut missing);
        Answer::from(if fails { Err(Failure::new("S3.NoSuchKeyException", "no")) } else { Ok(Value::Null) })
    });
    run.go_on().unwrap_err();
    let output = run.redrive().expect("it succeeds");
    let key = output["ResultWriterDetails"]["Key"].as_str().expect("a key").to_owned();
    drop(run);
    assert!(key.ends_with("/Redrive-1/manifest.json"), "{key}");
    let files: Vec<_> = written.iter().map(|(key, count, _)| (key.as_str(), *count)).collect();
    let expected = [
        ("FAILED_0.json", 2),
        ("PENDING_0.json", 3),
        ("SUCCEEDED_0.json", 1),
        ("manifest.json", 0),
        ("Redrive-1/SUCCEEDED_0.json", 5),
        ("Redrive-1/manifest.json", 0),
    ];
    assert_eq!(files, expected);
    let manifest: Value = written[5].2.parse().expect("JSON");
    let named = |status: &str| manifest["ResultFiles"][status].as_array().map_or(0, |files| files.len());
    assert_eq!(["FAILED", "PENDING", "SUCCEEDED"].map(named), [1, 1, 2]);
    assert!(written[4].2.contains(r#""RedriveCount":1"#));
}

/// AWS developer guide, "Redrive behavior of individual states": after `States.DataLimitExceeded` all branches run again.
#[test]
fn a_result_that_was_too_large_is_made_again() {
    let definition = r#"{"StartAt": "P", "States": {"P": {"Type": "Parallel", "End": true, "Branches": [
        {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": true}}},
        {"StartAt": "B", "States": {"B": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": true}}}]}}}"#;
    let mut calls = 0;
    let mut run = Run::new(definition, "{}", |_: &TaskRequest, _| {
        calls += 1;
        Answer::from(Ok(Value::from("x".repeat(if calls <= 2 { 200_000 } else { 1 }))))
    });
    assert!(run.go_on().unwrap_err().contains("States.DataLimitExceeded"));
    assert_eq!(run.redrive().map(|output| output.to_string()), Ok(r#"["x","x"]"#.to_owned()));
    let again = run.events.iter().filter(|event| event.type_name() == "ParallelStateStarted");
    assert_eq!(again.count(), 2);
    drop(run);
    assert_eq!(calls, 4);
}

/// `standard` of `redrive_map.json`: what `DescribeMapRun` tells of a Map Run before and after its redrive; the start and the ARN stay.
/// There one more item was racing and had succeeded.
#[test]
fn a_map_run_tells_what_it_has_come_to() {
    let writer = r#""ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b", "Prefix": "p"}},"#;
    let mut missing = true;
    let mut run = Run::new(&map_run("STANDARD", writer), ITEMS, |request: &TaskRequest, _| {
        let fails = request.input["Key"].as_str() == Some("1") && std::mem::take(&mut missing);
        Answer::from(if fails { Err(Failure::new("S3.NoSuchKeyException", "no")) } else { Ok(Value::empty_object()) })
    });
    run.go_on().unwrap_err();
    let before = run.simulation.ledger().map_runs().next().expect("a Map Run");
    let counts = MapRunCounts {
        pending: 3,
        succeeded: 1,
        failed: 1,
        aborted: 1,
        total: 6,
        results_written: 6,
        ..MapRunCounts::default()
    };
    assert_eq!((before.status, before.state.items, before.state.executions), (MapRunStatus::Failed, counts, counts));
    assert_eq!((before.state.started, before.state.max_concurrency, before.state.redrive_count), (START, 2, 0));
    assert_eq!((&*before.state.state, before.redriven), ("Map", None));
    run.redrive().expect("it succeeds");
    let runs: Vec<_> = run.simulation.ledger().map_runs().collect();
    let [after] = &runs[..] else { panic!("{runs:#?}") };
    let counts = MapRunCounts { succeeded: 6, total: 6, results_written: 6, ..MapRunCounts::default() };
    assert_eq!((after.status, after.state.items, after.state.executions), (MapRunStatus::Succeeded, counts, counts));
    assert_eq!((&after.state.arn, after.state.started, after.state.redrive_count), (&before.state.arn, START, 1));
    assert!(after.redriven.is_some() && after.stopped > before.stopped);
}

/// AWS Step Functions API reference, `UpdateMapRun`: more run at once from then on, and more failures are borne, or fewer.
#[test]
fn a_map_run_that_runs_can_be_changed() {
    let program = program(
        r#"{"StartAt": "M", "States": {"M": {"Type": "Map", "MaxConcurrency": 2, "End": true,
        "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "T", "States": {
            "T": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": true}}}}}}"#,
    );
    let mut ledger = Ledger::new(program.clone(), execution("[0, 1, 2, 3, 4]")).redrivable();
    let (mut saver, mut saved) = (Saver::default(), Saved::default());
    let mut feed = |ledger: &mut Ledger, input| {
        let batch = ledger.feed(START, [input]).expect("a sound host");
        saved.apply(saver.save(ledger, &batch));
        let text = serde_json::to_string(&saved).expect("it can be saved");
        let read = serde_json::from_str(&text).expect("it can be read");
        (*ledger, saver) = Ledger::restore(program.clone(), read).expect("it can be restored");
        batch
    };
    let update =
        |ledger: &Ledger, update| Input::UpdateMapRun(ledger.map_runs().next().expect("one").state.arn, update);
    let batch = feed(&mut ledger, Input::Start);
    assert_eq!(batch.effects.len(), 2);
    let wider = MapRunUpdate { max_concurrency: Some(4), tolerated_failure_count: Some(1), ..MapRunUpdate::default() };
    let wider = update(&ledger, wider);
    assert_eq!(feed(&mut ledger, wider).effects.len(), 2);
    let state = ledger.map_runs().next().expect("one").state;
    assert_eq!((state.max_concurrency, state.tolerated_failure_count), (4, 1));
    assert_eq!((state.items.running, state.items.pending, state.items.total), (4, 1, 5));
    let Effect::Call(wait, _) = &batch.effects[0] else { panic!("a task is called") };
    let failed = Input::Reply(*wait, Reply::Task(Err(Failure::new("Odd", "as told"))));
    assert!(feed(&mut ledger, failed).finished.is_none(), "one failure is borne");
    let narrower = update(&ledger, MapRunUpdate { tolerated_failure_count: Some(0), ..MapRunUpdate::default() });
    let finished = feed(&mut ledger, narrower).finished.expect("it ends");
    assert!(finished.outcome.unwrap_err().to_string().starts_with("States.ExceedToleratedFailureThreshold"));
    let run = ledger.map_runs().next().expect("one");
    assert_eq!((run.status.name(), run.state.items.failed, run.state.items.aborted), ("FAILED", 1, 4));
}

/// A Map Run over the lines of an object, two at once, whose results are written.
const READS: &str = r#"{"StartAt": "Each", "States": {"Each": {"Type": "Map", "MaxConcurrency": 2, "End": true,
    "ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSONL"},
        "Parameters": {"Bucket": "b", "Key": "k"}},
    "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b", "Prefix": "p"},
        "WriterConfig": {"Transformation": "COMPACT", "OutputType": "JSON"}},
    "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "Work", "States": {
        "Work": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": true}}}}}}"#;

/// What S3 answers for the object of six lines, two lines at a time.
fn two_lines(request: &TaskRequest) -> Value {
    let text = "0\n1\n2\n3\n4\n5\n";
    let range = request.input["Range"].as_str().unwrap_or("bytes=0-");
    let from: usize = range.trim_start_matches("bytes=").trim_end_matches('-').parse().expect("a position");
    let to = (from + 4).min(text.len());
    let range = format!("bytes {from}-{}/{}", to - 1, text.len());
    [("Body", Value::from(&text[from..to])), ("ContentRange", range.into())].into()
}

/// Runs [`READS`] with these failures, each of which happens once, and redrives it: what was asked for, `x` being the children.
fn reads(failing: &[(&str, usize)]) -> (Vec<String>, String, Vec<String>) {
    let (mut asked, mut written) = (Vec::new(), Vec::new());
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    let mut run = Run::new(READS, "{}", |request: &TaskRequest, _| {
        let action = request.resource.rsplit(':').next().unwrap_or_default().to_owned();
        let count = counts.entry(action.clone()).or_default();
        *count += 1;
        let fails = failing.iter().any(|(name, at)| *name == action && at == count);
        match &*action {
            "getObject" => asked.push(request.input["Range"].as_str().unwrap_or("bytes=0-").to_owned()),
            "putObject" => {
                let key =
                    request.input["Key"].as_str().expect("a key").splitn(3, '/').last().expect("a name").to_owned();
                let body = request.input["Body"].as_str().unwrap_or_default();
                asked.push(key.clone());
                if !fails && key.contains("SUCCEEDED") {
                    written.push(body.to_owned());
                }
            }
            _ => asked.push(format!("x{}", request.input)),
        }
        if fails {
            return Answer { after_millis: 10, ..Answer::from(Err(Failure::new("Odd", "as told"))) };
        }
        Answer::from(Ok(match &*action {
            "getObject" => two_lines(request),
            "putObject" => Value::empty_object(),
            _ => request.input.clone(),
        }))
    });
    run.go_on().unwrap_err();
    run.redrive().expect("it succeeds");
    let types: Vec<String> = run.events.iter().map(HistoryEvent::type_name).map(|name| name.to_string()).collect();
    drop(run);
    (asked, written.join(" "), types.into_iter().filter(|name| name.starts_with("MapRun")).collect())
}

/// AWS developer guide, "Scenarios of input used on Map Run redrive". That the Map Run stays the same where no child was started is
/// a guess; that all is done again where results could not be written is ours.
#[test]
fn map_runs_that_read_and_write_go_on() {
    // Nothing was started: the object is read again, from its beginning.
    let (asked, written, events) = reads(&[("getObject", 1)]);
    assert_eq!(asked.iter().filter(|asked| *asked == "bytes=0-").count(), 2, "{asked:?}");
    assert_eq!(written, "[0,1,2,3,4,5]");
    assert_eq!(events, ["MapRunStarted", "MapRunFailed", "MapRunRedriven", "MapRunSucceeded"]);
    // A later piece: it is asked for again, and what was done is not done again.
    let (asked, written, events) = reads(&[("getObject", 2)]);
    let children: Vec<&String> = asked.iter().filter(|asked| asked.starts_with('x')).collect();
    assert_eq!(children, ["x0", "x1", "x2", "x3", "x4", "x5"], "{asked:?}");
    assert_eq!(written, "[0,1] [2,3,4,5]");
    assert_eq!(events, ["MapRunStarted", "MapRunFailed", "MapRunRedriven", "MapRunSucceeded"]);
    // A child: those that never started get the items that were left.
    let (asked, written, _) = reads(&[("f", 2)]);
    let children: Vec<&String> = asked.iter().filter(|asked| asked.starts_with('x')).collect();
    assert_eq!(children.len(), 7, "{asked:?}");
    let mut results: Vec<char> = written.chars().filter(char::is_ascii_digit).collect();
    results.sort_unstable();
    assert_eq!(results.into_iter().collect::<String>(), "012345", "{written}");
    // Results that could not be written: everything again.
    let (asked, written, _) = reads(&[("putObject", 1)]);
    assert_eq!(asked.iter().filter(|asked| asked.starts_with('x')).count(), 12, "{asked:?}");
    assert_eq!(written, "[0,1,2,3,4,5]");
}
