//! What starts executions: requests, as an API Gateway with an integration of `StartExecution` has them, events and schedules.
//!
//! AWS developer guide of API Gateway, "AWS service integrations for HTTP APIs: StepFunctions-StartExecution".

use asl_tasks::{EventPattern, InvalidPattern, InvalidSchedule, Schedule, StandingRule, Starts, Trigger, When};
use http::Method;

/// The trigger of a request: the most special one, in the order of API Gateway: method and path, then the path alone, then the default.
pub(crate) fn of_request<'a>(triggers: &'a [Trigger], asked: &Method, path: &str) -> Option<&'a Trigger> {
    let rank = |trigger: &&Trigger| match &trigger.starts {
        Starts::Http { method, path: known } => {
            let is_method = method.as_ref().is_none_or(|method| method == asked.as_str());
            let is_path = known.as_ref().is_none_or(|known| trimmed(known) == trimmed(path));
            (is_method && is_path).then(|| usize::from(known.is_some()) * 2 + usize::from(method.is_some()))
        }
        Starts::Schedule { .. } | Starts::Event { .. } => None,
    };
    // The first one among equals.
    triggers.iter().rev().filter(|trigger| rank(trigger).is_some()).max_by_key(|trigger| rank(trigger))
}

/// The triggers of a server whose routing file has these: each state machine of a file without a route of its own has `POST /NAME`, and the
/// only one has `POST /`.
pub(crate) fn with_defaults(mut triggers: Vec<Trigger>, machines: &[&str]) -> Vec<Trigger> {
    let post = |name: &str, path: String| Trigger {
        state_machine: name.to_owned(),
        starts: Starts::Http { method: Some("POST".to_owned()), path: Some(path) },
        is_sync: false,
    };
    let has_route = |triggers: &[Trigger], machine: &str| {
        triggers.iter().any(|trigger| trigger.state_machine == machine && matches!(trigger.starts, Starts::Http { .. }))
    };
    let named = machines.iter().filter(|name| !has_route(&triggers, name)).map(|name| post(name, format!("/{name}")));
    let named: Vec<Trigger> = named.collect();
    if let [only] = machines
        && !named.is_empty()
    {
        triggers.push(post(only, "/".to_owned()));
    }
    triggers.extend(named);
    triggers
}

/// A trigger starts nothing.
#[derive(Debug, thiserror::Error)]
pub enum InvalidTrigger {
    /// Its event is no pattern.
    #[error(transparent)]
    Pattern(#[from] InvalidPattern),
    /// Its schedule is none.
    #[error(transparent)]
    Schedule(#[from] InvalidSchedule),
}

/// The triggers by events and schedules, as rules of EventBridge; `arn` gives the ARN of a state machine.
pub(crate) fn standing(
    triggers: &[Trigger],
    arn: impl Fn(&str) -> String,
) -> Result<Vec<StandingRule>, InvalidTrigger> {
    let rule = |trigger: &Trigger| {
        let when = match &trigger.starts {
            Starts::Http { .. } => return Ok(None),
            Starts::Schedule { expression, input } => When::Scheduled(Schedule::parse(expression)?, input.to_string()),
            Starts::Event { pattern } => When::Event(EventPattern::parse(&pattern.to_string())?),
        };
        Ok(Some(StandingRule { when, state_machine: arn(&trigger.state_machine) }))
    };
    triggers.iter().filter_map(|trigger| rule(trigger).transpose()).collect()
}

fn trimmed(path: &str) -> &str {
    path.trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_special_route_is_taken() {
        let trigger = |name: &str, method: Option<&str>, path: Option<&str>| Trigger {
            state_machine: name.to_owned(),
            starts: Starts::Http { method: method.map(ToOwned::to_owned), path: path.map(ToOwned::to_owned) },
            is_sync: false,
        };
        let triggers = [
            trigger("default", None, None),
            trigger("any orders", None, Some("/orders")),
            trigger("new order", Some("POST"), Some("/orders")),
            trigger("never", Some("POST"), Some("/orders")),
        ];
        for (method, path, expected) in [
            (Method::POST, "/orders", "new order"),
            (Method::POST, "/orders/", "new order"),
            (Method::PUT, "/orders", "any orders"),
            (Method::POST, "/", "default"),
            (Method::GET, "/other", "default"),
        ] {
            let found = of_request(&triggers, &method, path).expect(path);
            assert_eq!(found.state_machine, expected, "{method} {path}");
        }
        assert_eq!(of_request(&triggers[1..], &Method::POST, "/other"), None);
    }

    #[test]
    fn without_a_route_a_machine_has_one_of_its_name() {
        let asked = |triggers: &[Trigger], path: &str| {
            of_request(triggers, &Method::POST, path).map(|trigger| trigger.state_machine.clone())
        };
        let only = with_defaults(Vec::new(), &["a"]);
        assert_eq!(["/", "/a", "/b"].map(|path| asked(&only, path).is_some()), [true, true, false]);
        let two = with_defaults(Vec::new(), &["a", "b"]);
        assert_eq!(["/", "/a", "/b"].map(|path| asked(&two, path)), [None, Some("a".to_owned()), Some("b".to_owned())]);
        let routed = with_defaults(with_defaults(Vec::new(), &["a"]), &["a", "b"]);
        assert_eq!(["/", "/a", "/b"].map(|path| asked(&routed, path).is_some()), [true, true, true]);
        assert_eq!(of_request(&two, &Method::GET, "/a"), None);
    }
}
