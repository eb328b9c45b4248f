//! The colours of a drawing, by day and by night.

use std::fmt::Write;

use asl_engine::StateType;

use super::Theme;
use crate::marks::Status;

/// The colours of everything. Values stand in the rules themselves, as some programs that show SVG know no variables of CSS.
struct Palette {
    canvas: &'static str,
    /// What runs inside a state stands on this.
    inner: &'static str,
    surface: &'static str,
    ink: &'static str,
    muted: &'static str,
    line: &'static str,
    catch: &'static str,
    types: [(StateType, &'static str); 8],
    /// The line and the surface.
    statuses: [(Status, &'static str, &'static str); 6],
}

const LIGHT: Palette = Palette {
    canvas: "#ffffff",
    inner: "#f6f8fa",
    surface: "#ffffff",
    ink: "#1f2328",
    muted: "#59636e",
    line: "#818b98",
    catch: "#bc4c00",
    types: [
        (StateType::Pass, "#59636e"),
        (StateType::Task, "#0969da"),
        (StateType::Choice, "#8250df"),
        (StateType::Wait, "#9a6700"),
        (StateType::Succeed, "#1a7f37"),
        (StateType::Fail, "#cf222e"),
        (StateType::Parallel, "#bf3989"),
        (StateType::Map, "#0a7d8c"),
    ],
    statuses: [
        (Status::NotReached, "#afb8c1", "#f6f8fa"),
        (Status::Succeeded, "#1a7f37", "#dafbe1"),
        (Status::Caught, "#9a6700", "#fff8c5"),
        (Status::Aborted, "#59636e", "#eaeef2"),
        (Status::Running, "#0969da", "#ddf4ff"),
        (Status::Failed, "#cf222e", "#ffebe9"),
    ],
};

const DARK: Palette = Palette {
    canvas: "#0d1117",
    inner: "#151b23",
    surface: "#212830",
    ink: "#f0f6fc",
    muted: "#9ea7b3",
    line: "#7d8590",
    catch: "#f0883e",
    types: [
        (StateType::Pass, "#9ea7b3"),
        (StateType::Task, "#58a6ff"),
        (StateType::Choice, "#bc8cff"),
        (StateType::Wait, "#d29922"),
        (StateType::Succeed, "#3fb950"),
        (StateType::Fail, "#f85149"),
        (StateType::Parallel, "#f778ba"),
        (StateType::Map, "#39c5cf"),
    ],
    statuses: [
        (Status::NotReached, "#4d5661", "#151b23"),
        (Status::Succeeded, "#3fb950", "#12351f"),
        (Status::Caught, "#d29922", "#3a2e0d"),
        (Status::Aborted, "#9ea7b3", "#2a313b"),
        (Status::Running, "#58a6ff", "#12294a"),
        (Status::Failed, "#f85149", "#4a1a1d"),
    ],
};

/// The style sheet. Its rules hold inside of drawings only.
pub(super) fn sheet(theme: Theme) -> String {
    let start = String::from(concat!(
        ".asl-graph{font-family:system-ui,-apple-system,\"Segoe UI\",Roboto,\"Helvetica Neue\",\"Noto Sans\",Arial,sans-serif}",
        ".asl-graph text{font-size:11px}",
        ".asl-graph .name{font-size:13px;font-weight:600}",
        ".asl-graph .shape{stroke-width:1.5}",
        ".asl-graph .inner{fill-opacity:.55}",
        ".asl-graph .terminal.shape{stroke-width:3}",
        ".asl-graph .symbol{fill:none;stroke-width:1.7;stroke-linecap:round;stroke-linejoin:round}",
        ".asl-graph .branch{stroke-dasharray:5 4}",
        ".asl-graph .way{fill:none;stroke-width:1.4}",
        ".asl-graph .catch .way{stroke-dasharray:5 4}",
        ".asl-graph .label text{text-anchor:middle}",
        ".asl-graph .end{text-anchor:middle}",
        ".asl-graph .taken .way{stroke-width:2.6}",
        ".asl-graph .arrow.untaken{opacity:.55}",
        ".asl-graph .label.untaken text{opacity:.6}",
        ".asl-graph .mark{font-weight:600}",
        ".asl-graph .state.failed>.shape{stroke-width:3}",
        ".asl-graph .state.unreached>.shape{stroke-dasharray:3 3}",
    ));
    themed(theme, start, rules)
}

/// The style sheet of a timeline.
pub(super) fn timeline(theme: Theme) -> String {
    let start = String::from(concat!(
        ".asl-graph{font-family:system-ui,-apple-system,\"Segoe UI\",Roboto,\"Helvetica Neue\",\"Noto Sans\",Arial,sans-serif}",
        ".asl-graph text{font-size:11px}",
        ".asl-graph .name{font-size:13px;font-weight:600}",
        ".asl-graph .label{font-size:12px}",
        ".asl-graph .tick{text-anchor:middle}",
        ".asl-graph .mark{stroke-opacity:.3}",
        ".asl-graph .band{fill-opacity:0}",
        ".asl-graph .row:hover .band{fill-opacity:1}",
        ".asl-graph .inside{fill-opacity:.4}",
        ".asl-graph .waiting{fill-opacity:.45}",
        ".asl-graph .task{fill-opacity:.85}",
    ));
    themed(theme, start, timeline_rules)
}

/// A style sheet with the rules of what a reader prefers.
fn themed(theme: Theme, mut out: String, rules: fn(&Palette, &mut String)) -> String {
    match theme {
        Theme::Light => rules(&LIGHT, &mut out),
        Theme::Dark => rules(&DARK, &mut out),
        Theme::Auto => {
            rules(&LIGHT, &mut out);
            out += "@media(prefers-color-scheme:dark){";
            rules(&DARK, &mut out);
            out.push('}');
        }
    }
    out
}

fn timeline_rules(palette: &Palette, out: &mut String) {
    let Palette { canvas, inner, ink, muted, line, catch, types, statuses, .. } = palette;
    let of_type = |wanted: StateType| types.iter().find(|(of, _)| *of == wanted).map_or(*line, |(_, colour)| colour);
    let failed = statuses.iter().find(|(status, ..)| *status == Status::Failed).map_or(*line, |(_, colour, _)| colour);
    let _ = write!(
        out,
        ".asl-graph .canvas{{fill:{canvas}}}.asl-graph .band{{fill:{inner}}}.asl-graph text{{fill:{muted}}}\
         .asl-graph .name,.asl-graph .label{{fill:{ink}}}.asl-graph .mark{{stroke:{line}}}\
         .asl-graph .task{{fill:{}}}.asl-graph .retrying{{fill:{catch}}}.asl-graph .waiting{{fill:{}}}\
         .asl-graph .inside{{fill:{}}}.asl-graph .own{{fill:{line}}}.asl-graph .failed{{fill:{failed}}}",
        of_type(StateType::Task),
        of_type(StateType::Wait),
        of_type(StateType::Map),
    );
}

fn rules(palette: &Palette, out: &mut String) {
    let Palette { canvas, inner, surface, ink, muted, line, catch, types, statuses } = palette;
    let _ = write!(
        out,
        ".asl-graph .canvas{{fill:{canvas}}}\
         .asl-graph text{{fill:{muted}}}.asl-graph .name,.asl-graph .end{{fill:{ink}}}\
         .asl-graph .shape{{fill:{surface};stroke:{line}}}.asl-graph .inner{{fill:{inner}}}\
         .asl-graph .branch{{fill:{surface};fill-opacity:.6;stroke:{line}}}\
         .asl-graph .dot{{fill:{ink};stroke:{ink}}}.asl-graph .ring{{fill:{surface};stroke:{ink};stroke-width:1.5}}\
         .asl-graph .way{{stroke:{line}}}.asl-graph .head{{fill:{line}}}\
         .asl-graph .catch .way{{stroke:{catch}}}.asl-graph .catch .head{{fill:{catch}}}\
         .asl-graph .label rect{{fill:{canvas};stroke:{line};stroke-opacity:.45}}.asl-graph .label text{{fill:{ink}}}\
         .asl-graph .catch.label rect{{stroke:{catch}}}"
    );
    for (state_type, colour) in types {
        let name = state_type.name().to_lowercase();
        let _ =
            write!(out, ".asl-graph .{name}>.shape{{stroke:{colour}}}.asl-graph .{name}>.symbol{{stroke:{colour}}}");
    }
    for (status, stroke, fill) in statuses {
        let class = status.class();
        let text = if *status == Status::NotReached { muted } else { stroke };
        let _ = write!(
            out,
            ".asl-graph .{class}>.shape{{stroke:{stroke};fill:{fill}}}.asl-graph .{class}>.mark{{fill:{text}}}"
        );
    }
    let taken = statuses.iter().find(|(status, ..)| *status == Status::Succeeded).map_or("", |(_, stroke, _)| stroke);
    let _ = write!(
        out,
        ".asl-graph .taken .way{{stroke:{taken}}}.asl-graph .taken .head{{fill:{taken}}}\
         .asl-graph .taken.catch .way{{stroke:{catch}}}.asl-graph .taken.catch .head{{fill:{catch}}}\
         .asl-graph .unreached>.name{{fill:{muted}}}"
    );
}
