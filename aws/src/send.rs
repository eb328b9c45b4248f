//! Brings a request to where its service is, and its answer back.

use aws_smithy_types::body::SdkBody;
use http::HeaderValue;
use http_body_util::BodyExt;

use crate::answer::Response;
use crate::clients::Clients;
use crate::error::SendError;
use crate::in_process::ENDPOINT;
use crate::model::{Operation, Service};
use crate::places::Place;
use crate::request::Request;
use crate::service_error::ServiceError;
use crate::web::chain;
use crate::{CallError, Unanswered};

impl Clients {
    pub(crate) async fn send(
        &self,
        service: &'static Service,
        operation: &'static Operation,
        request: Request,
    ) -> Result<Response, CallError> {
        let client = |error| CallError::Client(Unanswered { error, attempts: 0 });
        let place = match self.places().get(service.name) {
            Some(Place::Embedded) => {
                let request = in_process(&request).map_err(client)?;
                let embedded = self.embedded(service.name);
                let embedded = embedded.ok_or_else(|| client(SendError::NotEmbedded(service.name)))?;
                return whole(embedded.answer(request).await).await.map_err(client);
            }
            Some(place) => place,
            None => return Err(client(SendError::NoPlace(service.name))),
        };
        // There are servers that decode a path before they take it apart: then this would name an object.
        if request.bucket.as_deref().is_some_and(|bucket| bucket.contains('/') && !bucket.starts_with("arn:")) {
            return Err(CallError::Service(ServiceError::invalid_bucket()));
        }
        let config = self.config(service, place).await;
        self.remote().send(service, operation, &request, &config).await
    }
}

/// The request as an embedded service reads it: neither signed nor sent anywhere.
fn in_process(request: &Request) -> Result<http::Request<SdkBody>, SendError> {
    let mark = if request.query.is_empty() { "" } else { "?" };
    let mut sent = http::Request::builder()
        .method(request.method)
        .uri(format!("{ENDPOINT}{}{mark}{}", request.path, request.query));
    if let Some(headers) = sent.headers_mut() {
        headers.extend(request.headers.clone());
        headers.insert(http::header::CONTENT_LENGTH, HeaderValue::from(request.body.len()));
    }
    sent.body(SdkBody::from(request.body.clone())).map_err(unsendable)
}

async fn whole(response: http::Response<SdkBody>) -> Result<Response, SendError> {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.map_err(|error| SendError::Connection(error.to_string()))?.to_bytes();
    Ok(Response { status: parts.status.as_u16(), headers: parts.headers, body })
}

/// No request can be made, for the reason that is told.
fn unsendable(error: impl std::error::Error) -> SendError {
    SendError::Request(chain(&error))
}
