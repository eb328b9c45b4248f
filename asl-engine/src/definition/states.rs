use std::sync::Arc;

use super::ast::{Body, Io, Kind, Name, NumberField, Paths, State, StateType, Task, Transition, Wait};
use super::fields::Fields;
use super::language::{self, Language};
use super::queries::Sees;
use super::{MAX_SECONDS, SCHEMA, choices, error, map, policies, resource, warnings};
use crate::diagnostic::{Diagnostic, Span};
use crate::json::{Member, Node, NodeKind};
use crate::path::PathExpr;
use crate::reference_path::ReferencePath;
use crate::template::Template;
use crate::time::Timestamp;

/// How long a state's name may be, in characters.
const MAX_NAME: usize = 80;
/// How deeply branches and iterations may nest.
pub(super) const MAX_SCOPES: usize = 32;

/// The words of `Type`, in AWS's order.
const TYPES: [&str; 8] = ["Task", "Wait", "Pass", "Succeed", "Fail", "Choice", "Parallel", "Map"];

/// `StartAt` and `States`.
pub(super) fn body(fields: &mut Fields<'_>, language: Language, out: &mut Vec<Diagnostic>) -> Body {
    let mut body = Body { location: fields.location().clone(), ..Body::default() };
    body.start_at = fields.string("StartAt", out);
    let location = fields.at("States");
    let Some(node) = fields.take("States") else { return body };
    let NodeKind::Object(members) = &node.kind else {
        out.push(error(SCHEMA, "Expected value of type Object", &location, node.span));
        return body;
    };
    if members.is_empty() {
        out.push(error(SCHEMA, "Value cannot be empty", &location, node.span));
    }
    if location.matches("/States").count() > MAX_SCOPES {
        let message = format!("Branches and iterations cannot nest deeper than {MAX_SCOPES} levels");
        out.push(error("TOO_DEEPLY_NESTED", message, &location, fields.start()));
        return body;
    }
    for member in members {
        body.states.extend(state(member, &location, language, out));
    }
    body
}

/// A state; `None` where it cannot be read.
fn state(member: &Member, location: &str, language: Language, out: &mut Vec<Diagnostic>) -> Option<State> {
    let location: Arc<str> = format!("{location}/{}", member.name).into();
    if member.name.is_empty() || member.name.chars().count() > MAX_NAME {
        // Of the first words, AWS's are not known.
        let message = match member.name.is_empty() {
            true => "State name cannot be empty".to_owned(),
            false => format!("State name exceeds the {MAX_NAME}-character limit allowed by the service"),
        };
        out.push(error("INVALID_STATE_NAME", message, &location, member.name_span));
    }
    let name = Name { text: member.name.clone(), span: member.name_span, location: location.clone() };
    let mut fields = Fields::of(&member.value, location, out)?;
    let word = fields.discriminator("Type", &TYPES, out)?;
    let state_type = StateType::ALL.into_iter().find(|known| known.name() == &*word.text)?;
    fields.string("Comment", out);
    let own = language::of_state(language, &mut fields, out);
    fields.set_language(own);
    language::refuse_other(own, &mut fields, out);
    let sees = match state_type {
        StateType::Task | StateType::Parallel | StateType::Map => Sees::Result,
        _ => Sees::Input,
    };
    let io = match own {
        Language::JsonPath => Io::JsonPath(paths(state_type, &mut fields, out)),
        Language::Jsonata => jsonata_io(state_type, sees, &mut fields, out),
    };
    let kind = kind(state_type, &mut fields, language, out);
    let assign = match state_type {
        StateType::Succeed | StateType::Fail => None,
        _ => fields.assign(sees, out),
    };
    let transition = transition(state_type, &mut fields, out);
    let (retry, catch) = match state_type {
        StateType::Task | StateType::Parallel | StateType::Map => {
            (policies::retriers(&mut fields, out), policies::catchers(&mut fields, out))
        }
        _ => (Vec::new(), Some(Vec::new())),
    };
    fields.refuse_the_rest(out);
    let span = Span { start: member.name_span.start, end: member.value.span.end };
    Some(State { name, span, kind: kind?, io, assign, transition: transition?, retry, catch: catch? })
}

fn jsonata_io(state_type: StateType, sees: Sees, fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Io {
    let arguments = match state_type {
        StateType::Task | StateType::Parallel => fields.template("Arguments", out),
        _ => None,
    };
    let output = match state_type {
        StateType::Fail => None,
        _ => fields.output(sees, out),
    };
    Io::Jsonata { arguments, output }
}

fn paths(state_type: StateType, fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Paths {
    use StateType::{Fail, Map, Parallel, Pass, Task};
    let whole = || Some(PathExpr::whole_input());
    let mut paths = Paths {
        input_path: whole(),
        parameters: None,
        result_selector: None,
        result_path: Some(ReferencePath::root()),
        output_path: whole(),
    };
    if state_type != Fail {
        paths.input_path = fields.nullable_path("InputPath", out).unwrap_or_else(whole);
        paths.output_path = fields.nullable_path("OutputPath", out).unwrap_or_else(whole);
    }
    if matches!(state_type, Pass | Task | Parallel) {
        paths.parameters = fields.template("Parameters", out);
    }
    if matches!(state_type, Pass | Task | Parallel | Map) {
        paths.result_path = fields.result_path(out).unwrap_or_else(|| Some(ReferencePath::root()));
    }
    if matches!(state_type, Task | Parallel | Map) {
        paths.result_selector = fields.template("ResultSelector", out);
    }
    paths
}

fn kind(state_type: StateType, fields: &mut Fields<'_>, machine: Language, out: &mut Vec<Diagnostic>) -> Option<Kind> {
    Some(match state_type {
        StateType::Pass => {
            let location = fields.at("Result");
            let result = fields.take("Result");
            if let Some(node) = result {
                warnings::static_result(node, &location, out);
                warnings::not_jsonata(node, &location, out);
            }
            Kind::Pass { result: result.map(Node::to_value) }
        }
        StateType::Task => Kind::Task(task(fields, out)?),
        StateType::Choice => {
            fields.require(&["Choices"], out);
            let choices = choices::choices(fields, out);
            let default = fields.string("Default", out);
            if default.is_none() && fields.has("Default") {
                return None;
            }
            Kind::Choice { choices: choices?, default }
        }
        StateType::Wait => Kind::Wait(wait(fields, out)?),
        StateType::Succeed => Kind::Succeed,
        StateType::Fail => {
            Kind::Fail { error: fields.text_field("Error", out), cause: fields.text_field("Cause", out) }
        }
        StateType::Parallel => Kind::Parallel { branches: branches(fields, machine, out)? },
        StateType::Map => Kind::Map(Box::new(map::map(fields, machine, out)?)),
    })
}

fn branches(fields: &mut Fields<'_>, machine: Language, out: &mut Vec<Diagnostic>) -> Option<Vec<Body>> {
    fields.require(&["Branches"], out);
    let location = fields.at("Branches");
    let branches = fields.items("Branches", out)?;
    let branch = |(index, node), out: &mut Vec<Diagnostic>| {
        let mut fields = Fields::of(node, format!("{location}[{index}]").into(), out)?;
        fields.require(&["States", "StartAt"], out);
        fields.string("Comment", out);
        let body = body(&mut fields, machine, out);
        fields.refuse_the_rest(out);
        Some(body)
    };
    Some(branches.iter().enumerate().filter_map(|node| branch(node, out)).collect())
}

fn task(fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Option<Task> {
    fields.require(&["Resource"], out);
    let timeout_seconds = fields.number_field_in("TimeoutSeconds", 1..=MAX_SECONDS, out);
    let heartbeat_seconds = fields.number_field_in("HeartbeatSeconds", 1..=MAX_SECONDS, out);
    if let (Some(NumberField::Literal(timeout)), Some(NumberField::Literal(heartbeat))) =
        (&timeout_seconds, &heartbeat_seconds)
        && heartbeat >= timeout
    {
        let message = "The field 'HeartbeatSeconds' must be smaller than 'TimeoutSeconds'";
        out.push(error(SCHEMA, message, fields.location(), fields.span_of("HeartbeatSeconds")));
    }
    let span = fields.span_of("Credentials");
    let credentials = credentials(fields, out);
    let resource = resource::resource(fields, out)?;
    if credentials.is_some() && resource::call(&resource.text) == Some(resource::Call::Activity) {
        let message = "The field 'Credentials' is not supported for activities";
        out.push(error(SCHEMA, message, &fields.at("Credentials"), span));
    }
    if resource.text.ends_with(".waitForTaskToken") {
        let parameters = ["Parameters", "Arguments"].into_iter().find_map(|name| fields.peek(name));
        // Without parameters, InputPath may lead to it.
        let may_pass = |node: &Node| warnings::may_pass_token(node);
        if !parameters.map_or(fields.has("InputPath"), may_pass) {
            warnings::token_not_passed(fields.location(), resource.span, out);
        }
    }
    Some(Task { resource, credentials, timeout_seconds, heartbeat_seconds })
}

/// `Credentials`: the role that the task is called with.
fn credentials(fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Option<Template> {
    let role_arn = match fields.language() {
        Language::JsonPath => fields.object_has("Credentials", &["RoleArn", "RoleArn.$"]),
        Language::Jsonata => fields.object_has("Credentials", &["RoleArn"]),
    };
    let span = fields.span_of("Credentials");
    let credentials = fields.template("Credentials", out)?;
    if !role_arn {
        let message = "The field 'RoleArn' is required but was missing";
        out.push(error(SCHEMA, message, &fields.at("Credentials"), span));
    }
    Some(credentials)
}

fn wait(fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Option<Wait> {
    let forms: &[&str] = match fields.language() {
        Language::JsonPath => &["SecondsPath", "Seconds", "TimestampPath", "Timestamp"],
        Language::Jsonata => &["Seconds", "Timestamp"],
    };
    fields.one_of_fields(forms, None, out);
    // Both are read, so that neither is left over for a field that is not supported.
    let seconds = fields.expression("Seconds", out);
    let timestamp = fields.expression("Timestamp", out);
    if let Some(query) = seconds {
        fields.take("Timestamp");
        return query.map(|query| Wait::SecondsQuery(query, (0, i64::MAX)));
    }
    if let Some(query) = timestamp {
        fields.take("Seconds");
        return query.map(Wait::TimestampQuery);
    }
    let unfilled = fields.is_unfilled("Seconds") || fields.is_unfilled("Timestamp");
    let mut found = fields.integer_in("Seconds", 0..=MAX_SECONDS, out).map(Wait::Seconds);
    if fields.language() == Language::JsonPath {
        found = found.or(fields.reference_path("SecondsPath", false, out).map(Wait::SecondsPath));
    }
    if let Some(text) = fields.string("Timestamp", out) {
        match Timestamp::parse(&text.text) {
            Some(at) => found = Some(Wait::Timestamp(at)),
            None => {
                let help = match (text.text.starts_with('$'), fields.language()) {
                    (true, Language::JsonPath) => "a path goes into the field 'TimestampPath'",
                    (true, Language::Jsonata) => "an expression stands between '{%' and '%}'",
                    (false, _) => "such as 2024-02-29T12:00:00Z",
                };
                let message = "String does not match RFC3339 timestamp";
                let help = Some(help.to_owned());
                out.push(Diagnostic { help, ..error(SCHEMA, message, &text.location, text.span) });
            }
        }
    }
    if fields.language() == Language::JsonPath {
        found = found.or(fields.reference_path("TimestampPath", false, out).map(Wait::TimestampPath));
    }
    // A run in which it may stay open how long a state waits has no time to lose.
    found.or(unfilled.then_some(Wait::Seconds(0)))
}

/// `Next` or `End`; `None` where it is not known which.
fn transition(state_type: StateType, fields: &mut Fields<'_>, out: &mut Vec<Diagnostic>) -> Option<Transition> {
    if matches!(state_type, StateType::Choice | StateType::Succeed | StateType::Fail) {
        return Some(Transition::End(fields.value_span("Type")));
    }
    let help = "where the state ends its branch or the execution, write '\"End\": true'";
    fields.one_of_fields(&["Next", "End"], Some(help), out);
    let next = fields.string("Next", out);
    let end = fields.boolean("End", out);
    if let Some(next) = next {
        return Some(Transition::Next(next));
    }
    if end == Some(false) && !fields.has("Next") {
        // As without either: nothing says what follows.
        fields.none_of(&["Next", "End"], Some(help), out);
    }
    (end == Some(true)).then(|| Transition::End(fields.value_span("End")))
}
