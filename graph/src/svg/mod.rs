//! A chart as SVG: one file without scripts that fetches nothing.

pub(crate) mod boxes;
mod measure;
#[cfg(test)]
mod properties;
mod style;
pub(crate) mod timeline;

use std::collections::BTreeSet;
use std::fmt::Write;

use asl_engine::StateType;
use asl_engine::model::ScopeId;

use crate::chart::{Chart, StateBox};
use crate::layout::{Point, Route};
use crate::xml_text::xml_text;
use boxes::{LABEL_LEADING, LINE_LEADING, NAME_LEADING, PADDING, POINT, PlacedArrow, PlacedScope, Rect, SYMBOL, Text};

/// Which colours a drawing has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Those that the reader prefers (`prefers-color-scheme`).
    #[default]
    Auto,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// The value of `color-scheme`.
    fn scheme(self) -> &'static str {
        match self {
            Self::Auto => "light dark",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// How long the head of an arrow is.
const HEAD: f64 = 8.0;

impl Chart {
    /// The chart as SVG, to be a file or a part of a page.
    ///
    /// Everything in it has the class of what it is inside of `.asl-graph`; states have their ids and paths
    /// (`data-state`, `data-path`) and arrows those of their transitions (`data-transition`), for whoever adds to it.
    pub fn svg(&self, theme: Theme) -> String {
        let placed = boxes::placed(self);
        let (width, height) = (placed.size.width.ceil(), placed.size.height.ceil());
        let scheme = theme.scheme();
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"asl-graph\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" style=\"color-scheme:{scheme}\" role=\"img\" aria-label=\"State machine\">\n\
             <style>{}</style>\n\
             <rect class=\"canvas\" width=\"100%\" height=\"100%\"/>\n",
            style::sheet(theme)
        );
        // A box stands behind what is in it, and all that is written on top.
        let states = || self.states.iter().zip(&placed.states).zip(&placed.texts);
        for ((state, rect), text) in states().filter(|((state, _), _)| !state.scopes.is_empty()) {
            self.draw_state(state, *rect, text, &mut out);
            let branches = state.scopes.iter().filter_map(|scope| placed.scopes.get(scope.index())?.branch);
            for Rect { x, y, width, height } in branches {
                let _ = writeln!(
                    out,
                    "<rect class=\"branch\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"6\"/>"
                );
            }
        }
        let arrows = || placed.scopes.iter().flat_map(|scope| &scope.arrows);
        // What was taken has the ways that are shared, and lies on top.
        let mut drawn = BTreeSet::new();
        let [taken, others] = [true, false].map(|is_taken| {
            let mut out = String::new();
            let of = arrows().filter(|placed| (self.is_taken(placed.arrow) == Some(true)) == is_taken);
            of.for_each(|placed| self.draw_arrow(placed, &mut drawn, &mut out));
            out
        });
        out += &others;
        out += &taken;
        for (scope, placed) in self.scopes.iter().zip(&placed.scopes) {
            terminals(scope.id, placed, &mut out);
        }
        for ((state, rect), text) in states().filter(|((state, _), _)| state.scopes.is_empty()) {
            self.draw_state(state, *rect, text, &mut out);
        }
        arrows().for_each(|placed| self.draw_label(placed, &mut out));
        let missing = placed.missing();
        if missing > 0 {
            let told = format!("{missing} transitions are not drawn: there are too many long ones");
            text_at("line", PADDING, height - PADDING, &told, &mut out);
        }
        out += "</svg>\n";
        out
    }

    fn draw_state(&self, state: &StateBox, rect: Rect, text: &Text, out: &mut String) {
        let class = state.state_type.name().to_lowercase();
        let mark = self.mark(state);
        let status = mark.map_or("", |mark| mark.status.class());
        let (id, path) = (state.id.index(), xml_text(&state.path));
        let _ = write!(out, "<g class=\"state {class} {status}\" data-state=\"{id}\" data-path=\"{path}\">");
        let _ = write!(out, "<title>{}</title>", xml_text(&self.title(state)));
        let Rect { x, y, width, height } = rect;
        let inset = match state.state_type {
            StateType::Choice => {
                let (right, middle, bottom) = (x + width, y + height / 2.0, y + height);
                let (from, to) = (x + POINT, right - POINT);
                let _ = write!(
                    out,
                    "<path class=\"shape\" d=\"M{from:.1} {y:.1}H{to:.1}L{right:.1} {middle:.1}L{to:.1} {bottom:.1}H{from:.1}\
                     L{x:.1} {middle:.1}Z\"/>"
                );
                POINT
            }
            _ => {
                let (more, radius) = match state.state_type {
                    StateType::Succeed | StateType::Fail => (" terminal", 20.0),
                    StateType::Wait => ("", 14.0),
                    StateType::Pass => ("", 1.0),
                    StateType::Map | StateType::Parallel => (" inner", 10.0),
                    StateType::Task | StateType::Choice => ("", 6.0),
                };
                let radius = height.min(width).min(2.0 * radius) / 2.0;
                let _ = write!(
                    out,
                    "<rect class=\"shape{more}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" \
                     rx=\"{radius:.1}\"/>"
                );
                0.0
            }
        };
        let left = x + PADDING + inset;
        let _ = write!(
            out,
            "<path class=\"symbol\" transform=\"translate({left:.1} {:.1})\" d=\"{}\"/>",
            y + 9.0,
            symbol(state.state_type)
        );
        let (left, mut baseline) = (left + SYMBOL, y + 7.0 - 4.0);
        for line in &text.name {
            baseline += NAME_LEADING;
            text_at("name", left, baseline, line, out);
        }
        for (class, line) in
            text.lines.iter().map(|line| ("line", line)).chain(text.mark.iter().map(|mark| ("mark", mark)))
        {
            baseline += LINE_LEADING;
            text_at(class, left, baseline, line, out);
        }
        out.push_str("</g>\n");
    }

    /// The tooltip of a state.
    fn title(&self, state: &StateBox) -> String {
        let mark = self.mark(state).map(|mark| format!("\n{}", mark.text()));
        state.title.clone() + &mark.unwrap_or_default()
    }

    fn class(&self, placed: &PlacedArrow<'_>) -> String {
        let catch = if placed.arrow.is_catcher { " catch" } else { "" };
        let taken = match self.is_taken(placed.arrow) {
            None => "",
            Some(true) => " taken",
            Some(false) => " untaken",
        };
        format!("{catch}{taken}")
    }

    fn draw_arrow(&self, placed: &PlacedArrow<'_>, known: &mut BTreeSet<Piece>, out: &mut String) {
        if placed.route.points.is_empty() {
            return;
        }
        let id = placed.arrow.id.map_or(String::new(), |id| format!(" data-transition=\"{}\"", id.index()));
        let _ = write!(out, "<g class=\"arrow{}\"{id}>", self.class(placed));
        let title = self.arrow_title(placed);
        if !title.is_empty() {
            let _ = write!(out, "<title>{}</title>", xml_text(&title));
        }
        let (way, head) = drawn(&placed.route, known);
        let way = if way.is_empty() { way } else { format!("<path class=\"way\" d=\"{way}\"/>") };
        let _ = writeln!(out, "{way}<path class=\"head\" d=\"{head}\"/></g>");
    }

    /// What an arrow leads from and to, and when.
    fn arrow_title(&self, placed: &PlacedArrow<'_>) -> String {
        let name = |id: Option<asl_engine::model::StateId>, word: &str| {
            id.and_then(|id| self.state(id)).map_or_else(|| word.to_owned(), |state| state.name.to_string())
        };
        let arrow = placed.arrow;
        let count =
            arrow.id.zip(self.marks.as_ref()).map(|(id, marks)| format!("taken {}×", marks.transition(id).count));
        let way = format!("{} → {}", name(arrow.from, "Start"), name(arrow.to, "End"));
        let parts = [way, arrow.title.clone(), count.unwrap_or_default()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
    }

    fn draw_label(&self, placed: &PlacedArrow<'_>, out: &mut String) {
        let Some(Rect { x, y, width, height }) = placed.label_rect else { return };
        let _ = write!(
            out,
            "<g class=\"label{}\"><title>{}</title><rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" \
             rx=\"5\"/>",
            self.class(placed),
            xml_text(&self.arrow_title(placed))
        );
        for (line, at) in placed.label.iter().zip(1_u32..) {
            text_at("line", x + width / 2.0, y + f64::from(at) * LABEL_LEADING - 1.5, line, out);
        }
        out.push_str("</g>\n");
    }
}

/// The start and the end of a scope.
fn terminals(scope: ScopeId, placed: &PlacedScope<'_>, out: &mut String) {
    for (rect, word) in [(Some(placed.start), "Start"), (placed.end, "End")] {
        let Some(Rect { x, y, width, height }) = rect else { continue };
        let (middle, centre) = (x + width / 2.0, y + height / 2.0);
        if scope == ScopeId::default() {
            let _ = write!(
                out,
                "<g><rect class=\"ring\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"11\"/>"
            );
            text_at("end", middle, centre + 4.0, word, out);
            out.push_str("</g>\n");
            continue;
        }
        let _ = match word {
            "Start" => writeln!(
                out,
                "<g><title>Start</title><circle class=\"dot\" cx=\"{middle:.1}\" cy=\"{centre:.1}\" r=\"5\"/></g>"
            ),
            _ => writeln!(
                out,
                "<g><title>End</title><circle class=\"ring\" cx=\"{middle:.1}\" cy=\"{centre:.1}\" r=\"6\"/>\
                 <circle class=\"dot\" cx=\"{middle:.1}\" cy=\"{centre:.1}\" r=\"3\"/></g>"
            ),
        };
    }
}

fn text_at(class: &str, x: f64, y: f64, text: &str, out: &mut String) {
    let _ = write!(out, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", xml_text(text));
}

/// A piece of a way, in tenths of a pixel.
pub(crate) type Piece = [i64; 4];

/// The lines of a way without pieces that are known, so that dashes do not fill each other's gaps, and the head at its end.
pub(crate) fn drawn(route: &Route, known: &mut BTreeSet<Piece>) -> (String, String) {
    let (mut way, mut head) = (String::new(), String::new());
    if let ([from, furthest, to], true) = (&*route.points, route.is_loop) {
        let (reach, upper, lower) = (furthest.x, from.y - 2.0, to.y + 2.0);
        let (end, to_y) = (to.x + HEAD - 1.0, to.y);
        let _ =
            write!(way, "M{:.1} {:.1}C{reach:.1} {upper:.1} {reach:.1} {lower:.1} {end:.1} {to_y:.1}", from.x, from.y);
        let _ = write!(head, "M{:.1} {to_y:.1}l{HEAD} -4v8Z", to.x);
        return (way, head);
    }
    let [first, inner @ .., last] = &*route.points else { return (way, head) };
    let is_down = first.y < last.y;
    let back = if is_down { -HEAD } else { HEAD };
    let _ = write!(head, "M{:.1} {:.1}l-4 {back}h8Z", last.x, last.y);
    let end = Point { x: last.x, y: last.y + back + if is_down { 1.0 } else { -1.0 } };
    let mut at = *first;
    let mut is_open = false;
    for point in inner.iter().copied().chain([end]) {
        let piece = [at.x, at.y, point.x, point.y].map(|length| (length * 10.0).round() as i64);
        let (from, to) = (std::mem::replace(&mut at, point), point);
        if !known.insert(piece) {
            is_open = false;
            continue;
        }
        if !std::mem::replace(&mut is_open, true) {
            let _ = write!(way, "M{:.1} {:.1}", from.x, from.y);
        }
        if (to.x - from.x).abs() < 0.05 {
            let _ = write!(way, "V{:.1}", to.y);
        } else {
            let middle = f64::midpoint(from.y, to.y);
            let _ = write!(way, "C{:.1} {middle:.1} {:.1} {middle:.1} {:.1} {:.1}", from.x, to.x, to.x, to.y);
        }
    }
    (way, head)
}

/// What tells the types apart without words, in a square of 16.
pub(crate) fn symbol(state_type: StateType) -> &'static str {
    match state_type {
        StateType::Task => "M9 1 3 9h4l-1 6 7-8.5H8.5Z",
        StateType::Choice => "M8 1l7 7-7 7-7-7Z",
        StateType::Wait => "M8 1.5a6.5 6.5 0 1 0 .01 0ZM8 4.5V8l2.5 2",
        StateType::Pass => "M2 8h11M9 4l4 4-4 4",
        StateType::Succeed => "M2.5 8.5l4 4 7-8.5",
        StateType::Fail => "M3.5 3.5l9 9M12.5 3.5l-9 9",
        StateType::Map => "M2 2h8v8H2ZM13 5.5V13H5.5",
        StateType::Parallel => "M3 2v12M8 2v12M13 2v12",
    }
}
