//! What a drawing shows of runs.

use std::collections::BTreeMap;

use asl_engine::model::{StateId, TransitionId};

/// What runs or tests have reached, by state and transition. What is not in it was not reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    states: BTreeMap<StateId, Mark>,
    transitions: BTreeMap<TransitionId, Mark>,
}

/// What is known of one state or transition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// How it went.
    pub status: Status,
    /// How often it was entered or taken.
    pub count: u64,
    /// The milliseconds that all its visits took together, where they are known.
    pub millis: Option<i64>,
}

/// How a state went, the worst of its visits last; a transition that was taken has `Succeeded`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Nothing came here.
    #[default]
    NotReached,
    /// All visits ended well.
    Succeeded,
    /// A Catcher took an error of it.
    Caught,
    /// It was cut off when something else failed or the execution was stopped.
    Aborted,
    /// It has not ended.
    Running,
    /// Its error ended the iteration, the branch or the execution.
    Failed,
}

impl Marks {
    /// Says what is known of a state, in the place of what was.
    pub fn mark_state(&mut self, id: StateId, mark: Mark) {
        self.states.insert(id, mark);
    }

    /// Says what is known of a transition, in the place of what was.
    pub fn mark_transition(&mut self, id: TransitionId, mark: Mark) {
        self.transitions.insert(id, mark);
    }

    /// What is known of a state.
    pub fn state(&self, id: StateId) -> Mark {
        self.states.get(&id).copied().unwrap_or_default()
    }

    /// What is known of a transition.
    pub fn transition(&self, id: TransitionId) -> Mark {
        self.transitions.get(&id).copied().unwrap_or_default()
    }

    /// Whether nothing was reached.
    pub fn is_empty(&self) -> bool {
        self.states.is_empty() && self.transitions.is_empty()
    }
}

impl Mark {
    /// Counts one visit more: the worse of both ways to go stays, and times are added.
    pub fn add(&mut self, status: Status, millis: Option<i64>) {
        self.status = self.status.max(status);
        self.count = self.count.saturating_add(1);
        if let Some(millis) = millis {
            self.millis = Some(self.millis.unwrap_or_default().saturating_add(millis));
        }
    }

    /// `✓ succeeded · 12× · 1.4 s`
    pub(crate) fn text(self) -> String {
        let mut text = format!("{} {}", self.status.symbol(), self.status.name());
        if self.count > 1 {
            text += &format!(" · {}×", self.count);
        }
        if let Some(millis) = self.millis {
            text += &format!(" · {}", duration(millis));
        }
        text
    }
}

impl Status {
    /// All of them, as they are ordered.
    pub const ALL: [Self; 6] =
        [Self::NotReached, Self::Succeeded, Self::Caught, Self::Aborted, Self::Running, Self::Failed];

    /// The words for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotReached => "not reached",
            Self::Succeeded => "succeeded",
            Self::Caught => "error caught",
            Self::Aborted => "aborted",
            Self::Running => "running",
            Self::Failed => "failed",
        }
    }

    /// The word for programs.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::NotReached => "NOT_REACHED",
            Self::Succeeded => "SUCCEEDED",
            Self::Caught => "CAUGHT",
            Self::Aborted => "ABORTED",
            Self::Running => "RUNNING",
            Self::Failed => "FAILED",
        }
    }

    fn symbol(self) -> &'static str {
        match self {
            Self::NotReached => "–",
            Self::Succeeded => "✓",
            Self::Caught => "!",
            Self::Aborted => "■",
            Self::Running => "…",
            Self::Failed => "✗",
        }
    }

    /// Its name as a class.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::NotReached => "unreached",
            Self::Succeeded => "succeeded",
            Self::Caught => "caught",
            Self::Aborted => "aborted",
            Self::Running => "running",
            Self::Failed => "failed",
        }
    }
}

/// `20 ms`, `1.4 s`, `2 min 5 s`, `3 h 20 min`
pub(crate) fn duration(millis: i64) -> String {
    let seconds = millis / 1000;
    match millis {
        ..1000 => format!("{millis} ms"),
        1000..60_000 => format!("{}.{} s", seconds, millis % 1000 / 100),
        60_000..3_600_000 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_says_how_it_went() {
        let mut mark = Mark::default();
        assert_eq!(mark.text(), "– not reached");
        mark.add(Status::Failed, Some(1_400));
        mark.add(Status::Succeeded, Some(61_000));
        assert_eq!(mark.text(), "✗ failed · 2× · 1 min 2 s");
        let shown = [0, 999, 1_050, 59_999, 60_000, 3_600_000, 90_000_000].map(duration);
        assert_eq!(shown, ["0 ms", "999 ms", "1.0 s", "59.9 s", "1 min 0 s", "1 h 0 min", "25 h 0 min"]);
    }
}
