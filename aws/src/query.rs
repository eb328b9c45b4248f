//! Forms of the query protocol and of EC2: every value by its path.

use crate::model::{Member, Shape, TimeFormat};
use crate::parameters::Given;

/// The form that gives `input` to an operation.
pub(crate) fn form(operation: &str, version: &str, input: Vec<(&'static Member, Given)>, ec2: bool) -> String {
    let mut form = Form { ec2, pairs: url::form_urlencoded::Serializer::new(String::new()) };
    form.pairs.append_pair("Action", operation).append_pair("Version", version);
    form.members("", input);
    form.pairs.finish()
}

struct Form {
    ec2: bool,
    pairs: url::form_urlencoded::Serializer<'static, String>,
}

impl Form {
    fn members(&mut self, path: &str, members: Vec<(&'static Member, Given)>) {
        for (member, value) in members {
            let name = if self.ec2 { member.query } else { member.wire };
            self.value(&join(path, name), &member.shape, value);
        }
    }

    fn value(&mut self, path: &str, shape: &'static Shape, value: Given) {
        match (value, shape) {
            (Given::Structure(members), _) => self.members(path, members),
            (Given::List(items), Shape::List { item, flat, of }) => {
                let path = if *flat || self.ec2 { path.to_owned() } else { join(path, item) };
                for (number, value) in (1..).zip(items) {
                    self.value(&format!("{path}.{number}"), of, value);
                }
            }
            (Given::Map(entries), Shape::Map { names: (key, name), flat, of }) => {
                let path = if *flat { path.to_owned() } else { join(path, "entry") };
                for (number, (text, value)) in (1..).zip(entries) {
                    self.pairs.append_pair(&format!("{path}.{number}.{key}"), &text);
                    self.value(&format!("{path}.{number}.{name}"), of, value);
                }
            }
            (value, _) => {
                if let Some(text) = value.text(TimeFormat::Iso) {
                    self.pairs.append_pair(path, &text);
                }
            }
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
