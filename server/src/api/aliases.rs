//! Aliases of versions.

use std::sync::Arc;

use asl_engine::Value;
use asl_runtime::now;

use super::arn::Arn;
use super::error::ApiError;
use super::request::{Request, object, page};
use super::{Api, date, nothing};
use crate::catalog::{Alias, Change, Machine, Route};

/// How many aliases a state machine may have. AWS developer guide, "Service quotas".
const MOST: usize = 100;

fn no_such() -> ApiError {
    ApiError::new("ResourceNotFound", "Request references a resource that does not exist.")
}

/// The routes of a request, and the ARN of the machine that they are of.
fn routes(given: &Value) -> Result<(String, Vec<Route>), ApiError> {
    let given: Vec<(&str, u64)> = given
        .as_array()
        .into_iter()
        .flat_map(|routes| routes.iter())
        .map(|route| {
            let weight = route["weight"].as_i64().and_then(|weight| u64::try_from(weight).ok());
            (route["stateMachineVersionArn"].as_str().unwrap_or_default(), weight.unwrap_or_default())
        })
        .collect();
    let shown = |list: Vec<String>| format!("[{}]", list.join(", "));
    let arns = || shown(given.iter().map(|(arn, _)| (*arn).to_owned()).collect());
    let mut routes: Vec<Route> = Vec::new();
    let mut machine = String::new();
    for (text, weight) in &given {
        let arn = Arn::state_machine(text)?;
        let Some(version) = arn.version() else {
            let message =
                format!("Routing configuration must contain state machine version ARNs. Received: {}", arns());
            return Err(ApiError::validation(message).with("reason", "INVALID_ROUTING_CONFIGURATION"));
        };
        if routes.iter().any(|route| *route.version_arn == **text) {
            let message =
                format!("Routing configuration must contain distinct state machine version ARNs. Received: {}", arns());
            return Err(ApiError::validation(message).with("reason", "INVALID_ROUTING_CONFIGURATION"));
        }
        if !machine.is_empty() && machine != arn.unqualified() {
            let message =
                format!("Routing configuration must contain versions of one state machine. Received: {}", arns());
            return Err(ApiError::validation(message).with("reason", "INVALID_ROUTING_CONFIGURATION"));
        }
        machine = arn.unqualified().to_owned();
        routes.push(Route { version_arn: (*text).into(), version, weight: *weight });
    }
    if routes.iter().map(|route| route.weight).sum::<u64>() != 100 {
        let weights = shown(routes.iter().map(|route| route.weight.to_string()).collect());
        let message = format!("Sum of routing configuration weights must equal 100. Received: {weights}");
        return Err(ApiError::validation(message).with("reason", "INVALID_ROUTING_CONFIGURATION"));
    }
    Ok((machine, routes))
}

impl Api {
    /// The machine and the name of an alias that a request names.
    fn alias<'a>(&self, request: &Request<'a>) -> Result<Option<(Arc<Machine>, &'a str)>, ApiError> {
        let arn = Arn::state_machine(request.required("stateMachineAliasArn"))?;
        let machine = self.catalog.machine(arn.unqualified());
        Ok(machine.zip(arn.rest).filter(|(machine, name)| machine.aliases.contains_key(*name)))
    }

    pub(super) async fn create_alias(&self, request: &Request<'_>) -> Result<Value, ApiError> {
        let name = request.required("name");
        let (machine, routes) = routes(request.value("routingConfiguration").unwrap_or(&Value::Null))?;
        let _changing = self.catalog.changing().await;
        let machine = self.catalog.machine(&machine).ok_or_else(no_such)?;
        if machine.is_deleting {
            return Err(ApiError::deleting(&machine.arn));
        }
        if routes.iter().any(|route| !machine.versions.contains_key(&route.version)) {
            return Err(no_such());
        }
        let description: Option<Arc<str>> = request.text("description").map(Into::into);
        let created = |at| {
            object([("stateMachineAliasArn", Some(machine.alias_arn(name).into())), ("creationDate", Some(date(at)))])
        };
        if let Some(known) = machine.aliases.get(name) {
            if known.description == description && known.routes == routes {
                return Ok(created(known.created));
            }
            let message = "Failed to create alias because an alias with the same name and a different routing \
                           configuration already exists.";
            return Err(ApiError::new("ConflictException", message));
        }
        if machine.aliases.len() >= MOST {
            let message = format!("a state machine can have {MOST} aliases");
            return Err(ApiError::new("ServiceQuotaExceededException", message));
        }
        let at = now();
        let mut changed = Machine::clone(&machine);
        changed.aliases.insert(name.to_owned(), Alias { description, routes, created: at, updated: at });
        self.catalog.change(Change::machine(changed)).await?;
        Ok(created(at))
    }

    pub(super) async fn update_alias(&self, request: &Request<'_>) -> Result<Value, ApiError> {
        let given = request.value("routingConfiguration");
        if given.is_none() && request.value("description").is_none() {
            let message = "Either the description or the routing configuration must be specified";
            return Err(ApiError::validation(message).with("reason", "MISSING_REQUIRED_PARAMETER"));
        }
        let routes = given.map(routes).transpose()?;
        let _changing = self.catalog.changing().await;
        let (machine, name) = self.alias(request)?.ok_or_else(no_such)?;
        let mut changed = Machine::clone(&machine);
        let alias = changed.aliases.get_mut(name).ok_or_else(no_such)?;
        if let Some((of, routes)) = routes {
            let is_known = |route: &Route| machine.versions.contains_key(&route.version);
            if *of != *machine.arn || !routes.iter().all(is_known) {
                return Err(no_such());
            }
            alias.routes = routes;
        }
        if let Some(description) = request.text("description") {
            alias.description = Some(description.into());
        }
        alias.updated = now();
        let updated = alias.updated;
        self.catalog.change(Change::machine(changed)).await?;
        Ok(object([("updateDate", Some(date(updated)))]))
    }

    pub(super) fn describe_alias(&self, request: &Request<'_>) -> Result<Value, ApiError> {
        let (machine, name) = self.alias(request)?.ok_or_else(no_such)?;
        let alias = machine.aliases.get(name).ok_or_else(no_such)?;
        let routes = alias.routes.iter().map(|route| {
            let weight = i64::try_from(route.weight).unwrap_or_default();
            Value::from([("stateMachineVersionArn", route.version_arn.clone().into()), ("weight", weight.into())])
        });
        Ok(object([
            ("stateMachineAliasArn", Some(machine.alias_arn(name).into())),
            ("name", Some(name.into())),
            ("description", alias.description.clone().map(Into::into)),
            ("routingConfiguration", Some(routes.collect())),
            ("creationDate", Some(date(alias.created))),
            ("updateDate", Some(date(alias.updated))),
        ]))
    }

    pub(super) async fn delete_alias(&self, request: &Request<'_>) -> Result<Value, ApiError> {
        let _changing = self.catalog.changing().await;
        if let Some((machine, name)) = self.alias(request)? {
            let mut changed = Machine::clone(&machine);
            changed.aliases.remove(name);
            self.catalog.change(Change::machine(changed)).await?;
        }
        Ok(nothing())
    }

    pub(super) fn list_aliases(&self, request: &Request<'_>) -> Result<Value, ApiError> {
        let arn = Arn::state_machine(request.required("stateMachineArn"))?;
        let unknown = || ApiError::no_such_machine(arn.text);
        let machine = self.catalog.machine(arn.unqualified()).ok_or_else(unknown)?;
        let version = match arn.rest {
            None => None,
            Some(_) => Some(arn.version().filter(|number| machine.versions.contains_key(number)).ok_or_else(unknown)?),
        };
        let leads = |alias: &Alias| version.is_none_or(|number| alias.routes.iter().any(|it| it.version == number));
        let aliases = machine.aliases.iter().filter(|(_, alias)| leads(alias));
        let aliases = aliases.map(|(name, alias)| (machine.alias_arn(name), alias.created)).collect();
        let of = format!("ListStateMachineAliases {}", arn.text);
        let (aliases, next) = page(aliases, &of, request, |(arn, _)| arn.to_string())?;
        let listed = aliases.into_iter().map(|(arn, created)| {
            object([("stateMachineAliasArn", Some(arn.into())), ("creationDate", Some(date(created)))])
        });
        Ok(object([("stateMachineAliases", Some(listed.collect())), ("nextToken", next.map(Into::into))]))
    }
}
