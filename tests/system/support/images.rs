//! The images that the workflow downloads, and the files of the workflow.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::folder::{self, Folder};
use super::web_server::{Answer, WebServer, answer};

/// Where the images lie on a server, as on the site that the inputs name.
const PREFIX: &str = "/data/flags";

/// A file of `definitions/download-images`.
pub(crate) fn definition(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("definitions/download-images").join(name)
}

/// The bundled images by their path, such as `de/de.gif`.
pub(crate) fn flags() -> BTreeMap<String, Vec<u8>> {
    let flags = folder::files(&definition("flags"));
    assert_eq!(flags.len(), 100, "the bundled images");
    flags
}

/// A server of the bundled images.
pub(crate) fn serve() -> WebServer {
    let flags = flags();
    WebServer::start(move |path| image(&flags, path).unwrap_or_else(|| answer(404, "there is no such flag")))
}

/// The answer with a bundled image, where a path names one.
pub(crate) fn image(flags: &BTreeMap<String, Vec<u8>>, path: &str) -> Option<Answer> {
    let flag = flags.get(path.strip_prefix(PREFIX)?.strip_prefix('/')?)?;
    Some(answer(200, flag.clone()))
}

/// The `baseUrl` of the images on a server.
pub(crate) fn base_url(server: &WebServer) -> String {
    format!("{}{PREFIX}", server.origin())
}

/// `success.input.json` or `fail.input.json`, with the images of a server instead of those on the internet.
pub(crate) fn input(name: &str, server: &WebServer) -> Value {
    let text = std::fs::read_to_string(definition(name)).expect("the input is there");
    let mut input: Value = serde_json::from_str(&text).expect("the input is JSON");
    input["baseUrl"] = json!(base_url(server));
    input
}

/// An input for some images.
pub(crate) fn input_for(server: &WebServer, paths: &[&str]) -> Value {
    json!({ "baseUrl": base_url(server), "lambdaConcur": 5, "resourcePaths": paths })
}

/// Writes `definition.json`, `routes.toml` and `input.json` into a folder.
pub(crate) fn lay_out(folder: &Folder, input: &Value) {
    for name in ["definition.json", "routes.toml"] {
        std::fs::copy(definition(name), folder.path(name)).expect("the file is copied");
    }
    folder.write("input.json", input.to_string());
}

/// Asks `asl` to run what [`lay_out`] wrote.
pub(crate) const RUN: [&str; 4] = ["run", "definition.json", "--input", "input.json"];
