//! Plays one turn: finds the script for the prompt and takes its steps, until the end, a failure or a cancellation.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use agent_client_protocol::v1::ConnectionTo;
use agent_client_protocol::v1::schema::{
    ContentBlock, ContentChunk, Diff, PromptResponse, SessionNotification, SessionUpdate, StopReason, TextContent,
    ToolCall, ToolCallContent, ToolCallLocation, ToolCallStatus, ToolCallUpdate, ToolCallUpdateFields, ToolKind, Usage,
};
use agent_client_protocol::{Client, Error};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::agent::Session;
use super::parse;
use super::scenario::{Action, Scenario, Script, Step};
use super::steps;
use super::template::{self, Captures, Places, Template};
use super::wire::Wire;

/// What a step leads to.
pub(super) enum Outcome {
    Next,
    End(StopReason),
    /// The prompt is answered with an error of the protocol.
    Fail(Error),
}

/// Why a step could not be taken. The agent says so and ends its turn, as a real one would.
pub(super) type Stuck = String;

/// A turn that is being played.
pub(super) struct Turn {
    pub(super) session: Arc<Session>,
    pub(super) connection: ConnectionTo<Client>,
    pub(super) wire: Wire,
    pub(super) prompt: String,
    pub(super) captures: Captures,
    pub(super) usage: Option<Usage>,
    cancel: CancellationToken,
    /// The tool call under way, which a cancellation ends.
    open: Option<String>,
}

/// Plays the script for the turn's prompt.
pub(super) async fn turn(scenario: &Scenario, mut turn: Turn) -> Result<PromptResponse, Error> {
    let script = scenario
        .scripts
        .iter()
        .find(|script| script.when.is_match(&turn.prompt));
    let steps = script.map_or(&scenario.otherwise, |script| &script.steps);
    turn.captures = script.map(|script| captures(script, &turn.prompt)).unwrap_or_default();
    let reason = turn.play(steps).await?.unwrap_or(StopReason::EndTurn);
    Ok(PromptResponse::new(reason).usage(turn.usage))
}

/// What the script captures from its prompt.
fn captures(script: &Script, prompt: &str) -> Captures {
    let mut captures = Captures::new();
    if let Some(found) = script.when.captures(prompt) {
        captures = template::groups(&script.when, &found);
    }
    for (name, pattern) in &script.captures {
        if let Some(found) = pattern.captures(prompt)
            && let Some(piece) = found.get(1).or_else(|| found.get(0))
        {
            captures.insert(name.clone(), piece.as_str().to_owned());
        }
    }
    captures
}

impl Turn {
    pub(super) fn new(
        session: Arc<Session>,
        connection: ConnectionTo<Client>,
        wire: Wire,
        prompt: String,
        cancel: CancellationToken,
    ) -> Self {
        Self {
            session,
            connection,
            wire,
            prompt,
            captures: Captures::new(),
            usage: None,
            cancel,
            open: None,
        }
    }

    /// Takes steps; why the turn ended over them, if it did.
    async fn play(&mut self, steps: &[Step]) -> Result<Option<StopReason>, Error> {
        for step in steps {
            let rounds = match &step.for_each {
                Some(pattern) => template::matches(pattern, &self.prompt),
                None => vec![Captures::new()],
            };
            for round in rounds {
                let outer = self.captures.clone();
                self.captures.extend(round);
                if let Action::Repeat { times, steps } = &step.action {
                    let ended = self.repeat(*times, steps).await?;
                    self.captures = outer;
                    if ended.is_some() {
                        return Ok(ended);
                    }
                    continue;
                }
                let outcome = self.take(step).await;
                self.captures = outer;
                match outcome {
                    Ok(Outcome::Next) => {}
                    Ok(Outcome::End(reason)) => return Ok(Some(reason)),
                    Ok(Outcome::Fail(error)) => return Err(error),
                    Err(stuck) => {
                        self.close(&stuck).await;
                        let text = format!("I cannot go on with line {} ({}): {stuck}", step.line, step.name);
                        // When nobody listens any more, the turn ends all the same.
                        let _ = self.say(&text).await;
                        return Ok(Some(StopReason::EndTurn));
                    }
                }
            }
        }
        Ok(None)
    }

    async fn repeat(&mut self, times: u32, steps: &[Step]) -> Result<Option<StopReason>, Error> {
        for round in 1..=times {
            self.captures.insert(parse::ROUND.to_owned(), round.to_string());
            let ended = Box::pin(self.play(steps)).await?;
            if ended.is_some() {
                return Ok(ended);
            }
        }
        Ok(None)
    }

    /// Takes a step, or leaves it at once when the turn is cancelled.
    async fn take(&mut self, step: &Step) -> Result<Outcome, Stuck> {
        let cancel = self.cancel.clone();
        let deaf = matches!(step.action, Action::Hang { deaf: true });
        tokio::select! {
            biased;
            () = cancel.cancelled(), if !deaf => {}
            outcome = steps::take(self, &step.action) => return outcome,
        }
        self.close("cancelled").await;
        Ok(Outcome::End(StopReason::Cancelled))
    }

    /// Sends an update of the session.
    pub(super) async fn update(&self, update: SessionUpdate) -> Result<(), Stuck> {
        let params = SessionNotification::new(self.session.id.clone(), update);
        let message = json!({ "jsonrpc": "2.0", "method": "session/update", "params": params });
        self.wire
            .line(message.to_string())
            .await
            .map_err(|error| error.to_string())
    }

    pub(super) async fn say(&self, text: &str) -> Result<(), Stuck> {
        self.update(SessionUpdate::AgentMessageChunk(ContentChunk::new(text_block(text))))
            .await
    }

    /// Announces a tool call, which is then under way until it is completed or the turn is stuck.
    pub(super) async fn call(&mut self, call: Call<'_>) -> Result<(), Stuck> {
        let id = self.session.next_call();
        self.open = Some(id.clone());
        let locations = call.path.iter().map(ToolCallLocation::new).collect();
        self.update(SessionUpdate::ToolCall(
            ToolCall::new(id, call.title)
                .kind(call.kind)
                .status(ToolCallStatus::InProgress)
                .locations(locations)
                .raw_input(call.input),
        ))
        .await
    }

    /// The id of the tool call under way.
    pub(super) fn open_call(&self) -> String {
        self.open.clone().unwrap_or_default()
    }

    /// Shows what the tool call under way has put out so far.
    pub(super) async fn output(&self, text: &str) -> Result<(), Stuck> {
        self.call_update(ToolCallUpdateFields::new().content(vec![text_block(text).into()]))
            .await
    }

    /// Completes the tool call under way.
    pub(super) async fn complete(&mut self, result: Done) -> Result<(), Stuck> {
        let content = match result.diff {
            Some(diff) => ToolCallContent::from(diff),
            None => text_block(&result.output).into(),
        };
        let fields = ToolCallUpdateFields::new()
            .status(ToolCallStatus::Completed)
            .content(vec![content]);
        self.call_update(fields.raw_output(Value::String(result.output)))
            .await?;
        self.open = None;
        Ok(())
    }

    /// Ends the tool call under way, if there is one, as failed.
    async fn close(&mut self, reason: &str) {
        if self.open.is_some() {
            let fields = ToolCallUpdateFields::new().status(ToolCallStatus::Failed);
            // When nobody listens any more, the turn ends all the same.
            let _ = self.call_update(fields.content(vec![text_block(reason).into()])).await;
            self.open = None;
        }
    }

    async fn call_update(&self, fields: ToolCallUpdateFields) -> Result<(), Stuck> {
        self.update(SessionUpdate::ToolCallUpdate(ToolCallUpdate::new(
            self.open_call(),
            fields,
        )))
        .await
    }

    pub(super) fn fill(&self, template: &Template) -> Result<String, Stuck> {
        template.fill(&self.places())
    }

    /// A path in the session's folder.
    pub(super) fn path(&self, template: &Template) -> Result<PathBuf, Stuck> {
        Ok(self.session.cwd.join(self.fill(template)?))
    }

    /// A folder in the session's folder, or that itself.
    pub(super) fn folder(&self, template: Option<&Template>) -> Result<PathBuf, Stuck> {
        template.map_or_else(|| Ok(self.session.cwd.clone()), |template| self.path(template))
    }

    pub(super) fn places(&self) -> TurnPlaces<'_> {
        TurnPlaces {
            cwd: &self.session.cwd,
            captures: self.captures.clone(),
        }
    }
}

/// A tool call as it is announced.
pub(super) struct Call<'a> {
    pub(super) title: String,
    pub(super) kind: ToolKind,
    pub(super) path: Option<&'a Path>,
    pub(super) input: Value,
}

/// What came of a tool call.
#[derive(Default)]
pub(super) struct Done {
    pub(super) output: String,
    pub(super) diff: Option<Diff>,
}

pub(super) fn text_block(text: &str) -> ContentBlock {
    ContentBlock::Text(TextContent::new(text))
}

/// What fills the places of a turn's texts.
pub(super) struct TurnPlaces<'a> {
    cwd: &'a Path,
    captures: Captures,
}

impl TurnPlaces<'_> {
    /// The same with further captures.
    pub(super) fn with(&self, further: Captures) -> Self {
        let mut captures = self.captures.clone();
        captures.extend(further);
        Self {
            cwd: self.cwd,
            captures,
        }
    }
}

impl Places for TurnPlaces<'_> {
    fn cwd(&self) -> String {
        self.cwd.to_string_lossy().into_owned()
    }

    fn head(&self, folder: Option<&str>) -> Result<String, String> {
        let folder = folder.map_or_else(|| self.cwd.to_owned(), |folder| self.cwd.join(folder));
        // Reading a ref takes a few milliseconds, for which a runtime of this size can be held.
        let git = Command::new("git")
            .args(["rev-parse", "--verify", "HEAD"])
            .current_dir(&folder)
            .output();
        match git {
            Ok(output) if output.status.success() => {
                Ok(String::from_utf8_lossy(output.stdout.trim_ascii()).into_owned())
            }
            _ => Err(format!("{} has no current commit", folder.display())),
        }
    }

    fn capture(&self, name: &str) -> String {
        self.captures.get(name).cloned().unwrap_or_default()
    }
}
