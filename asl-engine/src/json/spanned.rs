use std::sync::Arc;

use super::JsonError;
use super::lexer::{Expected, Lexer, Token};
use crate::diagnostic::Span;
use crate::placeholder;
use crate::value::{Number, Value};

/// A JSON value with the place of each part in its text. Repeated keys are kept.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) kind: NodeKind,
    /// A string as it was written between its quotes, where that has escapes.
    pub(crate) written: Option<Arc<str>>,
}

#[derive(Clone, Debug)]
pub(crate) enum NodeKind {
    Null,
    Bool(bool),
    Number(Number),
    String(Arc<str>),
    Array(Vec<Node>),
    Object(Vec<Member>),
}

/// `"name": value`
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) name: Arc<str>,
    pub(crate) name_span: Span,
    pub(crate) value: Node,
}

impl Node {
    /// Where in the text the byte `offset` of a string stands.
    pub(crate) fn place_in_string(&self, offset: usize) -> Option<usize> {
        let first = self.span.start + 1;
        let Some(written) = &self.written else { return Some(first + offset) };
        let (mut at, mut read) = (0, 0);
        while read < offset {
            let rest = written.get(at..)?;
            let (wide, bytes) = match rest.as_bytes() {
                [b'\\', b'u', ..] => match u16::from_str_radix(rest.get(2..6)?, 16).ok()? {
                    0..0x80 => (6, 1),
                    // The two halves of a surrogate pair make a character of four bytes.
                    0x80..0x800 | 0xd800..0xe000 => (6, 2),
                    _ => (6, 3),
                },
                [b'\\', ..] => (2, 1),
                _ => rest.chars().next().map(|c| (c.len_utf8(), c.len_utf8()))?,
            };
            at += wide;
            read += bytes;
        }
        Some(first + at)
    }

    /// The value without its places.
    pub(crate) fn to_value(&self) -> Value {
        match &self.kind {
            NodeKind::Null => Value::Null,
            NodeKind::Bool(value) => Value::Bool(*value),
            NodeKind::Number(number) => Value::Number(number.clone()),
            NodeKind::String(text) => Value::String(text.clone()),
            NodeKind::Array(items) => items.iter().map(Self::to_value).collect(),
            NodeKind::Object(members) => {
                members.iter().map(|member| (member.name.clone(), member.value.to_value())).collect()
            }
        }
    }
}

/// Reads a text. With `placeholders`, `${Name}` may stand where a value does, and is a string; so is `{"Ref": "Name"}`.
pub(crate) fn parse_spanned(text: &str, placeholders: bool) -> Result<Node, JsonError> {
    let mut lexer = Lexer::new(text).with_placeholders(placeholders);
    let mut read = || {
        let first = lexer.token()?;
        let node = node(&mut lexer, first, 0)?;
        lexer.end()?;
        Ok(node)
    };
    read().map_err(|error: JsonError| error.told_of(text))
}

fn node(lexer: &mut Lexer<'_>, token: Token, depth: usize) -> Result<Node, JsonError> {
    let start = lexer.span().start;
    let kind = match token {
        Token::Null => NodeKind::Null,
        Token::Bool(value) => NodeKind::Bool(value),
        Token::Number(number) => NodeKind::Number(number),
        Token::String(text) => NodeKind::String(text),
        Token::OpenArray => NodeKind::Array(items(lexer, depth)?),
        Token::OpenObject => object(members(lexer, depth)?, lexer),
        other => return Err(lexer.unexpected(&other, Expected::Value)),
    };
    let span = Span { start, end: lexer.span().end };
    let written = match &kind {
        NodeKind::String(text) => lexer.escaped(text),
        _ => None,
    };
    Ok(Node { span, kind, written })
}

/// An object; of one that stands for a value of CloudFormation, the placeholder for it.
fn object(members: Vec<Member>, lexer: &Lexer<'_>) -> NodeKind {
    match &members[..] {
        [Member { name, .. }] if lexer.takes_placeholders() && placeholder::is_function(name) => {
            NodeKind::String(format!("${{{name}}}").into())
        }
        _ => NodeKind::Object(members),
    }
}

fn items(lexer: &mut Lexer<'_>, depth: usize) -> Result<Vec<Node>, JsonError> {
    lexer.check_depth(depth)?;
    let mut items = Vec::new();
    let mut token = lexer.token()?;
    if token != Token::CloseArray {
        loop {
            items.push(node(lexer, token, depth + 1)?);
            if !lexer.comma_or(b']')? {
                break;
            }
            token = lexer.token()?;
        }
    }
    Ok(items)
}

fn members(lexer: &mut Lexer<'_>, depth: usize) -> Result<Vec<Member>, JsonError> {
    lexer.check_depth(depth)?;
    let mut members = Vec::new();
    let mut name = lexer.first_key()?;
    while let Some(key) = name {
        let name_span = lexer.key_span();
        let token = lexer.token()?;
        members.push(Member { name: key, name_span, value: node(lexer, token, depth + 1)? });
        name = if lexer.comma_or(b'}')? { Some(lexer.key()?) } else { None };
    }
    Ok(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_cover_names_and_values() {
        let text = r#" {"a": [1, "é"], "a": null} "#;
        let node = parse_spanned(text, false).unwrap();
        let NodeKind::Object(members) = &node.kind else { panic!("an object") };
        let shown = |span: Span| &text[span.start..span.end];
        assert_eq!(shown(node.span), r#"{"a": [1, "é"], "a": null}"#);
        assert_eq!((shown(members[0].name_span), shown(members[0].value.span)), (r#""a""#, r#"[1, "é"]"#));
        assert_eq!(shown(members[1].value.span), "null");
        assert_eq!(node.to_value().to_string(), r#"{"a":null}"#);
    }
}
