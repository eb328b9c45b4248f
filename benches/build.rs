//! How much time of processors `cargo build --release` takes from nothing.
//!
//! It takes ten minutes. `cargo bench --bench build`
#![expect(clippy::print_stdout, reason = "the figures are what the program is for")]

use std::process::Command;
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};

fn main() {
    let target = tempfile::tempdir().expect("a temporary folder");
    let start = Instant::now();
    let status = Command::new(env!("CARGO"))
        .args(["build", "--release", "--locked", "--quiet", "--target-dir"])
        .arg(target.path())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .expect("cargo starts");
    assert!(status.success(), "cargo ended with {status}");
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the usage of the children");
    let seconds = (usage.user_time().tv_sec() + usage.system_time().tv_sec()) as f64;
    println!("cargo build --release from nothing");
    println!("processors  {:.1} minutes (target: at most 11)", seconds / 60.0);
    println!("on the wall {:.1} minutes", start.elapsed().as_secs_f64() / 60.0);
}
