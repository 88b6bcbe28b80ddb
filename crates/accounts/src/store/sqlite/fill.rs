//! Accounts of a network that is made up.

use tintype_platform::sqlite::Database;
use tintype_platform::{Error, Result};

use super::acts::insert_account;
use crate::account::NewAccount;

/// Makes accounts in a database that nobody serves, all in one act. No event tells of them, so whoever
/// is to know of them has to be filled as well. 409 if a name or an address is somebody's.
pub async fn fill(database: &Database, accounts: Vec<NewAccount>) -> Result<()> {
    database
        .write(move |write| {
            for account in &accounts {
                if !insert_account(write, account)? {
                    let words = format!("{} is there already", account.username.as_str());
                    return Err(Error::conflict("already_exists", words));
                }
            }
            Ok(())
        })
        .await
}

#[cfg(test)]
mod tests {
    use tintype_platform::testkit::Workbench;

    use super::*;
    use crate::store::conformance::person;
    use crate::store::{Login, open};

    #[tokio::test]
    async fn those_that_are_filled_in_are_as_if_they_had_registered() {
        let bench = Workbench::new(&[crate::MIGRATIONS]);
        let [ann, ben, kim] = ["f.ann", "f.ben", "f.kim"].map(|name| person(&bench.ids, name));
        fill(bench.sqlite(), vec![ann.clone(), ben.clone()]).await.unwrap();
        let store = open(&bench.database);
        let found = store.credentials(&Login::Email(ben.email.as_str().to_owned())).await.unwrap();
        assert_eq!(found.unwrap().account, ben.id);
        assert_eq!(store.search("f.an".to_owned(), None, 10).await.unwrap()[0].account, ann.id);
        assert_eq!(store.search_drift().await.unwrap(), []);
        assert_eq!(bench.happened_after(0).await.len(), 0);
        assert!(fill(bench.sqlite(), vec![kim, ann]).await.is_err(), "a name is taken");
        assert_eq!(store.count().await.unwrap(), 2, "all of them or none");
    }
}
