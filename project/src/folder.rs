//! The definitions and templates below a folder.

use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};

use asl_engine::Value;

use crate::template::Template;
use crate::text::read_text;
use crate::yaml;

/// Where no definition of the user's own lies.
const PASSED_OVER: [&str; 4] = ["node_modules", "target", "venv", "__pycache__"];
/// Endings that say of a file that it is a definition.
const DEFINITIONS: [&str; 4] = [".asl.json", ".asl.yaml", ".asl.yml", ".asl"];
/// Endings of files that may be one, or a template.
const CANDIDATES: [&str; 4] = [".json", ".yaml", ".yml", ".template"];
/// What every definition has.
const FIELDS: [&str; 2] = ["StartAt", "States"];
/// No larger file is either: AWS takes 1 MiB.
const MAX_LEN: u64 = 4 * 1024 * 1024;

/// The files of definitions, and of templates with state machines, below a folder, in the order of their paths.
///
/// A file is one where its name says so (`.asl.json`, `.asl.yaml`, `.asl.yml`, `.asl`), or where it has `StartAt` and `States`, or
/// state machines among its resources. Hidden folders and those of packages are passed over, and links are not followed.
pub fn definitions_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    files_in(folder, is_definition)
}

/// The files below a folder that are wanted, in the order of their paths: by their names, paths and lengths. The same folders are
/// passed over.
pub fn files_in(folder: &Path, is_wanted: impl Fn(&str, &Path, u64) -> bool) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    look(folder, &is_wanted, &mut found)?;
    Ok(found)
}

fn look(folder: &Path, is_wanted: &dyn Fn(&str, &Path, u64) -> bool, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<DirEntry>>>()?;
    entries.sort_by_key(DirEntry::file_name);
    for entry in entries {
        let (name, path, kind) = (entry.file_name(), entry.path(), entry.file_type()?);
        let name = name.to_string_lossy();
        if kind.is_dir() {
            if !name.starts_with('.') && !PASSED_OVER.contains(&&*name) {
                look(&path, is_wanted, found)?;
            }
        } else if kind.is_file() && is_wanted(&name, &path, entry.metadata()?.len()) {
            found.push(path);
        }
    }
    Ok(())
}

fn is_definition(name: &str, path: &Path, len: u64) -> bool {
    let name = name.to_lowercase();
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    if ends(&DEFINITIONS) {
        return true;
    }
    if !ends(&CANDIDATES) || len > MAX_LEN {
        return false;
    }
    // What cannot be read is no definition that anybody knows of.
    let Ok(text) = read_text(path) else { return false };
    let has_fields = || match text.parse::<Value>() {
        Ok(json) => FIELDS.iter().all(|field| json.get(field).is_some()),
        // YAML, or JSON with a comma too many.
        Err(_) => {
            let root = yaml::read(&text.replace('\t', " ")).ok().and_then(|document| document.root);
            root.is_some_and(|root| FIELDS.iter().all(|field| root.get(field).is_some()))
        }
    };
    FIELDS.iter().all(|field| text.contains(field)) && has_fields() || Template::of(path, &text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_known_by_their_name_or_by_what_they_have() {
        let folder = tempfile::tempdir().expect("a folder");
        let template = "Resources: {M: {Type: AWS::StepFunctions::StateMachine, Properties: {DefinitionString: ''}}}";
        for (name, text) in [
            ("a.asl.json", "nonsense"),
            ("b/c.ASL.YAML", ""),
            ("b/d.json", "{\n\t\"StartAt\": 1, \"States\": 2}"),
            ("b/e.yml", "StartAt: 1\nStates: 2"),
            ("template.yaml", template),
            ("not.json", r#"{"text": "StartAt and States"}"#),
            ("not.yaml", "Resources: {}"),
            ("not.txt", "StartAt: 1\nStates: 2"),
            (".hidden/f.asl.json", "{}"),
            ("node_modules/x/g.asl.json", "{}"),
        ] {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            fs::write(file, text).expect("a file");
        }
        let found = definitions_in(folder.path()).expect("the folder can be read");
        let names: Vec<_> = found.iter().map(|file| file.strip_prefix(folder.path()).expect("below it")).collect();
        let expected = ["a.asl.json", "b/c.ASL.YAML", "b/d.json", "b/e.yml", "template.yaml"];
        assert_eq!(names, expected.map(Path::new));
        assert!(definitions_in(&folder.path().join("none")).is_err());
    }
}
