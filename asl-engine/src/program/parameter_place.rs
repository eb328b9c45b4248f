//! Where a parameter stands that a service refuses.

use super::Program;
use crate::diagnostic::Span;
use crate::json::{Node, NodeKind, parse_spanned};

impl Program {
    /// Where the parameter of a task stands that the text of a refusal names: `…the field 'Name'…`, `…The field "Name"…`; where it is
    /// not there, the name of the field that should have it.
    ///
    /// ```
    /// let definition = r#"{"StartAt": "Tell", "States": {"Tell": {"Type": "Task", "End": true,
    ///     "Resource": "arn:aws:states:::sns:publish", "Parameters": {"Topic": "t", "Message.$": "$"}}}}"#;
    /// let program = asl_engine::Program::parse(definition).unwrap();
    /// let place = program.parameter_place("Tell", "The field \"Topic\" is not supported").unwrap();
    /// assert_eq!(&definition[place.start..place.end], "\"Topic\"");
    /// ```
    pub fn parameter_place(&self, state: &str, refusal: &str) -> Option<Span> {
        let state = self.model().states().iter().find(|node| *node.name == *state)?;
        // A member, its name and its value: an object once it has braces.
        let text = format!("{{{}}}", self.source().get(state.span.start..state.span.end)?);
        let node = parse_spanned(&text, true).ok()?;
        let (_, fields) = member(&node, &state.name)?;
        let field = ["Parameters", "Arguments"].into_iter().find_map(|name| member(fields, name))?;
        let quoted = refusal.split(['\'', '"']).skip(1).step_by(2).filter(|name| !name.is_empty());
        let names = quoted.flat_map(|name| [name, name.rsplit('.').next().unwrap_or(name)]);
        let named = names.filter_map(|name| within(field.1, name)).next();
        let place = named.unwrap_or(field.0);
        let written = |at: usize| (state.span.start + at).saturating_sub(1);
        Some(Span { start: written(place.start), end: written(place.end) })
    }
}

fn member<'a>(node: &'a Node, name: &str) -> Option<(Span, &'a Node)> {
    let NodeKind::Object(members) = &node.kind else { return None };
    let found = members.iter().find(|member| member.name.strip_suffix(".$").unwrap_or(&member.name) == name)?;
    Some((found.name_span, &found.value))
}

/// The place of the first member of this name, however deep.
fn within(node: &Node, name: &str) -> Option<Span> {
    if let Some((place, _)) = member(node, name) {
        return Some(place);
    }
    match &node.kind {
        NodeKind::Object(members) => members.iter().find_map(|member| within(&member.value, name)),
        NodeKind::Array(items) => items.iter().find_map(|item| within(item, name)),
        _ => None,
    }
}
