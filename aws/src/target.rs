//! The endpoint that a request goes to, and what it is signed for.

use std::sync::LazyLock;

use aws_config::SdkConfig;
use aws_sdk_s3::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_smithy_types::endpoint::Endpoint;

use crate::error::{NoEndpoint, SendError};
use crate::hosts::host;
use crate::model::Service;
use crate::request::{Request, encode};
use crate::web::chain;

/// Where a request goes.
#[derive(Debug, PartialEq)]
pub(crate) struct Target {
    /// A URL, whose path comes before that of the request.
    pub(crate) endpoint: String,
    /// The path and the query of the request there.
    pub(crate) path: String,
    /// The region that it is signed for.
    pub(crate) region: String,
    /// The service that it is signed for.
    pub(crate) name: String,
}

/// Where `request` goes when `service` is called with `config`.
pub(crate) async fn target(service: &Service, request: &Request, config: &SdkConfig) -> Result<Target, SendError> {
    let region = config.region().ok_or(SendError::NoRegion)?.as_ref();
    let (fips, dual_stack) = (config.use_fips().unwrap_or(false), config.use_dual_stack().unwrap_or(false));
    let no_endpoint = |why| SendError::NoEndpoint { service: service.name, why };
    let (endpoint, region, name, path) = match config.endpoint_url() {
        _ if service.name == "s3" => {
            let (endpoint, path) = s3(request, config).await.map_err(no_endpoint)?;
            let scheme = |name| endpoint.auth_schemes().iter().find_map(|scheme| scheme.get(name)?.as_string());
            let signed = |name, other: &str| scheme(name).unwrap_or(other).to_owned();
            let (region, name) = (signed("signingRegion", region), signed("signingName", service.signing_name));
            // At another server there is no host of another name.
            let prefix = if config.endpoint_url().is_some() { "" } else { &*request.host_prefix };
            (endpoint.url().replacen("://", &format!("://{prefix}"), 1), region, name, path)
        }
        // As the rules of AWS have it.
        Some(_) if fips => return Err(no_endpoint(NoEndpoint::Fips)),
        Some(_) if dual_stack => return Err(no_endpoint(NoEndpoint::DualStack)),
        Some(url) => (url.to_owned(), region.to_owned(), service.signing_name.to_owned(), &*request.path),
        None => {
            let host = host(service, region, fips, dual_stack);
            let host = host.ok_or_else(|| no_endpoint(NoEndpoint::NoHost))?;
            (
                format!("https://{}{}", request.host_prefix, host.name),
                host.region,
                service.signing_name.to_owned(),
                &*request.path,
            )
        }
    };
    let slash = if path.starts_with('/') { "" } else { "/" };
    let mark = if request.query.is_empty() { "" } else { "?" };
    Ok(Target { endpoint, path: format!("{slash}{path}{mark}{}", request.query), region, name })
}

/// The endpoint of S3 for the bucket of `request`, by the rules in the SDK, and the rest of the path.
async fn s3<'a>(request: &'a Request, config: &SdkConfig) -> Result<(Endpoint, &'a str), NoEndpoint> {
    let params = Params::builder()
        .set_bucket(request.bucket.clone())
        .set_region(config.region().map(|region| region.as_ref().to_owned()))
        .set_endpoint(config.endpoint_url().map(str::to_owned))
        .set_use_fips(config.use_fips())
        .set_use_dual_stack(config.use_dual_stack())
        .force_path_style(path_style(config))
        // The one operation whose hosts have a prefix answers for Object Lambda.
        .use_object_lambda_endpoint(!request.host_prefix.is_empty())
        .disable_s3_express_session_auth(true)
        .build();
    let resolved = RESOLVER.resolve_endpoint(&params.map_err(|error| NoEndpoint::Rules(chain(&error)))?).await;
    let endpoint = resolved.map_err(|error| NoEndpoint::Rules(chain(&*error)))?;
    let bucket = request.bucket.as_deref().map(|bucket| format!("/{}", encode(bucket, false)));
    let path = bucket.and_then(|bucket| request.path.strip_prefix(&bucket)).unwrap_or(&request.path);
    Ok((endpoint, path))
}

/// The rules are read once: that takes longer than a request.
static RESOLVER: LazyLock<DefaultResolver> = LazyLock::new(DefaultResolver::new);

/// Whether a bucket is a part of the path. Only AWS itself has a host name for every bucket.
pub(crate) fn path_style(config: &SdkConfig) -> bool {
    config.endpoint_url().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Style, parameters, request};
    use aws_config::Region;

    async fn url(service: &str, action: &str, input: &str, config: &SdkConfig) -> Result<String, String> {
        let service = Service::find(service).unwrap();
        let operation = service.operation(action).unwrap();
        let input = parameters::read(service, operation.input, &input.parse().unwrap(), Style::Sdk).unwrap();
        let request = request::build(service, operation, input).unwrap();
        let target = target(service, &request, config).await.map_err(|error| error.to_string())?;
        let elsewhere = config.region().is_none_or(|region| region.as_ref() != target.region);
        let url = format!("{}{}", target.endpoint.trim_end_matches('/'), target.path);
        Ok(if elsewhere { format!("{url} for {}", target.region) } else { url })
    }

    fn config(region: &'static str) -> aws_types::sdk_config::Builder {
        SdkConfig::builder().region(Region::from_static(region))
    }

    #[tokio::test]
    async fn buckets_are_host_names_of_aws_where_they_can() {
        let get = async |bucket: &str, config: aws_types::sdk_config::Builder| {
            url("s3", "getObject", &format!(r#"{{"Bucket":"{bucket}","Key":"a/b c"}}"#), &config.build()).await.unwrap()
        };
        for (bucket, region, expected) in [
            ("images", "eu-west-1", "https://images.s3.eu-west-1.amazonaws.com/a/b%20c"),
            ("a.b", "eu-west-1", "https://s3.eu-west-1.amazonaws.com/a.b/a/b%20c"),
            ("Images", "eu-west-1", "https://s3.eu-west-1.amazonaws.com/Images/a/b%20c"),
            ("images", "cn-north-1", "https://images.s3.cn-north-1.amazonaws.com.cn/a/b%20c"),
            (
                "arn:aws:s3:eu-west-1:123456789012:accesspoint:point",
                "eu-west-1",
                "https://point-123456789012.s3-accesspoint.eu-west-1.amazonaws.com/a/b%20c",
            ),
        ] {
            assert_eq!(get(bucket, config(region)).await, expected);
        }
        let fips = config("us-east-1").use_fips(true).use_dual_stack(true);
        assert_eq!(get("images", fips).await, "https://images.s3-fips.dualstack.us-east-1.amazonaws.com/a/b%20c");
        let local = config("us-east-1").endpoint_url("http://localhost:4566/");
        assert_eq!(get("images", local).await, "http://localhost:4566/images/a/b%20c");
        let all = url("s3", "listBuckets", "{}", &config("eu-west-1").build()).await;
        assert_eq!(all.as_deref(), Ok("https://s3.eu-west-1.amazonaws.com/"));
        let respond = r#"{"RequestRoute":"route","RequestToken":"token"}"#;
        let answered = url("s3", "writeGetObjectResponse", respond, &config("eu-west-1").build()).await;
        let expected = "https://route.s3-object-lambda.eu-west-1.amazonaws.com/WriteGetObjectResponse";
        assert_eq!(answered.as_deref(), Ok(expected));
    }

    #[tokio::test]
    async fn other_services_are_where_the_configuration_says() {
        let list = async |config: aws_types::sdk_config::Builder| url("sqs", "listQueues", "{}", &config.build()).await;
        let aws = config("eu-west-1");
        assert_eq!(list(aws.use_fips(true)).await.as_deref(), Ok("https://sqs-fips.eu-west-1.amazonaws.com/"));
        let local = || config("eu-west-1").endpoint_url("http://localhost:4566/");
        assert_eq!(list(local()).await.as_deref(), Ok("http://localhost:4566/"));
        assert_eq!(
            list(local().use_fips(true)).await.unwrap_err(),
            "sqs cannot be reached: FIPS and a custom endpoint are not supported"
        );
        let iam = url("iam", "listUsers", "{}", &config("eu-west-1").build()).await;
        assert_eq!(iam.as_deref(), Ok("https://iam.amazonaws.com/ for us-east-1"));
    }
}
