//! Follows of a network that is made up.

use tintype_api::UserId;
use tintype_platform::Result;
use tintype_platform::sqlite::{Database, Sql, params};

use super::changes::record;
use crate::store::rules::Tally;
use crate::store::sql;

/// Adds accepted follows to a database that nobody serves, with their counts, all in one act. No event
/// tells of them. The third of each is an id: the time of the follow and its place in lists, so no two
/// may be the same. A follow that is there already is left as it is.
pub async fn fill(database: &Database, follows: Vec<(UserId, UserId, u64)>) -> Result<()> {
    database
        .write(move |write| {
            let mut tally = Tally::default();
            let mut add = write.sql(sql::ADD_FOLLOW)?;
            for (follower, followee, since) in follows {
                if add.execute(params![follower, followee, true, since as i64])? == 1 {
                    tally.count_follow(follower, followee, 1);
                }
            }
            record(write, tally)
        })
        .await
}

#[cfg(test)]
mod tests {
    use tintype_api::testkit::user;
    use tintype_platform::testkit::Workbench;

    use super::*;
    use crate::store::{List, open};

    #[tokio::test]
    async fn follows_that_are_filled_in_count() {
        let bench = Workbench::new(&[crate::MIGRATIONS]);
        let [ann, ben, eve] = [1, 2, 3].map(user);
        fill(bench.sqlite(), vec![(ann, ben, 11), (eve, ben, 12), (ben, ann, 13)]).await.unwrap();
        fill(bench.sqlite(), vec![(ann, ben, 14), (ann, eve, 15)]).await.unwrap();
        let store = open(&bench.database);
        let counts = store.counts(vec![ann, ben, eve]).await.unwrap();
        let counts = counts.iter().map(|(_, counts)| (counts.followers, counts.following));
        assert_eq!(counts.collect::<Vec<_>>(), [(1, 2), (2, 1), (1, 1)]);
        let followers = store.ties(List::Followers, ben, None, 10).await.unwrap();
        let followers = followers.iter().map(|tie| (tie.user, tie.since));
        assert_eq!(followers.collect::<Vec<_>>(), [(eve, 12), (ann, 11)]);
        assert_eq!(store.drift().await.unwrap(), []);
        assert_eq!(bench.happened_after(0).await.len(), 0);
    }
}
