//! `wasm`: calls a WebAssembly component, or a command for WASI, in a sandbox.

use std::sync::Arc;

use asl_runtime::Handler;
use asl_wasm::Component;

use crate::routes::Settings;
use crate::world::World;

impl Settings for asl_wasm::Settings {
    fn handler(&self, world: &World) -> Arc<dyn Handler> {
        Arc::new(Component::new(self.clone(), world.folder.clone(), Arc::clone(&world.wasm)))
    }
}
