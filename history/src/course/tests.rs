use super::*;
use crate::event::HistoryError;
use crate::lines::{START, course, history};

/// Two iterations interleave: one is tried again and ends, the other one fails, and the Map with it, which is tried again and caught then.
const ITEMS: &str = r#"
    1<0 +0 ExecutionStarted {"input":[1,2]}
    2<0 +0 MapStateEntered {"name":"Each","input":[1,2]}
    3<2 +1 MapStateStarted {"length":2}
    4<3 +2 MapIterationStarted {"name":"Each","index":0}
    5<4 +2 TaskStateEntered {"name":"Work","input":1}
    6<5 +3 TaskScheduled {"resourceType":"sqs","resource":"sendMessage","parameters":{"n":1}}
    7<6 +4 TaskStarted
    8<3 +5 MapIterationStarted {"name":"Each","index":1}
    9<8 +5 TaskStateEntered {"name":"Work","input":2}
    10<7 +10 TaskFailed {"error":"Busy","cause":"{\"at\":1}"}
    11<9 +11 TaskScheduled {"resourceType":"sqs","resource":"sendMessage","parameters":{"n":2}}
    12<10 +1010 TaskScheduled {"resourceType":"sqs","resource":"sendMessage","parameters":{"n":1}}
    13<12 +1020 TaskSucceeded {"output":{"ok":true}}
    14<13 +1021 TaskStateExited {"name":"Work","output":{"ok":true}}
    15<14 +1022 MapIterationSucceeded {"name":"Each","index":0}
    16<11 +1030 TaskFailed {"error":"Bad"}
    17<16 +1031 MapIterationFailed {"name":"Each","index":1}
    18<17 +1032 MapIterationAborted {"name":"Each","index":7}
    19<17 +2000 MapStateStarted {"length":2}
    20<19 +2001 MapIterationStarted {"name":"Each","index":0}
    21<20 +2001 FailStateEntered {"name":"Work","input":1}
    22<21 +2002 MapIterationFailed {"name":"Each","index":0}
    23<21 +2003 MapStateFailed
    24<23 +2004 MapStateExited {"name":"Each","output":{"Error":"Bad"}}
    25<24 +2004 PassStateEntered {"name":"Done","input":{"Error":"Bad"}}
    26<25 +2005 PassStateExited {"name":"Done","output":3}
    27<26 +2005 ExecutionSucceeded {"output":3}
"#;

fn shown(course: &Course) -> Vec<String> {
    let shown = |(at, visit): (usize, &Visit)| {
        let attempts: Vec<String> = visit.attempts.iter().map(attempt).collect();
        let attempts = if attempts.is_empty() { String::new() } else { format!(" [{}]", attempts.join(", ")) };
        format!("{} {} {}{attempts}", course.path(at), visit.status.name(), millis(visit.span))
    };
    course.visits.iter().enumerate().map(shown).collect()
}

fn attempt(attempt: &Attempt) -> String {
    let answer = match &attempt.answer {
        None => "-".to_owned(),
        Some(Answer::Succeeded(output)) => output.as_ref().map_or("ok".to_owned(), Value::to_string),
        Some(Answer::Failed { error, cause }) => {
            let cause = cause.as_ref().map_or(String::new(), |cause| format!(": {cause}"));
            error.as_deref().unwrap_or("failed").to_owned() + &cause
        }
    };
    format!("{answer} {}", millis(attempt.span))
}

fn millis(span: Span) -> String {
    let offset = |at: Option<Timestamp>| at.map_or("?".to_owned(), |at| (at.0 - START).to_string());
    format!("{}..{}", offset(span.from), offset(span.to))
}

#[test]
fn iterations_and_attempts_are_told_apart() {
    let course = course(ITEMS);
    assert_eq!(
        shown(&course),
        [
            "Each CAUGHT 0..2004 [failed 1..1031, failed 2000..2003]",
            r#"Each[0]/Work SUCCEEDED 2..1021 [Busy: {"at":1} 3..10, {"ok":true} 1010..1020]"#,
            "Each[1]/Work FAILED 5..1031 [Bad 11..1030]",
            "Each (attempt 2)[0]/Work FAILED 2001..2002",
            "Done SUCCEEDED 2004..2005",
        ]
    );
    let execution = course.execution();
    assert_eq!((execution.status, millis(execution.span)), (Status::Succeeded, "0..2005".to_owned()));
    assert_eq!(course.state_path(2), "Each/Work");
    assert_eq!(course.events, 27);
}

#[test]
fn branches_lie_in_each_other() {
    let course = course(
        r#"
        1<0 +0 ExecutionStarted {"input":{}}
        2<0 +0 ParallelStateEntered {"name":"Both","input":{}}
        3<2 +0 ParallelStateStarted
        4<3 +1 ParallelStateEntered {"name":"Inner","input":{}}
        5<4 +1 ParallelStateStarted
        6<3 +1 WaitStateEntered {"name":"Rest","input":{}}
        7<5 +2 PassStateEntered {"name":"A","input":{}}
        8<7 +3 PassStateExited {"name":"A","output":1}
        9<5 +3 FailStateEntered {"name":"B","input":{}}
        10<9 +4 ParallelStateFailed
        11<9 +5 ParallelStateFailed
        12<9 +6 ExecutionFailed {"error":"E"}
        "#,
    );
    assert_eq!(
        shown(&course),
        [
            "Both FAILED 0..6 [failed 0..5]",
            "Both/Inner FAILED 1..5 [failed 1..4]",
            "Both/Rest ABORTED 1..5",
            "Both/Inner/A SUCCEEDED 2..3",
            "Both/Inner/B FAILED 3..4",
        ]
    );
    assert_eq!(
        course.frames.iter().map(|frame| frame.status).collect::<Vec<_>>()[1..3],
        [Status::Failed, Status::Aborted]
    );
}

#[test]
fn what_has_not_ended_runs() {
    let text: String = ITEMS.lines().take(14).map(|line| format!("{line}\n")).collect();
    assert_eq!(
        shown(&course(&text)),
        [
            "Each RUNNING 0..? [- 1..?]",
            r#"Each[0]/Work RUNNING 2..? [Busy: {"at":1} 3..10, {"ok":true} 1010..1020]"#,
            "Each[1]/Work RUNNING 5..? [- 11..?]",
        ]
    );
}

#[test]
fn child_executions_belong_to_what_has_started_them() {
    let own = history(
        r#"
        1<0 +0 ExecutionStarted {"input":{}}
        2<0 +0 MapStateEntered {"name":"Each","input":{}}
        3<2 +0 MapStateStarted {"length":2}
        4<3 +1 MapRunStarted {"mapRunArn":"arn:aws:states:us-east-1:1:mapRun:order/Label:11-22"}
        5<4 +9 MapRunSucceeded
        6<5 +9 MapStateSucceeded
        7<6 +9 MapStateExited {"name":"Each","output":{}}
        8<7 +10 TaskStateEntered {"name":"Start it","input":{}}
        9<8 +10 TaskScheduled {"resourceType":"states","resource":"startExecution.sync","parameters":{}}
        10<9 +11 TaskSubmitted {"output":{"ExecutionArn":"arn:aws:states:us-east-1:1:execution:other:it"}}
        "#,
    );
    let child = |arn: &str, state: &str| {
        let events = format!(
            "1<0 +2 ExecutionStarted {{}}\n2<0 +2 PassStateEntered {{\"name\":\"{state}\"}}\n3<2 +3 PassStateExited \
             {{\"name\":\"{state}\"}}\n4<3 +3 ExecutionSucceeded {{\"output\":1}}"
        );
        Value::from([("executionArn", Value::from(arn)), ("events", history(&events)["events"].clone())])
    };
    let children: Value = [
        child("arn:aws:states:us-east-1:1:execution:order/Label:a", "Work"),
        child("arn:aws:states:us-east-1:1:execution:order/Label:b", "Work"),
        child("arn:aws:states:us-east-1:1:execution:other:it", "Pay"),
        child("arn:aws:states:us-east-1:1:execution:unknown:it", "Pay"),
    ]
    .into_iter()
    .collect();
    let all: Value = [("events", own["events"].clone()), ("childExecutions", children)].into();
    let course = Course::of(&all, None).unwrap();
    let paths: Vec<String> = (0..course.visits.len()).map(|visit| course.path(visit)).collect();
    assert_eq!(paths, ["Each", "Start it", "Each[0]/Work", "Each[1]/Work", "Start it/Pay", "execution 2/Pay"]);
    assert!(course.frames.iter().skip(1).all(|frame| frame.status == Status::Succeeded));
}

#[test]
fn what_lies_too_deep_is_refused() {
    let mut text = String::from("1<0 +0 ExecutionStarted {}\n");
    for level in 0..200 {
        let id = 2 + 2 * level;
        text += &format!("{id}<{} +0 ParallelStateEntered {{\"name\":\"P{level}\"}}\n", id - 1);
        text += &format!("{}<{id} +0 ParallelStateStarted\n", id + 1);
    }
    assert_eq!(Course::of(&history(&text), None), Err(HistoryError::TooDeep(100)));
}

#[test]
fn a_history_without_events_is_an_execution() {
    let course = course("");
    assert_eq!((course.frames.len(), course.events, course.execution().status), (1, 0, Status::Running));
    assert!(crate::compare(&course, &course, &crate::CompareOptions::default()).is_same());
}
