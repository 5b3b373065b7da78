//! Real coding agents for tests: installed once from locked packages, and pointed at a scripted model.
//!
//! Only the model is scripted. Each agent gets a home of its own, so that nothing of this machine's user is read or
//! changed, and keys that are good for nothing.

mod environment;
mod install;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fmt, io};

use tokio::process::Command;

pub use install::{InstallError, ensure};

/// An agent that can be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agent {
    /// Claude Code behind its adapter.
    ClaudeCode,
    /// OpenCode; for Linux on x86-64 only.
    OpenCode,
    /// Codex behind its adapter.
    Codex,
}

impl Agent {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::ClaudeCode, Self::OpenCode, Self::Codex];

    /// Its short name, as in the folder of its packages.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClaudeCode => "claude",
            Self::OpenCode => "opencode",
            Self::Codex => "codex",
        }
    }

    /// The mode to set at once by `session/set_mode`, so that no model is asked whether a tool may run.
    pub fn mode(self) -> Option<&'static str> {
        match self {
            Self::ClaudeCode => Some("bypassPermissions"),
            // OpenCode never asks; Codex is told by its environment.
            Self::OpenCode | Self::Codex => None,
        }
    }
}

impl fmt::Display for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An agent that is installed.
#[derive(Debug, Clone)]
pub struct Installed {
    /// Which one.
    pub agent: Agent,
    /// What to run, and its arguments; speaks the Agent Client Protocol on stdio.
    pub command: Vec<OsString>,
}

/// How to run an agent against a model.
#[derive(Debug, Clone)]
pub struct Launch {
    /// What to run, and its arguments.
    pub command: Vec<OsString>,
    /// Its whole environment.
    pub env: Vec<(OsString, OsString)>,
}

impl Installed {
    fn new(agent: Agent, folder: &Path) -> Self {
        let modules = folder.join("node_modules");
        let command = match agent {
            Agent::ClaudeCode => vec![modules.join(".bin/claude-agent-acp").into()],
            Agent::OpenCode => vec![modules.join("opencode-linux-x64/bin/opencode").into(), "acp".into()],
            Agent::Codex => vec![modules.join(".bin/codex-acp").into()],
        };
        Self { agent, command }
    }

    fn program(&self) -> PathBuf {
        self.command.first().map(PathBuf::from).unwrap_or_default()
    }

    /// Prepares a home for the agent in an empty folder, and says how to run it there against the model at `url`
    /// (without a path, as [`ScriptedModel::url`](crate::scripted_model::ScriptedModel::url) tells it).
    ///
    /// # Errors
    /// If the home cannot be written.
    pub fn launch(&self, home: &Path, url: &str) -> io::Result<Launch> {
        Ok(Launch {
            command: self.command.clone(),
            env: environment::prepare(self.agent, home, url)?,
        })
    }
}

impl Launch {
    /// The command with exactly this environment.
    pub fn command(&self) -> Command {
        let mut parts = self.command.iter();
        let mut command = Command::new(parts.next().cloned().unwrap_or_default());
        command.args(parts).env_clear().envs(self.env.iter().cloned());
        command
    }
}
