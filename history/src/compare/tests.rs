use super::*;
use crate::lines::{START, course};

/// What is told, a line each.
fn shown(comparison: &Comparison) -> Vec<String> {
    let value = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), Value::to_string);
    let mut out: Vec<String> = comparison
        .partings
        .iter()
        .map(|Parting { frame, after, ways }| {
            let way = |way: &Taken| match way {
                Taken::Next { state, is_caught: true } => format!("catch {state}"),
                Taken::Next { state, .. } => state.clone(),
                Taken::Ends(status) => status.name().to_owned(),
            };
            format!("{frame}{} > {} | {}", after.as_deref().unwrap_or("start"), way(&ways[0]), way(&ways[1]))
        })
        .collect();
    for told in &comparison.told {
        for happened in &told.happened {
            let attempt = happened.attempt.map_or(String::new(), |attempt| format!(" {attempt}"));
            for (handed, differences) in [("", &happened.differences), (" handed on", &happened.handed_on)] {
                out.extend(differences.iter().map(|it| {
                    let (a, b) = (value(&it.expected), value(&it.found));
                    format!("{} {:?}{attempt} {}: {a} | {b}{handed}", told.path, happened.what, it.at)
                }));
            }
        }
    }
    out.extend(comparison.only[0].iter().map(|path| format!("only first {path}")));
    out.extend(comparison.only[1].iter().map(|path| format!("only second {path}")));
    out
}

fn compared(first: &str, second: &str) -> Comparison {
    compare(&course(first), &course(second), &CompareOptions::default())
}

const PAID: &str = r#"
    1<0 +0 ExecutionStarted {"input":{"sum":5}}
    2<0 +0 TaskStateEntered {"name":"Pay","input":{"sum":5}}
    3<2 +1 LambdaFunctionScheduled {"resource":"pay","input":{"sum":5,"fee":1}}
    4<3 +1 LambdaFunctionStarted
    5<4 +9 LambdaFunctionSucceeded {"output":{"paid":5}}
    6<5 +9 TaskStateExited {"name":"Pay","output":{"paid":5}}
    7<6 +9 PassStateEntered {"name":"Send","input":{"paid":5}}
    8<7 +9 PassStateExited {"name":"Send","output":{"sent":true}}
    9<8 +9 ExecutionSucceeded {"output":{"sent":true}}
"#;

#[test]
fn what_is_the_same_at_another_time_is_the_same() {
    let later = PAID.replace("+9", "+90000").replace("+1", "+7");
    let comparison = compared(PAID, &later);
    assert!(comparison.is_same(), "{comparison:?}");
    assert_eq!((comparison.pairs.len(), comparison.left_out), (2, 0));
}

#[test]
fn what_was_handed_on_is_told_apart() {
    let other = PAID.replace("\"sum\":5", "\"sum\":6").replace("\"paid\":5", "\"paid\":6");
    assert_eq!(
        shown(&compared(PAID, &other)),
        [
            " Input $.sum: 5 | 6",
            "Pay Input $.sum: 5 | 6 handed on",
            "Pay Sent $.input.sum: 5 | 6 handed on",
            "Pay Result $.paid: 5 | 6",
            "Pay Output $.paid: 5 | 6 handed on",
            "Send Input $.paid: 5 | 6 handed on",
        ]
    );
}

#[test]
fn ways_part_and_attempts_differ() {
    let other = r#"
        1<0 +0 ExecutionStarted {"input":{"sum":5}}
        2<0 +0 TaskStateEntered {"name":"Pay","input":{"sum":5}}
        3<2 +1 LambdaFunctionScheduled {"resource":"pay","input":{"sum":5,"fee":2}}
        4<3 +1 LambdaFunctionFailed {"error":"Busy"}
        5<4 +9 LambdaFunctionScheduled {"resource":"pay","input":{"sum":5,"fee":1}}
        6<5 +9 LambdaFunctionFailed {"error":"Busy","cause":"{\"n\":1}"}
        7<6 +9 TaskStateExited {"name":"Pay","output":{"Error":"Busy"}}
        8<7 +9 FailStateEntered {"name":"Refuse","input":{"Error":"Busy"}}
        9<8 +9 ExecutionFailed {"error":"Refused"}
    "#;
    assert_eq!(
        shown(&compared(PAID, other)),
        [
            "Pay > Send | catch Refuse",
            "Pay Attempts $: 1 | 2",
            "Pay Sent 1 $.input.fee: 1 | 2",
            r#"Pay Result 1 $: {"paid":5} | -"#,
            r#"Pay Error 1 $: - | "Busy""#,
            r#"Pay Error 2 $: - | "Busy""#,
            r#"Pay Cause 2 $: - | {"n":1}"#,
            r#"Pay Status $: "SUCCEEDED" | "CAUGHT""#,
            "Pay Output $.paid: 5 | -",
            r#"Pay Output $.Error: - | "Busy""#,
            r#" Status $: "SUCCEEDED" | "FAILED""#,
            r#" Output $: {"sent":true} | -"#,
            r#" Error $: - | "Refused""#,
            "only first Send",
            "only second Refuse",
        ]
    );
}

#[test]
fn iterations_are_found_by_their_items_in_any_order() {
    let items = |order: [usize; 2], results: [i64; 3], count: usize| {
        let mut text = String::from(
            "1<0 +0 ExecutionStarted {}\n2<0 +0 MapStateEntered {\"name\":\"Each\"}\n3<2 +0 MapStateStarted\n",
        );
        let mut id = 3;
        for item in order.into_iter().chain([2]).take(count) {
            let output = results[item];
            text += &format!(
                "{}<3 +1 MapIterationStarted {{\"name\":\"Each\",\"index\":{item}}}\n{}<{} +1 PassStateEntered {{\"name\":\"Work\"}}\n\
                 {}<{} +2 PassStateExited {{\"name\":\"Work\",\"output\":{output}}}\n{}<{} +2 MapIterationSucceeded {{\"name\":\"Each\",\"index\":{item}}}\n",
                id + 1,
                id + 2,
                id + 1,
                id + 3,
                id + 2,
                id + 4,
                id + 3,
            );
            id += 4;
        }
        text
    };
    let first = items([0, 1], [7, 8, 9], 2);
    assert!(compared(&first, &items([1, 0], [7, 8, 9], 2)).is_same());
    assert_eq!(
        shown(&compared(&first, &items([1, 0], [7, 0, 9], 3))),
        ["Each[1]/Work Output $: 8 | 0", "only second Each[2]"]
    );
}

/// A course whose only state sends and answers this.
fn with(input: &str, sent: &str, answer: &str) -> Course {
    course(&format!(
        "1<0 +0 ExecutionStarted {{\"input\":{input}}}\n2<0 +0 TaskStateEntered {{\"name\":\"A\"}}\n\
         3<2 +0 TaskScheduled {{\"resource\":\"sendMessage.waitForTaskToken\",\"region\":\"us-east-1\",\"parameters\":{sent}}}\n\
         4<3 +9000 TaskSucceeded {{\"output\":{answer}}}\n5<4 +9000 TaskStateExited {{\"name\":\"A\"}}\n6<5 +9000 ExecutionSucceeded\n"
    ))
}

/// How many differences are told, and how many are left out.
fn counts(first: [&str; 3], second: [&str; 3]) -> (usize, usize) {
    let [one, other] = [first, second].map(|[input, sent, answer]| with(input, sent, answer));
    let comparison = compare(&one, &other, &CompareOptions::default());
    let exact = compare(&one, &other, &CompareOptions { is_exact: true, ..CompareOptions::default() });
    assert_eq!(exact.left_out, 0);
    let told = |comparison: &Comparison| {
        let happened = comparison.told.iter().flat_map(|told| &told.happened);
        happened.map(|happened| happened.differences.len() + happened.handed_on.len()).sum::<usize>()
    };
    assert_eq!(told(&exact), told(&comparison) + comparison.left_out);
    (told(&comparison), comparison.left_out)
}

#[test]
fn what_any_two_runs_have_of_their_own_is_left_out() {
    const ONE: &str = "0b2b1a52-1111-4c11-8c11-0123456789ab";
    const OTHER: &str = "ffffffff-2222-4c11-8c11-0123456789ab";
    let token = |c: char| format!("\"{}\"", format!("Aa1{c}").repeat(11).split_at(43).0);
    let quoted = |text: &str| format!("\"{text}\"");
    let time = |millis: i64| quoted(&asl_engine::Timestamp(START + millis).to_string());
    let body = |id: &str, more: &str| Value::from(format!("{{\"id\":\"{id}\",\"n\":{more}}}")).to_string();
    let arn =
        |account: &str, name: &str| quoted(&format!("see arn:aws:states:us-east-1:{account}:execution:order:{name}!"));
    for (one, other, expected) in [
        (quoted(ONE), quoted(OTHER), (0, 1)),
        (quoted(&format!("order {ONE}.pdf")), quoted(&format!("order {OTHER}.pdf")), (0, 1)),
        (quoted(&format!("order {ONE}.pdf")), quoted(&format!("order {OTHER}.txt")), (1, 0)),
        // The same one stands for the same one.
        (format!("[\"{ONE}\",\"{ONE}\"]"), format!("[\"{OTHER}\",\"{OTHER}\"]"), (0, 2)),
        (format!("[\"{ONE}\",\"{ONE}\"]"), format!("[\"{OTHER}\",\"aaaaaaaa-2222-4c11-8c11-0123456789ab\"]"), (1, 1)),
        (body(ONE, "1"), body(OTHER, "1"), (0, 1)),
        (body(ONE, "1"), body(OTHER, "2"), (1, 1)),
        (token('x'), token('y'), (0, 1)),
        (quoted("short1A"), quoted("short2A"), (1, 0)),
        (time(500), time(8_000), (0, 1)),
        (time(500), time(60_000), (1, 0)),
        ((START + 1).to_string(), (START + 2).to_string(), (0, 1)),
        ((START / 1000).to_string(), (START / 1000 + 5).to_string(), (0, 1)),
        ("17".to_owned(), "18".to_owned(), (1, 0)),
        (arn("1", "a"), arn("2", "b"), (0, 1)),
        (arn("1", "a"), arn("2", "b").replace("order", "other"), (1, 0)),
        (quoted("run"), quoted("run-1796025600000"), (0, 1)),
        (quoted("é event id #7)."), quoted("é event id #12)."), (0, 1)),
        (
            r#"{"SdkHttpMetadata":{"HttpStatusCode":200,"AllHttpHeaders":{"a":["1"]}}}"#.to_owned(),
            r#"{"SdkHttpMetadata":{"HttpStatusCode":201,"AllHttpHeaders":{"b":["1"]}}}"#.to_owned(),
            (1, 2),
        ),
        (
            r#"{"MD5OfMessageBody":"a","SequenceNumber":"1","Body":"a"}"#.to_owned(),
            r#"{"MD5OfMessageBody":"b","SequenceNumber":"2","Body":"b"}"#.to_owned(),
            (1, 2),
        ),
        (
            r#"{"Headers":{"date":["a"],"x-amzn-RequestId":["1"]},"date":1}"#.to_owned(),
            r#"{"Headers":{"date":["b"],"x-amzn-RequestId":["2"]},"date":2}"#.to_owned(),
            (1, 2),
        ),
    ] {
        assert_eq!(counts(["1", &one, "2"], ["1", &other, "2"]), expected, "{one} {other}");
    }
    // What was given to an execution is no id of it.
    let [one, other] = [quoted(ONE), quoted(OTHER)];
    assert_eq!(counts([&one, "1", &one], [&other, "1", &other]), (2, 0));
}

#[test]
fn long_texts_and_lists_take_no_time() {
    const TOKEN: &str = "TokenTokenTokenTokenTokenTokenTokenToken123";
    let quoted = |text: &str| format!("\"{text}\"");
    let begun = std::time::Instant::now();
    for word in ["-", "a/", "-1-=", "arn:", "arn:aws:states:", "A1-a", "2026-"] {
        let text = word.repeat(20_000 / word.len());
        let [one, other] = ["x", "y"].map(|end| quoted(&format!("{TOKEN} {text}{end}")));
        assert_eq!(counts(["1", &one, "2"], ["1", &other, "2"]), (1, 0), "{word}");
    }
    let [one, other] =
        [0, 1].map(|one| (0..20_000).map(|item| Value::from(2 * item + one)).collect::<Value>().to_string());
    assert_eq!(counts([&one, "1", &one], [&other, "1", &other]), (40_000, 0));
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}

#[test]
fn values_are_prepared_also_where_one_has_none() {
    let ended = |output: &str| course(&format!("1<0 +0 ExecutionStarted\n2<1 +1 {output}"));
    let (one, other) = (ended(r#"ExecutionSucceeded {"output":{"n":5}}"#), ended(r#"ExecutionFailed {"error":"E"}"#));
    let options = CompareOptions { prepared: &|_| Value::from("prepared"), ..CompareOptions::default() };
    assert_eq!(
        shown(&compare(&one, &other, &options)),
        [r#" Status $: "SUCCEEDED" | "FAILED""#, r#" Output $: "prepared" | -"#, r#" Error $: - | "prepared""#]
    );
}
