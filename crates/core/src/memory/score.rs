//! Which of the memories that were found an attempt is told.
//!
//! ```text
//! score = text × place × age × record        pinned ones come first, in the order of their scores
//!
//! text    rank by words beside the best rank: BY_PLACE_ALONE for one that no word was found of, up to 1
//! place   1.6 at a path of the task, 1.15 in its repository, 1 in the project,
//!         0.75 at another path of its repository, 0.3 in a repository that the task does not change
//! age     0.6 + 0.4 × 2^(−days since it was last said or confirmed / 180)
//! record  0.5 + (passed + 1) / (passed + sent back + 2), so 1 for one whose use nobody has judged
//! ```
//!
//! Words weigh most, since what speaks of something else is of no use wherever it holds. A convention does not become
//! false by itself, so age takes no more than two fifths. The record is the share of tasks that passed review, smoothed by
//! one of each (Laplace's rule), so that a single task that was sent back for its own reasons condemns nothing.

use super::{Memory, Scope, ScopePath, told};
use crate::ids::{MemoryId, RepositoryId};
use crate::policy::MemoryLimits;
use crate::time::Timestamp;

const BY_PLACE_ALONE: f64 = 0.15;
const AT_PATH: f64 = 1.6;
const IN_REPOSITORY: f64 = 1.15;
const IN_PROJECT: f64 = 1.0;
const AT_ANOTHER_PATH: f64 = 0.75;
const ELSEWHERE: f64 = 0.3;
const LASTING: f64 = 0.6;
const HALF_LIFE_DAYS: f64 = 180.0;
/// How much of the best score a memory must reach to be told: what is far below it is found by chance.
const WORTH_TELLING: f64 = 0.2;
/// Characters that make a token, roughly.
const CHARACTERS: usize = 4;

/// What a task asks of the memory besides words: where it works.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sought {
    /// The repositories that it changes; none for all of the project.
    pub repositories: Vec<RepositoryId>,
    /// The paths that it will probably touch, in any of them.
    pub paths: Vec<ScopePath>,
}

/// A memory that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The memory.
    pub memory: Memory,
    /// How well its words fit, in the measure of who searched; 0 if it was found by its place alone.
    pub rank: f64,
}

/// A memory that is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// The memory.
    pub memory: Memory,
    /// Its score.
    pub score: f64,
}

/// How useful a memory is. `text` is its rank beside the best, from 0 to 1.
pub fn score(memory: &Memory, text: f64, sought: &Sought, now: Timestamp) -> f64 {
    let days = now.since(memory.updated_at).as_secs_f64() / 86_400.0;
    let age = LASTING + (1.0 - LASTING) * (-days / HALF_LIFE_DAYS).exp2();
    let (passed, sent_back) = (f64::from(memory.uses.passed), f64::from(memory.uses.sent_back));
    let record = 0.5 + (passed + 1.0) / (passed + sent_back + 2.0);
    text.clamp(BY_PLACE_ALONE, 1.0) * place(&memory.scope, sought) * age * record
}

fn place(scope: &Scope, sought: &Sought) -> f64 {
    let ours = |repository: &RepositoryId| sought.repositories.is_empty() || sought.repositories.contains(repository);
    match scope {
        Scope::Project => IN_PROJECT,
        Scope::Repository { repository } | Scope::Path { repository, .. } if !ours(repository) => ELSEWHERE,
        Scope::Repository { .. } => IN_REPOSITORY,
        Scope::Path { path, .. } if sought.paths.iter().any(|touched| touched.meets(path)) => AT_PATH,
        // Nothing is known of where a task without paths works.
        Scope::Path { .. } if sought.paths.is_empty() => IN_PROJECT,
        Scope::Path { .. } => AT_ANOTHER_PATH,
    }
}

/// The most useful of what was found, best first, as many as the limits allow. What does not fit is passed over for what
/// does.
pub fn choose(found: Vec<Found>, sought: &Sought, now: Timestamp, limits: MemoryLimits) -> Vec<Chosen> {
    let best_rank = found.iter().map(|one| one.rank).fold(0.0, f64::max);
    let scored = found.into_iter().filter(|one| one.memory.is_active()).map(|one| {
        let text = if best_rank > 0.0 { one.rank / best_rank } else { 0.0 };
        Chosen {
            score: score(&one.memory, text, sought, now),
            memory: one.memory,
        }
    });
    let mut scored: Vec<Chosen> = scored.collect();
    scored.sort_by(|a, b| {
        let pinned = b.memory.pinned.cmp(&a.memory.pinned);
        pinned
            .then(b.score.total_cmp(&a.score))
            .then(b.memory.id.cmp(&a.memory.id))
    });
    let mut known: Vec<MemoryId> = Vec::new();
    let best = scored.iter().map(|one| one.score).fold(0.0, f64::max);
    let mut left = limits.tokens.saturating_mul(CHARACTERS);
    scored.retain(|one| {
        let worth = one.memory.pinned || one.score >= best * WORTH_TELLING;
        let length = told::line(&one.memory).chars().count();
        let fits = known.len() < limits.most && length <= left && !known.contains(&one.memory.id);
        if worth && fits {
            left -= length;
            known.push(one.memory.id);
        }
        worth && fits
    });
    scored
}
