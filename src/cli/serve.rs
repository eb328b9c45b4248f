//! The arguments of `asl serve`.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use asl_project::Substitution;
use clap::Args;
use hyper::Uri;

/// Serve the Step Functions API over HTTP, with executions that survive the end of the server
#[derive(Debug, Args)]
#[command(after_help = "\
The AWS CLI and the SDKs reach the server at AWS_ENDPOINT_URL; any credentials do.
Ctrl-C ends the server; executions that run go on with its next start.

Exit codes:
  0    ended by a signal
  2    the command line is wrong, a file cannot be read, or the address is taken
  3    the routing file is invalid
  70   asl itself has made a mistake; stderr says what to report")]
pub(crate) struct Serve {
    /// A folder: its definitions become state machines, and its `routes.toml` says what their tasks call
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,

    /// The routing file; without it, `routes.toml` in the folder where there is one
    #[arg(long, value_name = "FILE")]
    pub(crate) routes: Option<PathBuf>,

    /// Fill in `${NAME}` in definitions; `[substitutions]` of the routing file does the same
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) substitute: Vec<Substitution>,

    #[command(flatten)]
    pub(crate) serving: Serving,
}

/// How a server is.
#[derive(Clone, Debug, Args)]
pub(crate) struct Serving {
    /// Where to listen: a port, or an address and a port; port 0 is a free one
    #[arg(long, value_name = "[ADDRESS:]PORT", default_value = "8083", value_parser = address)]
    pub(crate) listen: SocketAddr,

    /// Where executions and the embedded services keep their data
    #[arg(long, value_name = "DIR", default_value = ".asl")]
    pub(crate) data: PathBuf,

    /// Keep executions in memory only: they are lost with the server
    #[arg(long)]
    pub(crate) memory: bool,

    /// The account that things are made in
    #[arg(long, value_name = "ID", default_value = "000000000000", value_parser = account)]
    pub(crate) account: String,

    /// The region of requests that name none, and of the folder's state machines
    #[arg(long, value_name = "REGION", default_value = "us-east-1", value_parser = region)]
    pub(crate) region: String,

    /// A file with a text that requests have to show: as the access key of an AWS client, or as `Authorization: Bearer`
    #[arg(long, value_name = "FILE")]
    pub(crate) auth_token_file: Option<PathBuf>,

    /// A mock configuration file of Step Functions Local, in JSON or YAML: executions of `…:stateMachine:NAME#TestCase` are answered by it
    #[arg(long, value_name = "FILE")]
    pub(crate) mocks: Option<PathBuf>,

    /// Speak HTTPS, with a certificate for this machine that is made once: clients trust `tls/certificate.pem` in the data folder
    #[arg(long, conflicts_with_all = ["tls_certificate", "tls_key"])]
    pub(crate) tls: bool,

    /// Speak HTTPS with the certificate of this file, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_certificate: Option<PathBuf>,

    /// The private key of that certificate
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub(crate) tls_key: Option<PathBuf>,

    /// Let Wait states and the delays of retries take no time
    #[arg(long)]
    pub(crate) skip_waits: bool,

    /// Send a trace of each execution that has ended to a collector for OpenTelemetry (OTLP over HTTP, in JSON); without it, as
    /// OTEL_EXPORTER_OTLP_ENDPOINT says
    #[arg(long, value_name = "URL", value_parser = http_url)]
    pub(crate) otlp: Option<String>,

    /// Lift AWS's quotas on the size of histories, data, variables and expressions
    #[arg(long)]
    pub(crate) no_quotas: bool,

    /// How many days to keep executions that have ended
    #[arg(long, value_name = "DAYS", default_value_t = 90)]
    pub(crate) keep_days: u32,

    /// How many executions may run at a time
    #[arg(long, value_name = "N", default_value = "1000000")]
    pub(crate) max_executions: NonZeroUsize,

    /// How many workers may wait for the work of activities at a time
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub(crate) max_polls: usize,

    /// Print where the server is reached and what it has as JSON, on one line
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which server is asked.
#[derive(Debug, Args)]
pub(crate) struct AtServer {
    /// The server; without it, AWS_ENDPOINT_URL_SFN or AWS_ENDPOINT_URL, or http://127.0.0.1:8083
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint: Option<String>,

    /// A file with the access token of the server
    #[arg(long, value_name = "FILE")]
    pub(crate) auth_token_file: Option<PathBuf>,
}

/// List the executions of a running server
#[derive(Debug, Args)]
pub(crate) struct Ps {
    /// Also those that have ended
    #[arg(short, long)]
    pub(crate) all: bool,

    /// Print them as a JSON array, as the API has them
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) server: AtServer,
}

/// Watch the executions of a running server on the terminal, stop and redrive them
#[derive(Debug, Args)]
#[command(after_help = "\
Keys:
  ↑ ↓       select an execution
  enter     look at it: its states, and the data of each; tab shows its events
  /         show those only that have this text in their name, state machine or status
  s         sort by the next column
  a         also show those that have ended, or hide them
  x, r      stop it, or redrive it
  q         quit; from one execution, esc leads back")]
pub(crate) struct Top {
    /// Also those that have ended
    #[arg(short, long)]
    pub(crate) all: bool,

    #[command(flatten)]
    pub(crate) server: AtServer,
}

/// Start an execution at a running server
#[derive(Debug, Args)]
pub(crate) struct Start {
    /// The state machine: its name, with a version or an alias behind a colon if wanted, or its ARN
    #[arg(value_name = "STATE_MACHINE")]
    pub(crate) state_machine: String,

    /// The input: a file, `-` for stdin, or the JSON itself
    #[arg(short, long, value_name = "FILE|-|JSON", default_value = "{}", allow_hyphen_values = true)]
    pub(crate) input: String,

    /// The name of the execution
    #[arg(long)]
    pub(crate) name: Option<String>,

    /// Wait for its end and print its output; exit with 1 where it does not succeed
    #[arg(short, long)]
    pub(crate) wait: bool,

    /// Print what the server answers as JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) server: AtServer,
}

/// Stop an execution of a running server
#[derive(Debug, Args)]
pub(crate) struct Stop {
    /// The execution: its name, the start of its name, or its ARN
    pub(crate) execution: String,

    /// The error that it ends with
    #[arg(long)]
    pub(crate) error: Option<String>,

    /// The cause of that
    #[arg(long)]
    pub(crate) cause: Option<String>,

    /// Print what the server answers as JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) server: AtServer,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    // Without an address, and by the name that everybody has for it.
    if let Ok(port) = text.strip_prefix("localhost:").unwrap_or(text).parse::<u16>() {
        return Ok(SocketAddr::from(([127, 0, 0, 1], port)));
    }
    text.parse()
        .map_err(|_| "a port such as 8083 is wanted, or an address and a port such as 127.0.0.1:8083".to_owned())
}

fn http_url(text: &str) -> Result<String, String> {
    let is_http =
        text.parse::<Uri>().is_ok_and(|url| matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some());
    if is_http { Ok(text.to_owned()) } else { Err("an address such as http://127.0.0.1:4318 is wanted".to_owned()) }
}

fn account(text: &str) -> Result<String, String> {
    match text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(text.to_owned()),
        false => Err("the ID of an account has 12 digits".to_owned()),
    }
}

fn region(text: &str) -> Result<String, String> {
    let is_region = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    match !text.is_empty() && text.bytes().all(is_region) {
        true => Ok(text.to_owned()),
        false => Err("a region such as eu-central-1 is wanted".to_owned()),
    }
}
