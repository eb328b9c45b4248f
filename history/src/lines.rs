//! Histories as tests write them: a line for each event, `5<4 +250 TaskSucceeded {"output":{…}}`.

use asl_engine::{Timestamp, Value};

use crate::course::Course;

/// When the executions of tests begin.
pub(crate) const START: i64 = 1_796_025_600_000;

/// The answer of GetExecutionHistory.
pub(crate) fn history(text: &str) -> Value {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    Value::from([("events", lines.map(event).collect::<Value>())])
}

/// The course of it.
pub(crate) fn course(text: &str) -> Course {
    Course::of(&history(text), Some("arn:aws:states:us-east-1:123456789012:execution:order:run")).unwrap()
}

fn event(line: &str) -> Value {
    let mut words = line.splitn(3, ' ');
    let (id, previous) = words.next().unwrap().split_once('<').unwrap();
    let at: i64 = words.next().unwrap().trim_start_matches("+").parse().unwrap();
    let rest = words.next().unwrap();
    let (kind, details) = rest.split_once(' ').unwrap_or((rest, "{}"));
    let details: Value = details.parse().unwrap();
    let quoted = details.as_object().unwrap().iter().map(|(name, value)| {
        let is_text = matches!(&**name, "input" | "output" | "parameters");
        (name.clone(), if is_text { value.to_string().into() } else { value.clone() })
    });
    Value::from([
        ("id", id.parse::<i64>().unwrap().into()),
        ("previousEventId", previous.parse::<i64>().unwrap().into()),
        ("timestamp", Timestamp(START + at).to_string().into()),
        ("type", kind.into()),
        ("someEventDetails", quoted.collect()),
    ])
}
