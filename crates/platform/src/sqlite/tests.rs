use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::clock::Timestamp;
use crate::db::{MIGRATIONS, Migration};
use crate::error::Kind;
use crate::outbox::Record;

const COUNTERS: Migrations = Migrations {
    slice: "counters",
    postgres: &[],
    sqlite: &[Migration {
        version: 1,
        name: "counters",
        sql: "CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT",
    }],
    tables: &[],
};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn open(folder: &tempfile::TempDir, migrations: &[Migrations]) -> Result<Database> {
    Database::open(&folder.path().join("t.db"), &Options::default(), migrations)
}

fn add(write: &Write<'_>, name: &'static str) -> Result<i64> {
    Ok(write
        .sql(
            "INSERT INTO counters (name, value) VALUES ($1, 1)
             ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
        )?
        .query_row([name], |row| row.get(0))?)
}

fn value(database: &Database, name: &'static str) -> i64 {
    database
        .read(|connection| {
            Ok(connection
                .sql("SELECT coalesce(sum(value), 0) FROM counters WHERE name = $1")?
                .query_row([name], |row| row.get(0))?)
        })
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_answered_is_there_after_opening_again() {
    let folder = folder();
    let database = open(&folder, &[MIGRATIONS, COUNTERS]).unwrap();
    let writes: Vec<_> = (0..300)
        .map(|_| {
            let database = database.clone();
            tokio::spawn(async move { database.write(|write| add(write, "a")).await.unwrap() })
        })
        .collect();
    let mut seen: Vec<i64> = Vec::new();
    for write in writes {
        seen.push(write.await.unwrap());
    }
    seen.sort_unstable();
    assert_eq!(seen, (1..=300).collect::<Vec<_>>(), "every write saw the one before it");
    database.close().await;
    drop(database);
    assert_eq!(value(&open(&folder, &[MIGRATIONS, COUNTERS]).unwrap(), "a"), 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_fails_or_panics_takes_back_only_itself() {
    let folder = folder();
    let database = open(&folder, &[MIGRATIONS, COUNTERS]).unwrap();
    let writes: Vec<_> = (0..90)
        .map(|number| {
            let database = database.clone();
            tokio::spawn(async move {
                database
                    .write(move |write| {
                        add(write, "b")?;
                        match number % 3 {
                            0 => Ok(()),
                            1 => Err(Error::conflict("no", "No")),
                            _ => panic!("on purpose"),
                        }
                    })
                    .await
            })
        })
        .collect();
    for (number, write) in writes.into_iter().enumerate() {
        let kind = write.await.unwrap().err().map(|error| error.kind());
        assert_eq!(kind, [None, Some(Kind::Conflict), Some(Kind::Internal)][number % 3]);
    }
    assert_eq!(value(&database, "b"), 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_caller_is_gone_is_carried_out() {
    let folder = folder();
    let database = open(&folder, &[MIGRATIONS, COUNTERS]).unwrap();
    let mut write = Box::pin(database.write(|write| add(write, "c")));
    assert!(futures::poll!(&mut write).is_pending());
    drop(write);
    database.write(|write| add(write, "c")).await.unwrap();
    assert_eq!(value(&database, "c"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_writes_than_may_wait_are_refused() {
    let folder = folder();
    let options = Options { queue: 2, ..Options::default() };
    let database =
        Database::open(&folder.path().join("t.db"), &options, &[MIGRATIONS, COUNTERS]).unwrap();
    let (release, held) = std::sync::mpsc::channel::<()>();
    let (begun, begins) = tokio::sync::oneshot::channel();
    let blocker = tokio::spawn({
        let database = database.clone();
        async move {
            let block = move |_: &Write<'_>| {
                begun.send(()).unwrap();
                Ok(held.recv().is_ok())
            };
            database.write(block).await
        }
    });
    begins.await.unwrap();
    let refused = Arc::new(AtomicUsize::new(0));
    let mut waiting = Vec::new();
    while refused.load(Ordering::Relaxed) == 0 {
        let (database, refused) = (database.clone(), refused.clone());
        waiting.push(tokio::spawn(async move {
            if let Err(error) = database.write(|write| add(write, "d")).await {
                assert_eq!(error.kind(), Kind::Unavailable);
                assert!(error.retry_after().is_some());
                refused.fetch_add(1, Ordering::Relaxed);
            }
        }));
        tokio::task::yield_now().await;
    }
    release.send(()).unwrap();
    assert!(blocker.await.unwrap().unwrap());
    let sent = waiting.len();
    for write in waiting {
        write.await.unwrap();
    }
    assert_eq!(value(&database, "d") as usize, sent - refused.load(Ordering::Relaxed));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_to_all_who_lose_by_it_and_passes() {
    let folder = folder();
    let database = open(&folder, &[MIGRATIONS, COUNTERS]).unwrap();
    let limit = |pages: i64| {
        move |write: &Write<'_>| {
            write.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
            Ok(())
        }
    };
    // All wait until the first lets them go, so that they share a commit.
    let (release, held) = std::sync::mpsc::channel::<()>();
    database.write(limit(40)).await.unwrap();
    let mut hold = Box::pin(database.write(move |_| Ok(held.recv().is_ok())));
    let mut before = Box::pin(database.write(|write| add(write, "before")));
    let mut large = Box::pin(database.write(|write| {
        let text = "x".repeat(1_000_000);
        write.execute("INSERT INTO counters (name, value) VALUES (?1, 0)", [text])?;
        Ok(())
    }));
    let mut after = Box::pin(database.write(|write| add(write, "after")));
    assert!(futures::poll!(&mut hold).is_pending());
    assert!(futures::poll!(&mut before).is_pending());
    assert!(futures::poll!(&mut large).is_pending());
    assert!(futures::poll!(&mut after).is_pending());
    release.send(()).unwrap();
    assert_eq!(large.await.unwrap_err().kind(), Kind::Full);
    for (name, outcome) in [("before", before.await), ("after", after.await)] {
        match outcome {
            Ok(_) => assert_eq!(value(&database, name), 1),
            Err(error) => {
                assert_eq!((error.kind(), value(&database, name)), (Kind::Full, 0));
            }
        }
    }
    database.write(limit(1_000_000)).await.unwrap();
    database.write(|write| add(write, "later")).await.unwrap();
    assert_eq!(value(&database, "later"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_locked_database_is_told_so() {
    let folder = folder();
    let database = open(&folder, &[MIGRATIONS, COUNTERS]).unwrap();
    let other = Connection::open(database.path()).unwrap();
    let (release, held) = std::sync::mpsc::channel::<()>();
    let mut first = Box::pin(database.write(move |write| {
        write.busy_timeout(Duration::from_millis(10))?;
        Ok(held.recv().is_ok())
    }));
    assert!(futures::poll!(&mut first).is_pending());
    release.send(()).unwrap();
    first.await.unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let writes = (0..5).map(|_| database.write(|write| add(write, "locked")));
    for outcome in futures::future::join_all(writes).await {
        assert_eq!(outcome.unwrap_err().code(), "database_unavailable");
    }
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(database.write(|write| add(write, "locked")).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_whose_caller_is_gone_keeps_its_place_until_it_ends() {
    let folder = folder();
    let options = Options { scanners: 1, ..Options::default() };
    let database = Database::open(&folder.path().join("t.db"), &options, &[MIGRATIONS]).unwrap();
    let (started, starts) = std::sync::mpsc::channel::<()>();
    let (release, held) = std::sync::mpsc::channel::<()>();
    let ended = Arc::new(AtomicUsize::new(0));
    let mut first = Box::pin(database.scan({
        let ended = ended.clone();
        move |_| {
            started.send(()).unwrap();
            held.recv().unwrap();
            ended.store(1, Ordering::SeqCst);
            Ok(())
        }
    }));
    assert!(futures::poll!(&mut first).is_pending());
    tokio::task::spawn_blocking(move || starts.recv().unwrap()).await.unwrap();
    drop(first);
    let mut second = Box::pin(database.scan({
        let ended = ended.clone();
        move |_| Ok(ended.load(Ordering::SeqCst))
    }));
    assert!(futures::poll!(&mut second).is_pending());
    release.send(()).unwrap();
    assert_eq!(second.await.unwrap(), 1, "the second began after the first had ended");
}

#[tokio::test]
async fn an_event_commits_with_its_change_or_not_at_all() {
    let folder = folder();
    let database = open(&folder, &[MIGRATIONS, COUNTERS]).unwrap();
    let record = |id| Record {
        sequence: 0,
        id,
        kind: "it.happened".into(),
        key: 1,
        body: "{}".into(),
        at: Timestamp::from_millis(0),
    };
    let mut commits = database.commits();
    let (kept, lost) = (record(7), record(8));
    database.write(move |write| write.publish(&kept)).await.unwrap();
    // Whoever wrote may be answered before others are told.
    commits.changed().await.unwrap();
    let failed = database
        .write(move |write| {
            write.publish(&lost)?;
            Err::<(), _>(Error::conflict("no", "No"))
        })
        .await;
    assert!(failed.is_err());
    assert!(!commits.has_changed().unwrap());
    let outbox = crate::outbox::SqliteOutbox::new(database);
    assert_eq!(crate::outbox::Outbox::highest_id(&outbox).await.unwrap(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_by_another_process_is_noticed() {
    let folder = folder();
    let ours = open(&folder, &[MIGRATIONS, COUNTERS]).unwrap();
    let before = ours.commits().borrow().foreign;
    // A second handle has connections of its own, as another process would.
    let theirs = open(&folder, &[MIGRATIONS, COUNTERS]).unwrap();
    theirs.write(|write| add(write, "e")).await.unwrap();
    let mut commits = ours.commits();
    commits.wait_for(|commits| commits.foreign > before).await.unwrap();
    assert_eq!(value(&ours, "e"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_of_one_moment_while_writes_go_on() {
    let folder = folder();
    let database = open(&folder, &[MIGRATIONS, COUNTERS]).unwrap();
    let both = |write: &Write<'_>| {
        add(write, "left")?;
        add(write, "right")
    };
    database.write(both).await.unwrap();
    let writer = tokio::spawn({
        let database = database.clone();
        async move {
            for _ in 0..200 {
                database.write(both).await.unwrap();
            }
        }
    });
    let copy = folder.path().join("copy.db");
    tokio::task::spawn_blocking({
        let (database, copy) = (database.clone(), copy.clone());
        move || database.backup(&copy).unwrap()
    })
    .await
    .unwrap();
    writer.await.unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    let copy = Database::open(&copy, &Options::default(), &[MIGRATIONS, COUNTERS]).unwrap();
    let (left, right) = (value(&copy, "left"), value(&copy, "right"));
    assert!(left >= 1);
    assert_eq!(left, right);
    assert!(database.backup(&folder.path().join("no/such/folder/copy.db")).is_err());
    let onto_itself = database.backup(&folder.path().join("./t.db")).unwrap_err();
    assert_eq!(onto_itself.code(), "backup_onto_itself");
}

#[test]
fn a_newer_or_changed_database_is_refused_and_left_as_it_is() {
    const SECOND: Migration =
        Migration { version: 2, name: "more", sql: "CREATE TABLE more (id INTEGER) STRICT" };
    const NEWER: Migrations = Migrations { sqlite: &[COUNTERS.sqlite[0], SECOND], ..COUNTERS };
    const EDITED: Migration =
        Migration { version: 1, name: "counters", sql: "CREATE TABLE counters (x INTEGER) STRICT" };
    const CHANGED: Migrations = Migrations { sqlite: &[EDITED, SECOND], ..COUNTERS };
    let folder = folder();
    drop(open(&folder, &[MIGRATIONS, NEWER]).unwrap());
    let code =
        |migrations: &[Migrations]| open(&folder, migrations).err().unwrap().code().to_owned();
    assert_eq!(code(&[MIGRATIONS, COUNTERS]), "newer_database");
    assert_eq!(code(&[MIGRATIONS]), "newer_database");
    assert_eq!(code(&[MIGRATIONS, CHANGED]), "changed_migration");
    assert!(open(&folder, &[MIGRATIONS, NEWER]).is_ok());
}

#[test]
fn what_is_no_database_is_refused() {
    let folder = folder();
    std::fs::write(folder.path().join("t.db"), "not a database, but long enough to look at it")
        .unwrap();
    assert!(open(&folder, &[MIGRATIONS]).is_err());
}
