//! Python: `awslambdaric`, Lambda's own runtime, in an environment of its own with what the code requires.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::install::{self, InstallError};
use super::launch::{Launch, LaunchError, read_optional};

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

/// How a function in `code` is started.
pub(super) async fn launch(
    version: Option<&str>,
    code: &Path,
    entry: &str,
    cache: &Path,
) -> Result<Launch, LaunchError> {
    let requirements = read_optional(&code.join("requirements.txt"))?;
    check_entry(code, entry, requirements.is_some())?;
    let (interpreter, note) = find(version).await?;
    let environment = environment(&interpreter, code, requirements.as_deref(), cache).await?;
    let program = environment.join("bin").join("python");
    // Compiled modules go there: the folder of the code is not changed.
    let pycache = cache.join("python").join("pycache");
    Ok(Launch {
        program,
        arguments: vec!["-m".into(), "awslambdaric".into(), entry.into()],
        environment: vec![
            ("AWS_EXECUTION_ENV".into(), format!("AWS_Lambda_python{}", interpreter.version).into()),
            ("PYTHONPYCACHEPREFIX".into(), pycache.into()),
        ],
        note,
    })
}

/// Whether there is a module for the entry; one of the requirements may bring it.
fn check_entry(code: &Path, entry: &str, has_requirements: bool) -> Result<(), LaunchError> {
    let Some((module, _)) = entry.rsplit_once('.') else {
        return Err(LaunchError::Entry { entry: entry.to_owned(), example: "app.handler" });
    };
    let path = module.replace('.', "/");
    let there = [format!("{path}.py"), format!("{path}/__init__.py")].iter().any(|file| code.join(file).is_file());
    if there || has_requirements {
        return Ok(());
    }
    Err(LaunchError::NoModule { module: format!("{path}.py"), code: code.to_owned(), entry: entry.to_owned() })
}

/// The interpreter of this version, or else `python3` and a word about that.
async fn find(version: Option<&str>) -> Result<(Interpreter, Option<String>), LaunchError> {
    if let Some(version) = version
        && let Ok(interpreter) = ask(&format!("python{version}")).await
    {
        return Ok((interpreter, None));
    }
    let interpreter = ask("python3").await.map_err(|error| match version {
        Some(version) => LaunchError::NeitherPython { version: version.to_owned(), why: Box::new(error) },
        None => LaunchError::NoPython(Box::new(error)),
    })?;
    let other = version.filter(|version| *version != interpreter.version);
    let note = other.map(|version| format!("there is no python{version}: Python {} runs it", interpreter.version));
    Ok((interpreter, note))
}

async fn ask(program: &str) -> Result<Interpreter, LaunchError> {
    const QUESTION: &str = "import sys, sysconfig\n\
                            print('%d.%d' % sys.version_info[:2])\n\
                            print(sys.version.replace('\\n', ' '), sysconfig.get_platform(), sys.executable)";
    let answer = install::run("cannot ask for the version", Command::new(program).args(["-c", QUESTION])).await?;
    let Some((version, identity)) = answer.trim().split_once('\n') else {
        return Err(LaunchError::Interpreter { program: program.to_owned(), answer });
    };
    Ok(Interpreter { program: program.into(), version: version.trim().to_owned(), identity: identity.to_owned() })
}

/// The virtual environment for these requirements; made when there is none.
async fn environment(
    interpreter: &Interpreter,
    code: &Path,
    requirements: Option<&[u8]>,
    cache: &Path,
) -> Result<PathBuf, InstallError> {
    let parts = [AWSLAMBDARIC.as_bytes(), interpreter.identity.as_bytes(), requirements.unwrap_or_default()];
    let name = format!("python/{}", install::key(&parts));
    install::folder(cache, &name, async |aside| {
        let what = format!("cannot make a virtual environment of Python {}", interpreter.version);
        install::run(&what, Command::new(&interpreter.program).args(["-m", "venv"]).arg(aside)).await?;
        let mut pip = Command::new(aside.join("bin").join("python"));
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", AWSLAMBDARIC]);
        let mut what = format!("cannot install {AWSLAMBDARIC}");
        if requirements.is_some() {
            let file = code.join("requirements.txt");
            what += &format!(" and what {} asks for", file.display());
            pip.arg("--requirement").arg(file);
        }
        // Paths in requirements are meant from there.
        install::run(&what, pip.current_dir(code)).await.map(drop)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

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
