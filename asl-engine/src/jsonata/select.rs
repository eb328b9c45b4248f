//! What a step finds in a value: members by name, `*` and `**`.

use super::datum::{Datum, Flags};
use super::error::JsonataError;
use super::evaluate::{Evaluator, ITEM_BYTES};

impl Evaluator<'_> {
    /// The member `name`, of each item where the input is an array.
    pub(super) fn lookup(&mut self, input: &Datum, name: &str) -> Result<Datum, JsonataError> {
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

    pub(super) fn wildcard(&mut self, input: &Datum) -> Result<Datum, JsonataError> {
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

    pub(super) fn descendants(&mut self, input: &Datum) -> Result<Datum, JsonataError> {
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
}
