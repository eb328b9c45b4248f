//! Objects of S3.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use asl_engine::Value;
use asl_tasks::{StoredError, StoredObject, StoredUrl};
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use super::{Store, columns};
use crate::error::Error;
use crate::output;

/// What is told of a refusal of S3.
fn told<E: ProvideErrorMetadata + std::error::Error + 'static>(error: SdkError<E>) -> String {
    match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        _ => DisplayErrorContext(error).to_string(),
    }
}

fn refused<E: ProvideErrorMetadata + std::error::Error + 'static>(error: SdkError<E>) -> Error {
    Error::Usage(told(error))
}

impl Store<'_> {
    pub(super) async fn list_objects(&self, bucket: &str, prefix: &str, is_json: bool) -> Result<(), Error> {
        let objects = self.stored().objects(bucket, prefix).await?;
        if is_json {
            let all = objects.into_iter().map(|StoredObject { key, size, .. }| {
                Value::from([("url", Value::from(format!("s3://{bucket}/{key}"))), ("size", size.into())])
            });
            return output::print_json(&all.collect());
        }
        let row = |StoredObject { key, size, .. }: StoredObject| {
            // A terminal would take it for a command.
            let key = if key.contains(char::is_control) { key.escape_debug().to_string() } else { key };
            (format!("s3://{bucket}/{key}"), format!("{size} byte{}", if size == 1 { "" } else { "s" }))
        };
        output::print(&columns(objects.into_iter().map(row).collect()))
    }

    pub(super) async fn show_object(&self, bucket: &str, key: &str) -> Result<(), Error> {
        if key.is_empty() {
            return Err(Error::Usage(format!("s3://{bucket} is a bucket: name an object, as in s3://{bucket}/KEY")));
        }
        let asked = self.clients().s3().await.get_object().bucket(bucket).key(key);
        let mut body = asked.send().await.map_err(refused)?.body;
        let mut out = std::io::stdout().lock();
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(|error| Error::Usage(DisplayErrorContext(error).to_string()))?;
            output::told(out.write_all(&piece))?;
        }
        Ok(())
    }

    /// Stores a file, or all files of a folder.
    pub(super) async fn put_objects(&self, bucket: &str, key: &str, file: &Path) -> Result<(), Error> {
        let files = files(file)?;
        let is_below = key.is_empty() || key.ends_with('/');
        if file.is_dir() && !is_below {
            return Err(Error::Usage(format!(
                "{} is a folder: end the key with /, as in s3://{bucket}/{key}/",
                file.display()
            )));
        }
        let s3 = self.clients().s3().await;
        // One's own bucket is made again without harm.
        s3.create_bucket().bucket(bucket).send().await.map_err(refused)?;
        for path in files {
            let below = path.strip_prefix(file).ok().filter(|below| !below.as_os_str().is_empty());
            let name = match below {
                Some(below) => below.to_string_lossy().replace('\\', "/"),
                None => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            };
            let key = if is_below { format!("{key}{name}") } else { key.to_owned() };
            if key.is_empty() || path == Path::new("-") && is_below {
                return Err(Error::Usage(format!("say the key of the object, as in s3://{bucket}/KEY")));
            }
            let content = read(&path)?;
            let put = s3.put_object().bucket(bucket).key(&key).body(content.into()).send().await;
            put.map_err(|error| Error::Usage(format!("{} is not stored: {}", path.display(), told(error))))?;
        }
        Ok(())
    }

    /// Removes an object, all whose keys begin so, or a bucket.
    pub(super) async fn remove_objects(&self, bucket: &str, key: &str) -> Result<(), Error> {
        let s3 = self.clients().s3().await;
        let keys = self.stored().objects(bucket, key).await?.into_iter().map(|object| object.key);
        let is_all = key.is_empty() || key.ends_with('/');
        let removed: Vec<String> = keys.filter(|known| is_all || known == key).collect();
        if removed.is_empty() && !key.is_empty() {
            return Err(StoredError::Missing(StoredUrl::S3 { bucket: bucket.to_owned(), key: key.to_owned() }).into());
        }
        for key in removed {
            s3.delete_object().bucket(bucket).key(key).send().await.map_err(refused)?;
        }
        if key.is_empty() {
            s3.delete_bucket().bucket(bucket).send().await.map_err(refused)?;
        }
        Ok(())
    }
}

/// The files of a folder, or the file itself.
fn files(file: &Path) -> Result<Vec<PathBuf>, Error> {
    if !file.is_dir() {
        return Ok(vec![file.to_owned()]);
    }
    let all = asl_project::files_in(file, |_, _, _| true);
    all.map_err(|error| Error::Usage(format!("cannot read {}: {error}", file.display())))
}

fn read(file: &Path) -> Result<Vec<u8>, Error> {
    let content = match file == Path::new("-") {
        true => {
            let mut content = Vec::new();
            std::io::stdin().lock().read_to_end(&mut content).map(|_| content)
        }
        false => std::fs::read(file),
    };
    content.map_err(|error| Error::Usage(format!("cannot read {}: {error}", file.display())))
}
