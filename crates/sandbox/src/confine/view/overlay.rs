//! Layers seen as one folder.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, openat};
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountFlags, UnmountFlags, fsconfig_create, fsconfig_set_fd,
    fsconfig_set_flag, fsconfig_set_string, fsmount, fsopen, unmount,
};

use super::{LAYERS, make, put_tree, restrict, showing, tree};
use crate::confine::place::{self, Root};
use crate::confine::{Step, Trouble};

/// How overlays are made where folders of lower layers can be renamed.
const RENAMES: [(&str, &str); 3] = [("redirect_dir", "on"), ("metacopy", "off"), ("index", "off")];

/// Puts layers together, the topmost first, and the overlay at its place.
pub(super) fn put(
    root: &Root,
    layers: &[PathBuf],
    upper: &Path,
    at: &Path,
    owner: Option<&OwnedFd>,
) -> Result<(), Trouble> {
    let step = showing(at);
    let layers: Vec<OwnedFd> = layers.iter().map(|layer| tree(layer)).collect::<Result<_, _>>()?;
    let written = tree(upper.parent().unwrap_or(upper))?;
    let place = root.folder(at).step(&step)?;
    for layer in &layers {
        restrict(layer, true, owner).step(&step)?;
    }
    restrict(&written, false, owner).step(&step)?;
    let upper = upper.file_name().unwrap_or_default();
    match overlay(&layers, &written, upper, owner.is_some()) {
        Ok(overlay) => place::put(&overlay, &place).step(&step),
        // Kernels before 6.15 want layers that are attached somewhere.
        Err(_) => put_attached(&layers, &written, upper, &place, owner.is_some()).step(&step),
    }
}

/// An overlay that is attached nowhere, of layers that are not either.
fn overlay(layers: &[OwnedFd], written: &OwnedFd, upper: &OsStr, renames: bool) -> io::Result<OwnedFd> {
    let overlay = fsopen("overlay", FsOpenFlags::FSOPEN_CLOEXEC)?;
    let overlay = overlay.as_fd();
    for layer in layers {
        fsconfig_set_fd(overlay, "lowerdir+", layer)?;
    }
    let folder = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    for (key, name) in [("upperdir", upper), ("workdir", OsStr::new("work"))] {
        let opened = openat(written, name, folder, Mode::empty())?;
        fsconfig_set_fd(overlay, key, opened)?;
    }
    match renames {
        true => RENAMES
            .iter()
            .try_for_each(|(key, value)| fsconfig_set_string(overlay, *key, *value))?,
        false => fsconfig_set_flag(overlay, "userxattr")?,
    }
    fsconfig_create(overlay)?;
    let flags = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV;
    Ok(fsmount(overlay, FsMountFlags::FSMOUNT_CLOEXEC, flags)?)
}

/// The same where layers are attached one by one, put together, and taken away: the overlay keeps hold of them.
fn put_attached(
    layers: &[OwnedFd],
    written: &OwnedFd,
    upper: &OsStr,
    place: &OwnedFd,
    renames: bool,
) -> io::Result<()> {
    let mut names = Vec::new();
    for (i, layer) in layers.iter().chain([written]).enumerate() {
        // The current folder is the base; short relative names, because all of them must fit on one page.
        let name = PathBuf::from(LAYERS).join(i.to_string());
        fs::create_dir_all(&name)?;
        put_tree(layer, &name)?;
        names.push(name);
    }
    let written = names.last().cloned().unwrap_or_default();
    let lower: Vec<String> = names[..layers.len()]
        .iter()
        .map(|name| name.display().to_string())
        .collect();
    let renames = match renames {
        true => RENAMES.map(|(key, value)| format!("{key}={value}")).join(","),
        false => "userxattr".to_owned(),
    };
    let options = format!(
        "lowerdir={},upperdir={},workdir={},{renames}",
        lower.join(":"),
        written.join(upper).display(),
        written.join("work").display(),
    );
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    let made = Path::new(LAYERS).join("overlay");
    fs::create_dir_all(&made)?;
    make("overlay", &made, flags, &options)?;
    place::move_to(&made, place)?;
    for name in &names {
        unmount(name, UnmountFlags::DETACH)?;
        let _ = fs::remove_dir(name);
    }
    Ok(())
}
