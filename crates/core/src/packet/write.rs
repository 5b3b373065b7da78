//! The packet as the body of a pull request.
//!
//! Every word that an agent or a person wrote goes through [`super::plain`].

use std::fmt::Write;

use super::plain::{code, line, paragraphs};
use super::{OpenPoint, Packet, RepositoryChange, SubtaskPart, Weight};
use crate::checks::{CheckOutcome, Receipt, RunEnd};
use crate::ids::RepositoryId;

impl Packet {
    /// The body of the pull request in one of the repositories.
    pub fn body(&self, repository: &RepositoryId) -> String {
        let mut body = String::new();
        let owner = self
            .owner
            .as_ref()
            .map(|owner| format!(" Owner: {owner}."))
            .unwrap_or_default();
        let _ = writeln!(
            body,
            "Task {} of sprint {}, {}.{owner} `team6 task show {}` shows it whole.\n",
            self.task,
            self.sprint,
            line(&self.goal).trim_end_matches('.'),
            self.task
        );
        self.asked(&mut body);
        self.changed(&mut body, repository);
        self.risk(&mut body);
        self.checks(&mut body, repository);
        self.opened(&mut body);
        self.parts(&mut body);
        self.order(&mut body, repository);
        body
    }

    fn asked(&self, body: &mut String) {
        let _ = writeln!(body, "## What was asked\n\n**{}**\n", line(&self.title));
        for text in [&self.what, &self.why]
            .into_iter()
            .filter(|text| !text.trim().is_empty())
        {
            let _ = writeln!(body, "{}\n", paragraphs(text));
        }
        for criterion in &self.acceptance_criteria {
            let _ = writeln!(body, "- {}", line(criterion));
        }
        body.push('\n');
    }

    fn changed(&self, body: &mut String, repository: &RepositoryId) {
        body.push_str("## What changed\n\n");
        if let Some(said) = &self.said {
            for text in [&said.what, &said.why]
                .into_iter()
                .filter(|text| !text.trim().is_empty())
            {
                let _ = writeln!(body, "{}\n", paragraphs(text));
            }
            for test in &said.tests {
                let _ = writeln!(
                    body,
                    "- the agent says it ran {}: {}",
                    code(&test.command),
                    line(&test.outcome)
                );
            }
            if !said.tests.is_empty() {
                body.push('\n');
            }
        }
        for change in &self.changes {
            let here = change.repository == *repository && self.changes.len() > 1;
            let here = if here { " (this one)" } else { "" };
            let _ = writeln!(body, "- {}{here}: {}", change.repository, change.size());
            if change.repository == *repository {
                for file in &change.most {
                    let _ = writeln!(body, "  - {} +{} -{}", code(&file.path), file.additions, file.deletions);
                }
                let more = change.files.unwrap_or_default().saturating_sub(change.most.len());
                if more > 0 {
                    let _ = writeln!(body, "  - and {more} more");
                }
            }
        }
        body.push('\n');
    }

    fn risk(&self, body: &mut String) {
        body.push_str("## Where to look\n\n");
        for noted in &self.risks {
            let sign = if noted.weight == Weight::High { "**!** " } else { "" };
            let _ = writeln!(body, "- {sign}{}", line(&noted.text));
        }
        if self.risks.is_empty() {
            body.push_str("Nothing stands out by size, by place, by checks or by how it came about.\n");
        }
        body.push('\n');
    }

    fn checks(&self, body: &mut String, repository: &RepositoryId) {
        let receipts: Vec<&Receipt> = self.receipts.iter().filter(|one| one.covers(repository)).collect();
        if receipts.is_empty() {
            return;
        }
        body.push_str("## Checks\n\nThe engine ran these itself, in a clean workspace at exactly this commit.\n\n");
        for receipt in receipts {
            let over = match receipt.check.is_together() {
                true => " over all repositories",
                false => "",
            };
            let _ = writeln!(
                body,
                "- {} **{}**{over}: {}, {} at {}{}; log {}: `team6 checks log {} {}`",
                sign(receipt.outcome),
                receipt.check.name,
                receipt.outcome,
                code(&receipt.check.command),
                receipt.commits(repository),
                ended(&receipt.run.end),
                receipt.run.log.short(),
                self.task,
                receipt.number
            );
        }
        let _ = writeln!(
            body,
            "\n`team6 checks verify {}` computes the receipts again.\n",
            self.task
        );
    }

    fn opened(&self, body: &mut String) {
        if self.open.is_empty() {
            return;
        }
        body.push_str("## Open questions\n\n");
        for point in &self.open {
            let _ = match point {
                OpenPoint::Left { text } => writeln!(body, "- The agent says: {}", line(text)),
                OpenPoint::Thread { text } => writeln!(body, "- Not answered yet: {}", line(text)),
                OpenPoint::Assumed { question } => {
                    writeln!(body, "- Left to the agent's judgement: {}", line(question))
                }
                OpenPoint::Asked { question, answer: None } => {
                    writeln!(body, "- The agent asked and got no answer: {}", line(question))
                }
                OpenPoint::Asked {
                    question,
                    answer: Some(answer),
                } => writeln!(
                    body,
                    "- The agent asked: {} It was told: {}",
                    line(question),
                    line(answer)
                ),
            };
        }
        body.push('\n');
    }

    /// What each specialist did to whom a subtask was delegated.
    fn parts(&self, body: &mut String) {
        if self.subtasks.is_empty() {
            return;
        }
        body.push_str("## Subtasks\n\n");
        for part in &self.subtasks {
            let by = part
                .agent
                .as_ref()
                .map(|agent| format!(" by {agent}"))
                .unwrap_or_default();
            let _ = writeln!(
                body,
                "- Task {}, {}{by}: {}",
                part.task,
                line(&part.title),
                line(&part.result())
            );
        }
        body.push('\n');
    }

    /// Which other pull requests belong to this one, and which is merged first.
    fn order(&self, body: &mut String, repository: &RepositoryId) {
        if self.changes.len() < 2 {
            return;
        }
        body.push_str("## One of several\n\nThe task is done when all of these are merged, in this order:\n\n");
        for (place, change) in self.changes.iter().enumerate() {
            let here = if change.repository == *repository {
                " (this one)"
            } else {
                ""
            };
            let merged = if change.merged.is_some() { ", merged" } else { "" };
            let _ = writeln!(body, "{}. {}{here}{merged}", place + 1, change.name());
        }
        let _ = writeln!(body, "\n`team6 task merge {}` merges them in this order.\n", self.task);
    }
}

impl RepositoryChange {
    /// The pull request as people name it.
    pub fn name(&self) -> String {
        let number = self.number.map(|number| format!("#{number}")).unwrap_or_default();
        format!("{}{number}", self.repository)
    }

    /// How much changed, in words.
    pub fn size(&self) -> String {
        match self.files {
            None => "not known".to_owned(),
            Some(1) => format!("1 file, +{} -{}", self.additions, self.deletions),
            Some(files) => format!("{files} files, +{} -{}", self.additions, self.deletions),
        }
    }
}

impl SubtaskPart {
    /// What it did, and whether its commits are here.
    pub fn result(&self) -> String {
        let stopped = self.what.starts_with("given up: ") || self.what.starts_with("cancelled by ");
        match self.integrated || stopped {
            true => self.what.clone(),
            false => format!("{} Its commits are not on this branch.", self.what),
        }
    }
}

fn sign(outcome: CheckOutcome) -> &'static str {
    match outcome {
        CheckOutcome::Passed => "✓",
        CheckOutcome::Broke | CheckOutcome::RedBefore => "✗",
        CheckOutcome::TimedOut | CheckOutcome::CouldNotRun => "?",
    }
}

fn ended(end: &RunEnd) -> String {
    match end {
        RunEnd::Exited { status } => format!(" (exit status {status})"),
        RunEnd::Stopped { how } => format!(" ({})", line(how)),
        RunEnd::TimedOut => String::new(),
        RunEnd::CouldNotRun { why } => format!(" ({})", line(why)),
    }
}
