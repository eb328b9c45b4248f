//! `asl container`: what a CDK app calls in the place of Docker, by `CDK_DOCKER`. The command that it wants run in a container runs on this
//! machine, with the folders that it would see there named by where they are.
//!
//! Docker CLI reference, `docker run`; AWS CDK, `Bundling` and `DockerImage`.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use crate::cli::Container;
use crate::error::Error;

/// Options of `docker run` that have a value behind them.
const WITH_VALUE: [&str; 18] = [
    "-v",
    "--volume",
    "-e",
    "--env",
    "-u",
    "--user",
    "-w",
    "--workdir",
    "--network",
    "--platform",
    "--security-opt",
    "--entrypoint",
    "--name",
    "--mount",
    "--volumes-from",
    "--hostname",
    "--env-file",
    "--add-host",
];

/// What a container would have been.
#[derive(Debug, Default, PartialEq)]
struct Wanted {
    /// Folders here, and what they are called in the container.
    volumes: Vec<(String, String)>,
    environment: Vec<(String, String)>,
    workdir: Option<String>,
    entrypoint: Option<String>,
    command: Vec<String>,
}

/// Reads the arguments of `docker run`; the error says what nothing here stands for.
fn wanted(arguments: &[String]) -> Result<Wanted, String> {
    let mut wanted = Wanted::default();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
            _ if WITH_VALUE.contains(&argument.as_str()) => (argument.as_str(), rest.next().cloned()),
            _ => (argument.as_str(), None),
        };
        let value = value.unwrap_or_default();
        match name {
            "-v" | "--volume" => {
                let mut parts = value.split(':');
                match (parts.next(), parts.next()) {
                    (Some(here), Some(there)) => wanted.volumes.push((here.to_owned(), there.to_owned())),
                    _ => return Err(format!("the volume {value}")),
                }
            }
            "-e" | "--env" => {
                let (name, value) = value.split_once('=').unwrap_or((&value, ""));
                wanted.environment.push((name.to_owned(), value.to_owned()));
            }
            "-w" | "--workdir" => wanted.workdir = Some(value),
            "--entrypoint" => wanted.entrypoint = Some(value),
            "--mount" | "--volumes-from" | "--env-file" => return Err(format!("the option {name}")),
            name if name.starts_with('-') => {}
            _image => {
                wanted.command = rest.cloned().collect();
                // The most special name first: a folder may lie in another one.
                wanted.volumes.sort_by_key(|(_, there)| std::cmp::Reverse(there.len()));
                return Ok(wanted);
            }
        }
    }
    Err("a command without an image".to_owned())
}

impl Wanted {
    /// A text with the folders here in the place of those of the container.
    fn here(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for (here, there) in &self.volumes {
            let mut replaced = String::new();
            let mut rest = out.as_str();
            while let Some(at) = rest.find(there.as_str()) {
                let (before, behind) = (&rest[..at], &rest[at + there.len()..]);
                let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
                let is_whole =
                    !before.ends_with(is_name) && !behind.starts_with(|c: char| is_name(c) && !matches!(c, '/' | '.'));
                replaced.push_str(before);
                replaced.push_str(if is_whole { here } else { there });
                rest = behind;
            }
            replaced.push_str(rest);
            out = replaced;
        }
        out
    }
}

/// Runs what a container would have run.
pub(crate) fn run(arguments: &Container) -> Result<ExitCode, Error> {
    let unknown = |what: String| {
        Error::Usage(format!(
            "{what} is not there without containers\nhelp: CDK_DOCKER=docker asl up has the app use Docker"
        ))
    };
    match arguments.arguments.split_first() {
        // There is no image: what it would have has to be on this machine.
        Some((verb, _)) if verb == "build" || verb == "rm" || verb == "--version" => Ok(ExitCode::SUCCESS),
        Some((verb, rest)) if verb == "run" => {
            let wanted = wanted(rest).map_err(unknown)?;
            let all: Vec<&String> = wanted.entrypoint.iter().chain(&wanted.command).collect();
            let Some((program, rest)) = all.split_first() else {
                return Err(unknown("the command of an image".to_owned()));
            };
            let folder = wanted.workdir.as_deref().map(|folder| wanted.here(folder));
            let folder = folder.map(PathBuf::from).filter(|folder| folder.is_dir());
            let mut command = Command::new(wanted.here(program));
            command.args(rest.iter().map(|argument| wanted.here(argument)));
            command.envs(wanted.environment.iter().map(|(name, value)| (name, wanted.here(value))));
            if let Some(folder) = folder {
                command.current_dir(folder);
            }
            let status =
                command.status().map_err(|error| Error::Usage(format!("cannot start `{program}`: {error}")))?;
            Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
        }
        verb => Err(unknown(format!("`docker {}`", verb.map_or("", |(verb, _)| verb)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Wanted, String> {
        wanted(&line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn folders_of_the_container_are_folders_here() {
        let wanted = read(
            "--rm -u 1000:1000 -v /p/src:/asset-input:delegated -v /p/out:/asset-output --env A=/asset-input/x \
             --network=host -w /asset-input image bash -c cp",
        )
        .expect("it is known");
        assert_eq!((wanted.command.len(), wanted.workdir.as_deref()), (3, Some("/asset-input")));
        assert_eq!(wanted.environment, [("A".to_owned(), "/asset-input/x".to_owned())]);
        for (text, expected) in [
            ("pip install -t /asset-output && cp -au . /asset-output", "pip install -t /p/out && cp -au . /p/out"),
            ("cp /asset-input/a '/asset-output/b'", "cp /p/src/a '/p/out/b'"),
            ("/asset-inputs /x/asset-input", "/asset-inputs /x/asset-input"),
        ] {
            assert_eq!(wanted.here(text), expected);
        }
    }

    #[test]
    fn what_stands_for_nothing_is_told() {
        for (line, expected) in [
            ("--rm", "a command without an image"),
            ("--volumes-from x image ls", "the option --volumes-from"),
            ("-v x image ls", "the volume x"),
        ] {
            assert_eq!(read(line).expect_err(line), expected);
        }
    }
}
