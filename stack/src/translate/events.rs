//! Rules of EventBridge, and schedules.

use asl_project::yaml::Tree;

use super::{function_of, machine_of, problem, texts};
use crate::plan::{Origin, Plan, Trigger};
use crate::resource::{Resource, json_toml, text, toml};

/// When a rule does something.
pub(super) enum When {
    /// When an event fits, on a bus.
    Event { pattern: toml::Value, bus: Option<String> },
    /// At its times; whether what is called gets the event of that, unless told.
    Schedule { expression: String, hands_on: bool },
}

pub(super) fn rule(resource: &Resource<'_>, plan: &mut Plan) {
    if resource.text("State").as_deref() == Some("DISABLED") {
        return plan.notes.push((resource.origin(), "it is disabled, and does nothing".to_owned()));
    }
    for target in resource.get("Targets").map(Tree::items).unwrap_or_default() {
        let when = match (resource.get("EventPattern").and_then(toml), resource.text("ScheduleExpression")) {
            (Some(pattern), _) => When::Event { pattern, bus: resource.text("EventBusName") },
            (None, Some(expression)) => When::Schedule { expression, hands_on: true },
            (None, None) => {
                let help = "EventPattern and ScheduleExpression are";
                return problem(plan, resource.origin(), "it has nothing that says when", help);
            }
        };
        aim(resource.origin(), plan, when, target);
    }
}

pub(super) fn schedule(resource: &Resource<'_>, plan: &mut Plan) {
    if resource.text("State").as_deref() == Some("DISABLED") {
        return plan.notes.push((resource.origin(), "it is disabled, and does nothing".to_owned()));
    }
    tell_zone(resource, plan, resource.text("ScheduleExpressionTimezone"));
    if let (Some(expression), Some(target)) = (resource.text("ScheduleExpression"), resource.get("Target")) {
        aim(resource.origin(), plan, When::Schedule { expression, hands_on: false }, target);
    }
}

/// Tells of a time zone: schedules run in UTC.
pub(super) fn tell_zone(resource: &Resource<'_>, plan: &mut Plan, zone: Option<String>) {
    if let Some(zone) = zone.filter(|zone| zone != "UTC") {
        plan.notes.push((resource.origin(), format!("its schedule runs in UTC here, and not in {zone}")));
    }
}

/// Adds what `target` gets, as `PutTargets` has it.
pub(super) fn aim(origin: Origin, plan: &mut Plan, when: When, target: &Tree) {
    let arn = target.get("Arn").and_then(text).unwrap_or_default();
    if target.get("DeadLetterConfig").is_some() {
        let told = "what cannot be delivered is dropped: DeadLetterConfig is not read".to_owned();
        plan.notes.push((origin.clone(), told));
    }
    let mut trigger = Trigger::default();
    match when {
        When::Event { pattern, bus } => {
            trigger.event = Some(pattern);
            // It may be told by its ARN.
            let bus = bus.map(|bus| bus.rsplit('/').next().unwrap_or_default().to_owned());
            trigger.bus = bus.filter(|bus| bus != "default");
        }
        When::Schedule { expression, .. } if expression.starts_with("at(") => {
            return plan.notes.push((origin, format!("nothing happens once, as {expression} would")));
        }
        When::Schedule { expression, hands_on } => {
            trigger.schedule = Some(expression);
            let names = ["Input", "InputPath", "InputTransformer"];
            let is_bare = names.iter().all(|name| target.get(name).is_none());
            trigger.input_path = (hands_on && is_bare).then(|| "$".to_owned());
        }
    }
    if !aimed(&mut trigger, &arn) {
        return plan.notes.push((
            origin,
            format!("nothing is delivered to {arn}: state machines, functions, queues and topics are targets"),
        ));
    }
    if let Some(input) = target.get("Input").and_then(text) {
        // An input is JSON text.
        let json = serde_json::from_str(&input).unwrap_or(serde_json::Value::String(input));
        trigger.input = json_toml(&json);
    }
    trigger.input_path = target.get("InputPath").and_then(text).or(trigger.input_path);
    if let Some(transformer) = target.get("InputTransformer") {
        trigger.input_template = transformer.get("InputTemplate").and_then(text);
        trigger.input_paths = texts(transformer.get("InputPathsMap"));
    }
    plan.routing.triggers.push((origin, trigger));
}

/// Sets what a trigger calls; says whether that is something that is called here.
pub(super) fn aimed(trigger: &mut Trigger, arn: &str) -> bool {
    let last = || arn.rsplit(':').next().map(str::to_owned);
    match arn.split(':').nth(2) {
        Some("states") => trigger.state_machine = machine_of(arn),
        Some("lambda") => trigger.function = function_of(arn),
        Some("sqs") => trigger.queue = last(),
        Some("sns") => trigger.topic = last(),
        _ => {}
    }
    [&trigger.state_machine, &trigger.function, &trigger.queue, &trigger.topic].into_iter().any(Option::is_some)
}
