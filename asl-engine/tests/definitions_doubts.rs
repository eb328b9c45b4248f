//! What AWS takes and what never works: what is warned of, and what is not because it may.

#[path = "support/findings.rs"]
mod support;

use asl_engine::{CheckOptions, Severity, diagnose};

/// The warnings about a machine of these states, beginning with `A`: code, place and help. It has no errors.
fn warnings(language: &str, states: &str) -> Vec<String> {
    let text = format!(r#"{{"QueryLanguage": "{language}", "StartAt": "A", "States": {{{states}}}}}"#);
    let found = diagnose(&text, CheckOptions { placeholders: true, ..CheckOptions::default() });
    let told = |found: &asl_engine::Diagnostic| {
        assert_eq!(found.severity, Severity::Warning, "{found}\n{text}");
        format!("{found} ({})", found.help.as_deref().unwrap_or_default())
    };
    found.iter().map(told).collect()
}

#[track_caller]
fn check(language: &str, cases: &[(&str, &str)]) {
    for (states, expected) in cases {
        assert_eq!(warnings(language, states).join("; "), *expected, "{states}");
    }
}

#[test]
fn retriers_and_catchers_that_no_error_reaches() {
    let task = |field: &str, lists: &[&str]| {
        let member = |names: &&str| match field {
            "Retry" => format!(r#"{{"ErrorEquals": [{names}]}}"#),
            _ => format!(r#"{{"ErrorEquals": [{names}], "Next": "B"}}"#),
        };
        let members: Vec<String> = lists.iter().map(member).collect();
        let states = format!(
            r#""A": {{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "{field}": [{}], "Next": "B"}},
               "B": {{"Type": "Succeed"}}"#,
            members.join(", ")
        );
        warnings("JSONPath", &states).join("; ")
    };
    for (lists, at) in [
        (&[r#""A""#, r#""B""#][..], None),
        (&[r#""A", "B""#, r#""B", "A""#], Some(1)),
        (&[r#""A""#, r#""A", "B""#, r#""B""#], Some(2)),
        (&[r#""States.TaskFailed""#, r#""Lambda.ServiceException", "States.Permissions""#], Some(1)),
        (&[r#""States.TaskFailed""#, r#""States.Timeout""#], None),
        (&[r#""States.TaskFailed""#, r#""States.QueryEvaluationError""#], None),
        (&[r#""States.TaskFailed""#, r#""States.HeartbeatTimeout""#], None),
        (&[r#""States.TaskFailed""#, r#""States.DataLimitExceeded""#], None),
        (&[r#""States.TaskFailed""#, r#""States.ALL""#], None),
        (&[r#""A""#, r#""States.TaskFailed""#], None),
        (&[r#""States.TaskFailed""#, r#""${Error}""#], None),
        (&[r#""${Error}""#, r#""${Error}""#], Some(1)),
    ] {
        for (field, what) in [("Retry", "Retrier"), ("Catch", "Catcher")] {
            let expected = at.map_or_else(String::new, |at| {
                format!(
                    "UNREACHABLE_{}: No error reaches this {what} at /States/A/{field}[{at}] \
                     (those before it take every error that it names)",
                    what.to_uppercase()
                )
            });
            assert_eq!(task(field, lists), expected, "{lists:?}");
        }
    }
    assert_eq!(
        task("Catch", &[r#""A", "States.Runtime""#]),
        "UNCATCHABLE_ERROR: No Retrier and no Catcher takes 'States.Runtime' at /States/A/Catch[0]/ErrorEquals \
         (it ends the execution at once: what raises it has to be avoided)"
    );
}

/// The codes and places of warnings about a Choice state of these rules.
fn rules(rules: &[&str]) -> String {
    let rules: Vec<String> = rules.iter().map(|rule| format!(r#"{{{rule}, "Next": "B"}}"#)).collect();
    let language = if rules.iter().any(|rule| rule.contains("Condition")) { "JSONata" } else { "JSONPath" };
    let states = format!(
        r#""A": {{"Type": "Choice", "Choices": [{}], "Default": "B"}}, "B": {{"Type": "Succeed"}}"#,
        rules.join(", ")
    );
    let found = warnings(language, &states).into_iter().map(|line| {
        let (code, rest) = line.split_once(": ").expect("a code");
        let place = rest.rsplit_once("/A/").map_or(rest, |(_, place)| place);
        format!("{code} {}", place.split(' ').next().unwrap_or_default())
    });
    found.collect::<Vec<_>>().join("; ")
}

#[test]
fn rules_that_never_hold() {
    let never = "RULE_NEVER_HOLDS Choices[0]";
    for (both, expected) in [
        (r#""StringEquals": "a"}, {"Variable": "$.x", "StringEquals": "b""#, never),
        (r#""StringEquals": "a"}, {"Variable": "$.x", "StringEquals": "a""#, ""),
        (r#""StringEquals": "a"}, {"Variable": "$.y", "StringEquals": "b""#, ""),
        (r#""StringEquals": "${A}"}, {"Variable": "$.x", "StringEquals": "b""#, ""),
        (r#""StringEquals": "a"}, {"Variable": "$.x", "NumericEquals": 1"#, never),
        (r#""NumericGreaterThan": 5}, {"Variable": "$.x", "NumericLessThan": 5"#, never),
        (r#""NumericGreaterThanEquals": 5}, {"Variable": "$.x", "NumericLessThanEquals": 5"#, ""),
        (r#""NumericGreaterThan": 5}, {"Variable": "$.x", "NumericLessThan": 6"#, ""),
        (r#""NumericGreaterThan": 5}, {"Variable": "$.x", "NumericEquals": 5.0"#, never),
        (r#""StringGreaterThan": "b"}, {"Variable": "$.x", "StringLessThanEquals": "a""#, never),
        (
            r#""TimestampEquals": "2024-01-01T01:00:00+01:00"}, {"Variable": "$.x", "TimestampEquals": "2024-01-01T00:00:00Z""#,
            "",
        ),
        (r#""TimestampEquals": "2024-01-01T00:00:00Z"}, {"Variable": "$.x", "StringMatches": "2024*""#, ""),
        (r#""IsPresent": true}, {"Variable": "$.x", "IsNull": true"#, ""),
        (r#""IsPresent": false}, {"Variable": "$.x", "IsNull": true"#, never),
        (r#""IsString": false}, {"Variable": "$.x", "StringEquals": "a""#, never),
        (r#""IsTimestamp": false}, {"Variable": "$.x", "StringEquals": "a""#, ""),
        (r#""BooleanEquals": true}, {"Not": {"Variable": "$.x", "IsBoolean": true}"#, never),
        (r#""StringEquals": "a"}, {"Not": {"Variable": "$.x", "StringEquals": "a"}"#, ""),
        (r#""StringEquals": "a"}, {"And": [{"Variable": "$.x", "StringEquals": "b"}]"#, never),
        (r#""StringEquals": "a"}, {"Or": [{"Variable": "$.x", "StringEquals": "b"}]"#, ""),
    ] {
        let both = format!(r#""And": [{{"Variable": "$.x", {both}}}]"#);
        assert_eq!(rules(&[&both]), expected, "{both}");
    }
    assert_eq!(
        rules(&[r#""Condition": false"#, r#""Condition": "{% false %}""#]),
        "RULE_NEVER_HOLDS Choices[0]; RULE_NEVER_HOLDS Choices[1]"
    );
}

#[test]
fn rules_behind_others_that_hold_wherever_they_would() {
    let x = r#""Variable": "$.x", "StringEquals": "a""#;
    let y = r#""Variable": "$.y", "IsPresent": true"#;
    let of = |word: &str, rules: [&str; 2]| format!(r#""{word}": [{{{}}}, {{{}}}]"#, rules[0], rules[1]);
    let second = "UNREACHABLE_RULE Choices[1]";
    for (first, then, expected) in [
        (x.to_owned(), x.to_owned(), second),
        (x.to_owned(), y.to_owned(), ""),
        (x.to_owned(), of("And", [y, x]), second),
        (x.to_owned(), of("Or", [y, x]), ""),
        (of("Or", [x, y]), y.to_owned(), second),
        (of("Or", [x, y]), of("Or", [y, x]), second),
        (of("And", [x, y]), x.to_owned(), ""),
        (
            r#""Condition": "{% $states.input.x %}""#.to_owned(),
            r#""Condition": "{%$states.input.x%}""#.to_owned(),
            second,
        ),
        (
            r#""Condition": "{% $random() > 0.5 %}""#.to_owned(),
            r#""Condition": "{% $random() > 0.5 %}""#.to_owned(),
            "",
        ),
        (
            r#""Condition": "{% true %}""#.to_owned(),
            r#""Condition": "{% $states.input.x %}""#.to_owned(),
            "UNREACHABLE_RULE Choices[1]; UNREACHABLE_RULE Default",
        ),
    ] {
        assert_eq!(rules(&[&first, &then]), expected, "{first} {then}");
    }
}

#[test]
fn loops_that_nothing_ends() {
    let task = |next: &str, more: &str| {
        format!(r#""A": {{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", {more} "Next": "{next}"}}"#)
    };
    let over = r#""E": {"Type": "Succeed"}"#;
    let catch = r#""Catch": [{"ErrorEquals": ["X"], "Next": "E"}],"#;
    let out = r#""Choices": [{"Variable": "$.done", "IsPresent": true, "Next": "E"}]"#;
    let choice = format!(r#""A": {{"Type": "Choice", {out}, "Default": "B"}}"#);
    for (states, expected) in [
        // Out of the loop leads a Catcher, a rule, a failure; and somebody may want to wait for ever.
        (format!(r#"{}, "B": {{"Type": "Pass", "Next": "A"}}, {over}"#, task("B", catch)), ""),
        (format!(r#"{choice}, "B": {{"Type": "Wait", "Seconds": 1, "Next": "A"}}, {over}"#), ""),
        (
            format!(
                r#""A": {{"Type": "Choice", {out}, "Default": "B"}}, "B": {{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Next": "C"}}, "C": {{"Type": "Pass", "Next": "B"}}, {over}"#
            ),
            "No way leads out of the loop 'B' → 'C' → 'B'",
        ),
        (
            format!(
                r#"{choice}, "B": {{"Type": "Wait", "Seconds": 1, "Next": "C"}}, "C": {{"Type": "Pass", "Next": "B"}}, {over}"#
            ),
            "",
        ),
        // Nothing changes.
        (
            format!(r#"{choice}, "B": {{"Type": "Pass", "Next": "A"}}, {over}"#),
            "Nothing changes in the loop 'A' → 'B' → 'A'",
        ),
        (
            format!(r#"{choice}, "B": {{"Type": "Pass", "Result": 1, "ResultPath": null, "Next": "A"}}, {over}"#),
            "Nothing changes in the loop 'A' → 'B' → 'A'",
        ),
        (format!(r#"{choice}, "B": {{"Type": "Pass", "Result": 1, "ResultPath": "$.done", "Next": "A"}}, {over}"#), ""),
        (
            format!(
                r#"{choice}, "B": {{"Type": "Pass", "Assign": {{"n": 1}}, "OutputPath": "$", "Next": "C"}}, "C": {{"Type": "Pass", "InputPath": "$n", "Next": "A"}}, {over}"#
            ),
            "",
        ),
        (
            format!(
                r#""A": {{"Type": "Choice", "Choices": [{{"Variable": "$$.State.EnteredTime", "StringMatches": "2030*", "Next": "E"}}], "Default": "A"}}, {over}"#
            ),
            "",
        ),
        (
            format!(r#""A": {{"Type": "Choice", {out}, "Default": "A"}}, {over}"#),
            "Nothing changes in the loop 'A' → 'A'",
        ),
        // What follows may go round and out.
        (
            format!(
                r#"{choice}, "B": {{"Type": "Choice", "Choices": [{{"Variable": "$.again", "IsPresent": true, "Next": "E"}}], "Default": "E"}}, {over}"#
            ),
            "",
        ),
    ] {
        let expected = match expected {
            "" => String::new(),
            message => format!("ENDLESS_LOOP: {message}"),
        };
        let found = warnings("JSONPath", &states).join("; ");
        assert_eq!(found.split(" at ").next(), Some(&*expected), "{states}: {found}");
    }
    let jsonata = |condition: &str, output: &str| {
        let states = format!(
            r#""A": {{"Type": "Choice", "Choices": [{{"Condition": "{condition}", "Next": "E"}}], "Default": "B"}},
               "B": {{"Type": "Pass", {output} "Next": "A"}}, {over}"#
        );
        warnings("JSONata", &states).len()
    };
    assert_eq!(jsonata("{% $states.input.done %}", ""), 1);
    assert_eq!(jsonata("{% $states.input.done %}", r#""Output": "{% $states.input %}","#), 0);
    assert_eq!(jsonata("{% $now() > '2030' %}", ""), 0);
    assert_eq!(jsonata("{% $states.context.State.EnteredTime > '2030' %}", ""), 0);
}

#[test]
fn fields_that_the_states_before_do_not_hand_on() {
    let lacks = |name: &str, path: &str, place: &str, help: &str| {
        format!("MISSING_FIELD: The input has no '{name}' here, which '{path}' asks for at /States/{place} ({help})")
    };
    let task = r#""Type": "Task", "Resource": "arn:aws:states:::lambda:invoke""#;
    let read = |path: &str| format!(r#""B": {{"Type": "Pass", "Parameters": {{"p.$": "{path}"}}, "End": true}}"#);
    let a = |fields: &str, path: &str| format!(r#""A": {{{fields}, "Next": "B"}}, {}"#, read(path));
    let order = r#""Type": "Pass", "Result": {"order": {"id": 1}}"#;
    let place = "B/Parameters";
    for (states, expected) in [
        (a(order, "$.order.id"), String::new()),
        (a(order, "$.order.ids"), lacks("ids", "$.order.ids", place, "did you mean 'id'?")),
        (a(order, "$.total[0]"), lacks("total", "$.total[0]", place, "what the states before hand on has: order")),
        (a(order, "States.Format('{}', $.orders)"), lacks("orders", "$.orders", place, "did you mean 'order'?")),
        // An indefinite path finds nothing, which is no failure.
        (a(order, "$.total[*]"), String::new()),
        (a(order, "$$.Execution.Id"), String::new()),
        (a(&format!(r#"{order}, "ResultPath": "$.x""#), "$.y"), String::new()),
        (a(&format!(r#"{order}, "OutputPath": "$.order""#), "$.y"), String::new()),
        (a(r#""Type": "Pass", "Parameters": {"a.$": "$.b"}"#, "$.a.c"), String::new()),
        (
            a(r#""Type": "Pass", "Parameters": {"a.$": "$.b"}"#, "$.b"),
            lacks("b", "$.b", place, "what the states before hand on has: a"),
        ),
        (a(r#""Type": "Pass", "Result": {"${Name}": 1}"#, "$.b"), String::new()),
        (a(r#""Type": "Pass", "Result": {"a": "${Value}"}"#, "$.a.b"), String::new()),
        (a(task, "$.b"), String::new()),
        (
            a(&format!(r#"{task}, "ResultSelector": {{"total.$": "$.Payload"}}"#), "$.totl"),
            lacks("totl", "$.totl", place, "did you mean 'total'?"),
        ),
        (
            a(r#""Type": "Pass", "QueryLanguage": "JSONata", "Output": {"a": "{% 1 %}"}"#, "$.order"),
            lacks("order", "$.order", place, "what the states before hand on has: a"),
        ),
        // A Catcher hands on the error; with a ResultPath, beside the input.
        (
            format!(
                r#""A": {{{task}, "End": true, "Catch": [{{"ErrorEquals": ["X"], "Next": "B"}}]}}, {}"#,
                read("$.order")
            ),
            lacks(
                "order",
                "$.order",
                place,
                "a Catcher hands on the error alone; its ResultPath puts it beside the input",
            ),
        ),
        (
            format!(
                r#""A": {{{task}, "End": true, "Catch": [{{"ErrorEquals": ["X"], "ResultPath": "$.e", "Next": "B"}}]}}, {}"#,
                read("$.order")
            ),
            String::new(),
        ),
        // Through states that hand on what they get, to any that has it not.
        (
            format!(
                r#""A": {{{order}, "Next": "W"}}, "W": {{"Type": "Wait", "Seconds": 1, "Next": "C"}}, "C": {{"Type": "Choice",
                   "Choices": [{{"Variable": "$.order.paid", "BooleanEquals": true, "Next": "B"}}], "Default": "B"}}, {}"#,
                read("$.order.id")
            ),
            lacks("paid", "$.order.paid", "C/Choices[0]", "what the states before hand on has: id"),
        ),
        // Who asks whether it is there knows.
        (
            format!(
                r#""A": {{{order}, "Next": "C"}}, "C": {{"Type": "Choice", "Choices": [{{"And": [{{"Variable": "$.paid", "IsPresent": true}},
                   {{"Variable": "$.paid.by", "StringEquals": "x"}}], "Next": "B"}}], "Default": "B"}}, {}"#,
                read("$.paid")
            ),
            String::new(),
        ),
        // Two ways lead here, of which one has it.
        (
            format!(
                r#""A": {{"Type": "Choice", "Choices": [{{"Variable": "$.x", "IsPresent": true, "Next": "P"}}], "Default": "Q"}},
                   "P": {{"Type": "Pass", "Result": {{"a": {{"x": 1}}}}, "Next": "B"}}, "Q": {{"Type": "Pass", "Result": {{"b": 1}}, "Next": "B"}}, {}"#,
                read("$.b")
            ),
            String::new(),
        ),
        // What comes round a loop.
        (
            format!(
                r#""A": {{{order}, "Next": "L"}}, "L": {{"Type": "Choice", "Choices": [{{"Variable": "$.order.id", "NumericEquals": 9, "Next": "B"}}], "Default": "N"}},
                   "N": {{"Type": "Pass", "Result": 2, "ResultPath": "$.count", "Next": "L"}}, {}"#,
                read("$.count")
            ),
            String::new(),
        ),
        // Branches see what the Parallel state is given; its result is a list.
        (
            format!(
                r#""A": {{{order}, "Next": "Q"}}, "Q": {{"Type": "Parallel", "Next": "B", "Branches": [{{"StartAt": "I", "States":
                   {{"I": {{"Type": "Pass", "InputPath": "$.paid", "End": true}}}}}}]}}, {}"#,
                read("$.order")
            ),
            [
                lacks(
                    "paid",
                    "$.paid",
                    "Q/Branches[0]/States/I/InputPath",
                    "what the states before hand on has: order",
                ),
                lacks("order", "$.order", place, "what the states before hand on has no members there"),
            ]
            .join("; "),
        ),
    ] {
        assert_eq!(warnings("JSONPath", &states).join("; "), expected, "{states}");
    }
}

#[test]
fn variables_in_paths() {
    check(
        "JSONPath",
        &[
            (
                r#""A": {"Type": "Pass", "Assign": {"order": 1}, "Next": "B"}, "B": {"Type": "Pass", "Parameters": {"a.$": "$order", "b.$": "States.Format('{}', $ordr.id)"}, "End": true}"#,
                "UNASSIGNED_VARIABLE: No variable '$ordr' is assigned before at /States/B/Parameters (did you mean '$order'?)",
            ),
            (
                r#""A": {"Type": "Choice", "Choices": [{"Variable": "$n", "NumericEquals": 3, "Next": "B"}], "Default": "B"}, "B": {"Type": "Succeed"}"#,
                "UNASSIGNED_VARIABLE: No variable '$n' is assigned before at /States/A/Choices[0] \
             (a path finds nothing then, and fails: 'Assign' of a state before assigns it)",
            ),
            (
                r#""A": {"Type": "Choice", "Choices": [{"Variable": "$n", "IsPresent": true, "Next": "B"}], "Default": "C"}, "B": {"Type": "Wait", "SecondsPath": "$n", "Next": "C"}, "C": {"Type": "Succeed"}"#,
                "",
            ),
            (
                r#""A": {"Type": "Pass", "Assign": {"used": 1, "unused.$": "$.x"}, "Next": "B"}, "B": {"Type": "Succeed", "InputPath": "$used"}"#,
                "UNUSED_VARIABLE: Nothing reads the variable 'unused' at /States/A/Assign/unused.$ \
             (it is assigned here, and no path and no expression has it)",
            ),
            (
                r#""A": {"Type": "Pass", "Assign": {"x": 1}, "Next": "B"}, "B": {"Type": "Pass", "Result": "${Y}", "End": true}"#,
                "",
            ),
        ],
    );
    check(
        "JSONata",
        &[(
            r#""A": {"Type": "Pass", "Assign": {"x": 1, "count": 2}, "Next": "B"}, "B": {"Type": "Succeed", "Output": "{% ($y := $x; $y) %}"}"#,
            "UNUSED_VARIABLE: Nothing reads the variable 'count' at /States/A/Assign/count \
             (it is assigned here, and no path and no expression has it)",
        )],
    );
}

#[test]
fn what_belongs_to_the_other_language() {
    let jsonata = "this state is in JSONPath";
    check(
        "JSONPath",
        &[
            (
                r#""A": {"Type": "Pass", "Parameters": {"a": ["{% $states.input %}"], "b": "100 %}"}, "End": true}"#,
                &format!(
                    "NOT_JSONATA: '{{% … %}}' is passed on as a text: {jsonata} at /States/A/Parameters \
                 (with '\"QueryLanguage\": \"JSONata\"' it is an expression)"
                ),
            ),
            (
                r#""A": {"Type": "Fail", "Cause": "{% $states.input %}"}"#,
                &format!(
                    "NOT_JSONATA: '{{% … %}}' is passed on as a text: {jsonata} at /States/A/Cause \
                 (with '\"QueryLanguage\": \"JSONata\"' it is an expression)"
                ),
            ),
        ],
    );
    let path = "is passed on as a text: this state is in JSONata";
    let help = "an expression stands between '{%' and '%}'";
    check(
        "JSONata",
        &[
            (
                r#""A": {"Type": "Fail", "Error": "$.error"}"#,
                &format!("NO_EXPRESSION: '$.error' {path} at /States/A/Error ({help})"),
            ),
            (
                r#""A": {"Type": "Map", "Items": ["$.a"], "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Succeed"}}}, "End": true}"#,
                &format!("NO_EXPRESSION: '$.a' {path} at /States/A/Items ({help})"),
            ),
        ],
    );
}

#[test]
fn what_is_filled_in_later_hides_only_what_depends_on_it() {
    let states = |resource: &str, next: &str| {
        format!(
            r#"{{"StartAt": "A", "States": {{"A": {{"Type": "Pass", "Result": {{"a": 1}}, "Next": "{next}"}},
               "B": {{"Type": "Task", "Resource": "{resource}", "InputPath": "$.b", "End": true}}}}}}"#
        )
    };
    for (text, expected) in
        [(states("${Function}", "B"), &["MISSING_FIELD"][..]), (states("${Function}", "${Next}"), &[])]
    {
        let found = diagnose(&text, CheckOptions { placeholders: true, ..CheckOptions::default() });
        let codes: Vec<_> = found.iter().map(|found| found.code).collect();
        assert_eq!(codes, expected, "{text}");
    }
}

#[test]
fn steps_of_paths_that_mean_something_else_elsewhere() {
    check(
        "JSONPath",
        &[
            (
                r#""A": {"Type": "Pass", "OutputPath": "$.list[-1]", "Parameters": {"n.$": "States.ArrayLength($.list[0:9:2])"}, "End": true}"#,
                "JSONPATH_DIALECT: In '[-1]' of '$.list[-1]', indices do not count from the end: it gives null at /States/A/OutputPath \
             ([(@.length-1)] counts from the end); \
             JSONPATH_DIALECT: In '[0:9:2]' of '$.list[0:9:2]', the step behind the second ':' is ignored at /States/A/Parameters \
             (a slice takes every item in its bounds)",
            ),
            (r#""A": {"Type": "Pass", "OutputPath": "$[*][*]", "End": true}"#, ""),
        ],
    );
}
