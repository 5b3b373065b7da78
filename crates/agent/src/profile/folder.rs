//! The profiles of a folder: one file for each agent.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use team6_core::ids::AgentId;

use super::{AgentProfile, BuiltIns, read};
use crate::toml_reader::Problem;

/// The largest profile file, in bytes.
const LARGEST: u64 = 1 << 20;

/// Everything that is wrong with the files of a folder.
#[derive(Debug, thiserror::Error)]
#[error("the agents cannot be read:{}", Listed(.0))]
pub struct FolderProblems(pub Vec<FileProblem>);

/// Something that is wrong with a file.
#[derive(Debug)]
pub struct FileProblem {
    /// The file, or the folder itself.
    pub path: PathBuf,
    /// The line and what is wrong in it; or why the file cannot be read.
    pub problem: Result<Problem, String>,
}

impl fmt::Display for FileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            Ok(problem) => write!(f, "{}, {problem}", self.path.display()),
            Err(why) => write!(f, "{}: {why}", self.path.display()),
        }
    }
}

struct Listed<'a>(&'a [FileProblem]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl BuiltIns {
    /// The agents of a folder beside the built-in ones, by name; a file replaces the built-in profile of its name. A
    /// folder that is not there has no files. Blocks.
    pub fn with_folder(&self, folder: &Path) -> Result<BTreeMap<AgentId, AgentProfile>, FolderProblems> {
        let mut made: BTreeMap<AgentId, AgentProfile> = self
            .all()
            .iter()
            .map(|profile| (profile.id.clone(), profile.clone()))
            .collect();
        let mut problems = Vec::new();
        for path in files(folder).map_err(|problem| FolderProblems(vec![problem]))? {
            match self.read_file(&path) {
                Ok(profile) => {
                    made.insert(profile.id.clone(), profile);
                }
                Err(mut of_file) => problems.append(&mut of_file),
            }
        }
        if problems.is_empty() {
            Ok(made)
        } else {
            Err(FolderProblems(problems))
        }
    }

    fn read_file(&self, path: &Path) -> Result<AgentProfile, Vec<FileProblem>> {
        let because = |why: String| {
            vec![FileProblem {
                path: path.to_owned(),
                problem: Err(why),
            }]
        };
        let name = path
            .file_stem()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let id = AgentId::new(name).map_err(|error| because(format!("the file's name is the agent's, and {error}")))?;
        let size = path.metadata().map_err(|error| because(error.to_string()))?.len();
        if size > LARGEST {
            return Err(because(format!("it has {size} bytes; at most {LARGEST} are read")));
        }
        let text = std::fs::read_to_string(path).map_err(|error| because(error.to_string()))?;
        read::profile(&id, &text, self).map_err(|problems| {
            let of_file = problems.into_iter().map(|problem| FileProblem {
                path: path.to_owned(),
                problem: Ok(problem),
            });
            of_file.collect()
        })
    }
}

/// The profile files of a folder, by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>, FileProblem> {
    let because = |error: std::io::Error| FileProblem {
        path: folder.to_owned(),
        problem: Err(error.to_string()),
    };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(because(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(because)?.path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !hidden && path.extension().is_some_and(|ending| ending == "md") && path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::CommandLine;

    /// What users copy from the page about agents.
    #[test]
    fn the_examples_of_the_documentation_are_profiles() {
        let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/agents.md")).unwrap();
        let blocks = page.split("```toml\n").skip(1);
        let blocks = blocks.map(|block| block.split("```").next().unwrap());
        let folder = tempfile::tempdir().unwrap();
        for (n, block) in blocks.enumerate() {
            let text = match block.starts_with("+++") {
                true => block.to_owned(),
                false => format!("+++\ncommand = \"x\"\n{block}+++\n"),
            };
            std::fs::write(folder.path().join(format!("example-{n}.md")), text).unwrap();
        }
        let built_ins = BuiltIns::new(CommandLine {
            program: "team6".into(),
            args: Vec::new(),
        });
        let all = built_ins
            .with_folder(folder.path())
            .unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(all.len(), built_ins.all().len() + 5);
        let backend = &all[&AgentId::new("example-0").unwrap()];
        assert_eq!(
            backend.instructions,
            "Every change of the schema comes with a migration and a test of it."
        );
    }

    #[test]
    fn a_folder_adds_agents_and_names_every_file_that_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let built_ins = BuiltIns::new(CommandLine {
            program: "team6".into(),
            args: Vec::new(),
        });
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("backend.md", "+++\nextends = \"codex\"\n+++\nBe brief.\n");
        write("notes.txt", "no profile");
        let all = built_ins.with_folder(folder.path()).unwrap();
        assert_eq!(all.len(), built_ins.all().len() + 1);
        write("broken.md", "+++\nextends = \"codx\"\n+++\n");
        write("Not A Name.md", "+++\n+++\n");
        let text = built_ins.with_folder(folder.path()).unwrap_err().to_string();
        assert!(
            text.contains("broken.md, line 2: built-in profile \"codx\" is not known; did you mean \"codex\"?"),
            "{text}"
        );
        assert!(text.contains("Not A Name.md: the file's name is the agent's"), "{text}");
        assert!(built_ins.with_folder(&folder.path().join("none")).unwrap().len() == built_ins.all().len());
    }
}
