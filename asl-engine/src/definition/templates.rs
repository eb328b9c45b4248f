//! Payload Templates: what AWS refuses of them, and what is hardly meant.

use std::collections::BTreeMap;

use super::fields::Fields;
use super::language::Language;
use super::queries::Sees;
use super::{SCHEMA, error, warnings};
use crate::diagnostic::Diagnostic;
use crate::json::{Node, NodeKind};
use crate::template::Template;

/// The fields that AWS takes as they are when they hold no object.
const ANYTHING: [&str; 2] = ["Parameters", "ItemSelector"];

impl Fields<'_> {
    /// A Payload Template: JSON whose members ending in `.$` are paths or calls. In JSONata any JSON, whose texts may be
    /// expressions.
    pub(super) fn template(&mut self, name: &str, out: &mut Vec<Diagnostic>) -> Option<Template> {
        if self.language() == Language::Jsonata {
            return self.jsonata_template(name, Sees::Input, out);
        }
        let node = self.take(name)?;
        let location = self.at(name);
        if !matches!(node.kind, NodeKind::Object(_) | NodeKind::Array(_)) {
            if !ANYTHING.contains(&name) {
                self.wrong_type(name, "Object", node, out);
                return None;
            }
            warnings::no_object(name, node, &location, out);
            return Some(Template::parse(node, &mut Vec::new()));
        }
        let mut errors = Vec::new();
        let template = Template::parse(node, &mut errors);
        out.extend(
            errors
                .into_iter()
                .map(|found| Diagnostic { help: found.help, ..error(SCHEMA, found.message, &location, found.span) }),
        );
        doubled(node, &location, out);
        warnings::no_dollar(node, &location, out);
        warnings::not_jsonata(node, &location, out);
        template.miscounted(&mut |function, wrong, span| warnings::miscounted(function, &wrong, &location, span, out));
        Some(template)
    }
}

/// Reports members that would be there twice once they are filled in: `"c"` beside `"c.$"`.
fn doubled(node: &Node, location: &str, out: &mut Vec<Diagnostic>) {
    match &node.kind {
        NodeKind::Array(items) => items.iter().for_each(|item| doubled(item, location, out)),
        NodeKind::Object(members) => {
            let mut names = BTreeMap::new();
            for member in members {
                let name = member.name.strip_suffix(".$").unwrap_or(&member.name);
                if let Some(first) = names.insert(name, &member.name)
                    && *first != member.name
                {
                    let message = format!("Duplicate field '{name}'");
                    let help = Some(format!("'{name}.$' fills in the field '{name}', which is here as well"));
                    out.push(Diagnostic { help, ..error(SCHEMA, message, location, member.name_span) });
                }
                doubled(&member.value, location, out);
            }
        }
        _ => {}
    }
}
