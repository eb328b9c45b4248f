//! Signatures for requests that are no operation of a model: calls of APIs of API Gateway, and who calls a cluster of EKS.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_types::base64;
use http::{HeaderName, HeaderValue};
use url::Url;

use crate::clients::Clients;
use crate::error::SendError;
use crate::web::chain;

/// How long what names the caller to a cluster of EKS is valid: as of `aws eks get-token`.
const TOKEN_LIFE: Duration = Duration::from_secs(60);

/// What a request is signed with.
struct Signer {
    credentials: Credentials,
    region: String,
}

impl Clients {
    /// Signs a request for an API of API Gateway, as the IAM role of a state machine does there. The region is that in the name of the
    /// host, otherwise the caller's.
    ///
    /// # Errors
    /// [`SendError::NoCredentials`] and [`SendError::NoRegion`] where the machine has none; [`SendError::Request`] where the request
    /// cannot be signed.
    pub async fn sign_for_api_gateway(&self, request: &mut reqwest::Request) -> Result<(), SendError> {
        let host = request.url().host_str().unwrap_or_default();
        let region = host.split_once(".execute-api.").and_then(|(_, rest)| rest.split('.').next()).map(str::to_owned);
        self.signer(region).await?.sign(request, "execute-api", SystemTime::now())
    }

    /// What tells a cluster of EKS who calls: the bearer token that `aws eks get-token` prints.
    ///
    /// # Errors
    /// As of [`Clients::sign_for_api_gateway`].
    pub async fn eks_token(&self, cluster: &str) -> Result<String, SendError> {
        self.signer(None).await?.eks_token(cluster, SystemTime::now())
    }

    async fn signer(&self, region: Option<String>) -> Result<Signer, SendError> {
        let config = self.aws().await;
        let region = region.or_else(|| config.region().map(ToString::to_string)).ok_or(SendError::NoRegion)?;
        let provider = config.credentials_provider();
        let provider = provider.ok_or_else(|| SendError::NoCredentials("no provider".to_owned()))?;
        let credentials = provider.provide_credentials().await;
        let credentials = credentials.map_err(|error| SendError::NoCredentials(chain(&error)))?;
        Ok(Signer { credentials, region })
    }
}

impl Signer {
    fn sign(&self, request: &mut reqwest::Request, service: &str, at: SystemTime) -> Result<(), SendError> {
        let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
        let headers = request.headers().iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let signable =
            SignableRequest::new(request.method().as_str(), request.url().as_str(), headers, SignableBody::Bytes(body));
        let signed = self.signed(signable.map_err(unsignable)?, service, at, SigningSettings::default())?;
        for (name, value) in signed.0 {
            let header = name.parse::<HeaderName>().map_err(unsignable)?;
            request.headers_mut().insert(header, HeaderValue::from_str(&value).map_err(unsignable)?);
        }
        Ok(())
    }

    /// <https://github.com/kubernetes-sigs/aws-iam-authenticator#api-authorization-from-outside-a-cluster>: a request to STS that is
    /// signed, with the name of the cluster in it, and that the cluster sends.
    fn eks_token(&self, cluster: &str, at: SystemTime) -> Result<String, SendError> {
        let sts = format!("https://sts.{}.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15", self.region);
        let mut url = Url::parse(&sts).map_err(unsignable)?;
        let headers = [("x-k8s-aws-id", cluster)].into_iter();
        let signable = SignableRequest::new("GET", url.as_str(), headers, SignableBody::Bytes(&[]));
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(TOKEN_LIFE);
        let (_, parameters) = self.signed(signable.map_err(unsignable)?, "sts", at, settings)?;
        for (name, value) in parameters {
            url.query_pairs_mut().append_pair(&name, &value);
        }
        let encoded = base64::encode(url.as_str()).replace('+', "-").replace('/', "_");
        Ok(format!("k8s-aws-v1.{}", encoded.trim_end_matches('=')))
    }

    /// The headers and the parameters that make `request` a signed one.
    fn signed(
        &self,
        request: SignableRequest<'_>,
        service: &str,
        at: SystemTime,
        settings: SigningSettings,
    ) -> Result<(Pairs, Pairs), SendError> {
        let identity = self.credentials.clone().into();
        let with = v4::SigningParams::builder().identity(&identity).region(&self.region).name(service);
        let with = with.time(at).settings(settings).build().map_err(unsignable)?.into();
        let signed = sign(request, &with).map_err(unsignable)?.into_parts().0;
        let headers = signed.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let parameters = signed.params().iter().map(|(name, value)| ((*name).to_owned(), value.to_string())).collect();
        Ok((headers, parameters))
    }
}

type Pairs = Vec<(String, String)>;

fn unsignable(error: impl std::error::Error + 'static) -> SendError {
    SendError::Request(chain(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys of the examples of AWS.
    fn signer(token: Option<&str>) -> Signer {
        let (id, secret) = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
        let credentials = Credentials::new(id, secret, token.map(str::to_owned), None, "test");
        Signer { credentials, region: "us-east-1".to_owned() }
    }

    fn at() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_440_938_160)
    }

    #[test]
    fn a_request_is_signed_in_its_headers() {
        let url = "https://x.execute-api.us-east-1.amazonaws.com/prod/bills?id=1".parse().unwrap();
        let mut request = reqwest::Request::new(reqwest::Method::POST, url);
        *request.body_mut() = Some(r#"{"a":1}"#.into());
        signer(Some("session")).sign(&mut request, "execute-api", at()).unwrap();
        let header = |name: &str| request.headers()[name].to_str().unwrap();
        // What botocore 1.44.8 signs the same request with.
        let expected = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/execute-api/aws4_request, \
                        SignedHeaders=host;x-amz-date;x-amz-security-token, \
                        Signature=7c564096a36afdf457abc5a99a87fc997336955cb301ed0348497e74f26260ab";
        assert_eq!(header("authorization"), expected);
        assert_eq!((header("x-amz-date"), header("x-amz-security-token")), ("20150830T123600Z", "session"));
    }

    #[test]
    fn a_cluster_is_told_by_a_request_to_sts() {
        let token = signer(None).eks_token("my-cluster", at()).unwrap();
        let encoded = token.strip_prefix("k8s-aws-v1.").unwrap();
        assert!(!encoded.contains(['=', '+', '/']), "{encoded}");
        let padded =
            format!("{}{}", encoded.replace('-', "+").replace('_', "/"), "=".repeat((4 - encoded.len() % 4) % 4));
        let url = Url::parse(&String::from_utf8(base64::decode(padded).unwrap()).unwrap()).unwrap();
        assert_eq!(url.host_str(), Some("sts.us-east-1.amazonaws.com"));
        let parameters: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let of = |name: &str| parameters.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
        assert_eq!((of("Action"), of("X-Amz-Expires")), (Some("GetCallerIdentity"), Some("60")));
        assert_eq!(of("X-Amz-SignedHeaders"), Some("host;x-k8s-aws-id"));
        // As of botocore 1.44.8.
        let signature = "393dffdcf851beeb373f04f933b26ffa1d480490f11385a3dbd509617bb7cb79";
        assert_eq!(of("X-Amz-Signature"), Some(signature));
    }
}
