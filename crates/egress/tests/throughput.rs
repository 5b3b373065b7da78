//! How fast a tunnel is beside a direct connection. Not a test of anything, so it runs only when asked:
//! `cargo test --release -p team6-egress --test throughput -- --ignored --nocapture`.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::time::{Duration, Instant};

use common::Plan;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

const BYTES: u64 = 2 << 30;
const PIECE: usize = 64 << 10;
const ROUNDS: u32 = 5;
const EXCHANGES: u32 = 20_000;

/// A server that sends many bytes to whoever says `s`, and gives back every byte to whoever says `e`.
async fn serve(mut stream: TcpStream) {
    stream.set_nodelay(true).unwrap();
    if stream.read_u8().await.unwrap() == b's' {
        let piece = vec![7; PIECE];
        for _ in 0..BYTES / PIECE as u64 {
            stream.write_all(&piece).await.unwrap();
        }
    } else {
        while let Ok(byte) = stream.read_u8().await {
            stream.write_u8(byte).await.unwrap();
        }
    }
}

async fn drain(mut from: impl AsyncRead + Unpin) -> Duration {
    let began = Instant::now();
    let mut buffer = vec![0; PIECE];
    let mut left = BYTES;
    while left > 0 {
        left -= from.read(&mut buffer).await.unwrap() as u64;
    }
    began.elapsed()
}

async fn exchange(mut with: impl AsyncRead + tokio::io::AsyncWrite + Unpin) -> Duration {
    let began = Instant::now();
    for _ in 0..EXCHANGES {
        with.write_u8(1).await.unwrap();
        with.read_u8().await.unwrap();
    }
    began.elapsed() / EXCHANGES
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement, of two minutes"]
async fn a_tunnel_beside_a_direct_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = listener.local_addr().unwrap().to_string();
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let mut open = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            open.spawn(serve(stream));
        }
    });
    let sandbox = Plan::listing(&[&target]).open().await;
    let (mut direct, mut tunnelled) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let mut stream = TcpStream::connect(&target).await.unwrap();
        stream.write_all(b"s").await.unwrap();
        direct.push(drain(stream).await);
        let mut client = sandbox.tunnel(&target).await;
        client.say("s").await;
        tunnelled.push(drain(client.0).await);
    }
    direct.sort();
    tunnelled.sort();
    let rate = |took: Duration| BYTES as f64 / took.as_secs_f64() / f64::from(1 << 20);
    let (direct, tunnelled) = (direct[direct.len() / 2], tunnelled[tunnelled.len() / 2]);
    let ratio = direct.as_secs_f64() / tunnelled.as_secs_f64();
    println!(
        "direct {:.0} MiB/s, tunnel {:.0} MiB/s, ratio {ratio:.2}",
        rate(direct),
        rate(tunnelled)
    );
    let mut stream = TcpStream::connect(&target).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream.write_all(b"e").await.unwrap();
    let mut client = sandbox.tunnel(&target).await;
    client.say("e").await;
    println!(
        "one byte there and back: direct {:?}, tunnel {:?}",
        exchange(stream).await,
        exchange(client.0).await
    );
}
