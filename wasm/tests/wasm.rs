//! Components and commands in their sandbox: what they may, what bounds them, and how what goes wrong is told.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use asl_engine::{Outcome, TaskRequest};
use asl_runtime::{Call, Handler};
use asl_wasm::{Component, LazyEngine};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A component of the world `asl:task/task`; HANDLE is what it does with the input at `$at`, `$len`.
const TASK: &str = include_str!("wasm/task.wat");
/// A command for WASI 0.1; START is what it does.
const COMMAND: &str = include_str!("wasm/command.wat");
/// A command for WASI 0.2 that writes what it reads; RESULT is how it ends.
const IO: &str = include_str!("wasm/io.wat");
/// A component that connects to a port of this machine.
const CONNECT: &str = include_str!("wasm/connect.wat");

fn task(handle: &str) -> String {
    TASK.replace("HANDLE", handle)
}

fn command(start: &str) -> String {
    COMMAND.replace("START", start)
}

/// A component that sends an HTTP request.
const HTTP: &str = include_str!("wasm/http.wat");
/// A component whose `handle` is an `async func`.
const ASYNC: &str = include_str!("wasm/async.wat");

/// A folder with a component, as a route of a routing file there would have it.
struct Routed {
    folder: tempfile::TempDir,
    component: Component,
}

impl Routed {
    fn new(component: impl AsRef<[u8]>, settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("guest.wat"), component).unwrap();
        let component = loaded("guest.wat", settings, folder.path(), engine(folder.path()));
        Self { component, folder }
    }

    async fn call(&self, input: &str) -> Outcome {
        call(&self.component, input).await
    }

    async fn prepare(&self) -> Result<(), String> {
        self.component.prepare("guest").await.map_err(|error| error.to_string())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn loaded(file: &str, settings: &str, folder: &Path, engine: Arc<LazyEngine>) -> Component {
    let settings = toml::from_str(&format!("component = '{file}'\n{settings}")).unwrap();
    Component::new(settings, folder.to_owned(), engine)
}

fn engine(folder: &Path) -> Arc<LazyEngine> {
    let client = || {
        // Whoever is second finds it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        Ok(client.build()?)
    };
    Arc::new(LazyEngine::new(folder.join("data/wasm"), Arc::new(client)))
}

async fn call(component: &Component, input: &str) -> Outcome {
    let request =
        TaskRequest { state: "S".into(), token: "t".into(), ..TaskRequest::new("guest", input.parse().unwrap()) };
    component.call(&Call::new(request)).await
}

fn shown(outcome: Outcome) -> String {
    match outcome {
        Ok(output) => output.to_string(),
        Err(failure) => failure.to_string(),
    }
}

const INPUT: &str = r#"{"id":"ö","n":1.50}"#;

/// What a component comes to, with these settings, when it is called with [`INPUT`].
async fn check<'a>(cases: impl IntoIterator<Item = (String, &'a str, &'a str)>) {
    for (component, settings, expected) in cases {
        let routed = Routed::new(&component, settings);
        assert_eq!(shown(routed.call(INPUT).await), expected, "{settings}\n{component}");
    }
}

const ECHO: &str = "(call $ok (local.get $at) (local.get $len))";
const LOOP: &str = "(loop $for_ever (br $for_ever)) (unreachable)";
const ALLOCATE: &str = "(loop $more (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) (unreachable)";
/// Reads the input and writes it.
const CAT: &str =
    "(drop (call $write (i32.const 1) (i32.const 1024) (call $read (i32.const 0) (i32.const 1024) (i32.const 4096))))";

#[tokio::test]
async fn a_task_answers_with_json_or_with_an_error_of_its_own() {
    check([
        (task(ECHO), "", r#"{"id":"ö","n":1.50}"#),
        (task("(call $ok (i32.const 97) (i32.const 7))"), "", r#"{"n":1}"#),
        (
            task("(call $failed (i32.const 64) (i32.const 14) (i32.const 78) (i32.const 13))"),
            "",
            "Order.NotFound: no such order",
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_command_reads_stdin_and_writes_stdout() {
    let to_both = "(drop (call $write (i32.const 2) (i32.const 64) (i32.const 10)))
        (drop (call $write (i32.const 1) (i32.const 74) (i32.const 11)))";
    check([
        (command(CAT), "", r#"{"id":"ö","n":1.50}"#),
        (IO.replace("RESULT", "0"), "", r#"{"id":"ö","n":1.50}"#),
        (command(to_both), "", r#""to stdout""#),
        // Leaving with 0 is leaving well.
        (command(&format!("{to_both} (call $exit (i32.const 0)) (unreachable)")), "", r#""to stdout""#),
        (
            command(&format!("{to_both} (call $exit (i32.const 3))")),
            "",
            "Wasm.ExitError: the component ended with the exit code 3; stderr:\nto stderr",
        ),
        (IO.replace("RESULT", "1"), "", "Wasm.ExitError: the component ended with the exit code 1"),
    ])
    .await;
}

#[tokio::test]
async fn an_answer_that_is_no_json_is_shown() {
    let gives = |at: u32, len: u32| task(&format!("(call $ok (i32.const {at}) (i32.const {len}))"));
    let no_text = "(i32.store8 (i32.const 75) (i32.const 255))
        (drop (call $write (i32.const 1) (i32.const 74) (i32.const 11)))";
    for (component, why) in [
        (gives(94, 3), r#"expected a value, found 'NaN' at line 1, column 1: "NaN""#),
        (gives(104, 2), r#"expected ',' or ']', found the end of the text at line 1, column 3: "[1""#),
        (gives(0, 0), r#"expected a value, found the end of the text at line 1, column 1: """#),
        (command("nop"), r#"expected a value, found the end of the text at line 1, column 1: """#),
        (command(no_text), r#"invalid utf-8 sequence of 1 bytes from index 1: "\"�o stdout\"""#),
    ] {
        let expected = format!("Wasm.InvalidOutput: the output of the component is no JSON: {why}");
        check([(component, "", &*expected)]).await;
    }
}

#[tokio::test]
async fn each_bound_has_an_error_of_its_own() {
    let ten_megabytes = "(drop (call $write (i32.const 1) (i32.const 1024) (i32.const 10000000)))";
    let no_end = "(loop $more (drop (call $write (i32.const 2) (i32.const 64) (i32.const 10))) (br $more))";
    let says = "(drop (call $write (i32.const 2) (i32.const 64) (i32.const 10)))";
    let memory = "Wasm.OutOfMemory: the component needs more than 1 MB (memory_mb)";
    let time = "Wasm.TimedOut: the component ran longer than 0.05 s (timeout_seconds)";
    check([
        (task(LOOP), "timeout_seconds = 0.05", time),
        (command(&format!("{says} {LOOP}")), "timeout_seconds = 0.05", &format!("{time}; stderr:\nto stderr")),
        (task(ALLOCATE), "memory_mb = 1", memory),
        // It has 200 pages from the start.
        (command("nop"), "memory_mb = 12", "Wasm.OutOfMemory: the component needs more than 12 MB (memory_mb)"),
        (
            command(&format!("{says} {ALLOCATE}")),
            "memory_mb = 13",
            "Wasm.OutOfMemory: the component needs more than 13 MB (memory_mb); stderr:\nto stderr",
        ),
        // Being refused is no failure of one that goes on.
        (task("(drop (memory.grow (i32.const 60000))) (call $ok (i32.const 97) (i32.const 7))"), "", r#"{"n":1}"#),
        (task("(call $ok (local.get $at) (local.get $len))"), "max_output_bytes = 20", r#"{"id":"ö","n":1.50}"#),
        (
            task("(call $ok (local.get $at) (local.get $len))"),
            "max_output_bytes = 19",
            "Wasm.OutputTooLarge: the component gave more than 19 bytes (max_output_bytes)",
        ),
        (
            command(ten_megabytes),
            "",
            "Wasm.OutputTooLarge: the component gave more than 6291456 bytes (max_output_bytes)",
        ),
        (
            IO.replace("RESULT", "0"),
            "max_output_bytes = 19",
            "Wasm.OutputTooLarge: the component gave more than 19 bytes (max_output_bytes)",
        ),
        (task("(unreachable)"), "", "Wasm.Trap: wasm trap: wasm `unreachable` instruction executed"),
        (task("(call $recurse (i32.const 0))"), "", "Wasm.Trap: wasm trap: call stack exhausted"),
        (command("(drop (i32.load (i32.const -1)))"), "", "Wasm.Trap: wasm trap: out of bounds memory access"),
        (
            command(&format!("{says} (drop (i32.div_u (i32.const 1) (i32.load (i32.const 512))))")),
            "",
            "Wasm.Trap: wasm trap: integer divide by zero; stderr:\nto stderr",
        ),
    ])
    .await;
    let holds =
        HTTP.replace("(call $request (call $fields))", "(loop $more (drop (call $fields)) (br $more)) (unreachable)");
    assert_ne!(holds, HTTP);
    check([(
        holds,
        "",
        "Wasm.Trap: the component holds more than 10000 files, connections, requests and the like at once",
    )])
    .await;
    // Only the end of what it says is kept.
    let failure = Routed::new(command(no_end), "timeout_seconds = 0.05").call("1").await.unwrap_err();
    assert!(failure.cause.unwrap().len() < 9000);
}

#[tokio::test]
async fn a_call_leaves_nothing_to_the_next() {
    let counts = "(global.set $calls (i32.add (global.get $calls) (i32.const 1)))
        (i32.store8 (i32.const 102) (i32.add (i32.load8_u (i32.const 102)) (i32.const 1)))
        (if (i32.ne (global.get $calls) (i32.const 1)) (then unreachable))
        (call $ok (i32.const 97) (i32.const 7))";
    let routed = Routed::new(task(counts), "");
    for _ in 0..3 {
        assert_eq!(shown(routed.call("1").await), r#"{"n":2}"#);
    }
}

#[tokio::test]
async fn there_is_nothing_that_is_not_granted() {
    let number =
        |writes: &str, at: u32| command(&format!("(drop {writes}) (call $number (i32.load (i32.const {at})))"));
    let folders = "(call $number (call $open (i32.const 95) (i32.const 6) (i32.const 0) (i64.const 2)))";
    check([
        // How many variables there are.
        (number("(call $environ_sizes_get (i32.const 0) (i32.const 4))", 0), "", "0"),
        // No descriptor of a folder: EBADF.
        (command(folders), "", "8"),
    ])
    .await;
}

#[tokio::test]
async fn the_name_of_the_file_is_the_only_argument_of_a_command() {
    // Writes the last argument as JSON, and how many there are behind it.
    let shows = "(drop (call $args_sizes_get (i32.const 0) (i32.const 4)))
        (drop (call $args_get (i32.const 1024) (i32.const 2048)))
        (i32.store8 (i32.const 2047) (i32.const 34)) (i32.store8 (i32.const 2057) (i32.const 34))
        (if (i32.ne (i32.load (i32.const 0)) (i32.const 1)) (then unreachable))
        (drop (call $write (i32.const 1) (i32.const 2047) (i32.const 11)))";
    check([(command(shows), "", r#""guest.wat""#)]).await;
}

#[tokio::test]
async fn the_environment_is_what_is_granted() {
    // Writes the text of the only variable as JSON.
    let shows = "(drop (call $environ_get (i32.const 1024) (i32.const 2048)))
        (i32.store8 (i32.const 2047) (i32.const 34)) (i32.store8 (i32.const 2054) (i32.const 34))
        (drop (call $write (i32.const 1) (i32.const 2047) (i32.const 8)))";
    check([(command(shows), "environment = { KEY = 'ab' }", r#""KEY=ab""#)]).await;

    let routed = Routed::new(command(shows), "environment = { KEY = { file = 'key' } }");
    let why = routed.prepare().await.unwrap_err();
    assert!(why.ends_with("/key cannot be read: No such file or directory (os error 2)"), "{why}");
    std::fs::write(routed.file("key"), "cd\n").unwrap();
    assert_eq!(shown(routed.call("1").await), r#""KEY=cd""#);
}

#[tokio::test]
async fn folders_are_what_is_granted() {
    // Opens the file that is named, reads it, and writes what was in it.
    let cat = |at: u32, len: u32| {
        let opened = format!("(call $open (i32.const {at}) (i32.const {len}) (i32.const 0) (i64.const 2))");
        let read = "(call $read (i32.load (i32.const 32)) (i32.const 1024) (i32.const 100))";
        let write = format!("(drop (call $write (i32.const 1) (i32.const 1024) {read}))");
        command(&format!(
            "(local $error i32) (local.set $error {opened})
            (if (local.get $error) (then (call $number (local.get $error))) (else {write}))"
        ))
    };
    // Makes a file, and writes the errno.
    let make = command("(call $number (call $open (i32.const 102) (i32.const 7) (i32.const 1) (i64.const 64)))");
    let settings = "folders = [{ host = 'granted', guest = '/data' }]";
    let writable = "folders = [{ host = 'granted', guest = '/data', write = true }]";
    for (component, settings, expected) in [
        (cat(95, 6), settings, "17"),
        (cat(95, 6), writable, "17"),
        // Outside of the folder, by `../` and by a link: EPERM.
        (cat(85, 10), writable, "63"),
        (cat(109, 4), writable, "63"),
        // It may not be changed: EPERM.
        (make.clone(), settings, "63"),
        (make.clone(), writable, " 0"),
    ] {
        let routed = Routed::new(&component, settings);
        let granted = routed.file("granted");
        std::fs::create_dir(&granted).unwrap();
        std::fs::write(granted.join("in.txt"), "17").unwrap();
        std::fs::write(routed.file("out.txt"), "18").unwrap();
        std::os::unix::fs::symlink("../out.txt", granted.join("link")).unwrap();
        assert_eq!(shown(routed.call("1").await).trim(), expected.trim(), "{settings}\n{component}");
        assert_eq!(granted.join("new.txt").exists(), expected == " 0");
    }
    let why = Routed::new(make, settings).prepare().await.unwrap_err();
    assert!(why.ends_with("/granted that it is granted is not there"), "{why}");
}

#[tokio::test]
async fn connections_are_what_is_granted() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = server.local_addr().unwrap().port();
    let (granted, other) = (format!("network = ['127.0.0.1:{port}']"), "network = ['127.0.0.1:1', '127.0.0.2:80']");
    // 0 is connected, 101 is WASI's access-denied.
    for (settings, expected) in
        [("", "101"), ("network = []", "101"), (other, "101"), (&granted, "0"), ("network = 'all'", "0")]
    {
        let routed = Routed::new(CONNECT, settings);
        assert_eq!(shown(routed.call(&port.to_string()).await), expected, "{settings}");
    }
}

#[tokio::test]
async fn http_requests_are_what_is_granted() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = server.local_addr().unwrap().port();
    // Answers each request with a redirect, which is not followed.
    tokio::spawn(async move {
        while let Ok((mut connected, _)) = server.accept().await {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") && connected.read_buf(&mut request).await.unwrap() > 0 {}
            assert!(request.starts_with(b"GET / HTTP/1.1\r\n"), "{}", String::from_utf8_lossy(&request));
            let answer = "HTTP/1.1 307 Away\r\nLocation: http://127.0.0.2/\r\nContent-Length: 0\r\n\r\n";
            connected.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    // A port where nobody listens.
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let (granted, by_name) = (format!("network = ['127.0.0.1:{port}']"), format!("network = ['localhost:{port}']"));
    let refused = format!("network = ['127.0.0.1:{free}']");
    let at = format!("\"127.0.0.1:{port}\"");
    // 115 is HTTP-request-denied, 106 connection-refused.
    for (settings, input, expected) in [
        ("", &*at, "115"),
        (&*by_name, &*at, "115"),
        (&*refused, &*at, "115"),
        (&*granted, &*at, "307"),
        ("network = 'all'", &*at, "307"),
        (&*by_name, &*format!("\"LOCALHOST:{port}\""), "307"),
        (&*refused, &*format!("\"127.0.0.1:{free}\""), "106"),
    ] {
        let routed = Routed::new(HTTP, settings);
        assert_eq!(shown(routed.call(input).await), expected, "{settings} {input}");
    }
    // People are told why.
    let traps =
        HTTP.replace("(then (return (call $answer (i32.add", "(then unreachable (return (call $answer (i32.add");
    assert_ne!(traps, HTTP);
    for (settings, why) in [
        ("", format!("an HTTP request to 127.0.0.1:{free} was refused: network of the route does not grant it")),
        (&*refused, format!("an HTTP request to 127.0.0.1:{free} failed: connection refused")),
    ] {
        let told = shown(Routed::new(&traps, settings).call(&format!("\"127.0.0.1:{free}\"")).await);
        let trap = "Wasm.Trap: wasm trap: wasm `unreachable` instruction executed";
        assert_eq!(told, format!("{trap}; stderr:\nasl: {why}"));
    }
}

#[tokio::test]
async fn what_the_component_model_has_for_async_is_there() {
    check([(ASYNC.to_owned(), "", INPUT)]).await;
}

#[tokio::test]
async fn a_call_that_is_dropped_stops() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = server.local_addr().unwrap().port();
    let then_loops = CONNECT.replace("(call $answer (i32.const 0))", LOOP);
    assert_ne!(then_loops, CONNECT);
    let routed = Arc::new(Routed::new(then_loops, "network = 'all'"));
    let calling = tokio::spawn({
        let routed = Arc::clone(&routed);
        async move { routed.call(&port.to_string()).await }
    });
    let (mut connected, _) = server.accept().await.unwrap();
    calling.abort();
    // The end of the guest is the end of its connections.
    assert_eq!(connected.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn calls_that_compute_for_ever_leave_others_their_turn() {
    let either = format!("(if (i32.eq (local.get $len) (i32.const 1)) (then {LOOP})) {ECHO}");
    let routed = Arc::new(Routed::new(task(&either), ""));
    let mut endless = JoinSet::new();
    for _ in 0..8 {
        let routed = Arc::clone(&routed);
        endless.spawn(async move { routed.call("1").await });
    }
    for _ in 0..20 {
        assert_eq!(shown(routed.call("[1]").await), "[1]");
    }
    assert!(endless.try_join_next().is_none());
}

#[tokio::test]
async fn many_calls_at_once() {
    let routed = Arc::new(Routed::new(task(ECHO), ""));
    let mut calls = JoinSet::new();
    for number in 0..500 {
        let routed = Arc::clone(&routed);
        calls.spawn(async move { shown(routed.call(&number.to_string()).await) == number.to_string() });
    }
    assert!(calls.join_all().await.into_iter().all(|same| same));
}

#[tokio::test]
async fn what_cannot_be_called_is_told_before_anything_runs() {
    for (component, expected) in [
        (
            "(module)",
            "nothing in this core module can be called: expected _start, which a program with a main has; it exports nothing",
        ),
        (
            "(component)",
            "nothing in this component can be called: expected handle (asl:task) or wasi:cli/run 0.2; it exports nothing",
        ),
        (
            "(component (instance $none) (export \"wasi:cli/run@0.2.0\" (instance $none)))",
            "its wasi:cli/run@0.2.0 has no function run",
        ),
        (
            "(module (import \"env\" \"f\" (func)) (func (export \"_start\")))",
            "unknown import: `env::f` has not been defined; what there is to import is WASI 0.2 with wasi:http, and WASI 0.1",
        ),
        (
            "(component (import \"wasi:keyvalue/store@0.2.0\" (instance (export \"f\" (func))))
               (core module $m (func (export \"f\"))) (core instance $i (instantiate $m))
               (func $f (canon lift (core func $i \"f\"))) (export \"handle\" (func $f)))",
            "component imports instance `wasi:keyvalue/store@0.2.0`, but a matching implementation was not found in the linker: instance export `f` has the wrong type: function implementation is missing; what there is to import is WASI 0.2 with wasi:http, and WASI 0.1",
        ),
        (
            "(component (core module $m (func (export \"f\"))) (core instance $i (instantiate $m))
               (func $f (canon lift (core func $i \"f\"))) (export \"handle\" (func $f)))",
            "its handle is not that of asl:task: type-checking export func `handle`: expected 1-tuple, found 0-tuple",
        ),
        ("", "expected at least one module field"),
        ("\0asm", "it is no valid WebAssembly: unexpected end-of-file (at offset 0x4)"),
        ("\0asm\x01\0\0\0\x01", "it is no valid WebAssembly: unexpected end-of-file (at offset 0x9)"),
        ("(module", "expected `)`"),
        ("\u{7f}ELF", "unexpected character '\\u{7f}'"),
    ] {
        let routed = Routed::new(component, "");
        let why = routed.prepare().await.unwrap_err();
        let start = format!("the component {} cannot be used: ", routed.file("guest.wat").display());
        let told = why.strip_prefix(&start).and_then(|why| why.lines().next());
        assert_eq!(told, Some(expected), "{why}");
        assert_eq!(shown(routed.call("1").await), format!("Wasm.NotLoaded: {why}"));
    }
}

#[tokio::test]
async fn compiled_code_is_kept_and_a_cache_that_cannot_be_used_is_done_without() {
    let files = |routed: &Routed| {
        fn count(folder: &Path) -> usize {
            let entries = std::fs::read_dir(folder).into_iter().flatten();
            entries.map(|entry| entry.unwrap().path()).map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
        }
        count(&routed.file("data/wasm"))
    };
    let routed = Routed::new(task(ECHO), "");
    assert_eq!(files(&routed), 0);
    routed.prepare().await.unwrap();
    assert!(files(&routed) > 0);

    let routed = Routed::new(task(ECHO), "");
    std::fs::write(routed.file("data"), "a file").unwrap();
    assert_eq!(shown(routed.call("1").await), "1");
}

#[tokio::test]
async fn no_bytes_make_it_panic() {
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    let mut below = |bound: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % bound as u64).unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(folder.path());
    let binaries = [task(ECHO), command(CAT), IO.replace("RESULT", "0")].map(|text| wat::parse_str(text).unwrap());
    for number in 0..300 {
        let mut bytes = binaries[number % 3].clone();
        for _ in 0..below(4) {
            let at = below(bytes.len());
            bytes[at] = u8::try_from(below(256)).unwrap();
        }
        match below(4) {
            0 => bytes.truncate(below(bytes.len())),
            1 => bytes = (0..below(200)).map(|_| u8::try_from(below(256)).unwrap()).collect(),
            _ => {}
        }
        std::fs::write(folder.path().join(number.to_string()), bytes).unwrap();
        let settings = "memory_mb = 20\ntimeout_seconds = 0.05";
        let component = loaded(&number.to_string(), settings, folder.path(), Arc::clone(&engine));
        let _ = call(&component, "1").await;
    }
}
