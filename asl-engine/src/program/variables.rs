//! Which variables the states of a program read.

use std::collections::{BTreeMap, BTreeSet};

use super::{Kind, Program, State};
use crate::definition::ast::{Distributed, FractionField, Io, Items, NumberField, TextField, Wait};
use crate::jsonata::Reference;
use crate::path::PathExpr;
use crate::template::Template;

/// Is told the name of each variable that is read.
type Found<'a> = &'a mut dyn FnMut(&str);

impl Program {
    /// The variables that each state reads, by the name of the state: `variableReferences` of AWS's DescribeStateMachine.
    ///
    /// States that read none are left out; those of branches and iterations stand beside the others. A name that is also a
    /// function of JSONata, such as `count`, is a variable where some state assigns it.
    ///
    /// ```
    /// use asl_engine::Program;
    ///
    /// let program = Program::parse(r#"{"StartAt": "Price", "States": {
    ///     "Price": {"Type": "Pass", "Assign": {"net": 20, "rate": 0.19}, "Next": "Tax"},
    ///     "Tax": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $round($rate * $net, 2) %}", "End": true}
    /// }}"#).unwrap();
    /// let references = program.variable_references();
    /// assert_eq!(references.into_iter().collect::<Vec<_>>(), [("Tax", vec!["net".to_owned(), "rate".to_owned()])]);
    /// ```
    pub fn variable_references(&self) -> BTreeMap<&str, Vec<String>> {
        let states = || self.scopes.iter().flat_map(|scope| &scope.states);
        let assigned: BTreeSet<&str> = states().flat_map(State::assigned).collect();
        let read = |state: &State| {
            let mut names = BTreeSet::new();
            state.variables(&mut |name| {
                if assigned.contains(name) || !Reference::is_function(name) {
                    names.insert(name.to_owned());
                }
            });
            names.into_iter().collect::<Vec<_>>()
        };
        states().map(|state| (&*state.name, read(state))).filter(|(_, names)| !names.is_empty()).collect()
    }
}

impl State {
    /// The names of the variables that it may assign.
    fn assigned(&self) -> impl Iterator<Item = &str> {
        let choices = match &self.kind {
            Kind::Choice { choices, .. } => choices.as_slice(),
            _ => &[],
        };
        let catchers = self.catch.iter().map(|catcher| &catcher.assign);
        let assigns = catchers.chain(choices.iter().map(|choice| &choice.assign)).chain([&self.assign]);
        assigns.flatten().flat_map(Template::names)
    }

    fn variables(&self, found: Found<'_>) {
        match &self.io {
            Io::JsonPath(paths) => {
                each([&paths.parameters, &paths.result_selector], found);
                let paths = [&paths.input_path, &paths.output_path];
                paths.into_iter().flatten().for_each(|path| in_path(path, found));
            }
            Io::Jsonata { arguments, output } => each([arguments, output], found),
        }
        each([&self.assign], found);
        self.catch.iter().for_each(|catcher| each([&catcher.assign, &catcher.output], found));
        match &self.kind {
            Kind::Pass { .. } | Kind::Succeed | Kind::Parallel { .. } => {}
            Kind::Task(task) => {
                each([&task.credentials], found);
                [&task.timeout_seconds, &task.heartbeat_seconds].into_iter().for_each(|field| in_number(field, found));
            }
            Kind::Choice { choices, .. } => {
                for choice in choices {
                    choice.rule.variables(found);
                    each([&choice.assign, &choice.output], found);
                }
            }
            Kind::Wait(wait) => match wait {
                Wait::Seconds(_) | Wait::Timestamp(_) => {}
                Wait::SecondsPath(path) | Wait::TimestampPath(path) => in_path(path, found),
                Wait::SecondsQuery(query, _) | Wait::TimestampQuery(query) => query.variables(found),
            },
            Kind::Fail { error, cause } => [error, cause].into_iter().for_each(|field| in_text(field, found)),
            Kind::Map(map) => {
                match &map.items {
                    None => {}
                    Some(Items::Path(path)) => in_path(path, found),
                    Some(Items::Query(query)) => query.variables(found),
                    Some(Items::Template(template)) => template.variables(found),
                }
                each([&map.item_selector], found);
                [&map.max_concurrency, &map.tolerated_failure_count]
                    .into_iter()
                    .for_each(|field| in_number(field, found));
                match &map.tolerated_failure_percentage {
                    None | Some(FractionField::Literal(_)) => {}
                    Some(FractionField::Path(path)) => in_path(path, found),
                    Some(FractionField::Query(query, _)) => query.variables(found),
                }
                if let Some(distributed) = &map.distributed {
                    in_distributed(distributed, found);
                }
            }
        }
    }
}

fn in_distributed(distributed: &Distributed, found: Found<'_>) {
    if let Some(reader) = &distributed.item_reader {
        each([&reader.parameters], found);
        in_number(&reader.max_items, found);
    }
    if let Some(writer) = &distributed.result_writer
        && let Some((_, parameters)) = &writer.destination
    {
        each([parameters], found);
    }
    if let Some(batcher) = &distributed.item_batcher {
        each([&batcher.batch_input], found);
        in_number(&batcher.max_items, found);
        in_number(&batcher.max_input_bytes, found);
    }
}

fn each<'a>(templates: impl IntoIterator<Item = &'a Option<Template>>, found: Found<'_>) {
    templates.into_iter().flatten().for_each(|template| template.variables(found));
}

fn in_path(path: &PathExpr, found: Found<'_>) {
    path.variable().into_iter().for_each(found);
}

fn in_number(field: &Option<NumberField>, found: Found<'_>) {
    match field {
        None | Some(NumberField::Literal(_)) => {}
        Some(NumberField::Path(path)) => in_path(path, found),
        Some(NumberField::Query(query, _)) => query.variables(found),
    }
}

fn in_text(field: &Option<TextField>, found: Found<'_>) {
    match field {
        None | Some(TextField::Literal(_)) => {}
        Some(TextField::Path(path)) => in_path(path, found),
        Some(TextField::Call(call)) => call.variables(found),
        Some(TextField::Query(query)) => query.variables(found),
    }
}
