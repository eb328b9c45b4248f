//! The histories that AWS has recorded are read whole.

use std::fs;
use std::path::{Path, PathBuf};

use asl_engine::Value;
use asl_history::{CompareOptions, Course, FrameKind, Status, compare};

#[test]
fn recorded_histories_are_read_whole() {
    let shared = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance");
    let cases = std::env::var_os("ASL_CONFORMANCE_DIR").map_or_else(shared, PathBuf::from).join("cases");
    if !cases.is_dir() {
        let why = format!("the recorded cases are not at {}", cases.display());
        assert!(std::env::var("CI").as_deref() != Ok("true"), "CI=true, and not run: {why}");
        // Past the capture of the test runner: what did nothing must not look like what passed.
        std::io::Write::write_all(&mut std::io::stderr(), format!("not run: {why}\n").as_bytes())
            .expect("stderr is open");
        return;
    }
    let mut read = 0;
    for area in fs::read_dir(cases).expect("the folder is there") {
        for file in fs::read_dir(area.expect("an entry").path()).expect("a folder") {
            let file = file.expect("an entry").path();
            let case: Value = fs::read_to_string(&file).expect("it is readable").parse().expect("it is JSON");
            let Some(events) = case.get("expected").and_then(|expected| expected.get("events")) else { continue };
            let events_of = events.as_array().expect("a list");
            // Some recordings have lost the order of their events.
            if events_of.iter().any(|event| event.get("id").and_then(Value::as_i64).is_none_or(|id| id == 0)) {
                continue;
            }
            check(events, &file);
            read += 1;
        }
    }
    assert!(read > 400, "{read}");
}

fn check(events: &Value, file: &Path) {
    let course = Course::of(events, None).expect("it is a history");
    let all = events.as_array().expect("a list");
    let count = |ending: &str| {
        let kinds = all.iter().filter_map(|event| event.get("type")?.as_str());
        kinds.filter(|kind| kind.ends_with(ending)).count()
    };
    let file = file.display();
    assert_eq!(course.visits.len(), count("StateEntered"), "{file}");
    let left = course.visits.iter().filter(|visit| matches!(visit.status, Status::Succeeded | Status::Caught));
    assert_eq!(left.count(), count("StateExited"), "{file}");
    let iterations = course.frames.iter().filter(|frame| matches!(frame.kind, FrameKind::Iteration(_))).count();
    assert_eq!(iterations, count("MapIterationStarted"), "{file}");
    let attempts = course.visits.iter().flat_map(|visit| &visit.attempts).filter(|attempt| attempt.sent.is_some());
    assert_eq!(attempts.count(), count("Scheduled"), "{file}");
    if course.execution().status != Status::Running {
        let running = (0..course.visits.len()).find(|visit| course.visits[*visit].status == Status::Running);
        assert_eq!(running.map(|visit| course.path(visit)), None, "{file}");
    }
    assert!(
        compare(&course, &course, &CompareOptions { is_exact: true, ..CompareOptions::default() }).is_same(),
        "{file}"
    );
}
