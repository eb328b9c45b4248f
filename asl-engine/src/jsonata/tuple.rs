//! Paths with `@`, `#` or `%`, whose steps go from row to row: a row has a value and variables.

use std::rc::Rc;
use std::sync::Arc;

use super::ast::{Node, NodeKind};
use super::datum::{Datum, Flags, Items, Tuple};
use super::error::JsonataError;
use super::evaluate::{Evaluator, ITEM_BYTES};
use super::function::Scope;

impl Evaluator<'_> {
    pub(super) fn tuple_step(
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
                        // `@$` and `#$` have no name to bind.
                        match step.focus.as_ref().filter(|name| !name.is_empty()) {
                            Some(focus) => next.bind(focus, item),
                            None => next.value = item,
                        }
                        if let Some(index) = step.index.as_ref().filter(|name| !name.is_empty()) {
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
}

/// A value as a tuple without variables, unless it is one.
pub(super) fn tuple(value: Datum) -> Datum {
    match value {
        Datum::Tuple(_) => value,
        value => Datum::Tuple(Rc::new(Tuple { value, bindings: Vec::new() })),
    }
}

pub(super) fn tuple_value(datum: &Datum) -> Datum {
    match datum {
        Datum::Tuple(tuple) => tuple.value.clone(),
        other => other.clone(),
    }
}

/// A tuple with one more variable.
pub(super) fn bound(datum: Datum, name: &Arc<str>, value: Datum) -> Datum {
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
