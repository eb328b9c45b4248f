//! Finds secrets in texts that somebody else wrote, in whatever way they are encoded there.
//!
//! A server that is told a secret may repeat it: as it is, in percents, in JSON or HTML escapes, in Base64 or in hexadecimal
//! digits, and one of these inside another. A text is taken apart again and again, and what stands for a secret is known by
//! where it came from.

use std::ops::Range;

use asl_engine::Failure;

/// What stands in the place of a secret.
const HIDDEN: &str = "***";

/// How many encodings inside each other are looked through.
const DEPTH: usize = 3;

/// Longer texts are looked through for one encoding only: they are too large for a state, so that nearly all of them is cut off.
const LONG: usize = 256 * 1024;

/// The shortest secret that is looked for in Base64 and in digits: shorter ones stand there by chance.
const SHORTEST: usize = 3;

/// Replaces every one of `secrets` in a text that somebody else wrote.
pub fn hide(text: &str, secrets: &[String]) -> String {
    let secrets: Vec<&[u8]> = secrets.iter().map(String::as_bytes).filter(|secret| !secret.is_empty()).collect();
    if secrets.is_empty() {
        return text.to_owned();
    }
    let units: Vec<Unit> = text.bytes().enumerate().map(|(at, byte)| Unit { byte, from: at, to: at + 1 }).collect();
    let mut found = Vec::new();
    search(&units, &secrets, if text.len() > LONG { 1 } else { DEPTH }, &mut found);
    found.sort_by_key(|range| range.start);
    let (mut shown, mut end) = (String::with_capacity(text.len()), 0);
    for range in found {
        if range.start >= end {
            shown.push_str(text.get(end..range.start).unwrap_or_default());
            shown.push_str(HIDDEN);
        }
        end = end.max(range.end);
    }
    shown.push_str(text.get(end..).unwrap_or_default());
    shown
}

/// A failure without `secrets` in its error and its cause.
pub fn hidden(failure: Failure, secrets: &[String]) -> Failure {
    let hide = |text: std::sync::Arc<str>| std::sync::Arc::from(hide(&text, secrets));
    Failure { error: failure.error.map(hide), cause: failure.cause.map(hide), ..failure }
}

/// A byte, and the part of the text that it was made of.
#[derive(Clone, Copy)]
struct Unit {
    byte: u8,
    from: usize,
    to: usize,
}

/// Finds the parts of the text that `units` were made of and that stand for a secret.
fn search(units: &[Unit], secrets: &[&[u8]], depth: usize, found: &mut Vec<Range<usize>>) {
    for secret in secrets {
        let mut at = 0;
        while let Some(window) = units.get(at..at + secret.len()) {
            if fits(window, secret) {
                found.push(window[0].from..window[window.len() - 1].to);
                at += secret.len();
            } else {
                at += 1;
            }
        }
    }
    if depth == 0 {
        return;
    }
    let unescaped = unescaped(units);
    // Each escape makes less of it.
    if unescaped.len() < units.len() {
        search(&unescaped, secrets, depth - 1, found);
    }
    let Some(shortest) = secrets.iter().map(|secret| secret.len()).filter(|length| *length >= SHORTEST).min() else {
        return;
    };
    for (digits, value) in [(4, base64 as fn(u8) -> Option<u8>), (2, hexadecimal)] {
        let bytes = if digits == 4 { 3 } else { 1 };
        for run in runs(units, value, shortest * digits / bytes) {
            // Where the first byte begins is not known: the run may begin with something else.
            for start in 0..digits {
                let decoded: Vec<Unit> = run[start..].chunks(digits).flat_map(|chunk| decoded(chunk, value)).collect();
                search(&decoded, secrets, depth - 1, found);
            }
        }
    }
}

/// Whether units are a secret; a blank may be a plus, as forms have it.
fn fits(units: &[Unit], secret: &[u8]) -> bool {
    let same = |(unit, byte): (&Unit, &u8)| unit.byte == *byte || (*byte == b' ' && unit.byte == b'+');
    units.iter().zip(secret).all(same)
}

/// The longest parts that are digits of an encoding, from `shortest` on, without the line breaks among them.
fn runs(units: &[Unit], value: fn(u8) -> Option<u8>, shortest: usize) -> Vec<Vec<Unit>> {
    let (mut runs, mut run) = (Vec::new(), Vec::new());
    for unit in units {
        if value(unit.byte).is_some() {
            run.push(*unit);
        } else if !matches!(unit.byte, b'\r' | b'\n') && !run.is_empty() {
            runs.push(std::mem::take(&mut run));
        }
    }
    runs.push(run);
    runs.retain(|run| run.len() >= shortest);
    runs
}

/// The bytes of four digits of Base64 or two hexadecimal ones, each with the digits that it was made of. A last group may be
/// shorter.
fn decoded(digits: &[Unit], value: fn(u8) -> Option<u8>) -> Vec<Unit> {
    let bits = if value(b'_').is_some() { 6 } else { 4 };
    let (mut buffer, mut filled, mut first, mut bytes) = (0u32, 0, 0, Vec::with_capacity(3));
    for (at, unit) in digits.iter().enumerate() {
        buffer = buffer << bits | u32::from(value(unit.byte).unwrap_or_default());
        filled += bits;
        if filled >= 8 {
            filled -= 8;
            let byte = (buffer >> filled & 0xff) as u8;
            bytes.push(Unit { byte, from: digits[first].from, to: unit.to });
            // The rest of this digit belongs to the next byte.
            first = if filled == 0 { at + 1 } else { at };
        }
    }
    bytes
}

fn base64(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

fn hexadecimal(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// The units without one layer of escapes: `%2F`, `\n`, `\x2f`, `\u002f`, `&amp;`, `&#47;`.
fn unescaped(units: &[Unit]) -> Vec<Unit> {
    let mut plain = Vec::with_capacity(units.len());
    let mut rest = units;
    while let Some(first) = rest.first() {
        let (text, length) = match first.byte {
            b'%' => percent(rest),
            b'\\' => backslash(rest),
            b'&' => entity(rest),
            _ => None,
        }
        .unwrap_or_else(|| (vec![first.byte], 1));
        let (from, to) = (first.from, rest[length - 1].to);
        plain.extend(text.into_iter().map(|byte| Unit { byte, from, to }));
        rest = &rest[length..];
    }
    plain
}

/// The bytes of an escape, and how many units it takes.
type Escape = Option<(Vec<u8>, usize)>;

fn number(units: &[Unit], radix: u32) -> Option<u32> {
    let digits = units.iter().map(|unit| char::from(unit.byte).to_digit(radix));
    digits.into_iter().try_fold(0u32, |number, digit| number.checked_mul(radix)?.checked_add(digit?))
}

fn utf8(code: u32) -> Option<Vec<u8>> {
    Some(char::from_u32(code)?.to_string().into_bytes())
}

fn percent(units: &[Unit]) -> Escape {
    Some((vec![u8::try_from(number(units.get(1..3)?, 16)?).ok()?], 3))
}

fn backslash(units: &[Unit]) -> Escape {
    let plain = |byte| Some((vec![byte], 2));
    match units.get(1)?.byte {
        b'n' => plain(b'\n'),
        b'r' => plain(b'\r'),
        b't' => plain(b'\t'),
        b'b' => plain(8),
        b'f' => plain(12),
        byte @ (b'"' | b'\'' | b'\\' | b'/') => plain(byte),
        b'x' => Some((utf8(number(units.get(2..4)?, 16)?)?, 4)),
        b'u' => {
            let high = number(units.get(2..6)?, 16)?;
            if let Some(text) = utf8(high) {
                return Some((text, 6));
            }
            // The other half of a character beyond the first 65,536.
            let low = units.get(6..12).filter(|next| next[0].byte == b'\\' && next[1].byte == b'u')?;
            let low = number(&low[2..], 16)?;
            let code = 0x10000 + ((high.checked_sub(0xd800)? & 0x3ff) << 10) + low.checked_sub(0xdc00)?;
            Some((utf8(code)?, 12))
        }
        _ => None,
    }
}

fn entity(units: &[Unit]) -> Escape {
    const LONGEST: usize = 12;
    const NAMED: [(&[u8], u8); 5] = [(b"amp", b'&'), (b"lt", b'<'), (b"gt", b'>'), (b"quot", b'"'), (b"apos", b'\'')];
    let end = units.iter().take(LONGEST).position(|unit| unit.byte == b';')?;
    let name = &units[1..end];
    let bytes: Vec<u8> = name.iter().map(|unit| unit.byte).collect();
    let text = match bytes.as_slice() {
        [b'#', b'x' | b'X', _, ..] => utf8(number(&name[2..], 16)?)?,
        [b'#', _, ..] => utf8(number(&name[1..], 10)?)?,
        bytes => vec![NAMED.iter().find(|(name, _)| *name == bytes)?.1],
    };
    Some((text, end + 1))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;

    #[test]
    fn secrets_are_hidden_in_texts_of_others() {
        let hidden = |text: &str| hide(text, &["pass".to_owned(), String::new()]);
        assert_eq!(hidden("the pass is pass."), "the *** is ***.");
        assert_eq!(hidden("passpass and pas"), "****** and pas");
        assert_eq!(hide("text", &[]), "text");
        assert_eq!(hide("one two", &["ne t".to_owned(), "e tw".to_owned()]), "o***o");
    }

    #[test]
    fn secrets_are_found_in_every_encoding() {
        let secret = "p\u{e4} s\"\\/<+&1\u{1f511}\n".to_owned();
        let percent: String = secret.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let json: String = secret.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
        let html: String = secret.chars().map(|c| format!("&#{};", u32::from(c))).collect();
        let hex: String = secret.bytes().map(|byte| format!("{byte:02X}")).collect();
        let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let written = serde_json::to_string(&secret).unwrap();
        let twice = serde_json::to_string(&written).unwrap();
        let base64 = |text: &str| base64::prelude::BASE64_STANDARD.encode(text);
        for encoded in [secret.clone(), percent.clone(), json.clone(), html, hex, form.clone()] {
            assert_eq!(
                hide(&format!("before {encoded}; after"), std::slice::from_ref(&secret)),
                "before ***; after",
                "{encoded}"
            );
        }
        assert_eq!(hide(&written, std::slice::from_ref(&secret)), "\"***\"");
        assert_eq!(hide(&twice, std::slice::from_ref(&secret)), "\"\\\"***\\\"\"");
        // In Base64 of any alignment, with either alphabet, in lines, and around another encoding.
        for before in ["", "u", "us", "use"] {
            for after in ["", ":", ": ", ":  "] {
                for inner in [&secret, &percent, &json] {
                    let encoded = base64(&format!("{before}{inner}{after}"));
                    let mut lines = encoded.clone();
                    lines.insert_str(lines.len() / 2, "\r\n");
                    for text in [&encoded, &encoded.replace('+', "-").replace('/', "_"), &lines] {
                        for text in [text.clone(), format!("Basic {text}"), format!("/x/{text}"), format!("\"{text}\"")]
                        {
                            let shown = hide(&text, std::slice::from_ref(&secret));
                            assert!(shown.contains("***"), "{text}: {shown}");
                            let left: String = shown.split("***").collect();
                            assert!(
                                left.trim_end_matches('=').len() < 14 + before.len() + after.len(),
                                "{text}: {shown}"
                            );
                        }
                    }
                }
            }
        }
        let nested = base64(&base64(&secret));
        assert!(hide(&nested, std::slice::from_ref(&secret)).contains("***"));
    }

    #[test]
    fn what_is_no_secret_stays_as_it_is() {
        for text in [
            "",
            "%",
            "%4",
            "%zz",
            "\\",
            "\\u12",
            "\\ud800\\u0041",
            "\\ud83d",
            "&amp",
            "&;",
            "&#;",
            "&#xfffffff;",
            "100 % + 5",
            "dXNlcjpub3RoaW5n",
            "\u{1f511}",
            "a&b=c%20d",
        ] {
            assert_eq!(hide(text, &["pass".to_owned()]), text);
        }
    }
}
