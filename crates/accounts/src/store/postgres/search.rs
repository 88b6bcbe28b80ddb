//! Search in PostgreSQL: parts of names in the order of bytes. A text is inside a name where it is
//! at the beginning of one of the name's parts, so each search is a few walks of bounded length.

use std::collections::{BTreeMap, BTreeSet};

use tintype_api::UserId;
use tintype_platform::Result;
use tintype_platform::postgres::{Change, Database, Row};
use tintype_platform::transfer::{self, Value};

use super::sql;
use crate::input::folded;
use crate::store::candidates::Candidates;
use crate::store::{MATCHES, POPULAR, Rank, SearchDrift};

const BEGINNING: &str = "\
    SELECT account FROM account_search \
    WHERE place = $1 AND part >= $2 AND part < $3 ORDER BY part, account LIMIT $4";
const CANDIDATES: &str = sql::candidates!("WHERE id = ANY($1)");
const NAMES: &str =
    "SELECT username, full_name, folded_name FROM accounts WHERE id = $1 FOR UPDATE";
const SET_FOLDED_NAME: &str = "UPDATE accounts SET folded_name = $2 WHERE id = $1";
const ADD: &str = "\
    INSERT INTO account_search (account, place, part) \
    SELECT $1::BIGINT, place, part FROM unnest($2::BIGINT[], $3::TEXT[]) AS new (place, part)";
const REMOVE: &str = "DELETE FROM account_search WHERE account = $1";
const ACCOUNTS: &str = "\
    SELECT id, username, full_name, folded_name FROM accounts WHERE id > $1 ORDER BY id LIMIT $2";
const PARTS: &str = "SELECT account, place, part FROM account_search WHERE account = ANY($1)";
// Looks at every shard: whoever checks the index wants all that is left over.
const LEFT_OVER: &str = "\
    SELECT s.account FROM account_search s LEFT JOIN accounts a ON a.id = s.account \
    WHERE a.id IS NULL GROUP BY s.account ORDER BY s.account";

// Where a part is from.
const USERNAME: i64 = 0;
const FULL_NAME: i64 = 1;
const WITHIN: i64 = 2;

/// Letters of a part that are kept: as many as the longest username has. Of a longer text, what its
/// first letters find is compared with all of it.
const LETTERS: usize = 30;

/// Accounts that a check compares at once.
const COMPARED: i64 = 500;

pub(super) async fn search(
    database: &Database,
    text: &str,
    after: Option<Rank>,
    limit: usize,
) -> Result<Vec<Rank>> {
    let start = beginning(text);
    // Nothing sorts above it, so this is where parts that begin with `start` end.
    let end = format!("{start}\u{10ffff}");
    let accounts = async |place: i64| {
        database.query_late(BEGINNING, &[&place, &start, &end, &(MATCHES as i64)]).await
    };
    let (by_username, by_name, within) =
        tokio::try_join!(accounts(USERNAME), accounts(FULL_NAME), accounts(WITHIN))?;
    let found = [by_username, by_name, within];
    let ids: BTreeSet<UserId> = found.iter().flatten().map(|row| row.get(0)).collect();
    let ids: Vec<UserId> = ids.into_iter().collect();

    let mut candidates = Candidates::for_text(text);
    consider(&mut candidates, &database.query_late(CANDIDATES, &[&ids]).await?);
    if found.iter().any(|rows| rows.len() >= MATCHES) {
        let popular = database.query_late(sql::MOST_POPULAR, &[&(POPULAR as i64)]).await?;
        consider(&mut candidates, &popular);
    }
    Ok(candidates.page(after, limit))
}

/// Puts a new account into the index.
pub(super) async fn add(
    change: &Change,
    account: UserId,
    username: &str,
    folded_name: Option<&str>,
) -> Result<()> {
    let (places, parts): (Vec<i64>, Vec<&str>) = parts(username, folded_name).into_iter().unzip();
    change.execute(ADD, &[&account, &places, &parts]).await?;
    Ok(())
}

pub(super) async fn remove(change: &Change, account: UserId) -> Result<()> {
    change.execute(REMOVE, &[&account]).await?;
    Ok(())
}

/// Puts an account into the index as it is now; takes it out if it is gone.
pub(super) async fn reindex(change: &Change, account: UserId) -> Result<()> {
    let names = change.query_opt(NAMES, &[&account]).await?;
    remove(change, account).await?;
    let Some(row) = names else { return Ok(()) };
    let folded_name = row.get::<_, Option<&str>>(1).map(folded);
    if folded_name.as_deref() != row.get(2) {
        change.execute(SET_FOLDED_NAME, &[&account, &folded_name]).await?;
    }
    add(change, account, row.get(0), folded_name.as_deref()).await
}

/// The rows of the index that come of one in the embedded database, of `id, username, folded_name`.
pub(crate) fn parts_of(row: &transfer::Row<'_>) -> rusqlite::Result<Vec<Vec<Value>>> {
    let (account, username): (i64, String) = (row.get(0)?, row.get(1)?);
    let folded_name: Option<String> = row.get(2)?;
    let parts = parts(&username, folded_name.as_deref()).into_iter();
    Ok(parts
        .map(|(place, part)| vec![account.into(), place.into(), part.to_owned().into()])
        .collect())
}

/// Compares the index with the accounts, as `look` sees both.
pub(super) async fn drift(look: &Change) -> Result<Vec<SearchDrift>> {
    let mut drift = Vec::new();
    let mut last = 0i64;
    loop {
        let accounts = look.query(ACCOUNTS, &[&last, &COMPARED]).await?;
        let Some(end) = accounts.last() else { break };
        last = end.get(0);
        drift.extend(wrongly_indexed(look, &accounts).await?);
    }
    let left_over = look.query(LEFT_OVER, &[]).await?;
    drift.extend(left_over.iter().map(|row| SearchDrift {
        account: row.get(0),
        stored: 1,
        counted: 0,
    }));
    Ok(drift)
}

async fn wrongly_indexed(look: &Change, accounts: &[Row]) -> Result<Vec<SearchDrift>> {
    let ids: Vec<UserId> = accounts.iter().map(|row| row.get(0)).collect();
    let rows = look.query(PARTS, &[&ids]).await?;
    let mut indexed = BTreeMap::<UserId, BTreeSet<(i64, &str)>>::new();
    for row in &rows {
        indexed.entry(row.get(0)).or_default().insert((row.get(1), row.get(2)));
    }
    let is_wrong = |row: &&Row| {
        let folded_name = row.get::<_, Option<&str>>(2).map(folded);
        let wanted = parts(row.get(1), folded_name.as_deref());
        row.get::<_, Option<&str>>(3) != folded_name.as_deref()
            || indexed.get(&row.get(0)) != Some(&wanted)
    };
    let wrong = accounts.iter().filter(is_wrong);
    Ok(wrong.map(|row| SearchDrift { account: row.get(0), stored: 0, counted: 1 }).collect())
}

fn consider(candidates: &mut Candidates<'_>, rows: &[Row]) {
    for row in rows {
        candidates.consider(row.get(0), row.get(1), row.get(2), row.get(3));
    }
}

/// What can be searched for of an account, each once, and where it is from.
fn parts<'n>(username: &'n str, folded_name: Option<&'n str>) -> BTreeSet<(i64, &'n str)> {
    let mut parts = BTreeSet::new();
    for (place, name) in [(USERNAME, username), (FULL_NAME, folded_name.unwrap_or(""))] {
        for (index, _) in name.char_indices() {
            parts.insert((if index == 0 { place } else { WITHIN }, beginning(&name[index..])));
        }
    }
    parts
}

fn beginning(text: &str) -> &str {
    text.char_indices().nth(LETTERS).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use tintype_platform::testkit::Workbench;

    use super::*;
    use crate::store::conformance::{add, person};

    #[test]
    fn whatever_is_inside_a_name_begins_a_part() {
        let found = parts("ann", Some("änn"));
        assert_eq!(
            Vec::from_iter(found),
            [(USERNAME, "ann"), (FULL_NAME, "änn"), (WITHIN, "n"), (WITHIN, "nn")]
        );
        assert_eq!(parts("ann", None).len(), 3);
        let long = "ä".repeat(100);
        assert!(parts("ann", Some(&long)).iter().all(|(_, part)| part.chars().count() <= LETTERS));
    }

    #[tokio::test]
    async fn a_check_finds_what_is_wrong_and_reindexing_mends_it() {
        let Some(bench) = Workbench::on_postgres(&[crate::MIGRATIONS]).await else { return };
        let store = crate::store::open(&bench.database);
        let mut renamed = person(&bench.ids, "anna");
        renamed.id = UserId::new(1).unwrap();
        let mut lacking = person(&bench.ids, "ben");
        lacking.id = UserId::new(2).unwrap();
        let mut wrong = person(&bench.ids, "zoe");
        wrong.id = UserId::new(3).unwrap();
        for account in [renamed, lacking, wrong] {
            let stamp = tintype_api::Stamp::made_by(&bench.ids);
            assert!(store.register(account, None, stamp).await.unwrap());
        }
        let right = add(&store, &bench.ids, "dora").await;
        bench
            .execute(
                "UPDATE accounts SET full_name = 'Genoveva' WHERE id = 1;
                 DELETE FROM account_search WHERE account = 2 AND part = 'n';
                 UPDATE account_search SET part = 'x' WHERE account = 3 AND part = 'oe';
                 INSERT INTO account_search (account, place, part) VALUES (7, 2, 'nobody')",
            )
            .await;
        let account = |id| UserId::new(id).unwrap();
        let drift = |id, stored, counted| SearchDrift { account: account(id), stored, counted };
        let wrong = [drift(1, 0, 1), drift(2, 0, 1), drift(3, 0, 1), drift(7, 1, 0)];
        assert_eq!(store.search_drift().await.unwrap(), wrong);
        store.reindex([1, 2, 3, 7].map(account).to_vec()).await.unwrap();
        assert_eq!(store.search_drift().await.unwrap(), []);
        for (text, id) in [("enovev", account(1)), ("oe", account(3)), ("dora", right)] {
            let found = store.search(text.to_owned(), None, 9).await.unwrap();
            assert_eq!(found.iter().map(|rank| rank.account).collect::<Vec<_>>(), [id]);
        }
    }
}
