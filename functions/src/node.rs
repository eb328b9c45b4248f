//! Node.js: a runtime that comes with `asl` and behaves as those of Lambda do, and what the code depends on from npm.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use asl_engine::Value;
use tokio::process::Command;

use super::install::{self, InstallError};
use super::launch::{Launch, LaunchError, read_optional};
use super::layers::{Layers, joined};
use super::{sources, versions};

/// The runtime, which loads the handler and serves it: `main.mjs` and what it imports.
const RUNTIME: [(&str, &str); 8] = [
    ("main.mjs", include_str!("node/main.mjs")),
    ("api.mjs", include_str!("node/api.mjs")),
    ("callbacks.mjs", include_str!("node/callbacks.mjs")),
    ("hooks.mjs", include_str!("node/hooks.mjs")),
    ("load.mjs", include_str!("node/load.mjs")),
    ("modules.mjs", include_str!("node/modules.mjs")),
    ("promises.mjs", include_str!("node/promises.mjs")),
    ("stream.mjs", include_str!("node/stream.mjs")),
];

/// From this version on, Lambda's runtime takes promises and plain values; callbacks are those of the runtimes before.
const PROMISES_FROM: u32 = 24;

/// What source files are called.
const SOURCES: [&str; 3] = ["js", "mjs", "cjs"];

/// What a module may be called.
const EXTENSIONS: [&str; 4] = ["", ".js", ".mjs", ".cjs"];

/// A version of Node.js.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Version {
    /// Such as `22.3.0`.
    text: String,
    major: u32,
    minor: u32,
}

impl Version {
    /// Reads what `node --version` says, such as `v22.3.0`.
    fn read(said: &str) -> Self {
        let text = said.trim().trim_start_matches('v').to_owned();
        let mut numbers = text.split('.').map(|number| number.parse().unwrap_or_default());
        let (major, minor) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
        Self { text, major, minor }
    }

    fn from(&self, major: u32, minor: u32) -> bool {
        (self.major, self.minor) >= (major, minor)
    }
}

/// How a function in `code` is started; `options` is the `NODE_OPTIONS` that it gets.
pub(super) async fn launch(
    version: Option<&str>,
    options: &str,
    layers: &Layers,
    code: &Path,
    entry: &str,
    installs: bool,
    cache: &Path,
) -> Result<Launch, LaunchError> {
    let entry = &*in_layer(entry, layers);
    check_entry(code, entry, !layers.have(&["nodejs"]).is_empty())?;
    let (program, found, note) = find(version).await?;
    let wanted = version.map_or(found.major, major);
    let mut arguments: Vec<_> = off(wanted, &found, options).into_iter().map(OsString::from).collect();
    let generation = if wanted < PROMISES_FROM { "callbacks" } else { "promises" };
    arguments.extend([runtime(cache).await?.into(), generation.into(), entry.into()]);
    let installed = if installs { modules(&program, &found.text, code, cache).await? } else { None };
    // As if it were in the code, whatever NODE_PATH says.
    arguments.extend(installed.as_ref().map(|installed| installed.join("node_modules").into()));
    let mut paths = layers.have(&[&format!("nodejs/node{wanted}/node_modules"), "nodejs/node_modules"]);
    let mut notes: Vec<_> = note.into_iter().chain(unread_lock(code)).collect();
    match sdk(&program, &found.text, code, installed.as_deref(), &paths, cache).await {
        Ok(folder) => paths.extend(folder),
        // A file that is not loaded may name it.
        Err(error) => notes.push(error.to_string()),
    }
    paths.push(code.to_owned());
    let mut environment = vec![("AWS_EXECUTION_ENV".into(), format!("AWS_Lambda_nodejs{wanted}.x").into())];
    environment.extend(joined("NODE_PATH", paths));
    Ok(Launch { program, arguments, environment, notes })
}

/// Such as 22; what is no number is newer than any.
fn major(version: &str) -> u32 {
    version.parse().unwrap_or(u32::MAX)
}

/// The `node` of this version, or else the one on the `PATH` and a word about that.
async fn find(version: Option<&str>) -> Result<(PathBuf, Version, Option<String>), LaunchError> {
    let on_path = ask(Path::new("node")).await;
    let Some(version) = version else { return Ok(("node".into(), on_path?, None)) };
    let is_wanted = |found: &Version| found.major == major(version);
    if !on_path.as_ref().is_ok_and(is_wanted) {
        for program in versions::installed(&versions::NODE, version) {
            if let Some(found) = ask(&program).await.ok().filter(is_wanted) {
                return Ok((program, found, None));
            }
        }
    }
    let found = on_path?;
    let note = (!is_wanted(&found)).then(|| {
        format!(
            "there is no Node.js {version} (the node on the PATH is another): Node.js {} runs it; `nvm install {version}` \
             installs it",
            found.text
        )
    });
    Ok(("node".into(), found, note))
}

async fn ask(program: &Path) -> Result<Version, InstallError> {
    let said = install::run("node cannot be run", Command::new(program).arg("--version")).await?;
    Ok(Version::read(&said))
}

/// The options that turn off what Lambda has turned off in this runtime and `found` may have on, unless `NODE_OPTIONS` turns it on
/// again. AWS Lambda developer guide, "Building Lambda functions with Node.js".
fn off(wanted: u32, found: &Version, options: &str) -> Vec<&'static str> {
    // What later versions call these options is not known; they are stable there.
    let knows = |major, minor| found.from(major, minor) && found.major <= PROMISES_FROM;
    // `require` of an ES module, and ES modules that nothing but their text says are some. Node.js 18 has neither.
    // That nodejs24.x has them off, too, its tests say (npm: aws-lambda-ric 4.0.2), not the guide.
    let required = (wanted <= PROMISES_FROM && knows(20, 17), "--experimental-require-module");
    let detected = (wanted != 20 && wanted <= PROMISES_FROM && knows(20, 10), "--experimental-detect-module");
    let mut off = Vec::new();
    for ((is_off, on), option) in
        [(required, "--no-experimental-require-module"), (detected, "--no-experimental-detect-module")]
    {
        if is_off && !options.split_whitespace().any(|option| option == on) {
            off.push(option);
        }
    }
    off
}

/// The entry with the place of the layer that has it where it names one below `/opt`, as wrappers of handlers do.
fn in_layer<'a>(entry: &'a str, layers: &Layers) -> Cow<'a, str> {
    let place = || {
        let (folder, name) = entry.strip_prefix("/opt/")?.rsplit_once('/')?;
        let stem = name.split('.').next()?;
        let has =
            |folder: &PathBuf| EXTENSIONS.iter().any(|extension| folder.join(format!("{stem}{extension}")).exists());
        let folder = layers.have(&[folder]).into_iter().find(has)?;
        Some(format!("{}/{name}", folder.display()))
    };
    place().map_or(Cow::Borrowed(entry), Cow::Owned)
}

/// A module that is nowhere is told before anything runs. What is no name of a handler, the runtime says.
fn check_entry(code: &Path, entry: &str, has_layers: bool) -> Result<(), LaunchError> {
    let name = entry.rsplit_once('/').map_or(entry, |(_, name)| name);
    let Some((stem, _)) = name.split_once('.') else { return Ok(()) };
    let module = format!("{}{stem}", &entry[..entry.len() - name.len()]);
    // A package has one, perhaps. An absolute path is joined to itself.
    let may_be_a_package = has_layers || code.join("node_modules").is_dir() || code.join("package.json").is_file();
    if entry.contains("..")
        || may_be_a_package
        || EXTENSIONS.iter().any(|extension| code.join(format!("{module}{extension}")).exists())
    {
        return Ok(());
    }
    let module = format!("{module}.js, {module}.mjs or {module}.cjs");
    Err(LaunchError::NoModule { module, code: code.to_owned(), entry: entry.to_owned() })
}

/// The file of the runtime; written when it is not there.
async fn runtime(cache: &Path) -> Result<PathBuf, InstallError> {
    let name = format!("node/runtime-{}", install::key(&RUNTIME.map(|(_, text)| text.as_bytes())));
    let folder = install::folder(cache, &name, async |aside| {
        RUNTIME.iter().try_for_each(|(name, text)| write(aside, name, text.as_bytes()))
    });
    Ok(folder.await?.join(RUNTIME[0].0))
}

/// The folder whose `node_modules` has what `package.json` depends on; none where there is nothing to install.
async fn modules(program: &Path, node: &str, code: &Path, cache: &Path) -> Result<Option<PathBuf>, LaunchError> {
    let Some(package) = read_optional(&code.join("package.json"))? else { return Ok(None) };
    let parsed = std::str::from_utf8(&package).ok().and_then(|text| text.parse::<Value>().ok());
    let parsed = parsed.ok_or_else(|| LaunchError::NotJson(code.join("package.json")))?;
    let depends = ["dependencies", "optionalDependencies"];
    let depends = depends.iter().filter_map(|name| parsed.get(name)?.as_object()).any(|names| !names.is_empty());
    if !depends || code.join("node_modules").is_dir() {
        return Ok(None);
    }
    let lock = read_optional(&code.join("package-lock.json"))?;
    let parts = [node.as_bytes(), std::env::consts::ARCH.as_bytes(), &package, lock.as_deref().unwrap_or_default()];
    let name = format!("node/{}", install::key(&parts));
    let folder = install::folder(cache, &name, async |aside| {
        write(aside, "package.json", &package)?;
        let mut verb = "install";
        if let Some(lock) = &lock {
            write(aside, "package-lock.json", lock)?;
            verb = "ci";
        }
        copy_settings(code, aside)?;
        let what = format!("cannot install what {} depends on", code.join("package.json").display());
        install::run(&what, npm(program, verb).current_dir(aside)).await?;
        Ok(())
    });
    folder.await.map(Some)
}

/// What is to be told where versions are locked by a file that npm does not read.
fn unread_lock(code: &Path) -> Option<String> {
    let there = |name: &str| code.join(name).exists();
    if there("package-lock.json") || there("node_modules") {
        return None;
    }
    let locks = [("yarn.lock", "yarn install"), ("pnpm-lock.yaml", "pnpm install"), ("bun.lock", "bun install")];
    let (lock, command) = locks.into_iter().find(|(lock, _)| there(lock))?;
    Some(format!(
        "npm installs what package.json depends on, and does not read {lock}; `{command}` makes a node_modules, which is taken"
    ))
}

/// The `node_modules` with the packages of the AWS SDK that the code uses, which Lambda brings along. Those that the code has
/// itself, are `installed` for it, or are in one of the `layers` are not among them.
async fn sdk(
    program: &Path,
    node: &str,
    code: &Path,
    installed: Option<&Path>,
    layers: &[PathBuf],
    cache: &Path,
) -> Result<Option<PathBuf>, LaunchError> {
    let mut packages = BTreeSet::new();
    let _ = sources::look_through(code, &SOURCES, &["node_modules"], &mut |bytes| {
        packages.extend(packages_of_sdk(bytes));
        ControlFlow::Continue(())
    });
    let own = [Some(code), installed].into_iter().flatten().map(|folder| folder.join("node_modules"));
    let folders: Vec<_> = own.chain(layers.iter().cloned()).collect();
    packages.retain(|package| !folders.iter().any(|folder| folder.join(package).is_dir()));
    if packages.is_empty() {
        return Ok(None);
    }
    let listed = packages.iter().map(|package| format!("\n{package}")).collect::<String>();
    let name = format!("node/sdk-{}", install::key(&[node.as_bytes(), listed.as_bytes()]));
    let folder = install::folder(cache, &name, async |aside| {
        write(aside, "package.json", b"{}")?;
        copy_settings(code, aside)?;
        let listed = listed.trim_start().replace('\n', " ");
        let what = format!(
            "cannot install {listed}, which Lambda has; a node_modules of the code that has it is taken instead"
        );
        install::run(&what, npm(program, "install").args(&packages).current_dir(aside)).await?;
        Ok::<_, LaunchError>(())
    });
    Ok(Some(folder.await?.join("node_modules")))
}

/// The packages of the SDK that a source file loads: what stands quoted behind `require(`, `import(`, `import` or `from`. That a
/// bundle has the text of a `package.json` in it does not count.
fn packages_of_sdk(source: &[u8]) -> BTreeSet<String> {
    let mut packages = BTreeSet::new();
    for scope in ["@aws-sdk/", "@smithy/"] {
        let mut at = 0;
        while let Some(start) = sources::find(source, scope.as_bytes(), at) {
            at = start + scope.len();
            let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
            let length = source[at..].iter().take_while(is_name).count();
            let Some((quote, before)) = source[..start].split_last() else { continue };
            let before = before.trim_ascii_end();
            let before = before.strip_suffix(b"(").map_or(before, <[u8]>::trim_ascii_end);
            let loads =
                [&b"require"[..], b"require.resolve", b"import", b"from"].iter().any(|word| before.ends_with(word));
            let ends = source.get(at + length).is_some_and(|end| end == quote || *end == b'/');
            if length > 0 && matches!(quote, b'"' | b'\'' | b'`') && loads && ends {
                packages.insert(String::from_utf8_lossy(&source[start..at + length]).into_owned());
            }
        }
    }
    packages
}

fn write(folder: &Path, name: &str, text: &[u8]) -> Result<(), InstallError> {
    let file = folder.join(name);
    std::fs::write(&file, text).map_err(|source| InstallError::Write { file, source })
}

/// The settings of npm that lie beside the code, such as where packages come from.
fn copy_settings(code: &Path, folder: &Path) -> Result<(), LaunchError> {
    match read_optional(&code.join(".npmrc"))? {
        Some(settings) => Ok(write(folder, ".npmrc", &settings)?),
        None => Ok(()),
    }
}

/// npm, by this `node`, for which it compiles what has to be compiled.
fn npm(program: &Path, verb: &str) -> Command {
    let mut npm = Command::new("npm");
    npm.args([verb, "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"]);
    if let Some(folder) = program.parent().filter(|folder| folder.is_absolute()) {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = [folder.to_owned()].into_iter().chain(std::env::split_paths(&path));
        // A folder that cannot be on a PATH is none.
        if let Ok(path) = std::env::join_paths(path) {
            npm.env("PATH", path);
        }
    }
    npm
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_of_an_entry_has_to_be_there() {
        let code = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(code.path().join("src.d")).unwrap();
        for file in ["index.js", "src.d/app.mjs", "old.cjs"] {
            std::fs::write(code.path().join(file), "").unwrap();
        }
        for (entry, there) in [
            ("index", true),
            ("../index.handler", true),
            ("index.handler", true),
            ("index.a.b", true),
            ("src.d/app.handler", true),
            ("old.handler", true),
            ("app.handler", false),
        ] {
            assert_eq!(check_entry(code.path(), entry, false).is_ok(), there, "{entry}");
        }
        std::fs::write(code.path().join("package.json"), "{}").unwrap();
        assert!(check_entry(code.path(), "package.handler", false).is_ok());
    }

    #[test]
    fn the_packages_of_the_sdk_that_code_loads_are_found() {
        for (source, expected) in [
            ("import { S3Client } from '@aws-sdk/client-s3';", &["@aws-sdk/client-s3"][..]),
            (
                "var a=require(\"@aws-sdk/client-s3\"),b=require( '@smithy/util-utf8/dist' )",
                &["@aws-sdk/client-s3", "@smithy/util-utf8"],
            ),
            (
                "import\"@aws-sdk/client-sqs\";await import(`@aws-sdk/client-sns`)",
                &["@aws-sdk/client-sns", "@aws-sdk/client-sqs"],
            ),
            ("var p={name:\"@aws-sdk/client-s3\"}; // node_modules/@aws-sdk/core/index.js", &[]),
            ("require('@aws-sdk/' + name); require('@aws-sdk/client-s3", &[]),
        ] {
            let found: Vec<_> = packages_of_sdk(source.as_bytes()).into_iter().collect();
            assert_eq!(found, expected, "{source}");
        }
    }

    #[test]
    fn a_lock_that_is_not_read_is_told() {
        let code = tempfile::tempdir().unwrap();
        assert_eq!(unread_lock(code.path()), None);
        std::fs::write(code.path().join("yarn.lock"), "").unwrap();
        assert!(unread_lock(code.path()).unwrap().contains("does not read yarn.lock; `yarn install` makes"));
        std::fs::write(code.path().join("package-lock.json"), "{}").unwrap();
        assert_eq!(unread_lock(code.path()), None);
    }

    #[test]
    fn what_lambda_turns_off_is_off() {
        let (no_require, no_detect) = ("--no-experimental-require-module", "--no-experimental-detect-module");
        for (wanted, found, options, expected) in [
            (22, "v22.3.0", "", vec![no_require, no_detect]),
            (22, "v18.20.1", "", vec![]),
            (20, "v20.20.2", "--enable-source-maps", vec![no_require]),
            (22, "v22.3.0", "--experimental-require-module", vec![no_detect]),
            (24, "v24.1.0", "", vec![no_require, no_detect]),
            (26, "v26.1.0", "", vec![]),
            (22, "v26.1.0", "", vec![]),
        ] {
            assert_eq!(off(wanted, &Version::read(found), options), expected, "{wanted} by {found}");
        }
    }
}
