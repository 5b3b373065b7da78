//! What was changed in a layered work tree, read off the layer that was written: it names everything that differs from the
//! layers below, so that nobody has to look at the files that do not.
//!
//! Only names and kinds are read, and no link is followed: an agent wrote this. Nothing may write while it is read.

use std::ffi::CStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

/// What marks a folder that hides the one below it, and one that was renamed; see the kernel's overlayfs.rst.
const MARKS: [&CStr; 2] = [c"trusted.overlay.opaque", c"trusted.overlay.redirect"];
/// How long the paths may be together, in bytes: they become arguments of git.
const BYTES: usize = 512 << 10;

/// The paths that may differ from what the layers below hold, relative to the work tree: files, links, what was deleted,
/// and folders that are to be looked at as a whole. `.git` is left out. None if there are more than `most`, or if another
/// repository began in a folder that was there before: then all is to be looked at.
pub(crate) fn changes(upper: &Path, layers: &[PathBuf], most: usize) -> io::Result<Option<Vec<Vec<u8>>>> {
    let mut found = Vec::new();
    let mut bytes = 0;
    let mut waiting = vec![PathBuf::new()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(upper.join(&folder))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if path.as_os_str() == ".git" {
                continue;
            }
            if entry.file_type()?.is_dir() && is_merged(&entry.path(), &path, layers)? {
                waiting.push(path);
                continue;
            }
            if path.file_name().is_some_and(|name| name == ".git") {
                return Ok(None);
            }
            bytes += path.as_os_str().len() + 1;
            found.push(path.into_os_string().as_bytes().to_vec());
            if found.len() > most || bytes > BYTES {
                return Ok(None);
            }
        }
    }
    Ok(Some(found))
}

/// Whether a folder shows what lies below it, at the same place, together with what was changed.
fn is_merged(folder: &Path, path: &Path, layers: &[PathBuf]) -> io::Result<bool> {
    for mark in MARKS {
        match rustix::fs::lgetxattr(folder, mark, &mut [0_u8; 0][..]) {
            Err(Errno::NODATA | Errno::OPNOTSUPP) => {}
            Ok(_) | Err(Errno::RANGE) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
    }
    let below = layers
        .iter()
        .find_map(|layer| fs::symlink_metadata(layer.join(path)).ok());
    Ok(below.is_some_and(|below| below.is_dir()))
}
