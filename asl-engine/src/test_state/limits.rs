//! How long the fields of a request may be: what AWS's front end refuses before anything is looked at.

use super::{Reason, Refusal, TestState};
use crate::value::Value;

/// `definition`
const DEFINITION_MAX: usize = 1_048_576;
/// Everything that is data.
const DATA_MAX: usize = 262_144;
/// `stateName`
const NAME_MAX: usize = 80;
/// `roleArn`
const ROLE_MAX: usize = 256;
/// `mock.errorOutput.error`
const ERROR_MAX: usize = 256;
/// `mock.errorOutput.cause`
const CAUSE_MAX: usize = 32_768;

/// Refuses a request with fields that are too long or too short.
///
/// AWS SDK model, `TestStateInput`. The fields are secret there but for `roleArn`, so no value is shown.
pub(super) fn check(test: &TestState<'_>) -> Result<(), Refusal> {
    let data = |value: &Value| value.json_len();
    let text = |text: &str| text.chars().count();
    let mock = test.mock.as_ref();
    let failure = mock.and_then(|mock| mock.error_output.as_ref());
    let configuration = &test.configuration;
    let fields = [
        ("definition", Some(text(test.definition)), 1, DEFINITION_MAX),
        ("input", Some(data(&test.input)), 0, DATA_MAX),
        ("stateName", test.state_name.map(text), 1, NAME_MAX),
        ("roleArn", test.role_arn.as_deref().map(text), 1, ROLE_MAX),
        ("variables", Some(data(&test.variables)), 0, DATA_MAX),
        ("context", test.context.as_ref().map(data), 0, DATA_MAX),
        ("mock.result", mock.and_then(|mock| mock.result.as_ref()).map(data), 0, DATA_MAX),
        ("mock.errorOutput.error", failure.and_then(|failure| failure.error.as_deref()).map(text), 0, ERROR_MAX),
        ("mock.errorOutput.cause", failure.and_then(|failure| failure.cause.as_deref()).map(text), 0, CAUSE_MAX),
        (
            "stateConfiguration.errorCausedByState",
            configuration.error_caused_by_state.as_deref().map(text),
            1,
            NAME_MAX,
        ),
        ("stateConfiguration.mapItemReaderData", configuration.map_item_reader_data.as_deref().map(text), 0, DATA_MAX),
    ];
    let wrong = fields.into_iter().filter_map(|(field, length, least, most)| {
        let constraint = match length? {
            length if length < least => format!("greater than or equal to {least}"),
            length if length > most => format!("less than or equal to {most}"),
            _ => return None,
        };
        let shown = match (field, &test.role_arn) {
            ("roleArn", Some(role_arn)) => format!(" '{role_arn}'"),
            _ => String::new(),
        };
        Some(format!("Value{shown} at '{field}' failed to satisfy constraint: Member must have length {constraint}"))
    });
    let wrong: Vec<String> = wrong.collect();
    match wrong.len() {
        0 => Ok(()),
        count => {
            let errors = if count == 1 { "error" } else { "errors" };
            let text = format!("{count} validation {errors} detected: {}", wrong.join("; "));
            Err(Refusal::validation(Reason::Request, text))
        }
    }
}
