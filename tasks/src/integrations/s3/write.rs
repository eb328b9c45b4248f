//! Writes files of results part by part.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use asl_engine::{Failure, Outcome, Value};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};

use super::{failure, text};
use crate::handler::{BoxFuture, Call, Handler};
use crate::services::Clients;

/// Writes an object, or a part of one.
pub(crate) struct PutObject {
    clients: Arc<Clients>,
    /// Files that are being written, by who writes them.
    open: Mutex<HashMap<(Arc<str>, String), File>>,
}

/// A file that has begun. What fits one part is put as a whole.
enum File {
    First(Vec<u8>),
    Upload { id: String, parts: Vec<CompletedPart> },
}

/// Where an object is.
struct Place {
    bucket: String,
    key: String,
}

impl PutObject {
    pub(crate) fn new(clients: Arc<Clients>) -> Self {
        Self { clients, open: Mutex::default() }
    }

    async fn run(&self, token: &Arc<str>, parameters: &Value) -> Outcome {
        let text = |name: &str| text(parameters, name).unwrap_or_default();
        let (bucket, body) = (text("Bucket"), text("Body").into_bytes());
        let place = |key: String| Place { bucket: bucket.clone(), key };
        if let Some(part) = parameters["PartNumber"].as_i64() {
            return self.part(token, place(text("Key")), part, body).await;
        }
        for key in parameters["Files"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let file = self.take(token, key);
            let place = place(key.to_owned());
            match file {
                None => {}
                Some(File::First(body)) => self.put(&place, body).await?,
                Some(File::Upload { id, parts }) => self.complete(&place, id, parts).await?,
            }
        }
        self.put(&place(text("Key")), body).await?;
        Ok(Value::empty_object())
    }

    async fn part(&self, token: &Arc<str>, place: Place, number: i64, body: Vec<u8>) -> Outcome {
        let begun = self.take(token, &place.key).filter(|_| number > 1);
        let file = match begun {
            None => File::First(body),
            Some(File::First(first)) => {
                let id = self.begin(&place).await?;
                let first = self.upload(&place, &id, 1, first).await?;
                let second = self.upload(&place, &id, number, body).await?;
                File::Upload { id, parts: vec![first, second] }
            }
            Some(File::Upload { id, mut parts }) => {
                parts.push(self.upload(&place, &id, number, body).await?);
                File::Upload { id, parts }
            }
        };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.insert((token.clone(), place.key), file);
        Ok(Value::empty_object())
    }

    fn take(&self, token: &Arc<str>, key: &str) -> Option<File> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.remove(&(token.clone(), key.to_owned()))
    }

    async fn put(&self, place: &Place, body: Vec<u8>) -> Result<(), Failure> {
        let call = self.clients.s3().await.put_object().bucket(&place.bucket).key(&place.key);
        call.body(ByteStream::from(body)).send().await.map(|_| ()).map_err(|error| failure(&error))
    }

    async fn begin(&self, place: &Place) -> Result<String, Failure> {
        let call = self.clients.s3().await.create_multipart_upload().bucket(&place.bucket).key(&place.key);
        let begun = call.send().await.map_err(|error| failure(&error))?;
        Ok(begun.upload_id().unwrap_or_default().to_owned())
    }

    async fn upload(&self, place: &Place, id: &str, number: i64, body: Vec<u8>) -> Result<CompletedPart, Failure> {
        let number = i32::try_from(number).unwrap_or(i32::MAX);
        let call = self.clients.s3().await.upload_part().bucket(&place.bucket).key(&place.key);
        let call = call.upload_id(id).part_number(number).body(ByteStream::from(body));
        match call.send().await {
            Ok(part) => Ok(CompletedPart::builder().part_number(number).set_e_tag(part.e_tag).build()),
            Err(error) => {
                let call = self.clients.s3().await.abort_multipart_upload().bucket(&place.bucket).key(&place.key);
                // The failure to write is what is told.
                let _ = call.upload_id(id).send().await;
                Err(failure(&error))
            }
        }
    }

    async fn complete(&self, place: &Place, id: String, parts: Vec<CompletedPart>) -> Result<(), Failure> {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let call = self.clients.s3().await.complete_multipart_upload().bucket(&place.bucket).key(&place.key);
        let call = call.upload_id(id).multipart_upload(parts);
        call.send().await.map(|_| ()).map_err(|error| failure(&error))
    }
}

impl Handler for PutObject {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(self.run(&call.request.token, &call.request.input))
    }
}
