//! A chart for other programs to draw.

use asl_engine::Value;
use asl_engine::model::{ScopeId, StateId, TransitionKind};

use crate::chart::{Arrow, Chart, ScopeBox, StateBox};

impl Chart {
    /// The chart as JSON: `scopes`, `states` and `transitions`, which name each other by their paths in the definition.
    ///
    /// What has marks says how it went: `status` and `count` of a state, with `millis` where its time is known, and the `count`
    /// of a transition. A transition without `to` ends its scope, or is that of a Retrier, which stays in its state.
    ///
    /// ```
    /// use asl_engine::Program;
    /// use asl_graph::Chart;
    ///
    /// let program = Program::parse(r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}"#).unwrap();
    /// assert_eq!(Chart::new(&program).to_json().to_string(), concat!(
    ///     r#"{"scopes":[{"path":"","start":"/States/A"}],"#,
    ///     r#""states":[{"path":"/States/A","name":"A","type":"Pass","scope":"","lines":["Pass"],"title":"A\nPass"}],"#,
    ///     r#""transitions":[{"kind":"End","from":"/States/A"}]}"#,
    /// ));
    /// ```
    pub fn to_json(&self) -> Value {
        let scopes = self.scopes.iter().map(|scope| self.scope_json(scope));
        let states = self.states.iter().map(|state| self.state_json(state));
        let transitions = self.transitions.iter().map(|(kind, arrow)| self.transition_json(*kind, arrow));
        Value::from([
            ("scopes", scopes.collect()),
            ("states", states.collect()),
            ("transitions", transitions.collect()),
        ])
    }

    fn scope_json(&self, scope: &ScopeBox) -> Value {
        object([
            ("path", Some(scope.path.clone().into())),
            ("parent", scope.parent.and_then(|parent| self.state_path(parent))),
            ("start", self.state_path(scope.start)),
        ])
    }

    fn state_json(&self, state: &StateBox) -> Value {
        let mark = self.mark(state);
        object([
            ("path", Some(state.path.clone().into())),
            ("name", Some(state.name.clone().into())),
            ("type", Some(state.state_type.name().into())),
            ("scope", self.scope_path(state.scope)),
            ("lines", Some(state.lines.iter().map(|line| Value::from(line.as_str())).collect())),
            ("title", Some(state.title.as_str().into())),
            ("status", mark.map(|mark| mark.status.code().into())),
            ("count", mark.map(|mark| count(mark.count))),
            ("millis", mark.and_then(|mark| mark.millis).map(Value::from)),
        ])
    }

    fn transition_json(&self, kind: TransitionKind, arrow: &Arrow) -> Value {
        let (kind, index) = named(kind);
        let text = |text: &str| (!text.is_empty()).then(|| text.into());
        let mark = arrow.id.zip(self.marks.as_ref()).map(|(id, marks)| marks.transition(id));
        object([
            ("kind", Some(kind.into())),
            ("index", index.map(|index| i64::try_from(index).unwrap_or(i64::MAX).into())),
            ("from", arrow.from.and_then(|from| self.state_path(from))),
            ("to", arrow.to.and_then(|to| self.state_path(to))),
            ("label", text(&arrow.label)),
            ("title", text(&arrow.title)),
            ("count", mark.map(|mark| count(mark.count))),
        ])
    }

    pub(crate) fn state_path(&self, id: StateId) -> Option<Value> {
        self.state(id).map(|state| state.path.clone().into())
    }

    pub(crate) fn scope_path(&self, id: ScopeId) -> Option<Value> {
        self.scope(id).map(|scope| scope.path.clone().into())
    }
}

/// What a transition is, and its position in `Choices`, `Retry` or `Catch`.
pub(crate) fn named(kind: TransitionKind) -> (&'static str, Option<usize>) {
    match kind {
        TransitionKind::ChoiceRule(index) => ("ChoiceRule", Some(index)),
        TransitionKind::Default => ("Default", None),
        TransitionKind::Next => ("Next", None),
        TransitionKind::End => ("End", None),
        TransitionKind::Retrier(index) => ("Retrier", Some(index)),
        TransitionKind::Catcher(index) => ("Catcher", Some(index)),
    }
}

fn count(count: u64) -> Value {
    i64::try_from(count).unwrap_or(i64::MAX).into()
}

pub(crate) fn object<const N: usize>(members: [(&'static str, Option<Value>); N]) -> Value {
    members.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

#[cfg(test)]
mod tests {
    use asl_engine::Program;

    use super::*;
    use crate::marks::{Mark, Marks, Status};

    const DEFINITION: &str = r#"{"StartAt": "Each", "States": {
        "Each": {"Type": "Map", "Next": "Which", "Catch": [{"ErrorEquals": ["A", "B"], "Next": "Which"}],
            "ItemProcessor": {"StartAt": "Work", "States": {
                "Work": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:1:function:f", "End": true,
                    "Retry": [{"ErrorEquals": ["Busy"], "MaxAttempts": 2}]}
            }}},
        "Which": {"Type": "Choice", "Default": "Each",
            "Choices": [{"Variable": "$.a", "IsPresent": true, "Comment": "why", "Next": "Bad"}]},
        "Bad": {"Type": "Fail", "Error": "E"}
    }}"#;

    fn lines(values: &Value) -> Vec<String> {
        values.as_array().map(|values| values.iter().map(Value::to_string).collect()).unwrap_or_default()
    }

    #[test]
    fn scopes_states_and_transitions_name_each_other_by_paths() {
        let program = Program::parse(DEFINITION).unwrap();
        let data = Chart::new(&program).to_json();
        assert_eq!(
            lines(&data["scopes"]),
            [
                r#"{"path":"","start":"/States/Each"}"#,
                r#"{"path":"/States/Each/ItemProcessor","parent":"/States/Each","start":"/States/Each/ItemProcessor/States/Work"}"#,
            ]
        );
        assert_eq!(
            lines(&data["transitions"]),
            [
                r#"{"kind":"Next","from":"/States/Each","to":"/States/Which"}"#,
                r#"{"kind":"Catcher","index":0,"from":"/States/Each","to":"/States/Which","label":"A, B","title":"Catch: A, B"}"#,
                r#"{"kind":"End","from":"/States/Each/ItemProcessor/States/Work"}"#,
                r#"{"kind":"Retrier","index":0,"from":"/States/Each/ItemProcessor/States/Work","label":"Busy","title":"Retry: Busy ×2"}"#,
                r#"{"kind":"ChoiceRule","index":0,"from":"/States/Which","to":"/States/Bad","label":"$.a is present","title":"$.a is present\nwhy"}"#,
                r#"{"kind":"Default","from":"/States/Which","to":"/States/Each","label":"Default","title":"Default: no rule holds"}"#,
            ]
        );
    }

    #[test]
    fn what_is_marked_says_how_it_went() {
        let program = Program::parse(DEFINITION).unwrap();
        let (start, mut marks) = (program.model().scopes()[0].start, Marks::default());
        marks.mark_state(start, Mark { status: Status::Caught, count: 2, millis: Some(30) });
        marks.mark_transition(program.model().transitions()[1].id, Mark { count: 1, ..Mark::default() });
        let data = Chart::new(&program).with_marks(marks).to_json();
        let shown = |of: &Value| ["status", "count", "millis"].map(|name| of[name].to_string()).join(" ");
        let states: Vec<String> = data["states"].as_array().unwrap().iter().map(shown).collect();
        let unreached = "\"NOT_REACHED\" 0 null";
        assert_eq!(states, ["\"CAUGHT\" 2 30", unreached, unreached, unreached]);
        let counts: Vec<String> =
            data["transitions"].as_array().unwrap().iter().map(|taken| taken["count"].to_string()).collect();
        assert_eq!(counts, ["0", "1", "0", "0", "0", "0"]);
    }
}
