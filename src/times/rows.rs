//! The rows of a timeline: a state each, with those inside of it below.

use std::collections::{BTreeMap, HashMap};

use asl_engine::Timestamp;
use asl_graph::{Bar, BarKind, Timeline, TimelineRow};
use asl_history::{Course, Frame, FrameKind, Piece, Span, Spent, VisitAt};

use crate::progress::seconds;

/// More iterations of one Map state than this share rows.
const UNFOLDED: usize = 8;
/// How many rows are drawn.
const ROWS: usize = 300;
/// Bars that are nearer to each other than such a part of the whole are one, in a row with many.
const NEAR: i64 = 1_000;
/// How many bars are many.
const MANY: usize = 200;

/// A row that is being made.
struct Made {
    row: TimelineRow,
    visits: usize,
    longest: i64,
    failed: usize,
    below: Vec<usize>,
}

/// When the states of an execution ran. The iterations of a Map state are folded into one row for each of their states where there
/// are many.
pub(super) fn timeline(course: &Course) -> Timeline {
    let execution = course.execution();
    let from = execution.span.from.or_else(|| course.visits.iter().find_map(|visit| visit.span.from));
    let from = from.unwrap_or(Timestamp(0));
    let to = execution.span.to.or_else(|| course.latest()).unwrap_or(from);
    let millis = to.0.saturating_sub(from.0).max(0);
    let (rows, left_out) = in_order(made(course, from), millis);
    let name = execution.arn.as_deref().and_then(|arn| arn.rsplit(':').next());
    let name = name.map_or(String::new(), |name| format!("{name}: "));
    let title = format!("{name}{} in {}", execution.status.name(), seconds(millis));
    Timeline { title, millis, rows, left_out }
}

/// The rows by where they are and what they are called, in the order in which they began.
fn made(course: &Course, from: Timestamp) -> Vec<Made> {
    let mut iterations: BTreeMap<(VisitAt, usize), usize> = BTreeMap::new();
    for frame in &course.frames {
        if let (Some(owner), FrameKind::Iteration(_) | FrameKind::Child(_)) = (frame.owner, frame.kind) {
            *iterations.entry(owner).or_default() += 1;
        }
    }
    let latest = course.latest();
    let mut made: Vec<Made> = Vec::new();
    let mut places: HashMap<(Option<usize>, String), usize> = HashMap::new();
    let mut row_of: Vec<usize> = Vec::with_capacity(course.visits.len());
    for (at, visit) in course.visits.iter().enumerate() {
        let frame = &course.frames[visit.frame];
        let above = frame.owner.and_then(|(owner, _)| row_of.get(owner)).copied();
        let label = format!("{}{}", before(frame, &iterations), visit.name);
        let next = made.len();
        let row = *places.entry((above, label.clone())).or_insert(next);
        if row == next {
            let depth = above.and_then(|above| made.get(above)).map_or(0, |above| above.row.depth + 1);
            let row = TimelineRow { depth, label, title: course.state_path(at), ..TimelineRow::default() };
            made.push(Made { row, visits: 0, longest: 0, failed: 0, below: Vec::new() });
            if let Some(above) = above.and_then(|above| made.get_mut(above)) {
                above.below.push(next);
            }
        }
        row_of.push(row);
        if let Some(made) = made.get_mut(row) {
            made.add(&course.pieces_until(at, latest), visit.span, from);
        }
    }
    made
}

/// What stands before the name of a state: which iteration it is in.
fn before(frame: &Frame, iterations: &BTreeMap<(VisitAt, usize), usize>) -> String {
    let count = frame.owner.and_then(|owner| iterations.get(&owner)).copied().unwrap_or_default();
    match frame.kind {
        FrameKind::Iteration(_) | FrameKind::Child(_) if count > UNFOLDED => format!("[{count} items] "),
        FrameKind::Iteration(index) | FrameKind::Child(index) => format!("[{index}] "),
        FrameKind::Branch | FrameKind::Execution => String::new(),
    }
}

impl Made {
    fn add(&mut self, pieces: &[Piece], span: Span, from: Timestamp) {
        let since = |at: Timestamp| at.0.saturating_sub(from.0);
        let total = pieces.iter().map(Piece::millis).fold(0, i64::saturating_add);
        self.visits += 1;
        self.longest = self.longest.max(total);
        self.row.millis = self.row.millis.saturating_add(total);
        self.failed += pieces.iter().filter(|piece| piece.has_failed).count();
        self.row.bars.extend(pieces.iter().map(|piece| Bar {
            kind: kind(piece.spent),
            has_failed: piece.has_failed,
            from: since(piece.from),
            to: since(piece.to),
        }));
        // A state that took no time was there all the same.
        if let (Some(at), true) = (span.from, pieces.is_empty()) {
            self.row.bars.push(Bar { kind: BarKind::Own, has_failed: false, from: since(at), to: since(at) });
        }
    }

    /// The row, with its tooltip and no more bars than are seen.
    fn finished(mut self, millis: i64) -> TimelineRow {
        self.row.title += &format!(": {}", seconds(self.row.millis));
        if self.visits > 1 {
            self.row.title += &format!(" in {} visits, the longest {}", self.visits, seconds(self.longest));
        }
        if self.failed > 0 {
            self.row.title += &format!("\n{} attempts failed", self.failed);
        }
        let near = if self.row.bars.len() > MANY { millis / NEAR } else { 0 };
        self.row.bars = together(self.row.bars, near);
        self.row
    }
}

fn kind(spent: Spent) -> BarKind {
    match spent {
        Spent::Task => BarKind::Task,
        Spent::Retry => BarKind::Retry,
        Spent::Wait => BarKind::Wait,
        Spent::Inner => BarKind::Inner,
        Spent::Own => BarKind::Own,
    }
}

/// Bars of one kind that overlap, or are as near as this, as one.
fn together(mut bars: Vec<Bar>, near: i64) -> Vec<Bar> {
    bars.sort_unstable();
    let mut out: Vec<Bar> = Vec::new();
    for bar in bars {
        match out.last_mut() {
            Some(last)
                if (last.kind, last.has_failed) == (bar.kind, bar.has_failed)
                    // Two failures one behind the other are two.
                    && bar.from < last.to.saturating_add(near.max(i64::from(!bar.has_failed))) =>
            {
                last.to = last.to.max(bar.to);
            }
            _ => out.push(bar),
        }
    }
    out
}

/// Each row with those below behind it, and how many there would be more.
fn in_order(made: Vec<Made>, millis: i64) -> (Vec<TimelineRow>, usize) {
    let total = made.len();
    let mut waiting: Vec<usize> = (0..total).rev().filter(|at| made[*at].row.depth == 0).collect();
    let mut made: Vec<Option<Made>> = made.into_iter().map(Some).collect();
    let mut rows = Vec::new();
    while let Some(at) = waiting.pop() {
        let Some(row) = made.get_mut(at).and_then(Option::take) else { continue };
        waiting.extend(row.below.iter().rev());
        rows.push(row.finished(millis));
        if rows.len() == ROWS {
            break;
        }
    }
    let left_out = total - rows.len();
    (rows, left_out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Map over so many items, each of which has two states.
    fn course(items: usize) -> Course {
        let mut events = vec![
            event(1, 0, 0, "ExecutionStarted", ""),
            event(2, 0, 0, "MapStateEntered", r#""name":"Each""#),
            event(3, 2, 0, "MapStateStarted", ""),
        ];
        for item in 0..items {
            let (id, at) = (4 + 5 * item, item * 10);
            events.push(event(id, 3, at, "MapIterationStarted", &format!(r#""name":"Each","index":{item}"#)));
            events.push(event(id + 1, id, at, "WaitStateEntered", r#""name":"Rest""#));
            events.push(event(id + 2, id + 1, at + 5, "WaitStateExited", r#""name":"Rest""#));
            events.push(event(id + 3, id + 2, at + 5, "PassStateEntered", r#""name":"Tell""#));
            events.push(event(id + 4, id + 3, at + 10, "PassStateExited", r#""name":"Tell""#));
        }
        Course::of(&format!("[{}]", events.join(",")).parse().unwrap(), None).unwrap()
    }

    fn event(id: usize, previous: usize, at: usize, kind: &str, details: &str) -> String {
        let at = Timestamp(1_796_025_600_000 + i64::try_from(at).unwrap());
        format!(
            r#"{{"id":{id},"previousEventId":{previous},"timestamp":"{at}","type":"{kind}","xEventDetails":{{{details}}}}}"#
        )
    }

    fn labels(timeline: &Timeline) -> Vec<String> {
        timeline.rows.iter().map(|row| format!("{}{} {}", " ".repeat(row.depth), row.label, row.bars.len())).collect()
    }

    #[test]
    fn iterations_lie_below_their_map_and_are_folded_where_there_are_many() {
        assert_eq!(
            labels(&timeline(&course(2))),
            ["Each 1", " [0] Rest 1", " [0] Tell 1", " [1] Rest 1", " [1] Tell 1"]
        );
        let many = timeline(&course(9));
        assert_eq!(labels(&many), ["Each 1", " [9 items] Rest 9", " [9 items] Tell 9"]);
        assert_eq!(many.rows[1].title, "Each/Rest: 0.04 s in 9 visits, the longest 0.01 s");
        assert_eq!(many.millis, 90);
        // Bars that nobody could tell apart are one.
        assert!(timeline(&course(5_000)).rows[1].bars.len() < 2_000);
    }
}
