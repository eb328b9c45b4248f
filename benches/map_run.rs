//! A Distributed Map over a million items of an object: its time beside a loop over the same file, and its memory.
//!
//! The items come from the embedded S3, and a ResultWriter puts them back into it. The loop reads each line with `serde_json`
//! and writes it again. `cargo bench --bench map_run`
#![expect(clippy::print_stdout, reason = "the figures are what the program is for")]

mod release;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ITEMS: usize = 1_000_000;
const RUNS: usize = 5;

/// The object and its `ReaderConfig`.
const OBJECTS: [(&str, &str); 2] = [
    ("items.jsonl", r#"{"InputType": "JSONL"}"#),
    ("items.csv", r#"{"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}"#),
];

fn main() {
    let program = release::program();
    let work = tempfile::tempdir().expect("a temporary folder");
    let bucket = work.path().join(".asl/s3/items-bucket");
    fs::create_dir_all(&bucket).expect("a bucket");
    for (name, config) in OBJECTS {
        let object = bucket.join(name);
        let prepare = |items: usize| {
            write(&object, items).expect("the items are written");
            fs::write(work.path().join("machine.json"), machine(name, config)).expect("a definition");
        };
        prepare(ITEMS / 10);
        let tenth = median((0..RUNS).map(|_| run(&program, work.path())).collect());
        prepare(ITEMS);
        // One after the other: a machine is not always as fast.
        let out = work.path().join("out");
        let both = (0..RUNS).map(|_| {
            let hand = name.ends_with("jsonl").then(|| by_hand(&object, &out).expect("the loop runs"));
            (run(&program, work.path()), hand)
        });
        let both: Vec<(Duration, Option<Duration>)> = both.collect();
        let ours = median(both.iter().map(|(ours, _)| *ours).collect());
        // The children's peak so far, which Linux gives in KiB.
        let peak = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the usage of the children").max_rss();
        println!("{name}: a Map over {ITEMS} items");
        println!("  time    {:.2} s; ten times the items take {:.1} times as long", seconds(ours), ratio(ours, tenth));
        println!("  memory  {:.0} MB at most (target: at most 150)", peak as f64 * 1024.0 / 1e6);
        let mut ratios: Vec<f64> = both.iter().filter_map(|(ours, hand)| Some(ratio(*ours, (*hand)?))).collect();
        if !ratios.is_empty() {
            ratios.sort_by(f64::total_cmp);
            let hand = median(both.iter().filter_map(|(_, hand)| *hand).collect());
            let [least, middle, most] = [0, RUNS / 2, RUNS - 1].map(|at| ratios[at]);
            println!(
                "  ratio   {middle:.2} ({least:.2} to {most:.2}) to a loop of {:.2} s (target: at most 3)",
                seconds(hand)
            );
        }
    }
}

fn write(path: &Path, items: usize) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    let csv = path.extension().is_some_and(|extension| extension == "csv");
    if csv {
        writeln!(file, "id,name,price,stock")?;
    }
    for id in 0..items {
        let (price, stock) = (id as f64 * 0.25, id % 17);
        match csv {
            true => writeln!(file, "{id},item {id},{price:?},{stock}")?,
            false => writeln!(file, r#"{{"id":{id},"name":"item {id}","price":{price:?},"stock":{stock}}}"#)?,
        }
    }
    file.flush()
}

fn machine(key: &str, config: &str) -> String {
    format!(
        r#"{{"StartAt": "Each", "States": {{"Each": {{"Type": "Map", "End": true,
            "ItemReader": {{"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {config},
                "Parameters": {{"Bucket": "items-bucket", "Key": "{key}"}}}},
            "ResultWriter": {{"Resource": "arn:aws:states:::s3:putObject",
                "Parameters": {{"Bucket": "items-bucket", "Prefix": "results"}},
                "WriterConfig": {{"Transformation": "COMPACT", "OutputType": "JSONL"}}}},
            "ItemProcessor": {{
                "ProcessorConfig": {{"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}},
                "StartAt": "Keep", "States": {{"Keep": {{"Type": "Pass", "End": true}}}}
            }}
        }}}}}}"#
    )
}

fn run(program: &Path, folder: &Path) -> Duration {
    let mut command = Command::new(program);
    command.args(["run", "machine.json"]).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null());
    let start = Instant::now();
    let status = command.status().expect("asl starts");
    let time = start.elapsed();
    assert!(status.success(), "asl ended with {status}");
    time
}

fn by_hand(from: &Path, to: &Path) -> std::io::Result<Duration> {
    let start = Instant::now();
    let mut out = BufWriter::new(File::create(to)?);
    for line in BufReader::new(File::open(from)?).lines() {
        let item: serde_json::Value = serde_json::from_str(&line?)?;
        serde_json::to_writer(&mut out, &item)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(start.elapsed())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}
