//! How much one caller may ask.
//!
//! Who is signed in, or sends a good API key, counts as that account or key. Everybody else counts
//! as their address, and so does a request whose credentials turn out to be worth nothing.
//!
//! Each process counts in its own memory. Those of a fleet that have a Redis tell each other what was
//! taken, several times a second; of signing in and registering, which is how one guesses, they ask it
//! each time, and allow no more than one process does.

mod budget;
mod fleet;
mod shared;

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderName};
use parking_lot::Mutex;

use super::address::ClientAddress;
use crate::config;
use crate::error::{Error, Kind, Result};
use crate::redis::Redis;
use budget::{Budget, Caller, Quota};
use fleet::Fleet;

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// Counts the requests of everybody.
pub struct Limits {
    enabled: bool,
    users: Budget<u64>,
    keys: Budget<u64>,
    addresses: Budget<IpAddr>,
    logins: Budget<IpAddr>,
    registrations: Budget<IpAddr>,
    fleet: OnceLock<Fleet>,
}

impl Limits {
    /// Nobody has asked anything yet.
    pub fn new(config: &config::Limits) -> Self {
        let minute = |count| Quota::new(count, Duration::from_mins(1));
        let hour = |count| Quota::new(count, Duration::from_hours(1));
        Self {
            enabled: config.enabled,
            users: Budget::new("user", minute(config.requests_per_minute_user)),
            keys: Budget::new("key", minute(config.requests_per_minute_key)),
            addresses: Budget::new("address", minute(config.requests_per_minute_address)),
            logins: Budget::new("login", minute(config.login_per_minute)),
            registrations: Budget::new("register", hour(config.register_per_hour)),
            fleet: OnceLock::new(),
        }
    }

    /// Nobody is limited, for tests.
    pub fn none() -> Self {
        Self::new(&config::Limits { enabled: false, ..config::Config::defaults().limits })
    }

    /// Counts in `redis` as well, with other processes.
    pub(super) fn share(&self, redis: Redis) {
        // Nobody shares twice.
        let _ = self.fleet.set(Fleet::new(redis));
    }

    /// Counts this request for a signed-in account; 429 when it has asked too much.
    pub fn check_user(&self, parts: &Parts, user: u64) -> Result<()> {
        self.check_known(parts, &self.users, user)
    }

    /// Counts this request for an API key; 429 when it has been used too much.
    pub fn check_key(&self, parts: &Parts, key: u64) -> Result<()> {
        self.check_known(parts, &self.keys, key)
    }

    fn check_known(&self, parts: &Parts, budget: &Budget<u64>, key: u64) -> Result<()> {
        match parts.extensions.get::<Arc<Visit>>() {
            Some(visit) => self.check(budget, key, visit),
            None => Ok(()),
        }
    }

    /// Counts this request for the address that it comes from.
    pub(super) fn check_address(&self, visit: &Visit) -> Result<()> {
        self.check(&self.addresses, visit.address.caller(), visit)
    }

    fn check<K: Caller>(&self, budget: &Budget<K>, caller: K, visit: &Visit) -> Result<()> {
        if self.enabled { budget.check(caller, visit, self.fleet.get()) } else { Ok(()) }
    }
}

/// Taken by a route that signs in: refuses with 429 when the address has tried too often.
#[derive(Debug, Clone, Copy)]
pub struct LoginAllowance;

/// Taken by a route that makes an account: refuses with 429 when the address has made too many.
#[derive(Debug, Clone, Copy)]
pub struct RegisterAllowance;

impl<S: Sync> FromRequestParts<S> for LoginAllowance {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        check_allowance(parts, |limits| &limits.logins).await.map(|()| Self)
    }
}

impl<S: Sync> FromRequestParts<S> for RegisterAllowance {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        check_allowance(parts, |limits| &limits.registrations).await.map(|()| Self)
    }
}

async fn check_allowance(parts: &Parts, budget: fn(&Limits) -> &Budget<IpAddr>) -> Result<()> {
    let Some(visit) = parts.extensions.get::<Arc<Visit>>() else { return Ok(()) };
    let limits = &visit.limits;
    if !limits.enabled {
        return Ok(());
    }
    let caller = visit.address.caller();
    budget(limits).check(caller, visit, None)?;
    match limits.fleet.get() {
        Some(fleet) => budget(limits).check_together(&fleet.redis, caller, visit).await,
        None => Ok(()),
    }
}

/// What the layer around all routes and the extractors share about one request.
pub(super) struct Visit {
    pub(super) address: ClientAddress,
    limits: Arc<Limits>,
    /// What is left of the budget that is nearest to its end, once one was asked.
    left: Mutex<Option<Left>>,
}

impl Visit {
    pub(super) fn new(address: ClientAddress, limits: Arc<Limits>) -> Self {
        Self { address, limits, left: Mutex::new(None) }
    }

    /// Whether the request has been counted for anybody.
    pub(super) fn is_counted(&self) -> bool {
        self.left.lock().is_some()
    }

    /// Tells the caller what is left, if the request was counted.
    pub(super) fn write(&self, headers: &mut HeaderMap) {
        if let Some(left) = *self.left.lock() {
            headers.insert(LIMIT, left.limit.into());
            headers.insert(REMAINING, left.remaining.into());
            headers.insert(RESET, left.reset.into());
        }
    }

    fn note(&self, left: Left) {
        let mut noted = self.left.lock();
        if noted.is_none_or(|noted| left.remaining <= noted.remaining) {
            *noted = Some(left);
        }
    }
}

/// What is left of a budget.
#[derive(Debug, Clone, Copy)]
struct Left {
    limit: u32,
    remaining: u32,
    /// Seconds until all of it is there again.
    reset: u32,
}

fn refused(wait: u32) -> Error {
    Error::new(
        Kind::TooMany,
        "too_many_requests",
        "Too many requests; wait as long as the Retry-After header says",
    )
    .with_retry_after(wait.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn visit(limits: &Arc<Limits>, address: &str) -> Visit {
        Visit::new(ClientAddress(address.parse().unwrap()), limits.clone())
    }

    #[test]
    fn a_budget_is_one_callers_own_and_tells_what_is_left() {
        let mut config = Config::defaults().limits;
        config.requests_per_minute_address = 2;
        let limits = Arc::new(Limits::new(&config));
        let first = visit(&limits, "192.0.2.1");
        limits.check_address(&first).unwrap();
        let mut headers = HeaderMap::new();
        first.write(&mut headers);
        assert_eq!(
            (&headers[LIMIT], &headers[REMAINING], &headers[RESET]),
            (&2.into(), &1.into(), &30.into())
        );
        limits.check_address(&visit(&limits, "192.0.2.1")).unwrap();
        let third = visit(&limits, "192.0.2.1");
        let error = limits.check_address(&third).unwrap_err();
        assert_eq!(error.kind(), Kind::TooMany);
        assert!((1..=30).contains(&error.retry_after().unwrap()));
        third.write(&mut headers);
        assert_eq!((&headers[REMAINING], &headers[RESET]), (&0.into(), &60.into()));
        limits.check_address(&visit(&limits, "192.0.2.2")).unwrap();
    }

    #[test]
    fn a_household_of_ipv6_is_one_caller() {
        let mut config = Config::defaults().limits;
        config.requests_per_minute_address = 1;
        let limits = Arc::new(Limits::new(&config));
        limits.check_address(&visit(&limits, "2001:db8::1")).unwrap();
        assert!(limits.check_address(&visit(&limits, "2001:db8::ffff:2")).is_err());
        limits.check_address(&visit(&limits, "2001:db8:0:1::1")).unwrap();
    }
}
