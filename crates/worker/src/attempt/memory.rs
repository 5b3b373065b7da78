//! The tools by which an agent uses its project's memory.

use team6_agent::toolbox::{Accepted, MemoryKind, Recall, Refused, Remember};
use team6_core::ids::MemoryId;
use team6_core::memory::{Kind, ScopePath, line};

use super::tools::{Tools, refused};
use crate::control;

impl Tools {
    pub(super) async fn remember(&self, said: Remember) -> Result<Accepted, Refused> {
        let wanted = control::Remember {
            kind: match said.kind {
                MemoryKind::Decision => Kind::Decision,
                MemoryKind::Convention => Kind::Convention,
                MemoryKind::Pitfall => Kind::Pitfall,
                MemoryKind::Command => Kind::Command,
            },
            text: said.text,
            repository: said.repository,
            path: path(said.path)?,
            evidence: said.evidence,
            supersedes: said.supersedes.map(MemoryId),
        };
        let kept = self
            .control
            .remember(self.attempt, self.token, wanted)
            .await
            .map_err(refused)?;
        Ok(Accepted::new(match kept.known {
            None => format!("Kept as memory {}.", kept.memory),
            Some(text) => format!(
                "Memory {} says this already, and has your evidence now: {text}",
                kept.memory
            ),
        }))
    }

    pub(super) async fn recall(&self, asked: Recall) -> Result<Accepted, Refused> {
        let wanted = control::Recall {
            question: asked.question,
            repository: asked.repository,
            path: path(asked.path)?,
        };
        let found = self
            .control
            .recall(self.attempt, self.token, wanted)
            .await
            .map_err(refused)?;
        let lines: String = found.iter().map(line).collect();
        Ok(Accepted::new(match lines.is_empty() {
            true => "The project's memory holds nothing of this.".to_owned(),
            false => lines,
        }))
    }
}

fn path(given: Option<String>) -> Result<Option<ScopePath>, Refused> {
    let read = given.map(ScopePath::new).transpose();
    read.map_err(|error| Refused::because(format!("path: {error}")))
}
