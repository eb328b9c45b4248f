use super::*;
use crate::Timestamp;

/// The result that AWS has for an expression without an input, as text; or its error.
pub(super) fn evaluate(expression: &str, limits: JsonataLimits) -> String {
    evaluate_as(expression, limits, JsonataFlavour::StepFunctions)
}

fn evaluate_as(expression: &str, limits: JsonataLimits, flavour: JsonataFlavour) -> String {
    evaluate_with(expression, &JsonataOptions { now: Timestamp(1_700_000_000_000), seed: 7, limits, flavour })
}

fn evaluate_with(expression: &str, options: &JsonataOptions) -> String {
    let parsed = Jsonata::parse(expression);
    match parsed.and_then(|expression| expression.evaluate(None, &Object::default(), options)) {
        Ok(value) => value.map_or_else(|| "undefined".to_owned(), |value| value.to_string()),
        Err(error) => error.to_string(),
    }
}

/// How many cases there are, and those that give something else: an expression, `-->`, and what it gives. Those below the
/// heading `AWS` are for AWS, others for the reference implementation.
pub(super) fn check(cases: &str) -> (usize, Vec<String>) {
    let mut flavour = JsonataFlavour::Reference;
    let (mut count, mut differing) = (0, Vec::new());
    for line in cases.lines() {
        if line == "## AWS" {
            flavour = JsonataFlavour::StepFunctions;
        }
        let Some((expression, wanted)) = line.split_once(" --> ") else { continue };
        count += 1;
        let found = evaluate_as(expression, JsonataLimits::AWS, flavour);
        if !agree(&found, wanted) {
            differing.push(format!("{expression}\n    wanted {wanted}\n    found  {found}"));
        }
    }
    (count, differing)
}

/// Whether a result is the wanted one; numbers are compared by value, because AWS writes them in its own way.
fn agree(found: &str, wanted: &str) -> bool {
    let number = |text: &str| text.parse::<f64>().ok();
    found == wanted || number(found).is_some() && number(found) == number(wanted)
}

#[test]
fn expressions_give_what_the_cases_say() {
    let (count, differing) = check(include_str!("cases.txt"));
    assert!(count > 170, "{count}");
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn work_without_end_is_refused() {
    let limits = JsonataLimits { steps: 100_000, bytes: 1_000_000, total_bytes: 1_000_000, ..JsonataLimits::AWS };
    let memory = "U1001: Expression evaluation memory limit exceeded";
    let time = "U1001: Expression evaluation timeout";
    let stack = "U1001: Stack overflow error";
    for (expression, wanted) in [
        ("($f := function($x){$f($x)}; $f(1))", time),
        ("($f := function($x){1 + $f($x)}; $f(1))", stack),
        ("($f := function($x){[$f($x)]}; $f(1))", stack),
        ("($y := function($f){$f($f)}; $y($y))", time),
        ("[1..1e7]", time),
        ("[1..100000][$ in [1..100000]]", memory),
        ("[1..3000][[1..3000]]", memory),
        ("[1..3000].([1..3000])", memory),
        ("[1..1000]#$i.[1..1000]", memory),
        ("[1..100000]^($)", memory),
        ("$reduce([1..40], function($a, $b){$a & $a}, \"aaaaaaaaaa\")", memory),
        ("$reduce([1..40], function($a, $b){[$a, $a]}, [1])", memory),
        ("$reduce([1..200], function($a, $i){{\"a\": [$a, $i]}}, 1).**.**.**", memory),
        (
            "($f := function($g, $n){$n = 0 ? $g : $f($g ~> $trim, $n - 1)}; $f($trim, 600))",
            "U1001: The data nests deeper",
        ),
        ("($f := function($g, $n){$n = 0 ? $g : $f($g(?), $n - 1)}; $f($trim, 600))", "U1001: The data nests deeper"),
        ("($d := {\"a\": [1..300].{\"b\": 1}}; $d ~> |($x := $; [1..300].$x)|{\"c\": $count(a)}|)", time),
        ("{\"a\": [1..300].{\"b\": 1}} ~> |$|{\"c\": $, \"d\": $}|", "U1001: The data nests deeper"),
    ] {
        let found = evaluate(expression, limits);
        assert!(found.starts_with(wanted), "{expression}\n    wanted {wanted}\n    found  {found:.200}");
    }
}

#[test]
fn what_nests_deep_is_refused_or_read() {
    let too_deep = "S0201: Syntax error: the expression nests deeper than 2000 levels";
    for (open, middle, close) in [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("{\"a\":", "1", "}"),
        ("-", "1", ""),
        ("", "1", "+1"),
        ("", "a", ".a"),
        ("", "a", "[0]"),
        ("1 ? ", "1", " : 2"),
        ("function($x){", "1", "}"),
        ("$string(", "1", ")"),
        ("|$|", "{}", "|"),
    ] {
        let nested = |levels| format!("{}{middle}{}", open.repeat(levels), close.repeat(levels));
        assert_eq!(evaluate(&nested(20_000), JsonataLimits::WIDE), too_deep, "{open}{middle}{close}");
        let read = Jsonata::parse(&nested(600));
        assert!(read.is_ok(), "{open}{middle}{close} {read:?}");
    }
}

#[test]
fn eval_reads_and_evaluates_where_it_is_called() {
    let options = JsonataOptions { flavour: JsonataFlavour::Reference, ..JsonataOptions::default() };
    for (expression, wanted) in [
        (r#"$eval("1 + 2")"#, "3"),
        (r#"($x := 5; $eval("$x"))"#, "5"),
        (r#"$eval("$", [1, 2])"#, "[1,2]"),
        (r#"{"a": 1}.$eval("a")"#, "1"),
        (r#"function($p){$eval("$p")}(1)"#, "undefined"),
        (r#"["1", "2"].$eval($)"#, "[1,2]"),
        (r#"$map(["1 + 1"], $eval)"#, "2"),
        ("$eval(nothing)", "undefined"),
        ("$eval()", r#"T0410: Argument 1 of function "eval" does not match function signature"#),
        (
            r#"$eval("1 +")"#,
            r#"D3120: Syntax error in expression passed to function eval: "Unexpected end of expression""#,
        ),
        (
            r#"$eval("1()")"#,
            r#"D3121: Dynamic error evaluating the expression passed to function eval: "Attempted to invoke a non-function""#,
        ),
        (
            "($s := \"$eval($s)\"; $eval($s))",
            "D3121: Dynamic error evaluating the expression passed to function eval: ",
        ),
    ] {
        let found = evaluate_with(expression, &options);
        assert!(found.starts_with(wanted), "{expression}\n    wanted {wanted}\n    found  {found:.200}");
    }
}
