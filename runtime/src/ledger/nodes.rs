//! The Frames that an execution has at a moment, each under a number that is never used again.

use std::fmt;

use super::{FrameId, Node};

/// How many numbers a block has.
const BLOCK: usize = 64;

/// The nodes by their numbers. Those that are gone leave next to nothing behind: an execution can have millions of them, one
/// after another.
#[derive(Clone, Default)]
pub(super) struct Nodes {
    blocks: Vec<Option<Box<Block>>>,
    next: FrameId,
}

#[derive(Clone)]
struct Block {
    nodes: [Option<Node>; BLOCK],
    /// How many there are, and how many numbers are not given out yet.
    live: usize,
}

impl Block {
    fn new() -> Box<Self> {
        Box::new(Self { nodes: [const { None }; BLOCK], live: BLOCK })
    }
}

impl Nodes {
    /// The number of the node that is added next.
    pub(super) fn next_id(&self) -> FrameId {
        self.next
    }

    pub(super) fn add(&mut self, node: Node) -> FrameId {
        let id = self.next;
        self.next += 1;
        if id.is_multiple_of(BLOCK) {
            self.blocks.push(Some(Block::new()));
        }
        if let Some(Some(block)) = self.blocks.last_mut() {
            block.nodes[id % BLOCK] = Some(node);
        }
        id
    }

    pub(super) fn get(&self, id: FrameId) -> Option<&Node> {
        self.blocks.get(id / BLOCK)?.as_ref()?.nodes[id % BLOCK].as_ref()
    }

    pub(super) fn get_mut(&mut self, id: FrameId) -> Option<&mut Node> {
        self.blocks.get_mut(id / BLOCK)?.as_mut()?.nodes[id % BLOCK].as_mut()
    }

    pub(super) fn take(&mut self, id: FrameId) -> Option<Node> {
        let slot = self.blocks.get_mut(id / BLOCK)?;
        let block = slot.as_mut()?;
        let node = block.nodes[id % BLOCK].take()?;
        block.live -= 1;
        if block.live == 0 {
            *slot = None;
        }
        Some(node)
    }

    /// Puts a node in the place that it had, of `next` numbers that are given out.
    pub(super) fn put_back(&mut self, id: FrameId, node: Node) {
        if self.blocks.len() <= id / BLOCK {
            self.blocks.resize_with(id / BLOCK + 1, || None);
        }
        let block = self.blocks[id / BLOCK].get_or_insert_with(Block::new);
        block.nodes[id % BLOCK] = Some(node);
    }

    /// Lets the next node have this number, once all others are put back.
    pub(super) fn go_on_from(&mut self, next: FrameId) {
        self.next = next;
        if !next.is_multiple_of(BLOCK) {
            self.blocks.resize_with(next.div_ceil(BLOCK), || None);
            if let Some(last) = self.blocks.last_mut() {
                last.get_or_insert_with(Block::new);
            }
        }
        for (at, slot) in self.blocks.iter_mut().enumerate() {
            if let Some(block) = slot {
                let given_out = next.saturating_sub(at * BLOCK).min(BLOCK);
                block.live = block.nodes.iter().flatten().count() + BLOCK - given_out;
            }
        }
    }

    /// All nodes with their numbers, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (FrameId, &Node)> {
        let blocks = self.blocks.iter().enumerate().filter_map(|(at, block)| Some((at, block.as_ref()?)));
        blocks.flat_map(|(at, block)| {
            let nodes = block.nodes.iter().enumerate();
            nodes.filter_map(move |(index, node)| Some((at * BLOCK + index, node.as_ref()?)))
        })
    }

    /// The numbers of all nodes, in order.
    pub(super) fn ids(&self) -> Vec<FrameId> {
        self.iter().map(|(id, _)| id).collect()
    }
}

impl fmt::Debug for Nodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use asl_engine::{Execution, Frame, Program, Timestamp, Value};

    use super::*;

    #[test]
    fn nodes_that_are_gone_leave_nothing_behind() {
        let program = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#;
        let program = Program::parse(program).unwrap();
        let execution = Execution::local("m", "e", Value::Null, Timestamp(0), 0);
        let node = || Node::new(Box::new(Frame::new(&program, execution.clone())), None, 0);
        let mut nodes = Nodes::default();
        let first = nodes.add(node());
        for number in 1..=3 * BLOCK {
            assert_eq!((nodes.next_id(), nodes.add(node())), (number, number));
            assert!(nodes.get_mut(number).is_some() && nodes.get(number + 1).is_none());
            assert!(nodes.take(number).is_some() && nodes.take(number).is_none() && nodes.get(number).is_none());
        }
        assert_eq!(nodes.ids(), [first]);
        assert_eq!(nodes.blocks.iter().filter(|block| block.is_some()).count(), 2);
        assert!(nodes.get(usize::MAX).is_none());
    }
}
