//! What is wrong with parameters before they are complete.

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
}
