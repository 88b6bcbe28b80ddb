//! Searching for people, and the cursor that makes pages of it.

use std::cmp::Reverse;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tintype_api::UserId;
use tintype_platform::page::{Limit, Page};
use tintype_platform::{Error, Result, id};

use super::AccountsService;
use crate::account::Account;
use crate::input::folded;
use crate::store::{Rank, Tier};

/// Results that are put in order at once. Pages are cut from them, whatever happens to the
/// popularity of an account in the meantime. Who reads on beyond them gets the next as many, in the
/// order of that moment.
const BATCH: usize = 200;

/// Longer than any name, so nobody matches.
const LONGEST: usize = 100;

impl AccountsService {
    /// Accounts whose username or full name matches `text`: first the one that is called so, then
    /// those that begin with it, then those that contain it, each kind by followers. Case and
    /// accents do not matter and no character means anything but itself. Who blocks the viewer or
    /// is blocked by them is left out. 400 `query_required` for a blank text.
    pub async fn search(
        &self,
        viewer: Option<UserId>,
        text: &str,
        cursor: Option<&str>,
        limit: Limit,
    ) -> Result<Page<Arc<Account>>> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Error::refused("query_required", "Search query required"));
        }
        if text.chars().count() > LONGEST || text.contains(char::is_control) {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let text = folded(text);
        let mut ahead = match cursor {
            None | Some("") => Ahead::default(),
            Some(cursor) => Ahead::read(&text, cursor)?,
        };
        if text.is_empty() {
            // Nothing but accents.
            return Ok(Page { items: Vec::new(), next: None });
        }
        let circle = match viewer {
            Some(viewer) => Some(self.services.graph().circle(viewer).await?),
            None => None,
        };
        let mut found: Vec<Arc<Account>> = Vec::new();
        loop {
            let visible = |account: &Arc<Account>| {
                circle.as_ref().is_none_or(|circle| !circle.blocks(account.card.id))
            };
            let next = std::mem::take(&mut ahead.ranked);
            found.extend(self.accounts(&next).await?.into_iter().flatten().filter(visible));
            if found.len() > limit.get() || ahead.is_complete {
                break;
            }
            ahead.rank(self.store.search(text.clone(), ahead.last, BATCH + 1).await?);
        }
        let rest = found.split_off(limit.get().min(found.len()));
        ahead.ranked = rest.iter().map(|account| account.card.id).collect();
        let next = (!rest.is_empty()).then(|| ahead.cursor(&text));
        Ok(Page { items: found, next })
    }
}

/// What a search has still to show.
#[derive(Debug, Default, PartialEq, Eq)]
struct Ahead {
    /// Accounts whose place among the results is settled.
    ranked: Vec<UserId>,
    /// The last place that is settled; `None` before the first.
    last: Option<Rank>,
    /// Whether there is nothing beyond.
    is_complete: bool,
}

impl Ahead {
    /// Settles the places of a batch, asked for with one more to tell whether there is more.
    fn rank(&mut self, mut batch: Vec<Rank>) {
        self.is_complete = batch.len() <= BATCH;
        batch.truncate(BATCH);
        self.last = batch.last().copied().or(self.last);
        self.ranked.extend(batch.iter().map(|rank| rank.account));
    }

    /// As text for the client, good for the same search alone.
    fn cursor(&self, text: &str) -> String {
        let last = self
            .last
            .map_or([0; 3], |rank| [rank.tier as u64, rank.followers.0, rank.account.get()]);
        let head = last.into_iter().chain([u64::from(self.is_complete)]);
        let numbers = head.chain(self.ranked.iter().map(|account| account.get()));
        // An id has 53 bits and a count no more: seven bytes hold either.
        let body: Vec<u8> =
            numbers.flat_map(|number| number.to_be_bytes().into_iter().skip(1)).collect();
        let mut bytes = checksum(text, &body).to_be_bytes().to_vec();
        bytes.extend(body);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn read(text: &str, cursor: &str) -> Result<Self> {
        Self::parse(text, cursor).ok_or_else(|| {
            Error::refused(
                "broken_cursor",
                "The cursor is broken; use the one that the last page gave, or none",
            )
        })
    }

    fn parse(text: &str, cursor: &str) -> Option<Self> {
        const NUMBER: usize = 7;
        // No cursor of ours is longer; a longer text is not worth decoding.
        if cursor.len() > (4 + (4 + 2 * BATCH) * NUMBER) * 4 / 3 + 4 {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (sum, body) = bytes.split_first_chunk::<4>()?;
        if u32::from_be_bytes(*sum) != checksum(text, body) || body.len() % NUMBER != 0 {
            return None;
        }
        let numbers: Vec<u64> = body
            .chunks_exact(NUMBER)
            .map(|bytes| bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
            .collect();
        let [tier, followers, account, is_complete, ranked @ ..] = numbers.as_slice() else {
            return None;
        };
        let tiers = [Tier::Exact, Tier::Prefix, Tier::Substring];
        let tier = *tiers.get(usize::try_from(*tier).ok()?)?;
        let last = UserId::new(*account).map(|account| Rank {
            tier,
            followers: Reverse(*followers & id::MAX),
            account,
        });
        let ranked = ranked.iter().map(|id| UserId::new(*id)).collect::<Option<_>>()?;
        Some(Self { ranked, last, is_complete: *is_complete == 1 })
    }
}

/// FNV-1a over what was searched for and what the cursor says.
fn checksum(text: &str, body: &[u8]) -> u32 {
    text.bytes()
        .chain([0])
        .chain(body.iter().copied())
        .fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ahead(ids: &[u64], followers: u64, is_complete: bool) -> Ahead {
        let ranked: Vec<UserId> = ids.iter().map(|id| UserId::new(*id).unwrap()).collect();
        let last = ranked.last().map(|account| Rank {
            tier: Tier::Prefix,
            followers: Reverse(followers),
            account: *account,
        });
        Ahead { ranked, last, is_complete }
    }

    proptest! {
        #[test]
        fn a_cursor_reads_back_for_the_same_search_alone(
            ids in prop::collection::vec(1..=id::MAX, 0..BATCH),
            followers in 0..=id::MAX, is_complete: bool, cut in 1usize..8,
        ) {
            let ahead = ahead(&ids, followers, is_complete);
            let cursor = ahead.cursor("anna");
            prop_assert_eq!(Ahead::read("anna", &cursor).unwrap(), ahead);
            prop_assert!(Ahead::read("ann", &cursor).is_err());
            prop_assert!(Ahead::read("anna", &cursor[..cursor.len() - cut]).is_err());
        }

        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text: String) {
            let _ = Ahead::read("anna", &text);
        }
    }

    #[test]
    fn the_longest_cursor_is_read() {
        let ids: Vec<u64> = vec![id::MAX; 2 * BATCH];
        let ahead = ahead(&ids, id::MAX, false);
        assert_eq!(Ahead::read("anna", &ahead.cursor("anna")).unwrap(), ahead);
    }
}
