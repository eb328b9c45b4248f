//! How the processes of a function are started: program, arguments and environment.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::environment::EnvironmentError;
use super::function::EndpointError;
use super::install::InstallError;
use super::layers::Layers;
use super::settings::{Runtime, Settings};
use super::{install, java, node, python};

/// How the processes of a function are started.
#[derive(Clone, Debug)]
pub(super) struct Launch {
    /// The program.
    pub(super) program: PathBuf,
    /// Its arguments.
    pub(super) arguments: Vec<OsString>,
    /// What the runtime adds to the environment.
    pub(super) environment: Vec<(OsString, OsString)>,
    /// What is to be told about it before it runs.
    pub(super) notes: Vec<String>,
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

/// Why the processes of a function cannot be started.
#[derive(Debug, thiserror::Error)]
pub(super) enum LaunchError {
    #[error("code = {}: {source}", folder.display())]
    NoCode { folder: PathBuf, source: io::Error },
    #[error("code = {} is not a folder", .0.display())]
    NotAFolder(PathBuf),
    #[error("{}: {source}", folder.display())]
    Cache { folder: PathBuf, source: io::Error },
    #[error("layers = [{:?}]: {source}", folder.display().to_string())]
    NoLayer { folder: PathBuf, source: io::Error },
    #[error("layers: {} is not a folder; a layer is the folder that its archive unpacks to", .0.display())]
    LayerNoFolder(PathBuf),
    /// What the code asks for cannot be read, with what to do.
    #[error("{} {what}; {advice}", file.display())]
    Requirements { file: PathBuf, what: String, advice: &'static str },
    #[error("entry is missing: the module and the function, such as \"app.handler\"")]
    NoEntry,
    #[error("entry must name a module and a function, such as {example:?}, not {entry:?}")]
    Entry { entry: String, example: &'static str },
    #[error("there is no {module} in {}, which the entry {entry:?} asks for", code.display())]
    NoModule { module: String, code: PathBuf, entry: String },
    #[error("the executable {}: {source}", program.display())]
    NoExecutable { program: PathBuf, source: io::Error },
    #[error("{} is not executable; `chmod +x` makes it so", .0.display())]
    NotExecutable(PathBuf),
    #[error("{} cannot be read: {source}", file.display())]
    Unreadable { file: PathBuf, source: io::Error },
    #[error("{} is no JSON", .0.display())]
    NotJson(PathBuf),
    #[error("python3 cannot be run: {0}")]
    NoPython(Box<Self>),
    #[error("neither python{version} nor python3 can be run: {why}")]
    NeitherPython { version: String, why: Box<Self> },
    /// Nothing connects the code to the Runtime API.
    #[error(
        "the code has no aws-lambda-java-runtime-interface-client, which connects it to Lambda: make it a dependency, or let Maven load it \
         with `mvn dependency:get -Dartifact=com.amazonaws:aws-lambda-java-runtime-interface-client:2.10.1`"
    )]
    NoJavaClient,
    #[error("{program} says {answer:?}")]
    Interpreter { program: String, answer: String },
    #[error(transparent)]
    Install(#[from] InstallError),
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    /// There is no place where the code finds the services of AWS.
    #[error("{0}")]
    NoEndpoint(EndpointError),
}

/// Looks at the code, and installs what it needs.
pub(super) async fn prepare(settings: &Settings, folders: &Folders) -> Result<(PathBuf, Launch), LaunchError> {
    let folder = folders.routes.join(&settings.code);
    let code = folder.canonicalize();
    let code = code.map_err(|source| LaunchError::NoCode { folder: folder.clone(), source })?;
    let is_archive = matches!(settings.runtime, Runtime::Java { .. }) && code.is_file();
    if !code.is_dir() && !is_archive {
        return Err(LaunchError::NotAFolder(folder));
    }
    let cache = std::path::absolute(&folders.cache);
    let cache = cache.map_err(|source| LaunchError::Cache { folder: folders.cache.clone(), source })?;
    let entry = || settings.entry.as_deref().ok_or(LaunchError::NoEntry);
    let layers = Layers::find(&settings.layers, folders)?;
    let mut launch = match &settings.runtime {
        Runtime::Python { version } => {
            python::launch(version.as_deref(), &layers, &code, entry()?, settings.install, &cache).await?
        }
        Runtime::Node { version } => {
            // What cannot be read is told with the other variables.
            let options = settings.environment.get("NODE_OPTIONS").map(|value| value.read(&folders.routes));
            let options = options.and_then(Result::ok).unwrap_or_default();
            node::launch(version.as_deref(), &options, &layers, &code, entry()?, settings.install, &cache).await?
        }
        Runtime::Java { version } => java::launch(version, &layers, &code, entry()?, settings.memory_mb).await?,
        Runtime::Provided => provided(&code, &layers, settings.entry.as_deref())?,
    };
    let folder = if is_archive { code.parent().unwrap_or(&code).to_owned() } else { code };
    launch.environment.extend(layers.environment(&folder));
    Ok((folder, launch))
}

/// An executable of the code; a `bootstrap` may be of a layer, too.
fn provided(code: &Path, layers: &Layers, entry: Option<&str>) -> Result<Launch, LaunchError> {
    use std::os::unix::fs::PermissionsExt;

    let mut program = code.join(entry.unwrap_or("bootstrap"));
    if entry.is_none() && !program.exists() {
        program = layers.have(&["bootstrap"]).into_iter().next().unwrap_or(program);
    }
    let metadata = program.metadata();
    let metadata = metadata.map_err(|source| LaunchError::NoExecutable { program: program.clone(), source })?;
    if !metadata.is_file() || metadata.permissions().mode() & 0o111 == 0 {
        return Err(LaunchError::NotExecutable(program));
    }
    Ok(Launch { program, arguments: Vec::new(), environment: Vec::new(), notes: Vec::new() })
}

/// The bytes of a file, where there is one.
pub(super) fn read_optional(file: &Path) -> Result<Option<Vec<u8>>, LaunchError> {
    match std::fs::read(file) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(LaunchError::Unreadable { file: file.to_owned(), source }),
    }
}
