//! `asl data` and `asl run --fresh`.

use serde_json::{Value, json};

use crate::support::folder::Folder;
use crate::support::server::Server;

const ORDER: &str = r#"{"StartAt":"Store","States":{
    "Store":{"Type":"Task","Resource":"arn:aws:states:::dynamodb:putItem","ResultPath":null,"Next":"Send",
        "Parameters":{"TableName":"orders","Item":{"id":{"S.$":"$.id"},"total":{"N":"7.5"}}}},
    "Send":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage","ResultPath":null,"Next":"Tell",
        "Parameters":{"QueueUrl":"https://sqs.us-east-1.amazonaws.com/1/bills","MessageBody.$":"$"}},
    "Tell":{"Type":"Task","Resource":"arn:aws:states:::sns:publish","ResultPath":null,"Next":"Event",
        "Parameters":{"TopicArn":"arn:aws:sns:us-east-1:1:told","Message":"ordered"}},
    "Event":{"Type":"Task","Resource":"arn:aws:states:::events:putEvents","ResultPath":null,"Next":"Keep",
        "Parameters":{"Entries":[{"Source":"shop","DetailType":"order","Detail":{"a":1}}]}},
    "Keep":{"Type":"Task","Resource":"arn:aws:states:::aws-sdk:s3:putObject","End":true,"ResultPath":null,
        "Parameters":{"Bucket":"receipts","Key.$":"States.Format('2026/{}.txt', $.id)","Body":"paid"}}}}"#;

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("order.asl.json", ORDER);
    folder.write("routes.toml", "buckets = ['receipts']\n[tables.orders]\nkey = 'id'\n");
    folder
}

fn run(folder: &Folder, id: &str, more: &[&str]) {
    let input = format!(r#"{{"id":"{id}"}}"#);
    let ended = folder.asl(&[&["run", "order.asl.json", "--input", &input], more].concat());
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

fn urls(folder: &Folder) -> Vec<String> {
    let listed = folder.asl(&["data", "ls", "--json"]).json();
    listed.as_array().expect("a list").iter().map(|it| it["url"].as_str().expect("a URL").to_owned()).collect()
}

#[test]
fn what_a_run_has_stored_is_listed_shown_and_removed() {
    let folder = folder();
    let nothing = folder.asl(&["data", "ls"]);
    assert_eq!((nothing.stdout.as_str(), nothing.stderr.as_str()), ("", ".asl has nothing yet\n"));
    run(&folder, "a", &[]);
    let listed = folder.asl(&["data", "ls"]);
    let expected = "s3://receipts      1 object\ndynamodb://orders  1 item\nsqs://bills        1 message\n\
                    sns://told         1 notification\nevents://default   1 event\n";
    assert_eq!(listed.stdout, expected);
    assert_eq!(folder.asl(&["data", "ls", "s3://receipts/2026/"]).stdout, "s3://receipts/2026/a.txt  6 bytes\n");
    assert_eq!(folder.asl(&["data", "ls", "sqs://bills"]).stdout, "sqs://bills  1 message\n");
    assert_eq!(folder.asl(&["data", "cat", "s3://receipts/2026/a.txt"]).stdout, "\"paid\"");
    let shown = |url: &str| -> Value { serde_json::from_str(&folder.asl(&["data", "cat", url]).stdout).expect(url) };
    assert_eq!(shown("dynamodb://orders"), json!({"id": "a", "total": 7.5}));
    // Nobody has received it by this.
    for _ in 0..2 {
        let message = shown("sqs://bills");
        assert_eq!(
            (&message["Body"], &message["Attributes"]["ApproximateReceiveCount"]),
            (&json!(r#"{"id":"a"}"#), &json!("0"))
        );
    }
    assert_eq!(shown("sns://told")["Message"], "ordered");
    assert_eq!(shown("events://default")["detail"], json!({"a": 1}));
    for url in ["s3://receipts/2026/", "dynamodb://orders", "sqs://bills", "sns://told", "events://default"] {
        let removed = folder.asl(&["data", "rm", url]);
        assert_eq!((removed.code, removed.stderr.as_str()), (Some(0), ""), "{url}");
    }
    // The routing file has them made again.
    assert_eq!(urls(&folder), ["s3://receipts", "dynamodb://orders"]);
    for (arguments, part) in [
        (&["data", "rm", "sns://told"][..], "there is no sns://told"),
        (&["data", "rm", "sqs://bills"], "there is no sqs://bills"),
        (&["data", "cat", "sqs://bills"], "there is no sqs://bills"),
        (&["data", "rm", "s3://receipts/nothing"], "there is no s3://receipts/nothing"),
        (&["data", "cat", "s3://receipts/nothing"], "The specified key does not exist."),
        (&["data", "cat", "s3://receipts"], "name an object"),
        (&["data", "cat", "receipts"], "expected one of s3://BUCKET/KEY"),
        (&["data", "put", "sns://told", "routes.toml"], "publish it with an AWS client"),
    ] {
        let refused = folder.asl(arguments);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.contains(part), "{refused:?}");
    }
}

#[test]
fn objects_items_and_messages_are_put() {
    let folder = folder();
    folder.write("seed/a.txt", "a");
    folder.write("seed/deep/b.txt", "b");
    folder.write("items.jsonl", "{\"id\":\"a\",\"n\":1}\n{\"id\":\"b\",\"tags\":[\"x\"]}\n");
    folder.write("message.json", "{\"order\":7}\n");
    for (url, file) in [
        ("s3://seeds/", "seed"),
        ("s3://seeds/one", "seed/a.txt"),
        ("s3://seeds/two/", "seed/a.txt"),
        ("dynamodb://orders", "items.jsonl"),
        ("sqs://bills", "message.json"),
    ] {
        let put = folder.asl(&["data", "put", url, file]);
        assert_eq!((put.code, put.stderr.as_str()), (Some(0), ""), "{url}");
    }
    let listed = folder.asl(&["data", "ls", "s3://seeds", "--json"]).json();
    let urls: Vec<&str> = listed.as_array().expect("a list").iter().filter_map(|it| it["url"].as_str()).collect();
    assert_eq!(urls, ["s3://seeds/a.txt", "s3://seeds/deep/b.txt", "s3://seeds/one", "s3://seeds/two/a.txt"]);
    let items = folder.asl(&["data", "cat", "dynamodb://orders"]).stdout;
    let mut items: Vec<&str> = items.lines().collect();
    items.sort_unstable();
    assert_eq!(items, [r#"{"id":"a","n":1}"#, r#"{"id":"b","tags":["x"]}"#]);
    let message: Value = serde_json::from_str(&folder.asl(&["data", "cat", "sqs://bills"]).stdout).expect("JSON");
    assert_eq!(message["Body"], r#"{"order":7}"#);
    for (arguments, part) in [
        (&["data", "put", "s3://seeds/x", "seed"][..], "seed is a folder: end the key with /"),
        (&["data", "put", "dynamodb://none", "items.jsonl"], "there is no dynamodb://none"),
        (&["data", "put", "dynamodb://orders", "seed/a.txt"], "seed/a.txt: "),
        (&["data", "put", "s3://seeds/x", "nowhere"], "cannot read nowhere"),
    ] {
        let refused = folder.asl(arguments);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.contains(part), "{refused:?}");
    }
}

#[test]
fn the_same_text_is_a_message_each_time() {
    let folder = folder();
    folder.write("m.txt", "again\n");
    for queue in ["sqs://q", "sqs://q.fifo"] {
        for _ in 0..2 {
            assert_eq!(folder.asl(&["data", "put", queue, "m.txt"]).code, Some(0));
        }
    }
    let listed = folder.asl(&["data", "ls", "--json"]).json();
    let counts: Vec<(&str, u64)> = listed
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| (it["url"].as_str().expect("a URL"), it["count"].as_u64().expect("a count")))
        .collect();
    assert_eq!(counts, [("sqs://q", 2), ("sqs://q.fifo", 2)]);
}

#[test]
fn keys_and_refusals_are_shown_as_they_can_be() {
    let folder = folder();
    folder.write("body.txt", "x");
    assert_eq!(folder.asl(&["data", "put", "s3://receipts/a\u{1}b", "body.txt"]).code, Some(0));
    assert_eq!(folder.asl(&["data", "ls", "s3://receipts"]).stdout, "s3://receipts/a\\u{1}b  1 byte\n");
    let keys = folder.asl(&["data", "ls", "s3://receipts", "--json"]).json();
    assert_eq!(keys[0]["url"], "s3://receipts/a\u{1}b");
    let refused = folder.asl(&["data", "cat", "s3://receipts/none"]);
    assert_eq!(refused.stderr, "error: NoSuchKey: The specified key does not exist.\n");
}

#[test]
fn a_fresh_run_begins_with_nothing_and_not_beside_a_server() {
    let folder = folder();
    run(&folder, "a", &[]);
    run(&folder, "b", &[]);
    assert_eq!(folder.asl(&["data", "cat", "dynamodb://orders"]).stdout.lines().count(), 2);
    run(&folder, "c", &["--fresh"]);
    assert_eq!(folder.asl(&["data", "cat", "dynamodb://orders"]).stdout, "{\"id\":\"c\",\"total\":7.5}\n");
    assert_eq!(folder.asl(&["history", "--list", "--json"]).json()["executions"].as_array().map(Vec::len), Some(3));
    let server = Server::start(&folder, &["."]);
    let refused = folder.asl(&["data", "rm", "--all"]);
    assert!(refused.stderr.contains(".asl is used by a server, which has not ended"), "{refused:?}");
    server.kill();
    let held = std::fs::File::create(folder.path(".asl/services.lock")).expect("the lock of runs");
    held.lock_shared().expect("it can be locked");
    for refused in [&["data", "rm", "--all"][..], &["run", "order.asl.json", "--fresh"]] {
        let refused = folder.asl(refused);
        assert!(refused.stderr.contains(".asl is used by another run, which has not ended"), "{refused:?}");
    }
    drop(held);
    folder.write(".asl/events/.unfinished/x", "");
    folder.write("events/mine.json", "{}");
    for data in [".asl", "."] {
        assert_eq!(folder.asl(&["data", "rm", "--all", "--data", data]).code, Some(0));
    }
    assert_eq!(urls(&folder), [""; 0]);
    assert!(folder.path("events/mine.json").is_file(), "what is not of the services stays");
}
