//! The page of the console, in a real browser.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::{not_run, shown};

/// How many bytes what is loaded before the editor may have, compressed.
const MOST: usize = 250_000;

fn console() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("console")
}

#[test]
fn a_person_finds_understands_and_tries_with_the_page() {
    let browser = std::env::var_os("ASL_CHROMIUM").map_or_else(|| PathBuf::from("/usr/bin/chromium"), PathBuf::from);
    if !browser.exists() {
        return not_run("no Chromium: say which one in ASL_CHROMIUM");
    }
    if !console().join("node_modules/playwright-core").is_dir() {
        return not_run("what drives the browser is not installed: npm ci in console/");
    }
    let tests = fs::read_dir(console().join("tests")).expect("the tests are there").flatten().map(|entry| entry.path());
    let mut tests: Vec<PathBuf> = tests.filter(|file| file.to_string_lossy().ends_with(".test.mjs")).collect();
    tests.sort();
    let mut node = Command::new("node");
    node.args(["--test", "--test-concurrency=1"]).args(tests).current_dir(console());
    let ran = node.env("ASL_PROGRAM", env!("CARGO_BIN_EXE_asl")).output().expect("node starts");
    let told = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{told}\n{}", String::from_utf8_lossy(&ran.stderr));
    let figures = told.lines().filter(|line| line.starts_with("# figure"));
    figures.for_each(|figure| shown(&format!("console: {}", figure.trim_start_matches("# figure "))));
}

#[test]
fn the_page_is_small() {
    let files = ["index.html", "assets/console.js", "assets/console.css"];
    let sizes = files.map(|file| {
        let mut gzip =
            Command::new("gzip").arg("-c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("gzip starts");
        let content = fs::read(console().join("dist").join(file)).expect("the page was built");
        let mut stdin = gzip.stdin.take().expect("a pipe");
        let writing = std::thread::spawn(move || stdin.write_all(&content));
        let packed = gzip.wait_with_output().expect("gzip ends").stdout.len();
        writing.join().expect("it ends").expect("it is read");
        packed
    });
    let sum: usize = sizes.iter().sum();
    shown(&format!("console: {sum} bytes compressed before the editor is loaded"));
    assert!(sum < MOST, "{files:?} have {sizes:?} bytes");
}
