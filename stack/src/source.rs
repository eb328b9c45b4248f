//! What a folder or a file is: a template, a cloud assembly, or a CDK app that makes one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use asl_project::files_in;
use asl_project::yaml;

use crate::assembly::{self, AssemblyError, MANIFEST, StackFile};

/// What says that a folder is a CDK app.
pub const CDK: &str = "cdk.json";
/// Where a CDK app writes its assembly, unless told.
pub const CDK_OUT: &str = "cdk.out";
/// The template that `sam build` writes.
const SAM_BUILD: &str = ".aws-sam/build/template.yaml";
/// The names of templates, the most usual first.
const TEMPLATES: [&str; 9] = [
    "template.yaml",
    "template.yml",
    "template.json",
    "sam.yaml",
    "sam.yml",
    "cloudformation.yaml",
    "cloudformation.yml",
    "cloudformation.json",
    "serverless.template",
];

/// What was found.
#[derive(Debug)]
pub enum Source {
    /// Templates, as they are.
    Stacks(Vec<StackFile>),
    /// A CDK app that has to be run first: it lies in this folder.
    App(PathBuf),
}

/// Why there is no project.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The file or folder cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder has nothing that is known.
    #[error("{} has no cdk.json, no cdk.out and no template of CloudFormation or SAM", .0.display())]
    Nothing(PathBuf),
    /// The folder has several templates.
    #[error("{} has several templates: {}", folder.display(), names(files))]
    Several {
        /// The folder.
        folder: PathBuf,
        /// The templates.
        files: Vec<PathBuf>,
    },
    /// The assembly cannot be used.
    #[error(transparent)]
    Assembly(#[from] AssemblyError),
}

fn names(files: &[PathBuf]) -> String {
    let name = |file: &PathBuf| file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    files.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// Finds out what `path` is.
///
/// A CDK app is run anew unless what it wrote is younger than everything it was made of.
pub fn find(path: &Path) -> Result<Source, SourceError> {
    let unreadable = |source| SourceError::Unreadable { path: path.to_owned(), source };
    if !fs::metadata(path).map_err(unreadable)?.is_dir() {
        return Ok(template(path.to_owned()));
    }
    if path.join(MANIFEST).is_file() && assembly::stacks(path).is_ok() {
        return Ok(Source::Stacks(assembly::stacks(path)?));
    }
    let out = path.join(CDK_OUT);
    let has_out = out.join(MANIFEST).is_file();
    if path.join(CDK).is_file() && !(has_out && is_younger(&out.join(MANIFEST), path)) {
        return Ok(Source::App(path.to_owned()));
    }
    if has_out {
        return Ok(Source::Stacks(assembly::stacks(&out)?));
    }
    let built = path.join(SAM_BUILD);
    if built.is_file() && is_younger(&built, path) {
        return Ok(template(built));
    }
    if let Some(file) = TEMPLATES.iter().map(|name| path.join(name)).find(|file| file.is_file()) {
        return Ok(template(file));
    }
    let mut files: Vec<PathBuf> = fs::read_dir(path)
        .map_err(unreadable)?
        .flatten()
        .map(|entry| entry.path())
        .filter(|it| is_template(it))
        .collect();
    files.sort();
    match (files.pop(), files.is_empty()) {
        (Some(only), true) => Ok(template(only)),
        (None, _) => Err(SourceError::Nothing(path.to_owned())),
        (Some(last), false) => {
            files.push(last);
            Err(SourceError::Several { folder: path.to_owned(), files })
        }
    }
}

fn template(file: PathBuf) -> Source {
    Source::Stacks(vec![StackFile { file, ..StackFile::default() }])
}

/// Whether a file that was made is younger than every file of the folder, hidden ones and packages left out.
fn is_younger(made: &Path, folder: &Path) -> bool {
    let changed = |file: &Path| fs::metadata(file).and_then(|it| it.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    let at = changed(made);
    let out = folder.join(CDK_OUT);
    // What is wanted here are the files that were changed later.
    let later = files_in(folder, |_, file, _| !file.starts_with(&out) && changed(file) > at);
    later.is_ok_and(|later| later.is_empty())
}

/// Whether a file has resources of AWS.
fn is_template(file: &Path) -> bool {
    let is_candidate =
        file.extension().is_some_and(|it| ["yaml", "yml", "json", "template"].iter().any(|known| it == *known));
    let Some(text) = fs::read_to_string(file).ok().filter(|text| is_candidate && text.contains("Resources")) else {
        return false;
    };
    let root = yaml::read(&text.replace('\t', " ")).ok().and_then(|document| document.root);
    let resources = root.as_ref().and_then(|root| root.get("Resources"));
    resources.is_some_and(|all| {
        all.members().iter().any(|it| it.value.get("Type").and_then(|it| it.text()).is_some_and(|it| it.contains("::")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_what_it_has() {
        const TEMPLATE: &str = "Resources: {T: {Type: AWS::SNS::Topic}}";
        const ASSEMBLY: &str =
            r#"{"artifacts": {"S": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "t.json"}}}}"#;
        for (files, expected) in [
            (&[("template.yaml", TEMPLATE), ("other.yaml", TEMPLATE)][..], "template.yaml"),
            (&[("shop.yml", TEMPLATE), ("package.json", "{}"), ("values.yaml", "Resources: {cpu: 1}")], "shop.yml"),
            (&[("a.yml", TEMPLATE), ("b.json", TEMPLATE)], "several: a.yml, b.json"),
            (&[("readme.md", "")], "nothing"),
            (&[("cdk.json", "{}")], "app"),
            (&[("cdk.json", "{}"), ("cdk.out/manifest.json", ASSEMBLY)], "t.json"),
            (&[("cdk.out/manifest.json", ASSEMBLY), ("template.yaml", TEMPLATE)], "t.json"),
            (&[("manifest.json", ASSEMBLY)], "t.json"),
            (&[("manifest.json", "{}"), ("template.yaml", TEMPLATE)], "template.yaml"),
        ] {
            let folder = tempfile::tempdir().expect("a folder");
            for (name, text) in files {
                let file = folder.path().join(name);
                fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
                fs::write(file, text).expect("a file");
            }
            let found = match find(folder.path()) {
                Ok(Source::Stacks(stacks)) => names(&[stacks[0].file.clone()]),
                Ok(Source::App(_)) => "app".to_owned(),
                Err(SourceError::Several { files, .. }) => format!("several: {}", names(&files)),
                Err(SourceError::Nothing(_)) => "nothing".to_owned(),
                Err(error) => error.to_string(),
            };
            assert_eq!(found, expected, "{files:?}");
        }
    }
}
