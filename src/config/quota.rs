//! How often one client may ask, and whom to believe about where a client is.

use std::net::IpAddr;

use ipnet::IpNet;
use ports::quota::Budget;

use super::{ConfigError, Settings};

/// The settings of the API's quota.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quota {
    /// Of each client; none: everybody may ask as often as they like.
    pub budget: Option<Budget>,
    /// Those in front of us whose word on who asks, and how, is believed.
    pub proxies: Proxies,
}

/// Networks of trusted proxies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies(Vec<IpNet>);

const PER_MINUTE: u32 = 100;
const BURST: u32 = 200;
/// A request per microsecond.
const PER_MINUTE_MAX: u32 = 60_000_000;
const BURST_MAX: u32 = 1_000_000;
const PROXIES_MAX: usize = 100;

impl Proxies {
    /// Whether it is one of them.
    pub fn include(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl Settings<'_> {
    /// Where only this machine is served, the default is no quota; 0 says so explicitly.
    pub(super) fn quota(&self, is_loopback: bool) -> Result<Quota, ConfigError> {
        let default = if is_loopback { 0 } else { PER_MINUTE };
        let per_minute = self.number("QUOTA_PER_MINUTE", default, 0..=PER_MINUTE_MAX)?;
        let burst = self.number("QUOTA_BURST", BURST, 1..=BURST_MAX)?;
        let budget = (per_minute > 0).then_some(Budget { per_minute, burst });
        Ok(Quota { budget, proxies: self.proxies()? })
    }

    fn proxies(&self) -> Result<Proxies, ConfigError> {
        let text = self.text("TRUSTED_PROXIES")?.unwrap_or_default();
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let network = |entry: &str| {
            let address = || entry.parse::<IpAddr>().map(IpNet::from);
            entry.parse().or_else(|_| address()).map_err(|_| {
                let expected = "expected networks and addresses with commas between";
                ConfigError::new("TRUSTED_PROXIES", format!("{expected}, not {entry:?}"))
            })
        };
        let networks = entries.map(network).collect::<Result<Vec<_>, _>>()?;
        if networks.len() > PROXIES_MAX {
            let reason = format!("expected at most {PROXIES_MAX} entries");
            return Err(ConfigError::new("TRUSTED_PROXIES", reason));
        }
        Ok(Proxies(networks))
    }
}

impl Quota {
    /// Names and values.
    pub(super) fn describe(&self) -> Vec<(&'static str, String)> {
        let of = |part: fn(&Budget) -> u32| self.budget.as_ref().map_or(0, part).to_string();
        let proxies: Vec<_> = self.proxies.0.iter().map(ToString::to_string).collect();
        vec![
            ("QUOTA_PER_MINUTE", of(|budget| budget.per_minute)),
            ("QUOTA_BURST", of(|budget| budget.burst)),
            ("TRUSTED_PROXIES", proxies.join(",")),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota(settings: &[(&str, &str)], is_loopback: bool) -> Result<Quota, ConfigError> {
        let get = |name: &str| {
            settings.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Settings { get: &get }.quota(is_loopback)
    }

    #[test]
    fn others_than_this_machine_have_a_quota_unless_it_is_said_otherwise() {
        let usual = Some(Budget { per_minute: 100, burst: 200 });
        assert_eq!(quota(&[], false).unwrap().budget, usual);
        assert_eq!(quota(&[], true).unwrap().budget, None);
        assert_eq!(quota(&[("QUOTA_PER_MINUTE", "0")], false).unwrap().budget, None);
        let chosen = quota(&[("QUOTA_PER_MINUTE", "6000"), ("QUOTA_BURST", "1")], true);
        assert_eq!(chosen.unwrap().budget, Some(Budget { per_minute: 6_000, burst: 1 }));
    }

    #[test]
    fn proxies_are_networks_and_addresses() {
        let Quota { proxies, .. } =
            quota(&[("TRUSTED_PROXIES", "10.1.0.0/16, 127.0.0.1,::1")], true).unwrap();
        for (address, is_one) in
            [("10.1.2.3", true), ("10.2.0.1", false), ("127.0.0.1", true), ("::1", true)]
        {
            assert_eq!(proxies.include(address.parse().unwrap()), is_one, "{address}");
        }
    }

    #[test]
    fn a_wrong_setting_is_named() {
        for (name, value) in [
            ("QUOTA_PER_MINUTE", "-1"),
            ("QUOTA_PER_MINUTE", "60000001"),
            ("QUOTA_BURST", "0"),
            ("TRUSTED_PROXIES", "the gateway"),
        ] {
            let message = quota(&[(name, value)], false).unwrap_err().to_string();
            assert!(message.starts_with(&format!("{name}: ")), "{message}");
        }
    }
}
