//! The arguments of the command.

use std::path::PathBuf;

use asl_project::Substitution;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::commands::check::codes;

mod data;
mod histories;
mod queries;
mod serve;
mod test;
mod up;

pub(crate) use data::{Data, DataAction};
pub(crate) use histories::{Diff, History, Logs, OfHistory, Open, Record};
pub(crate) use queries::{Jsonata, Jsonpath};
pub(crate) use serve::{AtServer, Ps, Serve, Serving, Start, Stop, Top};
pub(crate) use test::{Test, TestFormat};
pub(crate) use up::{Container, Down, Up};

/// Runs Amazon States Language state machines on this machine.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Whether reports have colours; without it, those for a terminal do, unless NO_COLOR is set
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    pub(crate) color: Color,
}

/// When reports have colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Wherever they go
    Always,
    /// Nowhere
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a state machine and print its output
    Run(Run),
    /// Serve the Step Functions API over HTTP, with executions that survive the end of the server
    Serve(Serve),
    /// Bring up a whole project of the CDK, SAM or CloudFormation on this machine
    Up(Up),
    /// End what `asl up` has brought up
    Down(Down),
    /// What a CDK app calls in the place of Docker: its command runs on this machine
    #[command(hide = true)]
    Container(Container),
    /// Run a state machine step by step on the terminal: forward, back, with other data
    Debug(Debug),
    /// List the executions of a running server
    Ps(Ps),
    /// Watch the executions of a running server on the terminal, stop and redrive them
    Top(Top),
    /// Start an execution at a running server
    Start(Start),
    /// Stop an execution of a running server
    Stop(Stop),
    /// Show what AWS gives for a JSONPath or an intrinsic function, and why
    Jsonpath(Jsonpath),
    /// Show what AWS gives for a JSONata expression, and why
    Jsonata(Jsonata),
    /// Run the bundled download-images workflow against a server in this process; needs no network
    Demo(Demo),
    /// Report every problem of definitions, as AWS would, without running anything
    ///
    /// `${Name}` stands for text that CloudFormation, SAM or the CDK fills in: what depends on it is not reported.
    Check(Check),
    /// Draw a state machine: as Mermaid, DOT or SVG, and what an execution of it did
    Graph(Graph),
    /// Show what happened in an execution that was run here
    History(History),
    /// Show an execution in the browser: of AWS, or of a run here
    Open(Open),
    /// Show how two executions differ: what was taken, sent, answered and handed on
    Diff(Diff),
    /// Show what functions printed during an execution, or follow one of a running server
    Logs(Logs),
    /// Look at, seed and empty what the embedded services keep
    Data(Data),
    /// Answer a task of a running execution that waits for its token
    Answer(Answer),
    /// Print a script that completes the arguments of asl in a shell
    Completions(Completions),
    /// Print a page of the manual, or write all pages
    Man(Man),
    /// Run the cases of test files on virtual time, with mocks in the place of tasks
    Test(Test),
    /// Make a test case of the history of an execution: of AWS, or of a run here
    Record(Record),
    /// Test one state: the data on its way from input to output, and what takes an error
    ///
    /// Nothing is called: what a Task, Map or Parallel state would do is mocked.
    TestState(TestState),
}

/// Run a state machine and print its output
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes:
  0    the execution succeeded
  1    the execution failed or timed out; its state and error are on stderr
  2    the command line or the input is wrong, or a file cannot be read
  3    the definition, the routing file or the mocks are invalid, a task has
       no route or no mock, or what it names or calls is not there
  70   asl itself has made a mistake; stderr says what to report
  130  interrupted")]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) of: Running,

    /// Begin with nothing in the embedded services: what earlier runs have stored there is removed
    #[arg(long, conflicts_with = "mocks")]
    pub(crate) fresh: bool,

    /// Print the history of the execution, and those of executions that it has started, instead of its output, as AWS's
    /// GetExecutionHistory gives it; with a file, write it there beside the output
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub(crate) events: Option<Option<PathBuf>>,

    /// Print how the execution ended as JSON instead of its output, as AWS's DescribeExecution gives it
    #[arg(long)]
    pub(crate) json: bool,

    /// Tell on stderr where the time went, for each state and attempt: in tasks, between attempts, waiting; with a file, also draw
    /// it there as SVG
    #[arg(long, value_name = "FILE.svg", num_args = 0..=1, require_equals = true)]
    pub(crate) time: Option<Option<PathBuf>>,

    /// Write a trace of the execution and its child executions into a file, as OpenTelemetry's OTLP has it in JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,

    /// Show the execution in the browser while it runs, and until Ctrl-C
    #[arg(long, conflicts_with_all = ["mocks", "events", "time", "trace"])]
    pub(crate) open: bool,

    /// Show on stderr what functions print, each line behind the name of its function
    #[arg(long)]
    pub(crate) logs: bool,
}

/// What is run, and how.
#[derive(Debug, Args)]
pub(crate) struct Running {
    /// The definition: a file in the Amazon States Language, in JSON, or in YAML (.yaml, .yml); or a state machine of a
    /// template (CloudFormation, SAM, serverless.yml); or `-` for stdin
    #[arg(value_name = "FILE|TEMPLATE#NAME|-")]
    pub(crate) definition: PathBuf,

    /// The input: a file, `-` for stdin, or the JSON itself
    #[arg(short, long, value_name = "FILE|-|JSON", default_value = "{}", allow_hyphen_values = true)]
    pub(crate) input: String,

    /// Fill in `${NAME}` in the definition; `[substitutions]` of the routing file does the same
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) substitute: Vec<Substitution>,

    /// The routing file; without it, `routes.toml` beside the definition where there is one
    #[arg(long, value_name = "FILE")]
    pub(crate) routes: Option<PathBuf>,

    /// Where the embedded services keep their data
    #[arg(long, value_name = "DIR", default_value = ".asl")]
    pub(crate) data: PathBuf,

    /// Call nothing: tasks answer as a mock configuration file of Step Functions Local says, or the `[[mocks]]` of a TOML
    /// file; waits, retries and timeouts take no time
    #[arg(long, value_name = "FILE[#TEST]", conflicts_with = "routes")]
    pub(crate) mocks: Option<String>,

    /// Let Wait states and the delays of retries take no time; tasks are called as ever
    #[arg(long, conflicts_with = "mocks")]
    pub(crate) skip_waits: bool,

    /// Pause before this state is entered, and ask on the terminal how to go on, or with --open on the page: by the name of the state,
    /// also of one inside a Map or Parallel state
    #[arg(long, value_name = "STATE")]
    pub(crate) r#break: Vec<String>,

    /// Lift AWS's quotas on the size of histories (25,000 events), data (256 KiB), variables and expressions
    #[arg(long)]
    pub(crate) no_quotas: bool,
}

/// Run a state machine step by step on the terminal: forward, back, with other data
#[derive(Debug, Args)]
#[command(after_help = "\
Keys:
  s, →      step: go on to the next state; after a step back, forward again
  b, ←      step back, to look at what was
  g         go on to the next breakpoint, or to the end
  space     set or remove a breakpoint at the state that is selected
  e, v      change the input or the variables of the state that comes next
  f         fork: run on from the state that is selected, with another input
  q         quit: the execution is stopped

Exit codes:
  0    somebody has seen enough
  2    the command line or the input is wrong, a file cannot be read, or there
       is no terminal
  3    the definition, the routing file or the mocks are invalid, a task has
       no route or no mock, or what it names or calls is not there")]
pub(crate) struct Debug {
    #[command(flatten)]
    pub(crate) of: Running,
}

/// Run the bundled download-images workflow against a server in this process; needs no network
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Print everything as one JSON object, at the end
    #[arg(long)]
    pub(crate) json: bool,

    /// Where the embedded services keep their data
    #[arg(long, value_name = "DIR", default_value = ".asl")]
    pub(crate) data: PathBuf,
}

/// Answer a task of a running execution that waits for its token
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes:
  0  the task has taken it, or those that wait are listed
  1  no task waits for the token, or it does not take the answer
  2  the command line is wrong, or a file cannot be read")]
pub(crate) struct Answer {
    /// The token. Without it, the tasks that wait are listed
    #[arg(allow_hyphen_values = true)]
    pub(crate) token: Option<String>,

    /// Let the task succeed with this output: a file, `-` for stdin, or the JSON itself
    #[arg(
        long,
        value_name = "FILE|-|JSON",
        requires = "token",
        allow_hyphen_values = true,
        conflicts_with_all = ["error", "cause", "heartbeat"]
    )]
    pub(crate) output: Option<String>,

    /// Let the task fail with this error
    #[arg(long, value_name = "NAME", requires = "token", conflicts_with = "heartbeat")]
    pub(crate) error: Option<String>,

    /// What the failure is about, in words
    #[arg(long, value_name = "TEXT", requires = "error")]
    pub(crate) cause: Option<String>,

    /// Tell that somebody works on it
    #[arg(long, requires = "token")]
    pub(crate) heartbeat: bool,

    /// Print the tasks that wait as a JSON array, or the task that was answered as an object
    #[arg(long)]
    pub(crate) json: bool,

    /// Where the embedded services of the run keep their data
    #[arg(long, value_name = "DIR", default_value = ".asl")]
    pub(crate) data: PathBuf,
}

/// Print a script that completes the arguments of asl in a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  asl completions bash > ~/.local/share/bash-completion/completions/asl
  asl completions zsh > \"${fpath[1]}/_asl\"
  asl completions fish > ~/.config/fish/completions/asl.fish")]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

/// Print a page of the manual, or write all pages
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  asl man run | man -l -
  asl man --output ~/.local/share/man/man1

Exit codes:
  0  it is printed, or they are written
  2  there is no such command, or a file cannot be written")]
pub(crate) struct Man {
    /// The command whose page is printed; without it, that of asl
    #[arg(value_name = "COMMAND")]
    pub(crate) verb: Option<String>,

    /// Write the pages of asl and all its commands into this folder: asl.1, asl-run.1 and so on
    #[arg(short, long, value_name = "DIR", conflicts_with = "verb")]
    pub(crate) output: Option<PathBuf>,
}

/// Report every problem of definitions, as AWS would, without running anything
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes:
  0    AWS would take every definition; there may be warnings
  2    the command line is wrong, or a file cannot be read
  3    a definition has errors, or warnings that --deny names")]
pub(crate) struct Check {
    /// The definitions: files in JSON, or in YAML (.yaml, .yml); templates with state machines; folders with all that lies
    /// below; patterns such as '**/*.asl.json'; `-` for stdin
    #[arg(required = true, value_name = "FILE|FOLDER|TEMPLATE#NAME|-")]
    pub(crate) files: Vec<PathBuf>,

    /// Fill in `${NAME}` in the definition
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) substitute: Vec<Substitution>,

    /// The type of the state machine
    #[arg(long = "type", value_enum, value_name = "TYPE", default_value_t = MachineType::Standard)]
    pub(crate) machine_type: MachineType,

    /// How to print what is found
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,

    /// Short for `--format json`
    #[arg(long)]
    pub(crate) json: bool,

    /// Leave out the warnings of a code; `[check]` of the routing file does the same
    #[arg(long, value_name = "CODE", value_delimiter = ',', value_parser = codes::warning)]
    pub(crate) allow: Vec<&'static str>,

    /// Let a warning of a code, or any warning, give the exit code of errors
    #[arg(long, value_name = "CODE|warnings", value_delimiter = ',', value_parser = codes::denied)]
    pub(crate) deny: Vec<codes::Denied>,
}

/// Draw a state machine: as Mermaid, DOT or SVG, and what an execution of it did
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  asl graph order.json                             for a Markdown block `mermaid`
  asl graph order.json --output order.svg
  asl graph order.json --history events.json --output order.svg
  asl graph order.json --format dot | dot -Tpng > order.png

Exit codes:
  0  it is drawn
  2  the command line or the history is wrong, or a file cannot be read or written
  3  the definition is invalid")]
pub(crate) struct Graph {
    /// The definition: a file in JSON, or in YAML (.yaml, .yml); or a state machine of a template; or `-` for stdin
    #[arg(value_name = "FILE|TEMPLATE#NAME|-")]
    pub(crate) definition: PathBuf,

    /// Fill in `${NAME}` in the definition
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) substitute: Vec<Substitution>,

    /// What it is drawn as; without it, what the ending of --output says, or Mermaid
    #[arg(long, value_enum)]
    pub(crate) format: Option<GraphFormat>,

    /// Short for `--format json`: the states, and what leads from one to another
    #[arg(long)]
    pub(crate) json: bool,

    /// The file to write, instead of stdout: .svg, .dot, .gv, .mmd, .md, or .json
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Show what an execution did: the history as `asl run --events`, `asl history --json` or AWS's GetExecutionHistory gives
    /// it; a file, `-` for stdin, or the JSON itself
    #[arg(long, value_name = "FILE|-|JSON")]
    pub(crate) history: Option<String>,

    /// Show what tests take: the coverage as `asl test --coverage-json` writes it
    #[arg(long, value_name = "FILE", conflicts_with = "history")]
    pub(crate) coverage: Option<PathBuf>,
}

/// What a state machine is drawn as
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    /// Text that GitHub and others draw
    Mermaid,
    /// Text for Graphviz
    Dot,
    /// A picture for browsers
    Svg,
    /// For a program that draws
    Json,
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
    /// For GitHub Actions: annotations
    Github,
    /// For code scanning: SARIF 2.1.0
    Sarif,
}

/// Test one state: the data on its way from input to output, and what takes an error
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes:
  0    the state succeeded, or a Catcher took its error
  1    the state failed, or a Retrier would try it again
  2    the command line, the input, the mock or the context object is wrong,
       or a file cannot be read
  3    the definition is invalid")]
pub(crate) struct TestState {
    /// The definition of a state machine, or of one state: a file in JSON, or in YAML (.yaml, .yml); or a state machine of a
    /// template
    #[arg(value_name = "FILE|TEMPLATE#NAME")]
    pub(crate) definition: PathBuf,

    /// Fill in `${NAME}` in the definition; `[substitutions]` of `routes.toml` beside it does the same
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) substitute: Vec<Substitution>,

    /// The state of a whole definition; also one inside a Map or Parallel state
    #[arg(short, long, value_name = "NAME")]
    pub(crate) state: Option<String>,

    /// The input of the state: a file, `-` for stdin, or the JSON itself
    #[arg(short, long, value_name = "FILE|-|JSON", default_value = "{}", allow_hyphen_values = true)]
    pub(crate) input: String,

    /// What the Task, the iterations or the branches give: a file, or the JSON itself
    #[arg(long, value_name = "FILE|JSON", conflicts_with = "mock_error", allow_hyphen_values = true)]
    pub(crate) mock: Option<String>,

    /// How the Task, an iteration or a branch fails, such as `States.Timeout` or `NoName:everybody has one`
    #[arg(long, value_name = "NAME[:CAUSE]")]
    pub(crate) mock_error: Option<String>,

    /// How a mocked result is held against the API of the service
    #[arg(long, value_enum, default_value_t = MockValidation::Strict)]
    pub(crate) mock_validation: MockValidation,

    /// The context object, `$$`: a file, or the JSON itself
    #[arg(long, value_name = "FILE|JSON")]
    pub(crate) context: Option<String>,

    /// The variables that were assigned before, as an object: a file, or the JSON itself
    #[arg(long, value_name = "FILE|JSON", default_value = "{}", hide_default_value = true)]
    pub(crate) variables: String,

    /// How often the Retrier that names the mocked error has tried before
    #[arg(long, value_name = "COUNT", requires = "mock_error", allow_negative_numbers = true)]
    pub(crate) retry_count: Option<u32>,

    /// How many iterations of a Map state failed
    #[arg(long, value_name = "COUNT", allow_negative_numbers = true)]
    pub(crate) failed_iterations: Option<u64>,

    /// What the ItemReader of a Map state reads: a file, or a list as JSON
    #[arg(long, value_name = "FILE|JSON", allow_hyphen_values = true)]
    pub(crate) item_reader_data: Option<String>,

    /// Print the response of AWS's TestState instead: its JSON, at the inspection level TRACE
    #[arg(long)]
    pub(crate) json: bool,
}

/// How a mocked result is held against the API of the service
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum MockValidation {
    /// Fields fit the API, and required fields are there
    Strict,
    /// Fields that are there fit the API
    Present,
    /// Anything goes
    None,
}
