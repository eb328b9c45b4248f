//! How the processes of a function are started: program, arguments and environment.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::settings::{Runtime, Settings};
use super::{install, node, python};

/// How the processes of a function are started.
#[derive(Clone, Debug)]
pub(super) struct Launch {
    /// The program.
    pub(super) program: PathBuf,
    /// Its arguments.
    pub(super) arguments: Vec<OsString>,
    /// What the runtime adds to the environment.
    pub(super) environment: Vec<(OsString, OsString)>,
    /// What is to be told about it, in the log.
    pub(super) note: Option<String>,
}

/// Where a function is, and where things are kept for it.
#[derive(Clone, Debug)]
pub(super) struct Folders {
    /// The folder of the routing file.
    pub(super) routes: PathBuf,
    /// What can be made again.
    cache: PathBuf,
}

impl Folders {
    pub(super) fn new(folder: &Path, data_dir: &Path) -> Self {
        Self { routes: folder.to_owned(), cache: install::cache_folder(data_dir) }
    }
}

/// Looks at the code, and installs what it needs. The error is a text for a person.
pub(super) async fn prepare(settings: &Settings, folders: &Folders) -> Result<(PathBuf, Launch), String> {
    let folder = folders.routes.join(&settings.code);
    let code = folder.canonicalize().map_err(|error| format!("code = {}: {error}", folder.display()))?;
    if !code.is_dir() {
        return Err(format!("code = {} is not a folder", folder.display()));
    }
    let cache = std::path::absolute(&folders.cache).map_err(|error| format!("{}: {error}", folders.cache.display()))?;
    let entry =
        || settings.entry.as_deref().ok_or("entry is missing: the module and the function, such as \"app.handler\"");
    let launch = match &settings.runtime {
        Runtime::Python { version } => python::launch(version.as_deref(), &code, entry()?, &cache).await?,
        Runtime::Node { version } => node::launch(version.as_deref(), &code, entry()?, &cache).await?,
        Runtime::Provided => provided(&code, settings.entry.as_deref().unwrap_or("bootstrap"))?,
    };
    Ok((code, launch))
}

/// An executable of the code.
fn provided(code: &Path, entry: &str) -> Result<Launch, String> {
    use std::os::unix::fs::PermissionsExt;

    let program = code.join(entry);
    let metadata = program.metadata().map_err(|error| format!("the executable {}: {error}", program.display()))?;
    if !metadata.is_file() || metadata.permissions().mode() & 0o111 == 0 {
        return Err(format!("{} is not executable; `chmod +x` makes it so", program.display()));
    }
    Ok(Launch { program, arguments: Vec::new(), environment: Vec::new(), note: None })
}

/// The bytes of a file, where there is one.
pub(super) fn read_optional(file: &Path) -> Result<Option<Vec<u8>>, String> {
    match std::fs::read(file) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{} cannot be read: {error}", file.display())),
    }
}
