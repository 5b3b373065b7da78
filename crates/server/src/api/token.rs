//! The token that whoever uses the API must show: made at the first start, readable by the server's user alone.

use std::fmt;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// The shortest token that is accepted, in characters.
const SHORTEST: usize = 32;

/// A token, which is never shown.
#[derive(Clone)]
pub struct Token {
    digest: [u8; 32],
    file: PathBuf,
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file cannot be read or written.
    #[error("token file {} cannot be used: {source}; see that its folder belongs to this user", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file holds no token.
    #[error("token file {} holds no token of {SHORTEST} characters or more; delete it, and a new one is made", .0.display())]
    Unusable(PathBuf),
}

/// The token in the file `token` of a folder; made now if it is not there.
pub fn load_or_create(folder: &Path) -> Result<Token, TokenError> {
    let file = folder.join("token");
    let io = |source| TokenError::Io {
        file: file.clone(),
        source,
    };
    let text = match fs::read_to_string(&file) {
        Ok(text) => {
            fs::set_permissions(&file, Permissions::from_mode(0o600)).map_err(io)?;
            text
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(&file).map_err(io)?,
        Err(error) => return Err(io(error)),
    };
    let text = text.trim();
    if text.len() < SHORTEST || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(TokenError::Unusable(file));
    }
    Ok(Token::new(text, file))
}

/// Written whole before it has its name, so that a crash leaves no half of a token.
fn create(file: &Path) -> io::Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let new = file.with_extension("new");
    let mut options = OpenOptions::new();
    let mut written = options.write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    writeln!(written, "{text}")?;
    written.sync_all()?;
    fs::rename(&new, file)?;
    Ok(text)
}

impl Token {
    /// The token with this text, which people find in `file`.
    pub fn new(text: &str, file: PathBuf) -> Self {
        Self {
            digest: digest(text),
            file,
        }
    }

    /// Where people find it.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// A digest of a text that holds with this token only.
    pub(super) fn digest_of(&self, text: &str) -> String {
        hex::encode(Sha256::new().chain_update(self.digest).chain_update(text).finalize())
    }

    /// Whether this is the token; it takes as long whatever is given.
    pub(super) fn is(&self, given: &str) -> bool {
        let differences = digest(given)
            .iter()
            .zip(&self.digest)
            .fold(0, |all, (a, b)| all | (a ^ b));
        differences == 0
    }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_made_once_and_for_its_user_alone() {
        let folder = tempfile::tempdir().unwrap();
        let made = load_or_create(folder.path()).unwrap();
        let text = fs::read_to_string(made.file()).unwrap();
        assert_eq!(fs::metadata(made.file()).unwrap().permissions().mode() & 0o777, 0o600);
        let read = load_or_create(folder.path()).unwrap();
        assert!(read.is(text.trim()) && !read.is("") && !read.is(&text));
        assert!(!format!("{read:?}").contains(text.trim()));
    }

    #[test]
    fn an_empty_file_is_refused_and_a_readable_one_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        fs::write(&file, "short\n").unwrap();
        let error = load_or_create(folder.path()).unwrap_err().to_string();
        assert!(error.contains("delete it"), "{error}");
        fs::write(&file, "0123456789abcdef0123456789abcdef").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        load_or_create(folder.path()).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
