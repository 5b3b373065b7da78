//! The review packet: what whoever reviews a task needs to know of it, on one page.

use team6_core::checks::CheckOutcome;
use team6_core::packet::{OpenPoint, Packet, Weight};
use team6_server::api::types::TaskDetail;

use crate::output::{Page, Tone};

/// The whole packet.
pub(super) fn page(detail: &TaskDetail, page: &mut Page) {
    let id = detail.task.id;
    let Some(packet) = &detail.packet else {
        page.line(format!("Task {id} has delivered nothing to review yet."));
        page.next(format!("team6 task show {id}"), "shows where it stands");
        return;
    };
    page.heading(format!("Task {id}: {}", packet.title));
    page.field("sprint", format!("{}: {}", packet.sprint, packet.goal));
    page.heading("What was asked");
    page.block(2, &packet.what);
    page.block(2, &packet.why);
    for criterion in &packet.acceptance_criteria {
        page.line(format!("  - {criterion}"));
    }
    if let Some(said) = &packet.said {
        page.heading("What the agent says it did");
        page.block(2, &said.what);
        page.block(2, &said.why);
    }
    hints(packet, page);
    if !packet.receipts.is_empty() {
        page.heading("Checks by the engine");
        for receipt in &packet.receipts {
            let tone = match receipt.outcome {
                CheckOutcome::Passed => Tone::Good,
                _ => Tone::Bad,
            };
            let outcome = page.tinted(tone, receipt.outcome);
            let check = receipt.check.of(&receipt.repository);
            let (commit, log) = (receipt.run.commit.short(), receipt.run.log.short());
            let number = receipt.number;
            page.line(format!(
                "  {check} at {commit}: {outcome} (receipt {number}, log {log})"
            ));
        }
    }
    if !packet.subtasks.is_empty() {
        page.heading("Subtasks");
        for part in &packet.subtasks {
            let by = part.agent.as_ref().map(|agent| format!(" by {agent}"));
            let (task, title) = (part.task, &part.title);
            page.line(format!("  {task} {title}{}: {}", by.unwrap_or_default(), part.result()));
        }
    }
    page.gap();
    page.next(format!("team6 task diff {id}"), "shows every line");
    if !packet.receipts.is_empty() {
        page.next(format!("team6 checks verify {id}"), "computes the receipts again");
    }
    page.next(
        format!("team6 task review {id} --approve"),
        "or --request-changes -m TEXT --on FILE:LINE=TEXT",
    );
}

/// What changed, where to look, and what is open.
pub(super) fn hints(packet: &Packet, page: &mut Page) {
    page.heading("What changed");
    for change in &packet.changes {
        page.line(format!("  {}: {}", change.name(), change.size()));
    }
    page.heading("Where to look");
    for noted in &packet.risks {
        let tone = match noted.weight {
            Weight::High => Tone::Bad,
            Weight::Notable => Tone::Attention,
        };
        let text = page.tinted(tone, &noted.text);
        page.line(format!("  {text}"));
    }
    if packet.risks.is_empty() {
        page.line("  Nothing stands out.");
    }
    if !packet.open.is_empty() {
        page.heading("Open questions");
        for point in &packet.open {
            page.line(format!("  {}", open(point)));
        }
    }
}

fn open(point: &OpenPoint) -> String {
    match point {
        OpenPoint::Left { text } => format!("the agent says: {text}"),
        OpenPoint::Thread { text } => format!("not answered yet: {text}"),
        OpenPoint::Assumed { question } => format!("left to the agent's judgement: {question}"),
        OpenPoint::Asked { question, answer: None } => format!("asked and not answered: {question}"),
        OpenPoint::Asked {
            question,
            answer: Some(answer),
        } => format!("asked: {question} -> {answer}"),
    }
}
