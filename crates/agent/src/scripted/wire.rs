//! The agent's stdout: one writer for whole lines.
//!
//! A step can be cancelled at any point, also while it writes. So lines are handed to a task of their own, which
//! writes each of them whole, and a full channel holds back a step that floods.

use std::io;

use futures_util::Sink;
use futures_util::sink::unfold;
use tokio::io::AsyncWriteExt;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

const WAITING_LINES: usize = 16;

enum Order {
    Line(String),
    Flushed(oneshot::Sender<()>),
}

/// Writes lines to stdout.
#[derive(Clone)]
pub(super) struct Wire {
    orders: mpsc::Sender<Order>,
}

impl Wire {
    /// The wire, and its writer, which ends after the last clone of the wire.
    pub(super) fn start() -> (Self, JoinHandle<()>) {
        let (orders, queue) = mpsc::channel(WAITING_LINES);
        (Self { orders }, tokio::spawn(write(queue)))
    }

    /// Writes a line, which must not have a line break in it.
    pub(super) async fn line(&self, line: String) -> io::Result<()> {
        let gone = |_| io::Error::new(io::ErrorKind::BrokenPipe, "nobody reads the agent's stdout");
        self.orders.send(Order::Line(line)).await.map_err(gone)
    }

    /// Waits until everything before is written.
    pub(super) async fn flush(&self) {
        let (written, wait) = oneshot::channel();
        if self.orders.send(Order::Flushed(written)).await.is_ok() {
            // An error means that nobody reads any more, and there is nothing to wait for.
            let _ = wait.await;
        }
    }

    /// The wire as the transport of the protocol's library wants it.
    pub(super) fn sink(&self) -> impl Sink<String, Error = io::Error> + Send + 'static {
        unfold(self.clone(), async |wire: Wire, line| {
            wire.line(line).await.map(|()| wire)
        })
    }
}

async fn write(mut queue: mpsc::Receiver<Order>) {
    let mut stdout = tokio::io::stdout();
    while let Some(order) = queue.recv().await {
        match order {
            Order::Line(mut line) => {
                line.push('\n');
                let written = async {
                    stdout.write_all(line.as_bytes()).await?;
                    stdout.flush().await
                };
                if written.await.is_err() {
                    return;
                }
            }
            Order::Flushed(done) => {
                let _ = done.send(());
            }
        }
    }
}
