//! MCP over one connection: lists the tools of the session and answers calls.
//!
//! A refusal is a tool result that the model reads and mends, never an error of the protocol, which agents treat as a
//! broken server.

use std::sync::Arc;

use rmcp::ErrorData;
use rmcp::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::{Map, Value};
use tokio_util::task::TaskTracker;

use super::{Accepted, Refused, ToolHandler, ToolSet};

/// The most bytes that the arguments of a call may have as JSON.
pub(super) const MAX_ARGUMENTS: usize = 1024 * 1024;

/// The most calls of a session that are answered at the same time.
const MAX_CALLS: usize = 16;

/// What all connections of a session share.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) tools: ToolSet,
    pub(super) handler: Arc<dyn ToolHandler>,
    /// Calls that are under way: a session ends only after its last one, so that none is cut in two.
    pub(super) calls: TaskTracker,
}

impl Server {
    async fn answer(&self, name: &str, arguments: Map<String, Value>) -> Result<Accepted, Refused> {
        if self.calls.len() > MAX_CALLS {
            return Err(Refused::because(
                "too many calls at once; wait for the answers to the earlier ones",
            ));
        }
        let arguments = Value::Object(arguments);
        let size = arguments.to_string().len();
        if size > MAX_ARGUMENTS {
            return Err(Refused::because(format!(
                "the arguments have {size} bytes, {MAX_ARGUMENTS} are allowed; say it shorter"
            )));
        }
        let call = self
            .tools
            .call(name, arguments)
            .map_err(|reasons| Refused { reasons })?;
        self.handler.call(call).await
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("team6", env!("CARGO_PKG_VERSION")))
            .with_instructions("The tools of Team6, by which you hand in your work and ask people.")
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let tools = self.tools.tools().iter();
        let tools = tools.map(|tool| Tool::new(tool.name, tool.description, Arc::clone(&tool.schema)));
        Ok(ListToolsResult::with_all_items(tools.collect()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = request.arguments.unwrap_or_default();
        let answer = self.calls.track_future(self.answer(&request.name, arguments)).await;
        Ok(match answer {
            Ok(accepted) => CallToolResult::success(vec![ContentBlock::text(accepted.text)]),
            Err(refused) => CallToolResult::error(vec![ContentBlock::text(mend(&request.name, &refused))]),
        }
        .into())
    }
}

/// The refusal as the model reads it.
fn mend(tool: &str, refused: &Refused) -> String {
    let mut text = format!("{tool} was refused and nothing was changed. Mend this and call it again:");
    for reason in &refused.reasons {
        text.push_str("\n- ");
        text.push_str(reason);
    }
    text
}
