//! Likes and saves of posts.

use tintype_api::posts::PostRef;
use tintype_api::{Event, PostId, Stale, Stamp, UserId};
use tintype_platform::Result;
use tintype_platform::postgres::{Change, Database, Params, Row};

use super::{column, posts, tallied};
use crate::store::sql;
use crate::store::{Counted, Flags, Like, below, flags_of};

const LIKED: &str = "\
    SELECT post FROM likes WHERE owner = ANY($1) AND post = ANY($2) AND \"user\" = $3";

const SAVED: &str = "SELECT post FROM saves WHERE \"user\" = $1 AND post = ANY($2)";

/// Locks the post, adds the like and counts it: the likes there were, and those there are if there
/// is one more. No row if there is no such post.
const LIKE: &str = "\
    WITH locked AS (
        SELECT likes FROM posts WHERE author = $1 AND id = $2 FOR UPDATE
    ), added AS (
        INSERT INTO likes (owner, post, \"user\", id)
        SELECT $1, $2, $3::BIGINT, $4::BIGINT FROM locked
        ON CONFLICT DO NOTHING RETURNING id
    ), counted AS (
        UPDATE posts SET likes = likes + 1
        WHERE author = $1 AND id = $2 AND EXISTS (SELECT 1 FROM added) RETURNING likes
    )
    SELECT likes, (SELECT likes FROM counted) FROM locked";

const UNLIKE: &str = "\
    WITH locked AS (
        SELECT likes FROM posts WHERE author = $1 AND id = $2 FOR UPDATE
    ), removed AS (
        DELETE FROM likes
        WHERE owner = $1 AND post = $2 AND \"user\" = $3 AND EXISTS (SELECT 1 FROM locked)
        RETURNING id
    ), counted AS (
        UPDATE posts SET likes = likes - 1
        WHERE author = $1 AND id = $2 AND EXISTS (SELECT 1 FROM removed) RETURNING likes
    )
    SELECT likes, (SELECT likes FROM counted) FROM locked";

const ADD_LIKES: &str = "\
    INSERT INTO likes (owner, post, \"user\", id)
    SELECT $1::BIGINT, new.post, new.liker, new.id
    FROM unnest($2::BIGINT[], $3::BIGINT[], $4::BIGINT[]) AS new (post, liker, id)
    ON CONFLICT DO NOTHING RETURNING post, \"user\"";

const COUNT_LIKES: &str = "\
    UPDATE posts SET likes = likes + moved.number
    FROM unnest($2::BIGINT[], $3::BIGINT[]) AS moved (post, number)
    WHERE posts.author = $1 AND posts.id = moved.post";

const REMOVE_LIKES: &str = "\
    DELETE FROM likes WHERE owner = $1 AND post = ANY($2) AND \"user\" = $3 RETURNING post";

const COUNT_OFF: &str = "\
    UPDATE posts SET likes = likes - 1 WHERE author = $1 AND id = ANY($2)";

pub(super) async fn flags(
    database: &Database,
    user: UserId,
    asked: &[PostRef],
) -> Result<Vec<Flags>> {
    let owners: Vec<UserId> = asked.iter().map(|post| post.author).collect();
    let posts: Vec<PostId> = asked.iter().map(|post| post.post).collect();
    // Likes and saves stand on different shards: two statements, sent at once.
    let (to_like, to_save): (Params<'_>, Params<'_>) =
        (&[&owners, &posts, &user], &[&user, &posts]);
    let (liked, saved) =
        tokio::try_join!(database.query(LIKED, to_like), database.query(SAVED, to_save))?;
    Ok(flags_of(asked, &column(&liked), &column(&saved)))
}

pub(super) async fn newest(
    database: &Database,
    post: PostRef,
    key: Option<u64>,
    limit: u32,
) -> Result<Vec<Like>> {
    let (key, limit) = (below(key), i64::from(limit));
    let rows = database.query(sql::LIKERS, &[&post.author, &post.post, &key, &limit]).await?;
    let like = |row: &Row| Like { post, user: row.get(1), id: row.get::<_, i64>(0) as u64 };
    Ok(rows.iter().map(like).collect())
}

pub(super) async fn like(database: &Database, like: Like, stamp: Stamp) -> Result<Option<Counted>> {
    let (PostRef { post, author }, user) = (like.post, like.user);
    let change = database.begin(author).await?;
    let row = change.query_opt(LIKE, &[&author, &post, &user, &(like.id as i64)]).await?;
    counted(change, row.as_ref(), &Event::PostLiked { post, author, user }, stamp).await
}

pub(super) async fn unlike(
    database: &Database,
    on: PostRef,
    user: UserId,
    stamp: Stamp,
) -> Result<Option<Counted>> {
    let PostRef { post, author } = on;
    let change = database.begin(author).await?;
    let row = change.query_opt(UNLIKE, &[&author, &post, &user]).await?;
    counted(change, row.as_ref(), &Event::PostUnliked { post, author, user }, stamp).await
}

/// Ends a like or unlike that has answered `row`: likes before, and after if it changed something.
pub(super) async fn counted(
    change: Change,
    row: Option<&Row>,
    event: &Event,
    stamp: Stamp,
) -> Result<Option<Counted>> {
    let Some(row) = row else { return Ok(None) };
    let Some(count) = row.get::<_, Option<i64>>(1) else {
        // There is nothing to commit; dropped, the change lets go of the lock.
        let count = row.get::<_, i64>(0) as u64;
        return Ok(Some(Counted { changed: false, count }));
    };
    change.publish(&event.record(stamp)?);
    change.commit().await?;
    Ok(Some(Counted { changed: true, count: count as u64 }))
}

/// Adds likes of posts of one owner.
pub(super) async fn like_all(
    database: &Database,
    owner: UserId,
    likes: &[(Like, Stamp)],
) -> Result<()> {
    let change = database.begin(owner).await?;
    let there = posts::lock(&change, owner, likes.iter().map(|(like, _)| like.post.post)).await?;
    let likes: Vec<&(Like, Stamp)> =
        likes.iter().filter(|(like, _)| there.binary_search(&like.post.post).is_ok()).collect();
    let posts: Vec<PostId> = likes.iter().map(|(like, _)| like.post.post).collect();
    let users: Vec<UserId> = likes.iter().map(|(like, _)| like.user).collect();
    let ids: Vec<i64> = likes.iter().map(|(like, _)| like.id as i64).collect();
    let rows = change.query(ADD_LIKES, &[&owner, &posts, &users, &ids]).await?;
    let mut added: Vec<(PostId, UserId)> =
        rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let (posts, numbers) = tallied(added.iter().map(|(post, _)| *post));
    change.execute(COUNT_LIKES, &[&owner, &posts, &numbers]).await?;
    added.sort_unstable();
    for (Like { post, user, .. }, stamp) in likes {
        // Of two that are the same, one was added.
        let Ok(at) = added.binary_search(&(post.post, *user)) else { continue };
        added.remove(at);
        let liked = Event::PostLiked { post: post.post, author: owner, user: *user };
        change.publish(&liked.record(*stamp)?);
    }
    change.commit().await
}

/// Takes back what `user` likes of posts of one owner. A like of a post that is gone goes untold:
/// nothing counts it.
pub(super) async fn unlike_all(
    database: &Database,
    owner: UserId,
    user: UserId,
    likes: &[(PostId, Stamp)],
) -> Result<()> {
    let change = database.begin(owner).await?;
    let there = posts::lock(&change, owner, likes.iter().map(|(post, _)| *post)).await?;
    let posts: Vec<PostId> = likes.iter().map(|(post, _)| *post).collect();
    let rows = change.query(REMOVE_LIKES, &[&owner, &posts, &user]).await?;
    let mut counted: Vec<PostId> = column(&rows);
    counted.retain(|post| there.binary_search(post).is_ok());
    change.execute(COUNT_OFF, &[&owner, &counted]).await?;
    for (post, stamp) in likes.iter().filter(|(post, _)| counted.contains(post)) {
        let unliked = Event::PostUnliked { post: *post, author: owner, user };
        change.publish(&unliked.record(*stamp)?);
    }
    change.commit().await
}

pub(super) async fn save(database: &Database, user: UserId, post: PostId, id: u64) -> Result<bool> {
    let change = database.begin(user).await?;
    let saved = change.execute(sql::SAVE, &[&user, &post, &(id as i64)]).await?;
    change.publish(&Stale::Save { user, post }.record()?);
    change.commit().await?;
    Ok(saved > 0)
}

pub(super) async fn unsave(database: &Database, user: UserId, post: PostId) -> Result<bool> {
    let change = database.begin(user).await?;
    let removed = change.execute(sql::UNSAVE, &[&user, &post]).await?;
    change.publish(&Stale::Save { user, post }.record()?);
    change.commit().await?;
    Ok(removed > 0)
}
