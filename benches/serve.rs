//! What `asl serve` costs: from its start to its first answer, idle, one execution after another and many at once, a long loop, a large
//! Map, executions that wait, and a journal with a million of them.
//!
//! `cargo bench --bench serve`; beside other servers of the API: `benches/serve/peers.py`.
#![expect(clippy::print_stdout, reason = "the figures are what the program is for")]

#[path = "workloads/generated.rs"]
mod generated;
mod release;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use asl_runtime::journal::{Commit, Entry, Journal, ListedUnder, Sqlite};
use serde_json::{Value, json};

const PASS: &str = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#;
/// How many executions are started one after another.
const SINGLE: usize = 300;
/// How many clients start executions at once, and for how long.
const CLIENTS: usize = 64;
const LOAD: Duration = Duration::from_secs(5);
/// How many pages of the console look on.
const PAGES: usize = 20;
/// How many executions wait at once.
const WAITING: usize = 10_000;
/// How many executions that have ended are in a journal.
const ENDED: usize = 1_000_000;

fn main() {
    let program = release::program();
    start_and_idle(&program);
    one_after_another(&program);
    for (kind, arguments, target) in [("durable", &[][..], 2_000), ("in memory", &["--memory"], 10_000)] {
        many_at_once(&program, kind, arguments, target);
    }
    watched(&program);
    long_loop(&program);
    large_map(&program);
    waiting(&program);
    long_history(&program);
    million(&program);
}

/// A server in a folder of its own.
struct Server {
    process: Child,
    address: String,
    folder: tempfile::TempDir,
}

impl Server {
    fn start(program: &Path, folder: tempfile::TempDir, arguments: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args(["serve", "--listen", "0", "--json"]).args(arguments).current_dir(folder.path());
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("asl starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("a pipe")).read_line(&mut line).expect("it says where it is");
        let told: Value = serde_json::from_str(&line).expect("JSON");
        let address = told["url"].as_str().expect("a URL").trim_start_matches("http://").to_owned();
        Self { process, address, folder }
    }

    fn new(program: &Path, arguments: &[&str]) -> Self {
        Self::start(program, tempfile::tempdir().expect("a folder"), arguments)
    }

    fn connection(&self) -> Connection {
        Connection::to(&self.address)
    }

    /// Its memory in MB.
    fn memory(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        line.trim().trim_end_matches(" kB").trim().parse::<f64>().expect("a number") * 1024.0 / 1e6
    }

    /// How many bytes its data have.
    fn bytes(&self) -> u64 {
        let file = self.folder.path().join(".asl/executions.sqlite");
        ["", "-wal"]
            .iter()
            .filter_map(|end| fs::metadata(format!("{}{end}", file.display())).ok())
            .map(|it| it.len())
            .sum()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A connection that is kept, as SDKs keep theirs.
struct Connection(BufReader<TcpStream>);

impl Connection {
    fn to(address: &str) -> Self {
        let stream = TcpStream::connect(address).expect("it accepts connections");
        stream.set_nodelay(true).expect("it can be set");
        Self(BufReader::new(stream))
    }

    fn call(&mut self, operation: &str, parameters: &Value) -> Value {
        let body = parameters.to_string();
        let request = format!(
            "POST / HTTP/1.1\r\nhost: localhost\r\nx-amz-target: AWSStepFunctions.{operation}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.0.get_mut().write_all(request.as_bytes()).expect("it is sent");
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).expect("an answer");
            match line.trim_end() {
                "" => break,
                line => {
                    if let Some(rest) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
                        length = rest.parse().expect("a length");
                    }
                }
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).expect("the whole answer");
        let answer: Value = serde_json::from_slice(&body).expect("JSON");
        assert!(answer.get("__type").is_none(), "{operation}: {answer}");
        answer
    }

    fn create(&mut self, name: &str, definition: &str) -> String {
        let role = "arn:aws:iam::000000000000:role/any";
        let made = self.call("CreateStateMachine", &json!({"name": name, "definition": definition, "roleArn": role}));
        made["stateMachineArn"].as_str().expect("an ARN").to_owned()
    }

    fn start(&mut self, machine: &str, input: &str) -> String {
        let started = self.call("StartExecution", &json!({"stateMachineArn": machine, "input": input}));
        started["executionArn"].as_str().expect("an ARN").to_owned()
    }

    /// Asks until an execution has ended.
    fn end(&mut self, execution: &str) -> Value {
        loop {
            let described = self.call("DescribeExecution", &json!({"executionArn": execution}));
            if described["status"] != "RUNNING" {
                assert_eq!(described["status"], "SUCCEEDED", "{described}");
                return described;
            }
            thread::yield_now();
        }
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn start_and_idle(program: &Path) {
    let starts = (0..21).map(|_| {
        let folder = tempfile::tempdir().expect("a folder");
        let began = Instant::now();
        let server = Server::start(program, folder, &[]);
        server.connection().call("ListStateMachines", &json!({}));
        let time = began.elapsed();
        drop(server);
        time
    });
    let start = median(starts.collect());
    println!("start to first answer      {:8.1} ms (target: at most 30)", millis(start));
    let server = Server::new(program, &[]);
    server.connection().call("ListStateMachines", &json!({}));
    thread::sleep(Duration::from_secs(1));
    println!("idle                       {:8.1} MB (target: at most 30)", server.memory());
}

fn one_after_another(program: &Path) {
    for (kind, arguments) in [("durable", &[][..]), ("in memory", &["--memory"])] {
        let server = Server::new(program, arguments);
        let mut connection = server.connection();
        let machine = connection.create("pass", PASS);
        let times = (0..SINGLE).map(|_| {
            let began = Instant::now();
            let execution = connection.start(&machine, "{}");
            connection.end(&execution);
            began.elapsed()
        });
        let target = if kind == "durable" { " (target: at most 3)" } else { "" };
        println!("one Pass, {kind:<17}{:8.2} ms at the median{target}", millis(median(times.collect())));
    }
    // What the disk itself takes: one write that is waited for.
    let folder = tempfile::tempdir().expect("a folder");
    let mut file = fs::File::create(folder.path().join("file")).expect("a file");
    let times = (0..SINGLE).map(|_| {
        let began = Instant::now();
        file.write_all(&[0; 4096]).and_then(|()| file.sync_data()).expect("it is written");
        began.elapsed()
    });
    println!("  a write of 4 KB that is waited for {:8.2} ms", millis(median(times.collect())));
}

fn many_at_once(program: &Path, kind: &str, arguments: &[&str], target: u32) {
    let rate = rate(&Server::new(program, arguments), 0);
    println!("{CLIENTS} clients, {kind:<15}{rate:8.0} executions a second (target: at least {target})");
}

/// How many executions all clients start in a second while so many pages of the console show the list of executions.
fn rate(server: &Server, pages: usize) -> f64 {
    let machine = server.connection().create("pass", PASS);
    let started = AtomicUsize::new(0);
    let began = Instant::now();
    thread::scope(|scope| {
        for _ in 0..pages {
            scope.spawn(|| {
                let mut changes =
                    TcpStream::connect(&server.address).map(BufReader::new).expect("it accepts connections");
                let request = "GET /_asl/changes HTTP/1.1\r\nhost: localhost\r\n\r\n";
                changes.get_mut().write_all(request.as_bytes()).expect("it is sent");
                let mut connection = server.connection();
                let mut line = String::new();
                while began.elapsed() < LOAD && changes.read_line(&mut line).expect("it can be read") > 0 {
                    // The page asks for its list again whenever something has changed.
                    if std::mem::take(&mut line).starts_with("event: changed") {
                        connection.call("ListExecutions", &json!({"stateMachineArn": machine, "maxResults": 100}));
                    }
                }
            });
        }
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let mut connection = server.connection();
                while began.elapsed() < LOAD {
                    connection.start(&machine, "{}");
                    started.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    started.load(Ordering::Relaxed) as f64 / LOAD.as_secs_f64()
}

/// What pages of the console cost a server that is fully loaded: alternately without and with them.
fn watched(program: &Path) {
    let costs = (0..5).map(|_| {
        let [alone, watched] = [0, PAGES].map(|pages| rate(&Server::new(program, &[]), pages));
        100.0 * (1.0 - watched / alone)
    });
    let mut costs: Vec<f64> = costs.collect();
    costs.sort_by(f64::total_cmp);
    println!(
        "{PAGES} pages of the console cost {:8.1} % of that, durable (target: at most 10)",
        costs[costs.len() / 2]
    );
}

fn long_loop(program: &Path) {
    let Some(folder) = generated::workloads() else { return };
    let definition = generated::program(&folder.path().join("w1.asl")).source().to_string();
    let input = fs::read_to_string(folder.path().join("w1_5000.in")).expect("the input");
    let server = Server::new(program, &["--no-quotas"]);
    let mut connection = server.connection();
    let machine = connection.create("w1", &definition);
    let times = (0..9).map(|_| {
        let began = Instant::now();
        let execution = connection.start(&machine, &input);
        connection.end(&execution);
        began.elapsed()
    });
    println!("W1, 5,000 times, durable   {:8.1} ms (target: at most 60)", millis(median(times.collect())));
}

fn large_map(program: &Path) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(
        folder.path().join("routes.toml"),
        "[[mocks]]\nstate = \"Work\"\nreturn = \"done\"\n[state_machines.map]\ndefinition = \"map.asl.json\"\n",
    )
    .expect("it is written");
    let definition = json!({"StartAt": "Each", "States": {"Each": {"Type": "Map", "End": true, "ItemProcessor": {
        "StartAt": "Work", "States": {"Work": {"Type": "Task", "End": true,
        "Resource": "arn:aws:lambda:us-east-1:000000000000:function:work"}}}}}});
    fs::write(folder.path().join("map.asl.json"), definition.to_string()).expect("it is written");
    let server = Server::start(program, folder, &[".", "--no-quotas"]);
    let mut connection = server.connection();
    let machine = "arn:aws:states:us-east-1:000000000000:stateMachine:map";
    let mut bytes = Vec::new();
    for items in [5_000, 10_000] {
        let before = server.bytes();
        let input: Value = (0..items).collect();
        let began = Instant::now();
        let execution = connection.start(machine, &input.to_string());
        connection.end(&execution);
        let time = began.elapsed();
        // The log of the database is as large as it once was: its pages count.
        bytes.push(server.bytes().saturating_sub(before) as f64 / f64::from(items));
        if items == 10_000 {
            println!("Map of 10,000 tasks        {:8.0} ms (target: at most 3,000)", millis(time));
        }
    }
    println!("  bytes for an item: {:.0} of 5,000, {:.0} of 10,000", bytes[0], bytes[1]);
}

fn waiting(program: &Path) {
    for (kind, definition) in [
        ("callbacks", r#"{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"ACTIVITY","End":true}}}"#),
        ("Waits", r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":86400,"End":true}}}"#),
    ] {
        let server = Server::new(program, &[]);
        let mut connection = server.connection();
        let activity = connection.call("CreateActivity", &json!({"name": "work"}));
        let definition = definition.replace("ACTIVITY", activity["activityArn"].as_str().expect("an ARN"));
        let machine = connection.create("waits", &definition);
        thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(|| {
                    let mut connection = server.connection();
                    for _ in 0..WAITING / CLIENTS {
                        connection.start(&machine, r#"{"order": 7, "customer": "somebody"}"#);
                    }
                });
            }
        });
        println!("{WAITING} wait ({kind:<9})   {:8.0} MB (target: at most 250)", server.memory());
    }
}

fn long_history(program: &Path) {
    let server = Server::new(program, &[]);
    let mut connection = server.connection();
    // Fails when the history is full, at 25,000 events.
    let machine = connection.create("endless", r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","Next":"A"},"C":{"Type":"Succeed"}}}"#.replace(r#""Next":"A"},"C":{"Type":"Succeed"}"#, r#""Next":"D"},"D":{"Type":"Choice","Choices":[{"Variable":"$.x","IsPresent":true,"Next":"C"}],"Default":"A"},"C":{"Type":"Succeed"}"#).as_str());
    let execution = connection.start(&machine, "{}");
    let failed = json!({"executionArn": execution});
    while connection.call("DescribeExecution", &failed)["status"] == "RUNNING" {}
    let mut asked = json!({"executionArn": execution, "maxResults": 1000});
    let (mut times, mut events) = (Vec::new(), 0);
    loop {
        let began = Instant::now();
        let page = connection.call("GetExecutionHistory", &asked);
        times.push(began.elapsed());
        events += page["events"].as_array().expect("events").len();
        match page.get("nextToken") {
            Some(token) => asked["nextToken"] = token.clone(),
            None => break,
        }
    }
    let longest = times.iter().max().copied().unwrap_or_default();
    println!(
        "a page of {events} events    {:8.1} ms, the longest {:.1} (target: at most 20)",
        millis(median(times)),
        millis(longest)
    );
}

fn million(program: &Path) {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(program, folder, &[]);
    let machine = server.connection().create("pass", PASS);
    let execution = server.connection().start(&machine, "{}");
    let described = server.connection().end(&execution);
    // The data outlive the server.
    let kept = tempfile::tempdir().expect("a folder");
    let Server { folder, .. } = &server;
    let from = folder.path().join(".asl");
    drop_and_move(&server, &from, kept.path());
    drop(server);
    let journal = Sqlite::open(&kept.path().join(".asl/executions.sqlite")).expect("it opens");
    let like =
        journal.entry(described["executionArn"].as_str().expect("an ARN")).expect("it is read").expect("it is there");
    for batch in 0..ENDED / 1_000 {
        let entries = (0..1_000).map(|number| {
            let number = batch * 1_000 + number;
            let under =
                ListedUnder { state_machine: like.listed_under.state_machine.clone(), ..ListedUnder::default() };
            let arn = format!("{}-{number}", like.arn).into();
            Entry { arn, listed_under: under, ..like.clone() }
        });
        drop(journal.commit(Commit { entries: entries.collect(), ..Commit::default() }));
    }
    drop(journal);
    let began = Instant::now();
    let server = Server::start(program, kept, &[]);
    let mut connection = server.connection();
    let asked = json!({"stateMachineArn": machine, "maxResults": 100});
    connection.call("ListExecutions", &asked);
    let start = began.elapsed();
    let pages = (0..51).map(|_| {
        let began = Instant::now();
        connection.call("ListExecutions", &asked);
        began.elapsed()
    });
    let page = median(pages.collect());
    println!("a million ended: start     {:8.0} ms (target: at most 1,000)", millis(start));
    println!("  a page of ListExecutions {:8.2} ms (target: at most 10)", millis(page));
}

/// Ends a server, and takes what it has kept.
fn drop_and_move(server: &Server, from: &Path, to: &Path) {
    let id = nix::unistd::Pid::from_raw(i32::try_from(server.process.id()).expect("an ID"));
    nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGTERM).expect("it runs");
    while fs::read_to_string(format!("/proc/{}/stat", server.process.id())).is_ok_and(|stat| !stat.contains(") Z")) {
        thread::sleep(Duration::from_millis(10));
    }
    fs::rename(from, to.join(".asl")).expect("it is moved");
}
