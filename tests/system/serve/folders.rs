//! A folder with projects below it: each has a routing file of its own, and all share the services.

use serde_json::{Value, json};

use crate::support::folder::Folder;
use crate::support::http::get;
use crate::support::server::Server;

/// A definition with these states, one after another.
fn definition(states: &[(&str, Value)]) -> String {
    let mut written = serde_json::Map::new();
    for (place, (name, state)) in states.iter().enumerate() {
        let mut state = state.clone();
        match states.get(place + 1) {
            Some((next, _)) => state["Next"] = json!(next),
            None => state["End"] = json!(true),
        }
        written.insert((*name).to_owned(), state);
    }
    json!({"StartAt": states[0].0, "States": written}).to_string()
}

/// Two projects whose function `whoami` is another one; only the second has `only`.
fn projects() -> Folder {
    let folder = Folder::new();
    let lambda =
        |name: &str| json!({"Type": "Task", "Resource": format!("arn:aws:lambda:us-east-1:1:function:{name}")});
    let invoke = json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "only"}, "OutputPath": "$.Payload"});
    let send = json!({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "ResultPath": null,
        "Parameters": {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/1/shared", "MessageBody.$": "$"}});
    let receive = json!({"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sqs:receiveMessage",
        "Parameters": {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/1/shared", "WaitTimeSeconds": 20},
        "OutputPath": "$.Messages[0].Body"});
    let greet = json!({"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:1:function:${Which}"});
    folder.write("orders/main/orders.asl.json", definition(&[("Who", lambda("whoami")), ("Send", send)]));
    folder.write("bills/bills.asl.json", definition(&[("Who", lambda("whoami")), ("Receive", receive)]));
    folder.write("orders/other.asl.json", definition(&[("Invoke", invoke), ("Top", lambda("top"))]));
    folder.write("bills/mocked.asl.json", definition(&[("Mocked", greet)]));
    folder.write("orders/who.asl.json", definition(&[("Who", lambda("whoami"))]));
    folder.write("first.asl.json", definition(&[("Top", lambda("top"))]));
    let route = |name: &str, file: &str| {
        let resource = format!("resource = 'arn:aws:lambda:*:*:function:{name}'");
        format!(
            "[[routes]]\n{resource}\nhandler = 'function'\nruntime = 'python3'\ncode = 'code'\nentry = '{file}.handler'\n"
        )
    };
    for (place, answer) in [("", "of all"), ("orders/", "orders"), ("bills/", "bills")] {
        let code = format!("def handler(event, context):\n    return '{answer}'\n");
        folder.write(&format!("{place}code/app.py"), code);
    }
    folder.write("bills/code/only.py", "def handler(event, context):\n    return 'only in bills'\n");
    folder.write("routes.toml", format!("queues = ['shared']\n{}", route("top", "app")));
    folder.write("orders/routes.toml", format!("queues = ['shared']\n{}", route("whoami", "app")));
    let mock = "[[mocks]]\nstate = 'Mocked'\nreturn = 'mocked'\n\n[substitutions]\nWhich = 'none'\n";
    let bills = format!("queues = ['more']\n{}{}{mock}", route("whoami", "app"), route("only", "only"));
    folder.write("bills/routes.toml", bills);
    folder
}

#[test]
fn definitions_have_the_routing_file_that_is_nearest_and_share_the_services() {
    let folder = projects();
    let server = Server::start(&folder, &["."]);
    let run = |machine: &str| {
        let machine = format!("arn:aws:states:us-east-1:000000000000:stateMachine:{machine}");
        let ended = server.ended(&server.start_execution(&machine, "n", &json!({})));
        serde_json::from_str::<Value>(ended["output"].as_str().unwrap_or_else(|| panic!("{ended}"))).expect("JSON")
    };
    assert_eq!(run("first"), json!("of all"));
    assert_eq!(run("orders"), json!("orders"));
    // What the first project has sent.
    assert_eq!(run("bills"), json!("orders"));
    // A function is found in whichever file it stands, and the first file is for all.
    assert_eq!(run("other"), json!("of all"));
    assert_eq!(run("mocked"), json!("mocked"));
    let metrics = get(&format!("{}/metrics", server.url));
    let metrics = String::from_utf8_lossy(metrics.body());
    for told in [
        "asl_task_seconds_count{resource=\"arn:aws:lambda:us-east-1:1:function:whoami\"} 2\n",
        "asl_task_seconds_bucket{resource=\"arn:aws:states:::sqs:sendMessage\",le=\"+Inf\"} 1\n",
        "asl_executions{status=\"SUCCEEDED\"} 5\n",
    ] {
        assert!(metrics.contains(told), "{told} {metrics}");
    }
}

#[test]
fn a_file_that_is_named_is_for_all_definitions() {
    let folder = projects();
    let server = Server::start(&folder, &[".", "--routes", "bills/routes.toml"]);
    let machine = "arn:aws:states:us-east-1:000000000000:stateMachine:who";
    let ended = server.ended(&server.start_execution(machine, "n", &json!({})));
    assert_eq!(ended["output"], "\"bills\"", "{ended}");
}

#[test]
fn files_that_say_different_things_of_a_service_are_refused() {
    let folder = projects();
    folder.write("bills/routes.toml", "services = { s3 = 'aws' }");
    folder.write("orders/routes.toml", "services = { s3 = { endpoint_url = 'http://127.0.0.1:9' } }");
    let refused = folder.asl(&["serve", ".", "--listen", "0"]);
    assert_eq!(refused.code, Some(3), "{refused:?}");
    let told = "orders/routes.toml: services.s3 is said otherwise in another routing file of this server";
    assert!(refused.stderr.contains(told), "{refused:?}");
}
