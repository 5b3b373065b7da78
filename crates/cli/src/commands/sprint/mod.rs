//! `team6 sprint`: from a goal to an approved plan, and how it goes on.

mod conflicts;
mod edit;
mod forecast;
mod next;
mod owners;
mod show;
mod watch;

use clap::Subcommand;
use reqwest::Method;
use serde_json::json;
use team6_core::ids::{AgentId, AttemptId, PersonId, PlanVersion, ProjectId, QuestionId, SprintId};
use team6_core::plan::PlanDiff;
use team6_core::sprint::Urgency;
use team6_server::api::types::{
    AnswerRequest, ApproveRequest, Changed, HandRequest, MessageRequest, OpenSprintRequest, PlanVersionItem,
    RestoreRequest, RetryRequest, SprintDetail, SprintItem,
};

pub(crate) use conflicts::conflicting_files;
pub(crate) use forecast::in_short as forecast_in_short;

use super::budget::{self, BudgetArguments};
use super::task::{Shown, Work, log, named_attempt};
use super::{Context, text};
use crate::client::{Client, Reply};
use crate::failure::Failure;

/// What to do with sprints.
#[derive(Debug, Subcommand)]
pub(crate) enum SprintCommand {
    /// List the sprints that are not closed, newest first.
    #[command(after_help = "Examples:\n  team6 sprint list\n  team6 sprint list --project shop --all")]
    List {
        /// Only those of a project.
        #[arg(long)]
        project: Option<ProjectId>,
        /// Closed ones too.
        #[arg(long)]
        all: bool,
    },
    /// Have a sprint planned: an agent reads the code, asks, and drafts the tasks. Nothing runs before you approve.
    #[command(
        after_help = "Examples:\n  team6 sprint plan shop \"Customers can pay in euros and pounds.\"\n  team6 sprint plan shop @goal.md --watch"
    )]
    Plan {
        /// The project.
        project: ProjectId,
        /// What the team wants, in its own words; `-` reads it from standard input, `@FILE` from a file.
        goal: String,
        /// The agent that plans; the configured one unless given.
        #[arg(long, value_name = "AGENT")]
        planner: Option<AgentId>,
        /// Watch it afterwards.
        #[arg(long)]
        watch: bool,
    },
    /// Show a sprint: its goal, its plan, its tasks, and why each is where it is.
    #[command(after_help = "Examples:\n  team6 sprint show 3\n  team6 sprint show 3 --prd")]
    Show {
        /// The number of the sprint.
        sprint: SprintId,
        /// The whole PRD too.
        #[arg(long)]
        prd: bool,
    },
    /// Show what the planning agent did, step by step.
    #[command(
        after_help = "Examples:\n  team6 sprint log 3\n  team6 sprint log 3 --follow\n  team6 sprint log 3 --attempt s3-a1 --json"
    )]
    Log {
        /// The number of the sprint.
        sprint: SprintId,
        /// The attempt; the newest unless given.
        #[arg(long, value_name = "ATTEMPT")]
        attempt: Option<AttemptId>,
        /// Go on as the agent works, until the attempt ends.
        #[arg(long, short)]
        follow: bool,
        /// Show all that tools said, and not only its beginning.
        #[arg(long)]
        full: bool,
    },
    /// Show what the planning agent asked.
    #[command(after_help = "Example:\n  team6 sprint questions 3")]
    Questions {
        /// The number of the sprint.
        sprint: SprintId,
    },
    /// Answer a question of the planning agent, leave it to the agent, or hand it to somebody else.
    #[command(
        after_help = "Examples:\n  team6 sprint answer 3 1 \"Per currency.\"\n  team6 sprint answer 3 2 --skip\n  team6 sprint answer 3 2 --hand lin"
    )]
    Answer {
        /// The number of the sprint.
        sprint: SprintId,
        /// The number of the question.
        question: QuestionId,
        /// The answer; `-` reads it from standard input, `@FILE` from a file.
        #[arg(required_unless_present_any = ["skip", "hand"])]
        text: Option<String>,
        /// Leave it to the agent's judgement.
        #[arg(long, conflicts_with_all = ["text", "hand"])]
        skip: bool,
        /// Let somebody else answer.
        #[arg(long, value_name = "PERSON", conflicts_with = "text")]
        hand: Option<PersonId>,
    },
    /// Ask the planning agent for another version of the plan.
    #[command(
        after_help = "Examples:\n  team6 sprint revise 3 \"Split the parser into two tasks.\"\n  team6 sprint revise 3 @wishes.md"
    )]
    Revise {
        /// The number of the sprint.
        sprint: SprintId,
        /// What should be different; `-` reads it from standard input, `@FILE` from a file.
        text: String,
    },
    /// Edit the plan yourself, in your editor or from a file. If somebody else saved meanwhile, nothing is lost.
    #[command(
        after_help = "Examples:\n  team6 sprint edit 3\n  team6 sprint edit 3 --print > plan.toml\n  team6 sprint edit 3 --file plan.toml --note \"smaller tasks\""
    )]
    Edit(edit::EditArguments),
    /// List the versions of the plan.
    #[command(after_help = "Example:\n  team6 sprint versions 3")]
    Versions {
        /// The number of the sprint.
        sprint: SprintId,
    },
    /// Compare two versions of the plan.
    #[command(after_help = "Examples:\n  team6 sprint diff 3\n  team6 sprint diff 3 1 4")]
    Diff {
        /// The number of the sprint.
        sprint: SprintId,
        /// The old version; the one before the newest unless given.
        from: Option<PlanVersion>,
        /// The new version; the newest unless given.
        to: Option<PlanVersion>,
    },
    /// Make an old version of the plan the newest again.
    #[command(after_help = "Example:\n  team6 sprint restore 3 2")]
    Restore {
        /// The number of the sprint.
        sprint: SprintId,
        /// The version.
        version: PlanVersion,
    },
    /// Show who could own the tasks and why, or give them their owners.
    #[command(
        after_help = "Examples:\n  team6 sprint owners 3\n  team6 sprint owners 3 12=ada 13=lin\n  team6 sprint owners 3 --suggested"
    )]
    Owners(owners::OwnersArguments),
    /// Let somebody review, answer and merge for an owner who is away; the owner stays accountable.
    #[command(after_help = "Examples:\n  team6 sprint deputy 3 ada lin\n  team6 sprint deputy 3 ada --back")]
    Deputy(owners::DeputyArguments),
    /// Approve the plan: its tasks start.
    #[command(after_help = "Examples:\n  team6 sprint approve 3\n  team6 sprint approve 3 --version 2")]
    Approve {
        /// The number of the sprint.
        sprint: SprintId,
        /// The version that you looked at; the newest unless given.
        #[arg(long, value_name = "N")]
        version: Option<PlanVersion>,
    },
    /// Let no further attempt begin; running agents are asked to stop, and their work is kept.
    #[command(after_help = "Example:\n  team6 sprint pause 3")]
    Pause {
        /// The number of the sprint.
        sprint: SprintId,
    },
    /// Go on with a paused sprint.
    #[command(after_help = "Example:\n  team6 sprint resume 3")]
    Resume {
        /// The number of the sprint.
        sprint: SprintId,
    },
    /// Give a sprint up. What was merged stays merged.
    #[command(after_help = "Examples:\n  team6 sprint cancel 3\n  team6 sprint cancel 3 --yes")]
    Cancel {
        /// The number of the sprint.
        sprint: SprintId,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Show what a sprint may spend and has spent, or set other limits.
    #[command(
        after_help = "Examples:\n  team6 sprint budget 3\n  team6 sprint budget 3 --cost 40\n  team6 sprint budget 3 --cost none --tokens 20_000_000"
    )]
    Budget {
        /// The number of the sprint.
        sprint: SprintId,
        #[command(flatten)]
        budget: BudgetArguments,
    },
    /// Plan again after the planning failed.
    #[command(
        after_help = "Examples:\n  team6 sprint retry 3\n  team6 sprint retry 3 --note \"The tests are in tests/, not in src/.\""
    )]
    Retry {
        /// The number of the sprint.
        sprint: SprintId,
        /// What the agent should know this time.
        #[arg(long, default_value = "")]
        note: String,
    },
    /// Show which open branches conflict with their target branch or with each other, and the order of merging that
    /// conflicts least.
    #[command(after_help = "Examples:\n  team6 sprint conflicts 3\n  team6 sprint conflicts 3 --json")]
    Conflicts {
        /// The number of the sprint.
        sprint: SprintId,
    },
    /// Show when a sprint will be done, as a range, and what holds it back most; once it has ended, what was forecast of it.
    #[command(after_help = "Examples:\n  team6 sprint forecast 3\n  team6 sprint forecast 3 --json")]
    Forecast {
        /// The number of the sprint.
        sprint: SprintId,
    },
    /// Watch a sprint live: the graph, the agents, and what waits for people.
    #[command(
        after_help = "Examples:\n  team6 sprint watch 3\n  team6 sprint watch 3 --plain | tee sprint.log\n  team6 sprint watch 3 --until person && notify-send \"Team6 waits for you\""
    )]
    Watch(watch::WatchArguments),
}

/// Carries a command out.
pub(crate) async fn run(command: SprintCommand, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let shown = |reply: &Reply<Changed<SprintItem>>| {
        context
            .output
            .show(reply, |changed, page| show::changed(&changed.item, page))
    };
    let tell = async |sprint: SprintId, what: &str| {
        shown(
            &client
                .tell::<Changed<SprintItem>>(&format!("/sprints/{sprint}/{what}"))
                .await?,
        )
    };
    let warned = matches!(
        command,
        SprintCommand::Plan { .. }
            | SprintCommand::Show { .. }
            | SprintCommand::Approve { .. }
            | SprintCommand::Watch(_)
    );
    if warned {
        context.warn(&client).await;
    }
    match command {
        SprintCommand::List { project, all } => {
            let query: Vec<_> = project
                .map(|project| ("project", project.to_string()))
                .into_iter()
                .collect();
            let mut sprints = client.list::<SprintItem>("/sprints", "before", &query).await?;
            if !all {
                show::without_closed(&mut sprints);
            }
            context.output.show(&sprints, |sprints, page| show::list(sprints, page))
        }
        SprintCommand::Plan {
            project,
            goal,
            planner,
            watch,
        } => {
            let body = OpenSprintRequest {
                project,
                goal: text::given(&goal)?,
                planner,
            };
            let reply = client.post::<Changed<SprintItem>>("/sprints", &body).await?;
            shown(&reply)?;
            match watch {
                true => watch::run(&client, watch::WatchArguments::of(reply.item.item.id), context).await,
                false => Ok(()),
            }
        }
        SprintCommand::Show { sprint, prd } => {
            let detail = detail(&client, sprint).await?;
            // It stands beside the sprint: that is shown in any case.
            let made = match context.output.json {
                true => None,
                false => client.get(&format!("/sprints/{sprint}/forecast")).await.ok(),
            };
            let made = made.as_ref().and_then(|made| forecast::in_short(&made.item));
            context
                .output
                .show(&detail, |detail, page| show::detail(detail, made.as_deref(), prd, page))
        }
        SprintCommand::Log {
            sprint,
            attempt,
            follow,
            full,
        } => {
            let work = Work::Plan(sprint);
            let attempt = match attempt {
                Some(attempt) => named_attempt(&client, attempt, work).await?,
                None => newest_attempt(&client, sprint).await?,
            };
            log(&client, work, attempt, Shown { follow, full }, context).await
        }
        SprintCommand::Questions { sprint } => {
            let detail = detail(&client, sprint).await?;
            if context.output.json {
                return context.output.line(&detail.raw["questions"]);
            }
            context.output.page(|page| show::questions(&detail.item, page))
        }
        SprintCommand::Answer {
            sprint,
            question,
            text,
            skip,
            hand,
        } => {
            let path = format!("/sprints/{sprint}/questions/{question}");
            let reply = match (text, skip, hand) {
                (Some(text), ..) => {
                    let body = AnswerRequest {
                        text: text::given(&text)?,
                    };
                    client.post(&format!("{path}/answer"), &body).await?
                }
                (None, _, Some(to)) => client.post(&format!("{path}/hand"), &HandRequest { to }).await?,
                (None, _, None) => client.post(&format!("{path}/skip"), &json!({})).await?,
            };
            shown(&reply)
        }
        SprintCommand::Revise { sprint, text } => {
            let body = MessageRequest {
                text: text::given(&text)?,
                urgency: Urgency::NextTurn,
            };
            shown(&client.post(&format!("/sprints/{sprint}/messages"), &body).await?)
        }
        SprintCommand::Edit(arguments) => edit::run(&client, arguments, context).await,
        SprintCommand::Versions { sprint } => {
            let versions = client
                .list::<PlanVersionItem>(&format!("/sprints/{sprint}/plans"), "after", &[])
                .await?;
            context
                .output
                .show(&versions, |versions, page| show::versions(versions, page))
        }
        SprintCommand::Diff { sprint, from, to } => {
            let newest = to.unwrap_or(newest(&client, sprint).await?);
            let from = from.unwrap_or(PlanVersion(newest.0.saturating_sub(1).max(1)));
            let query = [("from", from.to_string()), ("to", newest.to_string())];
            let reply = client
                .find::<PlanDiff>(&format!("/sprints/{sprint}/diff"), &query)
                .await?;
            context
                .output
                .show(&reply, |diff, page| show::difference(diff, from, newest, page))
        }
        SprintCommand::Restore { sprint, version } => shown(
            &client
                .post(&format!("/sprints/{sprint}/restore"), &RestoreRequest { version })
                .await?,
        ),
        SprintCommand::Owners(arguments) => owners::run(&client, arguments, context).await,
        SprintCommand::Deputy(arguments) => shown(&owners::set_deputy(&client, arguments).await?),
        SprintCommand::Approve { sprint, version } => {
            let version = match version {
                Some(version) => version,
                None => newest(&client, sprint).await?,
            };
            let before = detail(&client, sprint).await?.item;
            let approved = client
                .post(&format!("/sprints/{sprint}/approve"), &ApproveRequest { version })
                .await
                .map_err(|failure| match failure.has_reason("block", "no_owner") {
                    true => failure.with_next(format!("team6 sprint owners {sprint} --suggested")),
                    false => failure,
                })?;
            // Not before it: what is refused leaves nothing to anybody.
            if let Some(note) = show::left_open(&before) {
                context.output.note(&note);
            }
            shown(&approved)
        }
        SprintCommand::Pause { sprint } => tell(sprint, "pause").await,
        SprintCommand::Resume { sprint } => tell(sprint, "resume").await,
        SprintCommand::Budget { sprint, budget } => {
            let detail = detail(&client, sprint).await?;
            let spending = detail.item.spending;
            let Some(changed) = budget.over(spending.budget) else {
                if context.output.json {
                    return context.output.line(&detail.raw["spending"]);
                }
                let title = format!("Sprint {sprint}: {}", detail.item.sprint.title);
                return context.output.page(|page| budget::page(&title, &spending, page));
            };
            shown(
                &client
                    .order(Method::PUT, &format!("/sprints/{sprint}/budget"), &changed)
                    .await?,
            )
        }
        SprintCommand::Cancel { sprint, yes } => {
            text::confirmed(yes, &format!("cancel sprint {sprint}"))?;
            tell(sprint, "cancel").await
        }
        SprintCommand::Retry { sprint, note } => shown(
            &client
                .post(&format!("/sprints/{sprint}/retry"), &RetryRequest { note })
                .await?,
        ),
        SprintCommand::Conflicts { sprint } => conflicts::run(&client, sprint, context).await,
        SprintCommand::Forecast { sprint } => forecast::run(&client, sprint, context).await,
        SprintCommand::Watch(arguments) => watch::run(&client, arguments, context).await,
    }
}

/// A sprint.
async fn detail(client: &Client, sprint: SprintId) -> Result<Reply<SprintDetail>, Failure> {
    client.get(&format!("/sprints/{sprint}")).await
}

/// The newest attempt at the plan.
async fn newest_attempt(client: &Client, sprint: SprintId) -> Result<AttemptId, Failure> {
    let detail = detail(client, sprint).await?.item;
    let newest = detail.attempts.last().map(|attempt| attempt.id);
    newest.ok_or_else(|| Failure::Failed(format!("no agent has worked on the plan of sprint {sprint} yet")))
}

/// The newest version of its plan.
async fn newest(client: &Client, sprint: SprintId) -> Result<PlanVersion, Failure> {
    let newest = detail(client, sprint).await?.item.sprint.newest;
    newest.ok_or_else(|| {
        Failure::Failed(format!(
            "sprint {sprint} has no plan yet; `team6 sprint show {sprint}` tells why"
        ))
    })
}
