//! The clients of the services of AWS: one code path, whether the other end is AWS, another server or this process.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use asl_runtime::Background;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use tokio::sync::OnceCell;

use crate::in_process::{self, InProcess};
use crate::places::{Place, Services};
use crate::send::Remote;

/// The services that are in this process, by their names in `arn:aws:states:::aws-sdk:NAME:action`.
pub type Embedded = BTreeMap<&'static str, Arc<dyn InProcess>>;

/// The clients of the services. Making them is cheap: nothing is opened or connected to before the first call that needs it.
///
/// [`Clients::call`] calls any operation of any service as Step Functions does. What handlers and ItemReaders do with objects goes
/// through the client of the AWS SDK.
pub struct Clients {
    places: Services,
    embedded: Embedded,
    s3: OnceCell<aws_sdk_s3::Client>,
    aws: OnceCell<SdkConfig>,
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
        let (s3, aws) = (OnceCell::new(), OnceCell::new());
        Self { places, embedded, s3, aws, remote: Remote::default(), stopping: Background::default() }
    }

    /// The client of S3.
    pub async fn s3(&self) -> &aws_sdk_s3::Client {
        let client = async || {
            let place = self.places.get("s3").unwrap_or(&Place::Embedded);
            let config = match place {
                Place::Embedded => {
                    let config = in_process::config(self.embedded.get("s3").cloned());
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

    /// Where each service is.
    pub fn places(&self) -> &Services {
        &self.places
    }

    /// The services in this process.
    pub fn embedded(&self) -> &Embedded {
        &self.embedded
    }

    /// What tells services that nobody waits for them any more.
    pub fn stopping(&self) -> &Background {
        &self.stopping
    }

    /// What of the real AWS the calls of `service` reach.
    pub fn reaches_aws(&self, service: &crate::Service) -> Option<String> {
        (self.places.get(service.name) == Some(&Place::Aws)).then(|| service.prefix.to_owned())
    }

    /// Credentials and region as the AWS tools find them.
    pub(crate) async fn aws(&self) -> &SdkConfig {
        let load = || {
            let client = SharedHttpClient::new(self.remote.http().clone());
            aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(client).load()
        };
        self.aws.get_or_init(load).await
    }

    pub(crate) fn remote(&self) -> &Remote {
        &self.remote
    }
}
