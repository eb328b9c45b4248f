//! Parents: which step of a path finds what a `%` stands for.
//!
//! JSONata documentation, "Path Operators", `%`.

use super::ast::{Node, NodeKind, SlotId};
use super::error::JsonataError;
use super::shape::Shaper;

/// What one `%` stands for.
pub(super) struct Slot {
    /// Slots that find the same parent have one label.
    pub(super) label: SlotId,
    /// How many steps up it still has to go.
    pub(super) level: i64,
}

impl Shaper {
    /// Looks for the parent of a slot in what a node gives.
    pub(super) fn seek(&mut self, node: &mut Node, slot: SlotId) -> Result<(), JsonataError> {
        match &mut node.kind {
            NodeKind::Name(_) | NodeKind::Wildcard => {
                self.slots[slot].level -= 1;
                if self.slots[slot].level == 0 {
                    if let Some(known) = node.ancestor {
                        self.slots[slot].label = self.slots[known].label;
                    }
                    node.ancestor = Some(slot);
                    node.tuple = true;
                }
            }
            NodeKind::Parent(_) => self.slots[slot].level += 1,
            NodeKind::Block(items) => {
                if let Some(last) = items.last_mut() {
                    node.tuple = true;
                    self.seek(last, slot)?;
                }
            }
            NodeKind::Path { steps, .. } => {
                node.tuple = true;
                for (back, step) in steps.iter_mut().rev().enumerate() {
                    if back > 0 && self.slots[slot].level <= 0 {
                        break;
                    }
                    self.seek(step, slot)?;
                }
            }
            _ => return Err(underivable(node.position)),
        }
        Ok(())
    }

    /// Finds the parents of the `%` in the last step of a path among the steps before it.
    pub(super) fn resolve(&mut self, path: &mut Node) -> Result<(), JsonataError> {
        let NodeKind::Path { steps, .. } = &mut path.kind else { return Ok(()) };
        let Some(last) = steps.last() else { return Ok(()) };
        for slot in sought(last) {
            let mut before = steps.len() - 1;
            while self.slots[slot].level > 0 {
                let Some(mut at) = before.checked_sub(1) else {
                    path.seeking.push(slot);
                    break;
                };
                // Of several steps in a row that bind their focus, the first counts.
                while at > 0 && steps[at].focus.is_some() && steps[at - 1].focus.is_some() {
                    at -= 1;
                }
                before = at;
                self.seek(&mut steps[at], slot)?;
            }
        }
        Ok(())
    }
}

/// The slots of a node whose parents are further up.
pub(super) fn sought(node: &Node) -> Vec<SlotId> {
    let own = match node.kind {
        NodeKind::Parent(slot) => Some(slot),
        _ => None,
    };
    node.seeking.iter().copied().chain(own).collect()
}

pub(super) fn underivable(position: usize) -> JsonataError {
    let message = "The object representing the 'parent' cannot be derived from this expression";
    JsonataError::new("S0217", message).at(position)
}
