//! The requests of the article that download-images comes from, sent by curl, and what they start.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::download_images::{SUBJECT, all_stored, could_not_find, paths};
use crate::support::folder::Folder;
use crate::support::images::{input, lay_out, serve};
use crate::support::server::Server;
use crate::support::stored::{Stored, TABLE};

/// What curl shows of the answer: the head and the body.
fn curl(arguments: &[&str]) -> (String, Value) {
    let output = Command::new("curl").args(["--silent", "--show-error", "-i"]).args(arguments).output();
    let output = output.expect("curl is there");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
    (head.to_lowercase(), serde_json::from_str(body).expect("JSON"))
}

/// How many events of each type there are.
fn counts<'a>(events: impl IntoIterator<Item = &'a Value>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for event in events {
        *counts.entry(event["type"].as_str().expect("a type").to_owned()).or_default() += 1;
    }
    counts
}

#[test]
fn the_requests_of_the_article_start_what_asl_run_runs() {
    let images = serve();
    for (name, status) in [("success.input.json", "SUCCEEDED"), ("fail.input.json", "FAILED")] {
        let input = input(name, &images);
        let (served, run) = (Folder::new(), Folder::new());
        for folder in [&served, &run] {
            lay_out(folder, &input);
        }
        let server = Server::start(&served, &["."]);
        // As the article's scripts send it: curl calls the body a form.
        let body = input.to_string();
        let (head, started) = curl(&["-X", "POST", "-d", &body, &format!("{}/", server.url)]);
        assert!(head.starts_with("http/1.1 200"), "{head}");
        assert!(
            head.contains("content-type: application/x-amz-json-1.0") && head.contains("x-amzn-requestid: "),
            "{head}"
        );
        let execution = started["executionArn"].as_str().expect("an ARN");
        assert!(started["startDate"].is_f64(), "{started}");
        let ended = server.ended(execution);
        assert_eq!((ended["status"].as_str(), ended["input"].as_str()), (Some(status), Some(&*body)));

        let by_run = run.asl(&["run", "definition.json", "--input", "input.json", "--events"]);
        let by_run: Value = serde_json::from_str(&by_run.stdout).expect("the history");
        let by_run = by_run["events"].as_array().expect("events");
        let history = server.history(execution);
        assert_eq!(counts(&history), counts(by_run), "{name}");
        let last = |events: &[Value]| {
            let mut last = events.last().cloned().expect("an end");
            last["timestamp"].take();
            last
        };
        assert_eq!(last(&history), last(by_run));
        // Notifications are delivered before the end.
        let (code, said) = server.interrupt();
        assert_eq!((code, said.as_str()), (Some(0), ""));
        let found: Vec<_> = paths(&input).into_iter().filter(|path| *path != "zz/zz.gif").collect();
        match status {
            "SUCCEEDED" => {
                let output: Value = serde_json::from_str(ended["output"].as_str().expect("a text")).expect("JSON");
                assert_eq!(output, all_stored(&images, &input));
                assert_eq!(Stored::embedded(&served.path(".asl"), TABLE), Stored::expected(&images, &found, "", &[]));
            }
            _ => {
                let messages = [could_not_find(&images, "zz/zz.gif")];
                let expected = Stored::expected(&images, &found, SUBJECT, &messages);
                assert_eq!(Stored::embedded(&served.path(".asl"), TABLE), expected);
            }
        }
    }
}

#[test]
fn a_machine_without_a_route_is_started_by_its_name_and_express_answers_at_once() {
    let folder = Folder::new();
    let double = r#"{"StartAt":"D","States":{"D":{"Type":"Pass","Parameters":{"doubled.$":"States.MathAdd($, $)"},"End":true}}}"#;
    folder.write("double.asl.json", double);
    folder.write("quick.asl.json", double);
    folder.write(
        "routes.toml",
        "[state_machines.quick]\ndefinition = 'quick.asl.json'\ntype = 'EXPRESS'\n\
         [[triggers]]\nhttp = 'POST /now'\nstate_machine = 'quick'\nsync = true\n",
    );
    let server = Server::start(&folder, &["."]);
    let (_, started) = curl(&["-d", "21", &format!("{}/double", server.url)]);
    let ended = server.ended(started["executionArn"].as_str().expect("an ARN"));
    assert_eq!(ended["output"], r#"{"doubled":42}"#);
    let (_, answered) = curl(&["-d", "4", &format!("{}/now", server.url)]);
    assert_eq!(
        (answered["status"].as_str(), answered["output"].as_str()),
        (Some("SUCCEEDED"), Some(r#"{"doubled":8}"#))
    );
    let (head, refused) = curl(&["-d", "no JSON", &format!("{}/double", server.url)]);
    assert!(head.starts_with("http/1.1 400"), "{head}");
    assert!(refused["__type"].as_str().is_some_and(|code| code.ends_with("#InvalidExecutionInput")), "{refused}");
}
