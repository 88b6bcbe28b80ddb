//! Budgets of which the processes of a fleet allow together hardly more than one of them would.
//!
//! A process decides about a request at once, by what it remembers. A moment later it tells Redis how
//! many each caller has taken, and Redis, which is told so by all, answers when the whole budget is
//! there again; of that and what the process thought, the later holds. What is allowed beyond the
//! budget is what comes to the others between two exchanges, and it is taken off what comes back.
//!
//! Only spans of time pass between a process and Redis, so their clocks need not agree. What Redis
//! cannot be told, because it does not answer, has been counted by the one process alone.

use std::sync::LazyLock;
use std::time::Duration;

use tokio::sync::Notify;

use super::Limits;
use super::budget::{Budget, Caller, Untold};
use crate::redis::{Call, Redis, Script};

/// Between two exchanges.
const PAUSE: Duration = Duration::from_millis(100);

/// Keeps of each caller the moment at which the whole budget is there again, in microseconds of the
/// server; moves it on by what was taken, and answers how far away it is. Nobody is made to wait for
/// longer than two whole budgets, whatever was taken at once and however the clock was set.
static COUNT: LazyLock<Script> = LazyLock::new(|| {
    let text = "
        local time = redis.call('TIME')
        local now = time[1] * 1000000 + time[2]
        local kept = redis.call('MGET', unpack(KEYS))
        local leads = {}
        for each = 1, #KEYS do
            local taken, ago = ARGV[2 * each], ARGV[2 * each + 1]
            local whole = math.max((kept[each] or 0) + 0, now - ago) + taken
            local lead = math.min(whole - now, ARGV[1] + 0)
            if lead > 0 then
                local text = string.format('%.0f', now + lead)
                redis.call('PSETEX', KEYS[each], math.ceil(lead / 1000), text)
            end
            leads[each] = lead
        end
        return leads";
    Script::new(text.to_owned())
});

/// Those with whom a process counts.
pub(super) struct Fleet {
    pub(super) redis: Redis,
    untold: Notify,
}

impl Fleet {
    pub(super) fn new(redis: Redis) -> Self {
        Self { redis, untold: Notify::new() }
    }

    /// Somebody has taken something of which Redis is to be told.
    pub(super) fn has_to_be_told(&self) {
        self.untold.notify_one();
    }
}

impl Limits {
    /// Counts with the other processes, for as long as it is polled; ends at once where there is no
    /// Redis to count in. Does nothing while nobody asks for anything.
    pub async fn count_together(&self) {
        let Some(fleet) = self.fleet.get() else { return };
        loop {
            fleet.untold.notified().await;
            self.exchange(&fleet.redis).await;
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn exchange(&self, redis: &Redis) {
        tokio::join!(
            exchange(&self.users, redis),
            exchange(&self.keys, redis),
            exchange(&self.addresses, redis)
        );
    }
}

async fn exchange<K: Caller>(budget: &Budget<K>, redis: &Redis) {
    // Before Redis looks at its clock, so that what is learnt is never too late by the way there.
    let then = budget.now();
    let (mut calls, mut told) = (Vec::new(), Vec::new());
    for (stripe, untold) in budget.take_untold() {
        calls.push(call(budget, redis, stripe, &untold));
        told.push(untold);
    }
    if calls.is_empty() {
        return;
    }
    match redis.evaluate_each::<Vec<i64>>(&COUNT, &calls).await {
        Ok(leads) => {
            for (untold, lead) in told.iter().flatten().zip(leads.iter().flatten()) {
                budget.learn(untold.caller, then, lead.max(&0).unsigned_abs() * 1000);
            }
        }
        Err(error) => tracing::debug!(cause = %error, "this process counts for itself"),
    }
}

/// What the callers of a stripe have taken. Their keys are in one place of a Cluster.
fn call<K: Caller>(budget: &Budget<K>, redis: &Redis, stripe: usize, untold: &[Untold<K>]) -> Call {
    let (name, quota) = (budget.name, budget.quota);
    let key =
        |untold: &Untold<K>| redis.key(&format!("limit:{{{name}:{stripe}}}:{}", untold.caller));
    let spans = untold.iter().flat_map(|untold| {
        let taken = u64::from(untold.taken) * quota.interval();
        [taken.div_ceil(1000), untold.ago.div_ceil(1000)]
    });
    Call {
        keys: untold.iter().map(key).collect(),
        args: std::iter::once(2 * quota.window() / 1000).chain(spans).collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::Visit;
    use super::super::budget::Quota;
    use super::*;
    use crate::config::Config;
    use crate::http::ClientAddress;
    use crate::testkit::{self, Network, Proxy, variable};

    /// What one process knows of a budget of sixty, of which one comes back in a minute.
    struct Process {
        budget: Budget<u64>,
        fleet: Fleet,
    }

    impl Process {
        fn with(redis: &Redis) -> Self {
            let budget = Budget::new("test", Quota::new(60, Duration::from_hours(1)));
            Self { budget, fleet: Fleet::new(redis.clone()) }
        }

        /// One request of a caller: how many are left, or how many seconds to wait.
        fn asks(&self) -> Result<u32, u32> {
            let limits = Arc::new(Limits::none());
            let visit = Visit::new(ClientAddress("192.0.2.1".parse().unwrap()), limits);
            match self.budget.check(7, &visit, Some(&self.fleet)) {
                Ok(()) => Ok(visit.left.lock().unwrap().remaining),
                Err(error) => Err(error.retry_after().unwrap()),
            }
        }

        async fn exchanges(&self) {
            exchange(&self.budget, &self.fleet.redis).await;
        }
    }

    #[tokio::test]
    async fn processes_allow_together_what_one_does() {
        for redis in [testkit::redis().await, testkit::redis_cluster().await] {
            let Some(redis) = redis else { continue };
            let [one, other] = [(); 2].map(|()| Process::with(&redis));
            for left in (20..60).rev() {
                assert_eq!(one.asks(), Ok(left));
            }
            one.exchanges().await;
            assert_eq!(other.asks(), Ok(59), "it has not heard of this caller");
            other.exchanges().await;
            for left in (0..19).rev() {
                assert_eq!(other.asks(), Ok(left));
            }
            assert!(other.asks().is_err());
            other.exchanges().await;
            assert_eq!(one.asks(), Ok(19), "it has not been told yet");
            one.exchanges().await;
            let wait = one.asks().unwrap_err();
            assert!((60..=120).contains(&wait), "what was too much is taken off: {wait}");
            other.exchanges().await;
            assert!(other.asks().is_err());
        }
    }

    #[tokio::test]
    async fn one_process_counts_as_it_does_alone() {
        let Some(redis) = testkit::redis().await else { return };
        let alone = Process::with(&redis);
        for left in (0..60).rev() {
            assert_eq!(alone.asks(), Ok(left));
            alone.exchanges().await;
        }
        assert!(alone.asks().unwrap_err() <= 60);
    }

    #[tokio::test]
    async fn nobody_waits_for_longer_than_two_budgets() {
        let Some(redis) = testkit::redis().await else { return };
        let processes = [(); 5].map(|()| Process::with(&redis));
        for process in &processes {
            while process.asks().is_ok() {}
        }
        for process in &processes {
            process.exchanges().await;
        }
        let wait = processes[4].asks().unwrap_err();
        assert!((3600..=3660).contains(&wait), "{wait}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn without_redis_each_counts_for_itself_until_it_is_back() {
        let Some(url) = variable("TINTYPE_TEST_REDIS_URL") else { return };
        let prefix = testkit::redis().await.unwrap().key("proxied");
        let proxy = Proxy::to(url.trim_start_matches("redis://")).await;
        let redis = Redis::at(&format!("redis://{}", proxy.address()), &prefix).unwrap();
        let [one, other] = [(); 2].map(|()| Process::with(&redis));
        let mut left = 60;
        for network in [Network::Silent, Network::Down] {
            proxy.set(network);
            for process in [&one, &other] {
                for left in (left - 10..left).rev() {
                    assert_eq!(process.asks(), Ok(left));
                }
                process.exchanges().await;
            }
            left -= 10;
        }
        proxy.set(Network::Up);
        while redis.answers().await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(one.asks(), Ok(39));
        // More than either has taken itself.
        while one.asks() != Ok(9) {}
        one.exchanges().await;
        assert_eq!(other.asks(), Ok(39));
        other.exchanges().await;
        assert_eq!(other.asks(), Ok(27), "31 of one since it is back, and two of its own");
    }

    #[tokio::test]
    async fn who_is_alone_has_nobody_to_count_with() {
        Limits::new(&Config::defaults().limits).count_together().await;
    }
}
