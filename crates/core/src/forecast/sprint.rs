//! The rest of a sprint as it stands.

use std::collections::HashMap;

use super::history::span;
use super::{OpenTask, Progress, Rest};
use crate::ids::TaskId;
use crate::sprint::{Sprint, SprintPhase, Stage, Task};
use crate::time::Timestamp;

impl Rest {
    /// What is left of a running sprint; none if it does not run. What was delegated is a part of its parent's work.
    pub fn of(sprint: &Sprint, slots: usize, now: Timestamp) -> Option<Self> {
        if sprint.phase != SprintPhase::Running {
            return None;
        }
        let open = |task: &&Task| task.approved.is_some() && !task.work.stage.is_ended() && task.parent().is_none();
        let tasks: Vec<&Task> = sprint.tasks.values().filter(open).collect();
        let places: HashMap<TaskId, usize> = tasks.iter().enumerate().map(|(at, task)| (task.id, at)).collect();
        let tasks = tasks.iter().map(|task| OpenTask {
            id: task.id,
            estimate_minutes: task.planned.estimate_minutes,
            needs: task
                .dependencies
                .iter()
                .filter_map(|on| places.get(on).copied())
                .collect(),
            owner: task.owner.clone(),
            progress: progress(sprint, task, now),
        });
        Some(Self {
            now,
            tasks: tasks.collect(),
            slots,
            seed: sprint.policy.seed,
        })
    }
}

fn progress(sprint: &Sprint, task: &Task, now: Timestamp) -> Progress {
    let since = span(task.work.since, now);
    let delivered = task.deliveries;
    match &task.work.stage {
        Stage::Running { attempt, .. } | Stage::AwaitingSubtasks { attempt } => {
            let began = sprint.attempt(*attempt).and_then(|attempt| attempt.started.as_ref());
            Progress::Working {
                since: began.map_or(since, |started| span(started.at, now)),
                delivered,
            }
        }
        Stage::Publishing { .. }
        | Stage::InReview
        | Stage::Delivered
        | Stage::Merging { .. }
        | Stage::Reverting { .. } => Progress::InReview { since, delivered },
        Stage::Asking { .. } | Stage::Failed { .. } => Progress::Stuck { since },
        // Sent back, and nobody at work on it yet.
        Stage::Waiting { .. } | Stage::Queued { .. } if delivered > 0 => Progress::Working { since: 0.0, delivered },
        _ => Progress::Waiting,
    }
}
