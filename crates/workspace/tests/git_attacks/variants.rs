//! Git folders that are not where or what they seem, and repositories within the repository.

use crate::attack::{Attack, runs};

pub(crate) fn attacks() -> Vec<Attack> {
    vec![
        runs(
            "a nested repository with its own core.fsmonitor",
            "nested inner; git add inner 2>/dev/null; git commit -qm nested; git -C inner config core.fsmonitor 'TRAP'",
            "git status",
        ),
        runs(
            "a nested repository with its own filter",
            "nested inner; git add inner 2>/dev/null; git commit -qm nested
             git -C inner config filter.t.clean 'TRAP'; echo '* filter=t' > inner/.git/info/attributes",
            "touch inner/y.txt; git status",
        ),
        runs(
            "a submodule that is updated by a program",
            "nested inner; git config --file .gitmodules submodule.inner.path inner
             git config --file .gitmodules submodule.inner.url ./inner; git add . 2>/dev/null; git commit -qm submodule
             git config submodule.inner.url ./inner; git config submodule.inner.update '!TRAP'",
            "git submodule update --force || true",
        ),
        runs(
            "a bare repository in a folder",
            "git init -q --bare docs; git config --file docs/config core.bare false
             git config --file docs/config core.worktree .; git config --file docs/config core.fsmonitor 'TRAP'",
            "git -C docs status",
        ),
        runs(
            "a .git file that leads into the work tree",
            "mv .git g; echo 'gitdir: g' > .git; git config --file g/config core.fsmonitor 'TRAP'",
            "git status",
        ),
        runs(
            "a .git link that leads into the work tree",
            "mv .git g; ln -s g .git; git config --file g/config core.fsmonitor 'TRAP'",
            "git status",
        ),
        runs(
            "a common folder in the work tree",
            "cp -r .git g; git config --file g/config core.fsmonitor 'TRAP'; echo ../g > .git/commondir",
            "git status",
        ),
        runs(
            "a .git folder above a new one",
            "rm -rf .git; git init -q; git config core.fsmonitor 'TRAP'",
            "git status",
        ),
    ]
}
