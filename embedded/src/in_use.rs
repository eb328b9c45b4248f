//! Says to other programs that a data folder is used, so that none of them empties it meanwhile.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use asl_aws::InProcess;
use asl_aws::in_process::Missing;
use asl_engine::Value;
use asl_runtime::BoxFuture;
use aws_smithy_types::body::SdkBody;

/// The file below the data folder whose lock is shared by all programs that use the services.
pub const IN_USE: &str = "services.lock";

/// The lock of a data folder, held from the first request on until the program ends.
#[derive(Clone)]
pub(crate) struct InUse {
    data: PathBuf,
    lock: Arc<OnceLock<Option<File>>>,
}

impl InUse {
    pub(crate) fn new(data: &Path) -> Self {
        Self { data: data.to_owned(), lock: Arc::default() }
    }

    /// Holds the lock, where there is a folder. A file system without locks has none.
    fn hold(&self) {
        if self.lock.get().is_none() && self.data.is_dir() {
            self.lock.get_or_init(|| {
                let lock = File::create(self.data.join(IN_USE)).ok()?;
                lock.try_lock_shared().is_ok().then_some(lock)
            });
        }
    }
}

/// A service that holds the lock of its data folder.
pub(crate) struct Holding<S> {
    pub(crate) service: Arc<S>,
    pub(crate) in_use: InUse,
}

impl<S: InProcess> InProcess for Holding<S> {
    fn answer(&self, request: http::Request<SdkBody>) -> BoxFuture<'_, http::Response<SdkBody>> {
        Box::pin(async move {
            self.in_use.hold();
            let answer = self.service.answer(request).await;
            // The first request makes the folder.
            self.in_use.hold();
            answer
        })
    }

    fn has(&self, operation: &str) -> bool {
        self.service.has(operation)
    }

    fn missing<'a>(&'a self, operation: &'a str, parameters: &'a Value) -> BoxFuture<'a, Option<Missing>> {
        self.service.missing(operation, parameters)
    }
}
