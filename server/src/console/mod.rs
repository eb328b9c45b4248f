//! The console: the page at `/`, and what it asks beside the Step Functions API.
//!
//! `docs/console.md` has the requests. They are for the page of this server alone: other sites cannot send them, and where the server
//! has an access token they show it.

mod callbacks;
mod course;
mod data;
mod data_flow;
mod evaluate;
mod events;
mod fork;
mod graph;
mod page;
mod pauses;
mod recorded;
mod test_cases;

use std::sync::Arc;

use asl_engine::{Program, Value};
use asl_loopback::{self as loopback, Refused};
use asl_project::Details;
use aws_smithy_types::body::SdkBody;
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;

use crate::api::error::ApiError;
use crate::http::{REQUEST_MAX, text};
use crate::server::Shared;

pub use evaluate::Explain;
pub(crate) use page::{file, is_file_asked};

/// What the paths of the console begin with. No bucket has such a name.
pub(crate) const PREFIX: &str = "/_asl/";

/// The members of a query string.
struct Query(Vec<(String, String)>);

impl Query {
    fn of(query: Option<&str>) -> Self {
        Self(url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }

    fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.get(name).ok_or_else(|| ApiError::validation(format!("the query has no {name}")))
    }

    fn number(&self, name: &str) -> Result<u64, ApiError> {
        let given = self.required(name)?;
        given.parse().map_err(|_| ApiError::validation(format!("{name} is not a number: '{given}'")))
    }
}

impl Shared {
    /// Answers a request below [`PREFIX`] of whom the server takes requests.
    pub(crate) async fn answer_console(self: &Arc<Self>, request: Request<Incoming>) -> Response<SdkBody> {
        let path = request.uri().path().strip_prefix(PREFIX).unwrap_or_default().to_owned();
        let query = Query::of(request.uri().query());
        let method = request.method().clone();
        let answered = match (&method, &*path) {
            (&Method::GET, "events") => {
                return events::of_execution(self, &query).unwrap_or_else(|error| error.response());
            }
            (&Method::GET, "changes") => return events::changes(self),
            (&Method::GET, "graph") => graph::of_arn(self, &query),
            (&Method::GET, "course") => course::of_execution(self, &query),
            (&Method::GET, "data-flow") => data_flow::of_visit(self, &query),
            (&Method::GET, "callbacks") => Ok(callbacks::open(self)),
            (&Method::GET, "data") => data::stored(self, &query).await,
            (&Method::GET, "object") => data::content(self, &query).await,
            (&Method::GET, "notifications") => callbacks::notifications(self),
            (&Method::GET, "test-cases") => test_cases::of_machine(self, &query),
            (&Method::POST, "graph") => body(request).await.and_then(|body| graph::of_definition(&body)),
            (&Method::POST, "jsonpath") => body(request).await.and_then(|body| evaluate::jsonpath(self, &body)),
            (&Method::POST, "jsonata") => body(request).await.and_then(|body| evaluate::jsonata(self, &body)),
            (&Method::POST, "forks") => match body(request).await {
                Ok(body) => fork::fork(self, &body).await,
                Err(error) => Err(error),
            },
            (&Method::POST, "resume") => body(request).await.and_then(|body| pauses::resume(self, &body)),
            (&Method::POST, "breakpoints") => body(request).await.and_then(|body| pauses::pause_before(self, &body)),
            (&Method::POST, "test-case") => body(request).await.and_then(|body| test_cases::recorded(self, &body)),
            _ => {
                let mut response =
                    ApiError::new("UnknownOperationException", format!("there is no {method} {PREFIX}{path}"))
                        .response();
                *response.status_mut() = StatusCode::NOT_FOUND;
                return response;
            }
        };
        match answered {
            Ok(value) => text(StatusCode::OK, "application/json", value.to_string()),
            Err(error) => error.response(),
        }
    }

    /// An execution, and the program that it runs.
    fn program_of_execution(&self, arn: &str) -> Result<(Details, Arc<Program>), ApiError> {
        let details = self.executions.details(arn)?;
        let unknown = || ApiError::no_such_machine(&details.more.state_machine_arn);
        let revision = self.api.catalog.find_revision(&details.more.revision).ok_or_else(unknown)?;
        let program = self.api.catalog.program(&revision).ok_or_else(unknown)?;
        Ok((details, program))
    }
}

/// The body of a request, which is JSON.
async fn body(request: Request<Incoming>) -> Result<Value, ApiError> {
    let body = loopback::body(request, REQUEST_MAX).await;
    let body = body.map_err(|Refused(_, why)| ApiError::new("SerializationException", why))?;
    let read = std::str::from_utf8(&body).map_err(|error| error.to_string());
    let read = read.and_then(|text| text.parse().map_err(|error: asl_engine::JsonError| error.to_string()));
    read.map_err(|why| ApiError::new("SerializationException", format!("the body is not JSON: {why}")))
}

/// A position, as JSON has it.
fn number(at: usize) -> Value {
    i64::try_from(at).unwrap_or(i64::MAX).into()
}

/// An object of the members that are there.
fn object<const N: usize>(members: [(&'static str, Option<Value>); N]) -> Value {
    members.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}
