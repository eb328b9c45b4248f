//! Notes of an evaluation: what the parts of an expression have given.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::ast::Node;
use super::datum::Datum;
use crate::diagnostic::Span;
use crate::value::Value;

/// What is noted of an evaluation.
pub(super) struct Notes {
    /// The notes of each node of which some are taken, by its address.
    parts: RefCell<BTreeMap<*const Node, Noted>>,
    /// How many values of each node are kept.
    examples: usize,
    /// How many nodes have been evaluated that had not been before.
    count: Cell<usize>,
    /// The first node that failed.
    failed: Cell<Option<Span>>,
}

/// The notes of a node.
#[derive(Default)]
struct Noted {
    told: PartNotes,
    /// Its last value, which becomes JSON at the end only.
    last: Option<Datum>,
}

/// What a part of an expression has given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PartNotes {
    /// How often it was evaluated.
    pub count: u64,
    /// How often it gave nothing.
    pub nothing: u64,
    /// How often it gave `true`.
    pub truths: u64,
    /// How often it gave a function.
    pub functions: u64,
    /// The first values; `None` is nothing.
    pub values: Vec<Option<Value>>,
    /// The last value.
    pub last: Option<Value>,
    /// Whether it failed.
    pub failed: bool,
    /// Its place among the parts in the order of their first results.
    pub(super) order: usize,
}

impl Notes {
    /// Notes about these nodes, with so many values of each.
    pub(super) fn about(nodes: impl IntoIterator<Item = *const Node>, examples: usize) -> Self {
        let parts = nodes.into_iter().map(|node| (node, Noted::default())).collect();
        Self { parts: RefCell::new(parts), examples, count: Cell::new(0), failed: Cell::new(None) }
    }

    /// Takes note of what a node has given; `None` where it failed.
    pub(super) fn take(&self, node: &Node, result: Option<&Datum>) {
        if result.is_none() && self.failed.get().is_none() {
            self.failed.set(Some(node.span));
        }
        let mut parts = self.parts.borrow_mut();
        let Some(noted) = parts.get_mut(&std::ptr::from_ref(node)) else { return };
        let part = &mut noted.told;
        if part.count == 0 {
            part.order = self.count.get();
            self.count.set(part.order + 1);
        }
        part.count += 1;
        let Some(value) = result else {
            part.failed = true;
            return;
        };
        part.nothing += u64::from(value.is_undefined());
        part.truths += u64::from(value.as_bool() == Some(true));
        part.functions += u64::from(value.holds_function());
        if part.values.len() < self.examples {
            part.values.push(value.to_value());
        }
        noted.last = Some(value.clone());
    }

    /// What was noted: of each node, and which failed first.
    pub(super) fn into_parts(self) -> (BTreeMap<*const Node, PartNotes>, Option<Span>) {
        let told = |Noted { told, last }| PartNotes { last: last.and_then(|last| last.to_value()), ..told };
        let parts = self.parts.into_inner().into_iter().map(|(node, noted)| (node, told(noted)));
        (parts.collect(), self.failed.get())
    }
}
