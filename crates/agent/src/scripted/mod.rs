#![doc = include_str!("scenario.md")]

mod agent;
mod parse;
mod play;
mod scenario;
mod steps;
mod template;
mod tools;
mod wire;

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use scenario::Scenario;

pub use crate::toml_reader::Problem;

/// The most bytes that a scenario may have.
const MAX_SCENARIO: u64 = 4 * 1024 * 1024;

/// Plays the scenario as an ACP agent on stdio until stdin ends. Blocks, with a runtime of its own.
///
/// A scenario that cannot be read is explained on stderr, with exit code 2.
pub fn main(scenario: &Path) -> ExitCode {
    if matches!(scenario.to_str(), Some("--help" | "-h")) {
        let _ = writeln!(
            io::stdout(),
            "Usage: team6 scripted-agent SCENARIO\n\n{}",
            include_str!("scenario.md")
        );
        return ExitCode::SUCCESS;
    }
    let scenario = match load(scenario) {
        Ok(scenario) => scenario,
        Err(error) => return failed(&error, 2),
    };
    match agent::run(scenario) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error, 1),
    }
}

fn failed(error: &dyn fmt::Display, code: u8) -> ExitCode {
    // Nobody may be there to read it.
    let _ = writeln!(io::stderr(), "failed to {error}");
    ExitCode::from(code)
}

/// Reads a scenario whole and says everything that is wrong with it.
pub fn check(scenario: &Path) -> Result<Checked, ScenarioError> {
    let scenario = load(scenario)?;
    Ok(Checked {
        scripts: scenario.scripts.len(),
        steps: scenario.scripts.iter().map(|script| script.steps.len()).sum::<usize>() + scenario.otherwise.len(),
    })
}

/// What is in a scenario that can be played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    /// The number of scripts, `otherwise` not counted.
    pub scripts: usize,
    /// The number of steps in all of them, `otherwise` included.
    pub steps: usize,
}

/// Why a scenario cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file could not be read.
    #[error("read the scenario {}: {source}", path.display())]
    Unreadable {
        /// The scenario.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file is too large to be a scenario.
    #[error("read the scenario {}: it has more than {MAX_SCENARIO} bytes", path.display())]
    TooLarge {
        /// The scenario.
        path: PathBuf,
    },
    /// The file says something that no scenario can say.
    #[error("read the scenario {}:{}", path.display(), Listed(problems))]
    Invalid {
        /// The scenario.
        path: PathBuf,
        /// All of it, in the order of the lines.
        problems: Vec<Problem>,
    },
}

struct Listed<'a>(&'a [Problem]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

fn load(path: &Path) -> Result<Scenario, ScenarioError> {
    let unreadable = |source| ScenarioError::Unreadable {
        path: path.to_owned(),
        source,
    };
    if fs::metadata(path).map_err(unreadable)?.len() > MAX_SCENARIO {
        return Err(ScenarioError::TooLarge { path: path.to_owned() });
    }
    let text = fs::read_to_string(path).map_err(unreadable)?;
    parse::read(&text).map_err(|problems| ScenarioError::Invalid {
        path: path.to_owned(),
        problems,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_documented_scenario_can_be_played_and_shows_every_step() {
        let (_, rest) = include_str!("scenario.md").split_once("```toml\n").unwrap();
        let (documented, _) = rest.split_once("```").unwrap();
        let scenario = parse::read(documented).unwrap();
        let steps = scenario.scripts.iter().flat_map(|script| &script.steps);
        let shown: Vec<&str> = steps.map(|step| step.name).collect();
        for step in parse::STEPS {
            assert!(shown.contains(&step), "{step} is not documented");
        }
    }

    proptest! {
        #[test]
        fn no_scenario_makes_it_panic(text in "(\\[\\[script\\]\\]\n|when = 'x'\n|steps = \\[|\\{ ?|\\}|\\]|\\{capture.x\\}|[a-z_]{1,6} = |'|\"|[0-9-]{1,20}|\\PC|\n){0,30}") {
            let _ = parse::read(&text);
        }
    }
}
