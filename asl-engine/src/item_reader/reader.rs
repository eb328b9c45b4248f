//! What an ItemReader asks for, one request after another, and the items that the answers bring.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::manifest::named;
use super::object::{Object, Taken};
use super::{InputType, ManifestType, failed};
use crate::definition::ast::ItemReader;
use crate::task::{Failure, Outcome, TaskRequest};
use crate::time::Timestamp;
use crate::value::{Array, Number, Value, double_text};

/// The resource that reads one object, or a piece of one.
pub(crate) const GET_OBJECT: &str = "arn:aws:states:::s3:getObject";

/// Reads items. It asks as S3's API is asked, and is answered in its shapes:
///
/// - `getObject` with a `Range` from the second piece on; the answer has the text as `Body`, and a `ContentRange` unless it
///   is the whole object. A plain text is a whole object, a plain list its items.
///   Where the request says that the piece begins with a line of JSON (`"ReaderConfig": {"InputType": "JSONL"}`), `Body` may be
///   the [values of its whole lines](json_lines) instead. The piece behind it is asked for at once then, so that whoever answers
///   takes it apart while the items of this one are worked on.
/// - `listObjectsV2` with a `ContinuationToken` from the second page on; the answer has `Contents` and maybe a
///   `NextContinuationToken`. A plain list is the items.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reader {
    /// The first request.
    request: TaskRequest,
    input_type: Option<InputType>,
    manifest: Option<ManifestType>,
    lists: bool,
    flattens: bool,
    /// How many items it may still give.
    left: usize,
    /// The objects to be read, each with its bucket and key, and what they hold.
    objects: Queue,
    holds: Holds,
    /// The one that is being read.
    open: Option<Open>,
    /// Items that came as values, and the object or bucket that they are from.
    ready: Queue,
    ready_from: Arc<str>,
    /// What the next page of the list is asked with.
    page: Page,
    asked: Option<Asked>,
    /// The piece behind the items that are ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ahead: Option<Result<Body, Failure>>,
    total: Total,
}

/// Values that are taken one after another. As they are one list, they are saved once, and then how many are taken.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Queue {
    all: Value,
    taken: usize,
}

impl Queue {
    fn pop(&mut self) -> Option<Value> {
        let next = self.all.as_array()?.get(self.taken)?.clone();
        self.taken += 1;
        if self.is_empty() {
            *self = Self::default();
        }
        Some(next)
    }

    fn len(&self) -> usize {
        self.all.as_array().map_or(0, |all| all.len() - self.taken)
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl From<Value> for Queue {
    fn from(all: Value) -> Self {
        Self { all, taken: 0 }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Source {
    bucket: Arc<str>,
    key: Arc<str>,
    holds: Holds,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Holds {
    Items(InputType),
    Names(ManifestType),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Open {
    source: Source,
    uri: Arc<str>,
    /// The text of a manifest as far as it is there.
    manifest: String,
    items: Object,
    /// Where the next piece begins.
    next: u64,
    /// Whether that is in the middle of a line.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    in_line: bool,
}

/// A piece of an object as it was answered, and its `ContentRange`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Body {
    body: Value,
    range: Option<Value>,
}

impl Body {
    fn of(answer: &Value) -> Self {
        match answer {
            Value::Object(members) => Self {
                body: members.get("Body").cloned().unwrap_or_default(),
                range: members.get("ContentRange").cloned(),
            },
            whole => Self { body: whole.clone(), range: None },
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Page {
    First,
    After(Value),
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Asked {
    Page,
    Piece,
}

/// How many items there are in all: counting them takes apart all the text that is there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Total {
    NotCounted,
    /// Only an answer that is still to come can tell.
    NotYet,
    Known(usize),
}

/// What comes next from a reader.
pub(crate) enum Pulled {
    /// An item, with its name where the items are the members of an object, and where it is from.
    Item {
        /// The name.
        key: Option<Arc<str>>,
        /// The item itself.
        value: Value,
        /// The URI of its object or bucket.
        source: Arc<str>,
    },
    /// Ask this, and hand in the answer.
    Ask(TaskRequest),
    /// What was asked for has not been answered.
    Waits,
    /// There are no more.
    End,
}

impl Reader {
    /// A reader that asks with `request` first, and gives `most` items at most.
    pub(crate) fn new(reader: &ItemReader, request: TaskRequest, most: usize) -> Self {
        let lists = reader.lists();
        let text = |name: &str| -> Arc<str> { request.input[name].as_str().unwrap_or_default().into() };
        let holds = match (reader.manifest, &reader.input_type) {
            (Some(manifest), _) => Holds::Names(manifest),
            (None, input_type) => Holds::Items(input_type.clone().unwrap_or(InputType::JsonLines)),
        };
        let (page, objects) = match lists {
            true => (Page::First, Queue::default()),
            false => (Page::None, Value::from(vec![object(text("Bucket"), text("Key"))]).into()),
        };
        Self {
            ready_from: format!("s3://{}", text("Bucket")).into(),
            request,
            input_type: reader.input_type.clone(),
            manifest: reader.manifest,
            lists,
            flattens: reader.flattens,
            left: most,
            objects,
            holds,
            open: None,
            ready: Queue::default(),
            page,
            asked: None,
            ahead: None,
            total: Total::NotCounted,
        }
    }

    /// The next item, or what has to be asked for it. The failure is `States.ItemReaderFailed`.
    pub(crate) fn pull(&mut self) -> Result<Pulled, Failure> {
        loop {
            if self.left == 0 {
                return Ok(Pulled::End);
            }
            if self.asks_ahead() {
                self.asked = Some(Asked::Piece);
                return Ok(Pulled::Ask(self.piece()));
            }
            if let Some(value) = self.ready.pop() {
                self.left -= 1;
                return Ok(Pulled::Item { key: None, value, source: self.ready_from.clone() });
            }
            if let Some(body) = self.ahead.take() {
                self.count_again();
                self.fed(&body?).map_err(failed)?;
                continue;
            }
            if self.asked.is_some() {
                return Ok(Pulled::Waits);
            }
            if let Some(open) = &mut self.open {
                match open.items.take().map_err(failed)? {
                    Taken::Item(key, value) => {
                        self.left -= 1;
                        return Ok(Pulled::Item { key, value, source: open.uri.clone() });
                    }
                    Taken::NeedsMore => {
                        let request = self.piece();
                        self.asked = Some(Asked::Piece);
                        return Ok(Pulled::Ask(request));
                    }
                    Taken::End => self.open = None,
                }
                continue;
            }
            if let Some(object) = self.objects.pop() {
                let text = |name: &str| -> Arc<str> { object[name].as_str().unwrap_or_default().into() };
                let source = Source { bucket: text("Bucket"), key: text("Key"), holds: self.holds.clone() };
                let input_type = match &source.holds {
                    Holds::Items(input_type) => input_type,
                    Holds::Names(_) => &InputType::JsonLines,
                };
                let items = Object::new(input_type).map_err(failed)?;
                let uri = format!("s3://{}/{}", source.bucket, source.key).into();
                self.open = Some(Open { source, uri, manifest: String::new(), items, next: 0, in_line: false });
                continue;
            }
            let token = match &self.page {
                Page::None => return Ok(Pulled::End),
                Page::First => None,
                Page::After(token) => Some(("ContinuationToken", token.clone())),
            };
            let mut request = self.request.clone();
            request.input = with(&request.input, token);
            self.asked = Some(Asked::Page);
            return Ok(Pulled::Ask(request));
        }
    }

    /// Whether to ask for the piece behind the items that are ready.
    fn asks_ahead(&self) -> bool {
        let has_more = self.open.as_ref().is_some_and(|open| !open.items.is_whole());
        has_more
            && !self.ready.is_empty()
            && self.left > self.ready.len()
            && self.asked.is_none()
            && self.ahead.is_none()
    }

    /// The request for the next piece of the open object.
    fn piece(&self) -> TaskRequest {
        let mut request = self.request.clone();
        let Some(Open { source, next, in_line, .. }) = &self.open else { return request };
        if self.lists || self.manifest.is_some() {
            let owner =
                self.request.input.get("ExpectedBucketOwner").map(|owner| ("ExpectedBucketOwner", owner.clone()));
            let named = [("Bucket", source.bucket.clone().into()), ("Key", source.key.clone().into())];
            let is_first = matches!(source.holds, Holds::Names(_));
            if !is_first {
                request.input = named.into_iter().chain(owner).collect();
            }
            request.resource = GET_OBJECT.into();
        }
        let input_type = match &source.holds {
            Holds::Items(InputType::Parquet) => Some("PARQUET"),
            Holds::Items(InputType::JsonLines) if !in_line => Some("JSONL"),
            _ => None,
        };
        let config = input_type.map(|input_type| ("ReaderConfig", [("InputType", Value::from(input_type))].into()));
        let range = (*next > 0).then(|| ("Range", format!("bytes={next}-").into()));
        request.input = with(&request.input, config.into_iter().chain(range));
        request
    }

    /// Its larger values, each of which can be put in the place of another.
    pub(crate) fn values(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        visit(&mut self.objects.all);
        visit(&mut self.ready.all);
        if let Some(Ok(ahead)) = &mut self.ahead {
            visit(&mut ahead.body);
        }
        if let Some(open) = &mut self.open {
            open.items.text(visit);
        }
    }

    /// Forgets that the piece behind the items that are ready could not be read: it is asked for again.
    pub(crate) fn redrive(&mut self) {
        self.ahead = self.ahead.take().filter(Result::is_ok);
    }

    /// Takes the answer to what was asked for. The failure is `States.ItemReaderFailed`.
    pub(crate) fn answered(&mut self, answer: Outcome) -> Result<(), Failure> {
        // After a redrive, what was asked for before may still come.
        let Some(asked) = self.asked.take() else { return Ok(()) };
        let answer = answer.map_err(|failure| failed(failure.to_string()));
        if !self.ready.is_empty() {
            // What it says, an error as well, comes after the items before it.
            self.ahead = Some(answer.map(|answer| Body::of(&answer)));
            return Ok(());
        }
        self.count_again();
        match asked {
            Asked::Page => self.listed(&answer?).map_err(failed),
            Asked::Piece => self.fed(&Body::of(&answer?)).map_err(failed),
        }
    }

    fn count_again(&mut self) {
        if self.total == Total::NotYet {
            self.total = Total::NotCounted;
        }
    }

    fn listed(&mut self, answer: &Value) -> Result<(), String> {
        self.page = Page::None;
        if let Value::Array(items) = answer {
            self.ready = Value::Array(items.clone()).into();
            return Ok(());
        }
        let contents = match answer.get("Contents") {
            Some(Value::Array(contents)) => contents.clone(),
            None if answer.as_object().is_some() => Array::from(Vec::new()),
            _ => return Err("The list of objects cannot be read.".to_owned()),
        };
        if let Some(token @ Value::String(_)) = answer.get("NextContinuationToken") {
            self.page = Page::After(token.clone());
        }
        if !self.flattens {
            self.ready = contents.iter().map(listed_item).collect::<Value>().into();
            return Ok(());
        }
        let bucket: Arc<str> = self.request.input["Bucket"].as_str().unwrap_or_default().into();
        // An empty object, such as the console makes for a folder, has no items.
        let filled = contents.iter().filter(|object| object["Size"].as_i64() != Some(0));
        self.objects = filled
            .filter_map(|object| object["Key"].as_str().map(|key| self::object(bucket.clone(), key.into())))
            .collect::<Value>()
            .into();
        self.holds = Holds::Items(self.input_type.clone().unwrap_or(InputType::JsonLines));
        Ok(())
    }

    fn fed(&mut self, Body { body, range }: &Body) -> Result<(), String> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let behind = behind(range.as_ref().and_then(Value::as_str));
        let text = match (body, &open.source.holds) {
            (Value::String(text), _) => text.clone(),
            (Value::Array(items), Holds::Items(_)) => {
                self.ready_from = open.uri.clone();
                self.ready = Value::Array(items.clone()).into();
                match behind.filter(|(_, last)| !last && !items.is_empty()) {
                    Some((next, _)) => {
                        open.next = next;
                        open.items.passed(items.len());
                    }
                    None => self.open = None,
                }
                return Ok(());
            }
            _ => return Err("The object cannot be read as text.".to_owned()),
        };
        let (next, last) = behind.filter(|_| !text.is_empty()).unwrap_or((0, true));
        (open.next, open.in_line) = (next, !text.ends_with('\n'));
        let Holds::Names(kind) = open.source.holds else {
            open.items.feed(text, last);
            return Ok(());
        };
        open.manifest.push_str(&text);
        if last {
            let (named, input_type) = named(&open.manifest, kind, self.input_type.as_ref())?;
            self.open = None;
            self.objects = named.into();
            self.holds = Holds::Items(input_type);
        }
        Ok(())
    }

    /// How many items there are in all, where everything that tells is there; `given` have come out. They are counted once
    /// at most after each answer.
    pub(crate) fn total(&mut self, given: usize) -> Option<usize> {
        if self.total == Total::NotCounted {
            self.total = self.remaining().map_or(Total::NotYet, |remaining| Total::Known(given + remaining));
        }
        match self.total {
            Total::Known(total) => Some(total),
            Total::NotCounted | Total::NotYet => None,
        }
    }

    /// How many items are still to come, where everything that tells is there.
    fn remaining(&self) -> Option<usize> {
        let mut count = self.ready.len();
        let mut items = self.open.as_ref().map(|open| open.items.clone());
        while count < self.left
            && let Some(open) = &mut items
        {
            match open.take() {
                Ok(Taken::Item(..)) => count += 1,
                Ok(Taken::End) => items = None,
                Ok(Taken::NeedsMore) | Err(_) => return None,
            }
        }
        let is_all = self.objects.is_empty() && self.page == Page::None && self.asked.is_none() && self.ahead.is_none();
        (is_all || count >= self.left).then_some(count.min(self.left))
    }
}

/// An object that is to be read.
pub(super) fn object(bucket: Arc<str>, key: Arc<str>) -> Value {
    [("Bucket", Value::from(bucket)), ("Key", key.into())].into()
}

/// Where the piece after a `ContentRange` such as `bytes 0-99/200` begins, and whether there is none. `*` is a length that is
/// not known yet.
fn behind(range: Option<&str>) -> Option<(u64, bool)> {
    let (range, length) = range?.strip_prefix("bytes ")?.split_once('/')?;
    let next = range.split_once('-')?.1.parse::<u64>().ok()?.checked_add(1)?;
    let last = length.parse::<u64>().is_ok_and(|length| next >= length);
    Some((next, last))
}

fn with(object: &Value, more: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let Value::Object(members) = object else { return object.clone() };
    more.into_iter().fold(members.clone(), |members, (name, value)| members.with(name, value)).into()
}

/// An object of a list as it is an item: AWS developer guide, "ItemReader (Map)". Times are seconds, as Java writes them.
fn listed_item(object: &Value) -> Value {
    let member = |name: &str| object.get(name).cloned();
    let seconds = match object.get("LastModified") {
        Some(Value::String(text)) => Timestamp::parse(text).map(|time| time.0 as f64 / 1000.0),
        Some(Value::Number(seconds)) => Some(seconds.as_f64()),
        _ => None,
    };
    let seconds = seconds.map(|seconds| Value::from(Number::from_json_text(&double_text(seconds))));
    [
        ("Etag", member("ETag").or_else(|| member("Etag")).unwrap_or_default()),
        ("Key", member("Key").unwrap_or_default()),
        ("LastModified", seconds.unwrap_or_default()),
        ("Size", member("Size").unwrap_or_default()),
        ("StorageClass", member("StorageClass").unwrap_or_else(|| "STANDARD".into())),
    ]
    .into()
}

#[cfg(test)]
mod tests {
    use super::super::json_lines;
    use super::*;

    /// A reader of one object with a number on each line, that has asked for its first piece.
    fn reader() -> Reader {
        let request = TaskRequest {
            state: "Each".into(),
            token: "token".into(),
            ..TaskRequest::new(GET_OBJECT, [("Bucket", "b".into()), ("Key", Value::from("k"))].into())
        };
        let mut reader = Reader {
            request,
            input_type: None,
            manifest: None,
            lists: false,
            flattens: false,
            left: usize::MAX,
            objects: Value::from(vec![object("b".into(), "k".into())]).into(),
            holds: Holds::Items(InputType::JsonLines),
            open: None,
            ready: Queue::default(),
            ready_from: "s3://b".into(),
            page: Page::None,
            asked: None,
            ahead: None,
            total: Total::NotCounted,
        };
        assert!(matches!(reader.pull(), Ok(Pulled::Ask(_))));
        reader
    }

    fn piece(text: &str, range: &str) -> Outcome {
        Ok([("Body", Value::from(text)), ("ContentRange", range.into())].into())
    }

    #[test]
    fn items_are_counted_once_after_each_answer() {
        let mut reader = reader();
        assert_eq!(reader.total(0), None);
        reader.answered(piece("1\n2\n", "bytes 0-3/8")).unwrap();
        assert_eq!(reader.total(0), None);
        // The same without the text: it is not taken apart again.
        let text = reader.open.take();
        assert_eq!(reader.total(0), None);
        reader.open = text;
        for _ in 0..2 {
            assert!(matches!(reader.pull(), Ok(Pulled::Item { .. })));
        }
        assert!(matches!(reader.pull(), Ok(Pulled::Ask(_))));
        assert_eq!(reader.total(2), None);
        reader.answered(piece("3\n4\n", "bytes 4-7/8")).unwrap();
        assert_eq!(reader.total(2), Some(4));
        reader.open = None;
        assert_eq!(reader.total(3), Some(4));
    }

    #[test]
    fn a_bound_tells_how_many_items_there_are_before_the_last_piece() {
        for (most, total) in [(0, Some(0)), (2, Some(2)), (3, None)] {
            let mut reader = Reader { left: most, ..reader() };
            reader.answered(piece("1\n2\n", "bytes 0-3/8")).unwrap();
            assert_eq!(reader.total(0), total, "at most {most}");
        }
    }

    /// What a reader of lines gives when the object comes in pieces of so many bytes, with the error that ends it; `values`
    /// where the lines come as their values. Beside it, how often it asked before it had nothing to give.
    fn read(text: &str, bytes: usize, values: bool) -> (Vec<String>, usize) {
        let (mut reader, mut asked) = (reader(), Some("bytes=0-".to_owned()));
        let (mut given, mut ahead) = (Vec::new(), 0);
        loop {
            if let Some(range) = asked.take() {
                let from: usize = range["bytes=".len()..range.len() - 1].parse().unwrap();
                let end = (from + bytes).min(text.len());
                let has_lines = !reader.open.as_ref().unwrap().in_line;
                let lines = json_lines(&text[from..end], end == text.len()).filter(|_| values && has_lines);
                let (body, len) = lines.unwrap_or_else(|| (text[from..end].into(), end - from));
                let range = format!("bytes {from}-{}/{}", from + len - 1, text.len());
                reader.answered(Ok([("Body", body), ("ContentRange", range.into())].into())).unwrap();
            }
            match reader.pull() {
                Ok(Pulled::Item { value, .. }) => given.push(value.to_string()),
                Ok(Pulled::Ask(request)) => {
                    ahead += usize::from(!reader.ready.is_empty());
                    asked = Some(request.input["Range"].as_str().unwrap().to_owned());
                    let says = request.input["ReaderConfig"]["InputType"].as_str();
                    assert_eq!(says == Some("JSONL"), !reader.open.as_ref().unwrap().in_line);
                }
                Ok(Pulled::Waits) => unreachable!("it is answered at once"),
                Ok(Pulled::End) => return (given, ahead),
                Err(failure) => {
                    given.push(failure.to_string());
                    return (given, ahead);
                }
            }
        }
    }

    #[test]
    fn lines_that_come_as_values_are_those_of_the_text() {
        let long = format!("1\n\"{}\"\n2\n3\n", "x".repeat(40));
        for text in
            ["1\n2\n3\n4\n5\n6", "1\r\n[2]\n{\"a\": 3}\n", "1\n\n2\n \n3", "1\n2\nx\n4\n", "1\n2\n3\n[4\n5\n", &long]
        {
            let (expected, _) = read(text, text.len(), false);
            for bytes in 1..=text.len() {
                assert_eq!(read(text, bytes, false).0, expected, "{text:?} in pieces of {bytes}");
                assert_eq!(read(text, bytes, true).0, expected, "{text:?} in pieces of {bytes}, as values");
            }
        }
        let (given, ahead) = read("1\n2\n3\n4\n5\n6\n", 4, true);
        assert_eq!((given.len(), ahead), (6, 2));
    }

    #[test]
    fn what_comes_ahead_is_told_after_what_is_ready() {
        let mut reader = reader();
        let lines = Value::from([Value::from(1), 2.into()].into_iter().collect::<Array>());
        let range = ("ContentRange", "bytes 0-3/8".into());
        reader.answered(Ok([("Body", lines), range].into())).unwrap();
        assert!(matches!(reader.pull(), Ok(Pulled::Ask(_))));
        reader.answered(Err(Failure::new("S3.S3Exception", "gone"))).unwrap();
        for _ in 0..2 {
            assert!(matches!(reader.pull(), Ok(Pulled::Item { .. })));
        }
        let mut redriven = reader.clone();
        let failure = reader.pull().err().unwrap();
        assert_eq!(failure.error.as_deref(), Some("States.ItemReaderFailed"));
        // It is asked for again when its Map Run goes on.
        redriven.redrive();
        assert!(matches!(redriven.pull(), Ok(Pulled::Ask(_))));
        redriven.answered(piece("3\n4\n", "bytes 4-7/8")).unwrap();
        // What nobody has asked for is nothing.
        redriven.answered(piece("5\n", "bytes 8-9/10")).unwrap();
        let given: Vec<String> = std::iter::from_fn(|| match redriven.pull() {
            Ok(Pulled::Item { value, .. }) => Some(value.to_string()),
            _ => None,
        })
        .collect();
        assert_eq!(given, ["3", "4"]);
    }
}
