//! What the child executions of a distributed Map run, as a definition of its own: `FILE#MapState`.
//!
//! AWS developer guide, "Using Map state in Distributed mode": its iterations are executions, with histories of their own.

use crate::yaml::{Member, Tree, TreeKind};

/// The state machine that the iterations of a Map state run, of a whole definition; or the names of the distributed Map states,
/// where it has none of this name.
pub(crate) fn child_definition(root: &Tree, map: &str) -> Result<Tree, Vec<String>> {
    let mut distributed = Vec::new();
    distributed_maps(root, &mut distributed);
    let Some((_, processor)) = distributed.iter().find(|(name, _)| *name == map) else {
        return Err(distributed.into_iter().map(|(name, _)| name.to_owned()).collect());
    };
    let own = processor.members().iter().filter(|member| &*member.name != "ProcessorConfig").cloned();
    // A state is in the language of the whole definition, unless it says otherwise.
    let language = root.members().iter().filter(|member| &*member.name == "QueryLanguage").cloned();
    let members: Vec<Member> = language.chain(own).collect();
    Ok(Tree { kind: TreeKind::Object(members), ..(*processor).clone() })
}

/// The distributed Map states in a scope and in those inside of it, with what they run.
fn distributed_maps<'a>(scope: &'a Tree, out: &mut Vec<(&'a str, &'a Tree)>) {
    for state in scope.get("States").map(Tree::members).unwrap_or_default() {
        if let Some(processor) = state.value.get("ItemProcessor") {
            let mode = processor.get("ProcessorConfig").and_then(|config| config.get("Mode")).and_then(Tree::text);
            if mode == Some("DISTRIBUTED") {
                out.push((&state.name, processor));
            }
            distributed_maps(processor, out);
        }
        let branches = state.value.get("Branches").map(Tree::items).unwrap_or_default();
        branches.iter().for_each(|branch| distributed_maps(branch, out));
    }
}
