//! How much the `download` handler adds to a bare loop, and what a row of the embedded DynamoDB costs.
//!
//! `cargo bench -p asl-tasks` starts nginx (Debian: `nginx-light`) on loopback with 5,000 files of 1 to 5 KB, and takes turns:
//! a bare reqwest loop with 25 requests at once that writes the files, and 5 download tasks at once with
//! `lambdaConcur` 5. Both use one runtime and one allocator, mimalloc. The CPU time is that of this process,
//! without nginx.

// A benchmark reports on the terminal.
#![allow(clippy::print_stdout)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use asl_engine::{TaskRequest, Value};
use asl_runtime::Call;
use asl_tasks::{Router, Routes};
use futures_util::{StreamExt, stream};
use tokio::runtime::Runtime;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const FILES: usize = 5000;
const ROUNDS: usize = 7;
const ROWS: usize = 2000;

fn main() {
    // `cargo test --all-targets` runs this too, without the argument of `cargo bench`: nothing to test here.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    puts(&runtime, tempfile::tempdir().unwrap().path());

    // In memory where that can be had: how long a disk takes to find room for a file differs from minute to minute.
    let memory = Some(Path::new("/dev/shm")).filter(|folder| folder.is_dir());
    let folder = memory.map_or_else(tempfile::tempdir, tempfile::tempdir_in).unwrap();
    let Some(server) = Nginx::start(folder.path()) else {
        println!("download: not run: nginx is missing (Debian: apt-get install nginx-light)");
        return;
    };
    downloads(&runtime, folder.path(), &server.base);
}

fn puts(runtime: &Runtime, folder: &Path) {
    let router = router("[tables.urlToName]\nkey = 'url'", &folder.join("rows"));
    let row = |number: usize| {
        let text = |text: String| Value::from([("S", Value::from(text))]);
        let item =
            [("url", text(format!("http://host/{number}.gif"))), ("filename", text(format!("host/{number}.gif")))];
        Value::from([("TableName", Value::from("urlToName")), ("Item", Value::from(item))])
    };
    let put = "arn:aws:states:::dynamodb:putItem";
    let mut times: Vec<Duration> = runtime.block_on(async {
        call(&router, put, row(0)).await;
        let mut times = Vec::new();
        for number in 1..=ROWS {
            let start = Instant::now();
            call(&router, put, row(number)).await;
            times.push(start.elapsed());
        }
        times
    });
    let total: Duration = times.iter().sum();
    times.sort();
    println!(
        "putItem: median {:.3} ms, mean {:.3} ms, slowest {:.1} ms ({ROWS} rows, one after another)",
        millis(times[ROWS / 2]),
        millis(total) / ROWS as f64,
        millis(times[ROWS - 1]),
    );
    let start = Instant::now();
    runtime.block_on(async {
        let puts = stream::iter(ROWS..2 * ROWS).map(|number| call(&router, put, row(number)));
        puts.buffer_unordered(5).for_each(async |_| {}).await;
    });
    println!("putItem: {:.3} ms a row with 5 at once", millis(start.elapsed()) / ROWS as f64);
}

fn downloads(runtime: &Runtime, folder: &Path, base: &str) {
    let paths: Vec<String> = (0..FILES).map(|number| format!("{}/{number}.gif", number % 100)).collect();
    let (mut bare, mut tasks) = (Vec::new(), Vec::new());
    let client = reqwest_client();
    let router = router("[[routes]]\nresource = 'download'\nhandler = 'download'", &folder.join("data"));
    for round in 0..=ROUNDS {
        let target = folder.join(format!("bare-{round}"));
        std::fs::create_dir(&target).unwrap();
        let one = measure(|| runtime.block_on(bare_loop(&client, base, &paths, &target)));
        check(&target);

        let other = measure(|| runtime.block_on(download_tasks(&router, base, &paths)));
        let stored = folder.join("data/s3/images/127.0.0.1");
        check(&stored);
        // Moved away and not removed, as nothing is removed from the other side either.
        std::fs::rename(&stored, folder.join(format!("tasks-{round}"))).unwrap();
        // The first round warms up connections, caches and code.
        if round > 0 {
            bare.push(one);
            tasks.push(other);
        }
    }
    let (bare, tasks) = (median(bare), median(tasks));
    for (name, (wall, cpu)) in [("bare loop", bare), ("download tasks", tasks)] {
        println!("{name}: median {:.0} ms, CPU {:.0} ms ({FILES} files, {ROUNDS} rounds)", millis(wall), millis(cpu));
    }
    println!(
        "download tasks / bare loop: {:.2} in time, {:.2} in CPU time",
        tasks.0.as_secs_f64() / bare.0.as_secs_f64(),
        tasks.1.as_secs_f64() / bare.1.as_secs_f64()
    );
}

async fn bare_loop(client: &reqwest::Client, base: &str, paths: &[String], target: &Path) {
    let fetch = async |path: &String| {
        let body = client.get(format!("{base}/{path}")).send().await.unwrap().bytes().await.unwrap();
        tokio::fs::write(target.join(path.rsplit('/').next().unwrap()), body).await.unwrap();
    };
    stream::iter(paths).map(fetch).buffer_unordered(25).for_each(async |()| {}).await;
}

async fn download_tasks(router: &Router, base: &str, paths: &[String]) {
    let batch_input = Value::from([("baseUrl", Value::from(base)), ("lambdaConcur", Value::from(5))]);
    let inputs: Vec<Value> = paths
        .chunks(5)
        .map(|paths| {
            let paths: Value = paths.iter().map(|path| Value::from(path.as_str())).collect();
            Value::from([("resourcePaths", paths), ("batchInput", batch_input.clone())])
        })
        .collect();
    let calls = stream::iter(inputs).map(|input| call(router, "download", input)).buffer_unordered(5);
    let ok = calls
        .all(async |output| output.as_array().unwrap().iter().all(|entry| entry["statusCode"].as_i64() == Some(200)));
    assert!(ok.await);
}

fn router(routes: &str, data: &Path) -> Router {
    Router::new(Routes::parse(routes, Path::new("routes.toml")).unwrap(), data)
}

async fn call(router: &Router, resource: &str, input: Value) -> Value {
    let request = TaskRequest { state: "S".into(), token: "t".into(), ..TaskRequest::new(resource, input) };
    router.handler(resource).unwrap().call(&Call::new(request)).await.unwrap()
}

fn reqwest_client() -> reqwest::Client {
    // The cryptography of the process is chosen once.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

fn check(folder: &Path) {
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), FILES);
}

/// The wall time and the CPU time of this process that `work` takes.
fn measure(work: impl FnOnce()) -> (Duration, Duration) {
    let (start, cpu) = (Instant::now(), cpu_time());
    work();
    (start.elapsed(), cpu_time().saturating_sub(cpu))
}

/// User and system time of this process as Linux tells it, in steps of 10 ms; zero elsewhere.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let ticks = after_name.split(' ').skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum::<u64>();
    Duration::from_millis(ticks * 10)
}

fn median(mut times: Vec<(Duration, Duration)>) -> (Duration, Duration) {
    times.sort();
    let wall = times[times.len() / 2].0;
    times.sort_by_key(|(_, cpu)| *cpu);
    (wall, times[times.len() / 2].1)
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// nginx on a port of loopback, ended when this is dropped.
struct Nginx {
    process: Child,
    base: String,
}

impl Nginx {
    /// Serves the files of the benchmark. `None` where there is no nginx.
    fn start(folder: &Path) -> Option<Self> {
        let files = folder.join("files");
        for number in 0..FILES {
            let sub = files.join((number % 100).to_string());
            std::fs::create_dir_all(&sub).unwrap();
            let length = 1024 + number * 4096 / FILES;
            std::fs::write(sub.join(format!("{number}.gif")), vec![u8::try_from(number % 251).unwrap(); length])
                .unwrap();
        }
        // Free a moment ago; nobody else takes ports here in the meantime.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config: PathBuf = folder.join("nginx.conf");
        let folder = folder.display();
        let text = format!(
            "worker_processes 1;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\nuser root;\n\
             events {{ worker_connections 256; }}\n\
             http {{\n  access_log off;\n  sendfile on;\n  open_file_cache max=6000;\n  keepalive_requests 1000000;\n  \
             client_body_temp_path {folder}/t1;\n  proxy_temp_path {folder}/t2;\n  fastcgi_temp_path {folder}/t3;\n  \
             uwsgi_temp_path {folder}/t4;\n  scgi_temp_path {folder}/t5;\n  \
             server {{ listen 127.0.0.1:{port}; root {files}; }}\n}}\n",
            files = files.display()
        );
        std::fs::write(&config, text).unwrap();
        let process = Command::new("nginx")
            .arg("-c")
            .arg(&config)
            .args(["-g", "daemon off;"])
            .stderr(Stdio::null())
            .spawn()
            .or_else(|_| Command::new("/usr/sbin/nginx").arg("-c").arg(&config).args(["-g", "daemon off;"]).spawn())
            .ok()?;
        let server = Self { process, base: format!("http://127.0.0.1:{port}") };
        for _ in 0..200 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(server);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("nginx does not answer; see {folder}/error.log");
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its own signal: the master ends its worker, which a kill of the master would leave behind.
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        let _ = self.process.wait();
    }
}
