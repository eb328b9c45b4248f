//! Intrinsic functions: calls such as `States.Format('Hello {}', $.name)` in the place of a path.
//!
//! States Language specification, appendix B; AWS developer guide, "Intrinsic functions".

mod functions;
mod parse;

pub(crate) use functions::{digest, uuid};

use std::sync::Arc;

use crate::diagnostic::Span;
use crate::jsonpath::PathError;
use crate::nothing_found;
use crate::path::{PathExpr, PathRoot, Roots};
use crate::task::Failure;
use crate::value::Value;

/// A call with its arguments.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The call as it was written.
    text: Arc<str>,
    function: Function,
    arguments: Vec<Argument>,
    span: Span,
}

#[derive(Clone, Debug)]
struct Argument {
    /// The argument as it was written.
    text: Arc<str>,
    /// Where it stands in the text of the outermost call.
    place: Span,
    kind: ArgumentKind,
}

#[derive(Clone, Debug)]
enum ArgumentKind {
    /// `$.path`
    Path(PathExpr),
    /// `'text'`, and where in it a brace stands that was written `\{` or `\}`
    String { text: Arc<str>, escaped_braces: Vec<usize> },
    /// `1.5`, `true`, `null`
    Literal(Value),
    /// A call inside a call.
    Call(Box<Call>),
}

/// The functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    Format,
    StringToJson,
    JsonToString,
    Array,
    ArrayPartition,
    ArrayContains,
    ArrayRange,
    ArrayGetItem,
    ArrayLength,
    ArrayUnique,
    Base64Encode,
    Base64Decode,
    Hash,
    JsonMerge,
    MathRandom,
    MathAdd,
    StringSplit,
    Uuid,
}

/// Each function with its name and how many arguments it takes, from and to.
const FUNCTIONS: [(&str, Function, usize, usize); 18] = [
    ("States.Format", Function::Format, 1, usize::MAX),
    ("States.StringToJson", Function::StringToJson, 1, 1),
    ("States.JsonToString", Function::JsonToString, 1, 1),
    ("States.Array", Function::Array, 0, usize::MAX),
    ("States.ArrayPartition", Function::ArrayPartition, 2, 2),
    ("States.ArrayContains", Function::ArrayContains, 2, 2),
    ("States.ArrayRange", Function::ArrayRange, 3, 3),
    ("States.ArrayGetItem", Function::ArrayGetItem, 2, 2),
    ("States.ArrayLength", Function::ArrayLength, 1, 1),
    ("States.ArrayUnique", Function::ArrayUnique, 1, 1),
    ("States.Base64Encode", Function::Base64Encode, 1, 1),
    ("States.Base64Decode", Function::Base64Decode, 1, 1),
    ("States.Hash", Function::Hash, 2, 2),
    ("States.JsonMerge", Function::JsonMerge, 3, 3),
    ("States.MathRandom", Function::MathRandom, 2, 3),
    ("States.MathAdd", Function::MathAdd, 2, 2),
    ("States.StringSplit", Function::StringSplit, 2, 2),
    ("States.UUID", Function::Uuid, 0, 0),
];

impl Function {
    fn parse(name: &str) -> Option<Self> {
        FUNCTIONS.iter().find(|(known, ..)| *known == name).map(|(_, function, ..)| *function)
    }

    /// The name in the definition.
    fn name(self) -> &'static str {
        FUNCTIONS.iter().find(|(_, function, ..)| *function == self).map_or("", |(name, ..)| name)
    }

    /// What is wrong with this number of arguments. AWS takes such a call when a state machine is created, and fails when it
    /// runs; what `States.UUID` is given is passed over.
    fn miscounted(self, count: usize) -> Option<String> {
        let (_, _, least, most) = FUNCTIONS.iter().find(|(_, function, ..)| *function == self)?;
        if self == Self::Uuid || (*least..=*most).contains(&count) {
            return None;
        }
        let wanted = match (least, most) {
            (least, most) if least == most => format!("{least}"),
            (least, &usize::MAX) => format!("{least} or more"),
            (least, most) => format!("{least} or {most}"),
        };
        let arguments = if wanted == "1" { "argument" } else { "arguments" };
        Some(format!("it takes {wanted} {arguments}, not {count}"))
    }
}

/// Why a text is no call, and the bytes of it where reading it stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CallError {
    pub(crate) message: String,
    pub(crate) place: Span,
}

/// An argument of a call, evaluated.
pub(crate) struct Evaluated<'a> {
    /// How many calls it stands in.
    pub(crate) depth: usize,
    pub(crate) text: &'a Arc<str>,
    /// Where it stands in the text of the outermost call.
    pub(crate) place: Span,
    pub(crate) path: Option<&'a PathExpr>,
    pub(crate) outcome: &'a Result<Value, Failure>,
}

impl Call {
    /// Reads a call. The error says what is not understood.
    pub(crate) fn parse(text: &Arc<str>, span: Span) -> Result<Self, CallError> {
        parse::parse(text, span)
    }

    /// The call as it was written.
    pub(crate) fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// Whether an argument is looked up in the input.
    pub(crate) fn reads_input(&self) -> bool {
        self.arguments.iter().any(|argument| match &argument.kind {
            ArgumentKind::Path(path) => path.root() == PathRoot::Input,
            ArgumentKind::Call(call) => call.reads_input(),
            ArgumentKind::String { .. } | ArgumentKind::Literal(_) => false,
        })
    }

    /// The variables that its arguments read.
    pub(crate) fn variables(&self, found: &mut dyn FnMut(&str)) {
        for argument in &self.arguments {
            match &argument.kind {
                ArgumentKind::Path(path) => path.variable().into_iter().for_each(&mut *found),
                ArgumentKind::Call(call) => call.variables(found),
                ArgumentKind::String { .. } | ArgumentKind::Literal(_) => {}
            }
        }
    }

    /// Tells every path among its arguments.
    pub(crate) fn paths(&self, found: &mut dyn FnMut(&PathExpr)) {
        for argument in &self.arguments {
            match &argument.kind {
                ArgumentKind::Path(path) => found(path),
                ArgumentKind::Call(call) => call.paths(found),
                ArgumentKind::String { .. } | ArgumentKind::Literal(_) => {}
            }
        }
    }

    /// Tells every function in it that is called with a wrong number of arguments, and what is wrong.
    pub(crate) fn miscounted(&self, found: &mut dyn FnMut(&str, String)) {
        if let Some(wrong) = self.function.miscounted(self.arguments.len()) {
            found(self.function.name(), wrong);
        }
        for argument in &self.arguments {
            if let ArgumentKind::Call(call) = &argument.kind {
                call.miscounted(found);
            }
        }
    }

    /// Where it was written.
    pub(crate) fn span(&self) -> Span {
        self.span
    }

    /// Calls the function with what its arguments find. The failure is AWS's: `States.Runtime`, with a text that quotes this
    /// call.
    pub(crate) fn evaluate(&self, roots: &Roots<'_>) -> Result<Value, Failure> {
        self.explained(roots, &mut |_| {})
    }

    /// Does what [`Self::evaluate`] does and tells every argument, those of inner calls before these.
    pub(crate) fn explained(&self, roots: &Roots<'_>, tell: &mut impl FnMut(Evaluated<'_>)) -> Result<Value, Failure> {
        self.run(self, roots, 1, tell)
    }

    /// Calls the function inside of `outermost`, which texts quote.
    fn run(
        &self,
        outermost: &Self,
        roots: &Roots<'_>,
        depth: usize,
        tell: &mut impl FnMut(Evaluated<'_>),
    ) -> Result<Value, Failure> {
        let mut values = Vec::with_capacity(self.arguments.len());
        for Argument { text, place, kind } in &self.arguments {
            let mut path = None;
            let outcome = match kind {
                ArgumentKind::Path(argument) => {
                    path = Some(argument);
                    argument.find(roots).map_err(|error| outermost.not_found(argument, &error, roots))
                }
                ArgumentKind::String { text, .. } => Ok(Value::String(text.clone())),
                ArgumentKind::Literal(value) => Ok(value.clone()),
                ArgumentKind::Call(call) => call.run(outermost, roots, depth + 1, tell),
            };
            tell(Evaluated { depth, text, place: *place, path, outcome: &outcome });
            values.push(outcome?);
        }
        functions::call(self.function, &values, self.escaped_braces(), roots.random).map_err(|refused| {
            let said = refused.instead.unwrap_or_else(|| {
                format!("Invalid arguments in {}{}", self.function.name(), refused.detail.unwrap_or_default())
            });
            Failure::runtime(format!(
                "There was an error while evaluating the intrinsic function: {}. {said}",
                outermost.text
            ))
            .at(self.span)
            .with_hint(format!("{}: {}", self.function.name(), refused.hint))
        })
    }

    /// Which braces of the first argument are text.
    fn escaped_braces(&self) -> &[usize] {
        match self.arguments.first().map(|argument| &argument.kind) {
            Some(ArgumentKind::String { escaped_braces, .. }) => escaped_braces,
            _ => &[],
        }
    }

    /// The failure for an argument that finds nothing. AWS quotes the state's input, wherever the path starts, and a path on
    /// the context object without its first `$`.
    fn not_found(&self, path: &PathExpr, error: &PathError, roots: &Roots<'_>) -> Failure {
        let searched = match path.root() {
            PathRoot::Input => path.text().as_ref(),
            PathRoot::Context => path.text().strip_prefix('$').unwrap_or_default(),
            PathRoot::Variables => path.text().as_ref(),
        };
        let reason = match error.is_unfit() {
            true => error.message.clone(),
            false => format!(
                "The JsonPath argument for the field '{searched}' could not be found in the input '{}'",
                roots.quoted_input()
            ),
        };
        let failure = Failure::runtime(format!("The function '{}' had the following error: {reason}", self.text));
        failure.at(self.span).with_help(nothing_found::by_path(path, roots))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retry::Random;

    fn evaluated(text: &str, input: &str) -> Result<Result<Value, Failure>, CallError> {
        let call = Call::parse(&text.into(), Span::default())?;
        let input = input.parse().unwrap();
        let random = Random::new(1);
        Ok(call.evaluate(&Roots::new(&input, &|| Value::Null, &Value::Null, &random)))
    }

    fn call(text: &str, input: &str) -> String {
        match evaluated(text, input) {
            Ok(Ok(value)) => value.to_string(),
            Ok(Err(failure)) => failure.to_string(),
            Err(error) => format!("refused: {}", error.message),
        }
    }

    #[test]
    fn functions_give_what_aws_gives() {
        let cases = [
            ("States.Array()", "{}", "[]"),
            ("States.Array('a', 1.50, true, null, $.x)", r#"{"x":[1]}"#, r#"["a",1.50,true,null,[1]]"#),
            ("States.ArrayContains($.a, $.b)", r#"{"a":[[1,2],3],"b":[1,2]}"#, "true"),
            // aws2.jsonl, States.ArrayContains-006, -012, -019, -021: texts are compared.
            ("States.ArrayContains($.a, 1)", r#"{"a":["1",2]}"#, "true"),
            ("States.ArrayContains($.a, true)", r#"{"a":["true","maybe"]}"#, "true"),
            ("States.ArrayContains($.a, $.b)", r#"{"a":[{"a":1,"b":2}],"b":{"b":2,"a":1}}"#, "false"),
            ("States.ArrayContains($.a, $.b)", r#"{"a":[{"a":1}],"b":{"a":1,"extra":null}}"#, "false"),
            // -014; -012, which has the rank of a note.
            ("States.ArrayGetItem($, 1.2)", "[10,20,30]", "20"),
            ("States.ArrayGetItem($, 999)", "[]", "null"),
            ("States.ArrayGetItem($, 1)", "[1,2]", "2"),
            ("States.ArrayLength($[*])", "[1,2]", "2"),
            ("States.ArrayPartition($, 2)", "[0,1,2]", "[[0,1],[2]]"),
            ("States.ArrayPartition($, 2)", "[]", "[]"),
            ("States.ArrayRange(0, 10, 3)", "{}", "[0,3,6,9]"),
            ("States.ArrayRange(5, 1, -2)", "{}", "[5,3,1]"),
            ("States.ArrayUnique($)", r#"[1,"1",2,"01",1]"#, r#"[1,"1","01",2]"#),
            // States.ArrayRange-004, -008, -010, -011; States.ArrayPartition-008.
            ("States.ArrayRange(1.4, 5.6, 2.2)", "{}", "[1,3,5]"),
            ("States.ArrayRange(5, 1, 1)", "{}", "[]"),
            ("States.ArrayRange(1.6, 1.4, 1)", "{}", "[1]"),
            ("States.ArrayRange(5.4, -0.6, -2.4)", "{}", "[5,3,1]"),
            ("States.ArrayPartition($, 2.6)", "[1,2,3,4,5]", "[[1,2],[3,4],[5]]"),
            // States.MathAdd-005, -006, -016, -026.
            ("States.MathAdd($.a, $.b)", r#"{"a":1.6,"b":2.7}"#, "5"),
            ("States.MathAdd(-2147483647, -1)", "{}", "-2147483648"),
            ("States.MathAdd(1e309, 1)", "{}", "0"),
            ("States.MathAdd(0.49999999999999994, 0)", "{}", "0"),
            // States.MathRandom-002, -003, -015, -016, -019, -025: java.util.Random.
            ("States.MathRandom(1, 100, 42)", "{}", "63"),
            ("States.MathRandom(1, 1000, 1)", "{}", "106"),
            ("States.MathRandom(1, 1000, 2)", "{}", "806"),
            ("States.MathRandom(1, 10, -10)", "{}", "1"),
            ("States.MathRandom(1, 10, 0)", "{}", "7"),
            ("States.MathRandom(1, 5, 42)", "{}", "3"),
            ("States.MathRandom(-5, 5, 42)", "{}", "-5"),
            // States.JsonMerge-015; States.Base64Decode-013, -019.
            ("States.JsonMerge($.a, $.a, 'false')", r#"{"a":{}}"#, "{}"),
            ("States.Base64Decode('!!!aGk=!!!')", "{}", "\"hi\""),
            ("States.Base64Decode(' aGk ')", "{}", "\"hi\""),
            ("States.Base64Encode('Data to encode')", "{}", r#""RGF0YSB0byBlbmNvZGU=""#),
            ("States.Base64Decode('RGF0YSB0byBlbmNvZGU=')", "{}", r#""Data to encode""#),
            ("States.Hash('input data', 'MD5')", "{}", r#""812f45842bc6d66ee14572ce20db8e86""#),
            ("States.Hash('input data', 'SHA-1')", "{}", r#""aaff4a450a104cd177d28d18d74485e8cae074b7""#),
            (
                "States.JsonMerge($.a, $.b, false)",
                r#"{"a":{"x":1,"y":{"z":1}},"b":{"y":{"w":2}}}"#,
                r#"{"x":1,"y":{"w":2}}"#,
            ),
            ("States.JsonToString($)", r#"{"a": [1, "b"]}"#, r#""{\"a\":[1,\"b\"]}""#),
            (r#"States.StringToJson('{"a": [1]}')"#, "{}", r#"{"a":[1]}"#),
            ("States.StringToJson(' ')", "{}", "null"),
            ("States.MathAdd(1.49, 1.5)", "{}", "3"),
            ("States.MathAdd(-1.5, 0)", "{}", "-1"),
            ("States.MathAdd(-0.5, 0.5)", "{}", "1"),
            ("States.StringSplit('This.is+a,test=string', '.+,=')", "{}", r#"["This","is","a","test","string"]"#),
            ("States.StringSplit(',,,', ',')", "{}", "[]"),
            (
                "States.Format('fst={} and snd={}.', $, null)",
                r#"{"A":1,"B":["x"]}"#,
                r#""fst={A=1, B=[x]} and snd=null.""#,
            ),
            (r"States.Format('\{{}\} it\'s \\', 1)", "{}", r#""{1} it's \\""#),
            ("States.MathAdd(States.ArrayLength($.a[?(@.b)]), States.MathAdd(1, 2))", r#"{"a":[{"b":1},{}]}"#, "4"),
            ("States.Format( '{}' , $['a,b)'] )", r#"{"a,b)":1}"#, "\"1\""),
        ];
        for (text, input, expected) in cases {
            assert_eq!(call(text, input), expected, "{text} on {input}");
        }
    }

    #[test]
    fn random_functions_keep_their_bounds_and_seeds() {
        let call = |text| call(text, "{}");
        assert_eq!(call("States.MathRandom(1, 100, 7)"), call("States.MathRandom(1, 100, 7)"));
        assert_eq!(call("States.MathRandom(5, 6)"), "5");
        let uuid = call("States.UUID()");
        assert_eq!((uuid.len(), &uuid[15..16]), (38, "4"), "{uuid}");
        assert!(matches!(&uuid[20..21], "8" | "9" | "a" | "b"), "{uuid}");
    }

    #[test]
    fn calls_that_are_not_understood_are_refused() {
        for (text, reason) in [
            ("States.Nothing()", "'States.Nothing' is not an intrinsic function"),
            ("States.format('a')", "'States.format' is not an intrinsic function: did you mean 'States.Format'?"),
            ("States.Format", "'(' is missing in 'States.Format'"),
            ("States.UUID(", "an argument is missing"),
            ("States.Array('a)", "the text in single quotes has no end"),
            (r#"States.StringToJson('{\"a\":1}')"#, r#"'\"' is no escape: use \', \{, \} or \\"#),
            ("States.Array(1) x", "'x' is not expected behind the call"),
            ("States.Array(one)", "'one' is no argument: use a path, a number, 'text', true, false, null or a call"),
            ("States.Array(1", "')' is missing at the end"),
            ("States.Array(1 2)", "'1 2' is no argument: use a path, a number, 'text', true, false, null or a call"),
            ("States.Aray(1)", "'States.Aray' is not an intrinsic function: did you mean 'States.Array'?"),
        ] {
            assert_eq!(call(text, "{}"), format!("refused: {reason}"), "{text}");
        }
        let deep = "States.Array(".repeat(40) + &")".repeat(40);
        assert_eq!(call(&deep, "{}"), "refused: more than 32 calls inside each other");
    }

    /// aws2.jsonl: the groups `States.…`; the texts of States.Format's other brace is by analogy.
    #[test]
    fn what_does_not_fit_fails_as_on_aws() {
        for (text, said, hint) in [
            (
                "States.ArrayGetItem($, 1)",
                "Invalid arguments in States.ArrayGetItem",
                "the index 1 is outside of an array of 1 items",
            ),
            (
                "States.ArrayLength('a')",
                "Invalid arguments in States.ArrayLength",
                "an array is expected, not a value of type string",
            ),
            (
                "States.ArrayPartition($, 0.6)",
                "Invalid arguments in States.ArrayPartition",
                "a chunk has at least 1 item, not 0.6",
            ),
            ("States.ArrayPartition($)", "Invalid arguments in States.ArrayPartition", "it takes 2 arguments, not 1"),
            (
                "States.ArrayRange(0, 5000, 1)",
                "Invalid arguments in States.ArrayRange",
                "the range has more than 1000 items",
            ),
            ("States.ArrayRange(0, 5, 0.49)", "Invalid arguments in States.ArrayRange", "the step must not be 0"),
            (
                "States.ArrayRange(-9223372036854775807, 9223372036854775807, 1)",
                "Invalid arguments in States.ArrayRange",
                "the range has more than 1000 items",
            ),
            (
                "States.StringToJson('{bad json}')",
                "Cannot convert String to Json in States.StringToJson, caused by: Unexpected character ('b' (code 98)): was \
                 expecting double-quote to start field name\n at [Source: REDACTED \
                 (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 2]",
                "expected a name in double quotes, found 'bad' at line 1, column 2",
            ),
            (
                "States.MathAdd(2147483647, 1)",
                "Invalid arguments in States.MathAdd",
                "the sum does not fit into 32 bits",
            ),
            (
                "States.MathAdd(-3000000000, 1)",
                "Invalid arguments in States.MathAdd",
                "-3000000000 does not fit into 32 bits",
            ),
            (
                "States.MathRandom(1.49, 1.6)",
                "Invalid arguments in States.MathRandom",
                "the end 1 has to be greater than the start 1",
            ),
            ("States.MathRandom(1, 9, 'x')", "Invalid arguments in States.MathRandom", "the seed has to be a number"),
            (
                "States.MathRandom(1, 10, 5, 99)",
                "Invalid arguments in States.MathRandom",
                "it takes 2 or 3 arguments, not 4",
            ),
            (
                "States.Format('{} {}', 1)",
                "Invalid arguments in States.Format",
                "the template has more '{}' than there are values",
            ),
            (
                "States.Format('{}', 1, 2)",
                "Invalid arguments in States.Format",
                "the template has fewer '{}' than there are values",
            ),
            (
                "States.Format('Hello {{}}', 1)",
                "Invalid template in States.Format: matching '}' not found for '{'.",
                "write '\\{' for a brace that is text",
            ),
            (
                "States.Format('{} }', 1)",
                "Invalid template in States.Format: matching '{' not found for '}'.",
                "write '\\}' for a brace that is text",
            ),
            (
                "States.JsonMerge($, $, true)",
                "Invalid arguments in States.JsonMerge",
                "AWS cannot merge deeply: the third argument has to be false",
            ),
            (
                "States.JsonToString()",
                "Invalid arguments in States.JsonToString: only a single argument is allowed.",
                "it takes 1 argument, not 0",
            ),
        ] {
            let failure = evaluated(text, "[1]").unwrap().unwrap_err();
            let cause = format!("There was an error while evaluating the intrinsic function: {text}. {said}");
            assert_eq!(failure.to_string(), format!("States.Runtime: {cause}"), "{text}");
            let function = text.split('(').next().unwrap();
            assert_eq!(failure.hint(), Some(&*format!("{function}: {hint}")), "{text}");
        }
    }

    /// The outermost call is quoted, and the function that failed is named.
    #[test]
    fn a_call_inside_a_call_is_told_with_the_outermost() {
        let text = "States.Array(1, States.ArrayLength('a'))";
        let said = "Invalid arguments in States.ArrayLength";
        let expected =
            format!("States.Runtime: There was an error while evaluating the intrinsic function: {text}. {said}");
        assert_eq!(call(text, "{}"), expected);
    }

    /// aws2.jsonl, States.Base64Decode-024 and States.StringToJson-020.
    #[test]
    fn arguments_that_find_nothing_are_told_with_the_input() {
        for (text, said) in [
            ("$.nope", "The JsonPath argument for the field '$.nope' could not be found in the input '{\"n\":5}'"),
            (
                "$$.Nope.Deep",
                "The JsonPath argument for the field '$.Nope.Deep' could not be found in the input '{\"n\":5}'",
            ),
            ("$.n[0]", "Filter: [0] can only be applied to arrays. Current context is: 5"),
        ] {
            let text = format!("States.Array(States.JsonToString({text}))");
            let expected = format!("States.Runtime: The function '{text}' had the following error: {said}");
            assert_eq!(call(&text, r#"{"n":5}"#), expected);
        }
    }
}
