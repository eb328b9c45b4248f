//! What happens, as it happens: server-sent events.
//!
//! HTML standard, "Server-sent events".

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use asl_engine::Value;
use asl_project::Executions;
use asl_runtime::journal::Events;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response};
use http_body_util::StreamBody;
use hyper::body::Frame;
use tokio::time::Instant;

use super::{Query, number};
use crate::api::error::ApiError;
use crate::server::Shared;

/// How often it is looked whether the journal has more. Where it has kept nothing since, that is all.
const LOOKED_AT: Duration = Duration::from_millis(50);

/// How often a page hears that something has changed in any execution.
const CHANGES: Duration = Duration::from_millis(250);

/// After how long without news a comment says that the server is there.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// How many events go in one piece.
const MOST: usize = 1_000;

/// The events of an execution behind the one with the id `after`, until it has ended.
pub(super) fn of_execution(shared: &Arc<Shared>, query: &Query) -> Result<Response<SdkBody>, ApiError> {
    let arn = query.required("executionArn")?.to_owned();
    let after = match query.get("after") {
        None => 0,
        Some(_) => query.number("after")?,
    };
    // Who asks for one that there is not, is told so.
    shared.executions.details(&arn)?;
    let listener = Listener { shared: Arc::clone(shared), arn, after, pause: 0, commits: None, quiet: Instant::now() };
    Ok(sent(stream::unfold(Some(listener), |listener| async { Some(listener?.next().await) })))
}

/// Who listens to an execution.
struct Listener {
    shared: Arc<Shared>,
    arn: String,
    /// The id of the last event that was sent.
    after: u64,
    /// The number of the pause that was told; 0 is none.
    pause: u64,
    /// How many commits the journal had when it was looked at.
    commits: Option<u64>,
    /// Since when nothing was sent.
    quiet: Instant,
}

impl Listener {
    /// The next piece, and who listens on: nobody after the end.
    async fn next(mut self) -> (Bytes, Option<Self>) {
        loop {
            if self.shared.is_stopping.load(Ordering::Relaxed) {
                return (comment(), None);
            }
            let commits = self.shared.journal.commits().commits;
            if self.commits != Some(commits) {
                match self.news() {
                    Ok(Some(news)) => return (news, Some(self)),
                    Ok(None) => {}
                    Err(ended) => return (ended, None),
                }
                self.commits = Some(commits);
            }
            if self.quiet.elapsed() >= HEARTBEAT {
                self.quiet = Instant::now();
                return (comment(), Some(self));
            }
            tokio::time::sleep(LOOKED_AT).await;
        }
    }

    /// What there is to send; an error is the last of it.
    fn news(&mut self) -> Result<Option<Bytes>, Bytes> {
        let last = |why: ApiError| message("failed", &Value::from([("message", Value::from(why.message))]).to_string());
        // Asked first: an execution that has ended by now has all its events.
        let entry = self.shared.journal.entry(&self.arn).map_err(|error| last(error.into()))?;
        let entry = entry.ok_or_else(|| last(ApiError::no_such_execution(&self.arn)))?;
        let ended = entry.stopped.map(|_| entry.status);
        let asked = Events { from: Some(self.after + 1), is_reversed: false, most: MOST };
        let events = self.shared.journal.events(&self.arn, asked).map_err(|error| last(error.into()))?;
        if events.is_empty() {
            let pause = self.shared.executions.pause_of(&self.arn).map_or(0, |pause| pause.number);
            return match ended {
                None if std::mem::replace(&mut self.pause, pause) != pause => {
                    Ok(Some(message("pause", &pause.to_string())))
                }
                None => Ok(None),
                Some(status) => Err(message("ended", &Value::from([("status", Value::from(status))]).to_string())),
            };
        }
        self.after += events.len() as u64;
        self.quiet = Instant::now();
        Ok(Some(message("events", &format!("[{}]", events.join(",")))))
    }
}

/// Tells that executions or state machines have changed, some times a second at most.
pub(super) fn changes(shared: &Arc<Shared>) -> Response<SdkBody> {
    let listener = Some((Arc::clone(shared), None, Instant::now()));
    sent(stream::unfold(listener, |listener| async {
        let (shared, mut known, mut quiet) = listener?;
        loop {
            if shared.is_stopping.load(Ordering::Relaxed) {
                return Some((comment(), None));
            }
            let commits = shared.journal.commits().commits;
            if known.replace(commits) != Some(commits) {
                let told = Value::from([("running", number(running(&shared.executions)))]);
                tokio::time::sleep(CHANGES).await;
                return Some((message("changed", &told.to_string()), Some((shared, known, Instant::now()))));
            }
            if quiet.elapsed() >= HEARTBEAT {
                quiet = Instant::now();
                return Some((comment(), Some((shared, known, quiet))));
            }
            tokio::time::sleep(LOOKED_AT).await;
        }
    }))
}

fn running(executions: &Executions) -> usize {
    executions.running().len()
}

/// A message of a stream. JSON text has no line breaks.
fn message(event: &str, data: &str) -> Bytes {
    format!("event: {event}\ndata: {data}\n\n").into()
}

fn comment() -> Bytes {
    Bytes::from_static(b": here\n\n")
}

fn sent(pieces: impl stream::Stream<Item = Bytes> + Send + Sync + 'static) -> Response<SdkBody> {
    // A body is asked again after its end.
    let frames = pieces.fuse().map(|piece| Ok::<_, Infallible>(Frame::data(piece)));
    let mut response = Response::new(SdkBody::from_body_1_x(StreamBody::new(frames)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
