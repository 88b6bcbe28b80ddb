//! What changes together.

use std::collections::HashMap;

use tintype_api::{Event, MediaId, PostId, Stamp, UserId};
use tintype_platform::sqlite::{Sql, Write, params};
use tintype_platform::{Result, Timestamp};

use super::rows::{self, collect, pending, record};
use crate::store::{
    Deleted, New, Pending, Record, Wanted, account_gone, kind_word, over_budget, picture_replaced,
    sql, too_many_unfinished, usable,
};

const REMOVE: &str = "DELETE FROM media WHERE owner = $1 AND id = $2";
const ADD_USE: &str = "
    INSERT INTO media_uses (owner, media, post) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
const REMOVE_USE: &str = "
    DELETE FROM media_uses WHERE owner = $1 AND media = $2 AND post = $3";
const REMOVE_USES_OF_MEDIA: &str = "DELETE FROM media_uses WHERE owner = $1 AND media = $2";
const COUNT_USES: &str = "
    SELECT count(*) FROM media_uses WHERE owner = $1 AND media = $2";

pub(super) fn add(write: &Write<'_>, new: &New) -> Result<()> {
    let New { record, budget, event, stamp } = new;
    let standing = rows::standing(write, record.owner)?;
    if standing.gone {
        return Err(account_gone());
    }
    if standing.usage.bytes + record.bytes > *budget {
        return Err(over_budget(*budget));
    }
    write.sql(sql::ADD)?.execute(params![
        record.owner,
        record.id,
        record.token,
        kind_word(record.kind),
        record.file_type.extension(),
        record.width,
        record.height,
        record.duration_ms.map(|duration| duration as i64),
        record.blurhash,
        record.alt_text,
        record.has_poster,
        record.bytes as i64,
        serde_json::to_string(&record.receipt)?,
    ])?;
    count(write, record.owner, record.bytes as i64, 1)?;
    publish(write, event, *stamp)
}

pub(super) fn announce(
    write: &Write<'_>,
    announced: &Pending,
    most: u32,
    now: Timestamp,
    stamps: &[Stamp],
) -> Result<()> {
    let Pending { owner, id, token, file_type, expires_at } = *announced;
    if rows::standing(write, owner)?.gone {
        return Err(account_gone());
    }
    let expired = {
        let mut statement = write.sql(sql::PENDING_OF_OWNER)?;
        let found = statement.query(params![owner, now.as_millis(), stamps.len() as i64])?;
        collect(found, pending)?
    };
    for (expired, stamp) in expired.iter().zip(stamps) {
        give_up(write, expired, *stamp)?;
    }
    let waiting: u32 = write.sql(sql::COUNT_PENDING)?.query_row([owner], |row| row.get(0))?;
    if waiting >= most {
        return Err(too_many_unfinished(most));
    }
    write.sql(sql::ANNOUNCE)?.execute(params![
        owner,
        id,
        token,
        file_type.extension(),
        expires_at.as_millis()
    ])?;
    Ok(())
}

pub(super) fn give_up(write: &Write<'_>, pending: &Pending, stamp: Stamp) -> Result<()> {
    let Pending { owner, id, token, .. } = *pending;
    write.sql(sql::REMOVE_PENDING)?.execute(params![owner, id])?;
    let objects = vec![token.pending()];
    publish(write, &Event::MediaDeleted { media: id, user: owner, objects }, stamp)
}

pub(super) fn set_picture(write: &Write<'_>, new: &New, stamps: &[Stamp]) -> Result<()> {
    let Record { owner, id, .. } = new.record;
    let mut statement = write.sql(sql::LATER_PICTURE)?;
    if statement.query_row(params![owner, id], |row| row.get::<_, i64>(0))? > 0 {
        return Err(picture_replaced());
    }
    remove_pictures(write, owner, stamps)?;
    add(write, new)
}

/// Removes up to as many pictures of `owner` as there are stamps, and answers how many.
pub(super) fn remove_pictures(write: &Write<'_>, owner: UserId, stamps: &[Stamp]) -> Result<usize> {
    let pictures = {
        let mut statement = write.sql(sql::PICTURES)?;
        collect(statement.query(params![owner, stamps.len() as i64])?, record)?
    };
    for (picture, stamp) in pictures.iter().zip(stamps) {
        remove(write, picture, *stamp)?;
    }
    Ok(pictures.len())
}

pub(super) fn describe(
    write: &Write<'_>,
    owner: UserId,
    id: MediaId,
    alt_text: Option<String>,
    stamp: Stamp,
) -> Result<Option<Record>> {
    let Some(record) = rows::by_ids(write, owner, [id])?.pop() else { return Ok(None) };
    if record.alt_text == alt_text {
        return Ok(Some(record));
    }
    write.sql(sql::DESCRIBE)?.execute(params![owner, id, alt_text])?;
    publish(write, &Event::MediaUpdated { media: id, user: owner }, stamp)?;
    Ok(Some(Record { alt_text, ..record }))
}

pub(super) fn delete(
    write: &Write<'_>,
    owner: UserId,
    id: MediaId,
    stamp: Stamp,
) -> Result<Deleted> {
    let Some(record) = rows::by_ids(write, owner, [id])?.pop() else {
        return Ok(Deleted::Unknown);
    };
    if record.kind == crate::names::Kind::Avatar {
        return Ok(Deleted::IsPicture);
    }
    if is_used(write, owner, id)? {
        return Ok(Deleted::InUse);
    }
    remove(write, &record, stamp)?;
    Ok(Deleted::Done)
}

pub(super) fn attach(
    write: &Write<'_>,
    owner: UserId,
    post: PostId,
    wanted: &[Wanted],
) -> Result<Vec<Option<Record>>> {
    let ids = wanted.iter().filter_map(|wanted| match wanted {
        Wanted::Id(id) => Some(*id),
        Wanted::Token(_) => None,
    });
    let by_id: HashMap<MediaId, Record> =
        rows::by_ids(write, owner, ids)?.into_iter().map(|record| (record.id, record)).collect();
    let mut found = Vec::with_capacity(wanted.len());
    for wanted in wanted {
        let record = match wanted {
            Wanted::Id(id) => by_id.get(id).cloned(),
            Wanted::Token(token) => rows::by_token(write, owner, *token)?,
        };
        found.push(usable(wanted, record)?);
    }
    for record in found.iter().flatten() {
        write.sql(ADD_USE)?.execute(params![owner, record.id, post])?;
    }
    Ok(found)
}

pub(super) fn release(
    write: &Write<'_>,
    owner: UserId,
    post: PostId,
    stamps: &[Stamp],
) -> Result<usize> {
    let used: Vec<MediaId> = {
        let mut statement = write.sql(sql::USED_BY)?;
        collect(statement.query(params![owner, post, stamps.len() as i64])?, |row| row.get(0))?
    };
    let mut records: HashMap<MediaId, Record> = rows::by_ids(write, owner, used.iter().copied())?
        .into_iter()
        .map(|record| (record.id, record))
        .collect();
    for (id, stamp) in used.iter().zip(stamps) {
        write.sql(REMOVE_USE)?.execute(params![owner, id, post])?;
        if let Some(record) = records.remove(id)
            && !is_used(write, owner, *id)?
        {
            remove(write, &record, *stamp)?;
        }
    }
    Ok(used.len())
}

pub(super) fn forget(write: &Write<'_>, owner: UserId, stamps: &[Stamp]) -> Result<usize> {
    write.sql(sql::MARK_GONE)?.execute([owner])?;
    let limit = stamps.len() as i64;
    let records = {
        let mut statement = write.sql(sql::OF_OWNER)?;
        collect(statement.query(params![owner, limit])?, record)?
    };
    for (record, stamp) in records.iter().zip(stamps) {
        remove(write, record, *stamp)?;
    }
    let announced = {
        let mut statement = write.sql(sql::PENDING_OF_OWNER)?;
        let left = limit - records.len() as i64;
        collect(statement.query(params![owner, i64::MAX, left])?, pending)?
    };
    for (pending, stamp) in announced.iter().zip(&stamps[records.len()..]) {
        give_up(write, pending, *stamp)?;
    }
    Ok(records.len() + announced.len())
}

fn remove(write: &Write<'_>, record: &Record, stamp: Stamp) -> Result<()> {
    let Record { owner, id, bytes, .. } = *record;
    write.sql(REMOVE_USES_OF_MEDIA)?.execute(params![owner, id])?;
    write.sql(REMOVE)?.execute(params![owner, id])?;
    count(write, owner, -(bytes as i64), -1)?;
    let objects = record.objects();
    publish(write, &Event::MediaDeleted { media: id, user: owner, objects }, stamp)
}

fn is_used(write: &Write<'_>, owner: UserId, id: MediaId) -> Result<bool> {
    let mut statement = write.sql(COUNT_USES)?;
    Ok(statement.query_row(params![owner, id], |row| row.get::<_, i64>(0))? > 0)
}

fn count(write: &Write<'_>, owner: UserId, bytes: i64, files: i64) -> Result<()> {
    write.sql(sql::ADD_USAGE)?.execute(params![owner, bytes, files])?;
    Ok(())
}

fn publish(write: &Write<'_>, event: &Event, stamp: Stamp) -> Result<()> {
    write.publish(&event.record(stamp)?)
}
