//! How long tasks take, as a histogram of each resource.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use asl_engine::Outcome;
use asl_runtime::{BoxFuture, Call, Handler, Report};

/// The upper bounds of the buckets, in seconds; what takes longer is in none.
pub const BOUNDS: [f64; 10] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 10.0, 60.0, 600.0];

/// How many resources are told apart. Those of later ones are under `other`: there may be any number.
const RESOURCES: usize = 1_000;

/// How long the tasks of a resource took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TimesTaken {
    /// How many took no longer than each of [`BOUNDS`].
    pub within: [u64; BOUNDS.len()],
    /// How many there were.
    pub count: u64,
    /// How long all of them took.
    pub sum: Duration,
}

/// How long tasks took that have ended in this process, by resource.
#[derive(Debug, Default)]
pub struct TaskTimes(Mutex<BTreeMap<Arc<str>, TimesTaken>>);

impl TaskTimes {
    /// What was measured so far.
    pub fn all(&self) -> BTreeMap<Arc<str>, TimesTaken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, resource: &Arc<str>, took: Duration) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key =
            if all.len() < RESOURCES || all.contains_key(resource) { Arc::clone(resource) } else { "other".into() };
        let times = all.entry(key).or_default();
        times.count += 1;
        times.sum += took;
        for (within, bound) in times.within.iter_mut().zip(BOUNDS) {
            *within += u64::from(took.as_secs_f64() <= bound);
        }
    }

    /// The same handler, whose calls are measured.
    pub(crate) fn measured(self: &Arc<Self>, handler: Arc<dyn Handler>) -> Arc<dyn Handler> {
        Arc::new(Measured { handler, times: Arc::clone(self) })
    }
}

struct Measured {
    handler: Arc<dyn Handler>,
    times: Arc<TaskTimes>,
}

impl Measured {
    async fn measure(&self, call: &Call, outcome: BoxFuture<'_, Outcome>) -> Outcome {
        let began = Instant::now();
        let outcome = outcome.await;
        self.times.add(&call.request.resource, began.elapsed());
        outcome
    }
}

impl Handler for Measured {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(self.measure(call, self.handler.call(call)))
    }

    fn resume<'a>(&'a self, call: &'a Call, told: &'a [Report]) -> BoxFuture<'a, Outcome> {
        Box::pin(self.measure(call, self.handler.resume(call, told)))
    }

    fn name(&self) -> &'static str {
        self.handler.name()
    }

    fn reaches_aws<'a>(&'a self, resource: &'a str) -> BoxFuture<'a, Vec<String>> {
        self.handler.reaches_aws(resource)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bucket_has_what_took_no_longer() {
        let times = TaskTimes::default();
        for millis in [1, 7, 2_000, 700_000] {
            times.add(&"r".into(), Duration::from_millis(millis));
        }
        let of = times.all()["r"];
        assert_eq!((of.count, of.within), (4, [1, 1, 2, 2, 2, 2, 2, 3, 3, 3]));
        assert_eq!(of.sum, Duration::from_millis(702_008));
    }

    #[test]
    fn resources_beyond_a_thousand_are_counted_together() {
        let times = TaskTimes::default();
        for n in 0..1_100 {
            times.add(&format!("r{n}").into(), Duration::ZERO);
        }
        times.add(&"r1".into(), Duration::ZERO);
        let all = times.all();
        assert_eq!((all.len(), all["other"].count, all["r1"].count), (1_001, 100, 2));
    }
}
