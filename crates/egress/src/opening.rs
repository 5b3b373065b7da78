//! The first line that a client says, looked at before it is read as HTTP.
//!
//! The HTTP library answers what it cannot read without a word of why. Most clients that are wrong are so from the
//! beginning, by an international name or by TLS, and hear here what to do.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::UnixStream;
use tokio::time::timeout;

use crate::host::{HostError, shown};
use crate::refusal::Refusal;

/// A first line that is longer is looked at up to here; its length is judged elsewhere.
const LOOKED_AT: usize = 4096;

/// A connection of which the first bytes were read already.
#[derive(Debug)]
pub(crate) struct Opened {
    read: Bytes,
    stream: UnixStream,
}

/// What a client began with.
#[derive(Debug)]
pub(crate) enum Opening {
    /// What may be HTTP.
    Http(Opened),
    /// What cannot be taken. The stream is there to say why.
    Odd(UnixStream, Refusal),
    /// Nothing.
    Silent,
}

/// Reads the first line, for no longer than `limit`. `early` was read already.
pub(crate) async fn read(early: &[u8], mut stream: UnixStream, limit: Duration) -> Opening {
    let mut read = BytesMut::with_capacity(LOOKED_AT.max(early.len()));
    read.extend_from_slice(early);
    let line = async {
        while read.len() < LOOKED_AT && !read.contains(&b'\n') && !read.first().is_some_and(is_no_text) {
            if stream.read_buf(&mut read).await? == 0 {
                return Ok(());
            }
        }
        io::Result::Ok(())
    };
    match timeout(limit, line).await {
        Ok(Ok(())) if !read.is_empty() => {}
        _ => return Opening::Silent,
    }
    match judge(&read) {
        Ok(()) => Opening::Http(Opened {
            read: read.freeze(),
            stream,
        }),
        Err(refusal) => Opening::Odd(stream, refusal),
    }
}

/// Such as the first byte of TLS.
fn is_no_text(byte: &u8) -> bool {
    !byte.is_ascii_graphic() && !byte.is_ascii_whitespace()
}

fn judge(read: &[u8]) -> Result<(), Refusal> {
    if read.first().is_some_and(is_no_text) {
        return Err(Refusal::Unreadable);
    }
    let line = read.split(|byte| *byte == b'\n').next().unwrap_or(read);
    let target = line.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    let after_scheme = target
        .windows(3)
        .position(|three| three == b"://")
        .map_or(0, |at| at + 3);
    let host = target[after_scheme..]
        .split(|byte| matches!(byte, b'/' | b'?' | b'#'))
        .next()
        .unwrap_or_default();
    if host.is_ascii() {
        return Ok(());
    }
    let host = shown(&String::from_utf8_lossy(host));
    Err(HostError::NotAscii { host }.into())
}

impl Opened {
    /// The connection, and what was read of it and not taken yet.
    pub(crate) fn into_parts(self) -> (Bytes, UnixStream) {
        (self.read, self.stream)
    }
}

impl AsyncRead for Opened {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.read.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, buffer);
        }
        let taken = self.read.len().min(buffer.remaining());
        buffer.put_slice(&self.read[..taken]);
        self.read.advance(taken);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Opened {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
