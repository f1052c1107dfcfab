//! Names → addresses that may be connected to.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::allow::Allowed;

/// Finds the addresses of a name.
#[async_trait]
pub trait Resolver: Send + Sync {
    /// All addresses of `name`, anew at every call.
    ///
    /// # Errors
    /// There are none, or nobody answers.
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// As the machine resolves names.
#[derive(Clone, Copy, Debug)]
pub struct SystemResolver;

/// Any port serves: only addresses are asked for.
const NO_PORT: u16 = 0;

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((name, NO_PORT)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

/// The name leads to an address that must not be connected to.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("its name leads to an internal address")]
pub(crate) struct Internal;

/// Stands between the client and the resolver: what it gives is what is connected to, and nothing is asked again.
#[derive(Clone)]
pub(crate) struct Guard {
    pub(crate) resolver: Arc<dyn Resolver>,
    pub(crate) allowed: Arc<Allowed>,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let Self { resolver, allowed } = self.clone();
        Box::pin(async move {
            let found = resolver.resolve(name.as_str()).await?;
            // A name that leads inside as well as outside is nobody's honest mistake.
            if found.iter().any(|&address| !allowed.reaches(name.as_str(), address)) {
                return Err(Internal.into());
            }
            let addresses = found.into_iter().map(|address| SocketAddr::new(address, NO_PORT));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}
