//! A cloud assembly: the folder that a CDK app writes, `cdk.out`.
//!
//! AWS CDK, cloud assembly schema: `manifest.json` and `STACK.assets.json`. What is not known there is passed over: newer versions of the
//! schema have more.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// The file that makes a folder a cloud assembly.
pub(crate) const MANIFEST: &str = "manifest.json";

/// How deeply assemblies may lie in each other.
const MAX_DEPTH: usize = 8;

/// A template that becomes a stack, and what belongs to it.
#[derive(Clone, Debug, Default)]
pub struct StackFile {
    /// The name of the stack; none where nothing says it.
    pub name: Option<String>,
    /// The template.
    pub file: PathBuf,
    /// The files and folders of its assets, by the key that they have in S3.
    pub assets: BTreeMap<String, PathBuf>,
    /// The account that it is for, where it says one.
    pub account: Option<String>,
    /// The region that it is for, where it says one.
    pub region: Option<String>,
}

/// Why a folder is no cloud assembly.
#[derive(Debug, thiserror::Error)]
pub enum AssemblyError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file has not what it should.
    #[error("{} is not what the CDK writes: {source}", file.display())]
    Malformed {
        /// The file.
        file: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// It has no stack.
    #[error("{} has no stacks", .0.display())]
    NoStacks(PathBuf),
}

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    artifacts: BTreeMap<String, Artifact>,
}

#[derive(Deserialize)]
struct Artifact {
    #[serde(rename = "type")]
    kind: String,
    environment: Option<String>,
    #[serde(default)]
    properties: Properties,
    #[serde(default)]
    dependencies: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Properties {
    template_file: Option<String>,
    stack_name: Option<String>,
    directory_name: Option<String>,
    file: Option<String>,
}

#[derive(Deserialize)]
struct AssetManifest {
    #[serde(default)]
    files: BTreeMap<String, FileAsset>,
}

#[derive(Deserialize)]
struct FileAsset {
    source: AssetSource,
    #[serde(default)]
    destinations: BTreeMap<String, Destination>,
}

#[derive(Deserialize)]
struct AssetSource {
    /// None of an asset that a command makes.
    path: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Destination {
    object_key: String,
}

/// The stacks of a cloud assembly and of those in it: each behind those that it depends on.
pub fn stacks(folder: &Path) -> Result<Vec<StackFile>, AssemblyError> {
    let mut found = Vec::new();
    look(folder, 0, &mut found)?;
    if found.is_empty() { Err(AssemblyError::NoStacks(folder.to_owned())) } else { Ok(found) }
}

fn look(folder: &Path, depth: usize, found: &mut Vec<StackFile>) -> Result<(), AssemblyError> {
    let manifest: Manifest = read(&folder.join(MANIFEST))?;
    let mut assets = BTreeMap::new();
    for artifact in manifest.artifacts.values().filter(|artifact| artifact.kind == "cdk:asset-manifest") {
        if let Some(file) = &artifact.properties.file {
            assets.extend(assets_of(folder, &folder.join(file))?);
        }
    }
    for id in in_order(&manifest.artifacts) {
        let Artifact { kind, environment, properties, .. } = &manifest.artifacts[id];
        match (kind.as_str(), properties) {
            ("aws:cloudformation:stack", Properties { template_file: Some(file), stack_name, .. }) => {
                let (account, region) = environment.as_deref().map(environment_of).unwrap_or_default();
                let name = stack_name.clone().unwrap_or_else(|| id.to_owned());
                let (name, file, assets) = (Some(name), folder.join(file), assets.clone());
                found.push(StackFile { name, file, assets, account, region });
            }
            ("cdk:cloud-assembly", Properties { directory_name: Some(inner), .. }) if depth < MAX_DEPTH => {
                look(&folder.join(inner), depth + 1, found)?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// The IDs of artifacts, each behind those that it depends on.
fn in_order(artifacts: &BTreeMap<String, Artifact>) -> Vec<&str> {
    fn visit<'a>(
        id: &'a str,
        artifacts: &'a BTreeMap<String, Artifact>,
        path: &mut Vec<&'a str>,
        out: &mut Vec<&'a str>,
    ) {
        let Some((id, artifact)) = artifacts.get_key_value(id) else { return };
        if path.contains(&id.as_str()) || out.contains(&id.as_str()) {
            return;
        }
        path.push(id);
        for dependency in &artifact.dependencies {
            visit(dependency, artifacts, path, out);
        }
        path.pop();
        out.push(id);
    }
    let mut out = Vec::new();
    for id in artifacts.keys() {
        visit(id, artifacts, &mut Vec::new(), &mut out);
    }
    out
}

/// `aws://ACCOUNT/REGION`, each of which may be unknown.
fn environment_of(text: &str) -> (Option<String>, Option<String>) {
    let known = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty() && !text.starts_with("unknown-"));
    match text.strip_prefix("aws://").and_then(|rest| rest.split_once('/')) {
        Some((account, region)) => (known(account), known(region)),
        None => (None, None),
    }
}

/// What an asset manifest has, by the keys of all destinations.
fn assets_of(folder: &Path, file: &Path) -> Result<BTreeMap<String, PathBuf>, AssemblyError> {
    let manifest: AssetManifest = read(file)?;
    let with_path = manifest.files.into_values().filter_map(|asset| Some((asset.source.path?, asset.destinations)));
    let keyed = with_path.flat_map(|(path, destinations)| {
        // An absolute path stays what it is.
        let path = folder.join(path);
        destinations.into_values().map(move |destination| (destination.object_key, path.clone()))
    });
    Ok(keyed.collect())
}

fn read<T: serde::de::DeserializeOwned>(file: &Path) -> Result<T, AssemblyError> {
    let text =
        fs::read_to_string(file).map_err(|source| AssemblyError::Unreadable { file: file.to_owned(), source })?;
    serde_json::from_str(&text).map_err(|source| AssemblyError::Malformed { file: file.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assembly(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            fs::write(file, text).expect("a file");
        }
        folder
    }

    #[test]
    fn stacks_have_their_names_assets_and_order() {
        let manifest = r#"{"version": "99.0.0", "artifacts": {
            "A": {"type": "aws:cloudformation:stack", "environment": "aws://123456789012/eu-west-1", "dependencies": ["B", "A.assets"],
                  "properties": {"templateFile": "A.template.json", "stackName": "shop-A"}},
            "A.assets": {"type": "cdk:asset-manifest", "properties": {"file": "A.assets.json"}},
            "B": {"type": "aws:cloudformation:stack", "environment": "aws://unknown-account/unknown-region",
                  "properties": {"templateFile": "B.template.json"}, "dependencies": ["A"]},
            "Inner": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Inner"}},
            "Tree": {"type": "cdk:tree", "properties": {"file": "tree.json"}},
            "New": {"type": "cdk:something-new"}}}"#;
        let assets = r#"{"files": {"h": {"displayName": "x", "source": {"path": "asset.h", "packaging": "zip"}, "destinations": {
            "current_account": {"bucketName": "b", "objectKey": "h.zip"}, "other": {"objectKey": "deploy/h.zip"}}},
            "g": {"source": {"path": "/elsewhere/code"}, "destinations": {"x": {"objectKey": "g.zip"}}},
            "made": {"source": {"executable": ["make"]}, "destinations": {"x": {"objectKey": "made.zip"}}}}}"#;
        let inner =
            r#"{"artifacts": {"C": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "C.json"}}}}"#;
        let folder = assembly(&[
            ("manifest.json", manifest),
            ("A.assets.json", assets),
            ("assembly-Inner/manifest.json", inner),
        ]);
        let found = stacks(folder.path()).expect("it is one");
        let names: Vec<_> = found.iter().map(|stack| stack.name.as_deref().expect("a name")).collect();
        assert_eq!(names, ["B", "shop-A", "C"]);
        let a = &found[1];
        assert_eq!((a.account.as_deref(), a.region.as_deref()), (Some("123456789012"), Some("eu-west-1")));
        assert_eq!(found[0].account, None);
        assert_eq!(a.assets["h.zip"], folder.path().join("asset.h"));
        assert_eq!(a.assets["deploy/h.zip"], folder.path().join("asset.h"));
        assert_eq!(a.assets["g.zip"], Path::new("/elsewhere/code"));
        assert_eq!(found[2].file, folder.path().join("assembly-Inner/C.json"));
    }

    #[test]
    fn what_is_none_is_told_by_its_cause() {
        let cause = |files: &[(&str, &str)]| match stacks(assembly(files).path()).expect_err("it is none") {
            AssemblyError::Unreadable { .. } => "unreadable",
            AssemblyError::Malformed { .. } => "malformed",
            AssemblyError::NoStacks(_) => "no stacks",
        };
        assert_eq!(cause(&[]), "unreadable");
        assert_eq!(cause(&[("manifest.json", "[")]), "malformed");
        assert_eq!(cause(&[("manifest.json", r#"{"artifacts": {"T": {"type": "cdk:tree"}}}"#)]), "no stacks");
    }
}
