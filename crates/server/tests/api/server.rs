//! A server of the test's own, on a folder and a port of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::http::Uri;
use serde_json::{Value, json};
use team6_agent::profile::CommandLine;
use team6_server::api::{router, router_with_pages, serve, token};
use team6_server::app::{App, AppError, Programs};
use team6_server::config::{Config, Origin, Person, Value as Setting};
use team6_store::DataFolder;
use team6_testkit::repositories::Repository;
use team6_testkit::wait::wait_until;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::client::{Client, LIMIT};

/// The program that plays all that a server starts.
pub(crate) const PROGRAMS: &str = env!("CARGO_BIN_EXE_team6-server-programs");

/// A server that answers requests; its engine carries nothing out unless it runs.
pub(crate) struct Server {
    pub(crate) app: Arc<App>,
    /// Acts for ada, who may approve, as may lin; eve may not.
    pub(crate) client: Client,
    pub(crate) stop: CancellationToken,
    token: String,
    tasks: JoinSet<()>,
    folder: TempDir,
}

impl Server {
    pub(crate) async fn open() -> Self {
        Self::playing("").await
    }

    /// A server whose scripted agent plays a scenario.
    pub(crate) async fn playing(scenario: &str) -> Self {
        Self::configured(scenario, |_| {}).await
    }

    pub(crate) async fn configured(scenario: &str, configure: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("scenario.toml"), scenario).unwrap();
        Self::start(folder, configure, None).await
    }

    /// A server with pages beside its API.
    pub(crate) async fn with_pages(page: fn(&str) -> String) -> Self {
        let pages = Router::new().fallback(async move |uri: Uri| page(uri.path()));
        Self::start(tempfile::tempdir().unwrap(), |_| {}, Some(pages)).await
    }

    /// A server on the folder of one that was closed.
    pub(crate) async fn reopened(folder: TempDir) -> Self {
        Self::start(folder, |_| {}, None).await
    }

    async fn start(folder: TempDir, configure: impl FnOnce(&mut Config), pages: Option<Router>) -> Self {
        let mut config = config(&folder.path().join("data"));
        configure(&mut config);
        let programs = programs(&folder.path().join("scenario.toml"));
        let mut app = App::open(config, programs).await.unwrap();
        app.tell_settings(settings());
        let app = Arc::new(app);
        let token = token::load_or_create(&app.config().data).unwrap();
        let text = std::fs::read_to_string(token.file()).unwrap().trim().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        let state = app.api(token, stop.clone()).unwrap();
        let router = match pages {
            Some(pages) => router_with_pages(state, pages),
            None => router(state),
        };
        let mut tasks = JoinSet::new();
        let stopped = stop.clone();
        tasks.spawn(async move { serve(listener, router, stopped).await.unwrap() });
        Self {
            client: Client::new(&url, &text, "ada"),
            app,
            stop,
            token: text,
            tasks,
            folder,
        }
    }

    /// Lets the engine carry out what is decided.
    pub(crate) fn run(&mut self) {
        let (app, stop) = (Arc::clone(&self.app), self.stop.clone());
        self.tasks.spawn(async move { app.run(stop).await });
    }

    /// Stops it as an operator does; gives its folder, which is free for another server.
    pub(crate) async fn ends(self) -> TempDir {
        let folder = self.stops().await;
        let data = folder.path().join("data");
        // A child that another test starts in this moment holds all that is open until it becomes its own program.
        wait_until("a free folder", LIMIT, async || DataFolder::open(&data).map(drop)).await;
        folder
    }

    async fn stops(mut self) -> TempDir {
        self.stop.cancel();
        if self.tasks.len() == 1 {
            // An engine that is told to stop closes everything.
            self.run();
        }
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
        std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap())
    }

    /// What requests must show.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    pub(crate) fn data(&self) -> &Path {
        &self.app.config().data
    }

    /// The project `shop` with the repository `app`, which is gone with the value.
    pub(crate) async fn with_project(&self) -> Repository {
        self.client.post("/projects", json!({ "id": "shop" })).await.done();
        let origin = Repository::sample("two-crates").bare_clone();
        let connect = json!({ "id": "app", "origin": origin.path() });
        self.client.post("/projects/shop/repositories", connect).await.done();
        origin
    }

    /// A sprint of the project `shop`, by its number.
    pub(crate) async fn sprint(&self) -> u64 {
        let open = json!({ "project": "shop", "goal": "A parser" });
        let opened = self.client.post("/sprints", open).await.done();
        opened["item"]["id"].as_u64().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It lies beside the data folder, as its path must be short.
        let _ = std::fs::remove_dir_all(&self.app.worker().sockets);
    }
}

/// A plan of tasks, each a key and the keys that it depends on.
pub(crate) fn plan(tasks: &[(&str, &[&str])]) -> Value {
    let task = |(key, on): &(&str, &[&str])| json!({ "key": key, "title": format!("Do {key}"), "depends_on": on, "estimate_minutes": 30, "repositories": ["app"] });
    json!({ "title": "A parser", "prd": "Why", "tasks": tasks.iter().map(task).collect::<Vec<_>>() })
}

/// What the server is told of where its values came from.
fn settings() -> Vec<Setting> {
    let setting = |key: &str, value: &str, origin| Setting {
        key: key.to_owned(),
        value: value.to_owned(),
        origin,
    };
    vec![
        setting("agents.planner", "", Origin::NotSet),
        setting("limits.lease", "30s", Origin::Default),
        setting("me", "ada", Origin::File("/etc/team6.toml".into())),
        setting("sandbox", "on", Origin::Environment("TEAM6_SANDBOX".into())),
    ]
}

/// The configuration of a team of three.
pub(crate) fn config(data: &Path) -> Config {
    let person = |name: &str| Person {
        name: name.to_owned(),
        email: format!("{name}@example.org"),
        approves: name != "eve",
        handles: Vec::new(),
    };
    let people = ["ada", "eve", "lin"].map(|name| (name.parse().unwrap(), person(name)));
    let mut config = Config {
        data: data.to_owned(),
        people: BTreeMap::from(people),
        ..Config::default()
    };
    // Whatever is installed on this machine, only the scripted agent works here.
    config.agents.folder = data.join("agents");
    std::fs::create_dir_all(&config.agents.folder).unwrap();
    for agent in ["claude-code", "codex", "gemini", "goose", "opencode"] {
        let file = config.agents.folder.join(agent).with_extension("md");
        std::fs::write(
            file,
            format!("+++\nextends = {agent:?}\ncommand = \"not-installed-here\"\n+++\n"),
        )
        .unwrap();
    }
    config
}

pub(crate) fn programs(scenario: &Path) -> Programs {
    let hidden = |command: &str| CommandLine {
        program: PROGRAMS.to_owned(),
        args: vec![command.to_owned()],
    };
    let mut scripted = hidden("scripted-agent");
    scripted.args.push(scenario.to_string_lossy().into_owned());
    Programs {
        supervisor: hidden("supervisor"),
        bridge: hidden("toolbox-bridge"),
        packer: hidden("workspace-packer"),
        scripted,
        scripted_works: true,
        git: PathBuf::from("git"),
    }
}

/// What an operator is told when the server does not start.
pub(crate) async fn does_not_start(data: &Path) -> AppError {
    match App::open(config(data), programs(&data.join("scenario.toml"))).await {
        Ok(_) => panic!("the server started on {}", data.display()),
        Err(error) => error,
    }
}
