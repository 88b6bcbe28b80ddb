//! How a slice is started, and how slices find each other.

use std::sync::{Arc, OnceLock};

use serde::Serialize;
use tintype_platform::bus::Consumer;
use tintype_platform::cache::Sharing;
use tintype_platform::db::{Database, Follower};
use tintype_platform::objects::ObjectUrls;
use tintype_platform::redis::Redis;
use tintype_platform::{Clock, IdGenerator};
use utoipa_axum::router::OpenApiRouter;

use crate::{Accounts, Activity, Feed, Graph, Media, Posts};

/// What every slice is started with.
#[derive(Clone)]
pub struct Base {
    /// Where its tables are.
    pub database: Database,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<IdGenerator>,
    /// The other slices.
    pub services: Arc<Services>,
    /// Where clients find what was uploaded.
    pub objects: ObjectUrls,
    /// What is kept for all processes of a fleet, if it has such a place.
    pub redis: Option<Redis>,
}

impl Base {
    /// How caches share what they have read with those of other processes.
    pub fn sharing(&self) -> Option<Sharing> {
        Sharing::through(self.redis.clone(), &self.database)
    }
}

/// What a started slice hands to the server.
pub struct Slice<S> {
    /// Its use-cases.
    pub service: Arc<S>,
    /// Its routes, in all dialects, with their descriptions.
    pub routes: OpenApiRouter,
    /// What it does on events.
    pub consumers: Vec<Arc<dyn Consumer>>,
    /// Whoever of it remembers something of the database.
    pub followers: Vec<Arc<dyn Follower>>,
}

/// Where each service is, near or far: slices need each other in a circle, so they are handed this
/// and it is filled once, before anything is served.
#[derive(Default)]
pub struct Services {
    accounts: OnceLock<Arc<dyn Accounts>>,
    graph: OnceLock<Arc<dyn Graph>>,
    posts: OnceLock<Arc<dyn Posts>>,
    media: OnceLock<Arc<dyn Media>>,
    feed: OnceLock<Arc<dyn Feed>>,
    activity: OnceLock<Arc<dyn Activity>>,
}

macro_rules! places {
    ($($name:ident, $set:ident: $Service:ident;)*) => {
        impl Services {
            $(
                #[doc = concat!("The [`", stringify!($Service), "`] service. Panics before the wiring has set it.")]
                pub fn $name(&self) -> &Arc<dyn $Service> {
                    self.$name.get().expect(concat!("the wiring sets ", stringify!($name)))
                }

                #[doc = concat!("Says where [`", stringify!($Service), "`] is; only the first time counts.")]
                pub fn $set(&self, service: Arc<dyn $Service>) {
                    let _ = self.$name.set(service);
                }
            )*
        }
    };
}

places! {
    accounts, set_accounts: Accounts;
    graph, set_graph: Graph;
    posts, set_posts: Posts;
    media, set_media: Media;
    feed, set_feed: Feed;
    activity, set_activity: Activity;
}

/// A counter that does not show what it counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// Which counter, such as `followers`.
    pub counter: &'static str,
    /// Whose: the id of an account, post or comment.
    pub of: u64,
    /// What it shows.
    pub stored: i64,
    /// What it should show.
    pub counted: i64,
}
