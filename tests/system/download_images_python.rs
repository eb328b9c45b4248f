//! The main job with its three functions in Python, as processes, against the built-in handlers.

use std::process::Command;

use serde_json::Value;

use crate::download_images::{SUBJECT, could_not_find, paths};
use crate::support::folder::{Ended, Folder, files};
use crate::support::images::{RUN, definition, input, lay_out, serve};
use crate::support::not_run;
use crate::support::stored::{Stored, TABLE};

/// Lays out the definition with its functions in Python, and runs it; none, and a word about it, where that cannot be.
fn run(input: &Value) -> Option<(Folder, Ended)> {
    let there = Command::new("python3").args(["-c", "import ensurepip, venv"]).status();
    if !there.is_ok_and(|status| status.success()) {
        not_run("there is no python3 with venv");
        return None;
    }
    let folder = Folder::new();
    lay_out(&folder, input);
    std::fs::copy(definition("python.routes.toml"), folder.path("routes.toml")).expect("the routes are copied");
    for (name, text) in files(&definition("python")) {
        folder.write(&format!("python/{name}"), text);
    }
    let ended = folder.asl(&RUN);
    if ended.stderr.contains("cannot install") {
        not_run(&ended.stderr);
        return None;
    }
    Some((folder, ended))
}

#[test]
fn functions_in_python_give_the_same() {
    let server = serve();
    for name in ["success.input.json", "fail.input.json"] {
        let input = input(name, &server);
        let built_in = Folder::new();
        lay_out(&built_in, &input);
        let expected = built_in.asl(&RUN);
        let Some((folder, ended)) = run(&input) else { return };
        assert_eq!(ended, expected);

        let (found, missing): (Vec<_>, Vec<_>) = paths(&input).into_iter().partition(|path| *path != "zz/zz.gif");
        let messages: Vec<_> = missing.into_iter().map(|path| could_not_find(&server, path)).collect();
        let subject = if messages.is_empty() { "" } else { SUBJECT };
        let stored = Stored::embedded(&folder.path(".asl"), TABLE);
        assert_eq!(stored, Stored::expected(&server, &found, subject, &messages));
        assert_eq!(stored, Stored::embedded(&built_in.path(".asl"), TABLE));
    }
}

/// A function as the article has it: a folder of its own, its dependencies as people wish for them, and nothing about this program.
const DOWNLOAD: &str = r#"
import json
import os
import urllib.parse
import urllib.request
from http import HTTPStatus

import boto3

S3_CLIENT = boto3.client("s3")
IMAGES_BUCKET_NAME = os.getenv("IMAGES_BUCKET_NAME")


def fetched(url):
    try:
        with urllib.request.urlopen(url) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, None


def handler(payload, _):
    base, results = payload["batchInput"]["baseUrl"], []
    for path in payload["resourcePaths"]:
        url = f"{base}/{path}".lower()
        status, image = fetched(url)
        if status == HTTPStatus.OK:
            filename = urllib.parse.urlparse(url).hostname + url[url.rfind("/"):]
            S3_CLIENT.put_object(Body=image, Bucket=IMAGES_BUCKET_NAME, Key=filename)
            results.append({"url": url, "statusCode": int(status), "filename": filename})
        else:
            results.append({"url": url, "statusCode": int(status), "message": f"Could not find {url}"})
    return results
"#;

const BATCH: &str = r#"
import os

MAX_CONCURRENCY = int(os.getenv("MAX_CONCURRENCY") or 5)


def handler(payload, _):
    paths, batch = payload["resourcePaths"], {key: payload[key] for key in ("baseUrl", "lambdaConcur")}
    parts = [paths[at : at + MAX_CONCURRENCY] for at in range(0, len(paths), MAX_CONCURRENCY)]
    return {"tasks": [{"resourcePaths": part, "batchInput": batch} for part in parts]}
"#;

const CONSOLIDATE: &str = "def handler(payload, _):\n    return all(int(status) == 200 for status in payload)\n";

/// Of at most twelve lines.
const TWELVE_LINES: &str = r#"buckets = ["images"]
topics = ["failedDownloads"]
routes = [
  { resource = "*:batch", handler = "function", runtime = "python3.11", code = "lambdas/batch-lambda", entry = "batch_lambda.handler" },
  { resource = "*:download", handler = "function", runtime = "python3.11", code = "lambdas/download-lambda", entry = "download_lambda.handler", environment = { IMAGES_BUCKET_NAME = "images" }, timeout_seconds = 60, memory_mb = 256 },
  { resource = "*:consolidate", handler = "function", runtime = "python3.11", code = "lambdas/consolidate-lambda", entry = "consolidate_lambda.handler" },
]
[tables.urlToName]
key = "url"
"#;

#[test]
fn sources_as_the_article_has_them_need_twelve_lines() {
    let there = Command::new("python3").args(["-c", "import ensurepip, venv"]).status();
    if !there.is_ok_and(|status| status.success()) {
        return not_run("there is no python3 with venv");
    }
    assert!(TWELVE_LINES.lines().count() <= 12);
    let server = serve();
    let input = input("success.input.json", &server);
    let folder = Folder::new();
    lay_out(&folder, &input);
    folder.write("routes.toml", TWELVE_LINES);
    folder.write("lambdas/batch-lambda/batch_lambda.py", BATCH);
    folder.write("lambdas/consolidate-lambda/consolidate_lambda.py", CONSOLIDATE);
    folder.write("lambdas/download-lambda/download_lambda.py", DOWNLOAD);
    // What pip-tools make a requirements.txt of, and what is there on Lambda anyway.
    folder.write("lambdas/download-lambda/requirements.in", "boto3\n");
    let ended = folder.asl(&RUN);
    if ended.stderr.contains("cannot install") {
        return not_run(&ended.stderr);
    }
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let stored = Stored::embedded(&folder.path(".asl"), TABLE);
    assert_eq!((stored.objects.len(), stored.rows.len()), (paths(&input).len(), paths(&input).len()));
}
