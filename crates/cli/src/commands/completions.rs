//! `team6 completions`: what a shell needs to complete commands.

use clap::Command;
use clap_complete::{Shell, generate};

use crate::failure::Failure;
use crate::output::put;

/// The arguments of `team6 completions`.
#[derive(Debug, clap::Args)]
pub(crate) struct Completions {
    /// The shell; the one in `SHELL` unless given.
    shell: Option<Shell>,
}

/// Prints the completions.
pub(crate) fn run(arguments: &Completions, mut program: Command) -> Result<(), Failure> {
    let Some(shell) = arguments.shell.or_else(Shell::from_env) else {
        return Err(Failure::Usage(
            "the environment names no shell; give one, such as `team6 completions bash`".into(),
        ));
    };
    let mut text = Vec::new();
    generate(shell, &mut program, "team6", &mut text);
    put(&text)
}
