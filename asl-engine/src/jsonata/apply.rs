//! Functions and operators at work.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use super::ast::{Node, NodeKind, Operator, Term, TransformNode};
use super::datum::{Datum, Items, Kind};
use super::error::JsonataError;
use super::evaluate::{Evaluator, ITEM_BYTES, bounded, tuple_scope};
use super::function::{Function, Lambda, Native, Scope};
use super::functions;
use super::lexer::quoted;
use super::regex;
use super::signature::Signature;
use crate::value::{Array, Object, Value};

/// The range operator gives so many numbers at most.
const MOST_NUMBERS: f64 = 1e7;

static TRANSFORM: LazyLock<Option<Signature>> = LazyLock::new(|| Signature::parse("<(oa):o>").ok());

impl Evaluator<'_> {
    pub(super) fn binary(
        &mut self,
        node: &Node,
        operator: Operator,
        (left, right): (&Node, &Node),
        input: &Datum,
        scope: &Rc<Scope>,
    ) -> Result<Datum, JsonataError> {
        let left = self.evaluate(left, input, scope)?;
        if let Operator::And | Operator::Or = operator
            && self.is_true(&left)? == (operator == Operator::Or)
        {
            return Ok(Datum::boolean(operator == Operator::Or));
        }
        let right = self.evaluate(right, input, scope)?;
        match operator {
            Operator::And | Operator::Or => Ok(Datum::boolean(self.is_true(&right)?)),
            _ => self.operate(operator, left, right).map_err(|error| error.at(node.position)),
        }
    }

    fn operate(&mut self, operator: Operator, left: Datum, right: Datum) -> Result<Datum, JsonataError> {
        use Operator::{Add, Divide, Multiply, Remainder, Subtract};
        match operator {
            Add | Subtract | Multiply | Divide | Remainder => {
                let (left, right) = (self.operand(operator, &left, false)?, self.operand(operator, &right, true)?);
                let (Some(left), Some(right)) = (left, right) else { return Ok(Datum::Undefined) };
                Ok(Datum::Number(match operator {
                    Add => left + right,
                    Subtract => left - right,
                    Multiply => left * right,
                    Divide => left / right,
                    _ => left % right,
                }))
            }
            Operator::Equal | Operator::NotEqual => {
                if left.is_undefined() || right.is_undefined() {
                    return Ok(Datum::boolean(false));
                }
                Ok(Datum::boolean(functions::equal(self, &left, &right)? == (operator == Operator::Equal)))
            }
            Operator::Concatenate => {
                let mut text = functions::string(self, &left, false)?.unwrap_or_default();
                let more = functions::string(self, &right, false)?.unwrap_or_default();
                self.allocate((text.len() + more.len()) * 2)?;
                text.push_str(&more);
                Ok(Datum::string(text))
            }
            Operator::Range => self.range(&left, &right),
            Operator::In => {
                if left.is_undefined() || right.is_undefined() {
                    return Ok(Datum::boolean(false));
                }
                let items = right.into_items();
                self.spend(items.len() * (1 + left.as_str().map_or(0, |text| text.len() / 64)))?;
                Ok(Datum::boolean(items.iter().any(|item| is_same(item, &left))))
            }
            _ => {
                self.spend(left.as_str().map_or(0, |text| text.len() / 64))?;
                compare(operator, &left, &right)
            }
        }
    }

    /// A side of an arithmetic operator; `None` where there is nothing.
    fn operand(&self, operator: Operator, value: &Datum, is_right: bool) -> Result<Option<f64>, JsonataError> {
        if value.is_undefined() {
            return Ok(None);
        }
        let (code, side) = if is_right { ("T2002", "right") } else { ("T2001", "left") };
        let number = self.numeric(value)?.ok_or_else(|| {
            let operator = quoted(operator.text());
            JsonataError::new(code, format!("The {side} side of the {operator} operator must evaluate to a number"))
        })?;
        Ok(Some(number))
    }

    fn range(&mut self, left: &Datum, right: &Datum) -> Result<Datum, JsonataError> {
        let end = |value: &Datum, code, side: &str| match value.as_f64() {
            _ if value.is_undefined() => Ok(None),
            Some(number) if number.fract() == 0.0 => Ok(Some(number)),
            _ => {
                let message = format!("The {side} side of the range operator (..) must evaluate to an integer");
                Err(JsonataError::new(code, message))
            }
        };
        let (left, right) = (end(left, "T2003", "left")?, end(right, "T2004", "right")?);
        let (Some(left), Some(right)) = (left, right) else { return Ok(Datum::Undefined) };
        if left > right {
            return Ok(Datum::Undefined);
        }
        let count = right - left + 1.0;
        if count > MOST_NUMBERS {
            let message = format!(
                "The size of the sequence allocated by the range operator (..) must not exceed 1e6.  Attempted to allocate {}.",
                Datum::Number(count).quoted()
            );
            return Err(JsonataError::new("D2014", message));
        }
        let count = count as usize;
        self.spend(count / 8)?;
        self.allocate(count * ITEM_BYTES)?;
        Ok(Datum::sequence((0..count).map(|at| Datum::Number(left + at as f64)).collect()))
    }

    pub(super) fn call_node(
        &mut self,
        node: &Node,
        procedure: &Node,
        arguments: &[Node],
        input: &Datum,
        scope: &Rc<Scope>,
        first: Option<Datum>,
    ) -> Result<Datum, JsonataError> {
        let function = self.evaluate(procedure, input, scope)?;
        if function.is_undefined()
            && let Some(name) = self.misspelt(procedure, scope)
        {
            let message = format!("Attempted to invoke a non-function. Did you mean ${name}?");
            return Err(JsonataError::new("T1005", message).at(node.position));
        }
        let mut values: Vec<Datum> = Vec::with_capacity(arguments.len() + 1);
        values.extend(first);
        for argument in arguments {
            values.push(self.evaluate(argument, input, scope)?);
        }
        let result = match function.as_function().map(|function| &**function) {
            Some(Function::Eval) => self.eval(values, input, scope),
            _ => self.invoke(&function, values, input),
        };
        result.map_err(|error| named(error, procedure).at(node.position))
    }

    /// The name of a function that was called without its `$`.
    fn misspelt<'n>(&self, procedure: &'n Node, scope: &Scope) -> Option<&'n Arc<str>> {
        let NodeKind::Path { steps, .. } = &procedure.kind else { return None };
        let NodeKind::Name(name) = &steps.first()?.kind else { return None };
        self.find(name, scope).map(|_| name)
    }

    /// Calls a function from another one, without a context.
    pub(super) fn call(&mut self, function: &Datum, arguments: Vec<Datum>) -> Result<Datum, JsonataError> {
        self.invoke(function, arguments, &Datum::NULL).map_err(|error| match function.as_function().map(|f| &**f) {
            Some(Function::Native(native)) => with_name(error, &quoted(native.name)),
            _ => error,
        })
    }

    /// Calls a function, and whatever it calls in tail position. `context` stands in for an argument that the function takes
    /// from where it is called.
    fn invoke(&mut self, function: &Datum, arguments: Vec<Datum>, context: &Datum) -> Result<Datum, JsonataError> {
        let mut result = self.invoke_once(function, arguments, context)?;
        loop {
            let Datum::Function(made) = &result else { return Ok(result) };
            let Function::Lambda(Lambda { thunk: true, body, scope, input, .. }) = &**made else { return Ok(result) };
            let NodeKind::Call { procedure, arguments } = &body.kind else { return Ok(result) };
            let next = self.evaluate(procedure, input, scope)?;
            let mut values = Vec::with_capacity(arguments.len());
            for argument in arguments {
                values.push(self.evaluate(argument, input, scope)?);
            }
            let called = self.invoke_once(&next, values, context);
            result = called.map_err(|error| named(error, procedure).at(procedure.position))?;
        }
    }

    fn invoke_once(&mut self, function: &Datum, arguments: Vec<Datum>, context: &Datum) -> Result<Datum, JsonataError> {
        let Some(function) = function.as_function() else {
            return Err(JsonataError::new("T1006", "Attempted to invoke a non-function"));
        };
        self.spend(1)?;
        match &**function {
            Function::Native(native) => self.run_native(native, arguments, context),
            Function::Lambda(lambda) => {
                let arguments = match &lambda.signature {
                    Some(signature) => signature.validate(arguments, context)?,
                    None => arguments,
                };
                self.run_lambda(lambda, arguments)
            }
            Function::Partial { function, arguments: given, .. } => {
                let mut rest = arguments.into_iter();
                let fill = |given: &Option<Datum>| match given {
                    Some(given) => given.clone(),
                    None => rest.next().unwrap_or(Datum::Undefined),
                };
                let arguments = given.iter().map(fill).collect();
                match function.as_function().map(|function| &**function) {
                    Some(Function::Lambda(lambda)) => self.run_lambda(lambda, arguments),
                    _ => self.invoke_once(function, arguments, context),
                }
            }
            Function::Chain { first, second, .. } => {
                let between = self.call(first, arguments)?;
                self.call(second, vec![between])
            }
            Function::Regex(regex) => {
                let Some(text) = arguments.first().and_then(Datum::as_str) else { return Ok(Datum::Undefined) };
                let from = arguments.get(1).and_then(Datum::as_f64).unwrap_or(0.0);
                regex::call(self, regex, text, from as usize)
            }
            // Only a call has a place where the text can be evaluated.
            Function::Eval => Err(JsonataError::new("T1006", "Attempted to invoke a non-function")),
            Function::NextMatch { regex, text, from } => regex::next(self, regex, text, *from),
            Function::Transform { node, scope } => {
                let arguments = match &*TRANSFORM {
                    Some(signature) => signature.validate(arguments, context)?,
                    None => arguments,
                };
                let value = arguments.into_iter().next().unwrap_or(Datum::Undefined);
                self.transform(node, value, scope)
            }
        }
    }

    fn run_native(&mut self, native: &Native, arguments: Vec<Datum>, context: &Datum) -> Result<Datum, JsonataError> {
        let arguments = native.signature.validate(arguments, context)?;
        // A function may call another one without any expression in between.
        bounded(stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, || (native.run)(self, arguments))?)
    }

    fn run_lambda(&mut self, lambda: &Lambda, arguments: Vec<Datum>) -> Result<Datum, JsonataError> {
        let scope = Scope::inside(&lambda.scope);
        let mut arguments = arguments.into_iter();
        for name in lambda.parameters.iter() {
            scope.bind(name, arguments.next().unwrap_or(Datum::Undefined));
        }
        self.evaluate(&lambda.body, &lambda.input, &scope)
    }

    pub(super) fn partial(
        &mut self,
        node: &Node,
        procedure: &Node,
        arguments: &[Option<Node>],
        input: &Datum,
        scope: &Rc<Scope>,
    ) -> Result<Datum, JsonataError> {
        let mut given = Vec::with_capacity(arguments.len());
        for argument in arguments {
            given.push(match argument {
                Some(argument) => Some(self.evaluate(argument, input, scope)?),
                None => None,
            });
        }
        let function = self.evaluate(procedure, input, scope)?;
        if function.as_function().is_none() {
            let error = match self.misspelt(procedure, scope) {
                Some(name) if function.is_undefined() => JsonataError::new(
                    "T1007",
                    format!("Attempted to partially apply a non-function. Did you mean ${name}?"),
                ),
                _ => JsonataError::new("T1008", "Attempted to partially apply a non-function"),
            };
            return Err(error.at(node.position));
        }
        let inner = given.iter().flatten().map(Datum::depth).max().unwrap_or(0).max(function.depth());
        Ok(Datum::function(Function::Partial { function, arguments: given, depth: inner + 1 }))
    }

    pub(super) fn apply(
        &mut self,
        node: &Node,
        left: &Node,
        right: &Node,
        input: &Datum,
        scope: &Rc<Scope>,
    ) -> Result<Datum, JsonataError> {
        let value = self.evaluate(left, input, scope)?;
        if let NodeKind::Call { procedure, arguments } = &right.kind {
            return self.call_node(right, procedure, arguments, input, scope, Some(value));
        }
        let function = self.evaluate(right, input, scope)?;
        if function.as_function().is_none() {
            let message = "The right side of the function application operator ~> must be a function";
            return Err(JsonataError::new("T2006", message).at(node.position));
        }
        if value.as_function().is_some() {
            let depth = 1 + value.depth().max(function.depth());
            return Ok(Datum::function(Function::Chain { first: value, second: function, depth }));
        }
        self.call(&function, vec![value])
    }

    pub(super) fn sort(
        &mut self,
        terms: &[Term],
        input: &Datum,
        scope: &Rc<Scope>,
        position: usize,
    ) -> Result<Datum, JsonataError> {
        let items: Vec<Datum> = input.items().into_iter().flat_map(Items::iter).collect();
        if items.len() <= 1 {
            return Ok(input.clone().with_flags(|flags| flags.sequence = true));
        }
        let is_stream = input.flags().tuples;
        self.allocate(items.len() * terms.len() * ITEM_BYTES)?;
        // Each term is evaluated once for each item, and only where the terms before it leave a choice.
        let mut keys: Vec<Vec<Datum>> = vec![Vec::new(); items.len()];
        let mut order: Vec<usize> = (0..items.len()).collect();
        merge_sort(&mut order, &mut |&left, &right| {
            for (at, term) in terms.iter().enumerate() {
                for index in [left, right] {
                    if keys[index].len() <= at {
                        let key = match &items[index] {
                            Datum::Tuple(row) if is_stream => {
                                let inner = tuple_scope(scope, row);
                                self.evaluate(&term.expression, &row.value, &inner)?
                            }
                            item => self.evaluate(&term.expression, item, scope)?,
                        };
                        keys[index].push(key);
                    }
                }
                self.spend(1)?;
                let order = in_order(&keys[left][at], &keys[right][at], term.descending);
                match order.map_err(|error| error.at(position))? {
                    Ordering::Equal => {}
                    order => return Ok(order == Ordering::Greater),
                }
            }
            Ok(false)
        })?;
        Ok(Datum::array(order.into_iter().map(|index| items[index].clone()).collect()))
    }

    /// Copies a value with changes in the objects that the pattern finds in it.
    fn transform(&mut self, node: &TransformNode, value: Datum, scope: &Rc<Scope>) -> Result<Datum, JsonataError> {
        if value.is_undefined() {
            return Ok(Datum::Undefined);
        }
        let copy = self.fresh_copy(value, scope, node.position)?;
        let found = self.evaluate(&node.pattern, &copy, scope)?;
        let mut changed: HashMap<usize, Object> = HashMap::new();
        for found in found.into_items() {
            let Datum::Json(Value::Object(original)) = &found else { continue };
            let current = self.current(&found, &changed)?;
            let update = self.evaluate(&node.update, &current, scope)?;
            let mut members = match &current {
                Datum::Json(Value::Object(members)) => members.clone(),
                _ => original.clone(),
            };
            match (update.members(), update.kind()) {
                (Some(update), _) => {
                    for (name, value) in update.iter() {
                        let value = value.to_value().unwrap_or(Value::Null);
                        self.spend(members.len() + value.json_len() / 8)?;
                        // A copy, because an object that came to stand within itself would never end.
                        members = members.with(name, fresh(&value));
                    }
                }
                (None, Kind::Undefined) => {}
                (None, _) => {
                    let message = format!(
                        "The insert/update clause of the transform expression must evaluate to an object: {}",
                        update.quoted()
                    );
                    return Err(JsonataError::new("T2011", message).at(node.update.position));
                }
            }
            changed.insert(original.address(), members.clone());
            if let Some(delete) = &node.delete {
                let current = self.current(&found, &changed)?;
                let names = self.evaluate(delete, &current, scope)?;
                members = without(members, &names).ok_or_else(|| {
                    let message = format!(
                        "The delete clause of the transform expression must evaluate to a string or array of strings: {}",
                        names.quoted()
                    );
                    JsonataError::new("T2012", message).at(delete.position)
                })?;
                changed.insert(original.address(), members);
            }
        }
        self.current(&copy, &changed)
    }

    /// A copy in which every object is one of its own.
    fn fresh_copy(&mut self, value: Datum, scope: &Scope, position: usize) -> Result<Datum, JsonataError> {
        let clone = self.find("clone", scope).unwrap_or(Datum::Undefined);
        if clone.as_function().is_none() {
            let message = "The transform expression clones the input object using the $clone() function.  This has been overridden in the current scope by a non-function.";
            return Err(JsonataError::new("T2013", message).at(position));
        }
        let cloned = self.call(&clone, vec![value])?.to_value().unwrap_or(Value::Null);
        self.spend(cloned.json_len() / 8)?;
        Ok(Datum::Json(fresh(&cloned)))
    }

    /// A value with the changes that were made to the objects in it.
    fn current(&mut self, value: &Datum, changed: &HashMap<usize, Object>) -> Result<Datum, JsonataError> {
        match value {
            Datum::Json(value) if !changed.is_empty() => {
                self.spend(1 + value.json_len() / 64)?;
                Ok(Datum::Json(with_changes(value, changed)))
            }
            other => Ok(other.clone()),
        }
    }
}

/// An error with the name of the function that was called, where its message wants one.
fn named(error: JsonataError, procedure: &Node) -> JsonataError {
    match procedure.called() {
        Some(name) => with_name(error, &quoted(name)),
        None => with_name(error, "undefined"),
    }
}

pub(super) fn with_name(error: JsonataError, name: &str) -> JsonataError {
    match error.message.contains("{{token}}") {
        true => JsonataError { message: error.message.replace("{{token}}", name), ..error },
        false => error,
    }
}

fn fresh(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(fresh).collect::<Array>()),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, member)| (name.clone(), fresh(member))).collect())
        }
        other => other.clone(),
    }
}

fn with_changes(value: &Value, changed: &HashMap<usize, Object>) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(|item| with_changes(item, changed)).collect::<Array>()),
        Value::Object(members) => {
            let members = changed.get(&members.address()).unwrap_or(members);
            let member = |(name, member): (&Arc<str>, &Value)| (name.clone(), with_changes(member, changed));
            Value::Object(members.iter().map(member).collect())
        }
        other => other.clone(),
    }
}

/// An object without some members; `None` where these are not names.
fn without(members: Object, names: &Datum) -> Option<Object> {
    if names.is_undefined() {
        return Some(members);
    }
    let names: Vec<Arc<str>> = match names.items() {
        Some(items) => items.iter().map(|item| item.as_str().cloned()).collect::<Option<_>>()?,
        None => vec![names.as_str()?.clone()],
    };
    Some(members.iter().filter(|(name, _)| !names.contains(name)).map(|(n, v)| (n.clone(), v.clone())).collect())
}

/// Whether both are one and the same: scalars by value, anything else by identity.
fn is_same(left: &Datum, right: &Datum) -> bool {
    match (left, right) {
        (Datum::Function(left), Datum::Function(right)) => Rc::ptr_eq(left, right),
        (Datum::List(left), Datum::List(right)) => Rc::ptr_eq(left, right),
        (Datum::Record(left), Datum::Record(right)) => Rc::ptr_eq(left, right),
        _ if left.is_array() || left.kind() == Kind::Object => match (left, right) {
            (Datum::Json(left), Datum::Json(right)) => left.is_same(right),
            _ => false,
        },
        _ => match (left.as_f64(), right.as_f64()) {
            (Some(left), Some(right)) => left == right,
            _ => left.as_str() == right.as_str() && left.kind() == right.kind() && left.as_bool() == right.as_bool(),
        },
    }
}

fn compare(operator: Operator, left: &Datum, right: &Datum) -> Result<Datum, JsonataError> {
    let comparable = |value: &Datum| matches!(value.kind(), Kind::Undefined | Kind::String | Kind::Number);
    if !comparable(left) || !comparable(right) {
        let operator = quoted(operator.text());
        let message =
            format!("The expressions either side of operator {operator} must evaluate to numeric or string values");
        return Err(JsonataError::new("T2010", message));
    }
    if left.is_undefined() || right.is_undefined() {
        return Ok(Datum::Undefined);
    }
    let Some(order) = ordered(left, right) else {
        if left.kind() == right.kind() {
            // Not a number.
            return Ok(Datum::boolean(false));
        }
        let message = format!(
            "The values {} and {} either side of operator {} must be of the same data type",
            left.quoted(),
            right.quoted(),
            quoted(operator.text())
        );
        return Err(JsonataError::new("T2009", message));
    };
    Ok(Datum::boolean(match operator {
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Greater => order.is_gt(),
        _ => order.is_ge(),
    }))
}

/// How two texts or two numbers compare: texts by their UTF-16 code units.
pub(super) fn ordered(left: &Datum, right: &Datum) -> Option<Ordering> {
    match (left.as_str(), right.as_str()) {
        (Some(left), Some(right)) => Some(functions::compare_text(left, right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

/// How two keys of an order-by clause compare; nothing comes last either way.
fn in_order(left: &Datum, right: &Datum, descending: bool) -> Result<Ordering, JsonataError> {
    match (left.is_undefined(), right.is_undefined()) {
        (true, true) => return Ok(Ordering::Equal),
        (true, false) => return Ok(Ordering::Greater),
        (false, true) => return Ok(Ordering::Less),
        (false, false) => {}
    }
    let sortable = |value: &Datum| matches!(value.kind(), Kind::String | Kind::Number);
    if !sortable(left) || !sortable(right) {
        let message = "The expressions within an order-by clause must evaluate to numeric or string values";
        return Err(JsonataError::new("T2008", message));
    }
    if left.kind() != right.kind() {
        let message =
            format!("Type mismatch when comparing values {} and {} in order-by clause", left.quoted(), right.quoted());
        return Err(JsonataError::new("T2007", message));
    }
    let order = ordered(left, right).unwrap_or(Ordering::Greater);
    Ok(if descending { order.reverse() } else { order })
}

/// Sorts by halves, with a comparison that says whether the left one comes after the right one.
///
/// The order of comparisons is part of the language: a comparison may answer as it likes.
pub(super) fn merge_sort<T: Clone>(
    items: &mut [T],
    is_after: &mut dyn FnMut(&T, &T) -> Result<bool, JsonataError>,
) -> Result<(), JsonataError> {
    if items.len() <= 1 {
        return Ok(());
    }
    let middle = items.len() / 2;
    merge_sort(&mut items[..middle], is_after)?;
    merge_sort(&mut items[middle..], is_after)?;
    let (left, right) = (items[..middle].to_vec(), items[middle..].to_vec());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    for place in items {
        let from_right = match (left.peek(), right.peek()) {
            (Some(left), Some(right)) => is_after(left, right)?,
            (left, _) => left.is_none(),
        };
        if let Some(next) = if from_right { right.next() } else { left.next() } {
            *place = next;
        }
    }
    Ok(())
}
