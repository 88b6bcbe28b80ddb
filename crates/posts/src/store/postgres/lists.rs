//! Lists of posts, and what is counted over many.

use tintype_api::posts::{Engagement, PostRef};
use tintype_api::{PostId, UserId};
use tintype_platform::Result;
use tintype_platform::postgres::{Database, Params, Row};

use super::column;
use crate::store::newest::NewestOfAll;
use crate::store::sql;
use crate::store::{Entry, List, below, counts_of};

const COUNTS: &str = "SELECT author, posts FROM author_counts WHERE author = ANY($1)";

const VISIBLE: &str = "\
    SELECT author, id FROM posts WHERE (author, id) > ($1, $2) AND hidden = 0
    ORDER BY author, id LIMIT $3";

/// Posts that are read at once by whoever reads all.
const PAGE: i64 = 10_000;

const VISIBLE_AMONG: &str = "\
    SELECT id FROM posts WHERE author = $1 AND id = ANY($2) AND hidden = 0";

pub(super) async fn list(
    database: &Database,
    list: &List,
    key: Option<u64>,
    limit: u32,
) -> Result<Vec<Entry>> {
    let (key, limit) = (below(key), i64::from(limit));
    let rows = match list {
        List::Author { author, hidden_too } => {
            let most_hidden = if *hidden_too { i64::MAX } else { 0 };
            database.query(sql::BY_AUTHOR, &[author, &key, &limit, &most_hidden]).await
        }
        List::Hashtag(tag) => database.query(sql::BY_TAG, &[tag, &key, &limit]).await,
        List::Saved(user) => database.query(sql::SAVED, &[user, &key, &limit]).await,
    }?;
    let entry = |row: &Row| Entry { key: row.get::<_, i64>(0) as u64, post: row.get(1) };
    Ok(rows.iter().map(entry).collect())
}

pub(super) async fn counts(database: &Database, users: &[UserId]) -> Result<Vec<u64>> {
    let rows = database.query(COUNTS, &[&users]).await?;
    Ok(counts_of(users, rows.iter().map(|row| (row.get(0), row.get(1)))))
}

pub(super) async fn visible(
    database: &Database,
    author: UserId,
    posts: &[PostId],
) -> Result<Vec<PostId>> {
    Ok(column(&database.query(VISIBLE_AMONG, &[&author, &posts]).await?))
}

pub(super) async fn newest(database: &Database, author: UserId, limit: u32) -> Result<Vec<PostId>> {
    let rows = database.query(sql::NEWEST, &[&author, &i64::from(limit)]).await?;
    let mut posts: Vec<PostId> = column(&rows);
    posts.reverse();
    Ok(posts)
}

pub(super) async fn newest_of_all(
    database: &Database,
    limit: u32,
) -> Result<Vec<(UserId, Vec<PostId>)>> {
    let look = database.scan().await?;
    let mut newest = NewestOfAll::new(limit);
    let mut last = (0_i64, 0_i64);
    loop {
        let rows = look.query(VISIBLE, &[&last.0, &last.1, &PAGE]).await?;
        for row in &rows {
            newest.add(row.get(0), row.get(1));
        }
        match rows.last() {
            Some(row) => last = (row.get(0), row.get(1)),
            None => return Ok(newest.finish()),
        }
    }
}

/// May be some moments late, as whatever is ranked by it.
pub(super) async fn recent(database: &Database, limit: u32) -> Result<Vec<Engagement>> {
    let rows = database.query_late(sql::RECENT, &[&i64::from(limit)]).await?;
    let engagement = |row: &Row| Engagement {
        post: PostRef { post: row.get(0), author: row.get(1) },
        likes: row.get::<_, i64>(2) as u64,
        comments: row.get::<_, i64>(3) as u64,
        views: row.get::<_, i64>(4) as u64,
    };
    Ok(rows.iter().map(engagement).collect())
}

/// May be some moments late, as whatever is ranked by it.
pub(super) async fn interactions(
    database: &Database,
    user: UserId,
    floor: u64,
    limit: u32,
) -> Result<Vec<UserId>> {
    let (floor, limit) = (floor as i64, i64::from(limit));
    let about: Params<'_> = &[&user, &floor, &limit];
    let (liked, commented) = tokio::try_join!(
        database.query_late(sql::OWNERS_LIKED, about),
        database.query_late(sql::OWNERS_COMMENTED, about),
    )?;
    let mut owners = column(&liked);
    owners.extend(column::<UserId>(&commented));
    Ok(owners)
}
