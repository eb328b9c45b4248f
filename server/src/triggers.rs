//! What starts executions and calls functions: requests, as an API Gateway has them, events and schedules.
//!
//! AWS developer guide of API Gateway, "AWS service integrations for HTTP APIs: StepFunctions-StartExecution", "Create routes for HTTP APIs".

use asl_tasks::{
    Calls, EventPattern, InvalidPattern, InvalidSchedule, Notification, Schedule, StandingRule, Starts, Trigger, When,
};
use http::Method;

/// The trigger of a request: the most special one, in the order of API Gateway: method and path, then the path alone, then paths with
/// parameters, then the default. With the parameters of the path.
pub(crate) fn of_request<'a>(
    triggers: &'a [Trigger],
    asked: &Method,
    path: &str,
) -> Option<(&'a Trigger, Vec<(String, String)>)> {
    let ranked = triggers.iter().filter_map(|trigger| {
        let Starts::Http { method, path: known, .. } = &trigger.starts else { return None };
        let is_method = method.as_ref().is_none_or(|method| method == asked.as_str());
        let (special, parameters) = match known {
            Some(known) => fits(trimmed(known), trimmed(path))?,
            None => (0, Vec::new()),
        };
        is_method.then(|| (special * 2 + usize::from(method.is_some()), trigger, parameters))
    });
    // The first one among equals.
    let best = ranked.reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.map(|(_, trigger, parameters)| (trigger, parameters))
}

/// How special a route is that fits a path, from 1 on, and the parameters that it finds there: `{id}` is a part of a path, `{proxy+}` all
/// that is left.
fn fits(route: &str, path: &str) -> Option<(usize, Vec<(String, String)>)> {
    if route == path {
        return Some((3, Vec::new()));
    }
    let (mut parameters, mut parts) = (Vec::new(), path.split('/'));
    for known in route.split('/') {
        let name = known.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
        if let Some(name) = name.and_then(|name| name.strip_suffix('+')) {
            let rest: Vec<&str> = parts.by_ref().collect();
            parameters.push((name.to_owned(), decoded(&rest.join("/"))));
            return (!rest.is_empty()).then_some((1, parameters));
        }
        let part = parts.next()?;
        match name {
            Some(name) if !part.is_empty() => parameters.push((name.to_owned(), decoded(part))),
            None if known == part => {}
            _ => return None,
        }
    }
    parts.next().is_none().then_some((2, parameters))
}

/// A route whose request's body is the input.
fn http(method: Option<String>, path: Option<String>) -> Starts {
    Starts::Http { method, path, is_payload_1: false, parts: Vec::new(), answers_output: false }
}

/// The triggers of a server whose routing file has these: each state machine of a file without a route of its own has `POST /NAME`, and the
/// only one has `POST /`.
pub(crate) fn with_defaults(mut triggers: Vec<Trigger>, machines: &[&str]) -> Vec<Trigger> {
    let post = |name: &str, path: String| Trigger {
        calls: Calls::StateMachine(name.to_owned()),
        starts: http(Some("POST".to_owned()), Some(path)),
        is_sync: false,
        api: None,
        given: Default::default(),
    };
    let is_http = |trigger: &Trigger| matches!(trigger.starts, Starts::Http { .. });
    let has_route = |triggers: &[Trigger], machine: &str| {
        triggers.iter().any(|trigger| trigger.state_machine() == Some(machine) && is_http(trigger))
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

/// The triggers by events and schedules, as rules of EventBridge; `arn` gives the ARN of what one calls.
pub(crate) fn standing(
    triggers: &[Trigger],
    arn: impl Fn(&Calls) -> String,
) -> Result<Vec<StandingRule>, InvalidTrigger> {
    let rule = |trigger: &Trigger| {
        let when = match &trigger.starts {
            Starts::Http { .. } | Starts::Messages { .. } | Starts::Objects { .. } => return Ok(None),
            Starts::Schedule { expression } => When::Scheduled(Schedule::parse(expression)?),
            Starts::Event { pattern, bus } => {
                When::Event { bus: bus.clone(), pattern: EventPattern::parse(&pattern.to_string())? }
            }
        };
        let mut target = trigger.given.clone();
        target.insert("Arn".to_owned(), arn(&trigger.calls).into());
        Ok(Some(StandingRule { when, target: target.into() }))
    };
    triggers.iter().filter_map(|trigger| rule(trigger).transpose()).collect()
}

/// The triggers by objects of buckets; `arn` gives the ARN of what one calls.
pub(crate) fn notifications(triggers: &[Trigger], arn: impl Fn(&Calls) -> String) -> Vec<Notification> {
    let notification = |trigger: &Trigger| match &trigger.starts {
        Starts::Objects { bucket, events, prefix, suffix } => Some(Notification {
            bucket: bucket.clone(),
            events: events.clone(),
            prefix: prefix.clone(),
            suffix: suffix.clone(),
            target: arn(&trigger.calls),
        }),
        _ => None,
    };
    triggers.iter().filter_map(notification).collect()
}

/// A part of a path without what encodes it.
fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn trimmed(path: &str) -> &str {
    path.trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_special_route_is_taken() {
        let trigger = |name: &str, method: Option<&str>, path: Option<&str>| {
            let (method, path) = (method.map(ToOwned::to_owned), path.map(ToOwned::to_owned));
            let starts = http(method, path);
            Trigger {
                calls: Calls::StateMachine(name.to_owned()),
                starts,
                is_sync: false,
                api: None,
                given: Default::default(),
            }
        };
        let triggers = [
            trigger("default", None, None),
            trigger("any orders", None, Some("/orders")),
            trigger("new order", Some("POST"), Some("/orders")),
            trigger("never", Some("POST"), Some("/orders")),
            trigger("one order", Some("GET"), Some("/orders/{id}")),
            trigger("files", None, Some("/files/{path+}")),
        ];
        for (method, path, expected) in [
            (Method::POST, "/orders", "new order"),
            (Method::POST, "/orders/", "new order"),
            (Method::PUT, "/orders", "any orders"),
            (Method::POST, "/", "default"),
            (Method::GET, "/other", "default"),
            (Method::GET, "/orders/7", "one order"),
            (Method::POST, "/orders/7", "default"),
            (Method::GET, "/orders/7/lines", "default"),
            (Method::GET, "/files/a/b", "files"),
            (Method::GET, "/files", "default"),
        ] {
            let (found, _) = of_request(&triggers, &method, path).expect(path);
            assert_eq!(found.state_machine(), Some(expected), "{method} {path}");
        }
        let parameters = |path: &str| of_request(&triggers, &Method::GET, path).expect(path).1;
        assert_eq!(parameters("/orders/7"), [("id".to_owned(), "7".to_owned())]);
        assert_eq!(parameters("/orders/a%20b+c%2Fd"), [("id".to_owned(), "a b+c/d".to_owned())]);
        assert_eq!(parameters("/files/a/b/"), [("path".to_owned(), "a/b".to_owned())]);
        assert_eq!(of_request(&triggers[1..], &Method::POST, "/other"), None);
    }

    #[test]
    fn without_a_route_a_machine_has_one_of_its_name() {
        let asked = |triggers: &[Trigger], path: &str| {
            of_request(triggers, &Method::POST, path).and_then(|(trigger, _)| Some(trigger.state_machine()?.to_owned()))
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
