//! State machines.

use asl_engine::placeholders;

use super::problem;
use crate::plan::{Machine, Plan};
use crate::resource::Resource;

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
        let help = format!("--parameter '{name}=VALUE' says it, where it is a parameter or an attribute of a resource");
        problem(plan, resource.origin(), format!("nothing here knows ${{{name}}} of its definition"), help);
    }
    let kind = resource.text("StateMachineType").or_else(|| resource.text("Type"));
    plan.machines.push(Machine {
        name: resource.reference(Some("Name")),
        definition,
        is_express: kind.as_deref() == Some("EXPRESS"),
        origin: resource.origin(),
    });
}
