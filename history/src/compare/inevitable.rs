//! What differs between any two runs: their names, their times, and the ids that they make or get.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use asl_engine::{Timestamp, Value};

use crate::course::{Attempt, Course};
use crate::difference::Difference;

/// How far a service's clock may be from ours, in milliseconds.
const SLACK: i64 = 1_000;

/// A text that is shorter is no task token: those of AWS have some hundred characters, ours 43.
const SHORTEST_TOKEN: usize = 43;

/// A text that is longer is neither a task token nor an ARN. API reference of Step Functions, `SendTaskSuccess`.
const LONGEST: usize = 2_048;

/// How long the name of an execution is that nobody has named: `run-1795968578666`.
const UNNAMED: usize = 17;

/// No time is longer.
const LONGEST_TIME: usize = 40;

/// Headers and members that each answer has its own of, and digests of what was sent, which is compared itself.
const OF_CALLS: [&str; 15] = [
    "requestid",
    "x-amzn-requestid",
    "x-amzn-request-id",
    "x-amz-request-id",
    "x-amz-requestid",
    "x-amz-id-2",
    "x-amzn-trace-id",
    "x-amz-apigw-id",
    "x-amz-cf-id",
    "x-amzn-remapped-date",
    "amz-sdk-invocation-id",
    "receipthandle",
    "sequencenumber",
    "md5ofmessagebody",
    "md5ofmessageattributes",
];

/// What is inevitable between two runs.
pub(super) struct Inevitable<'a> {
    runs: [Run<'a>; 2],
    /// The ids of one with those of the other: the same one stands for the same one.
    renamed: [BTreeMap<String, String>; 2],
}

/// What one run has of its own.
struct Run<'a> {
    /// Names of executions.
    names: Words<&'a str>,
    tokens: Words<String>,
    /// While it ran, in milliseconds.
    during: Option<(i64, i64)>,
    /// The text of its input: what is there was given to it.
    input: String,
}

/// Words that texts may have, and how long the longest is: no text is looked through for a longer one.
struct Words<T> {
    all: BTreeSet<T>,
    longest: usize,
}

/// A part of a text.
#[derive(Debug, PartialEq)]
enum Piece<'t> {
    /// What has to be the same.
    Text(&'t str),
    /// An id that stands for one of the other run.
    Id(&'t str),
    /// A time, or the number of an event.
    Moment,
}

impl<'a> Inevitable<'a> {
    pub(super) fn of(first: &'a Course, second: &'a Course) -> Self {
        Self { runs: [Run::of(first), Run::of(second)], renamed: Default::default() }
    }

    /// Whether there had to be a difference.
    pub(super) fn explains(&mut self, difference: &Difference) -> bool {
        if is_of_call(&difference.at) {
            return true;
        }
        match (&difference.expected, &difference.found) {
            (Some(Value::String(one)), Some(Value::String(other))) => self.stands_for(one, other),
            (Some(Value::Number(one)), Some(Value::Number(other))) => {
                self.runs[0].is_moment(one.as_f64()) && self.runs[1].is_moment(other.as_f64())
            }
            _ => false,
        }
    }

    fn stands_for(&mut self, one: &str, other: &str) -> bool {
        let [ours, theirs] = [self.runs[0].pieces(one), self.runs[1].pieces(other)];
        let is_same = |(one, other): (&Piece<'_>, &Piece<'_>)| match (one, other) {
            (Piece::Text(one), Piece::Text(other)) => one == other,
            (Piece::Id(one), Piece::Id(other)) => self.is_renamed(one, other),
            (one, other) => one == other,
        };
        if ours.len() != theirs.len() || !ours.iter().zip(&theirs).all(is_same) {
            return false;
        }
        for pair in ours.iter().zip(&theirs) {
            if let (Piece::Id(one), Piece::Id(other)) = pair {
                self.renamed[0].insert((*one).to_owned(), (*other).to_owned());
                self.renamed[1].insert((*other).to_owned(), (*one).to_owned());
            }
        }
        true
    }

    /// Whether two ids stand for each other, or for none yet.
    fn is_renamed(&self, one: &str, other: &str) -> bool {
        let known = [self.renamed[0].get(one), self.renamed[1].get(other)];
        known[0].is_none_or(|known| known == other) && known[1].is_none_or(|known| known == one)
    }
}

/// Whether a place is that of a request id, or of what else comes with each answer of a service.
fn is_of_call(at: &str) -> bool {
    let lower = at.to_ascii_lowercase();
    if lower.contains(".sdkhttpmetadata") {
        return !lower.ends_with(".httpstatuscode");
    }
    let name = lower.trim_end_matches(|c: char| c == ']' || c == '[' || c.is_ascii_digit());
    let name = name.trim_end_matches('"');
    let start = name.rfind(['.', '"']).map_or(0, |at| at + 1);
    let name = &name[start..];
    OF_CALLS.contains(&name) || name == "date" && lower.contains("headers")
}

impl<'a> Run<'a> {
    fn of(course: &'a Course) -> Self {
        let execution = course.execution();
        let names = course.frames.iter().filter_map(|frame| frame.arn.as_deref()?.rsplit(':').next());
        let span = execution.span;
        // One that has not ended goes on.
        let during = span
            .from
            .map(|from| (from.0.saturating_sub(SLACK), span.to.map_or(i64::MAX, |to| to.0.saturating_add(SLACK))));
        let attempts = course.visits.iter().flat_map(|visit| &visit.attempts);
        let mut tokens = BTreeSet::new();
        attempts.for_each(|attempt| collect_tokens(attempt, &mut tokens));
        Self {
            names: Words::from(names.filter(|name| !name.is_empty()).collect::<BTreeSet<_>>()),
            tokens: tokens.into(),
            during,
            input: execution.input.as_ref().map(Value::json_text).unwrap_or_default(),
        }
    }

    /// Whether a number is a time while it ran, in milliseconds or seconds since 1970.
    fn is_moment(&self, number: f64) -> bool {
        let is_during =
            |millis: f64| self.during.is_some_and(|(from, to)| millis >= from as f64 && millis <= to as f64);
        is_during(number) || is_during(number * 1000.0)
    }

    fn pieces<'t>(&self, text: &'t str) -> Vec<Piece<'t>> {
        let (mut pieces, mut plain, mut at) = (Vec::new(), 0, 0);
        let mut before = None;
        while let Some(c) = text[at..].chars().next() {
            let begins = !before.is_some_and(|c: char| c.is_ascii_alphanumeric());
            if let Some((kept, length, piece)) = begins.then(|| self.piece(&text[..at], &text[at..])).flatten() {
                pieces.push(Piece::Text(&text[plain..at]));
                pieces.extend(kept.map(Piece::Text));
                pieces.push(piece);
                at += length;
                plain = at;
                before = text[..at].chars().next_back();
                continue;
            }
            before = Some(c);
            at += c.len_utf8();
        }
        pieces.push(Piece::Text(&text[plain..]));
        pieces
    }

    /// What is inevitable at the start of a text: what of it has to be the same, its length, and what it is.
    fn piece<'t>(&self, before: &str, text: &'t str) -> Option<(Option<&'t str>, usize, Piece<'t>)> {
        let first = text.as_bytes().first()?;
        if *first == b'#' && before.ends_with("event id ") {
            let digits = text[1..].find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len() - 1);
            return Some((None, 1 + digits, Piece::Moment));
        }
        if text.starts_with("arn:") {
            return execution_arn(text);
        }
        let known = self.tokens.at_start(text, is_of_token).or_else(|| self.names.at_start(text, is_of_name));
        if let Some(known) = known {
            return Some((None, known.len(), Piece::Id(known)));
        }
        if let Some(id) = uuid(text).or_else(|| unnamed(text)) {
            return (!self.input.contains(id)).then_some((None, id.len(), Piece::Id(id)));
        }
        let time =
            word(text, LONGEST_TIME, |c| c.is_ascii_digit() || matches!(c, b'-' | b':' | b'.' | b'T' | b'Z' | b'+'));
        let time = time.trim_end_matches(['.', ':', '-']);
        let is_moment =
            Timestamp::parse(time).is_some_and(|at| self.is_moment(at.0 as f64)) && !self.input.contains(time);
        is_moment.then_some((None, time.len(), Piece::Moment))
    }
}

impl<T: Ord + Borrow<str>> From<BTreeSet<T>> for Words<T> {
    fn from(all: BTreeSet<T>) -> Self {
        let longest = all.iter().map(|word| word.borrow().len()).max().unwrap_or_default();
        Self { all, longest }
    }
}

impl<T: Ord + Borrow<str>> Words<T> {
    /// The one that a text begins with.
    fn at_start<'t>(&self, text: &'t str, is_part: impl Fn(u8) -> bool) -> Option<&'t str> {
        Some(word(text, self.longest, is_part)).filter(|word| self.all.contains(*word))
    }
}

/// The ASCII characters at the start of a text. Of a word that is longer than the longest comes one character more than that.
fn word(text: &str, longest: usize, is_part: impl Fn(u8) -> bool) -> &str {
    let is_part = |byte: &u8| byte.is_ascii() && is_part(*byte);
    &text[..text.bytes().take(longest.saturating_add(1)).take_while(is_part).count()]
}

fn is_of_token(c: u8) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, b'+' | b'/' | b'=' | b'-' | b'_')
}

fn is_of_name(c: u8) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_')
}

/// The name of an execution that nobody has named, at the start of a text.
fn unnamed(text: &str) -> Option<&str> {
    let name = word(text, UNNAMED, is_of_name);
    let millis = name.strip_prefix("run-").filter(|_| name.len() == UNNAMED)?;
    millis.bytes().all(|byte| byte.is_ascii_digit()).then_some(name)
}

/// The ARN of an execution or a Map Run at the start of a text. Its state machine has to be the same; neither the account and
/// region nor the name.
fn execution_arn(text: &str) -> Option<(Option<&str>, usize, Piece<'_>)> {
    let arn = word(text, LONGEST, |c| is_of_name(c) || matches!(c, b':' | b'/' | b'.'));
    let mut parts = arn.splitn(8, ':');
    let (Some("states"), Some(kind)) = (parts.nth(2), parts.nth(2)) else { return None };
    let machine = parts.next().filter(|_| matches!(kind, "execution" | "express" | "mapRun"))?;
    parts.next()?;
    Some((Some(machine), arn.len(), Piece::Id(arn)))
}

/// A UUID at the start of a text.
fn uuid(text: &str) -> Option<&str> {
    let uuid = text.get(..36)?;
    let is_part = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    let ends = !text[36..].starts_with(|c: char| c.is_ascii_alphanumeric());
    (ends && uuid.bytes().enumerate().all(is_part)).then_some(uuid)
}

/// Adds what may be the task token in what a task that waits for it has sent.
fn collect_tokens(attempt: &Attempt, tokens: &mut BTreeSet<String>) {
    let Some(sent) = &attempt.sent else { return };
    let waits = sent.get("resource").and_then(Value::as_str).is_some_and(|name| name.ends_with(".waitForTaskToken"));
    if let Some(parameters) = sent.get("parameters").filter(|_| waits) {
        collect(parameters, tokens);
    }
}

fn collect(value: &Value, tokens: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            let words = text.split(|c| !u8::try_from(c).is_ok_and(is_of_token));
            tokens.extend(words.filter(|word| is_token(word)).map(str::to_owned));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, tokens)),
        Value::Object(members) => members.values().for_each(|member| collect(member, tokens)),
        _ => {}
    }
}

/// Whether a word may be a task token: ours is a digest of 43 characters, AWS's is long and begins with `A`.
fn is_token(word: &str) -> bool {
    let has = |is_it: fn(&u8) -> bool| word.as_bytes().iter().any(is_it);
    let is_long = word.len() == SHORTEST_TOKEN || word.len() >= 100 && word.starts_with('A');
    is_long
        && word.len() <= LONGEST
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
}
