//! What is wrong with a history that can be read nevertheless.

use std::fmt;

use asl_engine::Value;

use crate::event::{Event, HistoryError};

/// Something that a whole history has, and this one has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It has a token of the next page.
    Page,
    /// It begins with another event than `ExecutionStarted`.
    NoStart {
        /// The number of that event.
        id: u64,
        /// Its type.
        kind: String,
    },
    /// It ends with another event than one of the end of an execution.
    NoEnd {
        /// The number of that event.
        id: u64,
        /// Its type.
        kind: String,
    },
    /// No event has these numbers.
    Missing {
        /// The first of them.
        from: u64,
        /// The last of them.
        to: u64,
    },
    /// Two events have the same number.
    Repeated {
        /// The number.
        id: u64,
        /// Their places in the list, from 0.
        items: (usize, usize),
    },
    /// The numbers neither rise nor fall from here on.
    OutOfOrder {
        /// The place in the list, from 0.
        item: usize,
        /// The number there.
        id: u64,
        /// That before it.
        before: u64,
    },
    /// An event follows one that is not before it.
    FollowsLater {
        /// Its number.
        id: u64,
        /// The `previousEventId`.
        previous: u64,
    },
    /// An event lacks a member that those of its type have.
    Lacks {
        /// Its number.
        id: u64,
        /// Its type.
        kind: String,
        /// The member, by its path.
        member: &'static str,
    },
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Page => f.write_str("it is one page of several: it has a nextToken"),
            Self::NoStart { id, kind } => {
                write!(f, "it begins in the middle, with the event {id} ({kind}): what came before is not there")
            }
            Self::NoEnd { id, kind } => {
                write!(f, "it ends with the event {id} ({kind}): the execution still ran, or the history is cut off")
            }
            Self::Missing { from, to } if from == to => write!(f, "the event {from} is missing"),
            Self::Missing { from, to } => write!(f, "the events {from} to {to} are missing"),
            Self::Repeated { id, items: (first, second) } => {
                write!(f, "events[{first}] and events[{second}] both have the id {id}")
            }
            Self::OutOfOrder { item, id, before } => {
                write!(
                    f,
                    "events[{item}] has the id {id} and stands behind {before}: they are taken in the order of ids"
                )
            }
            Self::FollowsLater { id, previous } => {
                write!(f, "the event {id} has the previousEventId {previous}, which is no event before it")
            }
            Self::Lacks { id, kind, member } => write!(f, "the event {id} ({kind}) has no {member}"),
        }
    }
}

impl Flaw {
    /// What is wrong with the events of a history as GetExecutionHistory gives it, `{"events": […]}` or the list alone.
    ///
    /// ```
    /// let history = r#"{"nextToken": "…", "events": [{"id": 1, "type": "ExecutionStarted", "timestamp": 0}]}"#;
    /// let flaws = asl_history::Flaw::all(&history.parse().unwrap()).unwrap();
    /// assert_eq!(flaws[0].to_string(), "it is one page of several: it has a nextToken");
    /// ```
    pub fn all(history: &Value) -> Result<Vec<Self>, HistoryError> {
        let events = Event::listed(history)?;
        // The command line of AWS writes it with a capital.
        let is_page =
            ["nextToken", "NextToken"].iter().any(|name| history.get(name).is_some_and(|token| *token != Value::Null));
        let mut flaws: Vec<Self> = is_page.then_some(Self::Page).into_iter().collect();
        let is_falling = events.first().zip(events.last()).is_some_and(|(first, last)| first.id > last.id);
        let is_turned = |pair: &[Event]| if is_falling { pair[0].id < pair[1].id } else { pair[0].id > pair[1].id };
        if let Some(at) = events.windows(2).position(is_turned) {
            flaws.push(Self::OutOfOrder { item: at + 1, id: events[at + 1].id, before: events[at].id });
        }
        let mut all: Vec<(usize, &Event)> = events.iter().enumerate().collect();
        all.sort_by_key(|(_, event)| event.id);
        let (Some((_, first)), Some((_, last))) = (all.first(), all.last()) else { return Ok(flaws) };
        if first.kind != "ExecutionStarted" {
            flaws.push(Self::NoStart { id: first.id, kind: first.kind.clone() });
        }
        for (at, (item, event)) in all.iter().enumerate() {
            if let Some((other, before)) = at.checked_sub(1).and_then(|before| all.get(before)) {
                match event.id - before.id {
                    0 => flaws.push(Self::Repeated { id: event.id, items: (*other, *item) }),
                    1 => {}
                    _ => flaws.push(Self::Missing { from: before.id + 1, to: event.id - 1 }),
                }
            }
            flaws.extend(event.flaws());
        }
        if !["Succeeded", "Failed", "TimedOut", "Aborted"].iter().any(|how| last.kind == format!("Execution{how}")) {
            flaws.push(Self::NoEnd { id: last.id, kind: last.kind.clone() });
        }
        Ok(flaws)
    }
}

impl Event {
    /// What is wrong with it alone.
    fn flaws(&self) -> impl Iterator<Item = Flaw> {
        let follows = (self.previous >= self.id).then_some(Flaw::FollowsLater { id: self.id, previous: self.previous });
        let is_of_state = self.kind.ends_with("StateEntered") || self.kind.ends_with("StateExited");
        let named = if self.kind.ends_with("Entered") {
            "stateEnteredEventDetails.name"
        } else {
            "stateExitedEventDetails.name"
        };
        let lacks = [("timestamp", self.at.is_none()), (named, is_of_state && self.text("name").is_none())];
        let lacks = lacks.into_iter().filter(|(_, is_missing)| *is_missing);
        let lacks = lacks.map(|(member, _)| Flaw::Lacks { id: self.id, kind: self.kind.clone(), member });
        follows.into_iter().chain(lacks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_history_is_told_with_its_place() {
        let event = |id: u64, kind: &str| format!(r#"{{"id": {id}, "type": "{kind}", "timestamp": 1}}"#);
        let state =
            r#"{"id": 2, "type": "PassStateEntered", "timestamp": 1, "stateEnteredEventDetails": {"name": "A"}}"#;
        let (start, end) = (event(1, "ExecutionStarted"), event(3, "ExecutionSucceeded"));
        let list = |events: &[&str]| format!("[{}]", events.join(", "));
        for (history, expected) in [
            (list(&[&start, state, &end]), vec![]),
            (list(&[&end, state, &start]), vec![]),
            (
                format!(r#"{{"events": {}, "NextToken": "t"}}"#, list(&[&start, state, &end])),
                vec!["one page of several"],
            ),
            (format!(r#"{{"events": {}, "nextToken": null}}"#, list(&[&start, state, &end])), vec![]),
            (list(&[state, &end]), vec!["in the middle, with the event 2 (PassStateEntered)"]),
            (list(&[&start, state]), vec!["ends with the event 2 (PassStateEntered)"]),
            (list(&[&start, &end]), vec!["the event 2 is missing"]),
            (list(&[&start, &event(9, "ExecutionFailed")]), vec!["the events 2 to 8 are missing"]),
            (list(&[&start, state, state, &end]), vec!["events[1] and events[2] both have the id 2"]),
            (list(&[state, &start, &end]), vec!["events[1] has the id 1 and stands behind 2"]),
            (
                list(&[&start, r#"{"id": 2, "previousEventId": 3, "type": "PassStateExited"}"#, &end]),
                vec![
                    "the event 2 has the previousEventId 3",
                    "the event 2 (PassStateExited) has no timestamp",
                    "has no stateExitedEventDetails.name",
                ],
            ),
        ] {
            let told: Vec<String> = Flaw::all(&history.parse().unwrap()).unwrap().iter().map(Flaw::to_string).collect();
            assert_eq!(told.len(), expected.len(), "{history} {told:?}");
            for (told, expected) in told.iter().zip(expected) {
                assert!(told.contains(expected), "{told} {expected}");
            }
        }
        assert_eq!(Flaw::all(&"[]".parse().unwrap()), Err(HistoryError::Empty));
    }
}
