//! What an agent is told: the whole brief for a fresh session, and only the news for one that goes on.
//!
//! The texts are a part of the rules: what an agent is told about its reason to work is what the log says.

mod checks;
mod delegation;
mod updating;

use std::fmt::Write;

use checks::broken_checks;

use crate::plan::PlannedTask;
use crate::sprint::{Attempt, AttemptReason, Message, Outcome, Question, QuestionState, Sprint, Task, Thread, WorkId};

/// What an agent is told at the beginning of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Briefing {
    /// For a session that knows nothing.
    pub full: String,
    /// For a session that goes on.
    pub news: String,
}

impl Sprint {
    /// The briefing of an attempt; none if there is no such attempt.
    pub fn briefing(&self, attempt: u32) -> Option<Briefing> {
        let attempt = self.attempt(attempt)?;
        let news = self.news(attempt);
        match attempt.work {
            WorkId::Planning => Some(Briefing {
                full: self.planning_brief(&news),
                news,
            }),
            WorkId::Task(id) => {
                let task = self.tasks.get(&id)?;
                Some(Briefing {
                    full: self.task_brief(task, &news),
                    news: format!("Task {id}: {}\n\n{news}", task.planned.title),
                })
            }
        }
    }

    fn planning_brief(&self, news: &str) -> String {
        let mut text = format!(
            "You are the product manager of this team. Plan a sprint for this goal:\n\n{}\n\n\
             Read the repositories in your workspace first: their structure, conventions, tests and instructions to \
             agents. You cannot change them. Then call the tool `submit_plan` with the PRD and the tasks. Give each \
             task a key that stays the same when you revise the plan, what and why, acceptance criteria that can be \
             checked, the tasks it depends on, an estimate, and the repositories it touches. Let tasks run in parallel \
             where they can, and keep each small enough for one review; there may be up to {} of them. Where scope, priorities or constraints are \
             unclear, call `ask_question` once per question; submit a draft all the same.\n",
            self.goal.trim(),
            self.policy.tasks
        );
        if let Some(saved) = self.newest_plan() {
            let plan = serde_json::to_string_pretty(&saved.plan).unwrap_or_default();
            let _ = write!(
                text,
                "\nThe plan stands at version {}, saved by {}:\n\n```json\n{plan}\n```\n",
                saved.version, saved.by
            );
        }
        let answered: Vec<String> = self.questions.iter().filter_map(answer).collect();
        if !answered.is_empty() {
            let _ = write!(text, "\nWhat was asked and answered so far:\n{}\n", answered.join("\n"));
        }
        let _ = write!(text, "\n{news}");
        text
    }

    fn task_brief(&self, task: &Task, news: &str) -> String {
        let mut text = format!("You work on task {}: {}\n\n", task.id, task.planned.title);
        describe(&mut text, &task.planned);
        if let Some(subtask) = &task.subtask {
            self.brief_of_parent(&mut text, subtask);
        }
        if let Some(plan) = self.approved_plan() {
            let _ = write!(
                text,
                "\nIt is a part of the sprint \"{}\", whose goal is:\n\n{}\n",
                plan.title,
                self.goal.trim()
            );
        }
        for id in &task.dependencies {
            if let Some(done) = self.tasks.get(id) {
                let what = done.summary.as_ref().map(|s| s.what.as_str()).unwrap_or_default();
                let _ = write!(
                    text,
                    "\nTask {id} \"{}\" is merged already. {what}\n",
                    done.planned.title
                );
            }
        }
        if let [_, _, ..] = task.planned.repositories.as_slice() {
            let names: Vec<&str> = task
                .planned
                .repositories
                .iter()
                .map(crate::ids::RepositoryId::as_str)
                .collect();
            let _ = write!(
                text,
                "\nYour workspace holds a folder for each repository: {}.\n",
                names.join(", ")
            );
        }
        self.brief_of_fields(&mut text, task);
        text.push_str(
            "\nFollow the conventions of the repository and its instructions to agents. Write tests, and run them. \
             Commit your work to the branch that is checked out, in small commits whose messages say why; do not \
             push. If only the owner can decide something, call `ask_owner` and end your turn: you will be told the \
             answer. When all is committed, call `complete_task` with what you did and why, and the tests that you \
             ran. Only then is the task delivered.\n",
        );
        let _ = write!(text, "\n{news}");
        text
    }

    /// Why this attempt is made, and what was said since the last one.
    fn news(&self, attempt: &Attempt) -> String {
        let mut text = String::new();
        let task = match attempt.work {
            WorkId::Task(id) => self.tasks.get(&id),
            WorkId::Planning => None,
        };
        match &attempt.reason {
            AttemptReason::First => {}
            AttemptReason::Retry { of } => {
                let why = match self
                    .attempt(*of)
                    .and_then(|a| a.ended.as_ref())
                    .map(|ended| &ended.outcome)
                {
                    Some(Outcome::Failed { failure } | Outcome::Held { failure }) => failure.text.as_str(),
                    _ => "it broke off",
                };
                let _ = writeln!(
                    text,
                    "This is attempt {} at this work. The one before failed: {}. What it committed is still there; \
                     look at it and go on.",
                    self.attempt_number(attempt),
                    why.trim_end_matches('.')
                );
            }
            AttemptReason::Resumed { .. } => text.push_str("You were stopped in the middle of your work. Go on.\n"),
            AttemptReason::HoldOver { .. } => {
                text.push_str(
                    "You were held up by something that is none of your doing. What you committed is there. Go on.\n",
                );
            }
            AttemptReason::PersonRetried { by, note, .. } if note.trim().is_empty() => {
                let _ = writeln!(text, "{by} asks you to try again.");
            }
            AttemptReason::PersonRetried { by, note, .. } => {
                let _ = writeln!(text, "{by} asks you to try again: {note}");
            }
            AttemptReason::Message { .. } => {}
            AttemptReason::SubtasksSettled { .. } => {
                text.push_str("The subtasks that you waited for are settled. Go on.\n");
            }
            AttemptReason::ChangesRequested { .. }
            | AttemptReason::Conflict { .. }
            | AttemptReason::BaseConflicts { .. }
            | AttemptReason::ChecksBroken { .. } => {}
        }
        // An attempt that goes on where another broke off has the same to do.
        match self.cause(attempt) {
            AttemptReason::ChangesRequested { review } => {
                if let Some(review) = task.and_then(|t| t.reviews.iter().find(|r| r.id == *review)) {
                    let _ = writeln!(
                        text,
                        "{} reviewed your work and requests changes. {}",
                        review.by, review.body
                    );
                }
            }
            AttemptReason::ChecksBroken { delivery } => {
                if let Some(task) = task {
                    broken_checks(&mut text, task, *delivery);
                }
            }
            AttemptReason::Conflict { repository, files, .. } => {
                let _ = writeln!(
                    text,
                    "Your branch conflicts with its base in {repository}: {}. The base has moved; merge it into your \
                     branch (it is `origin/HEAD`), resolve the conflicts, run the tests, commit, and call \
                     `complete_task` again.",
                    files.join(", ")
                );
            }
            AttemptReason::BaseConflicts { conflicts, .. } => self.conflicts_with_bases(&mut text, conflicts),
            _ => {}
        }
        if let Some(task) = task {
            self.news_of_subtasks(&mut text, task);
        }
        let open: Vec<&Thread> = task.map(|t| t.open_threads().collect()).unwrap_or_default();
        if !open.is_empty() {
            text.push_str(
                "\nAnswer each of these threads: mend what it asks for, commit, and give the answer with the commit in \
                 `answers` when you call `complete_task`.\n",
            );
            for thread in open {
                let _ = writeln!(
                    text,
                    "[thread {}] {}: {}",
                    thread.id,
                    place(thread),
                    thread.comment.text
                );
            }
        }
        for message in self.messages_for(attempt) {
            let _ = write!(text, "\n{}", chat(message));
        }
        text
    }

    /// Why the work is done that an attempt goes on with: the reason of the first attempt at it.
    pub(crate) fn cause<'a>(&'a self, attempt: &'a Attempt) -> &'a AttemptReason {
        let mut first = attempt;
        while let AttemptReason::Retry { of }
        | AttemptReason::Resumed { of }
        | AttemptReason::HoldOver { of }
        | AttemptReason::SubtasksSettled { of }
        | AttemptReason::PersonRetried { of, .. } = &first.reason
        {
            // What came before is older, so this ends.
            match self.attempt(*of).filter(|before| before.id.n < first.id.n) {
                Some(before) => first = before,
                None => break,
            }
        }
        &first.reason
    }

    /// Which attempt at its work this is, from 1.
    fn attempt_number(&self, attempt: &Attempt) -> usize {
        let attempts = self
            .work(attempt.work)
            .map(|w| w.attempts.as_slice())
            .unwrap_or_default();
        attempts
            .iter()
            .position(|n| *n == attempt.id.n)
            .map_or(1, |place| place + 1)
    }

    /// The messages that go into the briefing: new ones, and those that a failed attempt may not have acted on.
    fn messages_for<'a>(&'a self, attempt: &'a Attempt) -> impl Iterator<Item = &'a Message> {
        let unsettled = |n: u32| {
            let outcome = self
                .attempt(n)
                .and_then(|a| a.ended.as_ref())
                .map(|ended| &ended.outcome);
            !matches!(outcome, Some(Outcome::Delivered | Outcome::Replied))
        };
        self.messages
            .iter()
            .filter(move |m| m.to == attempt.work && m.delivered.is_none_or(|(n, _)| n == attempt.id.n || unsettled(n)))
    }
}

/// A message as an agent reads it.
pub fn chat(message: &Message) -> String {
    format!(
        "{} writes to you (message {}): {}\n",
        message.by,
        message.id,
        message.text.trim()
    )
}

fn describe(text: &mut String, planned: &PlannedTask) {
    for (name, said) in [("What", &planned.what), ("Why", &planned.why)] {
        if !said.trim().is_empty() {
            let _ = writeln!(text, "{name}: {}", said.trim());
        }
    }
    if !planned.acceptance_criteria.is_empty() {
        text.push_str("It is done when:\n");
        for criterion in &planned.acceptance_criteria {
            let _ = writeln!(text, "- {criterion}");
        }
    }
    if !planned.paths.is_empty() {
        let _ = writeln!(text, "It will probably touch: {}", planned.paths.join(", "));
    }
}

fn place(thread: &Thread) -> String {
    let comment = &thread.comment;
    format!("{} {}{}", comment.repository, comment.path, comment.lines())
}

fn answer(question: &Question) -> Option<String> {
    match &question.state {
        QuestionState::Open => None,
        QuestionState::Answered { by, text, .. } => Some(format!("- {} {by}: {text}", question.text)),
        QuestionState::Skipped { .. } => Some(format!("- {} Skipped: use your judgement.", question.text)),
    }
}
