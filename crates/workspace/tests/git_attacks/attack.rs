//! An attack: how an agent lays it out, and how it is seen to work on others.

/// Something that a hostile agent does to git in its workspace.
///
/// Both scripts are run by `sh -e`. In them `TRAP` is a shell command that leaves a trace, `BRANCH` the task's branch,
/// `VICTIM` a repository that is none of the agent's, `STOLEN` its newest commit, `NEIGHBOUR` the git folder of another
/// task's workspace, `SECRET` a file of the machine, and `OUT` a folder in which somebody else works.
#[derive(Debug, Clone)]
pub(crate) struct Attack {
    pub(crate) name: String,
    /// What the agent does, in its workspace.
    pub(crate) arm: String,
    /// What somebody does with the same files who trusts them. Where there are several, each is done with files of its own.
    pub(crate) live: Vec<Live>,
    pub(crate) effect: Effect,
}

/// Something that is done with files that should not be trusted.
#[derive(Debug, Clone)]
pub(crate) struct Live {
    pub(crate) script: String,
    /// What the trace must say, if several programs can leave one.
    pub(crate) says: &'static str,
}

/// How it is seen that an attack worked on somebody who trusts the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The trap left its trace.
    Runs,
    /// The script says so: it ends without an error.
    Shows,
}

/// Somebody's git runs a program of the agent's.
pub(crate) fn runs(name: impl Into<String>, arm: impl Into<String>, live: impl Into<String>) -> Attack {
    Attack {
        name: name.into(),
        arm: arm.into(),
        live: vec![Live {
            script: live.into(),
            says: "",
        }],
        effect: Effect::Runs,
    }
}

/// Somebody is made to do something else, which the script looks for.
pub(crate) fn shows(name: impl Into<String>, arm: impl Into<String>, live: impl Into<String>) -> Attack {
    Attack {
        effect: Effect::Shows,
        ..runs(name, arm, live)
    }
}
