//! The whole server in one process: stores, engine, forge, workers, and the loops that keep them going.

mod directory;
mod error;
mod queue;
mod recover;
mod sandbox;
mod sockets;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use team6_agent::profile::{AgentProfile, BuiltIns, CommandLine, SCRIPTED};
use team6_agent::toolbox::Toolbox;
use team6_core::ids::{AgentId, ProjectId, WorkerId};
use team6_forge::{Forge, Identity, LocalForge, LocalForgeOptions};
use team6_git::{Fuse, Git};
use team6_queue::JobQueue;
use team6_sandbox::Launcher;
use team6_store::{DataFolder, SqliteStore, SqliteTraceStore, Store, TraceStore};
use team6_worker::{Parts, Turns};
use team6_workspace::{LocalOptions, LocalProvisioner, Provisioner};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::api::token::Token;
use crate::api::{ApiParts, ApiState};
use crate::config::{Config, Value};
use crate::control::{ControlParts, EmbeddedControl, recover_stalled_jobs};
use crate::effects::Effects;
use crate::engine::{EffectHandler, Engine, carry_out_effects, keep_deadlines};
use crate::evidence::Evidence;
use crate::local_files::LocalFiles;
use crate::notify::Notifiers;
use crate::owners::RepositoryOwners;
use crate::records::Records;
use recover::Checks;
use sockets::SocketFolder;
pub use sockets::own;

pub use error::AppError;
pub use recover::Recovered;

/// How long a call to an origin may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// The programs that the server starts.
#[derive(Debug, Clone)]
pub struct Programs {
    /// Ends process trees.
    pub supervisor: CommandLine,
    /// Connects agents with the engine's tools.
    pub bridge: CommandLine,
    /// Packs what an agent did, in its workspace.
    pub packer: CommandLine,
    /// The product's own scripted agent.
    pub scripted: CommandLine,
    /// Whether the scripted agent can be given work as it is: only if its command line names a scenario.
    pub scripted_works: bool,
    /// git.
    pub git: PathBuf,
}

/// A server that is ready to run.
pub struct App {
    /// What commands, workers and effects share.
    pub control: ControlParts,
    /// The agents of this machine.
    pub agents: BTreeMap<AgentId, AgentProfile>,
    /// What was found of an earlier run.
    pub recovered: Recovered,
    config: Config,
    settings: Vec<Value>,
    worker: Arc<Parts>,
    effects: Arc<Effects>,
    notifiers: Notifiers,
    store: Arc<dyn Store>,
    git: Git,
    _sockets: SocketFolder,
    _folder: DataFolder,
}

impl App {
    /// Opens everything in the data folder, and puts right what an earlier run left.
    pub async fn open(mut config: Config, programs: Programs) -> Result<Self, AppError> {
        // git runs elsewhere, so that no path may depend on where the server was started.
        config.data = std::path::absolute(&config.data).map_err(|source| AppError::Folder {
            path: config.data.clone(),
            source,
        })?;
        let git = Git::new(programs.git.clone(), Fuse::default());
        team6_workspace::check_git(&git).await?;
        let folder = DataFolder::open(&config.data)?;
        let path = folder.path().to_owned();
        let built_ins = BuiltIns::new(programs.scripted);
        let mut agents = built_ins.with_folder(&config.agents.folder)?;
        if !programs.scripted_works {
            agents.retain(|id, _| id.as_str() != SCRIPTED);
        }
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&folder).await?);
        let traces: Arc<dyn TraceStore> = Arc::new(SqliteTraceStore::open(&folder).await?);
        let queue: Arc<dyn JobQueue> = Arc::new(queue::open(&folder.join("queue.db")).await?);
        let forge: Arc<dyn Forge> = Arc::new(LocalForge::new(LocalForgeOptions {
            root: path.join("forge"),
            git: git.clone(),
            engine: Identity {
                name: "Team6".into(),
                email: "team6@localhost".into(),
            },
            patience: PATIENCE,
        }));
        let name = name_of(&path);
        let launcher = Launcher::new(programs.supervisor.program, programs.supervisor.args);
        for warning in config.warnings() {
            tracing::warn!("{warning}");
        }
        let boxed = sandbox::users(config.sandbox, &launcher, &path).await?;
        let provisioner: Arc<dyn Provisioner> = Arc::new(LocalProvisioner::open(LocalOptions {
            root: path.join("workspaces"),
            git: programs.git,
            launcher: launcher.clone(),
            packer: (programs.packer.program.into(), programs.packer.args),
            data_folder: name.clone(),
            boxed,
            files: None,
        })?);
        let engine = Arc::new(Engine::start(Arc::clone(&store)).await?);
        engine.limit_projects(config.budgets.projects().map_err(AppError::Configuration)?);
        let sockets = SocketFolder::open(&name)?;
        let worker = Parts {
            provisioner: Arc::clone(&provisioner),
            agents: agents.clone(),
            prices: config.prices.clone(),
            toolbox: Toolbox::new(programs.bridge.program, programs.bridge.args),
            launcher,
            room: sandbox::room(&config.agents, &path),
            surroundings: sandbox::surroundings(&config),
            homes: path.join("homes"),
            sockets: sockets.path().to_owned(),
            data_folder: name.clone(),
            turns: Turns::default(),
        };
        let control = ControlParts {
            engine,
            queue,
            evidence: Evidence::new(Arc::clone(&forge), git.clone()),
            forge,
            traces,
            local_files: LocalFiles::new(&path),
        };
        let notifiers = Notifiers::of(&config.notify, config.server.listen, &config.people, &path);
        let notifiers = notifiers.map_err(|wrong| AppError::Configuration(wrong.join("\n")))?;
        let recovered = recover::recover(&control, provisioner.as_ref(), &name).await?;
        control.engine.settle_leftovers().await?;
        recover::name_strangers(&control.engine, &config.people).await?;
        // The work may have ended just before the engine did.
        recover::remove_homes(&control, &worker.homes, Checks::None).await;
        Ok(Self {
            effects: Arc::new(Effects::new(control.clone(), config.people.clone())),
            control,
            agents,
            recovered,
            notifiers,
            config,
            settings: Vec::new(),
            worker: Arc::new(worker),
            store,
            git,
            _sockets: sockets,
            _folder: folder,
        })
    }

    /// Tells where each value of the configuration came from, for people who ask.
    pub fn tell_settings(&mut self, settings: Vec<Value>) {
        self.settings = settings;
    }

    /// The configuration that it was opened with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What the HTTP API works on. `stop` ends its live streams.
    pub fn api(&self, token: Token, stop: CancellationToken) -> Result<ApiState, String> {
        Ok(ApiState::new(ApiParts {
            engine: Arc::clone(&self.control.engine),
            traces: Arc::clone(&self.control.traces),
            forge: Arc::clone(&self.control.forge),
            queue: Arc::clone(&self.control.queue),
            agents: Arc::new(directory::Directory(Arc::clone(&self.worker))),
            owners: Arc::new(RepositoryOwners::new(
                Arc::clone(&self.control.engine),
                Arc::clone(&self.control.forge),
                self.git.clone(),
                &self.config.people,
            )),
            evidence: self.control.evidence.clone(),
            local_files: self.control.local_files.clone(),
            notifiers: self.notifiers.clone(),
            records: Records::new(self.config.data.clone(), self.git.clone()),
            room: self.worker.room.clone(),
            settings: self.settings.clone(),
            people: self.config.people.clone(),
            warnings: self.config.warnings(),
            me: self.config.me.clone(),
            token,
            planner: self.config.agents.planner.clone(),
            policy: self.config.policy()?,
            at_once: self.config.agents.at_once,
            hosts: self.config.server.names(),
            stop,
        }))
    }

    /// What agents are started with.
    pub fn worker(&self) -> &Parts {
        &self.worker
    }

    /// Runs until told to stop; then agents are asked to stop, their work is kept, and everything is closed.
    pub async fn run(&self, stop: CancellationToken) {
        let engine = &self.control.engine;
        // The engine goes on until the last agent has ended, because that is still told.
        let engine_stop = CancellationToken::new();
        let mut loops = JoinSet::new();
        let handler: Arc<dyn EffectHandler> = Arc::<Effects>::clone(&self.effects);
        loops.spawn(carry_out_effects(Arc::clone(engine), handler, engine_stop.clone()));
        loops.spawn(keep_deadlines(Arc::clone(engine), engine_stop.clone()));
        loops.spawn(recover_stalled_jobs(
            Arc::clone(&self.control.queue),
            Arc::clone(engine),
            engine_stop.clone(),
        ));
        let (notifiers, told_by, told_until) = (self.notifiers.clone(), Arc::clone(engine), engine_stop.clone());
        loops.spawn(async move { notifiers.run(&told_by, &told_until).await });
        if let Some(quota) = &self.worker.room.quota {
            loops.spawn(Arc::clone(quota).watch(engine_stop.clone()));
        }
        self.run_workers(&stop).await;
        engine_stop.cancel();
        while let Some(ended) = loops.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a loop of the server broke off");
            }
        }
        self.control.queue.close().await;
        self.control.traces.close().await;
        self.store.close().await;
    }

    /// A worker for each project, also for those that are made meanwhile; and the homes of ended work are removed.
    async fn run_workers(&self, stop: &CancellationToken) {
        let mut workers = JoinSet::new();
        let mut served: BTreeSet<ProjectId> = BTreeSet::new();
        let mut committed = self.store.committed();
        let mut ended_work = self.effects.ended_work();
        while !stop.is_cancelled() {
            committed.mark_unchanged();
            match self.control.engine.projects().await {
                Ok(projects) => {
                    for id in projects
                        .into_keys()
                        .filter(|id| !served.contains(id))
                        .collect::<Vec<_>>()
                    {
                        let name = format!("worker-{id}");
                        let Ok(worker) = WorkerId::new(name) else { continue };
                        let control = Arc::new(EmbeddedControl::new(self.control.clone(), id.clone()));
                        workers.spawn(team6_worker::run(
                            Arc::clone(&self.worker),
                            control,
                            worker,
                            stop.clone(),
                        ));
                        served.insert(id);
                    }
                }
                Err(error) => tracing::error!(%error, "the projects cannot be read"),
            }
            tokio::select! {
                () = stop.cancelled() => {}
                changed = committed.changed() => if changed.is_err() { break },
                changed = ended_work.changed() => if changed.is_ok() {
                    recover::remove_homes(&self.control, &self.worker.homes, Checks::GoOn).await;
                },
            }
        }
        while let Some(ended) = workers.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a worker broke off");
            }
        }
    }
}

/// A short name of the data folder, the same at every start.
fn name_of(folder: &Path) -> String {
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let mut hasher = DefaultHasher::new();
    whole.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
