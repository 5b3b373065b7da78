//! What events make of a project's memory.

use super::rules::Memories;
use super::words::Print;
use super::{Evidence, Kind, Memory, MemoryEvent, Scope, Source, State, Uses, Verdict};
use crate::ids::MemoryId;
use crate::time::Timestamp;

impl Memories {
    /// Changes the state as an event says.
    pub fn apply(&mut self, event: &MemoryEvent, at: Timestamp) {
        match event {
            MemoryEvent::MemoryRemembered {
                memory,
                kind,
                text,
                scope,
                evidence,
                source,
            } => self.insert(*memory, *kind, text, scope, evidence, source, State::Active, at),
            MemoryEvent::MemoryProposed {
                memory,
                kind,
                text,
                scope,
                evidence,
                source,
            } => self.insert(*memory, *kind, text, scope, evidence, source, State::Candidate, at),
            MemoryEvent::EvidenceAdded {
                memory,
                evidence,
                source,
            } => self.change(*memory, at, |known| {
                known.evidence.push(Evidence {
                    text: evidence.clone(),
                    source: source.clone(),
                    at,
                });
            }),
            MemoryEvent::MemorySuperseded { memory, by } => self.change(*memory, at, |known| {
                known.state = State::Superseded { by: *by };
                known.pinned = false;
            }),
            MemoryEvent::MemoryAccepted { memory, .. } | MemoryEvent::MemoryRestored { memory, .. } => {
                self.change(*memory, at, |known| known.state = State::Active);
            }
            MemoryEvent::MemoryEdited {
                memory,
                kind,
                text,
                scope,
                by,
            } => {
                self.prints.insert(*memory, Print::of(text));
                self.change(*memory, at, |known| {
                    known.kind = *kind;
                    known.text.clone_from(text);
                    known.scope.clone_from(scope);
                    known.edited_by = Some(by.clone());
                });
            }
            MemoryEvent::MemoryPinned { memory, .. } => self.change(*memory, at, |known| known.pinned = true),
            MemoryEvent::MemoryUnpinned { memory, .. } => self.change(*memory, at, |known| known.pinned = false),
            MemoryEvent::MemoryRetired { memory, why, by } => self.change(*memory, at, |known| {
                known.state = State::Retired {
                    by: by.clone(),
                    why: why.clone(),
                };
                known.pinned = false;
            }),
            MemoryEvent::MemoriesGiven {
                attempt,
                task,
                memories,
            } => {
                for id in memories {
                    self.count(*id, |uses| uses.given = uses.given.saturating_add(1));
                }
                if let Some(task) = task {
                    let open = self.open.entry(*task).or_default();
                    open.attempts.insert(*attempt);
                    for id in memories {
                        open.memories.entry(*id).or_insert(*attempt);
                    }
                }
            }
            MemoryEvent::OutcomeNoted {
                task,
                verdict,
                memories,
            } => {
                self.open.remove(task);
                for id in memories {
                    self.count(*id, |uses| match verdict {
                        Verdict::Passed => uses.passed = uses.passed.saturating_add(1),
                        Verdict::SentBack => uses.sent_back = uses.sent_back.saturating_add(1),
                        Verdict::Dropped => {}
                    });
                }
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "they are the fields of two events")]
    fn insert(
        &mut self,
        id: MemoryId,
        kind: Kind,
        text: &str,
        scope: &Scope,
        evidence: &str,
        source: &Source,
        state: State,
        at: Timestamp,
    ) {
        self.prints.insert(id, Print::of(text));
        let evidence = Evidence {
            text: evidence.to_owned(),
            source: source.clone(),
            at,
        };
        let memory = Memory {
            id,
            kind,
            text: text.to_owned(),
            scope: scope.clone(),
            evidence: vec![evidence],
            source: source.clone(),
            state,
            pinned: false,
            created_at: at,
            updated_at: at,
            edited_by: None,
            uses: Uses::default(),
        };
        self.all.insert(id, memory);
    }

    fn change(&mut self, id: MemoryId, at: Timestamp, change: impl FnOnce(&mut Memory)) {
        if let Some(known) = self.all.get_mut(&id) {
            change(known);
            known.updated_at = at;
        }
    }

    /// What became of a use says nothing of when the memory was last held to be so.
    fn count(&mut self, id: MemoryId, count: impl FnOnce(&mut Uses)) {
        if let Some(known) = self.all.get_mut(&id) {
            count(&mut known.uses);
        }
    }
}
