//! The MCP servers that a session was given, as the agent uses them: started as child processes, asked for their
//! tools, and called.

use std::process::Stdio;
use std::time::Duration;

use agent_client_protocol::v1::schema::{McpServer, McpServerStdio};
use rmcp::ServiceExt;
use rmcp::model::CallToolRequestParams;
use rmcp::service::{RoleClient, RunningService};
use serde_json::{Map, Value};
use tokio::process::{Child, Command};

const CONNECT_LIMIT: Duration = Duration::from_secs(20);
/// What a server sees of the agent's environment, besides what it was given.
const PASSED_ON: [&str; 4] = ["PATH", "HOME", "TMPDIR", "LANG"];

/// The connected servers of a session. Dropping it ends their processes.
pub(super) struct Tools {
    servers: Vec<Server>,
}

struct Server {
    name: String,
    tools: Vec<String>,
    service: RunningService<RoleClient, ()>,
    /// Ended when it is dropped.
    _process: Child,
}

/// What a server answered to a call.
pub(super) struct Answer {
    pub(super) refused: bool,
    pub(super) text: String,
}

impl Tools {
    /// Starts the servers that speak on stdio; the others are passed over.
    pub(super) async fn connect(servers: &[McpServer]) -> Result<Self, String> {
        let mut connected = Vec::new();
        for server in servers {
            if let McpServer::Stdio(spec) = server {
                let server = tokio::time::timeout(CONNECT_LIMIT, connect(spec)).await;
                connected.push(server.map_err(|_| format!("the server {} did not answer in time", spec.name))??);
            }
        }
        Ok(Self { servers: connected })
    }

    /// The server's name, if one has the tool.
    pub(super) fn server_of(&self, tool: &str) -> Option<&str> {
        self.find(tool).map(|server| server.name.as_str())
    }

    /// Calls a tool of whichever server has it.
    pub(super) async fn call(&self, tool: &str, arguments: Map<String, Value>) -> Result<Answer, String> {
        let server = self.find(tool).ok_or_else(|| {
            let known: Vec<&str> = self
                .servers
                .iter()
                .flat_map(|server| &server.tools)
                .map(String::as_str)
                .collect();
            format!(
                "no server of this session has the tool {tool}; there are: {}",
                known.join(", ")
            )
        })?;
        let request = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        let result = server
            .service
            .call_tool(request)
            .await
            .map_err(|error| format!("{tool}: {error}"))?;
        let text = result
            .content
            .iter()
            .filter_map(|part| part.as_text())
            .map(|text| text.text.as_str());
        Ok(Answer {
            refused: result.is_error.unwrap_or(false),
            text: text.collect::<Vec<_>>().join("\n"),
        })
    }

    /// Whether the connection to a server has ended, so that all must be connected anew.
    pub(super) fn is_broken(&self) -> bool {
        self.servers.iter().any(|server| server.service.is_closed())
    }

    fn find(&self, tool: &str) -> Option<&Server> {
        self.servers
            .iter()
            .find(|server| server.tools.iter().any(|known| known == tool))
    }
}

async fn connect(spec: &McpServerStdio) -> Result<Server, String> {
    let failed = |what: &dyn std::fmt::Display| format!("the server {} cannot be used: {what}", spec.name);
    let passed_on = PASSED_ON
        .iter()
        .filter_map(|name| Some((name, std::env::var_os(name)?)));
    let mut process = Command::new(&spec.command)
        .args(&spec.args)
        .env_clear()
        .envs(passed_on)
        .envs(spec.env.iter().map(|variable| (&variable.name, &variable.value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed(&error))?;
    let (Some(stdout), Some(stdin)) = (process.stdout.take(), process.stdin.take()) else {
        return Err(failed(&"it has no stdio"));
    };
    let service = ().serve((stdout, stdin)).await.map_err(|error| failed(&error))?;
    let tools = service.list_all_tools().await.map_err(|error| failed(&error))?;
    Ok(Server {
        name: spec.name.clone(),
        tools: tools.into_iter().map(|tool| tool.name.into_owned()).collect(),
        service,
        _process: process,
    })
}
