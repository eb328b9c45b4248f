//! Where everything of a chart is: each scope is laid out by itself, the innermost first, and then is one node of the scope
//! around it.

use std::collections::BTreeMap;

use asl_engine::StateType;
use asl_engine::model::{ScopeId, StateId};

use super::measure::{width, wrapped};
use crate::chart::{Arrow, Chart, ScopeBox, StateBox};
use crate::layout::{Edge, Layout, Point, Route, Size, layout};
use crate::marks::Mark;

/// The sizes of text, and the distances of its lines.
pub(super) const NAME_SIZE: f64 = 13.0;
pub(super) const LINE_SIZE: f64 = 11.0;
pub(super) const NAME_LEADING: f64 = 17.0;
pub(super) const LINE_LEADING: f64 = 15.0;
pub(super) const LABEL_LEADING: f64 = 14.0;
/// How much wider bold letters are: names and marks.
const BOLD: f64 = 1.13;
/// The widest name, line and label.
const MOST_NAME: f64 = 220.0;
const MOST_LINE: f64 = 250.0;
const MOST_LABEL: f64 = 170.0;
/// The room around the text of a state, and the room of its symbol.
pub(super) const PADDING: f64 = 10.0;
pub(super) const SYMBOL: f64 = 26.0;
/// How far the points of a Choice state reach out.
pub(super) const POINT: f64 = 12.0;
/// The room around a scope in a box.
const INNER: f64 = 14.0;
const MARGIN: f64 = 16.0;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rect {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// The text of a state.
#[derive(Clone, Debug, Default)]
pub(crate) struct Text {
    pub(crate) name: Vec<String>,
    pub(crate) lines: Vec<String>,
    /// What is known of it, where anything is marked.
    pub(crate) mark: Option<String>,
    size: Size,
}

/// Where the parts of a scope are.
#[derive(Debug, Default)]
pub(crate) struct PlacedScope<'a> {
    pub(crate) start: Rect,
    pub(crate) end: Option<Rect>,
    /// The box of a branch around it.
    pub(crate) branch: Option<Rect>,
    pub(crate) arrows: Vec<PlacedArrow<'a>>,
}

#[derive(Debug)]
pub(crate) struct PlacedArrow<'a> {
    pub(crate) arrow: &'a Arrow,
    pub(crate) route: Route,
    pub(crate) label: Vec<String>,
    pub(crate) label_rect: Option<Rect>,
}

/// Where everything is.
#[derive(Debug, Default)]
pub(crate) struct Placed<'a> {
    pub(crate) size: Size,
    /// By the positions of the scopes.
    pub(crate) scopes: Vec<PlacedScope<'a>>,
    /// By the positions of the states.
    pub(crate) states: Vec<Rect>,
    pub(crate) texts: Vec<Text>,
}

impl Placed<'_> {
    /// How many arrows have no way, as there are too many.
    pub(crate) fn missing(&self) -> usize {
        self.scopes.iter().flat_map(|scope| &scope.arrows).filter(|arrow| arrow.route.points.is_empty()).count()
    }
}

impl Rect {
    fn of(corner: Point, size: Size) -> Self {
        Self { x: corner.x, y: corner.y, width: size.width, height: size.height }
    }
}

/// A scope that is laid out by itself.
struct Inner {
    layout: Layout,
    sizes: Vec<Size>,
    labels: Vec<Vec<String>>,
}

/// Places everything of a chart.
pub(crate) fn placed(chart: &Chart) -> Placed<'_> {
    placed_with(chart, |state| chart.mark(state).map(Mark::text))
}

/// Places everything of a chart whose states have these marks.
pub(crate) fn placed_with(chart: &Chart, mark: impl Fn(&StateBox) -> Option<String>) -> Placed<'_> {
    let texts: Vec<Text> = chart.states.iter().map(|state| text(state, mark(state))).collect();
    let mut sizes: Vec<Size> = vec![Size::default(); chart.states.len()];
    // A scope comes before those inside it: from the last to the first, all that a scope needs is there.
    let mut later: BTreeMap<ScopeId, Inner> = BTreeMap::new();
    for scope in chart.scopes.iter().rev() {
        for state in scope.states.iter().filter_map(|id| chart.state(*id)) {
            if let (Some(size), Some(text)) = (sizes.get_mut(state.id.index()), texts.get(state.id.index())) {
                *size = state_size(state, text, &later);
            }
        }
        later.insert(scope.id, laid_out(chart, scope, &sizes));
    }
    let inner: Vec<Inner> = later.into_values().collect();

    let mut placed = Placed { texts, states: vec![Rect::default(); chart.states.len()], ..Placed::default() };
    let mut corners = vec![Point { x: MARGIN, y: MARGIN }; chart.scopes.len()];
    let mut branches: Vec<Option<Rect>> = vec![None; chart.scopes.len()];
    for ((scope, inner_scope), at) in chart.scopes.iter().zip(&inner).zip(0..) {
        let corner = corners.get(at).copied().unwrap_or_default();
        let moved = |point: &Point| Point { x: point.x + corner.x, y: point.y + corner.y };
        let mut rects = inner_scope.layout.nodes.iter().zip(&inner_scope.sizes);
        let mut next = || rects.next().map(|(point, size)| Rect::of(moved(point), *size));
        let start = next().unwrap_or_default();
        for state in scope.states.iter().filter_map(|id| chart.state(*id)) {
            let rect = next().unwrap_or_default();
            let text = placed.texts.get(state.id.index());
            if let (Some(place), Some(text)) = (placed.states.get_mut(state.id.index()), text) {
                *place = rect;
                inside(state, rect, text, &inner, &mut corners, &mut branches);
            }
        }
        let end = next();
        let arrows = scope.arrows.iter().zip(&inner_scope.layout.routes).zip(&inner_scope.labels);
        let arrows = arrows.map(|((arrow, route), label)| {
            let route = Route {
                points: route.points.iter().map(moved).collect(),
                label: route.label.as_ref().map(moved),
                is_loop: route.is_loop,
            };
            let size = label_size(label);
            let label_rect = route.label.zip(size).map(|(middle, size)| {
                Rect::of(Point { x: middle.x - size.width / 2.0, y: middle.y - size.height / 2.0 }, size)
            });
            PlacedArrow { arrow, route, label: label.clone(), label_rect }
        });
        let branch = branches.get(at).copied().flatten();
        placed.scopes.push(PlacedScope { start, end, branch, arrows: arrows.collect() });
    }
    let whole = inner.first().map(|inner| inner.layout.size).unwrap_or_default();
    let foot = if placed.missing() > 0 { LINE_LEADING } else { 0.0 };
    placed.size = Size { width: whole.width + 2.0 * MARGIN, height: whole.height + 2.0 * MARGIN + foot };
    placed
}

fn text(state: &StateBox, mark: Option<String>) -> Text {
    let name = wrapped(&state.name, NAME_SIZE * BOLD, MOST_NAME, 3);
    let lines: Vec<String> = state.lines.iter().flat_map(|line| wrapped(line, LINE_SIZE, MOST_LINE, 2)).collect();
    let widest = |lines: &[String], size: f64| lines.iter().map(|line| width(line, size)).fold(0.0, f64::max);
    let of_mark = mark.as_ref().map_or(0.0, |mark| width(mark, LINE_SIZE * BOLD));
    let size = Size {
        width: widest(&name, NAME_SIZE * BOLD).max(widest(&lines, LINE_SIZE)).max(of_mark),
        height: name.len() as f64 * NAME_LEADING + (lines.len() + usize::from(mark.is_some())) as f64 * LINE_LEADING,
    };
    Text { name, lines, mark, size }
}

/// The size of the text with what is around it.
fn card_size(state: &StateBox, text: &Text) -> Size {
    let points = if state.state_type == StateType::Choice { 2.0 * POINT } else { 0.0 };
    Size { width: (text.size.width + SYMBOL + 2.0 * PADDING + points).max(110.0), height: text.size.height + 14.0 }
}

/// The size of a state: its text, and below it what it runs.
fn state_size(state: &StateBox, text: &Text, inner: &BTreeMap<ScopeId, Inner>) -> Size {
    let card = card_size(state, text);
    let sizes: Vec<Size> =
        state.scopes.iter().filter_map(|scope| inner.get(scope)).map(|inner| inner.layout.size).collect();
    if sizes.is_empty() {
        return card;
    }
    let around = 2.0 * INNER;
    let (mut width, mut height) = (INNER, 0.0_f64);
    for size in sizes {
        width += size.width + around + INNER;
        height = height.max(size.height);
    }
    let (beside, below) = if state.state_type == StateType::Parallel { (0.0, around) } else { (-around, 0.0) };
    Size { width: card.width.max(width + beside), height: card.height + height + below + INNER }
}

/// Places the scopes that a state runs inside its box.
fn inside(
    state: &StateBox,
    rect: Rect,
    text: &Text,
    inner: &[Inner],
    corners: &mut [Point],
    branches: &mut [Option<Rect>],
) {
    let card = card_size(state, text);
    let top = rect.y + card.height;
    let sizes: Vec<(usize, Size)> =
        state.scopes.iter().filter_map(|scope| Some((scope.index(), inner.get(scope.index())?.layout.size))).collect();
    let is_parallel = state.state_type == StateType::Parallel;
    let around = if is_parallel { INNER } else { 0.0 };
    let taken: f64 = sizes.iter().map(|(_, size)| size.width + 2.0 * around + INNER).sum::<f64>() + INNER;
    // What is narrower than its text stands in the middle.
    let mut x = rect.x + INNER + (rect.width - taken).max(0.0) / 2.0;
    for (index, size) in sizes {
        if let Some(corner) = corners.get_mut(index) {
            *corner = Point { x: x + around, y: top + around };
        }
        let width = size.width + 2.0 * around;
        if let Some(branch) = branches.get_mut(index).filter(|_| is_parallel) {
            *branch = Some(Rect { x, y: top, width, height: rect.y + rect.height - INNER - top });
        }
        x += width + INNER;
    }
}

/// The size of a label; `None` where there is none.
fn label_size(lines: &[String]) -> Option<Size> {
    let widest = lines.iter().map(|line| width(line, LINE_SIZE)).reduce(f64::max)?;
    Some(Size { width: widest + 12.0, height: lines.len() as f64 * LABEL_LEADING + 4.0 })
}

/// Lays out the nodes of a scope: its start, its states, and its end where anything leads there.
fn laid_out(chart: &Chart, scope: &ScopeBox, state_sizes: &[Size]) -> Inner {
    let is_outermost = scope.id == ScopeId::default();
    let terminal = |word: &str| match is_outermost {
        true => Size { width: width(word, LINE_SIZE) + 24.0, height: 22.0 },
        false => Size { width: 12.0, height: 12.0 },
    };
    let of_states = scope.states.iter().map(|id| state_sizes.get(id.index()).copied().unwrap_or_default());
    let mut sizes: Vec<Size> = [terminal("Start")].into_iter().chain(of_states).collect();
    let end = sizes.len();
    if scope.ends() {
        sizes.push(terminal("End"));
    }
    let positions: BTreeMap<StateId, usize> = scope.states.iter().copied().zip(1..).collect();
    let position = |id: StateId| positions.get(&id).copied().unwrap_or_default();
    let labels: Vec<Vec<String>> =
        scope.arrows.iter().map(|arrow| wrapped(&chart.label(arrow), LINE_SIZE, MOST_LABEL, 2)).collect();
    let edges: Vec<Edge> = scope
        .arrows
        .iter()
        .zip(&labels)
        .map(|(arrow, label)| Edge {
            from: arrow.from.map_or(0, position),
            to: arrow.to.map_or(end, position),
            label: label_size(label),
            class: u8::from(arrow.is_catcher),
        })
        .collect();
    let layout = layout(&sizes, &edges);
    Inner { layout, sizes, labels }
}
