//! What an agent is told of a base that moved and does not fit its work any more.

use std::fmt::Write;

use crate::sprint::{BaseConflict, Sprint};

impl Sprint {
    /// Which files conflict, with what, and what is to be done.
    pub(super) fn conflicts_with_bases(&self, text: &mut String, conflicts: &[BaseConflict]) {
        for conflict in conflicts {
            let repository = &conflict.repository;
            let _ = write!(text, "The base of {repository} has moved to {}", conflict.base);
            let merged = conflict.merged.iter().filter_map(|id| {
                let task = self.tasks.get(id)?;
                let number = task.pull_requests.get(repository)?.number;
                let number = number
                    .map(|number| format!("pull request #{number}, "))
                    .unwrap_or_default();
                Some(format!("{number}task {id} \"{}\"", task.planned.title))
            });
            let merged: Vec<String> = merged.collect();
            if !merged.is_empty() {
                let _ = write!(text, ": merged were {}", merged.join("; "));
            }
            let _ = writeln!(
                text,
                ". Your branch, which is in review, conflicts with it in: {}.",
                conflict.files.join(", ")
            );
        }
        text.push_str(
            "Merge the base into your branch (it is `origin/HEAD`), resolve the conflicts so that what both sides want \
             holds, run the tests, commit, and call `complete_task` again.\n",
        );
    }
}
