//! Items in PostgreSQL. Each account stands on a shard of its own, so what concerns several of them
//! is done account by account: all of it comes from events, which come again if a part fails.

use std::collections::BTreeMap;

use async_trait::async_trait;
use tintype_api::{Drift, Event, PostId, Stamp, UserId};
use tintype_platform::postgres::{Change as Transaction, Database, Params, Row};
use tintype_platform::{Error, Result, Timestamp};

use super::{Change, Item, Kept, Key, Store, kind, sql, word};

/// Items in the tables of a [`Database`].
pub(super) struct PostgresStore {
    database: Database,
}

impl PostgresStore {
    pub(super) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Removes the rows that `text` finds, counts them off, and answers how many there were.
    async fn remove(&self, text: &'static str, about: Params<'_>) -> Result<usize> {
        let rows = self.database.query(text, about).await?;
        let mut accounts = BTreeMap::<UserId, Vec<i64>>::new();
        for row in &rows {
            accounts.entry(row.get(0)).or_default().push(row.get(1));
        }
        for (account, ids) in accounts {
            let change = self.database.begin(account).await?;
            remove(&change, account, &ids).await?;
            change.commit().await?;
        }
        Ok(rows.len())
    }

    async fn read_until(&self, account: UserId) -> Result<i64> {
        let row = self.database.query_opt(sql::READ_UNTIL, &[&account]).await?;
        Ok(row.map_or(0, |row| row.get(0)))
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn apply(&self, changes: Vec<Change>, most: u32) -> Result<()> {
        for change in changes {
            match change {
                Change::Add { item, stamp } => {
                    let transaction = self.database.begin(item.key.account).await?;
                    add(&transaction, &item, stamp, most).await?;
                    transaction.commit().await?;
                }
                Change::Remove(Key { account, kind, actor, target }) => {
                    let key: Params<'_> = &[&account, &actor, &word(kind), &(target as i64)];
                    self.remove(sql::FIND, key).await?;
                }
                Change::RemoveComment { post, comment } => {
                    self.remove(sql::ON_COMMENT, &[&post, &comment]).await?;
                }
                Change::RemoveBetween(one, other) => {
                    self.remove(sql::BETWEEN, &[&one, &other]).await?;
                    self.remove(sql::BETWEEN, &[&other, &one]).await?;
                }
            }
        }
        Ok(())
    }

    async fn remove_post(&self, post: PostId, limit: usize) -> Result<usize> {
        self.remove(sql::ON_POST, &[&post, &(limit as i64)]).await
    }

    async fn remove_user(&self, user: UserId, limit: usize) -> Result<usize> {
        let own = self.remove(sql::OF_ACCOUNT, &[&user, &(limit as i64)]).await?;
        let by = self.remove(sql::BY_ACTOR, &[&user, &((limit - own) as i64)]).await?;
        if own + by == 0 {
            let change = self.database.begin(user).await?;
            change.execute(sql::FORGET_STATE, &[&user]).await?;
            change.commit().await?;
        }
        Ok(own + by)
    }

    async fn newest(&self, account: UserId, below: Option<u64>, limit: usize) -> Result<Vec<Kept>> {
        let below = below.map_or(i64::MAX, |below| below as i64);
        let limit = limit as i64;
        let about: Params<'_> = &[&account, &below, &limit];
        let (read_until, rows) =
            tokio::try_join!(self.read_until(account), self.database.query(sql::NEWEST, about))?;
        rows.iter()
            .map(|row| {
                let item = item(row)?;
                Ok(Kept { item, read: item.id as i64 <= read_until })
            })
            .collect()
    }

    async fn unread(&self, account: UserId) -> Result<Vec<Item>> {
        let until = self.read_until(account).await?;
        let rows = self.database.query(sql::ABOVE, &[&account, &until]).await?;
        rows.iter().map(item).collect()
    }

    async fn mark_read(&self, account: UserId) -> Result<()> {
        let row = self.database.query_one(sql::HIGHEST, &[&account]).await?;
        if let Some(highest) = row.get::<_, Option<i64>>(0) {
            let change = self.database.begin(account).await?;
            change.execute(sql::MARK_READ, &[&account, &highest]).await?;
            change.commit().await?;
        }
        Ok(())
    }

    async fn drift(&self) -> Result<Vec<Drift>> {
        let look = self.database.scan().await?;
        let rows = look
            .query(
                // Looks at every shard: a check is about all accounts.
                "SELECT account, stored, counted FROM (
                     SELECT account, coalesce(activity_states.items, 0) AS stored,
                            coalesce(rows.counted, 0) AS counted
                     FROM activity_states
                     FULL JOIN (
                         SELECT account, count(*) AS counted FROM activities GROUP BY account
                     ) AS rows USING (account)
                 ) AS both_of_them WHERE stored <> counted ORDER BY account",
                &[],
            )
            .await?;
        Ok(rows
            .iter()
            .map(|row| Drift {
                counter: "activity_items",
                of: row.get::<_, UserId>(0).get(),
                stored: row.get(1),
                counted: row.get(2),
            })
            .collect())
    }

    async fn recount(&self, accounts: Vec<UserId>) -> Result<()> {
        for account in accounts {
            let change = self.database.begin(account).await?;
            change.execute(sql::RECOUNT, &[&account]).await?;
            change.commit().await?;
        }
        Ok(())
    }
}

async fn add(change: &Transaction, item: &Item, stamp: Stamp, most: u32) -> Result<()> {
    let Key { account, kind, actor, target } = item.key;
    let added = change
        .execute(
            sql::ADD,
            &[
                &account,
                &(item.id as i64),
                &word(kind),
                &actor,
                &(target as i64),
                &item.post,
                &item.at.as_millis(),
            ],
        )
        .await?;
    if added == 0 {
        return Ok(());
    }
    let surplus = count(change, account, 1).await? - i64::from(most);
    if surplus > 0 {
        let rows = change.query(sql::OLDEST, &[&account, &surplus]).await?;
        let ids: Vec<i64> = rows.iter().map(|row| row.get(1)).collect();
        remove(change, account, &ids).await?;
    }
    let told = Event::ActivityRecorded { user: account, activity: item.id };
    change.publish(&told.record(stamp)?);
    Ok(())
}

async fn remove(change: &Transaction, account: UserId, ids: &[i64]) -> Result<()> {
    let removed = change
        .execute("DELETE FROM activities WHERE account = $1 AND id = ANY($2)", &[&account, &ids])
        .await?;
    count(change, account, -(removed as i64)).await?;
    Ok(())
}

async fn count(change: &Transaction, account: UserId, by: i64) -> Result<i64> {
    Ok(change.query_one(sql::COUNT, &[&account, &by]).await?.get(0))
}

fn item(row: &Row) -> Result<Item> {
    Ok(Item {
        id: row.get::<_, i64>(1) as u64,
        key: Key {
            account: row.get(0),
            kind: kind(row.get(2)).ok_or_else(|| Error::internal("an item of no known kind"))?,
            actor: row.get(3),
            target: row.get::<_, i64>(4) as u64,
        },
        post: row.get(5),
        at: Timestamp::from_millis(row.get(6)),
    })
}
