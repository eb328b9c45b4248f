//! What the Map states of the mode `DISTRIBUTED` ask for: `arn:aws:states:::s3:getObject` and
//! `arn:aws:states:::s3:listObjectsV2` for an ItemReader, `arn:aws:states:::s3:putObject` for a ResultWriter.
//!
//! Requests and answers have the shapes of S3's API. A `getObject` is answered with a piece of the object, of which
//! `ContentRange` says where it stands; `Range` asks for another. Where the request says that it has lines of
//! JSON, the answer has their values. A `putObject` with a `PartNumber` is a part of a file, which
//! is there once another request names it among its `Files`.

mod read;
#[cfg(feature = "parquet")]
mod rows;
mod unpack;
mod write;

use asl_engine::{Failure, Outcome, Timestamp, Value};
use asl_runtime::{BoxFuture, Call, Handler};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

pub(crate) use self::read::GetObject;
pub(crate) use self::write::PutObject;
use super::missing::Lookup;

/// Lists the objects of a bucket, a page at a time.
pub(crate) struct ListObjects(pub(crate) Lookup);

const LIST_OBJECTS: &str = "ListObjectsV2";

impl ListObjects {
    async fn run(&self, parameters: &Value) -> Outcome {
        let text = |name: &str| text(parameters, name);
        let call = self.0.clients.s3().await.list_objects_v2();
        let call = call.set_bucket(text("Bucket")).set_prefix(text("Prefix")).set_start_after(text("StartAfter"));
        let call = call.set_continuation_token(text("ContinuationToken"));
        let call = call.set_expected_bucket_owner(text("ExpectedBucketOwner"));
        let page = call.send().await.map_err(|error| failure(&error))?;
        let contents: Value = page.contents().iter().map(listed).collect();
        let token = page.next_continuation_token().map(|token| ("NextContinuationToken", Value::from(token)));
        Ok([("Contents", contents)].into_iter().chain(token).collect())
    }
}

fn listed(object: &aws_sdk_s3::types::Object) -> Value {
    let modified = object.last_modified().map(|time| {
        let millis = i64::from(time.subsec_nanos() / 1_000_000);
        ("LastModified", Timestamp(time.secs().saturating_mul(1000).saturating_add(millis)).to_string().into())
    });
    let text = |name: &'static str, text: Option<&str>| text.map(|text| (name, Value::from(text)));
    let size = object.size().map(|size| ("Size", Value::from(size)));
    let class = text("StorageClass", object.storage_class().map(|class| class.as_str()));
    let members = [text("ETag", object.e_tag()), text("Key", object.key()), modified, size, class];
    members.into_iter().flatten().collect()
}

fn text(parameters: &Value, name: &str) -> Option<String> {
    parameters[name].as_str().map(str::to_owned)
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

/// A failure that S3 itself does not tell of.
fn fault(cause: impl std::fmt::Display) -> Failure {
    Failure::new("S3.S3Exception", cause.to_string())
}

impl Handler for ListObjects {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        let run = self.run(&call.request.input);
        Box::pin(async { self.0.or_missing_bucket(call, LIST_OBJECTS, run.await).await })
    }

    fn missing<'a>(&'a self, _: &'a str, known: &'a Value) -> BoxFuture<'a, Option<String>> {
        Box::pin(self.0.missing_bucket(LIST_OBJECTS, known))
    }

    fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
        self.0.clients.s3_reaches_aws()
    }
}
