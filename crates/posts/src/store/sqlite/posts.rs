//! Posts themselves.

use rusqlite::types::Type;
use serde::de::DeserializeOwned;
use tintype_api::media::Upload;
use tintype_api::posts::{Post, PostMedia, PostRef};
use tintype_api::{Event, PostId, Stamp, UserId};
use tintype_platform::sqlite::{Connection, Ids, OptionalExtension, Row, Sql, Write, params};
use tintype_platform::{Result, Timestamp};

use crate::store::sql;
use crate::store::{Changed, Edit, Hider};

const BY_IDS: &str = "\
    SELECT author, id, caption, media, hashtags, mentions, location, alt_text,
           comments_disabled, hidden, likes, comments, views, updated_at
    FROM posts WHERE id IN rarray($1)";

/// What the column `hidden` says.
const SHOWN: i64 = 0;
const BY_AUTHOR: i64 = 1;
const BY_MODERATOR: i64 = 2;

pub(super) fn by_ids(connection: &Connection, posts: Vec<PostId>) -> Result<Vec<Post>> {
    let mut statement = connection.sql(BY_IDS)?;
    let rows = statement.query_map([Ids::new(posts)], |row| Ok(from_row(row)?.0))?;
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
    let Some((before, hidden_before)) = find(write, which)? else { return Ok(Changed::Missing) };
    let hidden = match (edit.hidden, hidden_before) {
        (Some(false), BY_MODERATOR) => return Ok(Changed::HiddenByModerator),
        (Some(false), _) => SHOWN,
        (Some(true), SHOWN) => BY_AUTHOR,
        (_, same) => same,
    };
    let mut after = before.clone();
    after.hidden = hidden != SHOWN;
    let mut mentions = Vec::new();
    if let Some(written) = edit.caption {
        (after.caption, after.hashtags) = (written.text, written.hashtags);
        after.mentions = written.mentions;
        let new = written.mentioned.into_iter().filter(|(name, _)| !before.mentions.contains(name));
        mentions = new.map(|(_, user)| user).collect();
    }
    edit.location.write(&mut after.location);
    edit.alt_text.write(&mut after.alt_text);
    if let Some(disabled) = edit.comments_disabled {
        after.comments_disabled = disabled;
    }
    store(write, before, after, hidden, mentions, stamp)
}

pub(super) fn set_hidden(
    write: &Write<'_>,
    which: PostRef,
    hide: bool,
    by: Hider,
    stamp: Stamp,
) -> Result<Changed> {
    let Some((before, hidden_before)) = find(write, which)? else { return Ok(Changed::Missing) };
    let hidden = match (hide, by, hidden_before) {
        (false, Hider::Author, BY_MODERATOR) => return Ok(Changed::HiddenByModerator),
        (false, ..) => SHOWN,
        (true, Hider::Moderator, _) => BY_MODERATOR,
        (true, Hider::Author, SHOWN) => BY_AUTHOR,
        (true, Hider::Author, same) => same,
    };
    if before.hidden && hide && hidden != hidden_before {
        // A moderator's word is added to the author's own; nobody sees more or less than before.
        rewrite(write, &before, hidden)?;
        return Ok(Changed::No(before));
    }
    let after = Post { hidden: hide, ..before.clone() };
    store(write, before, after, hidden, Vec::new(), stamp)
}

pub(super) fn set_upload(
    write: &Write<'_>,
    which: PostRef,
    upload: Upload,
    stamp: Stamp,
) -> Result<()> {
    let Some((mut post, _)) = find(write, which)? else { return Ok(()) };
    let id = upload.id;
    let new = PostMedia::from(upload);
    let mut changed = false;
    for media in &mut post.media {
        if media.upload.as_ref().is_some_and(|old| old.id == id) && *media != new {
            *media = new.clone();
            changed = true;
        }
    }
    if !changed {
        return Ok(());
    }
    let media = serde_json::to_string(&post.media)?;
    write.sql(sql::SET_MEDIA)?.execute(params![which.author, which.post, media])?;
    let (post, author, hidden) = (which.post, which.author, post.hidden);
    let updated = Event::PostUpdated { post, author, hidden, mentions: Vec::new() };
    write.publish(&updated.record(stamp)?)
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
    let mut statement = write.sql(sql::ADD_VIEWS)?;
    for (post, views) in seen {
        statement.execute(params![post.author, post.post, views])?;
    }
    Ok(())
}

/// Writes down what is not as it was, with tags, count and event.
fn store(
    write: &Write<'_>,
    before: Post,
    mut after: Post,
    hidden: i64,
    mentions: Vec<UserId>,
    stamp: Stamp,
) -> Result<Changed> {
    if before == after {
        return Ok(Changed::No(after));
    }
    if (Post { hidden: before.hidden, ..after.clone() }) != before {
        after.updated_at = stamp.at;
    }
    rewrite(write, &after, hidden)?;
    if before.hashtags != after.hashtags {
        remove_tags(write, before.id, &before.hashtags)?;
        add_tags(write, after.id, &after.hashtags)?;
    }
    if before.hidden != after.hidden {
        count(write, after.author, if after.hidden { -1 } else { 1 })?;
    }
    let (post, author) = (after.id, after.author);
    let updated = Event::PostUpdated { post, author, hidden: after.hidden, mentions };
    write.publish(&updated.record(stamp)?)?;
    Ok(Changed::Yes(after))
}

fn find(connection: &Connection, post: PostRef) -> Result<Option<(Post, i64)>> {
    let mut statement = connection.sql(sql::POST_OF)?;
    Ok(statement.query_row(params![post.author, post.post], from_row).optional()?)
}

fn count(write: &Write<'_>, author: UserId, by: i64) -> Result<()> {
    write.sql(sql::COUNT_POST)?.execute(params![author, by])?;
    Ok(())
}

fn add_tags(write: &Write<'_>, post: PostId, tags: &[String]) -> Result<()> {
    let mut statement = write.sql(sql::ADD_TAG)?;
    for tag in tags {
        statement.execute(params![tag, post])?;
    }
    Ok(())
}

fn remove_tags(write: &Write<'_>, post: PostId, tags: &[String]) -> Result<()> {
    let mut statement = write.sql(sql::REMOVE_TAG)?;
    for tag in tags {
        statement.execute(params![tag, post])?;
    }
    Ok(())
}

fn rewrite(write: &Write<'_>, post: &Post, hidden: i64) -> Result<()> {
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

/// A post, and what its column `hidden` says.
fn from_row(row: &Row<'_>) -> rusqlite::Result<(Post, i64)> {
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
    Ok((post, hidden))
}

fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    serde_json::from_str(text).map_err(|cause| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(cause))
    })
}
