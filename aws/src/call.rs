//! Calls an operation of a service: parameters and results as Step Functions has them.

use std::fmt;

use asl_engine::{Object, Value};
use http::HeaderMap;

use crate::answer::{self, Refusal};
use crate::clients::Clients;
use crate::error::SendError;
use crate::model::{Operation, Service, Style};
use crate::{parameters, request};

/// What a call gave.
#[derive(Debug)]
pub struct Answer {
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
#[derive(Debug)]
pub enum Fault {
    /// The parameters do not fit the operation.
    Parameters(String),
    /// There is no answer, or none that can be read.
    Client(Unanswered),
    /// The service refuses.
    Service(Refusal),
}

/// Why there is no answer.
#[derive(Debug)]
pub struct Unanswered {
    /// Why.
    pub error: SendError,
    /// How often the request was sent.
    pub attempts: u32,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameters(message) => f.write_str(message),
            Self::Client(unanswered) => unanswered.error.fmt(f),
            Self::Service(refusal) => {
                let [code, message] =
                    [&refusal.code, &refusal.message].map(|text| text.as_deref().unwrap_or("no text"));
                write!(f, "{code}: {message}")
            }
        }
    }
}

impl Clients {
    /// Calls an operation of a service, wherever that is.
    pub async fn call(
        &self,
        service: &'static Service,
        operation: &'static Operation,
        parameters: &Value,
        style: Style,
    ) -> Result<Answer, Fault> {
        let unfit = |why: String| {
            Fault::Parameters(format!("The Parameters '{parameters}' could not be used to start the Task: [{why}]"))
        };
        let input = parameters::read(service, operation.input, parameters, style).map_err(unfit)?;
        let request = request::build(service, operation, input).map_err(unfit)?;
        let response = self.send(service, operation, request).await?;
        if !(200..300).contains(&response.status) {
            return Err(Fault::Service(answer::refusal(service, operation, &response, 1)));
        }
        let result = answer::result(service, operation, &response, style);
        let unreadable = |message| Fault::Client(Unanswered { error: SendError::Answer(message), attempts: 1 });
        let result = result.map_err(unreadable)?;
        let request_id = response.request_id();
        Ok(Answer { result, status: response.status, headers: response.headers, request_id })
    }
}
