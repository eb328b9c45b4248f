//! Escapes and character classes.

use super::translate::{Fault, LINE_END, MAX_NESTING, Translator, code, write_all};

impl Translator<'_> {
    /// What follows a backslash outside of a class.
    pub(super) fn escape(&mut self) -> Result<(), Fault> {
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
    pub(super) fn class(&mut self, nesting: usize) -> Result<(), Fault> {
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
