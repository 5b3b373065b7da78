//! Takes a gateway's credential out of what its upstream answers.
//!
//! A server that repeats the headers of a request, for example in an error, would hand the credential to the sandbox.
//! Stars stand in its place, as many as it had bytes, so that lengths stay right. What arrives goes on at once, but for
//! an end that could be the beginning of the credential. Other encodings of the credential are not recognized.

use bytes::{Bytes, BytesMut};

use crate::gateway::Secret;

/// A shorter word of a credential, such as `Bearer`, is not secret.
const SECRET_FROM: usize = 8;
const STAR: u8 = b'*';

#[derive(Debug, Clone)]
pub(crate) struct Mask {
    needles: Vec<Vec<u8>>,
    held: BytesMut,
}

impl Mask {
    pub(crate) fn of(secret: &Secret) -> Self {
        let whole = secret.bytes();
        let words = whole
            .split(|byte| *byte == b' ')
            .filter(|word| word.len() >= SECRET_FROM);
        let mut needles: Vec<Vec<u8>> = words.map(<[u8]>::to_vec).collect();
        if needles.is_empty() {
            needles.push(whole.to_vec());
        }
        Self {
            needles,
            held: BytesMut::new(),
        }
    }

    /// What may go on now that `chunk` has come.
    pub(crate) fn push(&mut self, chunk: &Bytes) -> Bytes {
        self.held.extend_from_slice(chunk);
        cover(&self.needles, &mut self.held);
        let kept = self.longest_beginning();
        self.held.split_to(self.held.len() - kept).freeze()
    }

    /// How many bytes are held back.
    pub(crate) fn held(&self) -> usize {
        self.held.len()
    }

    /// What was held back, once nothing comes any more.
    pub(crate) fn finish(&mut self) -> Bytes {
        self.held.split().freeze()
    }

    /// Covers the credential in something that is whole.
    pub(crate) fn cover(&self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        cover(&self.needles, &mut bytes);
        bytes
    }

    /// How long the longest end of what is held is that a needle begins with.
    fn longest_beginning(&self) -> usize {
        let longest = |needle: &Vec<u8>| {
            (1..needle.len().min(self.held.len() + 1))
                .rev()
                .find(|length| self.held.ends_with(&needle[..*length]))
        };
        self.needles.iter().filter_map(longest).max().unwrap_or(0)
    }
}

fn cover(needles: &[Vec<u8>], bytes: &mut [u8]) {
    for needle in needles {
        let mut from = 0;
        while let Some(at) = find(&bytes[from..], needle) {
            bytes[from + at..from + at + needle.len()].fill(STAR);
            from += at + needle.len();
        }
    }
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    let first = needle.first()?;
    let mut from = 0;
    loop {
        from += bytes.get(from..)?.iter().position(|byte| byte == first)?;
        if bytes[from..].starts_with(needle) {
            return Some(from);
        }
        from += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mask(secret: &str) -> Mask {
        Mask::of(&Secret::new(secret).unwrap())
    }

    fn through(mask: &mut Mask, chunks: &[&[u8]]) -> Vec<u8> {
        let mut all = Vec::new();
        for chunk in chunks {
            all.extend_from_slice(&mask.push(&Bytes::copy_from_slice(chunk)));
        }
        all.extend_from_slice(&mask.finish());
        all
    }

    #[test]
    fn the_secret_word_of_a_credential_is_covered_and_its_scheme_is_not() {
        let mut mask = mask("Bearer sk-secret-1");
        assert_eq!(
            through(&mut mask, &[b"you sent Bearer sk-secret-1, or sk-secr", b"et-1 alone"]),
            b"you sent Bearer ***********, or *********** alone"
        );
    }

    #[test]
    fn what_cannot_be_a_credential_goes_on_at_once() {
        let mut mask = mask("sk-secret-1");
        assert_eq!(mask.push(&Bytes::from_static(b"data: hello\n\n")), "data: hello\n\n");
        assert_eq!(mask.push(&Bytes::from_static(b"data: sk-")), "data: ");
        assert_eq!(mask.push(&Bytes::from_static(b"other")), "sk-other");
        assert_eq!(mask.held(), 0);
    }

    #[test]
    fn a_short_credential_is_covered_too() {
        assert_eq!(through(&mut mask("a b"), &[b"x a b a"]), b"x *** a");
    }

    proptest! {
        #[test]
        fn however_it_is_cut_the_secret_is_covered_and_the_length_stays(
            text in "(ab|abc|abcabcab|abcabcabd|[a-d]){0,12}",
            cuts in proptest::collection::vec(0..40usize, 0..6),
        ) {
            let secret = "abcabcabd";
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            let shown = String::from_utf8(through(&mut mask(secret), &chunks)).unwrap();
            prop_assert_eq!(shown, text.replace(secret, &"*".repeat(secret.len())));
        }
    }
}
