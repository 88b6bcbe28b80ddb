//! Allowances of which a fleet gives no more than one process does: Redis is asked each time.

use std::net::IpAddr;
use std::sync::LazyLock;

use super::budget::{Budget, Quota};
use super::{Left, Visit, refused};
use crate::error::{Error, Result};
use crate::redis::{Redis, Script};

/// The algorithm of [`Budget`]: kept is the moment at which all of the allowance would be there
/// again, in microseconds of the server. Answers how much is left and, if this one is refused, for how
/// many microseconds.
static TAKE: LazyLock<Script> = LazyLock::new(|| {
    let text = "
        local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
        local time = redis.call('TIME')
        local now = time[1] * 1000000 + time[2]
        local whole = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now) + interval
        local wait = whole - burst * interval - now
        if wait > 0 then return {0, wait} end
        local kept = math.ceil((whole - now) / 1000)
        redis.call('SET', KEYS[1], string.format('%.0f', whole), 'PX', kept)
        return {math.floor((now + burst * interval - whole) / interval), 0}";
    Script::new(text.to_owned())
});

impl Budget<IpAddr> {
    /// Takes one that all processes which count in `redis` have together; 429 if nothing is left.
    pub(super) async fn check_together(
        &self,
        redis: &Redis,
        caller: IpAddr,
        visit: &Visit,
    ) -> Result<()> {
        match take(redis, self.name, &caller.to_string(), self.quota).await {
            Ok(left) => {
                if let Some(left) = left {
                    visit.note(left);
                }
                Ok(())
            }
            Err(error) => {
                visit.note(self.quota.left(self.quota.window()));
                self.refused.increment(1);
                Err(error)
            }
        }
    }
}

/// Takes one from the allowance `name` of `caller`, of whatever `quota` gives; 429 if nothing is left.
/// Where Redis does not answer, each process is left to its own counting.
async fn take(redis: &Redis, name: &str, caller: &str, quota: Quota) -> Result<Option<Left>> {
    let key = redis.key(&format!("limit:{name}:{caller}"));
    let interval = (quota.interval() / 1000).to_string();
    let burst = quota.burst().to_string();
    let taken: Result<Vec<i64>> =
        redis.evaluate(&TAKE, &[&key], &[interval.as_bytes(), burst.as_bytes()]).await;
    match taken.as_deref() {
        Ok([left, 0]) => {
            let missing = u64::from(quota.burst()).saturating_sub(left.unsigned_abs());
            Ok(Some(quota.left(missing * quota.interval())))
        }
        Ok([_, wait]) => Err(refused((*wait as u64).div_ceil(1_000_000) as u32)),
        Ok(_) => Err(Error::internal("an allowance has another answer")),
        Err(error) => {
            tracing::debug!(cause = %error, "this process counts for itself");
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::error::Kind;
    use crate::testkit;

    #[tokio::test]
    async fn processes_take_from_one_allowance() {
        let Some(redis) = testkit::redis().await else { return };
        let quota = Quota::new(3, Duration::from_hours(1));
        let take = async || take(&redis, "test", "192.0.2.1", quota).await;
        for left in [2, 1, 0] {
            let taken = take().await.unwrap().unwrap();
            assert_eq!((taken.limit, taken.remaining), (3, left));
        }
        let error = take().await.unwrap_err();
        assert_eq!(error.kind(), Kind::TooMany);
        assert!((1100..=1200).contains(&error.retry_after().unwrap()), "{error:?}");
        let other = super::take(&redis, "test", "192.0.2.2", quota).await.unwrap().unwrap();
        assert_eq!(other.remaining, 2);
    }

    #[tokio::test]
    async fn without_redis_each_counts_for_itself() {
        let redis = Redis::at("redis://127.0.0.1:1", "test").unwrap();
        let quota = Quota::new(3, Duration::from_hours(1));
        for _ in 0..10 {
            assert!(take(&redis, "test", "192.0.2.1", quota).await.unwrap().is_none());
        }
    }
}
