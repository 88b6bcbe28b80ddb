//! What changes together. Each change begins with the lock of its owner.

use std::collections::{HashMap, HashSet};

use tintype_api::{Event, MediaId, PostId, Stamp, UserId};
use tintype_platform::postgres::{Change, Params};
use tintype_platform::{Result, Timestamp};

use super::rows::{self, pending, record};
use super::{BY_IDS, sql};
use crate::names::{Kind, Token};
use crate::store::{
    Deleted, Finished, New, Pending, Record, Standing, Wanted, account_gone, kind_word,
    over_budget, picture_replaced, too_many_unfinished, usable,
};

const LOCK: &str = "SELECT bytes, files, gone FROM media_usage WHERE owner = $1 FOR UPDATE";
const MAKE: &str = "INSERT INTO media_usage (owner) VALUES ($1) ON CONFLICT DO NOTHING";
const BY_TOKENS: &str = sql::records!("WHERE owner = $1 AND token = ANY($2)");
const REMOVE: &str = "DELETE FROM media WHERE owner = $1 AND id = ANY($2)";
const REMOVE_PENDING: &str = "DELETE FROM media_pending WHERE owner = $1 AND id = ANY($2)";
const ADD_USES: &str = "
    INSERT INTO media_uses (owner, media, post)
    SELECT $1::BIGINT, media, $3::BIGINT FROM unnest($2::BIGINT[]) AS media
    ON CONFLICT DO NOTHING";
const REMOVE_USES: &str = "
    DELETE FROM media_uses WHERE owner = $1 AND media = ANY($2) AND post = $3";
const REMOVE_ALL_USES: &str = "DELETE FROM media_uses WHERE owner = $1 AND media = ANY($2)";
const IN_USE: &str = "
    SELECT media FROM media_uses WHERE owner = $1 AND media = ANY($2) GROUP BY media";

/// Keeps everybody else from changing what is the owner's until the change ends.
pub(super) async fn lock(change: &Change, owner: UserId) -> Result<Standing> {
    if let Some(row) = change.query_opt(LOCK, &[&owner]).await? {
        return Ok(rows::standing(&row));
    }
    change.execute(MAKE, &[&owner]).await?;
    Ok(rows::standing(&change.query_one(LOCK, &[&owner]).await?))
}

pub(super) async fn add(change: &Change, new: &New) -> Result<()> {
    let New { record, budget, event, stamp } = new;
    let standing = lock(change, record.owner).await?;
    if standing.gone {
        return Err(account_gone());
    }
    if standing.usage.bytes + record.bytes > *budget {
        return Err(over_budget(*budget));
    }
    let row: Params<'_> = &[
        &record.owner,
        &record.id,
        &record.token,
        &kind_word(record.kind),
        &record.file_type.extension(),
        &i64::from(record.width),
        &i64::from(record.height),
        &record.duration_ms.map(|duration| duration as i64),
        &record.blurhash,
        &record.alt_text,
        &i64::from(record.has_poster),
        &(record.bytes as i64),
        &serde_json::to_string(&record.receipt)?,
    ];
    change.execute(sql::ADD, row).await?;
    count(change, record.owner, record.bytes as i64, 1).await?;
    change.publish(&event.record(*stamp)?);
    Ok(())
}

pub(super) async fn announce(
    change: &Change,
    announced: &Pending,
    most: u32,
    now: Timestamp,
    stamps: &[Stamp],
) -> Result<()> {
    let Pending { owner, id, token, file_type, expires_at } = *announced;
    if lock(change, owner).await?.gone {
        return Err(account_gone());
    }
    let expired = pending_of(change, owner, now.as_millis(), stamps.len()).await?;
    give_up(change, owner, &expired, stamps).await?;
    let waiting: i64 = change.query_one(sql::COUNT_PENDING, &[&owner]).await?.get(0);
    if waiting >= i64::from(most) {
        return Err(too_many_unfinished(most));
    }
    let row: Params<'_> = &[&owner, &id, &token, &file_type.extension(), &expires_at.as_millis()];
    change.execute(sql::ANNOUNCE, row).await?;
    Ok(())
}

pub(super) async fn finish(change: &Change, new: &New) -> Result<Finished> {
    let Record { owner, id, .. } = new.record;
    lock(change, owner).await?;
    if change.execute(sql::REMOVE_PENDING, &[&owner, &id]).await? == 0 {
        return Ok(match by_id(change, owner, id).await? {
            Some(record) => Finished::Already(Box::new(record)),
            None => Finished::Gone,
        });
    }
    add(change, new).await?;
    Ok(Finished::New)
}

/// Gives up announced uploads of one owner, each with a stamp.
pub(super) async fn give_up(
    change: &Change,
    owner: UserId,
    announced: &[Pending],
    stamps: &[Stamp],
) -> Result<()> {
    if announced.is_empty() {
        return Ok(());
    }
    let ids: Vec<MediaId> = announced.iter().map(|pending| pending.id).collect();
    change.execute(REMOVE_PENDING, &[&owner, &ids]).await?;
    for (pending, stamp) in announced.iter().zip(stamps) {
        let objects = vec![pending.token.pending()];
        let event = Event::MediaDeleted { media: pending.id, user: owner, objects };
        change.publish(&event.record(*stamp)?);
    }
    Ok(())
}

pub(super) async fn set_picture(change: &Change, new: &New, stamps: &[Stamp]) -> Result<()> {
    let Record { owner, id, .. } = new.record;
    lock(change, owner).await?;
    if change.query_one(sql::LATER_PICTURE, &[&owner, &id]).await?.get::<_, i64>(0) > 0 {
        return Err(picture_replaced());
    }
    remove_pictures(change, owner, stamps).await?;
    add(change, new).await
}

/// Removes up to as many pictures of `owner` as there are stamps, and answers how many.
pub(super) async fn remove_pictures(
    change: &Change,
    owner: UserId,
    stamps: &[Stamp],
) -> Result<usize> {
    lock(change, owner).await?;
    let pictures = records(change, sql::PICTURES, &[&owner, &(stamps.len() as i64)]).await?;
    remove(change, owner, &pictures, stamps).await?;
    Ok(pictures.len())
}

pub(super) async fn describe(
    change: &Change,
    owner: UserId,
    id: MediaId,
    alt_text: Option<String>,
    stamp: Stamp,
) -> Result<Option<Record>> {
    lock(change, owner).await?;
    let Some(record) = by_id(change, owner, id).await? else { return Ok(None) };
    if record.alt_text == alt_text {
        return Ok(Some(record));
    }
    change.execute(sql::DESCRIBE, &[&owner, &id, &alt_text]).await?;
    change.publish(&Event::MediaUpdated { media: id, user: owner }.record(stamp)?);
    Ok(Some(Record { alt_text, ..record }))
}

pub(super) async fn delete(
    change: &Change,
    owner: UserId,
    id: MediaId,
    stamp: Stamp,
) -> Result<Deleted> {
    lock(change, owner).await?;
    let Some(record) = by_id(change, owner, id).await? else { return Ok(Deleted::Unknown) };
    if record.kind == Kind::Avatar {
        return Ok(Deleted::IsPicture);
    }
    if !in_use(change, owner, &[id]).await?.is_empty() {
        return Ok(Deleted::InUse);
    }
    remove(change, owner, &[record], &[stamp]).await?;
    Ok(Deleted::Done)
}

pub(super) async fn attach(
    change: &Change,
    owner: UserId,
    post: PostId,
    wanted: &[Wanted],
) -> Result<Vec<Option<Record>>> {
    lock(change, owner).await?;
    let found = wanted_records(change, owner, wanted).await?;
    let used: Vec<MediaId> = found.iter().flatten().map(|record| record.id).collect();
    change.execute(ADD_USES, &[&owner, &used, &post]).await?;
    Ok(found)
}

async fn wanted_records(
    change: &Change,
    owner: UserId,
    wanted: &[Wanted],
) -> Result<Vec<Option<Record>>> {
    let (mut ids, mut tokens) = (Vec::new(), Vec::new());
    for wanted in wanted {
        match wanted {
            Wanted::Id(id) => ids.push(*id),
            Wanted::Token(token) => tokens.push(*token),
        }
    }
    let by_ids = records(change, BY_IDS, &[&owner, &ids]).await?;
    let by_tokens = records(change, BY_TOKENS, &[&owner, &tokens]).await?;
    let by_id: HashMap<MediaId, &Record> =
        by_ids.iter().map(|record| (record.id, record)).collect();
    let by_token: HashMap<Token, &Record> =
        by_tokens.iter().map(|record| (record.token, record)).collect();
    let record_of = |wanted: &Wanted| match wanted {
        Wanted::Id(id) => by_id.get(id).copied(),
        Wanted::Token(token) => by_token.get(token).copied(),
    };
    wanted.iter().map(|wanted| usable(wanted, record_of(wanted).cloned())).collect()
}

/// Removes the uses of up to as many uploads as there are stamps, and answers how many.
pub(super) async fn release(
    change: &Change,
    owner: UserId,
    post: PostId,
    stamps: &[Stamp],
) -> Result<usize> {
    lock(change, owner).await?;
    let rows = change.query(sql::USED_BY, &[&owner, &post, &(stamps.len() as i64)]).await?;
    let used: Vec<MediaId> = rows.iter().map(|row| row.get(0)).collect();
    change.execute(REMOVE_USES, &[&owner, &used, &post]).await?;
    let in_use = in_use(change, owner, &used).await?;
    let mut unused = records(change, BY_IDS, &[&owner, &used]).await?;
    unused.retain(|record| !in_use.contains(&record.id));
    unused.sort_by_key(|record| record.id);
    remove(change, owner, &unused, stamps).await?;
    Ok(used.len())
}

pub(super) async fn forget(change: &Change, owner: UserId, stamps: &[Stamp]) -> Result<usize> {
    change.execute(sql::MARK_GONE, &[&owner]).await?;
    let records = records(change, sql::OF_OWNER, &[&owner, &(stamps.len() as i64)]).await?;
    remove(change, owner, &records, stamps).await?;
    let stamps = &stamps[records.len()..];
    let announced = pending_of(change, owner, i64::MAX, stamps.len()).await?;
    give_up(change, owner, &announced, stamps).await?;
    Ok(records.len() + announced.len())
}

/// Removes uploads of one owner, each with a stamp.
async fn remove(
    change: &Change,
    owner: UserId,
    records: &[Record],
    stamps: &[Stamp],
) -> Result<()> {
    if records.is_empty() {
        return Ok(());
    }
    let ids: Vec<MediaId> = records.iter().map(|record| record.id).collect();
    change.execute(REMOVE_ALL_USES, &[&owner, &ids]).await?;
    change.execute(REMOVE, &[&owner, &ids]).await?;
    let bytes: u64 = records.iter().map(|record| record.bytes).sum();
    count(change, owner, -(bytes as i64), -(records.len() as i64)).await?;
    for (record, stamp) in records.iter().zip(stamps) {
        let objects = record.objects();
        let event = Event::MediaDeleted { media: record.id, user: owner, objects };
        change.publish(&event.record(*stamp)?);
    }
    Ok(())
}

async fn in_use(change: &Change, owner: UserId, ids: &[MediaId]) -> Result<HashSet<MediaId>> {
    let rows = change.query(IN_USE, &[&owner, &ids]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

async fn by_id(change: &Change, owner: UserId, id: MediaId) -> Result<Option<Record>> {
    Ok(records(change, BY_IDS, &[&owner, &vec![id]]).await?.pop())
}

async fn records(change: &Change, text: &'static str, about: Params<'_>) -> Result<Vec<Record>> {
    change.query(text, about).await?.iter().map(record).collect()
}

/// Announced uploads of one owner that expire before a moment.
async fn pending_of(
    change: &Change,
    owner: UserId,
    before: i64,
    limit: usize,
) -> Result<Vec<Pending>> {
    let about: Params<'_> = &[&owner, &before, &(limit as i64)];
    change.query(sql::PENDING_OF_OWNER, about).await?.iter().map(pending).collect()
}

async fn count(change: &Change, owner: UserId, bytes: i64, files: i64) -> Result<()> {
    change.execute(sql::ADD_USAGE, &[&owner, &bytes, &files]).await?;
    Ok(())
}
