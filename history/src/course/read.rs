//! Reads the course of an execution.
//!
//! An event follows another one (`previousEventId`), and so happens where that one did. Branches and iterations that end hand on to what
//! comes behind them, so the events that name a state or an item are looked for outward from there.

mod ends;
mod forks;

use std::collections::HashMap;
use std::sync::Arc;

use asl_engine::{Timestamp, Value};

use super::{Answer, Attempt, Course, Frame, FrameAt, FrameKind, Span, Status, Visit, VisitAt};
use crate::event::{Event, HistoryError};
use ends::{end_frame, end_visit};

/// How deep Frames may lie in each other: deeper than in any definition that AWS takes.
const DEEPEST: usize = 100;

/// A visit, and which attempt of it.
type Owner = (VisitAt, usize);

/// Where an execution is after an event.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// Between the states of a Frame.
    Between(FrameAt),
    /// In a state.
    In(VisitAt),
}

/// Reads the events of one execution after the other.
struct Reader {
    course: Course,
    depths: Vec<usize>,
    /// How often the states of each Frame were visited.
    visited: HashMap<(FrameAt, Arc<str>), usize>,
    /// The Map Runs by their ARNs without the last part, and when they began.
    map_runs: HashMap<String, Vec<(Owner, Option<Timestamp>)>>,
    /// How many child executions each Map Run has.
    children: HashMap<Owner, usize>,
    /// The executions that tasks have started, by their ARNs.
    named: HashMap<String, Owner>,
}

impl Course {
    /// The course of an execution, from its history as GetExecutionHistory gives it: `{"events": […]}`, or the list alone.
    ///
    /// `childExecutions`, as `asl run --events` adds them, are a part of it: those of Map Runs, and those that tasks have started.
    /// The ARN of the execution itself is in no event.
    pub fn of(history: &Value, arn: Option<&str>) -> Result<Self, HistoryError> {
        let events = Event::all(history)?;
        let mut reader = Reader::new(Frame { arn: arn.map(Arc::from), ..Frame::default() }, events.len());
        reader.read(&events, 0)?;
        let others = history.get("childExecutions").and_then(Value::as_array).map(|all| &**all).unwrap_or_default();
        for other in others {
            let arn = other.get("executionArn").and_then(Value::as_str).unwrap_or_default();
            let events = Event::all(other)?;
            let from = events.first().and_then(|first| first.at);
            let (kind, owner) = reader.started(arn, from);
            let frame = reader.frame(Frame { kind, owner, arn: Some(arn.into()), ..Frame::default() })?;
            reader.read(&events, frame)?;
        }
        Ok(reader.finished())
    }
}

impl Reader {
    /// Begins with an execution that has so many events.
    fn new(execution: Frame, events: usize) -> Self {
        Self {
            course: Course { frames: vec![execution], visits: Vec::new(), events },
            depths: vec![0],
            visited: HashMap::new(),
            map_runs: HashMap::new(),
            children: HashMap::new(),
            named: HashMap::new(),
        }
    }

    fn frame(&mut self, frame: Frame) -> Result<FrameAt, HistoryError> {
        let depth = match frame.owner {
            Some((visit, _)) => self.depths[self.course.visits[visit].frame] + 1,
            None => 0,
        };
        if depth > DEEPEST {
            return Err(HistoryError::TooDeep(DEEPEST));
        }
        self.depths.push(depth);
        self.course.frames.push(frame);
        Ok(self.course.frames.len() - 1)
    }

    /// What another execution is, and what has started it: a Map Run (`…:execution:MACHINE/LABEL:NAME`), or a task whose answer
    /// names it.
    fn started(&mut self, arn: &str, from: Option<Timestamp>) -> (FrameKind, Option<Owner>) {
        let label = arn.rsplit_once(':').map(|(machine, _)| machine.replacen(":execution:", ":mapRun:", 1));
        let runs = label.and_then(|label| self.map_runs.get(&*label)).map(|runs| &**runs).unwrap_or_default();
        // A Map Run that began again has the same label.
        let before = runs.iter().rev().find(|(_, began)| began.zip(from).is_none_or(|(began, at)| began <= at));
        if let Some((owner, _)) = before.or(runs.first()) {
            let count = self.children.entry(*owner).or_default();
            *count += 1;
            return (FrameKind::Child(*count - 1), Some(*owner));
        }
        (FrameKind::Execution, self.named.get(arn).copied())
    }

    /// Reads the events of an execution, whose Frame this is.
    fn read(&mut self, events: &[Event], execution: FrameAt) -> Result<(), HistoryError> {
        let mut places: HashMap<u64, (Place, Option<Timestamp>)> = HashMap::new();
        let first = self.course.visits.len();
        for event in events {
            let before = places.get(&event.previous).copied().unwrap_or((Place::Between(execution), None));
            let place = self.happened(event, before, execution, first)?;
            places.insert(event.id, (place, event.at));
        }
        Ok(())
    }

    /// The place after an event, from the place and the time of the one that it follows. The visits of its execution begin at `first`.
    fn happened(
        &mut self,
        event: &Event,
        (before, last): (Place, Option<Timestamp>),
        execution: FrameAt,
        first: VisitAt,
    ) -> Result<Place, HistoryError> {
        let kind = &*event.kind;
        if let Some(state_type) = kind.strip_suffix("StateEntered") {
            return self.entered(event, state_type, before);
        }
        if kind.ends_with("StateExited") {
            return Ok(self.exited(event, before, first));
        }
        if let Some(how) = kind.strip_prefix("MapIteration") {
            return self.iteration(event, how, before);
        }
        for state_type in ["Map", "Parallel"] {
            match kind.strip_prefix(state_type).and_then(|rest| rest.strip_prefix("State")) {
                Some("Started") => return Ok(self.begun(event, before, last, state_type)),
                Some(how) => return Ok(self.ended(event, how, before, state_type)),
                None => {}
            }
        }
        if let Some(how) = kind.strip_prefix("Execution") {
            return Ok(self.of_execution(event, how, before, execution));
        }
        if let Some(how) = kind.strip_prefix("MapRun") {
            return Ok(self.map_run(event, how, before));
        }
        if kind == "EvaluationFailed" {
            if let Place::In(visit) = before {
                self.course.visits[visit].evaluation = Some(failed(event));
            }
            return Ok(before);
        }
        let how = ["Task", "LambdaFunction", "Activity"].iter().find_map(|what| kind.strip_prefix(what));
        if let (Some(how), Place::In(visit)) = (how, before) {
            self.called(event, how, visit);
        }
        Ok(before)
    }

    fn entered(&mut self, event: &Event, state_type: &str, before: Place) -> Result<Place, HistoryError> {
        let frame = match before {
            Place::Between(frame) => frame,
            Place::In(visit) => match self.open_fork(visit) {
                Some(attempt) => {
                    let span = Span { from: event.at, to: None };
                    let owner = Some((visit, attempt));
                    self.frame(Frame { kind: FrameKind::Branch, owner, span, ..Frame::default() })?
                }
                None => self.course.visits[visit].frame,
            },
        };
        let name: Arc<str> = event.text("name").unwrap_or_default().into();
        let number = self.visited.entry((frame, name.clone())).or_default();
        *number += 1;
        self.course.visits.push(Visit {
            frame,
            name,
            state_type: state_type.into(),
            number: *number,
            event: event.id,
            span: Span { from: event.at, to: None },
            input: event.details.get("input").cloned(),
            ..Visit::default()
        });
        let visit = self.course.visits.len() - 1;
        self.course.frames[frame].visits.push(visit);
        Ok(Place::In(visit))
    }

    fn exited(&mut self, event: &Event, before: Place, first: VisitAt) -> Place {
        let name = event.text("name").unwrap_or_default();
        let is_open = |visit: &Visit| *visit.name == *name && visit.status == Status::Running;
        let around = self.around(before).find(|visit| is_open(&self.course.visits[*visit]));
        // Some recordings have lost what an event follows.
        let anywhere = || (first..self.course.visits.len()).rev().find(|visit| is_open(&self.course.visits[*visit]));
        let Some(at) = around.or_else(anywhere) else { return before };
        let visit = &mut self.course.visits[at];
        visit.span.to = event.at;
        visit.output = event.details.get("output").cloned();
        visit.assigned = event.details.get("assignedVariables").cloned();
        // Branches and iterations end with the last of them.
        if let Some(last) = visit.attempts.last_mut().filter(|last| last.sent.is_none() && last.answer.is_none()) {
            last.answer = Some(Answer::Succeeded(None));
            last.span.to = event.at;
        }
        let is_caught = visit.evaluation.is_some()
            || visit.attempts.last().is_some_and(|last| matches!(last.answer, Some(Answer::Failed { .. })));
        visit.status = if is_caught { Status::Caught } else { Status::Succeeded };
        Place::Between(visit.frame)
    }

    fn of_execution(&mut self, event: &Event, how: &str, before: Place, execution: FrameAt) -> Place {
        if matches!(how, "Failed" | "TimedOut") {
            self.fail(before, Some(execution));
        }
        let frame = &mut self.course.frames[execution];
        match how {
            "Started" => {
                frame.span.from = event.at;
                frame.input = event.details.get("input").cloned();
            }
            // It goes on.
            "Redriven" => (frame.span.to, frame.status, frame.answer) = (None, Status::Running, None),
            _ => {
                (frame.span.to, frame.status) = (event.at, status(how));
                frame.answer = Some(match how {
                    "Succeeded" => Answer::Succeeded(event.details.get("output").cloned()),
                    _ => failed(event),
                });
            }
        }
        Place::Between(execution)
    }

    fn called(&mut self, event: &Event, how: &str, at: VisitAt) {
        let visit = &mut self.course.visits[at];
        if let Some(arn) = event.details.get("output").and_then(|output| output.get("ExecutionArn")?.as_str()) {
            self.named.insert(arn.to_owned(), (at, visit.attempts.len().saturating_sub(1)));
        }
        if how == "Scheduled" {
            let (span, sent) = (Span { from: event.at, to: None }, Some(event.details.clone()));
            visit.attempts.push(Attempt { span, sent, ..Attempt::default() });
            return;
        }
        let Some(last) = visit.attempts.last_mut() else { return };
        match how {
            "Started" => last.taken = event.at,
            "Submitted" => {
                let output = event.details.get("output").cloned().unwrap_or_default();
                last.submitted = Some((event.at, output));
            }
            "Succeeded" => {
                last.span.to = event.at;
                last.answer = Some(Answer::Succeeded(event.details.get("output").cloned()));
            }
            "StateAborted" => {}
            _ => {
                last.span.to = event.at;
                last.answer = Some(failed(event));
            }
        }
    }

    /// The visits that a place is in, the innermost first.
    fn around(&self, place: Place) -> impl Iterator<Item = VisitAt> {
        let owner = |frame: FrameAt| self.course.frames[frame].owner.map(|(visit, _)| visit);
        let innermost = match place {
            Place::Between(frame) => owner(frame),
            Place::In(visit) => Some(visit),
        };
        std::iter::successors(innermost, move |visit| owner(self.course.visits[*visit].frame))
    }

    /// The Frames that a place is in, the innermost first.
    fn frames_around(&self, place: Place) -> impl Iterator<Item = FrameAt> {
        let innermost = match place {
            Place::Between(frame) => frame,
            Place::In(visit) => self.course.visits[visit].frame,
        };
        let owner = |frame: &FrameAt| self.course.frames[*frame].owner;
        std::iter::successors(Some(innermost), move |frame| Some(self.course.visits[owner(frame)?.0].frame))
    }

    /// What no event tells follows from what is around it, the outer Frames first.
    fn finished(mut self) -> Course {
        let Course { frames, visits, .. } = &mut self.course;
        for frame in frames {
            end_frame(frame, visits);
            for visit in &frame.visits {
                end_visit(&mut visits[*visit], frame.status, frame.span.to);
            }
        }
        self.course
    }
}

fn status(how: &str) -> Status {
    match how {
        "Succeeded" => Status::Succeeded,
        "TimedOut" => Status::TimedOut,
        "Aborted" => Status::Aborted,
        _ => Status::Failed,
    }
}

/// The error and the cause of an event. A cause may be JSON, as that of a Lambda function is.
fn failed(event: &Event) -> Answer {
    let cause = event.details.get("cause").map(|cause| match cause.as_str() {
        Some(text) if text.starts_with('{') => text.parse().unwrap_or_else(|_| cause.clone()),
        _ => cause.clone(),
    });
    Answer::Failed { error: event.text("error").map(Arc::from), cause }
}
