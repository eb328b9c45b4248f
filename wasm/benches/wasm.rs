//! What a call of a WebAssembly component costs: warm, cold from the cache, and compiled anew; and that guests that compute
//! for ever leave the host its turn.
//!
//! `cargo bench -p asl-wasm --bench wasm`

// A benchmark reports on the terminal.
#![allow(clippy::print_stdout)]

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use asl_engine::TaskRequest;
use asl_runtime::{Call, Handler};
use asl_wasm::{Component, LazyEngine};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CALLS: usize = 5000;
const COLD: usize = 31;
const INPUT: &str = r#"{"order":{"id":"o-17","items":["cup","pot"]},"total":1250}"#;
const ECHO: &str = "(call $ok (local.get $at) (local.get $len))";

fn main() {
    // `cargo test --all-targets` runs this too, without the argument of `cargo bench`: nothing to test here.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let task = include_str!("../tests/wasm/task.wat");
    let cat = "(drop (call $write (i32.const 1) (i32.const 1024) (call $read (i32.const 0) (i32.const 1024) (i32.const 4096))))";
    runtime.block_on(async {
        for (name, target, component) in [
            ("a component with handle", " (target: at most 0.2)", task.replace("HANDLE", ECHO)),
            ("a command, WASI 0.2", "", include_str!("../tests/wasm/io.wat").replace("RESULT", "0")),
            ("a command, WASI 0.1", "", include_str!("../tests/wasm/command.wat").replace("START", cat)),
        ] {
            warm(name, target, &component).await;
        }
    });
    cold(&runtime, &padded(task));
    runtime.block_on(beside_endless(task));
}

async fn warm(name: &str, target: &str, component: &str) {
    let folder = tempfile::tempdir().unwrap();
    let guest = Arc::new(guest(folder.path(), component.as_bytes()));
    call(&guest, INPUT).await;
    let mut times = Vec::new();
    for _ in 0..CALLS {
        let start = Instant::now();
        call(&guest, INPUT).await;
        times.push(start.elapsed());
    }
    let start = Instant::now();
    let mut calls = JoinSet::new();
    for _ in 0..50 {
        let guest = Arc::clone(&guest);
        calls.spawn(async move {
            for _ in 0..CALLS / 50 {
                call(&guest, INPUT).await;
            }
        });
    }
    calls.join_all().await;
    let at_once = start.elapsed() / CALLS as u32;
    let [middle, high] = spread(&mut times);
    println!(
        "{name}: warm {middle:.3} ms at the median{target}, {high:.3} at 99 %; {:.3} a call with 50 at once",
        millis(at_once)
    );
}

/// From nothing but the file to the first answer: all that is shared is made anew each time.
fn cold(runtime: &Runtime, component: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let first = |data: &Path| {
        let start = Instant::now();
        let guest = cached_in(folder.path(), data);
        runtime.block_on(call(&guest, INPUT));
        start.elapsed()
    };
    std::fs::write(folder.path().join("guest"), component).unwrap();
    let cache = folder.path().join("cached");
    first(&cache);
    let mut cached: Vec<_> = (0..COLD).map(|_| first(&cache)).collect();
    let mut compiled: Vec<_> = (0..COLD).map(|at| first(&folder.path().join(at.to_string()))).collect();
    let size = component.len() / 1000;
    let [middle, high] = spread(&mut cached);
    println!(
        "a component of {size} KB: cold from the cache {middle:.1} ms at the median (target: at most 5), {high:.1} at most"
    );
    let [middle, high] = spread(&mut compiled);
    println!("the same, compiled: {middle:.1} ms at the median, {high:.1} at most");
}

/// How late a timer of the host is while guests compute on all processors.
async fn beside_endless(task: &str) {
    let folder = tempfile::tempdir().unwrap();
    let endless = task.replace("HANDLE", "(loop $for_ever (br $for_ever)) (unreachable)");
    let guest = Arc::new(guest(folder.path(), endless.as_bytes()));
    guest.prepare("guest").await.unwrap();
    let mut calls = JoinSet::new();
    for _ in 0..8 {
        let guest = Arc::clone(&guest);
        calls.spawn(async move { call(&guest, INPUT).await });
    }
    let mut late = Vec::new();
    for _ in 0..500 {
        let start = Instant::now();
        tokio::time::sleep(Duration::from_millis(2)).await;
        late.push(start.elapsed() - Duration::from_millis(2));
    }
    let start = Instant::now();
    calls.shutdown().await;
    let [middle, high] = spread(&mut late);
    println!("beside 8 endless calls: a timer is {middle:.1} ms late at the median, {high:.1} at 99 %");
    println!("ending them takes {:.1} ms", millis(start.elapsed()));
}

/// The component with functions that are never called, so that it has 100 KB.
fn padded(task: &str) -> Vec<u8> {
    let mut functions = String::new();
    for number in 0..640 {
        write!(functions, "(func (param i32 i32) (result i32) (local i32)").unwrap();
        for step in 0..12 {
            let constant = number * 7919 + step * 104_729;
            write!(functions, "(local.set 2 (i32.xor (local.get 2) (i32.mul (local.get 0) (i32.const {constant}))))")
                .unwrap();
        }
        write!(functions, "(local.get 2))").unwrap();
    }
    let text = task.replace("HANDLE", ECHO).replacen("(global $free", &format!("{functions} (global $free"), 1);
    wat::parse_str(text).unwrap()
}

fn guest(folder: &Path, component: &[u8]) -> Component {
    std::fs::write(folder.join("guest"), component).unwrap();
    cached_in(folder, &folder.join("data"))
}

fn cached_in(folder: &Path, data: &Path) -> Component {
    let settings = toml::from_str("component = 'guest'").unwrap();
    Component::new(
        settings,
        folder.to_owned(),
        Arc::new(LazyEngine::new(data.join("wasm"), Arc::new(|| Err("there is no HTTP".into())))),
    )
}

async fn call(guest: &Component, input: &str) {
    let request =
        TaskRequest { state: "S".into(), token: "t".into(), ..TaskRequest::new("guest", input.parse().unwrap()) };
    let output = guest.call(&Call::new(request)).await.unwrap();
    assert_eq!(output.to_string(), input);
}

/// The median, and what 99 of 100 keep, in milliseconds.
fn spread(times: &mut [Duration]) -> [f64; 2] {
    times.sort_unstable();
    [times.len() / 2, times.len() * 99 / 100].map(|at| millis(times[at]))
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
