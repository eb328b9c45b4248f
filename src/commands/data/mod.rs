//! `asl data`

mod items;
mod kept;
mod objects;
mod place;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use asl_aws::{CallError, Clients, Service, Services, Style};
use asl_engine::Value;
use asl_project::routes_of;
use asl_tasks::{Router, Routes};

use self::place::Place;
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
            DataAction::Cat { url } => store.show(&Place::of(url)?).await,
            DataAction::Put { url, file } => store.put(&Place::of(url)?, file).await,
            DataAction::Rm { url: Some(url), .. } => store.remove(&Place::of(url)?).await,
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

/// A thing that is listed: its URL and what it has.
struct Listed {
    url: String,
    count: usize,
    unit: &'static str,
}

impl Listed {
    fn text(&self) -> String {
        let Self { count, unit, .. } = self;
        format!("{count} {unit}{}", if *count == 1 { "" } else { "s" })
    }
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

    /// All members of a list that comes in pages.
    async fn pages(&self, service: &str, operation: &str, asked: Value, member: &str) -> Result<Vec<Value>, Error> {
        let (mut all, mut asked) = (Vec::new(), asked);
        loop {
            let page = self.call(service, operation, &asked).await?;
            all.extend(page[member].as_array().into_iter().flat_map(|members| members.iter().cloned()));
            let token = [("NextToken", "NextToken"), ("LastEvaluatedTableName", "ExclusiveStartTableName")];
            let next = token.into_iter().find_map(|(told, asks)| Some((asks, page.get(told)?.clone())));
            match (next, asked.as_object()) {
                (Some((name, token)), Some(parameters)) => asked = parameters.with(name, token).into(),
                _ => return Ok(all),
            }
        }
    }

    async fn list(&self, url: Option<&str>, is_json: bool) -> Result<(), Error> {
        let listed = match url.map(Place::of).transpose()? {
            None => self.everything().await?,
            Some(Place::S3 { bucket, key }) => return self.list_objects(&bucket, &key, is_json).await,
            Some(place) => {
                let found: Vec<Listed> =
                    self.everything().await?.into_iter().filter(|it| it.url == place.to_string()).collect();
                if found.is_empty() {
                    return Err(place.missing());
                }
                found
            }
        };
        if is_json {
            let all = listed.iter().map(|it| {
                let count = i64::try_from(it.count).unwrap_or(i64::MAX);
                Value::from([("url", Value::from(it.url.as_str())), ("count", count.into())])
            });
            return output::print_json(&all.collect());
        }
        if listed.is_empty() {
            output::to_stderr(&format!("{} has nothing yet\n", self.data.display()));
        }
        output::print(&columns(listed.iter().map(|it| (it.url.clone(), it.text())).collect()))
    }

    /// What each service has. What no program has used yet is not made for it.
    async fn everything(&self) -> Result<Vec<Listed>, Error> {
        let mut all = self.buckets().await?;
        if self.data.join("dynamodb.sqlite").exists() {
            for name in self.pages("dynamodb", "listTables", Value::empty_object(), "TableNames").await? {
                let name = name.as_str().unwrap_or_default().to_owned();
                let count = self.items(&name).await?.len();
                all.push(Listed { url: format!("dynamodb://{name}"), count, unit: "item" });
            }
        }
        if self.data.join("sqs.sqlite").exists() {
            for url in self.pages("sqs", "listQueues", Value::empty_object(), "QueueUrls").await? {
                let name = url.as_str().and_then(|url| url.rsplit('/').next()).unwrap_or_default().to_owned();
                let count = self.messages(&name).await?.len();
                all.push(Listed { url: format!("sqs://{name}"), count, unit: "message" });
            }
        }
        all.extend(kept::notifications(self.data)?);
        all.extend(kept::events(self.data)?);
        Ok(all)
    }

    async fn show(&self, place: &Place) -> Result<(), Error> {
        let lines = match place {
            Place::S3 { bucket, key } => return self.show_object(bucket, key).await,
            Place::DynamoDb { table } => self.items(table).await?,
            Place::Sqs { queue } => self.messages(queue).await?,
            Place::Sns { topic } => kept::of_topic(self.data, topic)?,
            Place::Events { bus } => kept::of_bus(self.data, bus)?,
        };
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        // As it is: a program may read it.
        output::told(std::io::stdout().lock().write_all(text.as_bytes()))
    }

    async fn put(&self, place: &Place, file: &Path) -> Result<(), Error> {
        match place {
            Place::S3 { bucket, key } => self.put_objects(bucket, key, file).await,
            Place::DynamoDb { table } => self.put_items(table, file).await,
            Place::Sqs { queue } => {
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
            Place::Sns { .. } | Place::Events { .. } => {
                Err(Error::Usage(format!("nothing is put into {place}: publish it with an AWS client, at asl serve")))
            }
        }
    }

    async fn remove(&self, place: &Place) -> Result<(), Error> {
        match place {
            Place::S3 { bucket, key } => self.remove_objects(bucket, key).await,
            Place::DynamoDb { table } => self
                .call("dynamodb", "deleteTable", &[("TableName", Value::from(table.as_str()))].into())
                .await
                .map(drop),
            Place::Sqs { queue } => {
                self.messages(queue).await?;
                self.call("sqs", "deleteQueue", &[("QueueUrl", Value::from(queue.as_str()))].into()).await.map(drop)
            }
            Place::Sns { topic } => kept::remove_notifications(self.data, topic),
            Place::Events { bus } => kept::remove_events(self.data, bus),
        }
    }
}

/// Rows whose second column stands below each other.
fn columns(rows: Vec<(String, String)>) -> String {
    let width = rows.iter().map(|(first, _)| first.chars().count()).max().unwrap_or(0);
    rows.iter().map(|(first, second)| format!("{first:width$}  {second}\n")).collect()
}
