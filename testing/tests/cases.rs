//! Cases of test files against one machine: what passes, and what is told of what does not.

use std::fs;

use asl_testing::{Mismatch, TestFile, TestFileError, Verdict, Why};

const ORDER: &str = r#"{
  "StartAt": "Charge",
  "States": {
    "Charge": {
      "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "TimeoutSeconds": 30,
      "Parameters": {"FunctionName": "charge", "Payload": {"id.$": "$.id"}},
      "ResultSelector": {"charge.$": "$.Payload"}, "ResultPath": "$.payment", "Assign": {"charge.$": "$.charge"},
      "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 5, "MaxAttempts": 2, "BackoffRate": 2}],
      "Catch": [{"ErrorEquals": ["CardRefused"], "ResultPath": "$.error", "Next": "Refuse"}],
      "Next": "Pack"
    },
    "Pack": {
      "Type": "Map", "ItemsPath": "$.items", "ResultPath": "$.packed", "Next": "Ask",
      "ItemProcessor": {"StartAt": "Fetch", "States": {"Fetch": {
        "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:fetch",
        "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 1, "MaxAttempts": 1}], "End": true}}}
    },
    "Ask": {
      "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "HeartbeatSeconds": 60, "TimeoutSeconds": 3600,
      "Parameters": {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/q", "MessageBody": {"t.$": "$$.Task.Token"}},
      "Catch": [{"ErrorEquals": ["States.HeartbeatTimeout"], "ResultPath": "$.error", "Next": "Refuse"}],
      "ResultPath": null, "Next": "Sleep"
    },
    "Sleep": {"Type": "Wait", "Seconds": 100, "End": true},
    "Refuse": {"Type": "Fail", "ErrorPath": "$.error.Error"}
  }
}"#;

/// Mocks with which the order goes through.
const MOCKS: &str = "{Charge: {result: {Payload: ch}}, Fetch: {result: '{% {\"got\": $} %}'}, Ask: {result: yes}}";

fn read(cases: &str) -> Result<TestFile, TestFileError> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("order.asl.json"), ORDER).unwrap();
    let text = format!("defaults:\n  input: {{id: 7, items: [a, b]}}\n  mocks: {MOCKS}\ncases:\n{cases}");
    TestFile::parse(&folder.path().join("order.test.yaml"), text)
}

/// What is unmet of the one case with these fields; or why it could not go on.
fn unmet(fields: &str) -> Vec<String> {
    let file = read(&format!("  - name: it\n    {}\n", fields.replace('\n', "\n    ")))
        .unwrap_or_else(|error| panic!("{fields}: {error:?}"));
    match file.cases[0].run(&file, 1).verdict {
        Verdict::Passed => Vec::new(),
        Verdict::Bug(bug) => panic!("{bug}"),
        Verdict::Failed(failed) => {
            let why = |why: Why| match why {
                Why::Value(Mismatch::Differs(differences)) => {
                    differences.iter().map(|it| it.at.clone()).collect::<Vec<_>>().join(" ")
                }
                Why::Value(other) => format!("{other:?}"),
                Why::Nothing(told) | Why::Told(told) => told,
                Why::Way { inside, agreed, .. } => format!("inside {inside:?}, {agreed} agreed"),
                Why::History(_) => "history".to_owned(),
            };
            let told = failed.unmet.into_iter().map(|unmet| format!("{}: {}", unmet.what, why(unmet.why)));
            failed.stuck.into_iter().chain(told).collect()
        }
    }
}

#[test]
fn what_is_expected_comes_or_is_told() {
    for (fields, expected) in [
        ("expect: {output: {partial: {payment: {charge: ch}}}, duration: 100s}", &[][..]),
        ("expect: {output: {partial: {packed: [{got: a}, {got: b}]}}}", &[]),
        ("expect: {output: {partial: {packed: [{got: a}, {got: c}]}}}", &["output: $.packed[1].got"]),
        ("expect: {path: [Charge, {Pack: [[Fetch], [Fetch]]}, Ask, Sleep]}", &[]),
        ("expect: {path: [Charge, Pack, Ask]}", &["path: inside [], 3 agreed"]),
        ("expect: {path: [Charge, {Pack: [[Fetch], []]}, Ask, Sleep]}", &[r#"path: inside [("Pack", 1)], 0 agreed"#]),
        ("expect: {path: [{Charge: [[]]}]}", &["path: 'Charge' was to have 1 branches or iterations, and had 0"]),
        (
            "expect: {calls: {Charge: [{with: {Payload: {id: 7}}, attempt: 0}], Fetch: 2, 'Pack[1]/Fetch': [{with: b}]}}",
            &[],
        ),
        ("expect: {calls: {'Pack[1]/Fetch': [{with: a}]}}", &["what call 1 of 'Pack[1]/Fetch' was sent: $"]),
        ("expect: {variables: {charge: ch}}", &[]),
        (
            "expect: {variables: {charge: c, other: 1}}",
            &["variable $charge: $", "variable $other: the variable $other was never assigned"],
        ),
        ("expect: {visited: [Fetch], never: [Refuse]}", &[]),
        ("expect: {never: [Fetch]}", &["never: the state 'Fetch' was never to be visited, and was"]),
        ("mocks: {Charge: {error: CardRefused}}\nexpect: {error: CardRefused, never: [Pack]}", &[]),
        (
            "mocks: {Charge: {error: Other}}\nexpect: {error: {matches: ^Card}}",
            &["error: NoMatch { pattern: \"^Card\", found: String(\"Other\") }"],
        ),
    ] {
        assert_eq!(unmet(fields), expected, "{fields}");
    }
}

#[test]
fn mocks_answer_in_turn_by_what_is_sent_and_in_time() {
    for (fields, expected) in [
        // Two retries after 5 and 10 s.
        (
            "mocks: {Charge: {sequence: [{error: Busy}, {error: Busy, after: 2s}, {result: {Payload: x}}]}}\nexpect: {duration: 117s, calls: {Charge: 3}}",
            &[][..],
        ),
        ("mocks: {Charge: {sequence: [{error: Busy}]}}", &["call 2 of the state 'Charge': its sequence has 1 answer"]),
        // Each item goes through its own sequence.
        (
            "mocks: {Fetch: {sequence: [{error: Busy}, {result: 1}]}}\nexpect: {output: {partial: {packed: [1, 1]}}, calls: {Fetch: 4}}",
            &[],
        ),
        // All items go through one.
        (
            "mocks: {Fetch: {shared: true, sequence: [{error: Busy}, {result: 1}, {result: 2}]}}\nexpect: {calls: {Fetch: 3}}",
            &[],
        ),
        ("mocks: {'Pack[1]/Fetch': {error: Gone}}\nexpect: {error: Gone}", &[]),
        (
            "mocks: {Fetch: {choose: [{when: b, result: B}, {result: A}]}}\nexpect: {output: {partial: {packed: [A, B]}}}",
            &[],
        ),
        (
            "mocks: {Fetch: {choose: [{when: '{% $ = \"a\" %}', result: A}]}}",
            &["no choice of the mock of 'Fetch' is for what its task is sent: \"b\""],
        ),
        ("mocks: {Charge: {timeout: true}}\nexpect: {error: States.Timeout, duration: 30s}", &[]),
        ("mocks: {Ask: {no_answer: true}}\nexpect: {error: States.Timeout, duration: 60s, visited: [Refuse]}", &[]),
        (
            "mocks: {Ask: {no_answer: true, heartbeat: 50s}}\nexpect: {error: States.Timeout, duration: 1h, never: [Refuse]}",
            &[],
        ),
        ("mocks: {Ask: {result: yes, after: 30m, heartbeat: 50s}}\nexpect: {duration: 1900s}", &[]),
        ("mocks: {Sleep: {after: 1s}}\nexpect: {duration: 1s}", &[]),
        (
            "mocks: {Charge: {result: '{% nothing %}'}}",
            &[
                "'result' of the mock of 'Charge': {% nothing %} gives nothing for {\"FunctionName\":\"charge\",\"Payload\":{\"id\":7}}",
            ],
        ),
    ] {
        assert_eq!(unmet(fields), expected, "{fields}");
    }
}

#[test]
fn one_state_alone_is_a_call_of_test_state() {
    for (fields, expected) in [
        ("state: Sleep\nexpect: {output: {id: 7, items: [a, b]}}", &[][..]),
        (
            "state: Charge\nmock: {result: {Payload: x}}\nexpect: {next: Pack, stages: {afterResultSelector: {charge: x}}, variables: {charge: x}}",
            &[],
        ),
        (
            "state: Charge\nmock: {error: CardRefused, cause: no}\nexpect: {status: CAUGHT_ERROR, next: Refuse, output: {partial: {id: 7}}}",
            &[],
        ),
        ("state: Charge\nmock: {error: Busy}\nretry_count: 1\nexpect: {status: RETRIABLE, error: Busy}", &[]),
        ("state: Charge\nmock: {error: Busy}\nretry_count: 2\nexpect: {status: FAILED}", &[]),
        (
            "state: Charge\nmock: {result: {Payload: x}}\nexpect: {next: Ask}",
            &["next: 'Ask' was to follow, and 'Pack' does"],
        ),
        (
            "state: Charge\nmock: {result: {Payload: x}}\nexpect: {stages: {result: {Payload: y}, afterParameters: {partial: {FunctionName: charge}}}}",
            &["result: $.Payload"],
        ),
    ] {
        assert_eq!(unmet(fields), expected, "{fields}");
    }
    assert!(unmet("state: Charge")[0].starts_with("TestState refuses: "));
}

#[test]
fn the_same_seed_gives_the_same() {
    let file =
        read("  - name: it\n    mocks: {Charge: {sequence: [{error: Busy}, {result: {Payload: x}}]}}\n").unwrap();
    let millis = |seed| file.cases[0].run(&file, seed).millis;
    assert_eq!(millis(1), millis(1));
}

#[test]
fn what_cannot_be_is_told() {
    for (fields, expected) in [
        ("expect: {never: [Pack/Charge]}", "'Charge' is not inside of 'Pack'"),
        ("expect: {calls: {Sleep: 0}}", "'Sleep' is a Wait state, which calls nothing"),
        ("mocks: {Pack: {result: 1}}", "'Pack' is a Map state: only Task and Wait states"),
        ("mocks: {'Pack[1]/Ask': {result: 1}}", "'Ask' is not inside of 'Pack'"),
        ("mocks: {Ask: {shared: false, result: 1}}", "'shared' is for a 'sequence'"),
        ("state: Charge\nexpect: {stages: {nothing: 1}}", "there is no stage 'nothing'"),
    ] {
        let cases = format!("  - name: it\n    {}\n", fields.replace('\n', "\n    "));
        let Err(TestFileError::Invalid { problems, .. }) = read(&cases) else { panic!("{fields} is taken") };
        assert!(problems[0].message.starts_with(expected), "{fields}: {problems:?}");
    }
}

#[test]
fn a_retrier_that_gives_up_is_counted_whatever_comes_then() {
    use asl_engine::model::TransitionKind;
    for (mock, expected) in [
        ("{Charge: {error: Busy}}", true),
        ("{Charge: {sequence: [{error: Busy}, {error: Busy}, {error: CardRefused}]}}", true),
        ("{Charge: {sequence: [{error: Busy}, {result: {Payload: x}}]}}", false),
        ("{Fetch: {error: Busy}}", false),
    ] {
        let file = read(&format!("  - name: it\n    mocks: {mock}\n")).unwrap();
        let taken = file.cases[0].run(&file, 1).taken;
        let model = file.program.model();
        let retrier = |state: &str| {
            let state = model.states().iter().find(|it| &*it.name == state).unwrap();
            let retriers = model.transitions_of(state.id).iter();
            retriers.into_iter().find(|way| matches!(way.kind, TransitionKind::Retrier(_))).unwrap().id
        };
        assert_eq!(taken.count(asl_testing::Goal::Exhausted(retrier("Charge"))) > 0, expected, "{mock}");
        assert_eq!(taken.count(asl_testing::Goal::Exhausted(retrier("Fetch"))) > 0, mock.contains("Fetch"), "{mock}");
    }
}
