use super::translate::translate;
use super::*;

/// The first match of a pattern in a text, by the crate alone.
fn first<'t>(pattern: &str, flags: &str, text: &'t str) -> Option<&'t str> {
    let regex = Regex::parse(pattern, flags).unwrap();
    regex.reference.with_backtracks(1).unwrap().find(text).unwrap().map(|found| found.as_str())
}

#[test]
fn patterns_match_as_in_javascript() {
    for (pattern, flags, text, wanted) in [
        (r"a", "", "xa", Some("a")),
        (r".", "", "\n\u{2028}b", Some("b")),
        (r"^b$", "m", "a\r\nb\u{2028}c", Some("b")),
        (r"^b$", "", "a\nb", None),
        (r"a$", "", "a\n", None),
        (r"\d+", "", "\u{663}4", Some("4")),
        (r"\w+", "", "é_a1", Some("_a1")),
        (r"\s", "", "\u{feff}", Some("\u{feff}")),
        (r"\S", "", "\u{3000}a", Some("a")),
        (r"\bn", "", "én", Some("n")),
        (r"\Bb", "", "ab", Some("b")),
        (r"b", "i", "AB", Some("B")),
        (r"é", "i", "É", Some("É")),
        (r"k", "i", "\u{212a}", None),
        (r"[a-c]+", "i", "xABC", Some("ABC")),
        (r"[^a]", "i", "Ab", Some("b")),
        (r"[é-ü]", "i", "É", Some("É")),
        (r"(a)|(b)", "", "b", Some("b")),
        (r"(a)|b\1c", "", "bc", Some("bc")),
        (r"(?:(a)|b)\1", "", "ba", Some("b")),
        (r"(?<n>a)\k<n>", "", "aa", Some("aa")),
        (r"\k<n>", "", "k<n>", Some("k<n>")),
        (r"\1", "", "\u{0001}", Some("\u{0001}")),
        (r"(a)\2", "", "a\u{0002}", Some("a\u{0002}")),
        (r"\101", "", "A", Some("A")),
        (r"\0", "", "\u{0000}", Some("\u{0000}")),
        (r"\x41\u0042", "", "AB", Some("AB")),
        (r"\x4", "", "x4", Some("x4")),
        (r"\u12", "", "u12", Some("u12")),
        (r"\cA", "", "\u{0001}", Some("\u{0001}")),
        (r"\c", "", "\\c", Some("\\c")),
        (r"\8\e", "", "8e", Some("8e")),
        (r"[]", "", "a", None),
        (r"[^]", "", "\n", Some("\n")),
        (r"[\w-.]+", "", ".-a", Some(".-a")),
        (r"[a-]+", "", "-a", Some("-a")),
        (r"[\b]", "", "\u{8}", Some("\u{8}")),
        (r"[\d\s]+", "", "1 2", Some("1 2")),
        (r"[^\D]", "", "a1", Some("1")),
        (r"[[a]+", "", "[a", Some("[a")),
        (r"[a&&b]+", "", "&b", Some("&b")),
        (r"a{2}", "", "aaa", Some("aa")),
        (r"a{2,}?", "", "aaa", Some("aa")),
        (r"a{,2}", "", "a{,2}", Some("a{,2}")),
        (r"{", "", "{", Some("{")),
        (r"a}]", "", "a}]", Some("a}]")),
        (r"(?=a)*b", "", "b", Some("b")),
        (r"(?:)+a", "", "a", Some("a")),
        (r"(?<=a+)b", "", "aab", Some("b")),
        (r"(?<!a)b", "", "abb", Some("b")),
        (r"(?!a).", "", "ab", Some("b")),
        (r"a+?b", "", "aab", Some("aab")),
        (r"x*", "", "b", Some("")),
        (r"\/", "", "/", Some("/")),
        (r"\ud83d\ude00", "", "😀", Some("😀")),
        (r"\ud83d", "", "a", None),
    ] {
        assert_eq!(first(pattern, flags, text), wanted, "/{pattern}/{flags} in {text:?}");
    }
}

#[test]
fn what_javascript_refuses_is_refused_in_its_words() {
    for (pattern, flags, wanted) in [
        ("(a", "", "Unterminated group"),
        ("a)", "", "Unmatched ')'"),
        ("[a", "", "Unterminated character class"),
        ("[b-a]", "", "Range out of order in character class"),
        ("*a", "", "Nothing to repeat"),
        ("a**", "", "Nothing to repeat"),
        ("a{1}{2}", "", "Nothing to repeat"),
        ("{1}", "", "Nothing to repeat"),
        ("^*", "", "Nothing to repeat"),
        ("\\b+", "", "Nothing to repeat"),
        ("a{2,1}", "", "numbers out of order in {} quantifier"),
        ("(?i)a", "", "Invalid group"),
        ("(?>a)", "", "Invalid group"),
        ("(?<1>a)", "", "Invalid capture group name"),
        ("(?<n>a)(?<n>b)", "", "Duplicate capture group name"),
        ("(?<n>a)\\k", "", "Invalid named reference"),
        ("(?<n>a)\\k<m>", "", "Invalid named capture referenced"),
        ("a\\", "", "\\ at end of pattern"),
        ("a", "ii", "Invalid flags"),
    ] {
        let error = Regex::parse(pattern, flags).unwrap_err();
        assert_eq!(error.to_string(), format!("S0303: Invalid regular expression: /{pattern}/{flags}: {wanted}"));
    }
}

#[test]
fn large_patterns_are_refused() {
    let nested = [("(", ")"), ("(?:", ")"), ("(?=", ")")].map(|(open, close)| open.repeat(5000) + &close.repeat(5000));
    let counted = ["a{99999999999}", "((a{1,1000}){1,1000}){1,1000}"].map(str::to_owned);
    for pattern in nested.iter().chain(&counted) {
        assert_eq!(Regex::parse(pattern, "").unwrap_err().code, "S0303");
    }
}

#[test]
fn patterns_know_whether_a_match_has_a_bound() {
    for (pattern, wanted) in
        [("a?b{1,9}[*]\\+", false), ("a*", true), ("a+?", true), ("a{2,}", true), ("a{5000}", true)]
    {
        assert_eq!(translate(pattern, "", super::class::SPACES).unwrap().is_unbounded, wanted, "{pattern}");
    }
}
