//! Lambda functions and their layers.

use std::path::{Path, PathBuf};

use asl_project::yaml::Tree;

use super::texts;
use crate::plan::{Function, Plan, Problem};
use crate::resource::{Resource, text};

/// What makes code of something else: what lies beside the template does not run.
///
/// SAM developer guide, "Building Lambda functions".
const BUILT: [&str; 5] = ["dotnet7", "esbuild", "go1.x", "makefile", "rust-cargolambda"];

/// Where the routes of functions begin.
fn resource_pattern(name: &str) -> String {
    format!("arn:aws:lambda:*:*:function:{name}")
}

pub(super) fn function(resource: &Resource<'_>, resources: &[Resource<'_>], plan: &mut Plan) {
    let name = resource.reference(None);
    let by_hand = format!(
        "a [[routes]] with resource = \"{}\" in the routes.toml of the project serves it",
        resource_pattern(&name)
    );
    let lacks = |plan: &mut Plan, what: String| {
        let function = Some(resource.reference(Some("Arn")));
        plan.problems.push(Problem { origin: resource.origin(), what, help: by_hand.clone(), function });
    };
    if resource.text("PackageType").as_deref() == Some("Image") {
        return lacks(plan, "it is a container image, which asl does not run".to_owned());
    }
    let Some(runtime) = resource.text("Runtime") else {
        return lacks(plan, "it has no Runtime".to_owned());
    };
    let is_built = resource.of.template.file().components().any(|part| part.as_os_str() == ".aws-sam");
    if let Some(method) = resource.metadata("BuildMethod").filter(|it| !is_built && BUILT.contains(&it.as_str())) {
        let what = format!("its code is built before it runs (BuildMethod {method}): `sam build` does that");
        return lacks(plan, what);
    }
    let code = match code(resource, &runtime) {
        Ok(Code::Path(path)) => path,
        Ok(Code::Text(file, text)) => {
            let folder = Path::new("code").join(&name);
            plan.files.insert(folder.join(file), text);
            folder
        }
        Err(what) => return lacks(plan, what),
    };
    if let Some(missing) = missing_module(resource, &runtime, &code) {
        return lacks(plan, missing);
    }
    let mut layers = Vec::new();
    for layer in resource.get("Layers").map(Tree::items).unwrap_or_default().iter().filter_map(text) {
        match resources.iter().find(|it| it.kind.ends_with("::LayerVersion") && it.reference(None) == layer) {
            Some(found) => match content(found, ["Content", "ContentUri"]) {
                Some(path) => layers.push(path),
                None => plan
                    .notes
                    .push((found.origin(), "its content is no folder here: functions run without it".to_owned())),
            },
            None => {
                let told = format!("the layer {layer} is no resource of the project: the function runs without it");
                plan.notes.push((resource.origin_of("Layers"), told));
            }
        }
    }
    let environment = texts(resource.get("Environment.Variables"));
    for (name, value) in environment.iter().filter(|(_, value)| asl_engine::placeholders(value).next().is_some()) {
        let told =
            format!("nothing here knows {value} of its environment variable {name}: --parameter NAME=VALUE says it");
        plan.notes.push((resource.origin_of("Environment"), told));
    }
    if resource.get("VpcConfig").is_some_and(|it| !it.members().is_empty())
        || resource.get("FileSystemConfigs").is_some()
    {
        let told = "VpcConfig and FileSystemConfigs mean nothing here".to_owned();
        plan.notes.push((resource.origin(), told));
    }
    let function = Function {
        resource: resource_pattern(&name),
        handler: "function",
        // Of a custom runtime it is told to the executable, which is always `bootstrap`.
        entry: resource.text("Handler").filter(|_| !runtime.starts_with("provided")),
        runtime,
        code,
        layers,
        // What the CDK has bundled is what Lambda gets.
        install: (resource.metadata("aws:asset:is-bundled").as_deref() == Some("true")).then_some(false),
        timeout_seconds: resource.number("Timeout"),
        memory_mb: resource.number("MemorySize"),
        environment,
    };
    if is_qualified(resource, resources) {
        // A task that names a version or an alias runs the same code.
        let resource_pattern = format!("{}:*", function.resource);
        plan.routing.functions.push((resource.origin(), Function { resource: resource_pattern, ..function.clone() }));
    }
    plan.functions.push(resource.reference(Some("Arn")));
    plan.routing.functions.push((resource.origin(), function));
}

/// Whether the function has versions or aliases.
fn is_qualified(resource: &Resource<'_>, resources: &[Resource<'_>]) -> bool {
    let arn = format!("{}:", resource.reference(Some("Arn")));
    let is_of = |it: &&Resource<'_>| matches!(it.kind, "AWS::Lambda::Version" | "AWS::Lambda::Alias");
    resource.get("AutoPublishAlias").is_some()
        || resources.iter().filter(is_of).any(|it| it.reference(None).starts_with(&arn))
}

/// What packages are installed by, one of which may have a handler.
const PACKAGES: [&str; 6] =
    ["requirements.txt", "requirements.in", "pyproject.toml", "Pipfile", "package.json", "node_modules"];

/// What the handler of a function asks for and its code has not; a layer or a package may have it.
fn missing_module(resource: &Resource<'_>, runtime: &str, code: &Path) -> Option<String> {
    if !code.is_dir() || resource.get("Layers").is_some_and(|layers| !layers.items().is_empty()) {
        return None;
    }
    missing(&resource.text("Handler")?, runtime, code)
}

fn missing(handler: &str, runtime: &str, code: &Path) -> Option<String> {
    if PACKAGES.iter().any(|name| code.join(name).exists()) {
        return None;
    }
    let (path, endings) = match runtime {
        runtime if runtime.starts_with("python") => {
            (handler.rsplit_once('.')?.0.replace('.', "/"), &[".py", "/__init__.py"][..])
        }
        // The name of the file ends at its first dot: what follows is the function, or where it is.
        runtime if runtime.starts_with("nodejs") => {
            let folder = handler.rfind('/').map_or(0, |at| at + 1);
            let stem = handler[folder..].split_once('.')?.0;
            (format!("{}{stem}", &handler[..folder]), &[".js", ".mjs", ".cjs", ""][..])
        }
        _ => return None,
    };
    if endings.iter().any(|ending| code.join(format!("{path}{ending}")).is_file()) {
        return None;
    }
    // A build may write it later, of TypeScript for one.
    Some(format!("its handler {handler} is in {path}{}, and {} has none", endings[0], code.display()))
}

enum Code {
    /// A folder, or an archive that Java takes as it is.
    Path(PathBuf),
    /// What stands in the template: the name of the file, and its text.
    Text(&'static str, String),
}

/// The code of a function, or why there is none.
fn code(resource: &Resource<'_>, runtime: &str) -> Result<Code, String> {
    let inline = resource.text("Code.ZipFile").or_else(|| resource.text("InlineCode"));
    if let Some(text) = inline {
        let file = if runtime.starts_with("python") { "index.py" } else { "index.js" };
        return Ok(Code::Text(file, text));
    }
    let path = content(resource, ["Code", "CodeUri"]);
    // SAM takes the folder of the template.
    let beside = || resource.kind.starts_with("AWS::Serverless::").then(|| absolute(resource.of.template.file(), "."));
    let path = path.or_else(|| beside().filter(|_| resource.get("CodeUri").is_none()));
    let Some(path) = path else {
        let key = resource.text("Code.S3Key").map(|key| format!(" (the object {key} in S3)")).unwrap_or_default();
        return Err(format!("its code is no file here{key}"));
    };
    let is_archive = path.extension().is_some_and(|it| it == "zip");
    match (path.is_dir(), path.is_file()) {
        (true, _) => Ok(Code::Path(path)),
        (_, true) if !is_archive => Ok(Code::Path(path)),
        (_, true) => Err(format!("its code is packed in {}, and asl runs code in folders", path.display())),
        _ => Err(format!("its code {} is not there", path.display())),
    }
}

/// What `Code`, `CodeUri` or `ContentUri` names: a path beside the template, or an object in S3 that is an asset of the project.
fn content(resource: &Resource<'_>, properties: [&str; 2]) -> Option<PathBuf> {
    let location = properties.iter().find_map(|name| resource.get(name))?;
    if let Some(path) = text(location) {
        return (!path.contains("://")).then(|| absolute(resource.of.template.file(), &path));
    }
    let key = ["S3Key", "Key"].iter().find_map(|name| location.get(name)).and_then(text)?;
    let found = resource.of.stack.files.get(&key);
    // The CDK says beside a function which asset it has.
    let named = || resource.metadata("aws:asset:path").map(|path| resource.of.template.file().with_file_name(path));
    found.cloned().or_else(named).map(|path| std::path::absolute(&path).unwrap_or(path))
}

/// A path that is told from the folder of a file.
fn absolute(file: &Path, path: &str) -> PathBuf {
    let path: PathBuf = file.with_file_name("").join(path).components().collect();
    std::path::absolute(&path).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use std::fs;

    #[test]
    fn a_handler_is_looked_for_where_its_runtime_does() {
        let folder = tempfile::tempdir().expect("a folder");
        for file in ["app.py", "pkg/__init__.py", "index.js", "src/lib.mjs", "plain"] {
            let file = folder.path().join(file);
            fs::create_dir_all(file.parent().expect("a folder")).and_then(|()| fs::write(file, "")).expect("a file");
        }
        let is_missing = |runtime: &str, handler: &str| {
            let code = folder.path().to_owned();
            super::missing(handler, runtime, &code).is_some()
        };
        for (runtime, handler, missing) in [
            ("python3.12", "app.main", false),
            ("python3.12", "pkg.main", false),
            ("python3.12", "other.main", true),
            ("nodejs22.x", "index.handler", false),
            ("nodejs22.x", "index.orders.handler", false),
            ("nodejs22.x", "src/lib.handler", false),
            ("nodejs22.x", "plain.handler", false),
            ("nodejs22.x", "src/none.handler", true),
            ("java21", "com.example.Handler::handle", false),
        ] {
            assert_eq!(is_missing(runtime, handler), missing, "{runtime} {handler}");
        }
        // A package that is installed may have it.
        fs::write(folder.path().join("requirements.txt"), "datadog-lambda").expect("a file");
        assert!(!is_missing("python3.12", "datadog_lambda.handler.handler"));
    }
}
