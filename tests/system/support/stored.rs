//! What a workflow left in S3, DynamoDB and SNS.

use std::collections::BTreeMap;
use std::path::Path;

use asl_tasks::{Router, Routes};
use serde_json::{Value, json};

use super::folder::files;
use super::images;
use super::moto::{Moto, Subscriber};
use super::web_server::WebServer;

/// The bucket of the routing files.
pub(crate) const BUCKET: &str = "images";
/// The table of our definition.
pub(crate) const TABLE: &str = "urlToName";
/// The topic of our definition.
pub(crate) const TOPIC: &str = "failedDownloads";

/// Objects, rows and notifications.
#[derive(Debug, PartialEq)]
pub(crate) struct Stored {
    /// The bytes of each object by its key.
    pub(crate) objects: BTreeMap<String, Vec<u8>>,
    /// The filename of each row by its url.
    pub(crate) rows: BTreeMap<String, String>,
    /// The subject and the message of each notification, in the order of their sending.
    pub(crate) notifications: Vec<(String, String)>,
}

impl Stored {
    /// What the embedded services keep in a data folder.
    pub(crate) fn embedded(data: &Path, table: &str) -> Self {
        let outbox = files(&data.join("sns"));
        let notifications = outbox.values().map(|file| serde_json::from_slice(file).expect("JSON in the outbox"));
        Self {
            objects: files(&data.join("s3").join(BUCKET)),
            rows: scan(data, table),
            notifications: notifications.map(|file| notification(&file)).collect(),
        }
    }

    /// What moto keeps.
    pub(crate) fn moto(moto: &Moto, topic: &Subscriber) -> Self {
        let keys = moto.keys(BUCKET);
        let rows = moto.rows(TABLE);
        let text = |row: &Value, name: &str| row[name]["S"].as_str().expect("a text").to_owned();
        Self {
            objects: keys.into_iter().map(|key| (key.clone(), moto.object(BUCKET, &key).to_vec())).collect(),
            rows: rows.iter().map(|row| (text(row, "url"), text(row, "filename"))).collect(),
            notifications: topic.notifications().iter().map(notification).collect(),
        }
    }

    /// What has to be stored when these images of a server were downloaded, and these messages sent.
    pub(crate) fn expected(server: &WebServer, paths: &[&str], subject: &str, messages: &[String]) -> Self {
        let flags = images::flags();
        let rows = paths.iter().map(|path| (format!("{}/{path}", images::base_url(server)), key(path)));
        Self {
            objects: paths.iter().map(|path| (key(path), flags[*path].clone())).collect(),
            rows: rows.collect(),
            notifications: messages.iter().map(|message| (subject.to_owned(), message.clone())).collect(),
        }
    }
}

/// The key of a path on a loopback server.
pub(crate) fn key(path: &str) -> String {
    let (_, name) = path.rsplit_once('/').expect("a path");
    format!("127.0.0.1/{name}")
}

/// The entry of the output for an image that was stored.
pub(crate) fn entry(server: &WebServer, path: &str) -> Value {
    let url = format!("{}/{path}", images::base_url(server));
    json!({ "url": url, "statusCode": 200, "filename": key(path) })
}

/// The rows in a data folder: all of them, by their url.
pub(crate) fn scan(data: &Path, table: &str) -> BTreeMap<String, String> {
    let router = Router::new(Routes::default(), data);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let rows = runtime.block_on(router.rows(table)).expect("the table can be read");
    let text = |row: &asl_engine::Value, name: &str| row[name]["S"].as_str().expect("a text").to_owned();
    rows.iter()
        .map(|row| {
            assert_eq!(row.as_object().expect("a row").len(), 2, "{row:?}");
            (text(row, "url"), text(row, "filename"))
        })
        .collect()
}

fn notification(message: &Value) -> (String, String) {
    let text = |name: &str| message[name].as_str().expect("a text").to_owned();
    (text("Subject"), text("Message"))
}
