//! What the engine's tools do during an attempt: most become commands at once; a completed task waits for the turn's end.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use async_trait::async_trait;
use team6_agent::acp::Record;
use team6_agent::toolbox::{Accepted, CompleteTask, DelegateTask, Refused, SubmitPlan, ToolCall, ToolHandler};
use team6_core::budget::{Budget, micros};
use team6_core::ids::{AttemptId, FencingToken, TaskId, ThreadId};
use team6_core::plan::{Plan, PlannedTask, Priority};
use team6_core::sprint::{Brief, Command, Refusal};
use team6_core::text::in_line;
use team6_core::trace::TraceBody;

use super::is_over;
use super::saved::Saved;
use super::trace::Trace;
use crate::control::{ControlError, ControlPlane};

/// The tools of one attempt.
pub(crate) struct Tools {
    pub(crate) control: Arc<dyn ControlPlane>,
    pub(crate) attempt: AttemptId,
    pub(crate) token: FencingToken,
    /// The threads that must be answered.
    pub(crate) threads: Vec<ThreadId>,
    pub(crate) trace: Trace,
    /// What the agent says, once it runs.
    pub(crate) record: Arc<OnceLock<Record>>,
    pub(crate) said: Arc<Mutex<Said>>,
    pub(crate) saved: Saved,
}

/// What the agent said through the tools.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// The task is complete, in its words.
    pub(crate) complete: Option<CompleteTask>,
    /// It is about to wait for something at this moment.
    pub(crate) parking: bool,
    /// What it waits for, so that the attempt is parked.
    pub(crate) parked: Option<WaitsFor>,
}

/// What a parked attempt waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WaitsFor {
    /// The answer of the task's owner.
    Owner,
    /// What it delegated.
    Subtasks,
}

impl Tools {
    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn tell(&self, command: Command, answer: &str) -> Result<Accepted, Refused> {
        self.control.tell(self.attempt, command).await.map_err(refused)?;
        Ok(Accepted::new(answer))
    }

    async fn submit_plan(&self, submitted: SubmitPlan) -> Result<Accepted, Refused> {
        let command = Command::SubmitPlan {
            attempt: self.attempt.n,
            token: self.token,
            base: None,
            plan: plan(submitted),
            first_task: TaskId(0),
        };
        self.tell(
            command,
            "The plan is saved and shown to the team. End your turn once your questions are asked.",
        )
        .await
    }

    /// Whether the task can be completed. The attempt may be over before its worker knows, or because the agent waits for
    /// something; and parts of the task may still be open.
    async fn goes_on(&self) -> Result<(), Refused> {
        let completes = Command::Completes {
            attempt: self.attempt.n,
            token: self.token,
        };
        match self.control.tell(self.attempt, completes).await {
            Ok(()) => Ok(()),
            Err(ControlError::Refused(refusal)) if is_over(&refusal) => {
                let next = match self.said().parked {
                    Some(WaitsFor::Owner) => {
                        "you asked your owner, and the answer begins your next turn; call complete_task in that one"
                    }
                    Some(WaitsFor::Subtasks) => {
                        "you wait for your subtasks, and what comes of them begins your next turn; call complete_task in \
                         that one"
                    }
                    None => "what you commit until then is kept, and is not delivered",
                };
                Err(Refused::because(format!(
                    "this attempt is over, so nothing was recorded: {refusal}. End your turn now; {next}"
                )))
            }
            Err(error) => Err(refused(error)),
        }
    }

    async fn complete(&self, complete: CompleteTask) -> Result<Accepted, Refused> {
        self.goes_on().await?;
        let answered = |thread: &ThreadId| complete.answers.iter().any(|answer| answer.thread == *thread);
        let missing = self.threads.iter().filter(|thread| !answered(thread));
        let reasons: Vec<String> = missing
            .map(|thread| {
                format!("answers: review thread {thread} has no answer; say what you did about it, with the commit")
            })
            .collect();
        if !reasons.is_empty() {
            return Err(Refused { reasons });
        }
        self.said().complete = Some(complete);
        Ok(Accepted::new(
            "Noted. End your turn now: your branch is then taken over and its pull requests go to the owner.",
        ))
    }

    /// Ends the attempt for a while. The control plane may say so before the answer of the call is there.
    async fn park(&self, command: Command, wait: WaitsFor, answer: &str) -> Result<Accepted, Refused> {
        self.said().parking = true;
        let told = self.tell(command, answer).await;
        let mut said = self.said();
        if told.is_ok() {
            said.parked = Some(wait);
        }
        said.parking = false;
        drop(said);
        told
    }

    /// Hands a part of the task over. It builds on what is committed by now, which is brought out and published for it.
    async fn delegate(&self, wanted: DelegateTask) -> Result<Accepted, Refused> {
        let built_on = self.saved.save(&*self.control, self.attempt, self.token).await?;
        let (title, instead_of) = (wanted.title.clone(), wanted.instead_of);
        let delegated = self
            .control
            .delegate(self.attempt, self.token, brief(wanted), built_on, instead_of);
        let task = delegated.await.map_err(refused)?;
        Ok(Accepted::new(format!(
            "Delegated as task {task}, \"{title}\". Go on with what does not depend on it; call await_tasks when you have \
             delegated all that you want to."
        )))
    }

    async fn answer(&self, call: ToolCall) -> Result<Accepted, Refused> {
        let (attempt, token) = (self.attempt.n, self.token);
        match call {
            ToolCall::SubmitPlan(submitted) => self.submit_plan(submitted).await,
            ToolCall::AskQuestion(asked) => {
                let command = Command::AskQuestion {
                    attempt,
                    token,
                    text: asked.question,
                    why: asked.why,
                    options: asked.options,
                };
                self.tell(
                    command,
                    "Asked. The answer comes in a later turn; go on with what does not depend on it.",
                )
                .await
            }
            ToolCall::AskOwner(asked) => {
                let command = Command::AskOwner {
                    attempt,
                    token,
                    question: asked.question,
                    options: asked.options,
                };
                let answer = "Asked. Commit what you have and end your turn now; the answer begins the next one.";
                self.park(command, WaitsFor::Owner, answer).await
            }
            ToolCall::DelegateTask(wanted) => self.delegate(wanted).await,
            ToolCall::AwaitTasks(_) => {
                let command = Command::AwaitSubtasks { attempt, token };
                let answer =
                    "Noted. Commit what you have and end your turn now; what comes of them begins the next one.";
                self.park(command, WaitsFor::Subtasks, answer).await
            }
            ToolCall::GiveUpTask(given_up) => {
                let command = Command::GiveUpSubtask {
                    attempt,
                    token,
                    task: given_up.task,
                    reason: given_up.reason,
                };
                self.tell(command, "Noted. Go on without it.").await
            }
            ToolCall::ReportProgress(report) => {
                let command = Command::ReportProgress {
                    attempt,
                    token,
                    text: report.text,
                };
                self.tell(command, "Noted.").await
            }
            ToolCall::Remember(said) => self.remember(said).await,
            ToolCall::Recall(asked) => self.recall(asked).await,
            ToolCall::CompleteTask(complete) => self.complete(complete).await,
        }
    }
}

#[async_trait]
impl ToolHandler for Tools {
    async fn call(&self, call: ToolCall) -> Result<Accepted, Refused> {
        let tool = name(&call);
        let answer = self.answer(call).await;
        let (accepted, text) = match &answer {
            Ok(accepted) => (true, accepted.text.clone()),
            Err(refused) => (false, refused.reasons.join("\n")),
        };
        let entry = TraceBody::Engine {
            tool: tool.into(),
            accepted,
            answer: text,
        };
        // The agent may have said something before the call that was not told yet, and is waiting for the answer.
        let told = match self.record.get() {
            Some(record) => record.add(entry).await,
            None => Err(entry),
        };
        if let Err(entry) = told {
            self.trace.write(entry).await;
        }
        answer
    }
}

fn name(call: &ToolCall) -> &'static str {
    match call {
        ToolCall::SubmitPlan(_) => "submit_plan",
        ToolCall::AskQuestion(_) => "ask_question",
        ToolCall::AskOwner(_) => "ask_owner",
        ToolCall::ReportProgress(_) => "report_progress",
        ToolCall::DelegateTask(_) => "delegate_task",
        ToolCall::AwaitTasks(_) => "await_tasks",
        ToolCall::GiveUpTask(_) => "give_up_task",
        ToolCall::Remember(_) => "remember",
        ToolCall::Recall(_) => "recall",
        ToolCall::CompleteTask(_) => "complete_task",
    }
}

/// Why a call came to nothing.
pub(super) fn refused(error: ControlError) -> Refused {
    match error {
        ControlError::Refused(refusal) => reasons(&refusal),
        ControlError::Failed(why) => Refused::because(why),
        error @ ControlError::Unavailable(_) => Refused::because(format!("{error}; call the tool again in a moment")),
    }
}

/// One reason for each thing to mend.
fn reasons(refusal: &Refusal) -> Refused {
    match refusal {
        Refusal::BadPlan { problems, late } => {
            let late = late.iter().map(ToString::to_string);
            Refused {
                reasons: problems.iter().map(ToString::to_string).chain(late).collect(),
            }
        }
        Refusal::NotDelegated { reasons } => Refused {
            reasons: reasons.iter().map(ToString::to_string).collect(),
        },
        Refusal::PlanTooLate { problems } => Refused {
            reasons: problems.iter().map(ToString::to_string).collect(),
        },
        other => Refused::because(other.to_string()),
    }
}

/// The part of a task as the core knows it.
fn brief(wanted: DelegateTask) -> Brief {
    let budget = Budget {
        tokens: wanted.budget_tokens,
        cost_micros: wanted.budget_dollars.map(|dollars| micros(dollars).unwrap_or(0)),
        time_ms: wanted.budget_minutes.map(|minutes| u64::from(minutes) * 60_000),
    };
    let budget = Some(budget).filter(|budget| !budget.is_unlimited());
    Brief {
        title: wanted.title,
        what: wanted.brief,
        why: String::new(),
        acceptance_criteria: wanted.acceptance_criteria,
        specialty: wanted.specialty,
        agent: wanted.agent,
        repositories: wanted.repositories,
        paths: wanted.paths,
        estimate_minutes: wanted.estimate_minutes,
        budget,
    }
}

/// The plan as the core knows it. Its title is the first heading or line of the PRD.
fn plan(submitted: SubmitPlan) -> Plan {
    let lines = submitted.prd.lines().map(in_line);
    let mut titles = lines.map(|line| line.trim_start_matches('#').trim().to_owned());
    let first = titles.find(|line| !line.is_empty());
    let title: String = first.as_deref().unwrap_or("Sprint").chars().take(120).collect();
    let tasks = submitted.tasks.into_iter().map(|task| PlannedTask {
        key: task.key,
        title: task.title,
        what: task.what,
        why: task.why,
        acceptance_criteria: task.acceptance_criteria,
        depends_on: task.depends_on,
        estimate_minutes: task.estimate_minutes,
        priority: match task.priority {
            team6_agent::toolbox::Priority::Low => Priority::Low,
            team6_agent::toolbox::Priority::Normal => Priority::Normal,
            team6_agent::toolbox::Priority::High => Priority::High,
            team6_agent::toolbox::Priority::Urgent => Priority::Urgent,
        },
        specialty: Some(task.specialty),
        repositories: task.repositories,
        paths: task.paths,
    });
    Plan {
        title,
        prd: submitted.prd,
        tasks: tasks.collect(),
    }
}
