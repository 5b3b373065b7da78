//! Brings an agent's work into the import store: packed where the agent worked, checked here before anything is taken.
//!
//! Trusted git reads a stream of objects and nothing else of the agent's. The pack is indexed in quarantine, with every
//! object and every link between them checked; what the store already has is whole, so what passes is whole as well.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use team6_core::ids::{BranchName, CommitId};
use team6_git::GitError;
use team6_sandbox::reach::Mount;
use team6_sandbox::{Exit, TreeMark};
use tokio::io::AsyncReadExt;

use crate::checkout::{NO_ARGS, is_ancestor, is_sha256};
use crate::error::WorkspaceError;
use crate::files::{changes, move_file};
use crate::guest::{ENGINE, Guest, command, prepare_home};
use crate::layout::Layout;
use crate::lfs;
use crate::local::LocalOptions;
use crate::local_files;
use crate::mirror::{Mirrors, work_ref};
use crate::pack::{FEW, How, LARGEST_FILE, Order, Outcome, Packed, is_folder};
use crate::provisioner::{Checkout, Imported, Workspace};
use crate::skeleton::{Head, Skeleton, write_common};
use crate::slot::{Found, Place, Slot};

/// How long packing and checking may take, each.
const STEP: Duration = Duration::from_secs(900);
/// The largest pack that is taken over from a workspace, in bytes.
const LARGEST: u64 = 4 << 30;
/// What git says when objects break a rule.
const CHECKS: [&str; 2] = ["fsck", "maximum allowed size"];
/// The most that the packing process may say, in bytes.
const SAID: u64 = 4 << 20;
/// The most branches of an agent's that are kept beside its own.
const ASIDE: usize = 60;

/// The file of the paths that were changed.
const CHANGED: &str = "changed";

pub(crate) struct Import<'a> {
    pub(crate) options: &'a LocalOptions,
    pub(crate) mirrors: &'a Mirrors,
    pub(crate) slot: &'a Slot,
    pub(crate) place: &'a Place,
    pub(crate) workspace: &'a Workspace,
    pub(crate) checkout: &'a Checkout,
    pub(crate) branch: &'a BranchName,
    /// If it is a submodule: git's index of its files as they were at the beginning. Its history may go anywhere.
    pub(crate) module: Option<&'a Path>,
}

/// Why a pack was not taken.
enum Trouble {
    /// What is in it breaks a rule.
    Refused(String),
    /// It is not whole.
    Damaged(String),
    /// Something else went wrong, which has nothing to do with it.
    Ours(WorkspaceError),
}

impl Import<'_> {
    pub(crate) async fn run(&self) -> Result<Imported, WorkspaceError> {
        let mut given_up = None;
        for how in [How::Everything, How::Branch, How::Files] {
            let packed = self.pack(how).await?;
            let had_more = !packed.aside.is_empty();
            let large = packed.large.clone();
            match self.take(packed).await {
                Ok((head, mut notices)) => {
                    notices.extend(large.iter().map(|path| self.set_aside(path)));
                    return self.taken(head, notices, given_up).await;
                }
                Err(Trouble::Ours(error)) => return Err(error),
                // What lies beside the branch may be the reason; the branch alone is tried before that is said.
                Err(_) if how == How::Everything && had_more => {}
                Err(trouble) => _ = given_up.get_or_insert(trouble),
            }
        }
        match given_up {
            Some(Trouble::Refused(why) | Trouble::Damaged(why)) => Err(self.refused(why)),
            Some(Trouble::Ours(error)) => Err(error),
            None => Err(self.refused("nothing of it can be taken".into())),
        }
    }

    /// Brings out the commits of the branch alone, beside an agent that goes on.
    pub(crate) async fn committed(&self) -> Result<Imported, WorkspaceError> {
        let packed = self.pack(How::Committed).await?;
        match self.take(packed).await {
            Ok((head, notices)) => self.taken(head, notices, None).await,
            Err(Trouble::Refused(why) | Trouble::Damaged(why)) => Err(self.refused(why)),
            Err(Trouble::Ours(error)) => Err(error),
        }
    }

    /// `given_up` is why the agent's own commits were not taken.
    async fn taken(
        &self,
        head: CommitId,
        mut notices: Vec<String>,
        given_up: Option<Trouble>,
    ) -> Result<Imported, WorkspaceError> {
        let id = &self.place.repository;
        match given_up {
            Some(Trouble::Refused(why)) => {
                self.keep(&head)?;
                return Err(self.refused(format!("{why}; the files that lie there are kept as {}", head.short())));
            }
            Some(Trouble::Damaged(why)) => notices.push(format!(
                "the commits in {id} cannot be read: {why}; the files that lie there were committed in their place"
            )),
            Some(Trouble::Ours(error)) => return Err(error),
            None => {}
        }
        if self.module.is_none() {
            self.check_history(&head).await?;
        }
        self.keep(&head)?;
        Ok(Imported {
            repository: id.clone(),
            changed: head != self.checkout.floor && self.differs(&head).await?,
            head,
            store: self.mirrors.store(id),
            notices,
        })
    }

    /// Keeps the objects of Git LFS that the agent added, and tells of them.
    pub(crate) async fn keep_lfs(&self) -> Result<Option<String>, WorkspaceError> {
        let id = &self.place.repository;
        let claimed = self.workspace.claim.repository(id);
        let Some(claimed) = claimed.filter(|one| Layout::read(&self.mirrors.generation(id, &one.base)).lfs) else {
            return Ok(None);
        };
        let theirs = match self.place.find(Path::new(".git/lfs")) {
            Found::Here(lfs) => Some(lfs),
            Found::Link | Found::Nothing => None,
        };
        let scratch = Some(self.slot.pack().join("tmp/scratch.git")).filter(|git| is_folder(git));
        let folders: Vec<PathBuf> = theirs
            .into_iter()
            .chain(scratch.map(|git| git.join("lfs")))
            .filter(|lfs| is_folder(lfs))
            .collect();
        let storage = self.mirrors.lfs(id);
        let kept = tokio::task::spawn_blocking(move || lfs::keep(&storage, &folders)).await;
        let kept = kept.unwrap_or_else(|error| Err(io::Error::other(error)));
        let kept = kept.map_err(|error| self.disk(&error))?;
        Ok(lfs::notice(self.mirrors, id, &claimed.origin, &kept))
    }

    /// Has what was done packed beside the agent's files.
    async fn pack(&self, how: How) -> Result<Packed, WorkspaceError> {
        let home = self.slot.pack();
        let tmp = home.join("tmp");
        let failed = |error: io::Error| self.disk(&error);
        match fs::remove_dir_all(&tmp) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        prepare_home(&home).map_err(failed)?;
        let boxed = self.workspace.boxed.is_some();
        let seen = if boxed { PathBuf::from("/tmp") } else { tmp.clone() };
        let claimed = self.workspace.claim.repository(&self.place.repository);
        let base = claimed.map_or(&self.checkout.start, |one| &one.base);
        let skeleton = self.index(base);
        let index = match boxed {
            true => PathBuf::from("/index"),
            false => skeleton.clone(),
        };
        let layout = Layout::read(&self.mirrors.generation(&self.place.repository, base));
        let lent = self.place.lent.iter().filter(|lent| lent.from.exists());
        let order = Order {
            repository: self.place.repository.to_string(),
            attempt: self.workspace.claim.attempt,
            branch: self.branch.clone(),
            base: base.clone(),
            start: self.checkout.start.clone(),
            author: self.workspace.claim.author.clone(),
            git: self.options.git.clone(),
            work: self.checkout.path.clone(),
            index,
            changed: (how != How::Committed && self.changes(&tmp).map_err(failed)?).then(|| seen.join(CHANGED)),
            lent: lent.map(|lent| lent.at.clone()).collect(),
            scratch: seen.join("scratch.git"),
            pack: seen.join("pack"),
            recipe: layout.recipe,
            lfs: layout.lfs,
            local: self.checkout.local_files.clone(),
            local_contents: self.checkout.local_contents.clone(),
            modules: self
                .checkout
                .submodules
                .iter()
                .map(|module| module.path.clone())
                .collect(),
            how,
        };
        let order = serde_json::to_string(&order).map_err(|error| self.failed(error.to_string()))?;
        self.run_packer(&home, skeleton, order, how).await
    }

    /// Writes which paths were changed, if that can be told, as a file of this folder.
    fn changes(&self, folder: &Path) -> io::Result<bool> {
        let upper = self.place.upper();
        let view = self.workspace.boxed.iter().flat_map(|boxed| &boxed.view);
        let mut layers = view.filter_map(|mount| match mount {
            Mount::Overlay { layers, upper: of, .. } if *of == upper => Some(layers),
            _ => None,
        });
        let Some(paths) = layers
            .next()
            .map(|layers| changes(&upper, layers, FEW))
            .transpose()?
            .flatten()
        else {
            return Ok(false);
        };
        let listed: Vec<u8> = paths.into_iter().flat_map(|path| [path, vec![0]].concat()).collect();
        fs::write(folder.join(CHANGED), listed).map(|()| true)
    }

    async fn run_packer(&self, home: &Path, index: PathBuf, order: String, how: How) -> Result<Packed, WorkspaceError> {
        let (program, args) = &self.options.packer;
        let mut workspace = self.workspace.clone();
        let program = match &mut workspace.boxed {
            None => program.clone(),
            Some(boxed) => {
                let home = Path::new(crate::guest::HOME);
                boxed
                    .view
                    .retain(|mount| !matches!(mount, Mount::Overlay { at, .. } if at.starts_with(home)));
                if how == How::Committed {
                    boxed.view = self.beside(&boxed.view).map_err(|error| self.disk(&error))?;
                }
                ENGINE.into()
            }
        };
        let mut guest = Guest::new(&program, home);
        guest.args = args.iter().cloned().chain([order]).map(Into::into).collect();
        guest.shown = vec![
            Mount::System {
                from: self.options.packer.0.clone(),
                at: ENGINE.into(),
            },
            Mount::ReadOnly {
                from: index,
                at: "/index".into(),
            },
        ];
        let tree = format!("pack-{}", self.workspace.claim.attempt);
        let mark = TreeMark::new(self.options.data_folder.clone(), tree);
        let mark = mark.map_err(|error| self.failed(error.to_string()))?;
        let mut spec = command(&workspace, guest);
        spec.cwd = "/".into();
        let mut tree = match self.options.launcher.spawn(spec, &mark).await {
            Ok(tree) => tree,
            Err(error) => return Err(self.failed(error.to_string())),
        };
        tree.stdin = None;
        let mut said = Vec::new();
        if let Some(stdout) = tree.stdout.take() {
            let mut limited = stdout.take(SAID);
            let read = tokio::time::timeout(STEP, limited.read_to_end(&mut said));
            if read.await.is_err() {
                return Err(self.failed(format!("packing took longer than {} s", STEP.as_secs())));
            }
        }
        let exit = tree.end(Duration::from_secs(1)).await.exit;
        let last = String::from_utf8_lossy(&said);
        match (exit, serde_json::from_str(last.lines().last().unwrap_or_default())) {
            (Exit::Code(0), Ok(Outcome::Packed(packed))) => Ok(packed),
            (_, Ok(Outcome::Lost(why))) => Err(WorkspaceError::Lost {
                repository: self.place.repository.clone(),
                why,
            }),
            (_, Ok(Outcome::Full(why))) => Err(WorkspaceError::OutOfRoom {
                path: self.slot.path.clone(),
                why,
            }),
            (_, Ok(Outcome::Failed(why))) => Err(self.failed(why)),
            (exit, _) => Err(self.failed(format!("the process that packs it ended with {exit}"))),
        }
    }

    /// The same view for a process beside an agent that goes on: what the agent writes is only read, since an upper layer
    /// can be that of one overlay alone.
    fn beside(&self, view: &[Mount]) -> io::Result<Vec<Mount>> {
        let folder = self.slot.pack().join("beside");
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut seen = Vec::new();
        for (number, mount) in view.iter().enumerate() {
            let Mount::Overlay { layers, upper, at } = mount else {
                seen.push(mount.clone());
                continue;
            };
            let own = folder.join(number.to_string());
            for name in ["upper", "work"] {
                fs::create_dir_all(own.join(name))?;
            }
            seen.push(Mount::Overlay {
                layers: std::iter::once(upper).chain(layers).cloned().collect(),
                upper: own.join("upper"),
                at: at.clone(),
            });
        }
        Ok(seen)
    }

    /// Git's index of the files as they were at the beginning.
    fn index(&self, base: &CommitId) -> PathBuf {
        if let Some(index) = self.module {
            return index.to_owned();
        }
        let own = self.place.layers.join("own/skeleton/.git/index");
        match own.exists() {
            true => own,
            false => self
                .mirrors
                .generation(&self.place.repository, base)
                .join("skeleton/.git/index"),
        }
    }

    /// Takes a pack over, if it passes; gives the newest commit, and what people should know.
    async fn take(&self, packed: Packed) -> Result<(CommitId, Vec<String>), Trouble> {
        let refused = |why: &str| Trouble::Refused(why.to_owned());
        let head = packed.head.ok_or_else(|| refused("there is no commit"))?;
        let pack = self.slot.pack().join("tmp/pack");
        let store = self.mirrors.store(&self.place.repository);
        let quarantine =
            Quarantine::make(&store, is_sha256(&head)).map_err(|error| Trouble::Ours(self.disk(&error)))?;
        self.check(&quarantine, &pack).await?;
        let new: Vec<&CommitId> = std::iter::once(&head)
            .chain(packed.aside.iter().map(|(_, commit)| commit))
            .collect();
        self.check_local_files(&quarantine, &new).await?;
        quarantine
            .release(&store)
            .map_err(|error| Trouble::Ours(self.disk(&error)))?;

        let id = &self.place.repository;
        let attempt = self.workspace.claim.attempt;
        let mut notices = packed.notices;
        let mut refs = vec![(format!("refs/team6/attempts/{attempt}"), head.clone())];
        for (name, commit) in packed.aside.into_iter().take(ASIDE) {
            let proper = match name.as_str() {
                "HEAD" | "stash" => true,
                name => name
                    .strip_prefix("heads/")
                    .is_some_and(|short| BranchName::new(short).is_ok()),
            };
            if !proper {
                continue;
            }
            let aside = format!("refs/team6/aside/{attempt}/{name}");
            notices.push(match name.as_str() {
                "HEAD" => format!(
                    "{id} was not on its branch at the end; what lay there is kept as {aside} of the import store"
                ),
                name => format!("the agent left {name} in {id}, which is kept as {aside} of the import store"),
            });
            refs.push((aside, commit));
        }
        let lines: String = refs
            .iter()
            .map(|(name, commit)| format!("update {name} {commit}\n"))
            .collect();
        let update = self.mirrors.in_store(id, ["update-ref", "--stdin"]).stdin(lines);
        match update.text().await {
            Ok(_) => Ok((head, notices)),
            // Such as a name for which there is no commit.
            Err(error @ GitError::Failed { .. }) => Err(Trouble::Damaged(error.said().to_owned())),
            Err(error) => Err(Trouble::Ours(self.git(&error))),
        }
    }

    /// Checks every object of a pack, in quarantine.
    async fn check(&self, quarantine: &Quarantine, pack: &Path) -> Result<(), Trouble> {
        // The agent's user wrote it: what is read must be a plain file.
        let plain = fs::symlink_metadata(pack).is_ok_and(|found| found.is_file() && found.len() <= LARGEST);
        let opened = plain.then(|| fs::File::open(pack).ok()).flatten();
        let file = opened.ok_or_else(|| Trouble::Refused("there is no pack, or it is too large".into()))?;
        let args = ["index-pack", "--stdin", "--fix-thin", "--strict", "--fsck-objects"];
        let call = self
            .mirrors
            .git()
            .call(args)
            .arg(format!("--max-input-size={LARGEST}"))
            .git_dir(&quarantine.path)
            .config("core.protectHFS", "true")
            .config("core.protectNTFS", "true")
            .stdin_file(file)
            .limit(STEP);
        match call.text().await {
            Ok(_) => Ok(()),
            Err(error @ GitError::Failed { .. }) => {
                let said = error.said().to_owned();
                Err(match CHECKS.iter().any(|word| said.contains(word)) {
                    true => Trouble::Refused(said),
                    false => Trouble::Damaged(said),
                })
            }
            Err(error) => Err(Trouble::Ours(self.git(&error))),
        }
    }

    /// Local files must not get out, whatever an agent committed.
    async fn check_local_files(&self, quarantine: &Quarantine, new: &[&CommitId]) -> Result<(), Trouble> {
        let Checkout {
            start,
            local_files: laid,
            local_contents: contents,
            ..
        } = self.checkout;
        if laid.is_empty() && contents.is_empty() {
            return Ok(());
        }
        let claimed = self.workspace.claim.repository(&self.place.repository);
        let known: Vec<&CommitId> = claimed.map(|one| &one.base).into_iter().chain([start]).collect();
        let held = local_files::held_by(self.mirrors, &quarantine.path, new, &known, laid, contents).await;
        match held {
            Ok(None) => Ok(()),
            Ok(Some(path)) => Err(Trouble::Refused(format!(
                "they hold a local file of the team, as {}; take it out of every one of them",
                path.escape_debug()
            ))),
            Err(error @ GitError::Failed { .. }) => Err(Trouble::Damaged(error.said().to_owned())),
            Err(error) => Err(Trouble::Ours(self.git(&error))),
        }
    }

    /// The work must build on what it was given.
    async fn check_history(&self, head: &CommitId) -> Result<(), WorkspaceError> {
        let floor = &self.checkout.floor;
        let call = self.mirrors.in_store(&self.place.repository, NO_ARGS);
        match is_ancestor(call, floor, head).await.map_err(|error| self.git(&error))? {
            true => Ok(()),
            false => Err(self.refused(format!(
                "history was rewritten below {}, on which the task builds; the commits are kept as \
                 refs/team6/attempts/{} of the import store",
                floor.short(),
                self.workspace.claim.attempt
            ))),
        }
    }

    /// Moves a file that is too large for a commit out of the workspace, which is removed later; says where it is.
    fn set_aside(&self, path: &[u8]) -> String {
        let relative = Path::new(OsStr::from_bytes(path));
        let aside = self
            .mirrors
            .aside(&self.place.repository, self.workspace.claim.attempt)
            .join(relative);
        let moved = match (self.place.find(relative), aside.parent()) {
            (Found::Here(file), Some(folder)) => fs::create_dir_all(folder).and_then(|()| move_file(&file, &aside)),
            _ => Err(io::ErrorKind::InvalidInput.into()),
        };
        let shown = String::from_utf8_lossy(path).escape_debug().to_string();
        match moved {
            Ok(()) => format!(
                "{shown} is larger than {} MiB and was left out; it is kept as {}",
                LARGEST_FILE >> 20,
                aside.display()
            ),
            Err(error) => format!(
                "{shown} is larger than {} MiB, and it cannot be kept: {error}",
                LARGEST_FILE >> 20
            ),
        }
    }

    fn keep(&self, head: &CommitId) -> Result<(), WorkspaceError> {
        let store = self.mirrors.store(&self.place.repository);
        let kept = crate::mirror::write_ref(&store, &work_ref(&self.workspace.claim.key), head);
        kept.map_err(|error| self.disk(&error))
    }

    async fn differs(&self, head: &CommitId) -> Result<bool, WorkspaceError> {
        let args = ["diff-tree", "--quiet", self.checkout.floor.as_str(), head.as_str()];
        let ran = self.mirrors.in_store(&self.place.repository, args).run().await;
        Ok(ran.map_err(|error| self.git(&error))?.code != Some(0))
    }

    fn refused(&self, why: String) -> WorkspaceError {
        WorkspaceError::Refused {
            repository: self.place.repository.clone(),
            why,
        }
    }

    fn what(&self) -> String {
        format!("the work in {} cannot be brought out", self.place.repository)
    }

    fn failed(&self, why: String) -> WorkspaceError {
        WorkspaceError::Failed { what: self.what(), why }
    }

    fn git(&self, error: &GitError) -> WorkspaceError {
        WorkspaceError::git(self.what(), &self.slot.path, error)
    }

    fn disk(&self, error: &io::Error) -> WorkspaceError {
        WorkspaceError::io(self.what(), &self.slot.path, error)
    }
}

/// A git folder that borrows the store's objects, for objects that were not checked yet. Removed when dropped.
struct Quarantine {
    path: PathBuf,
}

static NEXT: AtomicU64 = AtomicU64::new(0);

impl Quarantine {
    fn make(store: &Path, sha256: bool) -> io::Result<Self> {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = store.with_file_name(format!("quarantine-{number}.git"));
        let made = Self { path };
        let _ = fs::remove_dir_all(&made.path);
        write_common(&made.path)?;
        let nobody = (String::new(), String::new());
        let borrowed = [store.join("objects")];
        let skeleton = Skeleton {
            head: Head::Unborn,
            origin: &[],
            borrowed: &[&borrowed[0]],
            author: &nobody,
            sha256,
            sparse: false,
            sections: "",
        };
        skeleton.write(&made.path)?;
        Ok(made)
    }

    /// Moves what was checked into the store; the index of a pack last, since it makes it known.
    fn release(&self, store: &Path) -> io::Result<()> {
        let (from, to) = (self.path.join("objects/pack"), store.join("objects/pack"));
        fs::create_dir_all(&to)?;
        let mut names: Vec<_> = fs::read_dir(&from)?.flatten().map(|entry| entry.file_name()).collect();
        names.sort_by_key(|name| name.to_string_lossy().ends_with(".idx"));
        for name in names {
            fs::rename(from.join(&name), to.join(&name))?;
        }
        Ok(())
    }
}

impl Drop for Quarantine {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}
