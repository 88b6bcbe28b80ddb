//! Comments and their likes.

use tintype_api::posts::PostRef;
use tintype_api::{CommentId, Event, PostId, Stamp, UserId};
use tintype_platform::Result;
use tintype_platform::postgres::{Database, Row};

use super::likes::counted;
use super::{column, posts, tallied};
use crate::store::sql;
use crate::store::{Comment, Commented, Counted, below};

const LIKED: &str = "\
    SELECT comment FROM comment_likes
    WHERE owner = $1 AND post = $2 AND comment = ANY($3) AND \"user\" = $4";

/// Counts the comment and adds it; neither where no comment may be made.
const ADD: &str = "\
    WITH counted AS (
        UPDATE posts SET comments = comments + 1
        WHERE author = $1 AND id = $2 AND comments_disabled = 0 RETURNING id
    )
    INSERT INTO comments (owner, post, id, author, content, likes)
    SELECT $1, $2, $3::BIGINT, $4::BIGINT, $5::TEXT, 0 FROM counted";

const LOCK_OPEN: &str = "\
    SELECT id FROM posts WHERE author = $1 AND id = ANY($2) AND comments_disabled = 0
    ORDER BY id FOR UPDATE";

const ADD_ALL: &str = "\
    INSERT INTO comments (owner, post, id, author, content, likes)
    SELECT $1::BIGINT, new.post, new.id, new.author, new.content, 0
    FROM unnest($2::BIGINT[], $3::BIGINT[], $4::BIGINT[], $5::TEXT[])
         AS new (post, id, author, content)";

const DELETE: &str = "DELETE FROM comments WHERE owner = $1 AND id = ANY($2) RETURNING id";

const COUNT: &str = "\
    UPDATE posts SET comments = comments + moved.number
    FROM unnest($2::BIGINT[], $3::BIGINT[]) AS moved (post, number)
    WHERE posts.author = $1 AND posts.id = moved.post";

const COUNT_OFF: &str = "\
    UPDATE posts SET comments = comments - moved.number
    FROM unnest($2::BIGINT[], $3::BIGINT[]) AS moved (post, number)
    WHERE posts.author = $1 AND posts.id = moved.post";

/// Locks the comment, adds the like and counts it: the likes there were, and those there are if
/// there is one more. No row if there is no such comment.
const LIKE: &str = "\
    WITH locked AS (
        SELECT likes FROM comments WHERE owner = $1 AND post = $2 AND id = $3 FOR UPDATE
    ), added AS (
        INSERT INTO comment_likes (owner, post, comment, \"user\")
        SELECT $1, $2, $3, $4::BIGINT FROM locked
        ON CONFLICT DO NOTHING RETURNING comment
    ), counted AS (
        UPDATE comments SET likes = likes + 1
        WHERE owner = $1 AND post = $2 AND id = $3 AND EXISTS (SELECT 1 FROM added)
        RETURNING likes
    )
    SELECT likes, (SELECT likes FROM counted) FROM locked";

const UNLIKE: &str = "\
    WITH locked AS (
        SELECT likes FROM comments WHERE owner = $1 AND post = $2 AND id = $3 FOR UPDATE
    ), removed AS (
        DELETE FROM comment_likes
        WHERE owner = $1 AND post = $2 AND comment = $3 AND \"user\" = $4
          AND EXISTS (SELECT 1 FROM locked)
        RETURNING comment
    ), counted AS (
        UPDATE comments SET likes = likes - 1
        WHERE owner = $1 AND post = $2 AND id = $3 AND EXISTS (SELECT 1 FROM removed)
        RETURNING likes
    )
    SELECT likes, (SELECT likes FROM counted) FROM locked";

pub(super) const LOCK: &str = "\
    SELECT id FROM comments WHERE owner = $1 AND id = ANY($2) ORDER BY id FOR UPDATE";

const REMOVE_LIKES: &str = "\
    DELETE FROM comment_likes
    WHERE owner = $1 AND comment = ANY($2) AND \"user\" = $3 RETURNING comment";

const COUNT_LIKES_OFF: &str = "\
    UPDATE comments SET likes = likes - 1
    WHERE owner = $1 AND id = ANY($2) RETURNING id, post, author";

pub(super) async fn by_id(database: &Database, comment: CommentId) -> Result<Option<Comment>> {
    let row = database.query_opt(sql::COMMENT, &[&comment]).await?;
    Ok(row.as_ref().map(from_row))
}

pub(super) async fn newest(
    database: &Database,
    post: PostRef,
    key: Option<u64>,
    limit: u32,
) -> Result<Vec<Comment>> {
    let (key, limit) = (below(key), i64::from(limit));
    let rows = database.query(sql::COMMENTS, &[&post.author, &post.post, &key, &limit]).await?;
    Ok(rows.iter().map(from_row).collect())
}

pub(super) async fn liked(
    database: &Database,
    user: UserId,
    post: PostRef,
    comments: &[CommentId],
) -> Result<Vec<CommentId>> {
    let rows = database.query(LIKED, &[&post.author, &post.post, &comments, &user]).await?;
    Ok(column(&rows))
}

pub(super) async fn add(
    database: &Database,
    comment: &Comment,
    mentions: Vec<UserId>,
    stamp: Stamp,
) -> Result<Commented> {
    let PostRef { post, author } = comment.post;
    let change = database.begin(author).await?;
    let new = change
        .execute(ADD, &[&author, &post, &comment.id, &comment.author, &comment.content])
        .await?;
    if new == 0 {
        let is_there = database.query_opt(sql::IS_THERE, &[&author, &post]).await?.is_some();
        return Ok(if is_there { Commented::Disabled } else { Commented::Missing });
    }
    change.publish(&created(comment, mentions).record(stamp)?);
    change.commit().await?;
    Ok(Commented::Done)
}

/// Adds comments on posts of one owner.
pub(super) async fn add_all(
    database: &Database,
    owner: UserId,
    comments: &[(Comment, Stamp)],
) -> Result<()> {
    let change = database.begin(owner).await?;
    let posts: Vec<PostId> = comments.iter().map(|(comment, _)| comment.post.post).collect();
    let open: Vec<PostId> = column(&change.query(LOCK_OPEN, &[&owner, &posts]).await?);
    let new: Vec<&(Comment, Stamp)> = comments
        .iter()
        .filter(|(comment, _)| open.binary_search(&comment.post.post).is_ok())
        .collect();
    let posts: Vec<PostId> = new.iter().map(|(comment, _)| comment.post.post).collect();
    let ids: Vec<CommentId> = new.iter().map(|(comment, _)| comment.id).collect();
    let authors: Vec<UserId> = new.iter().map(|(comment, _)| comment.author).collect();
    let contents: Vec<&str> = new.iter().map(|(comment, _)| comment.content.as_str()).collect();
    change.execute(ADD_ALL, &[&owner, &posts, &ids, &authors, &contents]).await?;
    let (posts, numbers) = tallied(posts);
    change.execute(COUNT, &[&owner, &posts, &numbers]).await?;
    for (comment, stamp) in new {
        change.publish(&created(comment, Vec::new()).record(*stamp)?);
    }
    change.commit().await
}

/// Removes comments on posts of one owner and answers how many were there.
pub(super) async fn delete(
    database: &Database,
    owner: UserId,
    comments: &[(Comment, Stamp)],
) -> Result<usize> {
    let change = database.begin(owner).await?;
    let ids: Vec<CommentId> = comments.iter().map(|(comment, _)| comment.id).collect();
    posts::lock(&change, owner, comments.iter().map(|(comment, _)| comment.post.post)).await?;
    let deleted: Vec<CommentId> = column(&change.query(DELETE, &[&owner, &ids]).await?);
    if deleted.is_empty() {
        return Ok(0);
    }
    let gone = || comments.iter().filter(|(comment, _)| deleted.contains(&comment.id));
    let (posts, numbers) = tallied(gone().map(|(comment, _)| comment.post.post));
    change.execute(COUNT_OFF, &[&owner, &posts, &numbers]).await?;
    for (Comment { id, post, author, .. }, stamp) in gone() {
        let (comment, post, commenter) = (*id, post.post, *author);
        let deleted = Event::CommentDeleted { comment, post, author: owner, commenter };
        change.publish(&deleted.record(*stamp)?);
    }
    change.commit().await?;
    Ok(deleted.len())
}

pub(super) async fn like(
    database: &Database,
    comment: &Comment,
    user: UserId,
    on: bool,
    stamp: Stamp,
) -> Result<Option<Counted>> {
    let PostRef { post, author: owner } = comment.post;
    let (comment, commenter) = (comment.id, comment.author);
    let (statement, event) = if on {
        (LIKE, Event::CommentLiked { comment, post, commenter, user })
    } else {
        (UNLIKE, Event::CommentUnliked { comment, post, commenter, user })
    };
    let change = database.begin(owner).await?;
    let row = change.query_opt(statement, &[&owner, &post, &comment, &user]).await?;
    counted(change, row.as_ref(), &event, stamp).await
}

/// Takes back what `user` likes of comments on posts of one owner. A like of a comment that is gone
/// goes untold: nothing counts it.
pub(super) async fn unlike_all(
    database: &Database,
    owner: UserId,
    user: UserId,
    likes: &[(CommentId, Stamp)],
) -> Result<()> {
    let comments: Vec<CommentId> = likes.iter().map(|(comment, _)| *comment).collect();
    let change = database.begin(owner).await?;
    change.query(LOCK, &[&owner, &comments]).await?;
    let rows = change.query(REMOVE_LIKES, &[&owner, &comments, &user]).await?;
    let removed: Vec<CommentId> = column(&rows);
    for row in change.query(COUNT_LIKES_OFF, &[&owner, &removed]).await? {
        let (comment, post, commenter) = (row.get(0), row.get(1), row.get(2));
        let Some((_, stamp)) = likes.iter().find(|(of, _)| *of == comment) else { continue };
        let unliked = Event::CommentUnliked { comment, post, commenter, user };
        change.publish(&unliked.record(*stamp)?);
    }
    change.commit().await
}

pub(super) fn from_row(row: &Row) -> Comment {
    Comment {
        post: PostRef { post: row.get(0), author: row.get(2) },
        id: row.get(1),
        author: row.get(3),
        content: row.get(4),
        likes: row.get::<_, i64>(5) as u64,
    }
}

fn created(comment: &Comment, mentions: Vec<UserId>) -> Event {
    let PostRef { post, author } = comment.post;
    let commenter = comment.author;
    Event::CommentCreated { comment: comment.id, post, author, commenter, mentions }
}
