//! `function`: the code of a Lambda function, run by processes on this machine.

use std::sync::Arc;

use asl_functions::{Function, Surroundings};
use asl_runtime::Handler;

use crate::dependencies::Dependencies;
use crate::routes::Settings;

impl Settings for asl_functions::Settings {
    fn handler(&self, dependencies: &Dependencies) -> Arc<dyn Handler> {
        let endpoint = Arc::clone(&dependencies.endpoint);
        let surroundings = Surroundings {
            folder: dependencies.folder.clone(),
            data_dir: dependencies.data_dir.clone(),
            logs: Arc::clone(&dependencies.logs),
            endpoint_variables: dependencies.clients.places().endpoint_variables(),
            endpoint_url: Arc::new(move || {
                let endpoint = Arc::clone(&endpoint);
                Box::pin(async move { Ok(endpoint.url().await?) })
            }),
        };
        Arc::new(Function::new(self.clone(), surroundings))
    }
}
