//! The arguments of `asl up`.

use std::net::SocketAddr;
use std::path::PathBuf;

use asl_project::Substitution;
use clap::Args;

use super::Serving;

/// Bring up a whole project of the CDK, SAM or CloudFormation on this machine
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Its buckets, tables, queues and topics are made, its functions run, its state machines are
registered, and its APIs, rules and schedules start executions. Nothing reaches AWS.

Exit codes:
  0    ended by a signal
  2    the command line is wrong, the project cannot be read, or the address is taken
  3    something that the project needs is not there, or a definition is invalid
  70   asl itself has made a mistake; stderr says what to report")]
pub(crate) struct Up {
    /// The folder of the project, a cloud assembly such as `cdk.out`, or a template
    #[arg(value_name = "FOLDER|TEMPLATE", default_value = ".")]
    pub(crate) project: PathBuf,

    /// The value of a parameter; or of an attribute that nothing here knows, as `LogicalId.Attribute=VALUE`
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) parameter: Vec<Substitution>,

    /// The name of the stack of a template; without it, that of its folder
    #[arg(long, value_name = "NAME")]
    pub(crate) stack_name: Option<String>,

    /// A routing file whose routes, mocks and services come before what the project says; without it, `routes.toml` in its folder
    #[arg(long, value_name = "FILE")]
    pub(crate) routes: Option<PathBuf>,

    /// Write what the project comes to, `routes.toml` and the definitions, into a folder, and end: `asl serve` takes it from there
    #[arg(long, value_name = "DIR")]
    pub(crate) eject: Option<PathBuf>,

    /// Bring it up anew when a file of the project changes; executions that run go on
    #[arg(long, conflicts_with = "eject")]
    pub(crate) watch: bool,

    /// It was brought up before, and the server was there
    #[arg(long, hide = true, value_name = "ADDRESS")]
    pub(crate) again: Option<SocketAddr>,

    #[command(flatten)]
    pub(crate) serving: Serving,
}

/// End what `asl up` has brought up
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes:
  0    nothing is up any more
  2    a folder for data is used by something else, or cannot be removed")]
pub(crate) struct Down {
    /// Where it keeps its data
    #[arg(long, value_name = "DIR", default_value = ".asl")]
    pub(crate) data: PathBuf,

    /// Also remove the data: what the services keep, executions, logs
    #[arg(long)]
    pub(crate) delete: bool,

    /// Print what was done as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What a CDK app calls in the place of Docker: its command runs on this machine
#[derive(Debug, Args)]
pub(crate) struct Container {
    /// The arguments of Docker
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) arguments: Vec<String>,
}
