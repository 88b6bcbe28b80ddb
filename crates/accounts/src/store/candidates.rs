//! What a search has found so far.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ops::Bound;

use tintype_api::UserId;

use super::{Rank, Tier};

/// Accounts that match a folded text, in the order of results, each once.
pub(super) struct Candidates<'t> {
    text: &'t str,
    ranks: BTreeSet<Rank>,
}

impl<'t> Candidates<'t> {
    /// None as yet.
    pub(super) fn for_text(text: &'t str) -> Self {
        Self { text, ranks: BTreeSet::new() }
    }

    /// Adds an account, if it does match.
    pub(super) fn consider(
        &mut self,
        account: UserId,
        followers: i64,
        username: &str,
        folded_name: Option<&str>,
    ) {
        if let Some(tier) = Tier::of(self.text, username, folded_name) {
            self.ranks.insert(Rank { tier, followers: Reverse(followers as u64), account });
        }
    }

    /// Up to `limit` of them, beyond `after`.
    pub(super) fn page(&self, after: Option<Rank>, limit: usize) -> Vec<Rank> {
        let beyond = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.ranks.range((beyond, Bound::Unbounded)).take(limit).copied().collect()
    }
}
