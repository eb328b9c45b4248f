//! The guide to `wasm` for real: what it shows in C, Rust, Go, Python and JavaScript is built from the sources there, and called.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use super::support::folder::{Ended, Folder};
use super::support::not_run;

/// The files of the guide, without what it has built beforehand.
fn guide() -> Folder {
    let folder = Folder::new();
    for name in [
        "count-words.c",
        "count-words.go",
        "count-words.rs",
        "count-words.json",
        "order_total.py",
        "order_total.js",
        "order.json",
        "routes.toml",
        "task.wit",
    ] {
        let file = Path::new("docs/wasm.in").join(name);
        folder.write(name, std::fs::read(file).expect("a file of the guide"));
    }
    folder
}

/// Runs a compiler in `folder`, with what the guide tells. Whether there is one.
fn build(folder: &Folder, program: OsString, arguments: &[&str], advice: &str) -> bool {
    let why = match Command::new(&program).args(arguments).current_dir(folder.path("")).output() {
        Ok(output) if output.status.success() => return true,
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => error.to_string(),
    };
    not_run(&format!("{} fails: {}; {advice}", program.display(), why.trim_end()));
    false
}

fn succeeded(stdout: &str) -> Ended {
    Ended { code: Some(0), stdout: stdout.to_owned(), stderr: String::new() }
}

#[test]
fn a_command_in_c() {
    let arguments = ["--target=wasm32-wasi", "-Oz", "-s", "-o", "count-words.wasm", "count-words.c"];
    let advice = "install clang, lld, wasi-libc and libclang-rt-dev-wasm32";
    counts_words("clang", &arguments, advice);
}

#[test]
fn a_command_in_rust() {
    let arguments = ["--target=wasm32-wasip2", "-O", "-o", "count-words.wasm", "count-words.rs"];
    counts_words("rustc", &arguments, "`rustup target add wasm32-wasip2`");
}

#[test]
fn a_command_in_go() {
    let go = std::env::var("ASL_GO").unwrap_or_else(|_| "go".to_owned());
    let arguments = ["GOOS=wasip1", "GOARCH=wasm", &go, "build", "-o", "count-words.wasm", "count-words.go"];
    counts_words("env", &arguments, "install Go 1.21 or later, or say where it is in ASL_GO");
}

fn counts_words(program: &str, arguments: &[&str], advice: &str) {
    let folder = guide();
    if !build(&folder, program.into(), arguments, advice) {
        return;
    }
    let run = |input: &str| folder.asl(&["run", "count-words.json", "--input", input]);
    assert_eq!(run(r#"{"text":" the  quick fox"}"#), succeeded("{\"text\":\" the  quick fox\",\"words\":3}\n"));
    let failed = run(r#"{"text":17}"#);
    assert_eq!(failed.code, Some(1));
    assert!(
        failed.stderr.contains("Wasm.ExitError") && failed.stderr.contains("the input is not a text"),
        "{failed:?}"
    );
}

#[test]
fn a_function_in_python() {
    let folder = guide();
    let componentize = std::env::var_os("ASL_COMPONENTIZE_PY").unwrap_or_else(|| "componentize-py".into());
    let arguments = ["-d", "task.wit", "-w", "task", "componentize", "order_total", "-o", "order-total.wasm"];
    let advice = "install it with `pip install componentize-py`, or say where it is in ASL_COMPONENTIZE_PY";
    if !build(&folder, componentize, &arguments, advice) {
        return;
    }
    adds_up(&folder, "KeyError: 'items'");
}

/// What `jco componentize` makes of `order_total.js`. `changes` are made in its sources before.
fn in_javascript(options: &[&str], changes: &[(&str, &str, &str)], uncaught: &str) {
    let folder = guide();
    for &(file, from, to) in changes {
        let text = std::fs::read_to_string(folder.path(file)).expect("a file of the guide");
        assert!(text.contains(from), "{file}: {from}");
        folder.write(file, text.replace(from, to));
    }
    let jco = match std::env::var_os("ASL_JCO_NPM") {
        Some(installed) => Path::new(&installed).join("node_modules/.bin/jco").into(),
        None => "jco".into(),
    };
    let arguments = ["componentize", "order_total.js", "--wit", "task.wit", "-n", "task", "-o", "order-total.wasm"];
    let advice = "install it with `npm install @bytecodealliance/jco`, and say in which folder in ASL_JCO_NPM";
    if build(&folder, jco, &[&arguments, options].concat(), advice) {
        adds_up(&folder, uncaught);
    }
}

#[test]
fn a_function_in_javascript() {
    // Its component imports wasi:http, for fetch. It does not tell what was thrown that is no error of the interface.
    in_javascript(&[], &[], "expected a string, received [undefined]");
}

#[test]
fn a_function_in_javascript_on_quickjs() {
    // Its component asks for what the component model has for async.
    let uncaught = "cannot read property 'reduce' of undefined";
    in_javascript(&["--backend", "quickjs"], &[], uncaught);
    let awaits = [
        ("task.wit", "handle: func", "handle: async func"),
        ("order_total.js", "export function handle(input) {", "export async function handle(input) {\n    await null;"),
    ];
    in_javascript(&["--backend", "quickjs"], &awaits, uncaught);
}

/// The component adds up what an order costs. `uncaught` is in what it says of an order without items.
fn adds_up(folder: &Folder, uncaught: &str) {
    let run = |input: &str| folder.asl(&["run", "order.json", "--input", input]);
    assert_eq!(run(r#"{"items":[{"price":250,"count":2},{"price":3,"count":1}]}"#), succeeded("{\"total\":503}\n"));
    // The Catcher takes the error of the component.
    assert_eq!(run(r#"{"items":[]}"#), succeeded("{\"total\":0}\n"));
    let failed = run("{}");
    assert_eq!(failed.code, Some(1));
    assert!(failed.stderr.contains("Wasm.Trap") && failed.stderr.contains(uncaught), "{failed:?}");
}

#[test]
fn http_requests_are_what_the_route_grants() {
    let folder = guide();
    // It answers with the status that it is answered with, or with the error code and 100: 115 is HTTP-request-denied.
    folder.write("order-total.wasm", include_str!("../../wasm/tests/wasm/http.wat"));
    let server = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let peer = server.local_addr().expect("an address").to_string();
    let run = |granted: &str| {
        let route = "handler = 'wasm'\ncomponent = 'order-total.wasm'";
        folder.write(
            "routes.toml",
            format!("[[routes]]\nresource = 'arn:*:order-total'\n{route}\nnetwork = [{granted}]\n"),
        );
        folder.asl(&["run", "order.json", "--input", &format!("{peer:?}")])
    };
    assert_eq!(run(""), succeeded("115\n"));
    let answering = std::thread::spawn(move || {
        let (mut connected, _) = server.accept().expect("a connection");
        // The request fits into one piece.
        let _ = std::io::Read::read(&mut connected, &mut [0; 4096]).expect("a request");
        let answer = b"HTTP/1.1 204 Nothing\r\nConnection: close\r\n\r\n";
        std::io::Write::write_all(&mut connected, answer).expect("a reader");
    });
    assert_eq!(run(&format!("{peer:?}")), succeeded("204\n"));
    answering.join().expect("an answer");
}

#[test]
fn a_component_is_not_loaded_before_it_is_called() {
    let folder = guide();
    // There is no component beside the routing file, and nobody calls it.
    folder.write("pass.json", r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#);
    assert_eq!(folder.asl(&["run", "pass.json"]), succeeded("{}\n"));
    assert!(folder.files(".asl").is_empty());
}
