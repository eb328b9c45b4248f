//! The text of a call, `States.Format('{} of {}', $.n, States.ArrayLength($.all))`, as a tree.

use std::sync::Arc;

use super::{Argument, ArgumentKind, Call, CallError, FUNCTIONS, Function};
use crate::diagnostic::Span;
use crate::nearest::nearest;
use crate::path::PathExpr;
use crate::value::Value;

/// How deeply calls may nest.
const MAX_CALLS: usize = 32;

/// Reads a whole call. The error says what is not understood.
pub(super) fn parse(text: &Arc<str>, span: Span) -> Result<Call, CallError> {
    let mut parser = Parser { text, at: 0, span, stopped: None };
    parser.whole().map_err(|message| {
        let at = parser.at.min(text.len());
        CallError { message, place: parser.stopped.unwrap_or(Span { start: at, end: text.len() }) }
    })
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    span: Span,
    /// Where reading stopped, when that is not here.
    stopped: Option<Span>,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// Takes `token` when it comes next, spaces before it included.
    fn take(&mut self, token: char) -> bool {
        self.spaces();
        let found = self.rest().starts_with(token);
        self.at += if found { token.len_utf8() } else { 0 };
        found
    }

    fn whole(&mut self) -> Result<Call, String> {
        let call = self.call(0)?;
        self.spaces();
        match self.rest() {
            "" => Ok(call),
            rest => Err(format!("'{rest}' is not expected behind the call")),
        }
    }

    /// An error about what was taken since `start`.
    fn stop<T>(&mut self, start: usize, error: String) -> Result<T, String> {
        self.stopped.get_or_insert(Span { start, end: self.at });
        Err(error)
    }

    fn call(&mut self, depth: usize) -> Result<Call, String> {
        if depth >= MAX_CALLS {
            return Err(format!("more than {MAX_CALLS} calls inside each other"));
        }
        let start = self.at;
        let name_end = self.rest().find('(').ok_or_else(|| format!("'(' is missing in '{}'", self.rest()))?;
        let name = self.rest()[..name_end].trim_end();
        let Some(function) = Function::parse(name) else {
            let mut error = format!("'{name}' is not an intrinsic function");
            if let Some(near) = nearest(name, FUNCTIONS.iter().map(|(name, ..)| *name)) {
                error += &format!(": did you mean '{near}'?");
            }
            self.at += name.len();
            return self.stop(start, error);
        };
        self.at += name_end + 1;
        let mut arguments = Vec::new();
        if !self.take(')') {
            loop {
                arguments.push(self.argument(depth)?);
                if self.take(')') {
                    break;
                }
                if !self.take(',') {
                    return Err(match self.rest() {
                        "" => "')' is missing at the end".to_owned(),
                        rest => format!("',' or ')' is expected at '{rest}'"),
                    });
                }
            }
        }
        Ok(Call { text: self.text[start..self.at].into(), function, arguments, span: self.span })
    }

    fn argument(&mut self, depth: usize) -> Result<Argument, String> {
        self.spaces();
        let start = self.at;
        let kind = match self.rest().chars().next() {
            Some('\'') => self.string(),
            Some('$') => self.path(),
            Some('S') => Ok(ArgumentKind::Call(Box::new(self.call(depth + 1)?))),
            Some(_) => self.literal(),
            None => Err("an argument is missing".to_owned()),
        };
        let kind = match kind {
            Ok(kind) => kind,
            Err(error) => return self.stop(start, error),
        };
        let text = self.text[start..self.at].trim_end();
        Ok(Argument { text: text.into(), place: Span { start, end: start + text.len() }, kind })
    }

    fn string(&mut self) -> Result<ArgumentKind, String> {
        let mut out = String::new();
        // Which braces are text: Format fills the others.
        let mut escaped_braces = Vec::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '\'' => {
                    self.at += at + 1;
                    return Ok(ArgumentKind::String { text: out.into(), escaped_braces });
                }
                '\\' => match chars.next() {
                    Some((_, c @ ('\'' | '\\'))) => out.push(c),
                    Some((_, c @ ('{' | '}'))) => {
                        escaped_braces.push(out.len());
                        out.push(c);
                    }
                    Some((_, c)) => return Err(format!("'\\{c}' is no escape: use \\', \\{{, \\}} or \\\\")),
                    None => break,
                },
                c => out.push(c),
            }
        }
        Err("the text in single quotes has no end".to_owned())
    }

    /// A path goes on to the comma or parenthesis that is in no bracket of its own.
    fn path(&mut self) -> Result<ArgumentKind, String> {
        let (mut depth, mut quote) = (0usize, None);
        let mut end = self.rest().len();
        for (at, c) in self.rest().char_indices() {
            match (quote, c) {
                (Some(open), c) if c == open => quote = None,
                (Some(_), _) => {}
                (None, '\'' | '"') if depth > 0 => quote = Some(c),
                (None, '[' | '(') => depth += 1,
                (None, ')' | ',') if depth == 0 => {
                    end = at;
                    break;
                }
                (None, ']' | ')') => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        let text: Arc<str> = self.rest()[..end].trim_end().into();
        let start = self.at;
        self.at += end;
        let path = PathExpr::parse(&text, self.span).map_err(|error| {
            self.stopped = error.span.map(|span| Span { start: start + span.start, end: start + span.end });
            error.message
        })?;
        Ok(ArgumentKind::Path(path))
    }

    fn literal(&mut self) -> Result<ArgumentKind, String> {
        let end = self.rest().find([',', ')']).unwrap_or(self.rest().len());
        let text = self.rest()[..end].trim_end();
        self.at += end;
        match text.parse::<Value>() {
            Ok(value @ (Value::Null | Value::Bool(_) | Value::Number(_))) => Ok(ArgumentKind::Literal(value)),
            _ => Err(format!("'{text}' is no argument: use a path, a number, 'text', true, false, null or a call")),
        }
    }
}
