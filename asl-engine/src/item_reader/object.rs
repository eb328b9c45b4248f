//! The items of one object, whose text comes in pieces.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::InputType;
use super::csv::row;
use super::json::Walk;
use crate::json::{JsonError, Names, parse_value_with};
use crate::value::Value;

/// What comes of the text that is there.
#[derive(Debug, PartialEq)]
pub(super) enum Taken {
    /// An item, with its name where the items are the members of an object.
    Item(Option<Arc<str>>, Value),
    /// The next item is not there as a whole.
    NeedsMore,
    /// There are no more.
    End,
}

/// The part of a text that is there and not yet taken apart.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Piece {
    text: Arc<str>,
    at: usize,
    /// Whether nothing follows it.
    pub(super) whole: bool,
    /// The names of objects repeat from item to item.
    #[serde(skip)]
    names: Names,
}

impl PartialEq for Piece {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, self.at, self.whole) == (&other.text, other.at, other.whole)
    }
}

impl Piece {
    fn new() -> Self {
        Self { text: "".into(), at: 0, whole: false, names: Names::default() }
    }

    pub(super) fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    pub(super) fn advance(&mut self, bytes: usize) {
        self.at += bytes;
    }

    pub(super) fn skip_whitespace(&mut self) {
        let rest = self.rest();
        let blank = rest.len() - rest.trim_start_matches([' ', '\n', '\t', '\r']).len();
        self.advance(blank);
    }

    /// The value that the first bytes of the rest are.
    pub(super) fn value(&mut self, bytes: usize) -> Result<Value, JsonError> {
        parse_value_with(&mut self.names, &self.text[self.at..self.at + bytes])
    }

    /// Adds what follows.
    fn feed(&mut self, text: Arc<str>, whole: bool) {
        self.text = match self.rest() {
            "" => text,
            rest => [rest, &*text].concat().into(),
        };
        (self.at, self.whole) = (0, whole);
    }
}

/// Takes the text of one object apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Object {
    piece: Piece,
    format: Format,
    begun: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Format {
    Json { pointer: Vec<Arc<str>>, walk: Walk },
    Lines { line: usize },
    Rows { headers: Option<Vec<Arc<str>>>, delimiter: u8 },
}

impl Object {
    pub(super) fn new(input_type: &InputType) -> Result<Self, String> {
        let format = match input_type {
            InputType::Json { pointer } => Format::Json { pointer: pointer.clone(), walk: Walk::default() },
            InputType::JsonLines | InputType::Parquet => Format::Lines { line: 0 },
            InputType::Csv { headers, delimiter } => {
                headers.as_deref().map_or(Ok(()), distinct)?;
                Format::Rows { headers: headers.clone(), delimiter: *delimiter }
            }
        };
        Ok(Self { piece: Piece::new(), format, begun: false })
    }

    /// Takes the next piece of the text. `last` where nothing follows.
    pub(super) fn feed(&mut self, text: Arc<str>, last: bool) {
        let text = match text.strip_prefix('\u{feff}') {
            Some(text) if !self.begun => text.into(),
            _ => text,
        };
        self.begun |= !text.is_empty();
        self.piece.feed(text, last);
    }

    /// Whether no text follows that which is there.
    pub(super) fn is_whole(&self) -> bool {
        self.piece.whole
    }

    /// Takes note of lines that somebody else took apart.
    pub(super) fn passed(&mut self, lines: usize) {
        self.begun = true;
        if let Format::Lines { line } = &mut self.format {
            *line += lines;
        }
    }

    /// The text that is there, which can be put in the place of another.
    pub(super) fn text(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        let mut text = Value::String(std::mem::take(&mut self.piece.text));
        visit(&mut text);
        if let Value::String(text) = text {
            self.piece.text = text;
        }
    }

    /// The next item. The error says what is wrong with the text.
    pub(super) fn take(&mut self) -> Result<Taken, String> {
        let piece = &mut self.piece;
        match &mut self.format {
            Format::Json { pointer, walk } => walk.take(piece, pointer),
            Format::Lines { line } => next_line(piece, line),
            Format::Rows { headers, delimiter } => next_row(piece, headers, *delimiter),
        }
    }
}

/// The values of a text that has one on each line, and how many bytes of it are whole lines; the last line needs no end where
/// the text is `whole`. `None` where a line is anything else, blank ones included, or none is whole: whoever reads the text
/// line by line finds out what is wrong and where.
///
/// ```
/// use asl_engine::json_lines;
///
/// let (values, bytes) = json_lines("{\"id\": 1}\n2\n[3", false).unwrap();
/// assert_eq!((values.to_string().as_str(), bytes), ("[{\"id\":1},2]", 12));
/// assert_eq!(json_lines("1\n[3", true), None);
/// ```
pub fn json_lines(text: &str, whole: bool) -> Option<(Value, usize)> {
    let lines = if whole { text } else { &text[..text.rfind('\n')? + 1] };
    let mut names = Names::default();
    let values: Result<Value, JsonError> = lines.lines().map(|line| parse_value_with(&mut names, line)).collect();
    Some((values.ok()?, lines.len()))
}

fn next_line(piece: &mut Piece, line: &mut usize) -> Result<Taken, String> {
    loop {
        let (len, end) = match piece.rest().find('\n') {
            Some(len) => (len, len + 1),
            None if !piece.whole => return Ok(Taken::NeedsMore),
            None if piece.rest().is_empty() => return Ok(Taken::End),
            None => (piece.rest().len(), piece.rest().len()),
        };
        *line += 1;
        if piece.rest()[..len].trim_ascii().is_empty() {
            piece.advance(end);
            continue;
        }
        let value = piece.value(len).map_err(|error| format!("Line {line} is not JSON: {}", error.message))?;
        piece.advance(end);
        return Ok(Taken::Item(None, value));
    }
}

/// A row as an object of its columns. What is missing at its end is empty, what is too much is left out.
fn next_row(piece: &mut Piece, headers: &mut Option<Vec<Arc<str>>>, delimiter: u8) -> Result<Taken, String> {
    loop {
        // Lines without anything in them are no rows.
        let blank = piece.rest().bytes().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
        piece.advance(blank);
        if piece.rest().is_empty() {
            return Ok(if piece.whole { Taken::End } else { Taken::NeedsMore });
        }
        let Some(row) = row(piece.rest(), delimiter, piece.whole) else { return Ok(Taken::NeedsMore) };
        piece.advance(row.len);
        let Some(headers) = headers else {
            let found: Vec<Arc<str>> = row.fields.into_iter().map(Arc::from).collect();
            distinct(&found)?;
            *headers = Some(found);
            continue;
        };
        let fields = row.fields.into_iter().chain(std::iter::repeat_with(String::new));
        return Ok(Taken::Item(None, headers.iter().cloned().zip(fields.map(Value::from)).collect()));
    }
}

fn distinct(headers: &[Arc<str>]) -> Result<(), String> {
    let names: std::collections::BTreeSet<_> = headers.iter().collect();
    match names.len() < headers.len() {
        true => Err("CSV headers cannot contain duplicates.".to_owned()),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The items of a text that comes in pieces of `bytes`, as they come; what is wrong stands last.
    fn read(text: &str, input_type: &InputType, bytes: usize) -> String {
        let mut object = match Object::new(input_type) {
            Ok(object) => object,
            Err(error) => return error,
        };
        let (mut items, mut at) = (Vec::new(), 0);
        loop {
            match object.take() {
                Ok(Taken::Item(None, value)) => items.push(value.to_string()),
                Ok(Taken::Item(Some(key), value)) => items.push(format!("{key}={value}")),
                Ok(Taken::End) => return items.join(" "),
                Ok(Taken::NeedsMore) => {
                    assert!(!object.piece.whole, "more is wanted than there is of {text}");
                    let mut end = (at + bytes).min(text.len());
                    while !text.is_char_boundary(end) {
                        end += 1;
                    }
                    object.feed(text[at..end].into(), end == text.len());
                    at = end;
                    let saved = serde_json::to_string(&object).unwrap();
                    assert_eq!(serde_json::from_str::<Object>(&saved).unwrap(), object);
                }
                Err(error) => {
                    items.push(error);
                    return items.join(" ");
                }
            }
        }
    }

    fn json(pointer: &[&str]) -> InputType {
        InputType::Json { pointer: pointer.iter().map(|name| Arc::from(*name)).collect() }
    }

    fn csv(headers: Option<&[&str]>) -> InputType {
        let headers = headers.map(|headers| headers.iter().map(|header| Arc::from(*header)).collect());
        InputType::Csv { headers, delimiter: b',' }
    }

    #[test]
    fn pieces_of_any_size_give_the_same_items() {
        let no_list = "Attempting to map over non-iterable node.";
        let nested = r#" {"x": [{"a": "]}"}, "\"{", 1], "data": {"items": [ {"id": "é\\"}, [1, [2]] , "s" ,-1.50,null ]}, "z": } "#;
        let cases: [(&str, InputType, &str); 28] = [
            ("[1,[2],3]", json(&[]), "1 [2] 3"),
            (" [ ] ", json(&[]), ""),
            ("\u{feff}[1]", json(&[]), "1"),
            // AWS developer guide: the JSON file must contain an array or a JSON object.
            (r#"{"a": 1, "b\n": {"c": []}}"#, json(&[]), "a=1 b\n={\"c\":[]}"),
            ("{}", json(&[]), ""),
            ("7", json(&[]), no_list),
            (r#""[1]""#, json(&[]), no_list),
            ("[1 2]", json(&[]), "1 The object is not JSON: expected ',' or ']'"),
            ("[1,]", json(&[]), "1 The object is not JSON: expected a value, found ']'"),
            ("[1,", json(&[]), "1 The object is not JSON: found the end of the text in a list or an object"),
            ("[1, x]", json(&[]), "1 The object is not JSON: expected a value, found 'x'"),
            ("[1] 2", json(&[]), "1 The object is not JSON: expected the end of the text"),
            ("", json(&[]), "The object is not JSON: expected a value, found the end of the text"),
            ("{1: 2}", json(&[]), "The object is not JSON: expected a name in double quotes"),
            ("nope", json(&[]), "The object is not JSON: expected a value, found 'nope'"),
            (nested, json(&["data", "items"]), r#"{"id":"é\\"} [1,[2]] "s" -1.50 null"#),
            (nested, json(&["x"]), r#"{"a":"]}"} "\"{" 1"#),
            (nested, json(&["x", "0"]), "a=\"]}\""),
            (nested, json(&["x", "2"]), no_list),
            (nested, json(&["data", "gone"]), no_list),
            (nested, json(&["x", "7"]), no_list),
            ("1\n\n{\"a\":2}\r\n3\n", InputType::JsonLines, "1 {\"a\":2} 3"),
            ("1\nx", InputType::JsonLines, "1 Line 2 is not JSON: expected a value, found 'x'"),
            (
                "a,b\n1,\"x,\"\"y\"\n,,,\n\n   \n",
                csv(None),
                r#"{"a":"1","b":"x,\"y"} {"a":"","b":""} {"a":"   ","b":""}"#,
            ),
            ("1,2\n3,4", csv(Some(&["h"])), r#"{"h":"1"} {"h":"3"}"#),
            ("", csv(None), ""),
            ("a,a\n", csv(None), "CSV headers cannot contain duplicates."),
            ("1", csv(Some(&["a", "a"])), "CSV headers cannot contain duplicates."),
        ];
        for (text, input_type, expected) in cases {
            for bytes in [1, 2, 3, 7, text.len().max(1)] {
                assert_eq!(read(text, &input_type, bytes), expected, "{text:?} in pieces of {bytes}");
            }
        }
    }
}
