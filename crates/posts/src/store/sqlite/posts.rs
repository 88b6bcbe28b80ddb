//! Posts themselves.

use rusqlite::types::Type;
use serde::de::DeserializeOwned;
use tintype_api::media::Upload;
use tintype_api::posts::{Post, PostRef};
use tintype_api::{Event, PostId, Stamp, UserId};
use tintype_platform::sqlite::{Connection, Ids, OptionalExtension, Row, Sql, Write, params};
use tintype_platform::{Result, Timestamp};

use crate::store::revision::{Revision, Standing, updated, with_upload};
use crate::store::sql;
use crate::store::{BY_AUTHOR, Changed, Edit, Hider, SHOWN};

const ADD_VIEWS: &str = "UPDATE posts SET views = views + $3 WHERE author = $1 AND id = $2";

const ADD_TAG: &str = "INSERT INTO hashtags (tag, post) VALUES ($1, $2) ON CONFLICT DO NOTHING";

const REMOVE_TAG: &str = "DELETE FROM hashtags WHERE tag = $1 AND post = $2";

const BY_IDS: &str = "\
    SELECT author, id, caption, media, hashtags, mentions, location, alt_text,
           comments_disabled, hidden, likes, comments, views, updated_at
    FROM posts WHERE id IN rarray($1)";

pub(super) fn by_ids(connection: &Connection, posts: Vec<PostId>) -> Result<Vec<Post>> {
    let mut statement = connection.sql(BY_IDS)?;
    let rows = statement.query_map([Ids::new(posts)], |row| Ok(from_row(row)?.post))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn create(
    write: &Write<'_>,
    post: &Post,
    mentions: Vec<UserId>,
    stamp: Stamp,
) -> Result<()> {
    write.sql(sql::ADD_POST)?.execute(params![
        post.author,
        post.id,
        post.caption,
        serde_json::to_string(&post.media)?,
        serde_json::to_string(&post.hashtags)?,
        serde_json::to_string(&post.mentions)?,
        post.location,
        post.alt_text,
        post.comments_disabled,
        if post.hidden { BY_AUTHOR } else { SHOWN },
        post.updated_at.as_millis(),
    ])?;
    add_tags(write, post.id, &post.hashtags)?;
    if !post.hidden {
        count(write, post.author, 1)?;
    }
    let created = Event::PostCreated { post: post.id, author: post.author, mentions };
    write.publish(&created.record(stamp)?)
}

pub(super) fn edit(write: &Write<'_>, which: PostRef, edit: Edit, stamp: Stamp) -> Result<Changed> {
    let Some(before) = find(write, which)? else { return Ok(Changed::Missing) };
    apply(write, Revision::by_edit(before, edit, stamp), stamp)
}

pub(super) fn set_hidden(
    write: &Write<'_>,
    which: PostRef,
    hide: bool,
    by: Hider,
    stamp: Stamp,
) -> Result<Changed> {
    let Some(before) = find(write, which)? else { return Ok(Changed::Missing) };
    apply(write, Revision::by_hiding(before, hide, by), stamp)
}

pub(super) fn set_upload(
    write: &Write<'_>,
    which: PostRef,
    upload: Upload,
    stamp: Stamp,
) -> Result<()> {
    let Some(before) = find(write, which)? else { return Ok(()) };
    let Some(post) = with_upload(before.post, upload) else { return Ok(()) };
    let media = serde_json::to_string(&post.media)?;
    write.sql(sql::SET_MEDIA)?.execute(params![which.author, which.post, media])?;
    write.publish(&updated(&post, Vec::new()).record(stamp)?)
}

pub(super) fn delete(write: &Write<'_>, which: PostRef, stamp: Stamp) -> Result<bool> {
    let deleted = write
        .sql(sql::DELETE_POST)?
        .query_row(params![which.author, which.post], |row| {
            Ok((row.get::<_, i64>(0)?, json::<Vec<String>>(row, 1)?))
        })
        .optional()?;
    let Some((hidden, tags)) = deleted else { return Ok(false) };
    remove_tags(write, which.post, &tags)?;
    if hidden == SHOWN {
        count(write, which.author, -1)?;
    }
    let deleted = Event::PostDeleted { post: which.post, author: which.author };
    write.publish(&deleted.record(stamp)?)?;
    Ok(true)
}

pub(super) fn add_views(write: &Write<'_>, seen: &[(PostRef, u32)]) -> Result<()> {
    let mut statement = write.sql(ADD_VIEWS)?;
    for (post, views) in seen {
        statement.execute(params![post.author, post.post, views])?;
    }
    Ok(())
}

/// Writes down what is not as it was, with tags, count and event.
fn apply(write: &Write<'_>, revision: Option<Revision>, stamp: Stamp) -> Result<Changed> {
    let Some(revision) = revision else { return Ok(Changed::HiddenByModerator) };
    if revision.is_something() {
        rewrite(write, &revision.after)?;
    }
    if revision.changes_hashtags() {
        remove_tags(write, revision.before.post.id, &revision.before.post.hashtags)?;
        add_tags(write, revision.after.post.id, &revision.after.post.hashtags)?;
    }
    if revision.counts() != 0 {
        count(write, revision.after.post.author, revision.counts())?;
    }
    if revision.is_seen() {
        write.publish(&revision.event().record(stamp)?)?;
    }
    Ok(revision.answer())
}

fn find(connection: &Connection, post: PostRef) -> Result<Option<Standing>> {
    let mut statement = connection.sql(sql::POST_OF)?;
    Ok(statement.query_row(params![post.author, post.post], from_row).optional()?)
}

fn count(write: &Write<'_>, author: UserId, by: i64) -> Result<()> {
    write.sql(sql::COUNT_POST)?.execute(params![author, by])?;
    Ok(())
}

fn add_tags(write: &Write<'_>, post: PostId, tags: &[String]) -> Result<()> {
    let mut statement = write.sql(ADD_TAG)?;
    for tag in tags {
        statement.execute(params![tag, post])?;
    }
    Ok(())
}

fn remove_tags(write: &Write<'_>, post: PostId, tags: &[String]) -> Result<()> {
    let mut statement = write.sql(REMOVE_TAG)?;
    for tag in tags {
        statement.execute(params![tag, post])?;
    }
    Ok(())
}

fn rewrite(write: &Write<'_>, after: &Standing) -> Result<()> {
    let Standing { post, hidden } = after;
    write.sql(sql::EDIT_POST)?.execute(params![
        post.author,
        post.id,
        post.caption,
        serde_json::to_string(&post.hashtags)?,
        serde_json::to_string(&post.mentions)?,
        post.location,
        post.alt_text,
        post.comments_disabled,
        hidden,
        post.updated_at.as_millis(),
    ])?;
    Ok(())
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Standing> {
    let id: PostId = row.get(1)?;
    let hidden = row.get(9)?;
    let post = Post {
        id,
        author: row.get(0)?,
        caption: row.get(2)?,
        media: json(row, 3)?,
        hashtags: json(row, 4)?,
        mentions: json(row, 5)?,
        location: row.get(6)?,
        alt_text: row.get(7)?,
        comments_disabled: row.get(8)?,
        hidden: hidden != SHOWN,
        likes: row.get::<_, i64>(10)? as u64,
        comments: row.get::<_, i64>(11)? as u64,
        views: row.get::<_, i64>(12)? as u64,
        created_at: id.made_at(),
        updated_at: Timestamp::from_millis(row.get(13)?),
        rendered: tintype_api::Rendered::default(),
    };
    Ok(Standing { post, hidden })
}

fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    serde_json::from_str(text).map_err(|cause| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(cause))
    })
}
