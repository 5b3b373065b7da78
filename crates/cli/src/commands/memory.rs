//! `team6 memory`: what a project has learnt, and how people correct it.

use clap::{Args, Subcommand, ValueEnum};
use reqwest::Method;
use serde_json::json;
use team6_core::ids::{MemoryId, ProjectId, RepositoryId};
use team6_core::memory::{Kind, Memory, Scope, ScopePath, Source, State};
use team6_server::api::types::{EditMemoryRequest, RememberRequest, RetireMemoryRequest};

use super::{Context, text};
use crate::client::Client;
use crate::failure::Failure;
use crate::output::{Page, Tone, ago};

/// What to do with a project's memory.
#[derive(Debug, Subcommand)]
pub(crate) enum MemoryCommand {
    /// List what a project's memory holds.
    #[command(
        after_help = "Examples:\n  team6 memory list shop\n  team6 memory list shop --candidates\n  team6 memory list shop --kind pitfall --repo api"
    )]
    List {
        /// The project.
        project: ProjectId,
        #[command(flatten)]
        which: Which,
    },
    /// Search it, the best first.
    #[command(after_help = "Example:\n  team6 memory search shop \"database migrations\"")]
    Search {
        /// The project.
        project: ProjectId,
        /// What to look for.
        words: String,
        #[command(flatten)]
        which: Which,
    },
    /// Show a memory with its evidence, where it comes from and what became of its use.
    #[command(after_help = "Example:\n  team6 memory show shop 12")]
    Show(One),
    /// Keep something that agents should know.
    #[command(
        after_help = "Examples:\n  team6 memory add shop convention \"Prices are kept in cents, as whole numbers.\"\n  team6 memory add shop pitfall \"Needs LANG=C.\" --repo api --path src/sort --evidence \"failed with LANG=de_DE\""
    )]
    Add {
        /// The project.
        project: ProjectId,
        /// What sort of thing it is.
        #[arg(value_enum)]
        kind: Sort,
        /// What was learnt; - reads standard input, @FILE a file.
        text: String,
        #[command(flatten)]
        place: Place,
        /// How it is known.
        #[arg(long, default_value = "")]
        evidence: String,
        /// The memory that it contradicts and takes the place of.
        #[arg(long, value_name = "N")]
        supersedes: Option<MemoryId>,
    },
    /// Put a memory in other words, or elsewhere; what is not given stays.
    #[command(
        after_help = "Examples:\n  team6 memory edit shop 12 --text \"Prices are kept in cents.\"\n  team6 memory edit shop 12 --repo api --path src/billing\n  team6 memory edit shop 12 --everywhere"
    )]
    Edit {
        #[command(flatten)]
        one: One,
        /// What was learnt; - reads standard input, @FILE a file.
        #[arg(long)]
        text: Option<String>,
        /// What sort of thing it is.
        #[arg(long, value_enum)]
        kind: Option<Sort>,
        #[command(flatten)]
        place: Place,
        /// It holds in the whole project.
        #[arg(long, conflicts_with_all = ["repo", "path"])]
        everywhere: bool,
    },
    /// Have a memory told before all others.
    #[command(after_help = "Example:\n  team6 memory pin shop 12")]
    Pin(One),
    /// Have a memory told in its turn.
    #[command(after_help = "Example:\n  team6 memory unpin shop 12")]
    Unpin(One),
    /// Take a memory out: no attempt is told it any more. It can be restored.
    #[command(after_help = "Example:\n  team6 memory forget shop 12 --why \"The gateway was replaced.\"")]
    Forget {
        #[command(flatten)]
        one: One,
        /// Why, which agents are told that say the same again.
        #[arg(long, default_value = "")]
        why: String,
    },
    /// Take a memory in again that was forgotten or superseded.
    #[command(after_help = "Example:\n  team6 memory restore shop 12")]
    Restore(One),
    /// Take a candidate: something said in a review, which counts from then on.
    #[command(after_help = "Examples:\n  team6 memory list shop --candidates\n  team6 memory accept shop 12")]
    Accept(One),
}

/// A memory.
#[derive(Debug, Args)]
pub(crate) struct One {
    /// The project.
    project: ProjectId,
    /// The memory's number.
    memory: MemoryId,
}

impl One {
    fn path(&self) -> String {
        format!("/projects/{}/memories/{}", self.project, self.memory)
    }
}

/// Which memories.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// Those that wait for a person to accept them.
    #[arg(long, conflicts_with = "all")]
    candidates: bool,
    /// Also those that were forgotten or superseded, and candidates.
    #[arg(long)]
    all: bool,
    /// Only those of a kind.
    #[arg(long, value_enum)]
    kind: Option<Sort>,
    /// Only those that hold in a repository.
    #[arg(long, value_name = "REPOSITORY")]
    repo: Option<RepositoryId>,
}

impl Which {
    fn query(&self) -> Vec<(&'static str, String)> {
        let state = match (self.candidates, self.all) {
            (true, _) => "candidate",
            (_, true) => "any",
            _ => "active",
        };
        let mut query = vec![("state", state.to_owned())];
        query.extend(self.kind.map(|kind| ("kind", Kind::from(kind).as_str().to_owned())));
        query.extend(
            self.repo
                .as_ref()
                .map(|repository| ("repository", repository.to_string())),
        );
        query
    }
}

/// Where a memory holds.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The repository that it holds in; the whole project unless given.
    #[arg(long, value_name = "REPOSITORY")]
    repo: Option<RepositoryId>,
    /// The file or folder of the repository that it holds at.
    #[arg(long, requires = "repo")]
    path: Option<ScopePath>,
}

impl Place {
    /// A path comes with its repository.
    fn scope(self) -> Scope {
        Scope::of(self.repo, self.path).unwrap_or(Scope::Project)
    }
}

/// What sort of thing a memory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sort {
    /// Something was decided, for a reason.
    Decision,
    /// How things are done here.
    Convention,
    /// What goes wrong, and how not to fall into it.
    Pitfall,
    /// A command that works.
    Command,
}

impl From<Sort> for Kind {
    fn from(sort: Sort) -> Self {
        match sort {
            Sort::Decision => Self::Decision,
            Sort::Convention => Self::Convention,
            Sort::Pitfall => Self::Pitfall,
            Sort::Command => Self::Command,
        }
    }
}

/// Carries a command out.
pub(crate) async fn run(command: MemoryCommand, context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let reply = match command {
        MemoryCommand::List { project, which } => {
            let path = format!("/projects/{project}/memories");
            let all = client.list::<Memory>(&path, "after", &which.query()).await?;
            return context.output.show(&all, |all, page| list(&project, all, &which, page));
        }
        MemoryCommand::Search { project, words, which } => {
            let mut query = which.query();
            query.push(("q", words));
            let path = format!("/projects/{project}/memories");
            let found = client.list::<Memory>(&path, "after", &query).await?;
            return context.output.show(&found, |found, page| {
                table(found, page);
                if found.is_empty() {
                    page.line("Nothing of this.");
                    page.next(format!("team6 memory list {project}"), "shows all that is known");
                }
            });
        }
        MemoryCommand::Show(one) => client.get::<Memory>(&one.path()).await?,
        MemoryCommand::Add {
            project,
            kind,
            text,
            place,
            evidence,
            supersedes,
        } => {
            let body = RememberRequest {
                kind: kind.into(),
                text: text::given(&text)?,
                scope: place.scope(),
                evidence,
                supersedes,
            };
            client.post(&format!("/projects/{project}/memories"), &body).await?
        }
        MemoryCommand::Edit {
            one,
            text,
            kind,
            place,
            everywhere,
        } => {
            let moved = everywhere || place.repo.is_some();
            let body = EditMemoryRequest {
                kind: kind.map(Into::into),
                text: text.map(|text| text::given(&text)).transpose()?,
                scope: moved.then(|| place.scope()),
            };
            client.order(Method::PATCH, &one.path(), &body).await?
        }
        MemoryCommand::Pin(one) => tell(&client, &one, "pin").await?,
        MemoryCommand::Unpin(one) => tell(&client, &one, "unpin").await?,
        MemoryCommand::Forget { one, why } => {
            let path = format!("{}/retire", one.path());
            client.post(&path, &RetireMemoryRequest { why }).await?
        }
        MemoryCommand::Restore(one) => tell(&client, &one, "restore").await?,
        MemoryCommand::Accept(one) => tell(&client, &one, "accept").await?,
    };
    context.output.show(&reply, show)
}

async fn tell(client: &Client, one: &One, what: &str) -> Result<crate::client::Reply<Memory>, Failure> {
    client.post(&format!("{}/{what}", one.path()), &json!({})).await
}

fn list(project: &ProjectId, all: &[Memory], which: &Which, page: &mut Page) {
    table(all, page);
    if !all.is_empty() {
        return;
    }
    if which.candidates {
        page.line("No candidate. Review comments become candidates once they were answered and their task is merged.");
        page.next(format!("team6 memory list {project}"), "shows what counts");
        return;
    }
    page.line("Nothing is kept yet. Agents keep what they learn while they work, and so can you.");
    page.next(format!("team6 memory add {project} convention TEXT"), "keeps something");
    page.next(
        format!("team6 memory list {project} --candidates"),
        "shows what was said in reviews",
    );
}

fn table(all: &[Memory], page: &mut Page) {
    let rows = all.iter().map(|memory| {
        let (tone, state) = state(memory);
        [
            (Tone::Strong, memory.id.to_string()),
            (Tone::Plain, memory.kind.as_str().to_owned()),
            (Tone::Faint, place(&memory.scope)),
            (tone, state),
            (Tone::Plain, memory.text.clone()),
        ]
    });
    page.table(["# memory", "kind", "in", "state", "text"], rows);
}

fn state(memory: &Memory) -> (Tone, String) {
    match &memory.state {
        State::Active if memory.pinned => (Tone::Good, "pinned".into()),
        State::Active => (Tone::Plain, "active".into()),
        State::Candidate => (Tone::Attention, "candidate".into()),
        State::Superseded { by } => (Tone::Faint, format!("superseded by {by}")),
        State::Retired { by, .. } => (Tone::Faint, format!("forgotten by {by}")),
    }
}

fn place(scope: &Scope) -> String {
    match scope {
        Scope::Project => "everywhere".into(),
        Scope::Repository { repository } => repository.to_string(),
        Scope::Path { repository, path } => format!("{repository}:{path}"),
    }
}

fn source(source: &Source) -> String {
    match source {
        Source::Agent {
            agent,
            attempt,
            task: Some(task),
        } => format!("{agent} at task {task} ({attempt})"),
        Source::Agent {
            agent,
            attempt,
            task: None,
        } => format!("{agent} while planning ({attempt})"),
        Source::Person { by } => by.to_string(),
        Source::Review { by, task, .. } => format!("{by} in a review of task {task}"),
    }
}

fn show(memory: &Memory, page: &mut Page) {
    page.heading(format!("Memory {}", memory.id));
    page.block(2, &memory.text);
    page.gap();
    let (tone, said) = state(memory);
    let said = page.tinted(tone, said);
    page.field("state", said);
    if let State::Retired { why, .. } = &memory.state {
        page.field("because", why);
    }
    page.field("kind", memory.kind.as_str());
    page.field("holds in", place(&memory.scope));
    page.field("from", source(&memory.source));
    page.field("learnt", ago(memory.created_at));
    if let Some(by) = &memory.edited_by {
        page.field("edited", format!("by {by}, {}", ago(memory.updated_at)));
    }
    let uses = &memory.uses;
    page.field(
        "told to",
        match uses.given {
            0 => "no attempt yet".to_owned(),
            given => format!(
                "{given} attempts; {} of their tasks passed review, {} were sent back",
                uses.passed, uses.sent_back
            ),
        },
    );
    let shown = memory.evidence.iter().filter(|evidence| !evidence.text.is_empty());
    for evidence in shown {
        page.field("evidence", format!("{} ({})", evidence.text, source(&evidence.source)));
    }
    if let Some(task) = memory.source.task() {
        page.next(
            format!("team6 task show {task}"),
            "shows the task that it was learnt at",
        );
    }
    match &memory.state {
        State::Superseded { by } => page.line(format!("  memory {by} says what is so instead")),
        State::Candidate => page.line("  it counts once somebody accepts it: team6 memory accept PROJECT NUMBER"),
        State::Active | State::Retired { .. } => {}
    }
}
