//! What a target gets of an event.
//!
//! AWS's user guide of EventBridge, "Amazon EventBridge input transformation", and its API reference, "Target".

use serde_json::{Map, Value};

/// Names that stand for something without a path. User guide, "Predefined variables".
const RULE_ARN: &str = "aws.events.rule-arn";
const RULE_NAME: &str = "aws.events.rule-name";
const INGESTION_TIME: &str = "aws.events.event.ingestion-time";
const EVENT: &str = "aws.events.event";
const EVENT_JSON: &str = "aws.events.event.json";

/// The rule that an event goes through.
#[derive(Clone, Copy, Debug)]
pub(super) struct Through<'a> {
    pub(super) rule_arn: &'a str,
    pub(super) rule_name: &'a str,
    /// When EventBridge took the event.
    pub(super) taken: &'a str,
}

/// The text that a target gets of an event: all of it, or what `Input`, `InputPath` or `InputTransformer` says.
pub(super) fn input(target: &Value, event: &Value, through: Through<'_>) -> String {
    if let Some(input) = target["Input"].as_str() {
        return input.to_owned();
    }
    if let Some(path) = target["InputPath"].as_str() {
        return at(event, path).unwrap_or(&Value::Null).to_string();
    }
    match target["InputTransformer"]["InputTemplate"].as_str() {
        None => event.to_string(),
        Some(template) => transformed(template, &target["InputTransformer"]["InputPathsMap"], event, through),
    }
}

/// What a path such as `$.detail.items[0]` or `$.detail['a b']` leads to.
fn at<'a>(event: &'a Value, path: &str) -> Option<&'a Value> {
    let mut rest = path.strip_prefix('$')?;
    let mut found = event;
    while !rest.is_empty() {
        if let Some(name) = rest.strip_prefix('.') {
            let end = name.find(['.', '[']).unwrap_or(name.len());
            let (name, behind) = name.split_at(end);
            (found, rest) = (found.get(name)?, behind);
        } else {
            let (step, behind) = rest.strip_prefix('[')?.split_once(']')?;
            let quoted = ['\'', '"'].iter().find_map(|quote| step.strip_prefix(*quote)?.strip_suffix(*quote));
            found = match quoted {
                Some(name) => found.get(name)?,
                None => found.get(step.parse::<usize>().ok()?)?,
            };
            rest = behind;
        }
    }
    Some(found)
}

/// Whether a text is a path that leads somewhere in some event.
pub(super) fn is_path(path: &str) -> bool {
    path == "$" || path.starts_with("$.") || path.starts_with("$[")
}

/// A template whose `<names>` have become what they stand for. A name that stands for nothing becomes nothing.
fn transformed(template: &str, paths: &Value, event: &Value, through: Through<'_>) -> String {
    let value_of = |name: &str| -> Option<Value> {
        match name {
            RULE_ARN => Some(through.rule_arn.into()),
            RULE_NAME => Some(through.rule_name.into()),
            INGESTION_TIME => Some(through.taken.into()),
            // Without its detail, since that is what others may fill. User guide: "the original event payload, without the detail field".
            EVENT => {
                let members = event.as_object()?.iter().filter(|(name, _)| *name != "detail");
                Some(members.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>().into())
            }
            EVENT_JSON => Some(event.clone()),
            name => at(event, paths[name].as_str()?).cloned(),
        }
    };
    let is_known = |name: &str| {
        [RULE_ARN, RULE_NAME, INGESTION_TIME, EVENT, EVENT_JSON].contains(&name) || paths.get(name).is_some()
    };
    let (mut text, mut rest) = (String::with_capacity(template.len()), template);
    let mut is_in_string = false;
    while let Some(character) = rest.chars().next() {
        let name = rest.strip_prefix('<').and_then(|behind| behind.split_once('>')).filter(|(name, _)| is_known(name));
        if let Some((name, behind)) = name {
            if let Some(value) = value_of(name) {
                text.push_str(&if is_in_string { inside_string(&value) } else { value.to_string() });
            }
            rest = behind;
            continue;
        }
        let escaped = rest.strip_prefix('\\').and_then(|behind| behind.chars().next());
        let length = character.len_utf8() + escaped.map_or(0, char::len_utf8);
        is_in_string ^= character == '"';
        let (piece, behind) = rest.split_at(length);
        text.push_str(piece);
        rest = behind;
    }
    text
}

/// A value as a part of a text in quotation marks: a text as it is, and JSON without its quotation marks.
fn inside_string(value: &Value) -> String {
    match value {
        Value::String(_) => {
            let quoted = value.to_string();
            quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned()
        }
        other => other.to_string().replace(['"', '\\'], ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The event of the guide's examples, shortened.
    fn event() -> Value {
        json!({
            "version": "0",
            "id": "7bf73129",
            "detail-type": "EC2 Instance State-change Notification",
            "source": "aws.ec2",
            "time": "2015-11-11T21:29:54Z",
            "resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111", "b"],
            "detail": { "instance-id": "i-0123456789", "state": "RUNNING", "n": 1.5, "said": "a \"b\"" },
        })
    }

    fn given(target: Value) -> String {
        let through = Through { rule_arn: "ARN", rule_name: "NAME", taken: "2015-11-11T21:29:55Z" };
        input(&target, &event(), through)
    }

    #[test]
    fn a_target_gets_what_it_asks_for() {
        let all = event().to_string();
        for (target, expected) in [
            (json!({}), all.as_str()),
            (json!({ "Input": "{\"a\" : 1}" }), "{\"a\" : 1}"),
            (json!({ "InputPath": "$" }), all.as_str()),
            (json!({ "InputPath": "$.detail.n" }), "1.5"),
            (json!({ "InputPath": "$.detail.state" }), "\"RUNNING\""),
            (json!({ "InputPath": "$.detail-type" }), "\"EC2 Instance State-change Notification\""),
            (json!({ "InputPath": "$.resources[1]" }), "\"b\""),
            (json!({ "InputPath": "$['detail'][\"n\"]" }), "1.5"),
            (json!({ "InputPath": "$.no.such" }), "null"),
        ] {
            assert_eq!(given(target.clone()), expected, "{target}");
        }
    }

    #[test]
    fn templates_are_filled_as_the_guide_says() {
        let paths = json!({
            "instance": "$.detail.instance-id",
            "state": "$.detail.state",
            "detail": "$.detail",
            "resources": "$.resources",
            "said": "$.detail.said",
            "none": "$.detail.none",
        });
        for (template, expected) in [
            // "Example: the instance is in a state"
            ("\"instance <instance> is in <state>\"", "\"instance i-0123456789 is in RUNNING\""),
            (
                "{\"instance\" : <instance>, \"state\": <state>}",
                "{\"instance\" : \"i-0123456789\", \"state\": \"RUNNING\"}",
            ),
            ("{\"state\": \"<state>\"}", "{\"state\": \"RUNNING\"}"),
            ("{\"r\": <resources>}", "{\"r\": [\"arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111\",\"b\"]}"),
            ("{\"said\": \"<said>\", \"s\": <said>}", "{\"said\": \"a \\\"b\\\"\", \"s\": \"a \\\"b\\\"\"}"),
            ("\"got \\\"<state>\\\"\"", "\"got \\\"RUNNING\\\"\""),
            ("\"<resources>\"", "\"[arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111,b]\""),
            // What is no variable stays; one that leads nowhere is nothing.
            ("{\"a\": \"x<none>y\", \"b\": \"<other>\"}", "{\"a\": \"xy\", \"b\": \"<other>\"}"),
            // "Predefined variables"
            (
                "{\"arn\": <aws.events.rule-arn>, \"n\": \"<aws.events.rule-name>\", \"t\": <aws.events.event.ingestion-time>}",
                "{\"arn\": \"ARN\", \"n\": \"NAME\", \"t\": \"2015-11-11T21:29:55Z\"}",
            ),
        ] {
            let transformer = json!({ "InputPathsMap": paths, "InputTemplate": template });
            assert_eq!(given(json!({ "InputTransformer": transformer })), expected, "{template}");
        }
        let whole = |template: &str| given(json!({ "InputTransformer": { "InputTemplate": template } }));
        assert_eq!(
            whole("{\"e\": <aws.events.event.json>}"),
            json!({ "e": event() }).to_string().replacen(':', ": ", 1)
        );
        let mut without = event();
        without.as_object_mut().unwrap().remove("detail");
        assert_eq!(
            whole("<aws.events.event>"),
            serde_json::from_str::<Value>(&without.to_string()).unwrap().to_string()
        );
    }
}
