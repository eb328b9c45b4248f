//! `ReaderConfig` of an ItemReader: which fields go together.
//!
//! AWS developer guide, "ItemReader (Map)". That `InputType` and `CSVHeaderLocation` decide which other fields there may be
//! was recorded (`Validation.ItemReader` of the second body).

use std::sync::Arc;

use super::fields::Fields;
use super::{SCHEMA, error, unsupported};
use crate::diagnostic::Diagnostic;
use crate::item_reader::{DELIMITERS, InputType};
use crate::json::NodeKind;

/// The words of `InputType`, in the order of AWS's page.
const INPUT_TYPES: [&str; 5] = ["CSV", "JSON", "JSONL", "PARQUET", "MANIFEST"];

/// The fields of `ReaderConfig` but for MaxItems; `lists` where the reader lists objects. `None` where what is read cannot be
/// told, or is a list already.
pub(super) fn input_type(config: &mut Fields<'_>, lists: bool, out: &mut Vec<Diagnostic>) -> Option<InputType> {
    if lists {
        // What an object holds only matters where it is loaded.
        let span = config.span_of("Transformation");
        let transformation = config.one_of("Transformation", &["NONE", "LOAD_AND_FLATTEN"], out)?;
        if &*transformation.text == "LOAD_AND_FLATTEN" {
            out.push(unsupported(
                "the Transformation LOAD_AND_FLATTEN of an ItemReader",
                &transformation.location,
                span,
            ));
            of_objects(config, out);
        }
        return None;
    }
    of_objects(config, out)
}

/// The fields that say what an object holds.
fn of_objects(config: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Option<InputType> {
    let input_type = config.discriminator("InputType", &INPUT_TYPES, out)?;
    // Recorded: not with JSON.
    if &*input_type.text != "JSON"
        && let Some(found) = config.one_of("ManifestType", &["ATHENA_DATA", "S3_INVENTORY"], out)
    {
        out.push(unsupported("the ManifestType of an ItemReader", &found.location, found.span));
    }
    match &*input_type.text {
        "CSV" => csv(config, out),
        "JSON" => {
            if let Some(found) = config.string("ItemsPointer", out) {
                out.push(unsupported("the ItemsPointer of an ItemReader", &found.location, found.span));
            }
            Some(InputType::Json)
        }
        "JSONL" => Some(InputType::JsonLines),
        other => {
            let what = format!("the InputType {other} of an ItemReader");
            out.push(unsupported(&what, &input_type.location, input_type.span));
            None
        }
    }
}

fn csv(config: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Option<InputType> {
    let delimiter = config.one_of("CSVDelimiter", &DELIMITERS.map(|(name, _)| name), out);
    let location = config.discriminator("CSVHeaderLocation", &["FIRST_ROW", "GIVEN"], out)?;
    let given = &*location.text == "GIVEN";
    let headers = if given { Some(headers(config, out)) } else { None };
    let named = delimiter.map_or(DELIMITERS[0].0.into(), |delimiter| delimiter.text);
    let delimiter = DELIMITERS.iter().find(|(name, _)| **name == *named)?.1;
    Some(InputType::Csv { headers, delimiter })
}

fn headers(config: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Vec<Arc<str>> {
    config.require(&["CSVHeaders"], out);
    let headers = config.items("CSVHeaders", out).unwrap_or_default();
    let header = |header: &crate::json::Node| match &header.kind {
        NodeKind::String(text) => Some(text.clone()),
        _ => {
            out.push(error(SCHEMA, "Expected value of type String", &config.at("CSVHeaders"), header.span));
            None
        }
    };
    headers.iter().filter_map(header).collect()
}
