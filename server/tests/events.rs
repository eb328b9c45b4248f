//! Triggers by events and schedules, and the events of executions that change their status.

use std::path::Path;
use std::time::Duration;

use asl_aws::{Service, Style};
use asl_engine::Value;
use asl_project::{ExecutionOptions, Substitutions};
use asl_server::{Explain, Identity, Server, ServerOptions};
use asl_tasks::Routes;

const ROUTES: &str = r#"
[[triggers]]
state_machine = "seen"
event = { source = ["shop"], detail = { total = [{ numeric = [">", 100] }] } }

[[triggers]]
state_machine = "told"
event = { source = ["aws.states"], detail = { status = ["SUCCEEDED", "FAILED", "ABORTED"], name = [{ prefix = "watched" }] } }
"#;

const PASS: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#;
const FAIL: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Fail","Error":"E","Cause":"why"}}}"#;

fn options(folder: &Path, routes: &str) -> ServerOptions {
    ServerOptions {
        listen: ([127, 0, 0, 1], 0).into(),
        folder: Some(folder.to_owned()),
        routes: Routes::parse(routes, &folder.join("routes.toml")).unwrap(),
        routes_below: Vec::new(),
        removed: Vec::new(),
        substitutions: Substitutions::default(),
        data: folder.join("data"),
        is_in_memory: true,
        identity: Identity::default(),
        executions: ExecutionOptions { most_running: Some(100), ..ExecutionOptions::default() },
        most_polls: 100,
        kept_days: 1,
        token: None,
        otlp: None,
        tls: None,
        mocks: None,
        explain: Explain { jsonpath: |_, _| Value::Null, jsonata: |_, _| Value::Null },
    }
}

async fn call(server: &Server, service: &str, action: &str, parameters: &str) -> Value {
    let service = Service::find(service).unwrap();
    let operation = service.operation(action).unwrap();
    let parameters = parameters.parse().unwrap();
    let called = server.project().router().clients().call(service, operation, &parameters, Style::Optimized).await;
    called.unwrap().result.into()
}

fn arn(machine: &str) -> String {
    format!("arn:aws:states:us-east-1:000000000000:stateMachine:{machine}")
}

/// The inputs of the executions of a machine, as soon as there are so many.
async fn inputs(server: &Server, machine: &str, count: usize) -> Vec<Value> {
    for _ in 0..200 {
        let asked = format!(r#"{{"StateMachineArn":"{}"}}"#, arn(machine));
        let listed = call(server, "sfn", "listExecutions", &asked).await;
        let listed = listed["Executions"].as_array().unwrap();
        if listed.len() >= count {
            let mut inputs = Vec::new();
            for execution in listed.iter() {
                let asked = Value::from([("ExecutionArn", execution["ExecutionArn"].clone())]).to_string();
                let described = call(server, "sfn", "describeExecution", &asked).await;
                inputs.push(described["Input"].as_str().unwrap().parse().unwrap());
            }
            return inputs;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{machine} has no {count} executions");
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("seen", PASS), ("told", PASS), ("failing", FAIL)] {
        std::fs::write(folder.path().join(format!("{name}.asl.json")), text).unwrap();
    }
    folder
}

#[tokio::test]
async fn events_start_executions_and_executions_make_events() {
    let folder = folder();
    let server = Server::start(options(folder.path(), ROUTES)).await.unwrap();
    let entry = |total: u32| {
        format!(r#"{{"Entries":[{{"Source":"shop","DetailType":"order","Detail":"{{\"total\":{total}}}"}}]}}"#)
    };
    for total in [50, 101] {
        let put = call(&server, "eventbridge", "putEvents", &entry(total)).await;
        assert_eq!(put["FailedEntryCount"], Value::from(0));
    }
    let seen = inputs(&server, "seen", 1).await;
    assert_eq!((seen.len(), &seen[0]["detail"]), (1, &r#"{"total":101}"#.parse().unwrap()));

    for (machine, name) in [("seen", "watched-1"), ("failing", "watched-2"), ("failing", "other")] {
        let arn = arn(machine);
        let start = format!(r#"{{"StateMachineArn":"{arn}","Name":"{name}","Input":"{{ \"a\": 1 }}"}}"#);
        call(&server, "sfn", "startExecution", &start).await;
    }
    let told = inputs(&server, "told", 2).await;
    assert_eq!(told.len(), 2);
    for (name, machine, status, output, error, reason) in [
        (
            "watched-1",
            "seen",
            "SUCCEEDED",
            r#""{\"a\":1}""#,
            "null",
            r#""Execution is SUCCEEDED and cannot be redriven""#,
        ),
        ("watched-2", "failing", "FAILED", "null", r#""E""#, "null"),
    ] {
        let event = told.iter().find(|event| event["detail"]["name"] == Value::from(name)).unwrap();
        let execution = format!("arn:aws:states:us-east-1:000000000000:execution:{machine}:{name}");
        let (is_out, redrive) = match status {
            "SUCCEEDED" => (r#"{"included":true}"#, "NOT_REDRIVABLE"),
            _ => ("null", "REDRIVABLE"),
        };
        let cause = if error == "null" { "null" } else { r#""why""# };
        let (started, stopped) = (&event["detail"]["startDate"], &event["detail"]["stopDate"]);
        assert!(started.as_i64() <= stopped.as_i64() && started.as_i64() > Some(1_600_000_000_000));
        // As AWS recorded it (`base__test_event_bridge_events_base`), member by member.
        let expected: Value = format!(
            r#"{{"executionArn":"{execution}","stateMachineArn":"{}","name":"{name}","status":"{status}","startDate":{started},"stopDate":{stopped},"input":"{{ \"a\": 1 }}","output":{output},"stateMachineVersionArn":null,"stateMachineAliasArn":null,"redriveCount":0,"redriveDate":null,"redriveStatus":"{redrive}","redriveStatusReason":{reason},"inputDetails":{{"included":true}},"outputDetails":{is_out},"error":{error},"cause":{cause}}}"#,
            arn(machine)
        )
        .parse()
        .unwrap();
        assert_eq!(event["detail"], expected, "{name}");
        assert_eq!(event["detail-type"], Value::from("Step Functions Execution Status Change"));
        assert_eq!(event["resources"], Value::from_iter([Value::from(execution)]));
    }
    server.shut_down().await;
}

#[tokio::test]
async fn a_redrive_is_told_of_and_a_stop_too() {
    let folder = folder();
    let server = Server::start(options(folder.path(), "")).await.unwrap();
    // Nobody listens yet.
    let start = |name: &str| format!(r#"{{"StateMachineArn":"{}","Name":"{name}"}}"#, arn("failing"));
    call(&server, "sfn", "startExecution", &start("before")).await;
    let pattern = r#"{\"detail-type\":[\"Step Functions Execution Status Change\"]}"#;
    let rule = format!(r#"{{"Name":"r","EventPattern":"{pattern}"}}"#);
    call(&server, "eventbridge", "putRule", &rule).await;
    let target =
        r#"{"Rule":"r","Targets":[{"Id":"1","Arn":"arn:aws:sqs:us-east-1:000000000000:q","InputPath":"$.detail"}]}"#;
    call(&server, "eventbridge", "putTargets", target).await;
    let started = call(&server, "sfn", "startExecution", &start("after")).await;
    let received = async |count: usize| {
        let mut found = Vec::new();
        for _ in 0..100 {
            let asked = r#"{"QueueUrl":"q","MaxNumberOfMessages":10,"WaitTimeSeconds":1}"#;
            let answer = call(&server, "sqs", "receiveMessage", asked).await;
            for message in answer["Messages"].as_array().into_iter().flat_map(|messages| messages.iter()) {
                let detail: Value = message["Body"].as_str().unwrap().parse().unwrap();
                found.push((
                    detail["status"].to_string(),
                    detail["redriveCount"].clone(),
                    detail["redriveDate"] == Value::Null,
                ));
            }
            if found.len() >= count {
                break;
            }
        }
        found
    };
    let change = |status: &str, count: i64| (format!("{status:?}"), Value::from(count), count == 0);
    assert_eq!(received(2).await, [change("RUNNING", 0), change("FAILED", 0)]);
    let again = Value::from([("ExecutionArn", started["ExecutionArn"].clone())]).to_string();
    call(&server, "sfn", "redriveExecution", &again).await;
    assert_eq!(received(2).await, [change("RUNNING", 1), change("FAILED", 1)]);
    server.shut_down().await;
}

#[test]
fn triggers_that_start_nothing_are_refused_with_their_place() {
    let file = Path::new("routes.toml");
    for (routes, part) in [
        ("schedule = 'rate(1 minutes)'", "no schedule of EventBridge"),
        ("event = { source = 's' }", "must be an object or an array"),
    ] {
        let text = format!("[[triggers]]\nstate_machine = 'seen'\n{routes}");
        let refused = Routes::parse(&text, file).unwrap_err().to_string();
        assert!(refused.contains(part) && refused.contains("routes.toml"), "{refused}");
    }
}
