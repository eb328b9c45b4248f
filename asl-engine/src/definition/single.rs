//! The definition of one state without a machine around it, as TestState takes it.

use std::sync::Arc;

use super::ast::{Io, Kind, Name, State, StateMachine, Transition};
use super::check::{self, successors};
use super::fields::Fields;
use super::outline::Scope;
use super::{CheckOptions, read, state_machine, variables};
use crate::diagnostic::{Diagnostic, Span};
use crate::json::{Member, Node, NodeKind};

/// What AWS calls the state that it tests: in its messages, and in the context object.
pub(crate) const STATE_NAME: &str = "StateName";

/// Reads the definition of one state as that of a machine which has no other.
///
/// States that it leads to are taken to exist: each is there as a Succeed state of that name.
pub(crate) fn parse_state(text: &str) -> (Option<StateMachine>, Vec<Diagnostic>) {
    let node = match read(text, CheckOptions::default()) {
        Ok(node) => node,
        Err(diagnostic) => return (None, vec![*diagnostic]),
    };
    let mut diagnostics = Vec::new();
    let node = machine(node);
    let Some(fields) = Fields::of(&node, "".into(), &mut diagnostics) else { return (None, diagnostics) };
    let mut machine = state_machine(fields, &mut diagnostics);
    let targets: Vec<Name> = machine.body.states.iter().flat_map(successors).cloned().collect();
    variables::duplicates(&machine.body, &mut diagnostics);
    diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
    if let Some(scope) = Scope::of(&node, "") {
        check::transitions_of_one(&scope, &mut diagnostics);
    }
    for target in targets {
        if machine.body.states.iter().all(|state| state.name.text != target.text) {
            machine.body.states.push(stand_in(target));
        }
    }
    (Some(machine), diagnostics)
}

/// `{"StartAt": "StateName", "States": {"StateName": …}}`, whose places are those of the state.
fn machine(state: Node) -> Node {
    let span = Span { start: state.span.start, end: state.span.start };
    let name: Arc<str> = STATE_NAME.into();
    let member = |name: Arc<str>, value| Member { name, name_span: span, value };
    let object = |members| Node { span, kind: NodeKind::Object(members), written: None };
    let start_at = Node { span, kind: NodeKind::String(name.clone()), written: None };
    object(vec![member("StartAt".into(), start_at), member("States".into(), object(vec![member(name, state)]))])
}

fn stand_in(name: Name) -> State {
    State {
        span: name.span,
        transition: Transition::End(name.span),
        name,
        kind: Kind::Succeed,
        io: Io::plain(),
        assign: None,
        retry: Vec::new(),
        catch: Vec::new(),
    }
}
