//! The requests and answers that AWS was recorded with, through the real surface: boto3 makes the calls.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::folder::Folder;
use crate::support::server::Server;
use crate::support::{not_run, shown};

/// The Python that has boto3: as `ASL_BOTO3_PYTHON` says, or that of moto, which needs it, too.
pub(super) fn python() -> Option<PathBuf> {
    let named = std::env::var_os("ASL_BOTO3_PYTHON").map(PathBuf::from);
    let of_moto = || std::env::var_os("ASL_MOTO_SERVER").map(|moto| Path::new(&moto).with_file_name("python"));
    let python = named.or_else(of_moto).unwrap_or_else(|| "python3".into());
    let has_boto3 = Command::new(&python).args(["-c", "import boto3"]).output().is_ok_and(|ran| ran.status.success());
    if !has_boto3 {
        not_run("no Python with boto3: say which one in ASL_BOTO3_PYTHON");
    }
    has_boto3.then_some(python)
}

fn in_project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn the_program_that_compares_is_sound() {
    let Some(python) = python() else { return };
    let ran = Command::new(python).args(["-m", "unittest", "-q"]).current_dir(in_project("tests/api")).output();
    let ran = ran.expect("python starts");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

#[test]
fn aws_answers_are_those_of_the_server() {
    let Some(python) = python() else { return };
    let cases = in_project("../shared/conformance");
    if !cases.is_dir() {
        not_run(&format!("there is no {}", cases.display()));
        return;
    }
    let folder = Folder::new();
    let replay = |arguments: &[&str]| {
        let mut command = Command::new(&python);
        command.arg("replay.py").arg("--cases").arg(&cases).args(arguments).current_dir(in_project("tests/api"));
        // What Python compiles stays out of the project.
        let ran = command.env("PYTHONDONTWRITEBYTECODE", "1").output().expect("python starts");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).expect("UTF-8")
    };
    let prepared = folder.path(".");
    replay(&["--prepare", prepared.to_str().expect("UTF-8")]);
    let server = Server::start(&folder, &[".", "--account", "111111111111"]);
    let logs = folder.path(".asl/log-groups.jsonl");
    let told = replay(&["--endpoint", &server.url, "--logs", logs.to_str().expect("UTF-8")]);
    let summary: Vec<&str> = told.lines().filter(|line| line.contains(": strict ")).collect();
    let differing: Vec<&str> =
        told.lines().filter(|line| line.starts_with("cases/") && !line.ends_with(": agrees")).collect();
    shown(&format!("{}\n{}", differing.join("\n"), summary.join("\n")));
    let known = std::fs::read_to_string(in_project("tests/api/known.txt")).expect("it is there");
    let is_known =
        |line: &&&str| known.lines().filter_map(|it| it.split_once(": ")).any(|(name, _)| line.contains(name));
    let unknown: Vec<&&str> = differing.iter().filter(|line| !is_known(line)).collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
    let expected = in_project("tests/api/summary.txt");
    let summary = format!("{}\n", summary.join("\n"));
    if std::env::var_os("ASL_CONFORMANCE_BLESS").is_some() {
        std::fs::write(&expected, &summary).expect("it is written");
    }
    assert_eq!(std::fs::read_to_string(&expected).expect("it is there"), summary);
}
