//! The contents of local files: what workspaces get and no repository holds, such as `.env`.
//!
//! They lie in a folder of their own, for the server's user alone: `local-files/<project>/<repository>/<hash of the
//! path>`. The log knows of each its path, its size, who gave it and when; nothing else holds any of the content.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use team6_core::ids::{ProjectId, RepositoryId};
use team6_core::local_path::LocalPath;

/// The largest that is kept, in bytes.
pub const LARGEST: usize = 1 << 20;

/// The folder of local files.
#[derive(Debug, Clone)]
pub struct LocalFiles {
    root: PathBuf,
}

/// Why a local file could not be kept, read or removed.
#[derive(Debug, thiserror::Error)]
#[error(
    "the local file {path} cannot be kept at {}: {source}; see that the disk has space and that this user may write there",
    at.display()
)]
pub struct LocalFileError {
    /// Which.
    path: LocalPath,
    /// Where it lies.
    at: PathBuf,
    /// What the system said.
    source: io::Error,
}

impl LocalFiles {
    /// The local files in a data folder.
    pub fn new(data: &Path) -> Self {
        Self {
            root: data.join("local-files"),
        }
    }

    fn folder(&self, project: &ProjectId, repository: &RepositoryId) -> PathBuf {
        self.root.join(project.as_str()).join(repository.as_str())
    }

    fn place(&self, project: &ProjectId, repository: &RepositoryId, path: &LocalPath) -> PathBuf {
        let name = hex::encode(Sha256::digest(path.as_str()));
        self.folder(project, repository).join(name)
    }

    /// Keeps the content of a file, in place of what was kept before.
    pub fn put(
        &self,
        project: &ProjectId,
        repository: &RepositoryId,
        path: &LocalPath,
        content: &[u8],
    ) -> Result<(), LocalFileError> {
        let place = self.place(project, repository, path);
        self.write(&place, content)
            .map_err(|source| failed(path, &place, source))
    }

    fn write(&self, place: &Path, content: &[u8]) -> io::Result<()> {
        let folder = place.parent().unwrap_or(&self.root);
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let draft = place.with_extension("draft");
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&draft, place)?;
        File::open(folder)?.sync_all()
    }

    /// Whether there is the content of a file.
    pub fn has(&self, project: &ProjectId, repository: &RepositoryId, path: &LocalPath) -> bool {
        self.place(project, repository, path).is_file()
    }

    /// The content of a file; none if it is not there, such as after a backup was restored.
    pub fn read(
        &self,
        project: &ProjectId,
        repository: &RepositoryId,
        path: &LocalPath,
    ) -> Result<Option<Vec<u8>>, LocalFileError> {
        let place = self.place(project, repository, path);
        match fs::read(&place) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(failed(path, &place, source)),
        }
    }

    /// Removes the content of a file, if it is there.
    pub fn remove(
        &self,
        project: &ProjectId,
        repository: &RepositoryId,
        path: &LocalPath,
    ) -> Result<(), LocalFileError> {
        let place = self.place(project, repository, path);
        match fs::remove_file(&place) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(failed(path, &place, source)),
            _ => Ok(()),
        }
    }

    /// Removes all files of a repository that left its project. Another one of that name must not get them.
    pub fn forget(&self, project: &ProjectId, repository: &RepositoryId) -> io::Result<()> {
        match fs::remove_dir_all(self.folder(project, repository)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

fn failed(path: &LocalPath, at: &Path, source: io::Error) -> LocalFileError {
    LocalFileError {
        path: path.clone(),
        at: at.to_owned(),
        source,
    }
}
