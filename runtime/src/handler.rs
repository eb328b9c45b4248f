use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use asl_engine::{Failure, Outcome, TaskRequest, Value};

/// A future that can be held by the caller without knowing its type.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Why a handler cannot be prepared, as a text for a person.
pub type PrepareError = Box<dyn Error + Send + Sync>;

/// Something that a Task state can call.
///
/// Dropping the future of a call cancels it: what it had under way ends, and what it had stored before stays.
/// The caller watches the deadline and the heartbeat of the request; a handler need not.
pub trait Handler: Send + Sync {
    /// Does what the call asks. A failure is what a Retrier or a Catcher of the state sees.
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome>;

    /// Goes on with a call that was made before a crash and has told this since: `Report::Started`, `Report::Submitted`. What
    /// cannot be gone on with is called again.
    fn resume<'a>(&'a self, call: &'a Call, told: &'a [Report]) -> BoxFuture<'a, Outcome> {
        let _ = told;
        self.call(call)
    }

    /// What it is, for logs: the name of its type.
    fn name(&self) -> &'static str {
        std::any::type_name::<Self>()
    }

    /// Does beforehand what takes long and would eat into the timeout of the first call of `resource`: compiles, installs,
    /// starts.
    ///
    /// It may be left out, and may be called more than once. Where it is not known yet what will be called, `resource` is a
    /// [`Pattern`](crate::Pattern); for `lambda:invoke` it is the function, where its name is known. Nothing is run where it fails.
    fn prepare<'a>(&'a self, resource: &'a str) -> BoxFuture<'a, Result<(), PrepareError>> {
        let _ = resource;
        Box::pin(std::future::ready(Ok(())))
    }

    /// What is not there of what a task of `resource` names: a text for a person that goes on after "the state 'S' ", with what to
    /// do. `known` are the parameters of the task as far as they are the same in every run; what is computed is null.
    ///
    /// It is asked before anything runs, and nothing runs where something is missing.
    fn missing<'a>(&'a self, resource: &'a str, known: &'a Value) -> BoxFuture<'a, Option<String>> {
        let _ = (resource, known);
        Box::pin(std::future::ready(None))
    }

    /// What of the real AWS its calls of `resource` reach, such as `DynamoDB`; nothing where they stay on this machine or go to
    /// an endpoint that the user names. `resource` is as for [`Handler::prepare`].
    fn reaches_aws<'a>(&'a self, resource: &'a str) -> BoxFuture<'a, Vec<String>>;
}

/// A task that was called: what is asked, and how its host is told what happens before the answer.
pub struct Call {
    /// What is asked.
    pub request: Arc<TaskRequest>,
    report: Arc<dyn Fn(Report) + Send + Sync>,
    client_context: Option<Arc<str>>,
}

/// What happens to a task before it is answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
    /// A worker has taken the work of an activity.
    Started {
        /// What the worker calls itself.
        worker_name: Option<Arc<str>>,
    },
    /// What the task starts has been started (`.sync`), or told its token (`.waitForTaskToken`).
    Submitted(Value),
    /// Somebody works on it: `HeartbeatSeconds` begin anew.
    Heartbeat,
    /// Nothing serves it, for this reason: a mistake of whoever set the handlers up, which ends the execution and which no
    /// Catcher sees.
    Refused(String),
    /// A mistake of ours was met, which ends the execution as one and which no Catcher sees.
    Bug(String),
}

impl Call {
    /// A call whose reports nobody reads.
    pub fn new(request: impl Into<Arc<TaskRequest>>) -> Self {
        Self::with_reports(request, |_| {})
    }

    /// A call whose reports go to `report`.
    pub fn with_reports(request: impl Into<Arc<TaskRequest>>, report: impl Fn(Report) + Send + Sync + 'static) -> Self {
        Self { request: request.into(), report: Arc::new(report), client_context: None }
    }

    /// A call that another handler makes for this one: of its reports, only what ends the execution is handed on.
    pub fn inner(&self, request: impl Into<Arc<TaskRequest>>) -> Self {
        let tell = Arc::clone(&self.report);
        Self::with_reports(request, move |report| {
            if matches!(report, Report::Refused(_) | Report::Bug(_)) {
                tell(report);
            }
        })
    }

    /// Ends the execution, because nothing on this machine serves the call: no failure that a definition may catch. What is
    /// returned is for hosts that do not hear of it.
    pub fn refuse(&self, reason: &str) -> Failure {
        self.report(Report::Refused(reason.to_owned()));
        Failure::new("States.Runtime", reason)
    }

    /// This call with what the caller of a function tells it beside the input: JSON.
    pub fn with_client_context(self, client_context: Option<Arc<str>>) -> Self {
        Self { client_context, ..self }
    }

    /// What the caller of a function tells it beside the input.
    pub fn client_context(&self) -> Option<&Arc<str>> {
        self.client_context.as_ref()
    }

    /// Tells the host.
    pub fn report(&self, report: Report) {
        (self.report)(report);
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Call").field(&self.request).finish()
    }
}
