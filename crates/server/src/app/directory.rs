//! The agents of this machine, as the API shows and checks them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use team6_agent::acp::{Patience, StartAgent, check};
use team6_agent::profile::Role;
use team6_core::ids::AgentId;
use team6_sandbox::TreeMark;
use team6_worker::Parts;

use crate::api::AgentDirectory;
use crate::api::types::{AgentItem, AgentReport, AgentRole};

/// Variables of the engine's own environment that an agent being checked gets.
const PASSED: [&str; 2] = ["PATH", "LANG"];

/// The agents that a worker of this process can start.
pub(super) struct Directory(pub(super) Arc<Parts>);

#[async_trait]
impl AgentDirectory for Directory {
    fn cards(&self) -> Vec<AgentItem> {
        let card = |profile: &team6_agent::profile::AgentProfile| AgentItem {
            id: profile.id.clone(),
            title: profile.title.clone(),
            role: match profile.role {
                Role::Planner => AgentRole::Planner,
                Role::Specialist => AgentRole::Specialist,
            },
            specialties: profile.specialties.clone(),
            installed: which::which(&profile.command).is_ok(),
            install: profile.install.clone(),
        };
        self.0.agents.values().map(card).collect()
    }

    async fn check(&self, agent: &AgentId) -> Option<AgentReport> {
        let profile = self.0.agents.get(agent)?;
        let failed = |why: String| AgentReport {
            agent: agent.clone(),
            works: false,
            text: why,
            details: serde_json::Value::Null,
        };
        let home = match self.scratch(agent) {
            Ok(home) => home,
            Err(error) => return Some(failed(format!("a folder for the check cannot be made: {error}"))),
        };
        let mark = match TreeMark::new(self.0.data_folder.clone(), format!("check-{agent}")) {
            Ok(mark) => mark,
            Err(error) => return Some(failed(error.to_string())),
        };
        let mut env: BTreeMap<_, _> = PASSED
            .iter()
            .filter_map(|name| Some(((*name).into(), std::env::var_os(name)?)))
            .collect();
        env.insert("HOME".into(), home.clone().into());
        env.insert("TMPDIR".into(), home.join("tmp").into());
        let start = StartAgent {
            launcher: &self.0.launcher,
            profile,
            cwd: home.clone(),
            env,
            reach: team6_sandbox::Reach::Open,
            secrets: Vec::new(),
            mark: &mark,
            patience: Patience::default(),
        };
        let report = check(start).await;
        if let Err(error) = tokio::fs::remove_dir_all(&home).await {
            tracing::warn!(path = %home.display(), %error, "the folder of a check stays");
        }
        Some(AgentReport {
            agent: agent.clone(),
            works: report.works(),
            text: report.to_string(),
            details: serde_json::to_value(&report).unwrap_or_default(),
        })
    }
}

impl Directory {
    fn scratch(&self, agent: &AgentId) -> std::io::Result<PathBuf> {
        let home = self.0.homes.join(format!("check-{agent}"));
        std::fs::create_dir_all(home.join("tmp"))?;
        Ok(home)
    }
}
