//! Reads the text of a path the way Jayway 2.0.0 does: it cuts the text into fragments and then looks, in each bracket,
//! for the first character that tells what it might be. Much that is not a path gets through, and the rest is refused
//! with the text of whatever Java exception came up. Errors in here are `exception class: message`, as Java prints them.

use super::filter::Filter;
use super::java;
use super::token::{Steps, Token};
use crate::diagnostic::Span;

/// How deeply filters may stand inside filters. Jayway refuses any such path too, after reading to the innermost one.
const MAX_NESTING: usize = 64;

/// Why a text is no path: what Jayway's `InvalidPathException` carries, and the bytes where reading it stopped.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) message: String,
    pub(super) span: Span,
}

/// The steps of `text`.
pub(super) fn compile(text: &str, nesting: usize) -> Result<Steps, Refused> {
    let source = text;
    let text = java::trim(source);
    let whole = Span { start: 0, end: source.len() };
    let refused = |message: String| Refused { message, span: whole };
    if nesting > MAX_NESTING {
        return Err(refused(invalid(format!("more than {MAX_NESTING} filters inside each other"))));
    }
    let before = source.find(text).unwrap_or(0);
    if text.ends_with("..") {
        let end = before + text.len();
        let message = invalid("A path can not end with a scan.");
        return Err(Refused { message, span: Span { start: end - 2, end } });
    }
    let (path, added) = match text.chars().next() {
        None => return Err(refused(java::index_out_of_range(text, 0))),
        Some('$') => (text.to_owned(), 0),
        Some('@') => (format!("${}", &text[1..]), 0),
        Some(_) => (format!("$.{text}"), "$.".len()),
    };
    if !matches!(path.as_bytes().get(1), None | Some(b'.' | b'[')) {
        return Err(refused(invalid(format!("Invalid path {path}"))));
    }
    // The bytes of the source that a range of the path stands for.
    let place = |start: usize, end: usize| {
        let back = |at: usize| (before + at).saturating_sub(added).max(before);
        Span { start: back(start), end: back(end) }
    };
    let mut steps = Vec::new();
    let mut at = 1;
    while at < path.len() {
        let rest = &path[at..];
        let (token, length) = step(&path, rest, nesting)
            .map_err(|(message, length)| Refused { message, span: place(at, at + length) })?;
        steps.extend(token.map(|token| (token, place(at, at + length))));
        at += length;
    }
    Ok(Steps::new(steps, !text.starts_with('@')))
}

/// The step that `rest` begins with, and how many bytes it takes. `..` is one without the step that follows it.
fn step(path: &str, rest: &str, nesting: usize) -> Result<(Option<Token>, usize), (String, usize)> {
    let first = rest.chars().next().unwrap_or_default();
    match first {
        ' ' => Err((invalid("Space not allowed in path"), 1)),
        '$' => Ok((Some(Token::Root), 1)),
        '*' => Ok((Some(Token::Wildcard), 1)),
        '[' => {
            let fragment = bracket(rest);
            let token = analyze(fragment, nesting).map_err(|message| (message, fragment.len()))?;
            Ok((Some(token), fragment.len()))
        }
        '.' if rest.len() == 1 => Err((java::end_of(path), 1)),
        '.' if rest.starts_with("..") => Ok((Some(Token::Scan), 2)),
        '.' => {
            let name = name(&rest[1..]);
            let length = 1 + name.len();
            match name {
                "" => Ok((None, length)),
                "*" => Ok((Some(Token::Wildcard), length)),
                _ => dotted(name).map(|token| (Some(token), length)).map_err(|message| (message, length)),
            }
        }
        _ => {
            let name = name(rest);
            dotted(name).map(|token| (Some(token), name.len())).map_err(|message| (message, name.len()))
        }
    }
}

pub(super) fn invalid(message: impl std::fmt::Display) -> String {
    format!("com.jayway.jsonpath.InvalidPathException: {message}")
}

/// The name that `text` begins with.
fn name(text: &str) -> &str {
    &text[..text.find(['.', '[', ' ']).unwrap_or(text.len())]
}

/// The bracket that `text` begins with, up to the one that closes it or the end. Quotes hide nothing here.
fn bracket(text: &str) -> &str {
    let mut open = 0;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'[' => open += 1,
            b']' if open == 1 => return &text[..=at],
            b']' => open -= 1,
            _ => {}
        }
    }
    text
}

/// A name behind a dot is read as if it stood in `['…']`, so quotes and `]` inside of it count.
fn dotted(name: &str) -> Result<Token, String> {
    let fragment = format!("['{name}']");
    property(&fragment, 1)
}

fn analyze(fragment: &str, nesting: usize) -> Result<Token, String> {
    if fragment == "[*]" {
        return Ok(Token::Wildcard);
    }
    if let Some(count) = placeholders(fragment) {
        return Ok(Token::Placeholders(count));
    }
    for (at, c) in fragment.char_indices() {
        match c {
            '?' => return filter(fragment, at, nesting),
            '\'' => return property(fragment, at),
            ':' | '-' | '@' => return array(fragment, at),
            _ if java::digit(c).is_some() => return array(fragment, at),
            _ => {}
        }
    }
    Err(invalid(format!("Could not analyze path component: {fragment}")))
}

/// How many filters `[?]`, `[ ?, ? ]` or `[?*]` asks for.
fn placeholders(fragment: &str) -> Option<usize> {
    let is_space = |c: char| matches!(c, ' ' | '\t' | '\n' | '\u{b}' | '\u{c}' | '\r');
    let inner = fragment.strip_prefix('[')?.strip_suffix(']')?.trim_start_matches(is_space);
    let plain = inner.starts_with('?') && inner.chars().all(|c| is_space(c) || matches!(c, ',' | '*' | '?'));
    plain.then(|| inner.matches('?').count())
}

/// A fragment and the UTF-16 unit of it that is looked at; half of a surrogate pair shows as U+FFFD.
struct Cursor<'a> {
    fragment: &'a str,
    rest: std::str::EncodeUtf16<'a>,
    unit: u16,
    current: char,
}

impl<'a> Cursor<'a> {
    fn new(fragment: &'a str, at: usize) -> Result<Self, String> {
        let mut cursor = Self { fragment, rest: fragment[at..].encode_utf16(), unit: 0, current: '\0' };
        cursor.advance()?;
        Ok(cursor)
    }

    fn advance(&mut self) -> Result<(), String> {
        self.unit = self.rest.next().ok_or_else(|| java::end_of(self.fragment))?;
        self.current = char::from_u32(self.unit.into()).unwrap_or(char::REPLACEMENT_CHARACTER);
        Ok(())
    }

    /// Whether a number of a slice may go on here.
    fn in_number(&self) -> bool {
        matches!(self.current, ' ' | '-') || java::digit(self.current).is_some()
    }

    /// Takes a number of a slice, spaces left out.
    fn number(&mut self) -> Result<String, String> {
        let mut digits = String::new();
        while self.in_number() {
            if self.current != ' ' {
                digits.push(self.current);
            }
            self.advance()?;
        }
        Ok(digits)
    }
}

/// `['a']`, `['a', 'b']`: what stands between pairs of quotes. A `]` ends it even inside of quotes.
fn property(fragment: &str, at: usize) -> Result<Token, String> {
    let Some(end) = fragment[at..].find(']') else { return Err(java::end_of(fragment)) };
    // The pieces between quotes are names and what separates names in turn; the last one was not closed.
    let pieces: Vec<&str> = fragment[at..at + end].split('\'').collect();
    let names = pieces[..pieces.len() - 1].iter().skip(1).step_by(2).map(|name| (*name).into()).collect::<Vec<_>>();
    Ok(match <[_; 1]>::try_from(names) {
        Ok([name]) => Token::Name(name),
        Err(names) => Token::Names(names.into()),
    })
}

/// `[0]`, `[0,2]`, `[1:]`, `[:2]`, `[1:3]`, `[(@.length-1)]`. What follows the first odd character is not looked at.
fn array(fragment: &str, at: usize) -> Result<Token, String> {
    let mut cursor = Cursor::new(fragment, at)?;
    if cursor.current == '@' {
        return from_length(cursor);
    }
    let mut numbers = Vec::new();
    let mut pending = String::new();
    let (mut sequence, mut to, mut from) = (false, false, false);
    while cursor.in_number() || matches!(cursor.current, ',' | ':') {
        match cursor.current {
            ' ' => {}
            ':' if pending.is_empty() => {
                to = true;
                cursor.advance()?;
                numbers.push(java::parse_int(&cursor.number()?)?);
            }
            ':' => {
                numbers.push(java::parse_int(&std::mem::take(&mut pending))?);
                cursor.advance()?;
                match cursor.number()?.as_str() {
                    "" => from = true,
                    end => numbers.push(java::parse_int(end)?),
                }
            }
            ',' => {
                numbers.push(java::parse_int(&std::mem::take(&mut pending))?);
                sequence = true;
            }
            c => pending.push(c),
        }
        if cursor.current == ']' {
            break;
        }
        cursor.advance()?;
    }
    if !pending.is_empty() {
        numbers.push(java::parse_int(&pending)?);
    }
    Ok(match numbers[..] {
        [index] if !to && !from => Token::Index(index),
        _ if sequence => Token::Indices(numbers.into()),
        [start, ..] if from => Token::SliceFrom(start),
        [end, ..] if to => Token::SliceTo(end),
        [start, end, ..] => Token::SliceBetween(start, end),
        [..] => return Err(invalid(format!("Could not analyze path component: {fragment}"))),
    })
}

fn from_length(mut cursor: Cursor<'_>) -> Result<Token, String> {
    // The character behind `@` is taken for the dot, whatever it is.
    cursor.advance()?;
    cursor.advance()?;
    let mut function = Vec::new();
    while cursor.current != '-' {
        if !matches!(cursor.current, ' ' | '(' | ')') {
            function.push(cursor.unit);
        }
        cursor.advance()?;
    }
    let function = java::text_of_units(&function);
    if function != "size" && function != "length" {
        return Err(invalid(format!(
            "Invalid function: @.{function}. Supported functions are: [(@.length - n)] and [(@.size() - n)]"
        )));
    }
    let mut offset = Vec::new();
    while cursor.current != ')' {
        if cursor.current != ' ' {
            offset.push(cursor.unit);
        }
        cursor.advance()?;
    }
    Ok(Token::FromLength(java::parse_int(&java::text_of_units(&offset))?))
}

/// `[?(@.a == 1)]`: from the last `[` before the question mark to the first `]` that no parenthesis holds.
fn filter(fragment: &str, question: usize, nesting: usize) -> Result<Token, String> {
    let start = fragment[..question].rfind('[').unwrap_or(0);
    let (mut square, mut round, mut quoted, mut previous) = (0, 0, false, b' ');
    for (at, byte) in fragment.bytes().enumerate().skip(start) {
        match byte {
            b'\'' if previous != b'\\' => quoted = !quoted,
            _ if quoted => {}
            b'(' => round += 1,
            b')' => round -= 1,
            b'[' => square += 1,
            b']' => {
                square -= 1;
                if round == 0 {
                    return if square == 0 {
                        Filter::parse(&fragment[start..=at], nesting).map(Token::Filter)
                    } else {
                        Err(invalid("Filter brackets are not balanced"))
                    };
                }
            }
            _ => {}
        }
        previous = byte;
    }
    Err(java::end_of(fragment))
}
