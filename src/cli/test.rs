//! The arguments of `asl test`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Run the cases of test files on virtual time, with mocks in the place of tasks
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes:
  0    all cases passed
  1    a case failed, or less is covered than --min-coverage wants
  2    the command line is wrong, or a file cannot be written
  3    there are no tests, or a test file or its definition is invalid
  70   asl itself has made a mistake; the output says what to report")]
pub(crate) struct Test {
    /// Test files (NAME.test.yaml), or folders that have some below them
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) paths: Vec<PathBuf>,

    /// Run only the cases that have all words of this in the names of their file and of themselves
    #[arg(short = 'k', long, value_name = "WORDS")]
    pub(crate) pattern: Option<String>,

    /// Run only the cases that failed when they were last run
    #[arg(long)]
    pub(crate) failed: bool,

    /// Write the histories that cases keep in files anew, where they are others
    #[arg(long)]
    pub(crate) update: bool,

    /// Run each case that passes again, with each of its tasks failing in turn, and tell what goes wrong then
    #[arg(long)]
    pub(crate) faults: bool,

    /// Run each case that passes this many times more with changed data, in its input and in what its tasks answer, and tell which
    /// states cannot process that
    #[arg(long, value_name = "NUMBER", value_parser = at_least_one)]
    pub(crate) fuzz: Option<usize>,

    /// Write the test files that say what mock configuration files of AWS Step Functions Local say, beside these, and run none
    #[arg(long, conflicts_with_all = ["pattern", "failed", "update", "faults", "fuzz", "list", "coverage"])]
    pub(crate) convert: bool,

    /// Name the cases, and run none
    #[arg(long)]
    pub(crate) list: bool,

    /// Leave out the lines of cases that pass
    #[arg(short, long)]
    pub(crate) quiet: bool,

    /// Show what happens in each case, also where it passes: its history, an event a line
    #[arg(long, conflicts_with = "list")]
    pub(crate) no_capture: bool,

    /// Run again whenever a file below the paths changes, until Ctrl-C
    #[arg(long, conflicts_with_all = ["list", "convert", "merge"])]
    pub(crate) watch: bool,

    /// How to report
    #[arg(long, value_enum, default_value_t = TestFormat::Text)]
    format: TestFormat,

    /// Short for `--format json`
    #[arg(long)]
    json: bool,

    /// Where random numbers start (jitter of retries, $random, $uuid): the same seed gives the same
    #[arg(long, value_name = "NUMBER", default_value_t = crate::commands::test::SEED)]
    pub(crate) seed: u64,

    /// How many cases run at once; without it, as many as the machine has cores
    #[arg(long, value_name = "NUMBER")]
    pub(crate) threads: Option<NonZeroUsize>,

    /// Show what of the definitions the cases take, and what is missing
    #[arg(long)]
    pub(crate) coverage: bool,

    /// Write the coverage for LCOV
    #[arg(long, value_name = "FILE")]
    pub(crate) coverage_lcov: Option<PathBuf>,

    /// Write the coverage as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) coverage_json: Option<PathBuf>,

    /// Write the coverage as a page that shows the definitions as pictures
    #[arg(long, value_name = "FILE")]
    pub(crate) coverage_html: Option<PathBuf>,

    /// Run no case, and show the coverage that other runs have written with --coverage-json, all together
    #[arg(long, value_name = "FILE", conflicts_with_all = ["pattern", "failed", "update", "faults", "fuzz", "list", "convert", "no_capture"])]
    pub(crate) merge: Vec<PathBuf>,

    /// Fail where less than this part is covered
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub(crate) min_coverage: Option<f64>,

    /// Where it is kept which cases have failed
    #[arg(long, value_name = "DIR", default_value = ".asl")]
    pub(crate) data: PathBuf,
}

impl Test {
    /// How to report.
    pub(crate) fn format(&self) -> TestFormat {
        if self.json { TestFormat::Json } else { self.format }
    }
}

/// How `asl test` reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TestFormat {
    /// For a person
    Text,
    /// JSON
    Json,
    /// XML of JUnit
    Junit,
    /// Workflow commands of GitHub Actions
    Github,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "not a number from 1 on".to_owned())
}

fn percent(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| (0.0..=100.0).contains(number));
    number.ok_or_else(|| "not a number from 0 to 100".to_owned())
}
