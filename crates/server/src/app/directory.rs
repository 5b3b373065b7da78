//! The agents of this machine, as the API shows and checks them.

use std::sync::Arc;

use async_trait::async_trait;
use team6_agent::profile::{Gateway, Role};
use team6_core::ids::AgentId;
use team6_worker::{Parts, check};

use crate::api::AgentDirectory;
use crate::api::types::{AgentGateway, AgentItem, AgentReport, AgentRole};

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
            gateways: profile.gateways.iter().map(gateway).collect(),
            model: profile.model.clone(),
            program: profile.command.clone(),
        };
        self.0.agents.values().map(card).collect()
    }

    async fn check(&self, agent: &AgentId) -> Option<AgentReport> {
        let profile = self.0.agents.get(agent)?;
        let report = check(&self.0, profile).await;
        Some(AgentReport {
            agent: agent.clone(),
            works: report.works(),
            text: report.to_string(),
            details: serde_json::to_value(&report).unwrap_or_default(),
        })
    }
}

fn gateway(gateway: &Gateway) -> AgentGateway {
    AgentGateway {
        upstream: gateway.upstream.clone(),
        secret: gateway.secret.to_string(),
        header: gateway.header.clone(),
        variable: gateway.variable.clone(),
    }
}
