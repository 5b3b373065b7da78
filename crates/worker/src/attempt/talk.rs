//! The conversation with an agent: turns, and what the engine says between them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use team6_agent::acp::{AgentProcess, Event, How, TurnEnd};
use team6_agent::toolbox::CompleteTask;
use team6_core::briefing;
use team6_core::failure::{Failure, FailureKind};
use team6_core::ids::MessageId;
use team6_core::sprint::{Command, Message, Refusal, Urgency, WorkId};
use team6_core::time::Timestamp;
use team6_core::trace::{TraceBody, Usage};
use tokio::time::{Instant, sleep_until};

use super::Attempt;
use super::spending::Spending;
use super::tools::Said;
use crate::control::{Assignment, ControlError, Instructions};

/// How long an agent has to end a turn that was cancelled.
const CANCEL: Duration = Duration::from_secs(20);
/// How long an agent may go on in its turn after its attempt was parked: it was told to commit what it has and to end.
const LAST_WORDS: Duration = Duration::from_secs(15);
/// How often an agent is reminded of what is missing before its attempt counts as failed.
const REMINDERS: u32 = 2;

/// How the work of an agent came to its end.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It says that the task is complete.
    Complete(Box<CompleteTask>),
    /// It answered messages, or planned.
    Replied,
    /// It waits for its owner, or for what it delegated.
    Parked,
    /// It failed.
    Failed(Failure),
    /// It was told to stop, and its work is to be kept.
    Stopped(String),
    /// The attempt is over; nothing of it counts any more.
    Over,
}

/// Why a turn is being ended early.
enum Interruption {
    None,
    Stop(String),
    Over,
    Message,
    /// What was reserved is spent, and it is asked to conclude; or more is reserved now, and it may go on.
    Conclude,
    /// It was asked, and did not.
    Spent,
}

/// A conversation with a running agent.
pub(super) struct Talk<'a> {
    pub(super) attempt: &'a Attempt,
    pub(super) assignment: &'a Assignment,
    pub(super) agent: &'a mut AgentProcess,
    pub(super) said: Arc<Mutex<Said>>,
    /// What the attempt had to take note of when last looked at.
    known: Instructions,
    /// Messages that the agent got.
    told: Vec<MessageId>,
    active_at: Timestamp,
    reminders: u32,
    spending: Spending,
    /// It was asked to conclude, and need not any more; it was not told so yet.
    lifted: bool,
}

impl<'a> Talk<'a> {
    pub(super) fn new(
        attempt: &'a Attempt,
        assignment: &'a Assignment,
        agent: &'a mut AgentProcess,
        said: Arc<Mutex<Said>>,
    ) -> Self {
        Self {
            attempt,
            assignment,
            agent,
            said,
            known: Instructions {
                reserved: assignment.reserved,
                ..Instructions::default()
            },
            told: Vec::new(),
            active_at: attempt.control.now(),
            reminders: 0,
            spending: Spending::new(attempt.began, assignment.allowance),
            lifted: false,
        }
    }

    /// Talks until the agent is done, in one way or another.
    pub(super) async fn until_done(&mut self, opened: How) -> Outcome {
        let briefing = &self.assignment.briefing;
        let mut text = match opened {
            How::Resumed | How::Loaded => briefing.news.clone(),
            How::New | How::Lost => briefing.full.clone(),
        };
        self.told.clone_from(&self.assignment.told);
        if let Err(outcome) = self.delivered(self.assignment.told.clone()).await {
            return outcome;
        }
        loop {
            let (end, interruption) = self.turn(&text).await;
            match interruption {
                Interruption::Over => return Outcome::Over,
                Interruption::Stop(why) => return Outcome::Stopped(why),
                Interruption::Spent => return self.is_spent(),
                Interruption::Conclude if !self.has_said_the_last_word() => {
                    self.lifted = false;
                    text = self.spending.asks(&self.known.reserved);
                    continue;
                }
                Interruption::None | Interruption::Message | Interruption::Conclude => {}
            }
            if let Some(failure) = end.failure {
                return Outcome::Failed(failure);
            }
            match self.after_turn(&end.said).await {
                Ok(next) if self.crosses() || std::mem::take(&mut self.lifted) => {
                    text = format!("{next}{}", self.spending.asks(&self.known.reserved));
                }
                Ok(next) => text = next,
                Err(outcome) => return outcome,
            }
        }
    }

    /// Whether the agent must be asked to conclude.
    fn crosses(&mut self) -> bool {
        let usage = self.usage();
        self.spending.crosses(&self.known.reserved, &usage)
    }

    /// What the agent used in this attempt.
    fn usage(&self) -> Usage {
        self.attempt.priced(self.agent.usage())
    }

    fn is_spent(&self) -> Outcome {
        match self.spending.failure(&self.known.reserved, &self.usage()) {
            Some(failure) => Outcome::Failed(failure),
            None => Outcome::Over,
        }
    }

    /// Whether it has completed its task, or waits.
    fn has_said_the_last_word(&self) -> bool {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.complete.is_some() || said.parked.is_some()
    }

    /// What is said next, or how it ends.
    async fn after_turn(&mut self, said: &str) -> Result<String, Outcome> {
        let (complete, parked) = {
            let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
            (said.complete.clone(), said.parked)
        };
        if parked.is_some() {
            return Err(Outcome::Parked);
        }
        let unread: Vec<Message> = self.unread().cloned().collect();
        if !unread.is_empty() {
            self.delivered(unread.iter().map(|message| message.id).collect())
                .await?;
            for message in &unread {
                let entry = TraceBody::Chat {
                    message: message.id,
                    by: message.by.to_string(),
                    text: message.text.clone(),
                };
                self.attempt.trace.write(entry).await;
            }
            return Ok(unread.iter().map(briefing::chat).collect());
        }
        if let Some(complete) = complete {
            return Err(Outcome::Complete(Box::new(complete)));
        }
        if self.waits_for_subtasks().await? {
            return Err(Outcome::Parked);
        }
        if self.assignment.may_reply {
            let reply = Command::Reply {
                attempt: self.assignment.attempt.n,
                token: self.assignment.token,
                usage: self.usage(),
            };
            match self.attempt.tell(reply).await {
                Ok(()) => return Err(Outcome::Replied),
                Err(ControlError::Refused(refusal)) if !super::is_over(&refusal) => {
                    return self.remind(&refusal.to_string(), said);
                }
                Err(error) => return Err(super::told(error)),
            }
        }
        let missing = "You ended your turn without calling `complete_task`. If the task is done, commit and call it; if \
                       you need a decision, call `ask_owner`; otherwise go on.";
        self.remind(missing, said)
    }

    /// An agent that ends its turn while parts of its task are open, or have news for it, waits for them.
    async fn waits_for_subtasks(&mut self) -> Result<bool, Outcome> {
        if self.assignment.work == WorkId::Planning {
            return Ok(false);
        }
        let wait = Command::AwaitSubtasks {
            attempt: self.assignment.attempt.n,
            token: self.assignment.token,
        };
        match self.attempt.tell(wait).await {
            Ok(()) => Ok(true),
            Err(ControlError::Refused(refusal)) if *refusal == Refusal::NothingToAwait => Ok(false),
            Err(error) => Err(super::told(error)),
        }
    }

    /// Reminds the agent of what is missing, a few times.
    pub(super) fn remind(&mut self, missing: &str, said: &str) -> Result<String, Outcome> {
        if self.spending.until().is_some() {
            return Err(self.is_spent());
        }
        if self.reminders < REMINDERS {
            self.reminders += 1;
            return Ok(format!("{missing}\n"));
        }
        let end = said.trim();
        let from = end.ceil_char_boundary(end.len().saturating_sub(300));
        let last = match end[from..].trim() {
            "" => String::new(),
            last => format!("; its last words: {last}"),
        };
        Err(Outcome::Failed(Failure {
            kind: FailureKind::NotCompleted,
            text: format!("the agent ended its turn without completing its work{last}"),
            until: None,
        }))
    }

    fn unread(&self) -> impl Iterator<Item = &Message> {
        self.known
            .messages
            .iter()
            .filter(|message| !self.told.contains(&message.id))
    }

    async fn delivered(&mut self, messages: Vec<MessageId>) -> Result<(), Outcome> {
        if messages.is_empty() {
            return Ok(());
        }
        self.told.extend(&messages);
        let command = Command::MessagesDelivered {
            attempt: self.assignment.attempt.n,
            token: self.assignment.token,
            messages,
        };
        self.attempt.tell(command).await.map_err(super::told)
    }

    /// Whether the agent waits for something, or is about to: the attempt may be over before it is told so.
    fn is_parked(&self) -> bool {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.parked.is_some() || said.parking
    }

    /// One turn: the agent works, heartbeats are given, and instructions are followed.
    async fn turn(&mut self, text: &str) -> (TurnEnd, Interruption) {
        let (attempt, assignment) = (self.attempt, self.assignment);
        attempt.trace.write(TraceBody::Prompt { text: text.to_owned() }).await;
        self.agent.prompt(text);
        let began = Instant::now();
        self.active_at = attempt.control.now();
        let mut interruption = Interruption::None;
        let mut heartbeat = tokio::time::interval(assignment.heartbeat);
        heartbeat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // Set once the attempt is over because its agent waits: until then it may end its turn by itself.
        let mut last_words: Option<Instant> = None;
        loop {
            let instructions = attempt.control.instructions(assignment.attempt, &self.known);
            let stop = !matches!(interruption, Interruption::Stop(_));
            let (time, until) = (self.spending.time_is_spent(&self.known.reserved), self.spending.until());
            tokio::select! {
                event = self.agent.next() => match event {
                    Event::Update(body, came) => {
                        self.active_at = attempt.control.now();
                        attempt.trace.write_of(body, came).await;
                        if stop && last_words.is_none() && self.crosses() {
                            interruption = Interruption::Conclude;
                            self.agent.cancel(CANCEL);
                        }
                    }
                    Event::Ended(end) => {
                        let reason = end.reason.clone();
                        attempt.trace.write(TraceBody::TurnEnded { reason }).await;
                        return (end, interruption);
                    }
                },
                _ = heartbeat.tick(), if last_words.is_none() => {
                    let usage = self.usage();
                    if !attempt.heartbeat(self.active_at, usage).await {
                        if !self.is_parked() {
                            return (nothing(usage), Interruption::Over);
                        }
                        last_words = Some(Instant::now() + LAST_WORDS);
                    }
                }
                () = sleep_until(time.unwrap_or(began)), if time.is_some() && stop && last_words.is_none() => {
                    if self.crosses() {
                        interruption = Interruption::Conclude;
                        self.agent.cancel(CANCEL);
                    }
                }
                () = sleep_until(until.unwrap_or(began)), if until.is_some() && last_words.is_none() => {
                    return (nothing(self.usage()), Interruption::Spent);
                }
                () = sleep_until(last_words.unwrap_or(began)), if last_words.is_some() => {
                    attempt.trace.note("the agent waits for something and did not end its turn").await;
                    return (nothing(self.usage()), Interruption::Over);
                }
                now = instructions, if last_words.is_none() => {
                    // When the control plane does not answer, the lease decides.
                    let Ok(now) = now else {
                        tokio::time::sleep(Duration::from_millis(200)).await;
                        continue;
                    };
                    self.known = now;
                    if self.known.over {
                        if !self.is_parked() {
                            return (nothing(self.usage()), Interruption::Over);
                        }
                        last_words = Some(Instant::now() + LAST_WORDS);
                        continue;
                    }
                    let usage = self.usage();
                    self.lifted |= self.spending.is_lifted(&self.known.reserved, &usage);
                    let urgent = self.unread().any(|message| message.urgency == Urgency::Interrupt);
                    if self.known.stop && stop {
                        interruption = Interruption::Stop("paused by a person".into());
                    } else if urgent && matches!(interruption, Interruption::None) {
                        interruption = Interruption::Message;
                    } else if self.lifted && matches!(interruption, Interruption::None) {
                        interruption = Interruption::Conclude;
                    } else {
                        continue;
                    }
                    self.agent.cancel(CANCEL);
                }
                () = attempt.stop.cancelled(), if stop => {
                    interruption = Interruption::Stop(super::ENGINE_STOPS.into());
                    self.agent.cancel(CANCEL);
                }
            }
        }
    }
}

fn nothing(usage: Usage) -> TurnEnd {
    TurnEnd {
        reason: "cancelled".into(),
        failure: None,
        said: String::new(),
        denied: Vec::new(),
        usage,
    }
}
