//! Topics, subscriptions, queues, and what reads from them.

use asl_project::yaml::Tree;

use super::{function_of, pass_over, problem};
use crate::plan::{Plan, Queue, Subscription, Trigger};
use crate::resource::{Resource, text, toml};

pub(super) fn topic(resource: &Resource<'_>, plan: &mut Plan) {
    plan.routing.topics.insert(resource.reference(Some("TopicName")));
    let arn = resource.reference(None);
    for entry in resource.get("Subscription").map(asl_project::yaml::Tree::items).unwrap_or_default() {
        let text = |name: &str| entry.get(name).and_then(crate::resource::text);
        subscribe(
            resource,
            plan,
            Subscribe {
                topic: arn.clone(),
                protocol: text("Protocol").unwrap_or_default(),
                endpoint: text("Endpoint").unwrap_or_default(),
                is_raw: false,
                filter: None,
                scope: None,
            },
        );
    }
}

pub(super) fn subscription(resource: &Resource<'_>, plan: &mut Plan) {
    subscribe(
        resource,
        plan,
        Subscribe {
            topic: resource.text("TopicArn").unwrap_or_default(),
            protocol: resource.text("Protocol").unwrap_or_default(),
            endpoint: resource.text("Endpoint").unwrap_or_default(),
            is_raw: resource.flag("RawMessageDelivery"),
            filter: resource.get("FilterPolicy").and_then(toml),
            scope: resource.text("FilterPolicyScope"),
        },
    );
}

/// A subscription, as templates say it.
pub(super) struct Subscribe {
    pub(super) topic: String,
    pub(super) protocol: String,
    pub(super) endpoint: String,
    pub(super) is_raw: bool,
    pub(super) filter: Option<toml::Value>,
    pub(super) scope: Option<String>,
}

pub(super) fn subscribe(resource: &Resource<'_>, plan: &mut Plan, subscribe: Subscribe) {
    let Subscribe { topic, protocol, endpoint, is_raw, filter, scope } = subscribe;
    let mut made = Subscription {
        topic,
        filter_policy: filter,
        filter_policy_scope: scope,
        raw_message_delivery: is_raw,
        ..Subscription::default()
    };
    match protocol.as_str() {
        "sqs" => made.sqs = Some(endpoint),
        "lambda" => made.lambda = Some(endpoint),
        "http" | "https" => made.http = Some(endpoint),
        "email" | "email-json" => {
            let told = format!(
                "{endpoint} gets no e-mail: a [mail] and a [[subscriptions]] in the project's routes.toml send it"
            );
            return plan.notes.push((resource.origin(), told));
        }
        protocol => {
            let told = format!("nothing is delivered to subscriptions with the protocol {protocol}");
            return plan.notes.push((resource.origin(), told));
        }
    }
    plan.routing.subscriptions.push((resource.origin(), made));
}

pub(super) fn queue(resource: &Resource<'_>, resources: &[Resource<'_>], plan: &mut Plan) {
    let dead_letters = resource.text("RedrivePolicy.deadLetterTargetArn");
    let dead_letter_queue = dead_letters.as_deref().and_then(|arn| arn.rsplit(':').next()).map(str::to_owned);
    if let Some(name) = &dead_letter_queue {
        let is_known = resources.iter().any(|it| it.kind == resource.kind && it.reference(Some("QueueName")) == *name);
        if !is_known {
            // It is there as soon as it is named.
            plan.routing.queues.entry(name.clone()).or_default();
        }
    }
    let made = Queue {
        visibility_timeout_seconds: resource.number("VisibilityTimeout"),
        retention_seconds: resource.number("MessageRetentionPeriod"),
        delay_seconds: resource.number("DelaySeconds"),
        receive_wait_seconds: resource.number("ReceiveMessageWaitTimeSeconds"),
        content_based_deduplication: resource.flag("ContentBasedDeduplication"),
        max_receive_count: resource.number("RedrivePolicy.maxReceiveCount").filter(|_| dead_letter_queue.is_some()),
        dead_letter_queue,
    };
    plan.routing.queues.insert(resource.reference(Some("QueueName")), made);
}

/// What calls a function with the messages of a queue.
pub(super) fn event_source(resource: &Resource<'_>, plan: &mut Plan) {
    let source = resource.text("EventSourceArn").unwrap_or_default();
    let function = resource.text("FunctionName").unwrap_or_default();
    let function = function_of(&function).unwrap_or(function);
    reads(resource, plan, &source, function, Some(&resource.properties));
}

/// Adds what calls a function with the messages of a source; `mapping` says how.
pub(super) fn reads(resource: &Resource<'_>, plan: &mut Plan, source: &str, function: String, mapping: Option<&Tree>) {
    let property = |name: &str| mapping?.get(name);
    if property("Enabled").and_then(text).as_deref() == Some("false") {
        let told = format!("its event source mapping of {source} is disabled, and does nothing");
        return plan.notes.push((resource.origin(), told));
    }
    // Of a mapping of its own it is told with what is read of no other one.
    if property("FilterCriteria").is_some() && resource.kind != "AWS::Lambda::EventSourceMapping" {
        let told = "FilterCriteria is not read: the function gets all messages".to_owned();
        plan.notes.push((resource.origin(), told));
    }
    match source.split(':').collect::<Vec<_>>()[..] {
        ["arn", _, "sqs", _, _, queue] => {
            let reported = property("FunctionResponseTypes").map(Tree::items).unwrap_or_default();
            let trigger = Trigger {
                messages: Some(queue.to_owned()),
                function: Some(function),
                batch_size: property("BatchSize").and_then(text).and_then(|size| size.parse().ok()),
                report_batch_item_failures: reported.iter().any(|it| it.text() == Some("ReportBatchItemFailures")),
                ..Trigger::default()
            };
            plan.routing.triggers.push((resource.origin(), trigger));
        }
        ["arn", _, service, ..] => {
            let told = format!("nothing of {service} calls a function here");
            plan.notes.push((resource.origin(), told));
            if resource.kind == "AWS::Lambda::EventSourceMapping" {
                pass_over(resource, plan, true);
            }
        }
        _ => {
            problem(plan, resource.origin(), format!("{source:?} is no source of events"), "the ARN of a queue is one")
        }
    }
}
