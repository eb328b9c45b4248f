//! What `asl run` publishes reaches people and programs, whatever is down meanwhile.

use serde_json::{Value, json};

use crate::support::folder::{Ended, Folder};
use crate::support::smtp;
use crate::support::web_server::{WebServer, answer};

const PUBLISH: &str = r#"{
    "StartAt": "Tell",
    "States": {
        "Tell": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sns:publish",
            "Parameters": {
                "TopicArn": "arn:aws:sns:us-east-1:123456789012:failedDownloads",
                "Subject": "Download für Ostern",
                "Message.$": "$.message"
            },
            "ResultSelector": { "told": true },
            "End": true
        }
    }
}"#;

const INPUT: &str = r#"{"message": "ad.gif: größer als erlaubt\n.\nEnd"}"#;

/// The routing file of somebody who wants e-mails.
fn mail_routes(server: &str, more: &str) -> String {
    format!(
        "[mail]\nserver = \"{server}\"\nfrom = \"asl@example.com\"\n{more}\n\
         [[subscriptions]]\ntopic = \"arn:aws:sns:*:*:failedDownloads\"\nemail = \"ops@example.com\"\n"
    )
}

fn folder(routes: &str) -> Folder {
    let folder = Folder::new();
    folder.write("tell.json", PUBLISH);
    folder.write("routes.toml", routes);
    folder
}

fn run(folder: &Folder) -> Ended {
    folder.asl(&["run", "tell.json", "--input", INPUT])
}

/// The one notification in the outbox.
fn kept(folder: &Folder) -> (String, Value) {
    let files = folder.files(".asl/sns");
    let mut kept = files.into_iter().filter(|(name, _)| name.ends_with(".json") && !name.starts_with('.'));
    let (name, text) = kept.next().expect("a notification is kept");
    assert_eq!(kept.next(), None);
    (name, serde_json::from_slice(&text).expect("it is JSON"))
}

fn assert_mail(mail: &Value, tls: bool) {
    assert_eq!(mail["from"], "asl@example.com");
    assert_eq!(mail["to"], "ops@example.com");
    assert_eq!((&mail["sender"], &mail["receivers"]), (&json!("asl@example.com"), &json!(["ops@example.com"])));
    assert_eq!(mail["subject"], "Download für Ostern");
    let text = mail["text"].as_str().expect("a text").replace("\r\n", "\n");
    assert_eq!(text.trim_end(), "ad.gif: größer als erlaubt\n.\nEnd");
    assert_eq!((&mail["tls"], &mail["date"]), (&json!(tls), &json!(true)));
}

#[test]
fn an_e_mail_arrives_with_subject_and_text() {
    let Some(server) = smtp::start(&["plain"]) else { return };
    let folder = folder(&mail_routes(&format!("smtp://{}", server.address()), ""));
    assert_eq!(run(&folder).json(), json!({ "told": true }));
    let mail = server.mail();
    assert_mail(&mail, false);
    let (_, notification) = kept(&folder);
    assert_eq!(mail["message-id"], format!("<{}@example.com>", notification["MessageId"].as_str().expect("a text")));
    let expected = json!([{ "Protocol": "email", "Endpoint": "ops@example.com", "State": "delivered", "Attempts": 1 }]);
    assert_eq!(notification["Deliveries"], expected);
}

#[test]
fn a_mail_server_that_is_down_is_told_and_gets_the_mail_at_the_next_run() {
    let Some(server) = smtp::start(&["plain"]) else { return };
    let folder = folder(&mail_routes("smtp://127.0.0.1:1", ""));
    let ended = run(&folder);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "{\"told\":true}\n"));
    let (name, notification) = kept(&folder);
    assert_eq!(
        ended.stderr,
        format!(
            "warning: 1 notification is not delivered to email ops@example.com: \
             Connection error: Connection refused (os error 111)\n\
             It is kept in .asl/sns/{name}; the next run with this data folder tries again.\n"
        )
    );
    assert_eq!(notification["Deliveries"][0]["State"], "pending");
    assert_eq!(notification["Deliveries"][0]["LastError"], "Connection error: Connection refused (os error 111)");

    // Any run does: this one publishes nothing.
    folder.write("routes.toml", mail_routes(&format!("smtp://{}", server.address()), ""));
    folder.write("pass.json", r#"{"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}"#);
    assert_eq!(folder.asl(&["run", "pass.json"]).json(), json!({}));
    assert_mail(&server.mail(), false);
    assert_eq!(kept(&folder).1["Deliveries"][0]["State"], "delivered");
    assert_eq!(folder.files(".asl/sns/.pending").len(), 0);
}

#[test]
fn a_receiver_that_is_refused_is_told_and_not_tried_again() {
    let Some(server) = smtp::start(&["plain"]) else { return };
    let routes = mail_routes(&format!("smtp://{}", server.address()), "");
    let folder = folder(&routes.replace("ops@example.com", "nobody@example.com"));
    let ended = run(&folder);
    let (name, notification) = kept(&folder);
    assert_eq!(
        ended.stderr,
        format!(
            "warning: 1 notification is not delivered to email nobody@example.com: \
             permanent error (550): 5.1.1 there is nobody\n\
             It is kept in .asl/sns/{name}; the subscriber refused, so that no run tries again.\n"
        )
    );
    assert_eq!(notification["Deliveries"][0]["State"], "failed");
    folder.write("pass.json", r#"{"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}"#);
    assert_eq!(folder.asl(&["run", "pass.json"]).json(), json!({}));
}

#[test]
fn mails_are_sent_over_tls_with_a_password_that_nobody_sees() {
    for (mode, scheme) in [("starttls", "starttls"), ("smtps", "smtps")] {
        let authority = Folder::new();
        let file = authority.path("authority.pem");
        let file = file.to_str().expect("a text");
        let Some(server) = smtp::start(&[mode, file, "me", "s3cret"]) else { return };
        let user = "username = \"me\"\npassword = { env = \"MAIL_PASSWORD\" }";
        let folder = folder(&mail_routes(&format!("{scheme}://{}", server.address()), user));
        let run = |password: &str, trusts: bool| {
            let mut command = folder.command(&["run", "tell.json", "--input", INPUT]);
            command.env("MAIL_PASSWORD", password);
            if trusts {
                command.env("SSL_CERT_FILE", file);
            }
            Ended::from(command.output().expect("asl starts"))
        };
        let strange = run("s3cret", false);
        assert!(strange.stderr.contains("certificate"), "{strange:?}");
        let wrong = run("wr0ng", true);
        assert!(wrong.stderr.contains("permanent error (535)"), "{wrong:?}");
        // Both are pending still, and arrive with this run's own.
        assert_eq!(run("s3cret", true).json(), json!({ "told": true }), "{mode}");
        for _ in 0..3 {
            assert_mail(&server.mail(), true);
        }
        let all = [strange.stderr, wrong.stderr].concat()
            + &folder
                .files(".asl")
                .into_values()
                .map(|text| String::from_utf8_lossy(&text).into_owned())
                .collect::<String>();
        assert!(!all.contains("s3cret") && !all.contains("wr0ng"), "{all}");
    }
}

#[test]
fn an_http_subscriber_gets_the_json_of_sns() {
    let server = WebServer::start(|_| answer(200, ""));
    let routes = format!("[[subscriptions]]\ntopic = \"*:failedDownloads\"\nhttp = \"{}/hook\"\n", server.origin());
    let folder = folder(&routes);
    assert_eq!(run(&folder).json(), json!({ "told": true }));
    let received = server.received();
    assert_eq!((received.len(), received[0].line.as_str()), (1, "POST /hook"));
    let told: Value = serde_json::from_slice(&received[0].body).expect("SNS posts JSON");
    let (_, kept) = kept(&folder);
    let expected = json!({
        "Type": "Notification",
        "MessageId": kept["MessageId"],
        "TopicArn": "arn:aws:sns:us-east-1:123456789012:failedDownloads",
        "Subject": "Download für Ostern",
        "Message": "ad.gif: größer als erlaubt\n.\nEnd",
        "Timestamp": kept["Timestamp"],
    });
    assert_eq!(told, expected);
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_the_wait_for_a_subscriber() {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    let (asked, waits) = std::sync::mpsc::channel();
    // It takes the notification and never answers.
    let (never, answers) = std::sync::mpsc::channel::<()>();
    let answers = std::sync::Mutex::new(answers);
    let server = WebServer::start(move |_| {
        let _ = asked.send(());
        let _ = answers.lock().map(|answers| answers.recv());
        answer(200, "")
    });
    // Goes before the server does, which otherwise waits for its answer.
    let never = never;
    let folder = folder(&format!("[[subscriptions]]\ntopic = \"*\"\nhttp = \"{}\"\n", server.origin()));
    let mut command = folder.command(&["run", "tell.json", "--input", INPUT]);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut running = command.spawn().expect("asl starts");
    waits.recv_timeout(std::time::Duration::from_secs(60)).expect("the subscriber is asked");
    // The output is complete: only the subscriber is waited for.
    let mut stdout = std::io::BufReader::new(running.stdout.take().expect("stdout is piped"));
    let mut text = String::new();
    while !text.ends_with("}\n") {
        std::io::BufRead::read_line(&mut stdout, &mut text).expect("a line");
    }
    kill(Pid::from_raw(running.id().try_into().expect("a process id")), Signal::SIGINT).expect("asl still runs");
    let ended = Ended::from(running.wait_with_output().expect("asl ends"));
    drop(never);
    let (name, _) = kept(&folder);
    let expected = format!(
        "warning: 1 notification is not delivered to http {}/\nIt is kept in .asl/sns/{name};",
        server.origin()
    );
    assert!(ended.code == Some(0) && ended.stderr.starts_with(&expected), "{ended:?}");
}
