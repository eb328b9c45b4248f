//! The main job with its three functions in Python, as processes, against the built-in handlers.

use std::process::Command;

use serde_json::Value;

use crate::download_images::{SUBJECT, could_not_find, paths};
use crate::support::folder::{Ended, Folder, files};
use crate::support::images::{RUN, definition, input, lay_out, serve};
use crate::support::not_run;
use crate::support::stored::{Stored, TABLE};

/// Lays out the definition with its functions in Python, and runs it; none, and a word about it, where that cannot be.
fn run(input: &Value) -> Option<(Folder, Ended)> {
    let there = Command::new("python3").args(["-c", "import ensurepip, venv"]).status();
    if !there.is_ok_and(|status| status.success()) {
        not_run("there is no python3 with venv");
        return None;
    }
    let folder = Folder::new();
    lay_out(&folder, input);
    std::fs::copy(definition("python.routes.toml"), folder.path("routes.toml")).expect("the routes are copied");
    for (name, text) in files(&definition("python")) {
        folder.write(&format!("python/{name}"), text);
    }
    let ended = folder.asl(&RUN);
    if ended.stderr.contains("cannot install") {
        not_run(&ended.stderr);
        return None;
    }
    Some((folder, ended))
}

#[test]
fn functions_in_python_give_the_same() {
    let server = serve();
    for name in ["success.input.json", "fail.input.json"] {
        let input = input(name, &server);
        let built_in = Folder::new();
        lay_out(&built_in, &input);
        let expected = built_in.asl(&RUN);
        let Some((folder, ended)) = run(&input) else { return };
        assert_eq!(ended, expected);

        let (found, missing): (Vec<_>, Vec<_>) = paths(&input).into_iter().partition(|path| *path != "zz/zz.gif");
        let messages: Vec<_> = missing.into_iter().map(|path| could_not_find(&server, path)).collect();
        let subject = if messages.is_empty() { "" } else { SUBJECT };
        let stored = Stored::embedded(&folder.path(".asl"), TABLE);
        assert_eq!(stored, Stored::expected(&server, &found, subject, &messages));
        assert_eq!(stored, Stored::embedded(&built_in.path(".asl"), TABLE));
    }
}
