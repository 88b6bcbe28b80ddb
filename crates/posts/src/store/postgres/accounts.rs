//! What is cleared away when a post, a comment or a whole account is gone.

use tintype_api::posts::PostRef;
use tintype_api::{CommentId, PostId, Stamp, UserId};
use tintype_platform::Result;
use tintype_platform::postgres::{Change, Database};

use super::{column, comments, grouped, likes, posts};
use crate::store::sql;
use crate::store::{Comment, Removed};

/// Likes, comments, likes of comments: a comment goes before its likes.
const CLEAR_POST: [&str; 3] = [
    "DELETE FROM likes WHERE owner = $1 AND post = $2 AND \"user\" IN (
         SELECT \"user\" FROM likes WHERE owner = $1 AND post = $2 ORDER BY \"user\" LIMIT $3
     )",
    "DELETE FROM comments WHERE owner = $1 AND post = $2 AND id IN (
         SELECT id FROM comments WHERE owner = $1 AND post = $2 ORDER BY id LIMIT $3
     )",
    "DELETE FROM comment_likes WHERE owner = $1 AND post = $2 AND (comment, \"user\") IN (
         SELECT comment, \"user\" FROM comment_likes WHERE owner = $1 AND post = $2
         ORDER BY comment, \"user\" LIMIT $3
     )",
];

const CLEAR_COMMENT: &str = "\
    DELETE FROM comment_likes
    WHERE owner = $1 AND post = $2 AND comment = $3 AND \"user\" IN (
        SELECT \"user\" FROM comment_likes WHERE owner = $1 AND post = $2 AND comment = $3
        ORDER BY \"user\" LIMIT $4
    )";

const UNSAVE_OF: &str = "DELETE FROM saves WHERE \"user\" = ANY($1) AND post = $2";

const UNSAVE_ALL: &str = "DELETE FROM saves WHERE \"user\" = $1 AND post = ANY($2)";

const COMMENT_LIKES_OF: &str = "\
    SELECT owner, comment FROM comment_likes WHERE \"user\" = $1 ORDER BY comment LIMIT $2";

pub(super) async fn clear_post(database: &Database, post: PostRef, limit: u32) -> Result<u32> {
    let PostRef { post, author } = post;
    // An id never comes back, so what is not there now will not be.
    if database.query_opt(sql::IS_THERE, &[&author, &post]).await?.is_some() {
        return Ok(0);
    }
    let limit = i64::from(limit);
    let mut room = limit;
    let change = database.begin(author).await?;
    for clear in CLEAR_POST {
        if room > 0 {
            room -= change.execute(clear, &[&author, &post, &room]).await? as i64;
        }
    }
    change.commit().await?;
    if room > 0 {
        room -= clear_saves(database, post, room).await?;
    }
    Ok((limit - room) as u32)
}

/// Saves stand on the shards of those who saved.
async fn clear_saves(database: &Database, post: PostId, limit: i64) -> Result<i64> {
    let rows = database.query(sql::SAVERS_LEFT, &[&post, &limit]).await?;
    let Some(first) = rows.first() else { return Ok(0) };
    let users: Vec<UserId> = column(&rows);
    let change: Change = database.begin(first.get::<_, UserId>(0)).await?;
    change.execute(UNSAVE_OF, &[&users, &post]).await?;
    change.commit().await?;
    Ok(users.len() as i64)
}

pub(super) async fn clear_comment(
    database: &Database,
    post: PostRef,
    comment: CommentId,
    limit: u32,
) -> Result<u32> {
    let PostRef { post, author } = post;
    if database.query_opt(sql::COMMENT_LIKES, &[&author, &post, &comment]).await?.is_some() {
        return Ok(0);
    }
    let change = database.begin(author).await?;
    let limit = i64::from(limit);
    let cleared = change.execute(CLEAR_COMMENT, &[&author, &post, &comment, &limit]).await?;
    change.commit().await?;
    Ok(cleared as u32)
}

pub(super) async fn remove(database: &Database, user: UserId, stamps: &[Stamp]) -> Result<Removed> {
    let posts = posts::delete_oldest(database, user, stamps).await?;
    if !posts.is_empty() {
        return Ok(Removed { posts, more: true, ..Removed::default() });
    }
    let mut touched = remove_likes(database, user, stamps).await?;
    if touched.is_empty() {
        touched = remove_comments(database, user, stamps).await?;
    }
    if !touched.is_empty() {
        return Ok(Removed { touched, more: true, ..Removed::default() });
    }
    let liked = remove_comment_likes(database, user, stamps).await?;
    let saved = remove_saves(database, user, stamps.len()).await?;
    if liked || saved {
        return Ok(Removed { more: true, ..Removed::default() });
    }
    let change = database.begin(user).await?;
    change.execute(sql::FORGET_AUTHOR, &[&user]).await?;
    change.commit().await?;
    Ok(Removed::default())
}

async fn remove_likes(database: &Database, user: UserId, stamps: &[Stamp]) -> Result<Vec<PostId>> {
    let rows = database.query(sql::LIKES_OF, &[&user, &(stamps.len() as i64)]).await?;
    let likes = rows.iter().zip(stamps).map(|(row, stamp)| (row.get(1), row.get(0), *stamp));
    let likes: Vec<(UserId, PostId, Stamp)> = likes.collect();
    for (owner, likes) in grouped(likes, |(owner, ..)| *owner) {
        let likes: Vec<_> = likes.into_iter().map(|(_, post, stamp)| (post, stamp)).collect();
        likes::unlike_all(database, owner, user, &likes).await?;
    }
    Ok(column(&rows))
}

async fn remove_comments(
    database: &Database,
    user: UserId,
    stamps: &[Stamp],
) -> Result<Vec<PostId>> {
    let rows = database.query(sql::COMMENTS_OF, &[&user, &(stamps.len() as i64)]).await?;
    let said = rows.iter().map(comments::from_row).zip(stamps.iter().copied());
    let said: Vec<(Comment, Stamp)> = said.collect();
    for (owner, said) in grouped(said, |(comment, _)| comment.post.author) {
        comments::delete(database, owner, &said).await?;
    }
    Ok(column(&rows))
}

/// Says whether there were any.
async fn remove_comment_likes(database: &Database, user: UserId, stamps: &[Stamp]) -> Result<bool> {
    let rows = database.query(COMMENT_LIKES_OF, &[&user, &(stamps.len() as i64)]).await?;
    let likes = rows.iter().zip(stamps).map(|(row, stamp)| (row.get(0), row.get(1), *stamp));
    let likes: Vec<(UserId, CommentId, Stamp)> = likes.collect();
    for (owner, likes) in grouped(likes, |(owner, ..)| *owner) {
        let likes: Vec<_> = likes.into_iter().map(|(_, comment, stamp)| (comment, stamp)).collect();
        comments::unlike_all(database, owner, user, &likes).await?;
    }
    Ok(!rows.is_empty())
}

/// Says whether there were any.
async fn remove_saves(database: &Database, user: UserId, limit: usize) -> Result<bool> {
    let rows = database.query(sql::SAVES_OF, &[&user, &(limit as i64)]).await?;
    if rows.is_empty() {
        return Ok(false);
    }
    let posts: Vec<PostId> = column(&rows);
    let change = database.begin(user).await?;
    change.execute(UNSAVE_ALL, &[&user, &posts]).await?;
    change.commit().await?;
    Ok(true)
}
