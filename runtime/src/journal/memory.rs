//! A journal in memory, for programs that lose everything at their end.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use asl_engine::history::EventTexts;
use asl_engine::{HistoryEvent, Timestamp};

use super::{
    Commit, Commits, Entry, Events, Journal, JournalError, Kept, LedgerCommit, Listed, ListedUnder, Listing, Place,
    Under,
};
use crate::handler::BoxFuture;
use crate::ledger::{Recorded, Saved};

/// A journal in memory.
#[derive(Debug, Default)]
pub struct Memory(Mutex<Contents>);

#[derive(Debug, Default)]
struct Contents {
    executions: HashMap<Arc<str>, Execution>,
    /// By whom they are listed under, and by their places.
    lists: BTreeMap<(Option<Arc<str>>, Place), Arc<str>>,
    documents: BTreeMap<(&'static str, Arc<str>), Arc<str>>,
    numbers: i64,
    commits: u64,
}

#[derive(Debug, Default)]
struct Execution {
    entry: Option<(Place, Entry)>,
    saved: Saved,
    has_ledger: bool,
    events: Vec<HistoryEvent>,
    /// The events of one that was run elsewhere, in the place of those above.
    texts: Vec<String>,
}

impl Execution {
    fn runs(&self) -> bool {
        self.entry.as_ref().is_some_and(|(_, entry)| entry.stopped.is_none())
    }
}

impl Entry {
    /// Where it stands in lists.
    pub(super) fn listed_at(&self) -> Timestamp {
        self.stopped.unwrap_or(self.started)
    }
}

impl ListedUnder {
    fn arns(&self) -> impl Iterator<Item = Option<&Arc<str>>> {
        let Self { state_machine, version, alias, map_run } = self;
        let named = [state_machine, version, alias, map_run].into_iter().flatten().map(Some);
        // All of them are in the list of all.
        std::iter::once(None).chain(named)
    }
}

impl Memory {
    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps an execution that was run elsewhere, with its events as [`Journal::events`] gives them: all of them, in the order of their
    /// ids, which count from 1.
    pub fn keep_elsewhere(&self, entry: Entry, events: Vec<String>) {
        let mut contents = self.lock();
        let arn = entry.arn.clone();
        contents.put(entry);
        contents.executions.entry(arn).or_default().texts = events;
        contents.commits += 1;
    }

    /// Everything that was recorded of an execution.
    pub fn recorded(&self, arn: &str) -> Vec<HistoryEvent> {
        self.lock().executions.get(arn).map(|execution| execution.events.clone()).unwrap_or_default()
    }
}

impl Contents {
    fn put(&mut self, entry: Entry) {
        let execution = self.executions.entry(entry.arn.clone()).or_default();
        if let Some((place, before)) = &execution.entry {
            for arn in before.listed_under.arns() {
                self.lists.remove(&(arn.cloned(), *place));
            }
        }
        let number = match &execution.entry {
            Some((place, _)) => place.number,
            None => {
                self.numbers += 1;
                self.numbers
            }
        };
        let place = Place { at: entry.listed_at(), number };
        for arn in entry.listed_under.arns() {
            self.lists.insert((arn.cloned(), place), entry.arn.clone());
        }
        execution.entry = Some((place, entry));
    }

    fn keep(&mut self, LedgerCommit { arn, writes, recorded, is_over }: LedgerCommit) {
        for Recorded { execution, event, .. } in recorded {
            match self.executions.get_mut(&execution.arn) {
                Some(known) => known.events.push(event),
                None => self.executions.entry(execution.arn.clone()).or_default().events.push(event),
            }
        }
        let execution = self.executions.entry(arn).or_default();
        execution.has_ledger = !is_over;
        match is_over {
            true => execution.saved = Saved::default(),
            false => execution.saved.apply(writes),
        }
    }

    fn remove(&mut self, arn: &str) {
        let Some((place, entry)) = self.executions.remove(arn).and_then(|execution| execution.entry) else { return };
        for arn in entry.listed_under.arns() {
            self.lists.remove(&(arn.cloned(), place));
        }
    }
}

impl Journal for Memory {
    fn commit(&self, commit: Commit) -> BoxFuture<'static, Result<(), JournalError>> {
        let mut contents = self.lock();
        contents.commits += 1;
        for entry in commit.entries {
            contents.put(entry);
        }
        if let Some(ledger) = commit.ledger {
            contents.keep(ledger);
        }
        for document in commit.documents {
            let key = (document.kind, document.name);
            match document.text {
                Some(text) => _ = contents.documents.insert(key, text),
                None => _ = contents.documents.remove(&key),
            }
        }
        Box::pin(std::future::ready(Ok(())))
    }

    fn is_durable(&self) -> bool {
        false
    }

    fn entry(&self, arn: &str) -> Result<Option<Entry>, JournalError> {
        let contents = self.lock();
        Ok(contents.executions.get(arn).and_then(|execution| execution.entry.as_ref()).map(|(_, entry)| entry.clone()))
    }

    fn list(&self, asked: &Listing<'_>) -> Result<Vec<Listed>, JournalError> {
        let contents = self.lock();
        let under: Option<Arc<str>> = match asked.under {
            Under::All => None,
            Under::StateMachine(arn) | Under::Version(arn) | Under::Alias(arn) | Under::MapRun(arn) => Some(arn.into()),
        };
        let first = Place { at: Timestamp(i64::MIN), number: i64::MIN };
        let last = asked.after.unwrap_or(Place { at: Timestamp(i64::MAX), number: i64::MAX });
        let listed = contents.lists.range((under.clone(), first)..(under, last)).rev();
        let entries = listed.filter_map(|(_, arn)| contents.executions.get(arn)?.entry.as_ref());
        let wanted = entries.filter(|(_, entry)| asked.status.is_none_or(|status| *entry.status == *status));
        Ok(wanted.take(asked.most).map(|(place, entry)| Listed { place: *place, entry: entry.clone() }).collect())
    }

    fn counts(&self) -> Result<Vec<(Arc<str>, u64)>, JournalError> {
        let contents = self.lock();
        let mut counts = BTreeMap::new();
        for arn in
            contents.lists.range((None, Place { at: Timestamp(i64::MIN), number: 0 })..).map_while(|(key, arn)| {
                // Those without an ARN come first.
                key.0.is_none().then_some(arn)
            })
        {
            let entry = contents.executions.get(arn).and_then(|execution| execution.entry.as_ref());
            if let Some((_, entry)) = entry {
                *counts.entry(entry.status.clone()).or_default() += 1;
            }
        }
        Ok(counts.into_iter().collect())
    }

    fn kept(&self) -> Result<Vec<Kept>, JournalError> {
        let contents = self.lock();
        let mut kept: Vec<_> =
            contents.executions.values().filter(|execution| execution.has_ledger && execution.runs()).collect();
        kept.sort_by_key(|execution| execution.entry.as_ref().map(|(place, _)| place.number));
        let kept = kept.into_iter().filter_map(|execution| {
            let (_, entry) = execution.entry.clone()?;
            Some(Kept { entry, saved: Ok(execution.saved.clone()) })
        });
        Ok(kept.collect())
    }

    fn saved(&self, arn: &str) -> Result<Saved, JournalError> {
        Ok(self.lock().executions.get(arn).map(|execution| execution.saved.clone()).unwrap_or_default())
    }

    fn events(&self, arn: &str, asked: Events) -> Result<Vec<String>, JournalError> {
        let contents = self.lock();
        let Some(execution) = contents.executions.get(arn) else { return Ok(Vec::new()) };
        if !execution.texts.is_empty() {
            let (texts, bound) = (&execution.texts, asked.from.and_then(|from| usize::try_from(from).ok()));
            return Ok(match asked.is_reversed {
                false => texts.iter().skip(bound.unwrap_or(1).saturating_sub(1)).take(asked.most).cloned().collect(),
                true => texts.iter().take(bound.unwrap_or(usize::MAX)).rev().take(asked.most).cloned().collect(),
            });
        }
        let events = &execution.events[..];
        let mut texts = EventTexts::in_seconds();
        let mut text = |event: &HistoryEvent| {
            let mut text = String::new();
            texts.write(event, &mut text);
            text
        };
        Ok(match asked.is_reversed {
            false => {
                let from = asked.from.unwrap_or(1);
                let from = events.partition_point(|event| event.id < from);
                events[from..].iter().take(asked.most).map(&mut text).collect()
            }
            true => {
                let to = asked.from.map_or(events.len(), |from| events.partition_point(|event| event.id <= from));
                events[..to].iter().rev().take(asked.most).map(&mut text).collect()
            }
        })
    }

    fn last_event(&self, arn: &str) -> Result<u64, JournalError> {
        let contents = self.lock();
        let Some(execution) = contents.executions.get(arn) else { return Ok(0) };
        let last = execution.events.last().map_or(0, |event| event.id);
        Ok(last.max(execution.texts.len() as u64))
    }

    fn documents(&self, kind: &str) -> Result<Vec<(String, String)>, JournalError> {
        let contents = self.lock();
        let of_kind = contents.documents.iter().filter(|((known, _), _)| *known == kind);
        Ok(of_kind.map(|((_, name), text)| (name.to_string(), text.to_string())).collect())
    }

    fn document(&self, kind: &str, name: &str) -> Result<Option<String>, JournalError> {
        let contents = self.lock();
        let mut found = contents.documents.iter().filter(|((known, named), _)| *known == kind && **named == *name);
        Ok(found.next().map(|(_, text)| text.to_string()))
    }

    fn drop_ended_before(&self, at: Timestamp) -> BoxFuture<'static, Result<bool, JournalError>> {
        let mut contents = self.lock();
        let first = (None, Place { at: Timestamp(i64::MIN), number: 0 });
        let last = (None, Place { at, number: 0 });
        let old: Vec<Arc<str>> = contents.lists.range(first..last).map(|(_, arn)| arn.clone()).collect();
        for arn in old {
            let entry = contents.executions.get(&arn).and_then(|execution| execution.entry.as_ref());
            if entry.is_some_and(|(_, entry)| entry.stopped.is_some()) {
                contents.remove(&arn);
            }
        }
        Box::pin(std::future::ready(Ok(false)))
    }

    fn trouble(&self) -> Option<String> {
        None
    }

    fn commits(&self) -> Commits {
        let commits = self.lock().commits;
        Commits { commits, transactions: commits }
    }
}
