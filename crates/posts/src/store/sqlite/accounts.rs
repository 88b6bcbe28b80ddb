//! What is cleared away when a post, a comment or a whole account is gone.

use tintype_api::posts::PostRef;
use tintype_api::{CommentId, PostId, Stamp, UserId};
use tintype_platform::Result;
use tintype_platform::sqlite::{Connection, Sql, Write, params};

use super::comments::{DELETE_COMMENT, UNLIKE_COMMENT};
use super::likes::UNLIKE;
use super::{column, comments, likes, pairs, posts};
use crate::store::sql;
use crate::store::{Comment, Removed};

const LIKERS_LEFT: &str = "SELECT user FROM likes WHERE post = $1 LIMIT $2";

const COMMENTS_LEFT: &str = "SELECT id FROM comments WHERE post = $1 LIMIT $2";

const COMMENT_LIKERS_LEFT: &str = "\
    SELECT comment, user FROM comment_likes WHERE post = $1 LIMIT $2";

const LIKERS_LEFT_OF_COMMENT: &str = "\
    SELECT comment, user FROM comment_likes WHERE post = $1 AND comment = $3 LIMIT $2";

const POSTS_OF: &str = "SELECT id FROM posts WHERE author = $1 ORDER BY id LIMIT $2";

const COMMENT_LIKES_OF: &str = "\
    SELECT post, comment FROM comment_likes WHERE user = $1 LIMIT $2";

pub(super) fn clear_post(write: &Write<'_>, post: PostRef, limit: u32) -> Result<u32> {
    let PostRef { post, author } = post;
    if write.sql(sql::IS_THERE)?.exists(params![author, post])? {
        return Ok(0);
    }
    let mut room = limit;
    for user in column::<UserId>(write, LIKERS_LEFT, params![post, room])? {
        write.sql(UNLIKE)?.execute(params![post, user])?;
        room -= 1;
    }
    for comment in column::<CommentId>(write, COMMENTS_LEFT, params![post, room])? {
        write.sql(DELETE_COMMENT)?.execute(params![post, comment])?;
        room -= 1;
    }
    let liked: Vec<(CommentId, UserId)> = pairs(write, COMMENT_LIKERS_LEFT, params![post, room])?;
    for (comment, user) in liked {
        write.sql(UNLIKE_COMMENT)?.execute(params![post, comment, user])?;
        room -= 1;
    }
    for user in column::<UserId>(write, sql::SAVERS_LEFT, params![post, room])? {
        write.sql(sql::UNSAVE)?.execute(params![user, post])?;
        room -= 1;
    }
    Ok(limit - room)
}

pub(super) fn clear_comment(
    write: &Write<'_>,
    post: PostRef,
    comment: CommentId,
    limit: u32,
) -> Result<u32> {
    let PostRef { post, author } = post;
    if write.sql(sql::COMMENT_LIKES)?.exists(params![author, post, comment])? {
        return Ok(0);
    }
    let liked: Vec<(CommentId, UserId)> =
        pairs(write, LIKERS_LEFT_OF_COMMENT, params![post, limit, comment])?;
    for (comment, user) in &liked {
        write.sql(UNLIKE_COMMENT)?.execute(params![post, comment, user])?;
    }
    Ok(liked.len() as u32)
}

pub(super) fn remove(write: &Write<'_>, user: UserId, stamps: &[Stamp]) -> Result<Removed> {
    for step in [remove_posts, remove_likes, remove_comments, remove_rest] {
        let removed = step(write, user, stamps)?;
        if removed.more {
            return Ok(removed);
        }
    }
    write.sql(sql::FORGET_AUTHOR)?.execute([user])?;
    Ok(Removed::default())
}

fn remove_posts(write: &Write<'_>, author: UserId, stamps: &[Stamp]) -> Result<Removed> {
    let mine: Vec<PostId> = column(write, POSTS_OF, params![author, stamps.len() as i64])?;
    for (post, stamp) in mine.iter().zip(stamps) {
        posts::delete(write, PostRef { post: *post, author }, *stamp)?;
    }
    Ok(Removed { more: !mine.is_empty(), posts: mine, touched: Vec::new() })
}

fn remove_likes(write: &Write<'_>, user: UserId, stamps: &[Stamp]) -> Result<Removed> {
    let liked: Vec<(PostId, UserId)> =
        pairs(write, sql::LIKES_OF, params![user, stamps.len() as i64])?;
    for ((post, author), stamp) in liked.iter().zip(stamps) {
        likes::unlike(write, PostRef { post: *post, author: *author }, user, *stamp)?;
    }
    Ok(touching(liked.into_iter().map(|(post, _)| post).collect()))
}

fn remove_comments(write: &Write<'_>, user: UserId, stamps: &[Stamp]) -> Result<Removed> {
    let mine = comments_of(write, user, stamps.len())?;
    for (comment, stamp) in mine.iter().zip(stamps) {
        comments::delete(write, comment, *stamp)?;
    }
    Ok(touching(mine.into_iter().map(|comment| comment.post.post).collect()))
}

/// Likes of comments and saves, which no post counts.
fn remove_rest(write: &Write<'_>, user: UserId, stamps: &[Stamp]) -> Result<Removed> {
    let limit = stamps.len() as i64;
    let liked: Vec<(PostId, CommentId)> = pairs(write, COMMENT_LIKES_OF, params![user, limit])?;
    for ((post, comment), stamp) in liked.iter().zip(stamps) {
        match comments::by_id(write, *comment)? {
            Some(comment) => drop(comments::like(write, &comment, user, false, *stamp)?),
            None => drop(write.sql(UNLIKE_COMMENT)?.execute(params![post, comment, user])?),
        }
    }
    let saved: Vec<PostId> = column(write, sql::SAVES_OF, params![user, limit])?;
    for post in &saved {
        likes::unsave(write, user, *post)?;
    }
    Ok(Removed { more: !liked.is_empty() || !saved.is_empty(), ..Removed::default() })
}

fn comments_of(connection: &Connection, user: UserId, limit: usize) -> Result<Vec<Comment>> {
    let mut statement = connection.sql(sql::COMMENTS_OF)?;
    let rows = statement.query_map(params![user, limit as i64], comments::from_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn touching(touched: Vec<PostId>) -> Removed {
    Removed { more: !touched.is_empty(), touched, posts: Vec::new() }
}
