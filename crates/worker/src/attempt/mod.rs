//! One attempt from its assignment to its end: workspace, agent, conversation, import, publication.
//!
//! Whatever happens, the work is brought out of the workspace before that is removed, and the attempt's end is told.

mod again;
mod finish;
mod guidance;
mod login;
mod memory;
mod saved;
mod spending;
mod talk;
mod tools;
mod trace;
mod way_out;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use team6_agent::acp::{AgentError, AgentProcess, How, Patience, Record, StartAgent};
use team6_agent::profile::AgentProfile;
use team6_agent::toolbox::{SessionToken, ToolSet, ToolboxSession};
use team6_core::failure::{Failure, FailureKind};
use team6_core::ids::{AttemptId, FencingToken};
use team6_core::sprint::{Command, Refusal, WorkId};
use team6_core::time::Timestamp;
use team6_core::trace::Usage;
use team6_sandbox::TreeMark;
use team6_workspace::guest;
use team6_workspace::{Claim, Workspace};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::control::{AssignedRepository, Assignment, ControlError, ControlPlane, WorkName};
use crate::kept_out;
use crate::prices::{self, Price};
use crate::setup;
use crate::surroundings::{crowded, left_behind, place, too_much};
use crate::worker::Parts;
use again::Again;
use saved::Saved;
use talk::{Outcome, Talk};
use tools::{Said, Tools};
use trace::Trace;
use way_out::WayOut;

/// How long the end of an agent's process may take at each step.
const GRACE: Duration = Duration::from_secs(5);

/// Why an attempt is interrupted that others go on with after the next start.
const ENGINE_STOPS: &str = "the engine stops";

/// How often heartbeats are given at least while no agent runs, so that a cancellation is soon noticed.
const WAITING_HEARTBEAT: Duration = Duration::from_secs(2);

/// How often people are told how far a workspace is, at most: a step of git's may take less than the telling.
const NEWS: Duration = Duration::from_secs(1);

/// What the parts of a running attempt share.
pub(crate) struct Attempt {
    control: Arc<dyn ControlPlane>,
    id: AttemptId,
    token: FencingToken,
    trace: Trace,
    heartbeat: Duration,
    stop: CancellationToken,
    began: tokio::time::Instant,
    /// What its agent's tokens cost, where it does not say.
    price: Option<Price>,
}

/// Makes an attempt, and says how it ended.
pub(crate) async fn run(
    parts: Arc<Parts>,
    control: Arc<dyn ControlPlane>,
    assignment: Assignment,
    stop: CancellationToken,
) {
    let id = assignment.attempt;
    let began = tokio::time::Instant::now();
    let mut again = Again::new(&stop);
    let last = loop {
        match control.last_trace(id).await {
            Ok(last) => break Some(last),
            Err(error) => {
                tracing::warn!(attempt = %id, %error, "the trace cannot be gone on with; trying again");
                // No heartbeat is given yet: when the lease has ended, somebody else goes on.
                if control.now() >= assignment.lease_until || !again.wait().await {
                    break None;
                }
            }
        }
    };
    let Some(last) = last else {
        return give_back(control.as_ref(), id).await;
    };
    let (trace, sender) = Trace::start(Arc::clone(&control), id, assignment.token, last, stop.clone());
    let profile = parts.agents.get(&assignment.agent).cloned();
    let attempt = Attempt {
        began,
        price: profile.as_ref().and_then(|profile| prices::of(&parts.prices, profile)),
        control: Arc::clone(&control),
        id,
        token: assignment.token,
        trace,
        heartbeat: assignment.heartbeat.min(WAITING_HEARTBEAT),
        stop,
    };
    if last == 0 {
        for warning in &parts.surroundings.warnings {
            attempt.trace.note(format!("warning: {warning}")).await;
        }
    }
    attempt.make(&parts, &assignment, profile).await;
    drop(attempt);
    sender.finish().await;
    give_back(control.as_ref(), id).await;
}

async fn give_back(control: &dyn ControlPlane, id: AttemptId) {
    if let Err(error) = control.done(id).await {
        tracing::warn!(attempt = %id, %error, "the slot is not given back until its lease runs out");
    }
}

impl Attempt {
    async fn make(&self, parts: &Parts, assignment: &Assignment, profile: Option<AgentProfile>) {
        let Some(profile) = profile else {
            let text = format!(
                "there is no agent {}; see `team6 agent list`, or choose another",
                assignment.agent
            );
            return self.fail(unavailable(text), BTreeMap::new()).await;
        };
        // The attempt before may still be ending in the same workspace.
        let name = WorkName::of(assignment.attempt.sprint, assignment.work);
        let turn = parts.turn(&name);
        let _turn = match self.while_waiting(turn.lock()).await {
            Ok(turn) => turn,
            Err(outcome) => return self.ends_early(outcome).await,
        };
        let repositories = match self.while_waiting(self.control.repositories(self.id, self.token)).await {
            Ok(Ok(repositories)) => repositories,
            Ok(Err(failure)) => return self.fail(failure, BTreeMap::new()).await,
            Err(outcome) => return self.ends_early(outcome).await,
        };
        let secrets = kept_out::secrets(repositories.iter().flat_map(|one| &one.local_files));
        let mut claimed = std::pin::pin!(self.claim(parts, assignment, repositories, &name));
        let workspace = match self.while_waiting(&mut claimed).await {
            Ok(Ok(workspace)) => workspace,
            Ok(Err(failure)) => return self.fail(failure, BTreeMap::new()).await,
            Err(outcome) => {
                // One that is nearly there is given back; a long clone is broken off, and the next sweep removes it.
                if let Ok(Ok(workspace)) = tokio::time::timeout(GRACE, claimed).await {
                    self.release(parts, workspace).await;
                }
                return self.ends_early(outcome).await;
            }
        };
        let (outcome, usage) = self.work(parts, assignment, &profile, &workspace, secrets).await;
        self.finish(parts, assignment, workspace, outcome, usage).await;
    }

    /// Gives heartbeats while something else takes its time; or says how the attempt ends before that is done.
    async fn while_waiting<T>(&self, waited: impl Future<Output = T>) -> Result<T, Outcome> {
        // All are always polled: what is waited for may hold a lock that a heartbeat needs.
        tokio::select! {
            biased;
            done = waited => Ok(done),
            () = self.beats() => Err(Outcome::Over),
            () = self.stop.cancelled() => Err(Outcome::Stopped(ENGINE_STOPS.into())),
        }
    }

    /// Gives heartbeats until nobody wants them any more.
    async fn beats(&self) {
        let mut heartbeat = tokio::time::interval(self.heartbeat);
        loop {
            heartbeat.tick().await;
            if !self.heartbeat(self.control.now(), Usage::default()).await {
                return;
            }
        }
    }

    /// Ends an attempt that was broken off before there was anything to keep.
    async fn ends_early(&self, outcome: Outcome) {
        if let Outcome::Stopped(why) = outcome {
            self.interrupted(why, BTreeMap::new(), Usage::default()).await;
        }
    }

    fn priced(&self, usage: Usage) -> Usage {
        self.price.map_or(usage, |price| price.priced(usage))
    }

    /// Whether the attempt goes on.
    async fn heartbeat(&self, active_at: Timestamp, usage: Usage) -> bool {
        match self.control.heartbeat(self.id, self.token, active_at, usage).await {
            Ok(()) => true,
            Err(ControlError::Refused(refusal)) => !is_over(&refusal),
            Err(error) => {
                // The lease goes on for a while; the control plane may answer again before it ends.
                tracing::warn!(attempt = %self.id, %error, "a heartbeat was not heard");
                true
            }
        }
    }

    async fn tell(&self, command: Command) -> Result<(), ControlError> {
        let mut again = Again::new(&self.stop);
        loop {
            match self.control.tell(self.id, command.clone()).await {
                Err(ControlError::Unavailable(why)) => {
                    tracing::warn!(attempt = %self.id, why, "the control plane does not answer; trying again");
                    if !again.wait().await {
                        return Err(ControlError::Unavailable(why));
                    }
                }
                answer => return answer,
            }
        }
    }

    async fn fail(&self, failure: Failure, left: crate::control::Left) {
        self.trace.failed(&failure).await;
        let command = Command::FailAttempt {
            attempt: self.id.n,
            token: self.token,
            failure,
            left,
            usage: Usage::default(),
        };
        if let Err(error) = self.tell(command).await {
            tracing::info!(attempt = %self.id, %error, "its failure is not wanted any more");
        }
    }

    async fn claim(
        &self,
        parts: &Parts,
        assignment: &Assignment,
        repositories: Vec<AssignedRepository>,
        name: &WorkName,
    ) -> Result<Workspace, Failure> {
        let claim = Claim {
            key: name.to_string(),
            attempt: self.id,
            branch: assignment.branch.clone(),
            repositories: repositories.into_iter().map(Into::into).collect(),
            author: (
                format!("{} (Team6)", assignment.agent),
                format!("{}@team6.invalid", assignment.agent),
            ),
        };
        let began = std::time::Instant::now();
        let (steps, mut told) = mpsc::unbounded_channel();
        let progress = move |text: String| {
            let _ = steps.send(text);
        };
        let claimed = parts.provisioner.claim(claim, &progress);
        tokio::pin!(claimed);
        let (mut news, mut next) = (None, tokio::time::Instant::now());
        let claimed = loop {
            tokio::select! {
                claimed = &mut claimed => break claimed,
                Some(text) = told.recv() => {
                    self.trace.note(text.clone()).await;
                    news = Some(text);
                }
                () = tokio::time::sleep_until(next), if news.is_some() => {
                    next = tokio::time::Instant::now() + NEWS;
                    self.is_preparing(news.take().unwrap_or_default()).await;
                }
            }
        };
        let workspace = claimed.map_err(|error| error.failure())?;
        self.trace
            .note(format!("workspace ready in {} ms", began.elapsed().as_millis()))
            .await;
        let setups = workspace.checkouts.keys().filter_map(|id| setup::is_run(parts, id));
        for notice in workspace.notices.iter().cloned().chain(setups) {
            self.trace.note(notice).await;
        }
        Ok(workspace)
    }

    /// Tells people how far the workspace is. Nothing depends on it, so it is tried once.
    async fn is_preparing(&self, text: String) {
        let report = Command::ReportProgress {
            attempt: self.id.n,
            token: self.token,
            text,
        };
        if let Err(error) = self.control.tell(self.id, report).await {
            tracing::debug!(attempt = %self.id, %error, "nobody hears how far the workspace is");
        }
    }

    /// Everything from the agent's start to its end.
    async fn work(
        &self,
        parts: &Parts,
        assignment: &Assignment,
        profile: &AgentProfile,
        workspace: &Workspace,
        secrets: Vec<String>,
    ) -> (Outcome, Usage) {
        let said = Arc::new(Mutex::new(Said::default()));
        let ready = Command::WorkspaceReady {
            attempt: self.id.n,
            token: self.token,
        };
        if let Err(error) = self.tell(ready).await {
            return (told(error), Usage::default());
        }
        let worked = self
            .with_agent(parts, assignment, profile, workspace, secrets, &said)
            .await;
        let (mut outcome, usage) = worked.unwrap_or_else(|outcome| (outcome, Usage::default()));
        if let Outcome::Failed(failure) = &mut outcome {
            login::told_how(failure, profile);
        }
        (outcome, usage)
    }

    async fn with_agent(
        &self,
        parts: &Parts,
        assignment: &Assignment,
        profile: &AgentProfile,
        workspace: &Workspace,
        secrets: Vec<String>,
        said: &Arc<Mutex<Said>>,
    ) -> Result<(Outcome, Usage), Outcome> {
        let name = WorkName::of(assignment.attempt.sprint, assignment.work);
        let home = self.home(parts, &name).await?;
        // Before the agent runs, so that nobody changes the files meanwhile.
        let assignment = &guidance::added(assignment.clone(), profile, workspace).await;
        let record = Arc::default();
        let tools = self.tools(parts, assignment, workspace, said, &record).await?;
        let folder = parts.sockets.join(self.id.to_string());
        let placed = place(parts, profile, workspace, &home, tools.mcp_server(), &folder).await;
        let placed = placed.map_err(|error| Outcome::Failed(unavailable(error.to_string())))?;
        let watch = |(proxy, records)| WayOut::watch(proxy, records, self.trace.clone());
        let (spec, server, way_out) = (placed.spec, placed.tools, placed.way_out.map(watch));
        let mark = TreeMark::new(parts.data_folder.clone(), self.id.to_string());
        let mark = mark.map_err(|error| Outcome::Failed(unavailable(error.to_string())))?;
        let start = StartAgent {
            launcher: &parts.launcher,
            profile,
            cwd: spec.cwd,
            env: spec.env,
            added: placed.added,
            reach: spec.reach,
            mark: &mark,
            secrets,
            patience: Patience::default(),
        };
        let began = std::time::Instant::now();
        let started = self.while_waiting(AgentProcess::start(start)).await?;
        let mut agent = started.map_err(|error| Outcome::Failed(not_begun(&error, profile)))?;
        let _ = record.set(agent.record());
        let opening = agent.open_session(assignment.session.as_deref(), vec![server]);
        let opened = match self.while_waiting(opening).await {
            Ok(Ok(opened)) => opened,
            Ok(Err(error)) => {
                agent.end(GRACE).await;
                return Err(Outcome::Failed(not_begun(&error, profile)));
            }
            Err(outcome) => {
                agent.end(GRACE).await;
                return Err(outcome);
            }
        };
        let how = match opened.how {
            How::New => "a new session",
            How::Resumed | How::Loaded => "its earlier session",
            How::Lost => "a new session, since it knows its earlier one no longer",
        };
        self.trace
            .note(format!(
                "{} is ready after {} ms with {how}",
                profile.title,
                began.elapsed().as_millis()
            ))
            .await;
        let mut outcome = self.talk(assignment, &mut agent, said, opened.id, opened.how).await;
        for call in agent.close_record() {
            self.trace.write(call).await;
        }
        let usage = self.priced(agent.usage());
        let ended = agent.end(GRACE).await;
        if ended.survivors_killed > 0 {
            self.trace.note(left_behind(ended.survivors_killed)).await;
        }
        if let Some(most) = ended.crowded {
            self.trace.note(format!("limit: {}", crowded(most))).await;
        }
        tools.shutdown().await;
        if let Some(way_out) = way_out {
            way_out.close().await;
        }
        if let (Some(exceeded), Outcome::Failed(failure)) = (ended.exceeded, &mut outcome) {
            failure.kind = FailureKind::OverLimit;
            failure.text = format!("the agent was ended: {}", too_much(exceeded));
        }
        Ok((outcome, usage))
    }

    async fn talk(
        &self,
        assignment: &Assignment,
        agent: &mut AgentProcess,
        said: &Arc<Mutex<Said>>,
        session: String,
        how: How,
    ) -> Outcome {
        let opened = Command::SessionOpened {
            attempt: self.id.n,
            token: self.token,
            session,
        };
        if let Err(error) = self.tell(opened).await {
            return told(error);
        }
        Talk::new(self, assignment, agent, Arc::clone(said))
            .until_done(how)
            .await
    }

    /// The agent's own home, which stays until its task ends: sessions are kept there.
    async fn home(&self, parts: &Parts, name: &WorkName) -> Result<PathBuf, Outcome> {
        let home = parts.homes.join(name.to_string());
        guest::prepare_home(&home).map_err(|error| {
            let text = format!("the agent's home {} cannot be made: {error}", home.display());
            // A disk that is full has room again; a folder that may not be written needs somebody.
            let kind = match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => FailureKind::OutOfRoom,
                _ => FailureKind::AgentUnavailable,
            };
            Outcome::Failed(Failure {
                kind,
                text,
                until: None,
            })
        })?;
        Ok(home)
    }

    async fn tools(
        &self,
        parts: &Parts,
        assignment: &Assignment,
        workspace: &Workspace,
        said: &Arc<Mutex<Said>>,
        record: &Arc<OnceLock<Record>>,
    ) -> Result<ToolboxSession, Outcome> {
        let handler = Tools {
            control: Arc::clone(&self.control),
            attempt: self.id,
            token: self.token,
            threads: assignment.threads.clone(),
            trace: self.trace.clone(),
            record: Arc::clone(record),
            said: Arc::clone(said),
            saved: Saved {
                provisioner: Arc::clone(&parts.provisioner),
                workspace: workspace.clone(),
                branch: assignment.branch.clone(),
                turn: tokio::sync::Mutex::default(),
            },
        };
        let set = match assignment.work {
            WorkId::Planning => ToolSet::planner(),
            WorkId::Task(_) => ToolSet::specialist(),
        };
        let failed =
            |error: String| Outcome::Failed(unavailable(format!("the engine's tools cannot be offered: {error}")));
        let token = SessionToken::random().map_err(|error| failed(error.to_string()))?;
        let served = parts
            .toolbox
            .serve(&parts.sockets.join(self.id.to_string()), token, set, Arc::new(handler))
            .await;
        served.map_err(|error| failed(error.to_string()))
    }
}

/// The failure of an agent that did not get as far as its work; where it is the program's, with what tells more.
fn not_begun(error: &AgentError, profile: &AgentProfile) -> Failure {
    let mut failure = error.failure();
    if !matches!(error, AgentError::Answered(_)) {
        let _ = write!(failure.text, "; `team6 agent check {}` tells more", profile.id);
    }
    failure
}

fn unavailable(text: String) -> Failure {
    Failure {
        kind: FailureKind::AgentUnavailable,
        text,
        until: None,
    }
}

/// Whether nothing that the attempt does counts any more.
fn is_over(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::Fenced { .. } | Refusal::AttemptEnded { .. } | Refusal::NoSuchAttempt { .. }
    )
}

/// How an attempt ends whose control plane answered like this.
fn told(error: ControlError) -> Outcome {
    match error {
        ControlError::Refused(refusal) if is_over(&refusal) => Outcome::Over,
        // Whoever asks again gives up only when the engine stops.
        ControlError::Unavailable(_) => Outcome::Stopped(ENGINE_STOPS.into()),
        error => Outcome::Failed(Failure {
            kind: FailureKind::Impossible,
            text: error.to_string(),
            until: None,
        }),
    }
}
