//! Payload Templates: `Parameters`, `ResultSelector` and `ItemSelector`.

use std::sync::Arc;

use crate::diagnostic::Span;
use crate::intrinsic::Call;
use crate::json::{Member, Node, NodeKind};
use crate::path::{PathExpr, Roots, in_plain_words};
use crate::task::Failure;
use crate::value::Value;

/// JSON in which a member whose name ends in `.$` takes its value from a path.
///
/// States Language specification, "Payload Template".
#[derive(Clone, Debug)]
pub(crate) struct Template(Part);

#[derive(Clone, Debug)]
enum Part {
    Literal(Value),
    Array(Vec<Part>),
    Object(Vec<(Arc<str>, Part)>),
    /// `"name.$": "States.Format(…)"`
    Call(Call),
    /// `"name.$": "$.path"`
    Path {
        field: Arc<str>,
        path: PathExpr,
    },
}

/// A member of a template that cannot be used.
#[derive(Debug)]
pub(crate) struct TemplateError {
    pub(crate) message: String,
    pub(crate) span: Span,
    pub(crate) help: Option<String>,
}

impl Template {
    /// Reads a template and reports every member that is not usable.
    pub(crate) fn parse(node: &Node, errors: &mut Vec<TemplateError>) -> Self {
        Self(part(node, errors))
    }

    /// Fills the template in. The failure is AWS's for a path that finds nothing.
    pub(crate) fn evaluate(&self, roots: &Roots<'_>) -> Result<Value, Failure> {
        evaluate(&self.0, roots)
    }
}

fn part(node: &Node, errors: &mut Vec<TemplateError>) -> Part {
    match &node.kind {
        NodeKind::Object(members) => {
            let parts: Vec<_> = members.iter().map(|member| named(member, errors)).collect();
            if parts.iter().all(|(_, part)| matches!(part, Part::Literal(_))) {
                return Part::Literal(node.to_value());
            }
            Part::Object(parts)
        }
        NodeKind::Array(items) => {
            let parts: Vec<_> = items.iter().map(|item| part(item, errors)).collect();
            if parts.iter().all(|part| matches!(part, Part::Literal(_))) {
                return Part::Literal(node.to_value());
            }
            Part::Array(parts)
        }
        _ => Part::Literal(node.to_value()),
    }
}

fn named(member: &Member, errors: &mut Vec<TemplateError>) -> (Arc<str>, Part) {
    let Some(name) = member.name.strip_suffix(".$") else {
        return (member.name.clone(), part(&member.value, errors));
    };
    let field = member.name.clone();
    let span = member.value.span;
    let refused = |help| TemplateError {
        message: format!(
            "The value for the field '{field}' must be a valid JSONPath or a valid intrinsic function call"
        ),
        span,
        help,
    };
    let parsed = match &member.value.kind {
        NodeKind::String(text) if text.starts_with("States.") => {
            Call::parse(text, span).map(Part::Call).map_err(|error| refused(Some(error.message)))
        }
        NodeKind::String(text) if text.starts_with('$') => PathExpr::parse(text, span)
            .map(|path| Part::Path { field: field.clone(), path })
            .map_err(|error| refused(Some(in_plain_words(&error)))),
        NodeKind::String(_) => Err(refused(Some("a path starts with '$', a call with 'States.'".to_owned()))),
        _ => Err(refused(Some("the value has to be a string".to_owned()))),
    };
    match parsed {
        Ok(part) => (name.into(), part),
        Err(error) => {
            errors.push(error);
            (name.into(), Part::Literal(Value::Null))
        }
    }
}

fn evaluate(part: &Part, roots: &Roots<'_>) -> Result<Value, Failure> {
    Ok(match part {
        Part::Literal(value) => value.clone(),
        Part::Array(items) => items.iter().map(|item| evaluate(item, roots)).collect::<Result<Value, _>>()?,
        Part::Object(members) => members
            .iter()
            .map(|(name, part)| Ok((name.clone(), evaluate(part, roots)?)))
            .collect::<Result<Value, Failure>>()?,
        Part::Call(call) => call.evaluate(roots)?,
        Part::Path { field, path } => path.evaluate(roots).map_err(|_| not_found(path, field, roots))?,
    })
}

/// The failure for a path of `field` that finds nothing.
pub(crate) fn not_found(path: &PathExpr, field: &str, roots: &Roots<'_>) -> Failure {
    let searched = path.searched(roots);
    Failure::runtime(format!(
        "The JSONPath '{path}' specified for the field '{field}' could not be found in the input '{searched}'"
    ))
    .at(path.span())
}
