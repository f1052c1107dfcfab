//! Where a client is, and how it came to us.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use axum::http::HeaderMap;

use crate::config::Proxies;

const FORWARDED_FOR: &str = "x-forwarded-for";
const FORWARDED_PROTO: &str = "x-forwarded-proto";
/// Whoever has one address of such a network has all of them.
const IPV6_NETWORK_BITS: u32 = 64;

/// The other end of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Peer {
    /// Of the client; of its network, where that is one subscriber's.
    pub(super) address: IpAddr,
    /// Whether the client speaks TLS with the proxy in front of us.
    pub(super) is_encrypted: bool,
}

impl Peer {
    /// Who sent `request`; nobody where it did not come over the network.
    pub(super) fn of(request: &Request, proxies: &Proxies) -> Option<Self> {
        let ConnectInfo(address) = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
        Some(Self::behind(address.ip().to_canonical(), request.headers(), proxies))
    }

    /// Every proxy appends whom it has heard from, so the list is read from its end, for as long as it is written by
    /// somebody whom we trust. What stands before that may be anybody's invention.
    fn behind(connected: IpAddr, headers: &HeaderMap, proxies: &Proxies) -> Self {
        let trusted = |address: &IpAddr| proxies.include(*address);
        let is_encrypted = trusted(&connected)
            && headers.get(FORWARDED_PROTO).is_some_and(|proto| proto.as_bytes() == b"https");
        let lists: Vec<&str> = headers
            .get_all(FORWARDED_FOR)
            .iter()
            .map(|list| list.to_str().unwrap_or_default())
            .collect();
        let mut address = connected;
        for entry in lists.iter().rev().flat_map(|list| list.rsplit(',')) {
            if !trusted(&address) {
                break;
            }
            let Some(before) = parse(entry.trim()) else { break };
            address = before;
        }
        Self { address: network(address), is_encrypted }
    }
}

/// With or without a port.
fn parse(entry: &str) -> Option<IpAddr> {
    let bare = || entry.trim_matches(['[', ']']).parse::<IpAddr>();
    let with_port = |_| entry.parse::<SocketAddr>().map(|address| address.ip());
    bare().or_else(with_port).ok().map(|address| address.to_canonical())
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let kept = u128::MAX << IPV6_NETWORK_BITS;
            Ipv6Addr::from_bits(address.to_bits() & kept).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Overrides};

    fn proxies() -> Proxies {
        let get = |name: &str| (name == "TRUSTED_PROXIES").then(|| "10.0.0.0/8".to_owned());
        Config::read(&get, Overrides::default()).unwrap().quota.proxies
    }

    fn seen(connected: &str, forwarded: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for list in forwarded {
            headers.append(FORWARDED_FOR, list.parse().unwrap());
        }
        let connected = parse(connected).unwrap();
        Peer::behind(connected, &headers, &proxies()).address.to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        assert_eq!(seen("203.0.113.7", &["198.51.100.1"]), "203.0.113.7");
        assert_eq!(seen("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn what_a_client_claims_of_itself_counts_for_nothing() {
        assert_eq!(seen("10.0.0.1", &["1.1.1.1, 198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["1.1.1.1", "198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["198.51.100.1, nonsense"]), "10.0.0.1");
    }

    #[test]
    fn a_subscriber_with_many_addresses_is_one_client() {
        assert_eq!(seen("2001:db8:1:2:3:4:5:6", &[]), "2001:db8:1:2::");
        assert_eq!(seen("::ffff:203.0.113.7", &[]), "203.0.113.7");
        assert_eq!(seen("10.0.0.1", &["[2001:db8::5]:443"]), "2001:db8::");
    }

    #[test]
    fn only_a_trusted_proxy_tells_that_the_client_speaks_tls() {
        let mut headers = HeaderMap::new();
        headers.insert(FORWARDED_PROTO, "https".parse().unwrap());
        let is_encrypted = |connected: &str| {
            Peer::behind(parse(connected).unwrap(), &headers, &proxies()).is_encrypted
        };
        assert!(is_encrypted("10.0.0.1") && !is_encrypted("203.0.113.7"));
    }
}
