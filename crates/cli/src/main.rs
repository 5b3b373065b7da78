//! The binary `team6`.

#![expect(clippy::print_stderr, reason = "a command line program tells of failures")]

mod client;
mod commands;
mod configuration;
mod demo;
mod failure;
mod output;
mod programs;
mod signals;
mod story;
mod up;
mod watch;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use commands::{
    Context, admin, agent, checks, completions, config, doctor, events, inbox, memory, notify, open, project, repo,
    sprint, task,
};
use failure::Failure;

/// Plans sprints with a product manager agent, and works them with agents that people review.
#[derive(Debug, Parser)]
#[command(name = "team6", version, after_help = failure::EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Commands,
    #[command(flatten)]
    context: Context,
}

#[derive(Debug, Subcommand)]
enum Commands {
    /// Play a whole sprint on a sample project with scripted agents.
    #[command(after_help = "Examples:\n  team6 demo\n  team6 demo --keep\n  team6 demo --json | jq .kind")]
    Demo(demo::Demo),
    /// Run the server: the engine, its workers and the HTTP API.
    #[command(
        after_help = "Examples:\n  team6 up\n  team6 up --config team6.toml\n  TEAM6_SERVER__LISTEN=127.0.0.1:7070 team6 up\n  team6 up --json | jq -r .url\n  TEAM6_LOG=info team6 up\n\nTEAM6_LOG says what is logged on standard error, here and in `team6 demo`: error, warn (as it is unless set), info\nor debug; of one part more than of others with, for example, TEAM6_LOG=warn,team6_worker=debug."
    )]
    Up(up::Up),
    /// Open the web app in your browser, signed in.
    #[command(after_help = "Examples:\n  team6 open\n  team6 open --print\n  team6 open --as lin")]
    Open(open::Open),
    /// Projects: what is worked on.
    #[command(
        subcommand,
        after_help = "Examples:\n  team6 project add shop --title \"The shop\"\n  team6 project list"
    )]
    Project(project::ProjectCommand),
    /// The repositories of a project.
    #[command(
        subcommand,
        after_help = "Examples:\n  team6 repo add shop .\n  team6 repo list shop"
    )]
    Repo(repo::RepoCommand),
    /// What a project has learnt: decisions, conventions, pitfalls, commands that work.
    #[command(
        subcommand,
        after_help = "Examples:\n  team6 memory list shop\n  team6 memory search shop \"database migrations\""
    )]
    Memory(memory::MemoryCommand),
    /// The agents that can be given work.
    #[command(
        subcommand,
        after_help = "Examples:\n  team6 agent list\n  team6 agent check claude-code"
    )]
    Agent(agent::AgentCommand),
    /// Sprints: from a goal to an approved plan, and how it goes on.
    #[command(
        subcommand,
        after_help = "Examples:\n  team6 sprint plan shop \"Customers can pay in euros and pounds.\"\n  team6 sprint watch 3\n  team6 sprint approve 3"
    )]
    Sprint(sprint::SprintCommand),
    /// Tasks: where they stand, what their agents do, reviews and merges.
    #[command(
        subcommand,
        after_help = "Examples:\n  team6 task show 12\n  team6 task diff 12\n  team6 task review 12 --approve"
    )]
    Task(task::TaskCommand),
    /// What the engine's own checks say of a task: receipts and logs.
    #[command(
        subcommand,
        after_help = "Examples:\n  team6 checks list 12\n  team6 checks log 12 3\n  team6 checks verify 12"
    )]
    Checks(checks::ChecksCommand),
    /// What waits for you, longest waiting first.
    #[command(after_help = "Examples:\n  team6 inbox\n  team6 inbox --all --project shop")]
    Inbox(inbox::Inbox),
    /// How people are told outside the app what waits for them: mail and webhooks.
    #[command(subcommand, after_help = "Examples:\n  team6 notify list\n  team6 notify try mail")]
    Notify(notify::NotifyCommand),
    /// The event log, from which everything else follows.
    #[command(after_help = "Examples:\n  team6 events --sprint 3\n  team6 events --follow --json | jq .kind")]
    Events(events::Events),
    /// Care for what the server remembers.
    #[command(
        subcommand,
        after_help = "Examples:\n  team6 admin check\n  team6 admin backup /backups/team6-monday"
    )]
    Admin(admin::AdminCommand),
    /// The configuration, with the origin of each value.
    #[command(subcommand, after_help = "Example:\n  team6 config show")]
    Config(config::ConfigCommand),
    /// See whether this machine has what the server needs, and what to do if not.
    #[command(after_help = "Examples:\n  team6 doctor\n  team6 doctor --json | jq .")]
    Doctor,
    /// Print completions for a shell.
    #[command(after_help = "Example:\n  team6 completions bash > ~/.local/share/bash-completion/completions/team6")]
    Completions(completions::Completions),
}

fn main() -> ExitCode {
    // The engine's own processes come first: they must not depend on anything else, and block.
    let mut args = std::env::args_os().skip(1);
    let path = |arg: Option<std::ffi::OsString>| arg.map(std::path::PathBuf::from).unwrap_or_default();
    match args.next().as_ref().and_then(|arg| arg.to_str()) {
        Some("supervisor") => return team6_sandbox::supervisor::main(),
        Some("toolbox-bridge") => return team6_agent::toolbox::bridge::main(&path(args.next())),
        Some("workspace-packer") => return team6_workspace::pack::main(&path(args.next()).to_string_lossy()),
        Some("scripted-agent") => return team6_agent::scripted::main(&path(args.next())),
        _ => {}
    }
    let cli = Cli::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_env("TEAM6_LOG").unwrap_or_else(|_| "warn".into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
        .init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("the program cannot start its threads: {error}")),
    };
    let Cli { command, context } = cli;
    match runtime.block_on(carry_out(command, &context)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if context.output.json => {
            eprintln!("{}", failure.json());
            failure.exit_code()
        }
        Err(failure) => {
            eprintln!("error: {}", failure.text());
            failure.exit_code()
        }
    }
}

async fn carry_out(command: Commands, context: &Context) -> Result<(), Failure> {
    match command {
        Commands::Demo(command) => Ok(demo::run(command, context.output.json).await?),
        Commands::Up(command) => Ok(up::run(command, context).await?),
        Commands::Open(command) => open::run(&command, context).await,
        Commands::Project(command) => project::run(command, context).await,
        Commands::Repo(command) => repo::run(command, context).await,
        Commands::Memory(command) => memory::run(command, context).await,
        Commands::Agent(command) => agent::run(command, context).await,
        Commands::Sprint(command) => sprint::run(command, context).await,
        Commands::Task(command) => task::run(command, context).await,
        Commands::Checks(command) => checks::run(command, context).await,
        Commands::Inbox(command) => inbox::run(command, context).await,
        Commands::Notify(command) => notify::run(command, context).await,
        Commands::Events(command) => events::run(command, context).await,
        Commands::Admin(command) => admin::run(command, context).await,
        Commands::Config(command) => config::run(&command, context),
        Commands::Doctor => doctor::run(context).await,
        Commands::Completions(command) => completions::run(&command, Cli::command()),
    }
}

fn fail(error: &str) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_fit_together() {
        Cli::command().debug_assert();
    }

    /// Every command below this one, with the words that lead to it.
    fn below(command: &clap::Command, path: &str) -> Vec<(String, clap::Command)> {
        let subcommands = command.get_subcommands().filter(|command| !command.is_hide_set());
        let walk = |command: &clap::Command| {
            let path = format!("{path} {}", command.get_name());
            let mut found = below(command, &path);
            found.push((path, command.clone()));
            found
        };
        subcommands.flat_map(walk).collect()
    }

    #[test]
    fn every_command_shows_by_example_how_it_is_called() {
        let all = below(&Cli::command(), "team6");
        assert!(all.len() > 40, "{}", all.len());
        for (path, command) in all {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.starts_with("Example"), "{path} has no example: {help}");
            let examples = help.lines().filter(|line| line.starts_with("  "));
            assert!(examples.clone().any(|line| line.contains(&path)), "{path}: {help}");
        }
    }

    #[test]
    fn the_examples_are_commands() {
        for (path, command) in below(&Cli::command(), "team6") {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let lines = help.lines().filter_map(|line| line.strip_prefix("  team6 "));
            for line in lines {
                // What a shell does with input and output, and remarks, are not ours.
                let line = line.split(['|', '&', '<', '>']).next().unwrap_or_default();
                let line = line.split("    ").next().unwrap_or_default();
                let mut quoted = false;
                let words = line.split(|char: char| {
                    quoted ^= char == '"';
                    char.is_whitespace() && !quoted
                });
                let words = words.filter(|word| !word.is_empty()).map(|word| word.replace('"', ""));
                let parsed = Cli::try_parse_from(std::iter::once("team6".to_owned()).chain(words));
                assert!(parsed.is_ok(), "{path}: {line}: {}", parsed.unwrap_err());
            }
        }
    }
}
