use super::class::{DIGITS, NEVER, Set, WORDS};
use super::translate::{Fault, Translator, code};

/// A character that an escape stands for, or half of one.
pub(super) enum Escaped {
    Char(char),
    /// A surrogate that belongs to no pair, which no text has.
    Half,
    Set(Set),
}

impl Translator {
    /// What stands behind a backslash, outside of a class; `false` for what cannot be repeated.
    pub(super) fn escape(&mut self) -> Result<bool, Fault> {
        match self.rest.peek().copied() {
            None => return Err("\\ at end of pattern"),
            Some(c @ ('b' | 'B')) => {
                self.rest.next();
                self.word_boundary(c == 'B');
                return Ok(false);
            }
            Some('k') if self.names.iter().any(Option::is_some) => {
                self.rest.next();
                let name = self.accept('<').then(|| self.name()).flatten();
                let name = name.ok_or("Invalid named reference")?;
                let group = self.names.iter().position(|known| known.as_ref() == Some(&name));
                self.reference(group.ok_or("Invalid named capture referenced")? + 1);
            }
            Some('1'..='9') => match self.group_number() {
                Some(group) => self.reference(group),
                None => self.escaped()?,
            },
            Some(_) => self.escaped()?,
        }
        Ok(true)
    }

    /// Where ASCII letters, digits and `_` begin or end; the crate's own `\b` knows more letters.
    fn word_boundary(&mut self, negated: bool) {
        let word = Set::new(WORDS, false).text(false, false);
        let (begin, end) = if negated { ("!", "=") } else { ("=", "!") };
        self.write(&["(?:(?<=", &word, ")(?", end, &word, ")|(?<!", &word, ")(?", begin, &word, "))"]);
    }

    fn escaped(&mut self) -> Result<(), Fault> {
        match self.character_escape(false)? {
            Escaped::Char(c) => self.literal(c),
            Escaped::Half => self.out.push_str(NEVER),
            Escaped::Set(set) => self.out.push_str(&set.text(false, false)),
        }
        Ok(())
    }

    /// The group that digits stand for, if there are as many groups.
    fn group_number(&mut self) -> Option<usize> {
        let mut ahead = self.rest.clone();
        let mut group = 0usize;
        while let Some(digit) = ahead.peek().and_then(|c| c.to_digit(10)) {
            group = group.saturating_mul(10).saturating_add(digit as usize);
            ahead.next();
        }
        (group <= self.groups).then(|| {
            self.rest = ahead;
            group
        })
    }

    /// What a group has matched; nothing where it did not take part.
    fn reference(&mut self, group: usize) {
        let group = group.to_string();
        let reference = if self.ignore_case { ["(?i:\\", &group, ")"].concat() } else { format!("\\{group}") };
        self.write(&["(?:(?(", &group, ")", &reference, "))"]);
    }

    /// An escape for a character or a set, behind the backslash.
    pub(super) fn character_escape(&mut self, in_class: bool) -> Result<Escaped, Fault> {
        let c = self.rest.next().ok_or("\\ at end of pattern")?;
        Ok(Escaped::Char(match c {
            'd' | 'D' => return Ok(Escaped::Set(Set::new(DIGITS, c == 'D'))),
            'w' | 'W' => return Ok(Escaped::Set(Set::new(WORDS, c == 'W'))),
            's' | 'S' => return Ok(Escaped::Set(Set::new(self.spaces, c == 'S'))),
            'b' if in_class => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            'c' => return Ok(Escaped::Char(self.control(in_class))),
            'x' => self.hexadecimal(2).and_then(char::from_u32).unwrap_or('x'),
            'u' => return Ok(self.unicode()),
            '0'..='7' => self.octal(c),
            c => c,
        }))
    }

    /// `\cA`; a backslash where no letter follows.
    fn control(&mut self, in_class: bool) -> char {
        let is_control = |c: &char| c.is_ascii_alphabetic() || in_class && (c.is_ascii_digit() || *c == '_');
        match self.rest.next_if(is_control) {
            Some(c) => char::from_u32(u32::from(c) % 32).unwrap_or(c),
            None => {
                // The `c` stands for itself then.
                let rest = std::iter::once('c').chain(self.rest.clone()).collect::<Vec<_>>();
                self.rest = rest.into_iter().peekable();
                '\\'
            }
        }
    }

    /// So many hexadecimal digits; none of them is taken where there are fewer.
    fn hexadecimal(&mut self, count: usize) -> Option<u32> {
        let mut ahead = self.rest.clone();
        let mut value = 0;
        for _ in 0..count {
            value = value * 16 + ahead.next()?.to_digit(16)?;
        }
        self.rest = ahead;
        Some(value)
    }

    /// `\u00e9`, or two of them that are one character.
    fn unicode(&mut self) -> Escaped {
        let Some(first) = self.hexadecimal(4) else { return Escaped::Char('u') };
        if let Some(c) = char::from_u32(first) {
            return Escaped::Char(c);
        }
        let before = self.rest.clone();
        if self.accept('\\')
            && self.accept('u')
            && let Some(second) = self.hexadecimal(4)
            && let Some(Ok(c)) = char::decode_utf16([first as u16, second as u16]).next()
        {
            return Escaped::Char(c);
        }
        self.rest = before;
        Escaped::Half
    }

    /// Up to three digits, of which the first has been read, for a value of one byte.
    fn octal(&mut self, first: char) -> char {
        let mut value = first.to_digit(8).unwrap_or(0);
        for _ in 0..2 {
            let Some(digit) = self.rest.peek().and_then(|c| c.to_digit(8)).filter(|digit| value * 8 + digit < 256)
            else {
                break;
            };
            value = value * 8 + digit;
            self.rest.next();
        }
        char::from_u32(value).unwrap_or('\0')
    }
}

/// A range of characters in a class.
pub(super) fn range(first: u32, last: u32) -> String {
    let text = |value: u32| char::from_u32(value).map(code).unwrap_or_default();
    if first == last { text(first) } else { format!("{}-{}", text(first), text(last)) }
}
