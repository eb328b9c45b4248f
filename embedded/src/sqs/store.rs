//! The messages of the embedded SQS, in one SQLite file.
//!
//! A message that was accepted survives the end of this process in any way, and so does what was received and not deleted:
//! it is seen again when its visibility timeout has passed. Several processes can use one file.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use uuid::Uuid;

use super::attributes::{Attributes, CONTENT_BASED, FIFO, RedrivePolicy, number};
use crate::OpenError;
use crate::files::database;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS queues (name TEXT PRIMARY KEY, attributes TEXT NOT NULL, created INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS messages (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        queue TEXT NOT NULL,
        id TEXT NOT NULL,
        body TEXT NOT NULL,
        attributes TEXT NOT NULL,
        message_group TEXT,
        sent INTEGER NOT NULL,
        visible INTEGER NOT NULL,
        received INTEGER NOT NULL DEFAULT 0,
        first_received INTEGER
    );
    CREATE INDEX IF NOT EXISTS next_message ON messages (queue, number);
    CREATE TABLE IF NOT EXISTS invocations (id TEXT PRIMARY KEY, message TEXT NOT NULL, sent INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS deduplications (
        queue TEXT NOT NULL,
        scope TEXT NOT NULL,
        id TEXT NOT NULL,
        message TEXT NOT NULL,
        number INTEGER NOT NULL,
        sent INTEGER NOT NULL,
        PRIMARY KEY (queue, scope, id)
    );
    CREATE INDEX IF NOT EXISTS old_invocations ON invocations (sent);
    CREATE INDEX IF NOT EXISTS old_deduplications ON deduplications (sent);";

/// Columns that came later. An earlier release leaves them empty.
const LATER: [(&str, &str); 6] = [
    ("queues", "modified INTEGER"),
    ("queues", "tags TEXT"),
    ("queues", "implicit INTEGER"),
    ("messages", "trace_header TEXT"),
    ("messages", "deduplication TEXT"),
    ("messages", "dead_letter_source TEXT"),
];

/// For how many milliseconds the same call made again sends nothing.
const CALLED_AGAIN: i64 = 24 * 60 * 60 * 1000;

/// For how many milliseconds a FIFO queue takes a message for one that it has.
///
/// AWS developer guide of SQS, "Exactly-once processing in Amazon SQS".
const KNOWN_AGAIN: i64 = 5 * 60 * 1000;

/// The queues and their messages. Times are in milliseconds since 1970.
pub(super) struct Store(Connection);

/// A queue that is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Queue {
    pub(super) name: String,
    /// What was set.
    pub(super) attributes: Attributes,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) created: i64,
    pub(super) modified: i64,
    /// Somebody named it before anybody created it.
    pub(super) is_implicit: bool,
}

/// What is stored of a message when it is sent.
#[derive(Debug, Default)]
pub(super) struct Sent {
    pub(super) body: String,
    /// `MessageAttributes`, as JSON.
    pub(super) attributes: String,
    pub(super) trace_header: Option<String>,
    pub(super) group: Option<String>,
    pub(super) deduplication: Option<String>,
    pub(super) visible: i64,
}

/// A message that was received.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) number: i64,
    pub(super) id: String,
    pub(super) body: String,
    pub(super) attributes: String,
    pub(super) group: Option<String>,
    pub(super) sent: i64,
    pub(super) count: i64,
    pub(super) first_received: i64,
    pub(super) trace_header: Option<String>,
    pub(super) deduplication: Option<String>,
    /// The ARN of the queue that it was received from too often.
    pub(super) dead_letter_source: Option<String>,
}

/// How many messages can be received, were received, and cannot be received yet.
#[derive(Debug, PartialEq)]
pub(super) struct Counts {
    pub(super) visible: i64,
    pub(super) in_flight: i64,
    pub(super) delayed: i64,
}

/// What a message is whose receipt somebody shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Receipt {
    /// It is worked on.
    InFlight,
    /// Others can receive it again, or have done so.
    Expired,
    /// It is gone.
    Deleted,
}

pub(super) type Stored<T> = Result<T, rusqlite::Error>;

/// Stores a message; the answer is its number and its id. A FIFO queue has it once.
fn insert(connection: &Connection, queue: &Queue, message: &Sent, now: i64) -> Stored<(i64, String)> {
    let Sent { body, attributes, trace_header, group, deduplication, visible } = message;
    let is_by_group = queue.attributes.get("DeduplicationScope").is_some_and(|scope| scope == "messageGroup");
    let scope = group.as_deref().filter(|_| is_by_group).unwrap_or_default();
    if let Some(deduplication) = deduplication {
        let forget = "DELETE FROM deduplications WHERE sent <= ?1";
        connection.prepare_cached(forget)?.execute([now - KNOWN_AGAIN])?;
        let known = "SELECT number, message FROM deduplications WHERE queue = ?1 AND scope = ?2 AND id = ?3";
        let known = connection
            .prepare_cached(known)?
            .query_row(params![queue.name, scope, deduplication], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        if let Some(known) = known {
            return Ok(known);
        }
    }
    let id = Uuid::new_v4().to_string();
    let insert = "INSERT INTO messages
                      (queue, id, body, attributes, message_group, sent, visible, trace_header, deduplication)
                  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let values = params![queue.name, id, body, attributes, group, now, visible, trace_header, deduplication];
    connection.prepare_cached(insert)?.execute(values)?;
    let number = connection.last_insert_rowid();
    if let Some(deduplication) = deduplication {
        let note =
            "INSERT INTO deduplications (queue, scope, id, message, number, sent) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        connection.prepare_cached(note)?.execute(params![queue.name, scope, deduplication, id, number, now])?;
    }
    Ok((number, id))
}

/// Drops the messages of a queue that were kept long enough.
fn expire(connection: &Connection, queue: &Queue, now: i64) -> Stored<()> {
    let before = now - number(&queue.attributes, "MessageRetentionPeriod") * 1000;
    // Looked at first: it is seldom that there is one.
    let oldest = "SELECT sent FROM messages WHERE queue = ?1 ORDER BY number LIMIT 1";
    let oldest: Option<i64> =
        connection.prepare_cached(oldest)?.query_row([&queue.name], |row| row.get(0)).optional()?;
    if oldest.is_some_and(|sent| sent < before) {
        connection.execute("DELETE FROM messages WHERE queue = ?1 AND sent < ?2", params![queue.name, before])?;
    }
    Ok(())
}

/// A queue that is there.
fn find(connection: &Connection, name: &str) -> Stored<Option<Queue>> {
    let query = "SELECT attributes, created, modified, tags, implicit FROM queues WHERE name = ?1";
    let read = |row: &Row<'_>| {
        let json = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let created: i64 = row.get(1)?;
        let modified: Option<i64> = row.get(2)?;
        let is_implicit: Option<bool> = row.get(4)?;
        Ok(Queue {
            name: name.to_owned(),
            attributes: json(row.get(0)?),
            tags: json(row.get(3)?),
            created,
            modified: modified.unwrap_or(created),
            is_implicit: is_implicit.unwrap_or(false),
        })
    };
    connection.prepare_cached(query)?.query_row([name], read).optional()
}

impl Store {
    pub(super) fn open(file: &Path) -> Result<Self, OpenError> {
        let prepare = |connection: &Connection| {
            connection.execute_batch(SCHEMA)?;
            for (table, column) in LATER {
                let name = column.split(' ').next().unwrap_or_default();
                let known = "SELECT COUNT(*) FROM pragma_table_info(?1) WHERE name = ?2";
                let known: i64 = connection.query_row(known, [table, name], |row| row.get(0))?;
                if known == 0 {
                    connection.execute_batch(&format!("ALTER TABLE {table} ADD COLUMN {column}"))?;
                }
            }
            Ok(())
        };
        database(file, prepare).map(Self)
    }

    fn work(&mut self) -> Stored<Transaction<'_>> {
        // One that reads first cannot write when another process has written meanwhile.
        self.0.transaction_with_behavior(TransactionBehavior::Immediate)
    }

    /// A queue that is there.
    pub(super) fn queue(&self, name: &str) -> Stored<Option<Queue>> {
        find(&self.0, name)
    }

    /// A queue, which is made where there is none of this name. A FIFO queue that is made so knows a message again by its body.
    pub(super) fn queue_or_new(&self, name: &str, now: i64) -> Stored<Queue> {
        if let Some(found) = self.queue(name)? {
            return Ok(found);
        }
        let is_fifo = name.ends_with(FIFO);
        let attributes = is_fifo.then(|| (CONTENT_BASED.to_owned(), "true".to_owned())).into_iter().collect();
        let made = Queue {
            name: name.to_owned(),
            attributes,
            created: now,
            modified: now,
            is_implicit: true,
            ..Queue::default()
        };
        self.create(&made)?;
        // Another process may have been there first.
        Ok(self.queue(name)?.unwrap_or(made))
    }

    /// Creates a queue where there is none of this name, or only one that nobody has created.
    pub(super) fn create(&self, queue: &Queue) -> Stored<()> {
        let insert =
            "INSERT INTO queues (name, attributes, created, modified, tags, implicit) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                      ON CONFLICT DO UPDATE SET attributes = ?2, modified = ?4, tags = ?5, implicit = 0
                      WHERE implicit AND NOT ?6";
        let Queue { name, attributes, tags, created, modified, is_implicit } = queue;
        self.0.execute(insert, params![name, json(attributes), created, modified, json(tags), is_implicit]).map(drop)
    }

    /// Changes the attributes and tags of a queue, as one step.
    pub(super) fn change(&mut self, name: &str, edit: impl FnOnce(&mut Queue)) -> Stored<()> {
        let work = self.work()?;
        if let Some(mut queue) = find(&work, name)? {
            edit(&mut queue);
            let update = "UPDATE queues SET attributes = ?2, modified = ?3, tags = ?4 WHERE name = ?1";
            let Queue { name, attributes, tags, modified, .. } = &queue;
            work.execute(update, params![name, json(attributes), modified, json(tags)])?;
        }
        work.commit()
    }

    pub(super) fn delete_queue(&mut self, name: &str) -> Stored<()> {
        let work = self.work()?;
        work.execute("DELETE FROM messages WHERE queue = ?1", [name])?;
        work.execute("DELETE FROM deduplications WHERE queue = ?1", [name])?;
        work.execute("DELETE FROM queues WHERE name = ?1", [name])?;
        work.commit()
    }

    /// The names that start with `prefix`, in order.
    pub(super) fn names(&self, prefix: &str) -> Stored<Vec<String>> {
        let mut query = self.0.prepare_cached("SELECT name FROM queues ORDER BY name")?;
        let names = query.query_map([], |row| row.get::<_, String>(0))?;
        names.filter(|name| name.as_ref().map_or(true, |name| name.starts_with(prefix))).collect()
    }

    /// Stores messages, all or none; the answer is the number and the id of each.
    pub(super) fn send(&mut self, queue: &Queue, messages: &[Sent], now: i64) -> Stored<Vec<(i64, String)>> {
        let work = self.work()?;
        let mut stored = Vec::with_capacity(messages.len());
        for message in messages {
            stored.push(insert(&work, queue, message, now)?);
        }
        work.commit()?;
        Ok(stored)
    }

    /// Stores a message as [`Store::send`] does, unless the same call has done so.
    pub(super) fn send_once(&mut self, queue: &Queue, message: Sent, now: i64, call: &str) -> Stored<(i64, String)> {
        let known = "SELECT message FROM invocations WHERE id = ?1";
        if let Some(id) = self.0.prepare_cached(known)?.query_row([call], |row| row.get(0)).optional()? {
            return Ok((0, id));
        }
        // A message without its call would be sent again, and a call without its message never.
        let work = self.work()?;
        work.prepare_cached("DELETE FROM invocations WHERE sent < ?1")?.execute([now - CALLED_AGAIN])?;
        let stored = insert(&work, queue, &message, now)?;
        let noted = "INSERT INTO invocations (id, message, sent) VALUES (?1, ?2, ?3)";
        work.prepare_cached(noted)?.execute(params![call, stored.1, now])?;
        work.commit()?;
        Ok(stored)
    }

    /// The oldest messages that can be received, which are hidden from then on until `hidden_until`. What was received too often goes
    /// to the dead-letter queue whose ARN `source` gives; whether something did is told beside. `source` is the ARN of this queue.
    pub(super) fn receive(
        &mut self,
        queue: &Queue,
        most: usize,
        now: i64,
        hidden_until: i64,
        source: &str,
    ) -> Stored<(Vec<Received>, bool)> {
        // What a message of a FIFO queue waits for: those of its group that are worked on, and those before it that are delayed.
        const IN_ORDER: &str = "AND NOT EXISTS (SELECT 1 FROM messages AS before
                WHERE before.queue = message.queue AND before.message_group = message.message_group
                  AND before.visible > ?2 AND (before.received > 0 OR before.number < message.number))";
        let policy = match RedrivePolicy::of(&queue.attributes) {
            Some(policy) => self.queue(&policy.target)?.map(|target| (target, policy.most_receives)),
            None => None,
        };
        let work = self.work()?;
        expire(&work, queue, now)?;
        let (mut received, mut has_moved, mut last) = (Vec::new(), false, 0);
        while received.len() < most {
            let in_order = if queue.name.ends_with(FIFO) { IN_ORDER } else { "" };
            let next = format!(
                "SELECT number, received FROM messages AS message
                 WHERE queue = ?1 AND visible <= ?2 AND number > ?3 {in_order} ORDER BY number LIMIT ?4"
            );
            let wanted = (most - received.len()) as i64;
            let next: Vec<(i64, i64)> = work
                .prepare_cached(&next)?
                .query_map(params![queue.name, now, last, wanted], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Stored<_>>()?;
            let Some((newest, _)) = next.last() else { break };
            last = *newest;
            for (number, count) in next {
                match policy.as_ref().filter(|(_, most)| count >= *most) {
                    Some((target, _)) => {
                        dead_letter(&work, number, target, now, source)?;
                        has_moved = true;
                    }
                    None => received.push(take(&work, number, now, hidden_until)?),
                }
            }
        }
        work.commit()?;
        Ok((received, has_moved))
    }

    /// The same messages anew, where nothing has become of them since they were received: hidden until then.
    pub(super) fn receive_again(&mut self, numbers: &[i64], now: i64, hidden_until: i64) -> Stored<Vec<Received>> {
        let work = self.work()?;
        let mut received = Vec::new();
        for number in numbers {
            let is_in_flight = "SELECT 1 FROM messages WHERE number = ?1 AND visible > ?2";
            if work.prepare_cached(is_in_flight)?.exists(params![number, now])? {
                received.push(take(&work, *number, now, hidden_until)?);
            }
        }
        work.commit()?;
        Ok(received)
    }

    /// Everything in a queue, in its order; none of it is received by this.
    pub(super) fn messages(&self, queue: &Queue, now: i64) -> Stored<Vec<Received>> {
        expire(&self.0, queue, now)?;
        let query = "SELECT number, id, body, attributes, message_group, sent, received, COALESCE(first_received, 0), trace_header,
                            deduplication, dead_letter_source
                     FROM messages WHERE queue = ?1 ORDER BY number";
        self.0.prepare_cached(query)?.query_map([&queue.name], received)?.collect()
    }

    /// When the next message that is hidden now can be received.
    pub(super) fn next_visible(&self, queue: &str, now: i64) -> Stored<Option<i64>> {
        let next = "SELECT MIN(visible) FROM messages WHERE queue = ?1 AND visible > ?2";
        self.0.query_row(next, params![queue, now], |row| row.get(0))
    }

    /// What the message is that a receipt is for: that of its `count`th time.
    pub(super) fn receipt(&self, queue: &str, (number, count): (i64, i64), now: i64) -> Stored<Receipt> {
        let query = "SELECT visible, received FROM messages WHERE queue = ?1 AND number = ?2";
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let found: Option<(i64, i64)> =
            self.0.prepare_cached(query)?.query_row(params![queue, number], read).optional()?;
        Ok(match found {
            Some((visible, received)) if visible > now && received == count => Receipt::InFlight,
            Some(_) => Receipt::Expired,
            None => Receipt::Deleted,
        })
    }

    /// Deletes a message, if it was received as often as then.
    pub(super) fn delete(&self, queue: &str, (number, count): (i64, i64)) -> Stored<()> {
        let delete = "DELETE FROM messages WHERE queue = ?1 AND number = ?2 AND received = ?3";
        self.0.prepare_cached(delete)?.execute(params![queue, number, count]).map(drop)
    }

    /// Hides a message anew.
    pub(super) fn hide(&self, queue: &str, number: i64, until: i64) -> Stored<()> {
        let update = "UPDATE messages SET visible = ?3 WHERE queue = ?1 AND number = ?2";
        self.0.prepare_cached(update)?.execute(params![queue, number, until]).map(drop)
    }

    pub(super) fn purge(&self, queue: &str) -> Stored<()> {
        self.0.execute("DELETE FROM messages WHERE queue = ?1", [queue]).map(drop)
    }

    pub(super) fn counts(&self, queue: &Queue, now: i64) -> Stored<Counts> {
        expire(&self.0, queue, now)?;
        let query = "SELECT COALESCE(SUM(visible <= ?2), 0), COALESCE(SUM(visible > ?2 AND received > 0), 0),
                            COALESCE(SUM(visible > ?2 AND received = 0), 0)
                     FROM messages WHERE queue = ?1";
        self.0.query_row(query, params![queue.name, now], |row| {
            Ok(Counts { visible: row.get(0)?, in_flight: row.get(1)?, delayed: row.get(2)? })
        })
    }
}

/// Hands a message out.
fn take(connection: &Connection, number: i64, now: i64, hidden_until: i64) -> Stored<Received> {
    let update = "UPDATE messages
                  SET visible = ?3, received = received + 1, first_received = COALESCE(first_received, ?2)
                  WHERE number = ?1
                  RETURNING number, id, body, attributes, message_group, sent, received, first_received, trace_header,
                            deduplication, dead_letter_source";
    connection.prepare_cached(update)?.query_row(params![number, now, hidden_until], received)
}

/// Moves a message to a dead-letter queue. In a FIFO queue it comes after all others.
///
/// AWS developer guide of SQS, "Using dead-letter queues in Amazon SQS": a standard queue keeps the time at which it was sent.
fn dead_letter(connection: &Connection, number: i64, target: &Queue, now: i64, source: &str) -> Stored<()> {
    let is_fifo = target.name.ends_with(FIFO);
    let update = "UPDATE messages
                  SET queue = ?2, visible = ?3, dead_letter_source = ?4,
                      sent = CASE WHEN ?5 THEN ?3 ELSE sent END,
                      number = CASE WHEN ?5 THEN (SELECT MAX(number) + 1 FROM messages) ELSE number END
                  WHERE number = ?1";
    connection.prepare_cached(update)?.execute(params![number, target.name, now, source, is_fifo]).map(drop)
}

fn received(row: &Row<'_>) -> Stored<Received> {
    Ok(Received {
        number: row.get(0)?,
        id: row.get(1)?,
        body: row.get(2)?,
        attributes: row.get(3)?,
        group: row.get(4)?,
        sent: row.get(5)?,
        count: row.get(6)?,
        first_received: row.get(7)?,
        trace_header: row.get(8)?,
        deduplication: row.get(9)?,
        dead_letter_source: row.get(10)?,
    })
}

fn json(attributes: &BTreeMap<String, String>) -> String {
    serde_json::to_string(attributes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "arn:aws:sqs:us-east-1:000000000000:q";

    fn sent(body: &str, visible: i64) -> Sent {
        Sent { body: body.to_owned(), attributes: "{}".to_owned(), visible, ..Sent::default() }
    }

    fn in_group(body: &str, group: &str) -> Sent {
        let (group, deduplication) = (Some(group.to_owned()), Some(body.to_owned()));
        Sent { group, deduplication, ..sent(body, 0) }
    }

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("new/sqs.sqlite")).unwrap();
        (folder, store)
    }

    fn bodies((received, _): (Vec<Received>, bool)) -> Vec<String> {
        received.into_iter().map(|message| message.body).collect()
    }

    #[test]
    fn messages_are_hidden_while_somebody_works_on_them_and_outlive_the_process() {
        let (folder, mut store) = store();
        let (q, other) = (store.queue_or_new("q", 1).unwrap(), store.queue_or_new("other", 1).unwrap());
        store.send(&q, &[sent("a", 10), sent("b", 10), sent("late", 500)], 10).unwrap();
        store.send(&other, &[sent("x", 10)], 10).unwrap();
        assert_eq!(bodies(store.receive(&q, 10, 20, 120, SOURCE).unwrap()), ["a", "b"]);
        assert_eq!(store.counts(&q, 20).unwrap(), Counts { visible: 0, in_flight: 2, delayed: 1 });
        assert_eq!(store.next_visible("q", 20).unwrap(), Some(120));
        // The first store is still open, as that of a process that was killed would be.
        let mut next = Store::open(&folder.path().join("new/sqs.sqlite")).unwrap();
        assert!(next.receive(&q, 10, 119, 200, SOURCE).unwrap().0.is_empty());
        let again = next.receive(&q, 1, 120, 220, SOURCE).unwrap().0;
        assert_eq!((again[0].body.as_str(), again[0].count, again[0].first_received), ("a", 2, 20));
        let number = again[0].number;
        let receipts = [(2, 219), (2, 220), (1, 219)];
        let receipts = receipts.map(|(count, now)| next.receipt("q", (number, count), now).unwrap());
        assert_eq!(receipts, [Receipt::InFlight, Receipt::Expired, Receipt::Expired]);
        // Whoever had it before does not take it from who has it now.
        next.delete("q", (number, 1)).unwrap();
        assert_eq!(next.receipt("q", (number, 2), 219).unwrap(), Receipt::InFlight);
        next.delete("q", (number, 2)).unwrap();
        assert_eq!(next.receipt("q", (number, 2), 219).unwrap(), Receipt::Deleted);
        assert_eq!(bodies(next.receive(&q, 10, 1000, 1000, SOURCE).unwrap()), ["b", "late"]);
        next.purge("q").unwrap();
        assert_eq!(next.counts(&q, 0).unwrap(), Counts { visible: 0, in_flight: 0, delayed: 0 });
        next.delete_queue("q").unwrap();
        assert_eq!(next.queue("q").unwrap(), None);
        assert_eq!(bodies(next.receive(&other, 10, 20, 20, SOURCE).unwrap()), ["x"]);
    }

    #[test]
    fn what_was_received_too_often_is_dead() {
        let (_folder, mut store) = store();
        let policy = r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":2}"#;
        let attributes = [("RedrivePolicy".to_owned(), policy.to_owned())].into();
        let q = Queue { name: "q".to_owned(), attributes, ..Queue::default() };
        store.create(&q).unwrap();
        store.send(&q, &[sent("a", 0)], 5).unwrap();
        // Without the dead-letter queue, it stays.
        for at in [10, 20, 30] {
            assert_eq!(bodies(store.receive(&q, 1, at, at, SOURCE).unwrap()), ["a"]);
        }
        let dead = store.queue_or_new("dead", 1).unwrap();
        store.send(&q, &[sent("b", 0)], 5).unwrap();
        let (received, has_moved) = store.receive(&q, 1, 40, 50, SOURCE).unwrap();
        assert_eq!((received[0].body.as_str(), has_moved), ("b", true));
        let moved = store.receive(&dead, 10, 60, 70, "").unwrap().0;
        assert_eq!((moved[0].body.as_str(), moved[0].sent), ("a", 5));
        assert_eq!(moved[0].dead_letter_source.as_deref(), Some(SOURCE));
    }

    #[test]
    fn groups_keep_their_order_and_the_same_message_is_there_once() {
        let (_folder, mut store) = store();
        let q = store.queue_or_new("q.fifo", 1).unwrap();
        let first = store.send(&q, &[in_group("a1", "a"), in_group("b1", "b"), in_group("a2", "a")], 10).unwrap();
        assert_eq!(store.send(&q, &[in_group("a1", "a")], 10 + KNOWN_AGAIN - 1).unwrap()[0], first[0]);
        let received = store.receive(&q, 1, 20, 120, SOURCE).unwrap();
        assert_eq!((received.0[0].number, received.0[0].deduplication.as_deref()), (first[0].0, Some("a1")));
        // The others of the group wait for it.
        assert_eq!(bodies(store.receive(&q, 10, 20, 120, SOURCE).unwrap()), ["b1"]);
        assert_eq!(store.next_visible("q.fifo", 20).unwrap(), Some(120), "and until then there is nothing to look for");
        store.delete("q.fifo", (first[0].0, 1)).unwrap();
        assert_eq!(bodies(store.receive(&q, 10, 20, 120, SOURCE).unwrap()), ["a2"]);
        let again = store.receive_again(&[first[0].0, first[2].0], 30, 130).unwrap();
        assert_eq!((again.len(), again[0].body.as_str()), (1, "a2"));
        // Five minutes later it is another one.
        let later = 10 + KNOWN_AGAIN;
        assert_ne!(store.send(&q, &[in_group("a1", "a")], later).unwrap()[0], first[0]);
    }

    #[test]
    fn messages_are_kept_for_a_time() {
        let (_folder, mut store) = store();
        let attributes = [("MessageRetentionPeriod".to_owned(), "60".to_owned())].into();
        let q = Queue { name: "q".to_owned(), attributes, ..Queue::default() };
        store.create(&q).unwrap();
        store.send(&q, &[sent("old", 0)], 0).unwrap();
        store.send(&q, &[sent("new", 0)], 30_000).unwrap();
        assert_eq!(bodies(store.receive(&q, 10, 60_001, 60_001, SOURCE).unwrap()), ["new"]);
        assert_eq!(store.counts(&q, 90_001).unwrap(), Counts { visible: 0, in_flight: 0, delayed: 0 });
    }

    #[test]
    fn a_file_of_an_earlier_release_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sqs.sqlite");
        let earlier = Connection::open(&file).unwrap();
        let (before, _) = SCHEMA.split_once("CREATE TABLE IF NOT EXISTS deduplications").unwrap();
        earlier.execute_batch(before).unwrap();
        let filled = "INSERT INTO queues VALUES ('q', '{\"DelaySeconds\":\"1\"}', 7);
            INSERT INTO messages (queue, id, body, attributes, sent, visible) VALUES ('q', 'i', 'hello', '{}', 7, 7);";
        earlier.execute_batch(filled).unwrap();
        let mut store = Store::open(&file).unwrap();
        let q = store.queue("q").unwrap().unwrap();
        assert_eq!((q.created, q.modified, q.attributes["DelaySeconds"].as_str()), (7, 7, "1"));
        assert_eq!(bodies(store.receive(&q, 1, 8, 8, SOURCE).unwrap()), ["hello"]);
        // Which goes on to work with it.
        earlier.execute_batch(filled.split_once(';').unwrap().1).unwrap();
    }
}
