//! Projects: small streams, read whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use team6_core::ids::{ProjectId, StreamVersion};
use team6_core::project::{self, Project, ProjectCommand, ProjectEvent};
use team6_core::time::Timestamp;
use team6_store::{Append, AppendError, IdempotentAnswer, NewEvent, Store, StreamId};

use super::EngineError;
use super::rows::to_json;

/// How many events are read at once.
const PAGE: u32 = 1_000;

pub(super) struct Projects {
    store: Arc<dyn Store>,
}

impl Projects {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    pub(super) async fn execute(
        &self,
        id: &ProjectId,
        command: ProjectCommand,
        actor: &str,
        answer: Option<IdempotentAnswer>,
        now: Timestamp,
    ) -> Result<ProjectEvent, EngineError> {
        loop {
            let loaded = self.load(id).await?;
            let version = loaded.as_ref().map_or(StreamVersion(0), |(_, version)| *version);
            let event = project::decide(loaded.as_ref().map(|(project, _)| project), command.clone())?;
            let mut append = Append::new(StreamId::project(id), version, now, actor);
            append.project = Some(id.clone());
            append.answer = answer.clone();
            append.events = vec![NewEvent {
                kind: event.kind().to_owned(),
                body: to_json(&event),
            }];
            match self.store.append(append).await {
                Ok(_) => return Ok(event),
                Err(AppendError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    pub(super) async fn load(&self, id: &ProjectId) -> Result<Option<(Project, StreamVersion)>, EngineError> {
        let stream = StreamId::project(id);
        let mut project = None;
        let mut version = StreamVersion(0);
        loop {
            let page = self.store.read_stream(&stream, version, PAGE).await?;
            let full = page.len() == PAGE as usize;
            for recorded in page {
                let event: ProjectEvent =
                    serde_json::from_value(recorded.body).map_err(|error| EngineError::Unreadable {
                        stream: stream.to_string(),
                        position: recorded.version.0,
                        why: error.to_string(),
                    })?;
                project = project::apply(project, &event, recorded.at);
                version = recorded.version;
            }
            if !full {
                return Ok(project.map(|project| (project, version)));
            }
        }
    }

    pub(super) async fn all(&self) -> Result<BTreeMap<ProjectId, Project>, EngineError> {
        let mut projects = BTreeMap::new();
        let mut after: Option<StreamId> = None;
        loop {
            let page = self.store.list_streams("project/", after.as_ref(), PAGE).await?;
            let Some((last, _)) = page.last() else {
                return Ok(projects);
            };
            after = Some(last.clone());
            for (stream, _) in page {
                let id = stream
                    .as_str()
                    .strip_prefix("project/")
                    .and_then(|name| name.parse().ok());
                if let Some((project, _)) = match id {
                    Some(id) => self.load(&id).await?,
                    None => None,
                } {
                    projects.insert(project.id.clone(), project);
                }
            }
        }
    }
}
