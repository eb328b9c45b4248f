//! The messages of the embedded SQS, in one SQLite file.
//!
//! A message that was accepted survives the end of this process in any way, and so does what was received and not deleted:
//! it is seen again when its visibility timeout has passed. Several processes can use one file.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use crate::OpenError;
use crate::files::{lock_folder, patiently};

/// How long a write waits for one of another process.
const BUSY: Duration = Duration::from_secs(60);

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
    CREATE TABLE IF NOT EXISTS invocations (id TEXT PRIMARY KEY, message TEXT NOT NULL, sent INTEGER NOT NULL);";

/// For how many milliseconds the same call made again sends nothing.
const CALLED_AGAIN: i64 = 24 * 60 * 60 * 1000;

/// The queues and their messages. Times are in milliseconds since 1970.
pub(super) struct Store(Connection);

/// What is stored of a message when it is sent.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) body: String,
    /// `MessageAttributes`, as JSON.
    pub(super) attributes: String,
    pub(super) group: Option<String>,
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
}

/// How many messages can be received, were received, and cannot be received yet.
#[derive(Debug, PartialEq)]
pub(super) struct Counts {
    pub(super) visible: i64,
    pub(super) in_flight: i64,
    pub(super) delayed: i64,
}

/// Stores a message; the answer is its number and its id.
fn insert(connection: &Connection, queue: &str, message: &Sent, now: i64) -> Stored<(i64, String)> {
    let id = Uuid::new_v4().to_string();
    let insert = "INSERT INTO messages (queue, id, body, attributes, message_group, sent, visible)
                  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let Sent { body, attributes, group, visible } = message;
    connection.prepare_cached(insert)?.execute(params![queue, id, body, attributes, group, now, visible])?;
    Ok((connection.last_insert_rowid(), id))
}

pub(super) type Stored<T> = Result<T, rusqlite::Error>;

impl Store {
    pub(super) fn open(file: &Path) -> Result<Self, OpenError> {
        let _lock = file.parent().map(lock_folder).transpose()?;
        let opened = patiently(|| {
            let connection = Connection::open(file)?;
            connection.busy_timeout(BUSY)?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            connection.execute_batch(SCHEMA)?;
            Ok::<_, rusqlite::Error>(Self(connection))
        });
        opened.map_err(|error| OpenError::Database { path: file.to_owned(), message: error.to_string() })
    }

    /// The attributes of a queue, and when it was created.
    pub(super) fn queue(&self, name: &str) -> Stored<Option<(BTreeMap<String, String>, i64)>> {
        let query = "SELECT attributes, created FROM queues WHERE name = ?1";
        let found = self.0.query_row(query, [name], |row| Ok((row.get::<_, String>(0)?, row.get(1)?))).optional()?;
        Ok(found.map(|(attributes, created)| (serde_json::from_str(&attributes).unwrap_or_default(), created)))
    }

    /// Creates a queue where there is none of this name.
    pub(super) fn create(&self, name: &str, attributes: &BTreeMap<String, String>, now: i64) -> Stored<()> {
        let insert = "INSERT INTO queues (name, attributes, created) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
        self.0.execute(insert, params![name, json(attributes), now]).map(drop)
    }

    pub(super) fn set_attributes(&self, name: &str, attributes: &BTreeMap<String, String>) -> Stored<()> {
        self.0.execute("UPDATE queues SET attributes = ?2 WHERE name = ?1", params![name, json(attributes)]).map(drop)
    }

    pub(super) fn delete_queue(&mut self, name: &str) -> Stored<()> {
        let work = self.0.transaction()?;
        work.execute("DELETE FROM messages WHERE queue = ?1", [name])?;
        work.execute("DELETE FROM queues WHERE name = ?1", [name])?;
        work.commit()
    }

    /// The names that start with `prefix`.
    pub(super) fn names(&self, prefix: &str) -> Stored<Vec<String>> {
        let mut query = self.0.prepare_cached("SELECT name FROM queues ORDER BY name")?;
        let names = query.query_map([], |row| row.get::<_, String>(0))?;
        names.filter(|name| name.as_ref().map_or(true, |name| name.starts_with(prefix))).collect()
    }

    /// Stores messages, all or none; the answer is the number and the id of each.
    pub(super) fn send(&mut self, queue: &str, messages: &[Sent], now: i64) -> Stored<Vec<(i64, String)>> {
        let work = self.0.transaction()?;
        let mut stored = Vec::with_capacity(messages.len());
        for message in messages {
            stored.push(insert(&work, queue, message, now)?);
        }
        work.commit()?;
        Ok(stored)
    }

    /// Stores a message as [`Store::send`] does, unless the same call has done so.
    pub(super) fn send_once(&mut self, queue: &str, message: Sent, now: i64, call: &str) -> Stored<(i64, String)> {
        let known = "SELECT message FROM invocations WHERE id = ?1";
        if let Some(id) = self.0.prepare_cached(known)?.query_row([call], |row| row.get(0)).optional()? {
            return Ok((0, id));
        }
        // A message without its call would be sent again, and a call without its message never.
        self.0.execute_batch("SAVEPOINT once")?;
        let sent = self.send_noted(queue, message, now, call);
        self.0.execute_batch(if sent.is_ok() { "RELEASE once" } else { "ROLLBACK TO once; RELEASE once" })?;
        sent
    }

    fn send_noted(&mut self, queue: &str, message: Sent, now: i64, call: &str) -> Stored<(i64, String)> {
        self.0.prepare_cached("DELETE FROM invocations WHERE sent < ?1")?.execute([now - CALLED_AGAIN])?;
        let stored = insert(&self.0, queue, &message, now)?;
        let noted = "INSERT INTO invocations (id, message, sent) VALUES (?1, ?2, ?3)";
        self.0.prepare_cached(noted)?.execute(params![call, stored.1, now])?;
        Ok(stored)
    }

    /// The oldest messages that can be received, which are hidden from then on until `hidden_until`.
    pub(super) fn receive(&mut self, queue: &str, most: usize, now: i64, hidden_until: i64) -> Stored<Vec<Received>> {
        let update =
            "UPDATE messages SET visible = ?4, received = received + 1, first_received = COALESCE(first_received, ?2)
                      WHERE number IN
                          (SELECT number FROM messages WHERE queue = ?1 AND visible <= ?2 ORDER BY number LIMIT ?3)
                      RETURNING number, id, body, attributes, message_group, sent, received, first_received";
        let mut update = self.0.prepare_cached(update)?;
        let received = update.query_map(params![queue, now, most as i64, hidden_until], received)?;
        let mut received = received.collect::<Stored<Vec<_>>>()?;
        // What an update returns has no order.
        received.sort_by_key(|message| message.number);
        Ok(received)
    }

    /// When the next hidden message can be received.
    pub(super) fn next_visible(&self, queue: &str) -> Stored<Option<i64>> {
        self.0.query_row("SELECT MIN(visible) FROM messages WHERE queue = ?1", [queue], |row| row.get(0))
    }

    pub(super) fn delete(&self, queue: &str, number: i64) -> Stored<()> {
        let delete = "DELETE FROM messages WHERE queue = ?1 AND number = ?2";
        self.0.execute(delete, params![queue, number]).map(drop)
    }

    /// Hides a message anew; the answer says whether there is one.
    pub(super) fn hide(&self, queue: &str, number: i64, until: i64) -> Stored<bool> {
        let update = "UPDATE messages SET visible = ?3 WHERE queue = ?1 AND number = ?2";
        Ok(self.0.execute(update, params![queue, number, until])? == 1)
    }

    pub(super) fn purge(&self, queue: &str) -> Stored<()> {
        self.0.execute("DELETE FROM messages WHERE queue = ?1", [queue]).map(drop)
    }

    pub(super) fn counts(&self, queue: &str, now: i64) -> Stored<Counts> {
        let query = "SELECT COALESCE(SUM(visible <= ?2), 0), COALESCE(SUM(visible > ?2 AND received > 0), 0),
                            COALESCE(SUM(visible > ?2 AND received = 0), 0)
                     FROM messages WHERE queue = ?1";
        self.0.query_row(query, params![queue, now], |row| {
            Ok(Counts { visible: row.get(0)?, in_flight: row.get(1)?, delayed: row.get(2)? })
        })
    }
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
    })
}

fn json(attributes: &BTreeMap<String, String>) -> String {
    serde_json::to_string(attributes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(body: &str, visible: i64) -> Sent {
        Sent { body: body.to_owned(), attributes: "{}".to_owned(), group: None, visible }
    }

    #[test]
    fn messages_are_hidden_while_somebody_works_on_them_and_outlive_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("new/sqs.sqlite");
        let mut store = Store::open(&file).unwrap();
        store.create("q", &BTreeMap::new(), 1).unwrap();
        store.send("q", &[sent("a", 10), sent("b", 10), sent("late", 500)], 10).unwrap();
        store.send("other", &[sent("x", 10)], 10).unwrap();
        let bodies = |received: Vec<Received>| received.into_iter().map(|message| message.body).collect::<Vec<_>>();
        assert_eq!(bodies(store.receive("q", 10, 20, 120).unwrap()), ["a", "b"]);
        assert_eq!(store.counts("q", 20).unwrap(), Counts { visible: 0, in_flight: 2, delayed: 1 });
        assert_eq!(store.next_visible("q").unwrap(), Some(120));
        // The first store is still open, as that of a process that was killed would be.
        let mut next = Store::open(&file).unwrap();
        assert!(next.receive("q", 10, 119, 200).unwrap().is_empty());
        let again = next.receive("q", 1, 120, 220).unwrap();
        assert_eq!((again[0].body.as_str(), again[0].count, again[0].first_received), ("a", 2, 20));
        next.delete("q", again[0].number).unwrap();
        assert!(!next.hide("q", again[0].number, 300).unwrap());
        assert_eq!(bodies(next.receive("q", 10, 1000, 1000).unwrap()), ["b", "late"]);
        next.purge("q").unwrap();
        assert_eq!(next.counts("q", 0).unwrap(), Counts { visible: 0, in_flight: 0, delayed: 0 });
        next.delete_queue("q").unwrap();
        assert_eq!(next.queue("q").unwrap(), None);
        assert_eq!(bodies(next.receive("other", 10, 20, 20).unwrap()), ["x"]);
    }
}
