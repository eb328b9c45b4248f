//! What functions need beside their code, installed once into a folder that all projects of the user share.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use sha2::{Digest, Sha256};
use tokio::process::Command;
use tokio::sync::Mutex;

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
pub(super) async fn folder(
    cache: &Path,
    name: &str,
    make: impl AsyncFnOnce(&Path) -> Result<(), String>,
) -> Result<PathBuf, String> {
    let folder = cache.join(name);
    let _guard = ONE_AT_A_TIME.lock().await;
    if folder.is_dir() {
        return Ok(folder);
    }
    let parent = folder.parent().unwrap_or(cache);
    let failed = |error: std::io::Error| format!("cannot install into {}: {error}", parent.display());
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
        Err(error) => Err(failed(error)),
    }
}

/// Runs a program to its end. The error is what it said.
pub(super) async fn run(what: &str, command: &mut Command) -> Result<String, String> {
    command.stdin(Stdio::null()).kill_on_drop(true);
    let program = command.as_std().get_program().to_owned();
    let output =
        command.output().await.map_err(|error| format!("{what}: {} does not start: {error}", shown(&program)))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let mut said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if said.is_empty() {
        said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    }
    Err(format!("{what}: {} failed ({}):\n{said}", shown(&program), output.status))
}

fn shown(program: &OsStr) -> String {
    Path::new(program).display().to_string()
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
            Err("no network".to_owned())
        });
        assert_eq!(failed.await, Err("no network".to_owned()));
        assert_eq!(std::fs::read_dir(cache.path().join("python")).unwrap().count(), 0);
        for _ in 0..2 {
            let made = folder(cache.path(), "python/a", async |aside: &Path| {
                std::fs::write(aside.join("whole"), "").map_err(|error| error.to_string())
            });
            assert!(made.await.unwrap().join("whole").is_file());
        }
        assert_eq!(std::fs::read_dir(cache.path().join("python")).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn a_program_that_fails_is_quoted() {
        let error = run("cannot install x", Command::new("sh").args(["-c", "echo why >&2; exit 3"])).await.unwrap_err();
        assert_eq!(error, "cannot install x: sh failed (exit status: 3):\nwhy");
        let error = run("cannot install x", &mut Command::new("/no/such")).await.unwrap_err();
        assert_eq!(error, "cannot install x: /no/such does not start: No such file or directory (os error 2)");
    }
}
