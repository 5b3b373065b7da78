//! The task graph: cycles, levels and the critical path.
//!
//! Nodes are indices from 0, an edge says that one node waits for another. Every function is linear in nodes and
//! edges and without recursion, so that a plan of 10,000 tasks in a single chain is no problem.

/// What waits for what.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    dependencies: Vec<Vec<usize>>,
    dependents: Vec<Vec<usize>>,
}

impl Graph {
    /// Makes a graph from the dependencies of each node. Indices out of range are left out.
    pub fn new(dependencies: Vec<Vec<usize>>) -> Self {
        let nodes = dependencies.len();
        let mut dependents = vec![Vec::new(); nodes];
        let mut kept = dependencies;
        for (node, list) in kept.iter_mut().enumerate() {
            list.retain(|&on| on < nodes);
            list.sort_unstable();
            list.dedup();
            for &on in list.iter() {
                dependents[on].push(node);
            }
        }
        Self {
            dependencies: kept,
            dependents,
        }
    }

    /// What `node` waits for.
    pub fn dependencies(&self, node: usize) -> &[usize] {
        self.dependencies.get(node).map_or(&[], Vec::as_slice)
    }

    /// What waits for `node`.
    pub fn dependents(&self, node: usize) -> &[usize] {
        self.dependents.get(node).map_or(&[], Vec::as_slice)
    }

    /// The nodes of one cycle, each waiting for the next and the last for the first; none if there is no cycle.
    pub fn cycle(&self) -> Option<Vec<usize>> {
        #[derive(Clone, Copy, PartialEq)]
        enum Mark {
            New,
            Open,
            Closed,
        }
        let mut marks = vec![Mark::New; self.dependencies.len()];
        for start in 0..self.dependencies.len() {
            if marks[start] != Mark::New {
                continue;
            }
            let mut path: Vec<(usize, usize)> = vec![(start, 0)];
            marks[start] = Mark::Open;
            while let Some((node, next)) = path.last_mut() {
                let Some(&on) = self.dependencies[*node].get(*next) else {
                    marks[*node] = Mark::Closed;
                    path.pop();
                    continue;
                };
                *next += 1;
                match marks[on] {
                    Mark::New => {
                        marks[on] = Mark::Open;
                        path.push((on, 0));
                    }
                    Mark::Open => {
                        let from = path.iter().position(|&(n, _)| n == on).unwrap_or(0);
                        return Some(path[from..].iter().map(|&(n, _)| n).collect());
                    }
                    Mark::Closed => {}
                }
            }
        }
        None
    }

    /// The nodes so that each comes after all it waits for; nodes of a cycle, and what waits for them, are left out.
    pub fn order(&self) -> Vec<usize> {
        let mut left: Vec<usize> = self.dependencies.iter().map(Vec::len).collect();
        let mut order: Vec<usize> = (0..left.len()).filter(|&n| left[n] == 0).collect();
        let mut next = 0;
        while let Some(&node) = order.get(next) {
            next += 1;
            for &waiting in &self.dependents[node] {
                left[waiting] -= 1;
                if left[waiting] == 0 {
                    order.push(waiting);
                }
            }
        }
        order
    }

    /// The level of each node: 0 for what waits for nothing, otherwise one more than the highest it waits for.
    ///
    /// Nodes of one level can run at the same time.
    pub fn levels(&self) -> Vec<usize> {
        let mut levels = vec![0; self.dependencies.len()];
        for node in self.order() {
            levels[node] = self.dependencies[node]
                .iter()
                .map(|&on| levels[on] + 1)
                .max()
                .unwrap_or(0);
        }
        levels
    }

    /// For each node, the weight of the heaviest chain that begins with it and goes on through its dependents.
    ///
    /// With estimates as weights this is the rank by which tasks are scheduled (critical path first).
    pub fn ranks(&self, weights: &[u64]) -> Vec<u64> {
        let weight = |node: usize| weights.get(node).copied().unwrap_or(0);
        let mut ranks: Vec<u64> = (0..self.dependencies.len()).map(weight).collect();
        for node in self.order().into_iter().rev() {
            let behind = self.dependents[node]
                .iter()
                .map(|&after| ranks[after])
                .max()
                .unwrap_or(0);
            ranks[node] = weight(node).saturating_add(behind);
        }
        ranks
    }

    /// The heaviest chain, first node first.
    pub fn critical_path(&self, weights: &[u64]) -> Vec<usize> {
        let ranks = self.ranks(weights);
        let heaviest = |nodes: &mut dyn Iterator<Item = usize>| nodes.max_by_key(|&n| (ranks[n], std::cmp::Reverse(n)));
        let mut path = Vec::new();
        let mut at = heaviest(&mut (0..ranks.len()).filter(|&n| self.dependencies[n].is_empty()));
        while let Some(node) = at {
            path.push(node);
            at = heaviest(&mut self.dependents[node].iter().copied());
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cycle_is_named_by_its_nodes_in_order() {
        let graph = Graph::new(vec![vec![1], vec![2], vec![3], vec![1], vec![]]);
        assert_eq!(graph.cycle(), Some(vec![1, 2, 3]));
        assert_eq!(Graph::new(vec![vec![0]]).cycle(), Some(vec![0]));
        assert_eq!(Graph::new(vec![vec![], vec![0], vec![0, 1]]).cycle(), None);
    }

    #[test]
    fn the_heaviest_chain_comes_first() {
        // 0 → 1 → 3 and 0 → 2 → 3, where 2 takes longer.
        let graph = Graph::new(vec![vec![], vec![0], vec![0], vec![1, 2]]);
        assert_eq!(graph.levels(), [0, 1, 1, 2]);
        assert_eq!(graph.ranks(&[1, 2, 5, 1]), [7, 3, 6, 1]);
        assert_eq!(graph.critical_path(&[1, 2, 5, 1]), [0, 2, 3]);
    }

    #[test]
    fn a_chain_of_ten_thousand_needs_no_recursion() {
        let graph = Graph::new(
            (0..10_000)
                .map(|n: usize| if n == 0 { vec![] } else { vec![n - 1] })
                .collect(),
        );
        assert_eq!(graph.cycle(), None);
        assert_eq!(graph.critical_path(&vec![1; 10_000]).len(), 10_000);
    }

    proptest! {
        #[test]
        fn a_graph_has_an_order_exactly_when_it_has_no_cycle(
            edges in prop::collection::vec(prop::collection::vec(0usize..12, 0..4), 0..12)
        ) {
            let graph = Graph::new(edges);
            let nodes = graph.dependencies.len();
            match graph.cycle() {
                None => prop_assert_eq!(graph.order().len(), nodes),
                Some(cycle) => {
                    prop_assert!(graph.order().len() < nodes);
                    for (i, &node) in cycle.iter().enumerate() {
                        prop_assert!(graph.dependencies(node).contains(&cycle[(i + 1) % cycle.len()]));
                    }
                }
            }
        }

        #[test]
        fn a_node_comes_after_all_it_waits_for(
            edges in prop::collection::vec(prop::collection::vec(0usize..20, 0..4), 0..20)
        ) {
            // Only edges to smaller nodes: never a cycle.
            let edges: Vec<Vec<usize>> =
                edges.into_iter().enumerate().map(|(n, list)| list.into_iter().filter(|&on| on < n).collect()).collect();
            let graph = Graph::new(edges);
            let order = graph.order();
            let place = |node: usize| order.iter().position(|&n| n == node);
            let levels = graph.levels();
            for node in 0..order.len() {
                for &on in graph.dependencies(node) {
                    prop_assert!(place(on) < place(node));
                    prop_assert!(levels[on] < levels[node]);
                }
            }
        }
    }
}
