//! `asl data`

mod items;
mod kept;
mod objects;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use asl_aws::{CallError, Clients, Service, Services, Style};
use asl_engine::Value;
use asl_project::routes_of;
use asl_tasks::{Router, Routes, Stored, StoredCount, StoredError, StoredUrl};

use crate::cli::{Data, DataAction};
use crate::error::Error;
use crate::execute::runtime;
use crate::output;

/// Looks at what the embedded services keep, or changes it.
pub(crate) fn run(arguments: &Data) -> Result<ExitCode, Error> {
    let mut routes = routes_of(Path::new("definition"), arguments.routes.as_deref())?;
    // What is elsewhere is not looked at here.
    routes.services = Services::default();
    let store = Store::new(routes, &arguments.data);
    runtime()?.block_on(async {
        match &arguments.action {
            DataAction::Ls { url } => store.list(url.as_deref(), arguments.json).await,
            DataAction::Cat { url } => store.show(&StoredUrl::of(url)?).await,
            DataAction::Put { url, file } => store.put(&StoredUrl::of(url)?, file).await,
            DataAction::Rm { url: Some(url), .. } => store.remove(&StoredUrl::of(url)?).await,
            DataAction::Rm { url: None, .. } => kept::empty(&arguments.data),
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) use kept::empty;

/// What the services keep below a folder.
struct Store<'a> {
    router: Router,
    data: &'a Path,
}

impl<'a> Store<'a> {
    fn new(routes: Routes, data: &'a Path) -> Self {
        Self { router: Router::new(routes, data), data }
    }

    fn clients(&self) -> &Clients {
        self.router.clients()
    }

    /// Calls an operation of an embedded service.
    async fn call(&self, service: &str, operation: &str, parameters: &Value) -> Result<Value, Error> {
        let usage = |error: &dyn std::fmt::Display| Error::Usage(error.to_string());
        let service = Service::find(service).map_err(|error| usage(&error))?;
        let operation = service.operation(operation).map_err(|error| usage(&error))?;
        match self.clients().call(service, operation, parameters, Style::Sdk).await {
            Ok(answer) => Ok(answer.result.into()),
            Err(CallError::Service(refused)) => {
                let code = refused.code.unwrap_or_default();
                Err(Error::Usage(format!("{code}: {}", refused.message.unwrap_or_default())))
            }
            Err(error) => Err(usage(&error)),
        }
    }

    fn stored(&self) -> Stored<'_> {
        Stored::new(&self.router, self.data)
    }

    async fn list(&self, url: Option<&str>, is_json: bool) -> Result<(), Error> {
        let listed = match url.map(StoredUrl::of).transpose()? {
            None => self.stored().all().await?,
            Some(StoredUrl::S3 { bucket, key }) => return self.list_objects(&bucket, &key, is_json).await,
            Some(url) => {
                let mut found = self.stored().all().await?;
                found.retain(|it: &StoredCount| it.url == url);
                if found.is_empty() {
                    return Err(StoredError::Missing(url).into());
                }
                found
            }
        };
        if is_json {
            let all = listed.iter().map(|it| {
                let count = i64::try_from(it.count).unwrap_or(i64::MAX);
                Value::from([("url", Value::from(it.url.to_string())), ("count", count.into())])
            });
            return output::print_json(&all.collect());
        }
        if listed.is_empty() {
            output::to_stderr(&format!("{} has nothing yet\n", self.data.display()));
        }
        output::print(&columns(listed.iter().map(|it| (it.url.to_string(), it.text())).collect()))
    }

    async fn show(&self, place: &StoredUrl) -> Result<(), Error> {
        if let StoredUrl::S3 { bucket, key } = place {
            return self.show_object(bucket, key).await;
        }
        let lines = self.stored().values(place).await?;
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        // As it is: a program may read it.
        output::told(std::io::stdout().lock().write_all(text.as_bytes()))
    }

    async fn put(&self, place: &StoredUrl, file: &Path) -> Result<(), Error> {
        match place {
            StoredUrl::S3 { bucket, key } => self.put_objects(bucket, key, file).await,
            StoredUrl::DynamoDb { table } => self.put_items(table, file).await,
            StoredUrl::Sqs { queue } => {
                let text = crate::input::file_or_stdin("the message", file)?;
                let text = text.strip_suffix('\n').unwrap_or(&text);
                let mut message = vec![("QueueUrl", Value::from(queue.as_str())), ("MessageBody", text.into())];
                if queue.ends_with(".fifo") {
                    // The same text again is a message again.
                    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
                    let id = format!("{}-{}", now.as_nanos(), std::process::id());
                    message.extend([("MessageGroupId", "asl-data".into()), ("MessageDeduplicationId", id.into())]);
                }
                self.call("sqs", "sendMessage", &message.into_iter().collect()).await.map(drop)
            }
            StoredUrl::Sns { .. } | StoredUrl::Events { .. } => {
                Err(Error::Usage(format!("nothing is put into {place}: publish it with an AWS client, at asl serve")))
            }
        }
    }

    async fn remove(&self, place: &StoredUrl) -> Result<(), Error> {
        match place {
            StoredUrl::S3 { bucket, key } => self.remove_objects(bucket, key).await,
            StoredUrl::DynamoDb { table } => self
                .call("dynamodb", "deleteTable", &[("TableName", Value::from(table.as_str()))].into())
                .await
                .map(drop),
            StoredUrl::Sqs { queue } => {
                self.stored().messages(queue).await?;
                self.call("sqs", "deleteQueue", &[("QueueUrl", Value::from(queue.as_str()))].into()).await.map(drop)
            }
            StoredUrl::Sns { .. } | StoredUrl::Events { .. } => kept::remove(self.stored().files(place)?),
        }
    }
}

/// Rows whose second column stands below each other.
fn columns(rows: Vec<(String, String)>) -> String {
    let width = rows.iter().map(|(first, _)| first.chars().count()).max().unwrap_or(0);
    rows.iter().map(|(first, second)| format!("{first:width$}  {second}\n")).collect()
}
