//! Runs executions that are stopped, or whose tasks fail, at any moment, and that are redriven until they succeed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use asl_engine::{EventKind, Execution, Failure, Outcome, Program, Reply, Termination, Timestamp};
use asl_runtime::{Effect, Input, Ledger, Recorded, RedriveStatus, Saved, Saver, WaitId};

use super::{START, restarting, tasks};

/// How often an execution is disturbed.
const MOST: usize = 4;

/// How an execution went.
pub(crate) struct Redriven {
    pub(crate) outcome: Outcome,
    pub(crate) recorded: Vec<Recorded>,
}

/// Whether a definition computes what is another value in each attempt, or knows of redrives.
pub(crate) fn draws(definition: &str) -> bool {
    ["UUID", "Random", "$uuid", "$random", "$$.Execution"].iter().any(|word| definition.contains(word))
}

/// An outcome as text, in which the failures that it tells of name no events.
pub(crate) fn without_event_ids(outcome: &Outcome) -> String {
    let text = format!("{outcome:?}");
    let mut parts = text.split("event id #");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + "event id #" + part.trim_start_matches(|c: char| c.is_ascii_digit()))
}

/// Whether a definition takes the failure of a child execution for something that can happen.
fn bears_failures(definition: &str) -> bool {
    ["Catch", "Retry", "Tolerated"].iter().any(|word| definition.contains(word))
}

/// Runs an execution to its good end, saved and restored after every Batch.
pub(crate) fn run(program: &Arc<Program>, execution: Execution, seed: u64) -> Redriven {
    let mut chance = restarting::chances(seed | 1);
    let (own, is_own_only) = (execution.arn.clone(), bears_failures(program.source()));
    let (mut at, mut disturbed) = (START, 0);
    let mut ledger = Ledger::new(program.clone(), execution).recording_children().redrivable();
    let (mut saver, mut saved, mut recorded) = (Saver::default(), Saved::default(), Vec::new());
    let mut due: BTreeMap<(Timestamp, usize), (WaitId, Reply)> = BTreeMap::new();
    let (mut asked, mut inputs) = (0, vec![Input::Start]);
    loop {
        let batch = ledger.feed(at, inputs.drain(..)).expect("a sound host");
        saved.apply(saver.save(&ledger, &batch));
        let text = serde_json::to_string(&saved).expect("it can be saved");
        (ledger, saver) = Ledger::restore(program.clone(), serde_json::from_str(&text).expect("it can be read"))
            .expect("it can be restored");
        assert_eq!(ledger.finished(), batch.finished.as_ref());
        recorded.extend(batch.recorded);
        if let Some(finished) = batch.finished {
            if finished.outcome.is_ok() || ledger.redrive_status() != RedriveStatus::Redrivable || disturbed > MOST {
                return Redriven { outcome: finished.outcome, recorded };
            }
            // One more than it was disturbed, where it fails by itself.
            disturbed += usize::from(disturbed == MOST);
            due.clear();
            at = at.plus_seconds(5);
            inputs.push(Input::Redrive);
            continue;
        }
        // What is lost in between is found again.
        let is_lost = chance().is_multiple_of(5);
        let effects = if is_lost { ledger.open().collect() } else { batch.effects };
        if is_lost {
            due.clear();
        }
        for effect in effects {
            asked += 1;
            let (wait, when, reply) = match effect {
                Effect::Sleep(wait, until) => (wait, until, Reply::Woke),
                Effect::Cancel(wait) => {
                    due.retain(|_, (other, _)| *other != wait);
                    continue;
                }
                Effect::Call(wait, request) | Effect::Resume(wait, request, _) => {
                    let answer = tasks::answer(&request, seed);
                    inputs.extend(answer.before.into_iter().map(|before| Input::Reply(wait, before)));
                    let late = request.gives_up(at).unwrap_or(at);
                    let answered = at.plus_millis(answer.after_millis);
                    // It ends the execution whatever Retry and Catch say.
                    let fails =
                        disturbed < MOST && chance().is_multiple_of(8) && (!is_own_only || request.execution == own);
                    let outcome = match fails {
                        true => Some(Err(Failure::new("States.Runtime", "disturbed"))),
                        false => answer.outcome,
                    };
                    disturbed += usize::from(fails);
                    match outcome {
                        Some(outcome) if answered < late || late <= at => (wait, answered, Reply::Task(outcome)),
                        _ => (wait, late, Reply::DeadlinePassed),
                    }
                }
            };
            due.insert((when, asked), (wait, reply));
        }
        if batch.is_busy {
            inputs.push(Input::GoOn);
        } else if inputs.is_empty() {
            let Some((when, _)) = due.first_key_value().map(|(key, _)| *key) else {
                panic!("nothing can happen any more");
            };
            at = at.max(when);
            while let Some(entry) = due.first_entry().filter(|entry| entry.key().0 <= at) {
                let (wait, reply) = entry.remove();
                inputs.push(Input::Reply(wait, reply));
            }
        }
        if disturbed < MOST && chance().is_multiple_of(6) {
            disturbed += 1;
            let termination = match chance() % 2 {
                0 => Termination::Aborted(Failure::new("Stopped", "disturbed")),
                _ => Termination::TimedOut,
            };
            inputs.insert(chance() as usize % (inputs.len() + 1), Input::Stop(termination));
        }
    }
}

/// What is wrong with the histories of an execution and its child executions, whatever the machine.
pub(crate) fn fault(recorded: &[Recorded]) -> Option<String> {
    let mut histories: BTreeMap<&str, Vec<&Recorded>> = BTreeMap::new();
    for event in recorded {
        histories.entry(&event.execution.name).or_default().push(event);
    }
    histories.iter().find_map(|(name, events)| {
        let (mut closed, mut inside, mut redriven) = (false, BTreeMap::<&str, usize>::new(), 0);
        let mut ids = BTreeSet::new();
        events.iter().zip(1u64..).find_map(|(Recorded { event, .. }, id)| {
            let at = |what: &str| Some(format!("{name}: event {}, {}, {what}", event.id, event.type_name()));
            if event.id != id || !ids.insert(event.id) {
                return at("has another id");
            }
            if event.previous_id >= event.id {
                return at("follows itself or a later one");
            }
            match &event.kind {
                EventKind::ExecutionRedriven { redrive_count } => {
                    redriven += 1;
                    if !closed || event.previous_id + 1 != event.id || *redrive_count != redriven {
                        return at("does not follow the end");
                    }
                    closed = false;
                }
                _ if closed => return at("comes after the end"),
                EventKind::StateEntered { name, .. } => *inside.entry(name).or_default() += 1,
                EventKind::StateExited { name, .. } => match inside.get_mut(&**name) {
                    Some(count @ 1..) => *count -= 1,
                    _ => return at("exits a state more often than it was entered"),
                },
                _ => {}
            }
            closed |= super::closes_execution(event);
            None
        })
    })
}
