//! The PostgreSQL database that a site is moved to.
//!
//! Statements here are made from the names of tables and speak to each table as a whole, on the one
//! connection that there is: a proxy that spreads tables knows `COPY`.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use futures::{SinkExt, TryStreamExt};
use tokio::time::timeout;
use tokio_postgres::{Client, Transaction};

use super::source::{Batch, Plan, quoted};
use super::{Digest, Rows, Table};
use crate::db::Migrations;
use crate::error::{Error, Kind, Result};
use crate::postgres;

/// A database that nobody serves.
pub(super) struct Target {
    client: Client,
    /// The longest that it may say nothing while something is waited for.
    patience: Duration,
}

/// How many times as long as one statement of a server may take a batch may, which is larger.
const STATEMENTS: u32 = 12;

/// How long the database may take to look at all of its tables.
const LOOKING: Duration = Duration::from_mins(15);

impl Target {
    pub(super) async fn open(
        options: &postgres::Options,
        migrations: &[Migrations],
    ) -> Result<Self> {
        let patience = options.patience * STATEMENTS;
        let client = heard(patience, postgres::connect(options, migrations)).await?;
        Ok(Self { client, patience })
    }

    /// Notes down what is to be copied here, unless that was done before; answers how many rows each
    /// table has taken.
    pub(super) async fn begin(
        &mut self,
        source: &str,
        tables: &[&'static Table],
    ) -> Result<BTreeMap<String, u64>> {
        heard(self.patience, begin(&mut self.client, source, tables)).await
    }

    /// Adds rows behind the first `taken`, and how many are taken then, both or neither.
    pub(super) async fn add(&mut self, plan: &Plan, taken: u64, batch: &Batch) -> Result<()> {
        heard(self.patience, add(&mut self.client, plan, taken, batch)).await
    }

    /// Reads all of a table.
    pub(super) async fn digest(&self, plan: &Plan) -> Result<Digest> {
        let statement = format!("COPY {} ({}) TO STDOUT", plan.table, quoted(&plan.columns));
        let mut chunks = pin!(heard(self.patience, self.client.copy_out(&*statement)).await?);
        let mut digest = Digest::default();
        // Whoever is between us and the server may cut lines in two.
        let mut rest = Vec::new();
        while let Some(chunk) = heard(self.patience, chunks.try_next()).await? {
            rest.extend_from_slice(&chunk);
            let whole = rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            digest.add_lines(&rest[..whole]);
            rest.drain(..whole);
        }
        Ok(digest)
    }

    /// Lets the database be served.
    pub(super) async fn finish(&self) -> Result<()> {
        // Plans that are made before the server has looked at its tables by itself would be bad ones.
        heard(self.patience.max(LOOKING), self.client.batch_execute("ANALYZE")).await?;
        heard(self.patience, self.client.batch_execute("DELETE FROM moving")).await
    }
}

async fn begin(
    client: &mut Client,
    source: &str,
    tables: &[&'static Table],
) -> Result<BTreeMap<String, u64>> {
    let transaction = client.transaction().await?;
    transaction.batch_execute("LOCK TABLE moving IN ACCESS EXCLUSIVE MODE").await?;
    let rows = transaction.query("SELECT name, source, taken FROM moving", &[]).await?;
    if rows.is_empty() {
        must_be_free(&transaction, tables).await?;
    } else if let Some(other) = rows.iter().find(|row| row.get::<_, &str>(1) != source) {
        return Err(refused(format!(
            "This database holds the beginnings of a copy of {}; go on with that, or name an \
             empty database",
            other.get::<_, &str>(1)
        )));
    }
    for table in tables.iter().filter(|table| !matches!(table.rows, Rows::None(_))) {
        let note = "INSERT INTO moving (name, source, taken) VALUES ($1, $2, 0)
                    ON CONFLICT DO NOTHING";
        transaction.execute(note, &[&table.name, &source]).await?;
    }
    transaction.commit().await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get::<_, i64>(2) as u64)).collect())
}

async fn add(client: &mut Client, plan: &Plan, taken: u64, batch: &Batch) -> Result<()> {
    let transaction = client.transaction().await?;
    // What the last moments lose with the server is copied once more.
    transaction.batch_execute("SET LOCAL synchronous_commit = off").await?;
    let now = (taken + batch.taken) as i64;
    let noted = transaction
        .execute(
            "UPDATE moving SET taken = $3 WHERE name = $1 AND taken = $2",
            &[&plan.table, &(taken as i64), &now],
        )
        .await?;
    if noted == 0 {
        return Err(refused("Another copy to this database is under way".to_owned()));
    }
    let statement = format!("COPY {} ({}) FROM STDIN", plan.table, quoted(&plan.columns));
    let copied = async {
        let mut sink = pin!(transaction.copy_in(&*statement).await?);
        sink.send(batch.text.clone()).await?;
        sink.finish().await
    };
    copied.await.map_err(|cause| not_taken(plan.table, cause))?;
    transaction.commit().await?;
    Ok(())
}

/// Refuses a database that holds anything, or that a process uses.
async fn must_be_free(transaction: &Transaction<'_>, tables: &[&'static Table]) -> Result<()> {
    let served = "SELECT 1 FROM leases WHERE until > clock_timestamp() LIMIT 1";
    if transaction.query_opt(served, &[]).await?.is_some() {
        return Err(refused(
            "A server uses the database that is to be copied to; stop it first".to_owned(),
        ));
    }
    // What there is in a new database, and in one that was served without anything happening.
    let nothing = "DELETE FROM relay WHERE last = 0; DELETE FROM leases; DELETE FROM agreements";
    transaction.batch_execute(nothing).await?;
    for Table { name, .. } in tables {
        let any = format!("SELECT 1 FROM {name} LIMIT 1");
        if transaction.query_opt(&any, &[]).await?.is_some() {
            return Err(refused(format!(
                "The database that is to be copied to holds a site already (table {name}); name an \
                 empty one"
            )));
        }
    }
    Ok(())
}

/// What the database says to something that is waited for, if it says anything in time.
async fn heard<T, E: Into<Error>>(
    patience: Duration,
    answer: impl Future<Output = Result<T, E>>,
) -> Result<T> {
    match timeout(patience, answer).await.map(|answer| answer.map_err(Into::into)) {
        Ok(Err(error)) if error.code() == "database_unavailable" => Err(interrupted(error)),
        Ok(answer) => answer,
        Err(_) => {
            let seconds = patience.as_secs();
            Err(interrupted(format!("nothing was heard of it for {seconds} seconds")))
        }
    }
}

fn interrupted(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::unavailable(
        "transfer_interrupted",
        "PostgreSQL does not answer; when it does, start `tintype migrate` again, which goes on behind \
         what was copied",
        1,
    )
    .with_cause(cause)
}

fn refused(words: String) -> Error {
    Error::new(Kind::Conflict, "not_an_empty_database", words)
}

fn not_taken(table: &str, cause: tokio_postgres::Error) -> Error {
    let is_of_data = |code: &str| code.starts_with("22") || code.starts_with("23");
    let Some(error) = cause.as_db_error().filter(|error| is_of_data(error.code().code())) else {
        return cause.into();
    };
    let words = format!("Rows of {table} are not taken: {}", error.message());
    Error::new(Kind::Conflict, "rows_not_taken", words)
}
