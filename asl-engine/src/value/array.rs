use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use super::{Number, Value};

/// The items of a JSON array, shared between the values that hold it.
///
/// ```
/// use asl_engine::{Array, Value};
///
/// let items: Array = [1, 2, 3].into_iter().map(Value::from).collect();
/// assert_eq!(items.len(), 3);
/// ```
#[derive(Clone)]
pub struct Array(Arc<Items>);

struct Items {
    kept: Kept,
    json_len: usize,
    depth: usize,
}

enum Kept {
    Values(Vec<Value>),
    Numbers(Numbers, OnceLock<Vec<Value>>),
}

/// Many numbers as the text between the brackets, `1,2.50,3`: as values they would take ten times as much. They become values
/// when somebody looks at them.
#[derive(Default)]
pub(crate) struct Numbers {
    text: String,
    count: usize,
}

impl Numbers {
    /// The numbers of `values`; none where there is something else among them.
    pub(crate) fn of(values: &[Value]) -> Option<Self> {
        values.iter().try_fold(Self::default(), |mut numbers, value| {
            numbers.push(&value.as_number()?.to_string());
            Some(numbers)
        })
    }

    /// Adds a number by its JSON text.
    pub(crate) fn push(&mut self, number: &str) {
        if self.count > 0 {
            self.text.push(',');
        }
        self.text.push_str(number);
        self.count += 1;
    }

    /// The numbers as values.
    pub(crate) fn values(&self) -> Vec<Value> {
        let mut values = Vec::with_capacity(self.count);
        values.extend(self.text.split(',').map(|number| Value::Number(Number::from_json_text(number))));
        values
    }
}

impl Array {
    /// How many items there are.
    pub fn len(&self) -> usize {
        match &self.0.kept {
            Kept::Values(values) => values.len(),
            Kept::Numbers(numbers, _) => numbers.count,
        }
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The items of an array whose JSON text is known to be so long.
    pub(crate) fn measured(items: Vec<Value>, json_len: usize) -> Self {
        let depth = 1 + items.iter().map(Value::depth).max().unwrap_or(0);
        Self(Arc::new(Items { kept: Kept::Values(items), json_len, depth }))
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(super) fn json_len(&self) -> usize {
        self.0.json_len
    }

    pub(super) fn depth(&self) -> usize {
        self.0.depth
    }

    /// The JSON text between the brackets, where it is kept.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.0.kept {
            Kept::Values(_) => None,
            Kept::Numbers(numbers, _) => Some(&numbers.text),
        }
    }
}

impl From<Vec<Value>> for Array {
    fn from(items: Vec<Value>) -> Self {
        let commas = items.len().saturating_sub(1);
        let json_len = items.iter().fold(2 + commas, |len, item| item.json_len().saturating_add(len));
        Self::measured(items, json_len)
    }
}

impl From<Numbers> for Array {
    fn from(mut numbers: Numbers) -> Self {
        numbers.text.shrink_to_fit();
        let json_len = numbers.text.len() + 2;
        Self(Arc::new(Items { kept: Kept::Numbers(numbers, OnceLock::new()), json_len, depth: 1 }))
    }
}

impl Array {
    /// Tells an array from others as long as it lives.
    pub(super) fn address(&self) -> usize {
        Arc::as_ptr(&self.0) as usize
    }
}

impl FromIterator<Value> for Array {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Self {
        Self::from(items.into_iter().collect::<Vec<_>>())
    }
}

impl Deref for Array {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        match &self.0.kept {
            Kept::Values(values) => values,
            Kept::Numbers(numbers, values) => values.get_or_init(|| numbers.values()),
        }
    }
}

impl PartialEq for Array {
    fn eq(&self, other: &Self) -> bool {
        match (self.text(), other.text()) {
            // Numbers are equal when their texts are.
            (Some(text), Some(other)) => text == other,
            _ => self.is_same(other) || **self == **other,
        }
    }
}

impl<'a> IntoIterator for &'a Array {
    type Item = &'a Value;
    type IntoIter = std::slice::Iter<'a, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Debug for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_numbers_are_kept_as_text_and_are_what_they_were() {
        let text = (0..5000).map(|number| format!("{number},-{number}.50,1e{number}")).collect::<Vec<_>>().join(",");
        let text = format!("[{text}]");
        let value: Value = text.replace(',', " ,\n ").parse().unwrap();
        let numbers = value.as_array().unwrap();
        assert_eq!(numbers.text(), Some(&text[1..text.len() - 1]));
        assert_eq!((numbers.len(), value.json_len(), value.depth()), (15_000, text.len(), 1));
        assert_eq!(value.to_string(), text);
        let same: Array = numbers.iter().cloned().collect();
        assert_eq!((same.text(), same.len()), (None, 15_000));
        let again: Value = text.parse().unwrap();
        for other in [&same, again.as_array().unwrap()] {
            assert_eq!((other, numbers), (numbers, other));
        }
        assert_eq!(value[4].to_string(), "-1.50");
        let other: Value = text.replacen('0', "7", 1).parse().unwrap();
        assert_ne!(value, other);
    }

    #[test]
    fn something_else_after_many_numbers_makes_values_of_them() {
        let text = format!("[{}\"a\",[1],2]", "7,".repeat(3000));
        let value: Value = text.parse().unwrap();
        assert_eq!(value.as_array().unwrap().text(), None);
        assert_eq!(value.to_string(), text);
        for broken in ["[]", "x", "1 2]", "01]", "", "]"] {
            let text = format!("[{}{broken}", "7,".repeat(3000));
            assert!(text.parse::<Value>().is_err(), "{broken}");
        }
    }
}
