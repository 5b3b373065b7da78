//! A sandbox as its proxy sees it: somebody who connects to a socket, servers on this machine, and names that lead where
//! a test says.
#![allow(dead_code, unreachable_pub, reason = "every file of tests uses its own part of this")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use team6_egress::{Egress, EgressSession, Gateway, Name, Options, Outcome, Record, Resolver, Rules, records};
use team6_testkit::wait::within;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinSet;

/// How long anything may take that should happen at once.
pub const SOON: Duration = Duration::from_secs(20);

/// Names that lead where a test says. The last answer is repeated.
#[derive(Default)]
pub struct Names {
    answers: Mutex<BTreeMap<String, Vec<Vec<IpAddr>>>>,
    asked: Mutex<Vec<String>>,
}

impl Names {
    pub fn lead(self, name: &str, answers: &[&[&str]]) -> Self {
        let answers = answers
            .iter()
            .map(|answer| answer.iter().map(|one| one.parse().unwrap()).collect());
        self.answers.lock().unwrap().insert(name.into(), answers.collect());
        self
    }

    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Resolver for Names {
    async fn resolve(&self, name: &Name) -> io::Result<Vec<IpAddr>> {
        self.asked.lock().unwrap().push(name.to_string());
        let answer = match self.answers.lock().unwrap().get_mut(name.as_str()) {
            None => return Err(io::Error::other("no such name")),
            Some(answers) if answers.len() > 1 => Some(answers.remove(0)),
            Some(answers) => answers.first().cloned(),
        };
        match answer {
            Some(addresses) => Ok(addresses),
            // A name with no answers at all is one whose servers are silent.
            None => std::future::pending().await,
        }
    }
}

/// A sandbox before its way out is opened.
#[derive(Default)]
pub struct Plan {
    pub rules: Vec<String>,
    pub names: Names,
    pub gateways: Vec<Gateway>,
    pub options: Options,
}

impl Plan {
    pub fn listing(rules: &[&str]) -> Self {
        Self {
            rules: rules.iter().map(|rule| (*rule).to_owned()).collect(),
            ..Self::default()
        }
    }

    pub fn names(mut self, names: Names) -> Self {
        self.names = names;
        self
    }

    pub fn gateway(mut self, gateway: Gateway) -> Self {
        self.gateways.push(gateway);
        self
    }

    pub fn options(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(&mut self.options);
        self
    }

    pub async fn open(self) -> Sandbox {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("way/egress.sock");
        let (sender, records) = records(&self.options);
        let names = Arc::new(self.names);
        let session = Egress::new(Rules::parse(self.rules).unwrap(), sender)
            .gateways(self.gateways)
            .options(self.options)
            .resolver(names.clone())
            .serve(&socket)
            .await
            .unwrap();
        Sandbox {
            session,
            records,
            names,
            socket,
            _folder: folder,
        }
    }
}

/// A sandbox with its way out.
pub struct Sandbox {
    pub session: EgressSession,
    pub records: Receiver<Record>,
    pub names: Arc<Names>,
    pub socket: PathBuf,
    _folder: TempDir,
}

impl Sandbox {
    pub async fn connect(&self) -> Client<UnixStream> {
        Client::over(UnixStream::connect(&self.socket).await.unwrap())
    }

    /// Says something on a new connection and gives the answer.
    pub async fn ask(&self, text: &str) -> Answer {
        let mut client = self.connect().await;
        client.say(text).await;
        client.answer().await
    }

    /// Opens a tunnel.
    pub async fn tunnel(&self, to: &str) -> Client<UnixStream> {
        let mut client = self.connect().await;
        client
            .say(&format!("CONNECT {to} HTTP/1.1\r\nhost: {to}\r\n\r\n"))
            .await;
        let head = client.head().await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        client
    }

    pub async fn record(&mut self) -> Record {
        within("a record", SOON, self.records.recv()).await.unwrap()
    }

    pub async fn outcome(&mut self) -> Outcome {
        self.record().await.outcome
    }
}

/// One end of a connection, spoken to in text.
pub struct Client<S>(pub BufReader<S>);

impl<S: AsyncRead + tokio::io::AsyncWrite + Unpin> Client<S> {
    pub fn over(stream: S) -> Self {
        Self(BufReader::new(stream))
    }

    pub async fn say(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// Says nothing more, but still listens.
    pub async fn fall_silent(&mut self) {
        self.0.shutdown().await.unwrap();
    }

    /// One line without its end; empty at the end.
    pub async fn line(&mut self) -> String {
        let mut line = String::new();
        within("a line", SOON, self.0.read_line(&mut line)).await.unwrap();
        line.trim_end().to_owned()
    }

    /// So many bytes.
    pub async fn bytes(&mut self, count: usize) -> String {
        let mut bytes = vec![0; count];
        within("bytes", SOON, self.0.read_exact(&mut bytes)).await.unwrap();
        String::from_utf8(bytes).unwrap()
    }

    /// All until the other side ends.
    pub async fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        within("the end", SOON, self.0.read_to_end(&mut rest)).await.ok();
        String::from_utf8_lossy(&rest).into_owned()
    }

    /// The lines up to an empty one.
    pub async fn head(&mut self) -> String {
        let mut head = String::new();
        loop {
            let line = self.line().await;
            if line.is_empty() {
                return head;
            }
            head.push_str(&line.to_ascii_lowercase().replacen("http/1.1", "HTTP/1.1", 1));
            head.push('\n');
        }
    }

    /// One chunk of a chunked body; empty at its end.
    pub async fn chunk(&mut self) -> String {
        let length = usize::from_str_radix(&self.line().await, 16).unwrap();
        let chunk = self.bytes(length).await;
        assert_eq!(self.line().await, "");
        chunk
    }

    /// An answer with a body of known length or in chunks.
    pub async fn answer(&mut self) -> Answer {
        let head = self.head().await;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let body = match length {
            Some(length) => self.bytes(length.parse().unwrap()).await,
            None if head.contains("transfer-encoding: chunked") => {
                let mut body = String::new();
                loop {
                    let chunk = self.chunk().await;
                    if chunk.is_empty() {
                        break body;
                    }
                    body.push_str(&chunk);
                }
            }
            None => String::new(),
        };
        Answer {
            status: status.unwrap_or_else(|| panic!("no status in {head:?}")),
            head,
            body,
        }
    }
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// In lower case, line by line.
    pub head: String,
    pub body: String,
}

/// A server on this machine that answers every request with what it was asked.
pub struct Echo {
    pub address: SocketAddr,
    connections: Arc<AtomicUsize>,
    _serving: JoinSet<()>,
}

impl Echo {
    /// Answers with the head and the body of the request.
    pub async fn start() -> Self {
        Self::ending_after(usize::MAX).await
    }

    /// The same, but ends every connection after so many answers, without saying so before.
    pub async fn ending_after(answers: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = connections.clone();
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                open.spawn(echo(stream, answers));
            }
        });
        Self {
            address,
            connections,
            _serving: serving,
        }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// How many connections it has taken.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn echo(stream: TcpStream, answers: usize) {
    let mut client = Client::over(stream);
    for _ in 0..answers {
        let head = client.head().await;
        if head.is_empty() {
            return;
        }
        let body = if head.contains("transfer-encoding: chunked") {
            let mut body = String::new();
            loop {
                let chunk = client.chunk().await;
                if chunk.is_empty() {
                    break body;
                }
                body.push_str(&chunk);
            }
        } else {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            client.bytes(length.map_or(0, |length| length.parse().unwrap())).await
        };
        let said = format!("{head}\n{body}");
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nkeep-alive: timeout=5\r\nx-seen: {}\r\n\r\n{said}",
            said.len(),
            head.lines().skip(1).collect::<Vec<_>>().join("|")
        );
        client.say(&answer).await;
    }
}

/// A server whose connections the test speaks on itself.
pub struct Listening(TcpListener);

impl Listening {
    pub async fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    pub fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    pub async fn accept(&self) -> Client<TcpStream> {
        let (stream, _) = within("a connection to the server", SOON, self.0.accept())
            .await
            .unwrap();
        Client::over(stream)
    }
}
