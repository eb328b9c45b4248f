//! The round of a recording: AWS's history becomes a test case, and the case gives that history.

use std::fs;
use std::path::Path;

use asl_testing::{HistoryLine, Recording, TestFile, Verdict as Outcome};
use serde_json::{Value, json};

use crate::compare::{Bindings, normal};
use crate::execution::{agree_as_histories, recorded_events};

/// Why a history alone is not enough to make a case of an execution.
pub(crate) fn not_in_the_history(case: &Value) -> Option<&'static str> {
    let events = case["expected"]["events"].as_array()?;
    if events.iter().any(|event| event["id"] == json!([0]) || event["id"] == json!(0)) {
        return Some("the recording lost its event ids");
    }
    let definition = case["definition"].to_string();
    if definition.contains("\"ItemReader\"") || definition.contains("\"ResultWriter\"") {
        return Some("what is read from S3 is in no history");
    }
    None
}

/// Whether the case that is made of the history gives that history again; the error is the first difference.
pub(crate) fn round(case: &Value, folder: &Path) -> Result<(), String> {
    let definition = match &case["definition"] {
        Value::String(text) => text.clone(),
        definition => definition.to_string(),
    };
    fs::write(folder.join("machine.json"), &definition).map_err(|error| error.to_string())?;
    let program = asl_engine::Program::parse(&definition).map_err(|found| found[0].to_string())?;
    let recorded = as_aws_sends(case);
    let recording = Recording::of(&asl_engine::Value::from(&recorded), &program).map_err(|error| error.to_string())?;
    let name = |field: &str| case[field].as_str().unwrap_or("unnamed").to_owned();
    let (machine, execution) = (name("stateMachineName"), name("executionName"));
    let arn = format!("arn:aws:states:us-east-1:111111111111:execution:{machine}:{execution}");
    let recording = recording.of_execution(Some(arn));
    let text = recording.test_file("recorded", "machine.json", Some("machine.history"));
    fs::write(folder.join("machine.history"), recording.history_file()).map_err(|error| error.to_string())?;
    let file = TestFile::parse(&folder.join("machine.test.yaml"), text.clone()).map_err(|error| match error {
        asl_testing::TestFileError::Invalid { problems, .. } => format!("{problems:?} in\n{text}"),
        error => error.to_string(),
    })?;
    let result = file.cases[0].run(&file, 1);
    if let Outcome::Failed(failed) = &result.verdict {
        if let Some(stuck) = &failed.stuck {
            return Err(format!("stuck: {stuck}"));
        }
        if let Some(unmet) = failed.unmet.iter().find(|unmet| unmet.what == "status") {
            return Err(format!("{:?}", unmet.why));
        }
    }
    let Some((_, found)) = result.history else { return Err(format!("no history: {:?}", result.verdict)) };
    let found: Vec<Value> = found.lines().filter_map(HistoryLine::parse).map(|line| event(&line)).collect();
    let expected: Vec<Value> = recording.history.iter().map(event).collect();
    agree_as_histories(&expected, &found, Bindings::of(case))
}

/// The events with JSON text where AWS has text, and the input that the execution was really started with: the corpus has both
/// read, and masks what depends on the day.
fn as_aws_sends(case: &Value) -> Value {
    let mut events = recorded_events(case, case);
    let details = |event: &mut Value| -> Option<serde_json::Map<String, Value>> {
        let members = event.as_object_mut()?;
        let name = members.keys().find(|name| name.ends_with("EventDetails"))?.clone();
        members.remove(&name)?.as_object().cloned()
    };
    for event in events.as_array_mut().into_iter().flatten() {
        let Some(mut members) = details(event) else { continue };
        if event["type"] == "ExecutionStarted" {
            members.insert("input".to_owned(), case.get("input").cloned().unwrap_or_else(|| json!({})));
        }
        for (name, value) in &mut members {
            match name.as_str() {
                "input" | "output" | "parameters" => *value = value.to_string().into(),
                "assignedVariables" => {
                    let values = value.as_object_mut().into_iter().flat_map(|members| members.values_mut());
                    values.for_each(|value| *value = value.to_string().into());
                }
                _ => {}
            }
        }
        event["theEventDetails"] = members.into();
    }
    events
}

fn event(line: &HistoryLine) -> Value {
    let details = normal(&Value::from(&line.details));
    json!({ "id": line.id, "previousEventId": line.previous, "type": line.kind, "details": details })
}
