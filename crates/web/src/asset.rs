//! The files of the app as they lie in the binary.

/// A file.
#[derive(Debug)]
pub(crate) struct Asset {
    /// Its path, such as `assets/index-D2f1.js`.
    pub(crate) path: &'static str,
    /// Its media type.
    pub(crate) kind: &'static str,
    /// Its entity tag, with quotes.
    pub(crate) tag: &'static str,
    /// Whether `content` is packed with brotli.
    pub(crate) packed: bool,
    /// Whether its name holds a hash of its content.
    pub(crate) hashed: bool,
    /// What is in it.
    pub(crate) content: &'static [u8],
}

// The list, in the order of paths, as the build script wrote it.
include!(concat!(env!("OUT_DIR"), "/assets.rs"));

impl Asset {
    /// The file at a path.
    pub(crate) fn at(path: &str) -> Option<&'static Self> {
        let found = ASSETS.binary_search_by(|asset| asset.path.cmp(path)).ok()?;
        ASSETS.get(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_found_by_its_path() {
        assert!(Asset::at("index.html").is_some());
        for asset in ASSETS {
            assert_eq!(Asset::at(asset.path).map(|found| found.tag), Some(asset.tag));
        }
        assert!(Asset::at("../Cargo.toml").is_none() && Asset::at("").is_none());
    }
}
