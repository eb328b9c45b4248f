//! `function`: the code of a Lambda function, run by processes on this machine.

use std::sync::Arc;

use asl_functions::{Function, Surroundings};
use asl_runtime::Handler;

use crate::routes::Settings;
use crate::world::World;

impl Settings for asl_functions::Settings {
    fn handler(&self, world: &World) -> Arc<dyn Handler> {
        let endpoint = Arc::clone(&world.endpoint);
        let surroundings = Surroundings {
            folder: world.folder.clone(),
            data_dir: world.data_dir.clone(),
            logs: Arc::clone(&world.logs),
            endpoint_url: Arc::new(move || {
                let endpoint = Arc::clone(&endpoint);
                Box::pin(async move { endpoint.url().await })
            }),
        };
        Arc::new(Function::new(self.clone(), surroundings))
    }
}
