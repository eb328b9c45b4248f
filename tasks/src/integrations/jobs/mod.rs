//! Run a Job: what a resource that ends with `.sync` starts is looked at until it has ended.
//!
//! <https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-sync>

mod table;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use asl_aws::{CallError, Operation, Style};
use asl_engine::{Failure, Outcome, Value};
use asl_runtime::{BoxFuture, Call, Handler, Report};

use self::table::{Job, State};
use super::given::made;
use super::missing::Lookup;
use super::optimized::{self, Optimized};

/// How long after its start a job is first looked at, and the longest pause between two looks; pauses double in between. AWS does
/// not say how often it looks, but for EMR: once a minute.
pub(super) const LOOKS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// How often in a row a look may show nothing before the job is given up: a service may not know yet what it has just started, or
/// may be too busy to answer.
pub(super) const MISSES: u32 = 10;

/// Starts a job, waits for its end, and stops it when the wait is given up.
pub(super) struct RunJob {
    start: Optimized,
    job: &'static Job,
    describe: &'static Operation,
    stop: Option<&'static Operation>,
}

/// The handler of `arn:aws:states:::SERVICE:ACTION.sync`, where it is one of these.
pub(super) fn find(lookup: &Lookup, service: &str, action: &str) -> Option<RunJob> {
    let job = Job::find(service, action)?;
    let start = optimized::find(lookup, service, action.split('.').next()?)?;
    let describe = start.service.known_operation(job.describe.0)?;
    let stop = job.stop.as_ref().and_then(|stop| start.service.known_operation(stop.0));
    Some(RunJob { start, job, describe, stop })
}

impl RunJob {
    async fn run(&self, call: &Call) -> Outcome {
        let started = self.start.run(call).await?;
        call.report(Report::Submitted(started.clone()));
        self.end(call, &started).await
    }

    /// Looks at a job until it has ended.
    async fn end(&self, call: &Call, started: &Value) -> Outcome {
        let parameters = &call.request.input;
        let running = Running::new(self, parameters, started);
        let asked = made(self.job.describe.1, parameters, started);
        let (mut pause, mut misses, mut last) = (LOOKS.0, 0, None);
        loop {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LOOKS.1);
            let (described, state) = match self.look(&asked).await {
                Look::At(described, state) => (described, state),
                Look::Gone => (last.take().unwrap_or_else(|| started.clone()), State::Succeeded),
                Look::Missed(failure) if misses == MISSES => return Err(failure),
                Look::Missed(_) => {
                    misses += 1;
                    continue;
                }
                Look::Refused(failure) => return Err(failure),
            };
            match state {
                State::UnderWay => (misses, last) = (0, Some(described)),
                _ => {
                    running.ended();
                    let output = self.job.output(&described, state);
                    return match state {
                        State::Succeeded => Ok(output),
                        _ => Err(Failure::new("States.TaskFailed", output.to_string())),
                    };
                }
            }
        }
    }

    async fn look(&self, asked: &Value) -> Look {
        let service = self.start.service;
        let error = match self.start.lookup.clients.call(service, self.describe, asked, Style::Optimized).await {
            Ok(answer) => {
                let described = Value::from(answer.result);
                return match self.job.state(&described) {
                    State::Unknown => Look::Missed(Failure::new("States.TaskFailed", described.to_string())),
                    state => Look::At(described, state),
                };
            }
            Err(error) => error,
        };
        match &error {
            CallError::Service(refused) if refused.is_not_found() && self.job.ends_by_vanishing() => Look::Gone,
            CallError::Service(refused) if refused.is_not_found() || refused.is_passing() => {
                Look::Missed(self.start.failure(error))
            }
            CallError::Client(_) => Look::Missed(self.start.failure(error)),
            CallError::Service(_) | CallError::Parameters { .. } => Look::Refused(self.start.failure(error)),
        }
    }
}

/// What a look at a job shows.
enum Look {
    /// The job.
    At(Value, State),
    /// That there is no such job any more, which was to be.
    Gone,
    /// Nothing this time; the failure where that stays so.
    Missed(Failure),
    /// That one may not look.
    Refused(Failure),
}

/// A job that is waited for: when that is given up, it is stopped.
struct Running<'a> {
    of: &'a RunJob,
    /// What stops it is asked.
    stop: Mutex<Option<Value>>,
}

impl<'a> Running<'a> {
    fn new(of: &'a RunJob, parameters: &Value, started: &Value) -> Self {
        let stop = of.job.stop.as_ref().map(|stop| made(stop.1, parameters, started));
        Self { of, stop: Mutex::new(stop) }
    }

    fn ended(&self) {
        self.take();
    }

    fn take(&self) -> Option<Value> {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let (Some(asked), Some(stop)) = (self.take(), self.of.stop) else { return };
        let (clients, service) = (Arc::clone(&self.of.start.lookup.clients), self.of.start.service);
        self.of.start.lookup.clients.stopping().spawn(async move {
            // Nobody is left who could be told that it cannot be stopped.
            let _ = clients.call(service, stop, &asked, Style::Optimized).await;
        });
    }
}

impl Handler for RunJob {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(self.run(call))
    }

    /// A job that was started before a crash goes on without us: it is looked at again.
    fn resume<'a>(&'a self, call: &'a Call, told: &'a [Report]) -> BoxFuture<'a, Outcome> {
        match submitted(told) {
            Some(started) => Box::pin(self.end(call, started)),
            None => self.call(call),
        }
    }

    fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
        self.start.lookup.clients.reaches_aws(self.start.service)
    }
}

/// What a job was submitted as, where that was told before a crash.
pub(super) fn submitted(told: &[Report]) -> Option<&Value> {
    told.iter().find_map(|report| match report {
        Report::Submitted(started) => Some(started),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use asl_aws::Clients;

    use super::*;

    #[test]
    fn every_job_has_its_operations() {
        let clients = Arc::new(Clients::new(asl_aws::Services::default(), asl_aws::Embedded::new()));
        let lookup = Lookup { clients, routes: None };
        for (service, action, job) in table::all() {
            let found = find(&lookup, service, action).unwrap_or_else(|| panic!("{service}:{action}"));
            assert_eq!(found.stop.is_some(), job.stop.is_some(), "{service}:{action}");
        }
    }

    #[test]
    fn statuses_say_how_a_job_is() {
        let state = |service: &str, action: &str, described: &str| {
            Job::find(service, action).unwrap().state(&described.parse().unwrap())
        };
        let ecs = |tasks: &str| state("ecs", "runTask.sync", &format!(r#"{{"Tasks":[{tasks}]}}"#));
        let stopped = |exit: &str| format!(r#"{{"LastStatus":"STOPPED","Containers":[{{"Name":"a"{exit}}}]}}"#);
        assert_eq!(ecs(""), State::Unknown);
        assert_eq!(ecs(r#"{"LastStatus":"RUNNING"}"#), State::UnderWay);
        assert_eq!(ecs(&stopped(r#","ExitCode":0"#)), State::Succeeded);
        assert_eq!(ecs(&stopped(r#","ExitCode":1"#)), State::Failed);
        assert_eq!(ecs(&stopped("")), State::Failed);
        assert_eq!(ecs(r#"{"LastStatus":"STOPPED","Containers":[]}"#), State::Failed);
        for (service, action, described, expected) in [
            ("batch", "submitJob.sync", r#"{"Jobs":[]}"#, State::Unknown),
            ("batch", "submitJob.sync", r#"{"Jobs":[{"Status":"RUNNABLE"}]}"#, State::UnderWay),
            ("batch", "submitJob.sync", r#"{"Jobs":[{"Status":"FAILED"}]}"#, State::Failed),
            ("glue", "startJobRun.sync", r#"{"JobRun":{"JobRunState":"TIMEOUT"}}"#, State::Failed),
            ("eks", "deleteCluster.sync", r#"{"Cluster":{"Status":"DELETING"}}"#, State::UnderWay),
            ("eks", "deleteCluster.sync", r#"{"Cluster":{"Status":"FAILED"}}"#, State::Failed),
            ("sagemaker", "createTrainingJob.sync", r#"{"TrainingJobStatus":"Completed"}"#, State::Succeeded),
            ("codebuild", "startBuild.sync", r#"{"Builds":[{"BuildStatus":"IN_PROGRESS"}]}"#, State::UnderWay),
        ] {
            assert_eq!(state(service, action, described), expected, "{described}");
        }
    }
}
