//! What the screen shows, without a screen.

use std::collections::VecDeque;

use team6_core::ids::{AttemptId, TaskId};
use team6_core::sprint::Event;
use team6_core::time::Timestamp;
use team6_core::trace::TraceEntry;
use team6_server::api::types::{InboxEntry, SprintDetail, SprintTask};

use crate::output::clock;
use crate::story::Story;

/// How many lines of what happened are kept.
const LINES: usize = 200;

/// A sprint as it is shown.
pub(super) struct Model {
    pub(super) sprint: SprintDetail,
    pub(super) inbox: Vec<InboxEntry>,
    /// What happened, newest last.
    pub(super) happened: VecDeque<String>,
    /// The place of the chosen task in the list.
    pub(super) selected: usize,
    /// The end of the trace that the reader looks at.
    pub(super) tail: Option<Tail>,
    pub(super) help: bool,
    /// When it will be done, if that can be said.
    pub(super) forecast: Option<String>,
    /// What everybody who works with the server should know.
    pub(super) warnings: Vec<String>,
    story: Story,
}

/// The end of the trace of an attempt.
pub(super) struct Tail {
    pub(super) attempt: AttemptId,
    pub(super) entries: Vec<TraceEntry>,
}

impl Model {
    pub(super) fn new(sprint: SprintDetail, inbox: Vec<InboxEntry>) -> Self {
        let story = Story::of(&sprint);
        let mut model = Self {
            sprint,
            inbox: Vec::new(),
            happened: VecDeque::new(),
            selected: 0,
            tail: None,
            help: false,
            forecast: None,
            warnings: Vec::new(),
            story,
        };
        let detail = model.sprint.clone();
        model.renew(detail, inbox);
        model
    }

    /// Takes over what is so now; the chosen task stays chosen.
    pub(super) fn renew(&mut self, mut sprint: SprintDetail, inbox: Vec<InboxEntry>) {
        let chosen = self.selected_task();
        sprint
            .tasks
            .sort_by_key(|task| (task.level.unwrap_or(usize::MAX), task.task.id));
        let place = sprint.tasks.iter().position(|task| Some(task.task.id) == chosen);
        self.selected = place.unwrap_or(0);
        self.sprint = sprint;
        self.inbox = inbox;
    }

    /// Notes down an event.
    pub(super) fn tell(&mut self, at: Timestamp, event: &Event) {
        if let Some(text) = self.story.text(event) {
            // There is one line for each; the tasks of a plan stand in the list anyway.
            let first = text.lines().next().unwrap_or_default();
            let first = match text.contains('\n') {
                true => first.trim_end_matches(':'),
                false => first,
            };
            self.note(&format!("{} {first}", clock(at.0)));
        }
    }

    /// Notes down a line.
    pub(super) fn note(&mut self, line: &str) {
        if self.happened.back().is_some_and(|last| last == line) {
            return;
        }
        self.happened.push_back(line.to_owned());
        if self.happened.len() > LINES {
            self.happened.pop_front();
        }
    }

    /// Goes up or down in the list of tasks.
    pub(super) fn select(&mut self, by: isize) {
        let last = self.tasks().len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(by).min(last);
    }

    /// The tasks in the order in which they can start.
    pub(super) fn tasks(&self) -> &[SprintTask] {
        &self.sprint.tasks
    }

    pub(super) fn selected_task(&self) -> Option<TaskId> {
        self.tasks().get(self.selected).map(|task| task.task.id)
    }
}
