//! Item readers: what the items of a Distributed Map are, from the object that holds them.
//!
//! AWS developer guide, "ItemReader (Map)".

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::json;
use crate::task::Failure;
use crate::value::{Array, Value};

/// `InputType` with what it needs: how an object is taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum InputType {
    /// `"InputType": "JSON"`: a list
    Json,
    /// `"InputType": "JSONL"`: a value on each line
    JsonLines,
    /// `"InputType": "CSV"`
    Csv {
        /// `CSVHeaders`; `None` is `"CSVHeaderLocation": "FIRST_ROW"`.
        headers: Option<Vec<Arc<str>>>,
        /// `CSVDelimiter`
        delimiter: u8,
    },
}

/// The bytes of `CSVDelimiter` by their names; the first is the default.
pub(crate) const DELIMITERS: [(&str, u8); 5] =
    [("COMMA", b','), ("PIPE", b'|'), ("SEMICOLON", b';'), ("SPACE", b' '), ("TAB", b'\t')];

/// The items in an object's text, `most` at most. The failure is `States.ItemReaderFailed`.
pub(crate) fn items(text: &str, input_type: &InputType, most: usize) -> Result<Array, Failure> {
    let found = match input_type {
        InputType::Json => match text.parse::<Value>() {
            Ok(Value::Array(items)) => return Ok(items.iter().take(most).cloned().collect()),
            Ok(_) => Err("Attempting to map over non-iterable node.".to_owned()),
            Err(error) => Err(format!("The object is not JSON: {error}")),
        },
        InputType::JsonLines => lines(text, most),
        InputType::Csv { headers, delimiter } => rows(text, headers.as_deref(), *delimiter, most),
    };
    found.map(Array::from_iter).map_err(failed)
}

/// The failure of reading.
pub(crate) fn failed(cause: impl Into<Arc<str>>) -> Failure {
    Failure::new("States.ItemReaderFailed", cause)
}

fn lines(text: &str, most: usize) -> Result<Vec<Value>, String> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).take(most);
    let value = |(at, line): (usize, &str)| {
        line.parse::<Value>()
            .map_err(|error: json::JsonError| format!("Line {} is not JSON: {}", at + 1, error.message))
    };
    lines.map(value).collect()
}

/// Each row as an object of its columns. What is missing at its end is empty, what is too much is left out.
fn rows(text: &str, headers: Option<&[Arc<str>]>, delimiter: u8, most: usize) -> Result<Vec<Value>, String> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
    let mut records = reader.records();
    let headers: Vec<Arc<str>> = match headers {
        Some(headers) => headers.to_vec(),
        None => match records.next() {
            None => return Ok(Vec::new()),
            Some(first) => first.map_err(|error| error.to_string())?.iter().map(Arc::from).collect(),
        },
    };
    if headers.iter().collect::<BTreeSet<_>>().len() < headers.len() {
        return Err("CSV headers cannot contain duplicates.".to_owned());
    }
    let row = |record: Result<csv::StringRecord, csv::Error>| {
        let record = record.map_err(|error| error.to_string())?;
        let column = |(at, name): (usize, &Arc<str>)| (name.clone(), Value::from(record.get(at).unwrap_or_default()));
        Ok(headers.iter().enumerate().map(column).collect())
    };
    records.take(most).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, input_type: &InputType, most: usize) -> String {
        match items(text, input_type, most) {
            Ok(items) => Value::Array(items).to_string(),
            Err(failure) => failure.to_string(),
        }
    }

    fn csv(headers: Option<&[&str]>) -> InputType {
        let headers = headers.map(|headers| headers.iter().map(|header| Arc::from(*header)).collect());
        InputType::Csv { headers, delimiter: b',' }
    }

    #[test]
    fn json_has_to_be_a_list() {
        assert_eq!(read("[1,[2],3]", &InputType::Json, 2), "[1,[2]]");
        let text = "States.ItemReaderFailed: Attempting to map over non-iterable node.";
        assert_eq!(read("{\"a\":1}", &InputType::Json, 2), text);
        assert!(read("[1,", &InputType::Json, 2).starts_with("States.ItemReaderFailed: The object is not JSON: "));
    }

    #[test]
    fn json_lines_are_values() {
        assert_eq!(read("1\n\n{\"a\":2}\r\n3\n", &InputType::JsonLines, 2), r#"[1,{"a":2}]"#);
        assert!(read("1\nx", &InputType::JsonLines, 5).starts_with("States.ItemReaderFailed: Line 2 is not JSON: "));
    }

    #[test]
    fn rows_are_objects_of_their_columns() {
        assert_eq!(
            read("a,b\n1,\"x,\"\"y\"\n,,,\n   \n", &csv(None), 9),
            r#"[{"a":"1","b":"x,\"y"},{"a":"","b":""},{"a":"   ","b":""}]"#
        );
        assert_eq!(read("1,2\n3,4\n", &csv(Some(&["h"])), 1), r#"[{"h":"1"}]"#);
        assert_eq!(read("", &csv(None), 9), "[]");
        assert_eq!(read("a,a\n", &csv(None), 9), "States.ItemReaderFailed: CSV headers cannot contain duplicates.");
    }
}
