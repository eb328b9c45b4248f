//! The program as it is released.

use std::path::{Path, PathBuf};
use std::process::{Command, exit};

/// Names the program to who measures it.
const PROGRAM: &str = "ASL_BENCH_PROGRAM";

/// Builds it where that has not been done, and gives its path: benchmarks are built with other options.
///
/// The rest of the benchmark runs in another process, so that the memory of its children is not that of the compiler.
pub(crate) fn program() -> PathBuf {
    if let Some(program) = std::env::var_os(PROGRAM) {
        return program.into();
    }
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--release", "--locked", "--quiet"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    assert!(build.status().expect("cargo starts").success(), "asl cannot be built");
    let own = std::env::current_exe().expect("the benchmark has a path");
    // Beside the benchmark's own folder `deps`.
    let folder = own.parent().and_then(Path::parent).expect("the folder of what was built");
    let program = folder.join(format!("asl{}", std::env::consts::EXE_SUFFIX));
    let measured = Command::new(&own).args(std::env::args_os().skip(1)).env(PROGRAM, program).status();
    exit(measured.expect("the benchmark starts").code().unwrap_or(1));
}
