//! Expressions ready to be evaluated.

use std::sync::Arc;

use super::regex::Regex;
use super::signature::Signature;
use crate::diagnostic::Span;
use crate::value::Value;

/// The position of a slot: what one `%` stands for.
pub(super) type SlotId = usize;

/// One node, with what follows it.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: NodeKind,
    /// The byte of the text that it starts at, or its operator.
    pub(super) position: usize,
    /// All of its text; of a predicate with its brackets.
    pub(super) span: Span,
    /// Predicates of a node that is no step.
    pub(super) predicates: Vec<Node>,
    /// Predicates and positions of a step.
    pub(super) stages: Vec<Stage>,
    /// `{key: value}` behind it.
    pub(super) group: Option<Vec<(Node, Node)>>,
    /// `[]` behind it: one result stays an array.
    pub(super) keep_array: bool,
    /// An array constructor that a path does not take apart.
    pub(super) cons_array: bool,
    /// Whether it makes or passes on tuples.
    pub(super) tuple: bool,
    /// `@$name`
    pub(super) focus: Option<Arc<str>>,
    /// `#$name`
    pub(super) index: Option<Arc<str>>,
    /// The `%` that finds its parent here.
    pub(super) ancestor: Option<SlotId>,
    /// The `%` inside it whose parent is further up; only while the tree is made.
    pub(super) seeking: Vec<SlotId>,
}

/// What stands behind a step.
#[derive(Debug)]
pub(super) enum Stage {
    /// `[predicate]`
    Filter(Node),
    /// `#$name`
    Index(Arc<str>),
}

/// What a node is.
#[derive(Debug)]
pub(super) enum NodeKind {
    /// `a.b.c`
    Path { steps: Vec<Node>, keep_singleton: bool },
    /// `name`, as a step
    Name(Arc<str>),
    /// `"text"`, `1`, `true`, `null`
    Literal(Value),
    /// `*`
    Wildcard,
    /// `**`
    Descendant,
    /// `%`
    Parent(SlotId),
    /// `$name`; `$` has the empty name, `$$` the name `$`
    Variable(Arc<str>),
    /// `/pattern/`
    Regex(Arc<Regex>),
    /// `-x`
    Negate(Box<Node>),
    /// `a + b`
    Binary(Operator, Box<Node>, Box<Node>),
    /// `[a, b]`
    Array(Vec<Node>),
    /// `{key: value}`
    Object(Vec<(Node, Node)>),
    /// `(a; b)`
    Block(Vec<Node>),
    /// `$name := x`
    Bind(Arc<str>, Box<Node>),
    /// `a ? b : c`
    Condition { condition: Box<Node>, then: Box<Node>, otherwise: Option<Box<Node>> },
    /// `f(a, b)`
    Call { procedure: Box<Node>, arguments: Vec<Node> },
    /// `f(a, ?)`
    Partial { procedure: Box<Node>, arguments: Vec<Option<Node>> },
    /// `function($a){ … }`
    Lambda(Arc<LambdaNode>),
    /// `a ~> f`
    Apply(Box<Node>, Box<Node>),
    /// `|pattern|update,delete|`
    Transform(Arc<TransformNode>),
    /// `^(a, >b)`, as a step
    Sort(Vec<Term>),
}

#[derive(Debug)]
pub(super) struct LambdaNode {
    pub(super) parameters: Arc<[Arc<str>]>,
    pub(super) signature: Option<Arc<Signature>>,
    pub(super) body: Arc<Node>,
    /// Whether it stands for a call in tail position.
    pub(super) thunk: bool,
}

#[derive(Debug)]
pub(super) struct TransformNode {
    pub(super) pattern: Node,
    pub(super) update: Node,
    pub(super) delete: Option<Node>,
    pub(super) position: usize,
}

/// One term of an order-by clause.
#[derive(Debug)]
pub(super) struct Term {
    pub(super) descending: bool,
    pub(super) expression: Node,
}

/// An operator between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Concatenate,
    Range,
    In,
    And,
    Or,
}

impl Operator {
    const ALL: [(Self, &'static str); 16] = [
        (Self::Add, "+"),
        (Self::Subtract, "-"),
        (Self::Multiply, "*"),
        (Self::Divide, "/"),
        (Self::Remainder, "%"),
        (Self::Equal, "="),
        (Self::NotEqual, "!="),
        (Self::Less, "<"),
        (Self::LessOrEqual, "<="),
        (Self::Greater, ">"),
        (Self::GreaterOrEqual, ">="),
        (Self::Concatenate, "&"),
        (Self::Range, ".."),
        (Self::In, "in"),
        (Self::And, "and"),
        (Self::Or, "or"),
    ];

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == text).map(|(operator, _)| *operator)
    }

    pub(super) fn text(self) -> &'static str {
        Self::ALL.iter().find(|(known, _)| *known == self).map_or("", |(_, text)| text)
    }
}

impl Node {
    pub(super) fn new(kind: NodeKind, position: usize) -> Self {
        Self {
            kind,
            position,
            span: Span { start: position, end: position },
            predicates: Vec::new(),
            stages: Vec::new(),
            group: None,
            keep_array: false,
            cons_array: false,
            tuple: false,
            focus: None,
            index: None,
            ancestor: None,
            seeking: Vec::new(),
        }
    }

    /// Calls `visit` for each node directly below this one, in the order of the text.
    pub(super) fn each_child<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        match &self.kind {
            NodeKind::Path { steps: items, .. } | NodeKind::Array(items) | NodeKind::Block(items) => {
                items.iter().for_each(&mut *visit);
            }
            NodeKind::Negate(inner) | NodeKind::Bind(_, inner) => visit(inner),
            NodeKind::Binary(_, left, right) | NodeKind::Apply(left, right) => {
                visit(left);
                visit(right);
            }
            NodeKind::Object(pairs) => each_of_pairs(pairs, visit),
            NodeKind::Condition { condition, then, otherwise } => {
                visit(condition);
                visit(then);
                otherwise.as_deref().into_iter().for_each(&mut *visit);
            }
            NodeKind::Call { procedure, arguments } => {
                visit(procedure);
                arguments.iter().for_each(&mut *visit);
            }
            NodeKind::Partial { procedure, arguments } => {
                visit(procedure);
                arguments.iter().flatten().for_each(&mut *visit);
            }
            NodeKind::Lambda(lambda) => visit(&lambda.body),
            NodeKind::Transform(transform) => {
                visit(&transform.pattern);
                visit(&transform.update);
                transform.delete.iter().for_each(&mut *visit);
            }
            NodeKind::Sort(terms) => terms.iter().for_each(|term| visit(&term.expression)),
            NodeKind::Name(_)
            | NodeKind::Literal(_)
            | NodeKind::Wildcard
            | NodeKind::Descendant
            | NodeKind::Parent(_)
            | NodeKind::Variable(_)
            | NodeKind::Regex(_) => {}
        }
        self.predicates.iter().for_each(&mut *visit);
        for stage in &self.stages {
            if let Stage::Filter(predicate) = stage {
                visit(predicate);
            }
        }
        each_of_pairs(self.group.as_deref().unwrap_or_default(), visit);
    }

    /// The name by which a call calls its function in messages: `sum` of `$sum(…)`.
    pub(super) fn called(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Variable(name) | NodeKind::Name(name) => Some(name),
            NodeKind::Path { steps, .. } => steps.first().and_then(Self::called),
            // What a call gives is called at once: `f(1)(2)`.
            NodeKind::Call { .. } | NodeKind::Partial { .. } => Some("("),
            _ => None,
        }
    }
}

fn each_of_pairs<'n>(pairs: &'n [(Node, Node)], visit: &mut dyn FnMut(&'n Node)) {
    for (key, value) in pairs {
        visit(key);
        visit(value);
    }
}
