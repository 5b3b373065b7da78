//! A server at rest: its memory, and how long it takes to start on a long log.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::harness::{Place, Server};
use team6_core::ids::{SprintId, TaskId};
use team6_core::policy::Policy;
use team6_core::project::{ProjectCommand, Repository};
use team6_core::sprint::{Command, MergeMethod, Sprint};
use team6_server::engine::Engine;
use team6_store::{DataFolder, SqliteStore, Store};
use tokio::task::JoinSet;

use crate::life;
use crate::row::Row;

const SPRINTS: u64 = 1_000;
const TASKS: usize = 10;
/// Bytes.
const MEMORY: u64 = 60 << 20;

/// A log of sprints that are done, as the engine itself writes it.
async fn fill(place: &Place) {
    let folder = DataFolder::open(place.path().join("team6-data")).unwrap();
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&folder).await.unwrap());
    let engine = Arc::new(Engine::start(Arc::clone(&store)).await.unwrap());
    let project = life::shop();
    let create = ProjectCommand::Create {
        id: project.clone(),
        title: "Shop".into(),
        concurrency: 3,
        by: life::ada(),
    };
    let add = ProjectCommand::AddRepository {
        repository: Repository {
            id: life::app(),
            origin: "/nowhere".into(),
            branch: "main".parse().unwrap(),
            merge_method: MergeMethod::Merge,
        },
        by: life::ada(),
    };
    for command in [create, add] {
        engine.change_project(&project, command, "ada", None).await.unwrap();
    }
    let mut running = JoinSet::new();
    for _ in 0..50 {
        let engine = Arc::clone(&engine);
        running.spawn(async move {
            for _ in 0..SPRINTS / 50 {
                live(&engine).await;
            }
        });
    }
    running.join_all().await;
    store.close().await;
}

/// A sprint from its goal to its end.
async fn live(engine: &Engine) {
    let plan = life::plan(TASKS, 5);
    let project = life::shop();
    let opened = engine.open_sprint(
        &project,
        "Goal".into(),
        life::ada(),
        life::agent(),
        Policy::default(),
        None,
    );
    let sprint = opened.await.unwrap().0;
    while let Some(command) = look(engine, sprint, |sprint| life::planning(sprint, &plan)).await {
        engine.execute(sprint, command, "ada", None).await.unwrap();
    }
    let tasks: Vec<TaskId> = engine
        .read(sprint, |sprint, _| sprint.tasks.keys().copied().collect())
        .await
        .unwrap();
    for task in tasks {
        while let Some(command) = look(engine, sprint, |sprint| life::next(sprint, task)).await {
            engine.execute(sprint, command, "ada", None).await.unwrap();
        }
    }
    assert!(engine.read(sprint, |sprint, _| !sprint.is_open()).await.unwrap());
}

async fn look(engine: &Engine, id: SprintId, look: impl FnOnce(&Sprint) -> Option<Command>) -> Option<Command> {
    engine.read(id, |sprint, _| look(sprint)).await.unwrap()
}

/// Resident memory in bytes.
fn memory(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

fn resident(what: &str, bytes: u64) -> Row {
    Row {
        what: what.into(),
        measured: format!("{:.1} MB", bytes as f64 / f64::from(1 << 20)),
        target: "below 60 MB".into(),
        beside: String::new(),
        missed: bytes >= MEMORY,
    }
}

/// Starts a server and asks it something.
fn start(place: &Place) -> (Server, Duration) {
    let began = Instant::now();
    let server = place.up(&[]);
    place.ok(&["project", "list"]);
    (server, began.elapsed())
}

pub fn measure() -> Vec<Row> {
    let empty = Place::new("");
    let (server, first) = start(&empty);
    let idle = memory(&server);
    drop(server);
    let full = Place::new("");
    tokio::runtime::Runtime::new().unwrap().block_on(fill(&full));
    let mut starts: Vec<Duration> = Vec::new();
    let mut loaded = 0;
    for _ in 0..5 {
        let (server, took) = start(&full);
        starts.push(took);
        loaded = memory(&server);
        assert!(server.stop());
    }
    let starts = Row::times(
        "from the start of a server to its first answer, 1,000 sprints on the log",
        &mut starts,
        Duration::from_secs(1),
    );
    vec![
        resident("memory of a server at rest, nothing on the log", idle),
        resident("memory of a server at rest, 1,000 sprints on the log", loaded),
        starts.beside(format!("an empty log: {}", crate::row::shown(first))),
    ]
}
