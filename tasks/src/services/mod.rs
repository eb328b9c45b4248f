//! The clients of S3, DynamoDB and SNS: one code path, whether the other end is AWS, another server or this process.
//!
//! Nothing is made before it is first asked for.

mod in_process;
pub(crate) mod web;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::OnceLock;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use tokio::sync::OnceCell;

use crate::embedded::{self, InProcess};
use crate::routes::{Place, Services, Table};

/// The clients of one router.
pub(crate) struct Clients {
    places: Services,
    data_dir: PathBuf,
    tables: BTreeMap<String, Table>,
    buckets: BTreeSet<String>,
    s3: OnceCell<aws_sdk_s3::Client>,
    dynamodb: OnceCell<aws_sdk_dynamodb::Client>,
    sns: OnceCell<aws_sdk_sns::Client>,
    aws: OnceCell<SdkConfig>,
    web: OnceLock<Result<reqwest::Client, String>>,
}

impl Clients {
    /// Clients for services at `places`. The embedded ones keep their data below `data_dir`, with `tables` and `buckets`
    /// in it from the start.
    pub(crate) fn new(
        places: Services,
        data_dir: PathBuf,
        tables: BTreeMap<String, Table>,
        buckets: BTreeSet<String>,
    ) -> Self {
        let (s3, dynamodb, sns) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        let (aws, web) = (OnceCell::new(), OnceLock::new());
        Self { places, data_dir, tables, buckets, s3, dynamodb, sns, aws, web }
    }

    /// The client of S3.
    pub(crate) async fn s3(&self) -> &aws_sdk_s3::Client {
        let client = async || {
            let config = match &self.places.s3 {
                Place::Embedded => {
                    let service = embedded::s3::S3::new(self.data_dir.join("s3"), self.buckets.clone());
                    let config = in_process::config(SharedHttpClient::new(InProcess::new(service)));
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
                    let file = self.data_dir.join("dynamodb.sqlite");
                    let service = embedded::dynamodb::DynamoDb::new(file, self.tables.clone());
                    let config = in_process::config(SharedHttpClient::new(InProcess::new(service)));
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
                    let service = embedded::sns::Sns::new(self.data_dir.join("sns"));
                    let config = in_process::config(SharedHttpClient::new(InProcess::new(service)));
                    aws_sdk_sns::config::Builder::from(&config).allow_no_auth()
                }
                place => aws_sdk_sns::config::Builder::from(&self.remote(place).await),
            };
            aws_sdk_sns::Client::from_conf(config.build())
        };
        self.sns.get_or_init(client).await
    }

    /// The URL at which other processes reach the embedded services; empty where there is none.
    pub(crate) async fn endpoint_url(&self) -> Result<String, String> {
        Ok(String::new())
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
