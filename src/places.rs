//! In which state each event of a history happened. Only the events that enter and leave a state name it.

use std::collections::BTreeMap;
use std::sync::Arc;

use asl_engine::history::Iteration;
use asl_engine::{EventId, EventKind, Failure, HistoryEvent};

/// The states of the events since the execution was last between two states.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// The state of the execution itself, which may have others in it.
    outermost: Option<Arc<str>>,
    states: BTreeMap<EventId, Place>,
    last: EventId,
}

/// The state that an event happened in.
#[derive(Debug)]
struct Place {
    state: Arc<str>,
    /// Whether only the next event of the same attempt follows it, so that it is forgotten then.
    is_passed: bool,
}

/// How many places are kept: those of more events than can be under way at once.
const PLACES_MAX: usize = 50_000;

impl Places {
    /// Takes in the next event.
    pub(crate) fn follow(&mut self, event: &HistoryEvent) {
        let state = match &event.kind {
            EventKind::StateEntered { name, .. } => {
                self.outermost.get_or_insert_with(|| name.clone());
                Some(name.clone())
            }
            // The names of states are unique in a definition, so this is not a state inside the outermost one.
            EventKind::StateExited { name, .. } if self.outermost.as_ref() == Some(name) => {
                self.outermost = None;
                self.states.clear();
                None
            }
            EventKind::MapIterationStarted(Iteration { name, .. })
            | EventKind::MapIterationSucceeded(Iteration { name, .. }) => Some(name.clone()),
            _ => self.states.get(&event.previous_id).map(|place| place.state.clone()),
        };
        // An attempt of a task has several events, and there can be millions of attempts.
        let is_passed = is_of_an_attempt(&event.kind);
        if is_passed && self.states.get(&event.previous_id).is_some_and(|place| place.is_passed) {
            self.states.remove(&event.previous_id);
        }
        if let Some(state) = state {
            self.states.insert(event.id, Place { state, is_passed });
        }
        if self.states.len() > PLACES_MAX {
            self.states.pop_first();
        }
        self.last = event.id;
    }

    /// The state that the execution itself is in.
    pub(crate) fn outermost(&self) -> Option<&str> {
        self.outermost.as_deref()
    }

    /// The innermost state that an event belongs to.
    pub(crate) fn of(&self, event: EventId) -> Option<&Arc<str>> {
        self.states.get(&event).map(|place| &place.state)
    }

    /// Where the execution failed, in words: in the state that the failure names, or else where the last event happened.
    pub(crate) fn of_failure(&self, failure: &Failure) -> Option<String> {
        let outermost = self.outermost.as_ref()?;
        Some(match failure.state().or_else(|| self.of(self.last)) {
            Some(state) if state != outermost => format!("the state '{state}' of '{outermost}'"),
            _ => format!("the state '{outermost}'"),
        })
    }
}

/// Whether an event tells of one attempt of a task: only what happens next in that state follows it.
fn is_of_an_attempt(kind: &EventKind) -> bool {
    use EventKind as Kind;
    matches!(
        kind,
        Kind::TaskScheduled { .. }
            | Kind::TaskStarted(_)
            | Kind::TaskStartFailed { .. }
            | Kind::TaskSubmitted { .. }
            | Kind::TaskFailed { .. }
            | Kind::TaskTimedOut { .. }
            | Kind::LambdaFunctionScheduled { .. }
            | Kind::LambdaFunctionScheduleFailed(_)
            | Kind::LambdaFunctionStarted
            | Kind::LambdaFunctionStartFailed(_)
            | Kind::LambdaFunctionFailed(_)
            | Kind::LambdaFunctionTimedOut(_)
            | Kind::ActivityScheduled { .. }
            | Kind::ActivityScheduleFailed(_)
            | Kind::ActivityStarted { .. }
            | Kind::ActivityFailed(_)
            | Kind::ActivityTimedOut(_)
    )
}

#[cfg(test)]
mod tests {
    use asl_engine::{Execution, Failure, Outcome, Program, Timestamp, Value};
    use asl_runtime::virtual_time;

    use super::*;

    /// Runs a definition whose tasks answer what `task` gives for the name of their state, and tells for every event
    /// which states it belongs to.
    fn run(definition: &str, task: impl Fn(&str) -> Outcome) -> (Option<String>, Vec<String>) {
        let program = Arc::new(Program::parse(definition).unwrap());
        let execution = Execution::local("m", "run", Value::Null, Timestamp(0), 0);
        let (mut places, mut lines) = (Places::default(), Vec::new());
        let record = |event: HistoryEvent| {
            places.follow(&event);
            let [outermost, state] = [places.outermost(), places.of(event.id).map(|state| &**state)];
            lines.push(format!("{} {}", outermost.unwrap_or("-"), state.unwrap_or("-")));
        };
        let finished = virtual_time::run(program, execution, |request| task(&request.state).into(), record).unwrap();
        (finished.outcome.err().and_then(|failure| places.of_failure(&failure)), lines)
    }

    const MAP: &str = r#"{"StartAt": "List", "States": {
        "List": {"Type": "Pass", "Result": [1, 2], "Next": "Map"},
        "Map": {"Type": "Map", "End": true, "MaxConcurrency": 1, "Iterator": {"StartAt": "One", "States": {
            "One": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:one", "Next": "Two"},
            "Two": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:two", "End": true}}}}}}"#;

    #[test]
    fn a_failure_is_in_the_innermost_state_that_led_to_it() {
        let fails = |name: &'static str| {
            move |state: &str| if state == name { Err(Failure::new("E", "c")) } else { Ok(Value::Null) }
        };
        assert_eq!(run(MAP, fails("One")).0.as_deref(), Some("the state 'One' of 'Map'"));
        assert_eq!(run(MAP, fails("Two")).0.as_deref(), Some("the state 'Two' of 'Map'"));
        let no_list = MAP.replace("[1, 2]", "3");
        assert_eq!(run(&no_list, fails("")).0.as_deref(), Some("the state 'Map'"));
    }

    #[test]
    fn data_that_fails_is_in_the_state_whose_data_it_is() {
        let parallel = |branches: &str, more: &str| {
            let definition = format!(
                r#"{{"StartAt": "Before", "States": {{
                    "Before": {{"Type": "Pass", "Next": "Both"}},
                    "Both": {{"Type": "Parallel", "Branches": [{branches}], {more} "End": true}}}}}}"#
            );
            run(&definition, |_| Ok(Value::Null)).0
        };
        let jsonata = r#"{"StartAt": "Inner", "States": {
            "Inner": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% 1 + 'a' %}", "End": true}}}"#;
        assert_eq!(parallel(jsonata, "").as_deref(), Some("the state 'Inner' of 'Both'"));
        let fine = r#"{"StartAt": "Inner", "States": {"Inner": {"Type": "Pass", "End": true}}}"#;
        assert_eq!(parallel(fine, r#""ResultSelector": {"x.$": "$.nope"},"#).as_deref(), Some("the state 'Both'"));
    }

    #[test]
    fn what_happens_in_a_map_belongs_to_the_states_in_it() {
        let (place, lines) = run(&MAP.replace("[1, 2]", "[1]"), |_| Ok(Value::Null));
        assert_eq!(
            lines,
            [
                "- -",
                "List List",
                "- -",
                "Map Map",
                "Map Map",
                "Map Map",
                "Map One",
                "Map One",
                "Map One",
                "Map One",
                "Map One",
                "Map Two",
                "Map Two",
                "Map Two",
                "Map Two",
                "Map Two",
                "Map Map",
                "Map Map",
                "- -",
                "- -",
            ]
        );
        assert_eq!(place, None);
    }
}
