use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::Digest;

use super::Function;
use crate::java;
use crate::json::parse_value;
use crate::retry::Random;
use crate::value::{Array, Number, Object, Value};

/// AWS bounds arrays that are made from numbers, and texts that are encoded or hashed.
const MOST_ITEMS: usize = 1000;
const LONGEST_TEXT: usize = 10_000;

/// Calls a function. The error is what AWS says of the call, such as `Invalid arguments in States.MathAdd`, and in our words why.
///
/// AWS developer guide, "Intrinsic functions"; the rules that it leaves open are recorded (`aws2.jsonl`, groups `States.…`).
pub(super) fn call(
    function: Function,
    values: &[Value],
    escaped_braces: &[usize],
    random: &Random,
) -> Result<Value, Refused> {
    match (function, values) {
        (Function::Format, [template, arguments @ ..]) => format(template, escaped_braces, arguments),
        (Function::StringToJson, [text]) => string_to_json(text),
        (Function::JsonToString, [value]) => Ok(value.to_string().into()),
        (Function::Array, items) => Ok(items.iter().cloned().collect()),
        (Function::ArrayPartition, [items, size]) => partition(items, size),
        (Function::ArrayContains, [items, wanted]) => contains(items, wanted),
        (Function::ArrayRange, [first, last, step]) => range(truncated(first)?, truncated(last)?, truncated(step)?),
        (Function::ArrayGetItem, [items, index]) => get_item(array(items)?, truncated(index)?),
        (Function::ArrayLength, [items]) => Ok(length(array(items)?.len())),
        (Function::ArrayUnique, [items]) => Ok(java::hash_set(array(items)?).into()),
        (Function::Base64Encode, [text]) => Ok(BASE64.encode(short(string(text)?)?).into()),
        (Function::Base64Decode, [text]) => base64_decode(short(string(text)?)?),
        (Function::Hash, [data, algorithm]) => hash(data, string(algorithm)?),
        (Function::JsonMerge, [left, right, deep]) => merge(left, right, deep),
        (Function::MathRandom, [first, end]) => {
            let (first, span) = bounds(first, end)?;
            Ok((first + (random.next() % span.unsigned_abs()) as i64).into())
        }
        (Function::MathRandom, [first, end, seed]) => {
            let (first, span) = bounds(first, end)?;
            let drawn =
                i32::try_from(span).ok().and_then(|span| java::Random::new(truncated(seed).ok()?).next_int(span));
            drawn.map(|drawn| (first + i64::from(drawn)).into()).ok_or_else(|| invalid("the seed has to be a number"))
        }
        (Function::MathAdd, [left, right]) => add(left, right),
        (Function::StringSplit, [text, separators]) => Ok(split(string(text)?, string(separators)?)),
        // AWS passes over what it is given.
        (Function::Uuid, _) => Ok(uuid(random).into()),
        (function @ Function::JsonToString, values) => {
            let detail = Some(": only a single argument is allowed.".to_owned());
            Err(Refused { detail, ..invalid(function.miscounted(values.len()).unwrap_or_default()) })
        }
        (function, values) => Err(invalid(function.miscounted(values.len()).unwrap_or_default())),
    }
}

/// Why a function gives nothing.
pub(super) struct Refused {
    /// What AWS says instead of "Invalid arguments in …".
    pub(super) instead: Option<String>,
    /// What AWS says behind "Invalid arguments in …".
    pub(super) detail: Option<String>,
    /// The reason in our words.
    pub(super) hint: String,
}

fn invalid(hint: impl Into<String>) -> Refused {
    Refused { instead: None, detail: None, hint: hint.into() }
}

fn string(value: &Value) -> Result<&str, Refused> {
    value.as_str().ok_or_else(|| invalid(format!("a string is expected, not a value of type {}", value.type_name())))
}

fn array(value: &Value) -> Result<&Array, Refused> {
    value.as_array().ok_or_else(|| invalid(format!("an array is expected, not a value of type {}", value.type_name())))
}

fn number(value: &Value) -> Result<&Number, Refused> {
    value.as_number().ok_or_else(|| invalid(format!("a number is expected, not a value of type {}", value.type_name())))
}

/// A number without its fraction.
fn truncated(value: &Value) -> Result<i64, Refused> {
    number(value).map(|number| number.as_i64().unwrap_or_else(|| number.as_f64() as i64))
}

/// A number of Java's `int`: a whole one as it stands, if it fits; another is rounded, and of more than 32 bits the lowest stay.
fn int(value: &Value) -> Result<i32, Refused> {
    let number = number(value)?;
    if number.is_integer() {
        let whole = number.as_i64().and_then(|whole| i32::try_from(whole).ok());
        return whole.ok_or_else(|| invalid(format!("{number} does not fit into 32 bits")));
    }
    Ok(java::round(number.as_f64()) as i32)
}

fn short(text: &str) -> Result<&str, Refused> {
    if text.chars().count() > LONGEST_TEXT {
        return Err(invalid(format!("the text is longer than {LONGEST_TEXT} characters")));
    }
    Ok(text)
}

fn length(length: usize) -> Value {
    i64::try_from(length).unwrap_or(i64::MAX).into()
}

fn format(template: &Value, escaped_braces: &[usize], arguments: &[Value]) -> Result<Value, Refused> {
    let template = string(template)?;
    let mut out = String::with_capacity(template.len());
    let mut arguments = arguments.iter();
    let mut chars = template.char_indices().peekable();
    let unmatched = |missing: char, found: char| {
        let instead = format!("Invalid template in States.Format: matching '{missing}' not found for '{found}'.");
        let hint = format!("write '\\{found}' for a brace that is text");
        Refused { instead: Some(instead), ..invalid(hint) }
    };
    while let Some((at, c)) = chars.next() {
        let is_text = escaped_braces.contains(&at);
        match c {
            '{' if !is_text => {
                if chars.next_if(|(_, next)| *next == '}').is_none() {
                    return Err(unmatched('}', '{'));
                }
                let value =
                    arguments.next().ok_or_else(|| invalid("the template has more '{}' than there are values"))?;
                out.push_str(&java::to_string(value));
            }
            '}' if !is_text => return Err(unmatched('{', '}')),
            c => out.push(c),
        }
    }
    match arguments.next() {
        None => Ok(out.into()),
        Some(_) => Err(invalid("the template has fewer '{}' than there are values")),
    }
}

fn string_to_json(text: &Value) -> Result<Value, Refused> {
    let text = string(text)?;
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    parse_value(text).map_err(|error| {
        let instead =
            format!("Cannot convert String to Json in States.StringToJson, caused by: {}", error.told_by_jackson());
        Refused { instead: Some(instead), ..invalid(error.to_string()) }
    })
}

fn partition(items: &Value, size: &Value) -> Result<Value, Refused> {
    let items = array(items)?;
    match usize::try_from(truncated(size)?) {
        Ok(size) if size > 0 => Ok(items.chunks(size).map(|chunk| Value::from(chunk.to_vec())).collect()),
        _ => Err(invalid(format!("a chunk has at least 1 item, not {size}"))),
    }
}

/// Whether an item reads as the value does: AWS compares texts, `true` and `"true"` are the same.
fn contains(items: &Value, wanted: &Value) -> Result<Value, Refused> {
    let wanted = java::to_string(wanted);
    Ok(array(items)?.iter().any(|item| java::to_string(item) == wanted).into())
}

fn range(first: i64, last: i64, step: i64) -> Result<Value, Refused> {
    if step == 0 {
        return Err(invalid("the step must not be 0"));
    }
    let ends = |at: &i64| if step > 0 { *at <= last } else { *at >= last };
    let steps = std::iter::successors(Some(first), |at| at.checked_add(step)).take_while(ends);
    let items: Vec<Value> = steps.take(MOST_ITEMS + 1).map(Value::from).collect();
    if items.len() > MOST_ITEMS {
        return Err(invalid(format!("the range has more than {MOST_ITEMS} items")));
    }
    Ok(items.into())
}

/// An item; null for an index further behind the end than the next place.
///
/// That the next place itself is refused is recorded (`aws2.jsonl`, States.ArrayGetItem-010: 3 of 3 items). The null is told of 999 of
/// none (`aws2-notes.jsonl`, -012) and otherwise a guess that both agree with.
fn get_item(items: &Array, index: i64) -> Result<Value, Refused> {
    match usize::try_from(index) {
        Ok(index) if index > items.len() => Ok(Value::Null),
        found => found
            .ok()
            .and_then(|index| items.get(index))
            .cloned()
            .ok_or_else(|| invalid(format!("the index {index} is outside of an array of {} items", items.len()))),
    }
}

fn base64_decode(text: &str) -> Result<Value, Refused> {
    let bytes = java::decode_base64(text).map_err(|error| invalid(format!("the text is no Base64: {error}")))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned().into())
}

fn hash(data: &Value, algorithm: &str) -> Result<Value, Refused> {
    let text = data.as_str().map_or_else(|| data.to_string(), str::to_owned);
    let known = || invalid(format!("the algorithm is MD5, SHA-1, SHA-256, SHA-384 or SHA-512, not '{algorithm}'"));
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

fn merge(left: &Value, right: &Value, deep: &Value) -> Result<Value, Refused> {
    // The text "false" is taken, too.
    if java::to_string(deep) != "false" {
        return Err(invalid("AWS cannot merge deeply: the third argument has to be false"));
    }
    let members = |value: &Value| -> Result<Object, Refused> {
        let object = value.as_object().cloned();
        object.ok_or_else(|| invalid(format!("an object is expected, not a value of type {}", value.type_name())))
    };
    let (left, right) = (members(left)?, members(right)?);
    Ok(left.iter().chain(right.iter()).map(|(name, value)| (name.clone(), value.clone())).collect())
}

fn add(left: &Value, right: &Value) -> Result<Value, Refused> {
    let sum = int(left)?.checked_add(int(right)?);
    sum.map(|sum| i64::from(sum).into()).ok_or_else(|| invalid("the sum does not fit into 32 bits"))
}

/// Where a random number starts, and how many there are from there.
fn bounds(first: &Value, end: &Value) -> Result<(i64, i64), Refused> {
    let (first, end) = (truncated(first)?, truncated(end)?);
    match end.checked_sub(first) {
        Some(span) if span > 0 => Ok((first, span)),
        _ => Err(invalid(format!("the end {end} has to be greater than the start {first}"))),
    }
}

/// The parts between any of the separators' characters; empty parts fall out.
fn split(text: &str, separators: &str) -> Value {
    text.split(|c| separators.contains(c)).filter(|part| !part.is_empty()).map(Value::from).collect()
}

/// A version 4 UUID of the execution's random numbers.
pub(crate) fn uuid(random: &Random) -> Arc<str> {
    let (high, low) = (random.next(), random.next());
    let version = (high & !0xf000) | 0x4000;
    let variant = (low & !(0b11 << 62)) | (0b10 << 62);
    let number = (u128::from(version) << 64) | u128::from(variant);
    // In place: each child execution of a Map Run is called so.
    let mut text = [b'-'; 36];
    let digits = [0..8, 9..13, 14..18, 19..23, 24..36].into_iter().flatten();
    for (nibble, at) in digits.enumerate() {
        text[at] = b"0123456789abcdef"[(number >> (124 - 4 * nibble) & 0xf) as usize];
    }
    std::str::from_utf8(&text).unwrap_or_default().into()
}
