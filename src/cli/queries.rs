//! The arguments of `asl jsonpath` and `asl jsonata`.

use clap::Args;

/// Show what AWS gives for a JSONPath or an intrinsic function, and why
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  asl jsonpath '$.results[?(@.statusCode == 200)].url' results.json
  asl jsonpath --explain '$[*][*]' '[[1, [2]], 3]'
  asl jsonpath \"States.Format('{} files', States.ArrayLength($.files))\" in.json
  asl jsonpath '$$.Map.Item.Value'

Exit codes:
  0  AWS gives a value
  1  AWS raises an error: the document lacks what the path asks for
  2  AWS refuses the path, the command line is wrong, or the document is no JSON")]
pub(crate) struct Jsonpath {
    /// The path, or a call such as States.Format(…); put it in single quotes, as the shell reads $ for itself
    #[arg(value_name = "PATH", allow_hyphen_values = true)]
    pub(crate) expression: String,

    /// The document: a file, `-` for stdin, or the JSON itself; without it, stdin
    #[arg(value_name = "FILE|-|JSON", allow_hyphen_values = true)]
    pub(crate) document: Option<String>,

    /// Show where each value comes from
    #[arg(long)]
    pub(crate) paths: bool,

    /// Show what each step was given, what came of it, and what fell out and why
    #[arg(long)]
    pub(crate) explain: bool,

    /// Show what RFC 9535 gives, and why AWS differs
    #[arg(long)]
    pub(crate) compare: bool,

    /// The context object, where `$$` paths start: a file or the JSON itself; without it, a sample
    #[arg(long, value_name = "FILE|JSON", allow_hyphen_values = true)]
    pub(crate) context: Option<String>,

    /// The variables, where `$name` paths start: an object, as a file or the JSON itself
    #[arg(long, value_name = "FILE|JSON", allow_hyphen_values = true)]
    pub(crate) variables: Option<String>,

    /// Print everything as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Show what AWS gives for a JSONata expression, and why
#[derive(Debug, Args)]
#[command(after_help = "\
On AWS an expression sees $states and the variables. There is no context around
it: $ and $$ are refused, and so is a name where a path begins. In predicates
and behind a dot, $ and names mean what they mean in JSONata.

Examples:
  asl jsonata '{% $states.input.items[price > 10].name %}' order.json
  asl jsonata --explain '$sum($states.input.items.(price * quantity))' order.json
  asl jsonata '$states.result.Payload' --states '{\"result\": {\"Payload\": 1}}'
  asl jsonata '$total / $count($states.input)' '[1, 2]' --variables '{\"total\": 3}'

Exit codes:
  0  AWS gives a value
  1  AWS raises an error: the expression fails, or gives nothing
  2  AWS refuses the expression, the command line is wrong, or the document is no JSON")]
pub(crate) struct Jsonata {
    /// The expression, with {% %} around it or without; put it in single quotes, as the shell reads $ for itself
    #[arg(value_name = "EXPR", allow_hyphen_values = true)]
    pub(crate) expression: String,

    /// The document, which is $states.input: a file, `-` for stdin, or the JSON itself; without it, stdin
    #[arg(value_name = "FILE|-|JSON", allow_hyphen_values = true, conflicts_with = "states")]
    pub(crate) document: Option<String>,

    /// Show what each part of the expression gave, in the order of evaluation
    #[arg(long)]
    pub(crate) explain: bool,

    /// $states as a whole: an object of input, context, result and errorOutput, as a file or the JSON itself; without a
    /// context, a sample
    #[arg(long, value_name = "FILE|JSON", allow_hyphen_values = true)]
    pub(crate) states: Option<String>,

    /// The variables: an object, as a file or the JSON itself
    #[arg(long, value_name = "FILE|JSON", allow_hyphen_values = true)]
    pub(crate) variables: Option<String>,

    /// Print everything as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}
