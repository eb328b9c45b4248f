//! What handlers for Node.js come to: by the runtime of `asl`, and by `aws-lambda-ric`, which is that of Lambda.
//!
//! `cases.txt` has the handlers, and what comes of calls. Each case runs in both generations of Lambda's runtime.
//! `ASL_LAMBDA_RIC_NPM` names the folder whose `node_modules` has the packages, as `lambda-ric-3` and `lambda-ric-4`; they need
//! no compiler, since `published.cjs` stands in for their native part, an HTTP client.
#![cfg(unix)]

mod cases;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use asl_engine::{TaskRequest, Value};
use asl_functions::{Function, Logs, Settings, Surroundings};
use asl_runtime::{Call, Handler};

use cases::{Case, Generation};

const ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:f";

#[tokio::test(flavor = "multi_thread")]
async fn handlers_come_to_what_they_come_to_on_lambda() {
    let has_node = Command::new("node").arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).status();
    if !has_node.is_ok_and(|status| status.success()) {
        return not_run("`node --version` cannot be run");
    }
    all(&|_| true, &|case, generation, code| {
        let runtime = match generation {
            Generation::Callbacks => "nodejs22.x",
            Generation::Promises => "nodejs24.x",
        };
        function(code, &format!(r#""runtime": "{runtime}", "entry": "{}""#, case.entry))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_published_runtimes_agree() {
    let Some(folder) = std::env::var_os("ASL_LAMBDA_RIC_NPM").map(PathBuf::from) else {
        return not_run("no aws-lambda-ric: say where it is installed in ASL_LAMBDA_RIC_NPM");
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node_runtime/published.cjs");
    all(&|case| !case.races, &|case, generation, code| {
        let package = match generation {
            Generation::Callbacks => "lambda-ric-3/dist/index.mjs",
            Generation::Promises => "lambda-ric-4/index.mjs",
        };
        let package = folder.join("node_modules").join(package);
        assert!(package.is_file(), "{} is not there", package.display());
        let start = match generation {
            Generation::Callbacks => {
                format!("--input-type=module -e 'import {{ run }} from \"{}\"; await run(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER);'", package.display())
            }
            Generation::Promises => package.display().to_string(),
        };
        let flags = "--no-experimental-require-module --no-experimental-detect-module";
        let text = format!(
            "#!/bin/sh\n_HANDLER='{}' exec node {flags} --require '{}' {start}\n",
            case.entry,
            script.display()
        );
        let bootstrap = code.join("published-bootstrap");
        std::fs::write(&bootstrap, text).expect("the folder is there");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&bootstrap, mode).expect("it is there");
        function(code, r#""runtime": "provided", "entry": "published-bootstrap""#)
    })
    .await;
}

fn not_run(why: &str) {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "CI=true, and not run: {why}");
    // Past the capture of the test runner: a test that did nothing must not look like one that passed.
    std::io::Write::write_all(&mut std::io::stderr(), format!("not run: {why}\n").as_bytes()).expect("stderr is open");
}

/// A function whose code is in `code`, with its data in there, too.
fn function(code: &Path, settings: &str) -> Function {
    let text = format!(
        r#"{{"code": "{}", "memory_mb": 1024, "timeout_seconds": 60, "max_processes": 1, {settings}}}"#,
        code.display()
    );
    let settings: Settings = serde_json::from_str(&text).expect("these are settings");
    let data_dir = code.with_extension("data");
    Function::new(
        settings,
        Surroundings {
            folder: code.to_owned(),
            logs: Arc::new(Logs::new(data_dir.join("logs"))),
            data_dir,
            endpoint_url: Arc::new(|| Box::pin(async { Ok("http://127.0.0.1:1".to_owned()) })),
            endpoint_variables: Vec::new(),
        },
    )
}

/// Runs the cases that are to run, in both generations, and shows all that come to something else.
async fn all(runs: &(impl Fn(&Case) -> bool + Sync), make: &(impl Fn(&Case, Generation, &Path) -> Function + Sync)) {
    let only = std::env::var("ASL_NODE_RUNTIME_CASE").ok();
    let mut wrong = Vec::new();
    for case in cases::read(include_str!("cases.txt")) {
        if !runs(&case) || only.as_ref().is_some_and(|only| !case.name.contains(only)) {
            continue;
        }
        for (generation, expected) in [(Generation::Callbacks, &case.callbacks), (Generation::Promises, &case.promises)]
        {
            let folder = tempfile::tempdir().expect("there is room");
            let code = folder.path().canonicalize().expect("it is there").join("code");
            for (name, text) in &case.files {
                let file = code.join(name);
                std::fs::create_dir_all(file.parent().expect("a folder")).expect("there is room");
                std::fs::write(file, text).expect("there is room");
            }
            let function = make(&case, generation, &code);
            let mut found = Vec::new();
            for event in &case.events {
                found.push(outcome(&function, event, &code).await);
            }
            let found = found.join("\n");
            if found != *expected {
                wrong.push(format!("== {} ({generation:?})\n{found}\n-- instead of\n{expected}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// What comes of a call, on one line: the result, or the error with its type, its message and the first line of its trace where
/// that says the same.
async fn outcome(function: &Function, event: &str, code: &Path) -> String {
    let call = Call::new(TaskRequest::new(ARN, event.parse::<Value>().expect("an event is JSON")));
    let text = match function.call(&call).await {
        Ok(result) => result.to_string(),
        Err(failure) => {
            let cause = failure.cause.unwrap_or_default();
            let payload = match serde_json::from_str(&cause) {
                Ok(payload) => one_line_of_trace(payload),
                // A payload without a type is quoted, with its trace.
                Err(_) => serde_json::Value::from(cause.split_once("\"trace\":").map_or(&*cause, |(before, _)| before)),
            };
            format!("! {:?} {payload}", failure.error.unwrap_or_default())
        }
    };
    let text = text.replace(&code.display().to_string(), "/var/task");
    let words = text.split(' ').map(|word| if is_id(word) { "ID".to_owned() } else { of_runtime(word) });
    words.collect::<Vec<_>>().join(" ")
}

/// `word` with the file of the runtime where it has it on Lambda, whichever runtime it is. The lines of an error are escaped.
fn of_runtime(word: &str) -> String {
    let mut words: Vec<_> = word.split('"').map(str::to_owned).collect();
    let (file, rest) = words[0].split_once("\\n").unwrap_or((&words[0], ""));
    if file.starts_with('/') && file.ends_with(".mjs") && !file.starts_with("/var/task/") {
        let rest = if rest.is_empty() { String::new() } else { format!("\\n{rest}") };
        words[0] = format!("/var/runtime/index.mjs{rest}");
    }
    words.join("\"")
}

/// The other lines, and those of Node.js, are as many as the runtime and Node.js have calls.
fn one_line_of_trace(mut payload: serde_json::Value) -> serde_json::Value {
    let text = |name: &str| payload[name].as_str().unwrap_or_default().to_owned();
    let expected = format!("{}: {}", text("errorType"), text("errorMessage"));
    if let Some(trace) = payload.get_mut("trace").and_then(|trace| trace.as_array_mut()) {
        trace.truncate(1);
        if let Some(first) = trace.first_mut().filter(|first| !expected.starts_with(first.as_str().unwrap_or_default()))
        {
            *first = "other".into();
        }
    }
    payload
}

fn is_id(word: &str) -> bool {
    word.len() == 36 && word.matches('-').count() == 4
}
