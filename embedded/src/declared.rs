//! What the routing file lists of queues and topics: each is there as soon as it is named, unless there is a list.

use std::collections::BTreeSet;

use asl_aws::in_process::{LinePlace, Missing};
use asl_engine::{Value, nearest};

/// Whether a queue or topic is not there: it is not in the list of them, or there is none and its name is nearly that of another one.
/// `subscribed` are those that subscriptions name.
pub(crate) fn unmade(
    kind: &str,
    name: &str,
    declared: Option<&BTreeSet<String>>,
    subscribed: &BTreeSet<String>,
) -> Option<Missing> {
    let known = || declared.into_iter().flatten().chain(subscribed).map(String::as_str);
    if known().any(|known| known == name) {
        return None;
    }
    let near = nearest(name, known());
    if declared.is_none() && near.is_none() {
        return None;
    }
    let near = near.map(|near| format!(" (did you mean {near}?)")).unwrap_or_default();
    let all = declared.into_iter().flatten().map(String::as_str).chain([name]).map(Value::from);
    let lines = format!("{kind}s = {}", all.collect::<Value>());
    Some(Missing::Unmade { what: format!("the {kind} {name}{near}"), place: LinePlace::Start, lines })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str, declared: Option<&[&str]>, subscribed: &[&str]) -> Option<String> {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        unmade("queue", name, declared.map(set).as_ref(), &set(subscribed)).map(|missing| missing.told(None))
    }

    #[test]
    fn without_a_list_only_names_that_are_nearly_others_are_missing() {
        assert_eq!(told("orders", None, &[]), None);
        assert_eq!(told("orders", None, &["orders", "order"]), None);
        assert_eq!(told("orders", None, &["bills"]), None);
        let near = "needs the queue ordres (did you mean orders?), which is not there\n\
                    It is made by these lines at the start of the routing file:\n\nqueues = [\"ordres\"]";
        assert_eq!(told("ordres", None, &["orders"]).as_deref(), Some(near));
    }

    #[test]
    fn with_a_list_all_others_are_missing() {
        assert_eq!(told("orders", Some(&["orders"]), &[]), None);
        assert_eq!(told("bills", Some(&["orders"]), &["bills"]), None);
        let missing = "needs the queue bills, which is not there\n\
                       It is made by these lines at the start of the routing file:\n\nqueues = [\"orders\",\"bills\"]";
        assert_eq!(told("bills", Some(&["orders"]), &["other"]).as_deref(), Some(missing));
    }
}
