//! `asl jsonpath`

mod fault;
mod hints;
mod json;
mod rfc9535;
mod rules;
mod steps;

use std::process::ExitCode;

use asl_engine::jsonpath::{Explanation, Match};
use asl_engine::{Documents, ExplainedExpression, Expression, ExpressionError, Value};

use crate::cli::Jsonpath;
use crate::error::Error;
use crate::fault::Fault;
use crate::printable::clean;
use crate::{input, output, report, sample};
use rfc9535::Comparison;

/// How many values of each kind an explanation shows.
const EXAMPLES: usize = 3;
/// How many are looked at to tell why AWS and RFC 9535 differ.
const COMPARED: usize = 1_000;

/// What there is to tell about an expression.
struct Answer<'a> {
    text: &'a str,
    outcome: Result<ExplainedExpression, ExpressionError>,
    /// Every value that a path has found, where these are asked for.
    matches: Option<Vec<Match>>,
    /// Whether they are told, and not only compared.
    tells_matches: bool,
    compared: Option<Comparison>,
}

/// Evaluates a path or a call, and prints its result or how it comes about.
pub(crate) fn run(arguments: &Jsonpath) -> Result<ExitCode, Error> {
    let text = &*arguments.expression;
    if text.starts_with("States.") {
        for (option, asked) in [("--paths", arguments.paths), ("--compare", arguments.compare)] {
            if asked {
                return Err(Error::Usage(format!("{option} is about paths; '{text}' is a call, see --explain")));
            }
        }
    }
    let answer = answer(arguments, text)?;
    let fault = fault::of(&answer);
    let code = match (&answer.outcome, &fault) {
        (Err(_), _) => 2.into(),
        (Ok(_), Some(_)) => ExitCode::FAILURE,
        (Ok(_), None) => ExitCode::SUCCESS,
    };
    if arguments.json {
        output::print_json(&json::answer(&answer, fault.as_ref(), arguments.explain))?;
        return Ok(code);
    }
    print(&answer, fault.as_ref(), arguments)?;
    Ok(code)
}

fn answer<'a>(arguments: &Jsonpath, text: &'a str) -> Result<Answer<'a>, Error> {
    let expression = match Expression::parse(text) {
        Ok(expression) => expression,
        Err(error) => {
            // RFC 9535 may well take what AWS refuses.
            let compared = match arguments.compare {
                true if text.starts_with('$') => Some(Comparison::of_refused(text, &error, &document(arguments)?)),
                _ => None,
            };
            return Ok(Answer { text, outcome: Err(error), matches: None, tells_matches: false, compared });
        }
    };
    let input = match &arguments.document {
        None if !expression.reads_input() => Value::empty_object(),
        _ => document(arguments)?,
    };
    let variables = match &arguments.variables {
        Some(variables) => input::object("the variables", "--variables", variables)?,
        None => Value::empty_object(),
    };
    let documents = Documents { context: context(arguments, &input)?, input, variables };
    let seed = seed();
    let explained = expression.explain(&documents, seed, EXAMPLES);
    let matches = match arguments.paths || arguments.compare {
        true => expression.matches(&documents).and_then(Result::ok),
        false => None,
    };
    let compared = match (arguments.compare, expression.root()) {
        (true, Some(root)) => match expression.explain(&documents, seed, COMPARED) {
            ExplainedExpression::Path(explanation) => {
                Some(Comparison::of_explained(text, &explanation, matches.as_deref(), root, documents.at(root)))
            }
            _ => None,
        },
        _ => None,
    };
    Ok(Answer { text, outcome: Ok(explained), matches, tells_matches: arguments.paths, compared })
}

/// What `asl jsonpath --explain --json` tells of an expression on these documents.
pub(crate) fn explained(text: &str, documents: Documents) -> Value {
    let outcome = Expression::parse(text).map(|expression| expression.explain(&documents, seed(), EXAMPLES));
    let answer = Answer { text, outcome, matches: None, tells_matches: false, compared: None };
    json::answer(&answer, fault::of(&answer).as_ref(), true)
}

/// The clock is where the random functions get their numbers from.
fn seed() -> u64 {
    asl_runtime::now().0.unsigned_abs()
}

fn document(arguments: &Jsonpath) -> Result<Value, Error> {
    input::document(arguments.document.as_deref(), "asl jsonpath '$.a' input.json")
}

/// The context object that was given, or one that has everything.
fn context(arguments: &Jsonpath, input: &Value) -> Result<Value, Error> {
    if let Some(context) = &arguments.context {
        return input::object("the context object", "--context", context);
    }
    Ok(sample::context(input))
}

fn print(answer: &Answer<'_>, fault: Option<&Fault>, arguments: &Jsonpath) -> Result<(), Error> {
    let mut out = String::new();
    match &answer.outcome {
        Ok(explained) if arguments.explain => out += &steps::report(answer.text, explained),
        Ok(ExplainedExpression::Path(explanation)) if explanation.outcome.is_ok() => {
            let note = definiteness(explanation);
            if arguments.paths {
                output::to_stderr(&format!("{note}\n"));
                for found in answer.matches.iter().flatten() {
                    out += &format!("{} = {}\n", found.path, found.value);
                }
            } else if !arguments.compare {
                output::to_stderr(&format!("{note}\n"));
                out += &result(&explanation.outcome);
            }
        }
        Ok(ExplainedExpression::Call(call)) => out += &result(&call.outcome),
        _ => {}
    }
    if let Some(compared) = &answer.compared {
        if arguments.explain {
            out.push('\n');
        }
        out += &compared.report(answer);
    }
    output::print(&clean(&out))?;
    if let Ok(ExplainedExpression::Path(explanation)) = &answer.outcome
        && fault.is_none()
    {
        for doubt in hints::doubtful(explanation) {
            output::to_stderr(&report::warning(&doubt));
        }
    }
    if let Some(fault) = fault {
        output::to_stderr(&fault.report("PATH", answer.text));
    }
    Ok(())
}

fn result<E>(outcome: &Result<Value, E>) -> String {
    outcome.as_ref().map(|value| format!("{value:#}\n")).unwrap_or_default()
}

/// Whether the path gives one value or a list.
fn definiteness(explanation: &Explanation) -> String {
    match (explanation.definite, explanation.found) {
        (true, _) => "definite: one value".to_owned(),
        (false, 1) => "indefinite: always a list, here of 1 value".to_owned(),
        (false, found) => format!("indefinite: always a list, here of {found} values"),
    }
}
