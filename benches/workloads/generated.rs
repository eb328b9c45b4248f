//! The workloads that `gen.py` in `ASL_WORKLOADS_DIR` (without it, `../shared/workloads`) writes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use asl_engine::Program;

/// Writes the workloads into a scratch folder.
pub(crate) fn workloads() -> Option<tempfile::TempDir> {
    let source = std::env::var_os("ASL_WORKLOADS_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/workloads"), PathBuf::from);
    let folder = tempfile::tempdir().expect("a scratch folder");
    let made = Command::new("python3").arg(source.join("gen.py")).current_dir(folder.path()).status();
    if !made.is_ok_and(|status| status.success()) {
        println!("not run: the workloads are absent, or there is no Python ({})", source.display());
        return None;
    }
    let inner = folder.path().join("workloads");
    for entry in fs::read_dir(&inner).expect("the workloads").flatten() {
        let name = entry.file_name().to_string_lossy().replace(".json", "");
        fs::rename(entry.path(), folder.path().join(name)).expect("a workload is moved");
    }
    Some(folder)
}

/// A definition of them.
pub(crate) fn program(file: &Path) -> Arc<Program> {
    let text = fs::read_to_string(file).expect("the definition is there");
    Arc::new(Program::parse(&text).expect("the definition is valid"))
}
