//! What an expression refers to outside of itself.

use std::sync::Arc;

use super::ast::{Node, NodeKind, Stage};
use super::functions;
use crate::diagnostic::Span;

/// One thing outside of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reference {
    /// `name` where a path begins.
    Name(Arc<str>),
    /// `$` where a path begins.
    Input,
    /// `$$`
    Root,
    /// `$states.name`
    States(Arc<str>),
    /// `$name`, where the expression does not have it; it may be a function of the language.
    Variable(Arc<str>),
}

impl Reference {
    /// Whether `$name` is a function of the language where no variable has the name.
    pub(crate) fn is_function(name: &str) -> bool {
        functions::find(name).is_some()
    }

    /// The names of all functions of the language, without `$`.
    pub(crate) fn functions() -> impl Iterator<Item = &'static str> {
        functions::names()
    }
}

/// What a node refers to, each once, in the order of the text.
///
/// Names and `$` count only where nothing leads to them: not in predicates, later steps, order-by clauses, groups and
/// transforms, where they are looked up in what is there.
pub(super) fn references(root: &Node) -> Vec<(Reference, Span)> {
    let mut walk = Walk { bound: Vec::new(), found: Vec::new() };
    walk.node(root, true);
    walk.found
}

/// Whether a node looks at a field of `$states`, or may do so.
pub(super) fn reads_states(node: &Node, wanted: &str) -> bool {
    let mut found = match &node.kind {
        NodeKind::Variable(name) => &**name == "states",
        _ => false,
    };
    // `$states.other` does not.
    let other = match &node.kind {
        NodeKind::Path { steps, .. } => match (steps.first(), steps.get(1).map(|step| &step.kind)) {
            (Some(first), Some(NodeKind::Name(name))) if &**name != wanted && is_bare_states(first) => Some(first),
            _ => None,
        },
        _ => None,
    };
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
        node.each_child(&mut |child| {
            let is_other = other.is_some_and(|other| std::ptr::eq(other, child));
            found = found || !is_other && reads_states(child, wanted);
        });
    });
    found
}

fn is_bare_states(node: &Node) -> bool {
    matches!(&node.kind, NodeKind::Variable(name) if &**name == "states")
        && node.predicates.is_empty()
        && node.group.is_none()
}

struct Walk {
    /// The variables that the expression binds itself.
    bound: Vec<Arc<str>>,
    found: Vec<(Reference, Span)>,
}

impl Walk {
    fn note(&mut self, reference: Reference, span: Span) {
        if self.found.iter().all(|(known, _)| *known != reference) {
            self.found.push((reference, span));
        }
    }

    fn nodes<'a>(&mut self, nodes: impl IntoIterator<Item = &'a Node>, at_top: bool) {
        nodes.into_iter().for_each(|node| self.node(node, at_top));
    }

    fn node(&mut self, node: &Node, at_top: bool) {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.visit(node, at_top));
    }

    fn visit(&mut self, node: &Node, at_top: bool) {
        match &node.kind {
            NodeKind::Path { steps, .. } => {
                if let [first, second, ..] = &steps[..]
                    && let (NodeKind::Variable(variable), NodeKind::Name(name)) = (&first.kind, &second.kind)
                    && &**variable == "states"
                    && at_top
                {
                    self.note(Reference::States(name.clone()), Span { end: second.span.end, ..first.span });
                }
                for (at, step) in steps.iter().enumerate() {
                    self.node(step, at_top && at == 0);
                }
            }
            NodeKind::Name(name) if at_top => self.note(Reference::Name(name.clone()), node.span),
            NodeKind::Variable(name) => self.variable(name, node.position, at_top),
            NodeKind::Negate(inner) => self.node(inner, at_top),
            NodeKind::Binary(_, left, right) | NodeKind::Apply(left, right) => {
                self.nodes([&**left, right], at_top);
            }
            NodeKind::Array(items) => self.nodes(items, at_top),
            NodeKind::Object(pairs) => self.pairs(pairs, at_top),
            NodeKind::Block(items) => {
                let outer = self.bound.len();
                self.nodes(items, at_top);
                self.bound.truncate(outer);
            }
            NodeKind::Bind(name, value) => {
                // A function may call itself.
                if matches!(value.kind, NodeKind::Lambda(_)) {
                    self.bound.push(name.clone());
                }
                self.node(value, at_top);
                self.bound.push(name.clone());
            }
            NodeKind::Condition { condition, then, otherwise } => {
                self.nodes([&**condition, then].into_iter().chain(otherwise.as_deref()), at_top);
            }
            NodeKind::Call { procedure, arguments } => {
                self.node(procedure, at_top);
                self.nodes(arguments, at_top);
            }
            NodeKind::Partial { procedure, arguments } => {
                self.node(procedure, at_top);
                self.nodes(arguments.iter().flatten(), at_top);
            }
            NodeKind::Lambda(lambda) => {
                let outer = self.bound.len();
                self.bound.extend(lambda.parameters.iter().cloned());
                self.node(&lambda.body, at_top);
                self.bound.truncate(outer);
            }
            NodeKind::Transform(transform) => {
                self.nodes([&transform.pattern, &transform.update].into_iter().chain(&transform.delete), false);
            }
            NodeKind::Sort(terms) => self.nodes(terms.iter().map(|term| &term.expression), false),
            NodeKind::Name(_)
            | NodeKind::Literal(_)
            | NodeKind::Wildcard
            | NodeKind::Descendant
            | NodeKind::Parent(_)
            | NodeKind::Regex(_) => {}
        }
        self.bound.extend(node.focus.iter().chain(&node.index).cloned());
        self.nodes(&node.predicates, false);
        for stage in &node.stages {
            match stage {
                Stage::Filter(predicate) => self.node(predicate, false),
                Stage::Index(name) => self.bound.push(name.clone()),
            }
        }
        self.pairs(node.group.as_deref().unwrap_or_default(), false);
    }

    fn pairs(&mut self, pairs: &[(Node, Node)], at_top: bool) {
        self.nodes(pairs.iter().flat_map(|(key, value)| [key, value]), at_top);
    }

    fn variable(&mut self, name: &Arc<str>, start: usize, at_top: bool) {
        // The node may have predicates.
        let span = Span { start, end: start + "$".len() + name.len() };
        match &**name {
            "" if at_top => self.note(Reference::Input, span),
            "" | "states" => {}
            "$" => self.note(Reference::Root, span),
            _ if self.bound.contains(name) => {}
            _ => self.note(Reference::Variable(name.clone()), span),
        }
    }
}
