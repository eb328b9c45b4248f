//! Ranks: which node stands above which.

/// The rank of each node, all of them even, so that edges lead down. Edges that close a cycle lead up.
///
/// A node stands right below the lowest of those that lead to it, unless more edges get shorter where it stands lower.
pub(super) fn ranks(nodes: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut out: Vec<Vec<usize>> = vec![Vec::new(); nodes];
    for (index, (from, _)) in edges.iter().enumerate() {
        out[*from].push(index);
    }
    let (order, closes_cycle) = searched(edges, &out);
    // By its upper and its lower node.
    let down: Vec<(usize, usize)> = edges
        .iter()
        .zip(closes_cycle)
        .map(|((from, to), closes)| if closes { (*to, *from) } else { (*from, *to) })
        .collect();
    let mut above = vec![Vec::new(); nodes];
    let mut below = vec![Vec::new(); nodes];
    for (upper, lower) in &down {
        above[*lower].push(*upper);
        below[*upper].push(*lower);
    }
    let mut ranks = vec![0; nodes];
    for node in &order {
        ranks[*node] = above[*node].iter().map(|upper| ranks[*upper] + 2).max().unwrap_or_default();
    }
    for node in order.iter().rev() {
        let lowest = below[*node].iter().map(|lower| ranks[*lower]).min().map(|rank| rank - 2);
        if let Some(lowest) = lowest.filter(|_| below[*node].len() > above[*node].len()) {
            ranks[*node] = lowest;
        }
    }
    ranks
}

/// The nodes so that each comes before those that it leads to, and which edges close a cycle. Without recursion, as a machine may
/// be thousands of states long.
fn searched(edges: &[(usize, usize)], out: &[Vec<usize>]) -> (Vec<usize>, Vec<bool>) {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        No,
        Open,
        Done,
    }
    let mut seen = vec![Seen::No; out.len()];
    let mut closes_cycle = vec![false; edges.len()];
    let mut finished = Vec::with_capacity(out.len());
    for start in 0..out.len() {
        if seen[start] != Seen::No {
            continue;
        }
        seen[start] = Seen::Open;
        let mut open = vec![(start, 0)];
        while let Some((node, next)) = open.last_mut() {
            let node = *node;
            match out[node].get(*next) {
                Some(edge) => {
                    *next += 1;
                    let to = edges[*edge].1;
                    match seen[to] {
                        Seen::No => {
                            seen[to] = Seen::Open;
                            open.push((to, 0));
                        }
                        Seen::Open => closes_cycle[*edge] = true,
                        Seen::Done => {}
                    }
                }
                None => {
                    seen[node] = Seen::Done;
                    finished.push(node);
                    open.pop();
                }
            }
        }
    }
    finished.reverse();
    (finished, closes_cycle)
}

#[cfg(test)]
mod tests {
    use super::ranks;

    #[test]
    fn edges_lead_down_but_for_those_that_close_a_cycle() {
        for (nodes, edges, expected) in [
            (3, &[(0, 1), (1, 2)][..], &[0, 2, 4][..]),
            // The longest way decides.
            (3, &[(0, 1), (1, 2), (0, 2)], &[0, 2, 4]),
            (3, &[(0, 1), (1, 2), (2, 1)], &[0, 2, 4]),
            // Fewer edges get shorter where 3 stands lower: it stays near.
            (4, &[(0, 1), (1, 2), (0, 3)], &[0, 2, 4, 2]),
            (0, &[], &[]),
        ] {
            assert_eq!(ranks(nodes, edges), expected, "{edges:?}");
        }
    }
}
