//! Whose names and addresses are, which stands beside the accounts too: there each is its own shard
//! key, and so unique over all shards.

use std::collections::{HashMap, HashSet};

use tintype_api::UserId;
use tintype_platform::Result;
use tintype_platform::postgres::{Change, Database};

use super::acts::lock;
use crate::store::{NameDrift, Naming};

/// Rows that a check compares at once.
const COMPARED: i64 = 500;

const ACCOUNTS: &str =
    "SELECT id, username, email FROM accounts WHERE id > $1 ORDER BY id LIMIT $2";
const NAMES_OF: &str = "SELECT id, username, email FROM accounts WHERE id = ANY($1)";

/// The statements on one of the two tables.
struct Table {
    naming: Naming,
    /// Which column of an account it repeats.
    column: usize,
    holders: &'static str,
    walk: &'static str,
    give: &'static str,
    release: &'static str,
}

const TABLES: [Table; 2] = [
    Table {
        naming: Naming::Username,
        column: 1,
        holders: "SELECT username, account FROM account_usernames WHERE username = ANY($1)",
        walk: "SELECT username, account FROM account_usernames
               WHERE username > $1 ORDER BY username LIMIT $2",
        give: "INSERT INTO account_usernames (username, account) VALUES ($1, $2)
               ON CONFLICT (username) DO UPDATE SET account = excluded.account
               WHERE account_usernames.account = $3",
        release: "DELETE FROM account_usernames WHERE username = $1 AND account = $2",
    },
    Table {
        naming: Naming::Email,
        column: 2,
        holders: "SELECT email, account FROM account_emails WHERE email = ANY($1)",
        walk: "SELECT email, account FROM account_emails
               WHERE email > $1 ORDER BY email LIMIT $2",
        give: "INSERT INTO account_emails (email, account) VALUES ($1, $2)
               ON CONFLICT (email) DO UPDATE SET account = excluded.account
               WHERE account_emails.account = $3",
        release: "DELETE FROM account_emails WHERE email = $1 AND account = $2",
    },
];

/// Compares both tables with the accounts, as `look` sees them all.
pub(super) async fn drift(look: &Change) -> Result<Vec<NameDrift>> {
    let mut drift = Vec::new();
    for table in &TABLES {
        let missing = table.missing(look).await?;
        let known: HashSet<&str> = missing.iter().map(|drift| &*drift.name).collect();
        let mut left_over = table.left_over(look).await?;
        left_over.retain(|drift| !known.contains(&*drift.name));
        drift.extend(missing);
        drift.extend(left_over);
    }
    Ok(drift)
}

/// Gives a name to whose it is, unless that is another one's by now.
pub(super) async fn give(database: &Database, drift: &NameDrift) -> Result<()> {
    let NameDrift { naming, name, stored, counted } = drift;
    let Some(account) = counted.or(*stored) else { return Ok(()) };
    let Some(table) = TABLES.iter().find(|table| table.naming == *naming) else { return Ok(()) };
    let change = database.begin(account).await?;
    let is_there = lock(&change, account).await?;
    let has_it =
        is_there && table.names(&change, &[account]).await?.contains(&(account, name.clone()));
    if has_it {
        let holder = if let Some(holder) = *stored {
            // Of two who have the same name, neither is the right one.
            let is_held = table.names(&change, &[holder]).await?.contains(&(holder, name.clone()));
            if is_held { account } else { holder }
        } else {
            account
        };
        change.execute(table.give, &[name, &account, &holder]).await?;
    } else {
        change.execute(table.release, &[name, &account]).await?;
    }
    change.commit().await
}

impl Table {
    /// Names of accounts that are held by nobody, or by somebody else.
    async fn missing(&self, look: &Change) -> Result<Vec<NameDrift>> {
        let (mut drift, mut last) = (Vec::new(), 0i64);
        loop {
            let accounts = look.query(ACCOUNTS, &[&last, &COMPARED]).await?;
            let Some(end) = accounts.last() else { return Ok(drift) };
            last = end.get(0);
            let names: Vec<&str> = accounts.iter().map(|row| row.get(self.column)).collect();
            let rows = look.query(self.holders, &[&names]).await?;
            let holders: HashMap<&str, UserId> =
                rows.iter().map(|row| (row.get(0), row.get(1))).collect();
            for (account, name) in accounts.iter().zip(names) {
                let (stored, counted) = (holders.get(name).copied(), Some(account.get(0)));
                if stored != counted {
                    drift.push(self.drift(name, stored, counted));
                }
            }
        }
    }

    /// Names that are held by accounts which are called otherwise, or are gone.
    async fn left_over(&self, look: &Change) -> Result<Vec<NameDrift>> {
        let (mut drift, mut last) = (Vec::new(), String::new());
        loop {
            let held = look.query(self.walk, &[&last, &COMPARED]).await?;
            let Some(end) = held.last() else { return Ok(drift) };
            last = end.get(0);
            let holders: Vec<UserId> = held.iter().map(|row| row.get(1)).collect();
            let names = self.names(look, &holders).await?;
            for row in &held {
                let (name, holder): (String, UserId) = (row.get(0), row.get(1));
                if !names.contains(&(holder, name.clone())) {
                    drift.push(self.drift(&name, Some(holder), None));
                }
            }
        }
    }

    /// What these accounts are called, as far as they are there.
    async fn names(&self, look: &Change, accounts: &[UserId]) -> Result<HashSet<(UserId, String)>> {
        let rows = look.query(NAMES_OF, &[&accounts]).await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(self.column))).collect())
    }

    fn drift(&self, name: &str, stored: Option<UserId>, counted: Option<UserId>) -> NameDrift {
        NameDrift { naming: self.naming, name: name.to_owned(), stored, counted }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tintype_platform::testkit::Workbench;

    use super::*;
    use crate::store::conformance::person;
    use crate::store::{Login, Store};

    /// A store with the accounts 1, 2 and so on.
    async fn filled(bench: &Workbench, names: &[&str]) -> Arc<dyn Store> {
        let store = crate::store::open(&bench.database);
        for (name, id) in names.iter().zip(1..) {
            let mut account = person(&bench.ids, name);
            account.id = UserId::new(id).unwrap();
            let stamp = tintype_api::Stamp::made_by(&bench.ids);
            assert!(store.register(account, None, stamp).await.unwrap());
        }
        assert_eq!(store.name_drift().await.unwrap(), []);
        store
    }

    fn drift(naming: Naming, name: &str, stored: u64, counted: u64) -> NameDrift {
        let (stored, counted) = (UserId::new(stored), UserId::new(counted));
        NameDrift { naming, name: name.to_owned(), stored, counted }
    }

    #[tokio::test]
    async fn a_check_finds_names_that_are_wrongly_held_and_gives_them_back() {
        let Some(bench) = Workbench::on_postgres(&[crate::MIGRATIONS]).await else { return };
        let store = filled(&bench, &["ann", "ben", "cat"]).await;
        bench
            .execute(
                "DELETE FROM account_usernames WHERE username = 'ann';
                 UPDATE account_usernames SET account = 3 WHERE username = 'ben';
                 INSERT INTO account_usernames (username, account)
                 VALUES ('kitty', 3), ('nobody', 7);
                 DELETE FROM account_emails WHERE account = 2;
                 INSERT INTO account_emails (email, account) VALUES ('no@body.example', 7)",
            )
            .await;
        let found = store.name_drift().await.unwrap();
        let wrong = [
            drift(Naming::Username, "ann", 0, 1),
            drift(Naming::Username, "ben", 3, 2),
            drift(Naming::Username, "kitty", 3, 0),
            drift(Naming::Username, "nobody", 7, 0),
            drift(Naming::Email, "ben@example.com", 0, 2),
            drift(Naming::Email, "no@body.example", 7, 0),
        ];
        assert_eq!(found, wrong);
        store.give_names(found).await.unwrap();
        assert_eq!(store.name_drift().await.unwrap(), []);
        for (name, id) in [("ann", 1), ("ben", 2), ("cat", 3)] {
            let found = store.credentials(&Login::Username(name.into())).await.unwrap();
            assert_eq!(found.unwrap().account, UserId::new(id).unwrap());
        }
        store.give_names(wrong.to_vec()).await.unwrap();
        assert_eq!(store.name_drift().await.unwrap(), [], "what is right by now stays so");
    }

    #[tokio::test]
    async fn a_name_of_two_stays_where_it_is() {
        let Some(bench) = Workbench::on_postgres(&[crate::MIGRATIONS]).await else { return };
        let store = filled(&bench, &["ann", "ben"]).await;
        bench
            .execute(
                "UPDATE accounts SET username = 'ann' WHERE id = 2;
                 DELETE FROM account_usernames WHERE account = 2",
            )
            .await;
        let found = store.name_drift().await.unwrap();
        assert_eq!(found, [drift(Naming::Username, "ann", 1, 2)]);
        store.give_names(found.clone()).await.unwrap();
        assert_eq!(store.name_drift().await.unwrap(), found);
    }
}
