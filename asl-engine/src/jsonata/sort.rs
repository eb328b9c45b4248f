//! `^(…)`, and sorting.

use std::cmp::Ordering;
use std::rc::Rc;

use super::ast::Term;
use super::datum::{Datum, Items, Kind};
use super::error::JsonataError;
use super::evaluate::{Evaluator, ITEM_BYTES};
use super::function::Scope;
use super::operator::ordered;
use super::tuple::tuple_scope;

impl Evaluator<'_> {
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
