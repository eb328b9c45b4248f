//! YAML documents: as values with their places, and as the JSON text that they stand for.
//!
//! YAML 1.2, core schema, which JSON is a part of. A tag of CloudFormation, such as `!GetAtt Function.Arn`, stands for a value
//! that is filled in later, and becomes a placeholder in a definition.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::rc::Rc;

use asl_engine::{Span, Value};
use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use crate::places::Places;

/// How long the JSON text may get: definitions end at 1 MiB, and aliases can make much of little.
const MAX_LEN: usize = 4 * 1024 * 1024;
/// How deeply values may nest.
const MAX_DEPTH: usize = 500;

/// A text without quotes that YAML 1.1 reads otherwise than YAML 1.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubtful {
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
pub struct YamlError {
    /// Why.
    pub message: String,
    /// Where.
    pub span: Span,
}

/// A YAML document: the value that it holds.
#[derive(Debug, Default)]
pub struct Document {
    /// Nothing where the text holds none.
    pub root: Option<Tree>,
    /// What the YAML 1.1 of CloudFormation and SAM makes something else of, with its place.
    pub doubtful: Vec<(Doubtful, Span)>,
}

/// A value with its place in the text.
#[derive(Clone, Debug)]
pub struct Tree {
    /// Its place: for a collection, that of the first thing in it, which a person sees.
    pub span: Span,
    /// Where it ends.
    pub end: Span,
    /// What it is.
    pub kind: TreeKind,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum TreeKind {
    /// `null`, a Boolean or a number, as JSON writes it.
    Plain(String),
    /// A text.
    Text(Rc<str>),
    /// A list.
    List(Vec<Tree>),
    /// An object.
    Object(Vec<Member>),
    /// What a tag of CloudFormation stands for: `!Ref` is `Ref`, `!Sub` is `Fn::Sub`.
    Call(Box<Call>),
}

/// A member of an object.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its name.
    pub name: Rc<str>,
    /// The place of its name.
    pub span: Span,
    /// Its value.
    pub value: Tree,
}

/// A function of CloudFormation.
#[derive(Clone, Debug)]
pub struct Call {
    /// `Ref`, `Fn::Sub` and the like.
    pub function: String,
    /// What it is given.
    pub argument: Tree,
}

/// Reads a YAML document.
///
/// # Errors
/// The text is no YAML, holds more than one document or what JSON lacks, or is too large.
pub fn read(text: &str) -> Result<Document, YamlError> {
    // The parser counts characters. Where each is a byte, a table of them would only take memory.
    let offsets: Option<Vec<usize>> =
        (!text.is_ascii()).then(|| text.char_indices().map(|(at, _)| at).chain([text.len()]).collect());
    let byte = |index: usize| match &offsets {
        Some(offsets) => offsets.get(index).copied().unwrap_or(text.len()),
        None => index.min(text.len()),
    };
    let events = Parser::new_from_str(text).map(|event| match event {
        Ok((event, marks)) => Ok((event, Span { start: byte(marks.start.index()), end: byte(marks.end.index()) })),
        Err(error) => {
            let start = byte(error.marker().index());
            Err(YamlError { message: error.info().to_owned(), span: Span { start, end: start } })
        }
    });
    let events = events.peekable();
    let mut reader = Reader { text, events, anchors: BTreeMap::new(), size: 0, out: Document::default() };
    reader.document()?;
    Ok(reader.out)
}

/// An event of the parser and its place, or why there is none.
type Next<'a> = Result<(Event<'a>, Span), YamlError>;

struct Reader<'a, I: Iterator<Item = Next<'a>>> {
    text: &'a str,
    events: Peekable<I>,
    /// What each anchor names, and how much it adds to the size.
    anchors: BTreeMap<usize, (Tree, usize)>,
    /// About how long the JSON text of what was read is.
    size: usize,
    out: Document,
}

impl<'a, I: Iterator<Item = Next<'a>>> Reader<'a, I> {
    fn document(&mut self) -> Result<(), YamlError> {
        while let Some(next) = self.events.next() {
            let (event, place) = next?;
            if !matches!(event, Event::DocumentStart(_)) {
                continue;
            }
            if self.out.root.is_some() {
                return Err(self.error("a file holds one definition, and here a second document starts", place));
            }
            if let Some(next) = self.events.next() {
                let (event, place) = next?;
                self.out.root = self.value(event, place, 0)?;
            }
        }
        Ok(())
    }

    /// The value that starts with an event.
    fn value(&mut self, event: Event<'a>, place: Span, depth: usize) -> Result<Option<Tree>, YamlError> {
        let before = self.size;
        self.grow(2, depth, place)?;
        match event {
            Event::Alias(anchor) => {
                let Some((tree, size)) = self.anchors.get(&anchor).cloned() else {
                    return Err(self.error("an alias cannot stand inside what it names", place));
                };
                self.grow(size, depth, place)?;
                Ok(Some(tree))
            }
            Event::Scalar(value, style, anchor, tag) => {
                self.size += value.len();
                let function = filled_in_later(tag.as_deref());
                let kind = match function {
                    Some(_) => TreeKind::Text((&*value).into()),
                    None => {
                        self.doubt(&value, style, tag.as_deref(), place);
                        scalar(&value, style, tag.as_deref())
                    }
                };
                let span = self.place(place);
                let tree = Tree { span, end: span, kind };
                self.name(anchor, &tree, before);
                Ok(Some(called(function, tree)))
            }
            Event::SequenceStart(anchor, tag) => {
                let first = self.first(place);
                let (kind, end) = self.items(place, depth)?;
                let tree = Tree { span: first, end, kind };
                self.name(anchor, &tree, before);
                Ok(Some(called(filled_in_later(tag.as_deref()), tree)))
            }
            Event::MappingStart(anchor, tag) => {
                let first = self.first(place);
                let (kind, end) = self.members(place, depth)?;
                let tree = Tree { span: first, end, kind };
                self.name(anchor, &tree, before);
                Ok(Some(called(filled_in_later(tag.as_deref()), tree)))
            }
            _ => Ok(None),
        }
    }

    /// Counts what was read, and refuses what is too much.
    fn grow(&mut self, size: usize, depth: usize, place: Span) -> Result<(), YamlError> {
        self.size += size;
        if depth > MAX_DEPTH || self.size > MAX_LEN {
            return Err(self.error("the definition is too large, or nests too deeply", place));
        }
        Ok(())
    }

    /// Keeps what an anchor names. Most values have none, which is the anchor 0.
    fn name(&mut self, anchor: usize, tree: &Tree, before: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, (tree.clone(), self.size - before));
        }
    }

    /// Where a collection starts for a person: what has no brackets starts with the first thing in it.
    fn first(&mut self, place: Span) -> Span {
        let first = match self.events.peek() {
            Some(Ok((_, first))) => *first,
            _ => place,
        };
        self.place(first)
    }

    /// The items of a sequence, and where it ends.
    fn items(&mut self, start: Span, depth: usize) -> Result<(TreeKind, Span), YamlError> {
        let mut items = Vec::new();
        while let Some(next) = self.events.next() {
            let (event, place) = next?;
            if matches!(event, Event::SequenceEnd) {
                items.shrink_to_fit();
                return Ok((TreeKind::List(items), self.place(place)));
            }
            items.extend(self.value(event, place, depth + 1)?);
        }
        Ok((TreeKind::List(items), self.place(start)))
    }

    /// The members of a mapping, and where it ends.
    fn members(&mut self, start: Span, depth: usize) -> Result<(TreeKind, Span), YamlError> {
        let mut members = Vec::new();
        while let Some(next) = self.events.next() {
            let (key, place) = next?;
            if matches!(key, Event::MappingEnd) {
                members.shrink_to_fit();
                return Ok((TreeKind::Object(members), self.place(place)));
            }
            let Event::Scalar(name, style, anchor, tag) = key else {
                return Err(self.error("the name of a field has to be a text", place));
            };
            if name == "<<" {
                return Err(self.error("merge keys are no part of YAML 1.2: write the fields out", place));
            }
            self.doubt(&name, style, tag.as_deref(), place);
            let before = self.size;
            self.size += name.len();
            let span = self.place(place);
            self.name(anchor, &Tree { span, end: span, kind: TreeKind::Text((&*name).into()) }, before);
            let Some(next) = self.events.next() else { break };
            let (event, place) = next?;
            let value = self.value(event, place, depth + 1)?;
            members.extend(value.map(|value| Member { name: (&*name).into(), span, value }));
        }
        Ok((TreeKind::Object(members), self.place(start)))
    }

    /// Takes note of a text that YAML 1.1 reads otherwise.
    fn doubt(&mut self, value: &str, style: ScalarStyle, tag: Option<&Tag>, marks: Span) {
        if style == ScalarStyle::Plain
            && tag.is_none()
            && let Some(doubtful) = Doubtful::of(value)
        {
            self.out.doubtful.push((doubtful, self.place(marks)));
        }
    }

    /// The bytes of the YAML, without the white space behind them.
    fn place(&self, Span { start, end }: Span) -> Span {
        let covered = self.text.get(start..end).unwrap_or_default();
        Span { start, end: start + covered.trim_end().len() }
    }

    fn error(&self, message: &str, marks: Span) -> YamlError {
        YamlError { message: message.to_owned(), span: self.place(marks) }
    }
}

impl Tree {
    /// The member of an object; the last one where there are several.
    pub fn get(&self, name: &str) -> Option<&Tree> {
        self.members().iter().rev().find(|member| &*member.name == name).map(|member| &member.value)
    }

    /// The members of an object; none of anything else.
    pub fn members(&self) -> &[Member] {
        match &self.kind {
            TreeKind::Object(members) => members,
            _ => &[],
        }
    }

    /// The items of a list; none of anything else.
    pub fn items(&self) -> &[Tree] {
        match &self.kind {
            TreeKind::List(items) => items,
            _ => &[],
        }
    }

    /// A text.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            TreeKind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value, in which a function of CloudFormation is a placeholder.
    pub fn value(&self) -> Value {
        // What is written here is JSON; only what nests too deeply for the engine is none, and the reader refuses that.
        self.to_json().0.parse().unwrap_or_default()
    }

    /// The JSON text of the value, with the places of its pieces. A function of CloudFormation is a placeholder there.
    pub(crate) fn to_json(&self) -> (String, Places) {
        let mut out = (String::new(), Places::default());
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut (String, Places)) {
        match &self.kind {
            TreeKind::Plain(json) => token(out, json, self.span),
            TreeKind::Text(text) => token(out, &Value::from(&**text).to_string(), self.span),
            TreeKind::Call(call) => token(out, &Value::from(call.placeholder()).to_string(), self.span),
            TreeKind::List(items) => {
                token(out, "[", self.span);
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.0.push(',');
                    }
                    item.write(out);
                }
                token(out, "]", self.end);
            }
            TreeKind::Object(members) => {
                token(out, "{", self.span);
                for (index, member) in members.iter().enumerate() {
                    if index > 0 {
                        out.0.push(',');
                    }
                    token(out, &Value::from(&*member.name).to_string(), member.span);
                    out.0.push(':');
                    member.value.write(out);
                }
                token(out, "}", self.end);
            }
        }
    }
}

impl Call {
    /// `${Name}` or `${Function.Arn}` for what these functions name, and the function's name for others.
    pub(crate) fn placeholder(&self) -> String {
        let parts = match &self.argument.kind {
            TreeKind::Text(text) => Some(text.to_string()),
            TreeKind::List(parts) => parts.iter().map(Tree::text).collect::<Option<Vec<_>>>().map(|it| it.join(".")),
            _ => None,
        };
        let names = matches!(&*self.function, "Ref" | "Fn::GetAtt");
        let name = parts.filter(|parts| names && is_name(parts));
        format!("${{{}}}", name.as_deref().unwrap_or(self.function.trim_start_matches("Fn::")))
    }
}

/// Whether a text can stand between the braces of a placeholder.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | ':' | '_' | '-'))
}

fn token(out: &mut (String, Places), json: &str, place: Span) {
    let start = out.0.len();
    out.0.push_str(json);
    out.1.made(start, out.0.len(), place);
}

/// What a tag makes of the value behind it.
fn called(function: Option<&Tag>, argument: Tree) -> Tree {
    let Some(tag) = function else { return argument };
    let function = match &*tag.suffix {
        name @ ("Ref" | "Condition") => name.to_owned(),
        name => format!("Fn::{name}"),
    };
    let (span, end) = (argument.span, argument.end);
    Tree { span, end, kind: TreeKind::Call(Box::new(Call { function, argument })) }
}

/// A tag that is not YAML's own.
fn filled_in_later(tag: Option<&Tag>) -> Option<&Tag> {
    tag.filter(|tag| !tag.is_yaml_core_schema() && !tag.suffix.is_empty())
}

/// What a scalar is.
fn scalar(value: &str, style: ScalarStyle, tag: Option<&Tag>) -> TreeKind {
    let text = || TreeKind::Text(value.into());
    if style != ScalarStyle::Plain || tag.is_some_and(|tag| tag.suffix == "str") {
        return text();
    }
    let plain = match value {
        "" | "~" | "null" | "Null" | "NULL" => Some("null".to_owned()),
        "true" | "True" | "TRUE" => Some("true".to_owned()),
        "false" | "False" | "FALSE" => Some("false".to_owned()),
        _ => number(value),
    };
    plain.map_or_else(text, TreeKind::Plain)
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

    fn to_json(yaml: &str) -> Result<(String, Places), YamlError> {
        Ok(read(yaml)?.root.map(|root| root.to_json()).unwrap_or_default())
    }

    fn json(yaml: &str) -> String {
        match to_json(yaml) {
            Ok((json, _)) => json,
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
            ("Resource: !GetAtt Function.Arn", r#"{"Resource":"${Function.Arn}"}"#),
            ("[!Ref Topic, !GetAtt [A, B.C], !Sub 'a-${B}']", r#"["${Topic}","${A.B.C}","${Sub}"]"#),
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
            let found: Vec<Doubtful> = read(yaml).unwrap().doubtful.iter().map(|(found, _)| *found).collect();
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
                Ok((json, places)) => {
                    if !json.is_empty() {
                        prop_assert!(json.parse::<Value>().is_ok(), "{text:?} became {json}");
                    }
                    for start in 0..=json.len() {
                        let place = places.place(Span { start, end: start + 1 });
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
        let (json, places) = to_json(yaml).unwrap();
        let shown = |piece: &str| {
            let start = json.find(piece).unwrap();
            let place = places.place(Span { start, end: start + piece.len() });
            &yaml[place.start..place.end]
        };
        assert_eq!(json, r#"{"é":"ü","States":{"A":{"Type":"Pas","End":1}}}"#);
        assert_eq!(shown("\"ü\""), "ü");
        assert_eq!(shown("\"Pas\""), "Pas");
        assert_eq!(shown("\"States\""), "States");
        assert_eq!(shown("{\"Type\""), "Type");
        // The start of an object is its first name.
        let object = json.find("{\"Type\"").unwrap();
        let place = places.place(Span { start: object, end: object + 1 });
        assert_eq!(&yaml[place.start..place.end], "Type");
    }
}
