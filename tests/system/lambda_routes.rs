//! `lambda:invoke` of functions that nothing serves.

use serde_json::{Value, json};

use crate::support::folder::{Ended, Folder};

/// Calls a function, and takes whatever goes wrong as a success.
fn definition(resource: &str, name: Value) -> String {
    let (key, name) = match name {
        Value::String(name) if name.starts_with('$') => ("FunctionName.$", name),
        name => ("FunctionName", name.as_str().unwrap().to_owned()),
    };
    let catch = json!([{ "ErrorEquals": ["States.ALL"], "Next": "Fine" }]);
    let call = json!({ "Type": "Task", "Resource": resource, "Parameters": { key: name }, "End": true, "Catch": catch,
        "Retry": [{ "ErrorEquals": ["States.ALL"] }] });
    json!({ "StartAt": "Call", "States": { "Call": call, "Fine": { "Type": "Pass", "End": true } } }).to_string()
}

fn run(definition: &str, routes: &str, input: &str) -> Ended {
    let folder = Folder::new();
    folder.write("d.json", definition);
    folder.write("routes.toml", routes);
    folder.asl(&["run", "d.json", "--input", input])
}

const INVOKE: &str = "arn:aws:states:::lambda:invoke";

#[test]
fn a_function_that_nothing_serves_is_told_before_the_start() {
    let route = "[[routes]]\nresource = 'arn:aws:lambda:*:*:function:known'\nhandler = 'consolidate'\n";
    for (name, arn) in [
        ("greet", "us-east-1:000000000000:function:greet"),
        ("greet:PROD", "us-east-1:000000000000:function:greet"),
        ("123456789012:function:greet:7", "us-east-1:123456789012:function:greet"),
        ("arn:aws:lambda:eu-west-1:123456789012:function:greet", "eu-west-1:123456789012:function:greet"),
        ("arn:aws:lambda:eu-west-1:123456789012:function:greet:$LATEST", "eu-west-1:123456789012:function:greet"),
    ] {
        for resource in [INVOKE, "arn:aws:states:::lambda:invoke.waitForTaskToken"] {
            let mut text: Value = serde_json::from_str(&definition(INVOKE, json!(name))).unwrap();
            text["States"]["Call"]["Resource"] = resource.into();
            if resource != INVOKE {
                text["States"]["Call"]["Parameters"]["Payload"] = json!({ "token.$": "$$.Task.Token" });
            }
            let ended = run(&text.to_string(), route, "{}");
            assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), ""), "{name}");
            let told = format!("error: the state 'Call' has no route for the resource arn:aws:lambda:{arn}\n");
            assert!(ended.stderr.starts_with(&told), "{}", ended.stderr);
            assert!(ended.stderr.ends_with("nothing was run\n"), "{}", ended.stderr);
        }
    }
    for name in ["known", "known:7", "arn:aws:lambda:eu-west-1:1:function:known"] {
        let ended = run(&definition(INVOKE, json!(name)), route, "{}");
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    }
    // Who takes the whole integration says what is served.
    let all = format!("[[routes]]\nresource = '{INVOKE}'\nhandler = 'consolidate'\n");
    assert_eq!(run(&definition(INVOKE, json!("greet")), &all, "{}").code, Some(0));
    let mock = "[[mocks]]\nstate = 'Call'\nreturn = 1\n";
    assert_eq!(run(&definition(INVOKE, json!("greet")), mock, "{}").code, Some(0));
}

#[test]
fn a_name_that_is_only_known_then_ends_the_run() {
    let call = definition(INVOKE, json!("$.name"));
    let ended = run(&call, "", r#"{"name":"greet"}"#);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), ""));
    let told =
        "error: the state 'Call' has no route for the resource arn:aws:lambda:us-east-1:000000000000:function:greet\n";
    assert!(ended.stderr.starts_with(told), "{}", ended.stderr);

    // Also in an execution that another one waits for.
    let folder = Folder::new();
    folder.write("called.json", call);
    folder.write("routes.toml", "[state_machines]\ncalled = { definition = 'called.json' }\n");
    let starts = definition("arn:aws:states:::states:startExecution.sync", json!("x"));
    let mut starts: Value = serde_json::from_str(&starts).unwrap();
    starts["States"]["Call"]["Parameters"] = json!({
        "StateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:called", "Input": { "name": "greet" },
    });
    folder.write("d.json", starts.to_string());
    let ended = folder.asl(&["run", "d.json"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), ""), "{}", ended.stderr);
    assert!(ended.stderr.starts_with(told), "{}", ended.stderr);
}
