//! Hash codes, and the order in which Java's hash tables give back what was put into them.

use crate::value::{Number, Value};

/// `String.hashCode`
pub(crate) fn string_hash(text: &str) -> i32 {
    text.encode_utf16().fold(0, |hash: i32, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}

/// `Object.hashCode` of what Java makes of a value: null, Boolean, Integer, Long, BigInteger, Double, String, List, Map.
fn hash(value: &Value) -> i32 {
    match value {
        Value::Null => 0,
        Value::Bool(value) => {
            if *value {
                1231
            } else {
                1237
            }
        }
        Value::Number(number) => number_hash(number),
        Value::String(text) => string_hash(text),
        Value::Array(items) => items.iter().fold(1, |all: i32, item| all.wrapping_mul(31).wrapping_add(hash(item))),
        Value::Object(members) => {
            members.iter().fold(0, |all: i32, (name, value)| all.wrapping_add(string_hash(name) ^ hash(value)))
        }
    }
}

fn number_hash(number: &Number) -> i32 {
    let folded = |bits: u64| (bits ^ (bits >> 32)) as i32;
    match number.as_i64() {
        Some(value) => i32::try_from(value).unwrap_or_else(|_| folded(value as u64)),
        // The bits of a whole number beyond 64 bits are those of its nearest float here: Java's are those of all its digits.
        None => folded(number.as_f64().to_bits()),
    }
}

/// `Object.equals`: numbers are equal when they are of one kind, whole or not, and of one value.
fn equals(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => match (left.is_integer(), right.is_integer()) {
            (true, true) => left == right,
            (false, false) => left.as_f64() == right.as_f64(),
            _ => false,
        },
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equals(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            let same = |(name, value)| right.get(name).is_some_and(|right| equals(value, right));
            left.len() == right.len() && left.iter().all(|(name, value)| same((name, value)))
        }
        _ => left == right,
    }
}

/// The positions of keys with these hash codes, put one by one into a new `HashMap`, in the order in which it gives them.
///
/// A table has 16 buckets and twice as many whenever three quarters of them were used; a bucket keeps the order.
pub(crate) fn iteration_order(hashes: &[i32]) -> Vec<usize> {
    let mut buckets = 16usize;
    while hashes.len() > buckets / 4 * 3 {
        buckets *= 2;
    }
    let bucket = |hash: i32| (hash as u32 ^ (hash as u32 >> 16)) as usize & (buckets - 1);
    let mut order: Vec<usize> = (0..hashes.len()).collect();
    order.sort_by_key(|at| bucket(hashes[*at]));
    order
}

/// The items of a `HashSet` that these were put into, in its order.
pub(crate) fn hash_set<'a>(items: impl IntoIterator<Item = &'a Value>) -> Vec<Value> {
    let mut kept: Vec<&Value> = Vec::new();
    let mut hashes: Vec<i32> = Vec::new();
    let mut by_hash: std::collections::BTreeMap<i32, Vec<usize>> = std::collections::BTreeMap::new();
    for item in items {
        let hash = hash(item);
        let same_hash = by_hash.entry(hash).or_default();
        if !same_hash.iter().any(|at| equals(kept[*at], item)) {
            same_hash.push(kept.len());
            kept.push(item);
            hashes.push(hash);
        }
    }
    iteration_order(&hashes).into_iter().map(|at| kept[at].clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_codes_are_those_of_java() {
        for (json, expected) in [
            ("null", 0),
            ("true", 1231),
            ("\"\"", 0),
            ("\"hello\"", 99_162_322),
            ("-1", -1),
            ("4294967296", 1),
            ("1.5", 1_073_217_536),
            ("[1,2]", 994),
            ("{\"a\":1}", 96),
        ] {
            assert_eq!(hash(&json.parse().unwrap()), expected, "{json}");
        }
    }

    /// `aws2.jsonl`: ArrayUnique-004, -005, -006, -009, and Pass.State-002, whose names are keys of a map.
    #[test]
    fn tables_give_their_keys_in_javas_order() {
        for (items, expected) in [
            ("[true,false,true,false]", "[false,true]"),
            ("[null,null,1,null]", "[null,1]"),
            (r#"[1,"1",1,"01"]"#, r#"[1,"1","01"]"#),
            ("[[1,2],[1,2],[2,1]]", "[[2,1],[1,2]]"),
            (r#"[{"a":1,"b":2},{"b":2,"a":1}]"#, r#"[{"a":1,"b":2}]"#),
            ("[1,1.0,1.00]", "[1.0,1]"),
            ("[16,1,17,0]", "[16,0,1,17]"),
        ] {
            let items: Value = items.parse().unwrap();
            assert_eq!(Value::from(hash_set(items.as_array().unwrap())).to_string(), expected);
        }
        let names = ["name", "role", "isActive"];
        let order = iteration_order(&names.map(string_hash));
        assert_eq!(order.iter().map(|at| names[*at]).collect::<Vec<_>>(), ["role", "name", "isActive"]);
    }

    #[test]
    fn tables_grow_at_three_quarters() {
        let hashes: Vec<i32> = (0..13).rev().map(|n| n * 16).collect();
        // Thirteen keys need 32 buckets: multiples of 16 are in two of them.
        assert_eq!(iteration_order(&hashes), [0, 2, 4, 6, 8, 10, 12, 1, 3, 5, 7, 9, 11]);
        assert_eq!(iteration_order(&hashes[1..]), (0..12).collect::<Vec<_>>());
    }
}
