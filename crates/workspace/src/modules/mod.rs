//! Submodules of a repository: each has a mirror of its own, and its files lie in the workspaces at the commit that the
//! repository names, with a git folder of its own.
//!
//! What cannot be had of them is told, and their folders are left empty: they never keep a workspace from being made.

mod address;
mod work;

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use team6_core::ids::{CommitId, RepositoryId};
use team6_git::GitError;

use crate::checkout::is_sha256;
use crate::error::WorkspaceError;
use crate::files::Lent;
use crate::generations::Generations;
use crate::mirror::{Mirrors, Needed};
use crate::provisioner::{ClaimRepository, Submodule};
use crate::recipe::Recipe;
use crate::skeleton::{Head, Skeleton, quoted, write_common};

pub(crate) use work::{bring_out, moves_links};

/// How deep submodules may lie in one another.
const DEPTH: usize = 5;
/// The most submodules of a repository.
const MOST: usize = 200;

/// How the layer of a generation that holds its submodules is called.
const LAYER: &str = "modules-";

/// Whether a layer of a generation holds its submodules.
pub(crate) fn is_layer(layer: &Path) -> bool {
    let name = layer.parent().and_then(Path::file_name);
    name.is_some_and(|name| name.to_string_lossy().starts_with(LAYER))
}

/// What submodules a commit has, and which are there.
#[derive(Debug, Default)]
pub(crate) struct Planned {
    pub(crate) modules: Vec<Submodule>,
    pub(crate) notices: Vec<String>,
    /// Whether more of them may be there later.
    pub(crate) incomplete: bool,
}

/// Where submodules are looked for.
struct Parent {
    path: String,
    git_dir: PathBuf,
    commit: CommitId,
    origin: String,
    depth: usize,
}

/// Looks which submodules a commit has, and fetches what is missing of them. `git_dir` has the commit.
pub(crate) async fn plan(
    mirrors: &Mirrors,
    of: &ClaimRepository,
    git_dir: &Path,
    commit: &CommitId,
    recipe: &Recipe,
    tell: &(dyn Fn(String) + Send + Sync),
) -> Result<Planned, GitError> {
    let mut planned = Planned::default();
    let nested = mirrors.modules(&of.id);
    let mut waiting = VecDeque::from([Parent {
        path: String::new(),
        git_dir: git_dir.to_owned(),
        commit: commit.clone(),
        origin: of.origin.clone(),
        depth: 0,
    }]);
    while let Some(parent) = waiting.pop_front() {
        let below = |path: &str| match parent.path.as_str() {
            "" => path.to_owned(),
            above => format!("{above}/{path}"),
        };
        for found in find(mirrors, &parent).await? {
            let path = below(&found.path);
            let shown = path.clone();
            let mut left_empty = |why: &str| {
                let notice = format!("{}: the submodule {} is left empty: {why}", of.id, shown.escape_debug());
                planned.notices.push(notice);
            };
            if parent.path.is_empty() && !recipe.holds_file(&path) {
                continue;
            }
            if parent.depth >= DEPTH || planned.modules.len() >= MOST {
                left_empty("too many lie in one another, or side by side");
                continue;
            }
            let address = address::resolve(&parent.origin, &found.address);
            let (address, repository) = match address.and_then(|address| {
                let named = mirror_name(&address, &path)?;
                Ok((address, named))
            }) {
                Ok(named) => named,
                Err(why) => {
                    left_empty(&why);
                    continue;
                }
            };
            let module = Submodule {
                repository,
                inside: parent.path.clone(),
                name: found.name,
                address: team6_git::redact(&address),
                commit: found.commit,
                path,
            };
            if let Err(error) = fetch(&nested, &module, &address, tell).await {
                let why = error.to_string();
                left_empty(why.trim_start_matches(&format!("repository {} ", module.repository)));
                planned.incomplete = true;
                continue;
            }
            waiting.push_back(Parent {
                path: module.path.clone(),
                git_dir: nested.mirror(&module.repository),
                commit: module.commit.clone(),
                origin: address,
                depth: parent.depth + 1,
            });
            planned.modules.push(module);
        }
    }
    if !planned.modules.is_empty() {
        let paths: Vec<&str> = planned.modules.iter().map(|module| module.path.as_str()).collect();
        planned.notices.push(format!(
            "{}: the files of its submodules are there ({}); what is changed in them cannot be delivered with {}, add \
             them as repositories of the task for that",
            of.id,
            paths.join(", "),
            of.id
        ));
    }
    Ok(planned)
}

/// A link in a commit that `.gitmodules` names.
struct Link {
    path: String,
    name: String,
    address: String,
    commit: CommitId,
}

async fn find(mirrors: &Mirrors, parent: &Parent) -> Result<Vec<Link>, GitError> {
    let Parent { git_dir, commit, .. } = parent;
    let call = |args: &[&str]| mirrors.git().call(args).git_dir(git_dir);
    let blob = format!("--blob={commit}:.gitmodules");
    let named = call(&["config", "-z", &blob, "--get-regexp", r"^submodule\..*\.(path|url)$"]);
    let named = named.most(1 << 20).run().await?;
    if named.code != Some(0) {
        return Ok(Vec::new());
    }
    let mut modules: BTreeMap<String, [Option<String>; 2]> = BTreeMap::new();
    for entry in named.stdout.split(|byte| *byte == 0) {
        let entry = String::from_utf8_lossy(entry);
        let Some((key, value)) = entry.split_once('\n') else {
            continue;
        };
        let Some((name, what)) = key.trim_start_matches("submodule.").rsplit_once('.') else {
            continue;
        };
        let at = usize::from(what == "url");
        modules.entry(name.to_owned()).or_default()[at] = Some(value.to_owned());
    }
    let links = links(&call(&["ls-tree", "-r", "-z", commit.as_str()]).bytes().await?);
    let modules = modules.into_iter().filter_map(|(name, [path, address])| {
        let (path, address) = (path?, address?);
        let proper = !name.contains(char::is_control) && is_proper(&path);
        let commit = links.get(&path).filter(|_| proper)?.clone();
        Some(Link {
            path,
            name,
            address,
            commit,
        })
    });
    Ok(modules.collect())
}

/// The links to submodules in what `git ls-tree` says.
pub(crate) fn links(listed: &[u8]) -> BTreeMap<String, CommitId> {
    let link = |line: &[u8]| {
        let line = std::str::from_utf8(line).ok()?;
        let (commit, path) = line.strip_prefix("160000 commit ")?.split_once('\t')?;
        Some((path.to_owned(), CommitId::new(commit).ok()?))
    };
    listed.split(|byte| *byte == 0).filter_map(link).collect()
}

fn is_proper(path: &str) -> bool {
    !path.contains(char::is_control)
        && path
            .split('/')
            .all(|part| !["", ".", ".."].contains(&part) && !part.eq_ignore_ascii_case(".git"))
}

/// A name for a mirror that tells people which it is, and is no other's.
fn mirror_name(address: &str, path: &str) -> Result<RepositoryId, String> {
    // Each place has one of its own, so that what is kept of the work in one is not taken for that in another.
    // Each place has one of its own, so that what is kept of the work in one is not taken for that in another.
    let digest = hex::encode(&Sha256::digest(format!("{address}\0{path}"))[..6]);
    let last = address.trim_end_matches('/').trim_end_matches(".git");
    let last = last.rsplit(['/', ':']).next().unwrap_or_default().to_ascii_lowercase();
    let name: String = last.chars().filter(char::is_ascii_alphanumeric).take(20).collect();
    let name = if name.is_empty() { "module" } else { &name };
    RepositoryId::new(format!("{name}-{digest}")).map_err(|error| error.to_string())
}

async fn fetch(
    nested: &Mirrors,
    module: &Submodule,
    address: &str,
    tell: &(dyn Fn(String) + Send + Sync),
) -> Result<(), WorkspaceError> {
    let needed = Needed {
        repository: &module.repository,
        source: address,
        base: &module.commit,
        start: None,
        others: &[],
    };
    match nested.bring(&needed, tell).await {
        // Not on any branch: most servers give single commits out all the same.
        Err(WorkspaceError::NoCommit { .. }) => nested.bring_commit(&needed).await,
        brought => brought,
    }
}

/// The name of the layer of these submodules.
pub(crate) fn layer_name(modules: &[Submodule]) -> String {
    let mut digest = Sha256::new();
    for module in modules {
        for part in [module.path.as_str(), module.repository.as_str(), module.commit.as_str()] {
            digest.update(part);
            digest.update([0]);
        }
    }
    format!("{LAYER}{}", hex::encode(&digest.finalize()[..16]))
}

/// Writes the files of submodules below `tree`, with what all git folders of them begin with.
pub(crate) async fn write(
    generations: &Generations,
    mirrors: &Mirrors,
    of: &RepositoryId,
    modules: &[Submodule],
    tree: &Path,
) -> Result<(), WorkspaceError> {
    let nested = mirrors.modules(of);
    for module in modules {
        let folder = tree.join(&module.path);
        let git = folder.join(".git");
        let made = fs::create_dir_all(&folder).and_then(|()| write_common(&git));
        made.map_err(|error| WorkspaceError::io(format!("the files of {of} cannot be laid ready"), &folder, &error))?;
        let args = ["read-tree", "--reset", "-u", module.commit.as_str()];
        let mirror = nested.mirror(&module.repository);
        generations
            .write_tree(mirrors, &mirror, &args, &folder, &git.join("index"))
            .await?;
    }
    Ok(())
}

/// Where an agent finds the objects of submodules, a place for each mirror.
pub(crate) fn lent(
    mirrors: &Mirrors,
    of: &RepositoryId,
    modules: &[Submodule],
    boxed: bool,
) -> BTreeMap<RepositoryId, Lent> {
    let nested = mirrors.modules(of);
    let one = |module: &Submodule| {
        let id = &module.repository;
        let objects = nested.mirror(id).join("objects");
        (id.clone(), Lent::new(objects, of, &work::part(id.as_str()), boxed))
    };
    modules.iter().map(one).collect()
}

/// Writes the git folders that submodules have in one workspace only.
pub(crate) fn write_private(
    modules: &[Submodule],
    lent: &BTreeMap<RepositoryId, Lent>,
    author: &(String, String),
    tree: &Path,
) -> io::Result<()> {
    for module in modules {
        let Some(lent) = lent.get(&module.repository) else {
            continue;
        };
        let remote = format!(
            "[remote \"origin\"]\n\turl = {}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n",
            quoted(&module.address)
        );
        let skeleton = Skeleton {
            head: Head::At(&module.commit),
            origin: &[],
            borrowed: &[&lent.at],
            author,
            sha256: is_sha256(&module.commit),
            sparse: false,
            sections: &format!("{remote}{}", sections(modules, &module.path)),
        };
        skeleton.write(&tree.join(&module.path).join(".git"))?;
    }
    Ok(())
}

/// What the git folder of a repository says of the submodules directly in it. `inside` is where it lies itself.
pub(crate) fn sections(modules: &[Submodule], inside: &str) -> String {
    let section = |module: &Submodule| {
        format!(
            "[submodule {}]\n\tactive = true\n\turl = {}\n",
            quoted(&module.name),
            quoted(&module.address)
        )
    };
    modules
        .iter()
        .filter(|module| module.inside == inside)
        .map(section)
        .collect()
}
