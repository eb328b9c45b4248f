//! `asl test-state`

mod diff;
mod show;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use asl_aws::{parameter_table, result_table};
use asl_engine::test_state::{self, Configuration, InspectionLevel, Mock, Reason, Refusal, Status};
use asl_engine::{Failure, Value};
use asl_project::Definition;
use asl_runtime::now;

use crate::cli::{MockValidation, TestState};
use crate::error::Error;
use crate::{input, output};

/// Runs one state with an input, and shows the data on its way to the output.
pub(crate) fn run(arguments: &TestState) -> Result<ExitCode, Error> {
    let definition = input::definition(&arguments.definition, &arguments.substitute)?;
    let json = match definition.json() {
        Ok(json) => json,
        Err(error) => return Err(Error::Definition { definition: definition.into(), diagnostics: vec![error] }),
    };
    check_name(arguments, json)?;
    let context = arguments.context.as_deref().map(|given| input::json("the context object", "--context", given));
    let test = test_state::TestState {
        state_name: arguments.state.as_deref(),
        context: context.transpose()?,
        variables: input::object("the variables", "--variables", &arguments.variables)?,
        mock: mock(arguments)?,
        configuration: Configuration {
            retrier_retry_count: arguments.retry_count,
            map_iteration_failure_count: arguments.failed_iterations,
            map_item_reader_data: arguments.item_reader_data.as_deref().map(item_reader_data).transpose()?,
            ..Configuration::default()
        },
        // A test on AWS assumes a role; here nothing is called.
        role_arn: Some("arn:aws:iam::000000000000:role/asl".into()),
        inputs: Some(parameter_table),
        outputs: Some(result_table),
        at: now(),
        ..test_state::TestState::new(json, input::json("the input", "--input", &arguments.input)?)
    };
    let tested = match test.run() {
        Ok(tested) => tested,
        Err(refusal) if arguments.json => {
            let members = [("__type", refusal.code.into()), ("message", refusal.message.as_str().into())];
            output::print_json(&members.into())?;
            return Ok(refused(refusal, arguments, definition).exit_code());
        }
        Err(refusal) => return Err(refused(refusal, arguments, definition)),
    };
    if arguments.json {
        output::print_json(&tested.to_json(InspectionLevel::Trace))?;
    } else {
        output::print(&show::report(&tested, &test, &definition))?;
    }
    Ok(match tested.status {
        Status::Succeeded | Status::CaughtError => ExitCode::SUCCESS,
        Status::Failed | Status::Retriable => ExitCode::FAILURE,
    })
}

/// A whole definition needs the name of a state, and the definition of one state has no other.
fn check_name(arguments: &TestState, text: &str) -> Result<(), Error> {
    // What is no JSON is reported when the definition is read.
    let Ok(definition) = text.parse::<Value>() else { return Ok(()) };
    let file = arguments.definition.display();
    match (definition.get("States").and_then(Value::as_object), &arguments.state) {
        (Some(states), None) => {
            let names: Vec<&str> = states.iter().map(|(name, _)| &**name).collect();
            Err(Error::Usage(format!("{file} is a whole definition: say --state NAME\n{}", listed(&names))))
        }
        (None, Some(_)) if definition.get("Type").is_some() => {
            Err(Error::Usage(format!("{file} is the definition of one state, which has no name: leave out --state")))
        }
        _ => Ok(()),
    }
}

/// A file, whose text the ItemReader takes apart as it says; anything else is the data itself.
fn item_reader_data(argument: &str) -> Result<Arc<str>, Error> {
    let path = Path::new(argument);
    match path.is_file() {
        true => input::file("the data of the ItemReader", path).map(Into::into),
        false => Ok(argument.into()),
    }
}

fn mock(arguments: &TestState) -> Result<Option<Mock>, Error> {
    let mock = match (&arguments.mock, &arguments.mock_error) {
        (Some(result), _) => Mock::result(input::json("the mock", "--mock", result)?),
        (None, Some(error)) => {
            let (name, cause) = error.split_once(':').map_or((&**error, None), |(name, cause)| (name, Some(cause)));
            Mock::error(Failure {
                error: Some(name.trim().into()),
                cause: cause.map(|cause| cause.trim().into()),
                ..Failure::default()
            })
        }
        (None, None) => return Ok(None),
    };
    let field_validation = match arguments.mock_validation {
        MockValidation::Strict => test_state::FieldValidation::Strict,
        MockValidation::Present => test_state::FieldValidation::Present,
        MockValidation::None => test_state::FieldValidation::None,
    };
    Ok(Some(Mock { field_validation, ..mock }))
}

fn refused(refusal: Refusal, arguments: &TestState, definition: Definition) -> Error {
    let file: &Path = &arguments.definition;
    let message = refusal.message;
    Error::Usage(match refusal.reason {
        Reason::Definition(diagnostics) => {
            let diagnostics = definition.placed(diagnostics);
            return Error::Definition { definition: definition.into(), diagnostics };
        }
        Reason::NoSuchState { similar, known } => {
            let names: Vec<&str> = known.iter().map(String::as_str).collect();
            let hint = similar.map_or_else(|| listed(&names), |name| format!("help: did you mean '{name}'?"));
            format!("{} has no state '{}'\n{hint}", file.display(), arguments.state.as_deref().unwrap_or_default())
        }
        Reason::NeedsMock => "\
the state calls something, and asl test-state calls nothing real: mock it
  --mock JSON|FILE           what a Task gives; a list with one member for each
                             item of a Map or each branch of a Parallel state
  --mock-error NAME[:CAUSE]  how it fails"
            .to_owned(),
        Reason::Mock if message.starts_with("Mock result schema") => format!(
            "{message}\nhelp: the result is held against what the API of the service answers; with\n      \
             --mock-validation present, required fields may be missing; with none, it is\n      taken as it is"
        ),
        Reason::Mock if message.starts_with("State type") => {
            format!("{message}\nhelp: it calls nothing; leave out --mock and --mock-error")
        }
        Reason::Mock | Reason::Context | Reason::Request => message,
    })
}

fn listed(names: &[&str]) -> String {
    format!("help: its states are '{}'", names.join("', '"))
}
