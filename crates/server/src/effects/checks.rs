//! What a pull request says of the checks that the engine ran on it.

use std::fmt::Write;

use team6_core::checks::{CheckOutcome, Receipt, RunEnd, Weakened};
use team6_core::ids::RepositoryId;
use team6_core::sprint::Task;

/// Writes what checks say of exactly the commit that is offered, the failing ones first, and where tests are weakened.
pub(super) fn checks(body: &mut String, task: &Task, repository: &RepositoryId, weakened: &[Weakened]) {
    let mut receipts: Vec<&Receipt> = task
        .current_checks()
        .filter(|one| one.repository == *repository)
        .collect();
    receipts.sort_by_key(|receipt| (receipt.outcome == CheckOutcome::Passed, receipt.number));
    if !receipts.is_empty() {
        body.push_str("## Checks\n\nThe engine ran these itself, in a clean workspace at exactly this commit.\n\n");
        for receipt in receipts {
            let _ = writeln!(
                body,
                "- {} **{}**: {}, `{}` at {}{}; `team6 checks log {} {}`",
                sign(receipt.outcome),
                receipt.check.name,
                receipt.outcome,
                receipt.check.command.replace('`', "'"),
                receipt.run.commit.short(),
                ended(&receipt.run.end),
                task.id,
                receipt.number
            );
        }
        let _ = writeln!(
            body,
            "\n`team6 checks verify {}` computes the receipts again.\n",
            task.id
        );
    }
    if !weakened.is_empty() {
        body.push_str("## Weakened tests\n\n");
        for one in weakened {
            let _ = writeln!(body, "- {one}");
        }
        body.push('\n');
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
        RunEnd::Stopped { how } => format!(" ({how})"),
        RunEnd::TimedOut => String::new(),
        RunEnd::CouldNotRun { why } => format!(" ({why})"),
    }
}
