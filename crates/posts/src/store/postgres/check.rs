//! Counters against what they count.

use tintype_api::{Drift, UserId};
use tintype_platform::Result;
use tintype_platform::postgres::{Database, Row};

use super::{comments, posts};
use crate::store::sql;
use crate::store::{Counter, Found};

// Looks at every shard: a check is about all comments.
const WRONG_COMMENT_LIKES: &str = "\
    SELECT owner, id, stored, counted FROM (
        SELECT owner, id, likes AS stored,
               (SELECT count(*) FROM comment_likes
                WHERE comment_likes.owner = comments.owner
                  AND comment_likes.post = comments.post
                  AND comment_likes.comment = comments.id
               ) AS counted FROM comments
    ) AS counts WHERE stored <> counted ORDER BY owner, id";

const RECOUNT_POST_LIKES: &str = "\
    UPDATE posts
    SET likes = (SELECT count(*) FROM likes WHERE likes.owner = $1 AND likes.post = posts.id)
    WHERE author = $1 AND id = ANY($2)";

const RECOUNT_POST_COMMENTS: &str = "\
    UPDATE posts
    SET comments = (SELECT count(*) FROM comments
                    WHERE comments.owner = $1 AND comments.post = posts.id)
    WHERE author = $1 AND id = ANY($2)";

const RECOUNT_COMMENT_LIKES: &str = "\
    UPDATE comments
    SET likes = (SELECT count(*) FROM comment_likes
                 WHERE comment_likes.owner = $1 AND comment_likes.post = comments.post
                   AND comment_likes.comment = comments.id)
    WHERE owner = $1 AND id = ANY($2)";

/// Makes sure of the row, and locks it.
const LOCK_COUNT: &str = "\
    INSERT INTO author_counts (author, posts) VALUES ($1, 0)
    ON CONFLICT (author) DO UPDATE SET posts = author_counts.posts";

const RECOUNT_AUTHOR_POSTS: &str = "\
    UPDATE author_counts
    SET posts = (SELECT count(*) FROM posts WHERE author = $1 AND hidden = 0)
    WHERE author = $1";

pub(super) async fn drift(database: &Database, counter: Counter) -> Result<Vec<Found>> {
    let wrong = match counter {
        Counter::PostLikes => sql::WRONG_POST_LIKES,
        Counter::PostComments => sql::WRONG_POST_COMMENTS,
        Counter::CommentLikes => WRONG_COMMENT_LIKES,
        Counter::AuthorPosts => sql::WRONG_AUTHOR_POSTS,
    };
    let rows = database.scan().await?.query(wrong, &[]).await?;
    let found = |row: &Row| {
        let (of, stored, counted) = (row.get::<_, i64>(1) as u64, row.get(2), row.get(3));
        let drift = Drift { counter: counter.name(), of, stored, counted };
        Found { author: row.get(0), drift }
    };
    Ok(rows.iter().map(found).collect())
}

/// Recounts what is about posts of one author. The statement that counts comes after the lock:
/// whatever has moved the counter is seen by it, and whatever has not yet waits.
pub(super) async fn recount(
    database: &Database,
    counter: Counter,
    author: UserId,
    wrong: &[Found],
) -> Result<()> {
    let ids: Vec<i64> = wrong.iter().map(|found| found.drift.of as i64).collect();
    let (lock, recount) = match counter {
        Counter::PostLikes => (posts::LOCK, RECOUNT_POST_LIKES),
        Counter::PostComments => (posts::LOCK, RECOUNT_POST_COMMENTS),
        Counter::CommentLikes => (comments::LOCK, RECOUNT_COMMENT_LIKES),
        Counter::AuthorPosts => (LOCK_COUNT, RECOUNT_AUTHOR_POSTS),
    };
    let change = database.begin(author).await?;
    if counter == Counter::AuthorPosts {
        change.execute(lock, &[&author]).await?;
        change.execute(recount, &[&author]).await?;
    } else {
        change.query(lock, &[&author, &ids]).await?;
        change.execute(recount, &[&author, &ids]).await?;
    }
    change.commit().await
}
