//! Compares what happened with what was recorded, as the recordings ask for: texts that are JSON are compared as JSON,
//! `<name>` stands for any text, and what depends on the day is left out.

use std::collections::BTreeMap;

use serde_json::Value;

/// What the wildcards of one case stand for.
#[derive(Clone, Default)]
pub(crate) struct Bindings {
    bound: BTreeMap<String, String>,
    /// Words that stand for any value in this case.
    masks: Vec<String>,
}

/// Words that stand for any value where they are the whole value.
const ANYTHING: [&str; 11] = [
    "timestamp",
    "date",
    "datetime",
    "start-date",
    "stop-date",
    "RequestId",
    "x-amzn-RequestId",
    "x-amz-crc32",
    "start-time",
    "entered-time",
    "generated-uuid",
];

/// Members that say nothing about the execution.
const DROPPED: [&str; 7] = [
    "timestamp",
    "ResponseMetadata",
    "SdkHttpMetadata",
    "SdkResponseMetadata",
    "billingDetails",
    "inputDetails",
    "outputDetails",
];

/// Fields that hold JSON text.
const JSON_TEXTS: [&str; 3] = ["input", "output", "parameters"];

/// A value in the form that is compared.
pub(crate) fn normal(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| !DROPPED.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), normal(&parsed(value))))
            .collect(),
        Value::Array(items) => items.iter().map(normal).collect(),
        other => other.clone(),
    }
}

/// A text that is a JSON object becomes that object.
fn parsed(value: &Value) -> Value {
    match value {
        Value::String(text) if text.starts_with('{') => {
            serde_json::from_str(text).ok().filter(Value::is_object).unwrap_or_else(|| value.clone())
        }
        other => other.clone(),
    }
}

/// An event of ours in the form that is compared.
pub(crate) fn normal_event(event: &asl_engine::HistoryEvent) -> Value {
    let mut json = Value::from(&event.to_json());
    for details in json.as_object_mut().into_iter().flat_map(|members| members.values_mut()) {
        let Value::Object(members) = details else { continue };
        for (name, value) in members {
            if JSON_TEXTS.contains(&name.as_str()) {
                read_text(value);
            } else if name == "assignedVariables" {
                value.as_object_mut().into_iter().flat_map(|members| members.values_mut()).for_each(read_text);
            }
        }
    }
    normal(&json)
}

fn read_text(value: &mut Value) {
    if let Some(read) = value.as_str().and_then(|text| serde_json::from_str(text).ok()) {
        *value = read;
    }
}

/// Whether `ours` is what was recorded; the error is the first difference.
pub(crate) fn agree(recorded: &Value, ours: &Value, bindings: &mut Bindings, at: &str) -> Result<(), String> {
    let differs = || Err(format!("{at}: recorded {}, ours {}", short(recorded), short(ours)));
    match (recorded, ours) {
        (Value::String(word), _) if ANYTHING.contains(&word.as_str()) || bindings.masks.contains(word) => Ok(()),
        (Value::String(recorded), ours) if recorded.contains('<') || recorded.contains("date") => {
            let text = ours.as_str().map_or_else(|| ours.to_string(), str::to_owned);
            if bindings.matches(recorded, &text) { Ok(()) } else { differs() }
        }
        (Value::Object(left), Value::Object(right)) => {
            for (name, value) in left {
                match right.get(name) {
                    Some(ours) => agree(value, ours, bindings, &format!("{at}/{name}"))?,
                    None => return Err(format!("{at}/{name}: recorded {}, ours has none", short(value))),
                }
            }
            match right.iter().find(|(name, _)| !left.contains_key(*name)) {
                Some((name, value)) => Err(format!("{at}/{name}: not recorded, ours {}", short(value))),
                None => Ok(()),
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            let mut items = left.iter().zip(right).enumerate();
            items.try_for_each(|(index, (left, right))| agree(left, right, bindings, &format!("{at}[{index}]")))
        }
        (Value::Number(left), Value::Number(right)) if left.as_f64() == right.as_f64() => Ok(()),
        (left, right) if left == right => Ok(()),
        _ => differs(),
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(300) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

impl Bindings {
    /// With the words that the recording of `case` put in the place of values.
    pub(crate) fn of(case: &Value) -> Self {
        let rules = ["jsonpath", "regex"].into_iter().flat_map(|kind| case["placeholders"][kind].as_array());
        let word = |rule: &Value| rule["replacement"].as_str().map(str::to_owned);
        Self { bound: BTreeMap::new(), masks: rules.flatten().filter_map(word).collect() }
    }

    /// Whether `text` is `pattern`, in which `<name>` stands for any text, the same at each place, and `date` for any
    /// timestamp.
    fn matches(&mut self, pattern: &str, text: &str) -> bool {
        let Some((before, token, after)) = next_token(pattern) else { return pattern == text };
        let Some(rest) = text.strip_prefix(before) else { return false };
        if let Some(bound) = self.bound.get(token).filter(|_| token != "date") {
            let bound = bound.clone();
            return rest.strip_prefix(bound.as_str()).is_some_and(|rest| self.matches(after, rest));
        }
        for end in (0..=rest.len()).filter(|end| rest.is_char_boundary(*end)) {
            let mut tried = self.clone();
            tried.bound.insert(token.to_owned(), rest[..end].to_owned());
            if tried.matches(after, &rest[end..]) {
                *self = tried;
                return true;
            }
        }
        false
    }
}

/// The first wildcard of a pattern, with what stands before and behind it.
fn next_token(pattern: &str) -> Option<(&str, &str, &str)> {
    let bracketed = pattern.find('<').and_then(|start| Some((start, start + closing_bracket(&pattern[start..])? + 1)));
    let whole_word = |start: &usize| {
        let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        !letter(pattern[..*start].chars().next_back()) && !letter(pattern[*start + 4..].chars().next())
    };
    let dated = pattern.match_indices("date").map(|(start, _)| start).find(whole_word).map(|start| (start, start + 4));
    let (start, end) = match (bracketed, dated) {
        (Some(left), Some(right)) => left.min(right),
        (found, None) | (None, found) => found?,
    };
    Some((&pattern[..start], &pattern[start..end], &pattern[end..]))
}

/// Where the bracket that opens a text is closed: `<<task_token>:1>` is one wildcard.
fn closing_bracket(text: &str) -> Option<usize> {
    let mut depth = 0;
    text.char_indices().find_map(|(at, c)| {
        depth += match c {
            '<' => 1,
            '>' => -1,
            _ => 0,
        };
        (depth == 0).then_some(at)
    })
}
