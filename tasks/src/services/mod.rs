//! The clients of the services of AWS: one code path, whether the other end is AWS, another server or this process.
//!
//! `api` calls any operation of any service as Step Functions does. What the download handler and ItemReaders do with objects
//! goes through the client of the AWS SDK. Nothing is made before it is first asked for.

pub(crate) mod api;
mod in_process;
pub(crate) mod web;

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use tokio::sync::OnceCell;

use crate::background::Background;
use crate::callbacks::Callbacks;
use crate::embedded::Embedded;
use crate::endpoint::{Endpoint, Served};
use crate::routes::{Place, Services};
use api::Remote;

/// The clients of one router.
pub(crate) struct Clients {
    places: Services,
    embedded: Embedded,
    callbacks: Arc<Callbacks>,
    listen: Option<SocketAddr>,
    endpoint: OnceCell<Endpoint>,
    s3: OnceCell<aws_sdk_s3::Client>,
    aws: OnceCell<SdkConfig>,
    remote: Remote,
    web: OnceLock<Result<reqwest::Client, String>>,
    caller: web::Caller,
    stopping: Background,
}

impl Clients {
    /// Clients for services at `places`, with `embedded` for those that are embedded.
    pub(crate) fn new(
        places: Services,
        embedded: Embedded,
        callbacks: Arc<Callbacks>,
        listen: Option<SocketAddr>,
        caller: web::Caller,
    ) -> Self {
        let (s3, aws, endpoint) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        let (web, remote, stopping) = (OnceLock::new(), Remote::default(), Background::default());
        Self { places, embedded, callbacks, listen, endpoint, s3, aws, remote, web, caller, stopping }
    }

    /// Where other processes on this machine reach the embedded services, such as `http://127.0.0.1:40123`; the first call
    /// starts the server. It also takes the answers to task tokens and gives activities their work.
    ///
    /// The server ends with the clients. The error says why there is none.
    pub(crate) async fn endpoint_url(&self) -> Result<String, String> {
        let start = || {
            let (embedded, places) = (self.embedded.clone(), self.places.clone());
            Endpoint::start(self.listen, Served { embedded, places, callbacks: Arc::clone(&self.callbacks) })
        };
        Ok(self.endpoint.get_or_try_init(start).await?.url().to_owned())
    }

    /// Whether the routing file says where other processes reach the embedded services.
    pub(crate) fn listens(&self) -> bool {
        self.listen.is_some()
    }

    /// The client of S3.
    pub(crate) async fn s3(&self) -> &aws_sdk_s3::Client {
        let client = async || {
            let place = self.places.get("s3").unwrap_or(&Place::Embedded);
            let config = match place {
                Place::Embedded => {
                    let config = in_process::config(&self.embedded.s3);
                    let config = aws_sdk_s3::config::Builder::from(&config).allow_no_auth();
                    config.endpoint_resolver(in_process::PathStyle).interceptor(in_process::Unadorned)
                }
                Place::Aws => aws_sdk_s3::config::Builder::from(self.aws().await),
                Place::Endpoint { endpoint_url, region } => {
                    let config = self.aws().await.to_builder().endpoint_url(endpoint_url);
                    aws_sdk_s3::config::Builder::from(&config.region(Region::new(region.clone())).build())
                }
            };
            // Only AWS itself has a host name for every bucket.
            let config = config.force_path_style(*place != Place::Aws);
            aws_sdk_s3::Client::from_conf(config.build())
        };
        self.s3.get_or_init(client).await
    }

    /// The client for downloads: it keeps its connections and follows redirects.
    /// The error says why there is none.
    pub(crate) fn web(&self) -> Result<&reqwest::Client, &str> {
        self.web.get_or_init(web::downloads).as_ref().map_err(String::as_str)
    }

    /// The client for calls with a body or credentials.
    pub(crate) fn caller(&self) -> &web::Caller {
        &self.caller
    }

    /// What tells other services that nobody waits for them any more.
    pub(crate) fn stopping(&self) -> &Background {
        &self.stopping
    }

    /// Where each service is.
    pub(crate) fn places(&self) -> &Services {
        &self.places
    }

    /// The embedded services.
    pub(crate) fn embedded(&self) -> &Embedded {
        &self.embedded
    }

    /// Credentials and region as the AWS tools find them.
    async fn aws(&self) -> &SdkConfig {
        let load = || {
            let client = SharedHttpClient::new(self.remote.http().clone());
            aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(client).load()
        };
        self.aws.get_or_init(load).await
    }

    fn remote(&self) -> &Remote {
        &self.remote
    }
}
