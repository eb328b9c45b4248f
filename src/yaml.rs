//! Definitions in YAML: as the JSON text that they stand for, with the place of each piece in the YAML.
//!
//! YAML 1.2, core schema. A tag of CloudFormation, such as `!GetAtt Function.Arn`, stands for a value that is filled in
//! later, and becomes a placeholder.

use std::collections::BTreeMap;

use asl_engine::{Span, Value};
use saphyr_parser::{Event, Parser, ScalarStyle, Span as Marks, Tag};

/// How long the JSON text may get: definitions end at 1 MiB, and aliases can make much of little.
const MAX_LEN: usize = 4 * 1024 * 1024;
/// How deeply values may nest.
const MAX_DEPTH: usize = 500;

/// The JSON text of a YAML document.
#[derive(Debug)]
pub(crate) struct Converted {
    /// The JSON text.
    pub(crate) json: String,
    /// Where each piece of the JSON starts and ends in the YAML, by its start and by its end in the JSON.
    starts: BTreeMap<usize, Span>,
    ends: BTreeMap<usize, Span>,
    /// What the YAML 1.1 of CloudFormation and SAM makes something else of, with its place.
    pub(crate) doubtful: Vec<(Doubtful, Span)>,
}

/// A text without quotes that YAML 1.1 reads otherwise than YAML 1.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubtful {
    /// `yes`, `off`, `y`: a Boolean
    Boolean,
    /// `010`: a number to the base 8
    Octal,
    /// `12:30` or `2016-03-14`: a number to the base 60, or a time
    Time,
}

impl Doubtful {
    /// What YAML 1.1 makes of a scalar without quotes, where that is not what YAML 1.2 makes of it.
    ///
    /// YAML 1.1, "Language-Independent Types": bool, int and timestamp.
    fn of(text: &str) -> Option<Self> {
        const BOOLEANS: [&str; 6] = ["y", "n", "yes", "no", "on", "off"];
        let lower = text.to_ascii_lowercase();
        // `yes`, `Yes` and `YES`, but not `yEs`.
        let cased = text == lower || text == text.to_ascii_uppercase() || text.get(1..) == lower.get(1..);
        if BOOLEANS.contains(&&*lower) && cased {
            return Some(Self::Boolean);
        }
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        if unsigned.len() > 1
            && unsigned.starts_with('0')
            && unsigned.bytes().all(|byte| matches!(byte, b'0'..=b'7' | b'_'))
        {
            return Some(Self::Octal);
        }
        let parts: Vec<&str> = unsigned.split(':').collect();
        let base_60 =
            parts.len() > 1 && parts.iter().all(|part| digits(part)) && parts[1..].iter().all(|part| part.len() <= 2);
        let day: Vec<&str> = text.get(..10).unwrap_or(text).split('-').collect();
        let is_day = day.len() == 3 && day.iter().all(|part| digits(part)) && day[0].len() == 4;
        let rest = text.get(10..).unwrap_or_default();
        let timed = rest.is_empty() || rest.starts_with(['T', 't', ' ']) && rest.contains(':');
        (base_60 || is_day && timed).then_some(Self::Time)
    }

    /// What to do about it.
    pub(crate) fn advice(self) -> &'static str {
        match self {
            Self::Boolean => "write it in quotes, or write true or false where that is meant",
            Self::Octal => "write it in quotes, or without the leading 0 where a number is meant",
            Self::Time => "write it in quotes",
        }
    }

    /// What becomes of it.
    pub(crate) fn becomes(self) -> &'static str {
        match self {
            Self::Boolean => "true or false",
            Self::Octal => "a number to the base 8",
            Self::Time => "a time, or a number to the base 60",
        }
    }
}

/// Why a text is not one YAML document of JSON values, and where.
#[derive(Debug)]
pub(crate) struct YamlError {
    pub(crate) message: String,
    pub(crate) span: Span,
}

impl Converted {
    /// The place in the YAML of a place in the JSON.
    pub(crate) fn place(&self, span: Span) -> Span {
        let start = self.starts.range(..=span.start).next_back().map_or(0, |(_, place)| place.start);
        let end = self.ends.range(span.end.max(1)..).next().map_or(start, |(_, place)| place.end);
        Span { start, end: end.max(start) }
    }
}

/// Reads a YAML document.
pub(crate) fn to_json(text: &str) -> Result<Converted, YamlError> {
    let offsets: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let byte = |index: usize| offsets.get(index).copied().unwrap_or(text.len());
    let mut events = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, marks) = event.map_err(|error| {
            let start = byte(error.marker().index());
            YamlError { message: error.info().to_owned(), span: Span { start, end: start } }
        })?;
        events.push((event, marks));
    }
    let mut writer = Writer {
        text,
        events,
        byte: &byte,
        anchors: BTreeMap::new(),
        out: Converted { json: String::new(), starts: BTreeMap::new(), ends: BTreeMap::new(), doubtful: Vec::new() },
    };
    writer.document()?;
    Ok(writer.out)
}

struct Writer<'a> {
    text: &'a str,
    events: Vec<(Event<'a>, Marks)>,
    byte: &'a dyn Fn(usize) -> usize,
    /// Where the value of each anchor starts among the events.
    anchors: BTreeMap<usize, usize>,
    out: Converted,
}

impl<'a> Writer<'a> {
    fn document(&mut self) -> Result<(), YamlError> {
        let mut documents = 0;
        let mut at = 0;
        while let Some((event, marks)) = self.events.get(at) {
            at = match event {
                Event::DocumentStart(_) => {
                    documents += 1;
                    if documents > 1 {
                        return Err(
                            self.error("a file holds one definition, and here a second document starts", *marks)
                        );
                    }
                    self.value(at + 1, 0)?
                }
                _ => at + 1,
            };
        }
        Ok(())
    }

    /// Writes the value that starts with the event `at`, and gives the event behind it.
    fn value(&mut self, at: usize, depth: usize) -> Result<usize, YamlError> {
        let Some((event, marks)) = self.events.get(at).cloned() else { return Ok(at) };
        if depth > MAX_DEPTH || self.out.json.len() > MAX_LEN {
            return Err(self.error("the definition is too large, or nests too deeply", marks));
        }
        match event {
            Event::Alias(anchor) => {
                let Some(&start) = self.anchors.get(&anchor) else {
                    return Err(self.error("an alias cannot stand inside what it names", marks));
                };
                self.value(start, depth + 1)?;
                Ok(at + 1)
            }
            Event::Scalar(value, style, anchor, tag) => {
                let json = match filled_in_later(tag.as_deref()) {
                    Some(tag) => Value::from(format!("${{{}}}", tag.suffix)).to_string(),
                    None => {
                        self.doubt(&value, style, tag.as_deref(), marks);
                        scalar(&value, style, tag.as_deref())
                    }
                };
                self.token(&json, marks);
                self.anchors.insert(anchor, at);
                Ok(at + 1)
            }
            Event::SequenceStart(anchor, tag) | Event::MappingStart(anchor, tag) => {
                let end = self.end_of(at);
                if let Some(tag) = filled_in_later(tag.as_deref()) {
                    self.token(&Value::from(format!("${{{}}}", tag.suffix)).to_string(), marks);
                } else if matches!(self.events[at].0, Event::SequenceStart(..)) {
                    self.items(at, end, depth)?;
                } else {
                    self.members(at, end, depth)?;
                }
                self.anchors.insert(anchor, at);
                Ok(end + 1)
            }
            _ => Ok(at + 1),
        }
    }

    fn items(&mut self, at: usize, end: usize, depth: usize) -> Result<(), YamlError> {
        self.open("[", at);
        let mut next = at + 1;
        while next < end {
            if next > at + 1 {
                self.out.json.push(',');
            }
            next = self.value(next, depth + 1)?;
        }
        self.close("]", end);
        Ok(())
    }

    fn members(&mut self, at: usize, end: usize, depth: usize) -> Result<(), YamlError> {
        self.open("{", at);
        let mut next = at + 1;
        while next < end {
            if next > at + 1 {
                self.out.json.push(',');
            }
            let (key, marks) = self.events[next].clone();
            let Event::Scalar(name, style, _, tag) = key else {
                return Err(self.error("the name of a field has to be a text", marks));
            };
            if name == "<<" {
                return Err(self.error("merge keys are no part of YAML 1.2: write the fields out", marks));
            }
            self.doubt(&name, style, tag.as_deref(), marks);
            self.token(&Value::from(&*name).to_string(), marks);
            self.out.json.push(':');
            next = self.value(next + 1, depth + 1)?;
        }
        self.close("}", end);
        Ok(())
    }

    /// Takes note of a text that YAML 1.1 reads otherwise.
    fn doubt(&mut self, value: &str, style: ScalarStyle, tag: Option<&Tag>, marks: Marks) {
        if style == ScalarStyle::Plain
            && tag.is_none()
            && let Some(doubtful) = Doubtful::of(value)
        {
            self.out.doubtful.push((doubtful, self.place(marks)));
        }
    }

    /// The event that closes what the event `at` opens.
    fn end_of(&self, at: usize) -> usize {
        let mut open = 0;
        for (offset, (event, _)) in self.events[at..].iter().enumerate() {
            match event {
                Event::SequenceStart(..) | Event::MappingStart(..) => open += 1,
                Event::SequenceEnd | Event::MappingEnd => open -= 1,
                _ => {}
            }
            if open == 0 {
                return at + offset;
            }
        }
        self.events.len()
    }

    /// Writes a name or a scalar.
    fn token(&mut self, json: &str, marks: Marks) {
        let place = self.place(marks);
        self.out.starts.insert(self.out.json.len(), place);
        self.out.json.push_str(json);
        self.out.ends.insert(self.out.json.len(), place);
    }

    /// Writes the bracket that opens a collection. Its place is that of the first thing in it, which a person sees.
    fn open(&mut self, bracket: &str, at: usize) {
        let first = self.events.get(at + 1).map_or(self.events[at].1, |(_, marks)| *marks);
        self.token(bracket, first);
    }

    fn close(&mut self, bracket: &str, end: usize) {
        let marks = self.events.get(end).map(|(_, marks)| *marks);
        self.out.json.push_str(bracket);
        if let Some(marks) = marks {
            let place = self.place(marks);
            self.out.ends.insert(self.out.json.len(), place);
        }
    }

    /// The bytes of the YAML, without the white space behind them.
    fn place(&self, marks: Marks) -> Span {
        let (start, end) = ((self.byte)(marks.start.index()), (self.byte)(marks.end.index()));
        let covered = self.text.get(start..end).unwrap_or_default();
        Span { start, end: start + covered.trim_end().len() }
    }

    fn error(&self, message: &str, marks: Marks) -> YamlError {
        YamlError { message: message.to_owned(), span: self.place(marks) }
    }
}

/// A tag that is not YAML's own.
fn filled_in_later(tag: Option<&Tag>) -> Option<&Tag> {
    tag.filter(|tag| !tag.is_yaml_core_schema() && !tag.suffix.is_empty())
}

/// The JSON text of a scalar.
fn scalar(value: &str, style: ScalarStyle, tag: Option<&Tag>) -> String {
    let text = || Value::from(value).to_string();
    if style != ScalarStyle::Plain || tag.is_some_and(|tag| tag.suffix == "str") {
        return text();
    }
    match value {
        "" | "~" | "null" | "Null" | "NULL" => "null".to_owned(),
        "true" | "True" | "TRUE" => "true".to_owned(),
        "false" | "False" | "FALSE" => "false".to_owned(),
        _ => number(value).unwrap_or_else(text),
    }
}

/// The JSON text of a number, which YAML writes in more ways than JSON: `+1`, `.5`, `0x1F`.
fn number(value: &str) -> Option<String> {
    let radix = |prefix: &str, radix| {
        let digits =
            value.strip_prefix(prefix).filter(|digits| digits.starts_with(|c: char| c.is_ascii_alphanumeric()))?;
        i64::from_str_radix(digits, radix).ok().map(|number| number.to_string())
    };
    if let Some(number) = radix("0x", 16).or_else(|| radix("0o", 8)) {
        return Some(number);
    }
    let unsigned = value.strip_prefix(['+', '-']).unwrap_or(value);
    let starts = unsigned.strip_prefix('.').unwrap_or(unsigned).starts_with(|c: char| c.is_ascii_digit());
    let digits = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-');
    if !starts || !unsigned.chars().all(digits) {
        return None;
    }
    // What is JSON already keeps its digits.
    match value.parse::<Value>() {
        Ok(Value::Number(number)) => Some(Value::Number(number).to_string()),
        _ => value.parse::<f64>().ok().filter(|number| number.is_finite()).map(|number| match number.fract() == 0.0 {
            true => format!("{number:.0}"),
            false => number.to_string(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn json(yaml: &str) -> String {
        match to_json(yaml) {
            Ok(converted) => converted.json,
            Err(error) => format!("error: {} at {}", error.message, error.span.start),
        }
    }

    #[test]
    fn values_are_those_of_the_core_schema() {
        for (yaml, expected) in [
            ("a: 1", r#"{"a":1}"#),
            ("- 1.50\n- +1\n- .5\n- 0x1F\n- 1e3\n- 007\n", "[1.50,1,0.5,31,1e3,7]"),
            ("[true, True, yes, null, ~, '']", r#"[true,true,"yes",null,null,""]"#),
            ("{a: 'x', \"b\": \"\\n\", 1: }", r#"{"a":"x","b":"\n","1":null}"#),
            ("a: |\n  one\n  two\n", r#"{"a":"one\ntwo\n"}"#),
            ("a: !!str 1", r#"{"a":"1"}"#),
            ("a: 2016-03-14T01:59:00Z", r#"{"a":"2016-03-14T01:59:00Z"}"#),
            ("a: 1.2.3", r#"{"a":"1.2.3"}"#),
            ("a: &x {b: 1}\nc: *x\nd: &y 2\ne: [*y, *x]", r#"{"a":{"b":1},"c":{"b":1},"d":2,"e":[2,{"b":1}]}"#),
            ("Resource: !GetAtt Function.Arn", r#"{"Resource":"${GetAtt}"}"#),
            ("Resource: !Join ['', [a, b]]\nNext: X", r#"{"Resource":"${Join}","Next":"X"}"#),
            ("", ""),
            ("# nothing\n", ""),
        ] {
            assert_eq!(json(yaml), expected, "{yaml}");
        }
    }

    /// PyYAML, with which SAM reads, makes something else of these.
    #[test]
    fn what_yaml_1_1_reads_otherwise_is_doubtful() {
        use Doubtful::{Boolean, Octal, Time};
        for (yaml, expected) in [
            ("Next: Yes", &[Boolean][..]),
            ("on: OFF", &[Boolean, Boolean]),
            ("[y, N, 'no', \"off\", yEs, nope, true, null, !!str no]", &[Boolean, Boolean]),
            ("[010, -017, 0, 0o17, 08, 0x10, 10, 007]", &[Octal, Octal, Octal]),
            ("[12:30, 1:30:45, 2016-03-14, 2016-03-14T01:59:00Z, '12:30']", &[Time, Time, Time, Time]),
            ("[arn:aws:s3, a:1, '2016-03-14', 2016-03, 1.2.3, 10:x, States.UUID(), http://x:80]", &[]),
        ] {
            let found: Vec<Doubtful> = to_json(yaml).unwrap().doubtful.iter().map(|(found, _)| *found).collect();
            assert_eq!(found, expected, "{yaml}");
        }
    }

    #[test]
    fn what_json_cannot_hold_is_refused() {
        for (yaml, expected) in [
            ("a: 1\n---\nb: 2", "error: a file holds one definition, and here a second document starts at 5"),
            ("? [a]\n: 1", "error: the name of a field has to be a text at 2"),
            ("a: &x\n  b: *x", "error: an alias cannot stand inside what it names at 11"),
            ("a: &x {}\nb:\n  <<: *x", "error: merge keys are no part of YAML 1.2: write the fields out at 14"),
        ] {
            assert_eq!(json(yaml), expected, "{yaml}");
        }
        let laughs: String =
            (1..20).map(|n| format!("a{n}: &a{n} [{}]\n", format!("*a{},", n - 1).repeat(9))).collect();
        assert!(json(&format!("a0: &a0 ha\n{laughs}")).starts_with("error: the definition is too large"));
        let deep = "[".repeat(20_000);
        assert!(json(&deep).starts_with("error: "));
    }

    proptest! {
        /// Any text is JSON afterwards, or is refused at a place that it has.
        #[test]
        fn any_text_is_json_or_an_error(text in r#"([-:?,&*!|> \n"'#~<\[\]{}]|a|é|1|\.|null|- |: |\n  )*"#) {
            match to_json(&text) {
                Ok(converted) => {
                    if !converted.json.is_empty() {
                        prop_assert!(converted.json.parse::<Value>().is_ok(), "{text:?} became {}", converted.json);
                    }
                    for start in 0..=converted.json.len() {
                        let place = converted.place(Span { start, end: start + 1 });
                        prop_assert!(text.get(place.start..place.end).is_some(), "{text:?} at {start}: {place:?}");
                    }
                }
                Err(error) => prop_assert!(text.get(error.span.start..error.span.end).is_some(), "{text:?}: {error:?}"),
            }
        }
    }

    #[test]
    fn places_are_found_again() {
        let yaml = "é: ü\nStates:\n  A:   \n    Type: Pas # oh\n    End: 1\n";
        let converted = to_json(yaml).unwrap();
        let shown = |piece: &str| {
            let start = converted.json.find(piece).unwrap();
            let place = converted.place(Span { start, end: start + piece.len() });
            &yaml[place.start..place.end]
        };
        assert_eq!(converted.json, r#"{"é":"ü","States":{"A":{"Type":"Pas","End":1}}}"#);
        assert_eq!(shown("\"ü\""), "ü");
        assert_eq!(shown("\"Pas\""), "Pas");
        assert_eq!(shown("\"States\""), "States");
        assert_eq!(shown("{\"Type\""), "Type");
        // The start of an object is its first name.
        let object = converted.json.find("{\"Type\"").unwrap();
        let place = converted.place(Span { start: object, end: object + 1 });
        assert_eq!(&yaml[place.start..place.end], "Type");
    }
}
