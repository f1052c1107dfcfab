//! What an operator allows although it is internal.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use reqwest::Url;
use url::Host;

use crate::address::is_public;

/// How many entries an operator may name.
pub const ALLOWED_MAX: usize = 100;

/// The networks and names that may be called although they are internal, and also without encryption.
///
/// Its text has commas between networks (`10.1.0.0/16`), addresses (`127.0.0.1`) and names (`hooks.intranet`). Who
/// names a name trusts whoever answers for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    networks: Vec<IpNet>,
    names: Vec<String>,
}

/// The text is no such list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AllowedError {
    /// This part of it is neither.
    #[error("expected networks, addresses and names with commas between; {0:?} is none of them")]
    Entry(String),
    /// It is too long.
    #[error("expected at most {ALLOWED_MAX} entries")]
    TooMany,
}

impl FromStr for Allowed {
    type Err = AllowedError;

    fn from_str(text: &str) -> Result<Self, AllowedError> {
        let mut allowed = Self::default();
        let entries: Vec<_> = text.split(',').map(str::trim).filter(|it| !it.is_empty()).collect();
        if entries.len() > ALLOWED_MAX {
            return Err(AllowedError::TooMany);
        }
        for entry in entries {
            if let Ok(network) = entry.parse() {
                allowed.networks.push(network);
            } else if let Ok(address) = entry.parse::<IpAddr>() {
                allowed.networks.push(address.into());
            } else if is_name(entry) {
                allowed.names.push(entry.to_ascii_lowercase());
            } else {
                return Err(AllowedError::Entry(entry.to_owned()));
            }
        }
        Ok(allowed)
    }
}

impl Allowed {
    /// Whether a connection to `address` may be made for the sake of `host`.
    pub(crate) fn reaches(&self, host: &str, address: IpAddr) -> bool {
        is_public(address) || self.names_host(host) || self.has_network_of(address)
    }

    /// Whether `url` could be called, as far as it can be told without resolving its name.
    pub(crate) fn takes(&self, url: &Url) -> Result<(), &'static str> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err("it has a user or a password in it");
        }
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) => None,
            None => return Err("it names no host"),
        };
        let host = url.host_str().unwrap_or_default();
        if address.is_some_and(|address| !self.reaches(host, address)) {
            return Err("it is internal");
        }
        let is_named = self.names_host(host) || address.is_some_and(|it| self.has_network_of(it));
        match url.scheme() {
            "https" => Ok(()),
            "http" if is_named => Ok(()),
            "http" => Err("it is not encrypted: use https"),
            _ => Err("it is no address of https"),
        }
    }

    fn names_host(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.');
        self.names.iter().any(|name| name.eq_ignore_ascii_case(host))
    }

    fn has_network_of(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address))
    }
}

fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    text.len() <= 253 && text.chars().all(fits) && text.chars().any(|c| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(allowed: &str, url: &str) -> Result<(), &'static str> {
        allowed.parse::<Allowed>().unwrap().takes(&url.parse().unwrap())
    }

    #[test]
    fn an_internal_address_is_refused_however_it_is_written() {
        for url in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://0x7f.0.0.1/",
            "https://2130706433/",
            "https://017700000001/",
            "https://0/",
            "https://[::1]/",
            "https://[::ffff:169.254.169.254]/",
            "https://169.254.169.254/latest/meta-data/",
            "https://１２７.0.0.1/",
            "https://10.0.0.1:8443/",
        ] {
            assert_eq!(taken("", url), Err("it is internal"), "{url}");
        }
    }

    #[test]
    fn what_is_allowed_may_be_called_without_encryption_too() {
        let list = "127.0.0.0/8, 10.1.2.3,Hooks.Intranet";
        for host in ["127.0.0.1:8080", "10.1.2.3", "hooks.intranet", "HOOKS.intranet."] {
            assert_eq!(taken(list, &format!("http://{host}/")), Ok(()), "{host}");
        }
        assert_eq!(taken(list, "https://10.1.2.4/"), Err("it is internal"));
        assert_eq!(taken(list, "http://hooks.example/"), Err("it is not encrypted: use https"));
        assert_eq!(taken("0.0.0.0/0", "ftp://1.1.1.1/"), Err("it is no address of https"));
    }

    #[test]
    fn a_name_that_is_allowed_allows_no_other_one() {
        let allowed: Allowed = "hooks.intranet".parse().unwrap();
        let internal = "10.0.0.1".parse().unwrap();
        assert!(allowed.reaches("hooks.intranet", internal));
        for host in ["evil.hooks.intranet", "hooks.intranet.example", "intranet", ""] {
            assert!(!allowed.reaches(host, internal), "{host}");
        }
    }

    #[test]
    fn what_is_no_entry_is_named() {
        for entry in ["10.0.0.0/33", "http://hooks.intranet", "a b", "*"] {
            let error = format!("127.0.0.1,{entry}").parse::<Allowed>().unwrap_err();
            assert_eq!(error, AllowedError::Entry(entry.to_owned()));
        }
        let many = vec!["127.0.0.1"; ALLOWED_MAX + 1].join(",");
        assert_eq!(many.parse::<Allowed>(), Err(AllowedError::TooMany));
        assert_eq!("".parse::<Allowed>(), Ok(Allowed::default()));
    }
}
