//! Base64 and the escapes of URLs.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

use super::{Outcome, Row, take, text, text_room};
use crate::jsonata::datum::Datum;
use crate::jsonata::error::JsonataError;
use crate::jsonata::evaluate::Evaluator;

pub(super) const NATIVES: &[Row] = &[
    ("base64encode", "<s-:s>", 1, base64_encode),
    ("base64decode", "<s-:s>", 1, base64_decode),
    ("encodeUrlComponent", "<s-:s>", 1, |evaluator, arguments| encode_url(evaluator, arguments, MARKS)),
    ("encodeUrl", "<s-:s>", 1, |evaluator, arguments| encode_url(evaluator, arguments, URL_MARKS)),
    ("decodeUrlComponent", "<s-:s>", 1, |evaluator, arguments| {
        decode_url(evaluator, arguments, "", "decodeUrlComponent")
    }),
    ("decodeUrl", "<s-:s>", 1, |evaluator, arguments| decode_url(evaluator, arguments, RESERVED, "decodeUrl")),
];

/// What needs no escape beside letters and digits: in a part of a URL, and in a whole one.
const MARKS: &str = "-_.!~*'()";
const URL_MARKS: &str = "-_.!~*'();/?:@&=+$,#";
/// What stays escaped when a whole URL is decoded.
const RESERVED: &str = ";/?:@&=+$,#";

/// Decodes what misses its padding, and bits that stand for nothing.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Base64 of a text's UTF-8 on AWS; in the reference implementation, its characters stand for bytes.
fn base64_encode(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [subject] = take(arguments);
    let Some(subject) = text(&subject, 0)? else { return Ok(Datum::Undefined) };
    text_room(evaluator, subject.len().saturating_mul(4))?;
    if !evaluator.is_reference() {
        return Ok(Datum::string(BASE64.encode(subject.as_bytes())));
    }
    let bytes: Vec<u8> = subject.encode_utf16().map(low_byte).collect();
    Ok(Datum::string(BASE64.encode(bytes)))
}

/// The text whose UTF-8 it is on AWS, which refuses what is not in the alphabet. In the reference implementation the bytes are
/// characters, what is not in the alphabet is skipped, and `-` and `_` are taken for `+` and `/`.
fn base64_decode(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>) -> Outcome {
    let [subject] = take(arguments);
    let Some(subject) = text(&subject, 0)? else { return Ok(Datum::Undefined) };
    text_room(evaluator, subject.len().saturating_mul(3))?;
    if !evaluator.is_reference() {
        let bytes = decode_strictly(subject).ok_or_else(|| {
            let message = "Base64 has the letters A-Z, a-z, 0-9, + and /, and = at its end";
            JsonataError::new(JsonataError::INTERNAL, message)
        })?;
        return Ok(Datum::string(String::from_utf8_lossy(&bytes)));
    }
    let mut letters: Vec<u8> = subject
        .encode_utf16()
        .map(low_byte)
        .take_while(|byte| *byte != b'=')
        .filter_map(|byte| match byte {
            b'-' => Some(b'+'),
            b'_' => Some(b'/'),
            b'+' | b'/' => Some(byte),
            byte => byte.is_ascii_alphanumeric().then_some(byte),
        })
        .collect();
    if letters.len() % 4 == 1 {
        letters.pop();
    }
    let bytes = BASE64.decode(letters).unwrap_or_default();
    Ok(Datum::string(bytes.into_iter().map(char::from).collect::<String>()))
}

/// What Java's `Base64.getDecoder()` gives: the padding may be missing, but not in part, and spare bits are dropped.
fn decode_strictly(subject: &str) -> Option<Vec<u8>> {
    let is_whole = !subject.contains('=') || subject.len().is_multiple_of(4);
    BASE64.decode(subject).ok().filter(|_| is_whole)
}

/// What Node.js takes of a code unit that is no byte.
fn low_byte(unit: u16) -> u8 {
    unit.to_le_bytes()[0]
}

fn encode_url(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>, marks: &str) -> Outcome {
    let [subject] = take(arguments);
    let Some(subject) = text(&subject, 0)? else { return Ok(Datum::Undefined) };
    text_room(evaluator, subject.len().saturating_mul(3))?;
    let mut encoded = String::with_capacity(subject.len());
    for byte in subject.bytes() {
        match byte {
            _ if byte.is_ascii_alphanumeric() || marks.as_bytes().contains(&byte) => encoded.push(byte.into()),
            _ => encoded.extend(['%', hexadecimal(byte >> 4), hexadecimal(byte & 0xf)]),
        }
    }
    Ok(Datum::string(encoded))
}

fn hexadecimal(digit: u8) -> char {
    char::from_digit(digit.into(), 16).unwrap_or('0').to_ascii_uppercase()
}

/// Decodes all escapes but those of the characters in `kept`.
fn decode_url(evaluator: &mut Evaluator<'_>, arguments: Vec<Datum>, kept: &str, name: &str) -> Outcome {
    let [subject] = take(arguments);
    let Some(subject) = text(&subject, 0)? else { return Ok(Datum::Undefined) };
    text_room(evaluator, subject.len().saturating_mul(2))?;
    let decoded = match evaluator.is_reference() || !kept.is_empty() {
        true => decoded(subject, kept).and_then(|bytes| String::from_utf8(bytes).ok()),
        // As Java's URLDecoder: a plus is a blank, and what is no UTF-8 is replaced.
        false => decoded(&subject.replace('+', " "), "").map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
    };
    match decoded {
        Some(decoded) => Ok(Datum::string(decoded)),
        None => {
            let given = super::stringify::json(evaluator, &Datum::string(subject.clone()))?;
            Err(JsonataError::new("D3140", format!("Malformed URL passed to ${name}(): {given}")))
        }
    }
}

/// The bytes that are meant; `None` for an escape without two digits.
fn decoded(subject: &str, kept: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(subject.len());
    let mut rest = subject.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        if *byte != b'%' {
            bytes.push(*byte);
            rest = after;
            continue;
        }
        let (digits, after) = after.split_at_checked(2)?;
        let digits: Option<Vec<u32>> = digits.iter().map(|digit| char::from(*digit).to_digit(16)).collect();
        let value = digits?.into_iter().fold(0, |value, digit| value * 16 + digit);
        let value = u8::try_from(value).ok()?;
        if kept.as_bytes().contains(&value) {
            bytes.extend_from_slice(&rest[..3]);
        } else {
            bytes.push(value);
        }
        rest = after;
    }
    Some(bytes)
}
