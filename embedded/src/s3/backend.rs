//! The operations of the embedded S3, as `s3s` hands them on.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use asl_runtime::blocking;
use bytes::Bytes;
use futures_util::StreamExt;
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput, CompleteMultipartUploadOutput,
    CopyObjectInput, CopyObjectOutput, CreateBucketInput, CreateBucketOutput, CreateMultipartUploadInput,
    CreateMultipartUploadOutput, DeleteBucketInput, DeleteBucketOutput, DeleteObjectInput, DeleteObjectOutput,
    DeleteObjectsInput, DeleteObjectsOutput, GetObjectInput, GetObjectOutput, HeadBucketInput, HeadBucketOutput,
    HeadObjectInput, HeadObjectOutput, ListBucketsInput, ListBucketsOutput, ListObjectsV2Input, ListObjectsV2Output,
    PutObjectInput, PutObjectOutput, StreamingBlob, UploadPartInput, UploadPartOutput,
};
use s3s::{S3, S3Error, S3Request, S3Response, S3Result, s3_error};

use super::store::Store;
use crate::OpenError;

/// Up to how many bytes an object is written on the thread that asks for it. Such a write goes to the page cache
/// and takes some 15 µs, less than handing it to another thread and back.
const SMALL: usize = 64 * 1024;

#[derive(Clone, Debug)]
pub(super) struct Backend(Arc<Store>);

impl Backend {
    /// Opens the objects below `root`, and creates the `buckets` that are missing.
    pub(super) fn open(root: PathBuf, buckets: &BTreeSet<String>) -> Result<Self, OpenError> {
        Ok(Self(Arc::new(Store::open(root, buckets)?)))
    }

    /// Runs `work` where it may wait for the disk.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> S3Result<T> + Send + 'static,
    ) -> S3Result<S3Response<T>> {
        let store = Arc::clone(&self.0);
        blocking(move || work(&store)).await.map(S3Response::new)
    }
}

#[async_trait::async_trait]
impl S3 for Backend {
    async fn create_bucket(&self, request: S3Request<CreateBucketInput>) -> S3Result<S3Response<CreateBucketOutput>> {
        self.run(move |store| store.create_bucket(&request.input.bucket)).await
    }

    async fn head_bucket(&self, request: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        self.run(move |store| store.bucket(&request.input.bucket).map(|_| HeadBucketOutput::default())).await
    }

    async fn delete_bucket(&self, request: S3Request<DeleteBucketInput>) -> S3Result<S3Response<DeleteBucketOutput>> {
        self.run(move |store| store.delete_bucket(&request.input.bucket)).await
    }

    async fn list_buckets(&self, _: S3Request<ListBucketsInput>) -> S3Result<S3Response<ListBucketsOutput>> {
        self.run(Store::list_buckets).await
    }

    async fn copy_object(&self, request: S3Request<CopyObjectInput>) -> S3Result<S3Response<CopyObjectOutput>> {
        let input = request.input;
        if input.copy_source_if_match.is_some() || input.copy_source_if_none_match.is_some() {
            return Err(conditional());
        }
        self.run(move |store| store.copy(&input.copy_source, &input.bucket, &input.key)).await
    }

    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let input = request.input;
        if input.if_match.is_some() || input.if_none_match.is_some() {
            return Err(conditional());
        }
        let chunks = chunks(input.body).await?;
        if chunks.iter().map(Bytes::len).sum::<usize>() <= SMALL {
            return self.0.put(&input.bucket, &input.key, &chunks).map(S3Response::new);
        }
        self.run(move |store| store.put(&input.bucket, &input.key, &chunks)).await
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        self.run(move |store| store.get(&request.input)).await
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        self.run(move |store| store.head(&request.input.bucket, &request.input.key)).await
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.run(move |store| store.delete(&request.input.bucket, &request.input.key)).await
    }

    async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        self.run(move |store| store.delete_all(&request.input.bucket, request.input.delete)).await
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        self.run(move |store| store.begin_upload(request.input)).await
    }

    async fn upload_part(&self, request: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        let input = request.input;
        let chunks = chunks(input.body).await?;
        self.run(move |store| store.keep_part(&input.upload_id, input.part_number, &input.key, &chunks)).await
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        self.run(move |store| store.complete_upload(request.input)).await
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        self.run(move |store| store.abort_upload(&request.input.upload_id)).await
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        self.run(move |store| store.list(request.input)).await
    }
}

fn conditional() -> S3Error {
    s3_error!(NotImplemented, "Conditions are not part of the embedded S3")
}

/// The body of a request.
async fn chunks(body: Option<StreamingBlob>) -> S3Result<Vec<Bytes>> {
    let mut chunks = Vec::new();
    if let Some(mut body) = body {
        while let Some(chunk) = body.next().await {
            chunks.push(chunk.map_err(|error| s3_error!(IncompleteBody, "The body cannot be read: {error}"))?);
        }
    }
    Ok(chunks)
}
