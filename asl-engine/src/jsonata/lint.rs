//! What is wrong with an expression whatever it is evaluated on, and AWS takes all the same: it fails when it is evaluated.

use std::collections::BTreeSet;

use super::ast::{Node, NodeKind, Stage};
use super::functions;
use crate::diagnostic::Span;

/// Something that makes an evaluation fail, or come to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Doubt {
    pub(crate) kind: DoubtKind,
    pub(crate) span: Span,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DoubtKind {
    /// `$name(…)`, where neither the language nor the expression has such a function.
    NoFunction(String),
    /// A function of the language with more or fewer arguments than it takes: its name, how many there are, and the least and
    /// the most that it takes.
    Arguments { name: &'static str, given: usize, least: usize, most: Option<usize> },
    /// `$name`, where the expression does not bind it and the language has no such function.
    Unbound(String),
}

/// What is wrong below a node, in the order of the text.
///
/// A variable counts as bound where any part of the expression binds it: a function that reads it may be called later.
pub(super) fn doubts(root: &Node) -> Vec<Doubt> {
    let mut bound = BTreeSet::new();
    bindings(root, &mut bound);
    let mut linter = Linter { bound, found: Vec::new() };
    linter.node(root, 0);
    linter.found
}

/// All variables that a part of the expression binds.
fn bindings<'n>(node: &'n Node, bound: &mut BTreeSet<&'n str>) {
    match &node.kind {
        NodeKind::Bind(name, _) => {
            bound.insert(name);
        }
        NodeKind::Lambda(lambda) => bound.extend(lambda.parameters.iter().map(|name| &**name)),
        _ => {}
    }
    bound.extend(node.focus.iter().chain(&node.index).map(|name| &**name));
    for stage in &node.stages {
        if let Stage::Index(name) = stage {
            bound.insert(name);
        }
    }
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || node.each_child(&mut |child| bindings(child, bound)));
}

struct Linter<'n> {
    bound: BTreeSet<&'n str>,
    found: Vec<Doubt>,
}

impl<'n> Linter<'n> {
    /// `piped` is how many arguments `~>` puts before those of a call.
    fn node(&mut self, node: &'n Node, piped: usize) {
        match &node.kind {
            NodeKind::Call { procedure, arguments } => {
                self.call(node, procedure, Some(arguments.len() + piped));
                arguments.iter().for_each(|argument| self.inside(argument));
                self.behind(node);
            }
            NodeKind::Partial { procedure, arguments } => {
                self.call(node, procedure, None);
                arguments.iter().flatten().for_each(|argument| self.inside(argument));
                self.behind(node);
            }
            NodeKind::Apply(left, right) => {
                self.inside(left);
                stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.node(right, 1));
                self.behind(node);
            }
            NodeKind::Variable(name) => {
                let is_known = matches!(&**name, "" | "$" | "states") || self.is_known(name);
                if !is_known {
                    self.tell(DoubtKind::Unbound(name.to_string()), variable(node, name));
                }
                self.behind(node);
            }
            _ => node.each_child(&mut |child| self.inside(child)),
        }
    }

    fn inside(&mut self, node: &'n Node) {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.node(node, 0));
    }

    fn behind(&mut self, node: &'n Node) {
        node.predicates.iter().for_each(|predicate| self.inside(predicate));
        for stage in &node.stages {
            if let Stage::Filter(predicate) = stage {
                self.inside(predicate);
            }
        }
        for (key, value) in node.group.iter().flatten() {
            self.inside(key);
            self.inside(value);
        }
    }

    /// A call with so many arguments, where that is certain.
    fn call(&mut self, node: &Node, procedure: &'n Node, given: Option<usize>) {
        let NodeKind::Variable(name) = &procedure.kind else { return self.inside(procedure) };
        if !self.is_known(name) {
            return self.tell(DoubtKind::NoFunction(name.to_string()), variable(procedure, name));
        }
        if self.bound.contains(&**name) {
            return;
        }
        if let (Some(native), Some(given)) = (functions::find(name), given) {
            let (least, most) = native.signature.bounds();
            if given < least || most.is_some_and(|most| given > most) {
                self.tell(DoubtKind::Arguments { name: native.name, given, least, most }, node.span);
            }
        }
    }

    fn is_known(&self, name: &str) -> bool {
        self.bound.contains(name) || functions::find(name).is_some()
    }

    fn tell(&mut self, kind: DoubtKind, span: Span) {
        self.found.push(Doubt { kind, span });
    }
}

/// Where the name of a variable stands; the node may have predicates.
fn variable(node: &Node, name: &str) -> Span {
    Span { start: node.position, end: node.position + "$".len() + name.len() }
}

#[cfg(test)]
mod tests {
    use crate::jsonata::Jsonata;

    /// What is wrong with an expression, and the text at fault.
    fn doubts(text: &str) -> Vec<String> {
        let found = Jsonata::parse(text).unwrap().doubts().into_iter();
        found.map(|doubt| format!("{:?} at {}", doubt.kind, &text[doubt.span.start..doubt.span.end])).collect()
    }

    #[test]
    fn what_fails_whatever_the_input() {
        for (text, expected) in [
            ("$sumn([1])", r#"NoFunction("sumn") at $sumn"#),
            ("$eval('1')", r#"NoFunction("eval") at $eval"#),
            ("$states.input.a.$lenght(b)", r#"NoFunction("lenght") at $lenght"#),
            ("$states.input.a[$nope(b) = 1]", r#"NoFunction("nope") at $nope"#),
            ("1 ~> $nope()", r#"NoFunction("nope") at $nope"#),
            ("1 ~> $nope", r#"Unbound("nope") at $nope"#),
            ("$map([1], $double)", r#"Unbound("double") at $double"#),
            ("$total[0] + 1", r#"Unbound("total") at $total"#),
            ("$sum()", r#"Arguments { name: "sum", given: 0, least: 1, most: Some(1) } at $sum()"#),
            ("$uuid(1)", r#"Arguments { name: "uuid", given: 1, least: 0, most: Some(0) } at $uuid(1)"#),
            (
                "'a' ~> $uppercase('b')",
                r#"Arguments { name: "uppercase", given: 2, least: 0, most: Some(1) } at $uppercase('b')"#,
            ),
        ] {
            assert_eq!(doubts(text), [expected], "{text}");
        }
    }

    #[test]
    fn what_may_well_be_meant() {
        for text in [
            "$sum([1])",
            "$map([1], function($x, $i){ $x + $i })",
            "($f := function($n){ $n > 0 ? $f($n - 1) : $y }; $y := 1; $f(2))",
            "$states.input.a@$o.b[c = $o.c]",
            "$states.input.a#$i[$i > 0]",
            "$states.input.a[0]#$i.$string($i)",
            "$states.input.name.$uppercase()",
            "$states.input ~> |a|{'b': $sum(c)}|",
            "($half := $divide(?, 2); $divide := function($a, $b){ $a / $b }; 1)",
            "($sum := function($a, $b){ $a + $b }; $sum(1, 2))",
            "$substring(?, 1, 2)('abc')",
            "$zip([1], [2], [3], [4])",
            "$states.context & $ & $$",
        ] {
            assert_eq!(doubts(text), [""; 0], "{text}");
        }
    }
}
