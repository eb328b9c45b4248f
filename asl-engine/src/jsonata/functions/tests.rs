use super::*;
use crate::jsonata::JsonataLimits;
use crate::jsonata::tests::{check, evaluate};

#[test]
fn functions_give_what_the_cases_say() {
    let (count, differing) = check(include_str!("cases.txt"));
    assert!(count > 300, "{count}");
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn every_function_is_found() {
    for native in NATIVES.iter() {
        assert!(std::ptr::eq(find(native.name).unwrap(), native), "{}", native.name);
    }
    assert_eq!(NATIVES.len(), 69);
    assert!(find("eval").is_none() && find("").is_none());
}

#[test]
fn large_results_and_long_work_are_refused() {
    let memory = "U1001: Expression evaluation memory limit exceeded: Check for excessive memory usage";
    let time = "U1001: Expression evaluation timeout: Check for infinite loop";
    let limits = JsonataLimits { steps: 100_000, bytes: 1_000_000, total_bytes: 1_000_000, ..JsonataLimits::AWS };
    for (expression, wanted) in [
        (r#"$pad("", 1e300)"#, memory),
        (r#"$pad("", -1000000, "abc")"#, memory),
        (r#"$join([1..1000].$pad("", 100), $pad("", 100000))"#, memory),
        (r#"$replace($pad("", 1000), " ", $pad("", 100000))"#, memory),
        (r#"$replace($pad("", 1000), / /, $pad("", 100000))"#, memory),
        (r#"$replace($pad("", 1000), /( )/, $pad("", 10000, "$1"))"#, time),
        (r#"$split($pad("", 100000), "")"#, memory),
        ("$zip([1..20000], [1..20000], [1..20000])", memory),
        ("($a := [1..1000]; $reduce([1..1000], function($b){$append($b, $a)}, []))", "D3050"),
        ("($a := [1..1000]; $reduce([1..1000], function($b, $i){$append($b, $a)}, []))", memory),
        ("$map([1..1000], function($i){$spread($merge([1..100].{$string($): 1}))})", memory),
        (r#"$map([1..1000], function($i){$pad("", 10000)})"#, memory),
        ("($a := [1..3000]; $map([1..3000], function($i){$sum($a)}))", time),
        ("($a := $map([1..3000], function($i){0}); $map([1..3000], function($i){$boolean($a)}))", time),
        (r#"($a := $pad("", 50000); $map([1..3000], function($i){$length($a)}))"#, time),
        (r#"($a := $pad("", 50000); $map([1..3000], function($i){$contains($a, "b")}))"#, time),
        (r#"($a := $pad("", 50000); $map([1..3000], function($i){$contains($a, /b/)}))"#, time),
        (r#"($a := $pad("", 50000); $map([1..3000], function($i){$a < $a}))"#, time),
        (r#"$match($pad("", 100000, "a"), /a.*b|a/)"#, time),
        (r#"$contains($pad("", 40, "a"), /^(?:(?:a|aa)(?=a|$))+b/)"#, time),
    ] {
        let found = evaluate(expression, limits);
        assert!(found.starts_with(wanted), "{expression}\n    wanted {wanted}\n    found  {found}");
    }
}

#[test]
fn the_bounds_of_aws_are_where_users_have_met_them() {
    let memory = "U1001: Expression evaluation memory limit exceeded: Check for excessive memory usage";
    let doubled = |times| format!("$length($reduce([1..{times}], function($a, $i){{$a & $a}}, 'a'))");
    for (expression, wanted) in [
        ("$count([1..873782])", "873782"),
        ("$count([1..873783])", memory),
        ("$sum([1..900000])", memory),
        (&doubled(22), "4194304"),
        (&doubled(23), memory),
        ("$count($range(1, 360145, 1))", "360145"),
        ("$count($range(1, 360146, 1))", memory),
        // What a list has grown through does not count as if it were still there.
        ("$count($reduce([1..2000], function($a, $i){$append($a, [1, 2, 3, 4, 5])}, []))", "10000"),
    ] {
        assert_eq!(evaluate(expression, JsonataLimits::AWS), wanted, "{expression}");
    }
}

#[test]
fn what_shares_its_parts_counts_each_time() {
    let doubling = "$reduce([1..60], function($a, $i){[[$a], [$a]]}, [])";
    for expression in ["%", "$string(%)", "% = %", "$boolean(%)", "$keys(%)", "$distinct([%, %])"] {
        let found = evaluate(&expression.replace('%', doubling), JsonataLimits::WIDE);
        assert!(found.starts_with("U1001: Expression evaluation memory limit"), "{expression} {found}");
    }
}

#[test]
fn deep_values_overflow_no_stack() {
    let deep = "$reduce([1..450], function($a, $i){{\"a\": [$a]}}, 1)";
    for (expression, wanted) in [
        ("$reduce([1..600], function($a, $i){[[$a]]}, 1)", "U1001: The data nests deeper than 500 levels"),
        ("$reduce([1..600], $partition, [1])", "U1001: The data nests deeper than 500 levels"),
        ("$length($string(%))", "1801"),
        ("% = %", "true"),
        ("$count($distinct([%, %]))", "1"),
        ("$clone(%) = %", "true"),
        ("$boolean([[%]])", "true"),
        ("$count($keys([[[%]]]))", "1"),
        ("$count($lookup([[[%]]], \"a\"))", "1"),
    ] {
        let expression = expression.replace('%', &deep.replace("450", "225"));
        assert_eq!(evaluate(&expression, JsonataLimits::WIDE), wanted, "{expression}");
    }
}
