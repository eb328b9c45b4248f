//! How a state's input becomes its output.
//!
//! AWS developer guide, "Processing input and output in Step Functions".

use std::borrow::Cow;
use std::sync::Arc;

use super::Frame;
use super::stages::{Stage, Visit};
use crate::definition::ast::Io;
use crate::json::{MAX_DEPTH, MAX_LEN};
use crate::nothing_found;
use crate::path::{PathExpr, Roots};
use crate::program::{Catcher, Choice, Kind};
use crate::reference_path::ReferencePath;
use crate::task::Failure;
use crate::template::Template;
use crate::value::Value;

/// What a state leaves with.
pub(super) struct Exit {
    pub(super) output: Value,
    /// What its `Assign` gives; `None` where it has none.
    pub(super) assigned: Option<Value>,
}

/// What a field of a state sees besides the context object and the variables.
#[derive(Clone, Copy)]
pub(super) struct Sight<'a> {
    /// `$` of paths, `$states.input` of expressions.
    input: &'a Value,
    /// The task token in the context object.
    token: Option<&'a Arc<str>>,
    /// `$states.result`
    result: Option<&'a Value>,
    /// `$states.errorOutput`
    error_output: Option<&'a Value>,
}

impl<'a> Sight<'a> {
    /// An input, and nothing else.
    pub(super) fn of(input: &'a Value) -> Self {
        Self { input, token: None, result: None, error_output: None }
    }
}

impl Frame {
    /// InputPath; in JSONata the raw input.
    pub(super) fn selected_input(&self, state: Visit<'_>) -> Result<Cow<'_, Value>, Failure> {
        let Io::JsonPath(paths) = &state.io else { return Ok(Cow::Borrowed(&self.input)) };
        let input = self.select(state, paths.input_path.as_ref(), &self.input)?;
        state.note(Stage::AfterInputPath, &input);
        Ok(input)
    }

    /// OutputPath; in JSONata the output as it is.
    pub(super) fn selected_output(&self, state: Visit<'_>, output: Value) -> Result<Value, Failure> {
        match &state.io {
            Io::JsonPath(paths) => match self.select(state, paths.output_path.as_ref(), &output)? {
                Cow::Borrowed(_) => Ok(output),
                Cow::Owned(selected) => Ok(selected),
            },
            Io::Jsonata { .. } => Ok(output),
        }
    }

    /// What a path finds in a value; the value itself where the path leaves it as it is.
    pub(super) fn select<'v>(
        &self,
        state: Visit<'_>,
        path: Option<&PathExpr>,
        value: &'v Value,
    ) -> Result<Cow<'v, Value>, Failure> {
        match path {
            // `null` stands for an empty object.
            None => Ok(Cow::Owned(Value::empty_object())),
            Some(path) if path.is_whole_input() => Ok(Cow::Borrowed(value)),
            Some(path) => {
                let found = self.on(state, Sight::of(value), |roots| {
                    path.evaluate(roots).map_err(|error| {
                        let failure = Failure::runtime(format!("Invalid path '{path}' : {}", error.message));
                        failure.at(path.span()).with_help(nothing_found::by_path(path, roots))
                    })
                })?;
                bounded(found).map(Cow::Owned)
            }
        }
    }

    /// Evaluates something that starts from what it sees, the context object or the variables.
    pub(super) fn on<T>(&self, state: Visit<'_>, sight: Sight<'_>, evaluate: impl FnOnce(&Roots<'_>) -> T) -> T {
        let Sight { input, token, result, error_output } = sight;
        let context = || self.context(&state, token);
        let mut roots = Roots::new(input, &context, &self.variables, &self.random);
        (roots.now, roots.limits) = (self.now, self.execution.quotas.expression_limits());
        (roots.result, roots.error_output) = (result, error_output);
        roots.written = self.execution.input_text.as_deref().map(|text| (&self.execution.input, text));
        evaluate(&roots)
    }

    /// InputPath, then Parameters; in JSONata Arguments: the effective input. Only a task that waits for its token is shown
    /// one.
    pub(super) fn effective_input(&self, state: Visit<'_>, token: Option<&Arc<str>>) -> Result<Value, Failure> {
        let input = self.selected_input(state)?;
        let (template, stage) = match &state.io {
            Io::JsonPath(paths) => (paths.parameters.as_ref(), Stage::AfterParameters),
            Io::Jsonata { arguments, .. } => (arguments.as_ref(), Stage::AfterArguments),
        };
        let Some(template) = template else {
            if let Io::JsonPath(_) = &state.io {
                state.note(stage, &input);
            }
            return Ok(input.into_owned());
        };
        let input = self.fill(state, template, Sight { token, ..Sight::of(&input) })?;
        state.note(stage, &input);
        Ok(input)
    }

    pub(super) fn fill(&self, state: Visit<'_>, template: &Template, sight: Sight<'_>) -> Result<Value, Failure> {
        bounded(self.on(state, sight, |roots| template.evaluate(roots))?)
    }

    /// ResultSelector, then Assign and ResultPath; in JSONata Assign and Output.
    pub(super) fn merge(&self, state: Visit<'_>, result: Value) -> Result<Exit, Failure> {
        let Io::JsonPath(paths) = &state.io else {
            let does_work = matches!(state.kind, Kind::Task(_) | Kind::Parallel { .. } | Kind::Map(_));
            let sight = Sight { result: does_work.then_some(&result), ..Sight::of(&self.input) };
            return self.hand_on(state, state.assign.as_ref(), state.io.output(), sight, &result);
        };
        let result = match &paths.result_selector {
            None => result,
            Some(template) => self.fill(state, template, Sight::of(&result))?,
        };
        state.note(Stage::AfterResultSelector, &result);
        let assigned = self.assign(state, state.assign.as_ref(), Sight::of(&result))?;
        let output = self.place(paths.result_path.as_ref(), result)?;
        state.note(Stage::AfterResultPath, &output);
        Ok(Exit { output, assigned })
    }

    /// Assign and Output; without Output, `otherwise` is handed on.
    pub(super) fn hand_on(
        &self,
        state: Visit<'_>,
        assign: Option<&Template>,
        output: Option<&Template>,
        sight: Sight<'_>,
        otherwise: &Value,
    ) -> Result<Exit, Failure> {
        let assigned = self.assign(state, assign, sight)?;
        let output = match output {
            None => otherwise.clone(),
            Some(template) => self.fill(state, template, sight)?,
        };
        Ok(Exit { output, assigned })
    }

    /// What a Catcher makes of a failure.
    pub(super) fn caught(&self, state: Visit<'_>, catcher: &Catcher, error_output: Value) -> Result<Exit, Failure> {
        let Io::JsonPath(_) = &state.io else {
            let sight = Sight { error_output: Some(&error_output), ..Sight::of(&self.input) };
            return self.hand_on(state, catcher.assign.as_ref(), catcher.output.as_ref(), sight, &error_output);
        };
        let assigned = self.assign(state, catcher.assign.as_ref(), Sight::of(&error_output))?;
        Ok(Exit { output: self.place(catcher.result_path.as_ref(), error_output)?, assigned })
    }

    /// Assign: all values come from the variables as they were when the state was entered.
    fn assign(&self, state: Visit<'_>, assign: Option<&Template>, sight: Sight<'_>) -> Result<Option<Value>, Failure> {
        let Some(template) = assign else { return Ok(None) };
        let assigned = self.fill(state, template, sight)?;
        self.check_variables(&assigned)?;
        state.note_assigned(&assigned);
        Ok(Some(assigned))
    }

    /// A value put into the raw input by a ResultPath.
    fn place(&self, path: Option<&ReferencePath>, value: Value) -> Result<Value, Failure> {
        match path {
            None => Ok(self.input.clone()),
            Some(path) => {
                path.insert(&self.input, value).map_err(|cause| Failure::new("States.ResultPathMatchFailure", cause))
            }
        }
    }

    /// The position of the Choice Rule that holds.
    pub(super) fn choose(&self, state: Visit<'_>, choices: &[Choice], input: &Value) -> Result<Option<usize>, Failure> {
        self.on(state, Sight::of(input), |roots| {
            for (at, choice) in choices.iter().enumerate() {
                if choice.rule.holds(roots)? {
                    return Ok(Some(at));
                }
            }
            Ok(None)
        })
    }
}

/// A value that can be walked and written: what an execution computes is bounded as what it reads is.
pub(super) fn bounded(value: Value) -> Result<Value, Failure> {
    if value.depth() > MAX_DEPTH {
        return Err(Failure::runtime(format!("The data nests deeper than {MAX_DEPTH} levels")));
    }
    if value.json_len() > MAX_LEN {
        return Err(Failure::runtime(format!("The data has more than {MAX_LEN} bytes of JSON text")));
    }
    Ok(value)
}
