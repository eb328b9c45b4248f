//! Writes files of results part by part.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use asl_aws::Clients;
use asl_engine::{Failure, Outcome, Value};
use asl_runtime::{BoxFuture, Call, Handler};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};

use super::{failure, fault, text};
use crate::integrations::Lookup;

/// Writes an object, or a part of one. Where a request fails or nobody waits for it any more, all files that its writer has
/// begun are forgotten.
pub(crate) struct PutObject {
    lookup: Lookup,
    open: Mutex<OpenFiles>,
}

const PUT_OBJECT: &str = "PutObject";

/// Files that are being written, by who writes them.
type OpenFiles = HashMap<(Arc<str>, String), File>;

/// A file that has begun. What fits one part is put as a whole.
enum File {
    First(Vec<u8>),
    Upload(Upload),
}

/// Where an object is.
#[derive(Clone)]
struct Place {
    bucket: String,
    key: String,
}

impl PutObject {
    pub(crate) fn new(lookup: Lookup) -> Self {
        Self { lookup, open: Mutex::default() }
    }

    async fn run(&self, token: &Arc<str>, parameters: &Value) -> Outcome {
        let mut forget = Forget { open: &self.open, token: Some(token) };
        let outcome = self.write(token, parameters).await;
        if outcome.is_ok() {
            forget.token = None;
        }
        outcome
    }

    async fn write(&self, token: &Arc<str>, parameters: &Value) -> Outcome {
        let text = |name: &str| text(parameters, name).unwrap_or_default();
        let (bucket, body) = (text("Bucket"), text("Body").into_bytes());
        let place = |key: String| Place { bucket: bucket.clone(), key };
        if let Some(part) = parameters["PartNumber"].as_i64() {
            return self.part(token, place(text("Key")), part, body).await;
        }
        for key in parameters["Files"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            match self.take(token, key) {
                // A request that is made again after a crash finds what it completed before.
                None => self.check(&place(key.to_owned())).await?,
                Some(File::First(body)) => self.put(&place(key.to_owned()), body).await?,
                Some(File::Upload(upload)) => upload.complete().await?,
            }
        }
        self.put(&place(text("Key")), body).await?;
        Ok(Value::empty_object())
    }

    async fn part(&self, token: &Arc<str>, place: Place, number: i64, body: Vec<u8>) -> Outcome {
        let key = place.key.clone();
        let file = match self.take(token, &key) {
            _ if number <= 1 => File::First(body),
            None => return Err(gone(&key)),
            Some(File::First(first)) => {
                let mut upload = Upload::begin(&self.lookup.clients, place).await?;
                upload.add(1, first).await?;
                upload.add(number, body).await?;
                File::Upload(upload)
            }
            Some(File::Upload(mut upload)) => {
                upload.add(number, body).await?;
                File::Upload(upload)
            }
        };
        lock(&self.open).insert((token.clone(), key), file);
        Ok(Value::empty_object())
    }

    fn take(&self, token: &Arc<str>, key: &str) -> Option<File> {
        lock(&self.open).remove(&(token.clone(), key.to_owned()))
    }

    /// Checks that a file is there which this handler does not know of.
    async fn check(&self, place: &Place) -> Result<(), Failure> {
        let call = self.lookup.clients.s3().await.head_object().bucket(&place.bucket).key(&place.key);
        match call.send().await {
            Err(error) if error.raw_response().is_some_and(|answer| answer.status().as_u16() == 404) => {
                Err(gone(&place.key))
            }
            Err(error) => Err(failure(&error)),
            Ok(_) => Ok(()),
        }
    }

    async fn put(&self, place: &Place, body: Vec<u8>) -> Result<(), Failure> {
        let call = self.lookup.clients.s3().await.put_object().bucket(&place.bucket).key(&place.key);
        call.body(ByteStream::from(body)).send().await.map(|_| ()).map_err(|error| failure(&error))
    }
}

fn gone(key: &str) -> Failure {
    fault(format!("the first parts of {key} are not there any more"))
}

fn lock(open: &Mutex<OpenFiles>) -> MutexGuard<'_, OpenFiles> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Forgets the files of a writer when it is dropped.
struct Forget<'a> {
    open: &'a Mutex<OpenFiles>,
    token: Option<&'a Arc<str>>,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        if let Some(token) = self.token {
            lock(self.open).retain(|(of, _), _| of != token);
        }
    }
}

/// A multipart upload, which is aborted when it is dropped before it is complete.
struct Upload {
    clients: Arc<Clients>,
    place: Place,
    /// None once it is complete.
    id: Option<String>,
    parts: Vec<CompletedPart>,
}

impl Upload {
    async fn begin(clients: &Arc<Clients>, place: Place) -> Result<Self, Failure> {
        let call = clients.s3().await.create_multipart_upload().bucket(&place.bucket).key(&place.key);
        let begun = call.send().await.map_err(|error| failure(&error))?;
        Ok(Self { clients: Arc::clone(clients), place, id: begun.upload_id, parts: Vec::new() })
    }

    async fn add(&mut self, number: i64, body: Vec<u8>) -> Result<(), Failure> {
        let number = i32::try_from(number).unwrap_or(i32::MAX);
        let call = self.clients.s3().await.upload_part().bucket(&self.place.bucket).key(&self.place.key);
        let call = call.set_upload_id(self.id.clone()).part_number(number).body(ByteStream::from(body));
        let part = call.send().await.map_err(|error| failure(&error))?;
        self.parts.push(CompletedPart::builder().part_number(number).set_e_tag(part.e_tag).build());
        Ok(())
    }

    async fn complete(mut self) -> Result<(), Failure> {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(std::mem::take(&mut self.parts))).build();
        let call = self.clients.s3().await.complete_multipart_upload();
        let call = call.bucket(&self.place.bucket).key(&self.place.key).set_upload_id(self.id.clone());
        call.multipart_upload(parts).send().await.map_err(|error| failure(&error))?;
        self.id = None;
        Ok(())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let Some(id) = self.id.take() else { return };
        // Without a runtime nothing can be sent: the program ends.
        if tokio::runtime::Handle::try_current().is_err() {
            return;
        }
        let (clients, place) = (Arc::clone(&self.clients), self.place.clone());
        self.clients.stopping().spawn(async move {
            let call = clients.s3().await.abort_multipart_upload().bucket(place.bucket).key(place.key);
            // Nobody is left who could be told that it cannot be aborted.
            let _ = call.upload_id(id).send().await;
        });
    }
}

impl Handler for PutObject {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        let run = self.run(&call.request.token, &call.request.input);
        Box::pin(async { self.lookup.or_missing_bucket(call, PUT_OBJECT, run.await).await })
    }

    fn missing<'a>(&'a self, _: &'a str, known: &'a Value) -> BoxFuture<'a, Option<String>> {
        Box::pin(self.lookup.missing_bucket(PUT_OBJECT, known))
    }

    fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
        self.lookup.clients.s3_reaches_aws()
    }
}
