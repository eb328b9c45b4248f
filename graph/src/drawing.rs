//! A chart for a page that draws it, with the places of everything.

use std::collections::BTreeSet;

use asl_engine::Value;

use crate::chart::{Chart, ScopeBox, StateBox};
use crate::data::{named, object};
use crate::marks::{Mark, Marks, Status};
use crate::svg::boxes::{PlacedArrow, PlacedScope, Rect, Text, placed_with};
use crate::svg::{drawn, symbol};

/// The widest mark that a state has room for; a longer one is cut by who draws it.
const WIDEST: Mark = Mark { status: Status::Failed, count: 10_000, millis: Some(99_900) };

impl Chart {
    /// The chart as JSON with the places of everything, in pixels from the upper left corner: `width` and `height`, `states`,
    /// `branches` (the boxes around those of Parallel states), `terminals` (where scopes start and end) and `arrows`, each with its
    /// `way` and its `head` as data of an SVG path.
    ///
    /// Below the lines of each state is room for one that says how it went, so that the places stay while an execution runs.
    ///
    /// ```
    /// use asl_engine::Program;
    /// use asl_graph::Chart;
    ///
    /// let program = Program::parse(r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}"#).unwrap();
    /// let drawing = Chart::new(&program).drawing();
    /// assert_eq!(drawing["states"][0]["path"].as_str(), Some("/States/A"));
    /// assert_eq!(drawing["arrows"][1]["kind"].as_str(), Some("End"));
    /// ```
    pub fn drawing(&self) -> Value {
        let placed = placed_with(self, |_| Some(WIDEST.text()));
        let states = self.states.iter().zip(&placed.states).zip(&placed.texts);
        let states = states.map(|((state, rect), text)| self.placed_state(state, *rect, text));
        let branches =
            placed.scopes.iter().filter_map(|scope| scope.branch).map(|rect| rect.members().collect::<Value>());
        let scopes = || self.scopes.iter().zip(&placed.scopes);
        let terminals = scopes().flat_map(|(scope, placed)| terminals(scope, placed));
        let arrows = scopes().flat_map(|(_, placed)| &placed.arrows).filter(|arrow| !arrow.route.points.is_empty());
        object([
            ("width", Some(pixels(placed.size.width.ceil()))),
            ("height", Some(pixels(placed.size.height.ceil()))),
            ("states", Some(states.collect())),
            ("branches", Some(branches.collect())),
            ("terminals", Some(terminals.collect())),
            ("arrows", Some(arrows.map(|arrow| self.placed_arrow(arrow)).collect())),
            ("missing", Some(i64::try_from(placed.missing()).unwrap_or(i64::MAX).into())),
        ])
    }

    fn placed_state(&self, state: &StateBox, rect: Rect, text: &Text) -> Value {
        let lines = |lines: &[String]| lines.iter().map(|line| Value::from(line.as_str())).collect::<Value>();
        let members = [
            ("path", Some(state.path.clone().into())),
            ("name", Some(state.name.clone().into())),
            ("type", Some(state.state_type.name().into())),
            ("scope", self.scope_path(state.scope)),
            ("isContainer", Some((!state.scopes.is_empty()).into())),
            ("nameLines", Some(lines(&text.name))),
            ("lines", Some(lines(&text.lines))),
            ("title", Some(state.title.as_str().into())),
            ("symbol", Some(symbol(state.state_type).into())),
        ];
        let members = members.into_iter().filter_map(|(name, value)| Some((name, value?)));
        members.chain(rect.members()).collect()
    }

    fn placed_arrow(&self, placed: &PlacedArrow<'_>) -> Value {
        let arrow = placed.arrow;
        // Each has its whole way: which of those that share a piece is drawn last is known when it is drawn.
        let (way, head) = drawn(&placed.route, &mut BTreeSet::new());
        let kind = arrow.id.and_then(|id| self.transitions.get(id.index())).map_or("Start", |(kind, _)| named(*kind).0);
        let id = arrow.id.map(|id| i64::try_from(id.index()).unwrap_or(i64::MAX));
        let label = placed.label_rect.map(|rect| {
            let lines: Value = placed.label.iter().map(|line| Value::from(line.as_str())).collect();
            [("lines", lines)].into_iter().chain(rect.members()).collect()
        });
        object([
            ("id", id.map(Value::from)),
            ("kind", Some(kind.into())),
            ("from", arrow.from.and_then(|from| self.state_path(from))),
            ("to", arrow.to.and_then(|to| self.state_path(to))),
            ("way", Some(way.into())),
            ("head", Some(head.into())),
            ("label", label),
            ("title", Some(arrow.title.as_str().into())),
        ])
    }

    /// Marks as JSON: those of `states` by their paths, with `status`, `count` and, where they are known, `millis`; how often each of
    /// the `transitions` was taken, by its id. What was not reached is not in it.
    pub fn marks_json(&self, marks: &Marks) -> Value {
        let count = |count: u64| Value::from(i64::try_from(count).unwrap_or(i64::MAX));
        let states = self.states.iter().filter_map(|state| {
            let mark = marks.state(state.id);
            let told = object([
                ("status", Some(mark.status.code().into())),
                ("count", Some(count(mark.count))),
                ("millis", mark.millis.map(Value::from)),
            ]);
            (mark.status != Status::NotReached).then(|| (state.path.clone(), told))
        });
        let transitions = self.transitions.iter().filter_map(|(_, arrow)| {
            let taken = marks.transition(arrow.id?).count;
            (taken > 0).then(|| (arrow.id.map_or(0, |id| id.index()).to_string(), count(taken)))
        });
        Value::from([("states", states.collect::<Value>()), ("transitions", transitions.collect())])
    }
}

impl Rect {
    fn members(self) -> impl Iterator<Item = (&'static str, Value)> {
        [("x", self.x), ("y", self.y), ("width", self.width), ("height", self.height)]
            .into_iter()
            .map(|(name, length)| (name, pixels(length)))
    }
}

/// Where a scope starts and ends.
fn terminals(scope: &ScopeBox, placed: &PlacedScope<'_>) -> impl Iterator<Item = Value> {
    let (path, is_outermost) = (scope.path.clone(), scope.parent.is_none());
    [("Start", Some(placed.start)), ("End", placed.end)].into_iter().filter_map(move |(kind, rect)| {
        let members =
            [("kind", Value::from(kind)), ("scope", path.clone().into()), ("isOutermost", is_outermost.into())];
        Some(members.into_iter().chain(rect?.members()).collect())
    })
}

/// A length in pixels, to a tenth.
fn pixels(length: f64) -> Value {
    let tenths = (length * 10.0).round() / 10.0;
    format!("{tenths}").parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use asl_engine::Program;

    use super::*;

    const DEFINITION: &str = r#"{"StartAt": "Both", "States": {
        "Both": {"Type": "Parallel", "Next": "Which", "Branches": [
            {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}},
            {"StartAt": "B", "States": {"B": {"Type": "Pass", "End": true}}}
        ]},
        "Which": {"Type": "Choice", "Default": "Both", "Choices": [{"Variable": "$.a", "IsPresent": true, "Next": "Good"}]},
        "Good": {"Type": "Succeed"}
    }}"#;

    fn number(value: &Value) -> f64 {
        value.to_string().parse().unwrap()
    }

    fn numbers(of: &Value, names: [&str; 4]) -> [f64; 4] {
        names.map(|name| number(&of[name]))
    }

    #[test]
    fn what_a_state_runs_stands_inside_of_it_and_everything_inside_of_the_drawing() {
        let drawing = Chart::new(&Program::parse(DEFINITION).unwrap()).drawing();
        let [width, height] = ["width", "height"].map(|name| number(&drawing[name]));
        let rect = |of: &Value| numbers(of, ["x", "y", "width", "height"]);
        let states = drawing["states"].as_array().unwrap();
        let outer = rect(&states[0]);
        assert_eq!(states[0]["isContainer"], true.into());
        for (state, name) in states.iter().zip(["Both", "A", "B", "Which", "Good"]) {
            assert_eq!(state["name"].as_str(), Some(name));
            let [x, y, w, h] = rect(state);
            assert!(x >= 0.0 && y >= 0.0 && x + w <= width && y + h <= height, "{state}");
            if matches!(name, "A" | "B") {
                assert!(x > outer[0] && y > outer[1] && x + w < outer[0] + outer[2] && y + h < outer[1] + outer[3]);
            }
        }
        assert_eq!(drawing["branches"].as_array().map(|all| all.len()), Some(2));
        // Each branch, the machine: a start and an end.
        assert_eq!(drawing["terminals"].as_array().map(|all| all.len()), Some(6));
        let kinds: Vec<&str> =
            drawing["arrows"].as_array().unwrap().iter().filter_map(|arrow| arrow["kind"].as_str()).collect();
        assert_eq!(kinds, ["Start", "Next", "ChoiceRule", "Default", "End", "Start", "End", "Start", "End"]);
    }

    #[test]
    fn marks_name_what_was_reached_and_leave_the_places_as_they_are() {
        let program = Program::parse(DEFINITION).unwrap();
        let chart = Chart::new(&program);
        let places = chart.drawing();
        let mut marks = Marks::default();
        let model = program.model();
        marks.mark_state(model.scopes()[0].start, Mark { status: Status::Failed, count: 2, millis: None });
        marks.mark_transition(model.transitions()[0].id, Mark { status: Status::Succeeded, count: 3, millis: None });
        assert_eq!(
            chart.marks_json(&marks).to_string(),
            r#"{"states":{"/States/Both":{"status":"FAILED","count":2}},"transitions":{"0":3}}"#
        );
        assert_eq!(chart.with_marks(marks).drawing()["states"], places["states"]);
    }
}
