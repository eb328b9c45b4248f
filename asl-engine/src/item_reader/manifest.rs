//! Manifests: objects that name the objects which hold the items.

use std::sync::Arc;

use super::reader::object;
use super::{InputType, ManifestType};
use crate::value::Value;

/// The objects that a manifest names, and what they hold. The error says what is wrong with it.
pub(super) fn named(
    text: &str,
    kind: ManifestType,
    input_type: Option<&InputType>,
) -> Result<(Value, InputType), String> {
    match kind {
        ManifestType::AthenaData => Ok((athena(text)?, input_type.cloned().unwrap_or(InputType::JsonLines))),
        ManifestType::S3Inventory => inventory(text),
    }
}

/// Amazon Athena user guide, "UNLOAD": the manifest has the URI of one file on each line.
fn athena(text: &str) -> Result<Value, String> {
    let lines = text.lines().map(|line| line.trim().trim_matches('"')).filter(|line| !line.is_empty());
    let named = lines.map(|line| {
        let uri = line.strip_prefix("s3://").or_else(|| line.strip_prefix("S3://"));
        let (bucket, key) = uri.and_then(|uri| uri.split_once('/')).ok_or_else(|| {
            format!("The manifest names '{line}', which is no URI of an object such as s3://bucket/key")
        })?;
        Ok(object(bucket.into(), key.into()))
    });
    named.collect()
}

/// Amazon S3 user guide, "Locating your inventory list": `manifest.json`.
fn inventory(text: &str) -> Result<(Value, InputType), String> {
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
        Ok(object(bucket.clone(), key.into()))
    });
    let named: Result<Value, String> = named.collect();
    Ok((named?, InputType::Csv { headers: Some(headers), delimiter: b',' }))
}
