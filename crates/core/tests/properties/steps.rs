//! Steps that somebody takes, small enough to be drawn and shortened. What a number stands for depends on the sprint.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use team6_core::failure::{Failure, FailureKind};
use team6_core::ids::{CommitId, FencingToken, PersonId, PlanVersion, QuestionId, RepositoryId, TaskId, ThreadId};
use team6_core::plan::{Plan, PlannedTask, Priority};
use team6_core::sprint::{
    AgentCard, ApprovalFacts, Command, Delivered, Delivery, MergeMethod, ReviewComment, Sprint, Stage, ThreadAnswer,
    Urgency, Verdict, WorkId,
};
use team6_core::time::Timestamp;
use team6_core::trace::Usage;

use crate::books::Books;

/// A step: who takes it stands in it by a small number.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// So many seconds pass, and the engine looks.
    Passes(u16),
    /// The engine looks at the time of its next deadline.
    Deadline,
    /// The first job is taken by a worker.
    Takes(u8),
    /// A worker says something of an attempt, counted from the newest; its token may be one too old or too new.
    Worker(u8, i8, Word),
    /// A person does something about a task.
    Person(u8, u8, Deed),
    /// The forge answers.
    Forge(u8, u8, Answer),
    /// Somebody saves a plan.
    Plans(Plan),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Word {
    Ready,
    Session,
    Beat,
    Progress,
    Asks,
    AsksPlanning,
    Reads,
    Delivers(u8),
    DeliversNothing,
    Replies,
    Fails(u8, u8),
    Interrupted,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Deed {
    Owns,
    Chooses,
    Approves,
    Restores,
    Reviews(u8),
    Merges,
    Chats(bool),
    ChatsPlanning,
    Retries,
    RetriesPlanning,
    Cancels,
    Pauses,
    Resumes,
    PausesAll,
    ResumesAll,
    Answers,
    Skips,
    Hands,
    CancelsAll,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Answer {
    Shown,
    NotShown,
    Merged,
    Conflict,
    NotMerged,
}

pub(crate) fn any_step() -> impl Strategy<Value = Step> {
    let word = prop_oneof![
        1 => Just(Word::Ready),
        1 => Just(Word::Session),
        1 => Just(Word::Beat),
        1 => Just(Word::Progress),
        1 => Just(Word::Asks),
        1 => Just(Word::AsksPlanning),
        1 => Just(Word::Reads),
        4 => (0..4_u8).prop_map(Word::Delivers),
        1 => Just(Word::DeliversNothing),
        1 => Just(Word::Replies),
        3 => (0..9_u8, 0..3_u8).prop_map(|(kind, left)| Word::Fails(kind, left)),
        1 => Just(Word::Interrupted),
    ];
    let deed = prop_oneof![
        2 => Just(Deed::Owns),
        1 => Just(Deed::Chooses),
        2 => Just(Deed::Approves),
        1 => Just(Deed::Restores),
        6 => (0..4_u8).prop_map(Deed::Reviews),
        6 => Just(Deed::Merges),
        2 => any::<bool>().prop_map(Deed::Chats),
        1 => Just(Deed::ChatsPlanning),
        3 => Just(Deed::Retries),
        1 => Just(Deed::RetriesPlanning),
        1 => Just(Deed::Cancels),
        1 => Just(Deed::Pauses),
        2 => Just(Deed::Resumes),
        1 => Just(Deed::PausesAll),
        3 => Just(Deed::ResumesAll),
        1 => Just(Deed::Answers),
        1 => Just(Deed::Skips),
        1 => Just(Deed::Hands),
    ];
    let answer = prop_oneof![
        6 => Just(Answer::Shown),
        1 => Just(Answer::NotShown),
        3 => Just(Answer::Merged),
        2 => Just(Answer::Conflict),
        1 => Just(Answer::NotMerged),
    ];
    let token = prop_oneof![12 => Just(0_i8), 1 => Just(-1_i8), 1 => Just(1_i8)];
    let attempt = prop_oneof![4 => Just(0_u8), 1 => 0..4_u8];
    prop_oneof![
        3 => prop_oneof![0..200_u16, 0..20_000_u16].prop_map(Step::Passes),
        4 => Just(Step::Deadline),
        8 => (0..4_u8).prop_map(Step::Takes),
        10 => (attempt, token, word).prop_map(|(attempt, token, word)| Step::Worker(attempt, token, word)),
        10 => (prop_oneof![9 => Just(0_u8), 1 => 0..3_u8], 0..5_u8, deed).prop_map(|(by, task, deed)| Step::Person(by, task, deed)),
        8 => (0..5_u8, 0..2_u8, answer).prop_map(|(task, repository, answer)| Step::Forge(task, repository, answer)),
        1 => any_plan().prop_map(Step::Plans),
        // A sprint that is given up is over, so that it is rare.
        1 => prop_oneof![30 => Just(Step::Deadline), 1 => Just(Step::Person(0, 0, Deed::CancelsAll))],
    ]
}

/// Up to five tasks; each may need any of those before it.
pub(crate) fn any_plan() -> impl Strategy<Value = Plan> {
    let task = (0..32_u8, 0..3_u8, 0..4_u8);
    prop::collection::vec(task, 1..6).prop_map(|tasks| Plan {
        title: "A shop".into(),
        prd: "# Why".into(),
        tasks: tasks
            .into_iter()
            .enumerate()
            .map(|(place, drawn)| planned(place, drawn))
            .collect(),
    })
}

fn planned(place: usize, (needs, repositories, words): (u8, u8, u8)) -> PlannedTask {
    let key = |n: usize| format!("t{n}").parse().unwrap();
    let depends_on = (0..place).filter(|n| needs >> n & 1 == 1).map(key).collect();
    let repositories = match repositories {
        0 => vec![repository(0)],
        1 => vec![repository(1)],
        _ => vec![repository(0), repository(1)],
    };
    PlannedTask {
        key: key(place),
        title: format!("Do {place} {words}"),
        what: "The work.".into(),
        why: "It is needed.".into(),
        acceptance_criteria: vec!["It works".into()],
        depends_on,
        estimate_minutes: 30,
        priority: Priority::Normal,
        specialty: None,
        repositories,
        paths: Vec::new(),
    }
}

/// The steps from an open sprint to one that runs.
pub(crate) fn to_a_start(plan: Plan) -> Vec<Step> {
    let tasks = u8::try_from(plan.tasks.len()).unwrap();
    let owned = (0..tasks).map(|task| Step::Person(0, task, Deed::Owns));
    let first = std::iter::once(Step::Plans(plan));
    first.chain(owned).chain([Step::Person(0, 0, Deed::Approves)]).collect()
}

fn repository(n: u8) -> RepositoryId {
    ["app", "web"][usize::from(n) % 2].parse().unwrap()
}

fn person(n: u8) -> PersonId {
    ["ada", "lin", "eve"][usize::from(n) % 3].parse().unwrap()
}

fn commit(n: u64) -> CommitId {
    CommitId::new(format!("{n:040x}")).unwrap()
}

impl Step {
    /// The time that passes before it.
    pub(crate) fn passing(&self) -> Duration {
        match self {
            Self::Passes(seconds) => Duration::from_secs((*seconds).into()),
            _ => Duration::from_secs(1),
        }
    }

    /// What is asked of the sprint, as it stands; none if nobody could.
    pub(crate) fn command(&self, sprint: &Sprint, books: &Books, now: Timestamp) -> Option<Command> {
        match self {
            Self::Passes(_) => Some(Command::Tick),
            // Time goes on only by what passes: a deadline that is ahead is looked at when it comes.
            Self::Deadline => sprint.next_deadline().filter(|at| *at <= now).map(|_| Command::Tick),
            Self::Takes(place) => {
                let queued: Vec<u32> = sprint.live_attempts().map(|(attempt, _)| attempt).collect();
                let attempt = *queued.get(usize::from(*place) % queued.len().max(1))?;
                let worker = "worker".parse().unwrap();
                Some(Command::StartAttempt { attempt, worker })
            }
            Self::Worker(back, offset, word) => {
                let live: Vec<u32> = sprint
                    .attempts
                    .iter()
                    .filter(|a| a.started.is_some())
                    .map(|a| a.id.n)
                    .collect();
                let attempt = *live.get(live.len().checked_sub(1 + usize::from(*back))?)?;
                let token = sprint.attempt(attempt)?.started.as_ref()?.token;
                let token = FencingToken(token.0.wrapping_add_signed((*offset).into()));
                Some(said(*word, attempt, token, sprint, now))
            }
            Self::Person(by, task, deed) => did(person(*by), *task, *deed, sprint),
            Self::Forge(task, place, answer) => answered(*task, *place, *answer, sprint, books),
            Self::Plans(plan) => Some(Command::SavePlan {
                by: person(0),
                base: sprint.newest_plan().map_or(PlanVersion(0), |saved| saved.version),
                plan: plan.clone(),
                note: "changed".into(),
                first_task: TaskId(0),
            }),
        }
    }
}

fn said(word: Word, attempt: u32, token: FencingToken, sprint: &Sprint, now: Timestamp) -> Command {
    let usage = Usage::default();
    let work = sprint.attempt(attempt).map(|a| a.work);
    let task = match work {
        Some(WorkId::Task(id)) => sprint.tasks.get(&id),
        _ => None,
    };
    let repositories = task.map(|t| t.planned.repositories.clone()).unwrap_or_default();
    let heads = |n: u64| {
        repositories
            .iter()
            .cloned()
            .map(move |repository| (repository, commit(n)))
    };
    match word {
        Word::Ready => Command::WorkspaceReady { attempt, token },
        Word::Session => Command::SessionOpened {
            attempt,
            token,
            session: format!("session-{attempt}"),
        },
        Word::Beat => Command::Heartbeat {
            attempt,
            token,
            active_at: now,
            usage,
        },
        Word::Progress => Command::ReportProgress {
            attempt,
            token,
            text: "Half done".into(),
        },
        Word::Asks => Command::AskOwner {
            attempt,
            token,
            question: "Which one?".into(),
            options: vec![],
        },
        Word::AsksPlanning => Command::AskQuestion {
            attempt,
            token,
            text: "How far?".into(),
            why: "It matters.".into(),
            options: vec![],
        },
        Word::Reads => {
            let messages = work.and_then(|w| sprint.work(w)).map(|w| w.unread.clone());
            Command::MessagesDelivered {
                attempt,
                token,
                messages: messages.unwrap_or_default(),
            }
        }
        Word::Delivers(_) | Word::DeliversNothing => {
            let changed = |n: usize| match word {
                Word::Delivers(which) => n == 0 || which & 1 == 1,
                _ => false,
            };
            let results = heads(u64::from(attempt)).enumerate();
            let results = results.map(|(n, (repository, head))| {
                (
                    repository,
                    Delivered {
                        head,
                        changed: changed(n),
                    },
                )
            });
            let threads = task.into_iter().flat_map(team6_core::sprint::Task::open_threads);
            // Now and then an agent forgets to answer.
            let threads = threads.filter(|_| !matches!(word, Word::Delivers(3)));
            let answers = threads.map(|thread| answer(thread.id));
            Command::Deliver {
                attempt,
                token,
                delivery: Delivery {
                    what: "It works.".into(),
                    ..Delivery::default()
                },
                answers: answers.collect(),
                results: results.collect(),
                usage,
            }
        }
        Word::Replies => Command::Reply { attempt, token, usage },
        Word::Fails(kind, left) => {
            let kind = [
                FailureKind::AgentExited,
                FailureKind::NotCompleted,
                FailureKind::NotCompleted,
                FailureKind::Protocol,
                FailureKind::UsageLimit,
                FailureKind::ProviderOutage,
                FailureKind::LoginNeeded,
                FailureKind::Impossible,
                FailureKind::Unreachable,
            ][usize::from(kind) % 9];
            let failure = Failure {
                kind,
                text: format!("{kind:?}"),
                until: None,
            };
            let left = if left == 0 {
                BTreeMap::new()
            } else {
                heads(left.into()).collect()
            };
            Command::FailAttempt {
                attempt,
                token,
                failure,
                left,
                usage,
            }
        }
        Word::Interrupted => {
            let left = heads(attempt.into()).collect();
            Command::InterruptAttempt {
                attempt,
                token,
                why: "the worker stops".into(),
                left,
                usage,
            }
        }
    }
}

fn answer(thread: ThreadId) -> ThreadAnswer {
    ThreadAnswer {
        thread,
        commit: None,
        text: "Mended.".into(),
    }
}

fn did(by: PersonId, place: u8, deed: Deed, sprint: &Sprint) -> Option<Command> {
    let tasks: Vec<TaskId> = sprint.tasks.keys().copied().collect();
    let task = tasks
        .get(usize::from(place) % tasks.len().max(1))
        .copied()
        .unwrap_or(TaskId(0));
    let newest = sprint.newest_plan().map_or(PlanVersion(0), |saved| saved.version);
    let question = sprint
        .open_questions()
        .next()
        .map_or(QuestionId(1), |question| question.id);
    Some(match deed {
        Deed::Owns => Command::SetOwners {
            owners: [(task, by.clone())].into(),
            by,
        },
        Deed::Chooses => Command::ChooseAgent {
            by,
            task,
            agent: ["coder", "nobody"][usize::from(place) % 2].parse().unwrap(),
        },
        Deed::Approves => {
            let card = AgentCard {
                id: "coder".parse().unwrap(),
                specialties: vec![],
                merged: 0,
                failed: 0,
            };
            let may_approve = by.as_str() != "eve";
            let facts = ApprovalFacts {
                may_approve,
                repositories: [repository(0), repository(1)].into(),
                agents: vec![card],
            };
            Command::Approve {
                by,
                version: newest,
                facts,
            }
        }
        Deed::Restores => Command::RestorePlan {
            by,
            version: PlanVersion(1),
        },
        Deed::Reviews(verdict) => {
            let verdict = [
                Verdict::Approve,
                Verdict::Approve,
                Verdict::RequestChanges,
                Verdict::Comment,
            ][usize::from(verdict) % 4];
            let comment = ReviewComment {
                repository: sprint.tasks.get(&task)?.planned.repositories.first()?.clone(),
                path: "src/lib.rs".into(),
                line: Some(1),
                old_side: false,
                text: "Why?".into(),
            };
            let comments = if verdict == Verdict::RequestChanges {
                vec![comment]
            } else {
                vec![]
            };
            Command::SubmitReview {
                by,
                task,
                verdict,
                body: "Read.".into(),
                comments,
                heads: BTreeMap::new(),
            }
        }
        Deed::Merges => Command::Merge {
            by,
            task,
            method: MergeMethod::Merge,
        },
        Deed::Chats(now) => {
            let urgency = if now { Urgency::Interrupt } else { Urgency::NextTurn };
            Command::Chat {
                by,
                to: WorkId::Task(task),
                text: "Look again.".into(),
                urgency,
            }
        }
        Deed::ChatsPlanning => Command::Chat {
            by,
            to: WorkId::Planning,
            text: "Smaller.".into(),
            urgency: Urgency::NextTurn,
        },
        Deed::Retries => Command::Retry {
            by,
            work: WorkId::Task(task),
            note: String::new(),
        },
        Deed::RetriesPlanning => Command::Retry {
            by,
            work: WorkId::Planning,
            note: String::new(),
        },
        Deed::Cancels => Command::CancelTask { by, task },
        Deed::Pauses => Command::PauseTask { by, task },
        Deed::Resumes => Command::ResumeTask { by, task },
        Deed::PausesAll => Command::PauseSprint { by },
        Deed::ResumesAll => Command::ResumeSprint { by },
        Deed::Answers => Command::AnswerQuestion {
            by,
            question,
            text: "This one.".into(),
        },
        Deed::Skips => Command::SkipQuestion { by, question },
        Deed::Hands => Command::HandQuestion {
            by,
            question,
            to: person(place),
        },
        Deed::CancelsAll => Command::CancelSprint { by },
    })
}

/// A forge answers what it was asked, perhaps late; it makes nothing up.
fn answered(place: u8, which: u8, answer: Answer, sprint: &Sprint, books: &Books) -> Option<Command> {
    let tasks: Vec<TaskId> = sprint.tasks.keys().copied().collect();
    let task = *tasks.get(usize::from(place) % tasks.len().max(1))?;
    let known = sprint.tasks.get(&task)?;
    let repository = repository(which);
    let believed = known.pull_requests.get(&repository)?;
    let (head, merge) = (believed.head.clone(), known.merges);
    let asked = books.merge_requested(task) && matches!(known.work.stage, Stage::Merging { .. });
    Some(match answer {
        Answer::Shown => {
            let number = task.0 * 2 + u64::from(which);
            Command::PullRequestOpened {
                task,
                repository,
                number,
                head,
            }
        }
        Answer::NotShown => Command::PublishRefused {
            task,
            repository,
            head,
            why: "nothing to review".into(),
        },
        Answer::Merged if asked => Command::PullRequestMerged {
            task,
            repository,
            commit: head,
        },
        Answer::Conflict if asked => Command::MergeConflicted {
            task,
            repository,
            merge,
            files: vec!["src/lib.rs".into()],
        },
        Answer::NotMerged if asked => Command::MergeRefused {
            task,
            repository,
            merge,
            why: "no permission".into(),
        },
        _ => return None,
    })
}
