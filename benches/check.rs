//! What `asl check` costs of files with as many problems as fit into them, and that ten times as many cost ten times as much.
//!
//! `cargo bench --bench check`
#![expect(clippy::print_stdout, reason = "the figures are what the program is for")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How many problems the larger file of each kind has; the smaller one has a tenth.
const PROBLEMS: usize = 80_000;
/// How often each is checked; the fastest counts.
const RUNS: usize = 3;

/// Kinds of problems: a name, what comes before them, one of them with its number for `#`, and what comes behind.
const KINDS: [(&str, &str, &str, &str); 10] = [
    ("unknown fields", r#"{"StartAt":"A","States":{"A":{"Type":"Succeed""#, r##","f#":1"##, "}}}"),
    ("fields on lines", "{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Succeed\"", ",\n\"f#\":1", "}}}"),
    ("states that are none", r#"{"StartAt":"A","States":{"A":1"#, r##","s#":1"##, "}}"),
    (
        "targets that are none",
        r#"{"StartAt":"A","States":{"A":{"Type":"Succeed"}"#,
        r##","s#":{"Type":"Pass","Next":"x"}"##,
        "}}",
    ),
    ("fields there twice", r#"{"StartAt":"A","States":{"A":{"Type":"Succeed""#, r#","f":1"#, "}}}"),
    ("empty Choice Rules", r#"{"StartAt":"A","States":{"A":{"Type":"Choice","Choices":[{}"#, ",{}", "]}}}"),
    (
        "empty Retriers",
        r#"{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","End":true,"Retry":[{}"#,
        ",{}",
        "]}}}",
    ),
    (
        "paths as texts",
        r#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true,"Parameters":{"a":["$.a""#,
        r#","$.a""#,
        "]}}}}",
    ),
    (
        "bare names",
        r#"{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Pass","End":true,"Output":["{%a%}""#,
        r#","{%a%}""#,
        "]}}}",
    ),
    (
        "names of variables",
        r#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true,"Assign":{"1":1"#,
        r##","1#":1"##,
        "}}}}",
    ),
];

fn main() {
    let work = tempfile::tempdir().expect("a temporary folder");
    println!("{:22} {:>7} {:>12} {:>12} {:>8}", "asl check", "MB", "8,000", "80,000", "ratio");
    for (kind, before, problem, behind) in KINDS {
        let file = |count: usize| {
            let problems: String = (0..count).map(|number| problem.replace('#', &number.to_string())).collect();
            let file = work.path().join(format!("{count}.json"));
            fs::write(&file, format!("{before}{problems}{behind}")).expect("the definition is written");
            file
        };
        let (few, many) = (file(PROBLEMS / 10), file(PROBLEMS));
        let megabytes = fs::metadata(&many).expect("the file is there").len() as f64 / 1e6;
        for (format, shown) in [("text", kind), ("json", "  --json")] {
            let (few, many) = (time(&few, format), time(&many, format));
            let ratio = many.as_secs_f64() / few.as_secs_f64();
            println!("{shown:22} {megabytes:>7.2} {few:>12.1?} {many:>12.1?} {ratio:>8.1}");
        }
    }
    println!("The ratio of linear work is 10 at most; the target is 1 s for 80,000 problems in 0.9 MB.");
}

/// The time of the fastest run.
fn time(file: &Path, format: &str) -> Duration {
    let run = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_asl"));
        command.args(["check", "--format", format]).arg(file).stdout(Stdio::null()).stderr(Stdio::null());
        let start = Instant::now();
        command.status().expect("asl starts");
        start.elapsed()
    };
    (0..RUNS).map(|_| run()).min().unwrap_or_default()
}
