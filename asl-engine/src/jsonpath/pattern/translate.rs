use std::iter::Peekable;
use std::str::Chars;

/// How deeply groups and classes may nest.
pub(super) const MAX_NESTING: usize = 100;

/// The pattern in the syntax of `fancy-regex`.
pub(super) fn translate(source: &str, ignore_case: bool) -> Result<String, Fault> {
    let mut translator = Translator::new(source, ignore_case);
    translator.alternatives(0)?;
    Ok(translator.out)
}

/// What is wrong, and at which character.
pub(super) type Fault = (&'static str, usize);

#[derive(Clone, Copy)]
pub(super) struct Flags {
    pub(super) ignore_case: bool,
    unicode_case: bool,
    dot_all: bool,
    multi_line: bool,
    comments: bool,
}

pub(super) struct Translator<'a> {
    pub(super) chars: Peekable<Chars<'a>>,
    pub(super) at: usize,
    pub(super) flags: Flags,
    pub(super) groups: usize,
    pub(super) groups_of_source: usize,
    pub(super) out: String,
}

pub(super) const LINE_END: &str = r"\n\r\x{85}\x{2028}\x{2029}";

impl<'a> Translator<'a> {
    fn new(source: &'a str, ignore_case: bool) -> Self {
        let flags = Flags { ignore_case, unicode_case: false, dot_all: false, multi_line: false, comments: false };
        // Exact unless parentheses are escaped or stand in a class, and then `fancy-regex` refuses the reference.
        let groups_of_source = source.matches('(').count() - source.matches("(?").count();
        Self { chars: source.chars().peekable(), at: 0, flags, groups: 0, groups_of_source, out: String::new() }
    }

    pub(super) fn peek(&mut self) -> Option<char> {
        while self.flags.comments {
            match self.chars.peek() {
                Some(c) if c.is_ascii_whitespace() || *c == '\u{b}' => drop(self.next()),
                Some('#') => while !matches!(self.next(), None | Some('\n' | '\r')) {},
                _ => break,
            }
        }
        self.chars.peek().copied()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let c = self.chars.next();
        self.at += usize::from(c.is_some());
        c
    }

    pub(super) fn accept(&mut self, wanted: char) -> bool {
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
    pub(super) fn end_of_text(&mut self) {
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

    pub(super) fn literal(&mut self, c: char) {
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
}

/// A character so that it means nothing but itself.
pub(super) fn code(c: char) -> String {
    if c.is_ascii_alphanumeric() { c.to_string() } else { format!("\\x{{{:x}}}", u32::from(c)) }
}

pub(super) fn write_all(out: &mut String, parts: &[&str]) {
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
