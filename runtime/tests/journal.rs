//! What every journal does, and what one in a file does beyond that.
#![cfg(feature = "sqlite")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use asl_engine::{Execution, Program, Timestamp, Value};
use asl_runtime::journal::{
    Commit, Document, Entry, Events, Journal, LedgerCommit, ListedUnder, Listing, Memory, OpenError, Place, Sqlite,
    Under,
};
use asl_runtime::{Effect, Input, Ledger, Saver};

const MACHINE: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:m";
const WAITS: &str =
    r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":60,"Next":"P"},"P":{"Type":"Pass","End":true}}}"#;

fn entry(name: &str, status: &str, started: i64, stopped: Option<i64>) -> Entry {
    Entry {
        arn: format!("arn:aws:states:us-east-1:000000000000:execution:m:{name}").into(),
        listed_under: ListedUnder { state_machine: Some(MACHINE.into()), ..ListedUnder::default() },
        status: status.into(),
        started: Timestamp(started),
        stopped: stopped.map(Timestamp),
        document: format!("about {name}").into(),
    }
}

async fn put(journal: &dyn Journal, entry: Entry) {
    journal.commit(Commit { entries: vec![entry], ..Commit::default() }).await.expect("it is kept");
}

fn names(journal: &dyn Journal, asked: &Listing<'_>) -> Vec<String> {
    let listed = journal.list(asked).expect("it can be read");
    listed.iter().map(|listed| listed.entry.arn.rsplit(':').next().unwrap_or_default().to_owned()).collect()
}

const ALL: Listing<'_> = Listing { under: Under::StateMachine(MACHINE), status: None, after: None, most: 100 };

/// Every kind of journal, with what has to live as long.
fn journals() -> Vec<(Box<dyn Journal>, Option<tempfile::TempDir>)> {
    let folder = tempfile::tempdir().expect("a folder");
    let sqlite = Sqlite::open(&folder.path().join("new/journal.sqlite")).expect("it opens");
    vec![(Box::<Memory>::default(), None), (Box::new(sqlite), Some(folder))]
}

fn arn(name: &str) -> String {
    entry(name, "", 0, None).arn.to_string()
}

#[tokio::test]
async fn executions_are_listed_the_newest_first_page_by_page() {
    for (journal, _folder) in journals() {
        let journal = &*journal;
        // Those that have ended stand where they ended.
        for (name, status, started, stopped) in [
            ("a", "RUNNING", 10, None),
            ("b", "RUNNING", 20, None),
            ("c", "SUCCEEDED", 5, Some(15)),
            ("d", "FAILED", 1, Some(30)),
            ("e", "FAILED", 2, Some(30)),
        ] {
            put(journal, entry(name, status, started, stopped)).await;
        }
        assert_eq!(names(journal, &ALL), ["e", "d", "b", "c", "a"]);
        assert_eq!(names(journal, &Listing { status: Some("FAILED"), ..ALL }), ["e", "d"]);
        assert_eq!(names(journal, &Listing { under: Under::All, most: 1, ..ALL }), ["e"]);
        for under in [Under::StateMachine("other"), Under::Version("v"), Under::Alias("x"), Under::MapRun("y")] {
            assert!(names(journal, &Listing { under, ..ALL }).is_empty());
        }
        let mut paged = Vec::new();
        let mut after: Option<Place> = None;
        loop {
            let page = journal.list(&Listing { after, most: 2, ..ALL }).expect("it can be read");
            let Some(last) = page.last() else { break };
            after = Some(last.place);
            paged.extend(page.iter().map(|listed| listed.entry.arn.clone()));
        }
        assert_eq!(paged, ["e", "d", "b", "c", "a"].map(|name| Arc::from(arn(name))));

        // What has changed is known instead of what was.
        put(journal, entry("a", "SUCCEEDED", 10, Some(40))).await;
        assert_eq!(names(journal, &ALL), ["a", "e", "d", "b", "c"]);
        assert_eq!(journal.entry(&arn("a")), Ok(Some(entry("a", "SUCCEEDED", 10, Some(40)))));
        assert_eq!(journal.entry("unknown"), Ok(None));
        let counts =
            [("FAILED", 2), ("RUNNING", 1), ("SUCCEEDED", 2)].map(|(status, count)| (Arc::from(status), count));
        assert_eq!(journal.counts(), Ok(counts.to_vec()));
    }
}

#[tokio::test]
async fn what_ended_long_ago_is_dropped_and_what_runs_stays() {
    for (journal, _folder) in journals() {
        let journal = &*journal;
        for (name, status, started, stopped) in
            [("old", "SUCCEEDED", 1, Some(2)), ("runs", "RUNNING", 1, None), ("new", "SUCCEEDED", 1, Some(100))]
        {
            put(journal, entry(name, status, started, stopped)).await;
        }
        while journal.drop_ended_before(Timestamp(50)).await.expect("it can be dropped") {}
        assert_eq!(names(journal, &ALL), ["new", "runs"]);
        // The name is free again.
        assert_eq!(journal.entry(&arn("old")), Ok(None));
    }
}

#[tokio::test]
async fn documents_are_there_until_they_are_gone() {
    for (journal, _folder) in journals() {
        let put = |kind, name: &str, text: Option<&str>| {
            let document = Document { kind, name: name.into(), text: text.map(Into::into) };
            journal.commit(Commit { documents: vec![document], ..Commit::default() })
        };
        for (kind, name, text) in [
            ("x", "b", Some("1")),
            ("x", "a", Some("2")),
            ("y", "a", Some("3")),
            ("x", "a", Some("4")),
            ("x", "c", None),
        ] {
            put(kind, name, text).await.expect("it is kept");
        }
        let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
        };
        assert_eq!(journal.documents("x"), Ok(pairs(&[("a", "4"), ("b", "1")])));
        put("x", "b", None).await.expect("it is kept");
        assert_eq!(journal.documents("x"), Ok(pairs(&[("a", "4")])));
        assert_eq!(journal.document("y", "a"), Ok(Some("3".to_owned())));
        assert_eq!(journal.document("x", "b"), Ok(None));
    }
}

/// An execution that waits, committed after its first Batch.
async fn waiting(journal: &dyn Journal, name: &str) -> Arc<Program> {
    let program = Arc::new(Program::parse(WAITS).expect("a definition"));
    let execution = Execution::local("m", name, Value::from("hello"), Timestamp(0), 1);
    let mut ledger = Ledger::new(Arc::clone(&program), execution);
    let batch = ledger.feed(Timestamp(0), [Input::Start]).expect("it begins");
    let writes = Saver::default().save(&ledger, &batch);
    let entries = vec![entry(name, "RUNNING", 0, None)];
    let arn = entries[0].arn.clone();
    let ledger = LedgerCommit { arn, writes, recorded: batch.recorded, is_over: false };
    journal.commit(Commit { entries, ledger: Some(ledger), ..Commit::default() }).await.expect("it is kept");
    program
}

#[tokio::test]
async fn ledgers_are_kept_until_they_are_over_and_go_on_from_where_they_stood() {
    for (journal, _folder) in journals() {
        let program = waiting(&*journal, "w").await;
        let kept = journal.kept().expect("it can be read");
        assert_eq!(kept.len(), 1);
        let (mut ledger, mut saver) = kept
            .into_iter()
            .map(|kept| {
                Ledger::restore(Arc::clone(&program), kept.saved.expect("it is sound")).expect("it is restored")
            })
            .next()
            .expect("there is one");
        let open: Vec<Effect> = ledger.open().collect();
        let [Effect::Sleep(wait, Timestamp(60_000))] = open[..] else { panic!("{open:?}") };
        let woke = Input::Reply(wait, asl_engine::Reply::Woke);
        let batch = ledger.feed(Timestamp(60_000), [woke]).expect("it goes on");
        assert!(batch.finished.is_some());
        let ended = entry("w", "SUCCEEDED", 0, Some(60_000));
        let writes = saver.save(&ledger, &batch);
        let over = LedgerCommit { arn: ended.arn.clone(), writes, recorded: batch.recorded, is_over: true };
        let commit = Commit { entries: vec![ended], ledger: Some(over), ..Commit::default() };
        journal.commit(commit).await.expect("it is kept");
        assert!(journal.kept().expect("it can be read").is_empty());
    }
}

#[tokio::test]
async fn events_come_in_pages_from_both_ends() {
    for (journal, _folder) in journals() {
        let program = waiting(&*journal, "w").await;
        let saved = journal.saved(&arn("w")).expect("it can be read");
        let (mut ledger, _) = Ledger::restore(program, saved).expect("it is restored");
        let wait = ledger.open().find_map(|effect| if let Effect::Sleep(wait, _) = effect { Some(wait) } else { None });
        let woke = Input::Reply(wait.expect("it sleeps"), asl_engine::Reply::Woke);
        let batch = ledger.feed(Timestamp(60_000), [woke]).expect("it goes on");
        let over = LedgerCommit { arn: arn("w").into(), writes: Vec::new(), recorded: batch.recorded, is_over: true };
        journal.commit(Commit { ledger: Some(over), ..Commit::default() }).await.expect("it is kept");
        let ids = |from, is_reversed, most| -> Vec<i64> {
            let texts = journal.events(&arn("w"), Events { from, is_reversed, most }).expect("they can be read");
            texts.iter().map(|text| text.parse::<Value>().expect("JSON")["id"].as_i64().expect("an id")).collect()
        };
        assert_eq!(ids(None, false, 100), [1, 2, 3, 4, 5, 6]);
        assert_eq!(ids(Some(2), false, 3), [2, 3, 4]);
        assert_eq!(ids(None, true, 2), [6, 5]);
        assert_eq!(ids(Some(4), true, 3), [4, 3, 2]);
        assert!(ids(Some(7), false, 10).is_empty());
        assert_eq!(journal.last_event(&arn("w")), Ok(6));
        assert_eq!(journal.last_event("unknown"), Ok(0));
        let first = journal.events(&arn("w"), Events { from: None, is_reversed: false, most: 1 }).expect("it is there");
        assert!(first[0].starts_with(r#"{"timestamp":0.000,"type":"ExecutionStarted","id":1,"#), "{first:?}");
    }
}

/// A journal in a file of this folder.
fn open(folder: &Path) -> Result<Sqlite, OpenError> {
    Sqlite::open(&folder.join("journal.sqlite"))
}

#[tokio::test]
async fn what_was_committed_is_there_when_the_file_is_opened_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = open(folder.path()).expect("it opens");
    waiting(&journal, "w").await;
    // Nobody waits for these; they are kept all the same.
    for number in 0..50 {
        let entries = vec![entry(&number.to_string(), "SUCCEEDED", number, Some(number))];
        drop(journal.commit(Commit { entries, ..Commit::default() }));
    }
    drop(journal);
    let journal = open(folder.path()).expect("it opens again");
    assert_eq!(journal.list(&ALL).expect("it can be read").len(), 51);
    assert_eq!(journal.kept().expect("it can be read").len(), 1);
}

#[tokio::test]
async fn a_file_that_is_used_or_of_a_later_release_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = open(folder.path()).expect("it opens");
    assert!(matches!(open(folder.path()), Err(OpenError::InUse(_))));
    drop(first);
    let file = folder.path().join("journal.sqlite");
    let later = rusqlite::Connection::open(&file).expect("it opens");
    later.pragma_update(None, "user_version", 99).expect("it is changed");
    drop(later);
    assert!(matches!(open(folder.path()), Err(OpenError::Version { found: 99, .. })));
    fs::write(&file, "no database at all, however long it may be").expect("it is written");
    assert!(matches!(open(folder.path()), Err(OpenError::Database { .. })));
    fs::remove_file(&file).expect("it is there");
    fs::create_dir(&file).expect("a folder");
    assert!(open(folder.path()).is_err());
}

/// The end of the log is torn, as when the power fails: what was before is there, and nothing is half there.
#[tokio::test]
async fn a_torn_end_of_the_log_loses_that_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = open(folder.path()).expect("it opens");
    for number in 0..20 {
        put(&journal, entry(&number.to_string(), "SUCCEEDED", number, Some(number))).await;
    }
    // As the file and its log are now, without the end that a program makes of them.
    let copy = tempfile::tempdir().expect("a folder");
    for name in ["journal.sqlite", "journal.sqlite-wal"] {
        fs::copy(folder.path().join(name), copy.path().join(name)).expect("it is copied");
    }
    let log = copy.path().join("journal.sqlite-wal");
    let length = fs::metadata(&log).expect("it is there").len();
    for torn in [1, 100, 4_000, 9_000] {
        let file = fs::File::options().write(true).open(&log).expect("it opens");
        file.set_len(length - torn).expect("it is cut");
        drop(file);
        let again = tempfile::tempdir().expect("a folder");
        for name in ["journal.sqlite", "journal.sqlite-wal"] {
            fs::copy(copy.path().join(name), again.path().join(name)).expect("it is copied");
        }
        let journal = open(again.path()).expect("it opens");
        let listed = journal.list(&ALL).expect("it can be read");
        let newest = listed.len() as i64 - 1;
        assert!((10..19).contains(&newest), "{newest}");
        let numbers: Vec<i64> = listed.iter().map(|listed| listed.entry.started.0).collect();
        assert_eq!(numbers, (0..=newest).rev().collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn many_commits_share_a_transaction() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = open(folder.path()).expect("it opens");
    let commits: Vec<_> = (0..1_000)
        .map(|number| {
            let entries = vec![entry(&number.to_string(), "RUNNING", number, None)];
            journal.commit(Commit { entries, ..Commit::default() })
        })
        .collect();
    for commit in commits {
        commit.await.expect("it is kept");
    }
    let commits = journal.commits();
    assert_eq!(commits.commits, 1_000);
    assert!(commits.transactions < 500, "{commits:?}");
}

/// The clock of the machine is set back while an execution runs, or before it goes on: its history never goes back.
#[test]
fn a_clock_that_jumps_back_does_not_turn_a_history_back() {
    let program = Arc::new(Program::parse(WAITS).expect("a definition"));
    let execution = Execution::local("m", "w", Value::Null, Timestamp(1_000_000), 1);
    let mut ledger = Ledger::new(Arc::clone(&program), execution);
    let batch = ledger.feed(Timestamp(1_000_000), [Input::Start]).expect("it begins");
    let mut saver = Saver::default();
    saver.save(&ledger, &batch);
    let mut ledger = saver.ledger(program).expect("it is restored");
    let wait = ledger.open().find_map(|effect| if let Effect::Sleep(wait, _) = effect { Some(wait) } else { None });
    let woke = Input::Reply(wait.expect("it sleeps"), asl_engine::Reply::Woke);
    let batch = ledger.feed(Timestamp(5), [woke]).expect("it goes on");
    assert!(batch.finished.is_some());
    assert!(batch.recorded.iter().all(|recorded| recorded.event.timestamp >= Timestamp(1_000_000)), "{batch:?}");
}
