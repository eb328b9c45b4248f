//! The evaluator: one recursive walk over an expression.
//!
//! JSONata 2.0.6 documentation, "Processing Model", and its reference implementation where the documentation is silent.

use std::rc::Rc;
use std::sync::Arc;

use super::ast::{LambdaNode, Node, NodeKind};
use super::call::nameless;
use super::datum::{Datum, Flags};
use super::error::JsonataError;
use super::function::{Function, Lambda, Scope};
use super::functions;
use super::notes::Notes;
use super::quote::quoted;
use super::{Environment, JsonataFlavour};
use crate::json::{MAX_DEPTH, MAX_LEN};
use crate::retry::Random;
use crate::value::Value;

/// The stack that one level may need, and how much more is taken when less is left.
const STACK: (usize, usize) = (if cfg!(debug_assertions) { 512 * 1024 } else { 128 * 1024 }, 4 * 1024 * 1024);
/// What an item of a list counts for.
pub(super) const ITEM_BYTES: usize = 24;
/// What an evaluation takes beside its values: on AWS there is room for 873,782 numbers, and not for one more.
const OWN_BYTES: usize = 744;

/// One evaluation.
pub(super) struct Evaluator<'a> {
    environment: &'a Environment<'a>,
    /// The names under which tuples keep the parents of the slots.
    pub(super) labels: &'a [Arc<str>],
    pub(super) depth: usize,
    /// The depth from which on a node is not evaluated at once: the bound, or 0 where notes are taken.
    watched_from: usize,
    /// What is told of every node that is evaluated.
    pub(super) notes: Option<&'a Notes>,
    pub(super) steps: u64,
    bytes: usize,
    /// Where the innermost call stands, which is where `$eval` evaluates.
    pub(super) calling: Rc<Scope>,
    /// The scopes that a function holds: it may stand in one of their variables, and would keep itself alive.
    held: Vec<Rc<Scope>>,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(environment: &'a Environment<'a>, labels: &'a [Arc<str>]) -> Self {
        let watched_from = environment.limits.depth;
        let (calling, held) = (Rc::default(), Vec::new());
        Self { environment, labels, depth: 0, watched_from, notes: None, steps: 0, bytes: 0, calling, held }
    }

    /// An evaluation of which notes are taken.
    pub(super) fn noting(environment: &'a Environment<'a>, labels: &'a [Arc<str>], notes: &'a Notes) -> Self {
        Self { watched_from: 0, notes: Some(notes), ..Self::new(environment, labels) }
    }

    /// Evaluates a whole expression.
    pub(super) fn run(&mut self, root: &Node) -> Result<Datum, JsonataError> {
        let input = self.environment.input.clone().map_or(Datum::Undefined, Datum::Json);
        let scope = Rc::new(Scope::default());
        scope.bind(&"$".into(), input.clone());
        let input = match input.is_array() {
            true => Datum::list(vec![input], Flags { outer: true, ..Flags::SEQUENCE }),
            false => input,
        };
        let result = self.evaluate(root, &input, &scope);
        // A function may stand in any scope around the one that it was made in.
        for scope in &self.held {
            let mut around = Some(scope);
            while let Some(scope) = around {
                scope.variables.take();
                around = scope.parent.as_ref();
            }
        }
        self.held.clear();
        result.map_err(nameless)
    }

    /// Whether it is the reference implementation that counts, not AWS.
    pub(super) fn is_reference(&self) -> bool {
        self.environment.flavour == JsonataFlavour::Reference
    }

    pub(super) fn now_millis(&self) -> i64 {
        self.environment.now.0
    }

    pub(super) fn random(&self) -> &Random {
        self.environment.random
    }

    /// Takes note of work. Work is counted instead of timed, so that the same expression always ends the same way.
    pub(super) fn spend(&mut self, steps: usize) -> Result<(), JsonataError> {
        self.steps = self.steps.saturating_add(steps as u64);
        match self.steps > self.environment.limits.steps {
            true => Err(JsonataError::new("U1001", "Expression evaluation timeout: Check for infinite loop")),
            false => Ok(()),
        }
    }

    /// Takes note of memory, before it is used.
    pub(super) fn allocate(&mut self, bytes: usize) -> Result<(), JsonataError> {
        self.bytes = self.bytes.saturating_add(bytes);
        let limits = &self.environment.limits;
        match bytes.saturating_add(OWN_BYTES) > limits.bytes || self.bytes > limits.total_bytes {
            true => Err(too_large()),
            false => Ok(()),
        }
    }

    pub(super) fn evaluate(&mut self, node: &Node, input: &Datum, scope: &Rc<Scope>) -> Result<Datum, JsonataError> {
        self.spend(1)?;
        // Whether notes are taken is not asked apart, so that it costs nothing where they are not.
        if self.depth >= self.watched_from {
            return self.watched(node, input, scope);
        }
        self.evaluate_node(node, input, scope)
    }

    /// A node that is too deep, or of which notes are taken.
    #[cold]
    fn watched(&mut self, node: &Node, input: &Datum, scope: &Rc<Scope>) -> Result<Datum, JsonataError> {
        if self.depth >= self.environment.limits.depth {
            let message = "Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive";
            return Err(JsonataError::new("U1001", message).at(node.position));
        }
        let Some(notes) = self.notes else { return self.evaluate_node(node, input, scope) };
        self.note_plain_steps(notes, node, input, scope);
        let result = self.evaluate_node(node, input, scope);
        notes.take(node, result.as_ref().ok());
        result
    }

    #[inline(always)]
    fn evaluate_node(&mut self, node: &Node, input: &Datum, scope: &Rc<Scope>) -> Result<Datum, JsonataError> {
        let is_leaf = match node.kind {
            NodeKind::Literal(_) | NodeKind::Variable(_) => true,
            NodeKind::Name(_) => !input.is_array(),
            _ => false,
        };
        // Nothing is below it that would need more of the stack.
        if is_leaf && node.predicates.is_empty() && node.group.is_none() {
            let value = self.bare(node, input, scope)?;
            return bounded(settled(value, node.keep_array));
        }
        self.depth += 1;
        let result = stacker::maybe_grow(STACK.0, STACK.1, || self.whole(node, input, scope));
        self.depth -= 1;
        bounded(result?)
    }

    /// Whether a value counts as true.
    pub(super) fn is_true(&mut self, value: &Datum) -> Result<bool, JsonataError> {
        Ok(functions::boolean(self, value)? == Some(true))
    }

    /// A node with its predicates and its group.
    fn whole(&mut self, node: &Node, input: &Datum, scope: &Rc<Scope>) -> Result<Datum, JsonataError> {
        let mut result = self.bare(node, input, scope)?;
        for predicate in &node.predicates {
            result = self.filter(predicate, result, scope)?;
        }
        if let Some(pairs) = &node.group
            && !matches!(node.kind, NodeKind::Path { .. })
        {
            result = self.group(pairs, &result, scope, node.position)?;
        }
        Ok(settled(result, node.keep_array))
    }

    fn bare(&mut self, node: &Node, input: &Datum, scope: &Rc<Scope>) -> Result<Datum, JsonataError> {
        match &node.kind {
            NodeKind::Path { steps, keep_singleton } => self.path(node, steps, *keep_singleton, input, scope),
            NodeKind::Name(name) => self.lookup(input, name),
            // Zero may be negative, which JSON does not tell, but a division by it.
            NodeKind::Literal(Value::Number(number)) if number.as_f64() == 0.0 => Ok(Datum::Number(number.as_f64())),
            NodeKind::Literal(value) => Ok(Datum::Json(value.clone())),
            NodeKind::Wildcard => self.wildcard(input),
            NodeKind::Descendant => self.descendants(input),
            NodeKind::Parent(slot) => {
                Ok(self.labels.get(*slot).and_then(|label| scope.find(label)).unwrap_or(Datum::Undefined))
            }
            NodeKind::Variable(name) => Ok(self.variable(name, input, scope)),
            NodeKind::Regex(regex) => Ok(Datum::function(Function::Regex(regex.clone()))),
            NodeKind::Negate(inner) => {
                let value = self.evaluate(inner, input, scope)?;
                match self.numeric(&value)? {
                    Some(number) => Ok(Datum::Number(-number)),
                    None if value.is_undefined() => Ok(Datum::Undefined),
                    None => {
                        let value = functions::json(self, &value)?;
                        let message = format!("Cannot negate a non-numeric value: {value}");
                        Err(JsonataError::new("D1002", message).at(node.position))
                    }
                }
            }
            NodeKind::Binary(operator, left, right) => self.binary(node, *operator, (left, right), input, scope),
            NodeKind::Array(items) => self.array(node, items, input, scope),
            NodeKind::Object(pairs) => self.group(pairs, input, scope, node.position),
            NodeKind::Block(items) => {
                let inner = Scope::inside(scope);
                let mut result = Datum::Undefined;
                for item in items {
                    result = self.evaluate(item, input, &inner)?;
                }
                Ok(result)
            }
            NodeKind::Bind(name, value) => {
                let value = self.evaluate(value, input, scope)?;
                scope.bind(name, value.clone());
                Ok(value)
            }
            NodeKind::Condition { condition, then, otherwise } => {
                let condition = self.evaluate(condition, input, scope)?;
                match (self.is_true(&condition)?, otherwise) {
                    (true, _) => self.evaluate(then, input, scope),
                    (_, Some(otherwise)) => self.evaluate(otherwise, input, scope),
                    (_, None) => Ok(Datum::Undefined),
                }
            }
            NodeKind::Call { procedure, arguments } => self.call_node(node, procedure, arguments, input, scope, None),
            NodeKind::Partial { procedure, arguments } => self.partial(node, procedure, arguments, input, scope),
            NodeKind::Lambda(lambda) => self.lambda(lambda, input, scope),
            NodeKind::Apply(left, right) => self.apply(node, left, right, input, scope),
            NodeKind::Transform(transform) => {
                self.hold(scope)?;
                Ok(Datum::function(Function::Transform { node: transform.clone(), scope: scope.clone() }))
            }
            NodeKind::Sort(_) => Ok(Datum::Undefined),
        }
    }

    /// `$eval`: reads a text and evaluates it on a value, or on that of the call.
    pub(super) fn eval(&mut self, arguments: Vec<Datum>, input: &Datum) -> Result<Datum, JsonataError> {
        let mut arguments = arguments.into_iter();
        let text = arguments.next().unwrap_or(Datum::Undefined);
        let Some(text) = text.as_str() else { return Ok(Datum::Undefined) };
        let input = match arguments.next() {
            Some(focus) if focus.is_array() && !focus.flags().sequence => {
                Datum::list(vec![focus], Flags { outer: true, ..Flags::SEQUENCE })
            }
            Some(focus) if !focus.is_undefined() => focus,
            _ => input.clone(),
        };
        self.spend(text.len())?;
        let expression = super::Jsonata::parse(text).map_err(|error| {
            let message = format!("Syntax error in expression passed to function eval: {}", excerpt(error));
            JsonataError::new("D3120", message)
        })?;
        let scope = self.calling.clone();
        let mut inner = Evaluator { labels: &expression.labels, calling: scope.clone(), held: Vec::new(), ..*self };
        let result = inner.evaluate(&expression.root, &input, &scope);
        self.steps = inner.steps;
        self.bytes = inner.bytes;
        self.held.append(&mut inner.held);
        result.map_err(|error| {
            let message =
                format!("Dynamic error evaluating the expression passed to function eval: {}", excerpt(error));
            JsonataError::new("D3121", message)
        })
    }

    /// Keeps a scope until the evaluation ends, because a function refers to it.
    fn hold(&mut self, scope: &Rc<Scope>) -> Result<(), JsonataError> {
        if !self.held.last().is_some_and(|last| Rc::ptr_eq(last, scope)) {
            self.allocate(64)?;
            self.held.push(scope.clone());
        }
        Ok(())
    }

    fn lambda(&mut self, node: &Arc<LambdaNode>, input: &Datum, scope: &Rc<Scope>) -> Result<Datum, JsonataError> {
        if !node.thunk {
            self.hold(scope)?;
        }
        Ok(Datum::function(Function::Lambda(Lambda {
            parameters: node.parameters.clone(),
            signature: node.signature.clone(),
            body: node.body.clone(),
            scope: scope.clone(),
            input: input.clone(),
            thunk: node.thunk,
        })))
    }

    pub(super) fn variable(&self, name: &str, input: &Datum, scope: &Scope) -> Datum {
        if name.is_empty() {
            return match input {
                Datum::List(list) if list.flags.outer => list.items.first().cloned().unwrap_or(Datum::Undefined),
                _ => input.clone(),
            };
        }
        self.find(name, scope).unwrap_or(Datum::Undefined)
    }

    /// A variable of the expression, then one from outside, then a function of the language.
    pub(super) fn find(&self, name: &str, scope: &Scope) -> Option<Datum> {
        scope
            .find(name)
            .or_else(|| (self.environment.variable)(name).map(Datum::Json))
            .or_else(|| (self.is_reference() && name == "eval").then(|| Datum::function(Function::Eval)))
            .or_else(|| functions::find(name).map(|native| Datum::function(Function::Native(native))))
    }

    /// A number that is one; infinity is an error.
    pub(super) fn numeric(&self, value: &Datum) -> Result<Option<f64>, JsonataError> {
        match value.as_f64() {
            Some(number) if number.is_infinite() => Err(JsonataError::new("D1001", "Number out of range: null")),
            Some(number) if number.is_nan() => Ok(None),
            number => Ok(number),
        }
    }

    fn array(&mut self, node: &Node, items: &[Node], input: &Datum, scope: &Rc<Scope>) -> Result<Datum, JsonataError> {
        let mut result = Vec::with_capacity(items.len());
        for item in items {
            let value = self.evaluate(item, input, scope)?;
            match &item.kind {
                _ if value.is_undefined() => {}
                NodeKind::Array(_) => result.push(value),
                _ => result.extend(value.into_items()),
            }
        }
        self.allocate(result.len() * ITEM_BYTES)?;
        Ok(Datum::list(result, if node.cons_array { Flags::CONS } else { Flags::default() }))
    }
}

/// A value that is no deeper and no larger than anything may be; parts that it shares with itself count each time.
#[inline]
pub(super) fn bounded(value: Datum) -> Result<Datum, JsonataError> {
    if let Datum::Undefined | Datum::Number(_) | Datum::Json(Value::Null | Value::Bool(_) | Value::Number(_)) = value {
        return Ok(value);
    }
    if value.depth() > MAX_DEPTH {
        return Err(too_deep());
    }
    if value.weight() > MAX_LEN { Err(too_large()) } else { Ok(value) }
}

fn too_large() -> JsonataError {
    JsonataError::new("U1001", "Expression evaluation memory limit exceeded: Check for excessive memory usage")
}

pub(super) fn too_deep() -> JsonataError {
    JsonataError::new("U1001", format!("The data nests deeper than {MAX_DEPTH} levels"))
}

/// The message of an error inside of `$eval`. Not all of a long one: quoting doubles it, and again in each `$eval` around.
fn excerpt(error: JsonataError) -> String {
    const MOST: usize = 10_000;
    let message = nameless(error).message;
    let end = message.char_indices().map(|(at, _)| at).find(|at| *at >= MOST).unwrap_or(message.len());
    quoted(&message[..end])
}

/// A sequence as the value that it stands for; any other value as it is.
pub(super) fn settled(value: Datum, keep_array: bool) -> Datum {
    let value = match keep_array && value.flags().sequence {
        true => value.with_flags(|flags| flags.keep_singleton = true),
        false => value,
    };
    let Datum::List(list) = &value else { return value };
    match &list.items[..] {
        _ if !list.flags.sequence || list.flags.tuples => value,
        [] => Datum::Undefined,
        [only] if !list.flags.keep_singleton => only.clone(),
        _ => value,
    }
}
