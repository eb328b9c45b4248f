//! What the tests share: a data folder with a router, and a web server on loopback.

// Every test file uses a part of it.
#![allow(dead_code)]

pub(crate) mod functions;
pub(crate) mod python;

use std::path::{Path, PathBuf};

use asl_engine::{Outcome, TaskRequest, Value};
use asl_runtime::Call;
use asl_tasks::{Router, Routes};

/// A router whose data is in a folder of its own, which goes with it.
pub(crate) struct Fixture {
    pub(crate) router: Router,
    data: tempfile::TempDir,
}

impl Fixture {
    /// `routes` is the text of a routing file.
    pub(crate) fn new(routes: &str) -> Self {
        let data = tempfile::tempdir().unwrap();
        Self { router: router(routes, data.path()), data }
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.data.path().join(below)
    }

    /// Ends the router; its data stays.
    pub(crate) fn into_data(self) -> tempfile::TempDir {
        self.data
    }

    /// The object `key` of the bucket `images`.
    pub(crate) fn object(&self, key: &str) -> Option<Vec<u8>> {
        std::fs::read(self.path("s3/images").join(key)).ok()
    }

    /// All files of the embedded S3, relative to its folder.
    pub(crate) fn stored(&self) -> Vec<String> {
        fn walk(folder: &Path, root: &Path, into: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(&path, root, into);
                } else {
                    into.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
                }
            }
        }
        let mut files = Vec::new();
        walk(&self.path("s3"), &self.path("s3"), &mut files);
        files.sort();
        files
    }

    pub(crate) async fn call(&self, resource: &str, input: &str) -> Outcome {
        call(&self.router, resource, input).await
    }

    /// Calls `download` for `paths` below `base`.
    pub(crate) async fn download(&self, base: &str, paths: &[&str], at_once: usize) -> Outcome {
        self.call("download", &download_input(base, paths, at_once)).await
    }
}

pub(crate) fn router(routes: &str, data: &Path) -> Router {
    Router::new(self::routes(routes), data)
}

pub(crate) fn routes(text: &str) -> Routes {
    Routes::parse(text, Path::new("routes.toml")).unwrap()
}

pub(crate) fn download_input(base: &str, paths: &[&str], at_once: usize) -> String {
    let paths: Value = paths.iter().map(|path| Value::from(*path)).collect();
    let at_once = Value::from(u32::try_from(at_once).unwrap());
    let batch_input = Value::from([("baseUrl", Value::from(base)), ("lambdaConcur", at_once)]);
    Value::from([("resourcePaths", paths), ("batchInput", batch_input)]).to_string()
}

pub(crate) async fn call(router: &Router, resource: &str, input: &str) -> Outcome {
    let request =
        TaskRequest { state: "S".into(), token: "t".into(), ..TaskRequest::new(resource, input.parse().unwrap()) };
    router.handler(resource).unwrap().call(&Call::new(request)).await
}

/// Serves `app` on loopback until the runtime of the test ends; the answer is its base URL.
pub(crate) async fn serve(app: axum::Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    format!("http://{address}")
}

/// Says that a test did not run because something it compares with is absent. In CI that is a failure.
pub(crate) fn not_run(why: &str) {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "CI=true, and not run: {why}");
    // Past the capture of the test runner: a test that did nothing must not look like one that passed.
    let line = format!("not run: {why}\n");
    std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes()).expect("stderr is open");
}
