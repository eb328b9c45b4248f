//! How the services outside of this process are called: credentials, region and endpoint, as AWS's own crates find them.
//!
//! <https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>: the endpoint of a service is the first of
//! `AWS_ENDPOINT_URL_<SERVICE>`, `AWS_ENDPOINT_URL`, `endpoint_url` in the `services` section of the profile, and `endpoint_url`
//! of the profile. What the routing file says comes before all of these.

use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::origin::Origin;
use aws_types::service_config::ServiceConfigKey;

use crate::clients::Clients;
use crate::credentials::{Kept, OrMadeUp};
use crate::model::Service;
use crate::places::Place;

/// The configuration of calls to AWS itself.
pub(crate) async fn load(client: SharedHttpClient) -> SdkConfig {
    let found = loader().http_client(client).load().await;
    let credentials = SharedCredentialsProvider::new(Kept::new(found.credentials_provider()));
    found.into_builder().credentials_provider(credentials).build()
}

/// The same as far as it says where services are. Nothing is asked for it: neither who calls nor in which region.
pub(crate) async fn load_endpoints() -> SdkConfig {
    loader().no_credentials().region(Region::from_static("us-east-1")).load().await
}

fn loader() -> ConfigLoader {
    aws_config::defaults(BehaviorVersion::v2026_01_12())
}

/// The endpoint of `service` that the environment or the profile names; none where it is AWS's own.
pub(crate) fn endpoint_url(config: &SdkConfig, service: &Service) -> Option<String> {
    let key = ServiceConfigKey::builder().service_id(&service.id).env("AWS_ENDPOINT_URL").profile("endpoint_url");
    let of_service = key.build().ok().and_then(|key| config.service_config()?.load_config(key));
    of_service.filter(|url| !url.is_empty()).or_else(|| config.endpoint_url().map(str::to_owned))
}

impl Clients {
    /// How `service` is called at `place`, outside of this process. Whoever calls it asks here.
    pub(crate) async fn config(&self, service: &Service, place: &Place) -> SdkConfig {
        let found = self.aws().await;
        let mut config = found.to_builder();
        match place {
            Place::Endpoint { endpoint_url, region } => {
                config.set_endpoint_url(Some(endpoint_url.clone()));
                config.set_region(Region::new(region.clone()));
                // They tell hosts of AWS apart.
                config.set_use_fips(None);
                config.set_use_dual_stack(None);
                let credentials = found.credentials_provider();
                config.set_credentials_provider(
                    credentials.map(|provider| SharedCredentialsProvider::new(OrMadeUp(provider))),
                );
            }
            Place::Embedded | Place::Aws => {
                config.set_endpoint_url(endpoint_url(found, service));
            }
        }
        // So that a client of the SDK does not ask the environment again.
        config.insert_origin("endpoint_url", Origin::shared_config());
        config.build()
    }
}
