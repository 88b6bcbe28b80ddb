//! What should not be there, and what should: the store of objects held against the records.

use futures::StreamExt;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;
use tintype_api::{PostId, UserId};
use tintype_platform::objects::ObjectName;
use tintype_platform::{Result, Timestamp};

use super::MediaService;
use crate::names::{Kind, Name, Stem, Token};
use crate::store::{Pending, Use};

/// What is younger may still be on its way.
const YOUNG: i64 = 60 * 60 * 1000;

/// Rows and objects that are looked at together.
const BATCH: usize = 500;

/// How a sweep is to be done.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sweep {
    /// Only look.
    pub dry_run: bool,
}

/// What a sweep has found, and removed unless it was only to look.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// Objects in the store.
    pub objects: u64,
    /// Objects that belong to no upload.
    pub orphans: u64,
    /// What those take, in bytes.
    pub orphan_bytes: u64,
    /// Uploads that were announced and never completed.
    pub expired: u64,
    /// Posts that are gone and still count as using an upload.
    pub stale_uses: u64,
    /// Uploads of which objects are missing; they are only told of.
    pub incomplete: Vec<Incomplete>,
    /// Objects that this program has not put there; they are left alone.
    pub foreign: u64,
    /// Unfinished files that the store itself has left behind.
    pub unfinished: u64,
}

/// An upload of which objects are missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Incomplete {
    /// Whose it is.
    pub owner: u64,
    /// The upload.
    pub media: u64,
    /// How many of its objects are not there.
    pub missing: u64,
}

impl MediaService {
    /// Looks through the store and the records for what a crash, or somebody's hand, has left
    /// behind. May run beside a server.
    pub async fn sweep(&self, sweep: Sweep) -> Result<Swept> {
        let before = self.clock.now().plus_millis(-YOUNG);
        let mut swept = Swept::default();
        let seen = self.sweep_objects(sweep, before, &mut swept).await?;
        self.look_for_missing(&seen, &mut swept).await?;
        self.sweep_pending(sweep, before, &mut swept).await?;
        self.sweep_uses(sweep, before, &mut swept).await?;
        if !sweep.dry_run {
            swept.unfinished = self.objects.remove_unfinished(before).await?;
        }
        Ok(swept)
    }

    async fn sweep_pending(
        &self,
        sweep: Sweep,
        before: Timestamp,
        swept: &mut Swept,
    ) -> Result<()> {
        if sweep.dry_run {
            swept.expired = self.store.expired(before, u32::MAX).await?.len() as u64;
            return Ok(());
        }
        loop {
            let expired = self.store.expired(before, BATCH as u32).await?;
            for Pending { owner, id, token, .. } in &expired {
                swept.expired += u64::from(self.store.give_up(*owner, *id, self.stamp()).await?);
                // The event says so too, to whoever serves; there may be nobody.
                self.remove_objects(vec![token.pending()]).await?;
            }
            if expired.len() < BATCH {
                return Ok(());
            }
        }
    }

    async fn sweep_uses(&self, sweep: Sweep, before: Timestamp, swept: &mut Swept) -> Result<()> {
        let mut last = None;
        loop {
            let uses = self.store.uses_after(last, BATCH as u32).await?;
            last = uses.last().copied();
            // A use is noted before its post is made.
            let old: Vec<&Use> = uses.iter().filter(|one| one.post.made_at() < before).collect();
            let posts: Vec<PostId> = old.iter().map(|one| one.post).collect();
            let there = self.services.posts().engagement(posts).await?;
            let gone: FxHashSet<(UserId, PostId)> = old
                .iter()
                .zip(there)
                .filter(|(_, there)| there.is_none())
                .map(|(one, _)| (one.owner, one.post))
                .collect();
            for (owner, post) in gone {
                swept.stale_uses += 1;
                if !sweep.dry_run {
                    self.release(owner, post).await?;
                }
            }
            if uses.len() < BATCH {
                return Ok(());
            }
        }
    }

    /// Removes objects without an upload, and answers how many objects each upload has.
    async fn sweep_objects(
        &self,
        sweep: Sweep,
        before: Timestamp,
        swept: &mut Swept,
    ) -> Result<FxHashMap<Stem, u8>> {
        let mut seen = FxHashMap::<Stem, u8>::default();
        let mut batch = Vec::new();
        let mut objects = self.objects.list("");
        while let Some(found) = objects.next().await {
            let (name, info) = found?;
            swept.objects += 1;
            let belongs = match (Name::read(name.as_str()), Token::of_pending(name.as_str())) {
                (Some(read), _) => {
                    *seen.entry(read.stem).or_default() += 1;
                    Belongs::To(read.stem)
                }
                (None, Some(token)) => Belongs::Awaited(token),
                (None, None) => {
                    swept.foreign += 1;
                    continue;
                }
            };
            if info.modified < before {
                batch.push((name, info.size, belongs));
            }
            if batch.len() == BATCH {
                self.sweep_batch(sweep, std::mem::take(&mut batch), swept).await?;
            }
        }
        drop(objects);
        self.sweep_batch(sweep, batch, swept).await?;
        Ok(seen)
    }

    async fn sweep_batch(
        &self,
        sweep: Sweep,
        batch: Vec<(ObjectName, u64, Belongs)>,
        swept: &mut Swept,
    ) -> Result<()> {
        let mut tokens = FxHashMap::<UserId, Vec<Token>>::default();
        let mut awaited = Vec::new();
        for (_, _, belongs) in &batch {
            match belongs {
                Belongs::To(stem) => tokens.entry(stem.owner).or_default().push(stem.token),
                Belongs::Awaited(token) => awaited.push(*token),
            }
        }
        let mut known = FxHashSet::<(UserId, Token)>::default();
        for (owner, tokens) in tokens {
            let found = self.store.known(owner, tokens).await?;
            known.extend(found.into_iter().map(|token| (owner, token)));
        }
        let awaited: FxHashSet<Token> = self.store.awaited(awaited).await?.into_iter().collect();
        let mut orphans = Vec::new();
        for (name, size, belongs) in batch {
            let belongs = match belongs {
                Belongs::To(stem) => known.contains(&(stem.owner, stem.token)),
                Belongs::Awaited(token) => awaited.contains(&token),
            };
            if !belongs {
                swept.orphans += 1;
                swept.orphan_bytes += size;
                orphans.push(name);
            }
        }
        if sweep.dry_run || orphans.is_empty() {
            return Ok(());
        }
        self.objects.delete(&orphans).await
    }

    async fn look_for_missing(&self, seen: &FxHashMap<Stem, u8>, swept: &mut Swept) -> Result<()> {
        let mut last = None;
        loop {
            let records = self.store.after(last, BATCH as u32).await?;
            last = records.last().map(|record| (record.owner, record.id));
            for record in &records {
                let expected = match record.kind {
                    Kind::Image => 5,
                    Kind::Video => 1 + u8::from(record.has_poster),
                    Kind::Avatar => 3,
                };
                let there = seen.get(&record.stem()).copied().unwrap_or(0);
                if there >= expected {
                    continue;
                }
                // It may have come while others were listed, or gone with its record since.
                let missing = self.missing(&record.objects()).await?;
                let found = self.store.media(record.owner, vec![record.id]).await?;
                if missing > 0 && !found.is_empty() {
                    let (owner, media) = (record.owner.get(), record.id.get());
                    swept.incomplete.push(Incomplete { owner, media, missing });
                }
            }
            if records.len() < BATCH {
                return Ok(());
            }
        }
    }

    async fn missing(&self, names: &[String]) -> Result<u64> {
        let mut missing = 0;
        for name in names {
            let name = super::object_name(name)?;
            missing += u64::from(self.objects.head(&name).await?.is_none());
        }
        Ok(missing)
    }
}

/// What an object is a part of.
#[derive(Clone, Copy)]
enum Belongs {
    To(Stem),
    Awaited(Token),
}
