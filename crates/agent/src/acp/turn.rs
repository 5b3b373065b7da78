//! The turns of a session: what is said, what comes back, and when it is enough.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use agent_client_protocol::v1::schema::{
    CancelNotification, ContentBlock, PromptRequest, PromptResponse, SessionId, TextContent,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Value;
use team6_core::failure::{Failure, FailureKind};
use team6_core::trace::{TraceBody, Usage};
use tokio::time::{Instant, sleep_until};

use super::connection::{Incoming, Record};
use super::failure::{self, failure};
use super::opening::How;
use super::process::AgentProcess;
use super::redact::Redactor;
use super::update::Reader;
use super::usage::Account;
use crate::profile::Limits;

/// How long an agent has to stop when it took too long or said nothing.
const STOPPING: Duration = Duration::from_secs(10);

/// How long the last word of a message waits for what may belong to it. Whoever follows an agent is to see what it says
/// within 100 ms, its last words too; a word in which a secret may have begun waits until more comes.
const PAUSE: Duration = Duration::from_millis(50);
/// How long an entry may become that is made of several pieces, in bytes.
const PIECE: usize = 8 << 10;
/// How many entries are made before the first is given out.
const AHEAD: usize = 64;

/// What happens in a turn.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Something for the trace, and when the first piece of it came.
    Update(TraceBody, std::time::Instant),
    /// The turn is over.
    Ended(TurnEnd),
}

/// How a turn ended.
#[derive(Debug, Clone, PartialEq)]
pub struct TurnEnd {
    /// The agent's stop reason; `error` when it answered with an error or not at all.
    pub reason: String,
    /// Why it failed, if it did. That the agent stopped does not mean that it completed its task.
    pub failure: Option<Failure>,
    /// What the agent said, from the beginning, cut to a bound.
    pub said: String,
    /// The permissions that were rejected, with the reasons.
    pub denied: Vec<String>,
    /// What was used since the session was opened here.
    pub usage: Usage,
}

type Answer = Result<PromptResponse, agent_client_protocol::Error>;

/// An open session and the turn in it.
pub(super) struct Session {
    id: SessionId,
    reader: Reader,
    redactor: Redactor,
    account: Account,
    turn: Option<Turn>,
    denied: Vec<String>,
    /// Entries that are ready to be given out.
    ready: VecDeque<(TraceBody, Instant)>,
    /// When the first of the words came that the reader holds back.
    held: Option<Instant>,
}

struct Turn {
    answer: BoxFuture<'static, Answer>,
    /// Set once the agent has answered, or is waited for no longer.
    over: Option<Over>,
    limits: Limits,
    deadline: Instant,
    heard: Instant,
    /// Whether the words that are held back are to stay so until more comes.
    paused: bool,
    stopping: Option<Stopping>,
}

enum Over {
    Answered(Box<Answer>),
    GivenUp,
}

/// The agent was asked to stop.
struct Stopping {
    until: Instant,
    limit: Duration,
    why: Option<Failure>,
}

impl Session {
    pub(super) fn new(id: SessionId, process: &AgentProcess, how: How) -> Self {
        let resumed = matches!(how, How::Resumed | How::Loaded);
        Self {
            id,
            reader: Reader::new(&process.cwd, process.redactor.clone()),
            redactor: process.redactor.clone(),
            account: Account::new(process.profile.usage, process.profile.cost, resumed),
            turn: None,
            denied: Vec::new(),
            ready: VecDeque::new(),
            held: None,
        }
    }

    /// Makes entries of what came.
    pub(super) fn take(&mut self, incoming: Incoming) {
        let entries = match incoming {
            Incoming::Update(update) => {
                self.heard();
                self.reader.read(&update, &mut self.account)
            }
            Incoming::Entry(mut body) => {
                // A process that only logs its troubles is as good as silent.
                if !matches!(body, TraceBody::Stderr { .. }) {
                    self.heard();
                }
                self.redactor.entry(&mut body);
                let mut entries = self.reader.harmless();
                entries.push(body);
                entries
            }
            Incoming::Denied(what) => {
                if self.denied.len() < 100 {
                    self.denied.push(self.redactor.text(&what).into_owned());
                }
                return;
            }
        };
        self.add(entries);
    }

    /// Adds entries; pieces of one message become one.
    fn add(&mut self, entries: Vec<TraceBody>) {
        let now = Instant::now();
        // Where words come out, those that were held back come first.
        let words = matches!(
            entries.first(),
            Some(TraceBody::Message { .. } | TraceBody::Thought { .. })
        );
        let held = self.held.take();
        let mut came = held.filter(|_| words).unwrap_or(now);
        if self.reader.holds() {
            self.held = held.filter(|_| !words).or(Some(now));
        }
        for entry in entries {
            match (self.ready.back_mut().map(|(body, _)| body), entry) {
                (Some(TraceBody::Message { text }), TraceBody::Message { text: more })
                | (Some(TraceBody::Thought { text }), TraceBody::Thought { text: more })
                    if text.len() + more.len() <= PIECE =>
                {
                    text.push_str(&more);
                }
                (_, entry) => self.ready.push_back((entry, came)),
            }
            came = now;
        }
    }

    fn heard(&mut self) {
        if let Some(turn) = &mut self.turn {
            turn.heard = Instant::now();
            turn.paused = false;
        }
    }
}

impl Turn {
    /// When it is enough.
    fn alarm(&self) -> Instant {
        let silence = self.heard + self.limits.silence;
        match &self.stopping {
            Some(stopping) => stopping.until,
            None => self.deadline.min(silence),
        }
    }

    /// Why it is enough.
    fn too_much(&self) -> Failure {
        if self.deadline <= Instant::now() {
            let text = format!("the turn took longer than {}", minutes(self.limits.turn));
            return failure(FailureKind::TimedOut, text);
        }
        let text = format!("the agent said nothing for {}", minutes(self.limits.silence));
        failure(FailureKind::Silent, text)
    }

    /// Why it failed, once it is waited for no longer.
    fn given_up(self) -> Failure {
        let limit = self.stopping.as_ref().map_or(STOPPING, |stopping| stopping.limit);
        let deaf = format!("the agent did not stop within {} s", limit.as_secs());
        match self.stopping.and_then(|stopping| stopping.why) {
            Some(why) => failure(why.kind, format!("{}, and {deaf}", why.text)),
            None => failure(FailureKind::Silent, deaf),
        }
    }
}

impl AgentProcess {
    /// Begins a turn; what happens in it is told by [`next`](Self::next), which also keeps the profile's limits.
    ///
    /// There must be a session and no turn in it; else nothing happens.
    pub fn prompt(&mut self, text: &str) {
        let limits = self.profile.limits;
        let Some(session) = self.session.as_mut().filter(|session| session.turn.is_none()) else {
            return;
        };
        self.connection.traffic.begin_turn();
        session.reader.begin_turn();
        session.denied.clear();
        let request = PromptRequest::new(session.id.clone(), vec![ContentBlock::Text(TextContent::new(text))]);
        let now = Instant::now();
        session.turn = Some(Turn {
            answer: self.connection.agent.send_request(request).block_task().boxed(),
            over: None,
            limits,
            deadline: now + limits.turn,
            heard: now,
            paused: false,
            stopping: None,
        });
    }

    /// Whether a turn has begun whose end was not told yet.
    pub fn in_turn(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.turn.is_some())
    }

    /// Asks the agent to stop its turn, which then ends as `cancelled`, if the agent is well. If it does not end within
    /// `limit`, it ends with a failure, and the agent should be ended too.
    pub fn cancel(&mut self, limit: Duration) {
        self.stop(limit, None);
    }

    fn stop(&mut self, limit: Duration, why: Option<Failure>) {
        let Some(session) = &mut self.session else { return };
        let Some(turn) = session.turn.as_mut().filter(|turn| turn.over.is_none()) else {
            return;
        };
        let until = Instant::now() + limit;
        match &mut turn.stopping {
            // Whoever asks twice is in more of a hurry.
            Some(stopping) if until < stopping.until => (stopping.until, stopping.limit) = (until, limit),
            Some(_) => {}
            None => {
                turn.stopping = Some(Stopping { until, limit, why });
                // If the connection is gone, the turn ends by that.
                let cancel = CancelNotification::new(session.id.clone());
                let _ = self.connection.agent.send_notification(cancel);
            }
        }
    }

    /// Where the engine adds to what the agent says.
    pub fn record(&self) -> Record {
        self.connection.record.clone()
    }

    /// Takes nothing more, and gives what the engine added and no turn told of: it happened all the same.
    pub fn close_record(&mut self) -> Vec<TraceBody> {
        self.connection.incoming.close();
        let Some(session) = &mut self.session else {
            return Vec::new();
        };
        while let Ok(incoming) = self.connection.incoming.try_recv() {
            session.take(incoming);
        }
        let rest = session.ready.drain(..).map(|(body, _)| body);
        rest.filter(|body| matches!(body, TraceBody::Engine { .. })).collect()
    }

    /// What happens next in the turn. May be dropped and called again; waits for ever when there is no turn.
    pub async fn next(&mut self) -> Event {
        loop {
            let Some(session) = self.session.as_mut().filter(|session| session.turn.is_some()) else {
                return std::future::pending().await;
            };
            while session.ready.len() < AHEAD
                && let Ok(incoming) = self.connection.incoming.try_recv()
            {
                session.take(incoming);
            }
            let Some(turn) = &mut session.turn else { continue };
            if turn.over.is_some() && session.ready.len() < AHEAD {
                // Everything that came before the answer was in the channel.
                let rest = session.reader.finish();
                session.add(rest);
            }
            if let Some((body, came)) = session.ready.pop_front() {
                return Event::Update(body, came.into_std());
            }
            let Some(turn) = &mut session.turn else { continue };
            if turn.over.is_some() {
                return Event::Ended(self.turn_end().await);
            }
            let alarm = turn.alarm();
            let holds = session.reader.holds() && !turn.paused;
            let pause = turn.heard + PAUSE;
            tokio::select! {
                biased;
                answer = &mut turn.answer => turn.over = Some(Over::Answered(Box::new(answer))),
                () = sleep_until(alarm) => match turn.stopping {
                    Some(_) => turn.over = Some(Over::GivenUp),
                    None => {
                        let why = turn.too_much();
                        self.stop(STOPPING, Some(why));
                    }
                },
                Some(incoming) = self.connection.incoming.recv() => session.take(incoming),
                () = sleep_until(pause), if holds => {
                    turn.paused = true;
                    let words = session.reader.harmless();
                    session.add(words);
                }
            }
        }
    }

    async fn turn_end(&mut self) -> TurnEnd {
        // It may be dropped and called again: the turn is taken only after the last wait.
        let turn = self.session.as_ref().and_then(|session| session.turn.as_ref());
        let error = match turn.and_then(|turn| turn.over.as_ref()) {
            Some(Over::Answered(answer)) => answer.as_ref().as_ref().err().cloned(),
            _ => None,
        };
        let error = match error {
            Some(error) => Some(self.explain(error).await.failure()),
            None => None,
        };
        let mut end = TurnEnd {
            reason: "error".to_owned(),
            failure: error,
            said: String::new(),
            denied: Vec::new(),
            usage: Usage::default(),
        };
        let Some(session) = &mut self.session else { return end };
        let Some(mut turn) = session.turn.take() else {
            return end;
        };
        match turn.over.take() {
            Some(Over::Answered(answer)) => {
                if let Ok(response) = *answer {
                    let answer = serde_json::to_value(&response).unwrap_or_default();
                    let reason = answer.get("stopReason").and_then(Value::as_str);
                    end.reason = reason.unwrap_or("unknown").to_owned();
                    session.account.turn_ended(&answer);
                    end.failure = match turn.stopping {
                        Some(stopping) => stopping.why,
                        None => hidden(&end.reason, session),
                    };
                }
            }
            Some(Over::GivenUp) | None => end.failure = Some(turn.given_up()),
        }
        if let Some(failure) = &mut end.failure {
            failure.text = session.redactor.text(&failure.text).into_owned();
        }
        end.said = session.redactor.text(&session.reader.said).into_owned();
        end.denied = std::mem::take(&mut session.denied);
        end.usage = session.account.so_far();
        end
    }

    /// What was used since the session was opened here.
    pub fn usage(&self) -> Usage {
        self.session
            .as_ref()
            .map(|session| session.account.so_far())
            .unwrap_or_default()
    }
}

/// The failure in a turn that nobody stopped and that was answered like any other.
fn hidden(reason: &str, session: &Session) -> Option<Failure> {
    match reason {
        "refusal" => Some(failure(FailureKind::Refused, "the model refused to go on")),
        // Some agents give up when they may not do what they want.
        "cancelled" if !session.denied.is_empty() => {
            let text = format!("the agent gave up when it was denied: {}", session.denied.join("; "));
            Some(failure(FailureKind::PermissionDenied, text))
        }
        "cancelled" => Some(failure(
            FailureKind::NotCompleted,
            "the agent cancelled its turn by itself",
        )),
        "end_turn" if !session.reader.acted => failure::of_message(&session.reader.said, super::now()),
        _ => None,
    }
}

fn minutes(span: Duration) -> String {
    match span.as_secs() {
        seconds @ ..120 => format!("{seconds} s"),
        seconds => format!("{} min", seconds / 60),
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({})", self.id)
    }
}
