//! Whose address a request comes from, behind proxies that are believed and no others.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use axum::extract::{ConnectInfo, FromRequestParts};
use http::request::Parts;
use http::{Extensions, HeaderMap};
use serde::{Deserialize, Deserializer};

use crate::error::{Error, Result};

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address that a request comes from: the peer's own, or, if the peer is a configured proxy,
/// the last one in `X-Forwarded-For` that is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    pub(super) fn find(extensions: &Extensions, headers: &HeaderMap, proxies: &[Network]) -> Self {
        let peer = extensions.get::<ConnectInfo<SocketAddr>>();
        // Without a socket (a router called directly) every request comes from one place.
        let peer =
            peer.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |info| info.0.ip().to_canonical());
        let trusted = |address: &IpAddr| proxies.iter().any(|network| network.contains(*address));
        if proxies.is_empty() || !trusted(&peer) {
            return Self(peer);
        }
        let mut client = peer;
        let hops = headers.get_all(FORWARDED_FOR).iter().rev();
        let hops = hops.flat_map(|value| value.to_str().unwrap_or("").rsplit(','));
        for hop in hops {
            // What is not an address was not written by a proxy of ours: go no further.
            let Some(address) = parse_hop(hop.trim()) else { break };
            client = address;
            if !trusted(&address) {
                break;
            }
        }
        Self(client)
    }

    /// What counts as one caller: an IPv4 address, or the network that a household gets of IPv6.
    pub(super) fn caller(self) -> IpAddr {
        match self.0 {
            IpAddr::V4(_) => self.0,
            IpAddr::V6(address) => {
                Ipv6Addr::from_bits(address.to_bits() & !(u128::from(u64::MAX))).into()
            }
        }
    }
}

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let known = parts.extensions.get::<Self>().copied();
        Ok(known.unwrap_or_else(|| Self::find(&parts.extensions, &parts.headers, &[])))
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An address with or without a port, IPv6 with or without brackets.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let bare = hop.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse().or_else(|_| hop.parse().map(|socket: SocketAddr| socket.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

/// A network, such as `10.0.0.0/8`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Network {
    /// Whether `address` is in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let differ = network.to_bits() ^ address.to_bits();
                differ.checked_shr(32 - self.prefix).unwrap_or(0) == 0
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let differ = network.to_bits() ^ address.to_bits();
                differ.checked_shr(128 - self.prefix).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let broken = || format!("{text:?} is no address or network such as 10.0.0.0/8");
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse().map_err(|_| broken())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| broken())?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix: u32 = prefix.unwrap_or(bits);
        if prefix > bits {
            return Err(broken());
        }
        // IPv4 written as IPv6 is IPv4 again, as it is when a request comes from there.
        let canonical = address.to_canonical();
        let mapped = canonical != address;
        let prefix = if mapped { prefix.checked_sub(96).ok_or_else(broken)? } else { prefix };
        Ok(Self { address: canonical, prefix })
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str], proxies: &[&str]) -> String {
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 4711)));
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        let proxies: Vec<Network> = proxies.iter().map(|text| text.parse().unwrap()).collect();
        ClientAddress::find(&extensions, &headers, &proxies).to_string()
    }

    #[test]
    fn only_a_configured_proxy_is_believed() {
        assert_eq!(client("10.1.1.1", &["203.0.113.9"], &[]), "10.1.1.1");
        assert_eq!(client("192.0.2.1", &["203.0.113.9"], &["10.0.0.0/8"]), "192.0.2.1");
        assert_eq!(client("10.1.1.1", &["203.0.113.9"], &["10.0.0.0/8"]), "203.0.113.9");
        assert_eq!(client("::ffff:10.1.1.1", &["203.0.113.9"], &["10.0.0.0/8"]), "203.0.113.9");
    }

    #[test]
    fn what_the_client_itself_wrote_into_the_header_is_not_believed() {
        let proxies = ["10.0.0.0/8"];
        assert_eq!(
            client("10.1.1.1", &["1.2.3.4, 203.0.113.9, 10.2.2.2"], &proxies),
            "203.0.113.9"
        );
        assert_eq!(client("10.1.1.1", &["1.2.3.4", "203.0.113.9:55"], &proxies), "203.0.113.9");
        assert_eq!(client("10.1.1.1", &["203.0.113.9, nonsense"], &proxies), "10.1.1.1");
        assert_eq!(client("10.1.1.1", &["[2001:db8::7]:443"], &proxies), "2001:db8::7");
    }

    #[test]
    fn networks_contain_what_they_should() {
        let contains = |network: &str, address: &str| {
            network.parse::<Network>().unwrap().contains(address.parse().unwrap())
        };
        assert!(contains("0.0.0.0/0", "203.0.113.9"));
        assert!(contains("10.0.0.0/8", "10.255.0.1"));
        assert!(!contains("10.0.0.0/8", "11.0.0.1"));
        assert!(contains("127.0.0.1", "127.0.0.1"));
        assert!(!contains("127.0.0.1", "127.0.0.2"));
        assert!(contains("2001:db8::/32", "2001:db8:1::1"));
        assert!(!contains("::/0", "10.0.0.1"));
        assert!(contains("::ffff:10.0.0.0/104", "10.255.0.1"));
        assert!(!contains("::ffff:10.0.0.0/104", "11.0.0.1"));
        for broken in
            ["", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/-1", "host", "::ffff:0:0/90"]
        {
            assert!(broken.parse::<Network>().is_err(), "{broken}");
        }
    }
}
