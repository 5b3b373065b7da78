//! Claude Code, as it comes from npm, carries one task from goal to merged pull request; only its model is scripted.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use team6_agent::profile::CommandLine;
use team6_core::ids::{AgentId, PersonId, ProjectId, RepositoryId, SprintId};
use team6_core::project::{ProjectCommand, Repository as ProjectRepository};
use team6_core::sprint::{AgentCard, ApprovalFacts, Command, MergeMethod, Sprint, Stage, Verdict};
use team6_forge::{RepositorySettings, TargetBranch};
use team6_server::app::{App, Programs};
use team6_server::config::{Config, Person};
use team6_testkit::real_agents::{Agent, ensure};
use team6_testkit::repositories::Repository;
use team6_testkit::scripted_model::{Scenario, Script, ScriptedModel};
use tokio_util::sync::CancellationToken;

/// How long anything may take on a slow machine.
const LIMIT: Duration = Duration::from_secs(240);

fn scenario() -> Scenario {
    let plan = json!({
        "prd": "# A greeting\n\nThe project greets whoever reads it.",
        "tasks": [{
            "key": "greet", "title": "Greet the reader", "what": "Write GREETING.md", "why": "It is polite",
            "acceptance_criteria": ["GREETING.md says hello"], "estimate_minutes": 5, "specialty": "docs",
            "repositories": ["app"],
        }],
    });
    let work = json!({
        "command": "echo hello > GREETING.md && git add GREETING.md && git commit --quiet -m 'Greet the reader'",
        "description": "Write and commit the greeting",
    });
    let done = json!({ "summary_what": "A greeting.", "summary_why": "It was asked for." });
    Scenario::new()
        .script(
            Script::when("Plan a sprint for this goal")
                .calls("submit_plan", plan)
                .says("The plan is ready."),
        )
        .script(
            Script::when("You work on task")
                .calls("Bash", work)
                .calls("complete_task", done)
                .says("It is done."),
        )
}

fn programs() -> Programs {
    let hidden = |command: &str| CommandLine {
        program: env!("CARGO_BIN_EXE_team6").into(),
        args: vec![command.into()],
    };
    Programs {
        supervisor: hidden("supervisor"),
        bridge: hidden("toolbox-bridge"),
        scripted: hidden("scripted-agent"),
        scripted_works: false,
        git: PathBuf::from("git"),
    }
}

/// The configuration of a team of one, with Claude Code pointed at the model.
async fn config(folder: &Path, model: &ScriptedModel) -> Config {
    let installed = ensure(Agent::ClaudeCode)
        .await
        .unwrap_or_else(|error| panic!("failed to {error}"));
    let agents = folder.join("agents");
    std::fs::create_dir(&agents).unwrap();
    std::fs::write(folder.join("key"), "no-real-key").unwrap();
    let profile = format!(
        "+++\nextends = \"claude-code\"\ncommand = {:?}\n[env]\nANTHROPIC_BASE_URL = {:?}\nANTHROPIC_API_KEY = {{ file = {:?} }}\n\
         ENABLE_TOOL_SEARCH = \"false\"\nNO_PROXY = \"127.0.0.1\"\n+++\n",
        installed.command[0].to_string_lossy(),
        model.url(),
        folder.join("key").to_string_lossy(),
    );
    std::fs::write(agents.join("claude.md"), profile).unwrap();
    let mut config = Config {
        data: folder.join("data"),
        people: BTreeMap::from([(
            PersonId::new("ada").unwrap(),
            Person {
                name: "Ada".into(),
                email: "ada@example.org".into(),
                handles: Vec::new(),
                approves: true,
            },
        )]),
        ..Config::default()
    };
    config.agents.folder = agents;
    config
}

async fn connect(app: &App, origin: &str) {
    let by = PersonId::new("ada").unwrap();
    let (project, repository) = (ProjectId::new("demo").unwrap(), RepositoryId::new("app").unwrap());
    let settings = RepositorySettings {
        id: repository.clone(),
        origin: origin.to_owned(),
        branch: TargetBranch::Default,
        method: MergeMethod::Squash,
    };
    let connected = app.control.forge.connect(&settings).await.unwrap();
    let create = ProjectCommand::Create {
        id: project.clone(),
        title: "Demo".into(),
        concurrency: 1,
        by: by.clone(),
    };
    let add = ProjectCommand::AddRepository {
        repository: ProjectRepository {
            id: repository,
            origin: settings.origin,
            branch: connected.branch,
            merge_method: settings.method,
        },
        by,
    };
    for command in [create, add] {
        app.control
            .engine
            .change_project(&project, command, "ada")
            .await
            .unwrap();
    }
}

/// Waits until the sprint shows something; fails with all that is known of it.
async fn until<T>(app: &App, sprint: SprintId, what: &str, look: impl Fn(&Sprint) -> Option<T>) -> T {
    let engine = &app.control.engine;
    let mut committed = engine.store().committed();
    let seen = async {
        loop {
            committed.mark_unchanged();
            let (found, failed) = engine
                .read(sprint, |sprint, _| {
                    let works = sprint.tasks.values().map(|task| &task.work).chain([&sprint.planning]);
                    let failed = works.filter_map(|work| match &work.stage {
                        Stage::Failed { failure } => Some(failure.text.clone()),
                        _ => None,
                    });
                    (look(sprint), failed.collect::<Vec<_>>())
                })
                .await
                .unwrap();
            if let Some(found) = found {
                return found;
            }
            assert!(failed.is_empty(), "waiting for {what}, but: {failed:?}");
            committed.changed().await.unwrap();
        }
    };
    match tokio::time::timeout(LIMIT, seen).await {
        Ok(found) => found,
        Err(_) => {
            let state = engine
                .read(sprint, |sprint, _| format!("{:#?}", sprint.attempts))
                .await
                .unwrap();
            panic!("{what} did not come within {LIMIT:?}: {state}")
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn claude_code_carries_a_task_from_goal_to_merged_pull_request() {
    let folder = tempfile::tempdir().unwrap();
    let model = ScriptedModel::start(scenario()).await.unwrap();
    let origin = Repository::sample("two-crates").bare_clone();
    let app = App::open(config(folder.path(), &model).await, programs())
        .await
        .unwrap();
    let app = Arc::new(app);
    let stop = CancellationToken::new();
    let running = tokio::spawn({
        let (app, stop) = (Arc::clone(&app), stop.clone());
        async move { app.run(stop).await }
    });
    connect(&app, &origin.path().to_string_lossy()).await;

    let (ada, claude) = (PersonId::new("ada").unwrap(), AgentId::new("claude").unwrap());
    let engine = &app.control.engine;
    let policy = app.config().limits.policy().unwrap();
    let project = ProjectId::new("demo").unwrap();
    let opened = engine.open_sprint(
        &project,
        "Greet readers".into(),
        ada.clone(),
        claude.clone(),
        policy,
        None,
    );
    let (sprint, _) = opened.await.unwrap();
    let execute = async |command| engine.execute(sprint, command, "ada", None).await.unwrap();

    let (version, task) = until(&app, sprint, "the plan", |sprint| {
        let settled = matches!(sprint.planning.stage, Stage::Idle);
        let task = *sprint.tasks.keys().next()?;
        sprint
            .newest_plan()
            .filter(|_| settled)
            .map(|saved| (saved.version, task))
    })
    .await;
    execute(Command::SetOwners {
        by: ada.clone(),
        owners: BTreeMap::from([(task, ada.clone())]),
    })
    .await;
    let facts = ApprovalFacts {
        may_approve: true,
        repositories: [RepositoryId::new("app").unwrap()].into(),
        agents: vec![AgentCard {
            id: claude,
            specialties: Vec::new(),
            merged: 0,
            failed: 0,
        }],
    };
    execute(Command::Approve {
        by: ada.clone(),
        version,
        facts,
    })
    .await;
    let heads = until(&app, sprint, "the review", |sprint| {
        let task = &sprint.tasks[&task];
        (task.work.stage == Stage::InReview).then(|| task.heads.clone())
    })
    .await;
    execute(Command::SubmitReview {
        by: ada.clone(),
        task,
        verdict: Verdict::Approve,
        body: "Good".into(),
        comments: Vec::new(),
        heads,
    })
    .await;
    execute(Command::Merge {
        by: ada,
        task,
        method: MergeMethod::Squash,
    })
    .await;
    until(&app, sprint, "the merge", |sprint| (!sprint.is_open()).then_some(())).await;
    assert_eq!(origin.git(&["show", "main:GREETING.md"]), "hello");
    assert!(
        origin
            .git(&["log", "-1", "--format=%s", "main"])
            .starts_with("Greet the reader")
    );
    stop.cancel();
    running.await.unwrap();
    model.stop().await;
}
