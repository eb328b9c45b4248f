//! Where the services of AWS are, by the settings that every AWS SDK knows: each is asked at the server that its own setting
//! names, whoever asks, and nothing goes elsewhere.

use std::process::Command;

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
        "StartAt": "Begin",
        "States": {
            "Begin": {
                "Type": "Choice",
                "Choices": [
                    { "Variable": "$.begin", "StringEquals": "Tell", "Next": "Tell" },
                    { "Variable": "$.begin", "StringEquals": "Note", "Next": "Note" }
                ],
                "Default": "Read"
            },
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

const IN_AWS: &str = "services = { s3 = 'aws', sqs = 'aws', dynamodb = 'aws' }";

const DOWNLOAD: &str = "[[routes]]\nresource = 'arn:aws:lambda:*:*:function:download'\nhandler = 'download'\n";

/// A run of the definition, in a folder.
struct Run {
    folder: Folder,
    command: Command,
}

impl Run {
    /// With the places of services, credentials and a region; what goes to AWS itself goes to `elsewhere`.
    fn new(servers: &Servers, places: &str, input: &Value) -> Self {
        let folder = Folder::new();
        folder.write("machine.json", definition());
        folder.write("routes.toml", format!("{places}\n{DOWNLOAD}"));
        folder.write("config", "");
        let mut command = folder.command(&["run", "machine.json", "--input", &input.to_string()]);
        command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test").env("AWS_REGION", "eu-west-1");
        command.env("AWS_CONFIG_FILE", folder.path("config")).env("AWS_SHARED_CREDENTIALS_FILE", folder.path("none"));
        command.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_MAX_ATTEMPTS", "1");
        command.env("HTTPS_PROXY", servers.elsewhere.origin());
        Self { folder, command }
    }

    fn with(mut self, settings: &[(&str, &str)]) -> Self {
        self.command.envs(settings.iter().copied());
        self
    }

    fn ended(mut self) -> Ended {
        Ended::from(self.command.output().expect("asl starts"))
    }
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
    json!({ "begin": "Read", "batchInput": { "baseUrl": images.origin(), "lambdaConcur": 1 }, "resourcePaths": ["a.gif"] })
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
    let ended = Run::new(&servers, IN_AWS, &input(&images)).with(&settings).ended();
    each_service_was_asked_at_its_own_server(&servers, &images, &ended);
}

#[test]
fn each_service_is_where_the_profile_says() {
    let (servers, images) = (Servers::start(), WebServer::start(|_| answer(200, "GIF89a")));
    let (s3, others) = (servers.s3.origin(), servers.others.origin());
    let profile = format!(
        "[profile local]\nservices = emulators\nendpoint_url = {others}\n\n[services emulators]\ns3 =\n  endpoint_url = {s3}\n"
    );
    let run = Run::new(&servers, IN_AWS, &input(&images)).with(&[("AWS_PROFILE", "local")]);
    run.folder.write("config", profile);
    each_service_was_asked_at_its_own_server(&servers, &images, &run.ended());
}

#[test]
fn the_routing_file_says_it_before_the_settings() {
    let (servers, images) = (Servers::start(), WebServer::start(|_| answer(200, "GIF89a")));
    let place = |server: &WebServer| format!("{{ endpoint_url = '{}' }}", server.origin());
    let (s3, others) = (place(&servers.s3), place(&servers.others));
    let places = format!("services = {{ s3 = {s3}, sqs = {others}, dynamodb = {others} }}");
    let elsewhere = servers.elsewhere.origin();
    let settings = [
        ("AWS_ENDPOINT_URL_S3", &*elsewhere),
        ("AWS_ENDPOINT_URL_DYNAMODB", &elsewhere),
        ("AWS_ENDPOINT_URL", &elsewhere),
        ("AWS_USE_FIPS_ENDPOINT", "true"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "true"),
    ];
    let mut run = Run::new(&servers, &places, &input(&images)).with(&settings);
    // Another server is asked with made up ones.
    run.command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_REGION");
    each_service_was_asked_at_its_own_server(&servers, &images, &run.ended());
}

#[test]
fn aws_itself_is_asked_by_its_own_rules_and_told_before() {
    const FIPS: (&str, &str) = ("AWS_USE_FIPS_ENDPOINT", "true");
    const DUAL_STACK: (&str, &str) = ("AWS_USE_DUALSTACK_ENDPOINT", "true");
    // The first is asked by the client of the SDK, the second by ours.
    for (state, settings, host) in [
        ("Read", &[][..], "lists.s3.eu-west-1.amazonaws.com"),
        ("Read", &[FIPS], "lists.s3-fips.eu-west-1.amazonaws.com"),
        ("Read", &[DUAL_STACK], "lists.s3.dualstack.eu-west-1.amazonaws.com"),
        ("Read", &[("AWS_REGION", "cn-north-1")], "lists.s3.cn-north-1.amazonaws.com.cn"),
        ("Note", &[], "notes.s3.eu-west-1.amazonaws.com"),
        ("Note", &[FIPS, DUAL_STACK], "notes.s3-fips.dualstack.eu-west-1.amazonaws.com"),
        ("Tell", &[], "sqs.eu-west-1.amazonaws.com"),
        ("Tell", &[FIPS], "sqs-fips.eu-west-1.amazonaws.com"),
        ("Tell", &[DUAL_STACK], "sqs.eu-west-1.api.aws"),
        ("Tell", &[("AWS_REGION", "cn-north-1")], "sqs.cn-north-1.amazonaws.com.cn"),
        ("Tell", &[("AWS_REGION", "us-gov-west-1"), FIPS], "sqs.us-gov-west-1.amazonaws.com"),
    ] {
        let servers = Servers::start();
        let ignored = [("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"), ("AWS_ENDPOINT_URL", &*servers.s3.origin())];
        let run = Run::new(&servers, IN_AWS, &json!({ "begin": state })).with(&ignored).with(settings);
        let ended = run.ended();
        assert_eq!(ended.code, Some(1), "{ended:?}");
        let note = "note: this run reaches AWS: DynamoDb ('Keep'), S3 ('Read', 'Note', 'Download'), Sqs ('Tell')\n";
        assert!(ended.stderr.starts_with(note), "{}", ended.stderr);
        assert_eq!(lines(&servers.s3), Vec::<String>::new());
        assert_eq!(lines(&servers.elsewhere).first(), Some(&format!("CONNECT {host}:443")), "{state} {ended:?}");
    }
}

#[test]
fn what_is_missing_is_told() {
    for (missing, expected) in [
        ("AWS_REGION", "no region is set: set AWS_REGION, or a region in ~/.aws/config"),
        (
            "AWS_ACCESS_KEY_ID",
            "there are no credentials for AWS: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
        ),
    ] {
        let servers = Servers::start();
        let mut run = Run::new(&servers, IN_AWS, &json!({ "begin": "Tell" }));
        run.command.env_remove(missing);
        let ended = run.ended();
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.contains(expected), "{}", ended.stderr);
        assert_eq!(lines(&servers.elsewhere), Vec::<String>::new());
    }
}
