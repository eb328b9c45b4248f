use std::sync::Arc;

use asl_engine::{Execution, HistoryEvent, Timestamp, Value};
use asl_runtime::{Finished, Recorded, Status};

use super::*;

fn execution(name: &str, start: i64) -> Arc<Execution> {
    Execution::local("m", name, Value::from(1), Timestamp(start), 1).into()
}

/// The first event of an execution, as it is recorded.
fn recorded(execution: &Arc<Execution>) -> Recorded {
    let event = HistoryEvent {
        id: 1,
        previous_id: 0,
        timestamp: execution.start_time,
        kind: asl_engine::EventKind::ExecutionStarted {
            input: execution.input.clone(),
            input_text: None,
            role_arn: "role".into(),
        },
    };
    Recorded { execution: execution.clone(), frame: 0, state: None, transition: None, event }
}

fn store(recordings: &Recordings, execution: &Arc<Execution>, children: &[Arc<Execution>], ends: bool) {
    let recording = recordings.begin(execution).expect("a thread");
    recording.add(vec![recorded(execution)]);
    for child in children {
        recording.add(vec![recorded(child)]);
    }
    if ends {
        let finished = Finished { status: Status::Succeeded, outcome: Ok(Value::from(2)), failed_in: Vec::new() };
        recording.end(&finished, Timestamp(execution.start_time.0 + 5), None);
    }
}

#[test]
fn what_is_written_is_read() {
    let data = tempfile::tempdir().expect("a folder");
    let (stored, recordings) = (StoredHistories::below(data.path()), Recordings::new(data.path()));
    assert!(matches!(stored.find(None), Err(HistoryError::Empty(_))));
    assert!(stored.list().expect("nothing is there").is_empty());
    let (one, two, child) = (execution("one", 10), execution("two", 20), execution("child", 21));
    store(&recordings, &one, &[], true);
    store(&recordings, &two, &[child.clone(), child.clone()], false);
    recordings.finish().expect("it is written");
    let listed = stored.list().expect("two are there");
    let shown: Vec<_> = listed.iter().map(|it| (it.name.as_str(), it.start_time.0, it.ended.clone())).collect();
    assert_eq!(shown, [("one", 10, Some(("SUCCEEDED".to_owned(), Timestamp(15)))), ("two", 20, None)]);
    let newest = stored.find(None).expect("it is there");
    assert_eq!((newest.execution.name.as_str(), newest.events.len()), ("two", 1));
    assert_eq!(newest.events[0], recorded(&two).event.to_json());
    assert_eq!(newest.children.len(), 1);
    assert_eq!((newest.children[0].0.as_str(), newest.children[0].1.len()), (&*child.arn, 2));
    for name in ["one", "on", &one.arn] {
        assert_eq!(stored.find(Some(name)).expect("it is there").execution.name, "one", "{name}");
    }
    for name in ["child", &child.arn] {
        let found = stored.find(Some(name)).expect("it is there");
        assert_eq!((found.execution.arn.as_str(), found.events.len()), (&*child.arn, 2), "{name}");
    }
    assert!(matches!(stored.find(Some("three")), Err(HistoryError::NoSuchExecution(_))));
}

#[test]
fn a_history_is_there_while_it_is_written_and_after_a_crash() {
    let data = tempfile::tempdir().expect("a folder");
    let recordings = Recordings::new(data.path());
    let one = execution("one", 10);
    store(&recordings, &one, &[], true);
    recordings.finish().expect("it is written");
    let file = recordings.file(&one);
    let text = fs::read(&file).expect("the file");
    let stored = StoredHistories::below(data.path());
    let first = text.iter().position(|byte| *byte == b'\n').expect("a line") + 1;
    for end in first..text.len() {
        fs::write(&file, &text[..end]).expect("it is written");
        let history = stored.find(None).expect("what is whole is read");
        assert!(history.events.len() <= 1);
    }
    fs::write(&file, "{}\n").expect("it is written");
    assert!(matches!(stored.find(None), Err(HistoryError::Damaged { line: 1, .. })));
    fs::write(&file, [&text[..first], b"nonsense\n", &text[first..]].concat()).expect("it is written");
    assert!(matches!(stored.find(None), Err(HistoryError::Damaged { line: 2, .. })));
}

/// The second begins when the thread has written all of the first and waits.
#[test]
fn each_history_is_written_while_others_go_on() {
    let data = tempfile::tempdir().expect("a folder");
    let (stored, recordings) = (StoredHistories::below(data.path()), Recordings::new(data.path()));
    for (name, start) in [("one", 10), ("two", 20)] {
        let recording = recordings.begin(&execution(name, start)).expect("a thread");
        recording.add(vec![recorded(&execution(name, start))]);
        while !stored.find(Some(name)).is_ok_and(|history| history.events.len() == 1) {
            std::thread::yield_now();
        }
    }
}

#[test]
fn the_newest_are_kept() {
    let data = tempfile::tempdir().expect("a folder");
    let recordings = Recordings::new(data.path());
    for start in 0..KEPT as i64 + 5 {
        store(&recordings, &execution(&format!("n{start}"), start), &[], true);
    }
    recordings.finish().expect("they are written");
    let listed = StoredHistories::below(data.path()).list().expect("they are there");
    assert_eq!((listed.len(), listed[0].name.as_str()), (KEPT, "n5"));
}

#[test]
fn what_cannot_be_written_is_told() {
    let data = tempfile::tempdir().expect("a folder");
    fs::write(data.path().join("executions"), "a file").expect("a file");
    let recordings = Recordings::new(data.path());
    store(&recordings, &execution("one", 10), &[], true);
    assert!(recordings.finish().is_err());
    // It is told once, and a later one may succeed.
    fs::remove_file(data.path().join("executions")).expect("it is removed");
    store(&recordings, &execution("two", 20), &[], true);
    recordings.finish().expect("it is written");
}
