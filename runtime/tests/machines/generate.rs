//! State machines that are likely to run far: fields, paths and inputs are made of the same few names.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value as Json, json};

/// Error names that tasks fail with, and that Retriers and Catchers name.
pub(crate) const ERRORS: [&str; 3] = ["Busy", "Broken", "Lost"];

/// The resources that tasks have.
const RESOURCES: [&str; 5] = [
    "arn:aws:lambda:us-east-1:000000000000:function:f",
    "arn:aws:states:us-east-1:000000000000:activity:work",
    "arn:aws:states:::aws-sdk:sns:publish",
    "arn:aws:states:::aws-sdk:sqs:sendMessage.waitForTaskToken",
    "arn:aws:states:::aws-sdk:sfn:startExecution",
];

/// Paths that find something in nearly every input, and some that do not.
const PATHS: [&str; 14] = [
    "$",
    "$",
    "$",
    "$.o",
    "$.list",
    "$.list[0]",
    "$.list[*].n",
    "$.list[?(@.n > 1)]",
    "$..n",
    "$$.Execution",
    "$v",
    "$.r",
    "$.missing",
    "$.list[7]",
];

/// What templates compute.
const CALLS: [&str; 8] = [
    "$.n",
    "$.o",
    "$.list",
    "$$.State.Name",
    "States.UUID()",
    "States.MathRandom(1, 1000)",
    "States.Format('{}-{}', $.n, $.t)",
    "States.ArrayPartition($.list, 2)",
];

/// What expressions compute; the time is not among it, for it depends on the order of children.
const EXPRESSIONS: [&str; 10] = [
    "$states.input",
    "$states.input.n",
    "$states.input.list",
    "$states.context.State.Name",
    "$uuid()",
    "$random() < 0.5",
    "$states.input.list[n > 1].n",
    "$partition($states.input.list, 2)",
    "$v",
    "$states.input.missing",
];

/// How states become one scope: a list of drafts, in which transitions are numbers and scopes are lists.
type Draft = Map<String, Json>;

/// The text of a whole state machine.
pub(crate) fn machine() -> impl Strategy<Value = String> {
    scope(2).prop_map(|scope| finish(scope, &mut 0, 0).to_string())
}

/// An input, which is also an item of a Map: `fail`, `flaky`, `never` say what a task makes of it.
pub(crate) fn input() -> impl Strategy<Value = Json> {
    let told = prop_oneof![
        16 => Just(None),
        2 => select(&ERRORS[..]).prop_map(|error| Some(("fail", json!(error)))),
        2 => select(&ERRORS[..]).prop_map(|error| Some(("flaky", json!(error)))),
        3 => Just(Some(("never", json!(true)))),
    ];
    let plain = (0..4i64, select(&["a", "b", "2024-02-29T12:00:01Z"][..]), told).prop_map(|(n, t, told)| {
        let mut input = json!({"n": n, "t": t, "list": [], "o": {"n": n}});
        if let Some((name, value)) = told {
            input[name] = value;
        }
        input
    });
    plain.prop_recursive(2, 12, 4, |inner| {
        (vec(inner, 1..5), 0..4i64).prop_map(|(list, n)| json!({"n": n, "t": "a", "list": list, "o": {"n": 1}}))
    })
}

/// States that follow one another; the last one ends the scope.
fn scope(depth: u32) -> BoxedStrategy<Json> {
    (vec(state(depth, false), 0..3), state(depth, true))
        .prop_map(|(mut states, last)| {
            states.push(last);
            states.into_iter().map(Json::Object).collect()
        })
        .boxed()
}

fn state(depth: u32, last: bool) -> BoxedStrategy<Draft> {
    let simple = prop_oneof![
        3 => pass(),
        6 => task(),
        3 => jsonata(),
        1 => select(vec![json!({"Seconds": 0}), json!({"Seconds": 3}), json!({"SecondsPath": "$.n"}), json!({"TimestampPath": "$.t"})])
            .prop_map(|wait| with("Wait", wait)),
    ];
    let ends = prop_oneof![
        6 => Just(with("Succeed", json!({}))),
        1 => select(&ERRORS[..]).prop_map(|error| with("Fail", json!({"Error": error, "CausePath": "$.t"}))),
    ];
    let leaf = if last {
        prop_oneof![4 => simple, 1 => ends].boxed()
    } else {
        prop_oneof![3 => simple, 1 => choice()].boxed()
    };
    let state = match depth {
        0 => leaf,
        _ => {
            prop_oneof![4 => leaf, 1 => parallel(depth - 1), 2 => inline_map(depth - 1), 1 => distributed_map()].boxed()
        }
    };
    (state, data()).prop_map(|(state, data)| fitting(state, data)).boxed()
}

fn with(state_type: &str, fields: Json) -> Draft {
    let mut draft = Draft::from_iter([("Type".to_owned(), json!(state_type))]);
    if let Json::Object(fields) = fields {
        draft.extend(fields);
    }
    draft
}

/// The fields that shape data. Most of them are absent, so that what later states look for is still there.
fn data() -> impl Strategy<Value = Draft> {
    let result_path = prop_oneof![14 => select(vec![json!("$.r"), json!("$.o.x"), Json::Null]), 1 => Just(json!("$"))];
    let template = || {
        (select(&["v", "n", "list"][..]), select(&CALLS[..]))
            .prop_map(|(name, call)| json!({format!("{name}.$"): call, "t": "a"}))
    };
    let path = || select(&PATHS[..]).prop_map(|path| json!(path));
    let fields = (
        weighted(0.03, path()),
        weighted(0.06, template()),
        weighted(0.08, select(vec![json!({"all.$": "$"}), json!({"n.$": "$.n", "one": 1})])),
        weighted(0.92, result_path),
        weighted(0.03, path()),
        weighted(0.3, template()),
    );
    fields.prop_map(|(input, parameters, selector, result, output, assign)| {
        let names = ["InputPath", "Parameters", "ResultSelector", "ResultPath", "OutputPath", "Assign"];
        let values = [input, parameters, selector, result, output, assign];
        let some = |(name, value): (&str, Option<Json>)| Some((name.to_owned(), value?));
        names.into_iter().zip(values).filter_map(some).collect()
    })
}

/// A state with those of the fields that its type has.
fn fitting(state: Draft, data: Draft) -> Draft {
    if state.contains_key("QueryLanguage") {
        return state;
    }
    let state_type = state["Type"].as_str().unwrap_or_default().to_owned();
    let has = |name: &str| match name {
        "InputPath" | "OutputPath" => state_type != "Fail",
        "Parameters" => matches!(&*state_type, "Pass" | "Task" | "Parallel"),
        "ResultSelector" => matches!(&*state_type, "Task" | "Parallel" | "Map"),
        "ResultPath" => matches!(&*state_type, "Pass" | "Task" | "Parallel" | "Map"),
        _ => !matches!(&*state_type, "Fail" | "Succeed"),
    };
    let fields = data.into_iter().filter(|(name, _)| has(name));
    state.clone().into_iter().chain(fields).collect()
}

fn pass() -> BoxedStrategy<Draft> {
    weighted(0.3, select(vec![json!(1), json!({"n": 1, "list": [{"n": 2}]}), Json::Null]))
        .prop_map(|result| with("Pass", result.map_or(json!({}), |result| json!({"Result": result}))))
        .boxed()
}

fn task() -> BoxedStrategy<Draft> {
    let bounds =
        select(vec![json!({"TimeoutSeconds": 5}), json!({"TimeoutSeconds": 9, "HeartbeatSeconds": 4}), json!({})]);
    (select(&RESOURCES[..]), bounds, handlers())
        .prop_map(|(resource, bounds, handlers)| {
            let mut draft = with("Task", bounds);
            draft.insert("Resource".into(), json!(resource));
            draft.extend(handlers);
            draft
        })
        .boxed()
}

/// A state in JSONata, whose output keeps what later states look for.
fn jsonata() -> BoxedStrategy<Draft> {
    let expression = || select(&EXPRESSIONS[..]).prop_map(|text| format!("{{% {text} %}}"));
    let kept = select(&EXPRESSIONS[..]).prop_map(|text| format!("{{% $merge([$states.input, {{'r': {text}}}]) %}}"));
    let task = (select(&RESOURCES[..]), weighted(0.2, expression()), handlers()).prop_map(
        |(resource, arguments, mut handlers)| {
            for catcher in handlers.get_mut("Catch").and_then(Json::as_array_mut).into_iter().flatten() {
                catcher["Output"] = json!("{% $merge([$states.input, {'r': $states.errorOutput}]) %}");
                catcher.as_object_mut().map(|fields| fields.remove("ResultPath"));
            }
            let mut draft = with("Task", json!({"Resource": resource, "TimeoutSeconds": "{% 2 + 3 %}"}));
            draft.extend(arguments.map(|arguments| ("Arguments".into(), json!({"n": arguments, "t": "a"}))));
            draft.extend(handlers);
            draft
        },
    );
    let work = prop_oneof![
        2 => Just(with("Pass", json!({}))),
        1 => Just(with("Wait", json!({"Seconds": "{% $states.input.n %}"}))),
        3 => task,
    ];
    (work, weighted(0.8, kept), weighted(0.3, expression()))
        .prop_map(|(mut draft, output, assigned)| {
            draft.insert("QueryLanguage".into(), json!("JSONata"));
            draft.extend(output.map(|output| ("Output".into(), json!(output))));
            draft.extend(assigned.map(|value| ("Assign".into(), json!({"v": value, "n": 1}))));
            draft
        })
        .boxed()
}

/// `Retry` and `Catch`; the transition of a Catcher is a number still.
fn handlers() -> impl Strategy<Value = Draft> {
    let errors = || {
        let any = select(&["States.ALL", "States.TaskFailed", "States.Timeout"][..]);
        prop_oneof![2 => select(&ERRORS[..]), 1 => any]
    };
    let retrier = (errors(), 0..3, select(&["FULL", "NONE"][..]), 1..4).prop_map(|(error, most, jitter, seconds)| {
        json!({"ErrorEquals": [error], "MaxAttempts": most, "JitterStrategy": jitter, "IntervalSeconds": seconds, "BackoffRate": 1.5})
    });
    let catcher = (errors(), select(&["$", "$.r"][..]), any::<u8>()).prop_map(
        |(error, path, next)| json!({"ErrorEquals": [error], "ResultPath": path, "Assign": {"v": 1}, "Next": next}),
    );
    (weighted(0.5, retrier), weighted(0.4, catcher)).prop_map(|(retrier, catcher)| {
        // `States.ALL` stands alone and last, so there is one of each.
        let some = |(name, value): (&str, Option<Json>)| Some((name.to_owned(), json!([value?])));
        [("Retry", retrier), ("Catch", catcher)].into_iter().filter_map(some).collect()
    })
}

fn choice() -> BoxedStrategy<Draft> {
    let rule = select(vec![
        json!({"Variable": "$.n", "NumericGreaterThan": 1}),
        json!({"Variable": "$.t", "StringMatches": "a*"}),
        json!({"Variable": "$.missing", "IsPresent": true}),
        json!({"Not": {"Variable": "$.t", "IsTimestamp": true}}),
        json!({"And": [{"Variable": "$.list", "IsPresent": true}, {"Variable": "$.n", "NumericEqualsPath": "$.o.n"}]}),
    ]);
    let rule = (rule, any::<u8>()).prop_map(|(mut rule, next)| {
        rule["Next"] = json!(next);
        rule
    });
    vec(rule, 1..3).prop_map(|rules| with("Choice", json!({"Choices": rules}))).boxed()
}

fn parallel(depth: u32) -> BoxedStrategy<Draft> {
    (vec(scope(depth), 1..4), handlers())
        .prop_map(|(branches, handlers)| {
            let mut draft = with("Parallel", json!({"Branches": branches}));
            draft.extend(handlers);
            draft
        })
        .boxed()
}

fn map(fields: impl Strategy<Value = Json> + 'static, scope: BoxedStrategy<Json>) -> BoxedStrategy<Draft> {
    let items = prop_oneof![40 => Just("$.list"), 1 => Just("$.o"), 1 => Just("$.missing")];
    let selector = json!({"n.$": "$$.Map.Item.Index", "t": "a", "list": [], "o.$": "$$.Map.Item.Value"});
    let selector = weighted(0.1, Just(selector));
    (fields, scope, items, 0..4, selector, handlers())
        .prop_map(|(fields, scope, items, concurrency, selector, handlers)| {
            let mut draft = with("Map", fields);
            draft.extend([("ItemsPath".into(), json!(items)), ("MaxConcurrency".into(), json!(concurrency))]);
            draft.extend(selector.map(|selector| ("ItemSelector".into(), selector)));
            draft.extend([("ItemProcessor".into(), scope)]);
            draft.extend(handlers);
            draft
        })
        .boxed()
}

fn inline_map(depth: u32) -> BoxedStrategy<Draft> {
    map(Just(json!({})), scope(depth))
}

/// Its child executions do one thing after the other, so that their own histories, whose event ids stand in the texts of
/// failures, are the same whatever runs beside them.
fn distributed_map() -> BoxedStrategy<Draft> {
    let tolerated =
        select(vec![json!({}), json!({"ToleratedFailureCount": 1}), json!({"ToleratedFailurePercentage": 60.5})]);
    let batcher = select(vec![
        json!({"MaxItemsPerBatch": 2}),
        json!({"MaxInputBytesPerBatch": 90, "BatchInput": {"n.$": "$.n"}}),
    ]);
    let fields = (tolerated, weighted(0.3, batcher)).prop_map(|(mut fields, batcher)| {
        fields["Distributed"] = json!(true);
        if let Some(batcher) = batcher {
            fields["ItemBatcher"] = batcher;
        }
        fields
    });
    map(fields, scope(0))
}

/// Gives the states of a scope their names, and the transitions their targets. The next state always follows, so that none
/// is unreachable. An inner scope has variables of its own.
fn finish(scope: Json, names: &mut usize, level: usize) -> Json {
    let Json::Array(drafts) = scope else { unreachable!("a scope is a list") };
    let first = *names;
    *names += drafts.len();
    let count = drafts.len();
    let name = |at: usize| format!("S{}", first + at % count);
    let target = |draft: &mut Json| {
        let number = draft["Next"].as_u64().and_then(|number| usize::try_from(number).ok()).unwrap_or_default();
        draft["Next"] = json!(name(number));
    };
    let mut states = Draft::new();
    for (at, draft) in drafts.into_iter().enumerate() {
        let Json::Object(mut draft) = draft else { unreachable!("a state is an object") };
        for list in ["Choices", "Catch"] {
            draft.get_mut(list).and_then(Json::as_array_mut).into_iter().flatten().for_each(target);
        }
        let catchers = draft.get_mut("Catch").and_then(Json::as_array_mut).into_iter().flatten();
        catchers.filter_map(Json::as_object_mut).for_each(|catcher| assign_at(catcher, level));
        assign_at(&mut draft, level);
        let distributed = draft.remove("Distributed").is_some();
        if let Some(Json::Array(branches)) = draft.remove("Branches") {
            let branches: Json = branches.into_iter().map(|branch| finish(branch, names, level + 1)).collect();
            draft.insert("Branches".into(), branches);
        }
        if let Some(scope) = draft.remove("ItemProcessor") {
            let mut processor = finish(scope, names, level + 1);
            if distributed {
                processor["ProcessorConfig"] = json!({"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"});
            }
            draft.insert("ItemProcessor".into(), processor);
        }
        match draft["Type"].as_str() {
            Some("Succeed" | "Fail") => {}
            Some("Choice") => _ = draft.insert("Default".into(), json!(name(at + 1))),
            _ if at + 1 == count => _ = draft.insert("End".into(), json!(true)),
            _ => _ = draft.insert("Next".into(), json!(name(at + 1))),
        }
        states.insert(name(at), Json::Object(draft));
    }
    json!({"StartAt": name(0), "States": states})
}

/// Adds the level of the scope to the names of variables, which no scope inside may assign again.
fn assign_at(fields: &mut Draft, level: usize) {
    let Some(Json::Object(assigned)) = fields.remove("Assign") else { return };
    let renamed = assigned.into_iter().map(|(name, value)| {
        let (name, path) = name.strip_suffix(".$").map_or((&*name, ""), |name| (name, ".$"));
        let level = if level == 0 { String::new() } else { level.to_string() };
        (format!("{name}{level}{path}"), value)
    });
    fields.insert("Assign".into(), Json::Object(renamed.collect()));
}
