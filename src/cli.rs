//! The arguments of the command.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Runs Amazon States Language state machines on this machine.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a state machine and print its output
    Run(Run),
    /// Show what AWS gives for a JSONPath or an intrinsic function, and why
    Jsonpath(Jsonpath),
    /// Run the bundled download-images workflow against a server in this process; needs no network
    Demo(Demo),
    /// Report every problem of definitions, as AWS would, without running anything
    Check(Check),
}

/// Run a state machine and print its output
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes:
  0    the execution succeeded
  1    the execution failed or timed out; its state and error are on stderr
  2    the command line or the input is wrong, or a file cannot be read
  3    the definition or the routing file is invalid, or a resource has no
       route; nothing was run
  130  interrupted")]
pub(crate) struct Run {
    /// The definition: a JSON file in the Amazon States Language
    pub(crate) definition: PathBuf,

    /// The input: a file, `-` for stdin, or the JSON itself
    #[arg(short, long, value_name = "FILE|-|JSON", default_value = "{}", allow_hyphen_values = true)]
    pub(crate) input: String,

    /// The routing file; without it, `routes.toml` beside the definition where there is one
    #[arg(long, value_name = "FILE")]
    pub(crate) routes: Option<PathBuf>,

    /// Where the embedded services keep their data
    #[arg(long, value_name = "DIR", default_value = ".asl")]
    pub(crate) data: PathBuf,

    /// Print the history of the execution instead of its output, as AWS's GetExecutionHistory gives it
    #[arg(long)]
    pub(crate) events: bool,

    /// Lift AWS's quotas: 25,000 events in a history, 256 KiB in an input, output or result
    #[arg(long)]
    pub(crate) no_quotas: bool,
}

/// Run the bundled download-images workflow against a server in this process; needs no network
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Where the embedded services keep their data
    #[arg(long, value_name = "DIR", default_value = ".asl")]
    pub(crate) data: PathBuf,
}

/// Report every problem of definitions, as AWS would, without running anything
///
/// `${Name}` stands for text that CloudFormation, SAM or the CDK fills in: what depends on it is not reported.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes:
  0    AWS would take every definition; there may be warnings
  2    the command line is wrong, or a file cannot be read
  3    a definition has errors")]
pub(crate) struct Check {
    /// The definitions: files in JSON, or in YAML (.yaml, .yml); `-` for stdin
    #[arg(required = true, value_name = "FILE|-")]
    pub(crate) files: Vec<PathBuf>,

    /// The type of the state machine
    #[arg(long = "type", value_enum, value_name = "TYPE", default_value_t = MachineType::Standard)]
    pub(crate) machine_type: MachineType,

    /// How to print what is found
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,

    /// Short for `--format json`
    #[arg(long)]
    pub(crate) json: bool,
}

/// The type of a state machine
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MachineType {
    /// Up to a year long
    Standard,
    /// Up to five minutes: no .sync, no .waitForTaskToken, no activities
    Express,
}

/// How to print what is found
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For a person: the line at fault, and what to do
    Text,
    /// For a program: as AWS's ValidateStateMachineDefinition, with lines and columns
    Json,
}
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
