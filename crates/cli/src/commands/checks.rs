//! `team6 checks`: what the engine's own checks say of a task, what they said, and whether the receipts are as they were.

use clap::Subcommand;
use team6_core::checks::{CheckOutcome, Receipt, ReceiptExport, Run, RunEnd, Verified};
use team6_core::ids::TaskId;
use team6_server::api::types::{CheckItem, CheckLog, TaskChecks, TaskDetail};

use super::Context;
use crate::failure::Failure;
use crate::output::{Page, Tone, ago};

/// What to do with the checks of a task.
#[derive(Debug, Subcommand)]
pub(crate) enum ChecksCommand {
    /// List what checks say of a task, and where it weakens tests.
    #[command(after_help = "Example:\n  team6 checks list 12")]
    List {
        /// The task.
        task: TaskId,
    },
    /// Show a receipt: command, exit status, commit, tree and hashes.
    #[command(after_help = "Example:\n  team6 checks show 12 3")]
    Show {
        /// The task.
        task: TaskId,
        /// The number of the receipt.
        receipt: u32,
    },
    /// Show what a check said.
    #[command(after_help = "Examples:\n  team6 checks log 12 3\n  team6 checks log 12 3 --base")]
    Log {
        /// The task.
        task: TaskId,
        /// The number of the receipt.
        receipt: u32,
        /// What it said at the base.
        #[arg(long)]
        base: bool,
    },
    /// Compute all receipts of the task's sprint again, and the logs that they speak of. It is done here, and believes
    /// nothing that the server says of them.
    #[command(after_help = "Examples:\n  team6 checks verify 12\n  team6 checks verify 12 --save receipts.json")]
    Verify {
        /// The task.
        task: TaskId,
        /// Keep what was verified in this file, for other programs.
        #[arg(long, value_name = "FILE")]
        save: Option<std::path::PathBuf>,
    },
}

/// Carries a command out.
pub(crate) async fn run(command: ChecksCommand, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    match command {
        ChecksCommand::List { task } => {
            let reply = client.get::<TaskChecks>(&format!("/tasks/{task}/checks")).await?;
            context.output.show(&reply, |checks, page| {
                if checks.items.is_empty() && checks.pending.is_empty() {
                    page.line(format!("No check was run on task {task}."));
                }
                section(task, checks, page);
            })
        }
        ChecksCommand::Show { task, receipt } => {
            let mut reply = client.get::<TaskChecks>(&format!("/tasks/{task}/checks")).await?;
            let item = std::mem::take(&mut reply.item.items);
            let item = item.into_iter().find(|item| item.receipt.number == receipt);
            let item = item.ok_or_else(|| {
                Failure::Usage(format!(
                    "task {task} has no receipt {receipt}; `team6 checks list {task}` shows those that it has"
                ))
            })?;
            context.output.value(&item, |page| shown(task, &item, page))
        }
        ChecksCommand::Log { task, receipt, base } => {
            let path = format!("/tasks/{task}/checks/{receipt}/log?base={base}");
            let reply = client.get::<CheckLog>(&path).await?;
            context.output.show(&reply, |log, page| match log.said.is_empty() {
                true => page.line("It said nothing."),
                false => page.block(0, &log.said),
            })
        }
        ChecksCommand::Verify { task, save } => {
            let sprint = client
                .get::<TaskDetail>(&format!("/tasks/{task}"))
                .await?
                .item
                .task
                .sprint;
            let export = client
                .get::<ReceiptExport>(&format!("/sprints/{sprint}/receipts"))
                .await?
                .raw;
            // As it came: a character that a terminal is not shown belongs to what is verified.
            let export: ReceiptExport =
                serde_json::from_value(export).map_err(|error| Failure::Failed(error.to_string()))?;
            if let Some(path) = save {
                let text = serde_json::to_string(&export).map_err(|error| Failure::Failed(error.to_string()))?;
                let written = std::fs::write(&path, text);
                written.map_err(|error| Failure::Failed(format!("{} cannot be written: {error}", path.display())))?;
            }
            let verified = export.verify();
            context.output.value(&verified, |page| told(&verified, page))?;
            match verified.broken.len() {
                0 => Ok(()),
                count => Err(Failure::Failed(format!(
                    "{count} of the receipts or logs are not as they were"
                ))),
            }
        }
    }
}

fn told(verified: &Verified, page: &mut Page) {
    for broken in &verified.broken {
        page.line(page.tinted(Tone::Bad, broken));
    }
    if verified.broken.is_empty() {
        let good = page.tinted(Tone::Good, "verified");
        page.line(format!(
            "{good} {} receipts and {} logs",
            verified.receipts, verified.logs
        ));
    }
    if let Some(last) = &verified.last {
        page.line(format!(
            "the last is {last}: keep it to see later that none was taken away"
        ));
    }
}

/// What checks say of a task, as a part of a page.
pub(crate) fn section(task: TaskId, checks: &TaskChecks, page: &mut Page) {
    let mut items: Vec<&CheckItem> = checks.items.iter().collect();
    // What fails now comes first, then what passed now, then what is void.
    items.sort_by_key(|item| {
        (
            !item.current,
            item.receipt.outcome == CheckOutcome::Passed,
            item.receipt.number,
        )
    });
    let rows = items.iter().map(|item| {
        let receipt = &item.receipt;
        let state = match item.current {
            true => (tone(receipt.outcome), receipt.outcome.to_string()),
            false => (Tone::Faint, format!("stale: {}", receipt.outcome)),
        };
        [
            (Tone::Strong, receipt.number.to_string()),
            (Tone::Plain, receipt.check.of(&receipt.repository)),
            state,
            (Tone::Plain, receipt.run.commit.short().to_owned()),
            (Tone::Faint, ago(receipt.run.ended)),
        ]
    });
    if !items.is_empty() {
        page.table(["receipt", "check", "outcome", "commit", "when"], rows);
        page.next(format!("team6 checks log {task} RECEIPT"), "shows what it said");
    }
    for pending in &checks.pending {
        page.line(format!("{} is still to be run", pending.check.of(&pending.repository)));
    }
    for of in &checks.weakened {
        for weakened in &of.weakened {
            let mark = page.tinted(Tone::Attention, "weakened tests");
            page.line(format!("{mark} in {}: {weakened}", of.repository));
        }
    }
}

fn tone(outcome: CheckOutcome) -> Tone {
    match outcome {
        CheckOutcome::Passed => Tone::Good,
        CheckOutcome::Broke => Tone::Bad,
        CheckOutcome::RedBefore | CheckOutcome::TimedOut | CheckOutcome::CouldNotRun => Tone::Attention,
    }
}

fn shown(task: TaskId, item: &CheckItem, page: &mut Page) {
    let receipt: &Receipt = &item.receipt;
    page.heading(format!(
        "Receipt {}: {}",
        receipt.number,
        receipt.check.of(&receipt.repository)
    ));
    page.field("outcome", page.tinted(tone(receipt.outcome), receipt.outcome));
    if !item.current {
        page.field("stale", "task offers another commit now".to_owned());
    }
    page.field("command", receipt.check.command.clone());
    one_run("delivered", &receipt.run, page);
    if let Some(base) = &receipt.base {
        one_run("base", base, page);
    }
    page.field("previous", receipt.previous.to_string());
    page.field("hash", receipt.hash.to_string());
    page.next(
        format!("team6 checks log {task} {}", receipt.number),
        "shows what it said",
    );
}

fn one_run(name: &str, run: &Run, page: &mut Page) {
    let end = match &run.end {
        RunEnd::Exited { status } => format!("exit status {status}"),
        RunEnd::Stopped { how } => how.clone(),
        RunEnd::TimedOut => "took too long".into(),
        RunEnd::CouldNotRun { why } => format!("could not be run: {why}"),
    };
    let tree = run.tree.as_ref().map_or("unknown", |tree| tree.as_str());
    page.field(name, format!("{end}, commit {}, tree {tree}", run.commit));
    for (repository, at) in &run.beside {
        let tree = at.tree.as_ref().map_or("unknown", |tree| tree.as_str());
        page.field("beside", format!("{repository}, commit {}, tree {tree}", at.commit));
    }
    page.field("log", format!("{} ({} bytes)", run.log, run.log_bytes));
}
