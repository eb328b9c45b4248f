//! The files that the tests of a test file are made of.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use asl_project::yaml::{self, Tree};
use asl_project::{DefinitionName, read_text};

use crate::test_file::{DEFINITIONS, TestFile, folder_of, stem};

/// Fields whose texts are the names of files.
const NAMES: [&str; 4] = ["definition", "mock_config", "input_file", "history"];

/// The files that are read for a test file, itself first: definitions, inputs, histories and mock configuration files, also those that
/// are not there or cannot be used. Whoever watches them knows when its tests may go otherwise.
pub fn files_read(path: &Path) -> Vec<PathBuf> {
    let folder = folder_of(path);
    let mut named = BTreeSet::new();
    if let Some(root) = read_text(path).ok().and_then(|text| yaml::read(&text).ok()?.root) {
        collect(&root, &mut named);
        let machines = root.get("state_machines").map(Tree::members).unwrap_or_default().iter();
        named.extend(machines.filter_map(|member| member.value.text()).map(str::to_owned));
    }
    let named = named.into_iter().map(|name| DefinitionName::from(&*folder.join(name)).file);
    let beside = DEFINITIONS.iter().map(|ending| folder.join(format!("{}{ending}", stem(path))));
    let found = TestFile::read_all(path).unwrap_or_default();
    let started = found.iter().flat_map(TestFile::programs).map(|(definition, _)| definition.file().to_owned());
    std::iter::once(path.to_owned()).chain(named).chain(beside).chain(started).collect()
}

fn collect(tree: &Tree, out: &mut BTreeSet<String>) {
    for member in tree.members() {
        match member.value.text() {
            Some(text) if NAMES.contains(&&*member.name) => _ = out.insert(text.to_owned()),
            _ => collect(&member.value, out),
        }
    }
    tree.items().iter().for_each(|item| collect(item, out));
}
