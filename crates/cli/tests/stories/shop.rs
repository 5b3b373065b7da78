//! A server with the project `shop`, whose planner submits the tasks that a story needs.

use std::fmt::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use team6_testkit::repositories::Repository;
use team6_testkit::wait::wait_until;

use crate::harness::{Place, Server};

/// A project at work.
pub(crate) struct Shop {
    pub(crate) place: Place,
    pub(crate) server: Server,
    pub(crate) repository: Repository,
}

/// A script of the scenario: what it is played for, and its steps, one a line.
pub(crate) type Script<'a> = (&'a str, &'a [&'a str]);

/// The last step of a task that is done.
pub(crate) const DONE: &str = r#"{ tool = { name = "complete_task", arguments = { summary_what = "It is there.", summary_why = "It was asked for.", tests = [] } } }"#;

impl Shop {
    /// A sprint of these tasks, planned and approved; they belong to ada.
    pub(crate) fn at_work(more: &str, tasks: &[&str], scripts: &[Script<'_>]) -> Self {
        let shop = Self::planned(more, tasks, scripts);
        shop.approved(tasks.len());
        shop
    }

    /// A sprint of these tasks that waits for its approval.
    pub(crate) fn planned(more: &str, tasks: &[&str], scripts: &[Script<'_>]) -> Self {
        Self::planned_with(more, tasks, scripts, &[])
    }

    /// A sprint at work, with further agents: each a name and its file.
    pub(crate) fn with_agents(more: &str, tasks: &[&str], scripts: &[Script<'_>], agents: &[(&str, &str)]) -> Self {
        let shop = Self::planned_with(more, tasks, scripts, agents);
        shop.approved(tasks.len());
        shop
    }

    fn planned_with(more: &str, tasks: &[&str], scripts: &[Script<'_>], agents: &[(&str, &str)]) -> Self {
        let submit = submit(tasks);
        let steps = [submit.as_str()];
        let mut scenario: Vec<Script<'_>> = scripts.to_vec();
        scenario.push(("Plan a sprint for this goal", &steps));
        let shop = Self::staffed(more, &scenario, agents);
        shop.place.ok(&["sprint", "plan", "shop", "Sell more."]);
        shop.waits_for_a_person();
        shop
    }

    /// A server with the project and its repository `app`, whose agents play these scripts, the first that matches.
    pub(crate) fn open(more: &str, scripts: &[Script<'_>]) -> Self {
        Self::staffed(more, scripts, &[])
    }

    /// The same with further agents.
    pub(crate) fn staffed(more: &str, scripts: &[Script<'_>], agents: &[(&str, &str)]) -> Self {
        Self::in_place(Self::place(more), scripts, agents)
    }

    /// Where a shop can be opened. Agents see its folder of signals in their sandboxes.
    pub(crate) fn place(more: &str) -> Place {
        let place = Place::new(&format!(
            "{more}\n[agents]\nplanner = \"scripted\"\nsees = [\"PLACE/signals\"]\n"
        ));
        let signals = place.path().join("signals");
        std::fs::create_dir(&signals).unwrap();
        std::fs::set_permissions(&signals, std::fs::Permissions::from_mode(0o755)).unwrap();
        place
    }

    /// The same as [`Shop::staffed`] in a place that was made ready.
    pub(crate) fn in_place(place: Place, scripts: &[Script<'_>], agents: &[(&str, &str)]) -> Self {
        let signals = place.path().join("signals");
        for (name, text) in agents {
            place.file(&format!("agents/{name}.md"), text);
        }
        let mut text = String::from("title = \"A story\"\n");
        for (when, steps) in scripts {
            let steps = steps.join(",\n    ").replace("SIGNALS", signals.to_str().unwrap());
            write!(text, "\n[[script]]\nwhen = '{when}'\nsteps = [\n    {steps},\n]\n").unwrap();
        }
        let scenario = place.file("scenario.toml", &text);
        let server = place.up(&["--scenario", &scenario]);
        let repository = Repository::sample("two-crates").bare_clone();
        place.ok(&["project", "add", "shop", "--title", "The shop"]);
        place.ok(&["repo", "add", "shop", &repository.url(), "--name", "app"]);
        Self {
            place,
            server,
            repository,
        }
    }

    /// A sprint at work whose one task, `A note`, delivered to two repositories: `app`, and `docs`, which is given.
    pub(crate) fn over_two() -> (Self, Repository) {
        let submit = submit(&["A note @ app,docs"]);
        let note = [
            r#"{ edit = { path = "app/note.txt", content = "code\n" } }"#,
            r#"{ commit = { message = "Write the code", folder = "app" } }"#,
            r#"{ edit = { path = "docs/note.txt", content = "words\n" } }"#,
            r#"{ commit = { message = "Write the words", folder = "docs" } }"#,
            DONE,
        ];
        let shop = Self::open(
            "",
            &[
                ("Plan a sprint for this goal", &[&submit]),
                (r"task \d+: A note", &note),
            ],
        );
        let docs = Repository::sample("two-crates").bare_clone();
        shop.place.ok(&["repo", "add", "shop", &docs.url(), "--name", "docs"]);
        shop.place.ok(&["sprint", "plan", "shop", "Sell more."]);
        shop.waits_for_a_person();
        shop.approved(1);
        shop.waits_for_a_person();
        (shop, docs)
    }

    /// Gives a signal that a script waits for.
    pub(crate) fn signal(&self, name: &str) {
        std::fs::write(self.place.path().join("signals").join(name), "").unwrap();
    }

    pub(crate) fn approved(&self, tasks: usize) {
        let owners: Vec<String> = (1..=tasks).map(|task| format!("{task}=ada")).collect();
        let mut own = vec!["sprint", "owners", "1"];
        own.extend(owners.iter().map(String::as_str));
        self.place.ok(&own);
        self.place.ok(&["sprint", "approve", "1"]);
    }

    /// Loses the server as by a power cut, and starts it again.
    pub(crate) fn restarted(self) -> Self {
        let Self {
            place,
            server,
            repository,
        } = self;
        server.kill();
        let scenario = place.path().join("scenario.toml");
        let server = place.up(&["--scenario", scenario.to_str().unwrap()]);
        Self {
            place,
            server,
            repository,
        }
    }

    pub(crate) fn waits_for_a_person(&self) -> String {
        self.place.ok(&["sprint", "watch", "1", "--until", "person"])
    }

    /// Approves and merges what a task delivered.
    pub(crate) fn merges(&self, task: &str) {
        self.place.ok(&["task", "review", task, "--approve"]);
        self.place.ok(&["task", "merge", task]);
    }

    /// The first event of a kind for which this holds, from the beginning of the sprint on.
    pub(crate) fn event(&self, kind: &str, holds: impl Fn(&Value) -> bool) -> Value {
        self.place.event(kind, holds)
    }

    /// Waits until the agent of a task has said this.
    pub(crate) fn progress(&self, text: &str) {
        self.event("progress_reported", |data| data["text"] == text);
    }

    /// What people see of a task.
    pub(crate) fn task(&self, task: &str) -> Value {
        self.place.json(&["task", "show", task])
    }

    /// What the first pull request of a repository says, as the forge keeps it.
    pub(crate) fn body(&self, repository: &str) -> String {
        let forge = self
            .place
            .path()
            .join(format!("team6-data/forge/{repository}/forge.git"));
        let shown = Command::new("git")
            .arg("--git-dir")
            .arg(forge)
            .args(["show", "refs/team6/changes/1/meta:pull-request.json"])
            .output()
            .unwrap();
        let kept: Value = serde_json::from_slice(&shown.stdout).unwrap();
        kept["pull_request"]["body"].as_str().unwrap().to_owned()
    }

    /// Waits until the first pull request of a repository says this.
    pub(crate) fn says(&self, repository: &str, text: &str) {
        let mut clock = tokio::runtime::Builder::new_current_thread();
        let clock = clock.enable_time().build().unwrap();
        clock.block_on(wait_until(
            format!("{repository} to say {text:?}"),
            Duration::from_secs(60),
            async || {
                let body = self.body(repository);
                if body.contains(text) { Ok(()) } else { Err(body) }
            },
        ));
    }

    /// A file on the main branch of the origin.
    pub(crate) fn merged(&self, file: &str) -> String {
        self.repository.git(&["show", &format!("main:{file}")])
    }
}

/// A step that says how far the agent is, which a test can wait for.
pub(crate) fn report(text: &str) -> String {
    format!(r#"{{ tool = {{ name = "report_progress", arguments = {{ text = "{text}" }} }} }}"#)
}

/// Submits tasks, each `title` or `title @ repository,repository`, none of which needs another.
pub(crate) fn submit(tasks: &[&str]) -> String {
    let mut list = String::new();
    for (place, task) in tasks.iter().enumerate() {
        let (title, repositories) = task.split_once(" @ ").unwrap_or((task, "app"));
        let repositories: Vec<String> = repositories.split(',').map(|name| format!("\"{name}\"")).collect();
        write!(
            list,
            r#"{{ key = "task-{place}", title = "{title}", what = "Do it.", why = "People wish it.", acceptance_criteria = ["It is there"], estimate_minutes = 5, specialty = "docs", repositories = [{}] }}, "#,
            repositories.join(", ")
        )
        .unwrap();
    }
    format!(
        r##"{{ tool = {{ name = "submit_plan", arguments = {{ prd = "# More\n\nSell more.", tasks = [{list}] }} }} }}"##
    )
}
