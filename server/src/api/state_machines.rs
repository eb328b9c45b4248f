//! State machines: made, changed, told of and deleted.

use std::sync::Arc;

use asl_engine::{CheckOptions, Failure, Program, StateMachineType, Value, diagnose, refusal};
use asl_project::{Definition, Executions};
use asl_runtime::journal::{JournalError, Listing, Under};
use asl_runtime::now;
use asl_tasks::is_step_functions_name;

use super::arn::Arn;
use super::error::ApiError;
use super::request::{Request, object, page};
use super::versions::too_many_versions;
use super::{Api, date, nothing};
use crate::catalog::{Change, Machine, NewRevision, Revision, Tags, Type};

/// What is wrong with a definition, in AWS's words, or its program.
fn program(definition: &str, machine_type: Type) -> Result<Arc<Program>, ApiError> {
    let machine_type = match machine_type {
        Type::Standard => StateMachineType::Standard,
        Type::Express => StateMachineType::Express,
    };
    let found = diagnose(definition, CheckOptions { machine_type, ..CheckOptions::default() });
    if let Some(message) = refusal(&found) {
        return Err(ApiError::new("InvalidDefinition", message));
    }
    let made = Definition::new("definition.json", definition.to_owned()).unfilled_program();
    made.map(Arc::new).map_err(|found| {
        let found: Vec<String> = found.iter().map(|found| format!("{}: {}", found.code, found.message)).collect();
        ApiError::new("InvalidDefinition", format!("Invalid State Machine Definition: '{}'", found.join(", ")))
    })
}

/// The logging configuration of a request, with what AWS adds to it.
fn logging(given: Option<&Value>) -> Result<Value, ApiError> {
    let Some(given) = given else {
        return Ok([("level", Value::from("OFF")), ("includeExecutionData", false.into())].into());
    };
    let level = given["level"].as_str().unwrap_or("OFF");
    let destinations = given["destinations"].as_array().filter(|destinations| !destinations.is_empty());
    let count = destinations.map_or(0, |destinations| destinations.len());
    let refused =
        |why: &str| ApiError::new("InvalidLoggingConfiguration", format!("Invalid Logging Configuration: {why}"));
    if level != "OFF" && count != 1 || count > 1 {
        return Err(refused("Must specify exactly one Log Destination."));
    }
    let group =
        destinations.and_then(|them| them.first()).map(|it| it["cloudWatchLogsLogGroup"]["logGroupArn"].clone());
    if let Some(group) = group {
        let is_group = group.as_str().is_some_and(|arn| arn.contains(":logs:") && arn.contains(":log-group:"));
        if !is_group {
            return Err(refused("Log Destination not found."));
        }
    }
    let with_data = given["includeExecutionData"].as_bool().unwrap_or_default();
    Ok(object([
        ("level", Some(level.into())),
        ("includeExecutionData", Some(with_data.into())),
        ("destinations", destinations.map(|destinations| destinations.clone().into())),
    ]))
}

fn tracing(given: Option<&Value>) -> Value {
    let enabled = given.and_then(|given| given["enabled"].as_bool()).unwrap_or_default();
    [("enabled", Value::from(enabled))].into()
}

pub(super) fn encryption(given: Option<&Value>) -> Result<Value, ApiError> {
    let Some(given) = given else { return Ok([("type", Value::from("AWS_OWNED_KEY"))].into()) };
    let refused =
        |why: &str| ApiError::new("InvalidEncryptionConfiguration", format!("Invalid Encryption Configuration: {why}"));
    let (kind, key) = (given["type"].as_str().unwrap_or_default(), given.get("kmsKeyId"));
    match (kind, key) {
        ("CUSTOMER_MANAGED_KMS_KEY", None) => Err(refused("kmsKeyId must be specified for a customer managed key")),
        ("AWS_OWNED_KEY", Some(_)) => Err(refused("kmsKeyId must not be specified for an AWS owned key")),
        _ => Ok(given.clone()),
    }
}

/// The description of a version belongs to one that is published.
fn check_description(request: &Request<'_>) -> Result<(), ApiError> {
    match request.text("versionDescription") {
        Some(_) if !request.flag("publish") => {
            Err(ApiError::validation("Version description can only be set when publish is true"))
        }
        _ => Ok(()),
    }
}

fn check_role(role: &str) -> Result<(), ApiError> {
    let parts: Vec<&str> = role.splitn(6, ':').collect();
    match parts[..] {
        ["arn", partition, "iam", "", account, name]
            if partition.starts_with("aws")
                && account.len() == 12
                && account.bytes().all(|byte| byte.is_ascii_digit())
                && name.starts_with("role/") =>
        {
            Ok(())
        }
        _ => Err(ApiError::new("InvalidArn", format!("Invalid Role Arn: '{role}'"))),
    }
}

fn already_exists(arn: &str) -> ApiError {
    ApiError::new("StateMachineAlreadyExists", format!("State Machine Already Exists: '{arn}'"))
}

impl Api {
    pub(super) async fn create_state_machine(&self, request: &Request<'_>) -> Result<Value, ApiError> {
        let name = request.required("name");
        if !is_step_functions_name(name) {
            return Err(ApiError::invalid_name(name));
        }
        check_description(request)?;
        check_role(request.required("roleArn"))?;
        let machine_type = match request.text("type") {
            Some("EXPRESS") => Type::Express,
            _ => Type::Standard,
        };
        let logging = logging(request.value("loggingConfiguration"))?;
        let tracing = tracing(request.value("tracingConfiguration"));
        let encryption = encryption(request.value("encryptionConfiguration"))?;
        let definition: Arc<str> = request.required("definition").into();
        let program = program(&definition, machine_type)?;
        let description: Option<Arc<str>> = request.text("versionDescription").map(Into::into);
        let arn = self.arn(request, "stateMachine", name);
        let _changing = self.catalog.changing().await;
        if let Some(known) = self.catalog.machine(&arn) {
            let revision = &known.revision;
            let is_same = *revision.definition == *definition
                && known.machine_type == machine_type
                && revision.logging == logging
                && revision.tracing == tracing
                && revision.encryption == encryption;
            return match is_same {
                _ if known.is_deleting => Err(ApiError::deleting(&arn)),
                true => self.created(&known, request.flag("publish"), description).await,
                false => Err(already_exists(&arn)),
            };
        }
        let at = now();
        let role_arn = request.required("roleArn").into();
        let new =
            NewRevision { arn: &arn, id: None, machine_type, definition, role_arn, logging, tracing, encryption, at };
        let revision = new.made();
        let tags = Tags::read(request.value("tags"));
        tags.check(&arn)?;
        let machine = Machine {
            arn: arn.clone(),
            name: name.into(),
            machine_type,
            created: at,
            revision: Arc::clone(&revision),
            versions: Default::default(),
            last_version: 0,
            aliases: Default::default(),
            tags,
            is_deleting: false,
            is_of_folder: false,
        };
        self.catalog.know(&revision, program);
        self.catalog.change(Change::machine(machine.clone()).with(&revision)).await?;
        self.created(&machine, request.flag("publish"), description).await
    }

    /// The answer for a machine that was made, now or before.
    async fn created(
        &self,
        machine: &Machine,
        publishes: bool,
        description: Option<Arc<str>>,
    ) -> Result<Value, ApiError> {
        let version = match publishes {
            true => Some(self.published(machine, description).await?),
            false => None,
        };
        Ok(object([
            ("stateMachineArn", Some(machine.arn.clone().into())),
            ("creationDate", Some(date(machine.created))),
            ("stateMachineVersionArn", version.map(Into::into)),
        ]))
    }

    /// The ARN of the version that a machine is now.
    pub(super) async fn published(
        &self,
        machine: &Machine,
        description: Option<Arc<str>>,
    ) -> Result<Arc<str>, ApiError> {
        let mut machine = machine.clone();
        let last = machine.last_version;
        let number = machine.publish(description, now()).ok_or_else(too_many_versions)?;
        let arn = machine.version_arn(number);
        if machine.last_version != last {
            self.catalog.change(Change::machine(machine)).await?;
        }
        Ok(arn)
    }

    pub(super) async fn update_state_machine(&self, request: &Request<'_>) -> Result<Value, ApiError> {
        const CHANGED: [&str; 5] =
            ["definition", "roleArn", "loggingConfiguration", "tracingConfiguration", "encryptionConfiguration"];
        let arn = Arn::state_machine(request.required("stateMachineArn"))?;
        if CHANGED.iter().all(|name| request.value(name).is_none()) {
            let message = "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration \
                           must be specified";
            return Err(ApiError::new("MissingRequiredParameter", message));
        }
        check_description(request)?;
        if let Some(role) = request.text("roleArn") {
            check_role(role)?;
        }
        let _changing = self.catalog.changing().await;
        // A version or an alias is no state machine that can be changed.
        let machine = self.catalog.machine(arn.text).ok_or_else(|| ApiError::no_such_machine(arn.text))?;
        if machine.is_deleting {
            return Err(ApiError::deleting(arn.text));
        }
        let before = &*machine.revision;
        let logging = match request.value("loggingConfiguration") {
            None => before.logging.clone(),
            given => logging(given)?,
        };
        let tracing = match request.value("tracingConfiguration") {
            None => before.tracing.clone(),
            given => tracing(given),
        };
        let encryption = match request.value("encryptionConfiguration") {
            None => before.encryption.clone(),
            given => encryption(given)?,
        };
        let definition: Arc<str> = request.text("definition").map_or_else(|| before.definition.clone(), Into::into);
        let program = program(&definition, machine.machine_type)?;
        let role_arn: Arc<str> = request.text("roleArn").map_or_else(|| before.role_arn.clone(), Into::into);
        let is_same = before.definition == definition
            && before.role_arn == role_arn
            && before.logging == logging
            && before.tracing == tracing
            && before.encryption == encryption;
        let at = now();
        let mut machine = Machine::clone(&machine);
        if !is_same {
            let (id, machine_type) = (Some(uuid::Uuid::new_v4().to_string().into()), machine.machine_type);
            let new =
                NewRevision { arn: arn.text, id, machine_type, definition, role_arn, logging, tracing, encryption, at };
            let revision = new.made();
            self.catalog.know(&revision, program);
            machine.revision = Arc::clone(&revision);
            self.catalog.change(Change::machine(machine.clone()).with(&revision)).await?;
        }
        let version = match request.flag("publish") {
            true => Some(self.published(&machine, request.text("versionDescription").map(Into::into)).await?),
            false => None,
        };
        Ok(object([
            ("updateDate", Some(date(at))),
            ("revisionId", machine.revision.id.clone().map(Into::into)),
            ("stateMachineVersionArn", version.map(Into::into)),
        ]))
    }

    pub(super) fn describe_state_machine(&self, request: &Request<'_>) -> Result<Value, ApiError> {
        let arn = Arn::state_machine(request.required("stateMachineArn"))?;
        let unknown = || ApiError::no_such_machine(arn.text);
        let machine = self.catalog.machine(arn.unqualified()).ok_or_else(unknown)?;
        let (revision, created, description) = match arn.rest {
            None => (&machine.revision, machine.created, None),
            Some(_) => {
                let version = arn.version().and_then(|number| machine.versions.get(&number)).ok_or_else(unknown)?;
                (&version.revision, version.created, version.description.clone())
            }
        };
        let status = if machine.is_deleting { "DELETING" } else { "ACTIVE" };
        let described = object([
            ("stateMachineArn", Some(arn.text.into())),
            ("name", Some(machine.name.clone().into())),
            ("status", Some(status.into())),
            ("type", Some(machine.machine_type.name().into())),
            ("creationDate", Some(date(created))),
            ("description", description.map(Into::into)),
        ]);
        Ok(self.with_revision(described, revision, request.is_metadata_only()))
    }

    /// With what a revision says.
    fn with_revision(&self, described: Value, revision: &Revision, is_metadata_only: bool) -> Value {
        let definition: Arc<str> = if is_metadata_only { "{}".into() } else { revision.definition.clone() };
        let references = self.catalog.program(revision).filter(|_| !is_metadata_only).and_then(|program| {
            let references = program.variable_references();
            let references = references
                .into_iter()
                .map(|(state, names)| (Arc::<str>::from(state), names.into_iter().map(Value::from).collect::<Value>()));
            let references: Value = references.collect();
            Some(references).filter(|references| references.as_object().is_some_and(|them| !them.is_empty()))
        });
        let more = [
            ("definition", Some(definition.into())),
            ("roleArn", Some(revision.role_arn.clone().into())),
            ("loggingConfiguration", Some(revision.logging.clone())),
            ("tracingConfiguration", Some(revision.tracing.clone())),
            ("encryptionConfiguration", Some(revision.encryption.clone())),
            ("revisionId", revision.id.clone().map(Into::into)),
            ("variableReferences", references),
        ];
        let described = described.as_object().cloned().unwrap_or_default();
        let members = described.iter().map(|(name, value)| (name.clone(), value.clone()));
        let more = more.into_iter().filter_map(|(name, value)| Some((Arc::<str>::from(name), value?)));
        members.chain(more).collect()
    }

    pub(super) fn describe_state_machine_for_execution(
        &self,
        executions: &Executions,
        request: &Request<'_>,
    ) -> Result<Value, ApiError> {
        let arn = Arn::execution(request.required("executionArn"))?;
        let details = executions.details(arn.text)?;
        let unknown = || ApiError::no_such_machine(&details.more.state_machine_arn);
        let revision = self.catalog.find_revision(&details.more.revision).ok_or_else(unknown)?;
        let name = details.more.state_machine_arn.rsplit(':').next().unwrap_or_default();
        let label = name.split_once('/').map(|(_, label)| label);
        let described = object([
            ("stateMachineArn", Some(details.more.state_machine_arn.clone().into())),
            ("name", Some(name.into())),
            ("updateDate", Some(date(revision.at))),
            ("mapRunArn", details.listed_under.map_run.clone().map(Into::into)),
            ("label", label.map(Into::into)),
        ]);
        Ok(self.with_revision(described, &revision, request.is_metadata_only()))
    }

    pub(super) async fn delete_state_machine(
        &self,
        executions: &Arc<Executions>,
        request: &Request<'_>,
    ) -> Result<Value, ApiError> {
        let arn = Arn::state_machine(request.required("stateMachineArn"))?;
        if arn.name.contains('/') {
            let message = "This operation does not support labeled state machine ARNs";
            return Err(ApiError::validation(message).with("reason", "API_DOES_NOT_SUPPORT_LABELED_ARNS"));
        }
        let changing = self.catalog.changing().await;
        let Some(machine) = self.catalog.machine(arn.text) else { return Ok(nothing()) };
        let deleting = Machine { is_deleting: true, ..Machine::clone(&machine) };
        self.catalog.change(Change::machine(deleting)).await?;
        // Nobody starts one from here on.
        self.catalog.started().await;
        let running = running_of(executions, arn.text)?;
        if running.is_empty() {
            self.catalog.change(Change::without_machine(&machine.arn)).await?;
            return Ok(nothing());
        }
        drop(changing);
        self.end_deleted(executions, machine.arn.clone(), running);
        Ok(nothing())
    }

    /// Goes on with what an earlier server was about to delete.
    pub(crate) fn resume_deletions(&self, executions: &Arc<Executions>) -> Result<(), JournalError> {
        let deleting: Vec<Arc<str>> = {
            let contents = self.catalog.contents();
            contents
                .machines
                .values()
                .filter(|machine| machine.is_deleting)
                .map(|machine| machine.arn.clone())
                .collect()
        };
        for arn in deleting {
            let running = running_of(executions, &arn)?;
            self.end_deleted(executions, arn, running);
        }
        Ok(())
    }

    /// Stops the executions of a machine that is deleted; then it goes.
    fn end_deleted(&self, executions: &Arc<Executions>, arn: Arc<str>, running: Vec<Arc<str>>) {
        let (executions, catalog) = (Arc::clone(executions), Arc::clone(&self.catalog));
        tokio::spawn(async move {
            for execution in running {
                // It may have ended meanwhile.
                let _ = executions.stop(&execution, Failure::default());
                executions.ended_of(&execution).await;
            }
            let _changing = catalog.changing().await;
            if let Err(error) = catalog.change(Change::without_machine(&arn)).await {
                tracing::warn!(%error, %arn, "a state machine that was deleted stays");
            }
        });
    }

    pub(super) fn list_state_machines(&self, request: &Request<'_>) -> Result<Value, ApiError> {
        let contents = self.catalog.contents();
        let machines = contents.machines.values().filter(|machine| !machine.is_deleting);
        // Those of another region are not seen.
        let machines = machines.filter(|machine| machine.arn.split(':').nth(3) == Some(request.region));
        let machines: Vec<Arc<Machine>> = machines.cloned().collect();
        drop(contents);
        let (machines, next) = page(machines, "ListStateMachines", request, |machine| machine.arn.to_string())?;
        let listed = machines.iter().map(|machine| {
            object([
                ("stateMachineArn", Some(machine.arn.clone().into())),
                ("name", Some(machine.name.clone().into())),
                ("type", Some(machine.machine_type.name().into())),
                ("creationDate", Some(date(machine.created))),
            ])
        });
        Ok(object([("stateMachines", Some(listed.collect())), ("nextToken", next.map(Into::into))]))
    }
}

/// The executions of a state machine that have not ended.
fn running_of(executions: &Executions, arn: &str) -> Result<Vec<Arc<str>>, JournalError> {
    let Some(journal) = executions.journal() else { return Ok(Vec::new()) };
    let asked = Listing { under: Under::StateMachine(arn), status: Some("RUNNING"), after: None, most: usize::MAX };
    Ok(journal.list(&asked)?.into_iter().map(|listed| listed.entry.arn).collect())
}
