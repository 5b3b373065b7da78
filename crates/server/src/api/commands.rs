//! Carries out orders, each once however often it is sent.
//!
//! What is kept of an order is that it was carried out, not its answer: a repeated one is answered with what is there
//! now, which is what whoever asks again wants to see.

use axum::Json;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use team6_core::ids::{PersonId, ProjectId, SprintId, StreamVersion, TaskId};
use team6_core::project::{Project, ProjectCommand};
use team6_core::sprint::{Command, Event, Sprint};

use super::error::ApiError;
use super::request::{Key, Order};
use super::types::{Changed, SprintItem, TaskItem};
use super::{ApiState, views};
use crate::engine::EngineError;

pub(super) type Answer<T> = Result<Json<T>, ApiError>;

/// What a carried out order led to.
pub(super) struct CarriedOut {
    pub(super) events: Vec<Event>,
}

impl ApiState {
    /// Carries out an order on a sprint, unless it was carried out before.
    pub(super) async fn carry_out(
        &self,
        sprint: SprintId,
        by: &PersonId,
        key: Option<&Key>,
        command: Command,
    ) -> Result<CarriedOut, ApiError> {
        if self.was_carried_out(key).await?.is_some() {
            return Ok(CarriedOut { events: Vec::new() });
        }
        let answer = key.map(|key| key.answer(json!({ "sprint": sprint })));
        match self.engine.execute(sprint, command, by.as_str(), answer).await {
            Ok(done) => Ok(CarriedOut { events: done.events }),
            Err(EngineError::AlreadyAnswered(_)) => Ok(CarriedOut { events: Vec::new() }),
            // The same order may have come through at the same time, and be what now stands in its own way.
            Err(error) => match self.was_carried_out(key).await? {
                Some(_) => Ok(CarriedOut { events: Vec::new() }),
                None => Err(error.into()),
            },
        }
    }

    /// Carries out an order on a project, unless it was carried out before, and shows the project.
    pub(super) async fn on_project(
        &self,
        project: &ProjectId,
        by: &PersonId,
        key: Option<&Key>,
        command: ProjectCommand,
    ) -> Result<Project, ApiError> {
        if self.was_carried_out(key).await?.is_none() {
            let answer = key.map(|key| key.answer(json!({ "project": project })));
            let done = self.engine.change_project(project, command, by.as_str(), answer);
            // As for sprints, the same order may have come through at the same time.
            if let Err(error) = done.await
                && self.was_carried_out(key).await?.is_none()
            {
                return Err(error.into());
            }
        }
        Ok(self.engine.project(project).await?)
    }

    pub(super) async fn was_carried_out(&self, key: Option<&Key>) -> Result<Option<Value>, ApiError> {
        match key {
            Some(key) => Ok(self.store().answer(&key.name, &key.request).await?),
            None => Ok(None),
        }
    }

    /// Carries out an order on a sprint, and shows the sprint.
    pub(super) async fn on_sprint<T>(
        &self,
        sprint: SprintId,
        order: Order<T>,
        command: impl FnOnce(PersonId, T) -> Command,
    ) -> Answer<Changed<SprintItem>> {
        let command = command(order.by.clone(), order.body);
        let done = self.carry_out(sprint, &order.by, order.key.as_ref(), command).await?;
        self.changed_sprint(sprint, &done.events).await.map(Json)
    }

    pub(super) async fn changed_sprint(
        &self,
        sprint: SprintId,
        events: &[Event],
    ) -> Result<Changed<SprintItem>, ApiError> {
        let shown = |sprint: &Sprint, version: StreamVersion| (views::sprint_item(sprint), version);
        let (item, version) = self.engine.read(sprint, shown).await?;
        Ok(Changed {
            item,
            version,
            events: kinds(events),
        })
    }

    /// Carries out an order on a task, and shows the task.
    pub(super) async fn on_task<T>(
        &self,
        task: TaskId,
        order: Order<T>,
        command: impl FnOnce(PersonId, T) -> Command,
    ) -> Answer<Changed<TaskItem>> {
        self.on_task_for(task, order, command, |_| None).await
    }

    /// Carries out an order on a task, and shows the task that came of it by one of its events, or else the same one.
    pub(super) async fn on_task_for<T>(
        &self,
        task: TaskId,
        order: Order<T>,
        command: impl FnOnce(PersonId, T) -> Command,
        made: impl Fn(&Event) -> Option<TaskId>,
    ) -> Answer<Changed<TaskItem>> {
        let sprint = self.engine.sprint_of(task).await?;
        let command = command(order.by.clone(), order.body);
        let done = self.carry_out(sprint, &order.by, order.key.as_ref(), command).await?;
        let task = done.events.iter().find_map(made).unwrap_or(task);
        let shown = |sprint: &Sprint, version: StreamVersion| (sprint.task_summary(task), version);
        let (summary, version) = self.engine.read(sprint, shown).await?;
        let summary = summary.ok_or(EngineError::NoSuchTask(task))?;
        Ok(Json(Changed {
            item: views::task_item(summary),
            version,
            events: kinds(&done.events),
        }))
    }
}

pub(super) fn kinds(events: &[Event]) -> Vec<String> {
    events.iter().map(|event| event.kind().to_owned()).collect()
}

/// What is kept of an order to open a sprint: where in the log the sprint is to be found.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Opened {
    /// The head of the log before it was opened.
    pub(super) after: u64,
}
