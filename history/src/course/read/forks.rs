//! Branches, iterations and Map Runs: how they begin and end.

use std::sync::Arc;

use asl_engine::{Timestamp, Value};

use super::{Place, Reader, failed, status};
use crate::course::{Answer, Attempt, Frame, FrameAt, FrameKind, Span, Status, Visit, VisitAt};
use crate::event::{Event, HistoryError};

impl Reader {
    pub(super) fn iteration(&mut self, event: &Event, how: &str, before: Place) -> Result<Place, HistoryError> {
        let name = event.text("name").unwrap_or_default();
        let Some(map) = self.around(before).find(|visit| *self.course.visits[*visit].name == *name) else {
            return Ok(before);
        };
        let index = event.details.get("index").and_then(Value::as_i64);
        let kind = FrameKind::Iteration(index.and_then(|index| usize::try_from(index).ok()).unwrap_or_default());
        let owner = Some((map, self.course.visits[map].attempts.len().saturating_sub(1)));
        if how == "Started" {
            let span = Span { from: event.at, to: None };
            return Ok(Place::Between(self.frame(Frame { kind, owner, span, ..Frame::default() })?));
        }
        let is_it =
            |frame: &FrameAt| (self.course.frames[*frame].kind, self.course.frames[*frame].owner) == (kind, owner);
        let around = self.frames_around(before).find(is_it);
        let anywhere = || (0..self.course.frames.len()).rev().find(is_it);
        if let Some(frame) = around.or_else(anywhere) {
            let status = status(how);
            if status == Status::Failed {
                self.fail(before, Some(frame));
            }
            let frame = &mut self.course.frames[frame];
            (frame.status, frame.span.to) = (status, event.at);
        }
        Ok(Place::In(map))
    }

    /// Branches or iterations that have ended.
    pub(super) fn ended(&mut self, event: &Event, how: &str, before: Place, wanted: &str) -> Place {
        let Some(at) = self.under_way(before, wanted) else { return before };
        if how != "Succeeded" {
            self.fail(before, self.frames_below(before, at).last());
        }
        let visit = &mut self.course.visits[at];
        match visit.attempts.last_mut() {
            Some(last) => {
                last.span.to = event.at;
                let failed = last.answer.take().unwrap_or_else(|| failed(event));
                last.answer = Some(if how == "Succeeded" { Answer::Succeeded(None) } else { failed });
            }
            // It failed before there was an item: what follows belongs to a state around it.
            None if how != "Succeeded" => visit.attempts.push(Attempt {
                span: Span { from: event.at, to: event.at },
                answer: Some(visit.evaluation.clone().unwrap_or_else(|| failed(event))),
                ..Attempt::default()
            }),
            None => {}
        }
        Place::In(at)
    }

    /// Branches or iterations begin. Those of an attempt that is tried again have no event that ends them.
    pub(super) fn begun(&mut self, event: &Event, before: Place, last: Option<Timestamp>, wanted: &str) -> Place {
        // What made it fail may lie in states that have failed for good.
        let alive = || self.running(before, wanted).find(|visit| self.is_alive(*visit));
        let Some(at) = self.under_way(before, wanted).or_else(alive) else { return before };
        if let Some(open) = self.open_fork(at) {
            self.fail(before, self.frames_below(before, at).last());
            let open = &mut self.course.visits[at].attempts[open];
            open.span.to = last.or(event.at);
            open.answer.get_or_insert(Answer::Failed { error: None, cause: None });
        }
        let span = Span { from: event.at, to: None };
        self.course.visits[at].attempts.push(Attempt { span, ..Attempt::default() });
        Place::In(at)
    }

    pub(super) fn map_run(&mut self, event: &Event, how: &str, before: Place) -> Place {
        let Some((at, attempt)) = self.around(before).find_map(|visit| Some((visit, self.open_fork(visit)?))) else {
            return before;
        };
        let owner = (at, attempt);
        let attempt = &mut self.course.visits[at].attempts[attempt];
        match how {
            "Started" => {
                attempt.map_run_arn = event.text("mapRunArn").map(Arc::from);
                if let Some((label, _)) = event.text("mapRunArn").and_then(|arn| arn.rsplit_once(':')) {
                    self.map_runs.entry(label.to_owned()).or_default().push((owner, event.at));
                }
            }
            "Failed" => attempt.answer = Some(failed(event)),
            _ => {}
        }
        Place::In(at)
    }

    /// The visits to states of a type that a place is in and that have not ended, the innermost first.
    fn running(&self, place: Place, state_type: &str) -> impl Iterator<Item = VisitAt> {
        let is_it = move |visit: &Visit| *visit.state_type == *state_type && visit.status == Status::Running;
        self.around(place).filter(move |visit| is_it(&self.course.visits[*visit]))
    }

    /// The innermost of them whose branches or iterations go on, or have not begun.
    fn under_way(&self, place: Place, state_type: &str) -> Option<VisitAt> {
        self.running(place, state_type).find(|visit| {
            let visit = &self.course.visits[*visit];
            self.open_fork_of(visit).is_some() || visit.attempts.is_empty()
        })
    }

    /// The last attempt of a visit to a Map or Parallel state that has not ended.
    pub(super) fn open_fork(&self, visit: VisitAt) -> Option<usize> {
        self.open_fork_of(&self.course.visits[visit])
    }

    fn open_fork_of(&self, visit: &Visit) -> Option<usize> {
        let last = visit.attempts.last()?;
        (last.sent.is_none() && last.span.to.is_none() && visit.status == Status::Running)
            .then(|| visit.attempts.len() - 1)
    }

    /// Whether all that is around a visit goes on.
    fn is_alive(&self, visit: VisitAt) -> bool {
        let owner = |visit: VisitAt| self.course.frames[self.course.visits[visit].frame].owner.map(|(visit, _)| visit);
        std::iter::successors(owner(visit), |visit| owner(*visit)).all(|visit| self.open_fork(visit).is_some())
    }

    /// Those of them that lie in a visit.
    fn frames_below(&self, place: Place, visit: VisitAt) -> impl Iterator<Item = FrameAt> {
        let of = self.course.visits[visit].frame;
        self.frames_around(place).take_while(move |frame| *frame != of)
    }

    /// What lies around a place has failed, up to this Frame.
    pub(super) fn fail(&mut self, place: Place, up_to: Option<FrameAt>) {
        let Some(up_to) = up_to else { return };
        let mut frames: Vec<FrameAt> = Vec::new();
        for frame in self.frames_around(place) {
            frames.push(frame);
            if frame == up_to {
                break;
            }
        }
        let visits: Vec<VisitAt> =
            self.around(place).take_while(|visit| frames.contains(&self.course.visits[*visit].frame)).collect();
        for visit in visits {
            let visit = &mut self.course.visits[visit];
            if visit.status == Status::Running {
                visit.status = Status::Failed;
            }
        }
        for frame in frames {
            let frame = &mut self.course.frames[frame];
            if frame.status == Status::Running && frame.kind == FrameKind::Branch {
                frame.status = Status::Failed;
            }
        }
    }
}
