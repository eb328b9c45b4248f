//! A chart as a Mermaid flowchart: of Mermaid's diagrams the one that has boxes in boxes, labels and dashed arrows.

use std::collections::BTreeMap;
use std::fmt::Write;

use asl_engine::StateType;
use asl_engine::model::{ScopeId, StateId};

use crate::chart::{Arrow, Chart, StateBox};
use crate::marks::Status;

impl Chart {
    /// The chart as a Mermaid flowchart, which GitHub and others draw where a Markdown block `mermaid` has it.
    pub fn mermaid(&self) -> String {
        let mut loops: BTreeMap<StateId, Vec<String>> = BTreeMap::new();
        for arrow in self.scopes.iter().flat_map(|scope| &scope.arrows) {
            let looping = arrow.from.filter(|_| arrow.from == arrow.to).and_then(|id| self.state(id));
            if let Some(state) = looping.filter(|state| !state.scopes.is_empty()) {
                loops.entry(state.id).or_default().push(self.label(arrow));
            }
        }
        let out = "flowchart TD\n".to_owned();
        let mut drawing = Drawing { chart: self, out, indent: 1, taken: Vec::new(), links: 0, loops };
        drawing.scopes();
        drawing.styles();
        drawing.out
    }
}

struct Drawing<'a> {
    chart: &'a Chart,
    out: String,
    indent: usize,
    /// The positions of the arrows that were taken.
    taken: Vec<usize>,
    links: usize,
    /// The labels of arrows from a box to itself.
    loops: BTreeMap<StateId, Vec<String>>,
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
        let _ = writeln!(self.out, "{}{line}", "    ".repeat(self.indent));
    }

    /// Everything, without recursion.
    fn scopes(&mut self) {
        let mut todo = vec![Todo::Scope(ScopeId::default())];
        while let Some(next) = todo.pop() {
            match next {
                Todo::Scope(id) => {
                    let Some(scope) = self.chart.scope(id) else { continue };
                    self.line(&format!("start{}((\" \"))", id.index()));
                    todo.push(Todo::Arrows(id));
                    todo.extend(
                        scope.states.iter().rev().filter_map(|state| self.chart.state(*state)).map(Todo::State),
                    );
                }
                Todo::State(state) if state.scopes.is_empty() => self.state(state),
                Todo::State(state) => {
                    self.line(&format!("subgraph s{}[\"{}\"]", state.id.index(), self.text(state)));
                    self.indent += 1;
                    todo.push(Todo::End);
                    let scopes = state.scopes.iter().enumerate().rev();
                    match state.state_type {
                        StateType::Parallel => todo.extend(scopes.map(|(at, scope)| Todo::Branch(*scope, at + 1))),
                        _ => todo.extend(scopes.map(|(_, scope)| Todo::Scope(*scope))),
                    }
                }
                Todo::Branch(scope, number) => {
                    self.line(&format!("subgraph b{}[\"Branch {number}\"]", scope.index()));
                    self.indent += 1;
                    todo.extend([Todo::End, Todo::Scope(scope)]);
                }
                Todo::End => {
                    self.indent -= 1;
                    self.line("end");
                }
                Todo::Arrows(id) => {
                    let Some(scope) = self.chart.scope(id) else { continue };
                    if scope.ends() {
                        self.line(&format!("end{}(((\" \")))", id.index()));
                    }
                    scope.arrows.iter().for_each(|arrow| self.arrow(id, arrow));
                }
            }
        }
    }

    fn text(&self, state: &StateBox) -> String {
        let mut text = format!("<b>{}</b>", escaped(&state.name));
        for line in self.chart.lines(state) {
            let _ = write!(text, "<br/>{}", escaped(&line));
        }
        // Mermaid has no arrow from a box to itself.
        for label in self.loops.get(&state.id).into_iter().flatten() {
            let _ = write!(text, "<br/>↺ {}", escaped(label));
        }
        text
    }

    fn state(&mut self, state: &StateBox) {
        let (open, close) = match state.state_type {
            StateType::Choice => ("{{", "}}"),
            StateType::Succeed | StateType::Fail => ("([", "])"),
            StateType::Wait => ("(", ")"),
            StateType::Task => ("[[", "]]"),
            StateType::Pass | StateType::Map | StateType::Parallel => ("[", "]"),
        };
        self.line(&format!("s{}{open}\"{}\"{close}", state.id.index(), self.text(state)));
    }

    fn arrow(&mut self, scope: ScopeId, arrow: &Arrow) {
        if arrow.from == arrow.to && arrow.from.is_some_and(|id| self.loops.contains_key(&id)) {
            return;
        }
        let end = |id: Option<StateId>, word: &str| match id {
            Some(id) => format!("s{}", id.index()),
            None => format!("{word}{}", scope.index()),
        };
        let (from, to) = (end(arrow.from, "start"), end(arrow.to, "end"));
        let way = if arrow.is_catcher { "-.->" } else { "-->" };
        let label = match escaped(&self.chart.label(arrow)) {
            label if label.is_empty() => label,
            label => format!("|\"{label}\"|"),
        };
        self.line(&format!("{from} {way}{label} {to}"));
        if self.chart.is_taken(arrow) == Some(true) {
            self.taken.push(self.links);
        }
        self.links += 1;
    }

    fn styles(&mut self) {
        let of_status = |status: Status| match status {
            Status::NotReached => "fill:#f6f8fa,stroke:#8c959f,color:#57606a,stroke-dasharray:4",
            Status::Succeeded => "fill:#dafbe1,stroke:#1a7f37,color:#1f2328",
            Status::Caught => "fill:#fff8c5,stroke:#9a6700,color:#1f2328",
            Status::Aborted => "fill:#eaeef2,stroke:#57606a,color:#1f2328",
            Status::Running => "fill:#ddf4ff,stroke:#0969da,color:#1f2328",
            Status::Failed => "fill:#ffebe9,stroke:#cf222e,color:#1f2328,stroke-width:3px",
        };
        let fails = |state: &&StateBox| state.state_type == StateType::Fail;
        let classes: Vec<(&str, &str, Vec<&StateBox>)> = match self.chart.marks {
            None => {
                vec![("failing", "stroke:#cf222e,stroke-width:2px", self.chart.states.iter().filter(fails).collect())]
            }
            Some(_) => Status::ALL
                .into_iter()
                .map(|status| {
                    let has = |state: &&StateBox| self.chart.mark(state).is_some_and(|mark| mark.status == status);
                    (status.class(), of_status(status), self.chart.states.iter().filter(has).collect())
                })
                .collect(),
        };
        for (class, style, states) in classes.into_iter().filter(|(_, _, states)| !states.is_empty()) {
            let states: Vec<String> = states.iter().map(|state| format!("s{}", state.id.index())).collect();
            self.line(&format!("classDef {class} {style}"));
            self.line(&format!("class {} {class}", states.join(",")));
        }
        if !self.taken.is_empty() {
            let taken: Vec<String> = self.taken.iter().map(usize::to_string).collect();
            self.line(&format!("linkStyle {} stroke:#1a7f37,stroke-width:3px", taken.join(",")));
        }
    }
}

/// Text between quotes. What Mermaid reads as something else is written as its character code.
fn escaped(text: &str) -> String {
    // Mathematics and icons.
    let (has_formula, has_icon) = (text.contains("$$"), text.contains(":fa-"));
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.chars().enumerate() {
        // A text that starts like a list is taken for Markdown.
        let starts_list = at == 0 && (c.is_ascii_digit() || matches!(c, '-' | '*' | '+'));
        match c {
            c if c.is_control() || c == '\u{2028}' || c == '\u{2029}' => out.push(' '),
            '"' | '#' | '&' | '<' | '>' | '`' | '\\' | '%' => out.push_str(&code(c)),
            '$' if has_formula => out.push_str(&code(c)),
            ':' if has_icon => out.push_str(&code(c)),
            c if starts_list => out.push_str(&code(c)),
            c => out.push(c),
        }
    }
    out
}

fn code(c: char) -> String {
    format!("#{};", u32::from(c))
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn text_stays_text() {
        for (text, expected) in [
            ("end", "end"),
            (r#"a "b" #1; <c> `d` \n"#, "a #34;b#34; #35;1; #60;c#62; #96;d#96; #92;n"),
            ("{% $a & 1 %}", "{#37; $a #38; 1 #37;}"),
            ("$$.a == $$.b", "#36;#36;.a == #36;#36;.b"),
            ("1. x", "#49;. x"),
            ("fa:fa-ban", "fa#58;fa-ban"),
            ("a\nb\u{7}é 日本", "a b é 日本"),
        ] {
            assert_eq!(escaped(text), expected);
        }
    }
}
