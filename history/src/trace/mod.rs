//! An execution as a trace, in OpenTelemetry's JSON.
//!
//! OTLP 1.9, "JSON Protobuf Encoding": names in lowerCamelCase, ids in hex, 64-bit numbers as text, enums as numbers.

mod attributes;

use std::fmt::Write;

use asl_engine::{Timestamp, Value};
use sha2::{Digest, Sha256};

use crate::course::{Answer, Attempt, Course, Frame, FrameAt, FrameKind, Span, Status, Visit, VisitAt};
use attributes::{called, text, whole};

/// `SPAN_KIND_INTERNAL` and `SPAN_KIND_CLIENT`
const INTERNAL: i64 = 1;
const CLIENT: i64 = 3;
/// `STATUS_CODE_OK` and `STATUS_CODE_ERROR`
const OK: i64 = 1;
const ERROR: i64 = 2;

impl Course {
    /// The execution as a trace: `{"resourceSpans": […]}`, as OTLP has it in JSON; nothing where no times are told.
    ///
    /// The execution, its states, the attempts of their tasks, iterations and child executions are spans. Ids are digests of the
    /// execution's ARN, so that they are the same whenever its trace is made; `version` is that of the program that makes it. Inputs and
    /// outputs are not in it.
    pub fn trace(&self, version: &str) -> Option<Value> {
        let latest = self.latest()?;
        let execution = self.execution();
        let start = execution.span.from?;
        let arn = execution.arn.as_deref().unwrap_or_default();
        let tracing = Tracing { course: self, start, latest, arn, trace_id: hex::<16>(&[arn]) };
        let scope = Value::from([("name", Value::from("asl")), ("version", version.into())]);
        let scope_spans = Value::from([("scope", scope), ("spans", tracing.spans().into())]);
        let name = machine(execution).unwrap_or("unknown_service:asl");
        let resource = Value::from([("attributes", Value::from(vec![text("service.name", name)]))]);
        let resource_spans = Value::from([("resource", resource), ("scopeSpans", vec![scope_spans].into())]);
        Some(Value::from([("resourceSpans", Value::from(vec![resource_spans]))]))
    }
}

/// The name of the state machine, without the label of a Map Run.
fn machine(execution: &Frame) -> Option<&str> {
    execution.arn.as_deref()?.rsplit(':').nth(1)?.split('/').next()
}

/// So many bytes of a digest, in hex. No id may be zero, and no digest is.
fn hex<const BYTES: usize>(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part);
        digest.update([0]);
    }
    digest.finalize().iter().take(BYTES).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

struct Tracing<'a> {
    course: &'a Course,
    start: Timestamp,
    latest: Timestamp,
    arn: &'a str,
    trace_id: String,
}

/// What a span is made of.
struct Made<'a> {
    id: String,
    parent: Option<String>,
    name: String,
    kind: i64,
    span: Span,
    attributes: Vec<Value>,
    status: Status,
    answer: Option<&'a Answer>,
    events: Vec<Value>,
}

impl Tracing<'_> {
    fn spans(&self) -> Vec<Value> {
        let mut spans = Vec::new();
        // Branches have no span: their states belong to that of the Parallel state.
        let frames = self.course.frames.iter().enumerate().filter(|(_, frame)| frame.kind != FrameKind::Branch);
        spans.extend(frames.map(|(at, frame)| self.frame(at, frame)));
        for (at, visit) in self.course.visits.iter().enumerate() {
            spans.push(self.visit(at, visit));
            let attempts = visit.attempts.iter().enumerate().filter(|(number, _)| has_span(visit, *number));
            spans.extend(attempts.map(|(number, attempt)| self.attempt(at, visit, number, attempt)));
        }
        spans
    }

    fn id(&self, what: &str, path: &str) -> String {
        hex::<8>(&[self.arn, what, path])
    }

    fn frame_id(&self, frame: FrameAt) -> String {
        match self.course.frames[frame] {
            Frame { kind: FrameKind::Branch, owner: Some((visit, attempt)), .. } => self.inside_id(visit, attempt),
            _ => self.id("frame", &format!("{frame} {}", self.course.frame_path(frame))),
        }
    }

    fn visit_id(&self, visit: VisitAt) -> String {
        self.id("state", &format!("{visit} {}", self.course.path(visit)))
    }

    fn attempt_id(&self, visit: VisitAt, attempt: usize) -> String {
        self.id("attempt", &format!("{visit} {attempt} {}", self.course.path(visit)))
    }

    /// The span around what an attempt has inside: that of the attempt, where it has one.
    fn inside_id(&self, visit: VisitAt, attempt: usize) -> String {
        match has_span(&self.course.visits[visit], attempt) {
            true => self.attempt_id(visit, attempt),
            false => self.visit_id(visit),
        }
    }

    fn frame(&self, at: FrameAt, frame: &Frame) -> Value {
        let mut attributes = Vec::new();
        if let Some(arn) = frame.arn.as_deref() {
            attributes.push(text("asl.execution.arn", arn));
            if let Some(machine) = state_machine_arn(arn) {
                attributes.push(text("aws.step_functions.state_machine.arn", &machine));
            }
        }
        let path = self.course.frame_path(at);
        let name = match frame.kind {
            FrameKind::Execution => machine(frame).unwrap_or("execution").to_owned(),
            _ => path.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned(),
        };
        if let FrameKind::Iteration(index) | FrameKind::Child(index) = frame.kind {
            attributes.push(whole("asl.map.index", index));
        }
        self.made(Made {
            id: self.frame_id(at),
            parent: match frame.owner {
                Some((visit, attempt)) => Some(self.inside_id(visit, attempt)),
                None if at == 0 => None,
                None => Some(self.frame_id(0)),
            },
            name,
            kind: INTERNAL,
            span: frame.span,
            attributes,
            status: frame.status,
            answer: frame.answer.as_ref(),
            events: Vec::new(),
        })
    }

    fn visit(&self, at: VisitAt, visit: &Visit) -> Value {
        let mut attributes = vec![
            text("asl.state.name", &visit.name),
            text("asl.state.type", &visit.state_type),
            text("asl.state.path", &self.course.path(at)),
        ];
        if visit.attempts.len() > 1 {
            attributes.push(whole("asl.state.attempts", visit.attempts.len()));
        }
        if let Some(arn) = visit.attempts.last().and_then(|last| last.map_run_arn.as_deref()) {
            attributes.push(text("asl.map_run.arn", arn));
        }
        let failed = visit.attempts.last().and_then(|last| last.answer.as_ref()).filter(|answer| is_failed(answer));
        self.made(Made {
            id: self.visit_id(at),
            parent: Some(self.frame_id(visit.frame)),
            name: visit.name.to_string(),
            kind: INTERNAL,
            span: visit.span,
            attributes,
            status: visit.status,
            answer: visit.evaluation.as_ref().or(failed),
            events: Vec::new(),
        })
    }

    fn attempt(&self, at: VisitAt, visit: &Visit, number: usize, attempt: &Attempt) -> Value {
        let mut attributes = vec![whole("asl.attempt", number + 1)];
        let name = match &attempt.sent {
            Some(sent) => called(sent, &mut attributes),
            None => format!("{} (attempt {})", visit.name, number + 1),
        };
        let taken = attempt.taken.map(|at| event("taken", at, Vec::new()));
        let submitted = attempt.submitted.as_ref().and_then(|(at, _)| *at).map(|at| event("submitted", at, Vec::new()));
        let status = match &attempt.answer {
            Some(answer) if is_failed(answer) => Status::Failed,
            Some(_) => Status::Succeeded,
            None => Status::Running,
        };
        self.made(Made {
            id: self.attempt_id(at, number),
            parent: Some(self.visit_id(at)),
            name,
            kind: if attempt.sent.is_some() { CLIENT } else { INTERNAL },
            span: attempt.span,
            attributes,
            status,
            answer: attempt.answer.as_ref(),
            events: taken.into_iter().chain(submitted).collect(),
        })
    }

    fn made(&self, mut made: Made<'_>) -> Value {
        // Others may be found by a span whose own time is not told.
        let from = made.span.from.unwrap_or(self.start);
        let to = made.span.to.unwrap_or(self.latest).max(from);
        let mut status: Vec<(&str, Value)> = Vec::new();
        let is_error = matches!(made.status, Status::Failed | Status::TimedOut);
        if let Some(Answer::Failed { error, cause }) = made.answer {
            let cause = cause.as_ref().map(|cause| cause.as_str().map_or_else(|| cause.to_string(), str::to_owned));
            let error = error.as_deref().unwrap_or("_OTHER");
            made.attributes.push(text("error.type", error));
            if is_error {
                status.extend(cause.as_deref().map(|cause| ("message", Value::from(cause))));
            }
            let message = cause.map(|cause| text("exception.message", &cause));
            let attributes = [text("exception.type", error)].into_iter().chain(message).collect();
            made.events.push(event("exception", to, attributes));
        }
        match made.status {
            Status::Failed | Status::TimedOut => status.push(("code", ERROR.into())),
            Status::Succeeded => status.push(("code", OK.into())),
            Status::Running | Status::Caught | Status::Aborted => {}
        }
        made.attributes.push(text("asl.status", made.status.name()));
        let parent = made.parent.map(|parent| ("parentSpanId", Value::from(parent)));
        let always = [
            ("traceId", Value::from(&*self.trace_id)),
            ("spanId", made.id.into()),
            ("name", made.name.into()),
            ("kind", made.kind.into()),
            ("startTimeUnixNano", nanos(from)),
            ("endTimeUnixNano", nanos(to)),
            ("attributes", made.attributes.into()),
            ("events", made.events.into()),
            ("status", status.into_iter().collect()),
        ];
        always.into_iter().chain(parent).collect()
    }
}

/// Whether an attempt is a span of its own: a task is, and branches and iterations are where they began more than once.
fn has_span(visit: &Visit, attempt: usize) -> bool {
    visit.attempts.get(attempt).is_some_and(|it| it.sent.is_some() || visit.attempts.len() > 1)
}

fn is_failed(answer: &Answer) -> bool {
    matches!(answer, Answer::Failed { .. })
}

fn event(name: &str, at: Timestamp, attributes: Vec<Value>) -> Value {
    Value::from([("timeUnixNano", nanos(at)), ("name", name.into()), ("attributes", attributes.into())])
}

/// Nanoseconds since 1970 as text, as Protobuf's JSON has numbers of 64 bits. No span is older.
fn nanos(at: Timestamp) -> Value {
    let nanos = u64::try_from(at.0).unwrap_or_default().saturating_mul(1_000_000);
    nanos.to_string().into()
}

/// The ARN of the state machine of an execution; of a child execution, with the label of its Map Run.
fn state_machine_arn(execution: &str) -> Option<String> {
    let (machine, _) = execution.rsplit_once(':')?;
    machine.contains(":execution:").then(|| machine.replacen(":execution:", ":stateMachine:", 1))
}

#[cfg(test)]
mod tests;
