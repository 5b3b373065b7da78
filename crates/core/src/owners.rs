//! Who could own a task, and why: what the repositories and the present load say, weighed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::PersonId;

/// What is known of one person concerning one task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerFacts {
    /// Paths of the task that an ownership file gives to them.
    pub owned_paths: Vec<String>,
    /// Their commits in the last year to paths of the task.
    pub commits: u32,
    /// Their tasks that are neither done nor cancelled.
    pub open_tasks: u32,
}

/// A suggestion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnerSuggestion {
    /// Who.
    pub person: PersonId,
    /// Why, for people.
    pub reason: String,
}

/// The people in the order in which they would make good owners, each with the reason.
///
/// Ownership files count most, then authorship (with falling weight: the hundredth commit says little), and each open
/// task takes away a little. The name decides between equals.
pub fn suggest(people: &BTreeMap<PersonId, OwnerFacts>) -> Vec<OwnerSuggestion> {
    let score = |facts: &OwnerFacts| {
        let owned = if facts.owned_paths.is_empty() {
            0
        } else {
            1000 + 50 * facts.owned_paths.len().min(10)
        };
        let authored = 100 * (u32::BITS - facts.commits.leading_zeros());
        i64::try_from(owned).unwrap_or(0) + i64::from(authored) - 60 * i64::from(facts.open_tasks)
    };
    let mut ranked: Vec<(&PersonId, &OwnerFacts)> = people.iter().collect();
    ranked.sort_by_key(|(person, facts)| (std::cmp::Reverse(score(facts)), (*person).clone()));
    ranked
        .into_iter()
        .map(|(person, facts)| OwnerSuggestion {
            person: person.clone(),
            reason: reason(facts),
        })
        .collect()
}

fn reason(facts: &OwnerFacts) -> String {
    let mut parts = Vec::new();
    if let Some(path) = facts.owned_paths.first() {
        let more = facts.owned_paths.len() - 1;
        let more = if more == 0 {
            String::new()
        } else {
            format!(" and {more} more")
        };
        parts.push(format!("code owner of {path}{more}"));
    }
    match facts.commits {
        0 => {}
        1 => parts.push("1 commit to these paths in the last year".into()),
        n => parts.push(format!("{n} commits to these paths in the last year")),
    }
    parts.push(match facts.open_tasks {
        0 => "no open task".into(),
        1 => "1 open task".into(),
        n => format!("{n} open tasks"),
    });
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ownership_files_count_before_authorship_and_load() {
        let facts = |paths: &[&str], commits, open_tasks| OwnerFacts {
            owned_paths: paths.iter().map(ToString::to_string).collect(),
            commits,
            open_tasks,
        };
        let people = [
            ("ada", facts(&[], 40, 0)),
            ("bob", facts(&["src/api", "src/db"], 2, 1)),
            ("cyd", facts(&[], 40, 3)),
            ("dan", facts(&[], 0, 0)),
        ];
        let people = people
            .into_iter()
            .map(|(name, facts)| (name.parse().unwrap(), facts))
            .collect();
        let said: Vec<String> = suggest(&people)
            .iter()
            .map(|s| format!("{}: {}", s.person, s.reason))
            .collect();
        insta::assert_snapshot!(said.join("\n"), @r"
        bob: code owner of src/api and 1 more; 2 commits to these paths in the last year; 1 open task
        ada: 40 commits to these paths in the last year; no open task
        cyd: 40 commits to these paths in the last year; 3 open tasks
        dan: no open task
        ");
    }
}
