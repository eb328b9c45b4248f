//! Node.js: a client of the Runtime API that comes with `asl`, and what the code depends on from npm.

use std::path::{Path, PathBuf};

use asl_engine::Value;
use tokio::process::Command;

use super::install::{self, InstallError};
use super::launch::{Launch, LaunchError, read_optional};

/// The client, which loads the handler and serves it.
const CLIENT: &str = include_str!("client.mjs");

/// What a module may be called.
const EXTENSIONS: [&str; 3] = ["js", "mjs", "cjs"];

/// How a function in `code` is started.
pub(super) async fn launch(
    version: Option<&str>,
    code: &Path,
    entry: &str,
    cache: &Path,
) -> Result<Launch, LaunchError> {
    check_entry(code, entry)?;
    let found = install::run("node cannot be run", Command::new("node").arg("--version")).await?;
    // `v22.3.0`
    let found = found.trim().trim_start_matches('v').to_owned();
    let major = found.split('.').next().unwrap_or_default().to_owned();
    let note = version.filter(|version| *version != major).map(|version| {
        format!("there is no Node.js {version} (the node on the PATH is another): Node.js {found} runs it")
    });
    let client = client(cache).await?;
    let mut environment = vec![("AWS_EXECUTION_ENV".into(), format!("AWS_Lambda_nodejs{major}.x").into())];
    if let Some(installed) = modules(&found, code, cache).await? {
        // For `require`; the client sees to `import`.
        environment.push(("NODE_PATH".into(), installed.join("node_modules").into()));
        environment.push(("ASL_NODE_INSTALLED".into(), installed.into()));
    }
    Ok(Launch { program: "node".into(), arguments: vec![client.into(), entry.into()], environment, note })
}

fn check_entry(code: &Path, entry: &str) -> Result<(), LaunchError> {
    let name = entry.rsplit_once('/').map_or(entry, |(_, name)| name);
    let Some((stem, _)) = name.split_once('.') else {
        return Err(LaunchError::Entry { entry: entry.to_owned(), example: "index.handler" });
    };
    let module = format!("{}{stem}", &entry[..entry.len() - name.len()]);
    if EXTENSIONS.iter().any(|extension| code.join(format!("{module}.{extension}")).is_file()) {
        return Ok(());
    }
    let module = format!("{module}.js, {module}.mjs or {module}.cjs");
    Err(LaunchError::NoModule { module, code: code.to_owned(), entry: entry.to_owned() })
}

/// The file of the client; written when it is not there.
async fn client(cache: &Path) -> Result<PathBuf, InstallError> {
    let name = format!("node/client-{}", install::key(&[CLIENT.as_bytes()]));
    let folder = install::folder(cache, &name, async |aside| {
        let file = aside.join("client.mjs");
        std::fs::write(&file, CLIENT).map_err(|source| InstallError::Write { file, source })
    });
    Ok(folder.await?.join("client.mjs"))
}

/// The folder whose `node_modules` has what `package.json` depends on; none where there is nothing to install.
async fn modules(node: &str, code: &Path, cache: &Path) -> Result<Option<PathBuf>, LaunchError> {
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
        let write = |name: &str, text: &[u8]| {
            std::fs::write(aside.join(name), text).map_err(|source| InstallError::Write { file: name.into(), source })
        };
        write("package.json", &package)?;
        let mut verb = "install";
        if let Some(lock) = &lock {
            write("package-lock.json", lock)?;
            verb = "ci";
        }
        if let Some(settings) = read_optional(&code.join(".npmrc"))? {
            write(".npmrc", &settings)?;
        }
        let what = format!("cannot install what {} depends on", code.join("package.json").display());
        let mut npm = Command::new("npm");
        npm.args([verb, "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(aside);
        install::run(&what, &mut npm).await?;
        Ok(())
    });
    folder.await.map(Some)
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
            ("index.handler", true),
            ("index.a.b", true),
            ("src.d/app.handler", true),
            ("old.handler", true),
            ("app.handler", false),
        ] {
            assert_eq!(check_entry(code.path(), entry).is_ok(), there, "{entry}");
        }
        assert_eq!(
            check_entry(code.path(), "src.d/index").unwrap_err().to_string(),
            "entry must name a module and a function, such as \"index.handler\", not \"src.d/index\""
        );
    }
}
