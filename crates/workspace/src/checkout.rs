//! A repository in a workspace: the files of a commit, and a git folder of its own that borrows the mirror's objects.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use team6_core::ids::{BranchName, CommitId};
use team6_core::local_path::LocalPath;
use team6_git::{Call, GitError};
use team6_sandbox::reach::Mount;

use crate::error::WorkspaceError;
use crate::files::{Files, Lent, copy_tree};
use crate::generations::{Generation, Generations};
use crate::layout::PATTERNS;
use crate::lfs;
use crate::local_files::{self, Below};
use crate::mirror::Mirrors;
use crate::modules;
use crate::provisioner::{Checkout, ClaimRepository, Submodule};
use crate::skeleton::{self, Head, Skeleton};
use crate::slot::{Place, WORKSPACE};

/// How long packing what earlier attempts left may take.
const PACKING: Duration = Duration::from_secs(900);

/// What a checkout is made from.
pub(crate) struct Wanted<'a> {
    pub(crate) key: &'a str,
    pub(crate) repository: &'a ClaimRepository,
    pub(crate) branch: Option<&'a BranchName>,
    pub(crate) author: &'a (String, String),
    pub(crate) place: &'a Place,
    pub(crate) tell: &'a (dyn Fn(String) + Send + Sync),
}

/// What was made.
pub(crate) struct Made {
    pub(crate) checkout: Checkout,
    pub(crate) generation: Generation,
    /// What a sandbox shows of it.
    pub(crate) view: Vec<Mount>,
    /// What people should know.
    pub(crate) notices: Vec<String>,
}

/// Makes the checkout of a repository at its place.
pub(crate) async fn make(
    mirrors: &Mirrors,
    generations: &Generations,
    wanted: &Wanted<'_>,
) -> Result<Made, WorkspaceError> {
    let Wanted { repository, place, .. } = wanted;
    let what = || format!("the workspace of {} cannot be made", repository.id);
    let by_git = |error: GitError| WorkspaceError::git(what(), &place.files, &error);
    let by_disk = |error: io::Error| WorkspaceError::io(what(), &place.files, &error);
    let base = &repository.base;
    let start = start(mirrors, wanted).await.map_err(by_git)?;
    let floor = merge_base(mirrors, wanted, &start).await.map_err(by_git)?;
    let [lent, kept] = &place.lent;
    let generation = generation(mirrors, generations, wanted, lent).await?;
    let modules = modules(mirrors, generations, wanted, &generation, &start).await?;
    let beyond = start != *base && !mirrors.in_mirror(&repository.id, &start).await;
    if beyond {
        lend(mirrors, wanted, &start).await.map_err(by_git)?;
    }
    let borrowed: Vec<&Path> = match beyond {
        true => vec![&lent.at, &kept.at],
        false => vec![&lent.at],
    };
    let head = wanted
        .branch
        .map_or(Head::At(&start), |branch| Head::On(branch, &start));
    let others = repository.others.iter().map(|(branch, commit)| (branch, commit));
    let origin: Vec<(&BranchName, &CommitId)> =
        std::iter::once((&repository.base_branch, base)).chain(others).collect();
    let private = Skeleton {
        head,
        origin: &origin,
        borrowed: &borrowed,
        author: wanted.author,
        sha256: is_sha256(base),
        sparse: generation.git_dir.is_some(),
        sections: &format!(
            "{}{}",
            modules::sections(&modules.all, ""),
            if generation.layout.lfs {
                lfs::section()
            } else {
                String::new()
            }
        ),
    };
    let mut view = match generations.builder().files {
        Files::Overlay => layered(mirrors, generations, wanted, &generation, &start, &private, &modules).await?,
        _ => {
            copied(mirrors, generations, wanted, &generation, &start, &private, &modules).await?;
            Vec::new()
        }
    };
    let boxed = place.work != place.files;
    let of_modules = modules::lent(mirrors, &repository.id, &modules.all, boxed);
    let tree = place.written();
    modules::write_private(&modules.all, &of_modules, wanted.author, &tree).map_err(by_disk)?;
    view.extend(of_modules.values().map(Lent::mount));
    let local = local_files(wanted, &view, &tree, generation.setup.as_ref())?;
    view.push(lent.mount());
    if beyond {
        view.push(kept.mount());
    }
    mirrors.pin(&repository.id, wanted.key, base).map_err(by_disk)?;
    let mut notices = notices(&repository.id.to_string(), &generation, modules.notices);
    notices.extend(local.notices);
    let setup = generation.layout.setup.as_ref();
    if let Some(why) = setup.and_then(|setup| generations.setups(&repository.id).failed(setup)) {
        notices.push(format!(
            "{}: the setup command of {} failed, so what it makes is not there: {}",
            repository.id,
            crate::recipe::FILE,
            why.trim()
        ));
    }
    Ok(Made {
        notices,
        checkout: Checkout {
            path: place.work.clone(),
            start,
            floor,
            submodules: modules.all,
            local_files: local.laid,
            local_contents: local.contents,
        },
        generation,
        view,
    })
}

/// The generation that a checkout builds on, made if it is not there.
pub(crate) async fn generation(
    mirrors: &Mirrors,
    generations: &Generations,
    wanted: &Wanted<'_>,
    lent: &Lent,
) -> Result<Generation, WorkspaceError> {
    let repository = wanted.repository;
    // What most workspaces of it will have in their git folders.
    let common = Skeleton {
        head: Head::At(&repository.base),
        origin: &[(&repository.base_branch, &repository.base)],
        borrowed: &[&lent.at],
        author: wanted.author,
        sha256: is_sha256(&repository.base),
        sparse: false,
        sections: "",
    };
    generations
        .ensure(mirrors, wanted.key, repository, &common, wanted.tell)
        .await
}

/// The local files of a workspace.
#[derive(Default)]
struct Local {
    laid: Vec<LocalPath>,
    contents: Vec<String>,
    notices: Vec<String>,
}

/// Lays local files over all others. `tree` is where they are written; `view` has what lies below them.
fn local_files(
    wanted: &Wanted<'_>,
    view: &[Mount],
    tree: &Path,
    setup: Option<&crate::setup::Made>,
) -> Result<Local, WorkspaceError> {
    let Wanted { repository, place, .. } = wanted;
    if repository.local_files.is_empty() {
        return Ok(Local::default());
    }
    let what = || format!("the local files of {} cannot be laid", repository.id);
    let mut layers = vec![tree.to_owned()];
    layers.extend(view.iter().flat_map(|mount| match mount {
        Mount::Overlay { layers, at, .. } if *at == place.work => layers.clone(),
        _ => Vec::new(),
    }));
    // What a setup command made is not the repository's, and what people give comes before it.
    let made = setup.map(crate::setup::Made::layer);
    layers.retain(|layer| Some(layer) != made.as_ref());
    let below = Below {
        layers: &layers,
        to: tree,
    };
    let exclude = tree.join(".git/info/exclude");
    let written = below
        .lay(repository.id.as_str(), &repository.local_files)
        .and_then(|(laid, notices)| {
            fs::create_dir_all(tree.join(".git/info"))?;
            fs::write(exclude, local_files::excluded(&laid))?;
            Ok((laid, notices))
        });
    let (laid, notices) = written.map_err(|error| WorkspaceError::io(what(), tree, &error))?;
    Ok(Local {
        laid,
        contents: local_files::names_of(&repository.local_files, is_sha256(&repository.base)),
        notices,
    })
}

/// The submodules of a workspace.
struct Modules {
    all: Vec<Submodule>,
    /// What people should know, where it is not what the generation says.
    notices: Option<Vec<String>>,
    /// A tree of the task's own with their files, where they are not those of the generation.
    own: Option<PathBuf>,
}

/// Those of the generation, unless earlier attempts chose other commits of them, or more of them can be had by now.
async fn modules(
    mirrors: &Mirrors,
    generations: &Generations,
    wanted: &Wanted<'_>,
    generation: &Generation,
    start: &CommitId,
) -> Result<Modules, WorkspaceError> {
    let Wanted { repository, place, .. } = wanted;
    let (id, layout) = (&repository.id, &generation.layout);
    let failed = |error: GitError| {
        let what = format!("the submodules of {id} cannot be looked at");
        WorkspaceError::git(what, &place.files, &error)
    };
    let store = mirrors.store(id);
    let may_differ = layout.recipe.submodules
        && (layout.incomplete
            || *start != repository.base
                && modules::moves_links(mirrors, &store, &repository.base, start)
                    .await
                    .map_err(failed)?);
    let of_generation = || Modules {
        all: layout.modules.clone(),
        notices: None,
        own: None,
    };
    if !may_differ {
        return Ok(of_generation());
    }
    let planned = modules::plan(mirrors, repository, &store, start, &layout.recipe, wanted.tell).await;
    let planned = planned.map_err(failed)?;
    if planned.modules == layout.modules {
        return Ok(of_generation());
    }
    let tree = place.indexes.join("tree");
    modules::write(generations, mirrors, id, &planned.modules, &tree).await?;
    for module in &planned.modules {
        let index = tree.join(&module.path).join(".git/index");
        skeleton::copy_index(&index, &place.indexes.join(module.repository.as_str()))
            .map_err(|error| WorkspaceError::io(format!("the workspace of {id} cannot be made"), &tree, &error))?;
    }
    Ok(Modules {
        all: planned.modules,
        notices: Some(planned.notices),
        own: Some(tree),
    })
}

/// Makes what an overlay in the sandbox puts together.
async fn layered(
    mirrors: &Mirrors,
    generations: &Generations,
    wanted: &Wanted<'_>,
    generation: &Generation,
    start: &CommitId,
    private: &Skeleton<'_>,
    modules: &Modules,
) -> Result<Vec<Mount>, WorkspaceError> {
    let place = wanted.place;
    let failed = |error: io::Error| {
        let what = format!("the workspace of {} cannot be made", place.repository);
        WorkspaceError::io(what, &place.layers, &error)
    };
    // A layer of the task's own takes the place of the generation's skeleton.
    let below = match start == &generation.commit {
        true => generation.skeleton.join(".git"),
        false => place.layers.join("own/skeleton/.git"),
    };
    let made = fs::create_dir_all(place.layers.join("work"))
        .and_then(|()| private.write_over(&place.upper().join(".git"), &below));
    made.map_err(failed)?;
    let mut layers = vec![generation.skeleton.clone()];
    match &modules.own {
        None => layers.extend(generation.layers.iter().cloned()),
        Some(own) => layers.extend(std::iter::once(own).chain(generation.own_layers()).cloned()),
    }
    if start != &generation.commit {
        // A layer of the task's own, for what earlier attempts did.
        let own = place.layers.join("own");
        let (delta, git) = (own.join("tree"), own.join("skeleton/.git"));
        let theirs = generation.skeleton.join(".git");
        let copied =
            skeleton::write_common(&git).and_then(|()| skeleton::copy_index(&theirs.join("index"), &git.join("index")));
        copied.map_err(failed)?;
        if generation.git_dir.is_some() {
            fs::copy(theirs.join(PATTERNS), git.join(PATTERNS)).map_err(failed)?;
        }
        let id = &place.repository;
        generations
            .add_layer(mirrors, id, generation, start, &delta, &git)
            .await?;
        layers.remove(0);
        layers.splice(0..0, [own.join("skeleton"), delta]);
    }
    // Below the tree, so that what the repository holds comes first. Programs find it only where they made it.
    if place.work == Path::new(WORKSPACE) {
        layers.extend(generation.setup.iter().map(crate::setup::Made::layer));
    }
    Ok(vec![Mount::Overlay {
        layers,
        upper: place.upper(),
        at: place.work.clone(),
    }])
}

/// Makes a whole work tree.
async fn copied(
    mirrors: &Mirrors,
    generations: &Generations,
    wanted: &Wanted<'_>,
    generation: &Generation,
    start: &CommitId,
    private: &Skeleton<'_>,
    modules: &Modules,
) -> Result<(), WorkspaceError> {
    let (place, id) = (wanted.place, &wanted.repository.id);
    let failed = |error: io::Error| {
        let what = format!("the workspace of {id} cannot be made");
        WorkspaceError::io(what, &place.files, &error)
    };
    let (files, tree, name) = (
        place.files.clone(),
        generation.tree().to_owned(),
        generation.commit.to_string(),
    );
    let copies = generations.copies(id);
    let taken = tokio::task::spawn_blocking(move || {
        if let Some(parent) = files.parent() {
            fs::create_dir_all(parent)?;
        }
        copies.take(&name, &tree, &files)
    });
    taken
        .await
        .unwrap_or_else(|error| Err(io::Error::other(error)))
        .map_err(failed)?;
    let git = place.files.join(".git");
    let made = skeleton::write_common(&git)
        .and_then(|()| private.write(&git))
        .and_then(|()| skeleton::copy_index(&generation.skeleton.join(".git/index"), &git.join("index")));
    made.map_err(failed)?;
    let patterns = generation.skeleton.join(".git").join(PATTERNS);
    if generation.git_dir.is_some() {
        fs::copy(patterns, git.join(PATTERNS)).map_err(failed)?;
    }
    if start != &generation.commit {
        let args = ["read-tree", "-m", "-u", generation.commit.as_str(), start.as_str()];
        let git_dir = generation.git_dir.clone().unwrap_or_else(|| mirrors.store(id));
        generations
            .write_tree(mirrors, &git_dir, &args, &place.files, &git.join("index"))
            .await?;
    }
    if let Some(own) = &modules.own {
        for module in generation.layout.modules.iter().chain(&modules.all) {
            match fs::remove_dir_all(place.files.join(&module.path)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
                _ => {}
            }
        }
        let direct = modules.all.iter().filter(|module| module.inside.is_empty());
        for module in direct {
            let to = place.files.join(&module.path);
            let made = fs::create_dir_all(to.parent().unwrap_or(&place.files))
                .and_then(|()| copy_tree(&own.join(&module.path), &to));
            made.map_err(failed)?;
        }
    }
    Ok(())
}

/// What is kept of the same work, if it goes beyond what was asked for; else that; else the base.
async fn start(mirrors: &Mirrors, wanted: &Wanted<'_>) -> Result<CommitId, GitError> {
    let repository = wanted.repository;
    // A workspace that is only read begins at the base.
    let kept = wanted.branch.and_then(|_| mirrors.kept(&repository.id, wanted.key));
    let Some(asked) = &repository.start else {
        return Ok(kept.unwrap_or_else(|| repository.base.clone()));
    };
    match kept {
        Some(kept) if kept == *asked => Ok(kept),
        Some(kept) if is_ancestor(mirrors.in_store(&repository.id, NO_ARGS), asked, &kept).await? => Ok(kept),
        _ => Ok(asked.clone()),
    }
}

/// Lays the objects ready that the workspace needs of the import store: the work of earlier attempts that was not
/// published.
async fn lend(mirrors: &Mirrors, wanted: &Wanted<'_>, start: &CommitId) -> Result<(), GitError> {
    let [_, kept] = &wanted.place.lent;
    let packs = kept.from.join("pack");
    fs::create_dir_all(&packs).map_err(|source| GitError::Io {
        command: "pack-objects".into(),
        source,
    })?;
    let pack = mirrors.in_store(
        &wanted.repository.id,
        ["pack-objects", "--quiet", "--revs", "--delta-base-offset"],
    );
    let revisions = format!("{start}\n^{}\n", wanted.repository.base);
    let packed = pack.arg(packs.join("pack")).stdin(revisions).limit(PACKING);
    packed.text().await.map(drop)
}

/// For calls whose arguments are added later.
pub(crate) const NO_ARGS: [&str; 0] = [];

/// Whether the history of `new` holds `old`, asked with a call that has no arguments yet.
pub(crate) async fn is_ancestor(call: Call, old: &CommitId, new: &CommitId) -> Result<bool, GitError> {
    if old == new {
        return Ok(true);
    }
    let args = ["merge-base", "--is-ancestor", old.as_str(), new.as_str()];
    let ran = args.iter().fold(call, Call::arg).run().await?;
    match ran.code {
        Some(0) => Ok(true),
        Some(1) => Ok(false),
        _ => Err(ran.failure()),
    }
}

async fn merge_base(mirrors: &Mirrors, wanted: &Wanted<'_>, start: &CommitId) -> Result<CommitId, GitError> {
    let base = &wanted.repository.base;
    if base == start {
        return Ok(base.clone());
    }
    let found = mirrors.in_store(&wanted.repository.id, ["merge-base", base.as_str(), start.as_str()]);
    let found = found.run().await?;
    let text = String::from_utf8_lossy(&found.stdout).trim().to_owned();
    // Two histories without a common commit: then all of it is the work.
    Ok(CommitId::new(text).unwrap_or_else(|_| start.clone()))
}

/// Whether the repository names its objects by SHA-256.
pub(crate) fn is_sha256(commit: &CommitId) -> bool {
    commit.as_str().len() == 64
}

/// What people should know of the files, such as submodules.
/// `modules` is said in the place of what the generation says of submodules.
fn notices(repository: &str, generation: &Generation, modules: Option<Vec<String>>) -> Vec<String> {
    let layout = &generation.layout;
    let mut found = layout.notices.clone();
    found.extend(modules.unwrap_or_else(|| layout.of_modules.clone()));
    let mut layers = generation.layers.iter();
    if !layout.recipe.submodules && layers.any(|layer| layer.join(".gitmodules").is_file()) {
        found.push(format!(
            "{repository} has submodules; their folders are left empty, as {} says",
            crate::recipe::FILE
        ));
    }
    found
}
