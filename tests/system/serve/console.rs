//! What the page of the console asks a server for, and who gets it.

use hyper::{Method, Response, body::Bytes};
use serde_json::{Value, json};

use crate::support::folder::Folder;
use crate::support::http::{get, send};
use crate::support::server::{Server, until};

/// An order that is paid, packed twice and refused once, and that somebody has to say a word to.
fn order() -> Value {
    json!({"StartAt": "Each", "States": {
        "Each": {"Type": "Map", "ItemsPath": "$.items", "ResultPath": "$.packed", "Next": "Tell",
            "ItemProcessor": {"StartAt": "Pack", "States": {
                "Pack": {"Type": "Pass", "Parameters": {"name.$": "$.name", "is": "packed"}, "End": true}}}},
        "Tell": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Parameters": {"QueueUrl": "http://localhost/000000000000/told", "MessageBody": {"token.$": "$$.Task.Token", "packed.$": "$.packed"}},
            "ResultSelector": {"word.$": "$.said"}, "ResultPath": "$.told",
            "Retry": [{"ErrorEquals": ["Again"], "IntervalSeconds": 0, "MaxAttempts": 1}],
            "Catch": [{"ErrorEquals": ["Refused"], "ResultPath": "$.error", "Next": "Apologise"}], "End": true},
        "Apologise": {"Type": "Fail", "Error": "NotSent", "CausePath": "$.error.Cause"}
    }})
}

const ITEMS: &str = r#"{"items": [{"name": "cup"}, {"name": "pot"}]}"#;

struct Console {
    server: Server,
    machine: String,
    /// Goes with it.
    _folder: Folder,
}

impl Console {
    fn start() -> Self {
        let folder = Folder::new();
        folder.write("routes.toml", "queues = [\"told\"]\n");
        let server = Server::start(&folder, &["--memory", "--routes", "routes.toml"]);
        let machine = server.create("order", &order());
        Self { server, machine, _folder: folder }
    }

    fn order(&self, name: &str) -> String {
        self.server.start_execution(&self.machine, name, &serde_json::from_str(ITEMS).expect("JSON"))
    }

    #[track_caller]
    fn ask(&self, path: &str, query: &[(&str, &str)]) -> Value {
        let query: Vec<String> =
            query.iter().map(|(name, value)| format!("{name}={}", value.replace(':', "%3A"))).collect();
        let answer = get(&format!("{}/_asl/{path}?{}", self.server.url, query.join("&")));
        assert_eq!(answer.status(), 200, "{path}: {answer:?}");
        read(&answer)
    }

    /// The task token that somebody has to answer, as soon as there is one of this execution.
    fn token(&self, execution: &str, other_than: &str) -> String {
        until(|| {
            let open = self.ask("callbacks", &[]);
            let callbacks = open["callbacks"].as_array().expect("a list").clone();
            let of_execution = |it: &&Value| it["executionArn"] == execution && it["taskToken"] != other_than;
            Some(callbacks.iter().find(of_execution)?["taskToken"].as_str().expect("a token").to_owned())
        })
    }
}

fn read(answer: &Response<Bytes>) -> Value {
    serde_json::from_slice(answer.body()).expect("JSON")
}

#[test]
fn what_happens_is_told_as_it_does_and_a_callback_is_answered() {
    let console = Console::start();
    let execution = console.order("first");
    let token = console.token(&execution, "");
    let open = &console.ask("callbacks", &[])["callbacks"][0];
    assert_eq!((&open["state"], &open["input"]["MessageBody"]["packed"][1]["name"]), (&json!("Tell"), &json!("pot")));

    let course = console.ask("course", &[("executionArn", &execution)]);
    assert_eq!(course["status"], "RUNNING");
    let marks = &course["marks"]["states"];
    assert_eq!((&marks["/States/Tell"]["status"], &marks["/States/Tell"]["count"]), (&json!("RUNNING"), &json!(1)));
    assert_eq!(marks["/States/Each/ItemProcessor/States/Pack"]["count"], 2);
    assert_eq!(marks["/States/Apologise"], Value::Null);
    let paths: Vec<&str> = course["visits"].as_array().unwrap().iter().map(|it| it["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["Each", "Each[0]/Pack", "Each[1]/Pack", "Tell"]);
    // As it was when the first item was packed.
    let before = console.ask("course", &[("executionArn", &execution), ("until", "5")]);
    assert_eq!((&before["events"], before["visits"].as_array().unwrap().len()), (&json!(5), 2), "{before}");
    assert_eq!(before["marks"]["states"]["/States/Each"]["status"], "RUNNING");

    console.server.ask("SendTaskSuccess", &json!({"taskToken": token, "output": r#"{"said": "thanks"}"#}));
    console.server.ended(&execution);
    // The stream of one that has ended has all of it, and ends.
    let events = get(&format!("{}/_asl/events?executionArn={execution}&after=2", console.server.url));
    assert_eq!(events.headers()["content-type"], "text/event-stream");
    let text = String::from_utf8(events.body().to_vec()).expect("text");
    let data = |line: &str| line.strip_prefix("data: ").and_then(|data| serde_json::from_str::<Value>(data).ok());
    let data: Vec<Value> = text.lines().filter_map(data).collect();
    let ids: Vec<u64> = data[0].as_array().unwrap().iter().map(|event| event["id"].as_u64().unwrap()).collect();
    let all = console.server.history(&execution).len() as u64;
    assert_eq!(ids, (3..=all).collect::<Vec<_>>(), "{text}");
    assert_eq!(data[1], json!({"status": "SUCCEEDED"}));
}

#[test]
fn how_long_states_wait_is_told() {
    let folder = Folder::new();
    folder.write("routes.toml", "buckets = [\"receipts\"]\nqueues = [\"told\"]\n");
    let server = Server::start(&folder, &["--memory", "--routes", "routes.toml"]);
    let console = Console { machine: server.create("waits", &waits()), server, _folder: folder };
    let execution = console.server.start_execution(&console.machine, "first", &json!({"seconds": 700}));
    let visits = until(|| {
        let course = console.ask("course", &[("executionArn", &execution)]);
        let visits = course["visits"].as_array().expect("a list").clone();
        let is_tried = |visit: &Value| visit["attempts"][0]["status"] == "FAILED";
        (visits.len() == 4 && visits.iter().any(is_tried)).then_some(visits)
    });
    let mut left: Vec<(&str, Option<i64>)> = visits
        .iter()
        .map(|visit| {
            let since = visit["attempts"][0]["to"].as_i64().or(visit["from"].as_i64()).expect("a time");
            (visit["name"].as_str().expect("a name"), visit["until"].as_i64().map(|until| (until - since) / 1000))
        })
        .collect();
    left.sort_unstable();
    // A Retrier waits from the end of the attempt on, the others from the state's entry.
    assert_eq!(left, [("All", None), ("Fetch", Some(600)), ("Wait", Some(700)), ("Work", Some(800))]);
}

/// A Wait state, a Retrier and an activity that wait.
fn waits() -> Value {
    let branch = |name: &str, state: Value| json!({"StartAt": name, "States": {name: state}});
    json!({"StartAt": "All", "States": {"All": {"Type": "Parallel", "End": true, "Branches": [
        branch("Wait", json!({"Type": "Wait", "SecondsPath": "$.seconds", "End": true})),
        branch("Fetch", json!({"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:getObject", "End": true,
            "Parameters": {"Bucket": "receipts", "Key": "none"},
            "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 600}]})),
        branch("Work", json!({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": true,
            "TimeoutSeconds": 800, "Parameters": {"QueueUrl": "http://localhost/000000000000/told", "MessageBody.$": "$$.Task.Token"}}))
    ]}}})
}

#[test]
fn the_data_of_a_visit_is_told_stage_by_stage() {
    let console = Console::start();
    let execution = console.order("first");
    let token = console.token(&execution, "");
    console.server.ask("SendTaskFailure", &json!({"taskToken": token, "error": "Again"}));
    let token = console.token(&execution, &token);
    console.server.ask("SendTaskSuccess", &json!({"taskToken": token, "output": r#"{"said": "thanks", "more": 1}"#}));
    console.server.ended(&execution);

    let flow = |visit: &str| console.ask("data-flow", &[("executionArn", &execution), ("visit", visit)]);
    let each = flow("0");
    let names = |flow: &Value| -> Vec<String> {
        flow["stages"].as_array().unwrap().iter().map(|stage| stage["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&each), ["Input", "ItemsPath", "Result", "ResultPath", "Output"]);
    assert_eq!(each["stages"][2]["data"], json!([{"name": "cup", "is": "packed"}, {"name": "pot", "is": "packed"}]));
    assert_eq!(each["next"], "Tell");
    assert_eq!(each.get("problem"), None, "{each}");

    let tell = flow("3");
    assert_eq!(names(&tell), ["Input", "Parameters", "Result", "ResultSelector", "ResultPath", "Output"]);
    let stages = tell["stages"].as_array().unwrap();
    assert_eq!(stages[3]["data"], json!({"word": "thanks"}));
    assert_eq!(stages[3]["expression"]["field"], "ResultSelector");
    assert_eq!((&stages[4]["comparedWith"], &stages[4]["expression"]["text"]), (&json!("Input"), &json!("$.told")));
    assert_eq!(stages[5]["data"], stages[4]["data"]);
    assert_eq!(stages[2]["size"], r#"{"said":"thanks","more":1}"#.len());
    let attempts = tell["attempts"].as_array().unwrap();
    assert_eq!((&attempts[0]["error"], &attempts[0]["retrier"]["index"]), (&json!("Again"), &json!(0)));
    assert_eq!((&attempts[1]["status"], &attempts[1]["output"]["said"]), (&json!("SUCCEEDED"), &json!("thanks")));
    // The message went out with a token.
    assert_eq!(attempts[1]["sent"]["parameters"]["MessageBody"]["packed"][0]["name"], "cup");

    let refused = console.order("refused");
    let token = console.token(&refused, "");
    console.server.ask("SendTaskFailure", &json!({"taskToken": token, "error": "Refused", "cause": "nobody is in"}));
    let ended = console.server.ended(&refused);
    assert_eq!((&ended["error"], &ended["cause"]), (&json!("NotSent"), &json!("nobody is in")));
    let tell = console.ask("data-flow", &[("executionArn", &refused), ("visit", "3")]);
    assert_eq!(
        (&tell["status"], &tell["catcher"]["index"], &tell["next"]),
        (&json!("CAUGHT"), &json!(0), &json!("Apologise"))
    );
    assert_eq!((&tell["error"], &tell["cause"]), (&json!("Refused"), &json!("nobody is in")));
}

#[test]
fn an_execution_is_forked_from_a_state_with_other_data() {
    let definition = json!({"StartAt": "First", "States": {
        "First": {"Type": "Pass", "Assign": {"who.$": "$$.Execution.Input.name"}, "Parameters": {"count": 1}, "Next": "Each"},
        "Each": {"Type": "Map", "ItemsPath": "$.items", "Next": "Last", "ItemProcessor": {"StartAt": "In", "States": {
            "In": {"Type": "Pass", "End": true}}}},
        "Last": {"Type": "Pass", "Parameters": {"in.$": "$", "who.$": "$who", "first.$": "$$.Execution.Input.name"}, "End": true}}});
    let server = Server::start(&Folder::new(), &["--memory"]);
    let machine = server.create("forked", &definition);
    let execution = server.start_execution(&machine, "first", &json!({"name": "Ada"}));
    // What First hands on has no items.
    assert_eq!(server.ended(&execution)["status"], "FAILED");
    let fork = |body: Value| {
        let answer = send(Method::POST, &format!("{}/_asl/forks", server.url), &[], body.to_string());
        (answer.status().as_u16(), read(&answer))
    };
    let (status, forked) =
        fork(json!({"executionArn": execution, "visit": 1, "input": {"items": [7]}, "name": "again"}));
    assert_eq!(status, 200, "{forked}");
    let forked = forked["executionArn"].as_str().expect("an ARN");
    let ended = server.ended(forked);
    let output: Value = serde_json::from_str(ended["output"].as_str().expect("an output")).expect("JSON");
    assert_eq!(output, json!({"in": [7], "who": "Ada", "first": "Ada"}), "{ended}");
    let entered = |event: &Value| event["stateEnteredEventDetails"]["name"].as_str().map(str::to_owned);
    let states: Vec<String> = server.history(forked).iter().filter_map(entered).collect();
    assert_eq!(states, ["Each", "In", "Last"]);

    let (_, other) = fork(json!({"executionArn": forked, "visit": 2, "variables": {"who": "Grace"}}));
    let ended = server.ended(other["executionArn"].as_str().expect("an ARN"));
    assert!(ended["output"].as_str().expect("an output").contains(r#""who":"Grace""#), "{ended}");
    for (body, part) in [
        (json!({"executionArn": forked, "visit": 1}), "inside of a Map or Parallel state"),
        (json!({"executionArn": forked, "visit": 9}), "no visit 9"),
        (json!({"executionArn": forked, "visit": 0, "variables": 1}), "not an object"),
        (json!({"executionArn": forked, "visit": 0, "name": "a b"}), "Invalid Name"),
        (json!({"visit": 0}), "no executionArn"),
    ] {
        let (status, refused) = fork(body.clone());
        assert_eq!(status, 400, "{body}");
        assert!(refused["message"].as_str().unwrap_or_default().contains(part), "{body} {refused}");
    }
}

#[test]
fn a_state_of_a_branch_is_found_whatever_it_is_called() {
    let name = "a/b [0]";
    let pass =
        |name: &str| json!({"StartAt": name, "States": {name: {"Type": "Pass", "InputPath": "$.in", "End": true}}});
    let definition = json!({"StartAt": "Both", "States": {
        "Both": {"Type": "Parallel", "Branches": [pass("Other"), pass(name)], "End": true}}});
    let server = Server::start(&Folder::new(), &["--memory"]);
    let machine = server.create("both", &definition);
    let execution = server.start_execution(&machine, "first", &json!({"in": 7}));
    server.ended(&execution);
    let console = Console { server, machine, _folder: Folder::new() };
    let course = console.ask("course", &[("executionArn", &execution)]);
    let visits = course["visits"].as_array().expect("visits");
    let visit = visits.iter().position(|visit| visit["name"] == name).expect("it was visited").to_string();
    let flow = console.ask("data-flow", &[("executionArn", &execution), ("visit", &visit)]);
    assert_eq!((&flow["stages"][1]["name"], &flow["stages"][1]["data"]), (&json!("InputPath"), &json!(7)), "{flow}");
    assert_eq!(flow["stages"][1]["expression"]["text"], "$.in");
}

#[test]
fn the_graph_is_placed_and_expressions_are_tried() {
    let console = Console::start();
    let drawing = console.ask("graph", &[("stateMachineArn", &console.machine)]);
    assert_eq!(drawing["states"].as_array().unwrap().len(), 4);
    let execution = console.order("first");
    assert_eq!(console.ask("graph", &[("executionArn", &execution)]), drawing);

    let post = |path: &str, body: Value| {
        let answer = send(Method::POST, &format!("{}/_asl/{path}", console.server.url), &[], body.to_string());
        (answer.status().as_u16(), read(&answer))
    };
    assert_eq!(post("graph", json!({"definition": order().to_string()})).1, drawing);
    let (status, refused) = post("graph", json!({"definition": "{}"}));
    assert_eq!(status, 400, "{refused}");
    let input = json!({"a": [[1, 2], [3]]});
    for (path, body, expected) in [
        ("jsonpath", json!({"path": "$.a[*][*]", "input": input}), json!([1, 2, 3])),
        ("jsonpath", json!({"path": "States.ArrayLength($.a)", "input": input}), json!(2)),
        ("jsonpath", json!({"path": "$name.first", "variables": {"name": {"first": "Ada"}}}), json!("Ada")),
        ("jsonata", json!({"expression": "$sum($states.input.a[0])", "input": input}), json!(3)),
        ("jsonata", json!({"expression": "{% $states.input.a[1][0] %}", "input": input}), json!(3)),
    ] {
        let (status, told) = post(path, body.clone());
        assert_eq!((status, &told["result"]), (200, &expected), "{path} {body}: {told}");
    }
    // How it comes to that is told as `asl jsonpath --explain --json` tells it.
    let (_, told) = post("jsonpath", json!({"path": "$.a[*][*]", "input": input}));
    assert_eq!((&told["definite"], &told["steps"][2]["out"]), (&json!(false), &json!(3)), "{told}");
    let (_, failed) = post("jsonpath", json!({"path": "$.b.c", "input": input}));
    assert_eq!(failed["error"]["name"], "States.Runtime");
    for (path, body) in [("jsonpath", json!({"path": "$["})), ("jsonata", json!({"expression": "1 +"}))] {
        assert!(post(path, body).1["error"]["message"].is_string(), "{path}");
    }
    for (path, body) in [("jsonpath", "{"), ("jsonata", "{}"), ("graph", "[]")] {
        let answer = send(Method::POST, &format!("{}/_asl/{path}", console.server.url), &[], body);
        assert_eq!(answer.status(), 400, "{path} {body}");
    }
}

#[test]
fn what_the_services_keep_is_told_and_nobody_receives_it() {
    let console = Console::start();
    let execution = console.order("one");
    console.token(&execution, "");
    assert_eq!(send(Method::PUT, &format!("{}/receipts", console.server.url), &[], "").status(), 200);
    let png = b"\x89PNG\r\n\x1a\n";
    for (key, content) in [("a/1.txt", "paid: 7 \u{20ac}".as_bytes()), ("b.png", png)] {
        let url = format!("{}/receipts/{key}", console.server.url);
        assert_eq!(send(Method::PUT, &url, &[], content.to_vec()).status(), 200, "{key}");
    }

    let all = console.ask("data", &[]);
    let all: Vec<&str> =
        all["stored"].as_array().expect("a list").iter().map(|it| it["url"].as_str().unwrap()).collect();
    assert_eq!(all, ["s3://receipts", "sqs://told"]);
    let objects = console.ask("data", &[("url", "s3://receipts/a/")]);
    assert_eq!((&objects["count"], &objects["objects"][0]["size"]), (&json!(1), &json!(11)));
    let text = console.ask("object", &[("url", "s3://receipts/a/1.txt")]);
    assert_eq!((&text["text"], &text["isPart"]), (&json!("paid: 7 \u{20ac}"), &json!(false)));
    let image = console.ask("object", &[("url", "s3://receipts/b.png")]);
    assert_eq!(image["base64"], "iVBORw0KGgo=");
    for _ in 0..2 {
        let messages = console.ask("data", &[("url", "sqs://told")]);
        assert_eq!(messages["values"][0]["Attributes"]["ApproximateReceiveCount"], "0");
    }

    for (path, told) in [
        ("data?url=kms://k", "kms://k names nothing that is kept: expected one of s3://BUCKET/KEY, "),
        ("data?url=sqs://none", "there is no sqs://none; "),
        ("data?url=dynamodb://none", "ResourceNotFoundException: "),
        ("data?url=s3://none", "NoSuchBucket: "),
        ("object?url=s3://receipts/none", "NoSuchKey: "),
        ("object?url=sqs://told", "sqs://told is no object"),
        ("object", "the query has no url"),
    ] {
        let answer = get(&format!("{}/_asl/{path}", console.server.url));
        assert_eq!(answer.status(), 400, "{path}: {answer:?}");
        assert!(read(&answer)["message"].as_str().expect("a message").starts_with(told), "{path}: {answer:?}");
    }
}

#[test]
fn the_guide_has_the_requests_that_there_are() {
    let guide = std::fs::read_to_string("docs/console.md").expect("the guide");
    let source = std::fs::read_to_string("server/src/console/mod.rs").expect("the source");
    let mut told: Vec<(&str, &str)> = guide
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once(" /_asl/"))
        .map(|(method, rest)| (method, rest.split(['?', '`']).next().unwrap_or_default()))
        .collect();
    let mut answered: Vec<(&str, &str)> = source
        .lines()
        .filter_map(|line| line.trim().strip_prefix("(&Method::")?.split_once(", \""))
        .filter_map(|(method, rest)| Some((method, rest.split_once('"')?.0)))
        .collect();
    told.sort_unstable();
    answered.sort_unstable();
    assert_eq!(told, answered);
    assert!(!told.is_empty());
}

#[test]
fn the_page_is_for_browsers_at_this_server_only() {
    let folder = Folder::new();
    folder.write("token", "0123456789abcdef\n");
    let server = Server::start(&folder, &["--memory", "--auth-token-file", "token"]);
    let browser = ("accept", "text/html,application/xhtml+xml");
    let asked = |path: &str, headers: &[(&str, &str)]| send(Method::GET, &format!("{}{path}", server.url), headers, "");
    for (path, headers, status) in [
        // It holds nothing of anybody, and asks for the token.
        ("/", &[browser][..], 200),
        ("/_asl/", &[], 200),
        ("/_asl/assets/none.js", &[], 404),
        ("/", &[browser, ("sec-fetch-site", "cross-site")], 403),
        ("/", &[], 403),
        ("/_asl/callbacks", &[], 403),
        ("/_asl/callbacks", &[("authorization", "Bearer 0123456789abcdef")], 200),
        ("/_asl/callbacks", &[("authorization", "Bearer 0123456789abcdef"), ("origin", "http://example.com")], 403),
        ("/_asl/changes", &[("authorization", "Bearer wrong")], 403),
        ("/_asl/nothing", &[("authorization", "Bearer 0123456789abcdef")], 404),
        ("/_asl/course", &[("authorization", "Bearer 0123456789abcdef")], 400),
        ("/_asl/course?executionArn=none", &[("authorization", "Bearer 0123456789abcdef")], 400),
    ] {
        assert_eq!(asked(path, headers).status().as_u16(), status, "{path} {headers:?}");
    }
    let page = asked("/", &[browser]);
    let header = |name: &str| page.headers()[name].to_str().expect("text");
    assert!(header("content-security-policy").starts_with("default-src 'none'; script-src 'self';"), "{page:?}");
    assert_eq!(header("x-content-type-options"), "nosniff");
    let known = asked("/", &[browser, ("if-none-match", header("etag"))]);
    assert_eq!((known.status().as_u16(), known.body().len()), (304, 0));
}

/// An API that every site may ask, with a route for all paths, opens neither the console nor the figures to them.
#[test]
fn what_an_api_allows_is_not_for_the_console() {
    let folder = Folder::new();
    folder.write("home.asl.json", r#"{"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}"#);
    folder.write(
        "routes.toml",
        "[apis.open]\n[apis.open.cors]\nallow_origins = ['*']\n\n\
         [[triggers]]\nhttp = '$default'\nstate_machine = 'home'\napi = 'open'\n",
    );
    let server = Server::start(&folder, &["--memory", "."]);
    let origin = ("origin", "http://example.com");
    let asked = |method: Method, path: &str, more: &[(&str, &str)]| {
        send(method, &format!("{}{path}", server.url), &[&[origin], more].concat(), "{}").status().as_u16()
    };
    assert_eq!(asked(Method::POST, "/orders", &[]), 200);
    for path in ["/_asl/resume", "/_asl/forks", "/_asl/jsonata"] {
        assert_eq!(asked(Method::POST, path, &[]), 403, "{path}");
        assert_eq!(asked(Method::OPTIONS, path, &[("access-control-request-method", "POST")]), 403, "{path}");
    }
    assert_eq!(asked(Method::GET, "/_asl/data", &[]), 403);
    assert_eq!(asked(Method::GET, "/metrics", &[]), 403);
}

#[test]
fn a_route_of_the_user_comes_before_the_page_unless_it_is_for_all_paths() {
    let definition = json!({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}});
    let browser = [("accept", "text/html")];
    for (route, is_page) in [("GET /", false), ("ANY /", false), ("$default", true), ("POST /", true)] {
        let folder = Folder::new();
        folder.write("home.asl.json", definition.to_string());
        folder.write("routes.toml", format!("[[triggers]]\nhttp = \"{route}\"\nstate_machine = \"home\"\n"));
        let server = Server::start(&folder, &["--memory", "."]);
        let asked =
            |path: &str, headers: &[(&str, &str)]| send(Method::GET, &format!("{}{path}", server.url), headers, "");
        let is_html = |answer: &Response<Bytes>| answer.headers()["content-type"] == "text/html; charset=utf-8";
        assert_eq!(is_html(&asked("/", &browser)), is_page, "{route}");
        assert!(is_html(&asked("/_asl/", &[])), "{route}");
        if route == "$default" {
            // Who is no browser starts an execution, as ever.
            assert!(read(&asked("/", &[]))["executionArn"].is_string(), "{route}");
        }
    }
}
