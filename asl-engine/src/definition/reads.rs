//! The expressions and the paths of a state.

use super::ast::{Distributed, FractionField, Io, Items, Kind, Map, NumberField, State, TextField, Wait};
use crate::choice::{Rule, Test};
use crate::path::PathExpr;
use crate::query::Query;
use crate::template::Template;

/// Is told each expression.
type Found<'a> = &'a mut dyn FnMut(&Query);

/// Is told each path with the field that it stands in, by its way from the state; the field is empty where it has two names.
type FoundPath<'a> = &'a mut dyn FnMut(Start, &str, &PathExpr);

/// What the paths of a field that begin with `$.` start at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// The input of the state as it comes.
    Raw,
    /// What InputPath leaves of it.
    Input,
    /// A result, an error or an output; or a field of which it does not matter here.
    Other,
}

impl State {
    /// Tells every expression of the state, without those of scopes inside of it.
    pub(super) fn queries(&self, found: Found<'_>) {
        if let Io::Jsonata { arguments, output } = &self.io {
            each([arguments, output].into_iter().flatten(), found);
        }
        each(self.assign.iter().map(|assign| &assign.template), found);
        for catcher in &self.catch {
            each(catcher.assign.iter().map(|assign| &assign.template), found);
            each(&catcher.output, found);
        }
        match &self.kind {
            Kind::Pass { .. } | Kind::Succeed | Kind::Parallel { .. } => {}
            Kind::Task(task) => {
                each(&task.credentials, found);
                numbers([&task.timeout_seconds, &task.heartbeat_seconds], found);
            }
            Kind::Choice { choices, .. } => {
                for choice in choices {
                    choice.rule.query().into_iter().for_each(&mut *found);
                    each(choice.assign.iter().map(|assign| &assign.template), found);
                    each(&choice.output, found);
                }
            }
            Kind::Wait(Wait::SecondsQuery(query, _) | Wait::TimestampQuery(query)) => found(query),
            Kind::Wait(_) => {}
            Kind::Fail { error, cause } => {
                for field in [error, cause].into_iter().flatten() {
                    if let TextField::Query(query) = field {
                        found(query);
                    }
                }
            }
            Kind::Map(map) => in_map(map, found),
        }
    }
}

impl State {
    /// Tells every path of the state, those in calls included, without those of scopes inside of it.
    pub(super) fn paths(&self, found: FoundPath<'_>) {
        if let Io::JsonPath(paths) = &self.io {
            paths.input_path.iter().for_each(|path| found(Start::Raw, "InputPath", path));
            in_template(&paths.parameters, Start::Input, "Parameters", found);
            in_template(&paths.result_selector, Start::Other, "ResultSelector", found);
            paths.output_path.iter().for_each(|path| found(Start::Other, "OutputPath", path));
        }
        in_template(self.assign.iter().map(|assign| &assign.template), Start::Other, "Assign", found);
        for (at, catcher) in self.catch.iter().enumerate() {
            let assign = catcher.assign.iter().map(|assign| &assign.template);
            in_template(assign, Start::Other, &format!("Catch[{at}]/Assign"), found);
        }
        match &self.kind {
            Kind::Pass { .. } | Kind::Succeed | Kind::Parallel { .. } => {}
            Kind::Task(task) => {
                in_template(&task.credentials, Start::Other, "Credentials", found);
                in_number(&task.timeout_seconds, Start::Other, "TimeoutSecondsPath", found);
                in_number(&task.heartbeat_seconds, Start::Other, "HeartbeatSecondsPath", found);
            }
            Kind::Choice { choices, .. } => {
                for (at, choice) in choices.iter().enumerate() {
                    let field = format!("Choices[{at}]");
                    in_rule(&choice.rule, &mut |path| found(Start::Input, &field, path));
                    let assign = choice.assign.iter().map(|assign| &assign.template);
                    in_template(assign, Start::Other, &format!("{field}/Assign"), found);
                }
            }
            Kind::Wait(Wait::SecondsPath(path)) => found(Start::Input, "SecondsPath", path),
            Kind::Wait(Wait::TimestampPath(path)) => found(Start::Input, "TimestampPath", path),
            Kind::Wait(_) => {}
            Kind::Fail { error, cause } => {
                for (name, field) in [("ErrorPath", error), ("CausePath", cause)] {
                    match field {
                        Some(TextField::Path(path)) => found(Start::Input, name, path),
                        Some(TextField::Call(call)) => call.paths(&mut |path| found(Start::Input, name, path)),
                        Some(TextField::Literal(_) | TextField::Query(_)) | None => {}
                    }
                }
            }
            Kind::Map(map) => paths_in_map(map, found),
        }
    }
}

fn paths_in_map(map: &Map, found: FoundPath<'_>) {
    let reader = map.distributed.as_deref().and_then(|distributed| distributed.item_reader.as_ref());
    if let Some(Items::Path(path)) = &map.items {
        // An ItemReader takes what ItemsPath gives out of what it has read.
        found(if reader.is_some() { Start::Other } else { Start::Input }, "ItemsPath", path);
    }
    in_template(&map.item_selector, Start::Input, "", found);
    in_number(&map.max_concurrency, Start::Other, "MaxConcurrencyPath", found);
    in_number(&map.tolerated_failure_count, Start::Other, "ToleratedFailureCountPath", found);
    if let Some(FractionField::Path(path)) = &map.tolerated_failure_percentage {
        found(Start::Other, "ToleratedFailurePercentagePath", path);
    }
    let Some(Distributed { item_reader, item_batcher, result_writer, .. }) = map.distributed.as_deref() else { return };
    if let Some(reader) = item_reader {
        in_template(&reader.parameters, Start::Other, "ItemReader/Parameters", found);
        in_number(&reader.max_items, Start::Other, "ItemReader/ReaderConfig/MaxItemsPath", found);
    }
    if let Some(batcher) = item_batcher {
        in_template(&batcher.batch_input, Start::Other, "ItemBatcher/BatchInput", found);
        in_number(&batcher.max_items, Start::Other, "ItemBatcher/MaxItemsPerBatchPath", found);
        in_number(&batcher.max_input_bytes, Start::Other, "ItemBatcher/MaxInputBytesPerBatchPath", found);
    }
    if let Some((_, parameters)) = result_writer.as_ref().and_then(|writer| writer.destination.as_ref()) {
        in_template(parameters, Start::Other, "ResultWriter/Parameters", found);
    }
}

/// Tells every path of a Choice Rule.
pub(super) fn in_rule(rule: &Rule, found: &mut dyn FnMut(&PathExpr)) {
    match rule {
        Rule::And(rules) | Rule::Or(rules) => rules.iter().for_each(|rule| in_rule(rule, found)),
        Rule::Not(rule) => in_rule(rule, found),
        Rule::Compare { variable, test } => {
            found(variable);
            if let Test::Path(_, _, path) = test {
                found(path);
            }
        }
        Rule::Literal(_) | Rule::Query(_) => {}
    }
}

fn in_template<'a>(templates: impl IntoIterator<Item = &'a Template>, start: Start, field: &str, found: FoundPath<'_>) {
    for template in templates {
        template.paths(&mut |path| found(start, field, path));
    }
}

fn in_number(number: &Option<NumberField>, start: Start, field: &str, found: FoundPath<'_>) {
    if let Some(NumberField::Path(path)) = number {
        found(start, field, path);
    }
}

fn in_map(map: &Map, found: Found<'_>) {
    match &map.items {
        None | Some(Items::Path(_)) => {}
        Some(Items::Query(query)) => found(query),
        Some(Items::Template(template)) => template.queries(found),
    }
    each(&map.item_selector, found);
    numbers([&map.max_concurrency, &map.tolerated_failure_count], found);
    if let Some(FractionField::Query(query, _)) = &map.tolerated_failure_percentage {
        found(query);
    }
    let Some(Distributed { item_reader, item_batcher, result_writer, .. }) = map.distributed.as_deref() else { return };
    if let Some(reader) = item_reader {
        each(&reader.parameters, found);
        numbers([&reader.max_items], found);
    }
    if let Some(batcher) = item_batcher {
        each(&batcher.batch_input, found);
        numbers([&batcher.max_items, &batcher.max_input_bytes], found);
    }
    if let Some((_, parameters)) = result_writer.as_ref().and_then(|writer| writer.destination.as_ref()) {
        each(parameters, found);
    }
}

fn each<'a>(templates: impl IntoIterator<Item = &'a Template>, found: Found<'_>) {
    templates.into_iter().for_each(|template| template.queries(found));
}

fn numbers<'a>(fields: impl IntoIterator<Item = &'a Option<NumberField>>, found: Found<'_>) {
    for field in fields.into_iter().flatten() {
        if let NumberField::Query(query, _) = field {
            found(query);
        }
    }
}
