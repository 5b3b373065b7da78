//! What all workspaces of a repository share: a mirror of it, and the import store for what agents committed.
//!
//! The mirror holds nothing but what was fetched, and never loses an object: workspaces borrow them, also those of
//! branches that are gone. The import store borrows them too, and adds the commits of the tasks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use team6_core::ids::{AttemptId, BranchName, CommitId, RepositoryId};
use team6_git::{Call, Git, GitError, ORIGIN};

use crate::checkout::is_sha256;
use crate::error::{OLDEST_GIT, WorkspaceError};
use crate::progress::{News, Progress};
use crate::provisioner::ClaimRepository;
use crate::skeleton::borrow;

/// How long packing what the import store alone has may take.
const LIFTING: Duration = Duration::from_secs(900);
/// How long a fetch may take.
const FETCH: Duration = Duration::from_secs(3600);

/// The ref in the store that keeps the newest work of a workspace.
pub(crate) fn work_ref(key: &str) -> String {
    format!("refs/team6/work/{key}")
}

/// Writes a ref without a process of git, for refs that have one writer only. Nothing packs refs in these folders.
pub(crate) fn write_ref(git_dir: &Path, name: &str, commit: &CommitId) -> std::io::Result<()> {
    let path = git_dir.join(name);
    let draft = path.with_extension("draft");
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&draft, format!("{commit}\n"))?;
    std::fs::rename(draft, path)
}

/// Commits that must be in a mirror.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needed<'a> {
    /// The mirror's repository.
    pub(crate) repository: &'a RepositoryId,
    /// Where it is fetched from: a path or a URL.
    pub(crate) source: &'a str,
    /// What work builds on.
    pub(crate) base: &'a CommitId,
    /// What earlier attempts left or published.
    pub(crate) start: Option<&'a CommitId>,
    /// What it is to know besides.
    pub(crate) others: &'a [(BranchName, CommitId)],
}

impl<'a> From<&'a ClaimRepository> for Needed<'a> {
    fn from(claimed: &'a ClaimRepository) -> Self {
        Self {
            repository: &claimed.id,
            source: &claimed.source,
            base: &claimed.base,
            start: claimed.start.as_ref(),
            others: &claimed.others,
        }
    }
}

/// The folders of all repositories.
#[derive(Debug)]
pub(crate) struct Mirrors {
    git: Git,
    root: PathBuf,
    locks: Mutex<BTreeMap<RepositoryId, Arc<tokio::sync::Mutex<()>>>>,
    news: News,
    modules: Mutex<BTreeMap<RepositoryId, Arc<Mirrors>>>,
}

impl Mirrors {
    pub(crate) fn new(git: Git, root: PathBuf) -> Self {
        Self {
            git,
            root,
            locks: Mutex::default(),
            news: News::default(),
            modules: Mutex::default(),
        }
    }

    /// The mirrors of a repository's submodules. No other repository shares them: what one may read another may not.
    pub(crate) fn modules(&self, id: &RepositoryId) -> Arc<Self> {
        let mut all = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        let made = all.entry(id.clone());
        Arc::clone(made.or_insert_with(|| {
            let root = self.root.join(id.as_str()).join("modules");
            Arc::new(Self::new(self.git.clone(), root))
        }))
    }

    pub(crate) fn git(&self) -> &Git {
        &self.git
    }

    /// The mirror of a repository.
    pub(crate) fn mirror(&self, id: &RepositoryId) -> PathBuf {
        self.root.join(id.as_str()).join("mirror.git")
    }

    /// The import store of a repository.
    pub(crate) fn store(&self, id: &RepositoryId) -> PathBuf {
        self.root.join(id.as_str()).join("import.git")
    }

    /// Where the objects of Git LFS of a repository lie: where git-lfs looks for them in the mirror.
    pub(crate) fn lfs(&self, id: &RepositoryId) -> PathBuf {
        self.mirror(id).join("lfs")
    }

    /// The folder of a generation of a repository.
    pub(crate) fn generation(&self, id: &RepositoryId, commit: &CommitId) -> PathBuf {
        self.root.join(id.as_str()).join("generations").join(commit.as_str())
    }

    /// What is kept of a workspace's work, published or not. It reads the ref as a file, since a claim waits for it.
    pub(crate) fn kept(&self, id: &RepositoryId, key: &str) -> Option<CommitId> {
        let text = std::fs::read_to_string(self.store(id).join(work_ref(key))).ok()?;
        CommitId::new(text.trim()).ok()
    }

    /// Keeps what a workspace builds on, whatever becomes of the branches upstream.
    pub(crate) fn pin(&self, id: &RepositoryId, key: &str, commit: &CommitId) -> std::io::Result<()> {
        write_ref(&self.mirror(id), &format!("refs/keep/{key}"), commit)
    }

    /// Forgets the kept work of all workspaces but these, and what they were built on.
    pub(crate) async fn forget_work(&self, id: &RepositoryId, live: &[String]) {
        for (git_dir, prefix) in [(self.store(id), "refs/team6/work/"), (self.mirror(id), "refs/keep/")] {
            let listed = self.git.call(["for-each-ref", "--format=%(refname)", prefix]);
            let Ok(listed) = listed.git_dir(&git_dir).text().await else {
                continue;
            };
            for name in listed.lines() {
                let key = name.trim_start_matches(prefix);
                if live.iter().any(|known| known == key) {
                    continue;
                }
                let deleted = self.git.call(["update-ref", "-d", name]).git_dir(&git_dir);
                if let Err(error) = deleted.text().await {
                    tracing::warn!(repository = %id, key, %error, "kept work of an ended task stays");
                }
            }
        }
    }

    /// Where what an attempt left is kept if no commit can hold it.
    pub(crate) fn aside(&self, id: &RepositoryId, attempt: AttemptId) -> PathBuf {
        self.root.join(id.as_str()).join("aside").join(attempt.to_string())
    }

    /// All repositories that have a store.
    pub(crate) fn known(&self) -> Vec<RepositoryId> {
        let entries = std::fs::read_dir(&self.root).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| RepositoryId::new(entry.file_name().to_string_lossy()).ok());
        names.filter(|id| self.is_made(id)).collect()
    }

    /// What is made last shows that all of it was made.
    fn is_made(&self, id: &RepositoryId) -> bool {
        self.store(id).join("objects/info/alternates").exists()
    }

    /// A call in the import store of a repository.
    pub(crate) fn in_store<I: AsRef<std::ffi::OsStr>>(
        &self,
        id: &RepositoryId,
        args: impl IntoIterator<Item = I>,
    ) -> Call {
        self.git.call(args).git_dir(&self.store(id))
    }

    /// Whether the mirror, which workspaces borrow from, has a commit.
    pub(crate) async fn in_mirror(&self, id: &RepositoryId, commit: &CommitId) -> bool {
        self.has(&self.mirror(id), commit).await
    }

    /// Whether the import store, which borrows from the mirror, has a commit.
    pub(crate) async fn in_store_or_mirror(&self, id: &RepositoryId, commit: &CommitId) -> bool {
        self.has(&self.store(id), commit).await
    }

    async fn has(&self, git_dir: &Path, commit: &CommitId) -> bool {
        let spec = format!("{commit}^{{commit}}");
        let asked = self.git.call(["cat-file", "-e", &spec]).git_dir(git_dir).run().await;
        asked.is_ok_and(|ran| ran.code == Some(0))
    }

    /// Brings the commits that a claim needs into the mirror.
    pub(crate) async fn bring(
        &self,
        needed: &Needed<'_>,
        tell: &(dyn Fn(String) + Send + Sync),
    ) -> Result<(), WorkspaceError> {
        let id = needed.repository;
        let lock = {
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(locks.entry(id.clone()).or_default())
        };
        // One fetch at a time; whoever waited usually finds what it needs.
        let _fetching = match lock.try_lock() {
            Ok(fetching) => fetching,
            Err(_) => {
                tell(format!("{id} is being fetched already"));
                self.news.overheard(id, lock.lock(), tell).await
            }
        };
        if !self.is_made(id) {
            let made = self.make(id, is_sha256(needed.base)).await;
            made.map_err(|error| fetch_failed(needed, &self.root, &error))?;
        }
        // What was brought out on this machine need not come from elsewhere, nor be there any more.
        while let Some(commit) = self.missing(needed).await {
            if !self.has(&self.store(id), commit).await {
                break;
            }
            let lifted = self.lift(id, commit).await;
            lifted.map_err(|error| fetch_failed(needed, &self.root, &error))?;
        }
        if self.missing(needed).await.is_none() {
            return Ok(());
        }
        let began = Instant::now();
        let doing = match self.is_empty(id) {
            true => "cloning",
            false => "fetching",
        };
        tell(format!("{doing} {id}"));
        let news = self.news.of(id);
        let told = |line: String| {
            news.send_replace(line.clone());
            tell(line);
        };
        let progress = Progress::new(format!("{doing} {id}"), &told);
        let fetched = self.fetch(id, needed.source, &progress).await;
        fetched.map_err(|error| fetch_failed(needed, &self.root, &error))?;
        if let Some(commit) = self.missing(needed).await {
            return Err(WorkspaceError::NoCommit {
                repository: id.clone(),
                commit: commit.clone(),
            });
        }
        tell(format!("{doing} {id}: done in {} ms", began.elapsed().as_millis()));
        Ok(())
    }

    /// Brings a commit of the import store into the mirror, with all that the mirror does not have of its history.
    async fn lift(&self, id: &RepositoryId, commit: &CommitId) -> Result<(), GitError> {
        let packs = self.mirror(id).join("objects/pack");
        let args = ["pack-objects", "--quiet", "--revs", "--local", "--delta-base-offset"];
        let pack = self.in_store(id, args).arg(packs.join("pack"));
        pack.stdin(format!("{commit}\n")).limit(LIFTING).text().await.map(drop)
    }

    /// Brings a commit into the mirror that is on no branch.
    pub(crate) async fn bring_commit(&self, needed: &Needed<'_>) -> Result<(), WorkspaceError> {
        let base = needed.base;
        let keep = format!("+{base}:refs/team6/wanted/{base}");
        let options = [
            "fetch",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-auto-gc",
            ORIGIN,
            &keep,
        ];
        let call = self.git.call(options).git_dir(&self.mirror(needed.repository));
        let fetched = call.origin(needed.source, FETCH).run().await;
        match fetched.and_then(team6_git::Ran::success) {
            Ok(_) => Ok(()),
            Err(GitError::Failed { .. }) => Err(WorkspaceError::NoCommit {
                repository: needed.repository.clone(),
                commit: base.clone(),
            }),
            Err(error) => Err(fetch_failed(needed, &self.root, &error)),
        }
    }

    /// A commit that is wanted and not there. What earlier attempts left may be in the store alone.
    async fn missing<'a>(&self, needed: &Needed<'a>) -> Option<&'a CommitId> {
        if !self.in_mirror(needed.repository, needed.base).await {
            return Some(needed.base);
        }
        for (_, commit) in needed.others {
            if !self.in_mirror(needed.repository, commit).await {
                return Some(commit);
            }
        }
        let start = needed.start?;
        (!self.has(&self.store(needed.repository), start).await).then_some(start)
    }

    async fn make(&self, id: &RepositoryId, sha256: bool) -> Result<(), GitError> {
        let (mirror, store) = (self.mirror(id), self.store(id));
        let format = match sha256 {
            true => "--object-format=sha256",
            false => "--object-format=sha1",
        };
        for bare in [&mirror, &store] {
            let init = ["init", "--quiet", "--bare", "--template=", format, "--"];
            self.git.call(init).arg(bare).text().await?;
        }
        let settings = [
            (&mirror, "gc.auto", "0".to_owned()),
            (&mirror, "core.repositoryFormatVersion", "1".to_owned()),
            (&mirror, "extensions.preciousObjects", "true".to_owned()),
            (&store, "gc.auto", "0".to_owned()),
        ];
        for (git_dir, name, value) in settings {
            let set = self.git.call(["config", "--local", name, &value]);
            set.git_dir(git_dir).text().await?;
        }
        std::fs::create_dir_all(store.join("objects/info"))
            .and_then(|()| borrow(&store, &[&mirror.join("objects")]))
            .map_err(|source| GitError::Io {
                command: "init".into(),
                source,
            })
    }

    /// Whether nothing was fetched yet.
    fn is_empty(&self, id: &RepositoryId) -> bool {
        !self.mirror(id).join("refs/remotes").exists() && !self.mirror(id).join("packed-refs").exists()
    }

    async fn fetch(&self, id: &RepositoryId, source: &str, progress: &Progress<'_>) -> Result<(), GitError> {
        let refs = ["+refs/heads/*:refs/remotes/origin/*", "+refs/team6/*:refs/team6/*"];
        let options = [
            "fetch",
            "--progress",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-auto-gc",
            "--prune",
            ORIGIN,
        ];
        let call = self.git.call(options.into_iter().chain(refs)).git_dir(&self.mirror(id));
        let ran = call.origin(source, FETCH).watched(&|line| progress.hear(line)).await?;
        ran.success().map(drop)
    }

    /// Removes what a fetch left that was ended in the middle, locks included. For a time when nobody fetches.
    pub(crate) fn tidy(&self, id: &RepositoryId) {
        for entry in std::fs::read_dir(self.root.join(id.as_str()))
            .into_iter()
            .flatten()
            .flatten()
        {
            if entry.file_name().to_string_lossy().starts_with("quarantine-") {
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
        for git_dir in [self.mirror(id), self.store(id)] {
            remove_stale(&git_dir.join("objects/pack"), |name| name.starts_with("tmp_"));
            remove_stale(&git_dir, |name| name.ends_with(".lock"));
            remove_stale_locks(&git_dir.join("refs"));
        }
    }
}

fn remove_stale(folder: &Path, is_stale: impl Fn(&str) -> bool) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if is_stale(&entry.file_name().to_string_lossy())
            && let Err(error) = std::fs::remove_file(entry.path())
        {
            tracing::warn!(path = %entry.path().display(), %error, "what an earlier fetch left stays");
        }
    }
}

fn remove_stale_locks(refs: &Path) {
    remove_stale(refs, |name| name.ends_with(".lock"));
    for entry in std::fs::read_dir(refs).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_stale_locks(&entry.path());
        }
    }
}

fn fetch_failed(needed: &Needed<'_>, root: &Path, error: &GitError) -> WorkspaceError {
    let repository = needed.repository.clone();
    let said = error.said();
    match WorkspaceError::git("", root, error) {
        WorkspaceError::Failed { .. } => {}
        known => return known,
    }
    let no_repository = [
        "does not appear to be a git repository",
        "not a git repository",
        "strange pathname",
    ];
    if no_repository.iter().any(|words| said.contains(words)) {
        let source_text = team6_git::redact(needed.source);
        return WorkspaceError::NotARepository {
            repository,
            source_text,
        };
    }
    let why = error.to_string();
    WorkspaceError::Unreachable { repository, why }
}

/// Which git this is; an error if it is missing or cannot do all that workspaces need.
pub async fn check_git(git: &Git) -> Result<String, WorkspaceError> {
    let said = git.call(["version"]).text().await;
    let said = said.map_err(|error| WorkspaceError::git("git cannot be used", Path::new("."), &error))?;
    let version = said.trim_start_matches("git version ").trim().to_owned();
    match is_new_enough(&version) {
        true => Ok(version),
        false => Err(WorkspaceError::Git(format!("this is {version}"))),
    }
}

/// Whether this version of git, such as `2.47.3`, can do all that workspaces need.
fn is_new_enough(version: &str) -> bool {
    let numbers = |text: &str| -> Vec<u32> { text.split('.').map_while(|part| part.parse().ok()).take(2).collect() };
    numbers(version) >= numbers(OLDEST_GIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_versions_of_git_are_told_from_new_ones() {
        for new in ["2.40.0", "2.47.3", "2.100.1 (Apple Git-1)", "3.0", "2.45.windows.1"] {
            assert!(is_new_enough(new), "{new}");
        }
        for old in ["2.39.5", "1.99.0", "", "git"] {
            assert!(!is_new_enough(old), "{old}");
        }
    }
}
