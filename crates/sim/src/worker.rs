//! Workers and their agents: what they send after they took an attempt, and how it gets lost on the way.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fastrand::Rng;
use team6_core::failure::{Failure, FailureKind};
use team6_core::ids::{CommitId, FencingToken, RepositoryId, TaskId};
use team6_core::sprint::{AttemptReason, Command, Delivered, Delivery, Sprint, Task, ThreadAnswer, WorkId};
use team6_core::time::Timestamp;
use team6_core::trace::Usage;

use crate::plans;
use crate::spending::Spending;

/// Something on its way to the engine.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "few are on their way at once")]
pub(crate) enum Message {
    /// Sent as it is.
    Command(Command),
    /// A heartbeat; the agent was last active at this time.
    Heartbeat {
        attempt: u32,
        token: FencingToken,
        active_at: Timestamp,
        usage: Usage,
    },
    /// The agent reads what was written to it meanwhile.
    News { attempt: u32, token: FencingToken },
    /// How the agent's run ends, made from what the worker sees at that time.
    End {
        attempt: u32,
        token: FencingToken,
        how: End,
        usage: Usage,
    },
}

/// How an agent's run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Deliver,
    DeliverNothing,
    Reply,
    Ask,
    /// It waits for what it delegated.
    Await,
    Fail(FailureKind),
    Interrupt,
}

/// What a worker sends about one attempt, with the time of each message's arrival.
pub(crate) fn run(
    rng: &mut Rng,
    sprint: &Sprint,
    attempt: u32,
    token: FencingToken,
    now: Timestamp,
    fair: bool,
) -> Vec<(Timestamp, Message)> {
    let work = sprint.attempt(attempt).map(|a| a.work);
    let beat = sprint.policy.heartbeat;
    // When it is fair, work fits into whatever was reserved for it: no person can raise what one attempt may spend.
    let longest = if fair { 60 } else { 600 };
    let length = Duration::from_secs(rng.u64(1..longest));
    let mut messages = vec![
        (
            now + beat / 10,
            Message::Command(Command::WorkspaceReady { attempt, token }),
        ),
        (
            now + beat / 5,
            Message::Command(Command::SessionOpened {
                attempt,
                token,
                session: format!("session-{attempt}"),
            }),
        ),
    ];
    // An agent that falls silent lives on while its worker beats for it; one that is cut off stops beating.
    let silent = !fair && rng.u8(0..20) == 0;
    let cut_off = !fair && rng.u8(0..20) == 0;
    let spending = Spending::drawn(rng, sprint, attempt, now);
    let end = (now + length).min(spending.ends());
    let mut at = now + beat;
    let last = if silent { end + sprint.policy.silence * 2 } else { end };
    while at < last {
        let active_at = if silent { now } else { at };
        if !(cut_off && at > now + length / 2) {
            messages.push((
                at,
                Message::Heartbeat {
                    attempt,
                    token,
                    active_at,
                    usage: spending.at(at),
                },
            ));
        }
        at = at + beat;
    }
    if rng.u8(0..4) == 0 {
        messages.push((now + length / 4 * 3, Message::News { attempt, token }));
    }
    if work == Some(WorkId::Planning) {
        let draft = match sprint.newest_plan() {
            Some(saved) if rng.bool() => plans::changed(rng, &saved.plan),
            _ => plans::plan(rng),
        };
        if fair || rng.u8(0..3) > 0 {
            let first_task = TaskId(0);
            let submit = Command::SubmitPlan {
                attempt,
                token,
                base: None,
                plan: draft,
                first_task,
            };
            messages.push((now + length / 2, Message::Command(submit)));
        }
        if !fair && rng.u8(0..4) == 0 {
            let text = "How far?".to_owned();
            let ask = Command::AskQuestion {
                attempt,
                token,
                text,
                why: "It matters.".into(),
                options: vec![],
            };
            messages.push((now + length / 3, Message::Command(ask)));
        }
    } else {
        messages.extend(delegated(rng, sprint, work, (attempt, token), (now, length), fair));
    }
    if work != Some(WorkId::Planning) && rng.bool() {
        let report = Command::ReportProgress {
            attempt,
            token,
            text: "half way".into(),
        };
        messages.push((now + length / 2, Message::Command(report)));
    }
    if !silent {
        messages.push((
            end,
            Message::End {
                attempt,
                token,
                how: if spending.is_over(end) {
                    End::Fail(FailureKind::OverBudget)
                } else {
                    how(rng, sprint, work, fair)
                },
                usage: spending.at(end),
            },
        ));
    }
    // What the agent used in its last turn is told with its end, which may be after that of the attempt.
    let usage = spending.at(end + beat);
    messages.push((
        end + beat / 10,
        Message::Command(Command::ReportUsage { attempt, token, usage }),
    ));
    if fair { messages } else { disturbed(rng, messages) }
}

/// What an agent hands to others while it works, and what it decides about those that failed.
fn delegated(
    rng: &mut Rng,
    sprint: &Sprint,
    work: Option<WorkId>,
    (attempt, token): (u32, FencingToken),
    (now, length): (Timestamp, Duration),
    fair: bool,
) -> Vec<(Timestamp, Message)> {
    let Some(WorkId::Task(id)) = work else {
        return Vec::new();
    };
    let below = sprint.tasks.get(&id).map(|t| t.subtasks.clone()).unwrap_or_default();
    let mut messages = Vec::new();
    // Most of what can be delegated is done at once; in fair weather an agent finishes what it has.
    let wanted = match rng.u8(0..4) {
        0 if !fair => rng.u8(1..4),
        _ => 0,
    };
    for part in 0..wanted {
        let failed = below.get(rng.usize(0..below.len().max(1))).copied();
        let delegate = Command::Delegate {
            attempt,
            token,
            brief: Box::new(plans::brief(rng)),
            built_on: BTreeMap::new(),
            instead_of: failed.filter(|_| rng.u8(0..3) == 0),
            task: TaskId(0),
        };
        messages.push((now + length / 4 * u32::from(part.min(3)), Message::Command(delegate)));
    }
    if let Some(task) = below
        .get(rng.usize(0..below.len().max(1)))
        .copied()
        .filter(|_| rng.u8(0..4) == 0)
    {
        let give_up = Command::GiveUpSubtask {
            attempt,
            token,
            task,
            reason: "No time.".into(),
        };
        messages.push((now + length / 2, Message::Command(give_up)));
    }
    messages
}

fn how(rng: &mut Rng, sprint: &Sprint, work: Option<WorkId>, fair: bool) -> End {
    let usual = if work == Some(WorkId::Planning) {
        End::Reply
    } else {
        End::Deliver
    };
    if fair {
        return unsure(rng, sprint, work).unwrap_or(usual);
    }
    // An agent that stopped short mostly has the same difficulty again.
    if let Some((kind, _)) = left_before(sprint, work)
        && rng.bool()
    {
        return End::Fail(*kind);
    }
    let kinds = [
        FailureKind::AgentExited,
        FailureKind::NotCompleted,
        FailureKind::Protocol,
        FailureKind::WorkspaceLost,
        FailureKind::UsageLimit,
        FailureKind::ProviderOutage,
        FailureKind::LoginNeeded,
        FailureKind::Impossible,
        FailureKind::Unreachable,
        FailureKind::OutOfRoom,
        FailureKind::OverLimit,
    ];
    match rng.u8(0..20) {
        0..=9 => usual,
        10 => End::Reply,
        11 => End::Ask,
        12 => End::Interrupt,
        13 if rng.bool() => End::DeliverNothing,
        _ => End::Fail(kinds[rng.usize(0..kinds.len())]),
    }
}

/// How an agent that is well ends without a delivery: it asks which side of a conflict is meant, or answers what was written.
fn unsure(rng: &mut Rng, sprint: &Sprint, work: Option<WorkId>) -> Option<End> {
    let Some(WorkId::Task(task)) = work else { return None };
    let task = sprint.tasks.get(&task)?;
    let attempt = sprint.attempt(*task.work.attempts.last()?)?;
    match attempt.reason {
        AttemptReason::BaseConflicts { .. } if rng.u8(0..4) == 0 => Some(End::Ask),
        AttemptReason::Message { .. } if task.deliveries > 0 && task.open_threads().next().is_none() => {
            rng.bool().then_some(End::Reply)
        }
        _ => None,
    }
}

/// Messages are lost, repeated, and arrive late and in another order; some come long after their lease, some with a
/// token that was never given to the attempt.
fn disturbed(rng: &mut Rng, messages: Vec<(Timestamp, Message)>) -> Vec<(Timestamp, Message)> {
    let mut arriving = Vec::with_capacity(messages.len());
    for (at, message) in messages {
        match rng.u8(0..40) {
            0 => {}
            4 if rng.bool() => arriving.push((at, with_other_token(rng, message))),
            1 => {
                arriving.push((at, message.clone()));
                arriving.push((at + Duration::from_secs(rng.u64(0..2000)), message));
            }
            2 | 3 => arriving.push((at + Duration::from_secs(rng.u64(0..2000)), message)),
            _ => arriving.push((at + Duration::from_millis(rng.u64(0..50)), message)),
        }
    }
    arriving
}

fn with_other_token(rng: &mut Rng, mut message: Message) -> Message {
    let other = if rng.bool() { 1 } else { u64::MAX };
    if let Message::Heartbeat { token, .. }
    | Message::End { token, .. }
    | Message::News { token, .. }
    | Message::Command(Command::WorkspaceReady { token, .. } | Command::SubmitPlan { token, .. }) = &mut message
    {
        token.0 = token.0.wrapping_add(other);
    }
    message
}

/// The command of a message, as the worker makes it when it sends it.
pub(crate) fn command(rng: &mut Rng, sprint: &Sprint, message: Message, now: Timestamp) -> Command {
    match message {
        Message::Command(command) => command,
        Message::Heartbeat {
            attempt,
            token,
            active_at,
            usage,
        } => Command::Heartbeat {
            attempt,
            token,
            active_at,
            usage,
        },
        Message::News { attempt, token } => {
            let work = sprint.attempt(attempt).and_then(|a| sprint.work(a.work));
            let messages = work.map(|w| w.unread.clone()).unwrap_or_default();
            Command::MessagesDelivered {
                attempt,
                token,
                messages,
            }
        }
        Message::End {
            attempt,
            token,
            how,
            usage,
        } => end(rng, sprint, (attempt, token, usage), how, now),
    }
}

fn end(
    rng: &mut Rng,
    sprint: &Sprint,
    (attempt, token, usage): (u32, FencingToken, Usage),
    how: End,
    now: Timestamp,
) -> Command {
    let work = sprint.attempt(attempt).map(|a| a.work);
    let task = match work {
        Some(WorkId::Task(id)) => sprint.tasks.get(&id),
        _ => None,
    };
    let left: BTreeMap<RepositoryId, CommitId> = match task {
        _ if rng.bool() && left_before(sprint, work).is_some() => left_before(sprint, work)
            .map(|(_, left)| left.clone())
            .unwrap_or_default(),
        Some(task) if rng.bool() => task
            .planned
            .repositories
            .iter()
            .filter_map(|r| Some((r.clone(), commit(rng)?)))
            .collect(),
        _ => BTreeMap::new(),
    };
    // Whoever has parts of its task with others waits for them first, but for a few that forget.
    let untold = |t: &Task| {
        let parts = t.subtasks.iter().filter_map(|id| sprint.tasks.get(id));
        let reported = |part: &Task| part.subtask.as_ref().is_some_and(|subtask| subtask.reported);
        parts
            .into_iter()
            .any(|part| !part.work.stage.is_settled() || !reported(part))
    };
    let how = match how {
        End::Deliver | End::Reply if task.is_some_and(untold) && rng.u8(0..8) > 0 => End::Await,
        how => how,
    };
    match how {
        End::Deliver | End::DeliverNothing => {
            let answers = task
                .into_iter()
                .flat_map(Task::open_threads)
                .map(|thread| ThreadAnswer {
                    thread: thread.id,
                    commit: None,
                    text: "mended".into(),
                });
            let answers = answers.collect();
            let repositories = task.map(|t| t.planned.repositories.clone()).unwrap_or_default();
            // An agent may say that it is done and have changed nothing.
            let idle = how == End::DeliverNothing;
            let mut results = BTreeMap::new();
            for (place, repository) in repositories.into_iter().enumerate() {
                // Mostly an agent leaves alone what is merged already.
                let merged = task
                    .and_then(|t| t.pull_requests.get(&repository))
                    .filter(|p| p.merged.is_some());
                let head = match merged {
                    Some(p) if rng.bool() => Some(p.head.clone()),
                    _ => commit(rng),
                };
                if let Some(head) = head {
                    let changed = !idle && (place == 0 || rng.bool());
                    results.insert(repository, Delivered { head, changed });
                }
            }
            let delivery = Delivery {
                what: "Did it.".into(),
                why: "As asked.".into(),
                tests: vec![],
                // Some agents say which pull request comes first; most do not care.
                merge_order: match task {
                    Some(task) if rng.u8(0..4) == 0 => task.planned.repositories.iter().rev().cloned().collect(),
                    _ => Vec::new(),
                },
                left: Vec::new(),
            };
            Command::Deliver {
                attempt,
                token,
                delivery,
                answers,
                results,
                integrated: BTreeSet::new(),
                checks: plans::checks(),
                usage,
            }
        }
        End::Await => Command::AwaitSubtasks { attempt, token },
        End::Reply => Command::Reply { attempt, token, usage },
        End::Ask => Command::AskOwner {
            attempt,
            token,
            question: "Which one?".into(),
            options: vec![],
        },
        End::Interrupt => Command::InterruptAttempt {
            attempt,
            token,
            why: "the worker stops".into(),
            left,
            usage,
        },
        End::Fail(kind) => {
            // What a provider says of its limit's end: nothing, the past, soon, or in a year.
            let hours = [None, Some(-1), Some(2), Some(24 * 365)][rng.usize(0..4)];
            let until = hours.map(|hours: i64| Timestamp(now.0 + hours * 3_600_000));
            let text = format!("{kind:?}");
            let failure = Failure { kind, text, until };
            Command::FailAttempt {
                attempt,
                token,
                failure,
                left,
                usage,
            }
        }
    }
}

/// How the last attempt failed, and the commits that it left.
fn left_before(sprint: &Sprint, work: Option<WorkId>) -> Option<&(FailureKind, BTreeMap<RepositoryId, CommitId>)> {
    sprint.work(work?)?.left.as_ref()
}

fn commit(rng: &mut Rng) -> Option<CommitId> {
    CommitId::new(format!("{:016x}{:016x}{:08x}", rng.u64(..), rng.u64(..), rng.u32(..))).ok()
}
