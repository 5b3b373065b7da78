//! A reader that ends with an error when a line grows beyond a bound.
//!
//! Messages are lines. Without a bound, an agent that never ends its line would fill the memory of the engine; and if
//! an overlong line were skipped in silence, the agent would wait for its answer for ever.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

/// Passes bytes on until a line has more than `limit` of them.
pub(super) struct BoundedLines<R> {
    inner: R,
    limit: usize,
    /// Bytes of the line that is being read.
    length: usize,
}

impl<R> BoundedLines<R> {
    pub(super) fn new(inner: R, limit: usize) -> Self {
        Self {
            inner,
            limit,
            length: 0,
        }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for BoundedLines<R> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buffer))?;
        let mut longest = self.length;
        for byte in buffer.filled().get(before..).unwrap_or_default() {
            self.length = if *byte == b'\n' { 0 } else { self.length + 1 };
            longest = longest.max(self.length);
        }
        if longest > self.limit {
            // A reader that fails must not have filled anything.
            buffer.set_filled(before);
            let error = format!("a message has more than {} bytes", self.limit);
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, error)));
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn lines_up_to_the_limit_pass_and_a_longer_one_ends_the_stream() {
        let mut text = String::new();
        BoundedLines::new(&b"1234\n1234\n\n"[..], 4)
            .read_to_string(&mut text)
            .await
            .unwrap();
        assert_eq!(text, "1234\n1234\n\n");
        let error = BoundedLines::new(&b"1234\n12345"[..], 4)
            .read_to_end(&mut Vec::new())
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), "a message has more than 4 bytes");
    }
}
