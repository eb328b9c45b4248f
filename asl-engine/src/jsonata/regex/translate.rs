use std::iter::Peekable;
use std::vec::IntoIter;

/// How deeply groups may nest.
const MAX_NESTING: usize = 100;
/// From so many repetitions on, a pattern counts as unbounded.
const MANY: u64 = 100;
/// The ends of lines, inside of a class.
pub(super) const LINE_ENDS: &str = r"\n\r\x{2028}\x{2029}";

/// Characters, from and to.
pub(super) type Ranges = &'static [(u32, u32)];

/// What is wrong with a pattern, in the words of V8.
pub(super) type Fault = &'static str;

/// A pattern in the syntax of `fancy-regex`.
#[derive(Debug)]
pub(super) struct Translated {
    pub(super) text: String,
    /// Whether there is no bound to how many characters a match may have.
    pub(super) is_unbounded: bool,
}

/// Translates a pattern in which `\s` stands for `spaces`.
pub(super) fn translate(source: &str, flags: &str, spaces: Ranges) -> Result<Translated, Fault> {
    if flags.matches('i').count() > 1 || flags.matches('m').count() > 1 {
        return Err("Invalid flags");
    }
    let (groups, names) = groups(source);
    let mut distinct: Vec<&String> = names.iter().flatten().collect();
    distinct.sort();
    if distinct.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err("Duplicate capture group name");
    }
    let mut translator = Translator {
        rest: source.chars().collect::<Vec<_>>().into_iter().peekable(),
        ignore_case: flags.contains('i'),
        multi_line: flags.contains('m'),
        spaces,
        groups,
        names,
        out: String::new(),
        is_unbounded: false,
    };
    translator.alternatives(0)?;
    Ok(Translated { text: translator.out, is_unbounded: translator.is_unbounded })
}

/// How many groups a pattern has, and the names of those that have one.
fn groups(source: &str) -> (usize, Vec<Option<String>>) {
    let mut names = Vec::new();
    let mut rest = source.chars();
    let mut in_class = false;
    while let Some(c) = rest.next() {
        match c {
            '\\' => drop(rest.next()),
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => match rest.as_str().strip_prefix("?<") {
                Some(name) if !name.starts_with(['=', '!']) => {
                    names.push(name.split_once('>').map(|(name, _)| name.to_owned()));
                }
                Some(_) => {}
                None if rest.as_str().starts_with('?') => {}
                None => names.push(None),
            },
            _ => {}
        }
    }
    (names.len(), names)
}

pub(super) struct Translator {
    pub(super) rest: Peekable<IntoIter<char>>,
    pub(super) ignore_case: bool,
    multi_line: bool,
    pub(super) spaces: Ranges,
    pub(super) groups: usize,
    /// The names of the groups, from the first on.
    pub(super) names: Vec<Option<String>>,
    pub(super) out: String,
    is_unbounded: bool,
}

/// What a quantifier behind it does.
#[derive(PartialEq, Eq)]
enum Atom {
    Repeats,
    /// Takes no characters, and yet JavaScript lets it repeat.
    Look,
    Fixed,
}

impl Translator {
    pub(super) fn accept(&mut self, wanted: char) -> bool {
        self.rest.next_if_eq(&wanted).is_some()
    }

    /// Whether the text comes next; if so, it is taken.
    fn accept_all(&mut self, wanted: &str) -> bool {
        let mut ahead = self.rest.clone();
        let found = wanted.chars().all(|c| ahead.next() == Some(c));
        if found {
            self.rest = ahead;
        }
        found
    }

    /// `a|b`, up to a closing parenthesis or the end.
    fn alternatives(&mut self, nesting: usize) -> Result<(), Fault> {
        if nesting > MAX_NESTING {
            return Err("Groups nest too deeply");
        }
        while let Some(c) = self.rest.peek().copied() {
            if c == ')' {
                return if nesting > 0 { Ok(()) } else { Err("Unmatched ')'") };
            }
            if c == '|' {
                self.rest.next();
                self.out.push('|');
                continue;
            }
            if self.quantifier()?.is_some() {
                return Err("Nothing to repeat");
            }
            let start = self.out.len();
            let atom = self.atom(nesting)?;
            let Some((least, quantifier)) = self.quantifier()? else { continue };
            match atom {
                Atom::Repeats => self.out.push_str(&quantifier),
                Atom::Fixed => return Err("Nothing to repeat"),
                Atom::Look => {
                    // What takes no characters holds once, or need not hold at all.
                    self.out.insert_str(start, "(?:");
                    self.out.push_str(if least == 0 { "|)" } else { ")" });
                }
            }
        }
        Ok(())
    }

    /// One thing that may be repeated.
    fn atom(&mut self, nesting: usize) -> Result<Atom, Fault> {
        let Some(c) = self.rest.next() else { return Ok(Atom::Fixed) };
        match c {
            '.' => self.write(&["[^", LINE_ENDS, "]"]),
            '[' => self.class()?,
            '(' => return self.group(nesting),
            '^' | '$' => {
                match (c, self.multi_line) {
                    ('^', false) => self.write(&[r"\A"]),
                    ('^', true) => self.write(&[r"(?:\A|(?<=[", LINE_ENDS, "]))"]),
                    (_, false) => self.write(&[r"\z"]),
                    (_, true) => self.write(&[r"(?:\z|(?=[", LINE_ENDS, "]))"]),
                }
                return Ok(Atom::Fixed);
            }
            '\\' => return Ok(if self.escape()? { Atom::Repeats } else { Atom::Fixed }),
            c => self.literal(c),
        }
        Ok(Atom::Repeats)
    }

    /// A group, behind its opening parenthesis.
    fn group(&mut self, nesting: usize) -> Result<Atom, Fault> {
        let mut atom = Atom::Repeats;
        if self.accept_all("?:)") {
            self.out.push_str("(?:)");
            return Ok(Atom::Look);
        }
        if !self.accept('?') {
            self.out.push('(');
        } else if self.accept(':') {
            self.out.push_str("(?:");
        } else if self.accept('=') {
            self.out.push_str("(?=");
            atom = Atom::Look;
        } else if self.accept('!') {
            self.out.push_str("(?!");
            atom = Atom::Look;
        } else if self.accept_all("<=") {
            self.out.push_str("(?<=");
            atom = Atom::Fixed;
        } else if self.accept_all("<!") {
            self.out.push_str("(?<!");
            atom = Atom::Fixed;
        } else if self.accept('<') {
            self.name().ok_or("Invalid capture group name")?;
            self.out.push('(');
        } else {
            return Err("Invalid group");
        }
        self.alternatives(nesting + 1)?;
        if !self.accept(')') {
            return Err("Unterminated group");
        }
        self.out.push(')');
        Ok(atom)
    }

    /// The name of a group, behind `<`, with its `>`.
    pub(super) fn name(&mut self) -> Option<String> {
        let mut name = String::new();
        loop {
            match self.rest.next()? {
                '>' if !name.is_empty() => return Some(name),
                c @ ('$' | '_') => name.push(c),
                c if c.is_alphabetic() || c.is_numeric() && !name.is_empty() => name.push(c),
                _ => return None,
            }
        }
    }

    /// A quantifier, if one comes next, with the least count. What looks like none is a text.
    fn quantifier(&mut self) -> Result<Option<(u64, String)>, Fault> {
        let (least, mut quantifier) = match self.rest.peek() {
            Some('?') => (0, "?".to_owned()),
            Some(c @ ('*' | '+')) => {
                self.is_unbounded = true;
                (u64::from(*c == '+'), c.to_string())
            }
            Some('{') => {
                let mut ahead = self.rest.clone();
                ahead.next();
                let Some((least, most)) = count(&mut ahead) else { return Ok(None) };
                self.rest = ahead;
                if most.is_some_and(|most| most < least) {
                    return Err("numbers out of order in {} quantifier");
                }
                self.is_unbounded |= most.is_none_or(|most| most > MANY);
                let most = most.map_or(String::new(), |most| most.to_string());
                let lazy = if self.accept('?') { "?" } else { "" };
                return Ok(Some((least, format!("{{{least},{most}}}{lazy}"))));
            }
            _ => return Ok(None),
        };
        self.rest.next();
        if self.accept('?') {
            quantifier.push('?');
        }
        Ok(Some((least, quantifier)))
    }

    pub(super) fn write(&mut self, parts: &[&str]) {
        self.out.extend(parts.iter().copied());
    }

    /// A character that stands for itself.
    pub(super) fn literal(&mut self, c: char) {
        if !self.ignore_case {
            return self.out.push_str(&code(c));
        }
        // A long s is no `s` in JavaScript, and a Kelvin sign no `k`.
        if c.is_ascii_alphabetic() {
            return self.write(&["[", &code(c.to_ascii_lowercase()), &code(c.to_ascii_uppercase()), "]"]);
        }
        match c {
            '\u{17f}' | '\u{212a}' => self.out.push_str(&code(c)),
            c => self.write(&["(?i:", &code(c), ")"]),
        }
    }
}

/// `2}`, `2,}` or `2,3}`, behind the brace.
fn count(rest: &mut Peekable<IntoIter<char>>) -> Option<(u64, Option<u64>)> {
    let least = number(rest)?;
    if rest.next_if_eq(&',').is_none() {
        return rest.next_if_eq(&'}').map(|_| (least, Some(least)));
    }
    let most = number(rest);
    rest.next_if_eq(&'}').map(|_| (least, most))
}

fn number(rest: &mut Peekable<IntoIter<char>>) -> Option<u64> {
    let mut number: Option<u64> = None;
    while let Some(digit) = rest.peek().and_then(|c| c.to_digit(10)) {
        number = Some(number.unwrap_or(0).saturating_mul(10).saturating_add(digit.into()));
        rest.next();
    }
    number
}

/// A character so that it means nothing but itself.
pub(super) fn code(c: char) -> String {
    if c.is_ascii_alphanumeric() { c.to_string() } else { format!("\\x{{{:x}}}", u32::from(c)) }
}
