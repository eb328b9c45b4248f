//! What rules and the program do at their times.

use std::sync::Arc;
use std::time::Duration;

use asl_engine::Timestamp;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tracing::warn;

use super::deliver::{Delivery, deliveries};
use super::rules::{DEFAULT, Rules, rule_arn};
use super::schedule::Schedule;
use super::{Events, STANDING, When, whole_event};

/// The longest sleep between two looks at the clock, which somebody may set.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

impl Events {
    /// Does what is scheduled at its times, by this clock, until it is dropped. What is missed while the program does not run is not done later.
    pub async fn run_schedules(&self, clock: impl Fn() -> Timestamp) {
        let mut looked = clock();
        loop {
            // Registered before the look, so that no rule is missed.
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            let now = clock();
            let rules = match self.opened().await {
                Ok(opened) => opened.rules(),
                Err(error) => {
                    warn!(%error, "the rules with schedules are not known");
                    Arc::default()
                }
            };
            let (due, next) = self.scheduled(&rules, looked, now);
            self.deliver(due).await;
            looked = now;
            let millis = next.map(|next| next.0.saturating_sub(clock().0).max(0).unsigned_abs());
            let sleep = millis.map_or(LOOK_AGAIN, Duration::from_millis).min(LOOK_AGAIN);
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep(sleep) => {}
            }
        }
    }

    /// What is due since the last look, each once, and when the next is.
    pub(super) fn scheduled(
        &self,
        rules: &Rules,
        looked: Timestamp,
        now: Timestamp,
    ) -> (Vec<Delivery>, Option<Timestamp>) {
        let mut due = Vec::new();
        let mut next: Option<Timestamp> = None;
        let mut is_due = |schedule: &Schedule, created: Timestamp| {
            let at = schedule.next_after(looked.max(created), created).filter(|at| *at <= now);
            let later = schedule.next_after(now.max(created), created);
            next = [next, later].into_iter().flatten().min();
            at
        };
        for standing in self.standing() {
            if let When::Scheduled(schedule) = &standing.when
                && let Some(at) = is_due(schedule, Timestamp(0))
            {
                let target = std::slice::from_ref(&standing.target);
                due.extend(deliveries(DEFAULT, STANDING, target, &scheduled_event(DEFAULT, STANDING, at)));
            }
        }
        for (bus, name, rule) in rules.enabled() {
            if let Some(schedule) = &rule.schedule
                && let Some(at) = is_due(schedule, rule.written.created)
            {
                let event = scheduled_event(bus, name, at);
                due.extend(deliveries(bus, name, &rule.written.targets, &event));
            }
        }
        (due, next)
    }
}

/// What a target gets of a schedule. User guide, "Scheduled events".
fn scheduled_event(bus: &str, name: &str, at: Timestamp) -> Value {
    let time = OffsetDateTime::from_unix_timestamp(at.0.div_euclid(1000)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    whole_event("Scheduled Event", "aws.events", time, &json!([rule_arn(bus, name)]), json!({}))
}
