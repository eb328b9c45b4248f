//! Signals to end.

use std::sync::OnceLock;

use asl_engine::Failure;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// Completes when the process is told to end, or has been told so since the first call.
///
/// The signals are listened to once: between two who wait for them, none gets lost.
pub(crate) async fn interrupted() -> Failure {
    let mut told = listen();
    match told.wait_for(Option::is_some).await.map(|told| told.clone()) {
        Ok(Some(failure)) => failure,
        // The runtime shuts down.
        _ => std::future::pending().await,
    }
}

/// Listens to the signals from now on, on the current tokio runtime: one that comes before would end the process at once.
pub(crate) fn listen() -> watch::Receiver<Option<Failure>> {
    static TOLD: OnceLock<watch::Receiver<Option<Failure>>> = OnceLock::new();
    let listen = || {
        let (tell, told) = watch::channel(None);
        // Listening begins here and not in the task: a signal that comes before that would be lost.
        let signal = told_to_end();
        tokio::spawn(async move { tell.send_replace(Some(failure(signal.await))) });
        told
    };
    TOLD.get_or_init(listen).clone()
}

/// Listens to the signals to end; what it gives completes at the first one, with its name.
#[cfg(unix)]
fn told_to_end() -> impl Future<Output = &'static str> + Send {
    let listen = |kind| signal(kind).ok();
    let (interrupt, terminate) = (listen(SignalKind::interrupt()), listen(SignalKind::terminate()));
    // The terminal is closed. Who started it with `nohup` wants it to go on.
    let hangup = if ignores_hangup() { None } else { listen(SignalKind::hangup()) };
    async {
        tokio::select! {
            () = received(interrupt) => "Interrupted",
            () = received(terminate) => "Terminated",
            () = received(hangup) => "Terminated",
        }
    }
}

#[cfg(unix)]
async fn received(signal: Option<Signal>) {
    match signal {
        Some(mut signal) => _ = signal.recv().await,
        None => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn told_to_end() -> &'static str {
    let _ = tokio::signal::ctrl_c().await;
    "Interrupted"
}

fn failure(signal: &'static str) -> Failure {
    Failure {
        error: Some(signal.into()),
        cause: Some("the execution was stopped from outside".into()),
        ..Failure::default()
    }
}

/// Whether this process was started with SIGHUP ignored. Where that cannot be known, a hangup is left to the system.
#[cfg(unix)]
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // The first bit is that of the signal 1.
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_none_or(|mask| mask & 1 == 1)
}
