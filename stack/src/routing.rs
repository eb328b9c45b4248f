//! The text of the routing file that a plan comes to, and of the files that it names.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Component, Path, PathBuf};

use serde::Serialize;

use crate::plan::{Origin, Plan};

/// The routing file among the files that a plan comes to.
pub const ROUTES: &str = "routes.toml";

/// One entry of a list of tables, `[[name]]`.
fn entry<T: Serialize>(name: &str, entry: &T) -> Result<String, toml::ser::Error> {
    toml::to_string(&BTreeMap::from([(name, [entry])]))
}

impl Plan {
    /// The files that serve the project from `folder`: `routes.toml`, the definitions that it names, and code that stands in templates.
    /// `folder` has to be an absolute path, and so have the paths of the project to be.
    pub fn files_in(&self, folder: &Path) -> Result<Vec<(PathBuf, String)>, toml::ser::Error> {
        let mut files = vec![(folder.join(ROUTES), self.routes(folder)?)];
        for machine in &self.machines {
            let text = machine.definition.json().unwrap_or_default();
            let text = match serde_json::from_str::<serde_json::Value>(text) {
                Ok(value) => format!("{value:#}\n"),
                Err(_) => text.to_owned(),
            };
            files.push((folder.join(definition_file(&machine.name)), text));
        }
        files.extend(self.files.iter().map(|(file, text)| (folder.join(file), text.clone())));
        Ok(files)
    }

    fn routes(&self, folder: &Path) -> Result<String, toml::ser::Error> {
        let routing = &self.routing;
        let mut out = String::new();
        let list =
            |names: &BTreeSet<String>| toml::Value::Array(names.iter().cloned().map(toml::Value::String).collect());
        // Lists come before tables in TOML. A list that is empty says that there are none.
        for (name, names) in
            [("buckets", &routing.buckets), ("event_buckets", &routing.event_buckets), ("topics", &routing.topics)]
        {
            if !names.is_empty() {
                let _ = writeln!(out, "{name} = {}", list(names));
            }
        }
        for (name, queue) in &routing.queues {
            let _ = write!(out, "\n[queues.{}]\n{}", key(name), toml::to_string(queue)?);
        }
        for (origin, name, table) in &routing.tables {
            comment(&mut out, origin);
            let key = key(name);
            let _ = write!(out, "{}", table_text(&key, table)?);
        }
        for machine in &self.machines {
            comment(&mut out, &machine.origin);
            let _ = writeln!(out, "[state_machines.{}]", key(&machine.name));
            let file = definition_file(&machine.name);
            let _ = writeln!(out, "definition = {}", toml::Value::String(file.to_string_lossy().into_owned()));
            if machine.is_express {
                out.push_str("type = \"EXPRESS\"\n");
            }
            if let Some(logging) = &machine.logging {
                let _ = writeln!(out, "logging = {}", toml::Value::try_from(logging)?);
            }
        }
        for (name, api) in &routing.apis {
            let named = BTreeMap::from([("apis", BTreeMap::from([(name, api)]))]);
            let _ = write!(out, "\n{}", toml::to_string(&named)?);
        }
        for (origin, trigger) in &routing.triggers {
            comment(&mut out, origin);
            out.push_str(&entry("triggers", trigger)?);
        }
        for (origin, subscription) in &routing.subscriptions {
            comment(&mut out, origin);
            out.push_str(&entry("subscriptions", subscription)?);
        }
        for (origin, function) in &routing.functions {
            comment(&mut out, origin);
            let mut function = function.clone();
            function.code = from(folder, &function.code);
            function.layers.iter_mut().for_each(|layer| *layer = from(folder, layer));
            out.push_str(&entry("routes", &function)?);
        }
        Ok(out.trim_start().to_owned())
    }
}

fn table_text(key: &str, table: &crate::plan::Table) -> Result<String, toml::ser::Error> {
    let inline = |key: &crate::plan::Key| match key.kind.as_str() {
        "S" => toml::Value::String(key.name.clone()).to_string(),
        kind => format!("{{ name = {}, type = {kind:?} }}", toml::Value::String(key.name.clone())),
    };
    let mut out = format!("[tables.{key}]\nkey = {}\n", inline(&table.key));
    if let Some(sort) = &table.sort_key {
        let _ = writeln!(out, "sort_key = {}", inline(sort));
    }
    if let Some(ttl) = &table.ttl {
        let _ = writeln!(out, "ttl = {}", toml::Value::String(ttl.clone()));
    }
    for (name, index) in &table.indexes {
        let _ = writeln!(out, "\n[tables.{key}.indexes.{}]", self::key(name));
        for (name, key) in [("key", &index.key), ("sort_key", &index.sort_key)] {
            if let Some(key) = key {
                let _ = writeln!(out, "{name} = {}", inline(key));
            }
        }
        let _ = writeln!(out, "projection = {}", toml::Value::try_from(&index.projection)?);
    }
    Ok(out)
}

/// A name as a part of a key: bare where TOML takes it so.
fn key(name: &str) -> String {
    let is_bare =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if is_bare { name.to_owned() } else { toml::Value::String(name.to_owned()).to_string() }
}

fn comment(out: &mut String, origin: &Origin) {
    let construct = origin.construct.as_ref().map(|construct| format!(" ({construct})")).unwrap_or_default();
    let text: String =
        format!("{}{construct}", origin.id).chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let _ = write!(out, "\n# {text}\n");
}

/// The file of a definition, from the folder of the routing file.
fn definition_file(name: &str) -> PathBuf {
    // What a state machine may be called may be called so in a file, too, but for these.
    let name: String = name.chars().map(|c| if matches!(c, '/' | '\\' | ':') { '_' } else { c }).collect();
    PathBuf::from("definitions").join(format!("{name}.asl.json"))
}

/// The way from a folder to a path: both are absolute. What is already relative stays.
fn from(folder: &Path, path: &Path) -> PathBuf {
    if path.is_relative() {
        return path.to_owned();
    }
    let shared = folder.components().zip(path.components()).take_while(|(one, other)| one == other).count();
    let up = folder.components().skip(shared).map(|_| Component::ParentDir);
    let way: PathBuf = up.chain(path.components().skip(shared)).collect();
    // What shares nothing but the root is named from there.
    match (shared <= 1, way.as_os_str().is_empty()) {
        (true, _) => path.to_owned(),
        (_, true) => PathBuf::from("."),
        _ => way,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_from_the_routing_file() {
        for (folder, path, expected) in [
            ("/p", "/p/code", "code"),
            ("/p/x", "/p/code", "../code"),
            ("/p", "/p", "."),
            ("/p/a", "/q/b", "/q/b"),
            ("/p", "inline/f", "inline/f"),
        ] {
            assert_eq!(from(Path::new(folder), Path::new(path)), Path::new(expected), "{folder} {path}");
        }
    }
}
