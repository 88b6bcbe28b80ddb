use std::sync::atomic::AtomicBool;

use parking_lot::Mutex;

use super::*;
use crate::error::Error;
use crate::outbox::{DeadLetter, Wanted};
use crate::sqlite::Database;
use crate::testkit::Workbench;

/// Notes what it gets; fails when told to.
#[derive(Default)]
struct Notes {
    name: &'static str,
    seen: Mutex<Vec<u64>>,
    broken: AtomicBool,
    refuses: Option<u64>,
    transient: bool,
}

#[async_trait]
impl Consumer for Notes {
    fn name(&self) -> &'static str {
        self.name
    }

    fn kinds(&self) -> &'static [&'static str] {
        &["noted"]
    }

    async fn handle(&self, records: &[Record]) -> Result<()> {
        let fails = self.broken.load(Ordering::Relaxed)
            || records.iter().any(|record| Some(record.id) == self.refuses);
        if fails && self.transient {
            return Err(Error::unavailable("down", "Down for a while", 1));
        }
        if fails {
            return Err(Error::internal("refused"));
        }
        self.seen.lock().extend(records.iter().map(|record| record.id));
        Ok(())
    }
}

fn settings() -> Settings {
    Settings { pause: Duration::from_millis(1), ..Settings::default() }
}

async fn start(bench: &Workbench, consumers: &[&Arc<Notes>]) -> Bus {
    let consumers = consumers.iter().map(|notes| Arc::clone(notes) as Arc<dyn Consumer>).collect();
    Bus::start(bench.database.outbox(), bench.clock.clone(), &settings(), consumers).await.unwrap()
}

/// On a server, consumers wait to be told of commits.
fn follow(bench: &Workbench) {
    drop(bench.database.follow(Vec::new()));
}

/// The ids of all that is in the outbox, what is replayed included.
async fn kept(bench: &Workbench) -> Vec<u64> {
    let outbox = bench.database.outbox();
    outbox.relay().await.unwrap();
    let mut ids = Vec::new();
    let mut position = 0;
    loop {
        // Those that are replayed are for the consumer `a`.
        let batch = outbox.after(position, Wanted { consumer: "a", kinds: &[] }).await.unwrap();
        if batch.end == position {
            return ids;
        }
        position = batch.end;
        ids.extend(batch.records.iter().map(|record| record.id));
    }
}

async fn letters(bench: &Workbench) -> Vec<DeadLetter> {
    bench.database.outbox().dead_letters(10).await.unwrap()
}

async fn replay(bench: &Workbench, numbers: Vec<i64>) -> usize {
    bench.database.outbox().take_dead_letters(numbers, true).await.unwrap()
}

async fn publish(bench: &Workbench, ids: impl IntoIterator<Item = u64>, kind: &'static str) {
    let now = bench.clock.now();
    for id in ids {
        let record =
            Record { sequence: 0, id, kind: kind.into(), key: id % 3, body: "{}".into(), at: now };
        bench.publish(record).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_consumer_gets_what_it_wants_in_order_and_goes_on_after_a_restart() {
    for bench in Workbench::each(&[]).await {
        follow(&bench);
        let (a, b) = (
            Arc::new(Notes { name: "a", ..Notes::default() }),
            Arc::new(Notes { name: "b", ..Notes::default() }),
        );
        publish(&bench, 1..=5, "noted").await;
        publish(&bench, [100], "not wanted").await;
        let bus = start(&bench, &[&a, &b]).await;
        publish(&bench, 6..=9, "noted").await;
        bus.drained().await.unwrap();
        assert_eq!(*a.seen.lock(), (1..=9).collect::<Vec<_>>());
        assert_eq!(*b.seen.lock(), (1..=9).collect::<Vec<_>>());
        bus.stop().await;

        publish(&bench, 10..=12, "noted").await;
        let bus = start(&bench, &[&a]).await;
        bus.drained().await.unwrap();
        assert_eq!(*a.seen.lock(), (1..=12).collect::<Vec<_>>());
        bus.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poisoned_event_becomes_a_dead_letter_and_can_be_replayed() {
    for bench in Workbench::each(&[]).await {
        follow(&bench);
        let notes = Arc::new(Notes { name: "a", refuses: Some(3), ..Notes::default() });
        let other = Arc::new(Notes { name: "b", ..Notes::default() });
        publish(&bench, 1..=5, "noted").await;
        let bus = start(&bench, &[&notes, &other]).await;
        bus.drained().await.unwrap();
        assert_eq!(*notes.seen.lock(), [1, 2, 4, 5]);
        let dead = letters(&bench).await;
        assert_eq!(dead.len(), 1);
        assert_eq!((dead[0].record.id, dead[0].consumer.as_str(), dead[0].tries), (3, "a", 5));
        bus.stop().await;

        let mended = Arc::new(Notes { name: "a", ..Notes::default() });
        let bus = start(&bench, &[&mended, &other]).await;
        assert_eq!(replay(&bench, vec![dead[0].number]).await, 1);
        bus.drained().await.unwrap();
        assert_eq!(*mended.seen.lock(), [3]);
        assert_eq!(
            *other.seen.lock(),
            [1, 2, 3, 4, 5],
            "only the consumer that failed gets it again"
        );
        assert!(letters(&bench).await.is_empty());
        bus.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stuck_consumer_stops_no_other_and_nothing_passing_is_buried() {
    for bench in Workbench::each(&[]).await {
        follow(&bench);
        let stuck = Arc::new(Notes { name: "stuck", transient: true, ..Notes::default() });
        stuck.broken.store(true, Ordering::Relaxed);
        let other = Arc::new(Notes { name: "other", ..Notes::default() });
        publish(&bench, 1..=20, "noted").await;
        let bus = start(&bench, &[&stuck, &other]).await;
        while other.seen.lock().len() < 20 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(stuck.seen.lock().is_empty());
        stuck.broken.store(false, Ordering::Relaxed);
        bus.drained().await.unwrap();
        assert_eq!(*stuck.seen.lock(), (1..=20).collect::<Vec<_>>());
        assert!(letters(&bench).await.is_empty());
        bus.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_listener_follows_from_now_on() {
    for bench in Workbench::each(&[]).await {
        follow(&bench);
        publish(&bench, 1..=3, "noted").await;
        let bus = start(&bench, &[]).await;
        let mut live = bus.live();
        // The tail may still be starting at the end of what was there before.
        publish(&bench, 4..=6, "noted").await;
        let mut ids = Vec::new();
        while ids.last() != Some(&6) {
            ids.push(live.recv().await.unwrap().id);
        }
        assert_eq!(ids, [4, 5, 6]);
        bus.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_all_have_seen_is_dropped_when_it_is_old_but_never_the_last() {
    for bench in Workbench::each(&[]).await {
        follow(&bench);
        let notes = Arc::new(Notes { name: "a", ..Notes::default() });
        publish(&bench, 1..=10, "noted").await;
        bench.clock.advance_millis(25 * 60 * 60 * 1000);
        let bus = start(&bench, &[&notes]).await;
        bus.drained().await.unwrap();
        bus.stop().await;
        let bus = start(&bench, &[&notes]).await;
        while kept(&bench).await != [10] {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(bench.database.outbox().highest_id().await.unwrap(), 10);
        bus.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replayed_event_does_not_pass_for_the_last() {
    for bench in Workbench::each(&[]).await {
        follow(&bench);
        let notes = Arc::new(Notes { name: "a", refuses: Some(3), ..Notes::default() });
        publish(&bench, 1..=10, "noted").await;
        let bus = start(&bench, &[&notes]).await;
        bus.drained().await.unwrap();
        bus.stop().await;
        replay(&bench, Vec::new()).await;
        bench.clock.advance_millis(25 * 60 * 60 * 1000);
        let mended = Arc::new(Notes { name: "a", ..Notes::default() });
        let bus = start(&bench, &[&mended]).await;
        bus.drained().await.unwrap();
        bus.stop().await;
        let bus = start(&bench, &[&mended]).await;
        while kept(&bench).await.len() > 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        bus.stop().await;
        assert_eq!(kept(&bench).await, [10, 3]);
        assert_eq!(bench.database.outbox().highest_id().await.unwrap(), 10);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_is_dropped_at_once_is_dropped_as_well_and_nothing_young() {
    let bench = Workbench::new(&[]);
    let record =
        |id, at| Record { sequence: 0, id, kind: "noted".into(), key: 1, body: "{}".into(), at };
    let (old, young) = (bench.clock.now(), bench.clock.now().plus_millis(60_000));
    bench
        .sqlite()
        .write(move |write| {
            (1..=12_000).try_for_each(|id| write.publish(&record(id, old)))?;
            write.publish(&record(12_001, young))?;
            write.publish(&record(12_002, young))
        })
        .await
        .unwrap();
    let (_stop, stopping) = watch::channel(false);
    let outbox = bench.database.outbox();
    outbox.save("a", 11_000).await.unwrap();
    worker::drop_old(&*outbox, &["a"], young, &stopping).await.unwrap();
    assert_eq!(kept(&bench).await.len(), 1002, "what is not seen by all stays");
    outbox.save("a", 12_002).await.unwrap();
    worker::drop_old(&*outbox, &["a"], young, &stopping).await.unwrap();
    assert_eq!(kept(&bench).await, [12_001, 12_002]);
}

/// Writes with a change that panics.
struct Clumsy(Database);

#[async_trait]
impl Consumer for Clumsy {
    fn name(&self) -> &'static str {
        "clumsy"
    }

    fn kinds(&self) -> &'static [&'static str] {
        &["noted"]
    }

    async fn handle(&self, _: &[Record]) -> Result<()> {
        self.0.write(|_| panic!("on purpose")).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_whose_change_panics_gives_up_like_any_other() {
    let bench = Workbench::new(&[]);
    publish(&bench, [1], "noted").await;
    let clumsy: Arc<dyn Consumer> = Arc::new(Clumsy(bench.sqlite().clone()));
    let outbox = bench.database.outbox();
    let bus = Bus::start(outbox, bench.clock.clone(), &settings(), vec![clumsy]).await.unwrap();
    tokio::time::timeout(Duration::from_mins(1), bus.drained()).await.unwrap().unwrap();
    assert_eq!(letters(&bench).await.len(), 1);
    bus.stop().await;
}
