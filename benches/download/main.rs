//! How fast the download-images workflow is beside a bare loop that downloads the same files.
//!
//! Five rounds, each with the loop, the workflow cut down to its downloads, and the whole workflow, all against one nginx
//! on loopback. Every run starts with an empty folder, and is checked for having stored every file.
//! `cargo bench --bench download`
#![expect(clippy::print_stdout, reason = "the figures are what the program is for")]

mod nginx;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const FILES: usize = 5_000;
const ROUNDS: usize = 5;
/// As many downloads as the workflow has under way: 5 tasks at once (MaxConcurrency), each with 5 requests (lambdaConcur).
const AT_ONCE: usize = 25;

fn main() {
    // Reqwest makes no client without one, not even for plain HTTP.
    rustls::crypto::ring::default_provider().install_default().expect("no provider is installed yet");
    let work = tempfile::tempdir().expect("a temporary folder");
    let names = make_files(&work.path().join("files"));
    let server = nginx::Nginx::start(work.path(), &work.path().join("files"));
    let definitions = Path::new(env!("CARGO_MANIFEST_DIR")).join("definitions/download-images");
    let whole = definitions.join("definition.json");
    let downloads = work.path().join("downloads.json");
    fs::write(&downloads, downloads_only(&whole)).expect("the shortened definition is written");
    let workflow = Workflow {
        routes: definitions.join("routes.toml"),
        input: work.path().join("input.json"),
        data: work.path().join("data"),
    };
    let input = json!({ "baseUrl": server.origin(), "resourcePaths": names, "lambdaConcur": 5 });
    fs::write(&workflow.input, input.to_string()).expect("the input is written");

    let mut times = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        times[0].push(fetch_with_a_loop(&server.origin(), &names, &work.path().join("loop")));
        times[1].push(workflow.run(&downloads));
        times[2].push(workflow.run(&whole));
    }
    let [bare, downloads, whole] = times.map(median);
    println!("{FILES} files of 1 to 5 KB from nginx on loopback, medians of {ROUNDS} rounds");
    println!("reqwest loop, {AT_ONCE} at once   {:6.3} s", bare.as_secs_f64());
    for (what, time, target) in [("the downloads alone", downloads, 1.5), ("the whole workflow ", whole, 3.0)] {
        let ratio = time.as_secs_f64() / bare.as_secs_f64();
        println!("{what}        {:6.3} s   {ratio:.2} times (target: at most {target})", time.as_secs_f64());
    }
}

/// Writes the files, of the same sizes and bytes in each run of this program, and returns their names.
fn make_files(folder: &Path) -> Vec<String> {
    fs::create_dir(folder).expect("a folder for the files");
    let name = |index: usize| {
        let size = 1_024 + index * 2_654_435_761 % 4_097;
        let name = format!("{index:04}.gif");
        fs::write(folder.join(&name), vec![b'a' + (index % 26) as u8; size]).expect("a file is written");
        name
    };
    (0..FILES).map(name).collect()
}

/// The definition up to and with its downloads.
fn downloads_only(definition: &Path) -> String {
    let text = fs::read_to_string(definition).expect("the definition is there");
    let mut definition: Value = serde_json::from_str(&text).expect("the definition is JSON");
    let states = definition["States"].as_object_mut().expect("the definition has states");
    states.retain(|name, _| ["Split into batches", "Download all batches"].contains(&name.as_str()));
    let downloads = states["Download all batches"].as_object_mut().expect("a state is an object");
    downloads.remove("Next");
    downloads.insert("End".to_owned(), Value::Bool(true));
    definition.to_string()
}

struct Workflow {
    routes: PathBuf,
    input: PathBuf,
    data: PathBuf,
}

impl Workflow {
    /// Runs a definition with the command, as a person would, and returns how long that took.
    fn run(&self, definition: &Path) -> Duration {
        let mut command = Command::new(env!("CARGO_BIN_EXE_asl"));
        // So many rows make more events than AWS takes.
        command.args(["run", "--no-quotas"]).arg(definition);
        command.arg("--routes").arg(&self.routes).arg("--input").arg(&self.input).arg("--data").arg(&self.data);
        let start = Instant::now();
        let status = command.stdout(Stdio::null()).status().expect("asl starts");
        let time = start.elapsed();
        assert!(status.success(), "asl ended with {status}");
        assert_eq!(count_images(&self.data), FILES, "every file is stored");
        fs::remove_dir_all(&self.data).expect("the data is removed");
        time
    }
}

/// Fetches and writes every file with nothing around it, and returns how long that took.
fn fetch_with_a_loop(origin: &str, names: &[String], folder: &Path) -> Duration {
    let start = Instant::now();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        tokio::fs::create_dir(folder).await.expect("a folder for the downloads");
        let jobs: Arc<[_]> =
            names.iter().map(|name| (format!("{origin}/{name}"), folder.join(name))).collect::<Vec<_>>().into();
        let (client, next) = (reqwest::Client::new(), Arc::new(AtomicUsize::new(0)));
        let workers = (0..AT_ONCE).map(|_| {
            let (client, jobs, next) = (client.clone(), Arc::clone(&jobs), Arc::clone(&next));
            tokio::spawn(async move {
                while let Some((url, file)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let answer = client.get(url).send().await.and_then(reqwest::Response::error_for_status);
                    let bytes = answer.expect("an answer").bytes().await.expect("a whole body");
                    tokio::fs::write(file, bytes).await.expect("a file is written");
                }
            })
        });
        for worker in workers.collect::<Vec<_>>() {
            worker.await.expect("a worker ends");
        }
    });
    drop(runtime);
    let time = start.elapsed();
    assert_eq!(count_images(folder), FILES, "every file is stored");
    fs::remove_dir_all(folder).expect("the downloads are removed");
    time
}

fn count_images(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("an entry").path());
    entries
        .map(
            |path| {
                if path.is_dir() { count_images(&path) } else { usize::from(path.extension() == Some("gif".as_ref())) }
            },
        )
        .sum()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
