//! Who is told something: a receiver of webhooks and a mail server, each speaking the protocol of the real one.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

/// For how long something is waited for.
const LIMIT: Duration = Duration::from_secs(60);

/// A request or a mail, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The lines before the body: headers of a request, or commands of a mail.
    pub head: Vec<String>,
    /// The body.
    pub body: String,
}

/// Somebody who is told something.
#[derive(Debug)]
pub struct Receiver {
    /// Where it listens.
    pub address: SocketAddr,
    received: mpsc::Receiver<Received>,
}

impl Received {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.iter().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

impl Receiver {
    /// A receiver of webhooks. It answers the first requests with these statuses, and all further ones with 204.
    pub fn of_webhooks(first: &[u16]) -> std::io::Result<Self> {
        let mut statuses = first.to_vec();
        statuses.reverse();
        Self::listening(move |stream, tell| {
            let request = request(stream)?;
            let status = statuses.pop().unwrap_or(204);
            write!(
                &*stream,
                "HTTP/1.1 {status} -\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            )?;
            let _ = tell.send(request);
            Ok(())
        })
    }

    /// A mail server without TLS.
    pub fn of_mail() -> std::io::Result<Self> {
        Self::listening(mails)
    }

    /// Waits for the next.
    ///
    /// # Panics
    /// If nothing comes within a minute.
    #[allow(clippy::expect_used, reason = "a test that waits in vain fails")]
    pub fn next(&self) -> Received {
        self.received
            .recv_timeout(LIMIT)
            .expect("nothing was received within a minute")
    }

    fn listening(
        mut serve: impl FnMut(&TcpStream, &mpsc::Sender<Received>) -> std::io::Result<()> + Send + 'static,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (tell, received) = mpsc::channel();
        // It ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = stream.set_read_timeout(Some(LIMIT));
                // Whoever breaks off is no matter.
                let _ = serve(&stream, &tell);
            }
        });
        Ok(Self { address, received })
    }
}

fn request(stream: &TcpStream) -> std::io::Result<Received> {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let line = line(&mut reader)?;
        if line.is_empty() {
            break;
        }
        head.push(line);
    }
    let request = Received {
        head,
        body: String::new(),
    };
    let length = request
        .header("content-length")
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    let mut body = String::new();
    reader.take(length).read_to_string(&mut body)?;
    Ok(Received { body, ..request })
}

/// As RFC 5321 has it, without extensions.
fn mails(mut stream: &TcpStream, tell: &mpsc::Sender<Received>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    write!(stream, "220 test ESMTP\r\n")?;
    loop {
        let command = line(&mut reader)?;
        let verb = command.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        match verb.as_str() {
            "" => return Ok(()),
            "QUIT" => return write!(stream, "221 bye\r\n"),
            "DATA" => {
                write!(stream, "354 go on\r\n")?;
                let mut body = String::new();
                loop {
                    let line = line(&mut reader)?;
                    if line == "." {
                        break;
                    }
                    body += line.strip_prefix('.').unwrap_or(&line);
                    body.push('\n');
                }
                let head = std::mem::take(&mut head);
                write!(stream, "250 taken\r\n")?;
                let _ = tell.send(Received { head, body });
            }
            _ => {
                head.push(command);
                write!(stream, "250 ok\r\n")?;
            }
        }
    }
}

fn line(reader: &mut impl BufRead) -> std::io::Result<String> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
