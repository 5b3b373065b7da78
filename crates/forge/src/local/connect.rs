//! Connecting a repository: what must be right before any agent works on it, and what people should know.

use team6_core::ids::BranchName;
use team6_git::{Call, Git, ORIGIN};

use super::origin::{Origin, Pushed, Refs, check_place};
use super::repository::{Kept, Repository};
use super::{LocalForge, SETTINGS};
use crate::error::ForgeError;
use crate::port::{Connected, Notice, RepositorySettings, TargetBranch};

/// From which size on a repository counts as large, in bytes.
const LARGE: u64 = 1 << 30;
/// How many submodules are listed.
const LISTED: usize = 20;

impl LocalForge {
    pub(super) async fn connect_repository(&self, settings: &RepositorySettings) -> Result<Connected, ForgeError> {
        let place = check_place(&settings.origin)?;
        let origin = self.origin_at(&place);
        origin.check_folder().await?;
        origin.check_depth().await?;
        let refs = origin.refs().await?;
        if refs.branches.is_empty() && refs.head.is_none() {
            return Err(ForgeError::Empty { origin: origin.shown() });
        }
        let branch = target(settings, &refs)?;
        let mut notices = Vec::new();
        if let Some(found) = origin.work_tree_on(&branch).await? {
            if !found.updates {
                return Err(ForgeError::CheckedOut {
                    branch,
                    work_tree: found.work_tree,
                });
            }
            notices.push(Notice::UpdatesWorkTree {
                work_tree: found.work_tree,
            });
        }
        let repository = self.remember(Kept {
            id: settings.id.clone(),
            origin: place.clone(),
            branch: branch.clone(),
            method: settings.method,
        });
        let repository = repository.await?;
        if !refs.branches.contains_key(branch.as_str()) {
            create_branch(&repository, &origin, &branch, &refs).await?;
        }
        let head = repository.fetch_base().await?;
        notices.extend(repository.contents(&head).await?);
        Ok(Connected { branch, head, notices })
    }

    /// Makes the repository's folder if it is new, and keeps what was decided.
    async fn remember(&self, kept: Kept) -> Result<std::sync::Arc<Repository>, ForgeError> {
        let git_dir = self.git_dir(&kept.id);
        if !git_dir.join("HEAD").exists() {
            init(&self.options.git, &git_dir).await?;
        }
        let path = git_dir.join(SETTINGS);
        let io = |source| ForgeError::Io {
            path: path.clone(),
            source,
        };
        let bytes = serde_json::to_vec_pretty(&kept).map_err(|error| io(error.into()))?;
        let new = path.with_extension("new");
        // Settings may hold the credentials of a URL.
        write_private(&new, &bytes)
            .and_then(|()| std::fs::rename(&new, &path))
            .map_err(io)?;
        self.forget(&kept.id);
        self.repository(&kept.id).await
    }
}

fn write_private(path: &std::path::Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

async fn init(git: &Git, git_dir: &std::path::Path) -> Result<(), ForgeError> {
    std::fs::create_dir_all(git_dir).map_err(|source| ForgeError::Io {
        path: git_dir.to_owned(),
        source,
    })?;
    let config = |name: &str, value: &str| -> Call { git.call(["config", "--local", name, value]).git_dir(git_dir) };
    git.call(["init", "--quiet", "--bare", "--template=", "--"])
        .arg(git_dir)
        .text()
        .await?;
    for (name, value) in [
        ("gc.auto", "0"),
        ("transfer.fsckObjects", "true"),
        ("receive.autogc", "false"),
        ("receive.denyDeletes", "false"),
        ("core.logAllRefUpdates", "false"),
        // Records are loose objects, which git does not wait for the disk to have unless it is told to.
        ("core.fsync", "committed,reference"),
    ] {
        config(name, value).text().await?;
    }
    Ok(())
}

fn target(settings: &RepositorySettings, refs: &Refs) -> Result<BranchName, ForgeError> {
    match &settings.branch {
        TargetBranch::Default => {
            let only = refs.branches.keys().next().filter(|_| refs.branches.len() == 1);
            let default = refs
                .default
                .as_ref()
                .filter(|name| refs.branches.contains_key(*name))
                .or(only);
            let name = default.ok_or_else(|| {
                ForgeError::invalid(
                    "the origin's default branch",
                    "it has none; name the branch with --branch",
                )
            });
            Ok(BranchName::new(name?.as_str())?)
        }
        TargetBranch::Existing(branch) if refs.branches.contains_key(branch.as_str()) => Ok(branch.clone()),
        TargetBranch::Existing(branch) => Err(ForgeError::UnknownBranch {
            repository: settings.id.clone(),
            branch: branch.clone(),
            near: near(branch, refs),
        }),
        TargetBranch::Create(branch) => Ok(branch.clone()),
    }
}

fn near(branch: &BranchName, refs: &Refs) -> Vec<String> {
    let mut names: Vec<&String> = refs.branches.keys().collect();
    names.sort_by_key(|name| strsim::damerau_levenshtein(name, branch.as_str()));
    names.into_iter().take(3).cloned().collect()
}

async fn create_branch(
    repository: &Repository,
    origin: &Origin<'_>,
    branch: &BranchName,
    refs: &Refs,
) -> Result<(), ForgeError> {
    let Some(head) = &refs.head else {
        return Err(ForgeError::Empty { origin: origin.shown() });
    };
    let fetch = repository.call([
        "fetch",
        "--quiet",
        "--no-tags",
        "--no-write-fetch-head",
        ORIGIN,
        head.as_str(),
    ]);
    let fetched = fetch.origin(origin.place, origin.patience).text().await;
    fetched.map_err(|error| origin.failure(error))?;
    match origin.push(&repository.git_dir, head, branch, None).await? {
        // Somebody else made it in this moment.
        Pushed::Done | Pushed::Moved => Ok(()),
        Pushed::Refused { why, next } => Err(ForgeError::NoPermission {
            origin: origin.shown(),
            why: format!("{why}; {next}"),
        }),
    }
}

impl Repository {
    /// What a commit holds that agents' workspaces treat in a special way.
    async fn contents(&self, head: &team6_core::ids::CommitId) -> Result<Vec<Notice>, ForgeError> {
        let mut notices = Vec::new();
        let listed = self
            .call(["ls-tree", "-r", "-z", "--full-tree", head.as_str()])
            .most(64 << 20)
            .run()
            .await?;
        let entries = listed.stdout.split(|byte| *byte == 0);
        let links = entries.filter_map(|entry| {
            let text = String::from_utf8_lossy(entry.strip_prefix(b"160000 ")?).into_owned();
            text.split_once('\t').map(|(_, path)| path.to_owned())
        });
        let paths: Vec<String> = links.take(LISTED).collect();
        if !paths.is_empty() {
            notices.push(Notice::Submodules { paths });
        }
        let spec = format!("{head}:.gitattributes");
        let attributes = self.call(["cat-file", "blob", &spec]).most(1 << 20).run().await?;
        if attributes.code == Some(0) && String::from_utf8_lossy(&attributes.stdout).contains("filter=lfs") {
            notices.push(Notice::Lfs);
        }
        let counted = self.call(["count-objects", "-v"]).text().await?;
        let kilobytes = counted.lines().filter_map(|line| {
            let (name, value) = line.split_once(": ")?;
            ["size", "size-pack"]
                .contains(&name)
                .then(|| value.parse::<u64>().ok())?
        });
        let bytes = kilobytes.sum::<u64>() << 10;
        if bytes > LARGE {
            notices.push(Notice::Large { bytes });
        }
        Ok(notices)
    }
}
