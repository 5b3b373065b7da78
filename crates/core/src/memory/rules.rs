//! What follows from what is asked of a project's memory: commands in, events or a refusal out.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::words::Print;
use super::{
    EVIDENCE_KEPT, EVIDENCE_MOST, Ended, Evidence, HELD_MOST, Kind, Memory, MemoryCommand, MemoryEvent, MemoryRefusal,
    Scope, Source, State, TEXT_LEAST, TEXT_MOST, Verdict, secrets,
};
use crate::ids::{AttemptId, MemoryId, PersonId, TaskId};

/// The memory of a project.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub struct Memories {
    pub(super) all: BTreeMap<MemoryId, Memory>,
    /// What the attempts of tasks were given that have not ended.
    pub(super) open: BTreeMap<TaskId, Given>,
    /// What texts are compared by; made anew from them.
    #[serde(skip)]
    pub(super) prints: BTreeMap<MemoryId, Print>,
}

/// What the attempts of a task were given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Given {
    pub(super) attempts: BTreeSet<AttemptId>,
    /// With the attempt that was given each first.
    pub(super) memories: BTreeMap<MemoryId, AttemptId>,
}

#[derive(Deserialize)]
struct Stored {
    all: BTreeMap<MemoryId, Memory>,
    open: BTreeMap<TaskId, Given>,
}

impl From<Stored> for Memories {
    fn from(stored: Stored) -> Self {
        let prints = stored.all.iter().map(|(id, memory)| (*id, Print::of(&memory.text)));
        Self {
            prints: prints.collect(),
            all: stored.all,
            open: stored.open,
        }
    }
}

/// What a command leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handled {
    /// The memory that it is about: where something was said before, the one that says it.
    pub memory: Option<MemoryId>,
    /// The events; none if all is as it should be already.
    pub events: Vec<MemoryEvent>,
}

impl Handled {
    fn of(memory: MemoryId, events: Vec<MemoryEvent>) -> Self {
        Self {
            memory: Some(memory),
            events,
        }
    }
}

impl Memories {
    /// One of them.
    pub fn get(&self, id: MemoryId) -> Option<&Memory> {
        self.all.get(&id)
    }

    /// All of them, by number.
    pub fn all(&self) -> impl Iterator<Item = &Memory> {
        self.all.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether nothing was ever learnt.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// What the attempts of a task were given so far; nothing once it has ended.
    pub fn given_to(&self, task: TaskId) -> impl Iterator<Item = MemoryId> {
        self.open
            .get(&task)
            .into_iter()
            .flat_map(|given| given.memories.keys().copied())
    }

    /// Which events follow from a command.
    pub fn handle(&self, command: MemoryCommand) -> Result<Handled, MemoryRefusal> {
        match command {
            MemoryCommand::Remember {
                kind,
                text,
                scope,
                evidence,
                supersedes,
                source,
            } => self.remember(kind, &text, scope, &evidence, supersedes, source),
            MemoryCommand::Propose {
                kind,
                text,
                scope,
                evidence,
                source,
                member,
            } => match member {
                true => self.propose(kind, &text, scope, &evidence, source),
                false => Err(MemoryRefusal::NotAMember),
            },
            MemoryCommand::Accept { memory, by } => self.accept(memory, by),
            MemoryCommand::Edit {
                memory,
                kind,
                text,
                scope,
                by,
            } => self.edit(memory, kind, text.as_deref(), scope, by),
            MemoryCommand::Pin { memory, by } => {
                let known = self.active(memory)?;
                let event = MemoryEvent::MemoryPinned { memory, by };
                Ok(Handled::of(memory, unless(known.pinned, event)))
            }
            MemoryCommand::Unpin { memory, by } => {
                let known = self.known(memory)?;
                let event = MemoryEvent::MemoryUnpinned { memory, by };
                Ok(Handled::of(memory, unless(!known.pinned, event)))
            }
            MemoryCommand::Retire { memory, why, by } => {
                let retired = matches!(self.known(memory)?.state, State::Retired { .. });
                let why = why.trim().chars().take(EVIDENCE_MOST).collect();
                let event = MemoryEvent::MemoryRetired { memory, why, by };
                Ok(Handled::of(memory, unless(retired, event)))
            }
            MemoryCommand::Restore { memory, by } => self.restore(memory, by),
            MemoryCommand::Give {
                attempt,
                task,
                memories,
            } => Ok(self.give(attempt, task, memories)),
            MemoryCommand::Judge { task, ended } => Ok(self.judge(task, ended)),
        }
    }

    fn remember(
        &self,
        kind: Kind,
        text: &str,
        scope: Scope,
        evidence: &str,
        supersedes: Option<MemoryId>,
        source: Source,
    ) -> Result<Handled, MemoryRefusal> {
        let (text, evidence) = (checked_text(text)?, checked_evidence(evidence)?);
        let print = Print::of(&text);
        if let Some(old) = supersedes {
            let known = self.active(old)?;
            if known.pinned && source.is_agent() {
                return Err(MemoryRefusal::Pinned { memory: old });
            }
            if known.scope == scope && self.is_alike(old, &print) {
                return Err(MemoryRefusal::SaidAlready { memory: old });
            }
        }
        let said = self.alike(&scope, &print);
        let active = said.iter().find(|memory| memory.is_active());
        if let (None, true) = (active, source.is_agent())
            && let Some(refusal) = said.iter().find_map(|memory| taken_out(memory))
        {
            return Err(refusal);
        }
        let (memory, event) = match active {
            Some(known) => (known.id, self.confirmed(known, evidence, source)),
            None => {
                let memory = self.next()?;
                let event = MemoryEvent::MemoryRemembered {
                    memory,
                    kind,
                    text,
                    scope,
                    evidence,
                    source,
                };
                (memory, Some(event))
            }
        };
        let superseded = supersedes.map(|old| MemoryEvent::MemorySuperseded {
            memory: old,
            by: memory,
        });
        Ok(Handled::of(memory, event.into_iter().chain(superseded).collect()))
    }

    fn propose(
        &self,
        kind: Kind,
        text: &str,
        scope: Scope,
        evidence: &str,
        source: Source,
    ) -> Result<Handled, MemoryRefusal> {
        let (text, evidence) = (checked_text(text)?, checked_evidence(evidence)?);
        let same_source = |memory: &&Memory| {
            let mut sources = memory.evidence.iter().map(|evidence| &evidence.source);
            memory.source == source || sources.any(|known| *known == source)
        };
        if let Some(known) = self.all.values().find(same_source) {
            return Ok(Handled::of(known.id, Vec::new()));
        }
        let said = self.alike(&scope, &Print::of(&text));
        let known = said.iter().find(|memory| memory.is_active()).or(said.first());
        if let Some(known) = known {
            let confirmed = self.confirmed(known, evidence, source);
            return Ok(Handled::of(known.id, confirmed.into_iter().collect()));
        }
        let memory = self.next()?;
        let event = MemoryEvent::MemoryProposed {
            memory,
            kind,
            text,
            scope,
            evidence,
            source,
        };
        Ok(Handled::of(memory, vec![event]))
    }

    fn accept(&self, memory: MemoryId, by: PersonId) -> Result<Handled, MemoryRefusal> {
        let known = self.known(memory)?;
        match &known.state {
            State::Candidate => {}
            State::Active => return Err(MemoryRefusal::Counts { memory }),
            state => {
                let state = state.as_str().to_owned();
                return Err(MemoryRefusal::NotCandidate { memory, state });
            }
        }
        self.nobody_else_says(memory, &known.scope, &Print::of(&known.text))?;
        Ok(Handled::of(memory, vec![MemoryEvent::MemoryAccepted { memory, by }]))
    }

    fn edit(
        &self,
        memory: MemoryId,
        kind: Option<Kind>,
        text: Option<&str>,
        scope: Option<Scope>,
        by: PersonId,
    ) -> Result<Handled, MemoryRefusal> {
        let known = self.known(memory)?;
        if kind.is_none() && text.is_none() && scope.is_none() {
            return Err(MemoryRefusal::NoChange);
        }
        let text = text.map_or_else(|| Ok(known.text.clone()), checked_text)?;
        let (kind, scope) = (kind.unwrap_or(known.kind), scope.unwrap_or_else(|| known.scope.clone()));
        if known.is_active() {
            self.nobody_else_says(memory, &scope, &Print::of(&text))?;
        }
        let same = kind == known.kind && text == known.text && scope == known.scope;
        let event = MemoryEvent::MemoryEdited {
            memory,
            kind,
            text,
            scope,
            by,
        };
        Ok(Handled::of(memory, unless(same, event)))
    }

    fn restore(&self, memory: MemoryId, by: PersonId) -> Result<Handled, MemoryRefusal> {
        let known = self.known(memory)?;
        match &known.state {
            State::Active => return Err(MemoryRefusal::Counts { memory }),
            State::Candidate => {
                let state = known.state.as_str().to_owned();
                return Err(MemoryRefusal::NotActive { memory, state });
            }
            State::Superseded { .. } | State::Retired { .. } => {}
        }
        self.nobody_else_says(memory, &known.scope, &Print::of(&known.text))?;
        Ok(Handled::of(memory, vec![MemoryEvent::MemoryRestored { memory, by }]))
    }

    /// What an attempt is given is recorded once; what has been taken out meanwhile is not.
    fn give(&self, attempt: AttemptId, task: Option<TaskId>, memories: Vec<MemoryId>) -> Handled {
        let told = |given: &Given| given.attempts.contains(&attempt);
        let known = task.and_then(|task| self.open.get(&task)).is_some_and(told);
        let mut seen = BTreeSet::new();
        let mut memories = memories;
        memories.retain(|id| self.all.get(id).is_some_and(Memory::is_active) && seen.insert(*id));
        let nothing = known || memories.is_empty();
        let event = MemoryEvent::MemoriesGiven {
            attempt,
            task,
            memories,
        };
        Handled {
            memory: None,
            events: unless(nothing, event),
        }
    }

    /// What was given only to whoever mended the work had no part in what was sent back.
    fn judge(&self, task: TaskId, ended: Ended) -> Handled {
        let verdict = |first: AttemptId| match ended {
            Ended::Dropped => Verdict::Dropped,
            Ended::Merged { mended_by } if mended_by.is_some_and(|mended| first < mended) => Verdict::SentBack,
            Ended::Merged { .. } => Verdict::Passed,
        };
        let mut judged: BTreeMap<Verdict, Vec<MemoryId>> = BTreeMap::new();
        for (id, first) in self.open.get(&task).into_iter().flat_map(|given| &given.memories) {
            judged.entry(verdict(*first)).or_default().push(*id);
        }
        let noted = judged.into_iter().map(|(verdict, memories)| MemoryEvent::OutcomeNoted {
            task,
            verdict,
            memories,
        });
        Handled {
            memory: None,
            events: noted.collect(),
        }
    }

    fn known(&self, memory: MemoryId) -> Result<&Memory, MemoryRefusal> {
        self.all.get(&memory).ok_or(MemoryRefusal::NoSuchMemory { memory })
    }

    fn active(&self, memory: MemoryId) -> Result<&Memory, MemoryRefusal> {
        let known = self.known(memory)?;
        match &known.state {
            State::Active => Ok(known),
            state => Err(MemoryRefusal::NotActive {
                memory,
                state: state.as_str().to_owned(),
            }),
        }
    }

    fn next(&self) -> Result<MemoryId, MemoryRefusal> {
        let held = |memory: &&Memory| matches!(memory.state, State::Active | State::Candidate);
        if self.all.len() >= HELD_MOST && self.all.values().filter(held).count() >= HELD_MOST {
            return Err(MemoryRefusal::Full);
        }
        Ok(MemoryId(self.all.keys().next_back().map_or(1, |last| last.0 + 1)))
    }

    /// What confirms a memory; nothing once enough does, or for the same words of the same source.
    fn confirmed(&self, known: &Memory, evidence: String, source: Source) -> Option<MemoryEvent> {
        let told = |other: &Evidence| other.source == source && other.text == evidence;
        let enough = known.evidence.len() >= EVIDENCE_KEPT || known.evidence.iter().any(told);
        (!enough).then_some(MemoryEvent::EvidenceAdded {
            memory: known.id,
            evidence,
            source,
        })
    }

    fn is_alike(&self, memory: MemoryId, print: &Print) -> bool {
        self.prints.get(&memory).is_some_and(|known| known.is_alike(print))
    }

    /// The memories of a scope that say the same.
    fn alike(&self, scope: &Scope, print: &Print) -> Vec<&Memory> {
        let here = self.all.values().filter(|memory| memory.scope == *scope);
        here.filter(|memory| self.is_alike(memory.id, print)).collect()
    }

    /// Refuses that two active memories of a scope are written in the same words.
    fn nobody_else_says(&self, memory: MemoryId, scope: &Scope, print: &Print) -> Result<(), MemoryRefusal> {
        let same = |other: &&Memory| {
            other.id != memory
                && other.is_active()
                && other.scope == *scope
                && self.prints.get(&other.id).is_some_and(|known| known.is_same(print))
        };
        match self.all.values().find(same) {
            Some(other) => Err(MemoryRefusal::SaidAlready { memory: other.id }),
            None => Ok(()),
        }
    }
}

fn unless(done: bool, event: MemoryEvent) -> Vec<MemoryEvent> {
    match done {
        true => Vec::new(),
        false => vec![event],
    }
}

fn taken_out(memory: &Memory) -> Option<MemoryRefusal> {
    match &memory.state {
        State::Retired { by, why } => Some(MemoryRefusal::TakenOut {
            memory: memory.id,
            by: by.clone(),
            why: why.clone(),
        }),
        _ => None,
    }
}

fn checked_text(text: &str) -> Result<String, MemoryRefusal> {
    let text = text.trim();
    match text.chars().count() {
        0..TEXT_LEAST => Err(MemoryRefusal::TooShort),
        characters if characters > TEXT_MOST => Err(MemoryRefusal::TooLong { characters }),
        _ => no_secret(text),
    }
}

fn checked_evidence(evidence: &str) -> Result<String, MemoryRefusal> {
    let evidence = evidence.trim();
    match evidence.chars().count() {
        characters if characters > EVIDENCE_MOST => Err(MemoryRefusal::EvidenceTooLong { characters }),
        _ => no_secret(evidence),
    }
}

fn no_secret(text: &str) -> Result<String, MemoryRefusal> {
    match secrets::found(text) {
        Some(what) => Err(MemoryRefusal::SeemsSecret { what }),
        None => Ok(text.to_owned()),
    }
}
