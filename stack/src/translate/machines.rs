//! State machines.

use asl_engine::placeholders;

use super::problem;
use crate::plan::{Logging, Machine, Plan};
use crate::resource::{Resource, text};

pub(super) fn machine(resource: &Resource<'_>, plan: &mut Plan) {
    let evaluation = resource.evaluation();
    let definition = match evaluation.template().definition_of(resource.id, &evaluation) {
        Ok(definition) => definition,
        Err(error) => {
            let help = "Definition, DefinitionString, and the file of DefinitionUri or DefinitionS3Location are read";
            return problem(plan, resource.origin(), error.to_string(), help);
        }
    };
    let json = definition.json().unwrap_or_default();
    let mut open: Vec<&str> = placeholders(json).map(|(_, name)| name).collect();
    open.sort_unstable();
    open.dedup();
    for name in open {
        let help = format!(
            "--parameter '{name}=VALUE' says it, where it is a parameter, an attribute of a resource or an export of another stack"
        );
        problem(plan, resource.origin(), format!("nothing here knows ${{{name}}} of its definition"), help);
    }
    let kind = resource.text("StateMachineType").or_else(|| resource.text("Type"));
    plan.machines.push(Machine {
        name: resource.reference(Some("Name")),
        definition,
        is_express: kind.as_deref() == Some("EXPRESS"),
        logging: logging(resource),
        origin: resource.origin(),
    });
}

/// What is logged, where that goes to a log group.
fn logging(resource: &Resource<'_>) -> Option<Logging> {
    // SAM calls it otherwise.
    let name = ["LoggingConfiguration", "Logging"].into_iter().find(|name| resource.get(name).is_some())?;
    let level = resource.text(&format!("{name}.Level")).filter(|level| level != "OFF")?;
    let destination = resource.get(&format!("{name}.Destinations"))?.items().first()?;
    let arn = destination.get("CloudWatchLogsLogGroup")?.get("LogGroupArn").and_then(text)?;
    let log_group = arn.split(':').nth(6)?.to_owned();
    Some(Logging { level, include_execution_data: resource.flag(&format!("{name}.IncludeExecutionData")), log_group })
}
