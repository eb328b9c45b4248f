//! Which notifications a subscription wants.
//!
//! AWS developer guide of SNS, "Amazon SNS message filtering": the patterns are those of EventBridge, over the attributes of the message
//! or over its body.

use serde_json::{Map, Value};

use super::SnsError;
use super::notification::Notification;
use crate::events::EventPattern;

/// The policy of a subscription.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Filter {
    /// None where the policy is empty.
    pattern: Option<EventPattern>,
    is_of_body: bool,
}

impl Filter {
    /// What a `FilterPolicy` and a `FilterPolicyScope` say.
    pub(super) fn of(policy: Option<&str>, scope: Option<&str>) -> Result<Option<Self>, SnsError> {
        let is_of_body = match scope {
            None | Some("MessageAttributes") => false,
            Some("MessageBody") => true,
            Some(_) => {
                let reason =
                    "Attributes Reason: FilterPolicyScope: Invalid value. Must be MessageAttributes or MessageBody.";
                return Err(SnsError::invalid(reason));
            }
        };
        let Some(policy) = policy else { return Ok(None) };
        // What is no object is refused below.
        let members: Option<Map<String, Value>> = serde_json::from_str(policy).ok();
        if members.as_ref().is_some_and(Map::is_empty) {
            return Ok(Some(Self { pattern: None, is_of_body }));
        }
        let is_nested = members.is_some_and(|members| members.values().any(Value::is_object));
        if is_nested && !is_of_body {
            let reason = "Filter policy scope MessageAttributes does not support nested filter policy";
            return Err(SnsError::invalid(reason));
        }
        let read = EventPattern::parse(policy);
        let pattern = read.map_err(|error| SnsError::invalid(&format!("FilterPolicy: {error}")))?;
        Ok(Some(Self { pattern: Some(pattern), is_of_body }))
    }

    /// Whether a notification is wanted.
    pub(super) fn wants(&self, notification: &Notification) -> bool {
        let Some(pattern) = &self.pattern else { return true };
        match self.is_of_body {
            false => pattern.matches(&attributes(notification)),
            // What is no object has nothing to be matched.
            true => serde_json::from_str::<Map<String, Value>>(&notification.message)
                .is_ok_and(|body| pattern.matches(&body.into())),
        }
    }
}

/// The attributes of a message as JSON: texts, numbers, and lists of them.
fn attributes(notification: &Notification) -> Value {
    let value = |data_type: &str, value: &str| match data_type.split('.').next() {
        Some("Number") => serde_json::from_str(value).ok(),
        _ if data_type == "String.Array" => serde_json::from_str(value).ok(),
        Some("String") => Some(value.into()),
        // Binary values match nothing.
        _ => None,
    };
    let attributes = notification.message_attributes.iter();
    attributes
        .filter_map(|(name, it)| Some((name.clone(), value(&it.data_type, &it.value)?)))
        .collect::<Map<_, _>>()
        .into()
}

#[cfg(test)]
mod tests {
    use super::super::notification::Attribute;
    use super::*;

    fn wants(policy: &str, scope: Option<&str>) -> bool {
        let attribute =
            |data_type: &str, value: &str| Attribute { data_type: data_type.to_owned(), value: value.to_owned() };
        let notification = Notification {
            message: r#"{"order":{"total":120},"tags":["a","b"]}"#.to_owned(),
            message_attributes: [
                ("store".to_owned(), attribute("String", "example_corp")),
                ("price".to_owned(), attribute("Number", "210.75")),
                ("interests".to_owned(), attribute("String.Array", r#"["soccer","rugby"]"#)),
                ("photo".to_owned(), attribute("Binary", "AAEC")),
            ]
            .into(),
            ..Notification::default()
        };
        Filter::of(Some(policy), scope).ok().flatten().expect("a policy").wants(&notification)
    }

    /// Policies of the guide's examples.
    #[test]
    fn policies_match_as_the_guide_says() {
        for (policy, expected) in [
            ("{}", true),
            (r#"{"store":["example_corp"]}"#, true),
            (r#"{"store":[{"anything-but":["example_corp"]}]}"#, false),
            (r#"{"store":[{"prefix":"exam"}],"price":[{"numeric":[">",0,"<=",300]}]}"#, true),
            (r#"{"price":[{"numeric":["=",301.5]}]}"#, false),
            (r#"{"interests":["rugby","football"]}"#, true),
            (r#"{"encrypted":[{"exists":false}]}"#, true),
            (r#"{"photo":[{"exists":true}]}"#, false),
            (r#"{"$or":[{"store":["no"]},{"interests":["soccer"]}]}"#, true),
        ] {
            assert_eq!(wants(policy, None), expected, "{policy}");
        }
        for (policy, expected) in [
            (r#"{"order":{"total":[{"numeric":[">",100]}]}}"#, true),
            (r#"{"tags":["b"]}"#, true),
            (r#"{"store":["example_corp"]}"#, false),
        ] {
            assert_eq!(wants(policy, Some("MessageBody")), expected, "{policy}");
        }
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        for (policy, scope) in [("[]", None), (r#"{"a":1}"#, None), ("{}", Some("Body"))] {
            assert!(Filter::of(Some(policy), scope).is_err(), "{policy}");
        }
    }
}
