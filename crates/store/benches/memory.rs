//! How long it takes to find what a task should be told among 50,000 memories.
//!
//! The memories are made of the words of the test bench (`tests/recall`), drawn by lot with names that each stand in a few of
//! them, so that every word of a question is in very many: harder than what people write. The questions are its tasks.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark fails by panicking, and prints"
)]

use std::time::{Duration, Instant};

use serde::Deserialize;
use team6_core::ids::{AgentId, AttemptId, ProjectId, RepositoryId, SprintId, StreamVersion};
use team6_core::memory::{Kind, Memories, MemoryCommand, MemoryEvent, Scope, ScopePath, Sought, Source};
use team6_core::policy::MemoryLimits;
use team6_core::time::Timestamp;
use team6_store::{Append, DataFolder, EventLog, MemoryRow, NewEvent, Question, SqliteStore, StreamId, recall};
use tempfile::TempDir;

const MEMORIES: u64 = 50_000;
/// How often each task is asked for.
const ROUNDS: usize = 5;
/// What the median may be.
const TARGET: Duration = Duration::from_millis(20);

#[derive(Deserialize)]
struct Bench {
    #[serde(default)]
    memory: Vec<Text>,
    #[serde(default)]
    task: Vec<Task>,
}

#[derive(Deserialize)]
struct Text {
    text: String,
}

#[derive(Deserialize)]
struct Task {
    title: String,
    what: String,
    repositories: Vec<RepositoryId>,
    #[serde(default)]
    paths: Vec<ScopePath>,
}

/// Numbers that are the same in every run.
struct Lot(u64);

impl Lot {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

fn memories() -> Memories {
    let bench: Bench = toml::from_str(include_str!("../tests/recall/memories.toml")).unwrap();
    let words: Vec<&str> = bench
        .memory
        .iter()
        .flat_map(|memory| memory.text.split_whitespace())
        .collect();
    let mut lot = Lot(6);
    let mut memories = Memories::default();
    for n in 1..=MEMORIES {
        let count = 12 + lot.below(20);
        let mut text: Vec<String> = (0..count).map(|_| words[lot.below(words.len())].to_owned()).collect();
        text.push(format!("name{}", lot.below(20_000)));
        let repository = |name: &str| name.parse().unwrap();
        let path = |n: usize| Some(format!("src/part{}/piece{}", n % 40, n % 700).parse().unwrap());
        let scope = match lot.below(4) {
            0 => Scope::Project,
            1 => Scope::of(Some(repository("web")), None).unwrap(),
            2 => Scope::of(Some(repository("api")), None).unwrap(),
            _ => Scope::of(Some(repository("api")), path(lot.below(28_000))).unwrap(),
        };
        let event = MemoryEvent::MemoryRemembered {
            memory: team6_core::ids::MemoryId(n),
            kind: Kind::Pitfall,
            text: text.join(" "),
            scope,
            evidence: "seen".into(),
            source: Source::Agent {
                agent: AgentId::new("backend").unwrap(),
                attempt: AttemptId {
                    sprint: SprintId(1),
                    n: 1,
                },
                task: None,
            },
        };
        memories.apply(&event, Timestamp(0));
    }
    memories
}

fn middle(times: &mut [Duration], part: f64) -> Duration {
    times.sort_unstable();
    times[((times.len() - 1) as f64 * part) as usize]
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let project: ProjectId = "shop".parse().unwrap();
    let place = TempDir::new().unwrap();
    let folder = DataFolder::open(place.path().join("data")).unwrap();
    let store = SqliteStore::open(&folder).await.unwrap();
    let memories = memories();
    let mut append = Append::new(StreamId::memory(&project), StreamVersion(0), Timestamp(0), "bench");
    append.events = vec![NewEvent {
        kind: "noted".into(),
        body: serde_json::Value::Null,
    }];
    append.rows.memories = memories.all().map(|memory| MemoryRow::of(&project, memory)).collect();
    store.append(append).await.unwrap();

    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        for file in [
            include_str!("../tests/recall/tasks.toml"),
            include_str!("../tests/recall/fresh.toml"),
        ] {
            let bench: Bench = toml::from_str(file).unwrap();
            for task in bench.task {
                let question = Question {
                    project: project.clone(),
                    title: task.title,
                    text: task.what,
                    sought: Sought {
                        repositories: task.repositories,
                        paths: task.paths,
                    },
                };
                let began = Instant::now();
                let told = recall(&store, &question, Timestamp(1), MemoryLimits::default())
                    .await
                    .unwrap();
                times.push(began.elapsed());
                assert!(!told.is_empty());
            }
        }
    }
    let (median, late) = (middle(&mut times, 0.5), middle(&mut times, 0.99));
    println!(
        "memories for a task among {MEMORIES}: median {median:.2?}, p99 {late:.2?} of {} questions",
        times.len()
    );

    let mut once = Vec::new();
    for n in 0..50_usize {
        let command = MemoryCommand::Remember {
            kind: Kind::Pitfall,
            text: format!("A memory that nobody has kept before, number {n}, of something else."),
            scope: Scope::Project,
            evidence: String::new(),
            supersedes: None,
            source: Source::Person {
                by: "ada".parse().unwrap(),
            },
        };
        let began = Instant::now();
        memories.handle(command).unwrap();
        once.push(began.elapsed());
    }
    let (kept, kept_late) = (middle(&mut once, 0.5), middle(&mut once, 0.99));
    println!("whether something was said before, among {MEMORIES}: median {kept:.2?}, p99 {kept_late:.2?}");
    assert!(median < TARGET, "the median is {median:.2?}, beyond {TARGET:?}");
}
