//! What a walk tells.

use std::borrow::Cow;

use super::filter::Filter;
use super::place::Step;
use crate::value::Value;

/// Receives each match, where it is and its value; and what happens on the way, of which most want to know nothing.
pub(super) trait Sink<'a> {
    fn found(&mut self, place: &[Step<'a>], value: Cow<'a, Value>);

    /// The step at `at` is applied to `value`.
    fn enters(&mut self, _at: usize, _place: &[Step<'a>], _value: &'a Value) {}

    /// A value takes no part in what follows the step at `at`. Where that is an error, it is the last loss.
    fn loses(&mut self, _at: usize, _place: &[Step<'a>], _value: &'a Value, _loss: Loss<'a>) {}

    /// The step at `at` asks an array for an item that it does not have, and goes on with null.
    fn goes_beyond(&mut self, _at: usize, _place: &[Step<'a>], _items: &'a Value, _index: i32) {}

    /// The scan at `at` looks into an array or object.
    fn scans(&mut self, _at: usize) {}

    /// The step at `at`, which follows a scan, is left out for the items of an array.
    fn leaves_out(&mut self, _at: usize) {}

    /// The wildcard at `at` goes on with the next item: the last loss has ended what was made of this one.
    fn passes_over(&mut self, _at: usize) {}
}

/// Why a step gives nothing for a value.
#[derive(Clone, Copy)]
pub(super) enum Loss<'a> {
    /// An object without this member.
    NoMember(&'a str),
    /// An array without this item.
    NoItem(i32),
    /// No object, where the step asks for a member.
    NotAnObject,
    /// No array, where the step asks for items.
    NotAnArray,
    /// A scalar, which has no items or members.
    NoChildren,
    /// `['a', 'b']` gives an object of its own, in which no further step looks.
    NotLast,
    /// The filter does not hold.
    Filtered(&'a Filter),
    /// The filter cannot be evaluated.
    FilterFailed,
}
