//! `ReaderConfig` of an ItemReader: which fields go together.
//!
//! AWS developer guide, "ItemReader (Map)". That `InputType` and `CSVHeaderLocation` decide which other fields there may be
//! was recorded (`Validation.ItemReader` of the second body).

use std::sync::Arc;

use super::fields::Fields;
use super::{SCHEMA, error};
use crate::diagnostic::Diagnostic;
use crate::item_reader::{DELIMITERS, InputType, ManifestType};
use crate::json::NodeKind;

/// The words of `InputType`, in the order of AWS's page.
const INPUT_TYPES: [&str; 5] = ["CSV", "JSON", "JSONL", "PARQUET", "MANIFEST"];

/// What `ReaderConfig` says of the objects.
#[derive(Default)]
pub(super) struct ReaderConfig {
    /// How an object is taken apart; `None` where that cannot be told, or where what is read is a list already.
    pub(super) input_type: Option<InputType>,
    pub(super) manifest: Option<ManifestType>,
    pub(super) flattens: bool,
}

/// The fields but for MaxItems; `lists` where the reader lists objects.
pub(super) fn reader_config(config: &mut Fields<'_>, lists: bool, out: &mut Vec<Diagnostic>) -> ReaderConfig {
    if lists {
        // What an object holds only matters where it is loaded.
        let transformation = config.one_of("Transformation", &["NONE", "LOAD_AND_FLATTEN"], out);
        if transformation.is_none_or(|transformation| &*transformation.text == "NONE") {
            return ReaderConfig::default();
        }
        return ReaderConfig { flattens: true, ..of_objects(config, out) };
    }
    of_objects(config, out)
}

/// The fields that say what an object holds.
fn of_objects(config: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> ReaderConfig {
    let inventory = config.peek("ManifestType").is_some_and(|node| match &node.kind {
        NodeKind::String(kind) => &**kind == "S3_INVENTORY",
        _ => false,
    });
    let input_type = match config.has("InputType") || !inventory {
        true => config.discriminator("InputType", &INPUT_TYPES, out),
        false => None,
    };
    let input_type = input_type.as_ref().map(|input_type| &*input_type.text);
    // Recorded: not with JSON.
    let manifest = match input_type {
        Some("JSON") => None,
        _ => config.one_of("ManifestType", &["ATHENA_DATA", "S3_INVENTORY"], out),
    };
    let mut manifest = manifest.map(|kind| match &*kind.text {
        "ATHENA_DATA" => ManifestType::AthenaData,
        _ => ManifestType::S3Inventory,
    });
    let input_type = match input_type {
        Some("JSON") => Some(InputType::Json { pointer: items_pointer(config, out) }),
        Some("JSONL") => Some(InputType::JsonLines),
        Some("PARQUET") => Some(InputType::Parquet),
        Some("CSV") => csv(config, out),
        Some("MANIFEST") => {
            manifest.get_or_insert(ManifestType::S3Inventory);
            let said = config.has("CSVHeaderLocation");
            if said { csv(config, out).filter(|_| manifest == Some(ManifestType::AthenaData)) } else { None }
        }
        _ => None,
    };
    ReaderConfig { input_type, manifest, flattens: false }
}

/// `ItemsPointer`, name by name: a JSON Pointer (RFC 6901).
fn items_pointer(config: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Vec<Arc<str>> {
    let Some(pointer) = config.string("ItemsPointer", out) else { return Vec::new() };
    let mut names = pointer.text.split('/');
    if names.next() != Some("") {
        let help = Some("it begins with '/', such as \"/inventory/items\"".to_owned());
        let message = "Value must be a valid JSON Pointer";
        out.push(Diagnostic { help, ..error(SCHEMA, message, &pointer.location, pointer.span) });
    }
    names.map(|name| name.replace("~1", "/").replace("~0", "~").into()).collect()
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
