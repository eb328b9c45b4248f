//! How the SDK is set up for an embedded service: a request inside a process cannot get lost, so it is neither signed,
//! nor tried again, nor watched; and what the SDK does once for every object is kept small.

use std::sync::Arc;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_runtime::user_agent::UserAgentInterceptor;
use aws_sdk_s3::config::endpoint::{Endpoint, EndpointFuture, Params, ResolveEndpoint};
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation, StalledStreamProtectionConfig};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, disable_interceptor};
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;

use super::api;
use crate::embedded::{ENDPOINT, InProcess, Service};

/// The settings of a client whose requests `service` answers in this process.
pub(super) fn config<S: Service>(service: &Arc<S>) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .http_client(SharedHttpClient::new(InProcess::new(Arc::clone(service))))
        .endpoint_url(ENDPOINT)
        .region(Region::from_static("us-east-1"))
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .build()
}

/// Every bucket is a path of the one endpoint. The SDK's own rules for S3 come to the same, after some 3 µs.
#[derive(Debug)]
pub(super) struct PathStyle;

impl ResolveEndpoint for PathStyle {
    fn resolve_endpoint<'a>(&'a self, params: &'a Params) -> EndpointFuture<'a> {
        let url = match params.bucket() {
            // Encoded, so that what is no name of a bucket reaches none.
            Some(bucket) => format!("{ENDPOINT}/{}", api::encode(bucket, false)),
            None => ENDPOINT.to_owned(),
        };
        EndpointFuture::ready(Ok(Endpoint::builder().url(url).build()))
    }
}

/// Leaves out the header that tells AWS about the SDK, a tenth of what a request costs.
#[derive(Debug)]
pub(super) struct Unadorned;

impl Intercept for Unadorned {
    fn name(&self) -> &'static str {
        "Unadorned"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        config.interceptor_state().store_put(disable_interceptor::<UserAgentInterceptor>("nobody reads it"));
        Ok(())
    }
}
