//! The text of a routing file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use asl_aws::names::is_step_functions_name;
use asl_aws::{Place, Services};
#[cfg(feature = "embedded")]
use asl_embedded::{Mail, QueueSettings, Subscribers, Subscription, Table};
use asl_runtime::Pattern;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::error::{InvalidAt, InvalidRoutes};
use super::{
    Api, BucketName, CheckSettings, Endpoint, HandlerKind, MachineFile, MachineLogging, QueueName, Queues, Route,
    Routes, TopicName, Trigger,
};
use crate::integrations::http::Connection;
#[cfg(not(feature = "embedded"))]
use crate::left_out::{self, Embedded as Mail, Embedded as QueueSettings, Embedded as Subscription, Embedded as Table};
use crate::mocks;

/// A state machine that tasks can start.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StateMachine {
    definition: PathBuf,
    #[serde(default, rename = "type")]
    machine_type: MachineType,
    logging: Option<MachineLogging>,
}

#[derive(Default, Deserialize)]
enum MachineType {
    #[default]
    #[serde(rename = "STANDARD")]
    Standard,
    #[serde(rename = "EXPRESS")]
    Express,
}

/// What is filled in for a placeholder: a text, or what JSON writes as TOML does.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a substitution is a text, a number or a Boolean")]
enum FilledIn {
    Text(String),
    Boolean(bool),
    Integer(i64),
    Float(f64),
}

/// Everything but the lists of tables. They are taken out before, and stand here so that they are named among what is allowed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    #[serde(default)]
    services: Services,
    #[serde(default)]
    tables: BTreeMap<String, Table>,
    #[serde(default)]
    buckets: BTreeSet<BucketName>,
    #[serde(default)]
    event_buckets: BTreeSet<BucketName>,
    queues: Option<Queues<QueueSettings>>,
    topics: Option<BTreeSet<TopicName>>,
    #[serde(default)]
    connections: BTreeMap<String, Connection>,
    #[serde(default)]
    subscriptions: Vec<Spanned<Subscription>>,
    mail: Option<Mail>,
    #[serde(default)]
    endpoint: Endpoint,
    #[serde(default)]
    state_machines: BTreeMap<String, StateMachine>,
    #[serde(default)]
    triggers: Vec<Trigger>,
    #[serde(default)]
    apis: BTreeMap<String, Api>,
    #[serde(default)]
    substitutions: BTreeMap<String, FilledIn>,
    #[serde(default)]
    check: CheckSettings,
    #[serde(default, rename = "routes")]
    _routes: Option<IgnoredAny>,
    #[serde(default, rename = "mocks")]
    _mocks: Option<IgnoredAny>,
}

impl FilledIn {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Boolean(value) => value.to_string(),
            Self::Integer(number) => number.to_string(),
            Self::Float(number) => number.to_string(),
        }
    }
}

/// Reads the text of a routing file.
pub(super) fn parse(text: &str) -> Result<Routes, InvalidAt> {
    let document = DeTable::parse(text)?;
    let span = document.span();
    let mut document = document.into_inner();
    let routes = entries(&mut document, "routes")?.into_iter().map(route).collect::<Result<Vec<_>, _>>()?;
    let (mut mocks, mut mocked_waits) = (BTreeMap::new(), BTreeMap::new());
    for entry in entries(&mut document, "mocks")? {
        let span = entry.span();
        let added = mocks::table::add(read(entry)?, &mut mocks, &mut mocked_waits);
        added.map_err(|error| InvalidRoutes::Mocks(Box::new(error)).at(span))?;
    }
    let tables = document.get("tables").and_then(|tables| tables.get_ref().as_table());
    for (name, _) in tables.into_iter().flatten() {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        let text: &str = name.get_ref();
        if !(3..=255).contains(&text.len()) || !text.chars().all(allowed) {
            return Err(InvalidRoutes::TableName(text.to_owned()).at(name.span()));
        }
    }
    let machines = document.get("state_machines").and_then(|machines| machines.get_ref().as_table());
    for (name, _) in machines.into_iter().flatten() {
        let text: &str = name.get_ref();
        if !is_step_functions_name(text) {
            return Err(InvalidRoutes::StateMachineName(text.to_owned()).at(name.span()));
        }
    }
    let head: Head = read(Spanned::new(span, DeValue::Table(document)))?;
    let state_machines = head.state_machines.into_iter().map(|(name, machine)| {
        let is_express = matches!(machine.machine_type, MachineType::Express);
        (name, MachineFile { definition: machine.definition, is_express, logging: machine.logging })
    });
    let state_machines = state_machines.collect();
    let Head {
        services,
        tables,
        buckets,
        event_buckets,
        queues,
        topics,
        endpoint,
        connections,
        subscriptions,
        mail,
        triggers,
        apis,
        substitutions,
        check,
        ..
    } = head;
    let named = triggers.iter().filter_map(|trigger| trigger.api.as_ref());
    if let Some(unknown) = named.into_iter().find(|api| !apis.contains_key(*api)) {
        return Err(InvalidRoutes::NoSuchApi(unknown.clone()).at(0..0));
    }
    let (queues, queue_settings) = match queues {
        None => (None, BTreeMap::new()),
        Some(Queues(queues)) => {
            let queues = queues.into_iter().map(|(QueueName(name), settings)| (name, settings));
            let queues: BTreeMap<String, Option<QueueSettings>> = queues.collect();
            let names = queues.keys().cloned().collect();
            (Some(names), queues.into_iter().filter_map(|(name, settings)| Some((name, settings?))).collect())
        }
    };
    let topics = topics.map(|names| names.into_iter().map(|TopicName(name)| name).collect());
    let substitutions = substitutions.into_iter().map(|(name, value)| (name, value.into_text())).collect();
    let buckets = buckets.into_iter().map(|BucketName(name)| name).collect();
    let event_buckets = event_buckets.into_iter().map(|BucketName(name)| name).collect();
    #[cfg(feature = "embedded")]
    check_subscriptions(&subscriptions, &services, mail.as_ref())?;
    #[cfg(feature = "embedded")]
    let subscribers = Subscribers {
        subscriptions: subscriptions.into_iter().map(Spanned::into_inner).collect(),
        mail,
        ..Subscribers::default()
    };
    // What is told them is refused when it is read.
    #[cfg(not(feature = "embedded"))]
    let _: (_, _, _, BTreeMap<String, QueueSettings>) = (tables, subscriptions, mail, queue_settings);
    #[cfg(not(feature = "embedded"))]
    check_buckets(&buckets, &routes, &services)?;
    Ok(Routes {
        services,
        #[cfg(feature = "embedded")]
        tables,
        buckets,
        event_buckets,
        queues,
        #[cfg(feature = "embedded")]
        queue_settings,
        topics,
        connections,
        #[cfg(feature = "embedded")]
        subscribers: vec![subscribers],
        endpoint,
        state_machines,
        triggers,
        apis,
        substitutions,
        check,
        routes,
        mocks,
        mocked_waits,
        file: None,
        written_by_hand: None,
    })
}

/// Whether what the subscriptions need is embedded, or there.
#[cfg(feature = "embedded")]
fn check_subscriptions(
    subscriptions: &[Spanned<Subscription>],
    services: &Services,
    mail: Option<&Mail>,
) -> Result<(), InvalidAt> {
    for subscription in subscriptions {
        let invalid = if services.get("sns") != Some(&Place::Embedded) {
            InvalidRoutes::SnsElsewhere
        } else if subscription.as_ref().is_sqs() && services.get("sqs") != Some(&Place::Embedded) {
            InvalidRoutes::SqsElsewhere
        } else if mail.is_none() && subscription.as_ref().is_email() {
            InvalidRoutes::NoMail
        } else {
            continue;
        };
        return Err(invalid.at(subscription.span()));
    }
    Ok(())
}

/// Whether the buckets of the file and of its routes are in an S3 that is there.
#[cfg(not(feature = "embedded"))]
fn check_buckets(buckets: &BTreeSet<String>, routes: &[Route], services: &Services) -> Result<(), InvalidAt> {
    let has_some = !buckets.is_empty() || routes.iter().any(|route| !route.settings.buckets().is_empty());
    if has_some && services.get("s3") == Some(&Place::Embedded) {
        let told = left_out::told("the embedded s3, in which the buckets of this file are,", "embedded");
        return Err(InvalidRoutes::LeftOut(format!("{told}; say in [services] where s3 is")).at(0..0));
    }
    Ok(())
}

/// The entries of `[[name]]`, taken out of the document.
fn entries<'a>(document: &mut DeTable<'a>, name: &'static str) -> Result<Vec<Spanned<DeValue<'a>>>, InvalidAt> {
    let Some(entries) = document.remove(name) else { return Ok(Vec::new()) };
    let span = entries.span();
    match entries.into_inner() {
        DeValue::Array(entries) => Ok(entries.into_iter().collect()),
        _ => Err(InvalidRoutes::NotAList(name).at(span)),
    }
}

fn route(entry: Spanned<DeValue<'_>>) -> Result<Route, InvalidAt> {
    let span = entry.span();
    let DeValue::Table(mut entry) = entry.into_inner() else {
        return Err(InvalidRoutes::NotAList("routes").at(span));
    };
    let mut text = |key: &'static str| match entry.remove(key) {
        Some(value) => read::<Spanned<String>>(value),
        None => Err(InvalidRoutes::Missing(key).at(span.clone())),
    };
    let (resource, handler) = (text("resource")?, text("handler")?);
    let kind = HandlerKind::find(handler.as_ref()).map_err(|invalid| invalid.at(handler.span()))?;
    let settings = (kind.read)(Spanned::new(span, DeValue::Table(entry)))?;
    Ok(Route { resource: Pattern::from(resource.into_inner()), settings })
}

/// Reads a value that stands at a place of the text.
pub(super) fn read<T: DeserializeOwned>(value: Spanned<DeValue<'_>>) -> Result<T, InvalidAt> {
    let span = value.span();
    T::deserialize(ValueDeserializer::from(value)).map_err(|error| InvalidAt::from(error).within(span))
}
