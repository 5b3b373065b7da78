//! What each step does.

mod commands;
mod faults;
mod files;
mod git;

use agent_client_protocol::v1::schema::{
    ContentChunk, Cost, PermissionOption, PermissionOptionKind, Plan, PlanEntry, PlanEntryPriority, PlanEntryStatus,
    RequestPermissionOutcome, RequestPermissionRequest, SessionUpdate, StopReason, ToolCallUpdate,
    ToolCallUpdateFields, ToolKind, Usage, UsageUpdate,
};
use serde_json::{Value, json};

use super::agent::lock;
use super::play::{Call, Done, Outcome, Stuck, Turn, text_block};
use super::scenario::Action;
use super::template::{Arguments, Template};
use super::tools::Tools;

/// The size of the context window that the agent pretends to have, in tokens.
const CONTEXT: u64 = 200_000;

/// Takes one step. May be dropped at any point, when the turn is cancelled.
pub(super) async fn take(turn: &mut Turn, action: &Action) -> Result<Outcome, Stuck> {
    match action {
        Action::Say(text) => turn.say(&turn.fill(text)?).await?,
        Action::Think(text) => think(turn, text).await?,
        Action::Steps(list) => list_steps(turn, list).await?,
        Action::Read { path } => files::read(turn, path).await?,
        Action::Edit { path, change } => files::edit(turn, path, change).await?,
        Action::Delete { path } => files::delete(turn, path).await?,
        Action::WaitFor { path, timeout } => files::wait_for(turn, path, *timeout).await?,
        Action::Run {
            command,
            folder,
            expect,
            timeout,
        } => commands::run(turn, command, folder.as_ref(), *expect, *timeout).await?,
        Action::Daemon { command } => commands::daemon(turn, command).await?,
        Action::Commit { message, folder } => git::commit(turn, message, folder.as_ref()).await?,
        Action::RewriteHistory { folder } => git::rewrite_history(turn, folder.as_ref()).await?,
        Action::Tool {
            name,
            arguments,
            expect_refusal,
        } => tool(turn, name, arguments, *expect_refusal).await?,
        Action::Usage { input, output, cost } => usage(turn, *input, *output, *cost).await?,
        Action::Permission { title, kind } => return permission(turn, title, *kind).await,
        Action::Pause(time) => tokio::time::sleep(*time).await,
        Action::Hang { .. } => std::future::pending().await,
        Action::Crash => faults::crash(turn).await,
        Action::Exit(code) => faults::exit(turn, *code).await,
        Action::Flood { megabytes } => faults::flood(turn, *megabytes).await?,
        Action::Garbage { lines } => faults::garbage(turn, *lines).await?,
        Action::DeleteWorkspace => faults::delete_workspace(turn).await?,
        Action::Fail { message, code } => {
            let message = turn.fill(message)?;
            return Ok(Outcome::Fail(agent_client_protocol::Error::new(*code, message)));
        }
        Action::Refuse => return Ok(Outcome::End(StopReason::Refusal)),
        // The turn takes its steps.
        Action::Repeat { .. } => {}
        Action::End(reason) => return Ok(Outcome::End(*reason)),
    }
    Ok(Outcome::Next)
}

async fn think(turn: &Turn, text: &Template) -> Result<(), Stuck> {
    let chunk = ContentChunk::new(text_block(&turn.fill(text)?));
    turn.update(SessionUpdate::AgentThoughtChunk(chunk)).await
}

async fn list_steps(turn: &Turn, list: &[(Template, PlanEntryStatus)]) -> Result<(), Stuck> {
    let entries = list.iter().map(|(text, status)| {
        let text = turn.fill(text)?;
        Ok(PlanEntry::new(text, PlanEntryPriority::Medium, status.clone()))
    });
    let entries = entries.collect::<Result<_, Stuck>>()?;
    turn.update(SessionUpdate::Plan(Plan::new(entries))).await
}

async fn usage(turn: &mut Turn, input: u64, output: u64, cost: f64) -> Result<(), Stuck> {
    let before = turn.usage.take();
    let (input_before, output_before) = before.map_or((0, 0), |usage| (usage.input_tokens, usage.output_tokens));
    let (input, output) = (input_before.saturating_add(input), output_before.saturating_add(output));
    let total = input.saturating_add(output);
    turn.usage = Some(Usage::new(total, input, output));
    let cost = {
        let mut so_far = lock(&turn.session.cost);
        *so_far += cost;
        *so_far
    };
    let update = UsageUpdate::new(total.min(CONTEXT), CONTEXT).cost(Cost::new(cost, "USD"));
    turn.update(SessionUpdate::UsageUpdate(update)).await
}

async fn permission(turn: &mut Turn, title: &Template, kind: ToolKind) -> Result<Outcome, Stuck> {
    let title = turn.fill(title)?;
    turn.call(Call {
        title: title.clone(),
        kind,
        path: None,
        input: json!({}),
    })
    .await?;
    let call = ToolCallUpdate::new(
        turn.open_call(),
        ToolCallUpdateFields::new().title(title.clone()).kind(kind),
    );
    let options = vec![
        PermissionOption::new("allow", "Allow once", PermissionOptionKind::AllowOnce),
        PermissionOption::new("reject", "Reject", PermissionOptionKind::RejectOnce),
    ];
    let request = RequestPermissionRequest::new(turn.session.id.clone(), call, options);
    let answer = turn.connection.send_request(request).block_task().await;
    match answer
        .map_err(|error| format!("nobody answered whether I may: {error}"))?
        .outcome
    {
        RequestPermissionOutcome::Selected(chosen) if &*chosen.option_id.0 == "allow" => {
            let output = "allowed".into();
            turn.complete(Done { output, diff: None }).await?;
            Ok(Outcome::Next)
        }
        RequestPermissionOutcome::Cancelled => Ok(Outcome::End(StopReason::Cancelled)),
        _ => Err(format!("I was not allowed to: {title}")),
    }
}

/// Calls a tool of the engine.
async fn tool(turn: &mut Turn, name: &str, arguments: &Arguments, expect_refusal: bool) -> Result<(), Stuck> {
    let places = turn.places();
    let arguments = arguments.fill(&turn.prompt, &places, &|places, found| places.with(found))?;
    let session = std::sync::Arc::clone(&turn.session);
    let mut tools = session.tools.lock().await;
    if tools.as_ref().is_some_and(Tools::is_broken) {
        *tools = None;
    }
    let tools = match &mut *tools {
        Some(tools) => tools,
        none => none.insert(Tools::connect(&session.servers).await?),
    };
    turn.call(Call {
        title: format!("mcp__{}__{name}", tools.server_of(name).unwrap_or("none")),
        kind: ToolKind::Other,
        path: None,
        input: arguments.clone(),
    })
    .await?;
    let Value::Object(arguments) = arguments else {
        return Err(format!("the arguments of {name} must be a table"));
    };
    // What was said before is out before the engine hears of the call.
    turn.wire.flush().await;
    let answer = tools.call(name, arguments).await?;
    match (answer.refused, expect_refusal) {
        (true, false) => Err(answer.text),
        (false, true) => Err(format!("{name} was accepted, but the script expects a refusal")),
        _ => {
            let output = answer.text;
            turn.complete(Done { output, diff: None }).await
        }
    }
}
