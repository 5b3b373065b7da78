//! Whether what a task should know is among the first memories that it is told, on a test bench; see README.md.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "the figure is the point")]

use serde::Deserialize;
use team6_core::ids::{AgentId, AttemptId, MemoryId, ProjectId, RepositoryId, SprintId, StreamVersion, TaskId};
use team6_core::memory::{Kind, Memories, MemoryCommand, Scope, ScopePath, Sought, Source};
use team6_core::policy::MemoryLimits;
use team6_core::time::Timestamp;
use team6_store::{Append, DataFolder, EventLog, MemoryRow, NewEvent, Question, SqliteStore, StreamId, recall};
use tempfile::TempDir;

/// How many memories of those that a task is told are looked at.
const FIRST: usize = 5;

#[derive(Deserialize)]
struct Learnt {
    memory: Vec<LearntMemory>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LearntMemory {
    kind: Kind,
    repository: Option<RepositoryId>,
    path: Option<ScopePath>,
    text: String,
}

#[derive(Deserialize)]
struct Planned {
    task: Vec<PlannedTask>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlannedTask {
    title: String,
    what: String,
    repositories: Vec<RepositoryId>,
    #[serde(default)]
    paths: Vec<ScopePath>,
    best: Vec<u64>,
}

fn shop() -> ProjectId {
    "shop".parse().unwrap()
}

/// The memories of the bench as the rules keep them.
fn memories() -> Memories {
    let learnt: Learnt = toml::from_str(include_str!("memories.toml")).unwrap();
    let mut memories = Memories::default();
    for (n, learnt) in (1..).zip(learnt.memory) {
        let command = MemoryCommand::Remember {
            kind: learnt.kind,
            text: learnt.text,
            scope: Scope::of(learnt.repository, learnt.path).unwrap(),
            evidence: String::new(),
            supersedes: None,
            source: Source::Agent {
                agent: AgentId::new("backend").unwrap(),
                attempt: AttemptId { sprint: SprintId(1), n },
                task: Some(TaskId(n.into())),
            },
        };
        let handled = memories.handle(command).unwrap();
        assert_eq!(
            handled.memory,
            Some(MemoryId(n.into())),
            "each memory of the bench is one of its own"
        );
        handled
            .events
            .iter()
            .for_each(|event| memories.apply(event, Timestamp(0)));
    }
    memories
}

#[tokio::test]
async fn what_a_task_should_know_is_among_the_first_five_memories() {
    let place = TempDir::new().unwrap();
    let folder = DataFolder::open(place.path().join("data")).unwrap();
    let store = SqliteStore::open(&folder).await.unwrap();
    let mut append = Append::new(StreamId::memory(&shop()), StreamVersion(0), Timestamp(0), "bench");
    append.events = vec![NewEvent {
        kind: "noted".into(),
        body: serde_json::Value::Null,
    }];
    append.rows.memories = memories().all().map(|memory| MemoryRow::of(&shop(), memory)).collect();
    assert!(append.rows.memories.len() >= 60);
    store.append(append).await.unwrap();

    let settled: Planned = toml::from_str(include_str!("tasks.toml")).unwrap();
    let fresh: Planned = toml::from_str(include_str!("fresh.toml")).unwrap();
    assert!(settled.task.len() >= 40 && fresh.task.len() >= 20);
    let mut all = Figures::default();
    for (name, planned) in [
        ("by which words and weights were settled", settled),
        ("written after that", fresh),
    ] {
        let mut figures = Figures::default();
        for task in planned.task {
            let told = first_told(&store, &task).await;
            figures.count(&task, &told);
            all.count(&task, &told);
        }
        println!("tasks {name}: {figures}");
    }
    println!("all tasks: {all}");
    assert!(all.recall() >= 0.9, "{all}");
}

/// The memories that a task is told first.
async fn first_told(store: &SqliteStore, task: &PlannedTask) -> Vec<u64> {
    let question = Question {
        project: shop(),
        title: task.title.clone(),
        text: task.what.clone(),
        sought: Sought {
            repositories: task.repositories.clone(),
            paths: task.paths.clone(),
        },
    };
    let told = recall(store, &question, Timestamp(1), MemoryLimits::default())
        .await
        .unwrap();
    told.iter().take(FIRST).map(|one| one.memory.id.0).collect()
}

/// How much of what tasks should know is among what they are told first.
#[derive(Default)]
struct Figures {
    tasks: usize,
    found: f64,
    first: usize,
    missed: Vec<String>,
}

impl Figures {
    fn count(&mut self, task: &PlannedTask, told: &[u64]) {
        let found = task.best.iter().filter(|best| told.contains(best)).count();
        self.tasks += 1;
        self.found += found as f64 / task.best.len() as f64;
        self.first += usize::from(told.first().is_some_and(|id| task.best.contains(id)));
        if found < task.best.len() {
            self.missed
                .push(format!("\n  {:?} wants {:?}, is told {told:?}", task.title, task.best));
        }
    }

    fn recall(&self) -> f64 {
        self.found / self.tasks as f64
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let first = self.first as f64 / self.tasks as f64;
        let Self { tasks, missed, .. } = self;
        write!(
            f,
            "recall in the first {FIRST} is {:.3} over {tasks} tasks; for {first:.3} of them the first is one of the best{}",
            self.recall(),
            missed.concat()
        )
    }
}
