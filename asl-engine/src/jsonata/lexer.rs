//! The tokens of an expression.

use std::sync::Arc;

use super::error::JsonataError;
use super::quote::{quoted, quoted_number};
use super::regex::Regex;
use crate::value::Value;

/// One token and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) position: usize,
    /// The byte behind it.
    pub(super) end: usize,
}

#[derive(Clone, Debug)]
pub(super) enum TokenKind {
    End,
    Operator(&'static str),
    Name(Arc<str>),
    /// `$name`, without the `$`
    Variable(Arc<str>),
    String(Arc<str>),
    Number(f64),
    /// `true`, `false`, `null`
    Value(Value),
    Regex(Arc<Regex>),
}

impl TokenKind {
    /// The token as messages quote it.
    pub(super) fn quoted(&self) -> String {
        match self {
            Self::End => quoted("(end)"),
            Self::Operator(text) => quoted(text),
            Self::Name(text) | Self::Variable(text) | Self::String(text) => quoted(text),
            Self::Number(value) => quoted_number(*value),
            Self::Value(value) => value.to_string(),
            Self::Regex(_) => "{}".to_owned(),
        }
    }

    pub(super) fn is(&self, operator: &str) -> bool {
        matches!(self, Self::Operator(text) if *text == operator)
    }
}

/// Operators of two characters come before those of one.
const OPERATORS: [&str; 31] = [
    "..", ":=", "!=", ">=", "<=", "**", "~>", ".", "[", "]", "{", "}", "(", ")", ",", "@", "#", ";", ":", "?", "+",
    "-", "*", "/", "%", "|", "=", "<", ">", "^", "&",
];

const SPACES: [char; 5] = [' ', '\t', '\n', '\r', '\u{b}'];

/// Whether a character ends a name. `!` and `~` are no operators by themselves.
fn ends_name(c: char) -> bool {
    SPACES.contains(&c) || ".[]{}(),@#;:?+-*/%|=<>^&!~".contains(c)
}

pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The next token. Where an operator may follow, `/` divides; elsewhere it begins a regular expression.
    pub(super) fn next(&mut self, operator_may_follow: bool) -> Result<Token, JsonataError> {
        self.skip_blanks()?;
        let position = self.at;
        let kind = self.token(operator_may_follow)?;
        Ok(Token { kind, position, end: self.at })
    }

    fn skip_blanks(&mut self) -> Result<(), JsonataError> {
        loop {
            self.at = self.text.len() - self.rest().trim_start_matches(SPACES).len();
            if !self.rest().starts_with("/*") {
                return Ok(());
            }
            let unclosed = || JsonataError::new("S0106", "Comment has no closing tag").at(self.at);
            self.at += 2 + self.rest()[2..].find("*/").ok_or_else(unclosed)? + 2;
        }
    }

    fn token(&mut self, operator_may_follow: bool) -> Result<TokenKind, JsonataError> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(TokenKind::End) };
        if first == '/' && !operator_may_follow {
            self.at += 1;
            return self.regex();
        }
        if let Some(operator) = OPERATORS.into_iter().find(|operator| rest.starts_with(operator)) {
            self.at += operator.len();
            return Ok(TokenKind::Operator(operator));
        }
        match first {
            '!' | '~' => {
                let message = format!("Unknown operator: {}", quoted(&first.to_string()));
                Err(JsonataError::new("S0204", message).at(self.at))
            }
            '"' | '\'' => self.string(first),
            '0'..='9' => self.number(),
            '`' => match rest[1..].find('`') {
                Some(len) => {
                    self.at += len + 2;
                    Ok(TokenKind::Name(rest[1..=len].into()))
                }
                None => {
                    let message = "Quoted property name must be terminated with a backquote (`)";
                    Err(JsonataError::new("S0105", message).at(self.text.len()))
                }
            },
            _ => Ok(self.word()),
        }
    }

    fn word(&mut self) -> TokenKind {
        let rest = self.rest();
        let word = &rest[..rest.find(ends_name).unwrap_or(rest.len())];
        self.at += word.len();
        if let Some(name) = word.strip_prefix('$') {
            return TokenKind::Variable(name.into());
        }
        match word {
            "or" => TokenKind::Operator("or"),
            "in" => TokenKind::Operator("in"),
            "and" => TokenKind::Operator("and"),
            "true" => TokenKind::Value(true.into()),
            "false" => TokenKind::Value(false.into()),
            "null" => TokenKind::Value(Value::Null),
            _ => TokenKind::Name(word.into()),
        }
    }

    fn string(&mut self, quote: char) -> Result<TokenKind, JsonataError> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        // Halves of a surrogate pair stand in two escapes.
        let mut high: Option<u16> = None;
        while let Some(c) = self.rest().chars().next() {
            let escape = if c == '\\' { self.rest()[1..].chars().next() } else { None };
            if escape != Some('u') && high.take().is_some() {
                text.push(char::REPLACEMENT_CHARACTER);
            }
            match (c, escape) {
                ('\\', Some('u')) => {
                    let digits = self.rest().get(2..6).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
                    let unit = digits.and_then(|digits| u16::from_str_radix(digits, 16).ok()).ok_or_else(|| {
                        JsonataError::new("S0104", "The escape sequence \\u must be followed by 4 hex digits")
                            .at(self.at + 1)
                    })?;
                    let units: Vec<u16> = high.take().into_iter().chain([unit]).collect();
                    match unit {
                        0xd800..=0xdbff => {
                            text.extend(units[..units.len() - 1].iter().map(|_| char::REPLACEMENT_CHARACTER));
                            high = Some(unit);
                        }
                        _ => text.extend(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))),
                    }
                    self.at += 6;
                }
                ('\\', escape) => {
                    text.push(match escape {
                        Some(c @ ('"' | '\\' | '/')) => c,
                        Some('b') => '\u{8}',
                        Some('f') => '\u{c}',
                        Some('n') => '\n',
                        Some('r') => '\r',
                        Some('t') => '\t',
                        other => {
                            let token = quoted(&other.map(String::from).unwrap_or_default());
                            let message = format!("Unsupported escape sequence: \\{token}");
                            return Err(JsonataError::new("S0103", message).at(self.at + 1));
                        }
                    });
                    self.at += 2;
                }
                (c, _) if c == quote => {
                    self.at += 1;
                    return Ok(TokenKind::String(text.into()));
                }
                (c, _) => {
                    text.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
        Err(JsonataError::new("S0101", "String literal must be terminated by a matching quote").at(start))
    }

    fn number(&mut self) -> Result<TokenKind, JsonataError> {
        let bytes = self.rest().as_bytes();
        let digits = |from: usize| from + bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let mut len = if bytes[0] == b'0' { 1 } else { digits(0) };
        if bytes.get(len) == Some(&b'.') && digits(len + 1) > len + 1 {
            len = digits(len + 1);
        }
        if matches!(bytes.get(len), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(len + 1), Some(b'+' | b'-')));
            let from = len + 1 + sign;
            if from <= bytes.len() && digits(from) > from {
                len = digits(from);
            }
        }
        let text = &self.rest()[..len];
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => {
                self.at += len;
                Ok(TokenKind::Number(value))
            }
            _ => Err(JsonataError::new("S0102", format!("Number out of range: {}", quoted(text))).at(self.at)),
        }
    }

    /// A regular expression, whose first `/` has been read.
    fn regex(&mut self) -> Result<TokenKind, JsonataError> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        // Brackets hide slashes, unless the character before is a backslash.
        let (mut depth, mut escapes) = (0i64, 0);
        for (at, byte) in bytes.iter().enumerate().skip(start) {
            match byte {
                b'/' if depth == 0 && escapes % 2 == 0 => {
                    let pattern = &self.text[start..at];
                    if pattern.is_empty() {
                        return Err(JsonataError::new("S0301", "Empty regular expressions are not allowed").at(at));
                    }
                    self.at = at + 1;
                    let rest = self.rest();
                    let flags = &rest[..rest.len() - rest.trim_start_matches(['i', 'm']).len()];
                    self.at += flags.len();
                    let regex = Regex::parse(pattern, flags).map_err(|error| error.at(start))?;
                    return Ok(TokenKind::Regex(Arc::new(regex)));
                }
                b'(' | b'[' | b'{' if escapes == 0 => depth += 1,
                b')' | b']' | b'}' if escapes == 0 => depth -= 1,
                _ => {}
            }
            escapes = if *byte == b'\\' { escapes + 1 } else { 0 };
        }
        Err(JsonataError::new("S0302", "No terminating / in regular expression").at(bytes.len()))
    }
}
