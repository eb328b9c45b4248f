//! `asl up`: whole projects as their authors have them, brought up, used and brought up again.

use std::path::Path;
use std::time::Instant;

use hyper::Method;
use serde_json::{Value, json};

use crate::support::folder::{Folder, files};
use crate::support::http::{get, send, try_send};
use crate::support::images::{input, serve};
use crate::support::server::{Server, until};
use crate::support::{not_run, shown};

/// A copy of a project of `tests/projects`.
fn project(name: &str) -> Folder {
    let folder = Folder::new();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/projects").join(name);
    for (file, content) in files(&source) {
        folder.write(&file, content);
    }
    folder
}

fn up(folder: &Folder, arguments: &[&str]) -> Server {
    Server::of(folder.command(&["up", "--listen", "0", "--json"]), arguments)
}

/// An output of the stacks.
fn output<'a>(server: &'a Server, name: &str) -> &'a str {
    server.told["outputs"][name].as_str().unwrap_or_else(|| panic!("{name}: {}", server.told))
}

/// Posts JSON, and gives the status and the answer.
fn post(url: &str, body: &Value) -> (u16, Value) {
    let answer = send(Method::POST, url, &[], body.to_string());
    let read = serde_json::from_slice(answer.body()).unwrap_or_else(|_| panic!("{answer:?}"));
    (answer.status().as_u16(), read)
}

/// The execution that a request has started, when it has ended.
fn ended(server: &Server, (status, started): (u16, Value)) -> Value {
    assert_eq!(status, 200, "{started}");
    server.ended(started["executionArn"].as_str().unwrap_or_else(|| panic!("{started}")))
}

/// Calls an operation of a service that speaks JSON.
fn ask(server: &Server, operation: &str, parameters: Value) -> Value {
    server.ask(operation, &parameters)
}

fn has_python() -> bool {
    let there = std::process::Command::new("python3").args(["-c", "import ensurepip, venv"]).status();
    let is_there = there.is_ok_and(|status| status.success());
    if !is_there {
        not_run("there is no python3 with venv");
    }
    is_there
}

#[test]
fn an_app_of_the_cdk_is_run_and_answers_its_requests() {
    if !has_python() {
        return;
    }
    let (images, folder) = (serve(), project("images"));
    let began = Instant::now();
    let server = up(&folder, &[]);
    let cold = began.elapsed();
    let url = output(&server, "ImagesStack.HttpApiUrl").to_owned();
    assert_eq!(url, format!("{}/", server.url));
    let success = ended(&server, post(&url, &input("success.input.json", &images)));
    if success["cause"].as_str().is_some_and(|cause| cause.contains("cannot install")) {
        return not_run(&success.to_string());
    }
    assert_eq!(success["status"], "SUCCEEDED", "{success}");
    let bucket = output(&server, "ImagesStack.Bucket");
    assert_eq!(folder.files(&format!(".asl/s3/{bucket}")).len(), 100);
    let scanned = ask(&server, "DynamoDB_20120810.Scan", json!({ "TableName": output(&server, "ImagesStack.Table") }));
    assert_eq!(scanned["Count"], 100);
    let failed = ended(&server, post(&url, &input("fail.input.json", &images)));
    assert_eq!((&failed["status"], &failed["cause"]), (&json!("FAILED"), &json!("Some images are missing")));
    let told = folder.files(".asl/sns").into_keys().filter(|name| name.ends_with(".json")).count();
    assert_eq!(told, 1);
    let (bucket, (code, stderr)) = (bucket.to_owned(), server.interrupt());
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("note: `python3 app.py` makes the templates\n"), "{stderr}");
    let passed =
        "note: passed over, since it means nothing here: AWS::ApiGatewayV2::Stage, AWS::IAM::Role (5), AWS::KMS::Key\n";
    assert!(stderr.contains(passed), "{stderr}");

    // Again, with nothing changed: the app is not run, and everything has the names that it had.
    let began = Instant::now();
    let again = up(&folder, &[]);
    shown(&format!("asl up of an app of the CDK: {cold:?} at first, {:?} with nothing changed", began.elapsed()));
    assert_eq!(output(&again, "ImagesStack.Bucket"), bucket);
    let (_, stderr) = again.interrupt();
    assert!(!stderr.contains("makes the templates"), "{stderr}");
}

#[test]
fn a_failing_app_is_told_in_its_own_words() {
    let folder = project("images");
    folder.write("app.py", "import sys\nsys.exit('no module named aws_cdk')\n");
    let ended = folder.asl(&["up"]);
    assert_eq!(ended.code, Some(2));
    let expected = "error: `python3 app.py` has failed (exit status: 1); it has printed:\nno module named aws_cdk\n";
    assert!(ended.stderr.ends_with(expected), "{ended:?}");
}

#[test]
fn a_template_of_sam_has_functions_layers_events_and_apis() {
    let folder = project("orders");
    let server = up(&folder, &["--stack-name", "orders"]);
    // A request starts an execution, which calls a function with a layer.
    let done = ended(&server, post(output(&server, "orders.StartUrl"), &json!({ "id": "7", "amount": 2 })));
    assert_eq!(done["status"], "SUCCEEDED", "{done}");
    let table = json!({ "TableName": output(&server, "orders.Table"), "Key": { "id": { "S": "7" } } });
    let item = ask(&server, "DynamoDB_20120810.GetItem", table);
    assert_eq!(item["Item"]["price"]["S"], "4 EUR");
    // A request calls a function.
    let answer = get(&format!("{}/8", output(&server, "orders.OrdersUrl")));
    let answer: Value = serde_json::from_slice(answer.body()).expect("JSON");
    assert_eq!(answer, json!({ "id": "8", "at": format!("{}/orders", server.url) }));
    // What is encoded in a path is not in a parameter; what no route fits has the answer of an HTTP API.
    let url = output(&server, "orders.OrdersUrl").to_owned();
    let encoded: Value = serde_json::from_slice(get(&format!("{url}/a%20b")).body()).expect("JSON");
    assert_eq!(encoded["id"], "a b");
    assert_eq!(post(&format!("{}/nowhere/at/all", server.url), &json!({})), (404, json!({ "message": "Not Found" })));
    assert_eq!(get(&format!("{url}/wrong")).status(), 500);
    // An event on the bus of the project starts an execution, with a part of it as its input.
    let detail = json!({ "id": "9", "amount": 3 }).to_string();
    let entry = json!({ "EventBusName": "shop", "Source": "shop", "DetailType": "ordered", "Detail": detail });
    ask(&server, "AWSEvents.PutEvents", json!({ "Entries": [entry] }));
    let machine = output(&server, "orders.Machine");
    let all = until(|| {
        let listed = server.ask("ListExecutions", &json!({ "stateMachineArn": machine }));
        let ended = listed["executions"].as_array().expect("a list").clone();
        let is_done = ended.len() == 2 && ended.iter().all(|it| it["status"] != "RUNNING");
        is_done.then_some(ended)
    });
    assert!(all.iter().all(|execution| execution["status"] == "SUCCEEDED"), "{all:?}");
    // An object that is stored calls a function, where its key is one that is wanted.
    for key in ["out/1", "in/a b"] {
        let url = format!("{}/{}/{}", server.url, output(&server, "orders.Receipts"), key.replace(' ', "%20"));
        assert_eq!(send(Method::PUT, &url, &[], "{}").status(), 200);
    }
    // The messages of both call a function, and are gone then.
    let log = || folder.files(".asl/logs").into_values().flatten().collect::<Vec<u8>>();
    until(|| {
        let log = String::from_utf8_lossy(&log()).into_owned();
        ["billed 7", "billed 9", "stored in/a+b"].iter().all(|text| log.contains(text)).then_some(())
    });
    assert!(!String::from_utf8_lossy(&log()).contains("stored out/"), "{}", String::from_utf8_lossy(&log()));
    let (used, ended) = (folder.asl(&["data", "rm", "--all"]), folder.asl(&["down", "--delete", "--json"]));
    assert_eq!((used.code, ended.json()), (Some(2), json!({ "ended": true, "deleted": true })));
    for gone in ["dynamodb.sqlite", "up", "services.lock", "executions.lock", ".lock"] {
        assert!(!folder.path(&format!(".asl/{gone}")).exists(), "{gone}");
    }
    let (code, stderr) = server.ended_by_others();
    let failed = "ApiFunction-";
    let told = stderr.strip_prefix("warning: the function orders-").filter(|told| told.starts_with(failed));
    let told = told.and_then(|told| told.split_once(" has failed: ")).unwrap_or_else(|| panic!("{stderr}")).1;
    assert!(told.starts_with("RangeError: there is no such order (what it printed: .asl/logs/orders-"), "{told}");
    assert_eq!((code, told.lines().count()), (Some(0), 1), "{stderr}");
    let again = folder.asl(&["down"]);
    assert_eq!((again.code, again.stderr.as_str()), (Some(0), "note: nothing was up with the data in .asl\n"));
}

#[test]
fn a_template_of_cloudformation_has_nested_stacks_apis_and_rules() {
    let folder = project("shop");
    let server = up(&folder, &["--stack-name", "shop", "--parameter", "Zones=east,west"]);
    let url = output(&server, "shop.Orders").to_owned();
    assert_eq!(url, format!("{}/orders", server.url));
    let done = ended(&server, post(&url, &json!({ "customer": "Ada", "count": 3 })));
    assert_eq!(done["status"], "SUCCEEDED", "{done}");
    let key = json!({ "customer": { "S": "Ada" }, "number": { "N": "1" } });
    let item = ask(&server, "DynamoDB_20120810.GetItem", json!({ "TableName": "shop-orders", "Key": key }));
    assert_eq!(item["Item"]["zones"]["S"], "east+west");
    let kept = folder.files(&format!(".asl/s3/{}", output(&server, "shop.Bucket")));
    assert_eq!(kept.keys().map(String::as_str).collect::<Vec<_>>(), ["Ada.json"]);
    // What was published, and what the rule made of the event, are in the queue of the nested stack.
    let queue = output(&server, "shop.Audit").rsplit(':').next().expect("a name").to_owned();
    let receive = json!({ "QueueUrl": queue, "MaxNumberOfMessages": 10, "VisibilityTimeout": 0 });
    let mut bodies = until(|| {
        let received = ask(&server, "AmazonSQS.ReceiveMessage", receive.clone());
        let messages = received["Messages"].as_array().cloned().unwrap_or_default();
        let bodies: Vec<String> = messages.iter().map(|it| it["Body"].as_str().expect("a text").to_owned()).collect();
        (bodies.len() == 2).then_some(bodies)
    });
    bodies.sort();
    assert_eq!(bodies, ["\"accepted from Ada\"", r#"{"customer":"Ada","count":3}"#]);
    let attributes =
        ask(&server, "AmazonSQS.GetQueueAttributes", json!({ "QueueUrl": queue, "AttributeNames": ["RedrivePolicy"] }));
    let policy = attributes["Attributes"]["RedrivePolicy"].as_str().expect("a policy");
    assert!(policy.contains("shop-Messaging-") && policy.contains("\"maxReceiveCount\":3"), "{policy}");
    // An EXPRESS state machine answers at once.
    let (status, price) = post(&format!("{url}/price?times=2"), &json!({ "count": 4 }));
    assert_eq!((status, price), (200, json!({ "stage": "dev", "price": 8 })));
    let (status, failed) = post(&format!("{url}/price"), &json!({ "count": 4 }));
    assert_eq!((status, &failed["error"]), (500, &json!("States.QueryEvaluationError")), "{failed}");
    until(|| {
        let log = String::from_utf8(folder.files(".asl").remove("log-groups.jsonl")?).expect("UTF-8");
        log.lines().any(|line| line.contains("prices") && line.contains("ExecutionSucceeded")).then_some(())
    });
    let unknown = get(&format!("{}/nowhere", server.url));
    assert_eq!(unknown.status(), 403);
    assert_eq!(&unknown.body()[..], br#"{"message":"Missing Authentication Token"}"#);
    let many = ended(&server, post(&url, &json!({ "customer": "Bo", "count": 4 })));
    assert_eq!(many["error"], "TooMany");
}

#[test]
fn what_was_written_out_is_served_without_the_project() {
    let folder = project("shop");
    let ended = folder.asl(&["up", "--stack-name", "shop", "--eject", "out"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let names: Vec<&str> = ended.stdout.lines().collect();
    assert_eq!(names[..2], ["out/routes.toml", "out/definitions/accept.asl.json"]);
    let server = Server::of(folder.command(&["serve", "--listen", "0", "--json", "--data", "data"]), &["out"]);
    let done = self::ended(&server, post(&format!("{}/orders", server.url), &json!({ "customer": "Ada", "count": 1 })));
    assert_eq!(done["status"], "SUCCEEDED", "{done}");
    // It is not written over what somebody has changed since.
    let again = folder.asl(&["up", "--stack-name", "shop", "--eject", "out"]);
    assert!(again.code == Some(2) && again.stderr.contains("out/routes.toml is there already"), "{again:?}");
}

#[test]
fn what_is_missing_is_told_before_anything_runs() {
    const TOPIC: &str = "Resources:\n  Topic: {Type: AWS::SNS::Topic}\n";
    let template = |resources: &str| format!("Resources:\n{resources}");
    let definition = r#"{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "${F}", "End": true}}}"#;
    for (text, arguments, code, expected) in [
        (
            format!("Parameters: {{Key: {{Type: String}}}}\n{TOPIC}"),
            &[][..],
            2,
            "parameters without a value: Key\nhelp: say them: --parameter Key=VALUE",
        ),
        (
            format!("Parameters: {{Stage: {{Type: String, Default: a}}}}\n{TOPIC}"),
            &["--parameter", "Stag=b"],
            2,
            "no template has the parameter Stag, did you mean Stage?",
        ),
        (
            format!("Parameters: {{Stage: {{Type: String, Default: a, AllowedValues: [a, b]}}}}\n{TOPIC}"),
            &["--parameter", "Stage=c"],
            2,
            "template.yaml:1: Parameter 'Stage' must be one of AllowedValues: a, b; it is \"c\"",
        ),
        (
            format!(
                "{TOPIC}  U: {{Type: AWS::SNS::Topic, DependsOn: Topc}}\n  V: {{Type: AWS::SNS::Topic, Condition: No}}"
            ),
            &[],
            2,
            "template.yaml:3: Template format error: Unresolved resource dependencies [Topc] in the Resources block of the template, did you mean Topic?\ntemplate.yaml:4: ",
        ),
        (
            format!("{TOPIC}  Inner: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: inner.yaml}}}}\n"),
            &[],
            2,
            "inner.yaml has parameters without a value: Key\nhelp: the stack around it gives them: say Key in the Parameters of template.yaml:3: Inner",
        ),
        (
            template(
                "  F: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.12, Handler: a.b, Code: ./none}}\n",
            ),
            &[],
            3,
            "template.yaml:2: F: its code ",
        ),
        (
            template(
                "  F: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.12, Handler: app.main, Code: .}}\n",
            ),
            &[],
            3,
            "template.yaml:2: F: its handler app.main is in app.py, and ",
        ),
        (
            template(
                "  F: {Type: AWS::Lambda::Function, Properties: {PackageType: Image, Code: {ImageUri: x}}, Metadata: {'aws:cdk:path': App/F/Resource}}\n",
            ),
            &[],
            3,
            "template.yaml:2: F (App/F/Resource): it is a container image, which asl does not run\nhelp: a [[routes]] with resource = ",
        ),
        (
            template(
                "  F: {Type: AWS::Serverless::Function, Properties: {Runtime: nodejs20.x, Handler: a.b, CodeUri: .}, Metadata: {BuildMethod: esbuild}}\n",
            ),
            &[],
            3,
            "template.yaml:2: F: its code is built before it runs (BuildMethod esbuild): `sam build` does that\n",
        ),
        (
            template(&format!(
                "  M: {{Type: AWS::StepFunctions::StateMachine, Properties: {{DefinitionString: '{definition}'}}}}\n"
            )),
            &[],
            3,
            "template.yaml:2: M: nothing here knows ${F} of its definition",
        ),
        (
            template(
                "  M: {Type: AWS::StepFunctions::StateMachine, Properties: {Definition: {StartAt: A, States: {A: {Type: Pas, End: true}}}}}\n",
            ),
            &[],
            3,
            "template.yaml:2: M: its definition is refused; nothing was started",
        ),
        ("Resources: [".to_owned(), &[], 2, "template.yaml:1: "),
    ] {
        let folder = Folder::new();
        folder.write("template.yaml", &text);
        folder.write("inner.yaml", format!("Parameters: {{Key: {{Type: String}}}}\n{TOPIC}"));
        let all: Vec<&str> = ["up", "template.yaml"].into_iter().chain(arguments.iter().copied()).collect();
        let ended = folder.asl(&all);
        assert_eq!(ended.code, Some(code), "{text}\n{ended:?}");
        assert!(ended.stderr.contains(expected), "{text}\n{}", ended.stderr);
        assert!(!folder.path(".asl/executions.sqlite").exists(), "{text}");
    }
}

#[test]
fn a_table_with_another_key_is_told_before_anything_starts() {
    let folder = Folder::new();
    let template = |key: &str| {
        let table = |id: &str, key: &str| {
            format!(
                "  {id}:\n    Type: AWS::DynamoDB::Table\n    Properties: {{TableName: {id}, KeySchema: [{{AttributeName: {key}, KeyType: HASH}}], AttributeDefinitions: [{{AttributeName: {key}, AttributeType: S}}]}}\n"
            )
        };
        folder.write("template.yaml", format!("Resources:\n{}{}", table("Prices", "id"), table("Orders", key)));
    };
    template("id");
    let server = up(&folder, &[]);
    let item = |table: &str| json!({ "TableName": table, "Item": { "id": { "S": "a" } } });
    ask(&server, "DynamoDB_20120810.PutItem", item("Orders"));
    server.interrupt();
    template("number");
    let refused = folder.asl(&["up"]);
    let expected = "error: template.yaml:5: Orders: the table Orders in .asl has the partition key id (S), and not number (S)\n\
                    help: give it another name, or remove what is kept of it: `asl data rm dynamodb://Orders`, or `asl down --delete` \
                    with all other data\nnothing was started\n";
    assert_eq!((refused.code, refused.stderr.as_str()), (Some(3), expected));
    // What serves it all the same has the other tables.
    assert_eq!(folder.asl(&["up", "--eject", "out"]).code, Some(0));
    let server = Server::of(folder.command(&["serve", "--listen", "0", "--json"]), &["out"]);
    ask(&server, "DynamoDB_20120810.PutItem", item("Prices"));
    let (_, stderr) = server.interrupt();
    assert!(
        stderr.contains("warning: the table Orders in .asl has the partition key id (S), and not number (S)"),
        "{stderr}"
    );
    assert_eq!(folder.asl(&["data", "rm", "dynamodb://Orders"]).code, Some(0));
    let server = up(&folder, &[]);
    ask(&server, "DynamoDB_20120810.PutItem", json!({ "TableName": "Orders", "Item": { "number": { "S": "a" } } }));
}

#[test]
fn what_is_removed_from_a_template_is_not_served() {
    let folder = Folder::new();
    let machine = |id: &str| {
        format!(
            "  {id}: {{Type: AWS::StepFunctions::StateMachine, Properties: {{StateMachineName: {id}, Definition: {{StartAt: A, States: {{A: {{Type: Succeed}}}}}}}}}}\n"
        )
    };
    let api = "  Api: {Type: AWS::ApiGatewayV2::Api, Properties: {CorsConfiguration: {AllowOrigins: ['https://shop.example'], AllowMethods: [POST]}}}\n  \
               Start: {Type: AWS::ApiGatewayV2::Integration, Properties: {ApiId: !Ref Api, IntegrationType: AWS_PROXY, IntegrationSubtype: StepFunctions-StartExecution, RequestParameters: {StateMachineArn: !Ref Kept, Input: $request.body}}}\n  \
               Route: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Api, RouteKey: POST /start, Target: !Sub 'integrations/${Start}'}}\n";
    let template = |machines: &str| folder.write("template.yaml", format!("Resources:\n{machines}{api}"));
    template(&(machine("Kept") + &machine("Removed")));
    let server = up(&folder, &[]);
    let names = |server: &Server| {
        let listed = server.ask("ListStateMachines", &json!({}));
        let machines = listed["stateMachines"].as_array().expect("a list").clone();
        machines.iter().map(|it| it["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&server), ["Kept", "Removed"]);
    // A page that the API allows asks first, and then sees the answer; another one does neither.
    let start = format!("{}/start", server.url);
    let asked = |method: Method, origin: &str| {
        let headers = [("origin", origin), ("access-control-request-method", "POST"), ("sec-fetch-site", "cross-site")];
        let answer = send(method, &start, &headers, "{}");
        let allowed =
            answer.headers().get("access-control-allow-origin").map(|it| it.to_str().expect("text").to_owned());
        (answer.status().as_u16(), allowed)
    };
    let origin = "https://shop.example";
    assert_eq!(asked(Method::OPTIONS, origin), (204, Some(origin.to_owned())));
    assert_eq!(asked(Method::POST, origin), (200, Some(origin.to_owned())));
    assert_eq!(asked(Method::OPTIONS, "https://other.example"), (204, None));
    assert_eq!(asked(Method::POST, "https://other.example"), (403, None));
    // Its port is its own.
    let (_, port) = server.url.rsplit_once(':').expect("a port");
    let refused = folder.asl(&["up", "--listen", port, "--data", "other"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("help: --listen PORT takes another one"), "{}", refused.stderr);
    server.interrupt();
    template(&machine("Kept"));
    let server = up(&folder, &[]);
    until(|| (names(&server) == ["Kept"]).then_some(()));
    let ended = folder.asl(&["down"]);
    let told = ended.stderr.strip_prefix(&format!("note: ended {} (process ", server.url));
    assert!(told.is_some_and(|told| told.ends_with("), which was up with the data in .asl\n")), "{ended:?}");
    assert_eq!(server.ended_by_others().0, Some(0));
}

#[test]
fn the_routing_file_of_the_project_comes_first() {
    let folder = project("orders");
    folder.write("routes.toml", "[[mocks]]\nstate = \"Price\"\nreturn = { text = \"nothing\" }\n");
    let server = up(&folder, &["--stack-name", "orders"]);
    let done = ended(&server, post(output(&server, "orders.StartUrl"), &json!({ "id": "1", "amount": 2 })));
    let out: Value = serde_json::from_str(done["output"].as_str().unwrap_or_else(|| panic!("{done}"))).expect("JSON");
    assert_eq!(out["price"]["text"], "nothing");
}

#[test]
fn what_changes_is_brought_up_anew() {
    let folder = project("orders");
    let server = up(&folder, &["--stack-name", "orders", "--watch"]);
    let url = format!("{}/8", output(&server, "orders.OrdersUrl"));
    let id = || {
        let answer: Value = serde_json::from_slice(try_send(Method::GET, &url, &[], "")?.body()).ok()?;
        answer["id"].as_str().map(str::to_owned)
    };
    assert_eq!(id().as_deref(), Some("8"));
    // An execution that waits meanwhile goes on.
    let waiting = server.create(
        "waiting",
        &json!({ "StartAt": "W", "States": { "W": { "Type": "Wait", "Seconds": 3, "End": true } } }),
    );
    let execution = server.start_execution(&waiting, "w", &json!({}));
    let source = std::fs::read_to_string(folder.path("src/api/index.mjs")).expect("the source");
    let began = Instant::now();
    folder.write("src/api/index.mjs", source.replace("id: event.pathParameters.id", "id: 'changed'"));
    until(|| (id()? == "changed").then_some(()));
    shown(&format!("asl up --watch: a changed function answers after {:?}", began.elapsed()));
    assert_eq!(server.ended(&execution)["status"], "SUCCEEDED");
    assert_eq!(server.interrupt().0, Some(0));
}

#[test]
fn a_name_that_cannot_be_told_stops_the_start_where_something_is_made() {
    let folder = Folder::new();
    let template = |resource: &str| folder.write("template.yaml", format!("Resources:\n  R: {resource}\n"));
    template("{Type: AWS::SQS::Queue, Properties: {QueueName: !Select [9, [a]]}}");
    let refused = folder.asl(&["up", "--eject", "out"]);
    assert_eq!(refused.code, Some(3), "{refused:?}");
    assert!(refused.stderr.contains("template.yaml:2: R: nothing here knows its QueueName"), "{refused:?}");
    // Nothing is made of a permission, whatever it is for.
    template(
        "{Type: AWS::Lambda::Permission, Properties: {FunctionName: !ImportValue other, Action: a, Principal: p}}",
    );
    let taken = folder.asl(&["up", "--eject", "out"]);
    assert_eq!(taken.code, Some(0), "{taken:?}");
}
