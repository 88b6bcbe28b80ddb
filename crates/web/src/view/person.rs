//! People in lists.

use std::sync::Arc;

use tintype_api::graph::Relationship;
use tintype_api::{Card, Graph, UserId};
use tintype_platform::Result;

use crate::Web;

/// Somebody in a list, with what the viewer may do about them.
pub(crate) struct Person {
    pub(crate) card: Arc<Card>,
    pub(crate) tie: Tie,
    /// A line below the name.
    pub(crate) note: String,
}

/// How the viewer stands to somebody, as a button shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tie {
    /// There is no viewer, or it is themselves.
    None,
    /// They may follow.
    Free,
    Following,
    Asked,
    Blocking,
}

impl Tie {
    pub(crate) fn of(relationship: &Relationship) -> Self {
        if relationship.blocking {
            Self::Blocking
        } else if relationship.following {
            Self::Following
        } else if relationship.pending {
            Self::Asked
        } else {
            Self::Free
        }
    }

    /// The word for scripts.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Free => "not_following",
            Self::Following => "following",
            Self::Asked => "pending",
            Self::Blocking => "blocking",
        }
    }

    /// What the button says.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Free => "Follow",
            Self::Following => "Following",
            Self::Asked => "Requested",
            Self::Blocking => "Unblock",
        }
    }

    /// What pressing it does, as the path says it.
    pub(crate) const fn deed(self) -> &'static str {
        match self {
            Self::None | Self::Free => "follow",
            Self::Following | Self::Asked => "unfollow",
            Self::Blocking => "unblock",
        }
    }

    pub(crate) fn is_any(self) -> bool {
        self != Self::None
    }

    pub(crate) fn is_free(self) -> bool {
        self == Self::Free
    }
}

/// `cards` with what `viewer` may do about each.
pub(crate) async fn people(
    web: &Web,
    viewer: Option<UserId>,
    cards: Vec<Arc<Card>>,
) -> Result<Vec<Person>> {
    let ties = match viewer {
        Some(viewer) if !cards.is_empty() => {
            let ids: Vec<UserId> = cards.iter().map(|card| card.id).collect();
            let ties = web.parts.graph.relationships(viewer, ids.clone()).await?;
            let tie = |(id, tie): (UserId, &Relationship)| {
                if id == viewer { Tie::None } else { Tie::of(tie) }
            };
            ids.into_iter().zip(&ties).map(tie).collect()
        }
        _ => vec![Tie::None; cards.len()],
    };
    let person = |(card, tie): (Arc<Card>, Tie)| {
        let note = card.full_name.clone().unwrap_or_default();
        Person { card, tie, note }
    };
    Ok(cards.into_iter().zip(ties).map(person).collect())
}

/// The picture of somebody at the size in which lists show it. What was uploaded here is there in
/// three sizes, of which the card names the largest.
pub(crate) fn small_picture(picture: &str) -> String {
    match picture.strip_suffix("_large.jpg") {
        Some(stem) if stem.contains("/profiles/") => format!("{stem}_medium.jpg"),
        _ => picture.to_owned(),
    }
}

/// The letter that stands in the place of a picture.
pub(crate) fn initial(card: &Card) -> String {
    let name = card.full_name.as_deref().unwrap_or(&card.username);
    let letter = name.chars().find(|letter| letter.is_alphanumeric());
    letter.map_or_else(|| "·".to_owned(), |letter| letter.to_uppercase().collect())
}

/// One of six tints, always the same for the same person.
pub(crate) fn tint(card: &Card) -> u64 {
    // The low bits of an id are its sequence, mostly zero.
    (card.id.get() >> 13) % 6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_show_a_smaller_picture_of_what_was_uploaded() {
        let small = "/media/profiles/1/x_medium.jpg";
        assert_eq!(small_picture("/media/profiles/1/x_large.jpg"), small);
        for other in ["https://a.example/x_large.jpg", "/media/profiles/1/x.jpg", ""] {
            assert_eq!(small_picture(other), other);
        }
    }
}
