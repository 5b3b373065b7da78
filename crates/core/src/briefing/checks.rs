//! What an agent is told of the checks that its delivery broke.

use std::fmt::Write;

use crate::checks::CheckOutcome;
use crate::sprint::Task;

/// The checks that a delivery broke, with the end of what each said.
pub(super) fn broken_checks(text: &mut String, task: &Task, delivery: u32) {
    text.push_str(
        "The engine ran the checks on what you delivered, in a clean workspace. They passed at the base and \
         fail with your commits. Mend your work, not the checks: do not delete or weaken tests. Then commit, and call \
         `complete_task` again.\n",
    );
    for checked in &task.checked {
        let receipt = &checked.receipt;
        if receipt.delivery != delivery || receipt.outcome != CheckOutcome::Broke {
            continue;
        }
        let _ = writeln!(
            text,
            "\nCheck {}, `{}`, at {}:",
            receipt.check.of(&receipt.repository),
            receipt.check.command,
            receipt.commits(&receipt.repository)
        );
        if !checked.tail.trim().is_empty() {
            // What a program says is none of our own words: a fence that it cannot close keeps it apart.
            let longest = checked.tail.split(|c| c != '`').map(str::len).max().unwrap_or(0);
            let fence = "`".repeat(longest.max(2) + 1);
            let _ = writeln!(text, "{fence}\n{}\n{fence}", checked.tail.trim_end());
        }
    }
}
