//! Paths and documents that are likely to meet: both are made of the same few names, indices and texts.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Names of members.
const NAMES: [&str; 6] = ["a", "a", "b", "b", "c", "日"];
/// Names that hold what a path's syntax is made of, and others that are not plain.
const ODD_NAMES: [&str; 15] =
    ["A", "é", "0", "length", "null", "a b", "a-b", "😀", "", "a.b", "it's", "$", "x]y", "length()", "日本"];

/// Texts that a document holds and a filter compares with.
const TEXTS: [&str; 22] = [
    "a", "b", "ab", "abc", "1", "200", "1.0", "-1", "null", "true", "TRUE", "false", "", "it's", "日", "😀", "a b",
    "a\nb", "x&&y", "1e2", "１", "{a=1}",
];

/// Numbers as their JSON text. None overflows a double: there Jackson reads an infinity, which JSON cannot hold.
const NUMBERS: [&str; 22] = [
    "0",
    "1",
    "2",
    "3",
    "-1",
    "200",
    "1",
    "2",
    "1.0",
    "200.0",
    "0.5",
    "-0.0",
    "-0",
    "1e2",
    "1.5e300",
    "0.001",
    "1e-7",
    "12345678.9",
    "2147483648",
    "9007199254740993",
    "123456789012345678901234567890",
    "100.10",
];

const PATTERNS: [&str; 36] = [
    "a",
    ".*",
    "^a.*",
    ".*b$",
    "a|b",
    "[a-c]+",
    "[^a]*",
    r"\d+",
    r"\w*",
    r"\s",
    "a?b*",
    r"(a)(b)?\1",
    "(?i)A",
    "(?i:A)b",
    "a{1,2}b",
    "a{2}",
    "a*+a",
    "a++",
    "(?=a)..",
    "(?!a).+",
    ".",
    "..",
    "日",
    "[日-本]",
    r"\.",
    r"1\.0",
    r"\x61",
    r"\u0061.*",
    r"[\d.]+",
    r"\{a=1\}",
    r"\[.*",
    "(?s).*",
    r"\S+",
    "",
    r"\bab\b",
    "[[ab]c]*",
];

const BROKEN_PATTERNS: [&str; 8] = ["*", "a**", "+", "{", "a{2", "a{3,1}", "[b-a]", r"\q"];

/// What may be typed in or left out by mistake.
const ODD: [&str; 52] = [
    "$",
    "@",
    ".",
    "..",
    "[",
    "]",
    "(",
    ")",
    "'",
    "\"",
    "?",
    "*",
    ":",
    ",",
    "-",
    "+",
    "&",
    "&&",
    "|",
    "||",
    "=",
    "==",
    "!",
    "!=",
    "<",
    "<=",
    ">",
    "=~",
    "/",
    "/i",
    "\\",
    " ",
    "\t",
    "\n",
    "0",
    "1",
    "9",
    "a",
    "b",
    "é",
    "日",
    "😀",
    "٣",
    "{",
    "}",
    "#",
    "null",
    "length",
    "size()",
    "99999999999",
    "\u{a0}",
    "\u{0}",
];

fn text(choices: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(choices).prop_map(str::to_owned)
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![8 => text(&NAMES), 1 => text(&ODD_NAMES)]
}

/// The JSON text of a document.
pub(crate) fn document() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        1 => text(&["null", "true", "false"]),
        3 => text(&NUMBERS),
        3 => text(&TEXTS).prop_map(|text| serde_json::to_string(&text).unwrap_or_default()),
    ];
    let value = leaf.prop_recursive(4, 80, 6, |inner| {
        let members = vec((prop_oneof![3 => text(&NAMES), 1 => name()], inner.clone()), 0..9).prop_map(|members| {
            let members = members.into_iter().map(|(name, value)| format!("{}:{value}", serde_json::Value::from(name)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        });
        let items = vec(inner, 0..6).prop_map(|items| format!("[{}]", items.join(",")));
        prop_oneof![members, items]
    });
    prop_oneof![12 => container(value.clone().boxed()), 1 => value]
}

/// An object or array of documents, so that few documents are bare scalars.
fn container(value: BoxedStrategy<String>) -> impl Strategy<Value = String> {
    prop_oneof![
        vec(value.clone(), 0..7).prop_map(|items| format!("[{}]", items.join(","))),
        vec((select(&["a", "b", "c", "日"][..]), value), 0..9).prop_map(|members| {
            let members = members.into_iter().map(|(name, value)| format!("\"{name}\":{value}"));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }),
    ]
}

/// A path: mostly one that compiles, at times one with a few characters wrong, at times noise.
pub(crate) fn path() -> impl Strategy<Value = String> {
    let start = prop_oneof![80 => Just("$"), 1 => Just("@"), 1 => Just(""), 1 => Just(" $"), 1 => Just("$$")];
    let sound = (
        start,
        prop_oneof![3 => vec(step(), 1..3), 1 => vec(step(), 0..6)],
        prop_oneof![40 => Just(""), 1 => Just(" "), 1 => Just(".")],
    );
    let sound = sound.prop_map(|(start, steps, end)| format!("{start}{}{end}", steps.concat())).boxed();
    let mistyped = (sound.clone(), vec((any::<Index>(), 0..3_u8, text(&ODD)), 1..4)).prop_map(|(path, mistakes)| {
        let mut chars: Vec<String> = path.chars().map(String::from).collect();
        for (at, kind, odd) in mistakes {
            let at = at.index(chars.len() + 1);
            match kind {
                0 => chars.insert(at, odd),
                1 if at < chars.len() => drop(chars.remove(at)),
                _ if at < chars.len() => chars[at] = odd,
                _ => chars.push(odd),
            }
        }
        chars.concat()
    });
    let noise = vec(text(&ODD), 0..14).prop_map(|odd| format!("${}", odd.concat()));
    let bracket_noise = vec(text(&ODD), 0..10).prop_map(|odd| format!("$[{}]", odd.concat()));
    let filter_noise = vec(text(&ODD), 0..14).prop_map(|odd| format!("$[?(@{})]", odd.concat()));
    prop_oneof![40 => sound, 6 => mistyped, 1 => noise, 1 => bracket_noise, 1 => filter_noise]
}

fn step() -> impl Strategy<Value = String> {
    prop_oneof![
        50 => name().prop_map(|name| format!(".{name}")),
        15 => name().prop_map(|name| format!("['{name}']")),
        1 => name().prop_map(|name| format!("[\"{name}\"]")),
        6 => vec(name(), 0..4).prop_map(|names| {
            let names: Vec<_> = names.into_iter().map(|name| format!("'{name}'")).collect();
            format!("[{}]", names.join(", "))
        }),
        20 => number().prop_map(|index| format!("[{index}]")),
        10 => vec(number(), 2..4).prop_map(|indices| format!("[{}]", indices.join(","))),
        12 => (number(), number()).prop_map(|(from, to)| format!("[{from}:{to}]")),
        10 => number().prop_map(|from| format!("[{from}:]")),
        10 => number().prop_map(|to| format!("[:{to}]")),
        3 => vec(option_number(), 2..4).prop_map(|bounds| format!("[{}]", bounds.join(":"))),
        2 => vec(option_number(), 1..5).prop_map(|numbers| format!("[{}]", numbers.join(" ,:"))),
        60 => text(&["[*]", ".*", "[*]", ".*", "[*]", "*", "[*,0]"]),
        1 => Just("[ * ]".to_owned()),
        45 => name().prop_map(|name| format!("..{name}")),
        20 => text(&["..*", "..[*]", "..[0]", "..[0:1]", "..[0,1]", "..['a','b']", "..[(@.length-1)]", "....", "..$"]),
        80 => filter(),
        20 => filter().prop_map(|filter| format!("..{filter}")),
        10 => text(&["[(@.length-1)]", "[(@.size()-2)]", "[(@.length - 1)]", "[@.length-1)]"]),
        1 => text(&["[(@.count-1)]", "[(@.length+1)]"]),
        6 => text(&[".length()", ".min()", ".max()", ".sum()", ".keys()", ".concat()", ".a()"]),
        1 => text(&["[?]", "[?,?]", "[ ? ]", "[?*]", "[]", "[ ]", "['a'", "[?(@.a", "$", " ", "]", ".", "[0..1]", "[+1]", "[1.5]"]),
    ]
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        40 => text(&["0", "0", "0", "1", "1", "2"]),
        12 => text(&["3", "-1", "-2", "01", " 1 ", "9"]),
        1 => text(&["٣", "2147483647", "-2147483648", "2147483648", "-", "1-1"]),
    ]
}

fn option_number() -> impl Strategy<Value = String> {
    prop_oneof![2 => Just(String::new()), 5 => number()]
}

fn filter() -> impl Strategy<Value = String> {
    let joint = select(&[" && ", " || ", "&&", "||", " & ", " | ", " &&& ", "&& &&"][..]);
    let joint = prop_oneof![50 => select(&[" && ", " || ", "&&", "||"][..]), 1 => joint];
    let frame = prop_oneof![
        80 => Just(("[?(", ")]")),
        1 => select(&[("[?( ", " )]"), ("[? (", ") ]"), ("[?((", "))]"), ("[?", "]"), ("[(", ")]"), ("[?(", ")"), ("[?(", "]")][..]),
    ];
    (criterion(), vec((joint, criterion()), 0..3), frame).prop_map(|(first, more, (open, close))| {
        let more: String = more.into_iter().map(|(joint, criterion)| format!("{joint}{criterion}")).collect();
        format!("{open}{first}{more}{close}")
    })
}

fn criterion() -> impl Strategy<Value = String> {
    let operator = prop_oneof![
        20 => text(&["==", "!=", "<", "<=", ">", ">="]),
        20 => text(&[" == ", " != ", " < ", " <= ", " > ", " >= "]),
        1 => text(&["=~", " =~ ", "===", "=", "<>", "=>", "!", "~", " in ", " size ", " empty ", " contains "]),
    ];
    prop_oneof![
        16 => operand_path(),
        4 => operand_path().prop_map(|path| format!("!{path}")),
        10 => (operand_path(), select(&["==", "!=", "<", "<=", ">", ">="][..]), text(&["0", "1", "2", "200", "'a'", "'b'"]))
            .prop_map(|(left, operator, right)| format!("{left} {operator} {right}")),
        30 => (operand(), operator, operand()).prop_map(|(left, operator, right)| format!("{left}{operator}{right}")),
        10 => (operand_path(), pattern()).prop_map(|(left, pattern)| format!("{left} =~ {pattern}")),
        1 => (operand(), pattern()).prop_map(|(right, pattern)| format!("{pattern} =~ {right}")),
        1 => (operand(), operand()).prop_map(|(left, right)| format!("({left} == {right})")),
    ]
}

fn operand() -> impl Strategy<Value = String> {
    prop_oneof![
        30 => operand_path(),
        10 => text(&TEXTS).prop_map(|text| format!("'{}'", text.replace('\'', "\\'"))),
        2 => text(&TEXTS).prop_map(|text| format!("\"{text}\"")),
        1 => text(&TEXTS).prop_map(|text| format!("'{text}'")),
        16 => text(&NUMBERS),
        6 => text(&["null", "true", "false", "a", "b", "''"]),
        1 => text(&TEXTS),
        1 => text(&["1e", ".", "[]", "['a']", "{}", "1e99999999999", "+5", "''", "'", "/", "12345678901234567890x"]),
        2 => pattern(),
        1 => operand_path().prop_map(|path| format!("!{path}")),
    ]
}

fn operand_path() -> impl Strategy<Value = String> {
    let step = prop_oneof![
        60 => name().prop_map(|name| format!(".{name}")),
        20 => name().prop_map(|name| format!("['{name}']")),
        20 => text(&["[0]", "[1]", "[-1]", "[(@.length-1)]", "[ 0 ]", "['a','b']", "['a', 'c']"]),
        1 => text(&[".*", "[*]", "..a", "[0:1]", "[0,1]", "[?(@.a)]", "[?(@.a[?(@.b)])]", ".length()", "$", "[\"a\"]", " "]),
    ];
    (select(&["@", "@", "@", "@", "$"][..]), vec(step, 0..3))
        .prop_map(|(start, steps)| format!("{start}{}", steps.concat()))
}

fn pattern() -> impl Strategy<Value = String> {
    let sound = vec(text(&PATTERNS), 1..3).prop_map(|parts| parts.concat());
    let body = prop_oneof![60 => sound, 1 => text(&BROKEN_PATTERNS)];
    (body, select(&["/", "/", "/i"][..])).prop_map(|(body, end)| format!("/{body}{end}"))
}
