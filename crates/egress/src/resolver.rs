//! From a name to its addresses: once per connection, and on this side of the socket.

use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Semaphore;

use crate::host::Name;

const LOOKUPS_AT_ONCE: usize = 16;

/// Resolves names.
#[async_trait]
pub trait Resolver: Send + Sync {
    /// All addresses of a name, best first. A name without any may be an error or an empty answer.
    async fn resolve(&self, name: &Name) -> io::Result<Vec<IpAddr>>;
}

/// Resolves names as other programs of this machine do.
///
/// A lookup cannot be ended before its time, and keeps a thread until then. So there are only so many at once: share one
/// resolver between sessions, so that no sandbox can use up the threads of the engine.
#[derive(Debug, Clone)]
pub struct SystemResolver(Arc<Semaphore>);

impl SystemResolver {
    /// With so many lookups at once.
    pub fn new(at_once: usize) -> Self {
        Self(Arc::new(Semaphore::new(at_once)))
    }
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self::new(LOOKUPS_AT_ONCE)
    }
}

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, name: &Name) -> io::Result<Vec<IpAddr>> {
        let place = self.0.clone().acquire_owned().await.map_err(io::Error::other)?;
        let name = name.clone();
        let lookup = move || {
            let addresses = (name.as_str(), 0).to_socket_addrs();
            drop(place);
            Ok(addresses?.map(|address| address.ip()).collect())
        };
        tokio::task::spawn_blocking(lookup).await?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn this_machine_knows_itself() {
        let localhost = Name::parse("localhost").unwrap();
        let addresses = SystemResolver::default().resolve(&localhost).await.unwrap();
        assert!(
            !addresses.is_empty() && addresses.iter().all(IpAddr::is_loopback),
            "{addresses:?}"
        );
    }
}
