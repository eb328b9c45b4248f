//! The verbs that ask a running server, and definitions that change while it runs.

use hyper::Method;
use serde_json::{Value, json};

use crate::support::folder::Folder;
use crate::support::http::send;
use crate::support::server::{Server, until};
use crate::support::web_server::{WebServer, answer};

const GREET: &str = r#"{"StartAt":"G","States":{"G":{"Type":"Pass","Result":"hello","End":true}}}"#;
const SLEEP: &str = r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":600,"End":true}}}"#;

#[test]
fn executions_are_started_listed_followed_and_stopped() {
    let folder = Folder::new();
    folder.write("greet.asl.json", GREET);
    folder.write("sleep.asl.json", SLEEP);
    let server = Server::start(&folder, &["."]);
    let asl = |arguments: &[&str]| folder.asl(&[arguments, &["--endpoint", &server.url]].concat());

    let greeted = asl(&["start", "greet", "--wait"]);
    assert_eq!((greeted.code, greeted.stdout.as_str(), greeted.stderr.as_str()), (Some(0), "\"hello\"\n", ""));
    let started = asl(&["start", "sleep", "--name", "nap"]);
    assert_eq!(started.stdout, "arn:aws:states:us-east-1:000000000000:execution:sleep:nap\n");
    let listed = asl(&["ps"]);
    let rows: Vec<&str> = listed.stdout.lines().collect();
    assert_eq!(rows.len(), 2, "{listed:?}");
    assert!(rows[0].starts_with("NAME  STATE MACHINE  STATUS ") && rows[1].starts_with("nap   sleep          RUNNING"));
    assert_eq!(asl(&["ps", "--all", "--json"]).json().as_array().map(Vec::len), Some(2));

    let stopped = asl(&["stop", "na", "--error", "Enough", "--cause", "it was long"]);
    assert_eq!(stopped.code, Some(0), "{stopped:?}");
    let followed = asl(&["logs", "--follow", "nap"]);
    let told: Vec<&str> =
        followed.stdout.lines().filter_map(|line| line.split_once(' ')).map(|(_, told)| told).collect();
    assert_eq!(told, ["ExecutionStarted", "WaitStateEntered W", "ExecutionAborted Enough"]);
    assert_eq!(asl(&["ps"]).stderr, "nothing runs; --all shows what has ended\n");

    for (arguments, part) in [
        (&["start", "great"][..], "help: did you mean greet?"),
        (&["start", "greet", "--name", "a b"], "InvalidName: Invalid Name: 'a b'"),
        (&["stop", "nobody"], "has no execution nobody"),
        (&["logs", "--follow"], "say which execution"),
    ] {
        let ended = asl(arguments);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains(part), "{ended:?}");
    }
    server.kill();
    let nobody = folder.asl(&["ps", "--endpoint", "http://127.0.0.1:9"]);
    assert!(nobody.stderr.contains("does not answer") && nobody.stderr.contains("asl serve"), "{nobody:?}");
}

#[test]
fn a_definition_that_changes_is_registered_anew_and_what_runs_goes_on_as_it_began() {
    let folder = Folder::new();
    folder.write("m.asl.json", GREET);
    let server = Server::start(&folder, &["."]);
    let machine = "arn:aws:states:us-east-1:000000000000:stateMachine:m";
    let first = server.ended(&server.start_execution(machine, "first", &json!({})));
    assert_eq!(first["output"], "\"hello\"");
    folder.write("m.asl.json", GREET.replace("hello", "good bye"));
    let described = || server.ask("DescribeStateMachine", &json!({"stateMachineArn": machine}));
    let changed =
        until(|| Some(described()).filter(|it| it["definition"].as_str().is_some_and(|it| it.contains("good bye"))));
    assert!(changed["revisionId"].is_string(), "{changed}");
    let second = server.ended(&server.start_execution(machine, "second", &json!({})));
    assert_eq!(second["output"], "\"good bye\"");
    let of = |execution: &Value| {
        let asked = json!({"executionArn": execution["executionArn"]});
        server.ask("DescribeStateMachineForExecution", &asked)["definition"].as_str().expect("a text").to_owned()
    };
    assert!(of(&first).contains("hello") && of(&second).contains("good bye"));

    // One that comes while the server runs has a route of its name, too.
    folder.write("late.asl.json", GREET);
    let posted = || send(Method::POST, &format!("{}/late", server.url), &[], "{}");
    let started = until(|| Some(posted()).filter(|answer| answer.status() == 200));
    let started: Value = serde_json::from_slice(started.body()).expect("JSON");
    assert_eq!(server.ended(started["executionArn"].as_str().expect("an ARN"))["output"], "\"hello\"");
}

#[test]
fn a_machine_that_is_deleted_takes_its_executions_with_it() {
    let server = Server::start(&Folder::new(), &["--memory"]);
    let sleep: Value = serde_json::from_str(SLEEP).expect("JSON");
    let machine = server.create("m", &sleep);
    let running = server.start_execution(&machine, "first", &json!({}));
    server.ask("DeleteStateMachine", &json!({"stateMachineArn": machine}));
    let ended = server.ended(&running);
    assert_eq!(ended["status"], "ABORTED");
    let gone = |execution: &str| {
        let described = server.ask("DescribeExecution", &json!({"executionArn": execution}));
        assert_eq!(described["redriveStatusReason"], "State machine is in DELETING status", "{described}");
        let (code, _) = server.call("RedriveExecution", &json!({"executionArn": execution})).expect_err("it is gone");
        assert_eq!(code, "ExecutionNotRedrivable");
    };
    until(|| server.call("DescribeStateMachine", &json!({"stateMachineArn": machine})).err());
    gone(&running);
    // One of the same name is another one.
    server.create("m", &sleep);
    gone(&running);
}

#[test]
fn a_redrive_that_is_asked_for_again_is_the_same() {
    let server = Server::start(&Folder::new(), &["--memory"]);
    let machine = server.create("m", &json!({"StartAt": "F", "States": {"F": {"Type": "Fail"}}}));
    let failed = server.start_execution(&machine, "n", &json!({}));
    server.ended(&failed);
    let redrive = |token: &str| {
        server.ended(&failed);
        server.ask("RedriveExecution", &json!({"executionArn": failed, "clientToken": token}))
    };
    let first = redrive("a");
    assert_eq!(redrive("a"), first);
    redrive("b");
    assert_eq!(server.ended(&failed)["redriveCount"], 2);
}

#[test]
fn test_cases_of_step_functions_local_answer_the_tasks() {
    let folder = Folder::new();
    folder.write(
        "m.asl.json",
        r#"{"StartAt":"Ask","States":{"Ask":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:f","End":true}}}"#,
    );
    folder.write(
        "mocks.json",
        r#"{"StateMachines":{"m":{"TestCases":{"Happy":{"Ask":"yes"},"Sad":{"Ask":"no"}}}},
            "MockedResponses":{"yes":{"0":{"Return":{"answer":42}}},"no":{"0":{"Throw":{"Error":"Sorry","Cause":"not today"}}}}}"#,
    );
    let server = Server::start(&folder, &[".", "--mocks", "mocks.json"]);
    let machine = "arn:aws:states:us-east-1:000000000000:stateMachine:m";
    let happy = server.ended(&server.start_execution(&format!("{machine}#Happy"), "a", &json!({})));
    assert_eq!((happy["status"].as_str(), happy["output"].as_str()), (Some("SUCCEEDED"), Some(r#"{"answer":42}"#)));
    let sad = server.ended(&server.start_execution(&format!("{machine}#Sad"), "b", &json!({})));
    assert_eq!((sad["error"].as_str(), sad["cause"].as_str()), (Some("Sorry"), Some("not today")));
    let unknown = json!({"stateMachineArn": format!("{machine}#Other"), "input": "{}"});
    let (code, message) = server.call("StartExecution", &unknown).expect_err("there is no such test case");
    assert!(code == "ValidationException" && message.contains("Other"), "{code}: {message}");
}

#[test]
fn an_execution_that_has_ended_is_a_trace_at_a_collector() {
    let collector = WebServer::start(|_| answer(200, "{}"));
    let folder = Folder::new();
    folder.write("greet.asl.json", GREET);
    let server = Server::start(&folder, &[".", "--otlp", &collector.origin()]);
    let machine = "arn:aws:states:us-east-1:000000000000:stateMachine:greet";
    server.ended(&server.start_execution(machine, "traced", &json!({})));
    let received = until(|| collector.received().into_iter().next());
    assert_eq!(received.line, "POST /v1/traces");
    let trace: Value = serde_json::from_slice(&received.body).expect("JSON");
    let spans = trace["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().expect("spans");
    // The execution and its state.
    assert_eq!(spans.len(), 2, "{trace}");
}
