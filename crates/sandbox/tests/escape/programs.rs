//! Programs that users without rights can run, and programs that lend rights.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};

use tempfile::TempDir;

use crate::scene;
use crate::setting::SECRET;

/// The user whose rights a program lends.
const OWNER: u32 = 64_322;

/// The programs that any user may run, made once, because one that is being written cannot be run.
pub(crate) struct Programs {
    pub(crate) folder: TempDir,
}

impl Programs {
    /// Those that somebody has, or new ones; they are removed with whoever has them last.
    pub(crate) fn get() -> Arc<Self> {
        static MADE: Mutex<Weak<Programs>> = Mutex::new(Weak::new());
        let mut made = MADE.lock().unwrap();
        made.upgrade().unwrap_or_else(|| {
            let new = Arc::new(Self::make());
            *made = Arc::downgrade(&new);
            new
        })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        mode(folder.path(), 0o755);
        let supervisor = env!("CARGO_BIN_EXE_team6-supervisor");
        let probe = env!("CARGO_BIN_EXE_team6-probe");
        for (name, from) in [
            ("supervisor", supervisor),
            ("probe", probe),
            ("lending", probe),
            ("capable", probe),
        ] {
            scene::install(from, &folder.path().join(name));
        }
        let secret = folder.path().join("owners-secret");
        fs::write(&secret, format!("{SECRET}of-the-owner")).unwrap();
        mode(&secret, 0o600);
        let lending = folder.path().join("lending");
        if rustix::process::geteuid().is_root() {
            // Nobody, so that it would harm nobody if it were left behind.
            for owned in [&secret, &lending] {
                std::os::unix::fs::chown(owned, Some(OWNER), None).unwrap();
            }
        }
        mode(&lending, 0o4755);
        // The right to take the processor from others, effective at once.
        let right: [u8; 20] = [1, 0, 0, 2, 0, 0, 128, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let capable = folder.path().join("capable");
        let _ = rustix::fs::setxattr(capable, "security.capability", &right, rustix::fs::XattrFlags::empty());
        Self { folder }
    }
}

pub(crate) fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}
