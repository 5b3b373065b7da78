//! TLS to the upstreams of gateways, trusting whom this machine trusts.
//!
//! The machine's own store is used, so that a company's own authority counts here as it does for git and curl.

use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::host::Host;
use crate::record::Failure;

/// Trusts the machine's own store; none if there is nobody in it. Reads files.
pub(crate) fn of_this_machine() -> Option<TlsConnector> {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "a store of certificates could not be read");
    }
    let mut roots = RootCertStore::empty();
    let (taken, _) = roots.add_parsable_certificates(found.certs);
    if taken == 0 { None } else { trusting(roots) }
}

pub(crate) fn trusting(roots: RootCertStore) -> Option<TlsConnector> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .ok()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Some(Arc::new(config).into())
}

pub(crate) async fn connect(
    connector: &TlsConnector,
    host: &Host,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Tls { why: error.to_string() };
    let name = match host {
        Host::Name(name) => ServerName::try_from(name.as_str().to_owned()).map_err(|error| failed(&error))?,
        Host::Address(address) => ServerName::from(*address),
    };
    connector.connect(name, stream).await.map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{CertifiedKey, generate_simple_self_signed};
    use team6_testkit::wait::within;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, UnixStream};
    use tokio::task::JoinSet;
    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::rustls::ServerConfig;
    use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

    use super::*;
    use crate::{Egress, Gateway, Options, Rules, Secret, records};

    /// A server whose certificate is for `127.0.0.1`, that answers one request with what it was asked.
    async fn server() -> (u16, CertificateDer<'static>, JoinSet<()>) {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let certificate = cert.der().clone();
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = TlsAcceptor::from(Arc::new(config)).accept(stream).await else {
                return;
            };
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            let answer = format!(
                "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                head.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.write_all(&head).await.unwrap();
            stream.shutdown().await.unwrap();
        });
        (port, certificate, serving)
    }

    /// What a gateway to the server answers, trusting only `trusted`.
    async fn answer(port: u16, trusted: CertificateDer<'static>) -> String {
        let mut roots = RootCertStore::empty();
        roots.add(trusted).unwrap();
        let secret = Secret::new("sk-very-secret").unwrap();
        let gateway = Gateway::new("models", &format!("https://127.0.0.1:{port}/v1"), "x-api-key", secret).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("way/egress.sock");
        let (sender, _records) = records(&Options::default());
        let session = Egress::new(Rules::default(), sender)
            .gateways([gateway])
            .tls(trusting(roots).unwrap())
            .serve(&socket)
            .await
            .unwrap();
        let mut client = UnixStream::connect(&socket).await.unwrap();
        let asked = b"GET http://models.gateway.team6.invalid/models HTTP/1.1\r\nconnection: close\r\n\r\n";
        client.write_all(asked).await.unwrap();
        let mut answer = String::new();
        within("an answer", Duration::from_secs(20), client.read_to_string(&mut answer))
            .await
            .unwrap();
        session.shutdown().await;
        answer
    }

    #[tokio::test]
    async fn a_gateway_speaks_tls_with_an_upstream_that_is_trusted() {
        let (port, certificate, _serving) = server().await;
        let answer = answer(port, certificate).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains("GET /v1/models HTTP/1.1"), "{answer}");
        assert!(answer.contains("x-api-key: **************"), "{answer}");
    }

    #[tokio::test]
    async fn a_gateway_says_nothing_to_an_upstream_that_is_not_trusted() {
        let (port, _, _serving) = server().await;
        let (_, other, _) = server().await;
        let answer = answer(port, other).await;
        assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
        assert!(
            answer.contains("TLS with the server failed: invalid peer certificate"),
            "{answer}"
        );
    }
}
