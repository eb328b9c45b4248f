//! What is read of no template, and what nothing here knows: told before anything starts.

use std::collections::BTreeSet;

use asl_project::yaml::Tree;

use super::has_no_meaning;
use crate::plan::{Origin, Plan};
use crate::references::{References, first_in};
use crate::resource::Resource;
use crate::stacks::{Output, Resolved, line};

/// Where calls end that nobody waits for.
const NO_DESTINATION: &str =
    "nothing goes to its destinations, and a call that fails is not made again: it is not read";
/// Where what has failed ends.
const NO_DEAD_LETTERS: &str = "a call that fails goes nowhere, and is not made again: it is not read";

/// Properties that are not read: of which type, which, and what comes of that.
const UNREAD: [(&str, &str, &str); 11] = [
    ("AWS::Lambda::Function", "DeadLetterConfig", NO_DEAD_LETTERS),
    ("AWS::Serverless::Function", "DeadLetterQueue", NO_DEAD_LETTERS),
    ("AWS::Serverless::Function", "EventInvokeConfig", NO_DESTINATION),
    ("AWS::Serverless::Function", "FunctionUrlConfig", "it has no address of its own: it is not read"),
    ("AWS::Lambda::EventInvokeConfig", "DestinationConfig", NO_DESTINATION),
    ("AWS::Lambda::EventSourceMapping", "DestinationConfig", "messages that are not taken come again: it is not read"),
    ("AWS::Lambda::EventSourceMapping", "FilterCriteria", "the function gets all messages: it is not read"),
    ("AWS::Serverless::HttpApi", "Auth", "its routes are open: it is not read"),
    ("AWS::Serverless::Api", "Auth", "its routes are open: it is not read"),
    ("AWS::ApiGatewayV2::Route", "AuthorizerId", "the route is open: it is not read"),
    ("AWS::ApiGateway::Method", "AuthorizerId", "the route is open: it is not read"),
];

/// Tells of a resource what is read of it nowhere, and what it asks for that nobody has.
pub(super) fn tell(resource: &Resource<'_>, references: &References, plan: &mut Plan) {
    for (_, property, told) in UNREAD.iter().filter(|(kind, ..)| *kind == resource.kind) {
        if resource.get(property).is_some() {
            plan.notes.push((resource.origin_of(property), format!("{property}: {told}")));
        }
    }
    if has_no_meaning(resource.kind) {
        return;
    }
    let mut imported = Vec::new();
    resource.of.imported(resource.tree(), &mut imported);
    for export in imported.into_iter().collect::<BTreeSet<_>>() {
        let is_known = resource.of.stack.exports.contains_key(&export)
            || resource.evaluation().substitutions().get(&export).is_some();
        if !is_known {
            // CloudFormation's own words.
            let told = format!("No export named {export} found: --parameter '{export}=VALUE' says it");
            plan.notes.push((resource.origin(), told));
        }
    }
    let mut unknown = Vec::new();
    references.fill_in(&resource.properties, &mut unknown);
    for reference in unknown.into_iter().collect::<BTreeSet<_>>() {
        let told = format!("nothing here knows {{{{{reference}}}}}: --parameter '{reference}=VALUE' says it");
        plan.notes.push((resource.origin(), told));
    }
}

/// Tells of definitions whose dynamic references stay.
pub(super) fn tell_references(plan: &mut Plan) {
    let told = plan.machines.iter().filter_map(|machine| {
        let reference = first_in(machine.definition.json().ok()?)?;
        Some((machine.origin.clone(), format!("{reference} stays in its definition as it is: it is not read there")))
    });
    let told: Vec<_> = told.collect();
    plan.notes.extend(told);
}

/// Tells of outputs whose values nobody knows.
pub(super) fn tell_outputs(of: &Resolved<'_>, outputs: &[Output], plan: &mut Plan) {
    let template = &of.template;
    let members = template.root().get("Outputs").map(Tree::members).unwrap_or_default();
    for output in outputs {
        let Some((_, name)) = asl_engine::placeholders(&output.value).next() else { continue };
        let at = members.iter().find(|member| *member.name == *output.name).map_or(0, |member| member.span.start);
        let origin = Origin {
            file: template.file().to_owned(),
            line: line(template.text(), at),
            id: output.name.clone(),
            construct: None,
        };
        let told = format!("nothing here knows ${{{name}}} of this output: --parameter '{name}=VALUE' says it");
        plan.notes.push((origin, told));
    }
}
