//! Variables: what `Assign` adds, and how much there may be of it.
//!
//! AWS developer guide, "Variable limits".

use std::sync::Arc;

use super::Frame;
use crate::task::Failure;
use crate::value::{Object, Value};

/// The variables after an assignment.
pub(super) fn with_variables(before: &Value, assigned: &Value) -> Value {
    let (Value::Object(before), Value::Object(assigned)) = (before, assigned) else { return before.clone() };
    let add = |variables: Object, (name, value): (&Arc<str>, &Value)| variables.with(name.clone(), value.clone());
    Value::Object(assigned.iter().fold(before.clone(), add))
}

impl Frame {
    /// Holds what an Assign gives against the quotas.
    pub(super) fn check_variables(&self, assigned: &Value) -> Result<(), Failure> {
        let quotas = &self.execution.quotas;
        let over = |bytes: usize, most: Option<usize>| most.filter(|most| bytes > *most);
        let members = assigned.as_object().into_iter().flat_map(Object::iter);
        for (name, value) in members {
            if let Some(most) = over(value.json_len(), quotas.variable_bytes) {
                let what = format!("The variable '{name}' exceeds the maximum variable size of {most} bytes.");
                return Err(too_large(what));
            }
        }
        if let Some(most) = over(assigned.json_len(), quotas.variable_bytes) {
            let what = format!("The Assign field exceeds the maximum size of {most} bytes for all its variables.");
            return Err(too_large(what));
        }
        // Variables that are assigned anew count once.
        let most = over(self.variables.json_len() + assigned.json_len(), quotas.variables_bytes)
            .and_then(|most| over(with_variables(&self.variables, assigned).json_len(), Some(most)));
        match most {
            None => Ok(()),
            Some(most) => Err(too_large(format!("All variables together exceed the maximum size of {most} bytes."))),
        }
    }
}

fn too_large(cause: String) -> Failure {
    Failure::new("States.DataLimitExceeded", cause)
}
