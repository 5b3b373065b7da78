//! What a new session is told beside its briefing: the instructions of its profile, and those that the repositories
//! have for agents.
//!
//! Many agents read one of the well-known files by themselves, and none reads all of them. An agent hears of each file
//! that is there, and gets the text of those that its program does not read.

use std::fmt::Write;
use std::path::Path;

use team6_agent::profile::AgentProfile;
use team6_workspace::Workspace;
use tokio::io::AsyncReadExt;

use crate::control::Assignment;

/// The files in which repositories instruct agents.
const FILES: [&str; 2] = ["AGENTS.md", "CLAUDE.md"];
/// The most bytes of a file that are told; the agent reads the rest in its workspace.
const MOST: usize = 16 * 1024;

/// The assignment with a briefing that says this too.
pub(super) async fn added(mut assignment: Assignment, profile: &AgentProfile, workspace: &Workspace) -> Assignment {
    let told = &mut assignment.briefing.full;
    if !profile.instructions.is_empty() {
        let _ = write!(told, "\n{}\n", profile.instructions.trim());
    }
    for checkout in workspace.checkouts.values() {
        for name in FILES {
            let Some(path) = workspace.lies_at(&checkout.path.join(name)) else {
                continue;
            };
            let Some(text) = text(&path).await else { continue };
            let folder = checkout.path.strip_prefix(&workspace.root).unwrap_or(&checkout.path);
            let file = folder.join(name);
            let file = file.display();
            let _ = match profile.reads.iter().any(|read| read == name) {
                true => write!(
                    told,
                    "\nThe repository has instructions for agents in {file}: keep to them.\n"
                ),
                false => write!(
                    told,
                    "\nThe repository's instructions for agents, from {file}:\n\n{text}\n"
                ),
            };
        }
    }
    assignment
}

/// The text of a file, cut; none if there is no such file. What an earlier attempt may have put in its place, such as
/// a link to somewhere else, is none.
async fn text(path: &Path) -> Option<String> {
    let found = tokio::fs::symlink_metadata(path).await.ok()?;
    if !found.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    let file = tokio::fs::File::open(path).await.ok()?;
    file.take(MOST as u64 + 1).read_to_end(&mut bytes).await.ok()?;
    let whole = bytes.len() <= MOST;
    bytes.truncate(MOST);
    let mut text = String::from_utf8_lossy(&bytes).trim().to_owned();
    if !whole {
        text.push_str("\n… (it goes on; read the file)");
    }
    Some(text).filter(|text| !text.is_empty())
}
