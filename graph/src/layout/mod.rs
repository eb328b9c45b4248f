//! Places sized nodes in layers, one below the other, and finds ways for the edges between them.
//!
//! The method is that of Sugiyama, Tagawa and Toda (1981): cycles are opened, nodes ranked ([`rank`]), edges cut into pieces from
//! rank to rank, ranks ordered so that few pieces cross ([`order`]), and places given by the method of Brandes and Köpf
//! ([`place`]). It is ours, since what crates.io has leaves out what is needed here: `rust-sugiyama` tells no ways of edges and
//! knows no labels, `layout-rs` does not hand out its places, and `dagre` leads edges through the middle of a rank, which cuts
//! the corners of tall nodes, such as Map states with all that they run.
//!
//! Nodes stand on even ranks. On the odd ranks between them are the labels, so that each has room of its own. An edge runs
//! straight down through a rank, in a column that nothing else has, and sideways only between two ranks, where no node is.
//! Edges of one class that lead to the same node share one way as soon as they can.

mod order;
mod place;
mod rank;

use std::collections::BTreeMap;

/// A place, from the upper left corner. Lengths are pixels of the drawing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Point {
    pub(crate) x: f64,
    pub(crate) y: f64,
}

/// A width and a height.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Size {
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// What leads from one node to another, or back to the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// The room that its label takes.
    pub(crate) label: Option<Size>,
    /// Edges of different classes never share their way. Those of class 0 are the main ones, which are kept straight.
    pub(crate) class: u8,
}

/// The way of an edge.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Route {
    /// Where it goes through. Between two points it runs straight down or up where they have the same `x`; else in a curve that
    /// leaves and arrives upright and stays within the rectangle of the two.
    pub(crate) points: Vec<Point>,
    /// The middle of its label.
    pub(crate) label: Option<Point>,
    /// Whether it leads back to its own node: then `points` are where it leaves, the furthest point, and where it arrives.
    pub(crate) is_loop: bool,
}

/// Where everything is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layout {
    pub(crate) size: Size,
    /// The upper left corner of each node.
    pub(crate) nodes: Vec<Point>,
    pub(crate) routes: Vec<Route>,
}

/// Something that stands on a rank: a node, or the piece of an edge that passes through.
#[derive(Clone, Copy, Debug)]
struct Vertex {
    rank: usize,
    /// How far it reaches to either side of its `x`.
    left: f64,
    right: f64,
    height: f64,
    is_node: bool,
}

/// The pieces of edges between neighbouring ranks.
#[derive(Debug, Default)]
struct Graph {
    vertices: Vec<Vertex>,
    /// What is above and below each vertex, and whether by a piece of a main edge.
    above: Vec<Vec<(usize, bool)>>,
    below: Vec<Vec<(usize, bool)>>,
}

/// The room between a node and what is beside it, and between two edges.
const NODE_GAP: f64 = 26.0;
const EDGE_GAP: f64 = 14.0;
/// The least room between two ranks, and the most.
const RANK_GAP: f64 = 17.0;
const MOST_RANK_GAP: f64 = 64.0;
/// How far edges that leave the same side of a node stand apart, and from its corners.
const PORT_GAP: f64 = 20.0;
const CORNER: f64 = 18.0;
/// How many pieces all edges may be cut into, and how many of them stand by themselves. A drawing with more says nothing any
/// more, and a definition of a megabyte could ask for billions.
const PIECES: usize = 2_000_000;
const SEPARATE_PIECES: usize = 200_000;
/// How far an edge back to its own node reaches out.
const LOOP: f64 = 30.0;

/// Places nodes and edges. Edges that name a node that is not there have an empty route, and so have those that come when all
/// before have too many pieces.
pub(crate) fn layout(nodes: &[Size], edges: &[Edge]) -> Layout {
    let known = |edge: &Edge| edge.from < nodes.len() && edge.to < nodes.len();
    let between: Vec<(usize, Edge)> =
        edges.iter().copied().enumerate().filter(|(_, edge)| known(edge) && edge.from != edge.to).collect();
    let loops: Vec<(usize, Edge)> =
        edges.iter().copied().enumerate().filter(|(_, edge)| known(edge) && edge.from == edge.to).collect();
    let pairs: Vec<(usize, usize)> = between.iter().map(|(_, edge)| (edge.from, edge.to)).collect();
    let mut graph = Graph::of_nodes(nodes, &rank::ranks(nodes.len(), &pairs), &loops);
    let chains: Vec<Vec<usize>> = graph.chains(&between);
    let layers = order::layers(&graph);
    let xs = place::places(&graph, &layers);

    let mut routes = vec![Route::default(); edges.len()];
    let ports = ports(&graph, nodes, &between, &chains, &xs);
    let bands = bands(&graph, &layers, &between, &chains, &ports, &xs);
    let top_left = |node: usize| Point { x: xs[node] - nodes[node].width / 2.0, y: bands[graph.vertices[node].rank].0 };
    for (((index, edge), chain), (leaves, arrives)) in between.iter().zip(&chains).zip(&ports) {
        if chain.is_empty() {
            continue;
        }
        let route = &mut routes[*index];
        let is_down = graph.vertices[edge.from].rank < graph.vertices[edge.to].rank;
        let side = |node: usize, is_lower: bool| top_left(node).y + if is_lower { nodes[node].height } else { 0.0 };
        route.points.push(Point { x: *leaves, y: side(edge.from, is_down) });
        // What is below a short node of a tall rank is still in its column.
        let (top, bottom) = bands[graph.vertices[edge.from].rank];
        route.points.push(Point { x: *leaves, y: if is_down { bottom } else { top } });
        for (at, passed) in chain.iter().enumerate() {
            let (top, bottom) = bands[graph.vertices[*passed].rank];
            let x = xs[*passed];
            let (first, last) = if is_down { (top, bottom) } else { (bottom, top) };
            route.points.extend([Point { x, y: first }, Point { x, y: last }]);
            if at == 0 {
                route.label = edge.label.map(|_| Point { x, y: f64::midpoint(top, bottom) });
            }
        }
        let (top, bottom) = bands[graph.vertices[edge.to].rank];
        route.points.push(Point { x: *arrives, y: if is_down { top } else { bottom } });
        route.points.push(Point { x: *arrives, y: side(edge.to, !is_down) });
        route.points.dedup();
    }
    let mut below = vec![0.0; nodes.len()];
    for (index, edge) in &loops {
        let (corner, size) = (top_left(edge.from), nodes[edge.from]);
        let (right, label) = (corner.x + size.width, edge.label.unwrap_or_default());
        let height = loop_height(label);
        let top = corner.y + below[edge.from];
        below[edge.from] += height;
        let middle = top + height / 2.0;
        let reach = height.min(24.0) / 2.0 - 3.0;
        routes[*index] = Route {
            points: vec![
                Point { x: right, y: middle - reach },
                Point { x: right + LOOP, y: middle },
                Point { x: right, y: middle + reach },
            ],
            label: edge.label.map(|label| Point { x: right + LOOP + 4.0 + label.width / 2.0, y: middle }),
            is_loop: true,
        };
    }
    finished(&graph, nodes, xs.as_slice(), &bands, routes)
}

fn loop_height(label: Size) -> f64 {
    (label.height + 4.0).max(24.0)
}

/// Moves everything so that it starts at 0.
fn finished(graph: &Graph, nodes: &[Size], xs: &[f64], bands: &[(f64, f64)], mut routes: Vec<Route>) -> Layout {
    let reach = graph.vertices.iter().zip(xs).map(|(vertex, x)| (x - vertex.left, x + vertex.right));
    let (left, right) = reach.fold((f64::MAX, f64::MIN), |(left, right), (l, r)| (left.min(l), right.max(r)));
    if nodes.is_empty() {
        return Layout { routes, ..Layout::default() };
    }
    for point in routes.iter_mut().flat_map(|route| route.points.iter_mut().chain(&mut route.label)) {
        point.x -= left;
    }
    let corner =
        |node: usize| Point { x: xs[node] - nodes[node].width / 2.0 - left, y: bands[graph.vertices[node].rank].0 };
    let height = bands.last().map_or(0.0, |(_, bottom)| *bottom);
    Layout { size: Size { width: right - left, height }, nodes: (0..nodes.len()).map(corner).collect(), routes }
}

impl Graph {
    fn of_nodes(nodes: &[Size], ranks: &[usize], loops: &[(usize, Edge)]) -> Self {
        let mut graph = Self::default();
        for (size, rank) in nodes.iter().zip(ranks) {
            let half = size.width / 2.0;
            graph.add(Vertex { rank: *rank, left: half, right: half, height: size.height, is_node: true });
        }
        let mut heights = vec![0.0; nodes.len()];
        for (_, edge) in loops {
            let label = edge.label.unwrap_or_default();
            heights[edge.from] += loop_height(label);
            let vertex = &mut graph.vertices[edge.from];
            vertex.right = vertex.right.max(nodes[edge.from].width / 2.0 + LOOP + 4.0 + label.width);
            vertex.height = vertex.height.max(heights[edge.from]);
        }
        graph
    }

    fn add(&mut self, vertex: Vertex) -> usize {
        self.vertices.push(vertex);
        self.above.push(Vec::new());
        self.below.push(Vec::new());
        self.vertices.len() - 1
    }

    /// Cuts the edges into pieces; what each passes through between its nodes, in its own direction.
    fn chains(&mut self, edges: &[(usize, Edge)]) -> Vec<Vec<usize>> {
        // What edges share, by where they lead, their class and the rank.
        let mut shared: BTreeMap<(usize, u8, usize), usize> = BTreeMap::new();
        let mut chains = Vec::new();
        let mut pieces = 0;
        let nodes = self.vertices.len();
        for (_, edge) in edges {
            let (from, to) = (self.vertices[edge.from].rank, self.vertices[edge.to].rank);
            let ranks: Vec<usize> = if from < to { (from + 1..to).collect() } else { (to + 1..from).rev().collect() };
            let mut chain = Vec::new();
            pieces += ranks.len();
            if pieces > PIECES || self.vertices.len() - nodes > SEPARATE_PIECES {
                chains.push(chain);
                continue;
            }
            for (at, rank) in ranks.into_iter().enumerate() {
                let label = edge.label.filter(|_| at == 0);
                let size = label.unwrap_or_default();
                let half = size.width / 2.0;
                let vertex = Vertex { rank, left: half, right: half, height: size.height, is_node: false };
                // Ways up and ways down to a node pass through other ranks.
                let key = (edge.to, edge.class, rank);
                chain.push(match (label, shared.get(&key)) {
                    (None, Some(known)) => *known,
                    (None, None) => {
                        let added = self.add(vertex);
                        shared.insert(key, added);
                        added
                    }
                    (Some(_), _) => self.add(vertex),
                });
            }
            let mut last = edge.from;
            for next in chain.iter().copied().chain([edge.to]) {
                let (upper, lower) = if from < to { (last, next) } else { (next, last) };
                self.connect(upper, lower, edge.class == 0 && from < to);
                last = next;
            }
            chains.push(chain);
        }
        chains
    }

    fn connect(&mut self, upper: usize, lower: usize, is_main: bool) {
        match self.below[upper].iter_mut().find(|(known, _)| *known == lower) {
            Some((_, known)) => *known |= is_main,
            None => {
                self.below[upper].push((lower, is_main));
                self.above[lower].push((upper, is_main));
            }
        }
    }

    fn ranks(&self) -> usize {
        self.vertices.iter().map(|vertex| vertex.rank + 1).max().unwrap_or_default()
    }

    /// The least distance between two neighbours of a rank.
    fn distance(&self, left: usize, right: usize) -> f64 {
        let (left, right) = (&self.vertices[left], &self.vertices[right]);
        let gap = if left.is_node && right.is_node { NODE_GAP } else { EDGE_GAP };
        left.right + gap + right.left
    }
}

/// Where each edge leaves its node and where it arrives.
fn ports(graph: &Graph, nodes: &[Size], edges: &[(usize, Edge)], chains: &[Vec<usize>], xs: &[f64]) -> Vec<(f64, f64)> {
    // By the node and its next piece: edges with the same one leave or arrive together.
    let mut places: BTreeMap<(usize, usize), f64> = BTreeMap::new();
    for (node, size) in nodes.iter().enumerate() {
        let room = (size.width / 2.0 - CORNER).max(0.0);
        for pieces in [&graph.above[node], &graph.below[node]] {
            let mut pieces: Vec<usize> = pieces.iter().map(|(piece, _)| *piece).collect();
            pieces.sort_by(|one, other| xs[*one].total_cmp(&xs[*other]));
            let wanted: Vec<f64> = pieces.iter().map(|piece| xs[*piece]).collect();
            let placed = spread(&wanted, xs[node] - room, xs[node] + room);
            places.extend(pieces.into_iter().map(|piece| (node, piece)).zip(placed));
        }
    }
    let place = |node: usize, piece: Option<&usize>| {
        piece.and_then(|piece| places.get(&(node, *piece))).copied().unwrap_or(xs[node])
    };
    let ends = edges.iter().zip(chains);
    ends.map(|((_, edge), chain)| (place(edge.from, chain.first()), place(edge.to, chain.last()))).collect()
}

/// Places near those that are wanted, which are sorted, between two bounds and some way apart where there is room.
fn spread(wanted: &[f64], least: f64, most: f64) -> Vec<f64> {
    let gaps = wanted.len().saturating_sub(1) as f64;
    let gap = if gaps > 0.0 { PORT_GAP.min((most - least) / gaps) } else { PORT_GAP };
    let mut placed: Vec<f64> = Vec::with_capacity(wanted.len());
    for x in wanted {
        let after = placed.last().map_or(least, |last| last + gap);
        placed.push(x.max(after));
    }
    let mut before = most;
    for x in placed.iter_mut().rev() {
        *x = x.min(before);
        before = *x - gap;
    }
    placed
}

/// The top and the bottom of each rank.
fn bands(
    graph: &Graph,
    layers: &[Vec<usize>],
    edges: &[(usize, Edge)],
    chains: &[Vec<usize>],
    ports: &[(f64, f64)],
    xs: &[f64],
) -> Vec<(f64, f64)> {
    // How far edges go sideways below each rank: far ones need more room.
    let mut sideways = vec![0.0_f64; layers.len()];
    for (((_, edge), chain), (leaves, arrives)) in edges.iter().zip(chains).zip(ports) {
        if chain.is_empty() {
            continue;
        }
        let start = (graph.vertices[edge.from].rank, *leaves);
        let end = (graph.vertices[edge.to].rank, *arrives);
        let mut last = start;
        for next in chain.iter().map(|vertex| (graph.vertices[*vertex].rank, xs[*vertex])).chain([end]) {
            let below = &mut sideways[last.0.min(next.0)];
            *below = below.max((last.1 - next.1).abs());
            last = next;
        }
    }
    let mut top = 0.0;
    let mut bands = Vec::with_capacity(layers.len());
    for (layer, sideways) in layers.iter().zip(sideways) {
        let height = layer.iter().map(|vertex| graph.vertices[*vertex].height).fold(0.0, f64::max);
        bands.push((top, top + height));
        top += height + (RANK_GAP + sideways / 8.0).min(MOST_RANK_GAP);
    }
    bands
}
