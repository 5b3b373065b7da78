//! `team6 task`: where a task stands, what its agent does, and what its owner decides.

mod changes;
mod log;
mod packet;
mod review;
mod show;

use clap::Subcommand;
use reqwest::Method;
use team6_core::budget::Budget;
use team6_core::ids::{AgentId, AttemptId, PersonId, RepositoryId, Specialty, SprintId, TaskId};
use team6_core::sprint::{Brief, MergeMethod, Urgency};
use team6_server::api::types::{
    AgentRequest, Changed, Me, MergeForecast, MergeRequest, MessageRequest, Page as Part, RetryRequest, RevertForecast,
    TaskDetail, TaskItem,
};

use super::budget::{self, BudgetArguments};
use super::repo::Merging;
use super::{Context, text};
use crate::client::Client;
use crate::failure::Failure;

pub(crate) use log::{Work, named as named_attempt, run as log};
pub(crate) use show::{another_agent, list as list_tasks, why, why_in_short};

/// What to do with tasks.
#[derive(Debug, Subcommand)]
pub(crate) enum TaskCommand {
    /// List tasks with the reason why each is not done.
    #[command(after_help = "Examples:\n  team6 task list --sprint 3\n  team6 task list --mine --state \"in review\"")]
    List {
        /// Only those of a sprint.
        #[arg(long, value_name = "N")]
        sprint: Option<SprintId>,
        /// Only those of an owner.
        #[arg(long, value_name = "PERSON")]
        owner: Option<PersonId>,
        /// Only your own.
        #[arg(long, conflicts_with = "owner")]
        mine: bool,
        /// Only those in these states, separated by commas.
        #[arg(long, value_name = "STATES")]
        state: Option<String>,
    },
    /// Show a task: why it is not done, its attempts, pull requests and reviews.
    #[command(after_help = "Examples:\n  team6 task show 12\n  team6 task show 12 --json | jq .task.why")]
    Show {
        /// The number of the task.
        task: TaskId,
    },
    /// Show what the agent of a task did, step by step.
    #[command(
        after_help = "Examples:\n  team6 task log 12\n  team6 task log 12 --follow\n  team6 task log 12 --attempt s3-a7 --json"
    )]
    Log {
        /// The number of the task.
        task: TaskId,
        /// The attempt; the newest unless given.
        #[arg(long, value_name = "ATTEMPT")]
        attempt: Option<AttemptId>,
        /// Go on as the agent works, until the attempt ends.
        #[arg(long, short)]
        follow: bool,
    },
    /// Write to the agent of a task, or answer what it asked; without a text, show the conversation.
    #[command(
        after_help = "Examples:\n  team6 task chat 12\n  team6 task chat 12 \"Keep the old format readable.\"\n  team6 task chat 12 --now \"Stop: wrong file.\""
    )]
    Chat {
        /// The number of the task.
        task: TaskId,
        /// The text; `-` reads it from standard input, `@FILE` from a file.
        text: Option<String>,
        /// Interrupt the agent instead of waiting for the end of its turn.
        #[arg(long, requires = "text")]
        now: bool,
    },
    /// Show what a task changes, in each repository that it has a pull request in.
    #[command(
        after_help = "Examples:\n  team6 task diff 12\n  team6 task diff 12 --stat\n  team6 task diff 12 --from 1    what changed since the first delivery"
    )]
    Diff {
        /// The number of the task.
        task: TaskId,
        /// Only in this repository.
        #[arg(long)]
        repository: Option<RepositoryId>,
        /// Only since this delivery.
        #[arg(long, value_name = "N")]
        from: Option<u32>,
        /// Only the files and how many lines changed.
        #[arg(long)]
        stat: bool,
    },
    /// Review what a task delivered: approve it, or send it back with comments; without a verdict, show what to know first.
    #[command(after_help = review::EXAMPLES)]
    Review(review::ReviewArguments),
    /// Merge the pull requests of an approved task.
    #[command(after_help = "Examples:\n  team6 task merge 12 --dry-run\n  team6 task merge 12 --method squash")]
    Merge {
        /// The number of the task.
        task: TaskId,
        /// How; as the repository says unless given.
        #[arg(long, value_enum)]
        method: Option<Merging>,
        /// Only tell what would come of it.
        #[arg(long)]
        dry_run: bool,
    },
    /// Take back what was merged of a task that could not be merged whole, and close it; without --yes, only tell what
    /// would come of it.
    #[command(after_help = "Examples:\n  team6 task revert 12\n  team6 task revert 12 --yes")]
    Revert {
        /// The number of the task.
        task: TaskId,
        /// Do it.
        #[arg(long)]
        yes: bool,
    },
    /// Try again what failed or is held.
    #[command(
        after_help = "Examples:\n  team6 task retry 12\n  team6 task retry 12 --note \"Use the port in the file .env.\""
    )]
    Retry {
        /// The number of the task.
        task: TaskId,
        /// What the agent should know this time.
        #[arg(long, default_value = "")]
        note: String,
    },
    /// Delegate a subtask of a task to another agent; its work goes back into the task.
    #[command(
        after_help = "Examples:\n  team6 task delegate 12 \"Describe the endpoint\" --brief \"It is in src/api.rs.\" --specialty docs\n  team6 task delegate 12 \"Show the balance\" --brief @brief.md --agent codex --done-when \"The page shows it\""
    )]
    Delegate {
        /// The number of the task.
        task: TaskId,
        /// One line that says what will be there.
        title: String,
        /// What to do; `-` reads it from standard input, `@FILE` from a file.
        #[arg(long, value_name = "TEXT")]
        brief: String,
        /// The field of work, by which the agent is chosen.
        #[arg(long, value_name = "FIELD")]
        specialty: Option<Specialty>,
        /// The agent that does it.
        #[arg(long)]
        agent: Option<AgentId>,
        /// What can be seen when it is done; may be given several times.
        #[arg(long, value_name = "TEXT")]
        done_when: Vec<String>,
        /// A repository of the task that it changes; all unless given. May be given several times.
        #[arg(long, value_name = "REPOSITORY")]
        repository: Vec<RepositoryId>,
        /// Estimated time of work.
        #[arg(long, value_name = "MINUTES", default_value_t = 60)]
        estimate: u32,
        /// What it may spend of what the task has left.
        #[command(flatten)]
        budget: BudgetArguments,
    },
    /// Show what a task and all below it may spend and have spent, or set other limits.
    #[command(
        after_help = "Examples:\n  team6 task budget 12\n  team6 task budget 12 --cost 5 --time 2h\n  team6 task budget 12 --tokens none"
    )]
    Budget {
        /// The number of the task.
        task: TaskId,
        #[command(flatten)]
        budget: BudgetArguments,
    },
    /// Give a task up, with all its subtasks. What depends on it waits until a person decides.
    #[command(after_help = "Examples:\n  team6 task cancel 12\n  team6 task cancel 12 --yes")]
    Cancel {
        /// The number of the task.
        task: TaskId,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Let no further attempt begin; a running agent is asked to stop, and its work is kept.
    #[command(after_help = "Example:\n  team6 task pause 12")]
    Pause {
        /// The number of the task.
        task: TaskId,
    },
    /// Go on with a paused task.
    #[command(after_help = "Example:\n  team6 task resume 12")]
    Resume {
        /// The number of the task.
        task: TaskId,
    },
    /// Choose the agent of a task, from the next attempt on.
    #[command(after_help = "Example:\n  team6 task agent 12 codex")]
    Agent {
        /// The number of the task.
        task: TaskId,
        /// The agent.
        agent: AgentId,
    },
}

/// Carries a command out.
pub(crate) async fn run(command: TaskCommand, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let tell = async |task: TaskId, what: &str| {
        let reply = client
            .tell::<Changed<TaskItem>>(&format!("/tasks/{task}/{what}"))
            .await?;
        context
            .output
            .show(&reply, |changed, page| show::changed(&changed.item, page))
    };
    match command {
        TaskCommand::List {
            sprint,
            owner,
            mine,
            state,
        } => {
            let owner = if mine { Some(me(&client).await?) } else { owner };
            let mut query = Vec::new();
            query.extend(sprint.map(|sprint| ("sprint", sprint.to_string())));
            query.extend(owner.map(|owner| ("owner", owner.to_string())));
            query.extend(state.map(|state| ("state", state)));
            let tasks = client.list::<TaskItem>("/tasks", "after", &query).await?;
            context.output.show(&tasks, |tasks, page| show::list(tasks, page))
        }
        TaskCommand::Show { task } => {
            context.warn(&client).await;
            let detail = client.get::<TaskDetail>(&format!("/tasks/{task}")).await?;
            context.output.show(&detail, show::detail)
        }
        TaskCommand::Log { task, attempt, follow } => {
            let attempt = match attempt {
                Some(attempt) => log::named(&client, attempt, log::Work::Task(task)).await?,
                None => log::newest(&client, task).await?,
            };
            log::run(&client, attempt, follow, context).await
        }
        TaskCommand::Chat { task, text: None, .. } => {
            let detail = client.get::<TaskDetail>(&format!("/tasks/{task}")).await?;
            if context.output.json {
                return context.output.line(&detail.raw["messages"]);
            }
            context.output.page(|page| show::conversation(&detail.item, page))
        }
        TaskCommand::Chat {
            task,
            text: Some(text),
            now,
        } => {
            let urgency = if now { Urgency::Interrupt } else { Urgency::NextTurn };
            let body = MessageRequest {
                text: text::given(&text)?,
                urgency,
            };
            let reply = client
                .post::<Changed<TaskItem>>(&format!("/tasks/{task}/messages"), &body)
                .await?;
            context
                .output
                .show(&reply, |changed, page| show::changed(&changed.item, page))
        }
        TaskCommand::Diff {
            task,
            repository,
            from,
            stat,
        } => changes::run(&client, task, repository, from, stat, context).await,
        TaskCommand::Review(arguments) => review::run(&client, arguments, context).await,
        TaskCommand::Merge {
            task, dry_run: true, ..
        } => {
            let reply = client
                .get::<Part<MergeForecast>>(&format!("/tasks/{task}/merge"))
                .await?;
            context
                .output
                .show(&reply, |forecasts, page| changes::forecast(&forecasts.items, page))
        }
        TaskCommand::Merge { task, method, .. } => {
            let body = MergeRequest {
                method: method.map(MergeMethod::from),
            };
            let reply = client
                .post::<Changed<TaskItem>>(&format!("/tasks/{task}/merge"), &body)
                .await?;
            context
                .output
                .show(&reply, |changed, page| show::changed(&changed.item, page))
        }
        TaskCommand::Revert { task, yes: true } => tell(task, "revert").await,
        TaskCommand::Revert { task, yes: false } => {
            let reply = client
                .get::<Part<RevertForecast>>(&format!("/tasks/{task}/revert"))
                .await?;
            context
                .output
                .show(&reply, |forecasts, page| changes::reverts(task, &forecasts.items, page))
        }
        TaskCommand::Retry { task, note } => {
            let reply = client
                .post::<Changed<TaskItem>>(&format!("/tasks/{task}/retry"), &RetryRequest { note })
                .await?;
            context
                .output
                .show(&reply, |changed, page| show::changed(&changed.item, page))
        }
        TaskCommand::Delegate {
            task,
            title,
            brief,
            specialty,
            agent,
            done_when,
            repository,
            estimate,
            budget,
        } => {
            let body = Brief {
                title,
                what: text::given(&brief)?,
                why: String::new(),
                acceptance_criteria: done_when,
                specialty,
                agent,
                repositories: repository,
                paths: Vec::new(),
                estimate_minutes: estimate,
                budget: budget.over(Budget::default()),
            };
            let reply = client
                .post::<Changed<TaskItem>>(&format!("/tasks/{task}/subtasks"), &body)
                .await?;
            context
                .output
                .show(&reply, |changed, page| show::changed(&changed.item, page))
        }
        TaskCommand::Budget { task, budget } => {
            let detail = client.get::<TaskDetail>(&format!("/tasks/{task}")).await?;
            let spending = detail.item.spending;
            let Some(changed) = budget.over(spending.budget) else {
                if context.output.json {
                    return context.output.line(&detail.raw["spending"]);
                }
                let title = format!("Task {task}: {}", detail.item.task.title);
                return context.output.page(|page| budget::page(&title, &spending, page));
            };
            let reply = client
                .order::<Changed<TaskItem>>(Method::PUT, &format!("/tasks/{task}/budget"), &changed)
                .await?;
            context
                .output
                .show(&reply, |changed, page| show::changed(&changed.item, page))
        }
        TaskCommand::Cancel { task, yes } => {
            text::confirmed(yes, &format!("cancel task {task}"))?;
            tell(task, "cancel").await
        }
        TaskCommand::Pause { task } => tell(task, "pause").await,
        TaskCommand::Resume { task } => tell(task, "resume").await,
        TaskCommand::Agent { task, agent } => {
            let path = format!("/tasks/{task}/agent");
            let reply = client
                .order::<Changed<TaskItem>>(Method::PUT, &path, &AgentRequest { agent })
                .await?;
            context
                .output
                .show(&reply, |changed, page| show::changed(&changed.item, page))
        }
    }
}

/// Who acts.
pub(crate) async fn me(client: &Client) -> Result<PersonId, Failure> {
    Ok(client.get::<Me>("/me").await?.item.person.id)
}
