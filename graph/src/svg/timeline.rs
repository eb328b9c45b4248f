//! When the states of an execution ran, as bars on an axis of time.

use std::fmt::Write;

use super::measure::width;
use super::{Theme, style};
use crate::marks::duration;
use crate::xml_text::xml_text;

/// What happened in an execution over its time: a row for each state, with a bar for each thing that its time was spent with.
///
/// ```
/// use asl_graph::{Bar, BarKind, Theme, Timeline, TimelineRow};
///
/// let bar = Bar { from: 100, to: 900, kind: BarKind::Task, has_failed: false };
/// let row = TimelineRow { depth: 0, label: "Charge".into(), title: "Charge: 0.8 s".into(), bars: vec![bar], millis: 800 };
/// let timeline = Timeline { title: "order: SUCCEEDED".into(), millis: 1000, rows: vec![row], left_out: 0 };
/// assert!(timeline.svg(Theme::Auto).contains("class=\"bar task\""));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// What stands above it.
    pub title: String,
    /// How long all of it took, in milliseconds.
    pub millis: i64,
    /// The rows, from above.
    pub rows: Vec<TimelineRow>,
    /// How many rows there would be more.
    pub left_out: usize,
}

/// A row of a [`Timeline`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimelineRow {
    /// How far it is moved in: a state of a Map state lies below that.
    pub depth: usize,
    /// The name of the state.
    pub label: String,
    /// The tooltip.
    pub title: String,
    /// The bars. They may overlap.
    pub bars: Vec<Bar>,
    /// The time beside it, in milliseconds.
    pub millis: i64,
}

/// A bar of a [`TimelineRow`], in milliseconds since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bar {
    /// What the time was spent with.
    pub kind: BarKind,
    /// Whether it ended with an error.
    pub has_failed: bool,
    /// Its beginning.
    pub from: i64,
    /// Its end.
    pub to: i64,
}

/// What time was spent with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BarKind {
    /// Branches or iterations ran inside.
    Inner,
    /// None of the others.
    Own,
    /// Nothing was to be done but wait.
    Wait,
    /// The next attempt was to come.
    Retry,
    /// A task was called.
    Task,
}

impl BarKind {
    /// All of them, as the legend lists them.
    const LEGEND: [(Self, &'static str); 5] = [
        (Self::Task, "task"),
        (Self::Retry, "between attempts"),
        (Self::Wait, "waiting"),
        (Self::Inner, "what is inside"),
        (Self::Own, "other"),
    ];

    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Inner => "inside",
            Self::Own => "own",
            Self::Wait => "waiting",
            Self::Retry => "retrying",
            Self::Task => "task",
        }
    }
}

const ROW: f64 = 20.0;
const BAR: f64 = 12.0;
const PADDING: f64 = 16.0;
const INDENT: f64 = 12.0;
const CHART: f64 = 720.0;
/// How wide the times beside the rows are.
const TIMES: f64 = 84.0;
const HEAD: f64 = 58.0;
const FOOT: f64 = 34.0;
const FONT: f64 = 12.0;
/// The narrowest and the widest that names are.
const LABELS: (f64, f64) = (90.0, 320.0);
/// As far as rows are moved in.
const DEEPEST: usize = 8;
/// How many marks the axis has at most.
const MARKS: i64 = 8;
/// Distances of marks, in milliseconds.
const STEPS: [i64; 29] = [
    1,
    2,
    5,
    10,
    20,
    50,
    100,
    200,
    500,
    1_000,
    2_000,
    5_000,
    10_000,
    15_000,
    30_000,
    60_000,
    120_000,
    300_000,
    600_000,
    900_000,
    1_800_000,
    3_600_000,
    7_200_000,
    21_600_000,
    43_200_000,
    86_400_000,
    172_800_000,
    864_000_000,
    8_640_000_000,
];

impl Timeline {
    /// The timeline as SVG, to be a file or a part of a page.
    pub fn svg(&self, theme: Theme) -> String {
        let needed = |row: &TimelineRow| indent(row) + width(&row.label, FONT) + 8.0;
        let labels = self.rows.iter().map(needed).fold(LABELS.0, f64::max).min(LABELS.1);
        let (left, total) = (PADDING + labels, PADDING + labels + CHART + TIMES + PADDING);
        let rows = self.rows.len() + usize::from(self.left_out > 0);
        let bottom = HEAD + rows as f64 * ROW;
        let height = bottom + FOOT;
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"asl-graph\" width=\"{total:.0}\" height=\"{height:.0}\" \
             viewBox=\"0 0 {total:.0} {height:.0}\" style=\"color-scheme:{}\" role=\"img\" aria-label=\"Timeline\">\n\
             <style>{}</style>\n<rect class=\"canvas\" width=\"100%\" height=\"100%\"/>\n",
            theme.scheme(),
            style::timeline(theme)
        );
        let _ = writeln!(out, "<text class=\"name\" x=\"{PADDING}\" y=\"24\">{}</text>", xml_text(&self.title));
        self.axis(left, bottom, &mut out);
        for (at, row) in self.rows.iter().enumerate() {
            self.row(row, left, HEAD + at as f64 * ROW, labels, &mut out);
        }
        if self.left_out > 0 {
            let y = bottom - ROW / 2.0 + 4.0;
            let rows = if self.left_out == 1 { "row is" } else { "rows are" };
            let _ = writeln!(out, "<text x=\"{PADDING}\" y=\"{y:.1}\">{} more {rows} not drawn</text>", self.left_out);
        }
        legend(bottom + 22.0, &mut out);
        out += "</svg>\n";
        out
    }

    /// Where a time is on the axis.
    fn x(&self, left: f64, millis: i64) -> f64 {
        let whole = self.millis.max(1);
        left + CHART * millis.clamp(0, whole) as f64 / whole as f64
    }

    fn axis(&self, left: f64, bottom: f64, out: &mut String) {
        let fits = |step: &&i64| self.millis / **step <= MARKS;
        let step = STEPS.iter().find(fits).copied().unwrap_or(self.millis / MARKS).max(1);
        for at in 0..=(self.millis / step).min(MARKS) {
            let at = at * step;
            let x = self.x(left, at);
            let _ = writeln!(
                out,
                "<path class=\"mark\" d=\"M{x:.1} {:.1}V{bottom:.1}\"/><text class=\"tick\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
                HEAD - 4.0,
                HEAD - 9.0,
                duration(at)
            );
        }
    }

    fn row(&self, row: &TimelineRow, left: f64, y: f64, labels: f64, out: &mut String) {
        let x = PADDING + indent(row);
        let label = cut(&row.label, labels - indent(row) - 8.0);
        let baseline = y + ROW / 2.0 + 4.0;
        let _ = write!(
            out,
            "<g class=\"row\"><title>{}</title><rect class=\"band\" x=\"{PADDING}\" y=\"{y:.1}\" width=\"{:.1}\" \
             height=\"{ROW}\"/><text class=\"label\" x=\"{x:.1}\" y=\"{baseline:.1}\">{}</text>",
            xml_text(&row.title),
            labels + CHART + TIMES,
            xml_text(&label)
        );
        for bar in &row.bars {
            let (from, to) = (self.x(left, bar.from), self.x(left, bar.to));
            let failed = if bar.has_failed { " failed" } else { "" };
            let (height, top) = match bar.kind {
                BarKind::Inner | BarKind::Own => (BAR / 3.0, y + (ROW - BAR / 3.0) / 2.0),
                _ => (BAR, y + (ROW - BAR) / 2.0),
            };
            let _ = write!(
                out,
                "<rect class=\"bar {}{failed}\" x=\"{from:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{height:.1}\"/>",
                bar.kind.class(),
                (to - from).max(1.0)
            );
        }
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{baseline:.1}\">{}</text></g>",
            left + CHART + 10.0,
            duration(row.millis)
        );
    }
}

fn indent(row: &TimelineRow) -> f64 {
    row.depth.min(DEEPEST) as f64 * INDENT
}

/// As much of a text as has room.
fn cut(text: &str, room: f64) -> String {
    if width(text, FONT) <= room {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        out.push(c);
        if width(&out, FONT) + width("…", FONT) > room {
            out.pop();
            break;
        }
    }
    out + "…"
}

fn legend(y: f64, out: &mut String) {
    let mut x = PADDING;
    for (kind, text) in BarKind::LEGEND {
        let _ = write!(
            out,
            "<rect class=\"bar {}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"14\" height=\"9\"/><text x=\"{:.1}\" y=\"{y:.1}\">{text}</text>",
            kind.class(),
            y - 9.0,
            x + 19.0
        );
        x += 19.0 + width(text, 11.0) + 18.0;
    }
    let _ = writeln!(
        out,
        "<rect class=\"bar task failed\" x=\"{x:.1}\" y=\"{:.1}\" width=\"14\" height=\"9\"/><text x=\"{:.1}\" y=\"{y:.1}\">failed</text>",
        y - 9.0,
        x + 19.0
    );
}

#[cfg(test)]
mod tests {
    use quick_xml::Reader;
    use quick_xml::events::Event;

    use super::*;

    fn elements(svg: &str) -> usize {
        let mut reader = Reader::from_str(svg);
        reader.config_mut().check_end_names = true;
        let mut count = 0;
        loop {
            match reader.read_event().expect("it is XML") {
                Event::Start(_) | Event::Empty(_) => count += 1,
                Event::Eof => return count,
                _ => {}
            }
        }
    }

    fn bar(from: i64, to: i64, kind: BarKind, has_failed: bool) -> Bar {
        Bar { kind, has_failed, from, to }
    }

    #[test]
    fn rows_have_bars_where_their_times_are() {
        let row = TimelineRow {
            depth: 1,
            label: "Pay <now> & \u{1b} then".into(),
            title: "a\nb".into(),
            bars: vec![bar(0, 500, BarKind::Task, true), bar(500, 1000, BarKind::Retry, false)],
            millis: 1000,
        };
        let timeline = Timeline { title: "order".into(), millis: 1000, rows: vec![row], left_out: 3 };
        let svg = timeline.svg(Theme::Auto);
        assert!(elements(&svg) > 10);
        assert!(svg.contains("<rect class=\"bar task failed\""), "{svg}");
        assert!(svg.contains("width=\"360.0\""), "{svg}");
        assert!(svg.contains(">1.0 s</text>") && svg.contains("3 more rows are not drawn"), "{svg}");
        assert!(svg.contains("prefers-color-scheme:dark"));
        assert!(!timeline.svg(Theme::Dark).contains("prefers-color-scheme"));
    }

    #[test]
    fn no_time_is_too_short_or_too_long() {
        for millis in [-1, 0, 1, 9, 61_000, 86_400_000 * 400, i64::MAX] {
            let bars = vec![bar(0, millis, BarKind::Wait, false), bar(i64::MIN, i64::MAX, BarKind::Own, false)];
            let row = TimelineRow { label: "x".repeat(500), bars, millis, ..TimelineRow::default() };
            let svg = Timeline { title: String::new(), millis, rows: vec![row], left_out: 0 }.svg(Theme::Light);
            assert!(elements(&svg) > 10 && !svg.contains("NaN") && !svg.contains("inf"), "{millis}");
        }
    }
}
