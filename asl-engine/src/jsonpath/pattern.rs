//! The patterns of `=~`: those of `java.util.regex`, matched against a whole text.
//!
//! A pattern is translated to the syntax of the `fancy-regex` crate, which knows back-references and look-ahead as Java
//! does and hands everything else to a matcher that cannot run away. Java's `\d \w \s .` and `i` mean ASCII, so each is
//! written out.

use std::iter::Peekable;
use std::str::Chars;

use fancy_regex::{Regex, RegexBuilder};

use super::error::{ErrorClass, PathError};

/// How far a pattern with back-references or look-ahead may backtrack in one text.
const BACKTRACK_LIMIT: usize = 1_000_000;
/// How deeply groups and classes may nest.
const MAX_NESTING: usize = 100;

#[derive(Debug)]
pub(super) struct Pattern {
    source: Box<str>,
    regex: Regex,
}

impl Pattern {
    /// Compiles what stands between the slashes. The error is the text of Java's exception.
    pub(super) fn new(source: &str, ignore_case: bool) -> Result<Self, String> {
        let refuse = |(what, at): Fault| {
            let pattern = "java.util.regex.PatternSyntaxException: ";
            let caret = if at < source.chars().count() { format!("\n{}^", " ".repeat(at)) } else { String::new() };
            format!("{pattern}{what} near index {at}\n{source}{caret}")
        };
        let mut translator = Translator::new(source, ignore_case);
        translator.alternatives(0).map_err(refuse)?;
        let translated = format!(r"\A(?:{})\z", translator.out);
        let regex = RegexBuilder::new(&translated).backtrack_limit(BACKTRACK_LIMIT).build();
        match regex {
            Ok(regex) => Ok(Self { source: source.into(), regex }),
            Err(_) => Err(refuse(("The pattern is too large or uses what is not supported here", 0))),
        }
    }

    pub(super) fn source(&self) -> &str {
        &self.source
    }

    pub(super) fn matches(&self, text: &str) -> Result<bool, PathError> {
        self.regex.is_match(text).map_err(|_| {
            let message = format!("The pattern /{}/ takes too many steps on a text", self.source);
            PathError::evaluate(ErrorClass::Limit, message)
        })
    }
}

/// What is wrong, and at which character.
type Fault = (&'static str, usize);

#[derive(Clone, Copy)]
struct Flags {
    ignore_case: bool,
    unicode_case: bool,
    dot_all: bool,
    multi_line: bool,
    comments: bool,
}

struct Translator<'a> {
    chars: Peekable<Chars<'a>>,
    at: usize,
    flags: Flags,
    groups: usize,
    groups_of_source: usize,
    out: String,
}

const LINE_END: &str = r"\n\r\x{85}\x{2028}\x{2029}";

impl<'a> Translator<'a> {
    fn new(source: &'a str, ignore_case: bool) -> Self {
        let flags = Flags { ignore_case, unicode_case: false, dot_all: false, multi_line: false, comments: false };
        // Exact unless parentheses are escaped or stand in a class, and then `fancy-regex` refuses the reference.
        let groups_of_source = source.matches('(').count() - source.matches("(?").count();
        Self { chars: source.chars().peekable(), at: 0, flags, groups: 0, groups_of_source, out: String::new() }
    }

    fn peek(&mut self) -> Option<char> {
        while self.flags.comments {
            match self.chars.peek() {
                Some(c) if c.is_ascii_whitespace() || *c == '\u{b}' => drop(self.next()),
                Some('#') => while !matches!(self.next(), None | Some('\n' | '\r')) {},
                _ => break,
            }
        }
        self.chars.peek().copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.chars.next();
        self.at += usize::from(c.is_some());
        c
    }

    fn accept(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.next();
        }
        found
    }

    /// `a|b`, up to a closing parenthesis or the end.
    fn alternatives(&mut self, nesting: usize) -> Result<(), Fault> {
        if nesting > MAX_NESTING {
            return Err(("Groups nest too deeply", self.at));
        }
        while let Some(c) = self.peek() {
            match c {
                ')' if nesting > 0 => return Ok(()),
                ')' => return Err(("Unmatched closing ')'", self.at.saturating_sub(1))),
                '|' => {
                    self.next();
                    self.out.push('|');
                }
                '*' | '+' | '?' => return Err(dangling(c, self.at)),
                // A count with nothing before it repeats nothing, also in `a{2}{3}`.
                '{' => drop(self.quantifier()?),
                _ => self.repeated(c, nesting)?,
            }
        }
        Ok(())
    }

    /// One thing that a quantifier can follow; `false` for flags that hold from here on.
    fn atom(&mut self, c: char, nesting: usize) -> Result<bool, Fault> {
        self.next();
        match c {
            '.' if self.flags.dot_all => self.out.push_str("(?s:.)"),
            '.' => write_all(&mut self.out, &["[^", LINE_END, "]"]),
            '^' if self.flags.multi_line => write_all(&mut self.out, &["(?:\\A|(?<=[", LINE_END, "])(?!\\z))"]),
            '^' => self.out.push_str("\\A"),
            '$' if self.flags.multi_line => write_all(&mut self.out, &["(?=[", LINE_END, "]|\\z)"]),
            '$' => self.end_of_text(),
            '[' => return self.class(nesting).map(|()| true),
            '(' => return self.group(nesting),
            '\\' => self.escape()?,
            _ => self.literal(c),
        }
        Ok(true)
    }

    /// `$` and `\Z`: the end, or a line end just before it. As the whole text must match, the latter only matters where
    /// more of the pattern follows.
    fn end_of_text(&mut self) {
        if self.chars.clone().all(|c| c == ')') {
            self.out.push_str("\\z");
        } else {
            write_all(&mut self.out, &["(?=(?:\\r\\n|[", LINE_END, "])?\\z)"]);
        }
    }

    /// One thing and the quantifier behind it.
    fn repeated(&mut self, c: char, nesting: usize) -> Result<(), Fault> {
        let start = self.out.len();
        if !self.atom(c, nesting)? {
            return Ok(());
        }
        let Some(quantifier) = self.quantifier()? else { return Ok(()) };
        let looks = ["(?=", "(?!", "\\A", "\\z", "\\b", "\\B"].iter().any(|look| self.out[start..].starts_with(look));
        let possessive = if self.accept_suffix() { "(?>" } else { "(?:" };
        if looks {
            // What takes no characters holds once or, if it may be left out, always.
            self.out.insert_str(start, "(?:");
            self.out.push_str(if matches!(quantifier.as_bytes(), [b'*' | b'?', ..] | [b'{', b'0', ..]) {
                "|)"
            } else {
                ")"
            });
        } else {
            self.out.insert_str(start, "(?:");
            self.out.insert_str(start, possessive);
            write_all(&mut self.out, &[")", &quantifier, ")"]);
        }
        Ok(())
    }

    /// Takes the sign behind a quantifier; whether it makes the quantifier possessive. A reluctant one matches the same
    /// texts as a greedy one when all of a text must match.
    fn accept_suffix(&mut self) -> bool {
        !self.accept('?') && self.accept('+')
    }

    fn quantifier(&mut self) -> Result<Option<String>, Fault> {
        match self.peek() {
            Some(c @ ('*' | '+' | '?')) => {
                self.next();
                Ok(Some(c.to_string()))
            }
            Some('{') => {
                self.next();
                self.count().map(Some)
            }
            _ => Ok(None),
        }
    }

    /// `{2}`, `{2,}`, `{2,3}`, behind the brace.
    fn count(&mut self) -> Result<String, Fault> {
        let least = self.number()?.ok_or(("Illegal repetition", self.at))?;
        let mut most = Some(least);
        if self.accept(',') {
            most = self.number()?;
        }
        if self.peek() != Some('}') {
            return Err(("Unclosed counted closure", self.at));
        }
        if most.is_some_and(|most| most < least) {
            return Err(("Illegal repetition range", self.at));
        }
        self.next();
        Ok(match most {
            Some(most) => format!("{{{least},{most}}}"),
            None => format!("{{{least},}}"),
        })
    }

    fn number(&mut self) -> Result<Option<u32>, Fault> {
        let mut number: Option<u32> = None;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            let value = number.unwrap_or(0).checked_mul(10).and_then(|value| value.checked_add(digit));
            number =
                Some(value.filter(|value| *value <= i32::MAX as u32).ok_or(("Illegal repetition range", self.at))?);
            self.next();
        }
        Ok(number)
    }

    /// A group, behind its opening parenthesis; `false` for `(?i)`.
    fn group(&mut self, nesting: usize) -> Result<bool, Fault> {
        let outer = self.flags;
        if !self.accept('?') {
            self.groups += 1;
            self.out.push('(');
        } else {
            match self.peek() {
                Some(c @ (':' | '=' | '!' | '>')) => {
                    self.next();
                    write_all(&mut self.out, &["(?", c.encode_utf8(&mut [0; 4])]);
                }
                _ => {
                    self.flags()?;
                    if self.accept(')') {
                        return Ok(false);
                    }
                    if !self.accept(':') {
                        return Err(("Unknown inline modifier", self.at));
                    }
                    self.out.push_str("(?:");
                }
            }
        }
        self.alternatives(nesting + 1)?;
        if !self.accept(')') {
            return Err(("Unclosed group", self.at));
        }
        self.flags = outer;
        self.out.push(')');
        Ok(true)
    }

    fn flags(&mut self) -> Result<(), Fault> {
        let mut on = true;
        loop {
            match self.peek() {
                Some('i') => self.flags.ignore_case = on,
                Some('u') => self.flags.unicode_case = on,
                Some('s') => self.flags.dot_all = on,
                Some('m') => self.flags.multi_line = on,
                Some('x') => self.flags.comments = on,
                Some('-') if on => on = false,
                Some(':' | ')') => return Ok(()),
                _ => return Err(("Unknown inline modifier", self.at)),
            }
            self.next();
        }
    }

    fn literal(&mut self, c: char) {
        if self.flags.ignore_case && (c.is_ascii_alphabetic() || self.flags.unicode_case) {
            if self.flags.unicode_case {
                write_all(&mut self.out, &["(?i:", &code(c), ")"]);
            } else {
                write_all(&mut self.out, &["[", &code(c.to_ascii_lowercase()), &code(c.to_ascii_uppercase()), "]"]);
            }
        } else {
            self.out.push_str(&code(c));
        }
    }

    /// What follows a backslash outside of a class.
    fn escape(&mut self) -> Result<(), Fault> {
        let Some(c) = self.chars.peek().copied() else { return Err(("Unexpected internal error", self.at)) };
        if let Some(set) = shorthand(c) {
            self.next();
            write_all(&mut self.out, &[set]);
            return Ok(());
        }
        match c {
            'A' | 'G' => self.out.push_str("\\A"),
            'z' => self.out.push_str("\\z"),
            'b' | 'B' => write_all(&mut self.out, &["\\", c.encode_utf8(&mut [0; 4])]),
            'R' => write_all(&mut self.out, &["(?:\\r\\n|[\\x{b}\\x{c}", LINE_END, "])"]),
            'Z' => {
                self.next();
                self.end_of_text();
                return Ok(());
            }
            'Q' => {
                self.next();
                self.quotation();
                return Ok(());
            }
            '1'..='9' => {
                self.next();
                let group = self.reference(c);
                if group > self.groups_of_source {
                    self.out.push_str("(?!)");
                } else {
                    write_all(&mut self.out, &["(?:\\", &group.to_string(), ")"]);
                }
                return Ok(());
            }
            'p' | 'P' => {
                self.next();
                let set = self.property(c == 'P')?;
                self.out.push_str(&set);
                return Ok(());
            }
            _ => {
                let c = self.escaped_char()?;
                self.literal(c);
                return Ok(());
            }
        }
        self.next();
        Ok(())
    }

    /// The number of a back-reference: as many digits as name a group that has been opened.
    fn reference(&mut self, first: char) -> usize {
        let mut group = first as usize - '0' as usize;
        while let Some(digit) = self.chars.peek().and_then(|c| c.to_digit(10)) {
            let longer = group * 10 + digit as usize;
            if longer > self.groups {
                break;
            }
            group = longer;
            self.next();
        }
        group
    }

    /// `\Q…\E`: every character stands for itself.
    fn quotation(&mut self) {
        while let Some(c) = self.next() {
            if c == '\\' && self.chars.peek() == Some(&'E') {
                self.next();
                return;
            }
            self.literal(c);
        }
    }

    /// The character that an escape stands for, in a class and outside of one.
    fn escaped_char(&mut self) -> Result<char, Fault> {
        let at = self.at;
        let Some(c) = self.next() else { return Err(("Unexpected internal error", at)) };
        Ok(match c {
            't' => '\t',
            'n' => '\n',
            'r' => '\r',
            'f' => '\u{c}',
            'a' => '\u{7}',
            'e' => '\u{1b}',
            '0' => {
                let octal = self.digits(8, 3);
                octal.ok_or(("Illegal octal escape sequence", self.at))?
            }
            'x' if self.chars.peek() == Some(&'{') => {
                self.next();
                let c = self.digits(16, 6).ok_or(("Illegal hexadecimal escape sequence", self.at))?;
                if self.next() != Some('}') {
                    return Err(("Unclosed hexadecimal escape sequence", self.at));
                }
                c
            }
            'x' => self.exactly(2).ok_or(("Illegal hexadecimal escape sequence", self.at))?,
            'u' => self.exactly(4).ok_or(("Illegal Unicode escape sequence", self.at))?,
            'c' => match self.next() {
                Some(c) if c.is_ascii() => char::from(c as u8 ^ 64),
                _ => return Err(("Illegal control escape sequence", at)),
            },
            _ if c.is_ascii_alphabetic() => return Err(("Illegal/unsupported escape sequence", at)),
            _ => c,
        })
    }

    fn digits(&mut self, radix: u32, most: usize) -> Option<char> {
        let mut value = None;
        for _ in 0..most {
            let Some(digit) = self.chars.peek().and_then(|c| c.to_digit(radix)) else { break };
            value = Some(value.unwrap_or(0) * radix + digit);
            self.next();
        }
        value.and_then(char::from_u32)
    }

    fn exactly(&mut self, count: usize) -> Option<char> {
        let before = self.at;
        let c = self.digits(16, count)?;
        (self.at - before == count).then_some(c)
    }

    /// `\p{Lu}`, `\pL`, `\p{Alpha}`, behind the `p`.
    fn property(&mut self, negated: bool) -> Result<String, Fault> {
        let mut name = String::new();
        match self.next() {
            Some('{') => loop {
                match self.next() {
                    Some('}') => break,
                    Some(c) => name.push(c),
                    None => return Err(("Unclosed character family", self.at)),
                }
            },
            Some(c) => name.push(c),
            None => return Err(("Illegal/unsupported escape sequence", self.at)),
        }
        let not = if negated { "^" } else { "" };
        let ascii = match name.as_str() {
            "Lower" | "Upper" if self.flags.ignore_case => "a-zA-Z",
            "Lower" => "a-z",
            "Upper" => "A-Z",
            "ASCII" => "\\x{0}-\\x{7f}",
            "Alpha" => "a-zA-Z",
            "Digit" => "0-9",
            "Alnum" => "a-zA-Z0-9",
            "Punct" => "!-/:-@\\[-`{-~",
            "Graph" => "!-~",
            "Print" => " -~",
            "Blank" => " \\t",
            "Cntrl" => "\\x{0}-\\x{1f}\\x{7f}",
            "XDigit" => "0-9a-fA-F",
            "Space" => " \\t\\n\\x{b}\\f\\r",
            _ => {
                let name = name.strip_prefix("Is").unwrap_or(&name);
                if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                    return Err(("Unknown character property name", self.at.saturating_sub(1)));
                }
                return Ok(format!("[{not}\\p{{{name}}}]"));
            }
        };
        Ok(format!("[{not}{ascii}]"))
    }

    /// A character class, behind its opening bracket.
    fn class(&mut self, nesting: usize) -> Result<(), Fault> {
        if nesting > MAX_NESTING {
            return Err(("Classes nest too deeply", self.at));
        }
        self.out.push('[');
        if self.chars.peek() == Some(&'^') {
            self.next();
            self.out.push('^');
        }
        let mut empty = true;
        loop {
            let Some(c) = self.peek() else {
                return Err(("Unclosed character class", self.at.saturating_sub(1)));
            };
            match c {
                ']' if !empty => {
                    self.next();
                    self.out.push(']');
                    return Ok(());
                }
                '[' => {
                    self.next();
                    self.class(nesting + 1)?;
                }
                _ => self.range(c)?,
            }
            empty = false;
        }
    }

    /// One character, range or set within a class.
    fn range(&mut self, c: char) -> Result<(), Fault> {
        self.next();
        let mut first = c;
        if c == '\\' {
            let Some(escaped) = self.chars.peek().copied() else {
                return Err(("Unclosed character class", self.at.saturating_sub(1)));
            };
            if let Some(set) = shorthand(escaped) {
                self.next();
                self.out.push_str(set);
                return Ok(());
            }
            if matches!(escaped, 'p' | 'P') {
                self.next();
                let set = self.property(escaped == 'P')?;
                self.out.push_str(&set);
                return Ok(());
            }
            first = self.escaped_char()?;
        }
        let mut last = first;
        let mut ahead = self.chars.clone();
        if ahead.next() == Some('-') && !matches!(ahead.next(), None | Some(']' | '[')) {
            self.next();
            let at = self.at;
            last = match self.next() {
                Some('\\') => match self.chars.peek() {
                    Some(c) if shorthand(*c).is_some() => return Err(("Illegal character range", at + 1)),
                    _ => self.escaped_char()?,
                },
                Some(c) => c,
                None => return Err(("Unclosed character class", self.at.saturating_sub(1))),
            };
            if last < first {
                return Err(("Illegal character range", at));
            }
        }
        self.out.push_str(&format!("{}-{}", code(first), code(last)));
        if self.flags.ignore_case {
            for (from, to, other) in [('a', 'z', 'A'), ('A', 'Z', 'a')] {
                let (low, high) = (first.max(from), last.min(to));
                if low <= high {
                    let shifted = |c: char| char::from(c as u8 - from as u8 + other as u8);
                    self.out.push_str(&format!("{}-{}", code(shifted(low)), code(shifted(high))));
                }
            }
        }
        Ok(())
    }
}

/// The sets that one letter stands for, as a class that can also stand within one.
fn shorthand(letter: char) -> Option<&'static str> {
    Some(match letter {
        'd' => "[0-9]",
        'D' => "[^0-9]",
        'w' => "[a-zA-Z0-9_]",
        'W' => "[^a-zA-Z0-9_]",
        's' => "[ \\t\\n\\x{b}\\f\\r]",
        'S' => "[^ \\t\\n\\x{b}\\f\\r]",
        'h' => "[ \\t\\x{a0}\\x{1680}\\x{180e}\\x{2000}-\\x{200a}\\x{202f}\\x{205f}\\x{3000}]",
        'H' => "[^ \\t\\x{a0}\\x{1680}\\x{180e}\\x{2000}-\\x{200a}\\x{202f}\\x{205f}\\x{3000}]",
        'v' => "[\\n\\x{b}\\f\\r\\x{85}\\x{2028}\\x{2029}]",
        'V' => "[^\\n\\x{b}\\f\\r\\x{85}\\x{2028}\\x{2029}]",
        _ => return None,
    })
}

/// A character so that it means nothing but itself.
fn code(c: char) -> String {
    if c.is_ascii_alphanumeric() { c.to_string() } else { format!("\\x{{{:x}}}", u32::from(c)) }
}

fn write_all(out: &mut String, parts: &[&str]) {
    out.extend(parts.iter().copied());
}

fn dangling(c: char, at: usize) -> Fault {
    let what = match c {
        '+' => "Dangling meta character '+'",
        '?' => "Dangling meta character '?'",
        _ => "Dangling meta character '*'",
    };
    (what, at)
}
