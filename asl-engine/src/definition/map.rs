//! The fields of a Map state.

use std::sync::Arc;

use super::ast::{Body, Distributed, ItemBatcher, ItemReader, Items, Map, Name, ResultWriter};
use super::fields::Fields;
use super::language::{self, Language};
use super::states::body;
use super::{SCHEMA, error};
use crate::diagnostic::Diagnostic;
use crate::item_reader::{DELIMITERS, InputType, ManifestType};
use crate::json::NodeKind;
use crate::result_writer::{OutputType, Transformation, WriterConfig};

/// How long a label may be, in characters.
const MAX_LABEL: usize = 40;
/// How many items an ItemReader may be told to read.
const MAX_ITEMS: i64 = 100_000_000;

pub(super) fn map(fields: &mut Fields<'_>, machine: Language, out: &mut Vec<Diagnostic>) -> Option<Map> {
    fields.exclusive(&["ItemSelector", "Parameters"], out);
    let max_concurrency = fields.number_field("MaxConcurrency", 0, out);
    let item_selector = match fields.language() {
        Language::JsonPath => {
            let parameters = fields.template("Parameters", out);
            fields.template("ItemSelector", out).or(parameters)
        }
        Language::Jsonata => fields.template("ItemSelector", out),
    };
    let label = fields.string("Label", out);
    if let Some(label) = &label {
        check_label(label, out);
    }
    let tolerated_failure_count = fields.number_field("ToleratedFailureCount", 0, out);
    let tolerated_failure_percentage = fields.fraction_field("ToleratedFailurePercentage", 0.0..=100.0, out);
    let processor = processor(fields, machine, out);
    // Where the mode is not known, both may be meant.
    let is_distributed = processor.as_ref().is_none_or(|(_, distributed)| *distributed);
    let items = match fields.language() {
        Language::JsonPath => fields.reference_path("ItemsPath", true, out).map(Items::Path),
        Language::Jsonata => fields.jsonata_items(is_distributed, out),
    };
    let distributed = is_distributed.then(|| Box::new(distributed(fields, out)));
    let (body, _) = processor?;
    Some(Map {
        body,
        items,
        item_selector,
        max_concurrency,
        label,
        tolerated_failure_count,
        tolerated_failure_percentage,
        distributed,
    })
}

/// `ItemProcessor` or `Iterator`, and whether its mode is `DISTRIBUTED`.
fn processor(fields: &mut Fields<'_>, machine: Language, out: &mut Vec<Diagnostic>) -> Option<(Body, bool)> {
    fields.exclusive(&["ItemProcessor", "Iterator"], out);
    let name = if fields.has("Iterator") { "Iterator" } else { "ItemProcessor" };
    fields.require(&[name], out);
    let node = fields.take(name)?;
    let mut processor = Fields::of(node, fields.at(name), out)?;
    processor.require(&["States", "StartAt"], out);
    processor.string("Comment", out);
    let distributed = is_distributed(&mut processor, out);
    let body = body(&mut processor, machine, out);
    processor.refuse_the_rest(out);
    Some((body, distributed))
}

/// Reads `ProcessorConfig`: whether the mode is `DISTRIBUTED`.
fn is_distributed(processor: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> bool {
    let location = processor.at("ProcessorConfig");
    let Some(node) = processor.take("ProcessorConfig") else { return false };
    let Some(mut config) = Fields::of(node, location, out) else { return false };
    let mode = config.one_of("Mode", &["INLINE", "DISTRIBUTED"], out);
    let distributed = mode.is_some_and(|mode| &*mode.text == "DISTRIBUTED");
    let execution_type = config.one_of("ExecutionType", &["STANDARD", "EXPRESS"], out);
    if let Some(found) = execution_type.filter(|_| !distributed) {
        out.push(error(SCHEMA, "ExecutionType goes with the mode DISTRIBUTED", &found.location, found.span));
    }
    config.refuse_the_rest(out);
    distributed
}

/// The fields that only a Map state in the mode `DISTRIBUTED` has.
fn distributed(fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Distributed {
    Distributed {
        item_reader: item_reader(fields, out),
        item_batcher: item_batcher(fields, out),
        result_writer: result_writer(fields, out),
    }
}

/// A label becomes part of ARNs, which leaves out some characters.
///
/// AWS API reference, `name` of StartExecution.
fn check_label(label: &Name, out: &mut Vec<Diagnostic>) {
    let unfit = |c: &char| {
        c.is_whitespace()
            || c.is_control()
            || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(*c)
            || matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{10ffff}')
    };
    let message = if label.text.chars().count() > MAX_LABEL {
        format!("Label cannot exceed {MAX_LABEL} characters")
    } else if let Some(found) = label.text.chars().find(unfit) {
        format!("Label contains invalid character: '{}'", shown(found))
    } else {
        return;
    };
    out.push(error("INVALID_LABEL_NAME", message, &label.location, label.span));
}

/// A character that a person can see.
fn shown(c: char) -> String {
    match c {
        '\n' | '\r' | '\t' | '\\' => c.escape_default().to_string(),
        c if c.is_control() => format!("\\x{:02x}", u32::from(c)),
        c => c.to_string(),
    }
}

fn item_reader(fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Option<ItemReader> {
    let location = fields.at("ItemReader");
    let node = fields.take("ItemReader")?;
    let mut fields = fields.inside(node, location, out)?;
    fields.string("Comment", out);
    fields.require(&["Resource"], out);
    language::refuse_other(fields.language(), &mut fields, out);
    let resource = fields.string("Resource", out);
    let parameters = match fields.language() {
        Language::JsonPath => fields.template("Parameters", out),
        Language::Jsonata => fields.template("Arguments", out),
    };
    let lists = resource.as_ref().is_some_and(|resource| resource.text.ends_with(":s3:listObjectsV2"));
    if let Some(resource) = resource.as_ref().filter(|resource| !lists && !resource.text.ends_with(":s3:getObject")) {
        let message = "An ItemReader reads with arn:aws:states:::s3:getObject or arn:aws:states:::s3:listObjectsV2";
        out.push(error(SCHEMA, message, &resource.location, resource.span));
    }
    let (mut config, mut max_items) = (None, None);
    let location = fields.at("ReaderConfig");
    match fields.take("ReaderConfig").and_then(|node| fields.inside(node, location, out)) {
        Some(mut fields) => {
            max_items = fields.number_field_in("MaxItems", 0..=MAX_ITEMS, out);
            config = Some(reader_config(&mut fields, lists, out));
            fields.refuse_the_rest(out);
        }
        None if !lists => fields.require(&["ReaderConfig"], out),
        None => {}
    }
    fields.refuse_the_rest(out);
    let ReaderConfig { input_type, manifest, flattens } = config.unwrap_or_default();
    if input_type.is_none() && manifest.is_none() && !lists {
        return None;
    }
    Some(ItemReader { resource: resource?, parameters, input_type, manifest, flattens, max_items })
}

/// What `ReaderConfig` says of the objects.
#[derive(Default)]
struct ReaderConfig {
    input_type: Option<InputType>,
    manifest: Option<ManifestType>,
    flattens: bool,
}

fn reader_config(fields: &mut Fields<'_>, lists: bool, out: &mut Vec<Diagnostic>) -> ReaderConfig {
    let transformation = fields.one_of("Transformation", &["NONE", "LOAD_AND_FLATTEN"], out);
    let flattens = transformation.is_some_and(|transformation| &*transformation.text == "LOAD_AND_FLATTEN");
    let found = fields.one_of("InputType", &["CSV", "JSON", "JSONL", "PARQUET", "MANIFEST"], out);
    let inventory = match fields.peek("ManifestType").map(|node| &node.kind) {
        Some(NodeKind::String(kind)) => &**kind == "S3_INVENTORY",
        _ => false,
    };
    if !fields.has("InputType") && !inventory && (flattens || !lists) {
        let message = "The field 'InputType' is required";
        out.push(error(SCHEMA, message, fields.location(), fields.start()));
    }
    let input_type = found.as_ref().map(|found| &*found.text);
    // A list of objects in JSON is no manifest that AWS reads.
    let mut manifest = match input_type {
        Some("JSON") => None,
        _ => fields.one_of("ManifestType", &["ATHENA_DATA", "S3_INVENTORY"], out),
    }
    .map(|kind| match &*kind.text {
        "ATHENA_DATA" => ManifestType::AthenaData,
        _ => ManifestType::S3Inventory,
    });
    let input_type = match input_type {
        Some("JSON") => Some(InputType::Json { pointer: items_pointer(fields, out) }),
        Some("JSONL") => Some(InputType::JsonLines),
        Some("PARQUET") => Some(InputType::Parquet),
        Some("CSV") => csv(fields, true, out),
        Some("MANIFEST") => {
            manifest.get_or_insert(ManifestType::S3Inventory);
            csv(fields, false, out).filter(|_| manifest == Some(ManifestType::AthenaData))
        }
        _ => None,
    };
    ReaderConfig { input_type, manifest, flattens }
}

/// `ItemsPointer`, name by name: a JSON Pointer (RFC 6901).
fn items_pointer(fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Vec<Arc<str>> {
    let Some(pointer) = fields.string("ItemsPointer", out) else { return Vec::new() };
    let mut names = pointer.text.split('/');
    if names.next() != Some("") {
        let help = Some("it begins with '/', such as \"/inventory/items\"".to_owned());
        let message = "Value must be a valid JSON Pointer";
        out.push(Diagnostic { help, ..error(SCHEMA, message, &pointer.location, pointer.span) });
    }
    names.map(|name| name.replace("~1", "/").replace("~0", "~").into()).collect()
}

/// The fields of text delimited files, whose headers may have to be said.
fn csv(config: &mut Fields<'_>, required: bool, out: &mut Vec<Diagnostic>) -> Option<InputType> {
    let location = config.one_of("CSVHeaderLocation", &["FIRST_ROW", "GIVEN"], out);
    if required && !config.has("CSVHeaderLocation") {
        out.push(error(SCHEMA, "The field 'CSVHeaderLocation' is required", config.location(), config.start()));
    }
    let delimiter = config.one_of("CSVDelimiter", &DELIMITERS.map(|(name, _)| name), out);
    let headers = config.items("CSVHeaders", out).unwrap_or_default();
    let headers: Vec<Arc<str>> = headers
        .iter()
        .filter_map(|header| match &header.kind {
            NodeKind::String(text) => Some(text.clone()),
            _ => {
                out.push(error(SCHEMA, "Expected value of type String", &config.at("CSVHeaders"), header.span));
                None
            }
        })
        .collect();
    let given = location.is_some_and(|location| &*location.text == "GIVEN");
    if given {
        config.require(&["CSVHeaders"], out);
    }
    let named = delimiter.map_or(DELIMITERS[0].0.into(), |delimiter| delimiter.text);
    let delimiter = DELIMITERS.iter().find(|(name, _)| **name == *named)?.1;
    Some(InputType::Csv { headers: given.then_some(headers), delimiter })
}

fn result_writer(fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Option<ResultWriter> {
    let location = fields.at("ResultWriter");
    let node = fields.take("ResultWriter")?;
    let mut fields = fields.inside(node, location, out)?;
    fields.string("Comment", out);
    language::refuse_other(fields.language(), &mut fields, out);
    let language = fields.language();
    let name = if language == Language::JsonPath { "Parameters" } else { "Arguments" };
    let parameters = fields.template(name, out);
    let resource = fields.string("Resource", out);
    if !["Resource", "WriterConfig"].iter().any(|name| fields.has(name)) {
        fields.require(&["Resource"], out);
    } else if fields.has(name) && !fields.has("Resource") {
        fields.require(&["Resource"], out);
    } else if fields.has("Resource") && !fields.has(name) {
        fields.require(&[name], out);
    }
    if let Some(resource) = resource.as_ref().filter(|resource| !resource.text.ends_with(":s3:putObject")) {
        let message = "A ResultWriter writes with arn:aws:states:::s3:putObject";
        out.push(error(SCHEMA, message, &resource.location, resource.span));
    }
    let location = fields.at("WriterConfig");
    let config = fields.take("WriterConfig").and_then(|node| fields.inside(node, location, out)).map(|mut fields| {
        let transformation = word(&mut fields, "Transformation", &Transformation::ALL, out);
        let output_type = word(&mut fields, "OutputType", &OutputType::ALL, out);
        fields.refuse_the_rest(out);
        WriterConfig {
            transformation: transformation.unwrap_or(Transformation::None),
            output_type: output_type.unwrap_or(OutputType::Json),
        }
    });
    fields.refuse_the_rest(out);
    Some(ResultWriter { destination: resource.map(|resource| (resource, parameters)), config })
}

/// What a word stands for.
fn word<T: Copy, const N: usize>(
    fields: &mut Fields<'_>,
    name: &str,
    words: &[(&str, T); N],
    out: &mut Vec<Diagnostic>,
) -> Option<T> {
    let found = fields.one_of(name, &words.map(|(word, _)| word), out)?;
    words.iter().find(|(word, _)| **word == *found.text).map(|(_, meant)| *meant)
}

fn item_batcher(fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Option<ItemBatcher> {
    let location = fields.at("ItemBatcher");
    let node = fields.take("ItemBatcher")?;
    let mut fields = fields.inside(node, location, out)?;
    fields.string("Comment", out);
    let batcher = ItemBatcher {
        max_items: fields.number_field("MaxItemsPerBatch", 0, out),
        max_input_bytes: fields.number_field("MaxInputBytesPerBatch", 0, out),
        batch_input: fields.template("BatchInput", out),
    };
    let bounds: &[&str] = match fields.language() {
        Language::JsonPath => {
            &["MaxItemsPerBatch", "MaxItemsPerBatchPath", "MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath"]
        }
        Language::Jsonata => &["MaxItemsPerBatch", "MaxInputBytesPerBatch"],
    };
    if bounds.iter().all(|bound| !fields.has(bound)) {
        let message = format!("One of the following fields is required: [{}]", bounds.join(", "));
        out.push(error(SCHEMA, message, fields.location(), fields.start()));
    }
    fields.refuse_the_rest(out);
    Some(batcher)
}
