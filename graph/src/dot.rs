//! A chart in DOT, the language of Graphviz.

use std::fmt::Write;

use asl_engine::StateType;
use asl_engine::model::{ScopeId, StateId};

use crate::chart::{Arrow, Chart, StateBox};
use crate::marks::Status;

impl Chart {
    /// The chart in DOT, for `dot` of Graphviz: `dot -Tpng`.
    pub fn dot(&self) -> String {
        let mut drawing = Drawing { chart: self, out: String::new(), indent: 0 };
        drawing.line("digraph StateMachine {");
        drawing.indent += 1;
        drawing.line("compound=true");
        drawing.line("fontname=\"Helvetica\"");
        drawing
            .line("node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"Helvetica\", fontsize=11]");
        drawing.line("edge [fontname=\"Helvetica\", fontsize=9]");
        drawing.scopes();
        drawing.out
    }
}

struct Drawing<'a> {
    chart: &'a Chart,
    out: String,
    indent: usize,
}

/// What is still to be written, the next one last.
enum Todo<'a> {
    Scope(ScopeId),
    State(&'a StateBox),
    Arrows(ScopeId),
    Branch(ScopeId, usize),
    End,
}

impl Drawing<'_> {
    fn line(&mut self, line: &str) {
        let _ = writeln!(self.out, "{}{line}", "  ".repeat(self.indent));
    }

    /// Everything, without recursion.
    fn scopes(&mut self) {
        let mut todo = vec![Todo::End, Todo::Scope(ScopeId::default())];
        while let Some(next) = todo.pop() {
            match next {
                Todo::Scope(id) => {
                    let Some(scope) = self.chart.scope(id) else { continue };
                    let start = "[shape=circle, label=\"\", width=0.15, fillcolor=black, tooltip=\"Start\"]";
                    self.line(&format!("start{} {start}", id.index()));
                    // Arrows to the box of the scope end here.
                    if scope.ends() {
                        let end = "[shape=doublecircle, label=\"\", width=0.12, fillcolor=black, tooltip=\"End\"]";
                        self.line(&format!("end{} {end}", id.index()));
                    }
                    todo.push(Todo::Arrows(id));
                    todo.extend(
                        scope.states.iter().rev().filter_map(|state| self.chart.state(*state)).map(Todo::State),
                    );
                }
                Todo::State(state) if state.scopes.is_empty() => {
                    let shape = match state.state_type {
                        StateType::Choice => ", shape=hexagon, style=filled",
                        StateType::Succeed => ", peripheries=2",
                        StateType::Fail => ", peripheries=2, color=\"#cf222e\"",
                        StateType::Pass => ", style=filled",
                        _ => "",
                    };
                    let (text, title, style) = (self.text(state), quoted(&state.title), self.style(state));
                    self.line(&format!("s{} [label={text}, tooltip={title}{shape}{style}]", state.id.index()));
                }
                Todo::State(state) => {
                    self.open(&format!("cluster_s{}", state.id.index()), &self.text(state));
                    let (title, style) = (quoted(&state.title), self.style(state));
                    self.line(&format!(
                        "graph [tooltip={title}, style=\"rounded,filled\", fillcolor=\"#f6f8fa\"{style}]"
                    ));
                    todo.push(Todo::End);
                    let scopes = state.scopes.iter().enumerate().rev();
                    match state.state_type {
                        StateType::Parallel => todo.extend(scopes.map(|(at, scope)| Todo::Branch(*scope, at + 1))),
                        _ => todo.extend(scopes.map(|(_, scope)| Todo::Scope(*scope))),
                    }
                }
                Todo::Branch(scope, number) => {
                    self.open(&format!("cluster_b{}", scope.index()), &quoted(&format!("Branch {number}")));
                    self.line("graph [style=\"dashed,rounded\"]");
                    todo.extend([Todo::End, Todo::Scope(scope)]);
                }
                Todo::End => {
                    self.indent -= 1;
                    self.line("}");
                }
                Todo::Arrows(id) => {
                    let Some(scope) = self.chart.scope(id) else { continue };
                    scope.arrows.iter().for_each(|arrow| self.arrow(id, arrow));
                }
            }
        }
    }

    fn open(&mut self, name: &str, label: &str) {
        self.line(&format!("subgraph {name} {{"));
        self.indent += 1;
        self.line(&format!("label={label}"));
    }

    fn text(&self, state: &StateBox) -> String {
        let lines: Vec<String> = [state.name.to_string()].into_iter().chain(self.chart.lines(state)).collect();
        quoted(&lines.join("\n"))
    }

    fn style(&self, state: &StateBox) -> &'static str {
        match self.chart.mark(state).map(|mark| mark.status) {
            None => "",
            Some(Status::NotReached) => ", fillcolor=\"#f6f8fa\", color=\"#8c959f\", fontcolor=\"#57606a\"",
            Some(Status::Succeeded) => ", fillcolor=\"#dafbe1\", color=\"#1a7f37\"",
            Some(Status::Caught) => ", fillcolor=\"#fff8c5\", color=\"#9a6700\"",
            Some(Status::Aborted) => ", fillcolor=\"#eaeef2\", color=\"#57606a\"",
            Some(Status::Running) => ", fillcolor=\"#ddf4ff\", color=\"#0969da\"",
            Some(Status::Failed) => ", fillcolor=\"#ffebe9\", color=\"#cf222e\", penwidth=2",
        }
    }

    fn arrow(&mut self, scope: ScopeId, arrow: &Arrow) {
        let is_loop = arrow.from == arrow.to;
        let (from, tail) = self.end(arrow.from, scope, "start", false);
        // A box that an arrow leads back to is not left by it: Graphviz wants it to end at a node inside.
        let (to, head) = self.end(arrow.to, scope, "end", !is_loop);
        let label = self.chart.label(arrow);
        let mut settings: Vec<String> = Vec::new();
        if !label.is_empty() {
            settings.push(format!("label={}, tooltip={}", quoted(&label), quoted(&arrow.title)));
        }
        if arrow.is_catcher {
            settings.push("style=dashed".to_owned());
        }
        if let (Some(tail), false) = (tail, is_loop) {
            settings.push(format!("ltail={tail}"));
        }
        if let (Some(head), false) = (head, is_loop) {
            settings.push(format!("lhead={head}"));
        }
        match self.chart.is_taken(arrow) {
            None => {}
            Some(true) => settings.push("color=\"#1a7f37\", penwidth=2".to_owned()),
            Some(false) => settings.push("color=\"#8c959f\"".to_owned()),
        }
        let settings = if settings.is_empty() { String::new() } else { format!(" [{}]", settings.join(", ")) };
        self.line(&format!("{from} -> {to}{settings}"));
    }

    /// The node that an arrow starts or ends at, and the box that it is cut at.
    fn end(&self, state: Option<StateId>, scope: ScopeId, word: &str, is_head: bool) -> (String, Option<String>) {
        let Some(id) = state else { return (format!("{word}{}", scope.index()), None) };
        let inner = self.chart.state(id).and_then(|state| match is_head {
            true => state.scopes.first(),
            false => state.scopes.last(),
        });
        let Some(inner) = inner.and_then(|inner| self.chart.scope(*inner)) else {
            return (format!("s{}", id.index()), None);
        };
        let node = if !is_head && inner.ends() { "end" } else { "start" };
        (format!("{node}{}", inner.id.index()), Some(format!("cluster_s{}", id.index())))
    }
}

/// Text in quotes, its lines centred.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            // Graphviz reads the entities of HTML.
            '&' => out.push_str("&amp;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn text_stays_text() {
        for (text, expected) in
            [(r#"a "b" \N"#, r#""a \"b\" \\N""#), ("a\nb\0", r#""a\nb ""#), ("&lt; é", r#""&amp;lt; é""#)]
        {
            assert_eq!(quoted(text), expected);
        }
    }
}
