//! Where the vertices of a rank stand.
//!
//! Brandes and Köpf, "Fast and Simple Horizontal Coordinate Assignment" (2001): four placements, each pressed to a corner of the
//! drawing, in which vertices that are medians of each other stand in one column; the mean of the two middle ones is taken.
//! Distances are kept as in a graph of the columns, as they are of different widths.

use std::collections::BTreeSet;

use super::Graph;

/// The `x` of each vertex.
pub(super) fn places(graph: &Graph, layers: &[Vec<usize>]) -> Vec<f64> {
    let conflicts = conflicts(graph, layers);
    let mut placements = Vec::with_capacity(4);
    for is_up in [false, true] {
        for is_mirrored in [false, true] {
            let mut order: Vec<Vec<usize>> = layers.to_vec();
            if is_up {
                order.reverse();
            }
            if is_mirrored {
                order.iter_mut().for_each(|layer| layer.reverse());
            }
            let neighbours = if is_up { &graph.below } else { &graph.above };
            let columns = columns(graph, &order, neighbours, &conflicts);
            let distance = |left: usize, right: usize| match is_mirrored {
                true => graph.distance(right, left),
                false => graph.distance(left, right),
            };
            let mut xs = pressed(&order, &columns, distance);
            if is_mirrored {
                xs.iter_mut().for_each(|x| *x = -*x);
            }
            placements.push((is_mirrored, xs));
        }
    }
    middle(graph, placements)
}

/// Lays the placements over each other, each along the side that it is pressed to, and takes the middle.
fn middle(graph: &Graph, mut placements: Vec<(bool, Vec<f64>)>) -> Vec<f64> {
    let reach = |xs: &[f64]| {
        let ends = graph.vertices.iter().zip(xs).map(|(vertex, x)| (x - vertex.left, x + vertex.right));
        ends.fold((f64::MAX, f64::MIN), |(left, right), (l, r)| (left.min(l), right.max(r)))
    };
    let reaches: Vec<(f64, f64)> = placements.iter().map(|(_, xs)| reach(xs)).collect();
    let narrowest = reaches.iter().copied().min_by(|one, other| (one.1 - one.0).total_cmp(&(other.1 - other.0)));
    let (left, right) = narrowest.unwrap_or_default();
    for ((is_mirrored, xs), reach) in placements.iter_mut().zip(reaches) {
        let by = if *is_mirrored { right - reach.1 } else { left - reach.0 };
        xs.iter_mut().for_each(|x| *x += by);
    }
    let of = |vertex: usize| {
        let mut xs: Vec<f64> = placements.iter().map(|(_, xs)| xs[vertex]).collect();
        xs.sort_by(f64::total_cmp);
        // There are four.
        f64::midpoint(xs[1], xs[2])
    };
    (0..graph.vertices.len()).map(of).collect()
}

/// Pieces that cross a long edge between two of its own pieces: they yield, so that long edges are straight.
fn conflicts(graph: &Graph, layers: &[Vec<usize>]) -> BTreeSet<(usize, usize)> {
    let mut positions = vec![0; graph.vertices.len()];
    for (position, vertex) in layers.iter().flat_map(|layer| layer.iter().enumerate()) {
        positions[*vertex] = position;
    }
    let mut found = BTreeSet::new();
    for pair in layers.windows(2) {
        let (upper, lower) = (&pair[0], &pair[1]);
        let passes = |vertex: usize| {
            let is_piece = |vertex: usize| !graph.vertices[vertex].is_node;
            let above = graph.above[vertex].iter().map(|(above, _)| *above);
            above.filter(|above| is_piece(vertex) && is_piece(*above)).map(|above| positions[above]).next()
        };
        // Between two pieces of long edges, all others have to stay between their upper ends, too.
        let (mut from, mut left) = (0, 0);
        for at in 0..lower.len() {
            let right = passes(lower[at]);
            if right.is_none() && at + 1 < lower.len() {
                continue;
            }
            let right = right.unwrap_or(upper.len());
            for vertex in &lower[from..=at] {
                for (above, _) in &graph.above[*vertex] {
                    let is_long = !graph.vertices[*vertex].is_node && !graph.vertices[*above].is_node;
                    if !is_long && (positions[*above] < left || positions[*above] > right) {
                        found.insert((*above, *vertex));
                    }
                }
            }
            (from, left) = (at + 1, right);
        }
    }
    found
}

/// The column of each vertex, named by its first vertex.
fn columns(
    graph: &Graph,
    order: &[Vec<usize>],
    neighbours: &[Vec<(usize, bool)>],
    conflicts: &BTreeSet<(usize, usize)>,
) -> Vec<usize> {
    let mut root: Vec<usize> = (0..graph.vertices.len()).collect();
    let mut is_continued = vec![false; graph.vertices.len()];
    let mut positions = vec![0; graph.vertices.len()];
    for layer in order {
        for (position, vertex) in layer.iter().enumerate() {
            positions[*vertex] = position;
        }
        let mut last: Option<usize> = None;
        for vertex in layer {
            // Main edges are kept straight before others.
            let of = &neighbours[*vertex];
            let has_main = of.iter().any(|(_, is_main)| *is_main);
            let mut of: Vec<usize> =
                of.iter().filter(|(_, is_main)| *is_main || !has_main).map(|(neighbour, _)| *neighbour).collect();
            of.sort_by_key(|neighbour| positions[*neighbour]);
            let Some(end) = of.len().checked_sub(1) else { continue };
            for neighbour in &of[end / 2..=end.div_ceil(2)] {
                let position = positions[*neighbour];
                let is_free = last.is_none_or(|last| last < position) && !is_continued[*neighbour];
                let yields = conflicts.contains(&(*neighbour, *vertex)) || conflicts.contains(&(*vertex, *neighbour));
                if root[*vertex] == *vertex && is_free && !yields {
                    is_continued[*neighbour] = true;
                    root[*vertex] = root[*neighbour];
                    last = Some(position);
                }
            }
        }
    }
    root
}

/// Presses the columns to the left, then those that have room to the right, towards what they are beside.
fn pressed(order: &[Vec<usize>], root: &[usize], distance: impl Fn(usize, usize) -> f64) -> Vec<f64> {
    let mut right_of: Vec<Vec<(usize, f64)>> = vec![Vec::new(); root.len()];
    let mut waits_for = vec![0_usize; root.len()];
    for pair in order.iter().flat_map(|layer| layer.windows(2)) {
        let (left, right) = (root[pair[0]], root[pair[1]]);
        right_of[left].push((right, distance(pair[0], pair[1])));
        waits_for[right] += 1;
    }
    let mut xs = vec![0.0_f64; root.len()];
    let mut done = Vec::with_capacity(root.len());
    let mut ready: Vec<usize> =
        (0..root.len()).filter(|vertex| root[*vertex] == *vertex && waits_for[*vertex] == 0).collect();
    while let Some(column) = ready.pop() {
        done.push(column);
        for (right, least) in &right_of[column] {
            xs[*right] = xs[*right].max(xs[column] + least);
            waits_for[*right] -= 1;
            if waits_for[*right] == 0 {
                ready.push(*right);
            }
        }
    }
    for column in done.iter().rev() {
        let most = right_of[*column].iter().map(|(right, least)| xs[*right] - least).reduce(f64::min);
        if let Some(most) = most {
            xs[*column] = xs[*column].max(most);
        }
    }
    (0..root.len()).map(|vertex| xs[root[vertex]]).collect()
}
