//! JSON text: one lexer under two readers, one for values and one that keeps spans and repeated keys.

mod habits;
mod jackson;
mod lexer;
mod spanned;
mod write;

use std::fmt;

pub(crate) use lexer::Names;
pub(crate) use spanned::{Member, Node, NodeKind, parse_spanned};
pub(crate) use write::{escaped, pretty, string, string_len, text, write};

use crate::diagnostic::Span;
use crate::value::{Array, Numbers, Object, Value};
use jackson::Fault;
use lexer::{Expected, Lexer, Token};

/// How deeply arrays and objects may nest in text and in the data of an execution.
pub const MAX_DEPTH: usize = 500;

/// How long the JSON text of a value may get in an execution: 256 MiB. AWS's own quota is far below.
pub const MAX_LEN: usize = 256 * 1024 * 1024;

/// From how many numbers on an array of nothing else keeps its text.
const MANY: usize = 1024;

/// Why a text is not JSON, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// What was found and what was expected.
    pub message: String,
    /// The bytes of the text that are at fault.
    pub span: Span,
    /// The line of `span`, from 1.
    pub line: usize,
    /// The column of `span` in characters, from 1.
    pub column: usize,
    /// What to do, where that is known.
    pub help: Option<&'static str>,
    /// The same as Jackson tells it, the parser behind AWS's API, whose messages AWS's answers quote.
    jackson: Option<Box<Fault>>,
}

impl JsonError {
    /// What Jackson says of it where it does not show the text.
    /// What Jackson, the JSON parser behind AWS's API, says of the text, without a place: the detail of `InvalidExecutionInput`.
    pub fn jackson_message(&self) -> String {
        self.jackson.as_ref().map_or_else(|| self.message.clone(), |fault| fault.placeless())
    }

    pub(crate) fn told_by_jackson(&self) -> String {
        self.jackson.as_ref().map_or_else(|| self.message.clone(), |fault| fault.redacted())
    }

    /// What Jackson says of it where it shows the start of the text.
    pub(crate) fn told_by_jackson_of(&self, text: &str) -> String {
        self.jackson.as_ref().map_or_else(|| self.message.clone(), |fault| fault.shown(text))
    }

    /// With what Jackson says of it, and with what a person who wrote it may have meant.
    fn told_of(self, text: &str) -> Self {
        let jackson = Fault::of(text).map(Box::new);
        match habits::advice(text, self.span) {
            Some((span, help)) => {
                let (line, column) = span.line_column(text);
                Self { span, line, column, help: Some(help), jackson, ..self }
            }
            None => Self { jackson, ..self },
        }
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at line {}, column {}", self.message, self.line, self.column)
    }
}

impl std::error::Error for JsonError {}

pub(crate) fn parse_value(text: &str) -> Result<Value, JsonError> {
    whole(Lexer::new(text))
}

/// Reads a text in which no object may have a name twice, and texts may stand in single quotes.
pub(crate) fn parse_quoted(text: &str) -> Result<Value, JsonError> {
    whole(Lexer::new(text).with_distinct_names().with_single_quotes())
}

/// Reads one of many texts, which share the names of their objects.
pub(crate) fn parse_value_with(names: &mut Names, text: &str) -> Result<Value, JsonError> {
    let mut lexer = Lexer::new(text).with_names(std::mem::take(names));
    let read = read(&mut lexer);
    *names = lexer.into_names();
    read
}

fn whole(mut lexer: Lexer<'_>) -> Result<Value, JsonError> {
    read(&mut lexer)
}

fn read(lexer: &mut Lexer<'_>) -> Result<Value, JsonError> {
    let text = lexer.text();
    let mut read = || {
        let first = lexer.token()?;
        let value = value(lexer, first, 0)?;
        lexer.end()?;
        Ok(value)
    };
    read().map_err(|error: JsonError| error.told_of(text))
}

fn value(lexer: &mut Lexer<'_>, token: Token, depth: usize) -> Result<Value, JsonError> {
    Ok(match token {
        Token::Null => Value::Null,
        Token::Bool(value) => Value::Bool(value),
        Token::Number(number) => Value::Number(number),
        Token::String(text) => Value::String(text),
        Token::OpenArray => return array(lexer, depth),
        Token::OpenObject => return object(lexer, depth),
        other => return Err(lexer.unexpected(&other, Expected::Value)),
    })
}

fn array(lexer: &mut Lexer<'_>, depth: usize) -> Result<Value, JsonError> {
    lexer.check_depth(depth)?;
    let before = lexer.written();
    let mut items = Vec::new();
    let mut token = lexer.token()?;
    if token != Token::CloseArray {
        loop {
            items.push(value(lexer, token, depth + 1)?);
            if !lexer.comma_or(b']')? {
                break;
            }
            token = lexer.token()?;
            if items.len() == MANY
                && let Some(read) = Numbers::of(&items)
            {
                match numbers(lexer, token, read)? {
                    (numbers, None) => return Ok(Value::Array(numbers.into())),
                    (numbers, Some(next)) => (items, token) = (numbers.values(), next),
                }
            }
        }
    }
    // With the bracket that was read before.
    Ok(Array::measured(items, lexer.written() - before + 1).into())
}

/// Reads on as long as there are numbers: all of them, and what comes next where the array is not over.
fn numbers(
    lexer: &mut Lexer<'_>,
    mut token: Token,
    mut numbers: Numbers,
) -> Result<(Numbers, Option<Token>), JsonError> {
    while let Token::Number(_) = token {
        numbers.push(lexer.number_text());
        if !lexer.comma_or(b']')? {
            return Ok((numbers, None));
        }
        token = lexer.token()?;
    }
    Ok((numbers, Some(token)))
}

fn object(lexer: &mut Lexer<'_>, depth: usize) -> Result<Value, JsonError> {
    lexer.check_depth(depth)?;
    let before = lexer.written();
    let mut members = Vec::new();
    let mut name = lexer.first_key()?;
    while let Some(key) = name {
        let token = lexer.token()?;
        members.push((key, value(lexer, token, depth + 1)?));
        name = if lexer.comma_or(b'}')? { Some(lexer.key()?) } else { None };
    }
    let written = members.len();
    let members = Object::measured(members, lexer.written() - before + 1);
    lexer.check_names(written, members.len())?;
    Ok(members.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        parse_value(text).unwrap_err().to_string()
    }

    #[test]
    fn errors_say_what_was_found_and_where() {
        assert_eq!(error(""), "expected a value, found the end of the text at line 1, column 1");
        assert_eq!(error("{\n  \"a\": 1,\n}"), "expected a name in double quotes, found '}' at line 2, column 9");
        assert_eq!(error("[1 2]"), "expected ',' or ']', found a number at line 1, column 4");
        assert_eq!(error("{\"a\" 1}"), "expected ':', found a number at line 1, column 6");
        assert_eq!(error("nul"), "expected a value, found 'nul' at line 1, column 1");
        assert_eq!(error("{'a':1}"), "expected a name in double quotes, found ''' at line 1, column 2");
        assert_eq!(error("[01]"), "a number cannot start with 0 at line 1, column 2");
        assert_eq!(error("\"a\nb\""), "a string cannot hold a bare control character at line 1, column 3");
        assert_eq!(error("\"\\x\""), "unknown escape '\\x' at line 1, column 2");
        assert_eq!(error("\"ab"), "the string has no end at line 1, column 1");
        assert_eq!(error("1 1"), "expected the end of the text, found a number at line 1, column 3");
        assert_eq!(error("\"\\ud800\""), "half of a surrogate pair at line 1, column 2");
    }

    #[test]
    fn what_is_read_knows_how_long_it_is() {
        for text in [
            r#" { "a" : [ 1 , 2.50 , "x\/y\u0041\n" ] , "\u00e9" : { } , "b" : [ ] , "a" : -0 } "#,
            r#"[["a", {"b": null}, []], true , 1E5]"#,
            r#"{"\t": "\"\\", "é": "𝄞\u001f\u007f"}"#,
            r#"{'a': 'it\'s "so"', 'b"': ['"', "'"]}"#,
        ] {
            fn check(value: &Value) {
                assert_eq!(value.json_len(), value.json_text().len(), "{value}");
                value.as_array().into_iter().flat_map(|items| items.iter()).for_each(check);
                value.as_object().into_iter().flat_map(|members| members.values()).for_each(check);
            }
            check(&parse_value(text).or_else(|_| parse_quoted(text)).unwrap());
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert_eq!(parse_value(&deep(MAX_DEPTH)).unwrap().depth(), MAX_DEPTH);
        assert!(error(&deep(100_000)).starts_with("more than 500 levels of nesting"));
    }

    #[test]
    fn escapes_are_read() {
        assert_eq!(parse_value(r#""\u00e9\ud83d\ude00\/\b""#).unwrap().as_str(), Some("é😀/\u{8}"));
    }

    #[test]
    fn texts_stand_in_single_quotes_where_they_may() {
        let read = |text: &str| parse_quoted(text).map(|value| value.to_string()).map_err(|error| error.message);
        assert_eq!(read(r#"{'a': ['it\'s', "it's", '"']}"#), Ok(r#"{"a":["it's","it's","\""]}"#.to_owned()));
        assert_eq!(read("''"), Ok(r#""""#.to_owned()));
        for text in ["'a", "'a\"", "\"a'", "{'a\": 1}", "{'a': 1, \"a\": 2}", "'\n'"] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(parse_value("'a'").is_err() && parse_value(r#""\'""#).is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_json_or_an_error(text in r#"[\\'"{}\[\]:, a1u\n\u{e9}\u{1f600}]{0,20}"#) {
            let (strict, quoted) = (parse_value(&text), parse_quoted(&text));
            if let Ok(value) = &strict {
                proptest::prop_assert_eq!(value.json_len(), value.json_text().len());
            }
            // What is JSON means the same, unless a name is there twice.
            proptest::prop_assert!(strict.is_err() || quoted.is_err() || strict == quoted);
        }
    }
}
