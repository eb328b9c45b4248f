use std::sync::Arc;

use super::ast::{
    Body, Catcher, Distributed, Io, ItemBatcher, Kind, Map, Name, State, StateType, Task, Transition, Wait,
};
use super::fields::Fields;
use super::{SCHEMA, UNSUPPORTED, choices, error, query_language};
use crate::diagnostic::{Diagnostic, Span};
use crate::json::{Member, NodeKind};
use crate::path::PathExpr;
use crate::reference_path::ReferencePath;
use crate::retry::Retrier;
use crate::time::Timestamp;

/// How long a state's name may be, in characters.
pub(super) const MAX_NAME: usize = 80;
/// How deeply branches and iterations may nest.
const MAX_SCOPES: usize = 32;

/// `StartAt` and `States`.
pub(super) fn body(fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Body {
    let mut body = Body { start_at: fields.string("StartAt", out), ..Body::default() };
    let location = fields.at("States");
    let span = fields.start();
    let Some(node) = fields.take("States") else { return body };
    let Some(mut states) = Fields::of(node, location.clone(), out) else { return body };
    let members = states.take_the_rest();
    if members.is_empty() {
        out.push(error(SCHEMA, "There must be at least one state", &location, span));
    }
    if location.matches("/States").count() > MAX_SCOPES {
        let message = format!("Branches and iterations cannot nest deeper than {MAX_SCOPES} levels");
        out.push(error(SCHEMA, message, &location, span));
        return body;
    }
    for member in members {
        match state(member, &location, out) {
            Some(state) => body.states.push(state),
            None => body.unreadable.push(member.name.clone()),
        }
    }
    body
}

fn state(member: &Member, location: &str, out: &mut Vec<Diagnostic>) -> Option<State> {
    let location: Arc<str> = format!("{location}/{}", member.name).into();
    if member.name.chars().count() > MAX_NAME {
        out.push(error(SCHEMA, "State name cannot exceed 80 characters", &location, member.name_span));
        return None;
    }
    let name = Name { text: member.name.clone(), span: member.name_span, location: location.clone() };
    let mut fields = Fields::of(&member.value, location, out)?;
    fields.require(&["Type"], out);
    let kind_name = fields.string("Type", out)?;
    let Some(state_type) = StateType::ALL.into_iter().find(|known| known.name() == &*kind_name.text) else {
        let known: Vec<&str> = StateType::ALL.iter().map(|known| known.name()).collect();
        let mut diagnostic =
            error(SCHEMA, format!("Unknown state type '{}'", kind_name.text), &kind_name.location, kind_name.span);
        diagnostic.help = Some(format!("the types are {}", known.join(", ")));
        out.push(diagnostic);
        return None;
    };
    fields.string("Comment", out);
    query_language(&mut fields, out);
    let io = io(state_type, &mut fields, out);
    let kind = kind(state_type, &mut fields, out);
    let assign = match state_type {
        StateType::Succeed | StateType::Fail => None,
        _ => fields.template("Assign", out),
    };
    let transition = transition(state_type, &mut fields, out);
    let (retry, catch) = match state_type {
        StateType::Task | StateType::Parallel | StateType::Map => {
            (retriers(&mut fields, out), catchers(&mut fields, out))
        }
        _ => (Vec::new(), Vec::new()),
    };
    fields.refuse_the_rest(out);
    Some(State { name, kind: kind?, io, assign, transition, retry, catch })
}

fn io(state_type: StateType, fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Io {
    use StateType::{Fail, Map, Parallel, Pass, Task};
    let whole = || Some(PathExpr::whole_input());
    let mut io = Io {
        input_path: whole(),
        parameters: None,
        result_selector: None,
        result_path: Some(ReferencePath::root()),
        output_path: whole(),
    };
    if state_type != Fail {
        io.input_path = fields.nullable_path("InputPath", out).unwrap_or_else(whole);
        io.output_path = fields.nullable_path("OutputPath", out).unwrap_or_else(whole);
    }
    if matches!(state_type, Pass | Task | Parallel) {
        io.parameters = fields.template("Parameters", out);
    }
    if matches!(state_type, Pass | Task | Parallel | Map) {
        io.result_path = fields.result_path(out).unwrap_or_else(|| Some(ReferencePath::root()));
    }
    if matches!(state_type, Task | Parallel | Map) {
        io.result_selector = fields.template("ResultSelector", out);
    }
    io
}

fn kind(state_type: StateType, fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Option<Kind> {
    Some(match state_type {
        StateType::Pass => Kind::Pass { result: fields.value("Result") },
        StateType::Task => {
            fields.require(&["Resource"], out);
            let timeout_seconds = fields.number_field("TimeoutSeconds", 1, out);
            let heartbeat_seconds = fields.number_field("HeartbeatSeconds", 1, out);
            let credentials = fields.template("Credentials", out);
            Kind::Task(Task { resource: resource(fields, out)?, credentials, timeout_seconds, heartbeat_seconds })
        }
        StateType::Choice => {
            fields.require(&["Choices"], out);
            Kind::Choice { choices: choices::choices(fields, out), default: fields.string("Default", out) }
        }
        StateType::Wait => Kind::Wait(wait(fields, out)?),
        StateType::Succeed => Kind::Succeed,
        StateType::Fail => {
            Kind::Fail { error: fields.text_field("Error", out), cause: fields.text_field("Cause", out) }
        }
        StateType::Parallel => {
            fields.require(&["Branches"], out);
            let location = fields.at("Branches");
            let branches = fields.items("Branches", out)?;
            let branch = |(index, node), out: &mut Vec<Diagnostic>| {
                let mut fields = Fields::of(node, format!("{location}[{index}]").into(), out)?;
                fields.require(&["States", "StartAt"], out);
                fields.string("Comment", out);
                let body = body(&mut fields, out);
                fields.refuse_the_rest(out);
                Some(body)
            };
            Kind::Parallel { branches: branches.iter().enumerate().filter_map(|node| branch(node, out)).collect() }
        }
        StateType::Map => Kind::Map(map(fields, out)?),
    })
}

fn resource(fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Option<Name> {
    let resource = fields.string("Resource", out)?;
    if !resource.text.starts_with("arn:") || resource.text.split(':').count() < 6 {
        out.push(error(SCHEMA, "Value is not a valid resource ARN", &resource.location, resource.span));
        return None;
    }
    Some(resource)
}

fn wait(fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Option<Wait> {
    const FORMS: [&str; 4] = ["Seconds", "SecondsPath", "Timestamp", "TimestampPath"];
    fields.exclusive(&FORMS, out);
    if FORMS.iter().all(|form| !fields.has(form)) {
        let message = format!("One of the fields [{}] is required", FORMS.join(", "));
        out.push(error(SCHEMA, message, fields.location(), fields.start()));
    }
    let mut found = fields.integer("Seconds", 0, out).map(Wait::Seconds);
    found = found.or(fields.path("SecondsPath", out).map(Wait::SecondsPath));
    if let Some(text) = fields.string("Timestamp", out) {
        match Timestamp::parse(&text.text) {
            Some(at) => found = Some(Wait::Timestamp(at)),
            None => out.push(error(SCHEMA, "String does not match RFC3339 timestamp", &text.location, text.span)),
        }
    }
    found.or(fields.path("TimestampPath", out).map(Wait::TimestampPath))
}

fn map(fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Option<Map> {
    fields.exclusive(&["ItemProcessor", "Iterator"], out);
    fields.exclusive(&["ItemSelector", "Parameters"], out);
    let max_concurrency = fields.number_field("MaxConcurrency", 0, out);
    let items_path = fields.path("ItemsPath", out);
    let parameters = fields.template("Parameters", out);
    let item_selector = fields.template("ItemSelector", out).or(parameters);
    let name = if fields.has("Iterator") { "Iterator" } else { "ItemProcessor" };
    fields.require(&[name], out);
    let node = fields.take(name)?;
    let mut processor = Fields::of(node, fields.at(name), out)?;
    processor.require(&["States", "StartAt"], out);
    processor.string("Comment", out);
    let distributed = is_distributed(&mut processor, out).then(|| Box::new(distributed(fields, out)));
    let body = body(&mut processor, out);
    processor.refuse_the_rest(out);
    Some(Map { body, items_path, item_selector, max_concurrency, distributed })
}

/// The fields that only a Map state in the mode `DISTRIBUTED` has.
fn distributed(fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Distributed {
    for field in ["ItemReader", "ResultWriter"] {
        if let Some(node) = fields.take(field) {
            unsupported(&format!("the field {field} of a Map state"), &fields.at(field), node.span, out);
        }
    }
    Distributed {
        label: fields.string("Label", out).map(|label| label.text),
        tolerated_failure_count: fields.number_field("ToleratedFailureCount", 0, out),
        tolerated_failure_percentage: fields.fraction_field("ToleratedFailurePercentage", 0.0, out),
        item_batcher: item_batcher(fields, out),
    }
}

fn item_batcher(fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Option<ItemBatcher> {
    let location = fields.at("ItemBatcher");
    let mut fields = Fields::of(fields.take("ItemBatcher")?, location, out)?;
    let batcher = ItemBatcher {
        max_items: fields.number_field("MaxItemsPerBatch", 1, out),
        max_input_bytes: fields.number_field("MaxInputBytesPerBatch", 1, out),
        batch_input: fields.template("BatchInput", out),
    };
    if batcher.max_items.is_none() && batcher.max_input_bytes.is_none() {
        let message = "At least one of the fields [MaxItemsPerBatch, MaxInputBytesPerBatch] is required";
        out.push(error(SCHEMA, message, fields.location(), fields.start()));
    }
    fields.refuse_the_rest(out);
    Some(batcher)
}

/// Reads `ProcessorConfig`: whether the mode is `DISTRIBUTED`.
fn is_distributed(processor: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> bool {
    let location = processor.at("ProcessorConfig");
    let Some(node) = processor.take("ProcessorConfig") else { return false };
    let Some(mut config) = Fields::of(node, location, out) else { return false };
    let mode = config.string("Mode", out);
    let execution_type = config.string("ExecutionType", out);
    let distributed = mode.as_ref().is_some_and(|mode| &*mode.text == "DISTRIBUTED");
    if let Some(mode) = mode.filter(|mode| !matches!(&*mode.text, "INLINE" | "DISTRIBUTED")) {
        out.push(error(SCHEMA, "Value must be one of [INLINE, DISTRIBUTED]", &mode.location, mode.span));
    }
    if let Some(found) = execution_type {
        if !matches!(&*found.text, "STANDARD" | "EXPRESS") {
            out.push(error(SCHEMA, "Value must be one of [STANDARD, EXPRESS]", &found.location, found.span));
        } else if !distributed {
            out.push(error(SCHEMA, "ExecutionType goes with the mode DISTRIBUTED", &found.location, found.span));
        }
    }
    config.refuse_the_rest(out);
    distributed
}

fn unsupported(what: &str, location: &str, span: Span, out: &mut Vec<Diagnostic>) {
    out.push(error(UNSUPPORTED, format!("asl does not run {what} yet"), location, span));
}

fn transition(state_type: StateType, fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Transition {
    if matches!(state_type, StateType::Choice | StateType::Succeed | StateType::Fail) {
        return Transition::End;
    }
    fields.exclusive(&["Next", "End"], out);
    let next = fields.string("Next", out);
    let end = fields.boolean("End", out).unwrap_or(false);
    match next {
        Some(next) => Transition::Next(next),
        None => {
            if !end && !fields.has("Next") {
                let message = "Either 'Next' or '\"End\": true' is required";
                out.push(error(SCHEMA, message, fields.location(), fields.start()));
            }
            Transition::End
        }
    }
}

/// The members of `Retry` or `Catch`, each as fields.
fn policies<T>(
    name: &str,
    fields: &mut Fields<'_>,
    out: &mut Vec<Diagnostic>,
    mut read: impl FnMut(&mut Fields<'_>, Vec<Arc<str>>, &mut Vec<Diagnostic>) -> Option<T>,
) -> Vec<T> {
    let location = fields.at(name);
    let Some(items) = fields.items(name, out) else { return Vec::new() };
    let mut found = Vec::with_capacity(items.len());
    for (index, node) in items.iter().enumerate() {
        let Some(mut fields) = Fields::of(node, format!("{location}[{index}]").into(), out) else { continue };
        fields.require(&["ErrorEquals"], out);
        fields.string("Comment", out);
        let errors = error_equals(&mut fields, index + 1 == items.len(), out);
        found.extend(read(&mut fields, errors, out));
        fields.refuse_the_rest(out);
    }
    found
}

fn error_equals(fields: &mut Fields<'_>, last: bool, out: &mut Vec<Diagnostic>) -> Vec<Arc<str>> {
    let location = fields.at("ErrorEquals");
    let span = fields.start();
    let Some(items) = fields.items("ErrorEquals", out) else { return Vec::new() };
    let mut names: Vec<Arc<str>> = Vec::with_capacity(items.len());
    for item in items {
        match &item.kind {
            NodeKind::String(name) => names.push(name.clone()),
            _ => out.push(error(SCHEMA, "Expected value of type String", &location, item.span)),
        }
    }
    if items.is_empty() {
        out.push(error(SCHEMA, "Array size must be at least 1", &location, span));
    }
    if names.iter().any(|name| &**name == "States.ALL") && (names.len() > 1 || !last) {
        let message = "States.ALL must appear alone and at the end of the list";
        out.push(error(SCHEMA, message, &location, span));
    }
    names
}

fn retriers(fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Vec<Retrier> {
    policies("Retry", fields, out, |fields, error_equals, out| {
        let jitter = fields.string("JitterStrategy", out);
        if let Some(other) = jitter.as_ref().filter(|jitter| !matches!(&*jitter.text, "FULL" | "NONE")) {
            out.push(error(SCHEMA, "Value must be one of [FULL, NONE]", &other.location, other.span));
        }
        Some(Retrier {
            error_equals,
            interval_seconds: fields.integer("IntervalSeconds", 1, out).unwrap_or(1),
            max_attempts: fields.integer("MaxAttempts", 0, out).unwrap_or(3),
            backoff_rate: fields.float("BackoffRate", 1.0, out).unwrap_or(2.0),
            max_delay_seconds: fields.integer("MaxDelaySeconds", 1, out),
            full_jitter: jitter.is_some_and(|jitter| &*jitter.text == "FULL"),
        })
    })
}

fn catchers(fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Vec<Catcher> {
    policies("Catch", fields, out, |fields, error_equals, out| {
        fields.require(&["Next"], out);
        let result_path = fields.result_path(out).unwrap_or_else(|| Some(ReferencePath::root()));
        let assign = fields.template("Assign", out);
        Some(Catcher { error_equals, result_path, assign, next: fields.string("Next", out)? })
    })
}
