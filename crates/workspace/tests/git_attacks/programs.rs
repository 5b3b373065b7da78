//! Programs that a git folder can name, one by one.

use crate::attack::{Attack, Effect, Live, runs};

/// Hooks, and what makes git run them.
const HOOKS: [(&str, &str); 15] = [
    ("post-checkout", "git checkout -q -b elsewhere"),
    ("pre-commit", "git commit -q --allow-empty -m x"),
    ("prepare-commit-msg", "git commit -q --allow-empty -m x"),
    ("commit-msg", "git commit -q --allow-empty -m x"),
    ("post-commit", "git commit -q --allow-empty -m x"),
    ("post-rewrite", "git commit -q --amend --no-edit"),
    ("pre-rebase", "git rebase -q --no-ff HEAD~1"),
    (
        "post-merge",
        "git checkout -q -b other; git commit -q --allow-empty -m x; git checkout -q -; git merge -q other",
    ),
    ("reference-transaction", "git update-ref refs/heads/elsewhere HEAD"),
    ("post-index-change", "git add --all"),
    ("pre-push", "pushed"),
    ("pre-receive", "pushed"),
    ("update", "pushed"),
    ("post-receive", "pushed"),
    ("post-update", "pushed"),
];

const CHANGE: &str = "echo more >> README.md";

pub(crate) fn attacks() -> Vec<Attack> {
    let mut all = vec![hooks()];
    all.extend([
        runs(
            "core.hooksPath",
            "git config core.hooksPath traps; trap_file traps/pre-commit",
            "git commit -q --allow-empty -m x",
        ),
        runs("core.fsmonitor", "git config core.fsmonitor 'TRAP'", "git status"),
        runs(
            "core.fsmonitor as a hook",
            "trap_file .git/hooks/fsmonitor-watchman; git config core.fsmonitor .git/hooks/fsmonitor-watchman",
            "git status",
        ),
        runs(
            "filter.clean",
            "echo '* filter=t' > .gitattributes; git config filter.t.clean 'TRAP'",
            format!("{CHANGE}; git add README.md"),
        ),
        runs(
            "filter.clean by .git/info/attributes",
            "mkdir -p .git/info; echo '* filter=t' > .git/info/attributes; git config filter.t.clean 'TRAP'",
            format!("{CHANGE}; git add README.md"),
        ),
        runs(
            "filter.smudge",
            "echo '* filter=t' > .gitattributes; git config filter.t.smudge 'TRAP'",
            "rm README.md; git checkout README.md",
        ),
        runs(
            "filter.process",
            "echo '* filter=t' > .gitattributes; git config filter.t.process 'TRAP'",
            format!("{CHANGE}; git add README.md || true"),
        ),
        runs(
            "diff.external by include.path",
            "git config --file trap.config diff.external 'TRAP'; git config include.path ../trap.config",
            format!("{CHANGE}; git diff"),
        ),
        runs(
            "core.fsmonitor by includeIf",
            "git config --file trap.config core.fsmonitor 'TRAP'; git config 'includeIf.onbranch:**.path' ../trap.config",
            "git status",
        ),
        runs(
            "core.fsmonitor by config.worktree",
            "git config extensions.worktreeConfig true; git config --file .git/config.worktree core.fsmonitor 'TRAP'",
            "git status",
        ),
        runs(
            "diff.textconv",
            "echo '* diff=t' > .gitattributes; git config diff.t.textconv 'TRAP'",
            format!("{CHANGE}; git diff"),
        ),
        runs(
            "diff.command",
            "echo '* diff=t' > .gitattributes; git config diff.t.command 'TRAP'",
            format!("{CHANGE}; git diff"),
        ),
        runs(
            "merge.driver",
            "echo '* merge=t' > .gitattributes; git config merge.t.driver 'TRAP'",
            "git add .gitattributes; git commit -qm attributes; git checkout -q -b other HEAD~2
             echo other > honest.txt; echo '* merge=t' > .gitattributes; git add .; git commit -qm other
             git merge -q BRANCH || true",
        ),
        runs(
            "core.sshCommand",
            "git config core.sshCommand 'TRAP'",
            "git fetch -q ssh://elsewhere.invalid/x || true",
        ),
        runs(
            "a remote that is a program",
            "trap_file .git/trap; git config protocol.ext.allow always; git config remote.origin.url ext::.git/trap",
            "git fetch -q origin || true",
        ),
        runs(
            "remote.uploadpack",
            "git config remote.origin.url .; git config remote.origin.uploadpack 'TRAP'",
            "git fetch -q origin || true",
        ),
        runs(
            "a remote that has missing objects",
            "git config core.repositoryFormatVersion 1; git config extensions.partialClone evil
             git config remote.evil.promisor true; git config remote.evil.url .; git config remote.evil.uploadpack 'TRAP'",
            "git cat-file -p 1111111111111111111111111111111111111111 || true",
        ),
        runs(
            "core.pager",
            "git config core.pager 'TRAP'",
            "python3 -c 'import pty; pty.spawn([\"git\", \"log\"])'",
        ),
        runs(
            "core.editor",
            "git config core.editor 'TRAP'",
            "git commit -q --allow-empty || true",
        ),
        runs(
            "sequence.editor",
            "git config sequence.editor 'TRAP'",
            "git rebase -q -i HEAD~1 || true",
        ),
        runs(
            "core.alternateRefsCommand",
            "nested inner; mkdir -p .git/objects/info; echo ../../inner/.git/objects >> .git/objects/info/alternates
             git config core.alternateRefsCommand 'TRAP'",
            "git fetch -q file://VICTIM main || true",
        ),
        runs(
            "gpg.program",
            "trap_file .git/trap; git config gpg.program ./.git/trap; git config commit.gpgSign true",
            "git commit -q --allow-empty -m x || true",
        ),
        runs(
            "credential.helper",
            "git config credential.helper '!TRAP'",
            "printf 'protocol=https\\nhost=elsewhere.invalid\\n\\n' | git credential fill || true",
        ),
        runs(
            "core.askPass",
            "trap_file .git/trap; git config core.askPass ./.git/trap",
            "printf 'protocol=https\\nhost=elsewhere.invalid\\n\\n' | git credential fill || true",
        ),
    ]);
    all
}

/// All at once, since they do not stand in each other's way.
fn hooks() -> Attack {
    let each = HOOKS.iter().map(|(name, _)| format!("trap_file .git/hooks/{name}\n"));
    let live = HOOKS.iter().map(|(says, script)| Live {
        script: (*script).to_owned(),
        says,
    });
    Attack {
        name: "hooks".into(),
        arm: each.collect(),
        live: live.collect(),
        effect: Effect::Runs,
    }
}
