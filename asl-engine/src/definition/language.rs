//! `QueryLanguage`: which of the two query languages a state is written in, and which fields go with it.

use super::fields::Fields;
use super::{SCHEMA, error};
use crate::diagnostic::Diagnostic;
use crate::json::NodeKind;

/// The two values of `QueryLanguage`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    JsonPath,
    Jsonata,
}

/// Fields of states that only JSONPath has.
const JSONPATH_ONLY: [&str; 17] = [
    "InputPath",
    "OutputPath",
    "ResultPath",
    "Parameters",
    "Result",
    "ResultSelector",
    "ItemsPath",
    "SecondsPath",
    "TimestampPath",
    "TimeoutSecondsPath",
    "HeartbeatSecondsPath",
    "ErrorPath",
    "CausePath",
    "MaxConcurrencyPath",
    "ToleratedFailureCountPath",
    "ToleratedFailurePercentagePath",
    "Variable",
];

/// Fields of states that only JSONata has.
const JSONATA_ONLY: [&str; 4] = ["Arguments", "Output", "Items", "Condition"];

/// The language of a whole machine.
pub(super) fn of_machine(fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Language {
    declared(fields, out).unwrap_or(Language::JsonPath)
}

/// The language of a state in a machine of the language `machine`.
pub(super) fn of_state(machine: Language, fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Language {
    let span = fields.span_of("QueryLanguage");
    let language = declared(fields, out).unwrap_or(machine);
    if (machine, language) == (Language::Jsonata, Language::JsonPath) {
        let message = "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine";
        let help = Some("only in a machine in JSONPath may states be in either language".to_owned());
        out.push(Diagnostic { help, ..error(SCHEMA, message, fields.location(), span) });
    }
    language
}

/// Only the exact word makes it JSONPath; whatever else is there is reported, and taken as JSONata.
fn declared(fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Option<Language> {
    let (location, node) = (fields.at("QueryLanguage"), fields.take("QueryLanguage")?);
    let message = match &node.kind {
        NodeKind::String(word) if &**word == "JSONPath" => return Some(Language::JsonPath),
        NodeKind::String(word) if &**word == "JSONata" => return Some(Language::Jsonata),
        NodeKind::String(_) => "Value should be one of the following: [JSONPath, JSONata]",
        _ => "Expected value of type [STRING]",
    };
    out.push(error(SCHEMA, message, &location, node.span));
    Some(Language::Jsonata)
}

/// Takes and reports the fields of a state or a Choice Rule that only the other language has.
pub(super) fn refuse_other(language: Language, fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) {
    let (name, other, foreign) = match language {
        Language::JsonPath => ("JSONPath", "JSONata", &JSONATA_ONLY[..]),
        Language::Jsonata => ("JSONata", "JSONPath", &JSONPATH_ONLY[..]),
    };
    for field in foreign {
        if !fields.has(field) {
            continue;
        }
        let span = fields.span_of(field);
        fields.take(field);
        let message = format!(
            "The QueryLanguage is set to '{name}', but field '{field}' is only supported for the '{other}' QueryLanguage"
        );
        out.push(error(SCHEMA, message, fields.location(), span));
    }
}
