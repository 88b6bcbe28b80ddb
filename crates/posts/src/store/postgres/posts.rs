//! Posts themselves.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use tintype_api::media::Upload;
use tintype_api::posts::{Post, PostRef};
use tintype_api::{Event, PostId, Stale, Stamp, UserId};
use tintype_platform::postgres::{Act, Change, Database, Params, Row, ToSql};
use tintype_platform::{Result, Timestamp};

use super::column;
use crate::store::revision::{Revision, Standing, updated, with_upload};
use crate::store::sql;
use crate::store::{BY_AUTHOR, Changed, Edit, Hider, SHOWN};

const BY_IDS: &str = "\
    SELECT author, id, caption, media, hashtags, mentions, location, alt_text,
           comments_disabled, hidden, likes, comments, views, updated_at
    FROM posts WHERE id = ANY($1) ORDER BY id LIMIT $2";

pub(super) const LOCK: &str = "\
    SELECT id FROM posts WHERE author = $1 AND id = ANY($2) ORDER BY id FOR UPDATE";

const LOCK_WHOLE: &str = "\
    SELECT author, id, caption, media, hashtags, mentions, location, alt_text,
           comments_disabled, hidden, likes, comments, views, updated_at
    FROM posts WHERE author = $1 AND id = $2 FOR UPDATE";

const LOCK_OF_MANY: &str = "\
    SELECT id FROM posts WHERE author = ANY($1) AND id = ANY($2) ORDER BY author, id FOR UPDATE";

const LOCK_OLDEST: &str = "\
    SELECT id FROM posts WHERE author = $1 ORDER BY id LIMIT $2 FOR UPDATE";

const DELETE: &str = "\
    DELETE FROM posts WHERE author = $1 AND id = ANY($2) RETURNING hidden, hashtags, id";

const ADD_VIEWS: &str = "\
    UPDATE posts SET views = posts.views + seen.views
    FROM unnest($1::BIGINT[], $2::BIGINT[], $3::BIGINT[]) AS seen (author, post, views)
    WHERE posts.author = ANY($1) AND posts.author = seen.author AND posts.id = seen.post";

const ADD_TAG: &str = "\
    INSERT INTO hashtags (tag, post)
    SELECT $1::TEXT, post FROM unnest($2::BIGINT[]) AS post ON CONFLICT DO NOTHING";

const REMOVE_TAG: &str = "DELETE FROM hashtags WHERE tag = $1 AND post = ANY($2)";

/// Posts whose views are added at once; likes of them wait that long.
const SEEN_AT_ONCE: usize = 100;

pub(super) async fn by_ids(database: &Database, posts: &[PostId]) -> Result<Vec<Post>> {
    let rows = database.query(BY_IDS, &[&posts, &(posts.len() as i64)]).await?;
    rows.iter().map(|row| Ok(from_row(row)?.post)).collect()
}

/// Adds posts of one author; those who are mentioned are told.
pub(super) async fn create(
    database: &Database,
    author: UserId,
    posts: &[(Post, Vec<UserId>, Stamp)],
) -> Result<()> {
    let change = database.begin(author).await?;
    for (post, mentions, stamp) in posts {
        let created = Event::PostCreated { post: post.id, author, mentions: mentions.clone() };
        change.publish(&created.record(*stamp)?);
    }
    let columns = posts.iter().map(|(post, ..)| Columns::of(post)).collect::<Result<Vec<_>>>()?;
    let params: Vec<_> = columns.iter().map(Columns::params).collect();
    let tags = by_tag(posts.iter().flat_map(|(post, ..)| tags_of(post)));
    let tag_params: Vec<[&(dyn ToSql + Sync); 2]> =
        tags.iter().map(|(tag, posts)| [tag as _, posts as _]).collect();
    let shown = posts.iter().filter(|(post, ..)| !post.hidden).count() as i64;
    let mut acts: Vec<Act<'_>> = Vec::with_capacity(params.len() + tags.len() + 1);
    acts.extend(params.iter().map(|params| (sql::ADD_POST, &params[..])));
    acts.extend(tag_params.iter().map(|params| (ADD_TAG, &params[..])));
    let count: Params<'_> = &[&author, &shown];
    acts.push((sql::COUNT_POST, count));
    change.commit_after(&acts).await
}

pub(super) async fn edit(
    database: &Database,
    which: PostRef,
    edit: Edit,
    stamp: Stamp,
) -> Result<Changed> {
    let change = database.begin(which.author).await?;
    let Some(before) = lock_whole(&change, which).await? else { return Ok(Changed::Missing) };
    apply(change, Revision::by_edit(before, edit, stamp), stamp).await
}

pub(super) async fn set_hidden(
    database: &Database,
    which: PostRef,
    hide: bool,
    by: Hider,
    stamp: Stamp,
) -> Result<Changed> {
    let change = database.begin(which.author).await?;
    let Some(before) = lock_whole(&change, which).await? else { return Ok(Changed::Missing) };
    apply(change, Revision::by_hiding(before, hide, by), stamp).await
}

pub(super) async fn set_upload(
    database: &Database,
    which: PostRef,
    upload: Upload,
    stamp: Stamp,
) -> Result<()> {
    let change = database.begin(which.author).await?;
    let Some(before) = lock_whole(&change, which).await? else { return Ok(()) };
    let Some(post) = with_upload(before.post, upload) else { return Ok(()) };
    let media = serde_json::to_string(&post.media)?;
    change.execute(sql::SET_MEDIA, &[&which.author, &which.post, &media]).await?;
    change.publish(&updated(&post, Vec::new()).record(stamp)?);
    change.commit().await
}

pub(super) async fn delete(database: &Database, which: PostRef, stamp: Stamp) -> Result<bool> {
    let PostRef { post, author } = which;
    let change = database.begin(author).await?;
    let row = change.query_opt(sql::DELETE_POST, &[&author, &post]).await?;
    let Some(row) = row else { return Ok(false) };
    deleted(&change, author, &[(post, row)]).await?;
    change.publish(&Event::PostDeleted { post, author }.record(stamp)?);
    change.commit().await?;
    Ok(true)
}

/// Removes the oldest posts of an author, as many as there are stamps, and answers which.
pub(super) async fn delete_oldest(
    database: &Database,
    author: UserId,
    stamps: &[Stamp],
) -> Result<Vec<PostId>> {
    let change = database.begin(author).await?;
    let limit = stamps.len() as i64;
    let posts: Vec<PostId> = column(&change.query(LOCK_OLDEST, &[&author, &limit]).await?);
    if posts.is_empty() {
        return Ok(posts);
    }
    let rows = change.query(DELETE, &[&author, &posts]).await?;
    let rows: Vec<(PostId, Row)> = rows.into_iter().map(|row| (row.get(2), row)).collect();
    deleted(&change, author, &rows).await?;
    for (post, stamp) in posts.iter().zip(stamps) {
        change.publish(&Event::PostDeleted { post: *post, author }.record(*stamp)?);
    }
    change.commit().await?;
    Ok(posts)
}

/// Adds how often posts were seen, those of many authors at once: nothing hangs on whether all of it
/// is kept.
pub(super) async fn add_views(database: &Database, seen: &[(PostRef, u32)]) -> Result<()> {
    let mut views = BTreeMap::<(UserId, PostId), i64>::new();
    for (PostRef { post, author }, number) in seen {
        *views.entry((*author, *post)).or_default() += i64::from(*number);
    }
    let views: Vec<_> = views.into_iter().collect();
    for views in views.chunks(SEEN_AT_ONCE) {
        let authors: Vec<UserId> = views.iter().map(|((author, _), _)| *author).collect();
        let posts: Vec<PostId> = views.iter().map(|((_, post), _)| *post).collect();
        let numbers: Vec<i64> = views.iter().map(|(_, number)| *number).collect();
        let change = database.begin(authors[0]).await?;
        change.query(LOCK_OF_MANY, &[&authors, &posts]).await?;
        change.execute(ADD_VIEWS, &[&authors, &posts, &numbers]).await?;
        change.publish(&Stale::Views { posts }.record()?);
        change.commit().await?;
    }
    Ok(())
}

/// Locks those of `posts` that are there and answers them, in rising order.
pub(super) async fn lock(
    change: &Change,
    author: UserId,
    posts: impl Iterator<Item = PostId>,
) -> Result<Vec<PostId>> {
    let posts: Vec<PostId> = posts.collect();
    Ok(column(&change.query(LOCK, &[&author, &posts]).await?))
}

async fn lock_whole(change: &Change, post: PostRef) -> Result<Option<Standing>> {
    let row = change.query_opt(LOCK_WHOLE, &[&post.author, &post.post]).await?;
    row.as_ref().map(from_row).transpose()
}

/// What is stored of a new post, column by column.
struct Columns<'p> {
    post: &'p Post,
    media: String,
    hashtags: String,
    mentions: String,
    comments_disabled: i64,
    hidden: i64,
    updated_at: i64,
}

impl<'p> Columns<'p> {
    fn of(post: &'p Post) -> Result<Self> {
        Ok(Self {
            post,
            media: serde_json::to_string(&post.media)?,
            hashtags: serde_json::to_string(&post.hashtags)?,
            mentions: serde_json::to_string(&post.mentions)?,
            comments_disabled: i64::from(post.comments_disabled),
            hidden: if post.hidden { BY_AUTHOR } else { SHOWN },
            updated_at: post.updated_at.as_millis(),
        })
    }

    fn params(&self) -> [&(dyn ToSql + Sync); 11] {
        let Post { author, id, caption, location, alt_text, .. } = self.post;
        [
            author,
            id,
            caption,
            &self.media,
            &self.hashtags,
            &self.mentions,
            location,
            alt_text,
            &self.comments_disabled,
            &self.hidden,
            &self.updated_at,
        ]
    }
}

/// Writes down what is not as it was, with tags, count and event.
async fn apply(change: Change, revision: Option<Revision>, stamp: Stamp) -> Result<Changed> {
    let Some(revision) = revision else { return Ok(Changed::HiddenByModerator) };
    if !revision.is_something() {
        return Ok(revision.answer());
    }
    let (before, after) = (&revision.before.post, &revision.after.post);
    rewrite(&change, &revision.after).await?;
    if revision.changes_hashtags() {
        tag(&change, REMOVE_TAG, tags_of(before)).await?;
        tag(&change, ADD_TAG, tags_of(after)).await?;
    }
    if revision.counts() != 0 {
        change.execute(sql::COUNT_POST, &[&after.author, &revision.counts()]).await?;
    }
    if revision.is_seen() {
        change.publish(&revision.event().record(stamp)?);
    }
    change.commit().await?;
    Ok(revision.answer())
}

async fn rewrite(change: &Change, after: &Standing) -> Result<()> {
    let Standing { post, hidden } = after;
    change
        .execute(
            sql::EDIT_POST,
            &[
                &post.author,
                &post.id,
                &post.caption,
                &serde_json::to_string(&post.hashtags)?,
                &serde_json::to_string(&post.mentions)?,
                &post.location,
                &post.alt_text,
                &i64::from(post.comments_disabled),
                hidden,
                &post.updated_at.as_millis(),
            ],
        )
        .await?;
    Ok(())
}

/// Removes what lists and counts deleted posts: each with a row of `hidden, hashtags`.
async fn deleted(change: &Change, author: UserId, posts: &[(PostId, Row)]) -> Result<()> {
    let shown = posts.iter().filter(|(_, row)| row.get::<_, i64>(0) == SHOWN).count() as i64;
    let mut tags = Vec::new();
    for (post, row) in posts {
        tags.extend(json::<Vec<String>>(row, 1)?.into_iter().map(|tag| (tag, *post)));
    }
    tag(change, REMOVE_TAG, tags).await?;
    if shown > 0 {
        change.execute(sql::COUNT_POST, &[&author, &-shown]).await?;
    }
    Ok(())
}

fn tags_of(post: &Post) -> impl Iterator<Item = (String, PostId)> {
    post.hashtags.iter().map(|tag| (tag.clone(), post.id))
}

/// Adds or removes the tags of posts: a statement for each tag, all sent at once.
async fn tag(
    change: &Change,
    statement: &'static str,
    tags: impl IntoIterator<Item = (String, PostId)>,
) -> Result<()> {
    let tags = by_tag(tags);
    let params: Vec<[&(dyn ToSql + Sync); 2]> =
        tags.iter().map(|(tag, posts)| [tag as _, posts as _]).collect();
    let acts: Vec<Act<'_>> = params.iter().map(|params| (statement, &params[..])).collect();
    change.query_all(&acts).await.map(drop)
}

fn by_tag(tags: impl IntoIterator<Item = (String, PostId)>) -> BTreeMap<String, Vec<PostId>> {
    let mut of_tags = BTreeMap::<String, Vec<PostId>>::new();
    for (tag, post) in tags {
        of_tags.entry(tag).or_default().push(post);
    }
    of_tags
}

fn from_row(row: &Row) -> Result<Standing> {
    let id: PostId = row.get(1);
    let hidden = row.get(9);
    let post = Post {
        id,
        author: row.get(0),
        caption: row.get(2),
        media: json(row, 3)?,
        hashtags: json(row, 4)?,
        mentions: json(row, 5)?,
        location: row.get(6),
        alt_text: row.get(7),
        comments_disabled: row.get::<_, i64>(8) != 0,
        hidden: hidden != SHOWN,
        likes: row.get::<_, i64>(10) as u64,
        comments: row.get::<_, i64>(11) as u64,
        views: row.get::<_, i64>(12) as u64,
        created_at: id.made_at(),
        updated_at: Timestamp::from_millis(row.get(13)),
        rendered: tintype_api::Rendered::default(),
    };
    Ok(Standing { post, hidden })
}

fn json<T: DeserializeOwned>(row: &Row, column: usize) -> Result<T> {
    Ok(serde_json::from_str(row.get(column))?)
}
