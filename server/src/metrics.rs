//! Figures of the server, in the text form of Prometheus.

use std::fmt::Write;
use std::sync::atomic::Ordering;

use asl_project::{BOUNDS, TimesTaken};

use crate::server::Shared;

/// All figures.
pub(crate) fn text(server: &Shared) -> String {
    let mut out = String::new();
    let mut family = |name: &str, kind: &str, help: &str, samples: &[(String, u64)]| {
        // A text takes whatever is written.
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in samples {
            let _ = writeln!(out, "{name}{labels} {value}");
        }
    };
    let counts = server.journal.counts().unwrap_or_default();
    let counts: Vec<_> =
        counts.iter().map(|(status, count)| (format!("{{status=\"{}\"}}", label(status)), *count)).collect();
    family("asl_executions", "gauge", "Executions that are kept, by status.", &counts);
    let running = server.executions.running().len() as u64;
    family("asl_executions_running", "gauge", "Executions that this process runs.", &[(String::new(), running)]);
    let commits = server.journal.commits();
    let commit = [(String::new(), commits.commits)];
    family("asl_journal_commits_total", "counter", "Batches and changes that were kept.", &commit);
    let transactions = [(String::new(), commits.transactions)];
    family("asl_journal_transactions_total", "counter", "Transactions in which they were kept.", &transactions);
    let trouble = [(String::new(), u64::from(server.journal.trouble().is_some()))];
    family("asl_journal_failing", "gauge", "Whether nothing can be kept at the moment.", &trouble);
    let answering = [(String::new(), server.answering.load(Ordering::Relaxed) as u64)];
    family("asl_requests_in_flight", "gauge", "Requests that are being answered.", &answering);
    let waiting = server.api.callbacks.waiting();
    family("asl_tasks_waiting", "gauge", "Tasks that wait for their token.", &[(String::new(), waiting.tasks as u64)]);
    let queues: Vec<_> = waiting
        .activities
        .iter()
        .map(|(arn, count)| (format!("{{activity=\"{}\"}}", label(arn)), *count as u64))
        .collect();
    family("asl_activity_queue", "gauge", "Tasks of an activity that wait for a worker.", &queues);
    task_times(&mut out, server);
    out
}

/// How long tasks took, as a histogram of each resource.
fn task_times(out: &mut String, server: &Shared) {
    const NAME: &str = "asl_task_seconds";
    let _ = writeln!(out, "# HELP {NAME} How long tasks took that have ended, by resource.\n# TYPE {NAME} histogram");
    for (resource, times) in server.executions.times().map(|times| times.all()).unwrap_or_default() {
        let resource = label(&resource);
        for (within, bound) in times.within.iter().zip(BOUNDS) {
            let _ = writeln!(out, "{NAME}_bucket{{resource=\"{resource}\",le=\"{bound}\"}} {within}");
        }
        let TimesTaken { count, sum, .. } = times;
        let _ = writeln!(out, "{NAME}_bucket{{resource=\"{resource}\",le=\"+Inf\"}} {count}");
        let _ = writeln!(out, "{NAME}_sum{{resource=\"{resource}\"}} {}", sum.as_secs_f64());
        let _ = writeln!(out, "{NAME}_count{{resource=\"{resource}\"}} {count}");
    }
}

/// A text as the value of a label.
fn label(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
