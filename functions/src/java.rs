//! Java: the runtime interface client that AWS publishes, on the class path that Lambda has.
//!
//! AWS Lambda developer guide, "Define Lambda function handler in Java" and "Deploy Java Lambda functions with .zip or JAR file
//! archives"; <https://github.com/aws/aws-lambda-java-libs>.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::launch::{Launch, LaunchError};
use super::layers::Layers;

/// The class that asks the Runtime API for calls, and the name of its file in an archive.
const CLIENT: &str = "com.amazonaws.services.lambda.runtime.api.client.AWSLambda";
const CLIENT_FILE: &str = "com/amazonaws/services/lambda/runtime/api/client/AWSLambda.class";

/// What has that class and what it needs, by the name of the folder in a Maven repository.
const ARTIFACTS: [&str; 3] =
    ["aws-lambda-java-runtime-interface-client", "aws-lambda-java-core", "aws-lambda-java-serialization"];

/// How a function is started whose `code` is a folder of classes and archives, or an archive.
pub(super) async fn launch(
    version: &str,
    layers: &Layers,
    code: &Path,
    entry: &str,
    memory_mb: u32,
) -> Result<Launch, LaunchError> {
    let is_name = |name: &str| {
        let is_part = |part: &str| {
            !part.is_empty()
                && !part.starts_with(|first: char| first.is_ascii_digit())
                && part.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
        };
        name.split(['.', '$']).all(is_part)
    };
    let (class, method) = entry.split_once("::").map_or((entry, None), |(class, method)| (class, Some(method)));
    if !is_name(class) || !method.is_none_or(is_name) {
        return Err(LaunchError::Entry { entry: entry.to_owned(), example: "example.Handler::handleRequest" });
    }
    let (program, note) = find(version).await?;
    let mut class_path = class_path(code, layers);
    if !class_path.iter().any(|path| has_client(path)) {
        let installed = repository().map(|repository| of_repository(&repository)).unwrap_or_default();
        if installed.is_empty() {
            return Err(LaunchError::NoJavaClient);
        }
        class_path.extend(installed);
    }
    let class_path = std::env::join_paths(&class_path).unwrap_or_default();
    // As Lambda starts it: little heap, and soon warm.
    let heap = format!("-Xmx{}m", (memory_mb * 4 / 5).max(16));
    let options = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", &heap, "-cp"].map(OsString::from);
    let arguments = options.into_iter().chain([class_path, CLIENT.into(), entry.into()]).collect();
    let environment = vec![("AWS_EXECUTION_ENV".into(), format!("AWS_Lambda_java{version}").into())];
    Ok(Launch { program, arguments, environment, notes: note.into_iter().collect() })
}

/// The archives of a folder, in the order of their names.
fn archives(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == "jar")).collect();
    found.sort();
    found
}

/// What Lambda looks through: the classes and archives of the code, what lies in `lib`, and the layers.
fn class_path(code: &Path, layers: &Layers) -> Vec<PathBuf> {
    let folder = if code.is_dir() { code } else { code.parent().unwrap_or(code) };
    let mut found = vec![code.to_owned()];
    if code.is_dir() {
        found.extend(archives(code));
    }
    found.extend(archives(&folder.join("lib")));
    found.extend(layers.have(&["java/lib"]).iter().flat_map(|folder| archives(folder)));
    found
}

/// Whether a folder or an archive has the runtime interface client: names of files stand in an archive as they are.
fn has_client(path: &Path) -> bool {
    if path.is_dir() {
        return path.join(CLIENT_FILE).is_file();
    }
    let name = CLIENT_FILE.as_bytes();
    std::fs::read(path).is_ok_and(|bytes| bytes.windows(name.len()).any(|part| part == name))
}

/// Where Maven keeps what it has loaded.
fn repository() -> Option<PathBuf> {
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty())?;
    Some(PathBuf::from(home).join(".m2/repository"))
}

/// The newest of each artifact in a Maven repository; none where one of them is not there.
fn of_repository(repository: &Path) -> Vec<PathBuf> {
    let newest = |artifact: &str| {
        let folder = repository.join("com/amazonaws").join(artifact);
        let versions = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let numbers = |path: &PathBuf| -> Vec<u32> {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            name.split(['.', '-']).filter_map(|part| part.parse().ok()).collect()
        };
        let archive = |version: PathBuf| {
            let name = version.file_name()?.to_str()?.to_owned();
            Some(version.join(format!("{artifact}-{name}.jar"))).filter(|path| path.is_file())
        };
        let mut versions: Vec<PathBuf> = versions.collect();
        versions.sort_by_key(numbers);
        versions.into_iter().rev().find_map(archive)
    };
    ARTIFACTS.iter().map(|artifact| newest(artifact)).collect::<Option<_>>().unwrap_or_default()
}

/// The `java` of this machine, with what is to be told where it has another version.
async fn find(version: &str) -> Result<(PathBuf, Option<String>), LaunchError> {
    let home = std::env::var_os("JAVA_HOME").filter(|home| !home.is_empty());
    let program = home.map_or_else(|| PathBuf::from("java"), |home| PathBuf::from(home).join("bin/java"));
    let asked = Command::new(&program).arg("-version").output().await;
    let said = asked.map_err(|source| LaunchError::NoExecutable { program: program.clone(), source })?;
    // It says so on stderr: `openjdk version "17.0.15" 2025-04-15`.
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    let found = said.split('"').nth(1).unwrap_or_default();
    // `1.8.0` is what others call 8.
    let found = found.strip_prefix("1.").unwrap_or(found).split('.').next().unwrap_or_default().to_owned();
    let note =
        (found != version).then(|| format!("java{version} is not on this machine: Java {found} runs the function"));
    Ok((program, note))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_path_is_that_of_lambda() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["app/b.jar", "app/a.jar", "app/lib/z.jar", "app/lib/notes.txt"] {
            let file = folder.path().join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "").unwrap();
        }
        let shown = |code: &str| {
            let found = class_path(&folder.path().join(code), &Layers::default());
            found.iter().map(|path| path.strip_prefix(folder.path()).unwrap().display().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(shown("app"), ["app", "app/a.jar", "app/b.jar", "app/lib/z.jar"]);
        assert_eq!(shown("app/b.jar"), ["app/b.jar", "app/lib/z.jar"]);
    }

    #[test]
    fn the_newest_client_of_a_repository_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        assert!(of_repository(folder.path()).is_empty());
        for (artifact, versions) in ARTIFACTS.iter().zip([&["2.9.0", "2.10.1"][..], &["1.4.0"], &["1.1.6", "1.4.1"]]) {
            for version in versions {
                let place = folder.path().join("com/amazonaws").join(artifact).join(version);
                std::fs::create_dir_all(&place).unwrap();
                std::fs::write(place.join(format!("{artifact}-{version}.jar")), CLIENT_FILE).unwrap();
            }
        }
        let found = of_repository(folder.path());
        let names: Vec<_> = found.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
        let expected = [
            "aws-lambda-java-runtime-interface-client-2.10.1.jar",
            "aws-lambda-java-core-1.4.0.jar",
            "aws-lambda-java-serialization-1.4.1.jar",
        ];
        assert_eq!(names, expected);
        assert!(has_client(&found[0]) && !has_client(folder.path()));
    }

    #[tokio::test]
    async fn an_entry_is_a_class_with_or_without_a_method() {
        for entry in ["", "a.b.", "a::", "::m", "a b", "1a.B::m"] {
            let told = launch("21", &Layers::default(), Path::new("."), entry, 128).await;
            assert!(matches!(told, Err(LaunchError::Entry { .. })), "{entry}");
        }
    }
}
