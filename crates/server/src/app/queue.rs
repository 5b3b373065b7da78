//! Opens the queue. It holds nothing that the log does not know, so a damaged one stops nobody.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use team6_queue::EmbeddedQueue;
use team6_store::StorageError;

/// What belongs to a database besides its file.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// Opens the queue. A damaged one is put aside and begun anew; its jobs come back from the log, as lost ones do.
pub(super) async fn open(file: &Path) -> Result<EmbeddedQueue, StorageError> {
    let detail = match EmbeddedQueue::open(file).await {
        Err(StorageError::Corrupt { detail, .. }) => detail,
        opened => return opened,
    };
    let aside = put_aside(file).map_err(|source| StorageError::Io {
        file: file.to_owned(),
        source: Arc::new(source.into()),
    })?;
    tracing::warn!(
        file = %file.display(),
        kept = %aside.display(),
        detail,
        "the queue was damaged and is begun anew; its jobs come back from the log"
    );
    EmbeddedQueue::open(file).await
}

fn put_aside(file: &Path) -> io::Result<PathBuf> {
    let names = (1_u32..).map(|n| file.with_extension(format!("db.damaged-{n}")));
    let mut free = names.filter(|name| !name.exists());
    let aside = free.next().ok_or(io::ErrorKind::AlreadyExists)?;
    for beside in BESIDE {
        let mut name = file.as_os_str().to_owned();
        name.push(beside);
        match fs::remove_file(name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    fs::rename(file, &aside)?;
    Ok(aside)
}
