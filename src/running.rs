//! What `asl run` and `asl debug` do before anything runs.

use std::collections::BTreeSet;
use std::path::Path;

use asl_engine::model::StateId;
use asl_engine::{CheckOptions, Program, Quotas};
use asl_project::{Definition, DefinitionName, Substitutions, routes_of};
use asl_tasks::Routes;

use crate::breaks;
use crate::cli::Running;
use crate::error::Error;
use crate::input::{self, Input};
use crate::output;
use crate::report;

/// What is ready to be run.
pub(crate) struct Ready {
    pub(crate) definition: Definition,
    pub(crate) program: Program,
    pub(crate) routes: Routes,
    pub(crate) substitutions: Substitutions,
    pub(crate) input: Input,
    /// Those with breakpoints.
    pub(crate) states: BTreeSet<StateId>,
    pub(crate) quotas: Quotas,
}

impl Ready {
    /// Reads what the arguments name, and tells what is wrong with it.
    pub(crate) fn of(of: &Running) -> Result<Self, Error> {
        let named = DefinitionName::from(&*of.definition);
        if named.file == Path::new("-") && of.input == "-" {
            return Err(Error::Usage("the definition and the input cannot both come from stdin".to_owned()));
        }
        let routes = routes_of(&named.file, of.routes.as_deref())?;
        let substitutions = of.substitute.iter().cloned().collect::<Substitutions>().or(&routes);
        let definition = named.read(&substitutions)?;
        for given in &of.substitute {
            if !definition.text().contains(&format!("${{{}}}", given.name())) {
                let text = format!("--substitute {} fills nothing in: the definition has no ${{{0}}}", given.name());
                output::to_stderr(&report::warning(&text));
            }
        }
        let input = input::with_text("the input", "--input", &of.input)?;
        let program = match definition.unfilled_program() {
            Ok(program) => program,
            Err(diagnostics) => return Err(Error::Definition { definition: definition.into(), diagnostics }),
        };
        let mocks_all = of.mocks.is_some();
        let unfilled = definition.unfilled(&program, |state| mocks_all || routes.mocks(state));
        if mocks_all {
            output::to_stderr(&report::left_open(&unfilled));
        } else if !unfilled.is_empty() {
            return Err(Error::Unfilled { definition: definition.into(), unfilled, routes: routes.file });
        }
        let states = breaks::states(&of.r#break, &program, &of.definition)?;
        let quotas = if of.no_quotas { Quotas::NONE } else { Quotas::default() };
        input.check(quotas)?;
        let misnamed = definition.check_parameters(CheckOptions::default());
        output::to_stderr(&report::diagnostics(&misnamed, &definition));
        Ok(Self { definition, program, routes, substitutions, input, states, quotas })
    }
}
