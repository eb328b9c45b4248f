//! Where the services of AWS are, by the settings that every AWS SDK knows: each is asked at the server that its own setting
//! names, whoever asks, and nothing goes elsewhere.

use serde_json::{Value, json};

use crate::support::folder::{Ended, Folder};
use crate::support::web_server::{Answer, WebServer, answer};

/// The endpoints of S3 and of SQS and DynamoDB, and a server that everything else would reach.
struct Servers {
    s3: WebServer,
    others: WebServer,
    elsewhere: WebServer,
}

impl Servers {
    fn start() -> Self {
        Self {
            s3: WebServer::start(s3),
            others: WebServer::start(|_| answer(200, r#"{"MessageId": "sent"}"#)),
            elsewhere: WebServer::start(|_| answer(403, "{}")),
        }
    }
}

fn s3(path: &str) -> Answer {
    let body = if path == "/lists/list.json" { r#"[{"name": "a"}, {"name": "b"}]"# } else { "" };
    let mut answer = answer(200, body);
    answer.headers_mut().insert("etag", "\"0\"".parse().expect("a header"));
    answer
}

/// Uses each service by a Task, and S3 also by an ItemReader, a ResultWriter and a handler of ours.
fn definition() -> String {
    json!({
        "StartAt": "Read",
        "States": {
            "Read": {
                "Type": "Map",
                "ItemReader": {
                    "Resource": "arn:aws:states:::s3:getObject",
                    "ReaderConfig": { "InputType": "JSON" },
                    "Parameters": { "Bucket": "lists", "Key": "list.json" }
                },
                "ItemProcessor": {
                    "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
                    "StartAt": "Keep",
                    "States": {
                        "Keep": {
                            "Type": "Task",
                            "Resource": "arn:aws:states:::dynamodb:putItem",
                            "Parameters": { "TableName": "names", "Item": { "name": { "S.$": "$.name" } } },
                            "End": true
                        }
                    }
                },
                "ResultWriter": {
                    "Resource": "arn:aws:states:::s3:putObject",
                    "Parameters": { "Bucket": "results", "Prefix": "out" }
                },
                "ResultPath": null,
                "Next": "Tell"
            },
            "Tell": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sqs:sendMessage",
                "Parameters": { "QueueUrl": "https://sqs.us-east-1.amazonaws.com/1/names", "MessageBody": "kept" },
                "ResultPath": null,
                "Next": "Note"
            },
            "Note": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:s3:putObject",
                "Parameters": { "Bucket": "notes", "Key": "note.txt", "Body": "kept" },
                "ResultPath": null,
                "Next": "Download"
            },
            "Download": {
                "Type": "Task",
                "Resource": "arn:aws:lambda:us-east-1:123456789012:function:download",
                "End": true
            }
        }
    })
    .to_string()
}

const ROUTES: &str = "services = { s3 = 'aws', sqs = 'aws', dynamodb = 'aws' }\n\
    [[routes]]\nresource = 'arn:aws:lambda:*:*:function:download'\nhandler = 'download'\n";

/// Runs the definition with these settings beside credentials and a region; what goes to AWS itself goes to `elsewhere`.
fn run(servers: &Servers, input: &Value, settings: &[(&str, &str)], profile: &str) -> Ended {
    let folder = Folder::new();
    folder.write("machine.json", definition());
    folder.write("routes.toml", ROUTES);
    folder.write("config", profile);
    let mut command = folder.command(&["run", "machine.json", "--input", &input.to_string()]);
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test").env("AWS_REGION", "eu-west-1");
    command.env("AWS_CONFIG_FILE", folder.path("config")).env("HTTPS_PROXY", servers.elsewhere.origin());
    command.envs(settings.iter().copied());
    Ended::from(command.output().expect("asl starts"))
}

fn lines(server: &WebServer) -> Vec<String> {
    server.received().into_iter().map(|request| request.line).collect()
}

#[track_caller]
fn each_service_was_asked_at_its_own_server(servers: &Servers, images: &WebServer, ended: &Ended) {
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
    let host = images.origin().replace("http://", "");
    let host = host.split(':').next().expect("a host");
    let written = lines(&servers.s3);
    let mut places: Vec<String> =
        written.iter().map(|line| line.split(['?', '#']).next().unwrap_or_default().to_owned()).collect();
    places.sort_unstable();
    places.dedup();
    let results = |place: &String| place.starts_with("PUT /results/out/");
    assert!(places.iter().any(results), "{written:?}");
    places.retain(|place| !results(place));
    places.retain(|place| !place.starts_with("HEAD "));
    assert_eq!(places, ["GET /lists/list.json", &format!("PUT /images/{host}/a.gif"), "PUT /notes/note.txt"]);
    let targets = servers.others.received().into_iter().map(|request| {
        let target = request.headers.get("x-amz-target").expect("an operation").to_str().expect("a text").to_owned();
        assert_eq!(request.line, "POST /");
        target
    });
    let mut targets: Vec<String> = targets.collect();
    targets.sort_unstable();
    assert_eq!(targets, ["AmazonSQS.SendMessage", "DynamoDB_20120810.PutItem", "DynamoDB_20120810.PutItem"]);
    assert_eq!(lines(&servers.elsewhere), Vec::<String>::new());
}

fn input(images: &WebServer) -> Value {
    json!({ "batchInput": { "baseUrl": images.origin(), "lambdaConcur": 1 }, "resourcePaths": ["a.gif"] })
}

#[test]
fn each_service_is_where_its_variable_says() {
    let (servers, images) = (Servers::start(), WebServer::start(|_| answer(200, "GIF89a")));
    let settings = [
        ("AWS_ENDPOINT_URL_S3", &*servers.s3.origin()),
        ("AWS_ENDPOINT_URL_SQS", &servers.others.origin()),
        ("AWS_ENDPOINT_URL_DYNAMODB", &servers.others.origin()),
        // What is said of all services is for the others.
        ("AWS_ENDPOINT_URL", &servers.elsewhere.origin()),
    ];
    let ended = run(&servers, &input(&images), &settings, "");
    each_service_was_asked_at_its_own_server(&servers, &images, &ended);
}

#[test]
fn each_service_is_where_the_profile_says() {
    let (servers, images) = (Servers::start(), WebServer::start(|_| answer(200, "GIF89a")));
    let (s3, others) = (servers.s3.origin(), servers.others.origin());
    let profile = format!(
        "[profile local]\nservices = emulators\nendpoint_url = {others}\n\n[services emulators]\ns3 =\n  endpoint_url = {s3}\n"
    );
    let ended = run(&servers, &input(&images), &[("AWS_PROFILE", "local")], &profile);
    each_service_was_asked_at_its_own_server(&servers, &images, &ended);
}

#[test]
fn aws_itself_is_asked_by_its_own_rules_and_told_before() {
    for (settings, host) in [
        (&[][..], "s3.eu-west-1.amazonaws.com"),
        (&[("AWS_USE_FIPS_ENDPOINT", "true")], "s3-fips.eu-west-1.amazonaws.com"),
        (&[("AWS_USE_DUALSTACK_ENDPOINT", "true")], "s3.dualstack.eu-west-1.amazonaws.com"),
        (&[("AWS_REGION", "cn-north-1")], "s3.cn-north-1.amazonaws.com.cn"),
    ] {
        let servers = Servers::start();
        let ignored = [("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"), ("AWS_ENDPOINT_URL_S3", &servers.s3.origin())];
        let settings = [&ignored[..], settings, &[("AWS_MAX_ATTEMPTS", "1")]].concat();
        let ended = run(&servers, &json!({}), &settings, "");
        assert_eq!(ended.code, Some(1), "{ended:?}");
        let note = "note: this run reaches AWS: DynamoDb ('Keep'), S3 ('Read', 'Note', 'Download'), Sqs ('Tell')\n";
        assert!(ended.stderr.starts_with(note), "{}", ended.stderr);
        assert_eq!(lines(&servers.s3), Vec::<String>::new());
        let asked = lines(&servers.elsewhere);
        assert_eq!(asked.first(), Some(&format!("CONNECT lists.{host}:443")));
        assert!(asked.iter().all(|line| line.ends_with(&format!(".{host}:443"))), "{asked:?}");
    }
}
