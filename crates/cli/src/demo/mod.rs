//! `team6 demo`: a whole sprint on a sample project, with the scripted agent and in less than a minute.

mod sample;
mod watch;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use team6_agent::profile::CommandLine;
use team6_core::ids::{AgentId, CommitId, PersonId, ProjectId, QuestionId, RepositoryId, SprintId, TaskId};
use team6_core::project::{ProjectCommand, Repository};
use team6_core::sprint::{
    AgentCard, ApprovalFacts, Command, MergeMethod, ReviewComment, Sprint, SprintPhase, Stage, Verdict,
};
use team6_forge::{RepositorySettings, TargetBranch};
use team6_server::app::{App, Programs};
use team6_server::config::{Config, Person};
use team6_server::engine::phase_name;
use team6_store::{SprintFilter, SprintRow};
use tokio_util::sync::CancellationToken;

use crate::programs;
use crate::signals::Signals;
use watch::Watch;

const SCENARIO: &str = include_str!("scenario.toml");
const GOAL: &str = "Ledgers in several currencies: amounts know their currency, and reports show a sum for each.";

/// The arguments of `team6 demo`.
#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// Keep the project and the data afterwards, and say where they are.
    #[arg(long)]
    keep: bool,
    /// Play it in this folder, which is kept; a demo that broke off there is gone on with.
    #[arg(long = "in", value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// What the agents do, instead of the demo's own story.
    #[arg(long, hide = true, value_name = "FILE")]
    scenario: Option<PathBuf>,
}

/// Runs the demo; the error is for people.
pub(crate) async fn run(demo: Demo, json: bool) -> Result<(), String> {
    let began = Instant::now();
    let mut signals = Signals::new()?;
    let temporary = match &demo.folder {
        Some(_) => None,
        None => Some(
            tempfile::Builder::new()
                .prefix("team6-demo-")
                .tempdir()
                .map_err(|error| error.to_string())?,
        ),
    };
    // What is left of a demo that is killed goes with the next start.
    let _owner = match &temporary {
        Some(temporary) => Some(team6_server::app::own(temporary.path()).map_err(|error| error.to_string())?),
        None => None,
    };
    let root = match (&demo.folder, &temporary) {
        (Some(folder), _) => std::path::absolute(folder).map_err(|error| error.to_string())?,
        (None, Some(temporary)) => temporary.path().to_owned(),
        (None, None) => return Err("there is no folder to play in".into()),
    };
    let project = root.join("ledger");
    let origin = root.join("ledger.git");
    sample::make(&project, &origin)?;
    let handbook = root.join("handbook.git");
    sample::make_handbook(&handbook)?;
    staff(&root.join("agents"))?;
    let scenario = match demo.scenario {
        Some(file) => std::path::absolute(file).map_err(|error| error.to_string())?,
        None => {
            let own = root.join("scenario.toml");
            std::fs::write(&own, SCENARIO).map_err(|error| error.to_string())?;
            own
        }
    };
    let app = App::open(config(&root)?, programs(&scenario)?)
        .await
        .map_err(|error| error.to_string())?;
    let app = Arc::new(app);
    let stop = CancellationToken::new();
    let running = {
        let (app, stop) = (Arc::clone(&app), stop.clone());
        tokio::spawn(async move { app.run(stop).await })
    };
    let mut play = Play {
        watch: Watch::new(json),
        app,
        origins: [("ledger", origin), ("handbook", handbook)],
    };
    let played = tokio::select! {
        played = play.whole() => played,
        () = signals.one() => Err("the demo was interrupted".to_owned()),
    };
    stop.cancel();
    running.await.map_err(|error| error.to_string())?;
    // Where it can be looked at afterwards; what is not kept goes with the value.
    let keep = move || match temporary {
        Some(temporary) if demo.keep => Some(temporary.keep()),
        Some(_) => None,
        None => Some(root),
    };
    if let Err(why) = played {
        return Err(match keep() {
            Some(kept) => format!("{why}; what was recorded is in {}", kept.display()),
            None => format!("{why}; run it again with --keep and TEAM6_LOG=info to see what was recorded"),
        });
    }
    if play.watch.is_closed() {
        return Ok(());
    }
    sample::pull(&project)?;
    play.watch.say(&format!(
        "\nDone in {:.1} s. What is on `main` now:\n",
        began.elapsed().as_secs_f64()
    ));
    let history = sample::git(
        &project,
        &["log", "--graph", "--oneline", "--decorate", "--max-count", "20"],
    )?;
    play.watch.say(&history);
    let kept = keep();
    match &kept {
        Some(kept) => play.watch.say(&format!(
            "\nThe project is in {}, all that Team6 recorded in {}.",
            kept.join("ledger").display(),
            kept.join("data").display()
        )),
        None => play
            .watch
            .say("\nRun it again with --keep to look at the project and the records afterwards."),
    }
    play.watch.end(began.elapsed(), kept.as_deref());
    Ok(())
}

fn programs(scenario: &Path) -> Result<Programs, String> {
    let own = programs::own()?;
    let mut scripted = programs::hidden(&own, "scripted-agent");
    scripted.args.push(scenario.to_string_lossy().into_owned());
    Ok(Programs {
        supervisor: programs::hidden(&own, "supervisor"),
        bridge: programs::hidden(&own, "toolbox-bridge"),
        packer: programs::hidden(&own, "workspace-packer"),
        scripted: CommandLine { ..scripted },
        scripted_works: true,
        git: PathBuf::from("git"),
    })
}

/// Writes the file of the agent that only does words.
fn staff(folder: &Path) -> Result<(), String> {
    let writer = "+++\nextends = \"scripted\"\ntitle = \"Writer\"\nspecialties = [\"docs\"]\n+++\n";
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(folder.join("writer.md"), writer));
    written.map_err(|error| format!("{} cannot be written: {error}", folder.display()))
}

fn config(root: &Path) -> Result<Config, String> {
    let person = |name: &str, email: &str| Person {
        name: name.into(),
        email: email.into(),
        handles: Vec::new(),
        approves: true,
    };
    let millis = jiff::SignedDuration::from_millis;
    let mut config = Config {
        data: root.join("data"),
        people: BTreeMap::from([
            (name("ada")?, person("Ada", "ada@example.org")),
            (name("lin")?, person("Lin", "lin@example.org")),
        ]),
        ..Config::default()
    };
    config.agents.folder = root.join("agents");
    config.limits.heartbeat = millis(500);
    config.limits.lease = millis(5_000);
    // Long enough for a build on a slow machine, short enough to see an agent recovered.
    config.limits.silence = millis(10_000);
    config.limits.backoff_base = millis(500);
    config.limits.backoff_limit = millis(1_000);
    Ok(config)
}

fn card(id: &str, fields: &[&str]) -> Result<AgentCard, String> {
    Ok(AgentCard {
        id: name(id)?,
        specialties: fields.iter().map(|field| name(field)).collect::<Result<_, _>>()?,
        merged: 0,
        failed: 0,
    })
}

fn name<T>(text: &str) -> Result<T, String>
where
    T: TryFrom<String>,
    T::Error: std::fmt::Display,
{
    T::try_from(text.to_owned()).map_err(|error| error.to_string())
}

/// The people of the demo, who do by themselves what real ones decide.
struct Play {
    watch: Watch,
    app: Arc<App>,
    /// The team's repositories.
    origins: [(&'static str, PathBuf); 2],
}

/// What the people have to do next.
enum Due {
    Answer(QuestionId),
    Approve,
    Review(TaskId, Verdict, BTreeMap<RepositoryId, CommitId>),
    Merge(TaskId),
    Nothing,
    Finished,
    /// What failed for good, which is not a part of the story.
    Failed(String),
}

impl Play {
    async fn whole(&mut self) -> Result<(), String> {
        self.watch.say("The agents of this demo are scripted: no model is asked. All else is real: git, processes, tests, reviews.\n");
        self.connect().await?;
        let engine = Arc::clone(&self.app.control.engine);
        let policy = self.app.config().policy()?;
        let lead: PersonId = name("ada")?;
        let planner: AgentId = name("scripted")?;
        self.watch.say(&format!("Goal: {GOAL}\n"));
        let known = engine
            .store()
            .sprints(&SprintFilter::default(), 1)
            .await
            .map_err(|error| error.to_string())?;
        let sprint = match known.first() {
            Some(begun) => {
                self.goes_on(begun).await?;
                begun.id
            }
            None => {
                let opened = engine
                    .open_sprint(&name("demo")?, GOAL.into(), lead, planner, policy, None)
                    .await;
                opened.map_err(|error| error.to_string())?.0
            }
        };
        let mut committed = engine.store().committed();
        loop {
            committed.mark_unchanged();
            self.watch.catch_up(engine.store().as_ref()).await?;
            if self.watch.is_closed() {
                return Ok(());
            }
            let due = engine
                .read(sprint, |sprint, _| due(sprint))
                .await
                .map_err(|error| error.to_string())?;
            match due {
                Due::Finished => return Ok(()),
                Due::Failed(why) => {
                    return Err(format!("the sprint went wrong: {why}"));
                }
                Due::Nothing => committed.changed().await.map_err(|error| error.to_string())?,
                due => self.act(sprint, due).await?,
            }
        }
    }

    /// Says what became of a demo that was begun in this folder before.
    async fn goes_on(&mut self, begun: &SprintRow) -> Result<(), String> {
        let over = begun.phase == phase_name(SprintPhase::Finished);
        self.watch.say(match over {
            true => "A demo was played to its end in this folder; another folder plays it anew. This is how it went:\n",
            false => "A demo was begun in this folder and broke off. What had happened until then:\n",
        });
        self.watch.catch_up(self.app.control.engine.store().as_ref()).await?;
        if !over {
            self.watch.say("\nNow it goes on:\n");
        }
        Ok(())
    }

    async fn connect(&self) -> Result<(), String> {
        let project: ProjectId = name("demo")?;
        let by: PersonId = name("ada")?;
        let mut commands = vec![ProjectCommand::Create {
            id: project.clone(),
            title: "Demo".into(),
            concurrency: 3,
            by: by.clone(),
        }];
        for (repository, origin) in &self.origins {
            let settings = RepositorySettings {
                id: name(repository)?,
                origin: origin.to_string_lossy().into_owned(),
                branch: TargetBranch::Default,
                method: MergeMethod::Merge,
            };
            let connected = self.app.control.forge.connect(&settings).await;
            commands.push(ProjectCommand::AddRepository {
                repository: Repository {
                    id: settings.id,
                    origin: settings.origin,
                    branch: connected.map_err(|error| error.to_string())?.branch,
                    merge_method: settings.method,
                },
                by: by.clone(),
            });
        }
        let engine = &self.app.control.engine;
        let known = engine.projects().await.map_err(|error| error.to_string())?;
        let known = known.get(&project).map_or(0, |project| 1 + project.repositories.len());
        for command in commands.into_iter().skip(known) {
            engine
                .change_project(&project, command, "ada", None)
                .await
                .map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    async fn act(&self, sprint: SprintId, due: Due) -> Result<(), String> {
        let ada: PersonId = name("ada")?;
        match due {
            Due::Answer(question) => {
                let command = Command::AnswerQuestion {
                    by: ada,
                    question,
                    text: "No, a sum per currency".into(),
                };
                self.execute(sprint, "ada", command).await
            }
            Due::Approve => self.approve(sprint).await,
            Due::Review(task, verdict, heads) => {
                let by = self.owner(sprint, task).await?;
                let comments = match verdict {
                    Verdict::RequestChanges => vec![ReviewComment {
                        repository: name("ledger")?,
                        path: "money/src/lib.rs".into(),
                        line: Some(12),
                        end_line: None,
                        old_side: false,
                        text: "This takes any word for a currency. Please refuse what is none.".into(),
                    }],
                    Verdict::Approve | Verdict::Comment => Vec::new(),
                };
                let command = Command::SubmitReview {
                    by: by.clone(),
                    task,
                    verdict,
                    body: if comments.is_empty() { "Good." } else { "Nearly." }.into(),
                    comments,
                    heads,
                };
                self.execute(sprint, by.as_str(), command).await
            }
            Due::Merge(task) => {
                let by = self.owner(sprint, task).await?;
                let method = MergeMethod::Merge;
                self.execute(sprint, by.clone().as_str(), Command::Merge { by, task, method })
                    .await
            }
            Due::Nothing | Due::Finished | Due::Failed(_) => Ok(()),
        }
    }

    async fn approve(&self, sprint: SprintId) -> Result<(), String> {
        let engine = &self.app.control.engine;
        let (ada, lin): (PersonId, PersonId) = (name("ada")?, name("lin")?);
        let read = engine.read(sprint, |sprint, _| {
            let tasks: Vec<TaskId> = sprint.tasks.keys().copied().collect();
            (tasks, sprint.newest_plan().map(|saved| saved.version))
        });
        let (tasks, version) = read.await.map_err(|error| error.to_string())?;
        let version = version.ok_or("there is no plan to approve")?;
        let owners = tasks
            .iter()
            .enumerate()
            .map(|(place, task)| (*task, if place % 2 == 0 { ada.clone() } else { lin.clone() }));
        let owners = Command::SetOwners {
            by: ada.clone(),
            owners: owners.collect(),
        };
        self.execute(sprint, "ada", owners).await?;
        let facts = ApprovalFacts {
            may_approve: true,
            repositories: [name("ledger")?, name("handbook")?].into(),
            agents: vec![card("scripted", &[])?, card("writer", &["docs"])?],
        };
        self.execute(
            sprint,
            "ada",
            Command::Approve {
                by: ada,
                version,
                facts,
            },
        )
        .await
    }

    async fn owner(&self, sprint: SprintId, task: TaskId) -> Result<PersonId, String> {
        let read = self.app.control.engine.read(sprint, |sprint, _| {
            sprint.tasks.get(&task).and_then(|t| t.owner.clone())
        });
        read.await
            .map_err(|error| error.to_string())?
            .ok_or_else(|| format!("task {task} has no owner"))
    }

    async fn execute(&self, sprint: SprintId, actor: &str, command: Command) -> Result<(), String> {
        let done = self.app.control.engine.execute(sprint, command, actor, None).await;
        done.map(drop).map_err(|error| error.to_string())
    }
}

fn due(sprint: &Sprint) -> Due {
    if !sprint.is_open() {
        return Due::Finished;
    }
    let works = sprint.tasks.values().map(|task| &task.work).chain([&sprint.planning]);
    for work in works {
        if let Stage::Failed { failure } = &work.stage {
            return Due::Failed(failure.text.clone());
        }
    }
    if sprint.phase == SprintPhase::Planning {
        if let Some(question) = sprint.open_questions().next() {
            return Due::Answer(question.id);
        }
        let settled = matches!(sprint.planning.stage, Stage::Idle);
        return if settled && sprint.awaits_approval() {
            Due::Approve
        } else {
            Due::Nothing
        };
    }
    let Some(task) = sprint.tasks.values().find(|task| task.work.stage == Stage::InReview) else {
        return Due::Nothing;
    };
    if task.approved_by.is_some() {
        return Due::Merge(task.id);
    }
    let first = task.planned.key.as_str() == "currencies" && task.reviews.is_empty();
    let verdict = if first {
        Verdict::RequestChanges
    } else {
        Verdict::Approve
    };
    Due::Review(task.id, verdict, task.heads.clone())
}
