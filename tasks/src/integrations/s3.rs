//! What an ItemReader asks for: `arn:aws:states:::s3:getObject` and `arn:aws:states:::s3:listObjectsV2`.

use std::sync::Arc;

use asl_engine::{Failure, Outcome, Value};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use crate::handler::{BoxFuture, Call, Handler};
use crate::services::Clients;

/// Reads an object as text. See <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html>.
pub(crate) struct GetObject(pub(crate) Arc<Clients>);

/// Lists the objects of a bucket, as `Etag`, `Key`, `LastModified`, `Size` and `StorageClass` of each.
pub(crate) struct ListObjects(pub(crate) Arc<Clients>);

impl GetObject {
    async fn run(&self, parameters: &Value) -> Outcome {
        let text = |name: &str| parameters[name].as_str().map(str::to_owned);
        let call = self.0.s3().await.get_object().set_bucket(text("Bucket")).set_key(text("Key"));
        let object = call.send().await.map_err(|error| failure(&error))?;
        let body = object.body.collect().await.map_err(|error| Failure::new("S3.S3Exception", error.to_string()))?;
        match String::from_utf8(body.to_vec()) {
            Ok(text) => Ok(text.into()),
            Err(_) => Err(Failure::new("S3.S3Exception", "the object is not UTF-8 text")),
        }
    }
}

impl ListObjects {
    async fn run(&self, parameters: &Value) -> Outcome {
        let text = |name: &str| parameters[name].as_str().map(str::to_owned);
        let call = self.0.s3().await.list_objects_v2().set_bucket(text("Bucket")).set_prefix(text("Prefix"));
        let mut pages = call.into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            for object in page.map_err(|error| failure(&error))?.contents.unwrap_or_default() {
                let text = |text: Option<&str>| text.map_or(Value::Null, Value::from);
                found.push(Value::from([
                    ("Etag", text(object.e_tag())),
                    ("Key", text(object.key())),
                    ("LastModified", object.last_modified().map_or(Value::Null, |time| time.secs().into())),
                    ("Size", object.size().map_or(Value::Null, Value::from)),
                    ("StorageClass", text(object.storage_class().map(|class| class.as_str()))),
                ]));
            }
        }
        Ok(found.into_iter().collect())
    }
}

fn failure<E: ProvideErrorMetadata + std::error::Error + 'static, R: std::fmt::Debug + 'static>(
    error: &SdkError<E, R>,
) -> Failure {
    let name = error
        .code()
        .map_or("SdkClientException".to_owned(), |code| format!("{}Exception", code.trim_end_matches("Exception")));
    let cause = error.message().map_or_else(|| error.to_string(), str::to_owned);
    Failure::new(format!("S3.{name}"), cause)
}

impl Handler for GetObject {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(self.run(&call.request.input))
    }
}

impl Handler for ListObjects {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(self.run(&call.request.input))
    }
}
