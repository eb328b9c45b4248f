//! From tokens to a tree, by how strongly operators bind.

use std::sync::Arc;

use super::error::JsonataError;
use super::lexer::{Lexer, Token, TokenKind};
use super::quote::quoted;
use super::signature::Signature;
use super::syntax::{Syntax, SyntaxKind};
use crate::diagnostic::Span;

/// How deeply an expression may nest. AWS evaluates 100 levels.
const MAX_DEPTH: usize = 2_000;
/// The stack that one level of reading may need, and how much more is taken when less is left.
const STACK: (usize, usize) = (256 * 1024, 2 * 1024 * 1024);

/// Reads a whole expression.
pub(super) fn parse(text: &str) -> Result<Syntax, JsonataError> {
    let mut lexer = Lexer::new(text);
    let token = lexer.next(false)?;
    let mut parser = Parser { lexer, token, end: 0, depth: 0 };
    let expression = parser.expression(0)?;
    match parser.token.kind {
        TokenKind::End => Ok(expression),
        _ => {
            let message = format!("Syntax error: {}", parser.token.kind.quoted());
            Err(JsonataError::new("S0201", message).at(parser.token.position))
        }
    }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    /// The token that has not been used yet.
    token: Token,
    /// The byte behind the last token that has been used.
    end: usize,
    depth: usize,
}

/// How strongly an operator binds what stands before it.
fn binding_power(token: &TokenKind) -> u8 {
    let TokenKind::Operator(operator) = token else { return 0 };
    match *operator {
        "[" | "(" | "@" | "#" => 80,
        "." => 75,
        "{" => 70,
        "*" | "/" | "%" => 60,
        "+" | "-" | "&" => 50,
        "=" | "<" | ">" | "^" | "!=" | "<=" | ">=" | "~>" | "in" => 40,
        "and" => 30,
        "or" => 25,
        "?" => 20,
        ":=" => 10,
        _ => 0,
    }
}

impl Parser<'_> {
    /// Goes on to the next token and gives the one before.
    fn advance(&mut self, operator_may_follow: bool) -> Result<Token, JsonataError> {
        let next = self.lexer.next(operator_may_follow)?;
        let token = std::mem::replace(&mut self.token, next);
        self.end = token.end;
        Ok(token)
    }

    /// Goes on over an operator that has to be here.
    fn expect(&mut self, operator: &str, operator_may_follow: bool) -> Result<(), JsonataError> {
        if self.token.kind.is(operator) {
            return self.advance(operator_may_follow).map(|_| ());
        }
        let wanted = quoted(operator);
        let error = match &self.token.kind {
            TokenKind::End => JsonataError::new("S0203", format!("Expected {wanted} before end of expression")),
            found => JsonataError::new("S0202", format!("Expected {wanted}, got {}", found.quoted())),
        };
        Err(error.at(self.token.position))
    }

    fn expression(&mut self, power: u8) -> Result<Syntax, JsonataError> {
        self.depth += 1;
        let found = stacker::maybe_grow(STACK.0, STACK.1, || {
            let token = self.advance(true)?;
            let start = token.position;
            let mut left = self.bounded_begin(token)?;
            left.span = Span { start, end: self.end };
            while power < binding_power(&self.token.kind) {
                let token = self.advance(false)?;
                left = bounded(self.infix(left, token)?)?;
                left.span = Span { start, end: self.end };
            }
            Ok(left)
        });
        self.depth -= 1;
        found
    }

    fn bounded_begin(&mut self, token: Token) -> Result<Syntax, JsonataError> {
        if self.depth > MAX_DEPTH {
            return Err(too_deep().at(token.position));
        }
        bounded(self.begin(token)?)
    }

    /// What a token begins.
    fn begin(&mut self, token: Token) -> Result<Syntax, JsonataError> {
        let kind = match token.kind {
            TokenKind::End => SyntaxKind::End,
            TokenKind::Name(name) => SyntaxKind::Name(name),
            TokenKind::Variable(name) => SyntaxKind::Variable(name),
            TokenKind::String(text) => SyntaxKind::String(text),
            TokenKind::Number(value) => SyntaxKind::Number(value),
            TokenKind::Value(value) => SyntaxKind::Value(value),
            TokenKind::Regex(regex) => SyntaxKind::Regex(regex),
            TokenKind::Operator(operator) => match operator {
                "and" | "or" | "in" => SyntaxKind::Keyword(operator),
                "*" => SyntaxKind::Wildcard,
                "**" => SyntaxKind::Descendant,
                "%" => SyntaxKind::Parent,
                "-" => SyntaxKind::Negate(Box::new(self.expression(70)?)),
                "(" => self.block()?,
                "[" => self.array()?,
                "{" => SyntaxKind::Object(self.pairs()?),
                "|" => self.transform()?,
                other => {
                    let message = format!("The symbol {} cannot be used as a unary operator", quoted(other));
                    return Err(JsonataError::new("S0211", message).at(token.position));
                }
            },
        };
        Ok(Syntax::new(kind, token.position))
    }

    fn block(&mut self) -> Result<SyntaxKind, JsonataError> {
        let mut expressions = Vec::new();
        while !self.token.kind.is(")") {
            expressions.push(self.expression(0)?);
            if !self.token.kind.is(";") {
                break;
            }
            self.advance(false)?;
        }
        self.expect(")", true)?;
        Ok(SyntaxKind::Block(expressions))
    }

    fn array(&mut self) -> Result<SyntaxKind, JsonataError> {
        let mut items = Vec::new();
        if !self.token.kind.is("]") {
            loop {
                let mut item = self.expression(0)?;
                if self.token.kind.is("..") {
                    let position = self.advance(false)?.position;
                    let end = self.expression(0)?;
                    let span = Span { start: item.span.start, end: self.end };
                    item = bounded(Syntax::new(SyntaxKind::Binary("..", Box::new(item), Box::new(end)), position))?;
                    item.span = span;
                }
                items.push(item);
                if !self.token.kind.is(",") {
                    break;
                }
                self.advance(false)?;
            }
        }
        self.expect("]", true)?;
        Ok(SyntaxKind::Array(items))
    }

    /// The members of an object constructor, whose brace has been read.
    fn pairs(&mut self) -> Result<Vec<(Syntax, Syntax)>, JsonataError> {
        let mut pairs = Vec::new();
        if !self.token.kind.is("}") {
            loop {
                let key = self.expression(0)?;
                self.expect(":", false)?;
                pairs.push((key, self.expression(0)?));
                if !self.token.kind.is(",") {
                    break;
                }
                self.advance(false)?;
            }
        }
        self.expect("}", true)?;
        Ok(pairs)
    }

    fn transform(&mut self) -> Result<SyntaxKind, JsonataError> {
        let pattern = Box::new(self.expression(0)?);
        self.expect("|", false)?;
        let update = Box::new(self.expression(0)?);
        let mut delete = None;
        if self.token.kind.is(",") {
            self.advance(false)?;
            delete = Some(Box::new(self.expression(0)?));
        }
        self.expect("|", false)?;
        Ok(SyntaxKind::Transform(pattern, update, delete))
    }

    /// What an operator makes of what stands before it.
    fn infix(&mut self, left: Syntax, token: Token) -> Result<Syntax, JsonataError> {
        let position = token.position;
        let power = binding_power(&token.kind);
        let TokenKind::Operator(operator) = token.kind else { return Ok(left) };
        let kind = match operator {
            "(" => return self.call(left, position),
            "[" => {
                if self.token.kind.is("]") {
                    self.advance(false)?;
                    return Ok(keep_array(left));
                }
                let predicate = self.expression(0)?;
                self.expect("]", true)?;
                SyntaxKind::Filter(Box::new(left), Box::new(predicate))
            }
            "^" => SyntaxKind::Sort(Box::new(left), self.terms()?),
            "{" => SyntaxKind::Group(Box::new(left), self.pairs()?),
            ":=" => {
                let SyntaxKind::Variable(name) = left.kind else {
                    let message = "The left side of := must be a variable name (start with $)";
                    return Err(JsonataError::new("S0212", message).at(left.position));
                };
                SyntaxKind::Bind(name, Box::new(self.expression(power - 1)?))
            }
            "@" | "#" => {
                let right = self.expression(power)?;
                let SyntaxKind::Variable(name) = right.kind else {
                    let operator = quoted(operator);
                    let message = format!("The right side of {operator} must be a variable name (start with $)");
                    return Err(JsonataError::new("S0214", message).at(right.position));
                };
                match operator {
                    "@" => SyntaxKind::Focus(Box::new(left), name),
                    _ => SyntaxKind::Index(Box::new(left), name),
                }
            }
            "?" => {
                let then = Box::new(self.expression(0)?);
                let mut otherwise = None;
                if self.token.kind.is(":") {
                    self.advance(false)?;
                    otherwise = Some(Box::new(self.expression(0)?));
                }
                SyntaxKind::Condition(Box::new(left), then, otherwise)
            }
            _ => SyntaxKind::Binary(operator, Box::new(left), Box::new(self.expression(power)?)),
        };
        Ok(Syntax::new(kind, position))
    }

    /// The terms of an order-by clause: whether descending, and by what.
    fn terms(&mut self) -> Result<Vec<(bool, Syntax)>, JsonataError> {
        self.expect("(", false)?;
        let mut terms = Vec::new();
        loop {
            let descending = self.token.kind.is(">");
            if descending || self.token.kind.is("<") {
                self.advance(false)?;
            }
            terms.push((descending, self.expression(0)?));
            if !self.token.kind.is(",") {
                break;
            }
            self.advance(false)?;
        }
        self.expect(")", false)?;
        Ok(terms)
    }

    fn call(&mut self, procedure: Syntax, position: usize) -> Result<Syntax, JsonataError> {
        let mut arguments = Vec::new();
        if !self.token.kind.is(")") {
            loop {
                if self.token.kind.is("?") {
                    arguments.push(None);
                    self.advance(false)?;
                } else {
                    arguments.push(Some(self.expression(0)?));
                }
                if !self.token.kind.is(",") {
                    break;
                }
                self.advance(false)?;
            }
        }
        self.expect(")", true)?;
        let is_lambda = matches!(&procedure.kind, SyntaxKind::Name(name) if matches!(&**name, "function" | "λ"));
        if is_lambda {
            return self.lambda(arguments, position);
        }
        let procedure = Box::new(procedure);
        let kind = match arguments.iter().all(Option::is_some) {
            true => SyntaxKind::Call(procedure, arguments.into_iter().flatten().collect()),
            false => SyntaxKind::Partial(procedure, arguments),
        };
        Ok(Syntax::new(kind, position))
    }

    fn lambda(&mut self, parameters: Vec<Option<Syntax>>, position: usize) -> Result<Syntax, JsonataError> {
        let mut names: Vec<Arc<str>> = Vec::with_capacity(parameters.len());
        for (index, parameter) in parameters.into_iter().enumerate() {
            match parameter.map(|parameter| (parameter.kind, parameter.position)) {
                Some((SyntaxKind::Variable(name), _)) => names.push(name),
                other => {
                    let message = format!(
                        "Parameter {} of function definition must be a variable name (start with $)",
                        index + 1
                    );
                    let at = other.map_or(position, |(_, position)| position);
                    return Err(JsonataError::new("S0208", message).at(at));
                }
            }
        }
        let signature = if self.token.kind.is("<") { Some(Arc::new(self.signature()?)) } else { None };
        self.expect("{", false)?;
        let body = self.expression(0)?;
        self.expect("}", false)?;
        Ok(Syntax::new(SyntaxKind::Lambda(names, signature, Box::new(body)), position))
    }

    /// A signature, put together from its tokens.
    fn signature(&mut self) -> Result<Signature, JsonataError> {
        let position = self.token.position;
        let mut text = "<".to_owned();
        let mut depth = 1;
        while depth > 0 && !self.token.kind.is("{") && !matches!(self.token.kind, TokenKind::End) {
            self.advance(false)?;
            match &self.token.kind {
                TokenKind::Operator(operator) => {
                    depth += i32::from(*operator == "<") - i32::from(*operator == ">");
                    text.push_str(operator);
                }
                TokenKind::Name(name) | TokenKind::Variable(name) | TokenKind::String(name) => text.push_str(name),
                TokenKind::Regex(regex) => text.push_str(&format!("/{}/", regex.source())),
                TokenKind::End => text.push_str("(end)"),
                other => text.push_str(&other.quoted()),
            }
        }
        self.expect(">", false)?;
        Signature::parse(&text).map_err(|error| error.at(position))
    }
}

/// Marks the step in front of `[]`.
fn keep_array(mut syntax: Syntax) -> Syntax {
    let mut step = &mut syntax;
    while matches!(step.kind, SyntaxKind::Filter(..)) {
        let SyntaxKind::Filter(inner, _) = &mut step.kind else { break };
        step = inner;
    }
    step.keep_array = true;
    syntax
}

fn bounded(syntax: Syntax) -> Result<Syntax, JsonataError> {
    match syntax.depth > MAX_DEPTH {
        true => Err(too_deep().at(syntax.position)),
        false => Ok(syntax),
    }
}

fn too_deep() -> JsonataError {
    JsonataError::new("S0201", format!("Syntax error: the expression nests deeper than {MAX_DEPTH} levels"))
}
