//! Finds the handler of a resource.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

use asl_aws::web::{Caller, Downloads};
use asl_aws::{CallError, Clients, Service, Style, UnknownName, plain_resource};
#[cfg(feature = "embedded")]
use asl_embedded::{Declared, Embedded, Events, Undelivered};
use asl_engine::{Failure, Value, is_activity};
#[cfg(feature = "functions")]
use asl_functions::{Logs, Printed, PrintedLine};
use asl_runtime::lambda::FunctionArn;
use asl_runtime::{Background, Handler, Pattern};
#[cfg(feature = "wasm")]
use asl_wasm::LazyEngine;
use tracing::debug;

use crate::callback_api::CallbackApi;
use crate::callbacks::{AsWorker, Callbacks, WAIT_FOR_TASK_TOKEN, WaitForTaskToken, Worker};
use crate::code::{Code, code_of};
use crate::dependencies::Dependencies;
use crate::endpoint::{HttpServices, LazyEndpoint, ListenError};
use crate::handler_table::HandlerTable;
use crate::handlers::KINDS;
use crate::integrations::http::Connections;
use crate::integrations::{self, NotServed};
use crate::lambda_api::{FailureWatcher, LambdaApi};
use crate::left_out;
use crate::mocks::table::MockedWaits;
use crate::mocks::{Mock, Mocks};
use crate::routes::Routes;
use crate::waiting::{self, WaitingFiles};

/// How long the end of a program waits for services that are told to stop.
const STOPPING_MAX: Duration = Duration::from_secs(5);

/// Finds the handler of a resource.
///
/// Making one is cheap: nothing is opened, created or connected to before the first call that needs it.
pub struct Router {
    table: Arc<HandlerTable>,
    #[cfg(feature = "embedded")]
    embedded: Embedded,
    callbacks: Arc<Callbacks>,
    mocks: Arc<Mocks>,
    dependencies: Dependencies,
    file: Option<PathBuf>,
    watcher: FailureWatcher,
}

impl Router {
    /// A router for `routes`, whose embedded services keep their data below `data_dir`.
    pub fn new(routes: Routes, data_dir: impl Into<PathBuf>) -> Self {
        let (data_dir, folder): (PathBuf, _) = (data_dir.into(), routes.folder().to_owned());
        let file = routes.advised_file();
        #[cfg(feature = "embedded")]
        let of_routes = routes.routes.iter().flat_map(|route| route.settings.buckets());
        #[cfg(feature = "embedded")]
        let buckets = routes.buckets.into_iter().chain(of_routes).collect();
        let caller = Caller::default();
        // Its own, so that what it has connected is used on the threads that run WebAssembly, and ends with them.
        #[cfg(feature = "wasm")]
        let of_wasm = Caller::default();
        #[cfg(feature = "embedded")]
        let declared = Declared {
            tables: routes.tables,
            buckets,
            queues: routes.queues,
            queue_settings: routes.queue_settings,
            topics: routes.topics,
        };
        #[cfg(feature = "embedded")]
        let embedded = Embedded::new(&data_dir, declared, routes.subscribers, caller.clone());
        #[cfg(feature = "embedded")]
        let services = embedded.services();
        #[cfg(not(feature = "embedded"))]
        let services = asl_aws::Embedded::new();
        let clients = Arc::new(Clients::new(routes.services, services));
        #[cfg(feature = "embedded")]
        embedded.reach_each_other_with(&clients);
        let (table, callbacks) = (Arc::new(HandlerTable::default()), Arc::new(Callbacks::default()));
        let (background, functions) = (Arc::<Background>::default(), Arc::downgrade(&table));
        let watcher = FailureWatcher::default();
        let lambda = LambdaApi {
            table: functions,
            background: Arc::clone(&background),
            routes: file.clone(),
            watcher: Arc::clone(&watcher),
        };
        clients.serve("lambda", Arc::new(lambda));
        clients.serve("sfn", Arc::new(CallbackApi(Arc::clone(&callbacks))));
        let endpoint = LazyEndpoint::new(routes.endpoint.listen, Arc::clone(&clients));
        let dependencies = Dependencies {
            downloads: Downloads::default(),
            caller,
            endpoint: Arc::new(endpoint),
            clients,
            folder,
            routes: file.clone(),
            #[cfg(feature = "wasm")]
            wasm: Arc::new(LazyEngine::new(
                data_dir.join("wasm"),
                Arc::new(move || of_wasm.client().cloned().map_err(|error| error.clone().into())),
            )),
            #[cfg(feature = "functions")]
            logs: Arc::new(Logs::new(data_dir.join("logs"))),
            data_dir,
            background,
            table: Arc::downgrade(&table),
        };
        let connections = Connections::new(routes.connections, dependencies.folder.clone());
        let routed = routes.routes.iter().map(|route| (route.resource.clone(), route.settings.handler(&dependencies)));
        // These say by themselves what they are, and come after the routes so that a route can replace them.
        table.set(routed.collect(), integrations::all(&dependencies, connections));
        let mocks = Arc::new(mocks(routes.mocks, routes.mocked_waits, file.as_deref()));
        Self {
            table,
            #[cfg(feature = "embedded")]
            embedded,
            callbacks,
            mocks,
            dependencies,
            file,
            watcher,
        }
    }

    /// A router for another routing file of the same program: the services, the task tokens and what this router's routes serve are the
    /// same, behind the routes, mocks and connections of the other file. What that says of services, [`Routes::share_services`] has to
    /// give to this one's before.
    #[must_use]
    pub fn beside(&self, routes: Routes) -> Self {
        let table = Arc::new(HandlerTable::default());
        let (folder, file) = (routes.folder().to_owned(), routes.advised_file());
        let dependencies = Dependencies {
            folder: folder.clone(),
            routes: file.clone(),
            table: Arc::downgrade(&table),
            ..self.dependencies.clone()
        };
        let routed = routes.routes.iter().map(|route| (route.resource.clone(), route.settings.handler(&dependencies)));
        let connections = Connections::new(routes.connections, folder);
        table.set(routed.collect(), integrations::all(&dependencies, connections));
        table.put_beside(&self.table);
        Self {
            table,
            #[cfg(feature = "embedded")]
            embedded: self.embedded.clone(),
            callbacks: Arc::clone(&self.callbacks),
            mocks: Arc::new(mocks(routes.mocks, routes.mocked_waits, file.as_deref())),
            dependencies,
            file,
            watcher: Arc::clone(&self.watcher),
        }
    }

    /// Also serves the resources that fit `pattern`, before the routes that were given to [`Router::new`].
    #[must_use]
    pub fn with_handler(self, pattern: impl Into<Pattern>, handler: Arc<dyn Handler>) -> Self {
        self.table.add(pattern.into(), handler);
        self
    }

    /// Tells `watcher` of each function that fails when something calls it by the API of Lambda, as triggers, topics and rules do: its ARN,
    /// and how. The first watcher only.
    pub fn watch_failures(&self, watcher: impl Fn(&str, &Failure) + Send + Sync + 'static) {
        let _ = self.watcher.set(Box::new(watcher));
    }

    /// The routing file, where there is one.
    pub fn routes_file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The services that tasks call.
    pub fn clients(&self) -> &Arc<Clients> {
        &self.dependencies.clients
    }

    /// What answers requests for the services in this process.
    pub fn services(&self) -> Arc<HttpServices> {
        self.dependencies.endpoint.services()
    }

    /// Takes note of the task of a state. Where it makes tables or buckets, the service itself says which there are.
    pub fn note_task(&self, state: &str, resource: &str) {
        let plain = plain_resource(resource);
        let service = match plain.as_deref().unwrap_or(resource) {
            "arn:aws:states:::aws-sdk:dynamodb:createTable" => "dynamodb",
            "arn:aws:states:::aws-sdk:s3:createBucket" => "s3",
            _ => return,
        };
        if !self.mocks.has(state) {
            self.dependencies.clients.leave_missing_to(service);
        }
    }

    /// The tasks that wait for whoever has their token, and the activities that wait for a worker.
    pub fn callbacks(&self) -> &Arc<Callbacks> {
        &self.callbacks
    }

    /// Waits until the functions that were called without waiting for them (`InvocationType` `Event`) have ended.
    pub async fn idle(&self) {
        self.dependencies.background.ended().await;
    }

    /// Shows `watcher` each line that the code of functions prints; the first watcher only.
    #[cfg(feature = "functions")]
    pub fn watch_output(&self, watcher: impl Fn(&PrintedLine<'_>) + Send + Sync + 'static) {
        self.dependencies.logs.watch(watcher);
    }

    /// What a function printed in the invocation that ended with `failure`.
    #[cfg(feature = "functions")]
    pub fn printed(&self, failure: &asl_engine::Failure) -> Option<Printed> {
        self.dependencies.logs.printed(failure)
    }

    /// What a person should know of the functions that were prepared, such as that another version of a language runs them; each is
    /// told once.
    #[cfg(feature = "functions")]
    pub fn notes(&self) -> Vec<String> {
        self.dependencies.logs.notes()
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

    /// Tells of objects of the embedded S3 that are written or deleted from here on; it does not complete, but the second time.
    #[cfg(feature = "embedded")]
    pub fn run_notifications(
        &self,
        notifications: asl_embedded::Notifications,
    ) -> impl Future<Output = ()> + Send + use<> {
        let embedded = self.embedded.clone();
        async move { embedded.run_notifications(notifications).await }
    }

    /// The embedded EventBridge.
    #[cfg(feature = "embedded")]
    pub fn events(&self) -> &Arc<Events> {
        self.embedded.events()
    }

    /// All rows of a DynamoDB table, in DynamoDB's JSON, to look at what the handlers stored.
    pub async fn rows(&self, table: &str) -> Result<Vec<Value>, RowsError> {
        let dynamodb = Service::find("dynamodb")?;
        let scan = dynamodb.operation("scan")?;
        let mut parameters = Value::from([("TableName", Value::from(table)), ("ConsistentRead", true.into())]);
        let mut rows = Vec::new();
        loop {
            let page = self.dependencies.clients.call(dynamodb, scan, &parameters, Style::Optimized).await;
            let page = page?.result;
            rows.extend(
                page.get("Items").and_then(Value::as_array).into_iter().flat_map(|items| items.iter().cloned()),
            );
            match (page.get("LastEvaluatedKey"), parameters.as_object()) {
                (Some(last), Some(asked)) => parameters = asked.with("ExclusiveStartKey", last.clone()).into(),
                _ => return Ok(rows),
            }
        }
    }

    /// The messages of a queue of the embedded SQS, to look at them: nobody receives them by this. None where there is no such queue; the
    /// error says why they cannot be read.
    #[cfg(feature = "embedded")]
    pub async fn messages(&self, queue: &str) -> Result<Option<Vec<Value>>, String> {
        self.embedded.messages(queue).await
    }

    /// The Wait states that the routing file mocks, and how many milliseconds they take.
    pub fn mocked_waits(&self) -> &Arc<BTreeMap<Arc<str>, i64>> {
        self.mocks.waits()
    }

    /// The states whose tasks the routing file mocks.
    pub fn mocked_states(&self) -> impl Iterator<Item = &str> {
        self.mocks.states()
    }

    /// The handler of a task: a mock of the state, or what serves `resource`.
    pub fn handler_of(&self, state: &str, resource: &str) -> Result<Arc<dyn Handler>, NoRoute> {
        let found = match self.mocks.handler(state) {
            Some(mocked) => mocked,
            None => self.handler(resource)?,
        };
        debug!(state, resource, handler = found.name(), "handler found");
        Ok(found)
    }

    /// Whether the task of a state waits for a worker from outside, which asks for the work of its activity.
    pub fn waits_for_worker(&self, state: &str, resource: &str) -> bool {
        is_activity(resource) && !self.mocks.has(state) && self.table.find(resource).is_none()
    }

    /// The address that the routing file gives to other processes.
    pub fn listens_at(&self) -> Option<SocketAddr> {
        self.dependencies.endpoint.listens()
    }

    /// Where other processes on this machine reach the embedded services, such as `http://127.0.0.1:40123`; the first call
    /// starts the server, which ends with this router.
    pub async fn endpoint_url(&self) -> Result<String, ListenError> {
        self.dependencies.endpoint.url().await
    }

    /// Waits until executions elsewhere that nobody waits for any more have been told to stop, five seconds at most.
    pub async fn stopped(&self) {
        // Who cannot be told by then will not be told.
        let _ = tokio::time::timeout(STOPPING_MAX, self.dependencies.clients.stopping().ended()).await;
    }

    /// Starts serving the embedded services to other processes where the routing file says at which address.
    pub async fn listen(&self) -> Result<(), ListenError> {
        if self.listens_at().is_some() { self.endpoint_url().await.map(drop) } else { Ok(()) }
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
            None => integrations::find(&self.dependencies, callback.unwrap_or(resource))
                .map_err(|why| no_route(&self.dependencies.table, resource, &self.file, why))?,
        };
        if callback.is_none() {
            return Ok(called);
        }
        let Dependencies { data_dir, endpoint, .. } = &self.dependencies;
        let files = WaitingFiles { folder: data_dir.join(waiting::FOLDER), endpoint: Arc::clone(endpoint) };
        Ok(Arc::new(WaitForTaskToken { called, callbacks, files }))
    }
}

fn mocks(mocked: BTreeMap<String, Vec<Mock>>, waits: MockedWaits, file: Option<&Path>) -> Mocks {
    Mocks::new(mocked, waits, file.map_or("the routing file".to_owned(), |file| file.display().to_string()))
}

/// The rows of a table cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RowsError {
    /// AWS's models do not have the operation.
    #[error(transparent)]
    NoOperation(#[from] UnknownName),
    /// DynamoDB did not answer, or refused.
    #[error(transparent)]
    Call(#[from] CallError),
}

/// What to say of a function that `lambda:invoke` names and that no route serves; goes on after "the state 'S' ".
pub(crate) fn missing_function(table: &Weak<HandlerTable>, name: &Value, file: &Option<PathBuf>) -> Option<String> {
    let arn = FunctionArn::named(name.as_str()?, "");
    let is_there = table.upgrade()?.find_function(&arn).is_some();
    (!is_there).then(|| format!("has {}", no_function(table, &arn.unqualified(), file)))
}

/// That nothing serves a function.
pub(crate) fn no_function(table: &Weak<HandlerTable>, arn: &str, file: &Option<PathBuf>) -> NoRoute {
    no_route(table, arn, file, NotServed::Unknown)
}

fn no_route(table: &Weak<HandlerTable>, resource: &str, file: &Option<PathBuf>, why: NotServed) -> NoRoute {
    let mut near = Near::default();
    if why == NotServed::Unknown && resource.contains(":lambda:") {
        let folder = file.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        near.code = code_of(&FunctionArn::of(resource).name, folder);
        near.route = table.upgrade().and_then(|table| table.nearest_function(resource));
    }
    NoRoute { resource: resource.to_owned(), file: file.clone(), near: Box::new(near), why }
}

/// Nothing serves a resource. The text names the resource and shows the lines to add to the routing file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no route for the resource {resource}\n{}", self.advice())]
pub struct NoRoute {
    /// The resource as the state gives it.
    pub resource: String,
    /// The routing file, where there is one.
    pub file: Option<PathBuf>,
    near: Box<Near>,
    why: NotServed,
}

/// What puts a command in the place of a container.
fn own_command(resource: &str) -> String {
    let action = resource.split('.').next().unwrap_or(resource);
    format!(
        "\n\nA command of yours takes the place of the container with these lines:\n\n\
         [[routes]]\nresource = {}\nhandler = \"process\"\ncommand = [\"python3\", \"job.py\"]",
        toml_string(&format!("{action}*"))
    )
}

/// What is near to what nothing serves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Near {
    /// The resource of a route that may have been meant.
    route: Option<String>,
    /// The code of the function.
    code: Option<Code>,
}

impl NoRoute {
    /// The lines of a mock of the state, where nothing in this program answers in its place.
    pub fn mock(&self, state: &str) -> Option<String> {
        let is_none_there = match self.why {
            NotServed::Unknown => self.resource.starts_with("arn:aws:states:"),
            NotServed::NotEmbedded(..) => true,
            NotServed::NoSuch(_) | NotServed::NoPlace(_) | NotServed::LeftOut(_) => false,
        };
        is_none_there.then(|| format!("[[mocks]]\nstate = {}\nreturn = {{}}", toml_string(state)))
    }

    fn advice(&self) -> String {
        let Self { resource, file, near, why } = self;
        let written = file.as_ref().map_or("the routing file".to_owned(), |file| file.display().to_string());
        match why {
            NotServed::Unknown => {
                let route = near.route.as_ref().map(|route| format!("A route has {route}: is that the same?\n"));
                route.unwrap_or_default() + &unknown_advice(resource, &written, near.code.as_ref())
            }
            NotServed::NoSuch(why) => why.clone(),
            NotServed::NotEmbedded(service, operation) => {
                let why = format!("The {service} of this program has no {operation}");
                place_advice(&why, service, &written)
            }
            NotServed::LeftOut(service) => {
                place_advice(&left_out::told(&format!("The embedded {service}"), "embedded"), service, &written)
            }
            NotServed::NoPlace(service) => {
                let advice = place_advice(&format!("Nothing says where {service} is"), service, &written);
                advice + &if matches!(&**service, "ecs" | "batch") { own_command(resource) } else { String::new() }
            }
        }
    }
}

/// How a service is found elsewhere.
fn place_advice(why: &str, service: &str, file: &str) -> String {
    format!(
        "{why}. Add the first line to the [services] of {file} for AWS itself,\n\
         or the second for a server that speaks its protocol:\n\n\
         {service} = \"aws\"\n\
         {service} = {{ endpoint_url = \"http://127.0.0.1:5000\" }}"
    )
}

/// How a route is made for what nothing is known of, or for a function with this code.
fn unknown_advice(resource: &str, file: &str, code: Option<&Code>) -> String {
    let is_function = resource.contains(":lambda:");
    // The functions of the first workflow are named after what they do.
    let name = resource.rsplit(':').next().unwrap_or_default().to_lowercase();
    let name = name.strip_suffix("lambda").or(name.strip_suffix("function")).unwrap_or(&name);
    let guess = ["batch", "download", "consolidate"].into_iter().find(|handler| name.ends_with(handler));
    let settings = match (code, guess) {
        (Some(code), _) => code.lines(),
        (None, Some(handler)) => format!("handler = \"{handler}\""),
        (None, None) if is_function => {
            "handler = \"function\"\nruntime = \"python3\"\ncode = \"FOLDER\"\nentry = \"FILE.FUNCTION\"".to_owned()
        }
        (None, None) => "handler = \"NAME\"".to_owned(),
    };
    let handlers = KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ");
    format!(
        "Add these lines to {file}, with one of the handlers {handlers}:\n\n\
         [[routes]]\nresource = {}\n{settings}",
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
             Add these lines to routes.toml, with one of the handlers batch, download, consolidate, function, http, process, wasm:\n\n\
             [[routes]]\nresource = \"arn:aws:lambda:us-east-1:1:function:f\"\nhandler = \"function\"\n\
             runtime = \"python3\"\ncode = \"FOLDER\"\nentry = \"FILE.FUNCTION\""
        );
        let advice = |resource: &str| router.handler(resource).err().unwrap().to_string();
        assert!(advice("arn:aws:lambda:us-east-1:1:function:My-DownloadLambda").ends_with("handler = \"download\""));
        for (resource, expected) in [
            ("aws-sdk:dynamoDb:query", "there is no service \"dynamoDb\", did you mean \"dynamodb\"?"),
            ("aws-sdk:s3:getobject", "the service s3 has no action \"getobject\", did you mean \"getObject\"?"),
            ("aws-sdk:s3:getObject.sync", "the service s3 has no action \"getObject.sync\""),
            ("aws-sdk:kms:encrypt", "Nothing says where kms is. Add the first line to the [services] of routes.toml"),
            ("glue:startJobRun.sync", "glue = \"aws\""),
            ("eks:runJob.sync", "eks = { endpoint_url ="),
            ("bedrock:invokeModel", "Nothing says where bedrockruntime is."),
            ("ecs:runTask.sync", "resource = \"arn:aws:states:::ecs:runTask*\"\nhandler = \"process\""),
            ("states:startExecution", "The states of this program has no StartExecution."),
            ("aws-sdk:dynamodb:createBackup", "The dynamodb of this program has no CreateBackup."),
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
