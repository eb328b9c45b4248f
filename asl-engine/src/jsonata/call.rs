//! Calls of functions, and what makes functions of others.

use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use super::ast::{Node, NodeKind};
use super::datum::Datum;
use super::error::JsonataError;
use super::evaluate::{Evaluator, bounded, settled};
use super::function::{Function, Lambda, Native, Scope};
use super::quote::quoted;
use super::regex;
use super::signature::Signature;
use crate::value::Value;

static TRANSFORM: LazyLock<Option<Signature>> = LazyLock::new(|| Signature::parse("<(oa):o>").ok());

static EVAL: LazyLock<Option<Signature>> = LazyLock::new(|| Signature::parse("<sx?:x>").ok());

impl Evaluator<'_> {
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
        let result = self.calling(scope, |evaluator| evaluator.invoke(&function, values, input));
        result.map_err(|error| named(error, procedure).at(node.position))
    }

    /// The name of a function that was called without its `$`.
    fn misspelt<'n>(&self, procedure: &'n Node, scope: &Scope) -> Option<&'n Arc<str>> {
        let NodeKind::Path { steps, .. } = &procedure.kind else { return None };
        let NodeKind::Name(name) = &steps.first()?.kind else { return None };
        self.find(name, scope).filter(is_something).map(|_| name)
    }

    /// Does something with functions that are called in a scope.
    fn calling<T>(&mut self, scope: &Rc<Scope>, work: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.calling, scope.clone());
        let result = work(self);
        self.calling = outer;
        result
    }

    /// Calls a function from another one, without a context.
    pub(super) fn call(&mut self, function: &Datum, arguments: Vec<Datum>) -> Result<Datum, JsonataError> {
        self.invoke(function, arguments, &Datum::NULL).map_err(|error| match function.as_function().map(|f| &**f) {
            Some(Function::Native(native)) => with_name(error, native.name),
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
                    Some(Function::Native(native)) => {
                        self.run_native(native, native.signature.filled(arguments), &Datum::Undefined)
                    }
                    _ => self.invoke_once(function, arguments, context),
                }
            }
            Function::Chain { first, second, .. } => {
                // A chain is `function($x){ $g($f($x)) }`, and its errors say so.
                let given = arguments.into_iter().next().unwrap_or(Datum::Undefined);
                let between = self.invoke(first, vec![given], &Datum::NULL).map_err(|error| with_name(error, "f"))?;
                self.invoke(second, vec![settled(between, false)], context).map_err(|error| with_name(error, "g"))
            }
            Function::Regex(regex) => {
                let Some(text) = arguments.first().and_then(Datum::as_str) else { return Ok(Datum::Undefined) };
                let from = arguments.get(1).and_then(Datum::as_f64).unwrap_or(0.0);
                regex::call(self, regex, text, from as usize)
            }
            Function::Eval => self.eval(validated(&EVAL, arguments, context)?, context),
            Function::NextMatch { regex, text, from } => regex::next(self, regex, text, *from),
            Function::Transform { node, scope } => {
                let arguments = validated(&TRANSFORM, arguments, context)?;
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
        let scope = Scope::with_room(&lambda.scope, lambda.parameters.len());
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
        self.calling(scope, |evaluator| evaluator.call(&function, vec![value]))
    }
}

/// Whether JavaScript takes a value for true.
fn is_something(value: &Datum) -> bool {
    match value {
        Datum::Undefined | Datum::Json(Value::Null) => false,
        _ => {
            value.as_bool() != Some(false)
                && value.as_str().is_none_or(|text| !text.is_empty())
                && value.as_f64().is_none_or(|number| number != 0.0 && !number.is_nan())
        }
    }
}

/// An error with the name of the function that was called, where its message wants one.
fn named(error: JsonataError, procedure: &Node) -> JsonataError {
    match procedure.called() {
        Some(name) => with_name(error, name),
        None => error,
    }
}

fn with_name(error: JsonataError, name: &str) -> JsonataError {
    JsonataError { message: error.message.replace("{{token}}", &quoted(name)), ..error }
}

/// An error of a function that nobody has called by a name.
pub(super) fn nameless(error: JsonataError) -> JsonataError {
    JsonataError { message: error.message.replace("{{token}}", "undefined"), ..error }
}

fn validated(
    signature: &Option<Signature>,
    arguments: Vec<Datum>,
    context: &Datum,
) -> Result<Vec<Datum>, JsonataError> {
    match signature {
        Some(signature) => signature.validate(arguments, context),
        None => Ok(arguments),
    }
}
