//! Item readers: what the items of a Distributed Map are, from the objects that hold them. Objects come in pieces and are
//! taken apart piece by piece, so that a reader holds no more than one piece.
//!
//! AWS developer guide, "ItemReader (Map)".

mod csv;
mod json;
mod manifest;
mod object;
mod reader;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use object::json_lines;
pub(crate) use reader::{GET_OBJECT, Pulled, Reader};

use crate::task::Failure;

/// `InputType` with what it needs: how an object is taken apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum InputType {
    /// `"InputType": "JSON"`: the items of a list, or the members of an object
    Json {
        /// `ItemsPointer`, name by name: where in the object they are
        pointer: Vec<Arc<str>>,
    },
    /// `"InputType": "JSONL"`: a value on each line
    JsonLines,
    /// `"InputType": "CSV"`
    Csv {
        /// `CSVHeaders`; `None` is `"CSVHeaderLocation": "FIRST_ROW"`.
        headers: Option<Vec<Arc<str>>>,
        /// `CSVDelimiter`
        delimiter: u8,
    },
    /// `"InputType": "PARQUET"`. Whoever reads the object gives its rows as lines of JSON.
    Parquet,
}

/// What the object that is read says of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ManifestType {
    /// `"ManifestType": "ATHENA_DATA"`: the URI of an object on each line
    AthenaData,
    /// `"ManifestType": "S3_INVENTORY"` or `"InputType": "MANIFEST"`: lists of objects, with the names of their columns
    S3Inventory,
}

/// The bytes of `CSVDelimiter` by their names; the first is the default.
pub(crate) const DELIMITERS: [(&str, u8); 5] =
    [("COMMA", b','), ("PIPE", b'|'), ("SEMICOLON", b';'), ("SPACE", b' '), ("TAB", b'\t')];

/// The failure of reading.
pub(crate) fn failed(cause: impl Into<Arc<str>>) -> Failure {
    Failure::new("States.ItemReaderFailed", cause)
}
