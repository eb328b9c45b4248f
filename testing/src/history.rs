//! Histories as lines of text, one for each event: written for people, kept beside tests, and compared.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use asl_engine::{HistoryEvent, Timestamp, Value};
use asl_history::{Difference, Event, Extent, differences};

use crate::duration::{duration, shown_duration};

/// One event: `5<4 +2s TaskSucceeded {"output":{…}}`.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryLine {
    /// The number of the event, from 1.
    pub id: u64,
    /// The event that it follows; 0 for none.
    pub previous: u64,
    /// How long after the start of the execution it happened, in milliseconds, where that is told.
    pub offset: Option<i64>,
    /// Its type, such as `TaskSucceeded`.
    pub kind: String,
    /// Its details. What is JSON text in AWS's answer is JSON here.
    pub details: Value,
}

/// The first place where a history is another one than expected.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryDifference {
    /// The event that was expected; none where there should be no more.
    pub expected: Option<HistoryLine>,
    /// The event that was there; none where there was no more.
    pub found: Option<HistoryLine>,
    /// Where their details differ.
    pub details: Vec<Difference>,
}

impl HistoryLine {
    /// The line of an event of ours.
    pub fn of(event: &HistoryEvent, start: Timestamp) -> Self {
        let offset = Some(event.timestamp.0 - start.0);
        Self { offset, ..Self::of_json(&event.to_json()).unwrap_or_else(|| Self::unknown(event.id)) }
    }

    fn unknown(id: u64) -> Self {
        Self { id, previous: 0, offset: None, kind: String::new(), details: Value::Null }
    }

    /// The line of an event as GetExecutionHistory gives it; none where it has no type or id.
    pub fn of_json(event: &Value) -> Option<Self> {
        Event::of_json(event).map(Self::from)
    }

    /// Reads a line that was written before; none where it is no such line.
    pub fn parse(line: &str) -> Option<Self> {
        let (ids, rest) = line.split_once(' ')?;
        let (id, previous) = ids.split_once('<')?;
        let (word, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let (offset, kind, details) = match word.strip_prefix('+') {
            Some(offset) => {
                let (kind, details) = rest.split_once(' ').unwrap_or((rest, ""));
                (Some(duration(offset)?), kind, details)
            }
            None => (None, word, rest),
        };
        let details = if details.is_empty() { Value::Null } else { details.parse().ok()? };
        Some(Self { id: id.parse().ok()?, previous: previous.parse().ok()?, offset, kind: kind.to_owned(), details })
    }

    /// Where another event is not this one.
    fn differs(&self, found: &Self, tokens: &[Arc<str>]) -> Option<Vec<Difference>> {
        let is_other = (self.id, self.previous, &self.kind) != (found.id, found.previous, &found.kind)
            || self.offset.is_some() && self.offset != found.offset;
        let details = details_differ(&self.details, &found.details, tokens);
        (is_other || !details.is_empty()).then_some(details)
    }
}

impl From<Event> for HistoryLine {
    fn from(Event { id, previous, kind, details, .. }: Event) -> Self {
        Self { id, previous, offset: None, kind, details }
    }
}

impl fmt::Display for HistoryLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}<{} ", self.id, self.previous)?;
        if let Some(offset) = self.offset {
            write!(f, "+{} ", shown_duration(offset))?;
        }
        f.write_str(&self.kind)?;
        match &self.details {
            Value::Null => Ok(()),
            details => write!(f, " {details}"),
        }
    }
}

/// The text of a history, a line for each event.
pub(crate) fn to_text(lines: &[HistoryLine]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Reads such a text; the error is the number of the first line that is none.
pub(crate) fn parse(text: &str) -> Result<Vec<HistoryLine>, usize> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    lines.map(|(at, line)| HistoryLine::parse(line.trim_end()).ok_or(at + 1)).collect()
}

/// Where details differ. A task token of this execution stands for that of the other.
fn details_differ(expected: &Value, found: &Value, tokens: &[Arc<str>]) -> Vec<Difference> {
    let mut differences = differences(expected, found, Extent::Exact);
    differences.retain(|difference| {
        let texts =
            difference.expected.as_ref().and_then(Value::as_str).zip(difference.found.as_ref().and_then(Value::as_str));
        !texts.is_some_and(|(expected, found)| tokens.iter().any(|token| is_but_for_token(expected, found, token)))
    });
    differences
}

/// Whether two texts are the same but for the token in one of them.
fn is_but_for_token(expected: &str, found: &str, token: &str) -> bool {
    let Some((before, behind)) = found.split_once(token) else { return false };
    expected.len() > before.len() + behind.len() && expected.starts_with(before) && expected.ends_with(behind)
}

/// Where a history is another one than expected, whose task tokens are these. In which order branches and iterations have their events is free: AWS does not
/// promise one.
pub fn history_difference(
    expected: &[HistoryLine],
    found: &[HistoryLine],
    tokens: &[Arc<str>],
) -> Option<HistoryDifference> {
    let at = (0..expected.len().max(found.len())).find(|at| match (expected.get(*at), found.get(*at)) {
        (Some(expected), Some(found)) => expected.differs(found, tokens).is_some(),
        _ => true,
    })?;
    let is_concurrent = |line: &HistoryLine| line.kind.starts_with("MapIteration") || line.kind.starts_with("Parallel");
    if !expected.iter().any(is_concurrent) {
        return Some(difference(expected.get(at), found.get(at), tokens));
    }
    in_any_order(expected, found, tokens)
}

fn difference(expected: Option<&HistoryLine>, found: Option<&HistoryLine>, tokens: &[Arc<str>]) -> HistoryDifference {
    let details = expected.zip(found).and_then(|(expected, found)| expected.differs(found, tokens)).unwrap_or_default();
    HistoryDifference { expected: expected.cloned(), found: found.cloned(), details }
}

/// Each event has to have one of the same content on the other side, that follows one of the same content.
fn in_any_order(expected: &[HistoryLine], found: &[HistoryLine], tokens: &[Arc<str>]) -> Option<HistoryDifference> {
    let (wanted, mut left) = (linked(expected), linked(found));
    let mut missing = Vec::new();
    for (line, event) in expected.iter().zip(&wanted) {
        match left.iter().position(|(_, ours)| is_same(event, ours, tokens)) {
            Some(at) => drop(left.remove(at)),
            None => missing.push(line),
        }
    }
    let Some(line) = missing.first() else {
        return left.first().map(|(extra, _)| difference(None, Some(extra), tokens));
    };
    // The nearest one that is nothing else: of the same type, with the fewest differences.
    let of_type = left.iter().filter(|(ours, _)| ours.kind == line.kind);
    let near = of_type.min_by_key(|(ours, _)| details_differ(&line.details, &ours.details, tokens).len());
    Some(difference(Some(line), near.map(|(ours, _)| *ours), tokens))
}

/// An event, and that which it follows.
type Linked<'a> = (Option<i64>, &'a HistoryLine, Option<&'a HistoryLine>);

fn linked(lines: &[HistoryLine]) -> Vec<(&HistoryLine, Linked<'_>)> {
    let by_id: BTreeMap<u64, &HistoryLine> = lines.iter().map(|line| (line.id, line)).collect();
    lines.iter().map(|line| (line, (line.offset, line, by_id.get(&line.previous).copied()))).collect()
}

fn is_same(expected: &(&HistoryLine, Linked<'_>), found: &Linked<'_>, tokens: &[Arc<str>]) -> bool {
    let (_, (offset, line, follows)) = expected;
    let same = |one: &HistoryLine, other: &HistoryLine| {
        one.kind == other.kind && details_differ(&one.details, &other.details, tokens).is_empty()
    };
    let follows_same = match (follows, found.2) {
        (Some(one), Some(other)) => same(one, other),
        (one, other) => one.is_none() && other.is_none(),
    };
    (offset.is_none() || *offset == found.0) && same(line, found.1) && follows_same
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<HistoryLine> {
        parse(text).unwrap()
    }

    #[test]
    fn lines_are_read_as_they_were_written() {
        let text = "1<0 +0s ExecutionStarted {\"input\":{\"a\":1}}\n2<0 PassStateEntered {\"name\":\"A b\"}\n3<2 +1m30s ExecutionAborted\n";
        assert_eq!(to_text(&lines(text)), text);
        assert_eq!(parse("1<0 A\nnonsense\n"), Err(2));
        assert_eq!(lines("# a word\n\n1<0 A\n").len(), 1);
    }

    #[test]
    fn events_of_aws_are_read() {
        let event = r#"{"id":3,"previousEventId":2,"timestamp":1.5,"type":"TaskSucceeded",
            "taskSucceededEventDetails":{"output":"{\"a\":1}","outputDetails":{"truncated":false},"resource":"invoke"}}"#;
        let line = HistoryLine::of_json(&event.parse().unwrap()).unwrap();
        assert_eq!(line.to_string(), r#"3<2 TaskSucceeded {"output":{"a":1},"resource":"invoke"}"#);
    }

    #[test]
    fn the_first_other_event_is_told() {
        let one = lines("1<0 A\n2<1 B {\"x\":1}\n3<2 C\n");
        let told = |other: &str| {
            history_difference(&one, &lines(other), &[]).map(|it| {
                let shown = |line: Option<HistoryLine>| line.map_or("-".to_owned(), |line| line.to_string());
                format!("{} | {} | {}", shown(it.expected), shown(it.found), it.details.len())
            })
        };
        assert_eq!(told("1<0 +5s A\n2<1 B {\"x\":1.0}\n3<2 C\n"), None);
        assert_eq!(told("1<0 A\n2<1 B {\"x\":2}\n3<2 C\n").as_deref(), Some(r#"2<1 B {"x":1} | 2<1 B {"x":2} | 1"#));
        assert_eq!(told("1<0 A\n2<1 B {\"x\":1}\n").as_deref(), Some("3<2 C | - | 0"));
        assert_eq!(told("1<0 A\n2<1 B {\"x\":1}\n3<2 C\n4<3 D\n").as_deref(), Some("- | 4<3 D | 0"));
    }

    #[test]
    fn task_tokens_are_others_each_time() {
        let one = lines("1<0 TaskScheduled {\"parameters\":{\"t\":\"AWS-token\",\"m\":\"see AWS-token!\"}}\n");
        let other = lines("1<0 TaskScheduled {\"parameters\":{\"t\":\"ours\",\"m\":\"see ours!\"}}\n");
        assert_eq!(history_difference(&one, &other, &["ours".into()]), None);
        assert_eq!(history_difference(&one, &other, &[]).unwrap().details.len(), 2);
        let wrong = lines("1<0 TaskScheduled {\"parameters\":{\"t\":\"ours\",\"m\":\"look ours!\"}}\n");
        assert_eq!(history_difference(&one, &wrong, &["ours".into()]).unwrap().details.len(), 1);
    }

    #[test]
    fn the_order_of_iterations_is_free() {
        let one = lines(
            "1<0 M\n2<1 MapIterationStarted {\"index\":0}\n3<1 MapIterationStarted {\"index\":1}\n4<2 P {\"v\":0}\n5<3 P {\"v\":1}\n",
        );
        let other = "1<0 M\n2<1 MapIterationStarted {\"index\":1}\n3<2 P {\"v\":1}\n4<1 MapIterationStarted {\"index\":0}\n5<4 P {\"v\":0}\n";
        assert_eq!(history_difference(&one, &lines(other), &[]), None);
        let wrong = other.replace("5<4 P {\"v\":0}", "5<4 P {\"v\":7}");
        let difference = history_difference(&one, &lines(&wrong), &[]).unwrap();
        assert_eq!(difference.expected.unwrap().to_string(), r#"4<2 P {"v":0}"#);
        assert_eq!(difference.found.unwrap().to_string(), r#"5<4 P {"v":7}"#);
    }
}
