//! Paths: from step to step, with what stands behind each.

use std::rc::Rc;

use super::ast::{Node, NodeKind, Stage};
use super::datum::{Datum, Flags, Items};
use super::error::JsonataError;
use super::evaluate::{Evaluator, ITEM_BYTES};
use super::function::Scope;
use super::notes::Notes;
use super::tuple::{bound, tuple_scope, tuple_value};
use crate::value::Value;

impl Evaluator<'_> {
    pub(super) fn path(
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
        if done > 0 && !current.flags().sequence {
            current = Datum::sequence(current.into_items());
        } else if !current.is_array() || absolute && done == 0 {
            current = Datum::sequence(vec![current]);
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
                if let Some(text) = result.as_str() {
                    // A predicate has taken it out of the array, and the next step goes through its characters.
                    self.allocate(text.len() * ITEM_BYTES)?;
                    result = Datum::array(text.chars().map(|c| Datum::string(c.to_string())).collect());
                }
            } else if is_stream {
                tuples = Some(self.tuple_step(step, &current, tuples, scope)?);
            } else {
                result = self.step(step, &current, scope, at + 1 == steps.len())?;
            }
            let is_empty = result.is_undefined() || result.items().is_some_and(|items| items.len() == 0);
            if !is_stream && is_empty {
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

    /// Takes note of the steps that [`Self::path`] does not evaluate one by one.
    pub(super) fn note_plain_steps(&mut self, notes: &Notes, path: &Node, input: &Datum, scope: &Rc<Scope>) {
        let NodeKind::Path { steps, .. } = &path.kind else { return };
        let absolute = steps.first().is_some_and(|step| matches!(step.kind, NodeKind::Variable(_)));
        if input.is_array() && !absolute {
            return;
        }
        let spent = self.steps;
        let plain = steps.iter().take_while(|step| is_plain(step)).count();
        for count in 1..=plain {
            match self.plain_steps(steps[..count].iter(), input, scope) {
                Ok((done, value)) if done == count => notes.take(&steps[count - 1], Some(&value)),
                _ => break,
            }
        }
        self.steps = spent;
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

    pub(super) fn stages(&mut self, stages: &[Stage], input: Datum, scope: &Rc<Scope>) -> Result<Datum, JsonataError> {
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

    pub(super) fn filter(&mut self, predicate: &Node, input: Datum, scope: &Rc<Scope>) -> Result<Datum, JsonataError> {
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
        if let NodeKind::Literal(Value::Number(number)) = &predicate.kind {
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
