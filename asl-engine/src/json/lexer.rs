use std::collections::HashSet;
use std::sync::Arc;

use super::{JsonError, MAX_DEPTH};
use crate::diagnostic::Span;
use crate::json::string_len;
use crate::placeholder;
use crate::value::Number;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Null,
    Bool(bool),
    Number(Number),
    String(Arc<str>),
    OpenArray,
    CloseArray,
    OpenObject,
    CloseObject,
    Comma,
    Colon,
    /// Anything that JSON does not have, up to the next delimiter.
    Unknown(String),
    End,
}

impl Token {
    fn describe(&self) -> String {
        match self {
            Self::Null => "null".into(),
            Self::Bool(value) => value.to_string(),
            Self::Number(_) => "a number".into(),
            Self::String(_) => "a string".into(),
            Self::OpenArray => "'['".into(),
            Self::CloseArray => "']'".into(),
            Self::OpenObject => "'{'".into(),
            Self::CloseObject => "'}'".into(),
            Self::Comma => "','".into(),
            Self::Colon => "':'".into(),
            Self::Unknown(text) => format!("'{text}'"),
            Self::End => "the end of the text".into(),
        }
    }
}

/// What has to come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    Value,
    Name,
    Colon,
    CommaInArray,
    CommaInObject,
    End,
}

impl Expected {
    fn describe(self) -> &'static str {
        match self {
            Self::Value => "a value",
            Self::Name => "a name in double quotes",
            Self::Colon => "':'",
            Self::CommaInArray => "',' or ']'",
            Self::CommaInObject => "',' or '}'",
            Self::End => "the end of the text",
        }
    }
}

/// Splits a text into JSON tokens.
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    start: usize,
    key_span: Span,
    /// By how many bytes the text up to here is longer than compact JSON text of the same would be.
    surplus: isize,
    /// Whether `${Name}` may stand in the place of a value; it is read as the string `"${Name}"`.
    placeholders: bool,
    /// Whether an object may not have a name twice.
    distinct_names: bool,
    /// Whether a text may stand in single quotes.
    single_quotes: bool,
    names: Names,
}

/// Names repeat from object to object: equal ones share one allocation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names(HashSet<Arc<str>, foldhash::fast::RandomState>);

impl Names {
    /// A name, for which a limited number of others is looked through.
    fn share(&mut self, text: &str) -> Arc<str> {
        if let Some(name) = self.0.get(text) {
            return name.clone();
        }
        let name: Arc<str> = text.into();
        if self.0.len() < 1024 {
            self.0.insert(name.clone());
        }
        name
    }
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            start: 0,
            key_span: Span::default(),
            surplus: 0,
            placeholders: false,
            distinct_names: false,
            single_quotes: false,
            names: Names::default(),
        }
    }

    /// Starts with the names of texts that were read before.
    pub(super) fn with_names(self, names: Names) -> Self {
        Self { names, ..self }
    }

    /// The names that were read.
    pub(super) fn into_names(self) -> Names {
        self.names
    }

    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    pub(super) fn with_placeholders(self, placeholders: bool) -> Self {
        Self { placeholders, ..self }
    }

    pub(super) fn with_distinct_names(self) -> Self {
        Self { distinct_names: true, ..self }
    }

    pub(super) fn with_single_quotes(self) -> Self {
        Self { single_quotes: true, ..self }
    }

    /// Whether `${Name}` may stand in the place of a value.
    pub(super) fn takes_placeholders(&self) -> bool {
        self.placeholders
    }

    /// The string that was just read, as it was written between its quotes, where that is not its text.
    pub(super) fn escaped(&self, text: &str) -> Option<Arc<str>> {
        let inside = self.text[self.start..self.at].strip_prefix('"')?.strip_suffix('"')?;
        (inside != text).then(|| inside.into())
    }

    /// The bytes of the token read last.
    pub(super) fn span(&self) -> Span {
        Span { start: self.start, end: self.at }
    }

    /// The text of the number that was just read.
    pub(super) fn number_text(&self) -> &'a str {
        &self.text[self.start..self.at]
    }

    /// The bytes of the name read last.
    pub(super) fn key_span(&self) -> Span {
        self.key_span
    }

    /// Where the token read last ends, and how many bytes compact JSON text of all up to there would have.
    pub(super) fn written(&self) -> usize {
        self.at.saturating_add_signed(-self.surplus)
    }

    /// Goes on to the next byte that is no space.
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        let from = self.at;
        while matches!(bytes.get(self.at), Some(b' ' | b'\n' | b'\t' | b'\r')) {
            self.at += 1;
        }
        self.surplus += (self.at - from) as isize;
        bytes.get(self.at).copied()
    }

    /// Takes the next byte, if it is this one.
    fn takes(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        if is_next {
            self.start = self.at;
            self.at += 1;
        }
        is_next
    }

    pub(super) fn token(&mut self) -> Result<Token, JsonError> {
        let next = self.peek();
        self.start = self.at;
        let Some(byte) = next else { return Ok(Token::End) };
        let punctuation = match byte {
            quote if self.is_quote(quote) => return self.string().map(|text| Token::String(text.into())),
            b'-' | b'0'..=b'9' => return self.number(),
            b'[' => Token::OpenArray,
            b']' => Token::CloseArray,
            b'{' => Token::OpenObject,
            b'}' => Token::CloseObject,
            b',' => Token::Comma,
            b':' => Token::Colon,
            b'$' if self.placeholders => return Ok(self.placeholder()),
            _ => return Ok(self.word()),
        };
        self.at += 1;
        Ok(punctuation)
    }

    fn is_quote(&self, byte: u8) -> bool {
        byte == b'"' || byte == b'\'' && self.single_quotes
    }

    fn placeholder(&mut self) -> Token {
        let rest = &self.text[self.at..];
        match placeholder::leading(rest) {
            Some(len) => {
                self.at += len;
                self.surplus += len as isize - string_len(&rest[..len]) as isize;
                Token::String(rest[..len].into())
            }
            None => self.word(),
        }
    }

    fn word(&mut self) -> Token {
        let rest = &self.text[self.at..];
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let len = word.max(rest.chars().next().map_or(0, char::len_utf8));
        self.at += len;
        match &rest[..len] {
            "null" => Token::Null,
            "true" => Token::Bool(true),
            "false" => Token::Bool(false),
            other => Token::Unknown(other.to_owned()),
        }
    }

    fn number(&mut self) -> Result<Token, JsonError> {
        let bytes = self.text.as_bytes();
        let mut at = self.at;
        let digits = |mut at: usize| {
            while matches!(bytes.get(at), Some(b'0'..=b'9')) {
                at += 1;
            }
            at
        };
        if bytes[at] == b'-' {
            at += 1;
        }
        let whole = at;
        at = digits(at);
        if at == whole {
            return Err(self.fault("a number needs a digit", self.at, at));
        }
        if bytes[whole] == b'0' && at > whole + 1 {
            return Err(self.fault("a number cannot start with 0", self.at, at));
        }
        if bytes.get(at) == Some(&b'.') {
            let fraction = digits(at + 1);
            if fraction == at + 1 {
                return Err(self.fault("a number needs a digit after its point", self.at, fraction));
            }
            at = fraction;
        }
        if matches!(bytes.get(at), Some(b'e' | b'E')) {
            let sign = at + 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
            let exponent = digits(sign);
            if exponent == sign {
                return Err(self.fault("a number needs a digit in its exponent", self.at, exponent));
            }
            at = exponent;
        }
        let text = &self.text[self.at..at];
        self.at = at;
        Ok(Token::Number(Number::from_json_text(text)))
    }

    /// Reads a string, which ends with the quote that it starts with, and gives its text: a slice of the source where it has
    /// no escape.
    fn string(&mut self) -> Result<std::borrow::Cow<'a, str>, JsonError> {
        let bytes = self.text.as_bytes();
        let quote = bytes.get(self.at).copied().unwrap_or(b'"');
        let first = self.at + 1;
        let mut at = first;
        let mut run = first;
        let mut unescaped: Option<String> = None;
        loop {
            match bytes.get(at) {
                None => {
                    return Err(self.fault("the string has no end", self.at, self.at + 1));
                }
                Some(byte) if *byte == quote => break,
                Some(b'\\') => {
                    let out = unescaped.get_or_insert_default();
                    out.push_str(&self.text[run..at]);
                    let (c, end) = self.escape(at)?;
                    out.push(c);
                    at = end;
                    run = end;
                }
                Some(0..=0x1f) => return Err(self.fault("a string cannot hold a bare control character", at, at + 1)),
                Some(_) => at += 1,
            }
        }
        let start = self.at;
        self.at = at + 1;
        Ok(match unescaped {
            // In single quotes, a double one needs an escape.
            None if quote == b'"' => self.text[first..at].into(),
            unescaped => {
                let mut out = unescaped.unwrap_or_default();
                out.push_str(&self.text[run..at]);
                self.surplus += (self.at - start) as isize - string_len(&out) as isize;
                out.into()
            }
        })
    }

    fn escape(&self, at: usize) -> Result<(char, usize), JsonError> {
        let bytes = self.text.as_bytes();
        let c = match bytes.get(at + 1) {
            Some(b'"') => '"',
            Some(b'\'') if self.single_quotes => '\'',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let unit = self.hex(at)?;
                let pair = (0xd800..0xdc00).contains(&unit) && self.text[at + 6..].starts_with("\\u");
                if !pair {
                    let c = char::from_u32(unit).ok_or_else(|| self.fault("half of a surrogate pair", at, at + 6))?;
                    return Ok((c, at + 6));
                }
                let low = self.hex(at + 6)?;
                let code = 0x10000 + ((unit - 0xd800) << 10) + low.wrapping_sub(0xdc00);
                return match (0xdc00..0xe000).contains(&low).then(|| char::from_u32(code)).flatten() {
                    Some(c) => Ok((c, at + 12)),
                    None => Err(self.fault("half of a surrogate pair", at, at + 6)),
                };
            }
            _ => {
                let Some(shown) = self.text[at + 1..].chars().next() else {
                    return Err(self.fault("the string has no end", at, at + 1));
                };
                return Err(self.fault(&format!("unknown escape '\\{shown}'"), at, at + 1 + shown.len_utf8()));
            }
        };
        Ok((c, at + 2))
    }

    /// The four digits of a `\uXXXX` that starts at `at`.
    fn hex(&self, at: usize) -> Result<u32, JsonError> {
        self.text
            .get(at + 2..at + 6)
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .ok_or_else(|| self.fault("'\\u' wants four hexadecimal digits", at, at + 2))
    }

    /// The first name of an object whose brace was just read; `None` when it is empty.
    pub(super) fn first_key(&mut self) -> Result<Option<Arc<str>>, JsonError> {
        if self.takes(b'}') {
            return Ok(None);
        }
        self.key().map(Some)
    }

    /// A name and the colon behind it; `key_span` tells where the name stands.
    pub(super) fn key(&mut self) -> Result<Arc<str>, JsonError> {
        if !self.peek().is_some_and(|byte| self.is_quote(byte)) {
            let token = self.token()?;
            return Err(self.unexpected(&token, Expected::Name));
        }
        self.start = self.at;
        let text = self.string()?;
        let name = self.names.share(&text);
        self.key_span = self.span();
        if !self.takes(b':') {
            let other = self.token()?;
            return Err(self.unexpected(&other, Expected::Colon));
        }
        Ok(name)
    }

    /// Whether a comma follows; `false` when the closing bracket `close` does.
    pub(super) fn comma_or(&mut self, close: u8) -> Result<bool, JsonError> {
        if self.takes(b',') {
            return Ok(true);
        }
        if self.takes(close) {
            return Ok(false);
        }
        let expected = if close == b']' { Expected::CommaInArray } else { Expected::CommaInObject };
        let token = self.token()?;
        Err(self.unexpected(&token, expected))
    }

    pub(super) fn end(&mut self) -> Result<(), JsonError> {
        match self.token()? {
            Token::End => Ok(()),
            token => Err(self.unexpected(&token, Expected::End)),
        }
    }

    pub(super) fn check_depth(&self, depth: usize) -> Result<(), JsonError> {
        if depth < MAX_DEPTH {
            return Ok(());
        }
        Err(self.fault(&format!("more than {MAX_DEPTH} levels of nesting"), self.start, self.at))
    }

    /// Refuses an object of which so many members were left over, unless names may repeat.
    pub(super) fn check_names(&self, written: usize, left: usize) -> Result<(), JsonError> {
        if left == written || !self.distinct_names {
            return Ok(());
        }
        Err(self.fault("a name that the object has twice", self.start, self.at))
    }

    pub(super) fn unexpected(&self, token: &Token, expected: Expected) -> JsonError {
        let message = format!("expected {}, found {}", expected.describe(), token.describe());
        self.fault(&message, self.start, self.at)
    }

    fn fault(&self, message: &str, start: usize, end: usize) -> JsonError {
        let (line, column) = Span { start, end }.line_column(self.text);
        JsonError { message: message.to_owned(), span: Span { start, end }, line, column, help: None, jackson: None }
    }
}
