//! What the reader of a stream wants to hear of.

use std::collections::BTreeSet;
use std::str::FromStr;

use team6_core::ids::{AttemptId, PersonId, ProjectId, SprintId};

use super::error::ApiError;
use super::feed::{Inboxes, Told};

/// What is wanted of the log; everything if nothing is named.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Topics {
    sprints: BTreeSet<SprintId>,
    projects: BTreeSet<ProjectId>,
    inboxes: BTreeSet<PersonId>,
}

/// Something to hear of, as it is written: `sprint:3`, `project:web`, `inbox:ada`, `trace:s3-a7` or `trace:s3-a7@120`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Topic {
    Sprint(SprintId),
    Project(ProjectId),
    Inbox(PersonId),
    /// A trace, after an entry.
    Trace(AttemptId, u64),
}

impl FromStr for Topic {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (kind, id) = text.split_once(':').ok_or(())?;
        Ok(match kind {
            "sprint" => Self::Sprint(id.parse().map_err(drop)?),
            "project" => Self::Project(id.parse().map_err(drop)?),
            "inbox" => Self::Inbox(id.parse().map_err(drop)?),
            "trace" => {
                let (attempt, after) = id.split_once('@').unwrap_or((id, "0"));
                Self::Trace(attempt.parse().map_err(drop)?, after.parse().map_err(drop)?)
            }
            _ => return Err(()),
        })
    }
}

impl Topics {
    /// Reads topics that are separated by commas, and the traces among them, if there may be any.
    pub(super) fn read(text: &str, traces: bool) -> Result<(Self, Vec<(AttemptId, u64)>), ApiError> {
        let (mut topics, mut followed) = (Self::default(), Vec::new());
        for topic in text.split(',').map(str::trim).filter(|topic| !topic.is_empty()) {
            match topic.parse() {
                Ok(Topic::Sprint(id)) => drop(topics.sprints.insert(id)),
                Ok(Topic::Project(id)) => drop(topics.projects.insert(id)),
                Ok(Topic::Inbox(id)) => drop(topics.inboxes.insert(id)),
                Ok(Topic::Trace(attempt, after)) if traces => followed.push((attempt, after)),
                _ => {
                    let trace = if traces { ", trace:s3-a7" } else { "" };
                    let text =
                        format!("topics: {topic:?} is no topic; write sprint:3, project:web{trace} or inbox:ada");
                    return Err(ApiError::bad("bad-query", text));
                }
            }
        }
        Ok((topics, followed))
    }

    fn is_empty(&self) -> bool {
        self.sprints.is_empty() && self.projects.is_empty() && self.inboxes.is_empty()
    }

    /// Whether an event is wanted.
    pub(super) fn want(&self, told: &Told) -> bool {
        self.is_empty()
            || told.sprint.is_some_and(|sprint| self.sprints.contains(&sprint))
            || told
                .project
                .as_ref()
                .is_some_and(|project| self.projects.contains(project))
            || match &told.inboxes {
                Inboxes::Nobodys => false,
                Inboxes::Everybodys => !self.inboxes.is_empty(),
                Inboxes::Of(people) => !self.inboxes.is_disjoint(people),
            }
    }
}
