//! What a guest gets of the world around it, and how much.

use std::path::Path;
use std::sync::Arc;

use wasmtime::ResourceLimiter;
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::p2::pipe::MemoryInputPipe;
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtxView, WasiHttpView};

use super::error::{UnopenedFolder, Unusable};
use super::http::{Http, HttpClient};
use super::network::Network;
use super::output::Captured;
use super::{Folder, Settings};

/// How much of what a guest writes to stderr is kept: the end of it.
const STDERR_BYTES: usize = 8 * 1024;

/// How many files, connections, requests and the like a call may hold at once. Each can take some memory of the host, which is not
/// that of the guest.
pub(super) const HANDLES: usize = 10_000;

/// What every call of a route gets: nothing but what the route grants.
pub(super) struct Sandbox {
    /// The first argument of a command.
    name: String,
    environment: Vec<(String, String)>,
    folders: Vec<Folder>,
    network: Network,
    http: HttpClient,
    memory: usize,
    output: usize,
}

/// What belongs to one call: the state of its store.
pub(super) struct StoreState {
    pub(super) wasi: WasiP1Ctx,
    http: Http,
    pub(super) memory: Memory,
}

/// What a guest writes.
pub(super) struct Written {
    pub(super) stdout: Captured,
    pub(super) stderr: Captured,
}

impl Sandbox {
    /// `folder` is where relative paths start.
    pub(super) fn new(settings: &Settings, folder: &Path, http: HttpClient) -> Result<Self, Unusable> {
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
        let name = settings.component.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self {
            name,
            environment,
            folders: folders.collect::<Result<_, _>>()?,
            network: settings.network.clone(),
            http,
            memory: settings.memory_bytes(),
            output: settings.max_output_bytes,
        })
    }

    /// What a call gets. `stdin` is what a command reads; what is no command has none, and no arguments.
    pub(super) fn enter(&self, stdin: Option<&str>) -> Result<(StoreState, Written), UnopenedFolder> {
        let written = Written { stdout: Captured::all_of(self.output), stderr: Captured::end_of(STDERR_BYTES) };
        let mut wasi = WasiCtx::builder();
        wasi.stdin(MemoryInputPipe::new(stdin.unwrap_or_default().to_owned()))
            .stdout(written.stdout.clone())
            .stderr(written.stderr.clone());
        if stdin.is_some() {
            // As `wasmtime run` does: without the folders, which are nobody's business inside.
            wasi.arg(&self.name);
        }
        wasi.envs(&self.environment);
        for Folder { host, guest, write } in &self.folders {
            let may = if *write { FsPerms::ReadWrite } else { FsPerms::ReadOnly };
            wasi.preopened_dir(host, guest, may).map_err(|why| UnopenedFolder { folder: host.clone(), why })?;
        }
        self.network.grant(&mut wasi);
        let http = Http::new(self.network.clone(), Arc::clone(&self.http), written.stderr.clone());
        let memory = Memory { left: self.memory, refused: false };
        let mut wasi = wasi.build_p1();
        wasi.ctx().table.set_max_capacity(HANDLES);
        let state = StoreState { wasi, http, memory };
        Ok((state, written))
    }
}

impl WasiView for StoreState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.wasi.ctx()
    }
}

impl WasiHttpView for StoreState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        self.http.view(self.wasi.ctx().table)
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
