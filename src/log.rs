//! What `ASL_LOG` asks to be told on stderr: what happens inside, for whoever looks for a fault.

use std::io::stderr;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry;
use tracing_subscriber::util::SubscriberInitExt;

use crate::error::Error;

/// The name of the environment variable.
const VARIABLE: &str = "ASL_LOG";

/// The crates that log.
const PARTS: [&str; 3] = ["asl_runtime", "asl_server", "asl_tasks"];

/// Begins to log what `ASL_LOG` asks for; nothing where it is not set.
pub(crate) fn start() -> Result<(), Error> {
    let Some(asked) = std::env::var_os(VARIABLE).filter(|asked| !asked.is_empty()) else {
        return Ok(());
    };
    let asked = asked.to_string_lossy();
    let targets = targets(&asked).ok_or_else(|| {
        Error::Usage(format!(
            "{VARIABLE} is {asked:?}: a level is wanted (error, warn, info, debug or trace), or parts of asl with \
             levels of their own: {}",
            PARTS.map(|part| format!("{part}=debug")).join(",")
        ))
    })?;
    let lines = layer().with_writer(stderr).with_ansi(false);
    registry().with(lines).with(targets).init();
    Ok(())
}

/// Whether anything is logged.
pub(crate) fn is_on() -> bool {
    LevelFilter::current() != LevelFilter::OFF
}

/// What is asked for of asl's own crates. Other crates log what is sent, which may hold secrets: they are never heard.
fn targets(asked: &str) -> Option<Targets> {
    let asked: Targets = asked.parse().ok()?;
    // At the level of errors there are the spans that say where something happens.
    let others = asked.default_level().unwrap_or(LevelFilter::ERROR);
    let mut ours = Targets::new().with_target("asl", others);
    for (target, level) in asked.iter() {
        let part = target.split("::").next().unwrap_or_default();
        if !PARTS.contains(&part) {
            return None;
        }
        ours = ours.with_target(target, level);
    }
    Some(ours)
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::filter::{LevelFilter, Targets};

    use super::targets;

    fn hears(targets: &Targets, target: &str, level: LevelFilter) -> bool {
        targets.would_enable(target, &level.into_level().expect("a level"))
    }

    #[test]
    fn only_our_own_crates_are_heard() {
        let debug = targets("debug").expect("a level");
        assert!(hears(&debug, "asl_tasks::router", LevelFilter::DEBUG));
        assert!(!hears(&debug, "hyper::client", LevelFilter::ERROR));
        let wrong =
            ["loud", "hyper=trace", "asl_tasks=loud", "debug,reqwest=debug", "asl_task=debug", "asl_tasks[x]=debug"];
        for wrong in wrong {
            assert!(targets(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_part_is_heard_with_the_spans_around_it() {
        let tasks = targets("asl_tasks::router=debug").expect("a part");
        assert!(hears(&tasks, "asl_tasks::router", LevelFilter::DEBUG));
        assert!(hears(&tasks, "asl_runtime::spans", LevelFilter::ERROR));
        assert!(!hears(&tasks, "asl_runtime::spans", LevelFilter::WARN));
    }
}
