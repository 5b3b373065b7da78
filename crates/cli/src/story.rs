//! What happens in a sprint, told: one text for each event that people care about.

use std::collections::BTreeMap;

use team6_core::ids::TaskId;
use team6_core::sprint::{AttemptReason, Event, Verdict, WorkId};

/// Tells events in their order, and remembers the names of what they speak of.
#[derive(Debug, Default)]
pub(crate) struct Story {
    titles: BTreeMap<TaskId, String>,
    attempts: BTreeMap<u32, WorkId>,
}

impl Story {
    /// What is known of a sprint whose beginning was not told here.
    pub(crate) fn of(titles: BTreeMap<TaskId, String>, attempts: BTreeMap<u32, WorkId>) -> Self {
        Self { titles, attempts }
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
                let mut text = format!("{by} saves version {version} of the plan \"{}\":", plan.title);
                for task in &plan.tasks {
                    let number = numbers.get(&task.key).copied().unwrap_or(TaskId(0));
                    self.titles.insert(number, task.title.clone());
                    let after: Vec<&str> = task.depends_on.iter().map(team6_core::ids::TaskKey::as_str).collect();
                    let after = if after.is_empty() {
                        String::new()
                    } else {
                        format!(" (after {})", after.join(", "))
                    };
                    text.push_str(&format!("\n    {number}. {}{after}", task.title));
                }
                text
            }
            Event::QuestionAsked { text, options, .. } => format!("the planner asks: {text} [{}]", options.join(" | ")),
            Event::QuestionAnswered { by, text, .. } => format!("{by} answers: {text}"),
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
                comments,
                ..
            } => match verdict {
                Verdict::Approve => format!("{by} approves {}", self.task(*task)),
                Verdict::Comment => format!("{by} comments on {}", self.task(*task)),
                Verdict::RequestChanges => {
                    let mut text = format!("{by} requests changes of {}:", self.task(*task));
                    for (_, comment) in comments {
                        let line = comment.line.map(|line| format!(":{line}")).unwrap_or_default();
                        text.push_str(&format!("\n    {}{line}: {}", comment.path, comment.text));
                    }
                    text
                }
            },
            Event::PullRequestMerged { task, commit, .. } => {
                format!("merged: {} as {}", self.task(*task), commit.short())
            }
            Event::MergeConflicted { task, files, .. } => {
                format!(
                    "{} conflicts with its base in {}; its agent resolves that",
                    self.task(*task),
                    files.join(", ")
                )
            }
            Event::MergeFailed { task, why, .. } => format!("{} was not merged: {why}", self.task(*task)),
            Event::PublishFailed { task, failure } => format!("FAILED: {}: {}", self.task(*task), failure.text),
            Event::RoomReported { lacking: Some(lacking) } => format!("no further agent is started for now: {lacking}"),
            Event::RoomReported { lacking: None } => "there is room for agents again".into(),
            Event::SprintFinished => "the sprint is finished".into(),
            _ => return None,
        })
    }
}
