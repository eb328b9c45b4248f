//! A program as a graph: its scopes, states and transitions, with their places in the definition.
//!
//! Everything stands in the order of the definition, and its id is its position in that order: it is the same wherever the
//! same definition is read. A step says which state it was in and which transition was taken
//! ([`Step`](crate::Step)), so that whoever shows, counts or stops at these has the names and places here.
//!
//! ```
//! use asl_engine::Program;
//! use asl_engine::model::TransitionKind;
//!
//! let program = Program::parse(r#"{"StartAt": "Each", "States": {
//!     "Each": {
//!         "Type": "Map",
//!         "ItemProcessor": {"StartAt": "Work", "States": {
//!             "Work": {
//!                 "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:work",
//!                 "Retry": [{"ErrorEquals": ["Busy"]}], "End": true
//!             }
//!         }},
//!         "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Tell"}],
//!         "End": true
//!     },
//!     "Tell": {"Type": "Fail", "Error": "Broken"}
//! }}"#).unwrap();
//! let model = program.model();
//! let mut lines = Vec::new();
//! for state in model.states() {
//!     let (line, _) = state.span.line_column(program.source());
//!     lines.push(format!("{line}: {} {}", state.state_type.name(), state.path));
//!     for transition in model.transitions_of(state.id) {
//!         let text = &program.source()[transition.span.start..transition.span.end];
//!         let target = transition.to.and_then(|id| model.state(id)).map_or("", |state| &*state.name);
//!         lines.push(format!("   {:?} {text} -> {target}", transition.kind));
//!     }
//! }
//! assert_eq!(lines, [
//!     r#"2: Map /States/Each"#,
//!     r#"   End true -> "#,
//!     r#"   Catcher(0) {"ErrorEquals": ["States.ALL"], "Next": "Tell"} -> Tell"#,
//!     r#"5: Task /States/Each/ItemProcessor/States/Work"#,
//!     r#"   End true -> "#,
//!     r#"   Retrier(0) {"ErrorEquals": ["Busy"]} -> "#,
//!     r#"13: Fail /States/Tell"#,
//! ]);
//! # let retries = |kind| matches!(kind, TransitionKind::Retrier(_));
//! # assert_eq!(model.transitions().iter().filter(|transition| retries(transition.kind)).count(), 1);
//! ```

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::definition::ast::{self, Body, Kind, Name, StateMachine, StateType};
use crate::diagnostic::Span;

/// The position of a scope in its program. The first is the machine's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ScopeId(u32);

/// The position of a state among all states of its program, in the order of the definition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StateId(u32);

/// The position of a transition among all transitions of its program, in the order of their states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "u32", into = "u32")]
pub struct TransitionId(
    /// One more than the position, so that an `Option` of it is no larger.
    NonZeroU32,
);

/// The graph of a program: see the [module](self).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    scopes: Vec<ScopeNode>,
    states: Vec<StateNode>,
    transitions: Vec<Transition>,
}

/// One `States` block: the machine's own, a branch or an item processor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeNode {
    /// Its position.
    pub id: ScopeId,
    /// Its path in the definition, such as `/States/Each/ItemProcessor`; empty for the machine's own.
    pub path: Arc<str>,
    /// The Map or Parallel state that runs it; `None` for the machine's own.
    pub parent: Option<StateId>,
    /// The state of `StartAt`.
    pub start: StateId,
    /// Its states.
    pub states: Vec<StateId>,
}

/// One member of `States`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateNode {
    /// Its position.
    pub id: StateId,
    /// Its name.
    pub name: Arc<str>,
    /// Its path in the definition, such as `/States/Each/ItemProcessor/States/Work`.
    pub path: Arc<str>,
    /// Its `Type`.
    pub state_type: StateType,
    /// The `States` block that it stands in.
    pub scope: ScopeId,
    /// The place of its name and its fields in the source.
    pub span: Span,
    transitions: Range<usize>,
}

/// One way out of a state, or around to its next attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Its position.
    pub id: TransitionId,
    /// What it is in the definition.
    pub kind: TransitionKind,
    /// The state that it leads out of.
    pub from: StateId,
    /// The state that it leads to. `None` where it ends the scope, and of a Retrier, which stays in its state.
    pub to: Option<StateId>,
    /// Its place in the source: a Choice Rule, Retrier or Catcher as a whole, otherwise the value of the field. Of a Succeed
    /// state, which has no `End`, the value of `Type`.
    pub span: Span,
}

/// What a transition is in the definition. Positions are those in `Choices`, `Retry` and `Catch`, from 0.
///
/// A Fail state has no transition, and a state whose error nothing takes is left by none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TransitionKind {
    /// A rule of a Choice state that holds.
    ChoiceRule(usize),
    /// `Default`
    Default,
    /// `Next`
    Next,
    /// `"End": true`, or a Succeed state
    End,
    /// A Retrier that takes the error.
    Retrier(usize),
    /// A Catcher that takes the error.
    Catcher(usize),
}

impl ScopeId {
    /// The id at a position.
    pub fn new(index: usize) -> Self {
        Self(position(index))
    }

    /// The position.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl StateId {
    /// The id at a position.
    pub fn new(index: usize) -> Self {
        Self(position(index))
    }

    /// The position.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl TransitionId {
    /// The id at a position.
    pub fn new(index: usize) -> Self {
        Self::from(position(index))
    }

    /// The position.
    pub fn index(self) -> usize {
        u32::from(self) as usize
    }
}

impl From<u32> for TransitionId {
    fn from(position: u32) -> Self {
        Self(NonZeroU32::MIN.saturating_add(position))
    }
}

impl From<TransitionId> for u32 {
    fn from(id: TransitionId) -> Self {
        id.0.get() - 1
    }
}

/// A definition has at most 1 MiB, and so fewer of everything.
fn position(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

impl Model {
    /// The scopes, each before those inside it.
    pub fn scopes(&self) -> &[ScopeNode] {
        &self.scopes
    }

    /// The states, each before those that it runs.
    pub fn states(&self) -> &[StateNode] {
        &self.states
    }

    /// The transitions, those of one state together.
    pub fn transitions(&self) -> &[Transition] {
        &self.transitions
    }

    /// A scope; `None` for the id of another program.
    pub fn scope(&self, id: ScopeId) -> Option<&ScopeNode> {
        self.scopes.get(id.index())
    }

    /// A state; `None` for the id of another program.
    pub fn state(&self, id: StateId) -> Option<&StateNode> {
        self.states.get(id.index())
    }

    /// A transition; `None` for the id of another program.
    pub fn transition(&self, id: TransitionId) -> Option<&Transition> {
        self.transitions.get(id.index())
    }

    /// The transitions of a state: the rules of a Choice state and its `Default`, or `Next` or `End`, then the Retriers, then
    /// the Catchers.
    pub fn transitions_of(&self, id: StateId) -> &[Transition] {
        self.state(id).and_then(|state| self.transitions.get(state.transitions.clone())).unwrap_or_default()
    }

    /// The model of a definition without errors; `None` where a name has no state.
    pub(super) fn of(machine: &StateMachine) -> Option<Self> {
        let model = Self { scopes: Vec::new(), states: Vec::new(), transitions: Vec::new() };
        let mut builder = Builder { model, names: BTreeMap::new(), targets: Vec::new(), starts: Vec::new() };
        builder.scope(&machine.body, None);
        builder.finish()
    }
}

/// What a model is made of while the states behind a name are not all known.
struct Builder<'a> {
    model: Model,
    /// The states by the scope and the name.
    names: BTreeMap<(ScopeId, &'a str), StateId>,
    /// `StartAt` of each scope.
    starts: Vec<Option<&'a str>>,
    /// The name that each transition leads to.
    targets: Vec<Option<&'a str>>,
}

impl<'a> Builder<'a> {
    fn scope(&mut self, body: &'a Body, parent: Option<StateId>) {
        let id = ScopeId::new(self.model.scopes.len());
        let (path, states) = (body.location.clone(), Vec::new());
        self.model.scopes.push(ScopeNode { id, path, parent, start: StateId::default(), states });
        self.starts.push(body.start_at.as_ref().map(|name| &*name.text));
        for state in &body.states {
            let state_id = self.state(state, id);
            self.model.scopes[id.index()].states.push(state_id);
            match &state.kind {
                Kind::Parallel { branches } => branches.iter().for_each(|branch| self.scope(branch, Some(state_id))),
                Kind::Map(map) => self.scope(&map.body, Some(state_id)),
                Kind::Pass { .. }
                | Kind::Task(_)
                | Kind::Choice { .. }
                | Kind::Wait(_)
                | Kind::Succeed
                | Kind::Fail { .. } => {}
            }
        }
    }

    fn state(&mut self, state: &'a ast::State, scope: ScopeId) -> StateId {
        let id = StateId::new(self.model.states.len());
        self.names.insert((scope, &state.name.text), id);
        let first = self.model.transitions.len();
        match &state.kind {
            Kind::Choice { choices, default } => {
                for (index, choice) in choices.iter().enumerate() {
                    self.transition(id, TransitionKind::ChoiceRule(index), choice.span, Some(&choice.next));
                }
                if let Some(default) = default {
                    self.transition(id, TransitionKind::Default, default.span, Some(default));
                }
            }
            Kind::Fail { .. } => {}
            Kind::Pass { .. }
            | Kind::Task(_)
            | Kind::Wait(_)
            | Kind::Succeed
            | Kind::Parallel { .. }
            | Kind::Map(_) => match &state.transition {
                ast::Transition::Next(next) => self.transition(id, TransitionKind::Next, next.span, Some(next)),
                ast::Transition::End(span) => self.transition(id, TransitionKind::End, *span, None),
            },
        }
        for (index, retrier) in state.retry.iter().enumerate() {
            self.transition(id, TransitionKind::Retrier(index), retrier.span, None);
        }
        for (index, catcher) in state.catch.iter().enumerate() {
            self.transition(id, TransitionKind::Catcher(index), catcher.span, Some(&catcher.next));
        }
        self.model.states.push(StateNode {
            id,
            name: state.name.text.clone(),
            path: state.name.location.clone(),
            state_type: state.kind.state_type(),
            scope,
            span: state.span,
            transitions: first..self.model.transitions.len(),
        });
        id
    }

    fn transition(&mut self, from: StateId, kind: TransitionKind, span: Span, target: Option<&'a Name>) {
        let id = TransitionId::new(self.model.transitions.len());
        self.model.transitions.push(Transition { id, kind, from, to: None, span });
        self.targets.push(target.map(|name| &*name.text));
    }

    /// Finds the states behind the names.
    fn finish(self) -> Option<Model> {
        let Self { mut model, names, starts, targets } = self;
        for (scope, start) in model.scopes.iter_mut().zip(starts) {
            scope.start = *names.get(&(scope.id, start?))?;
        }
        for (transition, target) in model.transitions.iter_mut().zip(targets) {
            if let Some(target) = target {
                let scope = model.states.get(transition.from.index())?.scope;
                transition.to = Some(*names.get(&(scope, target))?);
            }
        }
        Some(model)
    }
}

#[cfg(test)]
mod tests {
    use super::TransitionKind::{Catcher, ChoiceRule, Default, End, Next, Retrier};
    use super::*;
    use crate::program::Program;

    const DEFINITION: &str = r#"{
        "StartAt": "Both", "States": {
            "Both": {"Type": "Parallel", "Next": "Which", "Branches": [
                {"StartAt": "Same", "States": {"Same": {"Type": "Succeed"}}},
                {"StartAt": "Other", "States": {"Other": {"Type": "Wait", "Seconds": 1, "End": true}}}
            ], "Retry": [{"ErrorEquals": ["A"]}, {"ErrorEquals": ["B"]}], "Catch": [{"ErrorEquals": ["A"], "Next": "Bad"}]},
            "Which": {"Type": "Choice", "Choices": [
                {"Variable": "$.a", "IsPresent": true, "Next": "Both"}, {"Variable": "$.b", "IsPresent": true, "Next": "Bad"}
            ], "Default": "Which"},
            "Bad": {"Type": "Fail"}
        }
    }"#;

    #[test]
    fn transitions_lead_to_states_of_their_scope() {
        let program = Program::parse(DEFINITION).unwrap();
        let model = program.model();
        let name = |id: StateId| &*model.state(id).unwrap().name;
        let lines: Vec<_> = model.transitions().iter().map(|t| (name(t.from), t.kind, t.to.map(name))).collect();
        assert_eq!(
            lines,
            [
                ("Both", Next, Some("Which")),
                ("Both", Retrier(0), None),
                ("Both", Retrier(1), None),
                ("Both", Catcher(0), Some("Bad")),
                ("Same", End, None),
                ("Other", End, None),
                ("Which", ChoiceRule(0), Some("Both")),
                ("Which", ChoiceRule(1), Some("Bad")),
                ("Which", Default, Some("Which")),
            ]
        );
        let ids = |scope: &ScopeNode| (scope.parent.map(name), scope.states.iter().map(|id| name(*id)).collect());
        let scopes: Vec<(_, Vec<_>)> = model.scopes().iter().map(ids).collect();
        let expected =
            [(None, vec!["Both", "Which", "Bad"]), (Some("Both"), vec!["Same"]), (Some("Both"), vec!["Other"])];
        assert_eq!(scopes, expected);
        assert_eq!(&*model.scopes()[2].path, "/States/Both/Branches[1]");
        assert_eq!(&*model.states()[2].path, "/States/Both/Branches[1]/States/Other");
        assert_eq!(name(model.scopes()[1].start), "Same");
    }

    #[test]
    fn spans_cover_what_was_written() {
        let program = Program::parse(DEFINITION).unwrap();
        let model = program.model();
        let written = |span: Span| &program.source()[span.start..span.end];
        let same = &model.states()[1];
        assert_eq!(written(same.span), r#""Same": {"Type": "Succeed"}"#);
        assert_eq!(written(model.transitions_of(same.id)[0].span), r#""Succeed""#);
        let both: Vec<_> = model.transitions_of(model.states()[0].id).iter().map(|t| written(t.span)).collect();
        let expected = [
            r#""Which""#,
            r#"{"ErrorEquals": ["A"]}"#,
            r#"{"ErrorEquals": ["B"]}"#,
            r#"{"ErrorEquals": ["A"], "Next": "Bad"}"#,
        ];
        assert_eq!(both, expected);
    }

    #[test]
    fn a_fingerprint_is_that_of_the_value() {
        let fingerprint = |text: &str| Program::parse(text).unwrap().fingerprint().clone();
        let first = fingerprint(r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": 1.50, "End": true}}}"#);
        // Whoever has saved it finds it again: it must never change.
        assert_eq!(&*first, "ebc7c9fbe756abd059089d3a078c62730d922fabdcf596bfb0dc523bb2471a49");
        let spaced =
            "{ \"StartAt\" : \"\\u0041\",\n\"States\":{\"A\":{\"Type\":\"Pass\",\"Result\":1.50,\"End\":true}}}";
        assert_eq!(fingerprint(spaced), first);
        let other = fingerprint(r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": 1.5, "End": true}}}"#);
        assert_ne!(other, first);
    }
}
