use std::borrow::Cow;
use std::sync::Arc;

use super::error::{ErrorClass, PathError};
use super::fail::{Evaluation, Fail, fail, limit, no_predicate};
use super::filter::Filter;
use super::place::{Place, Step};
use super::provider::{BEYOND, Provider};
use super::sink::{Loss, Sink};
use super::token::{Steps, Token, TokenText};
use crate::value::{Array, Object, Value};

/// How far the walk may call itself: once for each level of a document, of which there are at most `json::MAX_DEPTH`,
/// and twice for each `..` of the path.
const MAX_RECURSION: usize = 1_000;

/// Sends every match of `steps` in `document` to `sink`.
pub(super) fn walk<'a>(
    steps: &'a Steps,
    document: &'a Value,
    sink: &mut impl Sink<'a>,
    evaluation: &mut Evaluation,
) -> Result<(), PathError> {
    Walk::new(steps, document, sink, evaluation).step(0, document).map_err(|failed| match failed {
        Fail::Error(error) => *error,
        Fail::Unspoken => PathError::evaluate(ErrorClass::PathNotFound, "No results"),
    })
}

/// Sends what a definite path finds from `start` to `sink`; nothing where it misses. With `require`, `['a', 'b']`
/// misses unless it has all.
pub(super) fn walk_from<'a>(
    steps: &'a Steps,
    start: &'a Value,
    root: &'a Value,
    require: bool,
    sink: &mut impl Sink<'a>,
    evaluation: &mut Evaluation,
) -> Result<(), PathError> {
    let mut walk = Walk { quiet: 1, require, bare: true, ..Walk::new(steps, root, sink, evaluation) };
    match walk.step(0, start) {
        Err(Fail::Error(error)) => Err(*error),
        Ok(()) | Err(Fail::Unspoken) => Ok(()),
    }
}

struct Walk<'w, 'a, S> {
    steps: &'a Steps,
    root: &'a Value,
    sink: &'w mut S,
    evaluation: &'w mut Evaluation,
    /// Where the walk is.
    place: Vec<Step<'a>>,
    /// How many places up the walk drop a miss.
    quiet: usize,
    require: bool,
    /// Whether the value at hand, if it is neither array nor object, is out of its node.
    bare: bool,
    depth: usize,
}

impl<'w, 'a, S: Sink<'a>> Walk<'w, 'a, S> {
    fn new(steps: &'a Steps, root: &'a Value, sink: &'w mut S, evaluation: &'w mut Evaluation) -> Self {
        Self { steps, root, sink, evaluation, place: Vec::new(), quiet: 0, require: false, bare: false, depth: 0 }
    }

    /// Applies the step at `at` and all that follow to `value`.
    fn step(&mut self, at: usize, value: &'a Value) -> Result<(), Fail> {
        if at == self.steps.tokens.len() {
            return self.found(value);
        }
        let (place, depth) = (self.place.len(), self.depth);
        self.depth += 1;
        if self.depth > MAX_RECURSION {
            return Err(limit("the path descends too often"));
        }
        let outcome = self.run(at, value);
        self.depth = depth;
        self.place.truncate(place);
        outcome
    }

    /// Follows steps with one outcome in place and leaves those with many to `step`.
    fn run(&mut self, mut at: usize, mut value: &'a Value) -> Result<(), Fail> {
        let steps = self.steps;
        while let Some(token) = steps.tokens.get(at) {
            self.sink.enters(at, &self.place, value);
            let next = match token {
                Token::Root => {
                    self.place.push(Step::Root);
                    Some(value)
                }
                Token::Name(name) => self.name(at, name, value)?,
                Token::Names(names) => return self.names(at, names, value),
                Token::Wildcard => return self.children(at, value),
                Token::Scan if at + 1 == steps.tokens.len() => {
                    return Err(fail(ErrorClass::IllegalState, "Current path token is a leaf".to_owned()));
                }
                Token::Scan => return self.scan(at + 1, value),
                Token::Filter(filter) => match value {
                    Value::Object(_) => self.accepts(at, filter, value)?.then_some(value),
                    Value::Array(items) => return self.filter(at, filter, items),
                    _ => return Err(self.primitive(at, value)),
                },
                Token::Placeholders(_) => match value {
                    Value::Array(items) if items.is_empty() => None,
                    Value::Array(_) | Value::Object(_) => return Err(no_predicate()),
                    _ => return Err(self.primitive(at, value)),
                },
                Token::Index(index) => {
                    let items = self.array(at, value)?;
                    Some(self.item(at, value, items, *index)?)
                }
                Token::FromLength(offset) => {
                    let items = self.array(at, value)?;
                    Some(self.item(at, value, items, length(items).saturating_add(*offset))?)
                }
                Token::Indices(_) | Token::SliceFrom(_) | Token::SliceTo(_) | Token::SliceBetween(..) => {
                    return self.several(at, token, value);
                }
            };
            match next {
                Some(next) => value = next,
                None => return Ok(()),
            }
            at += 1;
        }
        self.found(value)
    }

    fn found(&mut self, value: &'a Value) -> Result<(), Fail> {
        self.sink.found(&self.place, Cow::Borrowed(value));
        Ok(())
    }

    fn name(&mut self, at: usize, name: &'a Arc<str>, value: &'a Value) -> Result<Option<&'a Value>, Fail> {
        let Value::Object(members) = value else {
            let token = &self.steps.tokens[at];
            self.sink.loses(at, &self.place, value, Loss::NotAnObject);
            return Err(self.missing(|place| format!("Property {token} not found in path {place}")));
        };
        let member = members.get(name);
        if member.is_none() {
            self.sink.loses(at, &self.place, value, Loss::NoMember(name));
        }
        self.place.push(Step::Name(name));
        self.bare = true;
        match member {
            Some(member) => Ok(Some(member)),
            None if at + 1 == self.steps.tokens.len() => {
                Err(self.missing(|place| format!("No results for path: {place}")))
            }
            None if self.require || self.steps.is_upstream_definite(at) => {
                Err(self.missing(|place| format!("Missing property in path {place}")))
            }
            None => Ok(None),
        }
    }

    fn names(&mut self, at: usize, names: &'a [Arc<str>], value: &'a Value) -> Result<(), Fail> {
        let token = &self.steps.tokens[at];
        let Value::Object(members) = value else {
            self.sink.loses(at, &self.place, value, Loss::NotAnObject);
            return Err(self.missing(|place| format!("Property {token} not found in path {place}")));
        };
        if at + 1 < self.steps.tokens.len() {
            self.sink.loses(at, &self.place, value, Loss::NotLast);
        }
        self.place.push(Step::Names(token));
        if at + 1 < self.steps.tokens.len() {
            let place = Place(&self.place);
            let message = format!("Multi properties can only be used as path leafs: {place}");
            return Err(fail(ErrorClass::InvalidPath, message));
        }
        if self.require && names.iter().any(|name| members.get(name).is_none()) {
            return Err(self.missing(|place| format!("Missing property in path {place}")));
        }
        let built: Object = names.iter().filter_map(|name| Some((name.clone(), members.get(name)?.clone()))).collect();
        self.evaluation.spend(1 + names.len())?;
        self.sink.found(&self.place, Cow::Owned(built.into()));
        Ok(())
    }

    /// Applies what follows the wildcard at `at` to every member or item of `value`; a scalar has none.
    fn children(&mut self, at: usize, value: &'a Value) -> Result<(), Fail> {
        match value {
            Value::Object(members) => self.members(members, |walk, member| walk.step(at + 1, member)),
            Value::Array(items) => {
                self.quiet += 1;
                let outcome = self.items(items, |walk, item| match walk.step(at + 1, item) {
                    Err(failed) if failed.is_miss() => {
                        walk.sink.passes_over(at);
                        Ok(())
                    }
                    outcome => outcome,
                });
                self.quiet -= 1;
                outcome
            }
            _ => {
                self.sink.loses(at, &self.place, value, Loss::NoChildren);
                Ok(())
            }
        }
    }

    /// Applies `each` to every member in turn, with the place set to it.
    fn members(
        &mut self,
        members: &'a Object,
        mut each: impl FnMut(&mut Self, &'a Value) -> Result<(), Fail>,
    ) -> Result<(), Fail> {
        self.evaluation.spend(members.len())?;
        for (name, member) in members.iter() {
            self.place.push(Step::Name(name));
            self.bare = true;
            each(self, member)?;
            self.place.pop();
        }
        Ok(())
    }

    /// Applies `each` to every item in turn, with the place set to it.
    fn items(
        &mut self,
        items: &'a [Value],
        mut each: impl FnMut(&mut Self, &'a Value) -> Result<(), Fail>,
    ) -> Result<(), Fail> {
        self.evaluation.spend(items.len())?;
        for (index, item) in (0..).zip(items) {
            self.place.push(Step::Index(index));
            self.bare = false;
            each(self, item)?;
            self.place.pop();
        }
        Ok(())
    }

    fn filter(&mut self, at: usize, filter: &'a Filter, items: &'a Array) -> Result<(), Fail> {
        self.items(items, |walk, item| if walk.accepts(at, filter, item)? { walk.step(at + 1, item) } else { Ok(()) })
    }

    /// Whether `value` passes the filter at `at`.
    fn accepts(&mut self, at: usize, filter: &'a Filter, value: &'a Value) -> Result<bool, Fail> {
        let accepted = filter.accepts(value, self.root, self.evaluation);
        match accepted {
            Ok(true) => {}
            Ok(false) => self.sink.loses(at, &self.place, value, Loss::Filtered(filter)),
            Err(_) => self.sink.loses(at, &self.place, value, Loss::FilterFailed),
        }
        Ok(accepted?)
    }

    /// The items of `value`, where a step asks for an array.
    fn array(&mut self, at: usize, value: &'a Value) -> Result<&'a Array, Fail> {
        if value.as_array().is_none() {
            self.sink.loses(at, &self.place, value, Loss::NotAnArray);
        }
        match value {
            Value::Array(items) => Ok(items),
            Value::Null if self.bare || self.evaluation.provider == Provider::Jackson => {
                Err(self.missing(|place| format!("The path {place} is null")))
            }
            other => {
                let text = self.evaluation.provider.text_of(other, self.bare);
                let steps = TokenText(&self.steps.tokens[at..]);
                let message = format!("Filter: {steps} can only be applied to arrays. Current context is: {text}");
                Err(fail(ErrorClass::InvalidPath, message))
            }
        }
    }

    fn item(&mut self, at: usize, value: &'a Value, items: &'a [Value], index: i32) -> Result<&'a Value, Fail> {
        let item = usize::try_from(index).ok().and_then(|index| items.get(index));
        let beyond = item.is_none() && self.evaluation.provider == Provider::JsonNode;
        if beyond {
            self.sink.goes_beyond(at, &self.place, value, index);
        } else if item.is_none() {
            self.sink.loses(at, &self.place, value, Loss::NoItem(index));
        }
        self.place.push(Step::Index(index));
        self.bare = beyond;
        match item {
            Some(item) => Ok(item),
            None if beyond => Ok(&BEYOND),
            None => Err(self.missing(|place| format!("Index out of bounds when evaluating path {place}"))),
        }
    }

    fn several(&mut self, at: usize, token: &'a Token, value: &'a Value) -> Result<(), Fail> {
        let items = self.array(at, value)?;
        let length = length(items);
        let from_end = |index: i32| if index < 0 { length.saturating_add(index) } else { index };
        let range = match token {
            Token::Indices(indices) => {
                self.evaluation.spend(indices.len())?;
                return indices.iter().try_for_each(|index| self.index(at, value, items, *index));
            }
            Token::SliceFrom(from) => from_end(*from).max(0)..length,
            Token::SliceTo(to) => 0..from_end(*to).min(length),
            // Negative numbers are not counted from the end here, so they are out of bounds.
            Token::SliceBetween(from, to) if length > 0 => *from..(*to).min(length),
            _ => return Ok(()),
        };
        // All at once: a slice that begins far before the start is refused before it makes a null of each index. With the other
        // provider the first index that is out of bounds ends it.
        self.evaluation.spend(match self.evaluation.provider {
            Provider::JsonNode => range.len(),
            Provider::Jackson => range.len().min(items.len()),
        })?;
        range.into_iter().try_for_each(|index| self.index(at, value, items, index))
    }

    fn index(&mut self, at: usize, value: &'a Value, items: &'a [Value], index: i32) -> Result<(), Fail> {
        let item = self.item(at, value, items, index)?;
        self.step(at + 1, item)?;
        self.place.pop();
        Ok(())
    }

    /// Looks for the step at `at` in `value` and everything below it, each container before its children.
    fn scan(&mut self, at: usize, value: &'a Value) -> Result<(), Fail> {
        self.depth += 1;
        if self.depth > MAX_RECURSION {
            return Err(limit("the path descends too often"));
        }
        if value.depth() > 0 {
            self.sink.scans(at - 1);
        }
        match value {
            Value::Object(members) => {
                if self.scan_stops(at, value)? {
                    self.step(at, value)?;
                }
                self.members(members, |walk, member| walk.scan(at, member))?;
            }
            Value::Array(items) => {
                if self.scan_stops(at, value)? {
                    if at + 1 == self.steps.tokens.len() {
                        self.step(at, value)?;
                    } else {
                        // Jayway leaves out the step itself and applies what follows it to every item.
                        self.sink.leaves_out(at);
                        self.items(items, |walk, item| {
                            walk.bare = true;
                            walk.step(at + 1, item)
                        })?;
                    }
                }
                self.items(items, |walk, item| walk.scan(at, item))?;
            }
            _ => {}
        }
        self.depth -= 1;
        Ok(())
    }

    /// Whether a scan applies the step at `at` to this object or array.
    fn scan_stops(&mut self, at: usize, value: &'a Value) -> Result<bool, Fail> {
        Ok(match &self.steps.tokens[at] {
            Token::Root | Token::Scan => false,
            Token::Wildcard => true,
            Token::Name(name) => value.get(name).is_some(),
            Token::Names(names) => {
                value.as_object().is_some_and(|members| names.iter().all(|name| members.get(name).is_some()))
            }
            Token::Filter(filter) => self.accepts(at, filter, value)?,
            Token::Placeholders(_) => return Err(no_predicate()),
            Token::Index(_) | Token::FromLength(_) | Token::Indices(_) => value.as_array().is_some(),
            Token::SliceFrom(_) | Token::SliceTo(_) | Token::SliceBetween(..) => value.as_array().is_some(),
        })
    }

    fn missing(&self, message: impl FnOnce(Place<'_, 'a>) -> String) -> Fail {
        if self.quiet > 0 {
            return Fail::Unspoken;
        }
        fail(ErrorClass::PathNotFound, message(Place(&self.place)))
    }

    fn primitive(&mut self, at: usize, value: &'a Value) -> Fail {
        self.sink.loses(at, &self.place, value, Loss::NoChildren);
        let text = self.evaluation.provider.text_of(value, self.bare);
        let steps = TokenText(&self.steps.tokens[at..]);
        let message = format!("Filter: {steps} can not be applied to primitives. Current context is: {text}");
        fail(ErrorClass::InvalidPath, message)
    }
}

fn length(items: &[Value]) -> i32 {
    i32::try_from(items.len()).unwrap_or(i32::MAX)
}
