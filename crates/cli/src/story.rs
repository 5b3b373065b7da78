//! What happens in a sprint, told: one text for each event that people care about.

use std::collections::BTreeMap;

use team6_core::ids::{TaskId, TaskKey};
use team6_core::plan::PlannedTask;
use team6_core::sprint::{AttemptReason, Event, UpdateOutcome, Verdict, WorkId};
use team6_server::api::types::SprintDetail;

/// Tells events in their order, and remembers the names of what they speak of.
#[derive(Debug, Default)]
pub(crate) struct Story {
    titles: BTreeMap<TaskId, String>,
    /// The numbers of tasks by their keys: a plan names only those that are new in it.
    numbers: BTreeMap<TaskKey, TaskId>,
    attempts: BTreeMap<u32, WorkId>,
}

impl Story {
    /// What is known of a sprint whose beginning was not told here.
    pub(crate) fn of(sprint: &SprintDetail) -> Self {
        let tasks = sprint.tasks.iter();
        Self {
            titles: tasks
                .clone()
                .map(|task| (task.task.id, task.task.title.clone()))
                .collect(),
            numbers: tasks.map(|task| (task.key.clone(), task.task.id)).collect(),
            attempts: sprint
                .attempts
                .iter()
                .map(|attempt| (attempt.id.n, attempt.work))
                .collect(),
        }
    }

    fn task(&self, task: TaskId) -> String {
        let title = self.titles.get(&task).map_or("", String::as_str);
        format!("task {task} \"{title}\"")
    }

    fn work(&self, attempt: u32) -> String {
        match self.attempts.get(&attempt) {
            Some(WorkId::Task(task)) => self.task(*task),
            Some(WorkId::Planning) => "the plan".into(),
            None => format!("attempt {attempt}"),
        }
    }

    /// A task of a plan that was saved, and remembers its name.
    fn planned(&mut self, task: &PlannedTask, new: &BTreeMap<TaskKey, TaskId>) -> String {
        self.numbers
            .extend(new.iter().map(|(key, number)| (key.clone(), *number)));
        let after: Vec<&str> = task.depends_on.iter().map(TaskKey::as_str).collect();
        let after = match after.as_slice() {
            [] => String::new(),
            keys => format!(" (after {})", keys.join(", ")),
        };
        match self.numbers.get(&task.key) {
            Some(number) => {
                self.titles.insert(*number, task.title.clone());
                format!("{number}. {}{after}", task.title)
            }
            None => format!("{}: {}{after}", task.key, task.title),
        }
    }

    /// The event as a text of one or more lines; none if nobody cares.
    pub(crate) fn text(&mut self, event: &Event) -> Option<String> {
        Some(match event {
            Event::PlanSaved {
                version,
                plan,
                by,
                numbers,
                ..
            } => {
                let tasks: Vec<String> = plan.tasks.iter().map(|task| self.planned(task, numbers)).collect();
                let count = counted(tasks.len(), "task");
                let text = format!("{by} saves version {version} of the plan \"{}\", {count}", plan.title);
                with_lines(text, &tasks)
            }
            Event::QuestionAsked { text, options, .. } => format!("the planner asks: {text} [{}]", options.join(" | ")),
            Event::QuestionAnswered { by, text, .. } => format!("{by} answers: {text}"),
            Event::DeputySet { by, owner, deputy, .. } => match deputy {
                Some(deputy) => format!("{by} lets {deputy} decide for {owner}"),
                None => format!("{owner} decides again, says {by}"),
            },
            Event::OwnerSet { task, owner, .. } => format!("{owner} owns {}", self.task(*task)),
            Event::PlanApproved { version, by, .. } => format!("{by} approves version {version} of the plan"),
            Event::AttemptScheduled {
                attempt, work, reason, ..
            } => {
                self.attempts.insert(*attempt, *work);
                match reason {
                    AttemptReason::Retry { .. } => format!("another attempt at {} follows", self.work(*attempt)),
                    _ => return None,
                }
            }
            Event::AttemptStarted { attempt, .. } => format!("an agent takes {}", self.work(*attempt)),
            Event::AttemptDelivered { attempt, delivery, .. } => {
                format!("delivered: {}: {}", self.work(*attempt), delivery.what)
            }
            Event::CheckRecorded { task, receipt, .. } => format!(
                "check {}: {}: {}",
                receipt.check.of(&receipt.repository),
                receipt.outcome,
                self.task(*task)
            ),
            Event::ChecksSettled { task, back: true } => {
                format!("back to its agent, which broke checks: {}", self.task(*task))
            }
            Event::UpdateTried {
                task,
                repository,
                outcome,
                ..
            } => match outcome {
                UpdateOutcome::Updated { base, .. } => {
                    format!("brought up to date with {base} of {repository}: {}", self.task(*task))
                }
                UpdateOutcome::Conflicts { base, files } => format!(
                    "conflicts with {base} of {repository} in {}: {}",
                    files.join(", "),
                    self.task(*task)
                ),
                UpdateOutcome::NotPossible { why } => {
                    format!("not brought up to date: {}: {why}", self.task(*task))
                }
                UpdateOutcome::UpToDate => return None,
            },
            Event::UpdateSettled { task, back: true } => {
                format!("back to its agent, which resolves the conflict: {}", self.task(*task))
            }
            Event::ApprovalVoided { task, why } => format!("to be approved anew: {}: {why}", self.task(*task)),
            Event::AttemptFailed { attempt, failure, .. } => {
                format!("FAILED: {}: {}", self.work(*attempt), failure.text)
            }
            Event::PullRequestOpened {
                task,
                repository,
                number,
                ..
            } => {
                format!("pull request {repository}#{number} shows {}", self.task(*task))
            }
            Event::ReviewSubmitted {
                task,
                by,
                verdict,
                body,
                comments,
                ..
            } => match verdict {
                Verdict::Approve => format!("{by} approves {}", self.task(*task)),
                Verdict::Comment => format!("{by} comments on {}", self.task(*task)),
                Verdict::RequestChanges => {
                    let of = self.task(*task);
                    let comments = comments
                        .iter()
                        .map(|(_, comment)| format!("{}{}: {}", comment.path, comment.lines(), comment.text));
                    let body = body.lines().map(str::to_owned);
                    with_lines(
                        format!("{by} requests changes of {of}"),
                        &body.chain(comments).collect::<Vec<_>>(),
                    )
                }
            },
            Event::PullRequestMerged {
                task,
                repository,
                commit,
            } => {
                format!("merged: {} as {} in {repository}", self.task(*task), commit.short())
            }
            Event::MergeConflicted { task, files, .. } => {
                format!(
                    "{} conflicts with its base in {}; its agent resolves that",
                    self.task(*task),
                    files.join(", ")
                )
            }
            Event::ForgeFailed { task, why, .. } => format!("{} waits: {why}", self.task(*task)),
            Event::MergeFailed { task, why, .. } => format!("{} was not merged: {why}", self.task(*task)),
            Event::PublishFailed { task, failure } => format!("FAILED: {}: {}", self.task(*task), failure.text),
            Event::SubtaskAdded {
                task,
                parent,
                planned,
                by,
                ..
            } => {
                self.titles.insert(*task, planned.title.clone());
                let field = planned.specialty.as_ref().map(|field| format!(" ({field})"));
                format!(
                    "{by} delegates a subtask of {}: {}{}",
                    self.task(*parent),
                    self.task(*task),
                    field.unwrap_or_default()
                )
            }
            Event::SubtasksAwaited { attempt } => {
                format!("{} waits for its subtasks, without a slot", self.work(*attempt))
            }
            Event::SubtasksSettled { task } => {
                format!("the subtasks of {} are settled; its agent goes on", self.task(*task))
            }
            Event::SubtaskGivenUp { task, reason } => format!("{} is given up: {reason}", self.task(*task)),
            Event::RoomReported { lacking: Some(lacking) } => format!("no further agent is started for now: {lacking}"),
            Event::RoomReported { lacking: None } => "there is room for agents again".into(),
            Event::TaskBudgetSet { task, budget, by } => {
                format!("{by} sets the budget of {}: {budget}", self.task(*task))
            }
            Event::FundsReported { lacking: Some(short) } => format!("no further agent is started for now: {short}"),
            Event::FundsReturned => "the project's budgets may reach again".into(),
            Event::FundsReported { lacking: None } => "the project's budgets hold nobody back any more".into(),
            Event::SprintBudgetSet { budget, by } => format!("{by} sets the budget of the sprint: {budget}"),
            Event::SprintFinished => "the sprint is finished".into(),
            _ => return None,
        })
    }
}

/// A text with lines below it, if there are any.
fn with_lines(text: String, lines: &[String]) -> String {
    match lines {
        [] => text,
        lines => format!("{text}:\n    {}", lines.join("\n    ")),
    }
}

fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        many => format!("{many} {what}s"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(story: &mut Story, event: &serde_json::Value) -> String {
        story.text(&serde_json::from_value(event.clone()).unwrap()).unwrap()
    }

    fn saved(version: u32, tasks: &[&str], numbers: &serde_json::Value) -> serde_json::Value {
        let task = |key: &&str| json!({ "key": key, "title": format!("Do {key}"), "estimate_minutes": 5, "repositories": ["app"] });
        let tasks: Vec<_> = tasks.iter().map(task).collect();
        json!({ "event": "plan_saved", "version": version, "plan": { "title": "A shop", "prd": "", "tasks": tasks },
            "by": { "author": "person", "name": "ada" }, "note": "", "numbers": numbers })
    }

    #[test]
    fn a_version_of_a_plan_is_told_with_its_tasks_also_with_those_that_are_not_new() {
        let mut story = Story::default();
        insta::assert_snapshot!(told(&mut story, &saved(1, &["a"], &json!({ "a": 7 }))), @r#"
        ada saves version 1 of the plan "A shop", 1 task:
            7. Do a
        "#);
        insta::assert_snapshot!(told(&mut story, &saved(2, &["b", "a"], &json!({ "b": 8 }))), @r#"
        ada saves version 2 of the plan "A shop", 2 tasks:
            8. Do b
            7. Do a
        "#);
        assert_eq!(
            told(&mut story, &saved(3, &[], &json!({}))),
            "ada saves version 3 of the plan \"A shop\", 0 tasks"
        );
        assert_eq!(story.task(TaskId(7)), "task 7 \"Do a\"");
    }

    #[test]
    fn a_review_without_comments_on_lines_is_told_with_its_text() {
        let review = |body: &str| {
            json!({ "event": "review_submitted", "task": 7, "review": 1, "by": "ada", "verdict": "request_changes", "body": body,
                "comments": [], "heads": {} })
        };
        let mut story = Story::default();
        assert_eq!(
            told(&mut story, &review("Too long.")),
            "ada requests changes of task 7 \"\":\n    Too long."
        );
        assert_eq!(told(&mut story, &review("")), "ada requests changes of task 7 \"\"");
    }
}
