//! How memories are told to an agent. The texts are a part of the rules, as those of briefings are.

use std::fmt::Write;

use super::{Memory, Scope};

/// A memory as a line: its number, what it is, where it holds, and what it says.
pub fn line(memory: &Memory) -> String {
    let place = match &memory.scope {
        Scope::Project => String::new(),
        scope => format!(", in {scope}"),
    };
    // One line each, so that no text can pass for another part of the prompt.
    let text: Vec<&str> = memory.text.split_whitespace().collect();
    format!(
        "- [memory {}, {}{place}] {}\n",
        memory.id,
        memory.kind.as_str(),
        text.join(" ")
    )
}

/// The part of a prompt that tells memories; nothing for none.
pub fn section<'a>(memories: impl IntoIterator<Item = &'a Memory>) -> String {
    let lines: String = memories.into_iter().map(line).collect();
    if lines.is_empty() {
        return lines;
    }
    let mut text = String::from("\nWhat this project's memory holds that may help:\n\n");
    text.push_str(&lines);
    let _ = writeln!(
        text,
        "\nIt was learnt in earlier work and may be out of date: what the repository shows comes first. Where one is wrong, \
         call `remember` with what is so and `supersedes`; `recall` finds more."
    );
    text
}
