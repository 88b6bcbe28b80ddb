//! What the slices of Tintype promise each other.
//!
//! Ids, events with the bodies that brokers carry, and one service trait to a slice. A slice knows
//! the others by these alone, so each may run beside the others or in a process of its own.

pub mod accounts;
pub mod activity;
pub mod auth;
pub mod events;
pub mod feed;
pub mod graph;
pub mod ids;
pub mod media;
pub mod posts;
mod rendered;
mod slice;
pub mod testkit;

pub use accounts::{Accounts, Card};
pub use activity::Activity;
pub use events::{Event, Stale, Stamp};
pub use feed::Feed;
pub use graph::{Circle, Graph};
pub use ids::{CommentId, MediaId, PostId, TokenId, UserId};
pub use media::Media;
pub use posts::{Post, PostView, Posts};
pub use rendered::Rendered;
pub use slice::{Base, Drift, Services, Slice};
