//! Timelines in PostgreSQL, for a fleet without Redis. They are as durable as everything else there,
//! and a viewer is the shard key.

use std::sync::Arc;

use async_trait::async_trait;
use tintype_api::{PostId, UserId};
use tintype_platform::postgres::Database;
use tintype_platform::{IdGenerator, Result, id};

use super::packed::{self, Packed, State};
use super::{Basis, Rebuild, Stretch, TimelineStore};
use crate::snapshots::KEPT;

/// Bytes that gather before a reader settles them.
const UNSETTLED: i64 = 64 * 7;

/// Bytes that gather unread before the timeline is dropped.
const UNREAD: i64 = 1024 * 7;

/// Old orders that are cleared away with each new one.
const CLEARED: i64 = 20;

/// Timelines in the tables of a [`Database`].
pub struct PostgresTimelines {
    database: Database,
    ids: Arc<IdGenerator>,
    /// Posts that a timeline holds at the most.
    size: usize,
}

impl PostgresTimelines {
    /// Timelines of up to `size` posts in `database`, which has the tables of this slice.
    pub fn new(database: Database, ids: Arc<IdGenerator>, size: usize) -> Self {
        Self { database, ids, size }
    }
}

#[async_trait]
impl TimelineStore for PostgresTimelines {
    fn place(&self) -> &'static str {
        "postgres"
    }

    async fn append(&self, post: PostId, viewers: &[UserId]) -> Result<()> {
        // Locked in one order, so that no two appends wait for each other.
        let mut viewers = viewers.to_vec();
        viewers.sort_unstable();
        let change = self.database.begin(0u64).await?;
        change
            .query(
                "SELECT viewer FROM timelines WHERE viewer = ANY($1) ORDER BY viewer FOR UPDATE",
                &[&viewers],
            )
            .await?;
        change
            .execute(
                "UPDATE timelines SET gathered = gathered || $2
                 WHERE viewer = ANY($1) AND CAST(length(gathered) AS BIGINT) < $3",
                &[&viewers, &packed::pack(post.get()).as_slice(), &UNREAD],
            )
            .await?;
        change
            .execute(
                "DELETE FROM timelines WHERE viewer = ANY($1) AND CAST(length(gathered) AS BIGINT) >= $2",
                &[&viewers, &UNREAD],
            )
            .await?;
        change.commit().await
    }

    async fn read(
        &self,
        viewer: UserId,
        basis: Basis,
        below: Option<PostId>,
        limit: usize,
    ) -> Result<Option<Stretch>> {
        let row = self
            .database
            .query_opt("SELECT settled, gathered FROM timelines WHERE viewer = $1", &[&viewer])
            .await?;
        let Some(row) = row else { return Ok(None) };
        let pieces: [&[u8]; 2] = [row.get(0), row.get(1)];
        let Some(packed) = Packed::read(&pieces)? else { return Ok(None) };
        let Some(settled) = packed.settle(basis, self.size) else { return Ok(None) };
        if pieces[1].len() as i64 > UNSETTLED {
            // Only what was read is replaced; what came since stays.
            let change = self.database.begin(viewer).await?;
            change
                .execute(
                    "UPDATE timelines SET settled = $4, gathered = substr(gathered, $3)
                     WHERE viewer = $1 AND settled = $2",
                    &[
                        &viewer,
                        &pieces[0],
                        &(pieces[1].len() as i32 + 1),
                        &settled.bytes(self.ids.next()),
                    ],
                )
                .await?;
            change.commit().await?;
        }
        Ok(Some(settled.stretch(below, limit)))
    }

    async fn begin(&self, viewer: UserId) -> Result<Rebuild> {
        let rebuild = Rebuild(self.ids.next());
        let change = self.database.begin(viewer).await?;
        change
            .execute(
                "INSERT INTO timelines (viewer, settled, gathered) VALUES ($1, $2, '')
                 ON CONFLICT (viewer) DO UPDATE SET settled = excluded.settled, gathered = ''",
                &[&viewer, &State::Building(rebuild).bytes()],
            )
            .await?;
        change.commit().await?;
        Ok(rebuild)
    }

    async fn finish(
        &self,
        viewer: UserId,
        rebuild: Rebuild,
        basis: Basis,
        posts: Vec<PostId>,
        floor: u64,
    ) -> Result<()> {
        let change = self.database.begin(viewer).await?;
        change
            .execute(
                "UPDATE timelines SET settled = $3 WHERE viewer = $1 AND settled = $2",
                &[
                    &viewer,
                    &State::Building(rebuild).bytes(),
                    &packed::built(basis, floor, self.ids.next(), &posts),
                ],
            )
            .await?;
        change.commit().await
    }

    async fn forget(&self, viewer: UserId) -> Result<()> {
        let change = self.database.begin(viewer).await?;
        change.execute("DELETE FROM timelines WHERE viewer = $1", &[&viewer]).await?;
        change.commit().await
    }

    async fn merge(&self, author: UserId) -> Result<()> {
        let change = self.database.begin(author).await?;
        change
            .execute(
                "INSERT INTO merged_authors (author) VALUES ($1) ON CONFLICT DO NOTHING",
                &[&author],
            )
            .await?;
        change.commit().await
    }

    async fn merged(&self) -> Result<Arc<[UserId]>> {
        let text = "SELECT author FROM merged_authors ORDER BY author LIMIT 100000";
        let rows = self.database.query(text, &[]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    fn is_shared(&self) -> bool {
        true
    }

    async fn shelve(&self, viewer: UserId, number: u64, order: Vec<u8>) -> Result<()> {
        let change = self.database.begin(viewer).await?;
        change
            .execute(
                "INSERT INTO shelved_orders (viewer, number, posts) VALUES ($1, $2, $3)
                 ON CONFLICT DO NOTHING",
                &[&viewer, &(number as i64), &order],
            )
            .await?;
        change.commit().await?;
        self.clear_shelf(number).await
    }

    async fn shelved(&self, viewer: UserId, number: u64) -> Result<Option<Vec<u8>>> {
        let row = self
            .database
            .query_opt(
                "SELECT posts FROM shelved_orders WHERE viewer = $1 AND number = $2",
                &[&viewer, &(number as i64)],
            )
            .await?;
        Ok(row.map(|row| row.get(0)))
    }
}

impl PostgresTimelines {
    /// Whoever shelves an order at `number` clears away some that are too old by then, so that the
    /// shelf is no longer than what came in half an hour.
    async fn clear_shelf(&self, number: u64) -> Result<()> {
        let oldest = id::floor_at(id::timestamp_of(number).plus_millis(-KEPT)) as i64;
        let rows = self
            .database
            .query(
                "SELECT viewer, number FROM shelved_orders WHERE number < $1
                 ORDER BY number LIMIT $2",
                &[&oldest, &CLEARED],
            )
            .await?;
        if rows.is_empty() {
            return Ok(());
        }
        let viewers: Vec<UserId> = rows.iter().map(|row| row.get(0)).collect();
        let change = self.database.begin(viewers[0]).await?;
        change
            .execute(
                "DELETE FROM shelved_orders WHERE viewer = ANY($1) AND number < $2",
                &[&viewers, &oldest],
            )
            .await?;
        change.commit().await
    }
}

#[cfg(test)]
mod tests {
    use tintype_platform::testkit::Workbench;

    use super::super::conformance;
    use super::*;

    #[tokio::test]
    async fn conforms() {
        let Some(bench) = Workbench::on_postgres(&[crate::MIGRATIONS]).await else { return };
        conformance::run(async |size| {
            bench.execute("DELETE FROM timelines; DELETE FROM merged_authors").await;
            bench.execute("DELETE FROM shelved_orders").await;
            let database = bench.postgres().clone();
            Arc::new(PostgresTimelines::new(database, bench.ids.clone(), size))
        })
        .await;
    }
}
