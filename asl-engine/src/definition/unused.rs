//! Variables that are assigned and that nothing in the machine reads.

use std::collections::BTreeSet;

use super::ast::Body;
use super::variables::assigned;
use super::warnings::warning;
use crate::diagnostic::Diagnostic;

/// Warns of variables that nobody reads. Of a text in which placeholders are left nothing is known.
pub(super) fn unused(machine: &Body, out: &mut Vec<Diagnostic>) {
    let mut read = BTreeSet::new();
    machine.each_state(&mut |state| {
        state.queries(&mut |query| query.variables(&mut |name| _ = read.insert(name.to_owned())));
        state.paths(&mut |_, _, path| read.extend(path.variable().map(str::to_owned)));
    });
    machine.each_state(&mut |state| {
        for name in assigned(state) {
            // Each once.
            if read.insert(name.text.to_string()) {
                let message = format!("Nothing reads the variable '{}'", name.text);
                let help = "it is assigned here, and no path and no expression has it".to_owned();
                out.push(warning("UNUSED_VARIABLE", message, help, &name.location, name.span));
            }
        }
    });
}
