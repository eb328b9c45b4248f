//! What holds for every drawing, on machines that are made at random, always the same ones.

use std::fmt::Write;

use asl_engine::Program;
use asl_engine::model::{ScopeId, StateId};
use quick_xml::Reader;
use quick_xml::events::Event;

use super::Theme;
use super::boxes::{Placed, PlacedArrow, Rect, placed};
use crate::chart::Chart;
use crate::marks::{Mark, Marks, Status};

/// Numbers without rhyme or reason: Knuth's linear congruential generator.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % most.max(1)
    }
}

/// A scope of some states: each leads to the next one, and some to any others.
fn scope(random: &mut Random, prefix: &str, states: usize, depth: usize) -> String {
    let name = |at: usize| match at % 7 {
        3 => format!("{prefix}{at} with a name of some & more words than usual"),
        5 => format!("{prefix}{at}-日本語<\\\"é\\\">\\u0007"),
        _ => format!("{prefix}{at}"),
    };
    let mut out = format!(r#"{{"StartAt": "{}", "States": {{"#, name(0));
    for at in 0..states {
        let any = |random: &mut Random| name(random.below(states));
        let next = if at + 1 < states { format!(r#""Next": "{}""#, name(at + 1)) } else { r#""End": true"#.to_owned() };
        let catch = match random.below(3) {
            0 => format!(r#", "Catch": [{{"ErrorEquals": ["States.ALL"], "Next": "{}"}}]"#, any(random)),
            _ => String::new(),
        };
        let retry = if random.below(3) == 0 { r#", "Retry": [{"ErrorEquals": ["A", "B"]}]"# } else { "" };
        let kind = match random.below(if depth > 0 { 8 } else { 6 }) {
            0 => format!(r#""Type": "Pass", {next}"#),
            1 => format!(r#""Type": "Wait", "Seconds": 3, {next}"#),
            2 | 3 if at + 1 < states => {
                let mut rules = String::new();
                for rule in 0..random.below(5) {
                    let to = any(random);
                    let _ =
                        write!(rules, r#"{{"Variable": "$.a.long.path", "NumericEquals": {rule}, "Next": "{to}"}}, "#);
                }
                let last = format!(r#"{{"Variable": "$.x", "IsPresent": true, "Next": "{}"}}"#, name(at + 1));
                format!(r#""Type": "Choice", "Choices": [{rules}{last}], "Default": "{}""#, any(random))
            }
            6 => {
                let count = 1 + random.below(4);
                let inner = scope(random, &format!("{prefix}{at}."), count, depth - 1);
                format!(r#""Type": "Map", "ItemProcessor": {inner}, {next}{retry}{catch}"#)
            }
            7 => {
                let branches = (0..1 + random.below(3)).map(|branch| {
                    let count = 1 + random.below(4);
                    scope(random, &format!("{prefix}{at}/{branch}."), count, depth - 1)
                });
                let branches = branches.collect::<Vec<_>>().join(", ");
                format!(r#""Type": "Parallel", "Branches": [{branches}], {next}{retry}{catch}"#)
            }
            _ => {
                format!(r#""Type": "Task", "Resource": "arn:aws:lambda:us-east-1:1:function:f", {next}{retry}{catch}"#)
            }
        };
        let _ = write!(out, r#"{}"{}": {{{kind}}}"#, if at > 0 { ", " } else { "" }, name(at));
    }
    out + "}}"
}

fn overlap(one: Rect, other: Rect) -> bool {
    // Borders may touch.
    const TOUCH: f64 = 0.5;
    one.x + TOUCH < other.x + other.width
        && other.x + TOUCH < one.x + one.width
        && one.y + TOUCH < other.y + other.height
        && other.y + TOUCH < one.y + one.height
}

fn is_inside(inner: Rect, outer: Rect) -> bool {
    inner.x >= outer.x - 0.01
        && inner.y >= outer.y - 0.01
        && inner.x + inner.width <= outer.x + outer.width + 0.01
        && inner.y + inner.height <= outer.y + outer.height + 0.01
}

/// The rectangles in which the pieces of an arrow run.
fn pieces(arrow: &PlacedArrow<'_>) -> Vec<Rect> {
    let pairs = arrow.route.points.windows(2);
    let rect = |pair: &[crate::layout::Point]| {
        let (x, y) = (pair[0].x.min(pair[1].x), pair[0].y.min(pair[1].y));
        // A line has no width, and would lie in nothing.
        let width = (pair[0].x - pair[1].x).abs().max(1.2);
        Rect { x, y, width, height: (pair[0].y - pair[1].y).abs() }
    };
    pairs.map(rect).collect()
}

/// Boxes stand beside each other and inside their own, and no arrow runs through one.
fn check(chart: &Chart, placed: &Placed<'_>, what: &str) {
    let rect = |id: &StateId| placed.states[id.index()];
    let whole = Rect { x: 0.0, y: 0.0, width: placed.size.width, height: placed.size.height };
    for (scope, inside) in chart.scopes.iter().zip(&placed.scopes) {
        let parent = chart.states.iter().find(|state| state.scopes.contains(&scope.id));
        let outer = match (parent, inside.branch) {
            (_, Some(branch)) => branch,
            (Some(state), None) => rect(&state.id),
            (None, None) => whole,
        };
        let mut boxes: Vec<(String, Rect)> = vec![("Start".to_owned(), inside.start)];
        boxes.extend(inside.end.map(|end| ("End".to_owned(), end)));
        boxes.extend(scope.states.iter().map(|id| (chart.states[id.index()].name.to_string(), rect(id))));
        let nodes = boxes.len();
        boxes.extend(inside.arrows.iter().filter_map(|arrow| Some((arrow.label.join(" "), arrow.label_rect?))));
        for (at, (name, rect)) in boxes.iter().enumerate() {
            assert!(rect.width > 0.0 && is_inside(*rect, outer), "{what}: {name} {rect:?} is not inside {outer:?}");
            for (other, other_rect) in &boxes[at + 1..] {
                assert!(!overlap(*rect, *other_rect), "{what}: {name} {rect:?} lies on {other} {other_rect:?}");
            }
        }
        for arrow in &inside.arrows {
            assert!(arrow.route.points.len() > 2, "{what}: {:?} has no way", arrow.arrow);
            for piece in pieces(arrow) {
                assert!(
                    is_inside(piece, Rect { width: outer.width + 1.2, ..outer }),
                    "{what}: {piece:?} leaves {outer:?}"
                );
                for (name, rect) in &boxes[..nodes] {
                    assert!(!overlap(piece, *rect), "{what}: {:?} runs through {name}", arrow.arrow);
                }
                for other in inside.arrows.iter().filter(|other| !std::ptr::eq(*other, arrow)) {
                    let is_free = other.label_rect.is_none_or(|label| !overlap(piece, label));
                    assert!(is_free, "{what}: {:?} runs through a label of {:?}", arrow.arrow, other.arrow);
                }
            }
        }
    }
    if let Some(branches) = chart.states.iter().map(|state| &state.scopes).find(|scopes| scopes.len() > 1) {
        let rects: Vec<Rect> = branches.iter().filter_map(|id: &ScopeId| placed.scopes[id.index()].branch).collect();
        assert!(rects.windows(2).all(|pair| !overlap(pair[0], pair[1])), "{what}: branches lie on each other");
    }
}

fn check_xml(svg: &str, what: &str) {
    let mut reader = Reader::from_str(svg);
    let mut depth = 0;
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{what}: {error}")) {
            Event::Eof => break,
            Event::Start(element) => {
                element.attributes().for_each(|attribute| assert!(attribute.is_ok(), "{what}: {element:?}"));
                depth += 1;
            }
            Event::End(_) => depth -= 1,
            Event::Text(text) => {
                let text = text.decode().unwrap_or_else(|error| panic!("{what}: {error}"));
                assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{what}: {text:?}");
            }
            _ => {}
        }
    }
    assert_eq!(depth, 0, "{what}");
}

fn check_all(program: &Program, what: &str) {
    let chart = Chart::new(program);
    check(&chart, &placed(&chart), what);
    let mut marks = Marks::default();
    for (state, status) in program.model().states().iter().zip(Status::ALL.into_iter().cycle()) {
        marks.mark_state(state.id, Mark { status, count: 1234, millis: Some(61_000) });
    }
    for transition in program.model().transitions() {
        marks.mark_transition(transition.id, Mark { status: Status::Succeeded, count: 12, millis: None });
    }
    let marked = chart.clone().with_marks(marks);
    check(&marked, &placed(&marked), what);
    for chart in [&chart, &marked] {
        let svg = chart.svg(Theme::Auto);
        check_xml(&svg, what);
        assert_eq!(svg, chart.svg(Theme::Auto), "{what}");
        assert_eq!(
            chart.mermaid().matches("subgraph ").count(),
            chart.mermaid().matches("    end\n").count(),
            "{what}"
        );
        assert_eq!(chart.dot().matches('\n').count(), chart.dot().lines().count(), "{what}");
    }
}

#[test]
fn boxes_never_overlap_and_arrows_run_between_them() {
    for seed in 0..60_u64 {
        let mut random = Random(seed);
        let states = 1 + random.below(16);
        let text = scope(&mut random, "S", states, 2);
        let program = Program::parse(&text).unwrap_or_else(|found| panic!("{seed}: {found:?}\n{text}"));
        check_all(&program, &format!("seed {seed}"));
    }
}

#[test]
fn large_machines_are_drawn() {
    let mut random = Random(1);
    for states in [60, 100] {
        let program = Program::parse(&scope(&mut random, "S", states, 0)).expect("a definition");
        check_all(&program, &format!("{states} states"));
    }
}

#[test]
fn what_is_too_much_is_left_out_and_told() {
    // Each state leads to the last ones: ways of thousands of ranks.
    const STATES: usize = 1_200;
    let name = |at: usize| format!("S{}", at.min(STATES - 1));
    let states: Vec<String> = (0..STATES - 1)
        .map(|at| {
            let (next, far) = (name(at + 1), name(STATES - 1 - at % 700));
            format!(r#""S{at}": {{"Type": "Choice", "Choices": [{{"Variable": "$.a", "IsNull": true, "Next": "{far}"}}], "Default": "{next}"}}"#)
        })
        .collect();
    let last = name(STATES - 1);
    let text = format!(r#"{{"StartAt": "S0", "States": {{{}, "{last}": {{"Type": "Succeed"}}}}}}"#, states.join(", "));
    let svg = Chart::new(&Program::parse(&text).expect("a definition")).svg(Theme::Light);
    assert!(svg.contains(" transitions are not drawn"), "all is drawn");
    check_xml(&svg, "too much");
}

/// Definitions that somebody has recorded or that lie in this checkout.
#[test]
fn definitions_of_others_are_drawn() {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for name in ["definition.json", "definition.jsonata.json"] {
        let file = here.join("definitions/download-images").join(name);
        let text = std::fs::read_to_string(&file).expect("the definition is there");
        check_all(&Program::parse(&text).expect("a definition"), name);
    }
    let recorded = here.join("../shared/conformance/aws2.jsonl");
    let Ok(lines) = std::fs::read_to_string(&recorded) else {
        let why = format!("not run: {} is not there\n", recorded.display());
        std::io::Write::write_all(&mut std::io::stderr(), why.as_bytes()).expect("stderr is open");
        return;
    };
    for line in lines.lines() {
        let case: asl_engine::Value = line.parse().expect("JSON");
        // Some are there to be refused.
        if let Ok(program) = Program::parse(&case["definition"].to_string()) {
            check_all(&program, case["id"].as_str().unwrap_or_default());
        }
    }
}
