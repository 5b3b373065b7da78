//! What merging open branches would come to: which of them do not fit onto their base or onto each other, and in which
//! order fewest of them have to be mended.

use serde::{Deserialize, Serialize};
use team6_core::ids::CommitId;

use crate::merge::Conflict;

/// How many steps the search for the largest set of branches that fit onto each other may take.
const STEPS: u32 = 200_000;

/// What merging open branches of a repository would come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConflictForecast {
    /// The base that they were held against.
    pub base: CommitId,
    /// For each branch, in the order in which they were given, what does not fit onto the base.
    pub against_base: Vec<Vec<Conflict>>,
    /// The pairs that do not fit onto each other, but for what one of them has from the base and the other one is in conflict
    /// with there; a branch is its place, the smaller one first.
    pub clashes: Vec<Clash>,
    /// The order that conflicts least: places of branches.
    pub order: Vec<usize>,
    /// How many of them have to be mended even in that order; they stand at its end.
    pub to_mend: usize,
}

/// Two branches that do not fit onto each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clash {
    /// The place of one of them.
    pub one: usize,
    /// The place of the other one.
    pub other: usize,
    /// What does not fit, by file.
    pub files: Vec<Conflict>,
}

impl ConflictForecast {
    /// The forecast with its order, from what was found of each branch and each pair.
    pub(crate) fn new(base: CommitId, against_base: Vec<Vec<Conflict>>, clashes: Vec<Clash>) -> Self {
        let fits: Vec<bool> = against_base.iter().map(Vec::is_empty).collect();
        let edges: Vec<(usize, usize)> = clashes.iter().map(|clash| (clash.one, clash.other)).collect();
        let mut order = fitting_together(&fits, &edges);
        let first = order.len();
        // Those that are mended: whatever clashes with least of what comes before it goes first.
        let mut rest: Vec<usize> = (0..fits.len()).filter(|place| !order.contains(place)).collect();
        let files = |place: usize, before: &[usize]| {
            let of_pairs = clashes.iter().filter_map(|clash| match (clash.one, clash.other) {
                (one, other) if one == place => Some((other, clash.files.len())),
                (one, other) if other == place => Some((one, clash.files.len())),
                _ => None,
            });
            let met = of_pairs.filter(|(other, _)| before.contains(other));
            against_base[place].len() + met.map(|(_, files)| files).sum::<usize>()
        };
        while let Some(at) = (0..rest.len()).min_by_key(|at| (files(rest[*at], &order), rest[*at])) {
            order.push(rest.remove(at));
        }
        Self {
            base,
            against_base,
            clashes,
            to_mend: order.len() - first,
            order,
        }
    }
}

/// The most branches that fit onto the base and onto each other, in the order of their places.
///
/// Whatever is merged first, each branch outside such a set has to be mended at least once, and none inside of it has to:
/// so the largest one leaves the fewest to mend. Finding it (a maximum independent set) may take exponential time; the
/// search is exact while it is within [`STEPS`], and from there on takes the best that it has found.
fn fitting_together(fits: &[bool], edges: &[(usize, usize)]) -> Vec<usize> {
    let mut near = vec![Vec::new(); fits.len()];
    for &(one, other) in edges {
        near[one].push(other);
        near[other].push(one);
    }
    let open: Vec<usize> = (0..fits.len()).filter(|place| fits[*place]).collect();
    let mut search = Search {
        near,
        best: Vec::new(),
        steps: 0,
    };
    search.go(&open, &mut Vec::new());
    search.best.sort_unstable();
    search.best
}

struct Search {
    near: Vec<Vec<usize>>,
    best: Vec<usize>,
    steps: u32,
}

impl Search {
    /// Takes or leaves the branches of `open` on top of those that are `taken`.
    fn go(&mut self, open: &[usize], taken: &mut Vec<usize>) {
        if taken.len() + open.len() <= self.best.len() && !self.best.is_empty() {
            return;
        }
        let degree = |place: usize| self.near[place].iter().filter(|other| open.contains(other)).count();
        // Who clashes with one or none belongs to some largest set.
        let Some(easy) = open.iter().copied().min_by_key(|place| (degree(*place), *place)) else {
            self.best.clone_from(taken);
            return;
        };
        self.steps += 1;
        // Within the bound on the one with most clashes, since that splits the rest best; after it whatever seems best.
        let exact = degree(easy) > 1 && self.steps < STEPS;
        let chosen = match exact {
            true => open
                .iter()
                .copied()
                .max_by_key(|place| (degree(*place), usize::MAX - place)),
            false => Some(easy),
        };
        let Some(chosen) = chosen else { return };
        let without: Vec<usize> = open.iter().copied().filter(|place| *place != chosen).collect();
        let beside = without
            .iter()
            .copied()
            .filter(|place| !self.near[chosen].contains(place));
        let beside: Vec<usize> = beside.collect();
        taken.push(chosen);
        self.go(&beside, taken);
        taken.pop();
        if exact {
            self.go(&without, taken);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_that_clashes_with_all_others_is_merged_last() {
        let edges = [(0, 1), (0, 2), (0, 3)];
        assert_eq!(fitting_together(&[true; 4], &edges), [1, 2, 3]);
    }

    #[test]
    fn a_branch_that_does_not_fit_onto_the_base_frees_those_that_it_clashes_with() {
        assert_eq!(fitting_together(&[true, false, true], &[(0, 1), (1, 2)]), [0, 2]);
    }

    #[test]
    fn the_largest_set_is_found_in_any_small_graph() {
        let mut random = fastrand::Rng::with_seed(4);
        for _ in 0..300 {
            let n = random.usize(1..11);
            let share = random.f64();
            let pairs = (0..n).flat_map(|one| (one + 1..n).map(move |other| (one, other)));
            let edges: Vec<_> = pairs.filter(|_| random.f64() < share).collect();
            let fits: Vec<bool> = (0..n).map(|_| random.u8(..8) > 0).collect();
            let together = |set: u32| {
                let has = |place: usize| set >> place & 1 == 1;
                (0..n).all(|place| fits[place] || !has(place)) && edges.iter().all(|(a, b)| !has(*a) || !has(*b))
            };
            let most = (0..1_u32 << n).filter(|set| together(*set)).map(u32::count_ones).max();
            let found = fitting_together(&fits, &edges);
            assert!(
                together(found.iter().map(|place| 1 << place).sum()),
                "{edges:?}: {found:?}"
            );
            assert_eq!(u32::try_from(found.len()).ok(), most, "{edges:?}");
        }
    }

    #[test]
    fn many_branches_that_clash_wildly_are_ordered_in_bounded_time() {
        let mut random = fastrand::Rng::with_seed(5);
        let pairs = (0..300).flat_map(|one| (one + 1..300).map(move |other| (one, other)));
        let edges: Vec<_> = pairs.filter(|_| random.u8(..10) == 0).collect();
        let found = fitting_together(&[true; 300], &edges);
        assert!(found.len() >= 30, "{}", found.len());
        assert!(edges.iter().all(|(a, b)| !(found.contains(a) && found.contains(b))));
    }
}
