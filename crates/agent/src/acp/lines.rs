//! The lines between an agent's process and the protocol: bounded, and without what is no message.
//!
//! Updates are taken out here, raw, because agents send kinds that no version of the protocol knows, and because a full
//! channel must hold up the agent rather than fill the memory.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{Sink, Stream};
use serde_json::Value;
use team6_core::trace::TraceBody;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::pipe;
use tokio::sync::mpsc;
use tokio::time::sleep;

use super::connection::Incoming;
use super::update;

/// The longest line that is read, in bytes: an image in a tool's output fits.
const LONGEST_LINE: usize = 8 << 20;
/// How much an agent may print that is no message, in bytes.
const MOST_NOISE: u64 = 1 << 20;
/// How much an agent may send in one turn, in bytes.
const MOST_IN_TURN: u64 = 64 << 20;
/// How many requests an agent may make in one turn, because each waits in memory for its answer to be read.
const MOST_REQUESTS: u64 = 20_000;
/// How long an agent that closed its stdin is still listened to.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// How much of the noise is shown to people, in bytes.
const SHOWN: usize = 300;
/// The most of its lines that are shown.
const SHOWN_LINES: u64 = 4;

/// How much came, of what sort. Shared with whoever explains a failure.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    noise: AtomicU64,
    noise_lines: AtomicU64,
    in_turn: AtomicU64,
    requests: AtomicU64,
    version: AtomicU64,
    shown: Mutex<String>,
    broken: Mutex<Option<String>>,
}

impl Traffic {
    pub(super) fn begin_turn(&self) {
        self.in_turn.store(0, Ordering::Relaxed);
        self.requests.store(0, Ordering::Relaxed);
    }

    /// The beginning of what was no message, and how many lines more there are of it.
    pub(super) fn noise(&self) -> String {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let lines = self.noise_lines.load(Ordering::Relaxed);
        match lines.saturating_sub(shown.lines().count() as u64) {
            0 => shown,
            1 => format!("{shown}… and 1 line more"),
            more => format!("{shown}… and {more} lines more"),
        }
    }

    /// The version of the protocol that the agent named in its greeting; 0 before.
    pub(super) fn version(&self) -> u64 {
        self.version.load(Ordering::Relaxed)
    }

    /// Why nothing is read any more, if that is our own decision.
    pub(super) fn broken(&self) -> Option<String> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add_noise(&self, line: &[u8], whole: u64) -> io::Result<()> {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.noise_lines.fetch_add(1, Ordering::Relaxed);
        if before < SHOWN_LINES && shown.len() < SHOWN {
            let text = String::from_utf8_lossy(&line[..line.len().min(SHOWN)]);
            shown.extend(text.chars().map(|c| if c.is_control() { ' ' } else { c }));
            shown.push('\n');
        }
        match self.noise.fetch_add(whole, Ordering::Relaxed) + whole {
            ..=MOST_NOISE => Ok(()),
            _ => Err(io::Error::other(format!(
                "it printed more than {} MB that are no protocol messages",
                MOST_NOISE >> 20
            ))),
        }
    }

    fn add(&self, bytes: u64) -> io::Result<()> {
        match self.in_turn.fetch_add(bytes, Ordering::Relaxed) + bytes {
            ..=MOST_IN_TURN => Ok(()),
            _ => Err(io::Error::other(format!(
                "it sent more than {} MB in one turn",
                MOST_IN_TURN >> 20
            ))),
        }
    }

    fn add_request(&self) -> io::Result<()> {
        match self.requests.fetch_add(1, Ordering::Relaxed) {
            ..MOST_REQUESTS => Ok(()),
            _ => Err(io::Error::other(format!(
                "it made more than {MOST_REQUESTS} requests in one turn"
            ))),
        }
    }
}

struct Reading {
    stdout: BufReader<pipe::Receiver>,
    updates: mpsc::Sender<Incoming>,
    traffic: Arc<Traffic>,
    line: Vec<u8>,
}

/// What the agent prints, as far as the protocol has to see it.
pub(super) fn incoming(
    stdout: pipe::Receiver,
    updates: mpsc::Sender<Incoming>,
    traffic: Arc<Traffic>,
) -> impl Stream<Item = io::Result<String>> + Send + 'static {
    let reading = Reading {
        stdout: BufReader::with_capacity(64 << 10, stdout),
        updates,
        traffic,
        line: Vec::new(),
    };
    futures_util::stream::unfold(Some(reading), async |reading| {
        let mut reading = reading?;
        match reading.next().await {
            Ok(Some(line)) => Some((Ok(line), Some(reading))),
            Ok(None) => None,
            Err(error) => {
                let mut broken = reading.traffic.broken.lock().unwrap_or_else(PoisonError::into_inner);
                *broken = Some(error.to_string());
                drop(broken);
                Some((Err(error), None))
            }
        }
    })
}

impl Reading {
    /// The next line for the protocol; none at the end.
    async fn next(&mut self) -> io::Result<Option<String>> {
        loop {
            let Some(whole) = self.read_line().await? else {
                return Ok(None);
            };
            if self.line.trim_ascii().is_empty() {
                continue;
            }
            let message = match whole == self.line.len() as u64 {
                true => serde_json::from_slice::<Value>(&self.line).ok(),
                false => None,
            };
            let Some(mut message) = message.filter(Value::is_object) else {
                self.traffic.add_noise(&self.line, whole)?;
                continue;
            };
            self.traffic.add(whole)?;
            let method = message.get("method").and_then(Value::as_str);
            let asks = message.get("id").is_some_and(|id| !id.is_null());
            let came = match method {
                Some("session/update") => {
                    let update = message.pointer_mut("/params/update").map(Value::take);
                    Incoming::Update(update.unwrap_or_default())
                }
                // Extensions; those of the protocol itself begin with a dollar.
                Some(method) if !asks && !method.starts_with('$') => Incoming::Entry(TraceBody::Raw {
                    value: update::bounded(&message),
                }),
                _ => {
                    if method.is_some() {
                        self.traffic.add_request()?;
                    }
                    if let Some(version) = message.pointer("/result/protocolVersion") {
                        let version = version.as_u64().unwrap_or(0);
                        self.traffic.version.store(version, Ordering::Relaxed);
                    }
                    return Ok(Some(message.to_string()));
                }
            };
            // Nobody listens any more when the process is being ended.
            let _ = self.updates.send(came).await;
        }
    }

    /// Reads a line into `line`, cut to the longest; gives its whole length. None at the end.
    async fn read_line(&mut self) -> io::Result<Option<u64>> {
        self.line.clear();
        let mut whole = 0_u64;
        loop {
            let buffer = self.stdout.fill_buf().await?;
            if buffer.is_empty() {
                return Ok((whole > 0).then_some(whole));
            }
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let piece = &buffer[..end.unwrap_or(buffer.len())];
            whole += piece.len() as u64;
            let room = LONGEST_LINE.saturating_sub(self.line.len());
            self.line.extend_from_slice(&piece[..piece.len().min(room)]);
            if whole > LONGEST_LINE as u64 + MOST_NOISE {
                let text = format!("it printed a line of more than {} MB", LONGEST_LINE >> 20);
                return Err(io::Error::other(text));
            }
            let used = end.map_or(piece.len(), |end| end + 1);
            self.stdout.consume(used);
            if end.is_some() {
                return Ok(Some(whole));
            }
        }
    }
}

/// What the protocol says to the agent.
pub(super) fn outgoing(stdin: pipe::Sender) -> impl Sink<String, Error = io::Error> + Send + 'static {
    futures_util::sink::unfold(stdin, async |mut stdin: pipe::Sender, mut line: String| {
        line.push('\n');
        match stdin.write_all(line.as_bytes()).await {
            Ok(()) => Ok(stdin),
            Err(error) => {
                // An agent that ends closes both pipes; what it said last is still to be read.
                sleep(LAST_WORDS).await;
                Err(error)
            }
        }
    })
}
