//! Calls an operation of a service: parameters and results as Step Functions has them.

use asl_engine::{Object, Value};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::answer;
use crate::clients::Clients;
use crate::error::SendError;
use crate::model::{Operation, Service, Style};
use crate::parameters::{self, ParametersError};
use crate::request;
use crate::service_error::{self, ServiceError};

/// The header with the id of a call, which is the same for all its attempts.
pub const INVOCATION_ID: HeaderName = HeaderName::from_static("amz-sdk-invocation-id");

/// What an operation gave.
#[derive(Debug)]
pub struct OperationOutput {
    /// The result, without anything about HTTP.
    pub result: Object,
    /// The status of the response.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// The id of the request.
    pub request_id: Option<String>,
}

/// Why a call gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The parameters do not fit the operation.
    #[error("The Parameters '{parameters}' could not be used to start the Task: [{why}]")]
    Parameters {
        /// All of them.
        parameters: Value,
        /// Why not.
        why: ParametersError,
    },
    /// There is no answer, or none that can be read.
    #[error("{}", .0.error)]
    Client(Unanswered),
    /// The service refuses.
    #[error("{0}")]
    Service(ServiceError),
}

/// Why there is no answer.
#[derive(Debug)]
pub struct Unanswered {
    /// Why.
    pub error: SendError,
    /// How often the request was sent.
    pub attempts: u32,
}

impl Clients {
    /// Calls an operation of a service, wherever that is.
    pub async fn call(
        &self,
        service: &'static Service,
        operation: &'static Operation,
        parameters: &Value,
        style: Style,
    ) -> Result<OperationOutput, CallError> {
        self.call_as(None, service, operation, parameters, style).await
    }

    /// The same, by an id that is the same when the call is made again after a crash: the SDKs have it for attempts of one call. An
    /// embedded service does once what it is asked twice with one id.
    pub async fn call_as(
        &self,
        invocation: Option<&str>,
        service: &'static Service,
        operation: &'static Operation,
        parameters: &Value,
        style: Style,
    ) -> Result<OperationOutput, CallError> {
        let unfit = |why| CallError::Parameters { parameters: parameters.clone(), why };
        let input = parameters::read(service, operation.input, parameters, style).map_err(unfit)?;
        let mut request = request::build(service, operation, input).map_err(unfit)?;
        if let Some(invocation) = invocation.and_then(|id| HeaderValue::from_str(id).ok()) {
            request.headers.insert(INVOCATION_ID, invocation);
        }
        let response = self.send(service, operation, request).await?;
        if !(200..300).contains(&response.status) {
            return Err(CallError::Service(service_error::read(service, operation, &response, 1)));
        }
        let result = answer::result(service, operation, &response, style);
        let unreadable = |error| CallError::Client(Unanswered { error: SendError::Answer(error), attempts: 1 });
        let result = result.map_err(unreadable)?;
        let request_id = response.request_id();
        Ok(OperationOutput { result, status: response.status, headers: response.headers, request_id })
    }
}
