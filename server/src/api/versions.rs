//! Versions of state machines.

use asl_engine::Value;
use asl_runtime::now;

use super::arn::Arn;
use super::error::ApiError;
use super::request::{Request, object, page};
use super::{Api, date, nothing};
use crate::catalog::{Change, MOST_VERSIONS, Machine};

/// That a state machine has as many versions as it may have.
pub(super) fn too_many_versions() -> ApiError {
    let message = format!("a state machine can have {MOST_VERSIONS} versions");
    ApiError::new("ServiceQuotaExceededException", message)
}

/// What AWS calls a revision before the first change.
const INITIAL: &str = "INITIAL";

impl Api {
    pub(super) async fn publish_version(&self, request: &Request<'_>) -> Result<Value, ApiError> {
        let arn = Arn::state_machine(request.required("stateMachineArn"))?;
        let _changing = self.catalog.changing().await;
        let machine = self.catalog.machine(arn.text).ok_or_else(|| ApiError::no_such_machine(arn.text))?;
        if machine.is_deleting {
            return Err(ApiError::deleting(arn.text));
        }
        let current = machine.revision.id.as_deref().unwrap_or(INITIAL);
        if let Some(given) = request.text("revisionId").filter(|given| *given != current) {
            let message = format!(
                "Failed to publish the State Machine version for revision {given}. The current State Machine revision is \
                 {current}."
            );
            return Err(ApiError::new("ConflictException", message));
        }
        let mut changed = Machine::clone(&machine);
        let number =
            changed.publish(request.text("description").map(Into::into), now()).ok_or_else(too_many_versions)?;
        let created = changed.versions.get(&number).map(|version| date(version.created));
        let version = changed.version_arn(number);
        if changed.last_version != machine.last_version {
            self.catalog.change(Change::machine(changed)).await?;
        }
        Ok(object([("creationDate", created), ("stateMachineVersionArn", Some(version.into()))]))
    }

    pub(super) fn list_versions(&self, request: &Request<'_>) -> Result<Value, ApiError> {
        let arn = Arn::state_machine(request.required("stateMachineArn"))?;
        let machine = self.catalog.machine(arn.text);
        let versions = machine.iter().flat_map(|machine| {
            let newest_first = machine.versions.iter().rev();
            newest_first.map(|(number, version)| (machine.version_arn(*number), version.created))
        });
        let of = format!("ListStateMachineVersions {}", arn.text);
        let (versions, next) = page(versions.collect(), &of, request, |(arn, _)| arn.to_string())?;
        let listed = versions.into_iter().map(|(arn, created)| {
            object([("stateMachineVersionArn", Some(arn.into())), ("creationDate", Some(date(created)))])
        });
        Ok(object([("stateMachineVersions", Some(listed.collect())), ("nextToken", next.map(Into::into))]))
    }

    pub(super) async fn delete_version(&self, request: &Request<'_>) -> Result<Value, ApiError> {
        let arn = Arn::state_machine(request.required("stateMachineVersionArn"))?;
        let Some(number) = arn.version() else {
            return Err(ApiError::validation("The ARN of a state machine version must be specified"));
        };
        let _changing = self.catalog.changing().await;
        let Some(machine) = self.catalog.machine(arn.unqualified()) else { return Ok(nothing()) };
        let aliases = machine.aliases_of(number);
        if !aliases.is_empty() {
            let message = format!(
                "Version to be deleted must not be referenced by an alias. Current list of aliases referencing this \
                 version: [{}]",
                aliases.join(", ")
            );
            return Err(ApiError::new("ConflictException", message));
        }
        let mut changed = Machine::clone(&machine);
        if changed.versions.remove(&number).is_some() {
            self.catalog.change(Change::machine(changed)).await?;
        }
        Ok(nothing())
    }
}
