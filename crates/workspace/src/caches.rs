//! Caches of packages in a workspace.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use team6_sandbox::reach::Mount;

use crate::guest::{CACHED, CACHES, cache_here};
use crate::setup::Made;

/// Caches of packages: folders of the workspace's own, and over them in layers what the engine's user has and what a setup
/// command brought.
pub(crate) fn caches(caches: &Path, setup: Option<&Made>) -> io::Result<Vec<Mount>> {
    let mut all = Vec::new();
    let mut number = 0;
    for (variable, name, theirs, parts) in CACHED {
        let here = cache_here(variable, theirs, |name| std::env::var_os(name));
        let (own, at) = (caches.join(name), Path::new(CACHES).join(name));
        fs::create_dir_all(&own)?;
        all.push(Mount::Writable {
            from: own.clone(),
            at: at.clone(),
        });
        for part in parts {
            let upper = caches.join(format!("layers/{number}/upper"));
            number += 1;
            let layers = setup
                .map(|made| made.cache(name, part))
                .into_iter()
                .chain(here.as_ref().map(|here| here.join(part)));
            let layers: Vec<PathBuf> = layers.filter(|layer| layer.is_dir()).collect();
            if layers.is_empty() {
                continue;
            }
            fs::create_dir_all(own.join(part))?;
            fs::create_dir_all(&upper)?;
            fs::create_dir_all(upper.with_file_name("work"))?;
            all.push(Mount::Overlay {
                layers,
                upper,
                at: at.join(part),
            });
        }
    }
    Ok(all)
}
