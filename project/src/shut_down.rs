//! The end of a program that has run executions: in which order what is left is stopped, waited for and told.

use std::io;
use std::sync::Arc;
#[cfg(feature = "embedded")]
use std::time::Duration;

use asl_engine::Failure;
use asl_runtime::Status;
#[cfg(feature = "embedded")]
use asl_tasks::Undelivered;
use futures_util::FutureExt;

use crate::project::Project;

/// How long the subscribers of notifications are waited for.
#[cfg(feature = "embedded")]
const DELIVERY_LIMIT: Duration = Duration::from_secs(20);

/// What a person should know about the end of a program.
#[derive(Debug)]
pub enum Notice {
    /// These executions still run, and are waited for.
    WaitsFor(Vec<Arc<str>>),
    /// The wait was interrupted; these executions ran, and are stopped.
    Stops(Vec<Arc<str>>),
    /// An execution that nobody waited for has not succeeded.
    NotSucceeded {
        /// The execution.
        arn: Arc<str>,
        /// How it ended.
        status: Status,
        /// Why.
        failure: Failure,
    },
    /// What happened could not be stored.
    NotStored(io::Error),
    /// A subscriber did not get its notifications.
    #[cfg(feature = "embedded")]
    Undelivered(Undelivered),
}

impl Project {
    /// Ends what goes on when an execution has ended: executions that were started, here and elsewhere, functions that nobody
    /// waits for, and notifications on their way.
    ///
    /// `interrupted` completes when the program is told to end, or has been told so. Then nothing is waited for: executions are
    /// stopped with the failure that it gives. Answers whether all came to an end by itself.
    pub async fn shut_down(&self, interrupted: impl AsyncFn() -> Failure, mut tell: impl FnMut(Notice)) -> bool {
        let executions = self.executions();
        let mut stopped_with = interrupted().now_or_never();
        // Who was told before has been told what that means.
        if let Some(failure) = &stopped_with {
            executions.stop_all(failure).await;
        }
        self.router().stopped().await;
        if stopped_with.is_none() {
            let running = executions.running();
            if !running.is_empty() {
                tell(Notice::WaitsFor(running));
            }
            stopped_with = tokio::select! {
                // Where nothing is left to wait for, there is nothing to interrupt.
                biased;
                _ = async { tokio::join!(executions.ended(), self.router().idle()) } => None,
                failure = interrupted() => Some(failure),
            };
            match &stopped_with {
                Some(failure) => {
                    let running = executions.running();
                    if !running.is_empty() {
                        tell(Notice::Stops(running));
                    }
                    executions.stop_all(failure).await;
                    self.router().stopped().await;
                }
                None => self.tell_of_failures(&mut tell),
            }
        }
        #[cfg(feature = "embedded")]
        for undelivered in self.undelivered(stopped_with.is_some(), &interrupted).await {
            tell(Notice::Undelivered(undelivered));
        }
        if let Err(error) = executions.finish_storing() {
            tell(Notice::NotStored(error));
        }
        stopped_with.is_none()
    }

    fn tell_of_failures(&self, tell: &mut impl FnMut(Notice)) {
        for (arn, finished) in self.executions().ended_alone() {
            let status = finished.status;
            if let Err(failure) = finished.outcome {
                tell(Notice::NotSucceeded { arn, status, failure });
            }
        }
    }

    /// Tries to deliver each notification once more that could not be delivered yet; no longer than until an interrupt.
    #[cfg(feature = "embedded")]
    async fn undelivered(&self, is_stopped: bool, interrupted: &impl AsyncFn() -> Failure) -> Vec<Undelivered> {
        let limit = if is_stopped { Duration::ZERO } else { DELIVERY_LIMIT };
        let stop = async {
            // An error says that the time is over.
            let _ = tokio::time::timeout(limit, interrupted()).await;
        };
        self.router().finish_deliveries(stop).await
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::sync::watch;

    use super::*;
    use crate::Start;
    use crate::testing::{failure, machine, start_of, started_by};

    const SLEEPS: &str =
        r#"{"StartAt":"S","States":{"S":{"Type":"Wait","Seconds":60,"Next":"F"},"F":{"Type":"Fail","Error":"E"}}}"#;

    /// A project with executions that fail after a minute: by their names, and whether somebody waits for them.
    fn project(started: &[(&str, bool)]) -> Project {
        let executions = started_by(&[], false);
        for (name, is_waited_for) in started {
            let start = Start { is_waited_for: *is_waited_for, ..start_of(name, 1) };
            executions.start(&machine("m", SLEEPS), start).expect("the name is free");
        }
        Project { executions, data: ".asl".into() }
    }

    fn shown(notice: &Notice) -> String {
        let names =
            |arns: &[Arc<str>]| arns.iter().filter_map(|arn| arn.rsplit(':').next()).collect::<Vec<_>>().join(" and ");
        match notice {
            Notice::WaitsFor(running) => format!("waits for {}", names(running)),
            Notice::Stops(running) => format!("stops {}", names(running)),
            Notice::NotSucceeded { arn, status, failure } => {
                format!("{} {}: {failure}", names(std::slice::from_ref(arn)), status.name())
            }
            Notice::NotStored(error) => error.to_string(),
            #[cfg(feature = "embedded")]
            Notice::Undelivered(undelivered) => format!("{undelivered:?}"),
        }
    }

    fn statuses(project: &Project) -> Vec<&'static str> {
        project.executions().list().iter().map(|described| described.status()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_started_is_waited_for() {
        for (started, expected) in [
            (&[][..], &[][..]),
            (&[("a", true)], &["waits for a"]),
            (&[("b", false), ("a", true)], &["waits for b and a", "b FAILED: E"]),
        ] {
            let project = project(started);
            let mut told = Vec::new();
            let by_itself = project.shut_down(pending, |notice| told.push(shown(&notice))).await;
            assert_eq!((by_itself, &*told), (true, &*expected.iter().map(ToString::to_string).collect::<Vec<_>>()));
            assert!(statuses(&project).iter().all(|status| *status == "FAILED"));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_interrupt_stops_all() {
        let project = project(&[("a", false), ("b", true)]);
        let (tell, told) = watch::channel(false);
        let interrupted = async || {
            told.clone().wait_for(|told| *told).await.expect("the test goes on");
            failure("Interrupted")
        };
        let mut notices = Vec::new();
        let by_itself = project.shut_down(interrupted, |notice| {
            notices.push(shown(&notice));
            tell.send_replace(true);
        });
        assert!(!by_itself.await);
        assert_eq!(notices, ["waits for a and b", "stops a and b"]);
        assert_eq!(statuses(&project), ["ABORTED", "ABORTED"]);
    }

    #[tokio::test(start_paused = true)]
    async fn after_an_interrupt_nothing_is_waited_for() {
        let project = project(&[("a", false), ("b", true)]);
        let by_itself = project.shut_down(async || failure("Interrupted"), |notice| panic!("{notice:?}"));
        assert!(!by_itself.await);
        assert_eq!(statuses(&project), ["ABORTED", "ABORTED"]);
    }
}
