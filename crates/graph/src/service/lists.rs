//! Lists of people, page by page.

use std::sync::Arc;

use tintype_api::{Card, Graph, UserId};
use tintype_platform::page::{Cursor, Page, PageQuery};
use tintype_platform::{Error, Result, Timestamp, id};

use super::GraphService;
use crate::store::{List, Tie};

/// How far a page may be reached by counting; beyond that a cursor goes on.
const DEEPEST: usize = 10_000;

/// Ties read at once on the way to a full page.
const CHUNK: usize = 200;

/// A person in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Who it is.
    pub card: Arc<Card>,
    /// An id that gives the place in the list, and the time at which the person came into it.
    pub since: u64,
}

impl Entry {
    /// When the person came into the list.
    pub fn at(&self) -> Timestamp {
        id::timestamp_of(self.since)
    }
}

impl GraphService {
    /// Who follows `user`, the newest first, without those who are not there for `viewer`. 403
    /// `private_account` for a stranger to a private account.
    pub async fn followers(
        &self,
        viewer: Option<UserId>,
        user: UserId,
        query: &PageQuery,
    ) -> Result<Page<Entry>> {
        self.open_lists(viewer, user).await?;
        self.list(viewer, user, List::Followers, query).await
    }

    /// Whom `user` follows, as [`Self::followers`].
    pub async fn following(
        &self,
        viewer: Option<UserId>,
        user: UserId,
        query: &PageQuery,
    ) -> Result<Page<Entry>> {
        self.open_lists(viewer, user).await?;
        self.list(viewer, user, List::Following, query).await
    }

    /// Who asks to follow `user`, the newest first.
    pub async fn requests(&self, user: UserId, query: &PageQuery) -> Result<Page<Entry>> {
        self.list(Some(user), user, List::Requests, query).await
    }

    /// Whom `user` blocks, the newest first.
    pub async fn blocked(&self, user: UserId, query: &PageQuery) -> Result<Page<Entry>> {
        self.list(Some(user), user, List::Blocked, query).await
    }

    /// Whom `user` mutes, the newest first.
    pub async fn muted(&self, user: UserId, query: &PageQuery) -> Result<Page<Entry>> {
        self.list(Some(user), user, List::Muted, query).await
    }

    /// Refuses a viewer who may not see the lists of `user`.
    pub(super) async fn open_lists(&self, viewer: Option<UserId>, user: UserId) -> Result<()> {
        let card = self.person(viewer, user).await?;
        let open = match viewer {
            Some(viewer) => self.circle(viewer).await?.may_see(viewer, &card),
            None => !card.is_private,
        };
        if open {
            Ok(())
        } else {
            Err(Error::forbidden("private_account", "This account is private"))
        }
    }

    async fn list(
        &self,
        viewer: Option<UserId>,
        of: UserId,
        list: List,
        query: &PageQuery,
    ) -> Result<Page<Entry>> {
        let limit = query.limit();
        let mut skip = query.skip();
        if skip > DEEPEST {
            return Err(Error::refused(
                "page_too_deep",
                format!("A page begins at item {DEEPEST} at the most; go on with the cursor"),
            ));
        }
        let circle = match viewer {
            Some(viewer) => Some(self.circle(viewer).await?),
            None => None,
        };
        let hidden = |tie: &Tie| {
            list != List::Blocked && circle.as_ref().is_some_and(|circle| circle.blocks(tie.user))
        };
        let mut below = query.cursor::<1>(list.tag())?.map(|[below]| below);
        let mut entries = Vec::new();
        // Those who are gone or hidden leave room on the page: read on until it is full.
        while entries.len() <= limit.get() {
            let wanted = (limit.get() + 1 - entries.len() + skip).min(CHUNK);
            let ties = self.store.ties(list, of, below, wanted).await?;
            let last = ties.len() < wanted;
            below = ties.last().map(|tie| tie.since);
            let ties: Vec<Tie> = ties.into_iter().filter(|tie| !hidden(tie)).collect();
            let users = ties.iter().map(|tie| tie.user).collect();
            let cards = self.services.accounts().cards(users).await?;
            let there: Vec<Entry> = ties
                .iter()
                .zip(cards)
                .filter_map(|(tie, card)| Some(Entry { card: card?, since: tie.since }))
                .collect();
            let skipped = skip.min(there.len());
            skip -= skipped;
            entries.extend(there.into_iter().skip(skipped));
            if last {
                break;
            }
        }
        Ok(Page::from_one_more(entries, limit, |entry| {
            Cursor::new(list.tag(), [entry.since]).to_string()
        }))
    }
}

impl List {
    /// What tells the cursors of the lists apart.
    fn tag(self) -> u8 {
        match self {
            Self::Followers => b'F',
            Self::Following => b'G',
            Self::Requests => b'R',
            Self::Blocked => b'B',
            Self::Muted => b'M',
        }
    }
}
