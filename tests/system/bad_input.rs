//! What goes wrong is told in plain words, leaves nothing half-written, and what was stored before stays.

use serde_json::{Value, json};

use crate::download_images::{FAILED, SUBJECT};
use crate::support::folder::{Ended, Folder};
use crate::support::images::{RUN, base_url, definition, flags, image, input_for, lay_out};
use crate::support::stored::{Stored, TABLE, scan};
use crate::support::web_server::{WebServer, answer, redirect};

const PASS: &str = r#"{"StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": true}}}"#;

const CALLS: &str = r#"{
  "StartAt": "Greet",
  "States": {
    "Greet": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:greet", "Next": "Send"},
    "Send": {"Type": "Task", "Resource": "arn:aws:states:::eks:call", "End": true}
  }
}
"#;

/// Runs `asl` in a folder with some files, and gives its exit code and what it said.
/// It must not print anything on stdout, nor change the folder.
#[track_caller]
fn refused(files: &[(&str, &[u8])], arguments: &[&str]) -> (i32, String) {
    let folder = Folder::new();
    for (name, content) in files {
        folder.write(name, content);
    }
    let before = folder.files("");
    let ended = folder.asl(arguments);
    assert_eq!(ended.stdout, "", "{ended:?}");
    assert_eq!(folder.files(""), before, "nothing was run");
    (ended.code.expect("an exit code"), ended.stderr)
}

#[test]
fn a_definition_that_is_none_is_shown_with_its_fault() {
    let not_there =
        (2, "error: cannot read the definition d.json: No such file or directory (os error 2)\n".to_owned());
    assert_eq!(refused(&[], &["run", "d.json"]), not_there);
    let not_text = (2, "error: the definition d.json is not UTF-8 text\n".to_owned());
    assert_eq!(refused(&[("d.json", b"\xff{}")], &["run", "d.json"]), not_text);
    for (text, expected) in [
        (
            "{\"StartAt\": \"A\",\n  \"States\": {\"A\": {\"Type\": \"Pass\", \"End\": true}},\n}",
            "\
error[INVALID_JSON_DESCRIPTION]: Unexpected character ('}' (code 125)): was expecting double-quote to start field name
 --> d.json:2:49
  |
2 |   \"States\": {\"A\": {\"Type\": \"Pass\", \"End\": true}},
  |                                                 ^
  |
  = help: JSON has no comma before the end of an object or a list: take it out

d.json: 1 problem; nothing was run
",
        ),
        (
            "[]\n",
            "\
error[SCHEMA_VALIDATION_FAILED]: Expected value of type Object at /
 --> d.json:1:1
  |
1 | []
  | ^^

d.json: 1 problem; nothing was run
",
        ),
        (
            "{\"a\": 1}\n",
            "\
error[SCHEMA_VALIDATION_FAILED]: These fields are required: [States, StartAt] at /
 --> d.json:1:1
  |
1 | {\"a\": 1}
  | ^

error[SCHEMA_VALIDATION_FAILED]: Field 'a' is not supported at /
 --> d.json:1:2
  |
1 | {\"a\": 1}
  |  ^^^

d.json: 2 problems; nothing was run
",
        ),
        (
            "{\n  \"StartAt\": \"A\",\n  \"States\": {\n    \"A\": {\"Type\": \"Pass\", \"Next\": \"B\"}\n  }\n}\n",
            "\
error[MISSING_END_STATE]: Workflow has no terminal state
 --> d.json:2:14
  |
2 |   \"StartAt\": \"A\",
  |              ^^^
  |
  = help: a state ends it with '\"End\": true', or with the type Succeed or Fail

error[MISSING_TRANSITION_TARGET]: Missing 'Next' target: B at /States/A/Next
 --> d.json:4:35
  |
4 |     \"A\": {\"Type\": \"Pass\", \"Next\": \"B\"}
  |                                   ^^^

d.json: 2 problems; nothing was run
",
        ),
    ] {
        assert_eq!(refused(&[("d.json", text.as_bytes())], &["run", "d.json"]), (3, expected.to_owned()));
    }
    let unknown_type =
        "{\n  \"StartAt\": \"A\",\n  \"States\": {\n    \"A\": {\"Type\": \"Pas\", \"End\": true}\n  }\n}\n";
    let (code, stderr) = refused(&[("d.json", unknown_type.as_bytes())], &["run", "d.json"]);
    assert_eq!(code, 3);
    let expected = "\
error[SCHEMA_VALIDATION_FAILED]: The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map] at /States/A/Type
 --> d.json:4:19
  |
4 |     \"A\": {\"Type\": \"Pas\", \"End\": true}
  |                   ^^^^^
  |
  = help: did you mean 'Pass'?
";
    assert!(stderr.contains(expected), "{stderr}");
}

#[test]
fn an_input_that_is_not_json_is_shown_with_its_fault() {
    let files: [(&str, &[u8]); 2] = [("d.json", PASS.as_bytes()), ("input.json", b"{\n  \"a\":\n}\n")];
    for (input, expected) in [
        (
            "input.json",
            "\
error: the input is not JSON: expected a value, found '}'
 --> input.json:3:1
  |
3 | }
  | ^
",
        ),
        (
            "{\"a\": 1,}",
            "\
error: the input is not JSON: expected a name in double quotes, found '}'
 --> --input:1:8
  |
1 | {\"a\": 1,}
  |        ^
  |
  = help: JSON has no comma before the end of an object or a list: take it out
",
        ),
        ("no.json", "error: the input 'no.json' is neither a file nor JSON\n"),
        ("", "error: the input '' is neither a file nor JSON\n"),
    ] {
        assert_eq!(refused(&files, &["run", "d.json", "--input", input]), (2, expected.to_owned()));
    }
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    let folder = Folder::new();
    folder.write("d.json", format!("\u{feff}{PASS}"));
    folder.write("input.json", "\u{feff}[1]");
    assert_eq!(folder.asl(&["run", "d.json", "--input", "input.json"]).json(), json!([1]));
}

#[test]
fn garbage_on_stdin_is_shown_with_its_fault() {
    let garbage = |bytes: &[u8]| {
        let folder = Folder::new();
        folder.write("d.json", PASS);
        folder.write("garbage", bytes);
        let mut command = folder.command(&["run", "d.json", "--input", "-"]);
        command.stdin(std::fs::File::open(folder.path("garbage")).expect("the file is there"));
        let ended = Ended::from(command.output().expect("asl starts"));
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
        ended.stderr
    };
    assert_eq!(
        garbage(b"garbage\n"),
        "\
error: the input is not JSON: expected a value, found 'garbage'
 --> <stdin>:1:1
  |
1 | garbage
  | ^^^^^^^
"
    );
    assert_eq!(garbage(b"\"\xff\""), "error: the input <stdin> is not UTF-8 text\n");
}

#[test]
fn a_resource_without_a_route_is_told_before_anything_runs() {
    let expected = |file: &str| {
        let lines = format!(
            "Add these lines to {file}, with one of the handlers batch, download, consolidate, function, http, process, wasm:\n"
        );
        format!(
            "\
error: the state 'Greet' has no route for the resource arn:aws:lambda:us-east-1:123456789012:function:greet
{lines}
[[routes]]
resource = \"arn:aws:lambda:us-east-1:123456789012:function:greet\"
handler = \"function\"\nruntime = \"python3\"\ncode = \"FOLDER\"\nentry = \"FILE.FUNCTION\"

error: the state 'Send' has no route for the resource arn:aws:states:::eks:call
Nothing says where eks is. Add the first line to the [services] of {file} for AWS itself,
or the second for a server that speaks its protocol:

eks = \"aws\"
eks = {{ endpoint_url = \"http://127.0.0.1:5000\" }}

nothing was run
"
        )
    };
    let definition = ("d.json", CALLS.as_bytes());
    assert_eq!(refused(&[definition], &["run", "d.json"]), (3, expected("routes.toml")));
    let files: [(&str, &[u8]); 2] = [definition, ("mine.toml", b"[services]\ns3 = 'embedded'\n")];
    assert_eq!(refused(&files, &["run", "d.json", "--routes", "mine.toml"]), (3, expected("mine.toml")));

    // With the lines added, it runs.
    let folder = Folder::new();
    folder.write("d.json", CALLS);
    let (_, lines) = refused(&[definition], &["run", "d.json"]);
    let route = lines.split("error: the state 'Send'").next().unwrap_or_default();
    let route: Vec<_> = route.lines().filter(|line| line.contains("[[") || line.contains(" = ")).collect();
    let route = route.join("\n").replace("\"FOLDER\"", "\".\"").replace("\"FILE.FUNCTION\"", "\"app.handler\"");
    let service = lines.lines().find(|line| line.starts_with("eks = {")).expect("a line for the service");
    folder.write("routes.toml", format!("[services]\n{service}\n\n{route}"));
    folder.write("app.py", "def handler(event, context):\n    return event\n");
    let ended = folder.asl(&["run", "d.json"]);
    assert!(ended.stderr.starts_with("execution: FAILED in the state 'Send': "), "it lacks its parameters: {ended:?}");
}

#[test]
fn a_routing_file_that_is_none_is_told_with_the_place() {
    let definition = ("d.json", PASS.as_bytes());
    let no_file = "error: cannot read the routing file r.toml: No such file or directory (os error 2)\n";
    assert_eq!(refused(&[definition], &["run", "d.json", "--routes", "r.toml"]), (2, no_file.to_owned()));
    let files: [(&str, &[u8]); 2] = [definition, ("routes.toml", b"[[routes]]\nresource = 'a'\nhandler = 'bach'\n")];
    let unknown = "error: routes.toml:3:11: unknown handler \"bach\"; \
                   allowed: batch, download, consolidate, function, http, process, wasm; did you mean \"batch\"?\n";
    assert_eq!(refused(&files, &["run", "d.json"]), (3, unknown.to_owned()));
}

/// A server of the images that also has what can go wrong with an answer.
fn hostile_server() -> WebServer {
    let flags = flags();
    WebServer::start(move |path| match path {
        "/data/flags/loop.gif" => redirect("/data/flags/loop.gif"),
        "/data/flags/long.gif" => answer(200, vec![b'x'; 300_000]),
        "/data/flags/broken.gif" => answer(500, "sorry"),
        "/x" | "/data/flags//etc/passwd" => answer(200, "harmless"),
        _ => image(&flags, path).unwrap_or_else(|| answer(404, "")),
    })
}

/// A folder in which a run has stored an image before.
fn folder_with_an_image(server: &WebServer) -> Folder {
    let folder = Folder::new();
    lay_out(&folder, &input_for(server, &["de/de.gif"]));
    assert_eq!(folder.asl(&RUN).code, Some(0));
    assert_eq!(Stored::embedded(&folder.path(".asl"), TABLE), Stored::expected(server, &["de/de.gif"], "", &[]));
    folder
}

/// Runs the workflow for one path that cannot be downloaded, after a run that stored an image, and gives the message.
fn message(server: &WebServer, input: &Value, routes: &str) -> String {
    let folder = folder_with_an_image(server);
    lay_out(&folder, input);
    folder.write("routes.toml", routes);
    let ended = folder.asl(&RUN);
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(1), "", FAILED));
    let stored = Stored::embedded(&folder.path(".asl"), TABLE);
    let messages: Vec<_> = stored.notifications.iter().map(|(_, message)| message.clone()).collect();
    assert_eq!(stored, Stored::expected(server, &["de/de.gif"], SUBJECT, &messages));
    assert_eq!(folder.files(".asl/s3").len(), 1, "nothing is left over");
    let messages: [Vec<String>; 1] = [serde_json::from_str(&messages.concat()).expect("one message that is a list")];
    messages.concat().concat()
}

#[test]
fn a_download_that_cannot_be_had_is_a_message_and_stores_nothing() {
    let server = hostile_server();
    let base = base_url(&server);
    let routes = std::fs::read_to_string(definition("routes.toml")).expect("the routes are there");
    let bounded = routes.replace("bucket = \"images\"", "bucket = \"images\"\nmax_body_bytes = 299999");
    let of = |path: &str| input_for(&server, &[path]);
    assert_eq!(message(&server, &of("broken.gif"), &routes), "HTTP error 500 - Internal Server Error");
    assert_eq!(
        message(&server, &of("long.gif"), &bounded),
        format!("Too large: {base}/long.gif has more than 299999 bytes (max_body_bytes)")
    );
    let endless = message(&server, &of("loop.gif"), &routes);
    assert!(endless.starts_with(&format!("Could not fetch {base}/loop.gif: ")), "{endless}");
    assert!(endless.ends_with(": more than 10 redirects"), "{endless}");
    let no_name = message(&server, &of("../.."), &routes);
    assert_eq!(no_name, "No object name: \"../..\" ends with \"..\"");

    // Nothing listens on a port that was just given back.
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port");
    let elsewhere = json!({ "baseUrl": format!("http://{free}"), "lambdaConcur": 1, "resourcePaths": ["a.gif"] });
    let unreachable = message(&server, &elsewhere, &routes);
    assert!(unreachable.starts_with(&format!("Could not fetch http://{free}/a.gif: ")), "{unreachable}");
    assert!(unreachable.contains("Connection refused"), "{unreachable}");
}

#[test]
fn a_path_that_leads_out_is_stored_by_its_last_name() {
    let server = hostile_server();
    let folder = folder_with_an_image(&server);
    let before = folder.files("");
    lay_out(&folder, &input_for(&server, &["../../x", "/etc/passwd"]));
    let output = folder.asl(&RUN).json();
    let names: Vec<_> = output["results"].as_array().into_iter().flatten().map(|entry| &entry["filename"]).collect();
    assert_eq!(names, ["127.0.0.1/x", "127.0.0.1/passwd"]);
    let mut stored = folder.files("");
    for name in names {
        let file = format!(".asl/s3/images/{}", name.as_str().expect("a text"));
        assert_eq!(stored.remove(&file).as_deref(), Some(&b"harmless"[..]), "{file}");
    }
    assert_eq!(stored.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>(), "and nowhere else");
    assert_eq!(scan(&folder.path(".asl"), TABLE).len(), 3);
}

#[test]
fn an_input_of_another_shape_names_what_it_lacks() {
    let server = hostile_server();
    for (input, expected) in [
        (
            json!({}),
            "KeyError\ncause: {\"errorMessage\":\"the input has no resourcePaths\",\"errorType\":\"KeyError\"}\n",
        ),
        (
            json!({ "baseUrl": "file:///etc", "lambdaConcur": 1, "resourcePaths": ["passwd"] }),
            "ValueError\ncause: {\"errorMessage\":\"baseUrl is no http or https URL: file:///etc\",\
             \"errorType\":\"ValueError\"}\n",
        ),
    ] {
        let folder = folder_with_an_image(&server);
        let before = folder.files(".asl");
        folder.write("input.json", input.to_string());
        let ended = folder.asl(&RUN);
        let title = "execution: FAILED in the state 'Split into batches': ";
        assert_eq!((ended.code, ended.stderr), (Some(1), format!("{title}{expected}")));
        assert_eq!(folder.files(".asl"), before);
    }
}

/// A limit on the size of files stands for a full disk: a write fails in its middle, with an error of the same kind.
#[test]
fn a_full_disk_is_told_and_leaves_what_was_there() {
    let server = hostile_server();
    let folder = folder_with_an_image(&server);
    let before = folder.files(".asl");
    lay_out(&folder, &input_for(&server, &["long.gif"]));
    // In blocks of 512 or 1024 bytes, as the shell has it: less than the image either way.
    let mut command = folder.command_in_shell("trap '' XFSZ && ulimit -f 100 && exec \"$@\"", &RUN);
    let ended = Ended::from(command.output().expect("sh starts"));
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{ended:?}");
    assert_eq!(
        ended.stderr,
        "execution: FAILED in the state 'Download one batch' of 'Download all batches', item 0 (the first is 0): InternalError\n\
         cause: {\"errorMessage\":\"Cannot store 127.0.0.1/long.gif in the bucket images: \
         Cannot write \\\"127.0.0.1/long.gif\\\": File too large (os error 27)\",\"errorType\":\"InternalError\"}\n"
    );
    assert_eq!(folder.files(".asl"), before);
}

#[test]
fn a_full_disk_leaves_the_rows_that_were_there() {
    let server = hostile_server();
    let folder = folder_with_an_image(&server);
    let rows = scan(&folder.path(".asl"), TABLE);
    let item = json!({ "url": { "S": "u" }, "filename": { "S": "f" } });
    let records = json!({
        "StartAt": "Record one download",
        "States": { "Record one download": {
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:putItem",
            "Parameters": { "TableName": TABLE, "Item": item },
            "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "Caught" }],
            "End": true
        }, "Caught": { "Type": "Succeed" } }
    });
    folder.write("record.json", records.to_string());
    let run = ["run", "record.json"];
    // Less than the database has already.
    let mut command = folder.command_in_shell("trap '' XFSZ && ulimit -f 4 && exec \"$@\"", &run);
    let ended = Ended::from(command.output().expect("sh starts"));
    // No Catcher takes what is wrong with this machine.
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), ""), "{ended:?}");
    let title = "error: the embedded DynamoDb cannot serve the state 'Record one download': ";
    assert!(ended.stderr.starts_with(title) && ended.stderr.contains(".asl/dynamodb.sqlite"), "{}", ended.stderr);
    assert_eq!(scan(&folder.path(".asl"), TABLE), rows);
    assert_eq!(folder.asl(&run).code, Some(0), "with room again, it works");
    assert_eq!(scan(&folder.path(".asl"), TABLE).len(), 2);
}

/// API reference of Step Functions, `StartExecution`: an input has at most 262,144 bytes.
#[test]
fn an_input_that_aws_starts_nothing_with_is_refused() {
    let folder = Folder::new();
    let passes = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","Result":1,"End":true}}}"#;
    folder.write("d.json", passes);
    for (length, code) in [(262_144, 0), (262_145, 2)] {
        // The bytes of the text as it is given.
        folder.write("input.json", format!("[ \"{}\"]", "x".repeat(length - 5)));
        let ended = folder.asl(&["run", "d.json", "--input", "input.json"]);
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        if code == 2 {
            assert_eq!(
                ended.stderr,
                "error: the input has 262145 bytes: AWS starts no execution with more than 262144\n\
                 help: this is a quota of AWS, which `asl run --no-quotas` lifts\n"
            );
            assert_eq!(folder.asl(&["run", "d.json", "--input", "input.json", "--no-quotas"]).stdout, "1\n");
        }
    }
}
