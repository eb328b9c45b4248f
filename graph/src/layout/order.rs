//! The order of the vertices of each rank.

use super::Graph;

/// How often the ranks are gone through, down or up.
const SWEEPS: usize = 24;
/// From how many vertices on fewer sweeps have to do.
const MANY: usize = 20_000;

/// The vertices of each rank from left to right, so that few pieces of edges cross.
///
/// A search from the top gives the first order, which is that of the definition. Then each rank is sorted by where its
/// neighbours are, again and again, and the first of the best orders stays.
pub(super) fn layers(graph: &Graph) -> Vec<Vec<usize>> {
    let mut layers = first(graph);
    let mut positions = vec![0; graph.vertices.len()];
    let mut best = layers.clone();
    let mut fewest = crossings(graph, &layers, &mut positions);
    let sweeps = if graph.vertices.len() > MANY { 2 } else { SWEEPS };
    for sweep in 0..sweeps {
        if fewest == 0 {
            break;
        }
        let is_down = sweep % 2 == 0;
        let ranks: Vec<usize> =
            if is_down { (1..layers.len()).collect() } else { (0..layers.len().saturating_sub(1)).rev().collect() };
        for rank in ranks {
            let neighbours = if is_down { &graph.above } else { &graph.below };
            sort(&mut layers[rank], neighbours, &positions, sweep % 4 >= 2);
            note(&layers[rank], &mut positions);
        }
        let mut count = crossings(graph, &layers, &mut positions);
        if graph.vertices.len() <= MANY {
            swap_neighbours(graph, &mut layers, &mut positions);
            count = crossings(graph, &layers, &mut positions);
        }
        if count < fewest {
            fewest = count;
            best.clone_from(&layers);
        }
    }
    best
}

/// The order in which a search from the top comes by.
fn first(graph: &Graph) -> Vec<Vec<usize>> {
    let mut layers = vec![Vec::new(); graph.ranks()];
    let mut seen = vec![false; graph.vertices.len()];
    let mut starts: Vec<usize> = (0..graph.vertices.len()).collect();
    starts.sort_by_key(|vertex| graph.vertices[*vertex].rank);
    for start in starts {
        let mut open = vec![start];
        while let Some(vertex) = open.pop() {
            if std::mem::replace(&mut seen[vertex], true) {
                continue;
            }
            layers[graph.vertices[vertex].rank].push(vertex);
            open.extend(graph.below[vertex].iter().rev().map(|(lower, _)| *lower));
        }
    }
    layers
}

fn note(layer: &[usize], positions: &mut [usize]) {
    for (position, vertex) in layer.iter().enumerate() {
        positions[*vertex] = position;
    }
}

/// Sorts a rank by the mean position of the neighbours; what has none keeps its place. `reversed` lets those that are equal
/// change places.
fn sort(layer: &mut [usize], neighbours: &[Vec<(usize, bool)>], positions: &[usize], reversed: bool) {
    let mean = |vertex: usize| {
        let of = &neighbours[vertex];
        let sum: usize = of.iter().map(|(neighbour, _)| positions[*neighbour]).sum();
        (!of.is_empty()).then(|| sum as f64 / of.len() as f64)
    };
    let places: Vec<usize> = (0..layer.len()).filter(|place| !neighbours[layer[*place]].is_empty()).collect();
    let mut moved: Vec<(usize, f64)> =
        places.iter().filter_map(|place| mean(layer[*place]).map(|mean| (layer[*place], mean))).collect();
    if reversed {
        moved.reverse();
    }
    moved.sort_by(|one, other| one.1.total_cmp(&other.1));
    for (place, (vertex, _)) in places.into_iter().zip(moved) {
        layer[place] = vertex;
    }
}

/// Lets two neighbours of a rank change places where fewer pieces cross then.
fn swap_neighbours(graph: &Graph, layers: &mut [Vec<usize>], positions: &mut [usize]) {
    /// How often a rank is gone through.
    const PASSES: usize = 4;
    for _ in 0..PASSES {
        let mut improved = false;
        for layer in layers.iter_mut() {
            for left in 0..layer.len().saturating_sub(1) {
                let (one, other) = (layer[left], layer[left + 1]);
                let both = [&graph.above, &graph.below];
                let count = |one: usize, other: usize| -> usize {
                    both.iter().map(|of| crossed(&of[one], &of[other], positions)).sum()
                };
                if count(other, one) < count(one, other) {
                    layer.swap(left, left + 1);
                    positions[one] = left + 1;
                    positions[other] = left;
                    improved = true;
                }
            }
        }
        if !improved {
            break;
        }
    }
}

/// How many pieces of two neighbours cross, where the first stands to the left.
fn crossed(left: &[(usize, bool)], right: &[(usize, bool)], positions: &[usize]) -> usize {
    let of = |one: &usize| right.iter().filter(|(other, _)| positions[*other] < positions[*one]).count();
    left.iter().map(|(one, _)| of(one)).sum()
}

/// How many pieces of edges cross.
fn crossings(graph: &Graph, layers: &[Vec<usize>], positions: &mut [usize]) -> usize {
    layers.iter().for_each(|layer| note(layer, positions));
    let mut count = 0;
    for pair in layers.windows(2) {
        // Pieces in the order of their upper ends; each crosses those before it that end further to the right.
        let mut ended = Counts::new(pair[1].len());
        for upper in &pair[0] {
            let lower: Vec<usize> = graph.below[*upper].iter().map(|(lower, _)| positions[*lower]).collect();
            count += lower.iter().map(|position| ended.beyond(*position)).sum::<usize>();
            lower.into_iter().for_each(|position| ended.add(position));
        }
    }
    count
}

/// Counts at positions, with their sums: a Fenwick tree.
struct Counts {
    tree: Vec<usize>,
    total: usize,
}

impl Counts {
    fn new(positions: usize) -> Self {
        Self { tree: vec![0; positions + 1], total: 0 }
    }

    fn add(&mut self, position: usize) {
        self.total += 1;
        let mut at = position + 1;
        while let Some(count) = self.tree.get_mut(at) {
            *count += 1;
            at += at & at.wrapping_neg();
        }
    }

    /// How many are at greater positions.
    fn beyond(&self, position: usize) -> usize {
        let mut at = position + 1;
        let mut up_to = 0;
        while at > 0 {
            up_to += self.tree.get(at).copied().unwrap_or_default();
            at -= at & at.wrapping_neg();
        }
        self.total - up_to
    }
}
