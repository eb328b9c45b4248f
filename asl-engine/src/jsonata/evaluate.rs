//! The evaluator: one recursive walk over an expression.
//!
//! JSONata 2.0.6 documentation, "Processing Model", and its reference implementation where the documentation is silent.

use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;

use super::Environment;
use super::apply::with_name;
use super::ast::{LambdaNode, Node, NodeKind, Stage};
use super::datum::{Datum, Flags, Items, Tuple};
use super::error::JsonataError;
use super::function::{Function, Lambda, Scope};
use super::functions;
use crate::json::{MAX_DEPTH, MAX_LEN};
use crate::retry::Random;

/// The stack that one level may need, and how much more is taken when less is left.
const STACK: (usize, usize) = (if cfg!(debug_assertions) { 512 * 1024 } else { 128 * 1024 }, 4 * 1024 * 1024);
/// What an item of a list counts for.
pub(super) const ITEM_BYTES: usize = 24;

const MEMORY: &str = "Expression evaluation memory limit exceeded: Check for excessive memory usage";

/// One evaluation.
pub(super) struct Evaluator<'a> {
    environment: &'a Environment<'a>,
    /// The names under which tuples keep the parents of the slots.
    labels: &'a [Arc<str>],
    depth: usize,
    steps: u64,
    bytes: usize,
    /// The scopes that a function holds: it may stand in one of their variables, and would keep itself alive.
    held: Vec<Rc<Scope>>,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(environment: &'a Environment<'a>, labels: &'a [Arc<str>]) -> Self {
        Self { environment, labels, depth: 0, steps: 0, bytes: 0, held: Vec::new() }
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
        // Where nothing has named the function, nothing has called it by a name.
        result.map_err(|error| with_name(error, "undefined"))
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
        match self.bytes > self.environment.limits.bytes {
            true => Err(JsonataError::new("U1001", MEMORY)),
            false => Ok(()),
        }
    }

    pub(super) fn evaluate(&mut self, node: &Node, input: &Datum, scope: &Rc<Scope>) -> Result<Datum, JsonataError> {
        self.spend(1)?;
        if self.depth >= self.environment.limits.depth {
            let message = "Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive";
            return Err(JsonataError::new("U1001", message).at(node.position));
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
        let flags = result.flags();
        if flags.sequence && !flags.tuples {
            return Ok(settled(result, node.keep_array));
        }
        Ok(result)
    }

    fn bare(&mut self, node: &Node, input: &Datum, scope: &Rc<Scope>) -> Result<Datum, JsonataError> {
        match &node.kind {
            NodeKind::Path { steps, keep_singleton } => self.path(node, steps, *keep_singleton, input, scope),
            NodeKind::Name(name) => self.lookup(input, name),
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
                        let message = format!("Cannot negate a non-numeric value: {}", value.quoted());
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

    /// `$eval`: reads a text and evaluates it on a value, or where it is called.
    pub(super) fn eval(
        &mut self,
        arguments: Vec<Datum>,
        input: &Datum,
        scope: &Rc<Scope>,
    ) -> Result<Datum, JsonataError> {
        let mut arguments = arguments.into_iter();
        let Some(text) = arguments.next().filter(|text| !text.is_undefined()) else { return Ok(Datum::Undefined) };
        let Some(text) = text.as_str() else {
            let message = "Argument 1 of function {{token}} does not match function signature";
            return Err(JsonataError::new("T0410", message));
        };
        let input = match arguments.next() {
            Some(focus) if focus.is_array() && !focus.flags().sequence => {
                Datum::list(vec![focus], Flags { outer: true, ..Flags::SEQUENCE })
            }
            Some(focus) if !focus.is_undefined() => focus,
            _ => input.clone(),
        };
        let expression = super::Jsonata::parse(text).map_err(|error| {
            let inner = super::lexer::quoted(&error.message);
            JsonataError::new("D3120", format!("Syntax error in expression passed to function eval: {inner}"))
        })?;
        let mut inner = Evaluator { labels: &expression.labels, held: Vec::new(), ..*self };
        let result = inner.evaluate(&expression.root, &input, scope);
        self.steps = inner.steps;
        self.bytes = inner.bytes;
        self.held.append(&mut inner.held);
        result.map_err(|error| {
            let inner = super::lexer::quoted(&error.message);
            let message = format!("Dynamic error evaluating the expression passed to function eval: {inner}");
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

    fn variable(&self, name: &str, input: &Datum, scope: &Scope) -> Datum {
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
            .or_else(|| (self.environment.eval && name == "eval").then(|| Datum::function(Function::Eval)))
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

    fn path(
        &mut self,
        node: &Node,
        steps: &[Node],
        keep_singleton: bool,
        input: &Datum,
        scope: &Rc<Scope>,
    ) -> Result<Datum, JsonataError> {
        let absolute = steps.first().is_some_and(|step| matches!(step.kind, NodeKind::Variable(_)));
        let plain = steps.iter().take_while(|step| is_plain(step));
        let (done, mut current) = match input.is_array() && !absolute {
            true => (0, input.clone()),
            false => self.plain_steps(plain, input, scope)?,
        };
        if done == steps.len() && !keep_singleton && node.group.is_none() {
            return Ok(current);
        }
        // From here on there is a sequence at each step.
        if !current.is_array() || absolute && done == 0 {
            current = Datum::sequence(if done > 0 && current.is_undefined() { Vec::new() } else { vec![current] });
        }
        let mut result = current.clone();
        let mut tuples: Option<Datum> = None;
        let mut is_stream = false;
        for (at, step) in steps.iter().enumerate().skip(done) {
            if at == done && done > 0 && result.items().is_none_or(|items| items.len() == 0) {
                result = Datum::sequence(Vec::new());
                break;
            }
            is_stream |= step.tuple;
            if at == 0 && step.cons_array {
                result = self.evaluate(step, &current, scope)?;
            } else if is_stream {
                tuples = Some(self.tuple_step(step, &current, tuples, scope)?);
            } else {
                result = self.step(step, &current, scope, at + 1 == steps.len())?;
            }
            if !is_stream && result.items().is_none_or(|items| items.len() == 0) {
                break;
            }
            if step.focus.is_none() {
                current = result.clone();
            }
        }
        if let Some(tuples) = &tuples {
            result = match node.tuple {
                true => tuples.clone(),
                false => {
                    let values = tuples.items().into_iter().flat_map(Items::iter);
                    Datum::sequence(values.map(|tuple| tuple_value(&tuple)).collect())
                }
            };
        }
        if keep_singleton {
            let flags = result.flags();
            if flags.cons && !flags.sequence {
                result = Datum::sequence(vec![result]);
            }
            result = result.with_flags(|flags| flags.keep_singleton = true);
        }
        if let Some(pairs) = &node.group {
            let grouped = tuples.unwrap_or(result);
            result = self.group(pairs, &grouped, scope, node.position)?;
        }
        Ok(result)
    }

    /// Takes steps that are nothing but names as long as each finds one value: how many, and what the last one found.
    fn plain_steps<'n>(
        &mut self,
        steps: impl Iterator<Item = &'n Node>,
        input: &Datum,
        scope: &Rc<Scope>,
    ) -> Result<(usize, Datum), JsonataError> {
        let mut current = input.clone();
        let mut done = 0;
        for step in steps {
            self.spend(1)?;
            let next = match (&step.kind, current.members()) {
                (NodeKind::Name(name), Some(members)) => members.get(name).unwrap_or(Datum::Undefined),
                (NodeKind::Name(_), None) => Datum::Undefined,
                (NodeKind::Variable(name), _) => self.variable(name, &current, scope),
                _ => break,
            };
            done += 1;
            current = next;
            if current.is_array() || current.is_undefined() {
                break;
            }
        }
        Ok((done, current))
    }

    fn step(&mut self, step: &Node, input: &Datum, scope: &Rc<Scope>, last: bool) -> Result<Datum, JsonataError> {
        if let NodeKind::Sort(terms) = &step.kind {
            let sorted = self.sort(terms, input, scope, step.position)?;
            return self.stages(&step.stages, sorted, scope);
        }
        let mut found = Vec::new();
        for item in input.items().into_iter().flat_map(Items::iter) {
            let mut result = self.evaluate(step, &item, scope)?;
            for stage in &step.stages {
                if let Stage::Filter(predicate) = stage {
                    result = self.filter(predicate, result, scope)?;
                }
            }
            if !result.is_undefined() {
                found.push(result);
            }
        }
        if last
            && let [only] = &found[..]
            && only.is_array()
            && !only.flags().sequence
        {
            return Ok(only.clone());
        }
        let mut items = Vec::with_capacity(found.len());
        for result in found {
            match result.items() {
                Some(inner) if !result.flags().cons => {
                    self.spend(inner.len())?;
                    items.extend(inner.iter());
                }
                _ => items.push(result),
            }
        }
        self.allocate(items.len() * ITEM_BYTES)?;
        Ok(Datum::sequence(items))
    }

    fn stages(&mut self, stages: &[Stage], input: Datum, scope: &Rc<Scope>) -> Result<Datum, JsonataError> {
        let mut result = input;
        for stage in stages {
            result = match stage {
                Stage::Filter(predicate) => self.filter(predicate, result, scope)?,
                Stage::Index(name) => {
                    let flags = result.flags();
                    let numbered = |(at, item): (usize, Datum)| bound(item, name, Datum::Number(at as f64));
                    Datum::list(result.into_items().into_iter().enumerate().map(numbered).collect(), flags)
                }
            };
        }
        Ok(result)
    }

    fn tuple_step(
        &mut self,
        step: &Node,
        input: &Datum,
        tuples: Option<Datum>,
        scope: &Rc<Scope>,
    ) -> Result<Datum, JsonataError> {
        const STREAM: Flags = Flags { tuples: true, ..Flags::SEQUENCE };
        if let NodeKind::Sort(terms) = &step.kind {
            let sorted = match tuples {
                Some(tuples) => self.sort(terms, &tuples, scope, step.position)?,
                None => {
                    let sorted = self.sort(terms, input, scope, step.position)?;
                    let tuple = |(at, value): (usize, Datum)| {
                        let bindings = step.index.iter().map(|name| (name.clone(), Datum::Number(at as f64)));
                        Datum::Tuple(Rc::new(Tuple { value, bindings: bindings.collect() }))
                    };
                    Datum::list(sorted.into_items().into_iter().enumerate().map(tuple).collect(), STREAM)
                }
            };
            return self.stages(&step.stages, sorted, scope);
        }
        let rows: Vec<Datum> = match tuples {
            Some(tuples) => tuples.into_items(),
            None => input.items().into_iter().flat_map(Items::iter).map(tuple).collect(),
        };
        let mut result = Vec::new();
        for row in rows {
            let Datum::Tuple(row) = tuple(row) else { continue };
            let inner = tuple_scope(scope, &row);
            let found = self.evaluate(step, &row.value, &inner)?;
            let is_stream = found.flags().tuples;
            self.allocate(found.items().map_or(1, Items::len) * (ITEM_BYTES + row.bindings.len() * ITEM_BYTES))?;
            for (at, item) in found.into_items().into_iter().enumerate() {
                let mut next = Tuple::clone(&row);
                match item {
                    Datum::Tuple(item) if is_stream => {
                        next.value = item.value.clone();
                        for (name, value) in &item.bindings {
                            next.bind(name, value.clone());
                        }
                    }
                    item => {
                        match &step.focus {
                            Some(focus) => next.bind(focus, item),
                            None => next.value = item,
                        }
                        if let Some(index) = &step.index {
                            next.bind(index, Datum::Number(at as f64));
                        }
                        if let Some(label) = step.ancestor.and_then(|slot| self.labels.get(slot)) {
                            next.bind(label, row.value.clone());
                        }
                    }
                }
                result.push(Datum::Tuple(Rc::new(next)));
            }
        }
        self.stages(&step.stages, Datum::list(result, STREAM), scope)
    }

    fn filter(&mut self, predicate: &Node, input: Datum, scope: &Rc<Scope>) -> Result<Datum, JsonataError> {
        let is_stream = input.flags().tuples;
        let flags = Flags { tuples: is_stream, ..Flags::SEQUENCE };
        let input = match input.is_array() {
            true => input,
            false => Datum::sequence(vec![input]),
        };
        let Some(items) = input.items() else { return Ok(Datum::Undefined) };
        let position = |number: f64| {
            let floor = number.floor();
            let at = if floor < 0.0 { floor + items.len() as f64 } else { floor };
            (at >= 0.0 && at < items.len() as f64).then_some(at as usize)
        };
        if let NodeKind::Literal(crate::value::Value::Number(number)) = &predicate.kind {
            return Ok(match position(number.as_f64()).and_then(|at| items.get(at)) {
                Some(item) if item.is_array() => item,
                Some(item) if !item.is_undefined() => Datum::list(vec![item], flags),
                _ => Datum::list(Vec::new(), flags),
            });
        }
        let mut kept = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let result = match &item {
                Datum::Tuple(row) if is_stream => {
                    let inner = tuple_scope(scope, row);
                    self.evaluate(predicate, &row.value, &inner)?
                }
                _ => self.evaluate(predicate, &item, scope)?,
            };
            let numbers = match self.numeric(&result)? {
                Some(number) => Some(vec![number]),
                None => self.numbers(&result)?,
            };
            match numbers {
                Some(numbers) => {
                    self.spend(numbers.len())?;
                    let times = numbers.into_iter().filter(|number| position(*number) == Some(index)).count();
                    kept.extend(std::iter::repeat_n(item, times));
                }
                None if self.is_true(&result)? => kept.push(item),
                None => {}
            }
        }
        self.allocate(kept.len() * ITEM_BYTES)?;
        Ok(Datum::list(kept, flags))
    }

    /// The numbers of an array of nothing else.
    fn numbers(&self, value: &Datum) -> Result<Option<Vec<f64>>, JsonataError> {
        let Some(items) = value.items() else { return Ok(None) };
        let mut numbers = Vec::with_capacity(items.len());
        for item in items.iter() {
            match self.numeric(&item)? {
                Some(number) => numbers.push(number),
                None => return Ok(None),
            }
        }
        Ok(Some(numbers))
    }

    /// The member `name`, of each item where the input is an array.
    fn lookup(&mut self, input: &Datum, name: &str) -> Result<Datum, JsonataError> {
        if let Some(members) = input.members() {
            return Ok(members.get(name).unwrap_or(Datum::Undefined));
        }
        let Some(items) = input.items() else { return Ok(Datum::Undefined) };
        self.spend(items.len())?;
        let mut found = Vec::new();
        for item in items.iter() {
            match self.lookup(&item, name)? {
                Datum::Undefined => {}
                value => found.extend(value.into_items()),
            }
        }
        self.allocate(found.len() * ITEM_BYTES)?;
        Ok(Datum::sequence(found))
    }

    fn wildcard(&mut self, input: &Datum) -> Result<Datum, JsonataError> {
        let first = match input {
            Datum::List(list) if list.flags.outer => list.items.first().cloned(),
            _ => None,
        };
        let input = first.as_ref().unwrap_or(input);
        let values: Vec<Datum> = match (input.items(), input.members()) {
            (Some(items), _) => items.iter().collect(),
            (None, Some(members)) => members.iter().map(|(_, value)| value).collect(),
            (None, None) => Vec::new(),
        };
        // Once an array has been taken apart, the whole is no sequence any more.
        let mut flags = Flags::SEQUENCE;
        let mut found = Vec::with_capacity(values.len());
        for value in values {
            if value.is_array() {
                flags = Flags::default();
                self.flatten(&value, &mut found)?;
            } else {
                found.push(value);
            }
        }
        self.spend(found.len())?;
        self.allocate(found.len() * ITEM_BYTES)?;
        Ok(Datum::list(found, flags))
    }

    fn flatten(&mut self, value: &Datum, found: &mut Vec<Datum>) -> Result<(), JsonataError> {
        let Some(items) = value.items() else {
            found.push(value.clone());
            return Ok(());
        };
        self.spend(items.len())?;
        items.iter().try_for_each(|item| self.flatten(&item, found))
    }

    fn descendants(&mut self, input: &Datum) -> Result<Datum, JsonataError> {
        if input.is_undefined() {
            return Ok(Datum::Undefined);
        }
        let mut found = Vec::new();
        self.descend(input, &mut found)?;
        self.allocate(found.len() * ITEM_BYTES)?;
        match &found[..] {
            [only] => Ok(only.clone()),
            _ => Ok(Datum::sequence(found)),
        }
    }

    fn descend(&mut self, value: &Datum, found: &mut Vec<Datum>) -> Result<(), JsonataError> {
        self.spend(1)?;
        if let Some(items) = value.items() {
            return items.iter().try_for_each(|item| self.descend(&item, found));
        }
        found.push(value.clone());
        match value.members() {
            Some(members) => members.iter().try_for_each(|(_, member)| self.descend(&member, found)),
            None => Ok(()),
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

    /// Groups items by the keys that they give, and evaluates the value of each group.
    fn group(
        &mut self,
        pairs: &[(Node, Node)],
        input: &Datum,
        scope: &Rc<Scope>,
        position: usize,
    ) -> Result<Datum, JsonataError> {
        let is_stream = input.flags().tuples;
        let mut items: Vec<Datum> = match input.items() {
            Some(items) => items.iter().collect(),
            None => vec![input.clone()],
        };
        if items.is_empty() {
            items.push(Datum::Undefined);
        }
        let mut groups: IndexMap<Arc<str>, (usize, Vec<Datum>)> = IndexMap::new();
        for item in items {
            let (context, inner) = match &item {
                Datum::Tuple(row) if is_stream => (row.value.clone(), tuple_scope(scope, row)),
                _ => (item.clone(), scope.clone()),
            };
            for (at, (key, _)) in pairs.iter().enumerate() {
                let key = self.evaluate(key, &context, &inner)?;
                let Some(name) = key.as_str() else {
                    if key.is_undefined() {
                        continue;
                    }
                    let message = format!("Key in object structure must evaluate to a string; got: {}", key.quoted());
                    return Err(JsonataError::new("T1003", message).at(position));
                };
                self.spend(name.len() / 16)?;
                match groups.get_mut(name) {
                    None => {
                        groups.insert(name.clone(), (at, vec![item.clone()]));
                    }
                    Some((first, data)) if *first == at => data.push(item.clone()),
                    Some(_) => {
                        let message = format!("Multiple key definitions evaluate to same key: {}", key.quoted());
                        return Err(JsonataError::new("D1009", message).at(position));
                    }
                }
            }
        }
        self.allocate(groups.len() * ITEM_BYTES)?;
        let mut result = IndexMap::with_capacity(groups.len());
        for (name, (at, data)) in groups {
            let (context, inner) = match is_stream {
                true => {
                    let row = reduced(data);
                    let inner = tuple_scope(scope, &row);
                    (row.value, inner)
                }
                false => (appended(data), scope.clone()),
            };
            let value = self.evaluate(&pairs[at].1, &context, &inner)?;
            if !value.is_undefined() {
                result.insert(name, value);
            }
        }
        Ok(Datum::object(result))
    }
}

/// A value that is no deeper and no larger than anything may be; parts that it shares with itself count each time.
pub(super) fn bounded(value: Datum) -> Result<Datum, JsonataError> {
    if value.depth() > MAX_DEPTH {
        return Err(JsonataError::new("U1001", format!("The data nests deeper than {MAX_DEPTH} levels")));
    }
    match value.weight() > MAX_LEN {
        true => Err(JsonataError::new("U1001", MEMORY)),
        false => Ok(value),
    }
}

/// Whether a step is nothing but a name or a variable.
fn is_plain(step: &Node) -> bool {
    matches!(step.kind, NodeKind::Name(_) | NodeKind::Variable(_))
        && step.predicates.is_empty()
        && step.stages.is_empty()
        && step.group.is_none()
        && !step.keep_array
        && !step.tuple
}

/// A sequence as the value that it stands for.
fn settled(sequence: Datum, keep_array: bool) -> Datum {
    let sequence = match keep_array {
        true => sequence.with_flags(|flags| flags.keep_singleton = true),
        false => sequence,
    };
    let Datum::List(list) = &sequence else { return sequence };
    match &list.items[..] {
        [] => Datum::Undefined,
        [only] if !list.flags.keep_singleton => only.clone(),
        _ => sequence,
    }
}

/// A value as a tuple without variables, unless it is one.
fn tuple(value: Datum) -> Datum {
    match value {
        Datum::Tuple(_) => value,
        value => Datum::Tuple(Rc::new(Tuple { value, bindings: Vec::new() })),
    }
}

fn tuple_value(datum: &Datum) -> Datum {
    match datum {
        Datum::Tuple(tuple) => tuple.value.clone(),
        other => other.clone(),
    }
}

/// A tuple with one more variable.
fn bound(datum: Datum, name: &Arc<str>, value: Datum) -> Datum {
    match datum {
        Datum::Tuple(tuple) => {
            let mut tuple = Tuple::clone(&tuple);
            tuple.bind(name, value);
            Datum::Tuple(Rc::new(tuple))
        }
        other => other,
    }
}

/// A scope with the variables of a tuple.
pub(super) fn tuple_scope(scope: &Rc<Scope>, row: &Tuple) -> Rc<Scope> {
    if row.bindings.is_empty() {
        return scope.clone();
    }
    let inner = Scope::inside(scope);
    *inner.variables.borrow_mut() = row.bindings.clone();
    inner
}

/// Several values in one: the only one, or an array of all items of all.
fn appended(values: Vec<Datum>) -> Datum {
    match <[Datum; 1]>::try_from(values) {
        Ok([only]) => only,
        Err(values) => Datum::array(values.into_iter().flat_map(Datum::into_items).collect()),
    }
}

/// All tuples of a group in one.
fn reduced(rows: Vec<Datum>) -> Tuple {
    let mut values = Vec::with_capacity(rows.len());
    let mut bindings: IndexMap<Arc<str>, Vec<Datum>> = IndexMap::new();
    for row in rows {
        let Datum::Tuple(row) = tuple(row) else { continue };
        values.push(row.value.clone());
        for (name, value) in &row.bindings {
            bindings.entry(name.clone()).or_default().push(value.clone());
        }
    }
    let bindings = bindings.into_iter().map(|(name, values)| (name, appended(values))).collect();
    Tuple { value: appended(values), bindings }
}
