//! Where states lead, read from the JSON itself: whatever else is wrong with a state, AWS sees what follows it.

use std::sync::Arc;

use super::ast::{Name, StateType};
use super::states::MAX_SCOPES;
use crate::json::{Member, Node, NodeKind};

/// One `StartAt` with its `States`, as far as they can be read.
#[derive(Debug)]
pub(super) struct Scope {
    /// `StartAt`
    pub(super) start_at: Option<Name>,
    /// The members of `States`.
    pub(super) states: Vec<Outline>,
}

/// One member of `States`.
#[derive(Debug)]
pub(super) struct Outline {
    /// Its key in `States`.
    pub(super) name: Name,
    /// Whether it may be the last state of its scope.
    pub(super) ends: bool,
    /// Every state that it names as one that may follow: also where its type has no such field.
    pub(super) targets: Vec<Name>,
    /// Whether it may lead to more than that, were it written well.
    pub(super) unsure: bool,
    /// `Label`
    pub(super) label: Option<Name>,
    /// `Branches`, `ItemProcessor` or `Iterator`
    pub(super) scopes: Vec<Scope>,
}

impl Scope {
    /// The states of a machine, a branch or an item processor; `None` where it has no `States`.
    pub(super) fn of(node: &Node, location: &str) -> Option<Self> {
        Self::at_depth(node, location, 0)
    }

    fn at_depth(node: &Node, location: &str, depth: usize) -> Option<Self> {
        let NodeKind::Object(members) = &field(node, "States")?.kind else { return None };
        if depth >= MAX_SCOPES {
            return None;
        }
        let location = Arc::from(location);
        let states = members.iter().map(|member| Outline::of(member, &location, depth)).collect();
        Some(Self { start_at: text(node, "StartAt", &location), states })
    }

    /// Whether a state in it, or in what it holds, may be the last one.
    pub(super) fn ends_somewhere(&self) -> bool {
        self.states.iter().any(|state| state.ends || state.scopes.iter().any(Self::ends_somewhere))
    }
}

impl Outline {
    fn of(member: &Member, scope: &str, depth: usize) -> Self {
        let location: Arc<str> = format!("{scope}/States/{}", member.name).into();
        let node = &member.value;
        let mut targets = Vec::new();
        let mut unsure = false;
        for name in ["Next", "Choices", "Default", "Catch"] {
            match field(node, name).map(|found| &found.kind) {
                Some(NodeKind::Array(items)) if matches!(name, "Choices" | "Catch") => {
                    for (index, item) in items.iter().enumerate() {
                        let target = text(item, "Next", &format!("{location}/{name}[{index}]"));
                        unsure |= target.is_none();
                        targets.extend(target);
                    }
                }
                Some(NodeKind::String(_)) if matches!(name, "Next" | "Default") => {
                    targets.extend(text(node, name, &location));
                }
                found => unsure |= found.is_some(),
            }
        }
        let state_type = match field(node, "Type").map(|word| &word.kind) {
            Some(NodeKind::String(word)) => Some(&**word),
            _ => None,
        };
        let known = state_type.and_then(|word| StateType::ALL.into_iter().find(|known| known.name() == word));
        let end = field(node, "End").map(|end| &end.kind);
        let ends = match known {
            Some(StateType::Succeed | StateType::Fail) => true,
            Some(StateType::Choice) => false,
            // Recorded: a state without a type ends nothing, one of an unknown type does. What is no Boolean may be meant so.
            _ => state_type.is_some() && end.is_some_and(|end| !matches!(end, NodeKind::Bool(false))),
        };
        let leads_nowhere = targets.is_empty() && !ends;
        unsure |= known.is_none() || leads_nowhere;
        let label = text(node, "Label", &location);
        let scopes = scopes(node, &location, depth + 1);
        Self {
            name: Name { text: member.name.clone(), span: member.name_span, location },
            ends,
            targets,
            unsure,
            label,
            scopes,
        }
    }
}

fn scopes(state: &Node, location: &str, depth: usize) -> Vec<Scope> {
    let branches = match field(state, "Branches").map(|branches| &branches.kind) {
        Some(NodeKind::Array(branches)) => &branches[..],
        _ => &[],
    };
    let branch = |(index, node)| Scope::at_depth(node, &format!("{location}/Branches[{index}]"), depth);
    let processors = ["ItemProcessor", "Iterator"];
    let processor = |name| Scope::at_depth(field(state, name)?, &format!("{location}/{name}"), depth);
    branches.iter().enumerate().filter_map(branch).chain(processors.into_iter().filter_map(processor)).collect()
}

/// A field of an object; of one that is there twice, the first.
fn field<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    let NodeKind::Object(members) = &node.kind else { return None };
    members.iter().find(|member| &*member.name == name).map(|member| &member.value)
}

/// A field that is a text.
fn text(node: &Node, name: &str, location: &str) -> Option<Name> {
    let node = field(node, name)?;
    let NodeKind::String(text) = &node.kind else { return None };
    Some(Name { text: text.clone(), span: node.span, location: format!("{location}/{name}").into() })
}
