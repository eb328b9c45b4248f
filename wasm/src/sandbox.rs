//! What a guest gets of the world around it, and how much.

use std::path::Path;

use wasmtime::ResourceLimiter;
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::p2::pipe::MemoryInputPipe;
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxView, WasiView};

use super::error::{UnopenedFolder, Unusable};
use super::network::Network;
use super::output::Captured;
use super::{Folder, Settings};

/// How much of what a guest writes to stderr is kept: the end of it.
const STDERR_BYTES: usize = 8 * 1024;

/// What every call of a route gets: nothing but what the route grants.
#[derive(Debug)]
pub(super) struct Sandbox {
    environment: Vec<(String, String)>,
    folders: Vec<Folder>,
    network: Network,
    memory: usize,
    output: usize,
}

/// What belongs to one call: the state of its store.
pub(super) struct StoreState {
    pub(super) wasi: WasiP1Ctx,
    pub(super) memory: Memory,
}

/// What a guest writes.
pub(super) struct Written {
    pub(super) stdout: Captured,
    pub(super) stderr: Captured,
}

impl Sandbox {
    /// `folder` is where relative paths start.
    pub(super) fn new(settings: &Settings, folder: &Path) -> Result<Self, Unusable> {
        let mut environment = Vec::new();
        for (name, value) in &settings.environment {
            let value = value.read(folder);
            let value = value.map_err(|source| Unusable::Environment { name: name.clone(), source })?;
            environment.push((name.clone(), value));
        }
        let folders = settings.folders.iter().map(|granted| {
            let host = folder.join(&granted.host);
            if host.is_dir() { Ok(Folder { host, ..granted.clone() }) } else { Err(Unusable::NoFolder(host)) }
        });
        Ok(Self {
            environment,
            folders: folders.collect::<Result<_, _>>()?,
            network: settings.network.clone(),
            memory: settings.memory_bytes(),
            output: settings.max_output_bytes,
        })
    }

    /// What a call gets that reads `stdin`.
    pub(super) fn enter(&self, stdin: &str) -> Result<(StoreState, Written), UnopenedFolder> {
        let written = Written { stdout: Captured::all_of(self.output), stderr: Captured::end_of(STDERR_BYTES) };
        let mut wasi = WasiCtx::builder();
        wasi.stdin(MemoryInputPipe::new(stdin.to_owned()))
            .stdout(written.stdout.clone())
            .stderr(written.stderr.clone());
        wasi.envs(&self.environment);
        for Folder { host, guest, write } in &self.folders {
            let may = if *write { FsPerms::ReadWrite } else { FsPerms::ReadOnly };
            wasi.preopened_dir(host, guest, may).map_err(|why| UnopenedFolder { folder: host.clone(), why })?;
        }
        self.network.grant(&mut wasi);
        let state = StoreState { wasi: wasi.build_p1(), memory: Memory { left: self.memory, refused: false } };
        Ok((state, written))
    }
}

impl WasiView for StoreState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.wasi.ctx()
    }
}

/// Counts what all memories and tables of a guest take together.
pub(super) struct Memory {
    /// Bytes.
    left: usize,
    /// Whether it has asked for more than that.
    pub(super) refused: bool,
}

impl Memory {
    /// A guest that is refused may go on with what it has.
    fn take(&mut self, bytes: usize) -> bool {
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                true
            }
            None => {
                self.refused = true;
                false
            }
        }
    }
}

impl ResourceLimiter for Memory {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.take(desired.saturating_sub(current)))
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.take(desired.saturating_sub(current).saturating_mul(size_of::<usize>())))
    }
}
