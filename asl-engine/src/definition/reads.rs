//! The expressions of a state.

use super::ast::{Distributed, FractionField, Io, Items, Kind, Map, NumberField, State, TextField, Wait};
use crate::query::Query;
use crate::template::Template;

/// Is told each expression.
type Found<'a> = &'a mut dyn FnMut(&Query);

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
    let Some(Distributed { item_reader, item_batcher, result_writer }) = map.distributed.as_deref() else { return };
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
