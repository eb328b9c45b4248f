//! Event patterns: which events a rule wants.
//!
//! AWS's user guide of EventBridge, "Amazon EventBridge event patterns" and "Comparison operators for use in event patterns". The texts of refusals
//! are those that AWS gave for the patterns of LocalStack's tests, and of `aws/event-ruler`, which AWS uses; the place behind them is left out.

mod text;

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::{Map, Value};

use self::text::TextTest;

/// What an event has to be. `{ "source": ["aws.states"], "detail": { "status": [{ "prefix": "S" }] } }`
#[derive(Clone, Debug, PartialEq)]
pub struct EventPattern(Fields);

/// A text is no event pattern. `Event pattern is not valid. Reason: Empty arrays are not allowed`
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Event pattern is not valid. Reason: {0}")]
pub struct InvalidPattern(String);

/// All of them have to fit.
#[derive(Clone, Debug, Default, PartialEq)]
struct Fields {
    fields: BTreeMap<String, Vec<Field>>,
    /// Of each, one: `"$or": [{ … }, { … }]`
    either: Vec<Vec<Fields>>,
}

#[derive(Clone, Debug, PartialEq)]
enum Field {
    /// `{ … }`
    Inner(Fields),
    /// `[ … ]`: one of them.
    OneOf(Vec<Test>),
}

/// What a value is held against.
#[derive(Clone, Debug, PartialEq)]
enum Test {
    /// `"a"`, `1`, `true` or `null`
    Equal(Value),
    /// `{ "prefix": "a" }` and all else that looks at a text.
    Text(TextTest),
    /// `{ "anything-but": ["a", "b"] }`
    NoneOf(Vec<Value>),
    /// `{ "anything-but": { "prefix": "a" } }`
    NoText(Vec<TextTest>),
    /// `{ "numeric": [">", 0, "<=", 5] }`
    Numeric(Vec<(Comparison, f64)>),
    /// `{ "exists": true }`
    Exists(bool),
    /// `{ "cidr": "10.0.0.0/24" }`
    Cidr(IpAddr, u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// The numbers that can be compared. User guide, "Numeric matching".
const NUMBER_MAX: f64 = 5.0e9;

const OR: &str = "$or";
const ANYTHING_BUT: &str = "anything-but";
const IGNORE_CASE: &str = "equals-ignore-case";

/// What no field inside an `$or` may be called: it would be another pattern to those who read it as a matcher.
const RESERVED: [&str; 8] = ["exact", "prefix", "suffix", "numeric", ANYTHING_BUT, "exists", "cidr", IGNORE_CASE];

const ONE_KEY: &str = "Only one key allowed in match expression";

fn invalid<T>(why: impl Into<String>) -> Result<T, InvalidPattern> {
    Err(InvalidPattern(why.into()))
}

impl EventPattern {
    /// The pattern that a text has.
    pub fn parse(text: &str) -> Result<Self, InvalidPattern> {
        // Only for what AWS says of it.
        text.parse::<asl_engine::Value>().map_err(|error| InvalidPattern(error.jackson_message()))?;
        let pattern: Value = serde_json::from_str(text).map_err(|error| InvalidPattern(error.to_string()))?;
        match &pattern {
            Value::Object(members) => Fields::of(members, false).map(Self),
            _ => invalid("Filter is not an object"),
        }
    }

    /// Whether an event fits.
    pub fn matches(&self, event: &Value) -> bool {
        match has_dots(event) {
            true => self.0.matches(Some(&undotted(event))),
            false => self.0.matches(Some(event)),
        }
    }
}

/// Whether a member has a dot in its name.
fn has_dots(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(name, value)| name.contains('.') || has_dots(value)),
        Value::Array(items) => items.iter().any(has_dots),
        _ => false,
    }
}

/// A value whose members are without dots: `{ "a.b": 1 }` is `{ "a": { "b": 1 } }` to patterns.
fn undotted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut plain = Map::new();
            for (name, value) in members {
                put(&mut plain, name, undotted(value));
            }
            Value::Object(plain)
        }
        Value::Array(items) => items.iter().map(undotted).collect(),
        other => other.clone(),
    }
}

fn put(members: &mut Map<String, Value>, name: &str, value: Value) {
    let Some((first, rest)) = name.split_once('.') else {
        _ = members.insert(name.to_owned(), value);
        return;
    };
    let inner = members.entry(first).or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(inner) = inner {
        put(inner, rest, value);
    }
}

impl Fields {
    fn of(members: &Map<String, Value>, is_inside_or: bool) -> Result<Self, InvalidPattern> {
        if members.is_empty() {
            return invalid("Empty objects are not allowed");
        }
        let mut fields = Self::default();
        for (name, value) in members {
            if name == OR {
                fields.either.push(Self::either(value)?);
                continue;
            }
            if is_inside_or && RESERVED.contains(&name.as_str()) {
                return invalid(format!("{name} is Ruler reserved fieldName which cannot be used inside {OR}."));
            }
            let field = match value {
                Value::Object(members) => Field::Inner(Self::of(members, is_inside_or)?),
                Value::Array(tests) if tests.is_empty() => return invalid("Empty arrays are not allowed"),
                Value::Array(tests) => Field::OneOf(tests.iter().map(Test::of).collect::<Result<_, _>>()?),
                _ => return invalid(format!("\"{name}\" must be an object or an array")),
            };
            fields.add(name, field);
        }
        Ok(fields)
    }

    fn add(&mut self, name: &str, field: Field) {
        match name.split_once('.') {
            None => self.fields.entry(name.to_owned()).or_default().push(field),
            Some((first, rest)) => {
                let mut inner = Self::default();
                inner.add(rest, field);
                self.fields.entry(first.to_owned()).or_default().push(Field::Inner(inner));
            }
        }
    }

    fn either(value: &Value) -> Result<Vec<Self>, InvalidPattern> {
        let Value::Array(choices) = value else { return invalid(format!("It must be an Array followed with {OR}.")) };
        let fields = |choice: &Value| match choice {
            Value::Object(members) => Self::of(members, true),
            _ => invalid(format!("Only JSON object is allowed in array of {OR} relationship.")),
        };
        let choices = choices.iter().map(fields).collect::<Result<Vec<_>, _>>()?;
        if choices.len() < 2 {
            return invalid(format!("There must have at least 2 Objects in {OR} relationship."));
        }
        Ok(choices)
    }

    /// Whether what is there, if anything is, fits. Of an array, one element has to fit as a whole.
    fn matches(&self, value: Option<&Value>) -> bool {
        match value {
            Some(Value::Array(items)) if items.iter().any(|item| item.is_object() || item.is_array()) => {
                items.iter().any(|item| self.matches(Some(item)))
            }
            value => {
                let member = |name: &str| value.and_then(|value| value.get(name));
                let fits = |name: &str, field: &Field| match field {
                    Field::Inner(fields) => fields.matches(member(name)),
                    Field::OneOf(tests) => tests.iter().any(|test| test.fits(member(name))),
                };
                self.fields.iter().all(|(name, fields)| fields.iter().all(|field| fits(name, field)))
                    && self.either.iter().all(|choices| choices.iter().any(|choice| choice.matches(value)))
            }
        }
    }
}

impl Test {
    fn of(value: &Value) -> Result<Self, InvalidPattern> {
        match value {
            Value::Object(members) => Self::of_expression(members),
            Value::Array(_) => invalid("Match value must be String, number, true, false, or null"),
            value => Ok(Self::Equal(value.clone())),
        }
    }

    fn of_expression(members: &Map<String, Value>) -> Result<Self, InvalidPattern> {
        let Some((name, value)) = members.iter().next() else { return invalid("Match expression name not found") };
        let test = match (name.as_str(), value) {
            ("exact", Value::String(_)) => Self::Equal(value.clone()),
            ("exact", _) => return invalid("exact match pattern must be a string"),
            ("prefix" | "suffix" | "wildcard" | IGNORE_CASE, _) => Self::Text(TextTest::of(name, value)?),
            (ANYTHING_BUT, _) => Self::anything_but(value)?,
            ("numeric", Value::Array(parts)) => Self::Numeric(comparisons(parts)?),
            ("numeric", _) => return invalid("Value of numeric must be an array."),
            ("exists", Value::Bool(exists)) => Self::Exists(*exists),
            ("exists", _) => return invalid("exists match pattern must be either true or false."),
            ("cidr", Value::String(text)) => {
                let (address, bits) = cidr(text)?;
                Self::Cidr(address, bits)
            }
            ("cidr", _) => return invalid("prefix match pattern must be a string"),
            _ => return invalid(format!("Unrecognized match type {name}")),
        };
        if members.len() > 1 { invalid(ONE_KEY) } else { Ok(test) }
    }

    fn anything_but(value: &Value) -> Result<Self, InvalidPattern> {
        match value {
            Value::String(_) | Value::Number(_) => Ok(Self::NoneOf(vec![value.clone()])),
            Value::Array(values) => {
                if values.iter().any(|value| !value.is_string() && !value.is_number()) {
                    return invalid("Inside anything but list, start|null|boolean is not supported.");
                }
                if !values.iter().all(Value::is_string) && !values.iter().all(Value::is_number) || values.is_empty() {
                    return invalid(
                        "Inside anything but list, either all values are number or string, mixed type is not supported",
                    );
                }
                Ok(Self::NoneOf(values.clone()))
            }
            Value::Object(members) => {
                let Some((name, value)) = members.iter().next() else {
                    return invalid("Anything-But expression name not found");
                };
                if members.len() > 1 {
                    return invalid(ONE_KEY);
                }
                if !["prefix", "suffix", "wildcard", IGNORE_CASE].contains(&name.as_str()) {
                    return invalid(format!("Unsupported anything-but pattern: {name}"));
                }
                let of_one = |value: &Value| match (name.as_str(), value) {
                    ("prefix" | "suffix", Value::String(text)) if text.is_empty() => {
                        invalid("Null prefix/suffix not allowed")
                    }
                    ("prefix" | "suffix", Value::String(_)) => TextTest::of(name, value),
                    ("prefix" | "suffix", _) => invalid("prefix/suffix match pattern must be a string"),
                    (IGNORE_CASE, Value::String(_)) => TextTest::of(name, value),
                    (IGNORE_CASE, _) => invalid(
                        "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
                    ),
                    _ => TextTest::of(name, value),
                };
                match value {
                    Value::Object(_) => {
                        invalid("Value of anything-but must be an array or single string/number value.")
                    }
                    Value::Array(values) => Ok(Self::NoText(values.iter().map(of_one).collect::<Result<_, _>>()?)),
                    value => Ok(Self::NoText(vec![of_one(value)?])),
                }
            }
            _ => invalid("Value of anything-but must be an array or single string/number value."),
        }
    }

    /// Whether one of the values that are there fits; an object is none.
    fn fits(&self, value: Option<&Value>) -> bool {
        match self {
            Self::Exists(exists) => value.is_some_and(|value| any_leaf(value, &|_| true)) == *exists,
            test => value.is_some_and(|value| any_leaf(value, &|leaf| test.fits_leaf(leaf))),
        }
    }

    fn fits_leaf(&self, value: &Value) -> bool {
        match self {
            Self::Equal(wanted) => is_equal(wanted, value),
            Self::Text(test) => value.as_str().is_some_and(|text| test.fits(text)),
            Self::NoneOf(unwanted) => !unwanted.iter().any(|unwanted| is_equal(unwanted, value)),
            Self::NoText(tests) => !value.as_str().is_some_and(|text| tests.iter().any(|test| test.fits(text))),
            Self::Numeric(comparisons) => {
                let number = value.as_f64().filter(|number| number.abs() <= NUMBER_MAX);
                number.is_some_and(|number| comparisons.iter().all(|(how, with)| how.holds(number, *with)))
            }
            Self::Exists(exists) => *exists,
            Self::Cidr(network, bits) => {
                let address = value.as_str().and_then(|text| text.parse().ok());
                address.is_some_and(|address| is_in(address, *network, *bits))
            }
        }
    }
}

/// Whether one of the values in arrays is as wanted.
fn any_leaf(value: &Value, wanted: &impl Fn(&Value) -> bool) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| any_leaf(item, wanted)),
        Value::Object(_) => false,
        leaf => wanted(leaf),
    }
}

fn is_equal(wanted: &Value, value: &Value) -> bool {
    match (wanted, value) {
        // 300, 300.0 and 3.0e2 are one number.
        (Value::Number(wanted), Value::Number(value)) => wanted == value || wanted.as_f64() == value.as_f64(),
        _ => wanted == value,
    }
}

impl Comparison {
    fn holds(self, number: f64, with: f64) -> bool {
        match self {
            #[expect(clippy::float_cmp, reason = "EventBridge compares the numbers themselves")]
            Self::Equal => number == with,
            Self::Less => number < with,
            Self::LessOrEqual => number <= with,
            Self::Greater => number > with,
            Self::GreaterOrEqual => number >= with,
        }
    }
}

/// `["=", 1]`, `["<", 1]` or `[">", 1, "<=", 2]`
fn comparisons(parts: &[Value]) -> Result<Vec<(Comparison, f64)>, InvalidPattern> {
    let number = |operator: &str, value: Option<&Value>| match value.and_then(Value::as_f64) {
        Some(number) if number.abs() <= NUMBER_MAX => Ok(number),
        Some(_) => invalid("Value must be between -5.0E9 and 5.0E9, inclusive"),
        None if operator == "=" => invalid("Value of equals must be numeric"),
        None => invalid(format!("Value of {operator} must be numeric")),
    };
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let operator = match parts.first() {
        Some(Value::String(operator)) => operator.as_str(),
        Some(other) => return invalid(format!("Invalid member in numeric match: {}", shown(other))),
        None => return invalid("Invalid member in numeric match: ]"),
    };
    let (how, has_range) = match operator {
        "=" => (Comparison::Equal, false),
        "<" => (Comparison::Less, false),
        "<=" => (Comparison::LessOrEqual, false),
        ">" => (Comparison::Greater, true),
        ">=" => (Comparison::GreaterOrEqual, true),
        _ => return invalid(format!("Unrecognized numeric range operator: {operator}")),
    };
    let bottom = number(operator, parts.get(1))?;
    let first = (how, bottom);
    let Some(second) = parts.get(2) else { return Ok(vec![first]) };
    if !has_range {
        return invalid("Too many elements in numeric expression");
    }
    let (operator, how) = match second.as_str() {
        Some("<") => ("<", Comparison::Less),
        Some("<=") => ("<=", Comparison::LessOrEqual),
        Some(other) => return invalid(format!("Bad numeric range operator: {other}")),
        None => return invalid(format!("Bad value in numeric range: {}", shown(second))),
    };
    let top = number(operator, parts.get(3))?;
    if parts.len() > 4 {
        return invalid("Too many terms in numeric range expression");
    }
    if bottom >= top {
        return invalid("Bottom must be less than top");
    }
    Ok(vec![first, (how, top)])
}

/// A network and how many of its bits are the same in all addresses.
fn cidr(text: &str) -> Result<(IpAddr, u32), InvalidPattern> {
    let parts: Vec<&str> = text.split('/').collect();
    let [address, bits] = parts[..] else { return invalid("Malformed CIDR, one '/' required") };
    let Ok(bits) = bits.parse() else { return invalid("Malformed CIDR, mask bits must be an integer") };
    let Ok(address) = address.parse::<IpAddr>() else {
        return invalid(format!("Nonstandard IP address: {address}"));
    };
    let most = if address.is_ipv4() { 32 } else { 128 };
    match bits {
        0.. if bits > most => {
            invalid(format!("IPv{} mask bits must be < {most}", if address.is_ipv4() { 4 } else { 6 }))
        }
        bits => Ok((address, bits)),
    }
}

fn is_in(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    let (differs, width) = match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => (u128::from(u32::from(address) ^ u32::from(network)), 32),
        (IpAddr::V6(address), IpAddr::V6(network)) => (u128::from(address) ^ u128::from(network), 128),
        _ => return false,
    };
    differs.checked_shr(width - bits.min(width)).unwrap_or_default() == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Patterns, events that fit and events that do not. The first are those of the user guide.
    const CASES: &[(&str, &[&str], &[&str])] = &[
        (
            r#"{"source":["aws.ec2"],"detail":{"state":["running","stopped"]}}"#,
            &[r#"{"source":"aws.ec2","detail":{"state":"running","id":1}}"#],
            &[r#"{"source":"aws.ec2","detail":{"state":"pending"}}"#, r#"{"source":"aws.ec2"}"#, "{}"],
        ),
        // "Arrays in event patterns"
        (
            r#"{"resources":["a","b"]}"#,
            &[r#"{"resources":["x","b"]}"#, r#"{"resources":"a"}"#],
            &[r#"{"resources":[]}"#],
        ),
        // "Null values and empty strings"
        (r#"{"detail":{"a":[null]}}"#, &[r#"{"detail":{"a":null}}"#], &[r#"{"detail":{"a":""}}"#, r#"{"detail":{}}"#]),
        (r#"{"detail":{"a":[""]}}"#, &[r#"{"detail":{"a":""}}"#], &[r#"{"detail":{"a":null}}"#]),
        // "Numbers"
        (r#"{"a":[300]}"#, &[r#"{"a":300}"#, r#"{"a":300.0}"#, r#"{"a":3.0e2}"#], &[r#"{"a":"300"}"#, r#"{"a":301}"#]),
        (r#"{"a":[123456789012]}"#, &[r#"{"a":123456789012}"#], &[r#"{"a":123456789013}"#]),
        (r#"{"a":[true]}"#, &[r#"{"a":true}"#, r#"{"a":[false,true]}"#], &[r#"{"a":"true"}"#, r#"{"a":false}"#]),
        // "Prefix matching"
        (r#"{"time":[{"prefix":"2017-10-02"}]}"#, &[r#"{"time":"2017-10-02T18:43:48Z"}"#], &[r#"{"time":2017}"#]),
        (r#"{"a":[{"prefix":{"equals-ignore-case":"EventB"}}]}"#, &[r#"{"a":"EVENTBRIDGE"}"#], &[r#"{"a":"even"}"#]),
        // "Suffix matching"
        (r#"{"FileName":[{"suffix":".png"}]}"#, &[r#"{"FileName":"a.png"}"#], &[r#"{"FileName":"a.png.txt"}"#]),
        (r#"{"a":[{"suffix":{"equals-ignore-case":".png"}}]}"#, &[r#"{"a":"b.PNG"}"#], &[r#"{"a":"b.PN"}"#]),
        // "Anything-but matching": what is not there does not fit.
        (
            r#"{"detail":{"state":[{"anything-but":"initializing"}]}}"#,
            &[r#"{"detail":{"state":"x"}}"#, r#"{"detail":{"state":null}}"#, r#"{"detail":{"state":1}}"#],
            &[r#"{"detail":{"state":"initializing"}}"#, r#"{"detail":{}}"#, r#"{"detail":{"state":{"a":1}}}"#],
        ),
        (r#"{"a":[{"anything-but":123}]}"#, &[r#"{"a":456}"#], &[r#"{"a":123}"#, r#"{"a":123.0}"#]),
        (r#"{"a":[{"anything-but":["x","y"]}]}"#, &[r#"{"a":"z"}"#, r#"{"a":["x","z"]}"#], &[r#"{"a":"y"}"#]),
        (r#"{"a":[{"anything-but":[100,200]}]}"#, &[r#"{"a":300}"#], &[r#"{"a":200}"#]),
        (
            r#"{"a":[{"anything-but":{"equals-ignore-case":"x"}}]}"#,
            &[r#"{"a":"y"}"#, r#"{"a":null}"#],
            &[r#"{"a":"X"}"#],
        ),
        (r#"{"a":[{"anything-but":{"equals-ignore-case":["x","y"]}}]}"#, &[r#"{"a":"z"}"#], &[r#"{"a":"Y"}"#]),
        (r#"{"a":[{"anything-but":{"prefix":"init"}}]}"#, &[r#"{"a":"x"}"#, r#"{"a":1}"#], &[r#"{"a":"initial"}"#]),
        (r#"{"a":[{"anything-but":{"prefix":["i","j"]}}]}"#, &[r#"{"a":"k"}"#], &[r#"{"a":"jx"}"#]),
        (r#"{"a":[{"anything-but":{"suffix":[".txt",".rtf"]}}]}"#, &[r#"{"a":".png"}"#], &[r#"{"a":"a.rtf"}"#]),
        (r#"{"a":[{"anything-but":{"wildcard":"*/lib/*"}}]}"#, &[r#"{"a":"/bin/x"}"#], &[r#"{"a":"/lib/x"}"#]),
        (r#"{"a":[{"anything-but":{"wildcard":["*/lib/*","*/bin/*"]}}]}"#, &[r#"{"a":"/x/"}"#], &[r#"{"a":"/bin/x"}"#]),
        // "Numeric matching"
        (
            r#"{"detail":{"c-count":[{"numeric":[">",0,"<=",5]}],"d-count":[{"numeric":["<",10]}],"x-limit":[{"numeric":["=",3.018e2]}]}}"#,
            &[r#"{"detail":{"c-count":5,"d-count":-1,"x-limit":301.8}}"#],
            &[
                r#"{"detail":{"c-count":0,"d-count":-1,"x-limit":301.8}}"#,
                r#"{"detail":{"c-count":5,"d-count":10,"x-limit":301.8}}"#,
                r#"{"detail":{"c-count":5,"d-count":1,"x-limit":301.9}}"#,
                r#"{"detail":{"c-count":"5","d-count":1,"x-limit":301.8}}"#,
            ],
        ),
        (r#"{"a":[{"numeric":[">=",1,"<",2]}]}"#, &[r#"{"a":1}"#, r#"{"a":1.99}"#], &[r#"{"a":2}"#, r#"{"a":6e9}"#]),
        // "IP address matching"
        (r#"{"ip":[{"cidr":"10.0.0.0/24"}]}"#, &[r#"{"ip":"10.0.0.255"}"#], &[r#"{"ip":"10.0.1.0"}"#, r#"{"ip":"x"}"#]),
        (r#"{"ip":[{"cidr":"2001:db8::/32"}]}"#, &[r#"{"ip":"2001:DB8:1::1"}"#], &[r#"{"ip":"2001:db9::"}"#]),
        (r#"{"ip":[{"cidr":"0.0.0.0/0"}]}"#, &[r#"{"ip":"1.2.3.4"}"#], &[r#"{"ip":"::1"}"#]),
        // "Exists matching": works on leaves only.
        (
            r#"{"a":{"b":[{"exists":true}]}}"#,
            &[r#"{"a":{"b":null}}"#, r#"{"a":{"b":[1]}}"#],
            &[r#"{"a":{"b":{"c":1}}}"#, "{}"],
        ),
        (r#"{"a":{"b":[{"exists":false}]}}"#, &[r#"{"a":{"c":1}}"#, "{}", r#"{"a":1}"#], &[r#"{"a":{"b":""}}"#]),
        (r#"{"a":[{"exists":false},null]}"#, &[r#"{"a":null}"#, r#"{"b":1}"#], &[r#"{"a":1}"#]),
        // "Equals-ignore-case matching"
        (r#"{"t":[{"equals-ignore-case":"ec2 Instance"}]}"#, &[r#"{"t":"EC2 instance"}"#], &[r#"{"t":"EC2"}"#]),
        // "Wildcards"
        (
            r#"{"a":[{"wildcard":"dir/*.png"}]}"#,
            &[r#"{"a":"dir/a/b.png"}"#, r#"{"a":"dir/.png"}"#],
            &[r#"{"a":"dir.png"}"#, r#"{"a":"dir/a.pngx"}"#, r#"{"a":"xdir/a.png"}"#],
        ),
        (r#"{"a":[{"wildcard":"*a*a*"}]}"#, &[r#"{"a":"aa"}"#, r#"{"a":"xaxax"}"#], &[r#"{"a":"a"}"#]),
        (r#"{"a":[{"wildcard":"a\\*\\\\*"}]}"#, &[r#"{"a":"a*\\b"}"#], &[r#"{"a":"ab\\"}"#]),
        (r#"{"a":[{"wildcard":"aXa*aXa"}]}"#, &[r#"{"a":"aXaaXa"}"#], &[r#"{"a":"aXaXa"}"#]),
        // "Complex example with multiple matching"; "$or matching"
        (
            r#"{"source":["s"],"detail":{"$or":[{"c":[{"numeric":[">",0,"<=",5]}]},{"d":[{"numeric":["<",10]}]}]}}"#,
            &[r#"{"source":"s","detail":{"c":1}}"#, r#"{"source":"s","detail":{"c":9,"d":9}}"#],
            &[r#"{"source":"s","detail":{"c":9,"d":10}}"#, r#"{"source":"t","detail":{"c":1}}"#],
        ),
        // An array of objects: one of them fits as a whole.
        (
            r#"{"i":{"a":[1],"b":[2]}}"#,
            &[r#"{"i":[{"a":1},{"a":1,"b":2}]}"#],
            &[r#"{"i":[{"a":1,"b":3},{"a":2,"b":2}]}"#],
        ),
        // A dot joins names, in patterns and in events.
        (
            r#"{"detail.a.b":["x"]}"#,
            &[r#"{"detail":{"a":{"b":"x"}}}"#, r#"{"detail":{"a.b":"x"}}"#],
            &[r#"{"detail":{}}"#],
        ),
        (r#"{"A":["x"]}"#, &[r#"{"A":"x"}"#], &[r#"{"a":"x"}"#, r#"{"A":"X"}"#]),
    ];

    #[test]
    fn events_fit_as_the_guide_says() {
        for (pattern, fitting, others) in CASES {
            let read = EventPattern::parse(pattern).expect(pattern);
            for (events, expected) in [(fitting, true), (others, false)] {
                for event in *events {
                    let fits = read.matches(&serde_json::from_str(event).expect(event));
                    assert_eq!(fits, expected, "{pattern} {event}");
                }
            }
        }
    }

    #[test]
    fn patterns_that_are_none_are_refused_with_the_texts_of_aws() {
        for (pattern, why) in [
            // Recorded by LocalStack.
            ("[\"not\", \"a\"]", "Filter is not an object"),
            (
                "this is",
                "Unrecognized token 'this': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
            ),
            ("{'bad': 1}", "Unexpected character (''' (code 39)): was expecting double-quote to start field name"),
            (r#"{"int": 42}"#, r#""int" must be an object or an array"#),
            (r#"{"resources": []}"#, "Empty arrays are not allowed"),
            (r#"{"my_key": [{"EXISTS": true}]}"#, "Unrecognized match type EXISTS"),
            (r#"{"c": [{"numeric": [">", 0, ">", 0]}]}"#, "Bad numeric range operator: >"),
            (r#"{"c": [{"numeric": [">", 0, "<"]}]}"#, "Value of < must be numeric"),
            (
                r#"{"a": [{"wildcard": "arn:aws:events:us-east-1:**:event-bus/*"}]}"#,
                "Consecutive wildcard characters at pos 26",
            ),
            (r#"{"a": [{"wildcard": 123}]}"#, "wildcard match pattern must be a string"),
            (r#"{"a": [{"equals-ignore-case": ["x"]}]}"#, "equals-ignore-case match pattern must be a string"),
            (r#"{"a": [{"prefix": ["x"]}]}"#, "prefix match pattern must be a string"),
            (r#"{"a": [{"suffix": 1}]}"#, "suffix match pattern must be a string"),
            (r#"{"a": [{"cidr": "10.0.0.1"}]}"#, "Malformed CIDR, one '/' required"),
            (
                r#"{"a": [{"anything-but": {"equals-ignore-case": [1]}}]}"#,
                "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
            ),
            (r#"{"a": [{"anything-but": {"wildcard": [1, "*"]}}]}"#, "wildcard match pattern must be a string"),
            (r#"{"a": [{"anything-but": {"prefix": 1}}]}"#, "prefix/suffix match pattern must be a string"),
            (
                r#"{"a": [{"anything-but": {"prefix": {"equals-ignore-case": "x"}}}]}"#,
                "Value of anything-but must be an array or single string/number value.",
            ),
            // Those of aws/event-ruler.
            ("{}", "Empty objects are not allowed"),
            (r#"{"a": {}}"#, "Empty objects are not allowed"),
            (r#"{"a": [["b"]]}"#, "Match value must be String, number, true, false, or null"),
            (r#"{"a": [{"prefix": "b", "suffix": "c"}]}"#, ONE_KEY),
            (r#"{"a": [{}]}"#, "Match expression name not found"),
            (r#"{"a": [{"anything-but": {"prefix": ""}}]}"#, "Null prefix/suffix not allowed"),
            (r#"{"a": [{"anything-but": {"numeric": []}}]}"#, "Unsupported anything-but pattern: numeric"),
            (r#"{"a": [{"anything-but": [true]}]}"#, "Inside anything but list, start|null|boolean is not supported."),
            (
                r#"{"a": [{"anything-but": ["x", 1]}]}"#,
                "Inside anything but list, either all values are number or string, mixed type is not supported",
            ),
            (r#"{"a": [{"numeric": "=1"}]}"#, "Value of numeric must be an array."),
            (r#"{"a": [{"numeric": [1]}]}"#, "Invalid member in numeric match: 1"),
            (r#"{"a": [{"numeric": ["=", "1"]}]}"#, "Value of equals must be numeric"),
            (r#"{"a": [{"numeric": ["=", 1, "<", 2]}]}"#, "Too many elements in numeric expression"),
            (r#"{"a": [{"numeric": [">", 2, "<", 1]}]}"#, "Bottom must be less than top"),
            (r#"{"a": [{"exists": "true"}]}"#, "exists match pattern must be either true or false."),
            (r#"{"$or": {}}"#, "It must be an Array followed with $or."),
            (r#"{"$or": [{"a": [1]}]}"#, "There must have at least 2 Objects in $or relationship."),
            (r#"{"$or": [1, 2]}"#, "Only JSON object is allowed in array of $or relationship."),
        ] {
            let refused = EventPattern::parse(pattern).expect_err(pattern);
            assert_eq!(refused.to_string(), format!("Event pattern is not valid. Reason: {why}"), "{pattern}");
        }
    }
}
