//! `team6 sprint conflicts`: what merging the open branches would come to, before anybody reviews them.

use team6_core::ids::{SprintId, TaskId};
use team6_server::api::types::{ConflictingFile, RepositoryConflicts};

use crate::client::Client;
use crate::commands::Context;
use crate::failure::Failure;
use crate::output::{Page, Tone};

/// How many files of a pair are named.
const NAMED: usize = 5;

/// Shows the conflicts of a sprint.
pub(super) async fn run(client: &Client, sprint: SprintId, context: &Context) -> Result<(), Failure> {
    let reply = client
        .list::<RepositoryConflicts>(&format!("/sprints/{sprint}/conflicts"), "after", &[])
        .await?;
    context.output.show(&reply, |found, page| show(sprint, found, page))
}

fn show(sprint: SprintId, found: &[RepositoryConflicts], page: &mut Page) {
    if found.is_empty() {
        page.line(format!(
            "No branch of sprint {sprint} is open, so nothing can conflict."
        ));
        page.next(format!("team6 sprint show {sprint}"), "shows where its tasks are");
    }
    for repository in found {
        in_repository(repository, page);
    }
}

fn in_repository(found: &RepositoryConflicts, page: &mut Page) {
    let branches = match found.branches.len() {
        1 => "1 open branch".to_owned(),
        several => format!("{several} open branches"),
    };
    page.heading(format!("In {}, {branches}", found.repository));
    if let Some(trouble) = &found.trouble {
        let trouble = page.tinted(Tone::Attention, format!("as last fetched: {trouble}"));
        page.line(trouble);
    }
    let title = |task: TaskId| {
        let branch = found.branches.iter().find(|branch| branch.task == task);
        branch.map_or_else(String::new, |branch| format!(" {}", branch.title))
    };
    let mut clean = true;
    for branch in found.branches.iter().filter(|branch| !branch.conflicts.is_empty()) {
        clean = false;
        let files = conflicting_files(&branch.conflicts);
        page.line(format!("task {}{}", branch.task, title(branch.task)));
        page.line(format!("  conflicts with its target branch in {files}"));
    }
    for pair in &found.pairs {
        clean = false;
        page.line(format!("task {}{}", pair.one, title(pair.one)));
        page.line(format!(
            "  conflicts with task {}{} in {}",
            pair.other,
            title(pair.other),
            conflicting_files(&pair.files)
        ));
    }
    if clean {
        let fits = page.tinted(Tone::Good, "Nothing conflicts");
        page.line(format!("{fits}: they can be merged in any order."));
        return;
    }
    let (first, mended) = found
        .order
        .split_at(found.order.len().saturating_sub(found.to_mend.len()));
    page.gap();
    page.line("The order that conflicts least:");
    if !first.is_empty() {
        page.line(format!("  as it is: {}", listed(first)));
    }
    if !mended.is_empty() {
        page.line(format!("  then mended by its agent: {}", listed(mended)));
    }
}

fn listed(tasks: &[TaskId]) -> String {
    let names: Vec<String> = tasks.iter().map(|task| format!("task {task}")).collect();
    names.join(", ")
}

/// The files, the first of them by name.
pub(crate) fn conflicting_files(files: &[ConflictingFile]) -> String {
    let names: Vec<&str> = files.iter().take(NAMED).map(|file| file.path.as_str()).collect();
    let more = match files.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(found: &[RepositoryConflicts]) -> String {
        let mut page = Page::new(false);
        show(SprintId(3), found, &mut page);
        page.text().to_owned()
    }

    #[test]
    fn pairs_are_told_by_file_with_the_order_that_conflicts_least() {
        let branch = |task: u64, title: &str, files: &[&str]| {
            let files: Vec<_> = files
                .iter()
                .map(|path| json!({ "path": path, "kind": "content" }))
                .collect();
            json!({ "task": task, "title": title, "owner": "ada", "number": task, "head": "1".repeat(40), "conflicts": files })
        };
        let found = json!([{
            "repository": "app", "base": "2".repeat(40), "trouble": null,
            "branches": [branch(7, "Euros", &[]), branch(8, "Pounds", &[]), branch(9, "Licence", &["LICENSE"])],
            "pairs": [{ "one": 7, "other": 8, "files": [{ "path": "src/money.rs", "kind": "content" }] }],
            "order": [7, 8, 9], "to_mend": [8, 9],
        }]);
        let found: Vec<RepositoryConflicts> = serde_json::from_value(found).unwrap();
        insta::assert_snapshot!(shown(&found), @"
        In app, 3 open branches
        task 9 Licence
          conflicts with its target branch in LICENSE
        task 7 Euros
          conflicts with task 8 Pounds in src/money.rs

        The order that conflicts least:
          as it is: task 7
          then mended by its agent: task 8, task 9
        ");
        let mut clean = found.clone();
        clean[0].branches.truncate(1);
        clean[0].pairs.clear();
        insta::assert_snapshot!(shown(&clean), @"
        In app, 1 open branch
        Nothing conflicts: they can be merged in any order.
        ");
    }

    #[test]
    fn a_sprint_without_open_branches_says_so() {
        insta::assert_snapshot!(shown(&[]), @"
        No branch of sprint 3 is open, so nothing can conflict.
          team6 sprint show 3   shows where its tasks are
        ");
    }
}
