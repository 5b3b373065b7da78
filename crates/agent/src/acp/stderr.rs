//! What an agent's process writes on its error stream: shown in the trace within bounds, its end kept for errors.

use std::sync::{Arc, Mutex, PoisonError};

use team6_core::trace::TraceBody;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::sync::mpsc;

use super::connection::Incoming;
use super::redact::{Redactor, TextStream};

/// How much is shown of one process, in bytes.
const SHOWN: usize = 256 << 10;
/// How much of the end is kept for errors, in bytes.
const TAIL: usize = 2_000;

/// The end of the error stream so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Tail(Arc<Mutex<String>>);

impl Tail {
    pub(super) fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn push(&self, text: &str) {
        let mut tail = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tail.push_str(text);
        let from = tail.ceil_char_boundary(tail.len().saturating_sub(TAIL));
        tail.drain(..from);
    }
}

/// Reads until the stream ends, so that the agent is never held up by it.
pub(super) async fn read(mut stream: pipe::Receiver, redactor: Redactor, updates: mpsc::Sender<Incoming>, tail: Tail) {
    let mut pieces = TextStream::default();
    let mut buffer = vec![0; 16 << 10];
    let mut shown = 0;
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        let text = String::from_utf8_lossy(&buffer[..length]);
        if let Some(text) = pieces.push(&text, &redactor) {
            show(text, &mut shown, &updates, &tail);
        }
    }
    if let Some(text) = pieces.finish(&redactor) {
        show(text, &mut shown, &updates, &tail);
    }
}

fn show(text: String, shown: &mut usize, updates: &mpsc::Sender<Incoming>, tail: &Tail) {
    tail.push(&text);
    if *shown < SHOWN {
        *shown += text.len();
        // When the channel is full the agent's messages matter more than its noise.
        let _ = updates.try_send(Incoming::Entry(TraceBody::Stderr { text }));
    }
}
