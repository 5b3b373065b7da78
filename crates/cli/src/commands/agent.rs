//! `team6 agent`: who can be given work, and whether they would start.

use clap::Subcommand;
use serde_json::json;
use team6_agent::acp::Patience;
use team6_core::ids::AgentId;
use team6_server::api::types::{AgentItem, AgentReport, AgentRole};

use super::Context;
use crate::failure::Failure;
use crate::output::{Page, Tone};

/// What to do with agents.
#[derive(Debug, Subcommand)]
pub(crate) enum AgentCommand {
    /// List the agents.
    #[command(after_help = "Example:\n  team6 agent list")]
    List,
    /// Start an agent, see what it can do, and end it again. Its model is asked nothing.
    #[command(after_help = "Example:\n  team6 agent check claude-code")]
    Check {
        /// The agent.
        name: AgentId,
    },
}

/// Carries a command out.
pub(crate) async fn run(command: AgentCommand, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    match command {
        AgentCommand::List => {
            let agents = client.list::<AgentItem>("/agents", "after", &[]).await?;
            context.output.show(&agents, |agents, page| list(agents, page))
        }
        AgentCommand::Check { name } => {
            let patience = Patience::default();
            context.output.note(&format!(
                "starting {name}: it has {} s to answer the greeting of the protocol (ACP), then {} s to open a session ...",
                patience.greeting.as_secs(),
                patience.opening.as_secs()
            ));
            let reply = client
                .post::<AgentReport>(&format!("/agents/{name}/check"), &json!({}))
                .await?;
            context
                .output
                .show(&reply, |report, page| page.block(0, &report.text))?;
            match reply.item.works {
                true => Ok(()),
                false => Err(Failure::Failed(format!("agent {name} cannot be given work as it is"))),
            }
        }
    }
}

fn list(agents: &[AgentItem], page: &mut Page) {
    let rows = agents.iter().map(|agent| {
        let role = match agent.role {
            AgentRole::Planner => "plans",
            AgentRole::Specialist => "does tasks",
        };
        let specialties: Vec<&str> = agent
            .specialties
            .iter()
            .map(team6_core::ids::Specialty::as_str)
            .collect();
        let fields = if specialties.is_empty() {
            "any".into()
        } else {
            specialties.join(", ")
        };
        [
            (Tone::Strong, agent.id.to_string()),
            (Tone::Plain, agent.title.clone()),
            (Tone::Plain, role.into()),
            (Tone::Plain, fields),
            match (agent.installed, &agent.install) {
                (true, _) => (Tone::Good, "yes".into()),
                (false, Some(how)) => (Tone::Faint, format!("no: {how}")),
                (false, None) => (Tone::Faint, "no".into()),
            },
        ]
    });
    page.table(["agent", "title", "role", "specialties", "installed"], rows);
    page.gap();
    page.next(
        "team6 agent check NAME",
        "shows whether an agent works, and what is missing",
    );
}
