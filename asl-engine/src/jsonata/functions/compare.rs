//! How values compare.

use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use crate::jsonata::datum::Datum;
use crate::jsonata::error::JsonataError;
use crate::jsonata::evaluate::Evaluator;
use crate::jsonata::function::Function;

/// Whether two values are the same: numbers by value, arrays item by item, objects in any order, functions by identity.
/// Nothing equals nothing.
pub(in crate::jsonata) fn equal(
    evaluator: &mut Evaluator<'_>,
    left: &Datum,
    right: &Datum,
) -> Result<bool, JsonataError> {
    if let (Some(left), Some(right)) = (left.as_f64(), right.as_f64()) {
        return Ok(left == right);
    }
    if let (Some(left), Some(right)) = (left.as_str(), right.as_str()) {
        evaluator.spend(left.len().min(right.len()) / 64)?;
        return Ok(left == right);
    }
    if let (Datum::Json(left), Datum::Json(right)) = (left, right)
        && left.is_same(right)
    {
        return Ok(true);
    }
    if let (Some(left), Some(right)) = (left.items(), right.items()) {
        if left.len() != right.len() {
            return Ok(false);
        }
        for (left, right) in left.iter().zip(right.iter()) {
            evaluator.spend(1)?;
            if !equal(evaluator, &left, &right)? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    if let (Some(left), Some(right)) = (left.members(), right.members()) {
        if left.len() != right.len() {
            return Ok(false);
        }
        for (name, left) in left.iter() {
            evaluator.spend(2)?;
            match right.get(&name) {
                Some(right) if equal(evaluator, &left, &right)? => {}
                _ => return Ok(false),
            }
        }
        return Ok(true);
    }
    Ok(match (left, right) {
        (Datum::Undefined, Datum::Undefined) => true,
        (Datum::Function(left), Datum::Function(right)) => match (&**left, &**right) {
            (Function::Native(left), Function::Native(right)) => std::ptr::eq(*left, *right),
            _ => Rc::ptr_eq(left, right),
        },
        (Datum::Tuple(left), Datum::Tuple(right)) => Rc::ptr_eq(left, right),
        (Datum::Json(left), Datum::Json(right)) => left == right,
        _ => false,
    })
}

/// A number that equal values share.
pub(super) fn fingerprint(evaluator: &mut Evaluator<'_>, value: &Datum) -> Result<u64, JsonataError> {
    let mut hasher = DefaultHasher::new();
    value.kind().hash(&mut hasher);
    if let Some(number) = value.as_f64() {
        // Both zeros are equal.
        (number + 0.0).to_bits().hash(&mut hasher);
    } else if let Some(text) = value.as_str() {
        evaluator.spend(text.len() / 64)?;
        text.hash(&mut hasher);
    } else if let Some(items) = value.items() {
        for item in items.iter() {
            evaluator.spend(1)?;
            fingerprint(evaluator, &item)?.hash(&mut hasher);
        }
    } else if let Some(members) = value.members() {
        let mut sum = 0u64;
        for (name, member) in members.iter() {
            evaluator.spend(1)?;
            let mut hasher = DefaultHasher::new();
            (name, fingerprint(evaluator, &member)?).hash(&mut hasher);
            sum = sum.wrapping_add(hasher.finish());
        }
        sum.hash(&mut hasher);
    } else {
        value.as_bool().hash(&mut hasher);
    }
    Ok(hasher.finish())
}

/// The order of texts by their UTF-16 code units, as JavaScript has it.
pub(in crate::jsonata) fn compare_text(left: &str, right: &str) -> Ordering {
    let differing = left.bytes().zip(right.bytes()).find(|(left, right)| left != right);
    let Some((left_byte, right_byte)) = differing else { return left.len().cmp(&right.len()) };
    // Bytes of UTF-8 are in the order of characters. Only those beyond U+FFFF (0xf0 and more), which are surrogates in
    // UTF-16, come before U+E000 to U+FFFF (0xee and 0xef) there.
    match (left_byte >= 0xf0, right_byte >= 0xf0) {
        (true, false) if right_byte >= 0xee => Ordering::Less,
        (false, true) if left_byte >= 0xee => Ordering::Greater,
        _ => left_byte.cmp(&right_byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_in_the_order_of_their_code_units() {
        let texts =
            ["", "a", "a\u{e000}", "b", "é", "\u{d7ff}", "\u{e000}", "\u{ffff}", "😀", "😀a", "\u{10ffff}", "\u{ee00}"];
        for left in texts {
            for right in texts {
                let expected = left.encode_utf16().cmp(right.encode_utf16());
                assert_eq!(compare_text(left, right), expected, "{left:?} {right:?}");
            }
        }
    }
}
