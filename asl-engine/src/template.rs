//! Payload Templates: `Parameters`, `ResultSelector` and `ItemSelector`; in JSONata `Arguments`, `Output` and `Assign`.

use std::sync::Arc;

use crate::diagnostic::Span;
use crate::intrinsic::Call;
use crate::java;
use crate::json::{Member, Node, NodeKind};
use crate::nothing_found;
use crate::path::{PathExpr, Roots, in_plain_words};
use crate::query::Query;
use crate::shape::Shape;
use crate::task::Failure;
use crate::value::{Object, Value};

/// JSON in which a member whose name ends in `.$` takes its value from a path; in JSONata, in which a text `{% … %}` is an
/// expression.
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
    /// `"{% … %}"`
    Query(Arc<Query>),
}

/// Reads a string of a template, with its field; `None` where it is no expression.
pub(crate) type ReadQuery<'a> = &'a mut dyn FnMut(&Node, &str) -> Option<Query>;

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

    /// Reads any JSON as a template in JSONata. `field` is its way from the state.
    pub(crate) fn jsonata(node: &Node, field: &str, read: ReadQuery<'_>) -> Self {
        Self(jsonata(node, field, read))
    }

    /// The expression that is the value of a member.
    pub(crate) fn member_query(&self, name: &str) -> Option<&Query> {
        let Part::Object(members) = &self.0 else { return None };
        members.iter().find_map(|(found, part)| match part {
            Part::Query(query) if **found == *name => Some(&**query),
            _ => None,
        })
    }

    /// Its value as far as that is the same in every run; what is computed is null.
    pub(crate) fn known(&self) -> Value {
        known(&self.0)
    }

    /// What is known of the members of what it gives.
    pub(crate) fn shape(&self) -> Shape {
        shape(&self.0)
    }

    /// The names of its members.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let (parts, literal) = match &self.0 {
            Part::Object(parts) => (parts.as_slice(), None),
            Part::Literal(value) => (&[][..], value.as_object()),
            _ => (&[][..], None),
        };
        let literal = literal.into_iter().flat_map(Object::iter).map(|(name, _)| &**name);
        parts.iter().map(|(name, _)| &**name).chain(literal)
    }

    /// The variables that its paths and expressions read.
    pub(crate) fn variables(&self, found: &mut dyn FnMut(&str)) {
        variables(&self.0, found);
    }

    /// Tells every expression.
    pub(crate) fn queries(&self, found: &mut dyn FnMut(&Query)) {
        queries(&self.0, found);
    }

    /// Tells every path, also those that are arguments of calls.
    pub(crate) fn paths(&self, found: &mut dyn FnMut(&PathExpr)) {
        paths(&self.0, found);
    }

    /// Tells every function that is called with a wrong number of arguments, what is wrong, and where the call stands.
    pub(crate) fn miscounted(&self, found: &mut dyn FnMut(&str, String, Span)) {
        miscounted(&self.0, found);
    }

    /// Fills the template in. The failure is AWS's for a path that finds nothing, or an expression that gives nothing.
    pub(crate) fn evaluate(&self, roots: &Roots<'_>) -> Result<Value, Failure> {
        evaluate(&self.0, roots)
    }
}

fn part(node: &Node, errors: &mut Vec<TemplateError>) -> Part {
    match &node.kind {
        NodeKind::Object(members) => {
            object(node, in_order(members.iter().map(|member| named(member, errors)).collect()))
        }
        NodeKind::Array(items) => array(node, items.iter().map(|item| part(item, errors)).collect()),
        _ => Part::Literal(node.to_value()),
    }
}

fn jsonata(node: &Node, field: &str, read: ReadQuery<'_>) -> Part {
    match &node.kind {
        NodeKind::Object(members) => {
            let part = |Member { name, value, .. }: &Member| {
                (name.clone(), jsonata(value, &format!("{field}/{name}"), &mut *read))
            };
            object(node, members.iter().map(part).collect())
        }
        NodeKind::Array(items) => {
            let part = |(index, item)| jsonata(item, &format!("{field}[{index}]"), &mut *read);
            array(node, items.iter().enumerate().map(part).collect())
        }
        NodeKind::String(_) => match read(node, field) {
            Some(query) => Part::Query(Arc::new(query)),
            None => Part::Literal(node.to_value()),
        },
        _ => Part::Literal(node.to_value()),
    }
}

/// The members in the order in which AWS makes them: first those that have no path, as they stand; then the others in the order of
/// a Java `HashMap` of their names. It is recorded in `aws2.jsonl`, as the texts that functions receive.
fn in_order(members: Vec<(Arc<str>, Part, Naming)>) -> Vec<(Arc<str>, Part)> {
    let (plain, paths): (Vec<_>, Vec<_>) = members.into_iter().partition(|(_, _, naming)| *naming == Naming::Plain);
    let hashes: Vec<i32> = paths.iter().map(|(name, ..)| java::string_hash(name)).collect();
    let mut paths: Vec<_> = paths.into_iter().map(Some).collect();
    let ordered = java::iteration_order(&hashes).into_iter().filter_map(|at| paths[at].take());
    plain.into_iter().chain(ordered).map(|(name, part, _)| (name, part)).collect()
}

/// Whether a member's name ends in `.$`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Naming {
    Plain,
    Path,
}

/// An object of these members, which is a literal where they all are.
fn object(node: &Node, parts: Vec<(Arc<str>, Part)>) -> Part {
    match parts.iter().all(|(_, part)| matches!(part, Part::Literal(_))) {
        true => Part::Literal(node.to_value()),
        false => Part::Object(parts),
    }
}

/// An array of these items, which is a literal where they all are.
fn array(node: &Node, parts: Vec<Part>) -> Part {
    match parts.iter().all(|part| matches!(part, Part::Literal(_))) {
        true => Part::Literal(node.to_value()),
        false => Part::Array(parts),
    }
}

fn known(part: &Part) -> Value {
    match part {
        Part::Literal(value) => value.clone(),
        Part::Array(items) => items.iter().map(known).collect(),
        Part::Object(members) => members.iter().map(|(name, part)| (&**name, known(part))).collect(),
        Part::Call(_) | Part::Path { .. } | Part::Query(_) => Value::Null,
    }
}

fn shape(part: &Part) -> Shape {
    match part {
        Part::Literal(value) => Shape::of_value(value),
        Part::Array(_) => Shape::nothing(),
        Part::Object(members) => Shape::of_members(members.iter().map(|(name, part)| (name.clone(), shape(part)))),
        Part::Call(_) | Part::Path { .. } | Part::Query(_) => Shape::Any,
    }
}

fn variables(part: &Part, found: &mut dyn FnMut(&str)) {
    match part {
        Part::Literal(_) => {}
        Part::Array(items) => items.iter().for_each(|item| variables(item, found)),
        Part::Object(members) => members.iter().for_each(|(_, part)| variables(part, found)),
        Part::Call(call) => call.variables(found),
        Part::Path { path, .. } => path.variable().into_iter().for_each(found),
        Part::Query(query) => query.variables(found),
    }
}

fn queries(part: &Part, found: &mut dyn FnMut(&Query)) {
    match part {
        Part::Query(query) => found(query),
        Part::Array(items) => items.iter().for_each(|item| queries(item, found)),
        Part::Object(members) => members.iter().for_each(|(_, part)| queries(part, found)),
        Part::Literal(_) | Part::Path { .. } | Part::Call(_) => {}
    }
}

fn paths(part: &Part, found: &mut dyn FnMut(&PathExpr)) {
    match part {
        Part::Path { path, .. } => found(path),
        Part::Call(call) => call.paths(found),
        Part::Array(items) => items.iter().for_each(|item| paths(item, found)),
        Part::Object(members) => members.iter().for_each(|(_, part)| paths(part, found)),
        Part::Literal(_) | Part::Query(_) => {}
    }
}

fn miscounted(part: &Part, found: &mut dyn FnMut(&str, String, Span)) {
    match part {
        Part::Call(call) => call.miscounted(&mut |function, wrong| found(function, wrong, call.span())),
        Part::Array(items) => items.iter().for_each(|item| miscounted(item, found)),
        Part::Object(members) => members.iter().for_each(|(_, part)| miscounted(part, found)),
        Part::Literal(_) | Part::Path { .. } | Part::Query(_) => {}
    }
}

fn named(member: &Member, errors: &mut Vec<TemplateError>) -> (Arc<str>, Part, Naming) {
    let Some(name) = member.name.strip_suffix(".$") else {
        return (member.name.clone(), part(&member.value, errors), Naming::Plain);
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
        Ok(part) => (name.into(), part, Naming::Path),
        Err(error) => {
            errors.push(error);
            (name.into(), Part::Literal(Value::Null), Naming::Path)
        }
    }
}

fn evaluate(part: &Part, roots: &Roots<'_>) -> Result<Value, Failure> {
    Ok(match part {
        Part::Literal(value) => value.clone(),
        Part::Array(items) => items.iter().map(|item| evaluate(item, roots)).collect::<Result<Value, _>>()?,
        Part::Object(members) => {
            let mut filled = Vec::with_capacity(members.len());
            for (name, part) in members {
                filled.push((name.clone(), evaluate(part, roots)?));
            }
            Value::Object(filled.into())
        }
        Part::Call(call) => call.evaluate(roots)?,
        Part::Query(query) => query.evaluate(roots)?,
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
    .with_help(nothing_found::by_path(path, roots))
}
