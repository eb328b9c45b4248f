//! The code of a function, looked for near the routing file: what advice shows lines for that work as they stand.

use std::fs;
use std::path::{Path, PathBuf};

/// Where the code of a function is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Code {
    runtime: &'static str,
    /// The folder of the code, from that of the routing file.
    folder: String,
    entry: String,
}

impl Code {
    /// The lines of a route that runs it.
    pub(crate) fn lines(&self) -> String {
        let Self { runtime, folder, entry } = self;
        let text = |text: &str| asl_engine::Value::from(text).to_string();
        format!("handler = \"function\"\nruntime = \"{runtime}\"\ncode = {}\nentry = {}", text(folder), text(entry))
    }
}

/// How deep code is looked for, and among how many files and folders.
const DEPTH: usize = 4;
const ENTRIES: usize = 5_000;

/// What the file with the function is called where its folder has the name.
const MAIN: [&str; 7] = ["app", "index", "main", "handler", "lambda", "lambda_function", "lambda_handler"];

/// The code of the function of this name below a folder, where a file or its folder is named so.
pub(crate) fn code_of(function: &str, folder: &Path) -> Option<Code> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut files = Vec::new();
    collect(folder, DEPTH, &mut ENTRIES.clone(), &mut files);
    files.sort();
    let wanted = plain(function);
    let stem = |file: &Path| file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
    let in_folder = |file: &Path| {
        let names = file.parent().into_iter().flat_map(Path::components);
        let mut names = names.filter_map(|name| name.as_os_str().to_str());
        // `greet/src/app.py` as well as `greet/app.py`
        names.any(|name| is_named(name, &wanted)) && MAIN.contains(&&*stem(file))
    };
    let by_name = files.iter().find(|file| is_named(&stem(file), &wanted));
    let file = by_name.or_else(|| files.iter().find(|file| in_folder(file.strip_prefix(folder).unwrap_or(file))))?;
    let text = fs::read_to_string(file).ok()?;
    let (runtime, found) = match file.extension()?.to_str()? {
        "py" => ("python3", python_function(&text)?),
        _ => ("nodejs", node_function(&text)?),
    };
    let code = file.parent()?.strip_prefix(folder).ok()?;
    let code = if code.as_os_str().is_empty() { Path::new(".") } else { code };
    Some(Code { runtime, folder: code.to_str()?.to_owned(), entry: format!("{}.{found}", stem(file)) })
}

/// The letters and digits of a name: `process-order`, `process_order` and `ProcessOrder` are one.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// Whether something called `name` is meant by `wanted`, the plain name of a function: it may have the name of a stack in front, and
/// "Function" or "Lambda" behind.
fn is_named(name: &str, wanted: &str) -> bool {
    let name = plain(name);
    let is = |wanted: &str| wanted == name || name.len() >= 4 && wanted.ends_with(&name);
    let short = ["function", "lambda", "handler", "fn"].into_iter().find_map(|end| wanted.strip_suffix(end));
    !name.is_empty() && (is(wanted) || short.is_some_and(is))
}

fn collect(folder: &Path, depth: usize, left: &mut usize, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if *left == 0 {
            return;
        }
        *left -= 1;
        // What others have written, and what was made.
        if name.starts_with('.') || matches!(&*name, "node_modules" | "__pycache__" | "cdk.out") {
            continue;
        }
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth > 0 => collect(&path, depth - 1, left, files),
            Ok(kind) if kind.is_file() => {
                let extension = path.extension().and_then(|extension| extension.to_str());
                if matches!(extension, Some("py" | "js" | "mjs" | "cjs")) {
                    files.push(path);
                }
            }
            _ => {}
        }
    }
}

/// The function that Lambda is told of: by its usual names, or the first with two parameters.
fn python_function(text: &str) -> Option<String> {
    let defined = text.lines().filter_map(|line| line.strip_prefix("async ").unwrap_or(line).strip_prefix("def "));
    let defined: Vec<(&str, &str)> = defined.filter_map(|rest| rest.split_once('(')).collect();
    let usual =
        ["lambda_handler", "handler", "main"].into_iter().find(|name| defined.iter().any(|(found, _)| found == name));
    let has_two = |parameters: &str| parameters.split(')').next().is_some_and(|list| list.matches(',').count() == 1);
    let first = || defined.iter().find(|(_, parameters)| has_two(parameters)).map(|(name, _)| name.trim());
    usual.or_else(first).map(str::to_owned)
}

/// The exported function, by its usual name or the first.
fn node_function(text: &str) -> Option<String> {
    let exported = text.lines().filter_map(|line| {
        let rest = line.trim_start();
        let rest = rest.strip_prefix("module.").unwrap_or(rest);
        let name = match rest.strip_prefix("exports.") {
            Some(rest) => rest,
            None => {
                let rest = rest.strip_prefix("export ")?;
                let rest = rest.strip_prefix("async ").unwrap_or(rest);
                rest.strip_prefix("function ").or_else(|| rest.strip_prefix("const "))?
            }
        };
        let name: String = name.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
        (!name.is_empty()).then_some(name)
    });
    let exported: Vec<String> = exported.collect();
    exported.iter().find(|name| *name == "handler").or(exported.first()).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines for a function in a folder with these files.
    fn lines(function: &str, files: &[(&str, &str)]) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        code_of(function, folder.path()).map(|code| format!("{} {} {}", code.runtime, code.folder, code.entry))
    }

    #[test]
    fn code_is_found_by_the_name_of_its_file_or_its_folder() {
        const PYTHON: &str =
            "import os\n\ndef helper(a):\n    pass\n\ndef lambda_handler(event, context):\n    return event\n";
        const NODE: &str = "export const handler = async (event) => event;\n";
        for (function, file, text, expected) in [
            ("greet", "greet.py", PYTHON, Some("python3 . greet.lambda_handler")),
            (
                "ProcessOrder",
                "functions/process_order/app.py",
                PYTHON,
                Some("python3 functions/process_order app.lambda_handler"),
            ),
            (
                "process-order",
                "src/process-order/src/index.mjs",
                NODE,
                Some("nodejs src/process-order/src index.handler"),
            ),
            ("MyStack-GreetFunction", "greet/index.js", "exports.main = () => 1;\n", Some("nodejs greet index.main")),
            ("dev-charge", "charge.py", "def run(event, context):\n  pass\n", Some("python3 . charge.run")),
            ("greet", "other.py", PYTHON, None),
            ("greet", "greet.py", "VALUE = 1\n", None),
            ("greet", "node_modules/greet/index.js", NODE, None),
            ("greet", "greet/helper.py", PYTHON, None),
        ] {
            assert_eq!(lines(function, &[(file, text)]).as_deref(), expected, "{function} {file}");
        }
    }

    #[test]
    fn the_lines_are_those_of_a_route() {
        let code = Code { runtime: "python3", folder: "a/b".to_owned(), entry: "app.handler".to_owned() };
        let route = format!("[[routes]]\nresource = 'r'\n{}", code.lines());
        let routes = crate::Routes::parse(&route, Path::new("routes.toml"));
        assert_eq!(routes.is_ok(), cfg!(feature = "functions"), "{routes:?}");
    }
}
