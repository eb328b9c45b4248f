//! `wasm`: calls a WebAssembly component, or a command for WASI, in a sandbox.

use std::sync::Arc;

use asl_runtime::Handler;
use asl_wasm::Component;

use crate::dependencies::Dependencies;
use crate::routes::Settings;

impl Settings for asl_wasm::Settings {
    fn handler(&self, dependencies: &Dependencies) -> Arc<dyn Handler> {
        Arc::new(Component::new(self.clone(), dependencies.folder.clone(), Arc::clone(&dependencies.wasm)))
    }
}
