//! What the parameters of an operation may be, for those who look at them before a call.

use std::collections::BTreeMap;

use asl_engine::{Value, nearest};

use super::model::{Member, Operation, Service, Shape, Style};

/// A member of parameters that an operation does not have.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UnknownMember {
    /// Its name.
    pub(crate) name: String,
    /// What was probably meant.
    pub(crate) meant: Option<&'static str>,
}

/// The members of `parameters` that an operation does not have, at any depth. `null` is what is not known yet.
pub(crate) fn unknown_members(
    service: &'static Service,
    operation: &'static Operation,
    parameters: &Value,
    style: Style,
) -> Vec<UnknownMember> {
    let mut found = Vec::new();
    if let Some(structure) = operation.input {
        Walk { service, style, found: &mut found }.shape(&Shape::Structure(structure), parameters);
    }
    found
}

/// The fields of an operation as a table for [`Program::with_inputs`](asl_engine::Program::with_inputs). It has their names; of
/// single values anything goes, since it is not known which of them the SDK converts.
pub(crate) fn input_table(service: &'static Service, operation: &'static Operation, style: Style) -> Option<Value> {
    let mut tables = Tables { service, style, shapes: BTreeMap::new(), lists: 0 };
    let shape = tables.structure(operation.input?);
    Some(Value::from([("shape", Value::from(shape)), ("shapes", tables.shapes.into_iter().collect())]))
}

struct Tables {
    service: &'static Service,
    style: Style,
    shapes: BTreeMap<String, Value>,
    /// How many lists and maps there are: they have no number in the model.
    lists: usize,
}

impl Tables {
    fn kind(&mut self, shape: &'static Shape) -> String {
        match shape {
            Shape::Structure(number) => self.structure(*number),
            Shape::List { of, .. } => self.of("items", of),
            Shape::Map { of, .. } => self.of("values", of),
            _ => "ANY".to_owned(),
        }
    }

    fn structure(&mut self, number: usize) -> String {
        let name = number.to_string();
        if !self.shapes.contains_key(&name) {
            // It may be inside itself.
            self.shapes.insert(name.clone(), Value::Null);
            let members = self.service.members(number).iter();
            let members: Value =
                members.map(|member| (member.shown(self.style), Value::from(self.kind(&member.shape)))).collect();
            self.shapes.insert(name.clone(), Value::from([("members", members)]));
        }
        format!("#{name}")
    }

    fn of(&mut self, part: &'static str, of: &'static Shape) -> String {
        let kind = Value::from(self.kind(of));
        self.lists += 1;
        let name = format!("of{}", self.lists);
        self.shapes.insert(name.clone(), Value::from([(part, kind)]));
        format!("#{name}")
    }
}

struct Walk<'a> {
    service: &'static Service,
    style: Style,
    found: &'a mut Vec<UnknownMember>,
}

impl Walk<'_> {
    fn shape(&mut self, shape: &Shape, value: &Value) {
        match (shape, value) {
            (Shape::Structure(structure), Value::Object(given)) => {
                let members = self.service.members(*structure);
                for (name, value) in given.iter() {
                    match members.iter().find(|member| member.shown(self.style) == &**name) {
                        Some(member) => self.shape(&member.shape, value),
                        None => {
                            self.found.push(UnknownMember { name: name.to_string(), meant: self.meant(members, name) });
                        }
                    }
                }
            }
            (Shape::List { of, .. }, Value::Array(items)) => items.iter().for_each(|item| self.shape(of, item)),
            (Shape::Map { of, .. }, Value::Object(entries)) => entries.values().for_each(|value| self.shape(of, value)),
            _ => {}
        }
    }

    /// The name of the model stands for the member that has another name here.
    fn meant(&self, members: &'static [Member], name: &str) -> Option<&'static str> {
        let known = members.iter().find(|member| *member.name == *name || member.wire == name);
        let shown = || members.iter().map(|member| member.shown(self.style));
        known.map(|member| member.shown(self.style)).or_else(|| nearest(name, shown()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_model_are_told_with_those_of_the_sdk() {
        for (service, action, parameters, expected) in [
            (
                "rds",
                "describeDBInstances",
                r#"{"DBInstanceIdentifier":null,"MaxRecords":20}"#,
                &[("DBInstanceIdentifier", Some("DbInstanceIdentifier"))][..],
            ),
            (
                "dynamodb",
                "putItem",
                r#"{"TableName":"t","Item":{"BOOL":{"L":[{"NULL":true}]}}}"#,
                &[("NULL", Some("Nul"))],
            ),
            ("s3", "putObject", r#"{"Bucket":"b","Kye":"k","x":1}"#, &[("Kye", Some("Key")), ("x", None)]),
            ("ecs", "runTask", r#"{"taskDefinition":"t"}"#, &[("taskDefinition", Some("TaskDefinition"))]),
            ("s3", "putObject", "null", &[]),
        ] {
            let service = Service::find(service).unwrap();
            let operation = service.operation(action).unwrap();
            let found = unknown_members(service, operation, &parameters.parse().unwrap(), Style::Sdk);
            let found: Vec<_> = found.iter().map(|found| (&*found.name, found.meant)).collect();
            assert_eq!(found, expected, "{parameters}");
        }
    }

    #[test]
    fn a_table_has_the_names_of_all_members() {
        let service = Service::find("dynamodb").unwrap();
        let table = input_table(service, service.operation("getItem").unwrap(), Style::Sdk).unwrap();
        let members = |shape: &Value| {
            let name = shape.as_str().unwrap().strip_prefix('#').unwrap();
            table["shapes"][name].clone()
        };
        let input = members(&table["shape"]);
        assert_eq!(input["members"]["TableName"].as_str(), Some("ANY"));
        let value = members(&members(&input["members"]["Key"])["values"]);
        assert_eq!(value["members"]["Bool"].as_str(), Some("ANY"));
        // A list of attribute values is made of attribute values.
        assert_eq!(members(&members(&value["members"]["L"])["items"]), value);
        for service in crate::services::api::model::all() {
            for action in ["putItem", "describeDBInstances", "createFunction"] {
                let Ok(operation) = service.operation(action) else { continue };
                assert!(input_table(service, operation, Style::Sdk).is_some(), "{} {action}", service.name);
            }
        }
    }
}
