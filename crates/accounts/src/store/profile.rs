//! What a change makes of a profile.

use super::ProfileChanged;
use crate::account::{Account, ProfileChange};
use crate::input::folded;

/// A profile after a change.
pub(super) struct Profile {
    pub(super) full_name: Option<String>,
    /// The full name as searches compare it.
    pub(super) folded_name: Option<String>,
    pub(super) bio: Option<String>,
    pub(super) website: Option<String>,
    pub(super) is_private: bool,
    /// Whether searches have to look for another name.
    pub(super) is_renamed: bool,
    /// What is answered about the change.
    pub(super) outcome: ProfileChanged,
}

impl Profile {
    /// What `change` makes of `before`; none if it was so before.
    pub(super) fn after(before: &Account, change: ProfileChange) -> Option<Self> {
        let full_name = change.full_name.after(before.card.full_name.as_deref());
        let bio = change.bio.after(before.bio.as_deref());
        let website = change.website.after(before.website.as_deref());
        let is_private = change.is_private.unwrap_or(before.card.is_private);
        let is_renamed = full_name != before.card.full_name;
        let is_changed = is_renamed
            || bio != before.bio
            || website != before.website
            || is_private != before.card.is_private;
        let went_public = before.card.is_private && !is_private;
        is_changed.then(|| Self {
            folded_name: full_name.as_deref().map(folded),
            full_name,
            bio,
            website,
            is_private,
            is_renamed,
            outcome: if went_public {
                ProfileChanged::WentPublic
            } else {
                ProfileChanged::Something
            },
        })
    }
}
