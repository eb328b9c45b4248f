//! One road to every service of AWS, for parameters and results as Step Functions has them.
//!
//! What differs between services is data (`model`, from `api-models/`). `parameters` are read by it, a `request` is made of them, `send`
//! signs it and brings it to AWS, to another server or to a service in this process, and the `answer` is read by it again.
//! [`parameter_table`] and [`result_table`] tell the engine what integrations take and answer.
//!
//! ```
//! use asl_aws::{Service, parameter_table};
//!
//! let service = Service::find("kms").unwrap();
//! assert!(service.operation("encrypt").is_ok());
//! assert!(parameter_table("arn:aws:states:::aws-sdk:kms:encrypt").is_some());
//! assert!(parameter_table("arn:aws:states:::sqs:sendMessage.waitForTaskToken").is_some());
//! ```

mod answer;
mod call;
mod cbor;
mod clients;
mod config;
mod credentials;
mod error;
mod hosts;
pub mod in_process;
mod inputs;
mod model;
pub mod names;
mod parameters;
mod places;
mod query;
mod remote;
mod request;
mod resource;
mod send;
mod service_error;
mod signature;
mod tables;
mod target;
mod time;
pub mod web;
mod xml;

pub use answer::AnswerError;
pub use call::{CallError, INVOCATION_ID, OperationOutput, Unanswered};
pub use clients::{Clients, Embedded};
pub use error::{NoEndpoint, NoHttp, SendError, UnknownName};
pub use in_process::InProcess;
pub use model::{Operation, Service, Style};
pub use parameters::ParametersError;
pub use places::{EMBEDDED, Place, Services};
pub use resource::{no_such_action, plain_resource};
pub use service_error::ServiceError;
pub use tables::{parameter_table, result_table};
pub use xml::XmlError;
