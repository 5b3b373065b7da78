//! Folders that were made ahead of time, and are taken by a rename.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// What the names of folders begin with that are ready, and of those that are being made.
const READY: &str = "ready-";
const MAKING: &str = "making-";

/// A folder of such folders.
#[derive(Debug)]
pub(crate) struct Pool {
    folder: PathBuf,
}

/// Tells folders apart.
static NEXT: AtomicU64 = AtomicU64::new(0);

impl Pool {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Puts one to where nothing is; false if none is ready.
    pub(crate) fn take(&self, to: &Path) -> bool {
        let ready = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        ready
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(READY))
            // Somebody else may take it at the same time; one of us gets it.
            .any(|entry| fs::rename(entry.path(), to).is_ok())
    }

    /// Makes as many as are to be ready. Blocks.
    pub(crate) fn refill(&self, most: usize, make: impl Fn(&Path) -> io::Result<()>) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        while fs::read_dir(&self.folder)?.count() < most {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!("{}-{number}", std::process::id());
            let making = self.folder.join(format!("{MAKING}{name}"));
            make(&making)?;
            fs::rename(making, self.folder.join(format!("{READY}{name}")))?;
        }
        Ok(())
    }

    /// Removes all.
    pub(crate) fn clear(&self) -> io::Result<()> {
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ready_is_taken_once_and_made_again() {
        let place = tempfile::tempdir().unwrap();
        let pool = Pool::new(place.path().join("pool"));
        let to = |name: &str| place.path().join(name);
        assert!(!pool.take(&to("none")));
        pool.refill(2, |folder| fs::create_dir(folder)).unwrap();
        assert!(pool.take(&to("a")) && pool.take(&to("b")) && !pool.take(&to("c")));
        assert!(to("a").is_dir() && to("b").is_dir() && !to("c").exists());
        pool.refill(2, |folder| fs::create_dir(folder)).unwrap();
        assert!(pool.take(&to("c")));
        pool.clear().unwrap();
        assert!(!pool.take(&to("d")));
    }
}
