//! A JSON text that comes in pieces: the items of a list in it, or the members of an object.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::object::{Piece, Taken};
use crate::json::JsonError;
use crate::value::Value;

/// Where the reader is in the text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Walk {
    /// How many names of the pointer are behind it.
    depth: usize,
    /// How many items of a list on the way are behind it.
    passed: usize,
    at: At,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
enum At {
    /// Before a value on the way to the data, or the data itself.
    #[default]
    Value,
    /// In a list or an object, before an item or its end. `first` where no comma is due.
    Inside { array: bool, first: bool, data: bool },
    /// In a value that nobody wants.
    Skip { array: bool, scan: Scan },
    /// In an item, with its name where it has one.
    Item { array: bool, key: Option<Arc<str>>, scan: Scan },
    /// Behind the data.
    End,
}

const NO_LIST: &str = "Attempting to map over non-iterable node.";

impl Walk {
    /// The next item, with its name where the data is an object.
    pub(super) fn take(&mut self, piece: &mut Piece, pointer: &[Arc<str>]) -> Result<Taken, String> {
        loop {
            if !matches!(self.at, At::Skip { .. } | At::Item { .. }) {
                piece.skip_whitespace();
            }
            let next = piece.rest().bytes().next();
            match &mut self.at {
                At::End if !pointer.is_empty() => return Ok(Taken::End),
                At::End => match next {
                    Some(_) => return Err(not_json("expected the end of the text")),
                    None if piece.whole => return Ok(Taken::End),
                    None => return Ok(Taken::NeedsMore),
                },
                At::Value => {
                    let data = self.depth == pointer.len();
                    self.at = match next {
                        None if piece.whole => return Err(not_json("expected a value, found the end of the text")),
                        None => return Ok(Taken::NeedsMore),
                        Some(byte @ (b'[' | b'{')) => At::Inside { array: byte == b'[', first: true, data },
                        Some(_) => return self.no_data(piece, data),
                    };
                    self.passed = 0;
                    piece.advance(1);
                }
                At::Inside { array, first, data } => {
                    let (array, data) = (*array, *data);
                    let Some(byte) = next else { return needs_more(piece) };
                    if byte == if array { b']' } else { b'}' } {
                        piece.advance(1);
                        if !data {
                            return Err(NO_LIST.to_owned());
                        }
                        self.at = At::End;
                        continue;
                    }
                    // The comma goes with what follows it, which may not be there yet.
                    if !*first && byte != b',' {
                        return Err(not_json(if array { "expected ',' or ']'" } else { "expected ',' or '}'" }));
                    }
                    let comma = usize::from(!*first);
                    let Some((key, len)) = key(piece, comma, array)? else { return needs_more(piece) };
                    piece.advance(len);
                    let wanted = match (&key, pointer.get(self.depth)) {
                        (Some(key), Some(name)) => key == name,
                        (None, Some(name)) => **name == *self.passed.to_string(),
                        (_, None) => false,
                    };
                    self.passed += 1;
                    self.at = match (data, wanted) {
                        (true, _) => At::Item { array, key, scan: Scan::default() },
                        (false, false) => At::Skip { array, scan: Scan::default() },
                        (false, true) => {
                            self.depth += 1;
                            At::Value
                        }
                    };
                }
                At::Skip { array, scan } => {
                    let done = scan.end(piece.rest().as_bytes(), 0);
                    let Some(end) = done.or_else(|| piece.whole.then_some(piece.rest().len())) else {
                        piece.advance(piece.rest().len());
                        return Ok(Taken::NeedsMore);
                    };
                    self.at = At::Inside { array: *array, first: false, data: false };
                    piece.advance(end);
                }
                At::Item { array, key, scan } => {
                    let scanned = scan.scanned;
                    let done = scan.end(piece.rest().as_bytes(), scanned);
                    let Some(end) = done.or_else(|| piece.whole.then_some(piece.rest().len())) else {
                        return Ok(Taken::NeedsMore);
                    };
                    let value = piece.value(end).map_err(|error| not_json(&error.message))?;
                    let key = key.take();
                    self.at = At::Inside { array: *array, first: false, data: true };
                    piece.advance(end);
                    return Ok(Taken::Item(key, value));
                }
            }
        }
    }

    /// Why there is no data here, once the whole value is there.
    fn no_data(&self, piece: &Piece, data: bool) -> Result<Taken, String> {
        let end = match Scan::default().end(piece.rest().as_bytes(), 0) {
            Some(end) => end,
            None if piece.whole => piece.rest().len(),
            None => return Ok(Taken::NeedsMore),
        };
        Err(match piece.rest()[..end].parse::<Value>() {
            Err(error) if data && self.depth == 0 => not_json(&error.message),
            _ => NO_LIST.to_owned(),
        })
    }
}

fn needs_more(piece: &Piece) -> Result<Taken, String> {
    match piece.whole {
        true => Err(not_json("found the end of the text in a list or an object")),
        false => Ok(Taken::NeedsMore),
    }
}

fn not_json(message: &str) -> String {
    format!("The object is not JSON: {message}")
}

/// The name before a value, where it has one, and how many bytes stand before the value.
type Lead = (Option<Arc<str>>, usize);

/// What stands before the next value, behind `comma` bytes: its name in an object. `None` where the text ends before.
fn key(piece: &Piece, comma: usize, array: bool) -> Result<Option<Lead>, String> {
    let blank = |c: char| matches!(c, ' ' | '\n' | '\t' | '\r');
    let rest = &piece.rest()[comma..];
    let name = rest.trim_start_matches(blank);
    if name.is_empty() {
        return Ok(None);
    }
    let before = comma + rest.len() - name.len();
    if array {
        if name.starts_with(']') {
            return Err(not_json("expected a value, found ']'"));
        }
        return Ok(Some((None, before)));
    }
    if !name.starts_with('"') {
        return Err(not_json("expected a name in double quotes"));
    }
    let Some(len) = Scan::default().end(name.as_bytes(), 0) else { return Ok(None) };
    let key: Value = name[..len].parse().map_err(|error: JsonError| not_json(&error.message))?;
    let behind = name[len..].trim_start_matches(blank);
    if behind.is_empty() {
        return Ok(None);
    }
    let Some(value) = behind.strip_prefix(':') else { return Err(not_json("expected ':'")) };
    let value = value.trim_start_matches(blank);
    if value.is_empty() {
        return Ok(None);
    }
    let key = key.as_str().map(Arc::from);
    Ok(Some((key, before + name.len() - value.len())))
}

/// Finds the end of a value whose text comes in pieces, without reading it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Scan {
    depth: usize,
    in_string: bool,
    escaped: bool,
    started: bool,
    /// How many bytes are behind it.
    scanned: usize,
}

impl Scan {
    /// The end of the value that the scan is in; `None` where the bytes end before. `from` is where the scan stopped.
    fn end(&mut self, bytes: &[u8], from: usize) -> Option<usize> {
        for (at, &byte) in bytes.iter().enumerate().skip(from) {
            let starts = !std::mem::replace(&mut self.started, true);
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => {
                        self.in_string = false;
                        if self.depth == 0 {
                            return Some(at + 1);
                        }
                    }
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' if self.depth > 0 || starts => self.in_string = true,
                b'[' | b'{' => self.depth += 1,
                b']' | b'}' if self.depth > 0 => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(at + 1);
                    }
                }
                b']' | b'}' | b',' | b' ' | b'\n' | b'\t' | b'\r' if self.depth == 0 => return Some(at),
                _ => {}
            }
        }
        self.scanned = bytes.len();
        None
    }
}
