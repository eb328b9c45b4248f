//! Paths with steps that mean something else on AWS than elsewhere.

use super::ast::Body;
use super::warnings::warning;
use crate::diagnostic::Diagnostic;

/// Warns of such steps, once for each field.
pub(super) fn dialect(machine: &Body, out: &mut Vec<Diagnostic>) {
    machine.each_state(&mut |state| {
        state.paths(&mut |_, field, path| {
            for surprise in path.surprises() {
                let message = format!("In '{}' of '{path}', {}", surprise.step, surprise.what);
                out.push(warning("JSONPATH_DIALECT", message, surprise.help, &state.location(field), path.span()));
            }
        });
    });
}
