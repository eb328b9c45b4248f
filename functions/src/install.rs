//! What functions need beside their code, installed once into a folder that all projects of the user share.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use sha2::{Digest, Sha256};
use tokio::process::Command;
use tokio::sync::Mutex;

/// Something that a function needs cannot be installed.
#[derive(Debug, thiserror::Error)]
pub(super) enum InstallError {
    #[error("cannot install into {}: {source}", folder.display())]
    Folder { folder: PathBuf, source: io::Error },
    #[error("cannot write {}: {source}", file.display())]
    Write { file: PathBuf, source: io::Error },
    #[error("{what}: {} does not start: {source}", program.display())]
    NoStart { what: String, program: PathBuf, source: io::Error },
    #[error("{what}: {} failed ({status}):\n{said}", program.display())]
    Failed { what: String, program: PathBuf, status: ExitStatus, said: String },
}

/// The folder for what can be made again: `$XDG_CACHE_HOME/asl` or `~/.cache/asl`, and a folder of the data without both.
pub(super) fn cache_folder(data_dir: &Path) -> PathBuf {
    let named = |name: &str| std::env::var_os(name).filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let cache = named("XDG_CACHE_HOME").or_else(|| named("HOME").map(|home| home.join(".cache")));
    cache.filter(|cache| cache.is_absolute()).map_or_else(|| data_dir.join("cache"), |cache| cache.join("asl"))
}

/// A short name of all `parts` together.
pub(super) fn key(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize()[..10].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Installations go one after another: functions often need the same.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// The folder `name` of `cache`, which `make` fills when it is not there.
///
/// It is made aside and renamed when it is whole, so that nobody sees half of it; when two processes make the same, the first
/// one stays.
pub(super) async fn folder<E: From<InstallError>>(
    cache: &Path,
    name: &str,
    make: impl AsyncFnOnce(&Path) -> Result<(), E>,
) -> Result<PathBuf, E> {
    let folder = cache.join(name);
    let _guard = ONE_AT_A_TIME.lock().await;
    if folder.is_dir() {
        return Ok(folder);
    }
    let parent = folder.parent().unwrap_or(cache);
    let failed = |source| InstallError::Folder { folder: parent.to_owned(), source };
    tokio::fs::create_dir_all(parent).await.map_err(failed)?;
    let aside = tempfile::Builder::new().prefix(".unfinished-").tempdir_in(parent).map_err(failed)?;
    make(aside.path()).await?;
    match tokio::fs::rename(aside.path(), &folder).await {
        Ok(()) => {
            // It is not there any more.
            let _ = aside.keep();
            Ok(folder)
        }
        Err(_) if folder.is_dir() => Ok(folder),
        Err(error) => Err(failed(error).into()),
    }
}

/// Runs a program to its end, and answers what it wrote. `what` is what cannot be done where it fails.
pub(super) async fn run(what: &str, command: &mut Command) -> Result<String, InstallError> {
    command.stdin(Stdio::null()).kill_on_drop(true);
    let what = what.to_owned();
    let program = PathBuf::from(command.as_std().get_program());
    let output = match command.output().await {
        Ok(output) => output,
        Err(source) => return Err(InstallError::NoStart { what, program, source }),
    };
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let mut said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if said.is_empty() {
        said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    }
    Err(InstallError::Failed { what, program, status: output.status, said })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_holds_its_parts_apart() {
        assert_eq!(key(&[b"a", b"bc"]).len(), 20);
        assert_ne!(key(&[b"a", b"bc"]), key(&[b"ab", b"c"]));
    }

    #[tokio::test]
    async fn a_folder_is_made_once_and_whole() {
        let cache = tempfile::tempdir().unwrap();
        let failed = folder(cache.path(), "python/a", async |aside: &Path| {
            std::fs::write(aside.join("half"), "").unwrap();
            Err(InstallError::Write { file: aside.join("rest"), source: io::ErrorKind::StorageFull.into() })
        });
        assert!(matches!(failed.await, Err(InstallError::Write { .. })));
        assert_eq!(std::fs::read_dir(cache.path().join("python")).unwrap().count(), 0);
        for _ in 0..2 {
            let made = folder(cache.path(), "python/a", async |aside: &Path| {
                std::fs::write(aside.join("whole"), "").unwrap();
                Ok::<_, InstallError>(())
            });
            assert!(made.await.unwrap().join("whole").is_file());
        }
        assert_eq!(std::fs::read_dir(cache.path().join("python")).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn a_program_that_fails_is_quoted() {
        let error = run("cannot install x", Command::new("sh").args(["-c", "echo why >&2; exit 3"])).await.unwrap_err();
        assert_eq!(error.to_string(), "cannot install x: sh failed (exit status: 3):\nwhy");
        let error = run("cannot install x", &mut Command::new("/no/such")).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot install x: /no/such does not start: No such file or directory (os error 2)"
        );
    }
}
