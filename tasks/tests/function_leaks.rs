//! A thousand calls at fifty at once leave nothing behind. One test, in a process of its own: it counts what the process has.

mod support;

use asl_engine::Value;
use futures_util::{StreamExt, stream};
use support::functions::{Function, Held};

const CALLS: usize = 1000;
const AT_ONCE: usize = 50;
/// How long something may take that is never waited for when all is well.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// The open files of this process.
fn files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// The processes whose parent this one is, zombies among them.
fn children() -> usize {
    let own = std::process::id().to_string();
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    all.filter(|entry| {
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let parent = stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(1));
        parent == Some(own.as_str())
    })
    .count()
}

/// The memory of this process, in MB.
fn memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() / 1024
}

async fn calls(function: &Function) {
    let calls = stream::iter(0..CALLS).map(|number| async move {
        let input = format!(r#"{{"number":{number}}}"#);
        assert_eq!(function.call(&input).await.unwrap().to_string(), input);
    });
    calls.buffer_unordered(AT_ONCE).for_each(async |()| {}).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_calls_leave_nothing_behind() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let settings = format!("timeout_seconds = 60\nmax_processes = {AT_ONCE}\nenvironment = {{ AT_START = 'start' }}");
    // What the runtime of the test opens when it first starts a process is not ours.
    let Some(function) = Function::custom(&settings) else { return };
    function.prepare().await.unwrap();
    drop(function);
    gone().await;
    let before = files();

    let function = Function::custom(&settings).unwrap();
    // Fifty processes are under way at once.
    let held = Held::new();
    let event = format!(r#"{{"do":"hold and answer","port":{}}}"#, held.port());
    let all = futures_util::future::join_all((0..AT_ONCE).map(|_| function.call(&event)));
    let releases = async {
        let mut holding = Vec::new();
        for _ in 0..AT_ONCE {
            holding.push(held.next().await);
        }
        holding.iter().for_each(support::functions::Holding::release);
    };
    let (outcomes, ()) = tokio::join!(all, releases);
    assert!(outcomes.iter().all(|outcome| *outcome == Ok(Value::Null)));
    calls(&function).await;
    let (files_then, memory_then) = (files(), memory());
    calls(&function).await;
    // One more is the guard, which ends processes when this one is killed.
    assert_eq!(children(), AT_ONCE + 1);
    assert_eq!(function.printed().iter().filter(|line| *line == "start").count(), AT_ONCE);
    assert!(files() <= files_then + 2, "{} files, and {files_then} before", files());
    assert!(memory() <= memory_then + 8, "{} MB, and {memory_then} MB before", memory());

    drop((function, held));
    gone().await;
    // A task of its own closes what a process was talked to with, once the process has gone.
    let closed = tokio::time::timeout(PATIENCE, until(|| files() <= before)).await;
    assert!(closed.is_ok(), "{} files, and {before} before", files());
}

/// Waits until no process is left: each is taken note of by a task of its own.
async fn gone() {
    until(|| children() == 0).await;
}

async fn until(holds: impl Fn() -> bool) {
    while !holds() {
        tokio::task::yield_now().await;
    }
}
