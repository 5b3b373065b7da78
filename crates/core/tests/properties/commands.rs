//! What the numbers of a step stand for, as the sprint stands: the command that is asked of it.

use std::collections::{BTreeMap, BTreeSet};

use team6_core::budget::Budget;
use team6_core::checks::{Check, Digest, Run, RunEnd};
use team6_core::failure::{Failure, FailureKind};
use team6_core::ids::{CommitId, FencingToken, PersonId, PlanVersion, QuestionId, RepositoryId, TaskId, ThreadId};
use team6_core::sprint::{
    AgentCard, ApprovalFacts, Brief, Command, Delivered, Delivery, MergeMethod, MergeProblem, ReviewComment, Sprint,
    Stage, ThreadAnswer, Urgency, Verdict, WorkId,
};
use team6_core::time::Timestamp;
use team6_core::trace::Usage;

use crate::books::Books;
use crate::steps::{Answer, Deed, Word, commit, person, repository};

pub(crate) fn said(word: Word, attempt: u32, token: FencingToken, sprint: &Sprint, now: Timestamp) -> Command {
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
        Word::Spends(more) => {
            let before = sprint.attempt(attempt).map_or(0, |a| a.usage.input_tokens);
            Command::Heartbeat {
                attempt,
                token,
                active_at: now,
                usage: Usage {
                    input_tokens: before + u64::from(more) * 100,
                    ..usage
                },
            }
        }
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
        Word::Delegates(which) | Word::DelegatesAnew(which) => {
            let below = task.map(|t| t.subtasks.as_slice()).unwrap_or_default();
            let failed = below.get(usize::from(which) % below.len().max(1));
            Command::Delegate {
                attempt,
                token,
                brief: Box::new(brief(which)),
                built_on: heads(u64::from(attempt)).collect(),
                instead_of: failed.copied().filter(|_| matches!(word, Word::DelegatesAnew(_))),
                task: TaskId(0),
            }
        }
        Word::Awaits => Command::AwaitSubtasks { attempt, token },
        Word::GivesUp(which) => {
            let below = task.map(|t| t.subtasks.as_slice()).unwrap_or_default();
            let subtask = below.get(usize::from(which) % below.len().max(1)).copied();
            Command::GiveUpSubtask {
                attempt,
                token,
                task: subtask.unwrap_or(TaskId(0)),
                reason: "No time.".into(),
            }
        }
        Word::Completes => Command::Completes { attempt, token },
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
                integrated: BTreeSet::new(),
                checks: checks(),
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

fn tokens(limit: u8) -> Budget {
    Budget {
        tokens: Some(u64::from(limit) * 300).filter(|_| limit > 20),
        ..Budget::default()
    }
}

/// One of the two repositories has a check.
pub(crate) fn checks() -> BTreeMap<RepositoryId, Vec<Check>> {
    let test = Check {
        name: "test".parse().unwrap(),
        command: "make test".into(),
        seconds: 60,
        together: BTreeSet::new(),
    };
    [(repository(1), vec![test])].into()
}

/// What came of a check: it fails here or at the base, as drawn.
fn ran(commit: CommitId, drawn: u8) -> (Run, Option<Run>) {
    let run = |commit: CommitId, status: i32| Run {
        tree: Some(commit.clone()),
        commit,
        end: RunEnd::Exited { status },
        log: Digest::of(b""),
        log_bytes: 0,
        beside: BTreeMap::new(),
        began: Timestamp(0),
        ended: Timestamp(0),
    };
    let status = i32::from(drawn & 1);
    let base = (status != 0).then(|| run(crate::steps::commit(0), i32::from(drawn & 2)));
    (run(commit, status), base)
}

fn brief(which: u8) -> Brief {
    let field = ["drawing", "writing", "testing", "counting"][usize::from(which) % 4];
    Brief {
        title: format!("Part {}", which / 4),
        what: "A part of it.".into(),
        specialty: Some(field.parse().unwrap()),
        estimate_minutes: 10,
        budget: which.is_multiple_of(3).then(|| tokens(which)),
        ..Brief::default()
    }
}

fn answer(thread: ThreadId) -> ThreadAnswer {
    ThreadAnswer {
        thread,
        commit: None,
        text: "Mended.".into(),
    }
}

pub(crate) fn did(by: PersonId, place: u8, deed: Deed, sprint: &Sprint) -> Option<Command> {
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
        Deed::Deputes(away) => Command::SetDeputy {
            owner: person((place + u8::from(away)) % 3),
            deputy: Some(person(place % 3)).filter(|_| away),
            may_approve: place.is_multiple_of(2),
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
                end_line: None,
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
        Deed::AddsSubtask(which) => Command::AddSubtask {
            by,
            parent: task,
            brief: Box::new(brief(which)),
            task: TaskId(0),
        },
        Deed::Budgets(limit) => Command::SetTaskBudget {
            by,
            task,
            budget: tokens(limit),
        },
        Deed::BudgetsAll(limit) => Command::SetSprintBudget {
            by,
            budget: tokens(limit),
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
pub(crate) fn answered(place: u8, which: u8, answer: Answer, sprint: &Sprint, books: &Books) -> Option<Command> {
    let tasks: Vec<TaskId> = sprint.tasks.keys().copied().collect();
    let task = *tasks.get(usize::from(place) % tasks.len().max(1))?;
    let known = sprint.tasks.get(&task)?;
    let repository = repository(which);
    let believed = known.pull_requests.get(&repository)?;
    let (head, merge) = (believed.head.clone(), known.merges);
    let asked =
        books.asked(&format!("merge/{task}/{repository}/{merge}")) && matches!(known.work.stage, Stage::Merging { .. });
    let answer = match (answer, &known.work.stage) {
        (Answer::AsAsked, Stage::Checking { .. }) => Answer::Checked(0),
        (Answer::AsAsked, Stage::Merging { checked: false, .. }) => Answer::Tried(true),
        (Answer::AsAsked, Stage::Merging { .. }) => Answer::Merged,
        (Answer::AsAsked, _) => Answer::Shown,
        (answer, _) => answer,
    };
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
        Answer::Checked(drawn) => {
            let (run, base) = ran(head, drawn);
            Command::RecordCheck {
                task,
                repository,
                check: "test".parse().unwrap(),
                run,
                base,
                tail: String::new(),
            }
        }
        Answer::Tried(fine) if books.asked(&format!("try/{task}/{merge}")) => {
            let conflict = MergeProblem {
                repository,
                conflicts: vec!["src/lib.rs".into()],
                why: None,
            };
            Command::MergeTried {
                task,
                merge,
                problems: if fine { vec![] } else { vec![conflict] },
            }
        }
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
        Answer::Fails => Command::ForgeFails {
            task,
            repository,
            why: "no answer".into(),
        },
        _ => return None,
    })
}
