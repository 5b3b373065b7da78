//! Whether what a list is asked by exists at all: an empty list would pass for one of something that has nothing.

use team6_core::ids::{PersonId, ProjectId, SprintId};

use super::ApiState;
use super::error::ApiError;
use crate::engine::EngineError;

impl ApiState {
    /// Refuses a project that there is not.
    pub(super) async fn knows_project(&self, project: Option<&ProjectId>) -> Result<(), ApiError> {
        match project {
            Some(project) => Ok(self.engine.project(project).await.map(drop)?),
            None => Ok(()),
        }
    }

    /// Refuses a sprint that there is not.
    pub(super) async fn knows_sprint(&self, sprint: Option<SprintId>) -> Result<(), ApiError> {
        match sprint {
            Some(sprint) if self.store().sprint(sprint).await?.is_none() => {
                Err(EngineError::NoSuchSprint(sprint).into())
            }
            _ => Ok(()),
        }
    }

    /// Refuses a person who is not in the team. Who left it may still have work, so it is asked only of who has none.
    pub(super) fn knows_person(&self, person: Option<&PersonId>) -> Result<(), ApiError> {
        match person {
            Some(person) if !self.people.contains_key(person) => {
                let known: Vec<&str> = self.people.keys().map(PersonId::as_str).collect();
                let text = format!("{person} is not one of the people: {}", known.join(", "));
                Err(ApiError::missing("unknown-person", text).with("people", known))
            }
            _ => Ok(()),
        }
    }
}
