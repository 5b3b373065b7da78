//! Where any two of many heads parted, from one listing of the commits between them: `git merge-base` would be a process
//! for each pair.

use std::collections::HashMap;

use team6_core::ids::CommitId;

use super::super::repository::{Repository, read_id};
use crate::error::ForgeError;

/// The most commits that are listed. Heads further apart are merged without being looked at before.
const MOST: usize = 10_000;

/// The name of a tree.
pub(super) type Tree = CommitId;

/// The commits from where all of the heads parted up to them.
#[derive(Debug)]
pub(super) struct History {
    heads: HashMap<CommitId, usize>,
    commits: Vec<Commit>,
}

#[derive(Debug)]
struct Commit {
    tree: Tree,
    /// The heads that it is in the history of.
    heads: Heads,
    parents: Vec<usize>,
    children: Vec<usize>,
}

/// The commits that each of two heads has and the other one has not, by their places, if the two parted once.
#[derive(Debug)]
pub(super) struct Parted {
    pub(super) one: Vec<usize>,
    pub(super) other: Vec<usize>,
}

/// A set of heads, by their places.
#[derive(Debug, Clone)]
struct Heads(Vec<u64>);

impl Heads {
    fn add(&mut self, place: usize) {
        self.0[place / 64] |= 1 << (place % 64);
    }

    fn add_all(&mut self, others: &Heads) {
        self.0
            .iter_mut()
            .zip(&others.0)
            .for_each(|(mine, theirs)| *mine |= theirs);
    }

    fn has(&self, place: usize) -> bool {
        self.0[place / 64] >> (place % 64) & 1 == 1
    }
}

impl History {
    /// Reads `<commit> <tree> <parent>*` by line, children before their parents.
    fn read(heads: &[CommitId], listed: &str) -> Result<Self, ForgeError> {
        let mut places = HashMap::new();
        for head in heads {
            let next = places.len();
            places.entry(head.clone()).or_insert(next);
        }
        let none = Heads(vec![0; places.len().div_ceil(64)]);
        let numbers: HashMap<&str, usize> = listed
            .lines()
            .enumerate()
            .filter_map(|(at, line)| Some((line.split(' ').next()?, at)))
            .collect();
        let mut commits = Vec::with_capacity(numbers.len());
        for line in listed.lines() {
            let tree = read_id(line.split(' ').nth(1).unwrap_or_default().as_bytes())?;
            commits.push(Commit {
                tree,
                heads: none.clone(),
                parents: Vec::new(),
                children: Vec::new(),
            });
        }
        for (head, place) in &places {
            if let Some(at) = numbers.get(head.as_str()) {
                commits[*at].heads.add(*place);
            }
        }
        for (at, line) in listed.lines().enumerate() {
            let heads = commits[at].heads.clone();
            for parent in line.split(' ').skip(2).filter_map(|parent| numbers.get(parent)) {
                commits[*parent].heads.add_all(&heads);
                commits[*parent].children.push(at);
                commits[at].parents.push(*parent);
            }
        }
        Ok(Self { heads: places, commits })
    }

    /// Where two of the heads parted: the common commits without a common child. None if that is several places, or none.
    pub(super) fn parted(&self, one: &CommitId, other: &CommitId) -> Option<Parted> {
        let (one, other) = (*self.heads.get(one)?, *self.heads.get(other)?);
        let common = |commit: &Commit| commit.heads.has(one) && commit.heads.has(other);
        let last = |commit: &&Commit| common(commit) && !commit.children.iter().any(|at| common(&self.commits[*at]));
        let mut found = self.commits.iter().filter(last);
        let (Some(_), None) = (found.next(), found.next()) else {
            return None;
        };
        let without = |has: usize, not: usize| {
            let places = self.commits.iter().enumerate();
            let own = places.filter(|(_, commit)| commit.heads.has(has) && !commit.heads.has(not));
            own.map(|(place, _)| place).collect()
        };
        Some(Parted {
            one: without(one, other),
            other: without(other, one),
        })
    }

    /// The trees between which each commit changed something: its own, and each parent's. A commit that all heads have
    /// is on no side of any pair.
    pub(super) fn steps(&self) -> Vec<(usize, Tree, Tree)> {
        let every = |commit: &Commit| (0..self.heads.len()).all(|head| commit.heads.has(head));
        let places = self.commits.iter().enumerate();
        let steps = places.filter(|(_, commit)| !every(commit)).flat_map(|(place, commit)| {
            let parents = commit.parents.iter().map(|parent| self.commits[*parent].tree.clone());
            parents.map(move |parent| (place, parent, commit.tree.clone()))
        });
        steps.collect()
    }
}

impl Repository {
    /// The history of these heads; none if there is too much of it.
    pub(super) async fn history(&self, heads: &[CommitId]) -> Result<Option<History>, ForgeError> {
        let named = || heads.iter().map(ToString::to_string);
        let args: Vec<String> = ["merge-base", "--all", "--octopus"]
            .map(String::from)
            .into_iter()
            .chain(named())
            .collect();
        let ran = self.call_with(&args).run().await?;
        let bases = match ran.code {
            Some(0 | 1) => String::from_utf8_lossy(&ran.stdout).into_owned(),
            _ => return Err(ran.failure().into()),
        };
        let mut args: Vec<String> = vec![
            "rev-list".into(),
            "--topo-order".into(),
            "--no-commit-header".into(),
            "--format=%H %T %P".into(),
            format!("--max-count={}", MOST + 1),
        ];
        args.extend(named());
        // Where all of them parted is listed too, but nothing before it.
        if let (Some(base), None) = (bases.lines().next(), bases.lines().nth(1)) {
            args.push(format!("^{base}^@"));
        }
        let listed = self.call_with(&args).text().await?;
        match listed.lines().count() > MOST {
            true => Ok(None),
            false => History::read(heads, &listed).map(Some),
        }
    }
}
