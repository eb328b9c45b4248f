//! A server that is killed again and again: every execution comes to the end that it should have, none is lost, none doubled.
//!
//! `ASL_CRASH_KILLS` says how often it is killed, and `ASL_CRASH_SEED` when: `tests/crash-for-hours` uses them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::folder::Folder;
use crate::support::server::{Server, call, until};
use crate::support::shown;
use crate::support::web_server::{WebServer, answer};

/// How often the server is killed where nothing else is said.
const KILLS: u64 = 50;

/// A call that was answered so long before a kill has been committed since.
const COMMITTED: Duration = Duration::from_secs(2);

const ACTIVITY: &str = "arn:aws:states:us-east-1:000000000000:activity:work";
const QUEUE: &str = "https://sqs.us-east-1.amazonaws.com/000000000000/asked";

/// A kind of executions: a name, a definition, and the output for the input `{"n": n}`.
type Kind = (&'static str, Value, fn(u64) -> Value);

/// All kinds.
fn kinds() -> Vec<Kind> {
    let task = |function: &str| {
        let resource = format!("arn:aws:lambda:us-east-1:000000000000:function:{function}");
        let retry =
            json!([{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 20, "BackoffRate": 1.0}]);
        let retry = if function == "flaky" { retry } else { json!([]) };
        json!({"Type": "Task", "Resource": resource, "Retry": retry, "End": true})
    };
    let named = |name: &str, state: Value| json!({"StartAt": name, "States": {name: state}});
    let of_one = |state: Value| named("S", state);
    let each = |mode: &str| {
        let mut processor = named("Count", task("count"));
        processor["ProcessorConfig"] = match mode {
            "DISTRIBUTED" => json!({"Mode": mode, "ExecutionType": "STANDARD"}),
            _ => json!({"Mode": mode}),
        };
        let selector = json!({"n.$": "$.n", "item.$": "$$.Map.Item.Value"});
        of_one(json!({
            "Type": "Map", "ItemsPath": "$.items", "ItemSelector": selector, "MaxConcurrency": 3,
            "ItemProcessor": processor, "End": true
        }))
    };
    let with_items = |mut map: Value| {
        let items = json!({"Type": "Pass", "Result": [0, 1, 2, 3, 4], "ResultPath": "$.items", "Next": "S"});
        map["States"]["Items"] = items;
        map["StartAt"] = json!("Items");
        map
    };
    let child = "arn:aws:states:us-east-1:000000000000:stateMachine:count";
    vec![
        ("count", of_one(task("count")), |n| json!({"counted": n})),
        ("flaky", of_one(task("flaky")), |n| json!({"counted": n})),
        (
            "wait",
            json!({"StartAt": "W", "States": {
                "W": {"Type": "Wait", "Seconds": 1, "Next": "P"}, "P": {"Type": "Pass", "OutputPath": "$.n", "End": true}}}),
            |n| json!(n),
        ),
        ("map", with_items(each("INLINE")), |n| json!((0..5).map(|_| json!({"counted": n})).collect::<Vec<_>>())),
        ("children", with_items(each("DISTRIBUTED")), |n| {
            json!((0..5).map(|_| json!({"counted": n})).collect::<Vec<_>>())
        }),
        (
            "parallel",
            of_one(json!({"Type": "Parallel", "End": true, "Branches": [
                named("Count", task("count")),
                named("Wait", json!({"Type": "Wait", "Seconds": 1, "OutputPath": "$.n", "End": true}))]})),
            |n| json!([{"counted": n}, n]),
        ),
        (
            "callback",
            of_one(json!({
                "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": true,
                "Parameters": {"QueueUrl": QUEUE, "MessageBody": {"n.$": "$.n", "token.$": "$$.Task.Token"}}})),
            |n| json!({"answered": n}),
        ),
        (
            "nested",
            of_one(json!({
                "Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "OutputPath": "$.Output",
                "Parameters": {"StateMachineArn": child, "Input.$": "$"}, "End": true})),
            |n| json!({"counted": n}),
        ),
        (
            "process",
            of_one(json!({
                "Type": "Task", "Resource": "arn:aws:states:::ecs:runTask.sync", "ResultPath": null, "OutputPath": "$.n",
                "Parameters": {"TaskDefinition": "job", "Cluster": "here"}, "End": true})),
            |n| json!(n),
        ),
        ("activity", of_one(json!({"Type": "Task", "Resource": ACTIVITY, "End": true})), |n| json!({"worked": n})),
    ]
}

/// What chance gives, from a seed that is told when the test fails.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Where the server is now; nothing while there is none.
type Where = Arc<Mutex<Option<String>>>;

/// Does something at the server again and again, until it is over.
fn again_and_again(
    at: &Where,
    is_over: &Arc<AtomicBool>,
    act: impl Fn(&str) + Send + 'static,
) -> thread::JoinHandle<()> {
    let (at, is_over) = (Arc::clone(at), Arc::clone(is_over));
    thread::spawn(move || {
        while !is_over.load(Ordering::Relaxed) {
            let url = at.lock().expect("nobody panics with it").clone();
            match url {
                Some(url) => act(&url),
                None => thread::sleep(Duration::from_millis(5)),
            }
        }
    })
}

/// Says something to whatever server there is, until one has taken it in.
fn insist(at: &Where, operation: &str, parameters: &Value) -> Result<Value, (String, String)> {
    until(|| {
        let url = at.lock().expect("nobody panics with it").clone()?;
        call(&url, operation, parameters).filter(|answered| {
            // It is about to end.
            !matches!(answered, Err((code, _)) if code == "ServiceUnavailable")
        })
    })
}

/// What workers outside of the server have seen.
#[derive(Default)]
struct Seen {
    /// The messages with each token, by their ids.
    messages: BTreeMap<String, BTreeSet<String>>,
}

/// Those who answer tokens and do the work of activities.
fn helpers(at: &Where, is_over: &Arc<AtomicBool>) -> (Arc<Mutex<Seen>>, Vec<thread::JoinHandle<()>>) {
    let seen = Arc::<Mutex<Seen>>::default();
    let (noted, everywhere) = (Arc::clone(&seen), Arc::clone(at));
    let answers = again_and_again(at, is_over, move |url| {
        let asked = json!({"QueueUrl": QUEUE, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 1});
        let Some(Ok(received)) = call(url, "AmazonSQS.ReceiveMessage", &asked) else { return };
        for message in received["Messages"].as_array().into_iter().flatten() {
            let body: Value = serde_json::from_str(message["Body"].as_str().expect("a text")).expect("JSON");
            let text = |value: &Value| value.as_str().expect("a text").to_owned();
            let (token, id) = (text(&body["token"]), text(&message["MessageId"]));
            noted.lock().expect("nobody panics with it").messages.entry(token.clone()).or_default().insert(id);
            let output = json!({"answered": body["n"]}).to_string();
            let answered = insist(&everywhere, "SendTaskSuccess", &json!({"taskToken": token, "output": output}));
            assert!(matches!(&answered, Ok(_) | Err((_, _))), "{answered:?}");
            let receipt = json!({"QueueUrl": QUEUE, "ReceiptHandle": message["ReceiptHandle"]});
            // Where the server has gone, the message comes again.
            let _ = call(url, "AmazonSQS.DeleteMessage", &receipt);
        }
    });
    let everywhere = Arc::clone(at);
    let works = again_and_again(at, is_over, move |url| {
        let Some(Ok(task)) = call(url, "GetActivityTask", &json!({"activityArn": ACTIVITY})) else { return };
        let (Some(token), Some(input)) = (task["taskToken"].as_str(), task["input"].as_str()) else { return };
        let input: Value = serde_json::from_str(input).expect("JSON");
        let output = json!({"worked": input["n"]}).to_string();
        // Another worker may have had the same task, where the server has gone before it had noted the first.
        let _ = insist(&everywhere, "SendTaskSuccess", &json!({"taskToken": token, "output": output}));
    });
    (seen, vec![answers, works])
}

#[test]
fn nothing_is_lost_and_nothing_is_done_twice() {
    let kills = setting("ASL_CRASH_KILLS").unwrap_or(KILLS);
    let seed = setting("ASL_CRASH_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    let mut chance = Chance(seed);
    let folder = Folder::new();
    // When each task was answered and which server has asked, by what it was asked. A request may outlive its server.
    let calls = Arc::<Mutex<BTreeMap<String, Vec<(usize, Instant)>>>>::default();
    let (noted, fails) = (Arc::clone(&calls), AtomicBool::new(false));
    let tasks = WebServer::start_with(move |request| {
        let asked = String::from_utf8_lossy(&request.body).into_owned();
        let input: Value = serde_json::from_str(&asked).expect("JSON");
        if request.line.contains("flaky") {
            // Every other call fails.
            if !fails.fetch_xor(true, Ordering::Relaxed) {
                return answer(500, "{}");
            }
        } else {
            let life = request.line.split(' ').nth(1).and_then(|path| path.rsplit('/').next()?.parse().ok());
            let call = (life.expect("the path says it"), Instant::now());
            noted.lock().expect("nobody panics with it").entry(asked).or_default().push(call);
        }
        answer(200, json!({"counted": input["n"]}).to_string())
    });
    let routes = |life: u64| {
        let functions = ["count", "flaky"].map(|function| {
            let resource = format!("arn:aws:lambda:*:*:function:{function}");
            let url = format!("{}/{function}/{life}", tasks.origin());
            format!("[[routes]]\nresource = '{resource}'\nhandler = 'http'\nurl = '{url}'\n")
        });
        let job = "[[routes]]\nresource = 'arn:aws:states:::ecs:runTask*'\nhandler = 'process'\ncommand = ['true']\n";
        format!("{}\n{job}", functions.join("\n"))
    };
    let at: Where = Arc::default();
    let is_over = Arc::new(AtomicBool::new(false));
    let (seen, workers) = helpers(&at, &is_over);

    let (kinds, mut started, mut killed) = (kinds(), Vec::new(), Vec::new());
    let is_at = |url: Option<String>| *at.lock().expect("nobody panics with it") = url;
    for life in 0..=kills {
        folder.write("routes.toml", routes(life));
        let server = Server::start(&folder, &["."]);
        is_at(Some(server.url.clone()));
        if life == 0 {
            server.ask("CreateActivity", &json!({"name": "work"}));
            for (name, definition, _) in &kinds {
                server.create(name, definition);
            }
        }
        if life == kills {
            check(&server, &started, &kinds, seed);
            is_at(None);
            break;
        }
        let until_killed = Instant::now() + Duration::from_millis(20 + chance.below(250));
        while Instant::now() < until_killed {
            let (kind, n) = (usize::try_from(chance.below(kinds.len() as u64)).expect("small"), started.len() as u64);
            let machine = format!("arn:aws:states:us-east-1:000000000000:stateMachine:{}", kinds[kind].0);
            let execution = server.start_execution(&machine, &format!("run-{n}"), &json!({"n": n}));
            started.push(Started { execution, kind, n });
            thread::sleep(Duration::from_millis(chance.below(30)));
        }
        is_at(None);
        server.kill();
        killed.push(Instant::now());
    }
    is_over.store(true, Ordering::Relaxed);
    for worker in workers {
        worker.join().expect("no worker panics");
    }
    for (token, messages) in &seen.lock().expect("it is over").messages {
        assert_eq!(messages.len(), 1, "the token {token} was sent more than once (seed {seed})");
    }
    let calls = calls.lock().expect("it is over");
    for (asked, times) in calls.iter() {
        let mut times = times.clone();
        times.sort_by_key(|(life, _)| *life);
        for pair in times.windows(2) {
            let [(first, answered), (second, again)] = pair else { continue };
            // What is noted late was sent before its server was killed.
            let is_committed = killed.get(*first).is_none_or(|kill| *answered + COMMITTED < *kill);
            assert!(
                first < second && !is_committed,
                "the task {asked} of the server {first} was called again by {second}, {:?} after it had ended (seed {seed})",
                *again - *answered
            );
        }
    }
    let again: usize = calls.values().map(|times| times.len() - 1).sum();
    let told = format!("{} executions over {kills} kills, {again} tasks in flight called again", started.len());
    shown(&format!("crash test: {told}"));
}

/// An execution that was started.
struct Started {
    execution: String,
    kind: usize,
    n: u64,
}

/// Every execution has the outcome, the output and the history that it should have.
fn check(server: &Server, started: &[Started], kinds: &[Kind], seed: u64) {
    for Started { execution, kind, n } in started {
        let (name, _, expected) = &kinds[*kind];
        let ended = server.ended(execution);
        assert_eq!(ended["status"], "SUCCEEDED", "{name} {n} (seed {seed}): {ended}");
        let output: Value = serde_json::from_str(ended["output"].as_str().expect("a text")).expect("JSON");
        assert_eq!(output, expected(*n), "{name} {n} (seed {seed})");
        let history = server.history(execution);
        let ids: Vec<u64> = history.iter().map(|event| event["id"].as_u64().expect("an id")).collect();
        assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>(), "{name} {n} (seed {seed})");
        let count = |ending: &str| {
            history.iter().filter(|event| event["type"].as_str().is_some_and(|it| it.ends_with(ending))).count()
        };
        assert_eq!((count("ExecutionStarted"), count("ExecutionSucceeded")), (1, 1), "{name} {n} (seed {seed})");
        assert_eq!(count("StateEntered"), count("StateExited"), "{name} {n} (seed {seed}): {history:?}");
        let submitted = usize::from(["callback", "nested", "process"].contains(name));
        assert_eq!(count("TaskSubmitted"), submitted, "{name} {n} (seed {seed})");
    }
    // None is there that nobody has started, but for those that others start.
    let known: BTreeSet<&str> = started.iter().map(|started| started.execution.as_str()).collect();
    let nested = started.iter().filter(|started| kinds[started.kind].0 == "nested").count();
    let mut others = 0;
    for (name, _, _) in kinds {
        let machine = format!("arn:aws:states:us-east-1:000000000000:stateMachine:{name}");
        let mut asked = json!({"stateMachineArn": machine, "maxResults": 1000});
        loop {
            let page = server.ask("ListExecutions", &asked);
            let listed = page["executions"].as_array().expect("a list");
            others += listed.iter().filter(|it| !known.contains(it["executionArn"].as_str().expect("an ARN"))).count();
            match page.get("nextToken") {
                Some(token) => asked["nextToken"] = token.clone(),
                None => break,
            }
        }
    }
    assert_eq!(others, nested, "the executions that tasks have started (seed {seed})");
}
