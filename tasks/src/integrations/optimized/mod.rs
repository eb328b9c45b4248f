//! Optimized integrations that are one call of a service, such as `arn:aws:states:::dynamodb:putItem`.
//!
//! AWS developer guide, "Integrating optimized services with Step Functions".

mod actions;
mod names;

use asl_aws::{CallError, OperationOutput};
use asl_aws::{Operation, Service, Style};
use asl_engine::{Failure, Object, Outcome, Value};
use asl_runtime::{BoxFuture, Call, Handler};

use self::actions::Action;
pub(super) use self::names::of as names_of;
use super::answer::{Names, with_metadata};
use super::given::made;
use super::missing::Lookup;
use crate::callbacks::WAIT_FOR_TASK_TOKEN;

/// One call of a service.
pub(super) struct Optimized {
    pub(super) lookup: Lookup,
    pub(super) service: &'static Service,
    pub(super) operation: &'static Operation,
    action: &'static Action,
    names: &'static Names,
}

/// What serves `arn:aws:states:::SERVICE:ACTION`, where it is one of these.
pub(super) fn find(lookup: &Lookup, service: &str, action: &str) -> Option<Optimized> {
    let (action, names) = (actions::find(service, action)?, names::of(service));
    let service = Service::of_arn(service).ok()?;
    let operation = service.known_operation(action.operation)?;
    Some(Optimized { lookup: lookup.clone(), service, operation, action, names })
}

impl Optimized {
    /// Calls the service; the result has the metadata of the response.
    pub(super) async fn run(&self, call: &Call) -> Outcome {
        let Self { lookup, service, operation, .. } = self;
        // What is told its token is unlike any other: executions of two programs may have the same name.
        let has_token = call.request.resource.ends_with(WAIT_FOR_TASK_TOKEN);
        let invocation = has_token.then(|| call.request.uuid());
        let sent = self.sent(call);
        let called = lookup.clients.call_as(invocation.as_deref(), service, operation, &sent, Style::Optimized);
        let answer = match called.await {
            Ok(answer) => answer,
            Err(error) => {
                let given_up = lookup.given_up(call, service, operation, &error).await;
                return Err(given_up.unwrap_or_else(|| self.failure(error)));
            }
        };
        if let Some(failure) = failed_part(self.operation.name, &answer.result, &call.request.resource) {
            return Err(failure);
        }
        let result = self.given(&call.request.input, answer.result);
        Ok(with_metadata(OperationOutput { result, ..answer }))
    }

    /// A failure with the names of the service.
    pub(super) fn failure(&self, error: CallError) -> Failure {
        self.names.failure(error)
    }

    /// What is sent to the service.
    fn sent(&self, call: &Call) -> Value {
        let parameters = &call.request.input;
        if !self.action.sends.is_empty() {
            return made(self.action.sends, parameters, &Value::Null);
        }
        match (self.action.token, parameters.as_object()) {
            // A task that is issued again after a crash starts nothing twice.
            (Some(token), Some(given)) if given.get(token).is_none() => {
                given.with(token, call.request.uuid().into()).into()
            }
            _ => parameters.clone(),
        }
    }

    fn given(&self, parameters: &Value, answer: Object) -> Object {
        if self.action.gives.is_empty() {
            return answer;
        }
        let result = made(self.action.gives, parameters, &answer.into());
        result.as_object().cloned().unwrap_or_default()
    }
}

/// What fails a task though the service has answered: some do a part of what they are asked.
///
/// AWS developer guide, "Add EventBridge events with Step Functions" and "Run Amazon ECS or Fargate tasks with Step Functions".
fn failed_part(operation: &str, result: &Object, resource: &str) -> Option<Failure> {
    let (list, count) = match operation {
        "PutEvents" => ("Entries", result.get("FailedEntryCount").filter(|count| count.as_i64() != Some(0))?.clone()),
        // Who neither waits for the task nor for its token sees what is wrong in the result.
        "RunTask" if resource.ends_with(".sync") || resource.ends_with(".waitForTaskToken") => {
            let failures =
                result.get("Failures").filter(|failures| failures.as_array().is_some_and(|all| !all.is_empty()));
            let cause = Value::from([("Failures", failures?.clone()), ("Tasks", member(result, "Tasks"))]);
            return Some(Failure::new("AmazonECS.Unknown", cause.to_string()));
        }
        _ => return None,
    };
    let cause = Value::from([(list, member(result, list)), ("FailedEntryCount", count)]);
    Some(Failure::new("EventBridge.FailedEntry", cause.to_string()))
}

fn member(result: &Object, name: &str) -> Value {
    result.get(name).cloned().unwrap_or_default()
}

impl Handler for Optimized {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(self.run(call))
    }

    fn missing<'a>(&'a self, _: &'a str, known: &'a Value) -> BoxFuture<'a, Option<String>> {
        Box::pin(self.lookup.missing(self.service, self.operation.name, known))
    }

    fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
        self.lookup.clients.reaches_aws(self.service)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_an_operation_of_its_service() {
        for action in actions::all() {
            let service = Service::of_arn(action.service).unwrap();
            assert!(service.known_operation(action.operation).is_some(), "{action:?}");
            let resource = format!("arn:aws:states:::{}:{}", action.service, action.action);
            let table = asl_aws::parameter_table(&resource).unwrap_or_else(|| panic!("{resource} takes nothing"));
            if let Some(token) = action.token {
                let name = table["shape"].as_str().unwrap().trim_start_matches('#');
                assert!(table["shapes"][name]["members"].get(token).is_some(), "{resource}");
            }
            let names = names::of(action.service);
            assert_eq!(names.prefix == "StepFunctions", action.service == "states", "{resource}");
        }
    }

    #[test]
    fn what_was_done_in_part_fails_where_it_is_waited_for() {
        let failed = |operation: &str, result: &str, resource: &str| {
            let result = result.parse::<Value>().unwrap();
            failed_part(operation, result.as_object().unwrap(), resource).map(|failure| failure.to_string())
        };
        let refused = r#"{"Tasks":[],"Failures":[{"Reason":"RESOURCE:MEMORY"}]}"#;
        let run_task = |ending: &str| failed("RunTask", refused, &format!("arn:aws:states:::ecs:runTask{ending}"));
        let unknown = r#"AmazonECS.Unknown: {"Failures":[{"Reason":"RESOURCE:MEMORY"}],"Tasks":[]}"#;
        assert_eq!(run_task(""), None);
        assert_eq!(run_task(".sync").as_deref(), Some(unknown));
        assert_eq!(run_task(".waitForTaskToken").as_deref(), Some(unknown));
        assert_eq!(failed("RunTask", r#"{"Tasks":[{}],"Failures":[]}"#, "ecs:runTask.sync"), None);
        assert_eq!(failed("PutEvents", r#"{"FailedEntryCount":0,"Entries":[]}"#, ""), None);
        assert_eq!(
            failed("PutEvents", r#"{"FailedEntryCount":1,"Entries":[{"ErrorCode":"E"}]}"#, "").as_deref(),
            Some(r#"EventBridge.FailedEntry: {"Entries":[{"ErrorCode":"E"}],"FailedEntryCount":1}"#)
        );
    }
}
