//! Whether an agent would work: it is started as an attempt starts it, in a workspace that is thrown away.

mod gateways;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use team6_agent::acp::{AgentError, CheckReport, Patience, StartAgent, check as check_started};
use team6_agent::profile::{AgentProfile, Role};
use team6_agent::toolbox::{Accepted, Refused, SessionToken, ToolCall, ToolHandler, ToolSet};
use team6_egress::{Outcome, Record};
use team6_sandbox::TreeMark;
use team6_workspace::{Claim, Workspace, guest};

use crate::surroundings::{NotReady, out_of, place, socket, told};
use crate::worker::Parts;

/// How the names of workspaces and homes of checks begin.
const PREFIX: &str = "check-";

/// So that two checks of one agent do not meet.
static CHECKS: AtomicU32 = AtomicU32::new(1);

/// Finds out whether an agent can be given work here: in its sandbox, with its proxy, its tools, and what its profile lets
/// it see. Nothing is said to its model.
pub async fn check(parts: &Parts, profile: &AgentProfile) -> CheckReport {
    let name = format!("{PREFIX}{}-{}", profile.id, CHECKS.fetch_add(1, Ordering::Relaxed));
    let author = (
        format!("{} (Team6)", profile.id),
        format!("{}@team6.invalid", profile.id),
    );
    let claim = Claim::of_no_attempt(name.clone(), Vec::new(), author);
    let workspace = match parts.provisioner.claim(claim, &|_| {}).await {
        Ok(workspace) => workspace,
        Err(error) => return CheckReport::hindered(profile, error.to_string()),
    };
    let home = parts.homes.join(&name);
    let mut report = match started(parts, profile, &workspace, &home, &name).await {
        Ok(report) => report,
        Err(NotReady::Environment(problems)) => CheckReport::unstarted(profile, &AgentError::Environment(problems)),
        Err(NotReady::Other(text)) => CheckReport::hindered(profile, text),
    };
    report.sandbox = Some(match workspace.boxed {
        Some(_) => "its own, as in an attempt".into(),
        None => "none: it can do whatever the server's user can".into(),
    });
    if let Err(error) = parts.provisioner.release(workspace).await {
        tracing::warn!(name, %error, "the workspace of a check is left for the next sweep");
    }
    if let Err(error) = tokio::fs::remove_dir_all(&home).await {
        tracing::warn!(path = %home.display(), %error, "the folder of a check stays");
    }
    report
}

/// Whether a home or workspace of this name is of no attempt, but of a check or a setup command.
pub fn is_of_no_attempt(name: &str) -> bool {
    [PREFIX, crate::setup::PREFIX, crate::evidence::PREFIX]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

async fn started(
    parts: &Parts,
    profile: &AgentProfile,
    workspace: &Workspace,
    home: &Path,
    name: &str,
) -> Result<CheckReport, NotReady> {
    let other = NotReady::Other;
    guest::prepare_home(home).map_err(|error| other(format!("a folder for the check cannot be made: {error}")))?;
    let failed = |error: String| other(format!("the engine's tools cannot be offered: {error}"));
    let token = SessionToken::random().map_err(|error| failed(error.to_string()))?;
    let set = match profile.role {
        Role::Planner => ToolSet::planner(),
        Role::Specialist => ToolSet::specialist(),
    };
    let folder = parts.sockets.join(name);
    let tools = parts.toolbox.serve(&folder, token, set, Arc::new(OnlyAsked)).await;
    let tools = tools.map_err(|error| failed(error.to_string()))?;
    let mark = TreeMark::new(parts.data_folder.clone(), name).map_err(|error| other(error.to_string()))?;
    let placed = place(parts, profile, workspace, home, tools.mcp_server(), &folder).await?;
    let gateways = placed.added.gateways.clone();
    let start = StartAgent {
        launcher: &parts.launcher,
        profile,
        cwd: placed.spec.cwd,
        env: placed.spec.env,
        added: placed.added,
        reach: placed.spec.reach,
        mark: &mark,
        secrets: Vec::new(),
        patience: Patience::default(),
    };
    let mut report = check_started(start, vec![placed.tools]).await;
    tools.shutdown().await;
    if let Some((proxy, mut records)) = placed.way_out {
        for gateway in &gateways {
            gateways::ask(&socket(&out_of(&folder)), gateway).await;
        }
        proxy.shutdown().await;
        let mut told = Vec::new();
        while let Some(record) = records.recv().await {
            told.push(record);
        }
        gateways::answered(&mut report, &gateways, &told);
        report.network = denied(&told);
    }
    Ok(report)
}

/// What was not let through, each place once.
fn denied(records: &[Record]) -> Vec<String> {
    let mut places = BTreeMap::new();
    let refused = records
        .iter()
        .filter(|record| matches!(record.outcome, Outcome::Refused(_)));
    for record in refused {
        let line = told(record);
        let line = line.strip_prefix("network: ").unwrap_or(&line).to_owned();
        places.entry((record.host.clone(), record.port)).or_insert(line);
    }
    places.into_values().collect()
}

/// Tools that do nothing: an agent is not asked to use them.
struct OnlyAsked;

#[async_trait]
impl ToolHandler for OnlyAsked {
    async fn call(&self, _: ToolCall) -> Result<Accepted, Refused> {
        Err(Refused::because(
            "this is only a check of whether you start; end your turn",
        ))
    }
}
