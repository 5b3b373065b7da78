//! What a check says: its beginning and its end, without secrets.

use team6_agent::acp::Redactor;
use tokio::io::{AsyncRead, AsyncReadExt};

/// How much of the beginning is kept, in bytes.
const HEAD: usize = 64 << 10;
/// How much of the end is kept, in bytes: what went wrong stands there.
const TAIL: usize = 192 << 10;

/// What was said so far.
#[derive(Debug, Default)]
pub(super) struct Log {
    head: Vec<u8>,
    tail: Vec<u8>,
    left_out: u64,
}

impl Log {
    /// Reads to the end. It may be dropped, and keeps what came until then.
    pub(super) async fn read(&mut self, from: Option<impl AsyncRead + Unpin>) {
        let Some(mut from) = from else { return };
        let mut read = vec![0; 16 << 10];
        while let Ok(count @ 1..) = from.read(&mut read).await {
            self.add(&read[..count]);
        }
    }

    pub(super) fn add(&mut self, said: &[u8]) {
        let (head, rest) = said.split_at(said.len().min(HEAD - self.head.len()));
        self.head.extend_from_slice(head);
        self.tail.extend_from_slice(rest);
        // Not for each read, which would copy the whole end every time.
        if self.tail.len() > 2 * TAIL {
            self.cut();
        }
    }

    fn cut(&mut self) {
        let surplus = self.tail.len().saturating_sub(TAIL);
        self.tail.drain(..surplus);
        self.left_out += surplus as u64;
    }

    /// All that there is of it, as it was said.
    pub(super) fn whole(mut self) -> Vec<u8> {
        self.cut();
        let mut said = self.head;
        if self.left_out > 0 {
            said.extend(format!("\n[{} bytes are left out here]\n", self.left_out).into_bytes());
        }
        said.append(&mut self.tail);
        said
    }

    /// As it is kept, without the secrets that its program was given.
    pub(super) fn kept(self, redactor: &Redactor) -> Vec<u8> {
        let said = self.whole();
        redactor.text(&String::from_utf8_lossy(&said)).into_owned().into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(pieces: &[&[u8]]) -> String {
        let mut log = Log::default();
        pieces.iter().for_each(|piece| log.add(piece));
        let redactor = Redactor::new(["correct-horse".to_owned()]);
        String::from_utf8_lossy(&log.kept(&redactor)).into_owned()
    }

    #[test]
    fn what_is_short_is_kept_whole() {
        assert_eq!(kept(&[b"one\n", b"two\n"]), "one\ntwo\n");
        let long = vec![b'x'; HEAD + TAIL];
        assert_eq!(kept(&[&long]).len(), HEAD + TAIL);
    }

    #[test]
    fn of_what_is_long_the_beginning_and_the_end_are_kept() {
        let mut pieces = vec![b"begin".to_vec()];
        pieces.extend((0..40).map(|_| vec![b'x'; 32 << 10]));
        pieces.push(b"the end".to_vec());
        let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        let kept = kept(&pieces);
        assert!(kept.starts_with("begin") && kept.ends_with("the end"), "{}", kept.len());
        assert!(kept.contains("bytes are left out here"));
        assert!(kept.len() < HEAD + TAIL + 100, "{}", kept.len());
    }

    #[test]
    fn secrets_are_not_kept() {
        let said = kept(&[b"key ghp_0123456789abcdefghijABCDEFGHIJ012345 ok, cor", b"rect-horse"]);
        assert_eq!(said, "key [redacted] ok, [redacted]");
    }
}
