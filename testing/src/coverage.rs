//! What tests take of a definition: its states, its transitions, and how many items its Map states have.

use std::collections::HashMap;

use asl_engine::model::{Model, StateId, TransitionId, TransitionKind};
use asl_engine::{EventKind, Program, StateType, Value};
use asl_runtime::{Batch, FrameId};

/// Something that tests can take, or leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Goal {
    /// A state is entered.
    State(StateId),
    /// A transition is taken.
    Transition(TransitionId),
    /// A rule of a Choice state is looked at and does not hold.
    RuleNot(TransitionId),
    /// A Retrier has tried as often as it may, and the error stays.
    Exhausted(TransitionId),
    /// A Map state has no item, one, or several.
    Items(StateId, Items),
    /// A task that has a time limit runs into it.
    TimedOut(StateId),
}

/// How many items a Map state has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Items {
    /// None.
    None,
    /// One.
    One,
    /// More than one.
    Several,
}

/// What one execution, or many, have taken: how often each goal was reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    states: Vec<u64>,
    transitions: Vec<u64>,
    others: std::collections::BTreeMap<Goal, u64>,
    /// The retries of the visit that each Frame is in, by Retrier.
    retries: HashMap<(FrameId, TransitionId), u64>,
}

impl Taken {
    /// Nothing of this model.
    pub fn new(model: &Model) -> Self {
        let (states, transitions) = (vec![0; model.states().len()], vec![0; model.transitions().len()]);
        Self { states, transitions, ..Self::default() }
    }

    /// What was counted elsewhere.
    pub(crate) fn of_counts(model: &Model, counts: impl Iterator<Item = (Goal, u64)>) -> Self {
        let mut taken = Self::new(model);
        for (goal, count) in counts.filter(|(_, count)| *count > 0) {
            match goal {
                Goal::State(state) => taken.states[state.index()] = count,
                Goal::Transition(transition) => taken.transitions[transition.index()] = count,
                other => _ = taken.others.insert(other, count),
            }
        }
        taken
    }

    /// Adds what a Batch tells.
    pub(crate) fn add(&mut self, batch: &Batch, program: &Program) {
        let model = program.model();
        for recorded in &batch.recorded {
            let Some(state) = recorded.state else { continue };
            match &recorded.event.kind {
                EventKind::StateEntered { .. } => {
                    self.states[state.index()] += 1;
                }
                EventKind::MapStateStarted { length } => {
                    let items = match length {
                        0 => Items::None,
                        1 => Items::One,
                        _ => Items::Several,
                    };
                    self.reach(Goal::Items(state, items));
                }
                EventKind::TaskTimedOut { .. }
                | EventKind::LambdaFunctionTimedOut(_)
                | EventKind::ActivityTimedOut(_) => self.reach(Goal::TimedOut(state)),
                _ => {}
            }
        }
        for (frame, transition) in &batch.taken {
            let Some(transition) = model.transition(*transition) else { continue };
            self.transitions[transition.id.index()] += 1;
            match transition.kind {
                TransitionKind::Retrier(_) => *self.retries.entry((*frame, transition.id)).or_default() += 1,
                // A Catcher takes what the Retriers have given up.
                TransitionKind::Catcher(_) => self.exhausted(*frame, program),
                TransitionKind::ChoiceRule(_) | TransitionKind::Default => {
                    self.left(*frame);
                    let before =
                        model.transitions_of(transition.from).iter().take_while(|other| other.id != transition.id);
                    let rules = before.filter(|other| matches!(other.kind, TransitionKind::ChoiceRule(_)));
                    let rules: Vec<TransitionId> = rules.map(|rule| rule.id).collect();
                    rules.into_iter().for_each(|rule| self.reach(Goal::RuleNot(rule)));
                }
                TransitionKind::Next | TransitionKind::End => self.left(*frame),
            }
        }
        // What was left by no transition has failed.
        if batch.finished.is_some() {
            let frames: Vec<FrameId> = self.retries.keys().map(|(frame, _)| *frame).collect();
            frames.into_iter().for_each(|frame| self.exhausted(frame, program));
        }
    }

    /// Forgets the retries of a visit that has ended well.
    fn left(&mut self, frame: FrameId) {
        self.retries.retain(|(of, _), _| *of != frame);
    }

    /// Takes note of the Retriers of a Frame that have no attempts left.
    fn exhausted(&mut self, frame: FrameId, program: &Program) {
        let used = self.retries.iter().filter(|((of, _), _)| *of == frame);
        let used: Vec<(TransitionId, u64)> = used.map(|((_, retrier), count)| (*retrier, *count)).collect();
        for (retrier, count) in used {
            self.retries.remove(&(frame, retrier));
            if program.attempts(retrier).is_some_and(|attempts| count + 1 >= attempts) {
                self.reach(Goal::Exhausted(retrier));
            }
        }
    }

    fn reach(&mut self, goal: Goal) {
        *self.others.entry(goal).or_default() += 1;
    }

    /// Adds what another execution of the same program has taken.
    pub fn merge(&mut self, other: &Self) {
        if self.states.len() < other.states.len() {
            self.states.resize(other.states.len(), 0);
            self.transitions.resize(other.transitions.len(), 0);
        }
        for (own, other) in self.states.iter_mut().zip(&other.states) {
            *own = own.saturating_add(*other);
        }
        for (own, other) in self.transitions.iter_mut().zip(&other.transitions) {
            *own = own.saturating_add(*other);
        }
        for (goal, count) in &other.others {
            let own = self.others.entry(*goal).or_default();
            *own = own.saturating_add(*count);
        }
    }

    /// How often a goal was reached.
    pub fn count(&self, goal: Goal) -> u64 {
        match goal {
            Goal::State(state) => self.states.get(state.index()).copied().unwrap_or(0),
            Goal::Transition(transition) => self.transitions.get(transition.index()).copied().unwrap_or(0),
            other => self.others.get(&other).copied().unwrap_or(0),
        }
    }
}

/// The fields of a state as they are written.
pub(crate) fn written(program: &Program, state: StateId) -> Value {
    let span = program.model().state(state).map(|state| state.span).unwrap_or_default();
    let member = format!("{{{}}}", &program.source()[span.start..span.end]);
    let member = member.parse::<Value>().unwrap_or_default();
    member.as_object().and_then(|members| members.iter().next().map(|(_, fields)| fields.clone())).unwrap_or_default()
}

/// All that tests of a program can take, in the order of the definition.
pub fn goals(program: &Program) -> Vec<Goal> {
    let model = program.model();
    let mut goals = Vec::new();
    for state in model.states() {
        goals.push(Goal::State(state.id));
        for transition in model.transitions_of(state.id) {
            goals.push(Goal::Transition(transition.id));
            match transition.kind {
                TransitionKind::ChoiceRule(_) => goals.push(Goal::RuleNot(transition.id)),
                // One that never tries again is never exhausted.
                TransitionKind::Retrier(_) if program.attempts(transition.id).is_some_and(|attempts| attempts > 1) => {
                    goals.push(Goal::Exhausted(transition.id));
                }
                _ => {}
            }
        }
        let has = |names: &[&str]| {
            let fields = written(program, state.id);
            names.iter().any(|name| fields.get(name).is_some())
        };
        let limits = ["TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath"];
        if state.state_type == StateType::Task && has(&limits) {
            goals.push(Goal::TimedOut(state.id));
        }
        // How many items an ItemReader reads, no event of the Map state tells.
        if state.state_type == StateType::Map && !has(&["ItemReader"]) {
            goals.extend([Items::None, Items::One, Items::Several].map(|items| Goal::Items(state.id, items)));
        }
    }
    goals
}

impl Goal {
    /// What a report says of a goal that no test has reached.
    pub fn unreached(self, program: &Program) -> String {
        let model = program.model();
        let name = |state: StateId| model.state(state).map_or_else(String::new, |state| format!("'{}'", state.name));
        match self {
            Self::State(state) => format!("{} is never entered", name(state)),
            Self::Items(state, items) => {
                let items = match items {
                    Items::None => "no item",
                    Items::One => "one item",
                    Items::Several => "several items",
                };
                format!("{} never has {items}", name(state))
            }
            Self::TimedOut(state) => format!("{} never times out", name(state)),
            Self::Transition(id) | Self::RuleNot(id) | Self::Exhausted(id) => {
                let Some(transition) = model.transition(id) else { return String::new() };
                let (from, to) = (name(transition.from), transition.to.map(name));
                let to = to.map_or_else(String::new, |to| format!(" to {to}"));
                match (self, transition.kind) {
                    (Self::RuleNot(_), TransitionKind::ChoiceRule(at)) => {
                        format!("rule {} of {from}{to} is never passed over", at + 1)
                    }
                    (Self::Exhausted(_), TransitionKind::Retrier(at)) => {
                        format!("Retrier {} of {from} never gives up", at + 1)
                    }
                    (_, TransitionKind::ChoiceRule(at)) => format!("rule {} of {from}{to} never holds", at + 1),
                    (_, TransitionKind::Default) => format!("the Default of {from}{to} is never taken"),
                    (_, TransitionKind::Next) => format!("{from} never goes on{to}"),
                    (_, TransitionKind::End) => format!("{from} never ends here"),
                    (_, TransitionKind::Retrier(at)) => format!("Retrier {} of {from} never tries again", at + 1),
                    (_, TransitionKind::Catcher(at)) => format!("Catcher {} of {from}{to} never catches", at + 1),
                }
            }
        }
    }

    /// Its place in [`Program::source`].
    pub fn span(self, program: &Program) -> asl_engine::Span {
        let model = program.model();
        let of_state = |state: StateId| model.state(state).map(|state| state.span);
        let span = match self {
            Self::State(state) | Self::Items(state, _) | Self::TimedOut(state) => of_state(state),
            Self::Transition(id) | Self::RuleNot(id) | Self::Exhausted(id) => {
                model.transition(id).map(|transition| transition.span)
            }
        };
        span.unwrap_or_default()
    }

    /// Which kind of goal it is, in a word for counting.
    pub fn kind(self) -> GoalKind {
        match self {
            Self::State(_) => GoalKind::State,
            Self::Transition(_) => GoalKind::Transition,
            Self::RuleNot(_) | Self::Exhausted(_) | Self::Items(..) | Self::TimedOut(_) => GoalKind::Condition,
        }
    }
}

/// What kinds of goals are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GoalKind {
    /// States.
    State,
    /// `Next`, `End`, rules of Choice states and their `Default`, Retriers and Catchers.
    Transition,
    /// Rules that do not hold, Retriers that give up, time limits that pass, and how many items Map states have.
    Condition,
}
