//! Notifications of buckets: who is told of objects that are written and deleted.

use asl_project::yaml::Tree;

use super::events::aimed;
use crate::plan::{Plan, Trigger};
use crate::resource::{Resource, text};

/// How a configuration calls its lists, and the target of each.
type Lists = [(&'static str, &'static str); 3];

/// `NotificationConfiguration` of a bucket.
pub(super) fn bucket(resource: &Resource<'_>, plan: &mut Plan) {
    const LISTS: Lists =
        [("LambdaConfigurations", "Function"), ("QueueConfigurations", "Queue"), ("TopicConfigurations", "Topic")];
    if let Some(configuration) = resource.get("NotificationConfiguration") {
        configured(resource, plan, &resource.reference(None), configuration, LISTS);
    }
}

/// What the CDK makes of notifications: it sets them by the API of S3, which calls them otherwise.
pub(super) fn custom(resource: &Resource<'_>, plan: &mut Plan) {
    const LISTS: Lists = [
        ("LambdaFunctionConfigurations", "LambdaFunctionArn"),
        ("QueueConfigurations", "QueueArn"),
        ("TopicConfigurations", "TopicArn"),
    ];
    if let (Some(bucket), Some(configuration)) =
        (resource.text("BucketName"), resource.get("NotificationConfiguration"))
    {
        configured(resource, plan, &bucket, configuration, LISTS);
    }
}

fn configured(resource: &Resource<'_>, plan: &mut Plan, bucket: &str, configuration: &Tree, lists: Lists) {
    if is_unknown(resource, plan, bucket) {
        return;
    }
    for (list, target) in lists {
        for entry in configuration.get(list).map(Tree::items).unwrap_or_default() {
            let arn = entry.get(target).and_then(text).unwrap_or_default();
            add(resource, plan, bucket, &arn, Some(entry));
        }
    }
    let events = configuration.get("EventBridgeConfiguration");
    let is_off = events.and_then(|it| it.get("EventBridgeEnabled")).and_then(text).as_deref() == Some("false");
    if events.is_some() && !is_off {
        plan.routing.event_buckets.insert(bucket.to_owned());
    }
}

/// Whether nothing here knows the name of a bucket, which is told then.
fn is_unknown(resource: &Resource<'_>, plan: &mut Plan, bucket: &str) -> bool {
    let is_unknown = asl_engine::placeholders(bucket).next().is_some();
    if is_unknown {
        plan.notes.push((
            resource.origin(),
            format!("nothing here knows the bucket {bucket}: nobody is told of its objects"),
        ));
    }
    is_unknown
}

/// Adds who is told; an event `S3` of a function of SAM is such an entry, too.
pub(super) fn add(resource: &Resource<'_>, plan: &mut Plan, bucket: &str, arn: &str, entry: Option<&Tree>) {
    if is_unknown(resource, plan, bucket) {
        return;
    }
    let property = |names: [&str; 2]| names.iter().find_map(|name| entry?.get(name));
    let events = property(["Events", "Event"]);
    let events = events.map(|it| text(it).into_iter().chain(it.items().iter().filter_map(text)).collect());
    // One has a member more than the other.
    let rules = property(["Filter", "-"]).and_then(|filter| {
        filter.get("S3Key").and_then(|key| key.get("Rules")).or_else(|| filter.get("Key")?.get("FilterRules"))
    });
    let rule = |wanted: &str| {
        let is_wanted =
            |rule: &&Tree| rule.get("Name").and_then(text).is_some_and(|it| it.eq_ignore_ascii_case(wanted));
        rules?.items().iter().find(is_wanted)?.get("Value").and_then(text)
    };
    let mut trigger = Trigger {
        objects: Some(bucket.to_owned()),
        events: events.unwrap_or_default(),
        prefix: rule("prefix"),
        suffix: rule("suffix"),
        ..Trigger::default()
    };
    if aimed(&mut trigger, arn) && trigger.state_machine.is_none() {
        plan.routing.triggers.push((resource.origin(), trigger));
    } else {
        let told = format!("nothing of a bucket goes to {arn}: functions, queues and topics are told");
        plan.notes.push((resource.origin(), told));
    }
}
