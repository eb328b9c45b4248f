//! Ctrl-C in the middle of the downloads.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::{Arc, mpsc};
use std::thread;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use crate::download_images::check_history;
use crate::support::folder::{Ended, Folder};
use crate::support::images::{RUN, flags, image, input_for, lay_out, serve};
use crate::support::stored::{Stored, TABLE};
use crate::support::web_server::WebServer;

const PATHS: [&str; 10] = [
    "de/de.gif",
    "fr/fr.gif",
    "it/it.gif",
    "jp/jp.gif",
    "nl/nl.gif",
    "se/se.gif",
    "ua/ua.gif",
    "pl/pl.gif",
    "be/be.gif",
    "at/at.gif",
];

/// A server that sends the first half of each image and then no more.
struct Halves {
    address: SocketAddr,
    /// Gets a word for each half that was sent.
    sent: mpsc::Receiver<()>,
}

impl Halves {
    fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("a bound port");
        let (tell, sent) = mpsc::channel();
        let flags = Arc::new(flags());
        // Each thread ends with its client; the one that accepts ends with the tests.
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (tell, flags) = (tell.clone(), Arc::clone(&flags));
                thread::spawn(move || {
                    let path = read_request(&stream);
                    let body = flags.get(path.trim_start_matches("/data/flags/")).expect("a bundled image");
                    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
                    (&stream).write_all(head.as_bytes()).expect("the client listens");
                    (&stream).write_all(&body[..body.len() / 2]).expect("the client listens");
                    // The test may have seen enough.
                    let _ = tell.send(());
                    let _ = (&stream).read_to_end(&mut Vec::new());
                });
            }
        });
        Self { address, sent }
    }

    fn base_url(&self) -> String {
        format!("http://{}/data/flags", self.address)
    }
}

/// Reads the head of a GET request, and gives its path.
fn read_request(mut stream: &TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("a whole request");
        head.extend(byte);
    }
    let head = String::from_utf8(head).expect("an ASCII head");
    head.split(' ').nth(1).expect("a request line").to_owned()
}

/// Starts `asl`, sends it a signal when the server has sent this many halves, and waits for its end.
fn interrupt(folder: &Folder, server: &Halves, halves: usize, signal: Signal) -> Ended {
    let arguments = ["run", "definition.json", "--input", "input.json", "--events"];
    let mut command = folder.command(&arguments);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("asl starts");
    for _ in 0..halves {
        server.sent.recv().expect("the server runs");
    }
    send(&child, signal);
    Ended::from(child.wait_with_output().expect("asl ends"))
}

fn send(child: &Child, signal: Signal) {
    let id = Pid::from_raw(child.id().try_into().expect("a process id"));
    kill(id, signal).expect("the process has not been waited for");
}

/// Whether what these tests start ignores SIGHUP, as after `nohup`.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_none_or(|mask| mask & 1 == 1)
}

#[test]
fn nothing_is_half_written_and_the_next_run_works() {
    let mut signals = vec![(Signal::SIGINT, "Interrupted"), (Signal::SIGTERM, "Terminated")];
    // After `nohup`, asl ignores it too.
    if !ignores_hangup() {
        signals.push((Signal::SIGHUP, "Terminated"));
    }
    for (signal, word) in signals {
        let (server, folder) = (serve(), Folder::new());
        lay_out(&folder, &input_for(&server, &["de/de.gif", "us/us.gif"]));
        assert_eq!(folder.asl(&RUN).code, Some(0));
        let before = folder.files(".asl/s3");
        assert_eq!(before.len(), 2);

        let halves = Halves::start();
        let held = json!({ "baseUrl": halves.base_url(), "lambdaConcur": 5, "resourcePaths": PATHS });
        folder.write("input.json", held.to_string());
        let ended = interrupt(&folder, &halves, PATHS.len(), signal);
        assert_eq!(ended.code, Some(130), "{ended:?}");
        assert_eq!(
            ended.stderr,
            format!(
                "execution: ABORTED in the state 'Download all batches': {word}\n\
                 cause: the execution was stopped from outside\n"
            )
        );
        let history = serde_json::from_str(&ended.stdout).expect("the history is JSON");
        let counts = check_history(&history, "ExecutionAborted");
        assert_eq!((counts["MapIterationStarted"], counts.get("MapIterationSucceeded")), (2, None));
        assert_eq!(folder.files(".asl/s3"), before, "nothing was added, nothing was lost");

        folder.write("input.json", input_for(&server, &PATHS).to_string());
        assert_eq!(folder.asl(&RUN).code, Some(0));
        let all: Vec<_> = PATHS.into_iter().chain(["us/us.gif"]).collect();
        assert_eq!(Stored::embedded(&folder.path(".asl"), TABLE), Stored::expected(&server, &all, "", &[]));
    }
}

#[test]
fn what_was_stored_by_then_is_whole() {
    // The images of the first batch come whole, those of the second, by way of the other server, in halves: the signal
    // may come before, while and after the first are stored.
    let (halves, folder) = (Halves::start(), Folder::new());
    let (flags, elsewhere) = (flags(), halves.base_url());
    let server = WebServer::start(move |path| match PATHS[..5].iter().any(|first| path.ends_with(first)) {
        true => image(&flags, path).expect("a bundled image"),
        false => {
            let path = path.strip_prefix("/data/flags").expect("a path of the input");
            crate::support::web_server::redirect(&format!("{elsewhere}{path}"))
        }
    });
    lay_out(&folder, &input_for(&server, &PATHS));
    let ended = interrupt(&folder, &halves, 5, Signal::SIGINT);
    assert_eq!(ended.code, Some(130), "{ended:?}");
    let expected = Stored::expected(&server, &PATHS[..5], "", &[]).objects;
    let stored = folder.files(".asl/s3");
    for (file, bytes) in &stored {
        let key = file.strip_prefix("images/").unwrap_or_else(|| panic!("{file} was left over"));
        assert_eq!(Some(bytes), expected.get(key), "{file}");
    }
}

#[test]
fn what_was_started_and_goes_on_is_named() {
    let folder = Folder::new();
    let arn = "arn:aws:states:us-east-1:123456789012:stateMachine:slow";
    let start = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution",
        "Parameters": { "StateMachineArn": arn, "Name": "n" },
        "OutputPath": "$.ExecutionArn",
        "End": true
    });
    folder.write("start.json", json!({ "StartAt": "Start", "States": { "Start": start } }).to_string());
    let wait = json!({ "Type": "Wait", "Seconds": 3600, "End": true });
    folder.write("slow.json", json!({ "StartAt": "Wait", "States": { "Wait": wait } }).to_string());
    folder.write("routes.toml", "[state_machines.slow]\ndefinition = 'slow.json'\n");
    let mut command = folder.command(&["run", "start.json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("asl starts");
    let execution = "arn:aws:states:us-east-1:123456789012:execution:slow:n";
    let note = format!("note: waiting for what was started: {execution}\n");
    let mut said = vec![0; note.len()];
    child.stderr.as_mut().expect("stderr is piped").read_exact(&mut said).expect("it says that it waits");
    assert_eq!(String::from_utf8_lossy(&said), note);
    send(&child, Signal::SIGINT);
    let ended = Ended::from(child.wait_with_output().expect("asl ends"));
    assert_eq!((ended.code, ended.stdout), (Some(130), format!("\"{execution}\"\n")));
    assert_eq!(ended.stderr, format!("warning: interrupted; not ended: {execution}\n"));
}
