//! Events as GetExecutionHistory gives them.

use asl_engine::{Object, Timestamp, Value};
use thiserror::Error;

/// One event of a history.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its number, from 1.
    pub id: u64,
    /// The event that it follows; 0 for none.
    pub previous: u64,
    /// When it happened, where that is told.
    pub at: Option<Timestamp>,
    /// Its type, such as `TaskSucceeded`.
    pub kind: String,
    /// Its details. What is JSON text in AWS's answer is JSON here.
    pub details: Value,
}

/// Why something is no history.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HistoryError {
    /// Neither a list of events nor an object that has one.
    #[error("it is no history: a list of events is wanted, or an object with one as `events`")]
    NoEvents,
    /// The list is empty.
    #[error("it has no events: every execution has at least ExecutionStarted")]
    Empty,
    /// An item has no `type` or no `id`.
    #[error("it is no history: events[{0}] has no `id` and `type`")]
    NoEvent(usize),
    /// States lie in each other deeper than in any definition.
    #[error("it is no history: its Map and Parallel states lie in each other more than {0} levels deep")]
    TooDeep(usize),
}

/// Members of details that are JSON text in AWS's answer.
const JSON_TEXTS: [&str; 3] = ["input", "output", "parameters"];

/// Members that say nothing about what happened.
const LEFT_OUT: [&str; 2] = ["inputDetails", "outputDetails"];

impl Event {
    /// Reads an event; none where it has no type or id.
    ///
    /// ```
    /// let event = r#"{"id": 2, "type": "TaskSucceeded", "taskSucceededEventDetails": {"output": "{\"a\":1}"}}"#;
    /// let event = asl_history::Event::of_json(&event.parse().unwrap()).unwrap();
    /// assert_eq!(event.details.to_string(), r#"{"output":{"a":1}}"#);
    /// ```
    pub fn of_json(event: &Value) -> Option<Self> {
        let number = |name: &str| event.get(name)?.as_i64().and_then(|number| u64::try_from(number).ok());
        let details = event.as_object()?.iter().find(|(name, _)| name.ends_with("EventDetails"));
        Some(Self {
            id: number("id")?,
            previous: number("previousEventId").unwrap_or(0),
            at: event.get("timestamp").and_then(time),
            kind: event.get("type")?.as_str()?.to_owned(),
            details: details.map_or(Value::Null, |(_, details)| read(details)),
        })
    }

    /// The events of a history, `{"events": […]}` or the list alone, in the order of their numbers: AWS lists them from the last
    /// to the first where it is asked to.
    pub fn all(history: &Value) -> Result<Vec<Self>, HistoryError> {
        let mut events = Self::read_list(history)?;
        events.sort_by_key(|event| event.id);
        Ok(events)
    }

    /// The events of a history that has some, in the order in which they stand there.
    pub(crate) fn listed(history: &Value) -> Result<Vec<Self>, HistoryError> {
        Self::read_list(history)
            .and_then(|events| if events.is_empty() { Err(HistoryError::Empty) } else { Ok(events) })
    }

    fn read_list(history: &Value) -> Result<Vec<Self>, HistoryError> {
        let list = history.get("events").unwrap_or(history).as_array().ok_or(HistoryError::NoEvents)?;
        let read = |(at, event): (usize, &Value)| Self::of_json(event).ok_or(HistoryError::NoEvent(at));
        list.iter().enumerate().map(read).collect()
    }

    /// A text among its details.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.details.get(name)?.as_str()
    }
}

/// A time: a text, as AWS's command line or Python write it, or the seconds since 1970 as the API has them.
fn time(timestamp: &Value) -> Option<Timestamp> {
    /// Beyond it nothing is a time of an execution: some 30,000 years.
    const MOST_SECONDS: f64 = 1e12;
    match timestamp {
        Value::String(text) => Timestamp::parse(text).or_else(|| Timestamp::parse(&text.replacen(' ', "T", 1))),
        Value::Number(seconds) => {
            let seconds = Some(seconds.as_f64()).filter(|seconds| seconds.abs() < MOST_SECONDS)?;
            // Far below what a whole number holds.
            #[expect(clippy::cast_possible_truncation)]
            Some(Timestamp((seconds * 1000.0).round() as i64))
        }
        _ => None,
    }
}

/// Details with JSON in the place of JSON text.
fn read(details: &Value) -> Value {
    let Some(members) = details.as_object() else { return details.clone() };
    let parsed = |value: &Value| value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| value.clone());
    let read = members.iter().filter(|(name, _)| !LEFT_OUT.contains(&&***name)).map(|(name, value)| {
        let value = match &**name {
            name if JSON_TEXTS.contains(&name) => parsed(value),
            "assignedVariables" => {
                let all = value.as_object().into_iter().flat_map(Object::iter);
                all.map(|(name, value)| (name.clone(), parsed(value))).collect()
            }
            _ => value.clone(),
        };
        (name.clone(), value)
    });
    read.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_each_program_writes_them() {
        for text in ["\"2026-11-30T08:00:00.250+00:00\"", "\"2026-11-30 09:00:00.250000+01:00\"", "1796025600.25"] {
            let at = time(&text.parse().unwrap()).map(|at| at.to_string());
            assert_eq!(at.as_deref(), Some("2026-11-30T08:00:00.250Z"), "{text}");
        }
        assert_eq!(time(&Value::from("soon")), None);
        for text in ["null", "1e300", "-1e12"] {
            assert_eq!(time(&text.parse().unwrap()), None, "{text}");
        }
    }

    #[test]
    fn events_are_put_in_order() {
        let all = |text: &str| Event::all(&text.parse().unwrap());
        let events = all(r#"{"events": [{"id": 2, "type": "B"}, {"id": 1, "type": "A"}]}"#).unwrap();
        assert_eq!(events.iter().map(|event| &*event.kind).collect::<Vec<_>>(), ["A", "B"]);
        assert_eq!(all(r#"{"status": "FAILED"}"#), Err(HistoryError::NoEvents));
        assert_eq!(all(r#"[{"id": 1, "type": "A"}, 3]"#), Err(HistoryError::NoEvent(1)));
    }
}
