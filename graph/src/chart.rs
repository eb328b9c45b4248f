//! What a drawing shows, whatever it is drawn as.

use std::sync::Arc;

use asl_engine::model::{Model, ScopeId, ScopeNode, StateId, Transition, TransitionId, TransitionKind};
use asl_engine::{Program, StateType, Value, cut};

use crate::marks::{Mark, Marks, Status};
use crate::{condition, describe};

/// How many characters of a label are shown; the whole is in the tooltip.
const LABEL: usize = 56;

/// How many characters of a line in a state are shown.
const LINE: usize = 48;

/// What is drawn of a program, with marks where there are some.
#[derive(Clone, Debug)]
pub struct Chart {
    pub(crate) scopes: Vec<ScopeBox>,
    pub(crate) states: Vec<StateBox>,
    /// All transitions by their ids, also those of Retriers, which no arrow is drawn for.
    pub(crate) transitions: Vec<(TransitionKind, Arrow)>,
    pub(crate) marks: Option<Marks>,
}

/// A `States` block as it is drawn.
#[derive(Clone, Debug)]
pub(crate) struct ScopeBox {
    pub(crate) id: ScopeId,
    pub(crate) path: Arc<str>,
    /// The state that runs it.
    pub(crate) parent: Option<StateId>,
    pub(crate) start: StateId,
    pub(crate) states: Vec<StateId>,
    /// What leads to the first state, then those of the states.
    pub(crate) arrows: Vec<Arrow>,
}

/// A state as it is drawn.
#[derive(Clone, Debug)]
pub(crate) struct StateBox {
    pub(crate) id: StateId,
    pub(crate) name: Arc<str>,
    pub(crate) state_type: StateType,
    pub(crate) path: Arc<str>,
    /// The scope that it stands in.
    pub(crate) scope: ScopeId,
    /// The lines below the name.
    pub(crate) lines: Vec<String>,
    /// The tooltip.
    pub(crate) title: String,
    /// The scopes that it runs.
    pub(crate) scopes: Vec<ScopeId>,
}

/// What leads from one state to another.
#[derive(Clone, Debug)]
pub(crate) struct Arrow {
    /// `None` is the start of the scope.
    pub(crate) from: Option<StateId>,
    /// `None` is the end of the scope.
    pub(crate) to: Option<StateId>,
    pub(crate) id: Option<TransitionId>,
    pub(crate) label: String,
    /// The tooltip.
    pub(crate) title: String,
    pub(crate) is_catcher: bool,
}

impl Chart {
    /// What is to be drawn of a program.
    pub fn new(program: &Program) -> Self {
        let model = program.model();
        // The text of a program is JSON, or there would be no program.
        let root: Value = program.source().parse().unwrap_or_default();
        let values = values(model, &root);
        let mut runs: Vec<Vec<ScopeId>> = vec![Vec::new(); model.states().len()];
        for scope in model.scopes() {
            if let Some(runs) = scope.parent.and_then(|parent| runs.get_mut(parent.index())) {
                runs.push(scope.id);
            }
        }
        let states: Vec<StateBox> = model
            .states()
            .iter()
            .zip(&values)
            .zip(runs)
            .map(|((state, value), scopes)| {
                let detail = describe::detail(state.state_type, value, scopes.len());
                let retriers = value.get("Retry").and_then(Value::as_array).map(|all| &**all).unwrap_or_default();
                let retries: Vec<String> = retriers.iter().map(describe::retry).collect();
                let comment = value.get("Comment").and_then(Value::as_str).map(str::to_owned);
                let resource = value.get("Resource").and_then(Value::as_str).map(str::to_owned);
                let title = [Some(state.name.to_string()), comment, Some(detail.clone()), resource];
                let title: Vec<String> =
                    title.into_iter().flatten().chain(retriers.iter().map(describe::whole_retry)).collect();
                let lines = [detail].into_iter().chain(retries).map(|line| cut(&line, LINE)).collect();
                StateBox {
                    id: state.id,
                    name: state.name.clone(),
                    state_type: state.state_type,
                    path: state.path.clone(),
                    scope: state.scope,
                    lines,
                    title: title.join("\n"),
                    scopes,
                }
            })
            .collect();
        let transitions: Vec<(TransitionKind, Arrow)> = model
            .transitions()
            .iter()
            .map(|transition| {
                let value = values.get(transition.from.index()).unwrap_or(&Value::Null);
                (transition.kind, arrow(transition, value))
            })
            .collect();
        let scopes = model.scopes().iter().map(|scope| {
            let start = Arrow {
                from: None,
                to: Some(scope.start),
                id: None,
                label: String::new(),
                title: String::new(),
                is_catcher: false,
            };
            let mut arrows = vec![start];
            for state in &scope.states {
                let of_state = model.transitions_of(*state).iter();
                let of_state = of_state.filter_map(|transition| transitions.get(transition.id.index()));
                let drawn = of_state.filter(|(kind, _)| !matches!(kind, TransitionKind::Retrier(_)));
                arrows.extend(drawn.map(|(_, arrow)| arrow.clone()));
            }
            let ScopeNode { id, path, parent, start, states } = scope.clone();
            ScopeBox { id, path, parent, start, states, arrows }
        });
        Self { scopes: scopes.collect(), states, transitions, marks: None }
    }

    /// Shows what was reached, and what was not.
    #[must_use]
    pub fn with_marks(self, marks: Marks) -> Self {
        Self { marks: Some(marks), ..self }
    }

    /// The state of an id of this chart.
    pub(crate) fn state(&self, id: StateId) -> Option<&StateBox> {
        self.states.get(id.index())
    }

    /// What is known of a state, where anything is marked.
    pub(crate) fn mark(&self, state: &StateBox) -> Option<Mark> {
        self.marks.as_ref().map(|marks| marks.state(state.id))
    }

    /// The lines below the name of a state, with what is known of it.
    pub(crate) fn lines(&self, state: &StateBox) -> Vec<String> {
        state.lines.iter().cloned().chain(self.mark(state).map(Mark::text)).collect()
    }

    /// Whether something went along an arrow, where anything is marked.
    pub(crate) fn is_taken(&self, arrow: &Arrow) -> Option<bool> {
        let marks = self.marks.as_ref()?;
        Some(match (arrow.id, arrow.to) {
            (Some(id), _) => marks.transition(id).count > 0,
            (None, Some(first)) => marks.state(first).status != Status::NotReached,
            (None, None) => false,
        })
    }

    /// The label of an arrow, with how often it was taken where that is more than once.
    pub(crate) fn label(&self, arrow: &Arrow) -> String {
        let count = arrow.id.zip(self.marks.as_ref()).map_or(0, |(id, marks)| marks.transition(id).count);
        let short = cut(&arrow.label, LABEL);
        match (count, short.is_empty()) {
            (0 | 1, _) => short,
            (count, true) => format!("{count}×"),
            (count, false) => format!("{short} · {count}×"),
        }
    }

    /// The scope of an id of this chart.
    pub(crate) fn scope(&self, id: ScopeId) -> Option<&ScopeBox> {
        self.scopes.get(id.index())
    }
}

impl ScopeBox {
    /// Whether anything leads to its end.
    pub(crate) fn ends(&self) -> bool {
        self.arrows.iter().any(|arrow| arrow.to.is_none())
    }
}

/// The definition of each state.
fn values(model: &Model, root: &Value) -> Vec<Value> {
    let mut values = vec![Value::Null; model.states().len()];
    let mut branches: Vec<usize> = vec![0; model.states().len()];
    // A scope comes behind the state that runs it.
    for scope in model.scopes() {
        let body = match scope.parent {
            None => Some(root),
            Some(parent) => values.get(parent.index()).and_then(|state| {
                let branch = branches.get_mut(parent.index())?;
                *branch += 1;
                let of_parallel = || state.get("Branches")?.as_array()?.get(*branch - 1);
                state.get("ItemProcessor").or_else(|| state.get("Iterator")).or_else(of_parallel)
            }),
        };
        let body = body.cloned().unwrap_or_default();
        for id in &scope.states {
            let value = model.state(*id).and_then(|state| body.get("States")?.get(&state.name));
            if let (Some(place), Some(value)) = (values.get_mut(id.index()), value) {
                *place = value.clone();
            }
        }
    }
    values
}

fn arrow(transition: &Transition, state: &Value) -> Arrow {
    let item = |list: &str, index: usize| state.get(list)?.as_array()?.get(index);
    let (label, title) = match transition.kind {
        TransitionKind::ChoiceRule(index) => {
            let rule = item("Choices", index);
            let comment = rule.and_then(|rule| rule.get("Comment")).and_then(Value::as_str);
            let text = rule.map(condition::text).unwrap_or_default();
            let title = comment.map_or_else(|| text.clone(), |comment| format!("{text}\n{comment}"));
            (text, title)
        }
        TransitionKind::Default => ("Default".to_owned(), "Default: no rule holds".to_owned()),
        TransitionKind::Catcher(index) => {
            let errors = item("Catch", index).map(describe::errors).unwrap_or_default();
            (errors.clone(), format!("Catch: {errors}"))
        }
        TransitionKind::Retrier(index) => {
            let retrier = item("Retry", index);
            let text = |of: fn(&Value) -> String| retrier.map(of).unwrap_or_default();
            (text(describe::errors), text(describe::whole_retry))
        }
        TransitionKind::Next | TransitionKind::End => (String::new(), String::new()),
    };
    Arrow {
        from: Some(transition.from),
        to: transition.to,
        id: Some(transition.id),
        label,
        title,
        is_catcher: matches!(transition.kind, TransitionKind::Catcher(_)),
    }
}
