//! What is read from the file.

use std::sync::Arc;

use asl_engine::Timestamp;
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, Error, OptionalExtension, Row, params, params_from_iter};

use super::super::{Entry, Events, Kept, Listed, ListedUnder, Listing, Place, Under};
use crate::ledger::{RestoreError, Saved};

/// The columns of an execution, in the order of [`listed`].
const COLUMNS: &str =
    "number, arn, state_machine, version, alias, map_run, status, started, stopped, listed_at, document";

fn listed(row: &Row<'_>) -> Result<Listed, Error> {
    let listed_under =
        ListedUnder { state_machine: row.get(2)?, version: row.get(3)?, alias: row.get(4)?, map_run: row.get(5)? };
    let entry = Entry {
        arn: row.get(1)?,
        listed_under,
        status: row.get(6)?,
        started: Timestamp(row.get(7)?),
        stopped: row.get::<_, Option<i64>>(8)?.map(Timestamp),
        document: row.get(10)?,
    };
    Ok(Listed { place: Place { at: Timestamp(row.get(9)?), number: row.get(0)? }, entry })
}

pub(super) fn entry(connection: &Connection, arn: &str) -> Result<Option<Entry>, Error> {
    let mut asked = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM executions WHERE arn = ?"))?;
    Ok(asked.query_row([arn], listed).optional()?.map(|listed| listed.entry))
}

pub(super) fn list(connection: &Connection, asked: &Listing<'_>) -> Result<Vec<Listed>, Error> {
    let under = match asked.under {
        Under::All => None,
        Under::StateMachine(arn) => Some(("state_machine", arn)),
        Under::Version(arn) => Some(("version", arn)),
        Under::Alias(arn) => Some(("alias", arn)),
        Under::MapRun(arn) => Some(("map_run", arn)),
    };
    let (mut conditions, mut values) = (vec!["1"], Vec::<Sql>::new());
    let column;
    if let Some((name, arn)) = under {
        column = format!("{name} = ?");
        conditions.push(&column);
        values.push(arn.to_owned().into());
    }
    if let Some(status) = asked.status {
        conditions.push("status = ?");
        values.push(status.to_owned().into());
    }
    if let Some(Place { at, number }) = asked.after {
        conditions.push("(listed_at, number) < (?, ?)");
        values.extend([at.0.into(), number.into()]);
    }
    values.push(i64::try_from(asked.most).unwrap_or(i64::MAX).into());
    let conditions = conditions.join(" AND ");
    let sql =
        format!("SELECT {COLUMNS} FROM executions WHERE {conditions} ORDER BY listed_at DESC, number DESC LIMIT ?");
    connection.prepare_cached(&sql)?.query_map(params_from_iter(values), listed)?.collect()
}

pub(super) fn counts(connection: &Connection) -> Result<Vec<(Arc<str>, u64)>, Error> {
    let mut asked = connection.prepare_cached("SELECT status, count(*) FROM executions GROUP BY status")?;
    let counted = |row: &Row<'_>| Ok((row.get(0)?, u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0)));
    asked.query_map([], counted)?.collect()
}

pub(super) fn kept(connection: &Connection) -> Result<Vec<Kept>, Error> {
    let columns = COLUMNS.replace("number,", "executions.number,");
    // Those that have ended and can be redriven have a ledger, too. The pieces of an execution come one after another.
    let sql = format!(
        "SELECT {columns}, pieces.name, pieces.text FROM executions CROSS JOIN pieces ON executions.number = pieces.execution \
         WHERE executions.status = 'RUNNING' ORDER BY executions.number"
    );
    let mut asked = connection.prepare(&sql)?;
    let mut rows = asked.query([])?;
    let mut kept = Vec::new();
    let mut open: Option<(Listed, Vec<(String, String)>)> = None;
    let finished = |(listed, pieces): (Listed, Vec<_>)| Kept { entry: listed.entry, saved: Saved::read(pieces) };
    while let Some(row) = rows.next()? {
        let number: i64 = row.get(0)?;
        let piece = (row.get(11)?, row.get(12)?);
        match &mut open {
            Some((listed, pieces)) if listed.place.number == number => pieces.push(piece),
            _ => kept.extend(open.replace((listed(row)?, vec![piece])).map(finished)),
        }
    }
    kept.extend(open.map(finished));
    Ok(kept)
}

pub(super) fn saved(connection: &Connection, arn: &str) -> Result<Result<Saved, RestoreError>, Error> {
    let mut asked = connection.prepare_cached(
        "SELECT name, text FROM pieces WHERE execution = (SELECT number FROM executions WHERE arn = ?)",
    )?;
    let pieces = asked.query_map([arn], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<Vec<_>, _>>()?;
    Ok(Saved::read(pieces))
}

/// Events are kept as they came: a row has those of a Batch, a line each.
pub(super) fn events(connection: &Connection, arn: &str, asked: Events) -> Result<Vec<String>, Error> {
    let number: Option<i64> = connection
        .prepare_cached("SELECT number FROM executions WHERE arn = ?")?
        .query_row([arn], |row| row.get(0))
        .optional()?;
    let Some(number) = number else { return Ok(Vec::new()) };
    let from = asked.from.map_or(if asked.is_reversed { i64::MAX } else { 1 }, as_sql);
    let sql = match asked.is_reversed {
        false => "SELECT first, texts FROM events WHERE execution = ? AND last >= ? ORDER BY first",
        true => "SELECT first, texts FROM events WHERE execution = ? AND first <= ? ORDER BY first DESC",
    };
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![number, from])?;
    let mut found: Vec<String> = Vec::new();
    while found.len() < asked.most
        && let Some(row) = rows.next()?
    {
        let first: i64 = row.get(0)?;
        let texts: String = row.get(1)?;
        let lines: Vec<(i64, &str)> = (first..).zip(texts.lines()).collect();
        let left = asked.most - found.len();
        match asked.is_reversed {
            false => {
                let wanted = lines.iter().filter(|(id, _)| *id >= from);
                found.extend(wanted.take(left).map(|(_, text)| (*text).to_owned()));
            }
            true => {
                let wanted = lines.iter().rev().filter(|(id, _)| *id <= from);
                found.extend(wanted.take(left).map(|(_, text)| (*text).to_owned()));
            }
        }
    }
    Ok(found)
}

pub(super) fn last_event(connection: &Connection, arn: &str) -> Result<u64, Error> {
    let mut asked = connection.prepare_cached(
        "SELECT last FROM events WHERE execution = (SELECT number FROM executions WHERE arn = ?) \
         ORDER BY first DESC LIMIT 1",
    )?;
    let last: Option<i64> = asked.query_row([arn], |row| row.get(0)).optional()?;
    Ok(last.and_then(|last| u64::try_from(last).ok()).unwrap_or(0))
}

pub(super) fn documents(connection: &Connection, kind: &str) -> Result<Vec<(String, String)>, Error> {
    let mut asked = connection.prepare_cached("SELECT name, text FROM documents WHERE kind = ? ORDER BY name")?;
    asked.query_map([kind], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

pub(super) fn document(connection: &Connection, kind: &str, name: &str) -> Result<Option<String>, Error> {
    let mut asked = connection.prepare_cached("SELECT text FROM documents WHERE kind = ? AND name = ?")?;
    asked.query_row([kind, name], |row| row.get(0)).optional()
}

pub(super) fn as_sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
