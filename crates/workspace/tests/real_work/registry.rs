//! A registry of packages on this machine's loopback, under a name that only the proxy of a test knows.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::process::Command;

use async_trait::async_trait;
use team6_egress::{Name, Resolver};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What the registry is called.
pub(crate) const HOST: &str = "registry.test";
const NAME: &str = "little-sum";
const VERSION: &str = "1.0.0";

/// Knows every name as this machine's.
pub(crate) struct OnThisMachine;

#[async_trait]
impl Resolver for OnThisMachine {
    async fn resolve(&self, _: &Name) -> io::Result<Vec<IpAddr>> {
        Ok(vec![Ipv4Addr::LOCALHOST.into()])
    }
}

/// A registry with one package.
pub(crate) struct Registry {
    pub(crate) port: u16,
    /// The package's checksum, as lock files have it.
    pub(crate) integrity: String,
    stop: CancellationToken,
    served: JoinHandle<usize>,
}

impl Registry {
    pub(crate) async fn serve() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (tarball, integrity) = pack(folder.path());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let served = tokio::spawn(async move {
            let mut fetched = 0;
            while let Some(Ok((stream, _))) = stopped.run_until_cancelled(listener.accept()).await {
                fetched += usize::from(answer(stream, &tarball).await.unwrap_or_default());
            }
            fetched
        });
        Self {
            port,
            integrity,
            stop,
            served,
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        NAME
    }

    pub(crate) fn version(&self) -> &'static str {
        VERSION
    }

    pub(crate) fn address(&self) -> String {
        format!("http://{HOST}:{}", self.port)
    }

    pub(crate) fn tarball(&self) -> String {
        format!("{}/{NAME}/-/{NAME}-{VERSION}.tgz", self.address())
    }

    /// Ends it, and tells how often the package was fetched.
    pub(crate) async fn stop(self) -> usize {
        self.stop.cancel();
        self.served.await.unwrap()
    }
}

/// Answers one request; tells whether it was for the package.
async fn answer(stream: TcpStream, tarball: &[u8]) -> io::Result<bool> {
    let mut stream = BufReader::new(stream);
    let mut asked = String::new();
    stream.read_line(&mut asked).await?;
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 2 {
        line.clear();
    }
    let wanted = asked.contains(".tgz");
    let (status, body): (_, &[u8]) = match wanted {
        true => ("200 OK", tarball),
        false => ("404 Not Found", b"{}"),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body).await?;
    stream.shutdown().await?;
    Ok(wanted)
}

/// Packs the package as npm does; gives the file and its checksum.
fn pack(folder: &Path) -> (Vec<u8>, String) {
    let manifest = format!(r#"{{"name": "{NAME}", "version": "{VERSION}", "main": "index.js"}}"#);
    std::fs::write(folder.join("package.json"), manifest).unwrap();
    std::fs::write(folder.join("index.js"), "module.exports = (a, b) => a + b;\n").unwrap();
    let output = Command::new("npm")
        .args(["pack", "--json", "--offline"])
        .current_dir(folder)
        .env("npm_config_cache", folder.join("cache"))
        .output()
        .expect("npm should be installed");
    let said = String::from_utf8(output.stdout).unwrap();
    let field = |name: &str| {
        let (_, rest) = said.split_once(&format!("\"{name}\": \"")).expect(name);
        rest.split_once('"').unwrap().0.to_owned()
    };
    let tarball = std::fs::read(folder.join(field("filename"))).unwrap();
    (tarball, field("integrity"))
}
