//! Where the time of an execution went.

use std::collections::BTreeMap;
use std::sync::Arc;

use asl_engine::{Timestamp, Value};

use crate::course::{Answer, Attempt, Course, Visit, VisitAt};

/// What time is spent with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Spent {
    /// A task was called and had not answered.
    Task,
    /// An attempt had failed, and the next one had not begun.
    Retry,
    /// A Wait state, a task token that nobody answered yet, or an activity that no worker had taken yet.
    Wait,
    /// Branches, iterations or child executions ran: their own states say with what.
    Inner,
    /// None of these: transitions, expressions, what the interpreter itself does.
    Own,
}

/// A piece of a visit's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What it was spent with.
    pub spent: Spent,
    /// When it began.
    pub from: Timestamp,
    /// When it ended.
    pub to: Timestamp,
    /// The attempt, from 1, that a task or what is inside belongs to; 0 for what belongs to none.
    pub attempt: usize,
    /// Whether that attempt failed.
    pub has_failed: bool,
}

/// Milliseconds by what they were spent with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    /// [`Spent::Task`]
    pub tasks: i64,
    /// [`Spent::Retry`]
    pub retries: i64,
    /// [`Spent::Wait`]
    pub waits: i64,
    /// [`Spent::Inner`]
    pub inner: i64,
    /// [`Spent::Own`]
    pub own: i64,
}

/// Where the time of an execution went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// How long it took, in milliseconds.
    pub total: i64,
    /// With what, by the clock: while anything runs at all, it counts as tasks, else as a retry, else as a wait. Together it is the
    /// total.
    pub clock: Shares,
    /// Each state, those that took longest first.
    pub states: Vec<StateTimes>,
}

/// Where the time of a state went, in all its visits: iterations and branches that ran at once count one by one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateTimes {
    /// The path of the state without indexes: `Each/Work`.
    pub path: String,
    /// Its type.
    pub state_type: Arc<str>,
    /// How often it was entered.
    pub visits: usize,
    /// How long all visits took together, in milliseconds.
    pub total: i64,
    /// How long the longest took.
    pub longest: i64,
    /// With what.
    pub shares: Shares,
    /// The attempts, first the first ones of all visits, where there is more than one.
    pub attempts: Vec<AttemptTimes>,
}

/// The first, second, … attempts of all visits to a state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttemptTimes {
    /// How many there are.
    pub count: usize,
    /// How long they took together, in milliseconds.
    pub millis: i64,
    /// How long was waited before them together.
    pub delay: i64,
    /// Their errors, with how often each came.
    pub errors: BTreeMap<Arc<str>, usize>,
}

impl Shares {
    fn add(&mut self, spent: Spent, millis: i64) {
        let share = match spent {
            Spent::Task => &mut self.tasks,
            Spent::Retry => &mut self.retries,
            Spent::Wait => &mut self.waits,
            Spent::Inner => &mut self.inner,
            Spent::Own => &mut self.own,
        };
        *share = share.saturating_add(millis);
    }
}

impl Piece {
    /// How long it took, in milliseconds.
    pub fn millis(&self) -> i64 {
        self.to.0.saturating_sub(self.from.0)
    }
}

impl Course {
    /// The last time that the history tells.
    pub fn latest(&self) -> Option<Timestamp> {
        let attempts = self.visits.iter().flat_map(|visit| &visit.attempts).map(|attempt| attempt.span);
        let spans = self.frames.iter().map(|frame| frame.span).chain(self.visits.iter().map(|visit| visit.span));
        spans.chain(attempts).flat_map(|span| [span.from, span.to]).flatten().max()
    }

    /// The pieces of a visit's time, one behind the other. What has not ended goes on until `latest`, such as
    /// [`Course::latest`]. Nothing where no times are told.
    pub fn pieces_until(&self, visit: VisitAt, latest: Option<Timestamp>) -> Vec<Piece> {
        self.visits.get(visit).map(|visit| pieces(visit, latest)).unwrap_or_default()
    }

    /// Where the time went, of the execution itself and of all that belongs to it; nothing where no times are told.
    pub fn times(&self) -> Option<Times> {
        let latest = self.latest()?;
        let span = self.execution().span;
        let (from, to) = (span.from?, span.to.unwrap_or(latest).max(span.from?));
        let mut states: BTreeMap<String, StateTimes> = BTreeMap::new();
        let mut all = Vec::new();
        for (at, visit) in self.visits.iter().enumerate() {
            let path = self.state_path(at);
            let state = states.entry(path).or_insert_with_key(|path| StateTimes {
                path: path.clone(),
                state_type: visit.state_type.clone(),
                ..StateTimes::default()
            });
            let pieces = pieces(visit, Some(latest));
            state.add(visit, &pieces);
            all.extend(pieces);
        }
        let mut states: Vec<StateTimes> = states.into_values().collect();
        states.iter_mut().filter(|state| state.attempts.len() < 2).for_each(|state| state.attempts.clear());
        states.sort_by_key(|state| std::cmp::Reverse(state.total));
        Some(Times { total: to.0.saturating_sub(from.0), clock: by_clock(from, to, &all), states })
    }
}

impl StateTimes {
    fn add(&mut self, visit: &Visit, pieces: &[Piece]) {
        let total = pieces.iter().map(Piece::millis).fold(0, i64::saturating_add);
        self.visits += 1;
        self.total = self.total.saturating_add(total);
        self.longest = self.longest.max(total);
        for piece in pieces {
            self.shares.add(piece.spent, piece.millis());
        }
        for (at, attempt) in visit.attempts.iter().enumerate() {
            if self.attempts.len() <= at {
                self.attempts.push(AttemptTimes::default());
            }
            let times = &mut self.attempts[at];
            let of_it = |is_it: &dyn Fn(&Piece) -> bool| {
                pieces.iter().filter(|piece| is_it(piece)).map(Piece::millis).fold(0, i64::saturating_add)
            };
            times.count += 1;
            times.millis =
                times.millis.saturating_add(of_it(&|piece| piece.attempt == at + 1 && piece.spent != Spent::Retry));
            times.delay =
                times.delay.saturating_add(of_it(&|piece| piece.attempt == at + 1 && piece.spent == Spent::Retry));
            if let Some(Answer::Failed { error, .. }) = &attempt.answer {
                *times.errors.entry(error.clone().unwrap_or_else(|| "failed".into())).or_default() += 1;
            }
        }
    }
}

fn pieces(visit: &Visit, latest: Option<Timestamp>) -> Vec<Piece> {
    let Some(from) = visit.span.from else { return Vec::new() };
    let Some(to) = visit.span.to.or(latest).map(|to| to.max(from)) else { return Vec::new() };
    let mut pieces = Vec::new();
    let mut at = from;
    let mut until = |spent: Spent, then: Option<Timestamp>, attempt: usize, has_failed: bool| {
        // Times that are told in another order than they come in are no pieces.
        let then = then.unwrap_or(to).clamp(at, to);
        if then > at {
            pieces.push(Piece { spent, from: at, to: then, attempt, has_failed });
        }
        at = then;
    };
    if &*visit.state_type == "Wait" {
        until(Spent::Wait, None, 0, false);
    }
    for (number, attempt) in visit.attempts.iter().enumerate() {
        let number = number + 1;
        let has_failed = matches!(attempt.answer, Some(Answer::Failed { .. }));
        match number {
            1 => until(Spent::Own, attempt.span.from, 0, false),
            _ => until(Spent::Retry, attempt.span.from, number, false),
        }
        let spent = if attempt.sent.is_some() { Spent::Task } else { Spent::Inner };
        match waits(attempt) {
            Some(Waits::UntilTaken) => {
                until(Spent::Wait, attempt.taken.or(attempt.span.to), number, false);
                until(spent, attempt.span.to, number, has_failed);
            }
            Some(Waits::FromSubmitted(at)) => {
                until(spent, Some(at), number, false);
                until(Spent::Wait, attempt.span.to, number, has_failed);
            }
            None => until(spent, attempt.span.to, number, has_failed),
        }
    }
    until(Spent::Own, None, 0, false);
    pieces
}

/// When a task waits rather than works.
enum Waits {
    /// An activity: for a worker.
    UntilTaken,
    /// `.waitForTaskToken`: for who answers the token.
    FromSubmitted(Timestamp),
}

fn waits(attempt: &Attempt) -> Option<Waits> {
    let resource = attempt.sent.as_ref()?.get("resource").and_then(Value::as_str)?;
    if resource.contains(":activity:") {
        return Some(Waits::UntilTaken);
    }
    let (at, _) = attempt.submitted.as_ref().filter(|_| resource.ends_with(".waitForTaskToken"))?;
    Some(Waits::FromSubmitted((*at)?))
}

/// What an execution spent its time with by the clock: at each moment the first of tasks, retries and waits that there is.
fn by_clock(from: Timestamp, to: Timestamp, pieces: &[Piece]) -> Shares {
    const KINDS: [Spent; 3] = [Spent::Task, Spent::Retry, Spent::Wait];
    let place = |spent: Spent| KINDS.iter().position(|kind| *kind == spent);
    let mut changes: Vec<(Timestamp, usize, i64)> = Vec::new();
    for piece in pieces {
        let Some(kind) = place(piece.spent) else { continue };
        changes.push((piece.from.clamp(from, to), kind, 1));
        changes.push((piece.to.clamp(from, to), kind, -1));
    }
    changes.sort_unstable();
    let (mut shares, mut running, mut at) = (Shares::default(), [0_i64; 3], from);
    for (then, kind, change) in changes.into_iter().chain([(to, 0, 0)]) {
        let spent = KINDS.into_iter().zip(running).find(|(_, count)| *count > 0).map_or(Spent::Own, |(kind, _)| kind);
        shares.add(spent, then.0.saturating_sub(at.0));
        running[kind] += change;
        at = then;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::{START, course};

    const RETRIED: &str = r#"
        1<0 +0 ExecutionStarted {"input":1}
        2<0 +10 TaskStateEntered {"name":"Pay"}
        3<2 +20 TaskScheduled {"resource":"sendMessage"}
        4<3 +120 TaskFailed {"error":"Busy"}
        5<4 +1120 TaskScheduled {"resource":"sendMessage"}
        6<5 +1320 TaskSucceeded {"output":1}
        7<6 +1321 TaskStateExited {"name":"Pay"}
        8<7 +1321 WaitStateEntered {"name":"Rest"}
        9<8 +3321 WaitStateExited {"name":"Rest"}
        10<9 +3321 TaskStateEntered {"name":"Ask"}
        11<10 +3321 TaskScheduled {"resource":"sendMessage.waitForTaskToken"}
        12<11 +3331 TaskSubmitted {"output":1}
        13<12 +4331 TaskSucceeded {"output":1}
        14<13 +4331 TaskStateExited {"name":"Ask"}
        15<14 +4340 ExecutionSucceeded {"output":1}
    "#;

    #[test]
    fn tasks_retries_and_waits_are_told_apart() {
        let course = course(RETRIED);
        let shown: Vec<String> = course
            .pieces_until(0, None)
            .iter()
            .map(|it| {
                format!("{:?} {}..{} {} {}", it.spent, it.from.0 - START, it.to.0 - START, it.attempt, it.has_failed)
            })
            .collect();
        assert_eq!(
            shown,
            [
                "Own 10..20 0 false",
                "Task 20..120 1 true",
                "Retry 120..1120 2 false",
                "Task 1120..1320 2 false",
                "Own 1320..1321 0 false"
            ]
        );
        let times = course.times().unwrap();
        assert_eq!(times.total, 4340);
        assert_eq!(times.clock, Shares { tasks: 310, retries: 1000, waits: 3000, inner: 0, own: 30 });
        let states: Vec<_> =
            times.states.iter().map(|state| (&*state.path, state.total, state.attempts.len())).collect();
        assert_eq!(states, [("Rest", 2000, 0), ("Pay", 1311, 2), ("Ask", 1010, 0)]);
        let second = &times.states[1].attempts[1];
        assert_eq!((second.count, second.millis, second.delay, second.errors.len()), (1, 200, 1000, 0));
    }

    #[test]
    fn what_runs_at_once_counts_once_by_the_clock() {
        let course = course(
            r#"
            1<0 +0 ExecutionStarted {}
            2<0 +0 MapStateEntered {"name":"Each"}
            3<2 +0 MapStateStarted
            4<3 +0 MapIterationStarted {"name":"Each","index":0}
            5<4 +0 TaskStateEntered {"name":"Work"}
            6<5 +0 TaskScheduled {"resource":"x"}
            7<3 +0 MapIterationStarted {"name":"Each","index":1}
            8<7 +0 TaskStateEntered {"name":"Work"}
            9<8 +5 TaskScheduled {"resource":"x"}
            10<6 +100 TaskSucceeded {"output":1}
            11<10 +100 TaskStateExited {"name":"Work"}
            12<9 +150 TaskFailed {"error":"E"}
            "#,
        );
        let times = course.times().unwrap();
        assert_eq!((times.total, times.clock), (150, Shares { tasks: 150, ..Shares::default() }));
        let work = times.states.iter().find(|state| state.path == "Each/Work").unwrap();
        assert_eq!((work.visits, work.total, work.longest, work.shares.tasks), (2, 250, 150, 245));
    }

    #[test]
    fn without_times_there_is_nothing_to_tell() {
        let course = Course::of(&r#"[{"id": 1, "type": "ExecutionStarted"}]"#.parse().unwrap(), None).unwrap();
        assert_eq!(course.times(), None);
    }
}
