//! Packs the files of the app, and writes the list of them as Rust.
//!
//! Nearly every browser takes brotli, so only that is kept: it is the smallest, and others get it unpacked.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// The folder in which the app's build puts files whose names change with their contents.
const HASHED: &str = "assets/";

/// Packs all files of a folder and says how many; `app` tells whether it is the app or the page in its place.
pub(crate) fn folder(from: &Path, out: &Path, app: bool) -> io::Result<usize> {
    let packed = out.join("packed");
    fs::create_dir_all(&packed)?;
    let mut files = Vec::new();
    collect(from, from, &mut files)?;
    files.sort();
    let mut code =
        format!("/// Whether the app is there, and not only the page in its place.\npub const BUILT: bool = {app};\n");
    code.push_str("static ASSETS: &[Asset] = &[\n");
    for name in &files {
        code.push_str(&entry(from, name, &packed)?);
    }
    code.push_str("];\n");
    fs::write(out.join("assets.rs"), code)?;
    Ok(files.len())
}

/// The paths of all files below a folder, with slashes; links are not followed, and source maps stay out.
fn collect(root: &Path, folder: &Path, files: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() {
            collect(root, &path, files)?;
        } else if kind.is_file() && path.extension().is_none_or(|extension| extension != "map") {
            let name = path.strip_prefix(root).map_err(io::Error::other)?;
            files.push(name.to_string_lossy().replace('\\', "/"));
        }
    }
    Ok(())
}

/// The line of one file, which is kept packed if that makes it smaller.
fn entry(from: &Path, name: &str, packed: &Path) -> io::Result<String> {
    let content = fs::read(from.join(name))?;
    let digest = hex::encode(Sha256::digest(&content));
    let tag = digest.get(..20).unwrap_or(&digest);
    let file: PathBuf = packed.join(format!("{tag}-{}.br", quality()));
    if !file.is_file() {
        // Written whole before it has its name, so that a build that was stopped leaves no half of it.
        let unfinished = file.with_extension("new");
        fs::write(&unfinished, compress(&content)?)?;
        fs::rename(&unfinished, &file)?;
    }
    let smaller = fs::metadata(&file)?.len() < content.len() as u64;
    let kept = if smaller { file } else { from.join(name) };
    let kind = mime_guess::from_path(name).first_or_octet_stream();
    let kind = match kind.type_() {
        mime_guess::mime::TEXT => format!("{kind}; charset=utf-8"),
        _ => kind.to_string(),
    };
    let mut line = String::new();
    let _ = writeln!(
        line,
        "    Asset {{ path: {name:?}, kind: {kind:?}, tag: {:?}, packed: {smaller}, hashed: {}, content: include_bytes!({:?}) }},",
        format!("\"{tag}\""),
        name.starts_with(HASHED),
        kept.display().to_string(),
    );
    Ok(line)
}

fn compress(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut writer = brotli::CompressorWriter::new(Vec::new(), 64 * 1024, quality(), 22);
    writer.write_all(content)?;
    Ok(writer.into_inner())
}

/// Releases are packed as small as can be; while one works on it, in a moment.
fn quality() -> u32 {
    match env::var("PROFILE").as_deref() {
        Ok("release") => 11,
        _ => 5,
    }
}
