//! A program that ends at a commit, before or after it is kept: at each one there is. What goes on from there comes to the same end, and no
//! task that has ended is called again.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use asl_engine::{Execution, Outcome, Program, Timestamp, Value};
use asl_project::{Definition, ExecutionOptions, Executions, Start, StartError, StateMachine, StateMachines, Watcher};
use asl_runtime::journal::{Commit, Commits, Entry, Events, Journal, JournalError, Kept, Listed, Listing, Sqlite};
use asl_runtime::{BoxFuture, Call, Handler, Saved};
use asl_tasks::{Mocks, Router, Routes};
use tokio::sync::Notify;

/// A journal that ends its program at a commit: nothing is heard of that one, nor of any later one.
struct Cut {
    inner: Sqlite,
    left: AtomicUsize,
    /// Whether the commit is kept.
    keeps: bool,
    reached: Arc<Notify>,
}

impl Journal for Cut {
    fn commit(&self, commit: Commit) -> BoxFuture<'static, Result<(), JournalError>> {
        let before = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if before.is_ok_and(|left| left > 1) {
            return self.inner.commit(commit);
        }
        if before == Ok(1) && self.keeps {
            // Kept before the other end of the file is opened again.
            drop(self.inner.commit(commit));
        }
        self.reached.notify_one();
        Box::pin(std::future::pending())
    }

    fn is_durable(&self) -> bool {
        true
    }

    fn entry(&self, arn: &str) -> Result<Option<Entry>, JournalError> {
        self.inner.entry(arn)
    }

    fn list(&self, asked: &Listing<'_>) -> Result<Vec<Listed>, JournalError> {
        self.inner.list(asked)
    }

    fn counts(&self) -> Result<Vec<(Arc<str>, u64)>, JournalError> {
        self.inner.counts()
    }

    fn kept(&self) -> Result<Vec<Kept>, JournalError> {
        self.inner.kept()
    }

    fn saved(&self, arn: &str) -> Result<Saved, JournalError> {
        self.inner.saved(arn)
    }

    fn events(&self, arn: &str, asked: Events) -> Result<Vec<String>, JournalError> {
        self.inner.events(arn, asked)
    }

    fn last_event(&self, arn: &str) -> Result<u64, JournalError> {
        self.inner.last_event(arn)
    }

    fn documents(&self, kind: &str) -> Result<Vec<(String, String)>, JournalError> {
        self.inner.documents(kind)
    }

    fn document(&self, kind: &str, name: &str) -> Result<Option<String>, JournalError> {
        self.inner.document(kind, name)
    }

    fn drop_ended_before(&self, at: Timestamp) -> BoxFuture<'static, Result<bool, JournalError>> {
        self.inner.drop_ended_before(at)
    }

    fn trouble(&self) -> Option<String> {
        self.inner.trouble()
    }

    fn commits(&self) -> Commits {
        self.inner.commits()
    }
}

/// State machines by their names, of which nothing changes.
struct Machines(BTreeMap<String, Arc<Program>>);

impl StateMachines for Machines {
    fn find(&self, arn: &str) -> Result<StateMachine, StartError> {
        let name = arn.rsplit(':').next().unwrap_or_default();
        let program = self.0.get(name).ok_or_else(|| StartError::NoSuchMachine(arn.into()))?;
        Ok(StateMachine { revision: arn.into(), ..StateMachine::local(name, Arc::clone(program)) })
    }

    fn revision(&self, revision: &str) -> Option<StateMachine> {
        self.find(revision).ok()
    }

    fn mocks(&self, _: &StateMachine, _: &str) -> Result<Arc<Mocks>, String> {
        Err("there are none".to_owned())
    }

    fn watcher(&self, _: &StateMachine, _: &Arc<Execution>) -> Option<Watcher> {
        None
    }
}

/// A task that counts by its input how often it has ended, and knows the tokens that it was told.
#[derive(Clone, Default)]
struct Tasks(Arc<Mutex<Done>>);

#[derive(Default)]
struct Done {
    ended: BTreeMap<String, usize>,
    tokens: Vec<String>,
}

impl Handler for Tasks {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let input = &call.request.input;
            let input = input.get("Payload").unwrap_or(input);
            let mut done = self.0.lock().expect("nobody panics with it");
            if let Some(token) = input["token"].as_str() {
                done.tokens.push(token.to_owned());
            }
            *done.ended.entry(input.to_string()).or_default() += 1;
            Ok([("did", input["n"].clone())].into())
        })
    }

    fn reaches_aws<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Vec<String>> {
        Box::pin(async { Vec::new() })
    }
}

const CHILD: &str = r#"{"StartAt":"C","States":{"C":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:count",
    "Parameters":{"n":"child"},"End":true}}}"#;

/// A task, a list, an answer from outside, child executions, and a machine that it starts, one after another.
const ALL: &str = r#"{"StartAt":"Task","States":{
    "Task":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:count","Parameters":{"n":"task"},"Next":"Each"},
    "Each":{"Type":"Map","ItemsPath":"$$.Execution.Input","Next":"Ask","ItemProcessor":{"StartAt":"Item","States":{
        "Item":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:count","Parameters":{"n.$":"$"},"End":true}}}},
    "Ask":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters":{"FunctionName":"f","Payload":{"n":"ask","token.$":"$$.Task.Token"}},
        "Next":"Children"},
    "Children":{"Type":"Map","Label":"Children","ItemsPath":"$$.Execution.Input","Next":"Nested","ItemProcessor":{
        "ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"Kid","States":{
        "Kid":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:count",
            "Parameters":{"n.$":"States.Format('kid {}', $)"},"End":true}}}},
    "Nested":{"Type":"Task","Resource":"arn:aws:states:::states:startExecution.sync:2","OutputPath":"$.Output",
        "Parameters":{"StateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:child","Input":{}},"End":true}}}"#;

const ARN: &str = "arn:aws:states:us-east-1:000000000000:execution:all:run";

fn program(definition: &str) -> Arc<Program> {
    let definition = Definition::new("d.json", definition.to_owned());
    Arc::new(definition.program().unwrap_or_else(|found| panic!("{found:#?}")))
}

/// The executions of a program whose journal is in this folder.
fn executions(journal: Arc<dyn Journal>, data: &Path, tasks: &Tasks) -> Arc<Executions> {
    let routes = Routes::parse("", Path::new("routes.toml")).expect("routes");
    let router = Router::new(routes, data)
        .with_handler("arn:aws:lambda:*", Arc::new(tasks.clone()))
        .with_handler("arn:aws:states:::lambda:invoke", Arc::new(tasks.clone()));
    let executions = Executions::new(BTreeMap::new(), router, data, ExecutionOptions::default(), Some(journal));
    let machines = [("all", ALL), ("child", CHILD)].map(|(name, definition)| (name.to_owned(), program(definition)));
    executions.serve(Arc::new(Machines(BTreeMap::from(machines))));
    executions
}

/// Runs until the cut is reached, or to the end; whether it has come to the end.
fn first_life(data: &Path, tasks: &Tasks, cut: usize, keeps: bool) -> bool {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let reached = Arc::new(Notify::new());
        let inner = Sqlite::open(&data.join("journal.sqlite")).expect("it opens");
        let journal = Cut { inner, left: AtomicUsize::new(cut), keeps, reached: Arc::clone(&reached) };
        let executions = executions(Arc::new(journal), data, tasks);
        let machine =
            executions.state_machine("arn:aws:states:us-east-1:000000000000:stateMachine:all").expect("it is there");
        let input: Value = "[1,2]".parse().expect("JSON");
        let start = Start { name: "run".to_owned(), input, is_waited_for: true, ..Start::default() };
        let started = executions.start(&machine, start).expect("the name is free");
        let answering = answer_tokens(&executions, tasks);
        tokio::select! {
            _ = started.ended() => true,
            () = reached.notified() => false,
            never = answering => never,
        }
    })
}

/// Answers every token, again and again.
async fn answer_tokens<T>(executions: &Arc<Executions>, tasks: &Tasks) -> T {
    loop {
        let tokens = tasks.0.lock().expect("nobody panics with it").tokens.clone();
        for token in tokens {
            // It may have been answered before.
            let _ = executions.router().callbacks().answer(&token, Ok(Value::from("answered")));
        }
        tokio::task::yield_now().await;
    }
}

#[test]
fn at_each_commit_a_program_can_end_and_the_next_one_goes_on() {
    let mut boundaries = 0;
    for (cut, keeps) in (1..).flat_map(|cut| [(cut, false), (cut, true)]) {
        let folder = tempfile::tempdir().expect("a folder");
        let tasks = Tasks::default();
        if first_life(folder.path(), &tasks, cut, keeps) {
            break;
        }
        boundaries += 1;
        let is_started = keeps || cut > 1;
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let (details, events) = runtime.block_on(async {
            let journal = Arc::new(Sqlite::open(&folder.path().join("journal.sqlite")).expect("it opens again"));
            let executions = executions(Arc::clone(&journal) as Arc<dyn Journal>, folder.path(), &tasks);
            assert!(executions.resume().expect("it can be read").is_empty());
            if is_started {
                tokio::select! {
                    () = executions.ended_of(ARN) => {}
                    never = answer_tokens(&executions, &tasks) => never,
                }
            }
            let all = Events { from: None, is_reversed: false, most: 1_000 };
            (executions.details(ARN), journal.events(ARN, all).expect("they can be read"))
        });
        let at = format!("at the commit {cut}, which was {}kept", if keeps { "" } else { "not " });
        if !is_started {
            assert!(details.is_err() && events.is_empty(), "{at}: nobody was told that it has started");
            continue;
        }
        let details = details.unwrap_or_else(|error| panic!("{at}: {error}"));
        assert_eq!(
            (&*details.status, details.more.output.as_deref(), details.more.failure.as_ref()),
            ("SUCCEEDED", Some(r#"{"did":"child"}"#), None),
            "{at}"
        );
        let events: Vec<Value> = events.iter().map(|event| event.parse().expect("JSON")).collect();
        let ids: Vec<i64> = events.iter().filter_map(|event| event["id"].as_i64()).collect();
        assert_eq!(ids, (1..=ids.len() as i64).collect::<Vec<_>>(), "{at}");
        let count = |name: &str| events.iter().filter(|event| event["type"].as_str() == Some(name)).count();
        let counted = ["LambdaFunctionSucceeded", "TaskSubmitted", "TaskSucceeded", "MapRunSucceeded"].map(count);
        assert_eq!(counted, [3, 2, 2, 1], "{at}");
        let done = tasks.0.lock().expect("nobody panics with it");
        assert_eq!(done.ended.len(), 7, "{at}: {:?}", done.ended);
        // What was in flight is called again, once: there was one end.
        let again: usize = done.ended.values().map(|times| times - 1).sum();
        assert!(done.ended.values().all(|times| *times <= 2) && again <= 2, "{at}: {:?}", done.ended);
    }
    assert!(boundaries >= 20, "{boundaries} boundaries");
}
