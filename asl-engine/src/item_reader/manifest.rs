//! Manifests: objects that name the objects which hold the items.

use std::sync::Arc;

use super::{InputType, ManifestType};
use crate::value::Value;

/// An object that holds items.
pub(super) struct Named {
    pub(super) bucket: Arc<str>,
    pub(super) key: Arc<str>,
    pub(super) input_type: InputType,
}

/// The objects that a manifest names. The error says what is wrong with it.
pub(super) fn named(text: &str, kind: ManifestType, input_type: Option<&InputType>) -> Result<Vec<Named>, String> {
    match kind {
        ManifestType::AthenaData => athena(text, input_type.unwrap_or(&InputType::JsonLines)),
        ManifestType::S3Inventory => inventory(text),
    }
}

/// Amazon Athena user guide, "UNLOAD": the manifest has the URI of one file on each line.
fn athena(text: &str, input_type: &InputType) -> Result<Vec<Named>, String> {
    let lines = text.lines().map(|line| line.trim().trim_matches('"')).filter(|line| !line.is_empty());
    let named = lines.map(|line| {
        let uri = line.strip_prefix("s3://").or_else(|| line.strip_prefix("S3://"));
        let (bucket, key) = uri.and_then(|uri| uri.split_once('/')).ok_or_else(|| {
            format!("The manifest names '{line}', which is no URI of an object such as s3://bucket/key")
        })?;
        Ok(Named { bucket: bucket.into(), key: key.into(), input_type: input_type.clone() })
    });
    named.collect()
}

/// Amazon S3 user guide, "Locating your inventory list": `manifest.json`.
fn inventory(text: &str) -> Result<Vec<Named>, String> {
    let manifest: Value = text.parse().map_err(|error| format!("The manifest is not JSON: {error}"))?;
    let field = |name: &str| {
        manifest[name].as_str().ok_or_else(|| format!("The manifest has no field '{name}' with a text in it"))
    };
    let format = field("fileFormat")?;
    if format != "CSV" {
        return Err(format!("The inventory is in the format {format}, and has to be in the format CSV"));
    }
    let bucket = field("destinationBucket")?;
    let bucket: Arc<str> = bucket.rsplit(':').next().unwrap_or(bucket).into();
    let headers: Vec<Arc<str>> = field("fileSchema")?.split(',').map(|name| name.trim().into()).collect();
    let files = manifest["files"].as_array().ok_or("The manifest has no list 'files'")?;
    let named = files.iter().map(|file| {
        let key = file["key"].as_str().ok_or("The manifest names a file without its 'key'")?;
        let input_type = InputType::Csv { headers: Some(headers.clone()), delimiter: b',' };
        Ok(Named { bucket: bucket.clone(), key: key.into(), input_type })
    });
    named.collect()
}
