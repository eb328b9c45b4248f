//! What it costs to store the history of an execution: a Map over 10,000 items, with and without. Once with a task for each item,
//! which a built-in handler answers in this process, and once with nothing but a Pass state, where there is little else to do.
//!
//! `cargo bench --bench history`
#![expect(clippy::print_stdout, reason = "the figures are what the program is for")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use asl_engine::{Quotas, Value};
use asl_project::{Definition, ExecutionOptions, Project, Start, StateMachine, StoredHistories, Substitutions};
use asl_runtime::Status;
use asl_tasks::Routes;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ITEMS: i64 = 10_000;
const RUNS: usize = 9;

/// What is done with each item, and the state that does it.
const WORK: [(&str, &str); 2] = [
    (
        "a task",
        r#"{"Type": "Task", "QueryLanguage": "JSONata", "Resource": "arn:aws:lambda:us-east-1:1:function:ok",
            "Arguments": [200, 200], "End": true}"#,
    ),
    ("a Pass state", r#"{"Type": "Pass", "End": true}"#),
];
const ROUTES: &str = "[[routes]]\nresource = 'arn:aws:lambda:*:*:function:ok'\nhandler = 'consolidate'\n";

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    for (name, state) in WORK {
        let definition = format!(
            r#"{{"StartAt": "Each", "States": {{"Each": {{"Type": "Map", "End": true, "ItemProcessor": {{
                "StartAt": "Work", "States": {{"Work": {state}}}}}}}}}}}"#
        );
        let program = Definition::new("each.json", definition).program().expect("a definition");
        let machine = StateMachine::local("each", Arc::new(program));
        let data = tempfile::tempdir().expect("a temporary folder");
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for number in 0..RUNS {
            for (stores, times) in [(true, &mut with), (false, &mut without)] {
                times.push(runtime.block_on(run(&machine, data.path(), number, stores)));
            }
        }
        let stored = StoredHistories::below(data.path()).find(None).expect("it is stored");
        let [with, without] = [with, without].map(median);
        println!("a Map over {ITEMS} items with {name} for each: {} events", stored.events.len());
        println!("not stored  {:6.1} ms", millis(without));
        let ratio = millis(with) / millis(without);
        println!("stored      {:6.1} ms, {ratio:.2} times (target: at most 1.15)", millis(with));
    }
}

/// Runs an execution until all that happened is stored.
async fn run(machine: &StateMachine, data: &Path, number: usize, stores_histories: bool) -> Duration {
    let options = ExecutionOptions { quotas: Quotas::NONE, stores_histories, ..ExecutionOptions::default() };
    let routes = Routes::parse(ROUTES, Path::new("routes.toml")).expect("routes");
    let project = Project::new(routes, &Substitutions::default(), data, options).expect("a project");
    let input: Value = (0..ITEMS).map(Value::from).collect();
    let start = Start { name: format!("run-{number}"), input, is_waited_for: true, ..Start::default() };
    let since = Instant::now();
    let started = project.executions().start(machine, start).expect("it starts");
    assert_eq!(started.ended().await.finished.status, Status::Succeeded);
    project.executions().finish_storing().expect("it is stored");
    since.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
