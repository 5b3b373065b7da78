//! What is known of the past of a project, for forecasts: its finished tasks, and a sprint as it was when it was approved.

use team6_core::forecast::History;
use team6_core::ids::{SprintId, StreamVersion};
use team6_core::sprint::{Event, Sprint};
use team6_core::time::Timestamp;
use team6_store::{SprintFilter, StreamId};

use super::sprints::{PAGE, replayed};
use super::{Engine, EngineError};

/// How many of a project's newest sprints are learnt from: what was long ago says little of a team.
const SPRINTS: u32 = 20;

impl Engine {
    /// What the newest sprints of a sprint's project teach, as far as it had happened by then.
    pub async fn history(&self, of: SprintId, until: Timestamp) -> Result<History, EngineError> {
        let project = self.read(of, |sprint, _| sprint.project.clone()).await?;
        let filter = SprintFilter {
            project: Some(project),
            ..SprintFilter::default()
        };
        let mut history = History::default();
        for row in self.store().sprints(&filter, SPRINTS).await? {
            self.read(row.id, |sprint, _| history.learn(sprint, until)).await?;
        }
        Ok(history)
    }

    /// A sprint as it was at a version of it; none if it never had that version.
    pub async fn at_version(&self, id: SprintId, at: StreamVersion) -> Result<Option<Sprint>, EngineError> {
        let stream = StreamId::sprint(id);
        let (mut sprint, mut version) = (None::<Sprint>, StreamVersion(0));
        while version < at {
            let left = u32::try_from(at.0 - version.0).unwrap_or(PAGE).min(PAGE);
            let events = self.store().read_stream(&stream, version, left).await?;
            let Some(last) = events.last() else { return Ok(None) };
            version = last.version;
            for recorded in &events {
                replayed(&mut sprint, recorded)?;
            }
        }
        Ok(sprint)
    }

    /// A sprint as it was when its first plan was approved, and when that was; none if none was.
    pub async fn at_approval(&self, id: SprintId) -> Result<Option<(Sprint, Timestamp)>, EngineError> {
        let stream = StreamId::sprint(id);
        let (mut sprint, mut version) = (None::<Sprint>, StreamVersion(0));
        loop {
            let events = self.store().read_stream(&stream, version, PAGE).await?;
            let Some(last) = events.last() else { return Ok(None) };
            version = last.version;
            for recorded in events {
                let event = replayed(&mut sprint, &recorded)?;
                if matches!(event, Event::PlanApproved { .. }) {
                    return Ok(sprint.map(|sprint| (sprint, recorded.at)));
                }
            }
        }
    }
}
