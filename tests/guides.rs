//! The guides in `docs/` and the snapshots in `tests/commands/`: every command that they show is run, and what it prints
//! is compared with what they say. The routing files that they show are read.
//!
//! `TRYCMD=overwrite cargo test --test guides` writes what is printed now; `-- shown trycmd=run` looks at the files
//! with `run` in their names only. A guide `docs/NAME.md` runs in `docs/NAME.in/`, in a copy of it where there is a
//! `docs/NAME.out/`; the README runs in the checkout. Commands are split as a shell would, but there is no shell: no
//! pipes and no redirections.

use std::path::{Path, PathBuf};

/// What may be run. The runner passes over everything else without a word, so it is refused here.
const COMMANDS: [&str; 2] = ["asl", "cat"];

#[test]
fn commands_print_what_is_shown() {
    let cases = trycmd::TestCases::new();
    cases.register_bin("asl", Path::new(env!("CARGO_BIN_EXE_asl")));
    cases.register_bin("cat", found_on_path("cat").as_path());
    cases.env("NO_COLOR", "1").env("CLICOLOR_FORCE", "0").env("COLUMNS", "80");
    // As for a person who runs them.
    cases.env("CI", "");
    // What its examples are written in has to be there.
    if let Some(missing) = ["node", "python3"].into_iter().find(|command| find_on_path(command).is_none()) {
        let why = format!("docs/functions.md: {missing} is not on the PATH");
        assert!(std::env::var("CI").as_deref() != Ok("true"), "CI=true, and not run: {why}");
        // Past the capture of the test runner: what did nothing must not look like what passed.
        std::io::Write::write_all(&mut std::io::stderr(), format!("not run: {why}\n").as_bytes())
            .expect("stderr is open");
        cases.skip("docs/functions.md");
    }
    cases.case("README.md").case("docs/*.md").case("tests/commands/*.trycmd").case("tests/commands/*.toml");
}

/// The runner asks for the whole path of a command that is not ours.
fn found_on_path(command: &str) -> PathBuf {
    find_on_path(command).unwrap_or_else(|| panic!("{command} is not on the PATH"))
}

fn find_on_path(command: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").expect("there is a PATH");
    std::env::split_paths(&path).map(|folder| folder.join(command)).find(|file| file.is_file())
}

#[test]
fn every_command_that_is_shown_can_be_run() {
    let mut files = vec![PathBuf::from("README.md")];
    for folder in ["docs", "tests/commands"] {
        let entries = std::fs::read_dir(folder).expect("the folder is there");
        files.extend(entries.map(|entry| entry.expect("an entry").path()));
    }
    // A page that a test writes shows results, no commands.
    // The first is written by a test, and the commands of the others need a server: tests/system/serve/ runs them.
    let other = ["docs/fidelity.md", "docs/serve.md", "docs/console.md"];
    let written = |file: &PathBuf| other.iter().any(|other| file.ends_with(other));
    files.retain(|file| file.extension().is_some_and(|extension| extension == "md" || extension == "trycmd"));
    files.retain(|file| !written(file));
    for file in files {
        let text = std::fs::read_to_string(&file).expect("the file is readable");
        let commands: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("$ ")).collect();
        assert!(!commands.is_empty(), "{} shows no command", file.display());
        for command in commands {
            // Settings of the environment may stand before a command.
            let called = command.split(' ').find(|word| !word.contains('='));
            let known = COMMANDS.iter().any(|name| called == Some(name));
            assert!(known, "{}: `{command}` would not be run; there are {COMMANDS:?}", file.display());
        }
    }
}

#[test]
fn every_routing_file_that_is_shown_can_be_read() {
    let mut shown = 0;
    for entry in std::fs::read_dir("docs").expect("the folder is there") {
        let file = entry.expect("an entry").path();
        if file.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let text = std::fs::read_to_string(&file).expect("the file is readable");
        for block in text.split("\n```toml\n").skip(1) {
            let block = block.split("\n```").next().expect("a block");
            asl_tasks::Routes::parse(block, &file).unwrap_or_else(|error| panic!("{error}\n{block}"));
            shown += 1;
        }
    }
    assert!(shown > 0, "no guide shows a routing file");
}
