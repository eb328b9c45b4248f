//! What the functions make of their arguments. `cases.jsonl` has what jsonata 2.0.6 makes of them, one call a line; the
//! clock of `$toMillis` stands at 1,700,000,000,123. What it cannot do, or does without an end, stands here.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const CASES: &str = include_str!("cases.jsonl");
const NOW: i64 = 1_700_000_000_123;

/// Calls a function by its name.
fn call(name: &str, arguments: &[Value]) -> Result<Value, JsonataError> {
    let text = |at: usize| arguments.get(at).and_then(Value::as_str);
    // Numbers with many digits are given as text, which is read exactly.
    let number = |at: usize| arguments.get(at)?.as_f64().or_else(|| text(at)?.parse().ok());
    let (value, subject) = (number(0).unwrap_or(f64::NAN), text(0).unwrap_or_default());
    let picture = text(1).unwrap_or_default();
    let known = |value: f64| if value.is_finite() { json!(value) } else { json!(number_text(value)) };
    match name {
        "numberText" => Ok(json!(number_text(value))),
        "$round" => Ok(known(round(value, number(1).map_or(0, |places| places as i32)))),
        "$formatBase" => format_base(value, number(1)).map(Value::from),
        "$formatInteger" => format_integer(value, picture).map(Value::from),
        "$parseInteger" => parse_integer(subject, picture).map(known),
        "$formatNumber" => {
            let mut format = DecimalFormat::default();
            for (name, value) in arguments.get(2).and_then(Value::as_object).into_iter().flatten() {
                format.set(name, value.as_str().unwrap_or_default());
            }
            format_number(value, picture, &format).map(Value::from)
        }
        "$fromMillis" => from_millis(value, text(1), text(2)).map(Value::from),
        "$toMillis" => to_millis(subject, text(1), NOW).map(|millis| millis.map_or(json!("undefined"), known)),
        _ => panic!("no function is called {name}"),
    }
}

fn is_same(ours: &Value, theirs: &Value) -> bool {
    match (ours.as_f64(), theirs.as_f64()) {
        (Some(ours), Some(theirs)) => ours == theirs,
        _ => ours == theirs,
    }
}

#[test]
fn calls_give_what_the_reference_implementation_gives() {
    let mut different = Vec::new();
    for line in CASES.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let arguments = case["a"].as_array().unwrap();
        let agrees = match call(case["f"].as_str().unwrap(), arguments) {
            Ok(value) if case["undefined"] == json!(true) => value == "undefined",
            Ok(value) => is_same(&value, &case["r"]),
            Err(error) => case["code"] == error.code && case["message"] == error.message.as_str(),
        };
        if !agrees {
            different.push(format!("{line}\n  {:?}", call(case["f"].as_str().unwrap(), arguments)));
        }
    }
    assert!(CASES.lines().count() > 400);
    assert_eq!(different.join("\n"), "");
}

#[test]
fn what_the_reference_implementation_cannot_do_is_an_error() {
    let long = "0".repeat(MAX_PICTURE + 1);
    let zeros = format!("0.{}", "0".repeat(101));
    let scale = format!("{}e0", "0".repeat(309));
    let words = "[Yw]".repeat(499);
    for (name, arguments, expected) in [
        ("$formatNumber", json!([1, ""]), "D3085: The mantissa part of a sub-picture must contain"),
        ("$formatNumber", json!([1, "abc"]), "D3085: The mantissa part of a sub-picture must contain"),
        ("$formatNumber", json!([1, zeros]), "U1001: A number has at most 100 decimal places"),
        ("$formatNumber", json!([1, scale]), "U1001: A mantissa has at most 308 digits"),
        ("$formatNumber", json!([1, long]), "U1001: The picture string has more than 10000 characters"),
        ("$formatInteger", json!([1, long]), "U1001: The picture string has more than 10000 characters"),
        ("$formatInteger", json!([10_000_001, "i"]), "U1001: Numbers above 10000000 are not written as roman"),
        ("$parseInteger", json!(["12", "\u{660}"]), "D3030: Unable to cast value to a number: \"12\""),
        ("$fromMillis", json!([0, "[Y,1001]"]), "U1001: A component of a date has at most 1000 digits"),
        ("$fromMillis", json!([0, "[Y,999]".repeat(2000)]), "U1001: A formatted date has at most 1048576 bytes"),
        ("$fromMillis", json!([0, "[fn]"]), "D3133: The 'name' modifier can only be applied to months and days"),
        ("$fromMillis", json!([1e20, "[MN]"]), "D1001: Number out of range: 100000000000000000000"),
        ("$fromMillis", json!([0, "[MN]", "Z"]), "D1001: Number out of range: null"),
        ("$fromMillis", json!([0, "[Yw]", "Z"]), "U1001: Only finite numbers can be written in words"),
        ("$toMillis", json!(["9".repeat(2001), "[Y]"]), "U1001: A date that is read has at most 2000 characters"),
        ("$toMillis", json!(["one", words]), "U1001: The date/time picture string is too large"),
        ("$toMillis", json!(["3", "[D\u{660}]"]), "D3030: Unable to cast value to a number: \"3\""),
    ] {
        let error = call(name, arguments.as_array().unwrap()).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{name}{arguments}: {error}");
    }
    assert!(format_integer(f64::INFINITY, "a").is_err());
}

#[test]
fn what_the_reference_implementation_never_ends_with_has_a_result() {
    for (value, picture, expected) in
        [(0.0, "0.0e0", "0.0e0"), (-1234.5678, "0.0#e0", "-1.23e3"), (-0.05, "0.0e0;(0.0e00)", "(5.0e-2)")]
    {
        assert_eq!(format_number(value, picture, &DecimalFormat::default()).unwrap(), expected, "{value} {picture}");
    }
    let empty = |option: &str| {
        let mut format = DecimalFormat::default();
        format.set(option, "");
        format_number(1.5, "#0.0", &format).map_err(|error| error.code)
    };
    assert_eq!(empty("zero-digit"), Err("D3086"));
    assert_eq!(empty("grouping-separator"), Err("D3089"));
    assert_eq!(empty("pattern-separator"), Err("D3080"));
}

proptest! {
    #[test]
    fn numbers_read_back_as_they_were_written(value in any::<f64>().prop_filter("finite", |value| value.is_finite())) {
        prop_assert_eq!(number_text(value).parse::<f64>().unwrap(), value);
    }

    #[test]
    fn integers_read_back_as_they_were_written(
        value in 0_u32..4_000_000,
        picture in prop_oneof!["#?,?#{0,3}0{1,8}(;o)?", Just("w".into()), Just("W;o".into()), Just("A".into()), Just("i".into())],
    ) {
        let value = f64::from(value);
        let text = format_integer(value, &picture).unwrap();
        prop_assert_eq!(parse_integer(&text, &picture).unwrap(), value, "{}", text);
    }

    #[test]
    fn dates_read_back_as_they_were_written(
        millis in -62_135_596_800_000_i64..253_402_300_800_000,
        picture in prop_oneof![
            Just(None),
            Just(Some("[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z]")),
            Just(Some("[D1o] of [MNn], [Y0001] [h]:[m]:[s].[f001] [P]")),
            Just(Some("[Dwo] [MN] [YI] [H]:[m]:[s]:[f1]")),
        ],
    ) {
        // Years below 100 are read as those of the twentieth century with a picture.
        let millis = if picture.is_some() { millis.max(-59_000_000_000_000) } else { millis };
        let picture = picture.map(|picture| picture.replace("[MN]", "[MNn]"));
        let text = from_millis(millis as f64, picture.as_deref(), None).unwrap();
        prop_assert_eq!(to_millis(&text, picture.as_deref(), NOW).unwrap(), Some(millis as f64), "{}", text);
    }

    #[test]
    fn no_picture_panics(
        value in any::<f64>(),
        number in "[#0,.;e%‰x9٠😀-]{0,12}",
        integer in "[#0,:;oaAiIwW1٠😀]{0,6}",
        date in "(\\[[YMDdFWwXxHhPmsfZzCEqé]?[01#nNwWiaAot,*9: -]{0,6}\\]?|[-a\\]\\[.]){0,4}",
        text in "[-+0-9a-zA-Z:., TZé٠]{0,12}",
        sign in "[#0,.;e%‰x9٠😀]{0,2}",
        option in proptest::sample::select(vec!["decimal-separator", "grouping-separator", "zero-digit", "digit"]),
    ) {
        let mut format = DecimalFormat::default();
        format.set(option, &sign);
        let errors = [
            format_number(value, &number, &format).err(),
            format_base(value, Some(value % 40.0)).err(),
            format_integer(value, &integer).err(),
            parse_integer(&text, &integer).err(),
            from_millis(value, Some(&date), Some(&text)).err(),
            from_millis(value % 8.64e15, Some(&date), Some(&text)).err(),
            to_millis(&text, Some(&date), NOW).err(),
            to_millis(&text, None, NOW).err(),
        ];
        for error in errors.into_iter().flatten() {
            prop_assert!(!error.message.is_empty() && error.position.is_none());
        }
    }
}
