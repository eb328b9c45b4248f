//! How an expression comes to its result: its parts, in the order of evaluation, and what each has given.

use super::ast::{Node, NodeKind, Operator, Stage};
use super::error::JsonataError;
use super::evaluate::Evaluator;
use super::notes::{Notes, PartNotes};
use super::parser;
use super::shape::{TailCalls, shape};
use super::{Environment, JsonataLimits};
use crate::diagnostic::Span;
use crate::value::Value;

/// A part of an expression, and what it has given.
#[derive(Clone, Debug, PartialEq)]
pub struct ExplainedPart {
    /// Its bytes in the text of the expression.
    pub span: Span,
    /// What it is.
    pub kind: PartKind,
    /// How many parts it stands in.
    pub depth: usize,
    /// What it has given; a count of 0 for an alternative that was not taken.
    pub notes: PartNotes,
}

/// What a part of an expression is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PartKind {
    /// `a.b`, or `a` alone
    Path,
    /// `a` or `.b` of `a.b`
    Step,
    /// `[b]` of `a[b]`
    Predicate,
    /// `$name`
    Variable,
    /// `$name := a`
    Binding,
    /// `$f(a)` and `a ~> $f`
    Call,
    /// `a + b` and `-a`
    Operator,
    /// `a ? b : c`
    Condition,
    /// `[a, b]` and `{"a": b}`
    Constructor,
}

/// Evaluates an expression and takes notes: of its parts without the whole, and which part was the first that failed.
///
/// Every call is evaluated where it stands, so that it can be told of; recursions may get deeper than in an evaluation.
pub(crate) fn explain(
    text: &str,
    environment: &Environment<'_>,
    examples: usize,
) -> Result<(Vec<ExplainedPart>, Option<Span>), JsonataError> {
    let (root, labels) = shape(parser::parse(text)?, TailCalls::Plain)?;
    let mut plan = Plan::default();
    plan.same(&root, None);
    let notes = Notes::about(plan.parts.iter().map(|part| part.node), examples);
    let limits = JsonataLimits { depth: JsonataLimits::WIDE.depth, ..environment.limits };
    let environment = Environment { input: environment.input.clone(), limits, ..*environment };
    // How it ends is told by an evaluation that takes no notes.
    let ended = Evaluator::noting(&environment, &labels, &notes).run(&root);
    let (mut taken, failed) = notes.into_parts();
    let parts: Vec<(Planned, PartNotes)> = plan
        .parts
        .into_iter()
        .map(|part| (part.node, part))
        .map(|(node, part)| (part, taken.remove(&node).unwrap_or_default()))
        .collect();
    Ok((in_order(&parts, ended.is_ok()), failed))
}

/// A part of which notes are taken.
struct Planned {
    node: *const Node,
    span: Span,
    kind: PartKind,
    depth: usize,
    /// The position of the part that it stands in.
    parent: Option<usize>,
    /// Whether another part decides if it is evaluated at all.
    optional: bool,
    /// Whether it is the last step of a path, which gives what the path gives.
    last: bool,
}

/// The parts of an expression.
#[derive(Default)]
struct Plan {
    parts: Vec<Planned>,
}

impl Plan {
    /// Plans a node in the place of a value, and what is below it.
    fn value(&mut self, node: &Node, parent: Option<usize>, optional: bool) {
        if let NodeKind::Block(_) = node.kind {
            // It gives what its last part gives.
            return self.inside(node, parent, optional);
        }
        let kind = match &node.kind {
            NodeKind::Variable(name) if &**name == "states" => None,
            _ => kind_of(node),
        };
        let inner = kind.map(|kind| self.add(node, kind, parent, optional)).or(parent);
        self.inside(node, inner, false);
    }

    /// Plans what is below a node that gives what is told of already: the whole, or what a binding binds.
    fn same(&mut self, node: &Node, parent: Option<usize>) {
        match &node.kind {
            NodeKind::Block(items) if node.predicates.is_empty() && node.group.is_none() => {
                let Some((last, before)) = items.split_last() else { return };
                before.iter().for_each(|item| self.value(item, parent, false));
                stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.same(last, parent));
            }
            _ => self.inside(node, parent, false),
        }
    }

    fn add(&mut self, node: &Node, kind: PartKind, parent: Option<usize>, optional: bool) -> usize {
        let depth = parent.and_then(|parent| self.parts.get(parent)).map_or(0, |parent| parent.depth + 1);
        let part =
            Planned { node: std::ptr::from_ref(node), span: node.span, kind, depth, parent, optional, last: false };
        self.parts.push(part);
        self.parts.len() - 1
    }

    /// Plans what is below a node; `optional` goes to what a block gives.
    fn inside(&mut self, node: &Node, parent: Option<usize>, optional: bool) {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || match &node.kind {
            NodeKind::Path { steps, .. } => {
                self.steps(node, steps, parent);
                self.behind(node, parent);
            }
            NodeKind::Condition { condition, then, otherwise } => {
                self.value(condition, parent, false);
                self.value(then, parent, true);
                otherwise.iter().for_each(|otherwise| self.value(otherwise, parent, true));
                self.behind(node, parent);
            }
            NodeKind::Binary(Operator::And | Operator::Or, left, right) => {
                self.value(left, parent, false);
                self.value(right, parent, true);
                self.behind(node, parent);
            }
            NodeKind::Bind(_, value) => {
                self.same(value, parent);
                self.behind(node, parent);
            }
            _ => {
                let mut children = Vec::new();
                node.each_child(&mut |child| children.push(child));
                for child in children {
                    match () {
                        () if node.predicates.iter().any(|predicate| std::ptr::eq(predicate, child)) => {
                            self.predicate(child, parent);
                        }
                        // That is for the path to plan.
                        () if filters(node).any(|predicate| std::ptr::eq(predicate, child)) => {}
                        () => self.value(child, parent, optional),
                    }
                }
            }
        });
    }

    fn steps(&mut self, path: &Node, steps: &[Node], parent: Option<usize>) {
        let is_alone = steps.len() == 1;
        for (at, step) in steps.iter().enumerate() {
            let mut inner = parent;
            let kind = match &step.kind {
                NodeKind::Variable(name) if &**name == "states" => None,
                NodeKind::Variable(_) => Some(PartKind::Variable),
                NodeKind::Block(_) | NodeKind::Sort(_) => None,
                _ if at > 0 => Some(PartKind::Step),
                NodeKind::Name(_) => Some(PartKind::Step),
                _ => kind_of(step),
            };
            // What gives the same as the path is told of once.
            if let Some(kind) = kind
                && !(is_alone && step.span == path.span)
            {
                let added = self.add(step, kind, parent, false);
                let is_last = !is_alone && at + 1 == steps.len() && step.stages.is_empty();
                self.parts[added].last = is_last && path.group.is_none();
                if at == 1
                    && let NodeKind::Variable(name) = &steps[0].kind
                    && &**name == "states"
                {
                    self.parts[added].span.start = steps[0].span.start;
                }
                inner = Some(added);
            }
            self.inside(step, inner, false);
            filters(step).for_each(|predicate| self.predicate(predicate, parent));
        }
    }

    /// Plans what stands behind a node: predicates and a group.
    fn behind(&mut self, node: &Node, parent: Option<usize>) {
        node.predicates.iter().for_each(|predicate| self.predicate(predicate, parent));
        for (key, value) in node.group.iter().flatten() {
            self.value(key, parent, false);
            self.value(value, parent, false);
        }
    }

    fn predicate(&mut self, predicate: &Node, parent: Option<usize>) {
        if !matches!(predicate.kind, NodeKind::Literal(Value::Number(_))) {
            let part = self.add(predicate, PartKind::Predicate, parent, false);
            self.inside(predicate, Some(part), false);
        }
    }
}

/// The predicates of a step.
fn filters(step: &Node) -> impl Iterator<Item = &Node> {
    step.stages.iter().filter_map(|stage| match stage {
        Stage::Filter(predicate) => Some(predicate),
        Stage::Index(_) => None,
    })
}

/// What a node is that is no step of a path; `None` where there is nothing to tell: a value that stands in the text, or a
/// function.
fn kind_of(node: &Node) -> Option<PartKind> {
    Some(match &node.kind {
        NodeKind::Path { .. } => PartKind::Path,
        NodeKind::Name(_) | NodeKind::Wildcard | NodeKind::Descendant | NodeKind::Parent(_) => PartKind::Step,
        NodeKind::Variable(_) => PartKind::Variable,
        NodeKind::Negate(_) | NodeKind::Binary(..) => PartKind::Operator,
        NodeKind::Array(_) | NodeKind::Object(_) => PartKind::Constructor,
        NodeKind::Bind(..) => PartKind::Binding,
        NodeKind::Condition { .. } => PartKind::Condition,
        NodeKind::Call { .. } | NodeKind::Apply(..) => PartKind::Call,
        NodeKind::Literal(_)
        | NodeKind::Regex(_)
        | NodeKind::Block(_)
        | NodeKind::Partial { .. }
        | NodeKind::Lambda(_)
        | NodeKind::Transform(_)
        | NodeKind::Sort(_) => return None,
    })
}

/// The parts in the order of their first results, without functions and what is told by others. Alternatives that were not
/// taken stand before the part that they are in, where nothing failed.
fn in_order(parts: &[(Planned, PartNotes)], succeeded: bool) -> Vec<ExplainedPart> {
    let told = |(planned, notes): &(Planned, PartNotes)| ExplainedPart {
        span: planned.span,
        kind: planned.kind,
        depth: planned.depth,
        notes: notes.clone(),
    };
    let left_out = |within: Option<usize>| {
        let wanted = move |(planned, notes): &&(Planned, PartNotes)| {
            succeeded && planned.optional && notes.count == 0 && planned.parent == within
        };
        parts.iter().filter(wanted).map(told)
    };
    let mut evaluated: Vec<usize> = (0..parts.len()).filter(|at| parts[*at].1.count > 0).collect();
    evaluated.sort_by_key(|at| parts[*at].1.order);
    let mut out = Vec::new();
    for at in evaluated {
        let (planned, notes) = &parts[at];
        out.extend(left_out(Some(at)));
        let is_repeated = planned.last && notes.nothing == 0;
        if notes.functions == 0
            && !is_repeated
            && !(notes.failed && notes.values.is_empty() && has_failed_below(parts, at))
        {
            out.push(told(&parts[at]));
        }
    }
    out.extend(left_out(None));
    out
}

/// Whether a part failed because of one inside of it.
fn has_failed_below(parts: &[(Planned, PartNotes)], at: usize) -> bool {
    parts.iter().any(|(planned, notes)| planned.parent == Some(at) && notes.failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jsonata::{Evaluated, Jsonata, JsonataFlavour};
    use crate::retry::Random;
    use crate::time::Timestamp;

    /// What an explanation tells of an expression with `$states.input`: each part with its depth, its text, and its values.
    fn told(text: &str, input: &str) -> Vec<String> {
        let input: Value = input.parse().unwrap();
        let states = Value::from([("input", input)]);
        with_states(&states, |environment| {
            let (parts, _) = explain(text, environment, 2).unwrap();
            let line = |part: ExplainedPart| {
                let ExplainedPart { span, depth, notes, .. } = part;
                let shown = |value: &Option<Value>| value.as_ref().map_or("nothing".to_owned(), Value::to_string);
                let values: Vec<String> = notes.values.iter().map(shown).collect();
                let failed = if notes.failed { " fails" } else { "" };
                format!("{depth} {} {}× {}{failed}", &text[span.start..span.end], notes.count, values.join(" "))
            };
            parts.into_iter().map(line).collect()
        })
    }

    fn with_states<T>(states: &Value, work: impl FnOnce(&Environment<'_>) -> T) -> T {
        let variable = |name: &str| (name == "states").then(|| states.clone());
        let limits = JsonataLimits { steps: 1_000_000, ..JsonataLimits::AWS };
        let (now, random, flavour) = (Timestamp(0), &Random::new(7), JsonataFlavour::StepFunctions);
        work(&Environment { input: None, variable: &variable, now, random, limits, flavour })
    }

    #[test]
    fn parts_are_told_in_the_order_of_evaluation() {
        const ITEMS: &str = r#"[{"p":1,"q":2},{"p":3,"q":4},{"q":5}]"#;
        let cases: [(&str, &str, &[&str]); 12] = [
            ("1", "1", &[]),
            ("$states.input.a.b", r#"{"a":{"b":7}}"#, &[r#"0 $states.input 1× {"a":{"b":7}}"#, r#"0 a 1× {"b":7}"#]),
            ("$states.input.x.y", "{}", &["0 $states.input 1× {}", "0 x 1× nothing"]),
            (
                "$sum($states.input.(p * q))",
                ITEMS,
                &[
                    r#"1 $states.input 1× [{"p":1,"q":2},{"p":3,"q":4},{"q":5}]"#,
                    "2 p 3× 1 3",
                    "2 q 3× 2 4",
                    "1 p * q 3× 2 12",
                    "0 $states.input.(p * q) 1× [2,12]",
                ],
            ),
            (
                "$states.input[p > 1].q",
                ITEMS,
                &[
                    r#"0 $states.input 1× [{"p":1,"q":2},{"p":3,"q":4},{"q":5}]"#,
                    "1 p 3× 1 3",
                    "0 [p > 1] 3× false true",
                ],
            ),
            ("($x := 1 + 1; $x * 2)", "1", &["0 $x := 1 + 1 1× 2", "0 $x 1× 2"]),
            (
                "$states.input > 1 ? $states.input + 1 : $states.input - 1",
                "2",
                &[
                    "1 $states.input 1× 2",
                    "0 $states.input > 1 1× true",
                    "1 $states.input 1× 2",
                    "0 $states.input + 1 1× 3",
                    "0 $states.input - 1 0× ",
                ],
            ),
            ("$states.input and $count([1]) > 0", "false", &["0 $states.input 1× false", "0 $count([1]) > 0 0× "]),
            // A call in tail position, too.
            (
                "$map([1, 2], function($n){ $string($n) })",
                "1",
                &["0 [1, 2] 1× [1,2]", "1 $n 2× 1 2", r#"0 $string($n) 2× "1" "2""#],
            ),
            // What fails is told once.
            (r#"[1 + $states.input, 2]"#, r#""x""#, &[r#"1 $states.input 1× "x""#, "0 1 + $states.input 1×  fails"]),
            (r#"(1 ~> $string()) & "a""#, "1", &["0 1 ~> $string() 1× \"1\""]),
            (
                "$states.input{k: $sum(v)}",
                r#"[{"k":"a","v":1},{"k":"a","v":2}]"#,
                &[
                    r#"0 $states.input 1× [{"k":"a","v":1},{"k":"a","v":2}]"#,
                    r#"0 k 2× "a" "a""#,
                    "1 v 1× [1,2]",
                    "0 $sum(v) 1× 3",
                ],
            ),
        ];
        for (expression, input, expected) in cases {
            assert_eq!(told(expression, input), expected, "{expression}");
        }
    }

    #[test]
    fn notes_change_no_result() {
        let texts = [include_str!("cases.txt"), include_str!("functions/cases.txt")].join("\n");
        let cases = texts.lines().filter_map(|line| line.split_once(" --> "));
        let mut compared = 0;
        for (text, _) in cases {
            let Ok(plain) = Jsonata::parse(text) else { continue };
            with_states(&Value::Null, |environment| {
                let (root, labels) = shape(parser::parse(text).unwrap(), TailCalls::Plain).unwrap();
                let notes = Notes::about([], 0);
                let Ok(value) = plain.evaluate_in(environment) else { return };
                // A recursion in tail position gets deeper where notes are taken.
                let limits = JsonataLimits { depth: JsonataLimits::WIDE.depth, ..environment.limits };
                let environment = Environment { input: None, limits, ..*environment };
                let noted = Evaluator::noting(&environment, &labels, &notes).run(&root);
                let noted = noted.unwrap_or_else(|error| panic!("{text}: {error}"));
                match value {
                    Evaluated::Function => assert!(noted.holds_function(), "{text}"),
                    // Random numbers go on.
                    Evaluated::Json(_)
                        if text.contains("$random") || text.contains("$shuffle") || text.contains("$uuid") => {}
                    Evaluated::Json(value) => assert_eq!(noted.to_value(), Some(value), "{text}"),
                    Evaluated::Nothing => assert!(noted.is_undefined(), "{text}"),
                }
            });
            compared += 1;
        }
        assert!(compared > 300, "{compared}");
    }
}
