//! A tunnel: bytes from one side to the other, and nothing known about them but their number.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

use crate::meter::{Idle, Transfer};
use crate::record::Failure;

const BUFFER: usize = 64 << 10;

/// Moves bytes until both sides have ended. The side that ends first may still listen. `early` came from the client
/// already.
pub(crate) async fn run(
    mut client: UnixStream,
    early: &[u8],
    mut upstream: TcpStream,
    transfer: &Arc<Transfer>,
    idle_limit: Duration,
) -> Result<(), Failure> {
    let idle = Idle::new(transfer.clone(), idle_limit);
    let (mut client_says, mut client_hears) = client.split();
    let (mut upstream_says, mut upstream_hears) = upstream.split();
    let out = async {
        transfer.send(early.len())?;
        upstream_hears.write_all(early).await.map_err(|_| Failure::Server)?;
        copy(
            (&mut client_says, Failure::Client),
            (&mut upstream_hears, Failure::Server),
            |bytes| transfer.send(bytes),
        )
        .await
    };
    let back = copy(
        (&mut upstream_says, Failure::Server),
        (&mut client_hears, Failure::Client),
        |bytes| transfer.receive(bytes),
    );
    tokio::select! {
        both = async { tokio::try_join!(out, back) } => both.map(|_| ()),
        why = idle.wait() => Err(why),
    }
}

/// Copies until `from` ends, and then ends `to`. Each comes with what it means if it fails.
async fn copy(
    (from, from_failed): (&mut (impl AsyncRead + Unpin), Failure),
    (to, to_failed): (&mut (impl AsyncWrite + Unpin), Failure),
    count: impl Fn(usize) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let read = match from.read(&mut buffer).await {
            Ok(0) => break,
            Ok(read) => read,
            Err(_) => return Err(from_failed),
        };
        count(read)?;
        if to.write_all(&buffer[..read]).await.is_err() {
            return Err(to_failed);
        }
    }
    // Whoever has gone away already hears no end, and that is no failure.
    to.shutdown().await.ok();
    Ok(())
}
