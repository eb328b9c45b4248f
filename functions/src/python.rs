//! Python: `awslambdaric`, Lambda's own runtime, in an environment of its own with what the code requires, above what
//! Lambda brings along.

mod requirements;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use self::requirements::Requirements;
use super::install::{self, InstallError};
use super::launch::{Launch, LaunchError};
use super::layers::{Layers, joined};
use super::{sources, versions};

/// The Lambda runtime that is installed: <https://pypi.org/project/awslambdaric/>.
const AWSLAMBDARIC: &str = "awslambdaric==4.2.2";

/// What a Python interpreter says of itself.
struct Interpreter {
    program: PathBuf,
    /// Such as `3.12`.
    version: String,
    /// Version, build, platform and place, on one line.
    identity: String,
}

/// What Lambda brings along beside its runtime: the AWS SDK.
const SDK: &str = "boto3";

/// The modules of the SDK and those that it brings along, with what a source file has that uses them.
const SDK_MODULES: [(&str, &[&str]); 7] = [
    ("boto3", &["boto3"]),
    ("botocore", &["botocore"]),
    ("s3transfer", &["s3transfer"]),
    ("jmespath", &["jmespath"]),
    ("dateutil", &["dateutil"]),
    ("urllib3", &["urllib3"]),
    ("six", &["import six", "from six"]),
];

/// The file of an environment that says that what is installed in it uses the SDK.
const USES_SDK: &str = "uses-sdk";

/// How a function in `code` is started.
pub(super) async fn launch(
    version: Option<&str>,
    layers: &Layers,
    code: &Path,
    entry: &str,
    installs: bool,
    cache: &Path,
) -> Result<Launch, LaunchError> {
    let requirements = if installs { requirements::read(code)? } else { None };
    check_entry(code, entry, requirements.is_some() || !layers.have(&["python"]).is_empty())?;
    let (interpreter, note) = find(version).await?;
    let environment = environment(&interpreter, code, requirements.as_ref(), cache).await?;
    let program = environment.join("bin").join("python");
    let mut notes: Vec<_> = note.into_iter().collect();
    // The packages of layers are for the version that the route says.
    let version = version.unwrap_or(&interpreter.version);
    let layered = layers.have(&[&format!("python/lib/python{version}/site-packages"), "python"]);
    let installed = site_packages(&environment, &interpreter);
    let own: Vec<_> = [code, &installed].into_iter().chain(layered.iter().map(PathBuf::as_path)).collect();
    let mut sources = own.iter().filter(|folder| **folder != installed);
    if environment.join(USES_SDK).exists() || sources.any(|folder| uses_sdk(folder, &own, &[])) {
        // The code may do without it, or only name it.
        if let Err(error) = sdk(&interpreter, &program, cache).await {
            notes.push(error.to_string());
        }
    }
    // Compiled modules go there: the folder of the code is not changed.
    let pycache = cache.join("python").join("pycache");
    let mut variables = vec![
        ("AWS_EXECUTION_ENV".into(), format!("AWS_Lambda_python{version}").into()),
        ("PYTHONPYCACHEPREFIX".into(), pycache.into()),
    ];
    // Behind the code, before what is installed for it.
    variables.extend(joined("PYTHONPATH", layered));
    Ok(Launch {
        program,
        arguments: vec!["-m".into(), "awslambdaric".into(), entry.into()],
        environment: variables,
        notes,
    })
}

/// Whether a source file in `folder`, without `left_out`, uses a module of the SDK that none of `own` has.
fn uses_sdk(folder: &Path, own: &[&Path], left_out: &[&str]) -> bool {
    let has = |module: &str| {
        let forms = [module.to_owned(), format!("{module}.py")];
        own.iter().any(|folder| forms.iter().any(|form| folder.join(form).exists()))
    };
    let missing = SDK_MODULES.iter().filter(|(module, _)| !has(module));
    let words: Vec<_> = missing.flat_map(|(_, words)| words.iter()).collect();
    let left_out = [left_out, &["__pycache__", "node_modules"]].concat();
    let uses = |bytes: &[u8]| words.iter().any(|word| sources::contains(bytes, word.as_bytes()));
    !words.is_empty()
        && sources::look_through(folder, &["py"], &left_out, &mut |bytes| match uses(bytes) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        })
        .is_break()
}

/// Whether there is a module for the entry; one of the requirements or a layer may bring it.
fn check_entry(code: &Path, entry: &str, may_be_installed: bool) -> Result<(), LaunchError> {
    let Some((module, _)) = entry.rsplit_once('.') else {
        return Err(LaunchError::Entry { entry: entry.to_owned(), example: "app.handler" });
    };
    let path = module.replace('.', "/");
    let there = [format!("{path}.py"), format!("{path}/__init__.py")].iter().any(|file| code.join(file).is_file());
    if there || may_be_installed {
        return Ok(());
    }
    Err(LaunchError::NoModule { module: format!("{path}.py"), code: code.to_owned(), entry: entry.to_owned() })
}

/// The interpreter of this version, or else `python3` and a word about that.
async fn find(version: Option<&str>) -> Result<(Interpreter, Option<String>), LaunchError> {
    if let Some(version) = version {
        let elsewhere = versions::installed(&versions::PYTHON, version);
        for program in [PathBuf::from(format!("python{version}"))].into_iter().chain(elsewhere) {
            if let Ok(interpreter) = ask(&program).await {
                return Ok((interpreter, None));
            }
        }
    }
    let interpreter = ask(Path::new("python3")).await.map_err(|error| match version {
        Some(version) => LaunchError::NeitherPython { version: version.to_owned(), why: Box::new(error) },
        None => LaunchError::NoPython(Box::new(error)),
    })?;
    let other = version.filter(|version| *version != interpreter.version);
    let note = other.map(|version| {
        format!(
            "there is no python{version}: Python {} runs it; `uv python install {version}` or `pyenv install {version}` \
             installs it",
            interpreter.version
        )
    });
    Ok((interpreter, note))
}

async fn ask(program: &Path) -> Result<Interpreter, LaunchError> {
    const QUESTION: &str = "import sys, sysconfig\n\
                            print('%d.%d' % sys.version_info[:2])\n\
                            print(sys.version.replace('\\n', ' '), sysconfig.get_platform(), sys.executable)";
    let answer = install::run("cannot ask for the version", Command::new(program).args(["-c", QUESTION])).await?;
    let Some((version, identity)) = answer.trim().split_once('\n') else {
        return Err(LaunchError::Interpreter { program: program.display().to_string(), answer });
    };
    Ok(Interpreter { program: program.into(), version: version.trim().to_owned(), identity: identity.to_owned() })
}

/// The virtual environment for these requirements; made when there is none.
async fn environment(
    interpreter: &Interpreter,
    code: &Path,
    requirements: Option<&Requirements>,
    cache: &Path,
) -> Result<PathBuf, InstallError> {
    let (text, constraints) = requirements.map(|asked| (&*asked.text, &*asked.constraints)).unwrap_or_default();
    let parts = [AWSLAMBDARIC, SDK, &interpreter.identity, text, constraints].map(str::as_bytes);
    let name = format!("python/{}", install::key(&parts));
    install::folder(cache, &name, async |aside| {
        let write = |name: &str, text: &str| {
            let file = aside.join(name);
            std::fs::write(&file, text).map_err(|source| InstallError::Write { file: file.clone(), source })?;
            Ok(file)
        };
        let what = format!("cannot make a virtual environment of Python {}", interpreter.version);
        install::run(&what, Command::new(&interpreter.program).args(["-m", "venv"]).arg(aside)).await?;
        let mut pip = pip(&aside.join("bin").join("python"));
        pip.arg(AWSLAMBDARIC);
        let mut what = format!("cannot install {AWSLAMBDARIC}");
        if let Some(Requirements { file, text, constraints }) = requirements {
            what += &format!(" and what {} asks for", file.display());
            // Other files that are named in it lie beside it.
            let is_read_by_pip = file.extension().is_some_and(|extension| extension == "txt" || extension == "in");
            let asked = if is_read_by_pip { file.clone() } else { write("requirements.txt", text)? };
            pip.arg("--requirement").arg(asked);
            pip.arg("--constraint").arg(write("constraints.txt", constraints)?);
        }
        // Paths in requirements are meant from there.
        install::run(&what, pip.current_dir(code)).await?;
        let site_packages = site_packages(aside, interpreter);
        // What is named there comes last: below what the code brings and asks for.
        let last = site_packages.join("zz_asl.pth").display().to_string();
        write(&last, &format!("{}\n", cache.join(sdk_folder(interpreter)).display()))?;
        if requirements.is_some() && uses_sdk(&site_packages, &[&site_packages], &["pip", "setuptools", "awslambdaric"])
        {
            write(USES_SDK, "")?;
        }
        Ok(())
    })
    .await
}

/// Installs the SDK, for all functions that this interpreter runs.
async fn sdk(interpreter: &Interpreter, program: &Path, cache: &Path) -> Result<PathBuf, InstallError> {
    install::folder(cache, &sdk_folder(interpreter), async |aside| {
        let mut pip = pip(program);
        pip.arg("--target").arg(aside).arg(SDK);
        install::run(&format!("cannot install {SDK}, which Lambda has"), &mut pip).await.map(drop)
    })
    .await
}

fn sdk_folder(interpreter: &Interpreter) -> String {
    format!("python/sdk-{}", install::key(&[SDK.as_bytes(), interpreter.identity.as_bytes()]))
}

/// Where packages of a virtual environment are.
fn site_packages(environment: &Path, interpreter: &Interpreter) -> PathBuf {
    environment.join("lib").join(format!("python{}", interpreter.version)).join("site-packages")
}

/// `pip install` of this Python.
fn pip(program: &Path) -> Command {
    let mut pip = Command::new(program);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]);
    pip
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_that_uses_the_sdk_is_found() {
        for (text, uses) in [
            ("import boto3", true),
            ("from botocore.config import Config", true),
            ("import json, urllib3", true),
            ("import six", true),
            ("import sixteen, json", true),
            ("import json", false),
        ] {
            let code = tempfile::tempdir().unwrap();
            std::fs::create_dir(code.path().join("lib")).unwrap();
            std::fs::write(code.path().join("lib/app.py"), text).unwrap();
            let own = [code.path()];
            assert_eq!(uses_sdk(code.path(), &own, &[]), uses, "{text}");
            assert!(!uses_sdk(code.path(), &own, &["lib"]));
            for module in ["boto3", "botocore", "urllib3"] {
                std::fs::create_dir(code.path().join(module)).unwrap();
            }
            std::fs::write(code.path().join("six.py"), "").unwrap();
            assert!(!uses_sdk(code.path(), &own, &[]), "{text}");
        }
    }

    #[test]
    fn the_module_of_an_entry_has_to_be_there() {
        let code = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(code.path().join("pkg/sub")).unwrap();
        for file in ["app.py", "pkg/mod.py", "pkg/sub/__init__.py"] {
            std::fs::write(code.path().join(file), "").unwrap();
        }
        for (entry, there) in [
            ("app.handler", true),
            ("pkg.mod.handler", true),
            ("pkg/mod.handler", true),
            ("pkg.sub.handler", true),
            ("ap.handler", false),
        ] {
            assert_eq!(check_entry(code.path(), entry, false).is_ok(), there, "{entry}");
        }
        assert!(check_entry(code.path(), "datadog.handler", true).is_ok());
        assert_eq!(
            check_entry(code.path(), "ap.handler", false).unwrap_err().to_string(),
            format!("there is no ap.py in {}, which the entry \"ap.handler\" asks for", code.path().display())
        );
        assert_eq!(
            check_entry(code.path(), "app", false).unwrap_err().to_string(),
            "entry must name a module and a function, such as \"app.handler\", not \"app\""
        );
    }
}
