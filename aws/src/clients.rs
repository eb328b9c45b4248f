//! The clients of the services of AWS: one code path, whether the other end is AWS, another server or this process.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use asl_engine::Value;
use asl_runtime::{Background, BoxFuture};
use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use tokio::sync::OnceCell;

use crate::config;
use crate::in_process::{self, InProcess, Missing};
use crate::model::Service;
use crate::places::{Place, Services};
use crate::remote::Remote;
use crate::target::path_style;

/// The services that are in this process, by their names in `arn:aws:states:::aws-sdk:NAME:action`.
pub type Embedded = BTreeMap<&'static str, Arc<dyn InProcess>>;

/// The clients of the services. Making them is cheap: nothing is opened or connected to before the first call that needs it.
///
/// [`Clients::call`] calls any operation of any service as Step Functions does. What handlers and ItemReaders do with objects goes
/// through the client of the AWS SDK.
pub struct Clients {
    places: Services,
    embedded: RwLock<Embedded>,
    /// The services whose things the definitions make themselves.
    made: RwLock<BTreeSet<&'static str>>,
    s3: OnceCell<aws_sdk_s3::Client>,
    aws: OnceCell<SdkConfig>,
    /// Only where services are.
    endpoints: OnceCell<SdkConfig>,
    remote: Remote,
    stopping: Background,
}

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients").field("places", &self.places).finish_non_exhaustive()
    }
}

impl Clients {
    /// Clients for services at `places`, with `embedded` for those that are embedded.
    pub fn new(places: Services, embedded: Embedded) -> Self {
        Self {
            places,
            embedded: RwLock::new(embedded),
            made: RwLock::default(),
            s3: OnceCell::new(),
            aws: OnceCell::new(),
            endpoints: OnceCell::new(),
            remote: Remote::default(),
            stopping: Background::default(),
        }
    }

    /// The client of S3.
    pub async fn s3(&self) -> &aws_sdk_s3::Client {
        let client = async || {
            let place = self.places.get("s3").unwrap_or(&Place::Embedded);
            let (Ok(service), false) = (Service::find("s3"), *place == Place::Embedded) else {
                let config = in_process::config(self.embedded("s3"));
                let config = aws_sdk_s3::config::Builder::from(&config).allow_no_auth().force_path_style(true);
                let config = config.endpoint_resolver(in_process::PathStyle).interceptor(in_process::Unadorned);
                return aws_sdk_s3::Client::from_conf(config.build());
            };
            let config = self.config(service, place).await;
            let path_style = path_style(&config);
            let config = aws_sdk_s3::config::Builder::from(&config).force_path_style(path_style);
            aws_sdk_s3::Client::from_conf(config.build())
        };
        self.s3.get_or_init(client).await
    }

    /// Where each service is.
    pub fn places(&self) -> &Services {
        &self.places
    }

    /// A service in this process, wherever requests for it go.
    pub fn embedded(&self, name: &str) -> Option<Arc<dyn InProcess>> {
        self.embedded.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// A service, where its requests are answered in this process.
    pub fn served_here(&self, name: &str) -> Option<Arc<dyn InProcess>> {
        if self.places.get(name) == Some(&Place::Embedded) { self.embedded(name) } else { None }
    }

    /// Has `service` answer the requests for the service of this name, instead of what has done it before.
    pub fn serve(&self, name: &'static str, service: Arc<dyn InProcess>) {
        self.embedded.write().unwrap_or_else(PoisonError::into_inner).insert(name, service);
    }

    /// Lets the service of this name say itself what is not there: tasks make its tables or buckets.
    pub fn leave_missing_to(&self, name: &'static str) {
        self.made.write().unwrap_or_else(PoisonError::into_inner).insert(name);
    }

    /// What is not there of what `parameters` of an operation name, where the service is in this process and what it has is made
    /// beforehand.
    pub async fn missing(&self, service: &Service, operation: &str, parameters: &Value) -> Option<Missing> {
        if self.made.read().unwrap_or_else(PoisonError::into_inner).contains(service.name) {
            return None;
        }
        self.served_here(service.name)?.missing(operation, parameters).await
    }

    /// What tells services that nobody waits for them any more.
    pub fn stopping(&self) -> &Background {
        &self.stopping
    }

    /// What of the real AWS the calls of `service` reach: nothing where the environment or the profile names an endpoint.
    pub fn reaches_aws<'a>(&'a self, service: &'a Service) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async move {
            if self.places.get(service.name) != Some(&Place::Aws) {
                return Vec::new();
            }
            let named = config::endpoint_url(self.endpoints.get_or_init(config::load_endpoints).await, service);
            if named.is_some() { Vec::new() } else { vec![service.prefix.to_owned()] }
        })
    }

    /// What of the real AWS the calls of [`Clients::s3`] reach.
    pub fn s3_reaches_aws(&self) -> BoxFuture<'_, Vec<String>> {
        match Service::find("s3") {
            Ok(service) => self.reaches_aws(service),
            Err(_) => Box::pin(async { Vec::new() }),
        }
    }

    /// The configuration of calls to AWS itself, as the AWS tools find it.
    pub(crate) async fn aws(&self) -> &SdkConfig {
        self.aws.get_or_init(|| config::load(SharedHttpClient::new(self.remote.http().clone()))).await
    }

    pub(crate) fn remote(&self) -> &Remote {
        &self.remote
    }
}
