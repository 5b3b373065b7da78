//! A sprint that is approved and worked on in this process, with a worker whose parts the test holds.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command as Program;
use std::sync::Arc;
use std::time::Duration;

use team6_agent::profile::CommandLine;
use team6_agent::toolbox::Toolbox;
use team6_core::ids::{AttemptId, PersonId, ProjectId, RepositoryId, SprintId, TaskId};
use team6_core::policy::Policy;
use team6_core::project::{ProjectCommand, Repository as Known};
use team6_core::sprint::{AgentCard, ApprovalFacts, Command, MergeMethod, Sprint};
use team6_core::trace::{TraceBody, TraceEntry};
use team6_forge::{RepositorySettings, TargetBranch};
use team6_sandbox::Launcher;
use team6_sandbox::probe::Users;
use team6_server::app::{App, Programs};
use team6_server::config::{Config, Sandbox};
use team6_server::control::EmbeddedControl;
use team6_server::effects::Effects;
use team6_server::engine::{carry_out_effects, keep_deadlines};
use team6_testkit::repositories::Repository;
use team6_testkit::wait::{wait_until, within};
use team6_worker::{Parts, Turns};
use team6_workspace::{LocalOptions, LocalProvisioner, Provisioner};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::trouble::{Clumsy, Failing, Moody};

const PROGRAMS: &str = env!("CARGO_BIN_EXE_team6-server-programs");
/// How long anything may take on a slow machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// A team at work: each task on a repository of its own, which has the task's key for a name.
pub(crate) struct Scene {
    pub(crate) app: App,
    pub(crate) provisioner: Arc<Clumsy>,
    pub(crate) control: Arc<Moody>,
    pub(crate) sprint: SprintId,
    pub(crate) folder: TempDir,
    stop: CancellationToken,
    worker: JoinSet<()>,
    loops: JoinSet<()>,
    origins: Vec<Repository>,
}

/// What the planner hands in: a task for each key.
fn planning(keys: &[&str]) -> String {
    let mut tasks = String::new();
    for key in keys {
        let _ = write!(
            tasks,
            "{{ key = \"{key}\", title = \"Do {key}\", what = \"w\", why = \"w\", acceptance_criteria = [\"a\"], \
             estimate_minutes = 5, specialty = \"any\", repositories = [\"{key}\"] }}, "
        );
    }
    format!(
        "[[script]]\nwhen = 'Plan a sprint'\nsteps = [{{ tool = {{ name = \"submit_plan\", arguments = {{ prd = \"# P\", \
         tasks = [{tasks}] }} }} }}]\n"
    )
}

/// The end of a script that delivers.
pub(crate) const COMPLETE: &str =
    "{ tool = { name = \"complete_task\", arguments = { summary_what = \"Done.\", summary_why = \"Asked.\" } } }";

/// A git that waits before it asks an origin whose name is in the file `hanging`, for as long as it is there.
fn git(folder: &Path) -> PathBuf {
    let (program, flag) = (folder.join("git"), folder.join("hanging"));
    let flag = flag.display();
    let text = format!(
        "#!/bin/sh\ncase \" $* \" in *\" fetch \"*|*\" ls-remote \"*)\n\
         while [ -e '{flag}' ] && {{ echo \"$*\"; env; pwd; }} | grep -qF -f '{flag}'; do : > '{flag}-now'; sleep 0.05; done;; esac\nexec git \"$@\"\n"
    );
    team6_testkit::program::write(&program, &text).unwrap();
    program
}

impl Scene {
    /// Tasks with these keys, approved; `scripts` play the work on them. The first task's attempt is the second.
    pub(crate) async fn approved(keys: &[&str], scripts: &str, policy: Policy, only: fn(&Command) -> bool) -> Self {
        let scene = Self::planned(keys, scripts, policy, only).await;
        scene.is_approved(keys).await;
        scene
    }

    /// The same before it is approved.
    pub(crate) async fn planned(keys: &[&str], scripts: &str, policy: Policy, only: fn(&Command) -> bool) -> Self {
        Self::planned_in(Sandbox::Off, keys, scripts, policy, only).await
    }

    /// The same with agents in sandboxes or not, which see the folder [`Scene::signals`]; scripts call it `SIGNALS`.
    pub(crate) async fn planned_in(
        sandbox: Sandbox,
        keys: &[&str],
        scripts: &str,
        policy: Policy,
        only: fn(&Command) -> bool,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let scenario = folder.path().join("scenario.toml");
        let signals = folder.path().join("signals").display().to_string();
        let scripts = scripts.replace("SIGNALS", &signals);
        std::fs::write(&scenario, format!("title = \"T\"\n{}{scripts}", planning(keys))).unwrap();
        std::fs::create_dir(folder.path().join("signals")).unwrap();
        let config = config(folder.path(), sandbox);
        let app = App::open(config, programs(folder.path(), sandbox)).await.unwrap();
        let shared = app.worker();
        let provisioner = Arc::new(Clumsy {
            inner: Arc::clone(&shared.provisioner),
            imports: Failing::default(),
        });
        let control = Arc::new(Moody::new(EmbeddedControl::new(app.control.clone(), project()), only));
        let mut scene = Self {
            provisioner,
            control,
            sprint: SprintId(0),
            folder,
            stop: CancellationToken::new(),
            worker: JoinSet::new(),
            loops: JoinSet::new(),
            origins: Vec::new(),
            app,
        };
        scene.connects(keys).await;
        let engine = &scene.app.control.engine;
        let opened = engine
            .open_sprint(&project(), "G".into(), ada(), "scripted".parse().unwrap(), policy, None)
            .await;
        scene.sprint = opened.unwrap().0;
        scene.runs_loops();
        scene.works();
        scene
            .until("a plan", |s| (s.tasks.len() == keys.len()).then_some(()))
            .await;
        scene
    }

    async fn connects(&mut self, keys: &[&str]) {
        let engine = &self.app.control.engine;
        let create = ProjectCommand::Create {
            id: project(),
            title: "Shop".into(),
            concurrency: 3,
            by: ada(),
        };
        engine.change_project(&project(), create, "ada", None).await.unwrap();
        for key in keys {
            let origin = Repository::sample("two-crates").bare_clone();
            let id: RepositoryId = key.parse().unwrap();
            let settings = RepositorySettings {
                id: id.clone(),
                origin: origin.url(),
                branch: TargetBranch::Default,
                method: MergeMethod::Merge,
            };
            let connected = self.app.control.forge.connect(&settings).await.unwrap();
            let repository = Known {
                id,
                origin: origin.url(),
                branch: connected.branch,
                merge_method: MergeMethod::Merge,
            };
            let add = ProjectCommand::AddRepository { repository, by: ada() };
            engine.change_project(&project(), add, "ada", None).await.unwrap();
            self.origins.push(origin);
        }
    }

    pub(crate) async fn is_approved(&self, keys: &[&str]) {
        // The plan's attempt has to be over.
        self.until("a planner that is done", |s| {
            s.live_attempts().next().is_none().then_some(())
        })
        .await;
        let tasks = self.read(|s| s.tasks.keys().copied().collect::<Vec<_>>()).await;
        let owners = tasks.into_iter().map(|task| (task, ada())).collect();
        self.does(Command::SetOwners { by: ada(), owners }).await;
        let agents = vec![AgentCard {
            id: "scripted".parse().unwrap(),
            specialties: vec![],
            merged: 0,
            failed: 0,
        }];
        let facts = ApprovalFacts {
            may_approve: true,
            repositories: keys.iter().map(|key| key.parse().unwrap()).collect::<BTreeSet<_>>(),
            agents,
        };
        let version = self.read(|s| s.plans.len()).await;
        let approve = Command::Approve {
            by: ada(),
            version: team6_core::ids::PlanVersion(u32::try_from(version).unwrap()),
            facts,
        };
        self.does(approve).await;
    }

    fn runs_loops(&mut self) {
        let engine = &self.app.control.engine;
        let effects = Arc::new(Effects::new(self.app.control.clone(), BTreeMap::new()));
        self.loops
            .spawn(carry_out_effects(Arc::clone(engine), effects, self.stop.clone()));
        self.loops.spawn(keep_deadlines(Arc::clone(engine), self.stop.clone()));
    }

    fn works(&mut self) {
        let parts = self.parts(self.provisioner.clone());
        self.works_with(parts, self.control.clone(), "w1");
    }

    /// A further machine with workspaces and agents of its own, which reads another scenario and whose control plane
    /// works.
    pub(crate) fn a_second_machine_works(&mut self, scripts: &str, boxed: Option<Users>) {
        let folder = self.folder.path().join("second");
        let scenario = self.folder.path().join("second.toml");
        std::fs::write(&scenario, format!("title = \"T\"\n{scripts}")).unwrap();
        let provisioner = LocalProvisioner::open(LocalOptions {
            root: folder.join("workspaces"),
            git: "git".into(),
            launcher: Launcher::new(PROGRAMS, ["supervisor"]),
            packer: (PROGRAMS.into(), vec!["workspace-packer".into()]),
            data_folder: format!("{}-second", self.app.worker().data_folder),
            boxed,
            files: None,
        });
        let mut parts = self.parts(Arc::new(provisioner.unwrap()));
        parts.homes = folder.join("homes");
        for profile in parts.agents.values_mut() {
            profile.args = vec!["scripted-agent".into(), scenario.display().to_string()];
        }
        let control = Moody::new(EmbeddedControl::new(self.app.control.clone(), project()), |_| false);
        self.works_with(parts, Arc::new(control), "w2");
    }

    fn parts(&self, provisioner: Arc<dyn Provisioner>) -> Parts {
        let shared = self.app.worker();
        let own = |role: &str| (PROGRAMS.to_owned(), vec![role.to_owned()]);
        let (bridge, supervisor) = (own("toolbox-bridge"), own("supervisor"));
        Parts {
            provisioner,
            agents: shared.agents.clone(),
            prices: shared.prices.clone(),
            toolbox: Toolbox::new(bridge.0, bridge.1),
            launcher: Launcher::new(supervisor.0, supervisor.1),
            data_folder: shared.data_folder.clone(),
            homes: shared.homes.clone(),
            sockets: shared.sockets.clone(),
            room: shared.room.clone(),
            surroundings: shared.surroundings.clone(),
            turns: Turns::default(),
        }
    }

    fn works_with(&mut self, parts: Parts, control: Arc<Moody>, name: &str) {
        let (name, stop) = (name.parse().unwrap(), self.stop.clone());
        self.worker
            .spawn(team6_worker::run(Arc::new(parts), control, name, stop));
    }

    pub(crate) async fn does(&self, command: Command) {
        self.app
            .control
            .engine
            .execute(self.sprint, command, "test", None)
            .await
            .unwrap();
    }

    pub(crate) async fn read<T>(&self, look: impl FnOnce(&Sprint) -> T) -> T {
        self.app
            .control
            .engine
            .read(self.sprint, |sprint, _| look(sprint))
            .await
            .unwrap()
    }

    /// Waits for a state of the sprint.
    pub(crate) async fn until<T>(&self, what: &str, look: impl Fn(&Sprint) -> Option<T>) -> T {
        let mut committed = self.app.control.engine.store().committed();
        let found = async {
            loop {
                committed.mark_unchanged();
                if let Some(found) = self.read(&look).await {
                    return found;
                }
                committed.changed().await.unwrap();
            }
        };
        match tokio::time::timeout(LIMIT, found).await {
            Ok(found) => found,
            Err(_) => panic!(
                "waited for {what}: {:?}",
                self.read(|s| (s.planning.clone(), s.tasks.clone(), s.attempts.clone()))
                    .await
            ),
        }
    }

    /// Waits until a task is in its owner's hands.
    pub(crate) async fn delivered(&self, task: u64) {
        let delivered = |s: &Sprint| s.tasks.get(&TaskId(task)).filter(|task| task.deliveries > 0).map(drop);
        self.until(&format!("task {task} delivered"), delivered).await;
    }

    /// Waits for an entry in the trace of an attempt, and gives the whole trace.
    pub(crate) async fn traced(&self, attempt: u32, wanted: impl Fn(&TraceBody) -> bool) -> Vec<TraceEntry> {
        let id = AttemptId {
            sprint: self.sprint,
            n: attempt,
        };
        wait_until("an entry of the trace", LIMIT, async || {
            let trace = self.app.control.traces.read(id, 0, 1_000).await.unwrap();
            match trace.iter().any(|entry| wanted(&entry.body)) {
                true => Ok(trace),
                false => Err(format!("{trace:#?}")),
            }
        })
        .await
    }

    /// A file as the import store of a task's repository keeps it.
    pub(crate) fn kept(&self, key: &str, task: u64, file: &str) -> String {
        let store = self
            .folder
            .path()
            .join(format!("data/workspaces/repos/{key}/import.git"));
        let shown = Program::new("git")
            .arg("--git-dir")
            .arg(store)
            .args(["show", &format!("refs/team6/work/task-{task}:{file}")])
            .output()
            .unwrap();
        String::from_utf8(shown.stdout).unwrap()
    }

    /// A folder that agents see.
    pub(crate) fn signals(&self) -> PathBuf {
        self.folder.path().join("signals")
    }

    /// The folder of a task's workspace.
    pub(crate) fn slot(&self, task: u64) -> PathBuf {
        self.folder.path().join(format!("data/workspaces/slots/task-{task}"))
    }

    /// The origin of this repository does not answer any more, or again.
    pub(crate) fn hangs(&self, key: Option<&str>) {
        let flag = self.folder.path().join("hanging");
        match key {
            Some(key) => std::fs::write(flag, format!("forge/{key}/\n")).unwrap(),
            None => std::fs::remove_file(flag).unwrap(),
        }
    }

    /// The workspaces' own mirror of a repository is not fetched any more, until [`Scene::hangs`] says so.
    pub(crate) fn mirror_hangs(&self, key: &str) {
        let flag = self.folder.path().join("hanging");
        std::fs::write(flag, format!("workspaces/repos/{key}/mirror.git\n")).unwrap();
    }

    /// Waits until something waits for the origin that does not answer.
    pub(crate) async fn waits_for_its_origin(&self) {
        let waits = self.folder.path().join("hanging-now");
        wait_until("a call that hangs", LIMIT, async || match waits.exists() {
            true => Ok(()),
            false => Err("nothing asks the origin"),
        })
        .await;
    }

    /// Somebody else pushes to the target branch of the first repository.
    pub(crate) fn upstream_moves(&self) {
        let origin = self.origin();
        let tree = origin.git(&["rev-parse", "main^{tree}"]);
        let who = ["-c", "user.name=Lin", "-c", "user.email=lin@example.org"];
        let commit = ["commit-tree", "-p", "main", "-m", "Later", &tree];
        let commit = origin.git(&[&who[..], &commit[..]].concat());
        origin.git(&["update-ref", "refs/heads/main", &commit]);
    }

    /// The origin of the first repository.
    pub(crate) fn origin(&self) -> &Repository {
        &self.origins[0]
    }

    /// Stops the worker, and tells how long that took.
    pub(crate) async fn stops(&mut self) -> Duration {
        let began = std::time::Instant::now();
        self.stop.cancel();
        while let Some(ended) = within("the end of the worker", LIMIT, self.worker.join_next()).await {
            ended.unwrap();
        }
        began.elapsed()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        // It lies beside the data folder, as its path must be short.
        let _ = std::fs::remove_dir_all(&self.app.worker().sockets);
    }
}

pub(crate) fn ada() -> PersonId {
    "ada".parse().unwrap()
}

fn project() -> ProjectId {
    "shop".parse().unwrap()
}

/// Short limits.
pub(crate) fn policy() -> Policy {
    Policy {
        heartbeat: Duration::from_millis(200),
        lease: Duration::from_secs(30),
        backoff_base: Duration::from_millis(50),
        backoff_limit: Duration::from_millis(50),
        ..Policy::default()
    }
}

fn config(folder: &Path, sandbox: Sandbox) -> Config {
    let mut config = Config {
        data: folder.join("data"),
        sandbox,
        ..Config::default()
    };
    config.agents.sees = vec![folder.join("signals")];
    config.agents.folder = folder.join("agents");
    config
}

fn programs(folder: &Path, sandbox: Sandbox) -> Programs {
    let hidden = |args: Vec<String>| CommandLine {
        program: PROGRAMS.to_owned(),
        args,
    };
    let scenario = folder.join("scenario.toml").to_string_lossy().into_owned();
    Programs {
        supervisor: hidden(vec!["supervisor".into()]),
        bridge: hidden(vec!["toolbox-bridge".into()]),
        packer: hidden(vec!["workspace-packer".into()]),
        scripted: hidden(vec!["scripted-agent".into(), scenario]),
        scripted_works: true,
        git: match sandbox {
            Sandbox::Off => git(folder),
            // A git of these tests' own is nothing that a sandbox would see.
            Sandbox::On => "git".into(),
        },
    }
}
