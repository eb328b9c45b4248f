use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::Digest;

use super::Function;
use crate::retry::Random;
use crate::value::{Array, Number, Object, Value};

/// AWS bounds arrays that are made from numbers, and texts that are encoded or hashed.
const MOST_ITEMS: i64 = 1000;
const LONGEST_TEXT: usize = 10_000;

/// Calls a function. The error is for `States.IntrinsicFailure`.
pub(super) fn call(
    function: Function,
    values: &[Value],
    escaped_braces: &[usize],
    random: &Random,
) -> Result<Value, String> {
    match (function, values) {
        (Function::Format, [template, arguments @ ..]) => format(template, escaped_braces, arguments),
        (Function::StringToJson, [text]) => string_to_json(string(text)?),
        (Function::JsonToString, [value]) => Ok(value.to_string().into()),
        (Function::Array, items) => Ok(items.iter().cloned().collect()),
        (Function::ArrayPartition, [items, size]) => partition(array(items)?, whole(size)?),
        (Function::ArrayContains, [items, wanted]) => Ok(array(items)?.iter().any(|item| same(item, wanted)).into()),
        (Function::ArrayRange, [first, last, step]) => range(whole(first)?, whole(last)?, whole(step)?),
        (Function::ArrayGetItem, [items, index]) => get_item(array(items)?, whole(index)?),
        (Function::ArrayLength, [items]) => Ok(length(array(items)?.len())),
        (Function::ArrayUnique, [items]) => Ok(unique(array(items)?)),
        (Function::Base64Encode, [text]) => Ok(BASE64.encode(short(string(text)?)?).into()),
        (Function::Base64Decode, [text]) => base64_decode(short(string(text)?)?),
        (Function::Hash, [data, algorithm]) => hash(data, string(algorithm)?),
        (Function::JsonMerge, [left, right, deep]) => merge(left, right, deep),
        (Function::MathRandom, [first, end]) => Ok(between(whole(first)?, whole(end)?, random)?.into()),
        (Function::MathRandom, [first, end, seed]) => {
            Ok(between(whole(first)?, whole(end)?, &Random::new(whole(seed)?.unsigned_abs()))?.into())
        }
        (Function::MathAdd, [left, right]) => {
            let sum = whole(left)?.checked_add(whole(right)?);
            sum.map(Value::from).ok_or_else(|| "The sum does not fit into a whole number".to_owned())
        }
        (Function::StringSplit, [text, separators]) => Ok(split(string(text)?, string(separators)?)),
        (Function::Uuid, []) => Ok(uuid(random).into()),
        // The number of arguments was checked when the call was read.
        _ => Err("Wrong number of arguments".to_owned()),
    }
}

fn string(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| format!("Expected a string, but got {value}"))
}

fn array(value: &Value) -> Result<&Array, String> {
    value.as_array().ok_or_else(|| format!("Expected an array, but got {value}"))
}

/// A number, rounded to a whole one.
fn whole(value: &Value) -> Result<i64, String> {
    value.as_number().map(round).ok_or_else(|| format!("Expected a number, but got {value}"))
}

/// The nearest whole number; halves go up, as Java's `Math.round` has it.
fn round(number: &Number) -> i64 {
    number.as_i64().unwrap_or_else(|| (number.as_f64() + 0.5).floor() as i64)
}

fn short(text: &str) -> Result<&str, String> {
    if text.chars().count() > LONGEST_TEXT {
        return Err(format!("The text is longer than {LONGEST_TEXT} characters"));
    }
    Ok(text)
}

fn length(length: usize) -> Value {
    i64::try_from(length).unwrap_or(i64::MAX).into()
}

/// Values are equal when they read alike; numbers when they are the same number.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left == right || left.as_f64() == right.as_f64(),
        _ => left == right,
    }
}

fn format(template: &Value, escaped_braces: &[usize], arguments: &[Value]) -> Result<Value, String> {
    let template = string(template)?;
    let mut out = String::with_capacity(template.len());
    let mut arguments = arguments.iter();
    let mut chars = template.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let is_text = escaped_braces.contains(&at);
        match c {
            '{' if !is_text => {
                if chars.next_if(|(_, next)| *next == '}').is_none() {
                    return Err("Invalid format string: '{' without '}'".to_owned());
                }
                let value = arguments.next().ok_or("Not enough arguments for the format string")?;
                out.push_str(&java_text(value));
            }
            '}' if !is_text => return Err("Invalid format string: '}' without '{'".to_owned()),
            c => out.push(c),
        }
    }
    match arguments.next() {
        None => Ok(out.into()),
        Some(_) => Err("Too many arguments for the format string".to_owned()),
    }
}

/// A value as Java writes it: `{a=1, b=[x, y]}`.
fn java_text(value: &Value) -> String {
    let list = |items: Vec<String>| items.join(", ");
    match value {
        Value::String(text) => text.to_string(),
        Value::Array(items) => format!("[{}]", list(items.iter().map(java_text).collect())),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| format!("{name}={}", java_text(value)));
            format!("{{{}}}", list(members.collect()))
        }
        other => other.to_string(),
    }
}

fn string_to_json(text: &str) -> Result<Value, String> {
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    text.parse().map_err(|error| format!("Invalid JSON: {error}"))
}

fn partition(items: &Array, size: i64) -> Result<Value, String> {
    match usize::try_from(size) {
        Ok(size) if size > 0 => Ok(items.chunks(size).map(|chunk| Value::from(chunk.to_vec())).collect()),
        _ => Err(format!("The chunk size must be a positive number, not {size}")),
    }
}

fn range(first: i64, last: i64, step: i64) -> Result<Value, String> {
    if step == 0 {
        return Err("The step must not be 0".to_owned());
    }
    let count = last.checked_sub(first).map_or(i64::MAX, |span| span.checked_div(step).unwrap_or(i64::MAX));
    if count >= MOST_ITEMS {
        return Err(format!("The range has more than {MOST_ITEMS} items"));
    }
    Ok((0..=count).map(|at| Value::from(first + at * step)).collect())
}

fn get_item(items: &Array, index: i64) -> Result<Value, String> {
    let found = usize::try_from(index).ok().and_then(|index| items.get(index));
    found.cloned().ok_or_else(|| format!("Index {index} is out of bounds for an array of {}", items.len()))
}

fn unique(items: &Array) -> Value {
    let mut kept: Vec<Value> = Vec::new();
    for item in items {
        if !kept.iter().any(|known| same(known, item)) {
            kept.push(item.clone());
        }
    }
    kept.into()
}

fn base64_decode(text: &str) -> Result<Value, String> {
    let bytes = BASE64.decode(text).map_err(|error| format!("Invalid Base64: {error}"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned().into())
}

fn hash(data: &Value, algorithm: &str) -> Result<Value, String> {
    let text = data.as_str().map_or_else(|| data.to_string(), str::to_owned);
    let known = || format!("Unknown algorithm '{algorithm}': use MD5, SHA-1, SHA-256, SHA-384 or SHA-512");
    digest(short(&text)?, algorithm).map(Value::from).ok_or_else(known)
}

/// The hash of a text's UTF-8 bytes in lower-case hexadecimal digits; `None` for an algorithm that AWS does not have.
pub(crate) fn digest(text: &str, algorithm: &str) -> Option<String> {
    let bytes = match algorithm {
        "MD5" => md5::Md5::digest(text).to_vec(),
        "SHA-1" => sha1::Sha1::digest(text).to_vec(),
        "SHA-256" => sha2::Sha256::digest(text).to_vec(),
        "SHA-384" => sha2::Sha384::digest(text).to_vec(),
        "SHA-512" => sha2::Sha512::digest(text).to_vec(),
        _ => return None,
    };
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn merge(left: &Value, right: &Value, deep: &Value) -> Result<Value, String> {
    if *deep != Value::Bool(false) {
        return Err("Deep merging is not supported: the third argument must be false".to_owned());
    }
    let members = |value: &Value| -> Result<Object, String> {
        value.as_object().cloned().ok_or_else(|| format!("Expected an object, but got {value}"))
    };
    let (left, right) = (members(left)?, members(right)?);
    Ok(left.iter().chain(right.iter()).map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// A number from `first` up to, but not including, `end`.
fn between(first: i64, end: i64, random: &Random) -> Result<i64, String> {
    match end.checked_sub(first) {
        Some(span) if span > 0 => Ok(first + (random.next() % span.unsigned_abs()) as i64),
        _ => Err(format!("The end {end} must be greater than the start {first}")),
    }
}

/// The parts between any of the separators' characters; empty parts fall out.
fn split(text: &str, separators: &str) -> Value {
    text.split(|c| separators.contains(c)).filter(|part| !part.is_empty()).map(Value::from).collect()
}

/// A version 4 UUID of the execution's random numbers.
pub(crate) fn uuid(random: &Random) -> String {
    let (high, low) = (random.next(), random.next());
    let version = (high & !0xf000) | 0x4000;
    let variant = (low & !(0b11 << 62)) | (0b10 << 62);
    let number = (u128::from(version) << 64) | u128::from(variant);
    let mut text = String::with_capacity(36);
    for digit in 0..32 {
        if matches!(digit, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        let value = (number >> (124 - 4 * digit)) as u32 & 0xf;
        text.extend(char::from_digit(value, 16));
    }
    text
}
