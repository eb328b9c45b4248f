use super::*;
use crate::lines::course;

const HISTORY: &str = r#"
    1<0 +0 ExecutionStarted {"input":1}
    2<0 +10 MapStateEntered {"name":"Each"}
    3<2 +10 MapStateStarted
    4<3 +11 MapIterationStarted {"name":"Each","index":0}
    5<4 +11 TaskStateEntered {"name":"Pay"}
    6<5 +20 TaskScheduled {"resourceType":"sqs","resource":"sendMessage.waitForTaskToken","region":"eu-west-1","parameters":{}}
    7<6 +21 TaskStarted
    8<7 +30 TaskFailed {"error":"Busy","cause":"{\"n\":1}"}
    9<8 +1030 TaskScheduled {"resourceType":"lambda","resource":"invoke","parameters":{"FunctionName":"arn:aws:lambda:eu-west-1:1:function:pay:7"}}
    10<9 +1040 TaskFailed {"error":"Bad"}
    11<10 +1041 MapIterationFailed {"name":"Each","index":0}
    12<11 +1042 MapStateFailed
    13<12 +1043 ExecutionFailed {"error":"Bad","cause":"because"}
"#;

fn spans(trace: &Value) -> Vec<Value> {
    trace["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().to_vec()
}

/// Attributes on a line.
fn shown(attributes: &Value) -> String {
    let one = |it: &Value| {
        let value = &it["value"];
        let value = value.get("stringValue").or(value.get("intValue")).and_then(Value::as_str);
        format!("{}={}", it["key"].as_str().unwrap(), value.unwrap())
    };
    attributes.as_array().unwrap().iter().map(one).collect::<Vec<_>>().join(" ")
}

#[test]
fn executions_states_and_attempts_are_spans() {
    let trace = course(HISTORY).trace("1.2.3").unwrap();
    assert_eq!(shown(&trace["resourceSpans"][0]["resource"]["attributes"]), "service.name=order");
    assert_eq!(trace["resourceSpans"][0]["scopeSpans"][0]["scope"].to_string(), r#"{"name":"asl","version":"1.2.3"}"#);
    let spans = spans(&trace);
    let name_of = |id: &Value| {
        spans.iter().find(|span| span["spanId"] == *id).map_or("-", |span| span["name"].as_str().unwrap()).to_owned()
    };
    let lines: Vec<String> = spans
        .iter()
        .map(|span| {
            let took = |name: &str| span[name].as_str().unwrap().parse::<i64>().unwrap() / 1_000_000;
            let millis = took("endTimeUnixNano") - took("startTimeUnixNano");
            let parent = span.get("parentSpanId").map_or("-".to_owned(), name_of);
            format!("{} < {parent} {} {millis} ms {}", span["name"].as_str().unwrap(), span["kind"], span["status"])
        })
        .collect();
    assert_eq!(
        lines,
        [
            r#"order < - 1 1043 ms {"message":"because","code":2}"#,
            r#"Each[0] < Each 1 1030 ms {"code":2}"#,
            r#"Each < order 1 1033 ms {"code":2}"#,
            r#"Pay < Each[0] 1 1030 ms {"code":2}"#,
            r#"sqs.sendMessage < Pay 3 10 ms {"message":"{\"n\":1}","code":2}"#,
            r#"lambda.invoke < Pay 3 10 ms {"code":2}"#,
        ]
    );
    assert_eq!(
        shown(&spans[4]["attributes"]),
        "asl.attempt=1 asl.task.resource=sendMessage.waitForTaskToken rpc.system=aws-api rpc.service=sqs rpc.method=sendMessage \
         cloud.region=eu-west-1 error.type=Busy asl.status=FAILED"
    );
    let events: Vec<&str> =
        spans[4]["events"].as_array().unwrap().iter().map(|event| event["name"].as_str().unwrap()).collect();
    assert_eq!(events, ["taken", "exception"]);
    assert_eq!(shown(&spans[4]["events"][1]["attributes"]), r#"exception.type=Busy exception.message={"n":1}"#);
    assert!(
        shown(&spans[5]["attributes"])
            .contains("faas.invoked_name=pay faas.invoked_provider=aws faas.invoked_region=eu-west-1")
    );
    assert!(shown(&spans[0]["attributes"]).contains(
        "aws.step_functions.state_machine.arn=arn:aws:states:us-east-1:123456789012:stateMachine:order error.type=Bad"
    ));
}

#[test]
fn ids_are_the_same_each_time_and_no_two_are() {
    let course = course(HISTORY);
    let trace = course.trace("1").unwrap();
    assert_eq!(trace, course.trace("1").unwrap());
    let spans = spans(&trace);
    let is_hex = |id: &Value, digits: usize| {
        let id = id.as_str().unwrap();
        id.len() == digits && id.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
    };
    let mut ids: Vec<&str> = spans.iter().map(|span| span["spanId"].as_str().unwrap()).collect();
    assert!(spans.iter().all(|span| is_hex(&span["traceId"], 32) && is_hex(&span["spanId"], 16)));
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), spans.len());
}

#[test]
fn what_has_not_ended_lasts_until_the_last_event() {
    let text: String = HISTORY.lines().take(9).map(|line| format!("{line}\n")).collect();
    let trace = course(&text).trace("1").unwrap();
    let spans = spans(&trace);
    assert!(spans.iter().take(4).all(|span| span["status"].as_object().unwrap().is_empty()));
    assert_eq!(spans[0]["endTimeUnixNano"], "1796025600030000000".into());
    assert_eq!(course("1<0 +0 ExecutionStarted").trace("1").map(|_| ()), Some(()));
    let without = Course::of(&r#"[{"id": 1, "type": "ExecutionStarted"}]"#.parse().unwrap(), None).unwrap();
    assert_eq!(without.trace("1"), None);
}
