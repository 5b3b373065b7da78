//! What agents are told of delegation: which fields there are, what they are a part of, what came of their subtasks.

use std::fmt::Write;

use crate::failure::Failure;
use crate::sprint::{Author, Sprint, Stage, Subtask, Task};

impl Sprint {
    /// What a task is a part of.
    pub(super) fn brief_of_parent(&self, text: &mut String, subtask: &Subtask) {
        let Some(parent) = self.tasks.get(&subtask.parent) else {
            return;
        };
        let by = match &subtask.by {
            Author::Agent(agent) => format!("agent {agent}, which works on it and waits for you"),
            Author::Person(person) => person.to_string(),
        };
        let _ = write!(
            text,
            "\nIt is a part of task {} \"{}\", and was delegated by {by}. Your branch begins with the work on that task \
             (`origin/HEAD`), and what you deliver goes back into it. Do what you were asked for, and nothing else of that \
             task.\n",
            parent.id, parent.planned.title
        );
    }

    /// To whom parts of a task can be given.
    pub(super) fn brief_of_fields(&self, text: &mut String, task: &Task) {
        if self.above(task).count() >= self.policy.delegation.depth {
            return;
        }
        let own = task.planned.specialty.as_ref();
        let fields: Vec<String> = self
            .specialties()
            .iter()
            .filter(|field| own != Some(field))
            .map(ToString::to_string)
            .collect();
        if fields.is_empty() {
            return;
        }
        let _ = write!(
            text,
            "\nWhere a part of the task is of another field than yours, commit what you have, hand the part to the agent of \
             that field with `delegate_task`, and call `await_tasks` once you have delegated all that you want to: you go on \
             when it is delivered. There are agents for {}.\n",
            fields.join(", ")
        );
    }

    /// What came of the subtasks of a task so far, and what its agent does about it.
    pub(super) fn news_of_subtasks(&self, text: &mut String, task: &Task) {
        if task.subtasks.is_empty() {
            return;
        }
        text.push_str("\nThe subtasks of your task:\n");
        for subtask in self.subtasks(task) {
            let _ = writeln!(
                text,
                "- task {} \"{}\": {}",
                subtask.id,
                subtask.planned.title,
                outcome(subtask)
            );
        }
        let any = |wanted: fn(&Task) -> bool| self.subtasks(task).any(wanted);
        let is_apart = |t: &Task| t.subtask.as_ref().is_some_and(|subtask| !subtask.integrated);
        if self
            .subtasks(task)
            .any(|t| t.work.stage == Stage::Delivered && is_apart(t))
        {
            text.push_str(
                "Merge each branch that was delivered into yours, unless you did before, resolve what conflicts, and run the tests of the whole; \
                 say in your summary what each did.\n",
            );
        }
        if any(|t| matches!(t.work.stage, Stage::Failed { .. })) {
            text.push_str(
                "Of a subtask that failed you decide: delegate it anew with a better brief (`delegate_task` with \
                 `instead_of`), do it yourself, or give it up with `give_up_task` and the reason.\n",
            );
        }
        if any(|t| !t.work.stage.is_settled()) {
            text.push_str("Call `await_tasks` to wait for those that are still open.\n");
        }
    }
}

fn outcome(subtask: &Task) -> String {
    let branch = |text: String| match &subtask.branch {
        Some(branch) if !subtask.heads.is_empty() => {
            let heads = subtask.heads.iter();
            let heads: Vec<String> = heads
                .map(|(repository, head)| format!("{} in {repository}", head.short()))
                .collect();
            format!("{text} It is on the branch `origin/{branch}` ({}).", heads.join(", "))
        }
        _ => text,
    };
    match &subtask.work.stage {
        Stage::Delivered | Stage::Done => {
            let said = subtask
                .summary
                .as_ref()
                .map(|delivery| delivery.what.trim())
                .unwrap_or_default();
            branch(format!("delivered. {said}"))
        }
        Stage::Failed {
            failure: Failure { text, .. },
        } => branch(format!("failed: {}.", text.trim_end_matches('.'))),
        Stage::Cancelled { by } => format!("cancelled by {by}"),
        Stage::GivenUp { reason } => format!("given up: {reason}"),
        _ => "still open".into(),
    }
}
