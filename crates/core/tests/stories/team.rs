//! A sprint and everybody around it: stories say what they do, and the sprint answers why something waits.

use std::collections::BTreeMap;
use std::time::Duration;

use team6_core::failure::{Failure, FailureKind};
use team6_core::ids::{CommitId, FencingToken, PersonId, PlanVersion, RepositoryId, SprintId, TaskId};
use team6_core::plan::{Plan, PlannedTask, Priority};
use team6_core::policy::Policy;
use team6_core::sprint::{
    AgentCard, ApprovalFacts, Command, Delivered, Delivery, Event, MergeMethod, Opening, Refusal, ReviewComment,
    Sprint, Stage, ThreadAnswer, Urgency, Verdict, WorkId,
};
use team6_core::time::Timestamp;
use team6_core::trace::Usage;

pub(crate) struct Team {
    pub(crate) sprint: Sprint,
    pub(crate) now: Timestamp,
}

pub(crate) fn ada() -> PersonId {
    "ada".parse().unwrap()
}

pub(crate) fn commit(letter: char) -> CommitId {
    CommitId::new(letter.to_string().repeat(40)).unwrap()
}

pub(crate) fn repository(name: &str) -> RepositoryId {
    name.parse().unwrap()
}

/// A task in the repository `app`.
pub(crate) fn task(key: &str, depends_on: &[&str]) -> PlannedTask {
    PlannedTask {
        key: key.parse().unwrap(),
        title: format!("Do {key}"),
        what: format!("The work of {key}."),
        why: "It is needed.".into(),
        acceptance_criteria: vec![format!("{key} works")],
        depends_on: depends_on.iter().map(|key| key.parse().unwrap()).collect(),
        estimate_minutes: 30,
        priority: Priority::Normal,
        specialty: None,
        repositories: vec![repository("app")],
        paths: vec![],
    }
}

pub(crate) fn plan(tasks: Vec<PlannedTask>) -> Plan {
    Plan {
        title: "A shop".into(),
        prd: "# Why".into(),
        tasks,
    }
}

impl Team {
    /// A sprint that waits for its plan.
    pub(crate) fn opened() -> Self {
        Self::opened_with(Policy::default())
    }

    pub(crate) fn opened_with(policy: Policy) -> Self {
        let now = Timestamp(0);
        let opening = Opening {
            id: SprintId(1),
            project: "shop".parse().unwrap(),
            goal: "A shop that sells".into(),
            lead: ada(),
            planner: "planner".parse().unwrap(),
            policy,
        };
        let (sprint, _) = Sprint::open(opening, now).unwrap();
        Self { sprint, now }
    }

    /// A sprint whose agent drafted this plan.
    pub(crate) fn planned(tasks: Vec<PlannedTask>) -> Self {
        Self::planned_with(Policy::default(), tasks)
    }

    pub(crate) fn planned_with(policy: Policy, tasks: Vec<PlannedTask>) -> Self {
        let mut team = Self::opened_with(policy);
        let (attempt, token) = team.starts(WorkId::Planning);
        team.does(Command::SubmitPlan {
            attempt,
            token,
            base: None,
            plan: plan(tasks),
            first_task: TaskId(1),
        });
        let usage = Usage::default();
        team.does(Command::Reply { attempt, token, usage });
        team
    }

    /// A sprint that runs: every task is ada's.
    pub(crate) fn running(tasks: Vec<PlannedTask>) -> Self {
        let mut team = Self::planned(tasks);
        team.owns_all();
        team.approves(1);
        team
    }

    pub(crate) fn does(&mut self, command: Command) -> Vec<Event> {
        let done = self.sprint.handle(command, self.now);
        done.unwrap_or_else(|refusal| panic!("refused: {refusal}"))
    }

    pub(crate) fn refused(&mut self, command: Command) -> Refusal {
        let before = self.sprint.clone();
        let refusal = self.sprint.handle(command, self.now).unwrap_err();
        assert_eq!(self.sprint, before, "what is refused changes nothing");
        refusal
    }

    /// Time passes, and the engine looks.
    pub(crate) fn waits(&mut self, time: Duration) {
        self.now = self.now + time;
        self.does(Command::Tick);
    }

    /// Why a task waits, and for whom.
    pub(crate) fn why(&self, task: u64) -> String {
        match self.sprint.explain(TaskId(task)) {
            Some(why) => format!("{} -> {}", why.reason, why.actor),
            None => "nothing".into(),
        }
    }

    pub(crate) fn owns_all(&mut self) {
        let owners = self.sprint.tasks.keys().map(|task| (*task, ada())).collect();
        self.does(Command::SetOwners { by: ada(), owners });
    }

    pub(crate) fn approve(version: u32) -> Command {
        Self::approve_with(version, &[("coder", &[])])
    }

    /// An approval with agents and the fields that they do.
    pub(crate) fn approve_with(version: u32, agents: &[(&str, &[&str])]) -> Command {
        let agents = agents.iter().map(|(id, fields)| AgentCard {
            id: id.parse().unwrap(),
            specialties: fields.iter().map(|field| field.parse().unwrap()).collect(),
            merged: 0,
            failed: 0,
        });
        let facts = ApprovalFacts {
            may_approve: true,
            repositories: [repository("app"), repository("web")].into(),
            agents: agents.collect(),
        };
        let version = PlanVersion(version);
        Command::Approve {
            by: ada(),
            version,
            facts,
        }
    }

    pub(crate) fn approves(&mut self, version: u32) {
        self.does(Self::approve(version));
    }

    pub(crate) fn saves(&mut self, base: u32, tasks: Vec<PlannedTask>, first_task: u64) {
        self.does(Command::SavePlan {
            by: ada(),
            base: PlanVersion(base),
            plan: plan(tasks),
            note: "changed".into(),
            first_task: TaskId(first_task),
        });
    }

    /// The attempt in the queue or at work.
    pub(crate) fn live(&self, work: WorkId) -> u32 {
        let mut live = self.sprint.live_attempts();
        let found = live.find(|(_, of)| *of == work);
        found.unwrap_or_else(|| panic!("{work:?} has no attempt")).0
    }

    pub(crate) fn has_attempt(&self, task: u64) -> bool {
        let work = WorkId::Task(TaskId(task));
        self.sprint.live_attempts().any(|(_, of)| of == work)
    }

    /// A worker takes it and has its workspace.
    pub(crate) fn starts(&mut self, work: WorkId) -> (u32, FencingToken) {
        let attempt = self.live(work);
        let worker = "worker".parse().unwrap();
        self.does(Command::StartAttempt { attempt, worker });
        let token = self.sprint.attempt(attempt).unwrap().started.clone().unwrap().token;
        self.does(Command::WorkspaceReady { attempt, token });
        (attempt, token)
    }

    pub(crate) fn works_on(&mut self, task: u64) -> (u32, FencingToken) {
        self.starts(WorkId::Task(TaskId(task)))
    }

    pub(crate) fn failure(attempt: u32, token: FencingToken, kind: FailureKind, text: &str) -> Command {
        let failure = Failure {
            kind,
            text: text.into(),
            until: None,
        };
        Command::FailAttempt {
            attempt,
            token,
            failure,
            left: BTreeMap::new(),
            usage: Usage::default(),
        }
    }

    pub(crate) fn fails(&mut self, task: u64, kind: FailureKind, text: &str) {
        let (attempt, token) = self.works_on(task);
        self.does(Self::failure(attempt, token, kind, text));
    }

    pub(crate) fn deliver(&self, attempt: u32, token: FencingToken, work: &[(&str, char)]) -> Command {
        let Some(WorkId::Task(task)) = self.sprint.attempt(attempt).map(|a| a.work) else {
            panic!("attempt {attempt} is none of a task");
        };
        let answers = self.sprint.tasks[&task].open_threads().map(|thread| ThreadAnswer {
            thread: thread.id,
            commit: None,
            text: "Mended.".into(),
        });
        let results = work.iter().map(|(name, letter)| {
            let head = commit(*letter);
            (repository(name), Delivered { head, changed: true })
        });
        Command::Deliver {
            attempt,
            token,
            delivery: Delivery {
                what: "It works.".into(),
                ..Delivery::default()
            },
            answers: answers.collect(),
            results: results.collect(),
            integrated: Default::default(),
            checks: Default::default(),
            usage: Usage::default(),
        }
    }

    /// An agent delivers commits, and the forge shows them.
    pub(crate) fn delivers(&mut self, task: u64, work: &[(&str, char)]) {
        let (attempt, token) = self.works_on(task);
        self.does(self.deliver(attempt, token, work));
        for (name, letter) in work {
            self.does(Self::shown(task, name, *letter));
        }
    }

    pub(crate) fn shown(task: u64, name: &str, letter: char) -> Command {
        Command::PullRequestOpened {
            task: TaskId(task),
            repository: repository(name),
            number: task,
            head: commit(letter),
        }
    }

    pub(crate) fn review(task: u64, verdict: Verdict, comments: Vec<ReviewComment>) -> Command {
        Command::SubmitReview {
            by: ada(),
            task: TaskId(task),
            verdict,
            body: "Read.".into(),
            comments,
            heads: BTreeMap::new(),
        }
    }

    pub(crate) fn merge(task: u64) -> Command {
        Command::Merge {
            by: ada(),
            task: TaskId(task),
            method: MergeMethod::Merge,
        }
    }

    pub(crate) fn merged(task: u64, name: &str) -> Command {
        Command::PullRequestMerged {
            task: TaskId(task),
            repository: repository(name),
            commit: commit('f'),
        }
    }

    /// From work to merged, in the repository `app`.
    pub(crate) fn finishes(&mut self, task: u64) {
        self.delivers(task, &[("app", 'a')]);
        self.does(Self::review(task, Verdict::Approve, vec![]));
        self.does(Self::merge(task));
        self.does(Self::merged(task, "app"));
    }

    pub(crate) fn writes(&mut self, task: u64, text: &str) {
        self.does(Command::Chat {
            by: ada(),
            to: WorkId::Task(TaskId(task)),
            text: text.into(),
            urgency: Urgency::NextTurn,
        });
    }

    pub(crate) fn stage(&self, task: u64) -> &Stage {
        &self.sprint.tasks[&TaskId(task)].work.stage
    }
}
