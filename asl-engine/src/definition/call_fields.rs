//! Fields in the parameters of a task that what it calls does not have: AWS takes the definition, and the task fails.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::warnings::unknown_field;
use super::{CheckOptions, read};
use crate::diagnostic::Diagnostic;
use crate::history::TaskName;
use crate::integration::Table;
use crate::json::{Member, Node, NodeKind};
use crate::nearest::nearest;
use crate::program::{Resource, ResourceKind};
use crate::value::Value;

/// Warnings about the names of fields in the parameters of tasks. `table` tells which fields a resource takes, as for
/// [`Program::with_inputs`](crate::Program::with_inputs). Of a text that is no JSON, there is nothing to say.
///
/// ```
/// use asl_engine::{CheckOptions, diagnose_fields};
///
/// let resource = "arn:aws:states:::lambda:invoke";
/// let text = format!(r#"{{"States": {{"T": {{"Resource": "{resource}", "Parameters": {{"Paylod.$": "$"}}}}}}}}"#);
/// let table = r##"{"shape": "#0", "shapes": {"0": {"members": {"FunctionName": "STRING", "Payload": "STRING"}}}}"##;
/// let found = diagnose_fields(&text, CheckOptions::default(), &|_| table.parse().ok());
/// assert_eq!(found[0].message, "lambda:invoke has no field 'Paylod'");
/// assert_eq!(found[0].help.as_deref(), Some("did you mean 'Payload'?"));
/// assert_eq!(&text[found[0].span.start..found[0].span.end], r#""Paylod.$""#);
/// let found = diagnose_fields(&text.replace("Paylod.$", "Function"), CheckOptions::default(), &|_| table.parse().ok());
/// assert_eq!(found[0].help.as_deref(), Some("did you mean 'FunctionName'?"));
/// ```
pub fn diagnose_fields(text: &str, options: CheckOptions, table: &dyn Fn(&str) -> Option<Value>) -> Vec<Diagnostic> {
    let Ok(node) = read(text, options) else { return Vec::new() };
    let mut walk = Walk { table, tables: BTreeMap::new(), out: Vec::new() };
    walk.scope(&node, "");
    walk.out
}

struct Walk<'a> {
    table: &'a dyn Fn(&str) -> Option<Value>,
    /// What was told of each resource.
    tables: BTreeMap<Arc<str>, Option<Arc<Value>>>,
    out: Vec<Diagnostic>,
}

/// Where something is found: the resource that is called, without what stands before its service, and the location.
#[derive(Clone, Copy)]
struct Place<'a> {
    called: &'a str,
    location: &'a str,
    /// Whether names may end in `.$`.
    paths: bool,
}

impl Walk<'_> {
    fn scope(&mut self, scope: &Node, location: &str) {
        let states = member(scope, "States").map(|states| &states.kind);
        let Some(NodeKind::Object(states)) = states else { return };
        for Member { name, value: state, .. } in states {
            let location = format!("{location}/States/{name}");
            if let Some(NodeKind::String(resource)) = member(state, "Resource").map(|resource| &resource.kind) {
                for (field, paths) in [("Parameters", true), ("Arguments", false)] {
                    if let Some(parameters) = member(state, field) {
                        self.parameters(resource, parameters, &format!("{location}/{field}"), paths);
                    }
                }
            }
            if let Some(NodeKind::Array(branches)) = member(state, "Branches").map(|branches| &branches.kind) {
                for (index, branch) in branches.iter().enumerate() {
                    self.scope(branch, &format!("{location}/Branches[{index}]"));
                }
            }
            for field in ["ItemProcessor", "Iterator"] {
                if let Some(scope) = member(state, field) {
                    self.scope(scope, &format!("{location}/{field}"));
                }
            }
        }
    }

    fn parameters(&mut self, resource: &Arc<str>, parameters: &Node, location: &str, paths: bool) {
        let told = self.tables.entry(resource.clone()).or_insert_with(|| (self.table)(resource).map(Arc::new)).clone();
        let called = Resource::new(resource.clone());
        if called.kind != ResourceKind::Integration {
            return;
        }
        let TaskName { resource_type: service, resource: action } = &*called.name;
        let Some(Table { shape, shapes }) = told.as_deref().map(Table::of) else { return };
        let called = format!("{service}:{}", action.split('.').next().unwrap_or_default());
        let place = Place { called: called.strip_prefix("aws-sdk:").unwrap_or(&called), location, paths };
        self.value(shape, shapes, parameters, place);
    }

    fn value(&mut self, kind: &Value, shapes: &Value, node: &Node, place: Place<'_>) {
        let Some(shape) = kind.as_str().and_then(|kind| kind.strip_prefix('#')).map(|name| &shapes[name]) else {
            return;
        };
        match &node.kind {
            NodeKind::Array(items) => items.iter().for_each(|item| self.value(&shape["items"], shapes, item, place)),
            NodeKind::Object(given) => {
                for Member { name, name_span, value } in given {
                    let bare = if place.paths { name.strip_suffix(".$").unwrap_or(name) } else { name };
                    match shape["members"].as_object().map(|known| (known.get(bare), known)) {
                        Some((Some(kind), _)) => self.value(kind, shapes, value, place),
                        // What is filled in later is not known.
                        Some((None, _)) if bare.contains("${") => {}
                        Some((None, known)) => {
                            let names = || known.iter().map(|(name, _)| &**name);
                            // `Topic` for `TopicArn`, where there is nothing else that it begins.
                            let mut begun = names().filter(|name| bare.len() >= 4 && name.starts_with(bare));
                            let begun = begun.next().filter(|_| begun.next().is_none());
                            let meant = nearest(bare, names()).or(begun);
                            unknown_field(place.called, bare, meant, place.location, *name_span, &mut self.out);
                        }
                        None => self.value(&shape["values"], shapes, value, place),
                    }
                }
            }
            _ => {}
        }
    }
}

fn member<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    let NodeKind::Object(members) = &node.kind else { return None };
    members.iter().find(|member| &*member.name == name).map(|member| &member.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_wherever_tasks_are() {
        let ecs = r#"{"Type": "Task", "Resource": "arn:aws:states:::ecs:runTask.sync", "End": true, "Parameters": {
            "TaskDefinition": "t", "Overrides": {"ContainerOverrides": [{"name": "c", "Command.$": "$.c"}]}}}"#;
        let sdk = r#"{"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:x:y", "End": true, "Arguments": {
            "A.$": 1, "${F}": 2, "B": {"any": {"C": 1}}}}"#;
        let text = format!(
            r#"{{"StartAt": "P", "States": {{"P": {{"Type": "Parallel", "Branches": [
                {{"StartAt": "E", "States": {{"E": {ecs}}}}},
                {{"StartAt": "M", "States": {{"M": {{"Type": "Map", "ItemProcessor": {{"StartAt": "S", "States": {{"S": {sdk}}}}}}}}}}}
            ]}}}}}}"#
        );
        let table =
            r##"{"shape": "#0", "shapes": {"0": {"members": {"A": "ANY", "B": "#1"}}, "1": {"values": "#0"}}}"##;
        let ecs = r##"{"shape": "#0", "shapes": {"0": {"members": {"TaskDefinition": "STRING", "Overrides": "#1"}},
            "1": {"members": {"ContainerOverrides": "#2"}}, "2": {"items": "#3"},
            "3": {"members": {"Name": "STRING", "Command": "ANY"}}}}"##;
        let found = diagnose_fields(&text, CheckOptions::default(), &|resource| {
            Some(if resource.contains("aws-sdk") { table } else { ecs }.parse().unwrap())
        });
        let told: Vec<String> = found.iter().map(|found| format!("{} {}", found.message, found.location)).collect();
        assert_eq!(
            told,
            [
                "ecs:runTask has no field 'name' /States/P/Branches[0]/States/E/Parameters",
                "x:y has no field 'A.$' /States/P/Branches[1]/States/M/ItemProcessor/States/S/Arguments",
                "x:y has no field 'C' /States/P/Branches[1]/States/M/ItemProcessor/States/S/Arguments",
            ]
        );
        assert_eq!(found[0].help.as_deref(), Some("did you mean 'Name'?"));
        for text in ["", "[]", r#"{"States": {"S": 1, "T": {"Resource": 1}}}"#] {
            assert_eq!(diagnose_fields(text, CheckOptions::default(), &|_| None), []);
        }
    }
}
