//! What a call of a warm Python function costs beside the function itself.
//!
//! `cargo bench -p asl-tasks --bench function` runs a handler that does nothing by `awslambdaric`, in two ways that take turns:
//! through the router, and by a bare loop that serves the Runtime API with as little as can be. What is between them is what
//! `asl` adds. Then it makes 1,000 calls with 50 at once, and tells what they left behind.

// A benchmark reports on the terminal.
#![allow(clippy::print_stdout)]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use asl_engine::{TaskRequest, Value};
use asl_runtime::Call;
use asl_tasks::{Router, Routes};
use futures_util::{StreamExt, stream};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CALLS: usize = 1000;
const ROUNDS: usize = 7;
const AT_ONCE: usize = 50;
const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function:nothing";
const EVENT: &str =
    r#"{"resourcePaths":["ad/ad.gif","ae/ae.gif"],"batchInput":{"baseUrl":"http://localhost","lambdaConcur":5}}"#;

fn main() {
    // `cargo test --all-targets` runs this too, without the argument of `cargo bench`: nothing to test here.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("app.py"), "def handler(event, context):\n    return event\n").unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let router = router(folder.path());
    if let Err(error) = runtime.block_on(async { router.handler(FUNCTION).unwrap().prepare(FUNCTION).await }) {
        println!("function: not run: {error}");
        return;
    }

    let mut bare = Bare::start(folder.path());
    let (mut bare_times, mut our_times) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let one = bare.calls();
        let other = runtime.block_on(calls(&router));
        // The first round warms up.
        if round > 0 {
            bare_times.extend(one);
            our_times.extend(other);
        }
    }
    drop(bare);
    let (bare, ours) = (Times::of(bare_times), Times::of(our_times));
    for (name, times) in [("bare loop", &bare), ("through the router", &ours)] {
        println!(
            "{name}: median {:.3} ms, 90 % {:.3} ms, 99 % {:.3} ms ({CALLS} calls, {ROUNDS} rounds)",
            times.millis(0.5),
            times.millis(0.9),
            times.millis(0.99)
        );
    }
    println!(
        "overhead of a warm call at the median: {:.3} ms (ratio {:.2})",
        ours.millis(0.5) - bare.millis(0.5),
        ours.millis(0.5) / bare.millis(0.5)
    );

    for round in 1..=3 {
        let before = (files(), memory_kb());
        let start = Instant::now();
        runtime.block_on(many(&router));
        println!(
            "{CALLS} calls with {AT_ONCE} at once: {:.0} ms in round {round}; open files {} → {}, memory {} → {} kB",
            start.elapsed().as_secs_f64() * 1000.0,
            before.0,
            files(),
            before.1,
            memory_kb()
        );
    }
}

fn router(folder: &Path) -> Router {
    let routes = format!(
        "[[routes]]\nresource = '{FUNCTION}'\nhandler = 'function'\nruntime = 'python3'\ncode = '{}'\nentry = 'app.handler'\n\
         timeout_seconds = 60",
        folder.display()
    );
    Router::new(Routes::parse(&routes, Path::new("routes.toml")).unwrap(), folder.join("data"))
}

async fn call(router: &Router) -> Duration {
    let request = TaskRequest {
        state: "S".into(),
        token: "t".into(),
        ..TaskRequest::new(FUNCTION, EVENT.parse::<Value>().unwrap())
    };
    let start = Instant::now();
    let outcome = router.handler(FUNCTION).unwrap().call(&Call::new(request)).await;
    let time = start.elapsed();
    outcome.unwrap();
    time
}

async fn calls(router: &Router) -> Vec<Duration> {
    let mut times = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        times.push(call(router).await);
    }
    times
}

async fn many(router: &Router) {
    stream::iter(0..CALLS).map(|_| call(router)).buffer_unordered(AT_ONCE).for_each(async |_| {}).await;
}

/// The same runtime and the same function, and a thread that serves it the Runtime API by itself.
struct Bare {
    process: Child,
    listener: TcpListener,
    stream: TcpStream,
}

impl Bare {
    fn start(folder: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let process = Command::new(python())
            .args(["-m", "awslambdaric", "app.handler"])
            .current_dir(folder)
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let stream = listener.accept().unwrap().0;
        stream.set_nodelay(true).unwrap();
        Self { process, listener, stream }
    }

    fn calls(&mut self) -> Vec<Duration> {
        let mut times = Vec::with_capacity(CALLS);
        for number in 0..CALLS {
            let asked = self.request();
            assert!(asked.starts_with("GET /2018-06-01/runtime/invocation/next "), "{asked}");
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nlambda-runtime-aws-request-id: {number}\r\n\
                 lambda-runtime-deadline-ms: 9999999999999\r\nlambda-runtime-invoked-function-arn: {FUNCTION}\r\n\
                 content-length: {}\r\n\r\n{EVENT}",
                EVENT.len()
            );
            let start = Instant::now();
            self.stream.write_all(head.as_bytes()).unwrap();
            let answered = self.request();
            times.push(start.elapsed());
            assert!(answered.contains(&format!("/{number}/response")), "{answered}");
            self.stream.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n").unwrap();
        }
        times
    }

    /// The next request, whole; a new connection when the process has closed the last one.
    fn request(&mut self) -> String {
        let mut bytes = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let length = self.stream.read(&mut buffer).unwrap();
            if length == 0 {
                self.stream = self.listener.accept().unwrap().0;
                self.stream.set_nodelay(true).unwrap();
                continue;
            }
            bytes.extend_from_slice(&buffer[..length]);
            let text = String::from_utf8_lossy(&bytes);
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let head = head.to_lowercase();
                let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
                if body.len() >= length.map_or(0, |length| length.trim().parse().unwrap()) {
                    return text.into_owned();
                }
            }
        }
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The Python of the environment that the router has made a moment ago.
fn python() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache"));
    let environments = std::fs::read_dir(cache.join("asl").join("python")).unwrap().flatten();
    let pythons = environments.map(|entry| entry.path().join("bin/python")).filter(|python| python.is_file());
    pythons.max_by_key(|python| python.symlink_metadata().unwrap().modified().unwrap()).unwrap()
}

/// The open files of this process; zero where Linux does not tell.
fn files() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

/// The memory of this process; zero where Linux does not tell.
fn memory_kb() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}

struct Times(Vec<Duration>);

impl Times {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort();
        Self(times)
    }

    fn millis(&self, part: f64) -> f64 {
        // Far fewer than an f64 counts.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let at = (self.0.len() as f64 * part) as usize;
        self.0[at.min(self.0.len() - 1)].as_secs_f64() * 1000.0
    }
}
