//! What a drawing says of a state besides its name.

use asl_engine::{StateType, Value};

/// `Task · lambda:invoke · resize`, `Wait · 30 s`, `Map · 5 at once`: the type, and what tells the state from others of its type.
pub(crate) fn detail(state_type: StateType, state: &Value, branches: usize) -> String {
    let text = |name: &str| state.get(name).map(shown);
    let details = match state_type {
        StateType::Task => {
            let (resource, target) = called(state);
            vec![Some(resource), target]
        }
        StateType::Wait => vec![
            text("Seconds").map(|seconds| if seconds.parse::<u64>().is_ok() { seconds + " s" } else { seconds }),
            text("SecondsPath"),
            text("Timestamp").map(|at| format!("until {at}")),
            text("TimestampPath").map(|at| format!("until {at}")),
        ],
        StateType::Fail => vec![text("Error").or_else(|| text("ErrorPath"))],
        StateType::Map => {
            let processor = state.get("ItemProcessor").and_then(|processor| processor.get("ProcessorConfig"));
            let mode = processor.and_then(|config| config.get("Mode")).and_then(Value::as_str);
            let most = text("MaxConcurrency").filter(|most| most != "0").or_else(|| text("MaxConcurrencyPath"));
            vec![
                mode.filter(|mode| *mode == "DISTRIBUTED").map(|_| "distributed".to_owned()),
                most.map(|most| format!("{most} at once")),
            ]
        }
        StateType::Parallel => vec![Some(format!("{branches} {}", if branches == 1 { "branch" } else { "branches" }))],
        StateType::Pass | StateType::Choice | StateType::Succeed => Vec::new(),
    };
    let details = details.into_iter().flatten().filter(|detail| !detail.is_empty());
    [state_type.name().to_owned()].into_iter().chain(details).collect::<Vec<_>>().join(" · ")
}

/// `↻ States.Timeout, Busy ×3`: the errors of a Retrier and how often it tries again; of many errors the first and how many more
/// there are.
///
/// States Language specification, "Retrying after error": three attempts more where nothing else is said.
pub(crate) fn retry(retrier: &Value) -> String {
    /// How many characters of names are shown.
    const NAMES: usize = 34;
    let attempts = retrier.get("MaxAttempts").map_or_else(|| "3".to_owned(), shown);
    let names = errors(retrier);
    let short = match names.split_once(", ") {
        Some((first, others)) if names.chars().count() > NAMES => format!("{first} +{}", others.split(", ").count()),
        _ => names,
    };
    // No line ends behind the sign or before the number.
    format!("↻\u{a0}{short}\u{a0}×{attempts}")
}

/// As [`retry`], with all its errors.
pub(crate) fn whole_retry(retrier: &Value) -> String {
    let attempts = retrier.get("MaxAttempts").map_or_else(|| "3".to_owned(), shown);
    format!("Retry: {} ×{attempts}", errors(retrier))
}

/// The names of `ErrorEquals`.
pub(crate) fn errors(of: &Value) -> String {
    let names = of.get("ErrorEquals").and_then(Value::as_array).map(|names| &**names).unwrap_or_default();
    names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), |text| text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// What a Task calls, in short, and what of it.
fn called(state: &Value) -> (String, Option<String>) {
    /// Parameters that name what is called, the first that is there.
    const TARGETS: [&str; 9] = [
        "FunctionName",
        "StateMachineArn",
        "TableName",
        "QueueUrl",
        "TopicArn",
        "JobName",
        "JobDefinition",
        "TaskDefinition",
        "Bucket",
    ];
    let resource = state.get("Resource").map(shown).unwrap_or_default();
    if let Some((_, action)) = resource.split_once(":::") {
        let parameters = state.get("Arguments").or_else(|| state.get("Parameters"));
        let target = TARGETS.iter().find_map(|name| parameters?.get(name)?.as_str());
        return (action.to_owned(), target.map(last_name));
    }
    for (part, word) in [(":function:", "lambda"), (":activity:", "activity")] {
        if let Some((_, name)) = resource.split_once(part) {
            return (word.to_owned(), Some(name.to_owned()));
        }
    }
    (resource, None)
}

/// The name at the end of an ARN or an address; an expression stays whole.
fn last_name(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.starts_with("{%") {
        return text;
    }
    if let Some((_, function)) = text.split_once(":function:") {
        return function.to_owned();
    }
    text.rsplit([':', '/']).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_told_from_others_of_its_type() {
        for (state_type, state, expected) in [
            (
                StateType::Task,
                r#"{"Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "arn:aws:lambda:us-east-1:1:function:resize:$LATEST"}}"#,
                "Task · lambda:invoke · resize:$LATEST",
            ),
            (
                StateType::Task,
                r#"{"Resource": "arn:aws:lambda:us-east-1:1:function:resize"}"#,
                "Task · lambda · resize",
            ),
            (StateType::Task, r#"{"Resource": "arn:aws:states:us-east-1:1:activity:sign"}"#, "Task · activity · sign"),
            (
                StateType::Task,
                r#"{"Resource": "arn:aws:states:::sqs:sendMessage", "Arguments": {"QueueUrl": "https://sqs.a.b/1/jobs"}}"#,
                "Task · sqs:sendMessage · jobs",
            ),
            (
                StateType::Task,
                r#"{"Resource": "arn:aws:states:::aws-sdk:s3:listBuckets"}"#,
                "Task · aws-sdk:s3:listBuckets",
            ),
            (StateType::Task, r#"{"Resource": "${Function}"}"#, "Task · ${Function}"),
            (StateType::Wait, r#"{"Seconds": 30}"#, "Wait · 30 s"),
            (StateType::Wait, r#"{"Seconds": "{% $n %}"}"#, "Wait · {% $n %}"),
            (StateType::Wait, r#"{"TimestampPath": "$.at"}"#, "Wait · until $.at"),
            (StateType::Fail, r#"{"Error": "Broken", "Cause": "c"}"#, "Fail · Broken"),
            (StateType::Map, r#"{"MaxConcurrency": 5}"#, "Map · 5 at once"),
            (StateType::Map, r#"{"ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED"}}}"#, "Map · distributed"),
            (StateType::Parallel, "{}", "Parallel · 2 branches"),
            (StateType::Pass, "{}", "Pass"),
        ] {
            assert_eq!(detail(state_type, &state.parse().unwrap(), 2), expected, "{state}");
        }
        for (retrier, expected) in [
            (r#"{"ErrorEquals": ["States.Timeout", "Busy"], "MaxAttempts": 5}"#, "↻ States.Timeout, Busy ×5"),
            (r#"{"ErrorEquals": ["A"]}"#, "↻ A ×3"),
            (
                r#"{"ErrorEquals": ["Lambda.ServiceException", "Lambda.SdkClientException", "Busy"]}"#,
                "↻ Lambda.ServiceException +2 ×3",
            ),
        ] {
            assert_eq!(retry(&retrier.parse().unwrap()).replace('\u{a0}', " "), expected, "{retrier}");
        }
    }
}
