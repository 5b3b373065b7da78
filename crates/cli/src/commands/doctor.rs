//! `team6 doctor`: whether this machine has what the server needs, and what to do if not.

use std::path::Path;

use rustix::fs::statvfs;
use serde::Serialize;
use team6_agent::profile::BuiltIns;
use team6_git::{Fuse, Git};
use team6_sandbox::Launcher;
use team6_sandbox::probe::{self, Isolation, Missing, Overlay, Users};
use team6_server::api::types::Me;
use team6_server::config::{Config, Sandbox};
use team6_store::{DataFolder, DataFolderError};

use super::Context;
use crate::failure::Failure;
use crate::output::{Page, Tone};
use crate::{configuration, programs};

/// The least space that is no cause for worry, in bytes.
const SPACE: u64 = 5 * 1024 * 1024 * 1024;

/// What was found of one thing.
#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    state: State,
    found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// All that was found of the sandboxes of agents.
    #[serde(skip_serializing_if = "Option::is_none")]
    isolation: Option<Isolation>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Good,
    /// It works, with something missing.
    Attention,
    /// The server cannot work.
    Bad,
}

impl Finding {
    fn good(what: &'static str, found: impl Into<String>) -> Self {
        Self {
            what,
            state: State::Good,
            found: found.into(),
            next: None,
            isolation: None,
        }
    }

    /// `next` is empty where what was found says it.
    fn trouble(what: &'static str, state: State, found: impl Into<String>, next: impl Into<String>) -> Self {
        let next = next.into();
        Self {
            what,
            state,
            found: found.into(),
            next: (!next.is_empty()).then_some(next),
            isolation: None,
        }
    }
}

/// Looks at everything, and fails if the server could not work.
pub(crate) async fn run(context: &Context) -> Result<(), Failure> {
    let mut findings = vec![git().await];
    match configuration::load(context.connection.config.as_deref()) {
        Ok(loaded) => {
            let file = loaded.file.as_ref().map(|file| file.display().to_string());
            findings.push(Finding::good(
                "configuration",
                file.unwrap_or_else(|| "built in; there is no file".into()),
            ));
            let data = data(&loaded.config);
            let isolation = match data.state {
                State::Bad => Finding::trouble("isolation", State::Attention, "it is tried in the data folder", ""),
                _ => isolation(&loaded.config).await,
            };
            findings.extend([people(&loaded.config), data, space(&loaded.config.data)]);
            findings.extend(exposure(&loaded.config));
            findings.push(isolation);
            findings.extend(agents(&loaded.config));
            findings.push(server(context).await);
        }
        Err(error) => findings.push(Finding::trouble(
            "configuration",
            State::Bad,
            error,
            "mend it; `team6 config show` tells when it is right",
        )),
    }
    context.output.value(&findings, |page| show(&findings, page))?;
    match findings.iter().any(|finding| finding.state == State::Bad) {
        true => Err(Failure::Failed(
            "the server cannot work here as it is; see above".into(),
        )),
        false => Ok(()),
    }
}

async fn git() -> Finding {
    match team6_workspace::check_git(&Git::new("git".into(), Fuse::default())).await {
        Ok(version) => Finding::good("git", version),
        Err(error) => Finding::trouble("git", State::Bad, error.to_string(), ""),
    }
}

fn people(config: &Config) -> Finding {
    if config.people.is_empty() {
        let next = "add [people.NAME] with name and email to team6.toml, so that tasks get owners";
        return Finding::trouble(
            "people",
            State::Attention,
            "nobody is configured; whoever runs the server owns all",
            next,
        );
    }
    if !config.people.values().any(|person| person.approves) {
        let next = "set approves = true for somebody";
        return Finding::trouble("people", State::Bad, "nobody may approve plans", next);
    }
    let names: Vec<&str> = config.people.keys().map(team6_core::ids::PersonId::as_str).collect();
    Finding::good("people", names.join(", "))
}

/// Whether the data folder can be had. One that is not there is not made.
fn data(config: &Config) -> Finding {
    let path = &config.data;
    let trouble = |found: String| {
        let next = "let the user that runs the server write there, or set another with TEAM6_DATA=FOLDER";
        Finding::trouble("data folder", State::Bad, found, next)
    };
    if !path.exists() {
        let there = existing(path);
        return match tempfile::tempdir_in(there) {
            Ok(_) => Finding::good(
                "data folder",
                format!("{} is made by the first `team6 up`", path.display()),
            ),
            Err(error) => trouble(format!(
                "{} cannot be made in {}: {}",
                path.display(),
                there.display(),
                std::io::Error::from(error.kind())
            )),
        };
    }
    match DataFolder::open(path) {
        Ok(_) => Finding::good("data folder", path.display().to_string()),
        Err(DataFolderError::InUse { pid, .. }) => {
            Finding::good("data folder", format!("{}, in use by process {pid}", path.display()))
        }
        Err(error) => trouble(error.to_string()),
    }
}

/// Whether other machines reach the server.
fn exposure(config: &Config) -> Option<Finding> {
    let warning = config.exposed()?;
    let (found, next) = warning.split_once(". ").unwrap_or((&warning, ""));
    Some(Finding::trouble("address", State::Attention, found, next))
}

/// The data folder, or what it will be made in.
fn existing(data: &Path) -> &Path {
    let mut folders = data.ancestors();
    folders.find(|folder| folder.exists()).unwrap_or(Path::new("/"))
}

fn space(data: &Path) -> Finding {
    let there = existing(data);
    let Ok(disk) = statvfs(there) else {
        let found = format!("the disk of {} cannot be asked", there.display());
        return Finding::trouble("disk", State::Attention, found, "see that it is mounted");
    };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let found = format!("{} GB free at {}", free / 1024 / 1024 / 1024, there.display());
    match free >= SPACE {
        true => Finding::good("disk", found),
        false => Finding::trouble(
            "disk",
            State::Attention,
            found,
            "make space: mirrors and workspaces need some",
        ),
    }
}

/// Tries what agents would be kept in.
async fn isolation(config: &Config) -> Finding {
    let own = match programs::own() {
        Ok(own) => own,
        Err(error) => return Finding::trouble("isolation", State::Bad, error, "install the program anew"),
    };
    let supervisor = programs::hidden(&own, "supervisor");
    let launcher = Launcher::new(supervisor.program, supervisor.args);
    explained(
        probe::isolation(&launcher, existing(&config.data)).await,
        config.sandbox,
    )
}

fn explained(isolation: Isolation, setting: Sandbox) -> Finding {
    let lines = |all: &[Missing]| -> Vec<String> {
        let line = |missing: &Missing| format!("{}: {}\n  {}", missing.what, missing.why, missing.how_to_enable);
        all.iter().map(line).collect()
    };
    let off = setting == Sandbox::Off;
    let mut finding = match isolation.users {
        _ if off => Finding::trouble(
            "isolation",
            State::Attention,
            "sandbox = \"off\": agents can do whatever you can",
            "",
        ),
        Some(users) => Finding::good("isolation", given(&isolation, users)),
        None => Finding::trouble(
            "isolation",
            State::Bad,
            "agents cannot be kept in sandboxes here, so the server does not start",
            "",
        ),
    };
    let setting = match (isolation.users, off) {
        (Some(_), true) => vec!["this machine can keep them in sandboxes: take the setting out".to_owned()],
        (None, false) => vec!["sandbox = \"off\" in the configuration runs agents without".to_owned()],
        _ => Vec::new(),
    };
    let next = [lines(&isolation.missing), lines(&isolation.better), setting].concat();
    finding.next = (!next.is_empty()).then(|| next.join("\n"));
    finding.isolation = Some(isolation);
    finding
}

/// What keeps an agent from the machine and from others, and what its workspace is made of.
fn given(isolation: &Isolation, users: Users) -> String {
    let mut given = vec![match users {
        Users::Own => "each agent is a user of its own in namespaces of its own".to_owned(),
        Users::Engine => "each agent has namespaces of its own, and is your user without its rights".to_owned(),
    }];
    given.extend(isolation.landlock.map(|version| format!("Landlock {version}")));
    given.push(
        match isolation.overlay {
            Overlay::WithFolderRenames => "workspaces by overlays",
            Overlay::WithoutFolderRenames => "workspaces by overlays, without renames of folders",
            Overlay::None => "no overlays",
        }
        .to_owned(),
    );
    given.push(
        match isolation.control_groups {
            true => "limits by control groups",
            false => "limits by process and by watching",
        }
        .to_owned(),
    );
    given.join("; ")
}

fn agents(config: &Config) -> Vec<Finding> {
    let built_ins = match programs::own() {
        Ok(own) => BuiltIns::new(programs::hidden(&own, "scripted-agent")),
        Err(error) => {
            return vec![Finding::trouble(
                "agents",
                State::Bad,
                error,
                "install the program anew",
            )];
        }
    };
    let profiles = match built_ins.with_folder(&config.agents.folder) {
        Ok(profiles) => profiles,
        Err(error) => {
            return vec![Finding::trouble(
                "agents",
                State::Bad,
                error.to_string(),
                "mend or remove the files",
            )];
        }
    };
    let real = profiles
        .values()
        .filter(|profile| profile.id.as_str() != team6_agent::profile::SCRIPTED);
    let (there, absent): (Vec<_>, Vec<_>) = real.partition(|profile| which::which(&profile.command).is_ok());
    if there.is_empty() {
        let how: Vec<String> = absent
            .iter()
            .filter_map(|profile| Some(format!("{}: {}", profile.id, profile.install.as_ref()?)))
            .collect();
        return vec![Finding::trouble(
            "agents",
            State::Attention,
            "none is installed",
            how.join("\n"),
        )];
    }
    let found = |profile: &team6_agent::profile::AgentProfile| {
        let next = format!("`team6 agent check {}` shows whether it works", profile.id);
        Finding {
            next: Some(next),
            ..Finding::good("agent", format!("{} ({})", profile.id, profile.command))
        }
    };
    there.into_iter().map(found).collect()
}

async fn server(context: &Context) -> Finding {
    let health = match context.client() {
        Ok(client) => client.get::<Me>("/me").await.map(drop),
        Err(failure) => Err(failure),
    };
    match health {
        Ok(()) => Finding::good("server", "it answers"),
        Err(Failure::Unreachable(_)) => Finding {
            next: Some("`team6 up` starts it".into()),
            ..Finding::good("server", "it does not run")
        },
        Err(failure) => Finding::trouble(
            "server",
            State::Attention,
            failure.text(),
            "start it anew with `team6 up`",
        ),
    }
}

fn show(findings: &[Finding], page: &mut Page) {
    for finding in findings {
        let (tone, mark) = match finding.state {
            State::Good => (Tone::Good, "ok"),
            State::Attention => (Tone::Attention, "look"),
            State::Bad => (Tone::Bad, "bad"),
        };
        let mark = page.tinted(tone, format!("{mark:<5}"));
        page.line(format!("{mark}{:<14} {}", finding.what, finding.found));
        for line in finding.next.iter().flat_map(|next| next.lines()) {
            let next = page.tinted(Tone::Faint, line);
            page.line(format!("{:20}{next}", ""));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_with_what_to_do() {
        let missing = |what: &str| Missing {
            what: what.into(),
            why: "it is switched off".into(),
            how_to_enable: "switch it on".into(),
        };
        let nothing = Isolation {
            users: None,
            overlay: Overlay::None,
            id_mapped_mounts: false,
            landlock: None,
            seccomp: true,
            control_groups: false,
            missing: vec![missing("user namespaces")],
            better: vec![missing("Landlock")],
        };
        let all = Isolation {
            users: Some(Users::Own),
            overlay: Overlay::WithFolderRenames,
            landlock: Some(7),
            control_groups: true,
            missing: Vec::new(),
            better: Vec::new(),
            ..nothing.clone()
        };
        let finding = explained(nothing, Sandbox::On);
        assert_eq!(finding.state, State::Bad);
        let next = "user namespaces: it is switched off\n  switch it on\nLandlock: it is switched off\n  switch it on\n\
                    sandbox = \"off\" in the configuration runs agents without";
        assert_eq!(finding.next.as_deref(), Some(next));
        let finding = explained(all.clone(), Sandbox::Off);
        assert_eq!(finding.state, State::Attention);
        assert!(finding.found.contains("agents can do whatever you can"), "{finding:?}");
        let finding = explained(all, Sandbox::On);
        assert_eq!((finding.state, finding.next), (State::Good, None));
        let found = "each agent is a user of its own in namespaces of its own; Landlock 7; workspaces by overlays; \
                     limits by control groups";
        assert_eq!(finding.found, found);
    }
}
