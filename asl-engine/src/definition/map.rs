//! The fields of a Map state.

use super::ast::{Body, Distributed, ItemBatcher, ItemReader, Items, Map, Name, ResultWriter};
use super::fields::Fields;
use super::language::{self, Language};
use super::reader_config::{ReaderConfig, reader_config};
use super::states::body;
use super::{SCHEMA, error};
use crate::diagnostic::Diagnostic;
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
    let is_distributed = processor.as_ref().is_none_or(|(_, mode, _)| is_distributed(mode.as_ref()));
    let is_express = processor.as_ref().is_some_and(|(.., is_express)| *is_express);
    let items = match fields.language() {
        Language::JsonPath => fields.reference_path("ItemsPath", true, out).map(Items::Path),
        Language::Jsonata => fields.jsonata_items(is_distributed, out),
    };
    let distributed = is_distributed.then(|| Box::new(distributed(fields, is_express, out)));
    let (body, mode, _) = processor?;
    Some(Map {
        body,
        items,
        item_selector,
        max_concurrency,
        label,
        tolerated_failure_count,
        tolerated_failure_percentage,
        mode,
        distributed,
    })
}

/// `ItemProcessor` or `Iterator`, its mode, and whether its executions are of the type `EXPRESS`.
fn processor(
    fields: &mut Fields<'_>,
    machine: Language,
    out: &mut Vec<Diagnostic>,
) -> Option<(Body, Option<Name>, bool)> {
    fields.one_of_fields(&["ItemProcessor", "Iterator"], None, out);
    let name = if fields.has("Iterator") { "Iterator" } else { "ItemProcessor" };
    let node = fields.take(name)?;
    let mut processor = Fields::of(node, fields.at(name), out)?;
    processor.require(&["States", "StartAt"], out);
    processor.string("Comment", out);
    let (mode, is_express) = mode(&mut processor, out);
    let body = body(&mut processor, machine, out);
    processor.refuse_the_rest(out);
    Some((body, mode, is_express))
}

/// Reads `ProcessorConfig`: its `Mode`, and whether its `ExecutionType` is `EXPRESS`. What AWS refuses was measured by cdk-preflight (`pf-sfn-asl-map-distributed`,
/// 2026-09-05); one source.
fn mode(processor: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> (Option<Name>, bool) {
    let location = processor.at("ProcessorConfig");
    let config = processor.take("ProcessorConfig").and_then(|node| Fields::of(node, location, out));
    let Some(mut config) = config else { return (None, false) };
    let mut is_express = false;
    let mode = if config.has("Mode") { config.discriminator("Mode", &["INLINE", "DISTRIBUTED"], out) } else { None };
    if is_distributed(mode.as_ref()) {
        config.require(&["ExecutionType"], out);
        let execution_type = config.one_of("ExecutionType", &["STANDARD", "EXPRESS"], out);
        is_express = execution_type.is_some_and(|name| &*name.text == "EXPRESS");
    }
    config.refuse_the_rest(out);
    (mode, is_express)
}

fn is_distributed(mode: Option<&Name>) -> bool {
    mode.is_some_and(|mode| &*mode.text == "DISTRIBUTED")
}

/// The fields that only a Map state in the mode `DISTRIBUTED` has.
fn distributed(fields: &mut Fields<'_>, is_express: bool, out: &mut Vec<Diagnostic>) -> Distributed {
    Distributed {
        is_express,
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
    let message = if label.text.is_empty() {
        "Label cannot be empty".to_owned()
    } else if label.text.chars().count() > MAX_LABEL {
        format!("Label cannot exceed {MAX_LABEL} characters")
    } else if let Some(found) = label.text.chars().find(unfit) {
        format!("Label contains invalid character: '{}'", shown(found))
    } else {
        return;
    };
    out.push(error("INVALID_LABEL_NAME", message, &label.location, label.span));
}

/// A character that a person can see; AWS shows a backslash once.
fn shown(c: char) -> String {
    match c {
        '\n' | '\r' | '\t' => c.escape_default().to_string(),
        c if c.is_control() => format!("\\x{:02x}", u32::from(c)),
        c => c.to_string(),
    }
}

fn item_reader(fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Option<ItemReader> {
    let location = fields.at("ItemReader");
    let node = fields.take("ItemReader")?;
    let mut fields = fields.inside(node, location, out)?;
    fields.string("Comment", out);
    fields.require_discriminator("Resource", out);
    language::refuse_other(fields.language(), &mut fields, out);
    let resource = fields.string("Resource", out);
    let parameters = match fields.language() {
        Language::JsonPath => fields.template("Parameters", out),
        Language::Jsonata => fields.template("Arguments", out),
    };
    let lists = resource.as_ref().is_some_and(|resource| resource.text.ends_with(":s3:listObjectsV2"));
    if let Some(resource) = resource.as_ref().filter(|resource| !lists && !resource.text.ends_with(":s3:getObject")) {
        let help = "an ItemReader reads with arn:aws:states:::s3:getObject or arn:aws:states:::s3:listObjectsV2";
        let help = Some(help.to_owned());
        let message = "The field 'Resource' does not match any of the allowed values";
        out.push(Diagnostic { help, ..error(SCHEMA, message, &resource.location, resource.span) });
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
    if fields.has(name) || !fields.has("WriterConfig") {
        fields.require(&["Resource"], out);
    }
    if fields.has("Resource") && !fields.has(name) {
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
