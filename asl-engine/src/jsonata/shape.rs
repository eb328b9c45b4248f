//! From the tree of the text to what is evaluated: paths with their steps, predicates where they belong, the parents that
//! `%` stands for, and calls in tail position.

use std::sync::Arc;

use super::ancestry::{Slot, sought, underivable};
use super::ast::{LambdaNode, Node, NodeKind, Operator, SlotId, Stage, Term, TransformNode};
use super::error::JsonataError;
use super::quote::quoted_number;
use super::syntax::{Syntax, SyntaxKind};
use crate::diagnostic::Span;
use crate::value::{Number, Value};

/// The stack that one level may need, and how much more is taken when less is left.
const STACK: (usize, usize) = (256 * 1024, 2 * 1024 * 1024);

/// Whether a call in tail position stands for itself, so that a recursion in such a place needs no stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TailCalls {
    Made,
    /// Every call is evaluated where it stands, and so can be told of.
    Plain,
}

/// Shapes a whole expression. With it come the labels of all slots: the names under which tuples keep the parents.
pub(super) fn shape(syntax: Syntax, tail_calls: TailCalls) -> Result<(Node, Vec<Arc<str>>), JsonataError> {
    let mut shaper = Shaper { slots: Vec::new(), tail_calls };
    let node = shaper.node(syntax)?;
    if matches!(node.kind, NodeKind::Parent(_)) || !node.seeking.is_empty() {
        return Err(underivable(node.position));
    }
    let labels = shaper.slots.iter().map(|slot| format!("!{}", slot.label).into()).collect();
    Ok((node, labels))
}

pub(super) struct Shaper {
    pub(super) slots: Vec<Slot>,
    tail_calls: TailCalls,
}

impl Shaper {
    fn node(&mut self, syntax: Syntax) -> Result<Node, JsonataError> {
        stacker::maybe_grow(STACK.0, STACK.1, || {
            let (keep_array, span) = (syntax.keep_array, syntax.span);
            let mut node = self.unmarked(syntax)?;
            node.keep_array |= keep_array;
            node.span = span;
            Ok(node)
        })
    }

    fn boxed(&mut self, syntax: Syntax) -> Result<Box<Node>, JsonataError> {
        self.node(syntax).map(Box::new)
    }

    /// A child, whose `%` are looked for further up.
    fn child(&mut self, syntax: Syntax, seeking: &mut Vec<SlotId>) -> Result<Node, JsonataError> {
        let node = self.node(syntax)?;
        seeking.extend(sought(&node));
        Ok(node)
    }

    fn children(&mut self, items: Vec<Syntax>, seeking: &mut Vec<SlotId>) -> Result<Vec<Node>, JsonataError> {
        items.into_iter().map(|item| self.child(item, seeking)).collect()
    }

    fn pairs(
        &mut self,
        pairs: Vec<(Syntax, Syntax)>,
        seeking: &mut Vec<SlotId>,
    ) -> Result<Vec<(Node, Node)>, JsonataError> {
        pairs.into_iter().map(|(key, value)| Ok((self.child(key, seeking)?, self.child(value, seeking)?))).collect()
    }

    fn unmarked(&mut self, syntax: Syntax) -> Result<Node, JsonataError> {
        let Syntax { kind, position, span, keep_array, .. } = syntax;
        let mut seeking = Vec::new();
        let kind = match kind {
            SyntaxKind::End => return Err(JsonataError::new("S0207", "Unexpected end of expression").at(position)),
            SyntaxKind::Name(name) => named(name, span, keep_array),
            SyntaxKind::Keyword(word) => named(word.into(), span, keep_array),
            SyntaxKind::Variable(name) => NodeKind::Variable(name),
            SyntaxKind::String(text) => NodeKind::Literal(Value::String(text)),
            SyntaxKind::Number(value) => literal(value),
            SyntaxKind::Value(value) => NodeKind::Literal(value),
            SyntaxKind::Regex(regex) => NodeKind::Regex(regex),
            SyntaxKind::Wildcard => NodeKind::Wildcard,
            SyntaxKind::Descendant => NodeKind::Descendant,
            SyntaxKind::Parent => {
                self.slots.push(Slot { label: self.slots.len(), level: 1 });
                NodeKind::Parent(self.slots.len() - 1)
            }
            SyntaxKind::Negate(inner) => {
                let inner = self.child(*inner, &mut seeking)?;
                match &inner.kind {
                    NodeKind::Literal(Value::Number(number)) => {
                        let kind = literal(-number.as_f64());
                        return Ok(Node { kind, ..inner });
                    }
                    _ => NodeKind::Negate(Box::new(inner)),
                }
            }
            SyntaxKind::Binary(".", left, right) => return self.path(*left, *right),
            SyntaxKind::Binary("~>", left, right) => {
                let (left, right) = (self.boxed(*left)?, self.boxed(*right)?);
                let keep_array = left.keep_array || right.keep_array;
                return Ok(Node { keep_array, ..Node::new(NodeKind::Apply(left, right), position) });
            }
            SyntaxKind::Binary(operator, left, right) => {
                let left = self.child(*left, &mut seeking)?;
                let right = self.child(*right, &mut seeking)?;
                let unknown = || JsonataError::new("S0206", format!("Unknown expression type: \"{operator}\""));
                let operator = Operator::parse(operator).ok_or_else(unknown)?;
                NodeKind::Binary(operator, Box::new(left), Box::new(right))
            }
            SyntaxKind::Filter(left, right) => return self.filter(*left, *right, Span { start: position, ..span }),
            SyntaxKind::Group(left, pairs) => {
                let mut node = self.node(*left)?;
                if node.group.is_some() {
                    let message = "Each step can only have one grouping expression";
                    return Err(JsonataError::new("S0210", message).at(position));
                }
                node.group = Some(self.pairs(pairs, &mut seeking)?);
                return Ok(node);
            }
            SyntaxKind::Sort(left, terms) => return self.sort(*left, terms, Span { start: position, ..span }),
            SyntaxKind::Bind(name, value) => NodeKind::Bind(name, Box::new(self.child(*value, &mut seeking)?)),
            SyntaxKind::Focus(left, name) => return self.focus(*left, name, position, keep_array),
            SyntaxKind::Index(left, name) => return self.index(*left, name),
            SyntaxKind::Array(items) => NodeKind::Array(self.children(items, &mut seeking)?),
            SyntaxKind::Object(pairs) => NodeKind::Object(self.pairs(pairs, &mut seeking)?),
            SyntaxKind::Block(items) => {
                let items = self.children(items, &mut seeking)?;
                let cons = |item: &Node| match &item.kind {
                    NodeKind::Path { steps, .. } => steps.first().is_some_and(|step| step.cons_array),
                    _ => false,
                };
                let cons_array = items.iter().any(|item| item.cons_array || cons(item));
                return Ok(Node { cons_array, seeking, ..Node::new(NodeKind::Block(items), position) });
            }
            SyntaxKind::Condition(condition, then, otherwise) => NodeKind::Condition {
                condition: Box::new(self.child(*condition, &mut seeking)?),
                then: Box::new(self.child(*then, &mut seeking)?),
                otherwise: match otherwise {
                    Some(otherwise) => Some(Box::new(self.child(*otherwise, &mut seeking)?)),
                    None => None,
                },
            },
            SyntaxKind::Call(procedure, arguments) => {
                let arguments = self.children(arguments, &mut seeking)?;
                NodeKind::Call { procedure: self.boxed(*procedure)?, arguments }
            }
            SyntaxKind::Partial(procedure, arguments) => {
                let argument =
                    |argument: Option<Syntax>| argument.map(|argument| self.child(argument, &mut seeking)).transpose();
                let arguments = arguments.into_iter().map(argument).collect::<Result<_, _>>()?;
                NodeKind::Partial { procedure: self.boxed(*procedure)?, arguments }
            }
            SyntaxKind::Lambda(parameters, signature, body) => {
                let body = self.node(*body)?;
                let body = Arc::new(match self.tail_calls {
                    TailCalls::Made => tail_call(body),
                    TailCalls::Plain => body,
                });
                NodeKind::Lambda(Arc::new(LambdaNode { parameters: parameters.into(), signature, body, thunk: false }))
            }
            SyntaxKind::Transform(pattern, update, delete) => NodeKind::Transform(Arc::new(TransformNode {
                pattern: self.node(*pattern)?,
                update: self.node(*update)?,
                delete: delete.map(|delete| self.node(*delete)).transpose()?,
                position,
            })),
        };
        Ok(Node { seeking, ..Node::new(kind, position) })
    }

    fn path(&mut self, left: Syntax, right: Syntax) -> Result<Node, JsonataError> {
        let left = self.node(left)?;
        let parent = if let NodeKind::Parent(slot) = left.kind { Some(slot) } else { None };
        let mut result = into_path(left);
        result.seeking.extend(parent);
        let right = self.node(right)?;
        let NodeKind::Path { steps, keep_singleton } = &mut result.kind else { return Ok(result) };
        match right.kind {
            NodeKind::Path { steps: more, .. } => steps.extend(more),
            _ => {
                let mut step = right;
                predicates_to_stages(&mut step);
                steps.push(step);
            }
        }
        for step in steps.iter_mut() {
            match &step.kind {
                NodeKind::Literal(Value::String(name)) => step.kind = NodeKind::Name(name.clone()),
                NodeKind::Literal(value) => {
                    let shown = match value {
                        Value::Number(number) => quoted_number(number.as_f64()),
                        other => other.to_string(),
                    };
                    let message =
                        format!("The literal value {shown} cannot be used as a step within a path expression");
                    return Err(JsonataError::new("S0213", message).at(step.position));
                }
                _ => {}
            }
        }
        *keep_singleton |= steps.iter().any(|step| step.keep_array);
        let last = steps.len() - 1;
        for at in [0, last] {
            if matches!(steps[at].kind, NodeKind::Array(_)) {
                steps[at].cons_array = true;
            }
        }
        self.resolve(&mut result)?;
        Ok(result)
    }

    /// `left[right]`; the brackets stand at `span`.
    fn filter(&mut self, left: Syntax, right: Syntax, span: Span) -> Result<Node, JsonataError> {
        let mut result = self.node(left)?;
        let is_path = matches!(result.kind, NodeKind::Path { .. });
        let predicate = Node { span, ..self.node(right)? };
        let step = last_step(&mut result);
        if step.group.is_some() {
            let message = "A predicate cannot follow a grouping expression in a step";
            return Err(JsonataError::new("S0209", message).at(span.start));
        }
        if !predicate.seeking.is_empty() {
            for &slot in &predicate.seeking {
                if self.slots[slot].level == 1 {
                    self.seek(step, slot)?;
                } else {
                    self.slots[slot].level -= 1;
                }
            }
            step.seeking.extend(sought(&predicate));
        }
        match is_path {
            true => step.stages.push(Stage::Filter(predicate)),
            false => step.predicates.push(predicate),
        }
        Ok(result)
    }

    /// `left^(terms)`; what follows `left` stands at `span`.
    fn sort(&mut self, left: Syntax, terms: Vec<(bool, Syntax)>, span: Span) -> Result<Node, JsonataError> {
        let mut result = into_path(self.node(left)?);
        let mut seeking = Vec::new();
        let term = |(descending, syntax)| Ok(Term { descending, expression: self.child(syntax, &mut seeking)? });
        let terms = terms.into_iter().map(term).collect::<Result<_, JsonataError>>()?;
        if let NodeKind::Path { steps, .. } = &mut result.kind {
            steps.push(Node { seeking, span, ..Node::new(NodeKind::Sort(terms), span.start) });
        }
        self.resolve(&mut result)?;
        Ok(result)
    }

    fn focus(&mut self, left: Syntax, name: Arc<str>, position: usize, keep_array: bool) -> Result<Node, JsonataError> {
        let mut result = self.node(left)?;
        let step = last_step(&mut result);
        if !step.stages.is_empty() || !step.predicates.is_empty() {
            let message = "A context variable binding must precede any predicates on a step";
            return Err(JsonataError::new("S0215", message).at(position));
        }
        if matches!(step.kind, NodeKind::Sort(_)) {
            let message = "A context variable binding must precede the 'order-by' clause on a step";
            return Err(JsonataError::new("S0216", message).at(position));
        }
        step.keep_array |= keep_array;
        step.focus = Some(name);
        step.tuple = true;
        Ok(result)
    }

    fn index(&mut self, left: Syntax, name: Arc<str>) -> Result<Node, JsonataError> {
        let mut result = self.node(left)?;
        if !matches!(result.kind, NodeKind::Path { .. }) {
            predicates_to_stages(&mut result);
            result = Node::new(NodeKind::Path { steps: vec![result], keep_singleton: false }, 0);
        }
        let step = last_step(&mut result);
        match step.stages.is_empty() {
            true => step.index = Some(name),
            false => step.stages.push(Stage::Index(name)),
        }
        step.tuple = true;
        Ok(result)
    }
}

/// A path of one name.
fn named(name: Arc<str>, span: Span, keep_array: bool) -> NodeKind {
    let step = Node { keep_array, span, ..Node::new(NodeKind::Name(name), span.start) };
    NodeKind::Path { steps: vec![step], keep_singleton: keep_array }
}

/// Makes the predicates of a node those of a step.
fn predicates_to_stages(step: &mut Node) {
    if let Some(first) = step.predicates.first() {
        step.span.end = first.span.start;
    }
    step.stages.extend(std::mem::take(&mut step.predicates).into_iter().map(Stage::Filter));
}

fn literal(value: f64) -> NodeKind {
    let whole = value.fract() == 0.0 && value.abs() < 9e15 && !(value == 0.0 && value.is_sign_negative());
    let number = if whole { Some(Number::from(value as i64)) } else { Number::from_f64(value) };
    NodeKind::Literal(number.map_or(Value::Null, Value::Number))
}

fn into_path(node: Node) -> Node {
    match node.kind {
        NodeKind::Path { .. } => node,
        _ => {
            let position = node.position;
            Node::new(NodeKind::Path { steps: vec![node], keep_singleton: false }, position)
        }
    }
}

/// The last step of a path; of anything else, the node itself.
fn last_step(node: &mut Node) -> &mut Node {
    match node.kind {
        NodeKind::Path { ref mut steps, .. } => {
            // Every path has a step.
            let last = steps.len() - 1;
            &mut steps[last]
        }
        _ => node,
    }
}

/// Makes calls in tail position stand for themselves, so that a recursion in such a place needs no stack.
fn tail_call(mut node: Node) -> Node {
    let nothing = || Node::new(NodeKind::Wildcard, 0);
    match &mut node.kind {
        NodeKind::Call { .. } if node.predicates.is_empty() => {
            let position = node.position;
            let (parameters, body) = (Arc::from([]), Arc::new(node));
            let thunk = LambdaNode { parameters, signature: None, body, thunk: true };
            return Node::new(NodeKind::Lambda(Arc::new(thunk)), position);
        }
        NodeKind::Condition { then, otherwise, .. } => {
            **then = tail_call(std::mem::replace(then, nothing()));
            if let Some(otherwise) = otherwise {
                **otherwise = tail_call(std::mem::replace(otherwise, nothing()));
            }
        }
        NodeKind::Block(items) => {
            if let Some(last) = items.last_mut() {
                *last = tail_call(std::mem::replace(last, nothing()));
            }
        }
        _ => {}
    }
    node
}
