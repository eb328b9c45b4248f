//! The operations on rules, targets and buses.
//!
//! AWS API reference of EventBridge (2015-10-07): names, members and errors.

use asl_engine::Timestamp;
use serde_json::{Map, Value, json};

use super::deliver::Takes;
use super::pattern::EventPattern;
use super::rules::{Bus, DEFAULT, Rule, Rules, WrittenRule, bus_arn, rule_arn};
use super::target;
use crate::ACCOUNT;

/// A refusal: AWS's name for it, and its text.
#[derive(Debug, PartialEq)]
pub(super) struct Refusal(pub(super) &'static str, pub(super) String);

/// The most targets of a rule.
const TARGETS_MAX: usize = 5;

/// The most entries of a page.
const LIMIT_MAX: usize = 100;

/// All operations that this has.
pub(super) const OPERATIONS: [&str; 15] = [
    "PutRule",
    "DescribeRule",
    "ListRules",
    "ListRuleNamesByTarget",
    "DeleteRule",
    "EnableRule",
    "DisableRule",
    "PutTargets",
    "RemoveTargets",
    "ListTargetsByRule",
    "TestEventPattern",
    "CreateEventBus",
    "DescribeEventBus",
    "ListEventBuses",
    "DeleteEventBus",
];

/// The parameters of a request.
struct Asked<'a>(&'a Value);

fn validation(message: impl Into<String>) -> Refusal {
    Refusal("ValidationException", message.into())
}

fn not_found(message: String) -> Refusal {
    Refusal("ResourceNotFoundException", message)
}

fn constraint(value: &str, path: &str, rule: &str) -> Refusal {
    validation(format!("1 validation error detected: Value {value} at '{path}' failed to satisfy constraint: {rule}"))
}

impl<'a> Asked<'a> {
    /// A text; an empty one is none.
    fn text(&self, name: &str) -> Option<&'a str> {
        self.0.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    /// A name that has to be there.
    fn name(&self, name: &str) -> Result<&'a str, Refusal> {
        let path = name.chars().take(1).flat_map(char::to_lowercase).chain(name.chars().skip(1)).collect::<String>();
        let text = self.text(name).ok_or_else(|| constraint("null", &path, "Member must not be null"))?;
        if text.len() > 64 {
            return Err(constraint(&format!("'{text}'"), &path, "Member must have length less than or equal to 64"));
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        match text.chars().all(is_name) {
            true => Ok(text),
            false => {
                let rule = "Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+";
                Err(constraint(&format!("'{text}'"), &path, rule))
            }
        }
    }

    /// The name of the bus that is asked for, by its name or its ARN.
    fn bus(&self) -> &'a str {
        bus_name(self.text("EventBusName").unwrap_or(DEFAULT))
    }

    fn list(&self, name: &str) -> &'a [Value] {
        self.0.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// A page of what is listed, and where the next one begins.
    fn page<T>(&self, all: Vec<T>) -> Result<(Vec<T>, Option<String>), Refusal> {
        let limit = self.0.get("Limit").and_then(Value::as_u64).and_then(|limit| usize::try_from(limit).ok());
        let limit = limit.filter(|limit| (1..=LIMIT_MAX).contains(limit)).unwrap_or(LIMIT_MAX);
        let invalid = || validation("Parameter nextToken is not valid.");
        let start = self.text("NextToken").map_or(Ok(0), |token| token.parse().map_err(|_| invalid()))?;
        let next = all.len().checked_sub(start).filter(|left| *left > limit).map(|_| (start + limit).to_string());
        Ok((all.into_iter().skip(start).take(limit).collect(), next))
    }
}

/// The name of a bus, which may be given by its ARN.
pub(super) fn bus_name(given: &str) -> &str {
    given.rsplit('/').next().unwrap_or(given)
}

/// The members that are there.
fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let there = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(there.collect::<Map<_, _>>())
}

/// What an operation answers, and whether it has changed the rules.
pub(super) fn run(rules: &mut Rules, operation: &str, request: &Value, now: Timestamp) -> Result<Answer, Refusal> {
    let asked = &Asked(request);
    match operation {
        "PutRule" => put_rule(rules, asked, now).map(Answer::changed),
        "DescribeRule" => describe_rule(rules, asked).map(Answer::same),
        "ListRules" => list_rules(rules, asked).map(Answer::same),
        "ListRuleNamesByTarget" => list_names(rules, asked).map(Answer::same),
        "DeleteRule" => delete_rule(rules, asked),
        "EnableRule" | "DisableRule" => {
            let state = if operation == "EnableRule" { "ENABLED" } else { "DISABLED" };
            rule(rules, asked.bus(), asked.name("Name")?)?.written.state = state.to_owned();
            Ok(Answer::changed(Value::Null))
        }
        "PutTargets" => put_targets(rules, asked).map(Answer::changed),
        "RemoveTargets" => remove_targets(rules, asked).map(Answer::changed),
        "ListTargetsByRule" => {
            let targets = rule(rules, asked.bus(), asked.name("Rule")?)?.written.targets.clone();
            let (targets, next) = asked.page(targets)?;
            Ok(Answer::same(object([("Targets", Some(targets.into())), ("NextToken", next.map(Value::from))])))
        }
        "TestEventPattern" => test_pattern(asked).map(Answer::same),
        "CreateEventBus" => create_bus(rules, asked, now).map(Answer::changed),
        "DescribeEventBus" => {
            let name = bus_name(asked.text("Name").unwrap_or(DEFAULT));
            let bus = bus(rules, name)?;
            Ok(Answer::same(described_bus(name, bus)))
        }
        "ListEventBuses" => {
            let prefix = asked.text("NamePrefix").unwrap_or_default();
            let buses = rules.buses.iter().filter(|(name, _)| name.starts_with(prefix));
            let (buses, next) = asked.page(buses.map(|(name, bus)| described_bus(name, bus)).collect())?;
            Ok(Answer::same(object([("EventBuses", Some(buses.into())), ("NextToken", next.map(Value::from))])))
        }
        _ => {
            let name = bus_name(asked.name("Name")?);
            if name == DEFAULT {
                return Err(validation("Cannot delete event bus default."));
            }
            Ok(Answer { changed: rules.buses.remove(name).is_some(), body: Value::Null })
        }
    }
}

/// The answer to a request.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) body: Value,
    /// Whether the rules are others now.
    pub(super) changed: bool,
}

impl Answer {
    fn changed(body: Value) -> Self {
        Self { body, changed: true }
    }

    fn same(body: Value) -> Self {
        Self { body, changed: false }
    }
}

fn bus<'a>(rules: &'a mut Rules, name: &str) -> Result<&'a mut Bus, Refusal> {
    rules.buses.get_mut(name).ok_or_else(|| not_found(format!("Event bus {name} does not exist.")))
}

fn rule<'a>(rules: &'a mut Rules, of: &str, name: &str) -> Result<&'a mut Rule, Refusal> {
    let unknown = || not_found(format!("Rule {name} does not exist on EventBus {of}."));
    bus(rules, of)?.rules.get_mut(name).ok_or_else(unknown)
}

fn put_rule(rules: &mut Rules, asked: &Asked<'_>, now: Timestamp) -> Result<Value, Refusal> {
    let (of, name) = (asked.bus(), asked.name("Name")?);
    let text = |name: &str| asked.text(name).map(str::to_owned);
    let (pattern, schedule) = (text("EventPattern"), text("ScheduleExpression"));
    if pattern.is_none() && schedule.is_none() {
        return Err(validation("Parameter(s) EventPattern or ScheduleExpression must be specified."));
    }
    if schedule.is_some() && of != DEFAULT {
        return Err(validation("ScheduleExpression is supported only on the default event bus."));
    }
    if let Some(pattern) = &pattern {
        EventPattern::parse(pattern).map_err(|error| Refusal("InvalidEventPatternException", error.to_string()))?;
    }
    let state = asked.text("State").unwrap_or("ENABLED");
    const STATES: [&str; 3] = ["ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"];
    if !STATES.contains(&state) {
        let rule = format!("Member must satisfy enum value set: [{}]", STATES.join(", "));
        return Err(constraint(&format!("'{state}'"), "state", &rule));
    }
    let rules = &mut bus(rules, of)?.rules;
    let (created, targets) = rules.get(name).map_or((now, Vec::new()), |before| {
        // A new rate counts anew.
        let is_same = before.written.schedule == schedule;
        (if is_same { before.written.created } else { now }, before.written.targets.clone())
    });
    let (description, role_arn) = (text("Description"), text("RoleArn"));
    let written = WrittenRule { pattern, schedule, state: state.to_owned(), description, role_arn, created, targets };
    rules.insert(name.to_owned(), Rule::try_from(written).map_err(validation)?);
    Ok(json!({ "RuleArn": rule_arn(of, name) }))
}

/// What `DescribeRule` and `ListRules` tell.
fn described_rule(of: &str, name: &str, rule: &Rule) -> Value {
    let WrittenRule { pattern, schedule, state, description, role_arn, .. } = &rule.written;
    let text = |text: &Option<String>| text.clone().map(Value::from);
    object([
        ("Name", Some(name.into())),
        ("Arn", Some(rule_arn(of, name).into())),
        ("EventPattern", text(pattern)),
        ("ScheduleExpression", text(schedule)),
        ("State", Some(state.as_str().into())),
        ("Description", text(description)),
        ("RoleArn", text(role_arn)),
        ("EventBusName", Some(of.into())),
    ])
}

fn describe_rule(rules: &mut Rules, asked: &Asked<'_>) -> Result<Value, Refusal> {
    let (of, name) = (asked.bus(), asked.name("Name")?);
    let mut described = described_rule(of, name, rule(rules, of, name)?);
    described["CreatedBy"] = ACCOUNT.into();
    Ok(described)
}

fn list_rules(rules: &mut Rules, asked: &Asked<'_>) -> Result<Value, Refusal> {
    let (of, prefix) = (asked.bus(), asked.text("NamePrefix").unwrap_or_default());
    let rules = bus(rules, of)?.rules.iter().filter(|(name, _)| name.starts_with(prefix));
    let (page, next) = asked.page(rules.map(|(name, rule)| described_rule(of, name, rule)).collect())?;
    Ok(object([("Rules", Some(page.into())), ("NextToken", next.map(Value::from))]))
}

fn list_names(rules: &mut Rules, asked: &Asked<'_>) -> Result<Value, Refusal> {
    let arn = asked.text("TargetArn").ok_or_else(|| constraint("null", "targetArn", "Member must not be null"))?;
    let has = |rule: &Rule| rule.written.targets.iter().any(|target| target["Arn"] == arn);
    let names = bus(rules, asked.bus())?.rules.iter().filter(|(_, rule)| has(rule));
    let (page, next) = asked.page(names.map(|(name, _)| Value::from(name.as_str())).collect())?;
    Ok(object([("RuleNames", Some(page.into())), ("NextToken", next.map(Value::from))]))
}

fn delete_rule(rules: &mut Rules, asked: &Asked<'_>) -> Result<Answer, Refusal> {
    let name = asked.name("Name")?;
    let rules = &mut bus(rules, asked.bus())?.rules;
    if rules.get(name).is_some_and(|rule| !rule.written.targets.is_empty()) {
        return Err(validation("Rule can't be deleted since it has targets."));
    }
    // AWS says nothing of one that is not there.
    Ok(Answer { changed: rules.remove(name).is_some(), body: Value::Null })
}

/// Why a target is not taken: a code and a text.
fn wrong_target(target: &Value) -> Option<String> {
    let id = target["Id"].as_str().unwrap_or_default();
    let arn = target["Arn"].as_str().unwrap_or_default();
    let said = ["Input", "InputPath", "InputTransformer"].iter().filter(|name| target.get(**name).is_some());
    if said.count() > 1 {
        return Some(format!("Only one of Input, InputPath, or InputTransformer must be provided for target {id}."));
    }
    if !arn.starts_with("arn:") || arn.split(':').count() < 6 {
        return Some(format!("Parameter {arn} is not valid. Reason: Provided Arn is not in correct format."));
    }
    if Takes::of(arn).is_none() {
        let takes = "queues of SQS, topics of SNS, functions of Lambda and state machines";
        return Some(format!("Parameter {arn} is not valid. Reason: the embedded EventBridge delivers to {takes}."));
    }
    if arn.ends_with(".fifo")
        && arn.contains(":sqs:")
        && target["SqsParameters"]["MessageGroupId"].as_str().is_none_or(str::is_empty)
    {
        return Some(format!("Parameter(s) SqsParameters must be specified for target: {id}."));
    }
    if target["Input"].as_str().is_some_and(|input| serde_json::from_str::<serde::de::IgnoredAny>(input).is_err()) {
        return Some(format!("JSON syntax error in input for target {id}."));
    }
    let paths = target["InputTransformer"]["InputPathsMap"].as_object().into_iter().flatten().map(|(_, path)| path);
    if [&target["InputPath"]].into_iter().chain(paths).filter_map(Value::as_str).any(|path| !target::is_path(path)) {
        return Some(format!("Invalid JSONPath in input for target {id}."));
    }
    None
}

fn put_targets(rules: &mut Rules, asked: &Asked<'_>) -> Result<Value, Refusal> {
    let targets = asked.list("Targets");
    let rule = rule(rules, asked.bus(), asked.name("Rule")?)?;
    if targets.is_empty() {
        return Err(constraint("'[]'", "targets", "Member must have length greater than or equal to 1"));
    }
    if let Some(at) = targets.iter().position(|target| target["Id"].as_str().is_none_or(str::is_empty)) {
        return Err(constraint("null", &format!("targets.{}.member.id", at + 1), "Member must not be null"));
    }
    if let Some(wrong) = targets.iter().find_map(wrong_target) {
        return Err(validation(wrong));
    }
    let kept = &mut rule.written.targets;
    let mut all = kept.clone();
    for target in targets {
        match all.iter_mut().find(|known| known["Id"] == target["Id"]) {
            Some(known) => known.clone_from(target),
            None => all.push(target.clone()),
        }
    }
    if all.len() > TARGETS_MAX {
        let message = "The requested resource exceeds the maximum number allowed.";
        return Err(Refusal("LimitExceededException", message.to_owned()));
    }
    *kept = all;
    Ok(json!({ "FailedEntryCount": 0, "FailedEntries": [] }))
}

fn remove_targets(rules: &mut Rules, asked: &Asked<'_>) -> Result<Value, Refusal> {
    let name = asked.name("Rule")?;
    let targets = &mut rule(rules, asked.bus(), name)?.written.targets;
    let mut failed = Vec::new();
    for id in asked.list("Ids") {
        match targets.iter().position(|target| target["Id"] == *id) {
            Some(at) => _ = targets.remove(at),
            None => {
                let shown = id.as_str().unwrap_or_default();
                failed.push(json!({
                    "TargetId": id,
                    "ErrorCode": "ResourceNotFoundException",
                    "ErrorMessage": format!("Rule '{name}' does not have a target with the Id '{shown}'."),
                }));
            }
        }
    }
    Ok(json!({ "FailedEntryCount": failed.len(), "FailedEntries": failed }))
}

fn test_pattern(asked: &Asked<'_>) -> Result<Value, Refusal> {
    let pattern = EventPattern::parse(asked.text("EventPattern").unwrap_or_default());
    let pattern = pattern.map_err(|error| Refusal("InvalidEventPatternException", error.to_string()))?;
    let event = serde_json::from_str::<Value>(asked.text("Event").unwrap_or_default());
    let event = event.ok().filter(Value::is_object);
    let event = event.ok_or_else(|| validation("Parameter Event is not valid."))?;
    // API reference of TestEventPattern, "Event".
    for name in ["id", "account", "source", "time", "region", "resources", "detail-type"] {
        if event.get(name).is_none() {
            return Err(validation(format!("Parameter Event is not valid. Reason: {name} is a required field.")));
        }
    }
    Ok(json!({ "Result": pattern.matches(&event) }))
}

fn create_bus(rules: &mut Rules, asked: &Asked<'_>, now: Timestamp) -> Result<Value, Refusal> {
    let name = asked.name("Name")?;
    if rules.buses.contains_key(name) {
        return Err(Refusal("ResourceAlreadyExistsException", format!("Event bus {name} already exists.")));
    }
    let description = asked.text("Description").map(str::to_owned);
    rules.buses.insert(name.to_owned(), Bus { description, created: now, ..Bus::default() });
    Ok(json!({ "EventBusArn": bus_arn(name) }))
}

fn described_bus(name: &str, bus: &Bus) -> Value {
    let created = serde_json::from_str(&bus.created.seconds_text()).ok().filter(|_| name != DEFAULT);
    object([
        ("Name", Some(name.into())),
        ("Arn", Some(bus_arn(name).into())),
        ("Description", bus.description.clone().map(Value::from)),
        ("CreationTime", created),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:q";
    const ARN: &str = "arn:aws:events:us-east-1:000000000000:rule/r";

    /// Requests in their order, and what they answer: the body, or the name and the text of a refusal.
    #[test]
    fn rules_and_targets_are_those_of_the_api_reference() {
        let mut rules = Rules::default();
        let pattern = r#"{"source":["s"]}"#;
        let rule = json!({ "Name": "r", "Arn": ARN, "EventPattern": pattern, "State": "ENABLED", "Description": "d", "EventBusName": "default" });
        let mut described = rule.clone();
        described["CreatedBy"] = "000000000000".into();
        let mut disabled = described.clone();
        disabled["State"] = "DISABLED".into();
        let target = json!({ "Id": "1", "Arn": QUEUE, "InputPath": "$.detail" });
        let bad = |name: &str, text: &str| json!({ "refused": name, "message": text });
        let unknown = bad("ResourceNotFoundException", "Rule x does not exist on EventBus default.");
        let done = json!({ "FailedEntryCount": 0, "FailedEntries": [] });
        for (operation, request, expected) in [
            (
                "PutRule",
                json!({ "Name": "r", "EventPattern": pattern, "Description": "d", "ScheduleExpression": "" }),
                json!({ "RuleArn": ARN }),
            ),
            ("DescribeRule", json!({ "Name": "r" }), described.clone()),
            (
                "DescribeRule",
                json!({ "Name": "r", "EventBusName": "arn:aws:events:us-east-1:1:event-bus/default" }),
                described,
            ),
            ("DescribeRule", json!({ "Name": "x" }), unknown.clone()),
            ("DisableRule", json!({ "Name": "r" }), Value::Null),
            ("DescribeRule", json!({ "Name": "r" }), disabled),
            ("EnableRule", json!({ "Name": "r" }), Value::Null),
            ("EnableRule", json!({ "Name": "x" }), unknown.clone()),
            ("ListRules", json!({}), json!({ "Rules": [rule] })),
            ("ListRules", json!({ "NamePrefix": "x" }), json!({ "Rules": [] })),
            (
                "ListRules",
                json!({ "EventBusName": "b" }),
                bad("ResourceNotFoundException", "Event bus b does not exist."),
            ),
            ("PutTargets", json!({ "Rule": "r", "Targets": [target] }), done.clone()),
            ("PutTargets", json!({ "Rule": "x", "Targets": [target] }), unknown),
            ("ListTargetsByRule", json!({ "Rule": "r" }), json!({ "Targets": [target] })),
            ("ListRuleNamesByTarget", json!({ "TargetArn": QUEUE }), json!({ "RuleNames": ["r"] })),
            (
                "DeleteRule",
                json!({ "Name": "r" }),
                bad("ValidationException", "Rule can't be deleted since it has targets."),
            ),
            (
                "RemoveTargets",
                json!({ "Rule": "r", "Ids": ["2"] }),
                json!({ "FailedEntryCount": 1, "FailedEntries": [{ "TargetId": "2", "ErrorCode": "ResourceNotFoundException", "ErrorMessage": "Rule 'r' does not have a target with the Id '2'." }] }),
            ),
            ("RemoveTargets", json!({ "Rule": "r", "Ids": ["1"] }), done),
            ("DeleteRule", json!({ "Name": "r" }), Value::Null),
            ("DeleteRule", json!({ "Name": "r" }), Value::Null),
            (
                "PutRule",
                json!({ "Name": "r" }),
                bad("ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified."),
            ),
            (
                "PutRule",
                json!({ "Name": "r", "ScheduleExpression": "rate(1 minutes)" }),
                bad("ValidationException", "Parameter ScheduleExpression is not valid."),
            ),
            (
                "PutRule",
                json!({ "Name": "r", "EventPattern": "{}" }),
                bad(
                    "InvalidEventPatternException",
                    "Event pattern is not valid. Reason: Empty objects are not allowed",
                ),
            ),
            (
                "PutRule",
                json!({ "Name": "a b", "EventPattern": pattern }),
                bad(
                    "ValidationException",
                    "1 validation error detected: Value 'a b' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+",
                ),
            ),
            (
                "CreateEventBus",
                json!({ "Name": "b" }),
                json!({ "EventBusArn": "arn:aws:events:us-east-1:000000000000:event-bus/b" }),
            ),
            (
                "CreateEventBus",
                json!({ "Name": "b" }),
                bad("ResourceAlreadyExistsException", "Event bus b already exists."),
            ),
            (
                "PutRule",
                json!({ "Name": "r", "EventBusName": "b", "EventPattern": pattern }),
                json!({ "RuleArn": "arn:aws:events:us-east-1:000000000000:rule/b/r" }),
            ),
            (
                "PutRule",
                json!({ "Name": "r", "EventBusName": "b", "ScheduleExpression": "rate(1 minute)" }),
                bad("ValidationException", "ScheduleExpression is supported only on the default event bus."),
            ),
            ("DeleteEventBus", json!({ "Name": "b" }), Value::Null),
            (
                "DescribeEventBus",
                json!({}),
                json!({ "Name": "default", "Arn": "arn:aws:events:us-east-1:000000000000:event-bus/default" }),
            ),
        ] {
            let answer = match run(&mut rules, operation, &request, Timestamp(1)) {
                Ok(answer) => answer.body,
                Err(Refusal(name, text)) => bad(name, &text),
            };
            assert_eq!(answer, expected, "{operation} {request}");
        }
    }

    #[test]
    fn targets_that_get_nothing_are_refused() {
        for (target, part) in [
            (json!({ "Id": "1", "Arn": QUEUE, "Input": "{}", "InputPath": "$" }), "Only one of Input"),
            (json!({ "Id": "1", "Arn": "queue" }), "not in correct format"),
            (
                json!({ "Id": "1", "Arn": "arn:aws:kinesis:us-east-1:1:stream/s" }),
                "the embedded EventBridge delivers to",
            ),
            (json!({ "Id": "1", "Arn": format!("{QUEUE}.fifo") }), "SqsParameters must be specified"),
            (json!({ "Id": "1", "Arn": QUEUE, "Input": "{" }), "JSON syntax error"),
            (json!({ "Id": "1", "Arn": QUEUE, "InputPath": "detail" }), "Invalid JSONPath"),
            (json!({ "Arn": QUEUE }), "'targets.1.member.id'"),
        ] {
            let mut rules = Rules::default();
            let rule = json!({ "Name": "r", "EventPattern": r#"{"a":[1]}"# });
            run(&mut rules, "PutRule", &rule, Timestamp(0)).unwrap();
            let request = json!({ "Rule": "r", "Targets": [target] });
            let Refusal(_, text) = run(&mut rules, "PutTargets", &request, Timestamp(0)).unwrap_err();
            assert!(text.contains(part), "{target}: {text}");
        }
        let mut rules = Rules::default();
        run(&mut rules, "PutRule", &json!({ "Name": "r", "EventPattern": r#"{"a":[1]}"# }), Timestamp(0)).unwrap();
        let targets: Vec<Value> = (0..6).map(|id| json!({ "Id": id.to_string(), "Arn": QUEUE })).collect();
        let refused = run(&mut rules, "PutTargets", &json!({ "Rule": "r", "Targets": targets }), Timestamp(0));
        assert_eq!(refused.unwrap_err().0, "LimitExceededException");
    }

    #[test]
    fn an_event_is_held_against_a_pattern() {
        let event = json!({ "id": "1", "account": "1", "source": "s", "time": "t", "region": "r", "resources": [], "detail-type": "d" });
        let ask = |pattern: &str, event: &str| {
            let request = json!({ "EventPattern": pattern, "Event": event });
            run(&mut Rules::default(), "TestEventPattern", &request, Timestamp(0)).map(|answer| answer.body)
        };
        assert_eq!(ask(r#"{"source":["s"]}"#, &event.to_string()), Ok(json!({ "Result": true })));
        assert_eq!(ask(r#"{"source":["t"]}"#, &event.to_string()), Ok(json!({ "Result": false })));
        assert_eq!(ask("{", &event.to_string()).unwrap_err().0, "InvalidEventPatternException");
        for wrong in ["", "[]", "{}"] {
            assert_eq!(ask(r#"{"source":["t"]}"#, wrong).unwrap_err().0, "ValidationException");
        }
    }

    #[test]
    fn lists_come_in_pages() {
        let mut rules = Rules::default();
        for name in ["a", "b", "c"] {
            run(&mut rules, "PutRule", &json!({ "Name": name, "EventPattern": r#"{"a":[1]}"# }), Timestamp(0)).unwrap();
        }
        let mut names = |request: Value| {
            let body = run(&mut rules, "ListRules", &request, Timestamp(0)).unwrap().body;
            let names = body["Rules"].as_array().unwrap().iter().map(|rule| rule["Name"].as_str().unwrap().to_owned());
            (names.collect::<Vec<_>>(), body["NextToken"].as_str().map(str::to_owned))
        };
        let (first, next) = names(json!({ "Limit": 2 }));
        assert_eq!((first, next.is_some()), (vec!["a".to_owned(), "b".to_owned()], true));
        assert_eq!(names(json!({ "Limit": 2, "NextToken": next })), (vec!["c".to_owned()], None));
    }
}
