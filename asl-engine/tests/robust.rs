//! No definition and no input makes the engine panic, overflow or run without end.

mod support;

use asl_engine::{
    CheckOptions, Execution, Frame, Next, Now, Program, Quotas, Reply, Request, StateMachineType, Timestamp, Value,
    diagnose,
};
use proptest::prelude::*;

const DOWNLOAD: &str = include_str!("../../definitions/download-images/definition.json");

/// Pieces that definitions are made of, to be put where they do not belong.
const PIECES: [&str; 30] = [
    "\"Type\"",
    "\"Map\"",
    "\"Task\"",
    "\"Choice\"",
    "\"Next\"",
    "\"End\": true",
    "\"$\"",
    "\"$$\"",
    "\"$.a[*]\"",
    "null",
    "-1",
    "1e999",
    "99999999999999999999",
    "{}",
    "[]",
    "[{}]",
    "\"\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"\\ud800\"",
    "\"States.ALL\"",
    "\"x.$\"",
    "${X}",
    "\"${\"",
    "\"Parameters\"",
    "\u{0}",
];

/// A definition with some pieces put in, some bytes taken out.
fn mutated() -> impl Strategy<Value = String> {
    let change = (any::<prop::sample::Index>(), 0..12usize, prop::sample::select(&PIECES[..]), any::<bool>());
    prop::collection::vec(change, 1..6).prop_map(|changes| {
        let mut text = DOWNLOAD.to_owned();
        for (at, remove, piece, insert) in changes {
            let mut start = at.index(text.len());
            while !text.is_char_boundary(start) {
                start -= 1;
            }
            let mut end = (start + remove).min(text.len());
            while !text.is_char_boundary(end) {
                end += 1;
            }
            text.replace_range(start..end, if insert { piece } else { "" });
        }
        text
    })
}

/// Any JSON of a handy size.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(vec!["", "a", "200", "2024-01-01T00:00:00Z", "é"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let name = prop::sample::select(vec!["a", "b", "statusCode", "tasks", "results", "message"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..6).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// Steps a Frame some hundred times; what it asks for is answered with `answer`.
fn drive(program: &Program, frame: &mut Frame, now: &mut Now, answer: &Value, steps: &mut usize) {
    let mut reply = Reply::Go;
    while *steps > 0 {
        *steps -= 1;
        let step = frame.step(program, now, reply).expect("the reply that was asked for");
        reply = match step.next {
            Next::Continue => Reply::Go,
            Next::End(_) | Next::HistoryFull => return,
            Next::Pending => unreachable!("nothing is replied before its time"),
            Next::Ask(Request::Task(_)) => Reply::Task(Ok(answer.clone())),
            Next::Ask(Request::Sleep { .. }) => Reply::Woke,
            Next::Ask(Request::Fork(mut join)) => loop {
                match join.poll(program) {
                    asl_engine::JoinStep::Start(index, mut child) => {
                        drive(program, &mut child, now, answer, steps);
                        if *steps == 0 {
                            return;
                        }
                        // A child that ran out of steps is answered for here.
                        let outcome = Ok(answer.clone());
                        join.ended(
                            index,
                            asl_engine::Ended {
                                outcome,
                                last_event: 0,
                                closing_event: 0,
                                child: None,
                                failed_in: Vec::new(),
                            },
                        );
                    }
                    asl_engine::JoinStep::Ask(_) => join.answered(Ok(answer.clone())),
                    asl_engine::JoinStep::Wait | asl_engine::JoinStep::Stop | asl_engine::JoinStep::Redrive(_) => {
                        return;
                    }
                    asl_engine::JoinStep::Finish(joined) => break Reply::Joined(joined),
                }
            },
        };
    }
}

fn execution(input: Value) -> Execution {
    // Without AWS's quotas only our own bounds are left.
    Execution { quotas: Quotas::NONE, ..Execution::local("machine", "run", input, Timestamp(0), 1) }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_definition_or_is_refused(text in "\\PC{0,200}") {
        let _ = Program::parse(&text);
    }

    #[test]
    fn a_spoilt_definition_is_refused_or_runs(text in mutated(), input in json(), answer in json()) {
        // Also where placeholders may stay.
        for parse in [Program::parse, Program::parse_unfilled] {
            match parse(&text) {
                Ok(program) => {
                    let mut frame = Frame::new(&program, execution(input.clone()));
                    drive(&program, &mut frame, &mut Now::new(Timestamp(0)), &answer, &mut 500);
                }
                Err(diagnostics) => {
                    prop_assert!(!diagnostics.is_empty());
                    for diagnostic in diagnostics {
                        let span = diagnostic.span;
                        prop_assert!(span.start <= span.end && span.end <= text.len(), "{diagnostic:?}");
                        prop_assert!(text.get(span.start..span.end).is_some(), "{diagnostic:?}");
                    }
                }
            }
        }
    }

    /// A value that is only known when the definition is deployed, wherever it stands.
    #[test]
    fn an_unfilled_definition_runs_or_says_what_it_needs(
        at in any::<prop::sample::Index>(), quoted in any::<bool>(), input in json(), answer in json()
    ) {
        const DEFINITION: &str = include_str!("../../definitions/download-images/definition.jsonata.json");
        let definition = if quoted { DOWNLOAD } else { DEFINITION };
        let values: Vec<usize> = definition.match_indices(": ").map(|(at, _)| at + 2).collect();
        let start = values[at.index(values.len())];
        let len = definition[start..].find([',', '\n']).expect("something follows");
        let mut text = definition.to_owned();
        text.replace_range(start..start + len, if quoted { "\"${X}\"" } else { "${X}" });
        if let Ok(program) = Program::parse_unfilled(&text) {
            let mut frame = Frame::new(&program, execution(input));
            drive(&program, &mut frame, &mut Now::new(Timestamp(0)), &answer, &mut 500);
        }
    }

    #[test]
    fn findings_about_unfinished_definitions_have_their_place(text in mutated()) {
        let options = CheckOptions { machine_type: StateMachineType::Express, placeholders: true };
        for found in diagnose(&text, options) {
            prop_assert!(text.get(found.span.start..found.span.end).is_some(), "{found:?}");
        }
    }

    #[test]
    fn any_input_runs(input in json(), answer in json()) {
        let program = Program::parse(DOWNLOAD).expect("a definition");
        let mut frame = Frame::new(&program, execution(input));
        drive(&program, &mut frame, &mut Now::new(Timestamp(0)), &answer, &mut 500);
    }
}

#[test]
fn deep_definitions_do_not_overflow_the_stack() {
    let pass = r#"{"Type":"Pass","End":true}"#.to_owned();
    let maps = (0..30).fold(pass.clone(), |inner, level| {
        format!(
            r#"{{"Type":"Map","End":true,"ItemProcessor":{{"StartAt":"S{level}","States":{{"S{level}":{inner}}}}}}}"#
        )
    });
    let text = format!(r#"{{"StartAt":"M","States":{{"M":{maps}}}}}"#);
    let deep_input = "[".repeat(400) + &"]".repeat(400);
    let run = support::run(&text, &deep_input, false, &mut support::echo);
    assert!(run.outcome.is_ok());

    let rule =
        (0..200).fold(r#"{"Variable":"$","IsNull":true}"#.to_owned(), |inner, _| format!(r#"{{"Not":{inner}}}"#));
    let rule = format!(r#"{{"Next":"P",{}"#, &rule[1..]);
    let text = format!(
        r#"{{"StartAt":"C","States":{{"C":{{"Type":"Choice","Choices":[{rule}],"Default":"P"}},"P":{pass}}}}}"#
    );
    assert!(support::run(&text, "null", false, &mut support::echo).outcome.is_ok());
}

#[test]
fn extreme_numbers_are_taken_or_refused() {
    let state = |fields: &str| {
        let text = format!(r#"{{"StartAt":"S","States":{{"S":{{{fields},"End":true}}}}}}"#);
        Program::parse(&text).is_ok().then(|| support::run(&text, "{}", false, &mut |_| None).outcome)
    };
    for seconds in ["0", "99999999"] {
        assert!(state(&format!(r#""Type":"Wait","Seconds":{seconds}"#)).is_some(), "{seconds}");
    }
    for seconds in ["-1", "1.5", "1e3", "100000000", "9223372036854775807", "9223372036854775808"] {
        assert!(state(&format!(r#""Type":"Wait","Seconds":{seconds}"#)).is_none(), "{seconds}");
    }
    let retry = r#""Type":"Task","Resource":"arn:aws:states:::aws-sdk:sns:publish","TimeoutSeconds":99999999,
        "Retry":[{"ErrorEquals":["States.ALL"],"IntervalSeconds":99999999,"BackoffRate":1e308,"MaxAttempts":3}]"#;
    assert_eq!(state(retry).unwrap().unwrap_err().to_string(), "States.Timeout");
}

#[test]
fn large_definitions_are_read_in_no_time_to_speak_of() {
    let states: Vec<String> = (0..10_000).map(|n| format!(r#""s{n}":{{"Type":"Pass","Next":"t{n}"}}"#)).collect();
    let text = format!(r#"{{"StartAt":"s0","States":{{{}}}}}"#, states.join(","));
    let diagnostics = Program::parse(&text).unwrap_err();
    // Each leads nowhere, none is the last one, and all but the first are unreachable.
    assert_eq!(diagnostics.len(), 20_000);
    let long = "x".repeat(2_000_000);
    assert_eq!(Program::parse(&long).unwrap_err()[0].code, "DEFINITION_TOO_LARGE");
}

#[test]
fn data_that_doubles_from_state_to_state_fails() {
    let states: Vec<String> = (0..70)
        .map(|n| format!(r#""s{n}":{{"Type":"Pass","Parameters":{{"a.$":"$","b.$":"$"}},"Next":"s{}"}}"#, n + 1))
        .collect();
    let text = format!(r#"{{"StartAt":"s0","States":{{{},"s70":{{"Type":"Succeed"}}}}}}"#, states.join(","));
    let failure = support::run(&text, "{}", false, &mut support::echo).outcome.unwrap_err();
    assert!(failure.cause.unwrap().ends_with("The data has more than 268435456 bytes of JSON text"));
}
