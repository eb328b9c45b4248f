//! What the tests run `asl` against, and how.

pub(crate) mod folder;
pub(crate) mod http;
pub(crate) mod images;
pub(crate) mod moto;
pub(crate) mod server;
pub(crate) mod smtp;
pub(crate) mod stored;
#[cfg(unix)]
pub(crate) mod terminal;
pub(crate) mod web_server;

/// Says that a test did not run because something it compares with is absent. In CI that is a failure.
pub(crate) fn not_run(why: &str) {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "CI=true, and not run: {why}");
    // A test that did nothing must not look like one that passed.
    shown(&format!("not run: {why}"));
}

/// Shows a line past the capture of the test runner: a figure that every run tells.
pub(crate) fn shown(line: &str) {
    let line = format!("{line}\n");
    std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes()).expect("stderr is open");
}
