//! The way from a sandbox's loopback to the proxy's socket.
//!
//! It only carries bytes: what is let through is decided by the proxy, outside.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::reach::Network;

/// Connections at once; more are refused.
const CONNECTIONS: usize = 256;
/// The longest answer to CONNECT that is read, in bytes.
const ANSWER: usize = 8 * 1024;

/// The ports, each with where it leads.
pub(super) struct Relay {
    socket: PathBuf,
    ports: Vec<(TcpListener, Option<String>)>,
}

/// Listens at all ports; whoever connects waits until it is [`serve`](Relay::serve)d.
pub(super) fn listen(network: &Network) -> io::Result<Option<Relay>> {
    let Network::Proxy { socket, port, forwards } = network else {
        return Ok(None);
    };
    let ways = forwards.iter().map(|forward| (forward.port, Some(forward.to.clone())));
    let ports = [(*port, None)].into_iter().chain(ways);
    let ports = ports.map(|(port, to)| Ok((TcpListener::bind((Ipv4Addr::LOCALHOST, port))?, to)));
    Ok(Some(Relay {
        socket: socket.clone(),
        ports: ports.collect::<io::Result<_>>()?,
    }))
}

impl Relay {
    /// In threads that end with the process.
    pub(super) fn serve(self) -> io::Result<()> {
        let open = Arc::new(AtomicUsize::new(0));
        for (listener, to) in self.ports {
            let (socket, open) = (self.socket.clone(), Arc::clone(&open));
            thread::Builder::new().spawn(move || accept(&listener, &socket, to.as_deref(), &open))?;
        }
        Ok(())
    }
}

fn accept(listener: &TcpListener, socket: &Path, to: Option<&str>, open: &Arc<AtomicUsize>) {
    for connection in listener.incoming().flatten() {
        if open.fetch_add(1, Ordering::SeqCst) >= CONNECTIONS {
            open.fetch_sub(1, Ordering::SeqCst);
            continue;
        }
        let (socket, to, counted) = (socket.to_owned(), to.map(str::to_owned), Arc::clone(open));
        let started = thread::Builder::new().spawn(move || {
            // Either end may go at any time, which is no one's trouble but theirs.
            let _ = carry(connection, socket, to.as_deref());
            counted.fetch_sub(1, Ordering::SeqCst);
        });
        if started.is_err() {
            open.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

fn carry(inside: TcpStream, socket: PathBuf, to: Option<&str>) -> io::Result<()> {
    let mut outside = UnixStream::connect(socket)?;
    if let Some(to) = to {
        ask_for(&mut outside, to)?;
    }
    let (mut from_inside, mut to_outside) = (inside.try_clone()?, outside.try_clone()?);
    let back = thread::Builder::new().spawn(move || {
        let _ = io::copy(&mut from_inside, &mut to_outside);
        let _ = to_outside.shutdown(Shutdown::Write);
    })?;
    let mut to_inside = inside;
    let _ = io::copy(&mut outside, &mut to_inside);
    let _ = to_inside.shutdown(Shutdown::Write);
    let _ = back.join();
    Ok(())
}

/// Asks the proxy for a tunnel, and reads no more than its answer.
fn ask_for(proxy: &mut UnixStream, to: &str) -> io::Result<()> {
    // At once, for proxies that look at what comes first only.
    proxy.write_all(format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"\r\n\r\n") && answer.len() < ANSWER {
        proxy.read_exact(&mut byte)?;
        answer.push(byte[0]);
    }
    match answer.get(9..12) {
        Some(b"200") => Ok(()),
        _ => Err(io::ErrorKind::ConnectionRefused.into()),
    }
}
