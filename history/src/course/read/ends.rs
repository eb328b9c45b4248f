//! Ends that no event tells.

use asl_engine::Timestamp;

use crate::course::{Answer, Frame, FrameKind, Status, Visit};

/// A branch ends with its last state, and whatever has not ended with what is around it.
pub(super) fn end_frame(frame: &mut Frame, visits: &[Visit]) {
    let last = frame.visits.last().map(|last| (visits[*last].status, visits[*last].span.to));
    if let (Some((Status::Succeeded | Status::Caught, to)), Status::Running, FrameKind::Branch) =
        (last, frame.status, frame.kind)
    {
        (frame.status, frame.span.to) = (Status::Succeeded, to);
    }
    let around = frame.owner.and_then(|(visit, attempt)| visits[visit].attempts.get(attempt));
    if let Some(around) = around.filter(|around| around.answer.is_some() && frame.span.to.is_none()) {
        frame.span.to = around.span.to;
        if frame.status == Status::Running {
            frame.status = Status::Aborted;
        }
    }
}

/// A state that was not left ends with its Frame, of which this is known.
pub(super) fn end_visit(visit: &mut Visit, status: Status, to: Option<Timestamp>) {
    if visit.status == Status::Running && status != Status::Running {
        visit.status = Status::Aborted;
    }
    visit.span.to = visit.span.to.or(to);
    if let Some(attempt) = visit.attempts.last_mut().filter(|last| last.span.to.is_none()) {
        attempt.span.to = visit.span.to;
        if attempt.answer.is_none() && attempt.sent.is_none() && visit.status != Status::Running {
            attempt.answer = Some(Answer::Failed { error: None, cause: None });
        }
    }
}
