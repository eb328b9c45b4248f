//! The arguments of the verbs that read histories: `asl history`, `asl logs`, `asl diff` and `asl record`.

use std::path::PathBuf;

use asl_project::Substitution;
use asl_testing::Mask;
use clap::Args;

use super::AtServer;

/// Make a test case of the history of an execution: of AWS, or of a run here
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes:
  0  it is written
  2  the command line is wrong, or a file cannot be read or written
  3  the definition is invalid, or the history is not one of it")]
pub(crate) struct Record {
    #[command(flatten)]
    pub(crate) of: OfHistory,

    /// The name of the case
    #[arg(long, default_value = "recorded")]
    pub(crate) name: String,

    /// The ARN of the execution, where states read it (`$$.Execution.Id`): no event has it
    #[arg(long, value_name = "ARN")]
    pub(crate) execution_arn: Option<String>,

    /// Put `***` in the place of what is there in inputs, results and outputs: `$.card.number`, or `$..password` anywhere
    #[arg(long, value_name = "PATH")]
    pub(crate) mask: Vec<Mask>,

    /// The test file to write, with its history beside it; without it, the test file is printed
    #[arg(long, value_name = "NAME.test.yaml")]
    pub(crate) output: Option<PathBuf>,

    /// Make the test file JSON, as the ending .test.json does
    #[arg(long)]
    pub(crate) json: bool,
}

/// The history of an execution, with the definition that it ran.
#[derive(Debug, Args)]
pub(crate) struct OfHistory {
    /// The history: what `aws stepfunctions get-execution-history` or `asl run --events` prints, `-` for stdin, or the name of an
    /// execution that was run here, the start of its name, or its ARN
    #[arg(value_name = "HISTORY|-")]
    pub(crate) history: PathBuf,

    /// The definition: a file, or a state machine of a template
    #[arg(long, value_name = "FILE|TEMPLATE#NAME")]
    pub(crate) definition: PathBuf,

    /// Fill in `${NAME}` in the definition; `[substitutions]` of the routing file does the same
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) substitute: Vec<Substitution>,

    /// Where the embedded services keep their data
    #[arg(long, value_name = "DIR", default_value = ".asl")]
    pub(crate) data: PathBuf,
}

/// Show an execution in the browser: of AWS, or of a run here
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes:
  0  it was shown until Ctrl-C
  2  the command line is wrong, or a file cannot be read or is no history
  3  the definition is invalid, or the history is not one of it")]
pub(crate) struct Open {
    #[command(flatten)]
    pub(crate) of: OfHistory,

    /// The routing file, for executions that are started from the page; without it, `routes.toml` beside the definition where there
    /// is one
    #[arg(long, value_name = "FILE")]
    pub(crate) routes: Option<PathBuf>,

    /// Print where the page is as JSON, for a program that shows it, and open no browser
    #[arg(long)]
    pub(crate) json: bool,
}

/// Show what happened in an execution that was run here
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes:
  0  it is shown
  2  there is no such execution, its file cannot be read, or a file cannot be
     written")]
pub(crate) struct History {
    /// The name of the execution, the start of its name, or its ARN; also that of a child execution. Without it, the newest
    pub(crate) execution: Option<String>,

    /// List the executions that are stored
    #[arg(long, conflicts_with = "execution")]
    pub(crate) list: bool,

    /// Print the events as AWS's GetExecutionHistory gives them; with --list, the executions as ListExecutions does
    #[arg(long)]
    pub(crate) json: bool,

    /// Show where the time went, for each state and attempt: in tasks, between attempts, waiting; with a file, also draw it there as
    /// SVG
    #[arg(long, value_name = "FILE.svg", num_args = 0..=1, require_equals = true, conflicts_with_all = ["list", "json"])]
    pub(crate) time: Option<Option<PathBuf>>,

    /// Write a trace of the execution and its child executions into a file, as OpenTelemetry's OTLP has it in JSON
    #[arg(long, value_name = "FILE", conflicts_with = "list")]
    pub(crate) trace: Option<PathBuf>,

    /// Where the embedded services keep their data
    #[arg(long, value_name = "DIR", default_value = ".asl")]
    pub(crate) data: PathBuf,
}

/// Show how two executions differ: what was taken, sent, answered and handed on
///
/// States are compared by their path, the visit and the attempt. What any two runs have of their own does not count: names of
/// executions, task tokens, times, UUIDs and request ids.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  asl diff run-1795968578666 run-1795968601234
  asl diff yesterday.json today.json --times
  aws stepfunctions get-execution-history --execution-arn ARN | asl diff - run-1795968578666

Exit codes:
  0  both did the same
  1  they differ
  2  the command line is wrong, there is no such execution, or a file cannot
     be read or is no history")]
pub(crate) struct Diff {
    /// An execution: its history as `asl run --events` or AWS's GetExecutionHistory gives it (a file, `-` for stdin, or the JSON
    /// itself); or the name of one that was run here, the start of its name, or its ARN
    #[arg(value_name = "A")]
    pub(crate) first: String,

    /// The other one
    #[arg(value_name = "B")]
    pub(crate) second: String,

    /// Also list the states that took another time, those that differ most first. Times never make two executions different
    #[arg(long, conflicts_with = "json")]
    pub(crate) times: bool,

    /// Leave out what is there in inputs, what is sent, results and outputs: `$.order.id`, or `$..messageId` anywhere
    #[arg(long, value_name = "PATH")]
    pub(crate) ignore: Vec<Mask>,

    /// Tell also what any two runs have of their own: ids, tokens, times
    #[arg(long)]
    pub(crate) exact: bool,

    /// Print everything as one JSON object
    #[arg(long)]
    pub(crate) json: bool,

    /// Where the embedded services keep their data
    #[arg(long, value_name = "DIR", default_value = ".asl")]
    pub(crate) data: PathBuf,
}

/// Show what functions printed during an execution that was run here, or what happens in one of a running server
#[derive(Debug, Args)]
pub(crate) struct Logs {
    /// The name of the execution, the start of its name, or its ARN. Without it, the newest
    pub(crate) execution: Option<String>,

    /// Tell the events of an execution of a running server as they happen, until it ends
    #[arg(short, long)]
    pub(crate) follow: bool,

    #[command(flatten)]
    pub(crate) server: AtServer,

    /// Print the lines as a JSON array of objects
    #[arg(long)]
    pub(crate) json: bool,

    /// Where the embedded services keep their data
    #[arg(long, value_name = "DIR", default_value = ".asl")]
    pub(crate) data: PathBuf,
}
