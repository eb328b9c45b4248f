//! Finds the handler of a resource.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use asl_aws::web::{Caller, Downloads};
use asl_aws::{Clients, Service, Style, plain_resource};
#[cfg(feature = "embedded")]
use asl_embedded::{Embedded, Undelivered};
use asl_engine::{Value, is_activity};
#[cfg(feature = "functions")]
use asl_functions::{Logs, Printed, PrintedLine};
use asl_runtime::lambda::FunctionArn;
use asl_runtime::{Handler, Pattern};
#[cfg(feature = "wasm")]
use asl_wasm::LazyEngine;
use tracing::debug;

use crate::callbacks::{AsWorker, Callbacks, WAIT_FOR_TASK_TOKEN, WaitForTaskToken, Worker};
use crate::endpoint::LazyEndpoint;
use crate::handlers::KINDS;
use crate::integrations::http::Connections;
use crate::integrations::{self, NotServed};
use crate::left_out;
use crate::mocks::{Mocked, Mocks};
use crate::routes::Routes;
use crate::world::{Table, World};

/// How long the end of a program waits for services that are told to stop.
const STOPPING_MAX: Duration = Duration::from_secs(5);

/// Finds the handler of a resource.
///
/// Making one is cheap: nothing is opened, created or connected to before the first call that needs it.
pub struct Router {
    table: Arc<Table>,
    #[cfg(feature = "embedded")]
    embedded: Embedded,
    callbacks: Arc<Callbacks>,
    mocks: Arc<Mocks>,
    world: World,
    file: Option<PathBuf>,
}

impl Router {
    /// A router for `routes`, whose embedded services keep their data below `data_dir`.
    pub fn new(routes: Routes, data_dir: impl Into<PathBuf>) -> Self {
        let (data_dir, folder): (PathBuf, _) = (data_dir.into(), routes.folder().to_owned());
        #[cfg(feature = "embedded")]
        let of_routes = routes.routes.iter().flat_map(|route| route.settings.buckets());
        #[cfg(feature = "embedded")]
        let buckets = routes.buckets.into_iter().chain(of_routes).collect();
        let caller = Caller::default();
        #[cfg(feature = "embedded")]
        let embedded =
            Embedded::new(&data_dir, routes.tables, buckets, routes.subscribers, folder.clone(), caller.clone());
        #[cfg(feature = "embedded")]
        let services = embedded.services();
        #[cfg(not(feature = "embedded"))]
        let services = asl_aws::Embedded::new();
        let clients = Arc::new(Clients::new(routes.services, services));
        let (table, callbacks) = (Arc::new(Table::default()), Arc::new(Callbacks::default()));
        let endpoint = LazyEndpoint::new(routes.endpoint.listen, Arc::clone(&clients), Arc::clone(&callbacks));
        let connections = Connections::new(routes.connections, folder.clone());
        let world = World {
            downloads: Downloads::default(),
            caller,
            endpoint: Arc::new(endpoint),
            clients,
            folder,
            routes: routes.file.clone(),
            #[cfg(feature = "wasm")]
            wasm: Arc::new(LazyEngine::new(data_dir.join("wasm"))),
            #[cfg(feature = "functions")]
            logs: Arc::new(Logs::new(data_dir.join("logs"))),
            data_dir,
            background: Arc::default(),
            table: Arc::downgrade(&table),
        };
        let routed = routes.routes.iter().map(|route| (route.resource.clone(), route.settings.handler(&world)));
        // These say by themselves what they are, and come after the routes so that a route can replace them.
        table.set_others(routed.chain(integrations::all(&world, connections)).collect());
        let from = routes.file.as_deref().map_or("the routing file".to_owned(), |file| file.display().to_string());
        let mocks = Arc::new(Mocks::new(routes.mocks, from));
        Self {
            table,
            #[cfg(feature = "embedded")]
            embedded,
            callbacks,
            mocks,
            world,
            file: routes.file,
        }
    }

    /// Also serves the resources that fit `pattern`, before the routes that were given to [`Router::new`].
    #[must_use]
    pub fn with_handler(self, pattern: impl Into<Pattern>, handler: Arc<dyn Handler>) -> Self {
        self.table.add(pattern.into(), handler);
        self
    }

    /// The tasks that wait for whoever has their token, and the activities that wait for a worker.
    pub fn callbacks(&self) -> &Arc<Callbacks> {
        &self.callbacks
    }

    /// Waits until the functions that were called without waiting for them (`InvocationType` `Event`) have ended.
    pub async fn idle(&self) {
        self.world.background.ended().await;
    }

    /// Shows `watcher` each line that the code of functions prints; the first watcher only.
    #[cfg(feature = "functions")]
    pub fn watch_output(&self, watcher: impl Fn(&PrintedLine<'_>) + Send + Sync + 'static) {
        self.world.logs.watch(watcher);
    }

    /// What a function printed in the invocation that ended with `failure`.
    #[cfg(feature = "functions")]
    pub fn printed(&self, failure: &asl_engine::Failure) -> Option<Printed> {
        self.world.logs.printed(failure)
    }

    /// Takes up the notifications that an earlier program with this data folder could not deliver. It is not waited for;
    /// the runtime of the caller does it.
    #[cfg(feature = "embedded")]
    pub fn resume_deliveries(&self) {
        self.embedded.resume_deliveries();
    }

    /// Tries to deliver the notifications that are still undelivered, each once, and tells which stay so: they are kept,
    /// and the next program tries again. Nothing is waited for any more when `stop` completes.
    #[cfg(feature = "embedded")]
    pub async fn finish_deliveries(&self, stop: impl Future<Output = ()>) -> Vec<Undelivered> {
        self.embedded.finish_deliveries(stop).await
    }

    /// All rows of a DynamoDB table, in DynamoDB's JSON, to look at what the handlers stored. The error says what is wrong.
    pub async fn rows(&self, table: &str) -> Result<Vec<Value>, String> {
        let dynamodb = Service::find("dynamodb").map_err(|error| error.to_string())?;
        let scan = dynamodb.operation("scan").map_err(|error| error.to_string())?;
        let mut parameters = Value::from([("TableName", Value::from(table)), ("ConsistentRead", true.into())]);
        let mut rows = Vec::new();
        loop {
            let page = self.world.clients.call(dynamodb, scan, &parameters, Style::Optimized).await;
            let page = page.map_err(|fault| fault.to_string())?.result;
            rows.extend(
                page.get("Items").and_then(Value::as_array).into_iter().flat_map(|items| items.iter().cloned()),
            );
            match (page.get("LastEvaluatedKey"), parameters.as_object()) {
                (Some(last), Some(asked)) => parameters = asked.with("ExclusiveStartKey", last.clone()).into(),
                _ => return Ok(rows),
            }
        }
    }

    /// The states whose tasks the routing file mocks.
    pub fn mocked_states(&self) -> impl Iterator<Item = &str> {
        self.mocks.states()
    }

    /// The handler of a task: a mock of the state, or what serves `resource`.
    pub fn handler_of(&self, state: &str, resource: &str) -> Result<Arc<dyn Handler>, NoRoute> {
        let found = match self.mocks.has(state) {
            true => Arc::new(Mocked(Arc::clone(&self.mocks))),
            false => self.handler(resource)?,
        };
        debug!(state, resource, handler = found.name(), "handler found");
        Ok(found)
    }

    /// Where other processes on this machine reach the embedded services, such as `http://127.0.0.1:40123`; the first call
    /// starts the server, which ends with this router. The error says why there is none.
    pub async fn endpoint_url(&self) -> Result<String, String> {
        self.world.endpoint.url().await
    }

    /// Waits until executions elsewhere that nobody waits for any more have been told to stop, five seconds at most.
    pub async fn stopped(&self) {
        // Who cannot be told by then will not be told.
        let _ = tokio::time::timeout(STOPPING_MAX, self.world.clients.stopping().ended()).await;
    }

    /// Starts serving the embedded services to other processes where the routing file says at which address.
    pub async fn listen(&self) -> Result<(), String> {
        if self.world.endpoint.listens() { self.endpoint_url().await.map(drop) } else { Ok(()) }
    }

    /// What is wrong where nothing serves the function that `lambda:invoke` is told to call: its name, a part of its ARN, or its
    /// ARN.
    pub fn no_function(&self, function: &str) -> NoRoute {
        no_route(&FunctionArn::named(function, "").unqualified(), &self.file)
    }

    /// The handler that serves `resource`.
    ///
    /// For `….waitForTaskToken` it is what serves the resource with or without that ending, and then the token is waited for.
    /// The work of an activity that has no route waits for a worker, which asks [`Router::callbacks`] for it.
    pub fn handler(&self, resource: &str) -> Result<Arc<dyn Handler>, NoRoute> {
        // Routes see an integration as it was written, and as it is usually written.
        let plain = plain_resource(resource);
        let written =
            self.table.find(resource).or_else(|| self.table.find(resource.strip_suffix(WAIT_FOR_TASK_TOKEN)?));
        let resource = plain.as_deref().unwrap_or(resource);
        let callback = resource.strip_suffix(WAIT_FOR_TASK_TOKEN);
        let found = written.or_else(|| self.table.find(resource)).or_else(|| self.table.find(callback?));
        let callbacks = Arc::clone(&self.callbacks);
        if is_activity(resource) {
            return Ok(found.map_or_else(|| Arc::new(Worker(callbacks)) as _, |found| Arc::new(AsWorker(found)) as _));
        }
        let called = match found {
            Some(found) => found,
            None => integrations::find(&self.world, callback.unwrap_or(resource)).map_err(|why| NoRoute {
                resource: resource.to_owned(),
                file: self.file.clone(),
                why,
            })?,
        };
        Ok(if callback.is_some() { Arc::new(WaitForTaskToken { called, callbacks }) } else { called })
    }
}

/// That nothing serves `resource`.
pub(crate) fn no_route(resource: &str, file: &Option<PathBuf>) -> NoRoute {
    NoRoute { resource: resource.to_owned(), file: file.clone(), why: NotServed::Unknown }
}

/// Nothing serves a resource. The text names the resource and shows the lines to add to the routing file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no route for the resource {resource}\n{}", advice(resource, why, file.as_deref()))]
pub struct NoRoute {
    /// The resource as the state gives it.
    pub resource: String,
    /// The routing file, where there is one.
    pub file: Option<PathBuf>,
    why: NotServed,
}

fn advice(resource: &str, why: &NotServed, file: Option<&Path>) -> String {
    let file = file.map_or("the routing file".to_owned(), |file| file.display().to_string());
    match why {
        NotServed::Unknown => {}
        NotServed::NoSuch(why) => return why.clone(),
        NotServed::NoPlace(service) | NotServed::LeftOut(service) => {
            let why = match why {
                NotServed::LeftOut(_) => left_out::told(&format!("The embedded {service}"), "embedded"),
                _ => format!("Nothing says where {service} is"),
            };
            return format!(
                "{why}. Add the first line to the [services] of {file} for AWS itself,\n\
                 or the second for a server that speaks its protocol:\n\n\
                 {service} = \"aws\"\n\
                 {service} = {{ endpoint_url = \"http://127.0.0.1:5000\" }}"
            );
        }
    }
    let names = || KINDS.iter().map(|kind| kind.name);
    let handlers = names().collect::<Vec<_>>().join(", ");
    // A function is often named after what it does.
    let name = resource.rsplit(':').next().unwrap_or_default().to_lowercase();
    let guess = names().find(|handler| name.contains(handler));
    let integration = resource.starts_with("arn:aws:states:");
    let first = if integration {
        "This service integration is not supported yet. To serve it by another handler,\n"
    } else {
        ""
    };
    let (verb, handler) = (if integration { "add" } else { "Add" }, guess.unwrap_or("NAME"));
    format!(
        "{first}{verb} these lines to {file}, with one of the handlers {handlers}:\n\n\
         [[routes]]\nresource = {}\nhandler = \"{handler}\"",
        toml_string(resource)
    )
}

/// JSON's escapes are TOML's.
fn toml_string(text: &str) -> String {
    asl_engine::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use asl_engine::{Outcome, TaskRequest, Value};

    use super::*;
    use asl_runtime::{BoxFuture, Call};

    struct Answer(i64);

    impl Handler for Answer {
        fn call<'a>(&'a self, _: &'a Call) -> BoxFuture<'a, Outcome> {
            Box::pin(async { Ok(Value::from(self.0)) })
        }

        fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
            Box::pin(async { Vec::new() })
        }
    }

    async fn call(router: &Router, resource: &str, input: &str) -> Outcome {
        let request =
            TaskRequest { state: "S".into(), token: "t".into(), ..TaskRequest::new(resource, input.parse().unwrap()) };
        router.handler(resource).unwrap().call(&Call::new(request)).await
    }

    #[tokio::test]
    async fn the_first_match_wins_and_added_handlers_come_first() {
        let text =
            "[[routes]]\nresource = 'a*'\nhandler = 'consolidate'\n[[routes]]\nresource = '*'\nhandler = 'batch'";
        let router = Router::new(Routes::parse(text, Path::new("r")).unwrap(), "unused");
        assert_eq!(call(&router, "ab", "[200]").await, Ok(Value::from(true)));
        assert!(call(&router, "b", "[200]").await.is_err());
        let router = router.with_handler("*b", Arc::new(Answer(1))).with_handler("*", Arc::new(Answer(2)));
        assert_eq!(call(&router, "ab", "[200]").await, Ok(Value::from(1)));
        assert_eq!(call(&router, "a", "[200]").await, Ok(Value::from(2)));
    }

    #[test]
    fn a_missing_route_shows_how_to_add_it() {
        let resource = "arn:aws:lambda:us-east-1:1:function:f";
        let router = Router::new(Routes::parse("", Path::new("routes.toml")).unwrap(), "unused");
        assert_eq!(
            router.handler(resource).err().unwrap().to_string(),
            "no route for the resource arn:aws:lambda:us-east-1:1:function:f\n\
             Add these lines to routes.toml, with one of the handlers batch, download, consolidate, function, http, wasm:\n\n\
             [[routes]]\nresource = \"arn:aws:lambda:us-east-1:1:function:f\"\nhandler = \"NAME\""
        );
        let advice = |resource: &str| router.handler(resource).err().unwrap().to_string();
        assert!(advice("arn:aws:lambda:us-east-1:1:function:My-DownloadLambda").ends_with("handler = \"download\""));
        let integration = advice("arn:aws:states:::glue:startJobRun.sync");
        assert!(integration.contains("This service integration is not supported yet."), "{integration}");
        for (resource, expected) in [
            ("aws-sdk:dynamoDb:query", "there is no service \"dynamoDb\", did you mean \"dynamodb\"?"),
            ("aws-sdk:s3:getobject", "the service s3 has no action \"getobject\", did you mean \"getObject\"?"),
            ("aws-sdk:s3:getObject.sync", "the service s3 has no action \"getObject.sync\""),
            ("aws-sdk:kms:encrypt", "Nothing says where kms is. Add the first line to the [services] of routes.toml"),
            ("states:startExecution.sync:2", "Nothing says where states is."),
        ] {
            let told = advice(&format!("arn:aws:states:::{resource}"));
            assert!(told.contains(expected), "{told}");
        }
        for resource in ["aws-sdk:dynamodb:query", "aws-sdk:s3:putObject.waitForTaskToken", "sns:publish"] {
            for written in ["arn:aws:states:::", "arn:aws:states:us-east-1:123456789012:", "arn:aws-cn:states:::"] {
                assert!(router.handler(&format!("{written}{resource}")).is_ok(), "{written}{resource}");
            }
        }
        let error = Router::new(Routes::default(), "unused").handler("a\"b").err().unwrap().to_string();
        assert!(error.contains("Add these lines to the routing file,") && error.contains(r#"resource = "a\"b""#));
    }
}
