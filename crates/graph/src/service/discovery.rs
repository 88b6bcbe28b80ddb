//! People one may know: mutual followers and suggestions.

use std::cmp::Reverse;
use std::sync::Arc;

use tintype_api::{Card, Graph, UserId};
use tintype_platform::Result;
use tintype_platform::page::Limit;

use super::GraphService;
use crate::store::Reach;

/// Whose followees are suggested: at most 200 x 200 follows are read for one answer.
const REACH: Reach = Reach { followees: 200, each: 200 };

/// Candidates looked at together.
const CHUNK: usize = 100;

/// Who follows both of two people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutual {
    /// Some of them, in the order of their ids.
    pub people: Vec<Arc<Card>>,
    /// How many there are in all.
    pub count: usize,
}

impl GraphService {
    /// Who follows both `viewer` and `other`. 403 `private_account` if `viewer` may not see who
    /// follows `other`.
    pub async fn mutual_followers(
        &self,
        viewer: UserId,
        other: UserId,
        limit: Limit,
    ) -> Result<Mutual> {
        self.open_lists(Some(viewer), other).await?;
        let circle = self.circle(viewer).await?;
        let mut users = self.store.mutual_followers(viewer, other).await?;
        users.retain(|user| !circle.blocks(*user));
        let mut people = Vec::new();
        for part in users.chunks(limit.get()) {
            let cards = self.services.accounts().cards(part.to_vec()).await?;
            people.extend(cards.into_iter().flatten());
            if people.len() >= limit.get() {
                break;
            }
        }
        people.truncate(limit.get());
        Ok(Mutual { people, count: users.len() })
    }

    /// Whom `viewer` might want to follow: those whom the most of their followees follow, and of
    /// equals who was there first. Nobody whom they follow, have asked, mute, or who is blocked
    /// either way.
    ///
    /// The work is bounded: only the 200 newest followees of the viewer are asked, and each of
    /// them only for their 200 newest.
    pub async fn suggestions(&self, viewer: UserId, limit: Limit) -> Result<Vec<Arc<Card>>> {
        let circle = self.circle(viewer).await?;
        let mut candidates = self.store.friends_of_friends(viewer, REACH).await?;
        candidates.retain(|(user, _)| {
            *user != viewer
                && !circle.follows(*user)
                && !circle.blocks(*user)
                && !circle.mutes(*user)
        });
        candidates.sort_unstable_by_key(|(user, ways)| (Reverse(*ways), *user));
        let mut people = Vec::new();
        for part in candidates.chunks(CHUNK) {
            let mut users: Vec<UserId> = part.iter().map(|(user, _)| *user).collect();
            let standing = self.store.relationships(viewer, users.clone()).await?;
            let mut asked = standing.iter().map(|relationship| relationship.pending);
            users.retain(|_| !asked.next().unwrap_or(false));
            let cards = self.services.accounts().cards(users).await?;
            people.extend(cards.into_iter().flatten());
            if people.len() >= limit.get() {
                break;
            }
        }
        people.truncate(limit.get());
        Ok(people)
    }
}
