//! What is wrong with expressions and variables in definitions, in AWS's words where AWS has them, and where it stands.

use asl_engine::{CheckOptions, Diagnostic, Program, diagnose};

/// A definition in JSONata of one state `S` with these fields, and a state `T` for it to lead to.
fn machine(fields: &str) -> String {
    format!(
        r#"{{"QueryLanguage": "JSONata", "StartAt": "S", "States": {{"S": {{{fields}}}, "T": {{"Type": "Succeed"}}}}}}"#
    )
}

fn found(text: &str) -> Vec<Diagnostic> {
    let options = CheckOptions { placeholders: true, ..CheckOptions::default() };
    // What leads nowhere else leads to T; and variables come from nowhere, and nobody reads them.
    let is_meant =
        |found: &Diagnostic| found.message != "State \"T\" is not reachable." && !found.code.ends_with("_VARIABLE");
    diagnose(text, options).into_iter().filter(is_meant).collect()
}

/// The findings about a state with these fields, with the usual code and the location of the state left out.
fn state(fields: &str) -> String {
    let lines: Vec<String> = found(&machine(fields)).iter().map(ToString::to_string).collect();
    lines.join("; ").replace("SCHEMA_VALIDATION_FAILED: ", "").replace("/States/S", "@")
}

/// The findings about an expression in the output of a Pass state, and what of it they point at.
fn output(expression: &str) -> Vec<(String, String)> {
    let text = machine(&format!(r#""Type": "Pass", "Output": {{"v": "{expression}"}}, "Next": "T""#));
    let shown = |found: &Diagnostic| {
        assert_eq!(found.location, "/States/S/Output/v", "{expression}");
        (format!("{}: {}", found.code, found.message), text[found.span.start..found.span.end].to_owned())
    };
    found(&text).iter().map(shown).collect()
}

#[test]
fn expressions_that_cannot_be_read() {
    for (expression, message, place) in [
        ("{% a[1,2) %}", "Expected \"]\", got \",\"", ","),
        ("{% $match('a', /abc %}", "No terminating / in regular expression", "%}"),
        ("{%  1 + %}", "Unexpected end of expression", "%}"),
        ("{% %}", "Unexpected end of expression", "%}"),
        ("{%%}", "Unexpected end of expression", "%}"),
        (r#"{% {\"a\":} %}"#, "The symbol \"}\" cannot be used as a unary operator", "}"),
        (r#"{%\n  \"\u00e9\uD83D\uDE00é\" & ) %}"#, "The symbol \")\" cannot be used as a unary operator", ")"),
        (r#"{% \"a\" & \u0029 %}"#, "The symbol \")\" cannot be used as a unary operator", r"\u0029"),
        (r#"{% \"\u20ac\" & %}"#, "Unexpected end of expression", "%}"),
    ] {
        let expected = [(format!("INVALID_JSONATA_EXPRESSION: {message}"), place.to_owned())];
        assert_eq!(output(expression), expected, "{expression}");
    }
    // cdk-preflight measured this text (`pf-sfn-asl-query-language`, 2026-09-05); one source.
    for open in ["{% $x", " {% $x %}"] {
        let message = "SCHEMA_VALIDATION_FAILED: JSONata string must start with {% and end with %}";
        assert_eq!(output(open), [(message.to_owned(), format!("\"{open}\""))], "{open}");
    }
    for text in ["plain", "100 %", " {% $x %} ", "a {% $x %} b", "{% ${Expression} %}", "{% $f(${Argument} + ) %}"] {
        assert_eq!(output(text), [], "{text}");
    }
}

#[test]
fn only_states_and_variables_can_be_read_at_the_top() {
    let top = |name: &str| {
        format!("UNSUPPORTED_JSONATA_EXPRESSION: Reference to '{name}' at the top level is not supported.")
    };
    for expression in [
        "phone",
        "phone[0].number",
        "-phone",
        "phone ? 1 : 2",
        "$states.input.a ? phone : 2",
        "phone & 'x'",
        "phone in $states.input.b",
        "phone(1)",
        "[1..phone]",
        "(phone).other",
        "[phone, 1]",
        "{'a': phone}",
        "($x := phone; $x)",
        "$map($states.input.a, function($y){ phone })",
        "phone.**.deeper",
    ] {
        let found: Vec<String> = output(&format!("{{% {expression} %}}")).into_iter().map(|(line, _)| line).collect();
        assert_eq!(found, [top("phone")], "{expression}");
    }
    for expression in [
        "$states.input.items[phone > 3]",
        "$a^(phone)",
        "$a{'k': phone}",
        "$a.(phone)",
        "$phone",
        "$states.input ~> |phone|{'b':1}|",
        "**.phone",
        "{'k':1}.phone",
        "$a[$ > 1]",
        "function($x){ $x.phone }",
        "'phone'",
        "$states",
        "$states.context.Execution.Id",
    ] {
        assert_eq!(output(&format!("{{% {expression} %}}")), [], "{expression}");
    }
    let lines = |expression| -> Vec<String> { output(expression).into_iter().map(|(line, _)| line).collect() };
    assert_eq!(lines("{% aaa + bbb + aaa %}"), [top("aaa"), top("bbb")]);
    assert_eq!(lines("{% $.phone %}"), [top("$")]);
    assert_eq!(lines("{% $$.phone %}"), ["UNSUPPORTED_JSONATA_EXPRESSION: Reference to '$$' is not supported."]);
}

#[test]
fn what_fails_wherever_it_is_evaluated_is_warned_of() {
    for (expression, message, place) in [
        ("{% $sumn([1]) %}", "UNKNOWN_FUNCTION: There is no function '$sumn'", "$sumn"),
        (
            r"{% '\u00e9' & $map($states.input, function($x){ $lenght($x) }) %}",
            "UNKNOWN_FUNCTION: There is no function '$lenght'",
            "$lenght",
        ),
        (
            "{% $substring() %}",
            "INVALID_ARGUMENTS: $substring fails here: it takes 1 to 3 arguments, not 0",
            "$substring()",
        ),
        ("{% $uuid(1) %}", "INVALID_ARGUMENTS: $uuid fails here: it takes no argument, not 1", "$uuid(1)"),
        (
            "{% 'a' ~> $uppercase('b') %}",
            "INVALID_ARGUMENTS: $uppercase fails here: it takes at most 1 argument, not 2",
            "$uppercase('b')",
        ),
    ] {
        assert_eq!(output(expression), [(message.to_owned(), place.to_owned())], "{expression}");
    }
    assert_eq!(output("{% $sumn(${List}) %}"), []);
    for (expression, help) in [
        ("$sumn([1])", "did you mean '$sum'?"),
        ("$eval('1')", "AWS leaves '$eval' out; '$parse' makes a value of JSON text"),
        ("sum($states.input)", "the name of a function starts with '$': '$sum(…)'"),
    ] {
        let found = found(&machine(&format!(r#""Type": "Pass", "Output": "{{% {expression} %}}", "Next": "T""#)));
        assert_eq!(found[0].help.as_deref(), Some(help), "{expression}");
    }
}

/// What is warned of variables in a definition in JSONata of these states, beginning with `A`.
fn unassigned(states: &str) -> Vec<String> {
    let text = format!(r#"{{"QueryLanguage": "JSONata", "StartAt": "A", "States": {{{states}}}}}"#);
    let found = diagnose(&text, CheckOptions { placeholders: true, ..CheckOptions::default() });
    let told = |found: Diagnostic| {
        assert_eq!(found.code, "UNASSIGNED_VARIABLE", "{found}");
        let place = text[found.span.start..found.span.end].to_owned();
        format!("{place} at {}: {}", found.location, found.help.unwrap_or_default())
    };
    found.into_iter().filter(|found| found.code != "UNUSED_VARIABLE").map(told).collect()
}

#[test]
fn variables_that_nothing_assigns_before_are_warned_of() {
    const ASSIGNS: &str = r#""A": {"Type": "Pass", "Assign": {"order": 1}, "Next": "B"}"#;
    let map = |mode: &str, inner: &str| {
        format!(
            r#"{ASSIGNS}, "B": {{"Type": "Map", "Items": [1], "End": true, "ItemProcessor":
               {{"ProcessorConfig": {{{mode}}}, "StartAt": "I", "States": {{"I": {{"Type": "Succeed", "Output": "{{% {inner} %}}"}}}}}}}}"#
        )
    };
    let at_inner = "/States/B/ItemProcessor/States/I/Output";
    let cases = [
        (format!(r#"{ASSIGNS}, "B": {{"Type": "Succeed", "Output": "{{% $order + $order %}}"}}"#), None),
        (
            format!(r#"{ASSIGNS}, "B": {{"Type": "Succeed", "Output": {{"a": ["{{% $ordr + $ordr %}}"]}}}}"#),
            Some("$ordr at /States/B/Output/a[0]: did you mean '$order'?".to_owned()),
        ),
        (
            r#""A": {"Type": "Pass", "Assign": {"x": 1}, "Output": "{% $x %}", "End": true}"#.to_owned(),
            Some("$x at /States/A/Output: what a state assigns is seen from the next state on".to_owned()),
        ),
        (
            r#""A": {"Type": "Wait", "Seconds": "{% $x %}", "Next": "B"}, "B": {"Type": "Pass", "Assign": {"x": 1}, "End": true}"#
                .to_owned(),
            Some("$x at /States/A/Seconds: no way leads here from the state that assigns it: /States/B/Assign/x".to_owned()),
        ),
        // The way leads back.
        (
            r#""A": {"Type": "Wait", "Seconds": "{% $x %}", "Next": "B"}, "B": {"Type": "Pass", "Assign": {"x": 1}, "Next": "C"},
               "C": {"Type": "Choice", "Choices": [{"Condition": "{% $x > 3 %}", "Next": "A"}], "Default": "D"}, "D": {"Type": "Succeed"}"#
                .to_owned(),
            None,
        ),
        // Rules and Catchers assign, too.
        (
            r#""A": {"Type": "Choice", "Choices": [{"Condition": true, "Assign": {"a": 1}, "Next": "B"}]},
               "B": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "Next": "C",
                     "Catch": [{"ErrorEquals": ["States.ALL"], "Assign": {"b": "{% $a %}"}, "Next": "D"}]},
               "C": {"Type": "Pass", "Assign": {"c": 3}, "Next": "D"},
               "D": {"Type": "Succeed", "Output": "{% $a & $b & $c %}"}"#
                .to_owned(),
            None,
        ),
        (map(r#""Mode": "INLINE""#, "$order"), None),
        (
            map(r#""Mode": "DISTRIBUTED", "ExecutionType": "STANDARD""#, "$order"),
            Some(format!("$order at {at_inner}: an execution of a Map Run sees no variables of outside: ItemSelector passes them on")),
        ),
        (map(r#""Mode": "INLINE""#, "$lenght"), Some(format!("$lenght at {at_inner}: did you mean the function '$length'?"))),
        // What the expression binds, and what is filled in later.
        (
            r#""A": {"Type": "Succeed", "Output": "{% ($f := function($x){ $x & $y }; $y := 1; $states.input#$i.a@$v.($f($v & $i))) %}"}"#
                .to_owned(),
            None,
        ),
        (r#""A": {"Type": "Pass", "Assign": {"${Name}": 1}, "Next": "B"}, "B": {"Type": "Succeed", "Output": "{% $x %}"}"#.to_owned(), None),
        (r#""A": {"Type": "Succeed", "Output": "{% $x${Name} %}"}"#.to_owned(), None),
    ];
    for (states, expected) in cases {
        assert_eq!(unassigned(&states), Vec::from_iter(expected), "{states}");
    }
    let mixed = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Assign": {"x.$": "$.a"}, "Next": "B"},
                    "B": {"Type": "Succeed", "QueryLanguage": "JSONata", "Output": "{% $x & $y %}"}}}"#;
    let lines: Vec<String> = diagnose(mixed, CheckOptions::default()).iter().map(ToString::to_string).collect();
    assert_eq!(lines, ["UNASSIGNED_VARIABLE: No variable '$y' is assigned before at /States/B/Output"]);
    // What is wrong otherwise may be what assigns it.
    let wrong = mixed.replace(r#""Assign": {"x"#, r#""Asign": {"x"#);
    assert!(diagnose(&wrong, CheckOptions::default()).iter().all(|found| found.code != "UNASSIGNED_VARIABLE"));
}

#[test]
fn results_and_errors_are_seen_where_they_are() {
    let task = r#""Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Next": "T""#;
    let gone = |field: &str, place: &str| {
        format!("UNSUPPORTED_JSONATA_EXPRESSION: Field '$states.{field}' does not exist. at @/{place}")
    };
    for (fields, expected) in [
        (format!(r#"{task}, "Output": "{{% $states.result %}}""#), String::new()),
        (format!(r#"{task}, "Assign": {{"x": ["{{% $states.result.a %}}"]}}"#), String::new()),
        (format!(r#"{task}, "Arguments": {{"x": [0, "{{% $states.result %}}"]}}"#), gone("result", "Arguments/x[1]")),
        (format!(r#"{task}, "TimeoutSeconds": "{{% $states.result %}}""#), gone("result", "TimeoutSeconds")),
        (format!(r#"{task}, "Output": "{{% $states.errorOutput %}}""#), gone("errorOutput", "Output")),
        (format!(r#"{task}, "Output": "{{% $states.other %}}""#), gone("other", "Output")),
        (
            format!(
                r#"{task}, "Catch": [{{"ErrorEquals": ["A"], "Next": "T", "Output": "{{% $states.errorOutput %}}"}},
                   {{"ErrorEquals": ["States.ALL"], "Next": "T", "Assign": {{"a": "{{% $states.result %}}"}}}}]"#
            ),
            gone("result", "Catch[1]/Assign/a"),
        ),
        (r#""Type": "Pass", "Next": "T", "Output": "{% $states.result %}""#.to_owned(), gone("result", "Output")),
        (
            r#""Type": "Choice", "Default": "T", "Choices": [
               {"Condition": true, "Next": "T", "Output": "{% $states.result %}"}]"#
                .to_owned(),
            gone("result", "Choices[0]/Output"),
        ),
    ] {
        assert_eq!(state(&fields), expected, "{fields}");
    }
}

#[test]
fn fields_take_their_types_or_an_expression() {
    let map = r#""Type": "Map", "Next": "T", "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Succeed"}}}"#;
    let distributed = map.replace(
        "\"StartAt\"",
        "\"ProcessorConfig\": {\"Mode\": \"DISTRIBUTED\", \"ExecutionType\": \"EXPRESS\"}, \"StartAt\"",
    );
    let task = r#""Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Next": "T""#;
    for (fields, expected) in [
        (r#""Type": "Wait", "Seconds": "{% $n %}", "Next": "T""#.to_owned(), ""),
        (r#""Type": "Wait", "Timestamp": "{% $n %}", "Next": "T""#.to_owned(), ""),
        (r#""Type": "Wait", "Seconds": "1", "Next": "T""#.to_owned(), "Expected value of type Integer at @/Seconds"),
        (
            r#""Type": "Wait", "Seconds": "{% $n %}", "Timestamp": "{% $t %}", "Next": "T""#.to_owned(),
            "There should only be one of the following fields: [Seconds, Timestamp] at @",
        ),
        (
            r#""Type": "Wait", "Seconds": "{% $n %}", "Timestamp": "2024-02-29T12:00:00Z", "Next": "T""#.to_owned(),
            "There should only be one of the following fields: [Seconds, Timestamp] at @",
        ),
        (
            r#""Type": "Wait", "Seconds": 1, "Timestamp": "{% $t %}", "Next": "T""#.to_owned(),
            "There should only be one of the following fields: [Seconds, Timestamp] at @",
        ),
        (
            r#""Type": "Wait", "Timestamp": "soon", "Next": "T""#.to_owned(),
            "String does not match RFC3339 timestamp at @/Timestamp",
        ),
        (
            r#""Type": "Wait", "Next": "T""#.to_owned(),
            "This object should have only one of the following fields: [Seconds, Timestamp] at @",
        ),
        (r#""Type": "Choice", "Choices": [{"Condition": "{% $c %}", "Next": "T"}]"#.to_owned(), ""),
        (
            r#""Type": "Choice", "Choices": [{"Condition": "true", "Next": "T"}]"#.to_owned(),
            "Expected value of type Boolean at @/Choices[0]/Condition",
        ),
        (
            r#""Type": "Choice", "Choices": [{"Next": "T"}]"#.to_owned(),
            "The object must have only one of the following fields, [And, Or, Not, Variable, Condition] at @/Choices[0]",
        ),
        (r#""Type": "Fail", "Error": "{% $e %}", "Cause": "plain""#.to_owned(), ""),
        (r#""Type": "Succeed", "Output": null"#.to_owned(), ""),
        (r#""Type": "Pass", "Arguments": {}, "Next": "T""#.to_owned(), "Field 'Arguments' is not supported at @"),
        (r#""Type": "Succeed", "Assign": {}"#.to_owned(), "Field 'Assign' is not supported at @"),
        (format!(r#"{map}, "Items": [1, "{{% $n %}}"], "MaxConcurrency": "{{% $n %}}""#), ""),
        (format!(r#"{map}, "Items": {{"a": 1}}"#), "Expected value of type Array at @/Items"),
        (format!(r#"{distributed}, "Items": {{"a": 1}}, "ToleratedFailurePercentage": "{{% 1 %}}""#), ""),
        (format!(r#"{map}, "Items": "$.a""#), "Expected value of type Array at @/Items"),
        (
            format!(r#"{task}, "TimeoutSeconds": "{{% 1 %}}", "HeartbeatSeconds": 0"#),
            "Minimum value is 1 at @/HeartbeatSeconds",
        ),
        (format!(r#"{task}, "Credentials": {{"RoleArn": "{{% $r %}}"}}"#), ""),
        (
            format!(r#"{task}, "Credentials": {{"RoleArn.$": "$.r"}}"#),
            "The field 'RoleArn' is required but was missing at @/Credentials; \
             NO_EXPRESSION: '$.r' is passed on as a text: this state is in JSONata at @/Credentials",
        ),
        (format!(r#"{task}, "Assign": "{{% $x %}}""#), "Expected value of type Object at @/Assign"),
    ] {
        assert_eq!(state(&fields), expected, "{fields}");
    }
}

#[test]
fn fields_of_the_other_language_are_named() {
    let other = |language: &str, field: &str, wanted: &str| {
        format!(
            "The QueryLanguage is set to '{language}', but field '{field}' is only supported for the '{wanted}' QueryLanguage"
        )
    };
    let refused = |field: &str| other("JSONata", field, "JSONPath");
    for (fields, expected) in [
        (
            r#""Type": "Pass", "InputPath": "$", "Parameters": {}, "Next": "T""#,
            refused("InputPath") + " at @; " + &refused("Parameters") + " at @",
        ),
        (
            r#""Type": "Choice", "Choices": [{"Condition": true, "Variable": "$.a", "Next": "T"}]"#,
            refused("Variable") + " at @/Choices[0]",
        ),
        (
            r#""Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Next": "T",
               "Catch": [{"ErrorEquals": ["A"], "ResultPath": "$", "Next": "T"}]"#,
            refused("ResultPath") + " at @/Catch[0]",
        ),
    ] {
        assert_eq!(state(fields), expected, "{fields}");
    }
    let text = r#"{"StartAt": "S", "States": {"S": {"Type": "Map", "Items": [], "End": true,
                  "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Succeed", "QueryLanguage": "jsonata", "OutputPath": "$"}}}}}}"#;
    let lines: Vec<String> = found(text).iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            format!("SCHEMA_VALIDATION_FAILED: {} at /States/S", other("JSONPath", "Items", "JSONata")),
            "SCHEMA_VALIDATION_FAILED: Value should be one of the following: [JSONPath, JSONata] \
             at /States/S/ItemProcessor/States/I/QueryLanguage"
                .to_owned(),
            format!("SCHEMA_VALIDATION_FAILED: {} at /States/S/ItemProcessor/States/I", refused("OutputPath")),
        ]
    );
}

#[test]
fn names_of_variables() {
    let unfit = |name: &str| {
        format!(
            "INVALID_VARIABLE_NAME: Invalid variable name '{name}': the variable name contains invalid characters. at @/Assign"
        )
    };
    let long = "n".repeat(81);
    for (name, expected) in [
        ("total_2", String::new()),
        ("größe", String::new()),
        ("states", "RESERVED_VARIABLE_NAME: Cannot assign to reserved variable '$states'. at @/Assign".to_owned()),
        ("_x", unfit("_x")),
        ("a.b", unfit("a.b")),
        ("a[0]", unfit("a[0]")),
        ("", unfit("")),
        (
            &long,
            format!(
                "INVALID_VARIABLE_NAME: Invalid variable name '{long}': the variable name exceeds 80 characters. at @/Assign"
            ),
        ),
    ] {
        assert_eq!(state(&format!(r#""Type": "Pass", "Assign": {{"{name}": 1}}, "Next": "T""#)), expected, "{name}");
    }
    let jsonpath = r#"{"StartAt": "S", "States": {"S": {"Type": "Pass", "Assign": {"states.$": "$.a"}, "End": true}}}"#;
    let lines: Vec<String> = found(jsonpath).iter().map(ToString::to_string).collect();
    assert_eq!(lines, ["RESERVED_VARIABLE_NAME: Cannot assign to reserved variable '$states'. at /States/S/Assign"]);
}

const INLINE: &str = r#""Mode": "INLINE""#;
const DISTRIBUTED: &str = r#""Mode": "DISTRIBUTED", "ExecutionType": "STANDARD""#;

#[test]
fn inner_scopes_do_not_assign_what_may_be_assigned_outside() {
    let machine = |first: &str, inner: &str, after: &str, mode: &str| {
        format!(
            r#"{{"StartAt": "S", "States": {{
               "S": {{"Type": "Pass", "Assign": {{{first}}}, "Next": "M"}},
               "M": {{"Type": "Map", "Next": "A", "ItemProcessor": {{"ProcessorConfig": {{{mode}}}, "StartAt": "I",
                     "States": {{"I": {{"Type": "Pass", "Assign": {{{inner}}}, "End": true}}}}}}}},
               "A": {{"Type": "Pass", "Assign": {{{after}}}, "End": true}}}}}}"#
        )
    };
    let at = "/States/M/ItemProcessor/States/I/Assign";
    for (first, inner, after, mode, expected) in [
        (r#""x": 1"#, r#""y": 1"#, r#""y": 1"#, INLINE, None),
        (r#""x": 1"#, r#""x": 1"#, r#""y": 1"#, DISTRIBUTED, None),
        (
            r#""x": 1"#,
            r#""x": 1"#,
            "",
            INLINE,
            Some(format!(
                "DUPLICATE_VARIABLE_NAME: The variable name 'x' was already defined in a parent scope. at {at}/x"
            )),
        ),
        (
            r#""x.$": "$.a""#,
            r#""x.$": "$.b""#,
            "",
            INLINE,
            Some(format!(
                "DUPLICATE_VARIABLE_NAME: The variable name 'x' was already defined in a parent scope. at {at}/x.$"
            )),
        ),
    ] {
        let lines: Vec<String> = found(&machine(first, inner, after, mode)).iter().map(ToString::to_string).collect();
        assert_eq!(lines, Vec::from_iter(expected), "{first} {inner} {after} {mode}");
    }
}

#[test]
fn states_name_the_variables_that_they_read() {
    let program = Program::parse(
        r#"{"StartAt": "Choose", "States": {
            "Choose": {"Type": "Choice", "Default": "Each", "Choices": [
                {"And": [{"Variable": "$guess.x", "StringEqualsPath": "$answer"}, {"Variable": "$.a", "IsNull": true}], "Next": "Each"}]},
            "Each": {"Type": "Map", "ItemsPath": "$list[0]", "MaxConcurrencyPath": "$most", "Next": "Stop",
                "ItemProcessor": {"StartAt": "Work", "States": {
                    "Work": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd(States.MathAdd($b, 1), $a)"}, "Next": "None"},
                    "None": {"Type": "Pass", "Parameters": {"n": "$x"}, "End": true}}}},
            "Stop": {"Type": "Fail", "QueryLanguage": "JSONata", "Error": "{% $states.input.a & $e %}",
                "Cause": "{% ($own := $c; $f(function($p){ $p & $own })) %}"}}}"#,
    );
    let program = program.unwrap_or_else(|diagnostics| panic!("{diagnostics:#?}"));
    let references: Vec<(&str, String)> =
        program.variable_references().into_iter().map(|(state, names)| (state, names.join(" "))).collect();
    let expected = [("Choose", "answer guess"), ("Each", "list most"), ("Stop", "c e f"), ("Work", "a b")];
    assert_eq!(references, expected.map(|(state, names)| (state, names.to_owned())));
}

#[test]
fn a_variable_may_be_named_like_a_function() {
    for (assign, expected) in [(r#""count": 3"#, vec!["count"]), (r#""count": "{% 3 %}""#, vec!["count"]), ("", vec![])]
    {
        let text = machine(&format!(
            r#""Type": "Pass", "Assign": {{{assign}}}, "Output": "{{% $count + $sum([1]) %}}", "Next": "T""#
        ));
        let program = Program::parse(&text).unwrap_or_else(|diagnostics| panic!("{diagnostics:#?}"));
        let found: Vec<String> = program.variable_references().into_values().flatten().collect();
        assert_eq!(found, expected, "{assign}");
    }
}

#[test]
fn helps_for_what_is_often_mistyped() {
    let and = "it is written 'and'; '&' joins texts";
    for (expression, expected) in [
        ("$a == 1", "equality is '='"),
        ("$a === 1", "equality is '='"),
        ("$a !== 1", "what is not equal is told by '!='"),
        ("$a && $b", and),
        ("($a > 1) && ($b)", and),
        ("$a || $b", "it is written 'or'"),
        ("($a || $b)", "it is written 'or'"),
        ("!$a", "what is not so is '$not(…)'"),
        ("$a and !($b)", "what is not so is '$not(…)'"),
        ("1 %} and {% 2", "a text is one expression from '{%' to '%}': inside of it, '&' joins texts"),
        ("$a +", "-"),
        ("phone", "the input of the state is '$states.input': '$states.input.phone'"),
        ("`a b`", "the input of the state is '$states.input': '$states.input.`a b`'"),
        ("`order-id`", "the input of the state is '$states.input': '$states.input.`order-id`'"),
        ("$states.input.order-id", "a name with a dash stands in backquotes: '`order-id`'"),
        ("$states.input.last-order-id + 1", "a name with a dash stands in backquotes: '`last-order-id`'"),
        ("$a-b", "the input of the state is '$states.input': '$states.input.b'"),
        ("'x-b' & b", "the input of the state is '$states.input': '$states.input.b'"),
    ] {
        let text = machine(&format!(r#""Type": "Pass", "Output": "{{% {expression} %}}", "Next": "T""#));
        let helps: Vec<String> = found(&text).into_iter().map(|found| found.help.unwrap_or("-".to_owned())).collect();
        assert!(!helps.is_empty() && helps.iter().all(|help| help == expected), "{expression}: {helps:?}");
    }
    let mixed = machine(r#""Type": "Pass", "QueryLanguage": "JSONPath", "Next": "T""#);
    let helps: Vec<Option<String>> = found(&mixed).into_iter().map(|found| found.help).collect();
    assert_eq!(helps, [Some("only in a machine in JSONPath may states be in either language".to_owned())]);
}
