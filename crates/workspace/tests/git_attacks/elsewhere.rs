//! Carrying off what is not the agent's: objects of other repositories and tasks, files of the machine.

use crate::attack::{Attack, shows};

/// Makes the task's branch the commit of the other repository.
const POINT: &str = "echo STOLEN > .git/refs/heads/BRANCH";
/// Whoever fetches from the workspace has the other repository's commit.
const CARRIED: &str = "carry HEAD; git -C OUT cat-file -e STOLEN";
/// Whoever reads a file at its name has what is elsewhere.
const READ: &str = "git init -q --bare OUT; git -C OUT hash-object -w \"$PWD/leak/SECRET_NAME\"; holds_secret OUT";

pub(crate) fn attacks() -> Vec<Attack> {
    vec![
        shows(
            "alternates to a foreign store",
            format!("echo VICTIM/.git/objects >> .git/objects/info/alternates; {POINT}"),
            CARRIED,
        ),
        shows(
            "alternates by a link",
            format!(
                "echo VICTIM/.git/objects > .git/a; rm -f .git/objects/info/alternates
                 ln -s ../../a .git/objects/info/alternates; {POINT}"
            ),
            CARRIED,
        ),
        shows(
            "alternates of alternates",
            format!(
                "nested inner; echo VICTIM/.git/objects > inner/.git/objects/info/alternates
                 echo ../../inner/.git/objects >> .git/objects/info/alternates; {POINT}"
            ),
            CARRIED,
        ),
        shows(
            "an object store that is a link",
            format!("rm -rf .git/objects; ln -s VICTIM/.git/objects .git/objects; {POINT}"),
            CARRIED,
        ),
        shows(
            "folders of objects that are links",
            format!(
                "for a in 0 1 2 3 4 5 6 7 8 9 a b c d e f; do for b in 0 1 2 3 4 5 6 7 8 9 a b c d e f; do
                 rm -rf .git/objects/$a$b; ln -s VICTIM/.git/objects/$a$b .git/objects/$a$b; done; done; {POINT}"
            ),
            CARRIED,
        ),
        shows(
            "a .git file that leads to another repository",
            "rm -rf .git; echo 'gitdir: VICTIM/.git' > .git",
            CARRIED,
        ),
        shows(
            "a .git link that leads to another repository",
            "rm -rf .git; ln -s VICTIM/.git .git",
            CARRIED,
        ),
        shows(
            "a common folder of another repository",
            "echo VICTIM/.git > .git/commondir; echo 'ref: refs/heads/main' > .git/HEAD",
            CARRIED,
        ),
        shows(
            "a .git file that leads to another task's workspace",
            "rm -rf .git; echo 'gitdir: NEIGHBOUR' > .git",
            "carry HEAD; holds_secret OUT",
        ),
        shows(
            "a .git link that leads to another task's workspace",
            "rm -rf .git; ln -s NEIGHBOUR .git",
            "carry HEAD; holds_secret OUT",
        ),
        shows(
            "alternates to another task's workspace",
            "echo NEIGHBOUR/objects >> .git/objects/info/alternates; echo NEIGHBOUR_HEAD > .git/refs/heads/BRANCH",
            "carry HEAD; holds_secret OUT",
        ),
        shows(
            "a link to a file of the machine",
            "mkdir leak; ln -s SECRET leak/SECRET_NAME",
            READ,
        ),
        shows(
            "a folder of the repository that is a link to one of the machine",
            "git mv crates leak; git commit -qm move; rm -rf leak; ln -s SECRET_FOLDER leak",
            READ,
        ),
        shows(
            "a hard link to a file of the machine",
            "mkdir leak; ln SECRET leak/SECRET_NAME 2>/dev/null || true",
            format!("ln SECRET leak/SECRET_NAME; {READ}"),
        ),
        shows(
            "an index that is a link",
            "rm -f .git/index; ln -s SECRET .git/index",
            "cp -L .git/index OUT/index; grep -q CONTENT OUT/index",
        ),
        shows(
            "a list of what is ignored that is a link",
            "mkdir -p .git/info; rm -f .git/info/exclude; ln -s SECRET .git/info/exclude",
            "git check-ignore -v CONTENT",
        ),
    ]
}
