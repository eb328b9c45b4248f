//! HTTP Tasks and routes to URLs, with credentials that nobody sees.

use serde_json::{Value, json};

use crate::support::folder::{Ended, Folder};
use crate::support::web_server::{WebServer, answer};

const SECRET: &str = "c0rrect-h0rse";

const ROUTES: &str = r#"
    [connections."arn:aws:events:*:*:connection/shop/*"]
    basic = { username = "me", password = { env = "SHOP_PASSWORD" } }
    query = { key = { env = "SHOP_PASSWORD" } }

    [[routes]]
    resource = "arn:aws:lambda:*:*:function:price"
    handler = "http"
    url = { env = "PRICE_URL" }
    headers = { X-Key = { env = "SHOP_PASSWORD" } }
"#;

/// Asks a shop for an item, and a function for its price.
fn definition(server: &str) -> String {
    json!({
        "StartAt": "Item",
        "States": {
            "Item": {
                "Type": "Task",
                "Resource": "arn:aws:states:::http:invoke",
                "Parameters": {
                    "ApiEndpoint.$": format!("States.Format('{server}/{{}}', $.item)"),
                    "Method": "GET",
                    "Authentication": { "ConnectionArn": "arn:aws:events:us-east-1:123456789012:connection/shop/1-2" }
                },
                "ResultSelector": { "name.$": "$.ResponseBody.name", "status.$": "$.StatusCode" },
                "Next": "Price"
            },
            "Price": { "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:price", "End": true }
        }
    })
    .to_string()
}

/// Runs the definition for an item, and looks for the secret in all that is said and kept.
fn run(server: &WebServer, price: &str, item: &str, more: &[&str]) -> Ended {
    let folder = Folder::new();
    folder.write("shop.json", definition(&server.origin()));
    folder.write("routes.toml", ROUTES);
    let input = format!("{{\"item\": \"{item}\"}}");
    let mut command = folder.command(&[&["run", "shop.json", "--input", &input], more].concat());
    command.env("SHOP_PASSWORD", SECRET).env("PRICE_URL", price);
    let ended = Ended::from(command.output().expect("asl starts"));
    let kept = folder.files(".asl").into_values().map(|file| String::from_utf8_lossy(&file).into_owned());
    let all = kept.collect::<String>() + &ended.stdout + &ended.stderr;
    assert!(!all.contains(SECRET) && !all.contains("bWU6"), "{all}");
    ended
}

fn shop() -> WebServer {
    WebServer::start(|path| match path {
        "/lamp" => {
            let mut answer = answer(200, r#"{"name": "Lamp"}"#);
            answer.headers_mut().insert("content-type", "application/json".parse().expect("a header"));
            answer
        }
        "/price" => answer(200, r#"{"price": 3}"#),
        "/free" => answer(422, format!("no price, {SECRET}")),
        _ => answer(404, format!("nothing, {SECRET}")),
    })
}

#[test]
fn credentials_reach_the_server_and_nothing_else() {
    let server = shop();
    let ended = run(&server, &format!("{}/price?key={SECRET}", server.origin()), "lamp", &[]);
    assert_eq!(ended.json(), json!({ "price": 3 }));
    let received = server.received();
    let lines: Vec<&str> = received.iter().map(|request| request.line.as_str()).collect();
    assert_eq!(lines, [format!("GET /lamp?key={SECRET}"), format!("POST /price?key={SECRET}")]);
    assert_eq!(received[0].headers["authorization"], "Basic bWU6YzBycmVjdC1oMHJzZQ==");
    assert_eq!(received[1].headers["x-key"], SECRET);
    assert_eq!(received[1].body, r#"{"name":"Lamp","status":200}"#);
    let events = run(&server, &format!("{}/price", server.origin()), "lamp", &["--events"]).json();
    let scheduled: Vec<&Value> = events["events"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|event| event["type"] == "TaskScheduled")
        .map(|event| &event["taskScheduledEventDetails"]["resourceType"])
        .collect();
    assert_eq!(scheduled, ["http"]);
}

#[test]
fn failures_name_the_status_and_no_credential() {
    let server = shop();
    let ended = run(&server, &format!("{}/price", server.origin()), "chair", &[]);
    let expected = "execution: FAILED in the state 'Item': States.Http.StatusCode.404\ncause: Not Found\n";
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), expected));
    for more in [&[][..], &["--events"]] {
        let ended = run(&server, &format!("{}/free", server.origin()), "lamp", more);
        let expected = "execution: FAILED in the state 'Price': States.Http.StatusCode.422\ncause: no price, ***\n";
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), expected));
    }
    let ended = run(&server, &format!("http://127.0.0.1:1/{SECRET}"), "lamp", &[]);
    let expected = "cause: Cannot call the URL in the environment variable PRICE_URL: error sending request: ";
    assert!(ended.stderr.contains(expected), "{ended:?}");
}
