//! From a saved ledger to a ledger.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use asl_engine::{EventIds, Execution, Program, Reply, Value};

use super::super::nodes::Nodes;
use super::super::recorder::Recorder;
use super::super::{Fork, FrameId, Ledger, MapRun, Node};
use super::{Content, Holding, Key, RestoreError, Root, Saved, SavedNode, SavedValue, damaged};

pub(super) fn ledger(saved: &Saved, program: Arc<Program>) -> Result<Ledger, RestoreError> {
    let missing = || damaged(Key::Root, "it is missing");
    let root =
        saved.0.get(&Key::Root).and_then(|piece| if let Content::Root(root) = &piece.0 { Some(root) } else { None });
    let Root {
        version: _,
        fingerprint,
        deadline,
        at,
        records_children,
        next,
        waits,
        next_value: _,
        ready,
        starting,
        has_begun,
        keeps,
        finished,
    } = root.ok_or_else(missing)?.clone();
    if fingerprint != *program.fingerprint() {
        return Err(RestoreError::ChangedDefinition);
    }
    let (mut histories, mut executions, mut frames) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    let mut map_runs = Vec::new();
    // Values and results, of which there can be many, come last and are taken as they are asked for.
    for (key, piece) in saved.0.range(..Key::Result(0, 0)) {
        match (key, &piece.0) {
            (Key::Execution(id), Content::Execution(Holding { what, values })) => {
                let input = taken(values).next().ok_or_else(|| damaged(*key, "it has no input"))?;
                executions.insert(*id, Arc::new(Execution { input, ..what.clone() }));
            }
            (Key::Events(id), Content::Events(ids)) => _ = histories.insert(*id, *ids),
            (Key::MapRun(_), Content::MapRun(run)) => map_runs.push(MapRun::clone(run)),
            (Key::Frame(id), Content::Frame(node)) => frames.push((*id, &**node)),
            _ => {}
        }
    }
    let mut nodes = Nodes::default();
    for (id, holding) in &frames {
        let ids = histories.get(id).copied().unwrap_or_default();
        nodes.put_back(*id, Node { ids, ..node(saved, *id, holding, &program, &executions)? });
    }
    // One that is about to go on runs.
    let goes_on =
        |id: FrameId| ready.iter().any(|(other, reply)| *other == id && matches!(reply, Reply::Redrive { .. }));
    let at_rest: BTreeSet<FrameId> =
        nodes.iter().filter(|(id, node)| node.frame.is_over() && !goes_on(*id)).map(|(id, _)| id).collect();
    // A child knows its parent: so a Frame that has forked need not be saved whenever a child starts.
    for (id, Holding { what, .. }) in frames {
        if let Some((parent, index)) = what.parent
            && let Some(fork) = nodes.get_mut(parent).and_then(|node| node.fork.as_mut())
        {
            match at_rest.contains(&id) {
                true => fork.kept.insert(index, id),
                false => fork.running.insert(index, id),
            };
        }
    }
    nodes.go_on_from(next);
    let recorder = Recorder { records_before: records_children.before(), ..Recorder::new(at) };
    Ok(Ledger {
        program,
        deadline,
        recorder,
        nodes,
        waits,
        ready,
        starting,
        has_begun,
        keeps,
        map_runs,
        finished,
        pauses: None,
    })
}

fn node(
    saved: &Saved,
    id: FrameId,
    Holding { what, values }: &Holding<SavedNode>,
    program: &Program,
    executions: &BTreeMap<FrameId, Arc<Execution>>,
) -> Result<Node, RestoreError> {
    let mut values = taken(values);
    let SavedNode { mut frame, parent, history, fork, waits, wait } = what.clone();
    // The form 1 had fewer of them, and those that it lacks where they stand.
    let mut put = |value: &mut Value| {
        if let Some(taken) = values.next() {
            *value = taken;
        }
    };
    frame.values(&mut put);
    let execution = executions.get(&history).ok_or_else(|| damaged(Key::Execution(history), "it is missing"))?;
    let frame = frame.restore(program, execution)?;
    let fork = match fork.map(|fork| *fork) {
        None => None,
        Some((mut join, mut asked)) => {
            join.values(&mut put);
            if let Some(asked) = &mut asked {
                put(&mut Arc::make_mut(asked).input);
            }
            let pieces = saved.0.range(Key::Result(id, 0)..=Key::Result(id, usize::MAX));
            let results = pieces.filter_map(|(key, piece)| match (key, &piece.0) {
                (Key::Result(_, index), Content::Result(Holding { what, values })) => {
                    Some((*index, what.with_values(taken(values))))
                }
                _ => None,
            });
            let join = join.restore(program, &frame, results)?;
            Some(Box::new(Fork { join, running: BTreeMap::new(), kept: BTreeMap::new(), asked }))
        }
    };
    let ids = EventIds::default();
    Ok(Node { frame: Box::new(frame), parent, history, ids, fork, waits, wait, is_changed: false })
}

/// The values of a piece.
fn taken(values: &[SavedValue]) -> impl Iterator<Item = Value> {
    values.iter().map(|saved| saved.value.clone())
}
