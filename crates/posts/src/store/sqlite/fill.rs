//! Posts of a network that is made up.

use tintype_api::posts::Post;
use tintype_platform::Result;
use tintype_platform::sqlite::Database;

use super::posts::insert;
use crate::SeedPost;

/// Adds posts to a database that nobody serves, with their counts and hashtags, all in one act. No
/// event tells of them, and whoever is mentioned is not told.
pub async fn fill(database: &Database, posts: Vec<SeedPost>) -> Result<()> {
    database
        .write(move |write| {
            posts.into_iter().map(Post::from).try_for_each(|post| insert(write, &post))
        })
        .await
}

#[cfg(test)]
mod tests {
    use tintype_api::PostId;
    use tintype_api::posts::{MediaKind, PostMedia};
    use tintype_api::testkit::user;
    use tintype_platform::testkit::Workbench;

    use super::*;
    use crate::store::{Counter, List, open};

    #[tokio::test]
    async fn posts_that_are_filled_in_are_counted_and_listed() {
        let bench = Workbench::new(&[crate::MIGRATIONS]);
        let [ann, ben] = [1, 2].map(user);
        let post = |author| SeedPost {
            id: PostId::made_by(&bench.ids),
            author,
            caption: Some("low tide #sea".to_owned()),
            media: vec![PostMedia::elsewhere("https://a.example/x".to_owned(), MediaKind::Image)],
            location: None,
        };
        let posts = [ann, ben, ann].map(post);
        let [first, second, third] = [0, 1, 2].map(|at| posts[at].id);
        fill(bench.sqlite(), posts[..2].to_vec()).await.unwrap();
        fill(bench.sqlite(), posts[2..].to_vec()).await.unwrap();
        let store = open(&bench.database);
        assert_eq!(store.counts(vec![ann, ben]).await.unwrap(), [2, 1]);
        assert_eq!(store.newest(ann, 10).await.unwrap(), [first, third]);
        let tagged = store.list(List::Hashtag("sea".to_owned()), None, 10).await.unwrap();
        let tagged = tagged.iter().map(|entry| entry.post);
        assert_eq!(tagged.collect::<Vec<_>>(), [third, second, first]);
        for counter in Counter::ALL {
            assert_eq!(store.drift(counter).await.unwrap(), []);
        }
        assert_eq!(bench.happened_after(0).await.len(), 0);
    }
}
