//! What the code asks for to be installed: `requirements.txt`, `requirements.in`, `Pipfile`, `pyproject.toml`, and their locks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use asl_engine::Value;
use serde::Deserialize;

use crate::launch::{LaunchError, read_optional};

/// Requirements, as pip reads them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Requirements {
    /// The file that has them.
    pub(super) file: PathBuf,
    /// Their text.
    pub(super) text: String,
    /// What a lock says about versions, also of what is required by others.
    pub(super) constraints: String,
}

/// How the other files become one that is read here.
const PIPENV: &str = "`pipenv requirements > requirements.txt` writes what can be installed";
const POETRY: &str = "`poetry export --output requirements.txt` writes what can be installed";
const UV: &str = "`uv export --no-hashes --output-file requirements.txt` writes what can be installed";
const BY_HAND: &str = "write what is to be installed into requirements.txt";

/// What the folder of the code asks for; the first file counts of those that there are.
pub(super) fn read(code: &Path) -> Result<Option<Requirements>, LaunchError> {
    for name in ["requirements.txt", "requirements.in"] {
        let file = code.join(name);
        if let Some(bytes) = read_optional(&file)? {
            // Not read further: pip does that.
            let text = String::from_utf8_lossy(&bytes).into_owned();
            return Ok(Some(Requirements { file, text, constraints: String::new() }));
        }
    }
    if let Some(lock) = text(&code.join("Pipfile.lock"))? {
        return pipfile_lock(lock).map(Some);
    }
    if let Some(pipfile) = text(&code.join("Pipfile"))? {
        return pipfile_alone(pipfile).map(Some);
    }
    let (uv, poetry) = (text(&code.join("uv.lock"))?, text(&code.join("poetry.lock"))?);
    if let Some(project) = text(&code.join("pyproject.toml"))? {
        return pyproject(project, uv, poetry);
    }
    match (uv, poetry) {
        (Some(lock), _) => Err(lock.refused("has no pyproject.toml beside it", UV)),
        (None, Some(lock)) => Err(lock.refused("has no pyproject.toml beside it", POETRY)),
        (None, None) => Ok(None),
    }
}

struct File {
    path: PathBuf,
    text: String,
}

fn text(path: &Path) -> Result<Option<File>, LaunchError> {
    let bytes = read_optional(path)?;
    Ok(bytes.map(|bytes| File { path: path.to_owned(), text: String::from_utf8_lossy(&bytes).into_owned() }))
}

impl File {
    fn refused(&self, what: &str, advice: &'static str) -> LaunchError {
        LaunchError::Requirements { file: self.path.clone(), what: what.to_owned(), advice }
    }

    fn toml<'a, T: Deserialize<'a>>(&'a self, advice: &'static str) -> Result<T, LaunchError> {
        toml::from_str(&self.text).map_err(|error| self.refused(&format!("cannot be read: {error}"), advice))
    }

    fn requires(self, lines: impl IntoIterator<Item = String>, constraints: String) -> Requirements {
        let text = lines.into_iter().map(|line| line + "\n").collect();
        Requirements { file: self.path, text, constraints }
    }
}

/// A dependency of a Pipfile or of Poetry.
#[derive(Deserialize)]
#[serde(untagged)]
enum Dependency {
    Version(String),
    Table(Table),
    /// Poetry: one of several, by the platform or the version of Python.
    Several(Vec<toml::Value>),
}

#[derive(Default, Deserialize)]
struct Table {
    version: Option<String>,
    markers: Option<String>,
    #[serde(default)]
    extras: Vec<String>,
    #[serde(default)]
    optional: bool,
    /// Where it comes from, when it is not the index: `git`, `path`, `url`.
    #[serde(flatten)]
    others: BTreeMap<String, toml::Value>,
}

impl Table {
    /// What says that it comes from elsewhere.
    fn elsewhere(&self) -> Option<&str> {
        ["git", "path", "url", "file", "hg", "svn", "bzr"].into_iter().find(|place| self.others.contains_key(*place))
    }

    /// As a line for pip, with this version.
    fn line(&self, name: &str, version: &str) -> String {
        let extras = if self.extras.is_empty() { String::new() } else { format!("[{}]", self.extras.join(",")) };
        let version = if version == "*" { "" } else { version };
        let markers = self.markers.as_ref().map(|markers| format!("; {markers}")).unwrap_or_default();
        format!("{name}{extras}{version}{markers}")
    }
}

fn pipfile_lock(file: File) -> Result<Requirements, LaunchError> {
    let lock: Value = file.text.parse().map_err(|_| file.refused("is no JSON", PIPENV))?;
    let mut lines = Vec::new();
    for (name, package) in lock["default"].as_object().into_iter().flat_map(|packages| packages.iter()) {
        let text = |member: &str| package[member].as_str().map(str::to_owned);
        let extras = package["extras"].as_array().into_iter().flatten();
        let extras = extras.filter_map(|extra| extra.as_str().map(str::to_owned)).collect();
        let table = Table { version: text("version"), markers: text("markers"), extras, ..Table::default() };
        let Some(version) = &table.version else {
            return Err(file.refused(&format!("takes {name} from elsewhere than an index"), PIPENV));
        };
        lines.push(table.line(name, version));
    }
    Ok(file.requires(lines, String::new()))
}

fn pipfile_alone(file: File) -> Result<Requirements, LaunchError> {
    #[derive(Deserialize)]
    struct Pipfile {
        #[serde(default)]
        packages: BTreeMap<String, Dependency>,
    }
    let pipfile: Pipfile = file.toml(PIPENV)?;
    let mut lines = Vec::new();
    for (name, dependency) in &pipfile.packages {
        lines.push(match dependency {
            Dependency::Version(version) => Table::default().line(name, version),
            Dependency::Table(table) if table.elsewhere().is_none() => {
                table.line(name, table.version.as_deref().unwrap_or("*"))
            }
            _ => return Err(file.refused(&format!("takes {name} from elsewhere than an index"), PIPENV)),
        });
    }
    Ok(file.requires(lines, String::new()))
}

#[derive(Deserialize)]
struct Pyproject {
    project: Option<ProjectTable>,
    tool: Option<Tool>,
}

#[derive(Default, Deserialize)]
struct ProjectTable {
    dependencies: Option<Vec<String>>,
    #[serde(default)]
    dynamic: Vec<String>,
}

#[derive(Default, Deserialize)]
struct Tool {
    uv: Option<Uv>,
    poetry: Option<Poetry>,
}

#[derive(Default, Deserialize)]
struct Uv {
    #[serde(default)]
    sources: BTreeMap<String, toml::Value>,
}

#[derive(Default, Deserialize)]
struct Poetry {
    #[serde(default)]
    dependencies: BTreeMap<String, Dependency>,
}

fn pyproject(file: File, uv: Option<File>, poetry: Option<File>) -> Result<Option<Requirements>, LaunchError> {
    let Pyproject { project, tool } = file.toml(BY_HAND)?;
    let project = project.unwrap_or_default();
    let tool = tool.unwrap_or_default();
    if let Some((name, _)) = tool.uv.unwrap_or_default().sources.first_key_value() {
        return Err(file.refused(&format!("takes {name} from elsewhere than an index"), UV));
    }
    if project.dynamic.iter().any(|member| member == "dependencies") {
        return Err(file.refused("leaves its dependencies to a build tool (dynamic)", BY_HAND));
    }
    if let Some(dependencies) = project.dependencies.filter(|dependencies| !dependencies.is_empty()) {
        let constraints = match (uv, poetry) {
            (Some(lock), _) => constraints(&lock, UV)?,
            (None, Some(lock)) => constraints(&lock, POETRY)?,
            (None, None) => String::new(),
        };
        return Ok(Some(file.requires(dependencies, constraints)));
    }
    let mut names = Vec::new();
    for (name, dependency) in tool.poetry.unwrap_or_default().dependencies {
        let table = match dependency {
            // The Python that runs it is found otherwise.
            _ if name == "python" => continue,
            Dependency::Version(_) => Table::default(),
            Dependency::Table(table) if table.optional => continue,
            Dependency::Table(table) if table.elsewhere().is_none() => table,
            Dependency::Table(_) => {
                return Err(file.refused(&format!("takes {name} from elsewhere than an index"), POETRY));
            }
            Dependency::Several(forms) => {
                return Err(file.refused(&format!("has {name} in {} forms", forms.len()), POETRY));
            }
        };
        // The versions are those of the lock; what Poetry writes about them pip does not read.
        names.push(table.line(&name, "*"));
    }
    match poetry {
        _ if names.is_empty() => Ok(None),
        Some(lock) => {
            let constraints = constraints(&lock, POETRY)?;
            Ok(Some(file.requires(names, constraints)))
        }
        None => Err(file.refused("has its dependencies for Poetry, and no poetry.lock beside it", POETRY)),
    }
}

/// The versions of a lock of uv or Poetry, whose form is the same as far as this goes. What has several versions is left to pip.
fn constraints(file: &File, advice: &'static str) -> Result<String, LaunchError> {
    #[derive(Deserialize)]
    struct Lock {
        #[serde(default)]
        package: Vec<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        version: Option<String>,
        source: Option<BTreeMap<String, toml::Value>>,
    }
    let lock: Lock = file.toml(advice)?;
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for Package { name, version, source } in lock.package {
        let source = source.unwrap_or_default();
        let elsewhere = ["git", "url", "path", "directory"].iter().any(|place| source.contains_key(*place))
            || source.get("type").and_then(toml::Value::as_str).is_some_and(|place| place != "legacy");
        if elsewhere {
            return Err(file.refused(&format!("takes {name} from elsewhere than an index"), advice));
        }
        // The project itself has a place, and no version that could be installed.
        if let Some(version) = version.filter(|_| !source.contains_key("virtual") && !source.contains_key("editable")) {
            versions.entry(name).or_default().push(version);
        }
    }
    let only = versions.iter().filter_map(|(name, versions)| match &versions[..] {
        [version] => Some(format!("{name}=={version}\n")),
        _ => None,
    });
    Ok(only.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &str)]) -> Result<Option<(String, String, String)>, String> {
        let code = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(code.path().join(name), text).unwrap();
        }
        let name = |file: &Path| file.file_name().unwrap().to_str().unwrap().to_owned();
        match read(code.path()) {
            Ok(found) => Ok(found.map(|found| (name(&found.file), found.text, found.constraints))),
            Err(error) => Err(error.to_string().replace(&format!("{}/", code.path().display()), "")),
        }
    }

    #[test]
    fn requirements_are_found_in_the_files_of_the_tools() {
        const PIPFILE: (&str, &str) = (
            "Pipfile",
            "[packages]\na = '*'\nb = '>=1.2'\nc = { version = '==1', extras = ['x', 'y'], markers = \"sys_platform == 'linux'\" }\n",
        );
        const POETRY_PROJECT: (&str, &str) = (
            "pyproject.toml",
            "[tool.poetry.dependencies]\npython = '^3.11'\nb = { version = '~2', extras = ['x'] }\na = '^1'\nc = { version = '1', optional = true }\n",
        );
        for (files, expected) in [
            (&[("app.py", "")][..], None),
            (&[("requirements.txt", "a==1\n-r b.txt"), PIPFILE], Some(("requirements.txt", "a==1\n-r b.txt", ""))),
            (&[("requirements.in", "a")], Some(("requirements.in", "a", ""))),
            (&[PIPFILE], Some(("Pipfile", "a\nb>=1.2\nc[x,y]==1; sys_platform == 'linux'\n", ""))),
            (
                &[
                    PIPFILE,
                    (
                        "Pipfile.lock",
                        r#"{"default":{"a":{"version":"==1.5","hashes":[]},"b":{"version":"==2","extras":["x"],"markers":"m"}},"develop":{"d":{"version":"==1"}}}"#,
                    ),
                ],
                Some(("Pipfile.lock", "a==1.5\nb[x]==2; m\n", "")),
            ),
            (&[("pyproject.toml", "[tool.ruff]\nline-length = 1\n[project]\nname = 'a'\n")], None),
            (
                &[("pyproject.toml", "[project]\ndependencies = ['a>=1', 'b[x]']\n")],
                Some(("pyproject.toml", "a>=1\nb[x]\n", "")),
            ),
            (
                &[
                    ("pyproject.toml", "[project]\ndependencies = ['a']\n"),
                    (
                        "uv.lock",
                        "version = 1\n[[package]]\nname = 'a'\nversion = '1.5'\nsource = { registry = 'https://pypi.org/simple' }\n\
                         [[package]]\nname = 'me'\nversion = '0'\nsource = { virtual = '.' }\n\
                         [[package]]\nname = 'b'\nversion = '1'\n[[package]]\nname = 'b'\nversion = '2'\n",
                    ),
                ],
                Some(("pyproject.toml", "a\n", "a==1.5\n")),
            ),
            (
                &[POETRY_PROJECT, ("poetry.lock", "[[package]]\nname = 'a'\nversion = '1.5'\n[metadata]\n")],
                Some(("pyproject.toml", "a\nb[x]\n", "a==1.5\n")),
            ),
        ] {
            let expected = expected.map(|(file, text, locked)| (file.to_owned(), text.to_owned(), locked.to_owned()));
            assert_eq!(of(files), Ok(expected), "{files:?}");
        }
        for (files, expected) in [
            (
                &[POETRY_PROJECT][..],
                format!("pyproject.toml has its dependencies for Poetry, and no poetry.lock beside it; {POETRY}"),
            ),
            (&[("uv.lock", "")], format!("uv.lock has no pyproject.toml beside it; {UV}")),
            (&[("poetry.lock", "")], format!("poetry.lock has no pyproject.toml beside it; {POETRY}")),
            (
                &[("Pipfile", "[packages]\na = { git = 'https://x' }\n")],
                format!("Pipfile takes a from elsewhere than an index; {PIPENV}"),
            ),
            (
                &[("pyproject.toml", "[project]\ndependencies = ['a']\n[tool.uv.sources]\na = { workspace = true }\n")],
                format!("pyproject.toml takes a from elsewhere than an index; {UV}"),
            ),
            (
                &[("pyproject.toml", "[project]\ndynamic = ['dependencies']\n")],
                format!("pyproject.toml leaves its dependencies to a build tool (dynamic); {BY_HAND}"),
            ),
            (&[("Pipfile.lock", "{")], format!("Pipfile.lock is no JSON; {PIPENV}")),
        ] {
            assert_eq!(of(files), Err(expected), "{files:?}");
        }
        assert!(of(&[("pyproject.toml", "[project")]).unwrap_err().starts_with("pyproject.toml cannot be read: "));
    }
}
