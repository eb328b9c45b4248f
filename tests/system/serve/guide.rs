//! What `docs/serve.md` shows, run against a server: each block by the program that it is for, where that is to be had.

use std::path::Path;
use std::process::{Command, Output};

use asl_tasks::Routes;

use super::recorded::python;
use crate::support::folder::Folder;
use crate::support::images::{input, lay_out, serve};
use crate::support::not_run;
use crate::support::server::Server;

/// The blocks of a language, in the order of the page.
fn blocks(language: &str) -> Vec<String> {
    let page =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/serve.md")).expect("it is there");
    let begin = format!("```{language}\n");
    page.split(&begin).skip(1).map(|rest| rest.split("\n```").next().expect("an end").to_owned()).collect()
}

/// The block that has this in it.
fn block(language: &str, with: &str) -> String {
    let found = blocks(language).into_iter().find(|block| block.contains(with));
    found.unwrap_or_else(|| panic!("the page shows no {with}"))
}

fn text(ran: &Output) -> String {
    assert!(ran.status.success(), "{ran:?}");
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

/// A line of shell in a folder, with the server in the place of the one that the page shows, and `asl` on the PATH.
fn shell(folder: &Folder, server: &Server, script: &str, environment: &[(&str, &str)]) -> Output {
    let asl = Path::new(env!("CARGO_BIN_EXE_asl")).parent().expect("a folder").display().to_string();
    let path = format!("{asl}:{}", std::env::var("PATH").unwrap_or_default());
    let script = script.replace("http://127.0.0.1:8083", &server.url);
    let mut command = Command::new("sh");
    command.args(["-ec", &script]).current_dir(folder.path(".")).env("PATH", path);
    command.env("AWS_ENDPOINT_URL", &server.url).envs(environment.iter().copied());
    command.output().expect("a shell")
}

#[test]
fn the_verbs_and_curl_do_what_the_guide_shows() {
    let (images, folder) = (serve(), Folder::new());
    lay_out(&folder, &input("success.input.json", &images));
    std::fs::copy(folder.path("input.json"), folder.path("success.input.json")).expect("it is copied");
    folder.write("order.asl.json", r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#);
    let server = Server::start(&folder, &["."]);
    let told = text(&shell(&folder, &server, &block("sh", "asl start"), &[]));
    assert!(told.contains("\"allSucceeded\":true") && told.contains("definition"), "{told}");
    // The trigger of the routing file takes what no other route takes.
    let told = text(&shell(&folder, &server, &block("sh", "curl -i -X POST"), &[]));
    assert!(told.contains("200 OK") && told.contains("executionArn"), "{told}");
    let health = block("sh", "/health").lines().find(|line| line.starts_with("curl")).expect("a line").to_owned();
    assert!(text(&shell(&folder, &server, &health, &[])).contains("ok"));
}

#[test]
fn the_routing_file_of_the_guide_can_be_read() {
    for routes in blocks("toml") {
        let read = Routes::parse(&routes, Path::new("routes.toml")).unwrap_or_else(|error| panic!("{routes}\n{error}"));
        assert!(!read.triggers.is_empty(), "{routes}");
    }
}

#[test]
fn boto3_finds_the_server_as_the_guide_shows() {
    let Some(python) = python() else { return };
    let folder = Folder::new();
    folder.write("greet.asl.json", r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#);
    let server = Server::start(&folder, &["."]);
    let script = block("python", "boto3").replace("http://127.0.0.1:8083", &server.url);
    let ran = Command::new(python).args(["-c", &script]).output().expect("python starts");
    assert_eq!(text(&ran), "greet\n");
}

#[test]
fn the_aws_cli_finds_the_server_as_the_guide_shows() {
    let Some(aws) = std::env::var_os("ASL_AWS_CLI") else {
        return not_run("no AWS CLI: say where it is in ASL_AWS_CLI");
    };
    let folder = Folder::new();
    let server = Server::start(&folder, &[]);
    // It is called by its name.
    std::os::unix::fs::symlink(&aws, folder.path("aws")).expect("a link");
    let settings = block("sh", "export AWS_ENDPOINT_URL");
    let script = format!("PATH=.:$PATH\n{settings}\n{}", block("sh", "create-state-machine"));
    let told = text(&shell(&folder, &server, &script, &[("AWS_PAGER", "")]));
    assert!(told.trim_end().ends_with(r#""\"hello\"""#), "{told}");
}

#[test]
fn the_sdk_for_javascript_finds_the_server_as_the_guide_shows() {
    let Some(modules) = std::env::var_os("ASL_AWS_SDK_NPM") else {
        return not_run("no @aws-sdk/client-sfn: say where it is installed in ASL_AWS_SDK_NPM");
    };
    let folder = Folder::new();
    folder.write("greet.asl.json", r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#);
    let server = Server::start(&folder, &["."]);
    std::os::unix::fs::symlink(Path::new(&modules).join("node_modules"), folder.path("node_modules")).expect("a link");
    folder.write("list.mjs", block("javascript", "SFNClient").replace("http://127.0.0.1:8083", &server.url));
    assert_eq!(text(&shell(&folder, &server, "node list.mjs", &[])), "greet\n");
}
