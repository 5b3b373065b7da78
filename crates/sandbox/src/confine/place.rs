//! Places below the new root of a sandbox.
//!
//! Some lie in folders that an agent wrote earlier, and while they are laid out the machine's own root is still there and
//! root's rights may be. So no path is followed as it stands: links lead nowhere but within the new root, and what is at a
//! place is worked with by descriptors.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, Gid, Mode, OFlags, ResolveFlags, Uid, chownat, fstat, mkdirat, open, openat, openat2, symlinkat,
    unlinkat,
};
use rustix::io::Errno;
use rustix::mount::{MoveMountFlags, OpenTreeFlags, move_mount, open_tree};

/// How often to try anew when something was renamed meanwhile.
const RACES: usize = 32;

pub(super) struct Root {
    folder: OwnedFd,
    /// The file system that it lies on itself.
    device: u64,
    /// The machine's id of the sandbox's user, if that is not the engine's.
    user: Option<u32>,
}

impl Root {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = open(path, flags, Mode::empty())?;
        let device = fstat(&folder)?.st_dev;
        Ok(Self {
            folder,
            device,
            user: None,
        })
    }

    /// Gives what is made from now on to a user, where it lies in what that user can write.
    pub(super) fn owned_by(self, user: u32) -> Self {
        Self {
            user: Some(user),
            ..self
        }
    }

    /// Otherwise it would stay on the disk as this sandbox's user's, whom the next one does not know.
    fn hand_over(&self, folder: &OwnedFd, name: &Path) -> io::Result<()> {
        let Some(user) = self.user else { return Ok(()) };
        if fstat(folder)?.st_dev == self.device {
            return Ok(());
        }
        let (owner, group) = (Uid::from_raw(user), Gid::from_raw(user));
        Ok(chownat(
            folder,
            name,
            Some(owner),
            Some(group),
            AtFlags::SYMLINK_NOFOLLOW,
        )?)
    }

    /// A folder, which is made if it is not there.
    pub(super) fn folder(&self, at: &Path) -> io::Result<OwnedFd> {
        let found = self.find(at, OFlags::DIRECTORY);
        if found.as_ref().err() != Some(&Errno::NOENT) {
            return Ok(found?);
        }
        let (folder, name) = self.parent(at)?;
        mkdirat(&folder, name, Mode::from_raw_mode(0o755))?;
        self.hand_over(&folder, name)?;
        Ok(self.find(at, OFlags::DIRECTORY)?)
    }

    /// A file, which is made if it is not there.
    pub(super) fn file(&self, at: &Path) -> io::Result<OwnedFd> {
        let found = self.find(at, OFlags::empty());
        if found.as_ref().err() != Some(&Errno::NOENT) {
            return Ok(found?);
        }
        self.make_file(at)?;
        Ok(self.find(at, OFlags::empty())?)
    }

    /// Replaces whatever file is there by one with this text.
    pub(super) fn write(&self, at: &Path, text: &str) -> io::Result<()> {
        let (folder, name) = self.parent(at)?;
        let _ = unlinkat(&folder, name, AtFlags::empty());
        self.make_file(at)?.write_all(text.as_bytes())
    }

    /// The same for a link.
    pub(super) fn link(&self, at: &Path, to: &Path) -> io::Result<()> {
        let (folder, name) = self.parent(at)?;
        let _ = unlinkat(&folder, name, AtFlags::empty());
        symlinkat(to, &folder, name)?;
        self.hand_over(&folder, name)
    }

    fn make_file(&self, at: &Path) -> io::Result<File> {
        let (folder, name) = self.parent(at)?;
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let made = openat(&folder, name, flags, Mode::from_raw_mode(0o644))?;
        self.hand_over(&folder, name)?;
        Ok(made.into())
    }

    fn parent<'a>(&self, at: &'a Path) -> io::Result<(OwnedFd, &'a Path)> {
        let name = at.file_name().ok_or(Errno::INVAL)?;
        let folder = self.folder(at.parent().unwrap_or(Path::new("/")))?;
        Ok((folder, Path::new(name)))
    }

    fn find(&self, at: &Path, kind: OFlags) -> Result<OwnedFd, Errno> {
        let flags = OFlags::PATH | OFlags::CLOEXEC | kind;
        let within = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        let mut found = Err(Errno::AGAIN);
        for _ in 0..RACES {
            found = openat2(&self.folder, at, flags, Mode::empty(), within);
            if !matches!(found, Err(Errno::AGAIN | Errno::INTR)) {
                break;
            }
        }
        found
    }
}

/// Mounts a tree at a place.
pub(super) fn put(tree: &impl AsFd, at: &OwnedFd) -> io::Result<()> {
    let here = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    Ok(move_mount(tree, "", at, "", here)?)
}

/// Moves what is mounted at `from`, a path that nobody else can change.
pub(super) fn move_to(from: &Path, at: &OwnedFd) -> io::Result<()> {
    let mounted = open_tree(CWD, from, OpenTreeFlags::OPEN_TREE_CLOEXEC)?;
    put(&mounted, at)
}
