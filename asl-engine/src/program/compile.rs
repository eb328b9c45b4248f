use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::model::{Model, ScopeId, StateId, TransitionId};
use super::{Catcher, Choice, Kind, Map, Program, Resource, Scope, State, StateIndex, Task};
use crate::definition::ast::{self, Body, Name, StateMachine, Transition};

/// Makes a definition without errors ready to run; `None` where a name has no state.
pub(super) fn program(source: &str, machine: StateMachine) -> Option<Program> {
    let model = Model::of(&machine)?;
    let mut scopes = Vec::new();
    scope(machine.body, &mut scopes)?;
    for (scope, node) in scopes.iter_mut().zip(model.scopes()) {
        for (state, id) in scope.states.iter_mut().zip(&node.states) {
            state.id = *id;
            state.first_transition = model.transitions_of(*id).first().map_or(state.first_transition, |first| first.id);
        }
    }
    let timeout_seconds = machine.timeout_seconds;
    Some(Program { scopes, timeout_seconds, model, source: source.into(), fingerprint: OnceLock::new() })
}

fn scope(body: Body, scopes: &mut Vec<Scope>) -> Option<ScopeId> {
    let ids: BTreeMap<Arc<str>, StateIndex> =
        body.states.iter().enumerate().map(|(id, state)| (state.name.text.clone(), id)).collect();
    let index = scopes.len();
    // The place is taken now, so that a scope comes before those inside it.
    scopes.push(Scope { start: *ids.get(&body.start_at?.text)?, states: Vec::new() });
    let states = body.states.into_iter().map(|found| state(found, &ids, scopes)).collect::<Option<_>>()?;
    scopes[index].states = states;
    Some(ScopeId::new(index))
}

fn state(state: ast::State, ids: &BTreeMap<Arc<str>, StateIndex>, scopes: &mut Vec<Scope>) -> Option<State> {
    let target = |name: &Name| ids.get(&name.text).copied();
    let state_type = state.kind.state_type();
    let kind = match state.kind {
        ast::Kind::Pass { result } => Kind::Pass { result },
        ast::Kind::Task(task) => Kind::Task(Task {
            resource: Resource::new(task.resource.text),
            credentials: task.credentials,
            timeout_seconds: task.timeout_seconds,
            heartbeat_seconds: task.heartbeat_seconds,
        }),
        ast::Kind::Choice { choices, default } => {
            let choice = |choice: ast::Choice| {
                let ast::Choice { span: _, rule, assign, output, next } = choice;
                let assign = assign.map(|assign| assign.template);
                Some(Choice { rule, assign, output, next: target(&next)? })
            };
            Kind::Choice {
                choices: choices.into_iter().map(choice).collect::<Option<_>>()?,
                default: default.as_ref().and_then(target),
            }
        }
        ast::Kind::Wait(wait) => Kind::Wait(wait),
        ast::Kind::Succeed => Kind::Succeed,
        ast::Kind::Fail { error, cause } => Kind::Fail { error, cause },
        ast::Kind::Parallel { branches } => {
            let branches = branches.into_iter().map(|branch| scope(branch, scopes)).collect::<Option<_>>()?;
            Kind::Parallel { branches }
        }
        ast::Kind::Map(map) => Kind::Map(Map {
            scope: scope(map.body, scopes)?,
            items: map.items,
            item_selector: map.item_selector,
            max_concurrency: map.max_concurrency,
            label: map.label.map(|label| label.text),
            tolerated_failure_count: map.tolerated_failure_count,
            tolerated_failure_percentage: map.tolerated_failure_percentage,
            distributed: map.distributed,
        }),
    };
    let catcher = |catcher: ast::Catcher| {
        let ast::Catcher { span: _, error_equals, result_path, assign, output, next } = catcher;
        let assign = assign.map(|assign| assign.template);
        Some(Catcher { error_equals, result_path, assign, output, next: target(&next)? })
    };
    Some(State {
        name: state.name.text,
        id: StateId::default(),
        first_transition: TransitionId::new(0),
        state_type,
        kind,
        io: state.io,
        assign: state.assign.map(|assign| assign.template),
        next: match &state.transition {
            Transition::Next(name) => Some(target(name)?),
            Transition::End(_) => None,
        },
        retry: state.retry,
        catch: state.catch.into_iter().map(catcher).collect::<Option<_>>()?,
    })
}
