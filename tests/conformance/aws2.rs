//! The second body of recordings, `aws2.jsonl`: one case a line, of executions and of refused definitions.
//!
//! A case agrees *laxly* by status, error and output (or what is known of their shape), *strictly* by the cause and the texts,
//! too, as far as they are known.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use asl_engine::{CheckOptions, EventKind, Execution, Failure, Program, Severity, TaskRequest, Timestamp, diagnose};
use asl_runtime::simulation::{self, Answer};
use regex::Regex;
use serde_json::{Value, json};

use crate::Verdict;
use crate::execution::crash_changes_it;

/// Reads a file of cases: the id, and the case.
pub(crate) fn read(file: &Path) -> Result<Vec<(String, Value)>, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let case = |line: &str| {
        let case: Value = serde_json::from_str(line).map_err(|error| format!("{}: {error}", file.display()))?;
        Ok((case["id"].as_str().unwrap_or_default().to_owned(), case))
    };
    text.lines().filter(|line| !line.trim().is_empty()).map(case).collect()
}

/// Runs a case and compares.
pub(crate) fn check(case: &Value) -> Verdict {
    if case["kind"] == "create-refusal" { refusal(case) } else { execution(case) }
}

/// ValidateStateMachineDefinition: laxly by its result, strictly by its messages.
fn refusal(case: &Value) -> Verdict {
    let found = diagnose(&case["definition"].to_string(), CheckOptions::default());
    let errors = found.iter().filter(|found| found.severity == Severity::Error);
    let messages: Vec<&str> = errors.map(|found| found.message.as_str()).collect();
    let recorded = &case["expected"]["cause"];
    if messages.is_empty() {
        return Verdict::Differs(format!("refused by AWS: {recorded}"));
    }
    match recorded.as_str() {
        Some(recorded) if recorded != messages.join("; ") => {
            Verdict::Lax(format!("message: recorded {recorded:?}, ours {:?}", messages.join("; ")))
        }
        _ => Verdict::Strict,
    }
}

fn execution(case: &Value) -> Verdict {
    let expected = &case["expected"];
    let program = match Program::parse(&case["definition"].to_string()) {
        Ok(program) => Arc::new(program.with_inputs(asl_aws::parameter_table)),
        Err(diagnostics) => return Verdict::Differs(format!("refused: {}", diagnostics[0])),
    };
    let start = Timestamp::parse("2026-04-14T07:10:10Z").unwrap_or_default();
    let execution = Execution::local("machine", "execution", (&case["input"]).into(), start, 1);
    if crash_changes_it(&program, &execution, || {
        let mut answers = Answers::of(case);
        move |request: &_| answers.answer(request)
    }) {
        return Verdict::Differs("a crash changes it".to_owned());
    }
    let mut answers = Answers::of(case);
    let mut events = Vec::new();
    let answer = |request: &TaskRequest| answers.answer(request);
    let finished = match simulation::run(program, execution, answer, |event| events.push(event)) {
        Ok(finished) => finished,
        Err(stuck) => return Verdict::Differs(format!("stuck: {stuck}")),
    };
    if expected["status"] != finished.status.name() {
        let recorded = format!("{} {} {}", expected["status"], expected["error"], expected["output"]);
        return Verdict::Differs(format!("recorded {recorded}, ours {:?}", finished.outcome));
    }
    match &finished.outcome {
        Ok(output) => succeeded(case, output, &events),
        Err(failure) => failed(expected, failure),
    }
}

fn succeeded(case: &Value, output: &asl_engine::Value, events: &[asl_engine::HistoryEvent]) -> Verdict {
    let expected = &case["expected"];
    let text = output.to_string();
    let ours: Value = match answered_with_its_payload(case) {
        true => sent_payloads(output, events),
        false => Value::from(output),
    };
    if let Some(recorded) = expected.get("output")
        && !same(recorded, &ours)
    {
        return Verdict::Differs(format!("output: recorded {recorded}, ours {ours}"));
    }
    let shape = expected["shape"].as_object().into_iter().flatten();
    for (path, wanted) in shape {
        if !has_shape(&ours, path, wanted) {
            return Verdict::Differs(format!("output at {path}: recorded {wanted}, ours {ours}"));
        }
    }
    let scheduled = events.iter().find_map(|event| match &event.kind {
        EventKind::TaskScheduled { parameters, .. } => Some(parameters["Payload"]["payload"].to_string()),
        _ => None,
    });
    for (name, ours) in [("outputText", Some(text)), ("requestText", scheduled)] {
        if let Some(recorded) = expected[name].as_str()
            && ours.as_deref() != Some(recorded)
        {
            return Verdict::Lax(format!("{name}: recorded {recorded}, ours {}", ours.unwrap_or_default()));
        }
    }
    Verdict::Strict
}

fn failed(expected: &Value, failure: &Failure) -> Verdict {
    // The recorder wrote the status where AWS gives no error or no cause.
    let error = failure.error.as_deref().unwrap_or("FAILED");
    let cause = failure.cause.as_deref().unwrap_or("FAILED");
    if expected["error"] != "*" && expected["error"] != error {
        return Verdict::Differs(format!("error: recorded {}, ours {error:?} with {cause:?}", expected["error"]));
    }
    if let Some(recorded) = expected["cause"].as_str()
        && masked(recorded) != masked(cause)
    {
        return Verdict::Lax(format!("cause: recorded {recorded:?}, ours {cause:?}"));
    }
    let parts = expected["causeContains"].as_array().into_iter().flatten().filter_map(Value::as_str);
    match parts.into_iter().find(|part| !cause.contains(part)) {
        Some(part) => Verdict::Lax(format!("cause: recorded one with {part:?}, ours {cause:?}")),
        None => Verdict::Strict,
    }
}

/// Numbers are the same by value.
fn same(recorded: &Value, ours: &Value) -> bool {
    match (recorded, ours) {
        (Value::Number(left), Value::Number(right)) => left == right || left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            let has = |(name, value)| right.get(name).is_some_and(|right| same(value, right));
            left.len() == right.len() && left.iter().all(has)
        }
        (left, right) => left == right,
    }
}

/// Whether the output has at `path` what is known of it: see `AWS2.md`.
fn has_shape(output: &Value, path: &str, wanted: &Value) -> bool {
    let within = |value: &Value, bounds: &Value| {
        value.as_f64().is_some_and(|value| bounds[0].as_f64() <= Some(value) && Some(value) < bounds[1].as_f64())
    };
    if path == "*" {
        let items = output.as_array().map(Vec::as_slice).unwrap_or_default();
        let sees = wanted.get("sees").is_none_or(|seen| items.contains(seen));
        return wanted["count"] == items.len() && items.iter().all(|item| within(item, &wanted["int"])) && sees;
    }
    let found = at(output, path);
    match (wanted, found) {
        (Value::String(pattern), Some(found)) => {
            let text = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
            Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(&text))
        }
        (Value::Object(wanted), found) if wanted.get("absent").is_some() => found.is_none(),
        (Value::Object(wanted), Some(found)) => wanted.iter().all(|(kind, bound)| match kind.as_str() {
            "int" => found.is_i64() && within(found, bound),
            "float" => within(found, bound),
            "eq" => Some(found) == at(output, bound.as_str().unwrap_or_default()),
            _ => false,
        }),
        _ => false,
    }
}

fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    let parts = path.split('.').filter(|part| *part != "$");
    parts.into_iter().try_fold(value, |value, part| match value {
        Value::Array(items) => items.get(part.parse::<usize>().ok()?),
        other => other.get(part),
    })
}

/// A cause without what every run has anew: account, identifiers, ARNs.
fn masked(cause: &str) -> String {
    let masks = [
        (r"\b\d{12}\b", "111111111111"),
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<id>"),
        (r"arn:aws:[a-z0-9-]+:[a-z0-9-]*:\d*:[A-Za-z0-9_:/.<>-]+", "<arn>"),
    ];
    masks.into_iter().fold(cause.to_owned(), |cause, (pattern, mask)| {
        Regex::new(pattern).expect("a pattern").replace_all(&cause, mask).into_owned()
    })
}

/// Whether a function answered its token with the payload that it was sent.
fn answered_with_its_payload(case: &Value) -> bool {
    case["mocks"].as_array().into_iter().flatten().any(|mock| mock.get("answer").is_some())
}

/// What such functions answer: the payloads as they were sent; a list of them where the output is one.
fn sent_payloads(output: &asl_engine::Value, events: &[asl_engine::HistoryEvent]) -> Value {
    let sent = events.iter().filter_map(|event| match &event.kind {
        EventKind::TaskScheduled { parameters, .. } => {
            Some(json!({ "payload": Value::from(&parameters["Payload"]["payload"]) }))
        }
        _ => None,
    });
    let mut sent: Vec<Value> = sent.collect();
    if Value::from(output).is_array() { sent.into() } else { sent.pop().unwrap_or_default() }
}

/// What the tasks of a case answer.
struct Answers {
    outcomes: BTreeMap<String, Vec<Value>>,
    bucket: Value,
    objects: serde_json::Map<String, Value>,
}

impl Answers {
    fn of(case: &Value) -> Self {
        let mocks = case["mocks"].as_array().into_iter().flatten();
        let outcomes = mocks.map(|mock| {
            let mut outcomes = mock["outcomes"].as_array().cloned().unwrap_or_default();
            outcomes.reverse();
            (mock["state"].as_str().unwrap_or_default().to_owned(), outcomes)
        });
        Self {
            outcomes: outcomes.collect(),
            bucket: case["s3"]["bucket"].clone(),
            objects: case["s3"]["objects"].as_object().cloned().unwrap_or_default(),
        }
    }

    fn answer(&mut self, request: &TaskRequest) -> Answer {
        let input = Value::from(&request.input);
        let outcome = match &*request.resource {
            "arn:aws:states:::s3:getObject" if self.bucket == input["Bucket"] => {
                let found = input["Key"].as_str().and_then(|key| self.objects.get(key)).and_then(Value::as_str);
                found.map(asl_engine::Value::from).ok_or_else(|| Failure::new("S3.NoSuchKeyException", ""))
            }
            "arn:aws:states:::s3:listObjectsV2" if self.bucket == input["Bucket"] => {
                let prefix = input["Prefix"].as_str().unwrap_or_default();
                let keys = self.objects.iter().filter(|(key, _)| key.starts_with(prefix));
                Ok((&json!({ "Contents": keys.map(|(key, _)| json!({ "Key": key })).collect::<Value>() })).into())
            }
            _ => match self.outcomes.get_mut(&*request.state).map(Vec::pop) {
                Some(Some(outcome)) if outcome["type"] == "success" => Ok((&outcome["output"]).into()),
                Some(Some(outcome)) => Err(Failure {
                    error: outcome["error"].as_str().map(Into::into),
                    cause: outcome["cause"].as_str().map(Into::into),
                    ..Failure::default()
                }),
                Some(None) => Ok(asl_engine::Value::empty_object()),
                None => Err(Failure::new("Unrecorded", format!("no answer is known for {}", request.state))),
            },
        };
        Answer::from(outcome)
    }
}
