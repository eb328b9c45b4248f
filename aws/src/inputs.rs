//! Which fields the parameters of an operation may have, for those who look at them before a call.

use std::collections::BTreeMap;

use asl_engine::Value;

use crate::model::{Operation, Service, Shape, Style};

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

#[cfg(test)]
mod tests {
    use super::*;

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
        for service in crate::model::all() {
            for action in ["putItem", "describeDBInstances", "createFunction"] {
                let Ok(operation) = service.operation(action) else { continue };
                assert!(input_table(service, operation, Style::Sdk).is_some(), "{} {action}", service.name);
            }
        }
    }
}
