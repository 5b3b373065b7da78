//! Which events follow from a command. Every refusal comes before the first event, so a refused command changes nothing.

mod attempts;
mod budget;
mod checks;
mod control;
mod delegation;
mod funds;
mod planning;
mod revert;
mod review;
mod schedule;
mod updating;

pub use funds::FundsWait;
pub(crate) use schedule::Block;

use super::index::Index;
use super::{Command, Event, Opening, Refusal, Sprint, SprintPhase, Stage, Task, Work, WorkId};
use crate::ids::{FencingToken, PersonId, TaskId};
use crate::text::cleaned;
use crate::time::Timestamp;

/// The longest text that a person or an agent may give, in bytes.
const TEXT: usize = 100_000;

impl Sprint {
    /// Opens a sprint: its state and its first events.
    pub fn open(opening: Opening, now: Timestamp) -> Result<(Sprint, Vec<Event>), Refusal> {
        if opening.goal.trim().is_empty() {
            return Err(Refusal::NoGoal);
        }
        check_text(&opening.goal)?;
        let mut sprint = Sprint::opened(&opening, now);
        let mut decider = Decider {
            sprint: &mut sprint,
            events: vec![Event::SprintOpened(Box::new(opening))],
            now,
        };
        decider.schedule(WorkId::Planning);
        let events = decider.events;
        Ok((sprint, events))
    }

    /// Carries out a command: the sprint is changed by the events that are given back. A refused command leaves the
    /// sprint as it was.
    pub fn handle(&mut self, command: Command, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        let mut decider = Decider {
            sprint: self,
            events: Vec::new(),
            now,
        };
        decider.decide(command)?;
        decider.begin_updates();
        decider.settle_parents();
        decider.settle_waiting();
        decider.settle_funds();
        let events = decider.events;
        debug_assert_eq!(
            self.index,
            Index::of(self.tasks.values()),
            "the index follows the tasks"
        );
        Ok(events)
    }
}

/// A sprint while a command is carried out.
struct Decider<'a> {
    sprint: &'a mut Sprint,
    events: Vec<Event>,
    now: Timestamp,
}

impl Decider<'_> {
    fn emit(&mut self, event: Event) {
        self.sprint.apply(&event, self.now);
        self.events.push(event);
    }

    fn decide(&mut self, command: Command) -> Result<(), Refusal> {
        match command {
            Command::SubmitPlan {
                attempt,
                token,
                base,
                plan,
                first_task,
            } => self.submit_plan(attempt, token, base, plan, first_task),
            Command::AskQuestion {
                attempt,
                token,
                text,
                why,
                options,
            } => self.ask_question(attempt, token, text, why, options),
            Command::AnswerQuestion { by, question, text } => self.answer_question(by, question, text),
            Command::SkipQuestion { by, question } => self.skip_question(by, question),
            Command::HandQuestion { by, question, to } => self.hand_question(by, question, to),
            Command::SavePlan {
                by,
                base,
                plan,
                note,
                first_task,
            } => self.save_plan(by, base, plan, note, first_task),
            Command::RestorePlan { by, version } => self.restore_plan(by, version),
            Command::SetOwners { by, owners } => self.set_owners(&by, owners),
            Command::SetDeputy {
                by,
                owner,
                deputy,
                may_approve,
            } => self.set_deputy(by, owner, deputy, may_approve),
            Command::ChooseAgent { by, task, agent } => self.choose_agent(by, task, agent),
            Command::Approve { by, version, facts } => self.approve(by, version, facts),

            Command::StartAttempt { attempt, worker } => self.start(attempt, worker),
            Command::WorkspaceReady { attempt, token } => {
                self.running(attempt, token)?;
                self.emit(Event::WorkspaceReady { attempt });
                Ok(())
            }
            Command::SessionOpened {
                attempt,
                token,
                session,
            } => {
                self.running(attempt, token)?;
                self.emit(Event::SessionOpened { attempt, session });
                Ok(())
            }
            Command::Heartbeat {
                attempt,
                token,
                active_at,
                usage,
            } => self.heartbeat(attempt, token, active_at, usage),
            Command::ReportProgress { attempt, token, text } => {
                self.running(attempt, token)?;
                check_text(&text)?;
                let text = cleaned(&text);
                self.emit(Event::ProgressReported { attempt, text });
                Ok(())
            }
            Command::AskOwner {
                attempt,
                token,
                question,
                options,
            } => self.ask_owner(attempt, token, question, options),
            Command::Delegate {
                attempt,
                token,
                brief,
                built_on,
                instead_of,
                task,
            } => {
                let wanted = delegation::Wanted {
                    brief: *brief,
                    built_on,
                    instead_of,
                    task,
                };
                self.delegate(attempt, token, wanted)
            }
            Command::AwaitSubtasks { attempt, token } => self.await_subtasks(attempt, token),
            Command::GiveUpSubtask {
                attempt,
                token,
                task,
                reason,
            } => self.give_up_subtask(attempt, token, task, reason),
            Command::Completes { attempt, token } => self.completes(attempt, token),
            Command::MessagesDelivered {
                attempt,
                token,
                messages,
            } => {
                self.running(attempt, token)?;
                // Without messages nothing has happened.
                if !messages.is_empty() {
                    self.emit(Event::MessagesDelivered { attempt, messages });
                }
                Ok(())
            }
            Command::Deliver {
                attempt,
                token,
                delivery,
                answers,
                results,
                integrated,
                checks,
                usage,
            } => {
                let handed_in = attempts::HandedIn {
                    delivery,
                    answers,
                    results,
                    integrated,
                    checks,
                    usage,
                };
                self.deliver(attempt, token, handed_in)
            }
            Command::Reply { attempt, token, usage } => self.reply(attempt, token, usage),
            Command::FailAttempt {
                attempt,
                token,
                failure,
                left,
                usage,
            } => {
                self.running(attempt, token)?;
                self.fail(attempt, failure, left, usage);
                Ok(())
            }
            Command::InterruptAttempt {
                attempt,
                token,
                why,
                left,
                usage,
            } => self.interrupt(attempt, token, why, left, usage),
            Command::ReportUsage { attempt, token, usage } => self.report_usage(attempt, token, usage),
            Command::LackFunds { attempt, short } => self.lack_funds(attempt, short),
            Command::FundsGranted { attempt, most } => self.funds_granted(attempt, most),
            Command::FundsReturned { lacking } => {
                self.funds_returned(lacking);
                Ok(())
            }
            Command::ReportRoom { lacking } => self.report_room(lacking),
            Command::Tick => {
                self.tick();
                Ok(())
            }

            Command::RecordCheck {
                task,
                repository,
                check,
                run,
                base,
                tail,
            } => {
                let ran = checks::Ran { run, base, tail };
                self.record_check(task, &repository, &check, ran)
            }
            Command::PullRequestOpened {
                task,
                repository,
                number,
                head,
            } => self.pull_request_opened(task, repository, number, head),
            Command::ForgeFails { task, repository, why } => self.forge_fails(task, repository, why),
            Command::PublishRefused {
                task,
                repository,
                head,
                why,
            } => self.publish_refused(task, &repository, &head, &why),
            Command::SubmitReview {
                by,
                task,
                verdict,
                body,
                comments,
                heads,
            } => self.submit_review(by, task, verdict, body, comments, &heads),
            Command::Merge { by, task, method } => self.merge(by, task, method),
            Command::MergeTried { task, merge, problems } => self.merge_tried(task, merge, problems),
            Command::PullRequestMerged {
                task,
                repository,
                commit,
            } => self.pull_request_merged(task, repository, commit),
            Command::MergeConflicted {
                task,
                repository,
                merge,
                files,
            } => self.merge_conflicted(task, repository, merge, files),
            Command::MergeRefused { task, merge, why, .. } => self.merge_refused(task, merge, why),

            Command::SeeBase {
                repository,
                branch,
                commit,
            } => {
                self.see_base(repository, branch, commit);
                Ok(())
            }
            Command::UpdateTried {
                task,
                repository,
                head,
                moves,
                outcome,
                checks,
            } => {
                let tried = updating::Tried {
                    head,
                    moves,
                    outcome,
                    checks,
                };
                self.update_tried(task, repository, tried)
            }
            Command::Revert { by, task } => self.revert(&by, task),
            Command::Reverted {
                task,
                revert,
                commits,
                trouble,
            } => self.reverted(task, revert, commits, trouble),

            Command::Chat { by, to, text, urgency } => self.chat(by, to, text, urgency),
            Command::Retry { by, work, note } => self.retry(by, work, note),
            Command::AddSubtask {
                by,
                parent,
                brief,
                task,
            } => self.add_subtask(by, parent, &brief, task),
            Command::CancelTask { by, task } => self.cancel_task(&by, task),
            Command::PauseTask { by, task } => self.pause_task(by, task),
            Command::ResumeTask { by, task } => self.resume_task(by, task),
            Command::SetTaskBudget { by, task, budget } => self.set_task_budget(by, task, budget),
            Command::SetSprintBudget { by, budget } => self.set_sprint_budget(by, budget),
            Command::PauseSprint { by } => self.pause_sprint(by),
            Command::ResumeSprint { by } => self.resume_sprint(by),
            Command::CancelSprint { by } => self.cancel_sprint(by),
        }
    }

    fn open(&self) -> Result<(), Refusal> {
        match self.sprint.phase {
            SprintPhase::Planning | SprintPhase::Running => Ok(()),
            SprintPhase::Finished => Err(Refusal::SprintClosed {
                phase: "finished".into(),
            }),
            SprintPhase::Cancelled => Err(Refusal::SprintClosed {
                phase: "cancelled".into(),
            }),
        }
    }

    fn task(&self, id: TaskId) -> Result<&Task, Refusal> {
        self.sprint.tasks.get(&id).ok_or(Refusal::NoSuchTask { task: id })
    }

    /// The task, if it belongs to `by` or to somebody whose deputy they are.
    fn owned(&self, id: TaskId, by: &PersonId) -> Result<&Task, Refusal> {
        let task = self.task(id)?;
        if task
            .owner
            .as_ref()
            .is_some_and(|owner| self.sprint.may_act_for(by, owner))
        {
            Ok(task)
        } else {
            Err(Refusal::NotOwner {
                task: id,
                owner: task.owner.clone(),
            })
        }
    }

    /// The task, if it belongs to `by`, or `by` leads the sprint, or decides for whoever does.
    fn led(&self, id: TaskId, by: &PersonId) -> Result<&Task, Refusal> {
        let task = self.task(id)?;
        let acts = task
            .owner
            .as_ref()
            .is_some_and(|owner| self.sprint.may_act_for(by, owner));
        if acts || self.sprint.leads(by) {
            Ok(task)
        } else {
            Err(Refusal::NotOwnerOrLead {
                task: id,
                lead: self.sprint.lead.clone(),
            })
        }
    }

    /// The work of a running attempt, if `token` is the one that was handed out for it.
    fn running(&self, attempt: u32, token: FencingToken) -> Result<(WorkId, &Work), Refusal> {
        let id = self
            .sprint
            .attempt(attempt)
            .ok_or(Refusal::NoSuchAttempt { attempt })?
            .work;
        let work = self.sprint.work(id).ok_or(Refusal::NoSuchAttempt { attempt })?;
        match &work.stage {
            Stage::Running {
                attempt: current,
                token: valid,
                ..
            } if *current == attempt => {
                if token == *valid {
                    Ok((id, work))
                } else {
                    Err(Refusal::Fenced {
                        attempt,
                        current: *valid,
                    })
                }
            }
            Stage::Queued { attempt: current, .. } if *current == attempt => {
                Err(Refusal::AttemptNotStarted { attempt })
            }
            _ => Err(Refusal::AttemptEnded { attempt }),
        }
    }

    /// The task of a running attempt.
    fn running_task(&self, attempt: u32, token: FencingToken) -> Result<&Task, Refusal> {
        match self.running(attempt, token)?.0 {
            WorkId::Task(task) => self.task(task),
            WorkId::Planning => Err(Refusal::NotATask),
        }
    }
}

fn check_text(text: &str) -> Result<(), Refusal> {
    if text.len() > TEXT {
        return Err(Refusal::TextTooLong {
            length: text.len(),
            limit: TEXT,
        });
    }
    Ok(())
}

fn some_text(text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::EmptyText);
    }
    check_text(text)
}

/// All that `stage_name` says.
pub const STATES: [&str; 18] = [
    "idle",
    "waiting",
    "assigned",
    "in progress",
    "held",
    "asking its owner",
    "waiting for subtasks",
    "being checked",
    "publishing",
    "in review",
    "being brought up to date",
    "delivered",
    "merging",
    "reverting",
    "failed",
    "done",
    "cancelled",
    "given up",
];

/// What people call a stage: one of `STATES`.
pub(crate) fn stage_name(stage: &Stage) -> &'static str {
    match stage {
        Stage::Idle => "idle",
        Stage::Waiting { .. } => "waiting",
        Stage::Queued { .. } => "assigned",
        Stage::Running { ready: false, .. } => "assigned",
        Stage::Running { .. } => "in progress",
        Stage::Held(_) => "held",
        Stage::Asking { .. } => "asking its owner",
        Stage::Checking { .. } => "being checked",
        Stage::Publishing { .. } => "publishing",
        Stage::InReview => "in review",
        Stage::Updating { .. } => "being brought up to date",
        Stage::AwaitingSubtasks { .. } => "waiting for subtasks",
        Stage::Delivered => "delivered",
        Stage::GivenUp { .. } => "given up",
        Stage::Merging { .. } => "merging",
        Stage::Reverting { .. } => "reverting",
        Stage::Failed { .. } => "failed",
        Stage::Done => "done",
        Stage::Cancelled { .. } => "cancelled",
    }
}
