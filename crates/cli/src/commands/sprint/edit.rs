//! `team6 sprint edit`: a plan as a file that people edit.
//!
//! Whatever happens, what was written stays in a file whose path is told.

use std::fs;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::process::Command;

use team6_core::ids::{PlanVersion, SprintId};
use team6_core::plan::Plan;
use team6_server::api::types::{Changed, SavePlanRequest, SprintItem};

use super::{detail, show};
use crate::client::Client;
use crate::commands::Context;
use crate::failure::Failure;

/// The arguments of `team6 sprint edit`.
#[derive(Debug, clap::Args)]
pub(crate) struct EditArguments {
    /// The number of the sprint.
    sprint: SprintId,
    /// Save this file (TOML or JSON) instead of opening an editor; `-` reads standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "print")]
    file: Option<PathBuf>,
    /// The version that the file was made from; the newest unless given.
    #[arg(long, value_name = "N", requires = "file")]
    base: Option<PlanVersion>,
    /// Why it is edited.
    #[arg(long, default_value = "")]
    note: String,
    /// Only print the plan as a file.
    #[arg(long)]
    print: bool,
}

/// Edits the plan.
pub(super) async fn run(client: &Client, arguments: EditArguments, context: &Context) -> Result<(), Failure> {
    let sprint = arguments.sprint;
    let found = detail(client, sprint).await?;
    let (newest, plan) = match &found.item.plan {
        Some(saved) => (saved.version, saved.plan.clone()),
        None => (PlanVersion(0), nothing_yet()),
    };
    if arguments.print {
        return context
            .output
            .value(&found.raw["plan"]["plan"], |page| match written(&plan) {
                Ok(text) => page.line(text),
                Err(error) => page.line(error),
            });
    }
    let base = arguments.base.unwrap_or(newest);
    let (plan, file) = match &arguments.file {
        Some(file) => (read(&content(file)?).map_err(Failure::Usage)?, None),
        None => {
            let file = draft(sprint, newest, &plan)?;
            let edited = edited(&file)?;
            if edited == plan {
                // The plan is on the server, so that nothing is lost with the file.
                let _ = fs::remove_file(&file);
                context.output.note("nothing was changed");
                return Ok(());
            }
            (edited, Some(file))
        }
    };
    let body = SavePlanRequest {
        plan,
        note: arguments.note,
    };
    match client
        .save::<Changed<SprintItem>>(&format!("/sprints/{sprint}/plan"), base, &body)
        .await
    {
        Ok(reply) => {
            if let Some(file) = file {
                let _ = fs::remove_file(file);
            }
            context
                .output
                .show(&reply, |changed, page| show::changed(&changed.item, page))
        }
        Err(failure) => {
            if let Some(file) = file {
                let kept = format!("team6 sprint edit {sprint} --file {}", file.display());
                context
                    .output
                    .note(&format!("what you wrote is kept; mend it and save it with: {kept}"));
            }
            Err(failure)
        }
    }
}

fn nothing_yet() -> Plan {
    Plan {
        title: String::new(),
        prd: String::new(),
        tasks: Vec::new(),
    }
}

fn written(plan: &Plan) -> Result<String, String> {
    toml::to_string_pretty(plan).map_err(|error| format!("the plan cannot be written as a file: {error}"))
}

/// A plan from TOML or JSON.
fn read(text: &str) -> Result<Plan, String> {
    match text.trim_start().starts_with('{') {
        true => serde_json::from_str(text).map_err(|error| format!("the plan is not understood: {error}")),
        false => toml::from_str(text).map_err(|error| format!("the plan is not understood: {error}")),
    }
}

fn content(file: &Path) -> Result<String, Failure> {
    let read = match file == Path::new("-") {
        true => {
            let mut text = String::new();
            io::stdin().read_to_string(&mut text).map(|_| text)
        }
        false => fs::read_to_string(file),
    };
    read.map_err(|error| Failure::Usage(format!("{} cannot be read: {error}", file.display())))
}

/// The plan in a new file.
fn draft(sprint: SprintId, version: PlanVersion, plan: &Plan) -> Result<PathBuf, Failure> {
    let text = format!(
        "# The plan of sprint {sprint}, version {version}. Save and close to make it the next version.\n\
         # A new task needs a key of its own, a title, an estimate and its repositories; depends_on names keys.\n\n{}",
        written(plan)?
    );
    let failed = |error: io::Error| Failure::Failed(format!("no file to edit can be made: {error}"));
    let file = tempfile::Builder::new()
        .prefix(&format!("team6-sprint-{sprint}-"))
        .suffix(".toml")
        .tempfile()
        .map_err(failed)?;
    fs::write(file.path(), text).map_err(failed)?;
    let (_, path) = file.keep().map_err(|error| failed(error.error))?;
    Ok(path)
}

/// What a person makes of the file, who is asked again while it is no plan.
fn edited(file: &Path) -> Result<Plan, Failure> {
    if !io::stdin().is_terminal() {
        let _ = fs::remove_file(file);
        let text = "there is no terminal for an editor; save a file with --file, which --print makes";
        return Err(Failure::Usage(text.into()));
    }
    loop {
        open_editor(file)?;
        match read(&content(file)?) {
            Ok(plan) => return Ok(plan),
            Err(why) => {
                eprintln!(
                    "{why}\nPress Enter to edit again, or Ctrl-C to leave; it is kept in {}",
                    file.display()
                );
                let mut line = String::new();
                if io::stdin().read_line(&mut line).is_ok_and(|read| read == 0) {
                    return Err(Failure::Usage(format!("{why}; it is kept in {}", file.display())));
                }
            }
        }
    }
}

/// Editors are named with their arguments, so a shell takes them apart.
fn open_editor(file: &Path) -> Result<(), Failure> {
    let named = ["VISUAL", "EDITOR"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    let editor = named.unwrap_or_else(|| "vi".into());
    let ended = Command::new("sh")
        .arg("-c")
        .arg(format!("{editor} \"$1\""))
        .arg(&editor)
        .arg(file)
        .status();
    match ended {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::Failed(format!(
            "the editor {editor} ended with {status}; the plan is kept in {}",
            file.display()
        ))),
        Err(error) => Err(Failure::Failed(format!(
            "the editor {editor} cannot be started: {error}; set EDITOR"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_survives_the_way_through_a_file() {
        let text = r#"
            title = "Payments"
            prd = """
            Why: people ask for it.
            """
            [[tasks]]
            key = "a"
            title = "First \"one\""
            estimate_minutes = 30
            repositories = ["app"]
            acceptance_criteria = ["it works"]
        "#;
        let plan = read(text).unwrap();
        assert_eq!(read(&written(&plan).unwrap()).unwrap(), plan);
        assert_eq!(read(&serde_json::to_string(&plan).unwrap()).unwrap(), plan);
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        let error = read("title = \"x\"\nprd = \"\"\ntask = []\ntasks = []\n").unwrap_err();
        assert!(error.contains("line 3") && error.contains("task"), "{error}");
    }
}
