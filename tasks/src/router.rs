//! Finds the handler of a resource.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::handler::Handler;
use crate::handlers::consolidate::Consolidate;
use crate::handlers::download::Downloader;
use crate::integrations::dynamodb::PutItem;
use crate::integrations::s3::{GetObject, ListObjects};
use crate::integrations::sns::Publish;
use crate::pattern::Pattern;
use crate::routes::{NoSettings, Route, Routes, Target};
use crate::services::Clients;

/// Finds the handler of a resource.
///
/// Making one is cheap: nothing is opened, created or connected to before the first call that needs it.
pub struct Router {
    /// What an embedding program added: these come before the routes of the file.
    added: Vec<(Pattern, Arc<dyn Handler>)>,
    routed: Vec<(Pattern, Arc<dyn Handler>)>,
    clients: Arc<Clients>,
    file: Option<PathBuf>,
}

impl Router {
    /// A router for `routes`, whose embedded services keep their data below `data_dir`.
    pub fn new(routes: Routes, data_dir: impl Into<PathBuf>) -> Self {
        let buckets = routes.routes.iter().filter_map(|route| match &route.target {
            Target::Download(download) => Some(download.bucket.clone()),
            _ => None,
        });
        let clients = Clients::new(routes.services, data_dir.into(), routes.tables, buckets.collect());
        let clients = Arc::new(clients);
        // These say by themselves what they are, and come after the routes so that a route can replace them.
        let integrations = [
            ("arn:aws:states:::dynamodb:putItem", Target::PutItem(NoSettings {})),
            ("arn:aws:states:::sns:publish", Target::Publish(NoSettings {})),
        ];
        let integrations = integrations.map(|(resource, target)| Route { resource: Pattern::from(resource), target });
        let routed = routes.routes.into_iter().chain(integrations);
        // Only an ItemReader asks for these.
        let readers: [(Pattern, Arc<dyn Handler>); 2] = [
            ("arn:aws:states:::s3:getObject".into(), Arc::new(GetObject(clients.clone()))),
            ("arn:aws:states:::s3:listObjectsV2".into(), Arc::new(ListObjects(clients.clone()))),
        ];
        let routed = routed.map(|route| (route.resource, handler(route.target, &clients))).chain(readers).collect();
        Self { added: Vec::new(), routed, clients, file: routes.file }
    }

    /// Also serves the resources that fit `pattern`, before the routes that were given to [`Router::new`].
    #[must_use]
    pub fn with_handler(mut self, pattern: impl Into<Pattern>, handler: Arc<dyn Handler>) -> Self {
        self.added.push((pattern.into(), handler));
        self
    }

    /// The client with which the handlers reach DynamoDB, to look at what they stored.
    pub async fn dynamodb(&self) -> &aws_sdk_dynamodb::Client {
        self.clients.dynamodb().await
    }

    /// The handler that serves `resource`.
    pub fn handler(&self, resource: &str) -> Result<Arc<dyn Handler>, NoRoute> {
        self.added
            .iter()
            .chain(&self.routed)
            .find(|(pattern, _)| pattern.matches(resource))
            .map(|(_, handler)| Arc::clone(handler))
            .ok_or_else(|| NoRoute { resource: resource.to_owned(), file: self.file.clone() })
    }
}

fn handler(target: Target, clients: &Arc<Clients>) -> Arc<dyn Handler> {
    let clients = Arc::clone(clients);
    match target {
        Target::Batch(batch) => Arc::new(batch),
        Target::Consolidate(NoSettings {}) => Arc::new(Consolidate),
        Target::Download(download) => Arc::new(Downloader::new(download, clients)),
        Target::PutItem(NoSettings {}) => Arc::new(PutItem(clients)),
        Target::Publish(NoSettings {}) => Arc::new(Publish(clients)),
    }
}

/// Nothing serves a resource. The text names the resource and shows the lines to add to the routing file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no route for the resource {resource}\n{}", advice(resource, file.as_deref()))]
pub struct NoRoute {
    /// The resource as the state gives it.
    pub resource: String,
    /// The routing file, where there is one.
    pub file: Option<PathBuf>,
}

fn advice(resource: &str, file: Option<&Path>) -> String {
    let file = file.map_or("the routing file".to_owned(), |file| file.display().to_string());
    let handlers = Target::NAMES.join(", ");
    // A function is often named after what it does.
    let name = resource.rsplit(':').next().unwrap_or_default().to_lowercase();
    let guess = Target::NAMES.into_iter().find(|handler| name.contains(handler));
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
    use crate::handler::BoxFuture;

    struct Answer(i64);

    impl Handler for Answer {
        fn call<'a>(&'a self, _: &'a TaskRequest) -> BoxFuture<'a, Outcome> {
            Box::pin(async { Ok(Value::from(self.0)) })
        }
    }

    async fn call(router: &Router, resource: &str, input: &str) -> Outcome {
        let request = TaskRequest {
            state: "S".into(),
            resource: resource.into(),
            input: input.parse().unwrap(),
            deadline: None,
            heartbeat_seconds: None,
            token: "t".into(),
            role_arn: None,
        };
        router.handler(resource).unwrap().call(&request).await
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
             Add these lines to routes.toml, with one of the handlers batch, download, consolidate, dynamodb:putItem, sns:publish:\n\n\
             [[routes]]\nresource = \"arn:aws:lambda:us-east-1:1:function:f\"\nhandler = \"NAME\""
        );
        let advice = |resource: &str| router.handler(resource).err().unwrap().to_string();
        assert!(advice("arn:aws:lambda:us-east-1:1:function:My-DownloadLambda").ends_with("handler = \"download\""));
        let integration = advice("arn:aws:states:::dynamodb:getItem");
        assert!(integration.contains("This service integration is not supported yet."), "{integration}");
        let error = Router::new(Routes::default(), "unused").handler("a\"b").err().unwrap().to_string();
        assert!(error.contains("Add these lines to the routing file,") && error.contains(r#"resource = "a\"b""#));
    }
}
