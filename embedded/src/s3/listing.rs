//! What is in a bucket: the keys of its files, by prefix and delimiter, a page at a time.

use std::collections::BTreeSet;
use std::fs::Metadata;
use std::io;
use std::path::Path;

use s3s::S3Result;
use s3s::dto::{CommonPrefix, ListObjectsV2Input, ListObjectsV2Output, Object};

use super::store::{Store, etag, failed, is_absence, length, modified};

/// The most entries that one answer lists.
const MAX_KEYS: i32 = 1000;

impl Store {
    pub(super) fn list(&self, input: ListObjectsV2Input) -> S3Result<ListObjectsV2Output> {
        let folder = self.bucket(&input.bucket)?;
        let mut objects = Vec::new();
        collect(&folder, String::new(), &mut objects).map_err(|error| failed("list", &input.bucket, &error))?;
        objects.sort_by(|(one, _), (other, _)| one.cmp(other));

        let prefix = input.prefix.as_deref().unwrap_or_default();
        let delimiter = input.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty());
        // The token is the last key or common prefix of the answer before.
        let after = input.continuation_token.as_deref().or(input.start_after.as_deref()).unwrap_or_default();
        let max_keys = input.max_keys.unwrap_or(MAX_KEYS).clamp(0, MAX_KEYS);
        let room = usize::try_from(max_keys).unwrap_or_default();

        let (mut contents, mut common_prefixes) = (Vec::new(), BTreeSet::new());
        let mut last = None;
        let mut is_truncated = false;
        for (key, metadata) in objects {
            let Some(rest) = key.strip_prefix(prefix) else { continue };
            let common = delimiter.and_then(|delimiter| {
                rest.find(delimiter).map(|at| key[..prefix.len() + at + delimiter.len()].to_owned())
            });
            let entry = common.as_deref().unwrap_or(&key);
            if entry <= after || common_prefixes.contains(entry) {
                continue;
            }
            if contents.len() + common_prefixes.len() == room {
                is_truncated = room > 0;
                break;
            }
            last = Some(entry.to_owned());
            match common {
                Some(common) => {
                    common_prefixes.insert(common);
                }
                None => contents.push(Object {
                    key: Some(key),
                    size: Some(length(&metadata)),
                    e_tag: Some(etag(&metadata)),
                    last_modified: Some(modified(&metadata).into()),
                    ..Object::default()
                }),
            }
        }
        Ok(ListObjectsV2Output {
            key_count: i32::try_from(contents.len() + common_prefixes.len()).ok(),
            contents: Some(contents),
            common_prefixes: Some(
                common_prefixes.into_iter().map(|prefix| CommonPrefix { prefix: Some(prefix) }).collect(),
            ),
            next_continuation_token: last.filter(|_| is_truncated),
            is_truncated: Some(is_truncated),
            max_keys: Some(max_keys),
            name: Some(input.bucket),
            prefix: input.prefix,
            delimiter: input.delimiter,
            continuation_token: input.continuation_token,
            start_after: input.start_after,
            ..ListObjectsV2Output::default()
        })
    }
}

/// All files below `folder`; `prefix` is what their keys start with.
fn collect(folder: &Path, prefix: String, into: &mut Vec<(String, Metadata)>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        // A name that is not Unicode was not made by a key.
        let Ok(name) = entry.file_name().into_string() else { continue };
        let metadata = match entry.metadata() {
            Ok(metadata) => metadata,
            Err(error) if is_absence(&error) => continue,
            Err(error) => return Err(error),
        };
        if metadata.is_dir() {
            match collect(&entry.path(), format!("{prefix}{name}/"), into) {
                Err(error) if !is_absence(&error) => return Err(error),
                _ => {}
            }
        } else {
            into.push((format!("{prefix}{name}"), metadata));
        }
    }
    Ok(())
}
