//! The clients of S3, DynamoDB and SNS: one code path, whether the other end is AWS, another server or this process.
//!
//! Nothing is made before it is first asked for.

mod in_process;
pub(crate) mod web;

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use tokio::sync::OnceCell;

use crate::callbacks::Callbacks;
use crate::embedded::Embedded;
use crate::endpoint::{Endpoint, Served};
use crate::routes::{Place, Services};

/// The clients of one router.
pub(crate) struct Clients {
    places: Services,
    embedded: Embedded,
    callbacks: Arc<Callbacks>,
    listen: Option<SocketAddr>,
    endpoint: OnceCell<Endpoint>,
    s3: OnceCell<aws_sdk_s3::Client>,
    dynamodb: OnceCell<aws_sdk_dynamodb::Client>,
    sns: OnceCell<aws_sdk_sns::Client>,
    aws: OnceCell<SdkConfig>,
    web: OnceLock<Result<reqwest::Client, String>>,
}

impl Clients {
    /// Clients for services at `places`, with `embedded` for those that are embedded.
    pub(crate) fn new(
        places: Services,
        embedded: Embedded,
        callbacks: Arc<Callbacks>,
        listen: Option<SocketAddr>,
    ) -> Self {
        let (s3, dynamodb, sns) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        let (aws, web, endpoint) = (OnceCell::new(), OnceLock::new(), OnceCell::new());
        Self { places, embedded, callbacks, listen, endpoint, s3, dynamodb, sns, aws, web }
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

    /// The client of S3.
    pub(crate) async fn s3(&self) -> &aws_sdk_s3::Client {
        let client = async || {
            let config = match &self.places.s3 {
                Place::Embedded => {
                    let config = in_process::config(&self.embedded.s3);
                    let config = aws_sdk_s3::config::Builder::from(&config).allow_no_auth();
                    config.endpoint_resolver(in_process::PathStyle).interceptor(in_process::Unadorned)
                }
                place => aws_sdk_s3::config::Builder::from(&self.remote(place).await),
            };
            // Only AWS itself has a host name for every bucket.
            let config = config.force_path_style(self.places.s3 != Place::Aws);
            aws_sdk_s3::Client::from_conf(config.build())
        };
        self.s3.get_or_init(client).await
    }

    /// The client of DynamoDB.
    pub(crate) async fn dynamodb(&self) -> &aws_sdk_dynamodb::Client {
        let client = async || {
            let config = match &self.places.dynamodb {
                Place::Embedded => {
                    let config = in_process::config(&self.embedded.dynamodb);
                    aws_sdk_dynamodb::config::Builder::from(&config).allow_no_auth()
                }
                place => aws_sdk_dynamodb::config::Builder::from(&self.remote(place).await),
            };
            aws_sdk_dynamodb::Client::from_conf(config.build())
        };
        self.dynamodb.get_or_init(client).await
    }

    /// The client of SNS.
    pub(crate) async fn sns(&self) -> &aws_sdk_sns::Client {
        let client = async || {
            let config = match &self.places.sns {
                Place::Embedded => {
                    let config = in_process::config(&self.embedded.sns);
                    aws_sdk_sns::config::Builder::from(&config).allow_no_auth()
                }
                place => aws_sdk_sns::config::Builder::from(&self.remote(place).await),
            };
            aws_sdk_sns::Client::from_conf(config.build())
        };
        self.sns.get_or_init(client).await
    }

    /// The client for downloads: it keeps its connections and follows redirects.
    /// The error says why there is none.
    pub(crate) fn web(&self) -> Result<&reqwest::Client, &str> {
        self.web.get_or_init(web::downloads).as_ref().map_err(String::as_str)
    }

    /// Credentials and region as the AWS tools find them, and where a place says that it is.
    async fn remote(&self, place: &Place) -> SdkConfig {
        let aws = self.aws.get_or_init(|| {
            aws_config::defaults(BehaviorVersion::v2026_01_12())
                .http_client(SharedHttpClient::new(web::Sdk::new()))
                .load()
        });
        let aws = aws.await;
        match place {
            Place::Endpoint { endpoint_url, region } => {
                aws.to_builder().endpoint_url(endpoint_url).region(Region::new(region.clone())).build()
            }
            Place::Embedded | Place::Aws => aws.clone(),
        }
    }
}
