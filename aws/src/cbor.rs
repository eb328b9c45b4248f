//! Requests and answers in CBOR, of services that speak nothing else.
//!
//! Smithy specification, "Smithy RPC v2 CBOR protocol".

use asl_engine::{Number, Value};
use aws_smithy_types::base64;
use ciborium::Value as Cbor;

use crate::parameters::Given;
use crate::time;

/// What such a body is called.
pub(crate) const CONTENT_TYPE: &str = "application/cbor";

/// The tag of seconds since 1970.
const TIMESTAMP: u64 = 1;

/// How deep a value may be.
const DEPTH: usize = 128;

/// A value as CBOR.
pub(crate) fn write(given: Given) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A vector takes whatever is written.
    let _ = ciborium::into_writer(&cbor(given), &mut bytes);
    bytes
}

fn cbor(given: Given) -> Cbor {
    match given {
        Given::Text(text) => Cbor::Text(text),
        Given::Plain(value) | Given::Document(value) => plain(&value),
        Given::Bytes(bytes) => Cbor::Bytes(bytes),
        Given::Time(at, _) => Cbor::Tag(TIMESTAMP, Box::new(plain(&time::seconds(at)))),
        Given::Structure(members) => {
            members.into_iter().map(|(member, value)| (Cbor::from(member.wire), cbor(value))).collect::<Vec<_>>().into()
        }
        Given::List(items) => Cbor::Array(items.into_iter().map(cbor).collect()),
        Given::Map(entries) => {
            entries.into_iter().map(|(name, value)| (name.into(), cbor(value))).collect::<Vec<_>>().into()
        }
    }
}

/// JSON as CBOR.
fn plain(value: &Value) -> Cbor {
    if let Some(number) = value.as_number() {
        return match number.as_i64() {
            Some(number) => number.into(),
            None => number.as_f64().into(),
        };
    }
    if let Some(items) = value.as_array() {
        return Cbor::Array(items.iter().map(plain).collect());
    }
    if let Some(members) = value.as_object() {
        return Cbor::Map(members.iter().map(|(name, value)| (Cbor::from(&**name), plain(value))).collect());
    }
    match (value.as_str(), value.as_bool()) {
        (Some(text), _) => text.into(),
        (None, Some(flag)) => flag.into(),
        (None, None) => Cbor::Null,
    }
}

/// What an answer has, as JSON would have it: bytes as Base64, times as seconds since 1970. The error says why it is none.
pub(crate) fn read(bytes: &[u8]) -> Result<Value, String> {
    let read = ciborium::de::from_reader_with_recursion_limit(bytes, DEPTH);
    json(&read.map_err(|error: ciborium::de::Error<std::io::Error>| error.to_string())?)
}

fn json(value: &Cbor) -> Result<Value, String> {
    Ok(match value {
        Cbor::Integer(number) => {
            let number = i128::from(*number);
            // Larger ones are as exact as JSON has them.
            number.to_string().parse().map_err(|_| format!("{number} is no number of JSON"))?
        }
        Cbor::Float(number) => Number::from_f64(*number).map_or(Value::Null, Value::from),
        Cbor::Text(text) => text.as_str().into(),
        Cbor::Bytes(bytes) => base64::encode(bytes).into(),
        Cbor::Bool(flag) => (*flag).into(),
        Cbor::Null => Value::Null,
        Cbor::Tag(_, inner) => json(inner)?,
        Cbor::Array(items) => items.iter().map(json).collect::<Result<Value, _>>()?,
        Cbor::Map(entries) => {
            let mut members = Vec::with_capacity(entries.len());
            for (name, value) in entries {
                members.push((name.as_text().ok_or("a name is no text")?, json(value)?));
            }
            members.into_iter().collect()
        }
        _ => return Err("it has a value of an unknown kind".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_the_same_on_both_sides() {
        for text in [r#"{"a":[1,-2,1.5,true,null,"x"],"b":{"c":9007199254740993}}"#, "[]", "{}", "\"\""] {
            let value: Value = text.parse().unwrap();
            assert_eq!(read(&write(Given::Document(value.clone()))).unwrap(), value, "{text}");
        }
    }

    #[test]
    fn bytes_and_times_are_as_json_has_them() {
        // {"blob": h'0001', "at": 1(1.5), "whole": 1(1700000000)}, of no length that is told.
        let bytes = b"\xbf\x64blob\x42\x00\x01\x62at\xc1\xfb\x3f\xf8\0\0\0\0\0\0\x65whole\xc1\x1a\x65\x53\xf1\x00\xff";
        assert_eq!(read(bytes).unwrap().to_string(), r#"{"blob":"AAE=","at":1.5,"whole":1700000000}"#);
        let at = ::time::OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap();
        assert_eq!(
            write(Given::List(vec![Given::Time(at, None), Given::Bytes(vec![7])])),
            b"\x82\xc1\x1a\x65\x53\xf1\x00\x41\x07"
        );
    }

    #[test]
    fn what_is_no_cbor_is_told() {
        let deep = [vec![0x81; 100_000], vec![0x01]].concat();
        for bytes in [&b""[..], b"\x64ab", b"\xa1\x01\x02", b"\xff", &deep] {
            assert!(read(bytes).is_err());
        }
    }
}
