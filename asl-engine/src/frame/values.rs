//! Fields whose value is a number, a text or a time: as it stands, by a path, or by an expression.

use std::sync::Arc;

use super::Frame;
use super::io::Sight;
use super::stages::{Stage, Visit};
use crate::definition::ast::{FractionField, Io, NumberField, TextField, Wait};
use crate::nothing_found;
use crate::path::PathExpr;
use crate::program::Task;
use crate::task::Failure;
use crate::template::not_found;
use crate::time::Timestamp;
use crate::value::{Number, Value};

/// AWS waits so many seconds at most.
const LONGEST_WAIT: i64 = i32::MAX as i64;

impl Frame {
    /// The failure that a Fail state raises.
    pub(super) fn failure(
        &self,
        state: Visit<'_>,
        error: Option<&TextField>,
        cause: Option<&TextField>,
    ) -> Result<Failure, Failure> {
        if let Io::JsonPath(_) = state.io {
            // AWS shows this stage for Fail states, too, though they have no InputPath.
            state.note(Stage::AfterInputPath, &self.input);
        }
        let text = |name: &str, field: Option<&TextField>| {
            let (found, written, span) = match field {
                None => return Ok(None),
                Some(TextField::Literal(text)) => return Ok(Some(text.clone())),
                Some(TextField::Path(path)) => {
                    let found = self.on(state, Sight::of(&self.input), |roots| {
                        path.evaluate(roots).map_err(|_| not_found(path, name, roots))
                    });
                    (found?, path.text(), path.span())
                }
                Some(TextField::Call(call)) => {
                    let found = self.on(state, Sight::of(&self.input), |roots| call.evaluate(roots));
                    (found?, call.text(), call.span())
                }
                Some(TextField::Query(query)) => {
                    return self.on(state, Sight::of(&self.input), |roots| query.string(roots)).map(Some);
                }
            };
            match found {
                Value::String(text) => Ok(Some(text)),
                other => Err(Failure::runtime(format!(
                    "The {name} field refers to value {other} which is not a valid string: {written}"
                ))
                .at(span)),
            }
        };
        Ok(Failure { error: text("ErrorPath", error)?, cause: text("CausePath", cause)?, ..Failure::default() })
    }

    /// `Credentials`: the role that a Task is called with.
    pub(super) fn role_arn(&self, state: Visit<'_>, task: &Task) -> Result<Option<Arc<str>>, Failure> {
        let Some(credentials) = &task.credentials else { return Ok(None) };
        if let Some(query) = credentials.member_query("RoleArn") {
            return self.on(state, Sight::of(&self.input), |roots| query.string(roots)).map(Some);
        }
        match &self.fill(state, credentials, Sight::of(&self.input))?["RoleArn"] {
            Value::String(role_arn) => Ok(Some(role_arn.clone())),
            other => {
                Err(Failure::runtime(format!("The RoleArn of the Credentials is {other}, and has to be a string")))
            }
        }
    }

    /// A whole number from `Name` or `NamePath`. `least` bounds what a path finds; expressions have their bounds with them.
    pub(super) fn whole_number(
        &self,
        state: Visit<'_>,
        name: &str,
        least: i64,
        field: Option<&NumberField>,
    ) -> Result<Option<i64>, Failure> {
        match field {
            None => Ok(None),
            Some(NumberField::Literal(seconds)) => Ok(Some(*seconds)),
            Some(NumberField::Path(path)) => {
                let found = self.select(state, Some(path), &self.input)?;
                let number = whole_number(name, path, &found)?;
                if number < least {
                    let text =
                        format!("The {name}Path field refers to value {number} which is less than {least}: {path}");
                    return Err(Failure::runtime(text).at(path.span()));
                }
                Ok(Some(number))
            }
            Some(NumberField::Query(query, bounds)) => {
                self.on(state, Sight::of(&self.input), |roots| query.integer(roots, *bounds)).map(Some)
            }
        }
    }

    /// `ToleratedFailurePercentage` or `ToleratedFailurePercentagePath`
    pub(super) fn percentage(&self, state: Visit<'_>, field: Option<&FractionField>) -> Result<Option<f64>, Failure> {
        match field {
            None => Ok(None),
            Some(FractionField::Literal(percentage)) => Ok(Some(*percentage)),
            Some(FractionField::Path(path)) => {
                let found = self.select(state, Some(path), &self.input)?;
                let percentage = match &*found {
                    Value::String(text) => text.parse().ok().filter(|number: &f64| number.is_finite()),
                    other => other.as_number().map(Number::as_f64),
                };
                let percentage = percentage.ok_or_else(|| {
                    let text = format!(
                        "The ToleratedFailurePercentagePath field refers to value \"{}\" which is not a valid float: {path}",
                        bare(&found)
                    );
                    Failure::runtime(text).at(path.span())
                });
                percentage.map(Some)
            }
            Some(FractionField::Query(query, bounds)) => {
                self.on(state, Sight::of(&self.input), |roots| query.fraction(roots, *bounds)).map(Some)
            }
        }
    }

    /// When a Wait state goes on.
    pub(super) fn wake_time(&self, state: Visit<'_>, wait: &Wait, now: Timestamp) -> Result<Timestamp, Failure> {
        let input = self.selected_input(state)?;
        let find = |field: &str, path: &PathExpr| {
            self.on(state, Sight::of(&input), |roots| {
                path.evaluate(roots).map_err(|_| {
                    let fault = wait_fault(field, path, format!("does not reference an input value: {path}"));
                    fault.with_help(nothing_found::by_path(path, roots))
                })
            })
        };
        let until = match wait {
            Wait::Seconds(seconds) => now.plus_seconds(*seconds),
            Wait::Timestamp(at) => *at,
            Wait::SecondsPath(path) => {
                let found = find("SecondsPath", path)?;
                let fault = |text: String| wait_fault("SecondsPath", path, text);
                let seconds = found
                    .as_i64()
                    .ok_or_else(|| fault(format!("cannot be parsed as a long value: {path} == {}", bare(&found))))?;
                if seconds < 0 {
                    return Err(fault(format!("references a negative value: {path} == {seconds}")));
                }
                now.plus_seconds(seconds)
            }
            Wait::TimestampPath(path) => {
                let found = find("TimestampPath", path)?;
                found.as_str().and_then(Timestamp::parse).ok_or_else(|| {
                    let text = format!(
                        "does not reference a valid ISO-8601 extended offset date-time format string: {path} == {}",
                        bare(&found)
                    );
                    wait_fault("TimestampPath", path, text)
                })?
            }
            Wait::SecondsQuery(query, bounds) => {
                let seconds = self.on(state, Sight::of(&input), |roots| query.integer(roots, *bounds))?;
                now.plus_seconds(seconds)
            }
            Wait::TimestampQuery(query) => {
                let text = self.on(state, Sight::of(&input), |roots| query.string(roots))?;
                Timestamp::parse_java(&text).ok_or_else(|| {
                    let what = "cannot be parsed as an ISO-8601 extended offset date-time format string";
                    query.unfit(&format!("{what}: {text}"))
                })?
            }
        };
        if until.0.saturating_sub(now.0) / 1000 > LONGEST_WAIT {
            return Err(Failure::runtime("Wait state delay is too long."));
        }
        Ok(until)
    }
}

fn whole_number(name: &str, path: &PathExpr, found: &Value) -> Result<i64, Failure> {
    // A number may also stand in a string.
    let number = match found {
        Value::String(text) => text.parse().ok(),
        other => other.as_i64(),
    };
    number.ok_or_else(|| {
        let shown = bare(found);
        Failure::runtime(format!(
            "The {name}Path field refers to value \"{shown}\" which is not a valid integer: {path}"
        ))
        .at(path.span())
    })
}

fn wait_fault(field: &str, path: &PathExpr, text: String) -> Failure {
    Failure::runtime(format!("The {field} parameter {text}")).at(path.span())
}

/// A value as AWS quotes it: strings without their quotes.
pub(super) fn bare(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
