//! What Jackson, the JSON parser behind AWS's API, says of a text that is not JSON.
//!
//! The text is read again as Jackson 2.14 reads it, which finds some faults elsewhere than our own reader does; its messages
//! were taken from Jackson itself.

const VALUES: &str = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
/// How much of a text a message shows, in characters.
const SHOWN: usize = 500;
/// How much of an unknown word a message shows, in characters.
const TOKEN: usize = 256;
/// From this many characters on, a text is not handed over as one.
const STREAMED: usize = 0x8000;

/// A fault of a text, as Jackson tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    message: String,
    /// Line and column of the array or object that is not closed, and what is written behind it.
    opened: Option<((usize, usize), &'static str)>,
    /// Line and column where reading stopped.
    stopped: (usize, usize),
    /// Whether the character before that place is the one at fault.
    unexpected: bool,
}

impl Fault {
    /// The first fault of a text; `None` where Jackson finds none.
    pub(super) fn of(text: &str) -> Option<Self> {
        let mut reader = Reader { text, at: 0, open: Vec::new() };
        reader.value().err().map(|stop| *stop)
    }

    /// With the place and what comes before it, where the parser is told to show no text (Jackson 2.18, which
    /// `States.StringToJson` was recorded with: it stands before an unexpected character).
    pub(crate) fn redacted(&self) -> String {
        let source = "REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)";
        let (line, column) = self.stopped;
        self.told(source, (line, column - usize::from(self.unexpected && column > 1)))
    }

    /// Without the place, as StartExecution tells it.
    pub(crate) fn placeless(&self) -> String {
        let told = self.redacted();
        told.split_once("\n at ").map_or(told.clone(), |(message, _)| message.to_owned())
    }

    /// With the place and the start of the text, as ValidateStateMachineDefinition tells it.
    pub(crate) fn shown(&self, text: &str) -> String {
        self.told(&source(text), self.stopped)
    }

    fn told(&self, source: &str, stopped: (usize, usize)) -> String {
        let place = |(line, column): (usize, usize)| format!("[Source: {source}; line: {line}, column: {column}]");
        let opened = self.opened.map_or(String::new(), |(opened, end)| format!("{}{end}", place(opened)));
        format!("{}{opened}\n at {}", self.message, place(stopped))
    }
}

/// How Jackson names where a text comes from.
fn source(text: &str) -> String {
    let long = text.encode_utf16().count();
    if long > STREAMED {
        return "(StringReader)".to_owned();
    }
    let start: String = text.chars().take(SHOWN).collect();
    let escaped = |c: char| match c {
        '\n' | '\r' => c.to_string(),
        c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
        c => c.to_string(),
    };
    let left = long - start.encode_utf16().count();
    let rest = if left > 0 { format!("[truncated {left} chars]") } else { String::new() };
    format!("(String)\"{}\"{rest}", start.chars().map(escaped).collect::<String>())
}

/// Line and column of a byte, both from 1; columns count UTF-16 units, as Java does.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..at];
    let breaks = before.bytes().enumerate().filter(|(index, byte)| match byte {
        b'\n' => true,
        b'\r' => text.as_bytes().get(index + 1) != Some(&b'\n'),
        _ => false,
    });
    let (lines, start) = breaks.fold((1, 0), |(lines, _), (index, _)| (lines + 1, index + 1));
    (lines, before[start..].encode_utf16().count() + 1)
}

fn described(c: char) -> String {
    let code = u32::from(c);
    match c {
        c if c.is_control() => format!("(CTRL-CHAR, code {code})"),
        c if code > 255 => format!("'{c}' (code {code} / {code:#x})"),
        c => format!("'{c}' (code {code})"),
    }
}

type Read = Result<(), Box<Fault>>;

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// The arrays and objects that are open: where each starts, and whether it is an object.
    open: Vec<(usize, bool)>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let found = self.peek()?;
        self.at += found.len_utf8();
        Some(found)
    }

    fn stop(&self, message: impl Into<String>) -> Box<Fault> {
        let stopped = position(self.text, self.at);
        Box::new(Fault { message: message.into(), opened: None, stopped, unexpected: false })
    }

    /// The character that was just read is not what was expected.
    fn unexpected(&self, found: char, comment: &str) -> Box<Fault> {
        let stop = self.stop(format!("Unexpected character ({}){comment}", described(found)));
        Box::new(Fault { unexpected: true, ..*stop })
    }

    /// A value with everything in it, without recursion.
    fn value(&mut self) -> Read {
        let Some(first) = self.token()? else { return Ok(()) };
        self.start(first)?;
        let mut entries = vec![0_usize; self.open.len()];
        while let Some(&(opened, object)) = self.open.last() {
            let kind = if object { "Object" } else { "Array" };
            let Some(mut found) = self.token()? else {
                let message = format!("Unexpected end-of-input: expected close marker for {kind} (start marker at ");
                return Err(self.opened(message, position(self.text, opened), ")"));
            };
            if let ']' | '}' = found {
                self.close(found)?;
                entries.pop();
                continue;
            }
            if let Some(count) = entries.last_mut() {
                *count += 1;
                if *count > 1 {
                    if found != ',' {
                        return Err(
                            self.unexpected(found, &format!(": was expecting comma to separate {kind} entries"))
                        );
                    }
                    found = self.inside(kind)?;
                }
            }
            if object {
                if found != '"' {
                    return Err(self.unexpected(found, ": was expecting double-quote to start field name"));
                }
                self.string("in field name", "name")?;
                let colon = self.inside(kind)?;
                if colon != ':' {
                    return Err(self.unexpected(colon, ": was expecting a colon to separate field name and value"));
                }
                found = self.inside(kind)?;
            }
            self.start(found)?;
            entries.resize(self.open.len(), 0);
        }
        Ok(())
    }

    fn opened(&self, message: String, opened: (usize, usize), end: &'static str) -> Box<Fault> {
        Box::new(Fault { opened: Some((opened, end)), ..*self.stop(message) })
    }

    /// The next character that is no white space; `None` at the end.
    fn token(&mut self) -> Result<Option<char>, Box<Fault>> {
        loop {
            match self.next() {
                Some(' ' | '\n' | '\t' | '\r') => {}
                Some('/') => {
                    let comment = ": maybe a (non-standard) comment? (not recognized as one since Feature \
                                   'ALLOW_COMMENTS' not enabled for parser)";
                    return Err(self.unexpected('/', comment));
                }
                Some(found @ '\0'..' ') => {
                    let found = described(found);
                    let allowed = r"only regular white space (\r, \n, \t) is allowed between tokens";
                    return Err(self.stop(format!("Illegal character ({found}): {allowed}")));
                }
                found => return Ok(found),
            }
        }
    }

    /// The next character inside an array or an object, which is not closed yet.
    fn inside(&mut self, kind: &str) -> Result<char, Box<Fault>> {
        self.token()?.ok_or_else(|| self.stop(format!("Unexpected end-of-input within/between {kind} entries")))
    }

    fn close(&mut self, found: char) -> Read {
        let expected = if found == ']' { '}' } else { ']' };
        let (place, kind) = match self.open.last() {
            Some((_, object)) if *object == (found == '}') => {
                self.open.pop();
                return Ok(());
            }
            Some((at, object)) => (position(self.text, *at), if *object { "Object" } else { "Array" }),
            None => ((1, 0), "root"),
        };
        let message = format!("Unexpected close marker '{found}': expected '{expected}' (for {kind} starting at ");
        Err(self.opened(message, place, ")"))
    }

    /// A value whose first character was read; of an array or an object, only that.
    fn start(&mut self, first: char) -> Read {
        match first {
            '{' | '[' => {
                self.open.push((self.at - 1, first == '{'));
                Ok(())
            }
            ']' | '}' if self.open.is_empty() => self.close(first),
            '"' => self.string(": was expecting closing quote for a string value", "string value"),
            '-' | '0'..='9' => self.number(first),
            't' => self.word("true"),
            'f' => self.word("false"),
            'n' => self.word("null"),
            'N' => self.non_standard("NaN", 1),
            'I' => self.non_standard("Infinity", 1),
            '+' => match self.next() {
                None => Err(self.stop("Unexpected end-of-input in a Number value")),
                Some(_) => {
                    let comment = " in numeric value: JSON spec does not allow numbers to have plus signs: enable \
                                   `JsonReadFeature.ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS` to allow";
                    Err(self.unexpected('+', comment))
                }
            },
            first if starts_word(first) => Err(self.unknown(self.at - first.len_utf8())),
            _ => Err(self.unexpected(first, &format!(": expected a valid value {VALUES}"))),
        }
    }

    /// A word, whose first letter was read.
    fn word(&mut self, word: &str) -> Read {
        let start = self.at - 1;
        let rest = &self.text[start..];
        if rest.starts_with(word) && !rest[word.len()..].starts_with(continues_word) {
            self.at = start + word.len();
            return Ok(());
        }
        Err(self.unknown(start))
    }

    /// A number that JSON lacks, of which `read` bytes were read.
    fn non_standard(&mut self, word: &str, read: usize) -> Read {
        self.at -= read - 1;
        self.word(word)?;
        Err(self
            .stop(format!("Non-standard token '{word}': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow")))
    }

    /// A word that is none, from `start` on.
    fn unknown(&mut self, start: usize) -> Box<Fault> {
        let sign = usize::from(self.text[start..].starts_with('-'));
        let letters = self.text[start + sign..].char_indices().find(|(_, c)| !continues_word(*c));
        let end = letters.map_or(self.text.len(), |(len, _)| start + sign + len);
        let cut = self.text[start..end].char_indices().nth(TOKEN).map(|(len, _)| start + len);
        self.at = cut.unwrap_or(end);
        let (word, more) = (&self.text[start..self.at], if cut.is_some() { "..." } else { "" });
        self.stop(format!("Unrecognized token '{word}{more}': was expecting {VALUES}"))
    }

    fn number(&mut self, first: char) -> Read {
        let mut digit = first;
        if first == '-' {
            digit = match self.next() {
                None => return Err(self.stop("Unexpected end-of-inputNo digit following minus sign")),
                Some('I') => return self.non_standard("-Infinity", 2),
                Some('.') => return Err(self.unexpected('.', &format!(": expected a valid value {VALUES}"))),
                Some(digit @ '0'..='9') => digit,
                Some(other) => {
                    let comment =
                        " in numeric value: expected digit (0-9) to follow minus sign, for valid numeric value";
                    return Err(self.unexpected(other, comment));
                }
            };
        }
        if digit == '0' && self.peek().is_some_and(|next| next.is_ascii_digit()) {
            return Err(self.stop("Invalid numeric value: Leading zeroes not allowed"));
        }
        self.digits();
        if self.peek() == Some('.') {
            self.at += 1;
            if self.digits() == 0 {
                let found = self.peek().unwrap_or('.');
                let what = "in numeric value: Decimal point not followed by a digit";
                return Err(self.stop(format!("Unexpected character ({}) {what}", described(found))));
            }
        }
        if let Some('e' | 'E') = self.peek() {
            self.at += 1;
            let unsigned = self.at;
            self.at += usize::from(matches!(self.peek(), Some('+' | '-')));
            if self.digits() == 0 {
                let Some(found) = self.peek() else {
                    return Err(self.stop("Unexpected end-of-inputexpected a digit for number exponent"));
                };
                self.at = unsigned;
                let what = "in numeric value: Exponent indicator not followed by a digit";
                return Err(self.stop(format!("Unexpected character ({}) {what}", described(found))));
            }
        }
        match self.peek() {
            Some(found) if self.open.is_empty() && !found.is_whitespace() => {
                self.next();
                Err(self.unexpected(found, ": Expected space separating root-level values"))
            }
            _ => Ok(()),
        }
    }

    /// How many digits follow.
    fn digits(&mut self) -> usize {
        let rest = &self.text[self.at..];
        let count = rest.bytes().take_while(u8::is_ascii_digit).count();
        self.at += count;
        count
    }

    /// The rest of a string. `end` is what is said where it has none, `what` what it is.
    fn string(&mut self, end: &str, what: &str) -> Read {
        let space = if end.starts_with(':') { "" } else { " " };
        loop {
            match self.next() {
                None => return Err(self.stop(format!("Unexpected end-of-input{space}{end}"))),
                Some('"') => return Ok(()),
                Some('\\') => self.escape()?,
                Some(found @ '\0'..' ') => {
                    let found = described(found);
                    // A line does not end inside a string.
                    self.at -= 1;
                    let mut stop = self.stop(format!(
                        "Illegal unquoted character ({found}): has to be escaped using backslash to be included in {what}"
                    ));
                    stop.stopped.1 += 1;
                    return Err(stop);
                }
                Some(_) => {}
            }
        }
    }

    fn escape(&mut self) -> Read {
        let end = "Unexpected end-of-input in character escape sequence";
        match self.next() {
            None => Err(self.stop(end)),
            Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') => Ok(()),
            Some('u') => {
                for _ in 0..4 {
                    match self.next() {
                        None => return Err(self.stop(end)),
                        Some(digit) if digit.is_ascii_hexdigit() => {}
                        Some(other) => {
                            let comment = ": expected a hex-digit for character escape sequence";
                            return Err(self.unexpected(other, comment));
                        }
                    }
                }
                Ok(())
            }
            Some(found) => Err(self.stop(format!("Unrecognized character escape {}", described(found)))),
        }
    }
}

/// Whether an identifier of Java may start so.
fn starts_word(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '_' | '$' | '\u{a2}'..='\u{a5}' | '\u{20a0}'..='\u{20c0}')
}

/// Whether an identifier of Java may go on so.
fn continues_word(c: char) -> bool {
    starts_word(c) || c.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Jackson 2.14.1 says of `ObjectMapper.readTree(text)`, one case a line: the text as JSON, and the whole message as
    /// JSON.
    const CASES: &str = include_str!("jackson.txt");

    #[test]
    fn faults_are_told_as_jackson_tells_them() {
        for line in CASES.lines() {
            let case = crate::json::parse_value(line).unwrap();
            let (text, expected) = (case[0].as_str().unwrap(), case[1].as_str().unwrap());
            let told = Fault::of(text).map(|fault| fault.shown(text)).unwrap_or_default();
            assert_eq!(told, expected, "{text:?}");
        }
    }

    /// Recorded answers of `States.StringToJson` (second body).
    #[test]
    fn a_text_can_be_left_out() {
        let at = |column| {
            let source = "REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)";
            format!("[Source: {source}; line: 1, column: {column}]")
        };
        let told = |text| Fault::of(text).unwrap().redacted();
        let name = "Unexpected character ('b' (code 98)): was expecting double-quote to start field name";
        assert_eq!(told("{bad}"), format!("{name}\n at {}", at(2)));
        let open = "Unexpected end-of-input: expected close marker for Object (start marker at ";
        assert_eq!(told("{"), format!("{open}{})\n at {}", at(1), at(2)));
    }

    #[test]
    fn any_text_is_read() {
        for text in ["[".repeat(100_000), "{\"a\":".repeat(50_000), "[\u{1f600}]".to_owned(), "\u{1f600}".to_owned()] {
            assert!(Fault::of(&text).is_some(), "{}", text.len());
        }
    }
}
