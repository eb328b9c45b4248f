//! `asl jsonata`

mod fault;
mod json;
mod parts;

use std::process::ExitCode;

use asl_engine::{
    Diagnostic, ExplainedQuery, Object, QueryDocuments, Severity, StateExpression, Value, diagnose_expression, nearest,
};

use crate::cli::Jsonata;
use crate::error::Error;
use crate::fault::Fault;
use crate::printable::clean;
use crate::{input, output, report, sample};

/// How many values of each part an explanation shows.
const EXAMPLES: usize = 3;
/// What stands for the file of an expression.
const EXPRESSION: &str = "EXPR";
/// The members of `$states`.
const FIELDS: [&str; 4] = ["input", "context", "result", "errorOutput"];

/// What there is to tell about an expression.
struct Answer<'a> {
    text: &'a str,
    /// What AWS refuses of it, and what is doubtful.
    findings: Vec<Diagnostic>,
    /// How it comes to its result; `None` where AWS refuses it.
    explained: Option<ExplainedQuery>,
    fault: Option<Fault>,
}

/// Evaluates an expression, and prints its result or how it comes about.
pub(crate) fn run(arguments: &Jsonata) -> Result<ExitCode, Error> {
    let answer = answer(arguments)?;
    let code = match (&answer.explained, &answer.fault) {
        (None, _) => 2.into(),
        (Some(_), Some(_)) => ExitCode::FAILURE,
        (Some(_), None) => ExitCode::SUCCESS,
    };
    if arguments.json {
        output::print_json(&json::answer(&answer, arguments.explain))?;
        return Ok(code);
    }
    print(&answer, arguments.explain)?;
    Ok(code)
}

fn answer(arguments: &Jsonata) -> Result<Answer<'_>, Error> {
    let text = &*arguments.expression;
    let expression = StateExpression::parse(text).ok();
    let documents = documents(arguments, expression.as_ref())?;
    Ok(answer_with(text, expression, &documents))
}

/// What `asl jsonata --explain --json` tells of an expression on these documents.
pub(crate) fn explained(text: &str, documents: QueryDocuments) -> Value {
    json::answer(&answer_with(text, StateExpression::parse(text).ok(), &documents), true)
}

fn answer_with<'a>(text: &'a str, expression: Option<StateExpression>, documents: &QueryDocuments) -> Answer<'a> {
    let mut findings = diagnose_expression(text, documents);
    if let (Some(quoting), Some(first)) = (quoting(text), findings.first_mut()) {
        first.help = Some(quoting.to_owned());
    }
    let expression = match findings.iter().any(|found| found.severity == Severity::Error) {
        true => None,
        false => expression,
    };
    let now = asl_runtime::now();
    // The clock is where the random functions get their numbers from.
    let seed = now.0.unsigned_abs();
    let explained = expression.map(|expression| expression.explain(documents, now, seed, EXAMPLES));
    let fault = explained.as_ref().and_then(|explained| fault::of(text, explained));
    Answer { text, findings, explained, fault }
}

/// What the expression sees. The document is read where it is looked at only.
fn documents(arguments: &Jsonata, expression: Option<&StateExpression>) -> Result<QueryDocuments, Error> {
    let variables = match &arguments.variables {
        Some(variables) => input::object("the variables", "--variables", variables)?,
        None => Value::empty_object(),
    };
    if let Some(states) = &arguments.states {
        let states = input::object("$states", "--states", states)?;
        return of_states(states.as_object().unwrap_or(&Object::default()), variables);
    }
    let reads_input = expression.is_some_and(StateExpression::reads_input);
    let input = match &arguments.document {
        None if !reads_input => Value::empty_object(),
        named => input::document(named.as_deref(), "asl jsonata '$states.input.a' input.json")?,
    };
    let context = sample::context(&input);
    Ok(QueryDocuments { input, context, variables, ..QueryDocuments::default() })
}

/// What a shell has made of an expression that was not in single quotes.
fn quoting(text: &str) -> Option<&'static str> {
    match text.trim().trim_start_matches("{%").trim_start() {
        "" => Some("the expression is empty: a shell replaces $name, so put it in single quotes: '$states.input.a'"),
        text if text.starts_with('.') => {
            Some("a shell may have replaced $name, so put the expression in single quotes: '$states.input.a'")
        }
        _ => None,
    }
}

fn of_states(states: &Object, variables: Value) -> Result<QueryDocuments, Error> {
    if let Some((unknown, _)) = states.iter().find(|(name, _)| !FIELDS.contains(&&***name)) {
        let near = nearest(unknown, FIELDS).map(|near| format!("; did you mean '{near}'?")).unwrap_or_default();
        return Err(Error::Usage(format!(
            "$states has no member '{unknown}' (--states){near}\nit has {}",
            FIELDS.join(", ")
        )));
    }
    let member = |name: &str| states.get(name).cloned();
    let input = member("input").unwrap_or_else(Value::empty_object);
    let context = member("context").unwrap_or_else(|| sample::context(&input));
    Ok(QueryDocuments { input, context, result: member("result"), error_output: member("errorOutput"), variables })
}

fn print(answer: &Answer<'_>, explain: bool) -> Result<(), Error> {
    let findings: String =
        answer.findings.iter().map(|found| report::diagnostic(found, EXPRESSION, answer.text)).collect();
    // A blank line stands between findings, and before what fails.
    output::to_stderr(if answer.fault.is_some() { &findings } else { findings.strip_suffix('\n').unwrap_or_default() });
    match &answer.explained {
        Some(explained) if explain => output::print(&clean(&parts::report(answer.text, explained)))?,
        Some(ExplainedQuery { outcome: Ok(value), .. }) => output::print_json(value)?,
        _ => {}
    }
    if let Some(fault) = &answer.fault {
        output::to_stderr(&fault.report(EXPRESSION, answer.text));
    }
    Ok(())
}
